/* SPDX-License-Identifier: MIT */
/* Figures of a program as a whole; see shape.h. */
#include "fuzz/generate/shape.h"

#include <string.h>

#include "program/ops.h"
#include "program/regionset.h"

const char *tw_shape_name(unsigned figure)
{
    static const char *const names[TW_SHAPES] = {
        [TW_SHAPE_TIE] = "tie",
        [TW_SHAPE_TIE_LEVELS] = "tie-levels",
        [TW_SHAPE_PRIORITIES] = "priorities",
        [TW_SHAPE_CHILDREN] = "children",
        [TW_SHAPE_NESTING] = "nesting",
        [TW_SHAPE_ALIASES] = "aliases",
        [TW_SHAPE_GRANULE] = "granule",
        [TW_SHAPE_INDEXES] = "indexes",
        [TW_SHAPE_SELECTS] = "selects",
        [TW_SHAPE_REQUESTER] = "requester",
        [TW_SHAPE_ATTRS] = "attrs",
        [TW_SHAPE_TLB] = "tlb",
        [TW_SHAPE_MMUS] = "mmus",
        [TW_SHAPE_ACTORS] = "actors",
        [TW_SHAPE_ROMD_ACTORS] = "romd-actors",
        [TW_SHAPE_PAGES] = "pages",
        [TW_SHAPE_MAPS] = "maps",
        [TW_SHAPE_OPEN] = "open",
        [TW_SHAPE_DURING] = "during",
    };

    return figure < TW_SHAPES ? names[figure] : NULL;
}

static void most(TwShape *shape, TwShapeFigure figure, uint32_t value)
{
    if (value > shape->is[figure]) {
        shape->is[figure] = value;
    }
}

/* Regions ------------------------------------------------------------------ */

static bool is_child(const TwProgram *p, unsigned id)
{
    return p->regions[id].kind != TW_REGION_NONE &&
           p->regions[id].container != TW_NONE;
}

static bool contains(const TwRegion *region, uint64_t addr)
{
    return addr - region->addr < region->size || region->size == UINT64_MAX;
}

/* Compares region `id` with its siblings.  Sets *tied if one that lies where it
 * begins has its priority. */
static void see_siblings(const TwProgram *p, unsigned id, TwShape *shape,
                         TwRegionSet *tied)
{
    const TwRegion *r = &p->regions[id];
    unsigned children = 0, tie = 0, priorities = 1;

    for (unsigned i = 0; i < p->n_regions; i++) {
        const TwRegion *other = &p->regions[i];
        bool seen = other->priority == r->priority;

        if (!is_child(p, i) || other->container != r->container) {
            continue;
        }
        children++;
        tie += seen && contains(other, r->addr);
        for (unsigned k = 0; k < i && !seen; k++) {
            seen = is_child(p, k) && p->regions[k].container == r->container &&
                   p->regions[k].priority == other->priority;
        }
        priorities += !seen;
    }
    if (tie > 1) {
        tw_regions_add(tied, r->container);
    }
    most(shape, TW_SHAPE_TIE, tie);
    most(shape, TW_SHAPE_CHILDREN, children);
    most(shape, TW_SHAPE_PRIORITIES, priorities);
}

static void see_regions(const TwProgram *p, TwShape *shape)
{
    TwRegionSet tied = {{0}};

    for (unsigned i = 0; i < p->n_regions; i++) {
        if (is_child(p, i)) {
            see_siblings(p, i, shape, &tied);
        }
    }
    for (unsigned i = 0; i < p->n_regions; i++) {
        unsigned nesting = 0, levels = 0, aliases = 0;

        for (unsigned id = i; is_child(p, id);) {
            id = p->regions[id].container;
            nesting++;
            levels += tw_regions_has(&tied, id);
        }
        for (unsigned id = i; p->regions[id].kind == TW_REGION_ALIAS;) {
            id = p->regions[id].target;
            aliases++;
        }
        most(shape, TW_SHAPE_NESTING, nesting);
        most(shape, TW_SHAPE_TIE_LEVELS, levels);
        most(shape, TW_SHAPE_ALIASES, aliases);
    }
}

static void see_actors(const TwProgram *p, TwShape *shape)
{
    for (unsigned i = 0; i < p->n_actors; i++) {
        unsigned region = p->actors[i].region, same = 0;

        if (region == TW_NONE) {
            continue;
        }
        for (unsigned k = 0; k < p->n_actors; k++) {
            same += p->actors[k].region == region;
        }
        most(shape, TW_SHAPE_ACTORS, same);
        shape->is[TW_SHAPE_ROMD_ACTORS] +=
            p->regions[region].kind == TW_REGION_ROMD;
    }
}

/* IOMMUs and CPUs ---------------------------------------------------------- */

static void see_iommus(const TwProgram *p, TwShape *shape)
{
    bool chosen[TW_SELECTS] = {false};

    for (unsigned i = 0; i < p->n_iommus; i++) {
        const TwIommu *iommu = &p->iommus[i];

        if (iommu->kind != TW_IOMMU_NONE) {
            most(shape, TW_SHAPE_GRANULE, iommu->granule_lg);
            shape->is[TW_SHAPE_INDEXES] += iommu->indexes;
            chosen[iommu->select] |= iommu->indexes > 1;
        }
    }
    for (unsigned i = TW_SELECT_ZERO + 1; i < TW_SELECTS; i++) {
        shape->is[TW_SHAPE_SELECTS] += chosen[i];
    }
}

static void see_cpus(const TwProgram *p, TwShape *shape)
{
    TwAttrs attrs[TW_MAX_CPUS * TW_MAX_MMU_INDEXES];
    unsigned n = 0;

    for (unsigned c = 0; c < p->n_cpus; c++) {
        for (unsigned m = 0; p->cpus[c].present && m < TW_MAX_MMU_INDEXES;
             m++) {
            const TwMmuIndex *mmu = &p->cpus[c].mmu[m];
            unsigned k = 0;

            if (!mmu->present) {
                continue;
            }
            most(shape, TW_SHAPE_TLB, p->cpus[c].tlb_lg);
            most(shape, TW_SHAPE_REQUESTER,
                 mmu->attrs >> TW_ATTR_REQUESTER_SHIFT);
            shape->is[TW_SHAPE_MMUS]++;
            while (k < n && attrs[k] != mmu->attrs) {
                k++;
            }
            attrs[k] = mmu->attrs;
            n += k == n;
        }
    }
    shape->is[TW_SHAPE_ATTRS] = n;
}

static void see_ops(const TwProgram *p, TwShape *shape)
{
    uint32_t pages[TW_MAX_CPUS][TW_MAX_MMU_INDEXES] = {{0}};
    uint32_t maps[TW_MAX_IOMMUS][TW_MAX_IOMMU_INDEXES] = {{0}};
    unsigned open = 0, during = 0;

    for (unsigned i = 0; i < p->n_setup; i++) {
        const TwOp *op = &p->setup[i];

        if (op->code == TW_OP_PAGE) {
            most(shape, TW_SHAPE_PAGES, ++pages[op->obj][op->index]);
        } else if (op->code == TW_OP_MAP) {
            most(shape, TW_SHAPE_MAPS, ++maps[op->obj][op->index]);
        }
    }
    for (unsigned i = 0; i < p->n_script; i++) {
        const TwOp *op = &p->script[i];

        open += op->code == TW_OP_BEGIN;
        open -= op->code == TW_OP_COMMIT && open > 0;
        during = op->flags & TW_OPF_DURING ? during + 1 : 0;
        most(shape, TW_SHAPE_OPEN, open);
        most(shape, TW_SHAPE_DURING, during);
        most(shape, TW_SHAPE_REQUESTER, op->attrs >> TW_ATTR_REQUESTER_SHIFT);
    }
}

void tw_shape_of(const TwProgram *p, TwShape *shape)
{
    memset(shape, 0, sizeof(*shape));
    see_regions(p, shape);
    see_actors(p, shape);
    see_iommus(p, shape);
    see_cpus(p, shape);
    see_ops(p, shape);
}
