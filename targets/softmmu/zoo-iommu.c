/* SPDX-License-Identifier: MIT */
/*
 * Hooks of the zoo in IOMMUs, notifiers and observers (zoo-hooks.h).
 */
#include "targets/softmmu/zoo-hooks.h"

/* One range of a power of two bytes, and no longer than the event's. */
PART void zoo_round_event(const Machine *m, Event *event)
{
    uint64_t length = event->last - event->first + 1;

    if (TW_BUG(m, UNMAP_AS_POWER_OF_TWO) && length != 0 &&
        event->kind != TW_EVENT_MAP) {
        event->last = event->first + low_mask(63 - __builtin_clzll(length));
    }
    if (TW_BUG(m, UNMAP_ROUNDED_UP) && length > 1 &&
        event->kind == TW_EVENT_UNMAP) {
        event->last |= low_mask(64 - __builtin_clzll(length - 1));
    }
}

/* By the address of the IOMMU's region in its container. */
PART void zoo_move_replay(const Machine *m, const Notifier *n, Event *event)
{
    uint64_t base =
        m->regions[tw_program_iommu_region(m->program, n->iommu)].addr;

    if (TW_BUG(m, REPLAY_FROM_BASE)) {
        event->first += base;
        event->last += base;
    }
}

PART void zoo_kind_by_rights(const Machine *m, Event *event)
{
    if (TW_BUG(m, KIND_BY_RIGHTS) && event->perm == 0) {
        event->kind = TW_EVENT_UNMAP;
    }
}

PART bool zoo_tells_nobody(const Machine *m, const TwOp *op)
{
    switch (op->scope) {
    case TW_SCOPE_GLOBAL:
        return TW_BUG(m, GLOBAL_COMMAND_UNTOLD);
    case TW_SCOPE_DOMAIN:
    case TW_SCOPE_RANGE:
    case TW_SCOPE_LEAF:
    case TW_SCOPE_ANY_RANGE:
    case TW_SCOPE_ANY_LEAF:
        return TW_BUG(m, PAGE_COMMAND_UNTOLD);
    default:
        return false;
    }
}

PART void zoo_change_range(const Machine *m, const TwOp *op, uint64_t *first,
                           uint64_t *last)
{
    unsigned lg = m->iommus[op->obj].granule_lg;
    uint64_t length = *last - *first;
    uint64_t low;

    if (length == UINT64_MAX) {
        return; /* of everything */
    }
    low = low_mask(63 - __builtin_clzll(length + 1));
    if (TW_BUG(m, COMMANDS_END_ALL)) {
        *first = 0;
        *last = UINT64_MAX;
    }
    if (TW_BUG(m, RANGE_START_ALIGNED)) {
        *first &= ~low;
        *last = *first + low;
    }
    if (TW_BUG(m, RANGE_NUMBER_TRUNCATED)) {
        *last = *first + (length & low_mask(lg + 2u));
    }
}

/* Bits of the granule reach into those of the index or domain. */
static uint64_t overlapping_key(uint8_t whose, uint64_t granule)
{
    return granule ^ (uint64_t)whose << 3;
}

PART uint64_t zoo_iotlb_key(const Machine *m, uint8_t whose, uint64_t granule,
                            uint64_t key)
{
    return TW_BUG(m, IOTLB_KEYS_OVERLAP)    ? overlapping_key(whose, granule)
           : TW_BUG(m, IOTLB_IGNORES_INDEX) ? granule
                                            : key;
}

PART bool zoo_same_record(const Machine *m, const IotlbRecord *record,
                          uint8_t whose, uint64_t granule, bool same)
{
    return same ||
           (TW_BUG(m, IOTLB_IGNORES_INDEX) && record->granule == granule) ||
           (TW_BUG(m, IOTLB_KEYS_OVERLAP) &&
            overlapping_key(record->whose, record->granule) ==
                overlapping_key(whose, granule));
}

/* The byte before an entry is taken for one of it. */
PART const Span *zoo_entry_for(const Machine *m, const SpanMap *table,
                               uint64_t offset, const Span *span)
{
    const Span *next = TW_BUG(m, BYTE_BEFORE_MAPPED) && offset != UINT64_MAX
                           ? span_find(table, offset + 1)
                           : NULL;

    return next != NULL && next->first == offset + 1 ? next : span;
}

/* It would cut a mapping. */
PART bool zoo_spares_cut(const Machine *m, const SpanMap *table, const TwOp *op)
{
    const Span *first = span_find(table, op->addr),
               *last = span_find(table, op->last);

    return TW_BUG(m, PART_UNMAP_IGNORED) &&
           ((first != NULL && first->first < op->addr) ||
            (last != NULL && last->last > op->last));
}

PART bool zoo_tells_early(Machine *m, const TwOp *op, bool had, uint8_t actor)
{
    if (!TW_BUG(m, NOTIFY_BEFORE_CHANGE) || !had ||
        !(op->flags & TW_OPF_NOTIFIED)) {
        return false;
    }
    iommu_notify_unmap(m, op->obj, op->index, op->addr, op->last, actor);
    return true;
}

PART bool zoo_tells_all_early(Machine *m, uint8_t id, uint8_t actor)
{
    if (!TW_BUG(m, NOTIFY_BEFORE_CHANGE)) {
        return false;
    }
    iommu_notify_all(m, id, actor);
    return true;
}

/* Whatever its kinds and its range, but not beyond the region.  Of a large
 * mapping the first granules, so that the trace can hold them. */
PART bool zoo_replays_granules(Machine *m, const Notifier *n)
{
    enum { MOST = 64 };
    const IommuKind *kind = m->iommus[n->iommu].kind;
    uint64_t low = low_mask(m->iommus[n->iommu].granule_lg);
    uint64_t size =
        m->regions[tw_program_iommu_region(m->program, n->iommu)].size;
    unsigned at = 0;
    Event event;

    if (!TW_BUG(m, REPLAY_BY_GRANULE)) {
        return false;
    }
    while (kind->next_map(m, n->iommu, n->index, &at, &event)) {
        Event part = event;

        for (unsigned k = 0; k < MOST && part.first < size; k++) {
            part.last = part.first | low;
            observer_record(m, n, &part);
            if (part.last >= event.last) {
                break;
            }
            part.first = part.last + 1;
            part.out += low + 1;
        }
    }
    return true;
}

PART void zoo_repeat_replay(Machine *m, const Notifier *n, const Event *event)
{
    if (TW_BUG(m, REPLAY_REPEATS) &&
        event->last - event->first > low_mask(m->iommus[n->iommu].granule_lg)) {
        observer_record(m, n, event);
    }
}

PART void zoo_observe_vetoed(Machine *m, const TwOp *op)
{
    if (TW_BUG(m, VETO_LEAVES_NOTIFIER) && op->code == TW_OP_OBSERVE) {
        observe(m, op);
    }
}

PART void zoo_registers_half(Machine *m, const TwOp *op)
{
    if (TW_BUG(m, FAILED_OBSERVER_STAYS) && op->code == TW_OP_OBSERVE) {
        observe(m, op);
    }
}

PART bool zoo_iotlb_keeps(Machine *m, uint8_t id, uint64_t *first,
                          uint64_t *last)
{
    bool all = *first == 0 && *last == UINT64_MAX;

    if (TW_BUG(m, IOTLB_FIRST_GRANULE_ONLY) && !all) {
        *last = *first;
    }
    if (TW_BUG(m, IOTLB_LOSES_ONE_IN_FOUR) &&
        m->iommus[id].iotlb_events++ % 4 == 3) {
        return true;
    }
    return all ? TW_BUG(m, IOTLB_SURVIVES_RESET)
               : TW_BUG(m, IOTLB_SURVIVES_UNMAP);
}

/* The root of nested tables is translated once, with its context. */
PART bool zoo_root_kept(Machine *m, uint8_t id, uint8_t domain, unsigned level,
                        uint64_t at, uint64_t *entry)
{
    const TwIommu *from = &m->program->iommus[id];
    uint64_t low = low_mask(from->granule_lg);
    IotlbRoot *root = &m->iommus[id].iotlb.roots[domain % TW_MAX_IOMMU_INDEXES];

    if (!TW_BUG(m, NESTED_ROOT_KEPT) || !from->iotlb ||
        level != from->pagetable.levels) {
        return false;
    }
    if (!root->valid || root->page != (at & ~low) || root->domain != domain) {
        *root = (IotlbRoot){.page = at & ~low, .domain = domain};
        root->valid = nested_find(m, domain, from->bypass_space, at & ~low,
                                  &root->block, &root->offset);
    }
    if (root->valid) {
        *entry = ram_read(&m->ram, root->block, root->offset + (at & low), 8);
    }
    return root->valid;
}

/* What storage that is organised otherwise makes of the CPU's other notifiers
 * (TN-1, TN-8, TN-9). */
PART bool zoo_has_notifier(Machine *m, Cpu *cpu, uint8_t iommu, uint8_t index)
{
    unsigned registered = 0;

    if (!TW_BUG(m, NEW_IOMMU_TAKEN_FOR_OLD) &&
        !TW_BUG(m, ONE_NOTIFIER_PER_INDEX) &&
        !TW_BUG(m, NOTIFIERS_LOST_ON_GROWTH)) {
        return false;
    }
    for (unsigned i = 0; i < m->program->n_iommus; i++) {
        for (unsigned k = 0; k < TW_MAX_IOMMU_INDEXES; k++) {
            Notifier *other = &cpu->notifiers[i][k];

            if (!notifier_registered(m, other)) {
                continue;
            }
            registered++;
            if (TW_BUG(m, NEW_IOMMU_TAKEN_FOR_OLD) && k == index &&
                !(m->legality.iommu_live >> i & 1)) {
                return true;
            }
            if (TW_BUG(m, ONE_NOTIFIER_PER_INDEX) && k == index && i != iommu) {
                notifier_unregister(m, other);
            }
        }
    }
    for (unsigned i = 0; TW_BUG(m, NOTIFIERS_LOST_ON_GROWTH) &&
                         registered >= 4 && i < m->program->n_iommus;
         i++) {
        for (unsigned k = 0; k < TW_MAX_IOMMU_INDEXES; k++) {
            notifier_unregister(m, &cpu->notifiers[i][k]);
        }
    }
    return false;
}

PART bool zoo_list_ends(const Machine *m, const Notifier *n)
{
    return TW_BUG(m, UNPLUG_KEEPS_INACTIVE) && n->cpu != TW_NONE &&
           !m->cpus[n->cpu].live;
}

PART void zoo_disarm_all(Machine *m, Cpu *cpu, bool disarms)
{
    for (unsigned i = 0; disarms && i < m->program->n_iommus; i++) {
        for (unsigned k = 0; k < TW_MAX_IOMMU_INDEXES; k++) {
            cpu->notifiers[i][k].active = false;
        }
    }
}

PART void zoo_unlocks(Machine *m, uint8_t id)
{
    if (TW_BUG(m, REGISTERS_UNLOCKED)) {
        m->mpcs[id].ctrl &= ~ctrl_lockdown;
    }
}

PART bool zoo_tells_index(const Machine *m, uint8_t id, unsigned index,
                          uint64_t first)
{
    const TwRegion *region =
        &m->program->regions[tw_program_iommu_region(m->program, id)];

    return !(TW_BUG(m, REGISTERS_DMA_UNTOLD) && m->op < TW_MAX_SCRIPT &&
             m->program->script[m->op].code == TW_OP_DMA_WRITE) &&
           !(TW_BUG(m, MPC_ONE_INDEX_TOLD) && index != 0) &&
           !(TW_BUG(m, MPC_BEYOND_NOT_TOLD) && first >= region->size) &&
           !(TW_BUG(m, MPC_OPENED_NOT_TOLD) &&
             mpc_bit(m, id, first) == (index == 1));
}

PART uint8_t zoo_reason_kind(const Machine *m, TwReasonKind kind)
{
    return kind == TW_REASON_RESERVED && TW_BUG(m, RESERVED_IS_ABSENT)
               ? TW_REASON_ABSENT
           : kind == TW_REASON_BLOCKED && TW_BUG(m, BLOCKED_IS_NO_CONTEXT)
               ? TW_REASON_NO_CONTEXT
           : kind == TW_REASON_UNREADABLE && TW_BUG(m, UNREADABLE_IS_ABSENT)
               ? TW_REASON_ABSENT
               : kind;
}

PART uint8_t zoo_reason_level(const Machine *m, TwReasonKind kind,
                              unsigned level)
{
    return (uint8_t)(level + (kind == TW_REASON_ABSENT && level > 0 &&
                              TW_BUG(m, ABSENT_LEVEL_ABOVE)));
}

PART uint8_t zoo_denied_at(const Machine *m, uint8_t denied, uint8_t perm,
                           unsigned level)
{
    uint8_t lacks = m->access.need & ~(perm | (perm & TW_R ? TW_X : 0));

    return TW_BUG(m, TABLE_RIGHTS_FIRST) && denied == 0 && lacks != 0
               ? (uint8_t)level
               : denied;
}

PART void zoo_deny_early(const Machine *m, uint8_t denied, Translation *what)
{
    if (TW_BUG(m, TABLE_RIGHTS_FIRST) && denied != 0) {
        what->why = TW_REASON_RIGHTS;
        what->level = denied;
    }
}
