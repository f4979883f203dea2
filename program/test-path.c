/* SPDX-License-Identifier: MIT */
/*
 * Programs for machines with an IOMMU (path.h): what is outside, one thing at a
 * time, is refused with a reason, and fitting brings it inside.
 */
#include <glib.h>

#include "program/content.h"
#include "program/path.h"
#include "program/test-path.h"
#include "program/test-program.h"

static TwProgram p, q;

/* The objects but for the IOMMUs; these, by stage and kind. */
#define REGIONS \
    "region r0 iommu size 2^32 root s0 iommu i0\n" \
    "region r1 container size 2^32 root s1\n" \
    "region r2 ram size 0x400000 in r1 at 0x84000000\n"
#define OBJECTS "twinwalk 1\ncontents inert\n" REGIONS
#define OBJECTS_OF_TWO \
    "twinwalk 1\ncontents inert\n" \
    "region r0 iommu size 2^32 root s0 iommu i0\n" \
    "region r1 iommu size 2^32 root s1 iommu i1\n" \
    "region r2 container size 2^32 root s2\n" \
    "region r3 ram size 0x400000 in r2 at 0x84000000\n"
#define FIRST_PAGES \
    "iommu i0 pagetable indexes 2 select requester to s1 format arm64-s1 " \
    "levels 3 nested iotlb\n"
#define SECOND_PAGES \
    "iommu i1 pagetable indexes 2 select requester to s2 format arm64-s2 " \
    "tables r3 base 0x84000000 levels 3 iotlb\n"
#define FIRST_TABLE "iommu i0 table indexes 2 select requester to s1 iotlb\n"
#define SECOND_TABLE "iommu i1 table indexes 2 select requester to s2 iotlb\n"

#define ONE \
    OBJECTS \
    "iommu i0 pagetable indexes 2 select requester to s1 format vtd-sl " \
    "tables r2 base 0x84000000 levels 3 iotlb\n"
#define TWO OBJECTS_OF_TWO FIRST_PAGES SECOND_PAGES
#define TABLE OBJECTS FIRST_TABLE "script\n  "
#define DATA_TABLE "twinwalk 1\n" REGIONS FIRST_TABLE "script\n  "
#define TABLES OBJECTS_OF_TWO FIRST_TABLE SECOND_TABLE "script\n  "
#define BEFORE OBJECTS_OF_TWO FIRST_TABLE SECOND_PAGES "script\n  "
#define MIXED OBJECTS_OF_TWO FIRST_PAGES SECOND_TABLE "script\n  "
#define READ "  dma-read s0 0x84004020 8 rid=1\n"

static const TestPath *one_stage = &test_paths[2];
static const TestPath *two_stages = &test_paths[4];
static const TestPath *of_39_bits = &test_paths[8];
static const TestPath *with_table = &test_paths[9];
static const TestPath *with_tables = &test_paths[10];
static const TestPath *alone = &test_paths[12];
static const TestPath *with_mappings = &test_paths[13];
static const TestPath *with_rings = &test_paths[14];

/* A well-formed program in that text: is it inside, and does the reason not to
 * be so begin with `why`?  Then it is inside when it was made to fit. */
static void check(const TestPath *path, const char *text, const char *why)
{
    TwDialect d = test_path_dialect(path);
    char said[160] = "";

    test_parse(&p, text);
    tw_program_copy(&q, &p);
    if (tw_dialect_admits(&d, &p, said, sizeof(said)) != !why) {
        g_error("%s\n%s", text, said[0] ? said : "is inside");
    }
    if (why && !g_str_has_prefix(said, why)) {
        g_error("%s\nnot: %s\nbut: %s", text, why, said);
    }
    tw_dialect_fit(&d, &p);
    g_assert_cmpint(tw_program_equal(&p, &q), ==, !why);
    if (!tw_program_check(&p, said, sizeof(said)) ||
        !tw_dialect_admits(&d, &p, said, sizeof(said))) {
        g_error("%s\nstill: %s", text, said);
    }
}

static void test_inside(void)
{
    static const char *const one[] = {
        READ,
        "  dma-read s0 0x84007ffc 4 rid=0\n",
        "  dma-write s0 0x843ffff8 8 rid=0\n",
        "  poke r2 0x10 = 0x0\n",
        "  poke r2 0x1020 = 0x84004003\n",
        "  poke r2 0x3ffff8 = 0x84200083\n", /* a leaf of 2 MiB */
        "  poke r2 0x3ff010 = 0x80000083\n", /* of 1 GiB */
        "  context i0 1 tables -> 0x84004000 domain 3\n",
        "  context i0 0 none -> 0x84004000 domain 0\n",
        "  invalidate i0 range 3 0x84000000..0x843fffff\n",
    };
    static const char *const two[] = {
        READ,
        "  poke r3 0x10 = 0x84004003\n",
        "  context i0 1 tables -> 0x84004000 domain 3\n",
        "  context i1 1 tables -> 0x843f0000 domain 4\n",
        "  invalidate i1 domain 4 0x84000000..0x84000fff\n",
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(one); i++) {
        g_autofree char *text = g_strconcat(ONE "script\n", one[i], NULL);

        check(one_stage, text, NULL);
    }
    for (unsigned i = 0; i < G_N_ELEMENTS(two); i++) {
        g_autofree char *text = g_strconcat(TWO "script\n", two[i], NULL);

        check(two_stages, text, NULL);
    }
}

static void test_numbers(void)
{
    static const char *const one[] = {
        "dma-read s1 0x84004020 8 rid=1", /* not by a device */
        "dma-read s0 0x84004020 8 rid=2", /* no such device */
        "dma-read s0 0x84004020 8 user,rid=1",
        "dma-read s0 0x84004020 2 rid=0",
        "dma-read s0 0x84004024 8 rid=0",
        "dma-read s0 0x84004018 8 rid=0", /* the machine's words */
        "dma-read s0 0x84003020 8 rid=0", /* behind entries of its own */
        "dma-read s0 0x84203020 8 rid=0",
        "dma-read s0 0x83fff020 8 rid=0",
        "dma-read s0 0x84400020 8 rid=0",
        "poke r2 0x8 = 0x0",
        "poke r2 0x1018 = 0x0",
        "poke r2 0x400000 = 0x0",
        "poke r2 0x1024 = 0x0",
        "poke r2 0x1020 = 0x1", /* leads below the window */
        "poke r2 0x1020 = 0x84400003",
        "poke r2 0x1020 = 0x84003003",         /* a table with such an index */
        "poke r2 0x1020 = 0x8000000084004003", /* a bit that is not asked */
        "context i0 1 tables -> 0x4000 domain 3",
        "context i0 1 tables -> 0x84003000 domain 3",
        "context i0 1 tables -> 0x84004008 domain 3",
        "context i0 2 tables -> 0x84004000 domain 3",
        "invalidate i0 range 3 0x84000000..0x84400fff",
        "invalidate i0 range 3 0x84000008..0x84000fff",
        "invalidate i0 context 2 0x84000000..0x84000fff",
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(one); i++) {
        g_autofree char *text =
            g_strconcat(ONE "script\n  ", one[i], "\n", NULL);

        check(one_stage, text, "operation 0: ");
    }
    check(two_stages,
          TWO "script\n  context i0 1 tables -> 0x84004000 domain 2\n",
          "operation 0: context ");
    check(two_stages,
          TWO "script\n  context i1 1 tables -> 0x84004000 domain 2\n",
          "operation 0: context ");
    check(two_stages,
          TWO "script\n  context i0 1 tables -> 0x843f0000 domain 1\n",
          "operation 0: context ");
    check(one_stage, ONE "script\n  dma-read s0 0x84004020 8 rid=1 via m0\n",
          "operation 0: dma-read via");
    check(one_stage, ONE "script\n  iommu-reset i0\n",
          "operation 0: operation iommu-reset");
}

/* An IOMMU that may be a `table`: pages of the window, few at a time, with
 * rights that the format has. */
static void test_table(void)
{
    static const struct {
        bool inside;
        const char *op;
    } cases[] = {
        {true, "map i0.1 0x84003000..0x84042fff -> s1 0x84200000 rw notified"},
        {true, "map i0.0 0x843ff000..0x843fffff -> s1 0x843ff000 r silent"},
        {true, "protect i0.0 0x84000000..0x84000fff r silent"},
        {true, "unmap i0.0 0x84000000..0x84000fff notified"},
        {true, "notify i0.1 unmap 0x84000000..0x843fffff"},
        {true, "notify-all i0"},
        {true, "bypass i0 on"},
        {true, "dma-read s0 0x84004020 8 rid=1"},
        {false, "map i0.0 0x84003000..0x84043fff -> s1 0x84200000 rw silent"},
        {false, "map i0.0 0x84003000..0x84004fff -> s1 0x843ff000 rw silent"},
        {false, "map i0.0 0x84003000..0x84003fff -> s1 0x4000 rw silent"},
        {false, "map i0.0 0x84003000..0x84003fff -> s0 0x84004000 rw silent"},
        {false, "map i0.0 0x83fff000..0x83ffffff -> s1 0x84004000 rw silent"},
        {false, "map i0.0 0x84003000..0x84003fff -> s1 0x84004000 w silent"},
        {false, "protect i0.0 0x84000000..0x84000fff none silent"},
        {false, "notify i0.1 unmap 0x84000000..0x843ffffe"},
        {false, "poke r2 0x10 = 0x0"},
        {false, "dma-read s0 0x84000018 8 rid=1"},
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *text = g_strconcat(TABLE, cases[i].op, "\n", NULL);

        check(with_table, text, cases[i].inside ? NULL : "operation 0: ");
    }
    check(with_tables,
          TABLES "map i1.1 0x84003000..0x84003fff -> s2 0x84004000 r silent\n",
          NULL);
    check(with_tables,
          TABLES "map i1.1 0x84003000..0x84003fff -> s1 0x84004000 r silent\n",
          "operation 0: ");
    check(with_tables,
          MIXED "map i1.1 0x84003000..0x84003fff -> s2 0x84004000 r silent\n"
                "  poke r3 0x10 = 0x0\n"
                "  context i0 1 tables -> 0x84004000 domain 3\n"
                "  notify i0.1 unmap 0x84000000..0x843fffff\n",
          "operation 3: ");
    check(with_tables, MIXED "context i1 1 tables -> 0x843f0000 domain 4\n",
          "operation 0: ");
    check(with_tables, BEFORE "notify-all i0\n", "objects other than");
    check(with_tables, TABLE "notify-all i0\n", "objects other than");
    check(with_table, ONE "script\n" READ, "objects other than"); /* vtd-sl */
    check(one_stage, TABLE "notify-all i0\n", "objects other than");
}

/* Where all IOMMUs are tables. */
static void test_alone(void)
{
    static const struct {
        bool inside;
        const char *op;
    } cases[] = {
        {true, "dma-read s0 0x84004fff 1 rid=1"},
        {true, "dma-read s0 0x84004fff 1 none"},
        {true, "dma-read s0 0x84004ff8 8 rid=1"},
        {true, "map i0.0 0x84003000..0x84003fff -> s1 0x84004000 w silent"},
        {false, "dma-read s0 0x84004ffe 1 rid=1"},
        {false, "dma-read s0 0x84003fff 1 rid=1"},
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *text = g_strconcat(TABLE, cases[i].op, "\n", NULL);

        check(alone, text, cases[i].inside ? NULL : "operation 0: ");
    }
    check(alone, ONE "script\n" READ, "objects other than");
    check(with_table, TABLE "dma-read s0 0x84004fff 1 rid=1\n",
          "operation 0: ");
}

/* Devices that keep mappings: areas of 256 bytes, and stores at one offset. */
static void test_mappings(void)
{
    static const struct {
        bool inside;
        const char *op;
    } cases[] = {
        {true, "dma-map m2 of s0 0x84004f00 0x100 w rid=1"},
        {true, "dma-map m0 of s0 0x84005000 0x100 w none"},
        {true, "dma-unmap m1"},
        {true, "dma-write s0 0x84004040 8 rid=1 via m2"},
        {true, "dma-write s0 0x84004f40 8 none"},
        {false, "dma-map m3 of s0 0x84004f00 0x100 w rid=1"},
        {false, "dma-map m0 of s0 0x84004f40 0x100 w rid=1"},
        {false, "dma-map m0 of s0 0x84004f00 0x80 w rid=1"},
        {false, "dma-map m0 of s0 0x84004f00 0x100 r rid=1"},
        {false, "dma-map m0 of s1 0x84004f00 0x100 w rid=1"},
        {false, "dma-map m0 of s0 0x4f00 0x100 w rid=1"},
        {false, "dma-map m0 of s0 0x84004f00 0x100 w rid=2"},
        {false, "dma-unmap m3"},
        {false, "dma-write s0 0x84004040 8 rid=1 via m3"},
        {false, "dma-write s0 0x84004020 8 rid=1 via m2"},
        {false, "dma-write s0 0x84004f48 8 none"},
        {false, "dma-read s0 0x84004f40 8 none"},
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *text = g_strconcat(TABLE, cases[i].op, "\n", NULL);

        check(with_mappings, text, cases[i].inside ? NULL : "operation 0: ");
    }
    check(with_table, TABLE "dma-unmap m1\n", "operation 0: ");
}

/* Rings of 8 elements, which begin 4 bytes behind the start of an area: the
 * last one ends behind it. */
static void test_rings(void)
{
    static const struct {
        bool inside;
        const char *op;
    } cases[] = {
        {true, "dma-map m2 of s0 0x84004fc0 0x40 w rid=1"},
        {true, "dma-write s0 0x84005004 8 rid=1 via m2"},
        {true, "dma-write s0 0x8400500c 8 none"},
        {true, "dma-write s0 0x84004ffc 8 none"}, /* in two pages */
        {true, "dma-write s0 0x843fefc4 8 none"},
        {true, "dma-write s0 0x843feffc 8 none"},
        {false, "dma-map m2 of s0 0x84004fe0 0x40 w rid=1"},
        {false, "dma-map m2 of s0 0x84004fc0 0x80 w rid=1"},
        {false, "dma-map m2 of s0 0x843ff040 0x40 w rid=1"}, /* last page */
        {false, "dma-write s0 0x84005000 8 none"},
        {false, "dma-write s0 0x84005008 8 none"},
        {false, "dma-write s0 0x8400500c 4 none"},
        {false, "dma-write s0 0x843ff044 8 none"},
        {false, "dma-write s0 0x843ffffc 8 none"},
        {false, "dma-read s0 0x8400500c 8 none"},
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *text =
            g_strconcat(DATA_TABLE, cases[i].op, "\n", NULL);

        check(with_rings, text, cases[i].inside ? NULL : "operation 0: ");
    }
    check(with_rings, TABLE "dma-unmap m1\n", "contents");
}

static void test_shape(void)
{
    static const struct {
        const char *from, *to;
    } changes[] = {
        {"contents inert\n", ""},
        {"contents inert\n", "contents inert\nhops 8\n"},
        {"contents inert\n", "contents inert\nsafepoints explicit\n"},
        {"size 0x400000", "size 0x300000"},
        {" at 0x84000000", " at 0x44000000"},
        {"base 0x84000000 ", ""},
        {" iotlb", ""},
        {"indexes 2", "indexes 1"},
        {"select requester ", ""},
        {"vtd-sl", "arm64-s1"},
        {"levels 3", "levels 4"},
        {"iommu i0 pagetable", "mmu c0.0 space s0\niommu i0 pagetable"},
        {"iommu i0 pagetable",
         "region r3 ram size 0x1000 in r1 at 0x0\niommu i0 pagetable"},
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(changes); i++) {
        g_auto(GStrv) parts =
            g_strsplit(ONE "script\n" READ, changes[i].from, 2);
        g_autofree char *text = g_strjoinv(changes[i].to, parts);

        g_assert_nonnull(parts[1]);
        check(one_stage, text,
              i == 0   ? "contents data"
              : i == 2 ? "explicit safe points"
                       : "objects other than those of a machine with an "
                         "IOMMU of 1 stage");
    }
    check(two_stages, ONE "script\n" READ, "objects other than");
    check(one_stage, TWO "script\n" READ, "objects other than");
}

/* Any program, of bytes and of whatever else, is made to fit and stays so; what
 * bytes are decoded to fits at once. */
static void test_random(void)
{
    static uint8_t bytes[TW_BYTES_MAX];

    for (unsigned n = 0; n < 2000; n++) {
        TwDialect d = test_path_dialect(&test_paths[n % N_TEST_PATHS]);
        TwRng rng = tw_rng_for(11, n);
        char why[160];
        size_t size = 200 + tw_rng_below(&rng, 2000);

        for (size_t i = 0; i < size; i++) {
            bytes[i] = (uint8_t)tw_rng_next(&rng);
        }
        tw_program_decode(&p, bytes, size, &d);
        if (!tw_program_check(&p, why, sizeof(why)) ||
            !tw_dialect_admits(&d, &p, why, sizeof(why))) {
            g_error("bytes %u: %s", n, why);
        }
        size = tw_program_encode(&p, bytes, sizeof(bytes), &d);
        g_assert_cmpuint(size, >, 0);
        tw_program_decode(&q, bytes, size, &d);
        g_assert_true(tw_program_equal(&p, &q));
        test_random_program(&rng, &p);
        if (!tw_program_check(&p, NULL, 0)) {
            continue;
        }
        tw_dialect_fit(&d, &p);
        if (!tw_program_check(&p, why, sizeof(why))) {
            g_error("program %u: %s", n, why);
        }
        tw_program_copy(&q, &p);
        tw_dialect_fit(&d, &p);
        g_assert_true(tw_program_equal(&p, &q));
    }
}

/* With contents inert, no word that an access stores, or that RAM starts with,
 * is an entry. */
static void test_inert(void)
{
    uint64_t here = UINT64_C(0x6000000000000003);

    for (unsigned n = 0; n < 20000; n++) {
        uint64_t first = 0, stored = 0;

        for (unsigned k = 0; k < 8; k++) {
            uint8_t a = tw_content_initial(TW_CONTENTS_INERT, 2, 8 * n + k);
            uint8_t b = tw_content_tag(TW_CONTENTS_INERT, n, 0, k);

            g_assert_true(a != 0 && b != 0);
            first |= (uint64_t)a << 8 * k;
            stored |= (uint64_t)b << 8 * k;
        }
        g_assert_cmphex(first & here, ==, 0);
        g_assert_cmphex(stored & here, ==, 0);
    }
    test_parse(&p, ONE "script\n" READ);
    p.script[0].code = TW_OP_DMA_WRITE;
    g_assert_true(tw_program_check(&p, NULL, 0));
    p.script[0].size = 4;
    g_assert_false(tw_program_check(&p, NULL, 0));
}

/* An entry that is too wide may be anything; a leaf of 1 GiB has two places. */
static void test_widths(void)
{
    static const struct {
        const char *op, *why;
    } cases[] = {
        {"poke r2 0x1020 = 0xffffffffffffffff", NULL},
        {"poke r2 0x3ff010 = 0xffffffffffffffff", NULL},
        {"poke r2 0x1020 = 0x8000000000", NULL},
        {"poke r2 0x1020 = 0x7fffffffff", "operation 0: "},
        {"poke r2 0x1020 = 0x8000000000000003", "operation 0: "},
        {"poke r2 0x3ff010 = 0xc0000083", NULL},
        {"poke r2 0x3ff010 = 0x80000083", NULL},
        {"poke r2 0x3ff010 = 0x40000083", "operation 0: "},
        {"poke r2 0x1020 = 0xc0000083", "operation 0: "}, /* no root */
    };
    g_autofree char *wide = g_strdup(ONE);
    char *at = strstr(wide, "levels 3");
    g_autofree char *head =
        g_strdup_printf("%.*slevels 3 output-width 39%s", (int)(at - wide),
                        wide, at + strlen("levels 3"));

    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *text =
            g_strconcat(head, "script\n  ", cases[i].op, "\n", NULL);

        check(of_39_bits, text, cases[i].why);
    }
    check(of_39_bits, ONE "script\n" READ, "objects other than");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/path/inside", test_inside);
    g_test_add_func("/path/numbers", test_numbers);
    g_test_add_func("/path/table", test_table);
    g_test_add_func("/path/alone", test_alone);
    g_test_add_func("/path/mappings", test_mappings);
    g_test_add_func("/path/rings", test_rings);
    g_test_add_func("/path/shape", test_shape);
    g_test_add_func("/path/LA-63/widths", test_widths);
    g_test_add_func("/path/random", test_random);
    g_test_add_func("/path/LA-62/inert", test_inert);
    return g_test_run();
}
