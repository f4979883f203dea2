/* SPDX-License-Identifier: MIT */
/*
 * The circumstances under which known defects of libunicorn show, told from a
 * program alone (TwTargetClass: triggers).
 */
#ifndef TW_TARGETS_UNICORN_TRIGGER_H
#define TW_TARGETS_UNICORN_TRIGGER_H

#include "targets/target.h"

extern const TwTriggerInfo tw_uc_triggers[];
uint64_t tw_uc_triggers_met(const TwProgram *program, const TwFinding *finding);
void tw_uc_avoid(TwProgram *program, uint64_t triggers);

/* Of the class "unicorn-vtlb" (vtlb.c). */
extern const TwTriggerInfo tw_uc_vtlb_triggers[];
uint64_t tw_uc_vtlb_triggers_met(const TwProgram *program,
                                 const TwFinding *finding);
void tw_uc_vtlb_avoid(TwProgram *program, uint64_t triggers);

/* Of the class "unicorn-snapshot" (trigger-snapshot.c). */
uint64_t tw_uc_all_triggers_met(const TwProgram *program,
                                const TwFinding *finding); /* as in sim.h */
extern const TwTriggerInfo tw_uc_snapshot_triggers[];
uint64_t tw_uc_snapshot_triggers_met(const TwProgram *program,
                                     const TwFinding *finding);
void tw_uc_snapshot_avoid(TwProgram *program, uint64_t triggers);

#endif
