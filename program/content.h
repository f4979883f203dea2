/* SPDX-License-Identifier: MIT */
/*
 * What bytes are made of, so that two independent implementations can be
 * compared: the initial byte of RAM, the answer of a device, the tag of a
 * store, and the digest of RAM (RU-2, RU-3).  Definitions only; must not know
 * programs or worlds.
 */
#ifndef TW_PROGRAM_CONTENT_H
#define TW_PROGRAM_CONTENT_H

#include "program/code.h"
#include "program/model.h"
#include "program/rng.h"
#include "program/runs.h"

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

/* Byte k (0 .. 7) of a word that is no entry of any format (LA-62), made of a
 * byte of data; not zero if that is not, and bit 2 of byte 0 is set. */
static inline uint8_t tw_inert_byte(uint8_t byte, unsigned k)
{
    return k == 0   ? (uint8_t)((byte & ~3) | 4)
           : k == 7 ? (uint8_t)((byte & ~0x60) | 1)
                    : byte;
}

/* The same for people (TW_CONTENTS_READABLE): each page of RAM has one byte, or
 * one number of code words or of runs; each operation stores one byte. */
static inline uint8_t tw_readable_initial(uint8_t block, uint64_t offset)
{
    return (uint8_t)(0x10 * (1 + block % 7) + (offset >> 12) % 16);
}

static inline uint16_t tw_readable_code(uint8_t block, uint64_t offset)
{
    return (uint16_t)(0x100 * (1 + block % 0x70) + (offset >> 12) % 256);
}

static inline uint16_t tw_readable_run(uint8_t block, uint64_t offset)
{
    return (uint16_t)(0x100 * (1 + block % 3) + (offset >> 12) % 256);
}

static inline uint8_t tw_readable_tag(uint32_t op)
{
    return (uint8_t)(0xa0 + op % 16);
}

/* What a program's contents make of these: the initial byte of a block at
 * `offset`; byte k of what script operation number `op` stores from address
 * `addr` on; the byte at `offset` of a device that answers a fetch. */
static inline uint8_t tw_content_initial(unsigned contents, uint8_t block,
                                         uint64_t offset)
{
    bool readable = contents & TW_CONTENTS_READABLE;

    if (!tw_contents_are_code(contents)) {
        uint8_t byte = readable ? tw_readable_initial(block, offset)
                                : tw_ram_initial(block, offset);
        return tw_contents_kind(contents) == TW_CONTENTS_INERT
                   ? tw_inert_byte(byte, offset & 7)
                   : byte;
    }
    if (tw_contents_are_runs(contents)) {
        uint16_t number = readable ? tw_readable_run(block, offset)
                                   : tw_run_initial(block, offset >> 3);
        return (uint8_t)(tw_run_word(contents, offset, number) >>
                         8 * (offset & 7));
    }
    return tw_code_is_access(offset)
               ? tw_code_access_byte(contents, offset)
               : tw_code_byte(contents,
                              readable ? tw_readable_code(block, offset)
                                       : tw_code_initial(block, offset >> 3),
                              offset & 7);
}

static inline uint8_t tw_content_tag(unsigned contents, uint32_t op,
                                     uint64_t addr, unsigned k)
{
    uint8_t byte = contents & TW_CONTENTS_READABLE ? tw_readable_tag(op)
                                                   : tw_store_tag(op, k);

    return tw_contents_are_runs(contents)
               ? (uint8_t)(tw_run_word(contents, addr, tw_run_stored(op)) >>
                           8 * k)
           : tw_contents_are_code(contents)
               ? tw_code_byte(contents, tw_code_stored(op), k)
           : tw_contents_kind(contents) == TW_CONTENTS_INERT
               ? tw_inert_byte(byte, k)
               : byte;
}

/* The number that stands for script operation `op` in the tags of what the
 * n-th access that it starts stores (LA-61), n from 1; 0: its own access. */
static inline uint32_t tw_started_tag(uint32_t op, unsigned n)
{
    return op + (uint32_t)TW_MAX_SCRIPT * n;
}

static inline uint8_t tw_content_fetched(unsigned contents, uint8_t region,
                                         uint64_t offset, TwAttrs attrs)
{
    return tw_contents_are_runs(contents)
               ? (uint8_t)(tw_run_word(contents, offset,
                                       tw_run_device(region, offset >> 3)) >>
                           8 * (offset & 7))
               : tw_device_byte(region, offset, attrs);
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
