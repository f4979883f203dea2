/* SPDX-License-Identifier: MIT */
/*
 * The processes of `twinwalk check`: workers help themselves to cases and leave
 * what came of them in shared memory; the parent takes it in the order of the
 * cases.  Each run is in a child of a worker, so a target that dies takes
 * nothing with it.
 */
#define _GNU_SOURCE
#include "cli/check.h"

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { POLL_NS = 2000000 };

typedef struct Slot {
    _Atomic uint32_t done;
    uint32_t failed; /* with the error below */
    uint32_t environment;
    char message[300];
    TwCheckOutcome outcomes[2];
} Slot;

typedef struct Shared {
    _Atomic uint32_t next; /* case that nobody has taken */
    Slot slots[];
} Shared;

static void run_case(const TwCheckJob *check, const TwCheckCase *one,
                     TwProgram *program, Slot *slot)
{
    GError *error = NULL;
    bool ok = tw_program_load(program, one->path, TW_TEXT_STRICT, NULL, &error);

    for (unsigned t = 0; t < check->n_targets && ok; t++) {
        TwCheckOutcome *outcome = &slot->outcomes[t];
        gint64 start = g_get_monotonic_time();

        ok = tw_run_repeatedly(&check->targets[t].options, program,
                               check->patience[t], check->times,
                               &outcome->finding, &error);
        outcome->seconds =
            (double)(g_get_monotonic_time() - start) / G_USEC_PER_SEC;
    }
    if (!ok) {
        slot->failed = 1;
        slot->environment = g_error_matches(error, TW_TARGET_ERROR,
                                            TW_TARGET_ERROR_ENVIRONMENT);
        g_strlcpy(slot->message, error->message, sizeof(slot->message));
        g_error_free(error);
    }
    atomic_store(&slot->done, 1);
}

static void work(const TwCheckJob *check, Shared *shared, pid_t parent)
{
    TwProgram *program = g_new(TwProgram, 1);
    uint32_t i;

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) {
        _exit(0);
    }
    while ((i = atomic_fetch_add(&shared->next, 1)) < check->cases->len) {
        run_case(check, g_ptr_array_index(check->cases, i), program,
                 &shared->slots[i]);
    }
    _exit(0);
}

/* Waits for a case; false if nobody works on it any more. */
static bool wait_for(const Slot *slot, pid_t *workers, unsigned n)
{
    while (!atomic_load(&slot->done)) {
        unsigned alive = 0;

        for (unsigned i = 0; i < n; i++) {
            if (workers[i] && waitpid(workers[i], NULL, WNOHANG) != 0) {
                workers[i] = 0;
            }
            alive += workers[i] != 0;
        }
        if (alive == 0 && !atomic_load(&slot->done)) {
            return false;
        }
        nanosleep(&(struct timespec){0, POLL_NS}, NULL);
    }
    return true;
}

static bool take_all(TwCheckJob *check, Shared *shared, pid_t *workers,
                     unsigned n, TwCheckDone done, void *data, GError **error)
{
    for (unsigned i = 0; i < check->cases->len; i++) {
        TwCheckCase *one = g_ptr_array_index(check->cases, i);
        Slot *slot = &shared->slots[i];

        if (!wait_for(slot, workers, n)) {
            g_set_error(error, TW_TARGET_ERROR, TW_TARGET_ERROR_ENVIRONMENT,
                        "%s: the process that ran it died", one->path);
            return false;
        }
        if (slot->failed) {
            g_set_error(error, TW_TARGET_ERROR,
                        slot->environment ? TW_TARGET_ERROR_ENVIRONMENT
                                          : TW_TARGET_ERROR_USAGE,
                        "%s", slot->message);
            return false;
        }
        memcpy(one->outcomes, slot->outcomes, sizeof(one->outcomes));
        done(check, one, data);
    }
    return true;
}

bool tw_check_run(TwCheckJob *check, TwCheckDone done, void *data,
                  GError **error)
{
    unsigned n = MIN(check->jobs, check->cases->len);
    size_t size = sizeof(Shared) + check->cases->len * sizeof(Slot);
    g_autofree pid_t *workers = g_new0(pid_t, n);
    pid_t parent = getpid();
    Shared *shared = mmap(NULL, size, PROT_READ | PROT_WRITE,
                          MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    bool ok = shared != MAP_FAILED;

    if (!ok) {
        g_set_error(error, TW_TARGET_ERROR, TW_TARGET_ERROR_ENVIRONMENT,
                    "expected %zu bytes of shared memory: %s", size,
                    g_strerror(errno));
        return false;
    }
    fflush(NULL);
    for (unsigned i = 0; i < n && ok; i++) {
        workers[i] = fork();
        if (workers[i] == 0) {
            g_free(g_steal_pointer(&workers)); /* the parent's */
            work(check, shared, parent);
        }
        if (workers[i] < 0) {
            workers[i] = 0;
            ok = false;
            g_set_error(error, TW_TARGET_ERROR, TW_TARGET_ERROR_ENVIRONMENT,
                        "expected to start a process: %s", g_strerror(errno));
        }
    }
    ok = ok && take_all(check, shared, workers, n, done, data, error);
    for (unsigned i = 0; i < n; i++) {
        if (workers[i]) {
            kill(workers[i], SIGKILL);
            while (waitpid(workers[i], NULL, 0) < 0 && errno == EINTR) {
            }
        }
    }
    munmap(shared, size);
    return ok;
}
