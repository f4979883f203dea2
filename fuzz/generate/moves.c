/* SPDX-License-Identifier: MIT */
/*
 * The script, move by move: accesses, IOMMU changes and the TLB.  (board.c has
 * moves of the whole board.)  A move is a short sequence that a class of bugs
 * needs: fill-change-notify-access, the same TLB slot for another page, a range
 * that meets only the last byte.
 */
#include "fuzz/generate/moves.h"

#include "fuzz/generate/board.h"
#include "fuzz/generate/flat.h"
#include "fuzz/generate/mapping.h"
#include "fuzz/generate/paged.h"
#include "fuzz/generate/op.h"
#include "fuzz/generate/put.h"

/* Moves: accesses --------------------------------------------------------- */

static void move_again(TwGen *gen)
{
    TwAim aim;

    if (tw_aim_touched(gen, &aim)) {
        tw_put_aimed(gen, &aim, tw_gen_code(gen));
    }
}

/* The exact last byte of a page, an entry or a region; one beyond. */
static void move_edge(TwGen *gen)
{
    TwAim aim;

    if (!tw_aim_anywhere(gen, &aim)) {
        return;
    }
    uint64_t to_end = gen->page - (aim.va & (gen->page - 1));
    if (aim.spot != NULL && aim.n_hops == 0 && tw_gen_chance(gen, 60)) {
        to_end = aim.spot->addr + aim.spot->size - aim.addr;
    } else if (tw_gen_chance(gen, 25) && aim.lg < 64) {
        to_end = (1ull << aim.lg) - (aim.va & ((1ull << aim.lg) - 1));
    }
    TwOpCode code = tw_gen_code(gen);
    uint8_t size = tw_gen_size(gen, code);
    static const int8_t beyond[] = {0, 0, 1, 4, -1};
    uint64_t va = aim.va + to_end - size +
                  (uint64_t)(int64_t)beyond[tw_gen_below(gen, 5)];
    tw_put_access(gen, code, aim.cpu, aim.mmu, va, size);
    if (tw_gen_chance(gen, 40)) {
        tw_put_access(gen, TW_OP_READ, aim.cpu, aim.mmu, aim.va + to_end - 1,
                      1);
    }
}

/* Moves: IOMMU changes ---------------------------------------------------- */

static void move_remap(TwGen *gen)
{
    TwAim aim;

    if (!tw_aim_hop(gen, &aim)) {
        tw_move_access(gen);
        return;
    }
    tw_put_fill(gen, &aim, tw_gen_code(gen));
    uint8_t actor = tw_gen_actor(gen, aim.cpu);
    tw_put_change(gen, tw_aim_some_hop(gen, &aim), actor, true);
    tw_put_aimed(gen, &aim, tw_gen_code(gen));
    if (gen->program->explicit_safepoints && tw_gen_chance(gen, 50)) {
        tw_put_safepoint(gen, aim.cpu);
        tw_put_aimed(gen, &aim, tw_gen_code(gen));
    }
}

static void move_twice(TwGen *gen)
{
    TwAim aim;

    if (!tw_aim_hop(gen, &aim)) {
        tw_move_access(gen);
        return;
    }
    const TwSketchHop *hop = tw_aim_some_hop(gen, &aim);
    uint8_t actor = tw_gen_actor(gen, aim.cpu);

    tw_put_fill(gen, &aim, TW_OP_READ);
    tw_put_unmap(gen, hop, actor, true);
    if (tw_gen_chance(gen, 30)) {
        tw_put_notify(gen, hop, actor);
    }
    tw_put_remap_same(gen, hop, actor, tw_gen_chance(gen, 50));
    tw_put_aimed(gen, &aim, TW_OP_READ);
    tw_put_change(gen, hop, actor, true);
    tw_put_aimed(gen, &aim, tw_gen_code(gen));
}

static void move_silent(TwGen *gen)
{
    TwAim aim;

    if (!tw_aim_hop(gen, &aim)) {
        tw_move_access(gen);
        return;
    }
    const TwSketchHop *hop = tw_aim_some_hop(gen, &aim);
    uint8_t actor = tw_gen_actor(gen, aim.cpu);

    tw_put_fill(gen, &aim, tw_gen_code(gen));
    tw_put_change(gen, hop, actor, false);
    tw_put_aimed(gen, &aim, tw_gen_code(gen));
    if (tw_gen_chance(gen, 60)) {
        tw_put_notify(gen, hop, actor);
        tw_put_aimed(gen, &aim, tw_gen_code(gen));
    }
}

static void move_rights(TwGen *gen)
{
    TwAim aim;

    if (!tw_aim_hop(gen, &aim)) {
        tw_move_access(gen);
        return;
    }
    const TwSketchHop *hop = tw_aim_some_hop(gen, &aim);
    uint8_t actor = tw_gen_actor(gen, aim.cpu);
    bool up = tw_gen_chance(gen, 40);
    uint8_t weak = tw_gen_chance(gen, 70) ? TW_R : TW_W;
    TwOpCode strong = weak == TW_R ? TW_OP_WRITE : TW_OP_READ;

    if (up) {
        tw_put_protect(gen, hop, weak, actor, tw_gen_chance(gen, 70));
        tw_put_aimed(gen, &aim, weak == TW_R ? TW_OP_READ : TW_OP_WRITE);
        tw_put_aimed(gen, &aim, tw_gen_chance(gen, 30) ? TW_OP_RMW : strong);
        tw_put_protect(gen, hop, TW_R | TW_W, actor, tw_gen_chance(gen, 60));
        tw_put_aimed(gen, &aim, strong);
    } else {
        tw_put_fill(gen, &aim, strong);
        if (tw_gen_chance(gen, 60)) {
            tw_put_protect(gen, hop, weak, actor, tw_gen_chance(gen, 80));
        } else if (hop->known) {
            TwSketchHop lower = *hop;
            lower.entry.perm = weak;
            tw_put_remap_same(gen, &lower, actor, tw_gen_chance(gen, 80));
        }
        tw_put_aimed(gen, &aim, tw_gen_chance(gen, 20) ? TW_OP_RMW : strong);
    }
}

static void move_denied(TwGen *gen)
{
    TwAim aim;

    if (!tw_aim_hop(gen, &aim)) {
        tw_move_access(gen);
        return;
    }
    const TwSketchHop *hop = tw_aim_some_hop(gen, &aim);
    uint8_t actor = tw_gen_actor(gen, aim.cpu);

    if (hop->known) {
        tw_put_unmap(gen, hop, actor, tw_gen_chance(gen, 70));
    }
    tw_put_aimed(gen, &aim, tw_gen_code(gen));
    tw_put_remap_same(gen, hop, actor, tw_gen_chance(gen, 50));
    tw_put_aimed(gen, &aim, tw_gen_code(gen));
}

static void move_notify(TwGen *gen)
{
    TwAim aim;

    if (!tw_aim_hop(gen, &aim)) {
        tw_move_access(gen);
        return;
    }
    const TwSketchHop *hop = tw_aim_some_hop(gen, &aim);
    uint8_t actor = tw_gen_actor(gen, aim.cpu);
    TwOpCode code = tw_gen_code(gen);

    tw_put_fill(gen, &aim, code);
    tw_put_change(gen, hop, actor, false);
    tw_put_notify(gen, hop, actor);
    tw_put_aimed(gen, &aim, code);
}

/* Moves: the TLB ---------------------------------------------------------- */

/* Another page in the TLB slot of an aim's page; false if there is none. */
static bool pick_rival(TwGen *gen, const TwAim *aim, unsigned nth, uint64_t *va)
{
    unsigned p = gen->program->page_lg;
    uint64_t step = gen->page << gen->program->cpus[aim->cpu].tlb_lg;
    const TwSketchPage *pages = gen->pages[aim->cpu][aim->mmu];
    unsigned n = gen->n_pages[aim->cpu][aim->mmu];

    if (aim->lg < 63 && 1ull << aim->lg > step) {
        uint64_t reach = 1ull << aim->lg;
        uint64_t base = aim->va & ~(reach - 1);
        *va = base + ((aim->va - base + nth * step) & (reach - 1));
        return true;
    }
    unsigned at = n > 0 ? tw_gen_below(gen, n) : 0;
    for (unsigned i = 0; i < n; i++, at = at + 1 == n ? 0 : at + 1) {
        uint64_t apart = pages[at].va ^ aim->va;
        if (apart >> p != 0 && ((apart >> p << p) & (step - 1)) == 0) {
            *va = pages[at].va;
            return true;
        }
    }
    return false;
}

/* Pushes a page out to the victims and looks for it again, mostly after
 * something ended what was cached for it. */
static void move_slot(TwGen *gen)
{
    TwAim aim;
    uint64_t va = 0;

    for (unsigned tries = 0;; tries++) {
        if (!tw_aim_anywhere(gen, &aim) || tries == 4) {
            return;
        }
        if (!tw_aim_dead(gen, &aim) && pick_rival(gen, &aim, 1, &va)) {
            break;
        }
    }
    unsigned others = 1 + tw_gen_below(gen, 2);
    uint8_t actor = tw_gen_actor(gen, aim.cpu);
    TwOpCode code = tw_gen_code(gen);

    tw_put_aimed(gen, &aim, code);
    tw_put_near(gen, code, aim.cpu, aim.mmu, va);
    for (unsigned k = 2; k <= others; k++) {
        if (pick_rival(gen, &aim, k, &va)) {
            tw_put_near(gen, tw_gen_code(gen), aim.cpu, aim.mmu, va);
        }
    }
    switch (tw_gen_below(gen, 8)) {
    case 0:
    case 1:
        break;
    case 2:
    case 3:
        if (aim.n_hops > 0) {
            const TwSketchHop *hop = tw_aim_some_hop(gen, &aim);
            tw_put_change(gen, hop, actor, tw_gen_chance(gen, 70));
            break;
        }
        /* fall through */
    default: {
        TwAim page = aim;
        page.lg = gen->program->page_lg; /* the others stay as they are */
        tw_put_page(gen, &page, actor);
        tw_put_flush(gen, &aim, actor);
        break;
    }
    }
    tw_put_aimed(gen, &aim, tw_gen_chance(gen, 75) ? code : tw_gen_code(gen));
}

static void move_page(TwGen *gen)
{
    TwAim aim;

    if (!(tw_gen_chance(gen, 60) ? tw_aim_touched(gen, &aim)
                                 : tw_aim_anywhere(gen, &aim))) {
        return;
    }
    uint8_t actor = tw_gen_actor(gen, aim.cpu);
    TwOpCode code = tw_gen_code(gen);

    tw_put_fill(gen, &aim, code);
    tw_put_page(gen, &aim, actor);
    if (tw_gen_chance(gen, 40)) {
        tw_put_aimed(gen, &aim, code);
    }
    unsigned draw = tw_gen_below(gen, 8);
    TwOp *op = tw_put(gen,
                      draw < 5    ? TW_OP_FLUSH_PAGE
                      : draw == 5 ? TW_OP_FLUSH_INDEX
                      : draw == 6 ? TW_OP_FLUSH_ALL
                                  : TW_OP_FLUSH_RANGE,
                      actor);
    op->obj = tw_gen_chance(gen, 15) ? TW_ALL : aim.cpu;
    if (op->code != TW_OP_FLUSH_ALL) {
        op->index = aim.mmu;
    }
    if (op->code == TW_OP_FLUSH_PAGE || op->code == TW_OP_FLUSH_RANGE) {
        op->addr = aim.va;
    }
    if (op->code == TW_OP_FLUSH_RANGE) {
        op->length = gen->page * (1 + tw_gen_below(gen, 3));
        op->bits = 64;
    }
    tw_put_aimed(gen, &aim, code);
}

/*
 * A large page, touched in two places; the page map changes under it; a flush
 * whose range starts inside it and ends beyond, meets its last byte, or
 * compares only low bits.
 */
static void move_range(TwGen *gen)
{
    TwAim aim;

    for (unsigned tries = 0;; tries++) {
        if (!tw_aim_anywhere(gen, &aim)) {
            return;
        }
        if (aim.lg > gen->program->page_lg || tries == 3) {
            break;
        }
    }
    uint64_t size = aim.lg < 63 ? 1ull << aim.lg : 1ull << 62;
    uint64_t base = aim.va & ~(size - 1);
    uint64_t sibling =
        base +
        ((aim.va - base + gen->page * (1 + tw_gen_below(gen, 4))) & (size - 1));
    uint8_t actor = tw_gen_actor(gen, aim.cpu);
    TwOpCode code = tw_gen_code(gen);

    tw_put_aimed(gen, &aim, code);
    tw_put_near(gen, TW_OP_READ, aim.cpu, aim.mmu, sibling);
    tw_put_page(gen, &aim, actor);
    TwOp *op = tw_put(gen, TW_OP_FLUSH_RANGE, actor);
    op->obj = aim.cpu;
    op->index = aim.mmu;
    op->bits = 64;
    switch (tw_gen_below(gen, 6)) {
    case 0: /* inside, to beyond the end */
        op->addr = sibling;
        op->length = base + size - sibling + gen->page;
        break;
    case 1: /* before, to inside */
        op->addr = base - gen->page;
        op->length = 2 * gen->page;
        break;
    case 2: /* the last byte */
        op->addr = base + size - 1;
        op->length = 1 + tw_gen_below(gen, 2) * gen->page;
        break;
    case 3: /* low bits only, high ones other */
        op->bits = (uint8_t)(aim.lg + 1 + tw_gen_below(gen, 16));
        op->bits = op->bits > 64 ? 64 : op->bits;
        op->addr = aim.va ^ (1ull << 63);
        op->length = 2 * gen->page;
        break;
    case 4: /* a page that is not the one touched */
        op->addr = base + (gen->page & (size - 1));
        op->length = gen->page;
        break;
    default: /* the whole, inside */
        op->addr = base;
        op->length = size;
        break;
    }
    tw_put_near(gen, TW_OP_READ, aim.cpu, aim.mmu, sibling);
    tw_put_aimed(gen, &aim, code);
}

static void move_index(TwGen *gen)
{
    TwAim aim, other;

    if (!tw_aim_anywhere(gen, &aim)) {
        return;
    }
    uint8_t mmu = tw_gen_pick_mmu(gen->program, aim.cpu, aim.mmu + 1u);
    uint8_t actor = tw_gen_actor(gen, aim.cpu);
    TwOpCode code = tw_gen_code(gen);

    tw_gen_aim(gen, aim.cpu, mmu, aim.va, &other);
    tw_put_aimed(gen, &aim, code);
    tw_put_aimed(gen, &other, code);
    if (aim.n_hops > 0 && tw_gen_chance(gen, 60)) {
        const TwSketchHop *hop = tw_aim_some_hop(gen, &aim);
        tw_put_change(gen, hop, actor, tw_gen_chance(gen, 75));
    } else {
        tw_put_page(gen, &aim, actor);
        TwOp *op = tw_put(gen, TW_OP_FLUSH_INDEX, actor);
        op->obj = aim.cpu;
        op->index = tw_gen_chance(gen, 75) ? aim.mmu : mmu;
    }
    tw_put_aimed(gen, &aim, code);
    tw_put_aimed(gen, &other, tw_gen_code(gen));
}

/* Any operation at all, and an access that shows its effect. */
static void move_any(TwGen *gen)
{
    TwOp op;

    for (unsigned tries = 0; tries < 4 && !tw_gen_full(gen); tries++) {
        if (tw_gen_random_op(gen->program, gen->dialect, gen->rng,
                             tw_gen_below(gen, TW_OP_CODES), &op)) {
            gen->program->script[gen->program->n_script++] = op;
            if (op.code == TW_OP_UNPLUG) {
                gen->unplugged |= (uint8_t)(1u << op.obj);
            }
            move_again(gen);
            return;
        }
    }
}

/* The mixture ------------------------------------------------------------- */

static void (*const moves[MOVES])(TwGen *gen) = {
    [MOVE_ACCESS] = tw_move_access,
    [MOVE_AGAIN] = move_again,
    [MOVE_EDGE] = move_edge,
    [MOVE_REMAP] = move_remap,
    [MOVE_TWICE] = move_twice,
    [MOVE_SILENT] = move_silent,
    [MOVE_RIGHTS] = move_rights,
    [MOVE_DENIED] = move_denied,
    [MOVE_NOTIFY] = move_notify,
    [MOVE_SLOT] = move_slot,
    [MOVE_PAGE] = move_page,
    [MOVE_RANGE] = move_range,
    [MOVE_INDEX] = move_index,
    [MOVE_TOPOLOGY] = tw_move_topology,
    [MOVE_TRANSACTION] = tw_move_transaction,
    [MOVE_PINGPONG] = tw_move_pingpong,
    [MOVE_CPUS] = tw_move_cpus,
    [MOVE_DMA] = tw_move_dma,
    [MOVE_SWITCH] = tw_move_switch,
    [MOVE_DESTROY] = tw_move_destroy,
    [MOVE_UNPLUG] = tw_move_unplug,
    [MOVE_OBSERVE] = tw_move_observe,
    [MOVE_LISTEN] = tw_move_listen,
    [MOVE_DIRTY] = tw_move_dirty,
    [MOVE_SNAPSHOT] = tw_move_snapshot,
    [MOVE_CLOCK] = tw_move_clock,
    [MOVE_ACTOR] = tw_move_actor,
    [MOVE_DURING] = tw_move_during,
    [MOVE_SPACE] = tw_move_space,
    [MOVE_MAPPING] = tw_move_mapping,
    [MOVE_ANY] = move_any,
};

void tw_gen_move(TwGen *gen)
{
    if (gen->dialect->identity_pages) {
        tw_flat_move(gen);
        return;
    }
    if (tw_paged_dialect(gen->dialect)) {
        tw_paged_move(gen);
        return;
    }
    const uint8_t *weights = gen->mixture->moves;
    unsigned draw = tw_gen_below(gen, gen->weights);
    for (unsigned move = 0; move < MOVES; move++) {
        unsigned weight = gen->possible >> move & 1 ? weights[move] : 0;
        if (draw < weight) {
            moves[move](gen);
            return;
        }
        draw -= weight;
    }
}

void tw_gen_script(TwGen *gen, unsigned goal)
{
    /* If a dialect lacks most operations, most moves add nothing: limit the
     * tries. */
    for (unsigned tries = 0; gen->program->n_script < goal && tries < 4 * goal;
         tries++) {
        tw_gen_move(gen);
    }
}
