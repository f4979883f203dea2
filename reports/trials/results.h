/* SPDX-License-Identifier: MIT */
/*
 * The file of results in a folder: lines of JSON, first what all trials have in
 * common, then a line for each trial, written when it ends.  A last line that
 * is cut short belongs to a process that was killed, and is dropped.
 */
#ifndef TW_REPORTS_TRIALS_RESULTS_H
#define TW_REPORTS_TRIALS_RESULTS_H

#include "reports/trials/trials.h"

#define TW_RESULTS_FILE "results.jsonl"

typedef struct TwResults {
    char *path;        /* of the file; NULL: there is none */
    int fd;            /* -1: it is not written */
    GArray *trials;    /* TwTrial */
    bool dropped_line; /* the last one was cut short */
} TwResults;

/*
 * Opens the file in `folder` (NULL: keeps results in memory alone), or begins
 * it.  No other process may use it meanwhile.  `read_only`: it must be there,
 * and is not changed.  False with `error`: TW_TARGET_ERROR_ENVIRONMENT for what
 * the system refuses; TW_TARGET_ERROR_USAGE for a damaged file, and for one
 * whose trials had other rules: the message names the line, and what was
 * expected.  To be closed in any case.
 */
bool tw_results_open(TwResults *results, const char *folder,
                     const TwTrialRules *rules, bool read_only, GError **error);
void tw_results_close(TwResults *results);

/* The trial of this bug, engine and number, or NULL. */
const TwTrial *tw_results_find(const TwResults *results, const char *slug,
                               TwEngine engine, unsigned number);

/* Adds a trial, and writes its line as a whole.  False with `error`
 * (TW_TARGET_ERROR_ENVIRONMENT). */
bool tw_results_add(TwResults *results, const TwTrial *trial, GError **error);

/* False with `error` (TW_TARGET_ERROR_USAGE) if a trial of the engine was made
 * by another build. */
bool tw_results_same_build(const TwResults *results, TwEngine engine,
                           const char *build, GError **error);

#endif
