/* SPDX-License-Identifier: MIT */
/* Campaigns on targets that behave badly (test-trap.h). */
#define _GNU_SOURCE
#include <glib.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fuzz/campaign/internal.h"
#include "fuzz/campaign/test-trap.h"
#include "program/legality.h"

/* Help -------------------------------------------------------------------- */

static TwCampaignOptions options_for(const char *name, uint64_t programs,
                                     unsigned jobs)
{
    return (TwCampaignOptions){.target = {.name = name},
                               .profile = TW_PROFILES,
                               .seed = SEED,
                               .programs = programs,
                               .jobs = jobs,
                               .hang_ms = 20000};
}

/*
 * The first `wanted` program numbers in the trap; `*programs` is a number of
 * programs that contains these and no others.  Not before number 2: a worker
 * shall have run a program before it dies.
 */
static GArray *traps(unsigned wanted, uint64_t *programs)
{
    GArray *numbers = g_array_new(FALSE, FALSE, sizeof(uint64_t));
    TwTargetOptions softmmu = {.name = "softmmu"};
    TwTarget *target = tw_softmmu_class.open(&softmmu, NULL);
    TwProgram *program = g_new(TwProgram, 1);
    uint64_t n;

    for (n = 0; n < 20000; n++) {
        tw_campaign_program(program, SEED, n, TW_PROFILES,
                            tw_target_dialect(target), NULL, NULL);
        if (trapped(program)) {
            if (numbers->len == wanted) {
                break; /* the one after the last */
            }
            g_assert_cmpuint(n, >, 1);
            g_array_append_val(numbers, n);
        }
    }
    g_free(program);
    tw_target_close(target);
    g_assert_cmpuint(numbers->len, ==, wanted);
    *programs = n;
    return numbers;
}

static void assert_same(const TwCampaignResult *a, const TwCampaignResult *b)
{
    g_assert_cmpuint(a->programs, ==, b->programs);
    g_assert_cmpmem(&a->stats, sizeof(a->stats), &b->stats, sizeof(b->stats));
    g_assert_cmpmem(a->counters, sizeof(a->counters), b->counters,
                    sizeof(b->counters));
    g_assert_cmpuint(a->keys->len, ==, b->keys->len);
    for (unsigned i = 0; i < a->keys->len; i++) {
        const TwCampaignKey *x = g_ptr_array_index(a->keys, i);
        const TwCampaignKey *y = g_ptr_array_index(b->keys, i);

        g_assert_cmpstr(x->key, ==, y->key);
        g_assert_cmpuint(x->verdict, ==, y->verdict);
        g_assert_cmpuint(x->count, ==, y->count);
        g_assert_cmpuint(x->cases->len, ==, y->cases->len);
        for (unsigned k = 0; k < x->cases->len; k++) {
            const TwCampaignCase *p =
                &g_array_index(x->cases, TwCampaignCase, k);
            const TwCampaignCase *q =
                &g_array_index(y->cases, TwCampaignCase, k);

            g_assert_cmpuint(p->number, ==, q->number);
            g_assert_cmpuint(p->profile, ==, q->profile);
            g_assert_cmpuint(p->finding.op, ==, q->finding.op);
            g_assert_cmpstr(p->finding.text, ==, q->finding.text);
        }
    }
}

static void run(const TwCampaignOptions *options, TwCampaignResult *result)
{
    GError *error = NULL;
    bool ok = tw_campaign_run(options, NULL, NULL, result, &error);

    g_assert_no_error(error);
    g_assert_true(ok);
}

/* Tests ------------------------------------------------------------------- */

static void test_jobs(void)
{
    TwCampaignResult one, other;
    TwCampaignOptions options = options_for("softmmu", 2000, 1);

    run(&options, &one);
    g_assert_cmpuint(one.programs, ==, 2000);
    g_assert_cmpuint(one.stats.programs, ==, 2000);
    g_assert_cmpuint(one.stats.accesses, >, 2000);
    g_assert_cmpuint(one.restarts, ==, 0);
    for (unsigned jobs = 2; jobs <= 5; jobs += 3) {
        options.jobs = jobs;
        run(&options, &other);
        assert_same(&one, &other);
        tw_campaign_result_clear(&other);
    }
    tw_campaign_result_clear(&one);
}

/* A trap kills the worker in each program that falls into it: this is one
 * finding, and everything else is as without traps. */
static void check_trap(const char *name, TwVerdict verdict, unsigned wanted,
                       uint32_t hang_ms)
{
    uint64_t programs;
    GArray *numbers = traps(wanted, &programs);
    TwCampaignOptions options = options_for(name, programs, 1);
    TwCampaignResult one, two;
    const TwCampaignKey *key = NULL;
    unsigned count = 0;

    options.hang_ms = hang_ms;
    run(&options, &one);
    g_assert_cmpuint(one.programs, ==, programs);
    g_assert_cmpuint(one.stats.programs, ==, programs);
    g_assert_cmpuint(one.restarts, ==, numbers->len);
    g_assert_cmpuint(one.stats.verdicts[verdict], ==, numbers->len);
    for (unsigned i = 0; i < one.keys->len; i++) {
        const TwCampaignKey *k = g_ptr_array_index(one.keys, i);

        if (k->verdict == verdict) {
            key = k;
            count += k->count;
        }
    }
    g_assert_nonnull(key);
    g_assert_cmpuint(count, ==, numbers->len);
    g_assert_cmpuint(g_array_index(key->cases, TwCampaignCase, 0).number, ==,
                     g_array_index(numbers, uint64_t, 0));
    g_assert_true(
        strstr(g_array_index(key->cases, TwCampaignCase, 0).finding.text,
               verdict == TW_VERDICT_HANG ? "no answer" : "") != NULL);
    for (unsigned i = 0; i < key->cases->len; i++) {
        const TwFinding *finding =
            &g_array_index(key->cases, TwCampaignCase, i).finding;

        g_assert_cmpuint(finding->replays, ==, TW_CAMPAIGN_REPLAYS);
        g_assert_cmpuint(finding->again, ==, TW_CAMPAIGN_REPLAYS);
    }
    options.jobs = 3;
    run(&options, &two);
    assert_same(&one, &two);
    tw_campaign_result_clear(&one);
    tw_campaign_result_clear(&two);
    g_array_unref(numbers);
}

static void test_crash(void)
{
    check_trap("segv", TW_VERDICT_CRASH, 13, 20000);
}

static void test_exit(void)
{
    check_trap("exit", TW_VERDICT_CRASH, 13, 20000);
}

static void test_hang(void)
{
    check_trap("hang", TW_VERDICT_HANG, 2, 150);
}

/* Dies only in a target that has run a program before: this is no finding, but
 * the campaign must report it (flaky). */
static void test_flaky(void)
{
    uint64_t programs;
    GArray *numbers = traps(6, &programs);
    TwCampaignOptions options = options_for("used", programs, 2);
    TwCampaignResult result;
    const TwCampaignKey *key;

    run(&options, &result);
    g_assert_cmpuint(result.programs, ==, programs);
    g_assert_cmpuint(result.keys->len, ==, 1);
    key = g_ptr_array_index(result.keys, 0);
    g_assert_cmpstr(key->key, ==, "FlaUsed");
    g_assert_cmpuint(key->verdict, ==, TW_VERDICT_FLAKY);
    g_assert_cmpuint(key->count, ==, result.restarts);
    g_assert_cmpuint(key->count, >, 0);
    g_assert_nonnull(
        strstr(g_array_index(key->cases, TwCampaignCase, 0).finding.text,
               "died of signal 11"));
    tw_campaign_result_clear(&result);
    g_array_unref(numbers);
}

/* Dies in two of three turns: the rate is that of the replays. */
static void test_rate(void)
{
    uint64_t programs;
    GArray *numbers = traps(2, &programs);
    TwCampaignOptions options = options_for("moody", programs, 1);
    const TwCampaignCase *one;
    TwCampaignResult result;
    const TwCampaignKey *key;

    *turns = 0;
    run(&options, &result);
    g_assert_cmpuint(result.keys->len, ==, 1);
    key = g_ptr_array_index(result.keys, 0);
    g_assert_cmpstr(key->key, ==, "FlaMoody");
    g_assert_cmpuint(key->count, ==, 2);
    one = &g_array_index(key->cases, TwCampaignCase, 0);
    /* Turn 0 is the worker's; 1 and 3 die. */
    g_assert_cmpuint(one->finding.again, ==, 2);
    g_assert_cmpuint(one->finding.replays, ==, 3);
    one++; /* turn 4 is the worker's, 5 survives */
    g_assert_cmpuint(one->finding.again, ==, 0);
    g_assert_cmpuint(one->finding.replays, ==, 1);
    tw_campaign_result_clear(&result);

    /* What dies each time is a finding. */
    options.target.name = "segv";
    options.replays = 2;
    run(&options, &result);
    key = g_ptr_array_index(result.keys, 0);
    g_assert_cmpuint(key->verdict, ==, TW_VERDICT_CRASH);
    one = &g_array_index(key->cases, TwCampaignCase, 0);
    g_assert_cmpuint(one->finding.again, ==, 2);
    g_assert_cmpuint(one->finding.replays, ==, 2);
    tw_campaign_result_clear(&result);
    g_array_unref(numbers);
}

/* How many of the first programs have the trap, where `known` avoids it? */
static unsigned trapped_with(const TwKnown *known, uint64_t programs)
{
    TwTargetOptions softmmu = {.name = "softmmu"};
    TwTarget *target = tw_softmmu_class.open(&softmmu, NULL);
    g_autofree TwProgram *program = g_new(TwProgram, 1);
    unsigned n = 0;

    for (uint64_t i = 0; i < programs; i++) {
        tw_campaign_program(program, SEED, i, TW_PROFILES,
                            tw_target_dialect(target), known, NULL);
        n += trapped(program);
    }
    tw_target_close(target);
    return n;
}

/* Programs that meet triggers are counted by entry, with each number of
 * workers, whether the entry is matched or not. */
static void test_met(void)
{
    static const char *const list =
        "[seen]\ntarget=segv\nversions=*\nkeys=Cr*\npath=trap\n"
        "reason=r\nlink=l\nexpires=2099-01-01\n"
        "[never]\ntarget=segv\nversions=*\nkeys=Sta*\npath=trap\n"
        "reason=r\nlink=l\nexpires=2099-01-01\n"
        "[elsewhere]\ntarget=exit\nversions=*\nkeys=*\npath=trap\n"
        "reason=r\nlink=l\nexpires=2099-01-01\n";
    /* One in 97 has the trap, and one in 16 of these keeps it: with fewer
     * programs, a change of the generator can leave none. */
    enum { PROGRAMS = 12000 };

    for (unsigned jobs = 1; jobs <= 2; jobs++) {
        g_autoptr(TwKnown) known = tw_known_new();
        TwCampaignOptions options = options_for("segv", PROGRAMS, jobs);
        TwCampaignResult result;
        g_autoptr(GError) error = NULL;
        unsigned expected;

        tw_known_add_text(known, list, strlen(list), "list", &error);
        g_assert_no_error(error);
        options.known = known;
        run(&options, &result);
        expected = trapped_with(known, PROGRAMS);
        g_assert_cmpuint(expected, >, 0);
        g_assert_cmpuint(result.programs, ==, PROGRAMS);
        g_assert_cmpuint(result.keys->len, ==, 0);
        g_assert_cmpuint(result.known[0], ==, expected);
        g_assert_cmpuint(result.met[0], ==, expected);
        g_assert_cmpuint(result.known[1], ==, 0);
        g_assert_cmpuint(result.met[1], ==, expected);
        g_assert_cmpuint(result.met[2], ==, 0);
        tw_campaign_result_clear(&result);
    }
}

/* Our children, from the kernel. */
static unsigned children(pid_t of, pid_t *pids, unsigned most)
{
    g_autofree char *path =
        g_strdup_printf("/proc/%d/task/%d/children", of, of);
    g_autofree char *text = NULL;
    unsigned n = 0;
    char *at;

    if (!g_file_get_contents(path, &text, NULL, NULL)) {
        return 0;
    }
    at = text;
    while (n < most && *at) {
        char *end;
        long pid = strtol(at, &end, 10);

        if (end == at) {
            break;
        }
        pids[n++] = (pid_t)pid;
        at = end;
    }
    return n;
}

static void kill_somebody(const TwCampaignResult *so_far, void *data)
{
    unsigned *kills = data;
    pid_t pids[8];
    unsigned n = children(getpid(), pids, G_N_ELEMENTS(pids));

    (void)so_far;
    if (n > 0 && *kills < 6) {
        kill(pids[*kills % n], SIGKILL);
        (*kills)++;
    }
}

/* kill -9 from outside loses nothing and doubles nothing. */
static void test_killed(void)
{
    uint64_t programs = 6000;
    TwCampaignOptions options = options_for("softmmu", programs, 2);
    TwCampaignResult calm, result;
    unsigned kills = 0;
    GError *error = NULL;

    for (;;) {
        kills = 0;
        options.programs = programs;
        g_assert_true(
            tw_campaign_run(&options, kill_somebody, &kills, &result, &error));
        g_assert_no_error(error);
        if (kills >= 2) {
            break;
        }
        programs *= 4; /* a fast machine: it was over too soon */
        tw_campaign_result_clear(&result);
    }
    run(&options, &calm);
    assert_same(&calm, &result);
    g_assert_cmpuint(result.restarts, >, 0);
    tw_campaign_result_clear(&calm);
    tw_campaign_result_clear(&result);
}

static void stop_now(const TwCampaignResult *so_far, void *data)
{
    if (so_far->programs > 0) {
        *(volatile int *)data = 1;
    }
}

/* A finding that a fresh target shows only after another program: the case says
 * after which. */
static void test_carries(void)
{
    uint64_t programs;
    GArray *numbers = traps(3, &programs);
    TwCampaignOptions options = options_for("carries", programs, 1);
    TwCampaignResult result;
    const TwCampaignKey *key;

    run(&options, &result);
    g_assert_cmpuint(result.keys->len, ==, 1);
    key = g_ptr_array_index(result.keys, 0);
    g_assert_cmpuint(key->verdict, ==, TW_VERDICT_FLAKY);
    g_assert_cmpuint(key->count, ==, numbers->len);
    for (unsigned i = 0; i < numbers->len; i++) {
        const TwCampaignCase *one =
            &g_array_index(key->cases, TwCampaignCase, i);
        g_autofree char *words = g_strdup_printf(
            "a fresh target shows it after program %" G_GUINT64_FORMAT
            " of this seed",
            one->number - 1);

        g_assert_cmpuint(one->number, ==, g_array_index(numbers, uint64_t, i));
        g_assert_nonnull(strstr(one->finding.text, words));
    }
    tw_campaign_result_clear(&result);
    g_array_unref(numbers);
}

static void test_stop(void)
{
    TwCampaignOptions options = options_for("softmmu", 0, 2);
    TwCampaignResult result;
    volatile int stop = 0;
    GError *error = NULL;

    options.stop = &stop;
    g_assert_true(
        tw_campaign_run(&options, stop_now, (void *)&stop, &result, &error));
    g_assert_true(result.interrupted);
    g_assert_cmpuint(result.programs, >, 0);
    g_assert_cmpuint(result.programs, ==, result.stats.programs);
    tw_campaign_result_clear(&result);
}

/* A stop must not wait for a program that hangs. */
static void test_stop_hanging(void)
{
    TwCampaignOptions options = options_for("hang", 0, 2);
    TwCampaignResult result;

    options.hang_ms = 3600 * 1000;
    options.seconds = 1;
    run(&options, &result);
    g_assert_cmpfloat(result.seconds, <, 30);
    g_assert_cmpuint(result.programs, ==, result.stats.programs);
    g_assert_false(result.interrupted);
    tw_campaign_result_clear(&result);
}

static void test_stop_at_finding(void)
{
    uint64_t programs;
    GArray *numbers = traps(30, &programs);
    uint64_t first = g_array_index(numbers, uint64_t, 0);
    TwCampaignOptions options = options_for("segv", programs, 1);
    TwCampaignResult one, other;
    const TwCampaignKey *key;

    options.stop_at_finding = true;
    run(&options, &one);
    g_assert_cmpuint(one.keys->len, ==, 1);
    g_assert_cmpuint(one.programs, ==, first + 1);
    g_assert_cmpuint(one.stats.programs, ==, first + 1);
    key = g_ptr_array_index(one.keys, 0);
    g_assert_cmpuint(key->count, ==, 1);
    for (unsigned jobs = 2; jobs <= 6; jobs += 2) {
        options.jobs = jobs;
        run(&options, &other);
        assert_same(&one, &other);
        tw_campaign_result_clear(&other);
    }
    tw_campaign_result_clear(&one);
    g_array_unref(numbers);
}

static void assert_fails(const char *name, int code, const char *words)
{
    TwCampaignOptions options = options_for(name, 100, 2);
    TwCampaignResult result;
    GError *error = NULL;

    g_assert_false(tw_campaign_run(&options, NULL, NULL, &result, &error));
    g_assert_error(error, TW_TARGET_ERROR, code);
    g_assert_nonnull(strstr(error->message, words));
    g_error_free(error);
    tw_campaign_result_clear(&result);
}

static void test_cannot_open(void)
{
    assert_fails("none", TW_TARGET_ERROR_USAGE, "no trap");
    assert_fails("late", TW_TARGET_ERROR_ENVIRONMENT, "not now");
    assert_fails("unborn", TW_TARGET_ERROR_ENVIRONMENT,
                 "before their first program");
}

/* kill -9 of the parent takes the workers with it. */
/* Workers that are killed between taking a chunk and saying so. */
static volatile uint64_t *lose; /* shared: 1 + first program of the chunk */

void tw_campaign_test_dealt(uint64_t first)
{
    if (lose && *lose == first + 1) {
        *lose = 0;
        raise(SIGKILL);
    }
}

static void test_lost_chunk(void)
{
    static const uint64_t losses[] = {1, 1 + 2 * 64, 1 + 48 * 6};

    lose = mmap(NULL, sizeof(*lose), PROT_READ | PROT_WRITE,
                MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    for (unsigned i = 0; i < G_N_ELEMENTS(losses); i++) {
        TwCampaignOptions options = {
            .target = {.name = "softmmu"},
            .profile = TW_PROFILES,
            .seed = SEED,
            .programs = 300,
            .jobs = 3,
        };
        TwCampaignResult result;
        GError *error = NULL;

        if (i == 1) {
            /* The others wait for the chunk, since their round needs it. */
            options.steer = true;
            options.programs = TW_ROUND + 100;
        }
        *lose = losses[i];
        g_assert_true(tw_campaign_run(&options, NULL, NULL, &result, &error));
        g_assert_no_error(error);
        g_assert_cmpuint(*lose, ==, 0);
        g_assert_cmpuint(result.programs, ==, options.programs);
        g_assert_cmpuint(result.stats.programs, ==, options.programs);
        tw_campaign_result_clear(&result);
    }
    munmap((void *)lose, sizeof(*lose));
    lose = NULL;
}

static void test_parent_killed(void)
{
    pid_t pids[8], parent = fork();
    unsigned n = 0;
    bool gone = false;

    if (parent == 0) {
        TwCampaignOptions options = options_for("softmmu", 0, 3);
        TwCampaignResult result;

        tw_campaign_run(&options, NULL, NULL, &result, NULL);
        _exit(0);
    }
    for (unsigned i = 0; i < 1000 && n < 3; i++) {
        g_usleep(10000);
        n = children(parent, pids, G_N_ELEMENTS(pids));
    }
    g_assert_cmpuint(n, ==, 3);
    kill(parent, SIGKILL);
    waitpid(parent, NULL, 0);
    for (unsigned i = 0; i < 1000 && !gone; i++) {
        g_usleep(10000);
        gone = true;
        for (unsigned k = 0; k < n; k++) {
            g_autofree char *path = g_strdup_printf("/proc/%d/stat", pids[k]);
            g_autofree char *text = NULL;
            const char *state;

            /* A zombie counts as gone: perhaps no process reaps it here. */
            if (g_file_get_contents(path, &text, NULL, NULL)) {
                state = strrchr(text, ')');
                gone = gone && state && state[2] == 'Z';
            }
        }
    }
    g_assert_true(gone);
}

/* Two IOMMUs with nested tables, each of which lies behind the other, and a
 * script that is full: a change of one way once led to that of the other, and
 * so on without end. */
static void test_circle(void)
{
    TwTargetOptions options = {.name = "softmmu"};
    g_autofree TwProgram *program = g_new(TwProgram, 1);
    g_autoptr(GError) error = NULL;
    TwTarget *target = tw_target_open(&options, &error);

    g_assert_no_error(error);
    tw_campaign_program(program, 20261202, 20181431, TW_PROFILES,
                        tw_target_dialect(target), NULL, NULL);
    g_assert_true(tw_program_check(program, NULL, 0));
    g_assert_cmpuint(program->n_script, >, 0);
    tw_target_close(target);
}

int main(int argc, char **argv)
{
    turns = mmap(NULL, sizeof(*turns), PROT_READ | PROT_WRITE,
                 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    g_assert_true(turns != MAP_FAILED);
    main_pid = getpid();
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/campaign/circle-of-nested-tables", test_circle);
    g_test_add_func("/campaign/jobs-do-not-matter", test_jobs);
    g_test_add_func("/campaign/crash-is-a-finding", test_crash);
    g_test_add_func("/campaign/exit-is-a-finding", test_exit);
    g_test_add_func("/campaign/hang-is-a-finding", test_hang);
    g_test_add_func("/campaign/carries", test_carries);
    g_test_add_func("/campaign/flaky-is-kept", test_flaky);
    g_test_add_func("/campaign/flaky-rate", test_rate);
    g_test_add_func("/campaign/triggers-met", test_met);
    g_test_add_func("/campaign/killed-from-outside", test_killed);
    g_test_add_func("/campaign/lost-chunk", test_lost_chunk);
    g_test_add_func("/campaign/stop", test_stop);
    g_test_add_func("/campaign/stop-while-hanging", test_stop_hanging);
    g_test_add_func("/campaign/stop-at-finding", test_stop_at_finding);
    g_test_add_func("/campaign/cannot-open", test_cannot_open);
    g_test_add_func("/campaign/parent-killed", test_parent_killed);
    return g_test_run();
}
