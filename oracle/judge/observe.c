/* SPDX-License-Identifier: MIT */
/*
 * Observers of IOMMUs: the events of a replay (LA-48), and which observers may
 * be registered and unregistered (NT-2).  oracle/world/owed.c has the events
 * that each must get.
 */
#include "oracle/judge/observe.h"

#include <glib.h>

#include "oracle/world/owed.h"
#include "oracle/world/iommu.h"

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

    if (world->program->iommus[observer->iommu].kind == TW_IOMMU_PAGETABLE) {
        return; /* it has none (LA-48) */
    }
    tw_owed_replay(world, o, number);

    for (bool more = true; more; x = last + 1) {
        TwFound found = tw_iommu_find(world, observer->iommu, observer->index,
                                      x, TW_FOREVER);

        last = stretch(world, observer, x, observer->last);
        more = last != observer->last;
        if (run.kind && found.perm == run.perm && found.space == run.space &&
            found.out == run.out + (x - run.first)) {
            run.last = last;
            continue;
        }
        if (run.kind) {
            tw_owed_add(world, o, run, 0);
        }
        run.kind = found.perm ? TW_EVENT_MAP : 0;
        run.perm = found.perm;
        run.space = found.space;
        run.first = x;
        run.last = last;
        run.out = found.out;
    }
    if (run.kind) {
        tw_owed_add(world, o, run, 0);
    }
}

/* Coming and going -------------------------------------------------------- */

bool tw_observe_vetoed(const TwWorld *world, const TwOp *op)
{
    bool comes = op->code == TW_OP_OBSERVE;
    uint8_t iommu, before = 0, after = comes ? op->events : 0;

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
            .kinds = op->events,
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
