/* SPDX-License-Identifier: MIT */
/* Extremes; see extreme.h. */
#include "fuzz/generate/extreme.h"

#include "fuzz/generate/board.h"
#include "fuzz/generate/op.h"
#include "fuzz/generate/put.h"
#include "fuzz/generate/topology.h"
#include "program/legality.h"

enum {
    /* One program of this many is for an extreme: of `hostile`, of other
     * profiles, and of flat programs, whose targets need longer for them. */
    ONE_OF_HOSTILE = 128,
    ONE_OF_OTHERS = 8192,
    ONE_OF_FLAT = 2048,
    ONE_IS_LONG = 4, /* of so many more of these */
    OLD_EXTREMES = TW_EXTREME_REGIONS - 1,
    POOL_LG = 8, /* pages of RAM for many pages to lead to, at least 2^n */
    PARTS = 3,   /* of a script: many accesses, then what is usual */
};

/* What a program for an extreme is made of: a profile, but ... */
static void set_mixture(TwGen *gen, TwProfile like)
{
    gen->own = *tw_gen_mixture(like);
    gen->mixture = &gen->own;
}

static void set_range(uint8_t range[2], uint8_t low, uint8_t high)
{
    range[0] = low;
    range[1] = high;
}

static void choose_mixture(TwGen *gen)
{
    TwMixture *own = &gen->own;

    switch (gen->extreme) {
    case TW_EXTREME_CHAIN:
        set_mixture(gen, TW_PROFILE_IOMMU);
        set_range(own->spaces, TW_MAX_SPACES, TW_MAX_SPACES);
        set_range(own->iommus, TW_MAX_IOMMUS, TW_MAX_IOMMUS);
        set_range(own->mmus, 2, TW_MAX_MMU_INDEXES);
        own->nest = own->via = 97;
        own->loops = own->extreme = own->subpage = own->overlap = 0;
        own->odd_granule = 5;
        break;
    case TW_EXTREME_GRANULE:
    case TW_EXTREME_REQUESTER:
        set_mixture(gen, TW_PROFILE_IOMMU);
        break;
    case TW_EXTREME_TIES:
    case TW_EXTREME_ALIASES:
        set_mixture(gen, TW_PROFILE_TOPOLOGY);
        set_range(own->extras, 0, 6);
        break;
    case TW_EXTREME_ACTORS:
        set_mixture(gen, TW_PROFILE_TOPOLOGY);
        own->moves[MOVE_ACTOR] = 60;
        break;
    case TW_EXTREME_SLOTS:
    case TW_EXTREME_VICTIMS:
        set_mixture(gen, TW_PROFILE_INVALIDATE);
        own->moves[MOVE_CLOCK] = 12;
        break;
    case TW_EXTREME_REGIONS:
        set_mixture(gen, TW_PROFILE_TOPOLOGY);
        set_range(own->spaces, 1, 6);
        set_range(own->extras, 0, 8);
        break;
    case TW_EXTREME_LONG:
        set_mixture(gen, gen->profile);
        own->ops[0] = 300;
        own->ops[1] = gen->limit;
        break;
    default:
        set_mixture(gen, gen->profile);
        break;
    }
}

/* Of a number that is as good as random.  What is newer gets numbers that no
 * other extreme had, so that the programs of those stay what they were. */
static TwExtreme extreme_of(uint64_t mix, bool flat, unsigned one_of)
{
    switch (mix % one_of) {
    case 0:
        return flat ? TW_EXTREME_MAPPINGS
                    : (TwExtreme)(1 + (mix >> 32) % OLD_EXTREMES);
    case 1:
        return flat || (mix >> 32) % OLD_EXTREMES == 0 ? TW_EXTREME_REGIONS
                                                       : TW_EXTREME_NONE;
    case 2:
        return flat && (mix >> 32) % ONE_IS_LONG == 0 ? TW_EXTREME_LONG
                                                      : TW_EXTREME_NONE;
    default:
        return TW_EXTREME_NONE;
    }
}

void tw_extreme_draw(TwGen *gen)
{
    /* Not a draw: the other programs do not notice. */
    uint64_t mix = tw_mix64(gen->rng->state ^ 0x657874726d65);
    bool flat = gen->dialect->identity_pages;
    unsigned one_of = flat                                 ? ONE_OF_FLAT
                      : gen->profile == TW_PROFILE_HOSTILE ? ONE_OF_HOSTILE
                                                           : ONE_OF_OTHERS;

    gen->extreme = gen->profile < TW_PROFILES ? extreme_of(mix, flat, one_of)
                                              : TW_EXTREME_NONE;
    if (gen->extreme != TW_EXTREME_NONE && !flat) {
        choose_mixture(gen);
    }
}

void tw_extreme_hops(TwGen *gen)
{
    static const uint8_t hops[] = {15, 16, 16, 16, 17, 24, TW_MAX_HOPS};

    if (gen->extreme == TW_EXTREME_CHAIN) {
        gen->program->hops = hops[tw_gen_below(gen, sizeof(hops))];
    }
}

/* Regions ------------------------------------------------------------------ */

/* RAM of many pages, in the space of nearly all MMU indexes. */
static void add_pool(TwGen *gen, TwGenCursor *cursor)
{
    uint8_t before = gen->program->n_regions;

    if (tw_gen_add_leaf(gen, cursor, 0, TW_REGION_RAM, POOL_LG, 2)) {
        gen->pool = before;
    }
}

/* Many regions of all kinds in all spaces, now and then box in box. */
static void add_many(TwGen *gen, TwGenCursor *cursor)
{
    unsigned most = 65 + tw_gen_below(gen, TW_MAX_REGIONS - 64);

    for (unsigned turn = 0;
         turn < TW_MAX_REGIONS && gen->program->n_regions < most; turn++) {
        uint8_t space =
            tw_gen_no_twin(gen, tw_gen_below(gen, gen->program->n_spaces));

        if (tw_gen_chance(gen, 4)) {
            tw_gen_add_ties(gen, cursor, space);
        } else if (tw_gen_chance(gen, 4)) {
            tw_gen_add_chain(gen, cursor, space);
        } else {
            tw_gen_add_extra(gen, cursor, space);
        }
    }
}

void tw_extreme_regions(TwGen *gen, TwGenCursor *cursor)
{
    gen->pool = TW_NONE;
    switch (gen->extreme) {
    case TW_EXTREME_SLOTS:
    case TW_EXTREME_VICTIMS:
    case TW_EXTREME_MAPPINGS:
        add_pool(gen, cursor);
        break;
    case TW_EXTREME_TIES:
        tw_gen_add_ties(gen, cursor, 0);
        break;
    case TW_EXTREME_ALIASES:
        tw_gen_add_chain(gen, cursor, 0);
        break;
    case TW_EXTREME_REGIONS:
        add_many(gen, cursor);
        break;
    default:
        break;
    }
}

/* CPUs ----------------------------------------------------------------------
 */

static uint8_t no_more_than(unsigned value, unsigned most)
{
    return (uint8_t)(value < most ? value : most);
}

void tw_extreme_cpus(TwGen *gen)
{
    TwProgram *program = gen->program;
    const TwDialect *dialect = gen->dialect;

    for (unsigned c = 0; c < program->n_cpus; c++) {
        TwCpu *cpu = &program->cpus[c];

        switch (gen->extreme) {
        case TW_EXTREME_SLOTS:
            cpu->tlb_lg = no_more_than(5 + tw_gen_below(gen, TW_MAX_TLB_LG - 4),
                                       dialect->max_tlb_lg);
            cpu->victims = no_more_than(tw_gen_below(gen, TW_MAX_VICTIMS + 1),
                                        dialect->max_victims);
            break;
        case TW_EXTREME_VICTIMS:
            cpu->tlb_lg =
                no_more_than(tw_gen_below(gen, 2), dialect->max_tlb_lg);
            cpu->victims =
                no_more_than(8 + tw_gen_below(gen, TW_MAX_VICTIMS - 7),
                             dialect->max_victims);
            break;
        default:
            break;
        }
        for (unsigned m = 0;
             gen->extreme == TW_EXTREME_REQUESTER && m < TW_MAX_MMU_INDEXES;
             m++) {
            cpu->mmu[m].attrs &= (1u << TW_ATTR_REQUESTER_SHIFT) - 1;
            cpu->mmu[m].attrs &= ~TW_ATTR_UNSPECIFIED;
            cpu->mmu[m].attrs |= (TwAttrs)tw_gen_some_requester(gen->rng)
                                 << TW_ATTR_REQUESTER_SHIFT;
        }
    }
}

/* Setup ---------------------------------------------------------------------
 */

static TwOp *new_page(TwGen *gen, uint8_t cpu, uint8_t mmu)
{
    TwOp *op = tw_gen_new_setup(gen, TW_OP_PAGE);

    if (op != NULL) {
        op->obj = cpu;
        op->index = mmu;
        op->lg = gen->program->page_lg;
        op->perm = TW_R | TW_W | TW_X;
    }
    return op;
}

/* The pool under its own addresses, by one large page. */
static void map_pool(TwGen *gen, uint8_t cpu, uint8_t mmu)
{
    TwOp *op = new_page(gen, cpu, mmu);

    if (op != NULL) {
        op->lg = (uint8_t)(gen->program->page_lg + POOL_LG + 1);
        op->out = gen->program->regions[gen->pool].addr &
                  ~((gen->page << (POOL_LG + 1)) - 1);
        op->addr = op->out;
        gen->base = gen->program->regions[gen->pool].addr & ~(gen->page - 1);
        tw_gen_note_page(gen, op);
    }
}

/* `n` small pages, `step` pages apart, that lead to those of the pool, or
 * anywhere. */
static void map_pages(TwGen *gen, uint8_t cpu, uint8_t mmu, unsigned n,
                      uint64_t step)
{
    const TwProgram *program = gen->program;
    const TwMmuIndex *index = &program->cpus[cpu].mmu[mmu];
    uint64_t pool = program->regions[gen->pool].addr & ~(gen->page - 1);

    gen->base = 0;
    for (unsigned i = 0; i < n; i++) {
        TwOp *op = new_page(gen, cpu, mmu);

        if (op == NULL) {
            return;
        }
        op->addr = i * step * gen->page;
        op->out = pool + (uint64_t)(i & ((1u << POOL_LG) - 1)) * gen->page;
        if (tw_gen_chance(gen, 15)) {
            op->out = tw_gen_pick_in_space(gen, index->space, index->attrs,
                                           gen->mixture->via) &
                      ~(gen->page - 1);
        }
        if (tw_gen_chance(gen, 15)) {
            op->perm = (uint8_t)tw_gen_below(gen, 8);
        }
        tw_gen_note_page(gen, op);
    }
}

/* Entries of one IOMMU, a granule each, with others' places between them. */
static void map_entries(TwGen *gen, uint8_t iommu, unsigned n)
{
    const TwProgram *program = gen->program;
    uint64_t granule = 1ull << program->iommus[iommu].granule_lg;

    for (unsigned i = 0; i < n; i++) {
        TwOp *op = tw_gen_new_setup(gen, TW_OP_MAP);
        uint64_t length = granule;

        if (op == NULL) {
            return;
        }
        op->obj = iommu;
        op->addr = (uint64_t)i * granule;
        op->last = op->addr + (granule - 1);
        op->other = (uint8_t)tw_gen_below(gen, tw_gen_live_spaces(gen));
        op->out = tw_gen_pick_room(gen, op->other, &length, 20);
        op->perm = tw_gen_chance(gen, 80) ? TW_R | TW_W
                                          : (uint8_t)tw_gen_below(gen, 4);
        tw_op_round(program, op);
        tw_gen_note_map(gen, op);
    }
}

void tw_extreme_setup(TwGen *gen)
{
    const TwProgram *program = gen->program;
    unsigned lg = program->cpus[0].tlb_lg;

    gen->n_many = 0;
    gen->step = 1;
    gen->base = 0;
    if (gen->pool == TW_NONE || !program->cpus[0].present ||
        !program->cpus[0].mmu[0].present) {
        return;
    }
    switch (gen->extreme) {
    case TW_EXTREME_SLOTS:
        gen->n_many = (uint16_t)(33 + tw_gen_below(gen, 160));
        if (tw_gen_chance(gen, 50)) {
            map_pool(gen, 0, 0);
        } else {
            map_pages(gen, 0, 0, gen->n_many, 1);
        }
        break;
    case TW_EXTREME_VICTIMS:
        gen->n_many = (uint16_t)(12 + tw_gen_below(gen, 20));
        gen->step = 1ull << lg;
        map_pages(gen, 0, 0, gen->n_many, gen->step);
        break;
    case TW_EXTREME_MAPPINGS:
        gen->n_many = (uint16_t)(gen->dialect->max_setup / 2u +
                                 tw_gen_below(gen, gen->dialect->max_setup));
        if (program->n_iommus > 0 && tw_gen_chance(gen, 40)) {
            map_entries(gen, (uint8_t)tw_gen_below(gen, program->n_iommus),
                        gen->n_many);
        } else {
            gen->step = 1 + tw_gen_below(gen, 3);
            map_pages(gen, 0, 0, gen->n_many, gen->step);
        }
        break;
    default:
        break;
    }
}

/* RAM below all else: the window of a flat program is full. */
void tw_extreme_flat_regions(TwGen *gen, unsigned window_lg)
{
    TwRegion *ram;

    if (gen->extreme == TW_EXTREME_MAPPINGS &&
        (ram = tw_gen_new_region(gen, TW_REGION_RAM, 0, 0,
                                 1ull << window_lg)) != NULL) {
        ram->priority = -9;
    }
}

unsigned tw_extreme_flat_count(TwGen *gen, unsigned usual)
{
    return gen->extreme == TW_EXTREME_REGIONS
               ? 64 + tw_gen_below(gen, TW_MAX_REGIONS - 64)
               : usual;
}

/* One entry for all pages, and one with fewer rights for every other page: as
 * many ranges as there are pages. */
void tw_extreme_flat_setup(TwGen *gen, unsigned window_lg)
{
    unsigned n = 1u << (window_lg - gen->program->page_lg);
    TwOp *op;

    if (gen->extreme != TW_EXTREME_MAPPINGS ||
        !gen->program->cpus[0].mmu[0].present ||
        (op = new_page(gen, 0, 0)) == NULL) {
        return;
    }
    op->lg = (uint8_t)window_lg;
    for (unsigned i = 1; i < n; i += 2) {
        op = new_page(gen, 0, 0);
        if (op == NULL) {
            return;
        }
        op->out = op->addr = i * gen->page;
        op->perm = tw_gen_chance(gen, 80) ? TW_R : TW_R | TW_X;
    }
}

/* Script --------------------------------------------------------------------
 */

/* As many transactions, one in the other, as may be open. */
static void nest_transactions(TwGen *gen)
{
    enum { MOST_OPEN = 8 };
    TwAim aim;

    if (!tw_aim_anywhere(gen, &aim) ||
        !tw_gen_speaks(gen->dialect, TW_OP_BEGIN) ||
        gen->program->n_script + 4u * MOST_OPEN > gen->limit) {
        return;
    }
    for (unsigned i = 0; i < MOST_OPEN; i++) {
        tw_put(gen, TW_OP_BEGIN, TW_BOARD);
        tw_put_topology(gen, tw_gen_some_region(gen, &aim), TW_BOARD);
    }
    for (unsigned i = 0; i < MOST_OPEN; i++) {
        tw_put_aimed(gen, &aim, TW_OP_READ);
        tw_put(gen, TW_OP_COMMIT, TW_BOARD);
    }
    tw_put_aimed(gen, &aim, TW_OP_READ);
}

bool tw_extreme_script(TwGen *gen, unsigned part)
{
    unsigned n = gen->n_many;

    if (gen->extreme == TW_EXTREME_NONE || gen->dialect->identity_pages ||
        part == PARTS) {
        return false;
    }
    if (gen->extreme == TW_EXTREME_LONG) {
        nest_transactions(gen);
    }
    if (gen->extreme == TW_EXTREME_MAPPINGS) {
        n = n < 24 ? n : 24;
    }
    /* All of them once, the last ones again. */
    for (unsigned i = 0; i < n + n / 4; i++) {
        uint64_t page = gen->extreme == TW_EXTREME_MAPPINGS
                            ? tw_gen_below(gen, gen->n_many)
                        : i < n ? i
                                : n - 1 - (i - n);
        tw_put_access(gen,
                      tw_gen_chance(gen, 70) ? TW_OP_READ : tw_gen_code(gen), 0,
                      0, gen->base + page * gen->step * gen->page, 4);
    }
    return true;
}
