/* SPDX-License-Identifier: MIT */
/* See runs.h. */
#include "fuzz/generate/runs.h"

#include "program/runs.h"

enum { CODE_PAGE = 4096, OVER_THE_END = CODE_PAGE - 16 };

void tw_runs_choose(TwGen *gen)
{
    uint8_t runs = tw_dialect_runs(gen->dialect);

    if (runs != TW_CONTENTS_DATA &&
        tw_contents_are_code(gen->program->contents) &&
        tw_gen_chance(gen, 35)) {
        gen->program->contents = runs;
    }
}

/* One of the last two words of a page, from which a run goes on in the next
 * one: of the page of `addr`, or of the page in front of it. */
static uint64_t near_end(TwGen *gen, uint64_t addr)
{
    uint64_t page = addr & ~(uint64_t)(CODE_PAGE - 1);

    if (page > 0 && tw_gen_chance(gen, 50)) {
        page -= CODE_PAGE;
    }
    return page + OVER_THE_END + 8 * tw_gen_below(gen, 2);
}

/* One of the words of such a run. */
static uint64_t near_edge(TwGen *gen, uint64_t addr)
{
    uint64_t page = addr & ~(uint64_t)(CODE_PAGE - 1);
    unsigned word = tw_gen_below(gen, 4);

    return page + (word < 2 ? OVER_THE_END + 8 * word : 8 * (word - 2));
}

void tw_runs_place(TwGen *gen)
{
    TwProgram *program = gen->program;

    if (!tw_contents_are_runs(program->contents)) {
        return;
    }
    for (unsigned i = 0; i < program->n_script; i++) {
        TwOp *op = &program->script[i];

        if (op->code == TW_OP_EXEC && tw_gen_chance(gen, 60)) {
            op->addr = near_end(gen, op->addr);
        } else if ((op->code == TW_OP_WRITE || op->code == TW_OP_RMW ||
                    op->code == TW_OP_DMA_WRITE) &&
                   tw_gen_chance(gen, 50)) {
            op->addr = near_edge(gen, op->addr);
        }
    }
}
