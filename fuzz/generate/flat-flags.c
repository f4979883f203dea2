/* SPDX-License-Identifier: MIT */
/*
 * Flags of accesses that a flat program (flat.c) gets when its script is whole:
 * how the guest makes them.
 */
#include "fuzz/generate/flat.h"

#include "fuzz/generate/op.h"

static bool has_code(const TwGen *gen)
{
    return tw_contents_are_code(gen->program->contents) &&
           tw_gen_speaks(gen->dialect, TW_OP_EXEC);
}

void tw_flat_from(TwGen *gen)
{
    TwProgram *program = gen->program;
    uint64_t last = 0; /* where something was executed */

    if (!has_code(gen) || !(gen->dialect->op_flags & TW_OPF_FROM)) {
        return;
    }
    for (unsigned i = 0; i < program->n_script; i++) {
        TwOp *op = &program->script[i];

        if (op->code == TW_OP_EXEC) {
            last = op->addr;
        } else if ((op->code == TW_OP_READ || op->code == TW_OP_WRITE) &&
                   tw_gen_chance(gen, 12)) {
            op->flags |= TW_OPF_FROM;
            /* Its own page now and then: code that changes itself. */
            op->from = tw_gen_chance(gen, 30) ? op->addr : last;
            last = op->from;
        }
    }
}

void tw_flat_exclusive(TwGen *gen)
{
    TwProgram *program = gen->program;

    if (!(gen->dialect->op_flags & TW_OPF_EXCLUSIVE)) {
        return;
    }
    /* Numbers of their own: the rest of a program stays as it was. */
    for (unsigned i = 0; i < program->n_script; i++) {
        TwOp *op = &program->script[i];

        if (op->code == TW_OP_RMW && tw_mix64(gen->rng->state + i) & 1) {
            op->flags |= TW_OPF_EXCLUSIVE; /* fitted to the dialect later */
        }
    }
}
