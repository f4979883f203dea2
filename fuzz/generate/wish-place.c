/* SPDX-License-Identifier: MIT */
/* Places for a wish; see wish-place.h. */
#include "fuzz/generate/wish-place.h"

#include "fuzz/generate/put.h"
#include "fuzz/generate/regions.h"
#include "fuzz/generate/topology.h"
#include "program/legality.h"

uint64_t tw_wish_free_page(TwGen *gen)
{
    /* Above what the topology fills from 0 on, below where small roots end. */
    return gen->page * (512 + 8 * tw_gen_below(gen, 384));
}

static TwWishPlace place_of(TwWish *wish, uint8_t space,
                            const TwSketchSpot *spot, uint64_t at)
{
    const TwRegion *region = &wish->gen->program->regions[spot->region];
    TwWishPlace place = {.at = at,
                         .within = at - spot->addr,
                         .space = space,
                         .region = spot->region,
                         .iommu = spot->iommu};

    if (region->kind == TW_REGION_IOMMU) {
        place.within += spot->base;
    }
    if (spot->iommu != TW_NONE) {
        place.index = tw_gen_select(&wish->gen->program->iommus[spot->iommu],
                                    wish->attrs);
    }
    return place;
}

/* A whole page of a spot; false if it has none. */
static bool page_of(TwWish *wish, uint8_t space, const TwSketchSpot *spot,
                    TwWishPlace *place)
{
    TwGen *gen = wish->gen;
    uint64_t skip = (0 - spot->addr) & (gen->page - 1);
    uint64_t pages;

    if (spot->size < skip + gen->page || tw_gen_is_gone(gen, spot->region)) {
        return false;
    }
    pages = (spot->size - skip) >> gen->program->page_lg;
    *place = place_of(
        wish, space, spot,
        spot->addr + skip +
            gen->page * tw_gen_below(gen, pages < 8 ? (uint32_t)pages : 8));
    return true;
}

/* A page of what the topology has; false if there is none. */
static bool find_there(TwWish *wish, unsigned kind, uint8_t space,
                       TwWishPlace *place)
{
    TwGen *gen = wish->gen;
    unsigned spaces = tw_gen_live_spaces(gen);
    unsigned start = tw_gen_below(gen, spaces);

    for (unsigned i = 0; i < spaces; i++) {
        uint8_t s = (uint8_t)((start + i) % spaces);
        unsigned n = gen->n_spots[s];
        unsigned from = n > 0 ? tw_gen_below(gen, n) : 0;

        for (unsigned k = 0; k < n && (space == TW_NONE || space == s); k++) {
            const TwSketchSpot *spot = &gen->spots[s][(from + k) % n];

            if (gen->program->regions[spot->leaf].kind == kind &&
                page_of(wish, s, spot, place)) {
                return true;
            }
        }
    }
    return false;
}

/* A page of a new region; false if there is no room for one. */
static bool make(TwWish *wish, unsigned kind, uint8_t space, TwWishPlace *place)
{
    TwGen *gen = wish->gen;
    TwGenCursor cursor = {.at = {0}};
    uint64_t at = tw_wish_free_page(gen);
    uint8_t root = gen->program->spaces[space].root;
    unsigned before = gen->n_spots[space];
    TwRegion *region;

    if (gen->program->regions[root].kind != TW_REGION_CONTAINER) {
        return false;
    }
    if (kind == TW_REGION_IOMMU) {
        cursor.at[space] = at;
        tw_gen_add_iommu(gen, &cursor, space);
        return gen->n_spots[space] > before &&
               page_of(wish, space, &gen->spots[space][before], place);
    }
    region = tw_gen_new_region(gen, (TwRegionKind)kind, root, at,
                               gen->page << tw_gen_below(gen, 3));
    if (!region) {
        return false;
    }
    region->romd_mode = kind == TW_REGION_ROMD && tw_gen_chance(gen, 65);
    TwSketchSpot spot = {.addr = at,
                         .size = region->size,
                         .region = tw_gen_region_id(gen, region),
                         .leaf = tw_gen_region_id(gen, region),
                         .iommu = TW_NONE};
    tw_gen_note_spot(gen, space, spot);
    return page_of(wish, space, &spot, place);
}

bool tw_wish_find(TwWish *wish, unsigned kind, uint8_t space,
                  TwWishPlace *place)
{
    TwGen *gen = wish->gen;
    bool anew = kind != TW_REGION_IOMMU && tw_gen_chance(gen, 50);
    uint8_t into = space != TW_NONE
                       ? space
                       : (uint8_t)tw_gen_below(gen, tw_gen_live_spaces(gen));

    return (anew && make(wish, kind, into, place)) ||
           find_there(wish, kind, space, place) ||
           (!anew && make(wish, kind, into, place));
}

static TwOp *put_setup(TwGen *gen, TwOpCode code)
{
    TwProgram *program = gen->program;
    TwOp *op = &gen->scratch;

    if (program->n_setup < gen->dialect->max_setup &&
        program->n_setup < TW_MAX_SETUP &&
        tw_ops_has(&gen->dialect->ops, code)) {
        op = &program->setup[program->n_setup++];
    }
    *op = (TwOp){.code = (uint8_t)code, .actor = TW_BOARD};
    return op;
}

void tw_wish_set_page(TwWish *wish, uint8_t cpu, uint64_t va, uint64_t pa,
                      uint8_t perm)
{
    TwOp *op = put_setup(wish->gen, TW_OP_PAGE);

    op->obj = cpu;
    op->index = wish->mmu;
    op->addr = va;
    op->out = pa;
    op->lg = wish->gen->program->page_lg;
    op->perm = perm;
    tw_op_round(wish->gen->program, op);
    tw_gen_note_page(wish->gen, op);
}

void tw_wish_set_map(TwWish *wish, const TwWishPlace *hop,
                     const TwWishPlace *to, uint8_t perm)
{
    TwOp *op = put_setup(wish->gen, TW_OP_MAP);

    op->obj = hop->iommu;
    op->index = hop->index;
    op->addr = hop->within;
    op->last = hop->within + (wish->gen->page - 1);
    op->other = to->space;
    op->out = to->at;
    op->perm = perm;
    tw_op_round(wish->gen->program, op);
    tw_gen_note_map(wish->gen, op);
}
