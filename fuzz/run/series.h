/* SPDX-License-Identifier: MIT */
/*
 * Programs one after another, with few starts of the target.  Where a program
 * can end the process of the target only (TwTargetClass.elsewhere), all run on
 * one target; elsewhere each runs in a child process of its own.
 */
#ifndef TW_FUZZ_RUN_SERIES_H
#define TW_FUZZ_RUN_SERIES_H

#include "fuzz/run/runner.h"

typedef struct TwSeries TwSeries;

/*
 * Opens the target, and selects the entries of `known` (NULL: there is no list)
 * for it; findings keep their verdicts.  `options` must outlive the series;
 * `timeout_ms` and `times` are those of tw_run_repeatedly().  NULL with `error`
 * as tw_runner_new() and tw_known_select() set it.
 */
TwSeries *tw_series_open(const TwTargetOptions *options, uint32_t timeout_ms,
                         unsigned times, TwKnown *known, GError **error);
void tw_series_free(TwSeries *series); /* NULL: nothing */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TwSeries, tw_series_free)

/*
 * As tw_run_repeatedly().  A finding on the common target is run again on a
 * fresh one, as each finding of a runner is; what that does not show is run as
 * if it stood alone, so that no earlier program counts.  False with `error`
 * also if the target has another version than at the start.
 */
bool tw_series_run(TwSeries *series, const TwProgram *program,
                   TwFinding *finding, GError **error);

#endif
