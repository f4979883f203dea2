/* SPDX-License-Identifier: MIT */
/*
 * The verdict `self`: linked with all of the oracle except flat.c, and with a
 * second walker that gives wrong answers on request.  A judge that ignores the
 * second walker would pass all other tests.
 *
 *          0x0        0x1000
 *   s0 r0: | r1 ram   | hole
 */
#include "oracle/test/test-support.h"

#include <glib.h>

static bool lying;
static unsigned asked;

bool tw_flat_agrees(const TwWorld *world, const TwAccess *access, uint8_t mask,
                    TwTimes times)
{
    (void)world;
    (void)access;
    (void)mask;
    (void)times;
    asked++;
    return !lying;
}

#define TOPOLOGY \
    "twinwalk 1\npage 64\n" \
    "region r0 container size 0x10000\n" \
    "region r1 ram size 0x1000 in r0 at 0x0\n" \
    "space s0 root r0\n" \
    "cpu c0 tlb 4\nmmu c0.0 space s0\n" \
    "setup\n" \
    "  page c0.0 0x0 -> 0x0 size 0x2000 rwx\n" \
    "script\n"

/* A difference that the second walker does not confirm is ours. */
static void test_difference(void)
{
    g_autofree TwProgram *program =
        test_program(TOPOLOGY "  read c0.0 0x10 4\n");
    TestTarget *target = test_target_new(program);
    const TwFinding *finding;

    test_target_run(target, true);
    target->trace->outcomes[0].value ^= 1;
    lying = false;
    asked = 0;
    finding = test_judge(target, TW_VERDICT_WRONG);
    g_assert_cmpuint(asked, >, 0);
    lying = true;
    finding = test_judge(target, TW_VERDICT_SELF);
    g_assert_true(g_str_has_prefix(finding->key, "Slf"));
    g_assert_cmpuint(finding->op, ==, 0);
    test_target_free(target);
}

/* Where target and first walker agree, one access in 64 is asked about. */
static void test_sample(void)
{
    g_autoptr(GString) text = g_string_new(TOPOLOGY);
    g_autofree TwProgram *program = NULL;
    TestTarget *target;

    for (unsigned i = 0; i < 400; i++) {
        g_string_append_printf(text, "  read c0.0 0x%x 4\n", i * 8);
    }
    program = test_program(text->str);
    target = test_target_new(program);
    test_target_run(target, true);
    lying = false;
    asked = 0;
    test_judge(target, TW_VERDICT_AGREE);
    g_assert_cmpuint(asked, >=, 1);
    g_assert_cmpuint(asked, <=, 40);
    lying = true;
    test_judge(target, TW_VERDICT_SELF);
    test_target_free(target);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/self/difference-not-confirmed", test_difference);
    g_test_add_func("/self/sample-of-agreements", test_sample);
    return g_test_run();
}
