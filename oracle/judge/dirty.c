/* SPDX-License-Identifier: MIT */
/*
 * Dirty logs (LA-39).  Nothing is noted as it happens: a world is a chain of
 * stores, so which pages were stored to since the last clear can be read there
 * when it is asked, in each world for itself.  A restore leaves the notes of
 * what it took back; the chain keeps both ways.
 */
#include "oracle/judge/internal.h"

#include <glib.h>
#include <inttypes.h>
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
        if (stored->length && stored->op < since) {
            break;
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

/* Judging ----------------------------------------------------------------- */

/* The next record of notes in the trace, from *at on, or NULL. */
static const TwEventRecord *next_record(const TwTrace *trace, uint32_t *at)
{
    while (*at < trace->n_events && trace->events[*at].kind != TW_TRACE_DIRTY) {
        ++*at;
    }
    return *at < trace->n_events ? &trace->events[*at] : NULL;
}

/* Are the records of operation `number`, from `at` on, these runs? */
static bool records_are(const TwOracle *oracle, uint32_t at, uint16_t number,
                        uint8_t region, unsigned runs)
{
    const TwEventRecord *record;

    for (unsigned i = 0; i < runs; i++, at++) {
        record = next_record(oracle->trace, &at);
        if (!record || record->op != number || record->region != region ||
            record->first != oracle->dirty.runs[i].first ||
            record->last != oracle->dirty.runs[i].last) {
            return false;
        }
    }
    record = next_record(oracle->trace, &at);
    return !record || record->op > number;
}

/* " 0x0..0x3f" ..., or " none" */
static void add_range(char *text, size_t size, uint64_t first, uint64_t last)
{
    size_t n = strlen(text);

    g_snprintf(text + n, size - n, " 0x%" PRIx64 "..0x%" PRIx64, first, last);
}

static TwVerdict accuse(TwOracle *oracle, uint16_t number, unsigned runs)
{
    const TwEventRecord *record;
    char right[120] = "", seen[120] = "";

    for (unsigned i = 0; i < runs; i++) {
        add_range(right, sizeof(right), oracle->dirty.runs[i].first,
                  oracle->dirty.runs[i].last);
    }
    for (uint32_t at = oracle->dirty_record;
         (record = next_record(oracle->trace, &at)) != NULL &&
         record->op == number;
         at++) {
        add_range(seen, sizeof(seen), record->first, record->last);
    }
    return tw_explain_other(oracle, TW_VERDICT_EFFECT, number,
                            "stored to since the last clear:%s; noted:%s "
                            "(LA-39)",
                            right[0] ? right : " nothing",
                            seen[0] ? seen : " nothing");
}

static TwVerdict judge_unasked(TwOracle *oracle, uint16_t number)
{
    const TwEventRecord *record =
        next_record(oracle->trace, &oracle->dirty_record);

    return record && record->op < number
               ? tw_explain_other(oracle, TW_VERDICT_EFFECT, record->op,
                                  "notes of pages that it did not ask for "
                                  "(LA-39)")
               : TW_VERDICT_AGREE;
}

TwVerdict tw_dirty_judge(TwOracle *oracle, const TwOp *op, uint16_t number)
{
    TwContents *contents = &oracle->contents;
    TwVerdict verdict = judge_unasked(oracle, number);
    const TwEventRecord *record;
    uint32_t n = 0;

    if (verdict != TW_VERDICT_AGREE) {
        return verdict;
    }
    if (op->code == TW_OP_DIRTY_CLEAR) {
        /* Worlds that cannot explain the notes go. */
        for (uint32_t w = 0; w < contents->n_worlds; w++) {
            unsigned runs = tw_dirty_runs(&oracle->dirty, contents,
                                          &contents->worlds[w], op);

            if (records_are(oracle, oracle->dirty_record, number, op->obj,
                            runs)) {
                contents->worlds[n++] = contents->worlds[w];
            } else if (n == 0 && w + 1 == contents->n_worlds) {
                return accuse(oracle, number, runs);
            }
        }
        contents->n_worlds = n;
        while ((record = next_record(oracle->trace, &oracle->dirty_record)) !=
                   NULL &&
               record->op == number) {
            oracle->dirty_record++;
        }
    }
    tw_dirty_perform(&oracle->dirty, oracle->program, op, number);
    return TW_VERDICT_AGREE;
}

TwVerdict tw_dirty_judge_end(TwOracle *oracle)
{
    return judge_unasked(oracle, UINT16_MAX);
}
