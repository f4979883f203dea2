/* SPDX-License-Identifier: MIT */
/*
 * IOMMU regions of any kind: which index attributes choose, bypass, and the
 * operations (LA-11 to LA-18).  Each kind translates offsets itself: a file
 * iommu-KIND.c and a row of iommu_kinds[].
 */
#include "targets/softmmu/internal.h"

/* NULL: this target has no IOMMUs of that kind. */
static const IommuKind *const iommu_kinds[] = {
    [TW_IOMMU_TABLE] = &iommu_table,
    [TW_IOMMU_MPC] = &iommu_mpc,
    [TW_IOMMU_PAGETABLE] = &iommu_pagetable,
};

static bool iommu_has_kind(uint8_t kind)
{
    return kind < G_N_ELEMENTS(iommu_kinds) && iommu_kinds[kind] != NULL;
}

/* As the program describes it. */
static void iommu_init(Machine *m, uint8_t id)
{
    const TwIommu *from = &m->program->iommus[id];
    Iommu *iommu = &m->iommus[id];

    iommu->kind = iommu_kinds[from->kind]; /* NULL: there is no such IOMMU */
    iommu->granule_lg = from->granule_lg;
    iommu->indexes = from->indexes;
    iommu->select = from->select;
    iommu->bypass = from->bypass;
    iommu->bypass_space = from->bypass_space;
    iommu->has_iotlb = from->iotlb;
    iommu->iotlb_events = 0;
    iotlb_empty(m, id);
    iommu->notifiers = NULL;
    if (iommu->kind != NULL) {
        iommu->kind->reset(m, id);
    }
}

static void iommu_save(const Machine *m, uint8_t id, Snapshot *to)
{
    const Iommu *iommu = &m->iommus[id];

    to->bypass[id] = iommu->bypass;
    if (iommu->kind != NULL) {
        iommu->kind->save(m, id, to);
    }
}

/* Sends no event. */
static void iommu_load(Machine *m, uint8_t id, const Snapshot *from)
{
    Iommu *iommu = &m->iommus[id];

    iommu->bypass = from->bypass[id];
    iotlb_empty(m, id);
    if (iommu->kind != NULL) {
        iommu->kind->load(m, id, from);
    }
}

/* Neither secure nor unspecified: the security that chooses an index. */
static unsigned is_non_secure(const Machine *m, TwAttrs attrs)
{
    return !(attrs & (TW_ATTR_SECURE | (TW_BUG(m, UNSPECIFIED_IS_NON_SECURE)
                                            ? 0
                                            : TW_ATTR_UNSPECIFIED)));
}

/* LA-11. */
static uint8_t iommu_index(const Machine *m, const Iommu *iommu, TwAttrs attrs)
{
    unsigned index = 0;

    switch (iommu->select) {
    case TW_SELECT_SECURE:
        index = is_non_secure(m, attrs);
        break;
    case TW_SELECT_USER:
        index = (attrs & TW_ATTR_USER) != 0;
        break;
    case TW_SELECT_SECURE_USER:
        index = 2 * is_non_secure(m, attrs) +
                (attrs & TW_ATTR_USER &&
                 !(TW_BUG(m, SECURE_HIDES_USER) && attrs & TW_ATTR_SECURE));
        break;
    case TW_SELECT_REQUESTER:
        index = attrs >> TW_ATTR_REQUESTER_SHIFT;
        break;
    default:
        break;
    }
    return TW_BUG(m, INDEX_IGNORES_ATTRS) ? 0 : index % iommu->indexes;
}

/* From a record, or from the table, which then gives one. */
static Translation translate_by_iotlb(Machine *m, uint8_t id, uint8_t index,
                                      uint64_t offset)
{
    const IotlbRecord *record = iotlb_find(m, id, index, offset);
    Translation what;

    if (record != NULL) {
        return iotlb_answer(m, id, record, offset);
    }
    what = m->iommus[id].kind->translate(m, id, index, offset);
    iotlb_insert(m, id, index, offset, what);
    return what;
}

/*
 * The complete entry for `offset`, with all its rights (the flag NONE of
 * IW-10: no caller asks for less); rights 0 if there is none.
 */
static Translation iommu_translate(Machine *m, uint8_t id, uint8_t index,
                                   uint64_t offset)
{
    const Iommu *iommu = &m->iommus[id];

    if (iommu->bypass) {
        TELL(m, "translate", "i%u.%u 0x%" PRIx64 " -> s%u, bypassed", id, index,
             offset, iommu->bypass_space);
        return (Translation){
            .addr = offset, .space = iommu->bypass_space, .perm = TW_R | TW_W};
    }
    return iommu->has_iotlb && iommu->kind == &iommu_table
               ? translate_by_iotlb(m, id, index, offset)
               : iommu->kind->translate(m, id, index, offset);
}

/* Why IOMMU `id`, at an offset of its region, does not grant a right (LA-60);
 * `first`: the first IOMMU of the way. */
static G_NO_INLINE TwReason hop_reason(const Machine *m, uint8_t id,
                                       uint8_t first, const Translation *at,
                                       uint64_t offset)
{
    uint64_t low = low_mask(m->iommus[id].granule_lg);
    uint8_t kind = at->perm != 0 ? TW_REASON_RIGHTS : TW_REASON_ABSENT;

    return (TwReason){.kind = at->why != TW_REASON_NONE ? at->why : kind,
                      .iommu = TW_BUG(m, REASON_OF_FIRST_HOP) ? first : id,
                      .level = at->level,
                      .address =
                          TW_BUG(m, REASON_ROUNDED) ? offset & ~low : offset};
}

/* The leaf at the offset of `iommu`, an MPC that blocks it (LA-32). */
static Leaf leaf_blocked(const Machine *m, const Leaf *iommu)
{
    return (Leaf){.region = REGION_BLOCKED,
                  .blocker = m->program->regions[iommu->region].iommu,
                  .section = 1, /* of the `blocked` space */
                  .offset = iommu->offset,
                  .more = iommu->more};
}

/* Operations ------------------------------------------------------------- */

/* Ends the records of a `pagetable`; those of a `table` end by UNMAPs. */
static void iommu_forget(Machine *m, uint8_t id)
{
    if (m->iommus[id].kind == &iommu_pagetable) {
        iotlb_empty(m, id);
    }
}

/* `notify`: just the event named. */
static void iommu_send(Machine *m, const TwOp *op, uint8_t actor)
{
    Event event = {.kind = op->events,
                   .space = TW_NONE,
                   .first = op->addr,
                   .last = op->last};

    if (op->events == TW_EVENT_MAP) {
        m->iommus[op->obj].kind->find_map(m, op->obj, op->index, &event);
        zoo_kind_by_rights(m, &event);
    }
    iommu_notify(m, op->obj, op->index, &event, actor);
}

static void iommu_reset(Machine *m, uint8_t id, uint8_t actor)
{
    Iommu *iommu = &m->iommus[id];
    bool told = !TW_BUG(m, RESET_TELLS_NOBODY) &&
                !(TW_BUG(m, MPC_RESET_SILENT) && iommu->kind == &iommu_mpc) &&
                !zoo_tells_all_early(m, id, actor);

    iommu->kind->reset(m, id);
    iommu->bypass = TW_BUG(m, RESET_KEEPS_BYPASS)
                        ? iommu->bypass
                        : m->program->iommus[id].bypass;
    iommu_forget(m, id);
    if (told) {
        iommu_notify_all(m, id, actor);
    }
}

static void iommu_set_bypass(Machine *m, uint8_t id, bool on, uint8_t actor)
{
    bool told;

    if (m->iommus[id].bypass == on) {
        return;
    }
    told = !TW_BUG(m, BYPASS_UNTOLD) && !zoo_tells_all_early(m, id, actor);
    m->iommus[id].bypass = on;
    iommu_forget(m, id);
    if (told) {
        iommu_notify_all(m, id, actor);
    }
}

/* Unregisters without an event; what CPUs cached through it goes (TN-9). */
static void iommu_destroy(Machine *m, uint8_t id, uint8_t actor)
{
    iotlb_empty(m, id);
    while (m->iommus[id].notifiers != NULL &&
           !TW_BUG(m, NEW_IOMMU_TAKEN_FOR_OLD)) {
        Notifier *n = m->iommus[id].notifiers;
        if (n->cpu != TW_NONE) {
            cpu_unmap(m, n, 0, UINT64_MAX, actor);
        }
        notifier_unregister(m, n);
    }
}

/* NT-9: what is mapped, as MAP, to one observer alone. */
static void iommu_replay(Machine *m, uint8_t observer)
{
    const Notifier *n = &m->observers[observer];
    const IommuKind *kind = m->iommus[n->iommu].kind;
    unsigned at = 0;
    Event event;

    if (zoo_replays_granules(m, n)) {
        return;
    }
    while ((n->kinds & TW_EVENT_MAP) &&
           kind->next_map(m, n->iommu, n->index, &at, &event)) {
        if (!TW_BUG(m, REPLAY_IGNORES_RANGE)) {
            if (!event_meets(m, &event, n)) {
                continue;
            }
            event_crop(m, &event, n);
        }
        zoo_move_replay(m, n, &event);
        TELL(m, "replay", "o%u MAP 0x%" PRIx64 "..0x%" PRIx64 " (NT-9)",
             observer, event.first, event.last);
        observer_record(m, n, &event);
        zoo_repeat_replay(m, n, &event);
    }
}

/* An operation on one IOMMU. */
static void iommu_perform(Machine *m, const TwOp *op, uint8_t actor)
{
    switch (op->code) {
    case TW_OP_NOTIFY:
        iommu_send(m, op, actor);
        break;
    case TW_OP_NOTIFY_ALL:
        iommu_notify_all(m, op->obj, actor);
        break;
    case TW_OP_IOMMU_RESET:
        iommu_reset(m, op->obj, actor);
        break;
    case TW_OP_BYPASS:
        iommu_set_bypass(m, op->obj, op->flags & TW_OPF_ON, actor);
        break;
    case TW_OP_IOMMU_DESTROY:
        iommu_destroy(m, op->obj, actor);
        break;
    case TW_OP_VETO:
        m->vetoing &= ~(1u << op->obj);
        m->vetoing |= op->flags & TW_OPF_ON ? 1u << op->obj : 0;
        break;
    default: /* on what it translates */
        m->iommus[op->obj].kind->perform(m, op, actor);
        break;
    }
}
