/* SPDX-License-Identifier: MIT */
/*
 * Programs for the board with MPCs (mpc-board.h): what is outside, one thing at
 * a time, is refused with a reason, and fitting brings it inside.
 */
#include <glib.h>
#include <string.h>

#include "program/bytes/bytes.h"
#include "program/check.h"
#include "program/test-mpc-board.h"
#include "program/test-program.h"

static TwProgram p, q;

/* The second MPC alone; the first one with its alias. */
#define HEAD "twinwalk 1\npage 1024\n"
#define ROOT "region r0 container size 2^32 root s0\n"
#define FIRST \
    "region r1 iommu size 0x400000 in r0 at 0x0 iommu i0\n" \
    "region r4 alias size 0x400000 of r1 in r0 at 0x400000\n" \
    "region r5 ram size 0x400000 root s1\n" \
    "iommu i0 mpc indexes 2 select secure to s1 blocked s1\n"
#define SECOND \
    "region r2 iommu size 0x200000 in r0 at 0x28000000 iommu i1\n" \
    "region r6 ram size 0x200000 root s2\n" \
    "iommu i1 mpc indexes 2 select secure to s2 blocked s2\n"
#define CPU \
    "mmu c0.0 space s0 attrs secure\n" \
    "mmu c0.2 space s0\n"
#define SETUP \
    "setup\n" \
    "  page c0.0 0x0 -> 0x0 size 2^32 rwx\n" \
    "  page c0.2 0x0 -> 0x0 size 2^32 rwx\n"
#define PLAIN HEAD ROOT SECOND CPU SETUP "script\n"
#define WITH_ALIAS HEAD ROOT FIRST CPU SETUP "script\n"
#define CODE "twinwalk 1\npage 1024\ncontents code\n" ROOT SECOND CPU SETUP

static const char *const inside[] = {
    PLAIN "  read c0.0 0x28000000 8\n",
    PLAIN "  read c0.2 0x281ffffc 4\n  write c0.0 0x28000002 2\n",
    PLAIN "  read c0.0 0x28400000 4\n",
    PLAIN "  mpc-write i1 0x1c 4 = 0xffffffff secure\n  flush-all c0\n",
    WITH_ALIAS "  read c0.0 0x7ffff8 8\n  mpc-read i0 0xfff 1 secure\n",
    CODE "script\n  mpc-write i1 0x0 4 = 0x110 secure\n"
         "  exec c0.0 0x28000000 8\n",
    CODE "script\n  read c0.0 0x28000001 1\n",
};

static const struct {
    const char *text, *why;
} outside[] = {
    /* objects */
    {HEAD ROOT CPU SETUP "script\n", "objects other than those of a board"},
    {HEAD "region r0 container size 2^33 root s0\n" SECOND CPU SETUP "script\n",
     "objects other than those of a board"},
    {HEAD ROOT
     "region r3 iommu size 0x200000 in r0 at 0x28000000 iommu i2\n"
     "region r7 ram size 0x200000 root s3\n"
     "iommu i2 mpc indexes 2 select secure to s3 blocked s3\n" CPU SETUP
     "script\n",
     "objects other than those of a board"},
    {HEAD ROOT SECOND "region r7 ram size 0x1000\n" CPU SETUP "script\n",
     "objects other than those of a board"},
    {HEAD ROOT SECOND "mmu c0.0 space s0\nmmu c0.2 space s0\n" SETUP "script\n",
     "objects other than those of a board"},
    {"twinwalk 1\npage 1024\nhops 3\n" ROOT SECOND CPU SETUP "script\n",
     "objects other than those of a board"},
    /* the setup */
    {HEAD ROOT SECOND CPU "setup\n  page c0.0 0x0 -> 0x0 size 2^32 rw\n"
                          "script\n",
     "setup 0: page"},
    {HEAD ROOT SECOND CPU "setup\n  page c0.0 0x0 -> 0x0 size 2^30 rwx\n"
                          "script\n",
     "setup 0: page"},
    {HEAD ROOT SECOND CPU
     "setup\n  page c0.2 0x0 -> 0x0 size 2^32 rwx\nscript\n"
     "  read c0.0 0x28000000 4\n",
     "operation 0: read"},
    /* operations */
    {PLAIN "  read c0.0 0x0 4\n", "operation 0: read"},
    {PLAIN "  read c0.0 0x38000000 4\n", "operation 0: read"},
    {PLAIN "  read c0.0 0x28500000 4\n", "operation 0: read"},
    {PLAIN "  read c0.0 0x28000002 4\n", "operation 0: read"},
    {PLAIN "  read c0.0 0x28000000 3\n", "operation 0: read"},
    {PLAIN "  exec c0.0 0x28000000 4\n", "operation 0: exec"},
    {PLAIN "  mpc-read i1 0x1c 4 none\n", "operation 0: mpc-read"},
    {PLAIN "  mpc-read i1 0x1d 2 secure\n", "operation 0: mpc-read"},
    {PLAIN "  page c0.0 0x0 -> 0x0 size 2^32 rwx\n", "operation 0: operation"},
    {PLAIN "  iommu-reset i1\n", "operation 0: operation iommu-reset"},
    /* code */
    {CODE "script\n  exec c0.0 0x28000000 8\n",
     "operation 0: exec before the CTRL"},
    {CODE "script\n  mpc-write i1 0x0 4 = 0x100 secure\n",
     "operation 0: mpc-write"},
};

static void test_inside(void)
{
    TwDialect d = test_mpc_board_dialect(true);

    for (unsigned i = 0; i < G_N_ELEMENTS(inside); i++) {
        char why[160] = "";

        test_parse(&p, inside[i]);
        if (!tw_dialect_admits(&d, &p, why, sizeof(why))) {
            g_error("%s\n%s", why, inside[i]);
        }
        tw_program_copy(&q, &p);
        tw_dialect_fit(&d, &q);
        g_assert_true(tw_program_equal(&p, &q));
    }
}

static void test_outside(void)
{
    TwDialect d = test_mpc_board_dialect(true);

    for (unsigned i = 0; i < G_N_ELEMENTS(outside); i++) {
        char why[160] = "";

        test_parse(&p, outside[i].text);
        if (tw_dialect_admits(&d, &p, why, sizeof(why)) ||
            !g_str_has_prefix(why, outside[i].why)) {
            g_error("%u: expected \"%s\", not \"%s\"\n%s", i, outside[i].why,
                    why, outside[i].text);
        }
        if (p.n_script > 0 && p.script[0].code == TW_OP_PAGE) {
            continue; /* no number is wrong */
        }
        tw_dialect_fit(&d, &p);
        if (!tw_dialect_admits(&d, &p, why, sizeof(why)) ||
            !tw_program_check(&p, why, sizeof(why))) {
            g_error("%u fitted: %s\n%s", i, why, outside[i].text);
        }
    }
}

static void test_find(void)
{
    uint64_t offset;
    unsigned mpc;

    test_parse(&p, WITH_ALIAS);
    g_assert_true(tw_mpc_board_find(&p, 0x3fffff, &mpc, &offset));
    g_assert_cmpuint(mpc, ==, 0);
    g_assert_cmpuint(offset, ==, 0x3fffff);
    g_assert_true(tw_mpc_board_find(&p, 0x400010, &mpc, &offset));
    g_assert_cmpuint(offset, ==, 0x10);
    g_assert_false(tw_mpc_board_find(&p, 0x800000, &mpc, &offset));
    g_assert_false(tw_mpc_board_find(&p, 0x28000000, &mpc, &offset));
    test_parse(&p, PLAIN);
    g_assert_true(tw_mpc_board_find(&p, 0x28000400, &mpc, &offset));
    g_assert_cmpuint(mpc, ==, 1);
    g_assert_cmpuint(offset, ==, 0x400);
    g_assert_false(tw_mpc_board_find(&p, 0x28200000, &mpc, &offset));
}

/* What a fuzzing engine makes: whatever its bytes are, inside; and bytes of
 * what is inside give it back. */
static void test_bytes(void)
{
    TwDialect d = test_mpc_board_dialect(true);
    uint8_t bytes[600];

    for (unsigned n = 0; n < 2000; n++) {
        TwRng rng = tw_rng_for(11, n);
        char why[160];

        for (unsigned i = 0; i < sizeof(bytes); i++) {
            bytes[i] = (uint8_t)tw_rng_below(&rng, 256);
        }
        tw_program_decode(&p, bytes, sizeof(bytes), &d);
        if (!tw_program_check(&p, why, sizeof(why)) ||
            !tw_dialect_admits(&d, &p, why, sizeof(why))) {
            g_error("%u: %s", n, why);
        }
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/mpc-board/inside", test_inside);
    g_test_add_func("/mpc-board/outside", test_outside);
    g_test_add_func("/mpc-board/find", test_find);
    g_test_add_func("/mpc-board/bytes", test_bytes);
    return g_test_run();
}
