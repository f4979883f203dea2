/* SPDX-License-Identifier: MIT */
/*
 * Replaces one thing by another that is not smaller by itself, but allows later
 * reductions: pages instead of regions, a disabled region instead of a removed
 * one, and the content of a container, moved to the container's offset, instead
 * of the container.
 */
#include "fuzz/minimise/passes.h"

#include "program/ops.h"

/* Pages instead of regions ------------------------------------------------- */

/* How many script operations name region `id`, and which, if there are at most
 * two and all change that region; else 0. */
static unsigned changed(const TwProgram *program, uint8_t id, unsigned ops[2])
{
    unsigned n = 0;

    for (unsigned i = 0; i < program->n_script; i++) {
        TwOp op = program->script[i];
        uint8_t *refs[EDIT_REFS];
        unsigned n_refs = tw_edit_refs(&op, TW_OBJECT_REGION, refs);
        bool named = false;

        for (unsigned k = 0; k < n_refs; k++) {
            named |= *refs[k] == id;
        }
        if (!named) {
            continue;
        }
        if (n == 2 || op.obj != id || op.actor != TW_BOARD ||
            tw_op_info(op.code)->flags & TW_OP_ACCESS) {
            return 0;
        }
        ops[n++] = i;
    }
    return n;
}

static bool changed_twice(const TwProgram *program, uint8_t id, unsigned ops[2])
{
    return changed(program, id, ops) == 2;
}

/* The entry that starts below `page` ends there, or where a smaller size does;
 * false: it does not start below. */
static bool end_before(TwOp *entry, const TwOp *page)
{
    if (entry->addr >= page->addr) {
        return false;
    }
    while ((page->addr - entry->addr) >> entry->lg == 0) {
        entry->lg--;
    }
    return true;
}

/* Removes the page of the access and maps it again, or maps it only later. Then
 * the region need not be removed and added. */
static void by_page(TwProgram *program, uint8_t id, const unsigned *ops,
                    unsigned n_ops, const TwOp *access)
{
    uint64_t low = (UINT64_C(1) << program->page_lg) - 1;
    TwOp page = tw_op_make(TW_OP_PAGE), unpage;
    unsigned in = TW_MAX_SETUP;

    page.obj = access->obj;
    page.index = access->index;
    page.lg = program->page_lg;
    page.addr = page.out = access->addr & ~low;
    page.perm = TW_R | TW_W | TW_X;
    for (unsigned i = 0; i < program->n_setup; i++) {
        const TwOp *from = &program->setup[i];

        if (from->code == TW_OP_PAGE && from->obj == page.obj &&
            from->index == page.index && from->lg >= page.lg &&
            from->addr >> from->lg == page.addr >> from->lg) {
            page.out = from->out + (page.addr - from->addr);
            page.perm = from->perm;
            in = i;
        }
    }
    program->script[ops[n_ops - 1]] = page;
    if (n_ops == 2) {
        unpage = page;
        unpage.code = TW_OP_UNPAGE;
        unpage.out = 0;
        unpage.perm = 0;
        program->script[ops[0]] = unpage;
    } else if (in < program->n_setup &&
               !end_before(&program->setup[in], &page)) {
        tw_edit_cut_setup(program, in, 1);
    }
    tw_edit_drop_region(program, id);
}

void tw_pass_pages(TwTurns *turns)
{
    const TwProgram *best = turns->best;
    unsigned ops[2], n;

    for (unsigned r = 0; r < best->n_regions; r++) {
        n = best->regions[r].kind == TW_REGION_NONE
                ? 0
                : changed(best, (uint8_t)r, ops);
        if (n == 0) {
            continue;
        }
        for (unsigned i = 0; i < best->n_script; i++) {
            TwOp access = best->script[i];
            bool cpu = access.code == TW_OP_READ ||
                       access.code == TW_OP_WRITE || access.code == TW_OP_EXEC;

            if (cpu) {
                TW_TURN(turns, p, by_page(p, (uint8_t)r, ops, n, &access));
            }
        }
    }
}

/* Detours ------------------------------------------------------------------ */

/* Makes `op` undo `change`, so that the region is as at the start; false if
 * `change` cannot be undone by one operation. */
static bool end_change(const TwProgram *program, TwOp *op, const TwOp *change)
{
    uint8_t id = change->obj;

    if (change->code == TW_OP_MOVE) {
        *op = *change;
        op->addr = program->regions[id].addr;
        return true;
    }
    if (change->code == TW_OP_ENABLE) {
        *op = *change;
        op->flags ^= TW_OPF_ON;
        return true;
    }
    return false;
}

static TwOp enable(unsigned region, bool on)
{
    TwOp op = tw_op_make(TW_OP_ENABLE);

    op.obj = (uint8_t)region;
    op.flags = on ? TW_OPF_ON : 0;
    return op;
}

static bool changes_topology(const TwOp *op)
{
    return op->actor == TW_BOARD && op->code >= TW_OP_ADD &&
           op->code <= TW_OP_ALIAS_OFFSET;
}

/* Disables a region instead of removing it: that needs no address and no
 * container. */
void tw_pass_disable(TwTurns *turns)
{
    const TwProgram *best = turns->best;
    unsigned ops[2];

    for (unsigned r = 0; r < best->n_regions; r++) {
        if (best->regions[r].kind != TW_REGION_NONE &&
            changed_twice(best, (uint8_t)r, ops) &&
            (best->script[ops[0]].code != TW_OP_ENABLE ||
             best->script[ops[1]].code != TW_OP_ENABLE)) {
            TW_TURN(turns, p, {
                p->script[ops[0]] = enable(r, false);
                p->script[ops[1]] = enable(r, true);
            });
        }
    }
}

/* The result is not smaller, but allows a reduction: another operation ends
 * what the first change began, so that a third operation is not needed. */
void tw_pass_detours(TwTurns *turns)
{
    const TwProgram *best = turns->best;
    TwOp end;

    for (unsigned i = 0; i < best->n_script; i++) {
        for (unsigned k = i + 1; k < best->n_script; k++) {
            if (changes_topology(&best->script[k]) &&
                end_change(best, &end, &best->script[i])) {
                TW_TURN(turns, p, p->script[k] = end);
            }
        }
    }
}

/* To the start ------------------------------------------------------------- */

static void sink_addr(uint64_t *addr, uint64_t by)
{
    if (*addr >= by) {
        *addr -= by;
    }
}

/* A page keeps its mapping from `by` on, as far as one entry can. */
static void sink_page(TwOp *op, uint64_t by)
{
    uint64_t end = op->addr + (UINT64_C(1) << op->lg);

    if (op->addr < by && end > by) {
        op->out += by - op->addr;
        op->addr = by;
        op->lg = (uint8_t)(64 - __builtin_clzll((end - by - 1) | 1));
    }
    sink_addr(&op->addr, by);
    sink_addr(&op->out, by);
    while ((op->addr | op->out) & ((UINT64_C(1) << op->lg) - 1)) {
        op->lg--;
    }
}

static void sink_op(TwOp *op, uint64_t by)
{
    switch (op->code) {
    case TW_OP_READ:
    case TW_OP_WRITE:
    case TW_OP_EXEC:
    case TW_OP_RMW:
        sink_addr(&op->addr, by);
        if (op->flags & TW_OPF_FROM) {
            sink_addr(&op->out, by);
        }
        break;
    case TW_OP_PAGE:
    case TW_OP_UNPAGE:
        sink_page(op, by);
        break;
    case TW_OP_FLUSH_PAGE:
    case TW_OP_FLUSH_RANGE:
        sink_addr(&op->addr, by);
        break;
    default:
        break;
    }
}

/* Moves the region to offset 0, with everything else in its container, and with
 * the virtual and physical addresses. */
static void sink(TwProgram *program, uint8_t id)
{
    uint64_t by = program->regions[id].addr;
    uint8_t container = program->regions[id].container;

    for (unsigned i = 0; i < program->n_regions; i++) {
        if (program->regions[i].kind != TW_REGION_NONE &&
            program->regions[i].container == container) {
            sink_addr(&program->regions[i].addr, by);
        }
    }
    for (unsigned i = 0; i < program->n_setup; i++) {
        sink_op(&program->setup[i], by);
    }
    for (unsigned i = 0; i < program->n_script; i++) {
        sink_op(&program->script[i], by);
    }
}

static bool is_lowest(const TwProgram *program, uint8_t id)
{
    const TwRegion *region = &program->regions[id];

    for (unsigned i = 0; i < program->n_regions; i++) {
        if (program->regions[i].kind != TW_REGION_NONE &&
            program->regions[i].container == region->container &&
            program->regions[i].addr < region->addr) {
            return false;
        }
    }
    return region->kind != TW_REGION_NONE && region->container != TW_NONE;
}

/* The part of tw_pass_unwrap for dialects without translation. */
void tw_pass_sink(TwTurns *turns)
{
    const TwProgram *best = turns->best;

    for (unsigned r = 0; r < best->n_regions; r++) {
        if (best->regions[r].addr != 0 && is_lowest(best, (uint8_t)r)) {
            TW_TURN(turns, p, sink(p, (uint8_t)r));
        }
    }
}
