/* SPDX-License-Identifier: MIT */
/*
 * Performs operations on the world.  Legality is decided before an operation
 * comes here (program/legality.h).
 */
#ifndef TW_ORACLE_JUDGE_PERFORM_H
#define TW_ORACLE_JUDGE_PERFORM_H

#include "oracle/world/world.h"

/* The state before operation 0. */
void tw_perform_start(TwWorld *world, const TwProgram *program,
                      const TwContract *contract);

/* poke, at time `tick`, in script operation `number` or the setup (LA-36). */
void tw_perform_poke(TwWorld *world, const TwOp *op, uint16_t number,
                     uint32_t tick);
/* Performs a legal operation that is no access; `actor` is a CPU or the
 * board, `number` the script operation that is being performed. */
void tw_perform(TwWorld *world, const TwOp *op, uint8_t actor, uint16_t number);

#endif
