/* SPDX-License-Identifier: MIT */
/* See series.h. */
#include "fuzz/run/series.h"

struct TwSeries {
    const TwTargetOptions *options;
    uint32_t timeout_ms;
    unsigned times;
    TwRunner *runner; /* on which all run; or NULL: each on its own */
};

TwSeries *tw_series_open(const TwTargetOptions *options, uint32_t timeout_ms,
                         unsigned times, TwKnown *known, GError **error)
{
    g_autoptr(TwRunner) runner = tw_runner_new(options, error);
    TwSeries *series;

    if (runner == NULL || !tw_runner_set_known(runner, known, error)) {
        return NULL;
    }
    tw_runner_set_known(runner, NULL, NULL); /* selected, that is all */
    series = g_new0(TwSeries, 1);
    series->options = options;
    series->timeout_ms = timeout_ms;
    series->times = times;
    if (times == 1 && tw_target_class_of(options->name)->elsewhere) {
        series->runner = g_steal_pointer(&runner);
    }
    return series;
}

void tw_series_free(TwSeries *series)
{
    if (series != NULL) {
        tw_runner_free(series->runner);
        g_free(series);
    }
}

/* On the common target.  False with `error`: it is not what it was. */
static bool run_there(TwSeries *series, const TwProgram *program,
                      TwFinding *finding, GError **error)
{
    const char *changed;

    tw_runner_run(series->runner, program, finding, NULL, NULL);
    changed = tw_runner_changed(series->runner);
    if (changed != NULL) {
        g_set_error(error, TW_TARGET_ERROR, TW_TARGET_ERROR_ENVIRONMENT, "%s",
                    changed);
    }
    return changed == NULL;
}

bool tw_series_run(TwSeries *series, const TwProgram *program,
                   TwFinding *finding, GError **error)
{
    if (series->runner != NULL) {
        if (!run_there(series, program, finding, error)) {
            return false;
        }
        if (finding->verdict != TW_VERDICT_FLAKY) {
            return true;
        }
    }
    return tw_run_repeatedly(series->options, program, series->timeout_ms,
                             series->times, finding, error);
}
