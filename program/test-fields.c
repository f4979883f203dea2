/* SPDX-License-Identifier: MIT */
/*
 * The tables of fields and operands, row by row: each field of each object and
 * of each operation is given another value.  The program must then differ, and
 * both forms must keep the value.  So a new row is tested without a new test.
 */
#include "program/fields.h"
#include "program/test-program.h"

static TwProgram p, changed, again;
static uint8_t bytes[TW_BYTES_MAX];

/* One object of each kind, and a second of what can be named. */
static const char world[] =
    "twinwalk 1\n"
    "region r0 container size 2^64 root s0\n"
    "region r1 ram size 0x1000 in r0 at 0x0\n"
    "region r2 rom size 0x1000 in r0 at 0x1000\n"
    "region r3 romd size 0x1000 in r0 at 0x2000\n"
    "region r4 mmio size 0x1000 in r0 at 0x3000\n"
    "region r5 alias size 0x1000 of r1 in r0 at 0x4000\n"
    "region r6 iommu size 0x4000 in r0 at 0x8000 iommu i0\n"
    "region r7 iommu size 0x4000 in r0 at 0xc000 iommu i1\n"
    "region r8 iommu size 0x4000 in r0 at 0x10000 iommu i2\n"
    "region r9 reservation size 0x1000 in r0 at 0x5000\n"
    "region r10 ram-device size 0x1000 in r0 at 0x6000\n"
    "region r11 container size 0x100000 root s1\n"
    "region r12 ram size 0x1000\n"
    "iommu i0 table to s1\n"
    "iommu i1 mpc indexes 2 select secure to s1 blocked s0\n"
    "iommu i2 pagetable to s1 format abstract tables r1 levels 2\n"
    "mmu c0.0 space s0\n"
    "mmu c0.1 space s0\n"
    "mmu c1.0 space s0\n"
    "script\n";

/* Values that a field may have, some of which will do. */
static uint64_t another(TwRng *rng, const TwField *f, uint64_t old)
{
    switch (f->type) {
    case TW_FIELD_ID:
        return tw_rng_below(rng, 13);
    case TW_FIELD_SETTING:
        return !old;
    case TW_FIELD_SWITCH:
        return old ^ f->mask;
    case TW_FIELD_ATTRS:
    case TW_FIELD_DIRECTION:
    case TW_FIELD_RIGHTS:
    case TW_FIELD_EVENT:
    case TW_FIELD_EVENTS:
        return tw_rng_below(rng, 8);
    case TW_FIELD_PRIORITY:
        return (uint32_t)tw_rng_next(rng);
    case TW_FIELD_WORD:
    case TW_FIELD_INDEX:
    case TW_FIELD_PIECE:
    case TW_FIELD_PIECE_END:
    case TW_FIELD_SIZE:
        return tw_rng_below(rng, 9);
    case TW_FIELD_POWER:
    case TW_FIELD_NUMBER:
    case TW_FIELD_BITS:
        return tw_rng_below(rng, 40);
    default:
        return tw_rng_below(rng, 64) << (tw_rng_below(rng, 2) ? 12 : 0);
    }
}

/*
 * `changed` is `p` with one field changed.  If it is well formed: is it unequal
 * to `p`, and do text and bytes keep it?
 */
static bool comes_back(const char *what)
{
    TwDialect full = tw_dialect_full();
    if (!tw_program_check(&changed, NULL, 0) ||
        tw_program_equal(&changed, &p)) {
        return false;
    }
    g_autoptr(GString) text = g_string_new(NULL);
    tw_program_print(&changed, NULL, text);
    test_parse(&again, text->str);
    if (!tw_program_equal(&again, &changed)) {
        g_error("%s is lost in the text form:\n%s", what, text->str);
    }
    if (tw_program_hash(&changed) == tw_program_hash(&p)) {
        g_error("%s does not count in the hash", what);
    }
    size_t size = tw_program_encode(&changed, bytes, sizeof bytes, &full);
    g_assert_cmpuint(size, >, 0);
    tw_program_decode(&again, bytes, size, &full);
    if (!tw_program_equal(&again, &changed)) {
        g_error("%s is lost in the byte form", what);
    }
    return true;
}

/* All fields of the object at an offset of `p`. */
static void try_object(TwRng *rng, const TwProperty *table, size_t at,
                       unsigned kind, uint64_t *seen)
{
    TW_EACH_PROPERTY(property, table, kind)
    {
        for (unsigned try = 0; try < 200; try++) {
            tw_program_copy(&changed, &p);
            char *object = (char *)&changed + at;
            for (const TwField *f = property->parts; f->type != TW_FIELD_NONE;
                 f++) {
                tw_field_set(f, object,
                             another(rng, f, tw_field_get(f, object)));
            }
            if (strcmp(property->word, "nested") == 0) {
                /* It stands for the region of the tables. */
                TwIommu *iommu = (TwIommu *)object;
                iommu->pagetable.tables = iommu->pagetable.nested ? TW_NONE : 1;
            }
            if (comes_back(property->word)) {
                *seen |= UINT64_C(1) << (property - table);
            }
        }
    }
}

/* Which rows of a table have been seen. */
static void assert_seen(const TwProperty *table, uint64_t seen)
{
    for (unsigned i = 0; table[i].word; i++) {
        if (table[i].parts[0].type != TW_FIELD_ELSEWHERE && !(seen >> i & 1)) {
            g_error("no program of the test has another '%s'", table[i].word);
        }
    }
}

static void test_objects(void)
{
    TwRng rng = tw_rng_for(5, 1);
    uint64_t regions = 0, spaces = 0, iommus = 0, cpus = 0, mmus = 0;
    test_parse(&p, world);
    for (unsigned i = 0; i < p.n_regions; i++) {
        try_object(&rng, tw_region_properties,
                   offsetof(TwProgram, regions) + i * sizeof(TwRegion),
                   p.regions[i].kind, &regions);
    }
    /* Each IOMMU has one region, so two of them change places. */
    tw_program_copy(&changed, &p);
    changed.regions[6].iommu = 1;
    changed.regions[7].iommu = 0;
    for (unsigned i = 0; tw_region_properties[i].word; i++) {
        if (strcmp(tw_region_properties[i].word, "iommu") == 0 &&
            comes_back("iommu")) {
            regions |= UINT64_C(1) << i;
        }
    }
    for (unsigned i = 0; i < p.n_spaces; i++) {
        try_object(&rng, tw_space_properties,
                   offsetof(TwProgram, spaces) + i * sizeof(TwSpace), 0,
                   &spaces);
    }
    for (unsigned i = 0; i < p.n_iommus; i++) {
        try_object(&rng, tw_iommu_properties,
                   offsetof(TwProgram, iommus) + i * sizeof(TwIommu),
                   p.iommus[i].kind, &iommus);
    }
    for (unsigned i = 0; i < p.n_cpus; i++) {
        try_object(&rng, tw_cpu_properties,
                   offsetof(TwProgram, cpus) + i * sizeof(TwCpu), 0, &cpus);
        try_object(&rng, tw_mmu_properties, offsetof(TwProgram, cpus[i].mmu), 0,
                   &mmus);
    }
    assert_seen(tw_region_properties, regions);
    assert_seen(tw_space_properties, spaces);
    assert_seen(tw_iommu_properties, iommus);
    assert_seen(tw_cpu_properties, cpus);
    assert_seen(tw_mmu_properties, mmus);
}

/* An operand of one operation, with all others as they are. */
static bool try_operand(TwRng *rng, unsigned code, unsigned arg)
{
    bool seen = false;
    for (unsigned try = 0; try < 400; try++) {
        tw_program_copy(&changed, &p);
        TwOp *op = &changed.script[0];
        for (const TwField *f = tw_args[arg].parts; f->type != TW_FIELD_NONE;
             f++) {
            tw_field_set(f, op, another(rng, f, tw_field_get(f, op)));
        }
        op->actor =
            tw_op_info(code)->flags & TW_OP_CPU_ACCESS ? op->obj : TW_BOARD;
        tw_op_round(&changed, op);
        seen |= comes_back(tw_op_info(code)->name);
    }
    return seen;
}

/* Each operand of each operation; those of the parallel parts have none. */
static void test_operations(void)
{
    TwRng rng = tw_rng_for(5, 2);
    bool seen[TW_ARG_KINDS] = {false};
    for (unsigned code = 0; code < TW_OP_CODES; code++) {
        const TwOpInfo *info = tw_op_info(code);
        if (code >= TW_OP_PAR && code <= TW_OP_END_PAR) {
            continue;
        }
        test_parse(&p, world);
        p.n_script = 1;
        p.script[0] = tw_op_make((TwOpCode)code);
        tw_op_round(&p, &p.script[0]);
        g_assert_true(tw_program_check(&p, NULL, 0));
        for (unsigned i = 0; info->args[i] != TW_ARG_END; i++) {
            seen[info->args[i]] |= try_operand(&rng, code, info->args[i]);
        }
    }
    for (unsigned arg = TW_ARG_END + 1; arg < TW_ARG_KINDS; arg++) {
        if (!seen[arg]) {
            g_error("no program of the test has another operand %u", arg);
        }
    }
}

/* Rows say what their types need, and no two keep a value in one place. */
static void check_table(const TwProperty *table, unsigned kind)
{
    uint64_t used[16] = {0};
    TW_EACH_PROPERTY(property, table, kind)
    {
        const TwField *f = property->parts;
        bool id = f->type == TW_FIELD_ID;
        g_assert_cmpuint(property->word_at, <, G_N_ELEMENTS(used) - 1);
        if (id || f->type == TW_FIELD_PIECE || f->type == TW_FIELD_POWER ||
            f->type == TW_FIELD_NUMBER || f->type == TW_FIELD_WORD ||
            f->type == TW_FIELD_ATTRS || f->type == TW_FIELD_RIGHTS) {
            g_assert_nonnull(property->wrong);
        }
        if (id) {
            g_assert_cmpuint(property->plain, ==, TW_NONE);
        }
        for (unsigned i = 0; f[i].type != TW_FIELD_NONE; i++) {
            bool end = f[i].type == TW_FIELD_END;
            unsigned word = property->word_at + end;
            unsigned bit = end ? 0 : property->bit + 8 * i;
            unsigned bits = f[i].type == TW_FIELD_SETTING ? 1 : 8 * f[i].width;
            uint64_t mask = (bits < 64 ? (UINT64_C(1) << bits) - 1 : UINT64_MAX)
                            << bit;
            g_assert_cmpuint(bit + bits, <=, 64);
            g_assert_cmphex(used[word] & mask, ==, 0);
            used[word] |= mask;
        }
    }
}

static void test_tables(void)
{
    for (unsigned kind = 1; kind < TW_REGION_KINDS; kind++) {
        check_table(tw_region_properties, kind);
        TwRegion region = tw_region_make((TwRegionKind)kind);
        TW_EACH_PROPERTY(property, tw_region_properties, kind)
        {
            g_assert_true(tw_property_is_plain(property, &region, TW_NONE, 12));
        }
    }
    for (unsigned kind = 1; kind < TW_IOMMU_KINDS; kind++) {
        check_table(tw_iommu_properties, kind);
    }
    check_table(tw_space_properties, 0);
    check_table(tw_cpu_properties, 0);
    check_table(tw_mmu_properties, 0);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/fields/tables", test_tables);
    g_test_add_func("/fields/objects", test_objects);
    g_test_add_func("/fields/operations", test_operations);
    return g_test_run();
}
