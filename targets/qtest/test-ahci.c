/* SPDX-License-Identifier: MIT */
/*
 * `qemu-vtd-ahci`: what a mapping of a device is, and what it is not; RAM has
 * the bytes of the program and nothing else.  Whether a mapping outlives a
 * command is for the judge: QEMU's versions may differ.
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
    "twinwalk 1\ncontents inert\n" \
    "region r0 iommu size 0x100000000 root s0 iommu i0\n" \
    "region r1 container size 0x100000000 root s1\n" \
    "region r2 ram size 0x400000 in r1 at 0x44000000\n" \
    "iommu i0 table indexes 2 select requester to s1 iotlb\n" \
    "setup\n" \
    "  map i0.0 0x44005000..0x44005fff -> s1 0x44004000 rw silent\n" \
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

/* The store of operation `op` is at that offset of RAM, or was refused. */
static void expect(unsigned op, int64_t offset)
{
    const TwOutcome *outcome = &trace.outcomes[op];

    if (offset == REFUSED) {
        g_assert_cmpint(outcome->class_, ==, TW_CLASS_DECODE_ERROR);
        return;
    }
    g_assert_cmpint(outcome->class_, ==, TW_CLASS_OK);
    g_assert_cmpuint(outcome->n_locations, ==, 1);
    g_assert_cmphex(trace.locations[outcome->location].offset, ==, offset);
}

/* RAM differs from what it began with by these stores alone: pairs of operation
 * and offset, up to an offset of 0. */
static void expect_ram(const uint32_t (*stores)[2])
{
    uint64_t digest = 0;

    for (unsigned i = 0; stores[i][1] != 0; i++) {
        const TwOp *op = &program.script[stores[i][0]];

        for (unsigned k = 0; k < 8; k++) {
            uint32_t at = stores[i][1] + k;
            uint8_t byte =
                tw_content_tag(program.contents, stores[i][0], op->addr, k);

            if (byte != tw_content_initial(program.contents, 2, at)) {
                digest += tw_ram_digest_term(at, byte);
            }
        }
    }
    g_assert_cmphex(trace.digests[2], ==, digest);
}

/* Stores of both devices, via a mapping and not; one is of another area. */
static void test_stores(void)
{
    static const uint32_t stores[][2] = {
        {1, 0x4140}, {2, 0x4f40}, {4, 0x8140}, {6, 0x8240}, {0, 0}};

    run("  dma-map m0 of s0 0x44005100 0x100 w none\n"
        "  dma-write s0 0x44005140 8 none via m0\n"
        "  dma-write s0 0x44005f40 8 none via m0\n"
        "  dma-map m2 of s0 0x44005100 0x100 w rid=1\n"
        "  dma-write s0 0x44005140 8 rid=1 via m2\n"
        "  dma-unmap m2\n"
        "  dma-write s0 0x44005240 8 rid=1\n");
    expect(1, 0x4140);
    expect(2, 0x4f40);
    expect(4, 0x8140);
    expect(6, 0x8240);
    expect_ram(stores);
}

/* A port that cannot map is stopped: nothing is stored late, and accesses via
 * the mapping walk. */
static void test_nothing_mapped(void)
{
    static const uint32_t stores[][2] = {{4, 0x9140}, {0, 0}};

    run("  dma-map m1 of s0 0x44006100 0x100 w none\n"
        "  dma-write s0 0x44006140 8 none via m1\n"
        "  dma-map m0 of s0 0x44007100 0x100 w none\n"
        "  map i0.0 0x44006000..0x44006fff -> s1 0x44009000 rw silent\n"
        "  dma-write s0 0x44006140 8 none via m1\n"
        "  dma-write s0 0x44007140 8 none via m0\n"
        "  dma-unmap m1\n"
        "  dma-unmap m0\n");
    expect(1, REFUSED);
    g_assert_cmpint(trace.outcomes[1].reason.kind, ==, TW_REASON_RIGHTS);
    g_assert_cmphex(trace.outcomes[1].reason.address, ==, 0x44006000 + 0x40);
    expect(4, 0x9140);
    expect(5, REFUSED);
    expect_ram(stores);
}

/* A load has the bytes of its address at first. */
static void expect_load(unsigned op, int64_t offset)
{
    const TwOutcome *outcome = &trace.outcomes[op];
    uint64_t value = 0;

    if (offset == REFUSED) {
        g_assert_cmpint(outcome->class_, ==, TW_CLASS_DECODE_ERROR);
        return;
    }
    for (unsigned k = 0; k < 8; k++) {
        value |= (uint64_t)tw_content_initial(program.contents, 2,
                                              (uint64_t)offset + k)
                 << 8 * k;
    }
    g_assert_cmpint(outcome->class_, ==, TW_CLASS_OK);
    g_assert_cmphex(outcome->value, ==, value);
}

/* Loads of both devices, via a mapping and not: of the first and of the last
 * slot of a list that such a load may have.  RAM is as before. */
static void test_loads(void)
{
    static const uint32_t stores[][2] = {{0, 0}};

    run("  dma-map m0 of s0 0x44005000 0x100 r none\n"
        "  dma-read s0 0x44005040 8 none via m0\n"
        "  dma-read s0 0x44005f40 8 none via m0\n"
        "  dma-map m2 of s0 0x44005700 0x100 r rid=1\n"
        "  dma-read s0 0x44005740 8 rid=1 via m2\n"
        "  dma-unmap m2\n"
        "  dma-read s0 0x44005240 8 rid=1\n"
        "  dma-read s0 0x44006240 8 rid=1\n");
    expect_load(1, 0x4040);
    expect_load(2, 0x4f40);
    expect_load(4, 0x8740);
    expect_load(6, 0x8240);
    expect_load(7, REFUSED);
    g_assert_cmpint(trace.outcomes[7].reason.kind, ==, TW_REASON_RIGHTS);
    expect_ram(stores);
}

/* A store via the mapping of a list, and a load via that of an area, walk; a
 * list that cannot be mapped is not used later. */
static void test_kinds(void)
{
    static const uint32_t stores[][2] = {{2, 0x9140}, {0, 0}};

    run("  dma-map m0 of s0 0x44005100 0x100 r none\n"
        "  map i0.0 0x44005000..0x44005fff -> s1 0x44009000 rw notified\n"
        "  dma-write s0 0x44005140 8 none via m0\n"
        "  dma-map m1 of s0 0x44006100 0x100 r none\n"
        "  dma-read s0 0x44006140 8 none via m1\n"
        "  map i0.0 0x44006000..0x44006fff -> s1 0x4400a000 rw silent\n"
        "  dma-read s0 0x44006140 8 none via m1\n"
        "  dma-map m2 of s0 0x44006300 0x100 w none\n"
        "  dma-read s0 0x44006340 8 none via m2\n");
    expect(2, 0x9140);
    expect_load(4, REFUSED);
    expect_load(6, 0xa140);
    expect_load(8, 0xa340);
    expect_ram(stores);
}

/* Another device does not use the mapping, and a mapping ends with its program.
 */
static void test_others(void)
{
    run("  dma-map m0 of s0 0x44005100 0x100 w none\n"
        "  dma-write s0 0x44005140 8 rid=1 via m0\n");
    expect(1, 0x8140);
    run("  dma-unmap m0\n"
        "  dma-write s0 0x44005140 8 none via m0\n"
        "  dma-write s0 0x44005140 8 none\n");
    g_assert_cmpint(trace.outcomes[0].status, ==, TW_STATUS_SKIPPED);
    g_assert_cmpint(trace.outcomes[1].status, ==, TW_STATUS_SKIPPED);
    expect(2, 0x4140);
}

/* A new mapping is of the page where the address leads now. */
static void test_again(void)
{
    run("  dma-map m0 of s0 0x44005100 0x100 w none\n"
        "  map i0.0 0x44005000..0x44005fff -> s1 0x4400a000 rw notified\n"
        "  dma-unmap m0\n"
        "  dma-map m0 of s0 0x44005100 0x100 w none\n"
        "  dma-write s0 0x44005140 8 none via m0\n");
    expect(4, 0xa140);
}

int main(int argc, char **argv)
{
    TwTargetOptions options = {.name = "qemu-vtd-ahci"};
    g_autoptr(GError) error = NULL;

    g_test_init(&argc, &argv, NULL);
    options.qemu = argc > 1 ? argv[1] : NULL;
    target = tw_target_open(&options, &error);
    if (target == NULL) {
        printf("1..0 # SKIP %s\n", error->message);
        return 0;
    }
    g_test_add_func("/ahci/stores", test_stores);
    g_test_add_func("/ahci/RU-9/nothing-mapped", test_nothing_mapped);
    g_test_add_func("/ahci/loads", test_loads);
    g_test_add_func("/ahci/kinds", test_kinds);
    g_test_add_func("/ahci/others", test_others);
    g_test_add_func("/ahci/again", test_again);
    argc = g_test_run();
    tw_target_close(target);
    return argc;
}
