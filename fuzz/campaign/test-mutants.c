/* SPDX-License-Identifier: MIT */
/*
 * Random programs find every mutant: none of the rules is broken without a
 * finding.  The programs are those of `twinwalk zoo --mutants`, which shrinks
 * and replays as well; here the first finding is enough.
 */
#include <string.h>

#include "fuzz/campaign/campaign.h"
#include "fuzz/run/runner.h"
#include "targets/zoo/zoo.h"

/* The slowest takes some 10 000. */
enum { PROGRAMS = 60000, FAULTS = 4 };

static TwProgram program;
static unsigned verdicts[TW_VERDICTS]; /* of the first findings */

static void test_found(gconstpointer data)
{
    const TwZooBug *mutant = data;
    g_autofree char *name = g_strconcat("zoo:", mutant->slug, NULL);
    TwTargetOptions options = {.name = name,
                               .flush = strcmp(mutant->shown, "page") == 0
                                            ? TW_FLUSH_PAGES
                                            : TW_FLUSH_ALL_ENTRIES,
                               .check = strcmp(mutant->shown, "check") == 0};
    g_autoptr(GError) error = NULL;
    g_autoptr(TwRunner) runner = tw_runner_new(&options, &error);
    TwFinding finding = {.verdict = TW_VERDICT_AGREE};
    unsigned n;

    g_assert_no_error(error);
    for (n = 0; n < PROGRAMS && !tw_verdict_is_finding(finding.verdict); n++) {
        tw_campaign_program(&program, 1, n, TW_PROFILES,
                            tw_runner_dialect(runner), NULL, NULL);
        tw_runner_run(runner, &program, &finding, NULL, NULL);
    }
    g_test_message("%s: %u programs, %s", mutant->slug, n,
                   tw_verdict_name(finding.verdict));
    g_assert_true(tw_verdict_is_finding(finding.verdict));
    /* What a target does can break its own invariants, never the oracle's. */
    g_assert_cmpint(finding.verdict, !=, TW_VERDICT_SELF);
    verdicts[finding.verdict]++;
}

/* Also the verdict that no historical bug gives as a rule. */
static void test_verdicts(void)
{
    g_assert_cmpuint(verdicts[TW_VERDICT_FAULT], >=, FAULTS);
}

int main(int argc, char **argv)
{
    unsigned n;
    const TwZooBug *mutants = tw_zoo_mutants(&n);

    g_test_init(&argc, &argv, NULL);
    for (unsigned i = 0; i < n; i++) {
        g_autofree char *path =
            g_strconcat("/mutants/found/", mutants[i].slug, NULL);

        if (strcmp(mutants[i].shown, "never") != 0) {
            g_test_add_data_func(path, &mutants[i], test_found);
        }
    }
    g_test_add_func("/mutants/verdicts/fault", test_verdicts);
    return g_test_run();
}
