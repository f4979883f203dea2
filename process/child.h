/* SPDX-License-Identifier: MIT */
/*
 * A child process that cannot outlive its parent: how it is made, how long it
 * is waited for, and how it ended.  Knows nothing of what runs in it.
 */
#ifndef TW_PROCESS_CHILD_H
#define TW_PROCESS_CHILD_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * fork(), with what is unwritten written first.  In the child, which gets
 * `at_parents_end` when the thread that made it ends, it returns 0; if the
 * parent is gone by then, the child ends at once.  -1 with errno set if no
 * process could be made.
 */
pid_t tw_child_fork(int at_parents_end);

/* In a child of `parent`, from here on: the same. */
void tw_child_bind(pid_t parent, int at_parents_end);

/* In a child whose end is its parent's affair: Ctrl-C and the like, which reach
 * the whole group, and broken pipes are ignored. */
void tw_child_ignore_signals(void);

/* Monotonic time in ms. */
int64_t tw_child_now_ms(void);

/*
 * Waits at most `ms` (negative: as long as it takes) until `fd`, whose other
 * end is open in the child alone, is at its end: the child has closed it or
 * ended.  False if the time is up.
 */
bool tw_child_wait_closed(int fd, int64_t ms);

/* Is it over?  Does not wait; true once, with its `status`. */
bool tw_child_ended(pid_t pid, int *status);

/* Waits for its end, however long; returns its status. */
int tw_child_reap(pid_t pid);

/* Kills it and waits; returns its status. */
int tw_child_kill(pid_t pid);

/* How a process ended.  A shell, and a guardian, tell of a signal as exit code
 * 128 + signal: with `shell` that is taken for one. */
typedef struct TwChildEnd {
    int signal; /* what killed it; 0: it ended by itself, with */
    int code;
} TwChildEnd;

TwChildEnd tw_child_end_of(int status, bool shell);

#endif
