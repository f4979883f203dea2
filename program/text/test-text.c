/* SPDX-License-Identifier: MIT */
/*
 * The text form: canonical, inverse, with its comments, and one clear line for
 * each mistake.
 */
#include "program/test-program.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static TwProgram p, q;

#define HEAD "twinwalk 1\n"

static char *print(const TwProgram *program, const TwComments *comments)
{
    GString *text = g_string_new(NULL);
    tw_program_print(program, comments, text);
    return g_string_free(text, FALSE);
}

/* Every word of the form, as it is printed. */
static const char everything[] =
    "twinwalk 1\n"
    "page 64\n"
    "hops 4\n"
    "safepoints explicit\n"
    "region r0 container size 2^64 root s0\n"
    "region r1 ram size 0x1000 in r0 at 0x0\n"
    "region r2 iommu size 0x1000 in r0 at 0x1000 iommu i0\n"
    "region r3 alias size 0x100 of r1 offset 0x40 in r0 at 0x3000 prio 1 "
    "readonly\n"
    "region r4 mmio size 0x40 in r0 at 0x8000 valid 1..4 reject 0x10..0x13 "
    "error 0x20..0x20 disabled\n"
    "region r5 romd size 0x40 in r0 at 0x9000 prio -2147483648 valid 2..0 "
    "nonvolatile unmergeable romd-off\n"
    "region r7 rom size 0x0 block r1 at 0x77\n"
    "region r8 container size 0x10000 root s2\n"
    "region r9 reservation size 0x1 in r8 at 0xffffffffffffffff\n"
    "region r10 ram-device size 0x40 in r8 at 0x0\n"
    "region r11 iommu size 0x400 in r8 at 0x1000 iommu i1\n"
    "region r12 iommu size 0x400 in r8 at 0x2000 iommu i3\n"
    "space s3 root r8 late\n"
    "iommu i0 table indexes 4 select requester to s2 bypass\n"
    "iommu i1 mpc indexes 2 select secure to s2 blocked s0\n"
    "iommu i3 pagetable granule 4096 to s0 format vtd-sl tables r1 levels 3\n"
    "cpu c0 tlb 1\n"
    "mmu c0.0 space s0\n"
    "mmu c0.3 space s2 attrs unspecified,secure,user,rid=65535\n"
    "cpu c2 tlb 4096 victims 16\n"
    "mmu c2.1 space s0 attrs secure,rid=5\n"
    "actor r4 0x8 unmap i0.0 0x0..0x3f notified\n"
    "actor r5 0x0 add r7 in r1 at 0x10 prio -1\n"
    "setup\n"
    "  page c0.0 0x0 -> 0x1000 size 0x40 rwx\n"
    "  map i0.3 0x0..0xffffffffffffffff -> s2 0x0 rw silent\n"
    "script\n"
    "  nop\n"
    "  c2: nop\n"
    "  read c0.0 0x0 4\n"
    "  write c0.3 0xffffffffffffffff 8 from 0x40\n"
    "  exec c2.1 0x0 1\n"
    "  rmw c0.0 0x0 2\n"
    "  rmw c0.0 0x0 8 exclusive from 0x40\n"
    "  write c0.0 0x40 8\n"
    "  write c0.0 0x48 8 paired\n"
    "  during unmap i0.0 0x0..0x3f notified\n"
    "  dma-read s0 0x0 8 none\n"
    "  during c0: flush-all all\n"
    "  dma-write s3 0x0 1 unspecified via m7\n"
    "  page c0.0 0x0 -> 0x0 size 0x8000000000000000 none\n"
    "  c0: unpage c2.1 0x40 size 0x10\n"
    "  flush-page all.2 0x0\n"
    "  flush-range c0.0 0x0 2^64 bits 12\n"
    "  flush-range all.0 0x0 0x0 bits 64\n"
    "  flush-index c0.0\n"
    "  flush-all c2\n"
    "  safepoint c0\n"
    "  clock 4294967295\n"
    "  c0: map i0.1 0x40..0x7f -> s0 0x12 none notified\n"
    "  protect i0.0 0x0..0x3f w silent\n"
    "  notify i0.0 deviotlb 0x1..0x2\n"
    "  notify-all i0\n"
    "  iommu-reset i1\n"
    "  bypass i0 off\n"
    "  iommu-destroy i3\n"
    "  mpc-read i1 0x1c 4 secure\n"
    "  mpc-write i1 0x1c 4 = 0xffffffff none\n"
    "  poke r1 0x8 = 0x1\n"
    "  context i3 5 pass -> 0x100 domain 7\n"
    "  invalidate i3 domain 1 0x0..0xfff\n"
    "  begin\n"
    "  c0: commit\n"
    "  add r9 in r0 at 0x40 prio 0\n"
    "  del r1\n"
    "  move r1 at 0x80\n"
    "  resize r1 2^64\n"
    "  enable r4 on\n"
    "  priority r1 prio 2147483647\n"
    "  readonly r1 off\n"
    "  nonvolatile r1 on\n"
    "  unmergeable r1 on\n"
    "  romd r5 on\n"
    "  alias-offset r3 at 0x1\n"
    "  space-new s3\n"
    "  space-del s3\n"
    "  unplug c2\n"
    "  observe o7 of i0.3 unmap,map,deviotlb 0x0..0x0\n"
    "  unobserve o7\n"
    "  replay o7\n"
    "  veto i0 on\n"
    "  listen o0 of s0\n"
    "  unlisten o0\n"
    "  dirty-log r1 on\n"
    "  dirty-clear r1 0x0..0x3f\n"
    "  snapshot\n"
    "  restore\n"
    "  dma-map m0 of s2 0x0 0x1000 w user\n"
    "  dma-unmap m0\n"
    "  par\n"
    "  read c0.0 0x0 1\n"
    "  barrier\n"
    "  and\n"
    "  read c2.1 0x0 1\n"
    "  barrier\n"
    "  end-par\n"
    "  fail-alloc 3\n";

static void test_canonical(void)
{
    test_parse(&p, everything);
    g_autofree char *text = print(&p, NULL);
    g_assert_cmpstr(text, ==, everything);
    TwOpSet seen = {{0}};
    for (unsigned i = 0; i < p.n_script; i++) {
        tw_ops_add(&seen, p.script[i].code);
    }
    g_assert_true(tw_ops_equal(seen, tw_ops_all()));
    g_assert_cmphex(p.regions[0].size, ==, UINT64_MAX);
    g_assert_cmpint(p.regions[6].kind, ==, TW_REGION_NONE);
    g_assert_cmpint(p.regions[7].block, ==, 1);
    g_assert_cmpint(p.n_regions, ==, 13);
}

/* What is not canonical is read all the same. */
static void test_order_is_free(void)
{
    test_parse(&p, "\xef\xbb\xbf\r\n\ttwinwalk\t1  \r\n\r\n"
                   "hops 0x4\npage 2^6\n"
                   "cpu c0 tlb 0x8 victims 0\n"
                   " mmu c0.0 space s0 attrs none\n"
                   "space s0 root r0\n"
                   "region r1 ram at 64 in r0 size 2^6\n"
                   "region r0 container size 2^64\n"
                   "safepoints implied\n"
                   "setup\n"
                   "script\n"
                   "read c0.0 16 4");
    g_autofree char *text = print(&p, NULL);
    g_assert_cmpstr(text, ==,
                    "twinwalk 1\npage 64\nhops 4\n"
                    "region r0 container size 2^64 root s0\n"
                    "region r1 ram size 0x40 in r0 at 0x40\n"
                    "mmu c0.0 space s0\n"
                    "script\n  read c0.0 0x10 4\n");
}

/* What a line need not say, and what no line need say. */
static void test_defaults(void)
{
    static const char text[] =
        HEAD "region r0 iommu size 0x1000 root s1 iommu i2\n"
             "region r1 ram size 0x1000 root s0\n"
             "space s2 root r1\n"
             "space s3 root r1 late\n"
             "cpu c1 victims 1\n"
             "mmu c1.0 space s2\n"
             "mmu c3.1 space s1\n"
             "script\n";
    static const char in_full[] =
        HEAD "page 4096\nhops 16\n"
             "iommu i2 table granule 4096 indexes 1 select zero\n"
             "region r0 iommu size 0x1000 iommu i2\n"
             "region r1 ram size 0x1000\n"
             "space s0 root r1\n"
             "space s1 root r0\n"
             "space s2 root r1\n"
             "space s3 root r1 late\n"
             "cpu c1 tlb 8 victims 1\n"
             "mmu c1.0 space s2\n"
             "cpu c3 tlb 8 victims 0\n"
             "mmu c3.1 space s1\n"
             "script\n";
    test_parse(&p, text);
    g_assert_cmpuint(p.iommus[2].kind, ==, TW_IOMMU_TABLE);
    g_assert_cmpuint(p.iommus[2].granule_lg, ==, 12);
    g_assert_true(p.cpus[3].present && !p.cpus[2].present);
    test_parse(&q, in_full);
    g_assert_true(tw_program_equal(&p, &q));
    g_autofree char *again = print(&q, NULL);
    g_assert_cmpstr(again, ==, text);
    /* The granule is that of the page size, wherever its line stands. */
    test_parse(&p, HEAD "region r0 iommu size 64 root s0 iommu i0\n"
                        "iommu i0 table bypass to s0\npage 64\n");
    g_assert_cmpuint(p.iommus[0].granule_lg, ==, 6);
    g_autofree char *small = print(&p, NULL);
    g_assert_cmpstr(small, ==,
                    HEAD "page 64\n"
                         "region r0 iommu size 0x40 root s0 iommu i0\n"
                         "iommu i0 table to s0 bypass\nscript\n");
}

static void test_identity(void)
{
    for (unsigned n = 0; n < 2500; n++) {
        TwRng rng = tw_rng_for(101, n);
        test_random_program(&rng, &p);
        g_autofree char *text = print(&p, NULL);
        test_parse(&q, text);
        g_assert_true(tw_program_equal(&p, &q));
        g_autofree char *again = print(&q, NULL);
        g_assert_cmpstr(text, ==, again);
    }
}

/* Comments ----------------------------------------------------------------- */

static void check_comments(const char *in, const char *out)
{
    g_autoptr(TwComments) comments = tw_comments_new();
    g_autoptr(GError) error = NULL;
    tw_program_parse(&p, in, strlen(in), "c", TW_TEXT_STRICT, comments, NULL,
                     &error);
    g_assert_no_error(error);
    g_autofree char *text = print(&p, comments);
    g_assert_cmpstr(text, ==, out);
}

static void test_comments(void)
{
    static const char text[] = "# a case\n"
                               "#\n"
                               "# of stale entries\n"
                               "twinwalk 1 # version\n"
                               "page 64\n"
                               "# hops\n"
                               "hops 16 #\n"
                               "# the default\n"
                               "safepoints implied\n"
                               "# root\n"
                               "region r0 container size 0x1000 # all of it\n"
                               "space s0 root r0 # not on r0's line\n"
                               "cpu c0 # a plain one\n"
                               "#   indented\n"
                               "mmu c0.0 space s0\n"
                               "setup # nothing\n"
                               "script # go\n"
                               "  # first\n"
                               "  # of two\n"
                               "  read c0.0 0x0 1 # read\n"
                               "  write c0.0 0x0 1\n"
                               "# the end\n";
    check_comments(text, text);
}

static void test_comments_anywhere(void)
{
    check_comments("  # x  \n##\ntwinwalk 1\npage 64\t#z\n\n#y\nscript\n   #w"
                   "\n   #\n",
                   "# x\n# #\ntwinwalk 1\npage 64 # z\n# y\nscript\n"
                   "# w\n#\n");
    /* Without a place for comments they are read over. */
    test_parse(&p, "#\ntwinwalk 1 # x\nscript\n");
}

static void test_comments_top(void)
{
    g_autoptr(TwComments) comments = tw_comments_new();
    const char *in = "# old\ntwinwalk 1\nscript\n";
    g_assert_true(tw_program_parse(&p, in, strlen(in), "c", TW_TEXT_STRICT,
                                   comments, NULL, NULL));
    tw_comments_add_top(comments, "new");
    tw_comments_add_top(comments, "with\na line\xff end  ");
    tw_comments_add_top(comments, "");
    g_autofree char *text = print(&p, comments);
    g_assert_cmpstr(text, ==,
                    "# new\n# with a line\xef\xbf\xbd end\n#\n# old\n"
                    "twinwalk 1\nscript\n");
    g_autofree char *long_line = g_strnfill(100000, 'x');
    tw_comments_add_top(comments, long_line);
    g_autofree char *more = print(&p, comments);
    test_parse(&q, more);
}

/* Mistakes ----------------------------------------------------------------- */

#define OBJECTS \
    HEAD "region r0 container size 0x1000\n" \
         "region r1 iommu size 64 in r0 at 0 iommu i0\n" \
         "space s0 root r0\niommu i0 table granule 64\n" \
         "cpu c0\nmmu c0.0 space s0\n"
#define SCRIPT OBJECTS "script\n"

static const struct {
    const char *text, *message;
} mistakes[] = {
    {"", "m:1:1: expected 'twinwalk'"},
    {"# only this\n\n", "m:2:1: expected 'twinwalk'"},
    {"page 64\n", "m:1:1: expected 'twinwalk', not \"page\""},
    {"twinwalk\n", "m:1:9: expected version 1, not the end of the line"},
    {"twinwalk 2\n", "m:1:10: expected version 1, not \"2\""},
    {"twinwalk 1 2\n", "m:1:12: expected the end of the line, not \"2\""},
    {HEAD "twinwalk 1\n",
     "m:2:1: expected page, hops, contents, safepoints, region, space, iommu, "
     "cpu, mmu, actor, setup or script, not \"twinwalk\""},
    {HEAD "  read c0.0 0x0 1\n",
     "m:2:3: expected page, hops, contents, safepoints, region, space, iommu, "
     "cpu, mmu, actor, setup or script, not \"read\""},
    {HEAD "page 63\n",
     "m:2:6: expected a power of two from 64 to 65536, not \"63\""},
    {HEAD "page\n", "m:2:5: expected a power of two from 64 to 65536, not the "
                    "end of the line"},
    {HEAD "page 2^17\n",
     "m:2:6: expected a power of two from 64 to 65536, not \"2^17\""},
    {HEAD "page 64\npage 64\n", "m:3:1: expected this line once only"},
    {HEAD "hops 0\n", "m:2:6: expected 1 to 32 hops, not \"0\""},
    {HEAD "hops 33\n", "m:2:6: expected 1 to 32 hops, not \"33\""},
    {HEAD "hops 1 1\n", "m:2:8: expected the end of the line, not \"1\""},
    {HEAD "contents\n",
     "m:2:9: expected data, code, code-x86-64, code-riscv64, runs, "
     "runs-x86-64, runs-riscv64, runs-thumb or inert, not the end of the line"},
    {HEAD "contents word\n",
     "m:2:10: expected data, code, code-x86-64, code-riscv64, runs, "
     "runs-x86-64, runs-riscv64, runs-thumb or inert, not \"word\""},
    {HEAD "contents code\ncontents code\n",
     "m:3:1: expected this line once only"},
    {HEAD "safepoints none\n",
     "m:2:12: expected implied or explicit, not \"none\""},
    {HEAD "region 0\n", "m:2:8: expected r0 to r253, not \"0\""},
    {HEAD "region r254 ram\n", "m:2:8: expected r0 to r253, not \"r254\""},
    {HEAD "region r0x ram\n", "m:2:8: expected r0 to r253, not \"r0x\""},
    {HEAD "region r0 wam\n",
     "m:2:11: expected container, ram, rom, romd, mmio, alias, iommu, "
     "reservation or ram-device, not \"wam\""},
    {HEAD "region r0 ram\n",
     "m:2:14: expected 'size', not the end of the line"},
    {HEAD "region r0 ram size 2^65\n",
     "m:2:20: expected a size from 0 to 2^64, not \"2^65\""},
    {HEAD "region r0 ram size 0x1_0\n",
     "m:2:20: expected a size from 0 to 2^64, not \"0x1_0\""},
    {HEAD "region r0 ram size 18446744073709551616\n",
     "m:2:20: expected a size from 0 to 2^64, not \"18446744073709551616\""},
    {HEAD "region r0 ram size 1 at 2^64\n",
     "m:2:25: expected a number, not \"2^64\""},
    {HEAD "region r0 ram size 1 of r1\n",
     "m:2:22: expected an option of a region of kind ram, not \"of\""},
    {HEAD "region r0 ram size 1 size 1\n", "m:2:22: expected each option once"},
    {HEAD "region r0 ram size 1 prio 2147483648\n",
     "m:2:27: expected a priority of 32 bits, not \"2147483648\""},
    {HEAD "region r0 ram size 1 in s0\n",
     "m:2:25: expected r0 to r253, not \"s0\""},
    {HEAD "region r0 alias size 1\n",
     "m:2:23: expected 'of', not the end of the line"},
    {HEAD "region r0 iommu size 1\n",
     "m:2:23: expected 'iommu', not the end of the line"},
    {HEAD "region r0 mmio size 1 valid 1..16\n",
     "m:2:29: expected sizes LEAST..MOST of 0, 1, 2, 4 or 8, not \"1..16\""},
    {HEAD "region r0 mmio size 1 reject 4\n",
     "m:2:30: expected a range FIRST..LAST, not \"4\""},
    {HEAD "region r0 mmio size 1 reject 4..3\n",
     "m:2:30: expected a range in order, not \"4..3\""},
    {HEAD "region r0 ram size 1\nregion r0 ram size 1\n",
     "m:3:8: expected a region that is not there yet"},
    {HEAD "space s16 root r0\n", "m:2:7: expected s0 to s15, not \"s16\""},
    {HEAD "space s0 r0\n", "m:2:10: expected 'root', not \"r0\""},
    {HEAD "space s0 root r0 early\n",
     "m:2:18: expected the end of the line, not \"early\""},
    {HEAD "iommu i0 page granule 64\n",
     "m:2:10: expected table, mpc or pagetable, not \"page\""},
    {HEAD "region r0 ram size 1 root r0\n",
     "m:2:27: expected s0 to s15, not \"r0\""},
    {HEAD "region r0 ram size 1 root s0\nspace s0 root r0\n",
     "m:3:7: expected a space that is not there yet"},
    {HEAD "space s0 root r0\nregion r0 ram size 1 root s0\n",
     "m:3:27: expected a space that is not there yet"},
    {HEAD "iommu i0 table granule 8\n",
     "m:2:24: expected a power of two from 16 to 2^30, not \"8\""},
    {HEAD "iommu i0 table granule 64 indexes 5\n",
     "m:2:35: expected 1 to 4 indexes, not \"5\""},
    {HEAD "iommu i0 table granule 64 select all\n",
     "m:2:34: expected zero, secure, user, requester or secure-user, not "
     "\"all\""},
    {HEAD "iommu i0 table granule 64 levels 3\n",
     "m:2:27: expected an option of an iommu of kind table, not \"levels\""},
    {HEAD "iommu i0 mpc granule 64\n",
     "m:2:24: expected 'blocked', not the end of the line"},
    {HEAD "iommu i0 pagetable granule 64 tables r0\n",
     "m:2:40: expected 'levels', not the end of the line"},
    {HEAD "cpu c4\n", "m:2:5: expected c0 to c3, not \"c4\""},
    {HEAD "cpu c0 tlb 3\n",
     "m:2:12: expected a power of two from 1 to 4096, not \"3\""},
    {HEAD "cpu c0 tlb 8 victims 17\n",
     "m:2:22: expected 0 to 16 victims, not \"17\""},
    {HEAD "mmu c0.0 space s0\ncpu c0\n",
     "m:3:5: expected a cpu above its MMU indexes"},
    {HEAD "mmu c0.0 space s0\nmmu c0.0 space s0\n",
     "m:3:5: expected an MMU index that is not there yet"},
    {HEAD "cpu c0\nmmu c0.4 space s0\n",
     "m:3:5: expected c0.0 to c3.3, not \"c0.4\""},
    {HEAD "cpu c0\nmmu c0 space s0\n",
     "m:3:5: expected c0.0 to c3.3, not \"c0\""},
    {HEAD "cpu c0\nmmu c0.0 space s0 attrs secure,\n",
     "m:3:25: expected attributes (secure,user,rid=N,unspecified or none), not "
     "\"secure,\""},
    {HEAD "cpu c0\nmmu c0.0 space s0 attrs rid=1,rid=1\n",
     "m:3:25: expected attributes (secure,user,rid=N,unspecified or none), not "
     "\"rid=1,rid=1\""},
    {OBJECTS "mmu c0.0 space s0\n",
     "m:8:5: expected an MMU index that is not there yet"},
    {OBJECTS "actor r0 x nop\n", "m:8:10: expected an offset, not \"x\""},
    {OBJECTS "actor r0 0 jump\n",
     "m:8:12: expected an operation, not \"jump\""},
    {OBJECTS "actor r0 0 c0: nop\n",
     "m:8:12: expected an operation, not \"c0:\""},
    {OBJECTS "setup\nsetup\n", "m:9:1: expected setup once, before the script"},
    {OBJECTS "script\nscript\n", "m:9:1: expected script once"},
    {OBJECTS "script\nsetup\n",
     "m:9:1: expected setup once, before the script"},
    {SCRIPT "region r5 ram size 1\n",
     "m:9:1: expected an operation, not \"region\""},
    {SCRIPT "reed c0.0 0 1\n", "m:9:1: expected an operation, not \"reed\""},
    {SCRIPT "during\n",
     "m:9:7: expected an operation, not the end of the line"},
    {SCRIPT "c4: nop\n",
     "m:9:1: expected an actor from c0: to c3:, not \"c4:\""},
    {SCRIPT "c0: begin\n", "m:9:1: expected no actor before this operation"},
    {SCRIPT "c0: read c0.0 0 1\n",
     "m:9:1: expected no actor before this operation"},
    {SCRIPT "read c0 0 1\n", "m:9:6: expected c0.0 to c3.3, not \"c0\""},
    {SCRIPT "read all.0 0 1\n", "m:9:6: expected c0.0 to c3.3, not \"all.0\""},
    {SCRIPT "read c0.0 z 1\n", "m:9:11: expected an address, not \"z\""},
    {SCRIPT "read c0.0 0 9\n", "m:9:13: expected 1 to 8 bytes, not \"9\""},
    {SCRIPT "read c0.0 0\n",
     "m:9:12: expected 1 to 8 bytes, not the end of the line"},
    {SCRIPT "read c0.0 0 1 from\n",
     "m:9:19: expected an address, not the end of the line"},
    {SCRIPT "read c0.0 0 1 via m0\n",
     "m:9:15: expected the end of the line, not \"via\""},
    {SCRIPT "read c0.0 0 1 exclusive\n",
     "m:9:15: expected the end of the line, not \"exclusive\""},
    {SCRIPT "exec c0.0 0 4 paired\n",
     "m:9:15: expected the end of the line, not \"paired\""},
    {SCRIPT "dma-read s0 0 1 none via m8\n",
     "m:9:26: expected m0 to m7, not \"m8\""},
    {SCRIPT "dma-read s0 0 1\n",
     "m:9:16: expected attributes (secure,user,rid=N,unspecified or none), not "
     "the end of the line"},
    {SCRIPT "page c0.0 0 0\n", "m:9:13: expected '->', not \"0\""},
    {SCRIPT "page c0.0 0 -> 0 size 8 r\n",
     "m:9:23: expected a power of two from 16 to 2^63, not \"8\""},
    {SCRIPT "page c0.0 0 -> 0 size 64 rr\n",
     "m:9:26: expected rights (rwx or none), not \"rr\""},
    {SCRIPT "page c0.0 0 -> 0 size 64\n",
     "m:9:25: expected rights (rwx or none), not the end of the line"},
    {SCRIPT "protect i0.0 0..63 rwx silent\n",
     "m:9:20: expected rights (rw or none), not \"rwx\""},
    {SCRIPT "unmap i0.0 0..63\n",
     "m:9:17: expected silent or notified, not the end of the line"},
    {SCRIPT "unmap i0.0 0x3f..0 silent\n",
     "m:9:12: expected a range in order, not \"0x3f..0\""},
    {SCRIPT "unmap i0 0..63 silent\n",
     "m:9:7: expected i0.0 to i15.3, not \"i0\""},
    {SCRIPT "flush-range all.4 0 1 bits 1\n",
     "m:9:13: expected c0.0 to c3.3, not \"all.4\""},
    {SCRIPT "flush-range c0.0 0 1 bits 0\n",
     "m:9:27: expected 1 to 64 bits, not \"0\""},
    {SCRIPT "notify i0.0 unmap,map 0..0\n",
     "m:9:13: expected unmap, map or deviotlb, not \"unmap,map\""},
    {SCRIPT "observe o0 of i0.0 unmap,unmap 0..0\n",
     "m:9:20: expected events (unmap,map,deviotlb), not \"unmap,unmap\""},
    {SCRIPT "observe o0 i0.0 unmap 0..0\n",
     "m:9:12: expected 'of', not \"i0.0\""},
    {SCRIPT "bypass i0 maybe\n", "m:9:11: expected off or on, not \"maybe\""},
    {SCRIPT "clock 4294967296\n",
     "m:9:7: expected a number of 32 bits, not \"4294967296\""},
    {SCRIPT "invalidate i0 all 0 0..0\n",
     "m:9:15: expected global, domain, range, context, leaf, contexts, "
     "any-range or any-leaf, not \"all\""},
    {SCRIPT "dma-map m0 of s0 0 1 rw none\n",
     "m:9:22: expected r or w, not \"rw\""},
    {SCRIPT "nop nop\n", "m:9:5: expected the end of the line, not \"nop\""},
    {SCRIPT "nop\x01\n", "m:9:4: expected text"},
    {SCRIPT "nop # \xff\n", "m:9:7: expected text"},
    /* What the check finds is said of the line. */
    {HEAD "  region r7 ram size 1 in r8\n",
     "m:2:3: expected a well-formed program: region r7: its container does not "
     "exist"},
    {SCRIPT "nop\n\n# x\n  read c1.0 0 1\n",
     "m:12:3: expected a well-formed program: operation 1 (read): cpu c1 does "
     "not exist"},
    {SCRIPT "unmap i0.0 0..1 silent\n",
     "m:9:1: expected a well-formed program: operation 0 (unmap): its range is "
     "not whole granules"},
    {OBJECTS "setup\nnop\n", "m:9:1: expected a well-formed program: setup 0 "
                             "(nop): it cannot stand in the setup"},
    {HEAD "iommu i3 table granule 64\n",
     "m:2:1: expected a well-formed program: iommu i3: no region is this "
     "iommu"},
    {HEAD "cpu c2\nmmu c2.1 space s0\n",
     "m:3:1: expected a well-formed program: mmu c2.1: its space does not "
     "exist"},
};

static void test_mistakes(void)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(mistakes); i++) {
        g_autoptr(GError) error = NULL;
        const char *text = mistakes[i].text;
        g_assert_false(tw_program_parse(&p, text, strlen(text), "m",
                                        TW_TEXT_STRICT, NULL, NULL, &error));
        g_assert_error(error, TW_TEXT_ERROR, TW_TEXT_ERROR_SYNTAX);
        g_assert_cmpstr(error->message, ==, mistakes[i].message);
        /* A lenient reader goes on, and says that it left something out. */
        unsigned dropped = 0;
        g_assert_true(tw_program_parse(&p, text, strlen(text), "m",
                                       TW_TEXT_LENIENT, NULL, &dropped, NULL));
        g_assert_true(tw_program_check(&p, NULL, 0));
        g_assert_true(dropped > 0 || i < 3);
    }
}

static void test_counts(void)
{
    static const struct {
        const char *head, *line, *message;
        unsigned most;
    } many[] = {
        {SCRIPT, "nop\n", "m:1545:1: expected at most 1536 operations", 1536},
        {OBJECTS "setup\n", "page c0.0 0 -> 0 size 64 r\n",
         "m:1545:1: expected at most 1536 operations in the setup", 1536},
        {OBJECTS "region r9 mmio size 1\n", "actor r9 0 notify-all i0\n",
         "m:25:7: expected at most 16 actors", 16},
    };
    for (unsigned i = 0; i < G_N_ELEMENTS(many); i++) {
        g_autoptr(GString) text = g_string_new(many[i].head);
        g_autoptr(GError) error = NULL;
        for (unsigned n = 0; n < many[i].most; n++) {
            g_string_append(text, many[i].line);
        }
        test_parse(&p, text->str);
        g_string_append(text, many[i].line);
        g_assert_false(tw_program_parse(&p, text->str, text->len, "m",
                                        TW_TEXT_STRICT, NULL, NULL, &error));
        g_assert_cmpstr(error->message, ==, many[i].message);
    }
}

/* A line of an error is one line, and says nothing of its own. */
static void test_name_is_one_line(void)
{
    g_autoptr(GError) error = NULL;
    g_assert_false(tw_program_parse(&p, "x", 1, "a\nb\x1b[0m", TW_TEXT_STRICT,
                                    NULL, NULL, &error));
    g_assert_cmpstr(error->message, ==,
                    "a?b?[0m:1:1: expected 'twinwalk', not \"x\"");
}

/* Lenient reading ---------------------------------------------------------- */

static void test_lenient(void)
{
    g_autoptr(TwComments) comments = tw_comments_new();
    const char *text = SCRIPT "# first\nread c0.0 0 1\n"
                              "wobble c0.0\n"
                              "# of c7\nread c1.0 0 1\n"
                              "# last\nwrite c0.0 0 1 # behind\n"
                              "region r9 ram size 1\n"
                              "rmw c0.0 0 3\n"
                              "during notify-all i0\n"
                              "and\n";
    unsigned dropped = 0;
    g_assert_true(tw_program_parse(&p, text, strlen(text), "m", TW_TEXT_LENIENT,
                                   comments, &dropped, NULL));
    g_assert_cmpuint(dropped, ==, 5);
    g_autofree char *printed = print(&p, comments);
    g_assert_nonnull(strstr(printed,
                            "script\n  # first\n  read c0.0 0x0 1\n"
                            "  # last\n  write c0.0 0x0 1 # behind\n"));
}

/* A text of a later version, or of none. */
static void test_lenient_version(void)
{
    const char *later = "twinwalk 9\npage 64\nscript\nwarp\n";
    const char *none = "page 64\nscript\n";
    unsigned dropped = 0;
    g_assert_true(tw_program_parse(&p, later, strlen(later), "m",
                                   TW_TEXT_LENIENT, NULL, &dropped, NULL));
    g_assert_cmpuint(dropped, ==, 2);
    g_assert_cmpint(p.page_lg, ==, 6);
    g_assert_true(tw_program_parse(&p, none, strlen(none), "m", TW_TEXT_LENIENT,
                                   NULL, &dropped, NULL));
    g_assert_cmpuint(dropped, ==, 0);
    g_assert_cmpint(p.page_lg, ==, 6);
}

/* An object that cannot be takes what needs it along, and no more. */
static void test_lenient_objects(void)
{
    const char *text = HEAD "region r0 container size 64\n"
                            "region r1 ram size 64 in r0 at 0 prio 9 fast\n"
                            "region r2 alias size 64 of r1 in r0\n"
                            "region r3 ram size 64 in r0\n"
                            "space s0 root r0\nspace s1 root r1\n"
                            "cpu c0\nmmu c0.0 space s0\nmmu c0.1 space s1\n"
                            "script\nread c0.0 0 1\nread c0.1 0 1\n";
    unsigned dropped = 0;
    g_assert_true(tw_program_parse(&p, text, strlen(text), "m", TW_TEXT_LENIENT,
                                   NULL, &dropped, NULL));
    g_autofree char *printed = print(&p, NULL);
    g_assert_cmpuint(dropped, ==, 5);
    g_assert_cmpstr(printed, ==,
                    HEAD "region r0 container size 0x40 root s0\n"
                         "region r3 ram size 0x40 in r0 at 0x0\n"
                         "mmu c0.0 space s0\n"
                         "script\n  read c0.0 0x0 1\n");
}

/* Hostile text ------------------------------------------------------------- */

static void test_hostile(void)
{
    unsigned strict = 0;
    for (unsigned n = 0; n < 2500; n++) {
        TwRng rng = tw_rng_for(111, n);
        char text[sizeof everything];
        size_t length = sizeof everything - 1;
        memcpy(text, everything, sizeof everything);
        for (unsigned i = 1 + tw_rng_below(&rng, 4); i > 0; i--) {
            uint32_t at = tw_rng_below(&rng, (uint32_t)length);
            uint32_t from = tw_rng_below(&rng, (uint32_t)length);
            switch (tw_rng_below(&rng, 4)) {
            case 0:
                text[at] = (char)tw_rng_next(&rng);
                break;
            case 1:
                text[at] = text[from];
                break;
            case 2:
                memmove(text + at, text + from,
                        length - (at > from ? at : from));
                break;
            default:
                length = at + 1;
                break;
            }
        }
        g_autoptr(GError) error = NULL;
        g_autoptr(TwComments) comments = tw_comments_new();
        /* A copy of the very size, so that a read beyond it is seen. */
        g_autofree char *exact = g_memdup2(text, length);
        if (tw_program_parse(&p, exact, length, "h", TW_TEXT_STRICT, NULL, NULL,
                             &error)) {
            strict++;
        } else {
            g_assert_true(g_str_has_prefix(error->message, "h:"));
            g_assert_nonnull(strstr(error->message, ": expected "));
            g_assert_null(strchr(error->message, '\n'));
        }
        g_assert_true(tw_program_parse(&p, exact, length, "h", TW_TEXT_LENIENT,
                                       comments, NULL, NULL));
        g_assert_true(tw_program_check(&p, NULL, 0));
        g_autofree char *once = print(&p, comments);
        g_autoptr(TwComments) again = tw_comments_new();
        g_clear_error(&error);
        tw_program_parse(&q, once, strlen(once), "h", TW_TEXT_STRICT, again,
                         NULL, &error);
        g_assert_no_error(error);
        g_assert_true(tw_program_equal(&p, &q));
        g_autofree char *twice = print(&q, again);
        g_assert_cmpstr(once, ==, twice);
    }
    g_assert_cmpuint(strict, >, 20);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/text/canonical", test_canonical);
    g_test_add_func("/text/order-is-free", test_order_is_free);
    g_test_add_func("/text/defaults", test_defaults);
    g_test_add_func("/text/identity", test_identity);
    g_test_add_func("/text/comments/kept", test_comments);
    g_test_add_func("/text/comments/anywhere", test_comments_anywhere);
    g_test_add_func("/text/comments/top", test_comments_top);
    g_test_add_func("/text/mistakes", test_mistakes);
    g_test_add_func("/text/counts", test_counts);
    g_test_add_func("/text/name-is-one-line", test_name_is_one_line);
    g_test_add_func("/text/lenient/lines", test_lenient);
    g_test_add_func("/text/lenient/version", test_lenient_version);
    g_test_add_func("/text/lenient/objects", test_lenient_objects);
    g_test_add_func("/text/hostile", test_hostile);
    return g_test_run();
}
