/* SPDX-License-Identifier: MIT */
/* The moves that a script is made of. */
#ifndef TW_FUZZ_GENERATE_MOVES_H
#define TW_FUZZ_GENERATE_MOVES_H

#include "fuzz/generate/sketch.h"

/* Appends moves until the script has `goal` operations. */
void tw_gen_script(TwGen *gen, unsigned goal);

/* Appends one move of the profile's mixture. */
void tw_gen_move(TwGen *gen);

/* Moves in files of their own: board.c, watch.c, time.c. */
void tw_move_topology(TwGen *gen);
void tw_move_transaction(TwGen *gen);
void tw_move_pingpong(TwGen *gen);
void tw_move_cpus(TwGen *gen);
void tw_move_dma(TwGen *gen);
void tw_move_switch(TwGen *gen);
void tw_move_destroy(TwGen *gen);
void tw_move_unplug(TwGen *gen);
void tw_move_observe(TwGen *gen);
void tw_move_actor(TwGen *gen);
void tw_move_listen(TwGen *gen);
void tw_move_dirty(TwGen *gen);
void tw_move_during(TwGen *gen);
void tw_move_snapshot(TwGen *gen);
void tw_move_clock(TwGen *gen);
void tw_move_space(TwGen *gen);

#endif
