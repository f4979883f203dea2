/* SPDX-License-Identifier: MIT */
/*
 * What a word of a page table says (LA-35), as the second opinion reads it
 * (flat.h).  Shares no code with oracle/world/iommu-pagetable.c.
 */
#ifndef TW_ORACLE_WALK_WORD_H
#define TW_ORACLE_WALK_WORD_H

#include "program/layout.h"

/* What an entry of level n is. */
typedef enum TwWordIs {
    TW_WORD_NOTHING, /* it is not there */
    TW_WORD_WRONG,   /* it is, but means nothing */
    TW_WORD_TABLE,
    TW_WORD_LEAF,
} TwWordIs;

TwWordIs tw_word_is(const TwIommu *m, unsigned n, uint64_t word);

/* The rights that a leaf grants; where walks set A and D, these do not
 * matter (LA-55). */
uint8_t tw_word_grants(const TwIommu *m, uint64_t word);

/* The rights that an entry for a table lets through. */
uint8_t tw_word_lets(const TwLayout *l, uint64_t word);

/* The rights that A and D of an entry do not stand in the way of. */
uint8_t tw_word_marked(const TwIommu *m, uint64_t word, bool leaf);

/* How many granules the leaf at level n has; 0: its address says a number that
 * it cannot have there. */
uint64_t tw_word_granules(const TwIommu *m, unsigned n, uint64_t word);

#endif
