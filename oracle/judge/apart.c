/* SPDX-License-Identifier: MIT */
/*
 * An access taken apart: what its operation asks for, and what the trace says
 * of it, byte by byte.
 */
#include "oracle/judge/apart.h"

#include "oracle/freshness/mapping.h"

/* Of a CPU of fewer than 64 bits, or that wraps (LA-58). */
static void narrow(TwAccess *access, const TwMmuIndex *mmu)
{
    uint64_t last = tw_width_last(mmu->width);

    access->above = ~last;
    if (mmu->wraps) {
        access->addr &= last;
        access->beyond = false;
        access->wrapped = access->addr > last - (access->size - 1);
    } else {
        access->beyond = access->addr > last - (access->size - 1);
    }
}

TwAccess tw_apart(const TwOracle *oracle, const TwOp *op, uint16_t number)
{
    TwAccess access = {
        .during = oracle->during,
        .code = op->code,
        .exclusive = op->flags & TW_OPF_EXCLUSIVE,
        .paired = op->flags & TW_OPF_PAIRED,
        .cpu = TW_BOARD,
        .space = op->obj,
        .size = op->size,
        .started = oracle->started,
        .op = number,
        .attrs = op->attrs,
        .addr = op->addr,
        .beyond = op->addr > UINT64_MAX - (op->size - 1),
    };

    switch (op->code) {
    case TW_OP_WRITE:
    case TW_OP_DMA_WRITE:
        access.page_rights = access.hop_rights = TW_W;
        break;
    case TW_OP_RMW:
        access.page_rights = access.hop_rights = TW_R | TW_W;
        break;
    case TW_OP_EXEC:
        access.page_rights = TW_X;
        access.hop_rights = TW_R; /* LA-13 */
        break;
    default:
        access.page_rights = access.hop_rights = TW_R;
        break;
    }
    if (op->code != TW_OP_DMA_READ && op->code != TW_OP_DMA_WRITE) {
        const TwMmuIndex *mmu = &oracle->program->cpus[op->obj].mmu[op->index];

        access.cpu = op->obj;
        access.mmu = op->index;
        access.space = mmu->space;
        access.attrs = mmu->attrs;
        if (mmu->width | mmu->wraps) {
            narrow(&access, mmu);
        }
    } else {
        access.mapping = tw_mapping_of(oracle->world, op);
        access.busy = oracle->started ? &oracle->busy : NULL;
    }
    return access;
}

TwAccess tw_apart_fetch(const TwOracle *oracle, const TwOp *op, uint16_t number)
{
    TwOp instruction = *op;
    TwAccess access;

    instruction.code = TW_OP_EXEC;
    instruction.addr = op->from;
    instruction.size = tw_contents_are_code(oracle->program->contents) ? 8 : 4;
    access = tw_apart(oracle, &instruction, number);
    access.blind = true;
    return access;
}

/* The bytes of a location, in the access. */
static void see_location(const TwLocation *at, TwSeen *seen)
{
    for (unsigned i = 0; i < at->length; i++) {
        seen->bytes[at->first + i] = (TwByte){
            .where = TW_AT_LEAF,
            .region = at->region,
            .flags = at->flags,
            .offset = at->offset + i,
        };
    }
}

void tw_apart_see(const TwOracle *oracle, const TwAccess *access,
                  const TwOutcome *outcome, TwSeen *seen)
{
    const TwTrace *trace = oracle->trace;
    unsigned got = 0;

    seen->class_ = outcome->class_;
    seen->value = outcome->value;
    seen->reason = outcome->reason;
    seen->located = outcome->n_locations > 0;
    seen->broken = outcome->class_ >= TW_CLASSES;
    seen->gaps = 0;
    if (oracle->world->has_mpcs) {
        /* What has no location was blocked (LA-32). */
        seen->located |=
            oracle->tells_places && outcome->class_ <= TW_CLASS_DEVICE_ERROR;
        for (unsigned k = 0; k < access->size; k++) {
            seen->bytes[k] =
                (TwByte){.where = TW_AT_BLOCKED, .region = TW_NONE};
        }
    }
    if (!seen->located) {
        return;
    }
    if (outcome->location + outcome->n_locations > trace->n_locations ||
        outcome->class_ > TW_CLASS_DEVICE_ERROR) {
        seen->broken = true;
        return;
    }
    for (unsigned i = 0; i < outcome->n_locations; i++) {
        const TwLocation *at = &trace->locations[outcome->location + i];

        unsigned bytes;

        if (at->first + at->length > access->size ||
            at->region >= oracle->program->n_regions) {
            seen->broken = true;
            return;
        }
        bytes = ((1u << at->length) - 1) << at->first;
        if (got & bytes) {
            seen->broken = true;
            return;
        }
        got |= bytes;
        see_location(at, seen);
    }
    if (!oracle->world->has_mpcs) {
        seen->gaps = (uint8_t)(access->size - __builtin_popcount(got));
        seen->broken |= seen->gaps > 0;
    }
}
