/* SPDX-License-Identifier: MIT */
/*
 * A question about one page of an access, and what is known of each answer:
 * what history.c and recorded.c share.  For this room only.
 */
#ifndef TW_ORACLE_FRESHNESS_ASK_H
#define TW_ORACLE_FRESHNESS_ASK_H

#include "oracle/freshness/history.h"

/*
 * A question about one page of an access.  If an operation takes place during
 * the access, there are two questions: the answers before the operation, and
 * the answers of a walk that the operation interrupted or that started after
 * it.  In both, the events of the operation do not count, because the target
 * may have begun its walk before them.
 */
typedef struct TwAsk {
    TwHistory *history;
    TwAnswers *answers;
    const TwWorld *world;
    const TwAccess *access;
    const TwFloor *floor; /* or NULL */
    uint64_t page;
    uint8_t mask;
    uint8_t number; /* of the page in the history */
    bool ever;      /* all answers, allowed or not */
    bool slots;     /* there may be older ones: fill in TwAnswer.oldest */
    uint32_t now;
    uint32_t n_endings; /* events that count */
    uint32_t fresh;     /* the last of them that ended everything */
    uint32_t fill;      /* what was current then is in use, as far as it was
                         * granted, cacheable or not; TW_FOREVER: nothing is */
} TwAsk;

/* What is known of an answer besides where its bytes go. */
typedef struct TwFacts {
    TwTimes times;
    uint32_t since;
    uint32_t until; /* when it was right last */
    unsigned slot;
    bool allowed, cacheable, by_record, by_mapping;
    uint8_t link, event;
    uint16_t changed, ended, filled;
} TwFacts;

/* The version just newer than the one at hand. */
typedef struct TwNewer {
    uint32_t since[TW_MAX_HOPS + 1]; /* of its prefixes */
    unsigned depth;
    uint8_t link; /* what its coming changed */
    uint16_t op;
} TwNewer;

/* May answers to this access be kept in a cache of the CPU? */
static inline bool tw_ask_is_cached(const TwAsk *ask)
{
    return ask->access->cpu != TW_BOARD && ask->world->contract.cpu_cache;
}

/* The slot (TW_PREFIX_SLOTS) of prefixes with j hops. */
static inline unsigned tw_prefix_slot(unsigned j)
{
    return j < TW_SLOT_FULL - 1 ? j : TW_SLOT_FULL - 1;
}

/* Since when the page-map entry, the topology and the first j hops have been
 * as they are in this walk (of one time). */
uint32_t tw_prefix_since(const TwWalk *walk, unsigned j);
/* Does a link refuse one of the bytes? */
bool tw_ask_refused(const TwByte *bytes, unsigned mask);
/* Has the program at hand cost more than the caller wants to spend on it? */
static inline bool tw_ask_lost_patience(const TwAsk *ask)
{
    const TwHistory *history = ask->history;

    return history->all_walks + history->walks > history->patience;
}

/* The first event after time t, counted by now, that covers that prefix; or
 * NULL. */
const TwEnding *tw_ask_ended_by(const TwAsk *ask, const TwWalk *walk,
                                unsigned j, bool tail, uint32_t t);
/* The TwKeyEvent of an event. */
uint8_t tw_ask_event_key(const TwEnding *ending);

/* Adds an answer, or a further reason for one that is there; copies the records
 * of facts->times.  Returns the answer, or NULL: there are too many. */
TwAnswer *tw_ask_add(const TwAsk *ask, const TwWalk *walk,
                     const TwFacts *facts);
/* Adds the current answer, and notes which cached prefixes explain it, too. */
void tw_ask_add_current(const TwAsk *ask, const TwWalk *walk);

/* May the page-map entry and the first j hops of the walk, current up to t,
 * and, if `tail`, what was behind them, still be cached? */
TwFacts tw_ask_judge_prefix(const TwAsk *ask, const TwWalk *walk, unsigned j,
                            bool tail, uint32_t t, const TwNewer *newer);
/* Of an access that a DMA mapping may answer: could the mapping be of the walk
 * of these times, and may it still be used? */
TwFacts tw_ask_judge_mapping(const TwAsk *ask, TwTimes times,
                             const TwNewer *newer);
/* The time before which no answer of its mapping is left. */
uint32_t tw_ask_mapped_since(const TwAsk *ask);
/* Takes the facts into one slot: is it allowed there? */
TwFacts tw_ask_in_slot(const TwAsk *ask, TwFacts facts, unsigned slot,
                       TwTimes times);

#endif
