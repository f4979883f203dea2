/* SPDX-License-Identifier: MIT */
/*
 * The byte form accepts all bytes, encoding and decoding are inverse, the
 * result stays inside the dialect, golden bytes keep their meaning, and random
 * bytes give programs with effects.
 */
#include "program/test-program.h"

static TwProgram p, q;
static uint8_t bytes[TW_BYTES_MAX];

/* Narrow in every way. */
static TwDialect narrow_dialect(void)
{
    TwDialect d = tw_dialect_full();
    d.ops = TW_OPS(TW_OP_READ, TW_OP_WRITE, TW_OP_PAGE, TW_OP_MAP, TW_OP_UNMAP,
                   TW_OP_DMA_READ, TW_OP_FLUSH_PAGE, TW_OP_NOTIFY_ALL);
    d.region_kinds = 1u << TW_REGION_CONTAINER | 1u << TW_REGION_RAM |
                     1u << TW_REGION_IOMMU | 1u << TW_REGION_ALIAS;
    d.iommu_kinds = 1u << TW_IOMMU_TABLE;
    d.selects = 1u << TW_SELECT_ZERO | 1u << TW_SELECT_SECURE;
    d.op_flags = TW_OPF_NOTIFIED;
    d.actors = d.explicit_safepoints = d.shared_blocks = d.late_spaces = false;
    d.min_page_lg = d.max_page_lg = 12;
    d.min_granule_lg = 12;
    d.max_granule_lg = 13;
    d.max_regions = 9;
    d.max_spaces = 3;
    d.max_iommus = 2;
    d.max_cpus = 1;
    d.max_mmu_indexes = 2;
    d.max_iommu_indexes = 2;
    d.max_tlb_lg = 1;
    d.max_victims = 0;
    d.max_setup = 10;
    d.max_script = 20;
    return d;
}

/* Nothing at all. */
static TwDialect empty_dialect(void)
{
    TwDialect d = narrow_dialect();
    d.ops = (TwOpSet){{0}};
    d.region_kinds = d.iommu_kinds = d.selects = d.op_flags = 0;
    d.max_regions = d.max_spaces = d.max_iommus = d.max_cpus = 0;
    d.max_mmu_indexes = d.max_iommu_indexes = 0;
    d.max_setup = d.max_script = 0;
    return d;
}

/* MPCs and nothing like them. */
static TwDialect mpc_dialect(void)
{
    TwDialect d = tw_dialect_full();
    d.iommu_kinds = 1u << TW_IOMMU_MPC;
    d.region_kinds &= ~(1u << TW_REGION_RESERVATION | 1u << TW_REGION_RAM);
    return d;
}

static TwDialect pagetable_dialect(void)
{
    TwDialect d = tw_dialect_full();
    d.iommu_kinds = 1u << TW_IOMMU_PAGETABLE;
    d.min_granule_lg = 20;
    return d;
}

/* A real CPU without its MMU. */
static TwDialect flat_dialect(void)
{
    TwDialect d = tw_dialect_full();
    d.region_kinds = 1u << TW_REGION_CONTAINER | 1u << TW_REGION_RAM |
                     1u << TW_REGION_MMIO | 1u << TW_REGION_ALIAS;
    d.iommu_kinds = 0;
    d.max_iommus = 0;
    d.min_page_lg = d.max_page_lg = 12;
    d.identity_pages = d.plain_devices = d.exec_needs_code = true;
    d.implemented_sizes = false;
    d.address_lg = 22;
    d.region_lg = 12;
    return d;
}

/* The same numbers, with all that is left of the language. */
static TwDialect code_dialect(void)
{
    TwDialect d = tw_dialect_full();
    d.iommu_kinds = 1u << TW_IOMMU_TABLE;
    d.contents = 1u << TW_CONTENTS_CODE;
    return d;
}

static TwDialect near_dialect(void)
{
    TwDialect d = tw_dialect_full();
    d.address_lg = 16;
    d.region_lg = 4;
    d.whole_pages = true;
    d.iommu_kinds = 1u << TW_IOMMU_TABLE;
    return d;
}

static TwDialect (*const dialects[])(void) = {
    tw_dialect_full,   narrow_dialect, empty_dialect, mpc_dialect,
    pagetable_dialect, flat_dialect,   code_dialect,  near_dialect};

static void check_decoded(const TwDialect *d)
{
    char why[200] = "";
    tw_program_check(&p, why, sizeof why);
    g_assert_cmpstr(why, ==, "");
    tw_dialect_admits(d, &p, why, sizeof why);
    g_assert_cmpstr(why, ==, "");
}

static void check_identity(const TwDialect *d)
{
    static uint8_t encoded[TW_BYTES_MAX];
    size_t size = tw_program_encode(&p, encoded, sizeof encoded, d);
    g_assert_cmpuint(size, >, 0);
    tw_program_decode(&q, encoded, size, d);
    if (!tw_program_equal(&p, &q)) {
        g_autoptr(GString) one = g_string_new(NULL);
        g_autoptr(GString) two = g_string_new(NULL);
        tw_program_print(&p, NULL, one);
        tw_program_print(&q, NULL, two);
        g_assert_cmpstr(one->str, ==, two->str);
        g_assert_not_reached();
    }
}

static void fill(TwRng *rng, size_t size)
{
    for (size_t i = 0; i < size; i += 8) {
        uint64_t word = tw_rng_next(rng);
        memcpy(bytes + i, &word, 8);
    }
}

static void test_total(void)
{
    for (unsigned k = 0; k < G_N_ELEMENTS(dialects); k++) {
        const TwDialect d = dialects[k]();
        for (unsigned n = 0; n < 1500; n++) {
            TwRng rng = tw_rng_for(21 + k, n);
            size_t size = n < 700 ? n : tw_rng_below(&rng, 5000);
            fill(&rng, size);
            if (n % 3 == 0) {
                memset(bytes, (int)(n / 3 & 0xff), size); /* all the same */
            } else if (n % 3 == 1) {
                bytes[1] |= 0x71; /* written out, exact counts */
            }
            /* An allocation of the very size, so that a read beyond is seen. */
            uint8_t *exact = g_memdup2(bytes, size);
            tw_program_decode(&p, exact, size, &d);
            g_free(exact);
            check_decoded(&d);
            check_identity(&d);
        }
    }
}

static void test_identity(void)
{
    const TwDialect d = tw_dialect_full();
    for (unsigned n = 0; n < 4000; n++) {
        TwRng rng = tw_rng_for(31, n);
        test_random_program(&rng, &p);
        check_identity(&d);
    }
}

/* As much as a program holds, and no two addresses near each other. */
static void test_largest(void)
{
    const TwDialect d = tw_dialect_full();
    TwRng rng = tw_rng_for(41, 0);
    tw_program_init(&p);
    p.n_regions = TW_MAX_REGIONS;
    for (unsigned i = 0; i < TW_MAX_REGIONS; i++) {
        TwRegion *r = &p.regions[i];
        *r = tw_region_make(i == 0   ? TW_REGION_CONTAINER
                            : i == 1 ? TW_REGION_IOMMU
                            : i % 2  ? TW_REGION_ROMD
                                     : TW_REGION_MMIO);
        r->block = r->kind == TW_REGION_ROMD ? (uint8_t)i : TW_NONE;
        r->iommu = i == 1 ? 0 : TW_NONE;
        r->container = i ? 0 : TW_NONE;
        r->addr = i ? tw_rng_next(&rng) : 0;
        r->size = tw_rng_next(&rng);
        r->priority = (int32_t)tw_rng_next(&rng);
        r->valid_min = 2;
        r->valid_max = 8;
        r->impl_min = 1;
        r->impl_max = 4;
        r->unaligned = i % 4 > 1;
        r->reject = (TwRange){tw_rng_next(&rng) / 2, UINT64_MAX - i};
        r->error = (TwRange){tw_rng_next(&rng) / 2, UINT64_MAX - 2 * i};
    }
    p.n_spaces = TW_MAX_SPACES;
    for (unsigned i = 0; i < TW_MAX_SPACES; i++) {
        p.spaces[i] = (TwSpace){true, i > 10, 0};
    }
    p.n_iommus = 1;
    p.iommus[0] = (TwIommu){.kind = TW_IOMMU_TABLE,
                            .granule_lg = 4,
                            .indexes = 4,
                            .select = TW_SELECT_REQUESTER,
                            .bypass_space = 3};
    p.n_cpus = TW_MAX_CPUS;
    for (unsigned i = 0; i < TW_MAX_CPUS; i++) {
        p.cpus[i] = (TwCpu){.present = true, .tlb_lg = 12, .victims = 16};
        for (unsigned m = 0; m < TW_MAX_MMU_INDEXES; m++) {
            p.cpus[i].mmu[m] =
                (TwMmuIndex){.present = true,
                             .space = (uint8_t)i,
                             .attrs = (TwAttrs)tw_rng_next(&rng) & TW_ATTR_MASK,
                             .width = (uint8_t)(m ? TW_MIN_WIDTH + i + m : 0),
                             .wraps = m % 2 != 0};
        }
    }
    TwOp map = tw_op_make(TW_OP_MAP);
    for (unsigned i = 0; i < TW_MAX_SETUP + TW_MAX_SCRIPT + TW_MAX_ACTORS;
         i++) {
        map.index = i % 4;
        map.addr = tw_rng_next(&rng) / 2;
        map.last = map.addr + tw_rng_next(&rng) / 2;
        map.out = tw_rng_next(&rng);
        tw_op_round(&p, &map);
        if (i < TW_MAX_SETUP) {
            p.setup[p.n_setup++] = map;
        } else if (i < TW_MAX_SETUP + TW_MAX_SCRIPT) {
            p.script[p.n_script++] = map;
        } else {
            p.actors[p.n_actors++] = (TwActor){3, tw_rng_next(&rng), map};
        }
    }
    check_decoded(&d);
    check_identity(&d);
    size_t size = tw_program_encode(&p, bytes, sizeof bytes, &d);
    g_assert_cmpuint(size, >, 30000);
    /* It fits exactly, or not at all. */
    for (size_t less = 1; less < size; less += 9973) {
        uint8_t *room = g_malloc(size - less);
        g_assert_cmpuint(tw_program_encode(&p, room, size - less, &d), ==, 0);
        g_free(room);
    }
    uint8_t *room = g_malloc(size);
    g_assert_cmpuint(tw_program_encode(&p, room, size, &d), ==, size);
    g_free(room);
    g_assert_cmpuint(tw_program_encode(&p, NULL, 0, &d), ==, 0);
}

/* Region `id` names one of a high id, if it names any other. */
static bool reaches_high(const TwProgram *program, unsigned id, unsigned what)
{
    const TwRegion *r = &program->regions[id];
    switch (what) {
    case 0:
        return r->container != TW_NONE && r->container >= 64;
    case 1:
        return r->kind == TW_REGION_ALIAS && r->target >= 64;
    default:
        return r->block != TW_NONE && r->block != id && r->block >= 64;
    }
}

/* Programs of more than 64 regions: bytes are total and exact, all that names a
 * region may name each of them, and there may be more than 255 extras. */
static void test_many(void)
{
    const TwDialect d = tw_dialect_full();
    unsigned most = 0, reached[3] = {0}, roots = 0, extras = 0;
    for (unsigned n = 0; n < 400; n++) {
        TwRng rng = tw_rng_for(43, n);
        size_t size = 13 + 254 * 18 + tw_rng_below(&rng, 6000);
        fill(&rng, size);
        memcpy(bytes, ((const uint8_t[]){3, 0x71, 12, 16}), 4);
        bytes[4] = (uint8_t)(65 + tw_rng_below(&rng, 191));
        bytes[6] &= 15;
        bytes[9] &= 31;
        bytes[11] = bytes[12] = 0;
        tw_program_decode(&p, bytes, size, &d);
        check_decoded(&d);
        check_identity(&d);
        most = p.n_regions > most ? p.n_regions : most;
        unsigned n_extras = 0;
        for (unsigned i = 0; i < p.n_regions; i++) {
            TwRegion *r = &p.regions[i];
            for (unsigned what = 0; what < 3; what++) {
                reached[what] += reaches_high(&p, i, what);
            }
            r->priority = r->kind != TW_REGION_NONE ? 1000 : 0;
            if (r->kind == TW_REGION_MMIO || r->kind == TW_REGION_ROMD) {
                r->reject = r->error = (TwRange){i, 2 * i};
            }
            n_extras += r->kind != TW_REGION_NONE;
            n_extras += r->reject.first <= r->reject.last ? 2 : 0;
        }
        check_identity(&d);
        extras += n_extras > 255;
        for (unsigned i = 0; i < p.n_spaces; i++) {
            roots += p.spaces[i].present && p.spaces[i].root >= 64;
        }
        /* Before there were more, a larger count meant 64. */
        bytes[0] = 1 + n % 2;
        tw_program_decode(&p, bytes, size, &d);
        g_assert_cmpuint(p.n_regions, ==, 64);
    }
    g_assert_cmpuint(most, ==, TW_MAX_REGIONS);
    for (unsigned what = 0; what < 3; what++) {
        g_assert_cmpuint(reached[what], >, 100);
    }
    g_assert_cmpuint(roots, >, 100);
    g_assert_cmpuint(extras, >, 100);
}

/* Scripts of more than 512 operations, which other versions end there. */
static void test_long(void)
{
    const TwDialect d = tw_dialect_full();
    for (unsigned n = 0; n < 60; n++) {
        TwRng rng = tw_rng_for(45, n);
        unsigned length = n < 4 ? 511 + n : 514 + tw_rng_below(&rng, 1200);
        fill(&rng, 13 + 20 * (size_t)length);
        memcpy(bytes, ((const uint8_t[]){3, 0x70, 12, 16}), 4);
        memset(bytes + 4, 0, 9);
        tw_program_decode(&p, bytes, 13 + 20 * (size_t)length, &d);
        check_decoded(&d);
        check_identity(&d);
        g_assert_cmpuint(p.n_script, ==, MIN(length, TW_MAX_SCRIPT));
        bytes[0] = 1 + n % 2;
        tw_program_decode(&q, bytes, 13 + 20 * (size_t)length, &d);
        g_assert_cmpuint(q.n_script, ==, MIN(length, 512));
        for (unsigned i = 0; i < q.n_script; i++) {
            /* A par that the end cuts was none. */
            g_assert_true(memcmp(&p.script[i], &q.script[i], sizeof(TwOp)) ==
                              0 ||
                          (q.script[i].code == TW_OP_NOP &&
                           p.script[i].code >= TW_OP_PAR &&
                           p.script[i].code <= TW_OP_END_PAR));
        }
    }
}

/* What a dialect does not admit is not encoded for it. */
static void test_outside(void)
{
    const TwDialect full = tw_dialect_full(), narrow = narrow_dialect();
    tw_program_decode(&p, NULL, 0, &full);
    g_assert_cmpuint(tw_program_encode(&p, bytes, sizeof bytes, &narrow), ==,
                     0);
    g_assert_cmpuint(tw_program_encode(&p, bytes, sizeof bytes, &full), >, 0);
}

/*
 * No bytes at all: a RAM, a device, an IOMMU and a second space behind it, and
 * a CPU that can reach all of it.
 */
static void test_empty(void)
{
    const TwDialect d = tw_dialect_full();
    tw_program_decode(&p, NULL, 0, &d);
    check_decoded(&d);
    unsigned kinds = 0;
    for (unsigned i = 0; i < p.n_regions; i++) {
        kinds |= 1u << p.regions[i].kind;
    }
    g_assert_true(kinds & 1u << TW_REGION_RAM);
    g_assert_true(kinds & 1u << TW_REGION_MMIO);
    g_assert_true(kinds & 1u << TW_REGION_IOMMU);
    g_assert_cmpint(p.n_spaces, ==, 2);
    g_assert_cmpint(p.n_cpus, ==, 1);
    g_assert_cmpint(p.n_setup, >=, 4);
    g_assert_cmpint(p.n_script, ==, 0);
    /* A zero byte is a record, though a short one. */
    memset(bytes, 0, 64);
    tw_program_decode(&p, bytes, 14, &d);
    g_assert_cmpint(p.n_script, ==, 1);
    g_assert_cmpint(p.script[0].code, ==, TW_OP_NOP);
}

/* The same bytes are the same programs for ever. */
static void test_golden(void)
{
    uint64_t hash[2] = {0, 0};
    for (unsigned k = 0; k < 2; k++) {
        TwDialect d = dialects[k]();
        d.contents = 1u << TW_CONTENTS_DATA;         /* older than code */
        d.selects &= ~(1u << TW_SELECT_SECURE_USER); /* ... than secure-user */
        d.started = false;       /* ... than accesses of actor offsets */
        d.during_dma = false;    /* ... than DMA accesses during others */
        d.iotlbs = false;        /* ... than IOTLBs */
        d.mpc_registers = false; /* ... than LA-57 */
        d.widths = false;        /* ... than LA-58 */
        /* ... than LA-56 and LA-59 */
        d.op_flags &= (uint8_t) ~(TW_OPF_EXCLUSIVE | TW_OPF_PAIRED);
        for (unsigned n = 0; n < 2000; n++) {
            TwRng rng = tw_rng_for(51, n);
            size_t size = tw_rng_below(&rng, 1000);
            for (size_t i = 0; i < size; i++) {
                bytes[i] = (uint8_t)tw_rng_next(&rng);
            }
            tw_program_decode(&p, bytes, size, &d);
            hash[k] = tw_mix64(hash[k] ^ tw_program_hash(&p));
        }
    }
    g_assert_cmphex(hash[0], ==, UINT64_C(0xde3d2a3f077e76d6));
    g_assert_cmphex(hash[1], ==, UINT64_C(0xd735f237efb21af1));
}

/* Where pages lead to their own addresses: RAM and device are in reach. */
static void test_empty_flat(void)
{
    const TwDialect d = flat_dialect();
    unsigned kinds = 0;
    tw_program_decode(&p, NULL, 0, &d);
    check_decoded(&d);
    for (unsigned i = 0; i < p.n_setup; i++) {
        g_assert_cmpint(p.setup[i].code, ==, TW_OP_PAGE);
        for (unsigned k = 0; k < p.n_regions; k++) {
            const TwRegion *r = &p.regions[k];
            if (p.setup[i].addr - r->addr < r->size) {
                kinds |= 1u << r->kind;
            }
        }
    }
    g_assert_true(kinds & 1u << TW_REGION_RAM);
    g_assert_true(kinds & 1u << TW_REGION_MMIO);
}

/*
 * Any program made to fit a dialect's numbers: it is well formed, nothing of
 * the numbers is refused any more, and what fits already stays as it is.
 */
static void test_fit(void)
{
    const TwDialect from[] = {flat_dialect(), code_dialect(), near_dialect()};
    unsigned changed = 0;
    for (unsigned k = 0; k < G_N_ELEMENTS(from); k++) {
        TwDialect d = tw_dialect_full(); /* with other numbers */
        d.identity_pages = from[k].identity_pages;
        d.whole_pages = from[k].whole_pages;
        d.plain_devices = from[k].plain_devices;
        d.implemented_sizes = from[k].implemented_sizes;
        d.exec_needs_code = from[k].exec_needs_code;
        d.contents = from[k].contents;
        d.address_lg = from[k].address_lg;
        d.region_lg = from[k].region_lg;
        for (unsigned n = 0; n < 1500; n++) {
            TwRng rng = tw_rng_for(81 + k, n);
            test_random_program(&rng, &p);
            /* An mpc's region has a size of its own kind. */
            for (unsigned i = 0; i < p.n_iommus; i++) {
                if (p.iommus[i].kind == TW_IOMMU_MPC) {
                    p.iommus[i].kind = TW_IOMMU_TABLE;
                }
            }
            if (!tw_program_check(&p, NULL, 0)) {
                continue;
            }
            tw_program_copy(&q, &p);
            bool good = tw_dialect_admits(&d, &p, NULL, 0);
            tw_dialect_fit(&d, &p);
            g_assert_cmpint(tw_program_equal(&p, &q), ==, good);
            changed += !good;
            check_decoded(&d);
            check_identity(&d);
        }
    }
    g_assert_cmpuint(changed, >, 2000);
}

/* What is outside, one thing at a time. */
static void test_outside_numbers(void)
{
    static const struct {
        const char *region, *op, *why;
    } cases[] = {
        {"size 0x1000", "read c0.0 0x3fffff 1", NULL},
        {"size 0x1000", "read c0.0 0x3fffff 2",
         "operation 0: read has numbers that are out of reach or not aligned"},
        {"size 0x1000", "read c0.0 0x400000 1",
         "operation 0: read has numbers that are out of reach or not aligned"},
        {"size 0x1000", "exec c0.0 0x0 8",
         "operation 0: exec needs code contents"},
        {"size 0x1000", "page c0.0 0x1000 -> 0x1000 size 0x1000 rwx", NULL},
        {"size 0x1000", "page c0.0 0x1000 -> 0x0 size 0x1000 rwx",
         "operation 0: page leads to another address"},
        {"size 0x1000", "unpage c0.0 0x1000 size 0x800",
         "operation 0: unpage is smaller than a page"},
        {"size 0x1000", "unpage c0.0 0x0 size 2^23",
         "operation 0: unpage is too large"},
        {"size 0x1000", "flush-range c0.0 0x1000 0x3ff000 bits 64", NULL},
        {"size 0x1000", "flush-range c0.0 0x1000 0x3ff001 bits 64",
         "operation 0: flush-range has numbers that are out of reach or not "
         "aligned"},
        {"size 0x1000", "move r1 at 0x800",
         "operation 0: move has numbers that are out of reach or not aligned"},
        {"size 0x1000", "resize r0 2^64", NULL},
        {"size 0x1000", "resize r1 2^22", NULL},
        {"size 0x1000", "resize r1 2^64",
         "operation 0: resize has numbers that are out of reach or not "
         "aligned"},
        {"size 0x1800", "nop",
         "region r1: numbers that are out of reach or not aligned"},
        {"size 0x1000 at 2^22", "nop",
         "region r1: numbers that are out of reach or not aligned"},
        {"size 0x1000 error 0x0..0x0", "nop",
         "region r1: a device that refuses something"},
        {"size 0x1000 valid 0..4", "nop",
         "region r1: a device that refuses something"},
    };
    const TwDialect d = flat_dialect();
    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *text = g_strdup_printf(
            "twinwalk 1\nregion r0 container size 2^64\n"
            "region r1 mmio %s in r0\nspace s0 root r0\ncpu c0\n"
            "mmu c0.0 space s0\nscript\n%s\n",
            cases[i].region, cases[i].op);
        char why[200] = "";
        test_parse(&p, text);
        g_assert_cmpint(tw_dialect_admits(&d, &p, why, sizeof why), ==,
                        cases[i].why == NULL);
        g_assert_cmpstr(why, ==, cases[i].why ? cases[i].why : "");
    }
}

static void test_golden_encoding(void)
{
    static const char text[] =
        "twinwalk 1\npage 64\nhops 9\n"
        "region r0 container size 2^64\n"
        "region r1 ram size 0x1000 in r0 at 0x100\n"
        "region r2 iommu size 0x1000 in r0 at 0x2000 iommu i0\n"
        "space s0 root r0\niommu i0 table granule 64\n"
        "cpu c0 tlb 8\nmmu c0.0 space s0 attrs rid=5\n"
        "setup\npage c0.0 0x0 -> 0x2000 size 0x40 rwx\n"
        "script\nwrite c0.0 0x3 4\nunmap i0.0 0x0..0x3f notified\n"
        "dma-read s0 0xfedcba9876543210 8 secure\n";
    const TwDialect d = tw_dialect_full();
    test_parse(&p, text);
    size_t size = tw_program_encode(&p, bytes, sizeof bytes, &d);
    uint64_t hash = size;
    for (size_t i = 0; i < size; i++) {
        hash = tw_mix64(hash ^ bytes[i]);
    }
    g_assert_cmphex(hash, ==, UINT64_C(0x67cf4317ab1f0948));
}

/* Pars survive if they are whole, and vanish without a trace if not. */
static void test_pars(void)
{
    static const char *const scripts[][2] = {
        {"par\nread c0.0 0x0 1\nand\ndma-read s0 0x0 1 none\nend-par\n", NULL},
        {"par\nend-par\nnop\npar\nbarrier\nend-par\n", NULL},
    };
    const TwDialect d = tw_dialect_full();
    tw_program_decode(&q, NULL, 0, &d);
    for (unsigned i = 0; i < G_N_ELEMENTS(scripts); i++) {
        g_autoptr(GString) text = g_string_new(NULL);
        tw_program_print(&q, NULL, text);
        g_string_append(text, scripts[i][0]);
        test_parse(&p, text->str);
        tw_program_decode(&q, NULL, 0, &d);
        check_identity(&d);
        tw_program_decode(&q, NULL, 0, &d);
    }
    /* The last one without its end: the read before stays what it is. */
    p.script[4] = tw_op_make(TW_OP_READ);
    p.script[5] = tw_op_make(TW_OP_READ);
    p.script[3] = tw_op_make(TW_OP_READ);
    size_t size = tw_program_encode(&p, bytes, sizeof bytes, &d);
    bytes[size - 3 * 20] = TW_OP_PAR;
    bytes[size - 2 * 20] = TW_OP_READ;
    tw_program_decode(&q, bytes, size, &d);
    check_decoded(&d);
    g_assert_cmpint(q.script[0].code, ==, TW_OP_PAR);
    g_assert_cmpint(q.script[3].code, ==, TW_OP_NOP);
    g_assert_cmpint(q.script[4].code, ==, TW_OP_READ);
    bytes[size - 1 * 20] = TW_OP_END_PAR;
    tw_program_decode(&q, bytes, size, &d);
    g_assert_cmpint(q.script[3].code, ==, TW_OP_PAR);
}

/* Most random bytes make a program in which accesses can meet something. */
static void test_productive(void)
{
    const TwDialect d = tw_dialect_full();
    unsigned cpu_accesses = 0, mapped = 0, programs = 600, usable = 0;
    unsigned legal = 0, operations = 0;
    unsigned codes[TW_OP_CODES] = {0};
    for (unsigned n = 0; n < programs; n++) {
        TwRng rng = tw_rng_for(61, n);
        size_t size = 200 + tw_rng_below(&rng, 1200);
        fill(&rng, size);
        tw_program_decode(&p, bytes, size, &d);
        TwLegality l;
        tw_legality_init(&l, &p);
        bool hit = false;
        for (unsigned i = 0; i < p.n_script; i++) {
            const TwOp *op = &p.script[i];
            codes[op->code]++;
            operations++;
            legal += tw_legality_step(&l, op) == TW_LEGAL;
            if (!(tw_op_info(op->code)->flags & TW_OP_CPU_ACCESS)) {
                continue;
            }
            cpu_accesses++;
            for (unsigned k = 0; k < p.n_setup; k++) {
                const TwOp *page = &p.setup[k];
                if (page->code == TW_OP_PAGE && page->obj == op->obj &&
                    page->index == op->index &&
                    op->addr - page->addr < UINT64_C(1) << page->lg) {
                    mapped++;
                    hit = true;
                    break;
                }
            }
        }
        usable += hit;
    }
    g_test_message("%u of %u CPU accesses are mapped, %u of %u programs have "
                   "one, %u of %u operations are legal",
                   mapped, cpu_accesses, usable, programs, legal, operations);
    g_assert_cmpuint(mapped * 2, >, cpu_accesses);
    g_assert_cmpuint(usable * 10, >, programs * 6);
    g_assert_cmpuint(legal * 4, >, operations * 3);
    for (unsigned code = 0; code < TW_OP_CODES; code++) {
        /* Whole pars do not come about by chance. */
        if (code < TW_OP_PAR || code > TW_OP_END_PAR) {
            g_assert_cmpuint(codes[code], >, 0);
        }
    }
}

/* One changed byte of a record changes no other record. */
static void test_records_stand_alone(void)
{
    const TwDialect d = tw_dialect_full();
    unsigned others = 0;
    for (unsigned n = 0; n < 300; n++) {
        TwRng rng = tw_rng_for(71, n);
        test_random_program(&rng, &p);
        size_t size = tw_program_encode(&p, bytes, sizeof bytes, &d);
        if (p.n_script < 3) {
            continue;
        }
        unsigned k = tw_rng_below(&rng, p.n_script);
        size_t record = size - (size_t)(p.n_script - k) * 20;
        bytes[record + tw_rng_below(&rng, 20)] ^=
            (uint8_t)(1u << tw_rng_below(&rng, 8));
        tw_program_decode(&q, bytes, size, &d);
        g_assert_cmpint(q.n_script, ==, p.n_script);
        for (unsigned i = 0; i < p.n_script; i++) {
            /* `during` and par look at what stands before. */
            others += i != k && i != k + 1 &&
                      memcmp(&p.script[i], &q.script[i], sizeof(TwOp)) != 0;
        }
    }
    g_assert_cmpuint(others, <, 30);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/bytes/total", test_total);
    g_test_add_func("/bytes/identity", test_identity);
    g_test_add_func("/bytes/largest", test_largest);
    g_test_add_func("/bytes/many-regions", test_many);
    g_test_add_func("/bytes/long-script", test_long);
    g_test_add_func("/bytes/outside", test_outside);
    g_test_add_func("/bytes/empty", test_empty);
    g_test_add_func("/bytes/golden", test_golden);
    g_test_add_func("/bytes/empty-flat", test_empty_flat);
    g_test_add_func("/dialect/fit", test_fit);
    g_test_add_func("/dialect/outside-numbers", test_outside_numbers);
    g_test_add_func("/bytes/golden-encoding", test_golden_encoding);
    g_test_add_func("/bytes/pars", test_pars);
    g_test_add_func("/bytes/productive", test_productive);
    g_test_add_func("/bytes/records-stand-alone", test_records_stand_alone);
    return g_test_run();
}
