/* SPDX-License-Identifier: MIT */
/* twinwalk min: shrinks cases without changing their keys. */
#include "cli/verbs.h"

#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fuzz/minimise/shrink.h"
#include "process/stop.h"
#include "reports/measure/figures.h"

typedef struct Min {
    TwCliTarget target;
    TwCliKnown known;
    TwShrink shrink;
    char *out;
    bool folder; /* `out` is one, with a file for each case */
    const TwDialect *dialect;
    GArray *lines, *operations, *seconds; /* of the shrunk cases: double */
} Min;

/* Where the result of a case goes; the caller frees it. */
static char *path_of(const Min *m, const char *path)
{
    g_autofree char *name = g_path_get_basename(path);

    return m->folder ? g_build_filename(m->out, name, NULL)
                     : g_strdup(m->out ? m->out : "-");
}

static void note(GArray *values, double value)
{
    g_array_append_val(values, value);
}

static int write_case(Min *m, const char *path, const TwProgram *program,
                      const TwShrunk *result)
{
    g_autofree char *origin = g_strdup_printf("shrunk from %s", path);
    g_autofree char *out = path_of(m, path);
    g_autofree char *words = tw_cli_target_words(&m->target);
    g_autofree char *name = tw_cli_clean(out);
    const TwMinimiseStats *stats = &result->stats;
    GError *error = NULL;
    GString *text =
        tw_cli_case_text(program, &result->finding, "replay", words, origin);
    bool ok;

    if (m->folder && g_mkdir_with_parents(m->out, 0777) != 0) {
        g_string_free(text, TRUE);
        return tw_cli_fail(TW_EXIT_USAGE,
                           "%s: expected a folder, or a name for one", m->out);
    }
    ok = tw_cli_write(out, text->str, text->len, &error);

    g_string_free(text, TRUE);
    if (!ok) {
        return tw_cli_fail_error(error);
    }
    fprintf(stderr,
            "%s: %s %s: lines %u -> %u, operations %u -> %u, objects %u -> %u "
            "(%u candidates tried, %u seen before, %u kept, %.2f s%s)\n",
            name, tw_verdict_name(result->finding.verdict), result->key,
            stats->lines_before, stats->lines_after, stats->ops_before,
            stats->ops_after, stats->objects_before, stats->objects_after,
            stats->tried, stats->seen, stats->kept, result->seconds,
            result->cut_short ? "; cut short" : "");
    if (m->out && !m->folder && strcmp(m->out, "-") != 0) {
        tw_cli_next(stderr, &m->target, &m->known, "explain", m->out, NULL);
    }
    note(m->lines, stats->lines_after);
    note(m->operations, stats->ops_after);
    note(m->seconds, result->seconds);
    return TW_EXIT_CLEAN;
}

/* What the case says of itself may name another finding than it has here. */
static void tell_other_key(const TwComments *comments, const char *path,
                           const char *key)
{
    g_autofree char *said = tw_comments_note(comments, "key", 0);

    if (said && strcmp(said, key) != 0) {
        g_autofree char *clean = tw_cli_clean(said);

        tw_cli_fail(0,
                    "%s: the case says key %s; here it has %s, which is kept",
                    path, clean, key);
    }
}

static int minimise(Min *m, const char *path)
{
    g_autofree TwProgram *program = g_new(TwProgram, 1);
    g_autoptr(TwComments) comments = tw_comments_new();
    g_autofree char *noted = NULL;
    TwShrink shrink = m->shrink;
    GError *error = NULL;
    TwShrunk result;
    bool ok = tw_program_load(program, path, TW_TEXT_STRICT, comments, &error);

    if (ok && !m->shrink.expect && m->shrink.times == 1 &&
        tw_cli_notes_flaky(comments)) {
        return tw_cli_fail(
            TW_EXIT_USAGE,
            "%s: expected a finding that recurs; the case says "
            "that it is flaky (--expect KEY or --times shrinks it)",
            path);
    }
    if (ok && !m->shrink.expect && m->shrink.times > 1) {
        /* A run may have another finding that the case has, too. */
        shrink.expect = noted = tw_cli_noted_key(comments);
    }
    ok = ok && tw_shrink(&shrink, m->dialect, program, &result, &error);
    if (m->shrink.progress) {
        fprintf(stderr, "\r\033[K");
    }
    if (!ok) {
        return tw_cli_fail_error(error);
    }
    if (result.key[0] && !result.recurs) {
        return tw_cli_fail(
            TW_EXIT_USAGE,
            "%s: expected a finding that recurs: one run has %s, the next one "
            "%s",
            path, result.key,
            result.finding.key[0] ? result.finding.key
                                  : tw_verdict_name(result.finding.verdict));
    }
    if (!result.found && result.finding.verdict == TW_VERDICT_UNSUPPORTED) {
        return tw_cli_refused(path, &result.finding);
    }
    if (!result.found) {
        return tw_cli_fail(
            TW_EXIT_USAGE,
            "%s: expected a program with %s%s; its verdict is %s%s%s", path,
            shrink.expect ? "key " : "a finding",
            shrink.expect ? shrink.expect : "",
            tw_verdict_name(result.finding.verdict),
            result.finding.key[0] ? ", its key " : "", result.finding.key);
    }
    if (!result.same) {
        return tw_cli_fail(
            TW_EXIT_FINDING,
            "%s: the shrunk case, run again, has %s, not %s: the finding does "
            "not recur every time (--times N runs it more often)",
            path, result.finding.key[0] ? result.finding.key : "no finding",
            result.key);
    }
    if (!shrink.expect) {
        tell_other_key(comments, path, result.key);
    }
    return write_case(m, path, program, &result);
}

static double middle(GArray *values)
{
    return tw_median((double *)(void *)values->data, values->len);
}

/* After the median the values are sorted. */
static double largest(GArray *values)
{
    return g_array_index(values, double, values->len - 1);
}

static int minimise_all(Min *m, int n, char **paths)
{
    GError *error = NULL;
    g_autoptr(TwRunner) runner = tw_runner_new(&m->target.options, &error);
    int code = TW_EXIT_CLEAN;

    if (!runner || !tw_runner_set_known(runner, m->known.list, &error)) {
        return tw_cli_fail_error(error);
    }
    tw_runner_set_known(runner, NULL, NULL); /* selected, that is all */
    tw_cli_known_tell_newer(&m->known);
    m->dialect = tw_runner_dialect(runner);
    m->shrink.target = m->target.options;
    m->shrink.known = m->known.list;
    m->lines = g_array_new(FALSE, FALSE, sizeof(double));
    m->operations = g_array_new(FALSE, FALSE, sizeof(double));
    m->seconds = g_array_new(FALSE, FALSE, sizeof(double));
    for (int i = 0; i < n && !*m->shrink.stop; i++) {
        int one = minimise(m, paths[i]);

        code = one == TW_EXIT_ENVIRONMENT || code == TW_EXIT_CLEAN ? one : code;
        if (one == TW_EXIT_ENVIRONMENT) {
            break;
        }
    }
    if (m->folder && m->lines->len > 0) {
        double lines = middle(m->lines), operations = middle(m->operations),
               seconds = middle(m->seconds);

        printf("%u of %d cases: median %.0f lines, %.0f operations, %.2f s; "
               "most %.0f lines, %.0f operations, %.2f s\n",
               m->lines->len, n, lines, operations, seconds, largest(m->lines),
               largest(m->operations), largest(m->seconds));
    }
    g_array_free(m->lines, TRUE);
    g_array_free(m->operations, TRUE);
    g_array_free(m->seconds, TRUE);
    return code;
}

/* Is it clear where each result goes? */
static bool place_results(Min *m, int n, char **paths)
{
    g_autoptr(GHashTable) names =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    struct stat st;
    bool there = m->out && stat(m->out, &st) == 0;

    m->folder = m->out && strcmp(m->out, "-") != 0 &&
                (n > 1 || g_str_has_suffix(m->out, "/") ||
                 (there && S_ISDIR(st.st_mode)));
    if ((n > 1 && !m->folder) || (m->folder && there && !S_ISDIR(st.st_mode))) {
        tw_cli_fail(TW_EXIT_USAGE,
                    "min: expected -o and a folder, for several files");
        return false;
    }
    for (int i = 0; i < n && m->folder; i++) {
        if (!g_hash_table_add(names, g_path_get_basename(paths[i]))) {
            tw_cli_fail(TW_EXIT_USAGE,
                        "min: expected files of different names, not two %s",
                        paths[i]);
            return false;
        }
    }
    return true;
}

static void show_progress(const TwProgram *best, const TwMinimiseStats *so_far)
{
    fprintf(stderr, "\r%u tried, %u steps, %u operations left\033[K",
            so_far->tried, so_far->kept, best->n_setup + best->n_script);
    fflush(stderr);
}

int tw_verb_min(int argc, char **argv)
{
    g_autofree char *time = NULL, *expect = NULL;
    Min m = {
        .shrink = {.progress = isatty(STDERR_FILENO) ? show_progress : NULL,
                   .stop = tw_stop_asked()}};
    int code = TW_EXIT_USAGE, budget = INT_MIN, jobs = 1, times = 1;
    gboolean isolated = FALSE;
    GOptionEntry entries[] = {
        {"output", 'o', 0, G_OPTION_ARG_FILENAME, &m.out,
         "Output file instead of standard output; a folder for several files",
         "FILE"},
        {"expect", 0, 0, G_OPTION_ARG_STRING, &expect,
         "Keeps this key instead of the key of the case", "KEY"},
        {"budget", 0, 0, G_OPTION_ARG_INT, &budget,
         "Tries at most N candidates "
         "(default " G_STRINGIFY(TW_MINIMISE_BUDGET) ")",
         "N"},
        {"time", 0, 0, G_OPTION_ARG_STRING, &time,
         "Stops after TIME for each file, and writes the best case so far",
         "TIME"},
        {"jobs", 'j', 0, G_OPTION_ARG_INT, &jobs,
         "Number of worker processes (default 1); does not change the result",
         "N"},
        {"isolated", 0, 0, G_OPTION_ARG_NONE, &isolated,
         "Runs each candidate in a separate process (crashes and hangs always "
         "run so)",
         NULL},
        {"times", 0, 0, G_OPTION_ARG_INT, &times,
         "For a finding that does not recur each time: runs each candidate "
         "until it has the finding, at most N times (default 1), and then "
         "as often until it has it again, in separate processes",
         "N"},
        TW_CLI_KNOWN_ENTRIES(m.known),
        G_OPTION_ENTRY_NULL,
    };

    if (!tw_cli_options(
            &argc, &argv, "FILE...",
            "Shrinks a case without changing the key of its finding: drops "
            "operations and\nobjects and makes numbers smaller. On Ctrl-C, min "
            "writes the best case so far.",
            entries, &m.target)) {
        goto out;
    }
    if (argc < 2) {
        tw_cli_fail(TW_EXIT_USAGE, "min: expected a file");
        goto out;
    }
    if (budget != INT_MIN && budget < 1) {
        tw_cli_fail(TW_EXIT_USAGE, "--budget: expected 1 or more");
        goto out;
    }
    if (jobs < 1 || jobs > 1024) {
        tw_cli_fail(TW_EXIT_USAGE, "--jobs: expected 1 to 1024");
        goto out;
    }
    if (time && !tw_cli_seconds("--time", time, &m.shrink.seconds)) {
        goto out;
    }
    if (expect && (!*expect || strlen(expect) >= TW_KEY_SIZE)) {
        tw_cli_fail(TW_EXIT_USAGE,
                    "--expect: expected a key of 1 to %d "
                    "letters",
                    TW_KEY_SIZE - 1);
        goto out;
    }
    if (!tw_cli_times("--times", times) || !tw_cli_known_load(&m.known) ||
        !place_results(&m, argc - 1, argv + 1)) {
        goto out;
    }
    m.shrink.expect = expect;
    m.shrink.budget = budget != INT_MIN ? (unsigned)budget : 0;
    m.shrink.jobs = (unsigned)jobs;
    m.shrink.isolated = isolated;
    m.shrink.times = (unsigned)times;
    m.shrink.patience = tw_cli_target_patience(&m.target);
    tw_stop_on_signals();
    code = minimise_all(&m, argc - 1, argv + 1);
out:
    g_free(m.out);
    tw_cli_known_clear(&m.known);
    tw_cli_target_clear(&m.target);
    return code;
}
