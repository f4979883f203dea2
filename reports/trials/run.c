/* SPDX-License-Identifier: MIT */
/* See run.h. */
#include "reports/trials/run.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>

#include "fuzz/process/work.h"

enum { SWEEPS = 100, SWEEP_US = 20000 };

typedef struct Task {
    const TwZooBug *bug;
    TwEngine engine;
    unsigned number;
} Task;

/* The result of a task, in shared memory. */
typedef struct Slot {
    TwTrial trial;
    TwTrialLive live;
    TwWorkFailure failure;
} Slot;

typedef struct Run {
    const TwTrialsRun *run;
    GArray *tasks;
    char *folder; /* for the files of engines; or NULL */
    GError *error;
} Run;

static GArray *missing(const TwComparison *c)
{
    GArray *tasks = g_array_new(FALSE, FALSE, sizeof(Task));

    for (unsigned n = 1; n <= c->trials; n++) {
        for (unsigned i = 0; i < c->bugs->len; i++) {
            for (unsigned e = 0; e < TW_ENGINES; e++) {
                Task task = {g_ptr_array_index(c->bugs, i), (TwEngine)e, n};

                if (c->engines[e] &&
                    !tw_results_find(c->results, task.bug->slug, task.engine,
                                     n)) {
                    g_array_append_val(tasks, task);
                }
            }
        }
    }
    return tasks;
}

unsigned tw_trials_missing(const TwComparison *c)
{
    g_autoptr(GArray) tasks = missing(c);

    return tasks->len;
}

/* Removes a folder with all that is in it; true: it is gone. */
static bool sweep(const char *path)
{
    GDir *dir = g_dir_open(path, 0, NULL);

    for (const char *name; dir && (name = g_dir_read_name(dir)) != NULL;) {
        g_autofree char *inside = g_build_filename(path, name, NULL);

        if (g_file_test(inside, G_FILE_TEST_IS_DIR) &&
            !g_file_test(inside, G_FILE_TEST_IS_SYMLINK)) {
            sweep(inside);
        } else {
            g_unlink(inside);
        }
    }
    if (dir) {
        g_dir_close(dir);
    }
    return g_rmdir(path) == 0 || errno == ENOENT;
}

/* The processes of an engine may still write while they end. */
static void sweep_all(const char *path)
{
    for (unsigned i = 0; i < SWEEPS && !sweep(path); i++) {
        g_usleep(SWEEP_US);
    }
}

static bool run_engine(const Run *r, unsigned i, TwTrial *trial, GError **error)
{
    g_autofree char *name = g_strdup_printf("%u", i);
    g_autofree char *folder = g_build_filename(r->folder, name, NULL);
    bool ok;

    if (g_mkdir(folder, 0700) != 0) {
        g_set_error(error, TW_TARGET_ERROR, TW_TARGET_ERROR_ENVIRONMENT,
                    "%s: expected to make this folder: %s", folder,
                    g_strerror(errno));
        return false;
    }
    ok = tw_trial_engine(r->run->comparison->rules,
                         &r->run->paths[trial->engine], folder, trial, error);
    sweep_all(folder);
    return ok;
}

static void begin(const Run *r, const Task *task, TwTrial *trial)
{
    memset(trial, 0, sizeof(*trial));
    g_strlcpy(trial->slug, task->bug->slug, sizeof(trial->slug));
    trial->engine = task->engine;
    trial->number = task->number;
    trial->seed = tw_trial_seed(r->run->comparison->rules, task->number);
    g_strlcpy(trial->build, r->run->builds[task->engine], TW_BUILD_SIZE);
}

/* In a worker. */
static void one(unsigned i, void *memory, void *data)
{
    const Run *r = data;
    const Task *task = &g_array_index(r->tasks, Task, i);
    Slot *slot = memory;
    GError *error = NULL;
    bool ok;

    begin(r, task, &slot->trial);
    ok = task->engine == TW_ENGINE_RANDOM
             ? tw_trial_random(r->run->comparison->rules, task->bug,
                               &slot->trial, &slot->live, &error)
             : run_engine(r, i, &slot->trial, &error);
    if (!ok) {
        tw_work_fail(&slot->failure, error);
    }
}

/* In the parent. */
static bool done(unsigned i, const void *memory, bool died, void *data)
{
    Run *r = data;
    const Task *task = &g_array_index(r->tasks, Task, i);
    const Slot *slot = memory;
    TwTrial trial = slot->trial;

    if (died && task->engine != TW_ENGINE_RANDOM) {
        g_set_error(&r->error, TW_TARGET_ERROR, TW_TARGET_ERROR_ENVIRONMENT,
                    "zoo bench: the process that runs %s died",
                    tw_engine_name(task->engine));
        return false;
    }
    if (!died && tw_work_failed(&slot->failure, &r->error)) {
        return false;
    }
    if (died) {
        begin(r, task, &trial);
        tw_trial_end(r->run->comparison->rules, &trial, &slot->live.record,
                     (double)slot->live.ns / 1e9, true);
    }
    if (!tw_results_add(r->run->results, &trial, &r->error)) {
        return false;
    }
    if (r->run->ended) {
        r->run->ended(&trial, i + 1, r->tasks->len, r->run->data);
    }
    return true;
}

bool tw_trials_run(const TwTrialsRun *run, GError **error)
{
    Run r = {.run = run, .tasks = missing(run->comparison)};
    TwWork work = {.n = r.tasks->len,
                   .jobs = run->jobs,
                   .slot = sizeof(Slot),
                   .limit_ms = TW_TIMEOUT_MS,
                   .one = one,
                   .done = done,
                   .data = &r,
                   .stop = run->stop};
    bool ok = true;

    for (unsigned e = TW_ENGINE_RANDOM + 1; e < TW_ENGINES; e++) {
        if (run->comparison->engines[e] && !r.folder) {
            r.folder = g_dir_make_tmp("twinwalk-bench-XXXXXX", error);
            ok = r.folder != NULL;
        }
    }
    ok = ok && tw_work_run(&work, error);
    if (r.error) {
        g_propagate_error(error, r.error);
        ok = false;
    }
    if (r.folder) {
        sweep_all(r.folder);
    }
    g_free(r.folder);
    g_array_free(r.tasks, TRUE);
    return ok;
}
