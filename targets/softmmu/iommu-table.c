/* SPDX-License-Identifier: MIT */
/*
 * IOMMUs of kind `table`: an entry for each range of offsets and index.
 * Operations assign entries, remove them and change their rights (LA-12 to
 * LA-15).  A table changes before its notifiers are called (NT-13).
 */
#include "targets/softmmu/internal.h"

static Translation table_translate(Machine *m, uint8_t id, uint8_t index,
                                   uint64_t offset)
{
    const Iommu *iommu = &m->iommus[id];
    uint64_t low = low_mask(iommu->granule_lg);
    const Span *span = zoo_entry_for(m, &iommu->tables[index], offset,
                                     span_find(&iommu->tables[index], offset));
    uint64_t out;

    if (span == NULL) {
        TELL(m, "translate", "i%u.%u 0x%" PRIx64 ": no entry", id, index,
             offset);
        return (Translation){.perm = 0};
    }
    out = span->out + ((offset & ~low) - span->first);
    TELL(m, "translate", "i%u.%u 0x%" PRIx64 " -> s%u 0x%" PRIx64 " %s", id,
         index, offset, span->space, (out & ~low) | (offset & low),
         rights_name(span->perm));
    out = (TW_BUG(m, TRANSLATED_LOW_BITS_ADDED) ? out : out & ~low) +
          (offset & low);
    return (Translation){.addr = out, .space = span->space, .perm = span->perm};
}

/* map, unmap, protect: the table first, then who asked (LA-12, LA-15). */
static void table_perform(Machine *m, const TwOp *op, uint8_t actor)
{
    SpanMap *table = &m->iommus[op->obj].tables[op->index];
    uint8_t perm = op->perm & (TW_R | TW_W);
    bool map = op->code == TW_OP_MAP && perm != 0;
    bool had = span_any(table, op->addr, op->last);
    bool told = (had || TW_BUG(m, UNMAP_OF_NOTHING_TOLD)) &&
                !(map && TW_BUG(m, MAP_OVER_MAP_NO_UNMAP)) &&
                !(op->code == TW_OP_PROTECT && TW_BUG(m, PROTECT_UNTOLD)) &&
                !zoo_tells_early(m, op, had, actor);

    if (map) {
        span_assign(table, (Span){.first = op->addr,
                                  .last = op->last,
                                  .out = op->out,
                                  .space = op->other,
                                  .perm = perm});
    } else if (op->code == TW_OP_PROTECT && perm != 0) {
        span_protect(table, op->addr, op->last, perm);
    } else if (!zoo_spares_cut(m, table, op)) {
        span_remove(table, op->addr, op->last);
    }
    if (!(op->flags & TW_OPF_NOTIFIED)) {
        note_silent(m, false, op->obj, op->index, op->addr, op->last);
        return;
    }
    if (told) {
        iommu_notify_unmap(m, op->obj, op->index, op->addr, op->last, actor);
    }
    if (map) {
        Event event = {.kind = TW_EVENT_MAP,
                       .perm = perm,
                       .space = op->other,
                       .first = op->addr,
                       .last = op->last,
                       .out =
                           op->out & ~low_mask(m->iommus[op->obj].granule_lg)};
        iommu_notify(m, op->obj, op->index, &event, actor);
    }
}

static void table_reset(Machine *m, uint8_t id)
{
    for (unsigned k = 0; k < TW_MAX_IOMMU_INDEXES; k++) {
        m->iommus[id].tables[k].n = 0;
    }
}

/* The entry at event->first, which is an address that `notify` names. */
static void table_find_map(Machine *m, uint8_t id, uint8_t index, Event *event)
{
    const Iommu *iommu = &m->iommus[id];
    uint64_t low = low_mask(iommu->granule_lg), at = event->first;
    const Span *span = span_find(&iommu->tables[index], at);

    if (span != NULL) {
        event->perm = span->perm;
        event->space = span->space;
        event->out =
            ((span->out + ((at & ~low) - span->first)) & ~low) | (at & low);
    }
}

/* A maximal run of granules whose entries continue each other. */
static bool table_next_map(const Machine *m, uint8_t id, uint8_t index,
                           unsigned *at, Event *event)
{
    const Iommu *iommu = &m->iommus[id];
    const SpanMap *table = &iommu->tables[index];
    uint64_t low = low_mask(iommu->granule_lg);
    const Span *span = &table->spans[*at];

    if (*at == table->n) {
        return false;
    }
    *event = (Event){.kind = TW_EVENT_MAP,
                     .perm = span->perm,
                     .space = span->space,
                     .first = span->first,
                     .last = span->last,
                     .out = span->out & ~low};
    for (++*at; *at < table->n; ++*at) {
        const Span *next = &table->spans[*at];
        if (next->first - 1 != event->last || next->perm != event->perm ||
            next->space != event->space ||
            (next->out & ~low) != event->out + (next->first - event->first)) {
            break;
        }
        event->last = next->last;
    }
    return true;
}

static void table_save(const Machine *m, uint8_t id, Snapshot *to)
{
    for (unsigned k = 0; k < m->iommus[id].indexes; k++) {
        span_copy(&to->tables[id][k], &m->iommus[id].tables[k]);
    }
}

static void table_load(Machine *m, uint8_t id, const Snapshot *from)
{
    for (unsigned k = 0; k < m->iommus[id].indexes; k++) {
        span_copy(&m->iommus[id].tables[k], &from->tables[id][k]);
    }
}

static const IommuKind iommu_table = {
    .translate = table_translate,
    .perform = table_perform,
    .reset = table_reset,
    .find_map = table_find_map,
    .next_map = table_next_map,
    .save = table_save,
    .load = table_load,
};
