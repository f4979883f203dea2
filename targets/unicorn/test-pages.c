/* SPDX-License-Identifier: MIT */
/*
 * Pages of 1 KiB, the smallest that an AArch64 guest of the library can map.
 *
 *   0x0000 ram a .......... 0x1000   0x1000 device .. 0x1800
 *   0x1c00 alias of a's second KiB   0x2000 ram b ... 0x2400
 */
#include "targets/unicorn/test-board.h"

enum { K = 0x400, ALIAS_1K = 7 * K, B_1K = 8 * K };

static Board small_board(const char *target)
{
    Board t = {.k = kit_new(target)};
    Kit *k = t.k;

    k->p.page_lg = 10;
    t.root = new_space(k);
    t.a = region(k, TW_REGION_RAM, t.root, 0, 4 * K);
    t.device = region(k, TW_REGION_MMIO, t.root, 4 * K, 2 * K);
    t.alias = alias(k, t.root, ALIAS_1K, K, t.a, K);
    t.b = region(k, TW_REGION_RAM, t.root, B_1K, K);
    cpu(k, 3, 0);
    return t;
}

static TwOp small_page(uint64_t addr, uint8_t rights)
{
    return page_op(0, 0, addr, addr, 10, rights);
}

/* Each KiB has rights of its own, and an end. */
static void test_rights(void)
{
    g_auto(Board) t = small_board("unicorn:arm64-1k");

    setup(t.k, small_page(0, RW));
    setup(t.k, small_page(K, TW_R));
    setup(t.k, small_page(2 * K, RW));
    unsigned first = write_n(&t, K - 4, 4);
    unsigned second = write_n(&t, K, 4);
    unsigned third = write_n(&t, 2 * K, 4);
    unsigned fourth = read_n(&t, 3 * K, 4);
    unsigned across = read_n(&t, K - 4, 8);
    unsigned out = read_n(&t, 3 * K - 4, 8);

    run_kit(t.k);
    expect_class(t.k, first, TW_CLASS_OK);
    expect_class(t.k, second, TW_CLASS_PAGE_FAULT);
    expect_class(t.k, third, TW_CLASS_OK);
    expect_class(t.k, fourth, TW_CLASS_PAGE_FAULT);
    expect_value(&t, across,
                 tag_bytes(first, 0, 4) | initial_bytes(t.a, K, 4) << 32);
    expect_class(t.k, out, TW_CLASS_PAGE_FAULT);
}

/* What is shown in a KiB: an alias, the second KiB of a device, other memory
 * after a move; and the digest of what was stored. */
static void test_places(void)
{
    g_auto(Board) t = small_board("unicorn:arm64-1k");
    uint64_t sum = 0;

    for (unsigned i = 0; i < 12; i++) {
        setup(t.k, small_page(i * K, RW));
    }
    unsigned w = write_n(&t, ALIAS_1K + 8, 8);
    unsigned r = read_n(&t, K + 8, 8);
    unsigned device = read_n(&t, 5 * K + 4, 4);
    unsigned hole = read_n(&t, 6 * K, 4);
    add_op(t.k, at_op(TW_OP_MOVE, t.b, 6 * K));
    unsigned moved = read_n(&t, 6 * K, 4);
    unsigned gone = read_n(&t, B_1K, 4);

    run_kit(t.k);
    expect_value(&t, r, tag_bytes(w, 0, 8));
    expect_value(&t, device, device_bytes(&t, K + 4, 4));
    expect_class(t.k, hole, TW_CLASS_DECODE_ERROR);
    expect_value(&t, moved, initial_bytes(t.b, 0, 4));
    expect_class(t.k, gone, TW_CLASS_DECODE_ERROR);
    for (unsigned i = 0; i < 8; i++) {
        if (tw_store_tag(w, i) != tw_ram_initial(t.a, K + 8 + i)) {
            sum += tw_ram_digest_term(K + 8 + i, tw_store_tag(w, i));
        }
    }
    g_assert_cmphex(t.k->trace.digests[t.a], ==, sum);
}

/* A MiB of addresses, which ends with the last one of the guest. */
static void test_last(void)
{
    g_auto(Board) t = small_board("unicorn:arm64-1k@last");

    add_op(t.k, at_op(TW_OP_MOVE, t.b, 0xffc00));
    add_op(t.k, small_page(0xffc00, RW));
    unsigned w = write_n(&t, 0xffff8, 8), r = read_n(&t, 0xffffc, 4);

    run_kit(t.k);
    expect_class(t.k, w, TW_CLASS_OK);
    expect_value(&t, r, tag_bytes(w, 4, 4));
}

/* Smaller entries, programs with larger pages, and code are not for it. */
static void test_outside(void)
{
    g_auto(Board) t = small_board("unicorn:arm64-1k");

    add_op(t.k, page_op(0, 0, 0, 0, 9, RW));
    g_assert_true(tw_target_run(t.k->target, &t.k->p, &t.k->trace));
    g_assert_cmpint(t.k->trace.end, ==, TW_END_UNSUPPORTED);
    t.k->p.n_script = 0;
    t.k->p.page_lg = 12;
    g_assert_true(tw_target_run(t.k->target, &t.k->p, &t.k->trace));
    g_assert_cmpint(t.k->trace.end, ==, TW_END_UNSUPPORTED);
    t.k->p.page_lg = 10;
    t.k->p.contents = TW_CONTENTS_CODE;
    g_assert_true(tw_target_run(t.k->target, &t.k->p, &t.k->trace));
    g_assert_cmpint(t.k->trace.end, ==, TW_END_UNSUPPORTED);
    t.k->p.contents = TW_CONTENTS_DATA;
    run_kit(t.k);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/unicorn/1k/LA-20/rights", test_rights);
    g_test_add_func("/unicorn/1k/places", test_places);
    g_test_add_func("/unicorn/1k/last", test_last);
    g_test_add_func("/unicorn/1k/outside", test_outside);
    return g_test_run();
}
