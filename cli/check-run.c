/* SPDX-License-Identifier: MIT */
/*
 * The processes of `twinwalk check`.  Each run is in a child of a worker, so a
 * target that dies takes nothing with it.
 */
#include "cli/check.h"

#include <string.h>

#include "fuzz/process/work.h"

/* The result of one case. */
typedef struct Slot {
    TwWorkFailure failure;
    TwCheckOutcome outcomes[2];
} Slot;

typedef struct Run {
    TwCheckJob *check;
    TwCheckDone done;
    void *data;
    GError *error;
} Run;

static void run_case(unsigned i, void *slot, void *data)
{
    const Run *run = data;
    const TwCheckJob *check = run->check;
    const TwCheckCase *one = g_ptr_array_index(check->cases, i);
    g_autofree TwProgram *program = g_new(TwProgram, 1);
    Slot *out = slot;
    GError *error = NULL;
    bool ok = tw_program_load(program, one->path, TW_TEXT_STRICT, NULL, &error);

    for (unsigned t = 0; t < check->n_targets && ok; t++) {
        TwCheckOutcome *outcome = &out->outcomes[t];
        gint64 start = g_get_monotonic_time();

        ok = tw_run_repeatedly(&check->targets[t].options, program,
                               check->patience[t], check->times,
                               &outcome->finding, &error);
        outcome->seconds =
            (double)(g_get_monotonic_time() - start) / G_USEC_PER_SEC;
    }
    if (!ok) {
        tw_work_fail(&out->failure, error);
    }
}

static bool take_case(unsigned i, const void *slot, bool died, void *data)
{
    Run *run = data;
    TwCheckCase *one = g_ptr_array_index(run->check->cases, i);
    const Slot *result = slot;

    if (died) {
        g_set_error(&run->error, TW_TARGET_ERROR, TW_TARGET_ERROR_ENVIRONMENT,
                    "%s: the process that ran it died", one->path);
        return false;
    }
    if (tw_work_failed(&result->failure, &run->error)) {
        return false;
    }
    memcpy(one->outcomes, result->outcomes, sizeof(one->outcomes));
    run->done(run->check, one, run->data);
    return true;
}

bool tw_check_run(TwCheckJob *check, TwCheckDone done, void *data,
                  GError **error)
{
    Run run = {.check = check, .done = done, .data = data};
    TwWork todo = {.n = check->cases->len,
                   .jobs = check->jobs,
                   .slot = sizeof(Slot),
                   .one = run_case,
                   .done = take_case,
                   .data = &run};

    if (!tw_work_run(&todo, error)) {
        return false;
    }
    if (run.error) {
        g_propagate_error(error, run.error);
        return false;
    }
    return true;
}
