/* SPDX-License-Identifier: MIT */
/*
 * What listeners of a space must be told (LA-43).
 */
#ifndef TW_ORACLE_JUDGE_LISTEN_H
#define TW_ORACLE_JUDGE_LISTEN_H

#include "oracle/world/world.h"

void tw_listen_perform(TwWorld *world, const TwOp *op, uint16_t number);
/* After a topology was published. */
void tw_listen_commit(TwWorld *world, uint16_t number);
/* Does walk.c see the same at the ends of ranges that are not merged yet, and
 * nothing beside them? */
bool tw_listen_agrees(const TwWorld *world, const TwSnapshot *snapshot,
                      uint8_t space, const TwShown *list, unsigned n);

#endif
