/* SPDX-License-Identifier: MIT */
/* Objects, tables and page maps of a random program. */
#ifndef TW_FUZZ_GENERATE_TOPOLOGY_H
#define TW_FUZZ_GENERATE_TOPOLOGY_H

#include "fuzz/generate/sketch.h"

/* Fills everything but the script; the sketch follows. */
void tw_gen_topology(TwGen *gen);

/* Fills the setup of a program that has its objects. */
void tw_gen_setup(TwGen *gen);

/* A new setup operation, by the board, otherwise zero; NULL if the setup is
 * full or the dialect lacks the operation. */
TwOp *tw_gen_new_setup(TwGen *gen, TwOpCode code);

/* How many spaces there are from the start; a late one is the last. */
unsigned tw_gen_live_spaces(const TwGen *gen);

#endif
