/* SPDX-License-Identifier: MIT */
/*
 * Cached DMA mappings (LA-38, RU-9): where one run of a device's bytes is,
 * found by a walk and kept.  Commits, and UNMAPs of a hop's window, end what is
 * kept; the next access via the mapping finds it anew.
 */
#include "targets/softmmu/internal.h"

static bool mapping_writes(const Mapping *map)
{
    return map->code == TW_OP_DMA_WRITE;
}

/* LA-22: can a pointer to the bytes stand for the leaf? */
static bool mapping_is_direct(const Machine *m, const Mapping *map,
                              const Leaf *leaf)
{
    if (leaf->region == TW_NONE ||
        (mapping_writes(map) && leaf->flags & FLAG_READONLY)) {
        return false;
    }
    switch (m->regions[leaf->region].kind) {
    case TW_REGION_RAM:
    case TW_REGION_ROM:
    case TW_REGION_RAM_DEVICE:
        return true;
    case TW_REGION_ROMD:
        return leaf->flags & FLAG_ROMD && !mapping_writes(map);
    default:
        return false;
    }
}

/*
 * The leaf of byte `from` of the mapping, which at most *more bytes follow in
 * the same leaf and granules; in *part the hops on the way.  Region TW_NONE:
 * the walk is refused, or ends in a hole.
 */
static Leaf mapping_walk(Machine *m, const Mapping *map, uint64_t from,
                         MappingPath *path, uint64_t *more)
{
    uint8_t space = map->space;
    uint64_t addr = map->addr + from;
    Stage stage;

    stage.begun = stage.used = false;
    path->n = 0;
    for (;;) {
        Leaf leaf = stage_resolve(m, &stage, space, addr);
        uint8_t id, index;
        uint64_t low;
        Translation to;

        *more = MIN(*more, leaf.more);
        if (m->published[space]->unrendered) {
            return leaf_hole(0); /* no ranges to make a run of */
        }
        if (leaf.region == TW_NONE ||
            m->regions[leaf.region].kind != TW_REGION_IOMMU) {
            return leaf;
        }
        if (path->n == m->program->hops) {
            return leaf_hole(0);
        }
        id = m->program->regions[leaf.region].iommu;
        index = iommu_index(m, &m->iommus[id], map->attrs);
        low = low_mask(m->iommus[id].granule_lg);
        *more = MIN(*more, low - (leaf.offset & low));
        to = stage_translate(m, &stage, &leaf, index, map->attrs, path->n);
        path->hops[path->n++] =
            (MappingHop){.offset = leaf.offset, .iommu = id, .index = index};
        if (to.blocked || !(to.perm & (mapping_writes(map) ? TW_W : TW_R))) {
            return leaf_hole(0); /* a blocked device has no bytes (LA-32) */
        }
        if (to.lacks & (mapping_writes(map) ? TW_W : TW_R) &&
            !TW_BUG(m, MAPPING_IGNORES_DIRTY)) {
            return leaf_hole(0); /* the accesses walk, and set it (FR-13) */
        }
        space = to.space;
        addr = to.addr;
    }
}

/* Does `leaf`, byte `from`, go on with the run of the mapping? */
static bool mapping_goes_on(const Machine *m, const Mapping *map,
                            const MappingPath *path, const Leaf *leaf,
                            uint64_t from)
{
    if (leaf->region != map->region ||
        (leaf->flags & FLAGS_LOCATION) != map->flags ||
        leaf->offset != map->offset + from || path->n != map->path.n) {
        return false;
    }
    for (unsigned i = 0; i < path->n; i++) {
        const MappingHop *a = &path->hops[i], *b = &map->path.hops[i];
        unsigned lg = m->iommus[a->iommu].granule_lg;

        if (a->iommu != b->iommu || a->offset >> lg != b->offset >> lg) {
            return false;
        }
    }
    return true;
}

/* Finds the longest run (RU-9).  Sections may end where a run does not. */
static void mapping_find(Machine *m, Mapping *map)
{
    uint64_t left = MIN(map->asked, UINT64_MAX - map->addr);
    uint64_t more = left;
    MappingPath path;
    Leaf leaf;

    map->valid = true;
    map->any = false;
    if (map->nothing) {
        return;
    }
    leaf = mapping_walk(m, map, 0, &map->path, &more);
    if (!mapping_is_direct(m, map, &leaf)) {
        return;
    }
    map->any = true;
    map->region = leaf.region;
    map->flags = leaf.flags & FLAGS_LOCATION;
    map->offset = leaf.offset;
    map->last = more;
    while (map->last < left) {
        uint64_t from = map->last + 1;

        more = left - from;
        leaf = mapping_walk(m, map, from, &path, &more);
        if (!mapping_goes_on(m, map, &path, &leaf, from)) {
            break;
        }
        map->last = from + more;
    }
    TELL(m, "mapping",
         "%s from 0x%" PRIx64 " of s%u: 0x%" PRIx64 " bytes of r%u",
         mapping_writes(map) ? "w" : "r", map->addr, map->space, map->last + 1,
         map->region);
}

static uint64_t mapping_length(const Machine *m, uint8_t id)
{
    const Mapping *map = &m->mappings[id];

    return !map->any ? 0 : map->last == UINT64_MAX ? UINT64_MAX : map->last + 1;
}

static void mapping_make(Machine *m, const TwOp *op)
{
    Mapping *map = &m->mappings[op->obj];

    map->code = op->perm == TW_W ? TW_OP_DMA_WRITE : TW_OP_DMA_READ;
    map->space = op->other;
    map->attrs = op->attrs;
    map->addr = op->addr;
    map->nothing = op->length == 0;
    map->asked = op->length == UINT64_MAX ? UINT64_MAX : op->length - 1;
    mapping_find(m, map);
}

/* Is the access via the mapping one that it may answer?  In *from its first
 * byte, counted from the first of the mapping. */
static bool mapping_fits(const Machine *m, const Mapping *map, const TwOp *op,
                         uint64_t *from)
{
    *from = op->addr - map->addr;
    return map->space == op->obj &&
           (map->attrs == op->attrs || TW_BUG(m, MAPPING_FOR_ANY_ATTRS)) &&
           (map->code == op->code || TW_BUG(m, MAPPING_FOR_BOTH_WAYS)) &&
           op->addr >= map->addr;
}

/* Answers the access from the mapping that it goes via; false: it walks. */
static bool mapping_serves(Machine *m, const TwOp *op, Run *run)
{
    Mapping *map = &m->mappings[op->other];
    uint64_t from, last;

    if (!mapping_fits(m, map, op, &from)) {
        return false;
    }
    if (!map->valid || !map->any || TW_BUG(m, MAPPING_FOUND_ANEW)) {
        if (!allocate(m, "a mapping")) {
            return false;
        }
        mapping_find(m, map); /* made again (LA-38) */
    }
    last = TW_BUG(m, MAPPING_BEYOND_RUN) ? map->asked : map->last;
    if (!map->any || last < op->size - 1u || from > last - (op->size - 1u)) {
        return false;
    }
    *run = (Run){.length = op->size,
                 .region = map->region,
                 .flags = map->flags,
                 .offset = map->offset + from};
    count(m, TW_COUNT_MAPPED);
    TELL(m, "mapping", "m%u answers %u bytes at 0x%" PRIx64, op->other,
         op->size, op->addr);
    return true;
}

/* Does a hop of the run, whole pages of it, meet the range? */
static bool mapping_meets(const Machine *m, const Mapping *map, uint8_t id,
                          uint8_t index, uint64_t first, uint64_t last)
{
    unsigned n =
        TW_BUG(m, MAPPING_KNOWS_FIRST_HOP) && map->path.n > 0 ? 1 : map->path.n;

    for (unsigned i = 0; i < n; i++) {
        const MappingHop *hop = &map->path.hops[i];

        if (hop->iommu == id && hop->index == index &&
            (hop->offset & ~m->page_mask) <= last &&
            ((hop->offset + map->last) | m->page_mask) >= first) {
            return true;
        }
    }
    return false;
}

/* An UNMAP ends the mappings that have a hop in its range (RU-9). */
PART void mapping_unmap(Machine *m, uint8_t id, uint8_t index, uint64_t first,
                        uint64_t last)
{
    bool one = false; /* has ended */

    for (unsigned i = 0;
         i < TW_MAX_MAPPINGS && !(one && TW_BUG(m, MAPPING_ENDS_ONE)); i++) {
        Mapping *map = &m->mappings[i];

        if (m->legality.mapping_live >> i & 1 && map->valid && map->any &&
            mapping_meets(m, map, id, index, first, last) &&
            !TW_BUG(m, MAPPING_IGNORES_UNMAP) && !zoo_misses_mapping(m, map)) {
            TELL(m, "mapping", "m%u ends (RU-9)", i);
            map->valid = false;
            one = true;
        }
    }
}

/* A commit ends all of them. */
static void mappings_end(Machine *m)
{
    for (unsigned i = 0;
         i < TW_MAX_MAPPINGS && !TW_BUG(m, MAPPING_SURVIVES_COMMIT); i++) {
        Mapping *map = &m->mappings[i];

        if (m->legality.mapping_live >> i & 1) {
            map->valid &= zoo_misses_mapping(m, map);
        }
    }
}
