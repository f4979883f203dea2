/* SPDX-License-Identifier: MIT */
/* The search itself: it is the same by any number of processes, and it sees
 * what is wrong with a target, with the rule, or with the naive cache. */
#include <glib.h>
#include <string.h>

#include "fuzz/exhaust/exhaust.h"
#include "fuzz/exhaust/naive.h"
#include "program/text/text.h"

static TwExhaustResult result, other;

static void search(const char *target, const char *board, unsigned length,
                   unsigned jobs, int deaf_to, TwExhaustResult *to)
{
    TwExhaustOptions options = {.target = {.name = target},
                                .board = board,
                                .length = length,
                                .jobs = jobs,
                                .deaf_to = deaf_to};
    g_autoptr(GError) error = NULL;

    g_assert_true(tw_exhaust(&options, NULL, NULL, to, &error));
    g_assert_no_error(error);
    g_assert_cmpuint(to->done, ==, to->units);
}

static void test_jobs(void)
{
    search("softmmu", NULL, 3, 1, -1, &result);
    search("softmmu", NULL, 3, 3, -1, &other);
    g_assert_cmpstr(result.failure, ==, "");
    g_assert_cmpmem(result.boards, sizeof(result.boards), other.boards,
                    sizeof(other.boards));
    g_assert_cmpstr(result.beyond, ==, other.beyond);
    for (unsigned b = 0; tw_exhaust_boards[b].name; b++) {
        g_assert_cmpuint(result.boards[b].programs, >, 50);
        g_assert_cmpuint(result.boards[b].reached, >=,
                         result.boards[b].histories);
    }
}

/* One letter: the accesses; two: each letter and then an access. */
static void test_counts(void)
{
    search("softmmu", "flat", 1, 1, -1, &result);
    g_assert_cmpuint(result.boards[0].programs, ==, 3);
    search("softmmu", "flat", 2, 1, -1, &result);
    /* 12 letters of which one (enable off) changes nothing. */
    g_assert_cmpuint(result.boards[0].programs, ==, 3 + 11 * 3);
    g_assert_cmpuint(result.boards[0].skipped, ==, 1);
}

static void expect_failure(const char *what)
{
    g_assert_nonnull(strstr(result.failure, what));
    g_assert_nonnull(strstr(result.failure, "\ntwinwalk 1\n"));
}

/* A target that is wrong. */
static void test_zoo(void)
{
    static const struct {
        const char *target, *board;
        unsigned length;
    } bugs[] = {
        {"zoo:second-hop-unregistered", "two", 4},
        {"zoo:map-over-map-no-unmap", "one", 4},
        {"zoo:commit-flush-own-as-only", "one", 4},
        {"zoo:iotlb-survives-unmap", "iotlbs", 4},
        {"zoo:iotlb-keeps-absence", "iotlb", 4},
        {"zoo:combined-survives-second", "combined", 4},
        {"zoo:mpc-opened-not-told", "mpc", 4},
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(bugs); i++) {
        search(bugs[i].target, bugs[i].board, bugs[i].length, 2, -1, &result);
        expect_failure("the target's answer is not allowed");
    }
}

/* A cache that does not hear of events: the rule forbids what it answers. */
static void test_deaf(void)
{
    search("softmmu", "flat", 3, 1, EVENT_ALL, &result);
    expect_failure("a naive cache answers");
    search("softmmu", "one", 4, 1, EVENT_UNMAP, &result);
    expect_failure("a naive cache answers");
    search("softmmu", "flat", 4, 1, EVENT_FLUSH, &result);
    expect_failure("a naive cache answers");
    search("softmmu", "iotlb", 4, 1, EVENT_RECORDS, &result);
    expect_failure("a naive cache answers");
    search("softmmu", "combined", 4, 1, EVENT_PAIRS, &result);
    expect_failure("a naive cache answers");
}

/*
 * Of two fetches with the same answer the second came after a flush that still
 * waits: it outlives the safe point, though the first does not, whichever of
 * the two has the lower number.
 *
 *   s0   0 [ r1 ] 0x1000 [ r2 ] 0x2000
 */
static void test_safe_point(void)
{
    static const char *const text =
        "twinwalk 1\n"
        "region r0 container size 0x2000 root s0\n"
        "region r1 ram size 0x1000 in r0 at 0x0\n"
        "region r2 ram size 0x1000 in r0 at 0x1000\n"
        "mmu c0.0 space s0\n"
        "setup\n"
        "  page c0.0 0x0 -> 0x0 size 0x1000 rw\n"
        "  page c0.0 0x1000 -> 0x1000 size 0x1000 rw\n"
        "script\n"
        "  flush-page c0.0 0x0\n"
        "  page c0.0 0x0 -> 0x1000 size 0x1000 rw\n"
        "  read c0.0 0x1000 1\n"
        "  flush-page c0.0 0x0\n"
        "  page c0.0 0x0 -> 0x0 size 0x1000 rw\n"
        "  read c0.0 0x0 1\n";
    static Naive naive, after[NAIVE_ANSWERS];
    static TwProgram program;
    NaiveAnswer answers[NAIVE_ANSWERS];
    bool seen[2] = {false, false};
    unsigned n = 0;

    g_assert_true(tw_program_parse(&program, text, strlen(text), "safe-point",
                                   TW_TEXT_STRICT, NULL, NULL, NULL));
    tw_naive_init(&naive, &program);
    for (unsigned i = 0; i < program.n_script; i++) {
        if (program.script[i].code == TW_OP_READ) {
            n = tw_naive_access(&naive, &program.script[i], answers, after);
            naive = after[0];
        } else {
            tw_naive_perform(&naive, &program.script[i]);
        }
    }
    for (unsigned i = 0; i < n; i++) {
        g_assert_cmpint(answers[i].class_, ==, TW_CLASS_OK);
        seen[answers[i].region - 1] = true;
    }
    g_assert_true(seen[0] && seen[1]);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/exhaust/jobs", test_jobs);
    g_test_add_func("/exhaust/counts", test_counts);
    g_test_add_func("/exhaust/zoo", test_zoo);
    g_test_add_func("/exhaust/deaf", test_deaf);
    g_test_add_func("/exhaust/safe-point", test_safe_point);
    return g_test_run();
}
