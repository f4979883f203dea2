/* SPDX-License-Identifier: MIT */
/*
 * Cases under failing allocations (LA-42, RU-8): of each case, the first
 * allocation fails in one run, the second one in the next run, and so on, until
 * a run ends in which none failed.  Each run is judged.  In builds with
 * AddressSanitizer, memory that a run loses is a finding, too (`crash`).
 */
#ifndef TW_REPORTS_SWEEP_H
#define TW_REPORTS_SWEEP_H

#include "reports/check/check.h"

enum { TW_SWEEP_WHAT = 40 };

typedef struct TwSweepResult {
    bool skipped;          /* finding.text says why */
    uint32_t runs;         /* with an allocation that failed */
    uint32_t refused;      /* of them, those in which something was `nomem` */
    uint32_t inconclusive; /* of all runs */
    uint32_t bad;          /* runs with a finding */
    uint32_t nth; /* the allocation that was to fail in the first of these */
    char what[TW_SWEEP_WHAT]; /* what that one was for; "": not told */
    bool lost;                /* of the first of these: memory is lost */
    TwFinding finding;        /* of the first of these */
} TwSweepResult;

/*
 * `to` becomes the program in whose script the nth allocation fails; its own
 * `fail-alloc` do nothing.  False: the script is as long as it can be.
 */
bool tw_sweep_fail(TwProgram *to, const TwProgram *program, uint32_t nth);

/* Called in the parent, case by case in their order. */
typedef void (*TwSweepDone)(const TwCheckCase *one, const TwSweepResult *result,
                            void *data);

/*
 * Sweeps the cases of `check` (its first target, `jobs`, `cases`) in several
 * processes.  A target that dies or hangs is a finding.  `idle` (may be NULL)
 * is called while it works, with the number of cases that are done.  False with
 * `error` if the target cannot be started or a case is gone.
 */
bool tw_sweep_run(TwCheckJob *check, TwSweepDone done,
                  void (*idle)(unsigned done, void *data), void *data,
                  GError **error);

#endif
