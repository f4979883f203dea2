/* SPDX-License-Identifier: MIT */
/*
 * All programs up to a length over the letters of a few small boards
 * (EXHAUST.md), each ending in an access, against two things: the target, which
 * must give an allowed answer, and a naive cache that fills and evicts as it
 * likes, each answer of which must be allowed.  What is allowed beyond that is
 * counted, with an example.
 */
#ifndef TW_FUZZ_EXHAUST_EXHAUST_H
#define TW_FUZZ_EXHAUST_EXHAUST_H

#include "targets/target.h"

typedef struct TwExhaustBoard {
    const char *name, *summary;
    const char *text; /* a program whose script is the letters */
    bool symmetric;   /* its two CPUs are alike */
} TwExhaustBoard;

/* The end has the name NULL. */
extern const TwExhaustBoard tw_exhaust_boards[];

#define TW_EXHAUST_MOST 8 /* operations of a program; --help shows it */

enum { TW_EXHAUST_BOARDS = 8 };

typedef struct TwExhaustOptions {
    TwTargetOptions target;
    const char *board;  /* NULL: all */
    unsigned length;    /* 1 to TW_EXHAUST_MOST operations */
    unsigned jobs;      /* processes; results do not depend on it */
    const char *resume; /* NULL, or where what is done is kept */
    volatile int *stop; /* set by a signal handler: end cleanly */
    int deaf_to; /* tests: the naive cache hears no such event; -1: hears all */
} TwExhaustOptions;

typedef struct TwExhaustCounts {
    uint64_t programs;  /* run on the target */
    uint64_t skipped;   /* left out with all that begins like them */
    uint64_t histories; /* ways in which the naive cache goes through them */
    uint64_t answers;   /* that were put to the judge */
    uint64_t reached;   /* by the naive cache, all of them allowed */
    uint64_t beyond;    /* allowed, and out of its reach */
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
