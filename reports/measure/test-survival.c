/* SPDX-License-Identifier: MIT */
/* Curves of survival: a data set of textbooks, and small ones by hand. */
#include <glib.h>

#include "reports/measure/survival.h"

/*
 * Weeks to relapse of 42 children with leukaemia (Freireich et al., Blood 21,
 * 1963; an example of many textbooks): the 21 that got 6-MP, of whom 12 were in
 * remission when they were last seen, and the 21 of the control group.
 */
static const TwSurvivalTime treated[] = {
    {6, true},   {6, true},   {6, true},   {6, false}, {7, true},   {9, false},
    {10, true},  {10, false}, {11, false}, {13, true}, {16, true},  {17, false},
    {19, false}, {20, false}, {22, true},  {23, true}, {25, false}, {32, false},
    {32, false}, {34, false}, {35, false},
};
static const double control[] = {1, 1, 2,  2,  3,  4,  4,  5,  5,  8, 8,
                                 8, 8, 11, 11, 12, 12, 15, 17, 22, 23};

enum { CHILDREN = G_N_ELEMENTS(treated) };

/* By hand: the shares are 18/21, that times 16/17, times 14/15, ... */
static void test_textbook(void)
{
    static const struct {
        double time, share, error;
        unsigned at_risk, events;
    } wanted[] = {
        {6, 18. / 21, 0.0764, 21, 3},  {7, 16. / 17, 0.0869, 17, 1},
        {10, 14. / 15, 0.0963, 15, 1}, {13, 11. / 12, 0.1068, 12, 1},
        {16, 10. / 11, 0.1141, 11, 1}, {22, 6. / 7, 0.1282, 7, 1},
        {23, 5. / 6, 0.1346, 6, 1},
    };
    double share = 1;
    TwSurvivalTime times[CHILDREN];
    TwSurvivalStep steps[CHILDREN];

    for (unsigned i = 0; i < CHILDREN; i++) { /* in another order */
        times[i] = treated[(i * 5 + 3) % CHILDREN];
    }
    g_assert_cmpuint(tw_survival_curve(times, CHILDREN, steps), ==,
                     G_N_ELEMENTS(wanted));
    for (unsigned i = 0; i < G_N_ELEMENTS(wanted); i++) {
        g_assert_cmpfloat(steps[i].time, ==, wanted[i].time);
        g_assert_cmpuint(steps[i].at_risk, ==, wanted[i].at_risk);
        g_assert_cmpuint(steps[i].events, ==, wanted[i].events);
        share *= wanted[i].share;
        g_assert_cmpfloat_with_epsilon(steps[i].share, share, 1e-12);
        g_assert_cmpfloat_with_epsilon(steps[i].variance,
                                       wanted[i].error * wanted[i].error, 2e-5);
    }
    g_assert_cmpfloat(tw_survival_median(steps, G_N_ELEMENTS(wanted)), ==, 23);
}

/*
 * By hand, at week 6: the share is 18/21 = 6/7, Greenwood's sum 3/(21 * 18) =
 * 1/126, -log(6/7) = 0.154151, so the width is 1.959964 * 0.089087 / 0.154151 =
 * 1.132707; e to it is 3.104046; (6/7)^3.104046 = 0.619718, and
 * (6/7)^(1/3.104046) = 0.951552.
 */
static void test_band(void)
{
    TwSurvivalTime times[CHILDREN];
    TwSurvivalStep steps[CHILDREN];

    for (unsigned i = 0; i < CHILDREN; i++) {
        times[i] = treated[i];
    }
    tw_survival_curve(times, CHILDREN, steps);
    g_assert_true(steps[0].has_band);
    g_assert_cmpfloat_with_epsilon(steps[0].low, 0.619718, 2e-5);
    g_assert_cmpfloat_with_epsilon(steps[0].high, 0.951552, 2e-5);
}

/* Where all end with an event, the mean is that of the times; up to a limit,
 * that of the smaller of both. */
static void test_mean(void)
{
    enum { N = G_N_ELEMENTS(control) };
    TwSurvivalTime times[MAX(N, CHILDREN)];
    TwSurvivalStep steps[MAX(N, CHILDREN)];
    double error;
    unsigned n;

    for (unsigned i = 0; i < N; i++) {
        times[i] = (TwSurvivalTime){control[i], true};
    }
    n = tw_survival_curve(times, N, steps);
    g_assert_false(steps[n - 1].has_band); /* nobody is left */
    g_assert_cmpfloat(steps[n - 1].share, ==, 0);
    g_assert_cmpfloat_with_epsilon(tw_survival_mean(steps, n, 35, &error),
                                   182.0 / 21, 1e-9);
    /* 42 weeks up to the 5th, and 12 times 5: 5 and more. */
    g_assert_cmpfloat_with_epsilon(tw_survival_mean(steps, n, 5, &error),
                                   (17.0 + 14 * 5) / 21, 1e-9);
    g_assert_cmpfloat(tw_survival_mean(steps, n, 0.5, &error), ==, 0.5);
    g_assert_cmpfloat(error, ==, 0);
    for (unsigned i = 0; i < CHILDREN; i++) {
        times[i] = treated[i];
    }
    n = tw_survival_curve(times, CHILDREN, steps);
    /* By hand: 6 + 0.857 + 3 * 0.807 + 3 * 0.753 + 3 * 0.690 + 6 * 0.627 +
     * 0.538 + 12 * 0.448 = 23.29. */
    g_assert_cmpfloat_with_epsilon(tw_survival_mean(steps, n, 35, &error),
                                   23.29, 0.01);
    g_assert_cmpfloat_with_epsilon(error, 2.83, 0.01);
}

/* Events at 1 and 3 of four; the others end at 2 and 4.  Shares 3/4 and 3/8;
 * the mean up to 4 is 1 + 2 * 3/4 + 3/8 = 2.875.  Its variance: (15/8)^2 / 12 +
 * (3/8)^2 / 2. */
static void test_by_hand(void)
{
    TwSurvivalTime times[] = {{4, false}, {1, true}, {3, true}, {2, false}};
    TwSurvivalStep steps[4];
    double error;

    g_assert_cmpuint(tw_survival_curve(times, 4, steps), ==, 2);
    g_assert_cmpfloat_with_epsilon(steps[0].share, 0.75, 1e-12);
    g_assert_cmpfloat_with_epsilon(steps[1].share, 0.375, 1e-12);
    g_assert_cmpfloat(tw_survival_median(steps, 2), ==, 3);
    g_assert_cmpfloat_with_epsilon(tw_survival_mean(steps, 2, 4, &error), 2.875,
                                   1e-12);
    g_assert_cmpfloat_with_epsilon(error * error,
                                   225.0 / 64 / 12 + 9.0 / 64 / 2, 1e-12);
}

/* Nothing happens; an end and an event at one time: the event was at risk. */
static void test_edges(void)
{
    TwSurvivalTime none[] = {{5, false}, {5, false}};
    TwSurvivalTime tie[] = {{5, false}, {5, true}};
    TwSurvivalStep steps[2];
    double error;

    g_assert_cmpuint(tw_survival_curve(none, 0, steps), ==, 0);
    g_assert_cmpuint(tw_survival_curve(none, 2, steps), ==, 0);
    g_assert_cmpfloat(tw_survival_median(steps, 0), <, 0);
    g_assert_cmpfloat(tw_survival_mean(steps, 0, 5, &error), ==, 5);
    g_assert_cmpfloat(error, ==, 0);
    g_assert_cmpuint(tw_survival_curve(tie, 2, steps), ==, 1);
    g_assert_cmpuint(steps[0].at_risk, ==, 2);
    g_assert_cmpfloat(steps[0].share, ==, 0.5);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/survival/textbook", test_textbook);
    g_test_add_func("/survival/band", test_band);
    g_test_add_func("/survival/mean", test_mean);
    g_test_add_func("/survival/by-hand", test_by_hand);
    g_test_add_func("/survival/edges", test_edges);
    return g_test_run();
}
