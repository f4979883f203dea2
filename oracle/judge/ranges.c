/* SPDX-License-Identifier: MIT */
/*
 * Compares where a device was told that a range leads (LA-64) with where its
 * accesses would go: at some addresses of the range, by the same answers, the
 * current ones and the older ones that are still allowed.
 */
#include "oracle/judge/ranges.h"

#include <glib.h>
#include <inttypes.h>

#include "oracle/judge/apart.h"
#include "oracle/judge/choice.h"
#include "oracle/judge/explain.h"
#include "program/ops.h"

enum { BORDERS = 7, MOST_SAMPLES = 2 + 2 * BORDERS };

/* The next record of a range in the trace, from *at on, or NULL. */
static const TwEventRecord *next_record(const TwTrace *trace, uint32_t *at)
{
    while (*at < trace->n_events && trace->events[*at].kind != TW_TRACE_TOLD) {
        ++*at;
    }
    return *at < trace->n_events ? &trace->events[*at] : NULL;
}

/* First and last address, and both sides of some borders of pages. */
static unsigned samples_of(const TwOracle *oracle, const TwEventRecord *record,
                           uint64_t samples[MOST_SAMPLES])
{
    const uint64_t page = UINT64_C(1) << oracle->program->page_lg;
    const uint64_t part = (record->last - record->first) / (BORDERS + 1);
    unsigned n = 0;

    samples[n++] = record->first;
    samples[n++] = record->last;
    for (unsigned i = 1; i <= BORDERS; i++) {
        uint64_t border = (record->first + part * i) & ~(page - 1);

        if (border > record->first) {
            samples[n++] = border - 1;
            samples[n++] = border;
        }
    }
    return n;
}

/* The access of one byte at that address of a space, with that right. */
static TwAccess access_of(const TwOracle *oracle, const TwOp *op,
                          uint16_t number, uint8_t space, uint64_t address,
                          unsigned right)
{
    const TwOp one = {
        .code = right == TW_W ? TW_OP_DMA_WRITE : TW_OP_DMA_READ,
        .actor = TW_BOARD,
        .obj = space,
        .size = 1,
        .attrs = op->attrs,
        .addr = address,
    };

    return tw_apart(oracle, &one, number);
}

/* "r2+0x1000", "nothing", "refused" */
static void place_text(const TwByte *byte, char *text, size_t size)
{
    if (byte->where == TW_AT_LEAF) {
        g_snprintf(text, size, "r%u+0x%" PRIx64, byte->region, byte->offset);
    } else {
        g_strlcpy(text, byte->where == TW_AT_HOLE ? "nothing" : "refused",
                  size);
    }
}

static bool same_place(const TwByte *a, const TwByte *b)
{
    return a->where == b->where &&
           (a->where == TW_AT_HOLE ||
            (a->where == TW_AT_LEAF && a->region == b->region &&
             a->offset == b->offset));
}

/* For emit: one of the places where the address may lead. */
static void note_allowed(TwExpected *e, const TwByte *byte)
{
    if (e->n_allowed < TW_MAX_ALLOWED) {
        e->allowed[e->n_allowed] = (TwAllowed){
            .class_ = byte->where == TW_AT_LEAF || byte->where == TW_AT_HOLE
                          ? TW_CLASS_OK
                          : TW_CLASS_DECODE_ERROR,
            .n_locations = byte->where == TW_AT_LEAF,
            .locations = {{.length = 1,
                           .region = byte->region,
                           .offset = byte->offset}},
        };
    }
    e->n_allowed += e->n_allowed <= TW_MAX_ALLOWED;
}

static void note_range(TwExpected *e, const TwEventRecord *record,
                       uint64_t address, unsigned right)
{
    e->ranged = true;
    e->record = *record;
    e->address = address;
    e->right = (uint8_t)right;
}

/* One address of a range, with one right. */
static TwVerdict judge_sample(TwOracle *oracle, const TwOp *op,
                              const TwEventRecord *record, uint64_t address,
                              unsigned right)
{
    TwHistory *history = &oracle->history;
    TwExpected *expected = &oracle->expected;
    uint64_t out = record->out + (address - record->first);
    TwAccess access =
        access_of(oracle, op, record->op, record->space, out, right);
    char told[48], now[48];
    TwByte place, current = {.where = TW_AT_HOLE};
    TwChoice choice;

    tw_history_allowed(history, oracle->world, &access);
    tw_choice(oracle, history, &access, 0, &choice);
    place = choice.bytes[0];
    access = access_of(oracle, op, record->op, op->obj, address, right);
    tw_history_allowed(history, oracle->world, &access);
    if (history->n_pages > 0 && history->answers[0].overflow) {
        return TW_VERDICT_AGREE; /* it cannot be told */
    }
    expected->n_allowed = 0;
    for (uint32_t i = 0; tw_choice(oracle, history, &access, i, &choice); i++) {
        if (same_place(&choice.bytes[0], &place)) {
            expected->n_allowed = 0;
            return TW_VERDICT_AGREE;
        }
        note_allowed(expected, &choice.bytes[0]);
        current = i == 0 ? choice.bytes[0] : current;
    }
    note_range(expected, record, address, right);
    place_text(&place, told, sizeof(told));
    place_text(&current, now, sizeof(now));
    return tw_explain_other(
        oracle, TW_VERDICT_EVENT, record->op,
        "of 0x%" PRIx64 "..0x%" PRIx64 " the device was told that 0x%" PRIx64
        " leads to s%u 0x%" PRIx64 ", %s, for %s; expected: %s (LA-64)",
        record->first, record->last, address, record->space, out, told,
        right == TW_W ? "stores" : "loads", now);
}

static TwVerdict judge_record(TwOracle *oracle, const TwOp *op,
                              const TwEventRecord *record)
{
    uint64_t samples[MOST_SAMPLES];
    unsigned n = samples_of(oracle, record, samples);
    TwVerdict verdict = TW_VERDICT_AGREE;

    for (unsigned right = TW_R; right <= TW_W; right <<= 1) {
        for (unsigned i = 0;
             record->perm & right && i < n && verdict == TW_VERDICT_AGREE;
             i++) {
            verdict = judge_sample(oracle, op, record, samples[i], right);
        }
    }
    return verdict;
}

/* A record before that of operation `number`. */
static TwVerdict judge_unasked(TwOracle *oracle, uint16_t number)
{
    const TwEventRecord *record =
        next_record(oracle->trace, &oracle->range_record);

    return record && record->op < number
               ? tw_explain_other(oracle, TW_VERDICT_EVENT, record->op,
                                  "a device was told of 0x%" PRIx64
                                  "..0x%" PRIx64
                                  " in an operation that is no access of a "
                                  "device (LA-64)",
                                  record->first, record->last)
               : TW_VERDICT_AGREE;
}

TwVerdict tw_ranges_judge(TwOracle *oracle, const TwOp *op, uint16_t number)
{
    const TwEventRecord *record;
    TwVerdict verdict = judge_unasked(oracle, number);

    while (verdict == TW_VERDICT_AGREE && tw_op_is_dma(op) &&
           (record = next_record(oracle->trace, &oracle->range_record)) !=
               NULL &&
           record->op == number) {
        verdict = judge_record(oracle, op, record);
        oracle->range_record++;
    }
    return verdict;
}

TwVerdict tw_ranges_judge_end(TwOracle *oracle)
{
    return judge_unasked(oracle, UINT16_MAX);
}
