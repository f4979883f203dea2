/* SPDX-License-Identifier: MIT */
/* The expected outcome of an access as data, for stories and reproducers. */
#ifndef TW_ORACLE_JUDGE_EXPECT_H
#define TW_ORACLE_JUDGE_EXPECT_H

#include "oracle/judge/oracle.h"

/* Keeps the outcome in oracle->expected: all allowed answers, and what devices
 * are told if the access goes as `current`, the current answer, says. */
void tw_judge_expect(TwOracle *oracle, const TwAccess *access,
                     const TwChoice *current);

#endif
