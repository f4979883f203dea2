/* SPDX-License-Identifier: MIT */
/* Triggers of known defects of QEMU's Cortex-M33 behind MPCs. */
#ifndef TW_TARGETS_MPC_TRIGGER_H
#define TW_TARGETS_MPC_TRIGGER_H

#include "targets/target.h"

extern const TwTriggerInfo tw_mpc_triggers[];
/* Also those of two CPUs. */
extern const TwTriggerInfo tw_mpc_smp_triggers[];
/* The first of them: those that programs without code can meet. */
extern const TwTriggerInfo tw_mpc_data_triggers[];
uint64_t tw_mpc_triggers_met(const TwProgram *program,
                             const TwFinding *finding);
void tw_mpc_avoid(TwProgram *program, uint64_t triggers);

#endif
