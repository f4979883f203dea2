/* SPDX-License-Identifier: MIT */
/* Runs the trials of a comparison that have no result yet. */
#ifndef TW_REPORTS_TRIALS_RUN_H
#define TW_REPORTS_TRIALS_RUN_H

#include "reports/trials/figures.h"

typedef struct TwTrialsRun {
    const TwComparison *comparison;
    TwResults *results; /* that of the comparison: grows */
    TwEnginePaths paths[TW_ENGINES];
    char builds[TW_ENGINES][TW_BUILD_SIZE];
    unsigned jobs;      /* processes, each with one trial at a time */
    volatile int *stop; /* set by a signal handler: what runs is given up */
    /* A trial has ended, and is in the results; or NULL. */
    void (*ended)(const TwTrial *trial, unsigned done, unsigned all,
                  void *data);
    void *data;
} TwTrialsRun;

/* How many trials have no result yet. */
unsigned tw_trials_missing(const TwComparison *c);

/*
 * Runs them: the first trial of each bug and engine, then the second of each,
 * ...  Files of engines are in a temporary folder, which is gone at the end.
 * False with `error` (TW_TARGET_ERROR); the results so far are kept.
 */
bool tw_trials_run(const TwTrialsRun *run, GError **error);

#endif
