/* SPDX-License-Identifier: MIT */
/*
 * Pairs (LA-59): both accesses are made, or both are refused with the worse
 * class.  The stand-in makes each by itself; where one is refused, the test
 * changes what it says of the other.
 *
 *          0x0     0x40   0x80   0xc0   0x100   0x140
 *   s0 r0: | r1 ram              | hole | r2 mmio |
 *   c0.0:  | rwx   | r    | rwx  | rwx  | rwx     | nothing
 */
#include "oracle/test/test-support.h"

#include <glib.h>
#include <string.h>

#define TOPOLOGY \
    "twinwalk 1\npage 64\n" \
    "region r0 container size 0x1000 root s0\n" \
    "region r1 ram size 0xc0 in r0 at 0x0\n" \
    "region r2 mmio size 0x40 in r0 at 0x100\n" \
    "cpu c0\nmmu c0.0 space s0\n" \
    "setup\n" \
    "  page c0.0 0x0 -> 0x0 size 0x40 rwx\n" \
    "  page c0.0 0x40 -> 0x40 size 0x40 r\n" \
    "  page c0.0 0x80 -> 0x80 size 0x40 rwx\n" \
    "  page c0.0 0xc0 -> 0xc0 size 0x40 rwx\n" \
    "  page c0.0 0x100 -> 0x100 size 0x40 rwx\n" \
    "script\n"

static TestTarget *start(const char *script)
{
    g_autofree char *text = g_strconcat(TOPOLOGY, script, NULL);
    TwProgram *program = test_program(text);
    TestTarget *target = test_target_new(program);

    test_target_run(target, true);
    return target;
}

static void finish(TestTarget *target)
{
    g_free((void *)(uintptr_t)target->program);
    test_target_free(target);
}

static void refuse(TestTarget *target, unsigned op, TwClass class_)
{
    TwOutcome *outcome = &target->trace->outcomes[op];

    outcome->class_ = (uint8_t)class_;
    outcome->value = 0;
    outcome->n_locations = 0;
}

static void made(void)
{
    static const char *const scripts[] = {
        "  read c0.0 0x0 8\n  read c0.0 0x8 8 paired\n",
        "  write c0.0 0x0 4\n  write c0.0 0x4 4 paired\n",
        "  read c0.0 0x3a 4\n  read c0.0 0x3e 4 paired\n",
        "  write c0.0 0x108 8\n  write c0.0 0x110 8 paired\n",
        "  read c0.0 0x100 4\n  read c0.0 0x104 4 paired\n",
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(scripts); i++) {
        TestTarget *target = start(scripts[i]);

        test_judge(target, TW_VERDICT_AGREE);
        finish(target);
    }
}

/* Both have the worse class; any other is a finding, at the first access that
 * has it. */
static void refused(void)
{
    static const struct {
        const char *script;
        TwClass class_;
    } rows[] = {
        {"  read c0.0 0xb8 8\n  read c0.0 0xc0 8 paired\n",
         TW_CLASS_DECODE_ERROR},
        {"  read c0.0 0xf8 8\n  read c0.0 0x100 8 paired\n",
         TW_CLASS_DECODE_ERROR},
        {"  read c0.0 0x138 8\n  read c0.0 0x140 8 paired\n",
         TW_CLASS_PAGE_FAULT},
        {"  write c0.0 0x78 8\n  write c0.0 0x80 8 paired\n",
         TW_CLASS_PAGE_FAULT},
        {"  write c0.0 0x38 8\n  write c0.0 0x40 8 paired\n",
         TW_CLASS_PAGE_FAULT},
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
        for (unsigned first = 0; first < TW_CLASSES; first++) {
            for (unsigned second = 0; second < TW_CLASSES; second++) {
                TestTarget *target = start(rows[i].script);
                bool right = first == rows[i].class_ && second == first;
                TwOracle *oracle = tw_oracle_new();
                TwDialect dialect = test_dialect();
                TwFinding finding;

                refuse(target, 0, first);
                refuse(target, 1, second);
                tw_judge(oracle, target->program, &dialect, &target->contract,
                         "x", target->trace, &finding, NULL);
                /* What the stand-in has done all the same is another one. */
                g_assert_cmpint(finding.verdict > TW_VERDICT_AGREE_STALE &&
                                    finding.verdict != TW_VERDICT_EFFECT,
                                ==, !right);
                g_assert_true(right || finding.op < 2);
                tw_oracle_free(oracle);
                finish(target);
            }
        }
    }
}

/* What is wrong with a store of which the first half took place is held against
 * this half; a second that should be refused, against the second. */
static void half_made(void)
{
    TestTarget *target =
        start("  write c0.0 0x38 8\n  write c0.0 0x40 8 paired\n");
    const TwFinding *finding = test_judge(target, TW_VERDICT_PERM);

    g_assert_cmpuint(finding->op, ==, 0);
    g_assert_nonnull(strstr(finding->text, "LA-59"));
    finish(target);
    target = start("  write c0.0 0x78 8\n  write c0.0 0x80 8 paired\n");
    finding = test_judge(target, TW_VERDICT_PERM);
    g_assert_cmpuint(finding->op, ==, 1);
    finish(target);
}

/* The page of the second is gone, without a flush or with one. */
static void old(const char *flush, TwVerdict expected)
{
    for (unsigned first = 0; first < 2; first++) {
        for (unsigned second = 0; second < 2; second++) {
            g_autofree char *script = g_strdup_printf(
                "  read c0.0 0x40 8\n  unpage c0.0 0x40 size 0x40\n  %s\n"
                "  read c0.0 0x38 8\n  read c0.0 0x40 8 paired\n",
                flush);
            g_autofree char *text = g_strconcat(TOPOLOGY, script, NULL);
            TwProgram *program = test_program(text);
            TestTarget *target = test_target_new(program);
            const TwFinding *finding;

            target->as_of[4] = 1;
            target->topology[4] = target->hops[4] = UINT8_MAX;
            test_target_run(target, true);
            if (first) {
                refuse(target, 3, TW_CLASS_PAGE_FAULT);
            }
            if (second) {
                refuse(target, 4, TW_CLASS_PAGE_FAULT);
            }
            if (first == 0 && second == 0) {
                finding = test_judge(target, expected);
                g_assert_true(expected == TW_VERDICT_AGREE_STALE ||
                              finding->op == 4);
            } else if (first == 1 && second == 1) {
                test_judge(target, TW_VERDICT_AGREE);
            } else {
                finding = test_judge(target, TW_VERDICT_PERM);
                g_assert_cmpuint(finding->op, ==, first ? 4 : 3);
            }
            finish(target);
        }
    }
}

static void window_open(void)
{
    old("nop", TW_VERDICT_AGREE_STALE);
}

static void window_closed(void)
{
    old("flush-page c0.0 0x40", TW_VERDICT_STALE);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/paired/LA-59/made", made);
    g_test_add_func("/paired/LA-59/refused", refused);
    g_test_add_func("/paired/LA-59/half-made", half_made);
    g_test_add_func("/paired/LA-59/window-open", window_open);
    g_test_add_func("/paired/LA-59/window-closed", window_closed);
    return g_test_run();
}
