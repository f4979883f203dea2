/* SPDX-License-Identifier: MIT */
/*
 * The state of a judge at work.  Inside the oracle only; judge.h is the door.
 *
 * All arrays are allocated once and emptied by setting counts.
 */
#ifndef TW_ORACLE_JUDGE_ORACLE_H
#define TW_ORACLE_JUDGE_ORACLE_H

#include "oracle/freshness/history.h"
#include "oracle/judge/dirty.h"
#include "oracle/judge/judge.h"
#include "oracle/memory/content.h"

/* What the trace says of one access. */
typedef struct TwSeen {
    uint8_t class_;
    bool located; /* locations are there */
    bool broken;  /* locations overlap, have gaps, or stand at a refusal */
    uint8_t gaps; /* bytes that have none, and nothing else is broken; else 0 */
    uint64_t value;
    TwReason reason;             /* of a refusal */
    TwByte bytes[TW_MAX_ACCESS]; /* located: region, offset, flags */
} TwSeen;

/* One answer per page of an access, and the outcome that they give. */
typedef struct TwChoice {
    const TwAnswer *answers[2]; /* the second may be NULL; both, for an access
                                 * that is refused before any walk */
    TwByte bytes[TW_MAX_ACCESS];
    TwEffect effect;
} TwChoice;

/* What became a finding, for its story. */
typedef struct TwAccused {
    TwFinding finding;
    bool is_access;  /* what follows means something */
    bool stale;      /* `old` is the answer that was seen, or, if */
    bool right_only; /* this is set, the one whose right it had */
    bool too_short;  /* an older answer gives what was seen, but too few bytes
                      * were seen to tell */
    TwAccess access;
    TwSeen seen;
    TwChoice old;           /* points into TwOracle.past, or for old code into
                             * TwOracle.history */
    const TwStored *stored; /* old code: what replaced it, or NULL */
} TwAccused;

/* A class that may refuse the other access of a pair, or OK. */
typedef struct TwOther {
    uint8_t class_;
    bool old; /* of older answers only */
} TwOther;

typedef struct TwOthers {
    unsigned n;
    bool too_many; /* answers that the other access may get */
    TwOther list[4];
} TwOthers;

/* The first access of a pair, until the second is judged. */
typedef struct TwHalf {
    TwAccess access;
    TwEffect effect;
    TwByte bytes[TW_MAX_ACCESS];
    bool callback;
} TwHalf;

/* How much of a reason the target tells: fields of TwDialect. */
typedef struct TwReasonsTold {
    uint8_t groups[TW_REASONS];
    bool coarse;
    uint8_t lg;
} TwReasonsTold;

struct TwOracle {
    TwWorld *world;
    TwContents contents;
    TwHistory history, past;
    /* of the program being judged */
    const TwProgram *program;
    const TwTrace *trace;
    const char *target;
    TwFinding *finding;
    TwJudgeStats *stats;
    TwExpected expected; /* of the finding */
    TwAccused accused;   /* the same */
    TwReasonsTold told;  /* where the world has reasons */
    bool tells_places;   /* the trace says where accesses went, if anywhere */
    uint32_t log;        /* trace log records that have been accounted for */
    uint32_t mark;       /* the same of marks */
    TwDirty dirty;
    uint32_t
        dirty_record; /* trace events before this one hold no more notes, */
    uint32_t range_record;          /* or no ranges */
    uint32_t before[TW_MAX_SCRIPT]; /* tick before each access so far */
    TwDuring before_during;
    const TwDuring *during; /* the same, or NULL: of the access at hand */
    /* Performs the operations during an access among which are DMA accesses,
     * and judges those, or the one during a run; NULL: there are none, or they
     * have been performed. */
    TwVerdict (*perform_inside)(TwOracle *oracle, uint16_t access);
    uint16_t outer;   /* the access that these are performed during, or
                       * TW_NO_OP: log records of it may follow */
    bool starts;      /* some actor offset performs a DMA access (LA-61) */
    uint8_t started;  /* the access at hand, as in TwAccess, */
    uint8_t starter;  /* and as in TwFinding */
    uint32_t next;    /* trace outcomes of such accesses that have been judged
                       */
    uint32_t acted;   /* bit per actor offset that is, or is to be, performed
                       * by the access at hand or those that it starts */
    TwRegionSet busy; /* devices at whose actor offsets such an access began */
    TwOthers others;  /* of the access at hand, if it is paired */
    TwHalf first;     /* the same: before it */
    TwJudgeStats unused;
    bool both_walkers; /* the second walker repeats every walk */
};

#endif
