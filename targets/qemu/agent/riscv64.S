/* SPDX-License-Identifier: MIT */
/* RISC-V: M-mode only to start; then S-mode: exceptions, and the instructions
 * that are tested. */

    .macro function name
    .globl \name
    .type \name, @function
    .balign 4
\name:
    .endm

/* The machine starts at the beginning of RAM. */
    .section .reset, "ax"
    la t0, agent_entry
    jr t0

    .section .start, "ax"
function agent_entry
    csrr t0, mhartid
    beqz t0, 1f
0:  wfi /* another hart (-smp) has nothing to do */
    j 0b
1:  li t0, -1
    csrw pmpaddr0, t0
    li t0, 0x1f /* all of it: R, W, X */
    csrw pmpcfg0, t0
    li t0, 0xb1ff
    csrw medeleg, t0
    li t0, 0x222
    csrw mideleg, t0
    la t0, 1f
    csrw mepc, t0
    li t0, 3 << 11
    csrc mstatus, t0
    li t0, 1 << 11 | 1 << 18 /* MPP = S, SUM */
    csrs mstatus, t0
    mret
1:  la sp, agent_stack_end
    la t0, exception
    csrw stvec, t0
    j agent_main

    .text
/* a0 value, a1 address, a2 function, a3 fault record */
function agent_try
    addi sp, sp, -112
    sd ra, 0(sp)
    sd s0, 8(sp)
    sd s1, 16(sp)
    sd s2, 24(sp)
    sd s3, 32(sp)
    sd s4, 40(sp)
    sd s5, 48(sp)
    sd s6, 56(sp)
    sd s7, 64(sp)
    sd s8, 72(sp)
    sd s9, 80(sp)
    sd s10, 88(sp)
    sd s11, 96(sp)
    sd a3, 104(sp)
    la t0, trying
    sd sp, 0(t0)
    jalr a2
    li t2, 0
tried:
    la t0, trying
    sd zero, 0(t0)
    ld a3, 104(sp)
    csrr t3, stval
    csrr t4, sepc
    sd t2, 8(a3)
    sd t3, 16(a3)
    sd t4, 24(a3)
    ld ra, 0(sp)
    ld s0, 8(sp)
    ld s1, 16(sp)
    ld s2, 24(sp)
    ld s3, 32(sp)
    ld s4, 40(sp)
    ld s5, 48(sp)
    ld s6, 56(sp)
    ld s7, 64(sp)
    ld s8, 72(sp)
    ld s9, 80(sp)
    ld s10, 88(sp)
    ld s11, 96(sp)
    addi sp, sp, 112
    ret

    .balign 4
exception:
    csrr t2, scause
    li t1, 1
    slli t1, t1, 62 /* never 0 */
    or t2, t2, t1
    la t0, trying
    ld t1, 0(t0)
    beqz t1, 1f
    mv sp, t1
    j tried
1:  la sp, agent_stack_end
    mv a0, t2
    csrr a1, stval
    csrr a2, sepc
    j agent_panic

    .balign 64
    .macro one name, instruction:vararg
    .balign 8
\name:
    \instruction
    ret
    .endm
    one read1, lbu a0, 0(a1)
    one read2, lhu a0, 0(a1)
    one read4, lwu a0, 0(a1)
    one read8, ld a0, 0(a1)
    one write1, sb a0, 0(a1)
    one write2, sh a0, 0(a1)
    one write4, sw a0, 0(a1)
    one write8, sd a0, 0(a1)
    one exchange4, amoswap.w.aqrl a0, a0, (a1)
    one exchange8, amoswap.d.aqrl a0, a0, (a1)

    .section .rodata
    .balign 8
    .globl agent_accesses
agent_accesses:
    .quad read1, read2, read4, read8
    .quad write1, write2, write4, write8
    .quad 0, 0, exchange4, exchange8

    .bss
    .balign 4096
trying:
    .skip 4096
