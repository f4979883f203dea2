/* SPDX-License-Identifier: MIT */
/*
 * Listeners, observers, dirty logs, snapshots and operations inside a fill, on
 * softmmu: programs as text, and the expected lines of the trace, without
 * values, counters and digests.
 */
#include <glib.h>
#include <string.h>

#include "program/text/text.h"
#include "targets/target.h"

#define BOARD \
    "twinwalk 1\n" \
    "region r0 container size 0x100000 root s0\n" \
    "region r1 iommu size 0x8000 in r0 at 0x10000 iommu i0\n" \
    "region r2 ram size 0x8000 root s1\n" \
    "region r3 ram size 0x3000 in r0 at 0x20000\n" \
    "region r4 mmio size 0x1000 in r0 at 0x30000\n" \
    "cpu c0 tlb 4 victims 2\n" \
    "mmu c0.0 space s0\n" \
    "mmu c1.0 space s0\n" \
    "setup\n" \
    "  page c0.0 0x0 -> 0x10000 size 0x1000 rwx\n" \
    "  page c0.0 0x10000 -> 0x20000 size 0x1000 rw\n" \
    "  page c0.0 0x11000 -> 0x21000 size 0x1000 rw\n" \
    "  page c1.0 0x10000 -> 0x20000 size 0x1000 rw\n" \
    "  map i0.0 0x0..0x1fff -> s1 0x0 rw silent\n" \
    "  map i0.0 0x4000..0x4fff -> s1 0x4000 rw silent\n" \
    "  map i0.0 0x5000..0x5fff -> s1 0x5000 rw silent\n" \
    "  map i0.0 0x6000..0x6fff -> s1 0x0 rw silent\n" \
    "script\n"

static TwProgram program;
static TwTrace trace;

static void run_text(const char *text)
{
    TwTargetOptions options = {.name = "softmmu", .check = true};
    g_autoptr(GError) error = NULL;
    TwTarget *target = tw_target_open(&options, &error);

    g_assert_no_error(error);
    tw_program_parse(&program, text, strlen(text), "test", TW_TEXT_STRICT, NULL,
                     NULL, &error);
    g_assert_no_error(error);
    g_assert_true(tw_target_run(target, &program, &trace));
    g_assert_cmpuint(trace.end, ==, TW_END_DONE);
    tw_target_close(target);
}

/* The lines that a test is about: outcomes without values, events, notes. */
static char *lines(void)
{
    g_autoptr(GString) all = g_string_new(NULL);
    g_autoptr(GRegex) value =
        g_regex_new("^([0-9]+ [a-z-]+) 0x[0-9a-f]+", 0, 0, NULL);
    GString *kept = g_string_new(NULL);
    g_auto(GStrv) split = NULL;

    tw_trace_print(&trace, &program, all);
    split = g_strsplit(all->str, "\n", -1);
    for (char **line = split; *line; line++) {
        if (g_ascii_isdigit(**line)) {
            g_autofree char *bare =
                g_regex_replace(value, *line, -1, 0, "\\1", 0, NULL);
            g_string_append_printf(kept, "%s\n", bare);
        } else if (g_str_has_prefix(*line, "event ") ||
                   g_str_has_prefix(*line, "dirty ")) {
            g_string_append_printf(kept, "%s\n", *line);
        }
    }
    return g_string_free(kept, FALSE);
}

static void expect(const char *script, const char *expected)
{
    g_autofree char *text = g_strconcat(BOARD, script, NULL);
    g_autofree char *seen = NULL;

    run_text(text);
    seen = lines();
    g_assert_cmpstr(seen, ==, expected);
}

/* LA-43, TX-3, TX-5, TX-6: what goes, then what is there. */
static void test_listener(void)
{
    expect("  listen o1 of s0\n"
           "  resize r3 0x2000\n"
           "  begin\n"
           "  move r4 at 0x31000\n"
           "  listen o2 of s1\n"
           "  move r4 at 0x30000\n"
           "  commit\n" /* pending, though all is as before */
           "  nonvolatile r4 on\n"
           "  unlisten o1\n"
           "  enable r3 off\n",
           "0 done\n1 done\n2 done\n3 done\n4 done\n5 done\n6 done\n7 done\n"
           "8 done\n9 done\n"
           "event 0 o1 add none s0 r1 0x10000..0x17fff -> 0x0\n"
           "event 0 o1 add none s0 r3 0x20000..0x22fff -> 0x0\n"
           "event 0 o1 add none s0 r4 0x30000..0x30fff -> 0x0\n"
           "event 1 o1 del none s0 r3 0x20000..0x22fff -> 0x0\n"
           "event 1 o1 nop none s0 r1 0x10000..0x17fff -> 0x0\n"
           "event 1 o1 add none s0 r3 0x20000..0x21fff -> 0x0\n"
           "event 1 o1 nop none s0 r4 0x30000..0x30fff -> 0x0\n"
           "event 4 o2 add none s1 r2 0x0..0x7fff -> 0x0\n"
           "event 6 o1 nop none s0 r1 0x10000..0x17fff -> 0x0\n"
           "event 6 o1 nop none s0 r3 0x20000..0x21fff -> 0x0\n"
           "event 6 o1 nop none s0 r4 0x30000..0x30fff -> 0x0\n"
           "event 6 o2 nop none s1 r2 0x0..0x7fff -> 0x0\n"
           "event 7 o1 del none s0 r4 0x30000..0x30fff -> 0x0\n"
           "event 7 o1 nop none s0 r1 0x10000..0x17fff -> 0x0\n"
           "event 7 o1 nop none s0 r3 0x20000..0x21fff -> 0x0\n"
           "event 7 o1 add none s0 r4 0x30000..0x30fff -> 0x0\n"
           "event 7 o2 nop none s1 r2 0x0..0x7fff -> 0x0\n"
           "event 8 o1 del none s0 r1 0x10000..0x17fff -> 0x0\n"
           "event 8 o1 del none s0 r3 0x20000..0x21fff -> 0x0\n"
           "event 8 o1 del none s0 r4 0x30000..0x30fff -> 0x0\n"
           "event 9 o2 nop none s1 r2 0x0..0x7fff -> 0x0\n");
}

/* NT-9, LA-48: runs that continue as one, cropped, a MAP's output advanced;
 * nothing to who does not ask for MAP. */
static void test_replay(void)
{
    expect("  observe o0 of i0.0 map 0x800..0x57ff\n"
           "  observe o1 of i0.0 unmap 0x0..0xffff\n"
           "  observe o2 of i0.0 map 0x0..0xffff\n"
           "  replay o0\n"
           "  replay o1\n"
           "  protect i0.0 0x5000..0x5fff r silent\n"
           "  replay o2\n",
           "0 done\n1 done\n2 done\n3 done\n4 done\n5 done\n6 done\n"
           "event 3 o0 map rw s1 none 0x800..0x1fff -> 0x800\n"
           "event 3 o0 map rw s1 none 0x4000..0x57ff -> 0x4000\n"
           "event 6 o2 map rw s1 none 0x0..0x1fff -> 0x0\n"
           "event 6 o2 map rw s1 none 0x4000..0x4fff -> 0x4000\n"
           "event 6 o2 map r s1 none 0x5000..0x5fff -> 0x5000\n"
           "event 6 o2 map rw s1 none 0x6000..0x6fff -> 0x0\n");
}

/* NT-2: only a change of the kinds together is refused, and leaves nothing. */
static void test_veto(void)
{
    expect("  observe o0 of i0.0 unmap 0x0..0xfff\n"
           "  veto i0 on\n"
           "  observe o1 of i0.0 map 0x0..0xfff\n"
           "  observe o2 of i0.0 unmap 0x0..0xfff\n"
           "  unobserve o0\n"
           "  unobserve o2\n"
           "  notify i0.0 unmap 0x0..0xfff\n"
           "  veto i0 off\n"
           "  unobserve o2\n"
           "  observe o1 of i0.0 map 0x0..0xfff\n"
           "  notify i0.0 unmap 0x0..0xfff\n",
           "0 done\n1 done\n2 vetoed\n3 done\n4 done\n5 vetoed\n6 done\n"
           "7 done\n8 done\n9 done\n10 done\n"
           "event 6 o2 unmap none none none 0x0..0xfff -> 0x0\n");
}

/* LA-39, TL-14: stores through entries that were clean, or not any more; the
 * victim list; another CPU; a device. */
static void test_dirty_log(void)
{
    expect("  write c0.0 0x10010 4\n" /* cached before the log */
           "  dirty-log r3 on\n"
           "  dirty-clear r3 0x0..0x2fff\n"
           "  write c0.0 0x10010 4\n"
           "  write c0.0 0x10020 4\n"
           "  write c0.0 0x10ffe 4\n"
           "  dirty-clear r3 0x800..0x800\n"
           "  write c1.0 0x10000 1\n"
           "  write c0.0 0x10000 1\n"
           "  dma-write s0 0x22fff 1 none\n"
           "  dirty-clear r3 0x0..0x2fff\n"
           "  dirty-clear r3 0x0..0x2fff\n"
           "  write c0.0 0x10000 1\n"
           "  write c0.0 0x11000 1\n"
           "  dirty-log r3 on\n"
           "  dirty-clear r3 0x1000..0x1fff\n"
           "  dirty-log r3 off\n"
           "  dirty-clear r3 0x0..0x2fff\n"
           "  dirty-log r3 on\n"
           "  dirty-clear r3 0x0..0x2fff\n",
           "0 ok at 0+4 r3 0x10\n1 done\n2 done\n3 ok at 0+4 r3 0x10\n"
           "4 ok at 0+4 r3 0x20\n5 ok at 0+4 r3 0xffe\n6 done\n"
           "7 ok at 0+1 r3 0x0\n8 ok at 0+1 r3 0x0\n9 ok at 0+1 r3 0x2fff\n"
           "10 done\n11 done\n12 ok at 0+1 r3 0x0\n13 ok at 0+1 r3 0x1000\n"
           "14 done\n15 done\n16 done\n17 done\n18 done\n19 done\n"
           "dirty 6 r3 0x0..0xfff\n"
           "dirty 10 r3 0x0..0x2fff\n"
           "dirty 15 r3 0x1000..0x1fff\n");
}

/* A poke is noted in each page that it stores to, and in no other. */
static void test_dirty_pokes(void)
{
    expect("  dirty-log r3 on\n"
           "  poke r3 0xffc = 0x1122334455667788\n"
           "  dirty-clear r3 0x0..0x2fff\n"
           "  poke r3 0xff8 = 0x1122334455667788\n"
           "  dirty-clear r3 0x0..0x2fff\n",
           "0 done\n1 done\n2 done\n3 done\n4 done\n"
           "dirty 2 r3 0x0..0x1fff\n"
           "dirty 4 r3 0x0..0xfff\n");
}

/* TL-14: a clean entry that went to the victim list, and comes back. */
static void test_dirty_victims(void)
{
    expect("  page c0.0 0x14000 -> 0x22000 size 0x1000 rw\n"
           "  dirty-log r3 on\n"
           "  write c0.0 0x10000 1\n"
           "  read c0.0 0x14000 1\n" /* the same slot */
           "  dirty-clear r3 0x0..0xfff\n"
           "  write c0.0 0x10000 1\n"
           "  dirty-clear r3 0x0..0x2fff\n",
           "0 done\n1 done\n2 ok at 0+1 r3 0x0\n3 ok at 0+1 r3 0x2000\n"
           "4 done\n5 ok at 0+1 r3 0x0\n6 done\n"
           "dirty 4 r3 0x0..0xfff\n"
           "dirty 6 r3 0x0..0xfff\n");
    g_assert_cmpuint(trace.counters[TW_COUNT_VICTIM_HIT], ==, 1);
}

/* LA-40, FR-5: all is back, and nothing that was cached meanwhile is used. */
static void test_restore(void)
{
    expect("  restore\n"
           "  listen o1 of s0\n"
           "  observe o0 of i0.0 unmap 0x800..0x4fff\n"
           "  snapshot\n"
           "  move r3 at 0x40000\n"
           "  unmap i0.0 0x0..0x1fff silent\n"
           "  page c0.0 0x10000 -> 0x40000 size 0x1000 r\n"
           "  read c0.0 0x10010 4\n"
           "  read c0.0 0x10 4\n"
           "  bypass i0 on\n"
           "  begin\n"
           "  restore\n"
           "  commit\n"
           "  restore\n"
           "  read c0.0 0x10010 4\n"
           "  write c0.0 0x10 4\n"
           "  restore\n",
           "0 skipped\n1 done\n2 done\n3 done\n4 done\n5 done\n6 done\n"
           "7 ok at 0+4 r3 0x10\n"
           "8 decode-error reason i0 absent at 0x10\n"
           "9 skipped\n10 done\n"
           "11 skipped\n12 done\n13 done\n14 ok at 0+4 r3 0x10\n"
           "15 ok at 0+4 r2 0x10\n16 done\n"
           "event 1 o1 add none s0 r1 0x10000..0x17fff -> 0x0\n"
           "event 1 o1 add none s0 r3 0x20000..0x22fff -> 0x0\n"
           "event 1 o1 add none s0 r4 0x30000..0x30fff -> 0x0\n"
           "event 4 o1 del none s0 r3 0x20000..0x22fff -> 0x0\n"
           "event 4 o1 nop none s0 r1 0x10000..0x17fff -> 0x0\n"
           "event 4 o1 nop none s0 r4 0x30000..0x30fff -> 0x0\n"
           "event 4 o1 add none s0 r3 0x40000..0x42fff -> 0x0\n"
           "event 13 o1 del none s0 r3 0x40000..0x42fff -> 0x0\n"
           "event 13 o1 nop none s0 r1 0x10000..0x17fff -> 0x0\n"
           "event 13 o1 add none s0 r3 0x20000..0x22fff -> 0x0\n"
           "event 13 o1 nop none s0 r4 0x30000..0x30fff -> 0x0\n"
           "event 13 o0 unmap none none none 0x800..0x4fff -> 0x0\n"
           "event 16 o1 nop none s0 r1 0x10000..0x17fff -> 0x0\n"
           "event 16 o1 nop none s0 r3 0x20000..0x22fff -> 0x0\n"
           "event 16 o1 nop none s0 r4 0x30000..0x30fff -> 0x0\n"
           "event 16 o0 unmap none none none 0x800..0x4fff -> 0x0\n");
    /* The store of operation 15 is gone: no block differs from its start. */
    g_assert_cmphex(trace.digests[2], ==, 0);
}

/* RU-6, FR-6: the actor's own flush drops what is being filled. */
static void test_during_own_flush(void)
{
    expect("  read c0.0 0x10 4\n"
           "    during c0: unmap i0.0 0x0..0xfff notified\n"
           "  read c0.0 0x10 4\n",
           "0 decode-error reason i0 absent at 0x10\n1 done\n"
           "2 decode-error reason i0 absent at 0x10\n");
    g_assert_cmpuint(trace.counters[TW_COUNT_FILL], ==, 0);
}

/* Another actor's is queued: the old answer serves the access, and goes. */
static void test_during_queued_flush(void)
{
    expect("  read c0.0 0x10 4\n"
           "    during unmap i0.0 0x0..0xfff notified\n"
           "  read c0.0 0x10 4\n",
           "0 ok at 0+4 r2 0x10\n1 done\n"
           "2 decode-error reason i0 absent at 0x10\n");
    g_assert_cmpuint(trace.counters[TW_COUNT_FILL], ==, 1);
}

/* What fills nothing comes before the operation; so does one that is refused;
 * below one that is skipped, it stands for itself. */
static void test_during_without_fill(void)
{
    expect("  write c0.0 0x10010 4\n"
           "  write c0.0 0x10010 4\n"
           "    during enable r3 off\n"
           "  read c0.0 0x10010 4\n"
           "    during enable r3 on\n"
           "  unplug c1\n"
           "  read c1.0 0x10010 4\n"
           "    during enable r3 off\n"
           "  dma-read s0 0x20000 1 none\n"
           "    during enable r3 on\n"
           "  dma-read s0 0x20000 1 none\n",
           "0 ok at 0+4 r3 0x10\n1 ok at 0+4 r3 0x10\n2 done\n"
           "3 decode-error\n4 done\n5 done\n6 skipped\n7 done\n"
           "8 decode-error\n9 done\n10 ok at 0+1 r3 0x0\n");
}

/* TL-12: as time passes, sizes change and nothing else does. */
static void test_resize(void)
{
    g_autoptr(GString) text = g_string_new(NULL);
    g_autoptr(GString) expected = g_string_new(NULL);
    unsigned n = 0;

    for (unsigned i = 0; i < 16; i++) {
        g_string_append_printf(text,
                               "  page c0.0 0x%x -> 0x20000 size 0x1000 rw\n",
                               0x40000 + i * 0x1000);
        g_string_append_printf(expected, "%u done\n", n++);
    }
    for (unsigned round = 0; round < 8; round++) {
        /* Half of the rounds fill the TLB, the others hardly use it. */
        for (unsigned i = 0; i < (round < 4 ? 16 : 1); i++) {
            g_string_append_printf(text, "  read c0.0 0x%x 1\n",
                                   0x40000 + i * 0x1000);
            g_string_append_printf(expected, "%u ok at 0+1 r3 0x0\n", n++);
        }
        g_string_append(text, "  clock 60\n  c0: flush-all c0\n");
        g_string_append_printf(expected, "%u done\n%u done\n", n, n + 1);
        n += 2;
    }
    expect(text->str, expected->str);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/world/LA-43/listener", test_listener);
    g_test_add_func("/world/NT-9/replay", test_replay);
    g_test_add_func("/world/NT-2/veto", test_veto);
    g_test_add_func("/world/LA-39/dirty-log", test_dirty_log);
    g_test_add_func("/world/LA-39/dirty-pokes", test_dirty_pokes);
    g_test_add_func("/world/TL-14/dirty-victims", test_dirty_victims);
    g_test_add_func("/world/LA-40/restore", test_restore);
    g_test_add_func("/world/FR-6/during-own-flush", test_during_own_flush);
    g_test_add_func("/world/RU-6/during-queued-flush",
                    test_during_queued_flush);
    g_test_add_func("/world/LA-47/during-without-fill",
                    test_during_without_fill);
    g_test_add_func("/world/TL-12/resize", test_resize);
    return g_test_run();
}
