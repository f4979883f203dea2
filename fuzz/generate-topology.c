/* SPDX-License-Identifier: MIT */
/*
 * Topologies that mean something: a CPU's space with RAM, devices, aliases and
 * IOMMUs in it, further spaces behind the IOMMUs, tables and page maps that
 * lead to what is there.  Each space is filled from address 0 upwards, page
 * after page; a share of the regions is put over others, or off the pages, on
 * purpose.
 */
#include "fuzz/generate-internal.h"

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
static uint64_t place(TwGen *gen, Cursor *cursor, uint8_t space,
                      uint64_t size)
{
    const TwMixture *mixture = gen->mixture;
    uint64_t at = cursor->at[space];
    uint64_t align = size >= gen->page && size <= 64 * gen->page
                         ? 1ull << (63 - __builtin_clzll(size))
                         : gen->page;

    if (at > 0 && tw_gen_chance(gen, mixture->overlap)) {
        at = gen->page * tw_gen_below(gen, (uint32_t)(at >>
                                           gen->program->page_lg) + 1);
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
    uint8_t from = (uint8_t)(space + tw_gen_below(
                                 gen, program->n_spaces - space));
    unsigned n = gen->n_spots[from];

    if (n == 0 || !has_kind(gen, TW_REGION_ALIAS)) {
        return false;
    }
    /* The spot's movable region is a leaf or an older alias of one: no cycle.
     * The root of a later space is one step more. */
    TwSketchSpot spot = gen->spots[from][tw_gen_below(gen, n)];
    bool whole = from > space && tw_gen_chance(gen, 25);
    uint8_t target = whole ? program->spaces[from].root
                     : tw_gen_chance(gen, 70) ? spot.leaf
                                              : spot.region;
    const TwRegion *aimed = &program->regions[target];
    bool direct = target == spot.leaf;
    uint64_t offset = 0;

    if (target == spot.region && !direct &&
        aimed->kind == TW_REGION_CONTAINER) {
        return false;
    }
    if (whole) {
        offset = spot.addr & ~(gen->page - 1);
    } else if (tw_gen_chance(gen, 60) && aimed->size > gen->page) {
        uint64_t pages = aimed->size >> program->page_lg;
        offset = gen->page *
                 tw_gen_below(gen, pages < 16 ? (uint32_t)pages : 16);
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

/* A container with a leaf or two inside. */
static bool add_container(TwGen *gen, Cursor *cursor, uint8_t space)
{
    TwProgram *program = gen->program;

    if (program->n_regions + 2 > gen->dialect->max_regions ||
        !has_kind(gen, TW_REGION_RAM)) {
        return false;
    }
    uint64_t size = gen->page << (1 + tw_gen_below(gen, 3));
    uint64_t addr = place(gen, cursor, space, size);
    TwRegion *box = new_region(gen, TW_REGION_CONTAINER,
                               program->spaces[space].root, addr, size);
    if (box == NULL) {
        return false;
    }
    uint8_t box_id = id_of(gen, box);
    box->priority = some_priority(gen);
    box->readonly = tw_gen_chance(gen, 10);
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

/* How many spaces there are from the start; a late one is the last. */
static unsigned live_spaces(const TwGen *gen)
{
    unsigned n = gen->program->n_spaces;

    return n - (n > 0 && gen->program->spaces[n - 1].late);
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
        iommu->indexes = (uint8_t)(tw_gen_chance(gen, 80)
                                       ? 2
                                       : 1 + tw_gen_below(gen, 4));
        if (iommu->indexes > dialect->max_iommu_indexes) {
            iommu->indexes = dialect->max_iommu_indexes;
        }
    }
    iommu->bypass = tw_gen_chance(gen, 3);
    iommu->bypass_space =
        (uint8_t)((space + 1u) % live_spaces(gen));
    TwRegion *region = new_region(gen, TW_REGION_IOMMU,
                                  program->spaces[space].root, addr, size);
    region->iommu = id;
    note(gen, space, region, addr);
}

static bool add_spaces(TwGen *gen)
{
    TwProgram *program = gen->program;
    unsigned n = between(gen, gen->mixture->spaces);
    TwRegionKind kind =
        has_kind(gen, TW_REGION_CONTAINER) ? TW_REGION_CONTAINER
        : has_kind(gen, TW_REGION_RAM)     ? TW_REGION_RAM
                                           : TW_REGION_MMIO;

    if (n > gen->dialect->max_spaces) {
        n = gen->dialect->max_spaces;
    }
    bool late = n > 1 && n < gen->dialect->max_spaces &&
                gen->dialect->late_spaces && tw_gen_chance(gen, 8);

    for (unsigned i = 0; i < n + late; i++) {
        uint64_t size = tw_gen_chance(gen, 75) ? UINT64_MAX
                                               : gen->page << 12;
        TwRegion *root = new_region(gen, kind, TW_NONE, 0, size);
        if (root == NULL) {
            return i > 0;
        }
        program->spaces[program->n_spaces++] = (TwSpace){
            .present = true,
            .root = id_of(gen, root),
            .late = i == n,
        };
        if (tw_gen_chance(gen, 2)) {
            root->readonly = true;
        }
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
            space = (uint8_t)tw_gen_below(gen, live_spaces(gen));
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
        cpu->tlb_lg = (uint8_t)(lg < dialect->max_tlb_lg
                                    ? lg
                                    : dialect->max_tlb_lg);
        cpu->victims = (uint8_t)(victims < dialect->max_victims
                                     ? victims
                                     : dialect->max_victims);
        memcpy(cpu->mmu, index, sizeof(index));
    }
}

/* A new setup operation, or NULL if the setup is full. */
static TwOp *new_setup(TwGen *gen, TwOpCode code)
{
    TwProgram *program = gen->program;

    if (program->n_setup >= TW_MAX_SETUP ||
        program->n_setup >= gen->dialect->max_setup ||
        !tw_gen_speaks(gen->dialect, code)) {
        return NULL;
    }
    TwOp *op = &program->setup[program->n_setup++];
    *op = (TwOp){.code = (uint8_t)code, .actor = TW_BOARD};
    return op;
}

static uint8_t iommu_rights(TwGen *gen)
{
    unsigned draw = tw_gen_below(gen, 100);

    return draw < 91 ? TW_R | TW_W : draw < 96 ? TW_R : draw < 99 ? TW_W : 0;
}

enum { MAX_CHUNKS = 3 }; /* map operations for one index */

/* Fills one index of one IOMMU, mostly from end to end. */
static void fill_index(TwGen *gen, uint8_t space, const TwSketchSpot *spot,
                       uint8_t index)
{
    TwProgram *program = gen->program;
    uint64_t size = spot->size;
    uint64_t at = 0;
    unsigned chunks = 1 + tw_gen_below(gen, 5) / 2;

    if (size > 64 * gen->page) {
        size = 64 * gen->page;
    }
    for (unsigned i = 1; i <= MAX_CHUNKS && at < size; i++) {
        TwOp *op = new_setup(gen, TW_OP_MAP);
        if (op == NULL) {
            return;
        }
        uint64_t length = size - at;
        if (i < chunks && length > 2 * gen->page) {
            length = (length / 2) & ~(gen->page - 1);
        }
        unsigned live = live_spaces(gen);
        unsigned behind = space + 1u < live ? live - space - 1u : 0;
        uint8_t to = behind > 0 && !tw_gen_chance(gen, gen->mixture->loops)
                         ? (uint8_t)(space + 1 +
                                     (tw_gen_chance(gen, 80)
                                          ? 0
                                          : tw_gen_below(gen, behind)))
                         : (uint8_t)tw_gen_below(gen, live);
        if (to == space && !tw_gen_chance(gen, gen->mixture->loops)) {
            to = (uint8_t)(live - 1);
        }
        op->obj = spot->iommu;
        op->index = index;
        op->addr = at;
        op->other = to;
        op->out = tw_gen_pick_room(gen, to, &length, gen->mixture->nest);
        op->last = at + (length - 1);
        op->perm = iommu_rights(gen);
        tw_op_round(program, op);
        tw_gen_note_map(gen, op);
        at += length;
        if (tw_gen_chance(gen, 10)) {
            at += gen->page; /* nothing there */
        }
    }
}

/* Later spaces first, so that what is pointed at is known. */
static void fill_tables(TwGen *gen)
{
    TwProgram *program = gen->program;
    uint16_t done = 0;

    for (unsigned s = program->n_spaces; s-- > 0;) {
        for (unsigned i = 0; i < gen->n_spots[s]; i++) {
            const TwSketchSpot *spot = &gen->spots[s][i];
            if (spot->iommu == TW_NONE || done >> spot->iommu & 1) {
                continue;
            }
            done |= (uint16_t)(1u << spot->iommu);
            unsigned indexes = program->iommus[spot->iommu].indexes;
            for (unsigned x = 0; x < indexes; x++) {
                fill_index(gen, (uint8_t)s, spot, (uint8_t)x);
            }
        }
    }
}

static uint8_t page_rights(TwGen *gen)
{
    return tw_gen_chance(gen, 93) ? TW_R | TW_W | TW_X
                                  : (uint8_t)tw_gen_below(gen, 8);
}

/* A virtual address for physical `pa`, aligned to 2^lg as that is. */
static uint64_t some_va(TwGen *gen, uint64_t pa, unsigned lg)
{
    uint64_t size = 1ull << lg;

    switch (tw_gen_below(gen, 16)) {
    case 0:
        return pa + (1ull << 48);
    case 1:
        return pa + (0xffffull << 48);
    case 2:
        return 0 - size; /* the top of 2^64 */
    case 3:
        return pa + 32 * size;
    case 4:
        return pa ^ size;
    default:
        return pa;
    }
}

static void add_page(TwGen *gen, uint8_t cpu, uint8_t mmu, uint64_t pa,
                     unsigned lg)
{
    TwOp *op = new_setup(gen, TW_OP_PAGE);

    if (op == NULL) {
        return;
    }
    pa &= ~((1ull << lg) - 1);
    op->obj = cpu;
    op->index = mmu;
    op->lg = (uint8_t)lg;
    op->out = pa;
    op->addr = some_va(gen, pa, lg);
    op->perm = page_rights(gen);
    tw_op_round(gen->program, op);
    tw_gen_note_page(gen, op);
}

/* Small pages only, most of them in one slot of the TLB: what victims and
 * page flushes are about.  (A large page makes every page flush a full one.) */
static void fill_slots(TwGen *gen, uint8_t cpu, uint8_t mmu)
{
    const TwProgram *program = gen->program;
    const TwMmuIndex *index = &program->cpus[cpu].mmu[mmu];
    uint64_t step = gen->page << program->cpus[cpu].tlb_lg;
    uint64_t slot = gen->page * tw_gen_below(gen, 4);
    unsigned n = 3 + tw_gen_below(gen, 4);

    for (unsigned i = 0; i < n; i++) {
        TwOp *op = new_setup(gen, TW_OP_PAGE);
        if (op == NULL) {
            return;
        }
        op->obj = cpu;
        op->index = mmu;
        op->lg = program->page_lg;
        op->addr = slot + i * step + (i == n - 1 ? gen->page : 0);
        op->out = tw_gen_pick_in_space(gen, index->space, index->attrs,
                                       gen->mixture->via) &
                  ~(gen->page - 1);
        op->perm = page_rights(gen);
        tw_gen_note_page(gen, op);
    }
}

/* What one MMU index sees: small pages, one page over all, or one per spot. */
static void fill_pages(TwGen *gen, uint8_t cpu, uint8_t mmu)
{
    const TwProgram *program = gen->program;
    uint8_t space = program->cpus[cpu].mmu[mmu].space;
    unsigned p = program->page_lg;
    unsigned spots = gen->n_spots[space];

    if (tw_gen_chance(gen, gen->mixture->slots)) {
        fill_slots(gen, cpu, mmu);
        return;
    }
    if (tw_gen_chance(gen, 40)) {
        TwOp *op = new_setup(gen, TW_OP_PAGE);
        if (op != NULL) {
            op->obj = cpu;
            op->index = mmu;
            op->lg = (uint8_t)(p + 5 + tw_gen_below(gen, 3));
            op->perm = TW_R | TW_W | TW_X;
            tw_gen_note_page(gen, op);
        }
        if (spots > 2) {
            spots = tw_gen_below(gen, 3);
        }
    }
    unsigned most = gen->mixture->extras[1] > 8 ? 8 : 4;
    for (unsigned i = 0; i < spots && i < most; i++) {
        const TwSketchSpot *spot = &gen->spots[space][i];
        uint64_t pages = spot->size >> p;
        unsigned lg = p;

        while (lg < p + 6 && (2ull << (lg - p)) <= pages &&
               (spot->addr >> lg & 1) == 0) {
            lg++;
        }
        add_page(gen, cpu, mmu, spot->addr, lg);
        if (tw_gen_chance(gen, 12)) {
            uint64_t va = spot->addr + gen->page * tw_gen_below(gen, 4);
            unsigned small = p;
            if (tw_gen_chance(gen, gen->mixture->subpage)) {
                small = p - 1 - tw_gen_below(gen, p - 4);
            }
            add_page(gen, cpu, mmu, va, small);
        }
    }
}

/* The page map that the first CPU has under the same index. */
static void copy_pages(TwGen *gen, uint8_t cpu, uint8_t mmu)
{
    const TwProgram *program = gen->program;

    for (unsigned i = 0, n = program->n_setup; i < n; i++) {
        const TwOp *from = &program->setup[i];
        if (from->code == TW_OP_PAGE && from->obj == 0 &&
            from->index == mmu) {
            TwOp *op = new_setup(gen, TW_OP_PAGE);
            if (op == NULL) {
                return;
            }
            *op = *from;
            op->obj = cpu;
            tw_gen_note_page(gen, op);
        }
    }
}

static void add_actor(TwGen *gen)
{
    static const uint8_t useful[] = {
        TW_OP_PROTECT, TW_OP_UNMAP,  TW_OP_MAP,        TW_OP_NOTIFY,
        TW_OP_ENABLE,  TW_OP_MOVE,   TW_OP_FLUSH_PAGE, TW_OP_FLUSH_ALL,
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
    program->page_lg = (uint8_t)(lg < dialect->min_page_lg
                                     ? dialect->min_page_lg
                                 : lg > dialect->max_page_lg
                                     ? dialect->max_page_lg
                                     : lg);
    program->hops = tw_gen_chance(gen, 90)
                        ? 16
                        : (uint8_t)(1 + tw_gen_below(gen, 8));
    program->explicit_safepoints =
        dialect->explicit_safepoints &&
        tw_gen_chance(gen, gen->mixture->explicit_safepoints);
    gen->page = 1ull << program->page_lg;
}

void tw_gen_topology(TwGen *gen)
{
    TwProgram *program = gen->program;
    Cursor cursor;

    parameters(gen);
    tw_gen_clear(gen);
    memset(&cursor, 0, sizeof(cursor));
    if (!add_spaces(gen)) {
        return;
    }
    unsigned iommus = between(gen, gen->mixture->iommus);
    unsigned extras = between(gen, gen->mixture->extras);

    /* RAM everywhere; in one space of three the IOMMU comes first. */
    for (unsigned s = 0; s < program->n_spaces; s++) {
        add_leaf(gen, &cursor, (uint8_t)s, TW_REGION_RAM, 2, 4);
        if (s < iommus && (s + 1 < live_spaces(gen) || s == 0)) {
            add_iommu(gen, &cursor, (uint8_t)s);
        }
    }
    for (unsigned i = program->n_iommus; i < iommus; i++) {
        add_iommu(gen, &cursor,
                  (uint8_t)tw_gen_below(gen, program->n_spaces));
    }
    for (unsigned i = 0; i < extras; i++) {
        uint8_t space =
            tw_gen_chance(gen, 50)
                ? 0
                : (uint8_t)tw_gen_below(gen, program->n_spaces);
        add_extra(gen, &cursor, space);
    }
    add_cpus(gen);
    fill_tables(gen);
    for (unsigned c = 0; c < program->n_cpus; c++) {
        for (unsigned m = 0; m < TW_MAX_MMU_INDEXES; m++) {
            if (!program->cpus[c].mmu[m].present) {
                continue;
            }
            if (c > 0 && tw_gen_chance(gen, 70)) {
                copy_pages(gen, (uint8_t)c, (uint8_t)m);
            } else {
                fill_pages(gen, (uint8_t)c, (uint8_t)m);
            }
        }
    }
    if (gen->dialect->actors && gen->dialect->locations &&
        tw_gen_chance(gen, 20)) {
        add_actor(gen);
    }
}
