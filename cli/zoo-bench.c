/* SPDX-License-Identifier: MIT */
/* twinwalk zoo bench: how soon does each engine find each bug of the zoo? */
#include "cli/zoo-bench.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cli/common/common.h"
#include "process/stop.h"
#include "reports/trials/page.h"
#include "reports/trials/run.h"

#define DEFAULT_TRIALS 5
#define DEFAULT_SECONDS 60
#define DEFAULT_HARNESSES "build-engine"

enum { MOST_TRIALS = 1000 };

typedef struct Options {
    char *time, *programs, *seed, *engines, *harnesses, *out, *html;
    int trials, jobs;
    gboolean json, csv, report;
    bool all; /* --engine all: those that are there */
} Options;

static void clear_options(Options *o)
{
    g_free(o->time);
    g_free(o->programs);
    g_free(o->seed);
    g_free(o->engines);
    g_free(o->harnesses);
    g_free(o->out);
    g_free(o->html);
}

static bool parse_options(int *argc, char ***argv, Options *o)
{
    GOptionEntry entries[] = {
        {"trials", 'n', 0, G_OPTION_ARG_INT, &o->trials,
         "Number of trials of each bug by each engine "
         "(default " G_STRINGIFY(DEFAULT_TRIALS) ")",
         "N"},
        {"time", 0, 0, G_OPTION_ARG_STRING, &o->time,
         "Gives up a trial after TIME of processor time "
         "(default " G_STRINGIFY(DEFAULT_SECONDS) "s)",
         "TIME"},
        {"programs", 0, 0, G_OPTION_ARG_STRING, &o->programs,
         "Gives up a trial after N programs instead; then all figures count "
         "programs, and those of random programs do not depend on the machine",
         "N"},
        {"engine", 'e', 0, G_OPTION_ARG_STRING, &o->engines,
         "Engines with commas between: random, libfuzzer, afl, raw; or all: "
         "those that are there (default random)",
         "LIST"},
        {"harnesses", 0, 0, G_OPTION_ARG_FILENAME, &o->harnesses,
         "Folder of the harnesses that ci/bench-harnesses has built "
         "(default " DEFAULT_HARNESSES ")",
         "DIR"},
        {"seed", 's', 0, G_OPTION_ARG_STRING, &o->seed,
         "Seed of the first trial; the next one has the next seed (default 1)",
         "N"},
        {"jobs", 'j', 0, G_OPTION_ARG_INT, &o->jobs,
         "Number of trials at a time (default 1)", "N"},
        {"out", 'o', 0, G_OPTION_ARG_FILENAME, &o->out,
         "Keeps each trial in DIR/" TW_RESULTS_FILE
         "; runs only those that are not there yet",
         "DIR"},
        {"report", 0, 0, G_OPTION_ARG_NONE, &o->report,
         "Runs no trial: shows those in --out, whatever build they are of",
         NULL},
        {"json", 0, 0, G_OPTION_ARG_NONE, &o->json, "Prints JSON", NULL},
        {"csv", 0, 0, G_OPTION_ARG_NONE, &o->csv,
         "Prints a line of comma-separated values for each trial", NULL},
        {"html", 0, 0, G_OPTION_ARG_FILENAME, &o->html,
         "Writes a page with the curves, which needs no other file", "FILE"},
        G_OPTION_ENTRY_NULL,
    };

    return tw_cli_options(
        argc, argv, "[SLUG...]",
        "Measures how soon engines find the bugs of the zoo (or the bugs and "
        "mutants with\nthese slugs). For each trial it notes whether a program "
        "reached the code of the bug,\nwhether one triggered it (softmmu "
        "without the bug gives another trace), and whether\na finding with an "
        "expected verdict detected it. Prints Kaplan-Meier figures. Exit\ncode "
        "10 if no trial detects a bug, a finding has an unexpected verdict, or "
        "a trial dies.",
        entries, NULL);
}

static bool wrong(const char *text)
{
    tw_cli_fail(TW_EXIT_USAGE, "%s", text);
    return false;
}

/* Checks the values, and puts them into `rules`. */
static bool check_options(const Options *o, TwTrialRules *rules)
{
    if ((o->seed && !tw_cli_number("--seed", o->seed, &rules->seed)) ||
        (o->time && !tw_cli_seconds("--time", o->time, &rules->seconds)) ||
        (o->programs &&
         !tw_cli_number("--programs", o->programs, &rules->programs))) {
        return false;
    }
    if (o->trials < 1 || o->trials > MOST_TRIALS) {
        return wrong("--trials: expected 1 to " G_STRINGIFY(1000));
    }
    if (o->jobs < 1 || o->jobs > 1024) {
        return wrong("--jobs: expected 1 to 1024");
    }
    if (o->programs && (rules->programs == 0 || o->time)) {
        return wrong("--programs: expected at least 1, and no --time with it");
    }
    if (rules->seed > INT64_MAX - MOST_TRIALS) {
        return wrong("--seed: expected at most 9223372036854774807");
    }
    if (o->json && o->csv) {
        return wrong("--csv: expected no --json with it");
    }
    if (o->report && !o->out) {
        return wrong("--report: expected --out with it");
    }
    if (o->programs) {
        rules->seconds = 0;
    }
    return true;
}

static bool choose_engines(Options *o, bool engines[TW_ENGINES])
{
    g_auto(GStrv) names =
        g_strsplit(o->engines ? o->engines : "random", ",", 0);

    o->all = strcmp(o->engines ? o->engines : "", "all") == 0;
    for (unsigned e = 0; o->all && e < TW_ENGINES; e++) {
        engines[e] = true;
    }
    for (char **name = names; !o->all && *name; name++) {
        TwEngine engine = tw_engine_named(*name);

        if (engine == TW_ENGINES) {
            tw_cli_fail(TW_EXIT_USAGE,
                        "--engine: expected all, or some of random, libfuzzer, "
                        "afl, raw with commas between, not \"%s\"",
                        *name);
            return false;
        }
        engines[engine] = true;
    }
    return true;
}

/* Mutants that show only with an option run so as random programs alone: a
 * harness has no options. */
static bool fits_engines(const TwZooBug *bug, const TwComparison *c)
{
    for (unsigned e = TW_ENGINE_RANDOM + 1; e < TW_ENGINES; e++) {
        if (c->engines[e] && bug->shown[0]) {
            tw_cli_fail(TW_EXIT_USAGE,
                        "zoo bench: expected bugs that show without options of "
                        "softmmu, where engines other than random run them, "
                        "not %s",
                        bug->slug);
            return false;
        }
    }
    return true;
}

static bool choose_bugs(TwComparison *c, int argc, char **argv)
{
    unsigned count;
    const TwZooBug *all = tw_zoo_bugs(&count);

    for (int i = 1; i < argc; i++) {
        const TwZooBug *bug = tw_zoo_find(argv[i]);

        if (!bug) {
            tw_cli_fail(TW_EXIT_USAGE,
                        "zoo bench: expected the slug of a bug or mutant (see "
                        "twinwalk targets), not \"%s\"",
                        argv[i]);
            return false;
        }
        if (!fits_engines(bug, c)) {
            return false;
        }
        if (!g_ptr_array_find(c->bugs, bug, NULL)) {
            g_ptr_array_add(c->bugs, (void *)bug);
        }
    }
    for (unsigned i = 0; argc == 1 && i < count; i++) {
        g_ptr_array_add(c->bugs, (void *)&all[i]);
    }
    return true;
}

/* Running ------------------------------------------------------------------ */

static void show_ended(const TwTrial *t, unsigned done, unsigned all,
                       void *data)
{
    (void)data;
    if (!isatty(STDERR_FILENO)) {
        return;
    }
    fprintf(
        stderr,
        "%u of %u: %s, %s, trial %u: %s%s%s, %" PRIu64 " programs, %.2f s\n",
        done, all, tw_engine_name(t->engine), t->slug, t->number,
        tw_trial_outcome_name(t->outcome), t->verdict ? ", " : "",
        t->verdict ? tw_verdict_name(t->verdict) : "", t->programs, t->seconds);
}

/* Finds the programs of the engines; with `all` leaves out those that are not
 * there. */
static bool find_engines(const Options *o, TwComparison *c, TwTrialsRun *run,
                         GError **error)
{
    const char *folder = o->harnesses ? o->harnesses : DEFAULT_HARNESSES;

    for (unsigned e = 0; e < TW_ENGINES; e++) {
        g_autoptr(GError) why = NULL;

        if (!c->engines[e]) {
            continue;
        }
        if (!tw_engine_find((TwEngine)e, folder, &run->paths[e], &why)) {
            if (!o->all) {
                g_propagate_error(error, g_steal_pointer(&why));
                return false;
            }
            fprintf(stderr, "twinwalk: left out: %s\n", why->message);
            c->engines[e] = false;
            continue;
        }
        if (!tw_trial_build((TwEngine)e, &run->paths[e], run->builds[e],
                            error) ||
            !tw_results_same_build(c->results, (TwEngine)e, run->builds[e],
                                   error)) {
            return false;
        }
    }
    return true;
}

static bool run_trials(const Options *o, TwComparison *c, TwResults *results,
                       GError **error)
{
    TwTrialsRun run = {.comparison = c,
                       .results = results,
                       .jobs = (unsigned)o->jobs,
                       .stop = tw_stop_asked(),
                       .ended = show_ended};
    bool ok = find_engines(o, c, &run, error);

    if (ok) {
        tw_stop_on_signals();
        ok = tw_trials_run(&run, error);
    }
    for (unsigned e = 0; e < TW_ENGINES; e++) {
        tw_engine_clear(&run.paths[e]);
    }
    return ok;
}

/* Showing ------------------------------------------------------------------ */

static bool write_page(const TwComparison *c, const char *path, GError **error)
{
    g_autoptr(GString) page = g_string_new(NULL);

    tw_trials_page(c, TW_VERSION, (int64_t)time(NULL), page);
    return tw_cli_write(path, page->str, page->len, error);
}

/* 10: a bug that no trial detects, or a trial that ended in another way than
 * was to be expected. */
static int code_of(const TwComparison *c)
{
    int code = TW_EXIT_CLEAN;

    for (unsigned i = 0; i < c->bugs->len; i++) {
        const TwZooBug *bug = g_ptr_array_index(c->bugs, i);

        if (!tw_comparison_detects(c, bug)) {
            code = TW_EXIT_FINDING;
        }
    }
    for (unsigned e = 0; e < TW_ENGINES; e++) {
        TwTrialFigures f;

        tw_trial_figures(c, NULL, (TwEngine)e, &f);
        if (c->engines[e] && (f.died || f.unexpected)) {
            code = TW_EXIT_FINDING;
        }
        tw_trial_figures_clear(&f);
    }
    return code;
}

static int show(const Options *o, const TwComparison *c)
{
    GError *error = NULL;
    unsigned missing = tw_trials_missing(c);

    if (o->html && !write_page(c, o->html, &error)) {
        return tw_cli_fail_error(error);
    }
    if (o->json) {
        tw_bench_show_json(c);
    } else if (o->csv) {
        tw_bench_show_csv(c);
    } else {
        tw_bench_show_text(c);
    }
    if (missing > 0) {
        return tw_cli_fail(TW_EXIT_SKIPPED, "%u trials were not run%s", missing,
                           o->out ? "; the same command runs them" : "");
    }
    return code_of(c);
}

static int bench(const Options *o, TwComparison *c)
{
    TwResults results;
    GError *error = NULL;
    int code;

    c->results = &results;
    if (tw_results_open(&results, o->out, c->rules, o->report, &error)) {
        if (results.dropped_line) {
            fprintf(stderr,
                    "twinwalk: %s: the last line was cut short: that "
                    "trial runs again\n",
                    results.path);
        }
        if (!o->report) {
            run_trials(o, c, &results, &error);
        }
    }
    code = error ? tw_cli_fail_error(error) : show(o, c);
    tw_results_close(&results);
    return code;
}

int tw_zoo_bench(int argc, char **argv)
{
    Options o = {.trials = DEFAULT_TRIALS, .jobs = 1};
    TwTrialRules rules = {.seed = 1, .seconds = DEFAULT_SECONDS};
    TwComparison c = {.rules = &rules, .bugs = g_ptr_array_new()};
    int code = TW_EXIT_USAGE;

    g_set_prgname("twinwalk zoo bench");
    if (parse_options(&argc, &argv, &o) && check_options(&o, &rules) &&
        choose_engines(&o, c.engines) && choose_bugs(&c, argc, argv) &&
        (o.report || !o.out || tw_cli_folder_ready("--out", o.out)) &&
        tw_cli_file_ready("--html", o.html)) {
        c.trials = (unsigned)o.trials;
        code = bench(&o, &c);
    }
    g_ptr_array_free(c.bugs, TRUE);
    clear_options(&o);
    return code;
}
