/* SPDX-License-Identifier: MIT */
/*
 * Properties of softmmu over random programs: changes that must make no
 * difference make none.  The programs come from a small generator in this file.
 */
#include "program/rng.h"
#include "targets/softmmu/softmmu.h"
#include "targets/softmmu/test-kit.h"

enum { PROGRAMS = 800 };

static const uint8_t leaf_kinds[] = {
    TW_REGION_RAM,  TW_REGION_RAM,  TW_REGION_RAM,         TW_REGION_ROM,
    TW_REGION_ROMD, TW_REGION_MMIO, TW_REGION_RESERVATION, TW_REGION_RAM_DEVICE,
};

static uint64_t some_address(TwRng *rng)
{
    uint64_t addr = tw_rng_below(rng, 24) * (uint64_t)P;

    switch (tw_rng_below(rng, 6)) {
    case 0:
        return addr + tw_rng_below(rng, P);
    case 1:
        return addr + P - 1 - tw_rng_below(rng, 8);
    case 2:
        return addr + tw_rng_below(rng, 4) * 0x400;
    default:
        return addr;
    }
}

static uint64_t some_size(TwRng *rng)
{
    return tw_rng_chance(rng, 30) ? 1 + tw_rng_below(rng, 3 * P)
                                  : (1 + tw_rng_below(rng, 6)) * (uint64_t)P;
}

/*
 * Three spaces with a container each, leaves and aliases among them, two
 * IOMMUs of which the second may be behind the first, two CPUs.
 */
static void random_topology(Kit *k, TwRng *rng)
{
    uint8_t roots[3];

    for (unsigned s = 0; s < 3; s++) {
        roots[s] = new_space(k);
    }
    for (unsigned i = 0; i < 9; i++) {
        uint8_t r = region(k, leaf_kinds[tw_rng_below(rng, 8)],
                           roots[tw_rng_below(rng, 3)], some_address(rng),
                           some_size(rng));
        k->p.regions[r].priority = (int)tw_rng_below(rng, 3) - 1;
        k->p.regions[r].readonly = tw_rng_chance(rng, 10);
        k->p.regions[r].unmergeable = tw_rng_chance(rng, 10);
        k->p.regions[r].enabled = !tw_rng_chance(rng, 10);
    }
    for (unsigned i = 0; i < 3; i++) {
        uint8_t r = alias(k, roots[tw_rng_below(rng, 2)], some_address(rng),
                          some_size(rng), 3 + tw_rng_below(rng, 9),
                          tw_rng_below(rng, 2) * some_address(rng));
        k->p.regions[r].readonly = tw_rng_chance(rng, 20);
        k->p.regions[r].priority = tw_rng_below(rng, 2);
    }
    for (unsigned i = 0; i < 2; i++) {
        uint8_t id = iommu(k, roots[i], some_address(rng) & ~0xfffull,
                           some_size(rng), 2, TW_SELECT_SECURE);
        k->p.iommus[id].granule_lg = tw_rng_chance(rng, 20) ? 9 : 12;
        k->p.iommus[id].bypass_space = 2;
    }
    for (unsigned c = 0; c < 2; c++) {
        cpu(k, 1 + tw_rng_below(rng, 3), tw_rng_below(rng, 4));
        mmu(k, c, 1, tw_rng_below(rng, 2), TW_ATTR_SECURE);
        for (unsigned m = 0; m < 2; m++) {
            setup(k, page_op(c, m, 0, 0, 15, RWX));
            setup(k, page_op(c, m, 0x8000, 0x4000, 12, RWX));
            setup(k, page_op(c, m, 0x9000, 0x9000, 12, TW_R));
        }
    }
}

static TwOp random_map(TwRng *rng, bool notified)
{
    uint64_t first = tw_rng_below(rng, 6) * (uint64_t)P;
    TwOp op = map_op(tw_rng_below(rng, 2), tw_rng_below(rng, 2), first,
                     first + (1 + tw_rng_below(rng, 3)) * P - 1,
                     tw_rng_below(rng, 3), some_address(rng),
                     tw_rng_chance(rng, 80) ? RW : 1 + tw_rng_below(rng, 2),
                     notified);

    if (tw_rng_chance(rng, 15)) {
        op.code = TW_OP_UNMAP;
        op.other = op.perm = 0;
        op.out = 0;
    }
    return op;
}

static TwOp random_change(TwRng *rng)
{
    uint8_t r = 3 + tw_rng_below(rng, 14);
    TwOp op;

    switch (tw_rng_below(rng, 9)) {
    case 0:
        return at_op(TW_OP_MOVE, r, some_address(rng));
    case 1:
        op = op_of(TW_OP_RESIZE, r);
        op.length = some_size(rng);
        return op;
    case 2:
        return op_of(TW_OP_DEL, r);
    case 3:
        return add_region_op(r, tw_rng_below(rng, 3), some_address(rng),
                             tw_rng_below(rng, 3));
    case 4:
        op = op_of(TW_OP_PRIORITY, r);
        op.priority = tw_rng_below(rng, 3);
        return op;
    case 5:
        return switch_op(TW_OP_READONLY, r, tw_rng_chance(rng, 50));
    case 6:
        return switch_op(TW_OP_ROMD, r, tw_rng_chance(rng, 50));
    case 7:
        return at_op(TW_OP_ALIAS_OFFSET, 12 + tw_rng_below(rng, 3),
                     some_address(rng));
    default:
        return switch_op(TW_OP_ENABLE, r, tw_rng_chance(rng, 70));
    }
}

/* Mappings begin where a region does, are for reading, and the first
 * operations; an access via one may be of either direction. */
static TwOp random_mapping(const Kit *k, TwRng *rng, uint8_t id)
{
    const TwRegion *region = &k->p.regions[3 + tw_rng_below(rng, 9)];
    TwOp op = op_of(TW_OP_DMA_MAP, id);

    op.other = region->container; /* the root of the space of that number */
    op.addr = region->addr;
    op.length = some_size(rng);
    op.perm = TW_R;
    return op;
}

static TwOp random_via(const Kit *k, TwRng *rng)
{
    bool write = tw_rng_chance(rng, 20);
    TwOp op = op_of(write ? TW_OP_DMA_WRITE : TW_OP_DMA_READ, 0);

    op.size = 1u << tw_rng_below(rng, 4);
    op.flags = TW_OPF_VIA;
    op.other = tw_rng_below(rng, 4);
    op.obj = k->p.script[op.other].other;
    op.addr = k->p.script[op.other].addr + tw_rng_below(rng, 2 * P);
    return op;
}

static TwOp random_other(TwRng *rng, uint8_t c)
{
    switch (tw_rng_below(rng, 9)) {
    case 0:
        return op_of(TW_OP_BEGIN, 0);
    case 1:
        return by(c, op_of(TW_OP_COMMIT, 0));
    case 2:
        return flush_page_op(c, 0, some_address(rng));
    case 3:
        return flush_range_op(TW_ALL, 1, some_address(rng), some_size(rng), 64);
    case 4:
        return op_of(TW_OP_SAFEPOINT, c);
    case 5:
        return switch_op(TW_OP_BYPASS, tw_rng_below(rng, 2),
                         tw_rng_chance(rng, 40));
    case 6:
        return op_of(TW_OP_IOMMU_RESET, tw_rng_below(rng, 2));
    case 7:
        return op_of(TW_OP_FLUSH_INDEX, c);
    default:
        return observe_op(tw_rng_below(rng, 8), tw_rng_below(rng, 2),
                          tw_rng_below(rng, 2), 1 + tw_rng_below(rng, 3),
                          some_address(rng) & 0x7fff, 0x9fff);
    }
}

/*
 * With `silent`, tables change without notice and CPUs reach safe points when
 * they are told to.  With `paired`, each CPU load is followed by the same one
 * of a device, at the address that the page map leads to.
 */
static void random_program(Kit *k, uint64_t seed, bool silent, bool paired)
{
    TwRng rng = tw_rng_for(seed, silent * 2 + paired);

    tw_program_init(&k->p);
    random_topology(k, &rng);
    for (unsigned i = 0; i < k->p.n_iommus; i++) {
        k->p.iommus[i].iotlb = seed >> (i + 1) & 1;
    }
    for (unsigned i = 0; i < 8; i++) {
        setup(k, random_map(&rng, false));
        if (k->p.setup[k->p.n_setup - 1].code != TW_OP_MAP) {
            k->p.n_setup--;
        }
    }
    k->p.explicit_safepoints = silent;
    for (unsigned id = 0; id < 4; id++) {
        add_op(k, random_mapping(k, &rng, id));
    }
    while (k->p.n_script < 60) {
        uint8_t c = tw_rng_below(&rng, 2), m = tw_rng_below(&rng, 2);
        unsigned roll = tw_rng_below(&rng, 100);

        if (roll < 60) {
            static const uint8_t codes[] = {TW_OP_READ, TW_OP_READ, TW_OP_WRITE,
                                            TW_OP_EXEC, TW_OP_RMW};
            TwOp op = access_op(codes[tw_rng_below(&rng, 5)], c, m,
                                some_address(&rng) & 0x9fff,
                                1u << tw_rng_below(&rng, 4));
            if (paired) {
                op.code = TW_OP_READ;
                op.addr &= 0x7fff;
                op.size = MIN(op.size, 0x8000 - op.addr);
            }
            add_op(k, op);
            if (paired) {
                op.code = TW_OP_DMA_READ;
                op.actor = TW_BOARD;
                op.index = 0;
                op.attrs = k->p.cpus[c].mmu[m].attrs;
                op.obj = k->p.cpus[c].mmu[m].space;
                add_op(k, op);
            }
        } else if (roll < 75) {
            add_op(k, by(tw_rng_chance(&rng, 50) ? c : TW_BOARD,
                         random_map(&rng, !silent || roll < 68)));
        } else if (roll < 88) {
            add_op(k, by(tw_rng_chance(&rng, 50) ? c : TW_BOARD,
                         random_change(&rng)));
        } else if (roll < 96) {
            add_op(k, random_other(&rng, c));
        } else {
            add_op(k, random_via(k, &rng));
        }
    }
}

static void check_program(const Kit *k)
{
    char why[160];

    if (!tw_program_check(&k->p, why, sizeof(why))) {
        g_error("the generator's program is not well formed: %s", why);
    }
}

/* Runs k's program on two targets; the traces must be equal. */
static void expect_same(Kit *k, TwTarget *other, TwTrace *trace, uint64_t seed)
{
    check_program(k);
    g_assert_true(tw_target_run(k->target, &k->p, &k->trace));
    g_assert_cmpstr(k->trace.text, ==, "");
    g_assert_true(tw_target_run(other, &k->p, trace));
    if (!traces_equal(&k->trace, trace, k->p.n_regions)) {
        g_error("the traces of program %u differ", (unsigned)seed);
    }
}

static void test_rebuild(void)
{
    g_autoptr(Kit) k = kit_new("softmmu");
    TwTarget *full = open_target("softmmu", TW_FLUSH_ALL_ENTRIES);
    g_autofree TwTrace *trace = g_new0(TwTrace, 1);
    uint64_t renders = 0, full_renders = 0;

    tw_softmmu_set_full_rebuild(full, true);
    for (unsigned i = 0; i < PROGRAMS; i++) {
        random_program(k, i, i & 1, false);
        expect_same(k, full, trace, i);
        renders += k->trace.counters[TW_COUNT_RENDER];
        full_renders += trace->counters[TW_COUNT_RENDER];
    }
    g_assert_cmpuint(renders, <, full_renders);
    tw_target_close(full);
}

/* A run does not influence the next one (nor its counters). */
static void test_no_leaks(void)
{
    g_autoptr(Kit) k = kit_new("softmmu");
    g_autofree TwTrace *trace = g_new0(TwTrace, 1);

    for (unsigned i = 0; i < PROGRAMS / 50; i++) {
        TwTarget *fresh = open_target("softmmu", TW_FLUSH_ALL_ENTRIES);
        random_program(k, i, true, false);
        expect_same(k, fresh, trace, i);
        g_assert_true(memcmp(k->trace.counters, trace->counters,
                             sizeof(trace->counters)) == 0);
        tw_target_close(fresh);
    }
}

/* Without silent changes no flush mode forgets too little. */
static void test_flush_modes(void)
{
    g_autoptr(Kit) k = kit_new("softmmu");
    TwTarget *by_page = open_target("softmmu", TW_FLUSH_PAGES);
    g_autofree TwTrace *trace = g_new0(TwTrace, 1);
    uint64_t hits = 0, page_hits = 0;

    tw_softmmu_set_check(k->target, true);
    tw_softmmu_set_check(by_page, true);
    for (unsigned i = 0; i < PROGRAMS; i++) {
        random_program(k, i, false, false);
        expect_same(k, by_page, trace, i);
        hits += k->trace.counters[TW_COUNT_TLB_HIT];
        page_hits += trace->counters[TW_COUNT_TLB_HIT];
    }
    g_assert_cmpuint(hits, <, page_hits);
    tw_target_close(by_page);
}

/* Nor does the invariants' breaking need one. */
static void test_invariants(void)
{
    g_autoptr(Kit) k = kit_new("softmmu");
    TwTarget *by_page = open_target("softmmu", TW_FLUSH_PAGES);

    tw_softmmu_set_check(k->target, true);
    tw_softmmu_set_check(by_page, true);
    for (unsigned i = 0; i < PROGRAMS; i++) {
        random_program(k, i, true, false);
        run_kit(k);
        g_assert_true(tw_target_run(by_page, &k->p, &k->trace));
        g_assert_cmpstr(k->trace.text, ==, "");
    }
    tw_target_close(by_page);
}

/* What a CPU loads equals what a device reads there. */
static void test_cpu_equals_walk(void)
{
    g_autoptr(Kit) k = kit_new("softmmu");
    uint64_t hits = 0, ok = 0;

    for (unsigned i = 0; i < PROGRAMS; i++) {
        random_program(k, i, false, true);
        run_kit(k);
        hits += k->trace.counters[TW_COUNT_TLB_HIT];
        for (unsigned n = 0; n + 1 < k->p.n_script; n++) {
            const TwOutcome *a = &k->trace.outcomes[n], *b = a + 1;
            if (k->p.script[n].code != TW_OP_READ ||
                a->status != TW_STATUS_DONE) {
                continue;
            }
            g_assert_cmpint(a->class_, ==, b->class_);
            g_assert_cmphex(a->value, ==, b->value);
            g_assert_cmpint(a->n_locations, ==, b->n_locations);
            for (unsigned l = 0; l < a->n_locations; l++) {
                const TwLocation *x = &k->trace.locations[a->location + l];
                const TwLocation *y = &k->trace.locations[b->location + l];
                g_assert_cmpint(x->region, ==, y->region);
                g_assert_cmphex(x->offset, ==, y->offset);
                g_assert_cmpint(x->length, ==, y->length);
                g_assert_cmpint(x->flags, ==, y->flags);
            }
            ok += a->class_ == TW_CLASS_OK;
        }
    }
    g_assert_cmpuint(hits, >, PROGRAMS);
    g_assert_cmpuint(ok, >, PROGRAMS);
}

/* Anti-vacuity: the programs above reach what they are about. */
static void test_reach(void)
{
    g_autoptr(Kit) k = kit_new("softmmu");
    uint64_t counters[TW_COUNTERS] = {0}, classes[TW_CLASSES] = {0};

    for (unsigned i = 0; i < PROGRAMS / 3; i++) {
        random_program(k, i, i & 1, false);
        k->p.script[0] = op_of(TW_OP_FAIL_ALLOC, 0);
        k->p.script[0].nth = 1 + i % 40;
        run_kit(k);
        for (unsigned c = 0; c < TW_COUNTERS; c++) {
            counters[c] += k->trace.counters[c];
        }
        for (unsigned n = 0; n < k->p.n_script; n++) {
            if (tw_op_info(k->p.script[n].code)->flags & TW_OP_ACCESS) {
                classes[k->trace.outcomes[n].class_]++;
            }
        }
    }
    for (unsigned c = 0; c < TW_COUNTERS; c++) {
        g_test_message("%s %u", tw_counter_name(c), (unsigned)counters[c]);
        if (c == TW_COUNT_POINTER || c == TW_COUNT_CONTEXT ||
            c == TW_COUNT_NESTED || c == TW_COUNT_MARK ||
            c == TW_COUNT_UNMARKED || c == TW_COUNT_STARTED ||
            c == TW_COUNT_BUSY) {
            continue; /* these topologies have no page tables, nor DMA that
                       * devices start */
        }
        /* Seldom is one IOMMU with an IOTLB behind another here. */
        g_assert_cmpuint(counters[c], >, c == TW_COUNT_COMBINED ? 0 : 50);
    }
    for (unsigned c = 0; c < TW_CLASSES; c++) {
        if (c != TW_CLASS_DEVICE_ERROR && c != TW_CLASS_LOOP) {
            g_assert_cmpuint(classes[c], >, 20);
        }
    }
}

static void test_hidden_locations(void)
{
    g_autoptr(Kit) k = kit_new("softmmu");
    TwTargetOptions options = {.name = "softmmu", .hide_locations = true};
    TwTarget *hidden = tw_target_open(&options, NULL);
    g_autofree TwTrace *trace = g_new0(TwTrace, 1);

    g_assert_false(tw_target_dialect(hidden)->locations);
    for (unsigned i = 0; i < 50; i++) {
        random_program(k, i, true, false);
        run_kit(k);
        g_assert_true(tw_target_run(hidden, &k->p, trace));
        g_assert_true(trace->locations_hidden);
        g_assert_cmpint(trace->n_locations, ==, 0);
        for (unsigned n = 0; n < k->p.n_script; n++) {
            g_assert_cmpint(trace->outcomes[n].class_, ==,
                            k->trace.outcomes[n].class_);
            g_assert_cmphex(trace->outcomes[n].value, ==,
                            k->trace.outcomes[n].value);
        }
    }
    tw_target_close(hidden);
}

static void test_unsupported(void)
{
    g_autoptr(Kit) k = kit_new("softmmu");

    new_space(k);
    add_op(k, op_of(TW_OP_PAR, 0));
    g_assert_true(tw_target_run(k->target, &k->p, &k->trace));
    g_assert_cmpint(k->trace.end, ==, TW_END_UNSUPPORTED);
    g_assert_nonnull(strstr(k->trace.text, "par"));
    g_assert_cmpint(k->trace.n_ops, ==, 0);
}

static void test_in_flight(void)
{
    g_autoptr(Kit) k = kit_new("softmmu");
    volatile uint32_t at = 77;
    TwTargetOptions options = {.name = "softmmu", .in_flight = &at};
    TwTarget *target = tw_target_open(&options, NULL);

    new_space(k);
    for (unsigned i = 0; i < 3; i++) {
        add_op(k, op_of(TW_OP_NOP, 0));
    }
    g_assert_true(tw_target_run(target, &k->p, &k->trace));
    g_assert_cmpuint(at, ==, 2);
    tw_target_close(target);
}

static void expect_usage(TwTargetOptions options, const char *part)
{
    g_autoptr(GError) error = NULL;

    g_assert_null(tw_target_open(&options, &error));
    g_assert_error(error, TW_TARGET_ERROR, TW_TARGET_ERROR_USAGE);
    g_assert_nonnull(strstr(error->message, part));
}

static void test_open(void)
{
    expect_usage((TwTargetOptions){.name = "softmm"}, "softmmu, zoo");
    expect_usage((TwTargetOptions){.name = "softmmu:x"}, "no argument");
    expect_usage((TwTargetOptions){.name = "softmmu", .timeout_ms = 5},
                 "--timeout");
    tw_target_close(NULL);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/random/FV-4/rebuilding-everything-is-the-same",
                    test_rebuild);
    g_test_add_func("/random/run/leaves-nothing-behind", test_no_leaks);
    g_test_add_func("/random/FR-7/flush-modes-are-the-same", test_flush_modes);
    g_test_add_func("/random/TN-4/invariants", test_invariants);
    g_test_add_func("/random/FR-1/cpu-equals-walk", test_cpu_equals_walk);
    g_test_add_func("/random/reach", test_reach);
    g_test_add_func("/random/options/hidden-locations", test_hidden_locations);
    g_test_add_func("/random/options/in-flight", test_in_flight);
    g_test_add_func("/random/dialect/unsupported", test_unsupported);
    g_test_add_func("/random/open/usage", test_open);
    return g_test_run();
}
