/* SPDX-License-Identifier: MIT */
/*
 * Pairs (LA-59): of two accesses that follow each other, the second becomes one
 * behind the first, made by the same instruction.
 */
#include "fuzz/generate/pairs.h"

#include "program/check.h"
#include "program/edit/edit.h"
#include "program/ops.h"

/* One in so many places where a pair could be; where pages have their own
 * addresses, programs have less to do otherwise. */
enum { ONE_IN = 16, ONE_IN_FLAT = 6 };

static bool is_load_or_store(const TwOp *op)
{
    return (op->code == TW_OP_READ || op->code == TW_OP_WRITE) &&
           !(op->flags & TW_OPF_FROM);
}

/* Does the dialect have pairs in this program? */
static bool possible(const TwGen *gen)
{
    const TwProgram *program = gen->program;

    if (!(gen->dialect->op_flags & TW_OPF_PAIRED)) {
        return false;
    }
    for (unsigned i = 0; i < program->n_regions; i++) {
        const TwRegion *region = &program->regions[i];

        if (tw_region_has_device(region->kind) &&
            (gen->dialect->pairs_of_ram || region->registers != TW_NONE)) {
            return false; /* registers take no pairs (LA-57) */
        }
    }
    return true;
}

/* Now and then the second begins a page. */
static void pair(const TwGen *gen, TwOp *op, uint64_t draw)
{
    const TwProgram *program = gen->program;
    uint64_t low = (UINT64_C(1) << program->page_lg) - 1;
    TwOp *first = op - 1;

    if (first->size != 4 && first->size != 8) {
        first->size = 8;
    }
    if (draw % 4 == 0) {
        first->addr = (first->addr | low) + 1 - first->size;
    } else if (draw % 4 == 1) { /* or goes on into it */
        first->addr = (first->addr | low) - first->size - draw / 4 % 3;
    }
    if (tw_contents_are_code(program->contents)) {
        first->addr &= ~UINT64_C(7); /* stores are of words (LA-44) */
    }
    *op = *first;
    op->addr += op->size;
    op->flags |= TW_OPF_PAIRED;
}

void tw_pairs_make(TwGen *gen)
{
    TwProgram *program = gen->program;
    bool any = false;
    unsigned one_in = gen->dialect->identity_pages ? ONE_IN_FLAT : ONE_IN;

    if (!possible(gen)) {
        return;
    }
    /* Numbers of their own: other programs stay as they were. */
    for (unsigned i = 1; i < program->n_script; i++) {
        TwOp *op = &program->script[i];
        uint64_t draw;

        if (!is_load_or_store(op - 1) || !is_load_or_store(op) ||
            op[-1].flags & TW_OPF_PAIRED ||
            (gen->dialect->pairs_of_ram && i + 1u < program->n_script &&
             op[1].flags & TW_OPF_DURING)) {
            continue;
        }
        draw = tw_mix64(gen->rng->state ^ 0x7061697273 ^ (uint64_t)i << 40);
        if (draw % one_in == 0) {
            pair(gen, op, draw / one_in);
            any = true;
        }
    }
    if (any) {
        tw_edit_tidy(program); /* at the end of all; DMA accesses during it */
    }
}
