/* SPDX-License-Identifier: MIT */
/*
 * IOMMU regions of kind `table`: which index attributes choose, what an offset
 * translates to, and the notifiers that are told of changes (NT rules,
 * LA-11 to LA-18).  A table changes before anybody is told (NT-13).
 */
#include "targets/softmmu/internal.h"

/* LA-11. */
static uint8_t iommu_index(const Machine *m, const Iommu *iommu, TwAttrs attrs)
{
    unsigned index = 0;

    switch (iommu->select) {
    case TW_SELECT_SECURE:
        index = !(attrs & (TW_ATTR_SECURE | (TW_BUG(UNSPECIFIED_IS_NON_SECURE)
                                                 ? 0
                                                 : TW_ATTR_UNSPECIFIED)));
        break;
    case TW_SELECT_USER:
        index = (attrs & TW_ATTR_USER) != 0;
        break;
    case TW_SELECT_REQUESTER:
        index = attrs >> TW_ATTR_REQUESTER_SHIFT;
        break;
    default:
        break;
    }
    return TW_BUG(INDEX_IGNORES_ATTRS) ? 0 : index % iommu->indexes;
}

/*
 * The complete entry for `offset`, with all its rights (the flag NONE of
 * IW-10: no caller asks for less); rights 0 if there is none.
 */
static Translation iommu_translate(Machine *m, uint8_t id, uint8_t index,
                                   uint64_t offset)
{
    const Iommu *iommu = &m->iommus[id];
    uint64_t low = low_mask(iommu->granule_lg);
    const Span *span;
    uint64_t out;

    if (iommu->bypass) {
        TELL(m, "translate", "i%u.%u 0x%" PRIx64 " -> s%u, bypassed", id, index,
             offset, iommu->bypass_space);
        return (Translation){offset, iommu->bypass_space, TW_R | TW_W};
    }
    span = span_find(&iommu->tables[index], offset);
    if (span == NULL) {
        TELL(m, "translate", "i%u.%u 0x%" PRIx64 ": no entry", id, index,
             offset);
        return (Translation){.perm = 0};
    }
    out = span->out + ((offset & ~low) - span->first);
    TELL(m, "translate", "i%u.%u 0x%" PRIx64 " -> s%u 0x%" PRIx64 " %s", id,
         index, offset, span->space, (out & ~low) | (offset & low),
         rights_name(span->perm));
    if (TW_BUG(TRANSLATED_LOW_BITS_ADDED)) {
        return (Translation){out + (offset & low), span->space, span->perm};
    }
    return (Translation){(out & ~low) | (offset & low), span->space,
                         span->perm};
}

/* Notifiers -------------------------------------------------------------- */

static bool notifier_registered(const Machine *m, const Notifier *notifier)
{
    return notifier->stamp == m->run;
}

/* At the head of its region's list (NT-2). */
static void notifier_register(Machine *m, Notifier *notifier)
{
    Iommu *iommu = &m->iommus[notifier->iommu];

    notifier->stamp = m->run;
    notifier->next = iommu->notifiers;
    iommu->notifiers = notifier;
}

static void notifier_unregister(Machine *m, Notifier *notifier)
{
    Notifier **link = &m->iommus[notifier->iommu].notifiers;

    if (!notifier_registered(m, notifier)) {
        return;
    }
    while (*link != notifier) {
        link = &(*link)->next;
    }
    *link = notifier->next;
    notifier->stamp = 0;
}

static void observer_record(Machine *m, const Notifier *notifier,
                            const Event *event)
{
    count(m, TW_COUNT_OBSERVED);
    tw_trace_add_event(m->trace, (TwEventRecord){.op = m->op,
                                                 .observer = notifier->observer,
                                                 .kind = event->kind,
                                                 .perm = event->perm,
                                                 .space = event->space,
                                                 .region = TW_NONE,
                                                 .first = event->first,
                                                 .last = event->last,
                                                 .out = event->out});
}

/* Does the event meet the notifier's range, ends included (AR-4)? */
static bool event_meets(const Machine *m, const Event *event, const Notifier *n)
{
    if (TW_BUG(NOTIFIER_RANGE_HALF_OPEN) && event->first == n->last) {
        return false;
    }
    return event->first <= n->last && event->last >= n->first;
}

/* The part of an event that a notifier gets (NT-5, NT-7). */
static void event_crop(const Machine *m, Event *event, const Notifier *n)
{
    if (TW_BUG(EVENTS_NOT_CROPPED)) {
        return;
    }
    if (event->first < n->first) {
        if (event->kind == TW_EVENT_MAP && !TW_BUG(MAP_CROP_KEEPS_OUTPUT)) {
            event->out += n->first - event->first;
        }
        event->first = n->first;
    }
    event->last = MIN(event->last, n->last);
}

/* For the zoo: the range is one of a power of two bytes, and no longer. */
PART void event_round_down(Event *event)
{
    uint64_t length = event->last - event->first + 1;

    if (length != 0 && event->kind != TW_EVENT_MAP) {
        event->last = event->first + low_mask(63 - __builtin_clzll(length));
    }
}

/* Offers an event to the notifiers of one index (NT-4, NT-5, NT-7). */
static void iommu_notify(Machine *m, uint8_t id, uint8_t index,
                         const Event *event, uint8_t actor)
{
    Notifier *next;

    bool reached = false;

    count(m, TW_COUNT_NOTIFY);
    TELL(m, "notify", "i%u.%u %s 0x%" PRIx64 "..0x%" PRIx64 " (NT-4)", id,
         index,
         event->kind == TW_EVENT_MAP     ? "MAP"
         : event->kind == TW_EVENT_UNMAP ? "UNMAP"
                                         : "DEVIOTLB",
         event->first, event->last);
    if (TW_BUG(NOTIFY_IDX0_ONLY)) {
        index = 0;
    }
    if (TW_BUG(UNMAP_OF_EVERYTHING_LOST) &&
        event->last - event->first + 1 == 0) {
        return;
    }
    for (Notifier *n = m->iommus[id].notifiers; n != NULL; n = next) {
        Event seen = *event;

        next = n->next;
        if (n->index != index ||
            (!(n->kinds & event->kind) &&
             !(TW_BUG(KINDS_IGNORED) && n->cpu == TW_NONE)) ||
            !event_meets(m, event, n)) {
            continue;
        }
        event_crop(m, &seen, n);
        if (TW_BUG(UNMAP_AS_POWER_OF_TWO)) {
            event_round_down(&seen);
        }
        reached = true;
        if (n->cpu == TW_NONE) {
            TELL(m, "reach", "o%u with 0x%" PRIx64 "..0x%" PRIx64 " (NT-5)",
                 n->observer, seen.first, seen.last);
            observer_record(m, n, &seen);
        } else {
            cpu_unmap(m, n, seen.first, seen.last, actor);
            if (TW_BUG(FIRST_NOTIFIER_ONLY)) {
                break;
            }
        }
    }
    if (!reached) {
        TELL(m, "reach", "no notifier");
    }
}

static void iommu_notify_unmap(Machine *m, uint8_t id, uint8_t index,
                               uint64_t first, uint64_t last, uint8_t actor)
{
    Event event = {
        .kind = TW_EVENT_UNMAP, .space = TW_NONE, .first = first, .last = last};

    iommu_notify(m, id, index, &event, actor);
}

/* UNMAP of everything on every index, ascending (LA-16). */
static void iommu_notify_all(Machine *m, uint8_t id, uint8_t actor)
{
    for (unsigned i = 0; i < m->iommus[id].indexes; i++) {
        iommu_notify_unmap(m, id, i, 0, UINT64_MAX, actor);
    }
}

/* Operations ------------------------------------------------------------- */

/* map, unmap, protect: the table first, then who asked (LA-12, LA-15). */
static void iommu_change(Machine *m, const TwOp *op, uint8_t actor)
{
    SpanMap *table = &m->iommus[op->obj].tables[op->index];
    uint8_t perm = op->perm & (TW_R | TW_W);
    bool map = op->code == TW_OP_MAP && perm != 0;
    bool had = span_any(table, op->addr, op->last);
    bool early =
        TW_BUG(NOTIFY_BEFORE_CHANGE) && had && (op->flags & TW_OPF_NOTIFIED);

    if (early) {
        iommu_notify_unmap(m, op->obj, op->index, op->addr, op->last, actor);
    }
    if (map) {
        span_assign(table, (Span){.first = op->addr,
                                  .last = op->last,
                                  .out = op->out,
                                  .space = op->other,
                                  .perm = perm});
    } else if (op->code == TW_OP_PROTECT && perm != 0) {
        span_protect(table, op->addr, op->last, perm);
    } else {
        span_remove(table, op->addr, op->last);
    }
    if (!(op->flags & TW_OPF_NOTIFIED)) {
        note_silent(m, false, op->obj, op->index, op->addr, op->last);
        return;
    }
    if ((had || TW_BUG(UNMAP_OF_NOTHING_TOLD)) && !early &&
        !(map && TW_BUG(MAP_OVER_MAP_NO_UNMAP))) {
        iommu_notify_unmap(m, op->obj, op->index, op->addr, op->last, actor);
    }
    if (map) {
        Event event = {.kind = TW_EVENT_MAP,
                       .perm = perm,
                       .space = op->other,
                       .first = op->addr,
                       .last = op->last,
                       .out =
                           op->out & ~low_mask(m->iommus[op->obj].granule_lg)};
        iommu_notify(m, op->obj, op->index, &event, actor);
    }
}

/* `notify`: just the event named. */
static void iommu_send(Machine *m, const TwOp *op, uint8_t actor)
{
    const Iommu *iommu = &m->iommus[op->obj];
    Event event = {.kind = op->events,
                   .space = TW_NONE,
                   .first = op->addr,
                   .last = op->last};

    if (op->events == TW_EVENT_MAP) {
        uint64_t low = low_mask(iommu->granule_lg);
        const Span *span = span_find(&iommu->tables[op->index], op->addr);
        if (span != NULL) {
            event.perm = span->perm;
            event.space = span->space;
            event.out =
                ((span->out + ((op->addr & ~low) - span->first)) & ~low) |
                (op->addr & low);
        }
    }
    iommu_notify(m, op->obj, op->index, &event, actor);
}

static void iommu_reset(Machine *m, uint8_t id, uint8_t actor)
{
    bool late = !TW_BUG(NOTIFY_BEFORE_CHANGE);

    if (!late) {
        iommu_notify_all(m, id, actor);
    }
    for (unsigned i = 0; i < m->iommus[id].indexes; i++) {
        m->iommus[id].tables[i].n = 0;
    }
    m->iommus[id].bypass = m->program->iommus[id].bypass;
    if (late && !TW_BUG(RESET_TELLS_NOBODY)) {
        iommu_notify_all(m, id, actor);
    }
}

static void iommu_set_bypass(Machine *m, uint8_t id, bool on, uint8_t actor)
{
    bool late = !TW_BUG(NOTIFY_BEFORE_CHANGE);

    if (m->iommus[id].bypass == on) {
        return;
    }
    if (!late) {
        iommu_notify_all(m, id, actor);
    }
    m->iommus[id].bypass = on;
    if (late) {
        iommu_notify_all(m, id, actor);
    }
}

/* Unregisters without an event; what CPUs cached through it goes (TN-9). */
static void iommu_destroy(Machine *m, uint8_t id, uint8_t actor)
{
    if (TW_BUG(NEW_IOMMU_TAKEN_FOR_OLD)) {
        return;
    }
    while (m->iommus[id].notifiers != NULL) {
        Notifier *n = m->iommus[id].notifiers;
        if (n->cpu != TW_NONE) {
            cpu_unmap(m, n, 0, UINT64_MAX, actor);
        }
        notifier_unregister(m, n);
    }
}

/* The kinds that the observers of an IOMMU ask for, but for `but` (TW_NONE:
 * of all). */
static uint8_t observed_kinds(const Machine *m, uint8_t id, uint8_t but)
{
    uint8_t kinds = 0;

    for (const Notifier *n = m->iommus[id].notifiers; n != NULL; n = n->next) {
        if (n->cpu == TW_NONE && n->observer != but) {
            kinds |= n->kinds;
        }
    }
    return kinds;
}

/* NT-2: does its IOMMU refuse this `observe` or `unobserve`? */
static bool iommu_vetoes(const Machine *m, const TwOp *op)
{
    uint8_t id =
        op->code == TW_OP_OBSERVE ? op->other : m->observers[op->obj].iommu;
    uint8_t before = observed_kinds(m, id, TW_NONE), after;

    if (!(m->vetoing >> id & 1)) {
        return false;
    }
    after = op->code == TW_OP_OBSERVE ? before | op->events
                                      : observed_kinds(m, id, op->obj);
    return before != after || TW_BUG(VETO_ASKED_EACH_TIME);
}

/* NT-9: each maximal run of granules whose entries continue each other, as
 * MAP, to one observer alone. */
static void iommu_replay(Machine *m, uint8_t observer)
{
    const Notifier *n = &m->observers[observer];
    const Iommu *iommu = &m->iommus[n->iommu];
    const SpanMap *table = &iommu->tables[n->index];
    uint64_t low = low_mask(iommu->granule_lg);
    unsigned end;

    for (unsigned i = 0; i < table->n && (n->kinds & TW_EVENT_MAP); i = end) {
        const Span *span = &table->spans[i];
        Event event = {.kind = TW_EVENT_MAP,
                       .perm = span->perm,
                       .space = span->space,
                       .first = span->first,
                       .last = span->last,
                       .out = span->out & ~low};

        for (end = i + 1; end < table->n; end++) {
            const Span *next = &table->spans[end];
            if (next->first - 1 != event.last || next->perm != event.perm ||
                next->space != event.space ||
                (next->out & ~low) != event.out + (next->first - event.first)) {
                break;
            }
            event.last = next->last;
        }
        if (!TW_BUG(REPLAY_IGNORES_RANGE)) {
            if (!event_meets(m, &event, n)) {
                continue;
            }
            event_crop(m, &event, n);
        }
        TELL(m, "replay", "o%u MAP 0x%" PRIx64 "..0x%" PRIx64 " (NT-9)",
             observer, event.first, event.last);
        observer_record(m, n, &event);
        if (TW_BUG(REPLAY_REPEATS) && event.last - event.first > low) {
            observer_record(m, n, &event);
        }
    }
}

static void observe(Machine *m, const TwOp *op)
{
    Notifier *n = &m->observers[op->obj];

    notifier_unregister(m, n); /* the zoo may have left it */
    *n = (Notifier){.iommu = op->other,
                    .index = op->index,
                    .kinds = op->events,
                    .cpu = TW_NONE,
                    .observer = op->obj,
                    .first = op->addr,
                    .last = op->last};
    notifier_register(m, n);
}
