/* SPDX-License-Identifier: MIT */
/* Which contents the header of the byte form says (LA-44, LA-52). */
#include <glib.h>

#include "program/bytes/bytes.h"

/* The header bit that says code, where there is code. */
static void test_contents(void)
{
#define HAS(of) (1u << TW_CONTENTS_##of)
    static const struct {
        uint32_t has;        /* of the dialect */
        uint8_t flags, page; /* of the header */
        uint8_t contents;
    } rows[] = {
        {HAS(DATA), 0x80, 0, TW_CONTENTS_DATA},
        {0, 0x80, 0, TW_CONTENTS_DATA}, /* as good as data */
        {HAS(CODE), 0, 0, TW_CONTENTS_CODE},
        {HAS(DATA) | HAS(CODE_RISCV64), 0x80, 0xff, TW_CONTENTS_CODE_RISCV64},
        /* no such contents, but code */
        {((1u << TW_CONTENTS_KINDS) - 1) & ~HAS(RUNS_THUMB), 0x80, 0xff,
         TW_CONTENTS_RUNS},
        {(1u << TW_CONTENTS_KINDS) - 1, 0, 0, TW_CONTENTS_DATA},
        {(1u << TW_CONTENTS_KINDS) - 1, 0x80, 0, TW_CONTENTS_CODE},
    };
#undef HAS
    static uint8_t bytes[64], encoded[TW_BYTES_MAX];
    static TwProgram p;
    TwDialect d = tw_dialect_full();

    for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
        d.contents = rows[i].has;
        bytes[1] = rows[i].flags;
        bytes[2] = rows[i].page;
        tw_program_decode(&p, bytes, 64, &d);
        g_assert_cmpint(p.contents, ==, rows[i].contents);
    }
    for (unsigned c = TW_CONTENTS_CODE; c < TW_CONTENTS_KINDS; c++) {
        bytes[2] = (uint8_t)((c - 1) << 5 | 13);
        tw_program_decode(&p, bytes, 64, &d);
        g_assert_true(p.contents == c && p.page_lg == 13);
        g_assert_cmpuint(tw_program_encode(&p, encoded, sizeof encoded, &d), >,
                         0);
        g_assert_cmphex(encoded[1] & 0x80, ==, 0x80);
        g_assert_cmpint(encoded[2], ==, bytes[2]);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/bytes/contents", test_contents);
    return g_test_run();
}
