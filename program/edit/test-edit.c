/* SPDX-License-Identifier: MIT */
/* Edits of programs, each with what depends on the thing that it changes. */
#include "program/edit/edit.h"

#include "program/test-program.h"

static TwProgram program;

/*
 *   s0: 0x0 [ram r1) 0x2000 [box r2: mmio r3) 0x4000
 */
static const char *const boxed =
    "twinwalk 1\n"
    "page 4096\n"
    "hops 16\n"
    "region r0 container size 2^64\n"
    "region r1 ram size 0x2000 in r0 at 0x0\n"
    "region r2 container size 0x2000 in r0 at 0x2000\n"
    "region r3 mmio size 0x1000 in r2 at 0x1000\n"
    "space s0 root r0\n"
    "cpu c0 tlb 4\n"
    "mmu c0.0 space s0\n"
    "setup\n"
    "  page c0.0 0x0 -> 0x0 size 0x4000 rwx\n"
    "script\n"
    "  read c0.0 0x3000 4\n";

static void test_flatten(void)
{
    test_parse(&program, boxed);
    tw_edit_flatten(&program, 2);
    g_assert_true(tw_program_check(&program, NULL, 0));
    g_assert_cmpuint(program.regions[2].kind, ==, TW_REGION_NONE);
    g_assert_cmpuint(program.regions[3].container, ==, 0);
    g_assert_cmphex(program.regions[3].addr, ==, 0x3000);
}

static void test_drop_region_takes_users(void)
{
    test_parse(&program, boxed);
    tw_edit_drop_region(&program, 2);
    g_assert_true(tw_program_check(&program, NULL, 0));
    g_assert_cmpuint(program.regions[3].kind, ==, TW_REGION_NONE);
    /* The root takes the space, the space the MMU index's home. */
    tw_edit_drop_region(&program, 0);
    g_assert_false(program.spaces[0].present);
    g_assert_cmpuint(program.regions[1].kind, ==, TW_REGION_NONE);
}

static void test_renumber(void)
{
    test_parse(&program, boxed);
    tw_edit_drop_region(&program, 1);
    tw_edit_renumber(&program);
    g_assert_true(tw_program_check(&program, NULL, 0));
    g_assert_cmpuint(program.n_regions, ==, 3);
    g_assert_cmpuint(program.regions[1].kind, ==, TW_REGION_CONTAINER);
    g_assert_cmpuint(program.regions[2].container, ==, 1);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/edit/flatten", test_flatten);
    g_test_add_func("/edit/drop-region", test_drop_region_takes_users);
    g_test_add_func("/edit/renumber", test_renumber);
    return g_test_run();
}
