/* SPDX-License-Identifier: MIT */
/*
 * The situations at which the next programs of a campaign aim.  Rounds have a
 * fixed size, and no program of a round begins before all programs of the
 * rounds before have ended.  So the wishes depend on seed and number, never on
 * which worker is faster.
 */
#include "fuzz/campaign/internal.h"

#include <stdlib.h>
#include <string.h>

#include "program/rng.h"

/* Situations are taken in a shuffled order, so that a short campaign tries some
 * of everything. */
TwSteering *tw_steering_new(uint64_t seed)
{
    TwSteering *steering = g_new0(TwSteering, 1);
    TwRng rng = tw_rng_for(0x7374656572000000u, seed);

    for (uint32_t i = 0; i < TW_SITUATIONS; i++) {
        TwSituation situation = tw_situation_of(i);

        if (tw_situation_possible(&situation) &&
            !tw_situation_needs_tables(&situation)) {
            steering->order[steering->n++] = i;
        }
    }
    for (uint32_t i = steering->n; i > 1; i--) {
        uint32_t k = tw_rng_below(&rng, i), kept = steering->order[i - 1];

        steering->order[i - 1] = steering->order[k];
        steering->order[k] = kept;
    }
    return steering;
}

void tw_steering_wish(TwSteering *steering, const TwCoverage *before,
                      const TwSlotMet *met, unsigned n,
                      uint32_t wishes[TW_ROUND])
{
    uint32_t given = 0, missing = 0;

    for (uint32_t i = 0; i < TW_SITUATIONS; i++) {
        steering->seen[i] = before ? before->seen[i] : 0;
        for (unsigned j = 0; j < n; j++) {
            steering->seen[i] += met[j].seen[i];
        }
    }
    for (uint32_t k = 0; k < steering->n; k++) {
        missing += steering->seen[steering->order[k]] == 0;
    }
    while (given < TW_ROUND && missing > 0) {
        uint32_t least = UINT32_MAX;

        for (uint32_t k = 0; k < steering->n; k++) {
            uint32_t i = steering->order[k];

            if (steering->seen[i] == 0) {
                least = MIN(least, steering->tries[i]);
            }
        }
        for (uint32_t k = 0; k < steering->n && given < TW_ROUND; k++) {
            uint32_t i = steering->order[k];

            if (steering->seen[i] == 0 && steering->tries[i] == least) {
                steering->tries[i]++;
                wishes[given++] = i;
            }
        }
    }
    while (given < TW_ROUND) {
        wishes[given++] = TW_NO_WISH;
    }
}
