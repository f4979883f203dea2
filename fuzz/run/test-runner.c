/* SPDX-License-Identifier: MIT */
/*
 * The runner, with a registry of its own: beside softmmu there are targets
 * that abort, fault, hang, exit, lie once, and get lost.
 */
#include "fuzz/run/runner.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "fuzz/generate/generate.h"
#include "program/legality.h"
#include "program/text/text.h"
#include "targets/softmmu/softmmu.h"

static TwProgram program;

static const char *const three_reads =
    "twinwalk 1\n"
    "page 4096\n"
    "hops 16\n"
    "region r0 ram size 0x4000\n"
    "space s0 root r0\n"
    "cpu c0 tlb 4\n"
    "mmu c0.0 space s0\n"
    "setup\n"
    "  page c0.0 0x0 -> 0x0 size 0x4000 rwx\n"
    "script\n"
    "  read c0.0 0x0 4\n"
    "  write c0.0 0x1000 4\n"
    "  read c0.0 0x1000 4\n";

static void load(void)
{
    g_autoptr(GError) error = NULL;

    tw_program_parse(&program, three_reads, strlen(three_reads), "test",
                     TW_TEXT_STRICT, NULL, NULL, &error);
    g_assert_no_error(error);
}

/* The fakes --------------------------------------------------------------- */

typedef struct Fake {
    TwTarget base;
    TwTarget *inner; /* a softmmu that does the work */
    char *mood;
    volatile uint32_t *in_flight;
} Fake;

static unsigned opened, runs;
static unsigned *coin; /* runs of fake:coin and fake:hang-once in all
                        * processes */

static TwTarget *fake_open(const TwTargetOptions *options, GError **error);

static const TwDialect *fake_dialect(TwTarget *target)
{
    return tw_target_dialect(((Fake *)target)->inner);
}

/* Some processor time, however long that takes. */
static void burn(int64_t ms)
{
    struct timespec now, end;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &end);
    end.tv_sec += ms / 1000;
    end.tv_nsec += ms % 1000 * 1000000;
    do {
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    } while ((now.tv_sec - end.tv_sec) * 1000000000 + now.tv_nsec <
             end.tv_nsec);
}

/* The judge asks for it: not in the target's time. */
static const TwContract *fake_contract(TwTarget *target)
{
    if (strcmp(((Fake *)target)->mood, "slow-judge") == 0) {
        burn(250);
    }
    return tw_target_contract(((Fake *)target)->inner);
}

static const char *fake_version(TwTarget *target)
{
    return tw_target_version(((Fake *)target)->inner);
}

static bool fake_run(TwTarget *target, const TwProgram *p, TwTrace *trace)
{
    Fake *fake = (Fake *)target;

    runs++;
    bool head = strcmp(fake->mood, "coin") == 0 && (*coin)++ % 3 == 1;
    if (fake->in_flight != NULL) {
        *fake->in_flight = 1;
    }
    if (strcmp(fake->mood, "abort") == 0) {
        abort();
    } else if (strcmp(fake->mood, "segv") == 0) {
        raise(SIGSEGV);
    } else if (strcmp(fake->mood, "exit") == 0) {
        _exit(77);
    } else if (strcmp(fake->mood, "hang") == 0 ||
               (strcmp(fake->mood, "hang-once") == 0 && (*coin)++ == 0)) {
        for (;;) {
            pause();
        }
    } else if (strcmp(fake->mood, "burn") == 0) {
        for (;;) {
            burn(1000);
        }
    }
    bool ok = tw_target_run(fake->inner, p, trace);
    if (head || strcmp(fake->mood, "lie") == 0 ||
        (strcmp(fake->mood, "lie-once") == 0 && runs == 1) ||
        (strcmp(fake->mood, "lie-odd") == 0 && runs % 2 == 1)) {
        trace->outcomes[0].class_ = TW_CLASS_DECODE_ERROR;
        trace->outcomes[0].n_locations = 0;
        trace->outcomes[0].value = 0;
    }
    if (strcmp(fake->mood, "lost") == 0) {
        trace->end = TW_END_DIED;
        trace->end_op = 2;
        trace->n_ops = 2;
        trace->signal = SIGKILL;
        return runs > 1;
    }
    return ok;
}

static void fake_close(TwTarget *target)
{
    Fake *fake = (Fake *)target;

    tw_target_close(fake->inner);
    g_free(fake->mood);
    g_free(fake);
}

static const TwTargetClass fake_class = {
    .name = "fake",
    .summary = "misbehaves on request",
    .open = fake_open,
    .dialect = fake_dialect,
    .contract = fake_contract,
    .version = fake_version,
    .run = fake_run,
    .close = fake_close,
};

static TwTarget *fake_open(const TwTargetOptions *options, GError **error)
{
    TwTargetOptions inner = {.name = "softmmu"};
    Fake *fake = g_new0(Fake, 1);

    fake->base.klass = &fake_class;
    fake->inner = tw_softmmu_class.open(&inner, error);
    fake->mood = g_strdup(options->name + strlen("fake:"));
    fake->in_flight = options->in_flight;
    return &fake->base;
}

/* The registry: takes the place of targets/classes/registry.c. */
const TwTargetClass *const *tw_target_classes(void)
{
    static const TwTargetClass *const classes[] = {&tw_softmmu_class,
                                                   &fake_class, NULL};
    return classes;
}

TwTarget *tw_target_open(const TwTargetOptions *options, GError **error)
{
    opened++;
    if (g_str_has_prefix(options->name, "fake:")) {
        return fake_open(options, error);
    }
    if (strcmp(options->name, "softmmu") == 0) {
        return tw_softmmu_class.open(options, error);
    }
    g_set_error(error, TW_TARGET_ERROR, TW_TARGET_ERROR_USAGE,
                "unknown target '%s'", options->name);
    return NULL;
}

/* Tests ------------------------------------------------------------------- */

static TwRunner *open_runner(const char *name)
{
    TwTargetOptions options = {.name = name};
    g_autoptr(GError) error = NULL;
    TwRunner *runner = tw_runner_new(&options, &error);

    g_assert_no_error(error);
    opened = 0;
    runs = 0;
    load();
    return runner;
}

static void test_agree(void)
{
    g_autoptr(TwRunner) runner = open_runner("softmmu");
    TwJudgeStats stats = {0};
    uint64_t counters[TW_COUNTERS] = {0};
    TwFinding finding;

    for (unsigned i = 1; i <= 3; i++) {
        g_assert_cmpint(
            tw_runner_run(runner, &program, &finding, &stats, counters), ==,
            TW_VERDICT_AGREE);
        g_assert_cmpuint(finding.verdict, ==, TW_VERDICT_AGREE);
        g_assert_cmpuint(stats.programs, ==, i);
        g_assert_cmpuint(stats.accesses, ==, 3 * i);
        g_assert_cmpuint(counters[TW_COUNT_FILL], ==, 2 * i);
    }
    g_assert_cmpuint(opened, ==, 0);
    g_assert_cmpuint(tw_runner_trace(runner)->n_ops, ==, 3);
    g_assert_nonnull(tw_runner_version(runner));
    g_assert_true(tw_runner_contract(runner)->cpu_cache);
    g_assert_cmpint(tw_runner_run(runner, &program, &finding, NULL, NULL), ==,
                    TW_VERDICT_AGREE);
}

/* A wrong answer that recurs is a finding, after one run on a fresh target. */
static void test_confirmed(void)
{
    g_autoptr(TwRunner) runner = open_runner("fake:lie");
    TwFinding finding;

    g_assert_cmpint(tw_runner_run(runner, &program, &finding, NULL, NULL), ==,
                    TW_VERDICT_CLASS);
    g_assert_cmpuint(finding.op, ==, 0);
    g_assert_cmpuint(opened, ==, 1);
    g_assert_cmpuint(runs, ==, 2);
}

/* What nobody could read again accuses no target. */
static void test_malformed(void)
{
    TwTargetOptions options = {.name = "fake:lie"};
    g_autoptr(TwRunner) runner = tw_runner_new(&options, NULL);
    TwJudgeStats stats = {0};
    TwFinding finding;

    load();
    program.script[program.n_script] = tw_op_make(TW_OP_NOP);
    program.script[program.n_script++].addr = 1;
    g_assert_cmpint(tw_runner_run(runner, &program, &finding, &stats, NULL), ==,
                    TW_VERDICT_SELF);
    g_assert_cmpint(finding.verdict, ==, TW_VERDICT_SELF);
    g_assert_nonnull(strstr(finding.text, "operation 3"));
    g_assert_cmpuint(stats.verdicts[TW_VERDICT_SELF], ==, 1);
    g_assert_cmpuint(stats.verdicts[TW_VERDICT_WRONG], ==, 0);
}

static void test_flaky(void)
{
    g_autoptr(TwRunner) runner = open_runner("fake:lie-once");
    TwFinding finding;
    TwJudgeStats stats = {0};

    g_assert_cmpint(tw_runner_run(runner, &program, &finding, &stats, NULL), ==,
                    TW_VERDICT_FLAKY);
    g_assert_cmpuint(finding.verdict, ==, TW_VERDICT_FLAKY);
    g_assert_cmpuint(stats.verdicts[TW_VERDICT_FLAKY], ==, 1);
    g_assert_cmpuint(opened, ==, 1);
    g_assert_cmpuint(finding.again, ==, 0);
    g_assert_cmpuint(finding.replays, ==, 1);
}

/* The rate of a flaky finding; no replays if there is no finding. */
static void test_rate(void)
{
    g_autoptr(TwRunner) runner = open_runner("fake:lie-odd");
    TwFinding finding;

    tw_runner_set_replays(runner, 5, 0);
    g_assert_cmpint(
        tw_runner_run(runner, &program, &finding, NULL, NULL), ==,
        TW_VERDICT_FLAKY); /* run 1; again in runs 3 and 5 of 2 to 6 */
    g_assert_cmpuint(finding.again, ==, 2);
    g_assert_cmpuint(finding.replays, ==, 5);
    g_assert_cmpuint(opened, ==, 5);
    runs = 1;
    g_assert_cmpint(tw_runner_run(runner, &program, &finding, NULL, NULL), ==,
                    TW_VERDICT_AGREE);
    g_assert_cmpuint(finding.again, ==, 0);
    g_assert_cmpuint(finding.replays, ==, 0);
    g_assert_cmpuint(opened, ==, 5);
}

/* The first findings of a key are replayed more often than the others. */
static void test_replays_per_key(void)
{
    g_autoptr(TwRunner) runner = open_runner("fake:lie");
    TwFinding finding;

    tw_runner_set_replays(runner, 4, 2);
    for (unsigned i = 0; i < 4; i++) {
        g_assert_cmpint(tw_runner_run(runner, &program, &finding, NULL, NULL),
                        ==, TW_VERDICT_CLASS);
        g_assert_cmpuint(finding.replays, ==, i < 2 ? 4 : 1);
        g_assert_cmpuint(finding.again, ==, finding.replays);
    }
    g_assert_cmpuint(opened, ==, 4 + 4 + 1 + 1);
}

/* A target that reports its death is a crash and is opened anew. */
static void test_lost(void)
{
    g_autoptr(TwRunner) runner = open_runner("fake:lost");
    TwFinding finding;

    g_assert_cmpint(tw_runner_run(runner, &program, &finding, NULL, NULL), ==,
                    TW_VERDICT_CRASH);
    g_assert_cmpuint(finding.op, ==, 2);
    g_assert_cmpuint(opened, ==, 2); /* to see it again, and anew */
    g_assert_cmpuint(runs, ==, 2);
}

static void test_unknown(void)
{
    TwTargetOptions options = {.name = "nothing"};
    g_autoptr(GError) error = NULL;
    g_autoptr(GError) again = NULL;
    TwFinding finding;

    g_assert_null(tw_runner_new(&options, &error));
    g_assert_error(error, TW_TARGET_ERROR, TW_TARGET_ERROR_USAGE);
    load();
    g_assert_false(tw_run_isolated(&options, &program, 0, &finding, &again));
    g_assert_error(again, TW_TARGET_ERROR, TW_TARGET_ERROR_USAGE);
    g_assert_cmpstr(again->message, ==, error->message);
}

static void run_isolated(const char *name, uint32_t timeout_ms,
                         TwFinding *finding)
{
    TwTargetOptions options = {.name = name};
    g_autoptr(GError) error = NULL;

    load();
    g_assert_true(
        tw_run_isolated(&options, &program, timeout_ms, finding, &error));
    g_assert_no_error(error);
}

static void test_isolated_agree(void)
{
    TwFinding finding;

    run_isolated("softmmu", 0, &finding);
    g_assert_cmpuint(finding.verdict, ==, TW_VERDICT_AGREE);
    run_isolated("fake:lie", 0, &finding);
    g_assert_cmpuint(finding.verdict, ==, TW_VERDICT_CLASS);
    g_assert_cmpuint(finding.op, ==, 0);
}

static void test_isolated_death(gconstpointer data)
{
    const char *mood = data;
    g_autofree char *name = g_strconcat("fake:", mood, NULL);
    TwFinding finding;
    char key[TW_KEY_SIZE];

    run_isolated(name, 0, &finding);
    g_assert_cmpuint(finding.verdict, ==, TW_VERDICT_CRASH);
    g_assert_cmpuint(finding.op, ==, 1);
    g_assert_cmpuint(finding.changed, ==, TW_NO_OP);
    tw_key_write(key, TW_VERDICT_CRASH, name, TW_OP_WRITE, TW_KEY_LEAF_NONE,
                 TW_KEY_LINK_NONE, TW_KEY_EVENT_NONE);
    g_assert_cmpstr(finding.key, ==, key);
    g_assert_cmpstr(finding.text, !=, "");
}

/* One that sleeps and one that burns processor time. */
static void test_isolated_hang(void)
{
    static const char *const moods[] = {"fake:hang", "fake:burn"};

    for (unsigned i = 0; i < G_N_ELEMENTS(moods); i++) {
        gint64 start = g_get_monotonic_time();
        TwFinding finding;

        run_isolated(moods[i], 150, &finding);
        g_assert_cmpint(g_get_monotonic_time() - start, >=, 150 * 1000);
        g_assert_cmpuint(finding.verdict, ==, TW_VERDICT_HANG);
        g_assert_nonnull(strstr(finding.text, "no answer in 150 ms"));
        g_assert_cmpuint(finding.op, ==, 1);
    }
}

/* The time of the judge is not the target's. */
static void test_isolated_slow_judge(void)
{
    TwFinding finding;

    run_isolated("fake:slow-judge", 100, &finding);
    g_assert_cmpuint(finding.verdict, ==, TW_VERDICT_AGREE);
}

/* A hang is confirmed as other findings are. */
static void test_hang_confirmed(void)
{
    TwTargetOptions hang = {.name = "fake:hang"},
                    once = {.name = "fake:hang-once"};
    TwFinding finding;

    load();
    g_assert_true(tw_run_repeatedly(&hang, &program, 100, 1, &finding, NULL));
    g_assert_cmpuint(finding.verdict, ==, TW_VERDICT_HANG);
    g_assert_cmpuint(finding.again, ==, 1);
    g_assert_cmpuint(finding.replays, ==, 1);
    for (unsigned times = 1; times <= 3; times += 2) {
        *coin = 0;
        g_assert_true(
            tw_run_repeatedly(&once, &program, 100, times, &finding, NULL));
        g_assert_cmpuint(finding.verdict, ==, TW_VERDICT_FLAKY);
        g_assert_cmpuint(finding.again, ==, times / 2);
        g_assert_cmpuint(finding.replays, ==, times);
    }
}

/* Each time in a child that has its own count of runs. */
static void test_repeatedly(void)
{
    TwTargetOptions lie = {.name = "fake:lie"}, segv = {.name = "fake:segv"};
    TwTargetOptions good = {.name = "softmmu"}, odd = {.name = "fake:coin"};
    TwFinding finding;

    load();
    g_assert_true(tw_run_repeatedly(&lie, &program, 0, 3, &finding, NULL));
    g_assert_cmpuint(finding.verdict, ==, TW_VERDICT_CLASS);
    g_assert_cmpuint(finding.again, ==, 3);
    g_assert_cmpuint(finding.replays, ==, 3);
    g_assert_true(tw_run_repeatedly(&segv, &program, 0, 2, &finding, NULL));
    g_assert_cmpuint(finding.verdict, ==, TW_VERDICT_CRASH);
    g_assert_cmpuint(finding.again, ==, 2);
    g_assert_true(tw_run_repeatedly(&good, &program, 0, 2, &finding, NULL));
    g_assert_cmpuint(finding.verdict, ==, TW_VERDICT_AGREE);
    g_assert_cmpuint(finding.again, ==, 0);
    g_assert_cmpuint(finding.replays, ==, 2);

    *coin = 0; /* lies in turns 1, 4 and 7 */
    g_assert_true(tw_run_repeatedly(&odd, &program, 0, 8, &finding, NULL));
    g_assert_cmpuint(finding.verdict, ==, TW_VERDICT_FLAKY);
    g_assert_cmpuint(finding.again, ==, 3);
    g_assert_cmpuint(finding.replays, ==, 8);
    g_assert_cmpuint(finding.op, ==, 0);
}

/* In process or not, the verdict is the same. */
static void test_isolated_equal(void)
{
    TwTargetOptions options = {.name = "softmmu"};
    g_autoptr(TwRunner) runner = tw_runner_new(&options, NULL);

    for (unsigned i = 0; i < 40; i++) {
        TwFinding here, there;
        TwRng rng = tw_rng_for(51, i);
        tw_generate(&program, (TwProfile)(i % TW_PROFILES),
                    tw_runner_dialect(runner), &rng);
        tw_runner_run(runner, &program, &here, NULL, NULL);
        g_assert_true(tw_run_isolated(&options, &program, 0, &there, NULL));
        g_assert_cmpuint(here.verdict, ==, there.verdict);
        g_assert_cmpstr(here.key, ==, there.key);
    }
}

int main(int argc, char **argv)
{
    static const char *const moods[] = {"abort", "segv", "exit"};

    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/runner/agree", test_agree);
    g_test_add_func("/runner/confirmed", test_confirmed);
    g_test_add_func("/runner/malformed", test_malformed);
    g_test_add_func("/runner/flaky", test_flaky);
    g_test_add_func("/runner/rate", test_rate);
    g_test_add_func("/runner/replays-per-key", test_replays_per_key);
    g_test_add_func("/runner/lost", test_lost);
    g_test_add_func("/runner/unknown", test_unknown);
    g_test_add_func("/runner/isolated/agree", test_isolated_agree);
    for (unsigned i = 0; i < G_N_ELEMENTS(moods); i++) {
        g_autofree char *name =
            g_strconcat("/runner/isolated/", moods[i], NULL);

        g_test_add_data_func(name, moods[i], test_isolated_death);
    }
    g_test_add_func("/runner/isolated/hang", test_isolated_hang);
    g_test_add_func("/runner/isolated/slow-judge", test_isolated_slow_judge);
    g_test_add_func("/runner/isolated/hang-confirmed", test_hang_confirmed);
    g_test_add_func("/runner/isolated/equal", test_isolated_equal);
    coin = mmap(NULL, sizeof(*coin), PROT_READ | PROT_WRITE,
                MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    g_assert_true(coin != MAP_FAILED);
    g_test_add_func("/runner/isolated/repeatedly", test_repeatedly);
    return g_test_run();
}
