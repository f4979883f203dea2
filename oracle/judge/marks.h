/* SPDX-License-Identifier: MIT */
/*
 * A and D bits that walks set in page tables (LA-55).  The target says which
 * entries it has updated; the oracle checks that the access may have asked for
 * it, and goes on with what is then in RAM.  What must be set is checked with
 * the answer (tw_choice_marked).
 */
#ifndef TW_ORACLE_JUDGE_MARKS_H
#define TW_ORACLE_JUDGE_MARKS_H

#include "oracle/judge/oracle.h"

/* Are there marks in the trace that have not been accounted for? */
static inline bool tw_marks_left(const TwOracle *oracle)
{
    return oracle->mark < oracle->trace->n_marks;
}
/*
 * Before access `number` is judged: takes its marks from the trace, those of
 * both accesses of a pair before the first.  `agree`, or a finding, or
 * `inconclusive`.
 */
TwVerdict tw_marks_apply(TwOracle *oracle, const TwOp *op, uint16_t number);
/* After operation `number`: are there no further marks up to it?  TW_NO_OP: at
 * all. */
TwVerdict tw_marks_none(TwOracle *oracle, uint16_t number);
/* Which bit the access should have set, in words: "D is not set in ..." */
void tw_marks_text(TwOracle *oracle, const TwAccess *access, char *text,
                   size_t size);

#endif
