/* SPDX-License-Identifier: MIT */
/*
 * How much a target tells of the reason of a refusal (LA-60).
 *
 *   s0: r0, which is i0: 3 levels, format vtd-sl, tables in r2
 *   s1: r1, with r2 at 0x0
 */
#include <glib.h>

#include "oracle/test/test-support.h"

/* Offset 0x1008 has no leaf; 0x2008 has one without w; index 1 no context. */
#define WORLD \
    "twinwalk 1\ncontents inert\n" \
    "region r0 iommu size 2^32 root s0 iommu i0\n" \
    "region r1 container size 2^32 root s1\n" \
    "region r2 ram size 0x10000 in r1 at 0x0\n" \
    "iommu i0 pagetable indexes 2 select requester to s1 format vtd-sl " \
    "tables r2 levels 3\n" \
    "setup\n" \
    "  context i0 0 tables -> 0x1000 domain 0\n" \
    "  entry i0 level 3 r2 0x1000 = table 0x2000 rw\n" \
    "  entry i0 level 2 r2 0x2000 = table 0x3000 rw\n" \
    "  entry i0 level 1 r2 0x3010 = leaf 0x4000 r\n" \
    "script\n"

enum { ABSENT_AT = 0x1008, NO_WRITE_AT = 0x2008 };

/* What is said of an access, and whether that is right. */
typedef struct Row {
    const char *access;
    TwReason seen;
    bool fits;
} Row;

static void judge_rows(const TwDialect *dialect, const Row *rows, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        g_autofree char *text = g_strconcat(WORLD, rows[i].access, "\n", NULL);
        g_autofree TwProgram *program = test_program(text);
        TestTarget *target = test_target_new(program);
        TwOracle *oracle = tw_oracle_new();
        TwFinding finding;
        TwVerdict verdict;

        test_target_run(target, true);
        g_assert_cmpuint(target->trace->outcomes[0].class_, ==,
                         TW_CLASS_DECODE_ERROR);
        target->trace->outcomes[0].reason = rows[i].seen;
        verdict = tw_judge(oracle, program, dialect, &target->contract, "test",
                           target->trace, &finding, NULL);
        if (verdict != (rows[i].fits ? TW_VERDICT_AGREE : TW_VERDICT_REASON)) {
            g_error("row %u: %s", i, finding.text);
        }
        tw_oracle_free(oracle);
        test_target_free(target);
    }
}

static const char absent[] = "  dma-read s0 0x1008 4 rid=0";
static const char no_write[] = "  dma-write s0 0x2008 8 rid=0";
static const char no_context[] = "  dma-read s0 0x1008 4 rid=1";

static TwDialect telling(void)
{
    TwDialect dialect = test_dialect();

    dialect.reasons = true;
    return dialect;
}

static void test_exact(void)
{
    static const Row rows[] = {
        {absent, {TW_REASON_ABSENT, 0, 1, ABSENT_AT}, true},
        {absent, {TW_REASON_RIGHTS, 0, 1, ABSENT_AT}, false},
        {absent, {TW_REASON_ABSENT, 0, 2, ABSENT_AT}, false},
        {absent, {TW_REASON_ABSENT, 1, 1, ABSENT_AT}, false},
        {absent, {TW_REASON_ABSENT, 0, 1, ABSENT_AT + 1}, false},
        {absent, {TW_REASON_NONE, 0, 0, 0}, false},
        {no_write, {TW_REASON_RIGHTS, 0, 1, NO_WRITE_AT}, true},
    };
    TwDialect dialect = telling();

    judge_rows(&dialect, rows, G_N_ELEMENTS(rows));
}

static void test_groups(void)
{
    static const Row rows[] = {
        {absent, {TW_REASON_ABSENT, 0, 1, ABSENT_AT}, true},
        {absent, {TW_REASON_RIGHTS, 0, 1, ABSENT_AT}, true},
        {no_write, {TW_REASON_ABSENT, 0, 1, NO_WRITE_AT}, true},
        {absent, {TW_REASON_RANGE, 0, 1, ABSENT_AT}, false},
        {absent, {TW_REASON_NONE, 0, 0, 0}, false},
        /* told as none */
        {no_context, {TW_REASON_NONE, 0, 0, 0}, true},
        {no_context, {TW_REASON_NO_CONTEXT, 0, 0, ABSENT_AT}, false},
        {no_context, {TW_REASON_ABSENT, 0, 0, ABSENT_AT}, false},
    };
    TwDialect dialect = telling();

    dialect.reason_groups[TW_REASON_NO_CONTEXT] = TW_REASON_UNTOLD;
    dialect.reason_groups[TW_REASON_ABSENT] = 3;
    dialect.reason_groups[TW_REASON_RIGHTS] = 3;
    dialect.reason_groups[TW_REASON_RANGE] = 4;
    judge_rows(&dialect, rows, G_N_ELEMENTS(rows));
}

static void test_coarse(void)
{
    static const Row rows[] = {
        {absent, {TW_REASON_ABSENT, 0, 2, ABSENT_AT}, true},
        {absent, {TW_REASON_ABSENT, 1, 1, ABSENT_AT}, true},
        {absent, {TW_REASON_RIGHTS, 0, 1, ABSENT_AT}, false},
        {absent, {TW_REASON_ABSENT, 0, 1, ABSENT_AT + 1}, false},
    };
    TwDialect dialect = telling();

    dialect.reason_coarse = true;
    judge_rows(&dialect, rows, G_N_ELEMENTS(rows));
}

static void test_address(void)
{
    static const Row page[] = {
        {absent, {TW_REASON_ABSENT, 0, 1, ABSENT_AT | 0xfff}, true},
        {absent, {TW_REASON_ABSENT, 0, 1, ABSENT_AT + 0x1000}, false},
    };
    static const Row none[] = {
        {absent, {TW_REASON_ABSENT, 0, 1, 0}, true},
        {absent, {TW_REASON_ABSENT, 0, 1, UINT64_MAX}, true},
        {absent, {TW_REASON_NONE, 0, 1, 0}, false},
    };
    TwDialect dialect = telling();

    dialect.reason_lg = 12;
    judge_rows(&dialect, page, G_N_ELEMENTS(page));
    dialect.reason_lg = 64;
    judge_rows(&dialect, none, G_N_ELEMENTS(none));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/reason/LA-60/exact", test_exact);
    g_test_add_func("/reason/LA-60/groups", test_groups);
    g_test_add_func("/reason/LA-60/coarse", test_coarse);
    g_test_add_func("/reason/LA-60/address", test_address);
    return g_test_run();
}
