/* SPDX-License-Identifier: MIT */
/*
 * Structured mutation.  A mutation may come to something that
 * is not well formed (it knows nothing of cycles and uses); then it is thrown
 * away and another is tried.
 */
#include "fuzz/mutate.h"

#include <string.h>

#include "fuzz/generate-internal.h"
#include "fuzz/minimise-internal.h"
#include "program/legality.h"
#include "program/ops.h"

typedef struct Mutation {
    TwProgram *program;
    const TwDialect *dialect;
    uint32_t profiles;
    TwRng *rng;
} Mutation;

/* One of a set of profiles. */
static TwProfile pick_profile(uint32_t profiles, TwRng *rng)
{
    unsigned n = tw_rng_below(rng, (unsigned)__builtin_popcount(profiles));

    while (n-- > 0) {
        profiles &= profiles - 1;
    }
    return (TwProfile)__builtin_ctz(profiles);
}

static uint32_t below(Mutation *m, uint32_t bound)
{
    return tw_rng_below(m->rng, bound);
}

static unsigned script_limit(const TwDialect *dialect)
{
    return dialect->max_script < TW_MAX_SCRIPT ? dialect->max_script
                                               : TW_MAX_SCRIPT;
}

static unsigned setup_limit(const TwDialect *dialect)
{
    return dialect->max_setup < TW_MAX_SETUP ? dialect->max_setup
                                             : TW_MAX_SETUP;
}

/* The script -------------------------------------------------------------- */

/* Opens a gap of `n` operations at `at`; the caller fills it. */
static bool open_gap(Mutation *m, unsigned at, unsigned n)
{
    TwProgram *program = m->program;

    if (program->n_script + n > script_limit(m->dialect)) {
        return false;
    }
    memmove(&program->script[at + n], &program->script[at],
            (program->n_script - at) * sizeof(TwOp));
    program->n_script = (uint16_t)(program->n_script + n);
    return true;
}

static void insert_random(Mutation *m)
{
    TwOp op;
    unsigned at = below(m, m->program->n_script + 1u);

    for (unsigned tries = 0; tries < 8; tries++) {
        if (tw_gen_random_op(m->program, m->dialect, m->rng,
                             below(m, TW_OP_CODES), &op)) {
            if (open_gap(m, at, 1)) {
                m->program->script[at] = op;
            }
            return;
        }
    }
}

static void delete_ops(Mutation *m)
{
    unsigned n = m->program->n_script;

    if (n < 2) {
        return;
    }
    unsigned count = 1 + (below(m, 4) == 0 ? below(m, n / 2) : 0);
    tw_edit_cut_script(m->program, below(m, n - count + 1), count);
}

/* Copies or moves a few operations to somewhere else. */
static void copy_ops(Mutation *m, bool move)
{
    enum { MOST = 6 };
    TwOp kept[MOST];
    TwProgram *program = m->program;
    unsigned n = program->n_script;

    if (n == 0) {
        return;
    }
    unsigned from = below(m, n);
    unsigned count = 1 + below(m, MOST);
    count = count < n - from ? count : n - from;
    memcpy(kept, &program->script[from], count * sizeof(TwOp));
    if (move) {
        tw_edit_cut_script(program, from, count);
    }
    unsigned to = below(m, program->n_script + 1u);
    if (open_gap(m, to, count)) {
        memcpy(&program->script[to], kept, count * sizeof(TwOp));
    }
}

static uint64_t nudge(Mutation *m, uint64_t value)
{
    uint64_t page = 1ull << m->program->page_lg;

    switch (below(m, 10)) {
    case 0:
        return value + page;
    case 1:
        return value - page;
    case 2:
        return value + 1;
    case 3:
        return value - 1;
    case 4:
        return value & ~(page - 1);
    case 5:
        return value | (page - 1);
    case 6:
        return value ^ (1ull << below(m, 64));
    case 7:
        return value + page * below(m, 16);
    default:
        return tw_gen_random_address(m->program, m->rng);
    }
}

/* Changes one operand of one operation. */
static void change_operand(Mutation *m, TwOp *op)
{
    const TwOpInfo *info = tw_op_info(op->code);
    unsigned n = 0;

    while (info->args[n] != TW_ARG_END) {
        n++;
    }
    unsigned draw = below(m, n + 2);
    if (draw < n) {
        unsigned arg = info->args[draw];
        if (below(m, 2) == 0) {
            switch (arg) {
            case TW_ARG_ADDR:
            case TW_ARG_AT:
                op->addr = nudge(m, op->addr);
                arg = TW_ARG_END;
                break;
            case TW_ARG_RANGE:
                if (below(m, 2) == 0) {
                    op->addr = nudge(m, op->addr);
                } else {
                    op->last = nudge(m, op->last);
                }
                if (op->addr > op->last) {
                    op->last = op->addr;
                }
                arg = TW_ARG_END;
                break;
            case TW_ARG_TO:
            case TW_ARG_TO_SPACE:
            case TW_ARG_VALUE:
                op->out = nudge(m, op->out);
                arg = TW_ARG_END;
                break;
            case TW_ARG_LENGTH:
                op->last = nudge(m, op->last);
                arg = TW_ARG_END;
                break;
            default:
                break;
            }
        }
        if (arg != TW_ARG_END) {
            tw_gen_random_arg(m->program, m->dialect, m->rng, arg, op);
        }
        if (info->flags & TW_OP_CPU_ACCESS) {
            op->actor = op->obj;
        }
    } else if (draw == n && !(info->flags &
                              (TW_OP_CPU_ACCESS | TW_OP_BOARD_ONLY))) {
        op->actor = below(m, 2) ? TW_BOARD
                                : tw_gen_pick_cpu(m->program, below(m, 64));
    } else if (draw == n + 1 && (info->flags & TW_OP_ACTOR_OK) &&
               (m->dialect->op_flags & TW_OPF_DURING)) {
        op->flags ^= TW_OPF_DURING; /* tidied where it cannot stand */
    }
    tw_op_round(m->program, op);
}

/* The same operation under another name: read for write, unmap for map. */
static void change_code(Mutation *m, TwOp *op)
{
    static const uint8_t families[][5] = {
        {TW_OP_READ, TW_OP_WRITE, TW_OP_EXEC, TW_OP_READ, TW_OP_WRITE},
        {TW_OP_DMA_READ, TW_OP_DMA_WRITE, TW_OP_DMA_READ, TW_OP_DMA_WRITE,
         TW_OP_DMA_READ},
        {TW_OP_NONVOLATILE, TW_OP_UNMERGEABLE, TW_OP_READONLY, TW_OP_ENABLE,
         TW_OP_ENABLE},
    };

    for (unsigned f = 0; f < sizeof(families) / sizeof(families[0]); f++) {
        for (unsigned i = 0; i < 5; i++) {
            uint8_t to = families[f][below(m, 5)];
            if (families[f][i] == op->code && tw_gen_speaks(m->dialect, to)) {
                op->code = to;
                return;
            }
        }
    }
    if (op->code == TW_OP_RMW && tw_gen_speaks(m->dialect, TW_OP_WRITE)) {
        op->code = TW_OP_WRITE;
    }
}

static void change_op(Mutation *m)
{
    if (m->program->n_script == 0) {
        return;
    }
    TwOp *op = &m->program->script[below(m, m->program->n_script)];
    if (below(m, 8) == 0) {
        change_code(m, op);
    } else {
        change_operand(m, op);
    }
}

static void swap_ops(Mutation *m)
{
    unsigned n = m->program->n_script;

    if (n > 1) {
        unsigned a = below(m, n);
        unsigned b = below(m, 2) ? (a + 1) % n : below(m, n);
        TwOp op = m->program->script[a];
        m->program->script[a] = m->program->script[b];
        m->program->script[b] = op;
    }
}

/* A move of the generator, at the end or anywhere. */
static void add_move(Mutation *m)
{
    enum { MOST = 24 };
    TwGen gen;
    TwProgram *program = m->program;
    unsigned before = program->n_script;
    TwOp made[MOST];

    tw_gen_sketch(&gen, program, m->dialect,
                  pick_profile(m->profiles, m->rng), m->rng);
    tw_gen_move(&gen);
    unsigned count = program->n_script - before;
    if (count > 0 && count <= MOST && below(m, 3) == 0) {
        unsigned at = below(m, before + 1);
        memcpy(made, &program->script[before], count * sizeof(TwOp));
        program->n_script = (uint16_t)before;
        if (open_gap(m, at, count)) {
            memcpy(&program->script[at], made, count * sizeof(TwOp));
        }
    }
}

/* The setup --------------------------------------------------------------- */

static void change_setup(Mutation *m)
{
    TwProgram *program = m->program;
    TwDialect setup = *m->dialect;
    TwOp op;

    setup.setup_only = 0;
    switch (below(m, 5)) {
    case 0:
        if (program->n_setup < setup_limit(m->dialect) &&
            tw_gen_random_op(program, &setup, m->rng,
                             below(m, 2) ? TW_OP_PAGE : TW_OP_MAP, &op)) {
            op.actor = TW_BOARD;
            op.flags = 0;
            program->setup[program->n_setup++] = op;
        }
        break;
    case 1:
        if (program->n_setup > 0) {
            tw_edit_cut_setup(program, below(m, program->n_setup), 1);
        }
        break;
    default:
        if (program->n_setup > 0) {
            TwOp *at = &program->setup[below(m, program->n_setup)];
            change_operand(m, at);
            at->actor = TW_BOARD;
            at->flags = 0;
        }
        break;
    }
}

/* Objects ----------------------------------------------------------------- */

static void change_region(Mutation *m)
{
    static const uint8_t leaves[] = {TW_REGION_RAM, TW_REGION_ROM,
                                     TW_REGION_MMIO, TW_REGION_ROMD,
                                     TW_REGION_RESERVATION,
                                     TW_REGION_RAM_DEVICE};
    TwProgram *program = m->program;
    uint8_t id = tw_gen_pick_region(program, ~0u, below(m, 64));

    if (id == TW_NONE) {
        return;
    }
    TwRegion *region = &program->regions[id];
    uint64_t page = 1ull << program->page_lg;
    switch (below(m, 12)) {
    case 0:
        region->enabled = !region->enabled;
        break;
    case 1:
        region->readonly = !region->readonly;
        break;
    case 2:
        region->unmergeable = !region->unmergeable;
        break;
    case 3:
        region->priority = (int32_t)below(m, 7) - 3;
        break;
    case 4:
    case 5:
        if (region->container != TW_NONE) {
            region->addr = nudge(m, region->addr);
        }
        break;
    case 6:
        region->size = below(m, 4) ? page * (1 + below(m, 16))
                                   : nudge(m, region->size);
        break;
    case 7:
        if (region->kind == TW_REGION_ALIAS) {
            region->alias_offset = nudge(m, region->alias_offset);
        } else if (region->kind == TW_REGION_ROMD) {
            region->romd_mode = !region->romd_mode;
        }
        break;
    case 8:
    case 9:
        if (region->kind != TW_REGION_CONTAINER &&
            region->kind != TW_REGION_IOMMU &&
            region->kind != TW_REGION_ALIAS) {
            TwRegion other = tw_region_make(
                (TwRegionKind)leaves[below(m, sizeof(leaves))]);
            other.container = region->container;
            other.addr = region->addr;
            other.size = region->size;
            other.priority = region->priority;
            if (other.kind != TW_REGION_MMIO &&
                other.kind != TW_REGION_RESERVATION) {
                other.block = id;
            }
            *region = other;
        }
        break;
    case 10:
        if (region->kind == TW_REGION_MMIO) {
            region->error.first = below(m, (uint32_t)page);
            region->error.last = region->error.first + below(m, 16);
        }
        break;
    default:
        if (region->container != TW_NONE) {
            region->container =
                tw_gen_pick_region(program, 1u << TW_REGION_CONTAINER,
                                   below(m, 64));
        }
        break;
    }
}

/* A new leaf or alias somewhere. */
static void add_region(Mutation *m)
{
    TwProgram *program = m->program;
    uint64_t page = 1ull << program->page_lg;
    uint8_t container = tw_gen_pick_region(
        program, 1u << TW_REGION_CONTAINER, below(m, 64));
    uint8_t target = tw_gen_pick_region(program, ~0u, below(m, 64));

    if (program->n_regions >= TW_MAX_REGIONS || container == TW_NONE) {
        return;
    }
    static const uint8_t kinds[] = {TW_REGION_RAM, TW_REGION_MMIO,
                                    TW_REGION_ALIAS, TW_REGION_ALIAS,
                                    TW_REGION_RESERVATION};
    uint8_t id = program->n_regions++;
    TwRegion region =
        tw_region_make((TwRegionKind)kinds[below(m, sizeof(kinds))]);
    region.container = container;
    region.addr = below(m, 4) ? page * below(m, 32)
                              : tw_gen_random_address(program, m->rng);
    region.size = page * (1 + below(m, 8));
    region.priority = (int32_t)below(m, 3) - 1;
    if (region.kind == TW_REGION_ALIAS) {
        region.target = target;
        region.alias_offset = page * below(m, 8);
    }
    if (region.kind == TW_REGION_RAM) {
        region.block = id;
    }
    program->regions[id] = region;
}

static void change_iommu(Mutation *m)
{
    TwProgram *program = m->program;
    const TwDialect *dialect = m->dialect;
    uint8_t id = tw_gen_pick_iommu(program, below(m, 64));

    if (id == TW_NONE) {
        return;
    }
    TwIommu *iommu = &program->iommus[id];
    switch (below(m, 4)) {
    case 0:
        iommu->granule_lg =
            (uint8_t)(dialect->min_granule_lg +
                      below(m, dialect->max_granule_lg -
                                   dialect->min_granule_lg + 1u));
        if (below(m, 2) == 0) {
            iommu->granule_lg = program->page_lg;
        }
        break;
    case 1:
        iommu->select = (uint8_t)below(m, TW_SELECTS);
        break;
    case 2:
        iommu->bypass = !iommu->bypass;
        break;
    default:
        if (iommu->indexes < TW_MAX_IOMMU_INDEXES) {
            iommu->indexes++;
        }
        break;
    }
}

/* What a changed granule or page size leaves ragged. */
static void round_all(TwProgram *program)
{
    for (unsigned i = 0; i < program->n_setup; i++) {
        tw_op_round(program, &program->setup[i]);
    }
    for (unsigned i = 0; i < program->n_script; i++) {
        tw_op_round(program, &program->script[i]);
    }
    for (unsigned i = 0; i < program->n_actors; i++) {
        if (program->actors[i].region != TW_NONE) {
            tw_op_round(program, &program->actors[i].op);
        }
    }
}

static void change_cpu(Mutation *m)
{
    TwProgram *program = m->program;
    uint8_t id = tw_gen_pick_cpu(program, below(m, 64));

    if (id == TW_NONE) {
        return;
    }
    TwCpu *cpu = &program->cpus[id];
    uint8_t mmu = tw_gen_pick_mmu(program, id, below(m, 64));
    switch (below(m, 4)) {
    case 0:
        cpu->tlb_lg = (uint8_t)below(m, 6);
        break;
    case 1:
        cpu->victims = (uint8_t)below(m, 9);
        break;
    case 2:
        if (mmu != TW_NONE) {
            cpu->mmu[mmu].attrs = tw_gen_random_attrs(m->rng);
        }
        break;
    default:
        if (mmu != TW_NONE) {
            cpu->mmu[mmu].space =
                tw_gen_pick_space(program, below(m, 64));
        }
        break;
    }
}

static void change_world(Mutation *m)
{
    TwProgram *program = m->program;
    const TwDialect *dialect = m->dialect;

    switch (below(m, dialect->contents >> TW_CONTENTS_CODE & 1 ? 4 : 3)) {
    case 3:
        program->contents ^= TW_CONTENTS_DATA ^ TW_CONTENTS_CODE;
        break;
    case 0:
        program->page_lg = (uint8_t)(dialect->min_page_lg +
                                     below(m, dialect->max_page_lg -
                                                  dialect->min_page_lg + 1u));
        break;
    case 1:
        program->hops = (uint8_t)(1 + below(m, TW_MAX_HOPS));
        break;
    default:
        program->explicit_safepoints = !program->explicit_safepoints;
        break;
    }
}

static void drop_object(Mutation *m)
{
    TwProgram *program = m->program;
    uint8_t id;

    switch (below(m, 8)) {
    case 0:
        id = tw_gen_pick_iommu(program, below(m, 64));
        if (id != TW_NONE) {
            tw_edit_drop_iommu(program, id);
        }
        break;
    case 1:
        id = tw_gen_pick_cpu(program, below(m, 64));
        if (id != TW_NONE && program->n_cpus > 1) {
            tw_edit_drop_cpu(program, id);
        }
        break;
    case 2:
        id = tw_gen_pick_space(program, below(m, 64));
        if (id != TW_NONE && program->n_spaces > 1) {
            tw_edit_drop_space(program, id);
        }
        break;
    case 3:
        id = tw_gen_pick_region(program, 1u << TW_REGION_CONTAINER,
                                below(m, 64));
        if (id != TW_NONE) {
            tw_edit_flatten(program, id);
        }
        break;
    default:
        id = tw_gen_pick_region(program, ~(1u << TW_REGION_CONTAINER),
                                below(m, 64));
        if (id != TW_NONE) {
            tw_edit_drop_region(program, id);
        }
        break;
    }
}

static void mutate_once(Mutation *m)
{
    unsigned draw = below(m, 100);

    if (draw < 22) {
        add_move(m);
    } else if (draw < 30) {
        insert_random(m);
    } else if (draw < 40) {
        delete_ops(m);
    } else if (draw < 48) {
        copy_ops(m, below(m, 3) == 0);
    } else if (draw < 68) {
        change_op(m);
    } else if (draw < 73) {
        swap_ops(m);
    } else if (draw < 81) {
        change_setup(m);
    } else if (draw < 88) {
        change_region(m);
    } else if (draw < 90) {
        add_region(m);
    } else if (draw < 93) {
        change_iommu(m);
        round_all(m->program);
    } else if (draw < 96) {
        change_cpu(m);
    } else if (draw < 98) {
        change_world(m);
        round_all(m->program);
    } else {
        drop_object(m);
    }
}

static bool fits(const TwProgram *program, const TwDialect *dialect)
{
    return tw_program_check(program, NULL, 0) &&
           tw_dialect_admits(dialect, program, NULL, 0);
}

void tw_mutate(TwProgram *program, const TwDialect *dialect,
               uint32_t profiles, TwRng *rng)
{
    Mutation m = {program, dialect, profiles, rng};
    TwProgram before;

    /* Nothing that could be accessed: no mutation would come to much.  Nearly
     * nothing: engines that start from nothing stay there for long. */
    if (program->n_cpus == 0 || program->n_setup == 0 ||
        tw_rng_below(rng, program->n_script < 4 ? 4 : 64) == 0) {
        tw_generate(program, pick_profile(profiles, rng), dialect, rng);
        return;
    }
    /* Step by step: each finds a program that is well formed, as the
     * generator's moves must. */
    tw_program_copy(&before, program);
    for (unsigned left = 1 + tw_rng_below(rng, 3), tries = 0;
         left > 0 && tries < 8; tries++) {
        mutate_once(&m);
        tw_edit_tidy(program);
        tw_dialect_fit(dialect, program);
        if (fits(program, dialect)) {
            tw_program_copy(&before, program);
            left--;
        } else {
            tw_program_copy(program, &before);
        }
    }
}
