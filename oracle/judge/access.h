/* SPDX-License-Identifier: MIT */
/*
 * Judging one access.
 */
#ifndef TW_ORACLE_JUDGE_ACCESS_H
#define TW_ORACLE_JUDGE_ACCESS_H

#include "oracle/judge/oracle.h"

/* Judges access `op` of operation `number`, which is performed and has this
 * outcome, and performs its effects.  `more`: the next word of a run follows
 * (LA-52). */
TwVerdict tw_judge_one(TwOracle *oracle, const TwOp *op, uint16_t number,
                       const TwOutcome *outcome, bool more);

#endif
