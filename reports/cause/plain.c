/* SPDX-License-Identifier: MIT */
/*
 * Makes a minimal case plainer: the minimiser keeps its key, so it keeps the
 * kinds of access and of leaf, which are the case's and not the bug's.
 */
#include <string.h>

#include "program/ops.h"
#include "reports/cause/internal.h"

/* Plain cases ------------------------------------------------------------- */

static bool to_pages(TwProgram *p, unsigned op)
{
    uint64_t low = (UINT64_C(1) << p->page_lg) - 1;
    bool any = false;

    (void)op;
    for (unsigned i = 0; i < p->n_regions; i++) {
        TwRegion *r = &p->regions[i];
        uint64_t end = (r->addr & low) + r->size;

        if (r->kind == TW_REGION_NONE || r->size == UINT64_MAX ||
            end < r->size || end + low < end ||
            ((r->addr & low) == 0 && (r->size & low) == 0)) {
            continue;
        }
        r->addr &= ~low;
        r->size = (end + low) & ~low;
        any = true;
    }
    return any;
}

static bool to_memory(TwProgram *p, unsigned op)
{
    bool any = false;

    (void)op;
    for (unsigned i = 0; i < p->n_regions; i++) {
        TwRegion *r = &p->regions[i];
        TwRegion ram = *r;

        if (r->kind != TW_REGION_MMIO && r->kind != TW_REGION_ROMD &&
            r->kind != TW_REGION_RAM_DEVICE && r->kind != TW_REGION_ROM &&
            r->kind != TW_REGION_RESERVATION) {
            continue;
        }
        ram.kind = TW_REGION_RAM;
        ram.registers = TW_NONE;
        ram.block = (uint8_t)i;
        ram.romd_mode = false;
        ram.valid_min = ram.valid_max = ram.impl_min = ram.impl_max = 0;
        ram.unaligned = false;
        ram.reject = ram.error = (TwRange){1, 0};
        *r = ram;
        any = true;
    }
    return any;
}

static bool to_writable(TwProgram *p, unsigned op)
{
    bool any = false;

    (void)op;
    for (unsigned i = 0; i < p->n_regions; i++) {
        any |= p->regions[i].readonly;
        p->regions[i].readonly = false;
    }
    return any;
}

static bool to_one_priority(TwProgram *p, unsigned op)
{
    bool any = false;

    (void)op;
    for (unsigned i = 0; i < p->n_regions; i++) {
        any |= p->regions[i].priority != 0;
        p->regions[i].priority = 0;
    }
    return any;
}

static bool to_table(TwProgram *p, unsigned op)
{
    bool any = false;

    (void)op;
    for (unsigned i = 0; i < p->n_iommus; i++) {
        if (p->iommus[i].kind == TW_IOMMU_PAGETABLE) {
            p->iommus[i].kind = TW_IOMMU_TABLE;
            memset(&p->iommus[i].pagetable, 0, sizeof(p->iommus[i].pagetable));
            any = true;
        }
    }
    return any;
}

static bool to_load(TwProgram *p, unsigned op)
{
    TwOp *at = &p->script[op];

    if (at->code != TW_OP_WRITE && at->code != TW_OP_EXEC &&
        at->code != TW_OP_RMW && at->code != TW_OP_DMA_WRITE) {
        return false;
    }
    at->code = at->code == TW_OP_DMA_WRITE ? TW_OP_DMA_READ : TW_OP_READ;
    at->flags &= (uint8_t) ~(TW_OPF_EXCLUSIVE | TW_OPF_PAIRED);
    return true;
}

static bool to_byte(TwProgram *p, unsigned op)
{
    TwOp *at = &p->script[op];

    if (!(tw_op_info(at->code)->flags & TW_OP_ACCESS) || at->size <= 1) {
        return false;
    }
    at->size = 1;
    return true;
}

bool tw_make_plain(TwExperiment *e, TwProgram *plain)
{
    static bool (*const steps[])(TwProgram * p, unsigned op) = {
        to_load,     to_byte,         to_table, to_memory,
        to_writable, to_one_priority, to_pages};
    bool any = false;

    tw_program_copy(plain, e->program);
    for (unsigned i = 0; i < G_N_ELEMENTS(steps); i++) {
        tw_program_copy(e->edited, plain);
        if (steps[i](e->edited, e->finding.op) && tw_stays(e)) {
            tw_program_copy(plain, e->edited);
            any = true;
        }
    }
    return any;
}
