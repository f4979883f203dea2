/* SPDX-License-Identifier: MIT */
/*
 * See path-plan.h: programs whose IOMMUs are of kind `table`.  Fill, change,
 * use the open window, close it, use again; most windows are closed by an UNMAP
 * that meets what was changed.
 */
#include "fuzz/generate/path-plan.h"

enum { PAGE = 4096, MOST_RUN = 8 };

static unsigned some_hot(TwPathPlan *plan)
{
    return plan->hot[tw_path_draw(plan, plan->n_hot)];
}

static unsigned some_index(TwPathPlan *plan)
{
    return tw_path_draw(plan, plan->program->iommus[0].indexes);
}

static unsigned some_rights(TwPathPlan *plan)
{
    return tw_path_chance(plan, 70) ? TW_R | TW_W : 1 + tw_path_draw(plan, 2);
}

/* Where an operation is: an index of a stage, and an address that it gets. */
typedef struct Where {
    unsigned stage, index;
    uint64_t x;
} Where;

/* An operation on the pages around x, often on that page alone. */
static TwOp *put(TwPathPlan *plan, TwOpCode code, Where w)
{
    unsigned more = tw_path_chance(plan, 70) ? 0 : tw_path_draw(plan, MOST_RUN);
    unsigned before = more ? tw_path_draw(plan, more + 1) : 0;
    TwOp *op = tw_path_put(plan, code);

    op->obj = (uint8_t)w.stage;
    op->index = (uint8_t)w.index;
    op->addr = w.x - (uint64_t)before * PAGE;
    op->last = op->addr + (uint64_t)more * PAGE;
    return op;
}

static void map(TwPathPlan *plan, Where w, bool notified)
{
    unsigned page = tw_path_chance(plan, 70) ? some_hot(plan)
                                             : tw_path_draw(plan, plan->pages);
    unsigned rights = some_rights(plan);
    TwOp *op = put(plan, TW_OP_MAP, w);

    op->out = tw_path_address(plan, page) - (w.x - op->addr);
    op->perm = (uint8_t)rights;
    op->flags = notified ? TW_OPF_NOTIFIED : 0;
    tw_path_done(plan, op);
}

void tw_path_table_setup(TwPathPlan *plan)
{
    unsigned n = plan->program->iommus[0].indexes;

    for (unsigned k = 0; k < plan->dialect->path_stages * n; k++) {
        for (unsigned i = 0; i < plan->n_hot; i++) {
            Where w = {k / n, k % n, tw_path_address(plan, plan->hot[i])};

            if (tw_path_chance(plan, w.stage > 0 ? 95 : 85)) {
                map(plan, w, false);
            }
        }
    }
}

/* Another entry, other rights, or none. */
static void change(TwPathPlan *plan, Where w, bool notified)
{
    unsigned how = tw_path_draw(plan, 10), rights = some_rights(plan);
    TwOp *op;

    if (how < 5) {
        map(plan, w, notified);
        return;
    }
    op = put(plan, how < 8 ? TW_OP_UNMAP : TW_OP_PROTECT, w);
    op->perm = op->code == TW_OP_PROTECT ? (uint8_t)rights : 0;
    op->flags = notified ? TW_OPF_NOTIFIED : 0;
    tw_path_done(plan, op);
}

static void notify_all(TwPathPlan *plan, unsigned stage)
{
    TwOp *op = tw_path_put(plan, TW_OP_NOTIFY_ALL);

    op->obj = (uint8_t)stage;
    tw_path_done(plan, op);
}

/* What closes the window, or nearly.  A range of the second stage may end
 * nothing of both together. */
static void notify(TwPathPlan *plan, Where w)
{
    unsigned how = tw_path_draw(plan, 20);
    TwOp *op;

    if (how == 0) {
        return;
    }
    if (how < 3) {
        notify_all(plan, w.stage);
        return;
    }
    if (how < 5) { /* all of the index */
        op = tw_path_put(plan, TW_OP_NOTIFY);
        op->obj = (uint8_t)w.stage;
        op->index = (uint8_t)w.index;
        op->last = UINT64_MAX;
    } else { /* 5: a neighbour; 6: another index */
        w.index = how == 6 ? some_index(plan) : w.index;
        w.x = how == 5 ? w.x ^ PAGE : w.x;
        op = put(plan, TW_OP_NOTIFY, w);
    }
    tw_path_done(plan, op);
    if (w.stage > 0 && tw_path_chance(plan, 70)) {
        notify_all(plan, 0);
    }
}

static void switch_bypass(TwPathPlan *plan, unsigned stage, bool on)
{
    TwOp *op = tw_path_put(plan, TW_OP_BYPASS);

    op->obj = (uint8_t)stage;
    op->flags = on ? TW_OPF_ON : 0;
    tw_path_done(plan, op);
}

void tw_path_table_move(TwPathPlan *plan)
{
    unsigned index = some_index(plan), how = tw_path_draw(plan, 100);
    uint64_t x = tw_path_address(plan, some_hot(plan));
    Where w = {tw_path_draw(plan, plan->dialect->path_stages), index, x};

    if (w.stage > 0) { /* any page that the first stage may lead to */
        w.x = tw_path_address(plan, some_hot(plan));
    }
    tw_path_accesses(plan, index, x);
    if (how < 8) {
        switch_bypass(plan, w.stage, true);
        tw_path_accesses(plan, index, x);
        switch_bypass(plan, w.stage, false);
    } else if (how < 70) {
        change(plan, w, false);
        if (tw_path_chance(plan, 50)) {
            tw_path_accesses(plan, index, x);
        }
        notify(plan, w);
    } else if (how < 95) {
        change(plan, w, true);
    } else {
        notify(plan, w);
    }
    tw_path_accesses(plan, index, x);
}
