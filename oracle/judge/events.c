/* SPDX-License-Identifier: MIT */
/*
 * What observers and listeners were told, against what they are owed.
 */
#include "oracle/judge/events.h"

#include <glib.h>
#include <inttypes.h>

#include "oracle/judge/explain.h"
#include "oracle/judge/notes.h"
#include "oracle/judge/ranges.h"

enum { EVENT_TEXT = 112 };

/* "add of 0x0..0xfff -> r1 0x0 by op 3" */
static void event_text(const TwEventRecord *event, char text[EVENT_TEXT])
{
    const char *kind = tw_event_kind_name(event->kind);
    char to[16] = "";

    if (event->region != TW_NONE) {
        g_snprintf(to, sizeof(to), "r%u ", event->region);
    } else if (event->space != TW_NONE) {
        g_snprintf(to, sizeof(to), "s%u ", event->space);
    }
    g_snprintf(text, EVENT_TEXT,
               "%s of 0x%" PRIx64 "..0x%" PRIx64 " -> %s0x%" PRIx64 " by op %u",
               kind ? kind : "no kind", event->first, event->last, to,
               event->out, event->op);
}

static const char *event_rule(const TwEventRecord *event)
{
    return event->kind >= TW_LISTEN_ADD ? "LA-43" : "LA-18";
}

/* Of an UNMAP only operation, kind and range count (LA-18). */
static bool same_event(const TwEventRecord *owed, uint64_t low,
                       const TwEventRecord *got)
{
    if (got->op != owed->op || got->kind != owed->kind ||
        got->first != owed->first || got->last != owed->last) {
        return false;
    }
    if (owed->kind == TW_EVENT_MAP) {
        return got->perm == owed->perm && got->space == owed->space &&
               (got->out == owed->out || got->out == owed->out - low);
    }
    return owed->kind < TW_LISTEN_ADD ||
           (got->region == owed->region && got->space == owed->space &&
            got->out == owed->out);
}

/* Where the judge of one observer's events stands. */
typedef struct Look {
    unsigned o;
    uint32_t owed, got; /* the next ones of this observer, or the end */
    const TwEventRecord *replay; /* the last one that began, or NULL */
    unsigned number;             /* how many it got before */
} Look;

static void next_owed(const TwWorld *world, Look *look)
{
    for (; look->owed < world->n_owed; look->owed++) {
        const TwEventRecord *record = &world->owed[look->owed].record;

        if (record->observer == look->o) {
            if (record->kind) {
                return;
            }
            look->replay = record;
        }
    }
}

static void next_got(const TwTrace *trace, Look *look)
{
    while (look->got < trace->n_events &&
           trace->events[look->got].observer != look->o) {
        look->got++;
    }
}

static bool meet(const TwEventRecord *a, const TwEventRecord *b)
{
    return a->first <= b->last && b->first <= a->last;
}

/* LA-48: a replay may send UNMAPs, but of nothing that it has sent as MAP. */
static bool is_free(const TwTrace *trace, const Look *look)
{
    const TwEventRecord *got = &trace->events[look->got];

    if (!look->replay || got->op != look->replay->op ||
        got->kind != TW_EVENT_UNMAP || got->first < look->replay->first ||
        got->last > look->replay->last || got->first > got->last) {
        return false;
    }
    for (uint32_t i = 0; i < look->got; i++) {
        const TwEventRecord *before = &trace->events[i];

        if (before->observer == look->o && before->op == got->op &&
            before->kind == TW_EVENT_MAP && meet(before, got)) {
            return false;
        }
    }
    return true;
}

static TwVerdict other_event(TwOracle *oracle, const Look *look,
                             const TwOwed *owed, const TwEventRecord *got)
{
    char right[EVENT_TEXT], seen[EVENT_TEXT];

    event_text(&owed->record, right);
    event_text(got, seen);
    return tw_explain_other(oracle, TW_VERDICT_EVENT, owed->record.op,
                            "o%u: expected %s, got %s (%s)", look->o, right,
                            seen, event_rule(&owed->record));
}

/* The next event of the observer.  *end: there is none, and none is owed. */
static TwVerdict judge_event(TwOracle *oracle, Look *look, bool *end)
{
    const TwWorld *world = oracle->world;
    const TwTrace *trace = oracle->trace;
    TwExpected *e = &oracle->expected;
    const TwOwed *owed = &world->owed[look->owed];
    const TwEventRecord *got = &trace->events[look->got];

    *end = look->owed == world->n_owed && look->got == trace->n_events;
    if (*end) {
        return TW_VERDICT_AGREE;
    }
    e->observer = look->o;
    e->event = look->number;
    e->owed = look->owed < world->n_owed;
    if (!e->owed) {
        return tw_explain_other(oracle, TW_VERDICT_EVENT, got->op,
                                "o%u got an event too many (%s)", look->o,
                                event_rule(got));
    }
    e->record = owed->record;
    e->record.out -= owed->low;
    e->out_low = owed->low;
    if (look->got == trace->n_events) {
        return tw_explain_other(oracle, TW_VERDICT_EVENT, owed->record.op,
                                "o%u did not get an event (%s)", look->o,
                                event_rule(&owed->record));
    }
    if (!same_event(&owed->record, owed->low, got)) {
        return other_event(oracle, look, owed, got);
    }
    e->observer = TW_NONE;
    return TW_VERDICT_AGREE;
}

static TwVerdict judge_observer(TwOracle *oracle, unsigned o)
{
    const TwWorld *world = oracle->world;
    const TwTrace *trace = oracle->trace;
    Look look = {.o = o};
    TwVerdict verdict = TW_VERDICT_AGREE;

    for (bool end = false; !end && verdict == TW_VERDICT_AGREE;) {
        next_owed(world, &look);
        next_got(trace, &look);
        if (look.got < trace->n_events && is_free(trace, &look) &&
            !(look.owed < world->n_owed &&
              same_event(&world->owed[look.owed].record,
                         world->owed[look.owed].low,
                         &trace->events[look.got]))) {
            look.got++;
            look.number++;
            continue;
        }
        verdict = judge_event(oracle, &look, &end);
        look.owed++;
        look.got++;
        look.number++;
    }
    return verdict;
}

TwVerdict tw_judge_events(TwOracle *oracle)
{
    const TwWorld *world = oracle->world;

    if (world->n_owed == 0 && oracle->trace->n_events == 0) {
        return TW_VERDICT_AGREE;
    }
    if (world->crowded) {
        return tw_explain_limit(oracle,
                                "a listener's space had more than %d flat "
                                "ranges, and the oracle keeps no more",
                                TW_MAX_SHOWN);
    }
    for (unsigned o = 0; o < TW_MAX_OBSERVERS; o++) {
        TwVerdict verdict = judge_observer(oracle, o);

        if (verdict != TW_VERDICT_AGREE) {
            return verdict;
        }
    }
    return tw_ranges_judge_end(oracle) == TW_VERDICT_AGREE
               ? tw_notes_judge_end(oracle)
               : oracle->finding->verdict;
}
