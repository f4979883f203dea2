/* SPDX-License-Identifier: MIT */
/*
 * Operations during an access on the target "unicorn": in a hook of a refused
 * access, in the callback of a device, or behind the access.  And exchanges,
 * which load and store.
 */
#include "targets/unicorn/test-board.h"

/* Adds operations that are performed during the access before them. */
static void during(const Board *t, TwOp op)
{
    op.flags |= TW_OPF_DURING;
    add_op(t->k, op);
}

/* A hook that maps, or gives the right back: the access goes on; one that does
 * not help, or gives another right: it is refused, as what is there now. */
static void test_handled(void)
{
    g_auto(Board) t = board_new();

    setup(t.k, rights_op(5 * P, TW_W));
    unsigned mapped = read_n(&t, 9 * P, 8);
    during(&t, rights_op(9 * P, RWX));
    during(&t, at_op(TW_OP_MOVE, t.b, 9 * P));
    unsigned stored = write_n(&t, 0x50010, 4);
    during(&t, at_op(TW_OP_MOVE, t.b, 0x50000));
    during(&t, rights_op(0x50000, RWX));
    unsigned again = read_n(&t, 0x50010, 4);
    unsigned given = read_n(&t, 5 * P, 8);
    during(&t, rights_op(5 * P, TW_R | TW_W));
    unsigned hole = read_n(&t, 0x60000, 8);
    during(&t, rights_op(0x60000, RWX));
    unsigned wrong = write_n(&t, 0x61000, 1);
    during(&t, rights_op(0x61000, TW_R));
    unsigned both = read_n(&t, 0x52ffc, 8);
    during(&t, page_op(0, 0, 0x52000, 0x52000, 13, TW_R));
    run_kit(t.k);
    expect_value(&t, mapped, initial_bytes(t.b, 0, 8));
    expect_class(t.k, stored, TW_CLASS_OK);
    expect_value(&t, again, tag_bytes(stored, 0, 4));
    expect_value(&t, given, initial_bytes(t.a, 5 * P, 8));
    expect_class(t.k, hole, TW_CLASS_DECODE_ERROR);
    expect_class(t.k, wrong, TW_CLASS_PAGE_FAULT);
    expect_value(&t, both, initial_bytes(t.b, 0x2ffc, 8));
    for (unsigned n = 0; n < t.k->p.n_script; n++) {
        g_assert_cmpuint(t.k->trace.outcomes[n].status, ==, TW_STATUS_DONE);
    }
}

/* Inside the callback of a device, whole loads and stores; after an access that
 * neither is refused nor calls one. */
static void test_during(void)
{
    g_auto(Board) t = board_new();

    unsigned load = read_n(&t, DEVICE + 8, 4);
    during(&t, unpage_op(0));
    unsigned gone = read_n(&t, 8, 4);
    unsigned store = write_n(&t, DEVICE + 8, 4);
    during(&t, rights_op(0, RWX));
    unsigned back = read_n(&t, 8, 4);
    during(&t, rights_op(P, TW_R));
    unsigned only_read = write_n(&t, P, 1);
    unsigned cross = read_n(&t, DEVICE + P - 2, 4);
    during(&t, unpage_op(DEVICE + P));
    unsigned half = read_n(&t, DEVICE + P, 2);
    run_kit(t.k);
    expect_value(&t, load, device_bytes(&t, 8, 4));
    expect_class(t.k, gone, TW_CLASS_PAGE_FAULT);
    expect_class(t.k, store, TW_CLASS_OK);
    expect_value(&t, back, initial_bytes(t.a, 8, 4));
    expect_class(t.k, only_read, TW_CLASS_PAGE_FAULT);
    expect_value(&t, cross, device_bytes(&t, P - 2, 4));
    expect_class(t.k, half, TW_CLASS_PAGE_FAULT);
}

/* A DMA access of 8 bytes of memory, or of a device's. */
static TwOp host_op(TwOpCode code, uint64_t addr)
{
    TwOp op = at_op(code, 0, addr);

    op.size = 8;
    return op;
}

/* The host reads and writes in a hook, before the access goes on; in a device's
 * callback, after its store; and behind other accesses. */
static void test_host(void)
{
    g_auto(Board) t = board_new();

    setup(t.k, rights_op(5 * P, 0));
    unsigned repaired = read_n(&t, 5 * P, 8);
    during(&t, host_op(TW_OP_DMA_WRITE, 5 * P));
    during(&t, rights_op(5 * P, RWX));
    unsigned behind = read_n(&t, 6 * P, 8);
    during(&t, host_op(TW_OP_DMA_WRITE, 6 * P));
    unsigned then = read_n(&t, 6 * P, 8);
    unsigned store = write_n(&t, DEVICE + 8, 4);
    during(&t, host_op(TW_OP_DMA_WRITE, 7 * P));
    during(&t, host_op(TW_OP_DMA_READ, 7 * P));
    unsigned seen = read_n(&t, 7 * P, 8);
    unsigned gone = read_n(&t, 0x60000, 8);
    during(&t, host_op(TW_OP_DMA_WRITE, 4 * P));
    unsigned last = read_n(&t, 4 * P, 8);
    run_kit(t.k);
    expect_value(&t, repaired, tag_bytes(repaired + 1, 0, 8));
    expect_value(&t, behind, initial_bytes(t.a, 6 * P, 8));
    expect_value(&t, then, tag_bytes(behind + 1, 0, 8));
    expect_value(&t, store + 2, tag_bytes(store + 1, 0, 8));
    expect_value(&t, seen, tag_bytes(store + 1, 0, 8));
    expect_class(t.k, gone, TW_CLASS_PAGE_FAULT);
    expect_value(&t, last, tag_bytes(gone + 1, 0, 8));
}

static unsigned exchange(const Board *t, uint64_t addr, uint8_t size)
{
    return add_op(t->k, access_op(TW_OP_RMW, 0, 0, addr, size));
}

/* An exchange gives the old bytes; of a device, after a read and a write; with
 * one right only it is refused. */
static void test_exchange(void)
{
    g_auto(Board) t = board_new();

    setup(t.k, rights_op(5 * P, TW_W));
    setup(t.k, rights_op(6 * P, TW_R));
    unsigned first = exchange(&t, 8, 8);
    unsigned second = exchange(&t, 8, 4);
    unsigned both = read_n(&t, 8, 8);
    unsigned device = exchange(&t, DEVICE + 8, 4);
    unsigned written = exchange(&t, 5 * P, 4);
    unsigned readable = exchange(&t, 6 * P, 8);
    unsigned still = read_n(&t, 6 * P, 8);
    run_kit(t.k);
    expect_value(&t, first, initial_bytes(t.a, 8, 8));
    expect_value(&t, second, tag_bytes(first, 0, 4));
    expect_value(&t, both,
                 tag_bytes(second, 0, 4) | tag_bytes(first, 4, 4) << 32);
    expect_value(&t, device, device_bytes(&t, 8, 4));
    g_assert_cmpuint(t.k->trace.n_log, ==, 8);
    g_assert_cmpuint(t.k->trace.log[0].kind, ==, TW_LOG_READ);
    g_assert_cmpuint(t.k->trace.log[4].kind, ==, TW_LOG_WRITE);
    expect_class(t.k, written, TW_CLASS_PAGE_FAULT);
    expect_class(t.k, readable, TW_CLASS_PAGE_FAULT);
    expect_value(&t, still, initial_bytes(t.a, 6 * P, 8));
}

/* Of fewer bytes: not RISC-V's. */
static void test_narrow_exchange(void)
{
    g_auto(Board) t = board_new();

    unsigned one = exchange(&t, 9, 1), two = exchange(&t, 10, 2);
    unsigned all = read_n(&t, 8, 4);

    run_kit(t.k);
    expect_value(&t, one, initial_bytes(t.a, 9, 1));
    expect_value(&t, two, initial_bytes(t.a, 10, 2));
    expect_value(&t, all,
                 initial_bytes(t.a, 8, 1) | tag_bytes(one, 0, 1) << 8 |
                     tag_bytes(two, 0, 2) << 16);
}

static unsigned exclusive(const Board *t, uint64_t addr, uint8_t size)
{
    TwOp op = access_op(TW_OP_RMW, 0, 0, addr, size);

    op.flags |= TW_OPF_EXCLUSIVE;
    return add_op(t->k, op);
}

/* One that a load and a store make is the same exchange of RAM; beside a device
 * it is not in the dialect. */
static void test_exclusive(void)
{
    g_auto(Board) t = {.k = kit_new(target_name)};
    bool narrow = !tw_target_dialect(t.k->target)->wide_rmw;

    t.root = new_space(t.k);
    t.a = region(t.k, TW_REGION_RAM, t.root, 0, 8 * P);
    cpu(t.k, 3, 0);
    pages(t.k, 0, 0, 0, 8);
    setup(t.k, rights_op(5 * P, TW_W));
    setup(t.k, rights_op(6 * P, TW_R));
    unsigned first = exclusive(&t, 8, 8);
    unsigned second = exclusive(&t, 8, 4);
    unsigned one = narrow ? exclusive(&t, 9, 1) : 0;
    unsigned two = narrow ? exclusive(&t, 10, 2) : 0;
    unsigned all = read_n(&t, 8, 8);
    unsigned written = exclusive(&t, 5 * P, 4);
    unsigned readable = exclusive(&t, 6 * P, 8);
    unsigned still = read_n(&t, 6 * P, 8);
    unsigned repaired = exclusive(&t, 6 * P + 8, 8);
    during(&t, rights_op(6 * P, TW_R | TW_W));
    unsigned after = read_n(&t, 6 * P + 8, 8);
    run_kit(t.k);
    expect_value(&t, first, initial_bytes(t.a, 8, 8));
    expect_value(&t, second, tag_bytes(first, 0, 4));
    if (narrow) {
        expect_value(&t, one, tag_bytes(second, 1, 1));
        expect_value(&t, two, tag_bytes(second, 2, 2));
    }
    expect_value(
        &t, all,
        tag_bytes(second, 0, 1) |
            (narrow ? tag_bytes(one, 0, 1) << 8 | tag_bytes(two, 0, 2) << 16
                    : tag_bytes(second, 1, 3) << 8) |
            tag_bytes(first, 4, 4) << 32);
    expect_class(t.k, written, TW_CLASS_PAGE_FAULT);
    expect_class(t.k, readable, TW_CLASS_PAGE_FAULT);
    expect_value(&t, still, initial_bytes(t.a, 6 * P, 8));
    expect_value(&t, repaired, initial_bytes(t.a, 6 * P + 8, 8));
    expect_value(&t, after, tag_bytes(repaired, 0, 8));
    region(t.k, TW_REGION_MMIO, t.root, DEVICE, P);
    g_assert_false(
        tw_dialect_admits(tw_target_dialect(t.k->target), &t.k->p, NULL, 0));
}

static unsigned pair(const Board *t, TwOpCode code, uint64_t addr, uint8_t size)
{
    unsigned first = add_op(t->k, access_op(code, 0, 0, addr, size));
    TwOp op = access_op(code, 0, 0, addr + size, size);

    op.flags |= TW_OPF_PAIRED;
    add_op(t->k, op);
    return first;
}

/* Two loads or two stores by one instruction; RISC-V has none, and beside a
 * device they are not in the dialect. */
static void test_pair(void)
{
    g_auto(Board) t = {.k = kit_new(target_name)};
    const TwDialect *dialect = tw_target_dialect(t.k->target);

    t.root = new_space(t.k);
    t.a = region(t.k, TW_REGION_RAM, t.root, 0, 8 * P);
    cpu(t.k, 3, 0);
    pages(t.k, 0, 0, 0, 8);
    setup(t.k, rights_op(5 * P, TW_R));
    setup(t.k, rights_op(6 * P, 0));
    unsigned wide = pair(&t, TW_OP_WRITE, 16, 8);
    unsigned narrow = pair(&t, TW_OP_WRITE, 4 * P - 6, 4);
    unsigned wide_again = pair(&t, TW_OP_READ, 16, 8);
    unsigned narrow_again = pair(&t, TW_OP_READ, 4 * P - 6, 4);
    unsigned no_load = pair(&t, TW_OP_READ, 6 * P - 8, 8);
    unsigned no_store = pair(&t, TW_OP_WRITE, 6 * P - 4, 4);
    unsigned neither = pair(&t, TW_OP_READ, 8 * P - 4, 4);
    if (!(dialect->op_flags & TW_OPF_PAIRED)) {
        g_assert_nonnull(strstr(target_name, "riscv"));
        g_assert_false(tw_dialect_admits(dialect, &t.k->p, NULL, 0));
        return;
    }
    run_kit(t.k);
    expect_value(&t, wide_again, tag_bytes(wide, 0, 8));
    expect_value(&t, wide_again + 1, tag_bytes(wide + 1, 0, 8));
    expect_value(&t, narrow_again, tag_bytes(narrow, 0, 4));
    expect_value(&t, narrow_again + 1, tag_bytes(narrow + 1, 0, 4));
    for (unsigned half = 0; half < 2; half++) {
        expect_class(t.k, no_load + half, TW_CLASS_PAGE_FAULT);
        expect_class(t.k, no_store + half, TW_CLASS_PAGE_FAULT);
        expect_class(t.k, neither + half, TW_CLASS_PAGE_FAULT);
    }
    region(t.k, TW_REGION_MMIO, t.root, DEVICE, P);
    g_assert_false(tw_dialect_admits(dialect, &t.k->p, NULL, 0));
}

/* A call that fails inside an access: the run ends there, and nothing is said
 * of the access.  Two pages up to the last address; the library loses the
 * second when the first is unmapped. */
static void test_broken(void)
{
    g_autoptr(Kit) k = kit_new("unicorn:arm64@last");
    Board t = {.k = k, .root = new_space(k)};
    enum { END = 0x400000 };

    region(k, TW_REGION_RAM, t.root, END - 2 * P, 2 * P);
    cpu(k, 3, 0);
    pages(k, 0, 0, END - 2 * P, 2);
    read_n(&t, END - 2 * P, 1);
    unsigned r = read_n(&t, 0, 1);
    during(&t, unpage_op(END - 2 * P));
    during(&t, unpage_op(END - P));
    g_assert_true(tw_target_run(k->target, &k->p, &k->trace));
    if (is_library(2, 0, 1)) {
        g_assert_cmpint(k->trace.end, ==, TW_END_INVARIANT);
        g_assert_cmpuint(k->trace.end_op, ==, r + 2);
        g_assert_cmpuint(k->trace.n_ops, ==, r);
    }
}

typedef struct HookTest {
    const char *target;
    void (*test)(void);
} HookTest;

static void hook_test(const void *data)
{
    const HookTest *test = data;

    target_name = test->target;
    test->test();
    target_name = "unicorn";
}

int main(int argc, char **argv)
{
    static const char *const targets[] = {
        "unicorn", "unicorn:x86-64", "unicorn:riscv64", "unicorn:arm64@high"};
    static HookTest tests[G_N_ELEMENTS(targets)][7];

    g_test_init(&argc, &argv, NULL);
    for (unsigned i = 0; i < G_N_ELEMENTS(targets); i++) {
        g_autofree char *handled =
            g_strdup_printf("/%s/LA-47/handled", targets[i]);
        g_autofree char *inside =
            g_strdup_printf("/%s/LA-47/during", targets[i]);
        g_autofree char *swaps =
            g_strdup_printf("/%s/LA-25/exchange", targets[i]);
        g_autofree char *narrow =
            g_strdup_printf("/%s/LA-25/narrow-exchange", targets[i]);
        g_autofree char *exclusive =
            g_strdup_printf("/%s/LA-56/exclusive", targets[i]);
        g_autofree char *two = g_strdup_printf("/%s/LA-59/pair", targets[i]);
        g_autofree char *host = g_strdup_printf("/%s/LA-47/host", targets[i]);

        tests[i][0] = (HookTest){targets[i], test_handled};
        tests[i][1] = (HookTest){targets[i], test_during};
        tests[i][2] = (HookTest){targets[i], test_host};
        tests[i][3] = (HookTest){targets[i], test_exchange};
        tests[i][4] = (HookTest){targets[i], test_narrow_exchange};
        tests[i][5] = (HookTest){targets[i], test_exclusive};
        tests[i][6] = (HookTest){targets[i], test_pair};
        g_test_add_data_func(exclusive, &tests[i][5], hook_test);
        g_test_add_data_func(two, &tests[i][6], hook_test);
        g_test_add_data_func(handled, &tests[i][0], hook_test);
        g_test_add_data_func(inside, &tests[i][1], hook_test);
        g_test_add_data_func(host, &tests[i][2], hook_test);
        g_test_add_data_func(swaps, &tests[i][3], hook_test);
        if (strstr(targets[i], "riscv") == NULL) {
            g_test_add_data_func(narrow, &tests[i][4], hook_test);
        }
    }
    g_test_add_func("/unicorn/LA-47/broken", test_broken);
    return g_test_run();
}
