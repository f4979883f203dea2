/* SPDX-License-Identifier: MIT */
/* Cached DMA mappings (LA-38) in random programs. */
#ifndef TW_FUZZ_GENERATE_MAPPING_H
#define TW_FUZZ_GENERATE_MAPPING_H

#include "fuzz/generate/sketch.h"

/* Can a program of the dialect make mappings and use them? */
bool tw_mappings_possible(const TwDialect *dialect);

/* The dialect without mappings and failing allocations, for programs that are
 * not about them. */
TwDialect tw_mappings_without(const TwDialect *dialect);

/* Makes a mapping, changes what it leads to, and uses it; or uses one that an
 * earlier move has made. */
void tw_move_mapping(TwGen *gen);

#endif
