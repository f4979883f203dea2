/* SPDX-License-Identifier: MIT */
/*
 * A naive cache, and everything that it could contain.  After each operation it
 * may have fetched or dropped the answer of any page, so for each page this
 * file keeps a set of possible entries.  The naive cache has a small world of
 * its own, written from LANGUAGE.md and FRESHNESS.md; it shares no walk and no
 * history with the oracle.
 *
 * It supports flat roots (regions in a root container, none inside those), RAM,
 * table IOMMUs of one index, with IOTLBs or without, no attributes; MPCs of one
 * word, all accesses secure, no SEC_RESP; page-map entries of whole pages;
 * accesses of one byte.
 */
#ifndef TW_FUZZ_EXHAUST_NAIVE_H
#define TW_FUZZ_EXHAUST_NAIVE_H

#include "program/trace.h"

enum {
    NAIVE_CPUS = 2,
    NAIVE_PAGES = 2, /* of virtual addresses, from 0 on */
    NAIVE_IOMMU_PAGES = 4,
    NAIVE_IOMMUS = 2,
    NAIVE_HOPS = 4,
    NAIVE_ENTRIES = 256, /* distinct ones along one program */
    NAIVE_EVENTS = 8,    /* queued on a CPU */
    NAIVE_ANSWERS = 12,  /* distinct ones of one access */
    NAIVE_RECORDS = 8,   /* distinct ones of one page of an IOMMU */
    NAIVE_PAIRS = 16,    /* the same of combined ones */
    NAIVE_BLOCKED = 0xfe /* instead of a region or a space: the blocked device
                          * of an MPC */
};

/* The answer to an access of one byte. */
typedef struct NaiveAnswer {
    uint8_t class_;
    uint8_t region; /* class OK: where, or NAIVE_BLOCKED; else TW_NONE */
    uint64_t offset;
} NaiveAnswer;

typedef struct NaivePage { /* one page of a page map */
    bool valid;
    uint8_t perm, lg;
    uint64_t first; /* of the assignment */
    uint64_t pa;    /* of this page */
} NaivePage;

typedef struct NaiveHop {
    bool valid;
    uint8_t space, perm;
    uint64_t out;
} NaiveHop;

/* Two hops, one behind the other, recorded together. */
typedef struct NaivePair {
    NaiveHop first, second;
    uint8_t behind;  /* the second IOMMU, */
    uint64_t window; /* and which page of it */
} NaivePair;

typedef struct NaiveEvent {
    enum {
        EVENT_ALL,
        EVENT_UNMAP,
        EVENT_FLUSH,
        EVENT_RECORDS, /* an UNMAP, at the IOTLB, */
        EVENT_PAIRS,   /* and what ends combined records there */
    } kind;
    uint8_t iommu;
    uint64_t first, last; /* UNMAP: offsets; FLUSH: virtual addresses */
} NaiveEvent;

/* The first hops of a page's way at some time, or all of it. */
typedef struct NaiveEntry {
    uint8_t since; /* number of events that waited when it was obtained: they
                    * may have been heeded before, and no longer end it */
    NaivePage page;
    uint8_t perm; /* of page map and hops together */
    uint8_t n_hops;
    uint8_t iommu[NAIVE_HOPS];
    uint64_t window[NAIVE_HOPS]; /* page of region offset */
    uint8_t space;               /* where it leads, if it is not whole: */
    uint64_t addr;
    bool whole;     /* then to this leaf: */
    uint8_t region; /* TW_NONE: a hole */
    uint64_t offset;
} NaiveEntry;

/* Bit n of a set: entry n may be what is held; bit 0: nothing. */
typedef struct NaiveSet {
    uint64_t bits[NAIVE_ENTRIES / 64];
} NaiveSet;

typedef struct Naive {
    const TwProgram *program;
    /* The world. */
    NaivePage map[NAIVE_CPUS][NAIVE_PAGES];
    NaiveHop table[NAIVE_IOMMUS][NAIVE_IOMMU_PAGES];
    bool bypass[NAIVE_IOMMUS];
    bool enabled[TW_MAX_REGIONS];
    /* What was asked of each CPU and waits for a safe point. */
    uint8_t n_events[NAIVE_CPUS];
    NaiveEvent events[NAIVE_CPUS][NAIVE_EVENTS];
    /* What IOTLBs may hold, besides nothing. */
    uint8_t n_records[NAIVE_IOMMUS][NAIVE_IOMMU_PAGES];
    NaiveHop records[NAIVE_IOMMUS][NAIVE_IOMMU_PAGES][NAIVE_RECORDS];
    uint8_t n_pairs[NAIVE_IOMMUS][NAIVE_IOMMU_PAGES];
    NaivePair pairs[NAIVE_IOMMUS][NAIVE_IOMMU_PAGES][NAIVE_PAIRS];
    bool keeps_pairs; /* though an UNMAP of a range names their second part */
    /* The cache. */
    uint16_t n_entries; /* from 1 */
    NaiveEntry entries[NAIVE_ENTRIES];
    NaiveSet held[NAIVE_CPUS][NAIVE_PAGES];
    /* For tests: forgets that events of this kind end anything; -1: none. */
    int deaf_to;
    bool overflow; /* a bound above was exceeded: the results are void */
} Naive;

void tw_naive_init(Naive *naive, const TwProgram *program);

/* Does the operation change the world or end an answer?  If not, a program with
 * it equals the program without it. */
bool tw_naive_matters(const Naive *naive, const TwOp *op);

/* An operation that is not an access. */
void tw_naive_perform(Naive *naive, const TwOp *op);

/*
 * Writes all possible answers of the access to `answers`, and to `after` what
 * the cache may contain after each (copies of the cache).  Returns their
 * number.
 */
unsigned tw_naive_access(const Naive *naive, const TwOp *op,
                         NaiveAnswer answers[NAIVE_ANSWERS],
                         Naive after[NAIVE_ANSWERS]);

#endif
