/* SPDX-License-Identifier: MIT */
/*
 * Equivalents of the zoo are right, so random programs find nothing in them.
 * But they are no softmmu under another name: each counts something else.
 * `twinwalk zoo --equivalents` runs more programs.
 */
#include <string.h>

#include "fuzz/campaign/campaign.h"
#include "fuzz/run/runner.h"
#include "targets/zoo/zoo.h"

enum { PROGRAMS = 1200, MORE = 10 /* times as many with TW_LONG */ };

static TwProgram program;
static TwTrace trace;

static unsigned n_programs(void)
{
    return g_getenv("TW_LONG") ? MORE * PROGRAMS : PROGRAMS;
}

/* What is counted (fills, hits, renderings and others) in the programs. */
static void count_all(const char *name, uint64_t counters[TW_COUNTERS])
{
    TwTargetOptions options = {.name = name};
    g_autoptr(GError) error = NULL;
    TwTarget *target = tw_target_open(&options, &error);

    g_assert_no_error(error);
    for (unsigned n = 0; n < PROGRAMS; n++) {
        tw_campaign_program(&program, 1, n, TW_PROFILES,
                            tw_target_dialect(target), NULL, NULL);
        tw_target_run(target, &program, &trace);
        for (unsigned i = 0; i < TW_COUNTERS; i++) {
            counters[i] += trace.counters[i];
        }
    }
    tw_target_close(target);
}

static void test_differs(gconstpointer data)
{
    const TwZooBug *equivalent = data;
    g_autofree char *name = g_strconcat("zoo:", equivalent->slug, NULL);
    uint64_t right[TW_COUNTERS] = {0}, here[TW_COUNTERS] = {0};

    count_all("softmmu", right);
    count_all(name, here);
    g_assert_cmpint(memcmp(right, here, sizeof(right)), !=, 0);
}

static void test_nothing(gconstpointer data)
{
    const TwZooBug *equivalent = data;
    g_autofree char *name = g_strconcat("zoo:", equivalent->slug, NULL);
    TwTargetOptions options = {.name = name};
    g_autoptr(GError) error = NULL;
    g_autoptr(TwRunner) runner = tw_runner_new(&options, &error);

    g_assert_no_error(error);
    for (unsigned n = 0; n < n_programs(); n++) {
        TwFinding finding;

        tw_campaign_program(&program, 1, n, TW_PROFILES,
                            tw_runner_dialect(runner), NULL, NULL);
        tw_runner_run(runner, &program, &finding, NULL, NULL);
        if (tw_verdict_is_finding(finding.verdict)) {
            g_error("%s: program %u: %s", name, n, finding.text);
        }
    }
}

/* There are some, and none is a bug or a mutant. */
static void test_rows(void)
{
    g_autoptr(GHashTable) slugs = g_hash_table_new(g_str_hash, g_str_equal);
    const TwZooBug *(*const lists[])(unsigned *) = {tw_zoo_bugs, tw_zoo_mutants,
                                                    tw_zoo_equivalents};
    unsigned n = 0;

    for (unsigned l = 0; l < G_N_ELEMENTS(lists); l++) {
        const TwZooBug *rows = lists[l](&n);

        for (unsigned i = 0; i < n; i++) {
            g_assert_true(g_hash_table_add(slugs, (gpointer)rows[i].slug));
            g_assert_cmpuint(strlen(rows[i].summary), >, 10);
        }
    }
    g_assert_cmpuint(n, >=, 6);
}

int main(int argc, char **argv)
{
    unsigned n;
    const TwZooBug *equivalents = tw_zoo_equivalents(&n);

    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/equivalents/rows", test_rows);
    for (unsigned i = 0; i < n; i++) {
        g_autofree char *nothing =
            g_strconcat("/equivalents/nothing/", equivalents[i].slug, NULL);
        g_autofree char *differs =
            g_strconcat("/equivalents/differs/", equivalents[i].slug, NULL);

        g_test_add_data_func(nothing, &equivalents[i], test_nothing);
        g_test_add_data_func(differs, &equivalents[i], test_differs);
    }
    return g_test_run();
}
