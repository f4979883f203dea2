/* SPDX-License-Identifier: MIT */
/*
 * Observers of IOMMUs: what each must get of events (LA-18), what a replay
 * sends (LA-48), and who may come and go (NT-2).
 */
#include "oracle/judge/internal.h"

#include <glib.h>

/* Notes that observer o must get the event, if it asks for such (NT-5, NT-7).
 * `low`: bits of the output that do not matter. */
static void owe(TwWorld *world, unsigned o, TwEventRecord event, uint64_t low)
{
    const TwObserver *observer = &world->observers[o];
    TwOwed *owed = &world->owed[world->n_owed];

    if (!(observer->kinds & event.kind) || event.last < observer->first ||
        event.first > observer->last || world->n_owed == TW_MAX_OWED) {
        return;
    }
    owed->record = event;
    owed->record.observer = o;
    owed->low = low;
    if (event.first < observer->first) {
        owed->record.first = observer->first;
        owed->record.out += observer->first - event.first;
    }
    if (event.last > observer->last) {
        owed->record.last = observer->last;
    }
    world->n_owed++;
}

void tw_observe_tell(TwWorld *world, TwEventRecord event, uint8_t iommu,
                     uint8_t index)
{
    uint64_t low =
        ((uint64_t)1 << world->program->iommus[iommu].granule_lg) - 1;

    for (unsigned o = 0; o < TW_MAX_OBSERVERS; o++) {
        const TwObserver *observer = &world->observers[o];

        if (observer->live && observer->iommu == iommu &&
            observer->index == index) {
            /* What translates an unaligned address has no low bits to spare. */
            owe(world, o, event, event.first & low ? 0 : event.out & low);
        }
    }
}

/* Replay ------------------------------------------------------------------ */

/* The last offset from x to `last` up to which nothing begins or ends in the
 * table: there it says everywhere the same. */
static uint64_t stretch(const TwWorld *world, const TwObserver *observer,
                        uint64_t x, uint64_t last)
{
    int32_t i = world->table_head[observer->iommu][observer->index];

    for (; i != TW_NIL; i = world->tables[i].older) {
        const TwTableEntry *entry = &world->tables[i];

        if (entry->first > x && entry->first - 1 < last) {
            last = entry->first - 1;
        }
        if (entry->last >= x && entry->last < last) {
            last = entry->last;
        }
    }
    return last;
}

/* Each maximal run of granules whose entries go on (LA-48). */
static void replay(TwWorld *world, uint8_t o, uint16_t number)
{
    const TwObserver *observer = &world->observers[o];
    TwEventRecord run = {.op = number, .region = TW_NONE};
    uint64_t x = observer->first, last = 0;

    for (bool more = true; more; x = last + 1) {
        TwFound found = tw_table_find(world, observer->iommu, observer->index,
                                      x, TW_FOREVER);

        last = stretch(world, observer, x, observer->last);
        more = last != observer->last;
        if (run.kind && found.perm == run.perm && found.space == run.space &&
            found.out == run.out + (x - run.first)) {
            run.last = last;
            continue;
        }
        if (run.kind) {
            owe(world, o, run, 0);
        }
        run.kind = found.perm ? TW_EVENT_MAP : 0;
        run.perm = found.perm;
        run.space = found.space;
        run.first = x;
        run.last = last;
        run.out = found.out;
    }
    if (run.kind) {
        owe(world, o, run, 0);
    }
}

/* Coming and going -------------------------------------------------------- */

bool tw_observe_vetoed(const TwWorld *world, const TwOp *op)
{
    bool comes = op->code == TW_OP_OBSERVE;
    uint8_t iommu, before = 0, after = comes ? op->kinds : 0;

    if (!comes && op->code != TW_OP_UNOBSERVE) {
        return false;
    }
    iommu = comes ? op->other : world->observers[op->obj].iommu;
    for (unsigned o = 0; o < TW_MAX_OBSERVERS; o++) {
        const TwObserver *observer = &world->observers[o];

        if (observer->live && observer->iommu == iommu) {
            before |= observer->kinds;
            after |= comes || o != op->obj ? observer->kinds : 0;
        }
    }
    return world->vetoes >> iommu & 1 && before != after;
}

void tw_observe_perform(TwWorld *world, const TwOp *op, uint16_t number)
{
    switch (op->code) {
    case TW_OP_OBSERVE:
        world->observers[op->obj] = (TwObserver){
            .live = true,
            .iommu = op->other,
            .index = op->index,
            .kinds = op->kinds,
            .first = op->addr,
            .last = op->last,
        };
        break;
    case TW_OP_UNOBSERVE:
        world->observers[op->obj].live = false;
        break;
    case TW_OP_VETO:
        world->vetoes &= ~(1u << op->obj);
        world->vetoes |= op->flags & TW_OPF_ON ? 1u << op->obj : 0;
        break;
    case TW_OP_REPLAY:
        replay(world, op->obj, number);
        break;
    default:
        g_assert_not_reached();
    }
}
