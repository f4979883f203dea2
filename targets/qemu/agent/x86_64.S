/* SPDX-License-Identifier: MIT */
/* x86-64, ring 0: start, exceptions, and the instructions that are tested. */

    .macro function name
    .globl \name
    .type \name, @function
\name:
    .endm

    .section .start, "ax"
function agent_entry
    leaq agent_stack_end, %rsp
    jmp agent_main

    .text
/* rdi value, rsi address, rdx function, rcx fault record.  What the function
 * is in a program's code contents finds the value in rax, too, and jumps to
 * r11 to return. */
function agent_try
    pushq %rbx
    pushq %rbp
    pushq %r12
    pushq %r13
    pushq %r14
    pushq %r15
    pushq %rcx
    movq %rsp, trying
    movq %rdi, %rax
    leaq returned, %r11
    call *%rdx
returned:
    movq trying, %rsp
    xorl %r8d, %r8d
tried:
    movq $0, trying
    popq %rcx
    movq %r8, 8(%rcx)
    movq %r9, 16(%rcx)
    movq %r10, 24(%rcx)
    popq %r15
    popq %r14
    popq %r13
    popq %r12
    popq %rbp
    popq %rbx
    ret

/* On the stack: vector, error code, instruction. */
exception:
    cld
    movq (%rsp), %r8
    shlq $32, %r8
    movl 8(%rsp), %edx
    orq %rdx, %r8
    btsq $63, %r8 /* never 0 */
    movq %cr2, %r9
    movq 16(%rsp), %r10
    movq trying, %rdx /* rax stays: what the code has left there */
    testq %rdx, %rdx
    jz 1f
    movq %rdx, %rsp
    jmp tried
1:  leaq agent_stack_end, %rsp
    movq %r8, %rdi
    movq %r9, %rsi
    movq %r10, %rdx
    call agent_panic

function agent_interrupt
    pushq %rax
    movb $0x20, %al /* end of interrupt */
    outb %al, $0x20
    popq %rax
    iretq

    .balign 16
function agent_exceptions /* 16 bytes for each of 32 vectors */
    .set vector, 0
    .rept 32
    .balign 16
    .if ((0x60227d00 >> vector) & 1) == 0 /* those without an error code */
    pushq $0
    .endif
    pushq $vector
    jmp exception
    .set vector, vector + 1
    .endr

    .balign 64
    .macro one name, instruction:vararg
\name:
    \instruction
    ret
    .endm
    one read1, movzbl (%rsi), %eax
    one read2, movzwl (%rsi), %eax
    one read4, movl (%rsi), %eax
    one read8, movq (%rsi), %rax
    one write1, movb %dil, (%rsi)
    one write2, movw %di, (%rsi)
    one write4, movl %edi, (%rsi)
    one write8, movq %rdi, (%rsi)
exchange1:
    movl %edi, %eax
    xchgb %al, (%rsi)
    ret
exchange2:
    movl %edi, %eax
    xchgw %ax, (%rsi)
    ret
exchange4:
    movl %edi, %eax
    xchgl %eax, (%rsi)
    ret
exchange8:
    movq %rdi, %rax
    xchgq %rax, (%rsi)
    ret

    .section .rodata
    .balign 8
    .globl agent_accesses
agent_accesses:
    .quad read1, read2, read4, read8
    .quad write1, write2, write4, write8
    .quad exchange1, exchange2, exchange4, exchange8

    .bss
    .balign 4096
trying:
    .skip 4096
