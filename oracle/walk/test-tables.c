/* SPDX-License-Identifier: MIT */
/*
 * Page tables in RAM (LA-35): the fields of each format, by entries made by
 * hand from the manuals that program/LAYOUTS.md names; and the two walkers, on
 * random tables.
 */
#include "oracle/test/test-support.h"

#include <glib.h>
#include <string.h>

#include "oracle/judge/perform.h"
#include "oracle/memory/content.h"
#include "oracle/walk/flat.h"
#include "program/layout.h"
#include "program/ops.h"

/* A program with one pagetable, and the state before its script. */
typedef struct Fixture {
    TwProgram *program;
    TwWorld *world;
    TwContents contents;
} Fixture;

static void start(Fixture *f, const char *format, unsigned levels,
                  unsigned granule, const char *setup)
{
    g_autofree char *text = g_strdup_printf(
        "twinwalk 1\n"
        "region r0 iommu size 2^64 root s0 iommu i0\n"
        "region r1 ram size 2^64 root s1\n"
        "region r2 ram size 0x10000\n"
        "iommu i0 pagetable granule %u to s1 format %s tables r2 levels %u\n"
        "setup\n"
        "  context i0 0 tables -> 0x1000 domain 0\n%s",
        granule, format, levels, setup);
    TwContract contract = test_contract();

    f->program = test_program(text);
    f->world = tw_world_new();
    tw_contents_init(&f->contents);
    tw_perform_start(f->world, f->program, &contract);
    tw_contents_start(&f->contents, f->program, false, false, true);
    tw_perform_fill(f->world, &f->contents);
}

static void finish(Fixture *f)
{
    tw_contents_clear(&f->contents);
    tw_world_free(f->world);
    g_free(f->program);
}

/* Where a device's byte at x goes; both walkers say the same. */
static TwByte walk_marked(const Fixture *f, uint64_t x, uint8_t right,
                          bool *unmarked)
{
    TwAccess access = {.code = right == TW_W ? TW_OP_DMA_WRITE : TW_OP_DMA_READ,
                       .cpu = TW_BOARD,
                       .size = 1,
                       .hop_rights = right,
                       .page_rights = right,
                       .addr = x};
    TwWalk walk;

    g_assert_true(
        tw_flat_agrees(f->world, &access, 1, tw_times_at(f->world->now)));
    tw_walk(f->world, &access, 1, tw_times_at(f->world->now), &walk);
    *unmarked = walk.unmarked;
    return walk.bytes[0];
}

static TwByte walk(const Fixture *f, uint64_t x, uint8_t right)
{
    bool unmarked;

    return walk_marked(f, x, right, &unmarked);
}

#define X 0x40201123 /* entry 1 of the last three levels */

/* The upper entries of a format, the last of which leads to 0x3000 or (4
 * levels) 0x4000; with them, an entry that makes X `perm` at `out`. */
static const struct {
    const char *format, *upper, *last;
    unsigned levels;
    const char *perm;
    uint64_t x, out;
} vectors[] = {
#define ABSTRACT(last, perm, out) \
    { \
        "abstract", "  poke r2 0x1008 = 0x2007\n  poke r2 0x2008 = 0x3007\n", \
            last, 3, perm, X, out \
    }
    ABSTRACT("0x3008 = 0x5007", "rw", 0x5123),
    ABSTRACT("0x3008 = 0x5003", "r", 0x5123),
    ABSTRACT("0x3008 = 0x5005", "w", 0x5123),
    ABSTRACT("0x3008 = 0x5006", "", 0),
    ABSTRACT("0x2008 = 0x20000f", "rw", 0x201123), /* leaf of 2 MiB */
    ABSTRACT("0x2008 = 0x3003\n  poke r2 0x3008 = 0x5007", "r", 0x5123),
    ABSTRACT("0x2008 = 0x10007", "", 0), /* beyond the region */

#define SV39(last, perm, out) \
    { \
        "sv39", "  poke r2 0x1008 = 0x801\n  poke r2 0x2008 = 0xc01\n", last, \
            3, perm, X, out \
    }
    SV39("0x3008 = 0x14d7", "rw", 0x5123),
    SV39("0x3008 = 0x1457", "r", 0x5123),     /* D clear */
    SV39("0x3008 = 0x1497", "", 0),           /* A clear */
    SV39("0x3008 = 0x14c7", "", 0),           /* U clear */
    SV39("0x3008 = 0x14d5", "", 0),           /* W without R */
    SV39("0x3008 = 0x14d9", "", 0),           /* X only */
    SV39("0x3008 = 0x1401", "", 0),           /* no leaf at the last level */
    SV39("0x3008 = 0x400000000014d7", "", 0), /* bit 54 */
    SV39("0x2008 = 0x800d7", "rw", 0x201123), /* 2 MiB */
    SV39("0x2008 = 0x14d7", "", 0),           /* misaligned */
    SV39("0x1008 = 0x100000d7", "rw", 0x40201123),            /* 1 GiB */
    SV39("0x2008 = 0xc11\n  poke r2 0x3008 = 0x14d7", "", 0), /* U of a table */

#define X86(format, last, perm, out) \
    { \
        format, \
            "  poke r2 0x1000 = 0x2007\n  poke r2 0x2008 = 0x3007\n" \
            "  poke r2 0x3008 = 0x4007\n", \
            last, 4, perm, X, out \
    }
#define X86_ALL(format) \
    X86(format, "0x4008 = 0x5007", "rw", 0x5123), \
        X86(format, "0x4008 = 0x5005", "r", 0x5123), \
        X86(format, "0x4008 = 0x5003", "", 0),        /* U/S clear */ \
        X86(format, "0x4008 = 0x5087", "rw", 0x5123), /* bit 7 is PAT */ \
        X86(format, "0x3008 = 0x4005\n  poke r2 0x4008 = 0x5007", "r", \
            0x5123), \
        X86(format, "0x3008 = 0x200087", "rw", 0x201123), /* PS */ \
        X86(format, "0x3008 = 0x201087", "rw", 0x201123), /* bit 12 is PAT */ \
        X86(format, "0x3008 = 0x202087", "", 0), \
        X86(format, "0x1000 = 0x2087", "", 0) /* PS where none can be */
    X86_ALL("x86-64"), X86_ALL("vtd-fl"),

#define ARM(format, last, perm, out) \
    { \
        format, "  poke r2 0x1008 = 0x2003\n  poke r2 0x2008 = 0x3003\n", \
            last, 3, perm, X, out \
    }
    ARM("arm64-s1", "0x3008 = 0x5443", "rw", 0x5123),
    ARM("arm64-s1", "0x3008 = 0x54c3", "r", 0x5123), /* AP[2] */
    ARM("arm64-s1", "0x3008 = 0x5403", "", 0),       /* AP[1] clear */
    ARM("arm64-s1", "0x3008 = 0x5043", "", 0),       /* AF clear */
    ARM("arm64-s1", "0x3008 = 0x5441", "", 0),       /* block, last level */
    ARM("arm64-s1", "0x2008 = 0x200441", "rw", 0x201123),
    ARM("arm64-s1", "0x2008 = 0x201441", "rw", 0x201123), /* low bits */
    ARM("arm64-s1", "0x1008 = 0x4000000000002003\n  poke r2 0x3008 = 0x5443",
        "r", 0x5123), /* APTable[1] */
    ARM("arm64-s1", "0x1008 = 0x2000000000002003\n  poke r2 0x3008 = 0x5443",
        "", 0),
    /* Contiguous, bit 52, is a hint for TLBs (DDI 0487, "The Contiguous bit"):
     * the address is that of the entry. */
    ARM("arm64-s1", "0x3008 = 0x10000000005443", "rw", 0x5123),
    ARM("arm64-s1", "0x2008 = 0x10000000200441", "rw", 0x201123),
    ARM("arm64-s2", "0x3008 = 0x100000000054c3", "rw", 0x5123),
    ARM("arm64-s2", "0x3008 = 0x54c3", "rw", 0x5123),
    ARM("arm64-s2", "0x3008 = 0x5443", "r", 0x5123), /* S2AP[0] */
    ARM("arm64-s2", "0x3008 = 0x5483", "w", 0x5123), /* S2AP[1] */
    ARM("arm64-s2", "0x3008 = 0x50c3", "", 0),       /* AF clear */

#define VTD(last, perm, out) \
    { \
        "vtd-sl", "  poke r2 0x1008 = 0x2003\n  poke r2 0x2008 = 0x3003\n", \
            last, 3, perm, X, out \
    }
    VTD("0x3008 = 0x5003", "rw", 0x5123), VTD("0x3008 = 0x5001", "r", 0x5123),
    VTD("0x3008 = 0x5002", "w", 0x5123), VTD("0x3008 = 0x5000", "", 0),
    VTD("0x1008 = 0x2001\n  poke r2 0x3008 = 0x5003", "r", 0x5123),
    VTD("0x2008 = 0x200083", "rw", 0x201123), VTD("0x2008 = 0x201083", "", 0),

#define AMD(last, perm, x, out) \
    { \
        "amdvi", \
            "  poke r2 0x1008 = 0x6000000000002401\n" \
            "  poke r2 0x2008 = 0x6000000000003201\n", \
            last, 3, perm, x, out \
    }
    AMD("0x3008 = 0x6000000000005001", "rw", X, 0x5123),
    AMD("0x3008 = 0x2000000000005001", "r", X, 0x5123), /* IR */
    AMD("0x3008 = 0x4000000000005001", "w", X, 0x5123), /* IW */
    AMD("0x3008 = 0x6000000000005000", "", X, 0),       /* PR clear */
    AMD("0x3008 = 0x6000000000005201", "", X, 0), /* a table, last level */
    AMD("0x2008 = 0x6000000000200001", "rw", X, 0x201123),
    AMD("0x2008 = 0x2000000000003201\n"
        "  poke r2 0x3008 = 0x6000000000005001",
        "r", X, 0x5123),
    /* Level 2 is skipped: its bits of the offset must be 0. */
    AMD("0x1008 = 0x6000000000003201\n"
        "  poke r2 0x3008 = 0x6000000000005001",
        "rw", 0x40001123, 0x5123),
    AMD("0x1008 = 0x6000000000003201\n"
        "  poke r2 0x3008 = 0x6000000000005001",
        "", X, 0),
    AMD("0x1008 = 0x6000000000002601", "", X, 0), /* next level: its own */
    /* Next Level 7: the lowest bit of the address that is 0, from bit 12 on, is
     * half the page size (48882, "Example Page Size Encodings"). */
    AMD("0x3008 = 0x6000000000004e01", "rw", X, 0x5123),     /* 8 KiB */
    AMD("0x3008 = 0x2000000000011e01", "r", X, 0x11123),     /* 16 KiB */
    AMD("0x3008 = 0x4000000000023e01", "w", X, 0x21123),     /* 32 KiB */
    AMD("0x3008 = 0x600000000017fe01", "rw", X, 0x101123),   /* 1 MiB */
    AMD("0x3008 = 0x60000000001ffe01", "", X, 0),            /* 4 MiB */
    AMD("0x3008 = 0x60000000000ffe01", "", X, 0),            /* 2 MiB */
    AMD("0x2008 = 0x60000000005ffe01", "rw", X, 0x601123),   /* 4 MiB */
    AMD("0x2008 = 0x600000002ffffe01", "rw", X, 0x20201123), /* 512 MiB */
    AMD("0x2008 = 0x600000001ffffe01", "", X, 0),            /* 1 GiB */
    AMD("0x2008 = 0x6000000000004e01", "", X, 0),            /* 8 KiB */
    AMD("0x1008 = 0x60000000bffffe01", "rw", X, 0xc0201123), /* 2 GiB */
    AMD("0x1008 = 0x600ffffffffffe01", "", X, 0),            /* no 0 */
    AMD("0x3008 = 0x6000000000004e00", "", X, 0),            /* PR clear */
};

static void fields(void)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(vectors); i++) {
        g_autofree char *setup = g_strdup_printf(
            "%s  poke r2 %s\n", vectors[i].upper, vectors[i].last);
        Fixture f;

        start(&f, vectors[i].format, vectors[i].levels, 4096, setup);
        for (unsigned k = 0; k < 2; k++) {
            TwByte byte = walk(&f, vectors[i].x, k ? TW_W : TW_R);
            bool may = strchr(vectors[i].perm, k ? 'w' : 'r') != NULL;

            if ((byte.where == TW_AT_LEAF) != may ||
                (may && byte.offset != vectors[i].out)) {
                g_error("%s, %s: %s", vectors[i].format, vectors[i].last,
                        k ? "write" : "read");
            }
        }
        finish(&f);
    }
}

/* The reason of a refusal, with the manual's order of checks (LAYOUTS.md): a
 * write of X, or of `x`, by the entries of a format and further ones. */
static const struct {
    const char *format, *entries;
    unsigned levels;
    TwReasonKind kind;
    unsigned level;
    uint64_t x;
} refusals[] = {
    /* V clear: all other bits mean nothing, reserved ones too (RISC-V
     * Privileged, Sv39). */
    {"sv39", "0x1008 = 0xffffffffffffe", 3, TW_REASON_ABSENT, 3, X},
    {"sv39", "0x1008 = 0x801\n  poke r2 0x2008 = 0xc11", 3, TW_REASON_RESERVED,
     2, X},
    /* A large leaf that is not aligned comes before its rights. */
    {"sv39", "0x1008 = 0x801\n  poke r2 0x2008 = 0x1403", 3, TW_REASON_RESERVED,
     2, X},
    {"sv39", "0x1008 = 0x801\n  poke r2 0x2008 = 0x80043", 3, TW_REASON_RIGHTS,
     2, X},
    {"sv39", "0x1008 = 0x8001", 3, TW_REASON_UNREADABLE, 2, X},
    {"sv39", "0x1008 = 0x801", 3, TW_REASON_RANGE, 0, X + (1ull << 39)},
    /* P clear at the last level, R/W clear above: a right is a matter of
     * translations that there are (Intel SDM 3A, "Page-fault exceptions"). */
    {"x86-64",
     "0x1000 = 0x2005\n  poke r2 0x2008 = 0x3007\n  poke r2 0x3008 = 0x4007\n"
     "  poke r2 0x4008 = 0x5006",
     4, TW_REASON_ABSENT, 1, X},
    {"x86-64",
     "0x1000 = 0x2005\n  poke r2 0x2008 = 0x3007\n  poke r2 0x3008 = 0x4007\n"
     "  poke r2 0x4008 = 0x5007",
     4, TW_REASON_RIGHTS, 1, X},
    {"vtd-fl",
     "0x1000 = 0x2005\n  poke r2 0x2008 = 0x3005\n"
     "  poke r2 0x3008 = 0x202085",
     4, TW_REASON_RESERVED, 2, X},
    /* APTable takes writes away at the leaf, not at the table (DDI 0487,
     * "Hierarchical control of data access permissions"). */
    {"arm64-s1",
     "0x1008 = 0x4000000000002003\n  poke r2 0x2008 = 0x3003\n"
     "  poke r2 0x3008 = 0x5442",
     3, TW_REASON_ABSENT, 1, X},
    {"arm64-s1",
     "0x1008 = 0x4000000000002003\n  poke r2 0x2008 = 0x3003\n"
     "  poke r2 0x3008 = 0x5443",
     3, TW_REASON_RIGHTS, 1, X},
    {"arm64-s2",
     "0x1008 = 0x2003\n  poke r2 0x2008 = 0x3003\n"
     "  poke r2 0x3008 = 0x5401",
     3, TW_REASON_RESERVED, 1, X},
    /* R and W clear: not there, whatever else is set (VT-d, second stage). */
    {"vtd-sl", "0x1008 = 0x2001\n  poke r2 0x2008 = 0x201080", 3,
     TW_REASON_ABSENT, 2, X},
    {"vtd-sl", "0x1008 = 0x2001\n  poke r2 0x2008 = 0x201081", 3,
     TW_REASON_RESERVED, 2, X},
    /* LA-63: bits 51:39, of a table, of a leaf, of a table that lets less
     * through, of what is not there. */
    {"vtd-sl output-width 39", "0x1008 = 0x8000002003", 3, TW_REASON_RESERVED,
     3, X},
    {"vtd-sl output-width 39",
     "0x1008 = 0x2001\n  poke r2 0x2008 = 0x8000000083", 3, TW_REASON_RESERVED,
     2, X},
    {"vtd-sl output-width 39", "0x1008 = 0x8000002001", 3, TW_REASON_RESERVED,
     3, X},
    {"vtd-sl output-width 39", "0x1008 = 0xfffffffffffffffc", 3,
     TW_REASON_ABSENT, 3, X},
    {"vtd-sl output-width 40",
     "0x1008 = 0x2003\n  poke r2 0x2008 = 0x8000000081", 3, TW_REASON_RIGHTS, 2,
     X},
    {"sv39 output-width 40", "0x1008 = 0x4000000001", 3, TW_REASON_RESERVED, 3,
     X},
    {"sv39 output-width 40", "0x1008 = 0x3fc0000001", 3, TW_REASON_UNREADABLE,
     2, X},
    {"amdvi", "0x1008 = 0x6000000000002600", 3, TW_REASON_ABSENT, 3, X},
    {"amdvi", "0x1008 = 0x6000000000002601", 3, TW_REASON_RESERVED, 3, X},
    {"amdvi", "0x1008 = 0x6000000000003201", 3, TW_REASON_RANGE, 3, X},
    {"amdvi", "0x1008 = 0x2000000000004e01", 3, TW_REASON_RESERVED, 3, X},
    {"amdvi", "0x1008 = 0x20000000bffffe01", 3, TW_REASON_RIGHTS, 3, X},
    {"abstract", "0x1008 = 0x2003\n  poke r2 0x2008 = 0x20000f", 3,
     TW_REASON_RIGHTS, 2, X},
};

static void reasons(void)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(refusals); i++) {
        g_autofree char *setup =
            g_strdup_printf("  poke r2 %s\n", refusals[i].entries);
        TwReason due = {(uint8_t)refusals[i].kind, 0,
                        (uint8_t)refusals[i].level, refusals[i].x};
        TwReason why;
        TwByte byte;
        Fixture f;

        start(&f, refusals[i].format, refusals[i].levels, 4096, setup);
        byte = walk(&f, refusals[i].x, TW_W);
        g_assert_cmpint(tw_byte_reason(&byte).kind, ==,
                        TW_REASON_NONE); /* nobody asks */
        f.world->reasons = true;
        byte = walk(&f, refusals[i].x, TW_W);
        why = tw_byte_reason(&byte);
        if (byte.where != TW_AT_HOP || !tw_reason_same(&why, &due)) {
            g_error("%s, %s: %s, level %u", refusals[i].format,
                    refusals[i].entries, tw_reason_name(why.kind), why.level);
        }
        finish(&f);
    }
}

/* Where walks set A and D (LA-55): which rights an entry grants, and for which
 * of these some bit is still to be set. */
static const struct {
    const char *format, *upper, *last;
    unsigned levels;
    const char *perm, *unmarked;
} marks[] = {
#define MARKS(format, upper, last, levels, perm, unmarked) \
    { \
        format " updates-ad", upper, last, levels, perm, unmarked \
    }
#define A_ABS "  poke r2 0x1008 = 0x2017\n  poke r2 0x2008 = 0x3017\n"
    MARKS("abstract", A_ABS, "0x3008 = 0x5007", 3, "rw", "rw"),
    MARKS("abstract", A_ABS, "0x3008 = 0x5017", 3, "rw", "w"),
    MARKS("abstract", A_ABS, "0x3008 = 0x5037", 3, "rw", ""),
    MARKS("abstract", A_ABS, "0x3008 = 0x5027", 3, "rw", "rw"), /* D alone */
    MARKS("abstract", A_ABS, "0x3008 = 0x5013", 3, "r", ""),
    MARKS("abstract", A_ABS, "0x1008 = 0x2007\n  poke r2 0x3008 = 0x5037", 3,
          "rw", "rw"), /* A of an entry for a table */
/* Privileged Architecture, "Svadu": A and D are set instead of a fault. */
#define A_SV "  poke r2 0x1008 = 0x801\n  poke r2 0x2008 = 0xc01\n"
    MARKS("sv39", A_SV, "0x3008 = 0x1417", 3, "rw", "rw"),
    MARKS("sv39", A_SV, "0x3008 = 0x1457", 3, "rw", "w"), /* A, bit 6 */
    MARKS("sv39", A_SV, "0x3008 = 0x14d7", 3, "rw", ""),  /* D, bit 7 */
    MARKS("sv39", A_SV, "0x3008 = 0x1413", 3, "r", "r"),
    MARKS("sv39", A_SV, "0x2008 = 0x80017", 3, "rw", "rw"), /* 2 MiB */
    /* A of an entry for a table is reserved. */
    MARKS("sv39", A_SV, "0x2008 = 0xc41\n  poke r2 0x3008 = 0x14d7", 3, "", ""),
/* SDM volume 3A, "Accessed and Dirty Flags": A, bit 5, of each entry, D, bit 6,
 * of the one that maps the page; VT-d, "First-Stage Paging Entries". */
#define A_X86 \
    "  poke r2 0x1000 = 0x2027\n  poke r2 0x2008 = 0x3027\n" \
    "  poke r2 0x3008 = 0x4027\n"
#define MARKS_X86(format) \
    MARKS(format, A_X86, "0x4008 = 0x5007", 4, "rw", "rw"), \
        MARKS(format, A_X86, "0x4008 = 0x5027", 4, "rw", "w"), \
        MARKS(format, A_X86, "0x4008 = 0x5067", 4, "rw", ""), \
        MARKS(format, A_X86, "0x3008 = 0x2000e7", 4, "rw", ""), /* PS */ \
        MARKS(format, A_X86, "0x1000 = 0x2007\n  poke r2 0x4008 = 0x5067", 4, \
              "rw", "rw"), \
        MARKS(format, A_X86, "0x3008 = 0x4067\n  poke r2 0x4008 = 0x5027", 4, \
              "rw", "w") /* bit 6 of an entry for a table is ignored */
    MARKS_X86("x86-64"),
    MARKS_X86("vtd-fl"),
/* DDI 0487, "Hardware management of the Access flag" and "of dirty state": AF,
 * bit 10; DBM, bit 51, makes AP[2] (S2AP[1]) say clean rather than read-only.
 */
#define A_ARM "  poke r2 0x1008 = 0x2003\n  poke r2 0x2008 = 0x3003\n"
    MARKS("arm64-s1", A_ARM, "0x3008 = 0x5043", 3, "rw", "rw"),
    MARKS("arm64-s1", A_ARM, "0x3008 = 0x5443", 3, "rw", ""),
    MARKS("arm64-s1", A_ARM, "0x3008 = 0x54c3", 3, "r", ""),
    MARKS("arm64-s1", A_ARM, "0x3008 = 0x80000000054c3", 3, "rw", "w"),
    MARKS("arm64-s1", A_ARM, "0x3008 = 0x80000000050c3", 3, "rw", "rw"),
    MARKS("arm64-s1", A_ARM, "0x3008 = 0x8000000005483", 3, "", ""), /* AP[1] */
    MARKS("arm64-s1", A_ARM, "0x3008 = 0x8000000005443", 3, "rw", ""),
    MARKS("arm64-s2", A_ARM, "0x3008 = 0x50c3", 3, "rw", "rw"),
    MARKS("arm64-s2", A_ARM, "0x3008 = 0x54c3", 3, "rw", ""),
    MARKS("arm64-s2", A_ARM, "0x3008 = 0x5443", 3, "r", ""),
    MARKS("arm64-s2", A_ARM, "0x3008 = 0x8000000005443", 3, "rw", "w"),
    MARKS("arm64-s2", A_ARM, "0x3008 = 0x80000000054c3", 3, "rw", ""),
/* VT-d, "Second-Stage Paging Entries": A, bit 8, of each entry, D, bit 9, of
 * the one that maps the page. */
#define A_VTD "  poke r2 0x1008 = 0x2103\n  poke r2 0x2008 = 0x3103\n"
    MARKS("vtd-sl", A_VTD, "0x3008 = 0x5003", 3, "rw", "rw"),
    MARKS("vtd-sl", A_VTD, "0x3008 = 0x5103", 3, "rw", "w"),
    MARKS("vtd-sl", A_VTD, "0x3008 = 0x5303", 3, "rw", ""),
    MARKS("vtd-sl", A_VTD, "0x2008 = 0x3003\n  poke r2 0x3008 = 0x5303", 3,
          "rw", "rw"),
/* 48882, "I/O Page Tables for Host Translations", and HAD of the device table
 * entry: A, bit 5, of each entry, D, bit 6, of the one that maps the page. */
#define A_AMD \
    "  poke r2 0x1008 = 0x6000000000002421\n" \
    "  poke r2 0x2008 = 0x6000000000003221\n"
    MARKS("amdvi", A_AMD, "0x3008 = 0x6000000000005001", 3, "rw", "rw"),
    MARKS("amdvi", A_AMD, "0x3008 = 0x6000000000005021", 3, "rw", "w"),
    MARKS("amdvi", A_AMD, "0x3008 = 0x6000000000005061", 3, "rw", ""),
    MARKS("amdvi", A_AMD, "0x3008 = 0x4000000000005061", 3, "w", ""),
    MARKS("amdvi", A_AMD,
          "0x1008 = 0x6000000000002401\n"
          "  poke r2 0x3008 = 0x6000000000005061",
          3, "rw", "rw"),
};

static void mark_fields(void)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(marks); i++) {
        g_autofree char *setup =
            g_strdup_printf("%s  poke r2 %s\n", marks[i].upper, marks[i].last);
        Fixture f;

        start(&f, marks[i].format, marks[i].levels, 4096, setup);
        for (unsigned k = 0; k < 2; k++) {
            char right = k ? 'w' : 'r';
            bool unmarked;
            TwByte byte = walk_marked(&f, X, k ? TW_W : TW_R, &unmarked);
            bool may = strchr(marks[i].perm, right) != NULL;

            if ((byte.where == TW_AT_LEAF) != may ||
                unmarked != (strchr(marks[i].unmarked, right) != NULL)) {
                g_error("%s, %s: %c", marks[i].format, marks[i].last, right);
            }
        }
        finish(&f);
    }
}

/* Offsets that the top level does not cover; a context that is taken away. */
static void roots(void)
{
    static const char *const setup = "  poke r2 0x1008 = 0x2007\n"
                                     "  poke r2 0x2008 = 0x5007\n";
    Fixture f;
    TwOp op;

    start(&f, "abstract", 2, 4096, setup);
    g_assert_cmpint(walk(&f, 0x201123, TW_R).where, ==, TW_AT_LEAF);
    g_assert_cmpint(walk(&f, 0x40201123, TW_R).where, ==, TW_AT_HOP);
    op = tw_op_make(TW_OP_CONTEXT);
    op.obj = 0;
    op.out = UINT64_MAX;
    tw_perform(f.world, &op, TW_BOARD, 0);
    g_assert_cmpint(walk(&f, 0x201123, TW_R).where, ==, TW_AT_HOP);
    finish(&f);
}

/* An entry of which many bits are likely to make sense, in half of the cases
 * for a table of the region. */
static uint64_t some_entry(TwRng *rng, const TwLayout *layout)
{
    uint64_t entry = tw_rng_next(rng) & tw_rng_next(rng) & tw_rng_next(rng);
    uint64_t table = (uint64_t)tw_rng_below(rng, 16) << 12;
    uint32_t draw = tw_rng_below(rng, 16);

    entry |= layout->present.value | layout->present_some;
    entry |= draw & 1 ? layout->read.value | layout->write.value : 0;
    entry |=
        draw & 2 ? layout->table_read.value | layout->table_write.value : 0;
    if (draw & 4) {
        entry &=
            ~(layout->address | layout->reserved_leaf | layout->reserved_table);
        entry |= table >> layout->shift & layout->address;
    }
    if (draw & 8 && layout->next_shift) {
        entry &= ~(UINT64_C(7) << layout->next_shift);
        draw = tw_rng_below(rng, 5);
        entry |= (uint64_t)(draw < 4 ? draw : layout->sized)
                 << layout->next_shift;
    }
    return entry;
}

/* Garbage, too: what the walkers find in the same random tables. */
static void walkers(const void *data)
{
    unsigned format = GPOINTER_TO_UINT(data) % TW_FORMATS;
    bool updates = GPOINTER_TO_UINT(data) >= TW_FORMATS;
    g_autofree char *words =
        g_strconcat(tw_format_name(format), updates ? " updates-ad" : "", NULL);
    g_autofree char *narrow = g_strconcat(words, " output-width 46", NULL);
    const TwLayout *layout = tw_layout(format);
    bool is_long = g_getenv("TW_LONG") != NULL;
    unsigned rounds = (is_long ? 1000 : 200) / (updates ? 4 : 1);
    unsigned walks = is_long ? 10000 : 512;
    unsigned found = 0, all = 0;
    Fixture f;

    for (unsigned n = 0; n < rounds; n++) {
        TwRng rng = tw_rng_for(format + 1, n);
        unsigned fewest = tw_layout_fewest(layout);
        unsigned levels =
            fewest +
            tw_rng_below(&rng, MIN(layout->most_levels, 5u) - fewest + 1u);

        start(&f, n % 4 < 2 ? words : narrow, levels, 4096, "");
        f.world->reasons = n % 2 != 0;
        for (unsigned i = 0; i < 256; i++) {
            /* The first entries of each of 16 tables. */
            uint64_t at = (i / 16) << 12 | (i % 16) << 3;

            tw_contents_store(&f.contents, 2, at, UINT64_MAX,
                              some_entry(&rng, layout), 0, TW_NO_OP);
        }
        for (unsigned i = 0; i < walks; i++) {
            uint64_t x = 0;

            for (unsigned level = 0; level < levels; level++) {
                x |= (uint64_t)tw_rng_below(&rng, 16) << (12 + 9 * level);
            }
            x |= tw_rng_below(&rng, 4096);
            found += walk(&f, x, i & 1 ? TW_W : TW_R).where == TW_AT_LEAF;
            all++;
        }
        finish(&f);
    }
    g_test_message("%s: %u of %u walks end in RAM", words, found, all);
    g_assert_cmpuint(found, >, all / 200);
    g_assert_cmpuint(found, <, all / 2);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/tables/LA-35/fields", fields);
    g_test_add_func("/tables/LA-60/reasons", reasons);
    g_test_add_func("/tables/LA-35,LA-36/roots", roots);
    g_test_add_func("/tables/LA-55/fields", mark_fields);
    for (unsigned format = 0; format < 2 * TW_FORMATS; format++) {
        g_autofree char *name =
            g_strdup_printf(format < TW_FORMATS ? "/tables/LA-35/walkers/%s"
                                                : "/tables/LA-55/walkers/%s",
                            tw_format_name(format % TW_FORMATS));

        g_test_add_data_func(name, GUINT_TO_POINTER(format), walkers);
    }
    return g_test_run();
}
