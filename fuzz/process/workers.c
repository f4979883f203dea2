/* SPDX-License-Identifier: MIT */
/* See workers.h. */
#define _GNU_SOURCE
#include "fuzz/process/workers.h"

#include <errno.h>
#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#include "process/child.h"
#include "targets/target.h"

typedef struct Watched {
    pid_t pid; /* 0: does not run */
    TwWatch watch;
} Watched;

struct TwWorkers {
    unsigned n, running;
    TwWorkerLife life;
    void *data;
    TwBeat *beats;
    Watched *watched;
};

void *tw_shared_new(size_t size, GError **error)
{
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE,
                        MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

    if (memory != MAP_FAILED) {
        return memory;
    }
    g_set_error(error, TW_TARGET_ERROR, TW_TARGET_ERROR_ENVIRONMENT,
                "expected %zu bytes of shared memory: %s", size,
                g_strerror(errno));
    return NULL;
}

void tw_shared_free(void *memory, size_t size)
{
    if (memory) {
        munmap(memory, size);
    }
}

TwWorkers *tw_workers_new(unsigned n, TwWorkerLife life, void *data,
                          GError **error)
{
    TwWorkers *workers;
    TwBeat *beats;

    g_assert(n >= 1 && n <= TW_MAX_WORKERS);
    beats = tw_shared_new(n * sizeof(TwBeat), error);
    if (!beats) {
        return NULL;
    }
    workers = g_new0(TwWorkers, 1);
    workers->n = n;
    workers->life = life;
    workers->data = data;
    workers->beats = beats;
    workers->watched = g_new0(Watched, n);
    return workers;
}

void tw_workers_free(TwWorkers *workers)
{
    if (!workers) {
        return;
    }
    for (unsigned w = 0; w < workers->n; w++) {
        if (workers->watched[w].pid) {
            tw_child_kill(workers->watched[w].pid);
        }
    }
    tw_shared_free(workers->beats, workers->n * sizeof(TwBeat));
    g_free(workers->watched);
    g_free(workers);
}

bool tw_workers_start(TwWorkers *workers, unsigned w, GError **error)
{
    Watched *watched = &workers->watched[w];
    TwBeat *beat = &workers->beats[w];

    g_assert(w < workers->n && !watched->pid);
    atomic_store(&beat->doing, TW_DOING_OURS);
    tw_targets_share();
    watched->pid = tw_child_fork(SIGKILL);
    if (watched->pid == 0) {
        tw_child_ignore_signals();
        tw_beat_use(beat);
        workers->life(w, beat, workers->data);
        _exit(0);
    }
    if (watched->pid < 0) {
        watched->pid = 0;
        g_set_error(error, TW_TARGET_ERROR, TW_TARGET_ERROR_ENVIRONMENT,
                    "expected to start a process: %s", g_strerror(errno));
        return false;
    }
    workers->running++;
    tw_watch_start(&watched->watch, watched->pid, beat, 1);
    return true;
}

bool tw_workers_runs(const TwWorkers *workers, unsigned w)
{
    return workers->watched[w].pid != 0;
}

bool tw_workers_waits(const TwWorkers *workers, unsigned w)
{
    return atomic_load(&workers->beats[w].doing) == TW_DOING_WAIT;
}

unsigned tw_workers_running(const TwWorkers *workers)
{
    return workers->running;
}

bool tw_workers_ended(TwWorkers *workers, unsigned w, int *status)
{
    Watched *watched = &workers->watched[w];

    if (!watched->pid || !tw_child_ended(watched->pid, status)) {
        return false;
    }
    watched->pid = 0;
    workers->running--;
    return true;
}

TwWatchState tw_workers_look(TwWorkers *workers, unsigned w, uint32_t limit_ms)
{
    TwWatch *watch = &workers->watched[w].watch;

    watch->limit_ms = limit_ms;
    return tw_watch_look(watch);
}

void tw_workers_kill(TwWorkers *workers, unsigned w)
{
    if (workers->watched[w].pid) {
        kill(workers->watched[w].pid, SIGKILL);
    }
}

void tw_workers_wait(TwWorkers *workers, unsigned w)
{
    if (workers->watched[w].pid) {
        tw_child_reap(workers->watched[w].pid);
        workers->watched[w].pid = 0;
        workers->running--;
    }
}
