/* SPDX-License-Identifier: MIT */
/*
 * One access: where all its bytes go (through a CPU's TLB or walked), whether
 * the leaves take them, and only then the effects (AC-6, LA-19 to LA-26).
 */
#include "targets/softmmu/internal.h"

/* LA-10: the block whose bytes a region shows. */
static uint8_t block_of(const Machine *m, uint8_t region)
{
    return TW_BUG(m, SHARED_BLOCK_IGNORED) ? region
                                           : m->program->regions[region].block;
}

static void refuse(Access *access, TwClass class_)
{
    access->class_ = MAX(access->class_, class_);
}

/* A link refuses bytes: told is the reason of the lowest of those that it
 * refuses in the class of the access (LA-60). */
static G_NO_INLINE void refuse_by(Machine *m, TwClass class_, TwReason why)
{
    Access *access = &m->access;

    refuse(access, class_);
    if (class_ > access->reason_class ||
        (TW_BUG(m, REASON_OF_LAST_BYTE) && class_ == access->reason_class)) {
        access->reason_class = class_;
        access->reason = why;
    }
}

/* Why the page map refuses an address that `span` (or NULL) governs. */
static TwReason page_reason(const Machine *m, const Span *span, uint64_t va)
{
    return (TwReason){.kind = span == NULL || TW_BUG(m, PAGE_RIGHTS_ARE_ABSENT)
                                  ? TW_REASON_ABSENT
                                  : TW_REASON_RIGHTS,
                      .iommu = TW_NONE,
                      .address = va};
}

/* The reason in the outcome of m->access, which is refused. */
static G_NO_INLINE void report_reason(const Machine *m, TwOutcome *outcome)
{
    const Access *access = &m->access;

    if (outcome->class_ == access->reason_class) {
        outcome->reason = access->reason;
    }
}

/* The class of an access to a hole, and of one that an IOMMU denies. */
static TwClass hole_class(const Machine *m)
{
    return TW_BUG(m, HOLE_IS_LOOP) ? TW_CLASS_LOOP : TW_CLASS_DECODE_ERROR;
}

static TwClass denial_class(const Machine *m)
{
    return TW_BUG(m, DENIAL_IS_PAGE_FAULT) ? TW_CLASS_PAGE_FAULT
                                           : TW_CLASS_DECODE_ERROR;
}

static TwClass reservation_class(const Machine *m)
{
    return TW_BUG(m, RESERVATION_IS_LOOP) ? TW_CLASS_LOOP
                                          : TW_CLASS_DECODE_ERROR;
}

static TwClass loop_class(const Machine *m)
{
    return TW_BUG(m, LOOP_IS_DECODE_ERROR) ? TW_CLASS_DECODE_ERROR
                                           : TW_CLASS_LOOP;
}

/* Where the bytes go ----------------------------------------------------- */

/* DS-5: an access does not go on where its leaf ends. */
static bool overruns(const Machine *m, const Leaf *leaf)
{
    return TW_BUG(m, MMIO_OVERRUN) && leaf->region < REGION_BLOCKED &&
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

static void add_run(Access *access, Run run)
{
    access->runs[access->n_runs++] = run;
}

/* IOMMU `id` refuses, at an offset of its region, behind the hops of a path. */
static G_NO_INLINE void deny_hop(Machine *m, uint8_t id, const Path *path,
                                 const Translation *at, uint64_t offset)
{
    uint8_t first = path->n > 0 ? path->hops[0].iommu : id;

    refuse_by(m, denial_class(m), hop_reason(m, id, first, at, offset));
}

/*
 * Through the IOMMU of `leaf`: *at becomes what it translates to, *length no
 * more than one granule has, and the path, with `hops` hops before it, one hop
 * longer.  False: it is refused.
 */
static bool walk_hop(Machine *m, Stage *stage, const Leaf *leaf, unsigned hops,
                     Path *path, Translation *at, uint64_t *length)
{
    Access *access = &m->access;
    uint8_t id = m->program->regions[leaf->region].iommu;
    const Iommu *iommu = &m->iommus[id];
    uint8_t index = iommu_index(m, iommu, access->attrs);
    uint64_t low = low_mask(iommu->granule_lg);

    if (!TW_BUG(m, GRANULE_IGNORED) &&
        !(TW_BUG(m, FAR_GRANULE_IGNORED) && path->n > 0)) {
        *length = MIN(*length, low - (leaf->offset & low) + 1);
    }
    if (m->marks) {
        m->marking = marking_rights(access->need);
    }
    *at = stage_translate(m, stage, leaf, index, access->attrs, hops + path->n);
    m->marking = 0;
    if (access->need & ~(at->perm | (at->perm & TW_R ? TW_X : 0))) {
        deny_hop(m, id, path, at, leaf->offset);
        if (!TW_BUG(m, DENIAL_WALKS_ON) || at->perm == 0) {
            return false;
        }
    }
    path->hops[path->n++] =
        (Hop){.granule = leaf->offset >> iommu->granule_lg, .iommu = id};
    return !zoo_refuses_hop(m, path);
}

/* The class of an access that an MPC blocks (LA-32). */
static TwClass blocked_class(const Machine *m, uint8_t iommu)
{
    return TW_BUG(m, MPC_BLOCKED_IS_DENIED) ? TW_CLASS_DECODE_ERROR
           : mpc_is_error(m, iommu)         ? TW_CLASS_DEVICE_ERROR
                                            : TW_CLASS_OK;
}

/*
 * Where the first of *length bytes at `at` is: its leaf, of region TW_NONE if
 * it is refused.  *length loses the bytes that may be elsewhere; *path is the
 * way there, `hops` hops before it not counted.
 */
static Leaf walk_leaf(Machine *m, Translation at, unsigned hops, Path *path,
                      uint64_t *length)
{
    Access *access = &m->access;
    Stage stage;

    stage.begun = stage.used = false;
    path->n = 0;
    for (;;) {
        Leaf leaf = stage_resolve(m, &stage, at.space, at.addr);

        if (leaf.more < *length && !overruns(m, &leaf)) {
            *length = leaf.more + 1;
        }
        if (leaf.region == TW_NONE ||
            (TW_BUG(m, ALL_ONES_LENGTH_IS_ZERO) && leaf.more + 1 == 0)) {
            refuse(access, hole_class(m));
            return leaf_hole(0);
        }
        if (m->regions[leaf.region].kind != TW_REGION_IOMMU) {
            note_peak(m, TW_PEAK_HOPS, hops + path->n);
            return leaf;
        }
        if (hops + path->n + TW_BUG(m, ONE_HOP_TOO_FEW) == m->program->hops) {
            refuse_by(
                m, loop_class(m),
                (TwReason){.kind = TW_REASON_HOPS,
                           .iommu = m->program->regions[leaf.region].iommu,
                           .address = leaf.offset});
            return leaf_hole(0);
        }
        if (!walk_hop(m, &stage, &leaf, hops, path, &at, length)) {
            return leaf_hole(0);
        }
        if (at.blocked) {
            note_peak(m, TW_PEAK_HOPS, hops + path->n);
            return leaf_blocked(m, &leaf);
        }
    }
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
        uint64_t length = n;
        Leaf leaf = walk_leaf(m, (Translation){.addr = addr, .space = space},
                              hops, &m->paths[turn], &length);

        if (leaf.region == TW_NONE) {
            joinable = false;
        } else {
            Run *last = &access->runs[access->n_runs - joinable];
            uint8_t flags = zoo_leaf_flags(m, &leaf) & FLAGS_LOCATION;
            if (joinable && last->region == leaf.region &&
                last->flags == flags &&
                last->offset + last->length == leaf.offset &&
                same_path(&m->paths[turn], &m->paths[!turn])) {
                last->length += length;
            } else {
                add_run(access, (Run){.first = first,
                                      .length = length,
                                      .region = leaf.region,
                                      .flags = flags,
                                      .blocker = leaf.blocker,
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
            refuse_by(m, TW_CLASS_PAGE_FAULT, page_reason(m, span, va));
            return; /* nothing is worse */
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

    return &cpu->tlbs[TW_BUG(m, ONE_TLB_FOR_ALL_INDEXES) &&
                              cpu->tlbs[0].table != NULL
                          ? 0
                          : index];
}

/* Why a hop of the fill just made refuses the byte at `va`. */
static TwReason fill_reason(const Machine *m, uint64_t va)
{
    TwReason why = m->access.denial;

    why.address += va & m->page_mask;
    return why;
}

/*
 * Of bytes of one page that no entry of the TLB of (c, index) serves: the entry
 * that does now, perhaps *fresh; NULL: they were walked or refused.
 */
static const TlbEntry *cpu_miss(Machine *m, uint8_t c, uint8_t index,
                                uint64_t va, unsigned first, unsigned n,
                                TlbEntry *fresh)
{
    Access *access = &m->access;
    Tlb *tlb = cpu_tlb(m, c, index);
    const SpanMap *map = &m->cpus[c].pages[index];
    uint8_t space = m->program->cpus[c].mmu[index].space;
    const Span *span = span_find(map, va);
    uint64_t page = va & ~m->page_mask;
    const TlbEntry *entry;

    if (zoo_refuses_upgrade(m, tlb, page)) {
        return NULL;
    }
    /* What is filled now is newer than an entry for other rights. */
    if (!zoo_misses_slot_only(m, tlb, page)) {
        tlb_drop_page(m, tlb, page, UINT64_MAX);
    }
    if (span == NULL ||
        (!TW_BUG(m, SMALL_PAGE_FILLS_WHOLE) &&
         !(TW_BUG(m, FETCH_FILLS_WHOLE) && access->need == TW_X) &&
         (span->first > page || span->last < (page | m->page_mask) ||
          span->lg < m->page_lg))) {
        cpu_walk(m, map, space, va, first, n); /* LA-28 */
        return NULL;
    }
    if (access->need & ~span->perm) {
        refuse_by(m, TW_CLASS_PAGE_FAULT, page_reason(m, span, va));
        return NULL;
    }
    access->denial.kind = TW_REASON_NONE;
    switch (fill(m, c, index, page, span, fresh)) {
    case FILL_DONE:
        entry = tlb_slot(m, tlb, page);
        if (entry_hits(tlb, entry, page, access->need) ||
            zoo_serves_refused(m, entry)) {
            return entry;
        }
        refuse_by(m, denial_class(m), fill_reason(m, va));
        break;
    case FILL_DENIED:
        TELL(m, "no-fill", "%s page 0x%" PRIx64 ": no right is left (TL-7)",
             tlb_name(m, tlb).text, page);
        refuse_by(m, denial_class(m), fill_reason(m, va));
        zoo_cache_denial(m, tlb, page, fresh);
        break;
    case FILL_UNCACHED:
        cpu_walk(m, map, space, va, first, n);
        break;
    case FILL_ONCE:
        return fresh;
    }
    return NULL;
}

/* Bytes of one page, through the TLB of (c, index). */
static void cpu_bytes(Machine *m, uint8_t c, uint8_t index, uint64_t va,
                      unsigned first, unsigned n)
{
    Access *access = &m->access;
    uint64_t page = va & ~m->page_mask, offset = va & m->page_mask;
    const TlbEntry *entry =
        tlb_lookup(m, cpu_tlb(m, c, index), page, access->need);
    TlbEntry fresh;

    if (entry == NULL) {
        entry = cpu_miss(m, c, index, va, first, n, &fresh);
        if (entry == NULL) {
            return;
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
                              .blocker = entry->blocker,
                              .noted = !entry->clean,
                              .offset = entry->offset + offset});
    }
}

/* Whether the leaves take it --------------------------------------------- */

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
               (!access_writes(access) || TW_BUG(m, ROMD_WRITTEN));
    default:
        return false;
    }
}

/* The class of a write to what is effectively read-only. */
static TwClass readonly_class(const Machine *m, const Run *run)
{
    return TW_BUG(m, READONLY_WRITE_REFUSED) ||
                   zoo_refuses_readonly(m, run->region)
               ? TW_CLASS_DECODE_ERROR
               : TW_CLASS_DISCARD;
}

/* Has the device started the access at hand, or one that led to it? */
static G_NO_INLINE bool is_busy(Machine *m, uint8_t region)
{
    if (!tw_regions_has(&m->busy, region) || TW_BUG(m, REENTRY_UNGUARDED)) {
        return false;
    }
    count(m, TW_COUNT_BUSY);
    return true;
}

static void check_run(Machine *m, const Run *run)
{
    Access *access = &m->access;
    const TwRegion *region;
    unsigned length;

    if (run->region == REGION_BLOCKED) {
        refuse(access, access->code == TW_OP_RMW
                           ? TW_CLASS_DECODE_ERROR
                           : blocked_class(m, run->blocker));
        return;
    }
    region = &m->program->regions[run->region];
    if (region->kind == TW_REGION_RESERVATION) {
        refuse(access, reservation_class(m));
        return;
    }
    if (access->code == TW_OP_EXEC && is_registers(region)) {
        refuse(access, TW_CLASS_DECODE_ERROR); /* LA-57 */
        return;
    }
    if (access->code == TW_OP_RMW &&
        (run->length != access->size ||
         (region->kind != TW_REGION_RAM && region->kind != TW_REGION_ROM))) {
        refuse(access, TW_CLASS_DECODE_ERROR); /* LA-25 */
        return;
    }
    if (access_writes(access) && (run->flags & FLAG_READONLY)) {
        refuse(access, readonly_class(m, run));
        return;
    }
    if (run_is_direct(m, region, access, run)) {
        return;
    }
    if (m->started != 0 && is_busy(m, run->region)) {
        refuse(access, TW_CLASS_DECODE_ERROR); /* AC-8 */
        return;
    }
    for (unsigned k = 0; k < run->length; k += length) {
        uint64_t offset = run->offset + k;
        length = piece_length(m, region, offset, run->length - k);
        if ((length < region->valid_min && !TW_BUG(m, VALID_SIZES_IGNORED)) ||
            (range_meets(region->reject, offset, length) &&
             !TW_BUG(m, REJECT_IGNORED))) {
            refuse(access, TW_CLASS_DECODE_ERROR);
        } else if (range_meets(region->error, offset, length)) {
            refuse(access, TW_CLASS_DEVICE_ERROR);
        }
    }
}

/* Effects ---------------------------------------------------------------- */

static void run_effects(Machine *m, const Run *run)
{
    Access *access = &m->access;
    const TwRegion *region;
    bool discarded =
        access_writes(access) && (run->flags & FLAG_READONLY) &&
        !(TW_BUG(m, READONLY_DMA_WRITES) && access->code == TW_OP_DMA_WRITE);

    if (run->region == REGION_BLOCKED) {
        mpc_record(m, run->blocker, run->offset, access->attrs);
        return;
    }
    region = &m->program->regions[run->region];
    if (discarded && access->code != TW_OP_RMW) {
        return;
    }
    if (!run_is_direct(m, region, access, run)) {
        device_run(m, region, run);
        return;
    }
    if (zoo_is_gone(m, run->region)) {
        return;
    }
    if (access->need & (TW_R | TW_X)) {
        access->value |= ram_read(&m->ram, block_of(m, run->region),
                                  run->offset, run->length)
                         << 8 * run->first;
    }
    if (access_writes(access) && !discarded) {
        if (m->dirty.n_blocks > 0 && dirty_logged(m, region->block) &&
            !run->noted) {
            dirty_note(m, region->block, run->offset);
            dirty_note(m, region->block, run->offset + run->length - 1);
        }
        if (m->pagetables) {
            tables_stored(m, region->block);
        }
        for (unsigned k = 0; k < run->length; k++) {
            ram_write(&m->ram, block_of(m, run->region), run->offset + k,
                      stored_byte(m, TW_BUG(m, ONE_TAG_FOR_ALL_BYTES)
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
        if (run->region == REGION_BLOCKED) {
            continue; /* it has no location (LA-32) */
        }
        if (location.length > 0 &&
            location.first + location.length == run->first &&
            location.region == run->region && location.flags == run->flags &&
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
        return TW_BUG(m, RMW_NEEDS_WRITE_ONLY)  ? TW_W
               : TW_BUG(m, RMW_NEEDS_READ_ONLY) ? TW_R
                                                : TW_R | TW_W;
    default:
        return TW_R;
    }
}

static void refuse_beyond(Machine *m)
{
    refuse(&m->access, TW_BUG(m, BEYOND_IS_PAGE_FAULT) ? TW_CLASS_PAGE_FAULT
                                                       : TW_CLASS_DECODE_ERROR);
}

/* A CPU's bytes from `va` on, of which those of a second page are at `next`. */
static void cpu_pages(Machine *m, const TwOp *op, uint64_t va, uint64_t next)
{
    uint64_t left = m->page_mask - (va & m->page_mask) + 1;

    if (op->size <= left) {
        cpu_bytes(m, op->obj, op->index, va, 0, op->size);
    } else {
        cpu_bytes(m, op->obj, op->index, va, 0, left);
        cpu_bytes(m, op->obj, op->index, next, left, op->size - left);
        zoo_look_up_late(m, op->obj, op->index, va);
    }
}

/* The page behind that of an address. */
static uint64_t next_page(const Machine *m, uint64_t va)
{
    return (va | m->page_mask) + 1;
}

static uint64_t highest_address(const Machine *m, const TwMmuIndex *mmu)
{
    return TW_BUG(m, WIDTH_IGNORED) ? UINT64_MAX : tw_width_last(mmu->width);
}

/* An access of a CPU of fewer than 64 bits, or that wraps (LA-58). */
static G_NO_INLINE void narrow_pages(Machine *m, const TwOp *op,
                                     const TwMmuIndex *mmu)
{
    uint64_t highest = highest_address(m, mmu);
    uint64_t va = op->addr & highest;

    if (!(mmu->wraps || TW_BUG(m, NARROW_WRAPS)) ||
        TW_BUG(m, WRAP_IS_REFUSED)) {
        if (op->addr > highest - (op->size - 1)) {
            refuse_beyond(m);
            return;
        }
    }
    cpu_pages(m, op, va,
              next_page(m, va) &
                  (TW_BUG(m, WRAP_LEAVES_WIDTH) ? UINT64_MAX : highest));
}

/* `mmu`: of a CPU's access, or NULL. */
static void access_bytes(Machine *m, const TwOp *op, const TwMmuIndex *mmu)
{
    if (mmu != NULL && mmu->width | mmu->wraps) {
        narrow_pages(m, op, mmu);
        return;
    }
    if (op->addr > UINT64_MAX - (op->size - 1) &&
        !(TW_BUG(m, DMA_WRAPS) && mmu == NULL)) { /* AR-6 */
        refuse_beyond(m);
        return;
    }
    if (mmu == NULL) {
        Run run;

        if (op->flags & TW_OPF_VIA && mapping_serves(m, op, &run)) {
            add_run(&m->access, run);
            return;
        }
        TELL(m, "walk", "%u bytes at 0x%" PRIx64 " of s%u", op->size, op->addr,
             op->obj);
        walk(m, op->obj, op->addr, 0, op->size, 0);
        return;
    }
    cpu_pages(m, op, op->addr, next_page(m, op->addr));
}

/* m->access becomes this one, with all its bytes resolved.  `during`: how many
 * operations behind m->op come inside its first fill (LA-47). */
static void access_resolve(Machine *m, const TwOp *op, unsigned during)
{
    Access *access = &m->access;
    bool cpu = tw_op_info(op->code)->flags & TW_OP_CPU_ACCESS;
    const TwMmuIndex *mmu =
        cpu ? &m->program->cpus[op->obj].mmu[op->index] : NULL;

    access->code = op->code;
    access->need = needed_rights(m, op->code);
    access->size = op->size;
    access->actor = cpu ? op->obj : TW_BOARD;
    access->class_ = access->reason_class = TW_CLASS_OK;
    access->attrs = mmu != NULL ? mmu->attrs : op->attrs;
    access->n_runs = 0;
    access->callback = access->container = access->uncached = false;
    access->actors = access->n_actors = 0;
    access->value = 0;
    access->during = during;

    access_bytes(m, op, mmu);
    if (access->uncached) {
        count(m, TW_COUNT_UNCACHED);
    }
    if (access->container) {
        count(m, TW_COUNT_SUBPAGE);
    }
    for (unsigned i = 0; i < access->n_runs; i++) {
        check_run(m, &access->runs[i]);
    }
}

/* The effects of m->access, which nothing refuses. */
static void access_effects(Machine *m, TwOutcome *outcome)
{
    Access *access = &m->access;

    for (unsigned i = 0; i < access->n_runs; i++) {
        run_effects(m, &access->runs[i]);
    }
    outcome->value = access->value;
    report_locations(m, outcome);
}
