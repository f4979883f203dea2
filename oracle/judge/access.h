/* SPDX-License-Identifier: MIT */
/*
 * Judging one access.
 */
#ifndef TW_ORACLE_JUDGE_ACCESS_H
#define TW_ORACLE_JUDGE_ACCESS_H

#include "oracle/judge/oracle.h"

/* Judges an access that is performed, and performs its effects. */
TwVerdict tw_judge_access(TwOracle *oracle, const TwOp *op, uint16_t number);

#endif
