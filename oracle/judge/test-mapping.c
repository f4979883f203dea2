/* SPDX-License-Identifier: MIT */
/*
 * Cached DMA mappings (LA-38, RU-9): which accesses via a mapping may get an
 * old answer, after which operations, and how long a mapping is.
 *
 *   s0  [ i0, granule 0x4000 ] -> s1  [ i1, granule 0x4000 ] -> s2  [ r2 ram ]
 *                                     8000 [ r5 romd ]              c000 [ r4 ]
 */
#include "oracle/test/test-support.h"

#include <glib.h>
#include <string.h>

#define WORLD \
    "twinwalk 1\n" \
    "region r0 iommu size 0x8000 root s0 iommu i0\n" \
    "region r1 container size 2^64 root s1\n" \
    "region r2 container size 2^64 root s2\n" \
    "region r3 ram size 0xc000 in r2 at 0x0\n" \
    "region r4 mmio size 0x1000 in r2 at 0xc000\n" \
    "region r5 romd size 0x1000 in r1 at 0x8000\n" \
    "region r6 iommu size 0x8000 in r1 at 0x0 iommu i1\n" \
    "region r7 ram size 0x100 in r2 at 0x9800 prio 1\n" \
    "region r8 ram size 0x1000 in r2 at 0xd000 readonly\n" \
    "iommu i0 table granule 16384 indexes 2 select secure to s1\n" \
    "iommu i1 table granule 16384\n" \
    "mmu c0.0 space s0\n" \
    "setup\n" \
    "  map i0.1 0x0..0x7fff -> s1 0x0 rw silent\n" \
    "  map i1.0 0x0..0x3fff -> s2 0x0 rw silent\n" \
    "  map i1.0 0x4000..0x7fff -> s2 0x8000 rw silent\n" \
    "script\n"

enum { ALL = TW_ENDS_COMMIT | TW_ENDS_UNMAP | TW_ENDS_RESET };

/* Is the last operation of the script, answered as before operation `as_of`,
 * allowed by a contract whose mappings those events end? */
static bool is_allowed(const char *script, uint16_t as_of, uint8_t ends)
{
    g_autofree char *text = g_strconcat(WORLD, script, NULL);
    g_autofree TwProgram *program = test_program(text);
    TestTarget *target = test_target_new(program);
    TwOracle *oracle = tw_oracle_new();
    TwDialect dialect = test_dialect();
    uint16_t last = program->n_script - 1;
    TwFinding finding;
    TwVerdict verdict;

    target->contract.mapping_ends = ends;
    target->as_of[last] = as_of;
    test_target_run(target, true);
    verdict = tw_judge(oracle, program, &dialect, &target->contract, "x",
                       target->trace, &finding, NULL);
    if (verdict != TW_VERDICT_AGREE_STALE) {
        g_assert_true(tw_verdict_is_finding(verdict));
        g_assert_cmpint(finding.op, ==, last);
    }
    tw_oracle_free(oracle);
    test_target_free(target);
    return verdict == TW_VERDICT_AGREE_STALE;
}

#define MAP "  dma-map m0 of s0 0x0 0x2000 r none\n"
#define CHANGE "  map i1.0 0x0..0x7fff -> s2 0x4000 rw silent\n"

#define DOWN "  map i1.0 0x0..0x7fff -> s2 0x0 rw silent\n"

/* LA-38: which accesses a mapping may answer. */
static void users(void)
{
    static const struct {
        const char *access;
        bool may;
    } uses[] = {
        {"dma-read s0 0x10 8 none via m0", true},
        {"dma-read s0 0x1ff8 8 none via m0", true},
        {"dma-read s0 0x1ff9 8 none via m0", false}, /* beyond its bytes */
        {"dma-read s0 0x10 8 none", false},
        {"dma-write s0 0x10 8 none via m0", false},
        {"dma-read s0 0x10 8 user via m0", false},
        {"dma-read s1 0x10 8 none via m0", false},
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(uses); i++) {
        g_autofree char *script =
            g_strdup_printf(MAP CHANGE "  %s\n", uses[i].access);

        if (is_allowed(script, 1, ALL) != uses[i].may) {
            g_error("%s", uses[i].access);
        }
    }
}

/* RU-9: the run is of one leaf and in one granule of each hop. */
static void run_ends(void)
{
    /* r7 is in the middle of the second granule's bytes. */
    g_assert_true(is_allowed("  dma-map m0 of s0 0x4000 0x3000 w none\n" DOWN
                             "  dma-write s0 0x57f8 8 none via m0\n",
                             1, ALL));
    g_assert_false(is_allowed("  dma-map m0 of s0 0x4000 0x3000 w none\n" DOWN
                              "  dma-write s0 0x6000 8 none via m0\n",
                              1, ALL));
    g_assert_false(is_allowed("  dma-map m0 of s0 0x2000 0x3000 w none\n" DOWN
                              "  dma-write s0 0x4000 8 none via m0\n",
                              1, ALL));
}

/* LA-38: an answer of the time when it was made, or of a later one. */
static void times(void)
{
    g_assert_false(
        is_allowed(CHANGE MAP "  dma-read s0 0x10 8 none via m0\n", 0, ALL));
    g_assert_true(is_allowed(MAP CHANGE
                             "  map i1.0 0x0..0x3fff -> s2 0x8000 rw silent\n"
                             "  dma-read s0 0x10 8 none via m0\n",
                             2, ALL));
    g_assert_false(is_allowed(MAP CHANGE "  dma-unmap m0\n" MAP
                                         "  dma-read s0 0x10 8 none via m0\n",
                              1, ALL));
}

/* RU-9: what ends a mapping, by the bit of the contract. */
static void endings(void)
{
    static const struct {
        const char *op;
        uint8_t ends;
    } events[] = {
        {"nop", 0},
        {"notify i1.0 unmap 0x0..0xfff", TW_ENDS_UNMAP},
        {"notify i0.1 unmap 0x0..0x0", TW_ENDS_UNMAP},
        {"notify i1.0 unmap 0x1fff..0x1fff", TW_ENDS_UNMAP},
        {"notify i1.0 unmap 0x2000..0x3fff",
         0},                                  /* in the granule, not the run */
        {"notify i0.0 unmap 0x0..0xffff", 0}, /* another index */
        {"notify i1.0 map 0x0..0xfff", 0},
        {"notify i1.0 deviotlb 0x0..0xfff", 0},
        {"flush-all c0", 0},
        {"nonvolatile r3 on", TW_ENDS_COMMIT},
        {"notify-all i0", TW_ENDS_UNMAP},
        {"bypass i0 on\n  bypass i0 off", TW_ENDS_RESET},
        {"begin\n  enable r4 off", 0},
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(events); i++) {
        g_autofree char *script =
            g_strdup_printf(MAP CHANGE "  %s\n"
                                       "  dma-read s0 0x10 8 none via m0\n",
                            events[i].op);

        for (unsigned ends = 0; ends < 16; ends++) {
            uint8_t bits = ends & ALL;

            if (is_allowed(script, 1, bits) == !!(bits & events[i].ends)) {
                g_error("%s, contract %u", events[i].op, bits);
            }
        }
    }
    g_assert_false(is_allowed(MAP "  snapshot\n" CHANGE "  restore\n" CHANGE
                                  "  restore\n"
                                  "  dma-read s0 0x10 8 none via m0\n",
                              5, 0));
}

/* How long a mapping is, told rightly and wrongly. */
static void lengths(void)
{
    static const struct {
        const char *map;
        uint64_t length;
    } maps[] = {
        {"dma-map m0 of s0 0x0 0x2000 r none", 0x2000},
        {"dma-map m0 of s0 0x0 0x0 r none", 0},
        {"dma-map m0 of s0 0x0 2^64 r none", 0x4000},
        {"dma-map m0 of s0 0x10 0x8000 w none", 0x3ff0},
        {"dma-map m0 of s0 0x4000 0x4000 r none", 0x1800},
        {"dma-map m0 of s0 0x5810 0x4000 r none", 0xf0},
        {"dma-map m0 of s0 0x0 0x10 r secure", 0},
        {"dma-map m0 of s1 0x8000 2^64 r none", 0x1000},
        {"dma-map m0 of s1 0x8000 2^64 w none", 0},
        {"dma-map m0 of s2 0xc000 2^64 r none", 0},
        {"dma-map m0 of s2 0xd000 2^64 r none", 0x1000},
        {"dma-map m0 of s2 0xd000 2^64 w none", 0},
        {"dma-map m0 of s2 0xffff000000000000 2^64 r none", 0},
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(maps); i++) {
        g_autofree char *text =
            g_strconcat(WORLD "  ", maps[i].map, "\n", NULL);
        g_autofree TwProgram *program = test_program(text);
        TestTarget *target = test_target_new(program);

        target->contract.mapped_lengths = true;
        test_target_run(target, true);
        target->trace->outcomes[0].value = maps[i].length;
        test_judge(target, TW_VERDICT_AGREE);
        target->trace->outcomes[0].value = maps[i].length + 1;
        g_assert_nonnull(
            strstr(test_judge(target, TW_VERDICT_WRONG)->text, "(RU-9)"));
        target->contract.mapped_lengths = false;
        test_judge(target, TW_VERDICT_AGREE);
        test_target_free(target);
    }
}

/* RU-8: a mapping that could not be made is not there. */
static void nomem(void)
{
    g_autofree TwProgram *program =
        test_program(WORLD MAP "  dma-read s0 0x10 8 none via m0\n");
    TestTarget *target = test_target_new(program);

    test_target_run(target, true);
    target->trace->outcomes[0].status = TW_STATUS_NOMEM;
    test_judge(target, TW_VERDICT_WRONG);
    target->trace->outcomes[1] = (TwOutcome){.status = TW_STATUS_SKIPPED};
    test_judge(target, TW_VERDICT_AGREE);
    test_target_free(target);
}

/* A stale answer of a mapping is called one, and by its rule. */
static void named(void)
{
    g_autofree TwProgram *program =
        test_program(WORLD MAP CHANGE "  notify i1.0 unmap 0x0..0xfff\n"
                                      "  dma-read s0 0x10 8 none via m0\n");
    TestTarget *target = test_target_new(program);
    const TwFinding *finding;

    target->as_of[3] = 1;
    test_target_run(target, true);
    finding = test_judge(target, TW_VERDICT_STALE);
    g_assert_nonnull(strstr(finding->text, "RU-9"));
    g_assert_cmpint(finding->filled, ==, 0);
    g_assert_cmpint(finding->changed, ==, 1);
    g_assert_cmpint(finding->ended, ==, 2);
    test_target_free(target);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/mapping/LA-38/users", users);
    g_test_add_func("/mapping/RU-9/run-ends", run_ends);
    g_test_add_func("/mapping/LA-38/times", times);
    g_test_add_func("/mapping/RU-9/endings", endings);
    g_test_add_func("/mapping/RU-9/lengths", lengths);
    g_test_add_func("/mapping/RU-8/nomem", nomem);
    g_test_add_func("/mapping/RU-9/named", named);
    return g_test_run();
}
