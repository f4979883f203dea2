/* SPDX-License-Identifier: MIT */
/* Compares the dirty pages that a target noted with the dirty logs (LA-39). */
#include "oracle/judge/notes.h"

#include <glib.h>
#include <inttypes.h>
#include <string.h>

#include "oracle/judge/explain.h"

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
    oracle->expected.beyond = "what a dirty log notes";
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

    if (!record || record->op >= number) {
        return TW_VERDICT_AGREE;
    }
    oracle->expected.beyond = "what a dirty log notes";
    return tw_explain_other(oracle, TW_VERDICT_EFFECT, record->op,
                            "notes of pages that it did not ask for (LA-39)");
}

TwVerdict tw_notes_judge(TwOracle *oracle, const TwOp *op, uint16_t number)
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

TwVerdict tw_notes_judge_end(TwOracle *oracle)
{
    return judge_unasked(oracle, UINT16_MAX);
}
