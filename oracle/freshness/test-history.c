/* SPDX-License-Identifier: MIT */
/*
 * The freshness rule, event by event.  Most tests use one world:
 *
 *            0        0x1000   0x2000   0x3000
 *   s0   r0: |  i0 (r1), 4 pages of 64 at 0x0  ...   | r3 io at 0x3000
 *   s1   r4: |  r2 ram 0x1000                        |
 *
 *   c0.0: 0x0..0xfff -> 0x0 (large), read through i0 -> s1
 *
 * A stand-in target gives right answers, except for one access: it gets the
 * answer of the world before another operation.
 */
#include "oracle/test/test-support.h"

#include <glib.h>
#include <string.h>

#define WORLD(safepoints) \
    "twinwalk 1\npage 64\nhops 4\n" safepoints \
    "region r0 container size 0x10000\n" \
    "region r1 iommu size 0x1000 in r0 at 0x0 iommu i0\n" \
    "region r2 ram size 0x1000 in r4 at 0x0\n" \
    "region r3 mmio size 0x100 in r0 at 0x3000\n" \
    "region r4 container size 0x10000\n" \
    "region r5 iommu size 0x1000 in r4 at 0x2000 iommu i1\n" \
    "region r6 ram size 0x40 in r4 at 0x8000\n" \
    "space s0 root r0\nspace s1 root r4\n" \
    "iommu i0 table granule 64 indexes 2 select secure to s1\n" \
    "iommu i1 table granule 64 to s1\n" \
    "cpu c0 tlb 4\nmmu c0.0 space s0 attrs secure\n" \
    "mmu c0.1 space s0\n" \
    "cpu c1 tlb 4\nmmu c1.0 space s0 attrs secure\n" \
    "setup\n" \
    "  page c0.0 0x0 -> 0x0 size 0x1000 rwx\n" \
    "  page c0.0 0x3000 -> 0x3000 size 0x40 rwx\n" \
    "  page c0.1 0x0 -> 0x0 size 0x40 rwx\n" \
    "  page c1.0 0x0 -> 0x0 size 0x1000 rwx\n" \
    "  page c1.0 0x3000 -> 0x3000 size 0x40 rwx\n" \
    "  map i0.0 0x0..0xfff -> s1 0x0 rw silent\n" \
    "  map i0.1 0x0..0xfff -> s1 0x0 rw silent\n" \
    "  map i1.0 0x0..0xfff -> s1 0x0 rw silent\n" \
    "script\n"

#define IMPLIED WORLD("")
#define EXPLICIT WORLD("safepoints explicit\n")

/* One case: the access `op` is answered as before `as_of`. */
typedef struct Case {
    const char *name, *text;
    uint16_t op, as_of;
    TwVerdict verdict;
    const char *key; /* of a finding */
    uint16_t ended;  /* stale */
} Case;

#define AGREE_STALE TW_VERDICT_AGREE_STALE, NULL, 0

static const Case cases[] = {
    /* Nothing that ends an answer: windows stay open. */
    {"silent-map-opens-a-window",
     IMPLIED "  read c0.0 0x0 8\n"
             "  map i0.0 0x0..0x3f -> s1 0x100 rw silent\n"
             "  read c0.0 0x0 8\n",
     2, 1, AGREE_STALE},
    {"no-access-needed-before", /* prefetch is legal */
     IMPLIED "  map i0.0 0x0..0x3f -> s1 0x100 rw silent\n"
             "  map i0.0 0x0..0x3f -> s1 0x200 rw silent\n"
             "  read c0.0 0x0 8\n",
     2, 1, AGREE_STALE},
    {"MAP-event-ends-nothing",
     IMPLIED "  map i0.0 0x0..0x3f -> s1 0x100 rw silent\n"
             "  notify i0.0 map 0x0..0x3f\n"
             "  read c0.0 0x0 8\n",
     2, 0, AGREE_STALE},
    {"page-map-change-is-silent",
     IMPLIED "  page c0.0 0x0 -> 0x40 size 0x40 rwx\n"
             "  read c0.0 0x0 8\n",
     1, 0, AGREE_STALE},
    {"unmap-of-another-index",
     IMPLIED "  map i0.0 0x0..0x3f -> s1 0x100 rw silent\n"
             "  notify i0.1 unmap 0x0..0xfff\n"
             "  read c0.0 0x0 8\n",
     2, 0, AGREE_STALE},
    {"unmap-one-byte-past-the-window",
     IMPLIED "  map i0.0 0x0..0x3f -> s1 0x100 rw silent\n"
             "  notify i0.0 unmap 0x40..0x7f\n"
             "  read c0.0 0x0 8\n",
     2, 0, AGREE_STALE},
    {"unmap-before-the-change",
     IMPLIED "  notify i0.0 unmap 0x0..0x3f\n"
             "  map i0.0 0x0..0x3f -> s1 0x100 rw silent\n"
             "  read c0.0 0x0 8\n",
     2, 1, AGREE_STALE},
    {"flush-of-another-page",
     IMPLIED "  page c0.1 0x0 -> 0x40 size 0x40 rwx\n"
             "  flush-page c0.1 0x40\n"
             "  read c0.1 0x0 8\n",
     2, 0, AGREE_STALE},
    {"flush-of-another-index",
     IMPLIED "  page c0.1 0x0 -> 0x40 size 0x40 rwx\n"
             "  flush-index c0.0\n"
             "  read c0.1 0x0 8\n",
     2, 0, AGREE_STALE},
    {"flush-of-another-cpu",
     IMPLIED "  page c0.0 0x0 -> 0x40 size 0x40 rwx\n"
             "  flush-all c1\n"
             "  read c0.0 0x0 8\n",
     2, 0, AGREE_STALE},
    {"commit-with-nothing-pending",
     IMPLIED "  map i0.0 0x0..0x3f -> s1 0x100 rw silent\n"
             "  begin\n"
             "  commit\n"
             "  read c0.0 0x0 8\n",
     3, 0, AGREE_STALE},
    {"bypass-to-the-same-value",
     IMPLIED "  map i0.0 0x0..0x3f -> s1 0x100 rw silent\n"
             "  bypass i0 off\n"
             "  read c0.0 0x0 8\n",
     2, 0, AGREE_STALE},
    /* Each kind of event ends them. */
    {"FR-1/notified-map",
     IMPLIED "  map i0.0 0x0..0x3f -> s1 0x100 rw notified\n"
             "  read c0.0 0x0 8\n",
     1, 0, TW_VERDICT_STALE, "StaSoftmmuRdRamHopUnm", 0},
    {"FR-1/notify-unmap",
     IMPLIED "  map i0.0 0x0..0x3f -> s1 0x100 rw silent\n"
             "  notify i0.0 unmap 0x0..0x0\n"
             "  read c0.0 0x0 8\n",
     2, 0, TW_VERDICT_STALE, "StaSoftmmuRdRamHopUnm", 1},
    {"LA-17/last-byte-of-the-window",
     IMPLIED "  map i0.0 0x0..0x3f -> s1 0x100 rw silent\n"
             "  notify i0.0 unmap 0x3f..0xff\n"
             "  read c0.0 0x0 8\n",
     2, 0, TW_VERDICT_STALE, "StaSoftmmuRdRamHopUnm", 1},
    {"FR-1/notify-all",
     IMPLIED "  map i0.0 0x0..0x3f -> s1 0x100 rw silent\n"
             "  notify-all i0\n"
             "  read c0.0 0x0 8\n",
     2, 0, TW_VERDICT_STALE, "StaSoftmmuRdRamHopUnm", 1},
    {"FR-1/second-hop",
     IMPLIED "  map i0.0 0x0..0x3f -> s1 0x2000 rw notified\n"
             "  map i1.0 0x0..0x3f -> s1 0x100 rw silent\n"
             "  notify i1.0 unmap 0x0..0x3f\n"
             "  read c0.0 0x0 8\n",
     3, 1, TW_VERDICT_STALE, "StaSoftmmuRdRamHopUnm", 2},
    {"FR-5/reset",
     IMPLIED "  iommu-reset i0\n"
             "  read c0.0 0x0 8\n",
     1, 0, TW_VERDICT_STALE, "StaSoftmmuRdRamHopRst", 0},
    {"FR-5/bypass",
     IMPLIED "  map i0.0 0x0..0x3f -> s1 0x100 rw notified\n"
             "  bypass i0 on\n"
             "  read c0.0 0x0 8\n",
     2, 1, TW_VERDICT_STALE, "StaSoftmmuRdRamHopRst", 1},
    {"FR-3/commit-elsewhere",
     IMPLIED "  map i0.0 0x0..0x3f -> s1 0x100 rw silent\n"
             "  readonly r6 on\n"
             "  read c0.0 0x0 8\n",
     2, 0, TW_VERDICT_STALE, "StaSoftmmuRdRamHopCom", 1},
    {"FR-3/move",
     IMPLIED "  move r2 at 0x40\n"
             "  read c0.0 0x80 8\n",
     1, 0, TW_VERDICT_STALE, "StaSoftmmuRdRamTopCom", 0},
    {"FR-9/flush-page",
     IMPLIED "  page c0.1 0x0 -> 0x40 size 0x40 rwx\n"
             "  flush-page c0.1 0x8\n"
             "  read c0.1 0x0 8\n",
     2, 0, TW_VERDICT_STALE, "StaSoftmmuRdRamPgmFlu", 1},
    {"FR-9/flush-page-in-a-large-page",
     IMPLIED "  page c0.0 0x0 -> 0x40 size 0x40 rwx\n"
             "  flush-page c0.0 0xfc0\n"
             "  read c0.0 0x0 8\n",
     2, 0, TW_VERDICT_STALE, "StaSoftmmuRdRamPgmFlu", 1},
    {"FR-9/flush-index",
     IMPLIED "  page c0.0 0x0 -> 0x40 size 0x40 rwx\n"
             "  flush-index all.0\n"
             "  read c0.0 0x0 8\n",
     2, 0, TW_VERDICT_STALE, "StaSoftmmuRdRamPgmFlu", 1},
    {"FR-9/flush-all",
     IMPLIED "  page c0.0 0x0 -> 0x40 size 0x40 rwx\n"
             "  flush-all all\n"
             "  read c0.0 0x0 8\n",
     2, 0, TW_VERDICT_STALE, "StaSoftmmuRdRamPgmFlu", 1},
    {"LA-29/significant-bits",
     IMPLIED "  page c0.1 0x0 -> 0x40 size 0x40 rwx\n"
             "  flush-range c0.1 0xff0000 0x40 bits 16\n"
             "  read c0.1 0x0 8\n",
     2, 0, TW_VERDICT_STALE, "StaSoftmmuRdRamPgmFlu", 1},
    {"LA-29/longer-than-the-bits",
     IMPLIED "  page c0.1 0x0 -> 0x40 size 0x40 rwx\n"
             "  flush-range c0.1 0x400 0x100 bits 8\n"
             "  read c0.1 0x0 8\n",
     2, 0, TW_VERDICT_STALE, "StaSoftmmuRdRamPgmFlu", 1},
    {"LA-29/insignificant-elsewhere",
     IMPLIED "  page c0.1 0x0 -> 0x40 size 0x40 rwx\n"
             "  flush-range c0.1 0xff0040 0x40 bits 16\n"
             "  read c0.1 0x0 8\n",
     2, 0, AGREE_STALE},
    /* Not cacheable at all. */
    {"LA-28/page-fault-is-never-cached",
     IMPLIED "  unpage c0.1 0x0 size 0x40\n"
             "  page c0.1 0x0 -> 0x0 size 0x40 rwx\n"
             "  read c0.1 0x0 8\n",
     2, 1, TW_VERDICT_STALE, "StaSoftmmuRdPgm", TW_NO_OP},
    {"LA-28/denial-is-never-cached",
     IMPLIED "  unmap i0.0 0x0..0x3f silent\n"
             "  map i0.0 0x0..0x3f -> s1 0x0 rw silent\n"
             "  read c0.0 0x0 8\n",
     2, 1, TW_VERDICT_STALE, "StaSoftmmuRdHop", TW_NO_OP},
    {"LA-28/small-page",
     IMPLIED "  page c0.0 0x0 -> 0x40 size 0x10 rwx\n"
             "  page c0.0 0x0 -> 0x80 size 0x40 rwx\n"
             "  read c0.0 0x0 8\n",
     2, 1, TW_VERDICT_STALE, "StaSoftmmuRdRamPgm", TW_NO_OP},
    {"hole-is-cached", /* a hole is an answer like any other */
     IMPLIED "  map i0.0 0x0..0x3f -> s1 0x9000 rw notified\n"
             "  map i0.0 0x0..0x3f -> s1 0x0 rw silent\n"
             "  read c0.0 0x0 8\n",
     2, 1, AGREE_STALE},
    /* Rights. */
    {"rights/old-grant-in-the-window",
     IMPLIED "  protect i0.0 0x0..0x3f r silent\n"
             "  write c0.0 0x0 8\n",
     1, 0, AGREE_STALE},
    {"rights/old-grant-after-unmap",
     IMPLIED "  protect i0.0 0x0..0x3f r notified\n"
             "  write c0.0 0x0 8\n",
     1, 0, TW_VERDICT_STALE, "StaSoftmmuWrRamHopUnm", 0},
    /* Several CPUs. */
    {"TX-8/window-until-safe-point",
     EXPLICIT "  c1: map i0.0 0x0..0x3f -> s1 0x100 rw notified\n"
              "  read c0.0 0x0 8\n",
     1, 0, AGREE_STALE},
    {"TX-8/actor-flushes-at-once",
     EXPLICIT "  c0: map i0.0 0x0..0x3f -> s1 0x100 rw notified\n"
              "  read c0.0 0x0 8\n",
     1, 0, TW_VERDICT_STALE, "StaSoftmmuRdRamHopUnm", 0},
    {"TX-8/closed-by-safepoint",
     EXPLICIT "  map i0.0 0x0..0x3f -> s1 0x100 rw notified\n"
              "  safepoint c0\n"
              "  read c0.0 0x0 8\n",
     2, 0, TW_VERDICT_STALE, "StaSoftmmuRdRamHopUnm", 0},
    {"TX-8/safepoint-of-the-other",
     EXPLICIT "  map i0.0 0x0..0x3f -> s1 0x100 rw notified\n"
              "  safepoint c1\n"
              "  read c0.0 0x0 8\n",
     2, 0, AGREE_STALE},
    {"LA-3/closed-by-a-callback",
     EXPLICIT "  map i0.0 0x0..0x3f -> s1 0x100 rw notified\n"
              "  read c0.0 0x3000 4\n"
              "  read c0.0 0x0 8\n",
     2, 0, TW_VERDICT_STALE, "StaSoftmmuRdRamHopUnm", 0},
    {"LA-3/implied-by-any-operation",
     IMPLIED "  c1: map i0.0 0x0..0x3f -> s1 0x100 rw notified\n"
             "  read c0.0 0x0 8\n",
     1, 0, TW_VERDICT_STALE, "StaSoftmmuRdRamHopUnm", 0},
    {"TX-8/old-topology-until-safe-point",
     EXPLICIT "  move r2 at 0x40\n"
              "  read c0.0 0x80 8\n",
     1, 0, AGREE_STALE},
    {"TX-8/commit-at-safe-point",
     EXPLICIT "  move r2 at 0x40\n"
              "  safepoint c0\n"
              "  read c0.0 0x80 8\n",
     2, 0, TW_VERDICT_STALE, "StaSoftmmuRdRamTopCom", 0},
    {"TX-8/flush-all-is-queued",
     EXPLICIT "  page c0.0 0x0 -> 0x40 size 0x40 rwx\n"
              "  c1: flush-all all\n"
              "  read c0.0 0x0 8\n",
     2, 0, AGREE_STALE},
    /* DMA masters have no cache. */
    {"dma-is-always-current",
     IMPLIED "  map i0.0 0x0..0x3f -> s1 0x100 rw silent\n"
             "  dma-read s0 0x0 8 secure\n",
     1, 0, TW_VERDICT_STALE, "StaSoftmmuDrRamHop", TW_NO_OP},
};

static void run_case(const void *data)
{
    const Case *c = data;
    TwProgram *program = test_program(c->text);
    TestTarget *target = test_target_new(program);
    const TwFinding *finding;

    test_target_run(target, true);
    test_judge(target, TW_VERDICT_AGREE);
    target->as_of[c->op] = c->as_of;
    test_target_run(target, true);
    finding = test_judge(target, c->verdict);
    if (c->key) {
        g_assert_cmpstr(finding->key, ==, c->key);
        g_assert_cmpuint(finding->op, ==, c->op);
        g_assert_cmpuint(finding->ended, ==, c->ended);
        g_assert_nonnull(strstr(finding->text, "stale:"));
    }
    test_target_free(target);
    g_free(program);
}

/*
 * Prefixes: the page-map entry and hop 1 may be old, the rest current; but not
 * hop 2 old and hop 1 current.
 */
static void prefix(void)
{
    TwProgram *program =
        test_program(IMPLIED "  map i0.0 0x0..0x3f -> s1 0x2040 rw notified\n"
                             "  map i0.0 0x0..0x3f -> s1 0x2000 rw silent\n"
                             "  map i1.0 0x40..0x7f -> s1 0x200 rw silent\n"
                             "  notify i1.0 unmap 0x40..0x7f\n"
                             "  read c0.0 0x0 8\n");
    TestTarget *target = test_target_new(program);

    /* hop 1 as before op 1 (to i1+0x40), hop 2 as now: 0x200 */
    target->as_of[4] = 1;
    target->topology[4] = target->hops[4] = 1;
    test_target_run(target, true);
    g_assert_cmpuint(target->trace->locations[0].offset, ==, 0x200);
    test_judge(target, TW_VERDICT_AGREE_STALE);
    /* both hops as before op 1: i1+0x40 led to 0x40, and was unmapped */
    target->topology[4] = target->hops[4] = UINT8_MAX;
    test_target_run(target, true);
    g_assert_cmpuint(target->trace->locations[0].offset, ==, 0x40);
    g_assert_cmpstr(test_judge(target, TW_VERDICT_STALE)->key, ==,
                    "StaSoftmmuRdRamHopUnm");
    test_target_free(target);
    g_free(program);
}

/* The bytes of one access in one page share their choice; pages do not. */
static void pages_choose_freely(void)
{
    TwProgram *program =
        test_program(IMPLIED "  map i0.0 0x0..0x7f -> s1 0x100 rw silent\n"
                             "  read c0.0 0x3c 8\n"
                             "  read c0.0 0x10 8\n");
    TestTarget *target = test_target_new(program);
    TwLocation *at;

    for (unsigned old = 0; old < 4; old++) {
        test_target_run(target, false);
        target->trace->locations_hidden = false;
        target->trace->outcomes[1].n_locations = 2;
        target->trace->outcomes[1].location = 0;
        target->trace->n_locations = 2;
        at = target->trace->locations;
        at[0] = (TwLocation){0, 4, 2, 0, old & 1 ? 0x3c : 0x13c};
        at[1] = (TwLocation){4, 4, 2, 0, old & 2 ? 0x40 : 0x140};
        target->trace->outcomes[1].value = 0;
        for (unsigned k = 0; k < 8; k++) {
            TwContent start = {.newest = TW_NIL};
            uint64_t byte = tw_contents_byte(&target->contents, &start, 2,
                                             at[k / 4].offset + k % 4);

            target->trace->outcomes[1].value |= byte << 8 * k;
        }
        test_judge(target, old ? TW_VERDICT_AGREE_STALE : TW_VERDICT_AGREE);
    }
    /* in one page: half old, half new */
    target->trace->outcomes[2].n_locations = 2;
    target->trace->outcomes[2].location = 2;
    target->trace->n_locations = 4;
    target->trace->locations[2] = (TwLocation){0, 4, 2, 0, 0x10};
    target->trace->locations[3] = (TwLocation){4, 4, 2, 0, 0x114};
    test_judge(target, TW_VERDICT_WRONG);
    test_target_free(target);
    g_free(program);
}

/* One entry per page: what was seen to be newer has ended the older. */
static void back_from_the_dead(void)
{
    TwProgram *program =
        test_program(IMPLIED "  read c0.0 0x0 8\n"
                             "  map i0.0 0x0..0x3f -> s1 0x100 rw silent\n"
                             "  read c0.0 0x8 8\n"
                             "  read c0.0 0x0 8\n"
                             "  read c0.0 0x40 8\n");
    TestTarget *target = test_target_new(program);
    const TwFinding *finding;

    /* old, then old: allowed; new, then old: not */
    target->as_of[2] = target->as_of[3] = 1;
    test_target_run(target, true);
    test_judge(target, TW_VERDICT_AGREE_STALE);
    target->as_of[2] = 2;
    test_target_run(target, true);
    finding = test_judge(target, TW_VERDICT_STALE);
    g_assert_cmpstr(finding->key, ==, "StaSoftmmuRdRamHopNew");
    g_assert_cmpuint(finding->ended, ==, 2);
    g_assert_cmpuint(finding->filled, ==, 0);
    /* a cache that may hold several entries for a page may do so */
    target->contract.one_entry_per_page = false;
    test_judge(target, TW_VERDICT_AGREE_STALE);
    test_target_free(target);
    g_free(program);
}

/*
 * One entry, used twice: the page-map assignment of a page with two leaves.
 * The first access sees it answer from RAM, the second from what an IOMMU
 * says now.  Both are the same old entry, so nothing came back.
 *
 *   s0:  0x40 |  r1 ram (32)  |  r2 i0 (32)  |  r3 ram (64)  |
 */
static void one_entry_of_a_split_page(void)
{
    TwProgram *program =
        test_program("twinwalk 1\npage 64\nhops 4\n"
                     "region r0 container size 0x10000\n"
                     "region r1 ram size 0x20 in r0 at 0x40\n"
                     "region r2 iommu size 0x20 in r0 at 0x60 iommu i0\n"
                     "region r3 ram size 0x40 in r0 at 0x80\n"
                     "space s0 root r0\niommu i0 table granule 64 to s0\n"
                     "cpu c0 tlb 4\nmmu c0.0 space s0\n"
                     "setup\n  page c0.0 0x0 -> 0x40 size 0x40 rwx\n"
                     "script\n"
                     "  page c0.0 0x0 -> 0x80 size 0x40 rwx\n"
                     "  read c0.0 0x0 8\n"
                     "  map i0.0 0x0..0x3f -> s0 0x80 rw silent\n"
                     "  read c0.0 0x20 8\n");
    TestTarget *target = test_target_new(program);

    target->as_of[1] = 0;
    target->as_of[3] = 0;
    target->topology[3] = target->hops[3] = 0;
    test_target_run(target, true);
    g_assert_cmpuint(target->trace->locations[0].region, ==, 1);
    g_assert_cmpuint(target->trace->outcomes[3].class_, ==, TW_CLASS_OK);
    test_judge(target, TW_VERDICT_AGREE_STALE);
    /* but once a new answer was seen, the old assignment is gone */
    target->as_of[1] = 1;
    test_target_run(target, true);
    g_assert_cmpstr(test_judge(target, TW_VERDICT_STALE)->key, ==,
                    "StaSoftmmuRdRamPgmNew");
    test_target_free(target);
    g_free(program);
}

/* A refusal shows no entry, so it ends none. */
static void refusal_is_no_observation(void)
{
    TwProgram *program =
        test_program(IMPLIED "  read c0.0 0x0 8\n"
                             "  unmap i0.0 0x0..0x3f silent\n"
                             "  read c0.0 0x0 8\n"
                             "  map i0.0 0x0..0x3f -> s1 0x100 rw silent\n"
                             "  read c0.0 0x0 8\n");
    TestTarget *target = test_target_new(program);

    target->as_of[4] = 1;
    test_target_run(target, true);
    test_judge(target, TW_VERDICT_AGREE_STALE);
    test_target_free(target);
    g_free(program);
}

/* What the contract does not promise, nothing ends; what it does not cache,
 * nothing explains. */
static void contract(void)
{
    TwProgram *program =
        test_program(IMPLIED "  map i0.0 0x0..0x3f -> s1 0x100 rw notified\n"
                             "  read c0.0 0x0 8\n");
    TestTarget *target = test_target_new(program);

    target->as_of[1] = 0;
    target->contract.ends &= ~TW_ENDS_UNMAP;
    test_target_run(target, true);
    test_judge(target, TW_VERDICT_AGREE_STALE);
    target->contract.cpu_cache = false;
    test_target_run(target, true);
    test_judge(target, TW_VERDICT_STALE);
    test_target_free(target);
    g_free(program);

    program =
        test_program(EXPLICIT "  map i0.0 0x0..0x3f -> s1 0x100 rw notified\n"
                              "  read c0.0 0x0 8\n");
    target = test_target_new(program);
    target->as_of[1] = 0;
    target->contract.queued = false;
    test_target_run(target, true);
    test_judge(target, TW_VERDICT_STALE);
    test_target_free(target);
    g_free(program);
}

/*
 * A commit that ends what lies behind the page map: the way there may be old,
 * the memory may not.
 *
 *   s0:  0x0 |  r1 ram (64)  |  r2 ram (64)  |  r3 ram (64), goes to 0x100
 */
static void commit_ends_the_tail(void)
{
    TwProgram *program =
        test_program("twinwalk 1\npage 64\nhops 4\n"
                     "region r0 container size 0x10000\n"
                     "region r1 ram size 0x40 in r0 at 0x0\n"
                     "region r2 ram size 0x40 in r0 at 0x40\n"
                     "region r3 ram size 0x40 in r0 at 0x80\n"
                     "space s0 root r0\n"
                     "cpu c0 tlb 4\nmmu c0.0 space s0\n"
                     "setup\n  page c0.0 0x0 -> 0x0 size 0x40 rwx\n"
                     "  page c0.0 0x40 -> 0x80 size 0x40 rwx\n"
                     "script\n"
                     "  page c0.0 0x0 -> 0x40 size 0x40 rwx\n"
                     "  move r3 at 0x100\n"
                     "  read c0.0 0x0 8\n"
                     "  read c0.0 0x40 8\n");
    TestTarget *target = test_target_new(program);

    /* The old way, to memory that is still there: until a flush. */
    target->as_of[2] = 0;
    target->topology[2] = target->hops[2] = 0;
    target->contract.ends ^= TW_ENDS_COMMIT | TW_ENDS_COMMIT_TAIL;
    test_target_run(target, true);
    test_judge(target, TW_VERDICT_AGREE_STALE);
    target->contract.ends ^= TW_ENDS_COMMIT | TW_ENDS_COMMIT_TAIL;
    test_target_run(target, true);
    test_judge(target, TW_VERDICT_STALE);
    /* Memory that is not there any more. */
    target->as_of[3] = 1;
    target->contract.ends ^= TW_ENDS_COMMIT | TW_ENDS_COMMIT_TAIL;
    test_target_run(target, true);
    g_assert_cmpuint(test_judge(target, TW_VERDICT_STALE)->ended, ==, 1);
    target->contract.ends &= ~TW_ENDS_COMMIT_TAIL;
    test_target_run(target, true);
    test_judge(target, TW_VERDICT_AGREE_STALE);
    test_target_free(target);
    g_free(program);
}

/* More versions than the oracle looks at. */
static void too_many_versions(void)
{
    GString *text = g_string_new(IMPLIED);
    TwProgram *program;
    TestTarget *target;

    for (unsigned i = 0; i < 70; i++) {
        g_string_append_printf(text,
                               "  map i0.0 0x0..0x3f -> s1 0x%x rw silent\n",
                               (i % 60) * 0x40);
    }
    g_string_append(text, "  read c0.0 0x0 8\n");
    program = test_program(text->str);
    target = test_target_new(program);
    test_target_run(target, true);
    g_assert_cmpstr(test_judge(target, TW_VERDICT_INCONCLUSIVE)->text, ==,
                    "not judged: more than 64 older answers may still be "
                    "allowed, and the oracle keeps no more");
    test_target_free(target);
    g_free(program);
    g_string_free(text, TRUE);
}

/*
 * A naive cache that fills and evicts at random, on random programs: nothing
 * that it answers is a finding, with or without locations; and of those that
 * ignore what must end their entries, or only what happens while they fill,
 * many are found.
 */
static void naive_cache(const void *data)
{
    enum { HIDDEN = 1, FORGETFUL = 2, LATE = 4 };
    int how = GPOINTER_TO_INT(data);
    TwProgram *program = g_new(TwProgram, 1);
    TestTarget *target = test_target_new(program);
    TwOracle *oracle = tw_oracle_new();
    TwDialect dialect = test_dialect();
    TwJudgeStats stats = {0};
    unsigned found = 0, hits = 0, fills = 0;

    target->forgetful = how & FORGETFUL;
    target->late_fill = how & LATE;
    for (unsigned n = 0; n < 4000; n++) {
        TwRng rng = tw_rng_for(how, n);
        TwFinding finding;
        TwVerdict verdict;

        test_random(program, &rng, n & 1);
        target->rng = &rng;
        target->contract.queued = n % 3 != 0;
        target->contract.one_entry_per_page = n % 4 != 0;
        target->contract.ends = test_contract().ends;
        if (n % 5 == 0) {
            target->contract.ends ^= TW_ENDS_COMMIT | TW_ENDS_COMMIT_TAIL;
        }
        test_target_run(target, !(how & HIDDEN));
        hits += target->hits;
        fills += target->fills_during;
        verdict = tw_judge(oracle, program, &dialect, &target->contract,
                           "naive", target->trace, &finding, &stats);
        if (tw_verdict_is_finding(verdict)) {
            found++;
            if (!target->forgetful && !target->late_fill) {
                g_error("program %u: %s\n%s", n, finding.key, finding.text);
            }
            g_assert_cmpint(verdict, ==, TW_VERDICT_STALE);
        }
    }
    g_assert_cmpuint(hits, >, 4000);
    g_assert_cmpuint(stats.windows, >, 1500);
    g_assert_cmpuint(stats.verdicts[TW_VERDICT_AGREE_STALE], >, 150);
    g_assert_cmpuint(stats.verdicts[TW_VERDICT_INCONCLUSIVE], <, 40);
    g_assert_cmpuint(found, >=,
                     target->forgetful   ? 100
                     : target->late_fill ? 5
                                         : 0);
    g_assert_cmpuint(fills, >, 2000);
    if (how & HIDDEN) {
        g_assert_cmpuint(stats.worlds, >, stats.programs);
    }
    tw_oracle_free(oracle);
    test_target_free(target);
    g_free(program);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *path = g_strdup_printf("/history/%s", cases[i].name);

        g_test_add_data_func(path, &cases[i], run_case);
    }
    g_test_add_func("/history/prefix", prefix);
    g_test_add_func("/history/pages-choose-freely", pages_choose_freely);
    g_test_add_func("/history/one-entry-per-page", back_from_the_dead);
    g_test_add_func("/history/one-entry-of-a-split-page",
                    one_entry_of_a_split_page);
    g_test_add_func("/history/refusal-is-no-observation",
                    refusal_is_no_observation);
    g_test_add_func("/history/contract", contract);
    g_test_add_func("/history/commit-ends-the-tail", commit_ends_the_tail);
    g_test_add_func("/history/too-many-versions", too_many_versions);
    g_test_add_data_func("/history/naive-cache/located", GINT_TO_POINTER(0),
                         naive_cache);
    g_test_add_data_func("/history/naive-cache/hidden", GINT_TO_POINTER(1),
                         naive_cache);
    g_test_add_data_func("/history/naive-cache/forgetful", GINT_TO_POINTER(2),
                         naive_cache);
    g_test_add_data_func("/history/naive-cache/late", GINT_TO_POINTER(4),
                         naive_cache);
    return g_test_run();
}
