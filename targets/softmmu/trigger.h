/* SPDX-License-Identifier: MIT */
/* Where quirks can show, told from the program (TwTargetClass). */
#ifndef TW_TARGETS_SOFTMMU_TRIGGER_H
#define TW_TARGETS_SOFTMMU_TRIGGER_H

#include "targets/target.h"

extern const TwTriggerInfo tw_softmmu_triggers[];

uint64_t tw_softmmu_triggers_met(const TwProgram *program,
                                 const TwFinding *finding);
void tw_softmmu_avoid(TwProgram *program, uint64_t triggers);

#endif
