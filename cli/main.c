/* SPDX-License-Identifier: MIT */
/* The twinwalk command: finds the verb and calls it. */
#define _GNU_SOURCE
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/common/near.h"
#include "cli/verbs.h"

typedef struct Verb {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *summary;
} Verb;

static const Verb for_users[] = {
    {"run", tw_verb_run, "runs random programs on a target (a campaign)"},
    {"replay", tw_verb_replay, "runs case files and prints their verdicts"},
    {"min", tw_verb_min,
     "shrinks a case without changing the key of its finding"},
    {"explain", tw_verb_explain,
     "explains a finding: both walks, and the life of an old answer"},
    {"draw", tw_verb_draw, "draws a case as SVG, with the path of its access"},
    {"emit", tw_verb_emit,
     "writes a case as source code for the target's maintainers"},
    {"triage", tw_verb_triage,
     "groups findings by cause and records them in a store"},
    {"mark", tw_verb_mark,
     "records what was decided about a finding: issue, duplicate, won't fix"},
    {"report", tw_verb_report, "writes a page about a store"},
    {"check", tw_verb_check,
     "runs folders of cases, and compares the results with the noted ones"},
    {"conform", tw_verb_conform,
     "shows which corner cases a target passes, and what was tested of it"},
    {"targets", tw_verb_targets, "lists targets and what they can express"},
    {"new", tw_verb_new, "writes the beginning of a target of your own"},
};

static const Verb for_twinwalk[] = {
    {"gen", tw_verb_gen, "prints a random program"},
    {"fmt", tw_verb_fmt, "formats case files"},
    {"encode", tw_verb_encode, "turns cases into bytes for engines, and back"},
    {"cover", tw_verb_cover, "shows which situations programs have reached"},
    {"exhaust", tw_verb_exhaust, "runs all small programs"},
    {"sweep", tw_verb_sweep, "runs cases with failing allocations"},
    {"zoo", tw_verb_zoo,
     "checks that each bug of the zoo is found; zoo bench: how soon"},
    {"bench", tw_verb_bench, "measures speed and where the time goes"},
    {"note", tw_verb_note, "records a run and its figures in a store"},
};

enum { VERBS = G_N_ELEMENTS(for_users) + G_N_ELEMENTS(for_twinwalk) };

static const Verb *verb_at(unsigned i)
{
    return i < G_N_ELEMENTS(for_users)
               ? &for_users[i]
               : &for_twinwalk[i - G_N_ELEMENTS(for_users)];
}

static const Verb *verb_named(const char *name)
{
    for (unsigned i = 0; i < VERBS; i++) {
        if (strcmp(verb_at(i)->name, name) == 0) {
            return verb_at(i);
        }
    }
    return NULL;
}

static void list(FILE *to, const char *title, const Verb *verbs, unsigned n)
{
    fprintf(to, "\n%s:\n", title);
    for (unsigned i = 0; i < n; i++) {
        fprintf(to, "  %-9s %s\n", verbs[i].name, verbs[i].summary);
    }
}

static void help(FILE *to)
{
    fprintf(to, "Usage: twinwalk VERB [OPTION...] [FILE...]\n\n"
                "Tests memory systems of emulators: compares a target with an "
                "oracle.\n");
    list(to, "Find bugs and report them", for_users, G_N_ELEMENTS(for_users));
    list(to, "Work on twinwalk itself", for_twinwalk,
         G_N_ELEMENTS(for_twinwalk));
    fprintf(to, "\ntwinwalk help VERB prints the options of a verb, twinwalk "
                "version the version.\n\n"
                "Exit codes: 0 clean, 2 bad usage or bad input, 10 a finding, "
                "11 a finding\nagainst twinwalk itself, 77 skipped, 99 a "
                "problem of the environment (a target\nfails to start).\n");
}

/* One line for a word that is no verb. */
static int no_verb(const char *word)
{
    const char *names[VERBS + 3];
    g_autofree char *mean = NULL;

    for (unsigned i = 0; i < VERBS; i++) {
        names[i] = verb_at(i)->name;
    }
    names[VERBS] = "help";
    names[VERBS + 1] = "version";
    names[VERBS + 2] = NULL;
    mean = tw_cli_did_you_mean(tw_cli_near(word, names));
    return tw_cli_fail(TW_EXIT_USAGE,
                       "expected a verb, not \"%s\"%s (see twinwalk --help)",
                       word, mean);
}

static int run_verb(const Verb *verb, int argc, char **argv)
{
    g_autofree char *name = g_strdup_printf("twinwalk %s", verb->name);

    g_set_prgname(name);
    argv[0] = name;
    return tw_cli_finish(verb->run(argc, argv));
}

/* twinwalk help [VERB] */
static int help_with(const char *word)
{
    char *argv[] = {NULL, (char[]){"--help"}, NULL};

    if (!word) {
        help(stdout);
        return tw_cli_finish(TW_EXIT_CLEAN);
    }
    return verb_named(word) ? run_verb(verb_named(word), 2, argv)
                            : no_verb(word);
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
        return help_with(argc > 2 ? argv[2] : NULL);
    }
    if (strcmp(verb, "--version") == 0 || strcmp(verb, "version") == 0) {
        printf("twinwalk %s\n", TW_VERSION);
        return tw_cli_finish(TW_EXIT_CLEAN);
    }
    return verb_named(verb) ? run_verb(verb_named(verb), argc - 1, argv + 1)
                            : no_verb(verb);
}
