/* SPDX-License-Identifier: MIT */
/*
 * A wish: one situation (oracle/freshness/situation.h) that a random program is
 * to bring about, and the way to it: page map, IOMMUs, leaf.
 *
 * The way is laid in the setup, so that the program starts where the access
 * has the wished answer at the wished depth.  The script then goes away from
 * it, accesses, comes back by the wished change, has the wished event, and
 * accesses again.  Like all of the generator it aims, and may miss: overlaps
 * and odd granules are left as they are.
 */
#ifndef TW_FUZZ_GENERATE_WISH_H
#define TW_FUZZ_GENERATE_WISH_H

#include "fuzz/generate/sketch.h"
#include "oracle/freshness/situation.h"

/* In front of the script of a program that has its topology. */
void tw_gen_wish(TwGen *gen, const TwSituation *want);

#endif
