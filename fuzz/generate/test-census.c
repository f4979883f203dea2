/* SPDX-License-Identifier: MIT */
/* The census counts each value of each field once per program. */
#include <string.h>

#include "fuzz/generate/census.h"
#include "program/fields.h"
#include "program/test-program.h"

static const char *const base =
    "twinwalk 1\n"
    "region r0 container size 2^64 root s0\n"
    "region r1 ram size 0x3000 in r0 at 0x1000\n"
    "region r2 ram size 0x2000 in r0 at 0x2000 prio -3\n"
    "region r3 romd size 0x1000 in r0 at 0x8000\n"
    "iommu i0 table granule 0x200000 indexes 4 select requester\n"
    "region r4 iommu size 0x400000 in r0 at 0x400000 iommu i0\n"
    "cpu c0 tlb 64 victims 8\n"
    "mmu c0.0 space s0 attrs secure,rid=300\n"
    "mmu c0.1 space s0 attrs user\n"
    "actor r3 0x0 enable r1 off\n"
    "actor r3 0x8 enable r1 on\n"
    "setup\n"
    "  page c0.0 0x0 -> 0x0 size 0x800000 rwx\n"
    "script\n"
    "  read c0.0 0x1000 4\n"
    "  read c0.0 0x1000 4\n";

/* Like the first, but its rid is 2^16 - 1 and a region ties with r1, which is
 * in a box that another region ties with. */
static const char *const other =
    "twinwalk 1\n"
    "region r0 container size 2^64 root s0\n"
    "region r1 container size 0x4000 in r0 at 0x1000\n"
    "region r2 ram size 0x2000 in r1 at 0x0\n"
    "region r3 ram size 0x2000 in r1 at 0x1000\n"
    "region r4 ram size 0x4000 in r0 at 0x4000\n"
    "region r5 alias of r2 offset 0x0 size 0x1000 in r0 at 0x20000\n"
    "region r6 alias of r5 offset 0x0 size 0x1000 in r0 at 0x30000 prio 4\n"
    "cpu c0 tlb 1\n"
    "mmu c0.0 space s0 attrs rid=65535\n"
    "setup\n"
    "script\n"
    "  write c0.0 0x1000 8\n";

/* How many programs had this value, as it is printed. */
static uint64_t had(const TwCensus *census, const char *name, const char *value)
{
    g_autoptr(GString) text = g_string_new(NULL);
    uint64_t programs, found = 0;
    bool known = false;

    for (unsigned i = 0; i < tw_census_fields(census); i++) {
        unsigned at = 0;

        if (strcmp(tw_census_name(census, i), name) != 0) {
            continue;
        }
        g_assert_false(known); /* no two fields of one name */
        known = true;
        while (tw_census_next(census, i, &at, text, &programs)) {
            g_assert_cmpuint(programs, >, 0);
            found += strcmp(text->str, value) == 0 ? programs : 0;
        }
    }
    g_assert_true(known);
    return found;
}

static void test_values(void)
{
    static const struct {
        const char *field, *value;
        unsigned programs;
    } rows[] = {
        {"program.regions", "5", 1},
        {"program.script", "2", 1},
        {"program.actors", "2", 1},
        {"region.kind", "romd", 1},
        {"region.kind", "container", 2},
        {"region.size", "8192..16383", 2},
        {"region.size", "2^64-1", 2},
        {"region.in", "none", 2},
        {"op.actor", "none", 1}, /* setup and actor offsets */
        {"region.prio", "-3", 1},
        {"region.prio", "0", 2},
        {"region.prio", "4", 1},
        {"region.valid.end", "0", 1}, /* devices only */
        {"space.root", "0", 2},
        {"iommu.granule", "21", 1},
        {"iommu.select", "requester", 1},
        {"iommu.levels", "1", 0},
        {"cpu.victims", "8", 1},
        {"mmu.attrs", "2", 1},
        {"mmu.attrs.requester", "256..511", 1},
        {"mmu.attrs.requester", "32768..65535", 1},
        {"actor.region", "romd", 1},
        {"actor.code", "enable", 1},
        {"op.code", "read", 1}, /* twice, but in one program */
        {"op.code", "enable", 1},
        {"op.on.flags", "0", 1},
        {"op.on.flags", "1", 1},
        {"op.size.size", "4", 1},
        {"op.to.out", "0", 1},
        {"shape.tie", "1", 1},
        {"shape.tie", "2", 1},
        {"shape.tie-levels", "2", 1},
        {"shape.priorities", "2", 2},
        {"shape.nesting", "2", 1},
        {"shape.aliases", "2", 1},
        {"shape.granule", "21", 1},
        {"shape.indexes", "4", 1},
        {"shape.selects", "1", 1},
        {"shape.attrs", "2", 1},
        {"shape.tlb", "6", 1},
        {"shape.actors", "2", 1},
        {"shape.romd-actors", "2", 1},
        {"shape.pages", "1", 1},
        {"run.queue", "7", 1},
        {"run.hops", "0", 1},
    };
    g_autoptr(TwCensus) census = tw_census_new();
    static TwProgram program;
    static TwTrace trace;

    test_parse(&program, base);
    tw_trace_init(&trace, &program);
    trace.peaks[TW_PEAK_QUEUE] = 7;
    tw_census_count(census, &program, &trace);
    test_parse(&program, other);
    tw_census_count(census, &program, NULL);
    g_assert_cmpuint(tw_census_programs(census), ==, 2);
    for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_test_message("%s %s", rows[i].field, rows[i].value);
        g_assert_cmpuint(had(census, rows[i].field, rows[i].value), ==,
                         rows[i].programs);
    }
}

/* Each property and each part of an operand has a row. */
static void test_complete(void)
{
    g_autoptr(TwCensus) census = tw_census_new();

    for (unsigned i = 0; i < tw_census_fields(census); i++) {
        unsigned at = 0;
        uint64_t programs;
        g_autoptr(GString) text = g_string_new(NULL);

        g_assert_false(tw_census_next(census, i, &at, text, &programs));
    }
    for (const TwProperty *p = tw_region_properties; p->word != NULL; p++) {
        if (p->parts[0].type != TW_FIELD_ELSEWHERE) {
            g_autofree char *name = g_strdup_printf("region.%s", p->word);

            g_assert_cmpuint(had(census, name, "0"), ==, 0);
        }
    }
    g_assert_cmpuint(had(census, "op.addr.addr", "0"), ==, 0);
    g_assert_cmpuint(had(census, "op.nth.nth", "0"), ==, 0);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/census/values", test_values);
    g_test_add_func("/census/complete", test_complete);
    return g_test_run();
}
