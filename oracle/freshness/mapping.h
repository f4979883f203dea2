/* SPDX-License-Identifier: MIT */
/*
 * Cached DMA mappings (LA-38, RU-9): which run of bytes a mapping has at a
 * time, and which accesses it may answer.
 */
#ifndef TW_ORACLE_FRESHNESS_MAPPING_H
#define TW_ORACLE_FRESHNESS_MAPPING_H

#include "oracle/walk/walk.h"

/* The run of a mapping at one time. */
typedef struct TwMappingRun {
    bool unknown;  /* the space has more ranges than the oracle keeps */
    bool any;      /* there is a run; it has the bytes 0 .. last of */
    uint64_t last; /* those that the mapping asked for */
    uint8_t n_hops;
    struct {
        uint8_t iommu, index;
        uint64_t first, last; /* offsets in the IOMMU's region; `last` only of
                               * a run that there is */
    } hops[TW_MAX_HOPS];
} TwMappingRun;

/* The longest run of a mapping, with all links as at times.then, but those that
 * times.records names. */
void tw_mapping_run(const TwWorld *world, const TwMapping *mapping,
                    TwTimes times, TwMappingRun *run);

/* The mapping that may answer the access: `op` goes via it, in its space and
 * direction, with its attributes and inside the bytes that it asked for.  NULL:
 * the access walks. */
const TwMapping *tw_mapping_of(const TwWorld *world, const TwOp *op);

#endif
