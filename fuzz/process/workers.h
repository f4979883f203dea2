/* SPDX-License-Identifier: MIT */
/*
 * The pool of worker processes, for campaigns, exhaustive searches, the
 * minimiser, check and triage.  Workers are forked, share memory with their
 * parent and die with it.  The parent watches them: it learns which worker has
 * ended or hangs, and can start it again.  Must not know what workers
 * do; work.h gives them numbered tasks.
 */
#ifndef TW_FUZZ_WORKERS_H
#define TW_FUZZ_WORKERS_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "process/watch.h"

/* Zeros, shared with all children made from here on; memory that is not
 * touched costs nothing.  NULL with `error` (TW_TARGET_ERROR). */
void *tw_shared_new(size_t size, GError **error);
void tw_shared_free(void *memory, size_t size); /* NULL: nothing */

/*
 * What worker `w` runs, in its process, which shows its progress in `beat`
 * (tw_beat_use).  When this function returns, the
 * process ends with exit code 0.  The worker ignores signals that end the
 * parent.
 */
typedef void (*TwWorkerLife)(unsigned w, TwBeat *beat, void *data);

typedef struct TwWorkers TwWorkers;

enum { TW_MAX_WORKERS = 1024 };

/* Room for `n` workers, none of which is started.  NULL with `error`
 * (TW_TARGET_ERROR) if memory is short. */
TwWorkers *tw_workers_new(unsigned n, TwWorkerLife life, void *data,
                          GError **error);
/* Kills and forgets those that still run. */
void tw_workers_free(TwWorkers *workers);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TwWorkers, tw_workers_free)

/* Starts worker `w`, which does not run: for the first time, or again after its
 * end.  False with `error` (TW_TARGET_ERROR) if no process could be made. */
bool tw_workers_start(TwWorkers *workers, unsigned w, GError **error);

bool tw_workers_runs(const TwWorkers *workers, unsigned w);
/* Does it wait for others? */
bool tw_workers_waits(const TwWorkers *workers, unsigned w);
unsigned tw_workers_running(const TwWorkers *workers);

/* Has `w` ended since it was started?  Does not wait; true once, with its
 * `status` as of waitpid(). */
bool tw_workers_ended(TwWorkers *workers, unsigned w, int *status);

/* Does `w`, which runs, hang with this limit?  As of now: see tw_watch_look().
 * A worker that waits does not. */
TwWatchState tw_workers_look(TwWorkers *workers, unsigned w, uint32_t limit_ms);

/* Kills `w`; its end is seen by tw_workers_ended(). */
void tw_workers_kill(TwWorkers *workers, unsigned w);
/* Waits for the end of `w`, if it runs, however long that takes. */
void tw_workers_wait(TwWorkers *workers, unsigned w);

#endif
