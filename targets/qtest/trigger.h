/* SPDX-License-Identifier: MIT */
/* Circumstances of programs in which known defects of QEMU's IOMMUs show. */
#ifndef TW_TARGETS_QTEST_TRIGGER_H
#define TW_TARGETS_QTEST_TRIGGER_H

#include "targets/target.h"

/* Of SMMUv3. */
extern const TwTriggerInfo tw_qtest_smmuv3_triggers[];
uint64_t tw_qtest_smmuv3_met(const TwProgram *program,
                             const TwFinding *finding);
void tw_qtest_smmuv3_avoid(TwProgram *program, uint64_t triggers);

/* Of the IOMMUs of RISC-V, Intel and AMD. */
extern const TwTriggerInfo tw_qtest_tables_triggers[];
uint64_t tw_qtest_tables_met(const TwProgram *program,
                             const TwFinding *finding);
void tw_qtest_tables_avoid(TwProgram *program, uint64_t triggers);

#endif
