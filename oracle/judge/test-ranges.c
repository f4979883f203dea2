/* SPDX-License-Identifier: MIT */
/*
 * Ranges of which a device was told (LA-64): each address that is looked at
 * leads where the range says, now or by an older answer that is still allowed.
 *
 *   s0   [ i0 ]      s1   [ r2 ram, 0x8000 | nothing ]
 *
 * i0: 0x0..0x3fff leads to 0x4000, rw; 0x4000..0x4fff to 0x0, r; 0x5000..0x5fff
 * to 0x9000, where nothing is.
 */
#include "oracle/test/test-support.h"

#include <glib.h>

#define WORLD(iotlb) \
    "twinwalk 1\n" \
    "region r0 iommu size 0x10000 root s0 iommu i0\n" \
    "region r1 container size 0x10000 root s1\n" \
    "region r2 ram size 0x8000 in r1 at 0x0\n" \
    "iommu i0 table to s1" iotlb "\n" \
    "setup\n" \
    "  map i0.0 0x0..0x3fff -> s1 0x4000 rw silent\n" \
    "  map i0.0 0x4000..0x4fff -> s1 0x0 r silent\n" \
    "  map i0.0 0x5000..0x5fff -> s1 0x9000 rw silent\n" \
    "script\n"

typedef struct Range {
    uint64_t first, last, out;
    uint8_t perm;
    bool right;
} Range;

/* The verdict on a program, if that range is told in operation `op`. */
static void judge(const char *text, uint8_t promises, uint16_t op,
                  const Range *range, TwVerdict right)
{
    g_autofree TwProgram *program = test_program(text);
    TestTarget *target = test_target_new(program);

    target->contract.iotlb = promises;
    test_target_run(target, true);
    tw_trace_add_event(target->trace, (TwEventRecord){.op = op,
                                                      .observer = TW_NONE,
                                                      .kind = TW_TRACE_TOLD,
                                                      .perm = range->perm,
                                                      .space = 1,
                                                      .region = TW_NONE,
                                                      .first = range->first,
                                                      .last = range->last,
                                                      .out = range->out});
    test_judge(target, range->right ? right : TW_VERDICT_EVENT);
    test_target_free(target);
}

static void test_places(void)
{
    static const Range ranges[] = {
        {0x0, 0xfff, 0x4000, TW_R, true},
        {0x0, 0x3fff, 0x4000, TW_R | TW_W, true},
        {0x1010, 0x1010, 0x5010, TW_W, true},
        {0x4000, 0x4fff, 0x0, TW_R, true},
        {0x5000, 0x5fff, 0x9000, TW_R, true}, /* leads to nothing */
        {0x0, 0xfff, 0x5000, TW_R, false},    /* elsewhere */
        {0x0, 0xfff, 0x4040, TW_R, false},
        {0x0, 0xfff, 0x9000, TW_R, false},  /* to nothing */
        {0x5000, 0x5fff, 0x0, TW_R, false}, /* not to nothing */
        {0x4000, 0x4fff, 0x0, TW_W, false}, /* a right too much */
        {0x4000, 0x4fff, 0x0, TW_R | TW_W, false},
        {0x6000, 0x6fff, 0x0, TW_R, false},    /* not there */
        {0x0, 0x4fff, 0x4000, TW_R, false},    /* the last page is wrong */
        {0x3000, 0x6fff, 0x7000, TW_R, false}, /* all but the first */
        {0x0, 0xffff, 0x4000, TW_R, false},
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(ranges); i++) {
        judge(WORLD("") "  dma-read s0 0x10 4 none\n", 0, 0, &ranges[i],
              TW_VERDICT_AGREE);
    }
}

/* A range of eight pages, one of which leads elsewhere. */
static void test_inside(void)
{
    for (unsigned page = 0; page < 9; page++) {
        const Range range = {0x0, 0x7fff, 0x0, TW_R, page == 8};
        g_autofree char *text = g_strdup_printf(
            "twinwalk 1\n"
            "region r0 iommu size 0x10000 root s0 iommu i0\n"
            "region r1 container size 0x10000 root s1\n"
            "region r2 ram size 0x8000 in r1 at 0x0\n"
            "iommu i0 table to s1\n"
            "setup\n"
            "  map i0.0 0x0..0x8fff -> s1 0x0 rw silent\n"
            "  map i0.0 0x%x000..0x%xfff -> s1 0x9000 rw silent\n"
            "script\n"
            "  dma-read s0 0x10 4 none\n",
            page, page);

        judge(text, 0, 0, &range, TW_VERDICT_AGREE);
    }
}

/* Where it led before counts as long as the contract allows it. */
static void test_old(void)
{
    const Range old = {0x0, 0xfff, 0x4000, TW_R, true};
    const Range ended = {0x0, 0xfff, 0x4000, TW_R, false};
    const Range now = {0x0, 0xfff, 0x1000, TW_R, true};
    const char *changed = WORLD(" iotlb") "  map i0.0 0x0..0xfff -> s1 0x1000 "
                                          "rw silent\n"
                                          "  dma-read s0 0x10 4 none\n";
    const char *told = WORLD(" iotlb") "  map i0.0 0x0..0xfff -> s1 0x1000 rw "
                                       "notified\n"
                                       "  dma-read s0 0x10 4 none\n";

    judge(changed, TW_IOTLB_ENTRIES, 1, &now, TW_VERDICT_AGREE);
    judge(changed, TW_IOTLB_ENTRIES, 1, &old, TW_VERDICT_AGREE);
    judge(changed, 0, 1, &ended, TW_VERDICT_AGREE);
    judge(told, TW_IOTLB_ENTRIES, 1, &now, TW_VERDICT_AGREE);
    judge(told, TW_IOTLB_ENTRIES, 1, &ended, TW_VERDICT_AGREE);
}

/* Of an operation that is no access of a device, also of the last one. */
static void test_whose(void)
{
    const Range range = {0x0, 0xfff, 0x4000, TW_R, false};
    const char *text = WORLD("") "  nop\n"
                                 "  dma-read s0 0x10 4 none\n"
                                 "  nop\n";

    judge(text, 0, 0, &range, TW_VERDICT_AGREE);
    judge(text, 0, 2, &range, TW_VERDICT_AGREE);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/ranges/LA-64/places", test_places);
    g_test_add_func("/ranges/LA-64/inside", test_inside);
    g_test_add_func("/ranges/LA-64/old", test_old);
    g_test_add_func("/ranges/LA-64/whose", test_whose);
    return g_test_run();
}
