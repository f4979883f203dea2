/* SPDX-License-Identifier: MIT */
/*
 * Questions to an IOMMU about its records, and the answers: what nested.c and
 * older.c share.  For this room only.
 */
#ifndef TW_ORACLE_FRESHNESS_RECORD_H
#define TW_ORACLE_FRESHNESS_RECORD_H

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
 * Are the translations the same for the one who asks: in what they say, in the
 * reason if they refuse him (LA-60), in the bits that they would set (LA-55),
 * and, if they may become part of a combined record, in what ends that (FR-12)?
 */
bool tw_record_same(const TwOlderAsk *question, const TwFound *a,
                    const TwFound *b);

#endif
