/* SPDX-License-Identifier: MIT */
/*
 * What devices must be told (AC-5, LA-23, LA-24): each byte once, in order, and
 * no other; by contract the reads too, and in which calls.
 *
 *   s0 = r0   r1 ram 0x0..0xfff | r2 mmio, any size | r3 mmio, up to 2 bytes
 *             | r4 takes all, implements 4 | r5 the same, at any offset
 *             | r6 takes all, implements up to 2
 */
#include "oracle/test/test-support.h"
#include "program/content.h"

#include <glib.h>
#include <string.h>

#define WORLD \
    "twinwalk 1\n" \
    "region r0 container size 2^64 root s0\n" \
    "region r1 ram size 0x1000 in r0 at 0x0\n" \
    "region r2 mmio size 0x1000 in r0 at 0x1000\n" \
    "region r3 mmio size 0x1000 in r0 at 0x2000 valid 1..2\n" \
    "region r4 mmio size 0x1000 in r0 at 0x4000 implements 4..4\n" \
    "region r5 mmio size 0x1000 in r0 at 0x5000 implements 4..4 unaligned\n" \
    "region r6 mmio size 0x1000 in r0 at 0x6000 implements 0..2\n" \
    "mmu c0.0 space s0\n" \
    "actor r2 0x10 del r1\n" \
    "setup\n" \
    "  page c0.0 0x4000 -> 0x4000 size 0x1000 rwx\n" \
    "  page c0.0 0x5000 -> 0x5000 size 0x1000 rwx\n" \
    "  page c0.0 0x6000 -> 0x6000 size 0x1000 rwx\n" \
    "  page c0.0 0x0 -> 0x0 size 0x1000 rwx\n" \
    "  page c0.0 0x1000 -> 0x1000 size 0x1000 rwx\n" \
    "  page c0.0 0x2000 -> 0x2000 size 0x1000 rwx\n" \
    "script\n"

enum { READS = 1, PIECES = 2, WORDS = 4, EXCHANGES = 8 };

typedef struct Fixture {
    TwProgram *program;
    TestTarget *target;
    TwTrace *trace;
} Fixture;

/* Runs the script on a target that promises reads, or pieces, too. */
static Fixture run(const char *script, unsigned promises)
{
    g_autofree char *text = g_strconcat(WORLD, script, NULL);
    Fixture f = {.program = test_program(text)};

    f.target = test_target_new(f.program);
    f.target->contract.device_reads = promises != 0;
    f.target->contract.device_pieces = promises & PIECES;
    f.target->contract.device_words = promises & WORDS;
    f.target->contract.device_rmw = promises & EXCHANGES;
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

/* Takes record `at` out of the log, or puts a copy of it there. */
static void drop(Fixture *f, unsigned at)
{
    memmove(&f->trace->log[at], &f->trace->log[at + 1],
            (--f->trace->n_log - at) * sizeof(TwLogRecord));
}

static void repeat(Fixture *f, unsigned at)
{
    memmove(&f->trace->log[at + 1], &f->trace->log[at],
            (f->trace->n_log++ - at) * sizeof(TwLogRecord));
}

static void effect(const Fixture *f, const char *key)
{
    const TwFinding *finding = test_judge(f->target, TW_VERDICT_EFFECT);

    g_assert_cmpstr(finding->key, ==, key);
}

/* A load that ends in a device: 2 bytes of RAM, 2 of r2. */
static void reads(void)
{
    static const char script[] = "  read c0.0 0xffe 4\n";
    Fixture f = run(script, READS);

    g_assert_cmpint(f.trace->n_log, ==, 2);
    g_assert_cmpint(f.trace->log[0].kind, ==, TW_LOG_READ);
    g_assert_cmpint(f.trace->log[0].call, ==, 2);
    /* two calls are as good as one, if nobody promises pieces */
    f.trace->log[0].call = f.trace->log[1].call = 1;
    test_judge(f.target, TW_VERDICT_AGREE);
    /* but their sizes must be told, and be those of what was asked */
    f.trace->log[1].call = 2;
    effect(&f, "EffSoftmmuRdRam");
    f.trace->log[1].call = 0;
    effect(&f, "EffSoftmmuRdRam");
    f.trace->log[0].call = f.trace->log[1].call = 1;
    /* one byte too many */
    repeat(&f, 1);
    f.trace->log[2].offset++;
    f.trace->log[2].byte = tw_device_byte(2, 2, f.trace->log[2].attrs);
    effect(&f, "EffSoftmmuRdRam");
    drop(&f, 2);
    /* twice; in the wrong order; not at all */
    repeat(&f, 0);
    effect(&f, "EffSoftmmuRdRam");
    drop(&f, 0);
    f.trace->log[0].offset = 1;
    f.trace->log[1].offset = 0;
    effect(&f, "EffSoftmmuRdRam");
    f.trace->n_log = 0;
    effect(&f, "EffSoftmmuRdRam");
    finish(&f);
}

/* Without the promise nothing of a read is in the log. */
static void no_reads(void)
{
    Fixture f = run("  read c0.0 0xffe 4\n", 0);

    g_assert_cmpint(f.trace->n_log, ==, 0);
    f.trace->log[f.trace->n_log++] =
        (TwLogRecord){.kind = TW_LOG_READ, .region = 2};
    effect(&f, "EffSoftmmuRdRam");
    finish(&f);
}

/* A refused load asks nobody (AC-6). */
static void refused(void)
{
    Fixture f = run("  read c0.0 0x2ffe 4\n", READS);

    g_assert_cmpint(f.trace->n_log, ==, 0);
    f.trace->log[f.trace->n_log++] =
        (TwLogRecord){.kind = TW_LOG_READ,
                      .region = 3,
                      .offset = 0xffe,
                      .byte = tw_device_byte(3, 0xffe, 0),
                      .call = 1};
    effect(&f, "EffSoftmmuRdMio");
    finish(&f);
}

/* 8 bytes are one call where the device takes 8, four where it takes 2. */
static void pieces(void)
{
    static const struct {
        const char *script;
        unsigned calls[8];
    } cases[] = {
        {"  read c0.0 0x1000 8\n", {8}},
        {"  write c0.0 0x1000 8\n", {8}},
        {"  exec c0.0 0x1000 8\n", {8}},
        {"  dma-read s0 0x1000 8 none\n", {8}},
        {"  read c0.0 0x2000 8\n", {2, 0, 2, 0, 2, 0, 2}},
        {"  write c0.0 0x2000 8\n", {2, 0, 2, 0, 2, 0, 2}},
        {"  read c0.0 0x1001 8\n", {1, 2, 0, 4, 0, 0, 0, 1}},
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
        Fixture f = run(cases[i].script, READS | PIECES);

        g_assert_cmpint(f.trace->n_log, ==, 8);
        for (unsigned k = 0; k < 8; k++) {
            g_assert_cmpint(f.trace->log[k].call, ==, cases[i].calls[k]);
        }
        /* byte by byte */
        for (unsigned k = 0; k < 8; k++) {
            f.trace->log[k].call = 1;
        }
        g_assert_nonnull(strstr(test_judge(f.target, TW_VERDICT_EFFECT)->text,
                                "devices were told something else"));
        f.target->contract.device_pieces = false;
        test_judge(f.target, TW_VERDICT_AGREE);
        finish(&f);
    }
}

/* The log in short: kind, call and offset of each call, and of a write what it
 * writes: "t1" byte 1 of the access, "d4" what the device has at 4, "0". */
static char *log_of(const Fixture *f)
{
    GString *text = g_string_new(NULL);
    unsigned tag = 0;

    for (unsigned i = 0; i < f->trace->n_log; i++) {
        const TwLogRecord *r = &f->trace->log[i];

        if (r->call) {
            g_string_append_printf(text, "%s%c%u@0x%" G_GINT64_MODIFIER "x",
                                   i ? " " : "", "wfr"[r->kind], r -> call,
                                   r -> offset);
        }
        if (r->kind != TW_LOG_WRITE) {
            g_assert_cmpint(r->byte, ==,
                            r->kind == TW_LOG_FETCH
                                ? 0
                                : tw_device_byte(r->region, r->offset, 0));
        } else if (r->byte == tw_store_tag(0, tag)) {
            g_string_append_printf(text, ":t%u", tag++);
        } else if (r->byte == tw_device_byte(r->region, r->offset, 0)) {
            g_string_append_printf(text, ":d%" G_GINT64_MODIFIER "x",
                                   r->offset);
        } else {
            g_string_append_printf(text, ":%u", r->byte);
        }
    }
    return g_string_free(text, FALSE);
}

/* Calls of the sizes that a device implements, beside those that it takes. */
static void implemented(void)
{
    static const struct {
        const char *script, *words, *as_is;
    } cases[] = {
        {"  read c0.0 0x4001 1\n", "r4@0x0", "r4@0x1"},
        {"  read c0.0 0x4002 4\n", "r4@0x0 r4@0x4", "r4@0x2 r4@0x4"},
        {"  read c0.0 0x4001 2\n", "r4@0x0 r4@0x0", "r4@0x1 r4@0x2"},
        {"  read c0.0 0x4008 8\n", "r4@0x8 r4@0xc", "r4@0x8 r4@0xc"},
        {"  exec c0.0 0x4006 2\n", "f4@0x4", "f4@0x6"},
        {"  dma-read s0 0x4fff 1 none\n", "r4@0xffc", "r4@0xfff"},
        {"  write c0.0 0x4005 1\n", "r4@0x4 w4@0x4:d4:t0:d6:d7",
         "w4@0x5:t0:0:0:0"},
        {"  write c0.0 0x4002 2\n", "r4@0x0 w4@0x0:d0:d1:t0:t1",
         "w4@0x2:t0:t1:0:0"},
        {"  write c0.0 0x4004 4\n", "w4@0x4:t0:t1:t2:t3", "w4@0x4:t0:t1:t2:t3"},
        {"  read c0.0 0x5003 2\n", "r4@0x3", "r4@0x3"},
        {"  read c0.0 0x5001 8\n", "r4@0x1 r4@0x5", "r4@0x1 r4@0x5"},
        {"  read c0.0 0x5001 3\n", "r4@0x1 r4@0x3", "r4@0x1 r4@0x3"},
        {"  write c0.0 0x5003 2\n", "r4@0x3 w4@0x3:t0:t1:d5:d6",
         "w4@0x3:t0:t1:0:0"},
        {"  read c0.0 0x6001 8\n", "r1@0x1 r2@0x2 r2@0x4 r2@0x6 r1@0x8",
         "r1@0x1 r2@0x2 r2@0x4 r2@0x6 r1@0x8"},
        {"  write c0.0 0x6004 4\n", "w2@0x4:t0:t1 w2@0x6:t2:t3",
         "w2@0x4:t0:t1 w2@0x6:t2:t3"},
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
        for (unsigned words = 0; words < 2; words++) {
            Fixture f = run(cases[i].script, READS | PIECES | words * WORDS);
            g_autofree char *text = log_of(&f);

            g_assert_cmpstr(text, ==, words ? cases[i].words : cases[i].as_is);
            /* Another byte, another call, one record less. */
            TwLogRecord *log = f.trace->log;
            unsigned last = f.trace->n_log - 1, middle = last / 2;
            TwLogRecord was = log[middle];

            log[0].byte ^= 1;
            test_judge(f.target, TW_VERDICT_EFFECT);
            log[0].byte ^= 1;
            log[last].call ^= 1;
            test_judge(f.target, TW_VERDICT_EFFECT);
            log[last].call ^= 1;
            drop(&f, middle);
            test_judge(f.target, TW_VERDICT_EFFECT);
            repeat(&f, middle);
            log[middle] = was;
            test_judge(f.target, TW_VERDICT_AGREE);
            /* The promise is not the other one. */
            f.target->contract.device_words = !words;
            test_judge(f.target, strcmp(cases[i].words, cases[i].as_is)
                                     ? TW_VERDICT_EFFECT
                                     : TW_VERDICT_AGREE);
            finish(&f);
        }
    }
}

/* A byte that a wider call writes back starts no actor, and an error beside it
 * or the end of the device do not matter. */
static void beside(void)
{
    g_autofree TwProgram *program = test_program(
        "twinwalk 1\n"
        "region r0 container size 0x2000 root s0\n"
        "region r1 mmio size 0x6 in r0 at 0x0 implements 4..4 reject 0x2..0x2 "
        "error 0x3..0x3\n"
        "region r2 ram size 0x1000 in r0 at 0x1000\n"
        "mmu c0.0 space s0\n"
        "actor r1 0x1 enable r2 off\n"
        "script\n"
        "  dma-write s0 0x0 1 none\n"
        "  dma-read s0 0x1000 1 none\n"
        "  dma-write s0 0x5 1 none\n"
        "  dma-write s0 0x1 1 none\n"
        "  dma-read s0 0x1000 1 none\n");
    TestTarget *target = test_target_new(program);
    static const uint8_t classes[] = {TW_CLASS_OK, TW_CLASS_OK, TW_CLASS_OK,
                                      TW_CLASS_OK, TW_CLASS_DECODE_ERROR};

    target->contract.device_reads = target->contract.device_pieces = true;
    target->contract.device_words = true;
    test_target_run(target, true);
    test_judge(target, TW_VERDICT_AGREE);
    for (unsigned i = 0; i < G_N_ELEMENTS(classes); i++) {
        g_assert_cmpint(target->trace->outcomes[i].class_, ==, classes[i]);
    }
    g_assert_cmpint(target->trace->n_log, ==, 3 * 8);
    g_assert_cmphex(target->trace->log[8 + 7].offset, ==, 0x7);
    test_target_free(target);
}

/* An exchange of a device, where it is one: a read and then a write of one
 * piece (LA-25); or it is refused. */
static void exchange(void)
{
    static const struct {
        const char *script;
        unsigned n_log;
    } rows[] = {
        {"  rmw c0.0 0x1008 8\n", 16}, {"  rmw c0.0 0x2002 2\n", 4},
        {"  rmw c0.0 0x2004 4\n", 0}, /* two pieces */
        {"  rmw c0.0 0x4004 4\n", 0}, /* implements */
        {"  rmw c0.0 0xffe 4\n", 0},  /* two leaves */
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
        Fixture f = run(rows[i].script, EXCHANGES);

        g_assert_cmpint(f.trace->n_log, ==, rows[i].n_log);
        g_assert_cmpint(f.trace->outcomes[0].class_, ==,
                        rows[i].n_log ? TW_CLASS_OK : TW_CLASS_DECODE_ERROR);
        if (rows[i].n_log) {
            unsigned half = rows[i].n_log / 2;

            g_assert_cmpint(f.trace->log[half].kind, ==, TW_LOG_WRITE);
            g_assert_cmpint(f.trace->log[0].byte, ==,
                            (uint8_t)f.trace->outcomes[0].value);
            /* the write first; a call of both; no read */
            f.trace->log[0].kind = TW_LOG_WRITE;
            effect(&f, "EffSoftmmuRmMio");
            f.trace->log[0].kind = TW_LOG_READ;
            f.trace->log[0].call = (uint8_t)rows[i].n_log;
            f.trace->log[half].call = 0;
            effect(&f, "EffSoftmmuRmMio");
            f.trace->log[0].call = f.trace->log[half].call = (uint8_t)half;
            test_judge(f.target, TW_VERDICT_AGREE);
            for (unsigned k = 0; k < half; k++) {
                drop(&f, 0);
            }
            effect(&f, "EffSoftmmuRmMio");
        }
        finish(&f);
    }
}

/* Where a target does not promise it, an exchange of a device is refused. */
static void no_exchange(void)
{
    Fixture f = run("  rmw c0.0 0x1008 8\n", READS);

    g_assert_cmpint(f.trace->outcomes[0].class_, ==, TW_CLASS_DECODE_ERROR);
    f.trace->outcomes[0].class_ = TW_CLASS_OK;
    test_judge(f.target, TW_VERDICT_WRONG);
    finish(&f);
}

/* No device takes an exclusive one, whatever is promised (LA-56); RAM does. */
static void exclusive(void)
{
    Fixture f = run("  rmw c0.0 0x1008 8 exclusive\n"
                    "  rmw c0.0 0x8 8 exclusive\n",
                    EXCHANGES);

    g_assert_cmpint(f.trace->outcomes[0].class_, ==, TW_CLASS_DECODE_ERROR);
    g_assert_cmpint(f.trace->n_log, ==, 0);
    g_assert_cmpint(f.trace->outcomes[1].class_, ==, TW_CLASS_OK);
    f.trace->outcomes[0].class_ = TW_CLASS_OK;
    test_judge(f.target, TW_VERDICT_WRONG);
    f.trace->outcomes[0].class_ = TW_CLASS_DECODE_ERROR;
    f.trace->outcomes[1].value ^= 1;
    test_judge(f.target, TW_VERDICT_WRONG);
    finish(&f);
}

/* Its write starts actor offsets: r2 + 0x10 takes r1 away. */
static void exchange_acts(void)
{
    Fixture f = run("  rmw c0.0 0x1010 4\n  read c0.0 0x0 4\n", EXCHANGES);

    g_assert_cmpint(f.trace->outcomes[1].class_, ==, TW_CLASS_DECODE_ERROR);
    finish(&f);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/devices/LA-24/reads", reads);
    g_test_add_func("/devices/LA-24/no-reads", no_reads);
    g_test_add_func("/devices/AC-6/refused", refused);
    g_test_add_func("/devices/AC-5,LA-23/pieces", pieces);
    g_test_add_func("/devices/LA-50,AC-5/implemented", implemented);
    g_test_add_func("/devices/LA-50,LA-27/beside", beside);
    g_test_add_func("/devices/LA-25/exchange", exchange);
    g_test_add_func("/devices/LA-25/no-exchange", no_exchange);
    g_test_add_func("/devices/LA-25,LA-27/exchange-acts", exchange_acts);
    g_test_add_func("/devices/LA-56/exclusive", exclusive);
    return g_test_run();
}
