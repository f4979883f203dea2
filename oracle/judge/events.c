/* SPDX-License-Identifier: MIT */
/*
 * What observers and listeners were told, against what they are owed.
 */
#include "oracle/judge/events.h"

#include <glib.h>
#include <inttypes.h>

#include "oracle/judge/explain.h"
#include "oracle/judge/notes.h"

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

TwVerdict tw_judge_events(TwOracle *oracle)
{
    const TwWorld *world = oracle->world;
    const TwTrace *trace = oracle->trace;

    if (world->n_owed == 0 && trace->n_events == 0) {
        return TW_VERDICT_AGREE;
    }
    if (world->crowded) {
        return tw_explain_limit(oracle,
                                "a listener's space had more than %d flat "
                                "ranges, and the oracle keeps no more",
                                TW_MAX_SHOWN);
    }
    for (unsigned o = 0; o < TW_MAX_OBSERVERS; o++) {
        TwExpected *e = &oracle->expected;
        uint32_t i = 0, j = 0;

        for (unsigned number = 0;; i++, j++, number++) {
            const TwEventRecord *owed, *got;
            uint64_t low;

            while (i < world->n_owed && world->owed[i].record.observer != o) {
                i++;
            }
            while (j < trace->n_events && trace->events[j].observer != o) {
                j++;
            }
            if (i == world->n_owed && j == trace->n_events) {
                break;
            }
            e->observer = o;
            e->event = number;
            e->owed = i < world->n_owed;
            if (i == world->n_owed) {
                return tw_explain_other(oracle, TW_VERDICT_EVENT,
                                        trace->events[j].op,
                                        "o%u got an event too many (%s)", o,
                                        event_rule(&trace->events[j]));
            }
            owed = &world->owed[i].record;
            low = world->owed[i].low;
            e->record = *owed;
            e->record.out -= low;
            e->out_low = low;
            if (j == trace->n_events) {
                return tw_explain_other(oracle, TW_VERDICT_EVENT, owed->op,
                                        "o%u did not get an event (%s)", o,
                                        event_rule(owed));
            }
            got = &trace->events[j];
            if (!same_event(owed, low, got)) {
                char right[EVENT_TEXT], seen[EVENT_TEXT];

                event_text(owed, right);
                event_text(got, seen);
                return tw_explain_other(oracle, TW_VERDICT_EVENT, owed->op,
                                        "o%u: expected %s, got %s (%s)", o,
                                        right, seen, event_rule(owed));
            }
            e->observer = TW_NONE;
        }
    }
    return tw_notes_judge_end(oracle);
}
