/* SPDX-License-Identifier: MIT */
/* See find.h. */
#include "oracle/walk/find.h"

unsigned tw_find_clip(uint64_t x, unsigned mask, uint64_t from, uint64_t last)
{
    uint64_t low = x + tw_lowest(mask), high = x + tw_highest(mask);
    unsigned in = 0;

    if (low >= from && high - from <= last) {
        return mask;
    }
    if (high < from || (low >= from && low - from > last)) {
        return 0;
    }
    for (unsigned k = tw_lowest(mask); mask >> k; k++) {
        if (mask >> k & 1 && x + k >= from && x + k - from <= last) {
            in |= 1u << k;
        }
    }
    return in;
}

unsigned tw_find_granule(uint64_t x, unsigned left, unsigned lg)
{
    unsigned last = tw_highest(left), group = left;
    uint64_t granule = (x + tw_lowest(left)) >> lg;

    while ((x + last) >> lg != granule) {
        group &= ~(1u << last);
        last = tw_highest(group);
    }
    return group;
}

static bool terminates(const TwNode *node)
{
    return node->kind != TW_REGION_CONTAINER && node->kind != TW_REGION_ALIAS;
}

/* Which bytes of the mask, at x + k behind an alias whose window starts at
 * `offset` of its target, lie in the target?  The sum may need 65 bits. */
static unsigned through_alias(uint64_t x, unsigned mask, uint64_t offset,
                              uint64_t last)
{
    unsigned in = 0;

    for (unsigned k = tw_lowest(mask); mask >> k; k++) {
        uint64_t to;

        if (mask >> k & 1 && !__builtin_add_overflow(x + k, offset, &to) &&
            to <= last) {
            in |= 1u << k;
        }
    }
    return in;
}

/* tw_find() for region r, without a call where r is a leaf with nothing in it.
 */
static inline unsigned find_in(TwFind *f, uint8_t r, uint64_t x, unsigned mask,
                               bool readonly)
{
    const TwNode *node = &f->nodes[r];

    if (node->first_child != TW_NONE || !terminates(node)) {
        return tw_find(f, r, x, mask, readonly);
    }
    f->hits[f->n++] = (TwHit){x, mask, r, readonly | node->readonly};
    return mask;
}

unsigned tw_find(TwFind *f, uint8_t r, uint64_t x, unsigned mask, bool readonly)
{
    const TwNode *node = &f->nodes[r];
    unsigned got = 0;
    uint64_t low, high;

    readonly |= node->readonly;
    if (node->kind == TW_REGION_ALIAS) {
        const TwNode *target = &f->nodes[node->target];

        if (target->shown) {
            mask = through_alias(x, mask, node->alias_offset, target->last);
            if (mask) {
                return find_in(f, node->target, x + node->alias_offset, mask,
                               readonly);
            }
        }
        return 0;
    }
    low = x + tw_lowest(mask);
    high = x + tw_highest(mask);
    for (uint8_t c = node->first_child; c != TW_NONE && got != mask;
         c = f->nodes[c].next_sibling) {
        const TwNode *child = &f->nodes[c];
        unsigned in;

        if (high < child->addr ||
            (low > child->addr && low - child->addr > child->last) ||
            !child->shown ||
            (f->bounds &&
             (high < f->bounds[c].from || low > f->bounds[c].to))) {
            continue; /* no byte is in it: the usual case, decided quickly */
        }
        in = tw_find_clip(x, mask & ~got, child->addr, child->last);
        if (in) {
            got |= find_in(f, c, x - child->addr, in, readonly);
        }
    }
    if (got != mask && terminates(node)) {
        f->hits[f->n++] = (TwHit){x, mask & ~got, r, readonly};
        got = mask;
    }
    return got;
}
