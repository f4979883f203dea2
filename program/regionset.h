/* SPDX-License-Identifier: MIT */
/*
 * Sets of regions, as bits by their ids.  What a set is made of is known here
 * only, so that a program may have more regions than an integer has bits.
 */
#ifndef TW_PROGRAM_REGIONSET_H
#define TW_PROGRAM_REGIONSET_H

#include "program/model.h"

enum { TW_REGION_WORDS = (TW_MAX_REGIONS + 63) / 64 };

/* No region, if all is zero. */
typedef struct TwRegionSet {
    uint64_t bits[TW_REGION_WORDS];
} TwRegionSet;

/* Ids of TW_MAX_REGIONS and above, so also TW_NONE, are in no set. */
static inline bool tw_regions_has(const TwRegionSet *set, unsigned id)
{
    return id < TW_MAX_REGIONS && (set->bits[id / 64] >> id % 64 & 1);
}

/* `id` is below TW_MAX_REGIONS. */
static inline void tw_regions_add(TwRegionSet *set, unsigned id)
{
    set->bits[id / 64] |= UINT64_C(1) << id % 64;
}

static inline void tw_regions_remove(TwRegionSet *set, unsigned id)
{
    set->bits[id / 64] &= ~(UINT64_C(1) << id % 64);
}

/* Adds or removes `id`. */
static inline void tw_regions_put(TwRegionSet *set, unsigned id, bool in)
{
    if (in) {
        tw_regions_add(set, id);
    } else {
        tw_regions_remove(set, id);
    }
}

static inline TwRegionSet tw_regions_or(TwRegionSet a, TwRegionSet b)
{
    for (unsigned i = 0; i < TW_REGION_WORDS; i++) {
        a.bits[i] |= b.bits[i];
    }
    return a;
}

/* Have they a region in common? */
static inline bool tw_regions_meet(const TwRegionSet *a, const TwRegionSet *b)
{
    uint64_t both = 0;
    for (unsigned i = 0; i < TW_REGION_WORDS; i++) {
        both |= a->bits[i] & b->bits[i];
    }
    return both != 0;
}

/* The lowest id of the set that is not below `from`, or TW_NONE. */
static inline unsigned tw_regions_next(const TwRegionSet *set, unsigned from)
{
    for (unsigned i = from / 64; i < TW_REGION_WORDS; i++, from = i * 64) {
        uint64_t left = set->bits[i] >> from % 64;
        if (left) {
            return from + (unsigned)__builtin_ctzll(left);
        }
    }
    return TW_NONE;
}

/* The highest id of the set, or TW_NONE. */
static inline unsigned tw_regions_last(const TwRegionSet *set)
{
    for (unsigned i = TW_REGION_WORDS; i-- > 0;) {
        if (set->bits[i]) {
            return i * 64 + 63 - (unsigned)__builtin_clzll(set->bits[i]);
        }
    }
    return TW_NONE;
}

static inline bool tw_regions_empty(const TwRegionSet *set)
{
    return tw_regions_next(set, 0) == TW_NONE;
}

/* Every id that a region can have. */
static inline TwRegionSet tw_regions_all(void)
{
    TwRegionSet set = {{0}};
    for (unsigned id = 0; id < TW_MAX_REGIONS; id++) {
        tw_regions_add(&set, id);
    }
    return set;
}

#endif
