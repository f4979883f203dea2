/* SPDX-License-Identifier: MIT */
/* The zoo, measured: is a bug found, and how small do its findings get? */
#ifndef TW_REPORTS_ZOO_H
#define TW_REPORTS_ZOO_H

#include "fuzz/campaign/campaign.h"
#include "fuzz/minimise/shrink.h"
#include "targets/zoo/zoo.h"

typedef struct TwZooRun {
    TwTargetOptions target; /* without the name */
    uint64_t seed;
    uint32_t seconds; /* for one bug's campaign */
    unsigned jobs;
    volatile int *stop; /* set by a signal handler */
} TwZooRun;

/* The result for one bug. */
typedef struct TwZooCaught {
    bool found;   /* random programs showed it */
    bool fits;    /* with a verdict that it is known to cause */
    bool replays; /* in a process of its own, with the same key */
    bool shrinks; /* to fewer operations, with the same key */
    double seconds;
    TwCampaignCase first;
    TwMinimiseStats shrunk;
} TwZooCaught;

/* Runs random programs on a bug or mutant until the first finding or the time
 * is over, replays it, shrinks it.  False with `error` (TW_TARGET_ERROR). */
bool tw_zoo_catch(const TwZooRun *zoo, const TwZooBug *bug, TwZooCaught *caught,
                  GError **error);

/* The profile (or TW_PROFILES: all in turn) of the programs for "zoo:SLUG":
 * mutants misses:... have one of their own. */
unsigned tw_zoo_profile(const char *name);

/*
 * Runs random programs on `name` until there are `n` findings or the time is
 * up; *programs gets their number.  The result is to be cleared.
 */
bool tw_zoo_hunt(const TwZooRun *zoo, const char *name, unsigned n,
                 uint64_t *programs, TwCampaignResult *result, GError **error);

typedef struct TwZooShrunk {
    unsigned found, keys; /* numbers of findings and of their keys */
    uint64_t programs;    /* that it took */
} TwZooShrunk;

/* Takes a case that was shrunk; false with `error` ends it. */
typedef bool (*TwZooTake)(const TwCampaignCase *raw, const TwProgram *program,
                          const TwShrunk *shrunk, void *data, GError **error);

/* Finds `n` findings of `name`, with as many different keys as possible, and
 * shrinks each. */
bool tw_zoo_shrink(const TwZooRun *zoo, const char *name, unsigned n,
                   TwZooTake take, void *data, TwZooShrunk *sums,
                   GError **error);

#endif
