/* SPDX-License-Identifier: MIT */
/*
 * Events that reach softmmu's CPUs, and when: notifications, commits, the queue
 * and its safe points, the end of an IOMMU or of a CPU.
 */
#include "targets/softmmu/test-board.h"

/* Corner 76, 77: remaps, and UNMAPs while nothing is cached in between. */
static void test_notified_remap(void)
{
    Board t = board_new(3, 2);
    g_autoptr(Kit) k = t.k;
    unsigned ops[4];

    setup(k, map_page(0, 1, 0, RW, false));
    for (unsigned i = 0; i < 4; i++) {
        ops[i] = rd(k, 0x100000);
        add_op(k, by(0, notify_op(t.i0, 1, TW_EVENT_UNMAP, 0, 0xfff)));
        add_op(k, by(0, map_page(0, 1 + i % 2, 10 + i, RW, true)));
    }
    unsigned last = rd(k, 0x100000);
    run_kit(k);
    expect_at(k, ops[0], t.a, 0);
    expect_at(k, ops[1], t.a, 10 * P);
    expect_at(k, ops[2], t.b, 11 * P);
    expect_at(k, ops[3], t.a, 12 * P);
    expect_at(k, last, t.b, 13 * P);
    /* Of each two UNMAPs one finds the notifier inactive. */
    g_assert_cmpuint(counter(&t, TW_COUNT_DELIVER), ==, 4);
}

/* TX-8, LA-3, LA-4: who flushes when. */
static void test_queue(void)
{
    Board t = board_new(3, 2);
    g_autoptr(Kit) k = t.k;
    uint8_t c1 = cpu(k, 3, 2);

    pages(k, c1, 0, 0x100000, 1);
    k->p.explicit_safepoints = true;
    setup(k, map_page(0, 1, 0, RW, false));
    rd(k, 0x100000);
    add_op(k, access_op(TW_OP_READ, c1, 0, 0x100000, 4));
    add_op(k, by(c1, map_page(0, 2, 0, RW, true)));
    unsigned other = rd(k, 0x100000);
    unsigned own = add_op(k, access_op(TW_OP_READ, c1, 0, 0x100000, 4));
    add_op(k, op_of(TW_OP_SAFEPOINT, 0));
    unsigned after = rd(k, 0x100000);
    run_kit(k);
    expect_at(k, other, t.a, 0); /* queued */
    expect_at(k, own, t.b, 0);   /* at once */
    expect_at(k, after, t.b, 0);
    g_assert_cmpuint(counter(&t, TW_COUNT_QUEUED), ==, 1);

    k->p.explicit_safepoints = false;
    run_kit(k);
    expect_at(k, other, t.b, 0);
}

/* The end of an operation in which a callback ran is a safe point. */
static void test_callback_safepoint(void)
{
    Board t = board_new(3, 2);
    g_autoptr(Kit) k = t.k;
    uint8_t device = region(k, TW_REGION_MMIO, k->p.spaces[0].root, 0, P);

    pages(k, 0, 0, 0, 1);
    k->p.explicit_safepoints = true;
    setup(k, map_page(0, 1, 0, RW, false));
    rd(k, 0x100000);
    add_op(k, map_page(0, 2, 0, RW, true));
    unsigned before = rd(k, 0x100000), io = rd(k, 0);
    unsigned after = rd(k, 0x100000);
    run_kit(k);
    expect_at(k, before, t.a, 0);
    expect_at(k, io, device, 0);
    expect_at(k, after, t.b, 0);
}

/* More work than the queue takes: nothing is lost. */
static void test_queue_overrun(void)
{
    Board t = board_new(3, 2);
    g_autoptr(Kit) k = t.k;

    k->p.explicit_safepoints = true;
    setup(k, map_page(0, 1, 0, RW, false));
    rd(k, 0x100000);
    add_op(k, map_page(0, 2, 0, RW, false));
    for (unsigned i = 0; i < 100; i++) {
        add_op(k, flush_page_op(0, 0, 0x900000));
    }
    add_op(k, flush_page_op(0, 0, 0x100000));
    unsigned before = rd(k, 0x100000);
    add_op(k, op_of(TW_OP_SAFEPOINT, 0));
    unsigned after = rd(k, 0x100000);
    run_kit(k);
    expect_at(k, before, t.a, 0);
    expect_at(k, after, t.b, 0);
}

/* Corner 81, RU-10: a CPU that is gone is not touched. */
static void test_unplug(void)
{
    Board t = board_new(3, 2);
    g_autoptr(Kit) k = t.k;

    setup(k, map_page(0, 1, 0, RW, false));
    rd(k, 0x100000);
    add_op(k, notify_op(t.i0, 1, TW_EVENT_UNMAP, 0, 0)); /* now inactive */
    add_op(k, op_of(TW_OP_UNPLUG, 0));
    add_op(k, unmap_op(t.i0, 1, 0, 0xffff));
    unsigned late = rd(k, 0x100000);
    run_kit(k);
    expect_skipped(k, late);
    g_assert_cmpuint(counter(&t, TW_COUNT_DELIVER), ==, 1);
}

/* TN-9, corner 82, 90: reset, bypass, destruction. */
static void test_iommu_ends(void)
{
    Board t = board_new(3, 2);
    g_autoptr(Kit) k = t.k;
    uint8_t r = tw_program_iommu_region(&k->p, t.i0);

    k->p.iommus[0].bypass_space = 2;
    setup(k, map_page(0, 1, 0, RW, false));
    unsigned first = rd(k, 0x100000);
    add_op(k, switch_op(TW_OP_BYPASS, t.i0, true));
    unsigned bypassed = rd(k, 0x100000);
    add_op(k, op_of(TW_OP_IOMMU_RESET, t.i0));
    unsigned reset = rd(k, 0x100000);
    add_op(k, map_page(0, 1, 4, RW, true));
    unsigned mapped = rd(k, 0x100000);
    unsigned early = add_op(k, op_of(TW_OP_IOMMU_DESTROY, t.i0));
    add_op(k, op_of(TW_OP_DEL, r));
    unsigned destroyed = add_op(k, op_of(TW_OP_IOMMU_DESTROY, t.i0));
    unsigned gone = rd(k, 0x100000);
    unsigned dead = add_op(k, map_page(0, 1, 5, RW, true));
    run_kit(k);
    expect_at(k, first, t.a, 0);
    expect_at(k, bypassed, t.b, 0);
    expect_class(k, reset, TW_CLASS_DECODE_ERROR);
    expect_at(k, mapped, t.a, 4 * P);
    expect_skipped(k, early);
    g_assert_cmpint(k->trace.outcomes[destroyed].status, ==, TW_STATUS_DONE);
    expect_class(k, gone, TW_CLASS_DECODE_ERROR);
    expect_skipped(k, dead);
}

/* NT-5, NT-7, LA-15, LA-18: what observers get. */
static void test_observers(void)
{
    Board t = board_new(3, 2);
    g_autoptr(Kit) k = t.k;
    const TwEventRecord *e = k->trace.events;
    uint8_t both = TW_EVENT_UNMAP | TW_EVENT_MAP;

    add_op(k, observe_op(0, t.i0, 1, both, 0x1800, 0x2fff));
    add_op(k, observe_op(1, t.i0, 0, both, 0, UINT64_MAX));
    unsigned map = add_op(k, map_op(0, 1, 0x1000, 0x3fff, 1, 0x8000, RW, true));
    unsigned again =
        add_op(k, map_op(0, 1, 0x1000, 0x1fff, 2, 0x4000, TW_R, true));
    add_op(k, unmap_op(0, 1, 0x8000, 0x8fff)); /* nothing there */
    add_op(k, notify_op(0, 1, TW_EVENT_UNMAP, 0x2fff, 0x5000));
    add_op(k, notify_op(0, 1, TW_EVENT_UNMAP, 0x3000, 0x5000));
    unsigned reset = add_op(k, op_of(TW_OP_IOMMU_RESET, 0));
    add_op(k, op_of(TW_OP_UNOBSERVE, 0));
    add_op(k, op_of(TW_OP_NOTIFY_ALL, 0));
    run_kit(k);
    g_assert_cmpint(k->trace.n_events, ==, 7);
    g_assert_cmpint(e[0].op, ==, map);
    g_assert_cmpint(e[0].kind, ==, TW_EVENT_MAP);
    g_assert_cmphex(e[0].first, ==, 0x1800);
    g_assert_cmphex(e[0].last, ==, 0x2fff);
    g_assert_cmphex(e[0].out, ==, 0x8800);
    g_assert_cmpint(e[0].space, ==, 1);
    g_assert_cmpint(e[0].perm, ==, RW);
    g_assert_cmpint(e[1].op, ==, again);
    g_assert_cmpint(e[1].kind, ==, TW_EVENT_UNMAP);
    g_assert_cmphex(e[1].last, ==, 0x1fff);
    g_assert_cmpint(e[1].space, ==, TW_NONE);
    g_assert_cmpint(e[2].kind, ==, TW_EVENT_MAP);
    g_assert_cmphex(e[3].first, ==, 0x2fff);
    g_assert_cmphex(e[3].last, ==, 0x2fff);
    g_assert_cmpint(e[4].op, ==, reset);
    g_assert_cmpint(e[4].observer, ==, 1); /* index 0 first */
    g_assert_cmpint(e[5].observer, ==, 0);
    g_assert_cmpint(e[6].observer, ==, 1);
}

/*
 * The page flush mode: an UNMAP takes what it must and no more, and the
 * notifier stays armed for what is left.
 */
static void test_flush_pages_mode(void)
{
    Board t = board_new(4, 2);
    g_autoptr(Kit) k = t.k;

    tw_target_close(k->target);
    k->target = open_target("softmmu", TW_FLUSH_PAGES);
    tw_softmmu_set_check(k->target, true);
    setup(k, map_op(0, 1, 0, 0xffff, 1, 0, RW, false));
    rd(k, 0x100000);
    rd(k, 0x101000);
    add_op(k, map_op(0, 1, 0, 0xffff, 2, 0, RW, false));
    add_op(k, notify_op(0, 1, TW_EVENT_UNMAP, 0xfff, 0xfff));
    unsigned gone = rd(k, 0x100000), kept = rd(k, 0x101000);
    add_op(k, notify_op(0, 1, TW_EVENT_UNMAP, 0x1000, 0x1000));
    unsigned gone_too = rd(k, 0x101000);
    run_kit(k);
    expect_at(k, gone, t.b, 0);
    expect_at(k, kept, t.a, P);
    expect_at(k, gone_too, t.b, P);
    g_assert_cmpuint(counter(&t, TW_COUNT_DELIVER), ==, 2);
}

/* TX-7: a change in a space that only an IOMMU leads to. */
static void test_commit_elsewhere(void)
{
    Board t = board_new(3, 2);
    g_autoptr(Kit) k = t.k;

    setup(k, map_page(0, 1, 0, RW, false));
    rd(k, 0x100000);
    add_op(k, switch_op(TW_OP_ENABLE, t.a, false));
    unsigned gone = rd(k, 0x100000);
    run_kit(k);
    expect_class(k, gone, TW_CLASS_DECODE_ERROR);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/cpu/TN-3/notified-remap", test_notified_remap);
    g_test_add_func("/cpu/TX-8/queue", test_queue);
    g_test_add_func("/cpu/LA-3/callback-safepoint", test_callback_safepoint);
    g_test_add_func("/cpu/LA-4/queue-overrun", test_queue_overrun);
    g_test_add_func("/cpu/TN-7/unplug", test_unplug);
    g_test_add_func("/cpu/TN-9/iommu-ends", test_iommu_ends);
    g_test_add_func("/cpu/NT-5/observers", test_observers);
    g_test_add_func("/cpu/TN-4/flush-pages-mode", test_flush_pages_mode);
    g_test_add_func("/cpu/TX-7/commit-elsewhere", test_commit_elsewhere);
    return g_test_run();
}
