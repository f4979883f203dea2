/* SPDX-License-Identifier: MIT */
/*
 * Which situations (oracle/freshness/situation.h) programs have reached, how
 * often, and the file that keeps these counts.  The file is text, so that
 * people can compare two files.  A tool adds its counts to those in the file.
 */
#ifndef TW_FUZZ_RUN_COVERAGE_H
#define TW_FUZZ_RUN_COVERAGE_H

#include <glib.h>

#include "oracle/freshness/situation.h"

typedef struct TwCoverage {
    uint64_t programs;
    uint64_t seen[TW_SITUATIONS]; /* judged pages of accesses */
} TwCoverage;

#define TW_COVERAGE_ERROR (tw_coverage_error_quark())
GQuark tw_coverage_error_quark(void);

typedef enum TwCoverageError {
    TW_COVERAGE_ERROR_FORMAT, /* not such a file, or a broken one */
    TW_COVERAGE_ERROR_FILE,   /* it cannot be read or written */
} TwCoverageError;

/* Empty; free with g_free(). */
TwCoverage *tw_coverage_new(void);

void tw_coverage_add(TwCoverage *to, const TwCoverage *from);

/* Counts the situations of one program. */
void tw_coverage_count(TwCoverage *coverage, const TwMet *met);

/*
 * Adds the counts of a file.  False with `error` (TW_COVERAGE_ERROR, one line
 * that names the file and the line); then `coverage` is not changed.
 */
bool tw_coverage_load(TwCoverage *coverage, const char *path, GError **error);

/*
 * Adds `coverage` to the counts of the file, or makes the file.  At any time
 * the file has its old contents or the new ones, and several processes may add
 * to it.  False with `error` as above.
 */
bool tw_coverage_save(const TwCoverage *coverage, const char *path,
                      GError **error);

/* Possible situations, and how many of them were seen `min` times or more. */
typedef struct TwCoverageSums {
    uint32_t possible, seen;
    uint64_t times;
} TwCoverageSums;

/*
 * The same of the situations with `value_a` in dimension a and `value_b` in
 * dimension b.  A number that is not a value of its dimension stands for all
 * values.
 */
TwCoverageSums tw_coverage_sums(const TwCoverage *coverage, uint64_t min,
                                unsigned a, unsigned value_a, unsigned b,
                                unsigned value_b);

#endif
