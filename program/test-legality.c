/* SPDX-License-Identifier: MIT */
/*
 * Which programs are well formed, and which operations are legal when they
 * run: every reason is reached, and what follows from a step is seen.
 */
#include "program/test-program.h"

static TwProgram p;

/*
 *   s0 = r0   r1 ram | r2 iommu i0 | r3 alias of r4 | r5 mmio | r9 romd
 *             r4 container (holds r6 container) stands in r0 too
 *   s1 = r7   r8 ram                       s2 = r7, late
 *   s3 = r10, late; nobody names it        r11 stands alone
 *   r12 iommu i1 (mpc) and r13 iommu i2 (pagetable) in r7
 */
static const char world[] =
    "twinwalk 1\npage 64\nhops 16\n"
    "region r0 container size 0x10000\n"
    "region r1 ram size 0x1000 in r0 at 0x0\n"
    "region r2 iommu size 0x1000 in r0 at 0x1000 iommu i0\n"
    "region r3 alias size 0x100 of r4 in r0 at 0x2000\n"
    "region r4 container size 0x1000 in r0 at 0x3000\n"
    "region r5 mmio size 0x40 in r0 at 0x4000\n"
    "region r6 container size 0x100 in r4 at 0x0\n"
    "region r7 container size 0x10000\n"
    "region r8 ram size 0x1000 in r7 at 0x0\n"
    "region r9 romd size 0x100 in r0 at 0x5000\n"
    "region r10 container size 0x100\n"
    "region r11 ram size 0x100\n"
    "region r12 iommu size 0x400 in r7 at 0x2000 iommu i1\n"
    "region r13 iommu size 0x400 in r7 at 0x3000 iommu i2\n"
    "space s0 root r0\n"
    "space s1 root r7\n"
    "space s2 root r7 late\n"
    "space s3 root r10 late\n"
    "space s4 root r10\n"
    "iommu i0 table granule 64 indexes 2 select secure\n"
    "iommu i1 mpc granule 64 indexes 2 select secure to s1 blocked s1\n"
    "iommu i2 pagetable granule 64 to s1 format abstract tables r8 levels 2\n"
    "cpu c0 tlb 8\n"
    "mmu c0.0 space s0\n"
    "cpu c1 tlb 8\n"
    "mmu c1.0 space s0\n"
    "script\n";

static void load(const char *script)
{
    g_autofree char *text = g_strconcat(world, script, NULL);
    test_parse(&p, text);
}

/* Steps through the script; `expected` has the reason of each operation. */
static void run(const char *script, const TwIllegal *expected)
{
    TwLegality l;
    load(script);
    tw_legality_init(&l, &p);
    for (unsigned i = 0; i < p.n_script; i++) {
        TwIllegal got = tw_legality_step(&l, &p.script[i]);
        if (got != expected[i]) {
            g_autoptr(GString) op = g_string_new(NULL);
            tw_op_print(&p, &p.script[i], op);
            g_error("%u %s: %s, not %s", i, op->str, tw_illegal_text(got),
                    tw_illegal_text(expected[i]));
        }
    }
}

#define RUN(script, ...) run(script, (const TwIllegal[]){__VA_ARGS__})
#define OK TW_LEGAL
#define NO(reason) TW_ILLEGAL_##reason

/* Seen to fail without the first test of l->container in step_add(); so were
 * the three below without the others there: leads_to(), the kind of the
 * container, l->region_rooted. */
static void test_regions(void)
{
    RUN("add r11 in r0 at 0x0 prio 0\n"
        "add r11 in r4 at 0x0 prio 0\n"
        "del r11\n"
        "del r11\n"
        "priority r11 prio 1\n"
        "add r11 in r4 at 0x0 prio 0\n"
        "priority r11 prio 1\n"
        "move r11 at 0x8\n",
        OK, NO(HAS_CONTAINER), OK, NO(NO_CONTAINER), NO(NO_CONTAINER), OK, OK,
        OK);
    RUN("romd r9 off\nromd r1 on\nalias-offset r3 at 0x1\n"
        "alias-offset r4 at 0x1\npoke r1 0x0 = 0x1\npoke r5 0x0 = 0x1\n"
        "dirty-log r1 on\ndirty-log r9 on\ndirty-clear r0 0x0..0x1\n"
        "resize r2 0x10\nresize r12 0x10\nreadonly r0 on\n",
        OK, NO(KIND), OK, NO(KIND), OK, NO(KIND), OK, NO(KIND), NO(KIND), OK,
        NO(KIND), OK);
}

static void test_cycles(void)
{
    /* r6 is in r4; r3, an alias of r4, stands in r0. */
    RUN("del r4\n"
        "add r4 in r6 at 0x0 prio 0\n" /* below itself */
        "add r4 in r4 at 0x0 prio 0\n" /* in itself */
        "del r3\n"
        "add r3 in r6 at 0x0 prio 0\n" /* an alias of what it is in */
        "add r3 in r4 at 0x0 prio 0\n"
        "del r6\n"
        "add r3 in r6 at 0x0 prio 0\n" /* r6 is free now ... */
        "add r6 in r4 at 0x0 prio 0\n" /* ... and cannot go back */
        "add r4 in r0 at 0x0 prio 0\n",
        OK, NO(CYCLE), NO(CYCLE), OK, NO(CYCLE), NO(CYCLE), OK, OK, NO(CYCLE),
        OK);
}

static void test_alias_child(void)
{
    RUN("add r11 in r3 at 0x0 prio 0\n", NO(ALIAS_CHILD));
}

/* FV-8: seen to fail without the test of l->displaced in legality.c. */
static void test_roots(void)
{
    RUN("add r7 in r0 at 0x0 prio 0\n"
        "move r7 at 0x10\n"
        "move r10 at 0x10\n"
        "space-del s4\n"
        "move r10 at 0x10\n"
        "space-new s3\n" /* its root is displaced */
        "move r10 at 0x0\n"
        "add r10 in r0 at 0x0 prio 0\n"
        "space-new s3\n"
        "del r10\n"
        "space-new s3\n"
        "add r10 in r0 at 0x0 prio 0\n",
        NO(ROOT), NO(ROOT), NO(ROOT), OK, OK, NO(ROOT), OK, OK,
        NO(HAS_CONTAINER), OK, OK, NO(ROOT));
}

static void test_spaces(void)
{
    RUN("dma-read s3 0x0 1 none\n"
        "space-new s3\n"
        "dma-read s3 0x0 1 none\n"
        "space-new s3\n"
        "space-del s3\n"
        "space-del s3\n"
        "space-del s0\n"  /* a CPU names it */
        "space-del s1\n", /* IOMMUs name it */
        NO(ABSENT), OK, OK, NO(EXISTS), OK, NO(ABSENT), NO(IN_USE), NO(IN_USE));
    /* A map anywhere in the program names it, even one that is skipped. */
    RUN("map i0.0 0x0..0x3f -> s3 0x0 rw silent\nspace-new s3\n"
        "space-del s3\n",
        NO(ABSENT), OK, NO(IN_USE));
    RUN("listen o0 of s3\nspace-new s3\nlisten o0 of s3\nspace-del s3\n",
        NO(ABSENT), OK, OK, NO(IN_USE));
}

static void test_transactions(void)
{
    RUN("commit\nbegin\nbegin\nbegin\nbegin\nbegin\nbegin\nbegin\nbegin\n"
        "begin\ncommit\nc0: commit\nsnapshot\n",
        NO(DEPTH), OK, OK, OK, OK, OK, OK, OK, OK, NO(DEPTH), OK, OK,
        NO(DEPTH));
}

static void test_iommus(void)
{
    RUN("iommu-destroy i0\n" /* in a container */
        "begin\n"
        "del r2\n"
        "iommu-destroy i0\n" /* not committed */
        "commit\n"
        "observe o1 of i0.0 unmap 0x0..0x1\n"
        "iommu-destroy i0\n"
        "replay o1\n" /* gone with it */
        "observe o1 of i0.0 unmap 0x0..0x1\n"
        "notify-all i0\n"
        "map i0.0 0x0..0x3f -> s1 0x0 rw silent\n"
        "add r2 in r0 at 0x0 prio 0\n"
        "add r11 in r2 at 0x0 prio 0\n"
        "iommu-destroy i0\n",
        NO(IN_USE), OK, OK, NO(IN_USE), OK, OK, OK, NO(ABSENT), NO(ABSENT),
        NO(ABSENT), NO(ABSENT), NO(ABSENT), NO(ABSENT), NO(ABSENT));
    RUN("bypass i0 on\n" /* leads nowhere */
        "bypass i2 on\nbypass i1 on\n"
        "map i1.0 0x0..0x3f -> s1 0x0 rw silent\n"
        "unmap i2.0 0x0..0x3f silent\n"
        "mpc-read i1 0x0 4 none\nmpc-write i0 0x0 4 = 0x0 none\n"
        "context i2 0 tables -> 0x0 domain 0\ninvalidate i0 global 0 0x0..0x0\n"
        "notify i1.1 unmap 0x0..0x3f\niommu-reset i2\nveto i0 on\n",
        NO(ABSENT), OK, NO(KIND), NO(KIND), NO(KIND), OK, NO(KIND), OK,
        NO(KIND), OK, OK, OK);
    /* Regions put into an IOMMU region keep it. */
    RUN("add r11 in r2 at 0x0 prio 0\ndel r2\niommu-destroy i0\ndel r11\n"
        "iommu-destroy i0\n",
        OK, OK, NO(IN_USE), OK, OK);
}

static void test_cpus(void)
{
    RUN("read c1.0 0x0 1\nc1: nop\nflush-all c1\nunplug c1\nread c1.0 0x0 1\n"
        "c1: nop\nc1: unmap i0.0 0x0..0x3f silent\nflush-all c1\n"
        "flush-all all\npage c1.0 0x0 -> 0x0 size 0x40 r\nsafepoint c1\n"
        "unplug c1\nread c0.0 0x0 1\n",
        OK, OK, OK, OK, NO(ABSENT), NO(ABSENT), NO(ABSENT), NO(ABSENT), OK,
        NO(ABSENT), NO(ABSENT), NO(ABSENT), OK);
}

static void test_registrations(void)
{
    RUN("unobserve o0\nobserve o0 of i0.1 unmap,map 0x0..0xff\n"
        "observe o0 of i0.0 unmap 0x0..0xff\nlisten o0 of s0\n"
        "listen o1 of s0\nobserve o1 of i0.0 map 0x0..0x1\nreplay o1\n"
        "replay o0\nunlisten o0\nunlisten o1\nunlisten o1\nunobserve o0\n"
        "observe o0 of i0.0 map 0x0..0x1\n",
        NO(ABSENT), OK, NO(EXISTS), NO(EXISTS), OK, NO(EXISTS), NO(ABSENT), OK,
        NO(ABSENT), OK, NO(ABSENT), OK, OK);
    RUN("dma-unmap m0\ndma-read s0 0x0 1 none via m0\n"
        "dma-map m0 of s0 0x0 0x40 r none\ndma-map m0 of s0 0x0 0x40 w none\n"
        "dma-read s0 0x0 1 none via m0\ndma-unmap m0\n"
        "dma-write s0 0x0 1 none via m0\ndma-map m0 of s3 0x0 0x40 r none\n",
        NO(ABSENT), NO(ABSENT), OK, NO(EXISTS), OK, OK, NO(ABSENT), NO(ABSENT));
}

static void test_snapshots(void)
{
    RUN("restore\nsnapshot\ndel r1\nspace-del s4\nmove r11 at 0x4\n"
        "del r1\nrestore\ndel r1\nspace-del s4\nrestore\n"
        "begin\nrestore\ncommit\ndel r2\niommu-destroy i0\nrestore\n",
        NO(NO_SNAPSHOT), OK, OK, OK, OK, NO(NO_CONTAINER), OK, OK, OK, OK, OK,
        NO(DEPTH), OK, OK, OK, NO(ABSENT));
}

/* RU-8: what answered nomem is not there. */
static void test_revert(void)
{
    TwLegality l;
    load("space-new s3\nspace-new s3\n"
         "observe o0 of i0.0 unmap 0x0..0x1\nunobserve o0\n"
         "listen o0 of s0\nunlisten o0\n"
         "dma-map m0 of s0 0x0 0x40 r none\ndma-unmap m0\n"
         "move r10 at 0x8\n");
    tw_legality_init(&l, &p);
    for (unsigned i = 0; i < 8; i += 2) {
        g_assert_cmpint(tw_legality_step(&l, &p.script[i]), ==, TW_LEGAL);
        tw_legality_revert(&l, &p.script[i]);
        TwIllegal next = tw_legality_step(&l, &p.script[i + 1]);
        g_assert_cmpint(next, ==, i == 0 ? TW_LEGAL : TW_ILLEGAL_ABSENT);
        if (i == 0) {
            tw_legality_revert(&l, &p.script[1]);
        }
    }
    /* s3 never came to be; s4 still has r10 as its root. */
    g_assert_cmpint(tw_legality_step(&l, &p.script[8]), ==, TW_ILLEGAL_ROOT);
}

/* NT-2: what answered vetoed has changed nothing. */
static void test_vetoed(void)
{
    TwLegality l;
    load("observe o0 of i0.0 unmap 0x0..0x1\nunobserve o0\nreplay o0\n");
    tw_legality_init(&l, &p);
    g_assert_cmpint(tw_legality_step(&l, &p.script[0]), ==, TW_LEGAL);
    g_assert_cmpint(tw_legality_step(&l, &p.script[1]), ==, TW_LEGAL);
    tw_legality_revert(&l, &p.script[1]);
    g_assert_cmpint(tw_legality_step(&l, &p.script[2]), ==, TW_LEGAL);
    g_assert_cmpint(tw_legality_step(&l, &p.script[0]), ==, TW_ILLEGAL_EXISTS);
}

/* Over thousands of programs: each reason, and the graph has no cycle. */
static void test_random(void)
{
    unsigned reasons[TW_ILLEGAL_REASONS] = {0};
    for (unsigned n = 0; n < 3000; n++) {
        TwRng rng = tw_rng_for(11, n);
        test_random_program(&rng, &p);
        TwLegality l;
        tw_legality_init(&l, &p);
        for (unsigned i = 0; i < p.n_script; i++) {
            TwLegality before = l;
            TwIllegal reason = tw_legality_step(&l, &p.script[i]);
            reasons[reason]++;
            if (reason != TW_LEGAL) {
                /* Nothing follows from what is not legal. */
                g_assert_cmpuint(l.depth, ==, before.depth);
                g_assert_cmphex(l.space_live, ==, before.space_live);
                g_assert_cmpmem(&l.region_rooted, sizeof l.region_rooted,
                                &before.region_rooted,
                                sizeof before.region_rooted);
                g_assert_true(
                    memcmp(l.container, before.container, p.n_regions) == 0);
            }
        }
        /* The graph as it became, as a program of its own. */
        for (unsigned i = 0; i < p.n_regions; i++) {
            if (p.regions[i].kind == TW_REGION_NONE) {
                continue;
            }
            unsigned up = l.container[i], steps = 0;
            while (up != TW_NONE) {
                g_assert_cmpuint(++steps, <=, TW_MAX_REGIONS);
                g_assert_cmpint(p.regions[up].kind, !=, TW_REGION_ALIAS);
                up = l.container[up];
            }
        }
        for (unsigned i = 0; i < p.n_spaces; i++) {
            if (l.space_live >> i & 1) {
                g_assert_cmpint(l.container[p.spaces[i].root], ==, TW_NONE);
            }
        }
    }
    for (unsigned i = 0; i < TW_ILLEGAL_REASONS; i++) {
        g_assert_nonnull(tw_illegal_text((TwIllegal)i));
        /* Random programs have too few aliases for LA-49 (test-ways.c). */
        g_assert_true(reasons[i] > 0 || i == TW_ILLEGAL_WAYS);
    }
}

/* Well-formedness ---------------------------------------------------------- */

/* The world with one change has this wrong with it. */
#define WRONG(change, text) \
    do { \
        char why[200] = ""; \
        load("read c0.0 0x0 1\nmap i0.0 0x0..0x3f -> s1 0x0 rw silent\n"); \
        change; \
        g_assert_false(tw_program_check(&p, why, sizeof why)); \
        g_assert_cmpstr(why, ==, text); \
        g_assert_false(tw_program_check(&p, NULL, 0)); \
    } while (0)

static void test_wrong_objects(void)
{
    WRONG(p.page_lg = 5, "a page is 2^6 to 2^16 bytes");
    WRONG(p.hops = 0, "1 to 32 hops");
    WRONG(p.contents = TW_CONTENTS_KINDS, "no such contents");
    WRONG((p.contents = TW_CONTENTS_CODE, p.regions[0].size = 4),
          "region r0: it would cut words in pieces (LA-44, LA-62)");
    WRONG((p.contents = TW_CONTENTS_CODE, p.regions[1].addr = 4),
          "region r1: it would cut words in pieces (LA-44, LA-62)");
    WRONG((p.contents = TW_CONTENTS_CODE, p.regions[3].alias_offset = 4),
          "region r3: it would cut words in pieces (LA-44, LA-62)");
    WRONG(p.n_regions = TW_MAX_REGIONS + 1, "a count is too large");
    WRONG(p.regions[1].kind = TW_REGION_KINDS, "region r1: no such kind");
    WRONG(p.regions[1].container = 20,
          "region r1: its container does not exist");
    WRONG(p.regions[1].container = 3,
          "region r1: its container is an alias (MR-4)");
    WRONG(p.regions[3].target = 63, "region r3: its target does not exist");
    WRONG(p.regions[2].iommu = 9, "region r2: its iommu does not exist");
    WRONG(p.regions[12].iommu = 0, "region r12: iommu i0 has a region already");
    WRONG(p.regions[1].block = TW_NONE,
          "region r1: its block is no region with bytes");
    WRONG(p.regions[1].block = 5,
          "region r1: its block is no region with bytes");
    WRONG((p.regions[8].block = 1, p.regions[11].block = 8),
          "region r11: its block is a shared one itself");
    WRONG(p.regions[5].valid_min = 3, "region r5: valid sizes are 0, 1, 2, 4 "
                                      "or 8");
    WRONG(p.regions[5].impl_max = 16,
          "region r5: implemented sizes are 0, 1, 2, 4 or 8");
    WRONG((p.regions[5].impl_min = 4, p.regions[5].impl_max = 2),
          "region r5: implemented sizes are not in order");
    WRONG(p.regions[5].registers = 9, "region r5: its iommu does not exist");
    WRONG(p.regions[5].registers = 0, "region r5: its registers are of no mpc");
    WRONG((p.regions[5].valid_min = 4, p.regions[5].valid_max = 2),
          "region r5: valid sizes are not in order");
    WRONG((p.regions[4].container = 6),
          "region r6: containers and aliases lead back to it (MR-3)");
    WRONG((p.regions[3].container = 6),
          "region r6: containers and aliases lead back to it (MR-3)");
    WRONG(p.spaces[0].root = 40, "space s0: its root does not exist");
    WRONG(p.spaces[0].root = 1,
          "space s0: its root r1 has a container or an offset (FV-8)");
    WRONG(p.regions[0].addr = 1,
          "space s0: its root r0 has a container or an offset (FV-8)");
    WRONG(p.iommus[0].granule_lg = 3,
          "iommu i0: a granule is 2^4 to 2^30 bytes");
    WRONG(p.iommus[0].indexes = 5, "iommu i0: 1 to 4 indexes");
    WRONG(p.iommus[0].select = 9, "iommu i0: no such selection");
    WRONG((p.regions[2].kind = TW_REGION_CONTAINER),
          "iommu i0: no region is this iommu");
    WRONG(p.iommus[0].bypass = true,
          "iommu i0: the space that 'to' names does not exist");
    WRONG(p.iommus[1].indexes = 1, "iommu i1: an mpc has 2 indexes, select "
                                   "secure and no bypass");
    WRONG(p.iommus[1].granule_lg = 7,
          "iommu i1: the granule of an mpc is the page size");
    WRONG(p.iommus[1].mpc.blocked_space = TW_NONE,
          "iommu i1: an mpc leads to a space and blocks to another");
    WRONG(p.regions[12].size = 0x41,
          "iommu i1: its region r12 is not 1 to 65536 whole blocks");
    WRONG(p.iommus[2].pagetable.tables = 0,
          "iommu i2: its tables are in no ram region");
    WRONG(p.iommus[2].pagetable.levels = 0,
          "iommu i2: a pagetable has 1 to 6 levels that fit 64 bits");
    WRONG(p.iommus[2].bypass_space = TW_NONE,
          "iommu i2: a pagetable leads to a space");
    WRONG(p.cpus[0].tlb_lg = 13, "cpu c0: a TLB of at most 4096 entries");
    WRONG(p.cpus[0].victims = 17, "cpu c0: at most 16 victims");
    WRONG(p.cpus[1].mmu[0].space = 15, "mmu c1.0: its space does not exist");
    WRONG(p.cpus[1].mmu[0].space = 2, "mmu c1.0: its space is late");
    WRONG(p.cpus[1].mmu[0].attrs = 8, "mmu c1.0: no such attributes");
}

/* Code words are written, moved and run as a whole (LA-44). */
static void test_code_operations(void)
{
    static const struct {
        const char *op;
        bool good;
    } cases[] = {
        {"read c0.0 0x3 2", true},
        {"dma-read s0 0x3 2 none", true},
        {"write c0.0 0x8 8", true},
        {"write c0.0 0x8 4", false},
        {"write c0.0 0x4 8", false},
        {"rmw c0.0 0x8 8", true},
        {"rmw c0.0 0x8 4", false},
        {"exec c0.0 0x8 8", true},
        {"exec c0.0 0x8 4", false},
        {"exec c0.0 0xc 8", false},
        {"dma-write s0 0x8 8 none", true},
        {"dma-write s0 0x8 1 none", false},
        {"move r1 at 0x18", true},
        {"move r1 at 0x1c", false},
        {"add r1 in r0 at 0x4 prio 0", false},
        {"resize r1 2^64", true},
        {"resize r1 0x24", false},
        {"alias-offset r3 at 0x2", false},
        {"poke r1 0x0 = 0x1", false},
    };
    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *script = g_strdup_printf("%s\n", cases[i].op);
        load(script);
        g_assert_true(tw_program_check(&p, NULL, 0));
        p.contents = TW_CONTENTS_CODE;
        for (unsigned r = 0; r < p.n_regions; r++) {
            p.regions[r].addr &= ~UINT64_C(7);
            p.regions[r].alias_offset &= ~UINT64_C(7);
            if (p.regions[r].size != UINT64_MAX) {
                p.regions[r].size &= ~UINT64_C(7);
            }
        }
        char why[200] = "";
        tw_program_check(&p, why, sizeof why);
        g_assert_cmpint(why[0] == '\0', ==, cases[i].good);
        g_assert_true(cases[i].good || strstr(why, "LA-44") != NULL);
    }
}

/* Of Thumb, a run of four words may change an MPC in Secure state. */
static void test_run_changes(void)
{
    static const struct {
        const char *script;
        bool good;
    } cases[] = {
        {"  exec c0.0 0x10 8\n"
         "  during c0: mpc-write i0 0x1c 4 = 0x1 secure\n",
         true},
        {"  exec c0.0 0x10 8\n  during mpc-write i0 0x1c 4 = 0x1 secure\n",
         false}, /* the board */
        {"  exec c0.1 0x10 8\n"
         "  during c0: mpc-write i0 0x1c 4 = 0x1 secure\n",
         false}, /* not Secure */
        {"  exec c0.0 0x18 8\n"
         "  during c0: mpc-write i0 0x1c 4 = 0x1 secure\n",
         false}, /* three words */
        {"  exec c0.0 0x10 8\n"
         "  during c0: mpc-write i0 0x1c 2 = 0x1 secure\n",
         false},
        {"  exec c0.0 0x10 8\n"
         "  during c0: mpc-write i0 0x1e 4 = 0x1 secure\n",
         false},
        {"  exec c0.0 0x10 8\n"
         "  during c0: mpc-write i0 0x1c 4 = 0x1 none\n",
         false},
        {"  exec c0.0 0x10 8\n"
         "  during c0: mpc-read i0 0x1c 4 secure\n",
         false},
        {"  exec c0.0 0x10 8\n"
         "  during c0: mpc-write i0 0x0 4 = 0x10 secure\n"
         "  during c0: mpc-write i0 0x1c 4 = 0x1 secure\n",
         false}, /* two */
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *text = g_strconcat(
            "twinwalk 1\npage 1024\ncontents code\n"
            "region r0 iommu size 0x800 root s0 iommu i0\n"
            "region r1 ram size 0x800 root s1\n"
            "iommu i0 mpc indexes 2 select secure to s1 blocked s1\n"
            "mmu c0.0 space s0 attrs secure\nmmu c0.1 space s0\nscript\n",
            cases[i].script, NULL);
        char why[200] = "";

        test_parse(&p, text);
        p.contents = TW_CONTENTS_RUNS_THUMB;
        if (tw_program_check(&p, why, sizeof(why)) != cases[i].good) {
            g_error("%u: %s", i, why);
        }
        p.contents = TW_CONTENTS_RUNS;
        g_assert_false(tw_program_check(&p, why, sizeof(why)));
    }
}

/* Words of runs make no accesses, and nothing is during a run (LA-52). */
static void test_run_operations(void)
{
    static const struct {
        const char *script;
        const char *why;
    } cases[] = {
        {"  exec c0.0 0x8 8\n", ""},
        {"  read c0.0 0x8 8\n  during flush-all c0\n", ""},
        {"  read c0.0 0x8 8 from 0x10\n", "no word of runs makes an access"},
        {"  exec c0.0 0x8 8\n  during flush-all c0\n", "'during' stands after"},
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *text = g_strconcat(
            "twinwalk 1\ncontents code\nregion r0 ram size 0x1000 root s0\n"
            "mmu c0.0 space s0\nscript\n",
            cases[i].script, NULL);
        char why[200] = "";

        test_parse(&p, text);
        g_assert_true(tw_program_check(&p, NULL, 0));
        p.contents = TW_CONTENTS_RUNS_X86_64;
        g_assert_cmpint(tw_program_check(&p, why, sizeof why), ==,
                        cases[i].why[0] == '\0');
        g_assert_nonnull(strstr(why, cases[i].why));
    }
}

static void test_wrong_operations(void)
{
    WRONG(p.script[0].code = 200, "operation 0 (?): no such operation");
    WRONG(p.script[0].obj = 2, "operation 0 (read): cpu c2 does not exist");
    WRONG(p.script[0].index = 1,
          "operation 0 (read): MMU index c0.1 does not exist");
    WRONG(p.script[0].size = 0,
          "operation 0 (read): an access has 1 to 8 bytes");
    WRONG((p.script[0].code = TW_OP_RMW, p.script[0].size = 3),
          "operation 0 (rmw): an rmw has 1, 2, 4 or 8 bytes");
    WRONG(p.script[0].actor = TW_BOARD,
          "operation 0 (read): the actor of a CPU access is its CPU");
    WRONG(p.script[0].out = 1,
          "operation 0 (read): it uses a field that it does not take");
    WRONG(p.script[0].flags = TW_OPF_VIA,
          "operation 0 (read): it carries a flag that it does not take");
    WRONG(p.script[1].actor = 3,
          "operation 1 (map): its actor c3 does not exist");
    WRONG(p.script[1].index = 2, "operation 1 (map): iommu i0 has no index 2");
    WRONG(p.script[1].other = 9, "operation 1 (map): space s9 does not exist");
    WRONG(p.script[1].last = 0x40,
          "operation 1 (map): its range is not whole granules");
    WRONG((p.script[1].addr = 0x80),
          "operation 1 (map): its range is not in order");
    WRONG(p.script[1].perm = TW_X, "operation 1 (map): no such rights");
    WRONG(
        (p.script[0] = tw_op_make(TW_OP_DMA_READ), p.script[0].attrs = 0x8000),
        "operation 0 (dma-read): no such attributes");
    WRONG((p.script[0] = tw_op_make(TW_OP_BEGIN), p.script[0].actor = 0),
          "operation 0 (begin): its actor is the board");
    WRONG((p.script[0] = tw_op_make(TW_OP_PAGE), p.script[0].lg = 64),
          "operation 0 (page): a page-map entry is 2^4 to 2^63 bytes");
    WRONG((p.script[0] = tw_op_make(TW_OP_PAGE), p.script[0].out = 64),
          "operation 0 (page): its addresses are not multiples of its size");
    WRONG((p.script[0] = tw_op_make(TW_OP_FLUSH_RANGE), p.script[0].bits = 0),
          "operation 0 (flush-range): 1 to 64 bits are significant");
    WRONG((p.script[0] = tw_op_make(TW_OP_NOTIFY), p.script[0].events = 3),
          "operation 0 (notify): an event has exactly one kind");
    WRONG((p.script[0] = tw_op_make(TW_OP_OBSERVE), p.script[0].events = 0),
          "operation 0 (observe): it asks for no event");
    WRONG((p.script[0] = tw_op_make(TW_OP_OBSERVE), p.script[0].obj = 8),
          "operation 0 (observe): observer o8 does not exist");
    WRONG((p.script[0] = tw_op_make(TW_OP_DMA_MAP), p.script[0].perm = 3),
          "operation 0 (dma-map): a direction is r or w");
    WRONG((p.script[0] = tw_op_make(TW_OP_DMA_UNMAP), p.script[0].obj = 8),
          "operation 0 (dma-unmap): mapping m8 does not exist");
    WRONG((p.script[0] = tw_op_make(TW_OP_INVALIDATE),
           p.script[0].scope = TW_SCOPES),
          "operation 0 (invalidate): no such scope");
    WRONG((p.script[0] = tw_op_make(TW_OP_DEL), p.script[0].obj = 50),
          "operation 0 (del): region r50 does not exist");
}

static void test_wrong_places(void)
{
    WRONG((p.script[0] = p.script[1], p.script[0].flags = TW_OPF_DURING),
          "operation 0 (map): 'during' stands after an access only, and at "
          "most 4 times");
    WRONG((p.script[2] = p.script[1], p.script[2].flags = TW_OPF_DURING,
           p.n_script = 3),
          "operation 2 (map): 'during' stands after an access only, and at "
          "most 4 times");
    WRONG((p.script[1] = tw_op_make(TW_OP_BEGIN),
           p.script[1].flags = TW_OPF_DURING),
          "operation 1 (begin): it cannot be performed during an access");
    WRONG((p.n_setup = 1, p.setup[0] = tw_op_make(TW_OP_NOP)),
          "setup 0 (nop): it cannot stand in the setup");
    WRONG((p.n_setup = 1, p.setup[0] = p.script[1],
           p.setup[0].flags = TW_OPF_NOTIFIED),
          "setup 0 (map): the setup notifies nobody");
    WRONG((p.n_setup = 1, p.setup[0] = p.script[1], p.setup[0].obj = 1),
          "setup 0 (map): iommu i1 is of another kind");
    WRONG((p.n_setup = 1, p.setup[0] = p.script[1], p.setup[0].other = 2),
          "setup 0 (map): space s2 does not exist yet");
    WRONG((p.n_setup = 1, p.setup[0] = p.script[1], p.setup[0].actor = 0),
          "setup 0 (map): it has no actor of its own here");
    WRONG((p.n_actors = 1, p.actors[0] = (TwActor){1, 0, p.script[1]}),
          "actor 0: its region is no mmio or romd region");
    WRONG((p.n_actors = 1, p.actors[0] = (TwActor){5, 0, p.script[0]}),
          "actor 0: an actor offset cannot perform read");
    WRONG((p.script[0] = tw_op_make(TW_OP_AND)),
          "operation 0 (and): expected a par before it");
    WRONG((p.script[0] = tw_op_make(TW_OP_PAR)),
          "operation 0 (par): expected an end-par after it");
    WRONG((p.script[0] = p.script[1] = tw_op_make(TW_OP_PAR)),
          "operation 1 (par): expected no par inside par");
    WRONG((p.script[0] = tw_op_make(TW_OP_PAR),
           p.script[1] = tw_op_make(TW_OP_BEGIN)),
          "operation 1 (begin): expected an operation that can run in "
          "parallel");
}

static void test_par(void)
{
    char why[200];
    load("par\nread c0.0 0x0 1\nbarrier\nc0: flush-all all\nand\n"
         "read c1.0 0x0 1\nand\ndma-read s0 0x0 1 none\nnop\nend-par\n"
         "par\nend-par\n");
    p.script[3].actor = 1;
    g_assert_false(tw_program_check(&p, why, sizeof why));
    g_assert_cmpstr(why, ==,
                    "operation 3 (flush-all): expected one actor in "
                    "a part of par");
    p.script[3].actor = 0;
    g_assert_true(tw_program_check(&p, why, sizeof why));
    p.script[5].actor = p.script[5].obj = 0;
    g_assert_false(tw_program_check(&p, why, sizeof why));
    g_assert_cmpstr(why, ==,
                    "operation 5 (read): expected an actor that has "
                    "no other part of par");
}

static void test_round(void)
{
    load("map i0.0 0x0..0x3f -> s1 0x0 rw silent\n"
         "page c0.0 0x0 -> 0x0 size 0x100 r\n");
    TwOp *map = &p.script[0], *page = &p.script[1];
    map->addr = 0x41;
    map->last = 0x80;
    tw_op_round(&p, map);
    g_assert_cmphex(map->addr, ==, 0x40);
    g_assert_cmphex(map->last, ==, 0xbf);
    map->last = UINT64_MAX - 3;
    tw_op_round(&p, map);
    g_assert_cmphex(map->last, ==, UINT64_MAX);
    page->addr = 0x1234;
    page->out = 0x56ff;
    tw_op_round(&p, page);
    g_assert_cmphex(page->addr, ==, 0x1200);
    g_assert_cmphex(page->out, ==, 0x5600);
    g_assert_true(tw_program_check(&p, NULL, 0));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/legality/MR-2/regions", test_regions);
    g_test_add_func("/legality/MR-3/cycles", test_cycles);
    g_test_add_func("/legality/MR-4/alias-child", test_alias_child);
    g_test_add_func("/legality/MR-10,FV-8/roots", test_roots);
    g_test_add_func("/legality/LA-8/spaces", test_spaces);
    g_test_add_func("/legality/transactions", test_transactions);
    g_test_add_func("/legality/LA-16/iommus", test_iommus);
    g_test_add_func("/legality/LA-30/cpus", test_cpus);
    g_test_add_func("/legality/registrations", test_registrations);
    g_test_add_func("/legality/snapshots", test_snapshots);
    g_test_add_func("/legality/RU-8/revert", test_revert);
    g_test_add_func("/legality/NT-2/vetoed", test_vetoed);
    g_test_add_func("/legality/random", test_random);
    g_test_add_func("/check/objects", test_wrong_objects);
    g_test_add_func("/check/operations", test_wrong_operations);
    g_test_add_func("/check/LA-44/operations", test_code_operations);
    g_test_add_func("/check/LA-52/operations", test_run_operations);
    g_test_add_func("/check/LA-52/changes", test_run_changes);
    g_test_add_func("/check/places", test_wrong_places);
    g_test_add_func("/check/par", test_par);
    g_test_add_func("/check/round", test_round);
    return g_test_run();
}
