/* SPDX-License-Identifier: MIT */
/*
 * What a search for a bug of the zoo has come to, program by program: whether
 * the bug's code was run (reached), whether it made a difference (triggered:
 * softmmu without the bug gives another trace), and whether a finding has a
 * verdict that the bug is known to cause (detected).  The counts are in memory
 * that outlives the process.  Must not know where programs come from.
 */
#ifndef TW_FUZZ_RUN_METER_H
#define TW_FUZZ_RUN_METER_H

#include <stdatomic.h>

#include "targets/target.h"

/* A program's number, from 1 in the order in which they are run; 0: none. */
typedef _Atomic uint64_t TwMeterFirst;

/* Zeros at first.  One process at a time writes it. */
typedef struct TwMeterRecord {
    _Atomic uint64_t programs; /* that were begun */
    TwMeterFirst reached, triggered, detected;
    TwMeterFirst unexpected;   /* the first finding with another verdict */
    _Atomic uint64_t own_ns;   /* processor time of the meter itself */
    _Atomic uint64_t counters; /* of libFuzzer, for coverage */
    _Atomic uint32_t verdict, unexpected_verdict;
    char key[TW_KEY_SIZE]; /* of the detection */
} TwMeterRecord;

typedef struct TwMeter TwMeter;

/* For the target zoo:SLUG.  `record` must outlive the meter.  NULL with `error`
 * as tw_target_open() sets it, or if that is no bug. */
TwMeter *tw_meter_new(const TwTargetOptions *options, TwMeterRecord *record,
                      GError **error);
void tw_meter_free(TwMeter *meter);

/* The next program begins.  True: it is to be compared. */
bool tw_meter_begin(TwMeter *meter);

/* Until a program has triggered the bug: runs the program with and without the
 * bug.  That changes no counter of a fuzzing engine. */
void tw_meter_compare(TwMeter *meter, const TwProgram *program);

/* After it was judged; true: that detects the bug. */
bool tw_meter_after(TwMeter *meter, const TwFinding *finding);

/* The record in a file of that size, shared with all who map it.  NULL with
 * `error` (TW_TARGET_ERROR_ENVIRONMENT). */
TwMeterRecord *tw_meter_map(const char *path, GError **error);
/* Makes such a file. */
bool tw_meter_make(const char *path, GError **error);

#endif
