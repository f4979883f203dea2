/* SPDX-License-Identifier: MIT */
/* Code words (LA-44): the instructions that LANGUAGE.md names, and numbers that
 * come back. */
#include <glib.h>

#include "program/runs.h"

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
    for (unsigned c = TW_CONTENTS_CODE; c < TW_CONTENTS_RUNS; c++) {
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
    for (unsigned c = TW_CONTENTS_CODE; c < TW_CONTENTS_RUNS; c++) {
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

/* LA-52, as an assembler writes them; and which words of a run return. */
static void test_run_words(void)
{
    static const struct {
        unsigned contents;
        uint64_t on, last;
    } words[] = {
        {TW_CONTENTS_RUNS, UINT64_C(0xd503201ff2c0a460),
         UINT64_C(0xd65f03c0f280a460)},
        {TW_CONTENTS_RUNS_X86_64, UINT64_C(0x10e0c1480523b866),
         UINT64_C(0xe3ff41900523b866)},
        {TW_CONTENTS_RUNS_RISCV64, UINT64_C(0x0001054252350513),
         UINT64_C(0x8082000152350513)},
        {TW_CONTENTS_RUNS_THUMB, UINT64_C(0xf3bf5223f2404000),
         UINT64_C(0x47705023f2408f6f)},
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(words); i++) {
        unsigned c = words[i].contents;

        g_assert_cmphex(tw_run_word(c, 0xff8, 0x523), ==, words[i].on);
        g_assert_cmphex(tw_run_word(c, 0x1008, 0x523), ==, words[i].last);
        for (unsigned n = 1; n < 0x800; n++) {
            g_assert_cmpuint(
                tw_run_number(c, tw_run_word(c, 8 * n, (uint16_t)n)), ==, n);
        }
    }
    /* Thumb: each word of a run has other halves. */
    g_assert_cmphex(tw_run_word(TW_CONTENTS_RUNS_THUMB, 0xff0, 0x523), ==,
                    UINT64_C(0xf8c55323f2401c00));
    g_assert_cmphex(tw_run_word(TW_CONTENTS_RUNS_THUMB, 0x1000, 0x523), ==,
                    UINT64_C(0xf3bf5123f2408f4f));
    for (unsigned i = 0; i < 4; i++) {
        g_assert_cmpuint(tw_run_length(0xff0 + 8 * i), ==, 4 - i);
    }
}

/* The same numbers in a result, whether the run came to its end or not. */
static void test_run_numbers(void)
{
    g_assert_cmphex(tw_run_numbers(0), ==, 0);
    g_assert_cmphex(tw_run_numbers(UINT64_C(0x0001000200030004)), ==,
                    UINT64_C(0x0004000300020001));
    g_assert_cmphex(tw_run_numbers(UINT64_C(0x0000000100020000)), ==,
                    UINT64_C(0x00020001));
    for (unsigned n = 0; n < 4096; n++) {
        g_assert_cmpuint(tw_run_initial(7, n), >, 0);
        g_assert_cmpuint(tw_run_initial(7, n), <, 0x400);
        g_assert_cmpuint(tw_run_stored(n) & ~0x1ff, ==, 0x400);
        g_assert_cmpuint(tw_run_device(7, n) & ~0x1ff, ==, 0x600);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/code/LA-44/words", test_words);
    g_test_add_func("/code/LA-44/numbers", test_numbers);
    g_test_add_func("/code/LA-46/access", test_access);
    g_test_add_func("/code/LA-52/words", test_run_words);
    g_test_add_func("/code/LA-52/numbers", test_run_numbers);
    return g_test_run();
}
