/* SPDX-License-Identifier: MIT */
/*
 * What a walk of the tables of an IOMMU may find if they are nested (LA-53):
 * the reads of its entries pass other IOMMUs, whose records may answer.  For
 * this room only.
 */
#ifndef TW_ORACLE_FRESHNESS_NESTED_H
#define TW_ORACLE_FRESHNESS_NESTED_H

#include "oracle/freshness/record.h"

enum { TW_MAX_TRANSLATIONS = 32 }; /* of one walk; beyond, inconclusive */

/* A translation, and the records of others that took part in it. */
typedef struct TwTranslation {
    TwFound found;
    TwOthersSay others;
} TwTranslation;

typedef struct TwTranslations {
    bool overflow;   /* there are more */
    TwChange change; /* the last one of all that was looked at */
    unsigned n;
    TwTranslation list[TW_MAX_TRANSLATIONS]; /* the first is that without
                                              * records of others */
} TwTranslations;

/* Can records of other IOMMUs take part in walks of the tables of that one? */
bool tw_nested_mixes(const TwWorld *world, uint8_t iommu);

/* The translations of offset x, read at the times of `parts` and looked up in
 * the context that the root comes from; all that differ or, if the question is
 * about ended records, too, all.  `ask` answers questions to the others. */
void tw_nested_find(const TwOlderAsk *question, uint64_t x, TwParts parts,
                    const TwOlders *(*ask)(const TwOlderAsk *question),
                    TwTranslations *translations);

#endif
