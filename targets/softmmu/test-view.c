/* SPDX-License-Identifier: MIT */
/*
 * Rendering, sharing of views, transactions, dispatch and leaf accesses of
 * softmmu, seen through traces.  In the pictures, what is higher wins.
 */
#include "targets/softmmu/test-kit.h"

/*
 *   0x1000      0x2000      0x3000      0x4000
 *      |  b (later) |
 *      |        a (earlier)   |
 */
static void test_later_added_wins(void)
{
    g_autoptr(Kit) k = kit_new("softmmu");
    uint8_t root = new_space(k);
    uint8_t a = region(k, TW_REGION_RAM, root, 0x1000, 0x2000);
    uint8_t b = region(k, TW_REGION_RAM, root, 0x1000, 0x1000);
    unsigned both = dma(k, 0, 0x1000, 4), edge = dma(k, 0, 0x1ffe, 4);
    TwOp move = at_op(TW_OP_MOVE, a, 0x2000);

    add_op(k, move); /* and back: a becomes the newest (MR-7) */
    move.addr = 0x1000;
    add_op(k, move);
    unsigned moved = dma(k, 0, 0x1000, 4);
    move.obj = b; /* to where it is: nothing */
    add_op(k, move);
    unsigned unmoved = dma(k, 0, 0x1000, 4);
    run_kit(k);
    expect_at(k, both, b, 0);
    expect_class(k, edge, TW_CLASS_OK);
    g_assert_cmpint(k->trace.outcomes[edge].n_locations, ==, 2);
    expect_piece(k, edge, 0, b, 0xffe);
    expect_piece(k, edge, 1, a, 0x1000);
    g_assert_cmphex(k->trace.outcomes[edge].value, ==,
                    initial_bytes(b, 0xffe, 2) | initial_bytes(a, 0x1000, 2)
                                                     << 16);
    expect_at(k, moved, a, 0);
    expect_at(k, unmoved, a, 0);
    g_assert_cmpuint(k->trace.counters[TW_COUNT_COMMIT], ==, 2);
}

/*
 *   +0       +0x1000                    container c: RAM in its middle
 *   |        |  ram  |        |         c at 0x4000, priority 0
 *   |         background              | priority -1
 */
static void test_priorities_and_holes(void)
{
    g_autoptr(Kit) k = kit_new("softmmu");
    uint8_t root = new_space(k);
    uint8_t back = region(k, TW_REGION_RAM, root, 0, 0x10000);
    uint8_t c = region(k, TW_REGION_CONTAINER, root, 0x4000, 0x3000);
    uint8_t ram = region(k, TW_REGION_RAM, c, 0x1000, 0x1000);
    uint8_t reserved = region(k, TW_REGION_RESERVATION, root, 0x8000, 0x1000);

    k->p.regions[back].priority = -1;
    k->p.regions[ram].priority = -100; /* only among c's children (MR-9) */
    unsigned in_hole = dma(k, 0, 0x4000, 4), in_ram = dma(k, 0, 0x5000, 4);
    unsigned hidden = dma(k, 0, 0x8000, 4), beyond = dma(k, 0, 0x10000, 4);
    add_op(k, switch_op(TW_OP_ENABLE, reserved, false));
    unsigned shown = dma(k, 0, 0x8000, 4);
    add_op(k, op_of(TW_OP_DEL, ram));
    TwOp add = add_region_op(ram, c, 0x1000, 0);
    unsigned gone = dma(k, 0, 0x5000, 4);
    add_op(k, add);
    unsigned back_again = dma(k, 0, 0x5000, 4);
    run_kit(k);
    expect_at(k, in_hole, back, 0x4000);
    expect_at(k, in_ram, ram, 0);
    expect_class(k, hidden, TW_CLASS_DECODE_ERROR);
    expect_class(k, beyond, TW_CLASS_DECODE_ERROR);
    expect_at(k, shown, back, 0x8000);
    expect_at(k, gone, back, 0x5000);
    expect_at(k, back_again, ram, 0);
}

/*
 *   ram lies at 0x9000 of a pool; an alias at 0x1000 with offset 0xa000 shows
 *   it from its byte 0x1000 on: the pool's origin is below zero
 *
 *   0x1000       0x2000    0x4000
 *   | ram 0x1000 | floor   |
 */
static void test_alias_origin_below_zero(void)
{
    g_autoptr(Kit) k = kit_new("softmmu");
    uint8_t root = new_space(k);
    uint8_t pool = region(k, TW_REGION_CONTAINER, TW_NONE, 0, 0x20000);
    uint8_t ram = region(k, TW_REGION_RAM, pool, 0x9000, 0x2000);
    uint8_t floor = region(k, TW_REGION_RAM, root, 0, 0x10000);

    alias(k, root, 0x1000, 0x3000, pool, 0xa000);
    unsigned below = dma(k, 0, 0xfff, 1), first = dma(k, 0, 0x1000, 4);
    unsigned over = dma(k, 0, 0x1ffc, 8);
    run_kit(k);
    expect_at(k, below, floor, 0xfff);
    expect_at(k, first, ram, 0x1000);
    expect_piece(k, over, 0, ram, 0x1ffc);
    expect_piece(k, over, 1, floor, 0x2000);
}

/* alias of alias of a window: offsets add, extents intersect */
static void test_alias_of_alias(void)
{
    g_autoptr(Kit) k = kit_new("softmmu");
    uint8_t root = new_space(k);
    uint8_t ram = region(k, TW_REGION_RAM, TW_NONE, 0, 0x8000);
    uint8_t inner = alias(k, TW_NONE, 0, 0x3000, ram, 0x2000);

    alias(k, root, 0x10000, 0x4000, inner, 0x1000);
    unsigned first = dma(k, 0, 0x10000, 4), last = dma(k, 0, 0x11ffc, 4);
    unsigned past = dma(k, 0, 0x12000, 4);
    run_kit(k);
    expect_at(k, first, ram, 0x3000);
    expect_at(k, last, ram, 0x4ffc);
    expect_class(k, past, TW_CLASS_DECODE_ERROR);
}

/*
 *   0x1000 writable | 0x2000 the same RAM through a read-only alias
 */
static void test_readonly_alias(void)
{
    g_autoptr(Kit) k = kit_new("softmmu");
    uint8_t root = new_space(k);
    uint8_t ram = region(k, TW_REGION_RAM, root, 0x1000, 0x1000);
    uint8_t ro = alias(k, root, 0x2000, 0x1000, ram, 0);

    k->p.regions[ro].readonly = true;
    cpu(k, 2, 4);
    pages(k, 0, 0, 0x1000, 2);
    unsigned dropped = wr(k, 0x2000), landed = wr(k, 0x1010);
    unsigned a = rd(k, 0x2000), b = rd(k, 0x2010);
    unsigned rmw = add_op(k, access_op(TW_OP_RMW, 0, 0, 0x2010, 4));
    run_kit(k);
    expect_class(k, dropped, TW_CLASS_DISCARD);
    expect_class(k, landed, TW_CLASS_OK);
    g_assert_cmphex(k->trace.outcomes[a].value, ==, initial_bytes(ram, 0, 4));
    g_assert_cmphex(k->trace.outcomes[b].value, ==, stored_bytes(landed, 4));
    expect_class(k, rmw, TW_CLASS_DISCARD);
    g_assert_cmphex(k->trace.outcomes[rmw].value, ==, stored_bytes(landed, 4));
    uint64_t digest = 0;
    for (unsigned i = 0; i < 4; i++) {
        digest += tw_ram_digest_term(0x10 + i, tw_store_tag(landed, i));
    }
    g_assert_cmphex(k->trace.digests[ram], ==, digest);
}

/*
 * Two spaces that resolve to the same RAM share a view; a wrapper with a flag,
 * or a target at an offset, must not share it (FV-6, FV-7).
 */
static void test_sharing_is_unobservable(void)
{
    g_autoptr(Kit) k = kit_new("softmmu");
    uint8_t ram = region(k, TW_REGION_RAM, TW_NONE, 0, 0x1000);
    uint8_t a = region(k, TW_REGION_CONTAINER, TW_NONE, 0, 0x2000);
    uint8_t b = region(k, TW_REGION_CONTAINER, TW_NONE, 0, 0x2000);
    uint8_t c = region(k, TW_REGION_CONTAINER, TW_NONE, 0, 0x8000);

    alias(k, a, 0, 0x1000, ram, 0);
    alias(k, b, 0, 0x1000, ram, 0);
    space(k, a);
    space(k, b);
    unsigned one = dma(k, 0, 0, 4);
    add_op(k, switch_op(TW_OP_READONLY, b, true));
    unsigned w0 = add_op(k, access_op(TW_OP_DMA_WRITE, 0, 0, 0, 4));
    unsigned w1 = add_op(k, access_op(TW_OP_DMA_WRITE, 1, 0, 0, 4));
    add_op(k, add_region_op(ram, c, 0x3000, 0)); /* elsewhere, at an offset */
    unsigned two = dma(k, 0, 0, 4), three = dma(k, 1, 0, 4);
    run_kit(k);
    expect_at(k, one, ram, 0);
    expect_at(k, w0, ram, 0);
    expect_class(k, w1, TW_CLASS_DISCARD);
    expect_at(k, two, ram, 0);
    expect_at(k, three, ram, 0);
    /* One view for both at first, then one for each. */
    g_assert_cmpuint(k->trace.counters[TW_COUNT_RENDER], ==, 4);
}

/* Corner 18, 19: sizes up to 2^64, and a region that is clipped there. */
static void test_whole_space(void)
{
    g_autoptr(Kit) k = kit_new("softmmu");
    uint8_t root = new_space(k);
    uint8_t ram = region(k, TW_REGION_RAM, root, 0, UINT64_MAX);
    uint8_t top = region(k, TW_REGION_RAM, root, -(uint64_t)P, 2 * P);

    cpu(k, 1, 0);
    setup(k, page_op(0, 0, 0, 0, 63, RWX));
    setup(k, page_op(0, 0, 1ull << 63, 1ull << 63, 63, RWX));
    unsigned low = rd(k, 0), below = rd(k, -(uint64_t)P - 4);
    unsigned last = add_op(k, access_op(TW_OP_READ, 0, 0, UINT64_MAX, 1));
    unsigned wraps = add_op(k, access_op(TW_OP_READ, 0, 0, UINT64_MAX, 2));
    TwOp same = op_of(TW_OP_RESIZE, ram);
    same.length = UINT64_MAX;
    add_op(k, same);
    unsigned dma_last = dma(k, 0, UINT64_MAX - 7, 8);
    run_kit(k);
    expect_at(k, low, ram, 0);
    expect_at(k, below, ram, -(uint64_t)P - 4);
    expect_at(k, last, top, 0xfff);
    expect_class(k, wraps, TW_CLASS_DECODE_ERROR);
    expect_at(k, dma_last, top, 0xff8);
    g_assert_cmpuint(k->trace.counters[TW_COUNT_COMMIT], ==, 0);
}

/*
 *   0x1000        0x1800                    0x2800      0x3000
 *   |  hole       |  ram 0 ....................|  hole  |
 */
static void test_sub_pages(void)
{
    g_autoptr(Kit) k = kit_new("softmmu");
    uint8_t root = new_space(k);
    uint8_t ram = region(k, TW_REGION_RAM, root, 0x1800, 0x1000);
    uint8_t bytes[3];

    for (unsigned i = 0; i < 3; i++) { /* one byte each, one byte apart */
        bytes[i] = region(k, TW_REGION_MMIO, root, 0x5000 + 2 * i, 1);
    }
    cpu(k, 2, 4);
    pages(k, 0, 0, 0x1000, 2);
    pages(k, 0, 0, 0x5000, 1);
    unsigned before = add_op(k, access_op(TW_OP_READ, 0, 0, 0x17ff, 1));
    unsigned first = add_op(k, access_op(TW_OP_READ, 0, 0, 0x1800, 1));
    unsigned across = rd(k, 0x1ffe);
    unsigned last = add_op(k, access_op(TW_OP_READ, 0, 0, 0x27ff, 1));
    unsigned after = add_op(k, access_op(TW_OP_READ, 0, 0, 0x2800, 1));
    unsigned edge = add_op(k, access_op(TW_OP_WRITE, 0, 0, 0x27fc, 8));
    unsigned kept = rd(k, 0x27fc);
    unsigned dots[6];
    for (unsigned i = 0; i < 6; i++) {
        dots[i] = add_op(k, access_op(TW_OP_WRITE, 0, 0, 0x5000 + i, 1));
    }
    run_kit(k);
    expect_class(k, before, TW_CLASS_DECODE_ERROR);
    expect_at(k, first, ram, 0);
    expect_at(k, across, ram, 0x7fe);
    expect_at(k, last, ram, 0xfff);
    expect_class(k, after, TW_CLASS_DECODE_ERROR);
    expect_class(k, edge, TW_CLASS_DECODE_ERROR);
    g_assert_cmphex(k->trace.outcomes[kept].value, ==,
                    initial_bytes(ram, 0xffc, 4));
    for (unsigned i = 0; i < 6; i++) {
        if (i % 2 == 0) {
            expect_at(k, dots[i], bytes[i / 2], 0);
        } else {
            expect_class(k, dots[i], TW_CLASS_DECODE_ERROR);
        }
    }
    g_assert_cmpuint(k->trace.counters[TW_COUNT_SUBPAGE], >, 0);
}

/* Corner 39: a big section, a one-page hole made by another, and back. */
static void test_hint_is_only_a_hint(void)
{
    g_autoptr(Kit) k = kit_new("softmmu");
    uint8_t root = new_space(k);
    uint8_t big = region(k, TW_REGION_RAM, root, 0, 0x10000);
    uint8_t small = region(k, TW_REGION_RAM, root, 0x5000, 0x1000);
    unsigned ops[9];

    for (unsigned i = 0; i < 9; i++) {
        ops[i] = dma(k, 0, 0x4000 + (i % 3) * P, 4);
    }
    run_kit(k);
    for (unsigned i = 0; i < 9; i++) {
        if (i % 3 == 1) {
            expect_at(k, ops[i], small, 0);
        } else {
            expect_at(k, ops[i], big, 0x4000 + (i % 3) * P);
        }
    }
}

/* TX-1, TX-2: nothing is seen before the outermost commit. */
static void test_transaction(void)
{
    g_autoptr(Kit) k = kit_new("softmmu");
    uint8_t root = new_space(k);
    uint8_t ram = region(k, TW_REGION_RAM, root, 0, 0x1000);

    add_op(k, op_of(TW_OP_BEGIN, 0));
    add_op(k, op_of(TW_OP_BEGIN, 0));
    add_op(k, switch_op(TW_OP_ENABLE, ram, false));
    add_op(k, op_of(TW_OP_COMMIT, 0));
    unsigned open = dma(k, 0, 0, 4);
    add_op(k, op_of(TW_OP_COMMIT, 0));
    unsigned closed = dma(k, 0, 0, 4);
    unsigned extra = add_op(k, op_of(TW_OP_COMMIT, 0));
    run_kit(k);
    expect_at(k, open, ram, 0);
    expect_class(k, closed, TW_CLASS_DECODE_ERROR);
    expect_skipped(k, extra);
    g_assert_cmpuint(k->trace.counters[TW_COUNT_COMMIT], ==, 1);
}

/* A change that pends nothing shows with the next one that does (LA-6). */
static void test_pending(void)
{
    g_autoptr(Kit) k = kit_new("softmmu");
    uint8_t root = new_space(k);
    uint8_t off = region(k, TW_REGION_RAM, root, 0, 0x1000);
    uint8_t other = region(k, TW_REGION_RAM, root, 0x4000, 0x1000);

    k->p.regions[off].enabled = false;
    add_op(k, switch_op(TW_OP_READONLY, off, true));
    add_op(k, op_of(TW_OP_DEL, off));
    g_assert_cmpint(other, !=, off);
    run_kit(k);
    g_assert_cmpuint(k->trace.counters[TW_COUNT_COMMIT], ==, 0);
    add_op(k, add_region_op(off, root, 0x1000, 0));
    add_op(k, switch_op(TW_OP_ENABLE, off, true));
    unsigned w = add_op(k, access_op(TW_OP_DMA_WRITE, 0, 0, 0x1000, 4));
    run_kit(k);
    g_assert_cmpuint(k->trace.counters[TW_COUNT_COMMIT], ==, 1);
    expect_class(k, w, TW_CLASS_DISCARD);
    expect_piece(k, w, 0, off, 0);
}

/* Spaces that come and go have only holes while they are not committed. */
static void test_late_space(void)
{
    g_autoptr(Kit) k = kit_new("softmmu");
    uint8_t root = new_space(k);
    uint8_t ram = region(k, TW_REGION_RAM, root, 0, 0x1000);
    uint8_t late = space(k, root);

    k->p.spaces[late].late = true;
    unsigned before = dma(k, late, 0, 4);
    add_op(k, op_of(TW_OP_BEGIN, 0));
    add_op(k, op_of(TW_OP_SPACE_NEW, late));
    unsigned open = dma(k, late, 0, 4);
    add_op(k, op_of(TW_OP_COMMIT, 0));
    unsigned there = dma(k, late, 0, 4);
    add_op(k, op_of(TW_OP_SPACE_DEL, late));
    unsigned gone = dma(k, late, 0, 4);
    run_kit(k);
    /* Without the space an access is skipped or finds a hole. */
    g_assert_cmpint(k->trace.outcomes[before].n_locations, ==, 0);
    expect_class(k, open, TW_CLASS_DECODE_ERROR);
    expect_at(k, there, ram, 0);
    g_assert_cmpint(k->trace.outcomes[gone].n_locations, ==, 0);
}

/* LA-50: the calls of a device that implements 4 bytes, at *at in the log. */
static void expect_call(const Kit *k, unsigned *at, unsigned kind,
                        uint64_t offset, const uint8_t *bytes)
{
    for (unsigned i = 0; i < 4; i++, ++*at) {
        const TwLogRecord *record = &k->trace.log[*at];

        g_assert_cmpint(*at, <, k->trace.n_log);
        g_assert_cmpint(record->kind, ==, kind);
        g_assert_cmphex(record->offset, ==, offset + i);
        g_assert_cmphex(record->byte, ==, bytes[i]);
        g_assert_cmpint(record->call, ==, i == 0 ? 4 : 0);
    }
}

/* LA-50: what is too narrow, with each way of --narrow. */
static void test_device_narrow(void)
{
    for (unsigned mode = TW_NARROW_WORD; mode <= TW_NARROW_AS_IS; mode++) {
        g_autoptr(Kit) k = kit_new("softmmu");
        uint8_t root = new_space(k), dev, has[8];
        unsigned at = 0;

        tw_target_close(k->target);
        k->target = tw_target_open(
            &(TwTargetOptions){.name = "softmmu", .narrow = (TwNarrow)mode},
            NULL);
        g_assert_cmpint(tw_target_contract(k->target)->device_words, ==,
                        mode == TW_NARROW_WORD);
        dev = region(k, TW_REGION_MMIO, root, 0x1000, 0x1000);
        k->p.regions[dev].impl_min = 4;
        cpu(k, 2, 4);
        pages(k, 0, 0, 0x1000, 1);
        add_op(k, access_op(TW_OP_READ, 0, 0, 0x1001, 1));
        unsigned write = add_op(k, access_op(TW_OP_WRITE, 0, 0, 0x1002, 2));
        run_kit(k);
        for (unsigned i = 0; i < 8; i++) {
            has[i] = tw_device_byte(dev, i, 0);
        }
        if (mode == TW_NARROW_WORD) {
            expect_call(k, &at, TW_LOG_READ, 0, has);
            expect_call(k, &at, TW_LOG_READ, 0, has);
            expect_call(k, &at, TW_LOG_WRITE, 0,
                        (uint8_t[]){has[0], has[1], tw_store_tag(write, 0),
                                    tw_store_tag(write, 1)});
        } else {
            expect_call(k, &at, TW_LOG_READ, 1, has + 1);
            expect_call(k, &at, TW_LOG_WRITE, 2,
                        (uint8_t[]){tw_store_tag(write, 0),
                                    tw_store_tag(write, 1), 0, 0});
        }
        g_assert_cmpint(at, ==, k->trace.n_log);
    }
}

/* LA-23, AC-5: pieces, valid sizes, error and reject ranges, the log. */
static void test_device_pieces(void)
{
    g_autoptr(Kit) k = kit_new("softmmu");
    uint8_t root = new_space(k);
    uint8_t dev = region(k, TW_REGION_MMIO, root, 0x1000, 0x1000);

    k->p.regions[dev].valid_min = 2;
    k->p.regions[dev].valid_max = 4;
    k->p.regions[dev].reject = (TwRange){0x100, 0x10f};
    k->p.regions[dev].error = (TwRange){0x204, 0x204};
    cpu(k, 2, 4);
    pages(k, 0, 0, 0x1000, 1);
    unsigned good = add_op(k, access_op(TW_OP_READ, 0, 0, 0x1002, 8));
    unsigned narrow = add_op(k, access_op(TW_OP_WRITE, 0, 0, 0x1001, 4));
    unsigned no = add_op(k, access_op(TW_OP_WRITE, 0, 0, 0x10fc, 8));
    unsigned part = add_op(k, access_op(TW_OP_WRITE, 0, 0, 0x1200, 8));
    unsigned fetch = add_op(k, access_op(TW_OP_EXEC, 0, 0, 0x1010, 2));
    unsigned rmw = add_op(k, access_op(TW_OP_RMW, 0, 0, 0x1010, 4));
    run_kit(k);
    expect_at(k, good, dev, 2);
    expect_class(k, narrow, TW_CLASS_DECODE_ERROR);
    expect_class(k, no, TW_CLASS_DECODE_ERROR);
    expect_class(k, part, TW_CLASS_DEVICE_ERROR);
    expect_class(k, rmw, TW_CLASS_DECODE_ERROR);
    g_assert_cmpint(k->trace.n_log, ==, 8 + 4 + 2);
    for (unsigned i = 0; i < 8; i++) {
        /* 8 bytes at 2: 2, 4, 2 */
        g_assert_cmpint(k->trace.log[i].op, ==, good);
        g_assert_cmpint(k->trace.log[i].kind, ==, TW_LOG_READ);
        g_assert_cmphex(k->trace.log[i].offset, ==, 2 + i);
        g_assert_cmphex(k->trace.log[i].byte, ==,
                        tw_device_byte(dev, 2 + i, 0));
        g_assert_cmpint(k->trace.log[i].call, ==,
                        i == 0 || i == 6 ? 2
                        : i == 2         ? 4
                                         : 0);
    }
    for (unsigned i = 0; i < 4; i++) {
        const TwLogRecord *r = &k->trace.log[8 + i];

        g_assert_cmpint(r->op, ==, part);
        g_assert_cmpint(r->kind, ==, TW_LOG_WRITE);
        g_assert_cmphex(r->offset, ==, 0x200 + i);
        g_assert_cmphex(r->byte, ==, tw_store_tag(part, i));
        g_assert_cmpint(r->call, ==, i == 0 ? 4 : 0);
    }
    g_assert_cmpint(k->trace.log[12].op, ==, fetch);
    g_assert_cmpint(k->trace.log[12].kind, ==, TW_LOG_FETCH);
    g_assert_cmphex(k->trace.outcomes[fetch].value, ==,
                    tw_device_byte(dev, 0x10, 0) | tw_device_byte(dev, 0x11, 0)
                                                       << 8);
}

/* AC-4, corner 40: reads follow the mode, writes are always callbacks. */
static void test_rom_device(void)
{
    g_autoptr(Kit) k = kit_new("softmmu");
    uint8_t root = new_space(k);
    uint8_t romd = region(k, TW_REGION_ROMD, root, 0, 0x1000);

    cpu(k, 2, 4);
    pages(k, 0, 0, 0, 1);
    unsigned direct = rd(k, 0x10), w = wr(k, 0x10);
    add_op(k, switch_op(TW_OP_ROMD, romd, false));
    unsigned callback = rd(k, 0x10);
    add_op(k, switch_op(TW_OP_ROMD, romd, true));
    unsigned again = rd(k, 0x10);
    run_kit(k);
    expect_class(k, w, TW_CLASS_OK);
    g_assert_cmpint(k->trace.n_log, ==, 4 + 4);
    g_assert_cmpint(k->trace.log[0].kind, ==, TW_LOG_WRITE);
    g_assert_cmpint(k->trace.log[4].kind, ==, TW_LOG_READ);
    g_assert_cmphex(k->trace.outcomes[direct].value, ==,
                    initial_bytes(romd, 0x10, 4));
    g_assert_cmphex(k->trace.outcomes[callback].value & 0xff, ==,
                    tw_device_byte(romd, 0x10, 0));
    g_assert_cmphex(k->trace.outcomes[again].value, ==,
                    initial_bytes(romd, 0x10, 4));
    const TwTrace *t = &k->trace;
    g_assert_cmpint(t->locations[t->outcomes[direct].location].flags, ==,
                    TW_LOC_ROMD);
    g_assert_cmpint(t->locations[t->outcomes[callback].location].flags, ==, 0);
}

/* LA-27: once per access, after its effects, by who made it. */
static void test_actor(void)
{
    g_autoptr(Kit) k = kit_new("softmmu");
    uint8_t root = new_space(k);
    uint8_t dev = region(k, TW_REGION_MMIO, root, 0, 0x1000);
    uint8_t ram = region(k, TW_REGION_RAM, root, 0x1000, 0x1000);

    cpu(k, 2, 4);
    pages(k, 0, 0, 0, 2);
    k->p.explicit_safepoints = true;
    k->p.n_actors = 1;
    k->p.actors[0] = (TwActor){
        .region = dev, .offset = 2, .op = switch_op(TW_OP_ENABLE, ram, false)};
    unsigned before = rd(k, 0x1000), past = wr(k, 0x4);
    unsigned still = rd(k, 0x1000), hit = wr(k, 0x0), after = rd(k, 0x1000);
    run_kit(k);
    expect_at(k, before, ram, 0);
    expect_at(k, past, dev, 4);
    expect_at(k, still, ram, 0);
    expect_at(k, hit, dev, 0);
    expect_class(k, after, TW_CLASS_DECODE_ERROR);
}

/*
 * Each level shows the next one twice: 2^11 pieces, more than a view takes.
 * The pieces of 4 bytes show RAM, alternately read-only and not.
 */
static void test_too_many_ranges(void)
{
    g_autoptr(Kit) k = kit_new("softmmu");
    uint8_t root = new_space(k);
    uint8_t ram = region(k, TW_REGION_RAM, TW_NONE, 0, 4);
    uint8_t level = ram;
    uint64_t size = 4;

    k->p.hops = 1; /* LA-49 */
    for (unsigned i = 0; i < 11; i++, size *= 2) {
        uint8_t above = region(k, TW_REGION_CONTAINER, TW_NONE, 0, 2 * size);
        alias(k, above, 0, size, level, 0);
        uint8_t odd = alias(k, above, size, size, level, 0);
        k->p.regions[odd].readonly = i == 0;
        level = above;
    }
    alias(k, root, 0x10000, size, level, 0);
    cpu(k, 2, 4);
    pages(k, 0, 0, 0x10000, 4);
    unsigned even = add_op(k, access_op(TW_OP_WRITE, 0, 0, 0x10ff8, 4));
    unsigned odd = add_op(k, access_op(TW_OP_WRITE, 0, 0, 0x117fc, 4));
    unsigned read = add_op(k, access_op(TW_OP_READ, 0, 0, 0x11efa, 4));
    unsigned past = dma(k, 0, 0x12000, 4);
    add_op(k, switch_op(TW_OP_ENABLE, ram, false));
    unsigned gone = rd(k, 0x10000);
    run_kit(k);
    expect_at(k, even, ram, 0);
    expect_class(k, odd, TW_CLASS_DISCARD);
    expect_piece(k, read, 0, ram, 2);
    expect_piece(k, read, 1, ram, 0);
    g_assert_cmphex(k->trace.outcomes[read].value, ==,
                    stored_bytes(even, 4) >> 16 |
                        (stored_bytes(even, 2) << 16));
    expect_class(k, past, TW_CLASS_DECODE_ERROR);
    expect_class(k, gone, TW_CLASS_DECODE_ERROR);
}

/*
 * 240 regions far from each other, each with a border in a page: more nodes
 * than the tree of a view has, which is then searched by halves.
 */
static void test_too_many_nodes(void)
{
    enum { REGIONS = 240, SIZE = 0x1800 };
    g_autoptr(Kit) k = kit_new("softmmu");
    uint8_t root = new_space(k);
    uint8_t ids[REGIONS];
    unsigned first[REGIONS], last[REGIONS], before[REGIONS], past[REGIONS];

    for (unsigned i = 0; i < REGIONS; i++) {
        uint64_t at = (uint64_t)(i + 1) * UINT64_C(0x0100040010040000);

        ids[i] = region(k, TW_REGION_RAM, root, at, SIZE);
        before[i] = dma(k, 0, at - 1, 1);
        first[i] = dma(k, 0, at, 1);
        last[i] = dma(k, 0, at + SIZE - 1, 1);
        past[i] = dma(k, 0, at + SIZE, 1);
    }
    run_kit(k);
    for (unsigned i = 0; i < REGIONS; i++) {
        expect_class(k, before[i], TW_CLASS_DECODE_ERROR);
        expect_at(k, first[i], ids[i], 0);
        expect_at(k, last[i], ids[i], SIZE - 1);
        expect_class(k, past[i], TW_CLASS_DECODE_ERROR);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/view/MR-5/later-added-wins", test_later_added_wins);
    g_test_add_func("/view/FV-1/priorities-and-holes",
                    test_priorities_and_holes);
    g_test_add_func("/view/AR-1/alias-origin-below-zero",
                    test_alias_origin_below_zero);
    g_test_add_func("/view/FV-1/alias-of-alias", test_alias_of_alias);
    g_test_add_func("/view/FV-2/readonly-alias", test_readonly_alias);
    g_test_add_func("/view/FV-6/sharing-is-unobservable",
                    test_sharing_is_unobservable);
    g_test_add_func("/view/AR-6/whole-space", test_whole_space);
    g_test_add_func("/view/DS-2/sub-pages", test_sub_pages);
    g_test_add_func("/view/DS-3/hint-is-only-a-hint", test_hint_is_only_a_hint);
    g_test_add_func("/view/TX-2/transaction", test_transaction);
    g_test_add_func("/view/LA-6/pending", test_pending);
    g_test_add_func("/view/LA-8/late-space", test_late_space);
    g_test_add_func("/view/AC-5/device-pieces", test_device_pieces);
    g_test_add_func("/view/LA-50/device-narrow", test_device_narrow);
    g_test_add_func("/view/AC-4/rom-device", test_rom_device);
    g_test_add_func("/view/LA-27/actor", test_actor);
    g_test_add_func("/view/limits/too-many-ranges", test_too_many_ranges);
    g_test_add_func("/view/limits/too-many-nodes", test_too_many_nodes);
    return g_test_run();
}
