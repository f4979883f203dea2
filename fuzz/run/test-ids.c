/* SPDX-License-Identifier: MIT */
/*
 * The ids of regions mean nothing but the regions: a random program whose
 * regions get other ids, also the highest, in the same order, runs as before.
 * Contents follow the ids, so values are the judge's to compare.
 */
#include <glib.h>

#include "fuzz/generate/generate.h"
#include "fuzz/run/runner.h"
#include "program/edit/edit.h"
#include "program/legality.h"

static TwProgram program, moved, back;
static TwTrace before;

static void move_id(uint8_t *id, unsigned by)
{
    if (*id != TW_NONE) {
        *id = (uint8_t)(*id + by);
    }
}

static void move_ops(TwOp *ops, unsigned count, unsigned by)
{
    for (unsigned i = 0; i < count; i++) {
        uint8_t *refs[EDIT_REFS];
        unsigned n = tw_edit_refs(&ops[i], TW_OBJECT_REGION, refs);

        for (unsigned k = 0; k < n; k++) {
            move_id(refs[k], by);
        }
    }
}

/* `program` with all ids of regions higher by `by`, in `moved`. */
static void move_regions(unsigned by)
{
    tw_program_copy(&moved, &program);
    for (unsigned i = 0; i < by; i++) {
        moved.regions[i] = tw_region_make(TW_REGION_NONE);
    }
    moved.n_regions = (uint8_t)(program.n_regions + by);
    for (unsigned i = by; i < moved.n_regions; i++) {
        TwRegion *region = &moved.regions[i];

        *region = program.regions[i - by];
        move_id(&region->container, by);
        move_id(&region->target, by);
        move_id(&region->block, by);
    }
    for (unsigned i = 0; i < moved.n_iommus; i++) {
        if (moved.iommus[i].kind == TW_IOMMU_PAGETABLE) {
            move_id(&moved.iommus[i].pagetable.tables, by);
        }
    }
    for (unsigned i = 0; i < moved.n_spaces; i++) {
        if (moved.spaces[i].present) {
            move_id(&moved.spaces[i].root, by);
        }
    }
    for (unsigned i = 0; i < moved.n_actors; i++) {
        move_id(&moved.actors[i].region, by);
        move_ops(&moved.actors[i].op, 1, by);
    }
    move_ops(moved.setup, moved.n_setup, by);
    move_ops(moved.script, moved.n_script, by);
}

static void assert_same(const TwTrace *now, unsigned by, unsigned number)
{
    g_assert_cmpuint(now->n_ops, ==, before.n_ops);
    g_assert_cmpuint(now->n_log, ==, before.n_log);
    g_assert_cmpuint(now->n_events, ==, before.n_events);
    g_assert_cmpuint(now->n_locations, ==, before.n_locations);
    for (unsigned i = 0; i < now->n_ops; i++) {
        const TwOutcome *a = &before.outcomes[i], *b = &now->outcomes[i];

        if (a->status != b->status || a->class_ != b->class_ ||
            a->n_locations != b->n_locations) {
            g_error("program %u, ids + %u: operation %u ends otherwise", number,
                    by, i);
        }
    }
    for (unsigned i = 0; i < now->n_locations; i++) {
        g_assert_cmpuint(now->locations[i].region, ==,
                         before.locations[i].region + by);
        g_assert_cmphex(now->locations[i].offset, ==,
                        before.locations[i].offset);
    }
    for (unsigned i = 0; i < now->n_log; i++) {
        g_assert_cmpuint(now->log[i].region, ==, before.log[i].region + by);
    }
}

/* What is in tables that nothing was stored to depends on the block's id. */
static bool has_tables(void)
{
    for (unsigned i = 0; i < program.n_iommus; i++) {
        if (program.iommus[i].kind == TW_IOMMU_PAGETABLE) {
            return true;
        }
    }
    return false;
}

static void test_moved(void)
{
    unsigned n = g_getenv("TW_LONG") ? 20000 : 2000, high = 0;
    TwTargetOptions options = {.name = "softmmu", .check = true};
    g_autoptr(GError) error = NULL;
    g_autoptr(TwRunner) runner = tw_runner_new(&options, &error);
    char why[256] = "";

    g_assert_no_error(error);
    for (unsigned i = 0; i < n; i++) {
        TwRng rng = tw_rng_for(15, i);
        TwFinding finding;

        tw_generate(&program, (TwProfile)(i % TW_PROFILES),
                    tw_runner_dialect(runner), &rng);
        if (program.n_regions == TW_MAX_REGIONS || has_tables()) {
            continue;
        }
        unsigned most = TW_MAX_REGIONS - program.n_regions;
        unsigned by = i % 2 ? most : 1 + tw_rng_below(&rng, most);

        TwVerdict verdict =
            tw_runner_run(runner, &program, &finding, NULL, NULL);
        g_assert_false(tw_verdict_is_finding(verdict));
        before = *tw_runner_trace(runner);
        move_regions(by);
        tw_program_check(&moved, why, sizeof(why));
        g_assert_cmpstr(why, ==, "");
        g_assert_cmpint(tw_runner_run(runner, &moved, &finding, NULL, NULL), ==,
                        verdict);
        assert_same(tw_runner_trace(runner), by, i);
        high += by >= 64;
        tw_program_copy(&back, &moved);
        tw_edit_renumber(&back);
        tw_edit_renumber(&program);
        g_assert_true(tw_program_equal(&back, &program));
    }
    g_assert_cmpuint(high * 2, >, n);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/ids/moved", test_moved);
    return g_test_run();
}
