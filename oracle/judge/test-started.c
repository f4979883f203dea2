/* SPDX-License-Identifier: MIT */
/*
 * Accesses that actor offsets start (LA-61, AC-8, FR-14): what a trace must say
 * of them, and what no trace may say.
 *
 *   s0 = r0   r1 ram 0x0..0xfff | r2 device 0x1000 | r3 device 0x2000
 *             | r4 i0, 0x3000..0x3fff -> s0 0x0
 */
#include "oracle/test/test-support.h"

#include <glib.h>
#include <string.h>

#include "program/content.h"

#define WORLD \
    "twinwalk 1\n" \
    "region r0 container size 2^64 root s0\n" \
    "region r1 ram size 0x1000 in r0 at 0x0\n" \
    "region r2 mmio size 0x1000 in r0 at 0x1000\n" \
    "region r3 mmio size 0x1000 in r0 at 0x2000\n" \
    "region r4 iommu size 0x1000 in r0 at 0x3000 iommu i0\n" \
    "mmu c0.0 space s0\n"
#define SETUP \
    "setup\n" \
    "  page c0.0 0x1000 -> 0x1000 size 0x1000 rwx\n" \
    "  page c0.0 0x2000 -> 0x2000 size 0x1000 rwx\n" \
    "  map i0.0 0x0..0xfff -> s0 0x0 rw silent\n" \
    "script\n"

typedef struct Fixture {
    TwProgram *program;
    TestTarget *target;
    TwTrace *trace;
} Fixture;

static Fixture run(const char *actors, const char *script)
{
    g_autofree char *text = g_strconcat(WORLD, actors, SETUP, script, NULL);
    Fixture f = {.program = test_program(text)};

    f.target = test_target_new(f.program);
    f.trace = f.target->trace;
    test_target_run(f.target, true);
    test_judge(f.target, TW_VERDICT_AGREE);
    return f;
}

static void finish(Fixture *f)
{
    test_target_free(f->target);
    g_free(f->program);
}

/* A store and a load of it, whose bytes have a number of their own. */
static void outcomes(void)
{
    Fixture f = run("actor r2 0x0 dma-write s0 0x10 4 none\n"
                    "actor r2 0x0 dma-read s0 0x10 4 none\n",
                    "  write c0.0 0x1000 1\n"
                    "  dma-read s0 0x10 4 none\n");
    TwStarted *started = f.trace->started;
    const TwFinding *finding;

    g_assert_cmpuint(f.trace->n_started, ==, 2);
    g_assert_cmphex(started[1].outcome.value & 0xff, ==,
                    tw_store_tag(TW_MAX_SCRIPT, 0));
    g_assert_cmphex(f.trace->outcomes[1].value, ==, started[1].outcome.value);
    started[1].outcome.value ^= 1;
    finding = test_judge(f.target, TW_VERDICT_WRONG);
    g_assert_cmpuint(finding->op, ==, 0);
    g_assert_cmpuint(finding->starter, ==, 2);
    g_assert_nonnull(strstr(finding->text, "started by an actor offset"));
    started[1].outcome.value ^= 1;
    started[0].outcome.class_ = TW_CLASS_DECODE_ERROR;
    started[0].outcome.n_locations = 0;
    finding = test_judge(f.target, TW_VERDICT_CLASS);
    g_assert_cmpuint(finding->starter, ==, 1);
    finish(&f);
}

/* As many as are due, where they are due. */
static void number(void)
{
    Fixture f = run("actor r2 0x0 dma-read s0 0x10 4 none\n",
                    "  write c0.0 0x1000 1\n"
                    "  write c0.0 0x1004 1\n");
    TwTrace *trace = f.trace;

    g_assert_cmpuint(trace->n_started, ==, 1);
    trace->n_started = 0;
    test_judge(f.target, TW_VERDICT_EFFECT);
    trace->n_started = 2;
    trace->started[1] = trace->started[0];
    test_judge(f.target, TW_VERDICT_EFFECT);
    trace->started[1].op = 1;
    test_judge(f.target, TW_VERDICT_EFFECT);
    trace->n_started = 1;
    trace->started[0].op = 1;
    test_judge(f.target, TW_VERDICT_EFFECT);
    finish(&f);
}

/* Records of devices say which access they are of. */
static void records(void)
{
    Fixture f = run("actor r2 0x0 dma-write s0 0x2000 1 secure\n",
                    "  write c0.0 0x1000 1\n");
    TwLogRecord *log = f.trace->log;

    g_assert_cmpuint(f.trace->n_log, ==, 2);
    g_assert_cmpuint(log[0].started, ==, 0);
    g_assert_cmpuint(log[1].started, ==, 1);
    g_assert_cmphex(log[1].attrs, ==, TW_ATTR_SECURE);
    log[1].started = 0;
    test_judge(f.target, TW_VERDICT_EFFECT);
    log[1].started = 2;
    test_judge(f.target, TW_VERDICT_EFFECT);
    log[1].started = 1;
    log[1].byte = tw_store_tag(0, 0); /* that of the first access */
    test_judge(f.target, TW_VERDICT_EFFECT);
    f.trace->n_log = 1;
    test_judge(f.target, TW_VERDICT_EFFECT);
    finish(&f);
}

/* A device in its callback refuses what it has started, and what that has. */
static void busy(void)
{
    Fixture f = run("actor r2 0x0 dma-write s0 0x2000 1 none\n"
                    "actor r3 0x0 dma-write s0 0x1008 1 none\n"
                    "actor r2 0x8 dma-read s0 0x2008 1 none\n",
                    "  write c0.0 0x1000 1\n"
                    "  write c0.0 0x2000 1\n");
    TwStarted *started = f.trace->started;

    g_assert_cmpuint(f.trace->n_started, ==, 4);
    g_assert_cmpuint(started[0].outcome.class_, ==, TW_CLASS_OK);
    g_assert_cmpuint(started[1].outcome.class_, ==, TW_CLASS_DECODE_ERROR);
    g_assert_cmpuint(started[2].outcome.class_, ==, TW_CLASS_OK);
    g_assert_cmpuint(started[3].outcome.class_, ==, TW_CLASS_DECODE_ERROR);
    started[1].outcome.class_ = TW_CLASS_DEVICE_ERROR;
    test_judge(f.target, TW_VERDICT_WRONG);
    finish(&f);
}

/* What the device changed first, it sees; what it started from, does not. */
static void turn(void)
{
    Fixture f = run("actor r2 0x0 dma-read s0 0x3010 4 none\n"
                    "actor r2 0x0 unmap i0.0 0x0..0xfff notified\n"
                    "actor r2 0x0 dma-read s0 0x3010 4 none\n",
                    "  write c0.0 0x1000 1\n");
    TwStarted *started = f.trace->started;

    g_assert_cmpuint(started[0].outcome.class_, ==, TW_CLASS_OK);
    g_assert_cmpuint(started[1].outcome.class_, ==, TW_CLASS_DECODE_ERROR);
    started[1] = started[0];
    test_judge(f.target, TW_VERDICT_STALE);
    finish(&f);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/started/LA-61/outcomes", outcomes);
    g_test_add_func("/started/LA-61/number", number);
    g_test_add_func("/started/LA-61/records", records);
    g_test_add_func("/started/AC-8/busy", busy);
    g_test_add_func("/started/FR-14/turn", turn);
    return g_test_run();
}
