/* SPDX-License-Identifier: MIT */
/*
 * Looks for the older answer that explains what was seen of an access.
 */
#ifndef TW_ORACLE_JUDGE_STALE_H
#define TW_ORACLE_JUDGE_STALE_H

#include "oracle/judge/choice.h"

/* The answer of a choice that is not allowed, or NULL. */
const TwAnswer *tw_stale_answer(const TwChoice *choice);

/* Looks for the answer that was right once: of those of the highest rank, the
 * latest.  *weak: the same of those for which what was seen is not evidence
 * enough; answers[0] is NULL if there is none. */
bool tw_find_stale(TwOracle *oracle, const TwAccess *access, const TwSeen *seen,
                   TwChoice *best, TwChoice *weak);

/*
 * After tw_find_stale() found none, for an access whose place is known and that
 * lacks a right: if it went where it would go now with this right, the answer
 * that had the right once, wherever that led.  Else *old does not change.
 */
bool tw_find_old_right(TwOracle *oracle, const TwAccess *access,
                       const TwSeen *seen, TwChoice *old);

#endif
