/* SPDX-License-Identifier: MIT */
/*
 * Snapshot and restore (LA-40).  Saving copies the live graph and notes the
 * time: page maps and tables are never overwritten, so what they were then can
 * still be read.  Restoring is a change like any other, at a tick of its own;
 * what was before it stays known for older answers.
 *
 * What is in RAM is not here, but in content.c.
 */
#include "oracle/judge/internal.h"

#include <string.h>

static void save(TwWorld *world)
{
    TwSaved *saved = &world->saved;
    unsigned n = world->program->n_regions;

    saved->tick = world->now;
    memcpy(saved->nodes, world->nodes, n * sizeof(saved->nodes[0]));
    memcpy(saved->live, world->live, n * sizeof(saved->live[0]));
    memcpy(saved->root, world->root, sizeof(saved->root));
    for (unsigned i = 0; i < world->program->n_iommus; i++) {
        saved->bypass[i] = world->switches[world->switch_head[i]].on;
    }
}

/* All comes back at one tick; then it is told. */
static void restore(TwWorld *world, uint8_t actor, uint16_t number)
{
    const TwSaved *saved = &world->saved;
    unsigned n = world->program->n_regions;

    world->now++;
    world->commits++;
    memcpy(world->nodes, saved->nodes, n * sizeof(saved->nodes[0]));
    memcpy(world->live, saved->live, n * sizeof(saved->live[0]));
    memcpy(world->root, saved->root, sizeof(saved->root));
    tw_table_restore(world, number);
    tw_world_publish(world, number);
    tw_world_end(
        world,
        (TwEnding){.kind = TW_ENDING_RESTORE, .actor = actor, .op = number});
    tw_listen_commit(world, number);
    for (unsigned i = 0; i < world->program->n_iommus; i++) {
        if (world->legality.iommu_live >> i & 1) {
            tw_table_tell_all(world, i, number);
        }
    }
}

void tw_saved_perform(TwWorld *world, const TwOp *op, uint8_t actor,
                      uint16_t number)
{
    if (op->code == TW_OP_SNAPSHOT) {
        save(world);
    } else {
        restore(world, actor, number);
    }
}
