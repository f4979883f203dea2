/* SPDX-License-Identifier: MIT */
/*
 * Trials: one search of one engine for one bug of the zoo, up to a limit.  The
 * engines run softmmu with the bug, judged by the oracle; the limit counts
 * processor time of the engine with all its processes, or programs.
 */
#ifndef TW_REPORTS_TRIALS_TRIALS_H
#define TW_REPORTS_TRIALS_TRIALS_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "fuzz/run/meter.h"
#include "targets/zoo/zoo.h"

typedef enum TwEngine {
    TW_ENGINE_RANDOM,    /* the random programs of campaigns */
    TW_ENGINE_LIBFUZZER, /* libFuzzer with the structured mutator */
    TW_ENGINE_AFL,       /* AFL++ with the structured mutator */
    TW_ENGINE_RAW,       /* libFuzzer with its own mutator, of bytes */
    TW_ENGINES
} TwEngine;

const char *tw_engine_name(unsigned engine); /* "random" ... */
/* TW_ENGINES: there is no such engine. */
TwEngine tw_engine_named(const char *name);

typedef enum TwTrialOutcome {
    TW_TRIAL_DETECTED, /* a finding with an expected verdict */
    TW_TRIAL_MISSED,   /* none up to the limit */
    TW_TRIAL_DIED,     /* the engine ended by something else: softmmu with the
                        * bug crashed or hung */
    TW_TRIAL_OUTCOMES
} TwTrialOutcome;

const char *tw_trial_outcome_name(unsigned outcome); /* "detected" ... */

enum { TW_SLUG_SIZE = 64, TW_BUILD_SIZE = 17 };

/* All numbers of programs count from 1; 0: none. */
typedef struct TwTrial {
    char slug[TW_SLUG_SIZE];
    uint8_t engine, outcome;
    uint32_t number;   /* of the trial, from 1 */
    uint64_t seed;     /* of the engine */
    uint64_t programs; /* run, up to the detection */
    double seconds;    /* of processor time likewise, without the meter's */
    uint64_t reached, triggered, unexpected; /* the first such program */
    uint32_t verdict; /* of the detection; and of the first finding with */
    uint32_t unexpected_verdict; /* another one than expected */
    char key[TW_KEY_SIZE];
    uint64_t counters;         /* of the engine, for coverage; 0: it has none */
    char build[TW_BUILD_SIZE]; /* which twinwalk made it (tw_trial_build) */
} TwTrial;

/* What all trials of a comparison have in common. */
typedef struct TwTrialRules {
    uint64_t seed;
    uint32_t seconds;  /* the limit of each trial; or 0, and */
    uint64_t programs; /* this is the limit; or 0 */
} TwTrialRules;

/* The programs of an engine. */
typedef struct TwEnginePaths {
    char *harness;    /* softmmu_fuzzer, for this engine */
    char *afl;        /* afl-fuzz */
    char *mutator;    /* for AFL++ */
    char *dictionary; /* or NULL */
} TwEnginePaths;

/*
 * Finds what an engine needs in the folder `harnesses` and beside this program.
 * False with `error` (TW_TARGET_ERROR_ENVIRONMENT): what is missing.  To be
 * cleared in any case.
 */
bool tw_engine_find(TwEngine engine, const char *harnesses,
                    TwEnginePaths *paths, GError **error);
void tw_engine_clear(TwEnginePaths *paths);

/* Which build of twinwalk, or of the harness, an engine runs: the beginning of
 * a checksum.  False with `error` (TW_TARGET_ERROR_ENVIRONMENT). */
bool tw_trial_build(TwEngine engine, const TwEnginePaths *paths,
                    char build[TW_BUILD_SIZE], GError **error);

/* The seed of a trial, from 1. */
uint64_t tw_trial_seed(const TwTrialRules *rules, unsigned number);

/* In shared memory: if the process dies, it says how far it came. */
typedef struct TwTrialLive {
    TwMeterRecord record;
    _Atomic uint64_t ns; /* of processor time, now and then */
} TwTrialLive;

/* Runs a trial in this process: random programs.  False with `error`
 * (TW_TARGET_ERROR). */
bool tw_trial_random(const TwTrialRules *rules, const TwZooBug *bug,
                     TwTrial *trial, TwTrialLive *live, GError **error);

/* The same with the programs of an engine, in other processes, which do not
 * outlive this one.  `folder`: empty, for its files; an absolute path. */
bool tw_trial_engine(const TwTrialRules *rules, const TwEnginePaths *paths,
                     const char *folder, TwTrial *trial, GError **error);

/* Puts into `trial` what a record says, at the end of its trial. */
void tw_trial_end(const TwTrialRules *rules, TwTrial *trial,
                  const TwMeterRecord *record, double seconds, bool died);

#endif
