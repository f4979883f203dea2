/* SPDX-License-Identifier: MIT */
/*
 * Random programs for machines whose devices reach RAM through an IOMMU: they
 * are inside the dialect, softmmu runs them as it should, they reach what finds
 * bugs, and they find the bugs of IOTLBs that there are.
 */
#include <glib.h>
#include <string.h>

#include "fuzz/generate/generate.h"
#include "fuzz/minimise/minimise.h"
#include "fuzz/mutate/mutate.h"
#include "oracle/judge/judge.h"
#include "program/layout.h"
#include "program/legality.h"
#include "program/ops.h"
#include "program/test-path.h"
#include "program/text/text.h"
#include "targets/zoo/zoo.h"

static TwProgram program;
static TwTrace trace;

/* A target and its judge. */
typedef struct Judge {
    TwTarget *target;
    TwOracle *oracle;
    TwDialect dialect;
    TwJudgeStats stats;
    TwFinding finding;
} Judge;

static Judge *judge_new(const TestPath *path, const char *name)
{
    Judge *j = g_new0(Judge, 1);
    TwTargetOptions options = {.name = name};
    GError *error = NULL;

    j->target = tw_target_open(&options, &error);
    g_assert_no_error(error);
    j->oracle = tw_oracle_new();
    j->dialect = test_path_dialect(path);
    if (path->stages > 1) {
        /* softmmu keeps pointers: all their mixtures take the judge long. */
        j->dialect.max_script = 50;
    }
    return j;
}

static void judge_free(Judge *j)
{
    tw_target_close(j->target);
    tw_oracle_free(j->oracle);
    g_free(j);
}

static void make(const Judge *j, unsigned n)
{
    TwRng rng = tw_rng_for(7, n);

    tw_generate(&program, TW_PROFILE_PAGETABLE, &j->dialect, &rng);
}

static TwVerdict judge(Judge *j)
{
    g_assert_true(tw_target_run(j->target, &program, &trace));
    g_assert_cmpint(trace.end, ==, TW_END_DONE);
    return tw_judge(j->oracle, &program, &j->dialect,
                    tw_target_contract(j->target), "softmmu", &trace,
                    &j->finding, &j->stats);
}

static void fail(const Judge *j, unsigned n)
{
    g_autoptr(GString) text = g_string_new(NULL);

    tw_program_print(&program, NULL, text);
    g_error("program %u: %s\n%s", n, j->finding.text, text->str);
}

/* Admitted, well formed, right on softmmu; and a share of each outcome. */
static void test_agrees(gconstpointer data)
{
    const TestPath *path = data;
    unsigned programs = path->stages > 1 ? 100 : 400;
    Judge *j = judge_new(path, "softmmu");
    const TwJudgeStats *s = &j->stats;
    uint64_t ok, refused, stale, open;

    for (unsigned n = 0; n < programs; n++) {
        char why[160];

        make(j, n);
        if (!tw_program_check(&program, why, sizeof(why)) ||
            !tw_dialect_admits(&j->dialect, &program, why, sizeof(why))) {
            g_error("program %u: %s", n, why);
        }
        if (tw_verdict_is_finding(judge(j))) {
            fail(j, n);
        }
    }
    ok = s->by_class[TW_CLASS_OK];
    refused = s->by_class[TW_CLASS_DECODE_ERROR];
    stale = s->verdicts[TW_VERDICT_AGREE_STALE];
    open = s->verdicts[TW_VERDICT_INCONCLUSIVE];
    g_test_message("%" G_GUINT64_FORMAT " accesses: %" G_GUINT64_FORMAT
                   " granted, %" G_GUINT64_FORMAT " refused; %" G_GUINT64_FORMAT
                   " old, %" G_GUINT64_FORMAT
                   " in open windows, %" G_GUINT64_FORMAT " inconclusive",
                   s->accesses, ok, refused, stale, s->windows, open);
    g_assert_cmpuint(s->accesses, >, 20 * programs);
    g_assert_cmpuint(ok, >, s->accesses * 35 / 100);
    g_assert_cmpuint(refused, >, s->accesses * 15 / 100);
    g_assert_cmpuint(stale, >, s->accesses * 2 / 100);
    g_assert_cmpuint(open, <, s->accesses * 2 / 100);
    judge_free(j);
}

/* Takes A and D out of every other entry. */
static void unmark(TwOp *ops, unsigned n, const TwMarks *marks)
{
    uint64_t mask = marks->accessed.mask | marks->dirty.mask;
    uint64_t set = marks->accessed.value | marks->dirty.value;

    for (unsigned i = 0; i < n; i += 2) {
        if (ops[i].code == TW_OP_POKE && ops[i].value != 0) {
            ops[i].value = (ops[i].value & ~mask) | (mask & ~set);
        }
    }
}

/* The same programs with data in RAM, whose walks set A and D in tables that
 * have a base. */
static void test_marks(gconstpointer data)
{
    enum { PROGRAMS = 200 };
    Judge *j = judge_new(data, "softmmu");
    TwDialect path = j->dialect;
    const TwMarks *marks = &tw_layout(path.path_formats[0])->marks;

    for (unsigned n = 0; n < PROGRAMS; n++) {
        j->dialect = path;
        make(j, n);
        program.contents = TW_CONTENTS_DATA;
        program.iommus[0].pagetable.updates_ad = true;
        unmark(program.setup, program.n_setup, marks);
        unmark(program.script, program.n_script, marks);
        j->dialect = *tw_target_dialect(j->target);
        g_assert_true(tw_program_check(&program, NULL, 0));
        if (tw_verdict_is_finding(judge(j))) {
            fail(j, n);
        }
    }
    g_test_message("%" G_GUINT64_FORMAT " marks", j->stats.marks);
    g_assert_cmpuint(j->stats.marks, >, PROGRAMS);
    judge_free(j);
}

/* Bugs -------------------------------------------------------------------- */

static void find_bug(const TestPath *path, const char *slug)
{
    enum { PROGRAMS = 4000 };
    g_autofree char *name = g_strconcat("zoo:", slug, NULL);
    Judge *j = judge_new(path, name);
    unsigned n = 0;

    while (n < PROGRAMS) {
        make(j, n++);
        if (tw_verdict_is_finding(judge(j))) {
            break;
        }
    }
    g_test_message("%s, %s: %u programs, %s", path->name, slug, n,
                   tw_verdict_name(j->finding.verdict));
    if (!tw_verdict_is_finding(j->finding.verdict)) {
        g_error("%s: %s is not found", path->name, slug);
    }
    g_assert_cmpint(j->finding.verdict, !=, TW_VERDICT_SELF);
    judge_free(j);
}

/* Is it a cell of a command that these programs have, and of a structure that
 * they fill? */
static bool is_of_path(const TestPath *path, const char *slug)
{
    static const char *const commands[] = {"global",  "domain",    "range",
                                           "leaf",    "any-range", "any-leaf",
                                           "context", "contexts",  NULL};
    static const char *const structures[] = {"entry",    "pointer", "context",
                                             "combined", "second",  NULL};
    g_auto(GStrv) parts = g_strsplit(slug, ":", -1);
    unsigned structure = 0;

    g_assert_cmpuint(g_strv_length(parts), ==, 4);
    while (structures[structure] &&
           strcmp(structures[structure], parts[2]) != 0) {
        structure++;
    }
    return g_strv_contains(commands, parts[1]) && structures[structure] &&
           (structure < 3 || path->stages > 1) &&
           strcmp(parts[3], "marked") != 0;
}

static void test_bugs(gconstpointer data)
{
    unsigned n, found = 0;
    const TwZooBug *bugs = tw_zoo_cells(&n);

    for (unsigned i = 0; i < n; i++) {
        if (is_of_path(data, bugs[i].slug)) {
            find_bug(data, bugs[i].slug);
            found++;
        }
    }
    g_assert_cmpuint(found, >=, 20);
}

/* Changes ----------------------------------------------------------------- */

static void assert_inside(const TwDialect *dialect, const TwProgram *p)
{
    char why[160];

    if (!tw_program_check(p, why, sizeof(why)) ||
        !tw_dialect_admits(dialect, p, why, sizeof(why))) {
        g_error("%s", why);
    }
}

/* Mutated and crossed programs stay inside, and are others. */
static void test_mutate(void)
{
    enum { N = 4000 };
    static TwProgram before, other, out;
    unsigned changed = 0, mixed = 0;

    for (unsigned i = 0; i < N; i++) {
        TwDialect d = test_path_dialect(&test_paths[i / 100 % N_TEST_PATHS]);
        TwRng rng = tw_rng_for(13, i);

        if (i % 100 == 0) {
            tw_generate(&program, TW_PROFILE_PAGETABLE, &d, &rng);
            tw_generate(&other, TW_PROFILE_PAGETABLE, &d, &rng);
        }
        tw_program_copy(&before, &program);
        tw_mutate(&program, &d, 1u << TW_PROFILE_PAGETABLE, &rng);
        assert_inside(&d, &program);
        changed += !tw_program_equal(&before, &program);
        tw_crossover(&out, &program, &other, &d, &rng);
        assert_inside(&d, &out);
        mixed += !tw_program_equal(&out, &program);
    }
    g_test_message("%u of %u changed, %u mixed", changed, N, mixed);
    g_assert_cmpuint(changed, >, N * 8 / 10);
    g_assert_cmpuint(mixed, >, N * 8 / 10);
}

/* With addresses in other GiB, too: some are translated, some too wide. */
static void test_wide(gconstpointer data)
{
    const TestPath *path = data;
    unsigned programs = path->stages > 1 ? 60 : 200, near = 0, far = 0;
    Judge *j = judge_new(path, "softmmu");

    j->dialect.dma_wide = UINT64_C(0xffffffffc0000000);
    for (unsigned n = 0; n < programs; n++) {
        TwRng rng = tw_rng_for(15, n);

        make(j, n);
        if (n % 3 == 0) {
            tw_mutate(&program, &j->dialect, 1u << TW_PROFILE_PAGETABLE, &rng);
        }
        assert_inside(&j->dialect, &program);
        if (tw_verdict_is_finding(judge(j))) {
            fail(j, n);
        }
        for (unsigned i = 0; i < program.n_script; i++) {
            uint64_t x = program.script[i].addr;
            bool ok = trace.outcomes[i].class_ == TW_CLASS_OK;

            if (!tw_op_is_dma(&program.script[i])) {
                continue;
            }
            near += x >> 32 != 0 && x >> 39 == 0 && ok;
            far += x >> 39 != 0 && !ok;
        }
    }
    g_test_message("%u translated above 4 GiB, %u refused above 2^39", near,
                   far);
    g_assert_cmpuint(near, >, 5 * programs);
    g_assert_cmpuint(far, >, 2 * programs);
    judge_free(j);
}

static void assert_scopes(const TwOp *ops, unsigned n, const TwDialect *d,
                          unsigned *seen)
{
    for (unsigned i = 0; i < n; i++) {
        if (ops[i].code == TW_OP_INVALIDATE) {
            g_assert_true(d->path_scopes[ops[i].obj] >> ops[i].scope & 1);
            *seen += 1;
        }
    }
}

/* Programs with the commands of some scopes alone, of one stage or both: also
 * when they are mutated.  softmmu is right with each. */
static void test_scopes(gconstpointer data)
{
    const TestPath *path = data;
    Judge *j = judge_new(path, "softmmu");
    unsigned masks = path->stages * TW_SCOPES, seen = 0;

    for (unsigned n = 0; n < 8 * masks; n++) {
        unsigned stage = n % masks / TW_SCOPES, scope = n % TW_SCOPES;
        TwRng rng = tw_rng_for(14, n);

        memset(j->dialect.path_scopes, 0, sizeof(j->dialect.path_scopes));
        j->dialect.path_scopes[stage] = (uint8_t)(1u << scope);
        j->dialect.path_scopes[0] |= n % 5 == 0 ? 1u << TW_SCOPE_LEAF : 0;
        make(j, n);
        if (n % 2) {
            tw_mutate(&program, &j->dialect, 1u << TW_PROFILE_PAGETABLE, &rng);
        }
        assert_inside(&j->dialect, &program);
        assert_scopes(program.script, program.n_script, &j->dialect, &seen);
        if (tw_verdict_is_finding(judge(j))) {
            fail(j, n);
        }
    }
    g_assert_cmpuint(seen, >, 8 * masks);
    judge_free(j);
}

/* Where both kinds of IOMMU are possible, programs have both; those with a
 * `table` show a lost UNMAP. */
static void test_kinds(void)
{
    enum { PROGRAMS = 200 };
    Judge *j = judge_new(&test_paths[9], "zoo:iotlb-loses-one-in-four");
    unsigned tables = 0, found = 0;

    for (unsigned n = 0; n < PROGRAMS; n++) {
        make(j, n);
        if (program.iommus[0].kind == TW_IOMMU_TABLE) {
            tables++;
            found += tw_verdict_is_finding(judge(j));
        }
    }
    g_test_message("%u of %u with a table, %u findings", tables, PROGRAMS,
                   found);
    g_assert_cmpuint(tables, >, PROGRAMS / 5);
    g_assert_cmpuint(tables, <, PROGRAMS / 2);
    g_assert_cmpuint(found, >, tables / 5);
    judge_free(j);
}

typedef struct Shrink {
    Judge *judge;
    char key[TW_KEY_SIZE];
} Shrink;

/* The first candidate that shows the same finding; all are inside. */
static unsigned first_same(TwProgram *const *candidates, unsigned n, void *data)
{
    Shrink *shrink = data;
    unsigned i = 0;

    for (; i < n; i++) {
        assert_inside(&shrink->judge->dialect, candidates[i]);
        tw_program_copy(&program, candidates[i]);
        if (tw_verdict_is_finding(judge(shrink->judge)) &&
            strcmp(shrink->judge->finding.key, shrink->key) == 0) {
            break;
        }
    }
    return i;
}

/* A finding becomes a few operations, of which each matters. */
static void test_minimise(gconstpointer data)
{
    static TwProgram found;
    Judge *j = judge_new(data, "zoo:misses:domain:entry:grant");
    Shrink shrink = {.judge = j};
    TwMinimiseOptions options = {.dialect = &j->dialect,
                                 .budget = 20000,
                                 .window = 1,
                                 .first = first_same,
                                 .first_data = &shrink};
    TwMinimiseStats stats;
    g_autoptr(GString) text = g_string_new(NULL);
    unsigned n = 0;

    do {
        make(j, n++);
    } while (!tw_verdict_is_finding(judge(j)));
    g_strlcpy(shrink.key, j->finding.key, sizeof(shrink.key));
    tw_program_copy(&found, &program);
    tw_minimise(&found, &options, &stats);
    assert_inside(&j->dialect, &found);
    tw_program_print(&found, NULL, text);
    g_test_message("%s:\n%s", shrink.key, text->str);
    g_assert_cmpuint(found.n_script, <=, 6);
    g_assert_cmpuint(found.n_setup, <=, 10);
    judge_free(j);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (unsigned i = 0; i < N_TEST_PATHS; i++) {
        g_autofree char *name =
            g_strconcat("/path/agrees/", test_paths[i].name, NULL);

        g_test_add_data_func(name, &test_paths[i], test_agrees);
    }
    for (unsigned i = 0; i < 4; i++) {
        g_autofree char *name =
            g_strconcat("/path/LA-35,LA-55/base/", test_paths[i].name, NULL);

        g_test_add_data_func(name, &test_paths[i], test_marks);
    }
    g_test_add_func("/path/kinds", test_kinds);
    for (unsigned i = 0; i < N_TEST_PATHS; i++) {
        g_autofree char *name =
            g_strconcat("/path/wide/", test_paths[i].name, NULL);

        /* A table is not there in other GiB. */
        if (!test_paths[i].alone && !test_paths[i].rings) {
            g_test_add_data_func(name, &test_paths[i], test_wide);
        }
    }
    g_test_add_func("/path/mutate", test_mutate);
    g_test_add_data_func("/path/scopes/one-stage", &test_paths[2], test_scopes);
    g_test_add_data_func("/path/scopes/two-stages", &test_paths[5],
                         test_scopes);
    g_test_add_data_func("/path/minimise/one-stage", &test_paths[2],
                         test_minimise);
    g_test_add_data_func("/path/minimise/two-stages", &test_paths[4],
                         test_minimise);
    g_test_add_data_func("/path/bugs/one-stage", &test_paths[2], test_bugs);
    g_test_add_data_func("/path/bugs/two-stages", &test_paths[4], test_bugs);
    return g_test_run();
}
