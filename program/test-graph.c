/* SPDX-License-Identifier: MIT */
/* Sets of regions, and cycles in graphs of up to TW_MAX_REGIONS regions. */
#include "program/check.h"
#include "program/test-program.h"

static TwProgram p;

/* A set against an array that says the same. */
static void test_region_set(void)
{
    TwRegionSet set = {{0}}, other = {{0}};
    bool in[256] = {false};
    TwRng rng = tw_rng_for(81, 0);
    g_assert_true(tw_regions_empty(&set));
    g_assert_cmpuint(tw_regions_last(&set), ==, TW_NONE);
    for (unsigned n = 0; n < 3000; n++) {
        unsigned id = tw_rng_below(&rng, TW_MAX_REGIONS), count = 0;
        in[id] = n < 1500 ? tw_rng_chance(&rng, 5) : tw_rng_chance(&rng, 95);
        tw_regions_put(&set, id, in[id]);
        unsigned next = tw_regions_next(&set, 0), last = TW_NONE;
        for (unsigned i = 0; i < 256; i++) {
            g_assert_true(tw_regions_has(&set, i) == in[i]);
            if (in[i]) {
                g_assert_cmpuint(next, ==, i);
                next = tw_regions_next(&set, i + 1);
                last = i;
                count++;
            }
        }
        g_assert_cmpuint(next, ==, TW_NONE);
        g_assert_cmpuint(tw_regions_last(&set), ==, last);
        g_assert_true(tw_regions_empty(&set) == (count == 0));
        other = (TwRegionSet){{0}};
        tw_regions_add(&other, id);
        g_assert_true(tw_regions_meet(&set, &other) == in[id]);
        TwRegionSet both = tw_regions_or(set, other);
        g_assert_true(tw_regions_has(&both, id));
        tw_regions_remove(&both, id);
        g_assert_true(tw_regions_meet(&both, &set) == (count > in[id]));
    }
    set = tw_regions_all();
    for (unsigned i = 0; i < 256; i++) {
        g_assert_true(tw_regions_has(&set, i) == (i < TW_MAX_REGIONS));
    }
}

/* Containers and aliases at random; some ids are not used. */
static void random_graph(TwRng *rng, unsigned n, unsigned percent)
{
    tw_program_init(&p);
    p.n_regions = (uint8_t)n;
    for (unsigned i = 0; i < n; i++) {
        TwRegion *r = &p.regions[i];
        *r = tw_region_make(tw_rng_chance(rng, 25)   ? TW_REGION_ALIAS
                            : tw_rng_chance(rng, 90) ? TW_REGION_CONTAINER
                                                     : TW_REGION_NONE);
        unsigned above = tw_rng_chance(rng, percent) ? n : i;
        if (above > 0 && tw_rng_chance(rng, 80)) {
            r->container = (uint8_t)tw_rng_below(rng, above);
        }
        if (r->kind == TW_REGION_ALIAS) {
            r->target = (uint8_t)tw_rng_below(rng, n);
        }
    }
}

/* Which regions lead to which. */
static bool leads[TW_MAX_REGIONS][TW_MAX_REGIONS];

static void close_graph(void)
{
    memset(leads, 0, sizeof leads);
    for (unsigned i = 0; i < p.n_regions; i++) {
        const TwRegion *r = &p.regions[i];
        if (r->kind == TW_REGION_NONE) {
            continue;
        }
        if (tw_has_region(&p, r->container)) {
            leads[r->container][i] = true;
        }
        if (r->kind == TW_REGION_ALIAS && tw_has_region(&p, r->target)) {
            leads[i][r->target] = true;
        }
    }
    for (unsigned k = 0; k < p.n_regions; k++) {
        for (unsigned i = 0; i < p.n_regions; i++) {
            for (unsigned j = 0; leads[i][k] && j < p.n_regions; j++) {
                leads[i][j] |= leads[k][j];
            }
        }
    }
}

static void test_cycles(void)
{
    unsigned on = 0, off = 0, high = 0;
    for (unsigned n = 0; n < 300; n++) {
        TwRng rng = tw_rng_for(83, n);
        random_graph(&rng, 1 + tw_rng_below(&rng, n % 3 ? 9 : TW_MAX_REGIONS),
                     n % 5 ? n % 2 : 100);
        close_graph();
        TwRegionSet cycles = tw_program_cycles(&p);
        for (unsigned i = 0; i < TW_MAX_REGIONS; i++) {
            bool expected = i < p.n_regions && leads[i][i];
            g_assert_true(tw_regions_has(&cycles, i) == expected);
            on += expected;
            off += !expected && i < p.n_regions;
            high += expected && i >= 64;
        }
    }
    g_assert_cmpuint(on, >, 500);
    g_assert_cmpuint(off, >, 1000);
    g_assert_cmpuint(high, >, 100);
}

/* `add` is refused exactly if it would close a cycle (MR-3). */
static void test_add(void)
{
    unsigned refused = 0, added = 0;
    for (unsigned n = 0; n < 200; n++) {
        TwRng rng = tw_rng_for(85, n);
        random_graph(&rng, 100 + tw_rng_below(&rng, 155), 0);
        for (unsigned i = 0; i < p.n_regions; i++) {
            /* A graph without cycles and with few ways. */
            p.regions[i].kind =
                i % 30 == 29 ? TW_REGION_ALIAS : TW_REGION_CONTAINER;
            p.regions[i].target = (uint8_t)(i / 2);
            p.regions[i].container =
                i % 30 == 29 || i < 2 || tw_rng_chance(&rng, 10)
                    ? TW_NONE
                    : (uint8_t)(i - 1 - i % 30 / 29);
        }
        TwRegionSet cycles = tw_program_cycles(&p);
        g_assert_true(tw_regions_empty(&cycles));
        close_graph();
        for (unsigned k = 0; k < 20; k++) {
            TwLegality l;
            TwOp op = tw_op_make(TW_OP_ADD);
            op.actor = TW_BOARD;
            op.obj = (uint8_t)tw_rng_below(&rng, p.n_regions);
            op.other = (uint8_t)tw_rng_below(&rng, p.n_regions);
            if (tw_rng_chance(&rng, 30)) { /* what it is in */
                op.obj = op.other;
                while (p.regions[op.obj].container != TW_NONE) {
                    op.obj = p.regions[op.obj].container;
                }
            }
            if (p.regions[op.obj].container != TW_NONE ||
                p.regions[op.other].kind == TW_REGION_ALIAS) {
                continue;
            }
            tw_legality_init(&l, &p);
            bool closes = op.obj == op.other || leads[op.obj][op.other];
            TwIllegal reason = tw_legality_step(&l, &op);
            g_assert_true((reason == TW_ILLEGAL_CYCLE) == closes);
            refused += closes;
            added += reason == TW_LEGAL;
        }
    }
    g_assert_cmpuint(refused, >, 50);
    g_assert_cmpuint(added, >, 50);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/graph/region-set", test_region_set);
    g_test_add_func("/graph/MR-3/cycles", test_cycles);
    g_test_add_func("/graph/MR-3/add-closes-a-cycle", test_add);
    return g_test_run();
}
