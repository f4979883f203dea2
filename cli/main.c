/* SPDX-License-Identifier: MIT */
/* The twinwalk command: finds the verb and calls it. */
#define _GNU_SOURCE
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/verbs.h"

static const struct {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *summary;
} verbs[] = {
    {"run", tw_verb_run, "runs random programs on a target (a campaign)"},
    {"replay", tw_verb_replay, "runs case files and prints their verdicts"},
    {"check", tw_verb_check,
     "runs folders of cases, and compares the results with the noted ones"},
    {"min", tw_verb_min,
     "shrinks a case without changing the key of its finding"},
    {"explain", tw_verb_explain,
     "explains a finding: both walks, and the life of an old answer"},
    {"draw", tw_verb_draw, "draws a case as SVG, with the path of its access"},
    {"emit", tw_verb_emit,
     "writes a case as source code for the target's maintainers"},
    {"gen", tw_verb_gen, "prints a random program"},
    {"fmt", tw_verb_fmt, "formats case files"},
    {"encode", tw_verb_encode, "turns cases into bytes for engines, and back"},
    {"targets", tw_verb_targets, "lists targets and what they can express"},
    {"zoo", tw_verb_zoo, "checks that each bug of the zoo is found"},
    {"exhaust", tw_verb_exhaust, "runs all small programs"},
    {"sweep", tw_verb_sweep, "runs cases with failing allocations"},
    {"triage", tw_verb_triage,
     "groups findings by cause and records them in a store"},
    {"cover", tw_verb_cover, "shows which situations programs have reached"},
    {"report", tw_verb_report, "writes a page about a store"},
    {"note", tw_verb_note, "records a run and its figures in a store"},
    {"bench", tw_verb_bench, "measures speed and where the time goes"},
};

static void help(FILE *to)
{
    fprintf(to, "Usage: twinwalk VERB [OPTION...] [FILE...]\n\n"
                "Tests memory systems of emulators: compares a target with an "
                "oracle.\n\nVerbs (each has --help):\n");
    for (unsigned i = 0; i < G_N_ELEMENTS(verbs); i++) {
        fprintf(to, "  %-9s %s\n", verbs[i].name, verbs[i].summary);
    }
    fprintf(to, "\nOptions:\n"
                "  --help     prints this help\n"
                "  --version  prints the version\n\n"
                "Exit codes: 0 clean, 2 bad usage or bad input, 10 a finding, "
                "11 a finding\nagainst twinwalk itself, 77 skipped, 99 a "
                "problem of the environment (a target\nfails to start).\n");
}

/* glib prints the help of a verb and exits: a full disk shows here. */
static void finish(int status, void *data)
{
    (void)data;
    if (status == TW_EXIT_CLEAN && tw_cli_finish(status) != status) {
        _exit(TW_EXIT_ENVIRONMENT);
    }
}

int main(int argc, char **argv)
{
    const char *verb = argc > 1 ? argv[1] : NULL;

    signal(SIGPIPE, SIG_DFL);
    on_exit(finish, NULL);
    if (!verb) {
        help(stderr);
        return TW_EXIT_USAGE;
    }
    if (strcmp(verb, "--help") == 0 || strcmp(verb, "-h") == 0 ||
        strcmp(verb, "help") == 0) {
        help(stdout);
        return tw_cli_finish(TW_EXIT_CLEAN);
    }
    if (strcmp(verb, "--version") == 0) {
        printf("twinwalk %s\n", TW_VERSION);
        return tw_cli_finish(TW_EXIT_CLEAN);
    }
    for (unsigned i = 0; i < G_N_ELEMENTS(verbs); i++) {
        if (strcmp(verbs[i].name, verb) == 0) {
            g_autofree char *name = g_strdup_printf("twinwalk %s", verb);

            g_set_prgname(name);
            argv[1] = name;
            return tw_cli_finish(verbs[i].run(argc - 1, argv + 1));
        }
    }
    return tw_cli_fail(TW_EXIT_USAGE,
                       "expected a verb, not \"%s\" (see twinwalk --help)",
                       verb);
}
