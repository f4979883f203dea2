/* SPDX-License-Identifier: MIT */
/* The list of triggers, and which a finding meets; see trigger.h. */
#include "targets/unicorn/trigger.h"

#include "targets/unicorn/sim.h"

const TwTriggerInfo tw_uc_triggers[] = {
    [READ_REVOKED] = {"read-revoked",
                      "uc_mem_protect took R from the page while it was "
                      "mapped",
                      false},
    [NOT_READABLE] = {"not-readable",
                      "the page has no R and was written, executed or flushed, "
                      "or that was tried",
                      false},
    [PARTIAL_STORE] = {"partial-store",
                       "a store began in a page that takes it and ended in "
                       "one that refuses it",
                       false},
    [DEVICE_SPLIT] = {"device-split",
                      "part of an MMIO mapping was unmapped or protected, and "
                      "the page belongs to the rest or the part",
                      false},
    [CODE_CHANGED] = {"code-changed",
                      "code of the page was run, and the page has other "
                      "memory or no X now; or was flushed while it had, or "
                      "after a change of memory that is mapped twice",
                      false},
    [DEVICE_CODE_FLUSHED] = {"device-code-flushed",
                             "code of a device was run and then flushed",
                             false},
    [READ_AGAIN] = {"read-again",
                    "a load of the page was refused before, for want of R",
                    false},
    [OWN_CODE] = {"own-code",
                  "a device takes X from the page of the instruction that "
                  "writes to it",
                  false},
    [CODE_STORED] = {"code-stored",
                     "code of the page was run, and was stored to after its "
                     "mapping was changed, or while its memory was mapped at "
                     "another address too",
                     false},
    [LOAD_UNALIGNED] = {"load-unaligned",
                        "a load of a device's page is not aligned", false},
    [MANY_RANGES] = {"many-ranges",
                     "1000 mappings or more at once; one that uc_mem_protect "
                     "splits counts as its parts",
                     true},
    [HANDLER_MAPS] = {"handler-maps",
                      "the hook of an access that was refused for want of a "
                      "right made, took away or split a mapping, or changed W "
                      "of one, also for uc_mem_write to a page without W",
                      true},
    [STORE_HANDLED] = {"store-handled",
                       "W had been taken from the page, by uc_mem_protect or "
                       "after uc_mem_write, and the hook of a refused store "
                       "gave it back",
                       false},
    [CODE_HANDLED] =
        {"code-handled",
         "the hook of a refused fetch of the page let the fetch go "
         "on",
         false},
    [END_SPLIT] = {"end-split",
                   "part of a mapping that ends with the last page was "
                   "unmapped or protected",
                   false},
    [HOOK_MISSED] = {"hook-missed",
                     "a load of a page that is mapped without R, which may "
                     "succeed all the same (read-revoked, not-readable, "
                     "read-again), and its hook would write to memory",
                     false},
    [EXCHANGE_HALF] = {"exchange-half",
                       "an exchange of a page that has R, but no W", false},
    [ACTORS_ASTRAY] = {"actors-astray",
                       "a store to what was left of a split MMIO mapping "
                       "(device-split), where other actor offsets may be met "
                       "than those of the program",
                       false},
    [CODE_PAGE_STORED] = {"code-page-stored",
                          "code of the page was run, and the guest has stored "
                          "to the page since",
                          false},
    [LOAD_CROSSES] = {"load-crosses",
                      "a load began in a page that grants it and ended in one "
                      "that is mapped without R",
                      false},
    [END_HANDLED] = {"end-handled",
                     "the hook of an access that was refused at the last page "
                     "of the address space let the access go on",
                     false},
    [HANDLER_FLUSHES] = {"handler-flushes",
                         "the hook of an access that was refused for want of "
                         "a right flushed",
                         true},
    [CODE_OVER_END] = {"code-over-end",
                       "code of an x86-64 guest runs on over the end of a page",
                       false},
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

        met |= sim->taint[p];
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

uint64_t tw_uc_triggers_met(const TwProgram *program, const TwFinding *finding)
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
