/* SPDX-License-Identifier: MIT */
/* twinwalk cover: which situations programs have reached, and which they have
 * not.  oracle/freshness/COVERAGE.md describes situations. */
#include <stdio.h>
#include <string.h>

#include "cli/verbs.h"
#include "fuzz/generate/generate.h"
#include "fuzz/run/coverage.h"

#define DEFAULT_LISTED 20
#define DEFAULT_PROGRAMS 100000

enum { WIDTH = 79, ANY = 0xff };

typedef struct Cover {
    TwCoverage *sum, *old; /* old: NULL without --against */
    uint64_t min;
    uint64_t listed; /* maximum of rows of each list */
    gboolean pairs, json;
} Cover;

static bool seen_in(const Cover *c, const TwCoverage *coverage, uint32_t i)
{
    return coverage->seen[i] >= c->min;
}

/* Lists ------------------------------------------------------------------- */

typedef enum List { MISSING, LOST, GAINED, IMPOSSIBLE } List;

static bool is_in(const Cover *c, List list, uint32_t i)
{
    TwSituation situation = tw_situation_of(i);
    bool possible = tw_situation_possible(&situation);
    bool seen = seen_in(c, c->sum, i);

    switch (list) {
    case MISSING:
        return possible && !seen;
    case LOST:
        return !seen && seen_in(c, c->old, i);
    case GAINED:
        return seen && !seen_in(c, c->old, i);
    default:
        return !possible && c->sum->seen[i] > 0;
    }
}

static uint32_t how_many(const Cover *c, List list)
{
    uint32_t n = 0;

    for (uint32_t i = 0; i < TW_SITUATIONS; i++) {
        n += is_in(c, list, i);
    }
    return n;
}

/* Table ------------------------------------------------------------------- */

static void print_list(const Cover *c, List list, const char *head)
{
    uint32_t n = how_many(c, list), left = n;

    if (c->listed == 0) {
        return;
    }
    printf("\n%s: %u%s\n", head, n, n ? "" : ".");
    for (uint32_t i = 0; i < TW_SITUATIONS && n - left < c->listed; i++) {
        TwSituation s = tw_situation_of(i);

        if (is_in(c, list, i)) {
            printf("  %-9s %-11s %-3s %-16s %s\n",
                   tw_situation_name(TW_MET_BY_ACCESS, s.is[TW_MET_BY_ACCESS]),
                   tw_situation_name(TW_MET_BY_LEAF, s.is[TW_MET_BY_LEAF]),
                   tw_situation_name(TW_MET_BY_DEPTH, s.is[TW_MET_BY_DEPTH]),
                   tw_situation_name(TW_MET_BY_CHANGE, s.is[TW_MET_BY_CHANGE]),
                   tw_situation_name(TW_MET_BY_ENDING, s.is[TW_MET_BY_ENDING]));
            left--;
        }
    }
    if (left) {
        printf("  ... and %u more (--missing=all)\n", left);
    }
}

/* "all", a percentage that is neither 0 nor 100 if it is neither, or "." for
 * what there cannot be. */
static void print_cell(TwCoverageSums sums, int width)
{
    unsigned percent;

    if (sums.possible == 0) {
        printf(" %*s", width, ".");
        return;
    }
    percent = (unsigned)((uint64_t)sums.seen * 100 / sums.possible);
    if (sums.seen == sums.possible) {
        printf(" %*s", width, "all");
    } else {
        printf(" %*u", width, MAX(percent, sums.seen ? 1 : 0));
    }
}

/* The rows of a table, with columns from .. to - 1. */
static void print_rows(const Cover *c, unsigned rows, unsigned columns,
                       unsigned from, unsigned to, int first, int width,
                       bool letters)
{
    printf("%-*s", first, tw_situation_dimension(rows));
    if (from == 0) {
        printf(" %*s", width, "");
    }
    for (unsigned k = from; k < to; k++) {
        if (letters) {
            printf(" %*c", width, (char)('a' + k));
        } else {
            printf(" %*s", width, tw_situation_name(columns, k));
        }
    }
    printf("\n");
    for (unsigned r = 0; r < tw_situation_values(rows); r++) {
        printf("%-*s", first, tw_situation_name(rows, r));
        if (from == 0) {
            print_cell(tw_coverage_sums(c->sum, c->min, rows, r, columns, ANY),
                       width);
        }
        for (unsigned k = from; k < to; k++) {
            print_cell(tw_coverage_sums(c->sum, c->min, rows, r, columns, k),
                       width);
        }
        printf("\n");
    }
}

static void print_pair(const Cover *c, unsigned rows, unsigned columns)
{
    unsigned n = tw_situation_values(columns), from = 0, fit;
    int first = (int)strlen(tw_situation_dimension(rows)), width = 3;
    int room, at = 0;
    bool letters;

    for (unsigned r = 0; r < tw_situation_values(rows); r++) {
        first = MAX(first, (int)strlen(tw_situation_name(rows, r)));
    }
    room = (WIDTH - first) / (int)(n + 1) - 1; /* one column for all */
    for (unsigned k = 0; k < n; k++) {
        width = MAX(width, (int)strlen(tw_situation_name(columns, k)));
    }
    letters = width > room;
    width = letters ? 3 : width;
    printf("\n%% of the combinations of %s and %s that were seen\n",
           tw_situation_dimension(rows), tw_situation_dimension(columns));
    for (unsigned k = 0; k < n && letters; k++) {
        const char *name = tw_situation_name(columns, k);

        if (at + 5 + (int)strlen(name) > WIDTH) {
            printf("\n");
            at = 0;
        }
        at += printf("%s%c %s", at ? "  " : "", (char)('a' + k), name);
    }
    if (letters) {
        printf("\n");
    }
    /* What does not fit beside each other stands below each other; the first
     * column is for all. */
    fit = (unsigned)((WIDTH - first) / (width + 1)) - 1;
    for (; from < n; from += fit) {
        if (from > 0) {
            printf("\n");
        }
        print_rows(c, rows, columns, from, MIN(from + fit, n), first, width,
                   letters);
    }
}

static TwCoverageSums total(const Cover *c)
{
    return tw_coverage_sums(c->sum, c->min, 0, ANY, 1, ANY);
}

static void print_table(const Cover *c)
{
    static const uint8_t some[][2] = {
        {TW_MET_BY_CHANGE, TW_MET_BY_ENDING},
        {TW_MET_BY_CHANGE, TW_MET_BY_LEAF},
        {TW_MET_BY_LEAF, TW_MET_BY_ACCESS},
        {TW_MET_BY_LEAF, TW_MET_BY_DEPTH},
    };
    TwCoverageSums sums = total(c);

    printf("%" G_GUINT64_FORMAT " programs, %u of %u combinations seen "
           "(%.1f %%)\n",
           c->sum->programs, sums.seen, sums.possible,
           100.0 * sums.seen / sums.possible);
    for (unsigned i = 0; i < G_N_ELEMENTS(some) && !c->pairs; i++) {
        print_pair(c, some[i][0], some[i][1]);
    }
    for (unsigned a = TW_MET_DIMENSIONS; a-- > 0 && c->pairs;) {
        for (unsigned b = a; b-- > 0;) {
            bool turn = tw_situation_values(a) < tw_situation_values(b);

            print_pair(c, turn ? b : a, turn ? a : b);
        }
    }
    if (how_many(c, IMPOSSIBLE) > 0) {
        print_list(c, IMPOSSIBLE,
                   "Seen, although the rules say that they are impossible");
    }
    if (c->old) {
        print_list(c, LOST, "Seen in the older only (lost)");
        print_list(c, GAINED, "Seen in the newer only (gained)");
    } else {
        print_list(c, MISSING, "Never seen");
    }
}

/* JSON -------------------------------------------------------------------- */

static void json_sums(JsonBuilder *b, TwCoverageSums sums)
{
    tw_json_int(b, "possible", sums.possible);
    tw_json_int(b, "seen", sums.seen);
    tw_json_int(b, "times", sums.times);
}

static void json_list(const Cover *c, JsonBuilder *b, List list,
                      const char *name)
{
    uint64_t n = 0;

    json_builder_set_member_name(b, name);
    json_builder_begin_object(b);
    tw_json_int(b, "count", how_many(c, list));
    json_builder_set_member_name(b, "listed");
    json_builder_begin_array(b);
    for (uint32_t i = 0; i < TW_SITUATIONS && n < c->listed; i++) {
        TwSituation s = tw_situation_of(i);

        if (!is_in(c, list, i)) {
            continue;
        }
        json_builder_begin_object(b);
        for (unsigned d = 0; d < TW_MET_DIMENSIONS; d++) {
            tw_json_string(b, tw_situation_dimension(d),
                           tw_situation_name(d, s.is[d]));
        }
        json_builder_end_object(b);
        n++;
    }
    json_builder_end_array(b);
    json_builder_end_object(b);
}

static void json_pair(const Cover *c, JsonBuilder *b, unsigned rows,
                      unsigned columns)
{
    for (unsigned r = 0; r < tw_situation_values(rows); r++) {
        for (unsigned k = 0; k < tw_situation_values(columns); k++) {
            TwCoverageSums sums =
                tw_coverage_sums(c->sum, c->min, rows, r, columns, k);

            if (sums.possible == 0) {
                continue;
            }
            json_builder_begin_object(b);
            tw_json_string(b, tw_situation_dimension(rows),
                           tw_situation_name(rows, r));
            tw_json_string(b, tw_situation_dimension(columns),
                           tw_situation_name(columns, k));
            json_sums(b, sums);
            json_builder_end_object(b);
        }
    }
}

static void print_json(const Cover *c)
{
    g_autoptr(JsonBuilder) b = json_builder_new();

    json_builder_begin_object(b);
    tw_json_int(b, "programs", c->sum->programs);
    json_sums(b, total(c));
    for (unsigned d = 0; d < TW_MET_DIMENSIONS; d++) {
        json_builder_set_member_name(b, tw_situation_dimension(d));
        json_builder_begin_object(b);
        for (unsigned v = 0; v < tw_situation_values(d); v++) {
            json_builder_set_member_name(b, tw_situation_name(d, v));
            json_builder_begin_object(b);
            json_sums(b, tw_coverage_sums(c->sum, c->min, d, v, d, v));
            json_builder_end_object(b);
        }
        json_builder_end_object(b);
    }
    json_builder_set_member_name(b, "pairs");
    json_builder_begin_array(b);
    for (unsigned d = 0; d < TW_MET_DIMENSIONS; d++) {
        for (unsigned e = d + 1; e < TW_MET_DIMENSIONS; e++) {
            json_pair(c, b, d, e);
        }
    }
    json_builder_end_array(b);
    json_list(c, b, IMPOSSIBLE, "impossible");
    if (c->old) {
        json_list(c, b, LOST, "lost");
        json_list(c, b, GAINED, "gained");
    } else {
        json_list(c, b, MISSING, "missing");
    }
    json_builder_end_object(b);
    tw_cli_json_print(b, NULL);
}

/* The verb ---------------------------------------------------------------- */

static bool load_all(Cover *c, int n, char **files, const char *against)
{
    GError *error = NULL;

    c->sum = tw_coverage_new();
    for (int i = 0; i < n; i++) {
        if (!tw_coverage_load(c->sum, files[i], &error)) {
            tw_cli_fail_error(error);
            return false;
        }
    }
    if (against) {
        c->old = tw_coverage_new();
        if (!tw_coverage_load(c->old, against, &error)) {
            tw_cli_fail_error(error);
            return false;
        }
    }
    return true;
}

/* The options as they were given. */
typedef struct Given {
    char *missing, *min, *against;
    gboolean fields;
    char *programs, *seed, *profile; /* with --fields */
    TwCliTarget target;              /* the same */
} Given;

static int count_fields(const Given *g, bool json)
{
    uint64_t programs = DEFAULT_PROGRAMS, seed = 1;
    unsigned profile = TW_PROFILES;

    if ((g->programs && !tw_cli_number("--programs", g->programs, &programs)) ||
        (g->seed && !tw_cli_number("--seed", g->seed, &seed)) ||
        (g->profile && !tw_cli_profile(g->profile, true, &profile))) {
        return TW_EXIT_USAGE;
    }
    return tw_cover_fields(&g->target, programs, seed, profile, json);
}

static int show_situations(Cover *c, const Given *g, int n, char **files)
{
    int code = TW_EXIT_USAGE;

    if (g->missing && strcmp(g->missing, "all") == 0) {
        c->listed = UINT64_MAX;
    } else if (g->missing &&
               !tw_cli_number("--missing", g->missing, &c->listed)) {
        return code;
    }
    if (g->min && !tw_cli_number("--min", g->min, &c->min)) {
        return code;
    }
    if (c->min == 0) {
        return tw_cli_fail(code, "--min: expected 1 or more");
    }
    if (load_all(c, n, files, g->against)) {
        if (c->json) {
            print_json(c);
        } else {
            print_table(c);
        }
        code =
            c->old && how_many(c, LOST) > 0 ? TW_EXIT_FINDING : TW_EXIT_CLEAN;
    }
    g_free(c->sum);
    g_free(c->old);
    return code;
}

/* Options of one use of the verb do not go with the other. */
static int dispatch(Cover *c, const Given *g, int n, char **files)
{
    if (g->fields) {
        if (n > 0 || g->missing || g->min || g->against || c->pairs) {
            return tw_cli_fail(TW_EXIT_USAGE,
                               "--fields: expected no file of coverage and no "
                               "--missing, --min, --pairs or --against");
        }
        return count_fields(g, c->json);
    }
    if (g->programs || g->seed || g->profile ||
        tw_cli_target_chosen(&g->target)) {
        return tw_cli_fail(TW_EXIT_USAGE,
                           "cover: --programs, --seed, --profile and the "
                           "options of a target need --fields");
    }
    if (n == 0) {
        return tw_cli_fail(TW_EXIT_USAGE,
                           "cover: expected a file of coverage, or --fields");
    }
    return show_situations(c, g, n, files);
}

int tw_verb_cover(int argc, char **argv)
{
    g_autofree char *profiles = tw_cli_profile_help(true, TW_PROFILES);
    Cover c = {.min = 1, .listed = DEFAULT_LISTED};
    Given g = {0};
    int code = TW_EXIT_USAGE;
    GOptionEntry entries[] = {
        {"missing", 0, 0, G_OPTION_ARG_STRING, &g.missing,
         "Lists at most N combinations that were not seen, or all "
         "(default " G_STRINGIFY(DEFAULT_LISTED) ")",
         "N"},
        {"min", 0, 0, G_OPTION_ARG_STRING, &g.min,
         "Counts a combination as seen if it was seen at least N times "
         "(default 1)",
         "N"},
        {"pairs", 0, 0, G_OPTION_ARG_NONE, &c.pairs,
         "Prints a table for each pair of the five dimensions", NULL},
        {"against", 0, 0, G_OPTION_ARG_FILENAME, &g.against,
         "Lists the combinations that were lost and gained since an older "
         "file; "
         "exit code 10 if one was lost",
         "FILE"},
        {"fields", 0, 0, G_OPTION_ARG_NONE, &g.fields,
         "Shows instead which values random programs give each field", NULL},
        {"programs", 0, 0, G_OPTION_ARG_STRING, &g.programs,
         "With --fields: number of programs "
         "(default " G_STRINGIFY(DEFAULT_PROGRAMS) ")",
         "N"},
        {"seed", 's', 0, G_OPTION_ARG_STRING, &g.seed,
         "With --fields: seed of the programs (default 1)", "N"},
        {"profile", 'p', 0, G_OPTION_ARG_STRING, &g.profile, profiles, "NAME"},
        {"json", 0, 0, G_OPTION_ARG_NONE, &c.json, "Prints JSON", NULL},
        G_OPTION_ENTRY_NULL,
    };

    if (tw_cli_options(
            &argc, &argv, "[FILE...]",
            "Shows which situations programs have reached and which they have "
            "not, from the\nfiles of run --coverage and of the harnesses "
            "(TWINWALK_COVERAGE). Several files are\nadded up. A situation is "
            "a "
            "combination of five dimensions: the kind of access, the\nleaf "
            "that "
            "answers (RAM, a device, a hole ...), the depth (the number of "
            "IOMMUs on\nthe way), the change of the answer since the last "
            "access to the page, and the\nending (the event that ended the old "
            "answer).\nWith --fields: makes random programs and shows which "
            "values each field of them has\nhad, and in how many programs. A "
            "target that tells peaks (softmmu) also runs them:\nthen it shows "
            "how full queues and TLBs were.",
            entries, &g.target)) {
        code = dispatch(&c, &g, argc - 1, argv + 1);
    }
    g_free(g.missing);
    g_free(g.min);
    g_free(g.against);
    g_free(g.programs);
    g_free(g.seed);
    g_free(g.profile);
    tw_cli_target_clear(&g.target);
    return code;
}
