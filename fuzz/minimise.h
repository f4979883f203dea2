/* SPDX-License-Identifier: MIT */
/*
 * Shrinks a program by structure while a finding keeps its key: drops the
 * tail, operations, setup entries and objects with their users; resets
 * properties; shrinks numbers.
 */
#ifndef TW_FUZZ_MINIMISE_H
#define TW_FUZZ_MINIMISE_H

#include "program/dialect.h"
#include "program/finding.h"

/* Is the finding still there in `candidate`? */
typedef bool (*TwStillFails)(const TwProgram *candidate, void *data);

typedef struct TwMinimiseStats {
    unsigned tried, kept;
    unsigned ops_before, ops_after;       /* setup and script */
    unsigned objects_before, objects_after; /* regions, spaces, ... */
} TwMinimiseStats;

/*
 * Shrinks `program` in place until no step helps or `budget` candidates (0:
 * 20 000) were tried.  `still_fails` is called with programs that pass
 * tw_program_check and that `dialect` admits; it must be true of `program`
 * itself.  Deterministic.
 */
void tw_minimise(TwProgram *program, const TwDialect *dialect,
                 TwStillFails still_fails, void *data, unsigned budget,
                 TwMinimiseStats *stats);

#endif
