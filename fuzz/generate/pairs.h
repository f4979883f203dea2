/* SPDX-License-Identifier: MIT */
/* Accesses that one instruction makes, two at a time (LA-59). */
#ifndef TW_FUZZ_GENERATE_PAIRS_H
#define TW_FUZZ_GENERATE_PAIRS_H

#include "fuzz/generate/sketch.h"

/* Makes pairs of some neighbouring accesses of a script that is whole. */
void tw_pairs_make(TwGen *gen);

#endif
