/* SPDX-License-Identifier: MIT */
/* Questions about one page of an access, and the list of answers; see ask.h. */
#include "oracle/freshness/ask.h"

#include <string.h>

#include "oracle/freshness/endings.h"

/* Prefixes ---------------------------------------------------------------- */

uint32_t tw_prefix_since(const TwWalk *walk, unsigned j)
{
    uint32_t since = walk->topology_since;

    if (since < walk->page_since) {
        since = walk->page_since;
    }
    for (unsigned i = 0; i < walk->n_hops; i++) {
        if (walk->hops[i].depth < j && since < walk->hops[i].since) {
            since = walk->hops[i].since;
        }
    }
    return since;
}

/* Do the page map and the first j hops grant the access?  `small`: also if
 * something on the way is below the page size. */
static bool is_granted(const TwWalk *walk, unsigned j, bool small)
{
    if (!walk->page.present || !walk->page.granted ||
        (walk->page.small && !small)) {
        return false;
    }
    for (unsigned i = 0; i < walk->n_hops; i++) {
        if (walk->hops[i].depth < j &&
            (!walk->hops[i].granted || (walk->hops[i].small && !small))) {
            return false;
        }
    }
    return true;
}

bool tw_ask_refused(const TwByte *bytes, unsigned mask)
{
    for (; mask; mask &= mask - 1) {
        uint8_t where = bytes[__builtin_ctz(mask)].where;

        if (where == TW_AT_PAGE || where == TW_AT_HOP || where == TW_AT_LOOP) {
            return true;
        }
    }
    return false;
}

/* Endings ----------------------------------------------------------------- */

const TwEnding *tw_ask_ended_by(const TwAsk *ask, const TwWalk *walk,
                                unsigned j, bool tail, uint32_t t)
{
    const TwWorld *world = ask->world;
    const TwEnding *first = NULL;

    for (uint32_t i = ask->n_endings; i > 0; i--) {
        const TwEnding *ending = &world->endings[i - 1];

        if (ending->tick <= t) {
            break;
        }
        if ((ask->access->cpu == TW_BOARD ||
             tw_world_counts(world, ending, ask->access->cpu)) &&
            tw_ending_covers(world, ask->access, ending, walk, j, tail)) {
            first = ending;
        }
    }
    return first;
}

/* Collecting -------------------------------------------------------------- */

static bool same_answer(const TwAnswer *a, const TwByte *bytes, uint8_t cuts,
                        unsigned mask)
{
    if (a->cuts != cuts) {
        return false;
    }
    for (; mask; mask &= mask - 1) {
        unsigned k = (unsigned)__builtin_ctz(mask);

        if (!tw_byte_same(&a->bytes[k], &bytes[k])) {
            return false;
        }
    }
    return true;
}

static void describe(const TwAsk *ask, TwAnswer *answer, const TwFacts *facts)
{
    answer->times = facts->times;
    if (facts->times.records) {
        TwRecords *copy =
            &ask->history->records[ask->number][answer - ask->answers->list];

        *copy = *facts->times.records;
        answer->times.records = copy;
    }
    answer->until = facts->until;
    answer->allowed = facts->allowed;
    answer->cacheable = facts->cacheable;
    answer->by_record = facts->by_record;
    answer->by_mapping = facts->by_mapping;
    answer->link = facts->link;
    answer->event = facts->event;
    answer->changed = facts->changed;
    answer->ended = facts->ended;
    answer->filled = facts->filled;
}

/* Is that a better reason for an answer than the one it has?  Those that come
 * later are of older times. */
static bool better(const TwAsk *ask, const TwFacts *facts,
                   const TwAnswer *answer)
{
    if (answer->allowed || facts->allowed) {
        return !answer->allowed;
    }
    if (answer->cacheable != facts->cacheable) {
        return facts->cacheable;
    }
    if (facts->by_record && answer->by_record &&
        facts->event != TW_KEY_EVENT_NEWER &&
        answer->event != TW_KEY_EVENT_NEWER &&
        (facts->event == TW_KEY_EVENT_NONE) ==
            (answer->event == TW_KEY_EVENT_NONE)) {
        /* The record that could be used longest. */
        return facts->ended != TW_NO_OP && facts->ended > answer->ended;
    }
    if (!tw_ask_is_cached(ask)) {
        return false; /* right until the latest time: nothing was filled */
    }
    if ((answer->filled == TW_NO_OP) != (facts->filled == TW_NO_OP)) {
        return answer->filled == TW_NO_OP;
    }
    /* Prefer "replaced" only if no event ended the answer. */
    return answer->event == TW_KEY_EVENT_NEWER &&
           facts->event != TW_KEY_EVENT_NEWER &&
           facts->event != TW_KEY_EVENT_NONE;
}

/* Notes the prefix that explains the answer, if one may. */
static inline __attribute__((always_inline)) void
note_slot(const TwAsk *ask, TwAnswer *answer, const TwFacts *facts)
{
    if (ask->slots && facts->allowed &&
        answer->oldest[facts->slot] > facts->since) {
        answer->oldest[facts->slot] = facts->since;
    }
    answer->no_record |= facts->allowed && !facts->times.records;
    if (facts->times.records && facts->allowed) {
        answer->single |= !tw_walk_combined(facts->times.records);
    }
    answer->no_cache |= facts->allowed && facts->times.then == ask->now;
    /* What the fill at hand found is no old answer. */
    answer->current |= facts->allowed && facts->times.then == ask->fill &&
                       !facts->times.records;
}

/* The answer that is like that of the walk, or NULL. */
static inline TwAnswer *known_answer(const TwAsk *ask, const TwWalk *walk)
{
    TwAnswers *answers = ask->answers;

    for (uint32_t i = 0; i < answers->n; i++) {
        if (same_answer(&answers->list[i], walk->bytes, walk->cuts,
                        ask->mask)) {
            return &answers->list[i];
        }
    }
    return NULL;
}

/* A new answer, of which nothing is known but the walk; or NULL: there are too
 * many. */
static inline TwAnswer *new_answer(const TwAsk *ask, const TwWalk *walk)
{
    TwAnswers *answers = ask->answers;
    TwAnswer *answer;

    if (answers->n == TW_MAX_WALKS) {
        answers->overflow = true;
        return NULL;
    }
    answer = &answers->list[answers->n++];
    answer->mask = ask->mask;
    answer->cuts = walk->cuts;
    answer->current = answer->before = answer->after = false;
    answer->no_record = answer->single = answer->no_cache = false;
    answer->marked = false;
    answer->refused = tw_ask_refused(walk->bytes, ask->mask);
    for (unsigned s = 0; ask->slots && s < TW_PREFIX_SLOTS; s++) {
        answer->oldest[s] = TW_FOREVER;
    }
    memcpy(answer->bytes, walk->bytes, sizeof(answer->bytes));
    return answer;
}

TwAnswer *tw_ask_add(const TwAsk *ask, const TwWalk *walk, const TwFacts *facts)
{
    TwAnswer *answer = known_answer(ask, walk);

    if (answer) {
        note_slot(ask, answer, facts);
        answer->marked |= facts->allowed && !walk->unmarked;
        if (better(ask, facts, answer)) {
            describe(ask, answer, facts);
        }
        return answer;
    }
    answer = new_answer(ask, walk);
    if (answer) {
        describe(ask, answer, facts);
        note_slot(ask, answer, facts);
        answer->marked = facts->allowed && !walk->unmarked;
    }
    return answer;
}

/* Which prefixes of the current walk explain the answer. */
static void note_slots(TwAnswer *answer, const TwWalk *walk)
{
    for (unsigned j = 0; j <= walk->depth && is_granted(walk, j, false); j++) {
        uint32_t since = tw_prefix_since(walk, j);

        if (answer->oldest[tw_prefix_slot(j)] > since) {
            answer->oldest[tw_prefix_slot(j)] = since;
        }
        if (j == walk->depth && !answer->refused) {
            answer->oldest[TW_SLOT_FULL] = since;
        }
    }
}

void tw_ask_add_current(const TwAsk *ask, const TwWalk *walk)
{
    TwAnswer *answer = known_answer(ask, walk);
    bool described = answer && answer->allowed;

    answer = answer ? answer : new_answer(ask, walk);
    if (!answer) {
        return;
    }
    answer->marked |= !walk->unmarked;
    if (!described) {
        answer->times = tw_times_at(ask->now);
        answer->until = ask->now;
        answer->allowed = true;
        answer->cacheable = answer->by_record = answer->by_mapping = false;
        answer->link = answer->event = 0;
        answer->changed = answer->ended = answer->filled = TW_NO_OP;
    }
    answer->no_record = answer->no_cache = true;
    answer->current = true;
    answer->after |= ask->now == ask->world->now;
    answer->before |=
        ask->access->during && ask->now == ask->access->during->now;
    if (ask->slots) {
        note_slots(answer, walk);
    }
}

uint8_t tw_ask_event_key(const TwEnding *ending)
{
    switch (ending->kind) {
    case TW_ENDING_COMMIT:
        return TW_KEY_EVENT_COMMIT;
    case TW_ENDING_UNMAP:
    case TW_ENDING_COMMAND:
        return TW_KEY_EVENT_UNMAP;
    case TW_ENDING_RESET:
        return TW_KEY_EVENT_RESET;
    case TW_ENDING_RESTORE:
        return TW_KEY_EVENT_RESTORE;
    default:
        return TW_KEY_EVENT_FLUSH;
    }
}

/* The last access to the page in a span of time, or TW_NO_OP. */
static uint16_t filled_in(const TwAsk *ask, uint32_t since, uint32_t t)
{
    const TwTouch *touches = ask->history->touches[ask->number];

    for (uint32_t i = ask->ever ? ask->history->n_touches[ask->number] : 0;
         i > 0; i--) {
        if (touches[i - 1].tick >= since && touches[i - 1].tick <= t) {
            return touches[i - 1].op;
        }
    }
    return TW_NO_OP;
}

TwFacts tw_ask_judge_prefix(const TwAsk *ask, const TwWalk *walk, unsigned j,
                            bool tail, uint32_t t, const TwNewer *newer)
{
    const TwEnding *ending = tw_ask_ended_by(ask, walk, j, tail, t);
    bool cacheable = tw_ask_is_cached(ask) && is_granted(walk, j, false);

    return (TwFacts){
        .since = tw_prefix_since(walk, j),
        .until = t,
        .slot = tw_prefix_slot(j),
        .cacheable = cacheable || (t == ask->fill && is_granted(walk, j, true)),
        .link = newer->link,
        .changed = newer->op,
        .event = ending ? tw_ask_event_key(ending) : TW_KEY_EVENT_NONE,
        .ended = ending ? ending->op : TW_NO_OP,
        .filled = filled_in(ask, tw_prefix_since(walk, j), t),
    };
}

TwFacts tw_ask_in_slot(const TwAsk *ask, TwFacts facts, unsigned slot,
                       TwTimes times)
{
    facts.slot = slot;
    facts.times = times;
    facts.allowed = facts.cacheable && facts.event == TW_KEY_EVENT_NONE;
    if (facts.allowed && ask->floor && times.then < ask->floor->tick[slot]) {
        facts.allowed = false;
        facts.event = TW_KEY_EVENT_NEWER;
        facts.ended = ask->floor->op;
    }
    return facts;
}
