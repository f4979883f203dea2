/* SPDX-License-Identifier: MIT */
/* twinwalk run: a campaign from its options to its exit code. */
#define _GNU_SOURCE
#include "cli/run-cases.h"
#include "cli/run-continue.h"
#include "cli/run-store.h"
#include "cli/verbs.h"
#include "cli/view/run.h"
#include "process/stop.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

typedef struct Run {
    TwCliTarget target;
    TwCliKnown known;
    TwCampaignOptions options;
    TwRunView view;
    TwRunStore store;
    TwRunCases cases;
    TwRunSaved saved;         /* with --continue: the campaign that goes on */
    const char *coverage;     /* a file, or NULL */
    const TwDialect *dialect; /* of the target */
    gint64 next_save;         /* when to note how far it came; monotonic */
} Run;

static TwRunMake make_of(const Run *run)
{
    return (TwRunMake){&run->options, &run->target, run->dialect};
}

static void make_again(TwProgram *program, const TwCampaignCase *one,
                       void *data)
{
    TwRunMake make = make_of(data);

    tw_run_cases_make(program, one, &make);
}

/* Notes in the folder how far the campaign came.  With --stop-at-finding and
 * --steer it cannot go on. */
static bool save(const Run *run, const TwCampaignResult *result,
                 bool unfinished, GError **error)
{
    const TwCampaignOptions *o = &run->options;
    g_autofree char *words = tw_cli_target_words(&run->target);
    uint64_t end = o->start + o->programs;
    TwRunSaved saved = {
        .target = run->target.name,
        .version = (char *)run->view.version,
        .words = words,
        .profile = (char *)run->view.profile,
        .known = run->known.files,
        .store = run->store.path,
        .label = run->store.label,
        .coverage = (char *)run->coverage,
        .no_known = run->known.off,
        .unfinished = unfinished,
        .replays = (int)o->replays,
        .seed = o->seed,
        .next = result->next,
        .left = o->programs && end > result->next ? end - result->next : 0};

    return o->steer || o->stop_at_finding ||
           tw_run_saved_write(&saved, run->cases.out, error);
}

/* The campaign ------------------------------------------------------------- */

static void progress(const TwCampaignResult *so_far, void *data)
{
    Run *run = data;
    TwRunMake make = make_of(run);
    gint64 now = g_get_monotonic_time();

    tw_run_cases_write(&run->cases, &make, so_far);
    tw_run_store_so_far(&run->store, so_far);
    tw_run_view_progress(&run->view, so_far);
    if (now >= run->next_save) {
        run->next_save = now + 10 * G_USEC_PER_SEC;
        save(run, so_far, true, NULL); /* at the end an error is reported */
    }
}

static int exit_code(const TwCampaignResult *result)
{
    int code = TW_EXIT_CLEAN;

    for (unsigned i = 0; i < result->keys->len; i++) {
        const TwCampaignKey *key = g_ptr_array_index(result->keys, i);

        code = tw_cli_worse(code, tw_cli_exit_of(key->verdict));
    }
    return code;
}

/* Opens the target, to see what it can express, and the folder and the store,
 * so that a mistake shows before the work begins. */
static int prepare(Run *run, TwDialect *dialect)
{
    g_autoptr(TwRunner) runner = NULL;
    GError *error = NULL;

    runner = tw_runner_new(&run->target.options, &error);
    if (!runner) {
        return tw_cli_fail_error(error);
    }
    *dialect = *tw_runner_dialect(runner);
    run->dialect = dialect;
    if (!tw_runner_set_known(runner, run->known.list, &error)) {
        return tw_cli_fail_error(error);
    }
    run->view.version = g_strdup(tw_runner_version(runner));
    if (run->saved.version &&
        strcmp(run->saved.version, run->view.version) != 0) {
        fprintf(stderr,
                "twinwalk: the campaign ran on version %s; it goes on "
                "with version %s\n",
                run->saved.version, run->view.version);
    }
    if (run->options.steer && dialect->identity_pages) {
        return tw_cli_fail(TW_EXIT_USAGE,
                           "--steer: expected a target that translates "
                           "virtual addresses (softmmu, zoo:SLUG), not %s",
                           run->target.options.name);
    }
    if (!tw_run_cases_open(&run->cases, run->options.seed,
                           run->saved.target != NULL)) {
        return TW_EXIT_USAGE;
    }
    if (!tw_run_store_begin(&run->store, &run->target, run->view.version,
                            run->options.seed, &error)) {
        return tw_cli_fail_error(error);
    }
    return TW_EXIT_CLEAN;
}

/* Prints the summary, and records what there is. */
static int conclude(Run *run, const TwCampaignResult *result, bool ok,
                    gboolean json)
{
    TwRunMake make = make_of(run);
    GError *error = NULL;
    int code = exit_code(result);

    tw_run_view_clear(&run->view);
    tw_run_cases_write(&run->cases, &make, result);
    run->view.folder = run->cases.out;
    run->view.folder_stays = !run->cases.own_out;
    run->view.before = run->cases.before;
    run->view.out = result->keys->len > 0 ? run->cases.out : NULL;
    if (json) {
        tw_run_view_json(&run->view, result);
    } else {
        tw_run_view_summary(&run->view, result);
    }
    if (!save(run, result, result->interrupted || !ok, &error) &&
        run->cases.error) {
        g_clear_error(&error); /* a full disk: one line is enough */
    } else if (error) {
        code = tw_cli_fail_error(g_steal_pointer(&error));
    }
    tw_run_cases_close(&run->cases, result);
    if (!tw_run_store_end(&run->store, &run->target, result, !ok, &run->cases,
                          run->known.list, run->options.hang_ms, make_again,
                          run, &error)) {
        code = tw_cli_fail_error(error);
    }
    return code;
}

static int campaign(Run *run, gboolean json)
{
    TwCampaignResult result;
    GError *error = NULL;
    TwDialect dialect;
    int code = prepare(run, &dialect);
    bool ok;

    if (code != TW_EXIT_CLEAN) {
        return code;
    }
    tw_cli_known_warn(&run->known);
    tw_stop_on_signals();
    run->options.stop = tw_stop_asked();
    run->next_save = g_get_monotonic_time() + 10 * G_USEC_PER_SEC;
    ok = tw_campaign_run(&run->options, progress, run, &result, &error);
    code = conclude(run, &result, ok, json);
    tw_campaign_result_clear(&result);
    if (!ok) {
        code = tw_cli_fail_error(error);
    }
    if (run->cases.error) {
        tw_cli_fail_error(g_steal_pointer(&run->cases.error));
        code = TW_EXIT_ENVIRONMENT;
    }
    return code;
}

/* Writes nothing new yet; fails early if the file is not writable. */
static bool open_coverage(Run *run, const char *path)
{
    GError *error = NULL;

    run->options.coverage = tw_coverage_new();
    if (run->options.steer) {
        TwCoverage *before = tw_coverage_new();

        run->options.met_before = before;
        if (g_file_test(path, G_FILE_TEST_EXISTS) &&
            !tw_coverage_load(before, path, &error)) {
            tw_cli_fail_error(error);
            return false;
        }
    }
    if (!tw_coverage_save(run->options.coverage, path, &error)) {
        tw_cli_fail_error(error);
        return false;
    }
    return true;
}

static int save_coverage(const Run *run, const char *path, int code)
{
    g_autoptr(GError) error = NULL;

    if (path && code != TW_EXIT_USAGE &&
        !tw_coverage_save(run->options.coverage, path, &error)) {
        return tw_cli_fail(TW_EXIT_ENVIRONMENT, "%s", error->message);
    }
    return code;
}

/* Options whose values are checked before they are put into a Run. */
typedef struct Options {
    char *time, *programs, *start, *seed, *profile, *coverage, *go_on;
    gboolean json, statistics, stop_at_finding, steer;
    int jobs, replays;
} Options;

static bool parse_options(int *argc, char ***argv, Run *run, Options *o)
{
    g_autofree char *profiles = tw_cli_profile_help(true, TW_PROFILES);
    GOptionEntry entries[] = {
        {"jobs", 'j', 0, G_OPTION_ARG_INT, &o->jobs,
         "Number of worker processes (default: one per processor)", "N"},
        {"time", 0, 0, G_OPTION_ARG_STRING, &o->time,
         "Stops after TIME, such as 90, 90s, 5m or 2h", "TIME"},
        {"programs", 'n', 0, G_OPTION_ARG_STRING, &o->programs,
         "Stops after N programs", "N"},
        {"start", 0, 0, G_OPTION_ARG_STRING, &o->start,
         "Number of the first program (default 0)", "N"},
        {"continue", 0, 0, G_OPTION_ARG_FILENAME, &o->go_on,
         "Goes on with the campaign that saved its cases in this folder",
         "DIR"},
        {"seed", 's', 0, G_OPTION_ARG_STRING, &o->seed,
         "Seed of the campaign (default 1)", "N"},
        {"profile", 'p', 0, G_OPTION_ARG_STRING, &o->profile, profiles, "NAME"},
        {"out", 'o', 0, G_OPTION_ARG_FILENAME, &run->cases.out,
         "Folder for the cases of findings (default: a new out/run-SEED)",
         "DIR"},
        {"coverage", 0, 0, G_OPTION_ARG_FILENAME, &o->coverage,
         "Adds the situations that programs reach to this file (see cover)",
         "FILE"},
        {"steer", 0, 0, G_OPTION_ARG_NONE, &o->steer,
         "Makes programs that aim at situations (see cover) that neither this "
         "campaign nor the file of --coverage has reached",
         NULL},
        {"store", 0, 0, G_OPTION_ARG_FILENAME, &run->store.path,
         "Records the run and its findings in this store (see triage)", "FILE"},
        {"as", 0, 0, G_OPTION_ARG_STRING, &run->store.label,
         "Name of the target in the store (default: its own)", "NAME"},
        {"replays", 0, 0, G_OPTION_ARG_INT, &o->replays,
         "Replays each saved finding N times on a fresh target "
         "(default " G_STRINGIFY(TW_CAMPAIGN_REPLAYS) ")",
         "N"},
        {"stop-at-finding", 0, 0, G_OPTION_ARG_NONE, &o->stop_at_finding,
         "Stops at the first finding", NULL},
        {"statistics", 0, 0, G_OPTION_ARG_NONE, &o->statistics,
         "Prints the histograms of the campaign, too", NULL},
        {"json", 0, 0, G_OPTION_ARG_NONE, &o->json,
         "Prints the summary as JSON, with all statistics", NULL},
        TW_CLI_KNOWN_ENTRIES(run->known),
        G_OPTION_ENTRY_NULL,
    };

    return tw_cli_options(
        argc, argv, NULL,
        "Runs random programs on a target and on the oracle until the time is "
        "up,\nthe programs are done, or Ctrl-C. The status goes to standard "
        "error, the\nsummary to standard output. The same seed and number of "
        "programs give the\nsame findings and counts, whatever --jobs is.",
        entries, &run->target);
}

/* The options that do not go with --continue, which has them from the folder;
 * NULL: none was given. */
static const char *not_with_continue(const Run *run, const Options *o)
{
    return o->seed                              ? "--seed"
           : o->start                           ? "--start"
           : o->profile                         ? "--profile"
           : o->coverage                        ? "--coverage"
           : o->steer                           ? "--steer"
           : o->stop_at_finding                 ? "--stop-at-finding"
           : run->cases.out                     ? "--out"
           : run->store.path                    ? "--store"
           : run->store.label                   ? "--as"
           : run->known.files || run->known.off ? "--known or --no-known"
           : tw_cli_target_chosen(&run->target) ? "options of targets"
                                                : NULL;
}

/* Takes the options of a campaign that goes on from its folder. */
static bool take_saved(Run *run, Options *o)
{
    const char *wrong = not_with_continue(run, o);
    TwRunSaved *saved = &run->saved;

    if (wrong) {
        tw_cli_fail(TW_EXIT_USAGE,
                    "--continue: expected no %s: the campaign goes on as it "
                    "began",
                    wrong);
        return false;
    }
    if (!tw_run_saved_read(saved, o->go_on) ||
        !tw_cli_target_exists(saved->target)) {
        return false;
    }
    if (saved->left == 0 && !o->programs && !o->time) {
        tw_cli_fail(TW_EXIT_USAGE,
                    "--continue: expected --programs or --time: the campaign "
                    "in %s has run all its programs",
                    o->go_on);
        return false;
    }
    tw_cli_target_set_name(&run->target, saved->target);
    tw_target_options_add_words(&run->target.options, saved->words);
    run->cases.out = g_strdup(o->go_on);
    run->options.seed = saved->seed;
    run->options.start = saved->next;
    run->options.programs = saved->left;
    run->known.files = g_strdupv(saved->known);
    run->known.off = saved->no_known;
    run->store.path = g_strdup(saved->store);
    run->store.label = g_strdup(saved->label);
    o->profile = g_strdup(saved->profile);
    o->coverage = g_strdup(saved->coverage);
    o->replays = saved->replays;
    return true;
}

/* Checks the values, and puts them into the options of the campaign. */
static bool check_options(Run *run, Options *o, int argc, char **argv)
{
    TwCampaignOptions *c = &run->options;
    const char *wrong = NULL;

    c->seed = 1;
    c->profile = TW_PROFILES;
    if (argc > 1) {
        tw_cli_fail(TW_EXIT_USAGE, "run: expected options only, not \"%s\"",
                    argv[1]);
        return false;
    }
    if (o->jobs < 1 || o->jobs > 1024) {
        tw_cli_fail(TW_EXIT_USAGE, "--jobs: expected 1 to 1024, not %d",
                    o->jobs);
        return false;
    }
    if ((o->go_on && !take_saved(run, o)) ||
        !tw_cli_times("--replays", o->replays) ||
        (o->time && !tw_cli_seconds("--time", o->time, &c->seconds)) ||
        (o->programs &&
         !tw_cli_number("--programs", o->programs, &c->programs)) ||
        (o->start && !tw_cli_number("--start", o->start, &c->start)) ||
        (o->seed && !tw_cli_number("--seed", o->seed, &c->seed)) ||
        (o->profile && !tw_cli_profile(o->profile, true, &c->profile)) ||
        !tw_cli_known_load(&run->known)) {
        return false;
    }
    if (o->programs && c->programs == 0) {
        wrong = "--programs: expected 1 or more";
    } else if (c->programs > INT64_MAX - c->start) {
        wrong = "--start: expected numbers of programs below 2^63";
    } else if (o->start && o->steer) {
        wrong = "--start: expected without --steer, whose programs depend on "
                "those before them";
    } else if (run->store.label && (!run->store.path || !*run->store.label)) {
        wrong = "--as: expected a name, and --store";
    } else if (o->coverage && o->stop_at_finding) {
        wrong = "--coverage: expected without --stop-at-finding";
    }
    if (wrong) {
        tw_cli_fail(TW_EXIT_USAGE, "%s", wrong);
        return false;
    }
    c->steer = o->steer;
    c->jobs = (unsigned)o->jobs;
    c->replays = (unsigned)o->replays;
    c->hang_ms = tw_cli_target_patience(&run->target);
    c->target = run->target.options;
    c->known = run->known.list;
    c->stop_at_finding = o->stop_at_finding;
    run->coverage = o->coverage;
    return !o->coverage || open_coverage(run, o->coverage);
}

static int run_and_show(Run *run, const Options *o)
{
    int code;

    run->view.options = &run->options;
    run->view.target = &run->target;
    run->view.known = &run->known;
    run->view.profile = o->profile ? o->profile : "all";
    run->view.terminal = isatty(STDERR_FILENO);
    run->view.statistics = o->statistics;
    code = campaign(run, o->json);
    code = save_coverage(run, o->coverage, code);
    g_free((char *)run->view.version);
    return code;
}

int tw_verb_run(int argc, char **argv)
{
    Options o = {.jobs = (int)g_get_num_processors(),
                 .replays = TW_CAMPAIGN_REPLAYS};
    Run run = {.coverage = NULL};
    int code = TW_EXIT_USAGE;

    if (parse_options(&argc, &argv, &run, &o) &&
        check_options(&run, &o, argc, argv)) {
        code = run_and_show(&run, &o);
    }
    g_free(o.time);
    g_free(o.programs);
    g_free(o.start);
    g_free(o.go_on);
    g_free(o.seed);
    g_free(o.profile);
    g_free(o.coverage);
    g_free(run.options.coverage);
    tw_run_store_clear(&run.store);
    g_free((void *)run.options.met_before);
    tw_run_cases_clear(&run.cases);
    tw_run_saved_clear(&run.saved);
    tw_cli_known_clear(&run.known);
    tw_cli_target_clear(&run.target);
    return code;
}
