/* SPDX-License-Identifier: MIT */
/* Sweeps of one case of the corpus: what is told of the allocation that fails,
 * and memory that is lost then (in builds with AddressSanitizer). */
#include <string.h>

#include "reports/sweep/sweep.h"

int __lsan_do_recoverable_leak_check(void) __attribute__((weak));

typedef struct Swept {
    unsigned n;
    TwSweepResult result;
} Swept;

static void is_done(const TwCheckCase *one, const TwSweepResult *result,
                    void *data)
{
    Swept *swept = data;

    (void)one;
    swept->result = *result;
    swept->n++;
}

/* Sweeps RU-8-no-memory.tw on softmmu, which tells `tell` what it does. */
static Swept sweep(void (*tell)(void *data, uint16_t op, const char *kind,
                                const char *text))
{
    g_autofree char *path = g_build_filename(
        g_getenv("TWINWALK_CORPUS"), "rules", "RU-8-no-memory.tw", NULL);
    TwTeller teller = {tell, NULL};
    TwCheckJob check = {.n_targets = 1, .times = 1, .jobs = 1};
    Swept swept = {0};
    GError *error = NULL;

    tw_check_init(&check);
    check.targets[0].name = "softmmu";
    check.targets[0].teller = tell ? &teller : NULL;
    g_assert_true(tw_check_open(&check, &error));
    g_assert_true(tw_check_add(&check, path, &error));
    g_assert_true(tw_check_read(&check, &error));
    g_assert_true(tw_sweep_run(&check, is_done, NULL, &swept, &error));
    g_assert_cmpuint(swept.n, ==, 1);
    tw_check_clear(&check);
    return swept;
}

static void test_clean(void)
{
    Swept swept = sweep(NULL);

    g_assert_false(swept.result.skipped);
    g_assert_cmpuint(swept.result.runs, >, 4);
    g_assert_cmpuint(swept.result.bad, ==, 0);
}

static __attribute__((noinline)) void lose(size_t size)
{
    char *volatile lost = g_malloc(size);

    lost[0] = 1;
    lost = NULL;
}

/* A target that loses memory whenever it cannot register an observer. */
static void forget_observer(void *data, uint16_t op, const char *kind,
                            const char *text)
{
    (void)data;
    (void)op;
    if (strcmp(kind, "no-memory") == 0 && strstr(text, "an observer")) {
        lose(4321);
    }
}

static void test_leak(void)
{
    Swept swept;

    if (!__lsan_do_recoverable_leak_check) {
        g_test_skip("built without AddressSanitizer");
        return;
    }
    swept = sweep(forget_observer);
    g_assert_cmpuint(swept.result.bad, >=, 1);
    g_assert_true(swept.result.lost);
    g_assert_cmpint(swept.result.finding.verdict, ==, TW_VERDICT_CRASH);
    g_assert_cmpint(swept.result.finding.again, ==, 1);
    g_assert_cmpstr(swept.result.what, ==, "an observer");
    g_assert_cmpstr(swept.result.finding.key, ==, "CrsSoftmmu");
    g_assert_nonnull(
        strstr(swept.result.finding.text, "4321 bytes in 1 block,"));
    g_assert_nonnull(strstr(swept.result.finding.text, "  forget_observer\n"));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/sweep/RU-8/clean", test_clean);
    g_test_add_func("/sweep/RU-8/lost-memory", test_leak);
    return g_test_run();
}
