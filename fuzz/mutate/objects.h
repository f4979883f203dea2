/* SPDX-License-Identifier: MIT */
/* Mutations of one object, and what all mutations share. */
#ifndef TW_FUZZ_MUTATE_OBJECTS_H
#define TW_FUZZ_MUTATE_OBJECTS_H

#include "fuzz/mutate/mutate.h"

typedef struct TwMutation {
    TwProgram *program;
    const TwDialect *dialect;
    uint32_t profiles;
    TwRng *rng;
} TwMutation;

static inline uint32_t tw_below(TwMutation *m, uint32_t bound)
{
    return tw_rng_below(m->rng, bound);
}

/* A number near `value`, or an address that the program knows. */
uint64_t tw_mutate_nudge(TwMutation *m, uint64_t value);

/* Each changes one thing, or nothing. */

void tw_mutate_change_region(TwMutation *m);
/* A new leaf or alias somewhere. */
void tw_mutate_add_region(TwMutation *m);
/* Granules and page sizes leave operations ragged: tw_mutate_round_all(). */
void tw_mutate_change_iommu(TwMutation *m);
void tw_mutate_change_world(TwMutation *m);
void tw_mutate_round_all(TwProgram *program);
void tw_mutate_change_cpu(TwMutation *m);
void tw_mutate_drop_object(TwMutation *m);

#endif
