/* SPDX-License-Identifier: MIT */
/*
 * IOMMUs of kind `pagetable` (LA-35 to LA-37): tables in the bytes of a RAM
 * region, an entry of which has the fields of a layout (program/layout.h).
 */
#include "targets/softmmu/internal.h"

#include "program/layout.h"

static inline bool matches(uint64_t entry, TwBits bits)
{
    return (entry & bits.mask) == bits.value;
}

static Translation iommu_translate(Machine *m, uint8_t id, uint8_t index,
                                   uint64_t offset);
static uint8_t iommu_index(const Machine *m, const Iommu *iommu, TwAttrs attrs);

/* Where a byte of nested tables (LA-53) is, read with the domain as requester
 * id; false: it cannot be read. */
static bool nested_find(Machine *m, uint8_t domain, uint8_t space,
                        uint64_t address, uint8_t *block, uint64_t *offset)
{
    for (unsigned hops = 0;; hops++) {
        Leaf leaf = resolve(m, space, address);
        const TwRegion *region;
        const TwIommu *iommu;
        Translation what;

        if (leaf.region == TW_NONE) {
            return false;
        }
        region = &m->program->regions[leaf.region];
        if (region->kind == TW_REGION_RAM || region->kind == TW_REGION_ROM) {
            *block = region->block;
            *offset = leaf.offset;
            return true;
        }
        if (region->kind != TW_REGION_IOMMU || hops == TABLE_HOPS) {
            return false;
        }
        iommu = &m->program->iommus[region->iommu];
        if (iommu->kind == TW_IOMMU_PAGETABLE && iommu->pagetable.nested) {
            return false;
        }
        what = iommu_translate(
            m, region->iommu,
            iommu_index(m, &m->iommus[region->iommu],
                        (TwAttrs)domain << TW_ATTR_REQUESTER_SHIFT),
            leaf.offset);
        if ((!(what.perm & TW_R) && !TW_BUG(m, NESTED_RIGHTS_IGNORED)) ||
            what.perm == 0 || what.blocked) {
            return false;
        }
        space = what.space;
        address = what.addr;
    }
}

/* The entry at an address of nested tables; false: it cannot be read. */
static bool nested_load(Machine *m, uint8_t domain, uint8_t space,
                        uint64_t address, uint64_t *entry)
{
    uint8_t block, marking = m->marking;
    uint64_t offset;
    bool there = true;

    *entry = 0;
    count(m, TW_COUNT_NESTED);
    m->marking = 0; /* this read sets no A (LA-55) */
    for (unsigned k = 0; k < 8 && there; k++) {
        there = nested_find(m, domain, space, address + k, &block, &offset);
        *entry |= there ? ram_read(&m->ram, block, offset, 1) << 8 * k : 0;
    }
    m->marking = marking;
    return there;
}

/* The entry at an address, as roots and entries say it; false: it cannot be
 * read. */
static bool entry_load(Machine *m, uint8_t id, uint8_t domain, unsigned level,
                       uint64_t at, uint64_t *entry)
{
    const TwIommu *from = &m->program->iommus[id];
    const TwRegion *tables;

    if (at > UINT64_MAX - 7) {
        return false;
    }
    if (from->pagetable.nested) {
        return zoo_root_kept(m, id, domain, level, at, entry) ||
               nested_load(m, domain, from->bypass_space, at, entry);
    }
    tables = &m->program->regions[from->pagetable.tables];
    if (at < from->pagetable.base) {
        return false;
    }
    at -= from->pagetable.base;
    if (tables->size < 8 || at > tables->size - 8) {
        return false;
    }
    *entry = ram_read(&m->ram, tables->block, at, 8);
    return true;
}

static bool entry_present(const Machine *m, const TwLayout *layout,
                          unsigned level, uint64_t entry)
{
    return (matches(entry, layout->present) &&
            (layout->present_some == 0 || entry & layout->present_some)) ||
           (TW_BUG(m, ABSENT_LEAF_TRANSLATES) && level == 1);
}

/* Is there a bit in its address above those that the IOMMU has (LA-63)? */
static bool entry_too_wide(const Machine *m, const TwIommu *from,
                           uint64_t entry)
{
    const TwLayout *layout = tw_layout(from->pagetable.format);
    unsigned width = from->pagetable.output;

    return width != 0 && !TW_BUG(m, OUTPUT_WIDTH_IGNORED) &&
           ((entry & layout->address) << layout->shift & ~low_mask(width)) != 0;
}

/* A leaf of a size of its own. */
static bool entry_has_size(const TwLayout *layout, uint64_t entry)
{
    return layout->sized != 0 &&
           (entry >> layout->next_shift & 7) == layout->sized;
}

static bool entry_is_leaf(const TwLayout *layout, unsigned level,
                          uint64_t entry)
{
    if ((level == 1 && !layout->last_by_bits) ||
        entry_has_size(layout, entry)) {
        return true;
    }
    return layout->leaf_some != 0 ? (entry & layout->leaf_some) != 0
                                  : !(entry & layout->leaf_none);
}

/* Nothing, because of an entry of that level; 0: of none (LA-60). */
static Translation no_translation(const Machine *m, TwReasonKind why,
                                  unsigned level)
{
    return (Translation){.why = zoo_reason_kind(m, why),
                         .level = zoo_reason_level(m, why, level)};
}

/* The logarithm of the size of a leaf at a level of leaves of 2^lg bytes, or 0:
 * not there. */
static unsigned leaf_lg(const Machine *m, const TwIommu *from, unsigned lg,
                        uint64_t entry)
{
    const TwLayout *layout = tw_layout(from->pagetable.format);
    uint64_t zeros = ~(entry & layout->address), half;

    if (!entry_has_size(layout, entry) || TW_BUG(m, SIZED_LEAF_IS_USUAL)) {
        return lg;
    }
    zeros >>= from->granule_lg - layout->shift;
    half = zeros & -zeros; /* of the size, in granules */
    if ((half << (from->granule_lg - layout->shift) & layout->address) == 0 ||
        half << from->granule_lg < UINT64_C(1) << lg ||
        half << from->granule_lg >= UINT64_C(1)
                                        << (lg + from->granule_lg - 4u)) {
        return 0;
    }
    return (unsigned)__builtin_ctzll(half) + from->granule_lg + 1;
}

/* What a leaf for 2^lg bytes says, or 0: for a size that it cannot have; rights
 * 0: nothing. */
static Translation leaf_translation(const Machine *m, const TwIommu *from,
                                    unsigned level, unsigned lg, uint64_t entry,
                                    uint64_t offset)
{
    const TwLayout *layout = tw_layout(from->pagetable.format);
    uint64_t address = (entry & layout->address) << layout->shift;
    uint64_t ragged = address & low_mask(lg);
    Translation what = {
        .lg = (uint8_t)lg, .why = TW_REASON_RIGHTS, .level = (uint8_t)level};

    if (level > 1) {
        ragged &= ~layout->low_free;
    }
    if (lg == 0 || !(layout->leaf_levels >> level & 1) ||
        (level == 1 && !matches(entry, layout->last)) ||
        (layout->wrong.mask != 0 && matches(entry, layout->wrong)) ||
        ((entry & layout->reserved_leaf) != 0 &&
         !TW_BUG(m, LEAF_RESERVED_IGNORED)) ||
        (layout->aligned && ragged != 0)) {
        return no_translation(m, TW_REASON_RESERVED, level);
    }
    what.perm = from->pagetable.updates_ad
                    ? marked_leaf_rights(m, layout, entry)
                    : (matches(entry, layout->read) ? TW_R : 0) |
                          (matches(entry, layout->write) ? TW_W : 0);
    what.addr = (address & ~low_mask(lg)) | (offset & low_mask(lg));
    return what;
}

/* A walk on its way. */
typedef struct TableWalk {
    Machine *m;
    const TwIommu *from;
    const TwLayout *layout;
    uint8_t id, domain;
    bool keeps; /* pointers to tables */
    unsigned level;
    uint64_t table;
    uint8_t perm;     /* so far */
    uint8_t denied;   /* level of the first table that took away a right which
                       * the access needs; 0: none did, or it does not count */
    UsedEntries used; /* where walks set A and D */
} TableWalk;

static unsigned table_lg(const TwIommu *from, unsigned level)
{
    return from->granule_lg + level * (from->granule_lg - 3u);
}

/* Begins at the lowest table to which there is a pointer. */
static void walk_from_pointer(TableWalk *w, uint64_t offset)
{
    Machine *m = w->m;

    for (unsigned level = 1; level < w->level; level++) {
        const IotlbPointer *pointer = iotlb_pointer(
            w->m, w->id, w->domain, level, table_lg(w->from, level), offset);

        if (pointer != NULL) {
            w->level = level;
            w->table = pointer->table;
            w->perm =
                TW_BUG(m, POINTER_WITHOUT_RIGHTS) ? TW_R | TW_W : pointer->perm;
            return;
        }
    }
}

/* Goes on to the table that an entry leads to, or says why not (NONE: it does).
 */
static TwReasonKind walk_down(TableWalk *w, uint64_t entry, uint64_t offset)
{
    const TwLayout *layout = w->layout;
    Machine *m = w->m;
    unsigned next = w->level - 1;

    if (layout->next_shift != 0) {
        next = entry >> layout->next_shift & 7;
    }
    if (next == 0 || next >= w->level ||
        ((entry & layout->reserved_table) != 0 &&
         !TW_BUG(m, TABLE_RESERVED_IGNORED))) {
        return TW_REASON_RESERVED;
    }
    if ((offset & low_mask(table_lg(w->from, w->level - 1))) >>
        table_lg(w->from, next)) {
        return TW_REASON_RANGE;
    }
    w->perm &= (matches(entry, layout->table_read) ? TW_R : 0) |
               (matches(entry, layout->table_write) ? TW_W : 0);
    w->denied = zoo_denied_at(m, w->denied, w->perm, w->level);
    w->table = ((entry & layout->address) << layout->shift) &
               ~low_mask(w->from->granule_lg);
    w->level = next;
    if (w->keeps) {
        IotlbPointer pointer = {.first = offset,
                                .table = w->table,
                                .level = (uint8_t)next,
                                .perm = w->perm,
                                .domain = w->domain};

        if (w->from->pagetable.updates_ad) {
            w->used.list[w->used.n - 1].next = pointer; /* until A is set */
        } else {
            iotlb_insert_pointer(w->m, w->id, pointer);
        }
    }
    return TW_REASON_NONE;
}

/* Notes an entry that the walk uses, if that sets A in it. */
static void walk_use(TableWalk *w, uint64_t at, uint64_t entry, bool leaf)
{
    if (w->from->pagetable.updates_ad) {
        w->used.list[w->used.n++] =
            (UsedEntry){.at = at - w->from->pagetable.base,
                        .value = entry,
                        .level = (uint8_t)w->level,
                        .leaf = leaf};
    }
}

static Translation walk_tables_from(TableWalk *w, uint64_t offset)
{
    Machine *m = w->m;
    unsigned stride = w->from->granule_lg - 3u,
             lg = table_lg(w->from, w->level);
    uint64_t entry;

    if (lg < 64 && offset >> lg != 0 && !TW_BUG(m, HIGH_BITS_IGNORED)) {
        return no_translation(
            m, TW_BUG(m, RANGE_IS_ABSENT) ? TW_REASON_ABSENT : TW_REASON_RANGE,
            0);
    }
    if (w->keeps) {
        walk_from_pointer(w, offset);
    }
    for (;;) {
        unsigned level = w->level;
        TwReasonKind why;
        uint64_t at;

        lg = table_lg(w->from, w->level - 1);
        at = w->table + (offset >> lg & low_mask(stride)) * 8;
        if (!entry_load(m, w->id, w->domain, w->level, at, &entry)) {
            return no_translation(m, TW_REASON_UNREADABLE, level);
        }
        if (!entry_present(m, w->layout, level, entry)) {
            return no_translation(m, TW_REASON_ABSENT, level);
        }
        if (entry_too_wide(m, w->from, entry)) {
            return no_translation(m, TW_REASON_RESERVED, level);
        }
        TELL(m, "table", "i%u level %u at 0x%" PRIx64 ": 0x%016" PRIx64, w->id,
             w->level, at, entry);
        if (entry_is_leaf(w->layout, w->level, entry)) {
            Translation what =
                leaf_translation(m, w->from, level,
                                 leaf_lg(m, w->from, lg, entry), entry, offset);

            walk_use(w, at, entry, true);
            what.upper = what.perm & (uint8_t)~w->perm;
            what.perm &=
                TW_BUG(m, UPPER_RIGHTS_IGNORED) ? TW_R | TW_W : w->perm;
            what.space = w->from->bypass_space;
            return what;
        }
        walk_use(w, at, entry, false);
        why = walk_down(w, entry, offset);
        if (why != TW_REASON_NONE) {
            return no_translation(m, why, level);
        }
    }
}

static Translation walk_tables(TableWalk *w, uint64_t offset)
{
    Translation what = walk_tables_from(w, offset);

    zoo_deny_early(w->m, w->denied, &what);
    if (w->used.n > 0) {
        what.lacks = marks_settle(w->m, w->id, w->layout, &w->used, what.perm);
        marks_keep_pointers(w->m, w->id, w->layout, &w->used);
    }
    return what;
}

/* What a context says of an offset; `keeps`: pointers to tables are records. */
static Translation context_translation(Machine *m, uint8_t id,
                                       const Context *context, bool keeps,
                                       uint64_t offset)
{
    const TwIommu *from = &m->program->iommus[id];
    TableWalk w = {
        .m = m,
        .from = from,
        .layout = tw_layout(from->pagetable.format),
        .id = id,
        .domain = context->domain,
        .keeps = keeps,
        .level = from->pagetable.levels,
        .table = context->root,
        .perm = TW_R | TW_W,
    };

    switch (context->mode) {
    case TW_CONTEXT_TABLES:
        return walk_tables(&w, offset);
    case TW_CONTEXT_PASS:
        return (Translation){
            .addr = offset, .space = from->bypass_space, .perm = TW_R | TW_W};
    default:
        return no_translation(m,
                              context->mode == TW_CONTEXT_BLOCKED
                                  ? TW_REASON_BLOCKED
                                  : TW_REASON_NO_CONTEXT,
                              0);
    }
}

/* The context of an index: the one kept, or that of now, which is then kept if
 * there is one. */
static Context iotlb_context(Machine *m, uint8_t id, uint8_t index)
{
    Iommu *iommu = &m->iommus[id];
    Context *kept =
        &iommu->iotlb.contexts[TW_BUG(m, CONTEXTS_IGNORE_INDEX) ? 0 : index];
    uint8_t bit =
        (uint8_t)(1u << (TW_BUG(m, CONTEXTS_IGNORE_INDEX) ? 0 : index));

    if (iommu->iotlb.kept & bit) {
        count(m, TW_COUNT_CONTEXT);
        return *kept;
    }
    if (iommu->contexts[index].mode != TW_CONTEXT_NONE ||
        iotlb_keeps_absence(m) || TW_BUG(m, NO_CONTEXT_IS_KEPT)) {
        iommu->iotlb.kept |= bit;
        *kept = iommu->contexts[index];
    }
    return iommu->contexts[index];
}

static Translation pagetable_translate(Machine *m, uint8_t id, uint8_t index,
                                       uint64_t offset)
{
    const Iommu *iommu = &m->iommus[id];
    Context context =
        iommu->has_iotlb ? iotlb_context(m, id, index) : iommu->contexts[index];
    const IotlbRecord *record = NULL;
    Translation what;

    if (iommu->has_iotlb && context.mode == TW_CONTEXT_TABLES) {
        record = iotlb_find(m, id, context.domain, offset);
    }
    if (record != NULL && marks_serve(m, record->what.lacks)) {
        what = iotlb_answer(m, id, record, offset);
        what.lacks &= (uint8_t)~m->marking; /* nothing, but for the bug */
        return what;
    }
    if (record != NULL) {
        count(m, TW_COUNT_UNMARKED);
    }
    what = context_translation(m, id, &context, iommu->has_iotlb, offset);
    if (iommu->has_iotlb && context.mode == TW_CONTEXT_TABLES) {
        iotlb_insert(m, id, context.domain, offset, what);
    }
    if (what.perm == 0) {
        TELL(m, "translate", "i%u.%u 0x%" PRIx64 ": no entry", id, index,
             offset);
    } else {
        TELL(m, "translate", "i%u.%u 0x%" PRIx64 " -> s%u 0x%" PRIx64 " %s", id,
             index, offset, what.space, what.addr, rights_name(what.perm));
    }
    return what;
}

/* Is the command about index k (LA-37)? */
static bool command_means(const Iommu *iommu, const TwOp *op, uint8_t k)
{
    const Context *context = &iommu->contexts[k];

    switch (op->scope) {
    case TW_SCOPE_CONTEXT:
        return op->whose % iommu->indexes == k;
    case TW_SCOPE_DOMAIN:
    case TW_SCOPE_RANGE:
    case TW_SCOPE_LEAF:
        return context->mode <= TW_CONTEXT_PASS && context->domain == op->whose;
    default:
        return true;
    }
}

static void pagetable_invalidate(Machine *m, const TwOp *op, uint8_t actor)
{
    const Iommu *iommu = &m->iommus[op->obj];
    bool range = op->scope == TW_SCOPE_RANGE || op->scope == TW_SCOPE_LEAF ||
                 op->scope == TW_SCOPE_ANY_RANGE ||
                 op->scope == TW_SCOPE_ANY_LEAF;

    if (range && op->addr > op->last) {
        return;
    }
    iotlb_command(m, op); /* before anybody is told (NT-13) */
    if (zoo_tells_nobody(m, op)) {
        return;
    }
    if (op->scope == TW_SCOPE_GLOBAL || op->scope == TW_SCOPE_CONTEXTS) {
        iommu_notify_all(m, op->obj, actor);
        return;
    }
    for (unsigned k = 0; k < iommu->indexes; k++) {
        if (command_means(iommu, op, (uint8_t)k)) {
            iommu_notify_unmap(m, op->obj, (uint8_t)k, range ? op->addr : 0,
                               range ? op->last : UINT64_MAX, actor);
        }
    }
}

/* context, invalidate (LA-35, LA-37) */
static void pagetable_perform(Machine *m, const TwOp *op, uint8_t actor)
{
    Iommu *iommu = &m->iommus[op->obj];
    unsigned index = op->requester % iommu->indexes;

    if (op->code == TW_OP_INVALIDATE) {
        pagetable_invalidate(m, op, actor);
        return;
    }
    iommu->contexts[index] =
        (Context){.root = op->out, .mode = op->mode, .domain = op->domain};
    note_silent(m, false, op->obj, (uint8_t)index, 0, UINT64_MAX);
}

static void pagetable_reset(Machine *m, uint8_t id)
{
    for (unsigned k = 0; k < TW_MAX_IOMMU_INDEXES; k++) {
        m->iommus[id].contexts[k] = (Context){.mode = TW_CONTEXT_NONE};
    }
}

static void pagetable_find_map(Machine *m, uint8_t id, uint8_t index,
                               Event *event)
{
    Translation what = {.perm = 0};

    if (!m->program->iommus[id].pagetable.nested) { /* LA-53 */
        what = context_translation(m, id, &m->iommus[id].contexts[index], false,
                                   event->first);
    }
    if (what.perm != 0) {
        event->perm = what.perm;
        event->space = what.space;
        event->out = what.addr;
    }
}

/* It has no replay (LA-48). */
static bool pagetable_next_map(const Machine *m, uint8_t id, uint8_t index,
                               unsigned *at, Event *event)
{
    (void)m;
    (void)id;
    (void)index;
    (void)at;
    (void)event;
    return false;
}

static void pagetable_save(const Machine *m, uint8_t id, Snapshot *to)
{
    memcpy(to->contexts[id], m->iommus[id].contexts, sizeof(to->contexts[id]));
}

static void pagetable_load(Machine *m, uint8_t id, const Snapshot *from)
{
    memcpy(m->iommus[id].contexts, from->contexts[id],
           sizeof(from->contexts[id]));
}

static const IommuKind iommu_pagetable = {
    .translate = pagetable_translate,
    .perform = pagetable_perform,
    .reset = pagetable_reset,
    .find_map = pagetable_find_map,
    .next_map = pagetable_next_map,
    .save = pagetable_save,
    .load = pagetable_load,
};
