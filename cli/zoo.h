/* SPDX-License-Identifier: MIT */
/* Inside this folder only: what the two ways to look at the zoo share. */
#ifndef TW_CLI_ZOO_H
#define TW_CLI_ZOO_H

#include "cli/common/common.h"
#include "reports/measure/zoo.h"

/*
 * Shrinks `n` raw findings of each bug in `bugs` (const TwZooBug *) and prints
 * the figures; the exit code.  What is left of them goes into the folder `out`
 * (may be NULL).
 */
int tw_zoo_findings(const TwZooRun *zoo, GPtrArray *bugs, unsigned n,
                    const char *out, bool json);

/*
 * Triages `n` raw findings, as many of each bug, and prints how well bugs are
 * told apart; the exit code.
 */
int tw_zoo_triage(const TwZooRun *zoo, GPtrArray *bugs, unsigned n, bool json);

#endif
