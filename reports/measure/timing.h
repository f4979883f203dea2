/* SPDX-License-Identifier: MIT */
/*
 * How long a program takes: clocks, and the best of many runs, since everything
 * that disturbs only adds.
 */
#ifndef TW_REPORTS_MEASURE_TIMING_H
#define TW_REPORTS_MEASURE_TIMING_H

#include <time.h>

#include "fuzz/run/runner.h"
#include "targets/target.h"

/* All are the caller's; the judge and the trace are only used. */
typedef struct TwTimed {
    TwTarget *target;
    TwOracle *oracle;
    TwProgram *program;
    TwTrace *trace;
} TwTimed;

/* Of `clock`, in ns. */
double tw_timing_now_ns(clockid_t clock);

/*
 * The clock: CPU time of this process, so that other load does not count; if
 * the target runs in another process, elapsed time.
 */
clockid_t tw_timing_clock(const TwTarget *target);

/* Judges the trace that the last run left. */
TwVerdict tw_timing_judge(TwTimed *b);

/* ns of one run of the program, or of one judging; the best of those that take
 * `seconds`, of the clock on the wall, and of at least one. */
double tw_timing_best(TwTimed *b, double seconds, bool judge);

#endif
