/* SPDX-License-Identifier: MIT */
/* Mutation and cross-over: always legal, the same on every host, and with an
 * effect. */
#include "fuzz/mutate/mutate.h"

#include <glib.h>
#include <string.h>

#include "fuzz/generate/generate.h"
#include "program/bytes/bytes.h"
#include "program/legality.h"
#include "program/ops.h"

static TwProgram program, before, other, out;

enum { EVERY = (1 << TW_PROFILES) - 1 }; /* profiles */

static void assert_fits(const TwProgram *p, const TwDialect *dialect,
                        unsigned number)
{
    char why[256] = "";

    if (!tw_program_check(p, why, sizeof(why)) ||
        !tw_dialect_admits(dialect, p, why, sizeof(why))) {
        g_error("mutation %u: %s", number, why);
    }
}

static void test_chain(void)
{
    TwDialect dialect = tw_dialect_full();
    unsigned changed = 0, longest = 0;
    enum { N = 12000 };

    for (unsigned i = 0; i < N; i++) {
        TwRng rng = tw_rng_for(21, i);
        if (i % 400 == 0) {
            tw_generate(&program, (TwProfile)(i / 400 % TW_PROFILES), &dialect,
                        &rng);
        }
        tw_program_copy(&before, &program);
        tw_mutate(&program, &dialect, EVERY, &rng);
        assert_fits(&program, &dialect, i);
        changed += !tw_program_equal(&program, &before);
        longest = MAX(longest, program.n_script);
    }
    g_assert_cmpuint(changed, >, N * 8 / 10);
    g_assert_cmpuint(longest, >, 40);
}

/* Where numbers are narrow they stay so, and code turns into data and back. */
static void test_flat(void)
{
    TwDialect dialect = tw_dialect_full();
    unsigned changed = 0, turned = 0;
    enum { N = 6000 };

    dialect.iommu_kinds = 0;
    dialect.max_iommus = 0;
    dialect.min_page_lg = dialect.max_page_lg = 12;
    dialect.identity_pages = dialect.plain_devices = true;
    dialect.implemented_sizes = false;
    dialect.exec_needs_code = true;
    dialect.address_lg = 22;
    dialect.region_lg = 12;
    for (unsigned i = 0; i < N; i++) {
        TwRng rng = tw_rng_for(25, i);
        if (i % 200 == 0) {
            tw_generate(&program, (TwProfile)(i / 200 % TW_PROFILES), &dialect,
                        &rng);
            tw_generate(&other, (TwProfile)(i / 200 % TW_PROFILES), &dialect,
                        &rng);
        }
        tw_program_copy(&before, &program);
        tw_mutate(&program, &dialect, EVERY, &rng);
        assert_fits(&program, &dialect, i);
        changed += !tw_program_equal(&program, &before);
        turned += program.contents != before.contents;
        tw_crossover(&out, &program, &other, &dialect, &rng);
        assert_fits(&out, &dialect, i);
    }
    g_assert_cmpuint(changed, >, N * 7 / 10);
    g_assert_cmpuint(turned, >, N / 200);
}

/* In a small dialect every mutation has to stay small. */
static void test_narrow(void)
{
    TwDialect dialect = tw_dialect_full();

    dialect.ops =
        TW_OPS(TW_OP_READ, TW_OP_WRITE, TW_OP_PAGE, TW_OP_MAP, TW_OP_FLUSH_ALL);
    dialect.op_flags = 0;
    dialect.max_script = 12;
    dialect.max_setup = 6;
    dialect.max_regions = 8;
    dialect.max_cpus = 1;
    dialect.max_mmu_indexes = 1;
    dialect.min_page_lg = dialect.max_page_lg = 12;
    dialect.actors = dialect.explicit_safepoints = false;
    dialect.late_spaces = dialect.shared_blocks = false;
    tw_program_init(&program);
    for (unsigned i = 0; i < 6000; i++) {
        TwRng rng = tw_rng_for(22, i);
        tw_mutate(&program, &dialect, EVERY, &rng);
        assert_fits(&program, &dialect, i);
    }
}

/* Out of nothing comes something that can be accessed. */
static void test_empty(void)
{
    TwDialect dialect = tw_dialect_full();
    TwRng rng = tw_rng_for(23, 0);

    tw_program_init(&program);
    tw_mutate(&program, &dialect, EVERY, &rng);
    assert_fits(&program, &dialect, 0);
    g_assert_cmpuint(program.n_cpus, >, 0);
    g_assert_cmpuint(program.n_script, >, 0);
}

/* Each part of a program changes now and then. */
static void test_reach(void)
{
    TwDialect dialect = tw_dialect_full();
    unsigned regions = 0, iommus = 0, cpus = 0, setup = 0, script = 0;
    unsigned shorter = 0, longer = 0, world = 0;

    for (unsigned i = 0; i < 3000; i++) {
        TwRng rng = tw_rng_for(24, i);
        tw_generate(&program, TW_PROFILE_IOMMU, &dialect, &rng);
        tw_program_copy(&before, &program);
        tw_mutate(&program, &dialect, EVERY, &rng);
        if (program.n_regions == before.n_regions) {
            regions += memcmp(program.regions, before.regions,
                              program.n_regions * sizeof(TwRegion)) != 0;
        }
        if (program.n_iommus == before.n_iommus) {
            iommus += memcmp(program.iommus, before.iommus,
                             program.n_iommus * sizeof(TwIommu)) != 0;
        }
        if (program.n_cpus == before.n_cpus) {
            cpus += memcmp(program.cpus, before.cpus,
                           program.n_cpus * sizeof(TwCpu)) != 0;
        }
        setup += program.n_setup != before.n_setup;
        shorter += program.n_script < before.n_script;
        longer += program.n_script > before.n_script;
        script += program.n_script == before.n_script &&
                  memcmp(program.script, before.script,
                         program.n_script * sizeof(TwOp)) != 0;
        world += program.page_lg != before.page_lg ||
                 program.hops != before.hops ||
                 program.explicit_safepoints != before.explicit_safepoints;
    }
    g_assert_cmpuint(regions, >, 100);
    g_assert_cmpuint(iommus, >, 20);
    g_assert_cmpuint(cpus, >, 20);
    g_assert_cmpuint(setup, >, 20);
    g_assert_cmpuint(script, >, 200);
    g_assert_cmpuint(shorter, >, 100);
    g_assert_cmpuint(longer, >, 200);
    g_assert_cmpuint(world, >, 20);
}

static void test_same_again(void)
{
    TwDialect dialect = tw_dialect_full();

    for (unsigned i = 0; i < 300; i++) {
        TwRng a = tw_rng_for(25, i);
        tw_generate(&program, (TwProfile)(i % TW_PROFILES), &dialect, &a);
        /* Beyond the counts there may be anything. */
        memset(&before, 0xaa, sizeof(before));
        tw_program_copy(&before, &program);
        TwRng b = a;
        tw_mutate(&program, &dialect, EVERY, &a);
        tw_mutate(&before, &dialect, EVERY, &b);
        g_assert_true(tw_program_equal(&program, &before));
        g_assert_cmpuint(a.state, ==, b.state);
    }
}

static bool same_operation(const TwOp *a, const TwOp *b)
{
    return a->code == b->code && a->size == b->size && a->perm == b->perm;
}

static unsigned count_from(const TwProgram *of, const TwProgram *from)
{
    unsigned n = 0;

    for (unsigned i = 0; i < of->n_script; i++) {
        for (unsigned k = 0; k < from->n_script; k++) {
            if (same_operation(&of->script[i], &from->script[k])) {
                n++;
                break;
            }
        }
    }
    return n;
}

static void test_crossover(void)
{
    TwDialect dialect = tw_dialect_full();
    unsigned mixed = 0;
    enum { N = 2000 };

    for (unsigned i = 0; i < N; i++) {
        TwRng rng = tw_rng_for(26, i);
        tw_generate(&program, (TwProfile)(i % TW_PROFILES), &dialect, &rng);
        tw_generate(&other, (TwProfile)(i / 5 % TW_PROFILES), &dialect, &rng);
        TwRng again = rng;
        tw_crossover(&out, &program, &other, &dialect, &rng);
        assert_fits(&out, &dialect, i);
        tw_crossover(&before, &program, &other, &dialect, &again);
        g_assert_true(tw_program_equal(&out, &before));
        /* The topology is the first one's. */
        g_assert_cmpuint(out.n_regions, ==, program.n_regions);
        g_assert_cmpmem(out.regions, out.n_regions * sizeof(TwRegion),
                        program.regions, program.n_regions * sizeof(TwRegion));
        g_assert_cmpuint(out.n_setup, ==, program.n_setup);
        mixed += !tw_program_equal(&out, &program) &&
                 count_from(&out, &program) > 0 && count_from(&out, &other) > 0;
    }
    g_assert_cmpuint(mixed, >, N * 7 / 10);
}

/*
 * As an engine does it: programs from arbitrary bytes, mutated and crossed over
 * and over.  They have what no generated program has: IOMMUs without a bypass
 * space, CPUs without an MMU index, spaces without a way to them.
 */
static void test_from_bytes(void)
{
    TwDialect dialect = tw_dialect_full();
    static TwProgram pool[64];
    static uint8_t bytes[1024];
    enum { N = 60000 };

    for (unsigned i = 0; i < N; i++) {
        TwRng rng = tw_rng_for(28, i);
        TwProgram *one = &pool[tw_rng_below(&rng, 64)];
        TwProgram *two = &pool[tw_rng_below(&rng, 64)];

        if (i < 64 || tw_rng_chance(&rng, 2)) {
            one = i < 64 ? &pool[i] : one;
            for (unsigned k = 0; k < sizeof(bytes); k++) {
                bytes[k] = (uint8_t)(tw_rng_next(&rng) >> 56);
            }
            tw_program_decode(one, bytes, tw_rng_below(&rng, sizeof(bytes)),
                              &dialect);
        } else if (tw_rng_chance(&rng, 60)) {
            tw_mutate(one, &dialect, EVERY, &rng);
        } else if (one != two) {
            tw_crossover(&out, one, two, &dialect, &rng);
            tw_program_copy(one, &out);
        }
        assert_fits(one, &dialect, i);
    }
}

/* Nothing crosses with nothing. */
static void test_crossover_empty(void)
{
    TwDialect dialect = tw_dialect_full();
    TwRng rng = tw_rng_for(27, 0);

    tw_program_init(&program);
    tw_program_init(&other);
    tw_crossover(&out, &program, &other, &dialect, &rng);
    g_assert_true(tw_program_equal(&out, &program));
    tw_generate(&other, TW_PROFILE_BALANCED, &dialect, &rng);
    tw_crossover(&out, &program, &other, &dialect, &rng);
    assert_fits(&out, &dialect, 0);
    tw_crossover(&out, &other, &program, &dialect, &rng);
    g_assert_true(tw_program_equal(&out, &other));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/mutate/chain", test_chain);
    g_test_add_func("/mutate/flat", test_flat);
    g_test_add_func("/mutate/narrow", test_narrow);
    g_test_add_func("/mutate/empty", test_empty);
    g_test_add_func("/mutate/reach", test_reach);
    g_test_add_func("/mutate/same-again", test_same_again);
    g_test_add_func("/mutate/crossover", test_crossover);
    g_test_add_func("/mutate/from-bytes", test_from_bytes);
    g_test_add_func("/mutate/crossover-empty", test_crossover_empty);
    return g_test_run();
}
