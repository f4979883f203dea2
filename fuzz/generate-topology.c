/* SPDX-License-Identifier: MIT */
/*
 * Topologies that mean something: a CPU's space with RAM, devices, aliases and
 * IOMMUs in it, and further spaces behind the IOMMUs.  Each space is filled
 * from address 0 upwards, page after page; a share of the regions is put over
 * others, or off the pages, on purpose.
 */
#include "fuzz/generate-put.h"

#include <string.h>

#include "program/legality.h"

static uint32_t between(TwGen *gen, const uint8_t range[2])
{
    return range[0] + tw_gen_below(gen, range[1] - range[0] + 1u);
}

static bool has_kind(const TwGen *gen, unsigned kind)
{
    return gen->dialect->region_kinds >> kind & 1;
}

/* A new region, in `container` at `addr`; NULL if there is no room for it. */
static TwRegion *new_region(TwGen *gen, TwRegionKind kind, uint8_t container,
                            uint64_t addr, uint64_t size)
{
    TwProgram *program = gen->program;

    if (program->n_regions >= gen->dialect->max_regions ||
        !has_kind(gen, kind)) {
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

static uint8_t id_of(const TwGen *gen, const TwRegion *region)
{
    return (uint8_t)(region - gen->program->regions);
}

/* Where the next region of each space goes. */
typedef struct Cursor {
    uint64_t at[TW_MAX_SPACES];
} Cursor;

/*
 * A place for `size` bytes in `space`: mostly the next free one, aligned to
 * the size; now and then over something else or off the page grid.
 */
static uint64_t place(TwGen *gen, Cursor *cursor, uint8_t space, uint64_t size)
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

/* Properties that a device has now and then. */
static void device_properties(TwGen *gen, TwRegion *region)
{
    switch (tw_gen_below(gen, 10)) {
    case 0:
        region->valid_max = (uint8_t)(1u << tw_gen_below(gen, 4));
        break;
    case 1:
        region->valid_min = (uint8_t)(1u << tw_gen_below(gen, 3));
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
    uint8_t id = id_of(gen, region);

    tw_gen_note_spot(gen, space,
                     (TwSketchSpot){.addr = addr,
                                    .size = region->size,
                                    .region = id,
                                    .leaf = id,
                                    .iommu = region->kind == TW_REGION_IOMMU
                                                 ? region->iommu
                                                 : TW_NONE});
}

static bool add_leaf(TwGen *gen, Cursor *cursor, uint8_t space,
                     TwRegionKind kind, unsigned lg_from, unsigned lg_below)
{
    if (gen->program->n_regions >= gen->dialect->max_regions ||
        !has_kind(gen, kind)) {
        return false;
    }
    uint64_t size = size_of(gen, lg_from, lg_below);
    uint64_t addr = place(gen, cursor, space, size);
    TwRegion *region =
        new_region(gen, kind, gen->program->spaces[space].root, addr, size);

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
                gen->program, 1u << TW_REGION_RAM, tw_gen_below(gen, 64));
            region->block = gen->program->regions[other].block;
        }
    }
    region->unmergeable = tw_gen_chance(gen, 3);
    if (tw_gen_chance(gen, lg_from > 0 ? 1 : 4)) {
        region->enabled = false;
        gen->disabled |= 1ull << id_of(gen, region);
    }
    note(gen, space, region, addr);
    return true;
}

/* An alias of what lies in some spot of this space or a later one. */
static bool add_alias(TwGen *gen, Cursor *cursor, uint8_t space)
{
    TwProgram *program = gen->program;
    uint8_t from =
        (uint8_t)(space + tw_gen_below(gen, program->n_spaces - space));
    unsigned n = gen->n_spots[from];

    if (n == 0 || !has_kind(gen, TW_REGION_ALIAS)) {
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
    TwRegion *region = new_region(gen, TW_REGION_ALIAS,
                                  program->spaces[space].root, addr, size);
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
                          .region = id_of(gen, region),
                          .leaf = spot.leaf,
                          .iommu = spot.iommu};
    if (whole) {
        shown.base = 0;
    } else if (!direct) {
        shown.base = spot.base + offset;
    }
    tw_gen_note_spot(gen, space, shown);
    return true;
}

/* A container with a leaf or two inside, now and then in a container of its
 * own, or a leaf itself that shows between them (MR-1). */
static bool add_container(TwGen *gen, Cursor *cursor, uint8_t space)
{
    TwProgram *program = gen->program;

    if (program->n_regions + 2 > gen->dialect->max_regions ||
        !has_kind(gen, TW_REGION_RAM)) {
        return false;
    }
    uint64_t size = gen->page << (1 + tw_gen_below(gen, 3));
    uint64_t addr = place(gen, cursor, space, size);
    static const uint8_t solid[] = {TW_REGION_RAM, TW_REGION_MMIO,
                                    TW_REGION_ROM, TW_REGION_RESERVATION};
    unsigned draw = tw_gen_below(gen, 16);
    TwRegionKind box_kind = draw < sizeof(solid) ? (TwRegionKind)solid[draw]
                                                 : TW_REGION_CONTAINER;
    uint8_t parent = program->spaces[space].root;
    uint64_t at_parent = addr;
    if (draw > 12) {
        TwRegion *outer =
            new_region(gen, TW_REGION_CONTAINER, parent, addr,
                       draw == 13 ? size - gen->page / 2 : size + gen->page);
        if (outer != NULL) {
            outer->priority = some_priority(gen);
            parent = id_of(gen, outer);
            at_parent = 0;
        }
    }
    TwRegion *box = new_region(gen, box_kind, parent, at_parent, size);
    if (box == NULL) {
        return false;
    }
    uint8_t box_id = id_of(gen, box);
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
        TwRegion *leaf = new_region(gen, kind, box_id, at, inner);
        if (leaf == NULL) {
            break;
        }
        leaf->priority = some_priority(gen);
        tw_gen_note_spot(
            gen, space,
            (TwSketchSpot){.addr = addr + at,
                           .size = inner < size - at ? inner : size - at,
                           .region = tw_gen_chance(gen, 50) ? box_id
                                                            : id_of(gen, leaf),
                           .leaf = id_of(gen, leaf),
                           .iommu = TW_NONE});
    }
    return true;
}

static bool add_extra(TwGen *gen, Cursor *cursor, uint8_t space)
{
    switch (tw_gen_below(gen, 20)) {
    case 0:
    case 1:
    case 2:
        return add_leaf(gen, cursor, space, TW_REGION_RAM, 0, 4);
    case 3:
    case 4:
    case 5:
    case 6:
    case 7:
        return add_leaf(gen, cursor, space, TW_REGION_MMIO, 0, 3);
    case 8:
    case 9:
        return add_leaf(gen, cursor, space, TW_REGION_ROM, 0, 3);
    case 10:
    case 11:
        return add_leaf(gen, cursor, space, TW_REGION_ROMD, 0, 3);
    case 12:
        return add_leaf(gen, cursor, space, TW_REGION_RAM_DEVICE, 0, 3);
    case 13:
        return add_leaf(gen, cursor, space, TW_REGION_RESERVATION, 0, 2);
    case 14:
    case 15:
        return add_container(gen, cursor, space);
    default:
        return add_alias(gen, cursor, space);
    }
}

static void add_iommu(TwGen *gen, Cursor *cursor, uint8_t space)
{
    TwProgram *program = gen->program;
    const TwDialect *dialect = gen->dialect;
    uint64_t size = gen->page << (1 + tw_gen_below(gen, 4));

    if (program->n_iommus >= dialect->max_iommus ||
        program->n_regions >= dialect->max_regions ||
        !has_kind(gen, TW_REGION_IOMMU) ||
        !(dialect->iommu_kinds >> TW_IOMMU_TABLE & 1)) {
        return;
    }
    if (tw_gen_chance(gen, gen->mixture->extreme)) {
        size = UINT64_MAX;
    } else if (tw_gen_chance(gen, gen->mixture->subpage / 2)) {
        size += gen->page / 2;
    }
    uint64_t addr = place(gen, cursor, space, size);
    uint8_t id = program->n_iommus++;
    TwIommu *iommu = &program->iommus[id];
    *iommu = (TwIommu){.kind = TW_IOMMU_TABLE};
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
    iommu->granule_lg = (uint8_t)lg;
    iommu->indexes = 1;
    iommu->select = (uint8_t)tw_gen_below(gen, TW_SELECTS);
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
    iommu->bypass = tw_gen_chance(gen, 3);
    iommu->bypass_space = (uint8_t)((space + 1u) % tw_gen_live_spaces(gen));
    TwRegion *region = new_region(gen, TW_REGION_IOMMU,
                                  program->spaces[space].root, addr, size);
    region->iommu = id;
    note(gen, space, region, addr);
}

/*
 * A space that shows what the last one shows: by the same root, or by one that
 * wraps it (FV-6), in a way that may be looked through or may not (FV-7).
 */
static void add_twin(TwGen *gen)
{
    TwProgram *program = gen->program;
    uint8_t of = (uint8_t)(program->n_spaces - 1);
    uint8_t root = program->spaces[of].root;
    unsigned draw = tw_gen_below(gen, 8);

    if (draw > 2 && has_kind(gen, TW_REGION_ALIAS) &&
        program->n_regions + 2u <= gen->dialect->max_regions) {
        TwRegion *outer = new_region(gen, TW_REGION_CONTAINER, TW_NONE, 0,
                                     program->regions[root].size);
        if (outer == NULL) {
            return;
        }
        uint8_t id = id_of(gen, outer);
        TwRegion *alias = new_region(gen, TW_REGION_ALIAS, id, 0,
                                     program->regions[root].size);
        alias->target = root;
        if (draw == 3) {
            alias->readonly = true;
        } else if (draw == 4) {
            outer->readonly = true;
        } else if (draw == 5) {
            alias->addr = gen->page;
        }
        root = id;
    }
    gen->twin = program->n_spaces;
    program->spaces[program->n_spaces++] =
        (TwSpace){.present = true, .root = root};
}

static bool add_space(TwGen *gen, TwRegionKind kind, bool late)
{
    TwProgram *program = gen->program;
    uint64_t size = tw_gen_chance(gen, 75) ? UINT64_MAX : gen->page << 12;
    TwRegion *root = new_region(gen, kind, TW_NONE, 0, size);

    if (root == NULL) {
        return false;
    }
    program->spaces[program->n_spaces++] = (TwSpace){
        .present = true,
        .root = id_of(gen, root),
        .late = late,
    };
    root->readonly = tw_gen_chance(gen, 2);
    return true;
}

static bool add_spaces(TwGen *gen)
{
    unsigned n = between(gen, gen->mixture->spaces);
    unsigned most = gen->dialect->max_spaces;
    TwRegionKind kind = has_kind(gen, TW_REGION_CONTAINER) ? TW_REGION_CONTAINER
                        : has_kind(gen, TW_REGION_RAM)     ? TW_REGION_RAM
                                                           : TW_REGION_MMIO;

    if (n > most) {
        n = most;
    }
    bool late = n > 1 && n < most && gen->dialect->late_spaces &&
                tw_gen_chance(gen, 8);

    for (unsigned i = 0; i < n; i++) {
        if (!add_space(gen, kind, false)) {
            return i > 0;
        }
    }
    if (n > 0 && n + late < most && tw_gen_chance(gen, 5)) {
        add_twin(gen);
    }
    if (late) {
        add_space(gen, kind, true);
    }
    return n > 0;
}

static void add_cpus(TwGen *gen)
{
    TwProgram *program = gen->program;
    const TwDialect *dialect = gen->dialect;
    unsigned n = between(gen, gen->mixture->cpus);
    unsigned mmus = between(gen, gen->mixture->mmus);
    TwMmuIndex index[TW_MAX_MMU_INDEXES];

    if (n > dialect->max_cpus) {
        n = dialect->max_cpus;
    }
    if (mmus > dialect->max_mmu_indexes) {
        mmus = dialect->max_mmu_indexes;
    }
    memset(index, 0, sizeof(index));
    for (unsigned m = 0; m < mmus; m++) {
        uint8_t space = 0;
        if (program->n_spaces > 1 && tw_gen_chance(gen, m ? 15 : 4)) {
            space = (uint8_t)tw_gen_below(gen, tw_gen_live_spaces(gen));
        }
        index[m] = (TwMmuIndex){.present = true,
                                .space = space,
                                .attrs = tw_gen_random_attrs(gen->rng)};
    }
    if (mmus > 1 && index[0].attrs == index[1].attrs) {
        index[1].attrs = index[0].attrs ? 0 : TW_ATTR_SECURE;
    }
    for (unsigned c = 0; c < n; c++) {
        unsigned lg = 1 + tw_gen_below(gen, 5);
        unsigned victims = tw_gen_below(gen, 9);
        TwCpu *cpu = &program->cpus[program->n_cpus++];
        memset(cpu, 0, sizeof(*cpu));
        cpu->present = true;
        cpu->tlb_lg =
            (uint8_t)(lg < dialect->max_tlb_lg ? lg : dialect->max_tlb_lg);
        cpu->victims =
            (uint8_t)(victims < dialect->max_victims ? victims
                                                     : dialect->max_victims);
        memcpy(cpu->mmu, index, sizeof(index));
    }
}

static void add_actor(TwGen *gen)
{
    static const uint8_t useful[] = {
        TW_OP_PROTECT, TW_OP_UNMAP,  TW_OP_MAP,         TW_OP_NOTIFY,
        TW_OP_ENABLE,  TW_OP_MOVE,   TW_OP_FLUSH_PAGE,  TW_OP_FLUSH_ALL,
        TW_OP_PAGE,    TW_OP_BYPASS, TW_OP_IOMMU_RESET, TW_OP_PRIORITY,
    };
    TwProgram *program = gen->program;
    uint8_t region = tw_gen_pick_region(program, 1u << TW_REGION_MMIO,
                                        tw_gen_below(gen, 64));
    TwOp op;

    if (region == TW_NONE || program->n_actors >= TW_MAX_ACTORS ||
        !tw_gen_random_op(program, gen->dialect, gen->rng,
                          useful[tw_gen_below(gen, sizeof(useful))], &op)) {
        return;
    }
    op.actor = TW_BOARD;
    TwActor *actor = &program->actors[program->n_actors++];
    memset(actor, 0, sizeof(*actor));
    actor->region = region;
    actor->offset = tw_gen_chance(gen, 70) ? 0 : tw_gen_below(gen, 16);
    actor->op = op;
}

static void parameters(TwGen *gen)
{
    TwProgram *program = gen->program;
    const TwDialect *dialect = gen->dialect;
    unsigned lg = between(gen, gen->mixture->page_lg);

    tw_program_init(program);
    program->page_lg =
        (uint8_t)(lg < dialect->min_page_lg   ? dialect->min_page_lg
                  : lg > dialect->max_page_lg ? dialect->max_page_lg
                                              : lg);
    program->hops =
        tw_gen_chance(gen, 90) ? 16 : (uint8_t)(1 + tw_gen_below(gen, 8));
    program->explicit_safepoints =
        dialect->explicit_safepoints &&
        tw_gen_chance(gen, gen->mixture->explicit_safepoints);
    gen->page = 1ull << program->page_lg;
}

/* The space to put something into that is to be seen in `space`. */
static uint8_t no_twin(const TwGen *gen, unsigned space)
{
    return (uint8_t)(space - (space == gen->twin));
}

void tw_gen_topology(TwGen *gen)
{
    TwProgram *program = gen->program;
    Cursor cursor;

    parameters(gen);
    tw_gen_clear(gen);
    if (gen->dialect->identity_pages) {
        tw_flat_topology(gen);
        return;
    }
    memset(&cursor, 0, sizeof(cursor));
    if (!add_spaces(gen)) {
        return;
    }
    unsigned iommus = between(gen, gen->mixture->iommus);
    unsigned extras = between(gen, gen->mixture->extras);

    /* RAM everywhere; in one space of three the IOMMU comes first. */
    for (unsigned s = 0; s < program->n_spaces; s++) {
        if (s == gen->twin) {
            continue;
        }
        add_leaf(gen, &cursor, (uint8_t)s, TW_REGION_RAM, 2, 4);
        if (s < iommus && (s + 1 < tw_gen_live_spaces(gen) || s == 0)) {
            add_iommu(gen, &cursor, (uint8_t)s);
        }
    }
    for (unsigned i = program->n_iommus; i < iommus; i++) {
        add_iommu(gen, &cursor,
                  no_twin(gen, tw_gen_below(gen, program->n_spaces)));
    }
    for (unsigned i = 0; i < extras; i++) {
        uint8_t space = tw_gen_chance(gen, 50)
                            ? 0
                            : no_twin(gen,
                                      tw_gen_below(gen, program->n_spaces));
        add_extra(gen, &cursor, space);
    }
    if (gen->twin != TW_NONE) {
        unsigned of = gen->twin - 1u;
        gen->n_spots[gen->twin] = gen->n_spots[of];
        memcpy(gen->spots[gen->twin], gen->spots[of], sizeof(gen->spots[of]));
    }
    add_cpus(gen);
    tw_gen_setup(gen);
    if (gen->dialect->actors && gen->dialect->locations &&
        tw_gen_chance(gen, 20)) {
        add_actor(gen);
    }
}
