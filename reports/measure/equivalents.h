/* SPDX-License-Identifier: MIT */
/*
 * Is anything reported that is right?  Random programs on softmmu and on
 * targets that must be as right, side by side: a program is made once, the
 * oracle judges softmmu, and another target only where its trace says something
 * else.  The same trace of the same program has the same verdict.
 */
#ifndef TW_REPORTS_EQUIVALENTS_H
#define TW_REPORTS_EQUIVALENTS_H

#include "reports/measure/zoo.h"

enum { TW_MOST_EQUIVALENTS = 32 }; /* targets, softmmu included */

/* The result of one target. */
typedef struct TwEquivalentResult {
    uint64_t programs; /* up to the one that is reported */
    uint64_t judged;   /* of them, by the oracle: softmmu's all, of another
                        * target those whose trace is not softmmu's */
    bool reported;
    uint64_t number; /* of the first program that is reported, and its finding
                      */
    uint8_t verdict;
    char key[TW_KEY_SIZE];
} TwEquivalentResult;

typedef struct TwEquivalentsRun {
    TwEquivalentResult results[TW_MOST_EQUIVALENTS]; /* softmmu first */
    unsigned n;
    uint64_t programs, accesses; /* so far, on softmmu */
    double seconds;
    bool interrupted;
    /* Called in the parent several times a second; or NULL. */
    void (*progress)(const struct TwEquivalentsRun *so_far, void *data);
    void *data;
} TwEquivalentsRun;

/*
 * Runs the programs 0 to `programs` - 1 of zoo->seed on softmmu and on the `n`
 * targets (fewer than TW_MOST_EQUIVALENTS) with these names, whose dialect and
 * contract are softmmu's, in zoo->jobs processes.  Fills `run`, of which the
 * caller has set `progress` and `data`.  A finding in softmmu, or a target that
 * crashes or hangs, ends it.  The result does not depend on the number of
 * processes.  False with `error` (TW_TARGET_ERROR) if a target cannot be opened
 * or memory is short.
 */
bool tw_equivalents_run(const TwZooRun *zoo, const char *const *names,
                        unsigned n, uint64_t programs, TwEquivalentsRun *run,
                        GError **error);

#endif
