/* SPDX-License-Identifier: MIT */
/* The events that observers of IOMMUs must get; see owed.h. */
#include "oracle/world/owed.h"

void tw_owed_add(TwWorld *world, unsigned o, TwEventRecord event, uint64_t low)
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

void tw_owed_replay(TwWorld *world, unsigned o, uint16_t number)
{
    const TwObserver *observer = &world->observers[o];

    if (observer->kinds & TW_EVENT_UNMAP && world->n_owed < TW_MAX_OWED) {
        world->owed[world->n_owed++] = (TwOwed){.record = {
                                                    .op = number,
                                                    .observer = o,
                                                    .first = observer->first,
                                                    .last = observer->last,
                                                }};
    }
}

void tw_owed_tell(TwWorld *world, TwEventRecord event, uint8_t iommu,
                  uint8_t index)
{
    uint64_t low =
        ((uint64_t)1 << world->program->iommus[iommu].granule_lg) - 1;

    for (unsigned o = 0; o < TW_MAX_OBSERVERS; o++) {
        const TwObserver *observer = &world->observers[o];

        if (observer->live && observer->iommu == iommu &&
            observer->index == index) {
            /* What translates an unaligned address has no low bits to spare. */
            tw_owed_add(world, o, event,
                        event.first & low ? 0 : event.out & low);
        }
    }
}

void tw_owed_tell_all(TwWorld *world, uint8_t iommu, uint16_t number)
{
    for (unsigned k = 0; k < world->program->iommus[iommu].indexes; k++) {
        tw_owed_tell(world,
                     (TwEventRecord){.op = number,
                                     .kind = TW_EVENT_UNMAP,
                                     .space = TW_NONE,
                                     .region = TW_NONE,
                                     .first = 0,
                                     .last = UINT64_MAX},
                     iommu, k);
    }
}

void tw_owed_unmap(TwWorld *world, uint8_t iommu, uint8_t index, uint64_t first,
                   uint64_t last, uint8_t actor, uint16_t number)
{
    tw_world_end(world, (TwEnding){.kind = TW_ENDING_UNMAP,
                                   .actor = actor,
                                   .object = iommu,
                                   .index = index,
                                   .first = first,
                                   .last = last,
                                   .op = number});
    tw_owed_tell(world,
                 (TwEventRecord){.op = number,
                                 .kind = TW_EVENT_UNMAP,
                                 .space = TW_NONE,
                                 .region = TW_NONE,
                                 .first = first,
                                 .last = last},
                 iommu, index);
}
