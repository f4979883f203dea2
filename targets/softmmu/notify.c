/* SPDX-License-Identifier: MIT */
/*
 * Notifiers and observers of IOMMUs: which are registered, and which part of an
 * event each gets (NT rules).  Must not know translations.
 */
#include "targets/softmmu/internal.h"

/* Registration ----------------------------------------------------------- */

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
    if (notifier->cpu != TW_NONE) {
        m->cpus[notifier->cpu].n_notifiers--;
    }
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

/* Events ----------------------------------------------------------------- */

/* Does the event meet the notifier's range, ends included (AR-4)? */
static bool event_meets(const Machine *m, const Event *event, const Notifier *n)
{
    return event->first <= n->last && event->last >= n->first &&
           !(TW_BUG(m, NOTIFIER_RANGE_HALF_OPEN) && event->first == n->last) &&
           !(TW_BUG(m, EVENT_MUST_FIT) &&
             (event->first < n->first || event->last > n->last));
}

/* The part of an event that a notifier gets (NT-5, NT-7). */
static void event_crop(const Machine *m, Event *event, const Notifier *n)
{
    uint64_t last = MIN(event->last, n->last);

    if (event->first < n->first && !TW_BUG(m, EVENTS_NOT_CROPPED)) {
        if (event->kind == TW_EVENT_MAP && !TW_BUG(m, MAP_CROP_KEEPS_OUTPUT)) {
            event->out += n->first - event->first;
        }
        event->first = n->first;
    }
    event->last = TW_BUG(m, EVENTS_NOT_CROPPED) ? event->last : last;
}

/* Is the notifier one for this event of `index`? */
static bool notifier_wants(const Machine *m, const Notifier *n, uint8_t index,
                           const Event *event)
{
    return n->index == index &&
           ((n->kinds & event->kind) ||
            (TW_BUG(m, KINDS_IGNORED) && n->cpu == TW_NONE)) &&
           event_meets(m, event, n);
}

/* One notifier gets its part of an event. */
static void notifier_call(Machine *m, Notifier *n, Event event, uint8_t actor)
{
    event_crop(m, &event, n);
    zoo_round_event(m, &event);
    if (n->cpu == TW_NONE) {
        TELL(m, "reach", "o%u with 0x%" PRIx64 "..0x%" PRIx64 " (NT-5)",
             n->observer, event.first, event.last);
        observer_record(m, n, &event);
    } else {
        cpu_unmap(m, n, event.first, event.last, actor);
    }
}

/* Offers an event to the notifiers of one index (NT-4, NT-5, NT-7). */
static void iommu_notify(Machine *m, uint8_t id, uint8_t index,
                         const Event *event, uint8_t actor)
{
    bool lost = TW_BUG(m, UNMAP_OF_EVERYTHING_LOST) &&
                event->last - event->first == UINT64_MAX;
    bool reached = lost;
    Notifier *next;

    count(m, TW_COUNT_NOTIFY);
    if (event->kind == TW_EVENT_UNMAP) {
        if (m->program->iommus[id].kind == TW_IOMMU_TABLE) {
            iotlb_forget(m, id, index, event->first, event->last);
            iotlb_forget_behind(m, id, index, event->first, event->last);
        }
        if (m->legality.mapping_live != 0) {
            mapping_unmap(m, id, index, event->first, event->last);
        }
    }
    TELL(m, "notify", "i%u.%u %s 0x%" PRIx64 "..0x%" PRIx64 " (NT-4)", id,
         index,
         event->kind == TW_EVENT_MAP     ? "MAP"
         : event->kind == TW_EVENT_UNMAP ? "UNMAP"
                                         : "DEVIOTLB",
         event->first, event->last);
    index = TW_BUG(m, NOTIFY_IDX0_ONLY) ? 0 : index;
    for (Notifier *n = m->iommus[id].notifiers; n != NULL && !lost; n = next) {
        next = zoo_list_ends(m, n) ? NULL : n->next;
        if (notifier_wants(m, n, index, event)) {
            reached = true;
            notifier_call(m, n, *event, actor);
            lost = TW_BUG(m, FIRST_NOTIFIER_ONLY) && n->cpu != TW_NONE;
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

/* Observers -------------------------------------------------------------- */

/* The kinds that the observers of an IOMMU ask for, without observer `but`
 * (TW_NONE: of all). */
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

    if (!(m->vetoing >> id & 1) ||
        (TW_BUG(m, UNOBSERVE_NOT_VETOED) && op->code == TW_OP_UNOBSERVE)) {
        return false;
    }
    after = op->code == TW_OP_OBSERVE ? before | op->events
                                      : observed_kinds(m, id, op->obj);
    return before != after || TW_BUG(m, VETO_ASKED_EACH_TIME);
}

static void observe(Machine *m, const TwOp *op)
{
    Notifier *n = &m->observers[op->obj];

    notifier_unregister(m, n); /* if it was left behind */
    *n = (Notifier){.iommu = op->other,
                    .index = op->index,
                    .kinds = op->events,
                    .cpu = TW_NONE,
                    .observer = op->obj,
                    .first = op->addr,
                    .last = op->last};
    notifier_register(m, n);
}
