/* SPDX-License-Identifier: MIT */
/*
 * Plausible topologies: the space of a CPU with RAM, devices, aliases and
 * IOMMUs in it (regions.c), and further spaces behind the IOMMUs.
 */
#include "fuzz/generate/topology.h"

#include <string.h>

#include "fuzz/generate/extreme.h"
#include "fuzz/generate/flat.h"
#include "fuzz/generate/paged.h"
#include "fuzz/generate/op.h"
#include "fuzz/generate/put.h"
#include "fuzz/generate/regions.h"
#include "program/ways.h"

static uint32_t between(TwGen *gen, const uint8_t range[2])
{
    return range[0] + tw_gen_below(gen, range[1] - range[0] + 1u);
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

    if (draw > 2 && tw_gen_has_kind(gen, TW_REGION_ALIAS) &&
        program->n_regions + 2u <= gen->dialect->max_regions) {
        TwRegion *outer = tw_gen_new_region(gen, TW_REGION_CONTAINER, TW_NONE,
                                            0, program->regions[root].size);
        if (outer == NULL) {
            return;
        }
        uint8_t id = tw_gen_region_id(gen, outer);
        TwRegion *alias = tw_gen_new_region(gen, TW_REGION_ALIAS, id, 0,
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
    TwRegion *root = tw_gen_new_region(gen, kind, TW_NONE, 0, size);

    if (root == NULL) {
        return false;
    }
    program->spaces[program->n_spaces++] = (TwSpace){
        .present = true,
        .root = tw_gen_region_id(gen, root),
        .late = late,
    };
    root->readonly = tw_gen_chance(gen, 2);
    return true;
}

static bool add_spaces(TwGen *gen)
{
    unsigned n = between(gen, gen->mixture->spaces);
    unsigned most = gen->dialect->max_spaces;
    TwRegionKind kind = tw_gen_has_kind(gen, TW_REGION_CONTAINER)
                            ? TW_REGION_CONTAINER
                        : tw_gen_has_kind(gen, TW_REGION_RAM) ? TW_REGION_RAM
                                                              : TW_REGION_MMIO;

    if (n > most) {
        n = most;
    }
    bool late =
        n > 1 && n < most && gen->dialect->late_spaces && tw_gen_chance(gen, 8);

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

static void add_actor(TwGen *gen, uint8_t region)
{
    static const uint8_t useful[] = {
        TW_OP_PROTECT, TW_OP_UNMAP,  TW_OP_MAP,         TW_OP_NOTIFY,
        TW_OP_ENABLE,  TW_OP_MOVE,   TW_OP_FLUSH_PAGE,  TW_OP_FLUSH_ALL,
        TW_OP_PAGE,    TW_OP_BYPASS, TW_OP_IOMMU_RESET, TW_OP_PRIORITY,
    };
    TwProgram *program = gen->program;
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

/* Several of one device, now and then a ROM device, and one of another. */
static void add_actors(TwGen *gen)
{
    const TwProgram *program = gen->program;
    uint32_t kinds =
        tw_gen_chance(gen, 50) ? 1u << TW_REGION_ROMD : 1u << TW_REGION_MMIO;
    uint8_t region = tw_gen_pick_region(
        program, kinds, tw_gen_below(gen, tw_gen_region_draws(program)));

    kinds = 1u << TW_REGION_ROMD | 1u << TW_REGION_MMIO;
    if (region == TW_NONE) {
        region = tw_gen_pick_region(
            program, kinds, tw_gen_below(gen, tw_gen_region_draws(program)));
    }
    for (unsigned n = 2 + tw_gen_below(gen, TW_MAX_ACTORS - 2); n > 0; n--) {
        add_actor(gen, region);
    }
    add_actor(gen, tw_gen_pick_region(
                       program, kinds,
                       tw_gen_below(gen, tw_gen_region_draws(program))));
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
    tw_extreme_hops(gen);
    program->explicit_safepoints =
        dialect->explicit_safepoints &&
        tw_gen_chance(gen, gen->mixture->explicit_safepoints);
    gen->page = 1ull << program->page_lg;
}

/* The more regions a walk visits at each hop, the fewer hops (LA-49). */
static void limit_hops(TwProgram *program)
{
    while (program->hops > 1 && tw_ways_too_many_at_start(program) != TW_NONE) {
        program->hops /= 2;
    }
}

void tw_gen_topology(TwGen *gen)
{
    TwProgram *program = gen->program;
    TwGenCursor cursor;
    TwRng ahead;

    parameters(gen);
    tw_gen_clear(gen);
    if (gen->dialect->identity_pages) {
        tw_flat_topology(gen);
        return;
    }
    if (tw_paged_dialect(gen->dialect)) {
        tw_paged_topology(gen);
        return;
    }
    memset(&cursor, 0, sizeof(cursor));
    if (!add_spaces(gen)) {
        return;
    }
    unsigned iommus = between(gen, gen->mixture->iommus);
    unsigned extras = between(gen, gen->mixture->extras);
    bool is_chain = gen->extreme == TW_EXTREME_CHAIN;

    /* RAM everywhere; in one space of three the IOMMU comes first. */
    for (unsigned s = 0; s < program->n_spaces; s++) {
        if (s == gen->twin) {
            continue;
        }
        tw_gen_add_leaf(gen, &cursor, (uint8_t)s, TW_REGION_RAM, 2, 4);
        bool last = s + 1 == tw_gen_live_spaces(gen);
        if (s < iommus && (!last || s == 0 || is_chain)) {
            tw_gen_add_iommu(gen, &cursor, (uint8_t)s);
        }
    }
    for (unsigned i = program->n_iommus; i < iommus; i++) {
        tw_gen_add_iommu(
            gen, &cursor,
            tw_gen_no_twin(gen, tw_gen_below(gen, program->n_spaces)));
    }
    for (unsigned i = 0; i < extras; i++) {
        uint8_t space =
            tw_gen_chance(gen, 50)
                ? 0
                : tw_gen_no_twin(gen, tw_gen_below(gen, program->n_spaces));
        tw_gen_add_extra(gen, &cursor, space);
    }
    ahead = *gen->rng; /* the other programs do not notice */
    if (tw_rng_below(&ahead, 200) == 0) {
        *gen->rng = ahead;
        tw_gen_add_grid(
            gen, &cursor,
            tw_gen_no_twin(gen, tw_gen_below(gen, program->n_spaces)));
    }
    tw_extreme_regions(gen, &cursor);
    limit_hops(program);
    if (gen->twin != TW_NONE) {
        unsigned of = gen->twin - 1u;
        gen->n_spots[gen->twin] = gen->n_spots[of];
        memcpy(gen->spots[gen->twin], gen->spots[of], sizeof(gen->spots[of]));
    }
    add_cpus(gen);
    tw_extreme_cpus(gen);
    tw_gen_setup(gen);
    tw_extreme_setup(gen);
    if (gen->dialect->actors && gen->dialect->locations) {
        if (gen->extreme == TW_EXTREME_ACTORS) {
            add_actors(gen);
        } else if (tw_gen_chance(gen, 20)) {
            add_actor(gen,
                      tw_gen_pick_region(
                          program, 1u << TW_REGION_MMIO,
                          tw_gen_below(gen, tw_gen_region_draws(program))));
        }
    }
}
