/* SPDX-License-Identifier: MIT */
/* Causes: of the minimal case of each bug of the zoo; of the same bug seen in
 * other ways; of texts. */
#include "reports/cause/cause.h"

#include <string.h>

#include "fuzz/campaign/campaign.h"
#include "program/text/text.h"
#include "reports/cause/sanitizer.h"
#include "targets/zoo/zoo.h"

/* The bugs for which experiments were made. */
static const struct {
    const char *slug, *cause, *rule;
    bool security;
} expected[] = {
    {"wrong-as-section", "device-behind-iommu", "FV-3", false},
    {"garbage-xlat-on-deny", "refusal-ignored-no-entry", "LA-11, IW-1", true},
    {"victim-survives-page-flush", "missed-flush-victim", "FR-9, LA-29", true},
    {"large-page-sibling", "missed-flush-beside", "FR-9, LA-29", true},
    {"active-never-rearmed", "missed-unmap-again", "FR-1, LA-17", true},
    {"notify-idx0-only", "missed-unmap-index", "FR-1, LA-17", true},
    {"second-hop-unregistered", "missed-unmap-later-hop", "FR-1, LA-17", true},
    {"map-over-map-no-unmap", "missed-unmap-replaced", "FR-1, LA-17", true},
    {"rights-not-anded", "refusal-ignored-no-right", "LA-11, IW-1", true},
    {"translated-low-bits-added", "low-output-bits", "LA-13", false},
    {"tie-oldest-wins", "order-of-equals", "MR-5", false},
    {"commit-flush-own-as-only", "missed-commit", "FR-3, LA-7", true},
    {"guest-address-is-input", "kept-record", "FR-1, LA-17", true},
    {"table-rights-first", "reason-rights-for-unreadable", "LA-60", false},
    {"dirty-not-set-on-hit", "unmarked-record", "FR-13", false},
    {"device-reenters-itself", "started-own-callback", "AC-8", true},
    {"started-takes-over", "started-number", "LA-61", false},
    {"started-early", "started-astray", "FR-14", true},
};

static TwRunner *open_bug(const char *slug)
{
    g_autofree char *name = g_strdup_printf("zoo:%s", slug);
    TwTargetOptions options = {.name = name};
    TwRunner *runner = tw_runner_new(&options, NULL);

    g_assert_nonnull(runner);
    return runner;
}

/* The cause of the case of a bug. */
static void find_cause(const char *slug, TwCause *cause)
{
    g_autofree TwProgram *program = g_new(TwProgram, 1);
    g_autoptr(TwRunner) runner = open_bug(slug);
    g_autofree char *path =
        g_strdup_printf("%s/zoo/%s.tw", g_getenv("TWINWALK_CORPUS"), slug);
    g_autoptr(GError) error = NULL;

    tw_program_load(program, path, TW_TEXT_STRICT, NULL, &error);
    g_assert_no_error(error);
    tw_cause_find(runner, NULL, program, true, cause);
    g_test_message("%s: %s (%s)", slug, cause->name, cause->rule);
}

static void test_zoo(void)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(expected); i++) {
        TwCause cause;

        find_cause(expected[i].slug, &cause);
        g_assert_cmpstr(cause.name, ==, expected[i].cause);
        g_assert_cmpstr(cause.rule, ==, expected[i].rule);
        g_assert_cmpint(cause.security, ==, expected[i].security);
    }
}

/* Each bug has a cause, the same each time. */
static void test_every_bug(void)
{
    unsigned n;
    const TwZooBug *bugs = tw_zoo_bugs(&n);

    for (unsigned i = 0; i < n; i++) {
        TwCause cause, again;

        find_cause(bugs[i].slug, &cause);
        g_assert_cmpuint(strlen(cause.name), >, 0);
        g_assert_cmpuint(strspn(cause.name, TW_CAUSE_LETTERS), ==,
                         strlen(cause.name));
        find_cause(bugs[i].slug, &again);
        g_assert_cmpstr(cause.name, ==, again.name);
    }
}

/* Most raw findings of a bug, whatever their keys, have its cause. */
static void test_raw(void)
{
    g_autofree TwProgram *program = g_new(TwProgram, 1);
    unsigned all = 0, right = 0;

    for (unsigned i = 0; i < G_N_ELEMENTS(expected); i++) {
        g_autoptr(TwRunner) runner = open_bug(expected[i].slug);
        unsigned found = 0;

        for (uint64_t number = 0; found < 5 && number < 3000; number++) {
            TwFinding finding;
            TwCause cause;

            tw_campaign_program(program, 3, number, TW_PROFILES,
                                tw_runner_dialect(runner), NULL, NULL);
            tw_runner_run(runner, program, &finding, NULL, NULL);
            if (!tw_verdict_is_finding(finding.verdict)) {
                continue;
            }
            tw_cause_find(runner, NULL, program, false, &cause);
            found++;
            all++;
            right += strcmp(cause.name, expected[i].cause) == 0;
        }
        g_assert_cmpuint(found, ==, 5);
    }
    g_test_message("%u of %u", right, all);
    g_assert_cmpuint(right, >=, all * 9 / 10);
}

static void test_none(void)
{
    g_autofree TwProgram *program = g_new(TwProgram, 1);
    TwTargetOptions options = {.name = "softmmu"};
    g_autoptr(TwRunner) runner = tw_runner_new(&options, NULL);
    TwCause cause;

    tw_program_init(program);
    tw_cause_find(runner, NULL, program, false, &cause);
    g_assert_cmpstr(cause.name, ==, "");
    g_assert_false(cause.security);
}

static const char *of_text(TwVerdict verdict, const char *text)
{
    static TwCause cause;
    TwFinding finding = {.verdict = (uint8_t)verdict};

    memset(&cause, 0, sizeof(cause));
    g_strlcpy(finding.text, text, sizeof(finding.text));
    tw_cause_of_text(&finding, &cause);
    return cause.name;
}

static void test_text(void)
{
    /* Where it died counts, not which signal or address. */
    g_assert_cmpstr(of_text(TW_VERDICT_CRASH,
                            "died of signal 11 (Segmentation fault)\n"
                            "  flush_page (libx.so.2)\n  run (libx.so.2)\n"),
                    ==, "crash-flush-page-libx-so-run-libx-so");
    g_assert_cmpstr(of_text(TW_VERDICT_CRASH, "died of signal 6 (Aborted)\n"),
                    ==, "crash-died-of-signal-aborted");
    g_assert_cmpstr(
        of_text(TW_VERDICT_INVARIANT, "op 17: read\nentry 3 has no section\n"),
        ==, "invariant-entry-has-no-section");
    g_assert_cmpstr(of_text(TW_VERDICT_SELF, "'); DROP TABLE x;<b>\n"), ==,
                    "self-drop-table-x-b");
    g_assert_cmpuint(strlen(of_text(TW_VERDICT_CRASH,
                                    "x\nlong long long long long long long "
                                    "long long long long long long long")),
                     <, TW_CAUSE_SIZE);
}

static const char *of_report(const char *text)
{
    static char name[TW_CAUSE_SIZE];

    g_assert_cmpint(tw_sanitizer_name(text, strlen(text), name, sizeof(name)),
                    ==, *name != '\0');
    return name;
}

static void test_sanitizer(void)
{
    /* The same by other addresses and lines, and the first stack only. */
    for (unsigned i = 0; i < 2; i++) {
        g_assert_cmpstr(
            of_report(i ? "==7==ERROR: AddressSanitizer: heap-use-after-free on"
                          " address 0x60200 at pc 0x1 bp 0x2 sp 0x3\n"
                          "READ of size 1 at 0x60200 thread T0\n"
                          "    #0 0x4a in __asan_memcpy (/x/y+0x1)\n"
                          "    #1 0x4b in flush_page /src/tlb.c:3:4\n"
                          "    #2 0x4c in run /src/tlb.c:9\n"
                          "    #3 0x4d in main /src/main.c:1\n"
                          "    #4 0x4e in __libc_start_main\n"
                          "freed by thread T0 here:\n"
                          "    #0 0x4f in free\n    #1 0x50 in drop /a.c:1\n"
                        : "noise\n==9==ERROR: AddressSanitizer: "
                          "heap-use-after-free on address 0x7 at pc 0x8\n"
                          "    #0 0x9 in memcpy\n    #1 0xa in flush_page "
                          "/b/tlb.c:30\n    #2 0xb in run /b/tlb.c:90\n"
                          "    #3 0xc in main /b/main.c:10\n"),
            ==, "heap-use-after-free-in-flush-page-run-main");
    }
    g_assert_cmpstr(of_report("tlb.c:3:5: runtime error: shift exponent 64 is "
                              "too large for 64-bit type\n"
                              "    #0 0x1 in fill /src/tlb.c:3\n"),
                    ==, "shift-exponent-is-too-large-in-fill");
    g_assert_cmpstr(of_report("==1==ERROR: AddressSanitizer: SEGV on unknown "
                              "address (pc 0x1)\n    #0 0x2  (lib.so+0x3)\n"),
                    ==, "segv");
    g_assert_cmpstr(of_report("==1==ERROR: AddressSanitizer: stack-overflow\n"
                              "    #0 0x2 in '); DROP TABLE x;-- <b>\n"),
                    ==, "stack-overflow");
    g_assert_cmpstr(of_report("Segmentation fault\n#0 0x1 in main\n"), ==, "");
    g_assert_cmpstr(of_report(""), ==, "");
}

static void test_isolated(void)
{
    g_autofree TwProgram *program = g_new(TwProgram, 1);
    TwTargetOptions options = {
        .name = "zoo:second-hop-unregistered",
    };
    g_autofree char *path = g_strdup_printf("%s/zoo/second-hop-unregistered.tw",
                                            g_getenv("TWINWALK_CORPUS"));
    g_autoptr(GError) error = NULL;
    TwCause cause;

    tw_program_load(program, path, TW_TEXT_STRICT, NULL, &error);
    g_assert_no_error(error);
    g_assert_true(
        tw_cause_isolated(&options, NULL, program, true, 0, &cause, &error));
    g_assert_no_error(error);
    g_assert_cmpstr(cause.name, ==, "missed-unmap-later-hop");
    g_assert_cmpuint(cause.experiments, >, 0);
    options.name = "nothing";
    g_assert_false(
        tw_cause_isolated(&options, NULL, program, true, 0, &cause, &error));
    g_assert_error(error, TW_TARGET_ERROR, TW_TARGET_ERROR_USAGE);
}

static const struct {
    const char *name, *title;
} titles[] = {
    {"missed-flush-all", "the operation flush-all does not end old answers"},
    {"missed-unmap-of-mpc-write", "a write to an MPC's registers does not end "
                                  "what came through the IOMMU"},
    {"kept-record-domain",
     "an invalidation of a domain leaves a record of an IOTLB"},
    {"astray-subpage",
     "an access goes elsewhere (a region covers part of a page)"},
    {"astray-move", "an access goes elsewhere after the operation move"},
    {"fault-hole",
     "an access is refused though it may be made (it should reach no region)"},
    {"perm-read-memory",
     "a read succeeds without the right (it should reach memory)"},
    {"wrong-dma-write-hole-behind-iommu",
     "a dma-write goes elsewhere, or gets other data (it should reach no "
     "region behind an IOMMU)"},
    {"event-missing-entry",
     "an observer misses an event of a change of an IOMMU's table"},
    {"event-extra-iommu-reset",
     "an observer gets an event in vain at a reset of an IOMMU"},
    {"effect-end", "memory holds other bytes at the end"},
    {"effect-mpc-read", "the operation mpc-read has other effects"},
    {"reason-rights-for-unreadable",
     "a refusal for the reason unreadable is told as rights"},
    {"refusal-ignored-page-map",
     "an access succeeds though the page map refuses it"},
    {"crash-in-flush-page", "crash in flush page"},
};

static void test_titles(void)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(expected); i++) {
        g_autofree char *title = tw_cause_title(expected[i].cause);

        g_assert_nonnull(strchr(title, ' '));
    }
    for (unsigned i = 0; i < G_N_ELEMENTS(titles); i++) {
        g_autofree char *title = tw_cause_title(titles[i].name);

        g_assert_cmpstr(title, ==, titles[i].title);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/cause/zoo", test_zoo);
    g_test_add_func("/cause/zoo/every-bug", test_every_bug);
    g_test_add_func("/cause/raw", test_raw);
    g_test_add_func("/cause/none", test_none);
    g_test_add_func("/cause/text", test_text);
    g_test_add_func("/cause/sanitizer", test_sanitizer);
    g_test_add_func("/cause/isolated", test_isolated);
    g_test_add_func("/cause/titles", test_titles);
    return g_test_run();
}
