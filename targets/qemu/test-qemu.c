/* SPDX-License-Identifier: MIT */
/*
 * A target "qemu-ARCH" (ARCH: the first argument): programs made by hand with
 * the outcomes that they must have, and processes that end, stop or never were.
 */
#include <glib.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "process/tasks.h"
#include "program/content.h"
#include "program/test-program.h"
#include "targets/qemu/internal.h"

static char *name; /* of the target */

static TwTarget *open_with(const char *qemu, const char *args,
                           uint32_t timeout_ms, GError **error)
{
    TwTargetOptions options = {.name = name,
                               .qemu = qemu,
                               .qemu_args = args,
                               .timeout_ms = timeout_ms};

    return tw_target_open(&options, error);
}

static TwTarget *open_target(void)
{
    GError *error = NULL;
    TwTarget *target = open_with(NULL, NULL, 0, &error);

    g_assert_no_error(error);
    return target;
}

#define REGIONS \
    "region r0 container size 2^64 root s0\n" \
    "region r1 ram size 0x40000000 in r0\n" \
    "mmu c0.0 space s0\nmmu c0.1 space s0\n"
#define RAM "twinwalk 1\n" REGIONS

typedef struct Kit {
    TwProgram program;
    TwTrace trace;
} Kit;

/* Runs a program and expects it to be done. */
static void run(TwTarget *target, Kit *kit, const char *text)
{
    test_parse(&kit->program, text);
    g_assert_true(tw_target_run(target, &kit->program, &kit->trace));
    if (kit->trace.end != TW_END_DONE) {
        g_error("%s: %s", tw_end_name(kit->trace.end), kit->trace.text);
    }
    g_assert_cmpuint(kit->trace.n_ops, ==, kit->program.n_script);
}

static uint64_t initial(uint64_t offset, unsigned size)
{
    uint64_t value = 0;

    for (unsigned k = 0; k < size; k++) {
        value |= (uint64_t)tw_ram_initial(1, offset + k) << 8 * k;
    }
    return value;
}

static uint64_t stored(unsigned op, unsigned size)
{
    uint64_t value = 0;

    for (unsigned k = 0; k < size; k++) {
        value |= (uint64_t)tw_store_tag(op, k) << 8 * k;
    }
    return value;
}

static void expect(const Kit *kit, unsigned op, uint64_t value)
{
    g_assert_cmpint(kit->trace.outcomes[op].class_, ==, TW_CLASS_OK);
    g_assert_cmphex(kit->trace.outcomes[op].value, ==, value);
}

static void expect_class(const Kit *kit, unsigned op, TwClass class_)
{
    if (kit->trace.outcomes[op].class_ != class_) {
        g_error("op %u: %s, expected %s", op,
                tw_class_name(kit->trace.outcomes[op].class_),
                tw_class_name(class_));
    }
    g_assert_cmphex(kit->trace.outcomes[op].value, ==, 0);
}

/* Accesses ----------------------------------------------------------------- */

/* Every size, both indexes, pages of all sizes, across the end of a page; and
 * the digest of what was stored. */
static void test_data(void)
{
    TwTarget *target = open_target();
    g_autofree Kit *kit = g_new(Kit, 1);
    uint64_t sum = 0;

    run(target, kit,
        RAM "setup\n"
            "  page c0.0 0x1000 -> 0x5000 size 0x1000 rw\n"
            "  page c0.0 0x2000 -> 0x9000 size 0x1000 rw\n"
            "  page c0.0 0x40200000 -> 0x200000 size 0x200000 rw\n"
            "  page c0.1 0x80000000 -> 0x0 size 0x40000000 rw\n"
            "script\n"
            "  read c0.0 0x1000 1\n  read c0.0 0x1002 2\n"
            "  read c0.0 0x1004 4\n  read c0.0 0x1008 8\n"
            "  write c0.0 0x1010 1\n  write c0.0 0x1012 2\n"
            "  write c0.0 0x1014 4\n  write c0.0 0x1018 8\n"
            "  read c0.0 0x1018 8\n  rmw c0.0 0x1018 8\n"
            "  read c0.0 0x1018 8\n  write c0.0 0x1ffc 8\n"
            "  read c0.0 0x1ffc 8\n  read c0.0 0x40200008 8\n"
            "  read c0.1 0x80200010 8\n  read c0.1 0x80009000 4\n");
    expect(kit, 0, initial(0x5000, 1));
    expect(kit, 1, initial(0x5002, 2));
    expect(kit, 2, initial(0x5004, 4));
    expect(kit, 3, initial(0x5008, 8));
    expect(kit, 8, stored(7, 8));
    expect(kit, 9, stored(7, 8));
    expect(kit, 10, stored(9, 8));
    expect(kit, 12, stored(11, 8));
    expect(kit, 13, initial(0x200008, 8));
    expect(kit, 14, initial(0x200010, 8));
    expect(kit, 15, stored(11, 8) >> 32);
    for (unsigned i = 0; i < 3; i++) {
        for (unsigned k = 0; k < 1u << i; k++) {
            sum += tw_ram_digest_term(0x5010 + (i ? 1u << i : 0) + k,
                                      tw_store_tag(4 + i, k));
        }
    }
    for (unsigned k = 0; k < 8; k++) {
        sum += tw_ram_digest_term(0x5018 + k, tw_store_tag(9, k));
        sum += tw_ram_digest_term(k < 4 ? 0x5ffc + k : 0x9000 + k - 4,
                                  tw_store_tag(11, k));
    }
    g_assert_cmphex(kit->trace.digests[1], ==, sum);
    tw_target_close(target);
}

static void test_refusals(void)
{
    TwTarget *target = open_target();
    g_autofree Kit *kit = g_new(Kit, 1);

    if (tw_target_dialect(target)->full_ram) {
        run(target, kit,
            RAM "setup\n  page c0.0 0x1000 -> 0x1000 size 0x1000 r\n"
                "  page c0.0 0x2000 -> 0x2000 size 0x1000 none\n"
                "script\n  read c0.0 0x1000 4\n  write c0.0 0x1000 4\n"
                "  rmw c0.0 0x1000 4\n  read c0.0 0x2000 4\n"
                "  read c0.0 0x1ffe 4\n  read c0.0 0x5000 1\n");
        expect(kit, 0, initial(0x1000, 4));
        for (unsigned op = 1; op < 6; op++) {
            expect_class(kit, op, TW_CLASS_PAGE_FAULT);
        }
        tw_target_close(target);
        return;
    }
    run(target, kit,
        "twinwalk 1\nregion r0 container size 2^64 root s0\n"
        "region r1 ram size 0x4000 in r0\nmmu c0.0 space s0\n"
        "setup\n"
        "  page c0.0 0x1000 -> 0x1000 size 0x1000 r\n"
        "  page c0.0 0x2000 -> 0x2000 size 0x1000 none\n"
        "  page c0.0 0x3000 -> 0x4000 size 0x1000 rwx\n"
        "  page c0.0 0x200000 -> 0x0 size 0x200000 rwx\n"
        "script\n"
        "  read c0.0 0x1000 4\n  write c0.0 0x1000 4\n"
        "  rmw c0.0 0x1000 4\n  read c0.0 0x2000 4\n"
        "  read c0.0 0x3000 4\n  write c0.0 0x3000 8\n"
        "  read c0.0 0x5000 1\n  read c0.0 0x203ff8 8\n"
        "  read c0.0 0x204000 8\n  read c0.0 0x1ffe 4\n");
    expect(kit, 0, initial(0x1000, 4));
    expect_class(kit, 1, TW_CLASS_PAGE_FAULT);
    expect_class(kit, 2, TW_CLASS_PAGE_FAULT);
    expect_class(kit, 3, TW_CLASS_PAGE_FAULT);
    expect_class(kit, 4, TW_CLASS_DECODE_ERROR);
    expect_class(kit, 5, TW_CLASS_DECODE_ERROR);
    expect_class(kit, 6, TW_CLASS_PAGE_FAULT);
    expect(kit, 7, initial(0x3ff8, 8));
    expect_class(kit, 8, TW_CLASS_DECODE_ERROR);
    expect_class(kit, 9, TW_CLASS_PAGE_FAULT);
    g_assert_cmphex(kit->trace.digests[1], ==, 0);
    tw_target_close(target);
}

/* What a change means once it has been flushed, by each kind of flush. */
static void test_flushes(void)
{
    static const char *const flushes[] = {
        "flush-page c0.0 0x201000",
        "flush-page c0.0 0x3ff000",
        "flush-range c0.0 0x201000 0x1000 bits 64",
        "flush-range c0.0 0x3fe000 0x5000 bits 64",
        "flush-range c0.0 0x100000 0x200001 bits 56",
        "flush-range c0.0 0x0 0x1000000000 bits 64",
        "flush-index c0.0",
        "flush-all c0",
    };
    TwTarget *target = open_target();
    g_autofree Kit *kit = g_new(Kit, 1);

    for (unsigned i = 0; i < G_N_ELEMENTS(flushes); i++) {
        g_autofree char *text = g_strdup_printf(
            RAM "setup\n  page c0.0 0x200000 -> 0x0 size 0x200000 rwx\n"
                "script\n  read c0.0 0x201008 8\n"
                "  page c0.0 0x200000 -> 0x200000 size 0x200000 rwx\n"
                "  %s\n  read c0.0 0x201008 8\n"
                "  page c0.0 0x201000 -> 0x7000 size 0x1000 rwx\n"
                "  %s\n  read c0.0 0x201008 8\n  read c0.0 0x202008 8\n"
                "  unpage c0.0 0x200000 size 0x200000\n"
                "  %s\n  read c0.0 0x202008 8\n",
            flushes[i], flushes[i], flushes[i]);

        run(target, kit, text);
        expect(kit, 0, initial(0x1008, 8));
        expect(kit, 3, initial(0x201008, 8));
        if (i != 1 && i != 3) { /* those need not end what is at 0x201000 */
            expect(kit, 6, initial(0x7008, 8));
        }
        expect(kit, 7, initial(0x202008, 8));
        expect_class(kit, 10, TW_CLASS_PAGE_FAULT);
    }
    tw_target_close(target);
}

/* The fourth flush ends the answer of operation 9. */
#define CHANGE(to) \
    "  page c0.0 0x1000 -> " to " size 0x1000 rw\n" \
    "  flush-page c0.0 0x1000\n  read c0.0 0x1008 8\n"
#define DROPPED \
    RAM "setup\n  page c0.0 0x1000 -> 0x0 size 0x1000 rw\n" \
        "script\n  read c0.0 0x1008 8\n" CHANGE("0x1000") CHANGE("0x2000") \
            CHANGE("0x3000") CHANGE("0x4000") CHANGE("0x5000")

/* With --drop-flushes the fourth flush of a program is left out. */
static void test_drop(void)
{
    TwTargetOptions options = {.name = name, .drop_flushes = true};
    GError *error = NULL;
    TwTarget *target = tw_target_open(&options, &error);
    g_autofree Kit *kit = g_new(Kit, 1);

    g_assert_no_error(error);
    run(target, kit, DROPPED);
    for (unsigned i = 1; i <= 5; i++) {
        expect(kit, 3 * i, initial((i == 4 ? 3 : i) * 0x1000 + 8, 8));
    }
    tw_target_close(target);
}

/* The trace says that bytes first .. first + length - 1 of a store are at
 * `offset` of r1. */
static void expect_place(const Kit *kit, unsigned op, unsigned i,
                         unsigned first, unsigned length, uint64_t offset)
{
    const TwOutcome *outcome = &kit->trace.outcomes[op];
    const TwLocation *at = &kit->trace.locations[outcome->location + i];

    g_assert_cmpint(outcome->class_, ==, TW_CLASS_OK);
    g_assert_cmpuint(outcome->n_locations, >, i);
    g_assert_cmpuint(at->first, ==, first);
    g_assert_cmpuint(at->length, ==, length);
    g_assert_cmpuint(at->region, ==, 1);
    g_assert_cmphex(at->offset, ==, offset);
}

/* Where stores went: to one of several places, over the end of a page, at the
 * end of a page; and to the old place if a flush is left out. */
static void test_places(void)
{
    TwTargetOptions options = {.name = name, .drop_flushes = true};
    GError *error = NULL;
    TwTarget *target = tw_target_open(&options, &error);
    g_autofree Kit *kit = g_new(Kit, 1);

    g_assert_no_error(error);
    run(target, kit,
        RAM "setup\n  page c0.0 0x1000 -> 0x5000 size 0x1000 rw\n"
            "  page c0.0 0x2000 -> 0x9000 size 0x1000 rw\n"
            "  page c0.1 0x0 -> 0x0 size 0x40000000 rw\n"
            "script\n  write c0.0 0x1010 8\n  write c0.0 0x1ffb 8\n"
            "  write c0.0 0x1fff 1\n  write c0.1 0x3ffffffe 2\n"
            "  page c0.0 0x1000 -> 0x7000 size 0x1000 rw\n"
            "  flush-page c0.0 0x1000\n  write c0.0 0x1010 8\n"
            "  flush-all c0\n  flush-all c0\n  write c0.0 0x1018 8\n"
            "  page c0.0 0x1000 -> 0x6000 size 0x1000 rw\n"
            "  flush-page c0.0 0x1000\n  write c0.0 0x1010 8\n"
            "  read c0.0 0x1010 8\n  unpage c0.0 0x1000 size 0x1000\n"
            "  flush-page c0.0 0x1000\n  write c0.0 0x1010 8\n");
    expect_place(kit, 0, 0, 0, 8, 0x5010);
    expect_place(kit, 1, 0, 0, 5, 0x5ffb);
    expect_place(kit, 1, 1, 5, 3, 0x9000);
    expect_place(kit, 2, 0, 0, 1, 0x5fff);
    expect_place(kit, 3, 0, 0, 2, 0x3ffffffe);
    expect_place(kit, 6, 0, 0, 8, 0x7010);
    expect_place(kit, 12, 0, 0, 8, 0x7010); /* the fourth flush is left out */
    g_assert_cmpuint(kit->trace.outcomes[13].n_locations, ==, 0);
    expect_class(kit, 16, TW_CLASS_PAGE_FAULT);
    g_assert_cmpuint(kit->trace.outcomes[16].n_locations, ==, 0);
    tw_target_close(target);
}

/* Exit code of a script. */
static int exit_of(const char *text)
{
    char path[] = "/tmp/twinwalk-script-XXXXXX";
    const char *argv[] = {"sh", path, NULL};
    int fd = g_mkstemp(path), status = 0;

    g_assert_cmpint(write(fd, text, strlen(text)), ==, (ssize_t)strlen(text));
    close(fd);
    g_spawn_sync(NULL, (char **)argv, NULL,
                 G_SPAWN_SEARCH_PATH | G_SPAWN_STDOUT_TO_DEV_NULL |
                     G_SPAWN_STDERR_TO_DEV_NULL,
                 NULL, NULL, NULL, NULL, &status, NULL);
    unlink(path);
    return WEXITSTATUS(status);
}

/* A finding that a store belongs elsewhere becomes a script that looks there;
 * if RAM is as it must be, there is nothing to tell. */
static void test_emit_place(void)
{
    TwTarget *target = open_target();
    g_autofree Kit *kit = g_new(Kit, 1);
    g_autofree TwExpected *expected = g_new0(TwExpected, 1);
    g_autoptr(GString) out = g_string_new(NULL);
    TwFinding finding = {.verdict = TW_VERDICT_STALE, .op = 3, .key = "Sta"};
    uint8_t byte = (uint8_t)(stored(3, 8) >> 16);
    g_autofree char *answer = g_strdup_printf("'ok %02x')", byte);
    GError *error = NULL;

    run(target, kit,
        RAM "setup\n  page c0.0 0x1000 -> 0x5000 size 0x1000 rw\n"
            "script\n  write c0.0 0x1000 8\n"
            "  page c0.0 0x1000 -> 0x7000 size 0x1000 rw\n"
            "  flush-page c0.0 0x1000\n  write c0.0 0x1000 8\n");
    expected->access = true;
    expected->n_allowed = 1;
    expected->allowed[0].n_locations = 1;
    expected->allowed[0].locations[0] =
        (TwLocation){.first = 2, .length = 1, .region = 1, .offset = 0x5002};
    g_assert_true(target->klass->emit(target, &kit->program, &finding, expected,
                                      out, &error));
    g_assert_no_error(error);
    g_assert_nonnull(strstr(out->str, answer));
    g_assert_cmpint(exit_of(out->str), ==, 1);
    expected->allowed[0].locations[0].offset = 0x7002;
    g_assert_false(target->klass->emit(target, &kit->program, &finding,
                                       expected, out, &error));
    g_assert_error(error, TW_TARGET_ERROR, TW_TARGET_ERROR_USAGE);
    g_clear_error(&error);
    tw_target_close(target);
}

static const Arch *right;

/* Entries lead to another page than they should. */
static uint64_t wrong_leaf(unsigned level, uint64_t out, uint8_t rights)
{
    return right->leaf(level, rights & TW_W ? out ^ 0x1000 : out, rights);
}

/* A store that goes to no place to which its address ever led. */
static void test_nowhere(void)
{
    TwTarget *target = open_target();
    Machine *m = (Machine *)target;
    Arch wrong = *m->arch;
    g_autofree Kit *kit = g_new(Kit, 1);

    right = m->arch;
    wrong.leaf = wrong_leaf;
    m->arch = &wrong;
    run(target, kit,
        RAM "setup\n  page c0.0 0x1000 -> 0x5000 size 0x1000 rw\n"
            "script\n  write c0.0 0x1010 8\n");
    g_assert_cmpint(kit->trace.outcomes[0].class_, ==, TW_CLASS_DISCARD);
    g_assert_cmpuint(kit->trace.outcomes[0].n_locations, ==, 0);
    m->arch = right;
    tw_target_close(target);
}

/* Of 120 pages that change after a load, the loads that still give the old
 * answer: no more than the TLB has slots (and a few more that it keeps beside
 * them). */
static unsigned n_old(TwTlbSize size)
{
    TwTargetOptions options = {.name = name, .tlb = size};
    GError *error = NULL;
    TwTarget *target = tw_target_open(&options, &error);
    g_autofree Kit *kit = g_new(Kit, 1);
    g_autoptr(GString) text =
        g_string_new(RAM "setup\n  page c0.0 0x0 -> 0x0 size 0x200000 r\n"
                         "script\n");
    unsigned n = 0;

    g_assert_no_error(error);
    for (unsigned round = 0; round < 2; round++) {
        for (unsigned i = 0; i < 120; i++) {
            g_string_append_printf(text, "  read c0.0 0x%x008 8\n", i);
        }
        g_string_append(text, "  page c0.0 0x0 -> 0x200000 size 0x200000 r\n");
    }
    run(target, kit, text->str);
    for (unsigned i = 0; i < 120; i++) {
        n += kit->trace.outcomes[121 + i].value == initial(i * 4096 + 8, 8);
    }
    tw_target_close(target);
    return n;
}

static void test_tlb(void)
{
    g_assert_cmpuint(n_old(TW_TLB_LARGE), >=, 110);
    g_assert_cmpuint(n_old(TW_TLB_SMALL), >=, 8);
    g_assert_cmpuint(n_old(TW_TLB_SMALL), <=, 80);
}

/* A pair asks both QEMUs only what is decided: flushes come before accesses
 * that may meet older answers.  Flushes of the program that are left out are
 * none of these: what they should have ended shows. */
static void test_pair(void)
{
    static const char text[] =
        RAM "setup\n  page c0.0 0x1000 -> 0x0 size 0x1000 rw\n"
            "  page c0.1 0x200000 -> 0x0 size 0x200000 rw\n"
            "script\n  read c0.0 0x1008 8\n  read c0.1 0x200008 8\n"
            "  page c0.0 0x1000 -> 0x2000 size 0x1000 rw\n"
            "  read c0.0 0x1008 8\n"
            "  page c0.1 0x201000 -> 0x7000 size 0x1000 rw\n"
            "  read c0.1 0x200ffc 8\n  read c0.1 0x200008 8\n"
            "  unpage c0.0 0x1000 size 0x1000\n  flush-all c0\n"
            "  read c0.0 0x1008 8\n";
    g_autofree char *pair_name = g_strconcat("qemu-ab:", name + 5, NULL);
    g_autofree Kit *kit = g_new(Kit, 1);
    TwTargetOptions options = {.name = pair_name};

    for (unsigned drop = 0; drop < 2; drop++) {
        GError *error = NULL;
        TwTarget *pair;

        options.drop_flushes = drop;
        pair = tw_target_open(&options, &error);
        g_assert_no_error(error);
        g_assert_false(tw_target_contract(pair)->cpu_cache);
        for (unsigned again = 0; again < 4; again++) {
            run(pair, kit, text);
            expect(kit, 3, initial(0x2008, 8));
            expect(kit, 5, initial(0xffc, 4) | initial(0x7000, 4) << 32);
            expect(kit, 6, initial(0x8, 8));
            expect_class(kit, 9, TW_CLASS_PAGE_FAULT);
        }
        test_parse(&kit->program, DROPPED);
        tw_target_run(pair, &kit->program, &kit->trace);
        expect(kit, 12, initial(drop ? 0x3008 : 0x4008, 8));
        tw_target_run_reference(pair, &kit->program, &kit->trace);
        expect(kit, 12, initial(0x4008, 8));
        tw_target_close(pair);
    }
}

/* Words of RAM are called, and make accesses; twice, in RAM that was used. */
static void test_code(void)
{
    static const char script[] =
        "setup\n  page c0.0 0x1000 -> 0x1000 size 0x1000 rwx\n"
        "  page c0.0 0x2000 -> 0x2000 size 0x1000 rw\n"
        "script\n  exec c0.0 0x1008 8\n  write c0.0 0x1008 8\n"
        "  flush-page c0.0 0x1000\n  exec c0.0 0x1008 8\n"
        "  exec c0.0 0x2000 8\n  read c0.0 0x2010 4 from 0x1fd0\n"
        "  write c0.0 0x2010 8 from 0x1ff8\n  read c0.0 0x2010 8\n"
        "  exec c0.0 0x5000 8\n";
    TwTarget *target = open_target();
    g_autofree Kit *kit = g_new(Kit, 1);
    unsigned contents = tw_dialect_code(tw_target_dialect(target));
    g_autofree char *text =
        g_strdup_printf("twinwalk 1\ncontents %s\n" REGIONS "%s",
                        tw_contents_name(contents), script);

    for (unsigned again = 0; again < 2; again++) {
        run(target, kit, text);
        expect(kit, 0, tw_code_word(contents, tw_code_initial(1, 0x1008 / 8)));
        expect(kit, 3, tw_code_word(contents, tw_code_stored(1)));
        expect_class(kit, 4, TW_CLASS_PAGE_FAULT);
        expect(kit, 5,
               tw_code_word(contents, tw_code_initial(1, 0x2010 / 8)) &
                   UINT32_MAX);
        expect(kit, 7, tw_code_word(contents, tw_code_stored(6)));
        expect_class(kit, 8, TW_CLASS_PAGE_FAULT);
    }
    tw_target_close(target);
}

/* A run over the end of a page: what ran, up to the fetch that is refused; and
 * a store to the second page. */
static void test_run(void)
{
    static const char script[] =
        "setup\n  page c0.0 0x1000 -> 0x1000 size 0x1000 rwx\n"
        "  page c0.0 0x2000 -> 0x6000 size 0x1000 rwx\n"
        "  page c0.0 0x3000 -> 0x3000 size 0x1000 rw\n"
        "script\n  exec c0.0 0x1ff0 8\n  write c0.0 0x2000 8\n"
        "  flush-page c0.0 0x2000\n  exec c0.0 0x1ff8 8\n"
        "  exec c0.0 0x2ff8 8\n  exec c0.0 0x3010 8\n"
        "  exec c0.0 0x1008 8\n";
    TwTarget *target = open_target();
    g_autofree Kit *kit = g_new(Kit, 1);
    unsigned code = tw_dialect_code(tw_target_dialect(target));
    g_autofree char *text =
        g_strdup_printf("twinwalk 1\ncontents %s\n" REGIONS "%s",
                        tw_contents_name(tw_contents_runs(code)), script);
    uint64_t n[2] = {tw_run_initial(1, 0x1ff0 / 8),
                     tw_run_initial(1, 0x1ff8 / 8)};
    uint64_t second = tw_run_initial(1, 0x6008 / 8);

    run(target, kit, text);
    expect(kit, 0,
           n[0] | n[1] << 16 | (uint64_t)tw_run_initial(1, 0x6000 / 8) << 32 |
               second << 48);
    expect(kit, 3, n[1] | (uint64_t)tw_run_stored(1) << 16 | second << 32);
    g_assert_cmpint(kit->trace.outcomes[4].class_, ==, TW_CLASS_PAGE_FAULT);
    g_assert_cmphex(kit->trace.outcomes[4].value, ==,
                    tw_run_initial(1, 0x6ff8 / 8));
    expect_class(kit, 5, TW_CLASS_PAGE_FAULT);
    expect(kit, 6, tw_run_initial(1, 0x1008 / 8));
    tw_target_close(target);
}

/* More operations than one round of the agent has room for. */
static void test_many(void)
{
    TwTarget *target = open_target();
    g_autofree Kit *kit = g_new(Kit, 1);
    g_autoptr(GString) text =
        g_string_new(RAM "setup\n"
                         "  page c0.0 0x200000 -> 0x0 size 0x200000 rwx\n"
                         "script\n");

    for (unsigned i = 0; i < 100; i++) {
        /* A range of which half is RAM would be split; so is one around a
         * small page. */
        g_string_append(text, "  page c0.0 0x200000 -> 0x0 size 0x200000 rwx\n"
                              "  page c0.0 0x201000 -> 0x7000 size 0x1000 rwx\n"
                              "  flush-page c0.0 0x201000\n"
                              "  read c0.0 0x201008 8\n");
    }
    run(target, kit, text->str);
    for (unsigned i = 0; i < 100; i++) {
        expect(kit, 4 * i + 3, initial(0x7008, 8));
    }
    tw_target_close(target);
}

/* A program does not influence the next one. */
static void test_fresh(void)
{
    static const char text[] =
        RAM "setup\n  page c0.0 0x1000 -> 0x1000 size 0x1000 rw\n"
            "script\n  read c0.0 0x1000 8\n  write c0.0 0x1000 8\n"
            "  unpage c0.0 0x1000 size 0x1000\n";
    TwTarget *target = open_target();
    g_autofree Kit *kit = g_new(Kit, 1);

    for (unsigned i = 0; i < 3; i++) {
        run(target, kit, text);
        expect(kit, 0, initial(0x1000, 8));
        run(target, kit, RAM "script\n  read c0.0 0x1000 8\n");
        expect_class(kit, 0, TW_CLASS_PAGE_FAULT);
    }
    tw_target_close(target);
}

/* Processes ---------------------------------------------------------------- */

#define READ \
    RAM "setup\n  page c0.0 0x0 -> 0x0 size 0x1000 rw\n" \
        "script\n  read c0.0 0x0 8\n"

static void test_killed(void)
{
    TwTarget *target = open_target();
    Machine *m = (Machine *)target;
    g_autofree Kit *kit = g_new(Kit, 1);

    run(target, kit, READ);
    kill(-m->process.pid, SIGKILL);
    test_parse(&kit->program, READ);
    g_assert_true(tw_target_run(target, &kit->program, &kit->trace));
    g_assert_cmpint(kit->trace.end, ==, TW_END_DIED);
    g_assert_nonnull(strstr(kit->trace.text, "QEMU "));
    run(target, kit, READ); /* by a new process */
    expect(kit, 0, initial(0, 8));
    /* There is no new process of another version. */
    g_strlcpy(m->version, "1.2.3", sizeof(m->version));
    run(target, kit, READ);
    kill(-m->process.pid, SIGKILL);
    test_parse(&kit->program, READ);
    g_assert_true(tw_target_run(target, &kit->program, &kit->trace));
    g_assert_false(tw_target_run(target, &kit->program, &kit->trace));
    g_assert_cmpint(kit->trace.end, ==, TW_END_DIED);
    g_assert_nonnull(strstr(kit->trace.text, "expected QEMU 1.2.3, as at the "
                                             "start, not "));
    tw_target_close(target);
}

static void test_stopped(void)
{
    GError *error = NULL;
    TwTarget *target = open_with(NULL, NULL, 500, &error);
    Machine *m = (Machine *)target;
    g_autofree Kit *kit = g_new(Kit, 1);
    TwTasks tasks;

    g_assert_no_error(error);
    run(target, kit, READ);
    kill(-m->process.pid, SIGSTOP);
    do {
        tw_tasks_look(m->process.pid, &tasks);
    } while (tasks.state != TW_TASKS_STOPPED);
    test_parse(&kit->program, READ);
    g_assert_true(tw_target_run(target, &kit->program, &kit->trace));
    g_assert_cmpint(kit->trace.end, ==, TW_END_HUNG);
    run(target, kit, READ);
    tw_target_close(target);
}

static void expect_refusal(const char *qemu, const char *args, const char *what)
{
    g_autoptr(GError) error = NULL;
    TwTarget *target = open_with(qemu, args, 2000, &error);

    g_assert_null(target);
    g_assert_error(error, TW_TARGET_ERROR, TW_TARGET_ERROR_ENVIRONMENT);
    g_assert_null(strchr(error->message, '\n'));
    if (strstr(error->message, what) == NULL) {
        g_error("expected \"%s\" in: %s", what, error->message);
    }
}

static void test_no_qemu(void)
{
    expect_refusal("/nowhere/qemu", NULL, "/nowhere/qemu");
    expect_refusal("/bin/true", NULL, "--version");
    expect_refusal(NULL, "-no-such-option", "no-such-option");
    /* The user's accelerator comes first. */
    expect_refusal(NULL, "-accel tcg,no-such-thing=on", "no-such-thing");
    /* The CPU never starts. */
    expect_refusal(NULL, "-S", "did not answer");
}

int main(int argc, char **argv)
{
    g_autoptr(GError) error = NULL;
    TwTarget *target;

    g_test_init(&argc, &argv, NULL);
    name = g_strconcat("qemu-", argc > 1 ? argv[1] : "aarch64", NULL);
    target = open_with(NULL, NULL, 0, &error);
    if (target == NULL) {
        g_printerr("%s\n", error->message);
        return 77;
    }
    tw_target_close(target);
    g_test_add_func("/qemu/data", test_data);
    g_test_add_func("/qemu/refusals", test_refusals);
    g_test_add_func("/qemu/flushes", test_flushes);
    g_test_add_func("/qemu/drop-flushes", test_drop);
    g_test_add_func("/qemu/places", test_places);
    g_test_add_func("/qemu/nowhere", test_nowhere);
    g_test_add_func("/qemu/emit-place", test_emit_place);
    g_test_add_func("/qemu/tlb", test_tlb);
    g_test_add_func("/qemu/pair", test_pair);
    g_test_add_func("/qemu/code", test_code);
    g_test_add_func("/qemu/run", test_run);
    g_test_add_func("/qemu/many", test_many);
    g_test_add_func("/qemu/fresh", test_fresh);
    g_test_add_func("/qemu/killed", test_killed);
    g_test_add_func("/qemu/stopped", test_stopped);
    g_test_add_func("/qemu/no-qemu", test_no_qemu);
    return g_test_run();
}
