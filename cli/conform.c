/* SPDX-License-Identifier: MIT */
/* twinwalk conform: which corner cases a target passes, and what random
 * programs use of its dialect. */
#include "cli/view/conform.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/common/known.h"
#include "cli/common/next.h"
#include "cli/verbs.h"

#define DEFAULT_PROGRAMS 2000

typedef struct Conform {
    TwConform of;
    TwCliTarget target;
    TwCliKnown known;
    char *programs, *seed, *out;
    int jobs, times;
    gboolean json, all;
} Conform;

static void show_progress(const TwConform *of, void *data)
{
    gint64 *shown = data, now = g_get_monotonic_time();
    bool terminal = isatty(STDERR_FILENO);

    if (now - *shown < (terminal ? G_USEC_PER_SEC / 2 : 30 * G_USEC_PER_SEC)) {
        return;
    }
    *shown = now;
    fprintf(stderr, "%s%" PRIu64 " of %" PRIu64 " programs%s",
            terminal ? "\r" : "", of->done, of->programs,
            terminal ? "\033[K" : "\n");
    fflush(stderr);
}

/* Cases that failed -------------------------------------------------------- */

/* An own folder, so that no older file is replaced. */
static bool folder_ready(const char *out)
{
    g_autoptr(GDir) dir = out ? g_dir_open(out, 0, NULL) : NULL;

    if (dir && g_dir_read_name(dir)) {
        tw_cli_fail(TW_EXIT_USAGE,
                    "--out: expected a new or empty folder, not \"%s\"", out);
        return false;
    }
    return !out || tw_cli_folder_ready("--out", out);
}

static char *path_of(const Conform *c, const TwConformResult *r)
{
    g_autofree char *name = g_path_get_basename(r->of->name);

    return g_build_filename(c->out, name, NULL);
}

static bool write_case(const Conform *c, const TwConformResult *r,
                       GError **error)
{
    g_autofree char *words = tw_cli_target_words(&c->target);
    g_autofree char *path = path_of(c, r);
    GString *text =
        tw_cli_case_text(r->ran->program, &r->ran->outcomes[0].finding,
                         "replay", words, r->title);
    bool ok = tw_cli_write(path, text->str, text->len, error);

    g_string_free(text, TRUE);
    return ok;
}

/* Writes the cases that failed; *first: the path of one, for the caller to
 * free. */
static bool write_failed(const Conform *c, char **first, GError **error)
{
    for (unsigned i = 0; i < c->of.results->len; i++) {
        const TwConformResult *r =
            &g_array_index(c->of.results, TwConformResult, i);

        if (!r->ran || !r->ran->failed) {
            continue;
        }
        if (!write_case(c, r, error)) {
            return false;
        }
        if (!*first) {
            *first = path_of(c, r);
        }
    }
    return true;
}

/* The verb ----------------------------------------------------------------- */

static void tell_next(const Conform *c, const char *failed)
{
    g_autofree char *run = NULL;

    if (failed) {
        tw_cli_next(stderr, &c->target, &c->known, "explain", failed, NULL);
    } else if (c->of.failed > 0) {
        tw_cli_next(stderr, &c->target, &c->known, "conform", "--out",
                    "failed");
    } else if (c->of.findings > 0) {
        run = g_strdup_printf("--seed %" PRIu64 " --start %" PRIu64
                              " --programs 1 --out found",
                              c->of.seed, c->of.first);
        tw_cli_next(stderr, &c->target, &c->known, "run", "--jobs=1", run);
    }
}

static bool any_self(const TwConform *of)
{
    bool self = of->findings > 0 && of->finding.verdict == TW_VERDICT_SELF;

    for (unsigned i = 0; i < of->check.cases->len; i++) {
        const TwCheckCase *one = g_ptr_array_index(of->check.cases, i);

        self |= one->outcomes[0].finding.verdict == TW_VERDICT_SELF;
    }
    return self;
}

static int run_and_show(Conform *c)
{
    gint64 shown = isatty(STDERR_FILENO) ? 0 : g_get_monotonic_time();
    g_autofree char *failed = NULL;
    GError *error = NULL;
    bool ok = tw_conform_run(&c->of, show_progress, &shown, &error);

    if (isatty(STDERR_FILENO)) {
        fprintf(stderr, "\r\033[K");
    }
    if (!ok) {
        return tw_cli_fail_error(error);
    }
    tw_cli_known_warn(&c->known);
    if (c->json) {
        tw_conform_print_json(&c->of);
    } else {
        tw_conform_print(&c->of, c->all);
    }
    if (c->out && !write_failed(c, &failed, &error)) {
        return tw_cli_fail_error(error);
    }
    if (!c->json) {
        fflush(stdout);
        tell_next(c, failed);
    }
    return any_self(&c->of)                         ? TW_EXIT_SELF
           : c->of.failed > 0 || c->of.findings > 0 ? TW_EXIT_FINDING
                                                    : TW_EXIT_CLEAN;
}

static bool options_ready(Conform *c, int argc, char **argv)
{
    if (argc > 1) {
        tw_cli_fail(TW_EXIT_USAGE, "conform: expected options only, not \"%s\"",
                    argv[1]);
        return false;
    }
    if (c->jobs < 1 || c->jobs > 1024) {
        tw_cli_fail(TW_EXIT_USAGE, "--jobs: expected 1 to 1024, not %d",
                    c->jobs);
        return false;
    }
    if (!tw_cli_times("--times", c->times) ||
        (c->programs &&
         !tw_cli_number("--programs", c->programs, &c->of.programs)) ||
        (c->seed && !tw_cli_number("--seed", c->seed, &c->of.seed)) ||
        !folder_ready(c->out) || !tw_cli_known_load(&c->known)) {
        return false;
    }
    if (c->of.programs > 100000000) {
        tw_cli_fail(TW_EXIT_USAGE,
                    "--programs: expected at most 100000000 (run has no "
                    "limit)");
        return false;
    }
    c->of.check.targets[0] = c->target.options;
    c->of.check.patience[0] = tw_cli_target_patience(&c->target);
    c->of.check.known = c->known.list;
    c->of.check.jobs = (unsigned)c->jobs;
    c->of.check.times = (unsigned)c->times;
    return true;
}

int tw_verb_conform(int argc, char **argv)
{
    Conform c = {.of = {.programs = DEFAULT_PROGRAMS, .seed = 1},
                 .jobs = (int)g_get_num_processors(),
                 .times = 1};
    int code = TW_EXIT_USAGE;
    GOptionEntry entries[] = {
        {"programs", 'n', 0, G_OPTION_ARG_STRING, &c.programs,
         "Number of random programs, 0 for none "
         "(default " G_STRINGIFY(DEFAULT_PROGRAMS) ")",
         "N"},
        {"seed", 's', 0, G_OPTION_ARG_STRING, &c.seed,
         "Seed of the programs (default 1)", "N"},
        {"times", 0, 0, G_OPTION_ARG_INT, &c.times,
         "Runs each case N times, to detect flaky findings", "N"},
        {"jobs", 'j', 0, G_OPTION_ARG_INT, &c.jobs,
         "Number of processes (default: one per processor)", "N"},
        {"out", 'o', 0, G_OPTION_ARG_FILENAME, &c.out,
         "Writes the cases that failed into this folder, which must be new or "
         "empty",
         "DIR"},
        {"all", 0, 0, G_OPTION_ARG_NONE, &c.all,
         "Lists all cases, not only those that failed, with the reason why one "
         "is outside the dialect",
         NULL},
        {"json", 0, 0, G_OPTION_ARG_NONE, &c.json, "Prints JSON", NULL},
        TW_CLI_KNOWN_ENTRIES(c.known),
        G_OPTION_ENTRY_NULL,
    };

    tw_check_init(&c.of.check);
    if (tw_cli_options(
            &argc, &argv, NULL,
            "Shows how far a target has been tested: runs the corner cases "
            "that its dialect has,\nwhich are built in, and random programs, "
            "and counts how many of these use each part\nof the dialect. "
            "Where a dialect is too small for a case, sizes of RAM and of "
            "TLBs are\nadapted, nothing else. Exit code 10 if a case fails or "
            "a program has a finding.",
            entries, &c.target) &&
        options_ready(&c, argc, argv)) {
        code = run_and_show(&c);
    }
    tw_conform_clear(&c.of);
    tw_cli_known_clear(&c.known);
    tw_cli_target_clear(&c.target);
    g_free(c.programs);
    g_free(c.seed);
    g_free(c.out);
    return code;
}
