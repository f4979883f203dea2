/* SPDX-License-Identifier: MIT */
/* What `twinwalk bench` measures, apart from how it is shown. */
#ifndef TW_REPORTS_BENCH_H
#define TW_REPORTS_BENCH_H

#include "fuzz/generate/generate.h"
#include "fuzz/run/runner.h"

/* One target in one mode under one profile; times in ns per program. */
typedef struct TwBenchLoop {
    double generate, decode, target, judge; /* each alone */
    double whole;                           /* generate, target and judge */
    double empty; /* generate, and a target and a judge that do nothing */
    uint64_t programs;
    uint64_t regions; /* summed over programs */
    uint64_t bytes;   /* of the byte form, summed over programs */
    TwJudgeStats stats;
    uint64_t counters[TW_COUNTERS];
    uint64_t findings; /* should be none: a finding is slow */
    /* Instructions per program, outside the kernel; 0: the machine does not
     * count them, and `why_not` says why. */
    double instructions, empty_instructions;
    char why_not[100];
} TwBenchLoop;

/*
 * Measures for about `seconds`.  The passes take turns on the same programs,
 * a few hundred at a time, so that other load on the machine affects all passes
 * alike.  `known` as in a campaign (may be NULL).  False with `error` set if
 * the target cannot be opened.
 */
bool tw_bench_loop(const TwTargetOptions *options, TwKnown *known,
                   unsigned profile, double seconds, TwBenchLoop *loop,
                   GError **error);

/* Purpose-built programs; times in ns per access. */
enum { TW_BENCH_DEPTHS = 4 };

typedef struct TwBenchMicro {
    unsigned depths; /* how many depths the target can express; 0: none */
    double hit;      /* a read again and again: the target's bare loop, with
                      * nothing generated, changed or judged */
    double fill[TW_BENCH_DEPTHS]; /* a fill, by the number of IOMMUs */
    double walk[TW_BENCH_DEPTHS]; /* a judged reference walk likewise */
    /* ns, if `overheads`; a target may have these alone: */
    bool overheads;
    double start; /* to open the target and to run a first program */
    double empty; /* a program without operations */
    double trip;  /* an exchange that does nothing, with the process in which
                   * the target runs; 0: it cannot be measured */
} TwBenchMicro;

/*
 * False if the target cannot run any of these programs, not even one without
 * operations (`why`, at least 160 bytes), or cannot be opened (`error` set).
 */
bool tw_bench_micro(const TwTargetOptions *options, double seconds,
                    TwBenchMicro *micro, char *why, size_t why_size,
                    GError **error);

/* ns per round of a fixed loop: the unit of this machine. */
double tw_bench_calibrate(void);

#endif
