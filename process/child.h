/* SPDX-License-Identifier: MIT */
/*
 * A child process that cannot outlive its parent: start it, wait for it, and
 * see how it ended.  Must not know what runs in the child.
 */
#ifndef TW_PROCESS_CHILD_H
#define TW_PROCESS_CHILD_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * fork(), after flushing all open streams.  Returns 0 in the child, -1 with
 * errno set if no process could be made.  The child gets the signal
 * `at_parents_end` when the thread that made it ends; if the parent has already
 * ended, the child ends at once.
 */
pid_t tw_child_fork(int at_parents_end);

/* For a child of `parent` that was made otherwise: it gets `at_parents_end`
 * when its parent ends. */
void tw_child_bind(pid_t parent, int at_parents_end);

/* In a child that only its parent may end: ignores broken pipes and the signals
 * that reach the whole process group, such as Ctrl-C. */
void tw_child_ignore_signals(void);

/* Monotonic time in ms. */
int64_t tw_child_now_ms(void);

/* Has the child ended?  Does not wait; true once, with its `status`. */
bool tw_child_ended(pid_t pid, int *status);

/* Waits for the end of the child, without limit; returns its status. */
int tw_child_reap(pid_t pid);

/* Kills it and waits; returns its status. */
int tw_child_kill(pid_t pid);

/* How a process ended.  A shell and a guardian report a signal as exit code
 * 128 + signal; with `shell` such a code counts as the signal. */
typedef struct TwChildEnd {
    int signal; /* what killed it; 0: it ended by itself, with */
    int code;
} TwChildEnd;

TwChildEnd tw_child_end_of(int status, bool shell);

#endif
