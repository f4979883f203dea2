/* SPDX-License-Identifier: MIT */
/* The result of a run does not depend on its duration. */
#include <string.h>
#include <sys/time.h>

#include "program/text/text.h"
#include "targets/target.h"
#include "targets/unicorn/clock.h"

static TwProgram program;
static TwTrace trace;

/*
 * r4 is shown at 0x20b000, and read while its page has R; then that is taken
 * away.  What made the entry of that load go, were it not for the clock: the
 * library's TLB got smaller at a mapping call.
 *
 *   0x209000 r9   0x20b000 r4 ram .. 0x20d000          0x3fe000 r1, r3, r5
 */
static const char *const text =
    "twinwalk 1\n"
    "region r0 container size 0x400000 root s0\n"
    "region r1 ram size 0x6000 in r0 at 0x3fe000\n"
    "region r3 alias size 0x5000 of r1 offset 0x1000 in r0 at 0x3fe000\n"
    "region r4 ram size 0x2000 in r0 at 0x20b000\n"
    "region r5 alias size 0x5000 of r3 offset 0x2000 in r0 at 0x3fe000\n"
    "region r9 alias size 0x1000 of r5 offset 0x1000 in r0 at 0x209000\n"
    "mmu c0.0 space s0\n"
    "setup\n"
    "  page c0.0 0x20a000 -> 0x20a000 size 0x2000 rx\n"
    "script\n"
    "  write c0.0 0x99a8 8\n"
    "  page c0.0 0x209000 -> 0x209000 size 0x1000 rx\n"
    "  read c0.0 0x20b108 8\n"
    "  page c0.0 0x20b000 -> 0x20b000 size 0x1000 wx\n"
    "  read c0.0 0x20b108 8\n";

static void dawdle(void *data, uint16_t op, const char *kind, const char *line)
{
    (void)op, (void)kind, (void)line;
    ++*(unsigned *)data;
    g_usleep(120 * 1000);
}

/* The outcomes of all operations, run with `teller`. */
static void run(const TwTeller *teller, TwOutcome *outcomes)
{
    TwTargetOptions options = {.name = "unicorn", .teller = teller};
    TwTarget *target = tw_target_open(&options, NULL);

    g_assert_nonnull(target);
    g_assert_true(tw_target_run(target, &program, &trace));
    g_assert_cmpint(trace.end, ==, TW_END_DONE);
    memcpy(outcomes, trace.outcomes, program.n_script * sizeof(TwOutcome));
    tw_target_close(target);
}

static void test_slow(void)
{
    unsigned told = 0;
    TwTeller slow = {dawdle, &told};
    TwOutcome quick[8], late[8];

    g_assert_true(tw_program_parse(&program, text, strlen(text), "slow",
                                   TW_TEXT_STRICT, NULL, NULL, NULL));
    run(NULL, quick);
    run(&slow, late);
    g_assert_cmpuint(told, >, 5);
    for (unsigned i = 0; i < program.n_script; i++) {
        g_assert_cmpint(quick[i].class_, ==, late[i].class_);
        g_assert_cmpuint(quick[i].value, ==, late[i].value);
    }
}

static int64_t now_us(void)
{
    struct timeval time;

    gettimeofday(&time, NULL);
    return time.tv_sec * INT64_C(1000000) + time.tv_usec;
}

static void test_stands(void)
{
    int64_t began = now_us(), stood;

    g_assert_cmpint(began / 1000000, >, 1700000000); /* a year of our age */
    tw_uc_clock_stop();
    stood = now_us();
    g_usleep(2000);
    g_assert_cmpint(now_us(), ==, stood);
    tw_uc_clock_go();
    g_assert_cmpint(now_us(), >, began);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/unicorn/clock/stands", test_stands);
    g_test_add_func("/unicorn/clock/slow", test_slow);
    return g_test_run();
}
