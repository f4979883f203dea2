/* SPDX-License-Identifier: MIT */
/*
 * Holds the answers that an access may get against what was seen of it.
 */
#ifndef TW_ORACLE_JUDGE_MATCH_H
#define TW_ORACLE_JUDGE_MATCH_H

#include "oracle/judge/blocked.h"
#include "oracle/judge/oracle.h"
#include "oracle/judge/registers.h"

/* The result of an access: the worlds after it, and the answer that explains
 * it. */
typedef struct TwMatch {
    unsigned n;
    bool too_many;
    TwContent worlds[TW_MAX_WORLDS];
    bool current;   /* the current answer explains it */
    bool cached;    /* so does a CPU's cache without a record of an IOTLB */
    bool single;    /* so do records of single IOMMUs */
    bool record;    /* so does such a record without that cache */
    bool unknown;   /* an explanation that no cache entry stands behind */
    bool unmarked;  /* something would explain it, were A and D set (LA-55) */
    bool poked;     /* bytes that it reaches were poked during it (LA-47) */
    bool unordered; /* an answer reaches registers, and nothing tells whether
                     * before or after what goes with the access (LA-57) */
    bool callback;
    uint32_t oldest[2][TW_PREFIX_SLOTS];
    uint32_t n_log;
    TwReached reached;           /* registers of MPCs */
    TwByte bytes[TW_MAX_ACCESS]; /* of one explanation, if there are actors;
                                  * all log the same */
    TwEffect effect;
    TwBlocked blocked;
} TwMatch;

/* A store is a change where tables of IOMMUs are in RAM. */
static inline uint32_t tw_match_store_tick(const TwWorld *world)
{
    return world->now + (world->pagetables ? 1 : 0);
}

/* Takes the answers from TwOracle.history, with each class that the other
 * access of a pair may have (LA-59). */
void tw_match(TwOracle *oracle, const TwAccess *access, const TwSeen *seen,
              TwMatch *match);

#endif
