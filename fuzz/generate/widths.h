/* SPDX-License-Identifier: MIT */
/* CPUs of fewer than 64 bits, and accesses that pass the highest address
 * (LA-58). */
#ifndef TW_FUZZ_GENERATE_WIDTHS_H
#define TW_FUZZ_GENERATE_WIDTHS_H

#include "fuzz/generate/sketch.h"

/* Gives an MMU index a width in some programs of the profile `hostile`, once
 * the script is whole, and takes accesses to the end of its addresses. */
void tw_widths_make(TwGen *gen);

#endif
