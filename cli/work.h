/* SPDX-License-Identifier: MIT */
/*
 * Many things to do, several processes: workers help themselves to numbers and
 * leave what came of them in shared memory; the parent takes it in the order
 * of the numbers.  A worker that dies takes one thing with it.
 */
#ifndef TW_CLI_WORK_H
#define TW_CLI_WORK_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct TwWork {
    unsigned n, jobs;  /* things; processes, at least 1 */
    size_t slot;       /* bytes of what comes of one; zeros at first */
    uint32_t limit_ms; /* a worker that takes longer is killed (0: never) */
    /* Does thing `i`, in a worker. */
    void (*one)(unsigned i, void *slot, void *data);
    /* Takes it, in the parent; `died`: the worker did, and of the slot nothing
     * is sure.  False: no more. */
    bool (*done)(unsigned i, const void *slot, bool died, void *data);
    /* Called in the parent before each, and while it waits; or NULL. */
    void (*idle)(unsigned done, void *data);
    void *data;
    volatile int *stop; /* set by a signal handler: no more; or NULL */
} TwWork;

/* False with `error` (TW_TARGET_ERROR) if memory or processes are short. */
bool tw_work_run(const TwWork *work, GError **error);

#endif
