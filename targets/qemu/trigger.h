/* SPDX-License-Identifier: MIT */
/* Circumstances of programs in which known defects of QEMU show. */
#ifndef TW_TARGETS_QEMU_TRIGGER_H
#define TW_TARGETS_QEMU_TRIGGER_H

#include "targets/target.h"

/* Their numbers, the same on each architecture. */
enum {
    TW_QEMU_EXCHANGE,
    TW_QEMU_LARGE_CODE,
    TW_QEMU_UNALIGNED_NOWHERE,
    TW_QEMU_USER_CODE
};

extern const TwTriggerInfo tw_qemu_triggers_aarch64[],
    tw_qemu_triggers_x86_64[], tw_qemu_triggers[];
/* Of a program that one of the targets here may run. */
uint64_t tw_qemu_triggers_met(const TwProgram *program,
                              const TwFinding *finding);
void tw_qemu_avoid(TwProgram *program, uint64_t triggers);

#endif
