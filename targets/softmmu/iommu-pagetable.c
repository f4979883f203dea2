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

/* The entry at `offset` of the tables; false: it is not in their region. */
static bool entry_load(Machine *m, const TwIommu *from, uint64_t offset,
                       uint64_t *entry)
{
    const TwRegion *tables = &m->program->regions[from->pagetable.tables];

    if (offset + 8 < 8 || offset + 8 > tables->size) {
        return false;
    }
    *entry = ram_read(&m->ram, tables->block, offset, 8);
    return true;
}

static bool entry_present(const TwLayout *layout, uint64_t entry)
{
    return matches(entry, layout->present) &&
           (layout->present_some == 0 || entry & layout->present_some);
}

static bool entry_is_leaf(const TwLayout *layout, unsigned level,
                          uint64_t entry)
{
    if (level == 1 && !layout->last_by_bits) {
        return true;
    }
    return layout->leaf_some != 0 ? (entry & layout->leaf_some) != 0
                                  : !(entry & layout->leaf_none);
}

/* What a leaf for 2^lg bytes says; rights 0: nothing. */
static Translation leaf_translation(const TwLayout *layout, unsigned level,
                                    unsigned lg, uint64_t entry,
                                    uint64_t offset)
{
    uint64_t address = (entry & layout->address) << layout->shift;
    uint64_t ragged = address & low_mask(lg);
    Translation what = {.lg = (uint8_t)lg};

    if (level > 1) {
        ragged &= ~layout->low_free;
    }
    if (!(layout->leaf_levels >> level & 1) ||
        (level == 1 && !matches(entry, layout->last)) ||
        (layout->wrong.mask != 0 && matches(entry, layout->wrong)) ||
        (entry & layout->reserved_leaf) != 0 ||
        (layout->aligned && ragged != 0)) {
        return (Translation){.perm = 0};
    }
    what.perm = (matches(entry, layout->read) ? TW_R : 0) |
                (matches(entry, layout->write) ? TW_W : 0);
    what.addr = (address & ~low_mask(lg)) | (offset & low_mask(lg));
    return what;
}

static Translation pagetable_walk(Machine *m, uint8_t id, uint8_t index,
                                  uint64_t offset)
{
    const TwIommu *from = &m->program->iommus[id];
    const TwLayout *layout = tw_layout(from->pagetable.format);
    unsigned stride = from->granule_lg - 3u, level = from->pagetable.levels;
    unsigned lg = from->granule_lg + level * stride;
    uint64_t table = m->iommus[id].roots[index], entry;
    uint8_t perm = TW_R | TW_W;

    if (table == UINT64_MAX || (lg < 64 && offset >> lg != 0)) {
        return (Translation){.perm = 0};
    }
    while (level > 0) {
        unsigned next = level - 1;
        uint64_t number;

        lg = from->granule_lg + (level - 1) * stride;
        number = offset >> lg & low_mask(stride);
        if (!entry_load(m, from, table + number * 8, &entry) ||
            !entry_present(layout, entry)) {
            break;
        }
        TELL(m, "table", "i%u.%u level %u at 0x%" PRIx64 ": 0x%016" PRIx64, id,
             index, level, table + number * 8, entry);
        if (entry_is_leaf(layout, level, entry)) {
            Translation what =
                leaf_translation(layout, level, lg, entry, offset);

            what.upper = what.perm & (uint8_t)~perm;
            what.perm &= TW_BUG(m, UPPER_RIGHTS_IGNORED) ? TW_R | TW_W : perm;
            what.space = from->bypass_space;
            return what;
        }
        if (layout->next_shift != 0) {
            next = entry >> layout->next_shift & 7;
        }
        if (next == 0 || next >= level ||
            ((entry & layout->reserved_table) != 0 &&
             !TW_BUG(m, TABLE_RESERVED_IGNORED)) ||
            (offset & low_mask(lg)) >> (from->granule_lg + next * stride)) {
            break;
        }
        perm &= (matches(entry, layout->table_read) ? TW_R : 0) |
                (matches(entry, layout->table_write) ? TW_W : 0);
        table = ((entry & layout->address) << layout->shift) &
                ~low_mask(from->granule_lg);
        level = next;
    }
    return (Translation){.perm = 0};
}

static Translation pagetable_translate(Machine *m, uint8_t id, uint8_t index,
                                       uint64_t offset)
{
    Translation what = pagetable_walk(m, id, index, offset);

    if (what.perm == 0) {
        TELL(m, "translate", "i%u.%u 0x%" PRIx64 ": no entry", id, index,
             offset);
    } else {
        TELL(m, "translate", "i%u.%u 0x%" PRIx64 " -> s%u 0x%" PRIx64 " %s", id,
             index, offset, what.space, what.addr, rights_name(what.perm));
    }
    return what;
}

/* context, invalidate (LA-35, LA-37) */
static void pagetable_perform(Machine *m, const TwOp *op, uint8_t actor)
{
    Iommu *iommu = &m->iommus[op->obj];
    uint8_t index = (uint8_t)(op->domain % iommu->indexes);

    if (op->code == TW_OP_CONTEXT) {
        iommu->roots[op->requester % iommu->indexes] = op->out;
        note_silent(m, false, op->obj, op->requester % iommu->indexes, 0,
                    UINT64_MAX);
    } else if (op->scope == TW_SCOPE_GLOBAL) {
        iommu_notify_all(m, op->obj, actor);
    } else if (op->scope != TW_SCOPE_RANGE) {
        iommu_notify_unmap(m, op->obj, index, 0, UINT64_MAX, actor);
    } else if (op->addr <= op->last) {
        iommu_notify_unmap(m, op->obj, index, op->addr, op->last, actor);
    }
}

static void pagetable_reset(Machine *m, uint8_t id)
{
    for (unsigned k = 0; k < TW_MAX_IOMMU_INDEXES; k++) {
        m->iommus[id].roots[k] = UINT64_MAX;
    }
}

static void pagetable_find_map(Machine *m, uint8_t id, uint8_t index,
                               Event *event)
{
    Translation what = pagetable_walk(m, id, index, event->first);

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
    memcpy(to->roots[id], m->iommus[id].roots, sizeof(to->roots[id]));
}

static void pagetable_load(Machine *m, uint8_t id, const Snapshot *from)
{
    memcpy(m->iommus[id].roots, from->roots[id], sizeof(from->roots[id]));
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
