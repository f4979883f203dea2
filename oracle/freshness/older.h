/* SPDX-License-Identifier: MIT */
/*
 * What records of an IOTLB may answer where a walk asks an IOMMU (FRESHNESS.md,
 * "A cache inside the path").  For this room only.
 */
#ifndef TW_ORACLE_FRESHNESS_OLDER_H
#define TW_ORACLE_FRESHNESS_OLDER_H

#include "oracle/freshness/ask.h"

/* When something changed, and by which operation. */
typedef struct TwChange {
    uint32_t since;
    uint16_t op;
} TwChange;

/* Keeps the later one. */
static inline void tw_change_note(TwChange *change, uint32_t since, uint16_t op)
{
    if (since > change->since) {
        change->since = since;
        change->op = op;
    }
}

/* A question: what may an IOMMU answer from records? */
typedef struct TwOlderAsk {
    const TwAsk *ask;
    bool ended_too;   /* also from records that an event has ended */
    uint64_t granule; /* number of the granule */
    uint32_t asked;   /* when */
    uint8_t iommu, index;
    uint8_t need; /* rights of the one who asks */
} TwOlderAsk;

/* Records of other IOMMUs that take part in reads of nested tables (LA-53);
 * none of them if n is 0.  The depth of their requests is 0. */
enum { TW_MAX_OTHERS = 6 };
typedef struct TwOthersSay {
    unsigned n;
    uint16_t changed; /* what one of them adds to the tale of the answer: */
    uint32_t until;   /* as below */
    const TwEnding *ended; /* the same */
    TwRecord list[TW_MAX_OTHERS];
} TwOthersSay;

/* An answer in which records took part. */
enum { TW_MAX_OLDER = 64 }; /* to one question; beyond, inconclusive */
typedef struct TwOlder {
    TwParts parts;
    TwFound found;
    bool own;              /* a record of the IOMMU itself took part */
    uint16_t changed;      /* the operation that changed it after `until` */
    uint32_t until;        /* when it was right last */
    const TwEnding *ended; /* the event that ended it, or NULL: it is allowed */
    unsigned n_others;
    TwRecord others[TW_MAX_OTHERS];
} TwOlder;

typedef struct TwOlders {
    bool overflow;   /* there are more */
    TwChange change; /* the last one of all that was looked at */
    unsigned n;
    const TwOlder *list;
} TwOlders;

/*
 * All answers that differ from that without records, and from each other; if
 * the question is about ended records, too, also those that differ in what
 * ended them.  They stay until the history takes up another question
 * (tw_older_begin), and answers to the same question are found again.
 */
const TwOlders *tw_older_find(const TwOlderAsk *question);
void tw_older_begin(TwHistory *history, const TwWorld *world);
/* Frees what the history keeps of them. */
void tw_older_clear(TwHistory *history);

/* Are the translations the same for the one who asks, and the reason, too, if
 * they refuse him (LA-60)? */
bool tw_older_same(const TwOlderAsk *question, const TwFound *a,
                   const TwFound *b);

/*
 * May a lookup of the question's index at that time name that domain, in a
 * context or the record of one?
 */
bool tw_older_names(const TwOlderAsk *question, uint8_t domain,
                    TwChange *change);

/* Since when all records have been made: a restore up to t has ended those
 * before it. */
uint32_t tw_older_restored(const TwAsk *ask, uint32_t t);

#endif
