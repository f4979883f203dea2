/* SPDX-License-Identifier: MIT */
/* Situations: those of small programs, counted by campaigns, kept in files. */
#include <inttypes.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <string.h>

#include "fuzz/campaign/campaign.h"
#include "program/legality.h"
#include "program/text/text.h"

/* Situations of programs -------------------------------------------------- */

/*
 *   s0  r0  |0 ..................................... 0xffff|
 *   r1      |0 RAM 0x2000|
 *   r2                        |0x8000 IOMMU i0 0x2000| --> s1 0
 *   s1  r3  |0 RAM 0x3fff|
 *
 * Both CPUs see r1 at 0 and the IOMMU at 0x4000.
 */
static const char board[] =
    "twinwalk 1\n"
    "safepoints explicit\n"
    "region r0 container size 0x10000 root s0\n"
    "region r1 ram size 0x2000 in r0 at 0x0\n"
    "region r2 iommu size 0x2000 in r0 at 0x8000 iommu i0\n"
    "region r3 ram size 0x4000 root s1\n"
    "cpu c0 tlb 4\n"
    "mmu c0.0 space s0\n"
    "cpu c1 tlb 4\n"
    "mmu c1.0 space s0\n"
    "setup\n"
    "  map i0.0 0x0..0x1fff -> s1 0x0 rw silent\n"
    "  page c0.0 0x0 -> 0x0 size 0x1000 rwx\n"
    "  page c0.0 0x4000 -> 0x8000 size 0x1000 rwx\n"
    "  page c1.0 0x4000 -> 0x8000 size 0x1000 rwx\n"
    "script\n";

/* A script, and the situation of its last access. */
static const struct {
    const char *script, *want;
} told[] = {
    {"read c0.0 0x0 1\n", "read ram 0 first open"},
    {"read c0.0 0x0 1\nwrite c0.0 0x8 1\n", "write ram 0 same open"},
    {"read c0.0 0x9000 1\n", "read no-page 0 first open"},
    {"read c0.0 0x4000 1\nexec c1.0 0x4000 4\n", "exec ram 1 first open"},
    {"dma-read s0 0x8000 1 secure\n", "dma-read ram 1 first open"},
    {"dma-read s0 0x8000 1 secure\n"
     "map i0.0 0x0..0xfff -> s1 0x1000 rw notified\n"
     "dma-write s0 0x8000 1 secure\n",
     "dma-write ram 1 map-notified open"},
    /* Silent, told by the CPU itself, by the board. */
    {"read c0.0 0x4000 1\n"
     "c0: map i0.0 0x0..0xfff -> s1 0x1000 rw silent\n"
     "rmw c0.0 0x4000 1\n",
     "rmw ram 1 map open"},
    {"read c0.0 0x4000 1\n"
     "c0: map i0.0 0x0..0xfff -> s1 0x1000 rw notified\n"
     "read c0.0 0x4000 1\n",
     "read ram 1 map-notified notified"},
    {"read c0.0 0x4000 1\n"
     "map i0.0 0x0..0xfff -> s1 0x1000 rw notified\n"
     "read c0.0 0x4000 1\n",
     "read ram 1 map-notified waiting"},
    {"read c0.0 0x4000 1\n"
     "map i0.0 0x0..0xfff -> s1 0x1000 rw notified\n"
     "safepoint c0\n"
     "read c0.0 0x4000 1\n",
     "read ram 1 map-notified safepoint"},
    /* The first event that covers it counts, not the last, nor another. */
    {"read c0.0 0x4000 1\n"
     "c0: unmap i0.0 0x0..0xfff silent\n"
     "c0: flush-page c0.0 0x0\n"
     "c0: notify i0.0 unmap 0x1000..0x1fff\n"
     "c0: notify i0.0 unmap 0x0..0xfff\n"
     "c0: flush-all c0\n"
     "read c0.0 0x4000 1\n",
     "read no-hop 1 unmap notify"},
    {"read c0.0 0x0 1\n"
     "c0: page c0.0 0x0 -> 0x8000 size 0x1000 rwx\n"
     "c0: flush-range c0.0 0x0 0x1000 bits 64\n"
     "read c0.0 0x0 1\n",
     "read ram 1 page flush-range"},
    {"read c0.0 0x0 1\n"
     "c0: resize r1 0x0\n"
     "read c0.0 0x0 1\n",
     "read hole 0 resize commit"},
    {"read c0.0 0x0 1\n"
     "begin\n"
     "c0: enable r1 off\n"
     "commit\n"
     "safepoint c0\n"
     "read c0.0 0x0 1\n",
     "read hole 0 transaction safepoint"},
    {"read c0.0 0x4000 1\n"
     "c0: bypass i0 on\n"
     "read c0.0 0x4000 1\n",
     "read ram 1 same open"}, /* bypass leads to where the entry did */
    {"read c0.0 0x4000 1\n"
     "c0: iommu-reset i0\n"
     "write c0.0 0x4000 1\n",
     "write no-hop 1 reset reset"},
    /* What changes, but not this answer, is passed over; so is what changed
     * before the page was accessed last. */
    {"read c0.0 0x0 1\n"
     "c0: map i0.0 0x0..0xfff -> s1 0x1000 rw notified\n"
     "c0: enable r2 off\n"
     "read c0.0 0x0 1\n",
     "read ram 0 same open"},
    {"read c0.0 0x4000 1\n"
     "c0: map i0.0 0x0..0xfff -> s1 0x1000 rw silent\n"
     "c0: enable r1 off\n"
     "read c0.0 0x4000 1\n",
     "read ram 1 map commit"},
    {"read c0.0 0x4000 1\n"
     "c0: map i0.0 0x0..0xfff -> s1 0x1000 rw silent\n"
     "read c0.0 0x4000 1\n"
     "read c0.0 0x4000 1\n",
     "read ram 1 same open"},
};

static char *words(uint32_t number)
{
    TwSituation s = tw_situation_of(number);

    return g_strdup_printf(
        "%s %s %s %s %s", tw_situation_name(0, s.is[0]),
        tw_situation_name(1, s.is[1]), tw_situation_name(2, s.is[2]),
        tw_situation_name(3, s.is[3]), tw_situation_name(4, s.is[4]));
}

static void test_told(void)
{
    TwTargetOptions options = {.name = "softmmu"};
    g_autoptr(GError) error = NULL;
    g_autoptr(TwRunner) runner = tw_runner_new(&options, &error);
    g_autofree TwProgram *program = g_new(TwProgram, 1);

    g_assert_no_error(error);
    tw_runner_meet(runner);
    for (unsigned i = 0; i < G_N_ELEMENTS(told); i++) {
        g_autofree char *text = g_strconcat(board, told[i].script, NULL);
        g_autofree char *got = NULL;
        const TwMet *met = tw_runner_met(runner);
        TwFinding finding;
        uint32_t last;

        tw_program_parse(program, text, strlen(text), "test", TW_TEXT_STRICT,
                         NULL, NULL, &error);
        g_assert_no_error(error);
        tw_runner_run(runner, program, &finding, NULL, NULL);
        g_assert_false(tw_verdict_is_finding(finding.verdict));
        g_assert_cmpuint(met->n, >, 0);
        last = met->list[met->n - 1];
        got = words(last);
        g_assert_cmpstr(got, ==, told[i].want);
        for (uint32_t k = 0; k < met->n; k++) {
            TwSituation s = tw_situation_of(met->list[k]);

            g_assert_true(tw_situation_possible(&s));
        }
    }
}

static void test_numbers(void)
{
    uint32_t possible = 0;

    for (uint32_t i = 0; i < TW_SITUATIONS; i++) {
        TwSituation s = tw_situation_of(i);

        g_assert_cmpuint(tw_situation_number(&s), ==, i);
        possible += tw_situation_possible(&s);
        for (unsigned d = 0; d < TW_MET_DIMENSIONS; d++) {
            g_assert_nonnull(tw_situation_name(d, s.is[d]));
        }
    }
    g_assert_cmpuint(possible, >, TW_SITUATIONS / 8);
    g_assert_cmpuint(possible, <, TW_SITUATIONS);
    g_assert_null(tw_situation_dimension(TW_MET_DIMENSIONS));
}

/* Campaigns --------------------------------------------------------------- */

static void campaign_of(unsigned profile, unsigned jobs, uint64_t programs,
                        bool steer, const TwCoverage *before,
                        TwCoverage *coverage)
{
    TwCampaignOptions options = {
        .target.name = "softmmu",
        .profile = profile,
        .seed = 5,
        .programs = programs,
        .jobs = jobs,
        .steer = steer,
        .met_before = before,
        .coverage = coverage,
    };
    TwCampaignResult result;
    g_autoptr(GError) error = NULL;

    tw_campaign_run(&options, NULL, NULL, &result, &error);
    g_assert_no_error(error);
    tw_campaign_result_clear(&result);
}

static void campaign(unsigned jobs, uint64_t programs, bool steer,
                     const TwCoverage *before, TwCoverage *coverage)
{
    campaign_of(TW_PROFILES, jobs, programs, steer, before, coverage);
}

static void assert_possible(const TwCoverage *coverage)
{
    for (uint32_t i = 0; i < TW_SITUATIONS; i++) {
        TwSituation s = tw_situation_of(i);

        if (coverage->seen[i] && !tw_situation_possible(&s)) {
            g_autofree char *what = words(i);

            g_error("met, though there is no such thing: %s", what);
        }
    }
}

/* With any --jobs; and no impossible situation is met. */
static void test_campaign(void)
{
    g_autofree TwCoverage *one = tw_coverage_new();
    g_autofree TwCoverage *three = tw_coverage_new();
    TwCoverageSums sums;

    campaign(1, 3000, false, NULL, one);
    campaign(3, 3000, false, NULL, three);
    g_assert_cmpuint(one->programs, ==, 3000);
    g_assert_cmpmem(one, sizeof(*one), three, sizeof(*three));
    assert_possible(one);
    sums = tw_coverage_sums(one, 1, 0, 0xff, 1, 0xff);
    g_assert_cmpuint(sums.seen, >, 1000);
    g_assert_cmpuint(tw_coverage_sums(one, 1000000, 0, 0xff, 1, 0xff).seen, ==,
                     0);
}

/* How many accesses of a kind met that change and that ending. */
static uint64_t met(const TwCoverage *coverage, unsigned access,
                    unsigned change, unsigned ending)
{
    uint64_t n = 0;

    for (uint32_t i = 0; i < TW_SITUATIONS; i++) {
        TwSituation s = tw_situation_of(i);

        if (s.is[TW_MET_BY_ACCESS] == access &&
            s.is[TW_MET_BY_CHANGE] == change &&
            s.is[TW_MET_BY_ENDING] == ending) {
            n += coverage->seen[i];
        }
    }
    return n;
}

/* Without steering: tables in RAM, and IOTLBs under CPUs and devices. */
static void test_tables(void)
{
    g_autofree TwCoverage *tables = tw_coverage_new();
    g_autofree TwCoverage *flat = tw_coverage_new();

    campaign_of(TW_PROFILE_PAGETABLE, 2, 6000, false, NULL, tables);
    campaign_of(TW_PROFILE_IOTLB, 2, 1000, false, NULL, flat);
    assert_possible(tables);
    assert_possible(flat);
    for (unsigned e = TW_MET_INVALIDATE_GLOBAL; e <= TW_MET_INVALIDATE_CONTEXT;
         e++) {
        bool context = e == TW_MET_INVALIDATE_CONTEXT;
        unsigned change = context ? TW_MET_CONTEXT : TW_MET_TABLE;
        uint64_t by_cpu = met(tables, TW_MET_READ, change, e);
        uint64_t by_dma = met(tables, TW_MET_DMA_READ, change, e);

        g_test_message("%s: %" PRIu64 " loads of CPUs, %" PRIu64 " of devices",
                       tw_situation_name(TW_MET_BY_ENDING, e), by_cpu, by_dma);
        g_assert_cmpuint(by_cpu, >, 0);
        g_assert_cmpuint(by_dma, >, 0);
        g_assert_cmpuint(met(flat, TW_MET_DMA_READ, TW_MET_MAP, e), ==, 0);
    }
    g_assert_cmpuint(met(tables, TW_MET_DMA_READ, TW_MET_TABLE, TW_MET_OPEN), >,
                     0);
    g_assert_cmpuint(met(flat, TW_MET_DMA_READ, TW_MET_MAP, TW_MET_NOTIFY), >,
                     0);
    g_assert_cmpuint(
        met(flat, TW_MET_DMA_READ, TW_MET_UNMAP_NOTIFIED, TW_MET_NOTIFIED), >,
        0);
}

static uint32_t seen(const TwCoverage *coverage)
{
    return tw_coverage_sums(coverage, 1, 0, 0xff, 1, 0xff).seen;
}

/* More than one round, with any --jobs; situations met before are no aims. */
static void test_steering(void)
{
    enum { PROGRAMS = 4096 + 400 };
    g_autofree TwCoverage *blind = tw_coverage_new();
    g_autofree TwCoverage *one = tw_coverage_new();
    g_autofree TwCoverage *three = tw_coverage_new();
    g_autofree TwCoverage *next = tw_coverage_new();
    uint32_t had;

    campaign(2, 1000, false, NULL, blind);
    campaign(1, PROGRAMS, true, NULL, one);
    campaign(3, PROGRAMS, true, NULL, three);
    g_assert_cmpuint(one->programs, ==, PROGRAMS);
    g_assert_cmpmem(one, sizeof(*one), three, sizeof(*three));
    had = seen(one);
    campaign(2, 1000, true, one, next);
    tw_coverage_add(next, one);
    tw_coverage_add(one, blind);
    g_test_message("met by %u programs with steering: %u; by 1000 more: %u; "
                   "by 1000 without: %u",
                   PROGRAMS, had, seen(next) - had, seen(one) - had);
    g_assert_cmpuint(seen(next) - had, >, 3 * (seen(one) - had) / 2);
}

/* A change, and an event that it may be ended by. */
static const char *const wishes[] = {
    "read ram 1 first open",
    "write rom 2 same open",
    "exec mmio 0 page flush-page",
    "rmw no-page 0 unpage flush-all",
    "read hole 1 map notify",
    "write no-hop 2 unmap notify-all",
    "read reservation 3+ protect flush-index",
    "exec ram-device 1 map-notified notified",
    "rmw no-hop 1 unmap-notified waiting",
    "write ram 2 protect-notified safepoint",
    "read no-hop 1 reset reset",
    "exec ram 1 bypass bypass",
    "write romd 0 add commit",
    "read hole 0 del commit",
    "rmw mmio 1 move flush-range",
    "write ram 0 resize waiting",
    "exec rom 1 enable safepoint",
    "read hole 1 disable flush-page",
    "write ram 1 priority commit",
    "read romd 0 readonly commit",
    "write romd 1 rom-mode safepoint",
    "read ram 0 alias-offset commit",
    "rmw ram 2 transaction waiting",
    "read mmio 1 restore safepoint",
    "write ram 0 device other",
    "read ram 1 during waiting",
    "read loop 2 map flush-all",
    "dma-write ram 3+ map open",
    "dma-read hole 0 disable open",
    "read ram 0 page reset",
    "read ram 0 page bypass",
    "write hole 1 del notify",
};

static uint32_t wish_of(const char *text)
{
    uint32_t i = 0;

    for (; i < TW_SITUATIONS; i++) {
        g_autofree char *name = words(i);

        if (strcmp(name, text) == 0) {
            return i;
        }
    }
    g_error("no situation: %s", text);
}

/* For each situation, at least one of several programs that aim at it reaches
 * it. */
static void test_wishes(void)
{
    enum { TRIES = 100 };
    TwTargetOptions options = {.name = "softmmu"};
    g_autoptr(GError) error = NULL;
    g_autoptr(TwRunner) runner = tw_runner_new(&options, &error);
    g_autofree TwProgram *program = g_new(TwProgram, 1);

    g_assert_no_error(error);
    tw_runner_meet(runner);
    for (unsigned i = 0; i < G_N_ELEMENTS(wishes); i++) {
        uint32_t wish = wish_of(wishes[i]);
        unsigned number = 0;
        bool had = false;

        for (; number < TRIES && !had; number++) {
            const TwMet *met = tw_runner_met(runner);
            TwFinding finding;

            tw_campaign_program_towards(program, 7, number, TW_PROFILES, wish,
                                        tw_runner_dialect(runner), NULL, NULL);
            g_assert_true(tw_program_check(program, NULL, 0));
            tw_runner_run(runner, program, &finding, NULL, NULL);
            g_assert_false(tw_verdict_is_finding(finding.verdict));
            for (uint32_t k = 0; k < met->n; k++) {
                had = had || met->list[k] == wish;
            }
        }
        g_test_message("%-40s after %u", wishes[i], number);
        if (!had) {
            g_error("not met by %u programs made towards it: %s", TRIES,
                    wishes[i]);
        }
    }
}

/* Files ------------------------------------------------------------------- */

static void test_file(void)
{
    g_autofree char *folder = g_dir_make_tmp("twinwalk-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(folder, "c", NULL);
    g_autofree TwCoverage *coverage = tw_coverage_new();
    g_autofree TwCoverage *got = tw_coverage_new();
    g_autoptr(GError) error = NULL;

    coverage->programs = 7;
    coverage->seen[0] = UINT64_C(1) << 40;
    coverage->seen[TW_SITUATIONS - 1] = 2;
    g_assert_true(tw_coverage_save(coverage, path, &error));
    g_assert_true(tw_coverage_save(coverage, path, &error));
    g_assert_true(tw_coverage_load(got, path, &error));
    g_assert_cmpuint(got->programs, ==, 14);
    tw_coverage_add(coverage, coverage);
    g_assert_cmpmem(got, sizeof(*got), coverage, sizeof(*coverage));
    g_unlink(path);
    g_assert_false(tw_coverage_load(got, path, &error));
    g_assert_error(error, TW_COVERAGE_ERROR, TW_COVERAGE_ERROR_FILE);
    g_clear_error(&error);
    g_rmdir(folder);
    g_assert_false(tw_coverage_save(coverage, path, &error));
    g_assert_error(error, TW_COVERAGE_ERROR, TW_COVERAGE_ERROR_FILE);
}

/* A file that is not one of coverage is not changed. */
static void test_refused(void)
{
#define HEAD "twinwalk coverage 1\nprograms 1\n"
    static const struct {
        const char *text, *where;
    } bad[] = {
        {"", ":1:"},
        {"twinwalk 1\n", ":1:"},
        {"twinwalk coverage 2\nprograms 1\nend\n", ":1:"},
        {"twinwalk coverage 1\n", ":2:"},
        {"twinwalk coverage 1\nprograms -1\nend\n", ":2:"},
        {HEAD, ":3:"},
        {HEAD "1 read ram 0 first open\n", ":4:"},
        {HEAD "1 read ram 0 first open", ":4:"},
        {HEAD "0 read ram 0 first open\nend\n", ":3:"},
        {HEAD "1 read ram 0 first\nend\n", ":3:"},
        {HEAD "1 read ram 0 first open open\nend\n", ":3:"},
        {HEAD "1 read ram 4 first open\nend\n", ":3:"},
        {HEAD "1 read ram 0 first open\n1 read ram 0 first open\nend\n", ":4:"},
        {HEAD "end", ":4:"},
        {HEAD "end\nend\n", ":4:"},
    };
    g_autofree char *folder = g_dir_make_tmp("twinwalk-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(folder, "c", NULL);
    g_autofree TwCoverage *coverage = tw_coverage_new();

    for (unsigned i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(GError) error = NULL;
        g_autofree char *after = NULL;

        g_assert_true(g_file_set_contents(path, bad[i].text, -1, NULL));
        g_assert_false(tw_coverage_save(coverage, path, &error));
        g_assert_error(error, TW_COVERAGE_ERROR, TW_COVERAGE_ERROR_FORMAT);
        if (!strstr(error->message, bad[i].where)) {
            g_error("%s: expected \"%s\" of: %s", error->message, bad[i].where,
                    bad[i].text);
        }
        g_assert_true(g_file_get_contents(path, &after, NULL, NULL));
        g_assert_cmpstr(after, ==, bad[i].text);
    }
    g_unlink(path);
    g_rmdir(folder);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/coverage/situations-have-numbers", test_numbers);
    g_test_add_func("/coverage/situations-of-programs", test_told);
    g_test_add_func("/coverage/whatever-the-jobs", test_campaign);
    g_test_add_func("/coverage/tables-in-ram", test_tables);
    g_test_add_func("/coverage/steering", test_steering);
    g_test_add_func("/coverage/wishes-come-true", test_wishes);
    g_test_add_func("/coverage/files-add-up", test_file);
    g_test_add_func("/coverage/other-files-are-refused", test_refused);
    return g_test_run();
}
