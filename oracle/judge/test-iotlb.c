/* SPDX-License-Identifier: MIT */
/*
 * Records of IOTLBs (LA-51, FR-11): each kind of record with and without the
 * promise to keep it, after each operation that may end it.
 *
 *   s0   [ i0, with an IOTLB ]      s1   [ r1 ram ]
 *
 * Index 0: granule 0 leads to 0x0, granule 1 to 0x1000, r; granule 2 nowhere.
 */
#include "oracle/test/test-support.h"

#include <glib.h>
#include <string.h>

#include "program/content.h"

#define WORLD \
    "twinwalk 1\n" \
    "region r0 iommu size 0x3000 root s0 iommu i0\n" \
    "region r1 ram size 0x8000 root s1\n" \
    "iommu i0 table indexes 2 select secure to s1 iotlb\n" \
    "mmu c0.0 space s0 attrs secure\n" \
    "setup\n" \
    "  page c0.0 0x0 -> 0x0 size 0x4000 rwx\n" \
    "  map i0.0 0x0..0xfff -> s1 0x0 rw silent\n" \
    "  map i0.0 0x1000..0x1fff -> s1 0x1000 r silent\n" \
    "script\n"

/* A record, the change after which it is old, and the access that it answers.
 */
typedef struct Kept {
    const char *name;
    uint8_t promise; /* the bit of the contract that allows it */
    const char *change, *access;
} Kept;

static const Kept kept[] = {
    {"entry", TW_IOTLB_ENTRIES, "map i0.0 0x0..0x2fff -> s1 0x4000 rw silent",
     "dma-read s0 0x10 8 secure"},
    {"entry, stored through", TW_IOTLB_ENTRIES,
     "protect i0.0 0x0..0x2fff r silent", "dma-write s0 0x10 8 secure"},
    {"refusal", TW_IOTLB_REFUSALS, "protect i0.0 0x0..0x2fff rw silent",
     "dma-write s0 0x1010 8 secure"},
    {"absence", TW_IOTLB_ABSENT,
     "map i0.0 0x2000..0x2fff -> s1 0x2000 rw silent",
     "dma-read s0 0x2010 8 secure"},
};

/* What may come in between. */
static const struct {
    const char *op;
    bool ends;
} between[] = {
    {"notify i0.0 unmap 0x0..0x2fff", true},
    {"notify i0.1 unmap 0x0..0x2fff", false}, /* another index */
    {"notify i0.0 map 0x0..0x2fff", false},
    {"notify i0.0 deviotlb 0x0..0x2fff", false},
    {"notify i0.0 unmap 0x3000..0x3fff", false}, /* other granules */
    {"notify-all i0", true},
    {"flush-all c0", false},
    {"nonvolatile r1 on", false}, /* a commit */
    {"bypass i0 on\n  bypass i0 off", true},
};

/* What is made once for many programs: it is large. */
typedef struct Bench {
    TestTarget *target;
    TwOracle *oracle;
} Bench;

static Bench bench_new(void)
{
    g_autofree TwProgram *program = test_program("twinwalk 1\n");

    return (Bench){test_target_new(program), tw_oracle_new()};
}

static void bench_free(Bench *bench)
{
    test_target_free(bench->target);
    tw_oracle_free(bench->oracle);
}

/* The verdict on the program, whose last operation answers as before all. */
static TwVerdict judge_old(const Bench *bench, const TwProgram *program,
                           TwFinding *finding)
{
    TestTarget *target = bench->target;
    uint16_t last = program->n_script - 1;
    TwDialect dialect = test_dialect();
    TwVerdict verdict;

    target->program = program;
    target->as_of[last] = 0;
    test_target_run(target, true);
    verdict = tw_judge(bench->oracle, program, &dialect, &target->contract, "x",
                       target->trace, finding, NULL);
    target->as_of[last] = last;
    return verdict;
}

/* Is the access of `k`, answered as before the change, allowed? */
static bool is_allowed(const Bench *bench, const Kept *k, const char *op,
                       uint8_t promises)
{
    g_autofree char *text =
        g_strdup_printf(WORLD "  %s\n  %s\n  %s\n", k->change, op, k->access);
    g_autofree TwProgram *program = test_program(text);
    TwFinding finding;
    TwVerdict verdict;

    bench->target->contract.iotlb = promises;
    verdict = judge_old(bench, program, &finding);
    if (verdict != TW_VERDICT_AGREE_STALE) {
        g_assert_cmpint(finding.op, ==, program->n_script - 1);
        g_assert_true(tw_verdict_is_finding(verdict));
    }
    return verdict == TW_VERDICT_AGREE_STALE;
}

static void records(void)
{
    Bench bench = bench_new();

    for (unsigned i = 0; i < G_N_ELEMENTS(kept); i++) {
        for (unsigned j = 0; j < G_N_ELEMENTS(between); j++) {
            for (uint8_t promises = 0; promises < 8; promises++) {
                bool keeps = promises & kept[i].promise;

                if (is_allowed(&bench, &kept[i], between[j].op, promises) !=
                    (keeps && !between[j].ends)) {
                    g_error("%s, then %s, promises %u", kept[i].name,
                            between[j].op, promises);
                }
            }
        }
    }
    bench_free(&bench);
}

/*
 * The same for an IOMMU with tables in RAM: index 0, domain 1, leads to 0x0 by
 * the tables at 0x0 and 0x1000 of r2.  Another root is at 0x3000, another table
 * at 0x2000; both lead to 0x4000.
 */
#define TABLES \
    "twinwalk 1\n" \
    "region r0 iommu size 0x400000 root s0 iommu i0\n" \
    "region r1 ram size 0x8000 root s1\n" \
    "region r2 ram size 0x8000 root s2\n" \
    "iommu i0 pagetable indexes 2 select secure to s1 format abstract " \
    "tables r2 levels 2 iotlb\n" \
    "mmu c0.0 space s0 attrs secure\n" \
    "setup\n" \
    "  context i0 0 %s\n" \
    "  poke r2 0x0 = 0x1007\n" \
    "  poke r2 0x1000 = 0x7\n" \
    "  poke r2 0x2000 = 0x4007\n" \
    "  poke r2 0x3000 = 0x2007\n" \
    "script\n" \
    "  %s\n" \
    "  %s\n" \
    "  dma-read s0 0x10 8 secure\n"

enum {
    ENTRIES = TW_IOTLB_ENTRIES,
    ABSENT = TW_IOTLB_ABSENT,
    CONTEXTS = TW_IOTLB_CONTEXTS,
    POINTERS = TW_IOTLB_POINTERS,
};

/* What is changed, and which records each alone allow the old answer. */
static const struct {
    const char *context, *change;
    uint8_t records;
    bool by_index; /* an entry that is found by index does */
} tables_kept[] = {
    {"tables -> 0x0 domain 1", "poke r2 0x1000 = 0x4007", ENTRIES, true},
    {"tables -> 0x0 domain 1", "poke r2 0x0 = 0x2007", ENTRIES | POINTERS,
     true},
    {"tables -> 0x0 domain 1", "context i0 0 tables -> 0x3000 domain 1",
     ENTRIES | POINTERS | CONTEXTS, true},
    {"tables -> 0x0 domain 1", "context i0 0 tables -> 0x3000 domain 2",
     CONTEXTS, true},
    {"tables -> 0x0 domain 1", "context i0 0 blocked -> 0x0 domain 1", CONTEXTS,
     true},
    {"pass -> 0x0 domain 1", "context i0 0 tables -> 0x3000 domain 1", CONTEXTS,
     false},
    {"blocked -> 0x0 domain 1", "context i0 0 tables -> 0x3000 domain 1",
     CONTEXTS, false},
    {"none -> 0x0 domain 1", "context i0 0 tables -> 0x3000 domain 1", ABSENT,
     false},
};

/* Commands and the records of domain 1, index 0, that they end. */
static const struct {
    const char *op;
    uint8_t ends;
} commands[] = {
    {"invalidate i0 global 0 0x0..0x0", ENTRIES | POINTERS},
    {"invalidate i0 domain 1 0x0..0x0", ENTRIES | POINTERS},
    {"invalidate i0 domain 2 0x0..0x0", 0},
    {"invalidate i0 range 1 0x0..0xfff", ENTRIES | POINTERS},
    {"invalidate i0 range 1 0x1000..0x1fff", POINTERS}, /* of its table */
    {"invalidate i0 range 1 0x200000..0x200fff", 0},
    {"invalidate i0 range 2 0x0..0xfff", 0},
    {"invalidate i0 leaf 1 0x0..0xfff", ENTRIES},
    {"invalidate i0 leaf 1 0x1000..0x1fff", 0},
    {"invalidate i0 leaf 2 0x0..0xfff", 0},
    {"invalidate i0 any-range 7 0x0..0xfff", ENTRIES | POINTERS},
    {"invalidate i0 any-range 7 0x1000..0x1fff", POINTERS},
    {"invalidate i0 any-leaf 7 0x0..0xfff", ENTRIES},
    {"invalidate i0 context 0 0x0..0x0", CONTEXTS | ABSENT},
    {"invalidate i0 context 1 0x0..0x0", 0},
    {"invalidate i0 contexts 1 0x0..0x0", CONTEXTS | ABSENT},
    {"notify i0.0 unmap 0x0..0xfff", 0}, /* is for caches of CPUs */
    {"notify-all i0", 0},
    {"bypass i0 on\n  bypass i0 off", ENTRIES | POINTERS | CONTEXTS | ABSENT},
    {"nonvolatile r1 on", 0},
};

/* Is the answer from before the change allowed after that command? */
static bool tables_allowed(const Bench *bench, unsigned k, unsigned c,
                           uint8_t promises, uint8_t scope_ends)
{
    g_autofree char *text = g_strdup_printf(
        TABLES, tables_kept[k].context, tables_kept[k].change, commands[c].op);
    g_autofree TwProgram *program = test_program(text);
    TwContract *contract = &bench->target->contract;
    TwFinding finding;

    *contract = test_contract();
    contract->iotlb = promises;
    for (unsigned s = 0; s < TW_SCOPES; s++) {
        contract->commands[s] &= scope_ends;
    }
    return judge_old(bench, program, &finding) == TW_VERDICT_AGREE_STALE;
}

static void tables_records(void)
{
    static const uint8_t alone[] = {ENTRIES, POINTERS, CONTEXTS, ABSENT};
    Bench bench = bench_new();

    for (unsigned k = 0; k < G_N_ELEMENTS(tables_kept); k++) {
        for (unsigned c = 0; c < G_N_ELEMENTS(commands); c++) {
            for (unsigned i = 0; i < G_N_ELEMENTS(alone); i++) {
                bool keeps = tables_kept[k].records & alone[i];
                bool ends = commands[c].ends & alone[i];

                if (tables_allowed(&bench, k, c, alone[i], 0xff) !=
                    (keeps && !ends)) {
                    g_error("%s, then %s, then %s, promise %u",
                            tables_kept[k].context, tables_kept[k].change,
                            commands[c].op, alone[i]);
                }
            }
        }
        for (unsigned c = 0; c < G_N_ELEMENTS(commands); c++) {
            if (tables_allowed(&bench, k, c, ENTRIES | TW_IOTLB_BY_INDEX,
                               0xff) !=
                (tables_kept[k].by_index && !(commands[c].ends & ENTRIES))) {
                g_error("%s, then %s, then %s, by index",
                        tables_kept[k].context, tables_kept[k].change,
                        commands[c].op);
            }
        }
        /* A target whose commands end nothing may keep all. */
        g_assert_true(tables_allowed(
            &bench, k, 0, ENTRIES | POINTERS | CONTEXTS | ABSENT, 0));
        g_assert_true(
            tables_allowed(&bench, k, 13, ENTRIES | CONTEXTS | ABSENT, 0));
    }
    bench_free(&bench);
}

/*
 * Combined records: i0 leads to i1 by the tables in r4, in domain 1; i1 leads
 * to 0x0 by those in r5, in domain 2, or, after `change`, to 0x4000.
 *
 *   s0   [ i0 ]      s1   0x400000 [ i1 ]      s2   [ r3 ram ]
 */
#define COMBINED \
    "twinwalk 1\n" \
    "region r0 iommu size 0x400000 root s0 iommu i0\n" \
    "region r1 container size 2^32 root s1\n" \
    "region r2 iommu size 0x400000 in r1 at 0x400000 iommu i1\n" \
    "region r3 ram size 0x8000 root s2\n" \
    "region r4 ram size 0x8000 root s3\n" \
    "region r5 ram size 0x8000 root s4\n" \
    "iommu i0 pagetable indexes 2 select secure to s1 tables r4 levels 2 " \
    "iotlb\n" \
    "iommu i1 pagetable indexes 2 select secure to s2 tables r5 levels 2%s\n" \
    "setup\n" \
    "  context i0 0 tables -> 0x0 domain 1\n" \
    "  context i1 0 tables -> 0x0 domain 2\n" \
    "  poke r4 0x0 = 0x1007\n" \
    "  poke r4 0x1000 = 0x400007\n" \
    "  poke r5 0x0 = 0x1007\n" \
    "  poke r5 0x1000 = 0x7\n" \
    "  poke r5 0x1008 = 0x2007\n" \
    "  poke r5 0x2000 = 0x4007\n" \
    "  poke r5 0x3000 = 0x2007\n" \
    "script\n" \
    "  %s\n" \
    "  %s\n" \
    "  dma-read s0 0x10 8 secure\n"

#define COMBINED_TABLES \
    "twinwalk 1\n" \
    "region r0 iommu size 0x1000 root s0 iommu i0\n" \
    "region r1 container size 2^32 root s1\n" \
    "region r2 iommu size 0x2000 in r1 at 0x400000 iommu i1\n" \
    "region r3 ram size 0x8000 root s2\n" \
    "iommu i0 table indexes 2 select secure iotlb\n" \
    "iommu i1 table indexes 2 select secure to s2%s\n" \
    "setup\n" \
    "  map i0.0 0x0..0xfff -> s1 0x400000 rw silent\n" \
    "  map i1.0 0x0..0xfff -> s2 0x0 rw silent\n" \
    "script\n" \
    "  %s\n" \
    "  %s\n" \
    "  dma-read s0 0x10 8 secure\n"

enum {
    NEVER = TW_SCOPES, /* it ends no combined record */
    ALWAYS,
    AS_ENTRY, /* as an entry of i0: if the command ends entries */
};

/* What ends the record of i0 and i1: by the contract's bit for that scope, if
 * it is a command of i1. */
static const struct {
    const char *world, *change, *op;
    unsigned by, scope;
} combined_ends[] = {
    {COMBINED, "poke r5 0x1000 = 0x4007", "nop", NEVER, 0},
    {COMBINED, "poke r5 0x0 = 0x2007", "nop", NEVER, 0},
    {COMBINED, "poke r4 0x1000 = 0x401007", "nop", NEVER, 0},
    {COMBINED, "context i1 0 tables -> 0x3000 domain 3", "nop", NEVER, 0},
    {COMBINED, "context i1 0 blocked -> 0x3000 domain 2", "nop", NEVER, 0},
    /* the record is not found any more */
    {COMBINED, "context i0 0 tables -> 0x3000 domain 3", "nop", ALWAYS, 0},
    {COMBINED, "context i0 0 blocked -> 0x0 domain 1", "nop", ALWAYS, 0},
#define BY_I0(op, by, scope) \
    { \
        COMBINED, "poke r5 0x1000 = 0x4007", "invalidate i0 " op, by, scope \
    }
    BY_I0("global 0 0x0..0x0", AS_ENTRY, TW_SCOPE_GLOBAL),
    BY_I0("domain 1 0x0..0x0", AS_ENTRY, TW_SCOPE_DOMAIN),
    BY_I0("domain 2 0x0..0x0", NEVER, 0),
    BY_I0("range 1 0x0..0xfff", AS_ENTRY, TW_SCOPE_RANGE),
    BY_I0("range 1 0x1000..0x1fff", NEVER, 0),
    BY_I0("range 1 0x400000..0x400fff", NEVER, 0),
    BY_I0("range 2 0x0..0xfff", NEVER, 0),
    BY_I0("leaf 1 0x0..0x0", AS_ENTRY, TW_SCOPE_LEAF),
    BY_I0("any-range 7 0x0..0xfff", AS_ENTRY, TW_SCOPE_ANY_RANGE),
    BY_I0("any-leaf 7 0xfff..0xfff", AS_ENTRY, TW_SCOPE_ANY_LEAF),
    BY_I0("any-leaf 7 0x1000..0x1fff", NEVER, 0),
    BY_I0("context 0 0x0..0x0", NEVER, 0),
    BY_I0("contexts 0 0x0..0x0", NEVER, 0),
#define BY_I1(op, by) \
    { \
        COMBINED, "poke r5 0x1000 = 0x4007", "invalidate i1 " op, by, 0 \
    }
    BY_I1("global 0 0x0..0x0", TW_SCOPE_GLOBAL),
    BY_I1("domain 2 0x0..0x0", TW_SCOPE_DOMAIN),
    BY_I1("domain 1 0x0..0x0", NEVER),
    BY_I1("range 2 0x0..0xfff", TW_SCOPE_RANGE),
    BY_I1("range 2 0x1000..0x1fff", NEVER),
    BY_I1("range 1 0x0..0xfff", NEVER),
    BY_I1("leaf 2 0x0..0x0", TW_SCOPE_LEAF),
    BY_I1("any-range 7 0x0..0xfff", TW_SCOPE_ANY_RANGE),
    BY_I1("any-range 7 0x1000..0x1fff", NEVER),
    BY_I1("any-leaf 7 0xfff..0xfff", TW_SCOPE_ANY_LEAF),
    BY_I1("context 0 0x0..0x0", TW_SCOPE_CONTEXT),
    BY_I1("context 1 0x0..0x0", NEVER),
    BY_I1("contexts 0 0x0..0x0", TW_SCOPE_CONTEXTS),
#define BY(op, by) \
    { \
        COMBINED, "poke r5 0x1000 = 0x4007", op, by, 0 \
    }
    BY("notify i0.0 unmap 0x0..0xfff", NEVER),
    BY("notify-all i1", NEVER),
    BY("bypass i0 on\n  bypass i0 off", ALWAYS),
    BY("bypass i1 on\n  bypass i1 off", ALWAYS),
    BY("nonvolatile r3 on", ALWAYS),
    BY("begin\n  nonvolatile r3 on", NEVER),
#define OF_TABLES(op, by) \
    { \
        COMBINED_TABLES, "map i1.0 0x0..0xfff -> s2 0x4000 rw silent", op, by, \
            0 \
    }
    OF_TABLES("nop", NEVER),
    OF_TABLES("notify i0.0 unmap 0x0..0x0", ALWAYS),
    OF_TABLES("notify i0.1 unmap 0x0..0xfff", NEVER),
    OF_TABLES("notify i1.0 unmap 0x0..0x0", TW_SCOPE_RANGE),
    OF_TABLES("notify i1.0 unmap 0x1000..0x1fff", NEVER),
    OF_TABLES("notify i1.1 unmap 0x0..0xfff", NEVER),
    OF_TABLES("notify i1.0 unmap 0x0..0xffffffffffffffff", TW_SCOPE_DOMAIN),
    OF_TABLES("notify-all i1", TW_SCOPE_DOMAIN),
    OF_TABLES("notify i1.0 map 0x0..0xfff", NEVER),
    OF_TABLES("bypass i1 on\n  bypass i1 off", ALWAYS),
    OF_TABLES("nonvolatile r3 on", ALWAYS),
};

/* Is the answer of before allowed in row k, if commands of that scope alone end
 * combined records of others, and no others, or (`but`) all others? */
static bool combined_allowed(const Bench *bench, unsigned k, const char *behind,
                             uint8_t promises, unsigned scope, bool but)
{
    g_autofree char *text =
        g_strdup_printf(combined_ends[k].world, behind, combined_ends[k].change,
                        combined_ends[k].op);
    g_autofree TwProgram *program = test_program(text);
    TwContract *contract = &bench->target->contract;
    TwFinding finding;

    *contract = test_contract();
    contract->iotlb = promises;
    for (unsigned s = 0; s < TW_SCOPES; s++) {
        contract->commands[s] &= (uint8_t)~TW_RECORD_COMBINED;
        if ((s == scope) != but) {
            contract->commands[s] |= TW_RECORD_COMBINED;
        }
    }
    return judge_old(bench, program, &finding) == TW_VERDICT_AGREE_STALE;
}

static void combined_records(void)
{
    Bench bench = bench_new();

    for (unsigned k = 0; k < G_N_ELEMENTS(combined_ends); k++) {
        bool ends =
            combined_ends[k].by == ALWAYS || combined_ends[k].by == AS_ENTRY;

        for (unsigned scope = 0; scope < TW_SCOPES; scope++) {
            for (unsigned but = 0; but < 2; but++) {
                bool named = combined_ends[k].by < TW_SCOPES &&
                             (combined_ends[k].by == scope) != but;

                if (combined_allowed(&bench, k, " iotlb", TW_IOTLB_COMBINED,
                                     scope, but) != (!ends && !named)) {
                    g_error("%s, then %s, scope %u %u", combined_ends[k].change,
                            combined_ends[k].op, scope, but);
                }
            }
        }
        /* Nobody promised it; the second IOMMU has no IOTLB. */
        g_assert_false(combined_allowed(&bench, k, " iotlb", 0, 0, false));
        g_assert_false(
            combined_allowed(&bench, k, "", TW_IOTLB_COMBINED, 0, false));
    }
    bench_free(&bench);
}

/* A command that does not end entries does not end combined records of its own
 * IOMMU, either. */
static void combined_as_entries(void)
{
    Bench bench = bench_new();

    for (unsigned k = 0; k < G_N_ELEMENTS(combined_ends); k++) {
        g_autofree char *text =
            g_strdup_printf(combined_ends[k].world, " iotlb",
                            combined_ends[k].change, combined_ends[k].op);
        g_autofree TwProgram *program = test_program(text);
        TwContract *contract = &bench.target->contract;
        TwFinding finding;

        if (combined_ends[k].by != AS_ENTRY) {
            continue;
        }
        *contract = test_contract();
        contract->iotlb = TW_IOTLB_COMBINED;
        contract->commands[combined_ends[k].scope] &= (uint8_t)~TW_RECORD_ENTRY;
        g_assert_cmpint(judge_old(&bench, program, &finding), ==,
                        TW_VERDICT_AGREE_STALE);
    }
    bench_free(&bench);
}

/* What says why such an answer is wrong names the rule and the command. */
static void combined_told(void)
{
    Bench bench = bench_new();
    g_autofree char *text =
        g_strdup_printf(COMBINED, " iotlb", "poke r5 0x1000 = 0x4007",
                        "invalidate i1 domain 2 0x0..0x0");
    g_autofree TwProgram *program = test_program(text);
    TwFinding finding;

    bench.target->contract = test_contract();
    bench.target->contract.iotlb = TW_IOTLB_COMBINED;
    g_assert_cmpint(judge_old(&bench, program, &finding), ==, TW_VERDICT_STALE);
    g_assert_nonnull(strstr(finding.text, "(FR-12)"));
    g_assert_cmpint(finding.ended, ==, 1);
    bench_free(&bench);
}

/* Nor are records of an IOMMU without an IOTLB allowed. */
static void without(void)
{
    g_autofree TwProgram *program =
        test_program(WORLD "  map i0.0 0x0..0xfff -> s1 0x4000 rw silent\n"
                           "  dma-read s0 0x10 8 secure\n");
    TestTarget *target;

    program->iommus[0].iotlb = false;
    target = test_target_new(program);
    target->as_of[1] = 0;
    test_target_run(target, true);
    test_judge(target, TW_VERDICT_STALE);
    test_target_free(target);
}

/* Two hops, each of its own time: the first of now, the second older, or the
 * other way round; and a CPU whose entry holds what came of them. */
static void two_hops(void)
{
    static const char *const text =
        "twinwalk 1\n"
        "region r0 iommu size 0x1000 root s0 iommu i0\n"
        "region r1 iommu size 0x3000 root s1 iommu i1\n"
        "region r2 ram size 0x8000 root s2\n"
        "iommu i0 table iotlb\n"
        "iommu i1 table iotlb\n"
        "setup\n"
        "  map i0.0 0x0..0xfff -> s1 0x0 rw silent\n"
        "  map i1.0 0x0..0xfff -> s2 0x0 rw silent\n"
        "  map i1.0 0x1000..0x1fff -> s2 0x1000 rw silent\n"
        "script\n"
        "  map i0.0 0x0..0xfff -> s1 0x1000 rw silent\n"
        "  map i1.0 0x0..0x1fff -> s2 0x4000 rw silent\n"
        "  %s\n"
        "  dma-read s0 0x10 8 none\n";
    static const struct {
        const char *op;
        uint8_t allowed; /* bit n: offset 0x1000 * n of r2 */
    } rows[] = {
        {"nop", 1 << 0 | 1 << 1 | 1 << 4 | 1 << 5},
        {"notify i0.0 unmap 0x0..0xfff", 1 << 1 | 1 << 5},
        {"notify i1.0 unmap 0x1000..0x1fff", 1 << 0 | 1 << 4 | 1 << 5},
        {"notify i1.0 unmap 0x0..0x1fff", 1 << 4 | 1 << 5},
        {"restore", 1 << 0},
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *all = g_strdup_printf(text, rows[i].op);
        g_autoptr(GString) script = g_string_new(all);
        g_autofree TwProgram *program = NULL;
        TestTarget *target;

        g_string_replace(script, "script\n", "script\n  snapshot\n", 1);
        program = test_program(script->str);
        target = test_target_new(program);
        test_target_run(target, true);
        for (unsigned n = 0; n < 8; n++) {
            TwOutcome *last = &target->trace->outcomes[program->n_script - 1];
            TwOracle *oracle = tw_oracle_new();
            TwDialect dialect = test_dialect();
            TwFinding finding;

            for (unsigned k = 0; k < last->n_locations; k++) {
                TwLocation *at = &target->trace->locations[last->location + k];

                at->offset = 0x1000 * n + 0x10 + at->first;
            }
            last->value = 0;
            for (unsigned k = 0; k < 8; k++) {
                last->value |=
                    (uint64_t)tw_ram_initial(2, 0x1000 * n + 0x10 + k) << 8 * k;
            }
            if (tw_verdict_is_finding(
                    tw_judge(oracle, program, &dialect, &target->contract, "x",
                             target->trace, &finding, NULL)) ==
                (rows[i].allowed >> n & 1)) {
                g_error("%s: 0x%x: %s", rows[i].op, 0x1000 * n, finding.text);
            }
            tw_oracle_free(oracle);
        }
        test_target_free(target);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/iotlb/FR-11,LA-51/records", records);
    g_test_add_func("/iotlb/FR-11,LA-37/tables", tables_records);
    g_test_add_func("/iotlb/FR-12,LA-54/combined", combined_records);
    g_test_add_func("/iotlb/FR-12,LA-37/as-entries", combined_as_entries);
    g_test_add_func("/iotlb/FR-12/told", combined_told);
    g_test_add_func("/iotlb/LA-51/without", without);
    g_test_add_func("/iotlb/FR-11/two-hops", two_hops);
    return g_test_run();
}
