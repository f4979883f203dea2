/* SPDX-License-Identifier: MIT */
/* The pass that makes pages larger. */
#include <glib.h>

#include "fuzz/minimise/passes.h"
#include "program/test-program.h"

static TwProgram best, made, wanted;

/* Two pages of one table; the script changes one. */
#define TABLES(entries, change) \
    "twinwalk 1\n" \
    "region r0 iommu size 0x100000000 root s0 iommu i0\n" \
    "region r1 container size 0x100000000 root s1\n" \
    "region r2 ram size 0x40000 in r1 at 0x0\n" \
    "iommu i0 pagetable to s1 format sv39 tables r2 levels 3 iotlb\n" \
    "setup\n" entries "  context i0 0 tables -> 0x8000 domain 1\n" \
    "script\n" \
    "  dma-read s0 0x10020 4 none\n" change "  dma-read s0 0x10020 4 none\n"

static bool turn(unsigned number)
{
    TwTurns turns = {.best = &best, .program = &made, .wanted = number};

    tw_pass_leaves(&turns);
    return turns.made;
}

static void assert_turn(unsigned number, const char *text)
{
    g_assert_true(turn(number));
    test_parse(&wanted, text);
    g_assert_true(tw_program_equal(&made, &wanted));
}

/* An entry for a table becomes each leaf of that table in turn, with the rights
 * that both grant; what is written over the leaf comes along. */
static void test_each(void)
{
    test_parse(&best, TABLES("  entry i0 level 3 r2 0x8000 = table 0x9000 rw\n"
                             "  entry i0 level 2 r2 0x9000 = table 0xa000 rw\n"
                             "  entry i0 level 1 r2 0xa080 = leaf 0x20000 r\n"
                             "  entry i0 level 1 r2 0xa088 = leaf 0x21000 rw\n",
                             "  entry i0 level 1 r2 0xa080 = nothing\n"));
    assert_turn(0, TABLES("  entry i0 level 3 r2 0x8000 = table 0x9000 rw\n"
                          "  entry i0 level 2 r2 0x9000 = leaf 0x0 r\n"
                          "  entry i0 level 1 r2 0xa088 = leaf 0x21000 rw\n",
                          "  entry i0 level 2 r2 0x9000 = nothing\n"));
    assert_turn(1, TABLES("  entry i0 level 3 r2 0x8000 = table 0x9000 rw\n"
                          "  entry i0 level 1 r2 0xa080 = leaf 0x20000 r\n"
                          "  entry i0 level 2 r2 0x9000 = leaf 0x0 rw\n",
                          "  entry i0 level 1 r2 0xa080 = nothing\n"));
    g_assert_false(turn(2)); /* the table of level 2 holds no leaf */
}

/* A table of the script goes, too; a leaf of another table stays. */
static void test_of_script(void)
{
    test_parse(&best,
               TABLES("  entry i0 level 3 r2 0x8000 = table 0x9000 rw\n"
                      "  entry i0 level 2 r2 0x9008 = table 0xb000 rw\n"
                      "  entry i0 level 1 r2 0xa000 = leaf 0x20000 rw\n",
                      "  entry i0 level 2 r2 0x9000 = table 0xa000 rw\n"));
    assert_turn(0, TABLES("  entry i0 level 3 r2 0x8000 = table 0x9000 rw\n"
                          "  entry i0 level 2 r2 0x9008 = table 0xb000 rw\n"
                          "  entry i0 level 2 r2 0x9000 = leaf 0x0 rw\n",
                          ""));
    g_assert_false(turn(1));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/leaves/each", test_each);
    g_test_add_func("/leaves/of-script", test_of_script);
    return g_test_run();
}
