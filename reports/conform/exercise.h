/* SPDX-License-Identifier: MIT */
/*
 * What programs use of a dialect: how many of them perform each operation, and
 * how many would be outside the dialect if it lacked a feature.
 */
#ifndef TW_REPORTS_CONFORM_EXERCISE_H
#define TW_REPORTS_CONFORM_EXERCISE_H

#include "program/dialect.h"
#include "program/trace.h"

enum { TW_MAX_FEATURES = 256 };

typedef struct TwFeature {
    const char *group; /* "operations" ... */
    const char *name;  /* "read" ...; unique in its group */
    uint8_t kind;      /* how it is taken away: exercise.c */
    uint8_t bit;       /* which of that kind */
} TwFeature;

typedef struct TwFeatures {
    unsigned n;
    TwFeature at[TW_MAX_FEATURES]; /* those of a group stand together */
} TwFeatures;

/* Lists what `dialect` has. */
void tw_features_of(const TwDialect *dialect, TwFeatures *features);

/*
 * Adds 1 to used[i] for each feature i that `program`, which the dialect
 * admits, uses.  An operation counts if `trace` says that it was performed; in
 * the setup, always.
 */
void tw_features_count(const TwFeatures *features, const TwDialect *dialect,
                       const TwProgram *program, const TwTrace *trace,
                       uint64_t used[TW_MAX_FEATURES]);

#endif
