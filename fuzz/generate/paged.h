/* SPDX-License-Identifier: MIT */
/* Programs about the page tables of a CPU: a fixed memory, and pages of the few
 * sizes that an architecture has. */
#ifndef TW_FUZZ_GENERATE_PAGED_H
#define TW_FUZZ_GENERATE_PAGED_H

#include "fuzz/generate/sketch.h"

/* Is the dialect such a one: pages of some sizes only, all from 4 KiB on? */
bool tw_paged_dialect(const TwDialect *dialect);

/* Everything but the script, of a program that has its parameters. */
void tw_paged_topology(TwGen *gen);

/* One move. */
void tw_paged_move(TwGen *gen);

#endif
