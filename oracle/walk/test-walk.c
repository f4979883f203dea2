/* SPDX-License-Identifier: MIT */
/*
 * The recursive walker, rule by rule.  Each case is a small topology with a
 * picture, optionally a script that changes it, and what some addresses of
 * space s0 show then: "ADDRESS SIZE: what byte 0 shows, what byte 1 shows" with
 * runs written once.  The second walker must give the same words.
 */
#include "oracle/test/test-support.h"

#include <glib.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define HEAD "twinwalk 1\npage 64\nhops 3\n"
#define ROOT HEAD "region r0 container size 2^64\nspace s0 root r0\n"

typedef struct Case {
    const char *name, *text;
    const char *shows[8]; /* "ADDRESS SIZE: WORDS" */
} Case;

static const Case cases[] = {
    /*  prio 0:  r1 |----------|
     *           r2     |----------|     added later: in front */
    {"MR-5/later-added-wins",
     ROOT "region r1 ram size 0x100 in r0 at 0x0\n"
          "region r2 ram size 0x100 in r0 at 0x80\n"
          "script\n",
     {"0x7f 2: r1+0x7f r2+0x0", "0x80 1: r2+0x0", "0x180 1: hole"}},
    {"MR-5/higher-priority-wins",
     ROOT "region r1 ram size 0x100 in r0 at 0x0 prio 1\n"
          "region r2 ram size 0x100 in r0 at 0x80\n"
          "script\n",
     {"0xff 2: r1+0xff r2+0x80"}},
    {"MR-5/negative-priority-is-background",
     ROOT "region r1 container size 0x200 in r0 at 0x0\n"
          "region r2 ram size 0x40 in r1 at 0x40\n"
          "region r3 ram size 0x200 in r0 at 0x0 prio -1\n"
          "script\n",
     {"0x3f 2: r3+0x3f r2+0x0", "0x7f 2: r2+0x3f r3+0x80"}},
    {"MR-6/add-sets-the-priority",
     ROOT "region r1 ram size 0x100 in r0 at 0x0 prio 1\n"
          "region r2 ram size 0x100 in r0 at 0x0 prio 5\n"
          "script\n  del r2\n  add r2 in r0 at 0x0 prio 0\n",
     {"0x0 1: r1+0x0"}},
    /* a move there and back wins the ties that were lost before */
    {"MR-7/moved-is-newest",
     ROOT "region r1 ram size 0x100 in r0 at 0x0\n"
          "region r2 ram size 0x100 in r0 at 0x0\n"
          "script\n  move r1 at 0x10\n  move r1 at 0x0\n",
     {"0x0 1: r1+0x0"}},
    {"MR-7/moved-to-the-same-stays",
     ROOT "region r1 ram size 0x100 in r0 at 0x0\n"
          "region r2 ram size 0x100 in r0 at 0x0\n"
          "script\n  move r1 at 0x0\n",
     {"0x0 1: r2+0x0"}},
    {"MR-8/enable-keeps-the-order",
     ROOT "region r1 ram size 0x100 in r0 at 0x0\n"
          "region r2 ram size 0x100 in r0 at 0x0\n"
          "script\n  enable r1 off\n  enable r1 on\n",
     {"0x0 1: r2+0x0"}},
    {"MR-8/disabled-uncovers",
     ROOT "region r1 ram size 0x100 in r0 at 0x0\n"
          "region r2 ram size 0x100 in r0 at 0x0\n"
          "script\n  enable r2 off\n",
     {"0x0 1: r1+0x0"}},
    {"LA-6/priority-re-adds",
     ROOT "region r1 ram size 0x100 in r0 at 0x0\n"
          "region r2 ram size 0x100 in r0 at 0x0\n"
          "script\n  priority r1 prio 0\n",
     {"0x0 1: r1+0x0"}},
    /* r3 (prio 5) is in r1 (prio 0), which loses to r2 (prio 1) as a whole */
    {"MR-9/priority-stays-inside",
     ROOT "region r1 container size 0x100 in r0 at 0x0\n"
          "region r2 ram size 0x80 in r0 at 0x0 prio 1\n"
          "region r3 ram size 0x100 in r1 at 0x0 prio 5\n"
          "script\n",
     {"0x0 1: r2+0x0", "0x80 1: r3+0x80"}},
    {"MR-1/children-before-own-content",
     ROOT "region r1 ram size 0x100 in r0 at 0x1000\n"
          "region r2 mmio size 0x10 in r1 at 0x20\n"
          "script\n",
     {"0x101f 2: r1+0x1f r2+0x0", "0x102f 2: r2+0xf r1+0x30"}},
    {"FV-1/reservation-hides",
     ROOT "region r1 ram size 0x100 in r0 at 0x0\n"
          "region r2 reservation size 0x10 in r0 at 0x10\n"
          "script\n",
     {"0xf 2: r1+0xf r2+0x0"}},
    /* alias r2 shows r1 from 0x80 on, as far as r1 goes; behind it, r3
     *      0x0        0x80       0x100
     *  r2: | r1+0x80  | nothing  |
     *  r3: |---------------------|  */
    {"FV-1/alias-larger-than-its-target",
     ROOT "region r1 ram size 0x100\n"
          "region r2 alias size 0x100 of r1 offset 0x80 in r0 at 0x0\n"
          "region r3 ram size 0x100 in r0 at 0x0 prio -1\n"
          "script\n",
     {"0x0 1: r1+0x80", "0x7f 2: r1+0xff r3+0x80"}},
    {"AR-1/target-origin-below-zero",
     ROOT "region r1 ram size 2^64\n"
          "region r2 alias size 0x100 of r1 offset 0xfffffffffffffff0 in r0 "
          "at 0x10\n"
          "script\n",
     {"0x10 1: r1+0xfffffffffffffff0", "0x1f 2: r1+0xffffffffffffffff hole"}},
    {"FV-1/alias-of-alias",
     ROOT "region r1 ram size 0x100\n"
          "region r2 alias size 0x80 of r1 offset 0x40\n"
          "region r3 alias size 0x100 of r2 offset 0x20 in r0 at 0x1000\n"
          "script\n",
     {"0x1000 1: r1+0x60", "0x105f 2: r1+0xbf hole"}},
    {"FV-1/alias-sees-inner-order",
     ROOT "region r1 container size 0x100\n"
          "region r2 ram size 0x100 in r1 at 0x0\n"
          "region r3 ram size 0x10 in r1 at 0x10\n"
          "region r4 alias size 0x100 of r1 in r0 at 0x0\n"
          "script\n",
     {"0xf 2: r2+0xf r3+0x0", "0x1f 2: r3+0xf r2+0x20"}},
    {"FV-1/disabled-target-shows-nothing",
     ROOT "region r1 ram size 0x100 disabled\n"
          "region r2 alias size 0x100 of r1 in r0 at 0x0\n"
          "script\n",
     {"0x0 1: hole"}},
    {"FV-1/container-of-target-does-not-matter",
     ROOT "region r1 container size 0x100 disabled\n"
          "region r2 ram size 0x100 in r1 at 0x40\n"
          "region r3 alias size 0x100 of r2 in r0 at 0x0\n"
          "script\n",
     {"0xc0 1: r2+0xc0"}},
    {"FV-2/readonly-alias",
     ROOT "region r1 ram size 0x100 in r0 at 0x0\n"
          "region r2 alias size 0x100 of r1 in r0 at 0x1000 readonly\n"
          "script\n",
     {"0x0 1: r1+0x0", "0x1000 1: r1+0x0ro"}},
    {"FV-2/readonly-container",
     ROOT "region r1 container size 0x100 in r0 at 0x0 readonly\n"
          "region r2 container size 0x100\n"
          "region r3 ram size 0x100 in r2 at 0x0\n"
          "region r4 alias size 0x100 of r2 in r1 at 0x0\n"
          "script\n",
     {"0x0 1: r3+0x0ro"}},
    {"LA-9/rom-is-readonly",
     ROOT "region r1 rom size 0x100 in r0 at 0x0\n"
          "region r2 romd size 0x100 in r0 at 0x100\n"
          "script\n",
     {"0xff 2: r1+0xffro r2+0x0romd"}},
    {"AR-2/2^64",
     ROOT "region r1 ram size 2^64 in r0 at 0x0\n"
          "script\n",
     {"0xffffffffffffffff 1: r1+0xffffffffffffffff"}},
    {"AR-6/clipped-at-the-top",
     ROOT "region r1 ram size 0x80 in r0 at 0xffffffffffffffc0\n"
          "script\n",
     {"0xffffffffffffffff 1: r1+0x3f", "0x0 1: hole"}},
    {"AR-3/empty-region",
     ROOT "region r1 ram size 0x100 in r0 at 0x0\n"
          "region r2 ram size 0 in r0 at 0x40\n"
          "script\n",
     {"0x3f 2: r1+0x3f"}},
    {"FV-1/disabled-root",
     ROOT "region r1 ram size 0x100 in r0 at 0x0\n"
          "script\n  enable r0 off\n",
     {"0x0 1: hole"}},
    {"TX-2/open-transaction-is-invisible",
     ROOT "region r1 ram size 0x100 in r0 at 0x0\n"
          "script\n  begin\n  begin\n  move r1 at 0x40\n  commit\n",
     {"0x0 1: r1+0x0"}},
    {"LA-7/outermost-commit-publishes",
     ROOT "region r1 ram size 0x100 in r0 at 0x0\n"
          "script\n  begin\n  begin\n  move r1 at 0x40\n  commit\n  commit\n",
     {"0x3f 2: hole r1+0x0"}},
    {"LA-8/late-space-has-only-holes",
     HEAD "region r0 container size 2^64\n"
          "region r1 ram size 0x100 in r0 at 0x0\n"
          "space s0 root r0 late\n"
          "script\n",
     {"0x0 1: hole"}},
    {"LA-8/space-new",
     HEAD "region r0 container size 2^64\n"
          "region r1 ram size 0x100 in r0 at 0x0\n"
          "space s0 root r0 late\n"
          "script\n  space-new s0\n",
     {"0x0 1: r1+0x0"}},
#define ONE_IOMMU(lg_rest) \
    HEAD "region r0 container size 2^64\n" \
         "region r1 iommu size 0x1000 in r0 at 0x4000 iommu i0\n" \
         "region r2 container size 2^64\n" \
         "region r3 ram size 0x1000 in r2 at 0x0\n" \
         "space s0 root r0\nspace s1 root r2\n" \
         "iommu i0 table " lg_rest "\n"
    /* the offset in the IOMMU's region is what is translated */
    {"7.2b/offset-through-alias",
     HEAD "region r0 container size 2^64\n"
          "region r1 iommu size 0x4000 iommu i0\n"
          "region r2 alias size 0x1000 of r1 offset 0x1000 in r0 at 0x4000\n"
          "region r3 ram size 0x1000 in r0 at 0x0\n"
          "space s0 root r0\n"
          "iommu i0 table granule 64\n"
          "setup\n  map i0.0 0x1000..0x103f -> s0 0x200 rw silent\n"
          "script\n",
     {"0x4004 1: r3+0x204", "0x403f 2: r3+0x23f denied"}},
    {"LA-13/low-bits-are-replaced",
     ONE_IOMMU("granule 64") "setup\n"
                             "  map i0.0 0x40..0x7f -> s1 0x2ff rw silent\n"
                             "script\n",
     {"0x4041 1: r3+0x2c1"}},
    {"LA-12/each-granule-of-a-range",
     ONE_IOMMU("granule 64") "setup\n"
                             "  map i0.0 0x40..0xff -> s1 0x800 rw silent\n"
                             "script\n",
     {"0x407f 2: r3+0x83f r3+0x840", "0x40ff 2: r3+0x8bf denied"}},
    {"LA-12/newest-assignment-counts",
     ONE_IOMMU("granule 64") "setup\n"
                             "  map i0.0 0x0..0xff -> s1 0x0 rw silent\n"
                             "script\n"
                             "  map i0.0 0x40..0x7f -> s1 0x400 rw silent\n"
                             "  unmap i0.0 0x80..0xbf silent\n",
     {"0x403f 2: r3+0x3f r3+0x400", "0x407f 2: r3+0x43f denied",
      "0x40c0 1: r3+0xc0"}},
    {"LA-12/older-entries-never-come-back",
     ONE_IOMMU("granule 64") "setup\n"
                             "  map i0.0 0x0..0xff -> s1 0x0 rw silent\n"
                             "script\n"
                             "  map i0.0 0x0..0x3f -> s1 0x400 rw silent\n"
                             "  unmap i0.0 0x0..0x3f silent\n",
     {"0x4000 1: denied"}},
    {"LA-12/protect-changes-what-is-there",
     ONE_IOMMU("granule 64") "setup\n"
                             "  map i0.0 0x0..0x3f -> s1 0x0 none silent\n"
                             "  map i0.0 0x40..0x7f -> s1 0x40 w silent\n"
                             "script\n  protect i0.0 0x0..0xff r silent\n",
     {"0x4000 1: denied", "0x4040 1: r3+0x40", "0x4080 1: denied"}},
    {"LA-12/protect-none-removes",
     ONE_IOMMU("granule 64") "setup\n"
                             "  map i0.0 0x0..0x3f -> s1 0x0 rw silent\n"
                             "script\n  protect i0.0 0x0..0x3f none silent\n"
                             "  protect i0.0 0x0..0x3f r silent\n",
     {"0x4000 1: denied"}},
    {"LA-12/output-modulo-2^64",
     ONE_IOMMU("granule 64") "setup\n"
                             "  map i0.0 0x0..0x7f -> s1 0xffffffffffffffc0 rw "
                             "silent\n"
                             "script\n",
     {"0x403f 2: hole r3+0x0"}},
    {"LA-13/bypass",
     ONE_IOMMU("granule 64 to s1 bypass") "script\n",
     {"0x4123 1: r3+0x123"}},
    {"LA-16/reset-empties-and-restores-bypass",
     ONE_IOMMU("granule 64 to s1") "setup\n"
                                   "  map i0.0 0x0..0x3f -> s1 0x0 rw silent\n"
                                   "script\n  bypass i0 on\n  iommu-reset i0\n",
     {"0x4000 1: denied"}},
    {"IW-1/denied-by-the-second-hop",
     HEAD "region r0 container size 2^64\n"
          "region r1 iommu size 0x1000 in r0 at 0x0 iommu i0\n"
          "region r2 iommu size 0x1000 in r0 at 0x1000 iommu i1\n"
          "region r3 ram size 0x1000 in r0 at 0x2000\n"
          "space s0 root r0\n"
          "iommu i0 table granule 256\niommu i1 table granule 64\n"
          "setup\n  map i0.0 0x0..0xff -> s0 0x1000 rw silent\n"
          "  map i1.0 0x0..0x3f -> s0 0x2000 rw silent\n"
          "  map i1.0 0x40..0x7f -> s0 0x2080 w silent\n"
          "script\n",
     {"0x3f 2: r3+0x3f denied"}},
    {"IW-8/loop",
     ONE_IOMMU("granule 64") "setup\n"
                             "  map i0.0 0x0..0x3f -> s0 0x4000 rw silent\n"
                             "script\n",
     {"0x4000 1: loop"}},
    {"IW-8/limit-is-passable",
     ONE_IOMMU("granule 64") "setup\n" /* three hops: as many as allowed */
                             "  map i0.0 0x0..0x3f -> s0 0x4040 rw silent\n"
                             "  map i0.0 0x40..0x7f -> s0 0x4080 rw silent\n"
                             "  map i0.0 0x80..0xbf -> s1 0x0 rw silent\n"
                             "script\n",
     {"0x4001 1: r3+0x1"}},
    {"IW-4/hole-behind-an-iommu",
     ONE_IOMMU("granule 64") "setup\n"
                             "  map i0.0 0x0..0x3f -> s1 0x1000 rw silent\n"
                             "script\n",
     {"0x4000 1: hole"}},
};

/* One byte in the words of the table. */
static void put(GString *out, const TwByte *byte)
{
    static const char *const words[] = {
        [TW_AT_HOLE] = "hole",
        [TW_AT_PAGE] = "page",
        [TW_AT_HOP] = "denied",
        [TW_AT_LOOP] = "loop",
    };

    if (byte->where != TW_AT_LEAF) {
        g_string_append_printf(out, " %s", words[byte->where]);
        return;
    }
    g_string_append_printf(out, " r%u+0x%" PRIx64 "%s%s", byte->region,
                           byte->offset,
                           byte->flags & TW_LOC_READONLY ? "ro" : "",
                           byte->flags & TW_LOC_ROMD ? "romd" : "");
}

static char *in_words(const TwAccess *access, const TwByte *bytes, bool joined)
{
    GString *out = g_string_new(NULL);

    for (unsigned k = 0; k < access->size; k++) {
        if (!joined || k == 0 || bytes[k].where != bytes[k - 1].where ||
            bytes[k].region != bytes[k - 1].region ||
            bytes[k].offset != bytes[k - 1].offset + 1) {
            put(out, &bytes[k]);
        }
    }
    return g_string_free(out, FALSE);
}

static void run_case(const void *data)
{
    const Case *c = data;
    TwProgram *program = test_program(c->text);
    TwContract contract = test_contract();
    TwWorld *world = tw_world_new();

    tw_perform_start(world, program, &contract);
    for (unsigned i = 0; i < program->n_script; i++) {
        g_assert_cmpint(tw_legality_step(&world->legality, &program->script[i]),
                        ==, TW_LEGAL);
        tw_perform(world, &program->script[i], TW_BOARD, i);
    }
    for (unsigned i = 0; c->shows[i]; i++) {
        char *rest;
        uint64_t addr = g_ascii_strtoull(c->shows[i], &rest, 16);
        TwAccess access = {.code = TW_OP_DMA_READ,
                           .cpu = TW_BOARD,
                           .addr = addr,
                           .size = (uint8_t)strtoul(rest, &rest, 10),
                           .hop_rights = TW_R};
        unsigned mask = (1u << access.size) - 1;
        TwByte bytes[TW_MAX_ACCESS];
        TwWalk walk;
        uint8_t cuts;
        bool unmarked;
        bool joined = strchr(rest + 2, ' ') == NULL;
        char *words;

        g_assert_true(rest[0] == ':');
        tw_walk(world, &access, mask, tw_times_at(world->now), &walk);
        words = in_words(&access, walk.bytes, joined);
        g_assert_cmpstr(words, ==, rest + 1);
        g_free(words);
        tw_flat(world, &access, mask, tw_times_at(world->now), bytes, &cuts,
                &unmarked);
        words = in_words(&access, bytes, joined);
        g_assert_cmpstr(words, ==, rest + 1);
        g_free(words);
    }
    tw_world_free(world);
    g_free(program);
}

/* LA-11: attributes choose the index, each modulo the number of indexes. */
static void indexes(void)
{
    static const struct {
        const char *select;
        TwAttrs attrs;
        unsigned index;
    } table[] = {
        {"zero", TW_ATTR_USER, 0},
        {"secure", TW_ATTR_SECURE, 0},
        {"secure", TW_ATTR_UNSPECIFIED, 0},
        {"secure", 0, 1},
        {"user", TW_ATTR_USER, 1},
        {"user", TW_ATTR_SECURE, 0},
        {"requester", 5u << TW_ATTR_REQUESTER_SHIFT, 2},
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(table); i++) {
        g_autofree char *text = g_strdup_printf(
            HEAD "region r0 container size 2^64\n"
                 "region r1 iommu size 0x1000 in r0 at 0x0 iommu i0\n"
                 "region r2 ram size 0x1000 in r0 at 0x1000\n"
                 "space s0 root r0\n"
                 "iommu i0 table granule 64 indexes 3 select %s\n"
                 "setup\n  map i0.0 0x0..0x3f -> s0 0x1000 rw silent\n"
                 "  map i0.1 0x0..0x3f -> s0 0x1100 rw silent\n"
                 "  map i0.2 0x0..0x3f -> s0 0x1200 rw silent\nscript\n",
            table[i].select);
        TwProgram *program = test_program(text);
        TwContract contract = test_contract();
        TwWorld *world = tw_world_new();
        TwAccess access = {.code = TW_OP_DMA_READ,
                           .cpu = TW_BOARD,
                           .size = 1,
                           .attrs = table[i].attrs,
                           .hop_rights = TW_R};
        TwWalk walk;

        tw_perform_start(world, program, &contract);
        tw_walk(world, &access, 1, tw_times_at(0), &walk);
        g_assert_cmpuint(walk.bytes[0].offset, ==, table[i].index * 0x100);
        g_assert_true(tw_flat_agrees(world, &access, 1, tw_times_at(0)));
        tw_world_free(world);
        g_free(program);
    }
}

/*
 * LA-23: where runs are cut for the sake of links.
 *
 *   VA 0x0   | 0x10 (16 bytes, to PA 0x10) | 0x20 ...
 *   i0 granules of 16: a cut at 0x20, though the leaf goes on
 */
static void cuts(void)
{
    TwProgram *program = test_program(
        HEAD "region r0 container size 2^64\n"
             "region r1 ram size 0x1000 in r0 at 0x0\n"
             "region r2 iommu size 0x1000 in r0 at 0x1000 iommu i0\n"
             "space s0 root r0\niommu i0 table granule 16\n"
             "cpu c0 tlb 4\nmmu c0.0 space s0\n"
             "setup\n  page c0.0 0x0 -> 0x0 size 0x40 rwx\n"
             "  page c0.0 0x10 -> 0x10 size 0x10 rwx\n"
             "  map i0.0 0x0..0xfff -> s0 0x0 rw silent\nscript\n");
    TwContract contract = test_contract();
    TwWorld *world = tw_world_new();
    TwAccess access = {.code = TW_OP_READ,
                       .size = 8,
                       .addr = 0xc,
                       .page_rights = TW_R,
                       .hop_rights = TW_R};
    TwWalk walk;

    tw_perform_start(world, program, &contract);
    tw_walk(world, &access, 0xff, tw_times_at(0), &walk);
    g_assert_cmphex(walk.cuts, ==, 1 << 4);
    g_assert_cmpuint(walk.bytes[7].offset, ==, 0x13);
    access.addr = 0x21;
    tw_walk(world, &access, 0xff, tw_times_at(0), &walk);
    g_assert_cmphex(walk.cuts, ==, 0);
    access = (TwAccess){.code = TW_OP_DMA_READ,
                        .cpu = TW_BOARD,
                        .size = 8,
                        .addr = 0x101d,
                        .hop_rights = TW_R};
    tw_walk(world, &access, 0xff, tw_times_at(0), &walk);
    g_assert_cmphex(walk.cuts, ==, 1 << 3);
    g_assert_cmpuint(walk.bytes[3].offset, ==, walk.bytes[2].offset + 1);
    tw_world_free(world);
    g_free(program);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *path = g_strdup_printf("/walk/%s", cases[i].name);

        g_test_add_data_func(path, &cases[i], run_case);
    }
    g_test_add_func("/walk/LA-11/indexes", indexes);
    g_test_add_func("/walk/LA-23/cuts", cuts);
    return g_test_run();
}
