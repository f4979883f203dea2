/* SPDX-License-Identifier: MIT */
/*
 * The contents of softmmu's TLBs, through which IOMMUs they came, and what
 * flushes drop.  A test makes a *silent* change to distinguish a cached answer
 * from a walked one.
 */
#include "targets/softmmu/test-board.h"

static void test_silent_change_is_not_seen(void)
{
    Board t = board_new(3, 2);
    g_autoptr(Kit) k = t.k;

    setup(k, map_page(0, 1, 5, RW, false));
    unsigned first = rd(k, 0x100010);
    add_op(k, map_page(0, 2, 7, RW, false));
    unsigned stale = rd(k, 0x100010);
    add_op(k, notify_op(t.i0, 1, TW_EVENT_UNMAP, 0, 0));
    unsigned fresh = rd(k, 0x100010);
    run_kit(k);
    expect_at(k, first, t.a, 0x5010);
    expect_at(k, stale, t.a, 0x5010);
    expect_at(k, fresh, t.b, 0x7010);
    g_assert_cmpuint(counter(&t, TW_COUNT_TLB_HIT), ==, 1);
    g_assert_cmpuint(counter(&t, TW_COUNT_FILL), ==, 2);
}

/* TL-7, corners 56 to 60: rights, one by one. */
static void test_rights(void)
{
    Board t = board_new(3, 2);
    g_autoptr(Kit) k = t.k;

    setup(k, map_page(0, 1, 0, TW_R, false));
    setup(k, map_page(1, 1, 1, TW_W, false));
    unsigned ro_read = rd(k, 0x100000), ro_write = wr(k, 0x100000);
    unsigned ro_exec = add_op(k, access_op(TW_OP_EXEC, 0, 0, 0x100000, 4));
    unsigned ro_rmw = add_op(k, access_op(TW_OP_RMW, 0, 0, 0x100000, 4));
    unsigned wo_read = rd(k, 0x101000), wo_write = wr(k, 0x101000);
    unsigned wo_rmw = add_op(k, access_op(TW_OP_RMW, 0, 0, 0x101000, 4));
    unsigned none = rd(k, 0x102000);
    add_op(k, map_page(2, 1, 2, RW, true)); /* MAP only: nothing was there */
    unsigned mapped = rd(k, 0x102000);
    TwOp up = range_op(TW_OP_PROTECT, 0, 1, 0, 0xfff);
    up.perm = RW;
    add_op(k, up); /* silent: a right more needs no flush */
    unsigned upgraded = wr(k, 0x100000);
    unsigned rmw = add_op(k, access_op(TW_OP_RMW, 0, 0, 0x100000, 4));
    run_kit(k);
    expect_at(k, ro_read, t.a, 0);
    expect_class(k, ro_write, TW_CLASS_DECODE_ERROR);
    expect_at(k, ro_exec, t.a, 0);
    expect_class(k, ro_rmw, TW_CLASS_DECODE_ERROR);
    expect_class(k, wo_read, TW_CLASS_DECODE_ERROR);
    expect_at(k, wo_write, t.a, P);
    expect_class(k, wo_rmw, TW_CLASS_DECODE_ERROR);
    expect_class(k, none, TW_CLASS_DECODE_ERROR);
    expect_at(k, mapped, t.a, 2 * P);
    expect_at(k, upgraded, t.a, 0);
    g_assert_cmphex(k->trace.outcomes[rmw].value, ==,
                    stored_bytes(upgraded, 4));
}

/*
 *   space 0 -> i0 -> space 1: | i1 at 0x100000 | -> space 2
 */
static void test_nested(void)
{
    Board t = board_new(3, 2);
    g_autoptr(Kit) k = t.k;
    uint8_t one = k->p.spaces[1].root;
    uint8_t i1 = iommu(k, one, 0x100000, 0x10000, 1, TW_SELECT_ZERO);

    setup(k, map_page(0, 1, 0x103, TW_R, false));
    setup(k, map_page(1, 1, 0x104, RW, false));
    setup(k, map_op(i1, 0, 0x3000, 0x3fff, 2, 0x9000, RW, false));
    setup(k, map_op(i1, 0, 0x4000, 0x4fff, 2, 0xa000, TW_W, false));
    unsigned through = rd(k, 0x100020), denied = wr(k, 0x100020);
    unsigned second = rd(k, 0x101000), written = wr(k, 0x101000);
    add_op(k, map_op(i1, 0, 0x3000, 0x3fff, 2, 0xb000, RW, true));
    unsigned moved = rd(k, 0x100020); /* corner 79 */
    add_op(k, switch_op(TW_OP_BYPASS, i1, true));
    unsigned bypassed = rd(k, 0x100020);
    run_kit(k);
    expect_at(k, through, t.b, 0x9020);
    expect_class(k, denied, TW_CLASS_DECODE_ERROR);
    expect_class(k, second, TW_CLASS_DECODE_ERROR);
    expect_at(k, written, t.b, 0xa000);
    expect_at(k, moved, t.b, 0xb020);
    expect_class(k, bypassed, TW_CLASS_DECODE_ERROR); /* space 0, a hole */
}

/* IW-8: an IOMMU that leads to itself. */
static void test_loop(void)
{
    Board t = board_new(3, 2);
    g_autoptr(Kit) k = t.k;

    setup(k, map_op(0, 1, 0, 0xffff, 0, 0x100000, TW_R, false));
    unsigned read = rd(k, 0x100000), write = wr(k, 0x100000);
    unsigned walked = dma(k, 0, 0x100000, 4);
    run_kit(k);
    expect_class(k, read, TW_CLASS_LOOP);
    expect_class(k, write, TW_CLASS_DECODE_ERROR); /* refused at hop 1 */
    expect_class(k, walked, TW_CLASS_LOOP);
    g_assert_cmpuint(counter(&t, TW_COUNT_FILL), ==, 0);
}

/* Corner 42: the low bits of an output are the input's. */
static void test_output_low_bits(void)
{
    Board t = board_new(3, 2);
    g_autoptr(Kit) k = t.k;

    setup(k, map_op(0, 1, 0, 0x1fff, 1, 0x5678, RW, false));
    unsigned first = rd(k, 0x100010), second = dma(k, 0, 0x101020, 4);
    run_kit(k);
    expect_at(k, first, t.a, 0x5010);
    expect_at(k, second, t.a, 0x6020);
}

/* FI-2, corner 73: granules of 256 bytes, walked on each access. */
static void test_small_granules(void)
{
    Board t = board_new(3, 2);
    g_autoptr(Kit) k = t.k;

    k->p.iommus[0].granule_lg = 8;
    setup(k, map_op(0, 1, 0, 0xff, 1, 0x1000, RW, false));
    setup(k, map_op(0, 1, 0x100, 0x1ff, 2, 0x7700, RW, false));
    unsigned low = rd(k, 0x100010), high = rd(k, 0x100110);
    unsigned both = add_op(k, access_op(TW_OP_READ, 0, 0, 0x1000fc, 8));
    add_op(k, map_op(0, 1, 0, 0xff, 1, 0x2000, RW, false));
    unsigned moved = rd(k, 0x100010);
    run_kit(k);
    expect_at(k, low, t.a, 0x1010);
    expect_at(k, high, t.b, 0x7710);
    expect_piece(k, both, 0, t.a, 0x10fc);
    expect_piece(k, both, 1, t.b, 0x7700);
    expect_at(k, moved, t.a, 0x2010);
    g_assert_cmpuint(counter(&t, TW_COUNT_FILL), ==, 0);
    g_assert_cmpuint(counter(&t, TW_COUNT_UNCACHED), ==, 4);
}

/* LA-28, corner 75: a page-map assignment smaller than a page. */
static void test_small_assignment(void)
{
    Board t = board_new(3, 2);
    g_autoptr(Kit) k = t.k;

    setup(k, map_op(0, 1, 0, 0xffff, 1, 0, RW, false));
    setup(k, page_op(0, 0, 0x100400, 0x102000, 10, TW_R));
    unsigned left = rd(k, 0x100000), right = rd(k, 0x100404);
    unsigned fault = wr(k, 0x100404);
    unsigned across = add_op(k, access_op(TW_OP_READ, 0, 0, 0x1003fc, 8));
    TwOp un = op_of(TW_OP_UNPAGE, 0);
    un.addr = 0x100800;
    un.lg = 10;
    add_op(k, un);
    unsigned hole = rd(k, 0x100800), rest = rd(k, 0x100c00);
    run_kit(k);
    expect_at(k, left, t.a, 0);
    expect_at(k, right, t.a, 0x2004);
    expect_class(k, fault, TW_CLASS_PAGE_FAULT);
    expect_piece(k, across, 0, t.a, 0x3fc);
    expect_piece(k, across, 1, t.a, 0x2000);
    expect_class(k, hole, TW_CLASS_PAGE_FAULT);
    expect_at(k, rest, t.a, 0xc00);
    g_assert_cmpuint(counter(&t, TW_COUNT_FILL), ==, 0);
}

/* TL-5: RAM whose pages do not start with the address's pages. */
static void test_shifted_ram(void)
{
    Board t = board_new(3, 2);
    g_autoptr(Kit) k = t.k;

    alias(k, k->p.spaces[0].root, 0x200000, 0x2000, t.a, 0x123);
    pages(k, 0, 0, 0x200000, 2);
    unsigned read = rd(k, 0x200000), again = rd(k, 0x201000);
    run_kit(k);
    expect_at(k, read, t.a, 0x123);
    expect_at(k, again, t.a, 0x1123);
    g_assert_cmpuint(counter(&t, TW_COUNT_FILL), ==, 0);
}

/*
 * Corner 62: an I/O leaf behind an IOMMU.  The access reaches that space's
 * device, with the CPU's attributes (AT-3).
 */
static void test_device_behind_iommu(void)
{
    Board t = board_new(3, 2);
    g_autoptr(Kit) k = t.k;

    setup(k, map_op(0, 0, 0, 0xfff, 1, 0x80000, RW, false));
    unsigned w = add_op(k, access_op(TW_OP_WRITE, 0, 1, 0x100008, 2));
    run_kit(k);
    expect_at(k, w, t.device, 8);
    g_assert_cmpint(k->trace.n_log, ==, 2);
    g_assert_cmphex(k->trace.log[0].attrs, ==, TW_ATTR_SECURE);
}

/*
 * Corner 63, 64: two entries per table, so pages 0, 2, 4 share a slot; those
 * that were thrown out are victims, and come back with their side records.
 */
static void test_victims(void)
{
    Board t = board_new(1, 2);
    g_autoptr(Kit) k = t.k;
    unsigned ops[6];

    setup(k, map_op(0, 1, 0, 0xffff, 1, 0, RW, false));
    for (unsigned i = 0; i < 6; i++) {
        ops[i] = rd(k, 0x100000 + (i % 3) * 2 * P);
    }
    add_op(k, flush_page_op(0, 0, 0x102000));
    add_op(k, map_op(0, 1, 0, 0xffff, 1, 0x20000, RW, false));
    unsigned kept = rd(k, 0x100000), flushed = rd(k, 0x102000);
    run_kit(k);
    for (unsigned i = 0; i < 6; i++) {
        expect_at(k, ops[i], t.a, (i % 3) * 2 * P);
    }
    expect_at(k, kept, t.a, 0);
    expect_at(k, flushed, t.a, 0x22000);
    g_assert_cmpuint(counter(&t, TW_COUNT_VICTIM_HIT), ==, 4);
}

/* Corners 66 to 69: large pages, ranges, significant bits. */
static void test_large_pages(void)
{
    Board t = board_new(4, 2);
    g_autoptr(Kit) k = t.k;
    uint8_t big =
        region(k, TW_REGION_RAM, k->p.spaces[0].root, 0x400000, 0x200000);
    TwOp remap = page_op(0, 0, 0x400000, 0x500000, 16, RWX);

    setup(k, page_op(0, 0, 0x400000, 0x400000, 16, RWX)); /* 64 KiB */
    setup(k, page_op(0, 0, 0x420000, 0x420000, 12, RWX));
    unsigned one = rd(k, 0x401000), other = rd(k, 0x402000);
    unsigned small = rd(k, 0x420000);
    add_op(k, remap);
    unsigned stale = rd(k, 0x401000);
    add_op(k, flush_page_op(0, 0, 0x402000)); /* takes its siblings along */
    unsigned fresh = rd(k, 0x401000);
    remap.out = 0x510000;
    add_op(k, remap);
    /* starts inside the large page, ends outside */
    add_op(k, flush_range_op(0, 0, 0x40f000, 0x2000, 64));
    unsigned below = rd(k, 0x401000);
    remap.out = 0x520000;
    add_op(k, remap);
    /* under 16 bits, 0x...ff401000 is 0x1000 */
    add_op(k, flush_range_op(0, 0, 0xff401000, 0x1000, 16));
    unsigned bits = rd(k, 0x401000);
    run_kit(k);
    expect_at(k, one, big, 0x1000);
    expect_at(k, other, big, 0x2000);
    expect_at(k, small, big, 0x20000);
    expect_at(k, stale, big, 0x1000);
    expect_at(k, fresh, big, 0x101000);
    expect_at(k, below, big, 0x111000);
    expect_at(k, bits, big, 0x121000);
}

/* Without large pages: exactly the pages of the range, to the top of space. */
static void test_flush_range(void)
{
    Board t = board_new(4, 2);
    g_autoptr(Kit) k = t.k;
    uint64_t top = -(uint64_t)2 * P;
    uint8_t ram = region(k, TW_REGION_RAM, k->p.spaces[0].root, top, 2 * P);
    unsigned before[4], after[4];

    setup(k, map_op(0, 1, 0, 0xffff, 1, 0, RW, false));
    pages(k, 0, 0, top, 2);
    for (unsigned i = 0; i < 4; i++) {
        before[i] = rd(k, 0x100000 + i * P);
    }
    unsigned last = rd(k, -(uint64_t)P);
    add_op(k, map_op(0, 1, 0, 0xffff, 1, 0x20000, RW, false));
    add_op(k, page_op(0, 0, -(uint64_t)P, top, 12, RWX));
    add_op(k, flush_range_op(0, 0, 0x101fff, 2, 64)); /* pages 1 and 2 */
    for (unsigned i = 0; i < 4; i++) {
        after[i] = rd(k, 0x100000 + i * P);
    }
    unsigned still = rd(k, -(uint64_t)P);
    add_op(k, flush_range_op(0, 0, top + 1, 2 * P, 64)); /* to the end */
    unsigned gone = rd(k, -(uint64_t)P), kept = rd(k, 0x100000);
    add_op(k, flush_range_op(0, 0, top, UINT64_MAX, 64)); /* 2^64 bytes */
    unsigned all = rd(k, 0x100000);
    run_kit(k);
    for (unsigned i = 0; i < 4; i++) {
        expect_at(k, before[i], t.a, i * P);
        expect_at(k, after[i], t.a, i * P + (i == 1 || i == 2 ? 0x20000 : 0));
    }
    expect_at(k, last, ram, P);
    expect_at(k, still, ram, P);
    expect_at(k, gone, ram, 0);
    expect_at(k, kept, t.a, 0);
    expect_at(k, all, t.a, 0x20000);
}

/* Corner 65: flushing one MMU index leaves the other's entry. */
static void test_flush_index(void)
{
    Board t = board_new(3, 2);
    g_autoptr(Kit) k = t.k;
    TwOp flush = op_of(TW_OP_FLUSH_INDEX, TW_ALL);

    setup(k, map_op(0, 0, 0, 0xffff, 1, 0, RW, false));
    setup(k, map_op(0, 1, 0, 0xffff, 1, 0, RW, false));
    rd(k, 0x100000);
    add_op(k, access_op(TW_OP_READ, 0, 1, 0x100000, 4));
    add_op(k, map_op(0, 0, 0, 0xffff, 2, 0, RW, false));
    add_op(k, map_op(0, 1, 0, 0xffff, 2, 0, RW, false));
    flush.index = 1;
    add_op(k, flush);
    flush.index = 3; /* does not exist */
    add_op(k, flush);
    unsigned kept = rd(k, 0x100000);
    unsigned fresh = add_op(k, access_op(TW_OP_READ, 0, 1, 0x100000, 4));
    run_kit(k);
    expect_at(k, kept, t.a, 0);
    expect_at(k, fresh, t.b, 0);
}

/* Corner 72: the second page is refused, the first keeps its bytes. */
static void test_cross_page(void)
{
    Board t = board_new(3, 2);
    g_autoptr(Kit) k = t.k;

    setup(k, map_page(0, 1, 3, RW, false));
    setup(k, map_page(1, 2, 9, TW_R, false));
    unsigned w = wr(k, 0x100ffe), r = rd(k, 0x100ffe);
    unsigned fault = add_op(k, access_op(TW_OP_READ, 0, 0, 0x10fffe, 4));
    run_kit(k);
    expect_class(k, w, TW_CLASS_DECODE_ERROR);
    expect_piece(k, r, 0, t.a, 0x3ffe);
    expect_piece(k, r, 1, t.b, 0x9000);
    g_assert_cmphex(k->trace.outcomes[r].value, ==,
                    initial_bytes(t.a, 0x3ffe, 2) |
                        initial_bytes(t.b, 0x9000, 2) << 16);
    expect_class(k, fault, TW_CLASS_PAGE_FAULT);
}

/*
 * DS-7, corner 37: a page that is half RAM, half IOMMU, behind another IOMMU.
 * The first hop is cached, the second asked on each access.
 */
static void test_half_page_of_iommu(void)
{
    Board t = board_new(3, 2);
    g_autoptr(Kit) k = t.k;
    uint8_t one = k->p.spaces[1].root;
    uint8_t ram = region(k, TW_REGION_RAM, one, 0x200000, 0x800);
    uint8_t i1 = iommu(k, one, 0x200800, 0x800, 1, TW_SELECT_ZERO);

    k->p.iommus[i1].granule_lg = 8;
    setup(k, map_page(0, 1, 0x200, RW, false));
    setup(k, map_op(i1, 0, 0, 0x7ff, 2, 0, RW, false));
    unsigned half = rd(k, 0x100000), other = rd(k, 0x100800);
    add_op(k, map_op(i1, 0, 0, 0x7ff, 2, 0x4000, RW, false));
    unsigned followed = rd(k, 0x100800);
    add_op(k, map_page(0, 2, 1, RW, false));
    unsigned cached = rd(k, 0x100800);
    add_op(k, notify_op(t.i0, 1, TW_EVENT_UNMAP, 0, 0));
    unsigned fresh = rd(k, 0x100800);
    run_kit(k);
    expect_at(k, half, ram, 0);
    expect_at(k, other, t.b, 0);
    expect_at(k, followed, t.b, 0x4000);
    expect_at(k, cached, t.b, 0x4000);
    expect_at(k, fresh, t.b, 0x1800);
}

/* FI-1: the first hop's denial drops the page's entry for other rights. */
static void test_newer_refusal_drops(void)
{
    Board t = board_new(3, 2);
    g_autoptr(Kit) k = t.k;

    setup(k, map_page(0, 1, 0, TW_R, false));
    unsigned first = rd(k, 0x100000);
    add_op(k, map_page(0, 2, 0, TW_R, false));
    unsigned write = wr(k, 0x100000), second = rd(k, 0x100000);
    run_kit(k);
    expect_at(k, first, t.a, 0);
    expect_class(k, write, TW_CLASS_DECODE_ERROR);
    expect_at(k, second, t.b, 0);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/tlb/FR-1/silent-change-is-not-seen",
                    test_silent_change_is_not_seen);
    g_test_add_func("/tlb/TL-7/rights", test_rights);
    g_test_add_func("/tlb/IW-1/nested", test_nested);
    g_test_add_func("/tlb/IW-8/loop", test_loop);
    g_test_add_func("/tlb/LA-13/output-low-bits", test_output_low_bits);
    g_test_add_func("/tlb/FI-2/small-granules", test_small_granules);
    g_test_add_func("/tlb/LA-28/small-assignment", test_small_assignment);
    g_test_add_func("/tlb/TL-5/shifted-ram", test_shifted_ram);
    g_test_add_func("/tlb/AT-3/device-behind-iommu", test_device_behind_iommu);
    g_test_add_func("/tlb/TL-2/victims", test_victims);
    g_test_add_func("/tlb/TL-10/large-pages", test_large_pages);
    g_test_add_func("/tlb/TL-11/flush-range", test_flush_range);
    g_test_add_func("/tlb/TL-8/flush-index", test_flush_index);
    g_test_add_func("/tlb/AC-6/cross-page", test_cross_page);
    g_test_add_func("/tlb/DS-7/half-page-of-iommu", test_half_page_of_iommu);
    g_test_add_func("/tlb/TL-3/newer-refusal-drops", test_newer_refusal_drops);
    return g_test_run();
}
