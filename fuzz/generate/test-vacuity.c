/* SPDX-License-Identifier: MIT */
/*
 * Do random programs exercise everything?  With fixed seeds, over all profiles,
 * each feature of softmmu must take effect (not only stand in a program) at
 * least as often per million programs as its row demands.  The same holds for
 * each rule of RULES.md and LANGUAGE.md, and some bug of the zoo must cause
 * each verdict.  `meson test -v vacuity` prints the table of counts (TAP
 * diagnostics).
 *
 * The minimum of a row is at most about a fifth of the count that was measured
 * when the row was made: the test shall notice that something is missing, not
 * that it is a little rarer.
 */
#include "fuzz/generate/test-vacuity.h"

#include <string.h>

#include "fuzz/generate/generate.h"
#include "fuzz/run/runner.h"
#include "program/ops.h"
#include "targets/zoo/zoo.h"

/* With TW_LONG in the environment; without, a quarter as many.  With
 * sanitizers, too: what is rare does not show in fewer. */
enum {
    MOST_PROGRAMS = 100000,
};

static unsigned n_programs(void)
{
    return g_getenv("TW_LONG") ? MOST_PROGRAMS : MOST_PROGRAMS / 4;
}

/* What every operation, leaf, class, counter ... needs that has no other. */
enum {
    LEAST_OPERATION = 3000,
    LEAST_LEAF = 50000,
    LEAST_CLASS = 4000,
    LEAST_DEPTH = 8000,
    LEAST_COUNTER = 30000,
    LEAST_MAPPED = 3000, /* fail-alloc, mappings, and records without A or D
                          * are for one profile */
    LEAST_PAGE_SIZE = 3000,
    LEAST_VERDICT = 200, /* of zoo programs */
};

static const struct {
    const char *what;
    unsigned least;
} rows[] = {
#define ROW(name, what, least) {what, least},
    ROWS
#undef ROW
};

static TwProgram program;

/* The table --------------------------------------------------------------- */

typedef struct Table {
    uint64_t programs;
    unsigned short_of; /* rows */
} Table;

static void row(Table *table, uint64_t count, unsigned least,
                const char *format, ...) G_GNUC_PRINTF(4, 5);

static void row(Table *table, uint64_t count, unsigned least,
                const char *format, ...)
{
    g_autofree char *what = NULL;
    double rate = (double)count * 1e6 / (double)table->programs;
    bool enough = rate >= least;
    va_list args;

    va_start(args, format);
    what = g_strdup_vprintf(format, args);
    va_end(args);
    table->short_of += !enough;
    g_test_message("%10.0f a million, at least %6u%s  %s", rate, least,
                   enough ? " " : ": TOO FEW", what);
}

/* par and its parts stand in no random program. */
static bool is_random(unsigned code)
{
    return code < TW_OP_PAR || code > TW_OP_END_PAR;
}

static void print_stats(Table *table, const TwJudgeStats *stats)
{
    static const uint8_t leaves[] = {
        TW_REGION_RAM,  TW_REGION_ROM,         TW_REGION_ROMD,
        TW_REGION_MMIO, TW_REGION_RESERVATION, TW_REGION_RAM_DEVICE};

    for (unsigned i = 0; i < G_N_ELEMENTS(leaves); i++) {
        row(table, stats->by_leaf[leaves[i]], LEAST_LEAF, "access to a %s",
            tw_region_kind_name(leaves[i]));
    }
    row(table, stats->by_leaf[TW_REGION_NONE], LEAST_LEAF, "access to nothing");
    for (unsigned i = TW_REGION_CONTAINER; i < TW_REGION_KINDS; i++) {
        row(table, stats->by_region[i], LEAST_LEAF, "region of kind %s",
            tw_region_kind_name(i));
    }
    for (unsigned i = 0; i < TW_CLASSES; i++) {
        row(table, stats->by_class[i], LEAST_CLASS, "class %s",
            tw_class_name(i));
    }
    for (unsigned i = 0; i <= 6; i++) {
        row(table, stats->by_depth[i], LEAST_DEPTH, "depth %u", i);
    }
}

static void print_table(Table *table, const Count *c, const TwDialect *dialect)
{
    for (unsigned code = 0; code < TW_OP_CODES; code++) {
        if (code != TW_OP_NOP && tw_ops_has(&dialect->ops, code) &&
            is_random(code)) {
            row(table, c->done[code], LEAST_OPERATION, "operation %s",
                tw_op_info(code)->name);
        }
    }
    print_stats(table, &c->stats);
    for (unsigned lg = TW_MIN_PAGE_LG; lg <= TW_MAX_PAGE_LG; lg++) {
        row(table, c->page_lg[lg], LEAST_PAGE_SIZE,
            "program with pages of %u bytes", 1u << lg);
    }
    for (unsigned i = 0; i < TW_COUNTERS; i++) {
        row(table, c->counters[i],
            i == TW_COUNT_NO_MEMORY || i == TW_COUNT_MAPPED ||
                    i == TW_COUNT_UNMARKED
                ? LEAST_MAPPED
                : LEAST_COUNTER,
            "counter %s", tw_counter_name(i));
    }
    for (unsigned i = 0; i < ROW_COUNT; i++) {
        row(table, c->row[i], rows[i].least, "%s", rows[i].what);
    }
}

/* The programs are run and counted once, for both tests. */
static const Count *counted(void)
{
    static Count count;
    TwTargetOptions options = {.name = "softmmu"};
    g_autoptr(TwRunner) runner = NULL;
    Count *c = &count;
    TwFinding finding;

    if (c->programs > 0) {
        return c;
    }
    runner = tw_runner_new(&options, NULL);
    tw_runner_meet(runner);
    for (unsigned i = 0; i < n_programs(); i++) {
        TwRng rng = tw_rng_for(1, i);

        tw_generate(&program, tw_profile_in_turn(i), tw_runner_dialect(runner),
                    &rng);
        if (tw_verdict_is_finding(tw_runner_run(runner, &program, &finding,
                                                &c->stats, c->counters))) {
            g_error("program %u: %s", i, finding.text);
        }
        vacuity_count(c, &program, tw_runner_trace(runner),
                      tw_runner_met(runner));
    }
    c->row[ROW_STALE] = c->stats.verdicts[TW_VERDICT_AGREE_STALE];
    c->row[ROW_WINDOW] = c->stats.windows;
    c->row[ROW_OLD_RECORD] = c->stats.old_records;
    c->row[ROW_OLD_COMBINED] = c->stats.old_combined;
    c->row[ROW_OLD_BOTH] = c->stats.old_both;
    c->row[ROW_MAPPED] = c->stats.mapped;
    c->row[ROW_OLD_MAPPED] = c->stats.old_mapped;
    c->row[ROW_COMMITS] = c->stats.commits;
    for (unsigned i = 7; i < G_N_ELEMENTS(c->stats.by_depth); i++) {
        c->row[ROW_DEEPER] += c->stats.by_depth[i];
    }
    return c;
}

static void test_happens(void)
{
    const Count *c = counted();
    TwTargetOptions options = {.name = "softmmu"};
    g_autoptr(TwRunner) runner = tw_runner_new(&options, NULL);
    Table table = {.programs = c->programs};

    print_table(&table, c, tw_runner_dialect(runner));
    g_assert_cmpuint(table.short_of, ==, 0);
}

/* What it is told of ------------------------------------------------------ */

/* What softmmu tells of its caches ("replay --trace"): kind, or kind and what
 * its text has. */
static const struct {
    const char *kind, *text;
    unsigned least;
} told_of[] = {
    {"arm", NULL, 200000},
    {"arm", "again", 200000},
    {"commit", "acts", 200000},
    {"commit", "nothing is pending", 60000},
    {"commit", "waits for the outermost", 200000},
    {"dirty", NULL, 20000},
    {"dispatch", NULL, 200000},
    {"evict", "to the victims", 100000},
    {"evict", "for good", 20000},
    {"fill", NULL, 200000},
    {"flush", "TL-8", 60000},
    {"flush", "TL-9", 100000},
    {"flush", "TL-11", 50000},
    {"flush", "TN-3", 200000},
    {"flush", "its queue ran over", 200},
    {"flush", "unplugged", 10000},
    {"hit", NULL, 200000},
    {"large", NULL, 500000},
    {"listener", NULL, 200000},
    {"no-fill", NULL, 100000},
    {"notify", NULL, 200000},
    {"queue", NULL, 200000},
    {"reach", "TN-4", 40000},
    {"reach", "TN-3", 200000},
    {"reach", "NT-5", 60000},
    {"reach", "no notifier", 200000},
    {"render", NULL, 200000},
    {"render", "DS-9", 400},
    {"replay", NULL, 20000},
    {"resize", NULL, 50000},
    {"safepoint", NULL, 200000},
    {"translate", "no entry", 200000},
    {"translate", "bypassed", 80000},
    {"victim-swap", NULL, 30000},
    {"walk", "not cached", 200000},
    {"walk", "DS-4", 200000},
};

static void count_told(void *data, uint16_t op, const char *kind,
                       const char *text)
{
    uint64_t *counts = data;

    (void)op;
    for (unsigned i = 0; i < G_N_ELEMENTS(told_of); i++) {
        counts[i] +=
            strcmp(kind, told_of[i].kind) == 0 &&
            (told_of[i].text == NULL || strstr(text, told_of[i].text) != NULL);
    }
}

/* Telling is slow: a quarter as many programs. */
static void test_told(void)
{
    uint64_t counts[G_N_ELEMENTS(told_of)] = {0};
    TwTeller teller = {count_told, counts};
    TwTargetOptions options = {.name = "softmmu", .teller = &teller};
    TwTarget *target = tw_target_open(&options, NULL);
    static TwTrace trace;
    Table table = {.programs = n_programs() / 4};

    for (unsigned i = 0; i < table.programs; i++) {
        TwRng rng = tw_rng_for(4, i);

        tw_generate(&program, tw_profile_in_turn(i), tw_target_dialect(target),
                    &rng);
        tw_target_run(target, &program, &trace);
    }
    for (unsigned i = 0; i < G_N_ELEMENTS(told_of); i++) {
        row(&table, counts[i], told_of[i].least, "told of %s%s%s",
            told_of[i].kind, told_of[i].text ? ": " : "",
            told_of[i].text ? told_of[i].text : "");
    }
    tw_target_close(target);
    g_assert_cmpuint(table.short_of, ==, 0);
}

/* Rules ------------------------------------------------------------------- */

static void test_rules(void)
{
    unsigned n;
    const RuleCount *rules = vacuity_rules(counted(), &n);
    Table table = {.programs = counted()->programs};

    for (unsigned i = 0; i < n; i++) {
        if (rules[i].reason != NULL) {
            g_test_message("%-6s never: %s", rules[i].id, rules[i].reason);
        } else {
            row(&table, rules[i].count, rules[i].least, "%-6s %s", rules[i].id,
                rules[i].what);
        }
    }
    g_assert_cmpuint(table.short_of, ==, 0);
}

/* The ids of the rules that `page` tells, as a set. */
static void collect(GHashTable *ids, const char *page, const char *pattern)
{
    g_autofree char *name =
        g_test_build_filename(G_TEST_DIST, "program", page, NULL);
    g_autofree char *text = NULL;
    g_autoptr(GRegex) regex = g_regex_new(pattern, G_REGEX_MULTILINE, 0, NULL);
    g_autoptr(GMatchInfo) match = NULL;
    g_autoptr(GError) error = NULL;

    g_file_get_contents(name, &text, NULL, &error);
    g_assert_no_error(error);
    for (g_regex_match(regex, text, 0, &match); g_match_info_matches(match);
         g_match_info_next(match, NULL)) {
        g_hash_table_add(ids, g_match_info_fetch(match, 1));
    }
}

/* No rule is missing, none is there twice, none is made up. */
static void test_complete(void)
{
    g_autoptr(GHashTable) ids =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    Count *none = g_new0(Count, 1);
    unsigned n, wrong = 0;
    const RuleCount *rules = vacuity_rules(none, &n);
    GHashTableIter iter;
    gpointer id;

    collect(ids, "RULES.md", "^\\| ([A-Z]{2}-[0-9]+) ");
    collect(ids, "LANGUAGE.md", "^- \\*\\*([A-Z]{2}-[0-9]+)\\*\\*");
    g_assert_cmpuint(g_hash_table_size(ids), >, 150);
    for (unsigned i = 0; i < n; i++) {
        if (!g_hash_table_remove(ids, rules[i].id)) {
            g_test_message("%s: no such rule, or twice", rules[i].id);
            wrong++;
        }
    }
    g_hash_table_iter_init(&iter, ids);
    while (g_hash_table_iter_next(&iter, &id, NULL)) {
        g_test_message("%s: neither counted nor said why not", (char *)id);
        wrong++;
    }
    g_assert_cmpuint(wrong, ==, 0);
    g_free(none);
}

/* Invariants -------------------------------------------------------------- */

/* How the text of each begins, and the bug or mutant that breaks it. */
static const struct {
    const char *rule, *slug;
} invariants[] = {
    {"TL-1", "resize-keeps-entries"},     {"TL-3", "victim-copy-left"},
    {"TL-7", "denied-gets-entry"},        {"TL-8", "fill-leaves-clean"},
    {"TN-7", "unplug-keeps-inactive"},    {"FR-2", "second-hop-unregistered"},
    {"FR-3", "commit-flush-own-as-only"}, {"FV-1", "collapse-ignores-addr"},
};

/* Each invariant that --check tests is seen to break; that softmmu breaks none
 * is the business of the tests `softmmu-random` and `check-fuzzer`. */
static void test_invariants(gconstpointer data)
{
    enum { MOST = 20000 };
    static TwTrace trace;
    unsigned which = GPOINTER_TO_UINT(data), i;
    g_autofree char *name = g_strconcat("zoo:", invariants[which].slug, NULL);
    TwTargetOptions options = {.name = name, .check = true};
    g_autoptr(GError) error = NULL;
    TwTarget *target = tw_target_open(&options, &error);
    bool broken = false;

    g_assert_no_error(error);
    for (i = 0; i < MOST && !broken; i++) {
        TwRng rng = tw_rng_for(5, i);

        tw_generate(&program, tw_profile_in_turn(i), tw_target_dialect(target),
                    &rng);
        tw_target_run(target, &program, &trace);
        broken = trace.end == TW_END_INVARIANT &&
                 g_str_has_prefix(trace.text, invariants[which].rule);
    }
    g_test_message("%s: program %u", name, i);
    g_assert_true(broken);
    tw_target_close(target);
}

/* Verdicts ---------------------------------------------------------------- */

/* Programs for each bug and each way to open it; the same under sanitizers,
 * because only one program in a thousand has the rarest verdict.  Without
 * TW_LONG a quarter. */
enum { MOST_ZOO_PROGRAMS = 800 };

static unsigned n_zoo_programs(void)
{
    return g_getenv("TW_LONG") ? MOST_ZOO_PROGRAMS : MOST_ZOO_PROGRAMS / 4;
}

/* Program after program: `number` is that of the next. */
static void run_bug(const char *slug, bool hide, bool check, uint64_t *number,
                    uint64_t *verdicts)
{
    g_autofree char *name = g_strconcat("zoo:", slug, NULL);
    TwTargetOptions options = {
        .name = name, .hide_locations = hide, .check = check};
    g_autoptr(TwRunner) runner = tw_runner_new(&options, NULL);
    TwFinding finding;

    g_assert_nonnull(runner);
    for (unsigned i = 0; i < n_zoo_programs(); i++, (*number)++) {
        TwRng rng = tw_rng_for(2, *number);

        tw_generate(&program, tw_profile_in_turn(i), tw_runner_dialect(runner),
                    &rng);
        verdicts[tw_runner_run(runner, &program, &finding, NULL, NULL)]++;
    }
}

/*
 * Each verdict of the judge must be that of some bug.  Not here: crash and
 * hang, which need a target that dies (cli-exec, runner, campaign); self,
 * known and flaky, which need a wrong oracle, a list and a random target
 * (judge, known, campaign).
 */
static void test_verdicts(void)
{
    static const uint8_t wanted[] = {
        TW_VERDICT_AGREE,     TW_VERDICT_AGREE_STALE, TW_VERDICT_STALE,
        TW_VERDICT_PERM,      TW_VERDICT_CLASS,       TW_VERDICT_FAULT,
        TW_VERDICT_WRONG,     TW_VERDICT_EFFECT,      TW_VERDICT_EVENT,
        TW_VERDICT_INVARIANT, TW_VERDICT_INCONCLUSIVE};
    uint64_t verdicts[TW_VERDICTS] = {0};
    Table table = {0};
    unsigned n;
    const TwZooBug *bugs = tw_zoo_bugs(&n);

    for (unsigned i = 0; i < n; i++) {
        run_bug(bugs[i].slug, false, false, &table.programs, verdicts);
        run_bug(bugs[i].slug, true, false, &table.programs, verdicts);
        run_bug(bugs[i].slug, false, true, &table.programs, verdicts);
    }
    for (unsigned i = 0; i < G_N_ELEMENTS(wanted); i++) {
        row(&table, verdicts[wanted[i]], LEAST_VERDICT, "verdict %s",
            tw_verdict_name(wanted[i]));
    }
    g_assert_cmpuint(verdicts[TW_VERDICT_SELF], ==, 0);
    g_assert_cmpuint(verdicts[TW_VERDICT_FLAKY], ==, 0);
    g_assert_cmpuint(table.short_of, ==, 0);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/vacuity/happens", test_happens);
    g_test_add_func("/vacuity/told", test_told);
    g_test_add_func("/vacuity/rules", test_rules);
    g_test_add_func("/vacuity/rules/complete", test_complete);
    for (unsigned i = 0; i < G_N_ELEMENTS(invariants); i++) {
        g_autofree char *path =
            g_strconcat("/vacuity/invariants/", invariants[i].rule, NULL);

        g_test_add_data_func(path, GUINT_TO_POINTER(i), test_invariants);
    }
    g_test_add_func("/vacuity/verdicts", test_verdicts);
    return g_test_run();
}
