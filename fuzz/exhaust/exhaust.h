/* SPDX-License-Identifier: MIT */
/*
 * Runs all programs up to a length over the letters of a few small boards
 * (EXHAUST.md), each ending in an access.  Checks two things: the target gives
 * an allowed answer, and each answer that a naive cache can give is allowed (a
 * naive cache fills and evicts at any time).  Allowed answers that the naive
 * cache cannot give are counted, and the first is kept as an example.
 */
#ifndef TW_FUZZ_EXHAUST_EXHAUST_H
#define TW_FUZZ_EXHAUST_EXHAUST_H

#include "targets/target.h"

typedef struct TwExhaustBoard {
    const char *name, *summary;
    const char *text; /* a program whose script is the letters */
    bool symmetric;   /* its two CPUs are alike */
    bool keeps_pairs; /* combined records may outlive an UNMAP of a range that
                       * names their second part */
} TwExhaustBoard;

/* The end has the name NULL. */
extern const TwExhaustBoard tw_exhaust_boards[];

#define TW_EXHAUST_MOST 8 /* operations of a program; --help shows it */

enum { TW_EXHAUST_BOARDS = 9 };

typedef struct TwExhaustOptions {
    TwTargetOptions target;
    const char *board;  /* NULL: all */
    unsigned length;    /* 1 to TW_EXHAUST_MOST operations */
    unsigned jobs;      /* processes; results do not depend on it */
    const char *resume; /* NULL, or the file that keeps the progress */
    volatile int *stop; /* set by a signal handler: end cleanly */
    int deaf_to; /* tests: kind of event that the naive cache ignores; -1: none
                  */
} TwExhaustOptions;

typedef struct TwExhaustCounts {
    uint64_t programs;  /* run on the target */
    uint64_t skipped;   /* skipped, with all programs that begin like them */
    uint64_t histories; /* ways in which the naive cache can answer them */
    uint64_t answers;   /* that the judge was asked about */
    uint64_t reached;   /* that the naive cache can give; all are allowed */
    uint64_t beyond;    /* allowed, but the naive cache cannot give them */
} TwExhaustCounts;

typedef struct TwExhaustResult {
    TwExhaustCounts boards[TW_EXHAUST_BOARDS]; /* in the order of the list */
    unsigned done, units;                      /* parts of the work */
    double seconds;
    bool interrupted;
    /* The first disagreement and the first answer beyond, as case files with
     * comments; "" if none. */
    char failure[4096], beyond[4096];
} TwExhaustResult;

typedef void (*TwExhaustProgress)(const TwExhaustResult *so_far, void *data);

/*
 * False with `error` (TW_TARGET_ERROR) if the target cannot be opened, or the
 * file of `resume` is not one of this board, length and target: then with
 * TW_TARGET_ERROR_USAGE.
 */
bool tw_exhaust(const TwExhaustOptions *options, TwExhaustProgress progress,
                void *data, TwExhaustResult *result, GError **error);

#endif
