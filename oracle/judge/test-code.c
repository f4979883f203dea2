/* SPDX-License-Identifier: MIT */
/*
 * Code contents and fetches of old bytes (LA-44, FR-10): which bytes are
 * allowed until which flush, and the verdict of a fetch of older ones.
 *
 *          0x0         0x1000      0x2000      0x3000      0x4000
 *   s0 r0: | r1        | r2        | r3        | r4        | hole
 *          | ram       | ram       | alias r1  | mmio      |
 *   c0.0 is 1:1
 */
#include "oracle/test/test-support.h"

#include <glib.h>
#include <string.h>

#include "program/content.h"

#define HEAD "twinwalk 1\npage 4096\nhops 2\ncontents code\n"
#define TOPOLOGY \
    "region r0 container size 0x10000\n" \
    "region r1 ram size 0x1000 in r0 at 0x0\n" \
    "region r2 ram size 0x1000 in r0 at 0x1000\n" \
    "region r3 alias size 0x1000 of r1 in r0 at 0x2000\n" \
    "region r4 mmio size 0x1000 in r0 at 0x3000\n" \
    "space s0 root r0\ncpu c0 tlb 4\nmmu c0.0 space s0\nmmu c0.1 space s0\n" \
    "cpu c1 tlb 4\nmmu c1.0 space s0\n" \
    "setup\n" \
    "  page c0.0 0x0 -> 0x0 size 0x4000 rwx\n" \
    "  page c0.1 0x0 -> 0x0 size 0x4000 rwx\n" \
    "  page c1.0 0x0 -> 0x0 size 0x4000 rwx\n" \
    "script\n"

/* The word of a number, as a fetch or read of it gives it. */
static uint64_t word(unsigned number)
{
    uint64_t value = 0;

    for (unsigned k = 0; k < 8; k++) {
        value |= (uint64_t)tw_code_byte(TW_CONTENTS_CODE, (uint16_t)number, k)
                 << (8 * k);
    }
    return value;
}

static uint64_t initial(uint8_t block, uint64_t offset)
{
    return word(tw_code_initial(block, offset >> 3));
}

static uint64_t stored(unsigned op)
{
    return word(tw_code_stored(op));
}

/* Runs `script` truthfully, then claims that operation `op` gave `value`. */
static const TwFinding *claim(const char *script, unsigned rule, bool queued,
                              unsigned op, uint64_t value, TwVerdict expected)
{
    g_autofree char *text = g_strconcat(HEAD TOPOLOGY, script, NULL);
    g_autofree TwProgram *program = test_program(text);
    TestTarget *target = test_target_new(program);
    const TwFinding *finding;

    target->contract = (TwContract){
        .queued = queued,
        .ends = TW_ENDS_COMMIT | TW_ENDS_CPU_FLUSH,
        .code = (uint8_t)rule,
    };
    test_target_run(target, false);
    target->trace->outcomes[op].value = value;
    finding = test_judge(target, expected);
    test_target_free(target);
    return finding;
}

#define OLD(script, op, value) \
    claim(script, TW_CODE_ALL_STORES, false, op, value, TW_VERDICT_AGREE_STALE)
#define NOW(script, op, value) \
    claim(script, TW_CODE_ALL_STORES, false, op, value, TW_VERDICT_AGREE)
#define BAD(script, op, value) \
    claim(script, TW_CODE_ALL_STORES, false, op, value, TW_VERDICT_STALE)

static void words(void)
{
    g_assert_cmphex(word(1), ==, UINT64_C(0xd65f03c0d2800020));
    g_assert_cmphex(word(0xffff), ==, UINT64_C(0xd65f03c0d29fffe0));
    for (unsigned i = 0; i < 100000; i++) {
        unsigned number = tw_code_initial((uint8_t)i, i);

        g_assert_cmpuint(number, >, 0);
        g_assert_cmpuint(number, <, 0x8000);
    }
    /* Data, as CPU and device see it, and the digests of the end state. */
    NOW("  read c0.0 0x8 8\n", 0, initial(1, 8));
    NOW("  read c0.0 0x9 1\n", 0, initial(1, 8) >> 8 & 0xff);
    NOW("  write c0.0 0x1010 8\n  dma-read s0 0x1010 8 none\n", 1, stored(0));
    NOW("  rmw c0.0 0x10 8\n  read c0.0 0x2010 8\n", 1, stored(0));
    NOW("  write c0.0 0x3000 8\n", 0, 0); /* logged as a device got it */
}

/* A page and what is stored in it, between one fetch and the next. */
static void until_flush(void)
{
    static const char script[] = "  exec c0.0 0x8 8\n"
                                 "  write c0.0 0x8 8\n"
                                 "  write c0.0 0x10 8\n"
                                 "  dma-write s0 0x8 8 none\n"
                                 "  exec c0.0 0x8 8\n";

    NOW(script, 4, stored(3));
    OLD(script, 4, stored(1));
    OLD(script, 4, initial(1, 8));
    /* the neighbour's, and what it will be */
    claim(script, TW_CODE_ALL_STORES, false, 4, stored(2), TW_VERDICT_WRONG);
    claim(script, TW_CODE_ALL_STORES, false, 0, stored(1), TW_VERDICT_WRONG);
    /* half old, half new: there was no such time */
    claim(script, TW_CODE_ALL_STORES, false, 4,
          (stored(3) & ~UINT64_C(0xffff)) | (initial(1, 8) & 0xffff),
          TW_VERDICT_WRONG);
    /* it is no matter of data */
    claim("  write c0.0 0x8 8\n  read c0.0 0x8 8\n", TW_CODE_ALL_STORES, false,
          1, initial(1, 8), TW_VERDICT_WRONG);
    /* what was never fetched is no less allowed: code runs on */
    OLD("  write c0.0 0x8 8\n  exec c0.0 0x8 8\n", 1, initial(1, 8));
    /* written by another name */
    OLD("  write c0.0 0x2008 8\n  exec c0.0 0x8 8\n", 1, initial(1, 8));
}

static void flushed(void)
{
#define FILL "  exec c0.0 0x8 8\n  write c0.0 0x8 8\n"
#define AGAIN "  exec c0.0 0x8 8\n"
    static const char *const covering[] = {
        "flush-page c0.0 0xff8",
        "flush-page all.0 0x0",
        "flush-range c0.0 0x0 0x1 bits 64",
        "flush-range c0.0 0x5000 0x10 bits 12",
        "flush-index c0.0",
        "flush-all c0",
        "flush-all all",
    };
    static const char *const other[] = {
        "flush-page c0.0 0x1000",
        "flush-page c0.0 0x2008", /* the same bytes by another name */
        "flush-range c0.0 0x1000 0x1000 bits 64",
        "flush-range c0.0 0x0 0x0 bits 64",
        "flush-page c1.0 0x8",
        "flush-all c1",
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(covering); i++) {
        g_autofree char *script =
            g_strdup_printf(FILL "  %s\n" AGAIN, covering[i]);
        const TwFinding *finding;

        NOW(script, 3, stored(1));
        finding = BAD(script, 3, initial(1, 8));
        g_assert_cmpstr(finding->key, ==, "StaSoftmmuExRamCodFlu");
        g_assert_cmpint(finding->op, ==, 3);
        g_assert_cmpint(finding->changed, ==, 1);
        g_assert_cmpint(finding->ended, ==, 2);
        g_assert_cmpint(finding->filled, ==, 0);
    }
    for (unsigned i = 0; i < G_N_ELEMENTS(other); i++) {
        g_autofree char *script =
            g_strdup_printf(FILL "  %s\n" AGAIN, other[i]);

        OLD(script, 3, initial(1, 8));
    }
    /* What was there when the flush came is a beginning, not an end. */
    OLD(FILL "  flush-page c0.0 0x0\n  write c0.0 0x8 8\n" AGAIN, 4, stored(1));
    BAD(FILL "  flush-page c0.0 0x0\n  write c0.0 0x8 8\n" AGAIN, 4,
        initial(1, 8));
    /* A flush that waits in a queue has ended nothing yet. */
    claim("safepoint c0\n" FILL "  flush-all all\n" AGAIN, TW_CODE_ALL_STORES,
          true, 4, initial(1, 8), TW_VERDICT_STALE);
}

/* Where a fetch goes, and whether it may, is as current as for data. */
static void still_current(void)
{
    static const char remapped[] = "  exec c0.0 0x8 8\n"
                                   "  page c0.0 0x0 -> 0x1000 size 0x1000 "
                                   "rwx\n"
                                   "  exec c0.0 0x8 8\n";
    const TwFinding *finding;

    NOW(remapped, 2, initial(2, 8));
    finding = BAD(remapped, 2, initial(1, 8));
    g_assert_cmpstr(finding->key, ==, "StaSoftmmuExRamPgm");
    BAD("  exec c0.0 0x8 8\n  del r1\n  move r2 at 0x0\n  exec c0.0 0x8 8\n", 3,
        initial(1, 8));
    /* old bytes of the place where it goes now */
    OLD("  exec c0.0 0x8 8\n  write c0.0 0x1008 8\n"
        "  page c0.0 0x0 -> 0x1000 size 0x1000 rwx\n  exec c0.0 0x8 8\n",
        3, initial(2, 8));
}

static void rights(void)
{
    g_autofree TwProgram *program =
        test_program(HEAD TOPOLOGY "  exec c0.0 0x8 8\n"
                                   "  page c0.0 0x0 -> 0x0 size 0x1000 rw\n"
                                   "  exec c0.0 0x8 8\n");
    TestTarget *target = test_target_new(program);

    target->contract = (TwContract){.code = TW_CODE_ALL_STORES};
    test_target_run(target, false);
    g_assert_cmpint(target->trace->outcomes[2].class_, ==, TW_CLASS_PAGE_FAULT);
    test_judge(target, TW_VERDICT_AGREE);
    target->trace->outcomes[2] = target->trace->outcomes[0];
    test_judge(target, TW_VERDICT_STALE);
    test_target_free(target);
}

static void fresh(void)
{
    static const char script[] = "  exec c0.0 0x8 8\n  write c0.0 0x8 8\n"
                                 "  exec c0.0 0x8 8\n";
    const TwFinding *finding;

    claim(script, 0, false, 2, stored(1), TW_VERDICT_AGREE);
    finding = claim(script, 0, false, 2, initial(1, 8), TW_VERDICT_STALE);
    g_assert_cmpstr(finding->key, ==, "StaSoftmmuExRamCodSto");
    g_assert_cmpint(finding->changed, ==, 1);
    g_assert_cmpint(finding->ended, ==, 1);
    finding = claim("  exec c0.0 0x8 8\n  dma-write s0 0x8 8 none\n"
                    "  exec c0.0 0x8 8\n",
                    0, false, 2, initial(1, 8), TW_VERDICT_STALE);
    g_assert_cmpstr(finding->key, ==, "StaSoftmmuExRamCod");
    g_assert_cmpint(finding->ended, ==, TW_NO_OP);
}

/* A fetch that may see old bytes counts as one with a window. */
static void windows(void)
{
    g_autofree TwProgram *program =
        test_program(HEAD TOPOLOGY "  exec c0.0 0x8 8\n"
                                   "  write c0.0 0x8 8\n"
                                   "  exec c0.0 0x8 8\n"
                                   "  exec c0.0 0x0 8\n"
                                   "  exec c0.0 0x3000 8\n"
                                   "  read c0.0 0x8 8\n"
                                   "  flush-page c0.0 0x0\n"
                                   "  exec c0.0 0x8 8\n");
    TestTarget *target = test_target_new(program);
    TwJudgeStats stats = {0};

    target->contract =
        (TwContract){.ends = TW_ENDS_CPU_FLUSH, .code = TW_CODE_ALL_STORES};
    test_target_run(target, false);
    test_judge_stats(target, TW_VERDICT_AGREE, &stats);
    g_assert_cmpuint(stats.windows, ==, 1);
    test_target_free(target);
}

/* A CPU fetches what it stored itself through the same address and index; what
 * others stored, or it through another address, may be missed until a flush. */
static void own_store(void)
{
#define OTHERS(script, op, value, verdict) \
    claim(script, TW_CODE_OTHER_STORES, false, op, value, verdict)
    static const char *const own[] = {
        "write c0.0 0x8 8",
        "rmw c0.0 0x8 8",
        "write c0.0 0x8 8 from 0x2ff8",
    };
    static const char *const others[] = {
        "write c0.0 0x2008 8", /* the same bytes by another name */
        "write c0.1 0x8 8",
        "write c1.0 0x8 8",
        "dma-write s0 0x8 8 none",
    };
    static const char between[] = "  exec c0.0 0x8 8\n"
                                  "  dma-write s0 0x8 8 none\n"
                                  "  write c0.0 0x8 8\n"
                                  "  dma-write s0 0x8 8 none\n"
                                  "  exec c0.0 0x8 8\n";
    const TwFinding *finding;

    for (unsigned i = 0; i < G_N_ELEMENTS(own); i++) {
        g_autofree char *script = g_strdup_printf(
            "  exec c0.0 0x8 8\n  %s\n  exec c0.0 0x8 8\n", own[i]);

        finding = OTHERS(script, 2, initial(1, 8), TW_VERDICT_STALE);
        g_assert_cmpstr(finding->key, ==, "StaSoftmmuExRamCodSto");
        g_assert_cmpint(finding->changed, ==, 1);
        g_assert_cmpint(finding->ended, ==, 1);
        g_assert_cmpint(finding->filled, ==, 0);
    }
    for (unsigned i = 0; i < G_N_ELEMENTS(others); i++) {
        g_autofree char *script = g_strdup_printf(
            "  exec c0.0 0x8 8\n  %s\n  exec c0.0 0x8 8\n", others[i]);

        OTHERS(script, 2, initial(1, 8), TW_VERDICT_AGREE_STALE);
        claim(script, TW_CODE_OWN_STORES, false, 2, initial(1, 8),
              TW_VERDICT_STALE);
    }
    /* What was there when the CPU stored is a beginning, not an end. */
    OTHERS(between, 4, stored(2), TW_VERDICT_AGREE_STALE);
    finding = OTHERS(between, 4, stored(1), TW_VERDICT_STALE);
    g_assert_cmpint(finding->changed, ==, 2);
    g_assert_cmpint(finding->ended, ==, 2);
    finding = OTHERS(between, 4, initial(1, 8), TW_VERDICT_STALE);
    g_assert_cmpint(finding->changed, ==, 1);
    g_assert_cmpint(finding->ended, ==, 2);
#undef OTHERS
}

/* What replaced the bytes, and what is there now, are both newer. */
static void old_place(void)
{
    const TwFinding *finding =
        claim("  exec c0.0 0x8 8\n"
              "  write c0.0 0x8 8\n"
              "  flush-all c0\n"
              "  move r1 at 0x5000\n"
              "  move r2 at 0x0\n"
              "  exec c0.0 0x8 8\n",
              TW_CODE_ALL_STORES, false, 5, initial(1, 8), TW_VERDICT_STALE);

    g_assert_cmpstr(finding->key, ==, "StaSoftmmuExRamTop");
    g_assert_cmpint(finding->changed, ==, 3);
    g_assert_nonnull(strstr(finding->text, "held that until op 1"));
}

/* Judges `script` with the log records of operation `op` left out. */
static const char *unasked(const char *script, unsigned rule, unsigned op,
                           TwVerdict expected)
{
    g_autofree char *text = g_strconcat(HEAD TOPOLOGY, script, NULL);
    g_autofree TwProgram *program = test_program(text);
    TestTarget *target = test_target_new(program);
    TwTrace *trace = target->trace;
    const TwFinding *finding;
    unsigned kept = 0;

    target->contract = (TwContract){.ends = TW_ENDS_COMMIT | TW_ENDS_CPU_FLUSH,
                                    .code = (uint8_t)rule};
    test_target_run(target, false);
    for (unsigned i = 0; i < trace->n_log; i++) {
        if (trace->log[i].op != op) {
            trace->log[kept++] = trace->log[i];
        }
    }
    g_assert_cmpuint(kept, <, trace->n_log);
    trace->n_log = kept;
    finding = test_judge(target, expected);
    test_target_free(target);
    return finding->key;
}

/* Code that was fetched from a device and not flushed may run again without
 * the device being asked. */
static void device_code(void)
{
#define RUN "  exec c0.0 0x3008 8\n"
#define MAY(script, op) \
    unasked(script, TW_CODE_ALL_STORES, op, TW_VERDICT_AGREE)
#define MUST(script, op) \
    g_assert_cmpstr( \
        unasked(script, TW_CODE_ALL_STORES, op, TW_VERDICT_EFFECT), ==, \
        "EffSoftmmuExMio")
    MAY(RUN RUN, 1);
    MAY(RUN "  flush-page c0.0 0x2000\n" RUN, 2);
    MAY(RUN "  flush-page c1.0 0x3000\n" RUN, 2);
    MUST(RUN, 0);
    MUST(RUN "  flush-page c0.0 0x3ff8\n" RUN, 2);
    MUST("  exec c0.0 0x3010 8\n" RUN, 1);
    MUST("  read c0.0 0x3008 8\n" RUN, 1);
    unasked(RUN RUN, 0, 1, TW_VERDICT_EFFECT);
}

/* LA-46: the fetch of the instruction that makes an access. */
static void from(void)
{
    static const char script[] =
        "  read c0.0 0x8 8 from 0x1000\n"
        "  read c0.0 0x8 8 from 0x3000\n" /* of the device */
        "  write c0.0 0x3010 8 from 0x3000\n"
        "  read c0.0 0x8 8 from 0x4000\n" /* beyond the page map */
        "  page c0.0 0x1000 -> 0x1000 size 0x1000 rw\n"
        "  read c0.0 0x8 8 from 0x1000\n"
        "  read c0.0 0x4000 8 from 0x3000\n";
    g_autofree char *text = g_strconcat(HEAD TOPOLOGY, script, NULL);
    g_autofree TwProgram *program = test_program(text);
    TestTarget *target = test_target_new(program);
    TwTrace *trace = target->trace;
    TwLogRecord log[64];

    target->contract = (TwContract){.ends = TW_ENDS_COMMIT | TW_ENDS_CPU_FLUSH,
                                    .code = TW_CODE_ALL_STORES};
    test_target_run(target, false);
    g_assert_cmpuint(trace->n_log, ==, 8 + 16 + 8);
    g_assert_cmpint(trace->outcomes[3].class_, ==, TW_CLASS_PAGE_FAULT);
    g_assert_cmpint(trace->outcomes[5].class_, ==, TW_CLASS_PAGE_FAULT);
    g_assert_cmphex(trace->outcomes[1].value, ==, initial(1, 8));
    test_judge(target, TW_VERDICT_AGREE);

    /* The second fetch of the device's word need not be made, the first must;
     * and the store behind it is another matter. */
    memcpy(log, trace->log, sizeof(log));
    memmove(trace->log + 8, log + 16, 16 * sizeof(log[0]));
    trace->n_log -= 8;
    test_judge(target, TW_VERDICT_AGREE);
    memcpy(trace->log, log, sizeof(log));
    memmove(trace->log, log + 8, 24 * sizeof(log[0]));
    g_assert_cmpstr(test_judge(target, TW_VERDICT_EFFECT)->key, ==,
                    "EffSoftmmuExMio");
    memcpy(trace->log, log, sizeof(log));
    trace->n_log += 8;
    trace->log[17].byte ^= 1;
    g_assert_cmpstr(test_judge(target, TW_VERDICT_EFFECT)->key, ==,
                    "EffSoftmmuWrMio");
    memcpy(trace->log, log, sizeof(log));
    test_judge(target, TW_VERDICT_AGREE);

    /* The instruction must be refused, and with its own class. */
    trace->outcomes[5] = trace->outcomes[0];
    g_assert_cmpuint(test_judge(target, TW_VERDICT_PERM)->op, ==, 5);
    trace->outcomes[5] =
        (TwOutcome){.status = TW_STATUS_DONE, .class_ = TW_CLASS_DECODE_ERROR};
    g_assert_cmpuint(test_judge(target, TW_VERDICT_FAULT)->op, ==, 5);
    trace->outcomes[5].class_ = TW_CLASS_PAGE_FAULT;
    /* What it reads is judged as ever. */
    trace->outcomes[1].value++;
    g_assert_cmpuint(test_judge(target, TW_VERDICT_WRONG)->op, ==, 1);
    test_target_free(target);
}

/* After a flush the device must be asked, also if the access is refused. */
static void from_flushed(void)
{
    g_autofree TwProgram *program =
        test_program(HEAD TOPOLOGY "  read c0.0 0x0 8 from 0x3000\n"
                                   "  flush-all c0\n"
                                   "  read c0.0 0x4000 8 from 0x3000\n");
    TestTarget *target = test_target_new(program);

    target->contract = (TwContract){.ends = TW_ENDS_COMMIT | TW_ENDS_CPU_FLUSH,
                                    .code = TW_CODE_ALL_STORES};
    test_target_run(target, false);
    test_judge(target, TW_VERDICT_AGREE);
    target->trace->n_log = 8;
    g_assert_cmpstr(test_judge(target, TW_VERDICT_EFFECT)->key, ==,
                    "EffSoftmmuExMio");
    test_target_free(target);
}

/* Two worlds with the same bytes now, but not with the same past, stay two.
 * c0.0 page 0 may lead to r1 (old) or r2 (now); the store of operation 2 went
 * to one of them, and operation 3 stores the same word in neither. */
static void worlds(void)
{
    g_autofree TwProgram *program =
        test_program(HEAD TOPOLOGY "  read c0.0 0x8 8\n"
                                   "  page c0.0 0x0 -> 0x1000 size 0x1000 rwx\n"
                                   "  write c0.0 0x8 8\n" /* r1 or r2 */
                                   "  dma-write s0 0x8 8 none\n"
                                   "  dma-write s0 0x1008 8 none\n"
                                   "  exec c1.0 0x8 8\n"
                                   "  exec c1.0 0x1008 8\n");
    TestTarget *target = test_target_new(program);

    target->contract = (TwContract){
        .cpu_cache = true,
        .ends = TW_ENDS_COMMIT | TW_ENDS_CPU_FLUSH,
        .code = TW_CODE_ALL_STORES,
    };
    test_target_run(target, false);
    /* Each word may have been there, but not in both places. */
    target->trace->outcomes[5].value = stored(2);
    test_judge(target, TW_VERDICT_AGREE_STALE);
    target->trace->outcomes[5].value = stored(3);
    target->trace->outcomes[6].value = stored(2);
    test_judge(target, TW_VERDICT_AGREE_STALE);
    target->trace->outcomes[5].value = stored(2);
    test_judge(target, TW_VERDICT_WRONG);
    test_target_free(target);
}

/* A fetch that goes on at address 0 (LA-58), whose last bytes are stored anew:
 * which flushes of a page are of it?  The contents are data, since code never
 * lies across the end; so a fetch of ended bytes is no finding of old code. */
static void wrapped(void)
{
    static const struct {
        const char *flush;
        TwVerdict verdict;
    } cases[] = {
        {"", TW_VERDICT_AGREE_STALE},
        {"  c0: flush-page c0.0 0x0\n", TW_VERDICT_WRONG},
        {"  c0: flush-page c0.0 0xfffff000\n", TW_VERDICT_WRONG},
        {"  c0: flush-page c0.0 0x1000\n", TW_VERDICT_AGREE_STALE},
        {"  c0: flush-page c0.0 0xffffe000\n", TW_VERDICT_AGREE_STALE},
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *text =
            g_strconcat("twinwalk 1\npage 4096\nhops 2\n"
                        "region r0 ram size 0x2000 root s0\ncpu c0 tlb 4\n"
                        "mmu c0.0 space s0 width 32 wraps\nsetup\n"
                        "  page c0.0 0x0 -> 0x1000 size 0x1000 rwx\n"
                        "  page c0.0 0xfffff000 -> 0x0 size 0x1000 rwx\n"
                        "script\n  exec c0.0 0xfffffffe 4\n"
                        "  dma-write s0 0x1000 2 none\n",
                        cases[i].flush, "  exec c0.0 0xfffffffe 4\n", NULL);
        g_autofree TwProgram *program = test_program(text);
        TestTarget *target = test_target_new(program);
        unsigned last = program->n_script - 1u;
        uint64_t old = 0, now;

        for (unsigned k = 0; k < 4; k++) {
            old |= (uint64_t)tw_content_initial(TW_CONTENTS_DATA, 0, 0xffe + k)
                   << 8 * k;
        }
        now = (old & 0xffff) |
              (uint64_t)tw_content_tag(TW_CONTENTS_DATA, 1, 0x1000, 0) << 16 |
              (uint64_t)tw_content_tag(TW_CONTENTS_DATA, 1, 0x1000, 1) << 24;
        target->contract = (TwContract){
            .ends = TW_ENDS_COMMIT | TW_ENDS_CPU_FLUSH,
            .code = TW_CODE_ALL_STORES,
        };
        test_target_run(target, false); /* which refuses such an access */
        target->trace->outcomes[0].class_ = TW_CLASS_OK;
        target->trace->outcomes[0].value = old;
        target->trace->outcomes[last].class_ = TW_CLASS_OK;
        target->trace->outcomes[last].value = now;
        test_judge(target, TW_VERDICT_AGREE);
        target->trace->outcomes[last].value = old;
        test_judge(target, cases[i].verdict);
        test_target_free(target);
    }
}

/* What a poke of the setup replaced was there before the script, and nobody
 * ever fetched it. */
static void setup_store(void)
{
    g_autofree TwProgram *program =
        test_program("twinwalk 1\npage 4096\nhops 2\n"
                     "region r0 ram size 0x1000 root s0\ncpu c0 tlb 4\n"
                     "mmu c0.0 space s0\nsetup\n"
                     "  page c0.0 0x0 -> 0x0 size 0x1000 rwx\n"
                     "  poke r0 0x8 = 0x1122334455667788\nscript\n"
                     "  exec c0.0 0x8 8\n");
    TestTarget *target = test_target_new(program);
    uint64_t old = 0;

    for (unsigned k = 0; k < 8; k++) {
        old |= (uint64_t)tw_content_initial(TW_CONTENTS_DATA, 0, 8 + k)
               << 8 * k;
    }
    target->contract = (TwContract){.ends = TW_ENDS_COMMIT | TW_ENDS_CPU_FLUSH,
                                    .code = TW_CODE_ALL_STORES};
    test_target_run(target, false); /* which has no tables to poke */
    target->trace->outcomes[0].value = UINT64_C(0x1122334455667788);
    test_judge(target, TW_VERDICT_AGREE);
    target->trace->outcomes[0].value = old;
    test_judge(target, TW_VERDICT_WRONG);
    test_target_free(target);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/code/LA-44/words", words);
    g_test_add_func("/code/FR-10,LA-45/until-flush", until_flush);
    g_test_add_func("/code/FR-10/flushed", flushed);
    g_test_add_func("/code/FR-10,LA-58/wrapped", wrapped);
    g_test_add_func("/code/FR-10,LA-45/own-store", own_store);
    g_test_add_func("/code/FR-10/still-current", still_current);
    g_test_add_func("/code/FR-10/rights", rights);
    g_test_add_func("/code/fresh", fresh);
    g_test_add_func("/code/windows", windows);
    g_test_add_func("/code/worlds", worlds);
    g_test_add_func("/code/FR-10/old-place", old_place);
    g_test_add_func("/code/FR-10/device-code", device_code);
    g_test_add_func("/code/FR-10/setup-store", setup_store);
    g_test_add_func("/code/LA-46/from", from);
    g_test_add_func("/code/LA-46/from-flushed", from_flushed);
    return g_test_run();
}
