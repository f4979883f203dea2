/* SPDX-License-Identifier: MIT */
/*
 * Compares two traces of one program: what must be equal, the verdict of a
 * difference, and what may differ.
 *
 *          0x0         0x1000      0x2000
 *   s0 r0: | r1 ram    | r2 mmio   | hole        c0.0 is 1:1
 */
#include <glib.h>
#include <string.h>

#include "oracle/judge/pair.h"
#include "oracle/test/test-support.h"

#define HEAD \
    "twinwalk 1\npage 4096\nhops 2\ncontents code\n" \
    "region r0 container size 0x10000\n" \
    "region r1 ram size 0x1000 in r0 at 0x0\n" \
    "region r2 mmio size 0x1000 in r0 at 0x1000\n" \
    "space s0 root r0\ncpu c0 tlb 4\nmmu c0.0 space s0\n" \
    "setup\n  page c0.0 0x0 -> 0x0 size 0x4000 rwx\nscript\n"

static const TwContract contract = {.ends = TW_ENDS_COMMIT,
                                    .code = TW_CODE_ALL_STORES};

typedef struct Two {
    TwProgram *program;
    TwTrace *seen, *right;
    TwFinding finding;
    TwJudgeStats stats;
} Two;

static Two two(const char *script)
{
    g_autofree char *text = g_strconcat(HEAD, script, NULL);
    Two t = {.program = test_program(text)};
    TestTarget *target = test_target_new(t.program);

    target->contract = contract;
    test_target_run(target, false);
    t.seen = g_memdup2(target->trace, sizeof(*target->trace));
    t.right = g_memdup2(target->trace, sizeof(*target->trace));
    test_target_free(target);
    return t;
}

static void judge(Two *t, TwVerdict expected, const char *key)
{
    memset(&t->stats, 0, sizeof(t->stats));
    g_assert_cmpint(tw_judge_pair(t->program, &contract, "unicorn-ab", t->seen,
                                  t->right, &t->finding, &t->stats),
                    ==, expected);
    g_assert_cmpint(t->finding.verdict, ==, expected);
    g_assert_cmpstr(t->finding.key, ==, key);
}

static void clear(Two *t)
{
    g_free(t->program);
    g_free(t->seen);
    g_free(t->right);
}

static void equal(void)
{
    Two t = two("  read c0.0 0x8 8\n  write c0.0 0x1008 8\n"
                "  exec c0.0 0x8 8\n  read c0.0 0x2000 8\n");

    judge(&t, TW_VERDICT_AGREE, "");
    g_assert_cmpuint(t.stats.accesses, ==, 4);
    g_assert_cmpuint(t.stats.verdicts[TW_VERDICT_AGREE], ==, 4);
    clear(&t);
}

static void classes(void)
{
    Two t = two("  read c0.0 0x8 8\n  read c0.0 0x2000 8\n");

    t.right->outcomes[0].class_ = TW_CLASS_PAGE_FAULT;
    judge(&t, TW_VERDICT_PERM, "PrmUnicornaRd");
    g_assert_cmpuint(t.finding.op, ==, 0);
    g_assert_nonnull(strstr(t.finding.text, "its reference: page-fault"));
    t.right->outcomes[0] = t.seen->outcomes[0];
    t.seen->outcomes[0].class_ = TW_CLASS_PAGE_FAULT;
    judge(&t, TW_VERDICT_CLASS, "ClsUnicornaRd");
    t.seen->outcomes[0] = t.right->outcomes[0];
    t.seen->outcomes[1].class_ = TW_CLASS_PAGE_FAULT;
    judge(&t, TW_VERDICT_FAULT, "FltUnicornaRd");
    g_assert_cmpuint(t.finding.op, ==, 1);
    clear(&t);
}

static void values(void)
{
    Two t = two("  exec c0.0 0x8 8\n  write c0.0 0x10 8\n"
                "  exec c0.0 0x8 8\n  read c0.0 0x8 8\n  flush-all c0\n"
                "  exec c0.0 0x8 8\n");

    t.seen->outcomes[2].value++; /* a store, and no flush yet */
    judge(&t, TW_VERDICT_AGREE, "");
    t.seen->outcomes[5].value++;
    judge(&t, TW_VERDICT_WRONG, "WrgUnicornaEx");
    t.seen->outcomes[3].value++;
    judge(&t, TW_VERDICT_WRONG, "WrgUnicornaRd");
    t.seen->outcomes[0].value++;
    judge(&t, TW_VERDICT_WRONG, "WrgUnicornaEx");
    g_assert_cmpuint(t.finding.op, ==, 0);
    clear(&t);
}

static void effects(void)
{
    Two t = two("  exec c0.0 0x1008 8\n  write c0.0 0x1008 8\n"
                "  write c0.0 0x8 8\n");

    g_assert_cmpuint(t.seen->n_log, ==, 16);
    memmove(t.seen->log, t.seen->log + 8, 8 * sizeof(t.seen->log[0]));
    t.seen->n_log = 8; /* fetches are not compared */
    judge(&t, TW_VERDICT_AGREE, "");
    t.seen->log[3].byte++;
    judge(&t, TW_VERDICT_EFFECT, "EffUnicornaWr");
    t.seen->log[3].byte--;
    t.seen->n_log = 7;
    judge(&t, TW_VERDICT_EFFECT, "EffUnicornaWr");
    t.seen->n_log = 8;
    t.seen->digests[1]++;
    judge(&t, TW_VERDICT_EFFECT, "EffUnicorna");
    g_assert_cmpuint(t.finding.op, ==, TW_NO_OP);
    clear(&t);
}

static void ends(void)
{
    Two t = two("  read c0.0 0x8 8\n");

    t.seen->end = TW_END_INVARIANT;
    t.seen->end_op = 0;
    t.seen->n_ops = 0;
    g_strlcpy(t.seen->text, "it broke", sizeof(t.seen->text));
    judge(&t, TW_VERDICT_INVARIANT, "InvUnicornaRd");
    g_assert_nonnull(strstr(t.finding.text, "seen: it broke"));
    t.right->end = TW_END_UNSUPPORTED;
    judge(&t, TW_VERDICT_UNSUPPORTED, "");
    clear(&t);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/pair/equal", equal);
    g_test_add_func("/pair/classes", classes);
    g_test_add_func("/pair/values", values);
    g_test_add_func("/pair/effects", effects);
    g_test_add_func("/pair/ends", ends);
    return g_test_run();
}
