/* SPDX-License-Identifier: MIT */
/*
 * The freshness rule: which older answers to an access are still allowed.
 * FRESHNESS.md beside this file tells the idea.
 */
#ifndef TW_ORACLE_FRESHNESS_HISTORY_H
#define TW_ORACLE_FRESHNESS_HISTORY_H

#include "oracle/freshness/met.h"

/* An answer to the bytes of an access in one page. */
typedef struct TwAnswer {
    TwTimes times;                    /* how to walk it again; its records stay
                                       * as long as the history */
    uint32_t until;                   /* when it was right last */
    uint32_t oldest[TW_PREFIX_SLOTS]; /* if the page is `open`: the oldest
                                       * cached prefix that explains it, per
                                       * slot; TW_FOREVER: none */
    uint8_t mask, cuts;
    bool allowed;
    bool current;       /* what the walk in S(n) says; with an operation during
                         * the access, the one before it or the one after */
    bool before, after; /* with an operation during the access: that of the
                         * whole walk before it, and after it */
    bool refused;       /* by the page map, an IOMMU, or LOOP */
    bool marked; /* if allowed: by entries in which all of A and D was set that
                  * must be (LA-55) */
    bool no_record; /* if allowed: also without a record of an IOTLB, */
    bool single;    /* by such records, but none of two IOMMUs together, */
    bool no_cache;  /* and also without a cache of the CPU */
    /* Of answers that are not allowed: */
    bool cacheable;  /* it might have been cached */
    bool by_record;  /* it was in the IOTLB of an IOMMU */
    bool by_mapping; /* it was in the DMA mapping that the access goes via */
    uint8_t link;    /* TwKeyLink: what changed after it */
    uint8_t event;   /* TwKeyEvent: what should have ended it */
    uint16_t changed, ended;
    uint16_t filled; /* the last access to the page while it was right, or
                      * TW_NO_OP (tw_history_ever) */
    TwByte bytes[TW_MAX_ACCESS];
} TwAnswer;

/* An access that can have filled a cache: when, and which operation. */
typedef struct TwTouch {
    uint32_t tick;
    uint16_t op;
} TwTouch;

typedef struct TwAnswers {
    uint32_t n;
    bool overflow; /* there are more than fit: inconclusive */
    TwAnswer list[TW_MAX_WALKS];
} TwAnswers;

typedef struct TwOlderMemo TwOlderMemo;

/* Answers to an access: one list per page that it touches. */
typedef struct TwHistory {
    TwMeeting *meeting; /* where situations are noted, or NULL */
    uint8_t n_pages;
    bool open[2];     /* older answers may matter for this page */
    uint64_t page[2]; /* number of the page */
    TwAnswers answers[2];
    /* For tw_history_ever: the accesses to each page before this one, by the
     * same CPU and MMU index, oldest first. */
    uint32_t n_touches[2];
    TwTouch touches[2][TW_MAX_SCRIPT];
    uint32_t walks;     /* beyond the current ones */
    uint64_t all_walks; /* the same, of the program so far */
    uint64_t patience;  /* when there were more, no older one is looked at */
    TwRecords records[2][TW_MAX_WALKS]; /* of answers from an IOTLB */
    TwOlderMemo *older;                 /* answers of records */
    TwWalk walk;                        /* of the version at hand */
    TwWalk mixed;                       /* with links of several times */
} TwHistory;

/* A history of zeros is made ready.  What it points to is made here and not
 * when a program needs it first, so that no program depends on those before it.
 */
void tw_history_init(TwHistory *history);
/* Frees what the history points to. */
void tw_history_clear(TwHistory *history);
/* Fills in Allowed(n), current answers first.  With access->during, the world
 * is the one after that operation. */
void tw_history_allowed(TwHistory *history, const TwWorld *world,
                        const TwAccess *access);
/*
 * Fills in every answer that was ever right, back to the start of the program,
 * allowed or not; one that is not allowed says what ended it.  If an answer was
 * right at several times, it gets the latest time at which an access can have
 * filled the cache (history->touches).  For findings only.
 */
void tw_history_ever(TwHistory *history, const TwWorld *world,
                     const TwAccess *access);

/* Puts the answers of both pages together. */
void tw_answer_join(const TwAccess *access, const TwAnswer *first,
                    const TwAnswer *second, TwByte bytes[TW_MAX_ACCESS],
                    uint8_t *cuts);

#endif
