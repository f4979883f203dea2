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

#include <string.h>

#include "oracle/walk/used.h"
#include "oracle/world/iommu.h"
#include "oracle/world/page.h"

/* Walking one space ------------------------------------------------------- */

/* Bytes that hit one region, at offsets x + k. */
typedef struct Hit {
    uint64_t x;
    uint8_t mask, region;
    bool readonly; /* some flag on the path from the root (FV-2) */
} Hit;

typedef struct Find {
    const TwNode *nodes;
    unsigned n;
    Hit hits[TW_MAX_ACCESS];
} Find;

static inline unsigned lowest(unsigned mask)
{
    return (unsigned)__builtin_ctz(mask);
}

static inline unsigned highest(unsigned mask)
{
    return 31u - (unsigned)__builtin_clz(mask);
}

/* Which bytes of the mask, at x + k, lie in [from, from + last]? */
static unsigned clip(uint64_t x, unsigned mask, uint64_t from, uint64_t last)
{
    uint64_t low = x + lowest(mask), high = x + highest(mask);
    unsigned in = 0;

    if (low >= from && high - from <= last) {
        return mask;
    }
    if (high < from || (low >= from && low - from > last)) {
        return 0;
    }
    for (unsigned k = lowest(mask); mask >> k; k++) {
        if (mask >> k & 1 && x + k >= from && x + k - from <= last) {
            in |= 1u << k;
        }
    }
    return in;
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

    for (unsigned k = lowest(mask); mask >> k; k++) {
        uint64_t to;

        if (mask >> k & 1 && !__builtin_add_overflow(x + k, offset, &to) &&
            to <= last) {
            in |= 1u << k;
        }
    }
    return in;
}

static unsigned find(Find *f, uint8_t r, uint64_t x, unsigned mask,
                     bool readonly);

/* find() for region r, without a call where r is a leaf with nothing in it. */
static inline unsigned find_in(Find *f, uint8_t r, uint64_t x, unsigned mask,
                               bool readonly)
{
    const TwNode *node = &f->nodes[r];

    if (node->first_child != TW_NONE || !terminates(node)) {
        return find(f, r, x, mask, readonly);
    }
    f->hits[f->n++] = (Hit){x, mask, r, readonly | node->readonly};
    return mask;
}

/*
 * Section 3.1 for the bytes of `mask`, which lie in region r at offsets x + k.
 * Returns the bytes that hit something.
 */
static unsigned find(Find *f, uint8_t r, uint64_t x, unsigned mask,
                     bool readonly)
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
    low = x + lowest(mask);
    high = x + highest(mask);
    for (uint8_t c = node->first_child; c != TW_NONE && got != mask;
         c = f->nodes[c].next_sibling) {
        const TwNode *child = &f->nodes[c];
        unsigned in;

        if (high < child->addr ||
            (low > child->addr && low - child->addr > child->last) ||
            !child->shown) {
            continue; /* no byte is in it: the usual case, decided quickly */
        }
        in = clip(x, mask & ~got, child->addr, child->last);
        if (in) {
            got |= find_in(f, c, x - child->addr, in, readonly);
        }
    }
    if (got != mask && terminates(node)) {
        f->hits[f->n++] = (Hit){x, mask & ~got, r, readonly};
        got = mask;
    }
    return got;
}

/* Resolves the bytes of `mask` at a + k in a space; returns those that hit.
 * Into both callers: it is on the way of each access. */
static inline __attribute__((always_inline)) unsigned
resolve(Find *f, const TwSnapshot *snapshot, uint8_t space, uint64_t a,
        unsigned mask)
{
    uint8_t root = space < TW_MAX_SPACES ? snapshot->root[space] : TW_NONE;
    unsigned in;

    f->nodes = snapshot->nodes;
    f->n = 0;
    if (root == TW_NONE || !f->nodes[root].shown) {
        return 0; /* LA-8 */
    }
    in = clip(a, mask, f->nodes[root].addr, f->nodes[root].last);
    return in ? find(f, root, a - f->nodes[root].addr, in, false) : 0;
}

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
        walk->bytes[lowest(mask)] =
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
        unsigned k = lowest(mask);

        byte.offset = x + k;
        s->walk->bytes[k] = byte;
    }
    if (depth > s->walk->depth) {
        s->walk->depth = depth;
    }
}

uint8_t tw_walk_index(const TwIommu *iommu, TwAttrs attrs)
{
    uint32_t index = 0;

    switch (iommu->select) {
    case TW_SELECT_SECURE:
        index = attrs & (TW_ATTR_SECURE | TW_ATTR_UNSPECIFIED) ? 0 : 1;
        break;
    case TW_SELECT_USER:
        index = attrs & TW_ATTR_USER ? 1 : 0;
        break;
    case TW_SELECT_SECURE_USER:
        index = attrs & (TW_ATTR_SECURE | TW_ATTR_UNSPECIFIED) ? 0 : 2;
        index += attrs & TW_ATTR_USER ? 1 : 0;
        break;
    case TW_SELECT_REQUESTER:
        index = attrs >> TW_ATTR_REQUESTER_SHIFT;
        break;
    default:
        break;
    }
    return index % iommu->indexes;
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

static bool answers(const TwRecord *record, const TwRequest *request)
{
    const TwRequest *r = &record->request;

    return r->granule == request->granule && r->iommu == request->iommu &&
           r->index == request->index && r->depth == request->depth &&
           r->table == request->table && r->asker == request->asker;
}

TwAsked tw_walk_asked(const TwRecords *records, const TwRequest *request,
                      uint8_t before, uint32_t t)
{
    unsigned n = records ? records->n : 0;
    TwAsked asked = {tw_parts_at(request->index, t), t, 0, false};

    if (request->table) {
        asked.combined = before;
    } else if (before & 1) { /* the second hop of what the first began */
        asked.combined = (uint8_t)(before + 1);
    }
    for (unsigned i = 0; i < n && !asked.combined && !request->table; i++) {
        if (records->list[i].both && answers(&records->list[i], request)) {
            asked.combined = (uint8_t)(2 * i + 1);
        }
    }
    if (asked.combined && !request->table) {
        asked.asked = records->list[(asked.combined - 1) / 2].parts.entry;
        asked.parts = tw_parts_at(request->index, asked.asked);
    }
    for (unsigned i = 0; i < n; i++) {
        const TwRecord *record = &records->list[i];

        if (!record->both && record->combined == asked.combined &&
            answers(record, request)) {
            asked.parts = record->parts;
            asked.recorded = true;
        }
    }
    return asked;
}

bool tw_walk_combined(const TwRecords *records)
{
    for (unsigned i = 0; records && i < records->n; i++) {
        if (records->list[i].both) {
            return true;
        }
    }
    return false;
}

/* The bytes of `mask` end in the blocked device of an MPC (LA-32). */
static void block(TwWalk *walk, const Hit *hit, unsigned mask, unsigned depth)
{
    for (; mask; mask &= mask - 1) {
        unsigned k = lowest(mask);

        walk->bytes[k] = (TwByte){.offset = hit->x + k,
                                  .where = TW_AT_BLOCKED,
                                  .region = hit->region,
                                  .depth = depth};
    }
    if (depth > walk->depth) {
        walk->depth = depth;
    }
}

/* The lowest bytes of `left`, at x + k, that are in one granule. */
static unsigned same_granule(uint64_t x, unsigned left, unsigned lg)
{
    unsigned last = highest(left), group = left;
    uint64_t granule = (x + lowest(left)) >> lg;

    while ((x + last) >> lg != granule) {
        group &= ~(1u << last);
        last = highest(group);
    }
    return group;
}

/* Nested tables ------------------------------------------------------------ */

/* The read of an entry of nested tables (LA-53) at work. */
typedef struct TableRead {
    const TwWorld *world;
    const TwIommu *iommu;
    uint8_t id;
    uint64_t granule; /* for which the tables are read */
    const TwLookUp *how;
    uint8_t level;
    uint32_t t;
    TwAttrs attrs;
    const TwSnapshot *snapshot;
    uint64_t entry;
    uint32_t since; /* of all links and bytes */
    uint16_t op;
} TableRead;

static bool read_entry(void *data, uint64_t address, unsigned level,
                       uint8_t domain, uint32_t t, uint64_t *entry,
                       uint32_t *since, uint16_t *op);
static bool read_bytes(TableRead *r, uint8_t space, uint64_t a, unsigned mask,
                       unsigned hops);

static void note_read(TableRead *r, uint32_t since, uint16_t op)
{
    if (since > r->since) {
        r->since = since;
        r->op = op;
    }
}

/* Bytes of an entry, at offsets x + k of an IOMMU, in one granule. */
static bool read_through(TableRead *r, uint8_t id, uint64_t x, unsigned mask,
                         unsigned hops)
{
    const TwIommu *iommu = &r->world->program->iommus[id];
    TwReads *reads = r->how->reads;
    unsigned first = lowest(mask);
    TwRequest request = {
        .granule = (x + first) >> iommu->granule_lg,
        .asker = r->granule,
        .iommu = id,
        .index = tw_walk_index(iommu, r->attrs),
        .depth = r->how->depth,
        .table = TW_TABLE_HOP(r->level, hops),
    };
    TwAsked asked =
        tw_walk_asked(r->how->records, &request, r->how->combined, r->t);
    TwUsing using;
    TwTableReader reader = {.seer =
                                r->how->used ? tw_using_start(&using) : NULL};
    TwFound found = tw_iommu_translate(r->world, id, request.index, x + first,
                                       asked.parts, &reader);

    if (r->how->used) {
        tw_using_end(&using, r->how->used, r->world, id, 0);
    }
    if (reads && reads->n == TW_MAX_READS) {
        reads->crowded = true;
    } else if (reads) {
        reads->asked[reads->n] = r->t;
        reads->list[reads->n++] = request;
    }
    note_read(r, found.since, found.op);
    return found.perm & TW_R && !found.blocked &&
           read_bytes(r, found.space, found.out - first, mask, hops + 1);
}

/* The bytes of `mask` at a + k in a space. */
static bool read_bytes(TableRead *r, uint8_t space, uint64_t a, unsigned mask,
                       unsigned hops)
{
    const TwWorld *world = r->world;
    Find f;

    if (resolve(&f, r->snapshot, space, a, mask) != mask) {
        return false;
    }
    for (unsigned i = 0; i < f.n; i++) {
        const Hit *hit = &f.hits[i];
        const TwNode *node = &r->snapshot->nodes[hit->region];
        uint16_t op = TW_NO_OP;
        uint32_t since;
        uint64_t word;

        if (node->kind == TW_REGION_IOMMU) {
            const TwIommu *iommu = &world->program->iommus[node->iommu];
            unsigned left = hit->mask;

            if (hops == TW_MAX_TABLE_HOPS ||
                (iommu->kind == TW_IOMMU_PAGETABLE &&
                 iommu->pagetable.nested)) {
                return false;
            }
            while (left) {
                unsigned group = same_granule(hit->x, left, iommu->granule_lg);

                if (!read_through(r, node->iommu, hit->x, group, hops)) {
                    return false;
                }
                left &= ~group;
            }
            continue;
        }
        if (node->kind != TW_REGION_RAM && node->kind != TW_REGION_ROM) {
            return false;
        }
        word = world->ram.word(world->ram.data, node->block, hit->x, r->t, 0,
                               &since, &op);
        note_read(r, since, op);
        if (r->how->used && r->t >= world->now) {
            tw_used_nested(r->how->used, r->id, r->level, node->block, hit->x);
        }
        for (unsigned left = hit->mask; left; left &= left - 1) {
            unsigned k = lowest(left);

            r->entry |= (word >> 8 * k & 0xff) << 8 * k;
        }
    }
    return true;
}

/* TwTableReader.read */
static bool read_entry(void *data, uint64_t address, unsigned level,
                       uint8_t domain, uint32_t t, uint64_t *entry,
                       uint32_t *since, uint16_t *op)
{
    TableRead *r = data;
    bool there;

    r->level = (uint8_t)level;
    r->attrs = tw_table_attrs(domain);
    r->t = t;
    r->snapshot = tw_world_snapshot(r->world, t);
    r->entry = 0;
    r->since = r->snapshot->tick;
    r->op = r->snapshot->op;
    there = address <= UINT64_MAX - 7 &&
            read_bytes(r, r->iommu->bypass_space, address, 0xff, 0);
    *entry = r->entry;
    *since = r->since;
    *op = r->op;
    return there;
}

TwFound tw_walk_translation(const TwWorld *world, uint8_t iommu, uint8_t index,
                            uint64_t x, TwParts parts, const TwLookUp *how)
{
    static const TwLookUp plain;
    const TwIommu *what = &world->program->iommus[iommu];
    TableRead r = {.world = world,
                   .iommu = what,
                   .id = iommu,
                   .granule = x >> what->granule_lg,
                   .how = how ? how : &plain};
    TwTableReader reader = {read_entry, &r, r.how->seer};

    return tw_iommu_translate(world, iommu, index, x, parts, &reader);
}

/* Translations ------------------------------------------------------------- */

/*
 * The bytes of `mask` are in the IOMMU region `node`, which `hit` names, at
 * offsets hit->x + k, in one granule: they share a translation (LA-13).
 */
static void translate(const Step *s, const TwNode *node, const Hit *hit,
                      unsigned mask, int before, unsigned depth)
{
    const TwIommu *iommu = &s->world->program->iommus[node->iommu];
    uint64_t x = hit->x;
    uint8_t index = tw_walk_index(iommu, s->access->attrs);
    unsigned first = lowest(mask);
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
        .iommu = node->iommu,
        .index = index,
        .depth = depth,
        .present = found.perm != 0,
        .granted = granted,
        .small = iommu->granule_lg < s->world->program->page_lg,
    };
    note_change(walk, found.since, TW_KEY_LINK_HOP, found.op);
    for (unsigned left = mask; left; left &= left - 1) {
        /* a mark for the cuts: which hop the byte passed last */
        walk->last_hop[lowest(left)] = hop;
    }
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
static void through_iommu(const Step *s, const TwNode *node, const Hit *hit,
                          int before, unsigned depth)
{
    unsigned lg = s->world->program->iommus[node->iommu].granule_lg;
    unsigned left = hit->mask;

    while (left) {
        unsigned group = same_granule(hit->x, left, lg);

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
    Find f;
    unsigned got = resolve(&f, snapshot, space, a, mask);

    if (mask & ~got) {
        settle(walk, mask & ~got, TW_AT_HOLE, depth);
    }
    for (unsigned i = 0; i < f.n; i++) {
        const Hit *hit = &f.hits[i];
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
                walk->bytes[lowest(left)].region = hit->region;
            }
            continue;
        }
        for (unsigned left = hit->mask; left; left &= left - 1) {
            unsigned k = lowest(left);

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

static void cut_at_granules(TwWalk *walk, unsigned mask)
{
    for (unsigned left = mask & (mask << 1); left; left &= left - 1) {
        unsigned k = lowest(left);

        if (!same_path(walk, walk->last_hop[k], walk->last_hop[k - 1])) {
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
    unsigned first = lowest(mask), more = highest(mask) - first;
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

        first = lowest(mask);
        entry = tw_page_find(s->world, access->cpu, access->mmu, x + first, 0,
                             s->times.then, &uniform);
        for (unsigned left = mask; left; left &= left - 1) {
            unsigned k = lowest(left);

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
        unsigned k = lowest(left);

        low |= tw_access_at(s->access, k) >= s->access->addr ? 1u << k : 0;
    }
    if (low) {
        through_page_map(s, low, s->access->addr);
    }
    if (mask & ~low) {
        /* 2^N less than it would be: the bits above N are all ones. */
        through_page_map(s, mask & ~low, s->access->addr + s->access->above);
        s->walk->cuts |= 1u << lowest(mask & ~low);
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
    walk->unmarked = false;
    walk->since = s.then->tick;
    walk->topology_since = s.then->tick;
    walk->page_since = 0;
    walk->link = TW_KEY_LINK_TOPOLOGY;
    walk->op = s.then->op;
    walk->page = (TwPageLink){.granted = true};
    memset(walk->last_hop, 0xff, sizeof(walk->last_hop)); /* TW_NIL */
    if (access->cpu == TW_BOARD) {
        step(&s, access->space, access->addr, mask, TW_NIL, 0);
    } else if (access->wrapped) {
        through_ends(&s, mask);
    } else {
        through_page_map(&s, mask, access->addr);
    }
    if (walk->n_hops) {
        cut_at_granules(walk, mask);
    }
}
