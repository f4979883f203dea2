/* SPDX-License-Identifier: MIT */
/*
 * Performs operations on the world.  Legality is decided before an operation
 * comes here (program/legality.h).
 */
#ifndef TW_ORACLE_JUDGE_PERFORM_H
#define TW_ORACLE_JUDGE_PERFORM_H

#include "oracle/memory/content.h"
#include "oracle/world/world.h"

/* The state before operation 0. */
void tw_perform_start(TwWorld *world, const TwProgram *program,
                      const TwContract *contract);

/* Gives walks the contents of RAM, which live as long as the world, and
 * performs the pokes of the setup. */
void tw_perform_fill(TwWorld *world, TwContents *contents);

/* Performs a legal operation that is no access; `actor` is a CPU or the
 * board, `number` the script operation that is being performed. */
void tw_perform(TwWorld *world, const TwOp *op, uint8_t actor, uint16_t number);

#endif
