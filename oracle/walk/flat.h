/* SPDX-License-Identifier: MIT */
/*
 * The second opinion on a walk, by rendering and replaying.  Shares no code
 * with walk.c, page.c and iommu*.c.
 */
#ifndef TW_ORACLE_WALK_FLAT_H
#define TW_ORACLE_WALK_FLAT_H

#include "oracle/walk/walk.h"

/*
 * The second opinion: the same question, answered another way.  Fills `bytes`
 * (of the mask), `cuts` and `unmarked` (as in TwWalk) only.
 */
void tw_flat(const TwWorld *world, const TwAccess *access, uint8_t mask,
             TwTimes times, TwByte bytes[TW_MAX_ACCESS], uint8_t *cuts,
             bool *unmarked);

/* Do the walkers agree on this question? */
bool tw_flat_agrees(const TwWorld *world, const TwAccess *access, uint8_t mask,
                    TwTimes times);

#endif
