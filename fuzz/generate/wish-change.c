/* SPDX-License-Identifier: MIT */
/*
 * The script of a wish (wish.h): a change away from the wished answer, an
 * access, the wished change, the wished event, the access again.
 */
#include "fuzz/generate/wish-change.h"

#include <string.h>

#include "fuzz/generate/op.h"
#include "fuzz/generate/put.h"
#include "fuzz/generate/regions.h"
#include "fuzz/generate/topology.h"
#include "program/legality.h"

static void put_map(TwWish *wish, TwOpCode code, const TwWishPlace *hop,
                    const TwWishPlace *to, uint8_t perm, uint8_t actor,
                    bool notified)
{
    TwGen *gen = wish->gen;
    TwOp *op = tw_put(gen, code, actor);

    op->obj = hop->iommu;
    op->index = hop->index;
    op->addr = hop->within;
    op->last = hop->within + (gen->page - 1);
    if (code == TW_OP_MAP) {
        op->other = to->space;
        op->out = to->at;
    }
    if (code != TW_OP_UNMAP) {
        op->perm = perm;
    }
    if (notified && (gen->dialect->op_flags & TW_OPF_NOTIFIED)) {
        op->flags |= TW_OPF_NOTIFIED;
    }
    tw_op_round(gen->program, op);
    tw_gen_note_map(gen, op);
}

static void put_page(TwWish *wish, TwOpCode code, uint64_t pa, uint8_t perm,
                     uint8_t actor)
{
    TwGen *gen = wish->gen;
    TwOp *op = tw_put(gen, code, actor);

    op->obj = wish->cpu;
    op->index = wish->mmu;
    op->addr = wish->va;
    op->lg = gen->program->page_lg;
    if (code == TW_OP_PAGE) {
        op->out = pa;
        op->perm = perm;
    }
    tw_op_round(gen->program, op);
    tw_gen_note_page(gen, op);
}

/* One operation on the region of the answer, or on what covers it. */
static void put_region(TwWish *wish, TwOpCode code, uint8_t id, bool on,
                       uint64_t value, uint8_t actor)
{
    TwGen *gen = wish->gen;
    TwOp *op = tw_put(gen, code, actor);
    const TwRegion *region = &gen->program->regions[id];

    op->obj = id;
    switch (code) {
    case TW_OP_ADD:
        op->other = region->container;
        op->addr = region->addr;
        op->priority = region->priority;
        break;
    case TW_OP_MOVE:
    case TW_OP_ALIAS_OFFSET:
        op->addr = value;
        break;
    case TW_OP_RESIZE:
        op->length = value;
        break;
    case TW_OP_PRIORITY:
        op->priority =
            region->priority > INT32_MIN + 2 ? region->priority - 2 : INT32_MIN;
        break;
    case TW_OP_DEL:
        break;
    default:
        tw_put_on(gen, op, on);
        break;
    }
}

/* From the wished answer to another one, by a change of the region of the
 * wished answer. */
static void region_away(TwWish *wish, uint8_t id)
{
    TwGen *gen = wish->gen;
    const TwRegion *region = &gen->program->regions[id];

    switch (wish->change) {
    case TW_MET_ADD:
        put_region(wish, TW_OP_DEL, id, false, 0, TW_BOARD);
        break;
    case TW_MET_ENABLE:
        put_region(wish, TW_OP_ENABLE, id, false, 0, TW_BOARD);
        break;
    case TW_MET_MOVE:
        put_region(wish, TW_OP_MOVE, id, false, tw_wish_free_page(gen),
                   TW_BOARD);
        break;
    case TW_MET_RESIZE:
        put_region(wish, TW_OP_RESIZE, id, false, wish->last.within, TW_BOARD);
        break;
    case TW_MET_READONLY:
        put_region(wish, TW_OP_READONLY, id, !region->readonly, 0, TW_BOARD);
        break;
    case TW_MET_ROM_MODE:
        put_region(wish, TW_OP_ROMD, id, !region->romd_mode, 0, TW_BOARD);
        break;
    case TW_MET_ALIAS_OFFSET:
        put_region(wish, TW_OP_ALIAS_OFFSET, id, false,
                   tw_gen_chance(gen, 50) ? 0 : gen->page, TW_BOARD);
        break;
    default:
        break;
    }
}

/* From the wished answer to another one; nothing for what a lid hides. */
static void go_away(TwWish *wish)
{
    TwGen *gen = wish->gen;
    const TwWishPlace *hop = &wish->way[wish->hop_at];

    if (wish->cover) {
        return;
    }
    switch (wish->change) {
    case TW_MET_PAGE:
        if (wish->want->is[TW_MET_BY_LEAF] != TW_MET_NO_PAGE &&
            tw_gen_chance(gen, 20)) {
            put_page(wish, TW_OP_UNPAGE, 0, 0, TW_BOARD);
            break;
        }
        /* fall through */
    case TW_MET_UNPAGE:
        put_page(wish, TW_OP_PAGE,
                 wish->old.space == wish->way[0].space ? wish->old.at
                                                       : tw_wish_free_page(gen),
                 TW_R | TW_W | TW_X, TW_BOARD);
        break;
    case TW_MET_MAP:
    case TW_MET_MAP_NOTIFIED:
        if (wish->want->is[TW_MET_BY_LEAF] != TW_MET_NO_HOP &&
            tw_gen_chance(gen, 20)) {
            put_map(wish, TW_OP_UNMAP, hop, NULL, 0, TW_BOARD, false);
            break;
        }
        /* fall through */
    case TW_MET_UNMAP:
    case TW_MET_UNMAP_NOTIFIED:
    case TW_MET_RESET:
        put_map(wish, TW_OP_MAP, hop, &wish->old, TW_R | TW_W, TW_BOARD, false);
        break;
    case TW_MET_PROTECT:
    case TW_MET_PROTECT_NOTIFIED:
        if (wish->want->is[TW_MET_BY_LEAF] == TW_MET_NO_HOP) {
            put_map(wish, TW_OP_MAP, hop, &wish->old, TW_R | TW_W, TW_BOARD,
                    false);
        } else {
            put_map(wish, TW_OP_PROTECT, hop, NULL, wish->bad_hop, TW_BOARD,
                    false);
        }
        break;
    case TW_MET_BYPASS: {
        TwOp *op = tw_put(gen, TW_OP_BYPASS, TW_BOARD);
        op->obj = hop->iommu;
        tw_put_on(gen, op, true);
        break;
    }
    default:
        if (wish->last.region != TW_NONE) {
            region_away(wish, wish->last.region);
        }
        break;
    }
}

/* A change of region `id` that leads to the wished answer. */
static void region_back(TwWish *wish, uint8_t id, uint8_t actor)
{
    TwGen *gen = wish->gen;
    const TwRegion *region = &gen->program->regions[id];

    switch (wish->change) {
    case TW_MET_ADD:
        put_region(wish, TW_OP_ADD, id, false, 0, actor);
        break;
    case TW_MET_DEL:
        put_region(wish, TW_OP_DEL, id, false, 0, actor);
        break;
    case TW_MET_MOVE:
        put_region(wish, TW_OP_MOVE, id, false,
                   wish->cover ? tw_wish_free_page(gen) : region->addr, actor);
        break;
    case TW_MET_RESIZE:
        put_region(wish, TW_OP_RESIZE, id, false,
                   wish->cover ? 0 : region->size, actor);
        break;
    case TW_MET_ENABLE:
        put_region(wish, TW_OP_ENABLE, id, true, 0, actor);
        break;
    case TW_MET_DISABLE:
        put_region(wish, TW_OP_ENABLE, id, false, 0, actor);
        break;
    case TW_MET_PRIORITY:
        put_region(wish, TW_OP_PRIORITY, id, false, 0, actor);
        break;
    case TW_MET_READONLY:
        put_region(wish, TW_OP_READONLY, id, region->readonly, 0, actor);
        break;
    case TW_MET_ROM_MODE:
        put_region(wish, TW_OP_ROMD, id, region->romd_mode, 0, actor);
        break;
    case TW_MET_ALIAS_OFFSET:
        put_region(wish, TW_OP_ALIAS_OFFSET, id, false, region->alias_offset,
                   actor);
        break;
    default:
        break;
    }
}

/* One operation that leads to the wished answer. */
static void come_back(TwWish *wish, uint8_t actor)
{
    TwGen *gen = wish->gen;
    const TwWishPlace *hop = &wish->way[wish->hop_at];
    bool no_hop = wish->want->is[TW_MET_BY_LEAF] == TW_MET_NO_HOP;
    uint8_t rights = no_hop ? wish->bad_hop : TW_R | TW_W;
    uint8_t id = wish->cover ? wish->lid : wish->last.region;

    switch (wish->change) {
    case TW_MET_PAGE:
        put_page(wish, TW_OP_PAGE, wish->way[0].at,
                 wish->want->is[TW_MET_BY_LEAF] == TW_MET_NO_PAGE
                     ? wish->bad_page
                     : TW_R | TW_W | TW_X,
                 actor);
        return;
    case TW_MET_UNPAGE:
        put_page(wish, TW_OP_UNPAGE, 0, 0, actor);
        return;
    case TW_MET_MAP:
    case TW_MET_MAP_NOTIFIED:
        put_map(wish, TW_OP_MAP, hop, hop + 1, rights, actor,
                wish->change == TW_MET_MAP_NOTIFIED);
        return;
    case TW_MET_UNMAP:
    case TW_MET_UNMAP_NOTIFIED:
        put_map(wish, TW_OP_UNMAP, hop, NULL, 0, actor,
                wish->change == TW_MET_UNMAP_NOTIFIED);
        return;
    case TW_MET_PROTECT:
    case TW_MET_PROTECT_NOTIFIED:
        put_map(wish, TW_OP_PROTECT, hop, NULL, rights, actor,
                wish->change == TW_MET_PROTECT_NOTIFIED);
        return;
    case TW_MET_RESET:
        tw_put(gen, TW_OP_IOMMU_RESET, actor)->obj = hop->iommu;
        return;
    case TW_MET_BYPASS:
        tw_put(gen, TW_OP_BYPASS, actor)->obj = hop->iommu;
        return;
    default:
        if (id != TW_NONE) {
            region_back(wish, id, actor);
        }
        return;
    }
}

/* Accesses and devices ---------------------------------------------------- */

static void put_access(TwWish *wish)
{
    TwGen *gen = wish->gen;

    if (wish->dma) {
        tw_put_dma(gen, wish->code == TW_OP_DMA_WRITE, wish->way[0].space,
                   wish->way[0].at, wish->attrs);
    } else {
        tw_put_access(gen, wish->code, wish->cpu, wish->mmu, wish->va,
                      (uint8_t)(1u << tw_gen_below(gen, 3)));
    }
}

/* Takes the last operation out of the script, has it performed by a device,
 * and CPU `cpu` write to that. */
static void by_device(TwWish *wish, unsigned before, uint8_t cpu)
{
    TwGen *gen = wish->gen;
    TwProgram *program = gen->program;
    uint64_t va = gen->page * (2048 + tw_gen_below(gen, 256));
    TwWishPlace device;

    if (program->n_script != before + 1 || !gen->dialect->actors ||
        program->n_actors >= TW_MAX_ACTORS ||
        !tw_wish_find(wish, TW_REGION_MMIO, wish->way[0].space, &device) ||
        program->regions[device.region].kind != TW_REGION_MMIO) {
        return;
    }
    TwActor *actor = &program->actors[program->n_actors++];
    *actor = (TwActor){.region = device.region,
                       .offset = device.within,
                       .op = program->script[before]};
    actor->op.actor = TW_BOARD;
    program->n_script--;
    tw_wish_set_page(wish, cpu, va, device.at, TW_R | TW_W | TW_X);
    tw_put_access(gen, TW_OP_WRITE, cpu, wish->mmu, va, 4);
}

/* Events ------------------------------------------------------------------ */

static void put_flush(TwWish *wish, unsigned ending, uint8_t actor)
{
    static const uint8_t codes[] = {
        [TW_MET_FLUSH_PAGE - TW_MET_FLUSH_PAGE] = TW_OP_FLUSH_PAGE,
        [TW_MET_FLUSH_RANGE - TW_MET_FLUSH_PAGE] = TW_OP_FLUSH_RANGE,
        [TW_MET_FLUSH_INDEX - TW_MET_FLUSH_PAGE] = TW_OP_FLUSH_INDEX,
        [TW_MET_FLUSH_ALL - TW_MET_FLUSH_PAGE] = TW_OP_FLUSH_ALL,
    };
    TwOp *op =
        tw_put(wish->gen, (TwOpCode)codes[ending - TW_MET_FLUSH_PAGE], actor);

    op->obj = wish->cpu;
    if (op->code != TW_OP_FLUSH_ALL) {
        op->index = wish->mmu;
    }
    if (op->code == TW_OP_FLUSH_PAGE || op->code == TW_OP_FLUSH_RANGE) {
        op->addr = wish->va;
    }
    if (op->code == TW_OP_FLUSH_RANGE) {
        op->length = wish->gen->page;
        op->bits = 64;
    }
}

/* An event of an IOMMU that the old answer came through: the one aside if it
 * did, else one before the change. */
static void put_iommu_event(TwWish *wish, unsigned ending)
{
    TwGen *gen = wish->gen;
    bool aside = wish->aside.region != TW_NONE &&
                 (wish->cover || wish->old.iommu == wish->aside.iommu);
    unsigned to = wish->change >= TW_MET_MAP && wish->change <= TW_MET_BYPASS
                      ? wish->hop_at + 1
                      : wish->n_hops;
    const TwWishPlace *hop = &wish->aside;
    TwOp *op;

    if (to > 0 && ending != TW_MET_END_RESET && ending != TW_MET_END_BYPASS &&
        (!aside || tw_gen_chance(gen, 40))) {
        hop = &wish->way[tw_gen_below(gen, to)];
    } else if (!aside) {
        return;
    }
    switch (ending) {
    case TW_MET_NOTIFIED:
        if (hop == &wish->aside) {
            put_map(wish, TW_OP_UNMAP, hop, NULL, 0, wish->cpu, true);
        } else {
            put_map(wish, TW_OP_MAP, hop, hop + 1, TW_R | TW_W, wish->cpu,
                    true);
        }
        break;
    case TW_MET_NOTIFY:
        op = tw_put(gen, TW_OP_NOTIFY, wish->cpu);
        op->obj = hop->iommu;
        op->index = hop->index;
        op->events = TW_EVENT_UNMAP;
        op->addr = hop->within;
        op->last = hop->within + (gen->page - 1);
        break;
    case TW_MET_NOTIFY_ALL:
        tw_put(gen, TW_OP_NOTIFY_ALL, wish->cpu)->obj = hop->iommu;
        break;
    case TW_MET_END_RESET:
        tw_put(gen, TW_OP_IOMMU_RESET, wish->cpu)->obj = hop->iommu;
        break;
    default:
        op = tw_put(gen, TW_OP_BYPASS, wish->cpu);
        op->obj = hop->iommu;
        tw_put_on(gen, op, true);
        break;
    }
}

/* A commit that has nothing to do with the way. */
static void put_commit(TwWish *wish)
{
    TwGen *gen = wish->gen;
    TwRegion *spare = tw_gen_new_region(
        gen, TW_REGION_RAM, gen->program->spaces[wish->way[0].space].root,
        gen->page * 4000, gen->page);

    if (spare) {
        put_region(wish, TW_OP_ENABLE, tw_gen_region_id(gen, spare), false, 0,
                   wish->cpu);
    }
}

/* Does the change by this CPU itself end in this way? */
static bool is_own(const TwWish *wish)
{
    unsigned change = wish->want->is[TW_MET_BY_CHANGE];

    if (change == TW_MET_DEVICE || change == TW_MET_DURING) {
        change = wish->change;
        if (change != TW_MET_DURING &&
            wish->want->is[TW_MET_BY_CHANGE] == TW_MET_DEVICE) {
            return wish->want->is[TW_MET_BY_ENDING] == TW_MET_END_OTHER &&
                   (tw_wish_ends_itself(change));
        }
    }
    switch (wish->want->is[TW_MET_BY_ENDING]) {
    case TW_MET_NOTIFIED:
        return change == TW_MET_MAP_NOTIFIED ||
               change == TW_MET_UNMAP_NOTIFIED ||
               change == TW_MET_PROTECT_NOTIFIED;
    case TW_MET_END_RESET:
        return change == TW_MET_RESET;
    case TW_MET_END_BYPASS:
        return change == TW_MET_BYPASS;
    case TW_MET_COMMIT:
        return tw_wish_of_topology(change) || change == TW_MET_TRANSACTION;
    default:
        return false;
    }
}

static void put_ending(TwWish *wish)
{
    TwGen *gen = wish->gen;
    unsigned ending = wish->want->is[TW_MET_BY_ENDING];
    unsigned before = gen->program->n_script;

    if (wish->dma || ending == TW_MET_OPEN || is_own(wish)) {
        return;
    }
    switch (ending) {
    case TW_MET_WAITING:
    case TW_MET_SAFEPOINT:
        if (!(tw_wish_ends_itself(wish->change)) || tw_gen_chance(gen, 20)) {
            put_flush(wish, TW_MET_FLUSH_PAGE + tw_gen_below(gen, 4), TW_BOARD);
        }
        if (ending == TW_MET_SAFEPOINT) {
            tw_put_safepoint(gen, wish->cpu);
        }
        break;
    case TW_MET_FLUSH_PAGE:
    case TW_MET_FLUSH_RANGE:
    case TW_MET_FLUSH_INDEX:
    case TW_MET_FLUSH_ALL:
        put_flush(wish, ending, wish->cpu);
        break;
    case TW_MET_COMMIT:
        put_commit(wish);
        break;
    case TW_MET_END_OTHER:
        put_flush(wish, TW_MET_FLUSH_PAGE + tw_gen_below(gen, 4), wish->cpu);
        by_device(wish, before, wish->cpu);
        break;
    default:
        put_iommu_event(wish, ending);
        break;
    }
}

/* The script -------------------------------------------------------------- */

/* The actor of the change: this CPU, if its own event shall end the answer;
 * else any actor whose events wait for a safe point. */
static uint8_t choose_actor(TwWish *wish)
{
    TwGen *gen = wish->gen;
    uint8_t other = tw_gen_pick_cpu(gen->program, wish->cpu + 1u);
    bool silent = !(tw_wish_ends_itself(wish->change));

    if (is_own(wish)) {
        return wish->cpu;
    }
    if (silent && tw_gen_chance(gen, 30)) {
        return wish->cpu;
    }
    return tw_gen_chance(gen, 30) ? other : TW_BOARD;
}

static void put_change(TwWish *wish)
{
    TwGen *gen = wish->gen;
    TwProgram *program = gen->program;
    unsigned outer = wish->want->is[TW_MET_BY_CHANGE];
    uint8_t actor = choose_actor(wish);
    unsigned before;

    switch (outer) {
    case TW_MET_TRANSACTION:
        tw_put(gen, TW_OP_BEGIN, TW_BOARD);
        come_back(wish, TW_BOARD);
        tw_put(gen, TW_OP_COMMIT, actor);
        break;
    case TW_MET_RESTORE:
        tw_put(gen, TW_OP_RESTORE, TW_BOARD);
        break;
    case TW_MET_DEVICE:
        before = program->n_script;
        come_back(wish, TW_BOARD);
        by_device(wish, before,
                  actor != TW_BOARD ? actor
                                    : tw_gen_pick_cpu(program, wish->cpu + 1u));
        break;
    case TW_MET_DURING:
        before = program->n_script;
        come_back(wish, actor);
        if (before > 0 && program->n_script == before + 1) {
            program->script[before].flags |= TW_OPF_DURING;
        }
        break;
    default:
        come_back(wish, actor);
        break;
    }
}

void tw_wish_script(TwWish *wish)
{
    TwGen *gen = wish->gen;
    unsigned outer = wish->want->is[TW_MET_BY_CHANGE];

    if (outer == TW_MET_FIRST) {
        put_access(wish);
        return;
    }
    if (outer == TW_MET_SAME) {
        put_access(wish);
        put_access(wish);
        return;
    }
    if (outer == TW_MET_RESTORE) {
        tw_put(gen, TW_OP_SNAPSHOT, TW_BOARD);
        gen->saved = true;
        memset(&gen->saved_regions, 0, sizeof(gen->saved_regions));
    }
    go_away(wish);
    if (gen->program->explicit_safepoints) {
        tw_put_safepoint(gen, wish->cpu);
    }
    if (outer == TW_MET_DURING && tw_gen_chance(gen, 50)) {
        put_access(wish); /* the next one may not have to fill */
    }
    put_access(wish);
    put_change(wish);
    put_ending(wish);
    put_access(wish);
}
