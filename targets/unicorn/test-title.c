/* SPDX-License-Identifier: MIT */
/* Titles of findings in the words of libunicorn's users. */
#include <string.h>

#include "program/text/text.h"
#include "targets/unicorn/class.h"

static const char page_protected[] = "twinwalk 1\n"
                                     "region r0 ram size 0x2000 root s0\n"
                                     "cpu c0 tlb 1\n"
                                     "mmu c0.0 space s0\n"
                                     "setup\n"
                                     "  page c0.0 0x0 -> 0x0 size 0x2000 rwx\n"
                                     "script\n"
                                     "  write c0.0 0x700 1\n"
                                     "  page c0.0 0x0 -> 0x0 size 0x2000 wx\n"
                                     "  read c0.0 0x4a0 1\n"
                                     "  flush-all c0\n"
                                     "  read c0.0 0xfff 2\n";

/* Is the program's operation 1 performed during operation 0? */
static bool during;

static void check_of(const char *text, const TwTargetClass *klass,
                     const char *expected, TwFinding finding)
{
    g_autofree TwProgram *program = g_new(TwProgram, 1);
    g_autoptr(GString) title = g_string_new(NULL);
    GError *error = NULL;

    tw_program_parse(program, text, strlen(text), "test", TW_TEXT_STRICT, NULL,
                     NULL, &error);
    g_assert_no_error(error);
    program->script[1].flags |= during ? TW_OPF_DURING : 0;
    tw_target_title(klass, program, &finding, title);
    g_assert_cmpstr(title->str, ==, expected);
}

static void check(const TwTargetClass *klass, const char *expected,
                  TwFinding finding)
{
    check_of(page_protected, klass, expected, finding);
}

static void test_right_taken(void)
{
    check(&tw_unicorn_class,
          "uc_emu_start: a load of a page without R succeeds after a store, a "
          "fetch or uc_ctl_remove_cache of the page",
          (TwFinding){.verdict = TW_VERDICT_STALE,
                      .op = 4,
                      .changed = 1,
                      .ended = TW_NO_OP,
                      .text = "op 4: read c0.0 0xfff 2\n"
                              "expected: page-fault denied by the page map\n"
                              "seen: ok value 0x1\n"});
    check(&tw_unicorn_class,
          "uc_mem_protect: loads still succeed after R was taken away",
          (TwFinding){.verdict = TW_VERDICT_PERM,
                      .op = 2,
                      .text = "op 2: read c0.0 0x4a0 1\n"
                              "expected: page-fault denied by the page map\n"
                              "seen: ok value 0xf9\n"
                              "old: r0+0x4a0 had this right until op 1 "
                              "changed a page-map entry\n"});
}

static void test_crossing(void)
{
    check(&tw_unicorn_vtlb_class,
          "uc_emu_start: a load that crosses into another page succeeds where "
          "it must be refused",
          (TwFinding){.verdict = TW_VERDICT_PERM,
                      .op = 4,
                      .text = "op 4: read c0.0 0xfff 2\n"
                              "expected: page-fault denied by the page map\n"
                              "seen: ok value 0xf9f9\n"});
}

static void test_dies(void)
{
    check(&tw_unicorn_class,
          "uc_mem_protect: the process died of signal 11 (Segmentation fault)",
          (TwFinding){.verdict = TW_VERDICT_CRASH,
                      .op = 1,
                      .text = "died of signal 11 (Segmentation fault)\n"
                              "  ? (libunicorn.so.2)\n"});
    check(&tw_unicorn_class, "uc_mem_protect: it does not return",
          (TwFinding){.verdict = TW_VERDICT_HANG,
                      .op = 1,
                      .text = "no answer in 300 ms\n"});
    check(&tw_unicorn_vtlb_class, "uc_ctl_flush_tlb: it does not return",
          (TwFinding){.verdict = TW_VERDICT_HANG,
                      .op = 3,
                      .text = "no answer in 300 ms\n"});
}

/* An operation during an access: in the access, unless the stack says that the
 * call had not returned. */
static void test_dies_after(void)
{
    TwFinding finding = {.verdict = TW_VERDICT_CRASH,
                         .op = 1,
                         .text = "died of signal 11 (Segmentation fault)\n"
                                 "  ? (libunicorn.so.2)\n"
                                 "  uc_emu_start (libunicorn.so.2)\n"};

    during = true;
    check(&tw_unicorn_class,
          "uc_emu_start: the process died of signal 11 (Segmentation fault) "
          "after a callback called uc_mem_protect",
          finding);
    finding.verdict = TW_VERDICT_HANG;
    check(&tw_unicorn_class,
          "uc_emu_start: it does not return after a callback called "
          "uc_mem_protect",
          finding);
    finding = (TwFinding){.verdict = TW_VERDICT_CRASH,
                          .op = 1,
                          .text = "died of signal 11 (Segmentation fault)\n"
                                  "  uc_mem_protect (libunicorn.so.2)\n"
                                  "  uc_emu_start (libunicorn.so.2)\n"};
    check(&tw_unicorn_class,
          "uc_mem_protect: the process died of signal 11 (Segmentation fault)",
          finding);
    during = false;
    finding = (TwFinding){.verdict = TW_VERDICT_CRASH,
                          .op = 1,
                          .text = "ended with status 3 (a sanitizer or exit)"};
    check(&tw_unicorn_class,
          "uc_mem_protect: the process ended with status 3 (a sanitizer or "
          "exit)",
          finding);
}

static void test_refused(void)
{
    check(&tw_unicorn_vtlb_class,
          "UC_HOOK_TLB_FILL: loads are still refused after it",
          (TwFinding){.verdict = TW_VERDICT_STALE,
                      .op = 2,
                      .changed = 1,
                      .ended = TW_NO_OP,
                      .text = "op 2: read c0.0 0x4a0 1\n"
                              "expected: ok r0+0x4a0 value 0xf9\n"
                              "seen: page-fault value 0x0\n"});
    check(&tw_unicorn_vtlb_class,
          "uc_emu_start: a load is refused that must succeed",
          (TwFinding){.verdict = TW_VERDICT_CLASS,
                      .op = 2,
                      .text = "op 2: read c0.0 0x4a0 1\n"
                              "expected: ok r0+0x4a0 value 0xf9\n"
                              "seen: page-fault value 0x0\n"});
}

/* What devices were told, in numbers; a class without titles of its own. */
static void test_told(void)
{
    TwFinding finding = {.verdict = TW_VERDICT_EFFECT,
                         .op = 0,
                         .text = "op 0: write c0.0 0x700 1\n"
                                 "expected: ok r0+0x700\nseen: ok\n"
                                 "but the devices were told something else "
                                 "(RU-3)\n"};
    size_t n = strlen(finding.text);

    check(&tw_unicorn_vtlb_class,
          "uc_emu_start: a device gets none or other accesses than those of a "
          "store",
          finding);
    g_strlcpy(finding.text + n,
              "told: write of 2 bytes at r1+0x700; due: nothing",
              sizeof(finding.text) - n);
    check(&tw_unicorn_vtlb_class,
          "uc_emu_start: a store tells devices: write of 2 bytes at offset "
          "0x700; instead of: nothing",
          finding);
}

#define DEVICE \
    "twinwalk 1\n" \
    "region r0 mmio size 0x4000 root s0\n" \
    "mmu c0.0 space s0\n" \
    "setup\n" \
    "  page c0.0 0x0 -> 0x0 size 0x4000 rx\n" \
    "script\n"

/* Whole titles: of the trigger, the verdict and the outcome together. */
static void test_defects(void)
{
    static const struct {
        const char *program, *title;
        TwVerdict verdict;
        uint16_t op;
        const char *text;
    } rows[] = {
        {DEVICE "  unpage c0.0 0x1000 size 0x1000\n  write c0.0 0x2000 1\n",
         "uc_mem_unmap of part of an MMIO mapping: the rest can be stored to "
         "without W",
         TW_VERDICT_PERM, 1, "\nexpected: page-fault\nseen: ok\n"},
        {DEVICE "  page c0.0 0x1000 -> 0x1000 size 0x1000 rw\n"
                "  read c0.0 0x2000 1\n",
         "uc_mem_protect of part of an MMIO mapping: from that part on, "
         "callbacks get offsets that start again at 0",
         TW_VERDICT_WRONG, 1, "\nexpected: ok r0+0x2000\nseen: ok\n"},
        {DEVICE "  unpage c0.0 0x1000 size 0x1000\n"
                "  page c0.0 0x3000 -> 0x3000 size 0x1000 rw\n"
                "  exec c0.0 0x2000 8\n",
         "uc_mem_protect of part of an MMIO mapping: the rest cannot be "
         "executed any more",
         TW_VERDICT_CLASS, 2, "\nexpected: ok r0+0x2000\nseen: page-fault\n"},
        {DEVICE "  read c0.0 0x2 4\n",
         "uc_emu_start: an unaligned load asks a device for bytes that it does "
         "not load",
         TW_VERDICT_EFFECT, 0, "\nexpected: ok r0+0x2\nseen: ok\n"},
        {DEVICE "  rmw c0.0 0x0 1\n",
         "uc_emu_start: an exchange that is refused for want of W reads the "
         "device first",
         TW_VERDICT_EFFECT, 0, "\nexpected: page-fault\nseen: page-fault\n"},
        {DEVICE "  exec c0.0 0x0 8\n  flush-page c0.0 0x0\n"
                "  exec c0.0 0x0 8\n",
         "uc_ctl_remove_cache: code of a device is not fetched again after it",
         TW_VERDICT_EFFECT, 2, "\nexpected: ok r0+0x0\nseen: ok\n"},
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
        TwFinding finding = {.verdict = rows[i].verdict, .op = rows[i].op};
        bool code = strstr(rows[i].program, "exec") != NULL;
        g_autoptr(GString) text = g_string_new(rows[i].program);

        if (code) {
            g_string_replace(text, "\n", "\ncontents code\n", 1);
        }
        g_strlcpy(finding.text, rows[i].text, sizeof(finding.text));
        check_of(text->str, &tw_unicorn_class, rows[i].title, finding);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/title/right-taken", test_right_taken);
    g_test_add_func("/title/crossing", test_crossing);
    g_test_add_func("/title/dies", test_dies);
    g_test_add_func("/title/dies-after", test_dies_after);
    g_test_add_func("/title/refused", test_refused);
    g_test_add_func("/title/told", test_told);
    g_test_add_func("/title/defects", test_defects);
    return g_test_run();
}
