/* SPDX-License-Identifier: MIT */
/*
 * Many programs, one target: worker processes each with a target and an
 * oracle of their own, and a parent that watches them, replaces those that die,
 * and sums up.  Program number i depends only on the seed and i, so findings
 * and counts do not depend on the number of workers.  With steering, program i
 * also depends on the situations that earlier rounds of programs have met;
 * these are the same for any number of workers.
 */
#ifndef TW_FUZZ_CAMPAIGN_CAMPAIGN_H
#define TW_FUZZ_CAMPAIGN_CAMPAIGN_H

#include "fuzz/run/coverage.h"
#include "fuzz/generate/generate.h"
#include "fuzz/run/runner.h"

#define TW_CAMPAIGN_REPLAYS 3 /* --help shows it, so it is a macro */

typedef struct TwCampaignOptions {
    TwTargetOptions target;
    unsigned profile; /* TwProfile, or TW_PROFILES: each in turn */
    uint64_t seed;
    uint64_t start;         /* number of the first program (0 with steering) */
    uint64_t programs;      /* stop after this number (0: no limit) */
    uint32_t seconds;       /* stop after this time (0: no limit) */
    unsigned jobs;          /* worker processes, at least 1 */
    unsigned cases_per_key; /* raw cases kept per key (0: 10) */
    unsigned replays;       /* on a fresh target, of each finding whose case may
                             * be kept (0: TW_CAMPAIGN_REPLAYS); of other
                             * findings one */
    TwKnown *known;         /* known divergences, whose triggers the generator
                             * avoids; or NULL.  Selected by the campaign */
    TwCoverage *coverage;   /* is added to at the end; or NULL.  A program in
                             * which the target dies adds nothing.  Not with
                             * stop_at_finding: programs after the finding
                             * would count */
    bool steer;             /* programs aim at situations that neither this
                             * campaign nor `met_before` has met */
    const TwCoverage *met_before; /* or NULL */
    bool stop_at_finding;         /* end at the first finding (lowest number) */
    uint32_t hang_ms;   /* the limit with which a target in this process hangs
                         * (process/watch.h; 0: TW_TIMEOUT_MS) */
    volatile int *stop; /* set by a signal handler: end cleanly */
} TwCampaignOptions;

/* No situation's number. */
#define TW_NO_WISH ((uint32_t)TW_SITUATIONS)

/* One raw case of one key. */
typedef struct TwCampaignCase {
    uint64_t number; /* program number: seed and number give the program */
    unsigned profile;
    uint32_t wish; /* the situation at which it aims, or TW_NO_WISH */
    TwFinding finding;
} TwCampaignCase;

typedef struct TwCampaignKey {
    char key[TW_KEY_SIZE];
    uint8_t verdict;
    uint64_t count;       /* programs with this key */
    double first_seconds; /* when it was first seen */
    GArray *cases;        /* TwCampaignCase, lowest numbers first */
} TwCampaignKey;

typedef struct TwCampaignResult {
    TwJudgeStats stats;
    uint64_t counters[TW_COUNTERS];
    uint64_t programs; /* run to a verdict */
    uint64_t next;     /* each program below this number, and not below `start`,
                        * has a verdict */
    uint64_t known[TW_MAX_KNOWN]; /* programs that matched an entry */
    uint64_t met[TW_MAX_KNOWN];   /* that met its triggers */
    uint64_t restarts; /* workers that died or hung and were replaced */
    double seconds;
    bool interrupted;
    GPtrArray *keys; /* TwCampaignKey, ordered by key */
} TwCampaignResult;

/* Called in the parent some four times a second with the sums so far. */
typedef void (*TwCampaignProgress)(const TwCampaignResult *so_far, void *data);

/*
 * Runs a campaign.  Returns false with `error` set (TW_TARGET_ERROR) if the
 * target cannot be opened; a worker that dies is a finding, not an error.
 * Free the result with tw_campaign_result_clear().
 */
bool tw_campaign_run(const TwCampaignOptions *options,
                     TwCampaignProgress progress, void *data,
                     TwCampaignResult *result, GError **error);
void tw_campaign_result_clear(TwCampaignResult *result);

/* The program behind a number; `known` is NULL or selected for the target. True
 * if the program may meet triggers of known divergences. */
bool tw_campaign_program(TwProgram *program, uint64_t seed, uint64_t number,
                         unsigned profile, const TwDialect *dialect,
                         const TwKnown *known, unsigned *profile_used);
/* The same, aiming at a situation (its number, or TW_NO_WISH). */
bool tw_campaign_program_towards(TwProgram *program, uint64_t seed,
                                 uint64_t number, unsigned profile,
                                 uint32_t wish, const TwDialect *dialect,
                                 const TwKnown *known, unsigned *profile_used);

#endif
