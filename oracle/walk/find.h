/* SPDX-License-Identifier: MIT */
/*
 * Which regions of one space the bytes of an access hit: the step of the first
 * walker between two IOMMUs.  For this room only.
 */
#ifndef TW_ORACLE_WALK_FIND_H
#define TW_ORACLE_WALK_FIND_H

#include "oracle/world/world.h"

/* Bytes that hit one region, at offsets x + k. */
typedef struct TwHit {
    uint64_t x;
    uint8_t mask, region;
    bool readonly; /* some flag on the path from the root (FV-2) */
} TwHit;

typedef struct TwFind {
    const TwNode *nodes;
    const TwBounds *bounds; /* TwSnapshot */
    unsigned n;
    TwHit hits[TW_MAX_ACCESS];
} TwFind;

static inline unsigned tw_lowest(unsigned mask)
{
    return (unsigned)__builtin_ctz(mask);
}

static inline unsigned tw_highest(unsigned mask)
{
    return 31u - (unsigned)__builtin_clz(mask);
}

/* Which bytes of the mask, at x + k, lie in [from, from + last]? */
unsigned tw_find_clip(uint64_t x, unsigned mask, uint64_t from, uint64_t last);

/*
 * Section 3.1 for the bytes of `mask`, which lie in region r at offsets x + k.
 * Returns the bytes that hit something.
 */
unsigned tw_find(TwFind *f, uint8_t r, uint64_t x, unsigned mask,
                 bool readonly);

/* The lowest bytes of `left`, at x + k, that are in one granule. */
unsigned tw_find_granule(uint64_t x, unsigned left, unsigned lg);

/* Resolves the bytes of `mask` at a + k in a space; returns those that hit.
 * Into both callers: it is on the way of each access. */
static inline __attribute__((always_inline)) unsigned
tw_find_resolve(TwFind *f, const TwSnapshot *snapshot, uint8_t space,
                uint64_t a, unsigned mask)
{
    uint8_t root = space < TW_MAX_SPACES ? snapshot->root[space] : TW_NONE;
    unsigned in;

    f->nodes = snapshot->nodes;
    f->bounds = snapshot->bounds;
    f->n = 0;
    if (root == TW_NONE || !f->nodes[root].shown) {
        return 0; /* LA-8 */
    }
    in = tw_find_clip(a, mask, f->nodes[root].addr, f->nodes[root].last);
    return in ? tw_find(f, root, a - f->nodes[root].addr, in, false) : 0;
}

#endif
