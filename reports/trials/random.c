/* SPDX-License-Identifier: MIT */
/* What all trials share; trials of random programs. */
#define _GNU_SOURCE
#include <string.h>
#include <time.h>

#include "fuzz/campaign/campaign.h"
#include "reports/measure/zoo.h"
#include "reports/trials/trials.h"

enum { LOOK = 16 }; /* programs between two looks at the clock */

static const char *const engines[TW_ENGINES] = {
    [TW_ENGINE_RANDOM] = "random",
    [TW_ENGINE_LIBFUZZER] = "libfuzzer",
    [TW_ENGINE_AFL] = "afl",
    [TW_ENGINE_RAW] = "raw",
};

const char *tw_engine_name(unsigned engine)
{
    return engines[engine];
}

TwEngine tw_engine_named(const char *name)
{
    unsigned engine = 0;

    while (engine < TW_ENGINES && strcmp(engines[engine], name) != 0) {
        engine++;
    }
    return (TwEngine)engine;
}

const char *tw_trial_outcome_name(unsigned outcome)
{
    static const char *const names[TW_TRIAL_OUTCOMES] = {"detected", "missed",
                                                         "died"};

    return names[outcome];
}

uint64_t tw_trial_seed(const TwTrialRules *rules, unsigned number)
{
    return rules->seed + number - 1;
}

/* The target of a bug or mutant: its name, to be freed, in `options`, with what
 * it shows only with. */
static char *target_of(const TwZooBug *bug, TwTargetOptions *options)
{
    char *name = g_strconcat("zoo:", bug->slug, NULL);

    *options = (TwTargetOptions){.name = name};
    options->check = strcmp(bug->shown, "check") == 0;
    if (strcmp(bug->shown, "page") == 0) {
        options->flush = TW_FLUSH_PAGES;
    }
    return name;
}

/* Is the end beyond the limit?  The engine may have been stopped late. */
static bool is_late(const TwTrialRules *rules, const TwTrial *trial)
{
    return rules->programs > 0 ? trial->programs > rules->programs
                               : trial->seconds > rules->seconds;
}

void tw_trial_end(const TwTrialRules *rules, TwTrial *trial,
                  const TwMeterRecord *record, double seconds, bool died)
{
    uint64_t most;

    trial->programs = record->detected ? record->detected : record->programs;
    trial->seconds = MAX(0, seconds - (double)record->own_ns / 1e9);
    trial->outcome = record->detected ? TW_TRIAL_DETECTED
                     : died           ? TW_TRIAL_DIED
                                      : TW_TRIAL_MISSED;
    if (is_late(rules, trial)) {
        trial->outcome = TW_TRIAL_MISSED;
        trial->programs =
            rules->programs > 0 ? rules->programs : trial->programs;
        trial->seconds = rules->programs > 0 ? trial->seconds : rules->seconds;
    }
    most = trial->programs;
    trial->reached = record->reached <= most ? record->reached : 0;
    trial->triggered = record->triggered <= most ? record->triggered : 0;
    trial->unexpected = record->unexpected <= most ? record->unexpected : 0;
    trial->unexpected_verdict = record->unexpected_verdict;
    trial->counters = record->counters;
    if (trial->outcome == TW_TRIAL_DETECTED) {
        trial->verdict = record->verdict;
        g_strlcpy(trial->key, record->key, sizeof(trial->key));
    }
}

/* Random programs ---------------------------------------------------------- */

static uint64_t now_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

/* Runs programs until one detects the bug, or up to the limit. */
static void search(const TwTrialRules *rules, const char *name, uint64_t seed,
                   TwRunner *runner, TwMeter *meter, uint64_t start,
                   TwTrialLive *live)
{
    g_autofree TwProgram *program = g_new(TwProgram, 1);
    unsigned profile = tw_zoo_profile(name);
    uint64_t most = (uint64_t)rules->seconds * 1000000000;
    TwFinding finding;

    for (uint64_t n = 0; rules->programs == 0 || n < rules->programs; n++) {
        if (n % LOOK == 0) {
            live->ns = now_ns() - start;
            if (most > 0 && live->ns - live->record.own_ns >= most) {
                return;
            }
        }
        tw_campaign_program(program, seed, n, profile,
                            tw_runner_dialect(runner), NULL, NULL);
        if (tw_meter_begin(meter)) {
            tw_meter_compare(meter, program);
        }
        tw_runner_run(runner, program, &finding, NULL, NULL);
        if (tw_meter_after(meter, &finding)) {
            return;
        }
    }
}

bool tw_trial_random(const TwTrialRules *rules, const TwZooBug *bug,
                     TwTrial *trial, TwTrialLive *live, GError **error)
{
    uint64_t start = now_ns();
    TwTargetOptions options;
    g_autofree char *name = target_of(bug, &options);
    TwMeter *meter = tw_meter_new(&options, &live->record, error);
    g_autoptr(TwRunner) runner = NULL;

    if (!meter) {
        return false;
    }
    runner = tw_runner_new(&options, error);
    if (runner) {
        search(rules, name, trial->seed, runner, meter, start, live);
        tw_trial_end(rules, trial, &live->record,
                     (double)(now_ns() - start) / 1e9, false);
    }
    tw_meter_free(meter);
    return runner != NULL;
}
