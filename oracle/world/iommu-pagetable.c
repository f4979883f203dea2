/* SPDX-License-Identifier: MIT */
/*
 * IOMMUs of the kind `pagetable` (LA-35): tables in RAM, with the fields of a
 * layout.  A context of an index is an assignment of the whole range, as the
 * lists of `table` IOMMUs have them; its `out` is the root.
 */
#include "oracle/world/iommu-kind.h"
#include "program/layout.h"

static bool holds(TwBits bits, uint64_t entry)
{
    return (entry & bits.mask) == bits.value;
}

/* A walk at work. */
typedef struct Tables {
    const TwWorld *world;
    const TwIommu *iommu;
    const TwLayout *layout;
    const TwParts *parts;
    const TwTableReader *reader;
    uint64_t x;
    uint8_t domain;
    TwFound found;
} Tables;

TwContext tw_iommu_context(const TwWorld *world, uint8_t iommu, uint8_t index,
                           uint32_t t)
{
    int32_t i = world->table_head[iommu][index];
    TwContext context = {.op = TW_NO_OP, .mode = TW_CONTEXT_NONE};

    for (; i != TW_NIL; i = world->tables[i].older) {
        const TwTableEntry *entry = &world->tables[i];

        if (entry->tick > t) {
            continue;
        }
        if (entry->what == TW_ASSIGN_BACK) {
            t = (uint32_t)entry->out;
            continue;
        }
        context.since = entry->tick;
        context.op = entry->op;
        if (entry->what == TW_ASSIGN_ENTRY) {
            context.mode = entry->mode;
            context.domain = entry->domain;
            context.root = entry->out;
        }
        break;
    }
    return context;
}

static void note_since(TwFound *found, uint32_t since, uint16_t op)
{
    if (since > found->since) {
        found->since = since;
        found->op = op;
    }
}

static void see(const Tables *w, TwTableSeen seen)
{
    w->reader->seer->see(w->reader->seer->data, &seen);
}

/* The entry of that level at an address, as roots and entries say it (LA-35);
 * false: it cannot be read. */
static bool read_entry(Tables *w, uint64_t at, unsigned level, uint64_t *entry)
{
    uint32_t t = tw_parts_time(w->parts, level);
    const TwRam *ram = &w->world->ram;
    const TwRegion *tables;
    uint16_t op = TW_NO_OP;
    uint32_t since = 0;
    bool there;

    w->found.tables |= (uint8_t)(1u << level);
    if (w->iommu->pagetable.nested) {
        there = w->reader && w->reader->read(w->reader->data, at, level,
                                             w->domain, t, entry, &since, &op);
    } else {
        tables = &w->world->program->regions[w->iommu->pagetable.tables];
        there = at >= w->iommu->pagetable.base;
        at -= w->iommu->pagetable.base;
        there = there && tables->size >= 8 && at <= tables->size - 8;
        if (there) {
            *entry = ram->word(ram->data, tables->block, at, t,
                               w->iommu->pagetable.updates_ad
                                   ? (uint8_t)(w->iommu->pagetable.format + 1)
                                   : 0,
                               &since, &op);
        }
    }
    note_since(&w->found, since, op);
    if (w->reader && w->reader->seer) {
        see(w, (TwTableSeen){.level = (uint8_t)level,
                             .there = there,
                             .at = at,
                             .value = there ? *entry : 0,
                             .since = since,
                             .op = op,
                             .t = t});
    }
    return there;
}

/* Does its address say how large the leaf is? */
static bool is_sized(const TwLayout *layout, uint64_t entry)
{
    return layout->sized && (entry >> layout->next_shift & 7) == layout->sized;
}

/* Does the entry at that level end the walk? */
static bool is_leaf(const TwLayout *layout, unsigned level, uint64_t entry)
{
    if ((level == 1 && !layout->last_by_bits) || is_sized(layout, entry)) {
        return true;
    }
    return layout->leaf_some ? (entry & layout->leaf_some) != 0
                             : (entry & layout->leaf_none) == 0;
}

/* Of a leaf with that address, the logarithm of the size that it says, if it
 * may be at that level; otherwise 0.  Others have 2^lg bytes there. */
static unsigned said_size(const Tables *w, unsigned lg, uint64_t address)
{
    unsigned g = w->iommu->granule_lg, n = g;
    uint64_t all = w->layout->address << w->layout->shift;

    while (n < 64 && (address >> n & 1)) {
        n++;
    }
    return n < 64 && (all >> n & 1) && n + 1 > lg && n + 1 < lg + g - 3 ? n + 1
                                                                        : 0;
}

/* Is a leaf at that level, for 2^lg bytes, one that means something? */
static bool good_leaf(const TwLayout *layout, unsigned level, unsigned lg,
                      uint64_t entry, uint64_t address)
{
    return layout->leaf_levels >> level & 1 &&
           !(level == 1 && !holds(layout->last, entry)) &&
           !(layout->wrong.mask && holds(layout->wrong, entry)) &&
           !(entry & layout->reserved_leaf) &&
           !(layout->aligned && address & (((uint64_t)1 << lg) - 1) &
                                    ~(level > 1 ? layout->low_free : 0));
}

/* Does an entry say an address that the IOMMU cannot have (LA-63)? */
static bool is_beyond(const TwIommu *iommu, uint64_t address)
{
    return iommu->pagetable.output != 0 && address >> iommu->pagetable.output;
}

static void deny(Tables *w, TwReasonKind denial, unsigned level)
{
    w->found.denial = (uint8_t)denial;
    w->found.level = (uint8_t)level;
}

/* The rights that a leaf grants. */
static uint8_t leaf_rights(const Tables *w, uint64_t entry)
{
    const TwLayout *layout = w->layout;
    const TwMarks *marks = &layout->marks;

    if (!w->iommu->pagetable.updates_ad) {
        return (holds(layout->read, entry) ? TW_R : 0) |
               (holds(layout->write, entry) ? TW_W : 0);
    }
    return (holds(marks->read, entry) ? TW_R : 0) |
           (holds(marks->write, entry) || (marks->write_clean.mask &&
                                           holds(marks->write_clean, entry))
                ? TW_W
                : 0);
}

/* Notes which of A and D are not set in an entry that is used (LA-55), of that
 * level, at an offset of the tables' region. */
static void see_marks(Tables *w, uint64_t at, unsigned level, uint64_t entry,
                      bool leaf)
{
    const TwMarks *marks = &w->layout->marks;
    uint32_t t = tw_parts_time(w->parts, level);
    uint8_t unmarked = 0;

    if (!w->iommu->pagetable.updates_ad) {
        return;
    }
    if ((leaf || marks->tables) && !holds(marks->accessed, entry)) {
        unmarked = TW_R | TW_W;
    }
    if (leaf && !holds(marks->dirty, entry)) {
        unmarked |= TW_W;
    }
    w->found.unmarked |= unmarked;
    if (unmarked && t >= w->world->now) {
        w->found.to_mark =
            (w->found.to_mark + (uint32_t)(at >> 3) + 1 + (level << 28)) *
            0x9e3779b1u;
    }
}

/* The walk ends at the leaf at that offset, for 2^lg bytes, or 0: it says a
 * size that it cannot have.  The tables before it let `perm` through. */
static void end_at_leaf(Tables *w, uint64_t at, unsigned level, unsigned lg,
                        uint64_t entry, uint8_t perm)
{
    uint64_t address = (entry & w->layout->address) << w->layout->shift;
    uint64_t low = ((uint64_t)1 << lg) - 1;

    if (lg == 0 || !good_leaf(w->layout, level, lg, entry, address)) {
        deny(w, TW_REASON_RESERVED, level);
        return;
    }
    deny(w, TW_REASON_RIGHTS, level);
    perm &= leaf_rights(w, entry);
    if (!perm) {
        return; /* nothing */
    }
    see_marks(w, at, level, entry, true);
    w->found.perm = perm;
    w->found.space = w->iommu->bypass_space;
    w->found.out = (address & ~low) | (w->x & low);
    w->found.lg = (uint8_t)lg;
}

/* From the root of the tables to a leaf; the rights so far are `perm`.  What an
 * entry is counts before the rights of those above it (LA-60). */
static void walk_tables(Tables *w, uint64_t table)
{
    const TwLayout *layout = w->layout;
    unsigned g = w->iommu->granule_lg, per = g - 3;
    unsigned level = w->iommu->pagetable.levels, lg = g + level * per;
    uint8_t perm = TW_R | TW_W;

    if (lg < 64 && w->x >> lg) {
        deny(w, TW_REASON_RANGE, 0);
        return;
    }
    for (;;) {
        uint64_t entry, address, next = level - 1, at;

        lg = g + (level - 1) * per;
        at = table + 8 * (w->x >> lg & (((uint64_t)1 << per) - 1));
        if (!read_entry(w, at, level, &entry)) {
            deny(w, TW_REASON_UNREADABLE, level);
            return;
        }
        if (!holds(layout->present, entry) ||
            (layout->present_some && !(entry & layout->present_some))) {
            deny(w, TW_REASON_ABSENT, level);
            return;
        }
        address = (entry & layout->address) << layout->shift;
        if (is_beyond(w->iommu, address)) {
            deny(w, TW_REASON_RESERVED, level);
            return;
        }
        if (is_leaf(layout, level, entry)) {
            end_at_leaf(w, at, level,
                        is_sized(layout, entry) ? said_size(w, lg, address)
                                                : lg,
                        entry, perm);
            return;
        }
        if (layout->next_shift) {
            next = entry >> layout->next_shift & 7;
        }
        /* A table of a lower level; what is skipped of the offset is 0. */
        if (next == 0 || next >= level || entry & layout->reserved_table) {
            deny(w, TW_REASON_RESERVED, level);
            return;
        }
        if ((w->x & (((uint64_t)1 << lg) - 1)) >> (g + next * per)) {
            deny(w, TW_REASON_RANGE, level);
            return;
        }
        see_marks(w, at, level, entry, false);
        perm &= (holds(layout->table_read, entry) ? TW_R : 0) |
                (holds(layout->table_write, entry) ? TW_W : 0);
        table = address & ~(((uint64_t)1 << g) - 1);
        level = (unsigned)next;
    }
}

static void see_context(const Tables *w, TwContext context, uint8_t mode)
{
    if (w->reader && w->reader->seer) {
        see(w, (TwTableSeen){.mode = mode,
                             .domain = context.domain,
                             .value = context.root,
                             .since = context.since,
                             .op = context.op});
    }
}

static TwFound find(const TwWorld *world, uint8_t iommu, uint8_t index,
                    uint64_t x, const TwParts *parts,
                    const TwTableReader *reader)
{
    const TwIommu *what = &world->program->iommus[iommu];
    TwContext context = tw_iommu_context(world, iommu, index, parts->lookup);
    Tables w = {
        .world = world,
        .iommu = what,
        .layout = tw_layout(what->pagetable.format),
        .parts = parts,
        .reader = reader,
        .x = x,
        .found = {.since = context.since, .op = context.op, .space = TW_NONE},
    };

    if (context.mode == TW_CONTEXT_PASS) {
        w.found.space = what->bypass_space;
        w.found.out = x;
        w.found.perm = TW_R | TW_W;
    }
    if (context.mode == TW_CONTEXT_TABLES) {
        TwContext root =
            tw_iommu_context(world, iommu, parts->from, parts->root);

        w.domain = w.found.domain = root.domain;
        w.found.entry = true;
        note_since(&w.found, root.since, root.op);
        see_context(&w, root, context.mode);
        walk_tables(&w, root.root);
    } else {
        deny(&w,
             context.mode == TW_CONTEXT_BLOCKED ? TW_REASON_BLOCKED
                                                : TW_REASON_NO_CONTEXT,
             0);
        see_context(&w, context, context.mode);
    }
    return w.found;
}

/* Nothing changes it with an event of its own. */
static bool any_mapped(const TwWorld *world, uint8_t iommu, uint8_t index,
                       uint64_t first, uint64_t last)
{
    (void)world;
    (void)iommu;
    (void)index;
    (void)first;
    (void)last;
    return true;
}

/* context */
static void change(TwWorld *world, const TwOp *op, uint16_t number,
                   uint32_t tick)
{
    unsigned indexes = world->program->iommus[op->obj].indexes;

    tw_iommu_assign(world, op->obj, (uint8_t)(op->requester % indexes),
                    (TwTableEntry){.last = UINT64_MAX,
                                   .out = op->out,
                                   .tick = tick,
                                   .op = number,
                                   .what = TW_ASSIGN_ENTRY,
                                   .mode = op->mode,
                                   .domain = op->domain});
}

const TwIommuClass tw_iommu_pagetable = {
    .find = find,
    .any_mapped = any_mapped,
    .change = change,
    .empty = tw_iommu_empty,
    .restore = tw_iommu_restore_lists,
};
