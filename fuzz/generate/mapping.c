/* SPDX-License-Identifier: MIT */
/*
 * Moves with cached DMA mappings: one is made, used, its way is changed, and it
 * is used again, at the edges of its run, in the wrong direction, or with other
 * attributes, too.
 */
#include "fuzz/generate/mapping.h"

#include "fuzz/generate/board.h"
#include "fuzz/generate/op.h"
#include "fuzz/generate/put.h"

bool tw_mappings_possible(const TwDialect *dialect)
{
    return tw_dialect_speaks(dialect, TW_OP_DMA_MAP) &&
           tw_dialect_speaks(dialect, TW_OP_DMA_UNMAP) &&
           dialect->op_flags & TW_OPF_VIA;
}

TwDialect tw_mappings_without(const TwDialect *dialect)
{
    TwDialect narrow = *dialect;

    narrow.ops = tw_ops_without(
        narrow.ops, TW_OPS(TW_OP_DMA_MAP, TW_OP_DMA_UNMAP, TW_OP_FAIL_ALLOC));
    narrow.op_flags &= (uint8_t)~TW_OPF_VIA;
    return narrow;
}

/* One of the next allocations fails (LA-42). */
static void put_fail_alloc(TwGen *gen)
{
    unsigned most = tw_gen_chance(gen, 50) ? 8 : 60;

    tw_put(gen, TW_OP_FAIL_ALLOC, TW_BOARD)->nth = 1 + tw_gen_below(gen, most);
}

/* Using one --------------------------------------------------------------- */

/* An offset from the first byte of a mapping, for an access of that size. */
static uint64_t some_offset(TwGen *gen, const TwGenMapping *map, uint8_t size)
{
    uint64_t pages = map->length / gen->page;
    uint64_t at = gen->page * tw_gen_below(gen, pages > 3 ? 4
                                                : pages   ? (uint32_t)pages
                                                          : 1);

    switch (tw_gen_below(gen, 8)) {
    case 0: /* the end of a page */
        return at + gen->page - size;
    case 1: /* over it */
        return at + gen->page - size / 2u;
    case 2: /* the last bytes, or beyond them */
        return map->length - size + (tw_gen_chance(gen, 30) ? size / 2u : 0);
    case 3: /* the first ones, or before them */
        return tw_gen_chance(gen, 30) ? 0 - (uint64_t)size : 0;
    default:
        return at + 8 * tw_gen_below(gen, (uint32_t)(gen->page / 8));
    }
}

static void put_via(TwGen *gen, uint8_t id, bool write, uint64_t from,
                    uint8_t size)
{
    const TwGenMapping *map = &gen->mapped[id];
    TwOp *op = tw_put_dma(gen, write, map->space, map->addr + from, map->attrs);

    op->size = size;
    op->flags |= TW_OPF_VIA;
    op->other = id;
    if (tw_gen_chance(gen, 4)) {
        op->attrs = tw_gen_random_attrs(gen->rng);
    }
}

/* An access via a mapping; of a store, sometimes a load that shows it. */
static void put_use(TwGen *gen, uint8_t id)
{
    const TwGenMapping *map = &gen->mapped[id];
    uint8_t size = (uint8_t)(1u << tw_gen_below(gen, 4));
    uint64_t from = some_offset(gen, map, size);
    bool write = map->write != tw_gen_chance(gen, 8);

    put_via(gen, id, write, from, size);
    if (write && tw_gen_chance(gen, 40)) {
        tw_put_dma(gen, false, map->space, map->addr + from, map->attrs)->size =
            size;
    }
}

/* Making one -------------------------------------------------------------- */

static uint64_t some_length(TwGen *gen)
{
    switch (tw_gen_below(gen, 16)) {
    case 0:
        return tw_gen_below(gen, 64);
    case 1:
        return tw_gen_chance(gen, 50) ? UINT64_MAX : gen->page * 64;
    case 2:
    case 3:
        return gen->page / 2 + tw_gen_below(gen, (uint32_t)gen->page);
    case 4:
    case 5:
    case 6:
    case 7:
        return gen->page * (2 + tw_gen_below(gen, 3));
    default:
        return gen->page;
    }
}

static uint8_t put_make(TwGen *gen, const TwAim *aim, bool deep)
{
    const TwMmuIndex *index = &gen->program->cpus[aim->cpu].mmu[aim->mmu];
    unsigned ids = tw_gen_chance(gen, 85) ? 3 : TW_MAX_MAPPINGS;
    uint8_t id = (uint8_t)tw_gen_below(gen, ids);
    TwGenMapping *map = &gen->mapped[id];
    uint64_t addr = deep ? aim->addr : aim->pa;
    TwOp *op;

    if (gen->mapping >> id & 1 && tw_gen_chance(gen, 95)) {
        tw_put(gen, TW_OP_DMA_UNMAP, TW_BOARD)->obj = id;
    }
    if (tw_gen_chance(gen, 85)) {
        addr &= ~(gen->page - 1);
    }
    map->space = deep ? aim->space : index->space;
    map->attrs = index->attrs;
    map->write = tw_gen_chance(gen, 50);
    map->addr = addr;
    map->length = some_length(gen);
    op = tw_put(gen, TW_OP_DMA_MAP, TW_BOARD);
    op->obj = id;
    op->other = map->space;
    op->addr = map->addr;
    op->length = map->length;
    op->perm = map->write ? TW_W : TW_R;
    op->attrs = map->attrs;
    gen->mapping |= (uint8_t)(1u << id);
    return id;
}

/* Changes what the aim leads to. */
static void put_other_way(TwGen *gen, const TwAim *aim)
{
    uint8_t actor = tw_gen_actor(gen, aim->cpu);
    unsigned draw = tw_gen_below(gen, 16);

    if (aim->n_hops == 0 || draw < 4) {
        tw_put_topology(gen, tw_gen_some_region(gen, aim), actor);
        return;
    }
    const TwSketchHop *hop = tw_aim_some_hop(gen, aim);
    if (draw < 10) {
        tw_put_change(gen, hop, actor, true);
    } else if (draw < 14) {
        tw_put_change(gen, hop, actor, false);
        if (tw_gen_chance(gen, 60)) {
            tw_put_notify(gen, hop, actor);
        }
    } else if (draw == 14) {
        TwOp *op = tw_put(gen, TW_OP_BYPASS, actor);
        op->obj = hop->iommu;
        tw_put_on(gen, op, tw_gen_chance(gen, 50));
    } else {
        tw_put_change(gen, hop, actor, false);
        tw_put(gen, TW_OP_NOTIFY_ALL, actor)->obj = hop->iommu;
    }
}

/* An observer for which there may be no memory, and what it would be told. */
static void put_poor_observer(TwGen *gen, const TwAim *aim)
{
    const TwSketchHop *hop = tw_aim_some_hop(gen, aim);
    TwOp *op = tw_put(gen, TW_OP_FAIL_ALLOC, TW_BOARD);

    op->nth = 1 + tw_gen_below(gen, 2);
    op = tw_put(gen, TW_OP_OBSERVE, TW_BOARD);
    op->obj = (uint8_t)tw_gen_below(gen, TW_MAX_OBSERVERS);
    op->other = hop->iommu;
    op->index = hop->index;
    op->events = TW_EVENT_UNMAP;
    op->last = UINT64_MAX;
    tw_put_change(gen, hop, TW_BOARD, true);
}

/* A mapping that an earlier move has made, or TW_NONE. */
static uint8_t some_mapping(TwGen *gen)
{
    uint8_t first = (uint8_t)tw_gen_below(gen, TW_MAX_MAPPINGS);

    for (unsigned i = 0; i < TW_MAX_MAPPINGS; i++) {
        uint8_t id = (uint8_t)((first + i) % TW_MAX_MAPPINGS);

        if (gen->mapping >> id & 1) {
            return id;
        }
    }
    return TW_NONE;
}

void tw_move_mapping(TwGen *gen)
{
    uint8_t id = tw_gen_chance(gen, 45) ? some_mapping(gen) : TW_NONE;
    TwAim aim;

    if (id != TW_NONE) {
        put_use(gen, id);
        if (tw_gen_chance(gen, 5)) {
            tw_put(gen, TW_OP_DMA_UNMAP, TW_BOARD)->obj = id;
            gen->mapping &= (uint8_t) ~(1u << id);
        }
        return;
    }
    if (tw_gen_chance(gen, 12)) {
        put_fail_alloc(gen);
    }
    if (!(tw_gen_chance(gen, 70) ? tw_aim_hop(gen, &aim)
                                 : tw_aim_anywhere(gen, &aim))) {
        return;
    }
    if (aim.n_hops > 0 && tw_gen_chance(gen, 5)) {
        put_poor_observer(gen, &aim);
    }
    id = put_make(gen, &aim, tw_gen_chance(gen, 15));
    if (tw_gen_chance(gen, 50)) {
        put_use(gen, id);
    }
    if (tw_gen_chance(gen, 85)) {
        put_other_way(gen, &aim);
        put_use(gen, id);
    }
    if (tw_gen_chance(gen, 40)) {
        put_other_way(gen, &aim);
        put_use(gen, id);
    }
}
