/* SPDX-License-Identifier: MIT */
/*
 * A target in two configurations (TwTargetClass.other): both run a program, the
 * oracle judges both traces.  Where the oracle allows one answer, both must
 * give it; where it allows several, the two may differ, and that is no finding.
 */
#ifndef TW_FUZZ_RUN_BOTH_H
#define TW_FUZZ_RUN_BOTH_H

#include "oracle/judge/judge.h"
#include "targets/target.h"

/*
 * As tw_judge() of `trace` of `target`; then the same of `other`, whose trace
 * goes to *others.  The configuration that disagrees with the oracle is
 * accused, at the earlier operation if both do, the first one at the same;
 * finding->other says which.  The text says what the one that is not accused
 * did there.  If `other` is accused, the traces are exchanged: *trace is that
 * of what is accused, and `oracle` has judged it last.  *alive: becomes false
 * if `other` is lost.
 */
TwVerdict tw_judge_both(TwOracle *oracle, const TwProgram *program,
                        TwTarget *target, TwTarget *other, const char *name,
                        TwTrace *trace, TwTrace *others, TwFinding *finding,
                        TwJudgeStats *stats, bool *alive);

#endif
