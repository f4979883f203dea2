/* SPDX-License-Identifier: MIT */
/* The board that tests of the target "unicorn" stand on, and its operations. */
#ifndef TW_TARGETS_UNICORN_TEST_BOARD_H
#define TW_TARGETS_UNICORN_TEST_BOARD_H

#include "program/text/text.h"
#include "targets/softmmu/test-kit.h"
#include "targets/unicorn/class.h"
#include "targets/unicorn/library.h"

/*
 *   0x00000 ram a .... 0x08000      0x10000 device ... 0x14000
 *   0x20000 alias of a's pages 2, 3 0x22000
 *   0x30000 ram b .... 0x38000      nothing else
 *
 * All of these pages, and hole 0x40000 .. 0x42000, have entries rwx.
 */
typedef struct Board {
    Kit *k;
    uint8_t root, a, device, alias, b;
} Board;

/* The target that boards are made for. */
static const char *target_name = "unicorn";
/* The code contents of the latest code board. */
static unsigned code_contents = TW_CONTENTS_CODE;

enum { DEVICE = 0x10000, ALIAS = 0x20000, B = 0x30000, HOLE = 0x40000 };

static inline Board board_new(void)
{
    Board t = {.k = kit_new(target_name)};
    Kit *k = t.k;

    t.root = new_space(k);
    t.a = region(k, TW_REGION_RAM, t.root, 0, 8 * P);
    t.device = region(k, TW_REGION_MMIO, t.root, DEVICE, 4 * P);
    t.alias = alias(k, t.root, ALIAS, 2 * P, t.a, 2 * P);
    t.b = region(k, TW_REGION_RAM, t.root, B, 8 * P);
    cpu(k, 3, 0);
    pages(k, 0, 0, 0, 8);
    pages(k, 0, 0, DEVICE, 4);
    pages(k, 0, 0, ALIAS, 2);
    pages(k, 0, 0, B, 8);
    pages(k, 0, 0, HOLE, 2);
    return t;
}

/* The same with words in RAM that can be executed. */
static inline Board code_board_new(void)
{
    Board t = board_new();

    code_contents = tw_dialect_code(tw_target_dialect(t.k->target));
    t.k->p.contents = (uint8_t)code_contents;
    return t;
}

static inline unsigned read_n(const Board *t, uint64_t addr, uint8_t size)
{
    return add_op(t->k, access_op(TW_OP_READ, 0, 0, addr, size));
}

static inline unsigned write_n(const Board *t, uint64_t addr, uint8_t size)
{
    return add_op(t->k, access_op(TW_OP_WRITE, 0, 0, addr, size));
}

static inline unsigned exec_8(const Board *t, uint64_t addr)
{
    return add_op(t->k, access_op(TW_OP_EXEC, 0, 0, addr, 8));
}

static inline TwOp rights_op(uint64_t addr, uint8_t rights)
{
    return page_op(0, 0, addr, addr, 12, rights);
}

static inline unsigned rights(const Board *t, uint64_t addr, uint8_t r)
{
    return add_op(t->k, rights_op(addr, r));
}

static inline TwOp unpage_op(uint64_t addr)
{
    TwOp op = at_op(TW_OP_UNPAGE, 0, addr);

    op.lg = 12;
    return op;
}

static inline void expect_value(const Board *t, unsigned op, uint64_t value)
{
    expect_class(t->k, op, TW_CLASS_OK);
    g_assert_cmphex(t->k->trace.outcomes[op].value, ==, value);
}

/* n bytes, from the first byte `skip` on, of what operation `op` stored. */
static inline uint64_t tag_bytes(unsigned op, unsigned skip, unsigned n)
{
    uint64_t value = 0;

    for (unsigned i = 0; i < n; i++) {
        value |= (uint64_t)tw_store_tag(op, skip + i) << 8 * i;
    }
    return value;
}

static inline uint64_t word(uint16_t number)
{
    return tw_code_word(code_contents, number);
}

static inline uint64_t device_bytes(const Board *t, uint64_t offset, unsigned n)
{
    uint64_t value = 0;

    for (unsigned i = 0; i < n; i++) {
        value |= (uint64_t)tw_device_byte(t->device, offset + i, 0) << 8 * i;
    }
    return value;
}

/* How many records of the log are no reads. */
static inline unsigned n_told(const Board *t)
{
    unsigned n = 0;

    for (unsigned i = 0; i < t->k->trace.n_log; i++) {
        n += t->k->trace.log[i].kind != TW_LOG_READ;
    }
    return n;
}

/* Record `n` of those that are no reads, and those behind it, are `size` bytes
 * at offset. */
static inline void expect_log(const Board *t, unsigned n, unsigned op,
                              unsigned kind, uint64_t offset, unsigned size)
{
    const TwLogRecord *r = t->k->trace.log;

    g_assert_cmpuint(n_told(t), >=, n + size);
    for (unsigned i = 0; i < n + size; i++, r++) {
        while (r->kind == TW_LOG_READ) {
            r++;
        }
        if (i < n) {
            continue;
        }
        g_assert_cmpuint(r->op, ==, op);
        g_assert_cmpuint(r->kind, ==, kind);
        g_assert_cmpuint(r->region, ==, t->device);
        g_assert_cmphex(r->offset, ==, offset + (i - n));
        g_assert_cmphex(r->byte, ==,
                        kind == TW_LOG_WRITE ? tw_store_tag(op, i - n) : 0);
    }
}

static inline unsigned installed_release(void)
{
    GError *error = NULL;
    Library lib;

    tw_uc_library_open(&lib, "test", NULL, &error);
    g_assert_no_error(error);
    return lib.release;
}

static inline bool is_library(unsigned major, unsigned minor, unsigned patch)
{
    return installed_release() == TW_UC_RELEASE(major, minor, patch);
}

static inline void board_free(Board *t)
{
    kit_free(t->k);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Board, board_free)

#endif
