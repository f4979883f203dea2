/* SPDX-License-Identifier: MIT */
/*
 * Determines the situation of an access (situation.h) from the first walk of
 * the freshness rule.  Walks again only if a link has changed since the last
 * access to the page.
 */
#include "oracle/freshness/met.h"

#include "oracle/freshness/endings.h"
#include "program/ops.h"

static uint8_t leaf_of(const TwProgram *program, const TwByte *byte)
{
    switch (byte->where) {
    case TW_AT_HOLE:
        return TW_MET_HOLE;
    case TW_AT_PAGE:
        return TW_MET_NO_PAGE;
    case TW_AT_HOP:
        return TW_MET_NO_HOP;
    case TW_AT_LOOP:
        return TW_MET_LOOP;
    case TW_AT_BLOCKED:
        return TW_MET_MMIO; /* a device, too */
    default:
        break;
    }
    switch (program->regions[byte->region].kind) {
    case TW_REGION_ROM:
        return TW_MET_ROM;
    case TW_REGION_ROMD:
        return TW_MET_ROMD;
    case TW_REGION_MMIO:
        return TW_MET_MMIO;
    case TW_REGION_RESERVATION:
        return TW_MET_RESERVATION;
    case TW_REGION_RAM_DEVICE:
        return TW_MET_RAM_DEVICE;
    default:
        return TW_MET_RAM;
    }
}

/* The hop of a walk whose translation has changed last, or NULL. */
static const TwHop *changed_hop(const TwWalk *walk)
{
    for (unsigned i = 0; walk->link == TW_KEY_LINK_HOP && i < walk->n_hops;
         i++) {
        if (walk->hops[i].since == walk->since) {
            return &walk->hops[i];
        }
    }
    return NULL;
}

/* Is it an operation on another IOMMU than that of the hop, or on regions? Then
 * another entry is read of nested tables, which lie behind it. */
static bool is_below(const TwOp *op, const TwHop *hop)
{
    switch (op->code) {
    case TW_OP_MAP:
    case TW_OP_UNMAP:
    case TW_OP_PROTECT:
    case TW_OP_IOMMU_RESET:
    case TW_OP_BYPASS:
    case TW_OP_CONTEXT:
    case TW_OP_MPC_WRITE:
        return op->obj != hop->iommu;
    default:
        return op->code == TW_OP_COMMIT ||
               tw_op_info(op->code)->flags & TW_OP_TOPOLOGY;
    }
}

/* What the last change of the walk was. */
static uint8_t change_of(const TwProgram *program, const TwWalk *walk)
{
    const TwOp *op = &program->script[walk->op];
    const TwHop *hop = changed_hop(walk);
    bool notified = op->flags & TW_OPF_NOTIFIED;

    if (op->flags & TW_OPF_DURING) {
        return TW_MET_DURING;
    }
    if (hop && is_below(op, hop)) {
        return TW_MET_TABLE;
    }
    switch (op->code) {
    case TW_OP_PAGE:
        return TW_MET_PAGE;
    case TW_OP_UNPAGE:
        return TW_MET_UNPAGE;
    case TW_OP_MAP:
        return notified ? TW_MET_MAP_NOTIFIED : TW_MET_MAP;
    case TW_OP_MPC_WRITE: /* of a look-up table: what is there is another */
        return TW_MET_MAP_NOTIFIED;
    case TW_OP_POKE:
        return TW_MET_TABLE;
    case TW_OP_CONTEXT:
        return TW_MET_CONTEXT;
    case TW_OP_UNMAP:
        return notified ? TW_MET_UNMAP_NOTIFIED : TW_MET_UNMAP;
    case TW_OP_PROTECT:
        return notified ? TW_MET_PROTECT_NOTIFIED : TW_MET_PROTECT;
    case TW_OP_IOMMU_RESET:
        return TW_MET_RESET;
    case TW_OP_BYPASS:
        return TW_MET_BYPASS;
    case TW_OP_ADD:
        return TW_MET_ADD;
    case TW_OP_DEL:
        return TW_MET_DEL;
    case TW_OP_MOVE:
        return TW_MET_MOVE;
    case TW_OP_RESIZE:
        return TW_MET_RESIZE;
    case TW_OP_ENABLE:
        return op->flags & TW_OPF_ON ? TW_MET_ENABLE : TW_MET_DISABLE;
    case TW_OP_PRIORITY:
        return TW_MET_PRIORITY;
    case TW_OP_READONLY:
        return TW_MET_READONLY;
    case TW_OP_ROMD:
        return TW_MET_ROM_MODE;
    case TW_OP_ALIAS_OFFSET:
        return TW_MET_ALIAS_OFFSET;
    case TW_OP_RESTORE:
        return TW_MET_RESTORE;
    default:
        /* What an access changed, it changed through a device, or in a table in
         * RAM; all else takes effect with a commit. */
        return !(tw_op_info(op->code)->flags & TW_OP_ACCESS)
                   ? TW_MET_TRANSACTION
               : hop && program->iommus[hop->iommu].kind == TW_IOMMU_PAGETABLE
                   ? TW_MET_TABLE
                   : TW_MET_DEVICE;
    }
}

static uint8_t invalidation_of(uint8_t scope)
{
    switch (scope) {
    case TW_SCOPE_GLOBAL:
        return TW_MET_INVALIDATE_GLOBAL;
    case TW_SCOPE_DOMAIN:
        return TW_MET_INVALIDATE_DOMAIN;
    case TW_SCOPE_LEAF:
    case TW_SCOPE_ANY_LEAF:
        return TW_MET_INVALIDATE_LEAF;
    case TW_SCOPE_CONTEXT:
    case TW_SCOPE_CONTEXTS:
        return TW_MET_INVALIDATE_CONTEXT;
    default:
        return TW_MET_INVALIDATE_RANGE;
    }
}

static uint8_t ending_of(const TwProgram *program, const TwEnding *ending)
{
    const TwOp *op = &program->script[ending->op];

    switch (op->code) {
    case TW_OP_FLUSH_PAGE:
        return TW_MET_FLUSH_PAGE;
    case TW_OP_FLUSH_RANGE:
        return TW_MET_FLUSH_RANGE;
    case TW_OP_FLUSH_INDEX:
        return TW_MET_FLUSH_INDEX;
    case TW_OP_FLUSH_ALL:
        return TW_MET_FLUSH_ALL;
    case TW_OP_MAP:
    case TW_OP_UNMAP:
    case TW_OP_PROTECT:
    case TW_OP_MPC_WRITE:
        return TW_MET_NOTIFIED;
    case TW_OP_NOTIFY:
        return TW_MET_NOTIFY;
    case TW_OP_INVALIDATE:
        return invalidation_of(op->scope);
    case TW_OP_NOTIFY_ALL:
        return TW_MET_NOTIFY_ALL;
    case TW_OP_IOMMU_RESET:
    case TW_OP_IOMMU_DESTROY:
        return TW_MET_END_RESET;
    case TW_OP_BYPASS:
        return TW_MET_END_BYPASS;
    case TW_OP_RESTORE:
        return TW_MET_END_OTHER;
    default:
        return tw_op_info(op->code)->flags & TW_OP_ACCESS ? TW_MET_END_OTHER
                                                          : TW_MET_COMMIT;
    }
}

/*
 * Which event since the last change of the walk, by `change`, ended the record
 * of the translation that it changed.  The record is of one granule, whatever
 * the entry is for.
 */
static uint8_t record_ended(const TwWorld *world, const TwWalk *walk,
                            uint8_t change)
{
    const TwHop *hop = changed_hop(walk);
    uint8_t result = TW_MET_OPEN;
    const TwIommu *iommu;
    TwRecordKey key;
    unsigned lg;

    if (!hop || !world->program->iommus[hop->iommu].iotlb) {
        return TW_MET_OPEN;
    }
    iommu = &world->program->iommus[hop->iommu];
    lg = iommu->granule_lg;
    key = (TwRecordKey){
        .first = hop->granule << lg,
        .last = hop->granule << lg | ((UINT64_C(1) << lg) - 1),
        .kind = change == TW_MET_CONTEXT ? TW_RECORD_CONTEXT : TW_RECORD_ENTRY,
        .iommu = hop->iommu,
        .index = hop->index,
    };
    if (iommu->kind == TW_IOMMU_PAGETABLE) {
        key.domain =
            tw_iommu_context(world, hop->iommu, hop->index, walk->since - 1)
                .domain;
    }
    for (uint32_t i = world->n_endings; i > 0; i--) {
        const TwEnding *ending = &world->endings[i - 1];

        if (ending->tick < walk->since) {
            break;
        }
        if (tw_ending_covers_record(world, ending, &key)) {
            result = ending_of(world->program, ending);
        }
    }
    return result;
}

/* Which event since `since` ended the answer that `old` gave a CPU. */
static uint8_t ended(const TwWorld *world, const TwAccess *access,
                     const TwWalk *old, uint32_t since)
{
    uint8_t result = TW_MET_OPEN;

    if (!world->contract.cpu_cache) {
        return TW_MET_OPEN;
    }
    for (uint32_t i = world->n_endings; i > 0; i--) {
        const TwEnding *ending = &world->endings[i - 1];

        if (ending->tick < since) {
            break;
        }
        if (!tw_ending_covers(world, access, ending, old, old->depth + 1u,
                              true)) {
            continue;
        }
        if (!tw_world_counts(world, ending, access->cpu)) {
            result = result == TW_MET_OPEN ? TW_MET_WAITING : result;
        } else if (world->contract.queued && ending->actor != access->cpu) {
            result = TW_MET_SAFEPOINT;
        } else {
            result = ending_of(world->program, ending);
        }
    }
    return result;
}

static bool same(const TwByte *a, const TwByte *b)
{
    if (a->where != b->where || a->depth != b->depth) {
        return false;
    }
    return a->where == TW_AT_LEAF || a->where == TW_AT_BLOCKED
               ? tw_byte_same(a, b)
               : a->where == TW_AT_HOP || a->region == b->region;
}

/*
 * The last change after `tick` that made another answer of the one before it,
 * and what has ended that.  Most accesses meet no change of their links, and
 * most of those that do meet one.
 */
static void tell_change(TwMeeting *meeting, const TwWorld *world,
                        const TwAccess *access, const TwWalk *walk,
                        uint32_t tick, TwSituation *s)
{
    unsigned k = (unsigned)__builtin_ctz(walk->mask);

    for (unsigned i = 0; walk->since > tick; i ^= 1) {
        TwWalk *old = &meeting->walks[i];

        tw_walk(world, access, walk->mask, tw_times_at(walk->since - 1), old);
        if (!same(&walk->bytes[k], &old->bytes[k])) {
            uint8_t change = change_of(world->program, walk);

            s->is[TW_MET_BY_CHANGE] = change;
            s->is[TW_MET_BY_ENDING] =
                access->cpu == TW_BOARD
                    ? record_ended(world, walk, change)
                    : ended(world, access, old, walk->since);
            return;
        }
        walk = old;
    }
}

void tw_met_start(TwMeeting *meeting)
{
    meeting->met->n = 0;
    meeting->program++;
}

void tw_met_note(TwMeeting *meeting, const TwWorld *world,
                 const TwAccess *access, uint64_t page, const TwWalk *walk,
                 uint32_t now)
{
    const TwByte *byte = &walk->bytes[__builtin_ctz(walk->mask)];
    uint8_t index = access->cpu == TW_BOARD ? access->space : access->mmu;
    TwLastMet *last =
        &meeting->last[(page ^ page >> 8 ^ access->cpu * 29u ^ index * 11u) %
                       TW_LAST_MET];
    unsigned depth = byte->depth + (byte->where == TW_AT_HOP);
    TwSituation s = {
        .is =
            {
                [TW_MET_BY_ACCESS] = access->code - TW_OP_READ,
                [TW_MET_BY_LEAF] = leaf_of(world->program, byte),
                [TW_MET_BY_DEPTH] =
                    depth < TW_MET_DEPTHS ? depth : TW_MET_DEPTHS - 1,
                [TW_MET_BY_CHANGE] = TW_MET_FIRST,
                [TW_MET_BY_ENDING] = TW_MET_OPEN,
            },
    };

    if (last->program == meeting->program && last->page == page &&
        last->cpu == access->cpu && last->mmu == index) {
        s.is[TW_MET_BY_CHANGE] = TW_MET_SAME;
        tell_change(meeting, world, access, walk, last->tick, &s);
    }
    *last = (TwLastMet){
        .program = meeting->program,
        .page = page,
        .tick = now,
        .cpu = access->cpu,
        .mmu = index,
    };
    if (meeting->met->n < TW_MAX_MET) {
        meeting->met->list[meeting->met->n++] = tw_situation_number(&s);
    }
}
