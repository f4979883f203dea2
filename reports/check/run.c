/* SPDX-License-Identifier: MIT */
/*
 * Runs the cases of a check.  A worker survives a target that dies: it runs the
 * cases one after another on a target that is another process, and each in a
 * child of its own otherwise.
 */
#include "reports/check/check.h"

#include <string.h>

#include "fuzz/process/work.h"
#include "fuzz/run/series.h"
#include "program/text/text.h"

/* The result of one case. */
typedef struct Slot {
    TwWorkFailure failure;
    TwCheckOutcome outcomes[2];
} Slot;

typedef struct Run {
    TwCheckJob *check;
    TwSeries *series[2]; /* of this worker; NULL: not open yet */
    TwProgram *program;
    TwCheckDone done;
    void *data;
    GError *error;
} Run;

bool tw_check_open(TwCheckJob *check, GError **error)
{
    for (unsigned t = 0; t < check->n_targets; t++) {
        g_autoptr(TwRunner) runner = tw_runner_new(&check->targets[t], error);

        if (!runner ||
            (t == 0 && !tw_runner_set_known(runner, check->known, error))) {
            return false;
        }
        check->versions[t] = g_strdup(tw_runner_version(runner));
    }
    return true;
}

static bool load_case(const TwCheckCase *one, TwProgram *program,
                      GError **error)
{
    if (one->program) {
        tw_program_copy(program, one->program);
        return true;
    }
    return tw_program_load(program, one->path, TW_TEXT_STRICT, NULL, error);
}

/* On the t-th target. */
static bool run_on(Run *run, unsigned t, const TwProgram *program,
                   TwFinding *finding, GError **error)
{
    const TwCheckJob *check = run->check;

    if (!run->series[t]) {
        run->series[t] = tw_series_open(&check->targets[t], check->patience[t],
                                        check->times, NULL, error);
    }
    return run->series[t] &&
           tw_series_run(run->series[t], program, finding, error);
}

static void run_case(unsigned i, void *slot, void *data)
{
    Run *run = data;
    const TwCheckJob *check = run->check;
    g_autofree TwProgram *program = g_new(TwProgram, 1);
    Slot *out = slot;
    GError *error = NULL;
    bool ok = load_case(g_ptr_array_index(check->cases, i), program, &error);

    for (unsigned t = 0; t < check->n_targets && ok; t++) {
        TwCheckOutcome *outcome = &out->outcomes[t];
        gint64 start = g_get_monotonic_time();

        ok = run_on(run, t, program, &outcome->finding, &error);
        outcome->seconds =
            (double)(g_get_monotonic_time() - start) / G_USEC_PER_SEC;
    }
    if (!ok) {
        tw_work_fail(&out->failure, error);
    }
}

/* Is it known, and which entries could it have matched? */
static void look_up(TwCheckJob *check, const TwProgram *program,
                    TwFinding *finding)
{
    const TwKnown *known = check->known;

    tw_known_count_met(known, program, check->met);
    if (tw_verdict_is_finding(finding->verdict)) {
        finding->known = (uint8_t)(1 + tw_known_match(known, program, finding));
    }
    if (finding->known) {
        check->matched[finding->known - 1]++;
    }
}

/* In the parent: judges it and counts it. */
static void count_case(Run *run, TwCheckCase *one)
{
    TwCheckJob *check = run->check;

    /* Most versions have no entries: reading the case again costs time. */
    if (tw_known_any_active(check->known) &&
        load_case(one, run->program, NULL)) {
        look_up(check, run->program, &one->outcomes[0].finding);
    }
    tw_check_judge(check, one);
    check->totals[one->status]++;
    check->failed += one->failed;
}

static bool take_case(unsigned i, const void *slot, bool died, void *data)
{
    Run *run = data;
    TwCheckCase *one = g_ptr_array_index(run->check->cases, i);
    const Slot *result = slot;

    if (died) {
        g_set_error(&run->error, TW_TARGET_ERROR, TW_TARGET_ERROR_ENVIRONMENT,
                    "%s: the process that ran this case crashed", one->path);
        return false;
    }
    if (tw_work_failed(&result->failure, &run->error)) {
        return false;
    }
    memcpy(one->outcomes, result->outcomes, sizeof(one->outcomes));
    count_case(run, one);
    run->done(run->check, one, run->data);
    return true;
}

bool tw_check_run(TwCheckJob *check, TwCheckDone done, void *data,
                  GError **error)
{
    g_autofree TwProgram *program = g_new(TwProgram, 1);
    Run run = {.check = check, .program = program, .done = done, .data = data};
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
