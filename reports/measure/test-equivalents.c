/* SPDX-License-Identifier: MIT */
/*
 * Right targets beside softmmu are called right, others are reported: by the
 * same program and key as in a campaign, and if they crash or hang, too.
 */
#include <string.h>

#include "fuzz/campaign/test-trap.h"
#include "reports/measure/equivalents.h"

enum { PROGRAMS = 600 };

static void run(const char *const *names, unsigned n, unsigned jobs,
                TwEquivalentsRun *result)
{
    static volatile int stop;
    TwZooRun zoo = {.seed = SEED, .jobs = jobs, .stop = &stop};
    GError *error = NULL;

    memset(result, 0, sizeof(*result));
    g_assert_true(tw_equivalents_run(&zoo, names, n, PROGRAMS, result, &error));
    g_assert_no_error(error);
    g_assert_false(result->interrupted);
    g_assert_cmpuint(result->n, ==, n + 1);
}

/* The first program of the seed in the trap. */
static uint64_t first_trapped(void)
{
    g_autofree TwProgram *program = g_new(TwProgram, 1);
    TwTargetOptions options = {.name = "softmmu"};
    TwTarget *target = tw_target_open(&options, NULL);
    uint64_t number = 0;

    for (;; number++) {
        tw_campaign_program(program, SEED, number, TW_PROFILES,
                            tw_target_dialect(target), NULL, NULL);
        if (trapped(program)) {
            tw_target_close(target);
            return number;
        }
    }
}

/* Their traces are softmmu's, so the oracle is asked about softmmu alone. */
static void test_same(void)
{
    static const char *const names[] = {"right", "right"};
    TwEquivalentsRun result;

    run(names, 2, 2, &result);
    for (unsigned t = 0; t < result.n; t++) {
        g_assert_cmpuint(result.results[t].programs, ==, PROGRAMS);
        g_assert_cmpuint(result.results[t].judged, ==, t == 0 ? PROGRAMS : 0);
        g_assert_false(result.results[t].reported);
    }
    g_assert_cmpuint(result.programs, ==, PROGRAMS);
    g_assert_cmpuint(result.accesses, >, PROGRAMS);
}

/* One is wrong: it is reported, and the other goes on. */
static void test_wrong(void)
{
    static const char *const names[] = {"wrong", "right"};
    uint64_t number = first_trapped();
    TwEquivalentsRun one, two;

    g_assert_cmpuint(number, <, PROGRAMS);
    run(names, 2, 1, &one);
    run(names, 2, 2, &two);
    g_assert_true(one.results[1].reported);
    g_assert_cmpuint(one.results[1].number, ==, number);
    g_assert_cmpuint(one.results[1].programs, ==, number + 1);
    g_assert_cmpuint(one.results[1].judged, ==, 1);
    g_assert_cmpuint(one.results[1].verdict, ==, TW_VERDICT_INVARIANT);
    g_assert_false(one.results[0].reported || one.results[2].reported);
    g_assert_cmpuint(one.results[2].programs, ==, PROGRAMS);
    for (unsigned t = 0; t < one.n; t++) {
        g_assert_cmpuint(one.results[t].programs, ==, two.results[t].programs);
        g_assert_cmpuint(one.results[t].judged, ==, two.results[t].judged);
        g_assert_cmpuint(one.results[t].number, ==, two.results[t].number);
        g_assert_cmpstr(one.results[t].key, ==, two.results[t].key);
    }
}

/* One ends its process, or never ends. */
static void check_lost(const char *name, TwVerdict verdict)
{
    const char *const names[] = {"right", name};
    TwEquivalentsRun result;

    run(names, 2, 2, &result);
    g_assert_true(result.results[2].reported);
    g_assert_cmpuint(result.results[2].number, ==, first_trapped());
    g_assert_cmpuint(result.results[2].verdict, ==, verdict);
    g_assert_false(result.results[0].reported || result.results[1].reported);
}

static void test_crash(void)
{
    check_lost("segv", TW_VERDICT_CRASH);
}

static void test_hang(void)
{
    check_lost("hang", TW_VERDICT_HANG);
}

static void test_refused(void)
{
    static const char *const names[] = {"none"};
    TwZooRun zoo = {.seed = SEED, .jobs = 1};
    GError *error = NULL;
    TwEquivalentsRun result = {0};

    g_assert_false(
        tw_equivalents_run(&zoo, names, 1, PROGRAMS, &result, &error));
    g_assert_error(error, TW_TARGET_ERROR, TW_TARGET_ERROR_USAGE);
    g_error_free(error);
}

int main(int argc, char **argv)
{
    main_pid = getpid();
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/equivalents/same", test_same);
    g_test_add_func("/equivalents/wrong", test_wrong);
    g_test_add_func("/equivalents/crash", test_crash);
    g_test_add_func("/equivalents/hang", test_hang);
    g_test_add_func("/equivalents/refused", test_refused);
    return g_test_run();
}
