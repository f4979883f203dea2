/* SPDX-License-Identifier: MIT */
/*
 * Dirty logs (LA-39).  Stores are not noted when they happen: a world is a
 * chain of stores, so `dirty-clear` can read there, for each world, which pages
 * were stored to since the last one.  A restore keeps the notes of the stores
 * that it undoes; the chain has both.
 */
#include "oracle/judge/dirty.h"

#include <string.h>

void tw_dirty_start(TwDirty *dirty)
{
    dirty->n_clears = 0;
    memset(dirty->since, 0xff, sizeof(dirty->since)); /* TW_NO_OP */
}

void tw_dirty_perform(TwDirty *dirty, const TwProgram *program, const TwOp *op,
                      uint16_t number)
{
    uint8_t block = program->regions[op->obj].block;

    if (op->code == TW_OP_DIRTY_CLEAR) {
        dirty->clears[dirty->n_clears++] = (TwDirtyClear){
            .first = op->addr >> program->page_lg,
            .last = op->last >> program->page_lg,
            .op = number,
            .block = block,
        };
    } else if (!(op->flags & TW_OPF_ON)) {
        dirty->since[block] = TW_NO_OP;
    } else if (dirty->since[block] == TW_NO_OP) {
        dirty->since[block] = number;
    }
}

/* Was the page cleared after operation `number`? */
static bool cleared_since(const TwDirty *dirty, uint8_t block, uint64_t page,
                          uint16_t number)
{
    for (unsigned i = dirty->n_clears; i > 0; i--) {
        const TwDirtyClear *clear = &dirty->clears[i - 1];

        if (clear->op < number) {
            return false;
        }
        if (clear->block == block && clear->first <= page &&
            page <= clear->last) {
            return true;
        }
    }
    return false;
}

/* Adds a page to `pages`, which ascend, unless it is there. */
static unsigned add_page(uint64_t *pages, unsigned n, uint64_t page)
{
    unsigned at = n;

    while (at > 0 && pages[at - 1] > page) {
        at--;
    }
    if (at > 0 && pages[at - 1] == page) {
        return n;
    }
    memmove(&pages[at + 1], &pages[at], (n - at) * sizeof(*pages));
    pages[at] = page;
    return n + 1;
}

unsigned tw_dirty_runs(TwDirty *dirty, const TwContents *contents,
                       const TwContent *world, const TwOp *op)
{
    const TwProgram *program = contents->program;
    unsigned lg = program->page_lg, n = 0, runs = 0;
    uint8_t block = program->regions[op->obj].block;
    uint64_t from = op->addr >> lg, to = op->last >> lg;
    uint16_t since = dirty->since[block];
    const TwStored *stored;

    for (int32_t i = world->newest;
         i != TW_NIL && since != TW_NO_OP && op->addr <= op->last;
         i = stored->length ? stored->older : stored->past) {
        stored = &contents->stored[i];
        if (stored->length && (stored->op == TW_NO_OP || stored->op < since)) {
            break; /* a poke of the setup, or before the log was on */
        }
        if (!stored->length || stored->block != block) {
            continue;
        }
        for (unsigned end = 0; end < 2; end++) { /* it may lie on two pages */
            uint64_t page =
                (stored->offset + (end ? stored->length - 1u : 0)) >> lg;

            if (page >= from && page <= to &&
                !cleared_since(dirty, block, page, stored->op)) {
                n = add_page(dirty->pages, n, page);
            }
        }
    }
    for (unsigned i = 0; i < n; i++) {
        uint64_t first = dirty->pages[i] << lg;
        uint64_t last = first + (((uint64_t)1 << lg) - 1);

        if (runs > 0 && dirty->runs[runs - 1].last + 1 == first) {
            dirty->runs[runs - 1].last = last;
        } else {
            dirty->runs[runs++] = (TwRange){first, last};
        }
    }
    return runs;
}
