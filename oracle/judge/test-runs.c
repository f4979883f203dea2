/* SPDX-License-Identifier: MIT */
/*
 * Runs of code words (LA-52): which words ran, what each fetched, and the fetch
 * that ends a run.
 *
 *          0x0         0x1000      0x2000      0x3000
 *   s0 r0: | r1        | r2        | r3        | hole
 *          | ram       | ram       | mmio      |
 *   c0.0 is 1:1; 0x3000 has an entry, too
 */
#include <glib.h>

#include "oracle/test/test-support.h"
#include "program/content.h"

#define HEAD \
    "twinwalk 1\npage 4096\nhops 2\ncontents runs\n" \
    "region r0 container size 0x10000\n" \
    "region r1 ram size 0x1000 in r0 at 0x0\n" \
    "region r2 ram size 0x1000 in r0 at 0x1000\n" \
    "region r3 mmio size 0x1000 in r0 at 0x2000\n" \
    "space s0 root r0\ncpu c0 tlb 4\nmmu c0.0 space s0\n" \
    "setup\n  page c0.0 0x0 -> 0x0 size 0x4000 rwx\nscript\n"
/* The second page must not be executed. */
#define NO_X "  page c0.0 0x1000 -> 0x1000 size 0x1000 rw\n"

/* Behind an MPC, blocks of 1 KiB; c0.0 is Secure. */
#define MPC_HEAD \
    "twinwalk 1\npage 1024\ncontents runs-thumb\n" \
    "region r0 iommu size 0x800 root s0 iommu i0\n" \
    "region r1 ram size 0x800 root s1\n" \
    "iommu i0 mpc indexes 2 select secure to s1 blocked s1\n" \
    "mmu c0.0 space s0 attrs secure\n" \
    "setup\n  page c0.0 0x0 -> 0x0 size 0x800 rwx\nscript\n" \
    "  mpc-write i0 0x0 4 = 0x10 secure\n"
/* The look-up table. */
#define BECOMES "mpc-write i0 0x1c 4 = "

enum { TRUTH = -1 };

/* Runs `script` truthfully, then claims another outcome of operation `op`
 * (class_ TRUTH: does not).  Returns its value in truth. */
static uint64_t claim_in(const char *head, const char *script, unsigned op,
                         int class_, uint64_t value, TwVerdict expected)
{
    g_autofree char *text = g_strconcat(head, script, NULL);
    g_autofree TwProgram *program = test_program(text);
    TestTarget *target = test_target_new(program);
    TwOutcome *outcome = &target->trace->outcomes[op];
    uint64_t truth;

    target->contract = (TwContract){.ends = TW_ENDS_COMMIT | TW_ENDS_CPU_FLUSH,
                                    .code = TW_CODE_ALL_STORES};
    test_target_run(target, false);
    truth = outcome->value;
    if (class_ != TRUTH) {
        outcome->class_ = (uint8_t)class_;
        outcome->value = value;
    }
    test_judge(target, expected);
    test_target_free(target);
    return truth;
}

static uint64_t claim(const char *script, unsigned op, int class_,
                      uint64_t value, TwVerdict expected)
{
    return claim_in(HEAD, script, op, class_, value, expected);
}

/* What the word at an address starts with; as word i of a run. */
static uint64_t first(uint64_t addr, unsigned i)
{
    return (uint64_t)tw_run_initial(addr < 0x1000 ? 1 : 2, (addr & 0xfff) >> 3)
           << 16 * i;
}

static uint64_t stored(unsigned op, unsigned i)
{
    return (uint64_t)tw_run_stored(op) << 16 * i;
}

/* A run goes to the word that returns: one to four words. */
static void length(void)
{
    uint64_t all =
        first(0x10, 0) | first(0x18, 1) | first(0x20, 2) | first(0x28, 3);

    g_assert_cmphex(
        claim("  exec c0.0 0x10 8\n", 0, TRUTH, 0, TW_VERDICT_AGREE), ==, all);
    g_assert_cmphex(claim("  exec c0.0 0x8 8\n", 0, TRUTH, 0, TW_VERDICT_AGREE),
                    ==, first(0x8, 0));
    /* the last word did not run; another one ran; more than the run did */
    claim("  exec c0.0 0x8 8\n", 0, TW_CLASS_OK, first(0x8, 0) | first(0x10, 1),
          TW_VERDICT_WRONG);
    claim("  exec c0.0 0x10 8\n", 0, TW_CLASS_OK, all & 0xffffffffffff,
          TW_VERDICT_WRONG);
    claim("  exec c0.0 0x10 8\n", 0, TW_CLASS_OK, all ^ UINT64_C(1) << 32,
          TW_VERDICT_WRONG);
}

/* Over the end of a page, into one that may not be executed, and a hole. */
static void over_the_end(void)
{
    static const char script[] = NO_X "  flush-all c0\n  exec c0.0 0xff0 8\n";
    uint64_t two = first(0xff0, 0) | first(0xff8, 1);
    uint64_t three = two | first(0x1000, 2);

    g_assert_cmphex(
        claim("  exec c0.0 0xff0 8\n", 0, TRUTH, 0, TW_VERDICT_AGREE), ==,
        three | first(0x1008, 3));
    g_assert_cmphex(claim(script, 2, TRUTH, 0, TW_VERDICT_AGREE), ==, two);
    /* nothing ran; one word too many, as before the change; all; refused for
     * another reason, and where it must not be */
    claim(script, 2, TW_CLASS_PAGE_FAULT, 0, TW_VERDICT_CLASS);
    claim(script, 2, TW_CLASS_PAGE_FAULT, three, TW_VERDICT_STALE);
    claim(script, 2, TW_CLASS_OK, three | first(0x1008, 3), TW_VERDICT_STALE);
    claim(script, 2, TW_CLASS_PAGE_FAULT, two | first(0x1008, 3),
          TW_VERDICT_WRONG);
    claim(script, 2, TW_CLASS_DECODE_ERROR, two, TW_VERDICT_FAULT);
    claim("  exec c0.0 0xff0 8\n", 0, TW_CLASS_PAGE_FAULT, two,
          TW_VERDICT_CLASS);
    claim("  exec c0.0 0xff0 8\n", 0, TW_CLASS_PAGE_FAULT,
          three | first(0x1008, 3), TW_VERDICT_CLASS);
    claim("  exec c0.0 0x2ff8 8\n", 0, TRUTH, 0, TW_VERDICT_AGREE);
}

/* FR-10 goes for each word; the mapping of each page, too. */
static void old_words(void)
{
    static const char script[] =
        "  exec c0.0 0xff0 8\n  write c0.0 0x1000 8\n"
        "  write c0.0 0xff8 8\n  exec c0.0 0xff0 8\n"
        "  flush-page c0.0 0x1000\n  exec c0.0 0xff0 8\n";
    uint64_t rest = first(0xff0, 0) | first(0x1008, 3);

    g_assert_cmphex(claim(script, 3, TRUTH, 0, TW_VERDICT_AGREE), ==,
                    rest | stored(2, 1) | stored(1, 2));
    claim(script, 3, TW_CLASS_OK, rest | first(0xff8, 1) | stored(1, 2),
          TW_VERDICT_AGREE_STALE);
    claim(script, 3, TW_CLASS_OK, rest | stored(2, 1) | first(0x1000, 2),
          TW_VERDICT_AGREE_STALE);
    /* the flush covers the second page only */
    claim(script, 5, TW_CLASS_OK, rest | first(0xff8, 1) | stored(1, 2),
          TW_VERDICT_AGREE_STALE);
    claim(script, 5, TW_CLASS_OK, rest | stored(2, 1) | first(0x1000, 2),
          TW_VERDICT_STALE);
}

/* A device answers words; it is told of those fetches that took place. */
static void device(void)
{
    g_autofree TwProgram *program = test_program(HEAD "  exec c0.0 0x1ff8 8\n");
    TestTarget *target = test_target_new(program);

    test_target_run(target, false);
    g_assert_cmphex(target->trace->outcomes[0].value >> 16, ==,
                    tw_run_device(3, 0) | (uint64_t)tw_run_device(3, 1) << 16);
    g_assert_cmpuint(target->trace->n_log, ==, 16);
    test_judge(target, TW_VERDICT_AGREE);
    target->trace->n_log = 8;
    test_judge(target, TW_VERDICT_EFFECT);
    test_target_free(target);
}

/* The device answers a fetch with an error: that ends the run, like a refusal.
 */
static void error(void)
{
    g_autofree TwProgram *program = test_program(
        "twinwalk 1\npage 4096\nhops 2\ncontents runs\n"
        "region r0 container size 0x10000\n"
        "region r2 ram size 0x1000 in r0 at 0x1000\n"
        "region r3 mmio size 0x1000 in r0 at 0x2000 error 0x0..0x7\n"
        "space s0 root r0\nmmu c0.0 space s0\n"
        "setup\n  page c0.0 0x0 -> 0x0 size 0x4000 rwx\nscript\n"
        "  exec c0.0 0x1ff8 8\n");
    static const struct {
        TwClass class_;
        uint64_t words;
        TwVerdict verdict;
    } claims[] = {
        {TW_CLASS_DEVICE_ERROR, 1, TW_VERDICT_AGREE},
        {TW_CLASS_DEVICE_ERROR, 0, TW_VERDICT_CLASS},
        {TW_CLASS_OK, 1, TW_VERDICT_WRONG},
        {TW_CLASS_DECODE_ERROR, 1, TW_VERDICT_CLASS},
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(claims); i++) {
        TestTarget *target = test_target_new(program);

        test_target_run(target, false);
        target->trace->outcomes[0].class_ = (uint8_t)claims[i].class_;
        target->trace->outcomes[0].value =
            claims[i].words ? first(0x1ff8, 0) : 0;
        target->trace->n_log = 0;
        test_judge(target, claims[i].verdict);
        test_target_free(target);
    }
}

/* A run changes the MPC between its first word and its second one.  It may have
 * fetched the others before, but not the last one.  A run that does not begin
 * changes nothing. */
static void changes(void)
{
    static const char closes[] =
        "  exec c0.0 0x10 8\n  during c0: " BECOMES "0x1 secure\n";
    static const char opens[] =
        "  " BECOMES "0x1 secure\n  mpc-write i0 0x18 4 = 0x0 secure\n"
        "  exec c0.0 0x10 8\n  during c0: " BECOMES "0x0 secure\n";
    /* The stand-in has performed what is during the run. */
    g_autofree char *opened = g_strconcat(opens, "  exec c0.0 0x28 8\n", NULL);
    static const char other[] =
        "  exec c0.0 0x3f0 8\n  during c0: " BECOMES "0x2 secure\n";
    uint64_t one = first(0x10, 0), two = one | first(0x18, 1);
    uint64_t three = two | first(0x20, 2);

    claim_in(MPC_HEAD, closes, 1, TW_CLASS_DEVICE_ERROR, three,
             TW_VERDICT_AGREE);
    claim_in(MPC_HEAD, closes, 1, TW_CLASS_DEVICE_ERROR, two, TW_VERDICT_AGREE);
    claim_in(MPC_HEAD, closes, 1, TW_CLASS_DEVICE_ERROR, one, TW_VERDICT_AGREE);
    claim_in(MPC_HEAD, closes, 1, TW_CLASS_DEVICE_ERROR, 0, TW_VERDICT_CLASS);
    claim_in(MPC_HEAD, closes, 1, TW_CLASS_OK, three | first(0x28, 3),
             TW_VERDICT_STALE);
    claim_in(MPC_HEAD, opens, 3, TW_CLASS_DEVICE_ERROR, 0, TW_VERDICT_AGREE);
    claim_in(MPC_HEAD, opened, 3, TW_CLASS_DEVICE_ERROR, 0, TW_VERDICT_STALE);
    /* The next block: the third word may be an old one. */
    one = first(0x3f0, 0) | first(0x3f8, 1);
    claim_in(MPC_HEAD, other, 1, TW_CLASS_DEVICE_ERROR, one, TW_VERDICT_AGREE);
    claim_in(MPC_HEAD, other, 1, TW_CLASS_DEVICE_ERROR, one | first(0x400, 2),
             TW_VERDICT_AGREE);
    claim_in(MPC_HEAD, other, 1, TW_CLASS_OK,
             one | first(0x400, 2) | first(0x408, 3), TW_VERDICT_STALE);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/runs/LA-52/length", length);
    g_test_add_func("/runs/LA-52/over-the-end", over_the_end);
    g_test_add_func("/runs/LA-52,FR-10/old-words", old_words);
    g_test_add_func("/runs/LA-52/device", device);
    g_test_add_func("/runs/LA-52/error", error);
    g_test_add_func("/runs/LA-52/changes", changes);
    return g_test_run();
}
