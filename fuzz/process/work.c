/* SPDX-License-Identifier: MIT */
/* See work.h. */
#define _GNU_SOURCE
#include "fuzz/process/work.h"

#include <string.h>
#include <time.h>

#include "fuzz/process/workers.h"
#include "targets/target.h"

enum { POLL_NS = 2000000, NOTHING = -1 };

enum { OPEN, DONE, DIED };

typedef struct Shared {
    _Atomic uint32_t next;
    _Atomic int64_t at[TW_MAX_WORKERS]; /* the number of each, or NOTHING */
} Shared;

typedef struct Crew {
    const TwWork *work;
    TwWorkers *workers;
    Shared *shared;
    _Atomic uint8_t *states; /* one for each thing */
    char *slots;
    size_t slot; /* rounded up */
    size_t size; /* of all that is shared */
    unsigned jobs;
} Crew;

static void life(unsigned w, TwBeat *beat, void *data)
{
    Crew *crew = data;
    const TwWork *work = crew->work;
    uint32_t i;

    (void)beat;
    while ((i = atomic_fetch_add(&crew->shared->next, 1)) < work->n) {
        tw_beat_move();
        atomic_store(&crew->shared->at[w], i);
        work->one(i, crew->slots + i * crew->slot, work->data);
        atomic_store(&crew->states[i], DONE);
        atomic_store(&crew->shared->at[w], NOTHING);
    }
}

static bool hire(Crew *crew, unsigned w, GError **error)
{
    atomic_store(&crew->shared->at[w], NOTHING);
    return tw_workers_start(crew->workers, w, error);
}

/* Is it dead, or too slow?  Replaces it if there is more to do. */
static bool look_after(Crew *crew, unsigned w, GError **error)
{
    uint32_t limit = crew->work->limit_ms;
    int64_t at;
    int status;

    if (!tw_workers_runs(crew->workers, w)) {
        return true;
    }
    if (limit > 0 &&
        tw_workers_look(crew->workers, w, limit) != TW_WATCH_GOES_ON) {
        tw_workers_kill(crew->workers, w);
    }
    if (!tw_workers_ended(crew->workers, w, &status)) {
        return true;
    }
    at = atomic_load(&crew->shared->at[w]);
    if (at != NOTHING && atomic_load(&crew->states[at]) == OPEN) {
        atomic_store(&crew->states[at], DIED);
    }
    return atomic_load(&crew->shared->next) >= crew->work->n ||
           hire(crew, w, error);
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
            /* A worker took this number and died before it recorded that. */
            if (tw_workers_running(crew->workers) == 0 &&
                atomic_load(&crew->states[i]) == OPEN) {
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
    crew->shared = tw_shared_new(crew->size, error);
    if (!crew->shared) {
        return false;
    }
    crew->states = (_Atomic uint8_t *)(crew->shared + 1);
    crew->slots = (char *)(crew->shared + 1) + states;
    return true;
}

bool tw_work_run(const TwWork *work, GError **error)
{
    Crew crew = {.work = work};
    bool ok = true;

    if (work->n == 0) {
        return true;
    }
    crew.jobs = MIN(MIN(work->jobs, work->n), TW_MAX_WORKERS);
    if (!share(&crew, error)) {
        return false;
    }
    crew.workers = tw_workers_new(crew.jobs, life, &crew, error);
    ok = crew.workers != NULL;
    for (unsigned w = 0; w < crew.jobs && ok; w++) {
        ok = hire(&crew, w, error);
    }
    ok = ok && take_all(&crew, error);
    tw_workers_free(crew.workers);
    tw_shared_free(crew.shared, crew.size);
    return ok;
}

/* Failures ----------------------------------------------------------------- */

void tw_work_fail(TwWorkFailure *failure, GError *error)
{
    failure->failed = true;
    failure->code =
        error->domain == TW_TARGET_ERROR ? error->code : TW_TARGET_ERROR_USAGE;
    g_strlcpy(failure->message, error->message, sizeof(failure->message));
    g_error_free(error);
}

bool tw_work_failed(const TwWorkFailure *failure, GError **error)
{
    if (failure->failed) {
        g_set_error(error, TW_TARGET_ERROR, failure->code, "%s",
                    failure->message);
    }
    return failure->failed;
}
