/* SPDX-License-Identifier: MIT */
/*
 * Observers of IOMMUs: which may be registered (NT-2), and the events of a
 * replay (LA-48).
 */
#ifndef TW_ORACLE_JUDGE_OBSERVE_H
#define TW_ORACLE_JUDGE_OBSERVE_H

#include "oracle/world/world.h"

void tw_observe_perform(TwWorld *world, const TwOp *op, uint16_t number);
/* Must the IOMMU refuse this operation (NT-2)? */
bool tw_observe_vetoed(const TwWorld *world, const TwOp *op);

#endif
