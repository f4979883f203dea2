/* SPDX-License-Identifier: MIT */
/*
 * Programs for dialects without translation: one flat space of a few MiB, as a
 * CPU without its MMU sees it.  Bugs there do not show in the address of an
 * access, but in what a cache still assumes about a page: its rights, whether
 * it is mapped, its code.
 *
 *   0          1 MiB       2 MiB       3 MiB
 *   |ram  alias|ram  mmio  |alias  ram |ram          |   most regions begin in
 *   `----------`-----------`-----------`                 the first pages of a
 *                                                        MiB: pages that share
 *                                                        a slot of a small TLB
 */
#include "fuzz/generate/flat.h"

#include <string.h>

#include "fuzz/generate/extreme.h"
#include "fuzz/generate/op.h"
#include "fuzz/generate/put.h"
#include "fuzz/generate/regions.h"
#include "fuzz/generate/runs.h"

enum {
    WIDEST_LG = 24, /* addresses used where the dialect has no limit */
    CLUSTER = 12,   /* pages of a MiB in which regions begin */
    MOST_PAGES = 6, /* of a region */
};

unsigned tw_flat_limit_lg(const TwGen *gen)
{
    unsigned lg = gen->dialect->address_lg;

    return lg == 0 || lg > WIDEST_LG ? WIDEST_LG : lg;
}

uint64_t tw_flat_unit(const TwGen *gen)
{
    unsigned lg = gen->dialect->region_lg;

    return lg > gen->program->page_lg ? 1ull << lg : gen->page;
}

uint64_t tw_flat_place(TwGen *gen)
{
    uint64_t step = tw_flat_unit(gen);
    unsigned lg = tw_flat_limit_lg(gen);
    uint64_t at = step * tw_gen_below(gen, CLUSTER);

    if (lg > TW_FLAT_MIB_LG) {
        at += (uint64_t)tw_gen_below(gen, 1u << (lg - TW_FLAT_MIB_LG))
              << TW_FLAT_MIB_LG;
    }
    if (tw_gen_chance(gen, 4)) {
        at = (1ull << lg) - step * (1 + tw_gen_below(gen, 2));
    }
    return at & ((1ull << lg) - 1);
}

/* Topology ------------------------------------------------------------------
 */

static bool has_kind(const TwGen *gen, unsigned kind)
{
    return gen->dialect->region_kinds >> kind & 1;
}

static void add_region(TwGen *gen, uint8_t root)
{
    TwProgram *program = gen->program;
    unsigned draw = tw_gen_below(gen, 16);
    TwRegionKind kind = draw < 8    ? TW_REGION_RAM
                        : draw < 10 ? TW_REGION_MMIO
                        : draw < 15 ? TW_REGION_ALIAS
                                    : TW_REGION_CONTAINER;
    uint8_t target =
        tw_gen_pick_region(program, ~(1u << TW_REGION_CONTAINER),
                           tw_gen_below(gen, tw_gen_region_draws(program)));

    if (program->n_regions >= gen->dialect->max_regions) {
        return;
    }
    if (kind == TW_REGION_ALIAS && target == TW_NONE) {
        kind = TW_REGION_RAM;
    }
    if (kind != TW_REGION_CONTAINER && !has_kind(gen, kind)) {
        kind =
            has_kind(gen, TW_REGION_RAM) ? TW_REGION_RAM : TW_REGION_CONTAINER;
    }
    uint8_t id = program->n_regions++;
    TwRegion *region = &program->regions[id];

    *region = tw_region_make(kind);
    region->container = root;
    region->size = tw_flat_unit(gen) * (1 + tw_gen_below(gen, MOST_PAGES));
    region->addr = tw_flat_place(gen);
    if (id > 3 && tw_gen_chance(gen, gen->mixture->overlap)) {
        const TwRegion *under =
            &program->regions[1 + tw_gen_below(gen, id - 1u)];

        region->addr = under->addr + tw_flat_unit(gen) * tw_gen_below(gen, 3);
        region->priority = (int32_t)tw_gen_below(gen, 4) - 1;
    }
    if (kind == TW_REGION_RAM) {
        region->block = id;
    } else if (kind == TW_REGION_ALIAS) {
        region->target = target;
        region->alias_offset = tw_flat_unit(gen) * tw_gen_below(gen, 3);
    } else if (kind == TW_REGION_CONTAINER) {
        /* What comes next may be put into it. */
        region->size = tw_flat_unit(gen) * 2 * MOST_PAGES;
    }
    if (id > 2 && tw_gen_chance(gen, 15)) {
        uint8_t container =
            tw_gen_pick_region(program, 1u << TW_REGION_CONTAINER,
                               tw_gen_below(gen, tw_gen_region_draws(program)));

        if (container != TW_NONE && container < id) {
            region->container = container;
            if (container != root) {
                region->addr =
                    tw_flat_unit(gen) * tw_gen_below(gen, MOST_PAGES);
            }
        }
    }
    if (tw_gen_chance(gen, 4)) {
        region->enabled = false;
    }
}

static void add_cpus(TwGen *gen)
{
    TwProgram *program = gen->program;
    const TwDialect *dialect = gen->dialect;
    unsigned n = 1 + tw_gen_below(gen, gen->mixture->cpus[1]);
    unsigned mmus = 1 + tw_gen_below(gen, gen->mixture->mmus[1]);

    for (unsigned c = 0; c < n && c < dialect->max_cpus; c++) {
        TwCpu *cpu = &program->cpus[program->n_cpus++];

        memset(cpu, 0, sizeof(*cpu));
        cpu->present = true;
        cpu->tlb_lg = dialect->max_tlb_lg < 8 ? dialect->max_tlb_lg : 8;
        for (unsigned m = 0; m < mmus && m < dialect->max_mmu_indexes; m++) {
            cpu->mmu[m].present = true;
        }
    }
}

static void put_setup(TwGen *gen, uint8_t cpu, uint8_t mmu, uint64_t va,
                      unsigned lg, uint8_t perm)
{
    TwProgram *program = gen->program;

    if (program->n_setup >= gen->dialect->max_setup ||
        program->n_setup >= TW_MAX_SETUP ||
        !tw_ops_has(&gen->dialect->ops, TW_OP_PAGE)) {
        return;
    }
    TwOp *op = &program->setup[program->n_setup++];
    *op = tw_op_make(TW_OP_PAGE);
    op->obj = cpu;
    op->index = mmu;
    op->addr = va & ~((1ull << lg) - 1);
    op->out = op->addr;
    op->lg = (uint8_t)lg;
    op->perm = perm;
}

uint8_t tw_flat_rights(TwGen *gen)
{
    static const uint8_t rights[8] = {
        TW_R, TW_R | TW_X, TW_R | TW_W, TW_R | TW_W, TW_X, TW_R, TW_W, 0};

    return rights[tw_gen_below(gen, 8)];
}

/* Everything, and a few pages of their own; or a page entry per region. */
static void fill_pages(TwGen *gen, uint8_t cpu, uint8_t mmu)
{
    const TwProgram *program = gen->program;
    unsigned p = program->page_lg;
    bool whole = tw_gen_chance(gen, 65);

    if (whole) {
        put_setup(gen, cpu, mmu, 0, tw_flat_limit_lg(gen), TW_R | TW_W | TW_X);
    }
    for (unsigned i = 1; i < program->n_regions && i < 12; i++) {
        const TwRegion *region = &program->regions[i];
        unsigned lg = p;

        if (region->container != 0 || tw_gen_chance(gen, whole ? 75 : 5)) {
            continue;
        }
        while (lg < tw_flat_limit_lg(gen) && 1ull << lg < region->size) {
            lg++;
        }
        if (whole) {
            uint64_t va = region->addr + gen->page * tw_gen_below(gen, 2);

            put_setup(gen, cpu, mmu, va, p, tw_flat_rights(gen));
        } else {
            put_setup(gen, cpu, mmu, region->addr, lg,
                      tw_gen_chance(gen, 85) ? TW_R | TW_W | TW_X
                                             : tw_flat_rights(gen));
        }
    }
}

/* Writes to devices that change the world: the device itself, or another. */
static void add_actors(TwGen *gen)
{
    static const uint8_t useful[] = {
        TW_OP_ENABLE,    TW_OP_ENABLE,       TW_OP_MOVE,     TW_OP_RESIZE,
        TW_OP_DEL,       TW_OP_PAGE,         TW_OP_PAGE,     TW_OP_UNPAGE,
        TW_OP_ADD,       TW_OP_ALIAS_OFFSET, TW_OP_PRIORITY, TW_OP_FLUSH_PAGE,
        TW_OP_FLUSH_ALL,
    };
    TwProgram *program = gen->program;
    unsigned n = 1 + tw_gen_below(gen, 3);

    for (unsigned i = 0; i < n && program->n_actors < TW_MAX_ACTORS; i++) {
        uint8_t region =
            tw_gen_pick_region(program, 1u << TW_REGION_MMIO,
                               tw_gen_below(gen, tw_gen_region_draws(program)));
        TwOp op;

        if (region == TW_NONE ||
            !tw_gen_random_op(program, gen->dialect, gen->rng,
                              useful[tw_gen_below(gen, sizeof(useful))], &op)) {
            continue;
        }
        op.actor = TW_BOARD;
        if (op.code == TW_OP_ENABLE && tw_gen_chance(gen, 40)) {
            op.obj = region; /* the one that is being written */
        }
        TwActor *actor = &program->actors[program->n_actors++];
        memset(actor, 0, sizeof(*actor));
        actor->region = region;
        actor->offset = 8 * tw_gen_below(gen, 4);
        actor->offset += tw_gen_below(gen, 2) * 5;
        actor->op = op;
    }
}

void tw_flat_topology(TwGen *gen)
{
    TwProgram *program = gen->program;
    uint32_t contents = gen->dialect->contents;
    unsigned n = tw_extreme_flat_count(gen, 3 + tw_gen_below(gen, 8));

    if (tw_dialect_code(gen->dialect) != TW_CONTENTS_DATA &&
        (tw_gen_chance(gen, 50) || !(contents >> TW_CONTENTS_DATA & 1))) {
        program->contents = tw_dialect_code(gen->dialect);
        tw_runs_choose(gen);
    }
    program->regions[program->n_regions++] =
        tw_region_make(TW_REGION_CONTAINER);
    program->regions[0].size =
        tw_gen_chance(gen, 75) ? UINT64_MAX : 1ull << tw_flat_limit_lg(gen);
    program->spaces[program->n_spaces++] = (TwSpace){.present = true};
    tw_extreme_flat_regions(gen, tw_flat_limit_lg(gen));
    for (unsigned i = 0; i < n; i++) {
        add_region(gen, 0);
    }
    add_cpus(gen);
    for (unsigned c = 0; c < program->n_cpus; c++) {
        for (unsigned m = 0; m < TW_MAX_MMU_INDEXES; m++) {
            if (program->cpus[c].mmu[m].present) {
                fill_pages(gen, (uint8_t)c, (uint8_t)m);
            }
        }
    }
    if (gen->dialect->actors && tw_gen_chance(gen, 25)) {
        add_actors(gen);
    }
    tw_extreme_flat_setup(gen, tw_flat_limit_lg(gen));
    tw_dialect_fit(gen->dialect, program);
    tw_gen_sketch(gen, program, gen->dialect, gen->profile, gen->rng);
}
