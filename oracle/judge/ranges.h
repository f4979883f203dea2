/* SPDX-License-Identifier: MIT */
/*
 * Ranges of which devices were told in their accesses (LA-64), judged.
 */
#ifndef TW_ORACLE_JUDGE_RANGES_H
#define TW_ORACLE_JUDGE_RANGES_H

#include "oracle/judge/oracle.h"

/* Judges what the trace says that a device was told in access `op` of operation
 * `number`, which has had its effects. */
TwVerdict tw_ranges_judge(TwOracle *oracle, const TwOp *op, uint16_t number);
/* Was a device told of a range in an operation that is none of its accesses? */
TwVerdict tw_ranges_judge_end(TwOracle *oracle);

#endif
