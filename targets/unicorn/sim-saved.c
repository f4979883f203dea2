/* SPDX-License-Identifier: MIT */
/* Snapshots, and what the TLB has when they are made; see sim.h. */
#include "targets/unicorn/sim.h"

void tw_uc_sim_cache(Sim *sim, const TwOp *op)
{
    uint64_t last = (op->addr + op->size - 1) >> sim->flat.page_lg;

    for (uint64_t p = op->addr >> sim->flat.page_lg; p <= last && p < PAGES;
         p++) {
        sim->cached[p] = true;
    }
}

void tw_uc_sim_save(Sim *sim)
{
    sim->snapshot = true;
    for (unsigned p = 0; p < PAGES; p++) {
        sim->early[p] |= sim->cached[p];
        sim->ever |= sim->early[p] ? BIT(SAVED_CACHED) : 0;
    }
}

bool tw_uc_stores_saved(const Sim *sim, const TwOp *op)
{
    uint64_t last = (op->addr + op->size - 1) >> sim->flat.page_lg;

    if (op->code != TW_OP_DMA_WRITE || !sim->snapshot) {
        return false;
    }
    for (uint64_t p = op->addr >> sim->flat.page_lg; p <= last && p < PAGES;
         p++) {
        if (sim->flat.mapped[p] & SHOWS_RAM &&
            !(sim->flat.mapped_rights[p] & TW_W)) {
            return true;
        }
    }
    return false;
}

bool tw_uc_saves_cached(const Sim *sim, const TwOp *op)
{
    unsigned p = 0;

    while (p < PAGES && !sim->cached[p]) {
        p++;
    }
    return op->code == TW_OP_SNAPSHOT && p < PAGES;
}
