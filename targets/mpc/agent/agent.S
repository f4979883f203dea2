/* SPDX-License-Identifier: MIT */
/*
 * Armv8-M with the Security Extension: vectors, faults, and the instructions
 * that are tested.  Registers and instructions are as the Armv8-M Architecture
 * Reference Manual (DDI 0553) describes them.
 */
    .syntax unified
    .thumb

    .macro vectors stack, entry
    .word \stack
    .word \entry
    .rept 9
    .word exception
    .endr
    .word supervisor_call
    .rept 4
    .word exception
    .endr
    .rept 112
    .word exception
    .endr
    .endm

    .section .boot, "a"
    .balign 512
    vectors agent_stack_end, agent_entry

    .section .vectors, "a"
    .balign 512
    vectors agent_stack_end, agent_entry
    .balign 512
    vectors agent_second_stack_end, agent_second_entry

    .macro function name
    .balign 4
    .globl \name
    .type \name, %function
    .thumb_func
\name:
    .endm

    .text
function agent_entry
    cpsid i
    ldr r0, =agent_stack_end
    mov sp, r0
    bl agent_main
    b .
function agent_second_entry
    cpsid i
    ldr r0, =agent_second_stack_end
    mov sp, r0
    bl agent_second_main
    b .

/* Of each CPU: the Main stack of the Secure state is 1 KiB, and begins with a
 * word, `trying`: the stack pointer of a try, or 0.  A CPU knows by this stack
 * which one it is. */
    .macro trying register
    mov \register, sp
    bfc \register, #0, #10
    .endm

function supervisor_call
    bx lr

/* r0, r2: value, low and high; r1: address; r3: function, bit 0 clear if it is
 * Non-secure; on the stack: the record (TwMpcDone), whose `cfsr` and `bfar` the
 * function finds in r4 and r5. */
function agent_try
    push {r4-r11, lr}
    sub sp, #4
    trying r4
    mov r5, sp
    str r5, [r4]
    mov r6, r3
    ldr r3, [sp, #40]
    ldrd r4, r5, [r3, #20]
    movs r3, #0
    tst r6, #1
    bne 1f
    blxns r6
    b 2f
1:  blx r6
2:  movs r12, #0
    b tried
fault_in_try:
    /* r12: the record's `fault`, registers as they were. */
    trying r4
    ldr r4, [r4]
    mov sp, r4
tried:
    trying r4
    movs r5, #0
    str r5, [r4]
    ldr r4, [sp, #40]
    stmia r4, {r0-r3, r12}
    add sp, #4
    pop {r4-r11, pc}

/* Any exception.  In a try it ends that: the processor returns to the recovery
 * code, by a new frame under the stack pointer of the try, whatever state was
 * left.  r0 to r3 are what they were. */
function exception
    trying r7
    ldr r4, [r7]
    cbz r4, 3f
    /* The frame of the exception: Main stack of the state that it came from. */
    tst lr, #0x40
    ite ne
    mrsne r5, msp
    mrseq r5, msp_ns
    ldmia r5, {r0-r3}
    ldr r6, =agent_nonsecure_stacks
    add r6, r7
    msr msp_ns, r6      /* drops a frame there */
    sub r4, #32
    mrs r5, ipsr
    str r0, [r4, #0]
    str r1, [r4, #4]
    str r2, [r4, #8]
    str r3, [r4, #12]
    str r5, [r4, #16]
    movs r6, #0
    str r6, [r4, #20]
    ldr r6, =fault_in_try
    bic r6, #1
    str r6, [r4, #24]
    mov r6, #0x01000000
    str r6, [r4, #28]
    msr msp, r4
    mvn lr, #6          /* EXC_RETURN 0xfffffff9: Secure, Thread mode, MSP */
    bx lr
3:  add r7, #0x400
    mov sp, r7
    mrs r0, ipsr
    bl agent_panic
    b .

    .macro one name, instruction:vararg
function \name
    \instruction
    bx lr
    .endm
    one read1, ldrb r0, [r1]
    one read2, ldrh r0, [r1]
    one read4, ldr r0, [r1]
    one write1, strb r0, [r1]
    one write2, strh r0, [r1]
    one write4, str r0, [r1]
function read8
    ldrd r0, r3, [r1]
    mov r1, r3
    bx lr
function write8
    strd r0, r2, [r1]
    bx lr

    .section .rodata
    .balign 4
    .globl agent_accesses
agent_accesses:
    .word read1, read2, read4, read8
    .word write1, write2, write4, write8
