/* SPDX-License-Identifier: MIT */
/* Inputs that are judged, but that an engine should not breed from. */
#include <string.h>

#include "fuzz/harness/harness.h"
#include "fuzz/harness/judge-input.h"
#include "fuzz/run/runner.h"
#include "program/bytes/bytes.h"
#include "program/text/text.h"

/*
 * An IOMMU behind itself, so that each access passes it until the hops are used
 * up; its IOTLB may still hold what the page map of tables has said:
 *
 *   c0.0 -> s0: r0 iommu i0 -> s0: r0 iommu i0 -> ...
 */
static const char loops[] =
    "region r0 iommu size 0x1000 root s0 iommu i0\n"
    "region r1 ram size 0x1000 root s1\n"
    "iommu i0 pagetable to s0 format amdvi tables r1 levels 1 iotlb\n"
    "mmu c0.0 space s0\n"
    "setup\n"
    "  context i0 0 tables -> 0x0 domain 0\n"
    "  entry i0 level 1 r1 0x0 = leaf 0x0 rw\n"
    "  page c0.0 0x0 -> 0x0 size 0x1000 rwx\n"
    "script\n";

static TwProgram program;
static uint8_t bytes[TW_BYTES_MAX];

/* An edge as libFuzzer counts it: among the edges of this program. */
static volatile uint8_t edge __attribute__((used, section("__sancov_cntrs")));

/* `loops` with accesses, each after a change of the entry that it uses: the
 * program, its bytes, and their number. */
static size_t make(const TwDialect *dialect, unsigned hops, unsigned changes)
{
    g_autoptr(GString) text = g_string_new(NULL);
    g_autoptr(GError) error = NULL;
    size_t size;

    g_string_printf(text, "twinwalk 1\nhops %u\n%s", hops, loops);
    for (unsigned i = 0; i < changes; i++) {
        g_string_append_printf(text,
                               "entry i0 level 1 r1 0x0 = leaf 0x0 %s\n"
                               "read c0.0 0x%x 4\n",
                               i % 2 ? "rw" : "r", 8 * i);
    }
    tw_program_parse(&program, text->str, text->len, "loops", TW_TEXT_STRICT,
                     NULL, NULL, &error);
    g_assert_no_error(error);
    size = tw_program_encode(&program, bytes, sizeof(bytes), dialect);
    g_assert_cmpuint(size, >, 0);
    return size;
}

static bool is_costly(TwInputJudge *judge, unsigned hops, unsigned changes)
{
    size_t size = make(tw_input_judge_dialect(judge), hops, changes);
    TwFinding finding;

    tw_input_judge(judge, bytes, size, &finding);
    g_assert_false(tw_verdict_is_finding(finding.verdict));
    return tw_input_judge_was_costly(judge);
}

static void test_costly(void)
{
    const TwHarnessInfo *harness = tw_harness_find("iommu_fuzzer");
    TwInputJudge *judge =
        tw_input_judge_new(harness, "softmmu", NULL, NULL, NULL);

    g_assert_false(is_costly(judge, 22, 0));
    g_assert_false(is_costly(judge, 2, 2));
    g_assert_true(is_costly(judge, 22, 8));
    g_assert_true(is_costly(judge, 22, 8)); /* the same again */
    g_assert_false(is_costly(judge, 2, 2)); /* the count begins anew */
    tw_input_judge_free(judge);
}

/* The oracle looks at no more older walks than it may. */
static void test_patience(void)
{
    TwTargetOptions options = {.name = "softmmu"};
    TwRunner *runner = tw_runner_new(&options, NULL);
    TwFinding finding;
    uint64_t all;

    make(tw_runner_dialect(runner), 22, 8);
    tw_runner_run(runner, &program, &finding, NULL, NULL);
    all = tw_runner_older_walks(runner);
    g_assert_cmpuint(all, >, 512);
    tw_runner_set_patience(runner, 100);
    tw_runner_run(runner, &program, &finding, NULL, NULL);
    g_assert_cmpuint(tw_runner_older_walks(runner), >=, 100);
    g_assert_cmpuint(tw_runner_older_walks(runner), <, 200);
    tw_runner_set_patience(runner, UINT64_MAX);
    tw_runner_run(runner, &program, &finding, NULL, NULL);
    g_assert_cmpuint(tw_runner_older_walks(runner), ==, all);
    tw_runner_free(runner);
}

/* The harness that asks the walkers judges an input twice: what that
 * costs is counted together. */
static void test_walkers(void)
{
    TwInputJudge *walkers = tw_input_judge_new(
        tw_harness_find("walkers_fuzzer"), "softmmu", NULL, NULL, NULL);
    TwInputJudge *once = tw_input_judge_new(tw_harness_find("softmmu_fuzzer"),
                                            "softmmu", NULL, NULL, NULL);
    unsigned more = 0; /* programs that are costly for the walkers alone */

    g_assert_false(is_costly(walkers, 2, 2));
    for (unsigned hops = 2; hops < 22; hops++) {
        for (unsigned changes = 1; changes < 8; changes++) {
            bool one = is_costly(once, hops, changes);
            bool both = is_costly(walkers, hops, changes);

            g_assert_true(both || !one);
            more += both && !one;
        }
    }
    g_assert_cmpuint(more, >, 0);
    tw_input_judge_free(walkers);
    tw_input_judge_free(once);
}

/* What a costly input has reached is forgotten, so libFuzzer does not keep it.
 */
static void test_forgotten(void)
{
    const TwDialect *dialect = tw_harness_dialect("iommu_fuzzer");
    size_t size = make(dialect, 2, 2);

    edge = 1;
    tw_harness_run("iommu_fuzzer", bytes, size);
    g_assert_cmpuint(edge, ==, 1);
    size = make(dialect, 22, 8);
    tw_harness_run("iommu_fuzzer", bytes, size);
    g_assert_cmpuint(edge, ==, 0);
}

/* Where no program is run, nothing is costly. */
static void test_text(void)
{
    static const char text[] = "twinwalk 1\n";
    TwInputJudge *judge = tw_input_judge_new(tw_harness_find("text_fuzzer"), "",
                                             NULL, NULL, NULL);
    TwFinding finding;

    tw_input_judge(judge, (const uint8_t *)text, strlen(text), &finding);
    g_assert_false(tw_input_judge_was_costly(judge));
    tw_input_judge_free(judge);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/costly/programs", test_costly);
    g_test_add_func("/costly/text", test_text);
    g_test_add_func("/costly/walkers", test_walkers);
    g_test_add_func("/costly/patience", test_patience);
    g_test_add_func("/costly/forgotten", test_forgotten);
    return g_test_run();
}
