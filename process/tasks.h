/* SPDX-License-Identifier: MIT */
/*
 * What a process and its descendants do at this moment: how much processor time
 * they have used, and whether they can run.  From /proc of Linux.  Must not
 * know what the processes are for.
 */
#ifndef TW_PROCESS_TASKS_H
#define TW_PROCESS_TASKS_H

#include <stdint.h>
#include <sys/types.h>

typedef enum TwTaskState {
    TW_TASKS_WAIT,    /* all threads sleep or wait, or nothing is known */
    TW_TASKS_RUN,     /* a thread runs, or waits for a processor only */
    TW_TASKS_STOPPED, /* none runs, and one was stopped by a signal or by a
                       * debugger */
} TwTaskState;

typedef struct TwTasks {
    int64_t now_ms; /* monotonic time */
    int64_t cpu_ms; /* used by the process, its descendants, and those of them
                     * that have ended and were waited for */
    TwTaskState state;
} TwTasks;

/* Looks at process `pid` and its descendants. */
void tw_tasks_look(pid_t pid, TwTasks *tasks);

#endif
