/* SPDX-License-Identifier: MIT */
/* twinwalk check: runs folders of cases and compares the results with those
 * that the cases note, or the results of two targets. */
#include "cli/view/check.h"

#include <stdio.h>
#include <string.h>

#include "cli/common/known.h"
#include "cli/verbs.h"

typedef struct Output {
    bool json;
    bool self; /* a finding against twinwalk itself */
} Output;

static void is_done(TwCheckJob *check, TwCheckCase *one, void *data)
{
    Output *out = data;

    for (unsigned t = 0; t < check->n_targets; t++) {
        out->self |= one->outcomes[t].finding.verdict == TW_VERDICT_SELF;
    }
    if (!out->json) {
        tw_check_print_case(check, one);
    }
}

/* The whole ---------------------------------------------------------------- */

static int run_all(TwCheckJob *check, gboolean json, const char *junit)
{
    Output out = {.json = json};
    GError *error = NULL;

    if (!tw_check_run(check, is_done, &out, &error)) {
        return tw_cli_fail_error(error);
    }
    if (json) {
        tw_check_print_json(check);
    } else {
        tw_check_print_totals(check);
    }
    if (junit) {
        GString *xml = tw_check_junit(check);
        bool ok = tw_cli_write(junit, xml->str, xml->len, &error);

        g_string_free(xml, TRUE);
        if (!ok) {
            return tw_cli_fail_error(error);
        }
    }
    return out.self            ? TW_EXIT_SELF
           : check->failed > 0 ? TW_EXIT_FINDING
           : check->totals[TW_CHECK_SKIPPED] == check->cases->len
               ? TW_EXIT_SKIPPED
               : TW_EXIT_CLEAN;
}

static bool want_ready(TwCheckJob *check, const char *want)
{
    static const char *const names[] = {"no-worse", "noted", "clean"};

    for (unsigned i = 0; i < G_N_ELEMENTS(names); i++) {
        if (strcmp(want, names[i]) == 0) {
            check->want = i;
            return true;
        }
    }
    tw_cli_fail(TW_EXIT_USAGE,
                "--want: expected no-worse, noted or clean, not \"%s\"", want);
    return false;
}

typedef struct Options {
    TwCliTarget targets[2];
    TwCliKnown known;
    char *against, *junit, *want;
    int jobs, times;
    gboolean json;
} Options;

/* The other target is another name with the same options, but for those of
 * --against-... */
static void targets_ready(TwCheckJob *check, Options *o)
{
    TwCliTarget *first = &o->targets[0], *other = &o->targets[1];

    check->n_targets = o->against ? 2 : 1;
    if (o->against) {
        *other = (TwCliTarget){.options = first->options,
                               .timeout_ms = first->timeout_ms};
        tw_target_options_other(&other->options);
        first->options.against_qemu = NULL;
        first->options.against_qemu_args = NULL;
        tw_cli_target_set_name(other, o->against);
    }
    for (unsigned t = 0; t < check->n_targets; t++) {
        check->patience[t] = tw_cli_target_patience(&o->targets[t]);
        check->targets[t] = o->targets[t].options;
    }
}

/* Parses the options and puts them into `check`. */
static bool check_options(int *argc, char ***argv, Options *o,
                          TwCheckJob *check)
{
    GOptionEntry entries[] = {
        {"against", 0, 0, G_OPTION_ARG_STRING, &o->against,
         "Runs each case on this target, too, and compares the two targets; "
         "exit code 10 if only this target has a finding, or if both have "
         "different ones",
         "NAME"},
        {"want", 0, 0, G_OPTION_ARG_STRING, &o->want,
         "Required results: no-worse (the default): as noted, or fixed; noted: "
         "as noted, not fixed; clean: no finding, even if one is noted",
         "WHAT"},
        {"times", 0, 0, G_OPTION_ARG_INT, &o->times,
         "Runs each case N times, to detect flaky findings", "N"},
        {"jobs", 'j', 0, G_OPTION_ARG_INT, &o->jobs,
         "Number of processes (default: one per processor)", "N"},
        {"junit", 0, 0, G_OPTION_ARG_FILENAME, &o->junit,
         "Also writes a JUnit XML file", "FILE"},
        {"json", 0, 0, G_OPTION_ARG_NONE, &o->json, "Prints JSON", NULL},
        TW_CLI_KNOWN_ENTRIES(o->known),
        G_OPTION_ENTRY_NULL,
    };

    if (!tw_cli_options(
            argc, argv, "DIR|FILE...",
            "Runs cases (of a folder: all *.tw) and compares each result with "
            "the one that the\ncomments at the top of the case note: the lines "
            "\"# verdict:\" and \"# key:\", which\nrun and min write. A case "
            "without these lines must be clean. Exit code 10 if a\ncase has a "
            "finding that its comments do not note.",
            entries, &o->targets[0])) {
        return false;
    }
    if (*argc < 2) {
        tw_cli_fail(TW_EXIT_USAGE, "check: expected a folder or a file");
        return false;
    }
    if (o->jobs < 1 || o->jobs > 1024) {
        tw_cli_fail(TW_EXIT_USAGE, "--jobs: expected 1 to 1024, not %d",
                    o->jobs);
        return false;
    }
    if (o->want && o->against) {
        tw_cli_fail(TW_EXIT_USAGE, "check: expected --want or --against, not "
                                   "both");
        return false;
    }
    if (!tw_cli_times("--times", o->times) ||
        (o->want && !want_ready(check, o->want)) ||
        !tw_cli_file_ready("--junit", o->junit) ||
        !tw_cli_known_load(&o->known)) {
        return false;
    }
    targets_ready(check, o);
    check->known = o->known.list;
    check->times = (unsigned)o->times;
    check->jobs = (unsigned)o->jobs;
    return true;
}

static int check_files(TwCheckJob *check, const Options *o, int n, char **paths)
{
    GError *error = NULL;

    if (!tw_check_open(check, &error)) {
        return tw_cli_fail_error(error);
    }
    for (int i = 0; i < n; i++) {
        if (!tw_check_add(check, paths[i], &error)) {
            return tw_cli_fail_error(error);
        }
    }
    if (!tw_check_read(check, &error)) {
        return tw_cli_fail_error(error);
    }
    tw_cli_known_warn(&o->known);
    return run_all(check, o->json, o->junit);
}

int tw_verb_check(int argc, char **argv)
{
    Options o = {.jobs = (int)g_get_num_processors(), .times = 1};
    TwCheckJob check = {.want = TW_CHECK_WANT_NO_WORSE};
    int code = TW_EXIT_USAGE;

    tw_check_init(&check);
    if (check_options(&argc, &argv, &o, &check)) {
        code = check_files(&check, &o, argc - 1, argv + 1);
    }
    tw_check_clear(&check);
    for (unsigned t = 0; t < 2; t++) {
        tw_cli_target_clear(&o.targets[t]);
    }
    tw_cli_known_clear(&o.known);
    g_free(o.against);
    g_free(o.junit);
    g_free(o.want);
    return code;
}
