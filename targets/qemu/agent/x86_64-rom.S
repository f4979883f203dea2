/* SPDX-License-Identifier: MIT */
/*
 * The last 64 KiB below 4 GiB, and below 1 MiB: from the reset vector to long
 * mode, with the page tables that the host has made, then to the agent.
 */
    .section .rom, "ax"
    .code16
start:
    cli
    lgdtl %cs:gdt_pointer - start
    movl %cr0, %eax
    orl $1, %eax
    movl %eax, %cr0
    ljmpl $8, $0xf0000 + start32 - start

    .code32
start32:
    movw $16, %ax
    movw %ax, %ds
    movw %ax, %es
    movw %ax, %ss
    movl $0x000000b0, %eax /* CR4: PAE, PSE, PGE */
    movl %eax, %cr4
    movl $0x2d0000, %eax /* TW_AGENT_TOP */
    movl %eax, %cr3
    movl $0xc0000080, %ecx /* EFER: LME, NXE */
    rdmsr
    orl $0x900, %eax
    wrmsr
    movl $0x80010001, %eax /* CR0: PG, WP, PE */
    movl %eax, %cr0
    ljmp $24, $0xf0000 + start64 - start

    .code64
start64:
    movl $0x2f0000, %eax /* TW_AGENT_CODE */
    jmp *%rax

    .balign 8
gdt:
    .quad 0
    .quad 0x00cf9b000000ffff /* code, 32 bits */
    .quad 0x00cf93000000ffff /* data */
    .quad 0x00af9b000000ffff /* code, 64 bits */
gdt_pointer:
    .word 31
    .long 0xf0000 + gdt - start

    .org 0xfff0
    .code16
    ljmp $0xf000, $0
    .org 0x10000
