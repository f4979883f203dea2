/* SPDX-License-Identifier: MIT */
/*
 * The target "unicorn-snapshot", by programs made by hand.  Where the library
 * saves no memory (before 2.1), that the target says so.
 *
 *   0x0000 r1 ram 0x3000   0x4000 r2 mmio 0x1000   0x6000 r3 ram 0x1000
 */
#include <string.h>

#include "program/content.h"
#include "program/text/text.h"
#include "targets/target.h"
#include "targets/unicorn/library.h"

#define WORLD \
    "twinwalk 1\n" \
    "region r0 container size 2^64 root s0\n" \
    "region r1 ram size 0x3000 in r0 at 0x0\n" \
    "region r2 mmio size 0x1000 in r0 at 0x4000\n" \
    "region r3 ram size 0x1000 in r0 at 0x6000\n" \
    "mmu c0.0 space s0\n" \
    "setup\n" \
    "  page c0.0 0x0 -> 0x0 size 0x2000 rw\n" \
    "  page c0.0 0x2000 -> 0x2000 size 0x1000 r\n" \
    "  page c0.0 0x4000 -> 0x4000 size 0x1000 rw\n" \
    "script\n"

static TwProgram program;
static TwTrace trace;
static TwTarget *target;

static void run(const char *text)
{
    GError *error = NULL;

    tw_program_parse(&program, text, strlen(text), "test", TW_TEXT_STRICT, NULL,
                     NULL, &error);
    g_assert_no_error(error);
    g_assert_true(tw_target_run(target, &program, &trace));
    g_assert_cmpstr(trace.text, ==, "");
    g_assert_cmpint(trace.end, ==, TW_END_DONE);
}

static void expect(unsigned op, uint64_t value)
{
    g_assert_cmpint(trace.outcomes[op].status, ==, TW_STATUS_DONE);
    g_assert_cmpint(trace.outcomes[op].class_, ==, TW_CLASS_OK);
    g_assert_cmphex(trace.outcomes[op].value, ==, value);
}

static uint64_t initial(unsigned region, uint64_t offset)
{
    uint64_t value = 0;

    for (unsigned k = 0; k < 8; k++) {
        value |= (uint64_t)tw_content_initial(TW_CONTENTS_DATA,
                                              program.regions[region].block,
                                              offset + k)
                 << 8 * k;
    }
    return value;
}

static uint64_t stored(unsigned op)
{
    uint64_t value = 0;

    for (unsigned k = 0; k < program.script[op].size; k++) {
        value |= (uint64_t)tw_content_tag(TW_CONTENTS_DATA, op,
                                          program.script[op].addr, k)
                 << 8 * k;
    }
    return value;
}

/* What guest and host store after it is gone after each restore. */
static void test_contents(void)
{
    run(WORLD "  snapshot\n"
              "  write c0.0 0x8 8\n"
              "  dma-write s0 0x1010 8 none\n"
              "  read c0.0 0x8 8\n"
              "  read c0.0 0x1010 8\n"
              "  restore\n"
              "  read c0.0 0x8 8\n"
              "  dma-read s0 0x1010 8 none\n"
              "  rmw c0.0 0x8 8\n"
              "  restore\n"
              "  dma-read s0 0x8 8 none\n");
    expect(3, stored(1));
    expect(4, stored(2));
    expect(6, initial(1, 0x8));
    expect(7, initial(1, 0x1010));
    expect(8, initial(1, 0x8));
    expect(10, initial(1, 0x8));
    g_assert_cmphex(trace.digests[program.regions[1].block], ==, 0);
}

/* A later snapshot takes the place of the first; what was not undone counts in
 * the digest. */
static void test_again(void)
{
    run(WORLD "  snapshot\n"
              "  write c0.0 0x8 8\n"
              "  flush-all all\n"
              "  snapshot\n"
              "  write c0.0 0x8 8\n"
              "  write c0.0 0x1008 8\n"
              "  restore\n"
              "  read c0.0 0x8 8\n"
              "  read c0.0 0x1008 8\n");
    uint64_t digest = 0;

    expect(7, stored(1));
    expect(8, initial(1, 0x1008));
    for (unsigned k = 0; k < 8; k++) {
        digest += tw_ram_digest_term(8 + k, (uint8_t)(stored(1) >> 8 * k));
    }
    g_assert_cmphex(trace.digests[program.regions[1].block], ==, digest);
}

/* RAM that no page shows is not in the library; an access of the host may be
 * half in it. */
static void test_host(void)
{
    run(WORLD "  dma-write s0 0x6000 8 none\n"
              "  snapshot\n"
              "  write c0.0 0x1008 8\n"
              "  dma-write s0 0x6000 8 none\n"
              "  dma-write s0 0x6010 8 none\n"
              "  restore\n"
              "  dma-read s0 0x6000 8 none\n"
              "  dma-read s0 0x6010 8 none\n"
              "  read c0.0 0x1008 8\n");
    expect(6, stored(0));
    expect(7, initial(3, 0x10));
    expect(8, initial(1, 0x1008));
}

/* Accesses are refused after a snapshot as before it, devices are asked. */
static void test_refusals(void)
{
    run(WORLD "  snapshot\n"
              "  write c0.0 0x4000 4\n"
              "  write c0.0 0x2000 8\n"
              "  read c0.0 0x6000 8\n"
              "  restore\n"
              "  write c0.0 0x4004 4\n"
              "  write c0.0 0x2000 8\n"
              "  read c0.0 0x2000 8\n");
    g_assert_cmpint(trace.outcomes[2].class_, ==, TW_CLASS_PAGE_FAULT);
    g_assert_cmpint(trace.outcomes[3].class_, ==, TW_CLASS_PAGE_FAULT);
    g_assert_cmpint(trace.outcomes[6].class_, ==, TW_CLASS_PAGE_FAULT);
    expect(7, initial(1, 0x2000));
    g_assert_cmpuint(trace.n_log, ==, 8);
    g_assert_cmphex(trace.log[7].offset, ==, 7);
}

/* The next program begins where this one began. */
static void test_next(void)
{
    run(WORLD "  write c0.0 0x8 8\n"
              "  snapshot\n"
              "  write c0.0 0x10 8\n");
    run(WORLD "  restore\n"
              "  read c0.0 0x8 8\n"
              "  read c0.0 0x10 8\n");
    g_assert_cmpint(trace.outcomes[0].status, ==, TW_STATUS_SKIPPED);
    expect(1, initial(1, 0x8));
    expect(2, initial(1, 0x10));
}

static const char *const names[] = {
    "unicorn-snapshot", "unicorn-snapshot:x86-64", "unicorn-snapshot:riscv64",
    "unicorn-snapshot:arm64@high"};

static void test_refused(void)
{
    const TwTargetOptions options = {.name = names[0]};
    GError *error = NULL;

    g_assert_null(tw_target_open(&options, &error));
    g_assert_error(error, TW_TARGET_ERROR, TW_TARGET_ERROR_ENVIRONMENT);
    g_assert_nonnull(strstr(error->message, "libunicorn 2.1 or newer"));
    g_error_free(error);
}

static void test_all(const void *name)
{
    const TwTargetOptions options = {.name = name};
    GError *error = NULL;

    target = tw_target_open(&options, &error);
    g_assert_no_error(error);
    test_contents();
    test_again();
    test_host();
    test_refusals();
    test_next();
    tw_target_close(target);
}

int main(int argc, char **argv)
{
    GError *error = NULL;
    Library lib;

    g_test_init(&argc, &argv, NULL);
    tw_uc_library_open(&lib, "test", NULL, &error);
    g_assert_no_error(error);
    if (lib.release < TW_UC_RELEASE(2, 1, 0)) {
        g_test_add_func("/unicorn-snapshot/refused", test_refused);
        return g_test_run();
    }
    for (unsigned i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *path = g_strdup_printf("/%s/LA-40", names[i]);

        g_test_add_data_func(path, names[i], test_all);
    }
    return g_test_run();
}
