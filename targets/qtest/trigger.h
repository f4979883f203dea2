/* SPDX-License-Identifier: MIT */
/* Circumstances of programs in which known defects of QEMU's IOMMUs show. */
#ifndef TW_TARGETS_QTEST_TRIGGER_H
#define TW_TARGETS_QTEST_TRIGGER_H

#include "targets/target.h"

/* Of SMMUv3. */
extern const TwTriggerInfo tw_qtest_smmuv3_triggers[],
    tw_qtest_smmuv3_nested_triggers[];
uint64_t tw_qtest_smmuv3_met(const TwProgram *program,
                             const TwFinding *finding);
void tw_qtest_smmuv3_avoid(TwProgram *program, uint64_t triggers);

/* Declares what a class of targets with triggers needs. */
#define TW_QTEST_TRIGGERS(of) \
    extern const TwTriggerInfo tw_qtest_##of##_triggers[]; \
    uint64_t tw_qtest_##of##_met(const TwProgram *program, \
                                 const TwFinding *finding); \
    void tw_qtest_##of##_avoid(TwProgram *program, uint64_t triggers)

TW_QTEST_TRIGGERS(riscv_iommu);
TW_QTEST_TRIGGERS(riscv_iommu_nested);
TW_QTEST_TRIGGERS(vtd);
TW_QTEST_TRIGGERS(vtd_scalable);
TW_QTEST_TRIGGERS(vtd_first);
TW_QTEST_TRIGGERS(amdvi);
TW_QTEST_TRIGGERS(vtd_vhost);
TW_QTEST_TRIGGERS(smmuv3_vhost);
TW_QTEST_TRIGGERS(vtd_ahci);
TW_QTEST_TRIGGERS(virtio_vtd);
TW_QTEST_TRIGGERS(virtio);
TW_QTEST_TRIGGERS(virtio_vhost);
TW_QTEST_TRIGGERS(amdvi_vhost);

/* Rows of lists, for the kinds of VT-d. */
#define TW_QTEST_INFO_PART_RIGHT \
    { \
        .name = "part-right", \
        .meaning = "an entry grants one of the two rights" \
    }
#define TW_QTEST_INFO_ALL_ONES \
    { \
        .name = "all-ones", .meaning = "all bits of an entry are set" \
    }
#define TW_QTEST_INFO_INTERRUPT_LEAF \
    { \
        .name = "interrupt-leaf", \
        .meaning = "a leaf leads to 1 GiB with the interrupt range in it" \
    }

/* The same of AMD-Vi. */
#define TW_QTEST_INFO_TABLE_RIGHT \
    { \
        .name = "table-right", \
        .meaning = "an entry for a table takes a right away" \
    }
#define TW_QTEST_INFO_SIZED_LEAF \
    { \
        .name = "sized-leaf", .meaning = "an entry has Next Level 7" \
    }
#define TW_QTEST_INFO_ABSENT_LEAF \
    { \
        .name = "absent-leaf", .meaning = "an entry has rights, but no PR" \
    }
#define TW_QTEST_INFO_SKIPPED_LEVEL \
    { \
        .name = "skipped-level", \
        .meaning = "an entry leads to a table two levels below or more" \
    }
#define TW_QTEST_INFO_NEXT_LEVEL \
    { \
        .name = "next-level", \
        .meaning = "Next Level of an entry is not lower than its own level" \
    }
#define TW_QTEST_INFO_BEYOND_TABLES \
    { \
        .name = "beyond-tables", \
        .meaning = "an access at an address that is too wide for the tables" \
    }
#define TW_QTEST_INFO_LEFT_PASS \
    { \
        .name = "left-pass", \
        .meaning = "an index has another context after `pass`, or bypass is " \
                   "switched off" \
    }
#define TW_QTEST_INFOS_OF_AMDVI \
    TW_QTEST_INFO_PART_RIGHT, TW_QTEST_INFO_TABLE_RIGHT, \
        TW_QTEST_INFO_SIZED_LEAF, TW_QTEST_INFO_ABSENT_LEAF, \
        TW_QTEST_INFO_NEXT_LEVEL, TW_QTEST_INFO_SKIPPED_LEVEL, \
        TW_QTEST_INFO_BEYOND_TABLES, TW_QTEST_INFO_LEFT_PASS

#endif
