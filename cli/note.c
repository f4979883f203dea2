/* SPDX-License-Identifier: MIT */
/*
 * twinwalk note: records runs and figures in a store, for scripts.  ci/nightly
 * uses it for work other than running programs (coverage, the zoo).
 */
#include <errno.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "cli/verbs.h"
#include "reports/store/store.h"

typedef struct Note {
    char *store_path, *begin, *target, *options, *owner, *run_text, *end;
    TwStore *store;
    TwStoreRun run;
    bool found;
} Note;

static bool find(const TwStoreRun *run, void *data)
{
    Note *note = data;

    if (run->id == note->run.id) {
        note->found = true;
        note->run.started = run->started;
        note->run.programs = run->programs;
        note->run.accesses = run->accesses;
        note->run.seconds = run->seconds;
        note->run.alive = run->alive;
    }
    return !note->found;
}

/* "NAME=VALUE" in two; false: an error was printed. */
static bool parse(const char *text, char **name, double *value)
{
    const char *equals = strchr(text, '=');
    char *rest = NULL;

    *name = NULL;
    if (equals && equals > text) {
        *name = g_strndup(text, (size_t)(equals - text));
        *value = g_ascii_strtod(equals + 1, &rest);
    }
    if (!rest || rest == equals + 1 || *rest || !isfinite(*value) ||
        strspn(*name, "abcdefghijklmnopqrstuvwxyz0123456789-_.") !=
            strlen(*name)) {
        tw_cli_fail(TW_EXIT_USAGE,
                    "expected NAME=NUMBER, a name of a-z, 0-9, '-', "
                    "'_' and '.', not \"%s\"",
                    text);
        g_clear_pointer(name, g_free);
        return false;
    }
    return true;
}

static bool begin_or_find(Note *note, GError **error)
{
    if (note->begin) {
        note->run.verb = note->begin;
        note->run.target = note->target ? note->target : "all";
        note->run.version = TW_VERSION;
        note->run.options = note->options ? note->options : "";
        note->run.started = g_get_real_time() / G_USEC_PER_SEC;
        note->run.id = tw_store_run_begin(note->store, &note->run, error);
        return note->run.id != 0;
    }
    if (!tw_store_runs(note->store, NULL, find, note, error)) {
        return false;
    }
    if (!note->found) {
        g_set_error(error, TW_TEXT_ERROR, TW_TEXT_ERROR_IO,
                    "--run: expected the number of a run in %s, not %s",
                    note->store_path, note->run_text);
    }
    return note->found;
}

static bool write_all(Note *note, int n, char **figures, GError **error)
{
    bool ok =
        tw_store_group_begin(note->store, error) && begin_or_find(note, error);

    for (int i = 0; i < n && ok; i++) {
        g_autofree char *name = NULL;
        double value;

        ok = parse(figures[i], &name, &value) &&
             tw_store_measure(note->store, note->run.id, name, value, error);
    }
    if (ok && note->end) {
        note->run.outcome = note->end;
        /* A process that closes another's run does not know when it ended. */
        if (note->begin || note->run.alive ||
            strcmp(note->end, "interrupted") != 0) {
            note->run.seconds = (double)(g_get_real_time() / G_USEC_PER_SEC -
                                         note->run.started);
        }
        ok = tw_store_run_end(note->store, &note->run, error);
    }
    return ok && tw_store_group_end(note->store, error);
}

static bool ready(Note *note, int n, char **figures)
{
    uint64_t number;

    if (!note->begin == !note->run_text) {
        tw_cli_fail(TW_EXIT_USAGE, "note: expected --begin or --run");
        return false;
    }
    if (note->begin && !*note->begin) {
        tw_cli_fail(TW_EXIT_USAGE, "--begin: expected a word");
        return false;
    }
    if ((note->target || note->options || note->owner) && !note->begin) {
        tw_cli_fail(TW_EXIT_USAGE, "--about, --options, --owner: expected "
                                   "--begin too");
        return false;
    }
    note->run.owner = TW_STORE_NOBODY;
    if (note->owner) {
        if (!tw_cli_number("--owner", note->owner, &number)) {
            return false;
        }
        if (number == 0 || number > INT32_MAX ||
            (kill((pid_t)number, 0) != 0 && errno == ESRCH)) {
            tw_cli_fail(TW_EXIT_USAGE,
                        "--owner: expected the number of a process, not %s",
                        note->owner);
            return false;
        }
        note->run.owner = (int64_t)number;
    }
    if (note->end && strcmp(note->end, "done") != 0 &&
        strcmp(note->end, "failed") != 0 &&
        strcmp(note->end, "interrupted") != 0) {
        tw_cli_fail(TW_EXIT_USAGE,
                    "--end: expected done, failed or interrupted, not \"%s\"",
                    note->end);
        return false;
    }
    if (note->run_text) {
        if (!tw_cli_number("--run", note->run_text, &number)) {
            return false;
        }
        note->run.id = (int64_t)number;
    }
    for (int i = 0; i < n; i++) { /* before the store is touched */
        g_autofree char *name = NULL;
        double value;

        if (!parse(figures[i], &name, &value)) {
            return false;
        }
    }
    return true;
}

int tw_verb_note(int argc, char **argv)
{
    Note note = {.store_path = NULL};
    GError *error = NULL;
    int code = TW_EXIT_USAGE;
    GOptionEntry entries[] = {
        {"store", 0, 0, G_OPTION_ARG_FILENAME, &note.store_path,
         "The store of findings (default " TW_CLI_STORE ")", "FILE"},
        {"begin", 0, 0, G_OPTION_ARG_STRING, &note.begin,
         "Records the start of a run of this kind, and prints the run's number",
         "VERB"},
        {"about", 0, 0, G_OPTION_ARG_STRING, &note.target,
         "Target of the run (default all)", "NAME"},
        {"options", 0, 0, G_OPTION_ARG_STRING, &note.options,
         "The options of the run", "TEXT"},
        {"owner", 0, 0, G_OPTION_ARG_STRING, &note.owner,
         "A process on this machine; when it has exited, the run counts as "
         "interrupted",
         "PID"},
        {"run", 0, 0, G_OPTION_ARG_STRING, &note.run_text,
         "Adds to the run with this number", "RUN"},
        {"end", 0, 0, G_OPTION_ARG_STRING, &note.end,
         "Records the end of the run: done, failed or interrupted", "HOW"},
        G_OPTION_ENTRY_NULL,
    };

    if (!tw_cli_options(
            &argc, &argv, "[NAME=VALUE...]",
            "Records in a store a run that a script made: its start "
            "(--begin), its figures\n(NAME=VALUE) and its end "
            "(--end). --begin prints the number of the run, which "
            "the\nlater calls give with --run. The page of report "
            "shows the figures of each name over\ntime.",
            entries, NULL) ||
        !ready(&note, argc - 1, argv + 1)) {
        goto out;
    }
    note.store_path =
        note.store_path ? note.store_path : g_strdup(TW_CLI_STORE);
    note.store = tw_store_open(note.store_path, note.begin != NULL, &error);
    if (!note.store || !write_all(&note, argc - 1, argv + 1, &error)) {
        code = tw_cli_fail_error(error);
    } else {
        code = TW_EXIT_CLEAN;
        if (note.begin) {
            printf("%" G_GINT64_FORMAT "\n", note.run.id);
        }
    }
    g_clear_pointer(&note.store, tw_store_free);
out:
    g_free(note.store_path);
    g_free(note.begin);
    g_free(note.target);
    g_free(note.options);
    g_free(note.owner);
    g_free(note.run_text);
    g_free(note.end);
    return code;
}
