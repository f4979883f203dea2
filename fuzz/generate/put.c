/* SPDX-License-Identifier: MIT */
/*
 * The parts of moves: adding operations to the script, addresses to aim at,
 * changes of a hop.  An operation outside the dialect is not added; the result
 * is still a program.
 */
#include "fuzz/generate/put.h"

#include "fuzz/generate/op.h"
#include "program/legality.h"

/* Emission ---------------------------------------------------------------- */

bool tw_gen_full(const TwGen *gen)
{
    return gen->program->n_script >= gen->limit;
}

/* A new operation of the script; outside the dialect, or if the script is
 * tw_gen_full, a scratch operation that is not in the script. */
TwOp *tw_put(TwGen *gen, TwOpCode code, uint8_t actor)
{
    TwProgram *program = gen->program;
    TwOp *op = &gen->scratch;

    if (!tw_gen_full(gen) && tw_gen_speaks(gen->dialect, code)) {
        op = &program->script[program->n_script++];
    }
    *op = (TwOp){.code = (uint8_t)code, .actor = actor};
    return op;
}

static void note_touch(TwGen *gen, uint8_t cpu, uint8_t mmu, uint64_t va)
{
    gen->touched[gen->n_touched++ % SKETCH_TOUCHED] =
        (TwSketchTouch){.va = va, .cpu = cpu, .mmu = mmu};
    if (gen->n_touched == 2 * SKETCH_TOUCHED) {
        gen->n_touched = SKETCH_TOUCHED;
    }
}

void tw_put_access(TwGen *gen, TwOpCode code, uint8_t cpu, uint8_t mmu,
                   uint64_t va, uint8_t size)
{
    TwOp *op = tw_put(gen, code, cpu);

    op->obj = cpu;
    op->index = mmu;
    op->addr = va;
    op->size = size;
    note_touch(gen, cpu, mmu, va);
}

TwOpCode tw_gen_code(TwGen *gen)
{
    unsigned draw = tw_gen_below(gen, 32);
    TwOpCode code = draw < 15   ? TW_OP_READ
                    : draw < 26 ? TW_OP_WRITE
                    : draw < 29 ? TW_OP_EXEC
                                : TW_OP_RMW;

    return tw_gen_speaks(gen->dialect, code) ? code : TW_OP_READ;
}

uint8_t tw_gen_size(TwGen *gen, TwOpCode code)
{
    unsigned draw = tw_gen_below(gen, 32);

    if (draw < 27 || code == TW_OP_RMW) {
        return (uint8_t)(1u << (draw & 3));
    }
    return (uint8_t)(3 + (draw & 3) + (draw == 31));
}

/* An access at or near `va`, in the same page with few exceptions. */
void tw_put_near(TwGen *gen, TwOpCode code, uint8_t cpu, uint8_t mmu,
                 uint64_t va)
{
    uint8_t size = tw_gen_size(gen, code);
    unsigned draw = tw_gen_below(gen, 32);
    uint64_t page = va & ~(gen->page - 1);

    if (draw < 12) {
        va = page +
             (tw_gen_below(gen, (uint32_t)gen->page) & ~(uint32_t)(size - 1));
    } else if (draw < 15) {
        va = page + gen->page - size; /* the last bytes */
    } else if (draw == 15) {
        va = page + gen->page - 1; /* across the end */
    }
    tw_put_access(gen, code, cpu, mmu, va, size);
}

void tw_put_aimed(TwGen *gen, const TwAim *aim, TwOpCode code)
{
    tw_put_near(gen, code, aim->cpu, aim->mmu, aim->va);
}

/* Makes sure that there is something to be stale: an access, unless there was
 * one already. */
void tw_put_fill(TwGen *gen, const TwAim *aim, TwOpCode code)
{
    if (!aim->touched || tw_gen_chance(gen, 10)) {
        tw_put_aimed(gen, aim, code);
    }
}

TwOp *tw_put_dma(TwGen *gen, bool write, uint8_t space, uint64_t addr,
                 TwAttrs attrs)
{
    TwOp *op = tw_put(gen, write ? TW_OP_DMA_WRITE : TW_OP_DMA_READ, TW_BOARD);

    op->obj = space;
    op->addr = addr;
    op->size = tw_gen_size(gen, TW_OP_READ);
    op->attrs = attrs;
    return op;
}

void tw_put_safepoint(TwGen *gen, uint8_t cpu)
{
    tw_put(gen, TW_OP_SAFEPOINT, TW_BOARD)->obj = cpu;
}

/* The actor of a change: the board, the CPU that accesses later, another CPU.
 */
uint8_t tw_gen_actor(TwGen *gen, uint8_t cpu)
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

bool tw_aim_anywhere(TwGen *gen, TwAim *aim)
{
    return aim_via(gen, gen->mixture->via, aim);
}

/* Nothing answers there, as far as the sketch knows. */
bool tw_aim_dead(const TwGen *gen, const TwAim *aim)
{
    return aim->spot == NULL || tw_gen_is_gone(gen, aim->spot->region) ||
           (aim->n_hops > 0 && !aim->hop[aim->n_hops - 1].known);
}

bool tw_aim_touched(TwGen *gen, TwAim *aim)
{
    unsigned n =
        gen->n_touched < SKETCH_TOUCHED ? gen->n_touched : SKETCH_TOUCHED;

    if (n == 0) {
        return tw_aim_anywhere(gen, aim);
    }
    const TwSketchTouch *touch = &gen->touched[tw_gen_below(gen, n)];
    if (gen->unplugged >> touch->cpu & 1) {
        return tw_aim_anywhere(gen, aim);
    }
    tw_gen_aim(gen, touch->cpu, touch->mmu, touch->va, aim);
    aim->touched = true;
    if (tw_aim_dead(gen, aim) && tw_gen_chance(gen, 55)) {
        return tw_aim_anywhere(gen, aim);
    }
    return true;
}

/* A target through an IOMMU, mostly one that was touched; else false. */
bool tw_aim_hop(TwGen *gen, TwAim *aim)
{
    if (tw_gen_chance(gen, 75) && tw_aim_touched(gen, aim) && aim->n_hops > 0) {
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
const TwSketchHop *tw_aim_some_hop(TwGen *gen, const TwAim *aim)
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
    TwOp *op = tw_put(gen, code, actor);

    op->obj = hop->iommu;
    op->index = hop->index;
    set_range(gen, op, hop);
    set_notified(gen, op, notified);
    return op;
}

void tw_put_unmap(TwGen *gen, const TwSketchHop *hop, uint8_t actor,
                  bool notified)
{
    finish_change(gen, start_change(gen, TW_OP_UNMAP, hop, actor, notified));
}

void tw_put_protect(TwGen *gen, const TwSketchHop *hop, uint8_t perm,
                    uint8_t actor, bool notified)
{
    TwOp *op = start_change(gen, TW_OP_PROTECT, hop, actor, notified);

    op->perm = perm;
    finish_change(gen, op);
}

/* Maps the hop's page elsewhere, mostly in the space it led to. */
void tw_put_map(TwGen *gen, const TwSketchHop *hop, uint8_t perm, uint8_t actor,
                bool notified)
{
    const TwProgram *program = gen->program;
    TwOp *op = start_change(gen, TW_OP_MAP, hop, actor, notified);
    uint8_t space;

    if (hop->known && !tw_gen_chance(gen, 15)) {
        space = hop->entry.space;
    } else {
        space = program->iommus[hop->iommu].bypass_space;
    }
    if (space == TW_NONE) { /* a mutated program's IOMMU may have none */
        space = tw_gen_pick_space(program, tw_gen_below(gen, TW_MAX_SPACES));
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

/* Maps the hop's page to its old place again. */
void tw_put_remap_same(TwGen *gen, const TwSketchHop *hop, uint8_t actor,
                       bool notified)
{
    if (!hop->known) {
        tw_put_map(gen, hop, TW_R | TW_W, actor, notified);
        return;
    }
    uint64_t first = hop->offset & ~(gen->page - 1);
    TwOp *op = tw_put(gen, TW_OP_MAP, actor);

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

void tw_put_change(TwGen *gen, const TwSketchHop *hop, uint8_t actor,
                   bool notified)
{
    /* A page without an entry mostly gets one: otherwise most accesses at the
     * end of a program would be denied. */
    unsigned draw = tw_gen_below(gen, 16) | (hop->known ? 0 : 4);

    switch (draw) {
    case 0:
    case 1:
        tw_put_unmap(gen, hop, actor, notified);
        break;
    case 2:
        tw_put_protect(gen, hop, (uint8_t)tw_gen_below(gen, 4), actor,
                       notified);
        break;
    case 3:
        tw_put_map(gen, hop, TW_R, actor, notified);
        break;
    default:
        tw_put_map(gen, hop, TW_R | TW_W, actor, notified);
        break;
    }
}

/* An UNMAP event that meets the hop's page window, sometimes just so. */
TwOp *tw_put_notify(TwGen *gen, const TwSketchHop *hop, uint8_t actor)
{
    TwOp *op = tw_put(gen, TW_OP_NOTIFY, actor);
    uint64_t first = hop->offset & ~(gen->page - 1);
    uint64_t last = first + (gen->page - 1);

    op->obj = hop->iommu;
    op->index = hop->index;
    op->events = TW_EVENT_UNMAP;
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
        op->last =
            last + 4 * gen->page < last ? UINT64_MAX : last + 4 * gen->page;
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
    return op;
}

void tw_put_flush(TwGen *gen, const TwAim *aim, uint8_t actor)
{
    TwOp *op = tw_put(gen, TW_OP_FLUSH_PAGE, actor);

    op->obj = aim->cpu;
    op->index = aim->mmu;
    op->addr = aim->va;
}

/* Page map ---------------------------------------------------------------- */

void tw_put_on(TwGen *gen, TwOp *op, bool on)
{
    if (on && (gen->dialect->op_flags & TW_OPF_ON)) {
        op->flags |= TW_OPF_ON;
    }
}

/* Points the page of an aim elsewhere, in the page map. */
void tw_put_page(TwGen *gen, const TwAim *aim, uint8_t actor)
{
    const TwProgram *program = gen->program;
    unsigned lg = tw_gen_chance(gen, 50) ? aim->lg : program->page_lg;
    const TwMmuIndex *index = &program->cpus[aim->cpu].mmu[aim->mmu];

    if (tw_gen_chance(gen, 12)) {
        TwOp *op = tw_put(gen, TW_OP_UNPAGE, actor);
        op->obj = aim->cpu;
        op->index = aim->mmu;
        op->addr = aim->va;
        op->lg = (uint8_t)lg;
        tw_op_round(program, op);
        tw_gen_note_page(gen, op);
        return;
    }
    TwOp *op = tw_put(gen, TW_OP_PAGE, actor);
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

void tw_move_access(TwGen *gen)
{
    TwAim aim;

    if (tw_aim_anywhere(gen, &aim)) {
        tw_put_aimed(gen, &aim, tw_gen_code(gen));
    }
}
