/* SPDX-License-Identifier: MIT */
/* The text of emitted scripts for AArch64: EL1, the virt board. */
#include <inttypes.h>

#include "targets/qemu/emit.h"

static const char head[] =
    "    /* 8 bytes of RAM, while the MMU is off; `count` words. */\n"
    "    .macro store address, value\n"
    "    ldr x1, =\\address\n"
    "    ldr x0, =\\value\n"
    "    str x0, [x1]\n"
    "    .endm\n"
    "    .macro fill address, value, step, count\n"
    "    ldr x1, =\\address\n"
    "    ldr x0, =\\value\n"
    "    ldr x2, =\\step\n"
    "    mov x3, #\\count\n"
    "1:  str x0, [x1], #8\n"
    "    add x0, x0, x2\n"
    "    subs x3, x3, #1\n"
    "    b.ne 1b\n"
    "    .endm\n"
    "    /* Changes an entry of a page table that is in use. */\n"
    "    .macro change address, value\n"
    "    store \\address, \\value\n"
    "    settle\n"
    "    .endm\n"
    "    .macro settle\n"
    "    dsb ish\n"
    "    isb\n"
    "    .endm\n"
    "    .macro flush_page address\n"
    "    flush_pages \\address, 0, 1\n"
    "    .endm\n"
    "    .macro flush_pages address, step, count\n"
    "    dsb ish\n"
    "    ic iallu\n"
    "    ldr x1, =\\address\n"
    "    ldr x2, =\\step\n"
    "    ldr x3, =\\count\n"
    "1:  ubfx x0, x1, #12, #44\n"
    "    tlbi vae1, x0\n"
    "    add x1, x1, x2\n"
    "    subs x3, x3, #1\n"
    "    b.ne 1b\n"
    "    settle\n"
    "    .endm\n"
    "    .macro flush_range operand\n"
    "    dsb ish\n"
    "    ic iallu\n"
    "    ldr x0, =\\operand\n"
    "    tlbi rvae1, x0\n"
    "    settle\n"
    "    .endm\n"
    "    .macro flush_index\n"
    "    dsb ish\n"
    "    ic iallu\n"
    "    tlbi aside1, xzr\n"
    "    settle\n"
    "    .endm\n"
    "    .macro flush_all\n"
    "    dsb ish\n"
    "    ic iallu\n"
    "    tlbi vmalle1\n"
    "    settle\n"
    "    .endm\n"
    "    /* Executes an instruction that accesses [x1] and may fault. */\n"
    "    .macro try address, value, from, instruction:vararg\n"
    "    ldr x1, =\\address\n"
    "    ldr x0, =\\value\n"
    "    ldr x4, =\\from\n"
    "    adr x9, 9f\n"
    "    msr tpidr_el1, x9\n"
    "    mov x2, #0\n"
    "    \\instruction\n"
    "9:  bl note\n"
    "    .endm\n"
    "    .macro read1 address\n"
    "    try \\address, 0, 0, ldrb w0, [x1]\n    .endm\n"
    "    .macro read2 address\n"
    "    try \\address, 0, 0, ldrh w0, [x1]\n    .endm\n"
    "    .macro read4 address\n"
    "    try \\address, 0, 0, ldr w0, [x1]\n    .endm\n"
    "    .macro read8 address\n"
    "    try \\address, 0, 0, ldr x0, [x1]\n    .endm\n"
    "    .macro write1 address, value\n"
    "    try \\address, \\value, 0, strb w0, [x1]\n    .endm\n"
    "    .macro write2 address, value\n"
    "    try \\address, \\value, 0, strh w0, [x1]\n    .endm\n"
    "    .macro write4 address, value\n"
    "    try \\address, \\value, 0, str w0, [x1]\n    .endm\n"
    "    .macro write8 address, value\n"
    "    try \\address, \\value, 0, str x0, [x1]\n    .endm\n"
    "    .macro exchange1 address, value\n"
    "    try \\address, \\value, 0, swpalb w0, w0, [x1]\n    .endm\n"
    "    .macro exchange2 address, value\n"
    "    try \\address, \\value, 0, swpalh w0, w0, [x1]\n    .endm\n"
    "    .macro exchange4 address, value\n"
    "    try \\address, \\value, 0, swpal w0, w0, [x1]\n    .endm\n"
    "    .macro exchange8 address, value\n"
    "    try \\address, \\value, 0, swpal x0, x0, [x1]\n    .endm\n"
    "    /* Calls the code at `from`, with address and value in x1 and x0. */\n"
    "    .macro execute from, address, value\n"
    "    try \\address, \\value, \\from, blr x4\n"
    "    .endm\n\n"
    "    .set RESULTS, 0x403c0000\n"
    "    .set UART, 0x09000000\n\n"
    "    .globl start\n"
    "start:\n"
    "    msr tpidr_el1, xzr\n"
    "    ldr x20, =RESULTS\n";

static const char on[] =
    "    /* TCR_EL1: 39 bits in each half, 4 KiB granules. */\n"
    "    ldr x0, =vectors\n"
    "    msr vbar_el1, x0\n"
    "    mov x0, #0xff\n"
    "    msr mair_el1, x0\n"
    "    ldr x0, =0x2b5193519\n"
    "    msr tcr_el1, x0\n"
    "    ldr x0, =0x410d0000\n"
    "    msr ttbr0_el1, x0\n"
    "    ldr x0, =0x410d1000\n"
    "    msr ttbr1_el1, x0\n"
    "    msr spsel, #1\n"
    "    dsb sy\n"
    "    isb\n"
    "    flush_all\n"
    "    ldr x0, =0x30d01985 | 1 << 23\n"
    "    msr sctlr_el1, x0\n"
    "    isb\n";

static const char grow[] = "    mov x3, #4\n"
                           "1:  ldr x1, =0x48000000\n"
                           "    mov x2, #1000\n"
                           "2:  ldrb w0, [x1]\n"
                           "    add x1, x1, #4096\n"
                           "    subs x2, x2, #1\n"
                           "    b.ne 2b\n"
                           "    flush_all\n"
                           "    subs x3, x3, #1\n"
                           "    b.ne 1b\n";

static const char tail[] = "\n"
                           "    /* Prints the results. */\n"
                           "    ldr x19, =RESULTS\n"
                           "    ldr x21, =UART\n"
                           "    mov w0, #0x301\n"
                           "    str w0, [x21, #0x30]\n"
                           "1:  cmp x19, x20\n"
                           "    b.eq 4f\n"
                           "    ldp x22, x23, [x19], #16\n"
                           "    ldr x24, [x19], #16\n"
                           "    cbnz x23, 2f\n"
                           "    adr x0, ok\n"
                           "    bl print\n"
                           "    mov x1, x22\n"
                           "    bl print_hex\n"
                           "    b 3f\n"
                           "2:  adr x0, fault\n"
                           "    bl print\n"
                           "    mov x1, x23\n"
                           "    bl print_hex\n"
                           "    mov w2, #' '\n"
                           "    bl print_char\n"
                           "    mov x1, x24\n"
                           "    bl print_hex\n"
                           "    mov w2, #' '\n"
                           "    bl print_char\n"
                           "    mov x1, x22\n"
                           "    bl print_hex\n"
                           "3:  mov w2, #'\\n'\n"
                           "    bl print_char\n"
                           "    b 1b\n"
                           "4:  adr x0, end\n"
                           "    bl print\n"
                           "    ldr w0, =0x84000008 /* PSCI: SYSTEM_OFF */\n"
                           "    hvc #0\n"
                           "    b .\n\n"
                           "print:\n"
                           "    mov x9, x30\n"
                           "1:  ldrb w2, [x0], #1\n"
                           "    cbz w2, 2f\n"
                           "    bl print_char\n"
                           "    b 1b\n"
                           "2:  br x9\n\n"
                           "print_hex:\n"
                           "    mov x9, x30\n"
                           "    mov x3, #60\n"
                           "1:  lsr x2, x1, x3\n"
                           "    and w2, w2, #15\n"
                           "    cmp w2, #10\n"
                           "    add w4, w2, #'0'\n"
                           "    add w2, w2, #'a' - 10\n"
                           "    csel w2, w4, w2, lo\n"
                           "    bl print_char\n"
                           "    subs x3, x3, #4\n"
                           "    b.pl 1b\n"
                           "    br x9\n\n"
                           "print_char:\n"
                           "    ldr w4, [x21, #0x18]\n"
                           "    tbnz w4, #5, print_char\n"
                           "    strb w2, [x21]\n"
                           "    ret\n\n"
                           "    /* A result: value, ESR_EL1 or 0, FAR_EL1. */\n"
                           "note:\n"
                           "    stp x0, x2, [x20], #16\n"
                           "    str x3, [x20], #16\n"
                           "    ret\n\n"
                           "exception:\n"
                           "    mrs x2, esr_el1\n"
                           "    mrs x3, far_el1\n"
                           "    mrs x9, tpidr_el1\n"
                           "    br x9\n\n"
                           "    .balign 2048\n"
                           "vectors:\n"
                           "    .rept 16\n"
                           "    .balign 128\n"
                           "    b exception\n"
                           "    .endr\n\n"
                           "ok: .asciz \"ok \"\n"
                           "fault:\n"
                           "    .asciz \"fault \"\n"
                           "end:\n"
                           "    .asciz \"end\\n\"\n";

static const char answer[] =
    "    case $((0x$1 >> 26 & 63)) in # ESR_EL1.EC\n"
    "    33) way=fetch ;;\n"
    "    37) way=load; [ $((0x$1 & 64)) -eq 0 ] || way=store ;;\n"
    "    *) way=\"exception-class-0x$1\" ;;\n"
    "    esac\n"
    "    case $((0x$1 & 63)) in # fault status\n"
    "    16) kind=external-abort ;;\n"
    "    4 | 5 | 6 | 7 | 8 | 9 | 10 | 11 | 12 | 13 | 14 | 15) kind=page-fault "
    ";;\n"
    "    *) kind=\"fault-status-$((0x$1 & 63))\" ;;\n"
    "    esac\n";

/* D8.13: one instruction covers (NUM + 1) * 2^(5 * SCALE + 1) pages from
 * BaseADDR on. */
static void flush_range(GString *out, uint64_t addr, uint64_t pages)
{
    if (pages & 1) {
        g_string_append_printf(out, "    flush_page 0x%" PRIx64 "\n", addr);
        addr += 4096;
    }
    for (unsigned scale = 0; scale < 4; scale++) {
        unsigned shift = 5 * scale + 1;
        uint64_t n = pages >> shift & 31;

        if (n > 0) {
            g_string_append_printf(out,
                                   "    flush_range 0x%" PRIx64 " /* %" PRIu64
                                   " pages from 0x%" PRIx64 " on */\n",
                                   (addr >> 12 & 0x1fffffffff) | (n - 1) << 39 |
                                       (uint64_t)scale << 44 |
                                       UINT64_C(1) << 46,
                                   n << shift, addr);
            addr += n << shift << 12;
        }
    }
}

const EmitArch tw_qemu_emit_aarch64 = {
    .title = "AArch64",
    .manual = "the Arm Architecture Reference Manual, \"TLB maintenance\"",
    .compile = "--target=aarch64-none-elf -march=armv8.4-a",
    .linker = "ENTRY(start)\n"
              "SECTIONS { . = 0x402f0000; .text : { *(.text) } }\n",
    .options = "-M virt,gic-version=2 -cpu max -m 3072M -kernel",
    .head = head,
    .on = on,
    .tail = tail,
    .grow = grow,
    .answer = answer,
    .nowhere = "external-abort",
    .flush_range = flush_range,
};
