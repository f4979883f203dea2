/* SPDX-License-Identifier: MIT */
/*
 * Scenes: for each address a scene says the same as a walk, and regions stand
 * in the order of priority.
 */
#include "oracle/test/test-support.h"

#include "program/ops.h"

/* The entries of a list, "first..last -> [space] out perm op" each. */
static char *text_of(const GArray *entries)
{
    GString *text = g_string_new(NULL);

    for (unsigned i = 0; i < entries->len; i++) {
        const TwSceneEntry *e = &g_array_index(entries, TwSceneEntry, i);

        g_string_append_printf(
            text, "%" G_GINT64_MODIFIER "x..%" G_GINT64_MODIFIER "x -> ",
            e->first, e->last);
        if (e->space != TW_NONE) {
            g_string_append_printf(text, "s%u ", e->space);
        }
        g_string_append_printf(text, "%" G_GINT64_MODIFIER "x %u op %d\n",
                               e->out, e->perm, e->op == TW_NO_OP ? -1 : e->op);
    }
    return g_string_free(text, FALSE);
}

static void assert_entries(const GArray *entries, const char *expected)
{
    g_autofree char *text = text_of(entries);

    g_assert_cmpstr(text, ==, expected);
}

/*
 *        0      0x40     0x80     0xc0    0x100
 *   r0   | r1   |        |        |        |   prio 0
 *        | r2 (prio 1)   |        |        |
 *        | r3, added later than r1         |   prio 0
 */
static const char *const board = "twinwalk 1\n"
                                 "page 64\n"
                                 "hops 2\n"
                                 "region r0 container size 0x100\n"
                                 "region r1 ram size 0x40 in r0 at 0x0\n"
                                 "region r2 ram size 0x80 in r0 at 0x0 prio 1\n"
                                 "region r3 ram size 0xc0 in r0 at 0x0\n"
                                 "region r4 iommu size 0x1000 iommu i0\n"
                                 "space s0 root r0\n"
                                 "space s1 root r4 late\n"
                                 "iommu i0 table granule 64 to s0\n"
                                 "cpu c0 tlb 1\n"
                                 "mmu c0.0 space s0\n"
                                 "setup\n"
                                 "  page c0.0 0x0 -> 0x80 size 0x80 rx\n"
                                 "  page c0.0 0x80 -> 0xc0 size 0x40 none\n"
                                 "  map i0.0 0x0..0x3f -> s0 0x0 rw silent\n"
                                 "  map i0.0 0x40..0x7f -> s0 0x40 rw silent\n"
                                 "  map i0.0 0xc0..0xff -> s0 0x0 r silent\n"
                                 "script\n"
                                 "  page c0.0 0x40 -> 0x1000 size 0x40 rw\n"
                                 "  unpage c0.0 0x80 size 0x40\n"
                                 "  protect i0.0 0x40..0xff r silent\n"
                                 "  bypass i0 on\n"
                                 "  priority r1 prio 2\n"
                                 "  enable r3 off\n";

static void test_start(void)
{
    TwProgram *program = test_program(board);
    g_autoptr(TwScene) scene = tw_scene_start(program);
    const TwSceneRegion *r = scene->regions;

    g_assert_cmpuint(r[0].first_child, ==, 2);
    g_assert_cmpuint(r[2].next_sibling, ==, 3);
    g_assert_cmpuint(r[3].next_sibling, ==, 1);
    g_assert_cmpuint(r[1].next_sibling, ==, TW_NONE);
    g_assert_cmpuint(r[1].container, ==, 0);
    g_assert_cmpuint(r[4].container, ==, TW_NONE);
    g_assert_cmpint(r[2].priority, ==, 1);
    g_assert_true(r[3].shown);
    g_assert_cmpuint(scene->root[0], ==, 0);
    g_assert_cmpuint(scene->root[1], ==, TW_NONE);
    assert_entries(scene->pages[0][0], "0..7f -> 80 5 op -1\n"
                                       "80..bf -> c0 0 op -1\n");
    /* what goes on where the entry before it ends is one with it */
    assert_entries(scene->tables[0][0], "0..7f -> s0 0 3 op -1\n"
                                        "c0..ff -> s0 0 1 op -1\n");
    assert_entries(scene->tables[0][1], "");
    g_free(program);
}

static void test_now(void)
{
    TwProgram *program = test_program(board);
    TwContract contract = test_contract();
    TwWorld *world = tw_world_new();
    g_autoptr(TwScene) scene = NULL;
    const TwSceneRegion *r;

    tw_perform_start(world, program, &contract);
    for (unsigned i = 0; i < program->n_script; i++) {
        g_assert_cmpint(tw_legality_step(&world->legality, &program->script[i]),
                        ==, TW_LEGAL);
        tw_perform(world, &program->script[i], TW_BOARD, i);
    }
    scene = tw_scene_new(world);
    r = scene->regions;
    g_assert_cmpuint(r[0].first_child, ==, 1);
    g_assert_cmpint(r[1].priority, ==, 2);
    g_assert_false(r[3].shown);
    g_assert_true(scene->bypass[0]);
    assert_entries(scene->pages[0][0], "0..3f -> 80 5 op -1\n"
                                       "40..7f -> 1000 3 op 0\n");
    assert_entries(scene->tables[0][0], "0..3f -> s0 0 3 op -1\n"
                                        "40..7f -> s0 40 1 op 2\n"
                                        "c0..ff -> s0 0 1 op 2\n");
    tw_world_free(world);
    g_free(program);
}

/* The entry of a list for x, or NULL. */
static const TwSceneEntry *entry_for(const GArray *entries, uint64_t x)
{
    for (unsigned i = 0; i < entries->len; i++) {
        const TwSceneEntry *e = &g_array_index(entries, TwSceneEntry, i);

        if (x >= e->first && x <= e->last) {
            return e;
        }
    }
    return NULL;
}

static void assert_tables(const TwWorld *world, const TwScene *scene,
                          uint64_t x)
{
    for (unsigned i = 0; i < world->program->n_iommus; i++) {
        uint64_t low =
            ((uint64_t)1 << world->program->iommus[i].granule_lg) - 1;
        TwFound found = tw_iommu_find(world, i, 0, x, world->now);
        const TwSceneEntry *e = entry_for(scene->tables[i][0], x);

        g_assert_cmpuint(e ? e->perm : 0, ==, found.perm);
        if (e) {
            g_assert_cmpuint(e->space, ==, found.space);
            g_assert_cmpuint((e->out + (x - e->first)) & ~low, ==,
                             found.out & ~low);
        }
    }
}

static void assert_pages(const TwWorld *world, const TwScene *scene, uint64_t x)
{
    for (unsigned c = 0; c < world->program->n_cpus; c++) {
        const TwSceneEntry *e = entry_for(scene->pages[c][0], x);
        bool uniform;
        const TwPageEntry *found =
            tw_page_find(world, c, 0, x, 0, world->now, &uniform);

        g_assert_cmpint(e != NULL, ==, found && found->present);
        if (e) {
            g_assert_cmpuint(e->perm, ==, found->perm);
            g_assert_cmpuint(e->out + (x - e->first), ==,
                             found->out + (x - found->first));
        }
    }
}

/* At every eighth address where random programs happen, at their end. */
static void test_random_entries(void)
{
    TwProgram *program = g_new(TwProgram, 1);
    TwContract contract = test_contract();
    TwWorld *world = tw_world_new();
    TwRng rng = {7};

    for (unsigned n = 0; n < 200; n++) {
        g_autoptr(TwScene) scene = NULL;

        test_random(program, &rng, n % 2);
        tw_perform_start(world, program, &contract);
        for (unsigned i = 0; i < program->n_script; i++) {
            const TwOp *op = &program->script[i];

            if (tw_legality_step(&world->legality, op) == TW_LEGAL &&
                !(tw_op_info(op->code)->flags & TW_OP_ACCESS)) {
                tw_perform(world, op, op->actor, i);
            }
        }
        scene = tw_scene_new(world);
        for (uint64_t x = 0; x < 0x1000; x += 8) {
            assert_tables(world, scene, x);
            assert_pages(world, scene, x);
        }
    }
    tw_world_free(world);
    g_free(program);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/scene/start", test_start);
    g_test_add_func("/scene/now", test_now);
    g_test_add_func("/scene/random", test_random_entries);
    return g_test_run();
}
