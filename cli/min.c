/* SPDX-License-Identifier: MIT */
/* twinwalk min: a smaller case with the same key. */
#include "cli/verbs.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "fuzz/minimise.h"

enum { SHOW_EVERY = 50 };

typedef struct Min {
    TwCliTarget target;
    TwCliKnown known;
    int entry; /* the known divergence that it is, or -1 */
    gboolean isolated;
    bool terminal;
    uint32_t patience;
    TwRunner *runner;  /* NULL: each candidate in a child process */
    TwFinding finding; /* of the program as it is now */
    char key[TW_KEY_SIZE];
    unsigned tried, kept;
    GError *error;
} Min;

/* Runs a program in the way that was chosen. */
static bool judge(Min *m, const TwProgram *program, TwFinding *finding)
{
    if (m->runner) {
        tw_runner_run(m->runner, program, finding, NULL, NULL);
        return true;
    }
    return tw_run_isolated(&m->target.options, program, m->patience, finding,
                           &m->error);
}

static bool still_fails(const TwProgram *candidate, void *data)
{
    Min *m = data;
    TwFinding finding;
    bool same;

    if (m->error) {
        return false; /* the environment is gone: nothing shrinks any more */
    }
    /* What is new must not shrink into what is known. */
    same = judge(m, candidate, &finding) &&
           strcmp(finding.key, m->key) == 0 &&
           tw_known_match(m->known.list, candidate, &finding) == m->entry;
    m->tried++;
    if (same) {
        m->finding = finding;
        m->kept++;
    }
    if (m->terminal && m->tried % SHOW_EVERY == 0) {
        fprintf(stderr, "\r%u tried, %u steps, %u operations left\033[K",
                m->tried, m->kept, candidate->n_setup + candidate->n_script);
        fflush(stderr);
    }
    return same;
}

/* The finding to keep; prints why not if there is none. */
static int find(Min *m, const TwProgram *program, const char *path)
{
    GError *error = NULL;

    /* First in a child: who knows what it does. */
    if (!tw_run_isolated(&m->target.options, program, m->patience, &m->finding,
                         &error)) {
        return tw_cli_fail_error(error);
    }
    if (!tw_verdict_is_finding(m->finding.verdict)) {
        return tw_cli_fail(TW_EXIT_USAGE,
                           "%s: expected a program with a finding; its "
                           "verdict is %s",
                           path, tw_verdict_name(m->finding.verdict));
    }
    memcpy(m->key, m->finding.key, sizeof(m->key));
    m->entry = tw_known_match(m->known.list, program, &m->finding);
    return TW_EXIT_CLEAN;
}

static int minimise(Min *m, const char *path, const char *out, unsigned budget)
{
    g_autofree TwProgram *program = g_new(TwProgram, 1);
    g_autofree char *origin = g_strdup_printf("shrunk from %s", path);
    g_autoptr(TwRunner) runner = NULL;
    GError *error = NULL;
    TwMinimiseStats stats;
    TwDialect dialect;
    GString *text;
    bool ok;
    int code;

    if (!tw_program_load(program, path, TW_TEXT_STRICT, NULL, &error)) {
        return tw_cli_fail_error(error);
    }
    runner = tw_runner_new(&m->target.options, &error);
    if (!runner || !tw_runner_set_known(runner, m->known.list, &error)) {
        return tw_cli_fail_error(error);
    }
    tw_runner_set_known(runner, NULL, NULL); /* selected, that is all */
    dialect = *tw_runner_dialect(runner);
    code = find(m, program, path);
    if (code != TW_EXIT_CLEAN) {
        return code;
    }
    if (!m->isolated && m->finding.verdict != TW_VERDICT_CRASH &&
        m->finding.verdict != TW_VERDICT_HANG) {
        m->runner = runner;
    }
    tw_minimise(program, &dialect, still_fails, m, budget, &stats);
    if (m->terminal) {
        fprintf(stderr, "\r\033[K");
    }
    if (m->error) {
        return tw_cli_fail_error(g_steal_pointer(&m->error));
    }
    text = tw_cli_case_text(program, &m->finding, &m->target, origin);
    ok = tw_cli_write(out, text->str, text->len, &error);
    g_string_free(text, TRUE);
    if (!ok) {
        return tw_cli_fail_error(error);
    }
    fprintf(stderr,
            "%s: %s %s: operations %u -> %u, objects %u -> %u (%u candidates "
            "tried, %u kept)\n",
            out, tw_verdict_name(m->finding.verdict), m->key, stats.ops_before,
            stats.ops_after, stats.objects_before, stats.objects_after,
            stats.tried, stats.kept);
    return TW_EXIT_CLEAN;
}

int tw_verb_min(int argc, char **argv)
{
    g_autofree char *out = NULL;
    Min m = {.terminal = isatty(STDERR_FILENO)};
    int code = TW_EXIT_USAGE, budget = 0;
    GOptionEntry entries[] = {
        {"output", 'o', 0, G_OPTION_ARG_FILENAME, &out,
         "Writes here instead of standard output", "FILE"},
        {"budget", 0, 0, G_OPTION_ARG_INT, &budget,
         "Tries at most so many candidates (default 20000)", "N"},
        {"isolated", 0, 0, G_OPTION_ARG_NONE, &m.isolated,
         "Runs each candidate in a child process (crashes and hangs always "
         "are)",
         NULL},
        TW_CLI_KNOWN_ENTRIES(m.known),
        G_OPTION_ENTRY_NULL};

    if (!tw_cli_options(&argc, &argv, "FILE",
                        "Drops operations and objects and shrinks numbers "
                        "while the finding of a case\nkeeps its key, and "
                        "writes what is left.",
                        entries, &m.target) ||
        !tw_cli_target_ready(&m.target)) {
        goto out;
    }
    if (argc != 2) {
        tw_cli_fail(TW_EXIT_USAGE, "min: expected one file");
        goto out;
    }
    if (budget < 0) {
        tw_cli_fail(TW_EXIT_USAGE, "--budget: expected 1 or more");
        goto out;
    }
    if (!tw_cli_known_load(&m.known)) {
        goto out;
    }
    m.patience = tw_cli_target_patience(&m.target, 1);
    code = minimise(&m, argv[1], out ? out : "-", (unsigned)budget);
out:
    tw_cli_known_clear(&m.known);
    tw_cli_target_clear(&m.target);
    return code;
}
