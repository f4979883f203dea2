/* SPDX-License-Identifier: MIT */
/* Code words (LA-44): the instructions that LANGUAGE.md names, and numbers that
 * come back. */
#include <glib.h>

#include "program/code.h"

/* As an assembler writes them. */
static void test_words(void)
{
    g_assert_cmphex(tw_code_word(TW_CONTENTS_CODE, 0x1234), ==,
                    UINT64_C(0xd65f03c0d2824680));
    g_assert_cmphex(tw_code_word(TW_CONTENTS_CODE_X86_64, 0x1234), ==,
                    UINT64_C(0xe3ff41901234b866));
    g_assert_cmphex(tw_code_word(TW_CONTENTS_CODE_RISCV64, 0x1234), ==,
                    UINT64_C(0x0000806701234537));
    for (unsigned k = 0; k < 8; k++) {
        g_assert_cmphex(tw_code_byte(TW_CONTENTS_CODE, 0x1234, k), ==,
                        UINT64_C(0xd65f03c0d2824680) >> 8 * k & 0xff);
    }
}

static void test_numbers(void)
{
    for (unsigned c = TW_CONTENTS_CODE; c < TW_CONTENTS_KINDS; c++) {
        for (unsigned n = 1; n <= UINT16_MAX; n++) {
            uint64_t result = tw_code_result(c, (uint16_t)n);

            g_assert_cmpuint(tw_code_number(c, result), ==, n);
            g_assert_cmpuint(tw_code_number_at(c, tw_code_word(c, (uint16_t)n)),
                             ==, n);
            g_assert_cmpuint(tw_code_number(c, result | UINT64_C(1) << 40), ==,
                             0);
        }
    }
    g_assert_cmpuint(tw_code_number(TW_CONTENTS_CODE_RISCV64, 0x1001), ==, 0);
}

/* The access words are eight different ones, and stand where they are looked
 * for. */
static void test_access(void)
{
    for (unsigned c = TW_CONTENTS_CODE; c < TW_CONTENTS_KINDS; c++) {
        for (unsigned n = 0; n < 8; n++) {
            uint64_t at = tw_code_access_place(n >= 4, 1u << n % 4);

            g_assert_cmphex(at, ==, 0xfc0 + 8 * n);
            g_assert_true(tw_code_is_access(at));
            for (unsigned k = 0; k < n; k++) {
                g_assert_cmphex(tw_code_access_word(c, n), !=,
                                tw_code_access_word(c, k));
            }
            for (unsigned k = 0; k < 8; k++) {
                g_assert_cmphex(tw_code_access_byte(c, 0x5000 + at + k), ==,
                                tw_code_access_word(c, n) >> 8 * k & 0xff);
            }
        }
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/code/LA-44/words", test_words);
    g_test_add_func("/code/LA-44/numbers", test_numbers);
    g_test_add_func("/code/LA-46/access", test_access);
    return g_test_run();
}
