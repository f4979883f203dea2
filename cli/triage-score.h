/* SPDX-License-Identifier: MIT */
/* Inside this folder only: triages that are measured (triage --score, zoo
 * --triage), and labels for them (triage --label). */
#ifndef TW_CLI_TRIAGE_SCORE_H
#define TW_CLI_TRIAGE_SCORE_H

#include "cli/view/score.h"

/* What is demanded of a target with a list; --help shows it. */
#define TW_SCORE_INDEX 0.9

/*
 * Triages the cases in a store of their own, which goes with it, and measures
 * the result.  `score` is to be cleared.  False with `error` as triage fails.
 */
bool tw_score_run(TwTriage *triage, const char *verb, TwTriageScore *score,
                  double *seconds, GError **error);

/* triage --score: prints the result; returns the exit code. */
int tw_triage_show_score(TwTriage *triage, bool json);

/* triage --label: writes the cases with their labels into `folder`, and prints
 * how many there are; returns the exit code. */
int tw_triage_write_labels(TwTriage *triage, const char *folder);

#endif
