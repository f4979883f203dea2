/* SPDX-License-Identifier: MIT */
/* The results of a check, for made-up outcomes and for the cases of the zoo. */
#include <string.h>

#include "reports/check/check.h"

#define KEY "StaZooRdRamHopUnm"

/* A verdict and a key on one target; what is noted; what that is. */
static void test_notes(void)
{
    static const struct {
        const char *noted; /* NULL: nothing */
        TwVerdict verdict;
        const char *key;
        uint8_t known;
        TwCheckStatus status;
        bool failed[3]; /* no-worse, noted, clean */
    } cases[] = {
        {NULL, TW_VERDICT_AGREE, "", 0, TW_CHECK_AS_NOTED, {0, 0, 0}},
        {NULL, TW_VERDICT_STALE, KEY, 0, TW_CHECK_NEW, {1, 1, 1}},
        {NULL, TW_VERDICT_STALE, KEY, 1, TW_CHECK_KNOWN, {0, 0, 1}},
        {KEY, TW_VERDICT_STALE, KEY, 0, TW_CHECK_AS_NOTED, {0, 0, 1}},
        {KEY, TW_VERDICT_AGREE, "", 0, TW_CHECK_FIXED, {0, 1, 0}},
        {KEY, TW_VERDICT_PERM, "PrmZooWr", 0, TW_CHECK_DIFFERS, {1, 1, 1}},
        {KEY, TW_VERDICT_FLAKY, KEY, 0, TW_CHECK_FLAKY, {0, 0, 1}},
        {KEY, TW_VERDICT_UNSUPPORTED, "", 0, TW_CHECK_SKIPPED, {0, 0, 0}},
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
        for (TwCheckWant want = 0; want <= TW_CHECK_WANT_CLEAN; want++) {
            TwCheckJob check = {.n_targets = 1, .want = want};
            TwCheckCase one = {.key = (char *)cases[i].noted,
                               .expects = cases[i].noted != NULL};
            TwFinding *finding = &one.outcomes[0].finding;

            finding->verdict = (uint8_t)cases[i].verdict;
            finding->known = cases[i].known;
            g_strlcpy(finding->key, cases[i].key, sizeof(finding->key));
            tw_check_judge(&check, &one);
            g_assert_cmpint(one.status, ==, cases[i].status);
            g_assert_cmpint(one.failed, ==, cases[i].failed[want]);
        }
    }
}

static void test_against(void)
{
    static const struct {
        TwVerdict a, b;
        const char *key_a, *key_b;
        TwCheckStatus status;
        bool failed;
    } cases[] = {
        {TW_VERDICT_AGREE, TW_VERDICT_AGREE, "", "", TW_CHECK_SAME, false},
        {TW_VERDICT_STALE, TW_VERDICT_STALE, KEY, KEY, TW_CHECK_SAME, false},
        {TW_VERDICT_STALE, TW_VERDICT_PERM, KEY, "PrmZooWr", TW_CHECK_DIFFERS,
         true},
        {TW_VERDICT_AGREE, TW_VERDICT_STALE, "", KEY, TW_CHECK_WORSE, true},
        {TW_VERDICT_STALE, TW_VERDICT_AGREE, KEY, "", TW_CHECK_BETTER, false},
        {TW_VERDICT_STALE, TW_VERDICT_FLAKY, KEY, KEY, TW_CHECK_FLAKY, false},
        {TW_VERDICT_INCONCLUSIVE, TW_VERDICT_STALE, "", KEY, TW_CHECK_SKIPPED,
         false},
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
        TwCheckJob check = {.n_targets = 2};
        TwCheckCase one = {.path = NULL};

        one.outcomes[0].finding.verdict = (uint8_t)cases[i].a;
        one.outcomes[1].finding.verdict = (uint8_t)cases[i].b;
        g_strlcpy(one.outcomes[0].finding.key, cases[i].key_a, TW_KEY_SIZE);
        g_strlcpy(one.outcomes[1].finding.key, cases[i].key_b, TW_KEY_SIZE);
        tw_check_judge(&check, &one);
        g_assert_cmpint(one.status, ==, cases[i].status);
        g_assert_cmpint(one.failed, ==, cases[i].failed);
    }
}

static void count(TwCheckJob *check, TwCheckCase *one, void *data)
{
    unsigned *done = data;

    /* In the order of their paths. */
    g_assert_true(one == g_ptr_array_index(check->cases, *done));
    (*done)++;
}

/* The cases of the zoo are noted for their bugs; softmmu has none of them. */
static void test_corpus(void)
{
    g_autofree char *folder =
        g_strdup_printf("%s/zoo", g_getenv("TWINWALK_CORPUS"));
    TwCheckJob check = {.targets = {{.name = "softmmu"}},
                        .n_targets = 1,
                        .times = 1,
                        .jobs = 2};
    GError *error = NULL;
    unsigned done = 0;

    tw_check_init(&check);
    g_assert_true(tw_check_open(&check, &error));
    g_assert_true(tw_check_add(&check, folder, &error));
    g_assert_true(tw_check_read(&check, &error));
    g_assert_true(tw_check_run(&check, count, &done, &error));
    g_assert_no_error(error);
    g_assert_cmpuint(done, ==, check.cases->len);
    g_assert_cmpuint(done, >=, 12);
    g_assert_cmpuint(check.failed, ==, 0);
    g_assert_cmpuint(check.totals[TW_CHECK_FIXED] +
                         check.totals[TW_CHECK_AS_NOTED],
                     ==, done);
    tw_check_clear(&check);
}

static void test_errors(void)
{
    TwCheckJob check = {.targets = {{.name = "none"}}, .n_targets = 1};
    GError *error = NULL;

    tw_check_init(&check);
    g_assert_false(tw_check_open(&check, &error));
    g_assert_error(error, TW_TARGET_ERROR, TW_TARGET_ERROR_USAGE);
    g_clear_error(&error);
    g_assert_true(tw_check_add(&check, "/no/such/case.tw", &error));
    g_assert_false(tw_check_read(&check, &error));
    g_assert_nonnull(error);
    g_clear_error(&error);
    tw_check_clear(&check);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/check/against-notes", test_notes);
    g_test_add_func("/check/against-another", test_against);
    g_test_add_func("/check/corpus", test_corpus);
    g_test_add_func("/check/errors", test_errors);
    return g_test_run();
}
