/* SPDX-License-Identifier: MIT */
/*
 * Processes that run the minimiser's candidates on a target, several at once.
 * The minimiser survives candidates that crash or hang.
 */
#ifndef TW_FUZZ_MINIMISE_POOL_H
#define TW_FUZZ_MINIMISE_POOL_H

#include "fuzz/minimise/minimise.h"
#include "fuzz/run/runner.h"

typedef struct TwPool TwPool;

enum { TW_POOL_ANY_ENTRY = -2 };

/*
 * The bytes that a stale access keeps when its case is shrunk: with fewer than
 * four, a target that does not say where accesses go would not be accused of
 * an older answer (explain.c).  Fewer, if it has fewer; 0 for other findings.
 */
unsigned tw_pool_least(const TwProgram *program, const TwFinding *finding);

typedef struct TwPoolOptions {
    TwTargetOptions target;
    unsigned jobs;         /* processes, at least 1 */
    bool isolated;         /* each candidate in a process of its own; needed
                            * where the finding is a crash or a hang */
    unsigned times;        /* if isolated: the most runs of a candidate until
                            * it has the finding (tw_run_until); if more than
                            * one, and it has: as many until it has it again */
    uint32_t patience_ms;  /* limit with which a candidate hangs
                            * (process/watch.h; 0: TW_TIMEOUT_MS) */
    char key[TW_KEY_SIZE]; /* the finding to keep */
    const TwKnown *known;  /* selected for the target, or NULL */
    int entry;             /* the one of `known` that the finding is, or -1,
                            * or TW_POOL_ANY_ENTRY */
    unsigned least;        /* bytes of the accused access (tw_pool_least) */
    uint64_t path;         /* tw_known_path() of the finding */
} TwPoolOptions;

/* How many candidates to hand over at once (TwMinimiseOptions: window). */
unsigned tw_pool_window(unsigned jobs);

/* NULL with `error` set (TW_TARGET_ERROR) if memory or processes are short.
 * `known` must outlive the pool. */
TwPool *tw_pool_new(const TwPoolOptions *options, GError **error);
void tw_pool_free(TwPool *pool);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TwPool, tw_pool_free)

/*
 * TwMinimiseOptions: first, with the pool as data.  A candidate that dies or
 * hangs has another key.  After an error of the environment no candidate has
 * the finding; see tw_pool_error().
 */
unsigned tw_pool_first(TwProgram *const *candidates, unsigned n, void *pool);

/* What went wrong with the environment, or NULL; the pool's. */
const GError *tw_pool_error(const TwPool *pool);

#endif
