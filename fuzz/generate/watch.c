/* SPDX-License-Identifier: MIT */
/*
 * Moves with receivers of events: IOMMU observers with replay and veto,
 * listeners of spaces, the dirty log.
 */
#include "fuzz/generate/moves.h"

#include "fuzz/generate/board.h"
#include "fuzz/generate/put.h"

/* Numbers of observers and listeners -------------------------------------- */

/* Of the first numbers, so that operations by chance meet them. */
enum { NUMBERS = 4 };

/* A number that is not in use; frees one if necessary. */
static uint8_t free_number(TwGen *gen)
{
    uint8_t taken = gen->observing | gen->listening;
    unsigned n = tw_gen_below(gen, NUMBERS);

    for (unsigned i = 0; i < NUMBERS; i++, n = (n + 1) % NUMBERS) {
        if (!(taken >> n & 1)) {
            return (uint8_t)n;
        }
    }
    bool observes = gen->observing >> n & 1;
    tw_put(gen, observes ? TW_OP_UNOBSERVE : TW_OP_UNLISTEN, TW_BOARD)->obj =
        (uint8_t)n;
    gen->observing &= (uint8_t) ~(1u << n);
    gen->listening &= (uint8_t) ~(1u << n);
    return (uint8_t)n;
}

static void put_end(TwGen *gen, TwOpCode code, uint8_t number)
{
    tw_put(gen, code, TW_BOARD)->obj = number;
    gen->observing &= (uint8_t) ~(1u << number);
    gen->listening &= (uint8_t) ~(1u << number);
}

/* Observers --------------------------------------------------------------- */

/* All of the index, or edges inside the hop's page. */
static void put_observe(TwGen *gen, const TwSketchHop *hop, uint8_t number,
                        uint8_t kinds)
{
    TwOp *op = tw_put(gen, TW_OP_OBSERVE, TW_BOARD);

    op->obj = number;
    op->other = hop->iommu;
    op->index = hop->index;
    op->events = kinds;
    op->addr = 0;
    op->last = UINT64_MAX;
    if (tw_gen_chance(gen, 50)) {
        op->addr = (hop->offset & ~(gen->page - 1)) +
                   tw_gen_below(gen, (uint32_t)gen->page);
        op->last = op->addr + tw_gen_below(gen, 4) * (gen->page / 2);
        if (op->last < op->addr) {
            op->last = UINT64_MAX;
        }
    }
    gen->observing |= (uint8_t)(1u << number);
}

static void put_veto(TwGen *gen, uint8_t iommu, bool on)
{
    TwOp *op = tw_put(gen, TW_OP_VETO, TW_BOARD);

    op->obj = iommu;
    tw_put_on(gen, op, on);
    gen->vetoing = on ? iommu : TW_NONE;
}

/*
 * Registration while the IOMMU refuses what changes its kinds: one that
 * changes them, one that does not (if another observes the same already), and
 * the end of the last that asks for one.
 */
static void put_vetoed(TwGen *gen, const TwSketchHop *hop, uint8_t number,
                       uint8_t kinds)
{
    bool first = tw_gen_chance(gen, 50);

    if (first) {
        put_observe(gen, hop, number, kinds);
    }
    put_veto(gen, hop->iommu, true);
    uint8_t second = free_number(gen);
    put_observe(gen, hop, second,
                tw_gen_chance(gen, 50) ? kinds
                                       : (uint8_t)(1 + tw_gen_below(gen, 7)));
    tw_put_change(gen, hop, TW_BOARD, true);
    if (tw_gen_chance(gen, 60)) {
        tw_put(gen, TW_OP_UNOBSERVE, TW_BOARD)->obj = first ? number : second;
    }
    if (tw_gen_chance(gen, 75)) {
        put_veto(gen, hop->iommu, false);
    }
    put_end(gen, TW_OP_UNOBSERVE, first ? number : second);
    if (!first) {
        put_observe(gen, hop, number, kinds);
    }
}

void tw_move_observe(TwGen *gen)
{
    TwAim aim;

    if (!tw_aim_hop(gen, &aim)) {
        tw_move_access(gen);
        return;
    }
    const TwSketchHop *hop = tw_aim_some_hop(gen, &aim);
    uint8_t kinds =
        (uint8_t)(tw_gen_chance(gen, 60) ? TW_EVENT_UNMAP | TW_EVENT_MAP
                                         : 1 + tw_gen_below(gen, 7));

    if (gen->vetoing != TW_NONE && tw_gen_chance(gen, 80)) {
        put_veto(gen, gen->vetoing, false);
    }
    uint8_t number = free_number(gen);
    if (tw_gen_speaks(gen->dialect, TW_OP_VETO) && tw_gen_chance(gen, 20)) {
        put_vetoed(gen, hop, number, kinds);
    } else {
        put_observe(gen, hop, number, kinds);
    }
    tw_put_change(gen, hop, TW_BOARD, true);
    if (tw_gen_speaks(gen->dialect, TW_OP_REPLAY) && tw_gen_chance(gen, 50)) {
        /* Something to be told, of what an observer of MAP gets. */
        if (!hop->known || tw_gen_chance(gen, 30)) {
            tw_put_map(gen, hop, TW_R | TW_W, TW_BOARD, tw_gen_chance(gen, 50));
        }
        tw_put(gen, TW_OP_REPLAY, TW_BOARD)->obj = number;
    }
    if (tw_gen_chance(gen, 60)) {
        TwOp *op = tw_put_notify(gen, hop, TW_BOARD);
        unsigned kind = 1u << tw_gen_below(gen, 3);
        if (kinds & kind) {
            op->events = (uint8_t)kind;
        }
    }
    if (tw_gen_chance(gen, 40)) {
        put_end(gen, TW_OP_UNOBSERVE, number);
    }
    tw_put_aimed(gen, &aim, TW_OP_READ);
}

/* Listeners --------------------------------------------------------------- */

/* A listener of the space where an access ends, or of the CPU's; commits that
 * change what is to be seen there; sometimes a transaction that does and
 * undoes; the end. */
void tw_move_listen(TwGen *gen)
{
    TwAim aim;

    if (!tw_aim_anywhere(gen, &aim)) {
        return;
    }
    const TwMmuIndex *index = &gen->program->cpus[aim.cpu].mmu[aim.mmu];
    uint8_t number = free_number(gen);
    TwOp *op = tw_put(gen, TW_OP_LISTEN, TW_BOARD);

    op->obj = number;
    op->other = tw_gen_chance(gen, 60) ? aim.space : index->space;
    gen->listening |= (uint8_t)(1u << number);
    for (unsigned n = 1 + tw_gen_below(gen, 3); n > 0; n--) {
        uint8_t region = tw_gen_some_region(gen, &aim);

        tw_put_topology(gen, region, tw_gen_actor(gen, aim.cpu));
    }
    if (tw_gen_speaks(gen->dialect, TW_OP_BEGIN) && tw_gen_chance(gen, 40) &&
        gen->program->n_script + 5u < gen->limit) {
        tw_put(gen, TW_OP_BEGIN, TW_BOARD);
        for (unsigned n = 1 + tw_gen_below(gen, 3); n > 0; n--) {
            tw_put_topology(gen, tw_gen_some_region(gen, &aim), TW_BOARD);
        }
        tw_put(gen, TW_OP_COMMIT, TW_BOARD);
    }
    if (tw_gen_chance(gen, 60)) {
        put_end(gen, TW_OP_UNLISTEN, number);
    }
    tw_put_aimed(gen, &aim, tw_gen_code(gen));
}

/* Dirty log --------------------------------------------------------------- */

/* The pages that an aim's access touches, or others. */
static void put_clear(TwGen *gen, const TwAim *aim)
{
    TwOp *op = tw_put(gen, TW_OP_DIRTY_CLEAR, TW_BOARD);
    uint64_t offset = aim->spot->base + (aim->addr - aim->spot->addr);

    op->obj = aim->spot->leaf;
    op->addr = offset & ~(gen->page - 1);
    op->last = op->addr + (gen->page - 1);
    switch (tw_gen_below(gen, 6)) {
    case 0:
        op->addr = 0;
        op->last = UINT64_MAX;
        break;
    case 1: /* meets it just so */
        op->addr = op->last;
        op->last += gen->page;
        break;
    case 2: /* the next page: not it */
        op->addr += gen->page;
        op->last += gen->page;
        break;
    default:
        break;
    }
    if (op->last < op->addr) {
        op->last = UINT64_MAX;
    }
}

void tw_move_dirty(TwGen *gen)
{
    TwAim aim;

    for (unsigned tries = 0;; tries++) {
        if (tries == 4 || !(tries == 0 ? tw_aim_touched(gen, &aim)
                                       : tw_aim_anywhere(gen, &aim))) {
            tw_move_access(gen);
            return;
        }
        if (!tw_aim_dead(gen, &aim) &&
            gen->program->regions[aim.spot->leaf].kind == TW_REGION_RAM) {
            break;
        }
    }
    TwOp *op = tw_put(gen, TW_OP_DIRTY_LOG, TW_BOARD);
    op->obj = aim.spot->leaf;
    tw_put_on(gen, op, true);
    if (tw_gen_chance(gen, 30)) {
        tw_put_aimed(gen, &aim, TW_OP_READ); /* cached before any store */
    }
    tw_put_aimed(gen, &aim, TW_OP_WRITE);
    put_clear(gen, &aim);
    if (tw_gen_chance(gen, 25)) {
        tw_put_dma(gen, true, aim.space, aim.addr, 0);
    } else {
        tw_put_aimed(gen, &aim,
                     tw_gen_chance(gen, 20) ? TW_OP_RMW : TW_OP_WRITE);
    }
    put_clear(gen, &aim);
    if (tw_gen_chance(gen, 25)) {
        op = tw_put(gen, TW_OP_DIRTY_LOG, TW_BOARD);
        op->obj = aim.spot->leaf;
        if (tw_gen_chance(gen, 50)) {
            tw_put_aimed(gen, &aim, TW_OP_WRITE);
            put_clear(gen, &aim);
        }
    }
}
