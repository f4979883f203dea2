/* SPDX-License-Identifier: MIT */
/* The arena: alignment, limits, resets, failures on purpose. */
#include "program/arena.h"

#include <glib.h>
#include <string.h>

static void test_alignment(void)
{
    TwArena *arena = tw_arena_new(0);
    for (size_t size = 0; size < 100; size++) {
        char *memory = tw_arena_alloc(arena, size);
        g_assert_nonnull(memory);
        g_assert_cmpuint((uintptr_t)memory % 16, ==, 0);
        memset(memory, 0xff, size);
    }
    g_assert_cmpuint(tw_arena_count(arena), ==, 100);
    tw_arena_free(arena);
}

static void test_apart(void)
{
    enum { COUNT = 3000, SIZE = 100 };
    TwArena *arena = tw_arena_new(0);
    unsigned char *all[COUNT];
    for (unsigned i = 0; i < COUNT; i++) {
        all[i] = tw_arena_zalloc(arena, SIZE);
        for (unsigned k = 0; k < SIZE; k++) {
            g_assert_cmpint(all[i][k], ==, 0);
        }
        memset(all[i], (int)(i & 0xff), SIZE);
    }
    for (unsigned i = 0; i < COUNT; i++) {
        g_assert_cmpint(all[i][0], ==, i & 0xff);
        g_assert_cmpint(all[i][SIZE - 1], ==, i & 0xff);
    }
    tw_arena_free(arena);
}

static void test_reset_keeps_memory(void)
{
    TwArena *arena = tw_arena_new(0);
    void *first[200];
    for (unsigned round = 0; round < 5; round++) {
        for (unsigned i = 0; i < 200; i++) {
            char *memory = tw_arena_alloc(arena, 1000);
            memset(memory, (int)round, 1000);
            if (round == 0) {
                first[i] = memory;
            }
            g_assert_true(memory == first[i]);
        }
        /* zalloc clears what the last round left. */
        char *zeros = tw_arena_zalloc(arena, 1000);
        for (unsigned k = 0; k < 1000; k++) {
            g_assert_cmpint(zeros[k], ==, 0);
        }
        memset(zeros, 0xee, 1000);
        tw_arena_reset(arena);
        g_assert_cmpuint(tw_arena_count(arena), ==, 0);
    }
    tw_arena_free(arena);
}

static void test_limit(void)
{
    TwArena *arena = tw_arena_new(4096);
    g_assert_null(tw_arena_alloc(arena, 4097));
    g_assert_null(tw_arena_alloc(arena, SIZE_MAX));
    g_assert_null(tw_arena_alloc(arena, SIZE_MAX - 7));
    for (unsigned round = 0; round < 3; round++) {
        unsigned count = 0;
        while (tw_arena_alloc(arena, 64)) {
            count++;
        }
        g_assert_cmpuint(count, ==, 64);
        g_assert_cmpuint(tw_arena_count(arena), ==, 64);
        tw_arena_reset(arena);
    }
    tw_arena_free(arena);
}

static void test_large(void)
{
    TwArena *arena = tw_arena_new(0);
    char *large = tw_arena_alloc(arena, 10 << 20);
    g_assert_nonnull(large);
    large[0] = large[(10 << 20) - 1] = 1;
    g_assert_nonnull(tw_arena_alloc(arena, 10));
    tw_arena_reset(arena);
    char *small = tw_arena_alloc(arena, 10);
    g_assert_nonnull(small);
    tw_arena_free(arena);
}

/* For each n, the n-th fails and no other. */
static void test_fail_nth(void)
{
    TwArena *arena = tw_arena_new(0);
    for (uint32_t n = 0; n < 12; n++) {
        tw_arena_fail_nth(arena, n);
        uint32_t good = 0;
        for (uint32_t i = 1; i <= 10; i++) {
            void *memory =
                i % 2 ? tw_arena_alloc(arena, 8) : tw_arena_zalloc(arena, 8);
            g_assert_true((memory == NULL) == (i == n));
            good += memory != NULL;
        }
        g_assert_cmpuint(tw_arena_count(arena), ==, good);
        tw_arena_reset(arena);
    }
    tw_arena_fail_nth(arena, 1);
    tw_arena_reset(arena); /* forgets it */
    g_assert_nonnull(tw_arena_alloc(arena, 1));
    tw_arena_free(arena);
    tw_arena_free(NULL);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/arena/alignment", test_alignment);
    g_test_add_func("/arena/apart", test_apart);
    g_test_add_func("/arena/reset-keeps-memory", test_reset_keeps_memory);
    g_test_add_func("/arena/limit", test_limit);
    g_test_add_func("/arena/large", test_large);
    g_test_add_func("/arena/fail-nth", test_fail_nth);
    return g_test_run();
}
