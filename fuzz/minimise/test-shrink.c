/* SPDX-License-Identifier: MIT */
/* Shrinking a case on a target: the key stays; a case without one is not
 * changed.
 */
#include <string.h>

#include "fuzz/campaign/campaign.h"
#include "fuzz/minimise/shrink.h"

static const char *const bug = "zoo:second-hop-unregistered";

/* The first program of a campaign that is a finding; its key in `key`. */
static void raw_finding(TwRunner *runner, TwProgram *program,
                        char key[TW_KEY_SIZE])
{
    for (uint64_t number = 0;; number++) {
        TwFinding finding;

        tw_campaign_program(program, 5, number, TW_PROFILES,
                            tw_runner_dialect(runner), NULL, NULL);
        tw_runner_run(runner, program, &finding, NULL, NULL);
        if (tw_verdict_is_finding(finding.verdict)) {
            memcpy(key, finding.key, TW_KEY_SIZE);
            return;
        }
        g_assert_cmpuint(number, <, 3000);
    }
}

typedef struct Board {
    TwRunner *runner;
    TwProgram *program, *raw;
    char key[TW_KEY_SIZE];
} Board;

static void set_up(Board *b, gconstpointer data)
{
    TwTargetOptions options = {.name = bug};

    (void)data;
    b->runner = tw_runner_new(&options, NULL);
    b->program = g_new(TwProgram, 1);
    b->raw = g_new(TwProgram, 1);
    raw_finding(b->runner, b->raw, b->key);
    tw_program_copy(b->program, b->raw);
}

static void tear_down(Board *b, gconstpointer data)
{
    (void)data;
    tw_runner_free(b->runner);
    g_free(b->program);
    g_free(b->raw);
}

static void shrink(Board *b, const TwShrink *how, TwShrunk *result)
{
    GError *error = NULL;

    tw_shrink(how, tw_runner_dialect(b->runner), b->program, result, &error);
    g_assert_no_error(error);
}

static void test_keeps_key(Board *b, gconstpointer data)
{
    TwShrink how = {.target.name = bug, .jobs = 2, .seconds = 60};
    TwShrunk result;

    (void)data;
    shrink(b, &how, &result);
    g_assert_true(result.found && result.same && !result.cut_short);
    g_assert_cmpstr(result.key, ==, b->key);
    g_assert_cmpstr(result.finding.key, ==, b->key);
    g_assert_cmpuint(result.stats.ops_after, <, result.stats.ops_before);
    g_assert_cmpuint(result.stats.lines_after, <=, 12);
}

/* With a key that the case does not have, the case is not changed. */
static void test_no_such_key(Board *b, gconstpointer data)
{
    TwShrink how = {.target.name = bug,
                    .jobs = 1,
                    .budget = 40,
                    .expect = "StaZooNoSuchKey"};
    TwShrunk result;

    (void)data;
    shrink(b, &how, &result);
    g_assert_false(result.found);
    g_assert_cmpuint(b->program->n_script, ==, b->raw->n_script);
    /* And one that is clean has none to keep: nothing is tried. */
    how = (TwShrink){.target.name = "softmmu", .jobs = 1};
    shrink(b, &how, &result);
    g_assert_false(result.found);
    g_assert_cmpuint(result.stats.tried, ==, 0);
    g_assert_cmpstr(result.key, ==, "");
}

static void test_stopped(Board *b, gconstpointer data)
{
    volatile int stop = 1;
    TwShrink how = {.target.name = bug, .jobs = 1, .stop = &stop};
    TwShrunk result;

    (void)data;
    shrink(b, &how, &result);
    g_assert_true(result.cut_short && result.same);
    g_assert_cmpuint(result.stats.kept, <=, 1);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add("/shrink/keeps-key", Board, NULL, set_up, test_keeps_key,
               tear_down);
    g_test_add("/shrink/no-such-key", Board, NULL, set_up, test_no_such_key,
               tear_down);
    g_test_add("/shrink/stopped", Board, NULL, set_up, test_stopped, tear_down);
    return g_test_run();
}
