/* SPDX-License-Identifier: MIT */
/*
 * What bytes are made of, so that two independent implementations can be
 * compared: the initial byte of RAM, the answer of a device, the tag of a
 * store, and the digest of RAM (RU-2, RU-3).  Definitions only; must not know
 * programs or worlds.
 */
#ifndef TW_PROGRAM_CONTENT_H
#define TW_PROGRAM_CONTENT_H

#include "program/model.h"
#include "program/rng.h"

/* Initial byte of RAM block `block` at `offset`; never zero. */
static inline uint8_t tw_ram_initial(uint8_t block, uint64_t offset)
{
    uint64_t h = (offset + 1) * 0x9e3779b97f4a7c15u ^
                 ((uint64_t)block + 1) * 0xd1342543de82ef95u;
    h ^= h >> 29;
    h *= 0xbf58476d1ce4e5b9u;
    return (uint8_t)((h >> 40) | 1);
}

/* Byte that the device of `region` answers at `offset`; pure; never zero. */
static inline uint8_t tw_device_byte(uint8_t region, uint64_t offset,
                                     TwAttrs attrs)
{
    uint64_t h = (offset + 0x51) * 0xbf58476d1ce4e5b9u ^
                 ((uint64_t)region + 0x101) * 0x94d049bb133111ebu ^
                 ((uint64_t)attrs + 7) * 0x9e3779b97f4a7c15u;
    h ^= h >> 31;
    h *= 0xd1342543de82ef95u;
    return (uint8_t)((h >> 41) | 2);
}

/* Byte k (0 .. 7) that script operation number `op` stores; never zero. */
static inline uint8_t tw_store_tag(uint32_t op, unsigned k)
{
    uint64_t h = ((uint64_t)op * 8 + k + 1) * 0x9e3779b97f4a7c15u;
    return (uint8_t)((h >> 37) | 4);
}

/*
 * Code contents (LA-44).  RAM is made of words of eight bytes, each a function
 * that returns its number: AArch64 `movz x0, #number; ret`.
 */

/* Byte k (0 .. 7) of the code word `number`, which is not 0. */
static inline uint8_t tw_code_byte(uint16_t number, unsigned k)
{
    uint64_t word =
        UINT64_C(0xd65f03c0) << 32 | 0xd2800000u | (uint32_t)number << 5;
    return (uint8_t)(word >> (8 * k));
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
 * 2^(n mod 4) bytes of x0 at x1, and returns.
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

/* The byte at such an offset. */
static inline uint8_t tw_code_access_byte(uint64_t offset)
{
    static const uint32_t instructions[8] = {
        0x39400020, /* ldrb w0, [x1] */
        0x79400020, /* ldrh w0, [x1] */
        0xb9400020, /* ldr w0, [x1] */
        0xf9400020, /* ldr x0, [x1] */
        0x39000020, /* strb w0, [x1] */
        0x79000020, /* strh w0, [x1] */
        0xb9000020, /* str w0, [x1] */
        0xf9000020, /* str x0, [x1] */
    };
    uint64_t word = UINT64_C(0xd65f03c0) << 32 | instructions[offset >> 3 & 7];
    return (uint8_t)(word >> 8 * (offset & 7));
}

/* What a program's contents make of the two: the initial byte of a block at
 * `offset`, and byte k of what script operation number `op` stores. */
static inline uint8_t tw_content_initial(unsigned contents, uint8_t block,
                                         uint64_t offset)
{
    return contents != TW_CONTENTS_CODE ? tw_ram_initial(block, offset)
           : tw_code_is_access(offset)
               ? tw_code_access_byte(offset)
               : tw_code_byte(tw_code_initial(block, offset >> 3), offset & 7);
}

static inline uint8_t tw_content_tag(unsigned contents, uint32_t op, unsigned k)
{
    return contents == TW_CONTENTS_CODE ? tw_code_byte(tw_code_stored(op), k)
                                        : tw_store_tag(op, k);
}

/*
 * The digest of a RAM block is the sum, modulo 2^64, of this over all bytes
 * that differ from tw_content_initial(); an untouched block has digest 0.
 */
static inline uint64_t tw_ram_digest_term(uint64_t offset, uint8_t byte)
{
    return tw_mix64((offset << 8 | byte) + 0x9e3779b97f4a7c15u) ^
           tw_mix64(offset >> 56);
}

#endif
