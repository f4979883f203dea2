/* SPDX-License-Identifier: MIT */
/* The module for AFL++, driven as afl-fuzz does, and the trimmer. */
#include "fuzz/harness/afl-mutator.h"

#include <glib.h>
#include <string.h>

#include "fuzz/generate/generate.h"
#include "fuzz/harness/harness.h"
#include "program/bytes/bytes.h"
#include "program/legality.h"
#include "program/ops.h"

enum { MOST = 2048 };

static TwProgram program, other;
static uint8_t input[TW_BYTES_MAX], second[TW_BYTES_MAX];

/* An input of a random program. */
static size_t make_input(uint8_t *bytes, unsigned number)
{
    const TwDialect *dialect = tw_harness_dialect(TW_AFL_HARNESS);
    TwDialect small = *dialect;
    TwRng rng = tw_rng_for(5, number);

    small.max_script = 64;
    tw_generate(&program, (TwProfile)(number % TW_PROFILES), &small, &rng);
    size_t size = tw_program_encode(&program, bytes, TW_BYTES_MAX, dialect);
    g_assert_cmpuint(size, >, 0);
    return size;
}

static void assert_is_program(const uint8_t *bytes, size_t size)
{
    const TwDialect *dialect = tw_harness_dialect(TW_AFL_HARNESS);
    char why[256] = "";

    tw_program_decode(&other, bytes, size, dialect);
    if (!tw_program_check(&other, why, sizeof(why))) {
        g_error("%s", why);
    }
}

static void test_fuzz(void)
{
    void *mutator = afl_custom_init(NULL, 1);
    unsigned changed = 0, crossed = 0;
    enum { N = 600 };

    for (unsigned i = 0; i < N; i++) {
        size_t size = make_input(input, i);
        size_t size2 = make_input(second, i + 1);
        size_t most = i % 3 == 0 ? 700 : MOST;
        uint8_t *out = NULL;
        size_t n =
            afl_custom_fuzz(mutator, input, size, &out, second, size2, most);

        g_assert_cmpuint(n, >, 0);
        g_assert_cmpuint(n, <=, most);
        assert_is_program(out, n);
        changed += n != size || memcmp(out, input, n) != 0;
        /* Without another input it cannot cross. */
        n = afl_custom_fuzz(mutator, input, size, &out, NULL, 0, most);
        g_assert_cmpuint(n, <=, most);
        crossed += n > 0;
    }
    g_assert_cmpuint(changed, >, N * 8 / 10);
    g_assert_cmpuint(crossed, ==, N);
    afl_custom_deinit(mutator);
}

/* The same seed, the same inputs. */
static void test_seed(void)
{
    g_autoptr(GString) first = g_string_new(NULL);
    size_t size = make_input(input, 3);

    for (unsigned round = 0; round < 3; round++) {
        g_autoptr(GString) text = g_string_new(NULL);
        void *mutator = afl_custom_init(NULL, round / 2);

        for (unsigned i = 0; i < 16; i++) {
            uint8_t *out;
            size_t n =
                afl_custom_fuzz(mutator, input, size, &out, NULL, 0, MOST);
            g_string_append_len(text, (const char *)out, (gssize)n);
        }
        afl_custom_deinit(mutator);
        if (round == 0) {
            g_string_append_len(first, text->str, (gssize)text->len);
        } else {
            g_assert_cmpint(g_string_equal(first, text), ==, round == 1);
        }
    }
}

typedef bool (*Same)(const uint8_t *bytes, size_t size);

static unsigned count(unsigned code)
{
    unsigned n = 0;

    for (unsigned i = 0; i < other.n_script; i++) {
        n += other.script[i].code == code;
    }
    return n;
}

static bool always(const uint8_t *bytes, size_t size)
{
    return size > 0 && bytes != NULL;
}

static bool never(const uint8_t *bytes, size_t size)
{
    return size == 0 && bytes != NULL;
}

static bool reads(const uint8_t *bytes, size_t size)
{
    tw_program_decode(&other, bytes, size, tw_harness_dialect(TW_AFL_HARNESS));
    return count(TW_OP_READ) > 0;
}

/* Trims as afl-fuzz does; returns the size that is left. */
static size_t trim(void *mutator, uint8_t *bytes, size_t size, Same same)
{
    int32_t last = afl_custom_init_trim(mutator, bytes, size);
    unsigned steps = 0;

    for (int32_t step = 0; step < last; steps++) {
        uint8_t *out = NULL;
        size_t n = afl_custom_trim(mutator, &out);
        bool kept = same(out, n);

        /* afl-fuzz gives up altogether if it were longer. */
        g_assert_cmpuint(n, <, size);
        assert_is_program(out, n);
        if (kept) {
            memcpy(bytes, out, n);
            size = n;
        }
        step = afl_custom_post_trim(mutator, kept);
    }
    g_assert_cmpuint(steps, <=, 192);
    return size;
}

static void test_trim(void)
{
    void *mutator = afl_custom_init(NULL, 1);
    unsigned with_reads = 0;
    size_t before = 0, after = 0;

    for (unsigned i = 0; i < 200; i++) {
        size_t size = make_input(input, i);
        bool read = reads(input, size);

        g_assert_cmpuint(trim(mutator, input, size, never), ==, size);
        if (read) {
            size_t left = trim(mutator, input, size, reads);
            g_assert_true(reads(input, left));
            g_assert_cmpuint(other.n_script, <=, 3);
            with_reads++;
            before += size;
            after += left;
        } else {
            size_t left = trim(mutator, input, size, always);
            tw_program_decode(&other, input, left,
                              tw_harness_dialect(TW_AFL_HARNESS));
            g_assert_cmpuint(other.n_script, <=, 1);
        }
    }
    g_assert_cmpuint(with_reads, >, 100);
    g_assert_cmpuint(after * 4, <, before);
    afl_custom_deinit(mutator);
}

/* Bytes that stand for a program the long way, or for nearly none. */
static void test_trim_bytes(void)
{
    void *mutator = afl_custom_init(NULL, 1);

    for (unsigned i = 0; i < 300; i++) {
        TwRng rng = tw_rng_for(9, i);
        size_t size = tw_rng_below(&rng, 600);

        for (size_t at = 0; at < size; at++) {
            input[at] = (uint8_t)tw_rng_next(&rng);
        }
        size_t left = trim(mutator, input, size, always);
        g_assert_cmpuint(left, <=, size);
    }
    afl_custom_deinit(mutator);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/afl/fuzz", test_fuzz);
    g_test_add_func("/afl/seed", test_seed);
    g_test_add_func("/afl/trim", test_trim);
    g_test_add_func("/afl/trim-bytes", test_trim_bytes);
    return g_test_run();
}
