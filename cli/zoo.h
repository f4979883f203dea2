/* SPDX-License-Identifier: MIT */
/* Inside this folder only: what the two ways to look at the zoo share. */
#ifndef TW_CLI_ZOO_H
#define TW_CLI_ZOO_H

#include "cli/common/common.h"
#include "fuzz/campaign/campaign.h"
#include "targets/zoo/zoo.h"

typedef struct TwZooRun {
    const TwCliTarget *target; /* but for the name */
    const char *out;           /* folder for shrunk cases, or NULL */
    uint64_t seed;
    uint32_t seconds; /* for one bug's campaign */
    unsigned jobs;
    volatile int *stop; /* set by a signal handler */
} TwZooRun;

/*
 * Shrinks `n` raw findings of each bug in `bugs` (const TwZooBug *) and prints
 * what comes of it; the exit code.
 */
int tw_zoo_findings(const TwZooRun *zoo, GPtrArray *bugs, unsigned n,
                    bool json);

/*
 * Runs random programs on `name` until there are `n` findings or the time is
 * over; in *programs how many.  The result is to be cleared.
 */
bool tw_zoo_hunt(const TwZooRun *zoo, const char *name, unsigned n,
                 uint64_t *programs, TwCampaignResult *result, GError **error);

/*
 * Triages `n` raw findings, as many of each bug, and prints how well bugs are
 * told apart; the exit code.
 */
int tw_zoo_triage(const TwZooRun *zoo, GPtrArray *bugs, unsigned n, bool json);

#endif
