/* SPDX-License-Identifier: MIT */
/*
 * IOMMUs of the kind `table`: lists of assignments, newest first, that only
 * ever grow.  To read a list as at time t, assignments newer than t are
 * skipped. An unmap is an assignment of nothing, so older entries never come
 * back (LA-12).
 */
#include "oracle/world/iommu-kind.h"

static TwFound find(const TwWorld *world, uint8_t iommu, uint8_t index,
                    uint64_t x, const TwParts *parts,
                    const TwTableReader *reader)
{
    uint32_t t = parts->entry;
    uint64_t mask =
        ((uint64_t)1 << world->program->iommus[iommu].granule_lg) - 1;
    TwFound found = {.since = 0,
                     .op = TW_NO_OP,
                     .space = TW_NONE,
                     .entry = true,
                     .denial = TW_REASON_ABSENT};
    const TwTableEntry *rights = NULL; /* the newest `protect` on the way */
    int32_t i = world->table_head[iommu][index];

    (void)reader; /* it has no tables in RAM */
    for (; i != TW_NIL; i = world->tables[i].older) {
        const TwTableEntry *entry = &world->tables[i];

        if (entry->tick > t || x < entry->first || x > entry->last) {
            continue;
        }
        if (entry->what == TW_ASSIGN_BACK) {
            /* Since when, the topology says that comes with it. */
            t = (uint32_t)entry->out;
            continue;
        }
        if (entry->what == TW_ASSIGN_RIGHTS) {
            rights = rights ? rights : entry;
            continue;
        }
        found.since = rights ? rights->tick : entry->tick;
        found.op = rights ? rights->op : entry->op;
        if (entry->what == TW_ASSIGN_ENTRY) {
            uint64_t granule = entry->out + ((x & ~mask) - entry->first);

            found.out = (granule & ~mask) | (x & mask);
            found.space = entry->space;
            found.blocked = entry->blocked;
            found.perm = rights ? rights->perm : entry->perm;
            found.denial = TW_REASON_RIGHTS;
        }
        return found;
    }
    return found;
}

static TwFound find_now(const TwWorld *world, uint8_t iommu, uint8_t index,
                        uint64_t x)
{
    TwParts parts = tw_parts_at(index, TW_FOREVER);

    return find(world, iommu, index, x, &parts, NULL);
}

/* Is any offset of first .. last mapped now?  Between the ends of assignments
 * the answer is everywhere the same, so only there it needs to be asked. */
static bool any_mapped(const TwWorld *world, uint8_t iommu, uint8_t index,
                       uint64_t first, uint64_t last)
{
    int32_t i = world->table_head[iommu][index];

    if (find_now(world, iommu, index, first).perm) {
        return true;
    }
    for (; i != TW_NIL; i = world->tables[i].older) {
        const TwTableEntry *entry = &world->tables[i];

        if (entry->first > first && entry->first <= last &&
            find_now(world, iommu, index, entry->first).perm) {
            return true;
        }
        if (entry->last >= first && entry->last < last &&
            find_now(world, iommu, index, entry->last + 1).perm) {
            return true;
        }
    }
    return false;
}

void tw_iommu_assign(TwWorld *world, uint8_t iommu, uint8_t index,
                     TwTableEntry entry)
{
    int32_t *head = &world->table_head[iommu][index];

    entry.older = *head;
    world->tables[world->n_tables] = entry;
    *head = world->n_tables++;
}

/* map, unmap, protect */
static void change(TwWorld *world, const TwOp *op, uint16_t number,
                   uint32_t tick)
{
    TwTableEntry entry = {
        .first = op->addr,
        .last = op->last,
        .out = op->out,
        .tick = tick,
        .op = number,
        .what = TW_ASSIGN_NOTHING,
        .space = op->other,
        .perm = op->perm & (TW_R | TW_W),
    };

    if (op->code != TW_OP_UNMAP && entry.perm) {
        entry.what = op->code == TW_OP_MAP ? TW_ASSIGN_ENTRY : TW_ASSIGN_RIGHTS;
    }
    tw_iommu_assign(world, op->obj, op->index, entry);
}

void tw_iommu_empty(TwWorld *world, uint8_t iommu, uint16_t number,
                    uint32_t tick)
{
    for (unsigned k = 0; k < world->program->iommus[iommu].indexes; k++) {
        tw_iommu_assign(world, iommu, k,
                        (TwTableEntry){.first = 0,
                                       .last = UINT64_MAX,
                                       .tick = tick,
                                       .op = number,
                                       .what = TW_ASSIGN_NOTHING});
    }
}

static void restore_entries(TwWorld *world, uint8_t iommu, uint8_t index,
                            uint16_t number)
{
    int32_t head = world->table_head[iommu][index];
    const TwTableEntry *newest = &world->tables[head == TW_NIL ? 0 : head];
    uint32_t saved = world->saved.tick;

    if (head == TW_NIL || newest->tick <= saved ||
        (newest->what == TW_ASSIGN_BACK && newest->out == saved)) {
        return;
    }
    tw_iommu_assign(world, iommu, index,
                    (TwTableEntry){.last = UINT64_MAX,
                                   .out = saved,
                                   .tick = world->now,
                                   .op = number,
                                   .what = TW_ASSIGN_BACK});
}

void tw_iommu_restore_lists(TwWorld *world, uint8_t iommu, uint16_t number)
{
    for (unsigned k = 0; k < TW_MAX_IOMMU_INDEXES; k++) {
        restore_entries(world, iommu, k, number);
    }
}

const TwIommuClass tw_iommu_table = {
    .find = find,
    .any_mapped = any_mapped,
    .change = change,
    .empty = tw_iommu_empty,
    .restore = tw_iommu_restore_lists,
};
