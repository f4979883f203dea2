/* SPDX-License-Identifier: MIT */
/* Programs whose code runs on over the end of a page (LA-52). */
#ifndef TW_FUZZ_GENERATE_RUNS_H
#define TW_FUZZ_GENERATE_RUNS_H

#include "fuzz/generate/sketch.h"

/* Makes code contents those for runs now and then, if the dialect has them. */
void tw_runs_choose(TwGen *gen);
/* Of a finished script with such contents: moves many fetches to the end of a
 * page, and stores to the words around such ends.  Else it does nothing, and
 * draws nothing. */
void tw_runs_place(TwGen *gen);

#endif
