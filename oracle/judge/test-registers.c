/* SPDX-License-Identifier: MIT */
/*
 * Registers of an MPC as a device (LA-57): what reads give, what stays open,
 * and which accesses may have more than one place (RU-7).
 *
 *   s0 = r0   r1 i0, an mpc of two words, 0x0..0x3ffff
 *             | r2 its registers 0x100000..0x100fff | r5 a device
 *   s1 = r3   ram     s2 = r4, where blocked accesses lead, a hole
 */
#include "oracle/test/test-support.h"

#include <glib.h>
#include <string.h>

#define WORLD \
    "twinwalk 1\n" \
    "region r0 container size 2^64 root s0\n" \
    "region r1 iommu size 0x40000 in r0 at 0x0 iommu i0\n" \
    "region r2 mmio size 0x1000 in r0 at 0x100000 registers i0\n" \
    "region r3 ram size 0x40000 root s1\n" \
    "region r4 container size 0x1000 root s2\n" \
    "region r5 mmio size 0x1000 in r0 at 0x200000\n" \
    "region r6 alias size 0x4 of r2 offset 0x20 in r0 at 0x3ffffc prio 1\n" \
    "region r7 alias size 0x1000 of r1 in r0 at 0x400000\n" \
    "iommu i0 mpc indexes 2 select secure to s1 blocked s2\n" \
    "mmu c0.0 space s0 attrs secure\n" \
    "setup\n" \
    "  page c0.0 0x0 -> 0x0 size 0x1000 rwx\n" \
    "  page c0.0 0x100000 -> 0x100000 size 0x1000 rwx\n" \
    "  page c0.0 0x300000 -> 0x300000 size 0x100000 rwx\n" \
    "  page c0.0 0x400000 -> 0x400000 size 0x1000 rwx\n" \
    "script\n"

typedef struct Fixture {
    TwProgram *program;
    TestTarget *target;
    TwTrace *trace;
} Fixture;

static Fixture run(const char *script, bool located, TwVerdict expected)
{
    g_autofree char *text = g_strconcat(WORLD, script, NULL);
    Fixture f = {.program = test_program(text)};

    f.target = test_target_new(f.program);
    f.trace = f.target->trace;
    test_target_run(f.target, located);
    test_judge(f.target, expected);
    return f;
}

static void finish(Fixture *f)
{
    test_target_free(f->target);
    g_free(f->program);
}

/* BLK_IDX and then the word: the write changes both, one read sees both. */
static void in_turn(void)
{
    Fixture f = run("  read c0.0 0x100018 8\n"
                    "  mpc-read i0 0x18 4 secure\n"
                    "  write c0.0 0x100018 8\n"
                    "  mpc-read i0 0x18 4 secure\n"
                    "  mpc-write i0 0x18 1 = 0x0 secure\n"
                    "  mpc-read i0 0x1c 4 secure\n",
                    true, TW_VERDICT_AGREE);

    g_assert_cmphex(f.trace->outcomes[0].value, ==, 0);
    g_assert_cmphex(f.trace->outcomes[1].value, ==, 1);
    g_assert_cmphex(f.trace->outcomes[3].value, <=, 1);
    f.trace->outcomes[0].value = UINT64_C(1) << 32;
    test_judge(f.target, TW_VERDICT_WRONG);
    f.trace->outcomes[0].value = 0;
    f.trace->outcomes[3].value ^= 1; /* it did not go on */
    test_judge(f.target, TW_VERDICT_WRONG);
    finish(&f);
}

/* Nothing of it is logged. */
static void not_logged(void)
{
    Fixture f = run("  write c0.0 0x100000 4\n", true, TW_VERDICT_AGREE);

    g_assert_cmpuint(f.trace->n_log, ==, 0);
    f.trace->log[f.trace->n_log++] =
        (TwLogRecord){.op = 0, .kind = TW_LOG_WRITE, .region = 2};
    test_judge(f.target, TW_VERDICT_EFFECT);
    finish(&f);
}

/* A device's write of the word is UNMAP for CPUs. */
static void dma_flushes(void)
{
    Fixture f = run("  read c0.0 0x0 1\n"
                    "  nop\n"
                    "  nop\n"
                    "  nop\n"
                    "  dma-write s0 0x10001c 4 secure\n"
                    "  read c0.0 0x0 1\n"
                    "  read c0.0 0x1 1\n",
                    true, TW_VERDICT_AGREE);

    g_assert_cmpint(f.trace->outcomes[0].n_locations, ==, 1);
    g_assert_cmpint(f.trace->outcomes[5].n_locations, ==, 0); /* blocked */
    /* the CPU still has its entry: it had a safe point */
    f.trace->outcomes[5] = f.trace->outcomes[0];
    test_judge(f.target, TW_VERDICT_STALE);
    finish(&f);
}

/* An access that is blocked in part may see itself in what is recorded. */
static void open_record(void)
{
    Fixture f = run("  mpc-write i0 0x18 4 = 0x0 secure\n"
                    "  mpc-write i0 0x1c 4 = 0x1 secure\n"
                    "  read c0.0 0x3ffffc 8\n"
                    "  mpc-read i0 0x20 4 secure\n",
                    true, TW_VERDICT_AGREE);

    g_assert_cmphex(f.trace->outcomes[3].value, ==, 1);
    f.trace->outcomes[2].value ^= 1;
    test_judge(f.target, TW_VERDICT_AGREE);
    f.trace->outcomes[2].value ^= UINT64_C(1) << 40; /* what is blocked is 0 */
    test_judge(f.target, TW_VERDICT_WRONG);
    finish(&f);
}

/* Registers or a plain device: only a target that says where can tell. */
static void two_places(void)
{
    static const char script[] = "safepoint c0\n"
                                 "write c0.0 0x100000 1\n"
                                 "page c0.0 0x100000 -> 0x0 size 0x1000 rwx\n"
                                 "write c0.0 0x100000 1\n";
    Fixture f = run(script, true, TW_VERDICT_AGREE);

    finish(&f);
    f = run(script, false, TW_VERDICT_INCONCLUSIVE);
    finish(&f);
}

/* Nor is it known what comes first, the access or what is during it, whatever
 * the access gives. */
static void during(void)
{
    Fixture f = run("read c0.0 0x10001c 4\n"
                    "during flush-all c0\n",
                    true, TW_VERDICT_INCONCLUSIVE);

    f.trace->outcomes[0].value ^= 1;
    test_judge(f.target, TW_VERDICT_INCONCLUSIVE);
    finish(&f);
    f = run("read c0.0 0x10001c 4\n"
            "flush-all c0\n",
            true, TW_VERDICT_AGREE);
    f.trace->outcomes[0].value ^= 1;
    test_judge(f.target, TW_VERDICT_WRONG);
    finish(&f);
}

/* A table that has changed thousands of times: both walkers see all of it. */
static void often(void)
{
    g_autoptr(GString) script = g_string_new("");
    Fixture f;

    for (unsigned i = 0; i < 300; i++) {
        g_string_append_printf(script,
                               "  mpc-write i0 0x18 4 = 0x0 secure\n"
                               "  mpc-write i0 0x1c 4 = 0x%x secure\n"
                               "  dma-read s0 0x%x 4 secure\n",
                               i % 2 ? 0 : ~0u, 0x20000 + i * 8);
    }
    f = run(script->str, true, TW_VERDICT_AGREE);
    finish(&f);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/registers/LA-57/in-turn", in_turn);
    g_test_add_func("/registers/LA-57/not-logged", not_logged);
    g_test_add_func("/registers/LA-57/dma-flushes", dma_flushes);
    g_test_add_func("/registers/LA-57/open-record", open_record);
    g_test_add_func("/registers/RU-7/two-places", two_places);
    g_test_add_func("/registers/LA-57/during", during);
    g_test_add_func("/registers/LA-33/often", often);
    return g_test_run();
}
