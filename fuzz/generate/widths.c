/* SPDX-License-Identifier: MIT */
/* See widths.h.  Numbers of their own: other programs stay as they were. */
#include "fuzz/generate/widths.h"

#include "fuzz/generate/op.h"
#include "program/check.h"
#include "program/ops.h"

enum { ONE_IN = 3 }; /* programs of the profile */

static uint64_t lot(const TwGen *gen, uint64_t salt)
{
    return tw_mix64(gen->rng->state ^ 0x77696474687300 ^ salt << 56);
}

/* A page-map entry of that index in the setup, of a page at least, or NULL. */
static const TwOp *some_page(const TwProgram *program, uint8_t cpu, uint8_t mmu)
{
    for (unsigned i = 0; i < program->n_setup; i++) {
        const TwOp *op = &program->setup[i];

        if (op->code == TW_OP_PAGE && op->obj == cpu && op->index == mmu &&
            op->lg >= program->page_lg && op->perm & TW_R) {
            return op;
        }
    }
    return NULL;
}

/* The page at `addr` leads where that entry leads. */
static void add_page(TwGen *gen, TwOp page, uint64_t addr)
{
    TwProgram *program = gen->program;

    if (program->n_setup < gen->dialect->max_setup &&
        program->n_setup < TW_MAX_SETUP) {
        page.lg = program->page_lg;
        page.addr = addr;
        page.out &= ~((UINT64_C(1) << page.lg) - 1);
        program->setup[program->n_setup++] = page;
    }
}

/* An access becomes one near the end of the addresses, or beyond it. */
static void move_access(TwOp *op, uint64_t last, uint64_t draw)
{
    op->addr = draw % 8 == 0 ? last + 1 + draw / 8 % 4
                             : last - draw / 8 % (2u * op->size);
}

static bool is_plain(const TwProgram *program, unsigned i)
{
    const TwOp *op = &program->script[i];

    return tw_op_info(op->code)->flags & TW_OP_CPU_ACCESS &&
           !(op->flags & (TW_OPF_PAIRED | TW_OPF_FROM)) &&
           !tw_op_leads_pair(program, i);
}

void tw_widths_make(TwGen *gen)
{
    static const uint8_t widths[] = {20, 24, 32, 32, 32, 48, 0, 32};
    TwProgram *program = gen->program;
    uint64_t draw = lot(gen, 0), last;
    const TwOp *page;
    TwMmuIndex *mmu;
    uint8_t cpu, index;

    if (!gen->dialect->widths || gen->profile != TW_PROFILE_HOSTILE ||
        program->contents != TW_CONTENTS_DATA || draw % ONE_IN != 0) {
        return;
    }
    draw /= ONE_IN;
    cpu = tw_gen_pick_cpu(program, draw % TW_MAX_CPUS);
    index =
        cpu == TW_NONE ? TW_NONE : tw_gen_pick_mmu(program, cpu, draw / 4 % 4);
    page = index == TW_NONE ? NULL : some_page(program, cpu, index);
    if (page == NULL) {
        return;
    }
    mmu = &program->cpus[cpu].mmu[index];
    mmu->width = widths[draw / 16 % sizeof(widths)];
    mmu->wraps = mmu->width == 0 || draw / 128 % 3 != 0;
    last = tw_width_last(mmu->width);
    add_page(gen, *page, last & ~((UINT64_C(1) << program->page_lg) - 1));
    add_page(gen, *page, 0);
    for (unsigned i = 0; i < program->n_script; i++) {
        TwOp *op = &program->script[i];

        draw = lot(gen, i + 1);
        if (op->obj == cpu && op->index == index && is_plain(program, i) &&
            draw % 4 == 0) {
            move_access(op, last, draw / 4);
        }
    }
}
