/* SPDX-License-Identifier: MIT */
/*
 * A and D bits that walks set in page tables (LA-55).  A walk for an access
 * (m->marking) sets them as soon as it has found that the leaf grants the
 * access.  What it finds for other rights, or for nobody, says for which rights
 * bits are not set: whoever keeps it does not answer accesses that need them
 * (FR-13).
 */
#include "targets/softmmu/internal.h"

#include "program/layout.h"

/* An entry that a walk has used, and the pointer to the table that it leads
 * to. */
typedef struct UsedEntry {
    uint64_t at, value;
    uint8_t level;
    bool leaf;
    IotlbPointer next;
} UsedEntry;

typedef struct UsedEntries {
    unsigned n;
    UsedEntry list[TW_MAX_LEVELS];
} UsedEntries;

static inline bool mark_is_set(TwBits mark, uint64_t entry)
{
    return (entry & mark.mask) == mark.value;
}

static uint64_t mark_set(TwBits mark, uint64_t entry)
{
    return (entry & ~mark.mask) | mark.value;
}

static bool has_accessed(const TwLayout *layout, const UsedEntry *entry)
{
    return entry->leaf || layout->marks.tables;
}

/* The rights of an access as those that IOMMUs grant. */
static uint8_t marking_rights(uint8_t need)
{
    return (need & (TW_R | TW_X) ? TW_R : 0) | (need & TW_W);
}

/* What a leaf grants where walks set A and D. */
static uint8_t marked_leaf_rights(const Machine *m, const TwLayout *layout,
                                  uint64_t entry)
{
    const TwMarks *marks = &layout->marks;
    bool clean = marks->write_clean.mask != 0 &&
                 mark_is_set(marks->write_clean, entry) &&
                 !TW_BUG(m, CLEAN_LEAF_REFUSES);

    return (mark_is_set(marks->read, entry) ? TW_R : 0) |
           (mark_is_set(marks->write, entry) || clean ? TW_W : 0);
}

static uint8_t mark_block(const Machine *m, uint8_t id)
{
    return m->program->regions[m->program->iommus[id].pagetable.tables].block;
}

/* The entry as it is now: an upper one that led to itself has just changed. */
static uint64_t mark_load(Machine *m, uint8_t id, uint64_t at)
{
    return ram_read(&m->ram, mark_block(m, id), at, 8);
}

/* Stores an entry of the tables of an IOMMU, and says so. */
static void mark_store(Machine *m, uint8_t id, const UsedEntry *entry)
{
    uint64_t at = entry->at ^ (TW_BUG(m, MARK_IN_NEIGHBOUR) ? 8 : 0);
    TwMark mark = {.op = m->op,
                   .started = m->started,
                   .iommu = id,
                   .level = entry->level,
                   .at = at,
                   .value = entry->value};

    if (!tw_trace_add_mark(m->trace, mark)) {
        return;
    }
    count(m, TW_COUNT_MARK);
    TELL(m, "mark", "i%u level %u at 0x%" PRIx64 ": 0x%016" PRIx64 " (LA-55)",
         id, entry->level, at, entry->value);
    table_store(m, mark_block(m, id), at, 8, entry->value);
}

/* The bits of an entry that an access with these rights sets. */
static uint64_t marked_value(Machine *m, const TwLayout *layout,
                             const UsedEntry *entry, uint8_t rights)
{
    const TwMarks *marks = &layout->marks;
    uint64_t value = entry->value;

    if (has_accessed(layout, entry) &&
        !(entry->leaf ? TW_BUG(m, LEAF_NOT_ACCESSED)
                      : TW_BUG(m, UPPER_NOT_ACCESSED))) {
        value = mark_set(marks->accessed, value);
    }
    if (entry->leaf && (rights & TW_W || TW_BUG(m, LOAD_SETS_DIRTY))) {
        value = mark_set(marks->dirty, value);
    }
    return value;
}

/* At the end of a walk that has used these entries, and has found the rights
 * `perm`: sets what the access needs.  Returns the rights for which something
 * is not set. */
static uint8_t marks_settle(Machine *m, uint8_t id, const TwLayout *layout,
                            UsedEntries *used, uint8_t perm)
{
    bool granted = m->marking != 0 &&
                   (!(m->marking & ~perm) || TW_BUG(m, REFUSED_WALK_MARKS));
    uint8_t lacks = 0;

    for (unsigned i = 0; i < used->n; i++) {
        UsedEntry *entry = &used->list[i];
        uint64_t value = mark_load(m, id, entry->at);

        entry->value = value;
        if (granted) {
            entry->value = marked_value(m, layout, entry, m->marking);
        }
        if (entry->value != value) {
            mark_store(m, id, entry);
        }
        if (has_accessed(layout, entry) &&
            !mark_is_set(layout->marks.accessed, entry->value)) {
            lacks = TW_R | TW_W;
        }
        if (entry->leaf && !mark_is_set(layout->marks.dirty, entry->value)) {
            lacks |= TW_W;
        }
    }
    /* A bug that sets nothing goes on as if it had. */
    return granted ? lacks & (uint8_t)~m->marking : lacks;
}

/* Keeps the pointers to tables that a walk went down, as far as A is set in all
 * entries on the way. */
static void marks_keep_pointers(Machine *m, uint8_t id, const TwLayout *layout,
                                const UsedEntries *used)
{
    for (unsigned i = 0; i < used->n && !used->list[i].leaf; i++) {
        const UsedEntry *entry = &used->list[i];

        if (has_accessed(layout, entry) &&
            !mark_is_set(layout->marks.accessed, entry->value) &&
            !TW_BUG(m, POINTER_NOT_ACCESSED)) {
            break;
        }
        if (entry->next.level != 0) {
            iotlb_insert_pointer(m, id, entry->next);
        }
    }
}

/* May something that was kept, and lacks A or D for these rights, answer the
 * access at hand (FR-13)? */
static bool marks_serve(Machine *m, uint8_t lacks)
{
    return !(m->marking & lacks) || TW_BUG(m, DIRTY_NOT_SET_ON_HIT);
}
