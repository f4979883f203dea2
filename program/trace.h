/* SPDX-License-Identifier: MIT */
/*
 * What a target says it did with a program: one outcome per script operation,
 * the device log, delivered notifications and the final digests.  Plain data;
 * the judge sees nothing else of a target.
 */
#ifndef TW_PROGRAM_TRACE_H
#define TW_PROGRAM_TRACE_H

#include "program/model.h"

/* Result classes (AC rules), worst last: an access has the worst
 * class of its bytes. */
typedef enum TwClass {
    TW_CLASS_OK,
    TW_CLASS_DISCARD,
    TW_CLASS_DEVICE_ERROR,
    TW_CLASS_DECODE_ERROR,
    TW_CLASS_LOOP,
    TW_CLASS_PAGE_FAULT,
    TW_CLASSES
} TwClass;

typedef enum TwStatus {
    TW_STATUS_NOT_RUN, /* the target ended before it */
    TW_STATUS_DONE,    /* performed; for an access, see `class_` */
    TW_STATUS_SKIPPED, /* not legal at that moment (RU-1) */
    TW_STATUS_NOMEM,   /* creation or registration failed (RU-8) */
    TW_STATUS_VETOED,  /* observe, unobserve: the IOMMU said no (NT-2) */
    TW_STATUSES
} TwStatus;

enum {
    TW_LOC_READONLY = 1, /* effectively read-only (FV-2) */
    TW_LOC_ROMD = 2,     /* ROM device in romd mode */
};

/* Bytes first .. first + length - 1 of an access went to `region` from
 * `offset` on. */
typedef struct TwLocation {
    uint8_t first, length;
    uint8_t region;
    uint8_t flags; /* TW_LOC_... */
    uint64_t offset;
} TwLocation;

/* Why a link refused an access (LA-60).  LAYOUTS.md has the manuals' names. */
typedef enum TwReasonKind {
    TW_REASON_NONE,       /* no link did, or the target does not say */
    TW_REASON_NO_CONTEXT, /* the index has no context (LA-35) */
    TW_REASON_BLOCKED,    /* its context is `blocked` */
    TW_REASON_RANGE,      /* the tables do not reach so far */
    TW_REASON_UNREADABLE, /* an entry cannot be read */
    TW_REASON_ABSENT,     /* an entry, or a page-map assignment, is not there */
    TW_REASON_RESERVED,   /* an entry that is there means nothing */
    TW_REASON_RIGHTS,     /* a right is missing */
    TW_REASON_HOPS,       /* too many IOMMUs came before (LA-14) */
    TW_REASONS
} TwReasonKind;

typedef struct TwReason {
    uint8_t kind;     /* TwReasonKind */
    uint8_t iommu;    /* that refused; TW_NONE: the page map did */
    uint8_t level;    /* of the entry in page tables; 0: there is none */
    uint64_t address; /* of the lowest byte that is refused for the class of
                       * the access: offset in the IOMMU's region; page map:
                       * its virtual address */
} TwReason;

/* Are they the same reason, or none both? */
static inline bool tw_reason_same(const TwReason *a, const TwReason *b)
{
    return a->kind == b->kind &&
           (a->kind == TW_REASON_NONE ||
            (a->iommu == b->iommu && a->level == b->level &&
             a->address == b->address));
}

typedef struct TwOutcome {
    uint8_t status;      /* TwStatus */
    uint8_t class_;      /* TwClass; accesses only */
    uint8_t n_locations; /* 0 where refused (more than DEVICE_ERROR) or where
                          * the target does not say */
    uint16_t location;   /* index of the first in TwTrace.locations */
    uint64_t value;      /* reads: little-endian, byte k of the access in bits
                          * 8k; 0 where refused.  dma-map: the length of the
                          * run, UINT64_MAX: 2^64 (LA-38) */
    TwReason reason; /* of a refused access; kind NONE: no link refused it, or
                      * the target does not say */
} TwOutcome;

enum { TW_LOG_WRITE, TW_LOG_FETCH, TW_LOG_READ, TW_LOG_KINDS };

/* "write", "fetch", "read" */
const char *tw_log_kind_name(unsigned kind);

/* One byte that reached a device callback (RU-3, RU-4). */
typedef struct TwLogRecord {
    uint16_t op;  /* script operation number */
    uint8_t kind; /* TW_LOG_... */
    uint8_t region;
    uint8_t byte;    /* the byte written or read; 0 for a fetch */
    uint8_t call;    /* in the record of its first byte, the size of the call of
                      * the callback; 0 in the others, and where it is not told */
    uint8_t started; /* 0: the operation's own access; else the number of the
                      * one that it has started */
    uint64_t offset;
    TwAttrs attrs;
} TwLogRecord;

/* A notification as an observer got it, a listener call (LA-43), a run of pages
 * that `dirty-clear` found noted (LA-39), or a range of which a device was told
 * in an access (LA-64). */
typedef struct TwEventRecord {
    uint16_t op;
    uint8_t observer;     /* or listener; TW_NONE: TW_TRACE_... */
    uint8_t kind;         /* TW_EVENT_..., TW_LISTEN_... or TW_TRACE_... */
    uint8_t perm;         /* MAP, told: rights; else 0 */
    uint8_t space;        /* MAP, told: target space; listeners: theirs; else
                           * TW_NONE */
    uint8_t region;       /* listeners: leaf region; dirty: the one asked; else
                           * TW_NONE */
    uint64_t first, last; /* inclusive */
    uint64_t out; /* MAP, told: output address of `first`; listeners: its offset
                   * in `region`; else 0 */
} TwEventRecord;

/* The outcome of an access that an actor offset has started (LA-61).  Those of
 * an operation are numbered from 1, in order. */
typedef struct TwStarted {
    uint16_t op;
    TwOutcome outcome; /* `status` is DONE */
} TwStarted;

/* An entry of a page table in which a walk set A or D (LA-55). */
typedef struct TwMark {
    uint16_t op;
    uint8_t iommu, level;
    uint8_t started; /* as in TwLogRecord */
    uint64_t at;     /* offset of the entry in the region with the tables */
    uint64_t value;  /* its bytes afterwards */
} TwMark;

enum {
    TW_LISTEN_ADD = 16,
    TW_LISTEN_DEL,
    TW_LISTEN_NOP,
    TW_TRACE_DIRTY,
    TW_TRACE_TOLD,
};

/* Counters a target may keep; zero where it does not. */
typedef enum TwCounter {
    TW_COUNT_TLB_HIT,
    TW_COUNT_VICTIM_HIT,
    TW_COUNT_FILL,     /* fills that inserted an entry */
    TW_COUNT_UNCACHED, /* CPU accesses served without an entry */
    TW_COUNT_FLUSH_ALL,
    TW_COUNT_FLUSH_INDEX,
    TW_COUNT_FLUSH_PAGE,
    TW_COUNT_NOTIFY,    /* events offered to a region's notifiers */
    TW_COUNT_IOTLB,     /* translations by a record of an IOTLB */
    TW_COUNT_COMBINED,  /* pairs of them by a combined record */
    TW_COUNT_POINTER,   /* walks that began at a recorded pointer to a table */
    TW_COUNT_CONTEXT,   /* contexts that were records */
    TW_COUNT_NESTED,    /* entries of nested tables that were read */
    TW_COUNT_MARK,      /* entries of tables in which A or D was set */
    TW_COUNT_UNMARKED,  /* records that did not answer for want of A or D */
    TW_COUNT_STARTED,   /* accesses that actor offsets have started */
    TW_COUNT_BUSY,      /* of them, refused by a device that is in its callback
                         */
    TW_COUNT_NO_MEMORY, /* allocations that failed (LA-42) */
    TW_COUNT_MAPPED,    /* accesses answered by a DMA mapping */
    TW_COUNT_DELIVER,   /* notifications delivered to CPU notifiers */
    TW_COUNT_OBSERVED,  /* notifications delivered to observers */
    TW_COUNT_QUEUED,    /* work queued on another CPU */
    TW_COUNT_COMMIT,    /* effective commits */
    TW_COUNT_RENDER,    /* views rendered */
    TW_COUNT_DISPATCH,  /* dispatch trees built */
    TW_COUNT_SUBPAGE,   /* accesses through a sub-page container */
    TW_COUNTERS
} TwCounter;

const char *tw_counter_name(unsigned counter); /* "tlb-hit" ... */

/* The most of something at one moment of a run, if the target says.  Not in
 * the text form of traces. */
typedef enum TwPeak {
    TW_PEAK_QUEUE,     /* work queued on one CPU */
    TW_PEAK_SLOTS,     /* entries in the table of one TLB, */
    TW_PEAK_VICTIMS,   /* and among its victims */
    TW_PEAK_NOTIFIERS, /* registered for one CPU */
    TW_PEAK_HOPS,      /* of one walk that found a leaf */
    TW_PEAKS
} TwPeak;

const char *tw_peak_name(unsigned peak); /* "queue" ... */

typedef enum TwEnd {
    TW_END_DONE,
    TW_END_DIED,        /* see end_op, signal, text */
    TW_END_HUNG,        /* see end_op */
    TW_END_UNSUPPORTED, /* outside the target's dialect; text says what */
    TW_END_INVARIANT,   /* an internal invariant broke; text says which */
    TW_END_MALFORMED,   /* the answer was no trace; text says where */
    TW_END_EVENT,       /* a device was told what it must not be; text says
                         * what */
    TW_END_OVERFLOW,    /* more records than a trace can hold */
    TW_ENDS
} TwEnd;

enum {
    TW_MAX_STARTED = 2048,
    TW_MAX_LOCATIONS = (TW_MAX_SCRIPT + TW_MAX_STARTED) * TW_MAX_ACCESS,
    /* Each byte of an access may make a device read and write a word (LA-50),
     * and so may fetch each byte of the instruction (LA-46). */
    TW_MAX_TOLD = 2 * TW_MAX_ACCESS * TW_MAX_ACCESS,
    TW_MAX_LOG = TW_MAX_SCRIPT * TW_MAX_TOLD * 3 / 2,
    TW_MAX_EVENTS = 4096,
    TW_MAX_MARKS = 1024,
};

typedef struct TwTrace {
    uint8_t end;           /* TwEnd */
    bool locations_hidden; /* the target does not say where accesses went */
    uint16_t end_op;       /* operation in flight at the end, if not DONE */
    int32_t signal;        /* DIED: signal number, or 0 */
    uint16_t n_ops;        /* outcomes filled; n_script when DONE */
    uint16_t n_locations, n_events, n_marks, n_started;
    uint32_t n_log;
    char text[160]; /* one line, no newline; "" if none */
    uint32_t counters[TW_COUNTERS];
    uint32_t peaks[TW_PEAKS];
    uint64_t digests[TW_MAX_REGIONS]; /* per RAM block, up to n_regions */
    TwOutcome outcomes[TW_MAX_SCRIPT];
    TwLocation locations[TW_MAX_LOCATIONS];
    TwLogRecord log[TW_MAX_LOG];
    TwEventRecord events[TW_MAX_EVENTS];
    TwMark marks[TW_MAX_MARKS];
    TwStarted started[TW_MAX_STARTED];
} TwTrace;

/* Empties a trace of a program: end = DONE, no outcome, the digests of its
 * regions 0; other arrays are left as they are.  `program` may be NULL: none.
 */
void tw_trace_init(TwTrace *trace, const TwProgram *program);

/* Makes `to` equal to `from`; what no count reaches is left as it is.  (All of
 * a trace is some megabytes.) */
void tw_trace_copy(TwTrace *to, const TwTrace *from);

/* Do both say the same of a program with `n_regions` regions?  Counters and
 * peaks, which no judge looks at, may differ. */
bool tw_trace_same(const TwTrace *a, const TwTrace *b, unsigned n_regions);

/*
 * For targets: appends, and on a full array sets end = TW_END_OVERFLOW and
 * returns false.
 */
bool tw_trace_add_location(TwTrace *trace, TwOutcome *outcome,
                           TwLocation location);
bool tw_trace_add_log(TwTrace *trace, TwLogRecord record);
bool tw_trace_add_event(TwTrace *trace, TwEventRecord record);
bool tw_trace_add_mark(TwTrace *trace, TwMark mark);

/* For targets: the outcome, to be filled, of an access that operation `op` has
 * started; done, ok, without locations.  On a full array sets end =
 * TW_END_OVERFLOW and returns NULL. */
TwOutcome *tw_trace_add_started(TwTrace *trace, uint16_t op);

/* How many of the outcomes before trace->started[at] are of operation `op`. */
unsigned tw_trace_started_before(const TwTrace *trace, unsigned at,
                                 uint16_t op);

const char *tw_class_name(unsigned class_); /* "ok" "discard" ... */
const char *tw_reason_name(unsigned kind); /* "absent" ...; NULL: none, other */
const char *tw_status_name(unsigned status);   /* "done" "skipped" ... */
const char *tw_end_name(unsigned end);         /* "done" "died" ... */
const char *tw_event_kind_name(unsigned kind); /* "unmap" "add" ... */

#endif
