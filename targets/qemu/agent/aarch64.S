/* SPDX-License-Identifier: MIT */
/* AArch64, EL1: start, exceptions, and the instructions that are tested. */

    .macro function name
    .globl \name
    .type \name, %function
\name:
    .endm

    .section .start, "ax"
function agent_entry
    adrp x0, agent_stack_end
    add x0, x0, :lo12:agent_stack_end
    mov sp, x0
    b agent_main

    .text
/* x0 value, x1 address, x2 function, x3 fault record */
function agent_try
    stp x29, x30, [sp, #-112]!
    stp x19, x20, [sp, #16]
    stp x21, x22, [sp, #32]
    stp x23, x24, [sp, #48]
    stp x25, x26, [sp, #64]
    stp x27, x28, [sp, #80]
    str x3, [sp, #96]
    adrp x9, trying
    mov x10, sp
    str x10, [x9, :lo12:trying]
    blr x2
    mov x4, xzr
    b tried
fault_in_try:
    mov sp, x10
    mrs x4, esr_el1
tried:
    adrp x9, trying
    str xzr, [x9, :lo12:trying]
    ldr x3, [sp, #96]
    mrs x5, far_el1
    mrs x6, elr_el1
    stp x4, x5, [x3, #8]
    str x6, [x3, #24]
    ldp x19, x20, [sp, #16]
    ldp x21, x22, [sp, #32]
    ldp x23, x24, [sp, #48]
    ldp x25, x26, [sp, #64]
    ldp x27, x28, [sp, #80]
    ldp x29, x30, [sp], #112
    ret

exception:
    adrp x9, trying
    ldr x10, [x9, :lo12:trying]
    cbnz x10, fault_in_try
    adrp x9, agent_stack_end
    add x9, x9, :lo12:agent_stack_end
    mov sp, x9
    mrs x0, esr_el1
    mrs x1, far_el1
    mrs x2, elr_el1
    b agent_panic

    .balign 2048
function agent_vectors
    .rept 16
    .balign 128
    b exception
    .endr

    .balign 64
    .macro one name, instruction:vararg
\name:
    \instruction
    ret
    .endm
    one read1, ldrb w0, [x1]
    one read2, ldrh w0, [x1]
    one read4, ldr w0, [x1]
    one read8, ldr x0, [x1]
    one write1, strb w0, [x1]
    one write2, strh w0, [x1]
    one write4, str w0, [x1]
    one write8, str x0, [x1]
    one exchange1, swpalb w0, w0, [x1]
    one exchange2, swpalh w0, w0, [x1]
    one exchange4, swpal w0, w0, [x1]
    one exchange8, swpal x0, x0, [x1]

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
