/* SPDX-License-Identifier: MIT */
/*
 * What records of an IOTLB may answer where a walk asks an IOMMU (FRESHNESS.md,
 * "A cache inside the path").  For this room only.
 */
#ifndef TW_ORACLE_FRESHNESS_OLDER_H
#define TW_ORACLE_FRESHNESS_OLDER_H

#include "oracle/freshness/record.h"

/*
 * All answers that differ from that without records, and from each other; if
 * the question is about ended records, too, also those that differ in what
 * ended them, and if it is about the entries that an access may use (`used`),
 * all that read tables now.  They stay as long as kept.h says.
 */
const TwOlders *tw_older_find(const TwOlderAsk *question);

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
