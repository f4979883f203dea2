/* SPDX-License-Identifier: MIT */
/*
 * Which events end which cached answers.
 */
#ifndef TW_ORACLE_FRESHNESS_ENDINGS_H
#define TW_ORACLE_FRESHNESS_ENDINGS_H

#include "oracle/walk/walk.h"

/* Does the event cover an answer that used the page-map assignment and the
 * first j hops of the walk, and, if `tail`, the topology behind them? */
bool tw_ending_covers(const TwWorld *world, const TwAccess *access,
                      const TwEnding *ending, const TwWalk *walk, unsigned j,
                      bool tail);

/* By what an event finds a record of an IOMMU. */
typedef struct TwRecordKey {
    uint64_t first, last; /* offsets that it is about */
    uint8_t kind;         /* TW_RECORD_... */
    uint8_t iommu;
    uint8_t index;  /* of a context, or of an entry of a `table` */
    uint8_t domain; /* of an entry or a pointer of a `pagetable` */
} TwRecordKey;

/* Does the event end the record (FR-11), or its part of a combined one
 * (FR-12)? */
bool tw_ending_covers_record(const TwWorld *world, const TwEnding *ending,
                             const TwRecordKey *key);

/*
 * The newest flush that counts for the CPU of a fetch and covers a page of it
 * (FR-10), or NULL.
 */
const TwEnding *tw_ending_flushed(const TwWorld *world, const TwAccess *access);

#endif
