/* SPDX-License-Identifier: MIT */
/* The meter: reached, triggered and detected, program by program. */
#include <glib/gstdio.h>
#include <string.h>
#include <sys/mman.h>

#include "fuzz/run/meter.h"
#include "fuzz/run/runner.h"
#include "program/text/text.h"
#include "targets/zoo/zoo.h"

static TwProgram program;

/* No IOMMU: the code of the bug is not run. */
static const char far[] = "twinwalk 1\n"
                          "region r0 ram size 0x10000 root s0\n"
                          "mmu c0.0 space s0\n"
                          "setup\n"
                          "  page c0.0 0x0 -> 0x0 size 0x1000 rw\n"
                          "script\n"
                          "  read c0.0 0x0 1\n";
/* Two IOMMUs that give the same rights: it is run, and nothing is seen. */
#define IOMMUS \
    "twinwalk 1\n" \
    "region r0 iommu size 0x1000 root s0 iommu i0\n" \
    "region r1 ram size 0x1000 root s2\n" \
    "region r2 iommu size 0x1000 root s1 iommu i1\n" \
    "iommu i0 table granule 4096\n" \
    "iommu i1 table granule 4096\n" \
    "mmu c0.0 space s0\n" \
    "setup\n" \
    "  page c0.0 0x0 -> 0x0 size 0x1000 rwx\n" \
    "  map i1.0 0x0..0xfff -> s2 0x0 rw silent\n"
static const char near[] = IOMMUS "  map i0.0 0x0..0xfff -> s1 0x0 rw silent\n"
                                  "script\n"
                                  "  write c0.0 0x0 1\n";
/* The first has fewer rights, which the bug forgets. */
static const char shown[] = IOMMUS "  map i0.0 0x0..0xfff -> s1 0x0 r silent\n"
                                   "script\n"
                                   "  write c0.0 0x0 1\n";

/* Runs it as a trial does; is the bug detected? */
static bool run(TwMeter *meter, TwRunner *runner, const char *text)
{
    TwFinding finding;
    GError *error = NULL;

    tw_program_parse(&program, text, strlen(text), "test", TW_TEXT_STRICT, NULL,
                     NULL, &error);
    g_assert_no_error(error);
    if (tw_meter_begin(meter)) {
        tw_meter_compare(meter, &program);
    }
    tw_runner_run(runner, &program, &finding, NULL, NULL);
    return tw_meter_after(meter, &finding);
}

static void test_firsts(void)
{
    TwTargetOptions options = {.name = "zoo:rights-not-anded"};
    TwMeterRecord record = {0};
    GError *error = NULL;
    g_autoptr(TwRunner) runner = tw_runner_new(&options, &error);
    TwMeter *meter = tw_meter_new(&options, &record, &error);

    g_assert_no_error(error);
    g_assert_false(run(meter, runner, far));
    g_assert_cmpuint(record.reached, ==, 0);
    g_assert_false(run(meter, runner, near));
    g_assert_cmpuint(record.reached, ==, 2);
    g_assert_cmpuint(record.triggered, ==, 0);
    g_assert_false(run(meter, runner, near));
    g_assert_true(run(meter, runner, shown));
    g_assert_true(run(meter, runner, shown)); /* the first one counts */
    g_assert_cmpuint(record.programs, ==, 5);
    g_assert_cmpuint(record.reached, ==, 2);
    g_assert_cmpuint(record.triggered, ==, 4);
    g_assert_cmpuint(record.detected, ==, 4);
    g_assert_cmpuint(record.unexpected, ==, 0);
    g_assert_cmpuint(record.verdict, ==, TW_VERDICT_PERM);
    g_assert_true(g_str_has_prefix(record.key, "Prm"));
    g_assert_cmpuint(record.own_ns, >, 0);
    tw_meter_free(meter);
}

/* A finding with a verdict that the bug is not known to cause. */
static void test_unexpected(void)
{
    TwTargetOptions options = {.name = "zoo:rights-not-anded"};
    TwMeterRecord record = {0};
    TwMeter *meter = tw_meter_new(&options, &record, NULL);
    TwFinding finding = {.verdict = TW_VERDICT_CRASH};

    tw_meter_begin(meter);
    tw_meter_begin(meter);
    g_assert_false(tw_meter_after(meter, &finding));
    tw_meter_begin(meter);
    finding.verdict = TW_VERDICT_HANG;
    g_assert_false(tw_meter_after(meter, &finding));
    finding.verdict = TW_VERDICT_AGREE;
    g_assert_false(tw_meter_after(meter, &finding));
    g_assert_cmpuint(record.unexpected, ==, 2);
    g_assert_cmpuint(record.unexpected_verdict, ==, TW_VERDICT_CRASH);
    g_assert_cmpuint(record.detected, ==, 0);
    tw_meter_free(meter);
}

static void test_refusals(void)
{
    TwTargetOptions none = {.name = "zoo:none"}, plain = {.name = "softmmu"};
    TwMeterRecord record = {0};
    GError *error = NULL;

    g_assert_null(tw_meter_new(&none, &record, &error));
    g_assert_error(error, TW_TARGET_ERROR, TW_TARGET_ERROR_USAGE);
    g_clear_error(&error);
    g_assert_null(tw_meter_new(&plain, &record, &error));
    g_assert_error(error, TW_TARGET_ERROR, TW_TARGET_ERROR_USAGE);
    g_clear_error(&error);
}

/* Two maps of one file are one record; another file is refused. */
static void test_file(void)
{
    g_autofree char *folder = g_dir_make_tmp("meter-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(folder, "meter", NULL);
    GError *error = NULL;
    TwMeterRecord *one, *two;

    g_assert_null(tw_meter_map(path, &error));
    g_assert_error(error, TW_TARGET_ERROR, TW_TARGET_ERROR_ENVIRONMENT);
    g_clear_error(&error);
    g_assert_true(tw_meter_make(path, &error));
    one = tw_meter_map(path, &error);
    two = tw_meter_map(path, &error);
    g_assert_no_error(error);
    one->programs = 7;
    g_assert_cmpuint(two->programs, ==, 7);
    munmap(one, sizeof(*one));
    munmap(two, sizeof(*two));
    g_file_set_contents(path, "short", -1, NULL);
    g_assert_null(tw_meter_map(path, &error));
    g_assert_error(error, TW_TARGET_ERROR, TW_TARGET_ERROR_ENVIRONMENT);
    g_clear_error(&error);
    g_unlink(path);
    g_rmdir(folder);
}

/* The zoo by slugs: bugs, mutants, what a command misses. */
static void test_zoo(void)
{
    unsigned n;
    const TwZooBug *bug = tw_zoo_find("rights-not-anded"),
                   *mutant = tw_zoo_find("hole-is-loop"),
                   *cells = tw_zoo_cells(&n);

    g_assert_nonnull(bug);
    g_assert_nonnull(mutant);
    g_assert_true(tw_zoo_find(cells[n - 1].slug) == &cells[n - 1]);
    g_assert_null(tw_zoo_find("rights-not"));
    g_assert_true(tw_zoo_expects(bug, TW_VERDICT_PERM));
    g_assert_true(tw_zoo_expects(bug, TW_VERDICT_EFFECT)); /* the last */
    g_assert_false(tw_zoo_expects(bug, TW_VERDICT_CRASH));
    g_assert_false(tw_zoo_expects(bug, TW_VERDICT_AGREE));
    g_assert_true(tw_zoo_expects(mutant, TW_VERDICT_CRASH));
    g_assert_false(tw_zoo_expects(mutant, TW_VERDICT_AGREE));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/meter/firsts", test_firsts);
    g_test_add_func("/meter/unexpected", test_unexpected);
    g_test_add_func("/meter/refusals", test_refusals);
    g_test_add_func("/meter/file", test_file);
    g_test_add_func("/meter/zoo", test_zoo);
    return g_test_run();
}
