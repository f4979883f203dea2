/* SPDX-License-Identifier: MIT */
/*
 * Dirty logs (LA-39): which stores are noted, for whom, and until when.
 *
 *   s0 r0: 0x0 r1 ram, 0x100 | 0x200 r2 alias of r1 | 0x400 r3 ram, block r1
 *          0x600 r4 rom, block r1 | 0x800 r5 ram, 0x60 | 0xc00 r6 mmio
 *          0xe00 r7 romd | 0x1000 r8 iommu, to 0x0
 */
#include "oracle/test/test-support.h"

#include <glib.h>
#include <inttypes.h>
#include <string.h>

#define WORLD \
    "twinwalk 1\npage 64\nhops 2\n" \
    "region r0 container size 0x10000\n" \
    "region r1 ram size 0x100 in r0 at 0x0\n" \
    "region r2 alias size 0x100 of r1 in r0 at 0x200\n" \
    "region r3 ram size 0x100 block r1 in r0 at 0x400\n" \
    "region r4 rom size 0x100 block r1 in r0 at 0x600\n" \
    "region r5 ram size 0x60 in r0 at 0x800\n" \
    "region r6 mmio size 0x40 in r0 at 0xc00\n" \
    "region r7 romd size 0x40 in r0 at 0xe00\n" \
    "region r8 iommu size 0x1000 in r0 at 0x1000 iommu i0\n" \
    "space s0 root r0\n" \
    "iommu i0 table granule 64 to s0\n" \
    "cpu c0 tlb 4\nmmu c0.0 space s0\n" \
    "setup\n" \
    "  page c0.0 0x0 -> 0x0 size 0x2000 rwx\n" \
    "  map i0.0 0x0..0x3f -> s0 0x0 rw silent\n" \
    "script\n"

typedef struct Fixture {
    TwProgram *program;
    TestTarget *target;
    TwTrace *trace;
} Fixture;

static Fixture start(const char *script)
{
    g_autofree char *text = g_strconcat(WORLD, script, NULL);
    Fixture f = {.program = test_program(text)};

    f.target = test_target_new(f.program);
    f.trace = f.target->trace;
    return f;
}

static Fixture run(const char *script)
{
    Fixture f = start(script);

    test_target_run(f.target, true);
    return f;
}

static void finish(Fixture *f)
{
    test_target_free(f->target);
    g_free(f->program);
}

/* The notes that operation `op` found, as "rN FIRST..LAST" words. */
static void assert_notes(const Fixture *f, unsigned op, const char *expected)
{
    g_autoptr(GString) text = g_string_new(NULL);

    for (unsigned i = 0; i < f->trace->n_events; i++) {
        const TwEventRecord *e = &f->trace->events[i];

        if (e->kind == TW_TRACE_DIRTY && e->op == op) {
            g_assert_cmpint(e->observer, ==, TW_NONE);
            g_string_append_printf(text, "%sr%u %" PRIx64 "..%" PRIx64,
                                   text->len ? " " : "", e->region, e->first,
                                   e->last);
        }
    }
    g_assert_cmpstr(text->str, ==, expected);
}

/* One store each: is it noted, and where? */
static void stores(void)
{
    static const struct {
        const char *op, *notes;
    } table[] = {
        {"write c0.0 0x10 4", "r1 0..3f"},
        {"write c0.0 0x3c 8", "r1 0..7f"},   /* two pages, one run */
        {"write c0.0 0x240 1", "r1 40..7f"}, /* through an alias */
        {"write c0.0 0x480 1", "r1 80..bf"}, /* through another region */
        {"dma-write s0 0xfc 4 none", "r1 c0..ff"},
        {"dma-write s0 0x1000 4 none", "r1 0..3f"}, /* behind an IOMMU */
        {"rmw c0.0 0x0 8", "r1 0..3f"},
        {"read c0.0 0x0 8", ""},
        {"exec c0.0 0x0 8", ""},
        {"write c0.0 0x600 8", ""}, /* discarded */
        {"rmw c0.0 0x600 8", ""},
        {"write c0.0 0xfd 4", ""},  /* refused: half a hole */
        {"write c0.0 0x800 8", ""}, /* another block */
        {"write c0.0 0xc00 8", ""},
        {"write c0.0 0xe00 8", ""},
        {"write c0.0 0x1040 4", ""}, /* denied */
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(table); i++) {
        g_autofree char *script =
            g_strdup_printf("  dirty-log r1 on\n  %s\n"
                            "  dirty-clear r1 0x0..0xff\n"
                            "  dirty-clear r1 0x0..0xff\n",
                            table[i].op);
        Fixture f = run(script);

        assert_notes(&f, 2, table[i].notes);
        assert_notes(&f, 3, "");
        test_judge(f.target, TW_VERDICT_AGREE);
        finish(&f);
    }
}

/* From when to when, and which pages. */
static void spans(void)
{
    Fixture f = run("  write c0.0 0x0 1\n" /* too early */
                    "  dirty-clear r1 0x0..0xff\n"
                    "  dirty-log r1 on\n"
                    "  write c0.0 0x0 1\n"
                    "  write c0.0 0x80 1\n"
                    "  write c0.0 0xc0 1\n"
                    "  dirty-log r3 on\n"           /* the same log, goes on */
                    "  dirty-clear r1 0x7f..0x80\n" /* pages 1 and 2 */
                    "  dirty-clear r3 0x3f..0xc0\n" /* the rest */
                    "  write c0.0 0x80 1\n"
                    "  dirty-log r1 off\n" /* forgets */
                    "  dirty-log r1 on\n"
                    "  dirty-clear r1 0x0..0xff\n"
                    "  write c0.0 0x40 1\n"
                    "  dirty-log r3 off\n"
                    "  dirty-clear r1 0x0..0xff\n"
                    "  dirty-log r5 on\n"
                    "  write c0.0 0x858 8\n"
                    "  dirty-clear r5 0x0..0xffffffffffffffff\n");

    assert_notes(&f, 1, "");
    assert_notes(&f, 7, "r1 80..bf");
    assert_notes(&f, 8, "r3 0..3f r3 c0..ff");
    assert_notes(&f, 12, "");
    assert_notes(&f, 15, "");
    assert_notes(&f, 18, "r5 40..7f"); /* whole, though r5 ends at 0x60 */
    test_judge(f.target, TW_VERDICT_AGREE);
    finish(&f);
}

/* A restore is no store, and takes back no note and no log. */
static void restores(void)
{
    Fixture f = run("  dirty-log r1 on\n"
                    "  write c0.0 0x0 1\n"
                    "  snapshot\n"
                    "  write c0.0 0x40 1\n"
                    "  dirty-clear r1 0x0..0x3f\n"
                    "  write c0.0 0xc0 1\n"
                    "  restore\n"
                    "  write c0.0 0x80 1\n"
                    "  restore\n"
                    "  read c0.0 0x0 8\n"
                    "  dirty-clear r1 0x0..0xff\n"
                    "  restore\n"
                    "  dirty-clear r1 0x0..0xff\n"
                    "  write c0.0 0x0 1\n"
                    "  dirty-clear r1 0x0..0xff\n");

    assert_notes(&f, 4, "r1 0..3f");
    assert_notes(&f, 10, "r1 40..ff");
    assert_notes(&f, 12, "");
    assert_notes(&f, 14, "r1 0..3f");
    test_judge(f.target, TW_VERDICT_AGREE);
    finish(&f);
}

/* Every way of noting it wrong. */
static void wrong(void)
{
    static const char script[] = "  dirty-log r1 on\n"
                                 "  write c0.0 0x0 1\n"
                                 "  write c0.0 0x80 1\n"
                                 "  dirty-clear r1 0x0..0xff\n"
                                 "  dirty-clear r1 0x0..0xff\n"
                                 "  nop\n";

    for (unsigned how = 0; how < 9; how++) {
        static const uint16_t ops[] = {3, 3, 3, 3, 3, 3, 4, 5, 1};
        Fixture f = run(script);
        TwEventRecord *e = f.trace->events, swap;
        const TwFinding *finding;

        test_judge(f.target, TW_VERDICT_AGREE);
        g_assert_cmpint(f.trace->n_events, ==, 2);
        switch (how) {
        case 0: /* one missing: the log was not armed again (TL-14) */
            f.trace->n_events--;
            break;
        case 1:
            e[0].last = 0x7f;
            break;
        case 2:
            e[0].region = 3;
            break;
        case 3: /* not one run each */
            e[0].last = 0xbf;
            f.trace->n_events--;
            break;
        case 4:
            swap = e[0];
            e[0] = e[1];
            e[1] = swap;
            break;
        case 5: /* cleared without a word */
            f.trace->n_events = 0;
            break;
        case 6: /* not cleared */
            e[2] = e[1];
            e[2].op = 4;
            f.trace->n_events = 3;
            break;
        case 7: /* nobody asked, at the end */
            e[2] = e[1];
            e[2].op = 5;
            f.trace->n_events = 3;
            break;
        default: /* nor before */
            memmove(&e[1], &e[0], 2 * sizeof(*e));
            e[0].op = 1;
            f.trace->n_events = 3;
            break;
        }
        finding = test_judge(f.target, TW_VERDICT_EFFECT);
        g_assert_cmpint(finding->op, ==, ops[how]);
        g_assert_nonnull(strstr(finding->text, "LA-39"));
        if (how == 0) {
            g_assert_nonnull(strstr(finding->text,
                                    "since the last clear: 0x0..0x3f "
                                    "0x80..0xbf; noted: 0x0..0x3f"));
        }
        finish(&f);
    }
}

/* Notes are of the world: they tell where a store went, and a world that they
 * do not fit is gone, even if its bytes are the same. */
static void worlds(void)
{
    static const char script[] = "  dirty-log r1 on\n  dirty-log r5 on\n"
                                 "  read c0.0 0x1000 8\n"
                                 "  map i0.0 0x0..0x3f -> s0 0x800 rw silent\n"
                                 "  write c0.0 0x1000 8\n" /* to r1 or r5 */
                                 "  write c0.0 0x0 8\n"
                                 "  write c0.0 0x800 8\n"
                                 "  dirty-clear r1 0x0..0x3f\n"
                                 "  dirty-clear r5 0x0..0x3f\n";
    static const char early[] = "  dirty-log r1 on\n  dirty-log r5 on\n"
                                "  read c0.0 0x1000 8\n"
                                "  map i0.0 0x0..0x3f -> s0 0x800 rw silent\n"
                                "  snapshot\n"
                                "  write c0.0 0x1000 8\n"
                                "  restore\n"
                                "  dirty-clear r1 0x0..0x3f\n"
                                "  dirty-clear r5 0x0..0x3f\n";
    TwJudgeStats stats = {0};
    Fixture f = start(script);

    for (unsigned old = 0; old < 2; old++) {
        f.target->as_of[4] = old ? 3 : 4;
        test_target_run(f.target, false);
        test_judge_stats(f.target, TW_VERDICT_AGREE, &stats);
    }
    g_assert_cmpint(stats.worlds, ==, 4);
    finish(&f);
    f = start(early);
    for (unsigned old = 0; old < 2; old++) {
        f.target->as_of[5] = old ? 3 : 5;
        test_target_run(f.target, false);
        assert_notes(&f, old ? 7 : 8, old ? "r1 0..3f" : "r5 0..3f");
        assert_notes(&f, old ? 8 : 7, "");
        test_judge(f.target, TW_VERDICT_AGREE);
        /* in both */
        f.trace->events[1] = f.trace->events[0];
        f.trace->events[0].op = 7;
        f.trace->events[0].region = 1;
        f.trace->events[1].op = 8;
        f.trace->events[1].region = 5;
        f.trace->n_events = 2;
        g_assert_cmpint(test_judge(f.target, TW_VERDICT_EFFECT)->op, ==, 8);
        /* in neither */
        f.trace->n_events = 0;
        g_assert_cmpint(test_judge(f.target, TW_VERDICT_EFFECT)->op, ==, 8);
    }
    finish(&f);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/dirty/LA-39/stores", stores);
    g_test_add_func("/dirty/LA-39/spans", spans);
    g_test_add_func("/dirty/LA-39/restores", restores);
    g_test_add_func("/dirty/LA-39/wrong", wrong);
    g_test_add_func("/dirty/LA-39/worlds", worlds);
    return g_test_run();
}
