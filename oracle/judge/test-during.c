/* SPDX-License-Identifier: MIT */
/*
 * Operations during an access (LA-47): the allowed answers of the access, the
 * entry that its fill inserts, and the order of all steps.
 *
 *            0        0x1000         0x3000
 *   s0   r0: |  i0 (r1)    ...       | r3 io
 *   s1   r4: |  r2 ram 0x1000        |
 *
 * c0.0 and c1.0: 0x0..0xfff -> 0x0, read through i0 -> s1; granule 2 of i0
 * leads to its granule 3.
 */
#include "oracle/test/test-support.h"

#include <glib.h>
#include <string.h>

#include "program/content.h"

#define WORLD(safepoints) \
    "twinwalk 1\npage 64\nhops 4\n" safepoints \
    "region r0 container size 0x10000\n" \
    "region r1 iommu size 0x1000 in r0 at 0x0 iommu i0\n" \
    "region r2 ram size 0x1000 in r4 at 0x0\n" \
    "region r3 mmio size 0x100 in r0 at 0x3000\n" \
    "region r4 container size 0x10000\n" \
    "space s0 root r0\nspace s1 root r4\n" \
    "iommu i0 table granule 64 to s1\n" \
    "cpu c0 tlb 4\nmmu c0.0 space s0\n" \
    "cpu c1 tlb 4\nmmu c1.0 space s0\n" \
    "actor r3 0x10 map i0.0 0x0..0x3f -> s1 0x200 rw notified\n" \
    "setup\n" \
    "  page c0.0 0x0 -> 0x0 size 0x1000 rwx\n" \
    "  page c0.0 0x3000 -> 0x3000 size 0x40 rwx\n" \
    "  page c1.0 0x0 -> 0x0 size 0x1000 rwx\n" \
    "  page c1.0 0x3000 -> 0x3000 size 0x40 rwx\n" \
    "  map i0.0 0x0..0xfff -> s1 0x0 rw silent\n" \
    "  map i0.0 0x80..0xbf -> s0 0xc0 rw silent\n" \
    "script\n"

#define IMPLIED WORLD("")
#define EXPLICIT WORLD("safepoints explicit\n")

typedef struct Fixture {
    TwProgram *program;
    TestTarget *target;
    TwTrace *trace;
} Fixture;

static Fixture start(const char *text)
{
    Fixture f = {.program = test_program(text)};

    f.target = test_target_new(f.program);
    f.trace = f.target->trace;
    return f;
}

static void finish(Fixture *f)
{
    test_target_free(f->target);
    g_free(f->program);
}

static void assert_at(const Fixture *f, unsigned op, unsigned region,
                      uint64_t offset)
{
    const TwOutcome *outcome = &f->trace->outcomes[op];

    g_assert_cmpint(outcome->class_, ==, TW_CLASS_OK);
    g_assert_cmpint(f->trace->locations[outcome->location].region, ==, region);
    g_assert_cmphex(f->trace->locations[outcome->location].offset, ==, offset);
}

/* Before, after; a store by either; and nothing else. */
static void either_side(void)
{
    static const char *const texts[] = {
        IMPLIED "  read c0.0 0x0 8\n"
                "  during map i0.0 0x0..0x3f -> s1 0x100 rw notified\n",
        IMPLIED "  write c0.0 0x0 8\n"
                "  during map i0.0 0x0..0x3f -> s1 0x100 rw notified\n",
        IMPLIED "  exec c0.0 0x0 4\n"
                "  during c0: map i0.0 0x0..0x3f -> s1 0x100 rw silent\n",
        IMPLIED "  rmw c0.0 0x0 8\n"
                "  during c1: move r2 at 0xffffffffffffff00\n",
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(texts); i++) {
        Fixture f = start(texts[i]);

        for (unsigned located = 0; located < 2; located++) {
            f.target->after[0] = false;
            test_target_run(f.target, located);
            if (located) {
                assert_at(&f, 0, 2, 0);
            }
            test_judge(f.target, TW_VERDICT_AGREE);
            f.target->after[0] = true;
            test_target_run(f.target, located);
            test_judge(f.target, TW_VERDICT_AGREE);
        }
        f.trace->locations[0].offset += 0x40;
        f.trace->outcomes[0].value ^= 0xff;
        test_judge(f.target, TW_VERDICT_WRONG);
        finish(&f);
    }
}

/* An access of two pages may see one side with each. */
static void pages_choose_freely(void)
{
    Fixture f = start(IMPLIED "  read c0.0 0x3c 8\n"
                              "  during map i0.0 0x0..0x7f -> s1 0x100 rw "
                              "silent\n");
    uint64_t offset[2];

    f.target->after[0] = true;
    test_target_run(f.target, true);
    for (unsigned i = 0; i < f.trace->n_locations; i++) {
        f.trace->locations[i].offset -= i < 4 ? 0x100 : 0;
    }
    f.trace->outcomes[0].value = 0;
    for (unsigned k = 0; k < 8; k++) {
        f.trace->outcomes[0].value |=
            (uint64_t)tw_contents_byte(&f.target->contents,
                                       f.target->contents.worlds, 2,
                                       f.trace->locations[k].offset)
            << (8 * k);
    }
    test_judge(f.target, TW_VERDICT_AGREE);
    /* but not within one */
    offset[0] = f.trace->locations[3].offset;
    offset[1] = offset[0] + 0x100;
    f.trace->locations[3].offset = offset[1];
    test_judge(f.target, TW_VERDICT_WRONG);
    finish(&f);
}

/* Two hops on one IOMMU, both changed: the first as before, the second as
 * after.  That is for the access; a later one has no such excuse.  Nor need it
 * be cacheable: `data` is the granule. */
static void half_way(const void *data)
{
    static const char script[] =
        "  read c0.0 0x80 8\n"
        "  during map i0.0 0x80..0xff -> s1 0x400 rw notified\n"
        "  read c0.0 0x80 8\n";
    g_autoptr(GString) text = g_string_new(IMPLIED);
    Fixture f;

    g_string_append(text, script);
    g_string_replace(text, "granule 64", data, 0);
    f = start(text->str);
    test_target_run(f.target, true);
    assert_at(&f, 0, 2, 0xc0);
    assert_at(&f, 2, 2, 0x400);
    test_judge(f.target, TW_VERDICT_AGREE);
    f.target->after[0] = true;
    f.target->as_of[0] = 1; /* the tick before it */
    f.target->topology[0] = f.target->hops[0] = 1;
    test_target_run(f.target, true);
    assert_at(&f, 0, 2, 0x440);
    test_judge(f.target, TW_VERDICT_AGREE);
    f.target->as_of[2] = 1;
    f.target->topology[2] = f.target->hops[2] = 1;
    test_target_run(f.target, true);
    assert_at(&f, 2, 2, 0x440);
    test_judge(f.target, TW_VERDICT_STALE);
    finish(&f);
}

/* FR-6: what the fill inserted is of before, so the operation ends it. */
static void ends_what_was_filled(void)
{
    static const char script[] =
        "  read c0.0 0x0 8\n"
        "  during c1: map i0.0 0x0..0x3f -> s1 0x100 rw notified\n"
        "  read c0.0 0x0 8\n"
        "  read c1.0 0x0 8\n"
        "  safepoint c0\n"
        "  read c0.0 0x0 8\n";
    g_autofree char *implied = g_strconcat(IMPLIED, script, NULL);
    g_autofree char *explicit = g_strconcat(EXPLICIT, script, NULL);
    const TwFinding *finding;
    Fixture f = start(implied);

    for (unsigned after = 0; after < 2; after++) {
        f.target->after[0] = after;
        f.target->as_of[2] = 1;
        test_target_run(f.target, true);
        finding = test_judge(f.target, TW_VERDICT_STALE);
        g_assert_cmpint(finding->op, ==, 2);
        g_assert_cmpint(finding->filled, ==, 0);
        g_assert_cmpint(finding->changed, ==, 1);
        g_assert_cmpint(finding->ended, ==, 1);
        g_assert_cmpstr(finding->key, ==, "StaSoftmmuRdRamHopUnm");
    }
    finish(&f);
    /* c1 caused it, so for c1 it counts at once; c0 is told later. */
    f = start(explicit);
    f.target->as_of[2] = 1;
    test_target_run(f.target, true);
    assert_at(&f, 2, 2, 0);
    test_judge(f.target, TW_VERDICT_AGREE_STALE);
    f.target->as_of[2] = 2;
    f.target->as_of[3] = 1;
    test_target_run(f.target, true);
    g_assert_cmpint(test_judge(f.target, TW_VERDICT_STALE)->op, ==, 3);
    f.target->as_of[3] = 3;
    f.target->as_of[5] = 1;
    test_target_run(f.target, true);
    g_assert_cmpint(test_judge(f.target, TW_VERDICT_STALE)->op, ==, 5);
    finish(&f);
}

/* Nothing was told: the old answer may stay. */
static void silent(void)
{
    Fixture f = start(IMPLIED "  read c0.0 0x0 8\n"
                              "  during map i0.0 0x0..0x3f -> s1 0x100 rw "
                              "silent\n"
                              "  read c0.0 0x0 8\n");

    for (unsigned after = 0; after < 2; after++) {
        f.target->after[0] = after; /* it may have been filled all the same */
        f.target->as_of[2] = 1;
        test_target_run(f.target, true);
        test_judge(f.target, TW_VERDICT_AGREE_STALE);
    }
    finish(&f);
}

/* What was ended before the access is no better for the operation. */
static void not_older(void)
{
    Fixture f = start(IMPLIED "  read c0.0 0x0 8\n"
                              "  map i0.0 0x0..0x3f -> s1 0x100 rw notified\n"
                              "  read c0.0 0x0 8\n"
                              "  during flush-all all\n");
    const TwFinding *finding;

    f.target->as_of[2] = 0;
    test_target_run(f.target, true);
    finding = test_judge(f.target, TW_VERDICT_STALE);
    g_assert_cmpint(finding->op, ==, 2);
    g_assert_cmpint(finding->ended, ==, 1);
    finish(&f);
    /* but what it ends itself may still have been used */
    f = start(IMPLIED "  read c0.0 0x0 8\n"
                      "  map i0.0 0x0..0x3f -> s1 0x100 rw silent\n"
                      "  read c0.0 0x0 8\n"
                      "  during c0: flush-all all\n"
                      "  read c0.0 0x0 8\n");
    f.target->as_of[2] = 0;
    test_target_run(f.target, true);
    test_judge(f.target, TW_VERDICT_AGREE_STALE);
    f.target->as_of[4] = 0;
    test_target_run(f.target, true);
    finding = test_judge(f.target, TW_VERDICT_STALE);
    g_assert_cmpint(finding->op, ==, 4);
    g_assert_cmpint(finding->ended, ==, 3);
    finish(&f);
}

/* A DMA access fills nothing, so it comes before. */
static void dma(void)
{
    Fixture f = start(IMPLIED "  dma-read s0 0x0 8 none\n"
                              "  during map i0.0 0x0..0x3f -> s1 0x100 rw "
                              "silent\n"
                              "  dma-read s0 0x0 8 none\n");

    test_target_run(f.target, true);
    assert_at(&f, 0, 2, 0);
    assert_at(&f, 2, 2, 0x100);
    test_judge(f.target, TW_VERDICT_AGREE);
    f.target->after[0] = true;
    test_target_run(f.target, true);
    assert_at(&f, 0, 2, 0x100);
    g_assert_cmpint(test_judge(f.target, TW_VERDICT_WRONG)->op, ==, 0);
    finish(&f);
}

/* Before actor offsets, in what they do, in what is legal, and in what is
 * told. */
static void order(void)
{
    Fixture f = start(IMPLIED "  observe o0 of i0.0 unmap,map 0x0..0x3f\n"
                              "  write c0.0 0x3010 1\n"
                              "  during map i0.0 0x0..0x3f -> s1 0x100 rw "
                              "notified\n"
                              "  read c0.0 0x0 8\n");

    test_target_run(f.target, true);
    assert_at(&f, 3, 2, 0x200); /* the actor's came last */
    g_assert_cmpint(f.trace->n_events, ==, 4);
    g_assert_cmpint(f.trace->events[0].op, ==, 2);
    g_assert_cmphex(f.trace->events[1].out, ==, 0x100);
    g_assert_cmpint(f.trace->events[2].op, ==, 1);
    g_assert_cmphex(f.trace->events[3].out, ==, 0x200);
    test_judge(f.target, TW_VERDICT_AGREE);
    f.target->as_of[3] = 1;
    test_target_run(f.target, true);
    test_judge(f.target, TW_VERDICT_STALE);
    finish(&f);
}

/* Several operations of one access are performed together: the access is from
 * before or after all of them, and what its fill inserts is of before. */
static void several(void)
{
    static const char script[] =
        IMPLIED "  read c0.0 0x0 8\n"
                "  during c0: page c0.0 0x0 -> 0x40 size 0x40 rwx\n"
                "  during c0: flush-page c0.0 0x0\n"
                "  during c0: page c0.0 0x0 -> 0xc0 size 0x40 rwx\n"
                "  read c0.0 0x0 8\n"
                "  read c0.0 0x0 8\n";
    Fixture f = start(script);
    const TwFinding *finding;

    test_target_run(f.target, true);
    g_assert_cmpint(f.trace->outcomes[3].status, ==, TW_STATUS_DONE);
    assert_at(&f, 0, 2, 0x0);
    assert_at(&f, 4, 2, 0xc0);
    test_judge(f.target, TW_VERDICT_AGREE);
    f.target->after[0] = true;
    test_target_run(f.target, true);
    assert_at(&f, 0, 2, 0xc0);
    test_judge(f.target, TW_VERDICT_AGREE);
    /* what was there between the flush and the second change */
    f.target->as_of[0] = f.target->as_of[4] = 3;
    test_target_run(f.target, true);
    assert_at(&f, 0, 2, 0x40);
    assert_at(&f, 4, 2, 0x40);
    test_judge(f.target, TW_VERDICT_AGREE_STALE);
    /* what was there before the flush */
    f.target->as_of[4] = 1;
    test_target_run(f.target, true);
    assert_at(&f, 4, 2, 0x0);
    finding = test_judge(f.target, TW_VERDICT_STALE);
    g_assert_cmpint(finding->changed, ==, 1);
    g_assert_cmpint(finding->ended, ==, 2);
    finish(&f);
}

/* Its own outcome is judged, and below a skipped access it stands alone. */
static void status(void)
{
    Fixture f = start(IMPLIED "  read c0.0 0x0 8\n"
                              "  during move r0 at 0x40\n" /* a root */
                              "  unplug c1\n"
                              "  read c1.0 0x0 8\n"
                              "  during map i0.0 0x0..0x3f -> s1 0x100 rw "
                              "silent\n"
                              "  dma-read s0 0x0 8 none\n");
    const TwFinding *finding;

    test_target_run(f.target, true);
    g_assert_cmpint(f.trace->outcomes[1].status, ==, TW_STATUS_SKIPPED);
    g_assert_cmpint(f.trace->outcomes[3].status, ==, TW_STATUS_SKIPPED);
    g_assert_cmpint(f.trace->outcomes[4].status, ==, TW_STATUS_DONE);
    assert_at(&f, 5, 2, 0x100);
    test_judge(f.target, TW_VERDICT_AGREE);
    f.trace->outcomes[1].status = TW_STATUS_DONE;
    finding = test_judge(f.target, TW_VERDICT_WRONG);
    g_assert_cmpint(finding->op, ==, 1);
    f.trace->outcomes[1].status = TW_STATUS_SKIPPED;
    f.trace->outcomes[4].status = TW_STATUS_SKIPPED;
    g_assert_cmpint(test_judge(f.target, TW_VERDICT_WRONG)->op, ==, 4);
    finish(&f);
}

/* Where the target stops in the middle, the access may have seen either. */
static void cut_short(void)
{
    Fixture f = start(IMPLIED "  read c0.0 0x0 8\n"
                              "  during map i0.0 0x0..0x3f -> s1 0x100 rw "
                              "silent\n"
                              "  nop\n");

    f.target->after[0] = true;
    test_target_run(f.target, true);
    f.trace->n_ops = 1;
    f.trace->end = TW_END_INVARIANT;
    f.trace->end_op = 1;
    strcpy(f.trace->text, "broken");
    g_assert_cmpint(test_judge(f.target, TW_VERDICT_INVARIANT)->op, ==, 1);
    finish(&f);
}

/* A device is told once, by the access. */
static void log_of_none(void)
{
    Fixture f = start(IMPLIED "  write c0.0 0x3000 1\n"
                              "  during map i0.0 0x0..0x3f -> s1 0x100 rw "
                              "silent\n"
                              "  nop\n");

    test_target_run(f.target, true);
    test_judge(f.target, TW_VERDICT_AGREE);
    f.trace->log[f.trace->n_log] = f.trace->log[0];
    f.trace->log[f.trace->n_log++].op = 1;
    g_assert_cmpint(test_judge(f.target, TW_VERDICT_EFFECT)->op, ==, 1);
    finish(&f);
}

/* The story of an answer that such an operation should have ended. */
static void story(void)
{
    Fixture f = start(IMPLIED "  read c0.0 0x0 8\n"
                              "  during map i0.0 0x0..0x3f -> s1 0x100 rw "
                              "notified\n"
                              "  read c0.0 0x0 8\n"
                              "  during c0: flush-all all\n");
    TwOracle *oracle = tw_oracle_new();
    TwDialect dialect = test_dialect();
    g_autoptr(GString) text = g_string_new(NULL);
    TwFinding finding;

    f.target->as_of[2] = 1;
    test_target_run(f.target, true);
    tw_judge(oracle, f.program, &dialect, &f.target->contract, "test", f.trace,
             &finding, NULL);
    g_assert_cmpint(finding.verdict, ==, TW_VERDICT_STALE);
    {
        g_autoptr(TwStory) told = tw_story_new(oracle);

        g_assert_false(told->differ);
        g_assert_cmpint(told->n_life, ==, TW_LIVES);
        g_assert_cmpint(told->life[TW_LIFE_FILLED].op, ==, 0);
        g_assert_cmpint(told->life[TW_LIFE_CHANGED].op, ==, 1);
        g_assert_cmpint(told->life[TW_LIFE_ENDED].op, ==, 1);
        tw_story_print(told, text);
    }
    g_assert_nonnull(strstr(text->str,
                            "op 1: during map i0.0 0x0..0x3f -> s1 0x100 rw "
                            "notified"));
    g_assert_nonnull(strstr(text->str, "its UNMAP of 0x0..0x3f on i0.0 ends"));
    tw_oracle_free(oracle);
    finish(&f);
}

/* Inside refusals: what the target must do, and a different outcome. */
static void judge_handled(const char *script, bool after, TwVerdict verdict)
{
    g_autofree char *text = g_strconcat(IMPLIED, script, NULL);
    Fixture f = start(text);

    f.target->contract = (TwContract){
        .during_refusals = true,
        .device_reads = true,
        .ends = TW_ENDS_COMMIT | TW_ENDS_UNMAP | TW_ENDS_CPU_FLUSH,
    };
    f.target->after[0] = after;
    test_target_run(f.target, true);
    test_judge(f.target, verdict);
    finish(&f);
}

/* A refusal is repaired: the answer is that of after.  Nothing is refused: it
 * is that of before. */
static void handled(void)
{
    static const struct {
        const char *script;
        bool after;
    } rows[] = {
        /* no entry; without the right; refused by the IOMMU; a hole */
        {"  read c0.0 0x1000 8\n"
         "  during page c0.0 0x1000 -> 0x0 size 0x1000 rwx\n",
         true},
        {"  write c0.0 0x1008 8\n"
         "  during page c0.0 0x1000 -> 0x0 size 0x1000 rw\n",
         true},
        {"  read c0.0 0x3040 8\n"
         "  during page c0.0 0x3040 -> 0x3040 size 0x40 r\n",
         true},
        /* refused before and after, for another reason */
        {"  read c0.0 0x1000 8\n"
         "  during page c0.0 0x1000 -> 0x8000 size 0x1000 rwx\n",
         true},
        /* taken away, or led elsewhere: too late */
        {"  read c0.0 0x0 8\n"
         "  during unpage c0.0 0x0 size 0x1000\n",
         false},
        {"  write c0.0 0x0 8\n"
         "  during map i0.0 0x0..0x3f -> s1 0x100 rw silent\n",
         false},
        /* its page, of an access of two */
        {"  read c0.0 0xffc 8\n"
         "  during page c0.0 0x1000 -> 0x0 size 0x1000 rwx\n",
         true},
        /* the fetch is refused; then the access is one of after, too */
        {"  read c0.0 0x8 8 from 0x1000\n"
         "  during page c0.0 0x1000 -> 0x0 size 0x1000 rwx\n",
         true},
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
        judge_handled(rows[i].script, rows[i].after, TW_VERDICT_AGREE);
    }
    judge_handled(rows[0].script, false, TW_VERDICT_CLASS);
    judge_handled(rows[1].script, false, TW_VERDICT_CLASS);
    judge_handled(rows[2].script, false, TW_VERDICT_CLASS);
    judge_handled(rows[3].script, false, TW_VERDICT_FAULT);
    judge_handled(rows[4].script, true, TW_VERDICT_CLASS);
    judge_handled(rows[5].script, true, TW_VERDICT_WRONG);
    judge_handled(rows[6].script, false, TW_VERDICT_CLASS);
    judge_handled(rows[7].script, false, TW_VERDICT_CLASS);
}

/* The host's accesses inside a refusal come before the access, others behind
 * it; `after` is where the target performs them. */
static void host_inside(void)
{
    static const struct {
        const char *script;
        bool after;
        TwVerdict other; /* at the other time */
    } rows[] = {
        /* repaired: the load sees what the host stored */
        {"  read c0.0 0x1000 8\n"
         "  during dma-write s1 0x0 8 none\n"
         "  during page c0.0 0x1000 -> 0x0 size 0x1000 rwx\n",
         true, TW_VERDICT_CLASS},
        /* the store is over it, and the host has not seen it */
        {"  write c0.0 0x1000 8\n"
         "  during page c0.0 0x1000 -> 0x0 size 0x1000 rwx\n"
         "  during dma-read s1 0x0 8 none\n"
         "  during dma-write s1 0x0 8 none\n"
         "  read c0.0 0x1000 8\n",
         true, TW_VERDICT_CLASS},
        /* granted: the host comes behind */
        {"  read c0.0 0x0 8\n"
         "  during dma-write s1 0x0 8 none\n",
         false, TW_VERDICT_WRONG},
        {"  write c0.0 0x0 8\n"
         "  during dma-read s1 0x0 8 none\n",
         false, TW_VERDICT_WRONG},
        /* devices are told in this order, too */
        {"  read c0.0 0x3040 1\n"
         "  during page c0.0 0x3040 -> 0x3040 size 0x40 r\n"
         "  during dma-read s0 0x3000 4 none\n",
         true, TW_VERDICT_CLASS},
        {"  write c0.0 0x3000 1\n"
         "  during dma-write s0 0x3010 1 none\n"
         "  during dma-write s0 0x3020 1 none\n",
         false, TW_VERDICT_EFFECT},
        /* the fetch is refused; the host stores before it */
        {"  read c0.0 0x8 8 from 0x1000\n"
         "  during dma-write s1 0x8 8 none\n"
         "  during page c0.0 0x1000 -> 0x0 size 0x1000 rwx\n",
         true, TW_VERDICT_CLASS},
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
        judge_handled(rows[i].script, rows[i].after, TW_VERDICT_AGREE);
        judge_handled(rows[i].script, !rows[i].after, rows[i].other);
    }
}

/* The load that a hook lets go on sees the bytes of before it. */
static void host_unseen(void)
{
    Fixture f =
        start(IMPLIED "  read c0.0 0x1000 8\n"
                      "  during page c0.0 0x1000 -> 0x0 size 0x1000 rwx\n"
                      "  during dma-write s1 0x0 8 none\n");

    f.target->contract =
        (TwContract){.during_refusals = true, .device_reads = true};
    f.target->after[0] = true;
    test_target_run(f.target, true);
    test_judge(f.target, TW_VERDICT_AGREE);
    f.trace->outcomes[0].value = 0;
    for (unsigned k = 0; k < 8; k++) {
        f.trace->outcomes[0].value |=
            (uint64_t)tw_content_initial(TW_CONTENTS_DATA, 2, k) << 8 * k;
    }
    test_judge(f.target, TW_VERDICT_WRONG);
    finish(&f);
}

/* A DMA access fills nothing, so what is performed during it comes behind it.
 * Its actor offsets act before the next operation.  Below a skipped access it
 * stands alone. */
static void host_order(void)
{
    judge_handled("  dma-write s1 0x0 8 none\n"
                  "  during dma-read s1 0x0 8 none\n",
                  false, TW_VERDICT_AGREE);
    judge_handled("  dma-write s1 0x0 8 none\n"
                  "  during dma-read s1 0x0 8 none\n",
                  true, TW_VERDICT_WRONG);
    judge_handled("  read c0.0 0x0 8\n"
                  "  during dma-write s0 0x3010 1 none\n"
                  "  during dma-write s0 0x0 8 none\n"
                  "  dma-read s1 0x200 8 none\n",
                  false, TW_VERDICT_AGREE);
    judge_handled("  unplug c0\n  read c0.0 0x0 8\n"
                  "  during dma-write s1 0x0 8 none\n"
                  "  during dma-read s1 0x0 8 none\n",
                  false, TW_VERDICT_AGREE);
}

/* The outcome of such an access is judged, too. */
static void host_outcome(void)
{
    g_autofree char *text = g_strconcat(
        IMPLIED, "  read c0.0 0x0 8\n  during dma-read s1 0x10 4 none\n", NULL);
    Fixture f = start(text);

    f.target->contract =
        (TwContract){.during_refusals = true, .device_reads = true};
    test_target_run(f.target, true);
    test_judge(f.target, TW_VERDICT_AGREE);
    f.trace->outcomes[1].value ^= 0x100;
    g_assert_cmpint(test_judge(f.target, TW_VERDICT_WRONG)->op, ==, 1);
    f.trace->outcomes[1].value ^= 0x100;
    f.trace->n_ops = 1;
    f.trace->end = TW_END_OVERFLOW;
    test_judge(f.target, TW_VERDICT_INCONCLUSIVE);
    f.target->contract.cpu_cache = true;
    test_judge(f.target, TW_VERDICT_UNSUPPORTED);
    finish(&f);
}

/* An operation during the access pokes bytes that it reaches: before the access
 * if that fills, and after it if not, and nobody tells. */
static void poked(void)
{
    static const struct {
        const char *access, *poke;
        TwVerdict as_poked, otherwise;
    } cases[] = {
        {"read c0.0 0x0 4", "0x0", TW_VERDICT_AGREE, TW_VERDICT_INCONCLUSIVE},
        {"read c0.0 0x7 4", "0x0", TW_VERDICT_AGREE, TW_VERDICT_INCONCLUSIVE},
        {"read c0.0 0x8 4", "0x0", TW_VERDICT_AGREE, TW_VERDICT_WRONG},
        {"rmw c0.0 0x4 4", "0x0", TW_VERDICT_INCONCLUSIVE,
         TW_VERDICT_INCONCLUSIVE},
        {"rmw c0.0 0x8 4", "0x0", TW_VERDICT_AGREE, TW_VERDICT_WRONG},
        {"dma-read s1 0x0 4 none", "0x0", TW_VERDICT_AGREE,
         TW_VERDICT_INCONCLUSIVE},
        {"dma-write s1 0x0 4 none", "0x0", TW_VERDICT_INCONCLUSIVE,
         TW_VERDICT_INCONCLUSIVE},
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *text =
            g_strdup_printf(IMPLIED "  %s\n  during poke r2 %s = 0x1234\n",
                            cases[i].access, cases[i].poke);
        Fixture f = start(text);

        f.target->after[0] = true;
        test_target_run(f.target, true);
        test_judge(f.target, cases[i].as_poked);
        f.trace->outcomes[0].value ^= 0x100;
        test_judge(f.target, cases[i].otherwise);
        finish(&f);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/during/RU-6/either-side", either_side);
    g_test_add_func("/during/LA-47/pages-choose-freely", pages_choose_freely);
    g_test_add_data_func("/during/LA-47/half-way", "granule 64", half_way);
    g_test_add_data_func("/during/LA-47/half-way/uncacheable", "granule 16",
                         half_way);
    g_test_add_func("/during/FR-6/ends-what-was-filled", ends_what_was_filled);
    g_test_add_func("/during/LA-47/silent", silent);
    g_test_add_func("/during/LA-47/not-older", not_older);
    g_test_add_func("/during/LA-47/dma", dma);
    g_test_add_func("/during/LA-47/order", order);
    g_test_add_func("/during/LA-47/several", several);
    g_test_add_func("/during/LA-47/status", status);
    g_test_add_func("/during/LA-47/cut-short", cut_short);
    g_test_add_func("/during/LA-47/log", log_of_none);
    g_test_add_func("/during/LA-47/refusals", handled);
    g_test_add_func("/during/LA-47/host/inside", host_inside);
    g_test_add_func("/during/LA-47/host/unseen", host_unseen);
    g_test_add_func("/during/LA-47/host/order", host_order);
    g_test_add_func("/during/LA-47/host/outcome", host_outcome);
    g_test_add_func("/during/LA-47/poked", poked);
    g_test_add_func("/during/story", story);
    return g_test_run();
}
