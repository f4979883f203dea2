/* SPDX-License-Identifier: MIT */
/* See work.h. */
#define _GNU_SOURCE
#include "cli/work.h"

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "targets/target.h"

enum { POLL_NS = 2000000, MOST_JOBS = 1024, NOTHING = -1 };

enum { OPEN, DONE, DIED };

typedef struct Hand {
    _Atomic int64_t at;    /* the number it has, or NOTHING */
    _Atomic int64_t since; /* when it took it (monotonic) */
} Hand;

typedef struct Shared {
    _Atomic uint32_t next;
    Hand hands[MOST_JOBS];
} Shared;

typedef struct Crew {
    const TwWork *work;
    Shared *shared;
    _Atomic uint8_t *states; /* one for each thing */
    char *slots;
    size_t slot; /* rounded up */
    size_t size; /* of all that is shared */
    pid_t pids[MOST_JOBS];
    unsigned jobs;
} Crew;

/* A worker ----------------------------------------------------------------- */

static void work(Crew *crew, unsigned w, pid_t parent)
{
    const TwWork *work = crew->work;
    Hand *hand = &crew->shared->hands[w];
    uint32_t i;

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) {
        _exit(0);
    }
    /* Ctrl-C reaches us too, but it is the parent who ends it all. */
    signal(SIGINT, SIG_IGN);
    signal(SIGTERM, SIG_IGN);
    signal(SIGHUP, SIG_IGN);
    while ((i = atomic_fetch_add(&crew->shared->next, 1)) < work->n) {
        atomic_store(&hand->since, g_get_monotonic_time());
        atomic_store(&hand->at, i);
        work->one(i, crew->slots + i * crew->slot, work->data);
        atomic_store(&crew->states[i], DONE);
        atomic_store(&hand->at, NOTHING);
    }
    _exit(0);
}

static bool hire(Crew *crew, unsigned w, GError **error)
{
    pid_t parent = getpid();

    atomic_store(&crew->shared->hands[w].at, NOTHING);
    fflush(NULL);
    crew->pids[w] = fork();
    if (crew->pids[w] == 0) {
        work(crew, w, parent);
    }
    if (crew->pids[w] < 0) {
        crew->pids[w] = 0;
        g_set_error(error, TW_TARGET_ERROR, TW_TARGET_ERROR_ENVIRONMENT,
                    "expected to start a process: %s", g_strerror(errno));
        return false;
    }
    return true;
}

/* The parent --------------------------------------------------------------- */

/* Looks after one: is it dead, or too slow?  Replaces it if there is more. */
static bool look_after(Crew *crew, unsigned w, GError **error)
{
    Hand *hand = &crew->shared->hands[w];
    int64_t at = atomic_load(&hand->at);
    int64_t limit = (int64_t)crew->work->limit_ms * 1000;

    if (!crew->pids[w]) {
        return true;
    }
    if (at != NOTHING && limit > 0 &&
        g_get_monotonic_time() - atomic_load(&hand->since) > limit) {
        kill(crew->pids[w], SIGKILL);
    }
    if (waitpid(crew->pids[w], NULL, WNOHANG) != crew->pids[w]) {
        return true;
    }
    crew->pids[w] = 0;
    at = atomic_load(&hand->at);
    if (at != NOTHING && atomic_load(&crew->states[at]) == OPEN) {
        atomic_store(&crew->states[at], DIED);
    }
    return atomic_load(&crew->shared->next) >= crew->work->n ||
           hire(crew, w, error);
}

static bool anybody(const Crew *crew)
{
    for (unsigned w = 0; w < crew->jobs; w++) {
        if (crew->pids[w]) {
            return true;
        }
    }
    return false;
}

static bool stopped(const Crew *crew)
{
    return crew->work->stop && *crew->work->stop;
}

static void idle(const Crew *crew, unsigned done)
{
    if (crew->work->idle) {
        crew->work->idle(done, crew->work->data);
    }
}

static bool take_all(Crew *crew, GError **error)
{
    const TwWork *work = crew->work;

    for (unsigned i = 0; i < work->n; i++) {
        uint8_t state;

        while ((state = atomic_load(&crew->states[i])) == OPEN) {
            for (unsigned w = 0; w < crew->jobs; w++) {
                if (!look_after(crew, w, error)) {
                    return false;
                }
            }
            if (stopped(crew)) {
                return true;
            }
            /* A number taken by one that died before it said so. */
            if (!anybody(crew) && atomic_load(&crew->states[i]) == OPEN) {
                atomic_store(&crew->states[i], DIED);
            }
            idle(crew, i);
            nanosleep(&(struct timespec){0, POLL_NS}, NULL);
        }
        idle(crew, i);
        if (!work->done(i, crew->slots + i * crew->slot, state == DIED,
                        work->data) ||
            stopped(crew)) {
            return true;
        }
    }
    return true;
}

static bool share(Crew *crew, GError **error)
{
    size_t states = (crew->work->n + 63) / 64 * 64;

    crew->slot = (crew->work->slot + 63) / 64 * 64;
    crew->size = sizeof(Shared) + states + crew->work->n * crew->slot;
    crew->shared = mmap(NULL, crew->size, PROT_READ | PROT_WRITE,
                        MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (crew->shared == MAP_FAILED) {
        g_set_error(error, TW_TARGET_ERROR, TW_TARGET_ERROR_ENVIRONMENT,
                    "expected %zu bytes of shared memory: %s", crew->size,
                    g_strerror(errno));
        return false;
    }
    crew->states = (_Atomic uint8_t *)(crew->shared + 1);
    crew->slots = (char *)(crew->shared + 1) + states;
    return true;
}

bool tw_work_run(const TwWork *work, GError **error)
{
    g_autofree Crew *crew = g_new0(Crew, 1);
    bool ok = true;

    if (work->n == 0) {
        return true;
    }
    crew->work = work;
    crew->jobs = MIN(MIN(work->jobs, work->n), MOST_JOBS);
    if (!share(crew, error)) {
        return false;
    }
    for (unsigned w = 0; w < crew->jobs && ok; w++) {
        ok = hire(crew, w, error);
    }
    ok = ok && take_all(crew, error);
    for (unsigned w = 0; w < crew->jobs; w++) {
        if (crew->pids[w]) {
            kill(crew->pids[w], SIGKILL);
            while (waitpid(crew->pids[w], NULL, 0) < 0 && errno == EINTR) {
            }
        }
    }
    munmap(crew->shared, crew->size);
    return ok;
}
