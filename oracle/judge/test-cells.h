/* SPDX-License-Identifier: MIT */
/*
 * The rows of test-cells.c: records of each kind, and commands.
 *
 *   s0   [ i0 ]   s1   [ r2 ram ]                    one IOMMU
 *   s0   [ i0 ]   s1   [ i1 ]   s2   [ r2 ram ]      two, recorded together
 *
 * All accesses are at 0x10.  Tables are in r3 (of i0) and r4 (of i1): roots at
 * 0x0 and 0x3000, tables at 0x1000 and 0x2000.  i2 is another IOMMU.
 */
#ifndef TW_ORACLE_JUDGE_TEST_CELLS_H
#define TW_ORACLE_JUDGE_TEST_CELLS_H

#include "oracle/test/test-support.h"

/* Worlds ------------------------------------------------------------------- */

#define ONE \
    "twinwalk 1\n" \
    "region r0 container size 2^32 root s0\n" \
    "region r1 iommu size 0x400000 in r0 at 0x0 iommu i0\n" \
    "region r2 ram size 0x8000 root s1\n" \
    "region r3 ram size 0x8000 root s3\n" \
    "region r4 ram size 0x8000 root s4\n" \
    "region r7 iommu size 0x400000 iommu i2\n"
#define TWO \
    "twinwalk 1\n" \
    "region r0 container size 2^32 root s0\n" \
    "region r1 iommu size 0x400000 in r0 at 0x0 iommu i0\n" \
    "region r2 ram size 0x8000 root s2\n" \
    "region r3 ram size 0x8000 root s3\n" \
    "region r4 ram size 0x8000 root s4\n" \
    "region r5 container size 2^32 root s1\n" \
    "region r6 iommu size 0x400000 in r5 at 0x400000 iommu i1\n" \
    "region r7 iommu size 0x400000 iommu i2\n"
#define CPU \
    "mmu c0.0 space s0 attrs secure\n" \
    "mmu c0.1 space s0 attrs none\n" \
    "setup\n" \
    "  page c0.0 0x0 -> 0x0 size 0x1000 rwx\n" \
    "  page c0.1 0x0 -> 0x0 size 0x1000 rwx\n"

/* IOMMUs: i, where it leads, and its tables. */
#define OF_TABLE(i, to) \
    "iommu " i " table indexes 2 select secure to " to " iotlb\n"
#define OF_TABLES(i, to, tables, more) \
    "iommu " i " pagetable indexes 2 select secure to " to \
    " format abstract tables " tables " levels 2 iotlb" more "\n"

#define TABLE ONE OF_TABLE("i0", "s1") OF_TABLE("i2", "s1") CPU
#define TABLES(more) \
    ONE OF_TABLES("i0", "s1", "r3", more) OF_TABLES("i2", "s1", "r4", "") CPU \
        "  " ROOT("i0", "1") "\n" TREE("r3", "0x7")
#define TWO_TABLE \
    TWO OF_TABLE("i0", "s1") OF_TABLE("i1", "s2") OF_TABLE("i2", "s2") CPU \
        "  " THROUGH "\n"
#define TWO_TABLES(domain_0, more_0, domain_1, more_1) \
    TWO OF_TABLES("i0", "s1", "r3", more_0) \
        OF_TABLES("i1", "s2", "r4", more_1) OF_TABLES("i2", "s2", "r4", "") \
            CPU "  " ROOT("i0", domain_0) "\n  " ROOT( \
                "i1", domain_1) "\n" TREE("r3", "0x400007") TREE("r4", "0x7")
#define MPC \
    ONE "iommu i0 mpc indexes 2 select secure to s1 blocked s4\n" OF_TABLE( \
        "i2", "s1") CPU

#define ROOT(i, domain) "context " i " 0 tables -> 0x0 domain " domain
#define TREE(r, leaf) \
    "  poke " r " 0x0 = 0x1007\n" \
    "  poke " r " 0x1000 = " leaf "\n" \
    "  poke " r " 0x2000 = 0x4007\n" \
    "  poke " r " 0x3000 = 0x2007\n"
#define MAP(i, to, rights) "map " i ".0 0x0..0xfff -> " to " " rights " silent"
#define THROUGH MAP("i0", "s1 0x400000", "rw")
#define READ "dma-read s0 0x10 8 secure"
#define WRITE "dma-write s0 0x10 8 secure"
#define LUT(value) "mpc-write i0 0x1c 1 = " value " secure"

/* Records ------------------------------------------------------------------ */

/* A record of one kind of a structure. */
typedef struct Record {
    const char *of, *structure, *kind;
    const char *world, *x; /* with an operation of the setup, or "" */
    const char *prepare;   /* operations before all, or "" */
    const char *change;    /* from X to Y */
    const char *back;      /* from Y to X */
    const char *again;     /* after a reset, what makes it Y */
    const char *access;
    uint8_t iotlb;  /* what alone is promised */
    uint8_t marked; /* 0, or: `prepare` and `back` end in a store that sets A
                     * and D in the entries of level 1, or A in that of 2 */
} Record;

/* The operation that makes it X stands in the setup, too. */
#define MAPPED(structure, kind, x, y, access, iotlb) \
    { \
        "table", structure, kind, TABLE, x, "", y, x, y, access, iotlb, 0 \
    }
#define TABLED(structure, kind, x, y, access, iotlb) \
    { \
        "pagetable", structure, kind, TABLES(""), x, "", y, x, \
            ROOT("i0", "1"), access, iotlb, 0 \
    }
#define MARKED(structure, prepare, y, access, iotlb, level) \
    { \
        "pagetable", structure, "marked", TABLES(" updates-ad"), "", \
            prepare access, y, access, ROOT("i0", "1"), access, iotlb, level \
    }
#define CONTEXT(kind, x, iotlb) \
    { \
        "pagetable", "context", kind, TABLES(""), x, "", OTHER_ROOT, x, \
            OTHER_ROOT, READ, iotlb, 0 \
    }
#define OTHER_ROOT "context i0 0 tables -> 0x3000 domain 1"
/* The record of a refusal might be of i1 alone: ALONE ends this one. */
#define BOTH_MAPPED(structure, kind, x, y, again, access, iotlb) \
    { \
        "table", structure, kind, TWO_TABLE, x, "", y "\n  ALONE", x, again, \
            access, iotlb, 0 \
    }
#define FIRST(kind, x, y, access, iotlb) \
    { \
        "pagetable", "combined", kind, TWO_TABLES("1", "", "2", ""), x, "", \
            y "\n  ALONE", x, ROOT("i0", "1"), access, iotlb, 0 \
    }
#define SECOND(kind, x, y, access, iotlb) \
    { \
        "pagetable", "second", kind, TWO_TABLES("2", "", "1", ""), x, "", \
            y "\n  ALONE", x, ROOT("i1", "1"), access, iotlb, 0 \
    }
#define PAIRS TW_IOTLB_COMBINED
#define REFUSING_PAIRS TW_IOTLB_COMBINED | TW_IOTLB_REFUSALS
#define RUN(rights) "dma-map m0 of s0 0x0 0x1000 " rights " secure"

static const Record records[] = {
    MAPPED("entry", "grant", MAP("i0", "s1 0x0", "rw"),
           MAP("i0", "s1 0x4000", "rw"), READ, TW_IOTLB_ENTRIES),
    MAPPED("entry", "refusal", MAP("i0", "s1 0x0", "r"),
           MAP("i0", "s1 0x0", "rw"), WRITE, TW_IOTLB_REFUSALS),
    MAPPED("entry", "absent", MAP("i0", "s1 0x0", "none"),
           MAP("i0", "s1 0x0", "rw"), READ, TW_IOTLB_ABSENT),
    TABLED("entry", "grant", "poke r3 0x1000 = 0x7", "poke r3 0x1000 = 0x4007",
           READ, TW_IOTLB_ENTRIES),
    TABLED("entry", "refusal", "poke r3 0x1000 = 0x3", "poke r3 0x1000 = 0x7",
           WRITE, TW_IOTLB_REFUSALS),
    TABLED("entry", "absent", "poke r3 0x1000 = 0x0", "poke r3 0x1000 = 0x7",
           READ, TW_IOTLB_ABSENT),
    MARKED("entry", "", "poke r3 0x1000 = 0x7", WRITE, TW_IOTLB_ENTRIES, 1),
    TABLED("pointer", "grant", "poke r3 0x0 = 0x1007", "poke r3 0x0 = 0x2007",
           READ, TW_IOTLB_POINTERS),
    TABLED("pointer", "refusal", "poke r3 0x0 = 0x1003", "poke r3 0x0 = 0x1007",
           WRITE, TW_IOTLB_POINTERS),
    MARKED("pointer", "", "poke r3 0x0 = 0x1007", WRITE, TW_IOTLB_POINTERS, 2),
    CONTEXT("tables", ROOT("i0", "1"), TW_IOTLB_CONTEXTS),
    CONTEXT("pass", "context i0 0 pass -> 0x0 domain 1", TW_IOTLB_CONTEXTS),
    CONTEXT("blocked", "context i0 0 blocked -> 0x0 domain 1",
            TW_IOTLB_CONTEXTS),
    CONTEXT("absent", "context i0 0 none -> 0x0 domain 1", TW_IOTLB_ABSENT),
    BOTH_MAPPED("combined", "grant", MAP("i1", "s2 0x0", "rw"),
                MAP("i1", "s2 0x4000", "rw"), THROUGH, READ, PAIRS),
    BOTH_MAPPED("combined", "refusal", MAP("i1", "s2 0x0", "r"),
                MAP("i1", "s2 0x0", "rw"), THROUGH, WRITE, REFUSING_PAIRS),
    BOTH_MAPPED("second", "grant", MAP("i1", "s2 0x0", "rw"),
                MAP("i1", "s2 0x4000", "rw"), MAP("i1", "s2 0x4000", "rw"),
                READ, PAIRS),
    BOTH_MAPPED("second", "refusal", MAP("i1", "s2 0x0", "r"),
                MAP("i1", "s2 0x0", "rw"), MAP("i1", "s2 0x0", "rw"), WRITE,
                REFUSING_PAIRS),
    FIRST("grant", "poke r4 0x1000 = 0x7", "poke r4 0x1000 = 0x4007", READ,
          PAIRS),
    FIRST("refusal", "poke r4 0x1000 = 0x3", "poke r4 0x1000 = 0x7", WRITE,
          REFUSING_PAIRS),
    {"pagetable", "combined", "marked", TWO_TABLES("1", " updates-ad", "2", ""),
     "", WRITE, "poke r3 0x1000 = 0x400007", WRITE, ROOT("i0", "1"), WRITE,
     PAIRS, 1},
    SECOND("grant", "poke r4 0x1000 = 0x7", "poke r4 0x1000 = 0x4007", READ,
           PAIRS),
    SECOND("refusal", "poke r4 0x1000 = 0x3", "poke r4 0x1000 = 0x7", WRITE,
           REFUSING_PAIRS),
    {"pagetable", "second", "marked", TWO_TABLES("2", "", "1", " updates-ad"),
     "", WRITE, "poke r4 0x1000 = 0x7", WRITE, ROOT("i1", "1"), WRITE, PAIRS,
     1},
    {"table", "mapping", "grant", TABLE, MAP("i0", "s1 0x0", "rw"), RUN("r"),
     MAP("i0", "s1 0x4000", "rw"), MAP("i0", "s1 0x0", "rw"),
     MAP("i0", "s1 0x4000", "rw"), READ " via m0", 0, 0},
    {"pagetable", "mapping", "grant", TABLES(""), "", RUN("r"),
     "poke r3 0x1000 = 0x4007", "poke r3 0x1000 = 0x7", ROOT("i0", "1"),
     READ " via m0", 0, 0},
    MARKED("mapping", RUN("w") "\n  ", "poke r3 0x1000 = 0x7", WRITE " via m0",
           0, 1),
    {"mpc", "mapping", "grant", MPC, "",
     LUT("0x1") "\n  dma-map m0 of s0 0x0 0x1000 r none", LUT("0x0"),
     LUT("0x1"), LUT("0x0"), "dma-read s0 0x10 8 none via m0", 0, 0},
    MAPPED("cpu", "grant", MAP("i0", "s1 0x0", "rw"),
           MAP("i0", "s1 0x4000", "rw"), "read c0.0 0x10 8", 0),
    TABLED("cpu", "grant", "poke r3 0x1000 = 0x7", "poke r3 0x1000 = 0x4007",
           "read c0.0 0x10 8", 0),
    MARKED("cpu", "", "poke r3 0x1000 = 0x7", "write c0.0 0x10 8", 0, 1),
    {"mpc", "cpu", "grant", MPC, "", LUT("0x1"), LUT("0x0"), LUT("0x1"),
     LUT("0x0"), "read c0.1 0x10 8", 0, 0},
    {"mpc", "cpu", "blocked", MPC, "", LUT("0x1"), LUT("0x0"), LUT("0x1"),
     LUT("0x0"), "read c0.0 0x10 8", 0, 0},
};

/* Commands ----------------------------------------------------------------- */

enum { ASIDES = 3, NO_SCOPE = TW_SCOPES };

typedef struct Command {
    const char *of, *name;
    const char *op; /* for iX; NULL: the change itself, when it is told */
    uint8_t scope;  /* of TwContract.commands; or NO_SCOPE */
    uint8_t event;  /* of TwContract.ends and .mapping_ends; 0: always */
    const char *aside[ASIDES]; /* the same about something else */
} Command;

static const Command commands[] = {
    {"table",
     "notified",
     NULL,
     TW_SCOPE_RANGE,
     TW_ENDS_UNMAP,
     {"map iX.1 0x0..0xfff -> s4 0x0 rw silent\n"
      "  map iX.1 0x0..0xfff -> s4 0x0 rw notified",
      "map iX.0 0x1000..0x1fff -> s4 0x0 rw silent\n"
      "  unmap iX.0 0x1000..0x1fff notified"}},
    {"table",
     "unmap",
     "notify iX.0 unmap 0xfff..0xfff",
     TW_SCOPE_RANGE,
     TW_ENDS_UNMAP,
     {"notify iX.1 unmap 0x0..0xfff", "notify iX.0 unmap 0x1000..0x1fff",
      "notify i2.0 unmap 0x0..0xfff"}},
    {"table",
     "unmap-all",
     "notify-all iX",
     TW_SCOPE_DOMAIN,
     TW_ENDS_UNMAP,
     {"notify-all i2"}},
    {"table", "map", "notify iX.0 map 0x0..0xfff", NO_SCOPE, 0, {0}},
    {"table", "deviotlb", "notify iX.0 deviotlb 0x0..0xfff", NO_SCOPE, 0, {0}},
    {"table",
     "reset",
     "iommu-reset iX",
     NO_SCOPE,
     TW_ENDS_RESET,
     {"iommu-reset i2"}},
    {"table",
     "bypass",
     "bypass iX on\n  bypass iX off",
     NO_SCOPE,
     TW_ENDS_RESET,
     {"bypass i2 on\n  bypass i2 off"}},
    {"table",
     "destroy",
     "del r1\n  iommu-destroy i0",
     NO_SCOPE,
     TW_ENDS_RESET,
     {"iommu-destroy i2"}},
#define INVALIDATE(name, scope, of, range, ...) \
    { \
        "pagetable", name, "invalidate iX " name " " of " " range, scope, \
            TW_ENDS_UNMAP, \
        { \
            "invalidate i2 " name " " of " " range, __VA_ARGS__ \
        } \
    }
    INVALIDATE("global", TW_SCOPE_GLOBAL, "0", "0x0..0x0", NULL),
    INVALIDATE("domain", TW_SCOPE_DOMAIN, "1", "0x0..0x0",
               "invalidate iX domain 7 0x0..0x0"),
    INVALIDATE("range", TW_SCOPE_RANGE, "1", "0xfff..0xfff",
               "invalidate iX range 7 0x0..0xfff",
               "invalidate iX range 1 0x200000..0x200fff"),
    INVALIDATE("leaf", TW_SCOPE_LEAF, "1", "0x0..0x0",
               "invalidate iX leaf 7 0x0..0xfff",
               "invalidate iX leaf 1 0x1000..0x1fff"),
    INVALIDATE("any-range", TW_SCOPE_ANY_RANGE, "7", "0x0..0xfff",
               "invalidate iX any-range 1 0x200000..0x200fff"),
    INVALIDATE("any-leaf", TW_SCOPE_ANY_LEAF, "7", "0x0..0xfff",
               "invalidate iX any-leaf 1 0x1000..0x1fff"),
    INVALIDATE("context", TW_SCOPE_CONTEXT, "0", "0x0..0x0",
               "invalidate iX context 1 0x0..0x0"),
    INVALIDATE("contexts", TW_SCOPE_CONTEXTS, "7", "0x0..0x0", NULL),
    {"pagetable",
     "unmap",
     "notify iX.0 unmap 0xfff..0xfff",
     NO_SCOPE,
     TW_ENDS_UNMAP,
     {"notify iX.1 unmap 0x0..0xfff", "notify iX.0 unmap 0x1000..0x1fff",
      "notify i2.0 unmap 0x0..0xfff"}},
    {"pagetable",
     "unmap-all",
     "notify-all iX",
     NO_SCOPE,
     TW_ENDS_UNMAP,
     {"notify-all i2"}},
    {"pagetable", "map", "notify iX.0 map 0x0..0xfff", NO_SCOPE, 0, {0}},
    {"pagetable",
     "deviotlb",
     "notify iX.0 deviotlb 0x0..0xfff",
     NO_SCOPE,
     0,
     {0}},
    {"pagetable",
     "reset",
     "iommu-reset iX",
     NO_SCOPE,
     TW_ENDS_RESET,
     {"iommu-reset i2"}},
    {"pagetable",
     "bypass",
     "bypass iX on\n  bypass iX off",
     NO_SCOPE,
     TW_ENDS_RESET,
     {"bypass i2 on\n  bypass i2 off"}},
    {"pagetable",
     "destroy",
     "del r1\n  iommu-destroy i0",
     NO_SCOPE,
     TW_ENDS_RESET,
     {"iommu-destroy i2"}},
    {"mpc", "lut", NULL, NO_SCOPE, TW_ENDS_UNMAP, {0}},
    {"mpc", "reset", "iommu-reset i0", NO_SCOPE, TW_ENDS_RESET, {0}},
    {"all",
     "flush",
     "flush-all c0",
     NO_SCOPE,
     0,
     {"flush-page c0.0 0x1000", "flush-index c0.1"}},
    {"all",
     "commit",
     "nonvolatile r2 on",
     NO_SCOPE,
     TW_ENDS_COMMIT,
     {"begin\n  nonvolatile r2 on"}},
    {"all", "restore", NULL, NO_SCOPE, 0, {0}},
};

#endif
