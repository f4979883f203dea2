/* SPDX-License-Identifier: MIT */
/*
 * What records of an IOTLB may answer where a walk asks an IOMMU (FRESHNESS.md,
 * "A cache inside the path").  For this room only.
 */
#ifndef TW_ORACLE_FRESHNESS_OLDER_H
#define TW_ORACLE_FRESHNESS_OLDER_H

#include "oracle/freshness/ask.h"

enum { TW_MAX_OLDER = 128 }; /* of one walk; beyond, inconclusive */

/* An answer of an IOMMU in which records took part. */
typedef struct TwOlder {
    TwRecord record;
    TwFound found;
    unsigned hop;          /* of the walk */
    uint32_t until;        /* when it was right last */
    uint16_t changed;      /* the operation that changed it then */
    const TwEnding *ended; /* the event that ended it, or NULL: it is allowed */
} TwOlder;

typedef struct TwOlderList {
    const TwAsk *ask;
    bool ended_too; /* also answers of records that an event has ended */
    bool overflow;  /* there are more */
    /* When something changed last of all that was looked at, and by which
     * operation. */
    uint16_t op;
    uint32_t since;
    unsigned n;
    TwOlder list[TW_MAX_OLDER]; /* large: only the first n mean something */
} TwOlderList;

/* An empty list. */
static inline void tw_older_start(TwOlderList *older, const TwAsk *ask,
                                  bool ended_too)
{
    older->ask = ask;
    older->ended_too = ended_too;
    older->overflow = false;
    older->op = 0;
    older->since = 0;
    older->n = 0;
}

/* Adds what records may answer for hop number `number` of the walk. */
void tw_older_add(TwOlderList *older, const TwWalk *walk, unsigned number);

/*
 * May a lookup of that IOMMU's index at time `asked` name that domain, in a
 * context or the record of one?
 */
bool tw_older_names(TwOlderList *older, uint8_t iommu, uint8_t index,
                    uint8_t domain, uint32_t asked);

/* Since when all records have been made: a restore up to t has ended those
 * before it. */
uint32_t tw_older_restored(const TwAsk *ask, uint32_t t);

#endif
