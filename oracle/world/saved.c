/* SPDX-License-Identifier: MIT */
/*
 * Snapshot and restore (LA-40).  Saving copies the live graph and notes the
 * time: page maps and tables are never overwritten, so their state at that time
 * can still be read.  Restoring is a change like any other, at a tick of its
 * own; the state before it can still be read for older answers.
 *
 * oracle/memory/content.c saves the contents of RAM.
 */
#include "oracle/world/saved.h"

#include <string.h>

#include "oracle/world/iommu.h"
#include "oracle/world/page.h"

void tw_saved_save(TwWorld *world)
{
    TwSaved *saved = &world->saved;
    unsigned n = world->program->n_regions;

    saved->tick = world->now;
    memcpy(saved->nodes, world->nodes, n * sizeof(saved->nodes[0]));
    memcpy(saved->live, world->live, n * sizeof(saved->live[0]));
    memcpy(saved->root, world->root, sizeof(saved->root));
    memcpy(saved->mpcs, world->mpcs, sizeof(saved->mpcs));
    for (unsigned i = 0; i < world->program->n_iommus; i++) {
        saved->bypass[i] = world->switches[world->switch_head[i]].on;
    }
}

void tw_saved_restore(TwWorld *world, uint8_t actor, uint16_t number)
{
    const TwSaved *saved = &world->saved;
    unsigned n = world->program->n_regions;

    world->now++;
    world->commits++;
    memcpy(world->nodes, saved->nodes, n * sizeof(saved->nodes[0]));
    memcpy(world->live, saved->live, n * sizeof(saved->live[0]));
    memcpy(world->root, saved->root, sizeof(saved->root));
    tw_page_restore(world, number);
    tw_iommu_restore(world, number);
    tw_world_publish(world, number);
    tw_world_end(
        world,
        (TwEnding){.kind = TW_ENDING_RESTORE, .actor = actor, .op = number});
}
