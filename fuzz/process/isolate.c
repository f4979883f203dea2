/* SPDX-License-Identifier: MIT */
/* See isolate.h. */
#define _GNU_SOURCE
#include "fuzz/process/isolate.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "fuzz/process/last-words.h"
#include "fuzz/process/workers.h"
#include "process/child.h"
#include "process/watch.h"
#include "targets/target.h"

enum {
    MOST_FRAMES = 6, /* of a stack in the text of a finding */
    ASK_MS = 5000,   /* for a hanging child to write its stack */
};

typedef struct Shared {
    TwBeat beat;
    volatile uint32_t done;   /* the finding below is whole */
    volatile uint32_t failed; /* the target could not be opened */
    int32_t code;             /* of the error */
    char message[256];
    TwFinding finding;
    TwLastWords words; /* of a child that died or hung */
} Shared;

/* The child's whole life. */
static void child(TwIsolated run, void *data, Shared *shared)
{
    GError *error = NULL;

    tw_beat_use(&shared->beat);
    tw_last_words_prepare(&shared->words);
    if (run(data, &shared->beat.in_flight, &shared->finding, &error)) {
        shared->done = 1;
    } else {
        shared->code = error->code;
        g_strlcpy(shared->message, error->message, sizeof(shared->message));
        shared->failed = 1;
    }
    /* Without destructors: leaks of the target are not reported here, and
     * what an atexit handler says would be charged to the program. */
    _exit(0);
}

/* Asks a hanging child for its stack; a stopped child is continued for that. */
static void ask(pid_t pid, const TwLastWords *words)
{
    TwWatch watch;

    kill(pid, TW_ASK_SIGNAL);
    kill(pid, SIGCONT);
    tw_watch_start(&watch, pid, NULL, ASK_MS);
    while (!words->said && tw_watch_look(&watch) == TW_WATCH_GOES_ON) {
        g_usleep(5000);
    }
}

/* Waits for the end of the child, which is killed if it hangs. */
static TwWatchState wait_for(pid_t pid, int closed_at_exit, uint32_t timeout_ms,
                             const Shared *shared, int *status)
{
    TwWatchState state;
    TwWatch watch;

    tw_watch_start(&watch, pid, &shared->beat, timeout_ms);
    state = tw_watch_wait_closed(&watch, closed_at_exit);
    if (state == TW_WATCH_GOES_ON) {
        *status = tw_child_reap(pid);
    } else {
        ask(pid, &shared->words);
        *status = tw_child_kill(pid);
    }
    return state;
}

static void died(const char *target, const TwProgram *program,
                 const Shared *shared, TwWatchState state, int status,
                 uint32_t timeout_ms, TwFinding *finding)
{
    uint32_t in_flight = shared->beat.in_flight;
    TwChildEnd end = tw_child_end_of(status, false);
    bool known = program != NULL && in_flight < program->n_script;
    TwOpCode code =
        known ? (TwOpCode)program->script[in_flight].code : TW_OP_NOP;

    memset(finding, 0, sizeof(*finding));
    finding->verdict = state == TW_WATCH_HANGS        ? TW_VERDICT_HANG
                       : state == TW_WATCH_OURS_HANGS ? TW_VERDICT_SELF
                                                      : TW_VERDICT_CRASH;
    finding->op = known ? (uint16_t)in_flight : TW_NO_OP;
    finding->filled = TW_NO_OP;
    finding->changed = TW_NO_OP;
    finding->ended = TW_NO_OP;
    tw_key_write(finding->key, (TwVerdict)finding->verdict, target, code,
                 TW_KEY_LEAF_NONE, TW_KEY_LINK_NONE, TW_KEY_EVENT_NONE);
    if (state == TW_WATCH_HANGS) {
        g_snprintf(finding->text, sizeof(finding->text), "no answer in %u ms\n",
                   timeout_ms);
    } else if (state == TW_WATCH_OURS_HANGS) {
        g_snprintf(finding->text, sizeof(finding->text),
                   "twinwalk itself, not the target, did not come to an "
                   "end\n");
    } else if (end.signal) {
        g_snprintf(finding->text, sizeof(finding->text),
                   "died of signal %d (%s)\n", end.signal,
                   g_strsignal(end.signal));
    } else {
        g_snprintf(finding->text, sizeof(finding->text),
                   "ended with status %d (a sanitizer or exit)\n", end.code);
    }
    tw_last_words_print(&shared->words, MOST_FRAMES, finding->text,
                        sizeof(finding->text));
}

bool tw_isolate(TwIsolated run, void *data, const char *target,
                const TwProgram *program, uint32_t timeout_ms,
                TwFinding *finding, GError **error)
{
    int fds[2];
    int status = 0;

    if (timeout_ms == 0) {
        timeout_ms = TW_TIMEOUT_MS;
    }
    Shared *shared = tw_shared_new(sizeof(*shared), error);
    if (!shared) {
        return false;
    }
    /* Only the child has the write end, so it closes when the child ends. */
    if (pipe2(fds, O_CLOEXEC) != 0) {
        g_set_error(error, TW_TARGET_ERROR, TW_TARGET_ERROR_ENVIRONMENT,
                    "cannot make a pipe: %s", g_strerror(errno));
        tw_shared_free(shared, sizeof(*shared));
        return false;
    }
    shared->beat.in_flight = UINT32_MAX;
    tw_targets_share();
    pid_t pid = tw_child_fork(SIGKILL);
    if (pid == 0) {
        close(fds[0]);
        child(run, data, shared);
    }
    int fork_errno = errno;
    close(fds[1]);
    bool ok = pid > 0;
    if (!ok) {
        g_set_error(error, TW_TARGET_ERROR, TW_TARGET_ERROR_ENVIRONMENT,
                    "cannot make a process: %s", g_strerror(fork_errno));
    } else {
        TwWatchState state = wait_for(pid, fds[0], timeout_ms, shared, &status);

        if (shared->failed) {
            g_set_error(error, TW_TARGET_ERROR, shared->code, "%s",
                        shared->message);
            ok = false;
        } else if (shared->done) {
            *finding = shared->finding;
        } else {
            died(target, program, shared, state, status, timeout_ms, finding);
        }
    }
    close(fds[0]);
    tw_shared_free(shared, sizeof(*shared));
    return ok;
}

bool tw_isolate_confirmed(TwIsolated run, void *data, const char *target,
                          const TwProgram *program, uint32_t timeout_ms,
                          TwFinding *finding, GError **error)
{
    TwFinding again;

    if (!tw_isolate(run, data, target, program, timeout_ms, finding, error)) {
        return false;
    }
    if (finding->replays > 0 || (finding->verdict != TW_VERDICT_CRASH &&
                                 finding->verdict != TW_VERDICT_HANG)) {
        return true;
    }
    if (!tw_isolate(run, data, target, program, timeout_ms, &again, error)) {
        return false;
    }
    finding->replays = 1;
    finding->again = strcmp(again.key, finding->key) == 0;
    if (finding->again == 0) {
        finding->verdict = TW_VERDICT_FLAKY;
    }
    return true;
}

bool tw_isolate_repeatedly(TwIsolated run, void *data, const char *target,
                           const TwProgram *program, uint32_t timeout_ms,
                           unsigned times, TwFinding *finding, GError **error)
{
    unsigned again = 0;
    bool found = false;

    for (unsigned i = 0; i < times; i++) {
        TwFinding one;

        if (!tw_isolate(run, data, target, program, timeout_ms, &one, error)) {
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
