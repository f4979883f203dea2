/* SPDX-License-Identifier: MIT */
/* Entries of page tables by their fields, and the word `entry` of the text. */
#include <glib.h>

#include "program/entry.h"
#include "program/layout.h"
#include "program/ops.h"
#include "program/rng.h"
#include "program/text/text.h"

static TwIommu pagetable(unsigned format, unsigned levels)
{
    TwIommu iommu = {.kind = TW_IOMMU_PAGETABLE, .granule_lg = 12};

    iommu.pagetable.format = (uint8_t)format;
    iommu.pagetable.levels = (uint8_t)levels;
    return iommu;
}

/* Values that the manuals' tables of fields give. */
static void test_fields(void)
{
    static const struct {
        uint8_t format, level;
        uint64_t value;
        const char *text; /* NULL: cannot be said by fields */
    } rows[] = {
        {TW_FORMAT_ABSTRACT, 2, 0x1003, "table 0x1000 r"},
        {TW_FORMAT_ABSTRACT, 2, 0x20000f, "leaf 0x200000 rw"},
        {TW_FORMAT_ABSTRACT, 1, 0x4027, "leaf 0x4000 rw + 0x20"},
        {TW_FORMAT_ABSTRACT, 1, 0x4001, "leaf 0x4000 none"},
        {TW_FORMAT_ABSTRACT, 1, 0, "nothing"},
        {TW_FORMAT_ABSTRACT, 1, 0x4006, NULL},
        {TW_FORMAT_SV39, 2, 0x401, "table 0x1000 rw"},
        {TW_FORMAT_SV39, 1, 0x4d7, "leaf 0x1000 rw"},
        {TW_FORMAT_SV39, 1, 0x453, "leaf 0x1000 r"},
        {TW_FORMAT_SV39, 2, 0x411, NULL}, /* U in an entry for a table */
        {TW_FORMAT_X86_64, 3, 0x1007, "table 0x1000 rw"},
        {TW_FORMAT_X86_64, 2, 0x200085, "leaf 0x200000 r"},
        {TW_FORMAT_X86_64, 1, UINT64_C(0x8000000000001007),
         "leaf 0x1000 rw + 0x8000000000000000"},
        {TW_FORMAT_ARM64_S1, 2, 0x1003, "table 0x1000 rw"},
        {TW_FORMAT_ARM64_S1, 2, UINT64_C(0x4000000000001003), "table 0x1000 r"},
        {TW_FORMAT_ARM64_S1, 1, 0x1443, "leaf 0x1000 rw"},
        {TW_FORMAT_ARM64_S1, 1, 0x14c3, "leaf 0x1000 r"},
        {TW_FORMAT_ARM64_S1, 2, 0x200441, "leaf 0x200000 rw"},
        {TW_FORMAT_ARM64_S1, 1, 0x1441, NULL}, /* bit 1 clear: reserved */
        {TW_FORMAT_ARM64_S2, 1, 0x1483, "leaf 0x1000 w"},
        {TW_FORMAT_VTD_SL, 2, 0x1003, "table 0x1000 rw"},
        {TW_FORMAT_VTD_SL, 1, 0x1002, "leaf 0x1000 w"},
        {TW_FORMAT_VTD_SL, 3, 0x40000081, "leaf 0x40000000 r"},
        {TW_FORMAT_VTD_FL, 1, 0x1007, "leaf 0x1000 rw"},
        {TW_FORMAT_AMDVI, 3, UINT64_C(0x6000000000001401), "table 0x1000 rw"},
        {TW_FORMAT_AMDVI, 2, UINT64_C(0x2000000000200001), "leaf 0x200000 r"},
        {TW_FORMAT_AMDVI, 3, UINT64_C(0x6000000000001201), NULL}, /* skips */
        {TW_FORMAT_AMDVI, 1, UINT64_C(0x6000000000004e01),        /* 8 KiB */
         "leaf 0x4000 rw + 0xe00"},
        {TW_FORMAT_AMDVI, 2, UINT64_C(0x20000000005ffe01), /* 4 MiB */
         "leaf 0x5ff000 r + 0xe00"},
        {TW_FORMAT_AMDVI, 2, UINT64_C(0x6000000000004e01), NULL},
        {TW_FORMAT_AMDVI, 1, UINT64_C(0x60000000000ffe01), NULL},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        TwIommu iommu = pagetable(rows[i].format, 3);
        g_autoptr(GString) text = g_string_new(NULL);
        TwEntry entry;
        uint64_t value;

        if (!rows[i].text) {
            g_assert_false(
                tw_entry_read(&iommu, rows[i].level, rows[i].value, &entry));
            continue;
        }
        g_test_message("row %zu", i);
        g_assert_true(
            tw_entry_read(&iommu, rows[i].level, rows[i].value, &entry));
        tw_write_entry(text, &entry);
        g_assert_cmpstr(text->str, ==, rows[i].text);
        g_assert_true(tw_entry_value(&iommu, rows[i].level, &entry, &value));
        g_assert_cmphex(value, ==, rows[i].value);
    }
}

/* What can be said by fields is said exactly; and most entries can be. */
static void test_round_trip(void)
{
    TwRng rng = tw_rng_for(1, 1);

    for (unsigned format = 0; format < TW_FORMATS; format++) {
        unsigned levels = tw_layout(format)->most_levels, said = 0, n = 0;
        TwIommu iommu = pagetable(format, levels);

        for (unsigned level = 1; level <= levels; level++) {
            for (unsigned i = 0; i < 20000; i++) {
                uint64_t value = tw_rng_next(&rng), again;
                uint64_t sparse = value & tw_rng_next(&rng);
                TwEntry entry;

                value = i % 2 ? value : sparse & tw_rng_next(&rng);
                n++;
                if (tw_entry_read(&iommu, level, value, &entry)) {
                    g_assert_true(
                        tw_entry_value(&iommu, level, &entry, &again));
                    g_assert_cmphex(again, ==, value);
                    said++;
                }
            }
        }
        g_test_message("%s: %u of %u random values", tw_format_name(format),
                       said, n);
        g_assert_cmpuint(said, >, 0);
        g_assert_cmpuint(said, <, n);
    }
}

static const char head[] =
    "twinwalk 1\n"
    "region r0 iommu size 0x400000 root s0 iommu i0\n"
    "region r1 ram size 0x8000 root s1\n"
    "region r2 ram size 0x8000 root s2\n"
    "iommu i0 pagetable to s1 format abstract tables r2 levels 2\n";

static void assert_printed(const char *topology, const char *script,
                           const char *expected)
{
    g_autofree char *text = g_strconcat(topology, script, NULL);
    g_autofree char *wanted = g_strconcat(topology, expected, NULL);
    g_autoptr(GString) out = g_string_new(NULL);
    g_autoptr(GError) error = NULL;
    g_autofree TwProgram *program = g_new0(TwProgram, 1);

    tw_program_parse(program, text, strlen(text), "t", TW_TEXT_STRICT, NULL,
                     NULL, &error);
    g_assert_no_error(error);
    tw_program_print(program, NULL, out);
    g_assert_cmpstr(out->str, ==, wanted);
}

static void assert_text(const char *script, const char *expected)
{
    assert_printed(head, script, expected);
}

/* Tables behind another stage, in two regions: the root in r2, at 0x1000 of s1,
 * the other one in r4, behind i1. */
static void test_nested(void)
{
    static const char topology[] =
        "twinwalk 1\n"
        "region r0 iommu size 0x400000 root s0 iommu i0\n"
        "region r1 container size 0x100000 root s1\n"
        "region r2 ram size 0x4000 in r1 at 0x1000\n"
        "region r3 iommu size 0x8000 in r1 at 0x8000 iommu i1\n"
        "region r4 ram size 0x8000 root s2\n"
        "iommu i0 pagetable to s1 format abstract levels 2 nested\n"
        "setup\n"
        "  context i0 0 tables -> 0x1000 domain 1\n"
        "  map i1.0 0x0..0xfff -> s2 0x2000 rw silent\n";

    assert_printed(topology,
                   "  poke r2 0x8 = 0x8007\n"
                   "  poke r4 0x2010 = 0x3007\n"
                   "  poke r4 0x8 = 0x3007\n"
                   "script\n"
                   "  poke r4 0x2018 = 0x0\n"
                   "  poke r4 0x3010 = 0x3007\n",
                   "  entry i0 level 2 r2 0x8 = table 0x8000 rw\n"
                   "  entry i0 level 1 r4 0x2010 = leaf 0x3000 rw\n"
                   "  poke r4 0x8 = 0x3007\n"
                   "script\n"
                   "  entry i0 level 1 r4 0x2018 = nothing\n"
                   "  poke r4 0x3010 = 0x3007\n");
}

/* Nested tables behind a pagetable whose tables have a base: the root, at
 * 0x1000 of s1, is at 0x5000 of r3; the other one, at 0x2000, at 0x6000. */
static void test_behind_tables(void)
{
    static const char topology[] =
        "twinwalk 1\n"
        "region r0 iommu size 0x400000 root s0 iommu i0\n"
        "region r1 iommu size 0x400000 root s1 iommu i1\n"
        "region r2 container size 0x100000000 root s2\n"
        "region r3 ram size 0x10000 in r2 at 0x80000000\n"
        "iommu i0 pagetable to s1 format abstract levels 2 nested\n"
        "iommu i1 pagetable to s2 format abstract tables r3 base 0x80000000 "
        "levels 1\n"
        "setup\n"
        "  context i0 0 tables -> 0x1000 domain 0\n"
        "  context i1 0 tables -> 0x80003000 domain 0\n";

    assert_printed(topology,
                   "  poke r3 0x3008 = 0x80005007\n"
                   "  poke r3 0x3010 = 0x80006003\n"
                   "  poke r3 0x3018 = 0x80007005\n"
                   "  poke r3 0x5008 = 0x2007\n"
                   "  poke r3 0x5010 = 0x3007\n"
                   "  poke r3 0x6008 = 0x4007\n"
                   "script\n"
                   "  poke r3 0x7008 = 0x4007\n",
                   "  entry i1 level 1 r3 0x3008 = leaf 0x80005000 rw\n"
                   "  entry i1 level 1 r3 0x3010 = leaf 0x80006000 r\n"
                   "  entry i1 level 1 r3 0x3018 = leaf 0x80007000 w\n"
                   "  entry i0 level 2 r3 0x5008 = table 0x2000 rw\n"
                   "  entry i0 level 2 r3 0x5010 = table 0x3000 rw\n"
                   "  entry i0 level 1 r3 0x6008 = leaf 0x4000 rw\n"
                   "script\n"
                   "  poke r3 0x7008 = 0x4007\n");
}

/* A poke is printed as an entry where one level is known, and only there. */
static void test_places(void)
{
    assert_text("setup\n"
                "  context i0 0 tables -> 0x1000 domain 1\n"
                "script\n"
                "  poke r2 0x1008 = 0x2007\n"
                "  poke r2 0x2000 = 0x3007\n"
                "  poke r2 0x3000 = 0x3007\n"
                "  poke r1 0x1008 = 0x2007\n"
                "  poke r2 0x1010 = 0x8\n",
                "setup\n"
                "  context i0 0 tables -> 0x1000 domain 1\n"
                "script\n"
                "  entry i0 level 2 r2 0x1008 = table 0x2000 rw\n"
                "  entry i0 level 1 r2 0x2000 = leaf 0x3000 rw\n"
                "  poke r2 0x3000 = 0x3007\n"
                "  poke r1 0x1008 = 0x2007\n"
                "  poke r2 0x1010 = 0x8\n");
    /* The root is a table of level 1 also: of two levels. */
    assert_text("setup\n"
                "  context i0 0 tables -> 0x1000 domain 1\n"
                "script\n"
                "  poke r2 0x1008 = 0x1007\n",
                "setup\n"
                "  context i0 0 tables -> 0x1000 domain 1\n"
                "script\n"
                "  poke r2 0x1008 = 0x1007\n");
    /* By fields, where no context says so. */
    assert_text("script\n"
                "  entry i0 level 2 r2 0x8 = leaf 0x200000 w + 0x10\n"
                "  entry i0 level 1 r2 0x10 = nothing\n",
                "script\n"
                "  poke r2 0x8 = 0x20001d\n"
                "  poke r2 0x10 = 0x0\n");
}

static void test_errors(void)
{
    static const struct {
        const char *line, *message;
    } rows[] = {
        {"entry i1 level 1 r2 0x0 = nothing",
         "t:7:9: expected a pagetable that a line above declares"},
        {"entry i0 level 3 r2 0x0 = nothing",
         "t:7:18: expected a level that the IOMMU has"},
        {"entry i0 level 2 r2 0x0 = page 0x0 rw",
         "t:7:29: expected nothing, table or leaf, not \"page\""},
        {"entry i0 level 1 r2 0x0 = table 0x1000 rw",
         "t:7:29: expected an entry that the format has at this level"},
        {"entry i0 level 1 r2 0x0 = leaf 0x1001 rw",
         "t:7:29: expected an entry that the format has at this level"},
        {"entry i0 level 1 r2 0x0 = leaf 0x1000 rw + 0x1",
         "t:7:29: expected an entry that the format has at this level"},
        {"entry i0 level 1 r2 0x0 = leaf 0x1000 rwx",
         "t:7:41: expected rights (rw or none), not \"rwx\""},
        {"entry i0 level 1 r2 0x0 = nothing 0x1",
         "t:7:37: expected the end of the line, not \"0x1\""},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *text =
            g_strconcat(head, "script\n  ", rows[i].line, "\n", NULL);
        g_autoptr(GError) error = NULL;
        g_autofree TwProgram *program = g_new0(TwProgram, 1);

        g_assert_false(tw_program_parse(program, text, strlen(text), "t",
                                        TW_TEXT_STRICT, NULL, NULL, &error));
        g_assert_cmpstr(error->message, ==, rows[i].message);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/entry/LA-35/fields", test_fields);
    g_test_add_func("/entry/LA-35/round-trip", test_round_trip);
    g_test_add_func("/entry/LA-35/places", test_places);
    g_test_add_func("/entry/LA-35/errors", test_errors);
    g_test_add_func("/entry/LA-36,LA-53/nested", test_nested);
    g_test_add_func("/entry/LA-36,LA-53/behind-tables", test_behind_tables);
    return g_test_run();
}
