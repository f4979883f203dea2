/* SPDX-License-Identifier: MIT */
/*
 * Operations during an access, on a target that performs them inside the first
 * refusal of the access (LA-47, during-refusals).
 */
#ifndef TW_ORACLE_JUDGE_HANDLED_H
#define TW_ORACLE_JUDGE_HANDLED_H

#include "oracle/judge/oracle.h"

/*
 * Takes the answers from oracle->history that such a target cannot give; does
 * nothing for other targets.  `handled`: the operations were performed before
 * this access, inside a refusal of its fetch.  Returns whether they are
 * performed by the end of the walk: inside a refusal of this access, or before.
 */
bool tw_handled(TwOracle *oracle, const TwAccess *access, bool handled);

/* Would such a target, which caches no answers, refuse an access of a CPU as
 * the world is now? */
bool tw_refused_now(TwOracle *oracle, const TwAccess *access);

#endif
