/* SPDX-License-Identifier: MIT */
/*
 * The triggers, told from the program alone: entries that it has written so
 * far, in tables or not.
 */
#include "targets/qtest/trigger.h"

/* SMMUv3 --------------------------------------------------------------------
 */

enum { TABLE_RIGHTS };
#define BIT(trigger) (UINT64_C(1) << (trigger))

/* A stage 1 descriptor: APTable[1] takes stores away below a table. */
#define AP_TABLE (UINT64_C(1) << 62)

const TwTriggerInfo tw_qtest_smmuv3_triggers[] = {
    [TABLE_RIGHTS] = {.name = "table-rights",
                      .meaning = "an entry for a table takes a right away"},
    {.name = NULL},
};

static bool is_table_right(const TwOp *op)
{
    return op->code == TW_OP_POKE && op->value & AP_TABLE &&
           (op->value & 3) == 3;
}

uint64_t tw_qtest_smmuv3_met(const TwProgram *program, const TwFinding *finding)
{
    uint64_t met = 0;

    for (unsigned i = 0; i < program->n_setup; i++) {
        met |= is_table_right(&program->setup[i]) ? BIT(TABLE_RIGHTS) : 0;
    }
    for (unsigned i = 0; i < program->n_script && i <= finding->op; i++) {
        met |= is_table_right(&program->script[i]) ? BIT(TABLE_RIGHTS) : 0;
    }
    return met;
}

void tw_qtest_smmuv3_avoid(TwProgram *program, uint64_t triggers)
{
    for (unsigned i = 0; triggers & BIT(TABLE_RIGHTS) &&
                         i < program->n_setup + program->n_script;
         i++) {
        TwOp *op = i < program->n_setup
                       ? &program->setup[i]
                       : &program->script[i - program->n_setup];

        if (is_table_right(op)) {
            op->value &= ~AP_TABLE;
        }
    }
}
