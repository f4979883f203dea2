/* SPDX-License-Identifier: MIT */
/* Figures, and that bench measures what it says. */
#include <glib.h>

#include "reports/measure/bench.h"
#include "reports/measure/figures.h"
#include "reports/measure/scale.h"
#include "reports/measure/zoo.h"

static void test_median(void)
{
    double three[] = {3, 1, 2}, four[] = {4, 1, 3, 2}, one[] = {7};

    g_assert_cmpfloat(tw_median(three, 3), ==, 2);
    g_assert_cmpfloat(tw_median(four, 4), ==, 2);
    g_assert_cmpfloat(tw_median(one, 1), ==, 7);
    g_assert_cmpfloat(tw_median(one, 0), ==, 0);
    g_assert_cmpfloat(three[0], ==, 1); /* sorted */
}

static void test_grouping(void)
{
    /* Three classes, groups across. */
    static const unsigned right[] = {5, 0, 0, 0, 7, 0, 0, 0, 2};
    static const unsigned lumped[] = {5, 0, 0, 7, 0, 0, 2, 0, 0};
    static const unsigned split[] = {3, 2, 0, 0, 0, 7, 0, 0, 2};
    TwGrouping g = tw_grouping_of(right, 3, 3);

    g_assert_cmpfloat(g.index, ==, 1);
    g_assert_cmpfloat(g.groups, ==, 1);
    g = tw_grouping_of(lumped, 3, 3);
    g_assert_cmpfloat_with_epsilon(g.index, 0, 1e-9);
    g_assert_cmpfloat(g.groups, ==, 1);
    g = tw_grouping_of(split, 3, 3);
    g_assert_cmpfloat(g.index, >, 0);
    g_assert_cmpfloat(g.index, <, 1);
    /* Steinley 2004, table 2: 2 classes, 3 groups of 6 things. */
    g = tw_grouping_of((const unsigned[]){2, 1, 0, 0, 1, 2}, 2, 3);
    g_assert_cmpfloat_with_epsilon(g.index, 0.2424242, 1e-6);
    g_assert_cmpfloat(g.groups, ==, 2);
}

/* By hand: rows {2,1,0} and {0,1,2}. */
static void test_pairs(void)
{
    /* Two classes of 3: 3 pairs each.  In one group and one class: {2}, {2}: 2
     * pairs.  Groups of 2, 2, 2: 3 pairs. */
    TwGrouping g = tw_grouping_of((const unsigned[]){2, 1, 0, 0, 1, 2}, 2, 3);
    unsigned many[10 * 10] = {0};

    g_assert_cmpfloat_with_epsilon(g.precision, 2.0 / 3, 1e-9);
    g_assert_cmpfloat_with_epsilon(g.recall, 2.0 / 6, 1e-9);
    g_assert_cmpfloat(g.most, ==, 2);
    /* All in one group, and no pair at all. */
    g = tw_grouping_of((const unsigned[]){4, 4}, 2, 1);
    g_assert_cmpfloat_with_epsilon(g.precision, 12.0 / 28, 1e-9);
    g_assert_cmpfloat(g.recall, ==, 1);
    g = tw_grouping_of((const unsigned[]){1, 0, 0, 1}, 2, 2);
    g_assert_cmpfloat(g.precision, ==, 1);
    g_assert_cmpfloat(g.recall, ==, 1);
    /* Ten classes, the n-th in n groups; then one more that is empty. */
    for (unsigned c = 0; c < 10; c++) {
        for (unsigned i = 0; i <= c; i++) {
            many[c * 10 + i] = 1;
        }
    }
    g = tw_grouping_of(many, 10, 10);
    g_assert_cmpfloat(g.groups, ==, 5);
    g_assert_cmpfloat(g.nine_of_ten, ==, 9);
    g_assert_cmpfloat(g.most, ==, 10);
    g = tw_grouping_of((const unsigned[]){0, 0, 1, 1}, 2, 2);
    g_assert_cmpfloat(g.groups, ==, 2);
    g_assert_cmpfloat(g.nine_of_ten, ==, 2);
    g = tw_grouping_of((const unsigned[]){0}, 0, 0);
    g_assert_cmpfloat(g.most, ==, 0);
}

static void test_loop(void)
{
    TwTargetOptions options = {.name = "softmmu"};
    GError *error = NULL;
    TwBenchLoop loop;

    g_assert_true(tw_bench_loop(&options, NULL, TW_PROFILE_BALANCED, 0.001,
                                &loop, &error));
    g_assert_no_error(error);
    g_assert_cmpuint(loop.programs, >, 0);
    g_assert_cmpuint(loop.stats.programs, ==, loop.programs);
    g_assert_cmpuint(loop.regions, >, loop.programs);
    g_assert_cmpuint(loop.bytes, >, 0);
    g_assert_cmpuint(loop.findings, ==, 0);
    g_assert_cmpfloat(loop.generate, >, 0);
    g_assert_cmpfloat(loop.whole, >, 0);
    options.name = "none";
    g_assert_false(tw_bench_loop(&options, NULL, TW_PROFILE_BALANCED, 0.001,
                                 &loop, &error));
    g_assert_error(error, TW_TARGET_ERROR, TW_TARGET_ERROR_USAGE);
    g_clear_error(&error);
}

static void test_micro(void)
{
    TwTargetOptions options = {.name = "softmmu"};
    TwBenchMicro micro = {0};
    GError *error = NULL;
    char why[160];

    g_assert_true(
        tw_bench_micro(&options, 0.01, &micro, why, sizeof(why), &error));
    g_assert_no_error(error);
    g_assert_cmpuint(micro.depths, ==, TW_BENCH_DEPTHS);
    g_assert_cmpfloat(micro.fill[0], >, 0);
    g_assert_cmpfloat(micro.walk[TW_BENCH_DEPTHS - 1], >, 0);
}

/* All sizes are measured: softmmu has no finding in any. */
static void test_scale(void)
{
    TwTargetOptions options = {.name = "softmmu"};
    static const unsigned most[TW_SCALE_PARTS] = {252, 240,  252,  15,  15,
                                                  4,   1024, 1024, 1536};
    TwScaleRow rows[TW_SCALE_PARTS];
    GError *error = NULL;

    g_assert_true(tw_bench_scale(&options, 0.05, rows, &error));
    g_assert_no_error(error);
    for (TwScalePart part = 0; part < TW_SCALE_PARTS; part++) {
        unsigned n = rows[part].sizes;

        g_assert_cmpuint(n, >, 2);
        g_assert_cmpuint(rows[part].size[n - 1], ==, most[part]);
        for (unsigned i = 0; i < rows[part].sizes; i++) {
            g_assert_cmpfloat(rows[part].target[i], >, 0);
            g_assert_cmpfloat(rows[part].judge[i], >, 0);
        }
    }
    options.name = "none";
    g_assert_false(tw_bench_scale(&options, 0.05, rows, &error));
    g_assert_error(error, TW_TARGET_ERROR, TW_TARGET_ERROR_USAGE);
    g_clear_error(&error);
}

/* The first bug is found, fits, replays and shrinks; n of its findings too. */
static bool take(const TwCampaignCase *raw, const TwProgram *program,
                 const TwShrunk *shrunk, void *data, GError **error)
{
    unsigned *taken = data;

    (void)error;
    g_assert_true(shrunk->same);
    g_assert_cmpstr(shrunk->key, ==, raw->finding.key);
    g_assert_cmpuint(shrunk->finding.op, <, program->n_script);
    (*taken)++;
    return true;
}

static void test_zoo(void)
{
    volatile int stop = 0;
    TwZooRun zoo = {.seed = 1, .seconds = 60, .jobs = 2, .stop = &stop};
    GError *error = NULL;
    TwZooCaught caught;
    TwZooShrunk sums;
    unsigned n, taken = 0;

    g_assert_true(tw_zoo_catch(&zoo, tw_zoo_bugs(&n), &caught, &error));
    g_assert_no_error(error);
    g_assert_true(caught.found && caught.fits && caught.replays &&
                  caught.shrinks);
    g_assert_true(tw_zoo_shrink(&zoo, "zoo:rights-not-anded", 3, take, &taken,
                                &sums, &error));
    g_assert_no_error(error);
    g_assert_cmpuint(sums.found, ==, 3);
    g_assert_cmpuint(taken, ==, 3);
    g_assert_cmpuint(sums.keys, ==, 3); /* of as many as there are */
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/figures/median", test_median);
    g_test_add_func("/figures/grouping", test_grouping);
    g_test_add_func("/figures/pairs", test_pairs);
    g_test_add_func("/bench/loop", test_loop);
    g_test_add_func("/bench/micro", test_micro);
    g_test_add_func("/bench/scale", test_scale);
    g_test_add_func("/zoo", test_zoo);
    return g_test_run();
}
