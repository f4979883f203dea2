/* SPDX-License-Identifier: MIT */
/*
 * Combined records of two IOMMUs (LA-54, FR-12): where a walk may use one, and
 * what one may say.  For this room only.
 */
#ifndef TW_ORACLE_FRESHNESS_COMBINED_H
#define TW_ORACLE_FRESHNESS_COMBINED_H

#include "oracle/freshness/older.h"

/* A hop at which a combined record may answer. */
typedef struct TwCombined {
    TwRecord record; /* but for its time: */
    uint32_t newest; /* records of later times say nothing that those of single
                      * IOMMUs do not say */
    uint32_t oldest; /* those of before have ended */
    unsigned hop;    /* of the walk */
    uint32_t asked;  /* when it is asked */
} TwCombined;

/* May a combined record answer at hop number h of the walk?  ended_too: also
 * one that an event has ended. */
bool tw_combined_begins(const TwAsk *ask, bool ended_too, const TwWalk *walk,
                        TwTimes times, unsigned h, TwCombined *combined);

/*
 * May combined record number k say what the walk got from it, at time `asked`?
 * In *ended the first event that has ended it, or NULL.  Notes in *change what
 * was looked at.
 */
bool tw_combined_says(const TwAsk *ask, bool ended_too, const TwWalk *walk,
                      const TwRecords *records, unsigned k, uint32_t asked,
                      const TwEnding **ended, TwChange *change);

#endif
