/* SPDX-License-Identifier: MIT */
/*
 * Stories: a told walk says what the rules say, step by step, and ends where
 * the judge's own walk ends, whatever the program and the time.
 */
#include "oracle/test/test-support.h"

#include <string.h>

#include "program/ops.h"

/* The texts of the steps of a tale, one a line, with their rules. */
static char *told(const TwStory *story, const TwTale *tale)
{
    GString *text = g_string_new(NULL);

    for (unsigned i = 0; i < tale->steps->len; i++) {
        const TwStep *step = &g_array_index(tale->steps, TwStep, i);

        tw_step_print(story, tale, step, text);
        g_string_append_printf(text, " [%s]\n", step->rule);
    }
    return g_string_free(text, FALSE);
}

static void assert_told(TwWorld *world, const TwAccess *access,
                        const char *expected)
{
    TwStory story = {.program = world->program};
    TwTale tale = {.old = false};
    g_autofree char *text = NULL;

    g_assert_true(tw_tell(world, access, 0, tw_times_at(world->now), &tale));
    text = told(&story, &tale);
    g_assert_cmpstr(text, ==, expected);
    g_array_unref(tale.steps);
}

/*
 *        0        0x40       0x80      0xc0      0x100
 *   r0   |   r1 (prio 1)     |         |  r5 ->   |    s0
 *        |   r2              |   r3    |  r1+0xe0 |
 *        |   r4 (disabled)   |         |          |
 *
 * r1 is a container with RAM r6 in its second half, r3 an IOMMU.
 */
static const char *const regions =
    "twinwalk 1\n"
    "page 64\n"
    "hops 2\n"
    "region r0 container size 0x100\n"
    "region r1 container size 0x80 in r0 at 0x0 prio 1\n"
    "region r2 ram size 0x80 in r0 at 0x0\n"
    "region r3 iommu size 0x40 in r0 at 0x80 iommu i0\n"
    "region r4 ram size 0x80 in r0 at 0x0 prio 2 disabled\n"
    "region r5 alias size 0x40 in r0 at 0xc0 of r1 offset 0xe0\n"
    "region r6 ram size 0x40 in r1 at 0x40 readonly\n"
    "space s0 root r0\n"
    "iommu i0 table granule 64\n"
    "cpu c0 tlb 1\n"
    "mmu c0.0 space s0\n"
    "setup\n"
    "  page c0.0 0x0 -> 0x40 size 0x40 rx\n"
    "  map i0.0 0x0..0x3f -> s0 0x0 r silent\n"
    "script\n";

static void test_steps(void)
{
    TwProgram *program = test_program(regions);
    TwContract contract = test_contract();
    TwWorld *world = tw_world_new();
    TwAccess access = {
        .code = TW_OP_DMA_READ, .cpu = TW_BOARD, .size = 1, .hop_rights = TW_R};

    tw_perform_start(world, program, &contract);
    access.addr = 0x41; /* the higher priority wins, and r2 is under it */
    assert_told(world, &access,
                "s0 0x41, root r0 [TX-2]\n"
                "r0 container +0x41; disabled or of size 0: r4 [MR-5]\n"
                "r1 container +0x41; over r2 [MR-5]\n"
                "r6 ram +0x1 [FV-3]\n"
                "= r6+0x1 ro [LA-9]\n");
    access.addr = 0x82; /* through the IOMMU; a hole of r1 shows r2 */
    assert_told(world, &access,
                "s0 0x82, root r0 [TX-2]\n"
                "r0 container +0x82 [MR-5]\n"
                "r3 iommu +0x2 [FV-3]\n"
                "i0.0 0x2 -> s0 0x2 r, setup [LA-11, LA-13]\n"
                "s0 0x2, root r0 [TX-2]\n"
                "r0 container +0x2; disabled or of size 0: r4 [MR-5]\n"
                "r1 container +0x2 [MR-5]\n"
                "nothing there in r1 [FV-1]\n"
                "r2 ram +0x2 [FV-3]\n"
                "= r2+0x2 [FV-3]\n");
    access.hop_rights = TW_W;
    assert_told(world, &access,
                "s0 0x82, root r0 [TX-2]\n"
                "r0 container +0x82 [MR-5]\n"
                "r3 iommu +0x2 [FV-3]\n"
                "i0.0 0x2 -> s0 0x2 r, setup; needs w [LA-11, IW-1]\n"
                "= denied at IOMMU hop 1 [IW-1]\n");
    access.addr = 0xc3; /* the alias's window is behind the end of r1 */
    assert_told(world, &access,
                "s0 0xc3, root r0 [TX-2]\n"
                "r0 container +0xc3 [MR-5]\n"
                "r5 alias +0x3 -> r1 +0xe3 [FV-1]\n"
                "nothing there in r1 [FV-1]\n"
                "nothing there in r0 [FV-1]\n"
                "= hole [IW-4, LA-8]\n");
    access = (TwAccess){.code = TW_OP_WRITE,
                        .size = 1,
                        .page_rights = TW_W,
                        .hop_rights = TW_W};
    assert_told(world, &access,
                "page map 0x0 -> 0x40 rx, setup; needs w [LA-20]\n"
                "= denied by the page map [LA-20]\n");
    access.addr = 0x1000;
    assert_told(world, &access,
                "page map 0x1000: no entry; needs w [LA-20]\n"
                "= denied by the page map [LA-20]\n");
    tw_world_free(world);
    g_free(program);
}

/* One told walk of a random access at a random time, or at two. */
static void tell_some(const TwWorld *world, TwRng *rng, unsigned *ends)
{
    const TwProgram *program = world->program;
    bool cpu = tw_rng_chance(rng, 50);
    uint32_t now = world->now;
    TwAccess access = {
        .code = cpu ? TW_OP_READ : TW_OP_DMA_READ,
        .cpu = cpu ? (uint8_t)tw_rng_below(rng, 2) : TW_BOARD,
        .mmu = cpu ? (uint8_t)tw_rng_below(rng, 2) : 0,
        .space = tw_rng_below(rng, 2),
        .size = 1,
        .page_rights = 1 << tw_rng_below(rng, 3),
        .hop_rights = 1 << tw_rng_below(rng, 2),
        .attrs = tw_rng_chance(rng, 50) ? TW_ATTR_SECURE : 0,
        .addr = tw_rng_below(rng, 0x1100),
    };
    TwTimes times =
        tw_rng_chance(rng, 50)
            ? tw_times_at((uint32_t)tw_rng_below(rng, now + 1))
            : (TwTimes){(uint32_t)tw_rng_below(rng, now + 1), now,
                        tw_rng_below(rng, 4), tw_rng_below(rng, 4), NULL};
    TwTale tale;

    if (cpu) {
        access.space = program->cpus[access.cpu].mmu[access.mmu].space;
        access.attrs = program->cpus[access.cpu].mmu[access.mmu].attrs;
    }
    g_assert_true(tw_tell(world, &access, 0, times, &tale));
    ends[tale.end.where]++;
    g_array_unref(tale.steps);
}

static void test_random_walks(const void *data)
{
    bool hostile = GPOINTER_TO_INT(data);
    TwContract contract = test_contract();
    TwProgram *program = g_new(TwProgram, 1);
    TwWorld *world = tw_world_new();
    unsigned ends[TW_AT_LOOP + 1] = {0};

    for (unsigned n = 0; n < 1000; n++) {
        TwRng rng = tw_rng_for(hostile + 2, n);

        test_random(program, &rng, hostile);
        tw_perform_start(world, program, &contract);
        for (unsigned i = 0; i < program->n_script; i++) {
            const TwOp *op = &program->script[i];

            if (op->code > TW_OP_DMA_WRITE &&
                tw_legality_step(&world->legality, op) == TW_LEGAL) {
                tw_perform(world, op, op->actor, i);
            }
            tell_some(world, &rng, ends);
        }
    }
    for (unsigned w = 0; w <= TW_AT_LOOP; w++) {
        g_assert_cmpuint(ends[w], >, 100);
    }
    tw_world_free(world);
    g_free(program);
}

/*
 * The same answer was right twice, and there was an access only the first time:
 * it is from then, and what should have ended it is the first flush.
 *
 *        0      0x40     0x80
 *   s0   |  r1  |   r2   |
 */
static void test_filled(void)
{
    TwProgram *program = test_program("twinwalk 1\n"
                                      "page 64\n"
                                      "hops 2\n"
                                      "region r0 container size 0x100\n"
                                      "region r1 ram size 0x40 in r0 at 0x0\n"
                                      "region r2 ram size 0x40 in r0 at 0x40\n"
                                      "space s0 root r0\n"
                                      "cpu c0 tlb 1\n"
                                      "mmu c0.0 space s0\n"
                                      "setup\n"
                                      "  page c0.0 0x0 -> 0x0 size 0x40 rwx\n"
                                      "script\n"
                                      "  read c0.0 0x0 4\n"
                                      "  page c0.0 0x0 -> 0x40 size 0x40 rwx\n"
                                      "  flush-page c0.0 0x0\n"
                                      "  page c0.0 0x0 -> 0x0 size 0x40 rwx\n"
                                      "  page c0.0 0x0 -> 0x40 size 0x40 rwx\n"
                                      "  flush-all c0\n"
                                      "  read c0.0 0x0 4\n");
    TestTarget *target = test_target_new(program);
    TwOracle *oracle = tw_oracle_new();
    TwDialect dialect = test_dialect();
    TwFinding finding;
    g_autoptr(TwStory) story = NULL;

    target->as_of[6] = 0;
    test_target_run(target, true);
    tw_judge(oracle, program, &dialect, &target->contract, "test",
             target->trace, &finding, NULL);
    g_assert_cmpint(finding.verdict, ==, TW_VERDICT_STALE);
    g_assert_cmpuint(finding.filled, ==, 0);
    g_assert_cmpuint(finding.changed, ==, 1);
    g_assert_cmpuint(finding.ended, ==, 2);
    story = tw_story_new(oracle);
    g_assert_cmpuint(story->n_life, ==, TW_LIVES);
    for (unsigned i = 0; i < TW_LIVES; i++) {
        static const uint16_t ops[TW_LIVES] = {0, 1, 2, 6};

        g_assert_cmpuint(story->life[i].kind, ==, i);
        g_assert_cmpuint(story->life[i].op, ==, ops[i]);
        g_assert_true(story->life[i].done == &program->script[ops[i]]);
    }
    g_assert_cmpstr(story->life[TW_LIFE_CHANGED].what, ==,
                    "page map c0.0 at 0x0: 0x0 rwx became 0x40 rwx");
    g_assert_cmpuint(story->n_allowed, ==, 1);
    g_assert_true(story->parts[0].paired);
    tw_oracle_free(oracle);
    test_target_free(target);
    g_free(program);
}

/* What is no access's has no walks, and is told all the same. */
static void test_no_access(void)
{
    TwProgram *program = test_program("twinwalk 1\n"
                                      "page 64\n"
                                      "hops 2\n"
                                      "region r0 ram size 0x40\n"
                                      "space s0 root r0\n"
                                      "script\n"
                                      "  dma-write s0 0x0 4 none\n");
    TestTarget *target = test_target_new(program);
    TwOracle *oracle = tw_oracle_new();
    TwDialect dialect = test_dialect();
    TwFinding finding;
    g_autoptr(GString) text = g_string_new(NULL);
    g_autoptr(TwStory) story = NULL;

    test_target_run(target, true);
    target->trace->digests[0] ^= 1;
    tw_judge(oracle, program, &dialect, &target->contract, "test",
             target->trace, &finding, NULL);
    g_assert_cmpint(finding.verdict, ==, TW_VERDICT_EFFECT);
    story = tw_story_new(oracle);
    g_assert_false(story->access);
    tw_story_print(story, text);
    g_assert_nonnull(strstr(text->str, "the bytes of r0 at the end"));
    tw_oracle_free(oracle);
    test_target_free(target);
    g_free(program);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/story/steps", test_steps);
    g_test_add_data_func("/story/walks/random", GINT_TO_POINTER(0),
                         test_random_walks);
    g_test_add_data_func("/story/walks/hostile", GINT_TO_POINTER(1),
                         test_random_walks);
    g_test_add_func("/story/filled", test_filled);
    g_test_add_func("/story/no-access", test_no_access);
    return g_test_run();
}
