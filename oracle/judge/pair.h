/* SPDX-License-Identifier: MIT */
/*
 * A target against a reference of its own, without the oracle: two traces of
 * one program must be equal wherever they may not differ.
 */
#ifndef TW_ORACLE_JUDGE_PAIR_H
#define TW_ORACLE_JUDGE_PAIR_H

#include "oracle/judge/judge.h"

/*
 * As tw_judge(), with `reference` for what is right.  Not compared is what the
 * contract leaves open (LA-45): bytes that a fetch gets after a store and
 * before the next flush of everything, and fetches from devices at all.
 * Contracts with a cache for data are not for this: the verdict is then
 * `unsupported`.
 */
TwVerdict tw_judge_pair(const TwProgram *program, const TwContract *contract,
                        const char *target, const TwTrace *trace,
                        const TwTrace *reference, TwFinding *finding,
                        TwJudgeStats *stats);

#endif
