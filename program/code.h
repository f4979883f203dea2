/* SPDX-License-Identifier: MIT */
/*
 * Code contents (LA-44): RAM is made of words of eight bytes, each a function
 * that returns its number, in the instructions of one architecture.
 *
 *                  AArch64          x86-64            RISC-V
 *   a word         movz x0, #n      mov ax, n         lui a0, n
 *                  ret              nop; jmp r11      ret
 *   result         n in x0          n in ax           4096 * n in a0
 *   value          x0               rax               a0
 *   address        x1               rsi               a1
 *   return to      x30              r11               ra
 *
 * Definitions only; must not know programs or worlds.
 */
#ifndef TW_PROGRAM_CODE_H
#define TW_PROGRAM_CODE_H

#include "program/model.h"

/* The code word `number`, which is not 0, as a little-endian number of 8
 * bytes. */
static inline uint64_t tw_code_word(unsigned contents, uint16_t number)
{
    switch (tw_contents_kind(contents)) {
    case TW_CONTENTS_CODE_X86_64:
        return UINT64_C(0xe3ff41900000b866) | (uint64_t)number << 16;
    case TW_CONTENTS_CODE_RISCV64:
        return UINT64_C(0x0000806700000537) | (uint64_t)number << 12;
    default:
        return UINT64_C(0xd65f03c0d2800000) | (uint64_t)number << 5;
    }
}

/* Byte k (0 .. 7) of it. */
static inline uint8_t tw_code_byte(unsigned contents, uint16_t number,
                                   unsigned k)
{
    return (uint8_t)(tw_code_word(contents, number) >> 8 * k);
}

/* The number of a word that is one. */
static inline uint16_t tw_code_number_at(unsigned contents, uint64_t word)
{
    unsigned kind = tw_contents_kind(contents);
    unsigned lg = kind == TW_CONTENTS_CODE_X86_64    ? 16
                  : kind == TW_CONTENTS_CODE_RISCV64 ? 12
                                                     : 5;
    return (uint16_t)(word >> lg);
}

/* What the register of the result holds after the word `number`. */
static inline uint64_t tw_code_result(unsigned contents, uint16_t number)
{
    return (uint64_t)number
           << (tw_contents_kind(contents) == TW_CONTENTS_CODE_RISCV64 ? 12 : 0);
}

/* The number of the word with this result; 0: no word does that. */
static inline uint16_t tw_code_number(unsigned contents, uint64_t result)
{
    uint64_t number = tw_contents_kind(contents) == TW_CONTENTS_CODE_RISCV64
                          ? result >> 12
                          : result;

    return number <= UINT16_MAX &&
                   tw_code_result(contents, (uint16_t)number) == result
               ? (uint16_t)number
               : 0;
}

/* Number of the code word that RAM block `block` starts with at offset
 * 8 * `word`: 1 .. 0x7fff. */
static inline uint16_t tw_code_initial(uint8_t block, uint64_t word)
{
    uint64_t h = (word + 1) * 0x9e3779b97f4a7c15u ^
                 ((uint64_t)block + 1) * 0xd1342543de82ef95u;
    h ^= h >> 29;
    h *= 0xbf58476d1ce4e5b9u;
    h = h >> 40 & 0x7fff;
    return h ? (uint16_t)h : 0x7fff;
}

/* Number of the code word that script operation number `op` stores:
 * 0x8001 .. 0xffff. */
static inline uint16_t tw_code_stored(uint32_t op)
{
    return (uint16_t)(0x8000 | (op + 1));
}

/*
 * The last eight words of each 4 KiB of a block are no such functions, but make
 * accesses (LA-46): word n, from 0, loads (0 to 3) or stores (4 to 7)
 * 2^(n mod 4) bytes of the value at the address, and returns.
 */
enum { TW_CODE_ACCESSES = 0xfc0, TW_CODE_PAGE = 0x1000 };

static inline bool tw_code_is_access(uint64_t offset)
{
    return offset % TW_CODE_PAGE >= TW_CODE_ACCESSES;
}

/* Where in 4 KiB the word stands that makes an access of 1, 2, 4 or 8
 * bytes. */
static inline uint64_t tw_code_access_place(bool store, unsigned size)
{
    return TW_CODE_ACCESSES +
           8u * ((store ? 4u : 0u) + (unsigned)__builtin_ctz(size));
}

/* Access word n (0 .. 7), as a little-endian number of 8 bytes. */
static inline uint64_t tw_code_access_word(unsigned contents, unsigned n)
{
    static const uint32_t aarch64[8] = {
        0x39400020, /* ldrb w0, [x1] */
        0x79400020, /* ldrh w0, [x1] */
        0xb9400020, /* ldr w0, [x1] */
        0xf9400020, /* ldr x0, [x1] */
        0x39000020, /* strb w0, [x1] */
        0x79000020, /* strh w0, [x1] */
        0xb9000020, /* str w0, [x1] */
        0xf9000020, /* str x0, [x1] */
    };
    static const uint64_t x86_64[8] = {
        0x06b60f9066, /* xchg ax, ax; movzx eax, byte [rsi] */
        0x06b70f9066, /* xchg ax, ax; movzx eax, word [rsi] */
        0x068b001f0f, /* nop [rax]; mov eax, [rsi] */
        0x068b489066, /* xchg ax, ax; mov rax, [rsi] */
        0x0688001f0f, /* nop [rax]; mov [rsi], al */
        0x0689669066, /* xchg ax, ax; mov [rsi], ax */
        0x0689001f0f, /* nop [rax]; mov [rsi], eax */
        0x0689489066, /* xchg ax, ax; mov [rsi], rax */
    };
    static const uint32_t riscv64[8] = {
        0x0005c503, /* lbu a0, 0(a1) */
        0x0005d503, /* lhu a0, 0(a1) */
        0x0005e503, /* lwu a0, 0(a1) */
        0x0005b503, /* ld a0, 0(a1) */
        0x00a58023, /* sb a0, 0(a1) */
        0x00a59023, /* sh a0, 0(a1) */
        0x00a5a023, /* sw a0, 0(a1) */
        0x00a5b023, /* sd a0, 0(a1) */
    };

    switch (tw_contents_kind(contents)) {
    case TW_CONTENTS_CODE_X86_64:
        return UINT64_C(0xe3ff410000000000) | x86_64[n];
    case TW_CONTENTS_CODE_RISCV64:
        return UINT64_C(0x0000806700000000) | riscv64[n];
    default:
        return UINT64_C(0xd65f03c000000000) | aarch64[n];
    }
}

/* The byte at an offset of such a word. */
static inline uint8_t tw_code_access_byte(unsigned contents, uint64_t offset)
{
    return (uint8_t)(tw_code_access_word(contents, offset >> 3 & 7) >>
                     8 * (offset & 7));
}

#endif
