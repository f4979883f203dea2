/* SPDX-License-Identifier: MIT */
/* Shrinks one case on a target, with a pool of processes. */
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
    uint32_t patience;    /* limit in ms with which a candidate hangs (0: the
                             default) */
    bool isolated;        /* each candidate in a process of its own */
    unsigned times;       /* for a finding that does not recur each time: the
                           * most runs of a candidate, each in a process of its
                           * own, until it has it, and until it has it again
                           * (0, 1: the finding recurs) */
    /* Some five times a second: the smallest so far; or NULL. */
    void (*progress)(const TwProgram *best, const TwMinimiseStats *so_far);
    volatile int *stop; /* set by a signal handler: enough; or NULL */
} TwShrink;

typedef struct TwShrunk {
    char key[TW_KEY_SIZE]; /* what was to be kept */
    TwFinding finding;     /* of the shrunk case, run once more by itself */
    bool found;            /* the case has the finding, or a part of it has */
    bool recurs;           /* a second run of the case has the key, too; if not,
                            * nothing was shrunk, and `finding` is that run's */
    bool same;      /* the shrunk case has the key in a new process, too */
    bool cut_short; /* by time or signal */
    double seconds;
    TwMinimiseStats stats;
} TwShrunk;

/*
 * Shrinks `program` in place.  False with `error` set if the environment
 * fails.  If the program does not have the finding to keep, or without `expect`
 * and `times` has it in one of two runs only, it is not changed, and
 * result->finding is its actual finding.
 */
bool tw_shrink(const TwShrink *shrink, const TwDialect *dialect,
               TwProgram *program, TwShrunk *result, GError **error);

#endif
