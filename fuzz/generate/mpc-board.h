/* SPDX-License-Identifier: MIT */
/*
 * Programs for a board whose CPU reaches its SRAMs through MPCs
 * (program/mpc-board.h): accesses to a few *hot* blocks in all ways, between
 * changes of their bits in the look-up tables.
 */
#ifndef TW_FUZZ_GENERATE_MPC_BOARD_H
#define TW_FUZZ_GENERATE_MPC_BOARD_H

#include "program/dialect.h"
#include "program/rng.h"

/* Makes such a program, inside the dialect, which has `mpc_board`. */
void tw_mpc_board_generate(TwProgram *program, const TwDialect *dialect,
                           TwRng *rng);

#endif
