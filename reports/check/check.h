/* SPDX-License-Identifier: MIT */
/*
 * Compares the results of cases with those that their comments note, or the
 * results of two targets with each other.
 */
#ifndef TW_REPORTS_CHECK_H
#define TW_REPORTS_CHECK_H

#include "fuzz/run/known.h"
#include "fuzz/run/runner.h"

/* The result of a case, compared with what its comments note. */
typedef enum TwCheckStatus {
    TW_CHECK_AS_NOTED,
    TW_CHECK_FIXED,   /* a finding is noted, but the case has none */
    TW_CHECK_NEW,     /* the case has a finding, but none is noted */
    TW_CHECK_DIFFERS, /* another finding than noted, or two targets differ */
    TW_CHECK_KNOWN,   /* new or different, but a known divergence */
    TW_CHECK_FLAKY,
    TW_CHECK_SKIPPED, /* unsupported or inconclusive */
    TW_CHECK_SAME,    /* of two targets; and */
    TW_CHECK_BETTER,  /* only the first has a finding */
    TW_CHECK_WORSE,   /* only the second has */
    TW_CHECK_STATUSES
} TwCheckStatus;

typedef enum TwCheckWant {
    TW_CHECK_WANT_NO_WORSE, /* as noted, or fixed */
    TW_CHECK_WANT_NOTED,    /* as noted; fixed is a failure */
    TW_CHECK_WANT_CLEAN,    /* no findings, even if they are noted */
} TwCheckWant;

/* One case on one target, written by a worker. */
typedef struct TwCheckOutcome {
    TwFinding finding;
    double seconds;
} TwCheckOutcome;

typedef struct TwCheckCase {
    char *path;
    TwProgram *program;         /* NULL: as the file says */
    char *verdict, *key;        /* as noted, or NULL */
    bool expects;               /* a finding is noted for this target */
    TwCheckOutcome outcomes[2]; /* on the target, and on the other one */
    TwCheckStatus status;
    bool failed;
} TwCheckCase;

typedef struct TwCheckJob {
    TwTargetOptions targets[2];
    unsigned n_targets;
    uint32_t patience[2]; /* limit with which a target hangs; 0: default */
    char *versions[2];
    TwKnown *known; /* selected for the first target, or NULL */
    unsigned times, jobs;
    TwCheckWant want;
    GPtrArray *cases; /* TwCheckCase */
    unsigned totals[TW_CHECK_STATUSES], failed;
    uint64_t matched[TW_MAX_KNOWN], met[TW_MAX_KNOWN]; /* cases, by entry, on
                                                        * the first target */
} TwCheckJob;

/* Makes the list of cases; members that the caller has set stay the caller's.
 */
void tw_check_init(TwCheckJob *check);
void tw_check_clear(TwCheckJob *check);

/* Opens the targets once, so that a target that fails to start is reported
 * first, and selects `known`.  False with `error` (TW_TARGET_ERROR). */
bool tw_check_open(TwCheckJob *check, GError **error);

/* Adds a case, or all *.tw below a folder, by their paths; there must be one.
 * Links to folders are not followed from a folder.  False with `error`. */
bool tw_check_add(TwCheckJob *check, const char *path, GError **error);

/* Adds a program that is in no file, has no notes and is to be called `name`.
 * Copies both. */
void tw_check_add_program(TwCheckJob *check, const char *name,
                          const TwProgram *program);

/* Reads the notes of all cases of files, on targets that were opened.  False
 * with `error` if a file is no case. */
bool tw_check_read(TwCheckJob *check, GError **error);

/* Called in the parent, case by case in their order; each is judged. */
typedef void (*TwCheckDone)(TwCheckJob *check, TwCheckCase *one, void *data);

/*
 * Runs all cases on all targets in `jobs` processes.  False with `error` set
 * if a target cannot be started or a case is gone.
 */
bool tw_check_run(TwCheckJob *check, TwCheckDone done, void *data,
                  GError **error);

/* Compares the result of a case with its notes, or one target with the other:
 * sets its status, and whether it failed. */
void tw_check_judge(const TwCheckJob *check, TwCheckCase *one);

#endif
