/* SPDX-License-Identifier: MIT */
/*
 * The first walker: answers an access by recursion over the region graph,
 * without flat view, sections, pages or caches.  It walks all bytes of an
 * access at once, as a bit mask, and splits the mask where bytes lead to
 * different places.
 *
 * Addresses.  Instead of absolute origins, which an alias can push below zero
 * (AR-1), each step knows where the bytes are *relative to the region at
 * hand*.  Such an offset is never negative for a byte that is in the region,
 * and is passed on as the offset `x` that byte 0 would have, modulo 2^64: byte
 * k is at x + k, which is exact for every byte in the mask.
 */
#include "oracle/walk/walk.h"

#include "oracle/walk/find.h"
#include "oracle/walk/used.h"
#include "oracle/world/iommu.h"
#include "oracle/world/page.h"

/* From hop to hop --------------------------------------------------------- */

typedef struct Step {
    const TwWorld *world;
    const TwAccess *access;
    const TwSnapshot *then, *now;
    TwTimes times;
    TwWalk *walk;
} Step;

static void note_change(TwWalk *walk, uint32_t since, uint8_t link, uint16_t op)
{
    if (since > walk->since) {
        walk->since = since;
        walk->link = link;
        walk->op = op;
    }
}

static void settle(TwWalk *walk, unsigned mask, TwWhere where, unsigned depth)
{
    for (; mask; mask &= mask - 1) {
        walk->bytes[tw_lowest(mask)] =
            (TwByte){.where = where, .region = TW_NONE, .depth = depth};
    }
    if (depth > walk->depth) {
        walk->depth = depth;
    }
}

/* The same of bytes that a link refuses, at addresses x + k of it (LA-60). */
static void refuse(const Step *s, unsigned mask, TwWhere where, unsigned depth,
                   TwReason why, uint64_t x)
{
    TwByte byte = {.where = where, .region = TW_NONE, .depth = depth};

    if (!s->world->reasons) {
        settle(s->walk, mask, where, depth);
        return;
    }
    tw_byte_refuse(&byte, why);
    for (; mask; mask &= mask - 1) {
        unsigned k = tw_lowest(mask);

        byte.offset = x + k;
        s->walk->bytes[k] = byte;
    }
    if (depth > s->walk->depth) {
        s->walk->depth = depth;
    }
}

static uint8_t leaf_flags(const TwNode *node, bool readonly)
{
    uint8_t flags = 0;

    if (readonly || node->kind == TW_REGION_ROM) {
        flags |= TW_LOC_READONLY; /* LA-9 */
    }
    if (node->kind == TW_REGION_ROMD && node->romd_mode) {
        flags |= TW_LOC_ROMD;
    }
    return flags;
}

static void step(const Step *s, uint8_t space, uint64_t a, unsigned mask,
                 int before, unsigned depth);

/* The bytes of `mask` end in the blocked device of an MPC (LA-32). */
static void block(TwWalk *walk, const TwHit *hit, unsigned mask, unsigned depth)
{
    for (; mask; mask &= mask - 1) {
        unsigned k = tw_lowest(mask);

        walk->bytes[k] = (TwByte){.offset = hit->x + k,
                                  .where = TW_AT_BLOCKED,
                                  .region = hit->region,
                                  .depth = depth};
    }
    if (depth > walk->depth) {
        walk->depth = depth;
    }
}

/* Translations ------------------------------------------------------------- */

/*
 * The bytes of `mask` are in the IOMMU region `node`, which `hit` names, at
 * offsets hit->x + k, in one granule: they share a translation (LA-13).
 */
static void translate(const Step *s, const TwNode *node, const TwHit *hit,
                      unsigned mask, int before, unsigned depth)
{
    const TwIommu *iommu = &s->world->program->iommus[node->iommu];
    uint64_t x = hit->x;
    uint8_t index = tw_walk_index(iommu, s->access->attrs);
    unsigned first = tw_lowest(mask);
    uint64_t granule = (x + first) >> iommu->granule_lg;
    TwWalk *walk = s->walk;
    int hop = walk->n_hops++;
    uint32_t t = depth < s->times.hops ? s->times.then : s->times.now;
    TwParts parts = tw_parts_at(index, t);
    uint8_t combined = 0;
    TwUsing using;
    TwFound found;
    bool granted;

    if (s->times.records) {
        TwRequest request = {.granule = granule,
                             .iommu = node->iommu,
                             .index = index,
                             .depth = (uint8_t)depth};
        TwAsked asked = tw_walk_asked(
            s->times.records, &request,
            before == TW_NIL ? 0 : walk->hops[before].combined, t);

        t = asked.asked;
        parts = asked.parts;
        combined = asked.combined;
    }
    if (iommu->kind == TW_IOMMU_PAGETABLE) {
        TwLookUp how = {.records = s->times.records,
                        .depth = (uint8_t)depth,
                        .combined = combined,
                        .used = s->access->used};

        if (how.used) {
            how.seer = tw_using_start(&using);
        }
        found = tw_walk_translation(s->world, node->iommu, index, x + first,
                                    parts, &how);
    } else {
        found = tw_iommu_translate(s->world, node->iommu, index, x + first,
                                   parts, NULL);
    }
    granted = (found.perm & s->access->hop_rights) == s->access->hop_rights;
    walk->unmarked |= granted && found.unmarked & s->access->hop_rights;
    if (s->access->used && iommu->kind == TW_IOMMU_PAGETABLE) {
        tw_using_end(&using, s->access->used, s->world, node->iommu,
                     granted ? s->access->hop_rights : 0);
    }

    walk->hops[hop] = (TwHop){
        .granule = granule,
        .window = (x + first) & ~(s->world->page_size - 1),
        .since = found.since,
        .asked = t,
        .entry = parts.entry,
        .op = found.op,
        .combined = combined,
        .before = before,
        .mask = mask,
        .iommu = node->iommu,
        .index = index,
        .depth = depth,
        .present = found.perm != 0,
        .granted = granted,
        .small = iommu->granule_lg < s->world->program->page_lg,
    };
    note_change(walk, found.since, TW_KEY_LINK_HOP, found.op);
    walk->parted |= mask != walk->mask;
    if (found.blocked) {
        block(walk, hit, mask, depth + 1);
    } else if (granted) {
        step(s, found.space, found.out - first, mask, hop, depth + 1);
    } else {
        refuse(s, mask, TW_AT_HOP, depth,
               (TwReason){.kind = found.denial,
                          .iommu = node->iommu,
                          .level = found.level},
               x);
    }
}

/* Bytes that hit an IOMMU, granule by granule. */
static void through_iommu(const Step *s, const TwNode *node, const TwHit *hit,
                          int before, unsigned depth)
{
    unsigned lg = s->world->program->iommus[node->iommu].granule_lg;
    unsigned left = hit->mask;

    while (left) {
        unsigned group = tw_find_granule(hit->x, left, lg);

        translate(s, node, hit, group, before, depth);
        left &= ~group;
    }
}

/* Resolves the bytes at a + k in `space` and takes them to their leaves. */
static void step(const Step *s, uint8_t space, uint64_t a, unsigned mask,
                 int before, unsigned depth)
{
    const TwSnapshot *snapshot = depth < s->times.topology ? s->then : s->now;
    TwWalk *walk = s->walk;
    TwFind f;
    unsigned got = tw_find_resolve(&f, snapshot, space, a, mask);

    if (mask & ~got) {
        settle(walk, mask & ~got, TW_AT_HOLE, depth);
    }
    for (unsigned i = 0; i < f.n; i++) {
        const TwHit *hit = &f.hits[i];
        const TwNode *node = &snapshot->nodes[hit->region];
        bool iommu = node->kind == TW_REGION_IOMMU;
        uint8_t flags = iommu ? 0 : leaf_flags(node, hit->readonly);

        if (iommu && depth < s->world->program->hops) {
            through_iommu(s, node, hit, before, depth);
            continue;
        }
        if (iommu) { /* LA-14 */
            refuse(s, hit->mask, TW_AT_LOOP, depth,
                   (TwReason){.kind = TW_REASON_HOPS, .iommu = node->iommu},
                   hit->x);
            for (unsigned left = hit->mask; left; left &= left - 1) {
                walk->bytes[tw_lowest(left)].region = hit->region;
            }
            continue;
        }
        for (unsigned left = hit->mask; left; left &= left - 1) {
            unsigned k = tw_lowest(left);

            walk->bytes[k] = (TwByte){
                .offset = hit->x + k,
                .where = TW_AT_LEAF,
                .region = hit->region,
                .flags = flags,
                .depth = depth,
            };
        }
        if (depth > walk->depth) {
            walk->depth = depth;
        }
    }
}

/* The page map, and the whole --------------------------------------------- */

/* Did two bytes pass the same granules of the same IOMMUs? */
static bool same_path(const TwWalk *walk, int a, int b)
{
    while (a != b) {
        if (a == TW_NIL || b == TW_NIL ||
            walk->hops[a].iommu != walk->hops[b].iommu ||
            walk->hops[a].granule != walk->hops[b].granule) {
            return false;
        }
        a = walk->hops[a].before;
        b = walk->hops[b].before;
    }
    return true;
}

/* The hop that byte k passed last, or TW_NIL. */
static int last_hop(const TwWalk *walk, unsigned k)
{
    int hop = walk->n_hops - 1;

    while (hop != TW_NIL && !(walk->hops[hop].mask >> k & 1)) {
        hop--;
    }
    return hop;
}

static void cut_at_granules(TwWalk *walk, unsigned mask)
{
    for (unsigned left = mask & (mask << 1); left; left &= left - 1) {
        unsigned k = tw_lowest(left);

        if (!same_path(walk, last_hop(walk, k), last_hop(walk, k - 1))) {
            walk->cuts |= 1u << k;
        }
    }
}

/* The bytes of `mask`, at virtual addresses x + k, go through one page-map
 * assignment (or none). */
static void through_page(const Step *s, const TwPageEntry *entry, unsigned mask,
                         uint64_t x)
{
    const TwAccess *access = s->access;
    TwWalk *walk = s->walk;

    if (entry) {
        note_change(walk, entry->tick, TW_KEY_LINK_PAGE, entry->op);
        if (entry->tick > walk->page_since) {
            walk->page_since = entry->tick;
        }
        if (entry->present) {
            walk->page.first = entry->first;
            walk->page.last = entry->last;
            walk->page.present = true;
            walk->page.small |= entry->lg < s->world->program->page_lg;
        }
    }
    if (!entry || (entry->perm & access->page_rights) != access->page_rights) {
        walk->page.granted = false;
        refuse(s, mask, TW_AT_PAGE, 0,
               (TwReason){.kind = entry && entry->present ? TW_REASON_RIGHTS
                                                          : TW_REASON_ABSENT,
                          .iommu = TW_NONE},
               x);
        return;
    }
    step(s, access->space, entry->out + (x - entry->first), mask, TW_NIL, 0);
}

/* The bytes of `mask`, at virtual addresses x + k.  Into tw_walk(): it is on
 * the way of each access. */
static inline __attribute__((always_inline)) void
through_page_map(const Step *s, unsigned mask, uint64_t x)
{
    const TwAccess *access = s->access;
    unsigned first = tw_lowest(mask), more = tw_highest(mask) - first;
    bool uniform;
    const TwPageEntry *entry =
        tw_page_find(s->world, access->cpu, access->mmu, x + first, more,
                     s->times.then, &uniform);

    if (uniform) {
        through_page(s, entry, mask, x);
        return;
    }
    while (mask) {
        unsigned group = 0;

        first = tw_lowest(mask);
        entry = tw_page_find(s->world, access->cpu, access->mmu, x + first, 0,
                             s->times.then, &uniform);
        for (unsigned left = mask; left; left &= left - 1) {
            unsigned k = tw_lowest(left);

            if (tw_page_find(s->world, access->cpu, access->mmu, x + k, 0,
                             s->times.then, &uniform) == entry) {
                group |= 1u << k;
            }
        }
        for (unsigned k = 1; k < TW_MAX_ACCESS; k++) {
            /* the borders of the group, if there is a byte before */
            if ((group >> k & 1) != (group >> (k - 1) & 1)) {
                s->walk->cuts |= 1u << k;
            }
        }
        through_page(s, entry, group, x);
        mask &= ~group;
    }
}

/* The bytes of `mask`, some of which may be at the end of the addresses, and
 * some at 0 (LA-58). */
static __attribute__((noinline)) void through_ends(const Step *s, unsigned mask)
{
    unsigned low = 0;

    for (unsigned left = mask; left; left &= left - 1) {
        unsigned k = tw_lowest(left);

        low |= tw_access_at(s->access, k) >= s->access->addr ? 1u << k : 0;
    }
    if (low) {
        through_page_map(s, low, s->access->addr);
    }
    if (mask & ~low) {
        /* 2^N less than it would be: the bits above N are all ones. */
        through_page_map(s, mask & ~low, s->access->addr + s->access->above);
        s->walk->cuts |= 1u << tw_lowest(mask & ~low);
    }
}

void tw_walk(const TwWorld *world, const TwAccess *access, uint8_t mask,
             TwTimes times, TwWalk *walk)
{
    Step s = {
        .world = world,
        .access = access,
        .then = tw_world_snapshot(world, times.then),
        .now = times.now == times.then ? NULL
                                       : tw_world_snapshot(world, times.now),
        .times = times,
        .walk = walk,
    };

    if (!s.now) {
        s.now = s.then;
    }
    walk->mask = mask;
    walk->cuts = 0;
    walk->depth = 0;
    walk->n_hops = 0;
    walk->unmarked = walk->parted = false;
    walk->since = s.then->tick;
    walk->topology_since = s.then->tick;
    walk->page_since = 0;
    walk->link = TW_KEY_LINK_TOPOLOGY;
    walk->op = s.then->op;
    walk->page = (TwPageLink){.granted = true};
    if (access->cpu == TW_BOARD) {
        step(&s, access->space, access->addr, mask, TW_NIL, 0);
    } else if (access->wrapped) {
        through_ends(&s, mask);
    } else {
        through_page_map(&s, mask, access->addr);
    }
    if (walk->parted) {
        cut_at_granules(walk, mask);
    }
}
