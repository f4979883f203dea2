/* SPDX-License-Identifier: MIT */
/*
 * A wish: one situation (oracle/freshness/situation.h) that a random program
 * shall reach, and the path to it: page map, IOMMUs, leaf.
 *
 * The setup contains the path, so that at the start the access has the wished
 * answer at the wished depth.  The script then changes the answer to another
 * one, accesses, makes the wished change, sends the wished event, and accesses
 * again.  Like every part of the generator this is only an attempt: overlaps
 * and odd granules are left as they are.
 *
 * The IOMMUs of the path are of the kind `table`, without an IOTLB.  Situations
 * that need tables in RAM or an IOTLB (tw_situation_needs_tables()) are no
 * wishes; the profiles that have them meet those without steering.
 */
#ifndef TW_FUZZ_GENERATE_WISH_H
#define TW_FUZZ_GENERATE_WISH_H

#include "fuzz/generate/sketch.h"
#include "oracle/freshness/situation.h"

/* In front of the script of a program that has its topology. */
void tw_gen_wish(TwGen *gen, const TwSituation *want);

#endif
