/* SPDX-License-Identifier: MIT */
/*
 * Judges an access of the script, of a run word by word (LA-52).
 */
#ifndef TW_ORACLE_JUDGE_RUN_H
#define TW_ORACLE_JUDGE_RUN_H

#include "oracle/judge/oracle.h"

/* Judges access `number`, `op`, which is performed, and performs its effects.
 */
TwVerdict tw_judge_access(TwOracle *oracle, const TwOp *op, uint16_t number);

#endif
