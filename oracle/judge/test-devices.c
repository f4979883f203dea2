/* SPDX-License-Identifier: MIT */
/*
 * What devices must be told (AC-5, LA-23, LA-24): each byte once, in order, and
 * no other; by contract the reads too, and in which calls.
 *
 *   s0 = r0   r1 ram 0x0..0xfff | r2 mmio, any size | r3 mmio, up to 2 bytes
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
    "mmu c0.0 space s0\n" \
    "setup\n" \
    "  page c0.0 0x0 -> 0x0 size 0x1000 rwx\n" \
    "  page c0.0 0x1000 -> 0x1000 size 0x1000 rwx\n" \
    "  page c0.0 0x2000 -> 0x2000 size 0x1000 rwx\n" \
    "script\n"

enum { READS = 1, PIECES = 2 };

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

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/devices/LA-24/reads", reads);
    g_test_add_func("/devices/LA-24/no-reads", no_reads);
    g_test_add_func("/devices/AC-6/refused", refused);
    g_test_add_func("/devices/AC-5,LA-23/pieces", pieces);
    return g_test_run();
}
