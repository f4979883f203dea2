/* SPDX-License-Identifier: MIT */
/*
 * Accesses that actor offsets start (LA-61): which they are, their outcomes in
 * the trace, and what holds while one of them is judged.
 */
#ifndef TW_ORACLE_JUDGE_STARTED_H
#define TW_ORACLE_JUDGE_STARTED_H

#include "oracle/judge/oracle.h"

/* What a started access interrupts. */
typedef struct TwStart {
    const TwDuring *during;
    uint16_t outer;
    uint8_t started, starter;
    TwRegionSet busy;
} TwStart;

/* The actor offsets that an access with this effect on `bytes` wrote, in the
 * order in which they are performed, but those that are performed already
 * (LA-27); how many. */
unsigned tw_started_list(TwOracle *oracle, const TwAccess *access,
                         const TwEffect *effect, const TwByte *bytes,
                         uint8_t list[TW_MAX_ACTORS]);

/* From here to tw_started_end(), the access at hand is that of `actor`, which
 * operation `number` starts.  Its outcome, or NULL: the trace has none, and
 * nothing has begun. */
const TwOutcome *tw_started_begin(TwOracle *oracle, const TwActor *actor,
                                  uint16_t number, TwStart *start);
void tw_started_end(TwOracle *oracle, const TwStart *start);

/* The finding that it has none. */
TwVerdict tw_started_missing(TwOracle *oracle, const TwActor *actor,
                             uint16_t number);

/* After operation `number`, an access: has the trace more outcomes of accesses
 * that it started, or records of devices or of A and D that belong to none? */
TwVerdict tw_started_none_left(TwOracle *oracle, uint16_t number);

#endif
