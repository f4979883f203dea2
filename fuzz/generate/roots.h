/* SPDX-License-Identifier: MIT */
/* Spaces that show a region which is elsewhere, too, at another offset
 * (FV-7). */
#ifndef TW_FUZZ_GENERATE_ROOTS_H
#define TW_FUZZ_GENERATE_ROOTS_H

#include "fuzz/generate/sketch.h"

/* Adds such a space to some programs of the profile `topology`, once the script
 * is whole, and accesses of devices to it at the end of the script. */
void tw_roots_make(TwGen *gen);

#endif
