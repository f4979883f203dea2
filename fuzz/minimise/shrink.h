/* SPDX-License-Identifier: MIT */
/* One case made small on a target, with a pool of processes. */
#ifndef TW_FUZZ_SHRINK_H
#define TW_FUZZ_SHRINK_H

#include "fuzz/minimise/pool.h"

typedef struct TwShrink {
    TwTargetOptions target;
    const TwKnown *known; /* selected for the target, or NULL */
    const char *expect;   /* the key to keep; NULL: that of the case */
    unsigned jobs;        /* processes */
    unsigned budget;      /* candidates (0: the minimiser's) */
    uint32_t seconds;     /* time limit (0: none) */
    uint32_t patience;    /* ms for one candidate (0: the default) */
    bool isolated;        /* each candidate in a process of its own */
    /* Some five times a second: the smallest so far; or NULL. */
    void (*progress)(const TwProgram *best, const TwMinimiseStats *so_far);
    volatile int *stop; /* set by a signal handler: enough; or NULL */
} TwShrink;

typedef struct TwShrunk {
    char key[TW_KEY_SIZE]; /* what was to be kept */
    TwFinding finding;     /* of what is left, run once more by itself */
    bool found;            /* the case has the finding, or a part of it has */
    bool same;             /* what is left has the key in a new process too */
    bool cut_short;        /* by time or signal */
    double seconds;
    TwMinimiseStats stats;
} TwShrunk;

/*
 * Shrinks `program` in place.  False with `error` set if the environment
 * fails.  Without a finding to keep the program stays as it is, and
 * result->finding is what it has.
 */
bool tw_shrink(const TwShrink *shrink, const TwDialect *dialect,
               TwProgram *program, TwShrunk *result, GError **error);

#endif
