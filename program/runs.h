/* SPDX-License-Identifier: MIT */
/*
 * Contents for runs (LA-52): code words of which three in four go on with the
 * next one instead of returning.  A word shifts the result, 16 bits for each
 * word, and adds its number, so that the result tells which words ran.
 *
 *                  AArch64               x86-64          RISC-V
 *   goes on        movk x0, #n, lsl #s   mov ax, n       addi a0, a0, n
 *                  nop                   shl rax, 16     c.slli a0, 16; c.nop
 *   returns        movk x0, #n           mov ax, n       addi a0, a0, n
 *                  ret                   nop; jmp r11    c.nop; c.jr ra
 *
 * The registers are those of code.h; the result is 0 before the run.
 *
 * In Thumb (Armv8-M) the words from the end of the run on, 0 to 3, have a
 * register each, r0 to r3, for their numbers: its low 16 bits are those that
 * the result has there.  The instruction at the end of a word that goes on is
 * one of 32 bits, and ends in the next word:
 *
 *   3   adds r0, r0, #0;          movw r3, #n; first half of str.w r4, [r5]
 *   2   second half (0x4000);     movw r2, #n; first half of dsb
 *   1   second half (0x8f4f);     movw r1, #n; first half of isb
 *   0   second half (0x8f6f);     movw r0, #n; bx lr
 *
 * Where a run begins, a second half alone is ands r0, r0; ldrh r7, [r1, #58];
 * ldrh r7, [r5, #58].  So r1 and r5 are addresses of memory, and the low 16
 * bits of r1 are 0.
 *
 * Definitions only; must not know programs or worlds.
 */
#ifndef TW_PROGRAM_RUNS_H
#define TW_PROGRAM_RUNS_H

#include "program/code.h"

enum { TW_RUN_WORDS = 4, TW_RUN_BYTES = 8 * TW_RUN_WORDS };

/* How many words run from address or offset `at` on, itself included: 1 to 4.
 * Runs end at 0x10 modulo 0x20, so that one in 128 goes over the end of a
 * page of 4 KiB. */
static inline unsigned tw_run_length(uint64_t at)
{
    return TW_RUN_WORDS - (unsigned)((at + 0x10) % TW_RUN_BYTES / 8);
}

/* The word with a number, 1 to 0x7ff, at an address or offset, as a
 * little-endian number of 8 bytes. */
static inline uint64_t tw_run_word(unsigned contents, uint64_t at,
                                   uint16_t number)
{
    unsigned more = tw_run_length(at) - 1;

    switch (tw_contents_kind(contents)) {
    case TW_CONTENTS_RUNS_X86_64:
        return (more ? UINT64_C(0x10e0c1480000b866)
                     : UINT64_C(0xe3ff41900000b866)) |
               (uint64_t)number << 16;
    case TW_CONTENTS_RUNS_THUMB:
        return (more == 3   ? UINT64_C(0xf8c50000f2401c00)
                : more == 2 ? UINT64_C(0xf3bf0000f2404000)
                : more == 1 ? UINT64_C(0xf3bf0000f2408f4f)
                            : UINT64_C(0x47700000f2408f6f)) |
               ((uint64_t)(number >> 8 & 7) << 12 | (uint64_t)more << 8 |
                (number & 0xff))
                   << 32;
    case TW_CONTENTS_RUNS_RISCV64:
        return (more ? UINT64_C(0x0001054200050513)
                     : UINT64_C(0x8082000100050513)) |
               (uint64_t)number << 20;
    default:
        return (more ? UINT64_C(0xd503201ff2800000)
                     : UINT64_C(0xd65f03c0f2800000)) |
               (uint64_t)more << 21 | (uint64_t)number << 5;
    }
}

/* The number of such a word. */
static inline uint16_t tw_run_number(unsigned contents, uint64_t word)
{
    unsigned kind = tw_contents_kind(contents);
    unsigned lg = kind == TW_CONTENTS_RUNS_X86_64    ? 16
                  : kind == TW_CONTENTS_RUNS_RISCV64 ? 20
                                                     : 5;
    if (kind == TW_CONTENTS_RUNS_THUMB) {
        return (uint16_t)((word >> 44 & 7) << 8 | (word >> 32 & 0xff));
    }
    return (uint16_t)(word >> lg & (lg == 20 ? 0x7ff : 0xffff));
}

/* What a word that is fetched from `at` counts as: the word there with its
 * number. */
static inline uint64_t tw_run_value(unsigned contents, uint64_t at,
                                    uint64_t word)
{
    return tw_run_word(contents, at, tw_run_number(contents, word));
}

/* The numbers of the words that ran, from their result, whether the run came to
 * its end or not: the i-th, from 0, in bits 16i to 16i + 15. */
static inline uint64_t tw_run_numbers(uint64_t result)
{
    uint64_t numbers = 0;
    unsigned n = 0;

    for (unsigned lane = TW_RUN_WORDS; lane-- > 0;) {
        uint64_t number = result >> 16 * lane & 0xffff;

        if (number != 0) {
            numbers |= number << 16 * n++;
        }
    }
    return numbers;
}

/* Numbers of the words that RAM block `block` starts with at offset 8 * `word`
 * (1 to 0x3ff), that script operation number `op` stores, and that the device
 * of `region` answers a fetch with. */
static inline uint16_t tw_run_initial(uint8_t block, uint64_t word)
{
    uint16_t number = tw_code_initial(block, word) & 0x3ff;

    return number ? number : 0x3ff;
}

static inline uint16_t tw_run_stored(uint32_t op)
{
    return (uint16_t)(0x400 | ((op + 1) & 0x1ff));
}

static inline uint16_t tw_run_device(uint8_t region, uint64_t word)
{
    return (uint16_t)(0x600 | (tw_code_initial(region, word) & 0x1ff));
}

#endif
