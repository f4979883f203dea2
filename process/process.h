/* SPDX-License-Identifier: MIT */
/*
 * A command behind three pipes that cannot outlive this process: /bin/sh starts
 * it in a process group of its own, under a guardian that kills the whole group
 * when this process ends.  The command can be given descriptors (shared memory,
 * sockets).  It is asked questions with a limit of time and size, the most
 * useful line of its standard error is kept, and it can be started again after
 * its end.  Must not know programs and traces.
 */
#ifndef TW_PROCESS_PROCESS_H
#define TW_PROCESS_PROCESS_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* What serving a descriptor has brought. */
typedef enum TwServed {
    TW_SERVED,      /* one may go on */
    TW_SERVED_LAST, /* what tw_process_serve() waits for */
    TW_SERVED_BAD,  /* whoever is at the other end lies, or is gone */
} TwServed;

enum { TW_PROCESS_MAX_SERVED = 4 };

/*
 * Descriptors of which the command has the other ends, and at which it asks:
 * while it is waited for, serve() is called, with the number of one that can be
 * read.  -1: none.
 */
typedef struct TwServing {
    int fds[TW_PROCESS_MAX_SERVED];
    TwServed (*serve)(void *data, unsigned number);
    void *data;
} TwServing;

typedef struct TwProcess {
    pid_t pid;           /* of the guardian; 0: not running */
    int in, out, err;    /* our ends; -1: closed */
    GString *said;       /* all output since the last tw_process_ask() */
    char complaint[120]; /* most useful line of its standard error, or "" */
    int rank;            /* how much it tells */
    char partial[120];   /* the line of standard error that is coming in */
    size_t n_partial;
    int signal, code;   /* after the end: what killed it, or its exit code */
    TwServing *serving; /* or NULL; whoever sets it owns it */
} TwProcess;

typedef enum TwReply {
    TW_REPLY_DONE,
    TW_REPLY_ENDED, /* it died or closed its output; see tw_process_end() */
    TW_REPLY_TIMEOUT,
    TW_REPLY_FLOOD, /* more than `most` bytes without an end */
    TW_REPLY_EXTRA, /* something after the end */
    TW_REPLY_EARLY, /* an answer before the question was read */
    TW_REPLY_BAD,   /* serve() says so */
} TwReply;

/* A descriptor that the command gets.  The i-th of a list has the number 3 + i
 * there; the environment variable of this name contains the number. */
typedef struct TwProcessFd {
    int fd;
    const char *variable;
} TwProcessFd;

enum { TW_PROCESS_MAX_FDS = 4 };

void tw_process_init(TwProcess *process);

/*
 * Starts `command` with /bin/sh -c and `n` descriptors, at most
 * TW_PROCESS_MAX_FDS.  The command must not be running.  False with errno set
 * if no process could be made.
 */
bool tw_process_start(TwProcess *process, const char *command,
                      const TwProcessFd *fds, unsigned n);

/*
 * Writes `question` and reads until the line `last` (with its newline) has
 * come, for at most `most` bytes, and until the command hangs (watch.h) with
 * the limit `timeout_ms`.  `in_flight` changes with its progress; NULL: it
 * shows none.  The answer, `last` included, is in process->said.
 */
TwReply tw_process_ask(TwProcess *process, const char *question, size_t length,
                       const char *last, size_t most, uint32_t timeout_ms,
                       const volatile uint32_t *in_flight);

/* Serves until serve() says TW_SERVED_LAST (TW_REPLY_DONE), with the same
 * limit.  Output of the command is TW_REPLY_EXTRA. */
TwReply tw_process_serve(TwProcess *process, uint32_t timeout_ms);

/*
 * Ends the command: closes its input, waits for it to exit by itself, with
 * `grace_ms` as the limit (watch.h), then kills its whole process group.  Sets
 * `signal` and `code`.
 */
void tw_process_end(TwProcess *process, uint32_t grace_ms);

/* Ends the command and frees all members of `process`. */
void tw_process_clear(TwProcess *process, uint32_t grace_ms);

#endif
