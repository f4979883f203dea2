/* SPDX-License-Identifier: MIT */
/* The list of triggers, and which a finding meets; see trigger.h. */
#include "targets/unicorn/trigger.h"

#include "targets/unicorn/sim.h"

#define TRIGGER(id, name, text, deadly) [id] = {name, text, deadly},
#define TRIGGER_BOTH TRIGGER
#define TRIGGER_SNAPSHOT(...)

const TwTriggerInfo tw_uc_triggers[] = {
#include "targets/unicorn/triggers.def"
    {NULL, NULL, false},
};

/* On the path of an access. */
static uint64_t of_access(const Sim *sim, const TwOp *op)
{
    uint64_t last = tw_uc_last_byte(sim, op) >> sim->flat.page_lg;
    uint64_t met =
        tw_uc_exec_triggers(sim, op) | (sim->ever & BIT(ACTORS_ASTRAY));

    if (tw_uc_is_partial_store(sim, op)) {
        met |= BIT(PARTIAL_STORE);
    }
    if (tw_uc_reads_again(sim, op)) {
        met |= BIT(READ_AGAIN);
    }
    if (tw_uc_is_unaligned_load(sim, op)) {
        met |= BIT(LOAD_UNALIGNED);
    }
    if (tw_uc_load_crosses(sim, op)) {
        met |= BIT(LOAD_CROSSES);
    }
    if (tw_uc_is_half_exchange(sim, op)) {
        met |= BIT(EXCHANGE_HALF);
    }
    if (tw_uc_loses_own_code(sim, op)) {
        met |= BIT(OWN_CODE);
    }
    for (uint64_t p = op->addr >> sim->flat.page_lg; p <= last && p < PAGES;
         p++) {
        Shown shown = sim->flat.mapped[p];

        met |= sim->taint[p] | (sim->early[p] ? BIT(SAVED_CACHED) : 0);
        if (shown & SHOWS_DEVICE) {
            if (tw_regions_has(&sim->partial_device, shown_id(shown))) {
                met |= BIT(PARTIAL_STORE);
            }
        } else if (shown & SHOWS_RAM) {
            uint32_t n = shown_id(shown) * (uint32_t)PAGES + shown_page(shown);
            if (sim->ram[n / 64].partial >> n % 64 & 1) {
                met |= BIT(PARTIAL_STORE);
            }
            if (sim->ram[n / 64].lost >> n % 64 & 1) {
                met |= sim->ever &
                       (BIT(STORE_HANDLED) | BIT(END_SPLIT) | BIT(END_HANDLED) |
                        BIT(OWN_CODE) | BIT(HANDLER_FLUSHES));
            }
        }
    }
    return met;
}

static bool is_access(const TwOp *op)
{
    return op->code == TW_OP_READ || op->code == TW_OP_WRITE ||
           op->code == TW_OP_EXEC || op->code == TW_OP_RMW;
}

/* Of an access with its fetch; of one with operations during it also what holds
 * after them. */
static uint64_t of_whole(Sim *sim, const TwOp *op)
{
    const uint64_t inside = BIT(HANDLER_MAPS) | BIT(STORE_HANDLED) |
                            BIT(CODE_HANDLED) | BIT(OWN_CODE) |
                            BIT(HOOK_MISSED) | BIT(END_HANDLED) |
                            BIT(HANDLER_FLUSHES);
    TwOp fetch = tw_uc_fetch_of(op);
    uint64_t met = of_access(sim, op);

    if (op->flags & TW_OPF_FROM) {
        met |= of_access(sim, &fetch);
        met |= tw_uc_is_unreadable(sim, &fetch) ? BIT(NOT_READABLE) : 0;
    }
    if (tw_uc_n_during(sim, op) > 0) {
        sim->ever &= ~BIT(HOOK_MISSED); /* of an earlier access */
        tw_uc_sim_step(sim, op);
        met |= of_access(sim, op) | (sim->ever & inside);
        met |= op->flags & TW_OPF_FROM ? of_access(sim, &fetch) : 0;
    }
    return met;
}

uint64_t tw_uc_all_triggers_met(const TwProgram *program,
                                const TwFinding *finding)
{
    Sim sim;

    if (!tw_uc_admits(program)) {
        return 0; /* no target runs it */
    }
    tw_uc_sim_start(&sim, program);
    for (unsigned i = 0; i < program->n_script; i++) {
        const TwOp *op = &program->script[i];

        /* What is told of a call need not be the fault of this one. */
        if (i == finding->op && is_access(op) &&
            finding->verdict != TW_VERDICT_INVARIANT) {
            return of_whole(&sim, op);
        }
        tw_uc_sim_step(&sim, op);
        if (i == finding->op) {
            break;
        }
    }
    return sim.ever;
}

uint64_t tw_uc_triggers_met(const TwProgram *program, const TwFinding *finding)
{
    /* Those of snapshots alone are the last of sim.h. */
    return tw_uc_all_triggers_met(program, finding) & (BIT(SAVED_CACHED) - 1);
}
