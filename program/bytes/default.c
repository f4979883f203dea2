/* SPDX-License-Identifier: MIT */
/*
 * The topology of byte strings without one: rich enough that random operations
 * have effects.
 */
#include "program/bytes/form.h"

#include "program/check.h"
#include "program/fields.h"
#include "program/legality.h"

/*
 *   s0 = r0   0        8P   9P      16P               32P
 *             | ram r1 |mmio r2 |    | iommu r3: i0    |
 *   i0: 0..8P -> s1 0, 8P..16P -> s1 16P
 *   s1 = r4   | ram r5 |             | iommu r6: i1    |   and so on
 */
static uint8_t add_region(TwProgram *p, TwRegionKind kind, unsigned container,
                          uint64_t addr, uint64_t size)
{
    uint8_t id = p->n_regions++;
    TwRegion *r = &p->regions[id];
    *r = tw_region_make(kind);
    r->container = (uint8_t)container;
    r->addr = addr;
    r->size = size;
    r->block = tw_region_has_block(kind) ? id : TW_NONE;
    return id;
}

static void add_setup(TwProgram *p, const TwDialect *d, TwOp op)
{
    unsigned max = tw_form_clamp(d->max_setup, 0, TW_MAX_SETUP);
    if (p->n_setup < max && tw_ops_has(&d->ops, op.code)) {
        tw_dialect_fit_op(d, p, &op);
        p->setup[p->n_setup++] = op;
    }
}

static void add_cpu(TwProgram *p, const TwDialect *d, unsigned indexes)
{
    static const struct {
        uint8_t va, pa, pages_lg, perm;
    } map[] = {
        {0, 0, 0, TW_R | TW_W | TW_X},
        {1, 8, 0, TW_R | TW_W},
        {4, 16, 2, TW_R | TW_W | TW_X},
        {8, 24, 2, TW_R | TW_W | TW_X},
    };
    uint8_t cpu = p->n_cpus++;
    TwCpu *c = &p->cpus[cpu];
    *c = (TwCpu){.present = true,
                 .tlb_lg = (uint8_t)tw_form_clamp(2, 0, d->max_tlb_lg),
                 .victims = (uint8_t)tw_form_clamp(2, 0, d->max_victims)};
    for (uint8_t m = 0; m < indexes; m++) {
        c->mmu[m] =
            (TwMmuIndex){.present = true, .attrs = m ? TW_ATTR_SECURE : 0};
        for (unsigned i = 0; i < sizeof map / sizeof map[0]; i++) {
            TwOp op = tw_op_make(TW_OP_PAGE);
            op.obj = cpu;
            op.index = m;
            /* Where there is no choice of addresses, to where it leads. */
            op.addr = (uint64_t)(d->identity_pages ? map[i].pa : map[i].va)
                      << p->page_lg;
            op.out = (uint64_t)map[i].pa << p->page_lg;
            op.lg = (uint8_t)(p->page_lg + map[i].pages_lg);
            op.perm = map[i].perm;
            add_setup(p, d, op);
        }
    }
}

void tw_default_topology(TwProgram *p, unsigned shape, const TwDialect *d)
{
    unsigned lg = p->page_lg;
    uint64_t page = UINT64_C(1) << lg;
    unsigned levels = 1 + (shape & 3) % 3;
    if (!(d->iommu_kinds >> TW_IOMMU_TABLE & 1)) {
        levels = 0;
    }
    levels = tw_form_clamp(levels, 0, tw_form_max_iommus(d));
    levels =
        tw_form_clamp(levels, 0, d->max_spaces > 0 ? d->max_spaces - 1u : 0);
    levels = tw_form_clamp(levels, 0,
                           d->max_regions > 3 ? (d->max_regions - 3) / 3u : 0);
    p->n_regions = p->n_spaces = p->n_iommus = p->n_cpus = 0;
    if (d->max_regions < 3 || d->max_spaces < 1) {
        return;
    }
    for (unsigned k = 0; k <= levels; k++) {
        uint8_t root =
            add_region(p, TW_REGION_CONTAINER, TW_NONE, 0, 64 * page);
        add_region(p, (TwRegionKind)tw_form_plain_kind(d), root, 0, 8 * page);
        if (k == 0) {
            add_region(p,
                       tw_form_admits_kind(d, TW_REGION_MMIO)
                           ? TW_REGION_MMIO
                           : (TwRegionKind)tw_form_plain_kind(d),
                       root, 8 * page, page);
        }
        p->spaces[p->n_spaces++] = (TwSpace){true, false, root};
        if (k == levels) {
            break;
        }
        unsigned next =
            add_region(p, TW_REGION_IOMMU, root, 16 * page, 16 * page);
        p->regions[next].iommu = (uint8_t)k;
        p->n_iommus++;
        TwIommu *m = &p->iommus[k];
        *m = tw_iommu_make(TW_IOMMU_TABLE, tw_form_clamp_granule(d, lg));
        m->bypass_space = (uint8_t)(k + 1);
        if ((shape & 16) && d->max_iommu_indexes >= 2 &&
            (d->selects >> TW_SELECT_SECURE & 1)) {
            m->indexes = 2;
            m->select = TW_SELECT_SECURE;
        }
    }
    unsigned cpus = tw_form_clamp(shape & 4 ? 2 : 1, 0, d->max_cpus);
    unsigned indexes = tw_form_clamp(shape & 8 ? 2 : 1, 0, d->max_mmu_indexes);
    for (unsigned i = 0; i < cpus; i++) {
        add_cpu(p, d, indexes);
    }
    for (unsigned k = 0; k < p->n_iommus; k++) {
        for (uint8_t index = 0; index < p->iommus[k].indexes; index++) {
            for (unsigned half = 0; half < (k + 1 < p->n_iommus ? 2 : 1);
                 half++) {
                TwOp op = tw_op_make(TW_OP_MAP);
                op.obj = (uint8_t)k;
                op.index = index;
                op.addr = half * 8 * page;
                op.last = op.addr + 8 * page - 1;
                op.other = (uint8_t)(k + 1);
                op.out = half * 16 * page;
                op.perm = TW_R | TW_W;
                tw_op_round(p, &op);
                add_setup(p, d, op);
            }
        }
    }
}
