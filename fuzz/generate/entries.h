/* SPDX-License-Identifier: MIT */
/* Entries of page tables, made by the fields of a layout. */
#ifndef TW_FUZZ_GENERATE_ENTRIES_H
#define TW_FUZZ_GENERATE_ENTRIES_H

#include "program/layout.h"

static inline bool tw_gen_holds(TwBits bits, uint64_t entry)
{
    return (entry & bits.mask) == bits.value;
}

/* The bits of an address in an entry. */
static inline uint64_t tw_gen_address_bits(const TwLayout *layout,
                                           uint64_t address)
{
    return address >> layout->shift & layout->address;
}

/* Takes a right away from an entry that has it; the bits of `keep` stay. */
uint64_t tw_gen_without(uint64_t entry, TwBits right, uint64_t keep);

/* A leaf of that level with these of TW_R and TW_W. */
uint64_t tw_gen_leaf(const TwLayout *layout, unsigned level, uint64_t address,
                     uint8_t perm);

/* An entry that leads to a table of level `next`, and lets all through. */
uint64_t tw_gen_table(const TwLayout *layout, unsigned next, uint64_t address);

#endif
