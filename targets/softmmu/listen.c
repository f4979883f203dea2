/* SPDX-License-Identifier: MIT */
/*
 * Listeners: an effective commit calls each listener for the flat ranges of its
 * space that it removes, adds and keeps (LA-43, TX-3, TX-5, TX-6).  For this
 * comparison, a listener stores the ranges of the last call.
 */
#include "targets/softmmu/internal.h"

static bool same_range(const Machine *m, const Range *a, const Range *b)
{
    return !TW_BUG(m, LISTENER_TOLD_ANEW) && a->first == b->first &&
           a->last == b->last && a->offset == b->offset &&
           a->region == b->region &&
           (a->flags == b->flags ||
            TW_BUG(m, LISTENER_IGNORES_FLAGS)); /* FV-5 */
}

static void listener_call(Machine *m, unsigned id, uint8_t kind,
                          const Range *range)
{
    TELL(m, "listener", "o%u %s 0x%" PRIx64 "..0x%" PRIx64 " r%u (TX-5)", id,
         kind == TW_LISTEN_ADD   ? "add"
         : kind == TW_LISTEN_DEL ? "del"
                                 : "nop",
         range->first, range->last, range->region);
    tw_trace_add_event(m->trace,
                       (TwEventRecord){.op = m->op,
                                       .observer = (uint8_t)id,
                                       .kind = kind,
                                       .space = m->listeners[id].space,
                                       .region = range->region,
                                       .first = range->first,
                                       .last = range->last,
                                       .out = range->offset});
}

/* Tells the difference between what the listener knows and `now`: the
 * deletions, then what is there. */
static void listener_update(Machine *m, unsigned id, const View *now)
{
    Listener *listener = &m->listeners[id];
    unsigned i = 0;

    if (now->unrendered) { /* more than a trace could hold */
        m->trace->end = TW_END_OVERFLOW;
        return;
    }
    for (unsigned old = 0; old < listener->n; old++) {
        const Range *range = &listener->ranges[old];

        while (i < now->n && now->ranges[i].first < range->first) {
            i++;
        }
        if (i == now->n || !same_range(m, &now->ranges[i], range)) {
            listener_call(m, id, TW_LISTEN_DEL, range);
        }
    }
    i = 0;
    for (unsigned new = 0; new < now->n; new ++) {
        const Range *range = &now->ranges[new];
        bool stays;

        while (i < listener->n && listener->ranges[i].first < range->first) {
            i++;
        }
        stays = i < listener->n && same_range(m, &listener->ranges[i], range);
        listener_call(m, id, stays ? TW_LISTEN_NOP : TW_LISTEN_ADD, range);
    }
    memcpy(listener->ranges, now->ranges, now->n * sizeof(Range));
    listener->n = now->n;
}

/* After an effective commit. */
static void listeners_commit(Machine *m)
{
    for (unsigned id = 0; id < TW_MAX_OBSERVERS; id++) {
        if (m->listening >> id & 1) {
            View *view = m->published[m->listeners[id].space];

            if (view_is_postponed(view)) {
                view_render(m, view); /* once more: listeners must be told */
            }
            listener_update(m, id, view);
        }
    }
}

static void listen(Machine *m, const TwOp *op)
{
    Listener *listener = &m->listeners[op->obj];

    listener->space = op->other;
    listener->n = 0;
    m->listening |= 1u << op->obj;
    listener_update(m, op->obj, m->published[op->other]);
}

static void unlisten(Machine *m, uint8_t id)
{
    for (unsigned i = 0;
         i < m->listeners[id].n && !TW_BUG(m, UNLISTEN_TELLS_NOTHING); i++) {
        listener_call(m, id, TW_LISTEN_DEL, &m->listeners[id].ranges[i]);
    }
    m->listening &= ~(1u << id);
}
