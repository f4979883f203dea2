/* SPDX-License-Identifier: MIT */
/* Inside this folder only: the parts of `twinwalk check`. */
#ifndef TW_CLI_CHECK_H
#define TW_CLI_CHECK_H

#include "cli/common/common.h"
#include "cli/common/known.h"
#include "fuzz/run/runner.h"

/* What a case came to, held against what its comments say of it. */
typedef enum TwCheckStatus {
    TW_CHECK_AS_NOTED,
    TW_CHECK_FIXED,   /* a finding is noted, there is none */
    TW_CHECK_NEW,     /* none is noted, there is one */
    TW_CHECK_DIFFERS, /* another than the noted one; two targets differ */
    TW_CHECK_KNOWN,   /* new or different, but a known divergence */
    TW_CHECK_FLAKY,
    TW_CHECK_SKIPPED, /* could not be expressed, or not be judged to its end */
    TW_CHECK_SAME,    /* of two targets; and */
    TW_CHECK_BETTER,  /* only the first has a finding */
    TW_CHECK_WORSE,   /* only the second has */
    TW_CHECK_STATUSES
} TwCheckStatus;

typedef enum TwCheckWant {
    TW_CHECK_WANT_NO_WORSE, /* as noted, or fixed */
    TW_CHECK_WANT_NOTED,    /* what is noted, still */
    TW_CHECK_WANT_CLEAN,    /* no findings, whatever is noted */
} TwCheckWant;

/* One case on one target, written by a worker. */
typedef struct TwCheckOutcome {
    TwFinding finding;
    double seconds;
} TwCheckOutcome;

typedef struct TwCheckCase {
    char *path;
    char *verdict, *key;        /* as noted, or NULL */
    bool expects;               /* a finding is noted for this target */
    TwCheckOutcome outcomes[2]; /* on the target, and on the other one */
    TwCheckStatus status;
    bool failed;
} TwCheckCase;

typedef struct TwCheckJob {
    TwCliTarget targets[2];
    unsigned n_targets;
    uint32_t patience[2]; /* ms for one case */
    char *versions[2];
    TwCliKnown known;
    unsigned times, jobs;
    TwCheckWant want;
    GPtrArray *cases; /* TwCheckCase */
    unsigned totals[TW_CHECK_STATUSES], failed;
    uint64_t matched[TW_MAX_KNOWN], met[TW_MAX_KNOWN]; /* cases, by entry, on
                                                        * the first target */
} TwCheckJob;

/* Called in the parent, case by case in their order. */
typedef void (*TwCheckDone)(TwCheckJob *check, TwCheckCase *one, void *data);

/*
 * Runs all cases on all targets in `jobs` processes.  False with `error` set
 * if a target cannot be started or a case is gone.
 */
bool tw_check_run(TwCheckJob *check, TwCheckDone done, void *data,
                  GError **error);

/* The line of a case, the totals; JSON; the text of a JUnit file. */
void tw_check_print_case(const TwCheckJob *check, const TwCheckCase *one);
void tw_check_print_totals(const TwCheckJob *check);
void tw_check_print_json(const TwCheckJob *check);
GString *tw_check_junit(const TwCheckJob *check);

#endif
