/* SPDX-License-Identifier: MIT */
/*
 * The target "unicorn-vtlb", by programs made by hand.  Where the library has
 * no virtual TLB (before 2.1), that the target says so.
 *
 * The physical side; virtual pages are of 0x400:
 *
 *   0x0000 r1 ram 0x1000   0x1000 r2 mmio 0x2000   0x3000 r3 ram 0x1000
 */
#include <string.h>

#include "program/content.h"
#include "program/text/text.h"
#include "targets/target.h"
#include "targets/unicorn/library.h"

#define WORLD \
    "twinwalk 1\npage 1024\nhops 16\n" \
    "region r0 container size 2^64\n" \
    "region r1 ram size 0x1000 in r0 at 0x0\n" \
    "region r2 mmio size 0x2000 in r0 at 0x1000\n" \
    "region r3 ram size 0x1000 in r0 at 0x3000\n" \
    "space s0 root r0\ncpu c0 tlb 8\nmmu c0.0 space s0\n" \
    "setup\n" \
    "  page c0.0 0x8000 -> 0x0 size 0x400 rw\n" \
    "  page c0.0 0x8400 -> 0x3400 size 0x400 rw\n" \
    "  page c0.0 0x9000 -> 0x1000 size 0x1000 rw\n" \
    "  page c0.0 0xa000 -> 0x2000 size 0x1000 rw\n" \
    "  page c0.0 0xc000 -> 0x0 size 0x400 r\n" \
    "  page c0.0 0xc400 -> 0x100000 size 0x400 rw\n" \
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

static void expect(unsigned op, unsigned class_, uint64_t value)
{
    g_assert_cmpint(trace.outcomes[op].status, ==, TW_STATUS_DONE);
    g_assert_cmpint(trace.outcomes[op].class_, ==, class_);
    g_assert_cmphex(trace.outcomes[op].value, ==, value);
}

static uint64_t ram(unsigned region, uint64_t offset)
{
    return tw_content_initial(TW_CONTENTS_DATA, program.regions[region].block,
                              offset);
}

static uint64_t device(uint64_t offset)
{
    return tw_device_byte(2, offset, program.cpus[0].mmu[0].attrs);
}

/* Pages lead anywhere, in steps smaller than what can be mapped. */
static void test_pages(void)
{
    run(WORLD "  read c0.0 0x8005 1\n"
              "  read c0.0 0x8405 1\n"
              "  read c0.0 0x87ff 1\n"
              "  read c0.0 0x9007 1\n"
              "  read c0.0 0xa3ff 1\n");
    expect(0, TW_CLASS_OK, ram(1, 0x5));
    expect(1, TW_CLASS_OK, ram(3, 0x405));
    expect(2, TW_CLASS_OK, ram(3, 0x7ff));
    expect(3, TW_CLASS_OK, device(0x7));
    expect(4, TW_CLASS_OK, device(0x13ff));
}

/* An access over two pages, each of which leads elsewhere; the device is told
 * of the bytes in the order of the guest. */
static void test_crossing(void)
{
    run(WORLD "  read c0.0 0x83ff 2\n"
              "  c0: page c0.0 0x8800 -> 0x2c00 size 0x400 rw\n"
              "  c0: page c0.0 0x8c00 -> 0x1000 size 0x400 rw\n"
              "  write c0.0 0x8bfd 7\n");
    expect(0, TW_CLASS_OK, ram(1, 0x3ff) | ram(3, 0x400) << 8);
    expect(3, TW_CLASS_OK, 0);
    g_assert_cmpuint(trace.n_log, ==, 7);
    for (unsigned i = 0; i < 7; i++) {
        g_assert_cmphex(trace.log[i].offset, ==, i < 3 ? 0x1ffd + i : i - 3);
        g_assert_cmphex(trace.log[i].byte, ==,
                        tw_content_tag(TW_CONTENTS_DATA, 3, 0x8bfd, i));
    }
}

static void test_refusals(void)
{
    run(WORLD "  write c0.0 0xc000 4\n"
              "  read c0.0 0x20000 4\n"
              "  read c0.0 0xc400 4\n"
              "  read c0.0 0xc000 1\n");
    expect(0, TW_CLASS_PAGE_FAULT, 0);
    expect(1, TW_CLASS_PAGE_FAULT, 0);
    expect(2, TW_CLASS_DECODE_ERROR, 0);
    expect(3, TW_CLASS_OK, ram(1, 0));
}

/* What the TLB kept may be used until the flush, and not after it. */
static void test_flush(void)
{
    static const char *const flushes[] = {"flush-page c0.0 0x8000",
                                          "flush-range c0.0 0x8000 1 bits 64",
                                          "flush-index c0.0", "flush-all c0"};

    for (unsigned i = 0; i < G_N_ELEMENTS(flushes); i++) {
        g_autofree char *text = g_strdup_printf(
            WORLD "  read c0.0 0x8005 1\n"
                  "  c0: page c0.0 0x8000 -> 0x3000 size 0x400 rw\n"
                  "  read c0.0 0x8005 1\n"
                  "  c0: %s\n"
                  "  read c0.0 0x8005 1\n"
                  "  c0: unpage c0.0 0x8000 size 0x400\n"
                  "  c0: %s\n"
                  "  read c0.0 0x8005 1\n",
            flushes[i], flushes[i]);

        run(text);
        expect(0, TW_CLASS_OK, ram(1, 0x5));
        expect(2, TW_CLASS_OK, ram(1, 0x5)); /* it is a cache */
        expect(4, TW_CLASS_OK, ram(3, 0x5));
        expect(7, TW_CLASS_PAGE_FAULT, 0);
    }
}

/* Memory that goes is gone at once; what is left of a device keeps its
 * offsets. */
static void test_commits(void)
{
    run(WORLD "  read c0.0 0x8005 1\n"
              "  read c0.0 0xa005 1\n"
              "  enable r1 off\n"
              "  read c0.0 0x8005 1\n"
              "  move r3 at 0x1000\n"
              "  read c0.0 0xa005 1\n"
              "  read c0.0 0x8405 1\n"
              "  priority r3 prio 1\n"
              "  read c0.0 0xa005 1\n"
              "  read c0.0 0x9005 1\n");
    expect(0, TW_CLASS_OK, ram(1, 0x5));
    expect(1, TW_CLASS_OK, device(0x1005));
    expect(3, TW_CLASS_DECODE_ERROR, 0);
    expect(5, TW_CLASS_OK, device(0x1005));
    expect(6, TW_CLASS_DECODE_ERROR, 0);
    expect(8, TW_CLASS_OK, device(0x1005));
    expect(9, TW_CLASS_OK, ram(3, 0x5));
}

static void test_refused(void)
{
    const TwTargetOptions options = {.name = "unicorn-vtlb"};
    GError *error = NULL;

    g_assert_null(tw_target_open(&options, &error));
    g_assert_error(error, TW_TARGET_ERROR, TW_TARGET_ERROR_ENVIRONMENT);
    g_assert_nonnull(strstr(error->message, "libunicorn 2.1 or newer"));
    g_error_free(error);
}

/* Is the installed library one that has it? */
static bool is_there(void)
{
    GError *error = NULL;
    Library lib;

    tw_uc_library_open(&lib, "test", NULL, &error);
    g_assert_no_error(error);
    return lib.release >= TW_UC_RELEASE(2, 1, 0);
}

int main(int argc, char **argv)
{
    static const struct {
        const char *path;
        void (*test)(void);
    } tests[] = {
        {"/unicorn-vtlb/pages", test_pages},
        {"/unicorn-vtlb/crossing", test_crossing},
        {"/unicorn-vtlb/refusals", test_refusals},
        {"/unicorn-vtlb/flush", test_flush},
        {"/unicorn-vtlb/commits", test_commits},
    };
    const TwTargetOptions options = {.name = "unicorn-vtlb"};
    GError *error = NULL;
    int code;

    g_test_init(&argc, &argv, NULL);
    if (!is_there()) {
        g_test_add_func("/unicorn-vtlb/refused", test_refused);
        return g_test_run();
    }
    target = tw_target_open(&options, &error);
    g_assert_no_error(error);
    for (unsigned i = 0; i < G_N_ELEMENTS(tests); i++) {
        g_test_add_func(tests[i].path, tests[i].test);
    }
    code = g_test_run();
    tw_target_close(target);
    return code;
}
