/* SPDX-License-Identifier: MIT */
/*
 * Snapshot and restore (LA-40): what comes back, what does not, what it ends,
 * and what observers are told.
 *
 *          0x0       0x1000    0x1100    0x1200
 *   s0 r0: | r1 i0   | r2 ram  | r3 ram  | r4 ram over r5 mmio
 *   i0 leads its first pages to r2; c0.0 and c1.0 are 1:1
 */
#include "oracle/test/test-support.h"

#include <glib.h>
#include <string.h>

#include "program/content.h"

#define WORLD(safepoints) \
    "twinwalk 1\npage 64\nhops 2\n" safepoints \
    "region r0 container size 0x10000\n" \
    "region r1 iommu size 0x1000 in r0 at 0x0 iommu i0\n" \
    "region r2 ram size 0x100 in r0 at 0x1000\n" \
    "region r3 ram size 0x100 in r0 at 0x1100\n" \
    "region r4 ram size 0x40 in r0 at 0x1200\n" \
    "region r5 mmio size 0x40 in r0 at 0x1200 prio -1\n" \
    "region r6 ram size 0x40\n" \
    "space s0 root r0\n" \
    "iommu i0 table granule 64 indexes 2 to s0\n" \
    "cpu c0 tlb 4\nmmu c0.0 space s0\n" \
    "cpu c1 tlb 4\nmmu c1.0 space s0\n" \
    "setup\n" \
    "  page c0.0 0x0 -> 0x0 size 0x2000 rwx\n" \
    "  page c1.0 0x0 -> 0x0 size 0x2000 rwx\n" \
    "  map i0.0 0x0..0xff -> s0 0x1000 rw silent\n" \
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

static Fixture run(const char *text, bool located)
{
    Fixture f = start(text);

    test_target_run(f.target, located);
    return f;
}

static void finish(Fixture *f)
{
    test_target_free(f->target);
    g_free(f->program);
}

/* Access number `op` went to that place. */
static void assert_at(const Fixture *f, unsigned op, unsigned region,
                      uint64_t offset)
{
    const TwOutcome *outcome = &f->trace->outcomes[op];

    g_assert_cmpint(outcome->class_, ==, TW_CLASS_OK);
    g_assert_cmpint(f->trace->locations[outcome->location].region, ==, region);
    g_assert_cmphex(f->trace->locations[outcome->location].offset, ==, offset);
}

/* Each kind of thing that is saved: changed, and back. */
static void what_comes_back(void)
{
    static const struct {
        const char *change, *access;
        unsigned region, other;
        uint64_t offset, other_offset;
    } table[] = {
        {"page c0.0 0x1000 -> 0x1100 size 0x40 rwx", "read c0.0 0x1000 1", 2, 3,
         0, 0},
        {"map i0.0 0x0..0x3f -> s0 0x1100 rw silent", "dma-read s0 0x4 1 none",
         2, 3, 4, 4},
        {"bypass i0 on", "dma-read s0 0x0 1 none", 2, TW_NONE, 0, 0},
        {"iommu-reset i0", "dma-read s0 0x0 1 none", 2, TW_NONE, 0, 0},
        {"protect i0.0 0x0..0x3f none silent", "dma-read s0 0x0 1 none", 2,
         TW_NONE, 0, 0},
        {"del r4", "dma-read s0 0x1200 1 none", 4, 5, 0, 0},
        {"priority r4 prio -1", "dma-read s0 0x1200 1 none", 4, 4, 0, 0},
        {"move r2 at 0x1080", "dma-read s0 0x1090 1 none", 2, 2, 0x90, 0x10},
        {"resize r4 0x10", "dma-read s0 0x1220 1 none", 4, 5, 0x20, 0x20},
        {"enable r4 off", "dma-read s0 0x1200 1 none", 4, 5, 0, 0},
        {"add r6 in r0 at 0x1200 prio 0", "dma-read s0 0x1200 1 none", 4, 6, 0,
         0},
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(table); i++) {
        /* The second change and restore start from the first restore. */
        g_autofree char *text =
            g_strdup_printf(IMPLIED "  snapshot\n  %s\n  %s\n  restore\n  %s\n"
                                    "  %s\n  %s\n  restore\n  %s\n",
                            table[i].change, table[i].access, table[i].access,
                            table[i].change, table[i].access, table[i].access);
        Fixture f = run(text, true);

        for (unsigned k = 2; k <= 6; k += 4) { /* changed */
            if (table[i].other != TW_NONE) {
                assert_at(&f, k, table[i].other, table[i].other_offset);
            } else {
                g_assert_cmpint(f.trace->outcomes[k].class_, >=,
                                TW_CLASS_DECODE_ERROR);
            }
        }
        assert_at(&f, 4, table[i].region, table[i].offset);
        assert_at(&f, 8, table[i].region, table[i].offset);
        test_judge(f.target, TW_VERDICT_AGREE);
        /* A target that does not bring this back is told so. */
        if (table[i].other != table[i].region ||
            table[i].other_offset != table[i].offset) {
            f.target->as_of[8] = 7;
            test_target_run(f.target, true);
            test_judge(f.target, TW_VERDICT_STALE);
        }
        finish(&f);
    }
}

/* The order of children comes back, not only their priorities (MR-5). */
static void order_of_children(void)
{
    Fixture f = run(IMPLIED "  add r6 in r0 at 0x1200 prio 0\n" /* newest */
                            "  snapshot\n"
                            "  priority r4 prio 0\n" /* now r4 is */
                            "  dma-read s0 0x1200 1 none\n"
                            "  restore\n"
                            "  dma-read s0 0x1200 1 none\n",
                    true);

    assert_at(&f, 3, 4, 0);
    assert_at(&f, 5, 6, 0);
    test_judge(f.target, TW_VERDICT_AGREE);
    finish(&f);
}

/* A restore is no way around an assignment of before the snapshot, nor does
 * one of after it shine through. */
static void layers(void)
{
    Fixture f = run(IMPLIED "  map i0.0 0x40..0x7f -> s0 0x1100 rw silent\n"
                            "  snapshot\n"
                            "  map i0.0 0x0..0xff -> s0 0x1180 rw silent\n"
                            "  restore\n"
                            "  protect i0.0 0x40..0x7f r silent\n"
                            "  dma-read s0 0x40 1 none\n"  /* r3 + 0 */
                            "  dma-write s0 0x40 1 none\n" /* denied */
                            "  dma-write s0 0x80 1 none\n" /* r2 + 0x80 */
                            "  restore\n"
                            "  dma-write s0 0x40 1 none\n" /* r3 + 0 */
                            "  dma-read s0 0x0 1 none\n",
                    true);

    assert_at(&f, 5, 3, 0);
    g_assert_cmpint(f.trace->outcomes[6].class_, ==, TW_CLASS_DECODE_ERROR);
    assert_at(&f, 7, 2, 0x80);
    assert_at(&f, 9, 3, 0);
    assert_at(&f, 10, 2, 0);
    test_judge(f.target, TW_VERDICT_AGREE);
    finish(&f);
}

/* The bytes of RAM; what stays. */
static void ram(void)
{
    Fixture f = run(IMPLIED "  write c0.0 0x1000 4\n"
                            "  snapshot\n"
                            "  write c0.0 0x1002 4\n"
                            "  unplug c1\n"
                            "  restore\n"
                            "  read c0.0 0x1000 8\n"
                            "  read c1.0 0x1000 8\n",
                    true);
    uint64_t value = f.trace->outcomes[5].value;

    g_assert_cmphex(value >> 16 & 0xff, ==, tw_store_tag(0, 2));
    g_assert_cmphex(value >> 32 & 0xff, ==, tw_ram_initial(2, 4));
    g_assert_cmpint(f.trace->outcomes[6].status, ==, TW_STATUS_SKIPPED);
    test_judge(f.target, TW_VERDICT_AGREE);
    /* bytes that stayed */
    f.trace->outcomes[5].value ^=
        (uint64_t)(tw_ram_initial(2, 4) ^ tw_store_tag(2, 2)) << 32;
    test_judge(f.target, TW_VERDICT_WRONG);
    finish(&f);
    f = run(IMPLIED "  snapshot\n  write c0.0 0x1000 4\n  restore\n", true);
    g_assert_cmphex(f.trace->digests[2], ==, 0);
    test_judge(f.target, TW_VERDICT_AGREE);
    f.trace->digests[2] = tw_ram_digest_term(0, tw_store_tag(1, 0));
    test_judge(f.target, TW_VERDICT_EFFECT);
    finish(&f);
}

/* It ends every answer, of CPUs that did not cause it at their safe point. */
static void ends_answers(void)
{
    static const char script[] = "  read c0.0 0x0 8\n"
                                 "  snapshot\n"
                                 "  map i0.0 0x0..0x3f -> s0 0x1100 rw silent\n"
                                 "  read c0.0 0x0 8\n"
                                 "  restore\n"
                                 "  read c0.0 0x0 8\n"
                                 "  safepoint c0\n"
                                 "  read c0.0 0x0 8\n";
    g_autofree char *implied = g_strconcat(IMPLIED, script, NULL);
    g_autofree char *explicit = g_strconcat(EXPLICIT, script, NULL);
    const TwFinding *finding;
    Fixture f = start(implied);

    f.target->as_of[5] = 4;
    test_target_run(f.target, true);
    assert_at(&f, 5, 3, 0);
    finding = test_judge(f.target, TW_VERDICT_STALE);
    g_assert_cmpstr(finding->key, ==, "StaSoftmmuRdRamTopSav");
    g_assert_cmpint(finding->changed, ==, 4);
    g_assert_cmpint(finding->ended, ==, 4);
    g_assert_cmpint(finding->filled, ==, 3);
    g_assert_nonnull(strstr(finding->text,
                            "until op 4 brought back what was saved; op 4's "
                            "restore must have ended it (FR-5, LA-40)"));
    finish(&f);
    f = start(explicit);
    f.target->as_of[5] = 4;
    test_target_run(f.target, true);
    test_judge(f.target, TW_VERDICT_AGREE_STALE);
    f.target->as_of[5] = 5;
    f.target->as_of[7] = 4;
    test_target_run(f.target, true);
    finding = test_judge(f.target, TW_VERDICT_STALE);
    g_assert_cmpint(finding->op, ==, 7);
    g_assert_cmpint(finding->ended, ==, 4);
    finish(&f);
}

/* It does so even where nothing has changed, and by whatever contract. */
static void ends_unchanged(void)
{
    Fixture f = start(IMPLIED "  map i0.0 0x0..0x3f -> s0 0x1100 rw silent\n"
                              "  snapshot\n"
                              "  restore\n"
                              "  read c0.0 0x0 8\n");
    const TwFinding *finding;

    f.target->as_of[3] = 0;
    f.target->contract.ends = 0;
    test_target_run(f.target, true);
    finding = test_judge(f.target, TW_VERDICT_STALE);
    g_assert_cmpstr(finding->key, ==, "StaSoftmmuRdRamHopSav");
    g_assert_cmpint(finding->changed, ==, 0);
    g_assert_cmpint(finding->ended, ==, 2);
    finish(&f);
}

/* UNMAP of everything, index by index; observers stay registered. */
static void observers(void)
{
    Fixture f = run(IMPLIED "  snapshot\n"
                            "  observe o0 of i0.1 unmap 0x40..0x7f\n"
                            "  observe o1 of i0.0 unmap 0x0..0x3f\n"
                            "  observe o2 of i0.0 map 0x0..0x3f\n"
                            "  restore\n"
                            "  notify-all i0\n",
                    true);
    const TwEventRecord *events = f.trace->events;

    g_assert_cmpint(f.trace->n_events, ==, 4);
    for (unsigned i = 0; i < 4; i++) {
        g_assert_cmpint(events[i].op, ==, i < 2 ? 4 : 5);
        g_assert_cmpint(events[i].observer, ==, i % 2 ? 0 : 1);
        g_assert_cmpint(events[i].kind, ==, TW_EVENT_UNMAP);
        g_assert_cmphex(events[i].first, ==, i % 2 ? 0x40 : 0);
        g_assert_cmphex(events[i].last, ==, i % 2 ? 0x7f : 0x3f);
    }
    test_judge(f.target, TW_VERDICT_AGREE);
    memmove(&f.trace->events[0], &f.trace->events[1],
            3 * sizeof(f.trace->events[0]));
    f.trace->n_events = 3;
    test_judge(f.target, TW_VERDICT_EVENT);
    finish(&f);
}

/* Where a target hides which of two places a store took, each world goes back
 * to what it was itself. */
static void worlds(void)
{
    static const char script[] =
        IMPLIED "  read c0.0 0x0 8\n"
                "  map i0.0 0x0..0x3f -> s0 0x1100 rw silent\n"
                "  write c0.0 0x0 8\n" /* to r2 or r3 */
                "  snapshot\n"
                "  write c0.0 0x1000 8\n"
                "  write c0.0 0x1100 8\n"
                "  restore\n"
                "  read c0.0 0x1000 8\n"
                "  read c0.0 0x1100 8\n";
    TwJudgeStats stats = {0};
    Fixture f = start(script);
    uint64_t value;

    for (unsigned old = 0; old < 2; old++) {
        f.target->as_of[2] = old ? 1 : 2;
        test_target_run(f.target, false);
        test_judge_stats(f.target, TW_VERDICT_AGREE, &stats);
        g_assert_cmphex(f.trace->outcomes[old ? 7 : 8].value & 0xff, ==,
                        tw_store_tag(2, 0));
        g_assert_cmphex(f.trace->outcomes[old ? 8 : 7].value & 0xff, ==,
                        tw_ram_initial(old ? 3 : 2, 0));
    }
    g_assert_cmpint(stats.worlds, ==, 4);
    /* Not in both places, nor in neither. */
    value = f.trace->outcomes[8].value;
    f.trace->outcomes[8].value = f.trace->outcomes[7].value;
    test_judge(f.target, TW_VERDICT_WRONG);
    f.trace->outcomes[8].value = value;
    value = 0;
    for (unsigned k = 0; k < 8; k++) {
        value |= (uint64_t)tw_ram_initial(2, k) << (8 * k);
    }
    f.trace->outcomes[7].value = value;
    test_judge(f.target, TW_VERDICT_WRONG);
    finish(&f);
}

/* Not inside a transaction, and not before there is a snapshot. */
static void legality(void)
{
    Fixture f = run(IMPLIED "  restore\n  begin\n  snapshot\n  commit\n"
                            "  snapshot\n  begin\n  restore\n  commit\n"
                            "  restore\n",
                    true);

    for (unsigned i = 0; i < 9; i++) {
        g_assert_cmpint(f.trace->outcomes[i].status, ==,
                        i == 0 || i == 2 || i == 6 ? TW_STATUS_SKIPPED
                                                   : TW_STATUS_DONE);
    }
    test_judge(f.target, TW_VERDICT_AGREE);
    finish(&f);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/saved/LA-40/what-comes-back", what_comes_back);
    g_test_add_func("/saved/LA-40/order-of-children", order_of_children);
    g_test_add_func("/saved/LA-40/layers", layers);
    g_test_add_func("/saved/LA-40/ram", ram);
    g_test_add_func("/saved/FR-5/ends-answers", ends_answers);
    g_test_add_func("/saved/FR-5/ends-unchanged", ends_unchanged);
    g_test_add_func("/saved/LA-40/observers", observers);
    g_test_add_func("/saved/LA-40/worlds", worlds);
    g_test_add_func("/saved/LA-40/legality", legality);
    return g_test_run();
}
