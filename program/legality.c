/* SPDX-License-Identifier: MIT */
/*
 * Which operations of a well-formed program are legal at the moment they run.
 * Runs for every operation on both sides, so there is a fast path for accesses,
 * and all checks except the search for cycles are a few bit operations.
 */
#include "program/legality.h"

#include <string.h>

#include "program/ops.h"
#include "program/ways.h"

const char *tw_illegal_text(TwIllegal reason)
{
    static const char *const texts[TW_ILLEGAL_REASONS] = {
        [TW_LEGAL] = "legal",
        [TW_ILLEGAL_ABSENT] = "an operand does not exist now",
        [TW_ILLEGAL_EXISTS] = "exists already",
        [TW_ILLEGAL_HAS_CONTAINER] = "has a container",
        [TW_ILLEGAL_NO_CONTAINER] = "has no container",
        [TW_ILLEGAL_CYCLE] = "would make a cycle",
        [TW_ILLEGAL_WAYS] = "would make too many ways through the regions",
        [TW_ILLEGAL_ALIAS_CHILD] = "the container is an alias",
        [TW_ILLEGAL_ROOT] = "is the root of a space, or cannot be one now",
        [TW_ILLEGAL_KIND] = "is of another kind",
        [TW_ILLEGAL_DEPTH] = "wrong depth of transactions",
        [TW_ILLEGAL_IN_USE] = "is in use",
        [TW_ILLEGAL_NO_SNAPSHOT] = "no snapshot was taken",
    };
    return reason < TW_ILLEGAL_REASONS ? texts[reason] : NULL;
}

/* Spaces that an operation leads to, maps or listens to for good (LA-8). */
static uint32_t named_by(const TwOp *op)
{
    switch (op->code) {
    case TW_OP_MAP:
    case TW_OP_DMA_MAP:
    case TW_OP_LISTEN:
        return 1u << op->other;
    default:
        return 0;
    }
}

/* Spaces that something names: a CPU, an IOMMU, an operation. */
static uint32_t named_spaces(const TwProgram *p)
{
    uint32_t named = 0;
    for (unsigned i = 0; i < p->n_iommus; i++) {
        const TwIommu *m = &p->iommus[i];
        if (m->kind == TW_IOMMU_NONE) {
            continue;
        }
        if (m->bypass_space != TW_NONE) {
            named |= 1u << m->bypass_space;
        }
        if (m->kind == TW_IOMMU_MPC) {
            named |= 1u << m->mpc.blocked_space;
        }
    }
    for (unsigned i = 0; i < p->n_cpus; i++) {
        for (unsigned m = 0; p->cpus[i].present && m < TW_MAX_MMU_INDEXES;
             m++) {
            if (p->cpus[i].mmu[m].present) {
                named |= 1u << p->cpus[i].mmu[m].space;
            }
        }
    }
    for (unsigned i = 0; i < p->n_actors; i++) {
        if (p->actors[i].region != TW_NONE) {
            named |= named_by(&p->actors[i].op);
        }
    }
    for (unsigned i = 0; i < p->n_setup; i++) {
        named |= named_by(&p->setup[i]);
    }
    for (unsigned i = 0; i < p->n_script; i++) {
        named |= named_by(&p->script[i]);
    }
    return named;
}

static void note_roots(TwLegality *l)
{
    const TwProgram *p = l->program;
    l->region_rooted = (TwRegionSet){{0}};
    for (uint32_t left = l->space_live; left; left &= left - 1) {
        tw_regions_add(&l->region_rooted, p->spaces[__builtin_ctz(left)].root);
    }
}

void tw_legality_init(TwLegality *l, const TwProgram *p)
{
    l->program = p;
    l->displaced = (TwRegionSet){{0}};
    for (unsigned i = 0; i < p->n_regions; i++) {
        l->container[i] = p->regions[i].container;
        tw_regions_put(&l->displaced, i, p->regions[i].addr != 0);
    }
    l->space_live = 0;
    for (unsigned i = 0; i < p->n_spaces; i++) {
        if (p->spaces[i].present && !p->spaces[i].late) {
            l->space_live |= 1u << i;
        }
    }
    note_roots(l);
    l->names_known = false;
    l->iommu_live = 0;
    for (unsigned i = 0; i < p->n_iommus; i++) {
        l->iommu_live |= (uint32_t)(p->iommus[i].kind != TW_IOMMU_NONE) << i;
    }
    l->cpu_live = 0;
    for (unsigned i = 0; i < p->n_cpus; i++) {
        l->cpu_live |= (uint32_t)p->cpus[i].present << i;
    }
    l->observer_live = l->listener_live = l->mapping_live = 0;
    l->depth = 0;
    l->changed_in_transaction = false;
    l->snapshot = false;
}

static bool region_live(const TwLegality *l, unsigned id)
{
    const TwRegion *r = &l->program->regions[id];
    return r->kind != TW_REGION_IOMMU || (l->iommu_live >> r->iommu & 1);
}

/* A region is still to be done, if it was not met before. */
static void meet(TwRegionSet *seen, uint8_t todo[TW_MAX_REGIONS],
                 unsigned *n_todo, unsigned id)
{
    if (!tw_regions_has(seen, id)) {
        tw_regions_add(seen, id);
        todo[(*n_todo)++] = (uint8_t)id;
    }
}

/* Does a way along containers and aliases lead from `from` to `to`? */
static bool leads_to(const TwLegality *l, unsigned from, unsigned to)
{
    const TwProgram *p = l->program;
    uint8_t aliases[TW_MAX_REGIONS], todo[TW_MAX_REGIONS];
    unsigned n_aliases = 0, n_todo = 0;
    TwRegionSet seen = {{0}};
    for (unsigned i = 0; i < p->n_regions; i++) {
        if (p->regions[i].kind == TW_REGION_ALIAS) {
            aliases[n_aliases++] = (uint8_t)i;
        }
    }
    /* Upwards from `to`, where each region has one container. */
    meet(&seen, todo, &n_todo, to);
    for (unsigned done = 0; done < n_todo; done++) {
        unsigned id = todo[done];
        if (id == from) {
            return true;
        }
        if (l->container[id] != TW_NONE) {
            meet(&seen, todo, &n_todo, l->container[id]);
        }
        for (unsigned i = 0; i < n_aliases; i++) {
            if (p->regions[aliases[i]].target == id) {
                meet(&seen, todo, &n_todo, aliases[i]);
            }
        }
    }
    return false;
}

static TwIllegal step_add(TwLegality *l, const TwOp *op)
{
    const TwProgram *p = l->program;
    if (!region_live(l, op->other)) {
        return TW_ILLEGAL_ABSENT;
    }
    if (l->container[op->obj] != TW_NONE) {
        return TW_ILLEGAL_HAS_CONTAINER;
    }
    if (tw_regions_has(&l->region_rooted, op->obj)) {
        return TW_ILLEGAL_ROOT;
    }
    if (p->regions[op->other].kind == TW_REGION_ALIAS) {
        return TW_ILLEGAL_ALIAS_CHILD;
    }
    if (leads_to(l, op->obj, op->other)) {
        return TW_ILLEGAL_CYCLE;
    }
    l->container[op->obj] = op->other;
    if (tw_ways_too_many(p, l->container) != TW_NONE) {
        l->container[op->obj] = TW_NONE;
        return TW_ILLEGAL_WAYS;
    }
    return TW_LEGAL;
}

static void note_offset(TwLegality *l, const TwOp *op)
{
    tw_regions_put(&l->displaced, op->obj, op->addr != 0);
}

/* Operations on a region. */
static TwIllegal step_region(TwLegality *l, const TwOp *op)
{
    const TwRegion *r = &l->program->regions[op->obj];
    if (!region_live(l, op->obj)) {
        return TW_ILLEGAL_ABSENT;
    }
    TwIllegal illegal = TW_LEGAL;
    switch (op->code) {
    case TW_OP_ADD:
        illegal = step_add(l, op);
        if (illegal == TW_LEGAL) {
            note_offset(l, op);
        }
        break;
    case TW_OP_DEL:
        if (l->container[op->obj] == TW_NONE) {
            return TW_ILLEGAL_NO_CONTAINER;
        }
        l->container[op->obj] = TW_NONE;
        break;
    case TW_OP_PRIORITY:
        if (l->container[op->obj] == TW_NONE) {
            return TW_ILLEGAL_NO_CONTAINER;
        }
        break;
    case TW_OP_MOVE:
        if (tw_regions_has(&l->region_rooted, op->obj)) {
            return TW_ILLEGAL_ROOT;
        }
        note_offset(l, op);
        break;
    case TW_OP_RESIZE:
        /* The look-up table of an mpc is as large as its region was. */
        if (r->kind == TW_REGION_IOMMU &&
            l->program->iommus[r->iommu].kind == TW_IOMMU_MPC) {
            return TW_ILLEGAL_KIND;
        }
        break;
    case TW_OP_ROMD:
        illegal = r->kind == TW_REGION_ROMD ? TW_LEGAL : TW_ILLEGAL_KIND;
        break;
    case TW_OP_ALIAS_OFFSET:
        illegal = r->kind == TW_REGION_ALIAS ? TW_LEGAL : TW_ILLEGAL_KIND;
        break;
    case TW_OP_POKE:
    case TW_OP_DIRTY_LOG:
    case TW_OP_DIRTY_CLEAR:
        return r->kind == TW_REGION_RAM ? TW_LEGAL : TW_ILLEGAL_KIND;
    default: /* enable, readonly, nonvolatile, unmergeable */
        break;
    }
    if (illegal == TW_LEGAL && l->depth > 0) {
        l->changed_in_transaction = true;
    }
    return illegal;
}

static TwIllegal step_destroy(TwLegality *l, const TwOp *op)
{
    const TwProgram *p = l->program;
    uint8_t region = tw_program_iommu_region(p, op->obj);
    if (l->container[region] != TW_NONE ||
        tw_regions_has(&l->region_rooted, region) ||
        l->changed_in_transaction) {
        return TW_ILLEGAL_IN_USE;
    }
    for (unsigned i = 0; i < p->n_regions; i++) {
        /* A child would lose its container; an alias its target. */
        if (p->regions[i].kind == TW_REGION_NONE) {
            continue;
        }
        if (l->container[i] == region ||
            (p->regions[i].kind == TW_REGION_ALIAS &&
             p->regions[i].target == region)) {
            return TW_ILLEGAL_IN_USE;
        }
    }
    l->iommu_live &= ~(1u << op->obj);
    for (uint32_t left = l->observer_live; left; left &= left - 1) {
        unsigned o = (unsigned)__builtin_ctz(left);
        if (l->observer_of[o] == op->obj) {
            l->observer_live &= ~(1u << o);
        }
    }
    return TW_LEGAL;
}

/* Operations on an IOMMU. */
static TwIllegal step_iommu(TwLegality *l, const TwOp *op)
{
    const TwIommu *m = &l->program->iommus[op->obj];
    if (!(l->iommu_live >> op->obj & 1)) {
        return TW_ILLEGAL_ABSENT;
    }
    unsigned kinds = (1u << TW_IOMMU_KINDS) - 1;
    switch (op->code) {
    case TW_OP_MAP:
    case TW_OP_UNMAP:
    case TW_OP_PROTECT:
        kinds = 1u << TW_IOMMU_TABLE;
        break;
    case TW_OP_BYPASS:
        kinds = 1u << TW_IOMMU_TABLE | 1u << TW_IOMMU_PAGETABLE;
        break;
    case TW_OP_MPC_READ:
    case TW_OP_MPC_WRITE:
        kinds = 1u << TW_IOMMU_MPC;
        break;
    case TW_OP_CONTEXT:
    case TW_OP_INVALIDATE:
        kinds = 1u << TW_IOMMU_PAGETABLE;
        break;
    default:
        break;
    }
    if (!(kinds >> m->kind & 1)) {
        return TW_ILLEGAL_KIND;
    }
    if (op->code == TW_OP_MAP && !(l->space_live >> op->other & 1)) {
        return TW_ILLEGAL_ABSENT;
    }
    if (op->code == TW_OP_BYPASS && m->bypass_space == TW_NONE) {
        return TW_ILLEGAL_ABSENT;
    }
    return op->code == TW_OP_IOMMU_DESTROY ? step_destroy(l, op) : TW_LEGAL;
}

static TwIllegal step_space(TwLegality *l, const TwOp *op)
{
    uint32_t bit = 1u << op->obj;
    if (op->code == TW_OP_SPACE_NEW) {
        unsigned root = l->program->spaces[op->obj].root;
        if (l->space_live & bit) {
            return TW_ILLEGAL_EXISTS;
        }
        if (!region_live(l, root)) {
            return TW_ILLEGAL_ABSENT;
        }
        if (l->container[root] != TW_NONE) {
            return TW_ILLEGAL_HAS_CONTAINER;
        }
        if (tw_regions_has(&l->displaced, root)) {
            return TW_ILLEGAL_ROOT;
        }
        l->space_live |= bit;
    } else {
        if (!(l->space_live & bit)) {
            return TW_ILLEGAL_ABSENT;
        }
        if (!l->names_known) { /* few programs destroy a space */
            l->space_named = named_spaces(l->program);
            l->names_known = true;
        }
        if (l->space_named & bit) {
            return TW_ILLEGAL_IN_USE;
        }
        l->space_live &= ~bit;
    }
    note_roots(l);
    if (l->depth > 0) {
        l->changed_in_transaction = true;
    }
    return TW_LEGAL;
}

/* Observers, listeners and mappings: things that come and go by number. */
static TwIllegal step_registration(TwLegality *l, const TwOp *op)
{
    uint32_t bit = 1u << op->obj;
    switch (op->code) {
    case TW_OP_OBSERVE:
        if (!(l->iommu_live >> op->other & 1)) {
            return TW_ILLEGAL_ABSENT;
        }
        if ((l->observer_live | l->listener_live) & bit) {
            return TW_ILLEGAL_EXISTS;
        }
        l->observer_live |= bit;
        l->observer_of[op->obj] = op->other;
        return TW_LEGAL;
    case TW_OP_LISTEN:
        if (!(l->space_live >> op->other & 1)) {
            return TW_ILLEGAL_ABSENT;
        }
        if ((l->observer_live | l->listener_live) & bit) {
            return TW_ILLEGAL_EXISTS;
        }
        l->listener_live |= bit;
        return TW_LEGAL;
    case TW_OP_DMA_MAP:
        if (!(l->space_live >> op->other & 1)) {
            return TW_ILLEGAL_ABSENT;
        }
        if (l->mapping_live & bit) {
            return TW_ILLEGAL_EXISTS;
        }
        l->mapping_live |= bit;
        return TW_LEGAL;
    case TW_OP_REPLAY:
        return l->observer_live & bit ? TW_LEGAL : TW_ILLEGAL_ABSENT;
    default: {
        uint32_t *live = op->code == TW_OP_UNOBSERVE  ? &l->observer_live
                         : op->code == TW_OP_UNLISTEN ? &l->listener_live
                                                      : &l->mapping_live;
        if (!(*live & bit)) {
            return TW_ILLEGAL_ABSENT;
        }
        *live &= ~bit;
        return TW_LEGAL;
    }
    }
}

static TwIllegal step_snapshot(TwLegality *l, const TwOp *op)
{
    const TwProgram *p = l->program;
    if (op->code == TW_OP_RESTORE && !l->snapshot) {
        return TW_ILLEGAL_NO_SNAPSHOT;
    }
    if (l->depth > 0) {
        return TW_ILLEGAL_DEPTH;
    }
    if (op->code == TW_OP_SNAPSHOT) {
        memcpy(l->saved_container, l->container, p->n_regions);
        l->saved_rooted = l->region_rooted;
        l->saved_displaced = l->displaced;
        l->saved_spaces = l->space_live;
        l->saved_iommus = l->iommu_live;
        l->snapshot = true;
        return TW_LEGAL;
    }
    if (l->iommu_live != l->saved_iommus) {
        return TW_ILLEGAL_ABSENT; /* destroyed since: gone for good */
    }
    memcpy(l->container, l->saved_container, p->n_regions);
    l->region_rooted = l->saved_rooted;
    l->displaced = l->saved_displaced;
    l->space_live = l->saved_spaces;
    return TW_LEGAL;
}

static TwIllegal step_cpu(TwLegality *l, const TwOp *op)
{
    return l->cpu_live >> op->obj & 1 ? TW_LEGAL : TW_ILLEGAL_ABSENT;
}

static TwIllegal step_dma(TwLegality *l, const TwOp *op)
{
    if (!(l->space_live >> op->obj & 1) ||
        ((op->flags & TW_OPF_VIA) && !(l->mapping_live >> op->other & 1))) {
        return TW_ILLEGAL_ABSENT;
    }
    return TW_LEGAL;
}

static TwIllegal step_flush(TwLegality *l, const TwOp *op)
{
    return op->obj == TW_ALL ? TW_LEGAL : step_cpu(l, op);
}

static TwIllegal step_unplug(TwLegality *l, const TwOp *op)
{
    if (step_cpu(l, op) != TW_LEGAL) {
        return TW_ILLEGAL_ABSENT;
    }
    l->cpu_live &= ~(1u << op->obj);
    return TW_LEGAL;
}

static TwIllegal step_begin(TwLegality *l, const TwOp *op)
{
    (void)op;
    if (l->depth >= TW_MAX_DEPTH) {
        return TW_ILLEGAL_DEPTH;
    }
    l->depth++;
    return TW_LEGAL;
}

static TwIllegal step_commit(TwLegality *l, const TwOp *op)
{
    (void)op;
    if (l->depth == 0) {
        return TW_ILLEGAL_DEPTH;
    }
    if (--l->depth == 0) {
        l->changed_in_transaction = false;
    }
    return TW_LEGAL;
}

/* What decides whether an operation is legal; none: it always is. */
static TwIllegal (*const steps[TW_OP_CODES])(TwLegality *l, const TwOp *op) = {
    [TW_OP_READ] = step_cpu,
    [TW_OP_WRITE] = step_cpu,
    [TW_OP_EXEC] = step_cpu,
    [TW_OP_RMW] = step_cpu,
    [TW_OP_PAGE] = step_cpu,
    [TW_OP_UNPAGE] = step_cpu,
    [TW_OP_SAFEPOINT] = step_cpu,
    [TW_OP_DMA_READ] = step_dma,
    [TW_OP_DMA_WRITE] = step_dma,
    [TW_OP_FLUSH_PAGE] = step_flush,
    [TW_OP_FLUSH_RANGE] = step_flush,
    [TW_OP_FLUSH_INDEX] = step_flush,
    [TW_OP_FLUSH_ALL] = step_flush,
    [TW_OP_UNPLUG] = step_unplug,
    [TW_OP_MAP] = step_iommu,
    [TW_OP_UNMAP] = step_iommu,
    [TW_OP_PROTECT] = step_iommu,
    [TW_OP_NOTIFY] = step_iommu,
    [TW_OP_NOTIFY_ALL] = step_iommu,
    [TW_OP_IOMMU_RESET] = step_iommu,
    [TW_OP_BYPASS] = step_iommu,
    [TW_OP_IOMMU_DESTROY] = step_iommu,
    [TW_OP_MPC_READ] = step_iommu,
    [TW_OP_MPC_WRITE] = step_iommu,
    [TW_OP_CONTEXT] = step_iommu,
    [TW_OP_INVALIDATE] = step_iommu,
    [TW_OP_VETO] = step_iommu,
    [TW_OP_BEGIN] = step_begin,
    [TW_OP_COMMIT] = step_commit,
    [TW_OP_POKE] = step_region,
    [TW_OP_ADD] = step_region,
    [TW_OP_DEL] = step_region,
    [TW_OP_MOVE] = step_region,
    [TW_OP_RESIZE] = step_region,
    [TW_OP_ENABLE] = step_region,
    [TW_OP_PRIORITY] = step_region,
    [TW_OP_READONLY] = step_region,
    [TW_OP_NONVOLATILE] = step_region,
    [TW_OP_UNMERGEABLE] = step_region,
    [TW_OP_ROMD] = step_region,
    [TW_OP_ALIAS_OFFSET] = step_region,
    [TW_OP_DIRTY_LOG] = step_region,
    [TW_OP_DIRTY_CLEAR] = step_region,
    [TW_OP_SPACE_NEW] = step_space,
    [TW_OP_SPACE_DEL] = step_space,
    [TW_OP_OBSERVE] = step_registration,
    [TW_OP_UNOBSERVE] = step_registration,
    [TW_OP_REPLAY] = step_registration,
    [TW_OP_LISTEN] = step_registration,
    [TW_OP_UNLISTEN] = step_registration,
    [TW_OP_DMA_MAP] = step_registration,
    [TW_OP_DMA_UNMAP] = step_registration,
    [TW_OP_SNAPSHOT] = step_snapshot,
    [TW_OP_RESTORE] = step_snapshot,
};

TwIllegal tw_legality_step(TwLegality *l, const TwOp *op)
{
    if (op->actor != TW_BOARD && !(l->cpu_live >> op->actor & 1)) {
        return TW_ILLEGAL_ABSENT;
    }
    return steps[op->code] ? steps[op->code](l, op) : TW_LEGAL;
}

void tw_legality_revert(TwLegality *l, const TwOp *op)
{
    uint32_t bit = 1u << (op->obj & 31);
    switch (op->code) {
    case TW_OP_SPACE_NEW:
        l->space_live &= ~bit;
        note_roots(l);
        break;
    case TW_OP_OBSERVE:
        l->observer_live &= ~bit;
        break;
    case TW_OP_UNOBSERVE:
        l->observer_live |= bit; /* observer_of has stayed as it was */
        break;
    case TW_OP_LISTEN:
        l->listener_live &= ~bit;
        break;
    case TW_OP_DMA_MAP:
        l->mapping_live &= ~bit;
        break;
    default:
        break;
    }
}
