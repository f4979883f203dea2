/* SPDX-License-Identifier: MIT */
/* The path of a wished situation: CPU, page, IOMMUs, leaf; see wish.h. */
#include "fuzz/generate/wish.h"

#include "fuzz/generate/op.h"
#include "fuzz/generate/put.h"
#include "fuzz/generate/topology.h"
#include "fuzz/generate/wish-change.h"
#include "fuzz/generate/wish-place.h"
#include "program/legality.h"

/* Places ------------------------------------------------------------------ */

/* The setup --------------------------------------------------------------- */

/* The way ----------------------------------------------------------------- */

static const uint8_t kinds[TW_MET_LEAVES] = {
    [TW_MET_RAM] = TW_REGION_RAM,
    [TW_MET_ROM] = TW_REGION_ROM,
    [TW_MET_ROMD] = TW_REGION_ROMD,
    [TW_MET_MMIO] = TW_REGION_MMIO,
    [TW_MET_RESERVATION] = TW_REGION_RESERVATION,
    [TW_MET_RAM_DEVICE] = TW_REGION_RAM_DEVICE,
};

static bool choose_access(TwWish *wish)
{
    static const struct {
        uint8_t code, hop_right, bad_page, bad_hop;
    } accesses[TW_MET_ACCESSES] = {
        [TW_MET_READ] = {TW_OP_READ, TW_R, TW_W | TW_X, TW_W},
        [TW_MET_WRITE] = {TW_OP_WRITE, TW_W, TW_R | TW_X, TW_R},
        [TW_MET_EXEC] = {TW_OP_EXEC, TW_R, TW_R | TW_W, TW_W},
        [TW_MET_RMW] = {TW_OP_RMW, TW_R | TW_W, TW_R | TW_X, TW_R},
        [TW_MET_DMA_READ] = {TW_OP_DMA_READ, TW_R, 0, TW_W},
        [TW_MET_DMA_WRITE] = {TW_OP_DMA_WRITE, TW_W, 0, TW_R},
    };
    unsigned access = wish->want->is[TW_MET_BY_ACCESS];
    TwGen *gen = wish->gen;
    const TwMmuIndex *index;

    wish->code = (TwOpCode)accesses[access].code;
    wish->hop_right = accesses[access].hop_right;
    wish->bad_page = accesses[access].bad_page;
    wish->bad_hop = accesses[access].bad_hop;
    wish->dma = access >= TW_MET_DMA_READ;
    wish->cpu = tw_gen_pick_cpu(gen->program, tw_gen_below(gen, 64));
    if (wish->cpu == TW_NONE || !tw_gen_speaks(gen->dialect, wish->code)) {
        return false;
    }
    wish->mmu = tw_gen_pick_mmu(gen->program, wish->cpu, tw_gen_below(gen, 64));
    if (wish->mmu == TW_NONE) {
        return false;
    }
    index = &gen->program->cpus[wish->cpu].mmu[wish->mmu];
    wish->attrs = index->attrs;
    wish->way[0].space = index->space;
    return index->space < tw_gen_live_spaces(gen);
}

/* The hops, each a page of its own, and where the last one leads. */
static bool choose_hops(TwWish *wish)
{
    TwGen *gen = wish->gen;
    uint8_t space = wish->way[0].space;

    wish->n_hops = wish->want->is[TW_MET_BY_DEPTH];
    if (wish->n_hops == TW_MET_DEPTHS - 1 && tw_gen_chance(gen, 25)) {
        wish->n_hops = WISH_HOPS;
    }
    for (unsigned i = 0; i < wish->n_hops; i++) {
        bool fresh = false;

        for (unsigned tries = 0; tries < 6 && !fresh; tries++) {
            if (!tw_wish_find(wish, TW_REGION_IOMMU, i ? TW_NONE : space,
                              &wish->way[i])) {
                return false;
            }
            fresh = true;
            for (unsigned k = 0; k < i; k++) {
                fresh =
                    fresh &&
                    (wish->way[k].iommu != wish->way[i].iommu ||
                     (tries > 2 && wish->way[k].within != wish->way[i].within));
            }
        }
        gen->program->iommus[wish->way[i].iommu].bypass = false;
    }
    return true;
}

static bool choose_leaf(TwWish *wish)
{
    TwGen *gen = wish->gen;
    unsigned leaf = wish->want->is[TW_MET_BY_LEAF];
    uint8_t space = wish->n_hops ? TW_NONE : wish->way[0].space;
    TwWishPlace *end = &wish->way[wish->n_hops];

    switch (leaf) {
    case TW_MET_LOOP:
        *end = wish->way[wish->n_hops - 1];
        gen->program->hops = (uint8_t)wish->n_hops;
        wish->last = wish->way[wish->n_hops - 1];
        return true;
    case TW_MET_NO_PAGE:
    case TW_MET_NO_HOP:
    case TW_MET_HOLE:
        *end = (TwWishPlace){
            .at = tw_wish_free_page(gen),
            .space = space != TW_NONE
                         ? space
                         : (uint8_t)tw_gen_below(gen, tw_gen_live_spaces(gen)),
            .region = TW_NONE,
            .iommu = TW_NONE};
        wish->last = leaf == TW_MET_NO_HOP ? wish->way[wish->n_hops - 1] : *end;
        return true;
    default:
        if (!tw_wish_find(wish, kinds[leaf], space, end)) {
            return false;
        }
        wish->last = *end;
        return true;
    }
}

/* An IOMMU that is not on the way, where the page map or a hop can lead. */
static void choose_aside(TwWish *wish)
{
    bool there = false;

    wish->aside.region = TW_NONE;
    for (unsigned tries = 0; tries < 4 && !there; tries++) {
        TwWishPlace place;

        if (!tw_wish_find(wish, TW_REGION_IOMMU,
                          wish->n_hops && tries < 2 ? TW_NONE
                                                    : wish->way[0].space,
                          &place)) {
            return;
        }
        there = true;
        for (unsigned i = 0; i < wish->n_hops; i++) {
            there = there && wish->way[i].iommu != place.iommu;
        }
        if (there) {
            wish->aside = place;
        }
    }
}

/* Lays the way; false if the dialect or the topology has none. */
static bool lay_way(TwWish *wish)
{
    TwGen *gen = wish->gen;
    const uint8_t *is = wish->want->is;
    TwWishPlace spare;

    if (!choose_access(wish) || !choose_hops(wish)) {
        return false;
    }
    if (gen->program->hops < wish->n_hops) {
        gen->program->hops = TW_DEFAULT_HOPS;
    }
    if (!choose_leaf(wish)) {
        return false;
    }
    choose_aside(wish);
    wish->hop_at = wish->n_hops > 0 ? tw_gen_below(gen, wish->n_hops) : 0;
    if (is[TW_MET_BY_LEAF] == TW_MET_NO_HOP) {
        wish->hop_at = wish->n_hops - 1;
    }
    wish->va = gen->page * (1024 + tw_gen_below(gen, 1024));
    if (!tw_gen_speaks(gen->dialect, TW_OP_PAGE)) {
        wish->va = wish->way[0].at;
    }
    for (unsigned i = 0; i < wish->n_hops; i++) {
        bool refuses =
            is[TW_MET_BY_LEAF] == TW_MET_NO_HOP && i == wish->n_hops - 1;

        if (refuses && is[TW_MET_BY_CHANGE] != TW_MET_PROTECT &&
            is[TW_MET_BY_CHANGE] != TW_MET_PROTECT_NOTIFIED &&
            tw_gen_chance(gen, 50)) {
            continue; /* refused for want of an entry */
        }
        tw_wish_set_map(wish, &wish->way[i], &wish->way[i + 1],
                        refuses ? wish->bad_hop : TW_R | TW_W);
    }
    if (wish->aside.region != TW_NONE &&
        tw_wish_find(wish, TW_REGION_RAM, TW_NONE, &spare)) {
        tw_wish_set_map(wish, &wish->aside, &spare, TW_R | TW_W);
    }
    if (is[TW_MET_BY_LEAF] != TW_MET_NO_PAGE) {
        tw_wish_set_page(wish, wish->cpu, wish->va, wish->way[0].at,
                         TW_R | TW_W | TW_X);
    } else if (is[TW_MET_BY_CHANGE] != TW_MET_UNPAGE) {
        tw_wish_set_page(wish, wish->cpu, wish->va, wish->way[0].at,
                         wish->bad_page);
    }
    return true;
}

void tw_gen_wish(TwGen *gen, const TwSituation *want)
{
    TwWish wish = {.gen = gen, .want = want, .lid = TW_NONE};

    if (!gen->dialect->identity_pages && gen->program->n_spaces > 0 &&
        lay_way(&wish) && tw_wish_prepare(&wish)) {
        tw_wish_script(&wish);
    }
}
