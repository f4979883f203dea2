/* SPDX-License-Identifier: MIT */
/*
 * The script, move by move.  A move is a short sequence that some class of
 * bugs needs: fill-change-notify-access, the same TLB slot for another page, a
 * range that meets only the last byte.  Operations outside the dialect fall
 * out of a move; what remains is still a program.
 */
#include "fuzz/generate-internal.h"

#include "program/legality.h"
#include "program/ops.h"

/* Emission ---------------------------------------------------------------- */

static bool full(const TwGen *gen)
{
    return gen->program->n_script >= gen->limit;
}

/* A new operation of the script; outside the dialect, or if the script is
 * full, one that nobody sees. */
static TwOp *put(TwGen *gen, TwOpCode code, uint8_t actor)
{
    TwProgram *program = gen->program;
    TwOp *op = &gen->scratch;

    if (!full(gen) && tw_gen_speaks(gen->dialect, code)) {
        op = &program->script[program->n_script++];
    }
    *op = (TwOp){.code = (uint8_t)code, .actor = actor};
    return op;
}

static void note_touch(TwGen *gen, uint8_t cpu, uint8_t mmu, uint64_t va)
{
    gen->touched[gen->n_touched++ % SKETCH_TOUCHED] =
        (TwTouch){.va = va, .cpu = cpu, .mmu = mmu};
    if (gen->n_touched == 2 * SKETCH_TOUCHED) {
        gen->n_touched = SKETCH_TOUCHED;
    }
}

static void put_access(TwGen *gen, TwOpCode code, uint8_t cpu, uint8_t mmu,
                       uint64_t va, uint8_t size)
{
    TwOp *op = put(gen, code, cpu);

    op->obj = cpu;
    op->index = mmu;
    op->addr = va;
    op->size = size;
    note_touch(gen, cpu, mmu, va);
}

static TwOpCode some_code(TwGen *gen)
{
    unsigned draw = tw_gen_below(gen, 32);
    TwOpCode code = draw < 15   ? TW_OP_READ
                    : draw < 26 ? TW_OP_WRITE
                    : draw < 29 ? TW_OP_EXEC
                                : TW_OP_RMW;

    return tw_gen_speaks(gen->dialect, code) ? code : TW_OP_READ;
}

static uint8_t some_size(TwGen *gen, TwOpCode code)
{
    unsigned draw = tw_gen_below(gen, 32);

    if (draw < 27 || code == TW_OP_RMW) {
        return (uint8_t)(1u << (draw & 3));
    }
    return (uint8_t)(3 + (draw & 3) + (draw == 31));
}

/* An access at or near `va`, in the same page with few exceptions. */
static void put_near(TwGen *gen, TwOpCode code, uint8_t cpu, uint8_t mmu,
                     uint64_t va)
{
    uint8_t size = some_size(gen, code);
    unsigned draw = tw_gen_below(gen, 32);
    uint64_t page = va & ~(gen->page - 1);

    if (draw < 12) {
        va = page + (tw_gen_below(gen, (uint32_t)gen->page) &
                     ~(uint32_t)(size - 1));
    } else if (draw < 15) {
        va = page + gen->page - size; /* the last bytes */
    } else if (draw == 15) {
        va = page + gen->page - 1; /* across the end */
    }
    put_access(gen, code, cpu, mmu, va, size);
}

static void put_aimed(TwGen *gen, const TwAim *aim, TwOpCode code)
{
    put_near(gen, code, aim->cpu, aim->mmu, aim->va);
}

/* Makes sure that there is something to be stale: an access, unless there was
 * one already. */
static void put_fill(TwGen *gen, const TwAim *aim, TwOpCode code)
{
    if (!aim->touched || tw_gen_chance(gen, 10)) {
        put_aimed(gen, aim, code);
    }
}

static TwOp *put_dma(TwGen *gen, bool write, uint8_t space, uint64_t addr,
                     TwAttrs attrs)
{
    TwOp *op = put(gen, write ? TW_OP_DMA_WRITE : TW_OP_DMA_READ, TW_BOARD);

    op->obj = space;
    op->addr = addr;
    op->size = some_size(gen, TW_OP_READ);
    op->attrs = attrs;
    return op;
}

static void put_safepoint(TwGen *gen, uint8_t cpu)
{
    put(gen, TW_OP_SAFEPOINT, TW_BOARD)->obj = cpu;
}

/* Who makes a change: the board, the CPU that will look, another CPU. */
static uint8_t some_actor(TwGen *gen, uint8_t cpu)
{
    unsigned draw = tw_gen_below(gen, 8);

    if (draw < 4) {
        return TW_BOARD;
    }
    return draw < 7 ? cpu : tw_gen_pick_cpu(gen->program, cpu + 1u);
}

/* Targets ----------------------------------------------------------------- */

static bool aim_via(TwGen *gen, unsigned via, TwAim *aim)
{
    uint8_t cpu, mmu;
    uint64_t va;

    if (!tw_gen_pick_va(gen, via, &cpu, &mmu, &va)) {
        return false;
    }
    tw_gen_aim(gen, cpu, mmu, va, aim);
    return true;
}

static bool aim_anywhere(TwGen *gen, TwAim *aim)
{
    return aim_via(gen, gen->mixture->via, aim);
}

/* Nothing answers there, as far as the sketch knows. */
static bool is_dead(const TwGen *gen, const TwAim *aim)
{
    uint64_t gone = gen->disabled | gen->detached | gen->moved;

    return aim->spot == NULL || (gone >> aim->spot->region & 1) ||
           (aim->n_hops > 0 && !aim->hop[aim->n_hops - 1].known);
}

static bool aim_touched(TwGen *gen, TwAim *aim)
{
    unsigned n = gen->n_touched < SKETCH_TOUCHED ? gen->n_touched
                                                 : SKETCH_TOUCHED;

    if (n == 0) {
        return aim_anywhere(gen, aim);
    }
    const TwTouch *touch = &gen->touched[tw_gen_below(gen, n)];
    if (gen->unplugged >> touch->cpu & 1) {
        return aim_anywhere(gen, aim);
    }
    tw_gen_aim(gen, touch->cpu, touch->mmu, touch->va, aim);
    aim->touched = true;
    if (is_dead(gen, aim) && tw_gen_chance(gen, 55)) {
        return aim_anywhere(gen, aim);
    }
    return true;
}

/* A target through an IOMMU, mostly one that was touched; else false. */
static bool aim_hop(TwGen *gen, TwAim *aim)
{
    if (tw_gen_chance(gen, 75) && aim_touched(gen, aim) && aim->n_hops > 0) {
        return true;
    }
    for (unsigned tries = 0; tries < 3; tries++) {
        if (!aim_via(gen, 100, aim)) {
            return false;
        }
        if (aim->n_hops > 0) {
            return true;
        }
    }
    return false;
}

/* Any hop of the path, the last ones as often as the first. */
static const TwSketchHop *some_hop(TwGen *gen, const TwAim *aim)
{
    return &aim->hop[tw_gen_below(gen, aim->n_hops)];
}

/* Changes ----------------------------------------------------------------- */

/* The range of a change at a hop: what the page window needs, or more. */
static void set_range(TwGen *gen, TwOp *op, const TwSketchHop *hop)
{
    uint64_t first = hop->offset & ~(gen->page - 1);
    uint64_t length = gen->page;

    switch (tw_gen_below(gen, 10)) {
    case 0:
        if (hop->known) {
            first = hop->entry.first;
            length = hop->entry.last - hop->entry.first + 1;
        }
        break;
    case 1:
        length = gen->page * (1 + tw_gen_below(gen, 4));
        break;
    case 2:
        if (first >= gen->page) {
            first -= gen->page;
            length = 2 * gen->page;
        }
        break;
    default:
        break;
    }
    op->addr = first;
    op->last = length == 0 || first + (length - 1) < first
                   ? UINT64_MAX
                   : first + (length - 1);
}

static void set_notified(TwGen *gen, TwOp *op, bool notified)
{
    if (notified && (gen->dialect->op_flags & TW_OPF_NOTIFIED)) {
        op->flags |= TW_OPF_NOTIFIED;
    }
}

static void finish_change(TwGen *gen, TwOp *op)
{
    tw_op_round(gen->program, op);
    tw_gen_note_map(gen, op);
}

static TwOp *start_change(TwGen *gen, TwOpCode code, const TwSketchHop *hop,
                          uint8_t actor, bool notified)
{
    TwOp *op = put(gen, code, actor);

    op->obj = hop->iommu;
    op->index = hop->index;
    set_range(gen, op, hop);
    set_notified(gen, op, notified);
    return op;
}

static void put_unmap(TwGen *gen, const TwSketchHop *hop, uint8_t actor,
                      bool notified)
{
    finish_change(gen, start_change(gen, TW_OP_UNMAP, hop, actor, notified));
}

static void put_protect(TwGen *gen, const TwSketchHop *hop, uint8_t perm,
                        uint8_t actor, bool notified)
{
    TwOp *op = start_change(gen, TW_OP_PROTECT, hop, actor, notified);

    op->perm = perm;
    finish_change(gen, op);
}

/* Maps the hop's page elsewhere, mostly in the space it led to. */
static void put_map(TwGen *gen, const TwSketchHop *hop, uint8_t perm,
                    uint8_t actor, bool notified)
{
    const TwProgram *program = gen->program;
    TwOp *op = start_change(gen, TW_OP_MAP, hop, actor, notified);
    uint8_t space;

    if (hop->known && !tw_gen_chance(gen, 15)) {
        space = hop->entry.space;
    } else {
        space = program->iommus[hop->iommu].bypass_space;
    }
    op->other = space;
    op->perm = perm;
    uint64_t length = op->last - op->addr + 1;
    op->out = tw_gen_pick_room(gen, space, &length, gen->mixture->nest);
    if (tw_gen_chance(gen, 8)) {
        op->out += tw_gen_below(gen, (uint32_t)gen->page);
    }
    finish_change(gen, op);
}

/* Puts back what the hop had, as it was. */
static void put_remap_same(TwGen *gen, const TwSketchHop *hop, uint8_t actor,
                           bool notified)
{
    if (!hop->known) {
        put_map(gen, hop, TW_R | TW_W, actor, notified);
        return;
    }
    uint64_t first = hop->offset & ~(gen->page - 1);
    TwOp *op = put(gen, TW_OP_MAP, actor);

    op->obj = hop->iommu;
    op->index = hop->index;
    op->addr = first;
    op->last = first + (gen->page - 1);
    op->other = hop->entry.space;
    op->out = hop->entry.out + (first - hop->entry.first);
    op->perm = hop->entry.perm;
    set_notified(gen, op, notified);
    finish_change(gen, op);
}

static void put_change(TwGen *gen, const TwSketchHop *hop, uint8_t actor,
                       bool notified)
{
    /* What is not mapped mostly gets mapped: programs are not to end in
     * denials only. */
    unsigned draw = tw_gen_below(gen, 16) | (hop->known ? 0 : 4);

    switch (draw) {
    case 0:
    case 1:
        put_unmap(gen, hop, actor, notified);
        break;
    case 2:
        put_protect(gen, hop, (uint8_t)tw_gen_below(gen, 4), actor, notified);
        break;
    case 3:
        put_map(gen, hop, TW_R, actor, notified);
        break;
    default:
        put_map(gen, hop, TW_R | TW_W, actor, notified);
        break;
    }
}

/* An UNMAP event that meets the hop's page window, sometimes just so. */
static void put_notify(TwGen *gen, const TwSketchHop *hop, uint8_t actor)
{
    TwOp *op = put(gen, TW_OP_NOTIFY, actor);
    uint64_t first = hop->offset & ~(gen->page - 1);
    uint64_t last = first + (gen->page - 1);

    op->obj = hop->iommu;
    op->index = hop->index;
    op->kinds = TW_EVENT_UNMAP;
    switch (tw_gen_below(gen, 8)) {
    case 0: /* ends on the first byte */
        op->addr = first >= gen->page ? first - gen->page : 0;
        op->last = first;
        break;
    case 1: /* the last byte only */
        op->addr = last;
        op->last = last;
        break;
    case 2: /* starts on the last byte */
        op->addr = last;
        op->last = last + gen->page < last ? UINT64_MAX : last + gen->page;
        break;
    case 3:
        op->addr = 0;
        op->last = UINT64_MAX;
        break;
    case 4: /* many pages from an odd base */
        op->addr = first >= 3 * gen->page ? first - 3 * gen->page : 0;
        op->last = last + 4 * gen->page < last ? UINT64_MAX
                                               : last + 4 * gen->page;
        break;
    case 5: /* the next page: must not matter */
        op->addr = last + 1 == 0 ? 0 : last + 1;
        op->last = op->addr + (gen->page - 1);
        break;
    default:
        op->addr = first;
        op->last = last;
        break;
    }
}

/* Moves: accesses --------------------------------------------------------- */

static void move_access(TwGen *gen)
{
    TwAim aim;

    if (aim_anywhere(gen, &aim)) {
        put_aimed(gen, &aim, some_code(gen));
    }
}

static void move_again(TwGen *gen)
{
    TwAim aim;

    if (aim_touched(gen, &aim)) {
        put_aimed(gen, &aim, some_code(gen));
    }
}

/* The exact last byte of a page, an entry or a region; one beyond. */
static void move_edge(TwGen *gen)
{
    TwAim aim;

    if (!aim_anywhere(gen, &aim)) {
        return;
    }
    uint64_t to_end = gen->page - (aim.va & (gen->page - 1));
    if (aim.spot != NULL && aim.n_hops == 0 && tw_gen_chance(gen, 60)) {
        to_end = aim.spot->addr + aim.spot->size - aim.addr;
    } else if (tw_gen_chance(gen, 25) && aim.lg < 64) {
        to_end = (1ull << aim.lg) - (aim.va & ((1ull << aim.lg) - 1));
    }
    TwOpCode code = some_code(gen);
    uint8_t size = some_size(gen, code);
    static const int8_t beyond[] = {0, 0, 1, 4, -1};
    uint64_t va = aim.va + to_end - size +
                  (uint64_t)(int64_t)beyond[tw_gen_below(gen, 5)];
    put_access(gen, code, aim.cpu, aim.mmu, va, size);
    if (tw_gen_chance(gen, 40)) {
        put_access(gen, TW_OP_READ, aim.cpu, aim.mmu, aim.va + to_end - 1, 1);
    }
}

/* Moves: IOMMU changes ---------------------------------------------------- */

static void move_remap(TwGen *gen)
{
    TwAim aim;

    if (!aim_hop(gen, &aim)) {
        move_access(gen);
        return;
    }
    put_fill(gen, &aim, some_code(gen));
    uint8_t actor = some_actor(gen, aim.cpu);
    put_change(gen, some_hop(gen, &aim), actor, true);
    put_aimed(gen, &aim, some_code(gen));
    if (gen->program->explicit_safepoints && tw_gen_chance(gen, 50)) {
        put_safepoint(gen, aim.cpu);
        put_aimed(gen, &aim, some_code(gen));
    }
}

static void move_twice(TwGen *gen)
{
    TwAim aim;

    if (!aim_hop(gen, &aim)) {
        move_access(gen);
        return;
    }
    const TwSketchHop *hop = some_hop(gen, &aim);
    uint8_t actor = some_actor(gen, aim.cpu);

    put_fill(gen, &aim, TW_OP_READ);
    put_unmap(gen, hop, actor, true);
    if (tw_gen_chance(gen, 30)) {
        put_notify(gen, hop, actor);
    }
    put_remap_same(gen, hop, actor, tw_gen_chance(gen, 50));
    put_aimed(gen, &aim, TW_OP_READ);
    put_change(gen, hop, actor, true);
    put_aimed(gen, &aim, some_code(gen));
}

static void move_silent(TwGen *gen)
{
    TwAim aim;

    if (!aim_hop(gen, &aim)) {
        move_access(gen);
        return;
    }
    const TwSketchHop *hop = some_hop(gen, &aim);
    uint8_t actor = some_actor(gen, aim.cpu);

    put_fill(gen, &aim, some_code(gen));
    put_change(gen, hop, actor, false);
    put_aimed(gen, &aim, some_code(gen));
    if (tw_gen_chance(gen, 60)) {
        put_notify(gen, hop, actor);
        put_aimed(gen, &aim, some_code(gen));
    }
}

static void move_rights(TwGen *gen)
{
    TwAim aim;

    if (!aim_hop(gen, &aim)) {
        move_access(gen);
        return;
    }
    const TwSketchHop *hop = some_hop(gen, &aim);
    uint8_t actor = some_actor(gen, aim.cpu);
    bool up = tw_gen_chance(gen, 40);
    uint8_t weak = tw_gen_chance(gen, 70) ? TW_R : TW_W;
    TwOpCode strong = weak == TW_R ? TW_OP_WRITE : TW_OP_READ;

    if (up) {
        put_protect(gen, hop, weak, actor, tw_gen_chance(gen, 70));
        put_aimed(gen, &aim, weak == TW_R ? TW_OP_READ : TW_OP_WRITE);
        put_aimed(gen, &aim, tw_gen_chance(gen, 30) ? TW_OP_RMW : strong);
        put_protect(gen, hop, TW_R | TW_W, actor, tw_gen_chance(gen, 60));
        put_aimed(gen, &aim, strong);
    } else {
        put_fill(gen, &aim, strong);
        if (tw_gen_chance(gen, 60)) {
            put_protect(gen, hop, weak, actor, tw_gen_chance(gen, 80));
        } else if (hop->known) {
            TwSketchHop lower = *hop;
            lower.entry.perm = weak;
            put_remap_same(gen, &lower, actor, tw_gen_chance(gen, 80));
        }
        put_aimed(gen, &aim, tw_gen_chance(gen, 20) ? TW_OP_RMW : strong);
    }
}

static void move_denied(TwGen *gen)
{
    TwAim aim;

    if (!aim_hop(gen, &aim)) {
        move_access(gen);
        return;
    }
    const TwSketchHop *hop = some_hop(gen, &aim);
    uint8_t actor = some_actor(gen, aim.cpu);

    if (hop->known) {
        put_unmap(gen, hop, actor, tw_gen_chance(gen, 70));
    }
    put_aimed(gen, &aim, some_code(gen));
    put_remap_same(gen, hop, actor, tw_gen_chance(gen, 50));
    put_aimed(gen, &aim, some_code(gen));
}

static void move_notify(TwGen *gen)
{
    TwAim aim;

    if (!aim_hop(gen, &aim)) {
        move_access(gen);
        return;
    }
    const TwSketchHop *hop = some_hop(gen, &aim);
    uint8_t actor = some_actor(gen, aim.cpu);
    TwOpCode code = some_code(gen);

    put_fill(gen, &aim, code);
    put_change(gen, hop, actor, false);
    put_notify(gen, hop, actor);
    put_aimed(gen, &aim, code);
}

/* Moves: the TLB ---------------------------------------------------------- */

/* Points the page of an aim elsewhere, in the page map. */
static void put_page(TwGen *gen, const TwAim *aim, uint8_t actor)
{
    const TwProgram *program = gen->program;
    unsigned lg = tw_gen_chance(gen, 50) ? aim->lg : program->page_lg;
    const TwMmuIndex *index = &program->cpus[aim->cpu].mmu[aim->mmu];

    if (tw_gen_chance(gen, 12)) {
        TwOp *op = put(gen, TW_OP_UNPAGE, actor);
        op->obj = aim->cpu;
        op->index = aim->mmu;
        op->addr = aim->va;
        op->lg = (uint8_t)lg;
        tw_op_round(program, op);
        tw_gen_note_page(gen, op);
        return;
    }
    TwOp *op = put(gen, TW_OP_PAGE, actor);
    op->obj = aim->cpu;
    op->index = aim->mmu;
    op->addr = aim->va;
    op->lg = (uint8_t)lg;
    op->out = tw_gen_chance(gen, 30)
                  ? aim->pa /* the same place, other rights */
                  : tw_gen_pick_in_space(gen, index->space, index->attrs,
                                         gen->mixture->via);
    op->perm = tw_gen_chance(gen, 75) ? TW_R | TW_W | TW_X
                                      : (uint8_t)tw_gen_below(gen, 8);
    tw_op_round(program, op);
    tw_gen_note_page(gen, op);
}

/* Another page in the TLB slot of an aim's page; false if there is none. */
static bool pick_rival(TwGen *gen, const TwAim *aim, unsigned nth,
                       uint64_t *va)
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
        if (!aim_anywhere(gen, &aim) || tries == 4) {
            return;
        }
        if (!is_dead(gen, &aim) && pick_rival(gen, &aim, 1, &va)) {
            break;
        }
    }
    unsigned others = 1 + tw_gen_below(gen, 2);
    uint8_t actor = some_actor(gen, aim.cpu);
    TwOpCode code = some_code(gen);

    put_aimed(gen, &aim, code);
    put_near(gen, code, aim.cpu, aim.mmu, va);
    for (unsigned k = 2; k <= others; k++) {
        if (pick_rival(gen, &aim, k, &va)) {
            put_near(gen, some_code(gen), aim.cpu, aim.mmu, va);
        }
    }
    switch (tw_gen_below(gen, 8)) {
    case 0:
    case 1:
        break;
    case 2:
    case 3:
        if (aim.n_hops > 0) {
            put_change(gen, some_hop(gen, &aim), actor,
                       tw_gen_chance(gen, 70));
            break;
        }
        /* fall through */
    default: {
        TwAim page = aim;
        page.lg = gen->program->page_lg; /* the others stay as they are */
        put_page(gen, &page, actor);
        TwOp *op = put(gen, TW_OP_FLUSH_PAGE, actor);
        op->obj = aim.cpu;
        op->index = aim.mmu;
        op->addr = aim.va;
        break;
    }
    }
    put_aimed(gen, &aim, tw_gen_chance(gen, 75) ? code : some_code(gen));
}

static void move_page(TwGen *gen)
{
    TwAim aim;

    if (!(tw_gen_chance(gen, 60) ? aim_touched(gen, &aim)
                                 : aim_anywhere(gen, &aim))) {
        return;
    }
    uint8_t actor = some_actor(gen, aim.cpu);
    TwOpCode code = some_code(gen);

    put_fill(gen, &aim, code);
    put_page(gen, &aim, actor);
    if (tw_gen_chance(gen, 40)) {
        put_aimed(gen, &aim, code);
    }
    unsigned draw = tw_gen_below(gen, 8);
    TwOp *op = put(gen,
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
        op->last = gen->page * (1 + tw_gen_below(gen, 3));
        op->lg = 64;
    }
    put_aimed(gen, &aim, code);
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
        if (!aim_anywhere(gen, &aim)) {
            return;
        }
        if (aim.lg > gen->program->page_lg || tries == 3) {
            break;
        }
    }
    uint64_t size = aim.lg < 63 ? 1ull << aim.lg : 1ull << 62;
    uint64_t base = aim.va & ~(size - 1);
    uint64_t sibling =
        base + ((aim.va - base + gen->page * (1 + tw_gen_below(gen, 4))) &
                (size - 1));
    uint8_t actor = some_actor(gen, aim.cpu);
    TwOpCode code = some_code(gen);

    put_aimed(gen, &aim, code);
    put_near(gen, TW_OP_READ, aim.cpu, aim.mmu, sibling);
    put_page(gen, &aim, actor);
    TwOp *op = put(gen, TW_OP_FLUSH_RANGE, actor);
    op->obj = aim.cpu;
    op->index = aim.mmu;
    op->lg = 64;
    switch (tw_gen_below(gen, 6)) {
    case 0: /* inside, to beyond the end */
        op->addr = sibling;
        op->last = base + size - sibling + gen->page;
        break;
    case 1: /* before, to inside */
        op->addr = base - gen->page;
        op->last = 2 * gen->page;
        break;
    case 2: /* the last byte */
        op->addr = base + size - 1;
        op->last = 1 + tw_gen_below(gen, 2) * gen->page;
        break;
    case 3: /* low bits only, high ones other */
        op->lg = (uint8_t)(aim.lg + 1 + tw_gen_below(gen, 16));
        op->lg = op->lg > 64 ? 64 : op->lg;
        op->addr = aim.va ^ (1ull << 63);
        op->last = 2 * gen->page;
        break;
    case 4: /* a page that is not the one touched */
        op->addr = base + (gen->page & (size - 1));
        op->last = gen->page;
        break;
    default: /* the whole, inside */
        op->addr = base;
        op->last = size;
        break;
    }
    put_near(gen, TW_OP_READ, aim.cpu, aim.mmu, sibling);
    put_aimed(gen, &aim, code);
}

static void move_index(TwGen *gen)
{
    TwAim aim, other;

    if (!aim_anywhere(gen, &aim)) {
        return;
    }
    uint8_t mmu = tw_gen_pick_mmu(gen->program, aim.cpu, aim.mmu + 1u);
    uint8_t actor = some_actor(gen, aim.cpu);
    TwOpCode code = some_code(gen);

    tw_gen_aim(gen, aim.cpu, mmu, aim.va, &other);
    put_aimed(gen, &aim, code);
    put_aimed(gen, &other, code);
    if (aim.n_hops > 0 && tw_gen_chance(gen, 60)) {
        put_change(gen, some_hop(gen, &aim), actor, tw_gen_chance(gen, 75));
    } else {
        put_page(gen, &aim, actor);
        TwOp *op = put(gen, TW_OP_FLUSH_INDEX, actor);
        op->obj = aim.cpu;
        op->index = tw_gen_chance(gen, 75) ? aim.mmu : mmu;
    }
    put_aimed(gen, &aim, code);
    put_aimed(gen, &other, some_code(gen));
}

/* Moves: topology --------------------------------------------------------- */

static void set_on(TwGen *gen, TwOp *op, bool on)
{
    if (on && (gen->dialect->op_flags & TW_OPF_ON)) {
        op->flags |= TW_OPF_ON;
    }
}

/* A place to move to: next page, other spot, off the page grid. */
static uint64_t other_place(TwGen *gen, const TwRegion *region)
{
    switch (tw_gen_below(gen, 6)) {
    case 0:
        return region->addr + gen->page;
    case 1:
        return region->addr >= gen->page ? region->addr - gen->page
                                         : region->addr;
    case 2:
        return region->addr + gen->page / 2;
    case 3:
        return region->addr; /* no change: keeps its turn */
    default:
        return gen->page * tw_gen_below(gen, 24);
    }
}

/* Undoes something that was done to a region; false if there is nothing. */
static bool put_undo(TwGen *gen, uint8_t actor)
{
    const TwProgram *program = gen->program;
    uint64_t any = gen->detached | gen->disabled | gen->moved | gen->resized;

    if (any == 0 || !tw_gen_chance(gen, 70)) {
        return false;
    }
    uint8_t id = (uint8_t)__builtin_ctzll(any);
    uint64_t bit = 1ull << id;
    const TwRegion *region = &program->regions[id];
    TwOp *op;
    if (gen->detached & bit) {
        op = put(gen, TW_OP_ADD, actor);
        op->other = region->container;
        op->addr = tw_gen_chance(gen, 90) ? region->addr
                                          : other_place(gen, region);
        op->priority = tw_gen_chance(gen, 70)
                           ? region->priority
                           : (int32_t)tw_gen_below(gen, 5) - 2;
        gen->detached &= ~bit;
        gen->moved &= ~bit;
    } else if (gen->disabled & bit) {
        op = put(gen, TW_OP_ENABLE, actor);
        set_on(gen, op, true);
        gen->disabled &= ~bit;
    } else if (gen->moved & bit) {
        op = put(gen, TW_OP_MOVE, actor);
        op->addr = region->addr;
        gen->moved &= ~bit;
    } else {
        op = put(gen, TW_OP_RESIZE, actor);
        op->last = region->size;
        gen->resized &= ~bit;
    }
    op->obj = id;
    return true;
}

/* One topology change of `id`, unless one is undone. */
static void put_topology(TwGen *gen, uint8_t id, uint8_t actor)
{
    if (put_undo(gen, actor)) {
        return;
    }
    const TwProgram *program = gen->program;
    const TwRegion *region = &program->regions[id];
    bool root = region->container == TW_NONE;
    TwOp *op;

    switch (tw_gen_below(gen, root ? 6 : 16)) {
    case 0:
    case 1:
        op = put(gen, TW_OP_ENABLE, actor);
        op->obj = id;
        set_on(gen, op, gen->disabled >> id & 1);
        gen->disabled ^= 1ull << id;
        break;
    case 2:
        if (region->kind == TW_REGION_ROMD) {
            op = put(gen, TW_OP_ROMD, actor);
            op->obj = id;
            set_on(gen, op, !region->romd_mode || tw_gen_chance(gen, 40));
            break;
        }
        op = put(gen, TW_OP_READONLY, actor);
        op->obj = id;
        set_on(gen, op, tw_gen_chance(gen, 55));
        break;
    case 3:
        op = put(gen, TW_OP_READONLY, actor);
        op->obj = id;
        set_on(gen, op, tw_gen_chance(gen, 55));
        break;
    case 4:
        op = put(gen, tw_gen_chance(gen, 50) ? TW_OP_UNMERGEABLE
                                             : TW_OP_NONVOLATILE,
                 actor);
        op->obj = id;
        set_on(gen, op, tw_gen_chance(gen, 60));
        break;
    case 5:
    case 6:
        op = put(gen, TW_OP_RESIZE, actor);
        op->obj = id;
        op->last = tw_gen_chance(gen, 60)
                       ? gen->page * (1 + tw_gen_below(gen, 16))
                       : region->size / 2 + tw_gen_below(gen, 9);
        gen->resized |= 1ull << id;
        break;
    case 7:
    case 8:
        op = put(gen, TW_OP_PRIORITY, actor);
        op->obj = id;
        op->priority = (int32_t)tw_gen_below(gen, 5) - 2;
        break;
    case 9:
    case 10:
        if (tw_gen_speaks(gen->dialect, TW_OP_DEL)) {
            op = put(gen, TW_OP_DEL, actor);
            op->obj = id;
            gen->detached |= 1ull << id;
            break;
        }
        /* fall through */
    case 11:
    case 12:
        if (region->kind == TW_REGION_ALIAS) {
            op = put(gen, TW_OP_ALIAS_OFFSET, actor);
            op->obj = id;
            op->addr = tw_gen_chance(gen, 80)
                           ? gen->page * tw_gen_below(gen, 8)
                           : region->alias_offset + gen->page / 2;
            break;
        }
        /* fall through */
    default:
        op = put(gen, TW_OP_MOVE, actor);
        op->obj = id;
        op->addr = tw_gen_chance(gen, 15) ? region->addr
                                          : other_place(gen, region);
        if (op->addr != region->addr) {
            gen->moved |= 1ull << id;
        }
        break;
    }
}

/* A region that matters to an aim: its leaf, an IOMMU on the way, a root. */
static uint8_t some_region(TwGen *gen, const TwAim *aim)
{
    const TwProgram *program = gen->program;
    unsigned draw = tw_gen_below(gen, 16);

    if (draw < 9 && aim->spot != NULL) {
        return draw < 7 ? aim->spot->region : aim->spot->leaf;
    }
    if (draw < 11 && aim->n_hops > 0) {
        uint8_t region = tw_program_iommu_region(
            program, aim->hop[tw_gen_below(gen, aim->n_hops)].iommu);
        if (region != TW_NONE) {
            return region;
        }
    }
    if (draw == 11) {
        return program->spaces[aim->space].root;
    }
    if (draw < 15 && gen->n_spots[aim->space] > 0) {
        unsigned n = gen->n_spots[aim->space];
        return gen->spots[aim->space][tw_gen_below(gen, n)].region;
    }
    return tw_gen_pick_region(program, ~0u, tw_gen_below(gen, 64));
}

static void move_topology(TwGen *gen)
{
    TwAim aim;

    if (!(tw_gen_chance(gen, 75) ? aim_touched(gen, &aim)
                                 : aim_anywhere(gen, &aim))) {
        return;
    }
    TwOpCode code = some_code(gen);
    put_fill(gen, &aim, code);
    put_topology(gen, some_region(gen, &aim), some_actor(gen, aim.cpu));
    if (tw_gen_chance(gen, 30)) {
        put_topology(gen, some_region(gen, &aim), some_actor(gen, aim.cpu));
    }
    put_aimed(gen, &aim, code);
}

static void move_transaction(TwGen *gen)
{
    TwAim aim;

    if (!aim_anywhere(gen, &aim) ||
        gen->program->n_script + 5u > gen->limit) {
        return;
    }
    TwOpCode code = some_code(gen);
    put_fill(gen, &aim, code);
    put(gen, TW_OP_BEGIN, TW_BOARD);
    uint8_t id = some_region(gen, &aim);
    for (unsigned n = 1 + tw_gen_below(gen, 3); n > 0; n--) {
        put_topology(gen, id, TW_BOARD);
        if (tw_gen_chance(gen, 50)) {
            id = some_region(gen, &aim);
        }
    }
    if (tw_gen_chance(gen, 35)) {
        put_aimed(gen, &aim, some_code(gen));
    }
    if (tw_gen_chance(gen, 8)) {
        put(gen, TW_OP_BEGIN, TW_BOARD);
        put_topology(gen, id, TW_BOARD);
        put(gen, TW_OP_COMMIT, TW_BOARD);
    }
    if (full(gen)) {
        return;
    }
    put(gen, TW_OP_COMMIT,
        tw_gen_chance(gen, 80) ? TW_BOARD : some_actor(gen, aim.cpu));
    put_aimed(gen, &aim, code);
}

/* Alternates between a big section and the hole or page inside or after. */
static void move_pingpong(TwGen *gen)
{
    TwAim aim;
    uint8_t space = tw_gen_pick_space(gen->program, tw_gen_below(gen, 64));

    if (space == TW_NONE || gen->n_spots[space] == 0) {
        return;
    }
    if (tw_gen_chance(gen, 50) && aim_anywhere(gen, &aim) &&
        aim.spot != NULL && aim.n_hops == 0) {
        uint64_t end = aim.va + (aim.spot->addr + aim.spot->size - aim.addr);
        put_aimed(gen, &aim, TW_OP_READ);
        put_near(gen, TW_OP_READ, aim.cpu, aim.mmu, end);
        put_aimed(gen, &aim, TW_OP_READ);
        return;
    }
    const TwSketchSpot *spot =
        &gen->spots[space][tw_gen_below(gen, gen->n_spots[space])];
    TwAttrs attrs = tw_gen_random_attrs(gen->rng);
    uint64_t other = tw_gen_chance(gen, 60)
                         ? spot->addr + spot->size
                         : tw_gen_pick_in_space(gen, space, attrs, 0);

    put_dma(gen, tw_gen_chance(gen, 30), space, spot->addr, attrs);
    put_dma(gen, tw_gen_chance(gen, 30), space, other, attrs);
    put_dma(gen, false, space, spot->addr, attrs);
}

/* Moves: several actors --------------------------------------------------- */

static void move_cpus(TwGen *gen)
{
    TwAim aim;

    if (!(tw_gen_chance(gen, 70) ? aim_hop(gen, &aim)
                                 : aim_anywhere(gen, &aim))) {
        move_access(gen);
        return;
    }
    uint8_t other = tw_gen_pick_cpu(gen->program, aim.cpu + 1u);
    TwOpCode code = some_code(gen);

    put_fill(gen, &aim, code);
    if (tw_gen_chance(gen, 30)) {
        put_near(gen, code, other, aim.mmu, aim.va);
    }
    if (aim.n_hops > 0) {
        put_change(gen, some_hop(gen, &aim), other, true);
    } else if (tw_gen_chance(gen, 50)) {
        put_page(gen, &aim, other);
        TwOp *op = put(gen, TW_OP_FLUSH_PAGE, other);
        op->obj = aim.cpu;
        op->index = aim.mmu;
        op->addr = aim.va;
    } else {
        put_topology(gen, some_region(gen, &aim), other);
    }
    put_aimed(gen, &aim, code);
    put_safepoint(gen, aim.cpu);
    put_aimed(gen, &aim, code);
}

static void move_dma(TwGen *gen)
{
    TwAim aim;

    if (!aim_anywhere(gen, &aim)) {
        return;
    }
    const TwMmuIndex *index = &gen->program->cpus[aim.cpu].mmu[aim.mmu];
    bool deep = tw_gen_chance(gen, 40) && aim.n_hops > 0;
    uint8_t space = deep ? aim.space : index->space;
    uint64_t addr = deep ? aim.addr : aim.pa;

    if (tw_gen_speaks(gen->dialect, TW_OP_DMA_MAP) &&
        (gen->dialect->op_flags & TW_OPF_VIA) && tw_gen_chance(gen, 40)) {
        TwOp *op = put(gen, TW_OP_DMA_MAP, TW_BOARD);
        op->obj = (uint8_t)tw_gen_below(gen, 2);
        op->other = space;
        op->addr = addr & ~(gen->page - 1);
        op->last = gen->page;
        op->perm = tw_gen_chance(gen, 50) ? TW_W : TW_R;
        op->attrs = index->attrs;
        uint8_t mapping = op->obj;
        bool write = op->perm == TW_W;
        if (aim.n_hops > 0) {
            put_change(gen, some_hop(gen, &aim), TW_BOARD, true);
        }
        TwOp *via = put_dma(gen, write, space, addr, index->attrs);
        via->flags |= TW_OPF_VIA;
        via->other = mapping;
        return;
    }
    if (tw_gen_chance(gen, 50)) {
        put_dma(gen, true, space, addr, index->attrs);
        put_aimed(gen, &aim, TW_OP_READ);
    } else {
        put_access(gen, TW_OP_WRITE, aim.cpu, aim.mmu, aim.va,
                   (uint8_t)(1u << tw_gen_below(gen, 4)));
        put_dma(gen, false, space, addr, index->attrs);
    }
}

static void move_switch(TwGen *gen)
{
    TwAim aim;

    if (!aim_hop(gen, &aim)) {
        move_access(gen);
        return;
    }
    const TwSketchHop *hop = some_hop(gen, &aim);
    uint8_t actor = some_actor(gen, aim.cpu);
    TwOpCode code = some_code(gen);

    put_fill(gen, &aim, code);
    switch (tw_gen_below(gen, 8)) {
    case 0:
        put(gen, TW_OP_IOMMU_RESET, actor)->obj = hop->iommu;
        put_aimed(gen, &aim, code);
        put_remap_same(gen, hop, actor, tw_gen_chance(gen, 50));
        break;
    case 1:
    case 2:
    case 3: {
        TwOp *op = put(gen, TW_OP_BYPASS, actor);
        op->obj = hop->iommu;
        set_on(gen, op, true);
        put_aimed(gen, &aim, code);
        put(gen, TW_OP_BYPASS, actor)->obj = hop->iommu;
        break;
    }
    default:
        put_change(gen, hop, actor, false);
        put(gen, TW_OP_NOTIFY_ALL, actor)->obj = hop->iommu;
        break;
    }
    put_aimed(gen, &aim, code);
}

static void move_destroy(TwGen *gen)
{
    TwAim aim;

    if (!aim_hop(gen, &aim)) {
        move_access(gen);
        return;
    }
    uint8_t iommu = aim.hop[tw_gen_below(gen, aim.n_hops)].iommu;
    uint8_t region = tw_program_iommu_region(gen->program, iommu);

    put_aimed(gen, &aim, TW_OP_READ);
    put(gen, TW_OP_DEL, TW_BOARD)->obj = region;
    put(gen, TW_OP_IOMMU_DESTROY, TW_BOARD)->obj = iommu;
    put_aimed(gen, &aim, TW_OP_READ);
}

static void move_unplug(TwGen *gen)
{
    TwAim aim;

    if (gen->program->n_cpus < 2 || gen->unplugged != 0 ||
        !aim_hop(gen, &aim)) {
        move_access(gen);
        return;
    }
    const TwSketchHop *hop = some_hop(gen, &aim);

    put_aimed(gen, &aim, TW_OP_READ);
    put_unmap(gen, hop, TW_BOARD, true);
    put_remap_same(gen, hop, TW_BOARD, true);
    put(gen, TW_OP_UNPLUG, TW_BOARD)->obj = aim.cpu;
    gen->unplugged |= (uint8_t)(1u << aim.cpu);
    put_notify(gen, hop, TW_BOARD);
}

static void move_observe(TwGen *gen)
{
    TwAim aim;

    if (!aim_hop(gen, &aim) ||
        !tw_gen_speaks(gen->dialect, TW_OP_OBSERVE)) {
        move_access(gen);
        return;
    }
    const TwSketchHop *hop = some_hop(gen, &aim);
    TwOp *op = put(gen, TW_OP_OBSERVE, TW_BOARD);
    uint8_t observer = (uint8_t)tw_gen_below(gen, 2);

    op->obj = observer;
    op->other = hop->iommu;
    op->index = hop->index;
    op->kinds = (uint8_t)(tw_gen_chance(gen, 60)
                              ? TW_EVENT_UNMAP | TW_EVENT_MAP
                              : 1 + tw_gen_below(gen, 7));
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
    put_change(gen, hop, TW_BOARD, true);
    if (tw_gen_chance(gen, 40)) {
        put(gen, TW_OP_REPLAY, TW_BOARD)->obj = observer;
    }
    if (tw_gen_chance(gen, 60)) {
        put_notify(gen, hop, TW_BOARD);
    }
    if (tw_gen_chance(gen, 30)) {
        put(gen, TW_OP_UNOBSERVE, TW_BOARD)->obj = observer;
    }
    put_aimed(gen, &aim, TW_OP_READ);
}

/* A write that reaches an actor offset, if the page maps lead there. */
static void move_actor(TwGen *gen)
{
    const TwProgram *program = gen->program;
    TwAim aim;

    if (program->n_actors == 0 || !aim_touched(gen, &aim)) {
        move_access(gen);
        return;
    }
    const TwActor *actor =
        &program->actors[tw_gen_below(gen, program->n_actors)];
    put_aimed(gen, &aim, TW_OP_READ);
    for (unsigned s = 0; s < program->n_spaces; s++) {
        for (unsigned i = 0; i < gen->n_spots[s]; i++) {
            const TwSketchSpot *spot = &gen->spots[s][i];
            uint64_t offset = actor->offset - spot->base;
            if (spot->leaf != actor->region || offset >= spot->size) {
                continue;
            }
            uint64_t pa = spot->addr + offset;
            const TwSketchPage *pages = gen->pages[aim.cpu][aim.mmu];
            if (program->cpus[aim.cpu].mmu[aim.mmu].space == s) {
                for (unsigned k = gen->n_pages[aim.cpu][aim.mmu]; k-- > 0;) {
                    if ((pa ^ pages[k].pa) >> pages[k].lg == 0) {
                        put_access(gen, TW_OP_WRITE, aim.cpu, aim.mmu,
                                   pages[k].va + (pa - pages[k].pa), 4);
                        put_aimed(gen, &aim, TW_OP_READ);
                        return;
                    }
                }
            }
            put_dma(gen, true, (uint8_t)s, pa, 0);
            put_aimed(gen, &aim, TW_OP_READ);
            return;
        }
    }
}

static void move_during(TwGen *gen)
{
    TwAim aim;

    if (!(gen->dialect->op_flags & TW_OPF_DURING) ||
        !aim_anywhere(gen, &aim) ||
        gen->program->n_script + 3u > gen->limit) {
        move_access(gen);
        return;
    }
    unsigned first = gen->program->n_script;
    put_aimed(gen, &aim, some_code(gen));
    unsigned before = gen->program->n_script;
    switch (tw_gen_below(gen, 4)) {
    case 0:
        put_topology(gen, some_region(gen, &aim), aim.cpu);
        break;
    case 1:
        put_page(gen, &aim, aim.cpu);
        break;
    default:
        if (aim.n_hops > 0) {
            put_change(gen, some_hop(gen, &aim), aim.cpu, true);
        } else {
            put_topology(gen, some_region(gen, &aim), aim.cpu);
        }
        break;
    }
    if (before > first && gen->program->n_script == before + 1) {
        gen->program->script[before].flags |= TW_OPF_DURING;
    }
    put_aimed(gen, &aim, some_code(gen));
}

static void move_space(TwGen *gen)
{
    const TwProgram *program = gen->program;
    uint8_t space = tw_gen_pick_space(program, tw_gen_below(gen, 64));

    if (space == TW_NONE) {
        return;
    }
    for (unsigned s = 0; s < program->n_spaces; s++) {
        if (program->spaces[s].present && program->spaces[s].late) {
            space = (uint8_t)s;
        }
    }
    uint64_t addr = tw_gen_pick_in_space(gen, space, 0, 30);
    put_dma(gen, false, space, addr, 0);
    put(gen, program->spaces[space].late ? TW_OP_SPACE_NEW : TW_OP_SPACE_DEL,
        TW_BOARD)
        ->obj = space;
    put_dma(gen, false, space, addr, 0);
    if (tw_gen_chance(gen, 40)) {
        put(gen, program->spaces[space].late ? TW_OP_SPACE_DEL
                                             : TW_OP_SPACE_NEW,
            TW_BOARD)
            ->obj = space;
        put_dma(gen, false, space, addr, 0);
    }
}

/* Any operation at all, and a look at what came of it. */
static void move_any(TwGen *gen)
{
    TwOp op;

    for (unsigned tries = 0; tries < 4 && !full(gen); tries++) {
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

static void (*const makers[MOVES])(TwGen *) = {
    [MOVE_ACCESS] = move_access,
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
    [MOVE_TOPOLOGY] = move_topology,
    [MOVE_TRANSACTION] = move_transaction,
    [MOVE_PINGPONG] = move_pingpong,
    [MOVE_CPUS] = move_cpus,
    [MOVE_DMA] = move_dma,
    [MOVE_SWITCH] = move_switch,
    [MOVE_DESTROY] = move_destroy,
    [MOVE_UNPLUG] = move_unplug,
    [MOVE_OBSERVE] = move_observe,
    [MOVE_ACTOR] = move_actor,
    [MOVE_DURING] = move_during,
    [MOVE_SPACE] = move_space,
    [MOVE_ANY] = move_any,
};

void tw_gen_move(TwGen *gen)
{
    const uint8_t *weights = gen->mixture->moves;
    unsigned draw = tw_gen_below(gen, gen->weights);
    unsigned move = 0;
    while (draw >= weights[move]) {
        draw -= weights[move++];
    }
    makers[move](gen);
}

void tw_gen_weigh(TwGen *gen)
{
    gen->weights = 0;
    for (unsigned i = 0; i < MOVES; i++) {
        gen->weights += gen->mixture->moves[i];
    }
}

void tw_gen_script(TwGen *gen, unsigned goal)
{
    /* A dialect that lacks most operations makes most moves come to nothing:
     * there is an end to trying. */
    for (unsigned tries = 0; gen->program->n_script < goal && tries < 4 * goal;
         tries++) {
        tw_gen_move(gen);
    }
}
