/* SPDX-License-Identifier: MIT */
/*
 * Shrinks a program by structure while a finding stays: drops the tail,
 * operations, setup entries and objects with their users; merges objects;
 * resets properties; shrinks numbers.  Must not know targets: the caller says
 * whether a candidate still has the finding.
 */
#ifndef TW_FUZZ_MINIMISE_MINIMISE_H
#define TW_FUZZ_MINIMISE_MINIMISE_H

#include "program/dialect.h"
#include "program/finding.h"

#define TW_MINIMISE_BUDGET 20000 /* candidates; --help shows it */

typedef struct TwMinimiseStats {
    unsigned tried; /* candidates that were judged and counted */
    unsigned seen;  /* not tried again: they had been tried before */
    unsigned kept;  /* steps */
    unsigned ops_before, ops_after;         /* setup and script */
    unsigned objects_before, objects_after; /* regions, spaces, ... */
    unsigned lines_before, lines_after;     /* tw_minimise_lines() */
} TwMinimiseStats;

typedef struct TwMinimiseOptions {
    const TwDialect *dialect;
    unsigned budget; /* candidates at most (0: TW_MINIMISE_BUDGET) */
    unsigned window; /* candidates handed over at once (0: one) */
    /*
     * The index of the first of `n` candidates in which the finding still is,
     * or `n`.  All pass tw_program_check and are admitted by `dialect`.
     */
    unsigned (*first)(TwProgram *const *candidates, unsigned n, void *data);
    void *first_data;
    /* May be NULL.  Called before each window; false: stop. */
    bool (*go_on)(const TwProgram *best, const TwMinimiseStats *so_far,
                  void *data);
    void *go_on_data;
} TwMinimiseOptions;

/*
 * Shrinks `program` in place until no step helps, the budget is used up, or
 * `go_on` says stop.  The finding must be in `program` itself.  Deterministic:
 * the window changes neither the result nor the counts, because of each window
 * only the candidates up to the first success count.  `stats` may be NULL.
 */
void tw_minimise(TwProgram *program, const TwMinimiseOptions *options,
                 TwMinimiseStats *stats);

/*
 * The length of a case for a reader: the lines of its canonical text without
 * those that every case has (`twinwalk 1`, `setup`, `script`).
 */
unsigned tw_minimise_lines(const TwProgram *program);

#endif
