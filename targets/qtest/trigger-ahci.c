/* SPDX-License-Identifier: MIT */
/* Triggers of devices that keep mappings: those of VT-d, and such an access. */
#include "targets/qtest/trigger.h"

enum { OF_VTD = 3, VIA_MAPPING = OF_VTD };

#define BIT(trigger) (UINT64_C(1) << (trigger))

const TwTriggerInfo tw_qtest_vtd_ahci_triggers[] = {
    TW_QTEST_INFO_PART_RIGHT,
    TW_QTEST_INFO_ALL_ONES,
    TW_QTEST_INFO_INTERRUPT_LEAF,
    [VIA_MAPPING] = {.name = "via-mapping",
                     .meaning = "the script makes an access via a mapping"},
    {.name = NULL},
};

uint64_t tw_qtest_vtd_ahci_met(const TwProgram *program,
                               const TwFinding *finding)
{
    unsigned n =
        finding->op < program->n_script ? finding->op + 1u : program->n_script;
    uint64_t met = tw_qtest_vtd_met(program, finding) & (BIT(OF_VTD) - 1);

    for (unsigned i = 0; i < n; i++) {
        met |= program->script[i].flags & TW_OPF_VIA ? BIT(VIA_MAPPING) : 0;
    }
    return met;
}

void tw_qtest_vtd_ahci_avoid(TwProgram *program, uint64_t triggers)
{
    tw_qtest_vtd_avoid(program, triggers & (BIT(OF_VTD) - 1));
    for (unsigned i = 0; triggers & BIT(VIA_MAPPING) && i < program->n_script;
         i++) {
        if (program->script[i].flags & TW_OPF_VIA) {
            program->script[i].flags &= (uint8_t)~TW_OPF_VIA;
            program->script[i].other = 0;
        }
    }
}
