/* SPDX-License-Identifier: MIT */
/*
 * Extremes: what random programs reach at the limits only.  A few programs in
 * a hundred thousand of each profile, and more of `hostile`, are made for one
 * extreme; the generator asks this file at the places where such a program
 * differs.  Each function does nothing, and draws nothing, for the others.
 */
#ifndef TW_FUZZ_GENERATE_EXTREME_H
#define TW_FUZZ_GENERATE_EXTREME_H

#include "fuzz/generate/regions.h"

/* Is this program made for an extreme?  Sets gen->extreme and gen->mixture; the
 * profile, dialect and generator state are set. */
void tw_extreme_draw(TwGen *gen);

/* In the order of their calls: the limit of hops; regions; CPUs; the setup, in
 * which what is usual stands already. */
void tw_extreme_hops(TwGen *gen);
void tw_extreme_regions(TwGen *gen, TwGenCursor *cursor);
void tw_extreme_cpus(TwGen *gen);
void tw_extreme_setup(TwGen *gen);
/* The first regions and the last of the setup of a flat program, whose
 * addresses are below 2^window_lg. */
void tw_extreme_flat_regions(TwGen *gen, unsigned window_lg);
/* How many regions a flat program has beside the root. */
unsigned tw_extreme_flat_count(TwGen *gen, unsigned usual);
void tw_extreme_flat_setup(TwGen *gen, unsigned window_lg);

/* A part of the script: many accesses before what is usual; true if there is
 * another part. */
bool tw_extreme_script(TwGen *gen, unsigned part);

#endif
