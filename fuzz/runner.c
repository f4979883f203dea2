/* SPDX-License-Identifier: MIT */
/*
 * From program to verdict.  In one process for speed; in a child that may die
 * or hang for everything that cannot be trusted.
 */
#include "fuzz/last-words.h"
#include "oracle/pair.h"
#include "fuzz/runner.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    MOST_FRAMES = 6, /* of a stack in the text of a finding */
    MOST_KEYS = 128, /* whose findings are counted */
};

struct TwRunner {
    TwTargetOptions options;
    char *name; /* options.name points here */
    TwTarget *target;
    TwOracle *oracle;
    TwKnown *known; /* not ours; or NULL */
    TwTrace trace;   /* of the last run */
    TwTrace reference; /* of a target that has one */
    TwTrace confirm; /* of the second run of a finding */
    unsigned replays, per_key; /* tw_runner_set_replays() */
    struct {
        char key[TW_KEY_SIZE];
        unsigned count;
    } seen[MOST_KEYS];
    unsigned n_seen;
};

TwRunner *tw_runner_new(const TwTargetOptions *options, GError **error)
{
    TwTarget *target = tw_target_open(options, error);

    if (target == NULL) {
        return NULL;
    }
    /* Not cleared: traces are large, and are initialised run by run. */
    TwRunner *runner = g_malloc(sizeof(*runner));
    runner->options = *options;
    runner->name = g_strdup(options->name);
    runner->options.name = runner->name;
    runner->target = target;
    runner->known = NULL;
    runner->replays = 1;
    runner->per_key = 0;
    runner->n_seen = 0;
    runner->oracle = tw_oracle_new();
    tw_trace_init(&runner->trace);
    return runner;
}

void tw_runner_free(TwRunner *runner)
{
    if (runner == NULL) {
        return;
    }
    if (runner->target != NULL) {
        tw_target_close(runner->target);
    }
    tw_oracle_free(runner->oracle);
    g_free(runner->name);
    g_free(runner);
}

bool tw_runner_set_known(TwRunner *runner, TwKnown *known, GError **error)
{
    runner->known = known;
    return known == NULL ||
           tw_known_select(known, runner->target->klass, runner->name,
                           tw_target_version(runner->target), error);
}

void tw_runner_set_replays(TwRunner *runner, unsigned replays,
                           unsigned per_key)
{
    runner->replays = replays;
    runner->per_key = per_key;
}

const TwDialect *tw_runner_dialect(TwRunner *runner)
{
    return tw_target_dialect(runner->target);
}

const TwContract *tw_runner_contract(TwRunner *runner)
{
    return tw_target_contract(runner->target);
}

const char *tw_runner_version(TwRunner *runner)
{
    return tw_target_version(runner->target);
}

const TwExpected *tw_runner_expected(const TwRunner *runner)
{
    return tw_judge_expected(runner->oracle);
}

TwStory *tw_runner_story(const TwRunner *runner)
{
    return runner->target->klass->run_reference
               ? NULL
               : tw_story_new(runner->oracle);
}

bool tw_runner_emit(TwRunner *runner, const TwProgram *program,
                    const TwFinding *finding, GString *out, GError **error)
{
    const TwTargetClass *klass = runner->target->klass;

    if (klass->emit == NULL) {
        g_set_error(error, TW_TARGET_ERROR, TW_TARGET_ERROR_USAGE,
                    "%s: writes no reproducers", klass->name);
        return false;
    }
    return klass->emit(runner->target, program, finding,
                       tw_judge_expected(runner->oracle), out, error);
}

const TwTrace *tw_runner_trace(TwRunner *runner)
{
    return &runner->trace;
}

/* Judges `trace`: by the oracle, or by the target's own reference. */
static TwVerdict judge(TwRunner *runner, TwTarget *target,
                       const TwProgram *program, TwTrace *trace,
                       TwFinding *finding, TwJudgeStats *stats)
{
    if (target->klass->run_reference != NULL) {
        target->klass->run_reference(target, program, &runner->reference);
        return tw_judge_pair(program, tw_target_contract(target),
                             runner->name, trace, &runner->reference, finding,
                             stats);
    }
    return tw_judge(runner->oracle, program, tw_target_dialect(target),
                    tw_target_contract(target), runner->name, trace, finding,
                    stats);
}

/* Does a target that has run nothing before come to the same key? */
static bool same_again(TwRunner *runner, const TwProgram *program,
                       const TwFinding *finding)
{
    TwFinding again;
    TwTarget *fresh = tw_target_open(&runner->options, NULL);

    if (fresh == NULL) {
        return false;
    }
    tw_target_run(fresh, program, &runner->confirm);
    judge(runner, fresh, program, &runner->confirm, &again, NULL);
    tw_target_close(fresh);
    return strcmp(again.key, finding->key) == 0;
}

/* How often is this finding to be run again?  Keys beyond those that there is
 * room for are all new. */
static unsigned replays_of(TwRunner *runner, const TwFinding *finding)
{
    const char *key = finding->key;
    unsigned i = 0;

    if (finding->verdict == TW_VERDICT_HANG) {
        return MIN(runner->replays, 1);
    }
    if (runner->per_key == 0) {
        return runner->replays;
    }
    while (i < runner->n_seen && strcmp(runner->seen[i].key, key) != 0) {
        i++;
    }
    if (i == runner->n_seen) {
        if (i == MOST_KEYS) {
            return runner->replays;
        }
        g_strlcpy(runner->seen[i].key, key, TW_KEY_SIZE);
        runner->seen[i].count = 0;
        runner->n_seen++;
    }
    return ++runner->seen[i].count <= runner->per_key ? runner->replays : 1;
}

/* Runs a finding again; false if it is flaky. */
static bool confirm(TwRunner *runner, const TwProgram *program,
                    TwFinding *finding)
{
    finding->replays = (uint8_t)replays_of(runner, finding);
    for (unsigned i = 0; i < finding->replays; i++) {
        finding->again += same_again(runner, program, finding);
    }
    return finding->again == finding->replays;
}

TwVerdict tw_runner_run(TwRunner *runner, const TwProgram *program,
                        TwFinding *finding, TwJudgeStats *stats,
                        uint64_t *counters)
{
    bool alive = tw_target_run(runner->target, program, &runner->trace);
    TwVerdict verdict = judge(runner, runner->target, program,
                              &runner->trace, finding, stats);

    if (counters != NULL) {
        for (unsigned i = 0; i < TW_COUNTERS; i++) {
            counters[i] += runner->trace.counters[i];
        }
    }
    finding->known = 0;
    finding->replays = finding->again = 0;
    if (tw_verdict_is_finding(verdict)) {
        finding->known =
            (uint8_t)(1 + tw_known_match(runner->known, program, finding));
    }
    if (finding->known) {
        if (stats != NULL) {
            stats->verdicts[verdict]--;
            stats->verdicts[TW_VERDICT_KNOWN]++;
        }
        verdict = TW_VERDICT_KNOWN;
        finding->verdict = TW_VERDICT_KNOWN;
    }
    if (tw_verdict_is_finding(verdict) &&
        !confirm(runner, program, finding)) {
        verdict = TW_VERDICT_FLAKY;
        finding->verdict = TW_VERDICT_FLAKY;
        if (stats != NULL) {
            stats->verdicts[TW_VERDICT_FLAKY]++;
        }
    }
    if (!alive) {
        /* Lost: the next program gets a new one, or ends as a crash. */
        TwTarget *fresh = tw_target_open(&runner->options, NULL);
        if (fresh != NULL) {
            tw_target_close(runner->target);
            runner->target = fresh;
        }
    }
    return verdict;
}

/* In a child -------------------------------------------------------------- */

typedef struct Shared {
    volatile uint32_t in_flight;
    volatile uint32_t done; /* the finding below is whole */
    volatile uint32_t failed; /* the target could not be opened */
    int32_t code;           /* of the error */
    char message[256];
    TwFinding finding;
    TwLastWords words; /* of a child that died or hung */
} Shared;

/* The child's whole life. */
static void child(const TwTargetOptions *options, const TwProgram *program,
                  unsigned replays, Shared *shared)
{
    TwTargetOptions mine = *options;
    GError *error = NULL;

    mine.in_flight = &shared->in_flight;
    tw_last_words_prepare(&shared->words);
    TwRunner *runner = tw_runner_new(&mine, &error);
    if (runner == NULL) {
        shared->code = error->code;
        g_strlcpy(shared->message, error->message, sizeof(shared->message));
        shared->failed = 1;
        _exit(0);
    }
    tw_runner_set_replays(runner, replays, 0);
    tw_runner_run(runner, program, &shared->finding, NULL, NULL);
    shared->done = 1;
    /* Without destructors: what the target leaked is its own business, and
     * what an atexit handler says would be charged to the program. */
    _exit(0);
}

/* Asks a child that hangs where it is; it has a moment to answer, and a
 * stopped one must go on for that. */
static void ask(pid_t pid, const TwLastWords *words)
{
    kill(pid, TW_ASK_SIGNAL);
    kill(pid, SIGCONT);
    for (unsigned i = 0; i < 200 && !words->said; i++) {
        g_usleep(5000);
    }
}

/* Waits for the end of the child; false if it has to be killed. */
static bool wait_for(pid_t pid, int closed_at_exit, uint32_t timeout_ms,
                     const TwLastWords *words, int *status)
{
    gint64 deadline = g_get_monotonic_time() + (gint64)timeout_ms * 1000;
    struct pollfd fd = {.fd = closed_at_exit, .events = POLLIN};
    bool ended = false;

    while (!ended) {
        gint64 left = deadline - g_get_monotonic_time();
        if (left <= 0) {
            break;
        }
        int ready = poll(&fd, 1, (int)MIN(left / 1000 + 1, 1 << 30));
        if (ready > 0) {
            ended = true;
        } else if (ready < 0 && errno != EINTR) {
            break;
        }
    }
    if (!ended) {
        ask(pid, words);
        kill(pid, SIGKILL);
    }
    while (waitpid(pid, status, 0) < 0 && errno == EINTR) {
    }
    return ended;
}

static void died(const TwTargetOptions *options, const TwProgram *program,
                 const Shared *shared, bool hung, int status,
                 uint32_t timeout_ms, TwFinding *finding)
{
    uint32_t in_flight = shared->in_flight;
    bool known = in_flight < program->n_script;
    TwOpCode code = known ? (TwOpCode)program->script[in_flight].code
                          : TW_OP_NOP;

    memset(finding, 0, sizeof(*finding));
    finding->verdict = hung ? TW_VERDICT_HANG : TW_VERDICT_CRASH;
    finding->op = known ? (uint16_t)in_flight : TW_NO_OP;
    finding->filled = TW_NO_OP;
    finding->changed = TW_NO_OP;
    finding->ended = TW_NO_OP;
    tw_key_write(finding->key, (TwVerdict)finding->verdict, options->name,
                 code, TW_KEY_LEAF_NONE, TW_KEY_LINK_NONE, TW_KEY_EVENT_NONE);
    if (hung) {
        g_snprintf(finding->text, sizeof(finding->text),
                   "no answer in %u ms\n", timeout_ms);
    } else if (WIFSIGNALED(status)) {
        g_snprintf(finding->text, sizeof(finding->text),
                   "died of signal %d (%s)\n", WTERMSIG(status),
                   g_strsignal(WTERMSIG(status)));
    } else {
        g_snprintf(finding->text, sizeof(finding->text),
                   "ended with status %d (a sanitizer or exit)\n",
                   WEXITSTATUS(status));
    }
    tw_last_words_print(&shared->words, MOST_FRAMES, finding->text,
                        sizeof(finding->text));
}

/* tw_run_isolated, where a finding is run again `replays` times. */
static bool run_child(const TwTargetOptions *options,
                      const TwProgram *program, uint32_t timeout_ms,
                      unsigned replays, TwFinding *finding, GError **error)
{
    int fds[2];
    int status = 0;

    if (timeout_ms == 0) {
        timeout_ms = 10000;
    }
    Shared *shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
                          MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED) {
        g_set_error(error, TW_TARGET_ERROR, TW_TARGET_ERROR_ENVIRONMENT,
                    "cannot map shared memory: %s", g_strerror(errno));
        return false;
    }
    /* Its write end is the child's alone: it closes when the child ends. */
    if (pipe(fds) != 0) {
        g_set_error(error, TW_TARGET_ERROR, TW_TARGET_ERROR_ENVIRONMENT,
                    "cannot make a pipe: %s", g_strerror(errno));
        munmap(shared, sizeof(*shared));
        return false;
    }
    shared->in_flight = UINT32_MAX;
    pid_t parent = getpid();
    pid_t pid = fork();
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (getppid() != parent) {
            _exit(0); /* it died in between */
        }
        close(fds[0]);
        fcntl(fds[1], F_SETFD, FD_CLOEXEC);
        child(options, program, replays, shared);
    }
    int fork_errno = errno;
    close(fds[1]);
    bool ok = pid > 0;
    if (!ok) {
        g_set_error(error, TW_TARGET_ERROR, TW_TARGET_ERROR_ENVIRONMENT,
                    "cannot make a process: %s", g_strerror(fork_errno));
    } else {
        bool ended = wait_for(pid, fds[0], timeout_ms, &shared->words,
                              &status);
        if (shared->failed) {
            g_set_error(error, TW_TARGET_ERROR, shared->code, "%s",
                        shared->message);
            ok = false;
        } else if (shared->done) {
            *finding = shared->finding;
        } else {
            died(options, program, shared, !ended, status, timeout_ms,
                 finding);
        }
    }
    close(fds[0]);
    munmap(shared, sizeof(*shared));
    return ok;
}

bool tw_run_isolated(const TwTargetOptions *options, const TwProgram *program,
                     uint32_t timeout_ms, TwFinding *finding, GError **error)
{
    return run_child(options, program, timeout_ms, 1, finding, error);
}

bool tw_run_repeatedly(const TwTargetOptions *options,
                       const TwProgram *program, uint32_t timeout_ms,
                       unsigned times, TwFinding *finding, GError **error)
{
    bool found = false;
    unsigned again = 0;

    if (times == 1) {
        return tw_run_isolated(options, program, timeout_ms, finding, error);
    }
    for (unsigned i = 0; i < times; i++) {
        TwFinding one;

        if (!run_child(options, program, timeout_ms, 0, &one, error)) {
            return false;
        }
        if (!found) {
            *finding = one;
            found = tw_verdict_is_finding(one.verdict);
        }
        again += found && strcmp(one.key, finding->key) == 0;
    }
    finding->replays = (uint8_t)times;
    finding->again = (uint8_t)again;
    if (found && again < times) {
        finding->verdict = TW_VERDICT_FLAKY;
    }
    return true;
}
