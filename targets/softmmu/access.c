/* SPDX-License-Identifier: MIT */
/*
 * One access: where all its bytes go (through a CPU's TLB or walked), whether
 * the leaves take them, and only then the effects (AC-6, LA-19 to LA-27).
 */
#include "targets/softmmu/internal.h"

/* LA-10: the block whose bytes a region shows. */
static uint8_t block_of(const Machine *m, uint8_t region)
{
    return TW_BUG(SHARED_BLOCK_IGNORED) ? region
                                        : m->program->regions[region].block;
}

static void refuse(Access *access, TwClass class_)
{
    access->class_ = MAX(access->class_, class_);
}

/* What a hole, and what an IOMMU that does not grant a right, come to. */
static TwClass hole_class(const Machine *m)
{
    return TW_BUG(HOLE_IS_LOOP) ? TW_CLASS_LOOP : TW_CLASS_DECODE_ERROR;
}

static TwClass denial_class(const Machine *m)
{
    return TW_BUG(DENIAL_IS_PAGE_FAULT) ? TW_CLASS_PAGE_FAULT
                                        : TW_CLASS_DECODE_ERROR;
}

static TwClass loop_class(const Machine *m)
{
    return TW_BUG(LOOP_IS_DECODE_ERROR) ? TW_CLASS_DECODE_ERROR : TW_CLASS_LOOP;
}

/* Where the bytes go ----------------------------------------------------- */

/* DS-5: an access does not go on where its leaf ends. */
static bool overruns(const Machine *m, const Leaf *leaf)
{
    return TW_BUG(MMIO_OVERRUN) && leaf->region != TW_NONE &&
           m->regions[leaf->region].kind == TW_REGION_MMIO;
}

static bool same_path(const Path *a, const Path *b)
{
    if (a->n != b->n) {
        return false;
    }
    for (unsigned i = 0; i < a->n; i++) {
        if (a->hops[i].iommu != b->hops[i].iommu ||
            a->hops[i].granule != b->hops[i].granule) {
            return false;
        }
    }
    return true;
}

/* For the zoo: was this IOMMU met on the way? */
PART bool path_has(const Path *path, uint8_t iommu)
{
    for (unsigned i = 0; i < path->n; i++) {
        if (path->hops[i].iommu == iommu) {
            return true;
        }
    }
    return false;
}

static void add_run(Access *access, Run run)
{
    access->runs[access->n_runs++] = run;
}

/*
 * The uncached walk (IW rules) of `n` bytes at `addr` of `space`, which are
 * bytes `first` on of the access and have `hops` hops behind them.  A run ends
 * where the leaf, its flags, the offsets or a granule on the way change
 * (LA-23), not where a section merely happens to end.
 */
static void walk(Machine *m, uint8_t space, uint64_t addr, unsigned first,
                 unsigned n, unsigned hops)
{
    Access *access = &m->access;
    bool joinable = false; /* the run before is of this walk */
    unsigned turn = 0;     /* its path is paths[!turn] */

    while (n > 0) {
        Path *path = &m->paths[turn];
        uint64_t at = addr, length = n;
        uint8_t in = space;
        Leaf leaf;

        path->n = 0;
        for (;;) {
            Iommu *iommu;
            Translation t;
            uint8_t id, index;
            uint64_t low;

            leaf = resolve(m, in, at);
            if (leaf.more < length && !overruns(m, &leaf)) {
                length = leaf.more + 1;
            }
            if (TW_BUG(ALL_ONES_LENGTH_IS_ZERO) && leaf.more + 1 == 0) {
                refuse(access, TW_CLASS_DECODE_ERROR);
                leaf.region = TW_NONE;
                break;
            }
            if (leaf.region == TW_NONE) {
                refuse(access, hole_class(m));
                break;
            }
            if (m->regions[leaf.region].kind != TW_REGION_IOMMU) {
                break;
            }
            if (hops + path->n + TW_BUG(ONE_HOP_TOO_FEW) == m->program->hops) {
                refuse(access, loop_class(m));
                leaf.region = TW_NONE;
                break;
            }
            id = m->program->regions[leaf.region].iommu;
            iommu = &m->iommus[id];
            index = iommu_index(m, iommu, access->attrs);
            low = low_mask(iommu->granule_lg);
            if (!TW_BUG(GRANULE_IGNORED) &&
                !(TW_BUG(FAR_GRANULE_IGNORED) && path->n > 0)) {
                length = MIN(length, low - (leaf.offset & low) + 1);
            }
            t = iommu_translate(m, id, index, leaf.offset);
            if (access->need & ~(t.perm | (t.perm & TW_R ? TW_X : 0))) {
                refuse(access, denial_class(m));
                if (!TW_BUG(DENIAL_WALKS_ON) || t.perm == 0) {
                    leaf.region = TW_NONE;
                    break;
                }
            }
            if (TW_BUG(IOMMU_TWICE_IS_LOOP) && path_has(path, id)) {
                refuse(access, TW_CLASS_LOOP);
                leaf.region = TW_NONE;
                break;
            }
            path->hops[path->n++] =
                (Hop){.granule = leaf.offset >> iommu->granule_lg, .iommu = id};
            in = t.space;
            at = t.addr;
        }
        if (leaf.region == TW_NONE) {
            joinable = false;
        } else {
            Run *last = &access->runs[access->n_runs - joinable];
            uint8_t flags = leaf.flags & FLAGS_LOCATION;
            if (joinable && last->region == leaf.region &&
                last->flags == flags &&
                last->offset + last->length == leaf.offset &&
                same_path(path, &m->paths[!turn])) {
                last->length += length;
            } else {
                add_run(access, (Run){.first = first,
                                      .length = length,
                                      .region = leaf.region,
                                      .flags = flags,
                                      .offset = leaf.offset});
            }
            joinable = true;
            turn = !turn;
        }
        addr += length;
        first += length;
        n -= length;
    }
}

/*
 * Bytes of one page that no TLB entry serves: by page-map assignment, then
 * walked.  Assignments within a page cut the access (LA-23).
 */
static void cpu_walk(Machine *m, const SpanMap *map, uint8_t space, uint64_t va,
                     unsigned first, unsigned n)
{
    while (n > 0) {
        const Span *span = span_find(map, va);
        unsigned length;

        if (span == NULL || (m->access.need & ~span->perm)) {
            refuse(&m->access, TW_CLASS_PAGE_FAULT); /* nothing is worse */
            return;
        }
        length = span->last - va < n ? span->last - va + 1 : n;
        m->access.uncached = true;
        TELL(m, "walk", "%u bytes at 0x%" PRIx64 " of s%u, not cached", length,
             span->out + (va - span->first), space);
        walk(m, space, span->out + (va - span->first), first, length, 0);
        va += length;
        first += length;
        n -= length;
    }
}

static Tlb *cpu_tlb(Machine *m, uint8_t c, uint8_t index)
{
    Cpu *cpu = &m->cpus[c];

    if (TW_BUG(ONE_TLB_FOR_ALL_INDEXES) && cpu->tlbs[0].table != NULL) {
        return &cpu->tlbs[0];
    }
    return &cpu->tlbs[index];
}

/* For the zoo: a page that an IOMMU denied gets an entry that refuses. */
PART void cache_denial(Machine *m, Tlb *tlb, uint64_t page, TlbEntry *entry)
{
    entry->region = TW_NONE;
    entry->tail = false;
    for (unsigned t = 0; t < CMPS; t++) {
        entry->cmp[t] = page;
    }
    tlb_insert(m, tlb, page, entry);
}

/* Bytes of one page, through the TLB of (c, index). */
static void cpu_bytes(Machine *m, uint8_t c, uint8_t index, uint64_t va,
                      unsigned first, unsigned n)
{
    Access *access = &m->access;
    Tlb *tlb = cpu_tlb(m, c, index);
    const SpanMap *map = &m->cpus[c].pages[index];
    uint64_t page = va & ~m->page_mask, offset = va & m->page_mask;
    uint8_t space = m->program->cpus[c].mmu[index].space;
    const TlbEntry *entry = tlb_lookup(m, tlb, page, access->need);
    TlbEntry fresh;

    if (entry == NULL) {
        const Span *span = span_find(map, va);

        if (TW_BUG(UPGRADE_NEEDS_UNMAP) &&
            entry_is_page(tlb, tlb_slot(m, tlb, page), page, UINT64_MAX)) {
            refuse(access, TW_CLASS_DECODE_ERROR);
            return;
        }
        /* Whatever comes of it is newer than an entry for other rights. */
        if (!TW_BUG(VICTIM_COPY_LEFT)) {
            tlb_drop_page(m, tlb, page, UINT64_MAX);
        } else if (entry_is_page(tlb, tlb_slot(m, tlb, page), page,
                                 UINT64_MAX)) {
            tlb_slot(m, tlb, page)->stamp = 0;
        }
        if (span == NULL ||
            (!TW_BUG(SMALL_PAGE_FILLS_WHOLE) &&
             (span->first > page || span->last < (page | m->page_mask) ||
              span->lg < m->page_lg))) {
            cpu_walk(m, map, space, va, first, n); /* LA-28 */
            return;
        }
        if (access->need & ~span->perm) {
            refuse(access, TW_CLASS_PAGE_FAULT);
            return;
        }
        switch (fill(m, c, index, page, span, &fresh)) {
        case FILL_DONE:
            entry = tlb_slot(m, tlb, page);
            if (!entry_hits(tlb, entry, page, access->need)) {
                refuse(access, denial_class(m));
                return;
            }
            break;
        case FILL_DENIED:
            TELL(m, "no-fill",
                 "%s page 0x%" PRIx64 ": no right is left "
                 "(TL-7)",
                 tlb_name(m, tlb).text, page);
            refuse(access, denial_class(m));
            if (TW_BUG(DENIAL_CACHED)) {
                cache_denial(m, tlb, page, &fresh);
            }
            return;
        case FILL_UNCACHED:
            cpu_walk(m, map, space, va, first, n);
            return;
        case FILL_GARBAGE:
            entry = &fresh;
            break;
        }
    }
    if (entry->tail) {
        access->container = true;
        TELL(m, "walk",
             "%u bytes at 0x%" PRIx64 " of s%u, on each access "
             "(DS-4)",
             n, entry->offset + offset, entry->space);
        walk(m, entry->space, entry->offset + offset, first, n, entry->n_hops);
    } else if (entry->region == TW_NONE) {
        refuse(access, hole_class(m));
    } else {
        add_run(access, (Run){.first = first,
                              .length = n,
                              .region = entry->region,
                              .flags = entry->flags,
                              .noted = !entry->clean,
                              .offset = entry->offset + offset});
    }
}

/* Whether the leaves take it --------------------------------------------- */

static bool access_writes(const Access *access)
{
    return access->need & TW_W;
}

/* LA-22: bytes rather than callbacks. */
static bool run_is_direct(const Machine *m, const TwRegion *region,
                          const Access *access, const Run *run)
{
    switch (region->kind) {
    case TW_REGION_RAM:
    case TW_REGION_ROM:
    case TW_REGION_RAM_DEVICE:
        return true;
    case TW_REGION_ROMD:
        return (run->flags & FLAG_ROMD) &&
               (!access_writes(access) || TW_BUG(ROMD_WRITTEN));
    default:
        return false;
    }
}

/* AC-5: the bytes of the next piece of `left` bytes at `offset`. */
static unsigned piece_length(const TwRegion *region, uint64_t offset,
                             unsigned left)
{
    unsigned length = region->valid_max ? MIN(region->valid_max, 8) : 8;

    while (length > left || (offset & (length - 1))) {
        length /= 2;
    }
    return length;
}

static bool range_meets(TwRange range, uint64_t offset, unsigned length)
{
    return range.first <= range.last && range.first <= offset + length - 1 &&
           range.last >= offset;
}

static void check_run(Machine *m, const Run *run)
{
    Access *access = &m->access;
    const TwRegion *region = &m->program->regions[run->region];
    unsigned length;

    if (region->kind == TW_REGION_RESERVATION) {
        refuse(access, TW_BUG(RESERVATION_IS_LOOP) ? TW_CLASS_LOOP
                                                   : TW_CLASS_DECODE_ERROR);
        return;
    }
    if (access->code == TW_OP_RMW &&
        (run->length != access->size ||
         (region->kind != TW_REGION_RAM && region->kind != TW_REGION_ROM))) {
        refuse(access, TW_CLASS_DECODE_ERROR); /* LA-25 */
        return;
    }
    if (access_writes(access) && (run->flags & FLAG_READONLY)) {
        refuse(access, TW_BUG(READONLY_WRITE_REFUSED) ? TW_CLASS_DECODE_ERROR
                                                      : TW_CLASS_DISCARD);
        return;
    }
    if (run_is_direct(m, region, access, run)) {
        return;
    }
    for (unsigned k = 0; k < run->length; k += length) {
        uint64_t offset = run->offset + k;
        length = piece_length(region, offset, run->length - k);
        if ((length < region->valid_min && !TW_BUG(VALID_SIZES_IGNORED)) ||
            (range_meets(region->reject, offset, length) &&
             !TW_BUG(REJECT_IGNORED))) {
            refuse(access, TW_CLASS_DECODE_ERROR);
        } else if (range_meets(region->error, offset, length)) {
            refuse(access, TW_CLASS_DEVICE_ERROR);
        }
    }
}

/* Effects ---------------------------------------------------------------- */

/* LA-27: the actors at this offset, each once. */
static void note_actors(Machine *m, uint8_t region, uint64_t offset)
{
    Access *access = &m->access;

    for (unsigned i = 0; i < m->program->n_actors; i++) {
        const TwActor *actor = &m->program->actors[i];
        if (actor->region == region && actor->offset == offset &&
            !(access->actors >> i & 1)) {
            access->actors |= 1u << i;
            access->actor_order[access->n_actors++] = i;
        }
    }
}

static void device_byte(Machine *m, const Run *run, unsigned k)
{
    Access *access = &m->access;
    uint64_t offset = run->offset + k;
    unsigned byte = run->first + k;
    TwLogRecord record = {.op = m->op,
                          .region = run->region,
                          .offset = offset,
                          .attrs = access->attrs};

    if (TW_BUG(DEVICE_TOLD_LESS)) {
        record.attrs &= low_mask(TW_ATTR_REQUESTER_SHIFT);
    }

    if (access_writes(access)) {
        record.kind = TW_LOG_WRITE;
        record.byte = tw_store_tag(m->op, byte);
        tw_trace_add_log(m->trace, record);
        if (m->actor_regions >> run->region & 1) {
            note_actors(m, run->region, offset);
        }
        return;
    }
    if (access->code == TW_OP_EXEC && !TW_BUG(FETCH_NOT_LOGGED)) {
        record.kind = TW_LOG_FETCH;
        tw_trace_add_log(m->trace, record);
    }
    access->value |=
        (uint64_t)tw_device_byte(run->region, offset, access->attrs)
        << 8 * byte;
}

static void device_run(Machine *m, const TwRegion *region, const Run *run)
{
    unsigned length;

    m->access.callback = true;
    for (unsigned k = 0; k < run->length; k += length) {
        length = piece_length(region, run->offset + k, run->length - k);
        if (range_meets(region->error, run->offset + k, length)) {
            continue;
        }
        for (unsigned i = 0; i < length; i++) {
            device_byte(m, run, k + i);
        }
    }
}

static void run_effects(Machine *m, const Run *run)
{
    Access *access = &m->access;
    const TwRegion *region = &m->program->regions[run->region];
    bool discarded =
        access_writes(access) && (run->flags & FLAG_READONLY) &&
        !(TW_BUG(READONLY_DMA_WRITES) && access->code == TW_OP_DMA_WRITE);

    if (discarded && access->code != TW_OP_RMW) {
        return;
    }
    if (!run_is_direct(m, region, access, run)) {
        device_run(m, region, run);
        return;
    }
    if (TW_BUG(REMOVED_READS_ZERO) &&
        m->regions[run->region].container == TW_NONE &&
        region->container != TW_NONE) {
        return;
    }
    if (access->need & (TW_R | TW_X)) {
        access->value |= ram_read(&m->ram, block_of(m, run->region),
                                  run->offset, run->length)
                         << 8 * run->first;
    }
    if (access_writes(access) && !discarded) {
        if (m->dirty.blocks != 0 && dirty_logged(m, region->block) &&
            !run->noted) {
            dirty_note(m, region->block, run->offset);
            dirty_note(m, region->block, run->offset + run->length - 1);
        }
        for (unsigned k = 0; k < run->length; k++) {
            ram_write(&m->ram, block_of(m, run->region), run->offset + k,
                      tw_store_tag(m->op, TW_BUG(ONE_TAG_FOR_ALL_BYTES)
                                              ? 0
                                              : run->first + k));
        }
    }
}

static void report_locations(Machine *m, TwOutcome *outcome)
{
    const Access *access = &m->access;
    TwLocation location = {.length = 0};

    if (m->hide_locations) {
        return;
    }
    for (unsigned i = 0; i < access->n_runs; i++) {
        const Run *run = &access->runs[i];
        if (location.length > 0 && location.region == run->region &&
            location.flags == run->flags &&
            location.offset + location.length == run->offset) {
            location.length += run->length;
            continue;
        }
        if (location.length > 0) {
            tw_trace_add_location(m->trace, outcome, location);
        }
        location = (TwLocation){.first = run->first,
                                .length = run->length,
                                .region = run->region,
                                .flags = run->flags,
                                .offset = run->offset};
    }
    if (location.length > 0) {
        tw_trace_add_location(m->trace, outcome, location);
    }
}

static void perform_actors(Machine *m, uint8_t actor)
{
    for (unsigned i = 0; i < m->access.n_actors && !TW_BUG(ACTORS_IGNORED);
         i++) {
        TwOp op = m->program->actors[m->access.actor_order[i]].op;
        op.actor = actor;
        if (tw_legality_step(&m->legality, &op) == TW_LEGAL) {
            perform(m, &op, actor);
        }
    }
}

/* The whole ------------------------------------------------------------- */

static uint8_t needed_rights(const Machine *m, uint8_t code)
{
    switch (code) {
    case TW_OP_WRITE:
    case TW_OP_DMA_WRITE:
        return TW_W;
    case TW_OP_EXEC:
        return TW_X;
    case TW_OP_RMW:
        return TW_BUG(RMW_NEEDS_WRITE_ONLY)  ? TW_W
               : TW_BUG(RMW_NEEDS_READ_ONLY) ? TW_R
                                             : TW_R | TW_W;
    default:
        return TW_R;
    }
}

/* For the zoo: where the first page leads is read from its slot, whatever has
 * become of that since the page was looked up (TL-15). */
PART void first_half_again(Machine *m, uint8_t c, uint8_t index, uint64_t va)
{
    const Tlb *tlb = cpu_tlb(m, c, index);
    const TlbEntry *slot = tlb_slot(m, tlb, va & ~m->page_mask);
    Run *run = &m->access.runs[0];

    if (!m->access.uncached || m->access.n_runs == 0 || run->first > 0 ||
        slot->tail || slot->region >= m->program->n_regions) {
        return;
    }
    run->region = slot->region;
    run->flags = slot->flags;
    run->offset = slot->offset + (va & m->page_mask);
}

static void access_bytes(Machine *m, const TwOp *op, bool cpu)
{
    uint64_t left;

    if (op->addr > UINT64_MAX - (op->size - 1)) { /* AR-6 */
        refuse(&m->access, TW_BUG(BEYOND_IS_PAGE_FAULT)
                               ? TW_CLASS_PAGE_FAULT
                               : TW_CLASS_DECODE_ERROR);
        return;
    }
    if (!cpu) {
        TELL(m, "walk", "%u bytes at 0x%" PRIx64 " of s%u", op->size, op->addr,
             op->obj);
        walk(m, op->obj, op->addr, 0, op->size, 0);
        return;
    }
    left = m->page_mask - (op->addr & m->page_mask) + 1;
    if (op->size <= left) {
        cpu_bytes(m, op->obj, op->index, op->addr, 0, op->size);
    } else {
        cpu_bytes(m, op->obj, op->index, op->addr, 0, left);
        cpu_bytes(m, op->obj, op->index, op->addr + left, left,
                  op->size - left);
        if (TW_BUG(FIRST_HALF_LOOKED_UP_LATE)) {
            first_half_again(m, op->obj, op->index, op->addr);
        }
    }
}

/* Performs an access of `actor` and fills its outcome.  `during`: NULL, or the
 * operation that comes inside its first fill, or else just after its effects
 * (LA-47). */
static void access_perform(Machine *m, const TwOp *op, uint8_t actor,
                           const TwOp *during, TwOutcome *outcome)
{
    Access *access = &m->access;
    bool cpu = tw_op_info(op->code)->flags & TW_OP_CPU_ACCESS;

    access->code = op->code;
    access->need = needed_rights(m, op->code);
    access->size = op->size;
    access->class_ = TW_CLASS_OK;
    access->attrs =
        cpu ? m->program->cpus[op->obj].mmu[op->index].attrs : op->attrs;
    access->n_runs = 0;
    access->callback = access->container = access->uncached = false;
    access->actors = access->n_actors = 0;
    access->value = 0;
    access->during = during;

    access_bytes(m, op, cpu);
    if (access->uncached) {
        count(m, TW_COUNT_UNCACHED);
    }
    if (access->container) {
        count(m, TW_COUNT_SUBPAGE);
    }
    for (unsigned i = 0; i < access->n_runs; i++) {
        check_run(m, &access->runs[i]);
    }
    outcome->class_ = access->class_;
    if (TW_BUG(REFUSED_READS_ONES) && access->class_ > TW_CLASS_DEVICE_ERROR) {
        outcome->value = UINT64_MAX >> (64 - 8 * access->size);
    }
    if (access->class_ <= TW_CLASS_DEVICE_ERROR) {
        for (unsigned i = 0; i < access->n_runs; i++) {
            run_effects(m, &access->runs[i]);
        }
        outcome->value = access->value;
        report_locations(m, outcome);
    }
    if (TW_BUG(PARTIAL_STORE) && access->class_ > TW_CLASS_DEVICE_ERROR &&
        access->n_runs > 0 && access->runs[0].first == 0) {
        run_effects(m, &access->runs[0]);
    }
    if (access->during != NULL) {
        perform_during(m);
    }
    if (access->class_ > TW_CLASS_DEVICE_ERROR) {
        return;
    }
    perform_actors(m, actor);
    if (cpu && access->callback) {
        cpu_safepoint(m, op->obj); /* LA-3 */
    }
}
