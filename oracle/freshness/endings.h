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

/* Does the event end the record for offset x, of 2^lg bytes (0: of a granule),
 * in the IOTLB of an IOMMU's index (FR-11)? */
bool tw_ending_covers_record(const TwWorld *world, const TwEnding *ending,
                             uint8_t iommu, uint8_t index, uint64_t x,
                             uint8_t lg);

/*
 * The newest flush that counts for the CPU of a fetch and covers a page of it
 * (FR-10), or NULL.
 */
const TwEnding *tw_ending_flushed(const TwWorld *world, const TwAccess *access);

#endif
