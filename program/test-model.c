/* SPDX-License-Identifier: MIT */
/* Programs as data: what equality and hashes see, and what they do not. */
#include "program/test-program.h"

static TwProgram a, b;

/*
 *   r0 container      r1 mmio    r2 ram
 *   |----------------------------|
 */
static const char sample[] =
    "twinwalk 1\npage 64\nhops 16\n"
    "region r0 container size 0x1000\n"
    "region r1 mmio size 0x40 in r0 at 0x0\n"
    "region r2 ram size 0x40 in r0 at 0x40\n"
    "region r3 iommu size 0x40 in r0 at 0x80 iommu i0\n"
    "space s0 root r0\n"
    "iommu i0 table granule 64\n"
    "cpu c0 tlb 8\nmmu c0.0 space s0\n"
    "actor r1 0x8 notify-all i0\nactor r1 0x9 iommu-reset i0\n"
    "setup\n  page c0.0 0x0 -> 0x0 size 0x40 rwx\n"
    "script\n  read c0.0 0x0 4\n  write c0.0 0x0 4\n";

static void same(void)
{
    g_assert_true(tw_program_equal(&a, &b));
    g_assert_true(tw_program_equal(&b, &a));
    g_assert_cmphex(tw_program_hash(&a), ==, tw_program_hash(&b));
}

static void differ(const char *what)
{
    if (tw_program_equal(&a, &b) || tw_program_equal(&b, &a) ||
        tw_program_hash(&a) == tw_program_hash(&b)) {
        g_error("no difference seen in %s", what);
    }
    tw_program_copy(&b, &a);
}

static void test_fields_count(void)
{
    test_parse(&a, sample);
    tw_program_copy(&b, &a);
    same();
#define DIFFERS(change) \
    do { \
        change; \
        differ(#change); \
    } while (0)
    DIFFERS(b.page_lg++);
    DIFFERS(b.hops++);
    DIFFERS(b.explicit_safepoints = true);
    DIFFERS(b.n_script--);
    DIFFERS(b.n_setup--);
    DIFFERS(b.regions[0].size++);
    DIFFERS(b.regions[0].addr++);
    DIFFERS(b.regions[0].priority--);
    DIFFERS(b.regions[0].enabled = false);
    DIFFERS(b.regions[0].readonly = true);
    DIFFERS(b.regions[0].nonvolatile = true);
    DIFFERS(b.regions[0].unmergeable = true);
    DIFFERS(b.regions[1].container = 2);
    DIFFERS(b.regions[1].valid_min = 1);
    DIFFERS(b.regions[1].valid_max = 4);
    DIFFERS(b.regions[1].reject = ((TwRange){0, 0}));
    DIFFERS(b.regions[1].error = ((TwRange){1, 2}));
    DIFFERS(b.regions[2].block = 3);
    DIFFERS(b.regions[2].kind = TW_REGION_ROM);
    DIFFERS(b.regions[3].iommu = 1);
    DIFFERS(b.regions[2].kind = TW_REGION_NONE);
    DIFFERS(b.spaces[0].root = 1);
    DIFFERS(b.spaces[0].late = true);
    DIFFERS(b.spaces[0].present = false);
    DIFFERS(b.iommus[0].granule_lg++);
    DIFFERS(b.iommus[0].indexes++);
    DIFFERS(b.iommus[0].select++);
    DIFFERS(b.iommus[0].bypass = true);
    DIFFERS(b.iommus[0].bypass_space = 0);
    DIFFERS(b.cpus[0].tlb_lg++);
    DIFFERS(b.cpus[0].victims++);
    DIFFERS(b.cpus[0].mmu[0].attrs = TW_ATTR_SECURE);
    DIFFERS(b.cpus[0].mmu[1].present = true);
    DIFFERS(b.actors[0].offset++);
    DIFFERS(b.actors[1].region = TW_NONE);
    DIFFERS(b.actors[0].op.code = TW_OP_IOMMU_RESET);
    DIFFERS(b.setup[0].perm = 0);
    DIFFERS(b.script[1].addr++);
#undef DIFFERS
}

static void test_holes_do_not_count(void)
{
    test_parse(&a, sample);
    tw_program_copy(&b, &a);
    /* Ids beyond the last one used. */
    b.regions[b.n_regions] = tw_region_make(TW_REGION_NONE);
    b.regions[b.n_regions++].size = 77;
    b.spaces[b.n_spaces++].present = false;
    b.iommus[b.n_iommus++].kind = TW_IOMMU_NONE;
    b.cpus[b.n_cpus++].present = false;
    same();
    /* Slots of actors have no ids. */
    b.actors[2] = b.actors[1];
    b.actors[1].region = TW_NONE;
    b.n_actors = 3;
    same();
    /* A hole has no fields. */
    a.regions[2].kind = b.regions[2].kind = TW_REGION_NONE;
    b.regions[2].addr = 99;
    same();
}

static void test_unused_fields_do_not_count(void)
{
    test_parse(&a, sample);
    tw_program_copy(&b, &a);
    b.regions[0].reject = (TwRange){0, 0};
    b.regions[0].target = 5;
    b.regions[0].block = 5;
    b.regions[0].romd_mode = true;
    b.regions[1].error = (TwRange){9, 3}; /* empty, as {1, 0} is */
    b.iommus[0].pagetable.tables = 3;
    b.iommus[0].pagetable.levels = 3;
    b.cpus[0].mmu[1].space = 7;
    same();
}

static void test_copy(void)
{
    TwRng rng = tw_rng_for(3, 0);
    for (unsigned i = 0; i < 300; i++) {
        test_random_program(&rng, &a);
        memset(&b, 0xa5, sizeof b);
        tw_program_copy(&b, &a);
        same();
    }
    tw_program_copy(&a, &a);
    same();
}

static void test_defaults(void)
{
    tw_program_init(&a);
    g_assert_cmpint(a.page_lg, ==, 12);
    g_assert_cmpint(a.hops, ==, 16);
    g_assert_true(tw_program_check(&a, NULL, 0));
    TwRegion r = tw_region_make(TW_REGION_ROMD);
    g_assert_true(r.enabled && r.romd_mode && !r.readonly);
    g_assert_cmpint(r.container, ==, TW_NONE);
    g_assert_true(r.reject.first > r.reject.last);
    g_assert_true(r.error.first > r.error.last);
    g_assert_false(tw_region_make(TW_REGION_RAM).romd_mode);
    test_parse(&a, sample);
    g_assert_cmpint(tw_program_iommu_region(&a, 0), ==, 3);
    g_assert_cmpint(tw_program_iommu_region(&a, 1), ==, TW_NONE);
}

/* A hash names files: it must not move. */
static void test_hash_is_golden(void)
{
    test_parse(&a, sample);
    g_assert_cmphex(tw_program_hash(&a), ==, UINT64_C(0xdcd085708f64d6fc));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/model/equal/fields-count", test_fields_count);
    g_test_add_func("/model/equal/holes-do-not-count", test_holes_do_not_count);
    g_test_add_func("/model/equal/unused-fields-do-not-count",
                    test_unused_fields_do_not_count);
    g_test_add_func("/model/copy", test_copy);
    g_test_add_func("/model/defaults", test_defaults);
    g_test_add_func("/model/hash-is-golden", test_hash_is_golden);
    return g_test_run();
}
