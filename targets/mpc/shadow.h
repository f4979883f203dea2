/* SPDX-License-Identifier: MIT */
/*
 * What the MPCs of a program hold at each of its operations, told from the
 * program alone (LA-33): all that it writes is known.  For triggers and titles;
 * verdicts come from the oracle.
 */
#ifndef TW_TARGETS_MPC_SHADOW_H
#define TW_TARGETS_MPC_SHADOW_H

#include "program/mpc-board.h"

enum { TW_MPC_SHADOW_WORDS = 128 };

typedef struct TwMpcShadow {
    uint32_t ctrl, index, words;
    uint32_t table[TW_MPC_SHADOW_WORDS];
} TwMpcShadow;

typedef struct TwMpcShadows {
    const TwProgram *program;
    bool stopped; /* the last run, before its first word */
    TwMpcShadow of[TW_MPC_BOARD_MPCS];
} TwMpcShadows;

void tw_mpc_shadows_start(TwMpcShadows *shadows, const TwProgram *program);
/* After an operation, of all in order. */
void tw_mpc_shadows_step(TwMpcShadows *shadows, const TwOp *op);

/* Does an access of the index at the address meet a block that is closed to it?
 * Then *mpc is the MPC. */
bool tw_mpc_shadows_block(const TwMpcShadows *shadows, unsigned index,
                          uint64_t addr, unsigned *mpc);

/* CTRL.SEC_RESP: does an MPC answer what it blocks with an error? */
bool tw_mpc_shadows_refuse(const TwMpcShadows *shadows, unsigned mpc);

/* May an access be a bus fault: does an MPC block it that answers with errors,
 * or is nothing there? */
bool tw_mpc_shadows_fault(const TwMpcShadows *shadows, const TwOp *op);

#endif
