/* SPDX-License-Identifier: MIT */
/* Filling a trace, and the names of what stands in it. */
#include "program/trace.h"

#include <string.h>

void tw_trace_init(TwTrace *trace, const TwProgram *program)
{
    trace->end = TW_END_DONE;
    trace->locations_hidden = false;
    trace->end_op = 0;
    trace->signal = 0;
    trace->n_ops = 0;
    trace->n_locations = 0;
    trace->n_log = 0;
    trace->n_events = 0;
    trace->n_marks = 0;
    trace->n_started = 0;
    trace->text[0] = '\0';
    memset(trace->counters, 0, sizeof trace->counters);
    memset(trace->peaks, 0, sizeof trace->peaks);
    memset(trace->digests, 0,
           (program ? program->n_regions : 0) * sizeof trace->digests[0]);
}

void tw_trace_copy(TwTrace *to, const TwTrace *from)
{
    if (to == from) {
        return;
    }
    memcpy(to, from, offsetof(TwTrace, outcomes));
#define COPY(array, count) \
    memcpy(to->array, from->array, (count) * sizeof from->array[0])
    COPY(outcomes, from->n_ops);
    COPY(locations, from->n_locations);
    COPY(log, from->n_log);
    COPY(events, from->n_events);
    COPY(marks, from->n_marks);
    COPY(started, from->n_started);
#undef COPY
}

static bool same_outcome(const TwOutcome *a, const TwOutcome *b)
{
    return a->status == b->status && a->class_ == b->class_ &&
           a->n_locations == b->n_locations && a->location == b->location &&
           a->value == b->value && tw_reason_same(&a->reason, &b->reason);
}

static bool same_location(const TwLocation *a, const TwLocation *b)
{
    return a->first == b->first && a->length == b->length &&
           a->region == b->region && a->flags == b->flags &&
           a->offset == b->offset;
}

static bool same_log(const TwLogRecord *a, const TwLogRecord *b)
{
    return a->op == b->op && a->kind == b->kind && a->region == b->region &&
           a->byte == b->byte && a->call == b->call &&
           a->started == b->started && a->offset == b->offset &&
           a->attrs == b->attrs;
}

static bool same_event(const TwEventRecord *a, const TwEventRecord *b)
{
    return a->op == b->op && a->observer == b->observer && a->kind == b->kind &&
           a->perm == b->perm && a->space == b->space &&
           a->region == b->region && a->first == b->first &&
           a->last == b->last && a->out == b->out;
}

static bool same_mark(const TwMark *a, const TwMark *b)
{
    return a->op == b->op && a->iommu == b->iommu && a->level == b->level &&
           a->started == b->started && a->at == b->at && a->value == b->value;
}

static bool same_started(const TwStarted *a, const TwStarted *b)
{
    return a->op == b->op && same_outcome(&a->outcome, &b->outcome);
}

static bool same_end(const TwTrace *a, const TwTrace *b)
{
    return a->end == b->end && a->end_op == b->end_op &&
           a->signal == b->signal && strcmp(a->text, b->text) == 0 &&
           a->locations_hidden == b->locations_hidden;
}

bool tw_trace_same(const TwTrace *a, const TwTrace *b, unsigned n_regions)
{
    /* Member by member: padding has no value. */
#define DIFFERS(array, count, same) \
    if (a->count != b->count) { \
        return false; \
    } \
    for (unsigned i = 0; i < a->count; i++) { \
        if (!same(&a->array[i], &b->array[i])) { \
            return false; \
        } \
    }
    DIFFERS(outcomes, n_ops, same_outcome)
    DIFFERS(locations, n_locations, same_location)
    DIFFERS(log, n_log, same_log)
    DIFFERS(events, n_events, same_event)
    DIFFERS(marks, n_marks, same_mark)
    DIFFERS(started, n_started, same_started)
#undef DIFFERS
    return same_end(a, b) && memcmp(a->digests, b->digests,
                                    n_regions * sizeof(a->digests[0])) == 0;
}

static bool overflow(TwTrace *trace)
{
    trace->end = TW_END_OVERFLOW;
    return false;
}

bool tw_trace_add_location(TwTrace *trace, TwOutcome *outcome,
                           TwLocation location)
{
    if (trace->n_locations >= TW_MAX_LOCATIONS ||
        outcome->n_locations >= TW_MAX_ACCESS) {
        return overflow(trace);
    }
    if (outcome->n_locations == 0) {
        outcome->location = trace->n_locations;
    }
    outcome->n_locations++;
    trace->locations[trace->n_locations++] = location;
    return true;
}

const char *tw_log_kind_name(unsigned kind)
{
    static const char *const names[TW_LOG_KINDS] = {"write", "fetch", "read"};
    return kind < TW_LOG_KINDS ? names[kind] : "?";
}

bool tw_trace_add_log(TwTrace *trace, TwLogRecord record)
{
    if (trace->n_log >= TW_MAX_LOG) {
        return overflow(trace);
    }
    trace->log[trace->n_log++] = record;
    return true;
}

bool tw_trace_add_event(TwTrace *trace, TwEventRecord record)
{
    if (trace->n_events >= TW_MAX_EVENTS) {
        return overflow(trace);
    }
    trace->events[trace->n_events++] = record;
    return true;
}

bool tw_trace_add_mark(TwTrace *trace, TwMark mark)
{
    if (trace->n_marks >= TW_MAX_MARKS) {
        return overflow(trace);
    }
    trace->marks[trace->n_marks++] = mark;
    return true;
}

TwOutcome *tw_trace_add_started(TwTrace *trace, uint16_t op)
{
    TwStarted *started = &trace->started[trace->n_started];

    if (trace->n_started >= TW_MAX_STARTED) {
        overflow(trace);
        return NULL;
    }
    *started = (TwStarted){.op = op, .outcome.status = TW_STATUS_DONE};
    started->outcome.location = trace->n_locations;
    trace->n_started++;
    return &started->outcome;
}

unsigned tw_trace_started_before(const TwTrace *trace, unsigned at, uint16_t op)
{
    unsigned n = 0;

    while (n < at && trace->started[at - 1 - n].op == op) {
        n++;
    }
    return n;
}

static const char *pick(const char *const *names, unsigned count, unsigned i)
{
    return i < count ? names[i] : NULL;
}

const char *tw_counter_name(unsigned counter)
{
    static const char *const names[TW_COUNTERS] = {
        [TW_COUNT_TLB_HIT] = "tlb-hit",
        [TW_COUNT_VICTIM_HIT] = "victim-hit",
        [TW_COUNT_FILL] = "fill",
        [TW_COUNT_UNCACHED] = "uncached",
        [TW_COUNT_FLUSH_ALL] = "flush-all",
        [TW_COUNT_FLUSH_INDEX] = "flush-index",
        [TW_COUNT_FLUSH_PAGE] = "flush-page",
        [TW_COUNT_NOTIFY] = "notify",
        [TW_COUNT_IOTLB] = "iotlb",
        [TW_COUNT_COMBINED] = "combined",
        [TW_COUNT_STARTED] = "started",
        [TW_COUNT_BUSY] = "busy",
        [TW_COUNT_NO_MEMORY] = "no-memory",
        [TW_COUNT_MAPPED] = "mapped",
        [TW_COUNT_POINTER] = "pointer",
        [TW_COUNT_CONTEXT] = "context",
        [TW_COUNT_NESTED] = "nested",
        [TW_COUNT_MARK] = "mark",
        [TW_COUNT_UNMARKED] = "unmarked",
        [TW_COUNT_DELIVER] = "deliver",
        [TW_COUNT_OBSERVED] = "observed",
        [TW_COUNT_QUEUED] = "queued",
        [TW_COUNT_COMMIT] = "commit",
        [TW_COUNT_RENDER] = "render",
        [TW_COUNT_DISPATCH] = "dispatch",
        [TW_COUNT_SUBPAGE] = "subpage",
    };
    return pick(names, TW_COUNTERS, counter);
}

const char *tw_peak_name(unsigned peak)
{
    static const char *const names[TW_PEAKS] = {
        [TW_PEAK_QUEUE] = "queue",     [TW_PEAK_SLOTS] = "slots",
        [TW_PEAK_VICTIMS] = "victims", [TW_PEAK_NOTIFIERS] = "notifiers",
        [TW_PEAK_HOPS] = "hops",
    };
    return pick(names, TW_PEAKS, peak);
}

const char *tw_event_kind_name(unsigned kind)
{
    switch (kind) {
    case TW_EVENT_UNMAP:
        return "unmap";
    case TW_EVENT_MAP:
        return "map";
    case TW_EVENT_DEVIOTLB_UNMAP:
        return "deviotlb";
    case TW_LISTEN_ADD:
        return "add";
    case TW_LISTEN_DEL:
        return "del";
    case TW_LISTEN_NOP:
        return "nop";
    case TW_TRACE_DIRTY:
        return "dirty";
    case TW_TRACE_TOLD:
        return "told";
    default:
        return NULL;
    }
}

const char *tw_class_name(unsigned class_)
{
    static const char *const names[TW_CLASSES] = {
        [TW_CLASS_OK] = "ok",
        [TW_CLASS_DISCARD] = "discard",
        [TW_CLASS_DEVICE_ERROR] = "device-error",
        [TW_CLASS_DECODE_ERROR] = "decode-error",
        [TW_CLASS_LOOP] = "loop",
        [TW_CLASS_PAGE_FAULT] = "page-fault",
    };
    return pick(names, TW_CLASSES, class_);
}

const char *tw_reason_name(unsigned kind)
{
    static const char *const names[TW_REASONS] = {
        [TW_REASON_NO_CONTEXT] = "no-context",
        [TW_REASON_BLOCKED] = "blocked",
        [TW_REASON_RANGE] = "range",
        [TW_REASON_UNREADABLE] = "unreadable",
        [TW_REASON_ABSENT] = "absent",
        [TW_REASON_RESERVED] = "reserved",
        [TW_REASON_RIGHTS] = "rights",
        [TW_REASON_HOPS] = "hops",
    };
    return pick(names, TW_REASONS, kind);
}

const char *tw_status_name(unsigned status)
{
    static const char *const names[TW_STATUSES] = {
        [TW_STATUS_NOT_RUN] = "not-run", [TW_STATUS_DONE] = "done",
        [TW_STATUS_SKIPPED] = "skipped", [TW_STATUS_NOMEM] = "nomem",
        [TW_STATUS_VETOED] = "vetoed",
    };
    return pick(names, TW_STATUSES, status);
}

const char *tw_end_name(unsigned end)
{
    static const char *const names[TW_ENDS] = {
        [TW_END_DONE] = "done",           [TW_END_DIED] = "died",
        [TW_END_HUNG] = "hung",           [TW_END_UNSUPPORTED] = "unsupported",
        [TW_END_INVARIANT] = "invariant", [TW_END_OVERFLOW] = "overflow",
        [TW_END_MALFORMED] = "malformed", [TW_END_EVENT] = "event",
    };
    return pick(names, TW_ENDS, end);
}
