/* SPDX-License-Identifier: MIT */
/* Inside this folder only: what the two ways to look at the zoo share. */
#ifndef TW_CLI_ZOO_H
#define TW_CLI_ZOO_H

#include "cli/common/common.h"
#include "reports/measure/zoo.h"

/* What is demanded; --help shows it, so these are macros. */
#define TW_ZOO_SECONDS 60     /* default time limit for one bug */
#define TW_ZOO_MOST_LINES 30  /* of any shrunk case: one needs 32 sections */
#define TW_ZOO_MEDIAN_LINES 8 /* of all shrunk cases */
#define TW_ZOO_RAND_RAW 0.8   /* adjusted Rand index of raw findings, */
#define TW_ZOO_RAND_STORE 0.9 /* and in the store, at least */
#define TW_ZOO_GROUPS 2       /* findings in the store per bug, median */
#define TW_ZOO_PROGRAMS 20000 /* of each equivalent, if not given */

/*
 * Shrinks `n` raw findings of each bug in `bugs` (const TwZooBug *), prints the
 * figures, and returns the exit code.  Writes the shrunk cases into the folder
 * `out` (may be NULL).
 */
int tw_zoo_findings(const TwZooRun *zoo, GPtrArray *bugs, unsigned n,
                    const char *out, bool json);

/*
 * Triages `n` raw findings, the same number of each bug, prints how well triage
 * separates the bugs, and returns the exit code.
 */
int tw_zoo_triage(const TwZooRun *zoo, GPtrArray *bugs, unsigned n, bool json);

/*
 * Runs `programs` random programs on each equivalent, or on those whose slugs
 * `named` (ended by NULL) has, prints whether one has a finding, and returns
 * the exit code.
 */
int tw_zoo_equivalent(const TwZooRun *zoo, char **named, uint64_t programs,
                      bool json);

#endif
