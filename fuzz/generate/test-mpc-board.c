/* SPDX-License-Identifier: MIT */
/*
 * Random programs for the board with MPCs: they are inside the dialect, also
 * after a mutation, softmmu runs them as it should, they reach what finds bugs,
 * and what is not flushed is found.
 */
#include <glib.h>

#include "fuzz/generate/generate.h"
#include "fuzz/mutate/mutate.h"
#include "oracle/judge/judge.h"
#include "program/legality.h"
#include "program/test-mpc-board.h"
#include "program/text/text.h"
#include "targets/target.h"

enum { PROGRAMS = 400 };

static TwProgram program;
static TwTrace trace;

typedef struct Judge {
    TwTarget *target;
    TwOracle *oracle;
    TwDialect dialect;
    TwJudgeStats stats;
    TwFinding finding;
} Judge;

static Judge *judge_new(const char *name)
{
    Judge *j = g_new0(Judge, 1);
    TwTargetOptions options = {.name = name};
    GError *error = NULL;

    j->target = tw_target_open(&options, &error);
    g_assert_no_error(error);
    j->oracle = tw_oracle_new();
    j->dialect = test_mpc_board_dialect(false);
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

    tw_generate(&program, TW_PROFILE_BALANCED, &j->dialect, &rng);
}

static void expect_inside(const Judge *j, unsigned n)
{
    char why[160];

    if (!tw_program_check(&program, why, sizeof(why)) ||
        !tw_dialect_admits(&j->dialect, &program, why, sizeof(why))) {
        g_error("program %u: %s", n, why);
    }
}

static TwVerdict judge(Judge *j)
{
    g_assert_true(tw_target_run(j->target, &program, &trace));
    if (trace.end != TW_END_DONE) {
        g_error("%s: %s", tw_end_name(trace.end), trace.text);
    }
    return tw_judge(j->oracle, &program, &j->dialect,
                    tw_target_contract(j->target), "softmmu", &trace,
                    &j->finding, &j->stats);
}

/* Judges a random program, which must be inside and right. */
static void expect_agreement(Judge *j, unsigned n)
{
    make(j, n);
    expect_inside(j, n);
    if (tw_verdict_is_finding(judge(j))) {
        g_autoptr(GString) text = g_string_new(NULL);

        tw_program_print(&program, NULL, text);
        g_error("program %u: %s\n%s", n, j->finding.text, text->str);
    }
}

static void test_agrees(void)
{
    Judge *j = judge_new("softmmu");
    const TwJudgeStats *s = &j->stats;
    unsigned words[TW_OP_CODES] = {0}, mpcs[TW_MPC_BOARD_MPCS] = {0};

    for (unsigned n = 0; n < PROGRAMS; n++) {
        expect_agreement(j, n);
        for (unsigned k = 0; k < TW_MPC_BOARD_MPCS; k++) {
            mpcs[k] += tw_mpc_board_has(&program, k);
        }
        for (unsigned i = 0; i < program.n_script; i++) {
            words[program.script[i].code]++;
        }
    }
    g_assert_cmpuint(s->accesses, >, 20 * PROGRAMS);
    g_assert_cmpuint(s->by_class[TW_CLASS_OK], >, s->accesses / 2);
    g_assert_cmpuint(s->by_class[TW_CLASS_DEVICE_ERROR], >, s->accesses / 10);
    g_assert_cmpuint(s->by_class[TW_CLASS_DECODE_ERROR], >, 0);
    for (unsigned k = 0; k < TW_MPC_BOARD_MPCS; k++) {
        g_assert_cmpuint(mpcs[k], >, PROGRAMS / 4);
    }
    g_assert_cmpuint(words[TW_OP_MPC_READ], >, PROGRAMS);
    g_assert_cmpuint(words[TW_OP_FLUSH_ALL], >, PROGRAMS / 8);
    judge_free(j);
}

/* Two CPUs: each changes what the other one accesses, and there are answers
 * that only the missing safe point allows. */
static void test_two_cpus(void)
{
    Judge *j = judge_new("softmmu");
    unsigned accesses[TW_MPC_BOARD_CPUS] = {0},
             changes[TW_MPC_BOARD_CPUS] = {0};
    unsigned safepoints = 0, explicit_ = 0;

    j->dialect = test_mpc_board_of_two(false);
    for (unsigned n = 0; n < PROGRAMS; n++) {
        expect_agreement(j, n);
        explicit_ += program.explicit_safepoints;
        for (unsigned i = 0; i < program.n_script; i++) {
            const TwOp *op = &program.script[i];

            safepoints += op->code == TW_OP_SAFEPOINT;
            if (op->actor != TW_BOARD) {
                (op->code == TW_OP_MPC_WRITE ? changes : accesses)[op->actor]++;
            }
        }
    }
    for (unsigned c = 0; c < TW_MPC_BOARD_CPUS; c++) {
        g_assert_cmpuint(accesses[c], >, 10 * PROGRAMS);
        g_assert_cmpuint(changes[c], >, 5 * PROGRAMS);
    }
    g_assert_cmpuint(explicit_, >, PROGRAMS / 2);
    g_assert_cmpuint(explicit_, <, PROGRAMS);
    g_assert_cmpuint(safepoints, >, PROGRAMS);
    g_assert_cmpuint(j->stats.windows, >, PROGRAMS / 8);
    judge_free(j);
}

static void test_mutants(gconstpointer dialect)
{
    Judge *j = judge_new("softmmu");

    j->dialect = *(const TwDialect *)dialect;
    for (unsigned n = 0; n < PROGRAMS; n++) {
        TwRng rng = tw_rng_for(13, n);

        make(j, n);
        for (unsigned i = 0; i < 4; i++) {
            tw_mutate(&program, &j->dialect, 1u << TW_PROFILE_BALANCED, &rng);
            expect_inside(j, n);
        }
    }
    judge_free(j);
}

/* Runs that change an MPC (LA-52), most of them after they have run before. */
static void test_runs(gconstpointer dialect)
{
    Judge *j = judge_new("softmmu");
    unsigned changes = 0, again = 0;

    j->dialect = *(const TwDialect *)dialect;
    for (unsigned n = 0; n < PROGRAMS; n++) {
        make(j, n);
        expect_inside(j, n);
        for (unsigned i = 1; i < program.n_script; i++) {
            bool before = false;

            if (!(program.script[i].flags & TW_OPF_DURING)) {
                continue;
            }
            for (unsigned k = 0; k < i - 1; k++) {
                before |= program.script[k].code == TW_OP_EXEC &&
                          program.script[k].addr == program.script[i - 1].addr;
            }
            changes++;
            again += before;
        }
    }
    g_assert_cmpuint(changes, >, PROGRAMS / 10);
    g_assert_cmpuint(again, >, changes / 2);
    judge_free(j);
}

/* Bugs of what a TLB keeps of an MPC, and of what one CPU tells the other, are
 * found. */
static void test_finds(gconstpointer name)
{
    Judge *j = judge_new(name);
    unsigned found = 0;

    j->dialect = test_mpc_board_of_two(false);
    for (unsigned n = 0; n < PROGRAMS && found == 0; n++) {
        make(j, n);
        found += tw_verdict_is_finding(judge(j));
    }
    g_assert_cmpuint(found, >, 0);
    judge_free(j);
}

int main(int argc, char **argv)
{
    TwDialect one = test_mpc_board_dialect(true);
    TwDialect two = test_mpc_board_of_two(true);

    TwDialect runs = test_mpc_board_of_two(true);

    runs.contents = 1u << TW_CONTENTS_DATA | 1u << TW_CONTENTS_RUNS_THUMB;
    runs.op_flags = TW_OPF_DURING;
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/mpc-board/agrees", test_agrees);
    g_test_add_func("/mpc-board/two-cpus", test_two_cpus);
    g_test_add_data_func("/mpc-board/mutants", &one, test_mutants);
    g_test_add_data_func("/mpc-board/mutants-of-two", &two, test_mutants);
    g_test_add_data_func("/mpc-board/mutants-of-runs", &runs, test_mutants);
    g_test_add_data_func("/mpc-board/runs", &runs, test_runs);
    g_test_add_data_func("/mpc-board/finds/wrong-as-section",
                         "zoo:wrong-as-section", test_finds);
    g_test_add_data_func("/mpc-board/finds/first-notifier-only",
                         "zoo:first-notifier-only", test_finds);
    g_test_add_data_func("/mpc-board/finds/no-implied-safe-point",
                         "zoo:no-implied-safe-point", test_finds);
    g_test_add_data_func("/mpc-board/finds/unmap-not-queued",
                         "zoo:unmap-not-queued", test_finds);
    return g_test_run();
}
