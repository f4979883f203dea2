/* SPDX-License-Identifier: MIT */
/*
 * See path-plan.h: programs whose IOMMU is a `table`.  Fill, change, use the
 * open window, close it, use again; most windows are closed by an UNMAP that
 * meets what was changed.
 */
#include "fuzz/generate/path-plan.h"

enum { PAGE = 4096, MOST_RUN = 8 };

static unsigned some_hot(TwPathPlan *plan)
{
    return plan->hot[tw_path_draw(plan, plan->n_hot)];
}

static unsigned some_index(TwPathPlan *plan)
{
    return tw_path_draw(plan, plan->dialect->max_iommu_indexes);
}

static unsigned some_rights(TwPathPlan *plan)
{
    return tw_path_chance(plan, 70) ? TW_R | TW_W : 1 + tw_path_draw(plan, 2);
}

/* An operation on the pages around x, often on that page alone. */
static TwOp *put(TwPathPlan *plan, TwOpCode code, unsigned index, uint64_t x)
{
    unsigned more = tw_path_chance(plan, 70) ? 0 : tw_path_draw(plan, MOST_RUN);
    unsigned before = more ? tw_path_draw(plan, more + 1) : 0;
    TwOp *op = tw_path_put(plan, code);

    op->index = (uint8_t)index;
    op->addr = x - (uint64_t)before * PAGE;
    op->last = op->addr + (uint64_t)more * PAGE;
    return op;
}

static void map(TwPathPlan *plan, unsigned index, uint64_t x, bool notified)
{
    unsigned page = tw_path_chance(plan, 70) ? some_hot(plan)
                                             : tw_path_draw(plan, plan->pages);
    unsigned rights = some_rights(plan);
    TwOp *op = put(plan, TW_OP_MAP, index, x);

    op->out = tw_path_address(plan, page) - (x - op->addr);
    op->perm = (uint8_t)rights;
    op->flags = notified ? TW_OPF_NOTIFIED : 0;
    tw_path_done(plan, op);
}

void tw_path_table_setup(TwPathPlan *plan)
{
    for (unsigned k = 0; k < plan->dialect->max_iommu_indexes; k++) {
        for (unsigned i = 0; i < plan->n_hot; i++) {
            if (tw_path_chance(plan, 85)) {
                map(plan, k, tw_path_address(plan, plan->hot[i]), false);
            }
        }
    }
}

/* Another entry, other rights, or none. */
static void change(TwPathPlan *plan, unsigned index, uint64_t x, bool notified)
{
    unsigned how = tw_path_draw(plan, 10), rights = some_rights(plan);
    TwOp *op;

    if (how < 5) {
        map(plan, index, x, notified);
        return;
    }
    op = put(plan, how < 8 ? TW_OP_UNMAP : TW_OP_PROTECT, index, x);
    op->perm = op->code == TW_OP_PROTECT ? (uint8_t)rights : 0;
    op->flags = notified ? TW_OPF_NOTIFIED : 0;
    tw_path_done(plan, op);
}

/* What closes the window, or nearly. */
static void notify(TwPathPlan *plan, unsigned index, uint64_t x)
{
    unsigned how = tw_path_draw(plan, 20);
    TwOp *op;

    if (how == 0) {
        return;
    }
    if (how < 3) {
        op = tw_path_put(plan, TW_OP_NOTIFY_ALL);
    } else if (how < 5) { /* all of the index */
        op = tw_path_put(plan, TW_OP_NOTIFY);
        op->index = (uint8_t)index;
        op->last = UINT64_MAX;
    } else { /* 5: a neighbour; 6: another index */
        index = how == 6 ? some_index(plan) : index;
        op = put(plan, TW_OP_NOTIFY, index, how == 5 ? x ^ PAGE : x);
    }
    tw_path_done(plan, op);
}

static void switch_bypass(TwPathPlan *plan, bool on)
{
    TwOp *op = tw_path_put(plan, TW_OP_BYPASS);

    op->flags = on ? TW_OPF_ON : 0;
    tw_path_done(plan, op);
}

void tw_path_table_move(TwPathPlan *plan)
{
    unsigned index = some_index(plan), how = tw_path_draw(plan, 100);
    uint64_t x = tw_path_address(plan, some_hot(plan));

    tw_path_accesses(plan, index, x);
    if (how < 8) {
        switch_bypass(plan, true);
        tw_path_accesses(plan, index, x);
        switch_bypass(plan, false);
    } else if (how < 70) {
        change(plan, index, x, false);
        if (tw_path_chance(plan, 50)) {
            tw_path_accesses(plan, index, x);
        }
        notify(plan, index, x);
    } else if (how < 95) {
        change(plan, index, x, true);
    } else {
        notify(plan, index, x);
    }
    tw_path_accesses(plan, index, x);
}
