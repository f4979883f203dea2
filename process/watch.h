/* SPDX-License-Identifier: MIT */
/*
 * Does a process hang?  Time counts as follows, so that the answer does not
 * depend on the load of the machine:
 *
 *   - processor time that the process and its descendants use counts;
 *   - wall time counts only while all of them sleep or wait.  A process that
 *     can run but has no processor is charged nothing;
 *   - time in which it is stopped by a signal has a limit of its own, since a
 *     stopped process may be continued;
 *   - time in which the watching process itself did not run counts as one
 *     interval between two looks at most;
 *   - the count starts again when the operation in flight changes.
 *
 * The process hangs when one operation has used the limit, or all since the
 * last move of the process TW_WATCH_WHOLE limits, or when it was stopped for
 * TW_WATCH_STOPPED limits.  With a beat, only the time of the target counts so;
 * our own code has a large limit of its own, and a process that waits for one
 * that it watches itself has none.
 *
 * Must not know what runs.
 */
#ifndef TW_PROCESS_WATCH_H
#define TW_PROCESS_WATCH_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "process/beat.h"
#include "process/tasks.h"

enum {
    TW_WATCH_WHOLE = 10,  /* limits, for all operations together */
    TW_WATCH_STOPPED = 3, /* limits, for a process that is stopped */
    /* For our own code, or TW_WATCH_WHOLE limits if that is more. */
    TW_WATCH_OURS_MS = 100000,
};

typedef enum TwWatchState {
    TW_WATCH_GOES_ON,
    TW_WATCH_HANGS,
    TW_WATCH_OURS_HANGS, /* not the target, but our own code */
} TwWatchState;

typedef struct TwWatch {
    pid_t pid;
    const TwBeat *beat; /* NULL: it has none, and all time is the target's */
    const volatile uint32_t *in_flight; /* changes with its progress; or NULL */
    uint32_t limit_ms;                  /* at least 1 */
    /* tw_tasks_look() and tw_child_now_ms(), or what a test has instead. */
    void (*look)(pid_t pid, TwTasks *tasks);
    int64_t (*now_ms)(void);
    TwTasks last;
    bool looked; /* `last` is whole; else only its time */
    uint64_t moves;
    uint32_t op;
    int64_t op_ms, all_ms, stopped_ms; /* charged */
} TwWatch;

/* Begins to watch process `pid`.  Of `beat`, what is in flight counts as
 * well. */
void tw_watch_start(TwWatch *watch, pid_t pid, const TwBeat *beat,
                    uint32_t limit_ms);

/* As of now.  To be called at least every tw_watch_interval() ms.  More calls
 * cost little; with fewer the process is charged less. */
TwWatchState tw_watch_look(TwWatch *watch);

/* The time in ms between two looks at the process. */
int tw_watch_interval(const TwWatch *watch);

/* Waits until end of file on `fd` or until the process hangs.  The other end of
 * `fd` is open in the watched process alone, so at the end of file that has
 * closed it or ended (TW_WATCH_GOES_ON). */
TwWatchState tw_watch_wait_closed(TwWatch *watch, int fd);

#endif
