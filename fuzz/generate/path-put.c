/* SPDX-License-Identifier: MIT */
/* See path-plan.h: operations that fit, and the entries that they store. */
#include "fuzz/generate/entries.h"
#include "fuzz/generate/path-plan.h"
#include "program/path.h"

/* Operations --------------------------------------------------------------- */

TwOp *tw_path_put(TwPathPlan *plan, TwOpCode code)
{
    static _Thread_local TwOp none;
    TwOp *op = *plan->n < plan->most ? &plan->to[(*plan->n)++] : &none;

    *op = (TwOp){.code = code, .actor = TW_BOARD};
    return op;
}

void tw_path_done(TwPathPlan *plan, TwOp *op)
{
    tw_path_fit_op(plan->dialect, plan->program, op);
    if (op->code == TW_OP_POKE) {
        tw_path_note(plan, (uint32_t)op->addr, op->value);
    } else if (op->code == TW_OP_CONTEXT) {
        plan->stages[op->obj].contexts[op->requester] =
            (TwPathContext){.mode = op->mode,
                            .domain = op->domain,
                            .root = tw_path_page(plan, op->out)};
    }
}

void tw_path_poke(TwPathPlan *plan, uint32_t where, uint64_t value)
{
    TwOp *op = tw_path_put(plan, TW_OP_POKE);

    op->addr = where;
    op->value = value;
    tw_path_done(plan, op);
}

void tw_path_context(TwPathPlan *plan, unsigned stage, unsigned index,
                     unsigned mode, unsigned root, unsigned domain)
{
    TwOp *op = tw_path_put(plan, TW_OP_CONTEXT);

    op->obj = (uint8_t)stage;
    op->requester = index;
    op->mode = (uint8_t)mode;
    op->out = tw_path_address(plan, root);
    op->domain = (uint8_t)domain;
    tw_path_done(plan, op);
}

/* Mappings ----------------------------------------------------------------- */

/* The mapping that is in the page of an access, and of its device; if there is
 * none, some number. */
static unsigned mapping_for(TwPathPlan *plan, const TwOp *access)
{
    unsigned which = tw_path_draw(plan, TW_PATH_MAPPINGS);

    for (unsigned i = 0; i < TW_PATH_MAPPINGS; i++) {
        const TwOp *mapping = &plan->mappings[i];

        if (mapping->length != 0 && mapping->attrs == access->attrs &&
            mapping->addr >> 12 == access->addr >> 12) {
            which = i;
        }
    }
    return which;
}

static void put_mapping(TwPathPlan *plan, const TwOp *access)
{
    TwOp *op;

    if (plan->mappings[access->other].length != 0) {
        op = tw_path_put(plan, TW_OP_DMA_UNMAP);
        op->obj = access->other;
        tw_path_done(plan, op);
    }
    op = tw_path_put(plan, TW_OP_DMA_MAP);
    op->obj = access->other;
    op->addr = access->addr;
    op->attrs = access->attrs;
    op->perm = access->code == TW_OP_DMA_READ ? TW_R : TW_W;
    tw_path_done(plan, op);
    plan->mappings[access->other] = *op;
}

/* Most accesses are via a mapping, mostly one that was made before. */
static void use_mapping(TwPathPlan *plan, TwOp *access)
{
    const TwOp *mapping;

    tw_path_fit_op(plan->dialect, plan->program, access);
    if (!tw_path_chance(plan, 85)) {
        return;
    }
    access->other = (uint8_t)mapping_for(plan, access);
    access->flags = TW_OPF_VIA;
    mapping = &plan->mappings[access->other];
    if (mapping->length == 0 || tw_path_chance(plan, 20) ||
        mapping->attrs != access->attrs ||
        mapping->addr >> 12 != access->addr >> 12) {
        put_mapping(plan, access);
    } else {
        access->addr = mapping->addr + (plan->dialect->dma_area_step != 0
                                            ? access->addr % mapping->length
                                            : 0);
    }
}

/* An access, mostly by that index and in the page of x. */
static void put_access(TwPathPlan *plan, unsigned index, uint64_t x, bool store)
{
    unsigned how = tw_path_draw(plan, 10);
    unsigned offset = how < 6   ? 0x40 + 8 * tw_path_draw(plan, 4)
                      : how < 7 ? 0xff8
                                : 8 * tw_path_draw(plan, 512);
    bool other_page = tw_path_chance(plan, 12);
    bool other_index = tw_path_chance(plan, 12);
    unsigned page = plan->hot[tw_path_draw(plan, plan->n_hot)];
    unsigned other = tw_path_draw(plan, plan->dialect->max_iommu_indexes);
    unsigned size = tw_path_chance(plan, 80) ? 8 : 4;
    TwOp access = {.code = store ? TW_OP_DMA_WRITE : TW_OP_DMA_READ,
                   .actor = TW_BOARD};
    TwOp *op;

    access.addr = (other_page ? tw_path_some_address(plan, page) : x) + offset;
    access.attrs = (other_index ? other : index) << TW_ATTR_REQUESTER_SHIFT;
    access.size = (uint8_t)size;
    if (plan->dialect->last_bytes && !store && tw_path_chance(plan, 10)) {
        access.size = 1;
    }
    if (plan->dialect->dma_area_lg != 0) {
        if (!tw_ops_has(&plan->dialect->ops, TW_OP_DMA_READ)) {
            access.code = TW_OP_DMA_WRITE;
        }
        use_mapping(plan, &access);
    }
    op = tw_path_put(plan, access.code);
    *op = access;
    tw_path_done(plan, op);
}

void tw_path_accesses(TwPathPlan *plan, unsigned index, uint64_t x)
{
    unsigned how = tw_path_draw(plan, 8);
    unsigned more = tw_path_draw(plan, 3);

    put_access(plan, index, x, how == 0 || how == 1);
    if (how >= 2) {
        put_access(plan, index, x, how < 6);
    }
    for (unsigned i = 0; i < more; i++) {
        put_access(plan, index, x, tw_path_chance(plan, 40));
    }
}

unsigned tw_path_some_domain(TwPathPlan *plan, unsigned stage, unsigned index)
{
    unsigned n = plan->dialect->max_iommu_indexes;

    if (!tw_path_is_last(plan, stage)) { /* program/path.h */
        return index + (tw_path_chance(plan, 20) ? n : 0);
    }
    return tw_path_chance(plan, 75) ? index : tw_path_draw(plan, n + 1);
}

/* Entries ------------------------------------------------------------------ */

/* Where a page leads when all is well.  Tables of a first stage stay where they
 * are, mostly. */
static unsigned good_frame(TwPathPlan *plan, unsigned stage, unsigned page)
{
    bool hot = false;

    for (unsigned i = 0; i < plan->n_hot; i++) {
        hot |= plan->hot[i] == page;
    }
    if (hot && tw_path_chance(plan, 70)) {
        return plan->hot[tw_path_draw(plan, plan->n_hot)];
    }
    return !hot && stage > 0 && tw_path_chance(plan, 12) ? page ^ TW_PATH_BLOCK
                                                         : page;
}

uint64_t tw_path_good_entry(TwPathPlan *plan, unsigned stage, unsigned level,
                            uint64_t x)
{
    TwPathStage *s = &plan->stages[stage];
    unsigned page = tw_path_page(plan, x), to;

    if (level == 1) {
        return tw_gen_leaf(s->layout, 1,
                           tw_path_address(plan, good_frame(plan, stage, page)),
                           TW_R | TW_W);
    }
    if (level == 2 && tw_path_chance(plan, 30)) {
        to = page & ~(TW_PATH_BLOCK - 1u);
        if (tw_path_chance(plan, 40)) {
            to ^= TW_PATH_BLOCK;
        }
        return tw_gen_leaf(s->layout, 2, tw_path_address(plan, to),
                           TW_R | TW_W);
    }
    if (level == 3 && s->layout->leaf_levels >> 3 & 1 &&
        tw_path_chance(plan, 5)) {
        return tw_gen_leaf(s->layout, 3, tw_path_address(plan, 0), TW_R | TW_W);
    }
    to = level == 3 ? s->uppers[tw_path_draw(plan, TW_PATH_UPPERS)]
         : tw_path_chance(plan, 25) ? s->lowers[2]
                                    : s->lowers[page / TW_PATH_BLOCK % 2];
    return tw_gen_table(s->layout, level - 1, tw_path_address(plan, to));
}
