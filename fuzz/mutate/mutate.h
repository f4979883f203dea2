/* SPDX-License-Identifier: MIT */
/*
 * Structured mutation and cross-over on decoded programs; the result always
 * passes tw_program_check and is admitted by the dialect.  Neither allocates.
 */
#ifndef TW_FUZZ_MUTATE_MUTATE_H
#define TW_FUZZ_MUTATE_MUTATE_H

#include "program/dialect.h"
#include "program/rng.h"

/*
 * Changes `program` in one to a few places; in rare cases in none.  What is
 * made anew, a move or all, is drawn from `profiles`: a bit per TwProfile, not
 * none.
 */
void tw_mutate(TwProgram *program, const TwDialect *dialect, uint32_t profiles,
               TwRng *rng);

/*
 * Puts into `out` the topology of `a` with a script spliced from both (the
 * operands of b's operations are mapped to a's objects).
 */
void tw_crossover(TwProgram *out, const TwProgram *a, const TwProgram *b,
                  const TwDialect *dialect, TwRng *rng);

#endif
