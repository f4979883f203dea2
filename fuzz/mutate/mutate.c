/* SPDX-License-Identifier: MIT */
/*
 * Structured mutation.  A mutation ignores cycles and uses, so its result may
 * be ill formed; then the result is dropped and another mutation is tried.
 */
#include "fuzz/mutate/objects.h"

#include <string.h>

#include "fuzz/generate/moves.h"
#include "fuzz/generate/op.h"
#include "program/edit/edit.h"
#include "program/legality.h"
#include "program/ops.h"

/* One of a set of profiles. */
static TwProfile pick_profile(uint32_t profiles, TwRng *rng)
{
    unsigned n = tw_rng_below(rng, (unsigned)__builtin_popcount(profiles));

    while (n-- > 0) {
        profiles &= profiles - 1;
    }
    return (TwProfile)__builtin_ctz(profiles);
}

static unsigned setup_limit(const TwDialect *dialect)
{
    return dialect->max_setup < TW_MAX_SETUP ? dialect->max_setup
                                             : TW_MAX_SETUP;
}

/* The script -------------------------------------------------------------- */

/* Opens a gap of `n` operations at `at`; the caller fills it. */
static bool open_gap(TwMutation *m, unsigned at, unsigned n)
{
    TwProgram *program = m->program;

    if (program->n_script + n > tw_script_limit(m->program, m->dialect)) {
        return false;
    }
    memmove(&program->script[at + n], &program->script[at],
            (program->n_script - at) * sizeof(TwOp));
    program->n_script = (uint16_t)(program->n_script + n);
    return true;
}

static void insert_random(TwMutation *m)
{
    TwOp op;
    unsigned at = tw_below(m, m->program->n_script + 1u);

    for (unsigned tries = 0; tries < 8; tries++) {
        if (tw_gen_random_op(m->program, m->dialect, m->rng,
                             tw_below(m, TW_OP_CODES), &op)) {
            if (open_gap(m, at, 1)) {
                m->program->script[at] = op;
            }
            return;
        }
    }
}

static void delete_ops(TwMutation *m)
{
    unsigned n = m->program->n_script;

    if (n < 2) {
        return;
    }
    unsigned count = 1 + (tw_below(m, 4) == 0 ? tw_below(m, n / 2) : 0);
    tw_edit_cut_script(m->program, tw_below(m, n - count + 1), count);
}

/* Copies or moves a few operations to somewhere else. */
static void copy_ops(TwMutation *m, bool move)
{
    enum { MOST = 6 };
    TwOp kept[MOST];
    TwProgram *program = m->program;
    unsigned n = program->n_script;

    if (n == 0) {
        return;
    }
    unsigned from = tw_below(m, n);
    unsigned count = 1 + tw_below(m, MOST);
    count = count < n - from ? count : n - from;
    memcpy(kept, &program->script[from], count * sizeof(TwOp));
    if (move) {
        tw_edit_cut_script(program, from, count);
    }
    unsigned to = tw_below(m, program->n_script + 1u);
    if (open_gap(m, to, count)) {
        memcpy(&program->script[to], kept, count * sizeof(TwOp));
    }
}

/* Moves a number of an operand a little; false if it has none. */
static bool nudge_arg(TwMutation *m, unsigned arg, TwOp *op)
{
    for (const TwField *part = tw_args[arg].parts; part->type != TW_FIELD_NONE;
         part++) {
        if (part->width != sizeof(uint64_t)) {
            continue;
        }
        bool range = part[1].type == TW_FIELD_END;
        const TwField *which = range && tw_below(m, 2) != 0 ? part + 1 : part;
        tw_field_set(which, op, tw_mutate_nudge(m, tw_field_get(which, op)));
        if (range && tw_field_get(part, op) > tw_field_get(part + 1, op)) {
            tw_field_set(part + 1, op, tw_field_get(part, op));
        }
        return true;
    }
    return false;
}

/* Makes a read or a write the second of a pair with the operation before it, if
 * this can be the first (LA-59); or parts it from that. */
static void pair(TwMutation *m, TwOp *op)
{
    const TwOp *before = op - 1;

    if (op->flags & TW_OPF_PAIRED) {
        op->flags &= (uint8_t)~TW_OPF_PAIRED;
    } else if (op > m->program->script && op->code == before->code &&
               (op->code == TW_OP_READ || op->code == TW_OP_WRITE)) {
        *op = *before;
        op->addr += op->size;
        op->flags |= m->dialect->op_flags & TW_OPF_PAIRED; /* tidied later */
    }
}

/* Changes one operand of one operation, of the script or of the setup. */
static void change_operand(TwMutation *m, TwOp *op, bool script)
{
    const TwOpInfo *info = tw_op_info(op->code);
    unsigned n = 0;

    while (info->args[n] != TW_ARG_END) {
        n++;
    }
    unsigned draw = tw_below(m, n + 2);
    if (draw < n) {
        unsigned arg = info->args[draw];
        if (tw_below(m, 2) != 0 || !nudge_arg(m, arg, op)) {
            tw_gen_random_arg(m->program, m->dialect, m->rng, arg, op);
        }
        if (info->flags & TW_OP_CPU_ACCESS) {
            op->actor = op->obj;
        }
    } else if (draw == n &&
               !(info->flags & (TW_OP_CPU_ACCESS | TW_OP_BOARD_ONLY))) {
        op->actor = tw_below(m, 2)
                        ? TW_BOARD
                        : tw_gen_pick_cpu(m->program, tw_below(m, 64));
    } else if (draw == n && op->code == TW_OP_RMW) {
        op->flags ^= m->dialect->op_flags & TW_OPF_EXCLUSIVE;
    } else if (draw == n && script) {
        pair(m, op);
    } else if (draw == n + 1 && tw_dialect_suits_during(m->dialect, op)) {
        op->flags ^= TW_OPF_DURING; /* tidied where it cannot stand */
    }
    tw_op_round(m->program, op);
}

/* The same operation under another name: read for write, unmap for map. */
static void change_code(TwMutation *m, TwOp *op)
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
            uint8_t to = families[f][tw_below(m, 5)];
            if (families[f][i] == op->code && tw_gen_speaks(m->dialect, to)) {
                op->code = to;
                return;
            }
        }
    }
    if (op->code == TW_OP_RMW && tw_gen_speaks(m->dialect, TW_OP_WRITE)) {
        op->code = TW_OP_WRITE;
        op->flags &= (uint8_t)~TW_OPF_EXCLUSIVE;
    }
}

/* Changes what an actor offset performs: an operand, or it becomes a DMA access
 * of the script (LA-61). */
static void change_actor(TwMutation *m)
{
    TwProgram *program = m->program;
    TwActor *actor = &program->actors[tw_below(m, program->n_actors)];
    const TwOp *from = &program->script[tw_below(m, program->n_script)];

    if (actor->region == TW_NONE) {
        return;
    }
    if (tw_below(m, 2) == 0 && m->dialect->started && tw_op_is_dma(from)) {
        actor->op = *from;
    } else {
        change_operand(m, &actor->op, false);
    }
    actor->op.actor = TW_BOARD;
    actor->op.flags &= (uint8_t) ~(TW_OPF_DURING | TW_OPF_PAIRED);
}

static void change_op(TwMutation *m)
{
    if (m->program->n_script == 0) {
        return;
    }
    if (m->program->n_actors > 0 && tw_below(m, 6) == 0) {
        change_actor(m);
        return;
    }
    TwOp *op = &m->program->script[tw_below(m, m->program->n_script)];
    if (tw_below(m, 8) == 0) {
        change_code(m, op);
    } else {
        change_operand(m, op, true);
    }
}

static void swap_ops(TwMutation *m)
{
    unsigned n = m->program->n_script;

    if (n > 1) {
        unsigned a = tw_below(m, n);
        unsigned b = tw_below(m, 2) ? (a + 1) % n : tw_below(m, n);
        TwOp op = m->program->script[a];
        m->program->script[a] = m->program->script[b];
        m->program->script[b] = op;
    }
}

/* A move of the generator, at the end or anywhere. */
static void add_move(TwMutation *m)
{
    enum { MOST = 24 };
    TwGen gen;
    TwProgram *program = m->program;
    unsigned before = program->n_script;
    TwOp made[MOST];

    tw_gen_sketch(&gen, program, m->dialect, pick_profile(m->profiles, m->rng),
                  m->rng);
    tw_gen_move(&gen);
    unsigned count = program->n_script - before;
    if (count > 0 && count <= MOST && tw_below(m, 3) == 0) {
        unsigned at = tw_below(m, before + 1);
        memcpy(made, &program->script[before], count * sizeof(TwOp));
        program->n_script = (uint16_t)before;
        if (open_gap(m, at, count)) {
            memcpy(&program->script[at], made, count * sizeof(TwOp));
        }
    }
}

/* The setup --------------------------------------------------------------- */

static void change_setup(TwMutation *m)
{
    TwProgram *program = m->program;
    TwDialect setup = *m->dialect;
    TwOp op;

    setup.setup_only = (TwOpSet){{0}};
    switch (tw_below(m, 5)) {
    case 0:
        if (program->n_setup < setup_limit(m->dialect) &&
            tw_gen_random_op(program, &setup, m->rng,
                             tw_below(m, 2) ? TW_OP_PAGE : TW_OP_MAP, &op)) {
            op.actor = TW_BOARD;
            op.flags = 0;
            program->setup[program->n_setup++] = op;
        }
        break;
    case 1:
        if (program->n_setup > 0) {
            tw_edit_cut_setup(program, tw_below(m, program->n_setup), 1);
        }
        break;
    default:
        if (program->n_setup > 0) {
            TwOp *at = &program->setup[tw_below(m, program->n_setup)];
            change_operand(m, at, false);
            at->actor = TW_BOARD;
            at->flags = 0;
        }
        break;
    }
}

enum { NEW_MOVES = 22, ONLY_OPS = 81 };

static void mutate_once(TwMutation *m)
{
    bool machine = tw_dialect_is_machine(m->dialect); /* its objects stay */
    unsigned draw = machine ? NEW_MOVES + tw_below(m, ONLY_OPS - NEW_MOVES)
                            : tw_below(m, 100);

    if (draw < NEW_MOVES) {
        add_move(m);
    } else if (draw < 30) {
        insert_random(m);
    } else if (draw < 40) {
        delete_ops(m);
    } else if (draw < 48) {
        copy_ops(m, tw_below(m, 3) == 0);
    } else if (draw < 68) {
        change_op(m);
    } else if (draw < 73) {
        swap_ops(m);
    } else if (draw < ONLY_OPS) {
        change_setup(m);
    } else if (draw < 88) {
        tw_mutate_change_region(m);
    } else if (draw < 90) {
        tw_mutate_add_region(m);
    } else if (draw < 93) {
        tw_mutate_change_iommu(m);
        tw_mutate_round_all(m->program);
    } else if (draw < 96) {
        tw_mutate_change_cpu(m);
    } else if (draw < 98) {
        tw_mutate_change_world(m);
        tw_mutate_round_all(m->program);
    } else {
        tw_mutate_drop_object(m);
    }
}

static bool fits(const TwProgram *program, const TwDialect *dialect)
{
    return tw_program_check(program, NULL, 0) &&
           tw_dialect_admits(dialect, program, NULL, 0);
}

void tw_mutate(TwProgram *program, const TwDialect *dialect, uint32_t profiles,
               TwRng *rng)
{
    TwMutation m = {program, dialect, profiles, rng};
    TwProgram before;

    /* A program without a CPU or a setup has nothing to access, so mutations
     * would have little effect.  A very short script is replaced more often,
     * since engines that start from an empty input stay there for long. */
    if ((program->n_cpus == 0 && !tw_dialect_is_machine(dialect)) ||
        program->n_setup == 0 ||
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
