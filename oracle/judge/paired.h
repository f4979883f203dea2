/* SPDX-License-Identifier: MIT */
/*
 * Two accesses that one instruction makes (LA-59).
 */
#ifndef TW_ORACLE_JUDGE_PAIRED_H
#define TW_ORACLE_JUDGE_PAIRED_H

#include "oracle/judge/oracle.h"

/* `access` is operation `number`, one of a pair: marks it so, and fills in
 * oracle->others. */
void tw_paired(TwOracle *oracle, TwAccess *access, uint16_t number);
/* What nothing allowed explains is held against the first of oracle->others;
 * does nothing to an access that is not paired. */
void tw_paired_expect(const TwOracle *oracle, TwAccess *access);

#endif
