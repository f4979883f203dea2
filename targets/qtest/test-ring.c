/* SPDX-License-Identifier: MIT */
/*
 * `qemu-virtio-vtd`: what an element of a ring is, and that RAM has the bytes
 * of the program and nothing else.  Where an element of two pages goes, is for
 * the judge: QEMU's versions differ.
 */
#include <glib.h>
#include <stdio.h>
#include <string.h>

#include "program/test-program.h"
#include "targets/qtest/internal.h"

static TwTarget *target;
static TwProgram program;
static TwTrace trace;

#define OBJECTS \
    "twinwalk 1\n" \
    "region r0 iommu size 0x100000000 root s0 iommu i0\n" \
    "region r1 container size 0x100000000 root s1\n" \
    "region r2 ram size 0x400000 in r1 at 0x44000000\n" \
    "iommu i0 table indexes 2 select requester to s1 iotlb\n" \
    "setup\n" \
    "  map i0.0 0x44005000..0x44005fff -> s1 0x44004000 rw silent\n" \
    "  map i0.0 0x44007000..0x44007fff -> s1 0x4400a000 r silent\n" \
    "  map i0.1 0x44005000..0x44005fff -> s1 0x44008000 rw silent\n" \
    "script\n"

static void run(const char *script)
{
    g_autofree char *text = g_strconcat(OBJECTS, script, NULL);
    char why[160];

    test_parse(&program, text);
    if (!tw_dialect_admits(tw_target_dialect(target), &program, why,
                           sizeof(why))) {
        g_error("%s:\n%s", why, text);
    }
    g_assert_true(tw_target_run(target, &program, &trace));
    g_assert_cmpint(trace.end, ==, TW_END_DONE);
}

enum { REFUSED = -1 };

/* The store of operation `op` is at that offset of RAM, by halves, or was
 * refused. */
static void expect(unsigned op, int64_t offset)
{
    const TwOutcome *outcome = &trace.outcomes[op];

    if (offset == REFUSED) {
        g_assert_cmpint(outcome->class_, ==, TW_CLASS_DECODE_ERROR);
        return;
    }
    g_assert_cmpint(outcome->class_, ==, TW_CLASS_OK);
    g_assert_cmpuint(outcome->n_locations, ==, 2);
    g_assert_cmphex(trace.locations[outcome->location].offset, ==, offset);
    g_assert_cmphex(trace.locations[outcome->location + 1].offset, ==,
                    offset + 4);
}

/* RAM differs from what it began with by these stores alone: operation, offset,
 * and first and last byte of the store that is there; up to an offset of 0. */
static void expect_ram(const uint32_t (*stores)[4])
{
    uint64_t digest = 0;

    for (unsigned i = 0; stores[i][1] != 0; i++) {
        const TwOp *op = &program.script[stores[i][0]];

        for (unsigned k = stores[i][2]; k <= stores[i][3]; k++) {
            uint32_t at = stores[i][1] + k - stores[i][2];
            uint8_t byte =
                tw_content_tag(program.contents, stores[i][0], op->addr, k);

            if (byte != tw_content_initial(program.contents, 2, at)) {
                digest += tw_ram_digest_term(at, byte);
            }
        }
    }
    g_assert_cmphex(trace.digests[2], ==, digest);
}

/* Elements of both devices, via a mapping and not; one is of another area, one
 * is before the last one that was used. */
static void test_stores(void)
{
    static const uint32_t stores[][4] = {{1, 0x410c, 0, 7}, {2, 0x4134, 0, 7},
                                         {3, 0x4104, 0, 7}, {4, 0x4fc4, 0, 7},
                                         {6, 0x8114, 0, 7}, {8, 0x8244, 0, 7},
                                         {0, 0, 0, 0}};

    run("  dma-map m0 of s0 0x44005100 0x40 w none\n"
        "  dma-write s0 0x4400510c 8 none via m0\n"
        "  dma-write s0 0x44005134 8 none via m0\n"
        "  dma-write s0 0x44005104 8 none via m0\n"
        "  dma-write s0 0x44005fc4 8 none via m0\n"
        "  dma-map m2 of s0 0x44005100 0x40 w rid=1\n"
        "  dma-write s0 0x44005114 8 rid=1 via m2\n"
        "  dma-unmap m2\n"
        "  dma-write s0 0x44005244 8 rid=1\n");
    expect(1, 0x410c);
    expect(2, 0x4134);
    expect(3, 0x4104);
    expect(4, 0x4fc4);
    expect(6, 0x8114);
    expect(8, 0x8244);
    expect_ram(stores);
}

/* A ring whose page is not there, or may not be written; and later it may. */
static void test_refused(void)
{
    static const uint32_t stores[][4] = {{4, 0x910c, 0, 7}, {0, 0, 0, 0}};

    run("  dma-map m1 of s0 0x44006100 0x40 w none\n"
        "  dma-write s0 0x4400610c 8 none via m1\n"
        "  dma-write s0 0x4400710c 8 none\n"
        "  map i0.0 0x44006000..0x44006fff -> s1 0x44009000 rw silent\n"
        "  dma-write s0 0x4400610c 8 none via m1\n");
    expect(1, REFUSED);
    expect(2, REFUSED);
    g_assert_cmpint(trace.outcomes[1].reason.kind, ==, TW_REASON_RIGHTS);
    g_assert_cmphex(trace.outcomes[1].reason.address, ==, 0x44006000);
    g_assert_cmphex(trace.outcomes[2].reason.address, ==, 0x44007000);
    expect(4, 0x910c);
    expect_ram(stores);
}

/* An element of two pages is there as a whole, or not at all (AC-6): also where
 * the first page alone is refused. */
static void test_two_pages(void)
{
    static const uint32_t stores[][4] = {{1, 0x5ffc, 0, 7}, {0, 0, 0, 0}};

    run("  bypass i0 on\n"
        "  dma-write s0 0x44005ffc 8 none\n"
        "  bypass i0 off\n"
        "  dma-write s0 0x44004ffc 8 none\n");
    g_assert_cmpint(trace.outcomes[1].class_, ==, TW_CLASS_OK);
    g_assert_cmpint(trace.outcomes[1].n_locations, ==, 2);
    g_assert_cmphex(trace.locations[0].offset, ==, 0x5ffc);
    g_assert_cmphex(trace.locations[1].offset, ==, 0x6000);
    expect(3, REFUSED);
    g_assert_cmphex(trace.outcomes[3].reason.address, ==, 0x44004000);
    expect_ram(stores);
}

/* A queue that was set up while the device passed through, and the other way
 * round. */
static void test_bypass(void)
{
    run("  bypass i0 on\n"
        "  dma-map m0 of s0 0x44005100 0x40 w none\n"
        "  dma-write s0 0x4400510c 8 none via m0\n"
        "  bypass i0 off\n"
        "  dma-write s0 0x44005114 8 none via m0\n"
        "  bypass i0 on\n"
        "  dma-write s0 0x4400511c 8 none via m0\n");
    expect(2, 0x510c);
    expect(4, 0x4114);
    expect(6, 0x511c);
}

/* Another device does not use the mapping, and a mapping ends with its program.
 */
static void test_others(void)
{
    run("  dma-map m0 of s0 0x44005100 0x40 w none\n"
        "  dma-write s0 0x44005104 8 rid=1 via m0\n");
    expect(1, 0x8104);
    run("  dma-unmap m0\n"
        "  dma-write s0 0x44005104 8 none via m0\n"
        "  dma-write s0 0x44005104 8 none\n");
    g_assert_cmpint(trace.outcomes[0].status, ==, TW_STATUS_SKIPPED);
    g_assert_cmpint(trace.outcomes[1].status, ==, TW_STATUS_SKIPPED);
    expect(2, 0x4104);
}

int main(int argc, char **argv)
{
    TwTargetOptions options = {.name = "qemu-virtio-vtd"};
    g_autoptr(GError) error = NULL;

    g_test_init(&argc, &argv, NULL);
    options.qemu = argc > 1 ? argv[1] : NULL;
    target = tw_target_open(&options, &error);
    if (target == NULL) {
        printf("1..0 # SKIP %s\n", error->message);
        return 0;
    }
    g_test_add_func("/ring/stores", test_stores);
    g_test_add_func("/ring/refused", test_refused);
    g_test_add_func("/ring/AC-6/two-pages", test_two_pages);
    g_test_add_func("/ring/RU-9/bypass", test_bypass);
    g_test_add_func("/ring/others", test_others);
    argc = g_test_run();
    tw_target_close(target);
    return argc;
}
