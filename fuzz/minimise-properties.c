/* SPDX-License-Identifier: MIT */
/*
 * The minimiser's small steps: properties of objects and operations to their
 * defaults.  Each list of values starts with the plainest, and nothing before
 * the value in use is tried twice: steps must not undo each other.
 */
#include "fuzz/minimise-internal.h"

#include "program/legality.h"
#include "program/ops.h"

static bool simplify_region(TwMinimiser *min, unsigned i)
{
    static const uint8_t kinds[] = {TW_REGION_RAM, TW_REGION_MMIO,
                                    TW_REGION_ROM};
    bool any = false;
    TwRegion old = min->best->regions[i];

    for (unsigned k = 0;
         k < sizeof(kinds) && old.kind != kinds[k] &&
         old.kind != TW_REGION_CONTAINER && old.kind != TW_REGION_IOMMU;
         k++) {
        TwProgram *p = tw_minimise_start(min);
        TwRegion plain = tw_region_make((TwRegionKind)kinds[k]);
        plain.container = old.container;
        plain.addr = old.addr;
        plain.size = old.size;
        plain.priority = old.priority;
        plain.enabled = old.enabled;
        if (kinds[k] != TW_REGION_MMIO) {
            plain.block = (uint8_t)i;
        }
        p->regions[i] = plain;
        if (tw_minimise_try(min)) {
            any = true;
            break;
        }
    }
    old = min->best->regions[i];
    TwRegion plain = tw_region_make((TwRegionKind)old.kind);
    TW_TRY(min, p, {
        TwRegion *r = &p->regions[i];
        r->enabled = plain.enabled;
        r->readonly = r->nonvolatile = r->unmergeable = false;
        r->romd_mode = plain.romd_mode;
        r->valid_min = r->valid_max = 0;
        r->reject = plain.reject;
        r->error = plain.error;
        r->priority = 0;
    });
    TW_TRY(min, p, p->regions[i].enabled = plain.enabled);
    TW_TRY(min, p, p->regions[i].readonly = false);
    TW_TRY(min, p, p->regions[i].nonvolatile = false);
    TW_TRY(min, p, p->regions[i].unmergeable = false);
    TW_TRY(min, p, p->regions[i].romd_mode = plain.romd_mode);
    TW_TRY(min, p, p->regions[i].valid_min = 0);
    TW_TRY(min, p, p->regions[i].valid_max = 0);
    TW_TRY(min, p, p->regions[i].reject = plain.reject);
    TW_TRY(min, p, p->regions[i].error = plain.error);
    TW_TRY(min, p, p->regions[i].priority = 0);
    if (min->best->regions[i].priority != 0) {
        TW_TRY(min, p, p->regions[i].priority = old.priority > 0 ? 1 : -1);
    }
    if (old.block != TW_NONE) {
        TW_TRY(min, p, p->regions[i].block = (uint8_t)i);
    }
    return any;
}

/* All uses of index `from` of an IOMMU become index 0. */
static void merge_indexes(TwOp *ops, unsigned n, uint8_t iommu)
{
    for (unsigned i = 0; i < n; i++) {
        const TwOpInfo *info = tw_op_info(ops[i].code);
        for (unsigned k = 0; info->args[k] != TW_ARG_END; k++) {
            if ((info->args[k] == TW_ARG_IOMMU_INDEX && ops[i].obj == iommu) ||
                (info->args[k] == TW_ARG_OF_IOMMU && ops[i].other == iommu)) {
                ops[i].index = 0;
            }
        }
    }
}

static bool simplify_iommu(TwMinimiser *min, unsigned i)
{
    bool any = false;

    TW_TRY(min, p, {
        p->iommus[i].indexes = 1;
        p->iommus[i].select = TW_SELECT_ZERO;
        merge_indexes(p->setup, p->n_setup, (uint8_t)i);
        merge_indexes(p->script, p->n_script, (uint8_t)i);
        for (unsigned a = 0; a < p->n_actors; a++) {
            if (p->actors[a].region != TW_NONE) {
                merge_indexes(&p->actors[a].op, 1, (uint8_t)i);
            }
        }
    });
    for (unsigned n = 1; n < min->best->iommus[i].indexes; n++) {
        TW_TRY(min, p, p->iommus[i].indexes = (uint8_t)n);
    }
    TW_TRY(min, p, p->iommus[i].select = TW_SELECT_ZERO);
    TW_TRY(min, p, p->iommus[i].bypass = false);
    TW_TRY(min, p, {
        p->iommus[i].granule_lg = p->page_lg;
        for (unsigned k = 0; k < p->n_setup; k++) {
            tw_op_round(p, &p->setup[k]);
        }
        for (unsigned k = 0; k < p->n_script; k++) {
            tw_op_round(p, &p->script[k]);
        }
        for (unsigned a = 0; a < p->n_actors; a++) {
            if (p->actors[a].region != TW_NONE) {
                tw_op_round(p, &p->actors[a].op);
            }
        }
    });
    if (min->best->iommus[i].bypass_space != TW_NONE) {
        TW_TRY(min, p, p->iommus[i].bypass_space = TW_NONE);
    }
    if (min->best->iommus[i].bypass_space != TW_NONE) {
        for (unsigned s = 0; s < min->best->iommus[i].bypass_space; s++) {
            TW_TRY(min, p, p->iommus[i].bypass_space = (uint8_t)s);
        }
    }
    return any;
}

static bool simplify_cpu(TwMinimiser *min, unsigned i)
{
    bool any = false;

    TW_TRY(min, p, p->cpus[i].victims = 0);
    for (unsigned lg = 0; lg < min->best->cpus[i].tlb_lg; lg++) {
        TW_TRY(min, p, p->cpus[i].tlb_lg = (uint8_t)lg);
    }
    for (unsigned n = 1; n < min->best->cpus[i].victims; n++) {
        TW_TRY(min, p, p->cpus[i].victims = (uint8_t)n);
    }
    for (unsigned m = 0; m < TW_MAX_MMU_INDEXES; m++) {
        if (!min->best->cpus[i].mmu[m].present) {
            continue;
        }
        TW_TRY(min, p, p->cpus[i].mmu[m].attrs = 0);
        if (min->best->cpus[i].mmu[m].attrs != 0) {
            TW_TRY(min, p, p->cpus[i].mmu[m].attrs = TW_ATTR_SECURE);
        }
        TW_TRY(min, p, p->cpus[i].mmu[m].space = 0);
    }
    return any;
}

static bool simplify_op(TwMinimiser *min, bool script, unsigned i)
{
    /* The plainest first: nothing before the one in use is tried twice. */
    static const uint8_t rights[] = {TW_R | TW_W | TW_X, TW_R | TW_W, TW_R};
    bool any = false;

#define OP(p) (script ? &(p)->script[i] : &(p)->setup[i])
    const TwOp old = *OP(min->best);
    const TwOpInfo *info = tw_op_info(old.code);

    if (old.code == TW_OP_EXEC || old.code == TW_OP_RMW) {
        TW_TRY(min, p, OP(p)->code = TW_OP_READ);
        if (OP(min->best)->code == old.code) {
            TW_TRY(min, p, OP(p)->code = TW_OP_WRITE);
        }
    }
    if (old.code == TW_OP_FLUSH_RANGE) {
        TW_TRY(min, p, {
            OP(p)->code = TW_OP_FLUSH_PAGE;
            OP(p)->last = 0;
            OP(p)->lg = 0;
        });
        TW_TRY(min, p, OP(p)->lg = 64);
    }
    if (old.flags & TW_OPF_DURING) {
        TW_TRY(min, p, OP(p)->flags &= (uint8_t)~TW_OPF_DURING);
    }
    if (old.flags & TW_OPF_FROM) {
        TW_TRY(min, p, {
            OP(p)->flags &= (uint8_t)~TW_OPF_FROM;
            OP(p)->out = 0;
        });
    }
    if (old.flags & TW_OPF_VIA) {
        TW_TRY(min, p, {
            OP(p)->flags &= (uint8_t)~TW_OPF_VIA;
            OP(p)->other = 0;
        });
    }
    if (old.flags & TW_OPF_NOTIFIED) {
        TW_TRY(min, p, OP(p)->flags &= (uint8_t)~TW_OPF_NOTIFIED);
    }
    if (old.actor != TW_BOARD && !(info->flags & TW_OP_CPU_ACCESS)) {
        TW_TRY(min, p, OP(p)->actor = TW_BOARD);
    }
    for (unsigned size = 1; size < OP(min->best)->size; size *= 2) {
        TW_TRY(min, p, OP(p)->size = (uint8_t)size);
    }
    if (old.attrs != 0) {
        TW_TRY(min, p, OP(p)->attrs = 0);
    }
    if (old.priority != 0) {
        TW_TRY(min, p, OP(p)->priority = 0);
    }
    if (old.count > 1) {
        TW_TRY(min, p, OP(p)->count = 1);
        if (OP(min->best)->count > 1) {
            TW_TRY(min, p, OP(p)->count = old.count / 2);
        }
    }
    for (unsigned k = 0; info->args[k] != TW_ARG_END; k++) {
        switch (info->args[k]) {
        case TW_ARG_PERM:
            for (unsigned r = 0; r < 3 && old.perm != rights[r] &&
                                 OP(min->best)->perm == old.perm;
                 r++) {
                TW_TRY(min, p, OP(p)->perm = rights[r]);
            }
            break;
        case TW_ARG_IOMMU_PERM:
            for (unsigned r = 1; r < 3 && old.perm != rights[r] &&
                                 OP(min->best)->perm == old.perm;
                 r++) {
                TW_TRY(min, p, OP(p)->perm = rights[r]);
            }
            break;
        case TW_ARG_OF_SIZE:
            TW_TRY(min, p, {
                OP(p)->lg = p->page_lg;
                tw_op_round(p, OP(p));
            });
            if (OP(min->best)->lg > min->best->page_lg) {
                TW_TRY(min, p, OP(p)->lg--);
            }
            break;
        case TW_ARG_EVENTS:
            TW_TRY(min, p, OP(p)->kinds = TW_EVENT_UNMAP);
            break;
        case TW_ARG_ANY_CPU_INDEX:
        case TW_ARG_CPU_OR_ALL:
            if (old.obj == TW_ALL) {
                TW_TRY(min, p, OP(p)->obj = 0);
            }
            break;
        default:
            break;
        }
    }
#undef OP
    return any;
}

bool tw_minimise_properties(TwMinimiser *min)
{
    bool any = false;

    if (min->best->explicit_safepoints) {
        TW_TRY(min, p, p->explicit_safepoints = false);
    }
    TW_TRY(min, p, p->hops = 16);
    if (min->best->contents != TW_CONTENTS_DATA) {
        TW_TRY(min, p, p->contents = TW_CONTENTS_DATA);
    }
    for (unsigned i = 0; i < min->best->n_regions; i++) {
        if (min->best->regions[i].kind != TW_REGION_NONE) {
            any |= simplify_region(min, i);
        }
    }
    for (unsigned i = 0; i < min->best->n_spaces; i++) {
        if (min->best->spaces[i].present && min->best->spaces[i].late) {
            TW_TRY(min, p, p->spaces[i].late = false);
        }
    }
    for (unsigned i = 0; i < min->best->n_iommus; i++) {
        if (min->best->iommus[i].kind != TW_IOMMU_NONE) {
            any |= simplify_iommu(min, i);
        }
    }
    for (unsigned i = 0; i < min->best->n_cpus; i++) {
        if (min->best->cpus[i].present) {
            any |= simplify_cpu(min, i);
        }
    }
    for (unsigned i = 0; i < min->best->n_setup; i++) {
        any |= simplify_op(min, false, i);
    }
    for (unsigned i = 0; i < min->best->n_script; i++) {
        any |= simplify_op(min, true, i);
    }
    return any;
}
