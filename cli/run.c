/* SPDX-License-Identifier: MIT */
/* twinwalk run: a campaign from its options to its exit code. */
#define _GNU_SOURCE
#include "cli/run-store.h"
#include "cli/verbs.h"
#include "cli/view/run.h"
#include "process/stop.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct Run {
    TwCliTarget target;
    TwCliKnown known;
    TwCampaignOptions options;
    TwRunView view;
    TwRunStore store;
    char *out;
    bool own_out;        /* `out` is the default: ours to remove if unused */
    GHashTable *written; /* file name -> number of the program in it */
    GError *error;       /* the first time that a case could not be written */
} Run;

/* The folder of the cases -------------------------------------------------- */

/* Makes sure that cases can be written before anything is run. */
static bool prepare_out(Run *run)
{
    if (!run->out) {
        run->own_out = true;
        run->out =
            g_strdup_printf("out/run-%" G_GUINT64_FORMAT, run->options.seed);
        for (unsigned n = 2; g_file_test(run->out, G_FILE_TEST_EXISTS); n++) {
            g_free(run->out);
            run->out = g_strdup_printf("out/run-%" G_GUINT64_FORMAT "-%u",
                                       run->options.seed, n);
        }
    }
    return tw_cli_folder_ready("--out", run->out);
}

typedef struct Live {
    Run *run;
    const TwDialect *dialect;
} Live;

static void make_again(TwProgram *program, const TwCampaignCase *one,
                       void *data)
{
    const Live *live = data;
    const Run *run = live->run;

    tw_campaign_program_towards(program, run->options.seed, one->number,
                                run->options.profile, one->wish, live->dialect,
                                run->known.list, NULL);
}

static void write_case(Run *run, const TwDialect *dialect,
                       const TwCampaignKey *key, unsigned i)
{
    const TwCampaignCase *one = &g_array_index(key->cases, TwCampaignCase, i);
    g_autofree char *name = g_strdup_printf("%s-%u.tw", key->key, i + 1);
    g_autofree char *path = g_build_filename(run->out, name, NULL);
    g_autofree char *origin = NULL, *wish = NULL, *words = NULL;
    g_autofree TwProgram *program = NULL;
    guint64 *had = g_hash_table_lookup(run->written, name);
    GError *error = NULL;
    GString *text;

    if (had && *had == one->number) {
        return;
    }
    program = g_new(TwProgram, 1);
    make_again(program, one, &(Live){run, dialect});
    wish = tw_cli_wish_name(one->wish);
    origin = g_strdup_printf("seed %" G_GUINT64_FORMAT
                             " number %" G_GUINT64_FORMAT " profile %s%s%s",
                             run->options.seed, one->number,
                             tw_profile_name(one->profile),
                             wish ? " wish " : "", wish ? wish : "");
    words = tw_cli_target_words(&run->target);
    text = tw_cli_case_text(program, &one->finding, "replay", words, origin);
    if (!tw_cli_write(path, text->str, text->len, &error)) {
        if (!run->error) {
            run->error = error;
        } else {
            g_error_free(error);
        }
    } else {
        g_hash_table_insert(run->written, g_steal_pointer(&name),
                            g_memdup2(&one->number, sizeof(one->number)));
    }
    g_string_free(text, TRUE);
}

/* Writes the cases that were not written yet; called during the campaign, so
 * that a power cut loses little. */
static void write_cases(Run *run, const TwDialect *dialect,
                        const TwCampaignResult *result)
{
    for (unsigned k = 0; k < result->keys->len; k++) {
        const TwCampaignKey *key = g_ptr_array_index(result->keys, k);

        for (unsigned i = 0; i < key->cases->len; i++) {
            write_case(run, dialect, key, i);
        }
    }
}

/* With --stop-at-finding, workers that were ahead may have had cases written
 * that do not count in the end. */
static void remove_leftovers(Run *run, const TwCampaignResult *result)
{
    GHashTableIter iter;
    void *name;

    for (unsigned k = 0; k < result->keys->len; k++) {
        const TwCampaignKey *key = g_ptr_array_index(result->keys, k);

        for (unsigned i = 0; i < key->cases->len; i++) {
            g_autofree char *kept =
                g_strdup_printf("%s-%u.tw", key->key, i + 1);

            g_hash_table_remove(run->written, kept);
        }
    }
    g_hash_table_iter_init(&iter, run->written);
    while (g_hash_table_iter_next(&iter, &name, NULL)) {
        g_autofree char *path = g_build_filename(run->out, name, NULL);

        unlink(path);
    }
    if (run->own_out && result->keys->len == 0) {
        rmdir(run->out); /* stays if it contains other files */
        rmdir("out");
    }
}

/* The campaign ------------------------------------------------------------- */

static void progress(const TwCampaignResult *so_far, void *data)
{
    Live *live = data;

    write_cases(live->run, live->dialect, so_far);
    tw_run_store_so_far(&live->run->store, so_far);
    tw_run_view_progress(&live->run->view, so_far);
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

static int campaign(Run *run, gboolean json)
{
    g_autoptr(TwRunner) runner = NULL;
    TwCampaignResult result;
    GError *error = NULL;
    TwDialect dialect;
    GError *store_error = NULL;
    Live live = {run, &dialect};
    bool ok, stored;
    int code;

    /* The cases are made again from their numbers, for which only the dialect
     * is needed. */
    runner = tw_runner_new(&run->target.options, &error);
    if (!runner) {
        return tw_cli_fail_error(error);
    }
    dialect = *tw_runner_dialect(runner);
    if (!tw_runner_set_known(runner, run->known.list, &error)) {
        return tw_cli_fail_error(error);
    }
    run->view.version = g_strdup(tw_runner_version(runner));
    g_clear_pointer(&runner, tw_runner_free);
    if (run->options.steer && dialect.identity_pages) {
        return tw_cli_fail(TW_EXIT_USAGE,
                           "--steer: expected a target that translates "
                           "virtual addresses (softmmu, zoo:SLUG), not %s",
                           run->target.options.name);
    }
    if (!prepare_out(run)) {
        return TW_EXIT_USAGE;
    }
    if (!tw_run_store_begin(&run->store, &run->target, run->view.version,
                            run->options.seed, &error)) {
        return tw_cli_fail_error(error);
    }
    tw_cli_known_warn(&run->known);
    tw_stop_on_signals();
    run->options.stop = tw_stop_asked();
    ok = tw_campaign_run(&run->options, progress, &live, &result, &error);
    tw_run_view_clear(&run->view);
    write_cases(run, &dialect, &result);
    code = exit_code(&result);
    run->view.out = result.keys->len > 0 ? run->out : NULL;
    if (json) {
        tw_run_view_json(&run->view, &result);
    } else {
        tw_run_view_summary(&run->view, &result);
    }
    remove_leftovers(run, &result);
    stored =
        tw_run_store_end(&run->store, &run->target, &result, !ok, run->out,
                         run->options.hang_ms, make_again, &live, &store_error);
    tw_campaign_result_clear(&result);
    if (!stored) {
        code = tw_cli_fail_error(store_error);
    }
    if (!ok) {
        code = tw_cli_fail_error(error);
    }
    if (run->error) {
        tw_cli_fail_error(g_steal_pointer(&run->error));
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
    char *time, *programs, *seed, *profile, *coverage;
    gboolean json, stop_at_finding, steer;
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
        {"seed", 's', 0, G_OPTION_ARG_STRING, &o->seed,
         "Seed of the campaign (default 1)", "N"},
        {"profile", 'p', 0, G_OPTION_ARG_STRING, &o->profile, profiles, "NAME"},
        {"out", 'o', 0, G_OPTION_ARG_FILENAME, &run->out,
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
        {"json", 0, 0, G_OPTION_ARG_NONE, &o->json,
         "Prints the summary as JSON", NULL},
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

/* Checks the values, and puts them into the options of the campaign. */
static bool check_options(Run *run, const Options *o, int argc, char **argv)
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
    if (!tw_cli_times("--replays", o->replays) ||
        (o->time && !tw_cli_seconds("--time", o->time, &c->seconds)) ||
        (o->programs &&
         !tw_cli_number("--programs", o->programs, &c->programs)) ||
        (o->seed && !tw_cli_number("--seed", o->seed, &c->seed)) ||
        (o->profile && !tw_cli_profile(o->profile, true, &c->profile)) ||
        !tw_cli_known_load(&run->known)) {
        return false;
    }
    if (o->programs && c->programs == 0) {
        wrong = "--programs: expected 1 or more";
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
    return !o->coverage || open_coverage(run, o->coverage);
}

static int run_and_show(Run *run, const Options *o)
{
    int code;

    run->written =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    run->view.options = &run->options;
    run->view.target = &run->target;
    run->view.profile = o->profile ? o->profile : "all";
    run->view.terminal = isatty(STDERR_FILENO);
    code = campaign(run, o->json);
    code = save_coverage(run, o->coverage, code);
    g_hash_table_unref(run->written);
    g_free((char *)run->view.version);
    return code;
}

int tw_verb_run(int argc, char **argv)
{
    Options o = {.jobs = (int)g_get_num_processors(),
                 .replays = TW_CAMPAIGN_REPLAYS};
    Run run = {.out = NULL};
    int code = TW_EXIT_USAGE;

    if (parse_options(&argc, &argv, &run, &o) &&
        check_options(&run, &o, argc, argv)) {
        code = run_and_show(&run, &o);
    }
    g_free(o.time);
    g_free(o.programs);
    g_free(o.seed);
    g_free(o.profile);
    g_free(o.coverage);
    g_free(run.options.coverage);
    tw_run_store_clear(&run.store);
    g_free((void *)run.options.met_before);
    g_free(run.out);
    tw_cli_known_clear(&run.known);
    tw_cli_target_clear(&run.target);
    return code;
}
