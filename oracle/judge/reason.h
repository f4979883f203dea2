/* SPDX-License-Identifier: MIT */
/*
 * Why an access is refused (LA-60): the link that refuses a byte of it.
 */
#ifndef TW_ORACLE_JUDGE_REASON_H
#define TW_ORACLE_JUDGE_REASON_H

#include "oracle/judge/oracle.h"

/* The reason of an access whose bytes go there, with that effect: of its lowest
 * byte that a link refuses in the class of the access.  Kind NONE: no byte is
 * refused so, or reasons are not compared. */
TwReason tw_reason_of(const TwAccess *access, const TwByte *bytes,
                      const TwEffect *effect);

TwReasonsTold tw_reasons_told(const TwDialect *dialect);

/* Is that the reason which was seen, as far as the target tells it?  In a world
 * with `reasons`. */
bool tw_reason_fits(const TwReasonsTold *told, const TwAccess *access,
                    const TwReason *seen, const TwByte *bytes,
                    const TwEffect *effect);

#endif
