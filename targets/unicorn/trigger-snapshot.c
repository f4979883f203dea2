/* SPDX-License-Identifier: MIT */
/*
 * The triggers of the class "unicorn-snapshot": those of "unicorn" that its
 * programs can meet, and its own.  Bits of theirs are other ones than in sim.h.
 */
#include "targets/unicorn/sim.h"
#include "targets/unicorn/trigger.h"

#define TRIGGER(...)
#define TRIGGER_BOTH(id, name, text, deadly) {name, text, deadly},
#define TRIGGER_SNAPSHOT TRIGGER_BOTH

const TwTriggerInfo tw_uc_snapshot_triggers[] = {
#include "targets/unicorn/triggers.def"
    {NULL, NULL, false},
};

#define TRIGGER(...)
#define TRIGGER_BOTH(id, ...) id,
#define TRIGGER_SNAPSHOT TRIGGER_BOTH

/* By row: the trigger of sim.h. */
static const uint8_t rows[] = {
#include "targets/unicorn/triggers.def"
};

uint64_t tw_uc_snapshot_triggers_met(const TwProgram *program,
                                     const TwFinding *finding)
{
    uint64_t all = tw_uc_all_triggers_met(program, finding), met = 0;

    for (unsigned i = 0; i < sizeof(rows); i++) {
        met |= all & BIT(rows[i]) ? BIT(i) : 0;
    }
    return met;
}

void tw_uc_snapshot_avoid(TwProgram *program, uint64_t triggers)
{
    uint64_t all = 0;

    for (unsigned i = 0; i < sizeof(rows); i++) {
        all |= triggers & BIT(i) ? BIT(rows[i]) : 0;
    }
    tw_uc_avoid(program, all);
}
