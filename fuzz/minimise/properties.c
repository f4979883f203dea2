/* SPDX-License-Identifier: MIT */
/*
 * The minimiser's small steps: properties of objects and operations to their
 * defaults.  Each list of values starts with the plainest, and nothing before
 * the value in use is tried twice: steps must not undo each other.
 */
#include "fuzz/minimise/internal.h"

#include "program/legality.h"
#include "program/ops.h"

static void simplify_region(TwTurns *turns, unsigned i)
{
    static const uint8_t kinds[] = {TW_REGION_RAM, TW_REGION_MMIO,
                                    TW_REGION_ROM};
    const TwRegion old = turns->best->regions[i];

    for (unsigned k = 0;
         k < sizeof(kinds) && old.kind != kinds[k] &&
         old.kind != TW_REGION_CONTAINER && old.kind != TW_REGION_IOMMU;
         k++) {
        TwRegion plain = tw_region_make((TwRegionKind)kinds[k]);
        plain.container = old.container;
        plain.addr = old.addr;
        plain.size = old.size;
        plain.priority = old.priority;
        plain.enabled = old.enabled;
        if (kinds[k] != TW_REGION_MMIO) {
            plain.block = (uint8_t)i;
        }
        TW_TURN(turns, p, p->regions[i] = plain);
    }
    TwRegion plain = tw_region_make((TwRegionKind)old.kind);
    TW_TURN(turns, p, {
        TwRegion *r = &p->regions[i];
        r->enabled = plain.enabled;
        r->readonly = r->nonvolatile = r->unmergeable = false;
        r->romd_mode = plain.romd_mode;
        r->valid_min = r->valid_max = 0;
        r->reject = plain.reject;
        r->error = plain.error;
        r->priority = 0;
    });
    TW_TURN(turns, p, p->regions[i].enabled = plain.enabled);
    TW_TURN(turns, p, p->regions[i].readonly = false);
    TW_TURN(turns, p, p->regions[i].nonvolatile = false);
    TW_TURN(turns, p, p->regions[i].unmergeable = false);
    TW_TURN(turns, p, p->regions[i].romd_mode = plain.romd_mode);
    TW_TURN(turns, p, p->regions[i].valid_min = 0);
    TW_TURN(turns, p, p->regions[i].valid_max = 0);
    TW_TURN(turns, p, p->regions[i].reject = plain.reject);
    TW_TURN(turns, p, p->regions[i].error = plain.error);
    TW_TURN(turns, p, p->regions[i].priority = 0);
    if (turns->best->regions[i].priority != 0) {
        TW_TURN(turns, p, p->regions[i].priority = old.priority > 0 ? 1 : -1);
    }
    if (old.block != TW_NONE) {
        TW_TURN(turns, p, p->regions[i].block = (uint8_t)i);
    }
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

static void simplify_iommu(TwTurns *turns, unsigned i)
{

    TW_TURN(turns, p, {
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
    for (unsigned n = 1; n < turns->best->iommus[i].indexes; n++) {
        TW_TURN(turns, p, p->iommus[i].indexes = (uint8_t)n);
    }
    TW_TURN(turns, p, p->iommus[i].select = TW_SELECT_ZERO);
    TW_TURN(turns, p, p->iommus[i].bypass = false);
    TW_TURN(turns, p, {
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
    if (turns->best->iommus[i].bypass_space != TW_NONE) {
        TW_TURN(turns, p, p->iommus[i].bypass_space = TW_NONE);
    }
    if (turns->best->iommus[i].bypass_space != TW_NONE) {
        for (unsigned s = 0; s < turns->best->iommus[i].bypass_space; s++) {
            TW_TURN(turns, p, p->iommus[i].bypass_space = (uint8_t)s);
        }
    }
}

enum { PLAIN_TLB_LG = 3 }; /* what the text form leaves out */

static void simplify_cpu(TwTurns *turns, unsigned i)
{

    const TwCpu *cpu = &turns->best->cpus[i];

    /* What needs no line, then what is small. */
    TW_TURN(turns, p, {
        p->cpus[i].victims = 0;
        p->cpus[i].tlb_lg = PLAIN_TLB_LG;
    });
    TW_TURN(turns, p, p->cpus[i].victims = 0);
    TW_TURN(turns, p, p->cpus[i].tlb_lg = PLAIN_TLB_LG);
    for (unsigned lg = 0; cpu->tlb_lg != PLAIN_TLB_LG && lg < cpu->tlb_lg;
         lg++) {
        TW_TURN(turns, p, p->cpus[i].tlb_lg = (uint8_t)lg);
    }
    for (unsigned n = 1; n < turns->best->cpus[i].victims; n++) {
        TW_TURN(turns, p, p->cpus[i].victims = (uint8_t)n);
    }
    for (unsigned m = 0; m < TW_MAX_MMU_INDEXES; m++) {
        if (!turns->best->cpus[i].mmu[m].present) {
            continue;
        }
        TW_TURN(turns, p, p->cpus[i].mmu[m].attrs = 0);
        if (turns->best->cpus[i].mmu[m].attrs != 0) {
            TW_TURN(turns, p, p->cpus[i].mmu[m].attrs = TW_ATTR_SECURE);
        }
        TW_TURN(turns, p, p->cpus[i].mmu[m].space = 0);
    }
}

static void simplify_op(TwTurns *turns, bool script, unsigned i)
{
    /* The plainest first: nothing before the one in use is tried twice. */
    static const uint8_t rights[] = {TW_R | TW_W | TW_X, TW_R | TW_W, TW_R};

#define OP(p) (script ? &(p)->script[i] : &(p)->setup[i])
    const TwOp old = *OP(turns->best);
    const TwOpInfo *info = tw_op_info(old.code);

    if (old.code == TW_OP_EXEC || old.code == TW_OP_RMW) {
        TW_TURN(turns, p, OP(p)->code = TW_OP_READ);
        if (OP(turns->best)->code == old.code) {
            TW_TURN(turns, p, OP(p)->code = TW_OP_WRITE);
        }
    }
    if (old.code == TW_OP_FLUSH_RANGE) {
        TW_TURN(turns, p, {
            OP(p)->code = TW_OP_FLUSH_PAGE;
            OP(p)->last = 0;
            OP(p)->lg = 0;
        });
        TW_TURN(turns, p, OP(p)->lg = 64);
    }
    if (old.flags & TW_OPF_DURING) {
        TW_TURN(turns, p, OP(p)->flags &= (uint8_t)~TW_OPF_DURING);
    }
    if (old.flags & TW_OPF_FROM) {
        TW_TURN(turns, p, {
            OP(p)->flags &= (uint8_t)~TW_OPF_FROM;
            OP(p)->out = 0;
        });
    }
    if (old.flags & TW_OPF_VIA) {
        TW_TURN(turns, p, {
            OP(p)->flags &= (uint8_t)~TW_OPF_VIA;
            OP(p)->other = 0;
        });
    }
    if (old.flags & TW_OPF_NOTIFIED) {
        TW_TURN(turns, p, OP(p)->flags &= (uint8_t)~TW_OPF_NOTIFIED);
    }
    if (old.actor != TW_BOARD && !(info->flags & TW_OP_CPU_ACCESS)) {
        TW_TURN(turns, p, OP(p)->actor = TW_BOARD);
    }
    for (unsigned size = 1; size < OP(turns->best)->size; size *= 2) {
        TW_TURN(turns, p, OP(p)->size = (uint8_t)size);
    }
    if (old.attrs != 0) {
        TW_TURN(turns, p, OP(p)->attrs = 0);
    }
    if (old.priority != 0) {
        TW_TURN(turns, p, OP(p)->priority = 0);
    }
    if (old.count > 1) {
        TW_TURN(turns, p, OP(p)->count = 1);
        if (OP(turns->best)->count > 1) {
            TW_TURN(turns, p, OP(p)->count = old.count / 2);
        }
    }
    for (unsigned k = 0; info->args[k] != TW_ARG_END; k++) {
        switch (info->args[k]) {
        case TW_ARG_PERM:
            for (unsigned r = 0; r < 3 && old.perm != rights[r] &&
                                 OP(turns->best)->perm == old.perm;
                 r++) {
                TW_TURN(turns, p, OP(p)->perm = rights[r]);
            }
            break;
        case TW_ARG_IOMMU_PERM:
            for (unsigned r = 1; r < 3 && old.perm != rights[r] &&
                                 OP(turns->best)->perm == old.perm;
                 r++) {
                TW_TURN(turns, p, OP(p)->perm = rights[r]);
            }
            break;
        case TW_ARG_OF_SIZE:
            TW_TURN(turns, p, {
                OP(p)->lg = p->page_lg;
                tw_op_round(p, OP(p));
            });
            if (OP(turns->best)->lg > turns->best->page_lg) {
                TW_TURN(turns, p, OP(p)->lg--);
            }
            break;
        case TW_ARG_EVENTS:
            TW_TURN(turns, p, OP(p)->kinds = TW_EVENT_UNMAP);
            break;
        case TW_ARG_ANY_CPU_INDEX:
        case TW_ARG_CPU_OR_ALL:
            if (old.obj == TW_ALL) {
                TW_TURN(turns, p, OP(p)->obj = 0);
            }
            break;
        default:
            break;
        }
    }
#undef OP
}

void tw_pass_properties(TwTurns *turns)
{

    if (turns->best->explicit_safepoints) {
        TW_TURN(turns, p, p->explicit_safepoints = false);
    }
    TW_TURN(turns, p, p->hops = 16);
    if (turns->best->contents != TW_CONTENTS_DATA) {
        TW_TURN(turns, p, p->contents = TW_CONTENTS_DATA);
    }
    for (unsigned i = 0; i < turns->best->n_regions; i++) {
        if (turns->best->regions[i].kind != TW_REGION_NONE) {
            simplify_region(turns, i);
        }
    }
    for (unsigned i = 0; i < turns->best->n_spaces; i++) {
        if (turns->best->spaces[i].present && turns->best->spaces[i].late) {
            TW_TURN(turns, p, p->spaces[i].late = false);
        }
    }
    for (unsigned i = 0; i < turns->best->n_iommus; i++) {
        if (turns->best->iommus[i].kind != TW_IOMMU_NONE) {
            simplify_iommu(turns, i);
        }
    }
    for (unsigned i = 0; i < turns->best->n_cpus; i++) {
        if (turns->best->cpus[i].present) {
            simplify_cpu(turns, i);
        }
    }
    for (unsigned i = 0; i < turns->best->n_setup; i++) {
        simplify_op(turns, false, i);
    }
    for (unsigned i = 0; i < turns->best->n_script; i++) {
        simplify_op(turns, true, i);
    }
}
