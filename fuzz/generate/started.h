/* SPDX-License-Identifier: MIT */
/*
 * Accesses that devices start (LA-61): some accesses of a program become writes
 * to actor offsets that start others.
 */
#ifndef TW_FUZZ_GENERATE_STARTED_H
#define TW_FUZZ_GENERATE_STARTED_H

#include "fuzz/generate/sketch.h"

/* At the end of all, with the sketch of the program. */
void tw_started_make(TwGen *gen);

#endif
