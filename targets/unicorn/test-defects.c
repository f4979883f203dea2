/* SPDX-License-Identifier: MIT */
/*
 * The defects of libunicorn 2.0.1, as they are: a test fails if that version
 * behaves differently from the description here.
 */
#include "targets/unicorn/test-board.h"

/* R is taken from a mapping as a whole: nothing flushes the library's TLB.
 * (Of a part, the mapping is split; and taking W flushes.) */
static void known_read_right(void)
{
    g_auto(Board) t = board_new();

    setup(t.k, rights_op(P, RW));
    read_n(&t, P, 4);
    rights(&t, P, TW_W);
    unsigned r = read_n(&t, P, 4);
    run_kit(t.k);
    expect_value(&t, r, initial_bytes(t.a, P, 4));
}

/* A store fills the entry of a page that must not be read. */
static void known_write_only(void)
{
    g_auto(Board) t = board_new();

    setup(t.k, rights_op(P, TW_W));
    unsigned w = write_n(&t, P, 4);
    unsigned r = read_n(&t, P, 4);
    run_kit(t.k);
    expect_value(&t, r, tag_bytes(w, 0, 4));
}

/* LA-21 has it refused as a whole. */
static void known_crossing_store(void)
{
    g_auto(Board) t = board_new();

    setup(t.k, rights_op(P, TW_R));
    unsigned w = write_n(&t, P - 2, 4);
    unsigned r = read_n(&t, P - 2, 2);
    run_kit(t.k);
    expect_class(t.k, w, TW_CLASS_PAGE_FAULT);
    expect_value(&t, r, tag_bytes(w, 0, 2));
}

/* What is left of a device has its offsets counted from a new start, and is
 * readable and writable again. */
static void known_split_device(void)
{
    g_auto(Board) t = board_new();

    for (unsigned i = 0; i < 4; i++) {
        setup(t.k, rights_op(DEVICE + i * P, TW_R));
    }
    add_op(t.k, unpage_op(DEVICE + P));
    unsigned w = write_n(&t, DEVICE, 4);
    unsigned r = read_n(&t, DEVICE + 2 * P, 4);
    run_kit(t.k);
    expect_class(t.k, w, TW_CLASS_OK);
    expect_value(&t, r, device_bytes(&t, 0, 4));
}

/* Code that was translated runs on when X is taken away. */
static void known_exec_right(void)
{
    g_auto(Board) t = code_board_new();

    setup(t.k, rights_op(2 * P, TW_R | TW_X));
    exec_8(&t, 2 * P);
    rights(&t, 2 * P, TW_R);
    unsigned x = exec_8(&t, 2 * P);
    run_kit(t.k);
    expect_value(&t, x, word(tw_code_initial(t.a, 2 * P / 8)));
}

/*
 *   0x1000 first, then second ... 0x2000
 *
 * Other memory is mapped where code was translated: the old code runs.
 */
static void known_code_moved(void)
{
    g_autoptr(Kit) k = kit_new("unicorn");
    Board t = {.k = k, .root = new_space(k)};
    uint8_t first = region(k, TW_REGION_RAM, t.root, P, P);
    uint8_t second = region(k, TW_REGION_RAM, t.root, 0, P);

    k->p.contents = TW_CONTENTS_CODE;
    cpu(k, 3, 0);
    pages(k, 0, 0, P, 1);
    exec_8(&t, P);
    add_op(k, at_op(TW_OP_MOVE, first, 0));
    add_op(k, at_op(TW_OP_MOVE, second, P));
    unsigned x = exec_8(&t, P);
    run_kit(k);
    expect_value(&t, x, word(tw_code_initial(first, 0)));
}

/*
 *   0x1000 ram, two pages ... 0x3000
 *
 * A flush does not reach code that was translated in a mapping of another
 * cut; the mapping comes back, and the code with it.
 */
static void known_flush_cut(void)
{
    g_autoptr(Kit) k = kit_new("unicorn");
    Board t = {.k = k, .root = new_space(k)};
    uint8_t ram = region(k, TW_REGION_RAM, t.root, P, 2 * P);

    k->p.contents = TW_CONTENTS_CODE;
    cpu(k, 3, 0);
    pages(k, 0, 0, P, 2);
    exec_8(&t, 2 * P);
    add_op(k, unpage_op(2 * P));
    rights(&t, 2 * P, RWX);
    write_n(&t, 2 * P, 8);
    add_op(k, op_of(TW_OP_FLUSH_ALL, 0));
    add_op(k, switch_op(TW_OP_ENABLE, ram, false));
    add_op(k, switch_op(TW_OP_ENABLE, ram, true));
    unsigned x = exec_8(&t, 2 * P);
    run_kit(k);
    expect_value(&t, x, word(tw_code_initial(ram, P / 8)));
}

/* Code of a device is translated once; the flush does not reach it. */
static void known_exec_device(void)
{
    g_auto(Board) t = code_board_new();

    exec_8(&t, DEVICE);
    add_op(t.k, flush_page_op(0, 0, DEVICE));
    unsigned x = exec_8(&t, DEVICE);
    run_kit(t.k);
    expect_value(&t, x, device_bytes(&t, 0, 8));
    g_assert_cmpuint(t.k->trace.n_log, ==, 8);
}

/* A hook gives W back to a page that had lost it, and lets the store go on:
 * nothing is stored. */
static void known_store_let(void)
{
    g_auto(Board) t = board_new();

    rights(&t, 0, TW_R);
    read_n(&t, 0x20, 4);
    unsigned w = write_n(&t, 0x20, 4);
    TwOp give = rights_op(0, RWX);
    give.flags |= TW_OPF_DURING;
    add_op(t.k, give);
    unsigned r = read_n(&t, 0x20, 4);
    run_kit(t.k);
    expect_class(t.k, w, TW_CLASS_OK);
    expect_value(&t, r, initial_bytes(t.a, 0x20, 4));
}

/* A hook maps a page of code: later, a store to the code is not seen. */
static void known_code_let(void)
{
    g_auto(Board) t = code_board_new();

    add_op(t.k, unpage_op(0));
    exec_8(&t, 0x20);
    TwOp give = rights_op(0, RWX);
    give.flags |= TW_OPF_DURING;
    add_op(t.k, give);
    write_n(&t, 0x20, 8);
    unsigned x = exec_8(&t, 0x20);
    run_kit(t.k);
    expect_value(&t, x, word(tw_code_initial(t.a, 0x20 / 8)));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    if (!is_library(2, 0, 1)) {
        g_print("1..0 # SKIP libunicorn is not 2.0.1\n");
        return 77;
    }
    g_test_add_func("/unicorn/2.0.1/read-right", known_read_right);
    g_test_add_func("/unicorn/2.0.1/write-only", known_write_only);
    g_test_add_func("/unicorn/2.0.1/crossing-store", known_crossing_store);
    g_test_add_func("/unicorn/2.0.1/split-device", known_split_device);
    g_test_add_func("/unicorn/2.0.1/exec-right", known_exec_right);
    g_test_add_func("/unicorn/2.0.1/code-moved", known_code_moved);
    g_test_add_func("/unicorn/2.0.1/flush-cut", known_flush_cut);
    g_test_add_func("/unicorn/2.0.1/exec-device", known_exec_device);
    g_test_add_func("/unicorn/2.0.1/store-let-go-on", known_store_let);
    g_test_add_func("/unicorn/2.0.1/code-let-go-on", known_code_let);
    return g_test_run();
}
