/* SPDX-License-Identifier: MIT */
/*
 * The counting of the anti-vacuity suite: which rows of test-vacuity.h happened
 * in one program.  Counts from program and trace, not from counters of the
 * target.
 */
#include "fuzz/generate/test-vacuity.h"

#include "program/ops.h"

/* Topology ---------------------------------------------------------------- */

static bool is_leaf_of_bytes(const TwRegion *r)
{
    return r->kind == TW_REGION_RAM || r->kind == TW_REGION_ROM;
}

/* Do two siblings share a byte? */
static bool overlap(const TwRegion *a, const TwRegion *b)
{
    uint64_t end_a = a->addr + (a->size - 1), end_b = b->addr + (b->size - 1);

    return a->size > 0 && b->size > 0 &&
           (end_a < a->addr || end_a >= b->addr) &&
           (end_b < b->addr || end_b >= a->addr);
}

/* Do two aliases side by side show what is side by side, too?  (FV-4) */
static bool continues(const TwRegion *a, const TwRegion *b)
{
    return a->kind == TW_REGION_ALIAS && b->kind == TW_REGION_ALIAS &&
           a->target == b->target && a->addr + a->size == b->addr &&
           a->alias_offset + a->size == b->alias_offset;
}

static void count_siblings(bool *seen, const TwProgram *p, unsigned i)
{
    const TwRegion *r = &p->regions[i];

    for (unsigned k = 0; k < i; k++) {
        const TwRegion *other = &p->regions[k];

        if (other->kind == TW_REGION_NONE || other->container != r->container) {
            continue;
        }
        seen[ROW_JOINED] |= continues(r, other) || continues(other, r);
        if (!overlap(r, other)) {
            continue;
        }
        seen[ROW_TIE] |= r->priority == other->priority;
        seen[ROW_PRIORITIES] |= r->priority != other->priority;
        seen[ROW_RESERVATION] |=
            r->kind == TW_REGION_RESERVATION && r->priority >= other->priority;
    }
}

static void count_alias(bool *seen, const TwProgram *p, const TwRegion *r,
                        const TwRegionSet *roots)
{
    const TwRegion *target = &p->regions[r->target];
    uint64_t page = UINT64_C(1) << p->page_lg;

    seen[ROW_ALIAS] |= r->alias_offset != 0;
    seen[ROW_ALIAS_OF_ALIAS] |= target->kind == TW_REGION_ALIAS;
    seen[ROW_ALIAS_ABOVE] |= r->alias_offset >> 63;
    seen[ROW_ALIAS_OF_BOX] |= target->kind == TW_REGION_CONTAINER;
    seen[ROW_SHIFTED_RAM] |=
        is_leaf_of_bytes(target) &&
        (r->alias_offset & (page - 1)) != (r->addr & (page - 1));
    seen[ROW_WRAPPED_ROOT] |= r->size == target->size &&
                              tw_regions_has(roots, r->container) &&
                              tw_regions_has(roots, r->target);
}

static void count_region(bool *seen, const TwProgram *p, unsigned i,
                         const TwRegionSet *roots)
{
    const TwRegion *r = &p->regions[i];
    uint64_t page = UINT64_C(1) << p->page_lg;
    bool off =
        ((r->addr | (r->size + (r->size == UINT64_MAX))) & (page - 1)) != 0;
    unsigned around = p->regions[r->container].kind;

    seen[ROW_SIZE_2_64] |= r->size == UINT64_MAX;
    seen[ROW_SUBPAGE] |= (r->addr & (page - 1)) != 0;
    seen[ROW_SUBPAGE_IOMMU] |= off && r->kind == TW_REGION_IOMMU;
    seen[ROW_SUBPAGE_RAM] |= off && is_leaf_of_bytes(r);
    seen[ROW_CHILD_OF_LEAF] |= around != TW_REGION_CONTAINER;
    seen[ROW_BOX_IN_BOX] |= r->kind == TW_REGION_CONTAINER &&
                            around == TW_REGION_CONTAINER &&
                            !tw_regions_has(roots, r->container);
    seen[ROW_SHARED_BLOCK] |= r->kind == TW_REGION_RAM && r->block != i;
    count_siblings(seen, p, i);
    if (r->kind == TW_REGION_ALIAS) {
        count_alias(seen, p, r, roots);
    }
}

static void count_cpus(bool *seen, const TwProgram *p)
{
    unsigned cpus = 0;

    for (unsigned i = 0; i < p->n_cpus; i++) {
        const TwMmuIndex *mmu = p->cpus[i].mmu;

        cpus += p->cpus[i].present;
        for (unsigned k = 1; p->cpus[i].present && k < TW_MAX_MMU_INDEXES;
             k++) {
            seen[ROW_ATTRS] |= mmu[0].present && mmu[k].present &&
                               mmu[0].attrs != mmu[k].attrs;
        }
    }
    seen[ROW_CPUS] = cpus > 1;
}

static void count_topology(Count *c, const TwProgram *p)
{
    bool seen[ROW_COUNT] = {false};
    TwRegionSet roots = {{0}};
    unsigned iommus = 0;

    for (unsigned i = 0; i < p->n_spaces; i++) {
        if (p->spaces[i].present) {
            uint8_t root = p->spaces[i].root;

            seen[ROW_ONE_ROOT] |= tw_regions_has(&roots, root);
            seen[ROW_LATE_SPACE] |= p->spaces[i].late;
            tw_regions_add(&roots, root);
        }
    }
    c->page_lg[p->page_lg]++;
    seen[ROW_EXPLICIT] = p->explicit_safepoints;
    seen[ROW_IMPLIED] = !p->explicit_safepoints;
    for (unsigned i = 0; i < p->n_regions; i++) {
        const TwRegion *r = &p->regions[i];

        if (r->kind == TW_REGION_NONE) {
            continue;
        }
        seen[ROW_UNMERGEABLE] |= r->unmergeable;
        seen[ROW_FLAG_ABOVE] |=
            (r->kind == TW_REGION_CONTAINER || r->kind == TW_REGION_ALIAS) &&
            (r->readonly || r->nonvolatile || r->unmergeable);
        if (r->container != TW_NONE) {
            count_region(seen, p, i, &roots);
        }
    }
    for (unsigned i = 0; i < p->n_iommus; i++) {
        if (p->iommus[i].kind != TW_IOMMU_NONE) {
            iommus++;
            seen[ROW_GRANULE_SMALL] |= p->iommus[i].granule_lg < p->page_lg;
            seen[ROW_GRANULE_LARGE] |= p->iommus[i].granule_lg > p->page_lg;
            seen[ROW_INDEXES] |= p->iommus[i].indexes > 1;
            seen[ROW_FOUR_CHOSEN] |=
                p->iommus[i].select == TW_SELECT_SECURE_USER &&
                p->iommus[i].indexes == 4;
        }
    }
    seen[ROW_MANY_IOMMUS] = iommus > 4;
    count_cpus(seen, p);
    for (unsigned i = 0; i < ROW_COUNT; i++) {
        c->row[i] += seen[i];
    }
}

/* Accesses ---------------------------------------------------------------- */

static TwAttrs attrs_of(const TwProgram *p, const TwOp *op)
{
    return tw_op_info(op->code)->flags & TW_OP_CPU_ACCESS
               ? p->cpus[op->obj].mmu[op->index].attrs
               : op->attrs;
}

/* Is there a device that refuses some accesses? */
static bool has_picky(const TwProgram *p)
{
    for (unsigned i = 0; i < p->n_regions; i++) {
        const TwRegion *r = &p->regions[i];

        if ((r->kind == TW_REGION_MMIO || r->kind == TW_REGION_ROMD) &&
            (r->valid_min > 1 || r->reject.first <= r->reject.last)) {
            return true;
        }
    }
    return false;
}

/* Does a device take the bytes of `location` in one piece?  (LA-23) */
static bool is_one_piece(const TwRegion *r, const TwLocation *location)
{
    unsigned length = location->length, most = r->valid_max ? r->valid_max : 8;

    return (length & (length - 1)) == 0 && length <= most &&
           (location->offset & (length - 1)) == 0;
}

static void count_location(Count *c, const TwProgram *p, const TwOp *op,
                           const TwLocation *location)
{
    const TwRegion *r = &p->regions[location->region];
    uint64_t page = UINT64_C(1) << p->page_lg;
    bool write = op->code == TW_OP_WRITE || op->code == TW_OP_DMA_WRITE;

    if (r->kind == TW_REGION_MMIO) {
        c->row[ROW_PIECES] += !is_one_piece(r, location);
        c->row[ROW_DEVICE_TOLD] += attrs_of(p, op) != 0;
        c->row[ROW_REGISTER] += r->registers != TW_NONE;
        c->row[ROW_REGISTER_DMA] +=
            r->registers != TW_NONE && op->code == TW_OP_DMA_WRITE;
    }
    c->row[ROW_ROMD_WRITE] += write && r->kind == TW_REGION_ROMD;
    if (!(tw_op_info(op->code)->flags & TW_OP_CPU_ACCESS)) {
        c->row[ROW_FIRST_PAGE] += op->addr < page;
        c->row[ROW_LAST_PAGE] += op->addr >= -page;
    }
}

static void count_actors(Count *c, const TwProgram *p,
                         const TwLocation *location)
{
    bool changed = false;

    for (unsigned a = 0; a < p->n_actors; a++) {
        const TwActor *actor = &p->actors[a];

        bool acted = location->region == actor->region &&
                     actor->offset - location->offset < location->length;

        c->row[ROW_ACTED] += acted;
        if (acted && tw_op_is_dma(&actor->op)) {
            c->row[ROW_STARTED_VIA] += actor->op.flags & TW_OPF_VIA ? 1 : 0;
            c->row[ROW_STARTED_AFTER] += changed;
        } else if (acted) {
            changed = true;
        }
    }
}

/* Writes by accesses that actor offsets have started. */
static void count_started(Count *c, const TwProgram *p, const TwTrace *trace)
{
    for (unsigned i = 0; i < trace->n_log && p->n_actors > 0; i++) {
        const TwLogRecord *record = &trace->log[i];

        for (unsigned a = 0; a < p->n_actors && record->started; a++) {
            c->row[ROW_STARTED_CHAIN] +=
                record->kind == TW_LOG_WRITE &&
                record->region == p->actors[a].region &&
                record->offset == p->actors[a].offset;
        }
    }
}

static void count_reason(Count *c, const TwProgram *p, const TwReason *reason)
{
    bool page = reason->iommu == TW_NONE, table = !page && reason->level > 0;

    c->row[ROW_REASON_PAGE] += page && reason->kind != TW_REASON_NONE;
    c->row[ROW_REASON_CONTEXT] += reason->kind == TW_REASON_NO_CONTEXT ||
                                  reason->kind == TW_REASON_BLOCKED;
    c->row[ROW_REASON_RANGE] += reason->kind == TW_REASON_RANGE;
    c->row[ROW_REASON_UNREADABLE] += reason->kind == TW_REASON_UNREADABLE;
    c->row[ROW_REASON_ABSENT] += table && reason->kind == TW_REASON_ABSENT;
    c->row[ROW_REASON_RESERVED] += reason->kind == TW_REASON_RESERVED;
    c->row[ROW_REASON_WIDE] += reason->kind == TW_REASON_RESERVED &&
                               p->iommus[reason->iommu].pagetable.output != 0;
    c->row[ROW_REASON_RIGHTS] += table && reason->kind == TW_REASON_RIGHTS;
}

static void count_width(Count *c, const TwProgram *p, const TwOp *op, bool ok)
{
    const TwMmuIndex *mmu;
    uint64_t last, room;

    if (!(tw_op_info(op->code)->flags & TW_OP_CPU_ACCESS)) {
        return;
    }
    mmu = &p->cpus[op->obj].mmu[op->index];
    last = tw_width_last(mmu->width);
    room = last - (op->addr & last);
    c->row[ROW_WRAPPED] += ok && mmu->wraps && room < op->size - 1u;
    c->row[ROW_PAST_WIDTH] += !mmu->wraps && mmu->width != 0 &&
                              (op->addr > last || room < op->size - 1u);
}

static void count_access(Count *c, const TwProgram *p, const TwTrace *t,
                         const TwOp *op, const TwOutcome *outcome)
{
    const TwLocation *location = &t->locations[outcome->location];
    uint64_t page = UINT64_C(1) << p->page_lg;
    bool ok = outcome->class_ == TW_CLASS_OK;
    bool crosses = (op->addr & (page - 1)) + op->size > page;
    bool discard = outcome->class_ == TW_CLASS_DISCARD;
    bool refused = outcome->class_ > TW_CLASS_DEVICE_ERROR;

    c->done[op->code] += ok;
    c->row[ROW_CROSSING] += ok && crosses;
    c->row[ROW_CROSSING_NO] += refused && crosses && op->code == TW_OP_WRITE;
    c->row[ROW_UNALIGNED] += ok && (op->addr & (op->size - 1u)) != 0;
    c->row[ROW_ODD_SIZE] += ok && (op->size & (op->size - 1)) != 0;
    c->row[ROW_BEYOND] += op->addr > UINT64_MAX - (op->size - 1u);
    c->row[ROW_UNSPECIFIED] += (attrs_of(p, op) & TW_ATTR_UNSPECIFIED) != 0;
    c->row[ROW_READONLY_DMA] += discard && op->code == TW_OP_DMA_WRITE;
    c->row[ROW_READONLY_RMW] += discard && op->code == TW_OP_RMW;
    c->row[ROW_RMW_REFUSED] += refused && op->code == TW_OP_RMW;
    if (refused) {
        count_reason(c, p, &outcome->reason);
    }
    count_width(c, p, op, ok);
    if (op->flags & TW_OPF_PAIRED) {
        c->row[ROW_PAIR] += !refused;
        c->row[ROW_PAIR_REFUSED] += refused && (op->addr & (page - 1)) == 0;
    }
    c->row[ROW_PICKY] +=
        outcome->class_ == TW_CLASS_DECODE_ERROR && has_picky(p);
    c->row[ROW_TWO_LEAVES] +=
        outcome->n_locations > 1 && location[0].region != location[1].region;
    if (outcome->n_locations > 0) {
        c->row[ROW_READONLY_LEAF] +=
            discard && (location->flags & TW_LOC_READONLY);
        c->row[ROW_ROMD_DIRECT] +=
            op->code == TW_OP_READ && (location->flags & TW_LOC_ROMD);
    }
    for (unsigned k = 0; ok && k < outcome->n_locations; k++) {
        count_location(c, p, op, &location[k]);
        if (op->code == TW_OP_WRITE) {
            count_actors(c, p, &location[k]);
        }
    }
}

/* Changes and flushes ------------------------------------------------------ */

static void count_flush(Count *c, const TwProgram *p, const TwOp *op)
{
    uint64_t page = UINT64_C(1) << p->page_lg;

    c->row[ROW_FLUSH_EVERY_CPU] += op->obj == TW_ALL;
    c->row[ROW_FLUSH_OTHER_CPU] +=
        op->obj != TW_ALL && op->actor != TW_BOARD && op->actor != op->obj;
    c->row[ROW_FLUSH_BOARD] += op->actor == TW_BOARD;
    if (op->code == TW_OP_FLUSH_RANGE) {
        c->row[ROW_FLUSH_RANGE_BITS] += op->bits < 64;
        c->row[ROW_FLUSH_RANGE_PAGES] += op->length > page;
        c->row[ROW_FLUSH_RANGE_BYTE] += op->length > 0 && op->length < page;
    }
}

static void count_unmap(Count *c, const TwProgram *p, const TwOp *op)
{
    uint64_t low = (UINT64_C(1) << p->page_lg) - 1;
    bool whole = (op->addr & low) == 0 && (op->last & low) == low;
    bool index = op->addr == 0 && op->last == UINT64_MAX;

    c->row[ROW_UNMAP_BYTE] += op->addr == op->last;
    c->row[ROW_UNMAP_PAGE] += whole && op->last - op->addr == low;
    c->row[ROW_UNMAP_UNALIGNED] += !whole;
    c->row[ROW_UNMAP_RANGE] += !index && op->last - op->addr > low;
    c->row[ROW_UNMAP_INDEX] += index;
    c->row[ROW_UNMAP_SECOND] += op->index > 0;
}

static void count_change(Count *c, const TwProgram *p, const TwOp *op,
                         const TwOutcome *outcome, unsigned *depth)
{
    switch (op->code) {
    case TW_OP_FLUSH_PAGE:
    case TW_OP_FLUSH_RANGE:
    case TW_OP_FLUSH_INDEX:
    case TW_OP_FLUSH_ALL:
        count_flush(c, p, op);
        break;
    case TW_OP_MAP:
    case TW_OP_UNMAP:
    case TW_OP_PROTECT:
        c->row[op->flags & TW_OPF_NOTIFIED ? ROW_NOTIFIED : ROW_SILENT]++;
        c->row[ROW_ONE_RIGHT] += op->perm == TW_R || op->perm == TW_W;
        break;
    case TW_OP_NOTIFY:
        if (op->events == TW_EVENT_UNMAP) {
            count_unmap(c, p, op);
        }
        break;
    case TW_OP_NOTIFY_ALL:
    case TW_OP_IOMMU_RESET:
        c->row[ROW_UNMAP_ALL]++;
        break;
    case TW_OP_MPC_WRITE:
        c->row[ROW_MPC_NARROW] += op->size < 4;
        break;
    case TW_OP_PAGE:
        c->row[ROW_PAGE_SMALL] += op->lg < p->page_lg;
        c->row[ROW_PAGE_LARGE] += op->lg > p->page_lg;
        break;
    case TW_OP_RESIZE:
        c->row[ROW_SIZE_0] += op->length == 0;
        break;
    case TW_OP_DMA_MAP:
        c->row[ROW_MAPPED_NOTHING] += outcome->value == 0 && op->length > 0;
        c->row[ROW_MAPPED_PART] +=
            outcome->value > 0 && outcome->value < op->length;
        break;
    case TW_OP_BEGIN:
        ++*depth;
        break;
    case TW_OP_COMMIT:
        --*depth;
        c->row[ROW_NESTED] += *depth > 0;
        break;
    default:
        break;
    }
    if (op->flags & TW_OPF_DURING) {
        uint16_t flags = tw_op_info(op->code)->flags;

        c->row[ROW_DURING]++;
        c->row[ROW_DURING_FLUSH] +=
            (flags & (TW_OP_ENDING | TW_OP_TOPOLOGY)) != 0;
    }
}

/* What it is told of ------------------------------------------------------- */

static void count_event(Count *c, const TwProgram *p, const TwEventRecord *e,
                        const TwEventRecord *before)
{
    const TwOp *op = &p->script[e->op];
    bool map = e->kind == TW_EVENT_MAP;
    bool notify = op->code == TW_OP_NOTIFY;

    c->row[ROW_GOT_UNMAP] += e->kind == TW_EVENT_UNMAP;
    c->row[ROW_GOT_MAP] += map;
    c->row[ROW_GOT_NOTHING] += map && e->perm == 0;
    c->row[ROW_GOT_REPLAY] += map && op->code == TW_OP_REPLAY;
    c->row[ROW_GOT_DEVIOTLB] += e->kind == TW_EVENT_DEVIOTLB_UNMAP;
    c->row[ROW_GOT_CROPPED] +=
        notify && (e->first != op->addr || e->last != op->last);
    c->row[ROW_GOT_CROPPED_MAP] += map && e->perm != 0 &&
                                   (notify || op->code == TW_OP_MAP) &&
                                   e->first > op->addr;
    c->row[ROW_GOT_BOTH] +=
        map && op->code == TW_OP_MAP && before != NULL && before->op == e->op &&
        before->observer == e->observer && before->kind == TW_EVENT_UNMAP;
    c->row[ROW_MPC_TOLD] += op->code == TW_OP_MPC_WRITE;
    c->row[ROW_LISTEN_ADD] += e->kind == TW_LISTEN_ADD;
    c->row[ROW_LISTEN_DEL] += e->kind == TW_LISTEN_DEL;
    c->row[ROW_LISTEN_NOP] += e->kind == TW_LISTEN_NOP;
    c->row[ROW_DIRTY] += e->kind == TW_TRACE_DIRTY;
}

/* A range that goes and comes with the same start: it has changed (TX-5). */
static bool is_recut(const TwTrace *t, unsigned i)
{
    const TwEventRecord *e = &t->events[i];

    if (e->kind != TW_LISTEN_ADD) {
        return false;
    }
    for (unsigned k = i; k > 0 && t->events[k - 1].op == e->op; k--) {
        const TwEventRecord *gone = &t->events[k - 1];

        if (gone->kind == TW_LISTEN_DEL && gone->observer == e->observer &&
            gone->first == e->first) {
            return true;
        }
    }
    return false;
}

/* A call of a device (LA-50); `record` is its first byte. */
static void count_call(Count *c, const TwProgram *p, const TwLogRecord *record)
{
    const TwRegion *r = &p->regions[record->region];
    const TwOp *op = &p->script[record->op];

    c->row[ROW_CALL_WIDENED] += op->size < r->impl_min;
    c->row[ROW_CALL_MERGED] +=
        record->kind == TW_LOG_READ &&
        (op->code == TW_OP_WRITE || op->code == TW_OP_DMA_WRITE);
    c->row[ROW_CALL_SPLIT] += r->impl_max != 0 && op->size > r->impl_max &&
                              record->call == r->impl_max;
    c->row[ROW_CALL_UNALIGNED] += record->offset % record->call != 0;
}

static void count_told(Count *c, const TwProgram *p, const TwTrace *t)
{
    for (unsigned i = 0; i < t->n_log; i++) {
        c->row[ROW_DEVICE_WRITE] += t->log[i].kind == TW_LOG_WRITE;
        c->row[ROW_DEVICE_FETCH] += t->log[i].kind == TW_LOG_FETCH;
        if (t->log[i].call != 0) {
            count_call(c, p, &t->log[i]);
        }
    }
    for (unsigned i = 0; i < t->n_events; i++) {
        count_event(c, p, &t->events[i], i > 0 ? &t->events[i - 1] : NULL);
        c->row[ROW_LISTEN_RECUT] += is_recut(t, i);
    }
}

/* The whole ---------------------------------------------------------------- */

static void count_skipped(Count *c, TwIllegal reason)
{
    c->row[ROW_SKIPPED]++;
    c->row[ROW_SKIPPED_TAKEN] += reason == TW_ILLEGAL_HAS_CONTAINER;
    c->row[ROW_SKIPPED_CYCLE] += reason == TW_ILLEGAL_CYCLE;
    c->row[ROW_SKIPPED_ALIAS] += reason == TW_ILLEGAL_ALIAS_CHILD;
    c->row[ROW_SKIPPED_ROOT] += reason == TW_ILLEGAL_ROOT;
    c->row[ROW_SKIPPED_GONE] += reason == TW_ILLEGAL_ABSENT;
}

static void count_met(Count *c, const TwMet *met)
{
    for (unsigned i = 0; i < met->n; i++) {
        TwSituation s = tw_situation_of(met->list[i]);

        c->went[s.is[TW_MET_BY_LEAF]][s.is[TW_MET_BY_DEPTH]]++;
        c->changed[s.is[TW_MET_BY_CHANGE]]++;
        c->ended[s.is[TW_MET_BY_ENDING]]++;
    }
}

void vacuity_count(Count *c, const TwProgram *p, const TwTrace *t,
                   const TwMet *met)
{
    TwLegality legality;
    unsigned depth = 0;

    c->programs++;
    count_topology(c, p);
    count_started(c, p, t);
    tw_legality_init(&legality, p);
    for (unsigned i = 0; i < t->n_ops; i++) {
        const TwOp *op = &p->script[i];
        const TwOutcome *outcome = &t->outcomes[i];
        /* `legality` does not know the effects of actor offsets.  So the trace
         * says which operations were skipped; the reason is a guess that is
         * nearly always right. */
        TwIllegal reason = tw_legality_step(&legality, op);

        if (outcome->status == TW_STATUS_VETOED) {
            if (reason == TW_LEGAL) {
                tw_legality_revert(&legality, op);
            }
            c->row[ROW_VETOED]++;
        } else if (outcome->status == TW_STATUS_NOMEM) {
            if (reason == TW_LEGAL) {
                tw_legality_revert(&legality, op);
            }
            c->row[ROW_NOMEM]++;
        } else if (outcome->status == TW_STATUS_SKIPPED) {
            count_skipped(c, reason);
        } else if (tw_op_info(op->code)->flags & TW_OP_ACCESS) {
            c->row[ROW_IN_TRANSACTION] += depth > 0;
            count_access(c, p, t, op, outcome);
        } else {
            c->done[op->code]++;
            c->row[ROW_MPC_RECORD] += op->code == TW_OP_MPC_READ &&
                                      (op->addr == 0x2c || op->addr == 0x30) &&
                                      outcome->value != 0;
            count_change(c, p, op, outcome, &depth);
        }
    }
    count_told(c, p, t);
    count_met(c, met);
}
