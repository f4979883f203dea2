/* SPDX-License-Identifier: MIT */
/*
 * Regions for the spaces of a topology.  Each space is filled from address 0
 * upwards, page after page; a share of the regions is put over others, or off
 * the pages, on purpose.
 */
#include "fuzz/generate/mpc.h"
#include "fuzz/generate/tables.h"
#include "fuzz/generate/regions.h"

#include <glib.h>

#include "fuzz/generate/op.h"
#include "fuzz/generate/put.h"
#include "fuzz/generate/topology.h"
#include "program/legality.h"

bool tw_gen_has_kind(const TwGen *gen, unsigned kind)
{
    return gen->dialect->region_kinds >> kind & 1;
}

/* A new region, in `container` at `addr`; NULL if there is no room for it. */
TwRegion *tw_gen_new_region(TwGen *gen, TwRegionKind kind, uint8_t container,
                            uint64_t addr, uint64_t size)
{
    TwProgram *program = gen->program;

    if (program->n_regions >= gen->dialect->max_regions ||
        !tw_gen_has_kind(gen, kind)) {
        return NULL;
    }
    uint8_t id = program->n_regions++;
    TwRegion *region = &program->regions[id];
    *region = tw_region_make(kind);
    region->container = container;
    region->addr = addr;
    region->size = size;
    switch (kind) {
    case TW_REGION_RAM:
    case TW_REGION_ROM:
    case TW_REGION_ROMD:
    case TW_REGION_RAM_DEVICE:
        region->block = id;
        break;
    default:
        break;
    }
    return region;
}

uint8_t tw_gen_region_id(const TwGen *gen, const TwRegion *region)
{
    g_assert(region != NULL); /* else it is some number that is no region */
    return (uint8_t)(region - gen->program->regions);
}

uint8_t tw_gen_no_twin(const TwGen *gen, unsigned space)
{
    return (uint8_t)(space - (space == gen->twin));
}

/*
 * A place for `size` bytes in `space`: mostly the next free one, aligned to
 * the size; now and then over something else or off the page grid.
 */
static uint64_t place(TwGen *gen, TwGenCursor *cursor, uint8_t space,
                      uint64_t size)
{
    const TwMixture *mixture = gen->mixture;
    uint64_t at = cursor->at[space];
    uint64_t align = size >= gen->page && size <= 64 * gen->page
                         ? 1ull << (63 - __builtin_clzll(size))
                         : gen->page;

    if (at > 0 && tw_gen_chance(gen, mixture->overlap)) {
        at = gen->page *
             tw_gen_below(gen, (uint32_t)(at >> gen->program->page_lg) + 1);
        if (tw_gen_chance(gen, mixture->subpage)) {
            at += tw_gen_below(gen, (uint32_t)gen->page);
        }
        return at;
    }
    if (tw_gen_chance(gen, mixture->extreme)) {
        switch (tw_gen_below(gen, 4)) {
        case 0:
            return 0 - size;
        case 1:
            return 0 - gen->page;
        case 2:
            return 1ull << (48 + tw_gen_below(gen, 16));
        default:
            return (1ull << 63) - (size & ~(gen->page - 1));
        }
    }
    at = (at + align - 1) & ~(align - 1);
    if (tw_gen_chance(gen, 12)) {
        at += gen->page; /* a hole */
    }
    cursor->at[space] = at + ((size + gen->page - 1) & ~(gen->page - 1));
    if (tw_gen_chance(gen, mixture->subpage)) {
        at += gen->page / 2;
        if (tw_gen_chance(gen, 30)) {
            at -= tw_gen_below(gen, 9);
        }
    }
    return at;
}

/* 1 to 2^(lg_below - 1) pages from 2^lg_from pages on, or something odd. */
static uint64_t size_of(TwGen *gen, unsigned lg_from, unsigned lg_below)
{
    uint64_t size = gen->page << (lg_from + tw_gen_below(gen, lg_below));

    if (tw_gen_chance(gen, gen->mixture->subpage)) {
        static const int8_t deltas[] = {-1, 1, -8, 8};
        switch (tw_gen_below(gen, 4)) {
        case 0:
            return size + gen->page / 2;
        case 1:
            return 1 + tw_gen_below(gen, (uint32_t)gen->page);
        case 2:
            return gen->page / 4;
        default:
            return size + (uint64_t)(int64_t)deltas[tw_gen_below(gen, 4)];
        }
    }
    if (tw_gen_chance(gen, gen->mixture->extreme)) {
        return tw_gen_chance(gen, 50) ? UINT64_MAX
                                      : 1ull << tw_gen_below(gen, 64);
    }
    return size;
}

/* Sizes that the device implements beside those that it takes (LA-50).  No
 * draw: only the programs that have them notice. */
static void implemented_sizes(const TwGen *gen, TwRegion *region)
{
    uint64_t mix = tw_mix64(gen->rng->state ^ 0x696d706c656d);

    if (!gen->dialect->implemented_sizes || mix % 8 != 0) {
        return;
    }
    mix /= 8;
    region->impl_min = (uint8_t)(1u << (mix & 3));
    region->impl_max = (uint8_t)(1u << (mix >> 2 & 3));
    region->unaligned = (mix >> 4 & 3) == 0;
    switch (mix >> 6 & 3) {
    case 0:
        region->impl_min = 0;
        break;
    case 1:
        region->impl_max = 0;
        break;
    default:
        region->impl_max = MAX(region->impl_max, region->impl_min);
        break;
    }
}

/* Properties that a device has now and then. */
static void device_properties(TwGen *gen, TwRegion *region)
{
    implemented_sizes(gen, region);
    switch (tw_gen_below(gen, 10)) {
    case 0:
        region->valid_max = (uint8_t)(1u << tw_gen_below(gen, 4));
        break;
    case 1:
        region->valid_min = (uint8_t)(1u << tw_gen_below(gen, 3));
        region->valid_min = tw_gen_seldom(gen, 64) ? 8 : region->valid_min;
        if (tw_gen_chance(gen, 50)) {
            region->valid_max = 8;
        }
        break;
    case 2:
        region->reject.first = tw_gen_below(gen, (uint32_t)gen->page);
        region->reject.last =
            region->reject.first + tw_gen_below(gen, (uint32_t)gen->page / 2);
        break;
    case 3:
        region->error.first = tw_gen_below(gen, (uint32_t)gen->page);
        region->error.last =
            region->error.first + tw_gen_below(gen, (uint32_t)gen->page / 2);
        break;
    default:
        break;
    }
}

static int32_t some_priority(TwGen *gen)
{
    if (!tw_gen_chance(gen, 20 + gen->mixture->overlap)) {
        return 0;
    }
    if (tw_gen_chance(gen, gen->mixture->extreme)) {
        return tw_gen_chance(gen, 50) ? INT32_MAX : INT32_MIN;
    }
    return (int32_t)tw_gen_below(gen, 5) - 2;
}

static void note(TwGen *gen, uint8_t space, const TwRegion *region,
                 uint64_t addr)
{
    uint8_t id = tw_gen_region_id(gen, region);

    tw_gen_note_spot(gen, space,
                     (TwSketchSpot){.addr = addr,
                                    .size = region->size,
                                    .region = id,
                                    .leaf = id,
                                    .iommu = region->kind == TW_REGION_IOMMU
                                                 ? region->iommu
                                                 : TW_NONE});
}

bool tw_gen_add_leaf(TwGen *gen, TwGenCursor *cursor, uint8_t space,
                     TwRegionKind kind, unsigned lg_from, unsigned lg_below)
{
    if (gen->program->n_regions >= gen->dialect->max_regions ||
        !tw_gen_has_kind(gen, kind)) {
        return false;
    }
    uint64_t size = size_of(gen, lg_from, lg_below);
    uint64_t addr = place(gen, cursor, space, size);
    TwRegion *region = tw_gen_new_region(
        gen, kind, gen->program->spaces[space].root, addr, size);

    region->priority = some_priority(gen);
    if (kind == TW_REGION_MMIO || kind == TW_REGION_ROMD) {
        device_properties(gen, region);
        if (kind == TW_REGION_ROMD) {
            region->romd_mode = tw_gen_chance(gen, 65);
        }
    }
    if (kind == TW_REGION_RAM) {
        region->readonly = tw_gen_chance(gen, 4);
        if (gen->dialect->shared_blocks && tw_gen_chance(gen, 4)) {
            uint8_t other = tw_gen_pick_region(
                gen->program, 1u << TW_REGION_RAM,
                tw_gen_below(gen, tw_gen_region_draws(gen->program)));
            region->block = gen->program->regions[other].block;
        }
    }
    region->unmergeable = tw_gen_chance(gen, 3);
    region->nonvolatile = tw_gen_seldom(gen, 4096);
    if (tw_gen_chance(gen, lg_from > 0 ? 1 : 4)) {
        region->enabled = false;
        tw_regions_add(&gen->regions.disabled, tw_gen_region_id(gen, region));
    }
    note(gen, space, region, addr);
    return true;
}

/* Right behind an alias another that shows what follows: one flat range, unless
 * their flags differ (FV-4). */
static void add_continuation(TwGen *gen, uint8_t space, uint8_t first,
                             TwSketchSpot shown)
{
    const TwRegion *before = &gen->program->regions[first];
    uint64_t addr = before->addr + before->size;
    TwRegion *region;

    if (addr < before->size ||
        (region = tw_gen_new_region(gen, TW_REGION_ALIAS, before->container,
                                    addr, before->size)) == NULL) {
        return;
    }
    region->target = before->target;
    region->alias_offset = before->alias_offset + before->size;
    region->priority = before->priority;
    region->readonly = before->readonly != tw_gen_chance(gen, 25);
    region->unmergeable = tw_gen_chance(gen, 10);
    shown.addr = addr;
    shown.base += before->size;
    shown.region = tw_gen_region_id(gen, region);
    tw_gen_note_spot(gen, space, shown);
}

/* An alias of what lies in some spot of this space or a later one. */
static bool add_alias(TwGen *gen, TwGenCursor *cursor, uint8_t space)
{
    TwProgram *program = gen->program;
    uint8_t from =
        (uint8_t)(space + tw_gen_below(gen, program->n_spaces - space));
    unsigned n = gen->n_spots[from];

    if (n == 0 || !tw_gen_has_kind(gen, TW_REGION_ALIAS)) {
        return false;
    }
    /* The spot's movable region is a leaf or an older alias of one: no cycle.
     * The root of a later space is one step more. */
    TwSketchSpot spot = gen->spots[from][tw_gen_below(gen, n)];
    bool whole = from > space && tw_gen_chance(gen, 25);
    uint8_t target = whole                    ? program->spaces[from].root
                     : tw_gen_chance(gen, 70) ? spot.leaf
                                              : spot.region;
    const TwRegion *aimed = &program->regions[target];
    bool direct = target == spot.leaf;
    uint64_t offset = 0;

    if (whole) {
        offset = spot.addr & ~(gen->page - 1);
    } else if (tw_gen_chance(gen, 60) && aimed->size > gen->page) {
        uint64_t pages = aimed->size >> program->page_lg;
        offset =
            gen->page * tw_gen_below(gen, pages < 16 ? (uint32_t)pages : 16);
    }
    if (tw_gen_chance(gen, gen->mixture->subpage)) {
        offset += tw_gen_below(gen, (uint32_t)gen->page);
    }
    if (tw_gen_chance(gen, gen->mixture->extreme)) {
        offset = 0 - gen->page; /* an origin above the alias */
    }
    uint64_t size = size_of(gen, 0, 4);
    uint64_t addr = place(gen, cursor, space, size);
    TwRegion *region = tw_gen_new_region(
        gen, TW_REGION_ALIAS, program->spaces[space].root, addr, size);
    if (region == NULL) {
        return false;
    }
    region->target = target;
    region->alias_offset = offset;
    region->priority = some_priority(gen);
    region->readonly = tw_gen_chance(gen, 12);
    TwSketchSpot shown = {.addr = addr,
                          .size = size,
                          .base = offset,
                          .region = tw_gen_region_id(gen, region),
                          .leaf = spot.leaf,
                          .iommu = spot.iommu};
    if (whole) {
        shown.base = 0;
    } else if (!direct) {
        shown.base = spot.base + offset;
    }
    tw_gen_note_spot(gen, space, shown);
    if (!whole && tw_gen_chance(gen, 8)) {
        add_continuation(gen, space, shown.region, shown);
    }
    return true;
}

/* A container with a leaf or two inside, now and then in a container of its
 * own, or a leaf itself that shows between them (MR-1). */
static bool add_container(TwGen *gen, TwGenCursor *cursor, uint8_t space)
{
    TwProgram *program = gen->program;

    if (program->n_regions + 2 > gen->dialect->max_regions ||
        !tw_gen_has_kind(gen, TW_REGION_RAM)) {
        return false;
    }
    uint64_t size = gen->page << (1 + tw_gen_below(gen, 3));
    uint64_t addr = place(gen, cursor, space, size);
    static const uint8_t solid[] = {TW_REGION_RAM, TW_REGION_MMIO,
                                    TW_REGION_ROM, TW_REGION_RESERVATION};
    unsigned draw = tw_gen_below(gen, 16);
    TwRegionKind box_kind =
        draw < sizeof(solid) ? (TwRegionKind)solid[draw] : TW_REGION_CONTAINER;
    uint8_t parent = program->spaces[space].root;
    uint64_t at_parent = addr;
    if (draw > 12) {
        TwRegion *outer = tw_gen_new_region(
            gen, TW_REGION_CONTAINER, parent, addr,
            draw == 13 ? size - gen->page / 2 : size + gen->page);
        if (outer != NULL) {
            outer->priority = some_priority(gen);
            parent = tw_gen_region_id(gen, outer);
            at_parent = 0;
        }
    }
    TwRegion *box = tw_gen_new_region(gen, box_kind, parent, at_parent, size);
    if (box == NULL) {
        return false;
    }
    uint8_t box_id = tw_gen_region_id(gen, box);
    box->priority = some_priority(gen);
    box->readonly = tw_gen_chance(gen, 10);
    if (box_kind != TW_REGION_CONTAINER) {
        note(gen, space, box, addr); /* below its children, which are later */
    }
    for (unsigned i = 1 + tw_gen_below(gen, 2); i > 0; i--) {
        TwRegionKind kind =
            tw_gen_chance(gen, 60) ? TW_REGION_RAM : TW_REGION_MMIO;
        uint64_t inner = size_of(gen, 0, 3);
        uint64_t at = tw_gen_chance(gen, 70)
                          ? (gen->page * tw_gen_below(gen, 4)) & (size - 1)
                          : 0;
        TwRegion *leaf = tw_gen_new_region(gen, kind, box_id, at, inner);
        if (leaf == NULL) {
            break;
        }
        leaf->priority = some_priority(gen);
        tw_gen_note_spot(
            gen, space,
            (TwSketchSpot){.addr = addr + at,
                           .size = inner < size - at ? inner : size - at,
                           .region = tw_gen_chance(gen, 50)
                                         ? box_id
                                         : tw_gen_region_id(gen, leaf),
                           .leaf = tw_gen_region_id(gen, leaf),
                           .iommu = TW_NONE});
    }
    return true;
}

/* `width` aliases of `target` side by side; the container that holds them. */
static uint8_t add_row(TwGen *gen, uint8_t target, unsigned width)
{
    uint64_t size = gen->program->regions[target].size;
    TwRegion *row =
        tw_gen_new_region(gen, TW_REGION_CONTAINER, TW_NONE, 0, size * width);
    uint8_t id = tw_gen_region_id(gen, row);

    for (unsigned i = 0; i < width; i++) {
        TwRegion *alias =
            tw_gen_new_region(gen, TW_REGION_ALIAS, id, size * i, size);

        alias->target = target;
        alias->readonly = tw_gen_chance(gen, 5);
    }
    return id;
}

void tw_gen_add_grid(TwGen *gen, TwGenCursor *cursor, uint8_t space)
{
    TwProgram *program = gen->program;
    unsigned levels = 2 + tw_gen_below(gen, 3);
    unsigned width = 3 + tw_gen_below(gen, 6);
    TwRegion *region;
    uint8_t id, leaf;

    if (program->n_regions + 2 + levels * (width + 1) >
            gen->dialect->max_regions ||
        !tw_gen_has_kind(gen, TW_REGION_CONTAINER) ||
        !tw_gen_has_kind(gen, TW_REGION_ALIAS) ||
        !tw_gen_has_kind(gen, TW_REGION_RAM)) {
        return;
    }
    if (levels == 4 && width > 5) {
        levels = 3; /* LA-49 */
    }
    region =
        tw_gen_new_region(gen, TW_REGION_CONTAINER, TW_NONE, 0, 2 * gen->page);
    id = tw_gen_region_id(gen, region);
    bool rom = !tw_gen_chance(gen, 70) && tw_gen_has_kind(gen, TW_REGION_ROM);
    region = tw_gen_new_region(gen, rom ? TW_REGION_ROM : TW_REGION_RAM, id, 0,
                               gen->page >> tw_gen_chance(gen, 20));
    leaf = tw_gen_region_id(gen, region);
    for (unsigned i = 0; i < levels; i++) {
        id = add_row(gen, id, width);
    }
    region = &program->regions[id];
    region->container = program->spaces[space].root;
    region->addr = place(gen, cursor, space, region->size);
    region->priority = some_priority(gen);
    for (unsigned i = 0; i < 3; i++) {
        uint32_t cells = (uint32_t)(region->size >> program->page_lg) / 2;

        tw_gen_note_spot(
            gen, space,
            (TwSketchSpot){
                .addr = region->addr +
                        2 * gen->page *
                            (i == 0 ? cells - 1 : tw_gen_below(gen, cells)),
                .size = gen->page,
                .region = id,
                .leaf = leaf,
                .iommu = TW_NONE});
    }
}

void tw_gen_add_ties(TwGen *gen, TwGenCursor *cursor, uint8_t space)
{
    TwProgram *program = gen->program;
    unsigned levels = 9 + tw_gen_below(gen, 6);
    uint64_t size = gen->page << 3;
    uint8_t parent = program->spaces[space].root;
    uint64_t start = place(gen, cursor, space, size), at = start;

    if (program->n_regions + 2 * levels > gen->dialect->max_regions ||
        !tw_gen_has_kind(gen, TW_REGION_CONTAINER) ||
        !tw_gen_has_kind(gen, TW_REGION_RAM)) {
        return;
    }
    for (; levels > 0; levels--, at = 0) {
        bool first = tw_gen_chance(gen, 50);
        int32_t priority = some_priority(gen);
        uint64_t apart = gen->page * tw_gen_below(gen, 8);
        TwRegion *box = NULL, *leaf;

        if (first) {
            box = tw_gen_new_region(gen, TW_REGION_CONTAINER, parent, at, size);
        }
        TwRegionKind kind =
            tw_gen_chance(gen, 70) ? TW_REGION_RAM : TW_REGION_MMIO;
        leaf = tw_gen_new_region(gen, kind, parent, at + apart,
                                 gen->page * (1 + tw_gen_below(gen, 8)));
        if (!first) {
            box = tw_gen_new_region(gen, TW_REGION_CONTAINER, parent, at, size);
        }
        if (leaf == NULL || box == NULL) {
            return;
        }
        box->priority = leaf->priority = priority;
        parent = tw_gen_region_id(gen, box);
        tw_gen_note_spot(
            gen, space,
            (TwSketchSpot){.addr = start + apart,
                           .size = leaf->size,
                           .region = tw_gen_chance(gen, 50)
                                         ? parent
                                         : tw_gen_region_id(gen, leaf),
                           .leaf = tw_gen_region_id(gen, leaf),
                           .iommu = TW_NONE});
    }
}

void tw_gen_add_chain(TwGen *gen, TwGenCursor *cursor, uint8_t space)
{
    TwProgram *program = gen->program;
    unsigned links = 5 + tw_gen_below(gen, 12);
    uint64_t size = gen->page << 4, base = 0;
    uint8_t leaf = program->n_regions;

    if (program->n_regions + links + 1 > gen->dialect->max_regions ||
        !tw_gen_has_kind(gen, TW_REGION_ALIAS) ||
        tw_gen_new_region(gen, TW_REGION_RAM, TW_NONE, 0, size) == NULL) {
        return;
    }
    for (unsigned i = 1; i <= links; i++) {
        bool last = i == links;
        uint64_t offset = tw_gen_chance(gen, 30) ? gen->page : 0;
        uint64_t addr = last ? place(gen, cursor, space, size) : 0;
        TwRegion *alias = tw_gen_new_region(
            gen, TW_REGION_ALIAS,
            last ? program->spaces[space].root : (uint8_t)TW_NONE, addr, size);

        alias->target = (uint8_t)(tw_gen_region_id(gen, alias) - 1);
        alias->alias_offset = offset;
        alias->readonly = tw_gen_chance(gen, 5);
        base += offset;
        if (last && base < size) {
            tw_gen_note_spot(
                gen, space,
                (TwSketchSpot){
                    .addr = addr,
                    .size = size - base,
                    .base = base,
                    .region = (uint8_t)(leaf + 1 + tw_gen_below(gen, links)),
                    .leaf = leaf,
                    .iommu = TW_NONE});
        }
    }
}

bool tw_gen_add_extra(TwGen *gen, TwGenCursor *cursor, uint8_t space)
{
    switch (tw_gen_below(gen, 20)) {
    case 0:
    case 1:
    case 2:
        return tw_gen_add_leaf(gen, cursor, space, TW_REGION_RAM, 0, 4);
    case 3:
    case 4:
    case 5:
    case 6:
    case 7:
        return tw_gen_add_leaf(gen, cursor, space, TW_REGION_MMIO, 0, 3);
    case 8:
    case 9:
        return tw_gen_add_leaf(gen, cursor, space, TW_REGION_ROM, 0, 3);
    case 10:
    case 11:
        return tw_gen_add_leaf(gen, cursor, space, TW_REGION_ROMD, 0, 3);
    case 12:
        return tw_gen_add_leaf(gen, cursor, space, TW_REGION_RAM_DEVICE, 0, 3);
    case 13:
        return tw_gen_add_leaf(gen, cursor, space, TW_REGION_RESERVATION, 0, 2);
    case 14:
    case 15:
        return add_container(gen, cursor, space);
    default:
        return add_alias(gen, cursor, space);
    }
}

/* For an extreme: log2 of a granule of 2 MiB or more; 0 for others. */
static int large_granule(TwGen *gen)
{
    enum { LARGE_LG = 21 };
    unsigned most = gen->dialect->max_granule_lg;

    return gen->extreme == TW_EXTREME_GRANULE && most > LARGE_LG
               ? LARGE_LG + (int)tw_gen_below(gen, most - LARGE_LG + 1)
               : 0;
}

/* Of the IOMMUs whose index one of secure and user chooses, some get one that
 * both choose, most often with an index for each.  No draw. */
static void choose_both(const TwGen *gen, TwIommu *iommu)
{
    uint64_t mix = tw_mix64(gen->rng->state ^ 0x626f7468);

    if ((iommu->select == TW_SELECT_SECURE ||
         iommu->select == TW_SELECT_USER) &&
        (gen->dialect->selects >> TW_SELECT_SECURE_USER & 1) && mix % 4 == 0) {
        iommu->select = TW_SELECT_SECURE_USER;
        if (mix >> 2 & 3) {
            iommu->indexes = gen->dialect->max_iommu_indexes;
        }
    }
}

/* Some IOMMUs have an IOTLB; in few programs, then in most of their IOMMUs.  No
 * draw. */
static void add_iotlb(const TwGen *gen, TwIommu *iommu)
{
    uint64_t mix = tw_mix64(gen->rng->state ^ 0x696f746c62);

    iommu->iotlb = gen->dialect->iotlbs && gen->iotlbs && mix % 4 != 0;
}

void tw_gen_add_iommu(TwGen *gen, TwGenCursor *cursor, uint8_t space)
{
    TwProgram *program = gen->program;
    const TwDialect *dialect = gen->dialect;
    uint64_t size = gen->page << (1 + tw_gen_below(gen, 4));

    if (program->n_iommus >= dialect->max_iommus ||
        program->n_regions >= dialect->max_regions ||
        !tw_gen_has_kind(gen, TW_REGION_IOMMU) ||
        !(dialect->iommu_kinds >> TW_IOMMU_TABLE & 1)) {
        return;
    }
    if (tw_gen_chance(gen, gen->mixture->extreme)) {
        size = UINT64_MAX;
    } else if (tw_gen_chance(gen, gen->mixture->subpage / 2)) {
        size += gen->page / 2;
    }
    int large = large_granule(gen);
    size = large ? 1ull << (large + (int)tw_gen_below(gen, 3)) : size;
    uint8_t id = program->n_iommus++;
    TwIommu *iommu = &program->iommus[id];
    *iommu = (TwIommu){.kind = TW_IOMMU_TABLE};
    tw_tables_plan(gen, iommu, &size);
    tw_mpc_plan(gen, id, &size);
    int planned = iommu->granule_lg;
    uint64_t addr = place(gen, cursor, space, size);
    int lg = program->page_lg;
    if (tw_gen_chance(gen, gen->mixture->odd_granule)) {
        lg += tw_gen_chance(gen, 60) ? 1 + (int)tw_gen_below(gen, 3)
                                     : -1 - (int)tw_gen_below(gen, 2);
    }
    if (lg < dialect->min_granule_lg) {
        lg = dialect->min_granule_lg;
    }
    if (lg > dialect->max_granule_lg) {
        lg = dialect->max_granule_lg;
    }
    lg = planned ? planned : large ? large : lg;
    iommu->granule_lg = (uint8_t)lg;
    iommu->indexes = 1;
    iommu->select = (uint8_t)tw_gen_below(gen, TW_SELECT_REQUESTER + 1);
    if (!(dialect->selects >> iommu->select & 1)) {
        iommu->select = TW_SELECT_ZERO;
    }
    if (iommu->select != TW_SELECT_ZERO || tw_gen_chance(gen, 10)) {
        iommu->indexes =
            (uint8_t)(tw_gen_chance(gen, 80) ? 2 : 1 + tw_gen_below(gen, 4));
        if (iommu->indexes > dialect->max_iommu_indexes) {
            iommu->indexes = dialect->max_iommu_indexes;
        }
    }
    choose_both(gen, iommu);
    add_iotlb(gen, iommu);
    iommu->bypass = tw_gen_chance(gen, 3);
    iommu->bypass_space = (uint8_t)((space + 1u) % tw_gen_live_spaces(gen));
    tw_mpc_shape(gen, id);
    TwRegion *region = tw_gen_new_region(
        gen, TW_REGION_IOMMU, program->spaces[space].root, addr, size);
    region->iommu = id;
    note(gen, space, region, addr);
}
