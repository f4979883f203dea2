/* SPDX-License-Identifier: MIT */
/*
 * Prepares the script of a wish: chooses the change that a transaction, a
 * device, a restore or a fill shall contain, and makes the regions for it.
 */
#include "fuzz/generate/wish-change.h"

#include <string.h>

#include "fuzz/generate/op.h"
#include "fuzz/generate/put.h"
#include "fuzz/generate/regions.h"
#include "fuzz/generate/topology.h"

#define BIT(change) (UINT32_C(1) << (change))

/* Changes whose own event ends what they change. */
static const uint32_t of_own_end =
    BIT(TW_MET_MAP_NOTIFIED) | BIT(TW_MET_UNMAP_NOTIFIED) |
    BIT(TW_MET_PROTECT_NOTIFIED) | BIT(TW_MET_RESET) | BIT(TW_MET_BYPASS) |
    BIT(TW_MET_ADD) | BIT(TW_MET_DEL) | BIT(TW_MET_MOVE) | BIT(TW_MET_RESIZE) |
    BIT(TW_MET_ENABLE) | BIT(TW_MET_DISABLE) | BIT(TW_MET_PRIORITY) |
    BIT(TW_MET_READONLY) | BIT(TW_MET_ROM_MODE) | BIT(TW_MET_ALIAS_OFFSET) |
    BIT(TW_MET_TRANSACTION) | BIT(TW_MET_RESTORE);

static const uint32_t of_topology =
    BIT(TW_MET_ADD) | BIT(TW_MET_DEL) | BIT(TW_MET_MOVE) | BIT(TW_MET_RESIZE) |
    BIT(TW_MET_ENABLE) | BIT(TW_MET_DISABLE) | BIT(TW_MET_PRIORITY) |
    BIT(TW_MET_READONLY) | BIT(TW_MET_ROM_MODE) | BIT(TW_MET_ALIAS_OFFSET);

/* Those that a region on top of the answer can make. */
static const uint32_t of_lids = BIT(TW_MET_DEL) | BIT(TW_MET_DISABLE) |
                                BIT(TW_MET_PRIORITY) | BIT(TW_MET_MOVE) |
                                BIT(TW_MET_RESIZE);

bool tw_wish_ends_itself(unsigned change)
{
    return of_own_end >> change & 1;
}

bool tw_wish_of_topology(unsigned change)
{
    return of_topology >> change & 1;
}

/* A change for a transaction, a device or a fill to hold. */
static bool choose_inner(TwWish *wish)
{
    unsigned outer = wish->want->is[TW_MET_BY_CHANGE];

    for (unsigned tries = 0; tries < 32; tries++) {
        TwSituation s = *wish->want;
        unsigned change =
            TW_MET_PAGE +
            tw_gen_below(wish->gen, TW_MET_TRANSACTION - TW_MET_PAGE);

        s.is[TW_MET_BY_CHANGE] = (uint8_t)change;
        s.is[TW_MET_BY_ENDING] = wish->dma ? TW_MET_OPEN : TW_MET_WAITING;
        if (!tw_situation_possible(&s) ||
            (outer == TW_MET_TRANSACTION && !(of_topology >> change & 1)) ||
            /* What takes a lid off cannot be undone by a restore. */
            (outer == TW_MET_RESTORE &&
             (BIT(TW_MET_DEL) | BIT(TW_MET_DISABLE) | BIT(TW_MET_PRIORITY)) >>
                     change &
                 1) ||
            (wish->want->is[TW_MET_BY_ENDING] == TW_MET_OPEN && !wish->dma &&
             (tw_wish_ends_itself(change)))) {
            continue;
        }
        wish->change = (uint8_t)change;
        return true;
    }
    return false;
}

/* A region over the answer's page: of RAM, or a window to an IOMMU. */
static bool put_lid(TwWish *wish)
{
    TwGen *gen = wish->gen;
    TwProgram *program = gen->program;
    const TwWishPlace *last = &wish->last;
    bool via = wish->aside.region != TW_NONE && tw_gen_chance(gen, 60);
    uint8_t container = program->spaces[last->space].root;
    uint64_t addr = last->at;
    int32_t priority = 1;
    TwRegion *lid;

    if (last->region != TW_NONE) {
        const TwRegion *under = &program->regions[last->region];

        if (under->container == TW_NONE || under->priority == INT32_MAX) {
            return false;
        }
        container = under->container;
        addr = under->addr + last->within;
        priority = under->priority + 1;
        if (under->kind == TW_REGION_ALIAS) {
            addr = last->at;
        }
    }
    if (program->regions[container].kind != TW_REGION_CONTAINER) {
        return false;
    }
    lid = tw_gen_new_region(gen, via ? TW_REGION_ALIAS : TW_REGION_RAM,
                            container, addr, gen->page);
    if (!lid) {
        return false;
    }
    lid->priority = priority;
    if (via) {
        lid->target = tw_program_iommu_region(program, wish->aside.iommu);
        lid->alias_offset = wish->aside.within;
    }
    wish->lid = tw_gen_region_id(gen, lid);
    wish->cover = true;
    return true;
}

/* The answer's page is seen through a window that can be moved. */
static bool put_window(TwWish *wish)
{
    TwGen *gen = wish->gen;
    TwProgram *program = gen->program;
    TwWishPlace *last = &wish->last;
    bool hop = last->iommu != TW_NONE;
    uint8_t root = program->spaces[last->space].root;
    uint64_t at = tw_wish_free_page(gen);
    uint8_t target = last->region;
    TwRegion *window;

    if (target == TW_NONE) {
        TwWishPlace place;
        if (!tw_wish_find(wish, TW_REGION_RAM, last->space, &place)) {
            return false;
        }
        target = place.region;
    }
    if (program->regions[root].kind != TW_REGION_CONTAINER) {
        return false;
    }
    window = tw_gen_new_region(gen, TW_REGION_ALIAS, root, at, gen->page);
    if (!window) {
        return false;
    }
    window->target = target;
    /* A hole is what lies beyond the target's end. */
    window->alias_offset = last->region != TW_NONE
                               ? last->within
                               : program->regions[target].size + gen->page;
    last->region = tw_gen_region_id(gen, window);
    last->at = at;
    wish->way[wish->n_hops - hop].at = at;
    return true;
}

bool tw_wish_prepare(TwWish *wish)
{
    TwGen *gen = wish->gen;
    TwProgram *program = gen->program;
    unsigned outer = wish->want->is[TW_MET_BY_CHANGE];
    unsigned ending = wish->want->is[TW_MET_BY_ENDING];

    wish->change = (uint8_t)outer;
    if (outer >= TW_MET_TRANSACTION && !choose_inner(wish)) {
        return false;
    }
    if (of_lids >> wish->change & 1 && outer != TW_MET_RESTORE &&
        (wish->last.region == TW_NONE ||
         (wish->change != TW_MET_MOVE && wish->change != TW_MET_RESIZE) ||
         tw_gen_chance(gen, 50)) &&
        !put_lid(wish)) {
        return false;
    }
    if (wish->change == TW_MET_ALIAS_OFFSET) {
        if (!put_window(wish)) {
            return false;
        }
        /* The way has another end now. */
        if (wish->n_hops > (wish->last.iommu != TW_NONE)) {
            unsigned i = wish->n_hops - 1 - (wish->last.iommu != TW_NONE);
            tw_wish_set_map(wish, &wish->way[i], &wish->way[i + 1],
                            TW_R | TW_W);
        } else {
            tw_wish_set_page(wish, wish->cpu, wish->va, wish->way[0].at,
                             TW_R | TW_W | TW_X);
        }
    }
    wish->old = wish->aside;
    if (wish->old.region == TW_NONE || tw_gen_chance(gen, 25)) {
        wish->old.space = (uint8_t)tw_gen_below(gen, tw_gen_live_spaces(gen));
        wish->old.at =
            tw_gen_chance(gen, 50)
                ? tw_wish_free_page(gen)
                : tw_gen_pick_in_space(gen, wish->old.space, wish->attrs, 30) &
                      ~(gen->page - 1);
    }
    /* An event that is to be the first must not find the change's own counted
     * already. */
    if (gen->dialect->explicit_safepoints && ending != TW_MET_OPEN &&
        ending != TW_MET_COMMIT) {
        program->explicit_safepoints = true;
    }
    return true;
}
