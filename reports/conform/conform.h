/* SPDX-License-Identifier: MIT */
/*
 * Conformance of a target: which of the corner cases that its dialect has it
 * passes, and what random programs use of the dialect.
 */
#ifndef TW_REPORTS_CONFORM_CONFORM_H
#define TW_REPORTS_CONFORM_CONFORM_H

#include "reports/check/check.h"
#include "reports/conform/exercise.h"

/* A case of corpus/basics, corners and rules, which are built in. */
typedef struct TwConformCase {
    const char *name; /* "basics/TL-4-write-only.tw" */
    const char *text;
} TwConformCase;

const TwConformCase *tw_conform_cases(unsigned *count);

/* One of them on the target. */
typedef struct TwConformResult {
    const TwConformCase *of;
    char title[200];        /* what the case is about: one line */
    char outside[160];      /* why the dialect does not have it; "": it does */
    const TwCheckCase *ran; /* its result; NULL if it is outside */
} TwConformResult;

typedef struct TwConform {
    /* Set by the caller: targets[0], patience[0], known (or NULL), jobs, and
     * times; the rest by tw_check_init(). */
    TwCheckJob check;
    uint64_t programs, seed; /* random ones: the programs 0 to programs - 1 of a
                              * campaign with this seed */

    TwDialect dialect;
    TwFeatures features;
    uint64_t used[TW_MAX_FEATURES];
    GArray *results; /* of TwConformResult */
    unsigned passed, failed, n_known, outside;
    TwJudgeStats stats; /* of the random programs */
    uint64_t done;      /* those that were run */
    uint64_t findings;  /* of them had one */
    uint64_t flaky;     /* of them had one that did not recur */
    uint64_t known;     /* of them had a known divergence */
    uint64_t early;     /* of them ended early: of their script no operation
                         * counts as used */
    uint64_t first;     /* number of the first with a finding */
    TwFinding finding;  /* its finding; verdict `agree`: there is none */
} TwConform;

/* Called in the parent while random programs run. */
typedef void (*TwConformProgress)(const TwConform *conform, void *data);

/*
 * Runs the cases, then the programs.  A case that the dialect does not admit is
 * run if another size of RAM or another TLB makes it admissible.  False with
 * `error` (TW_TARGET_ERROR) if the target cannot be started, or has another
 * version than at the start.
 */
bool tw_conform_run(TwConform *conform, TwConformProgress progress, void *data,
                    GError **error);
void tw_conform_clear(TwConform *conform);

#endif
