/* SPDX-License-Identifier: MIT */
/*
 * Do random programs reach the extremes?  With a fixed seed, over all profiles,
 * at least LEAST programs in a million must reach each of them.  Figures of
 * programs are those of shape.h; what only a run shows (queues, TLBs) are the
 * peaks that softmmu writes into its trace.  `meson test -v extremes` prints
 * the table.
 */
#include "fuzz/generate/generate.h"
#include "fuzz/generate/shape.h"
#include "targets/target.h"

enum {
    LEAST = 20,
    PROGRAMS = 400000,
    ALL_PROGRAMS = 1000000, /* with TW_LONG */
};

/* What kind of number an extreme is. */
typedef enum Source { OF_PROGRAM, OF_SHAPE, OF_RUN } Source;

enum { REGIONS, SPACES, IOMMUS, HOPS, SCRIPT, SETUP };

static const struct {
    const char *what;
    Source source;
    unsigned number; /* of the above, TwShapeFigure or TwPeak */
    unsigned least;
} extremes[] = {
    {"more than 64 regions", OF_PROGRAM, REGIONS, 65},
    {"more than 200 regions", OF_PROGRAM, REGIONS, 201},
    {"16 spaces", OF_PROGRAM, SPACES, 16},
    {"16 IOMMUs", OF_PROGRAM, IOMMUS, 16},
    {"a limit of more than 16 hops", OF_PROGRAM, HOPS, 17},
    {"a walk of 16 hops", OF_RUN, TW_PEAK_HOPS, 16},
    {"more than 15 notifiers of one CPU", OF_RUN, TW_PEAK_NOTIFIERS, 16},
    {"4 works queued on one CPU", OF_RUN, TW_PEAK_QUEUE, 4},
    {"8 works queued on one CPU", OF_RUN, TW_PEAK_QUEUE, 8},
    {"indexes chosen by secure, user and requester", OF_SHAPE, TW_SHAPE_SELECTS,
     3},
    {"a requester id of more than 3 bits", OF_SHAPE, TW_SHAPE_REQUESTER, 8},
    {"a granule of 2 MiB or more", OF_SHAPE, TW_SHAPE_GRANULE, 21},
    {"a TLB of 64 entries or more", OF_SHAPE, TW_SHAPE_TLB, 6},
    {"32 entries in one TLB", OF_RUN, TW_PEAK_SLOTS, 32},
    {"8 victims in use", OF_RUN, TW_PEAK_VICTIMS, 8},
    {"more than 8 siblings of one priority at one place", OF_SHAPE,
     TW_SHAPE_TIE, 9},
    {"more than 8 levels of ties", OF_SHAPE, TW_SHAPE_TIE_LEVELS, 9},
    {"more than 5 aliases of each other", OF_SHAPE, TW_SHAPE_ALIASES, 6},
    {"8 open transactions", OF_SHAPE, TW_SHAPE_OPEN, 8},
    {"4 operations during one access", OF_SHAPE, TW_SHAPE_DURING, 4},
    {"two actor offsets of one device", OF_SHAPE, TW_SHAPE_ACTORS, 2},
    {"an actor offset of a ROM device", OF_SHAPE, TW_SHAPE_ROMD_ACTORS, 1},
    {"a script of 300 operations or more", OF_PROGRAM, SCRIPT, 300},
    {"a script of more than 1000 operations", OF_PROGRAM, SCRIPT, 1001},
    {"a setup of more than 1000 operations", OF_PROGRAM, SETUP, 1001},
};

static uint32_t number_of(unsigned i, const TwProgram *p, const TwShape *shape,
                          const TwTrace *trace)
{
    const uint32_t own[] = {
        [REGIONS] = p->n_regions, [SPACES] = p->n_spaces,
        [IOMMUS] = p->n_iommus,   [HOPS] = p->hops,
        [SCRIPT] = p->n_script,   [SETUP] = p->n_setup,
    };

    switch (extremes[i].source) {
    case OF_PROGRAM:
        return own[extremes[i].number];
    case OF_SHAPE:
        return shape->is[extremes[i].number];
    default:
        return trace->peaks[extremes[i].number];
    }
}

static void test_reached(void)
{
    static TwProgram program;
    static TwTrace trace;
    unsigned counts[G_N_ELEMENTS(extremes)] = {0}, short_of = 0;
    unsigned n = g_getenv("TW_LONG") ? ALL_PROGRAMS : PROGRAMS;
    TwTargetOptions options = {.name = "softmmu"};
    TwTarget *target = tw_target_open(&options, NULL);
    TwShape shape;

    for (unsigned i = 0; i < n; i++) {
        TwRng rng = tw_rng_for(6, i);

        tw_generate(&program, tw_profile_in_turn(i), tw_target_dialect(target),
                    &rng);
        tw_target_run(target, &program, &trace);
        tw_shape_of(&program, &shape);
        for (unsigned k = 0; k < G_N_ELEMENTS(extremes); k++) {
            counts[k] +=
                number_of(k, &program, &shape, &trace) >= extremes[k].least;
        }
    }
    for (unsigned k = 0; k < G_N_ELEMENTS(extremes); k++) {
        double rate = counts[k] * 1e6 / n;
        bool enough = rate >= LEAST;

        g_test_message("%8.0f a million%s  %s", rate, enough ? "" : ": TOO FEW",
                       extremes[k].what);
        short_of += !enough;
    }
    tw_target_close(target);
    g_assert_cmpuint(short_of, ==, 0);
}

/* A guest without MMU: its programs are made another way. */
static void test_flat(void)
{
    static TwProgram program;
    TwDialect dialect = tw_dialect_full();
    unsigned many = 0, most = 0, lengthy = 0, n = PROGRAMS / 4;

    dialect.iommu_kinds = dialect.max_iommus = 0;
    dialect.max_spaces = dialect.max_cpus = dialect.max_mmu_indexes = 1;
    dialect.min_page_lg = dialect.max_page_lg = dialect.region_lg = 12;
    dialect.address_lg = 22;
    dialect.identity_pages = dialect.whole_pages = true;
    for (unsigned i = 0; i < n; i++) {
        TwRng rng = tw_rng_for(6, i);

        tw_generate(&program, tw_profile_in_turn(i), &dialect, &rng);
        many += program.n_regions > 64;
        most = MAX(most, program.n_regions);
        lengthy += program.n_script > 1000;
    }
    g_test_message("%8.0f a million  more than 64 regions, flat; at most %u",
                   many * 1e6 / n, most);
    g_assert_cmpfloat(many * 1e6 / n, >=, LEAST);
    g_assert_cmpuint(most, >, 200);
    g_test_message("%8.0f a million  a script of more than 1000 operations, "
                   "flat",
                   lengthy * 1e6 / n);
    g_assert_cmpfloat(lengthy * 1e6 / n, >=, LEAST);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/extremes/reached", test_reached);
    g_test_add_func("/extremes/flat", test_flat);
    return g_test_run();
}
