/* SPDX-License-Identifier: MIT */
/*
 * Performs one operation on the world: calls the part that it concerns, and the
 * listeners and observers after a commit or a restore.
 */
#include "oracle/judge/perform.h"

#include "oracle/judge/listen.h"
#include "oracle/judge/observe.h"
#include "oracle/world/owed.h"
#include "oracle/world/saved.h"
#include "oracle/world/iommu.h"
#include "oracle/world/page.h"

void tw_perform_start(TwWorld *world, const TwProgram *program,
                      const TwContract *contract)
{
    tw_world_reset(world, program, contract);
    tw_world_publish(world, TW_NO_OP);
    tw_page_start(world);
    tw_iommu_start(world);
}

/* The outermost level closes (LA-7). */
static void close_transaction(TwWorld *world, uint8_t actor, uint16_t op)
{
    if (!world->pending) {
        return;
    }
    world->pending = false;
    world->commits++;
    world->now++;
    tw_world_publish(world, op);
    tw_world_end(
        world, (TwEnding){.kind = TW_ENDING_COMMIT, .actor = actor, .op = op});
    tw_listen_commit(world, op);
}

/* All comes back at one tick; then it is told (LA-40). */
static void restore(TwWorld *world, uint8_t actor, uint16_t number)
{
    tw_saved_restore(world, actor, number);
    tw_listen_commit(world, number);
    for (unsigned i = 0; i < world->program->n_iommus; i++) {
        if (world->legality.iommu_live >> i & 1) {
            tw_owed_tell_all(world, i, number);
        }
    }
}

/* poke, at time `tick`, in script operation `number` or the setup (LA-36). */
static void perform_poke(TwWorld *world, const TwOp *op, uint16_t number,
                         uint32_t tick)
{
    const TwRegion *region = &world->program->regions[op->obj];
    uint64_t size = world->program->regions[region->block].size;

    if (size > 0) { /* else it is empty: all bytes are beyond its end */
        world->ram.store(world->ram.data, region->block, op->addr,
                         size == UINT64_MAX ? size : size - 1, op->value, tick,
                         number);
    }
}

void tw_perform_fill(TwWorld *world, TwContents *contents)
{
    const TwProgram *program = world->program;

    world->ram = (TwRam){.byte = tw_contents_byte_at,
                         .word = tw_contents_word_at,
                         .store = tw_contents_store,
                         .data = contents};
    for (unsigned i = 0; i < program->n_setup; i++) {
        if (program->setup[i].code == TW_OP_POKE) {
            perform_poke(world, &program->setup[i], TW_NO_OP, 0);
        }
    }
}

void tw_perform(TwWorld *world, const TwOp *op, uint8_t actor, uint16_t number)
{
    switch (op->code) {
    case TW_OP_FLUSH_PAGE:
    case TW_OP_FLUSH_RANGE:
    case TW_OP_FLUSH_INDEX:
    case TW_OP_FLUSH_ALL:
        tw_world_flush(world, op, actor, number);
        break;
    case TW_OP_SAFEPOINT:
        tw_world_safepoint(world, op->obj);
        break;
    case TW_OP_PAGE:
    case TW_OP_UNPAGE:
        tw_page_perform(world, op, number);
        break;
    case TW_OP_MAP:
    case TW_OP_UNMAP:
    case TW_OP_PROTECT:
    case TW_OP_NOTIFY:
    case TW_OP_NOTIFY_ALL:
    case TW_OP_IOMMU_RESET:
    case TW_OP_BYPASS:
    case TW_OP_IOMMU_DESTROY:
    case TW_OP_CONTEXT:
    case TW_OP_INVALIDATE:
    case TW_OP_MPC_READ:
    case TW_OP_MPC_WRITE:
        tw_iommu_perform(world, op, actor, number);
        break;
    case TW_OP_POKE:
        perform_poke(world, op, number, ++world->now);
        break;
    case TW_OP_OBSERVE:
    case TW_OP_UNOBSERVE:
    case TW_OP_REPLAY:
    case TW_OP_VETO:
        tw_observe_perform(world, op, number);
        break;
    case TW_OP_LISTEN:
    case TW_OP_UNLISTEN:
        tw_listen_perform(world, op, number);
        break;
    case TW_OP_DMA_MAP:
        world->mappings[op->obj] = (TwMapping){
            .addr = op->addr,
            .length = op->length,
            .made = world->now,
            .attrs = op->attrs,
            .op = number,
            .space = op->other,
            .write = op->perm == TW_W,
        };
        break;
    case TW_OP_SNAPSHOT:
        tw_saved_save(world);
        break;
    case TW_OP_RESTORE:
        restore(world, actor, number);
        break;
    case TW_OP_BEGIN:
        world->depth++;
        break;
    case TW_OP_COMMIT:
        if (--world->depth == 0) {
            close_transaction(world, actor, number);
        }
        break;
    case TW_OP_NOP:
    case TW_OP_CLOCK:
    case TW_OP_UNPLUG: /* legality skips what names the CPU from here on */
    case TW_OP_DIRTY_LOG:
    case TW_OP_DIRTY_CLEAR:
    case TW_OP_DMA_UNMAP: /* legality skips what goes via it from here on */
    case TW_OP_FAIL_ALLOC:
        break;
    default:
        tw_world_change(world, op);
        if (world->depth == 0) {
            close_transaction(world, actor, number);
        }
        break;
    }
}
