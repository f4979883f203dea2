/* SPDX-License-Identifier: MIT */
/*
 * An address space rendered: the graph is unrolled in overlap order, in
 * absolute signed 128-bit coordinates, and poured into what is not covered
 * yet.  flat.c looks addresses up in it, listen.c reports its ranges.  It
 * shares no code with walk.c, which resolves one address and recurses in
 * relative coordinates.
 */
#include "oracle/walk/render.h"

#include <glib.h>
#include <string.h>

#ifdef __SIZEOF_INT128__
typedef __int128 Wide;
#else
typedef signed _BitInt(128) Wide; /* clang, on 32-bit machines */
#endif

typedef struct Render {
    const TwNode *nodes;
    TwShown *list; /* ascending, disjoint */
    unsigned n, most;
    bool full;
} Render;

/* What the way from the root has set (FV-2); read-only as LA-9 has it. */
typedef struct Flags {
    bool readonly, nonvolatile, unmergeable;
} Flags;

/* Moves what is from `at` on to the next place: the end first, in parts that
 * do not overlap.  (The memmove() of AddressSanitizer moves byte by byte.) */
static void make_room(Render *render, unsigned at)
{
    TwShown part[32];

    for (unsigned end = render->n; end > at;) {
        unsigned n = MIN(end - at, G_N_ELEMENTS(part));

        end -= n;
        memcpy(part, &render->list[end], n * sizeof(*part));
        memcpy(&render->list[end + 1], part, n * sizeof(*part));
    }
}

static void insert(Render *render, unsigned at, TwShown shown)
{
    if (render->n == render->most) {
        render->full = true;
        return;
    }
    if (at < render->n) {
        make_room(render, at);
    }
    render->list[at] = shown;
    render->n++;
}

/* Pours what of low .. high nothing covers yet. */
static void pour(Render *render, Wide low, Wide high, Wide origin,
                 uint8_t region, Flags flags)
{
    unsigned i = 0;

    while (low <= high && !render->full) {
        Wide stop = high;

        while (i < render->n && (Wide)render->list[i].last < low) {
            i++;
        }
        if (i < render->n && (Wide)render->list[i].first <= low) {
            low = (Wide)render->list[i].last + 1;
            continue;
        }
        if (i < render->n && (Wide)render->list[i].first <= high) {
            stop = (Wide)render->list[i].first - 1;
        }
        insert(render, i,
               (TwShown){
                   .first = (uint64_t)low,
                   .last = (uint64_t)stop,
                   .offset = (uint64_t)(low - origin),
                   .region = region,
                   .readonly = flags.readonly,
                   .nonvolatile = flags.nonvolatile,
                   .unmergeable = flags.unmergeable,
               });
        low = stop + 1;
    }
}

/*
 * Unrolls a region whose container's (or alias's) origin is `base`, clipped to
 * low .. high.  `placed` says whether its own `addr` counts.
 */
static void unroll(Render *render, uint8_t r, Wide base, Wide low, Wide high,
                   Flags flags, bool placed)
{
    const TwNode *node = &render->nodes[r];
    Wide origin = base + (placed ? (Wide)node->addr : 0);
    Wide last = origin + (Wide)node->last;

    if (!node->shown || render->full) {
        return;
    }
    low = origin > low ? origin : low;
    high = last < high ? last : high;
    if (low > high) {
        return;
    }
    flags.readonly |= node->readonly;
    flags.nonvolatile |= node->nonvolatile;
    flags.unmergeable |= node->unmergeable;
    if (node->kind == TW_REGION_ALIAS) {
        unroll(render, node->target, origin - (Wide)node->alias_offset, low,
               high, flags, false);
        return;
    }
    for (uint8_t child = node->first_child; child != TW_NONE;
         child = render->nodes[child].next_sibling) {
        unroll(render, child, origin, low, high, flags, true);
    }
    if (node->kind != TW_REGION_CONTAINER) {
        flags.readonly |= node->kind == TW_REGION_ROM; /* LA-9 */
        pour(render, low, high, origin, r, flags);
    }
}

bool tw_render(const TwSnapshot *snapshot, uint8_t space, uint64_t first,
               uint64_t last, TwShown *list, unsigned most, unsigned *n)
{
    Render render = {.nodes = snapshot->nodes, .list = list, .most = most};

    if (space < TW_MAX_SPACES && snapshot->root[space] != TW_NONE) {
        unroll(&render, snapshot->root[space], 0, first, last, (Flags){false},
               true);
    }
    *n = render.n;
    return !render.full;
}
