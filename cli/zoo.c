/* SPDX-License-Identifier: MIT */
/*
 * twinwalk zoo: is every historical bug, or every mutant, found?  (And is of
 * equivalents nothing?  zoo-equivalents.c.)  For each,
 * runs random programs until the first finding, compares the verdict with those
 * that the bug is known to cause, replays the case in a process of its own, and
 * shrinks it to a case with the same key.
 */
#include "cli/verbs.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli/zoo-bench.h"
#include "cli/zoo.h"
#include "targets/zoo/zoo.h"
#include "process/stop.h"

static bool all_well(const TwZooCaught *c)
{
    return c->found && c->fits && c->replays && c->shrinks;
}

/* Showing -------------------------------------------------------------------
 */

static const char *remark(const TwZooCaught *c)
{
    return !c->found     ? "NOT FOUND"
           : !c->fits    ? "UNEXPECTED VERDICT"
           : !c->replays ? "DOES NOT REPLAY"
           : !c->shrinks ? "DOES NOT SHRINK"
                         : "ok";
}

static void show(const TwZooBug *bug, const TwZooCaught *c)
{
    if (!c->found) {
        printf("%-28s %-10s %-24s %8s %7.2f  %s\n", bug->slug, "-", "-", "-",
               c->seconds, remark(c));
    } else {
        printf("%-28s %-10s %-24s %8" PRIu64 " %7.2f  %s: %u -> %u "
               "operations, %u lines\n",
               bug->slug, tw_verdict_name(c->first.finding.verdict),
               c->first.finding.key, c->first.number, c->seconds, remark(c),
               c->shrunk.ops_before, c->shrunk.ops_after,
               c->shrunk.lines_after);
    }
    fflush(stdout);
}

static void show_json(JsonBuilder *b, const TwZooBug *bug, const TwZooCaught *c)
{
    json_builder_begin_object(b);
    tw_json_string(b, "slug", bug->slug);
    tw_json_bool(b, "found", c->found);
    tw_json_double(b, "seconds", c->seconds);
    if (c->found) {
        tw_json_string(b, "verdict", tw_verdict_name(c->first.finding.verdict));
        tw_json_string(b, "key", c->first.finding.key);
        tw_json_int(b, "number", c->first.number);
        tw_json_bool(b, "fits", c->fits);
        tw_json_bool(b, "replays", c->replays);
        tw_json_bool(b, "shrinks", c->shrinks);
        tw_json_int(b, "operations_before", c->shrunk.ops_before);
        tw_json_int(b, "operations_after", c->shrunk.ops_after);
        tw_json_int(b, "lines_after", c->shrunk.lines_after);
    }
    json_builder_end_object(b);
}

/* Adds the mutants misses:... whose slugs are, or begin with, that and a colon;
 * false: there are none. */
static bool add_misses(GPtrArray *wanted, const char *slug)
{
    unsigned count, before = wanted->len;
    const TwZooBug *cells = tw_zoo_cells(&count);
    size_t length = strlen(slug);

    for (unsigned i = 0; i < count; i++) {
        if (strncmp(cells[i].slug, slug, length) == 0 &&
            (cells[i].slug[length] == '\0' || cells[i].slug[length] == ':')) {
            g_ptr_array_add(wanted, (void *)&cells[i]);
        }
    }
    return wanted->len > before;
}

static int catch_all(const TwZooRun *zoo, GPtrArray *wanted, bool json)
{
    g_autoptr(JsonBuilder) b = json_builder_new();
    unsigned well = 0;

    if (!json) {
        printf("%-28s %-10s %-24s %8s %7s\n", "bug", "verdict", "key",
               "program", "seconds");
    }
    json_builder_begin_array(b);
    for (unsigned i = 0; i < wanted->len && !*zoo->stop; i++) {
        const TwZooBug *bug = g_ptr_array_index(wanted, i);
        GError *error = NULL;
        TwZooCaught caught;

        if (!tw_zoo_catch(zoo, bug, &caught, &error)) {
            return tw_cli_fail_error(error);
        }
        well += all_well(&caught);
        if (json) {
            show_json(b, bug, &caught);
        } else {
            show(bug, &caught);
        }
    }
    json_builder_end_array(b);
    if (json) {
        tw_cli_json_print(b, "bugs");
    } else {
        printf("%u of %u found with an expected verdict, replayed and "
               "shrunk\n",
               well, wanted->len);
    }
    return well == wanted->len ? TW_EXIT_CLEAN : TW_EXIT_FINDING;
}

typedef struct Options {
    TwCliTarget target;
    char *time, *seed, *out, *programs;
    gboolean json, mutants, equivalents;
    int jobs, findings, triage;
} Options;

static bool parse_options(int *argc, char ***argv, Options *o)
{
    GOptionEntry entries[] = {
        {"mutants", 0, 0, G_OPTION_ARG_NONE, &o->mutants,
         "Uses all mutants instead of all bugs, except those that random "
         "programs never show; accepts any verdict of a finding",
         NULL},
        {"equivalents", 0, 0, G_OPTION_ARG_NONE, &o->equivalents,
         "Runs random programs on all equivalents instead, or on those with "
         "these slugs: changes of softmmu "
         "that no rule forbids. Exit code 10 if anything is reported",
         NULL},
        {"programs", 'n', 0, G_OPTION_ARG_STRING, &o->programs,
         "Number of programs for each of --equivalents "
         "(default " G_STRINGIFY(TW_ZOO_PROGRAMS) ")",
         "N"},
        {"time", 0, 0, G_OPTION_ARG_STRING, &o->time,
         "Gives up on a bug after TIME "
         "(default " G_STRINGIFY(TW_ZOO_SECONDS) "s)",
         "TIME"},
        {"seed", 's', 0, G_OPTION_ARG_STRING, &o->seed,
         "Seed of the random programs (default 1)", "N"},
        {"jobs", 'j', 0, G_OPTION_ARG_INT, &o->jobs,
         "Number of worker processes (default 1)", "N"},
        {"findings", 0, 0, G_OPTION_ARG_INT, &o->findings,
         "Measures shrinking only: shrinks the first N findings of each bug, "
         "with as many different keys as possible; prints the sizes of the "
         "shrunk cases and the time. Exit code 10 if a bug has fewer than N "
         "findings, if a case loses its key or has more "
         "than " G_STRINGIFY(
             TW_ZOO_MOST_LINES) " lines, or if the median is "
                                "above " G_STRINGIFY(
                                    TW_ZOO_MEDIAN_LINES) " lines",
         "N"},
        {"triage", 0, 0, G_OPTION_ARG_INT, &o->triage,
         "Measures triage only: triages N raw findings, the same number of "
         "each bug, as if they were of one target; prints how well triage "
         "separates the bugs, as the adjusted Rand index (1: perfectly; 0: as "
         "well as chance). Exit code 10 if the index is "
         "below " G_STRINGIFY(
             TW_ZOO_RAND_RAW) " for raw findings or "
                              "below " G_STRINGIFY(
                                  TW_ZOO_RAND_STORE) " in the store, or if the "
                                                     "median bug has more "
                                                     "than " G_STRINGIFY(
                                                         TW_ZOO_GROUPS) " findi"
                                                                        "ngs "
                                                                        "in "
                                                                        "the "
                                                                        "store",
         "N"},
        {"out", 'o', 0, G_OPTION_ARG_FILENAME, &o->out,
         "Folder for the cases of --findings", "DIR"},
        {"json", 0, 0, G_OPTION_ARG_NONE, &o->json, "Prints JSON", NULL},
        G_OPTION_ENTRY_NULL,
    };

    return tw_cli_options(
        argc, argv, "[SLUG...]",
        "Puts each bug of the zoo (or the bugs and mutants with these slugs; "
        "of\nthe mutants misses:..., all whose slugs begin so) "
        "into softmmu.\nChecks that random programs find the bug with a "
        "verdict "
        "that it is known to cause,\nand that the case replays and shrinks "
        "with the same key. Exit code 0 if all this\nholds for each bug, else "
        "10. The target is always softmmu with the bug, so --target\nchooses "
        "no "
        "other.",
        entries, &o->target);
}

/* Checks the values, and puts them into `zoo`. */
static bool check_options(const Options *o, TwZooRun *zoo, uint64_t *programs,
                          int argc)
{
    const char *wrong = NULL;

    if ((o->programs && !tw_cli_number("--programs", o->programs, programs)) ||
        (o->seed && !tw_cli_number("--seed", o->seed, &zoo->seed)) ||
        (o->time && !tw_cli_seconds("--time", o->time, &zoo->seconds))) {
        return false;
    }
    if (o->jobs < 1 || o->jobs > 1024) {
        wrong = "--jobs: expected 1 to 1024";
    } else if (zoo->seconds == 0) {
        wrong = "--time: expected at least 1s";
    } else if (strcmp(o->target.name, "softmmu") != 0) {
        wrong = "zoo: expected bugs by their slugs, not --target";
    } else if (o->mutants && argc > 1) {
        wrong = "--mutants: expected no slugs with it";
    } else if (o->findings < 0 || o->findings > 1000) {
        wrong = "--findings: expected 1 to 1000";
    } else if (o->triage < 0 || o->triage > 100000 ||
               (o->triage && o->findings)) {
        wrong = "--triage: expected 1 to 100000, and no --findings";
    } else if (o->equivalents &&
               (o->mutants || o->findings || o->triage || o->time)) {
        wrong = "--equivalents: expected no other option than --programs, "
                "--seed, --jobs and --json";
    } else if ((o->programs && !o->equivalents) || *programs == 0) {
        wrong = "--programs: expected at least 1, and --equivalents with it";
    } else if (o->out && !o->findings) {
        wrong = "--out: expected --findings with it";
    }
    if (wrong) {
        tw_cli_fail(TW_EXIT_USAGE, "%s", wrong);
        return false;
    }
    zoo->jobs = (unsigned)o->jobs;
    zoo->target = o->target.options;
    return true;
}

/* The bugs and mutants that are named; without names all bugs, or all mutants
 * that random programs show. */
static bool choose_bugs(GPtrArray *wanted, bool mutants, int argc, char **argv)
{
    const TwZooBug *all;
    unsigned count;

    for (int i = 1; i < argc; i++) {
        const TwZooBug *bug = tw_zoo_find(argv[i]);

        if (!bug && add_misses(wanted, argv[i])) {
            continue;
        }
        if (!bug) {
            tw_cli_fail(
                TW_EXIT_USAGE,
                "zoo: expected the slug of a bug or mutant (see twinwalk "
                "targets), not \"%s\"",
                argv[i]);
            return false;
        }
        g_ptr_array_add(wanted, (void *)bug);
    }
    all = mutants ? tw_zoo_mutants(&count) : tw_zoo_bugs(&count);
    for (unsigned i = 0; argc == 1 && i < count; i++) {
        if (strcmp(all[i].shown, "never") != 0) {
            g_ptr_array_add(wanted, (void *)&all[i]);
        }
    }
    return true;
}

int tw_verb_zoo(int argc, char **argv)
{
    g_autoptr(GPtrArray) wanted = g_ptr_array_new();
    Options o = {.jobs = 1};
    TwZooRun zoo = {
        .seed = 1, .seconds = TW_ZOO_SECONDS, .stop = tw_stop_asked()};
    uint64_t programs = TW_ZOO_PROGRAMS;
    int code = TW_EXIT_USAGE;

    if (argc > 1 && strcmp(argv[1], "bench") == 0) {
        return tw_zoo_bench(argc - 1, argv + 1);
    }
    if (parse_options(&argc, &argv, &o) &&
        check_options(&o, &zoo, &programs, argc) &&
        (o.equivalents || choose_bugs(wanted, o.mutants, argc, argv))) {
        tw_stop_on_signals();
        code =
            o.equivalents ? tw_zoo_equivalent(&zoo, argv + 1, programs, o.json)
            : o.triage ? tw_zoo_triage(&zoo, wanted, (unsigned)o.triage, o.json)
            : o.findings ? tw_zoo_findings(&zoo, wanted, (unsigned)o.findings,
                                           o.out, o.json)
                         : catch_all(&zoo, wanted, o.json);
    }
    g_free(o.time);
    g_free(o.seed);
    g_free(o.out);
    g_free(o.programs);
    tw_cli_target_clear(&o.target);
    return code;
}
