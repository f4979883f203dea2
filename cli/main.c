/* SPDX-License-Identifier: MIT */
/* The twinwalk command: finds the verb and gets out of its way. */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "cli/verbs.h"

static const struct {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *summary;
} verbs[] = {
    {"run", tw_verb_run, "a campaign: many random programs on one target"},
    {"replay", tw_verb_replay, "runs case files and says what comes of them"},
    {"check", tw_verb_check, "runs folders of cases: is each as it is noted?"},
    {"min", tw_verb_min, "shrinks a case while its finding keeps its key"},
    {"explain", tw_verb_explain,
     "tells a finding: both walks, and the life of an old answer"},
    {"draw", tw_verb_draw, "draws a case, and which way its access went"},
    {"emit", tw_verb_emit, "writes a case as its target's maintainers run it"},
    {"gen", tw_verb_gen, "prints a random program"},
    {"fmt", tw_verb_fmt, "brings case files into canonical form"},
    {"encode", tw_verb_encode, "turns text into bytes for fuzzers, and back"},
    {"targets", tw_verb_targets, "lists targets and what they can express"},
    {"zoo", tw_verb_zoo, "looks whether each historical bug is found"},
    {"exhaust", tw_verb_exhaust,
     "runs all small programs, also against a naive cache"},
    {"triage", tw_verb_triage, "raw findings to causes, remembered in a store"},
    {"cover", tw_verb_cover,
     "shows which situations programs have brought about"},
    {"report", tw_verb_report, "writes a page of what a store holds"},
    {"note", tw_verb_note, "notes a run and figures of it in a store"},
    {"bench", tw_verb_bench, "measures speed, and what it is spent on"},
};

static void help(FILE *to)
{
    fprintf(to, "Usage: twinwalk VERB [OPTION...] [FILE...]\n\n"
                "Tests memory systems of emulators: walks every access "
                "twice.\n\nVerbs (each has --help):\n");
    for (unsigned i = 0; i < G_N_ELEMENTS(verbs); i++) {
        fprintf(to, "  %-9s %s\n", verbs[i].name, verbs[i].summary);
    }
    fprintf(to, "\nOptions:\n"
                "  --help     shows this\n"
                "  --version  shows the version\n\n"
                "Exit codes: 0 clean, 2 usage or bad input, 10 a finding, "
                "11 a finding\nagainst twinwalk itself, 77 skipped, 99 the "
                "environment (a target that\ncannot be started).\n");
}

int main(int argc, char **argv)
{
    const char *verb = argc > 1 ? argv[1] : NULL;

    signal(SIGPIPE, SIG_DFL);
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
