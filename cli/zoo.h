/* SPDX-License-Identifier: MIT */
/* Inside this folder only: what the two ways to look at the zoo share. */
#ifndef TW_CLI_ZOO_H
#define TW_CLI_ZOO_H

#include "cli/common.h"
#include "targets/zoo/zoo.h"

typedef struct TwZooRun {
    const TwCliTarget *target; /* but for the name */
    const char *out; /* folder for shrunk cases, or NULL */
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

#endif
