/* SPDX-License-Identifier: MIT */
/*
 * A command behind three pipes that cannot outlive us: started by /bin/sh in a
 * process group of its own, under a guardian that kills the whole group when
 * we are gone.  It can be given descriptors (shared memory, sockets), it is
 * asked questions under a limit of time and size, the telling line of its
 * standard error is kept, and after its end it can be started again.  Knows
 * nothing of programs and traces.
 */
#ifndef TW_PROCESS_PROCESS_H
#define TW_PROCESS_PROCESS_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

typedef struct TwProcess {
    pid_t pid;           /* of the guardian; 0: not running */
    int in, out, err;    /* our ends; -1: closed */
    GString *said;       /* all output since the last tw_process_ask() */
    char complaint[120]; /* the telling line of its standard error, or "" */
    int rank;            /* how much it tells */
    char partial[120];   /* the line of standard error that is coming in */
    size_t n_partial;
    int signal, code; /* after the end: what killed it, or its exit code */
} TwProcess;

typedef enum TwReply {
    TW_REPLY_DONE,
    TW_REPLY_ENDED, /* it died or closed its output; see tw_process_end() */
    TW_REPLY_TIMEOUT,
    TW_REPLY_FLOOD, /* more than `most` bytes without an end */
    TW_REPLY_EXTRA, /* something after the end */
    TW_REPLY_EARLY, /* an answer before the question was read */
} TwReply;

/* A descriptor that the command gets: the i-th of a list as number 3 + i, which
 * an environment variable of this name tells. */
typedef struct TwProcessFd {
    int fd;
    const char *variable;
} TwProcessFd;

enum { TW_PROCESS_MAX_FDS = 4 };

void tw_process_init(TwProcess *process);

/*
 * Starts `command` with /bin/sh -c, with `n` descriptors, at most
 * TW_PROCESS_MAX_FDS.  Not while it runs.  False with errno set if no process
 * could be made.
 */
bool tw_process_start(TwProcess *process, const char *command,
                      const TwProcessFd *fds, unsigned n);

/*
 * Writes `question` and reads until the line `last` (with its newline) has
 * come, for at most `timeout_ms` and `most` bytes.  The answer, `last`
 * included, is in process->said.
 */
TwReply tw_process_ask(TwProcess *process, const char *question, size_t length,
                       const char *last, size_t most, uint32_t timeout_ms);

/*
 * Ends it: closes its input, waits `grace_ms` for it to go by itself, then
 * kills its whole process group.  Sets `signal` and `code`.
 */
void tw_process_end(TwProcess *process, uint32_t grace_ms);

/* Ends it and frees what belongs to it. */
void tw_process_clear(TwProcess *process, uint32_t grace_ms);

#endif
