/* SPDX-License-Identifier: MIT */
/*
 * Numbered tasks in several processes: a worker takes the next number and
 * writes its result into shared memory; the parent takes the results in the
 * order of the numbers.  If a worker dies, only its current task is lost.
 */
#ifndef TW_FUZZ_WORK_H
#define TW_FUZZ_WORK_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct TwWork {
    unsigned n, jobs;  /* things; processes, at least 1 */
    size_t slot;       /* bytes of the result of one; zeros at first */
    uint32_t limit_ms; /* a worker in which a target hangs with this limit, or
                        * our own code, is killed; 0: none is */
    /* Does thing `i`, in a worker. */
    void (*one)(unsigned i, void *slot, void *data);
    /* Takes its result, in the parent.  `died`: the worker died, do not trust
     * the slot.  False: stop. */
    bool (*done)(unsigned i, const void *slot, bool died, void *data);
    /* Called in the parent before each, and while it waits; or NULL. */
    void (*idle)(unsigned done, void *data);
    void *data;
    volatile int *stop; /* set by a signal handler: enough; or NULL */
} TwWork;

/* False with `error` (TW_TARGET_ERROR) if memory or processes are short. */
bool tw_work_run(const TwWork *work, GError **error);

/* An error of a worker, as a part of its result. */
typedef struct TwWorkFailure {
    bool failed;
    int code; /* TW_TARGET_ERROR_... */
    char message[300];
} TwWorkFailure;

/* Writes it down and frees it.  Errors of other domains than TW_TARGET_ERROR
 * become errors of usage. */
void tw_work_fail(TwWorkFailure *failure, GError *error);
/* The error again (TW_TARGET_ERROR); false: there was none. */
bool tw_work_failed(const TwWorkFailure *failure, GError **error);

#endif
