/* SPDX-License-Identifier: MIT */
/* twinwalk check: folders of cases, held against what their comments say, or
 * on two targets, held against each other. */
#include "cli/check.h"

#include <stdio.h>
#include <string.h>

#include "cli/verbs.h"

static void case_free(void *data)
{
    TwCheckCase *one = data;

    g_free(one->path);
    g_free(one->verdict);
    g_free(one->key);
    g_free(one);
}

static int by_path(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void add_case(TwCheckJob *check, const char *path)
{
    TwCheckCase *one = g_new0(TwCheckCase, 1);

    one->path = g_strdup(path);
    g_ptr_array_add(check->cases, one);
}

/* All *.tw below a folder, which links to folders are not followed from. */
static bool collect(const char *folder, GPtrArray *paths)
{
    GError *error = NULL;
    GDir *dir = g_dir_open(folder, 0, &error);
    const char *name;
    bool ok = dir != NULL;

    if (!ok) {
        tw_cli_fail(TW_EXIT_USAGE, "%s", error->message);
        g_error_free(error);
        return false;
    }
    while (ok && (name = g_dir_read_name(dir)) != NULL) {
        g_autofree char *path = g_build_filename(folder, name, NULL);

        if (g_file_test(path, G_FILE_TEST_IS_DIR)) {
            ok = g_file_test(path, G_FILE_TEST_IS_SYMLINK) ||
                 collect(path, paths);
        } else if (g_str_has_suffix(name, ".tw")) {
            g_ptr_array_add(paths, g_steal_pointer(&path));
        }
    }
    g_dir_close(dir);
    return ok;
}

static bool add_path(TwCheckJob *check, const char *path)
{
    g_autoptr(GPtrArray) paths = g_ptr_array_new_with_free_func(g_free);

    if (!g_file_test(path, G_FILE_TEST_IS_DIR)) {
        add_case(check, path);
        return true;
    }
    if (!collect(path, paths)) {
        return false;
    }
    if (paths->len == 0) {
        tw_cli_fail(TW_EXIT_USAGE, "%s: expected cases (*.tw) in it", path);
        return false;
    }
    g_ptr_array_sort(paths, by_path);
    for (unsigned i = 0; i < paths->len; i++) {
        add_case(check, g_ptr_array_index(paths, i));
    }
    return true;
}

/* What is noted of a case, for this version of the target. */
static void read_notes(const TwCheckJob *check, TwCheckCase *one,
                       const TwComments *comments)
{
    char *version;

    one->verdict = tw_comments_note(comments, "verdict", 0);
    one->key = tw_comments_note(comments, "key", 0);
    if (one->verdict && one->key) {
        for (unsigned v = TW_VERDICT_CRASH; v < TW_VERDICTS; v++) {
            one->expects |= tw_verdict_is_finding(v) &&
                            strcmp(tw_verdict_name(v), one->verdict) == 0;
        }
    }
    for (unsigned i = 0;
         (version = tw_comments_note(comments, "agrees with", i)); i++) {
        one->expects &= strcmp(version, check->versions[0]) != 0;
        g_free(version);
    }
}

/* Every file is a case, before any is run. */
static bool read_cases(TwCheckJob *check, int n, char **paths)
{
    g_autofree TwProgram *program = g_new(TwProgram, 1);
    GError *error = NULL;

    for (int i = 0; i < n; i++) {
        if (!add_path(check, paths[i])) {
            return false;
        }
    }
    for (unsigned i = 0; i < check->cases->len; i++) {
        TwCheckCase *one = g_ptr_array_index(check->cases, i);
        g_autoptr(TwComments) comments = tw_comments_new();

        if (strcmp(one->path, "-") == 0) {
            tw_cli_fail(TW_EXIT_USAGE, "check: expected files or folders, "
                                       "not standard input");
            return false;
        }
        if (!tw_program_load(program, one->path, TW_TEXT_STRICT, comments,
                             &error)) {
            tw_cli_fail_error(error);
            return false;
        }
        read_notes(check, one, comments);
    }
    return true;
}

/* Opens the targets once, so that one which cannot be started is told first. */
static int open_targets(TwCheckJob *check)
{
    for (unsigned t = 0; t < check->n_targets; t++) {
        GError *error = NULL;
        g_autoptr(TwRunner) runner =
            tw_runner_new(&check->targets[t].options, &error);

        if (!runner || (t == 0 && !tw_runner_set_known(
                                      runner, check->known.list, &error))) {
            return tw_cli_fail_error(error);
        }
        check->versions[t] = g_strdup(tw_runner_version(runner));
    }
    return TW_EXIT_CLEAN;
}

/* Judging ------------------------------------------------------------------ */

static bool unknown(const TwFinding *finding)
{
    return finding->verdict == TW_VERDICT_UNSUPPORTED ||
           finding->verdict == TW_VERDICT_INCONCLUSIVE;
}

static TwCheckStatus against_notes(const TwCheckCase *one)
{
    const TwFinding *finding = &one->outcomes[0].finding;

    if (unknown(finding)) {
        return TW_CHECK_SKIPPED;
    }
    if (finding->verdict == TW_VERDICT_FLAKY) {
        return TW_CHECK_FLAKY;
    }
    if (!tw_verdict_is_finding(finding->verdict)) {
        return one->expects ? TW_CHECK_FIXED : TW_CHECK_AS_NOTED;
    }
    if (one->expects && tw_key_same_thing(one->key, finding->key)) {
        return TW_CHECK_AS_NOTED;
    }
    return finding->known ? TW_CHECK_KNOWN
           : one->expects ? TW_CHECK_DIFFERS
                          : TW_CHECK_NEW;
}

static TwCheckStatus against_other(const TwCheckCase *one)
{
    const TwFinding *a = &one->outcomes[0].finding;
    const TwFinding *b = &one->outcomes[1].finding;
    bool found_a = tw_verdict_is_finding(a->verdict);
    bool found_b = tw_verdict_is_finding(b->verdict);

    if (unknown(a) || unknown(b)) {
        return TW_CHECK_SKIPPED;
    }
    if (a->verdict == TW_VERDICT_FLAKY || b->verdict == TW_VERDICT_FLAKY) {
        return TW_CHECK_FLAKY;
    }
    if (found_a != found_b) {
        return found_b ? TW_CHECK_WORSE : TW_CHECK_BETTER;
    }
    return !found_a || tw_key_same_thing(a->key, b->key) ? TW_CHECK_SAME
                                                         : TW_CHECK_DIFFERS;
}

static bool fails(const TwCheckJob *check, const TwCheckCase *one)
{
    unsigned verdict = one->outcomes[0].finding.verdict;

    switch (one->status) {
    case TW_CHECK_NEW:
    case TW_CHECK_DIFFERS:
    case TW_CHECK_WORSE:
        return true;
    case TW_CHECK_FIXED:
        return check->want == TW_CHECK_WANT_NOTED;
    case TW_CHECK_AS_NOTED:
    case TW_CHECK_KNOWN:
    case TW_CHECK_FLAKY:
        return check->want == TW_CHECK_WANT_CLEAN &&
               (tw_verdict_is_finding(verdict) || verdict == TW_VERDICT_FLAKY);
    default:
        return false;
    }
}

typedef struct Output {
    TwProgram *program;
    gboolean json;
    bool self; /* a finding against twinwalk itself */
} Output;

/* Is it known, and which entries could it have matched? */
static void look_up(TwCheckJob *check, const TwProgram *program,
                    TwFinding *finding)
{
    const TwKnown *known = check->known.list;

    for (uint64_t met = tw_known_met(known, program); met; met &= met - 1) {
        check->met[__builtin_ctzll(met)]++;
    }
    if (tw_verdict_is_finding(finding->verdict)) {
        finding->known = (uint8_t)(1 + tw_known_match(known, program, finding));
    }
    if (finding->known) {
        check->matched[finding->known - 1]++;
    }
}

static void is_done(TwCheckJob *check, TwCheckCase *one, void *data)
{
    Output *out = data;
    TwFinding *finding = &one->outcomes[0].finding;

    if (tw_cli_known_any(check->known.list) &&
        tw_program_load(out->program, one->path, TW_TEXT_STRICT, NULL, NULL)) {
        look_up(check, out->program, finding);
    }
    one->status =
        check->n_targets == 2 ? against_other(one) : against_notes(one);
    one->failed = fails(check, one);
    check->totals[one->status]++;
    check->failed += one->failed;
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
    g_autofree TwProgram *program = g_new(TwProgram, 1);
    Output out = {.program = program, .json = json};
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

/* The other target is another name with the same options. */
static void targets_ready(TwCheckJob *check, const char *against)
{
    TwCliTarget *first = &check->targets[0], *other = &check->targets[1];

    check->n_targets = against ? 2 : 1;
    if (against) {
        *other = (TwCliTarget){.options = first->options,
                               .timeout_ms = first->timeout_ms};
        tw_cli_target_set_name(other, against);
    }
    for (unsigned t = 0; t < check->n_targets; t++) {
        check->patience[t] = tw_cli_target_patience(&check->targets[t], 1);
    }
}

int tw_verb_check(int argc, char **argv)
{
    TwCheckJob check = {.cases = g_ptr_array_new_with_free_func(case_free)};
    g_autofree char *against = NULL, *junit = NULL, *want = NULL;
    int jobs = (int)g_get_num_processors(), times = 1;
    int code = TW_EXIT_USAGE;
    gboolean json = FALSE;
    GOptionEntry entries[] = {
        {"against", 0, 0, G_OPTION_ARG_STRING, &against,
         "Runs each case on this target too and compares the two", "NAME"},
        {"want", 0, 0, G_OPTION_ARG_STRING, &want,
         "What is no failure: no-worse (as noted, or fixed; the default), "
         "noted (nothing fixed) or clean (no finding, whatever is noted)",
         "WHAT"},
        {"times", 0, 0, G_OPTION_ARG_INT, &times,
         "Runs each case so often, to tell what is flaky", "N"},
        {"jobs", 'j', 0, G_OPTION_ARG_INT, &jobs,
         "Processes (default: one per processor)", "N"},
        {"junit", 0, 0, G_OPTION_ARG_FILENAME, &junit,
         "Writes a JUnit XML file too", "FILE"},
        {"json", 0, 0, G_OPTION_ARG_NONE, &json, "Prints JSON", NULL},
        TW_CLI_KNOWN_ENTRIES(check.known),
        G_OPTION_ENTRY_NULL,
    };

    if (!tw_cli_options(
            &argc, &argv, "DIR|FILE...",
            "Runs cases, all *.tw of a folder, and says of each whether it "
            "still is as its\ncomments note: with that key, or clean where "
            "none is noted. Exit code 10 if one\nis worse.",
            entries, &check.targets[0])) {
        goto out;
    }
    if (argc < 2) {
        tw_cli_fail(TW_EXIT_USAGE, "check: expected a folder or a file");
        goto out;
    }
    if (jobs < 1 || jobs > 1024) {
        tw_cli_fail(TW_EXIT_USAGE, "--jobs: expected 1 to 1024, not %d", jobs);
        goto out;
    }
    if (want && against) {
        tw_cli_fail(TW_EXIT_USAGE, "check: expected --want or --against, not "
                                   "both");
        goto out;
    }
    if (!tw_cli_times("--times", times) ||
        (want && !want_ready(&check, want)) ||
        !tw_cli_file_ready("--junit", junit) ||
        !tw_cli_known_load(&check.known)) {
        goto out;
    }
    targets_ready(&check, against);
    check.times = (unsigned)times;
    check.jobs = (unsigned)jobs;
    code = open_targets(&check);
    if (code != TW_EXIT_CLEAN) {
        goto out;
    }
    if (!read_cases(&check, argc - 1, argv + 1)) {
        code = TW_EXIT_USAGE;
        goto out;
    }
    tw_cli_known_warn(&check.known);
    code = run_all(&check, json, junit);
out:
    for (unsigned t = 0; t < 2; t++) {
        tw_cli_target_clear(&check.targets[t]);
        g_free(check.versions[t]);
    }
    g_ptr_array_unref(check.cases);
    tw_cli_known_clear(&check.known);
    return code;
}
