/* SPDX-License-Identifier: MIT */
/*
 * For targets that keep one entry for a page: the oldest answers that the
 * target may still have, given its answers so far (FRESHNESS.md, "One entry per
 * page").
 */
#include "oracle/freshness/floor.h"

TwFloor *tw_floor_find(const TwWorld *world, uint8_t cpu, uint8_t mmu,
                       uint64_t page)
{
    for (uint32_t i = 0; i < world->n_floors; i++) {
        TwFloor *floor = &world->floors[i];

        if (floor->page == page && floor->cpu == cpu && floor->mmu == mmu) {
            return floor;
        }
    }
    return NULL;
}

void tw_history_observed(const TwHistory *history, unsigned i, TwWorld *world,
                         const TwAccess *access,
                         const uint32_t oldest[TW_PREFIX_SLOTS])
{
    /* What a fill inserts is of before the operation during it. */
    uint32_t now = access->during ? access->during->now : world->now;
    TwFloor *floor;

    if (!world->contract.one_entry_per_page || !history->open[i]) {
        return;
    }
    floor = tw_floor_find(world, access->cpu, access->mmu, history->page[i]);
    if (!floor) {
        floor = &world->floors[world->n_floors++];
        *floor = (TwFloor){
            .page = history->page[i],
            .cpu = access->cpu,
            .mmu = access->mmu,
        };
    }
    for (unsigned s = 0; s < TW_PREFIX_SLOTS; s++) {
        uint32_t tick = oldest[s] < now ? oldest[s] : now;

        if (tick > floor->tick[s]) {
            floor->tick[s] = tick;
            floor->op = access->op;
        }
    }
}
