/* SPDX-License-Identifier: MIT */
/* Edits of destinations: of IOMMU entries, of pages with their CPU index, and
 * of DMA accesses. */
#include "program/edit/edit.h"

#include "program/ops.h"

static void rename_space(TwOp *ops, unsigned n, uint8_t from, uint8_t to)
{
    uint8_t *refs[EDIT_REFS];

    for (unsigned i = 0; i < n; i++) {
        unsigned count = tw_edit_refs(&ops[i], TW_OBJECT_SPACE, refs);
        for (unsigned k = 0; k < count; k++) {
            if (*refs[k] == from) {
                *refs[k] = to;
            }
        }
    }
}

void tw_edit_merge_space(TwProgram *program, uint8_t id, uint8_t to)
{
    rename_space(program->setup, program->n_setup, id, to);
    rename_space(program->script, program->n_script, id, to);
    for (unsigned i = 0; i < program->n_actors; i++) {
        if (program->actors[i].region != TW_NONE) {
            rename_space(&program->actors[i].op, 1, id, to);
        }
    }
    for (unsigned c = 0; c < program->n_cpus; c++) {
        for (unsigned m = 0; m < TW_MAX_MMU_INDEXES; m++) {
            TwMmuIndex *mmu = &program->cpus[c].mmu[m];
            if (program->cpus[c].present && mmu->present && mmu->space == id) {
                mmu->space = to;
            }
        }
    }
    tw_edit_drop_space(program, id);
}

/* A window of a space, and what stands in for it. */
typedef struct Redirect {
    uint8_t from, to;
    uint64_t first, size;
    uint64_t at;        /* where in `to` the window's first address leads */
    uint8_t cpu, index; /* of a page */
} Redirect;

static bool inside(const Redirect *r, uint64_t addr)
{
    return addr - r->first < r->size;
}

static void redirect_access(TwOp *op, const Redirect *r)
{
    uint8_t *space = NULL;

    switch (op->code) {
    case TW_OP_MAP:
        if (op->other == r->from && inside(r, op->out)) {
            op->other = r->to;
            op->out = op->out - r->first + r->at;
        }
        return;
    case TW_OP_DMA_READ:
    case TW_OP_DMA_WRITE:
        space = &op->obj;
        break;
    case TW_OP_DMA_MAP:
        space = &op->other;
        break;
    default:
        return;
    }
    if (*space == r->from && inside(r, op->addr)) {
        *space = r->to;
        op->addr = op->addr - r->first + r->at;
    }
}

static bool is_page_inside(const TwOp *op, const Redirect *r)
{
    return op->code == TW_OP_PAGE && op->obj == r->cpu &&
           op->index == r->index && inside(r, op->out);
}

static void redirect_page(TwOp *op, const Redirect *r)
{
    if (is_page_inside(op, r)) {
        op->out = op->out - r->first + r->at;
        op->out &= ~((1ull << op->lg) - 1);
    }
}

/* All operations of a program, the actors' last; NULL at the end. */
static TwOp *op_of(TwProgram *program, unsigned i)
{
    if (i < program->n_setup) {
        return &program->setup[i];
    }
    i -= program->n_setup;
    if (i < program->n_script) {
        return &program->script[i];
    }
    i -= program->n_script;
    return i < program->n_actors ? &program->actors[i].op : NULL;
}

static void redirect_home(TwProgram *program, const Redirect *r)
{
    bool any = false;
    TwOp *op;

    for (unsigned i = 0; (op = op_of(program, i)) != NULL && !any; i++) {
        any = is_page_inside(op, r);
    }
    if (!any) {
        return;
    }
    program->cpus[r->cpu].mmu[r->index].space = r->to;
    for (unsigned i = 0; (op = op_of(program, i)) != NULL; i++) {
        redirect_page(op, r);
    }
}

void tw_edit_redirect(TwProgram *program, uint8_t from, uint64_t first,
                      uint64_t size, uint8_t to, uint64_t at, bool homes)
{
    Redirect r = {
        .from = from, .to = to, .first = first, .size = size, .at = at};
    TwOp *op;

    for (unsigned i = 0; (op = op_of(program, i)) != NULL; i++) {
        redirect_access(op, &r);
    }
    for (unsigned c = 0; homes && c < program->n_cpus; c++) {
        for (unsigned m = 0; m < TW_MAX_MMU_INDEXES; m++) {
            const TwMmuIndex *mmu = &program->cpus[c].mmu[m];
            if (program->cpus[c].present && mmu->present &&
                mmu->space == from) {
                r.cpu = (uint8_t)c;
                r.index = (uint8_t)m;
                redirect_home(program, &r);
            }
        }
    }
}

/* The address in its space at which region `id` starts, containers added. */
static uint64_t origin(const TwProgram *program, uint8_t id, uint8_t *root)
{
    uint64_t addr = 0;

    for (unsigned depth = 0; depth < TW_MAX_REGIONS; depth++) {
        const TwRegion *region = &program->regions[id];
        addr += region->addr;
        if (region->container == TW_NONE) {
            break;
        }
        id = region->container;
    }
    *root = id;
    return addr;
}

static bool in_space(const TwProgram *program, unsigned space, uint8_t root)
{
    return program->spaces[space].present &&
           program->spaces[space].root == root;
}

/* What leads into IOMMU `id` leads to `at` of space `to` and on. */
static void redirect_iommu(TwProgram *program, uint8_t id, uint8_t to,
                           uint64_t at, bool homes)
{
    uint8_t region = tw_program_iommu_region(program, id);
    uint8_t root;

    if (region == TW_NONE) {
        return;
    }
    uint64_t start = origin(program, region, &root);
    for (unsigned s = 0; s < program->n_spaces; s++) {
        if (in_space(program, s, root)) {
            tw_edit_redirect(program, (uint8_t)s, start,
                             program->regions[region].size, to, at, homes);
        }
    }
}

void tw_edit_bypass(TwProgram *program, uint8_t id, const TwOp *map, bool homes)
{
    TwOp to = *map; /* it may be one of those that change */

    redirect_iommu(program, id, to.other, to.out - to.addr, homes);
}

void tw_edit_redirect_iommu(TwProgram *program, uint8_t from, uint8_t to)
{
    uint8_t region = tw_program_iommu_region(program, to);
    uint8_t root;

    if (region == TW_NONE) {
        return;
    }
    uint64_t start = origin(program, region, &root);
    for (unsigned s = 0; s < program->n_spaces; s++) {
        if (in_space(program, s, root)) {
            redirect_iommu(program, from, (uint8_t)s, start, true);
            return;
        }
    }
}
