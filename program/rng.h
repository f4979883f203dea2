/* SPDX-License-Identifier: MIT */
/*
 * The one source of randomness: splitmix64 with explicit state, the same
 * sequence on every host.  Also the mixing function behind hashes and digests.
 */
#ifndef TW_PROGRAM_RNG_H
#define TW_PROGRAM_RNG_H

#include <stdint.h>

typedef struct TwRng {
    uint64_t state;
} TwRng;

/* A bijection on 64 bits in which every input bit reaches every output bit. */
static inline uint64_t tw_mix64(uint64_t x)
{
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return x ^ (x >> 31);
}

static inline uint64_t tw_rng_next(TwRng *rng)
{
    return tw_mix64(rng->state += 0x9e3779b97f4a7c15u);
}

/* Evenly from 0 .. bound - 1 (bound > 0; bias below 2^-32). */
static inline uint32_t tw_rng_below(TwRng *rng, uint32_t bound)
{
    return (uint32_t)(((tw_rng_next(rng) >> 32) * bound) >> 32);
}

/* True with a chance of `percent` in a hundred. */
static inline int tw_rng_chance(TwRng *rng, uint32_t percent)
{
    return tw_rng_below(rng, 100) < percent;
}

/* The generator of program number `index` of a campaign with this seed. */
static inline TwRng tw_rng_for(uint64_t seed, uint64_t index)
{
    return (TwRng){tw_mix64(tw_mix64(seed + 0x9e3779b97f4a7c15u) ^
                            (index * 0xd1342543de82ef95u + 1))};
}

#endif
