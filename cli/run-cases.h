/* SPDX-License-Identifier: MIT */
/* Inside this folder only: the folder of the cases that a campaign saves. */
#ifndef TW_CLI_RUN_CASES_H
#define TW_CLI_RUN_CASES_H

#include "cli/verbs.h"
#include "fuzz/campaign/campaign.h"

typedef struct TwRunCases {
    char *out;
    bool own_out;        /* `out` is the default: ours to remove if unused */
    GHashTable *written; /* file name -> number of the program in it */
    GHashTable *before;  /* key -> cases that were there before */
    GHashTable *had;     /* "KEY SEED NUMBER" of these */
    GError *error;       /* the first time that a case could not be written */
} TwRunCases;

/* What the cases are made from again. */
typedef struct TwRunMake {
    const TwCampaignOptions *options;
    const TwCliTarget *target;
    const TwDialect *dialect;
} TwRunMake;

/*
 * Makes sure that cases can be written before anything is run: into `out`, or
 * into a new folder named by the seed.  Cases that are there stay, and new ones
 * get further numbers; a folder with a campaign that was interrupted is refused
 * unless that `goes_on`.  False: an error was printed.
 */
bool tw_run_cases_open(TwRunCases *cases, uint64_t seed, bool goes_on);

/* The program of a case again. */
void tw_run_cases_make(TwProgram *program, const TwCampaignCase *one,
                       const TwRunMake *make);

/* Writes the cases that were not written yet; called during the campaign, so
 * that a power cut loses little. */
void tw_run_cases_write(TwRunCases *cases, const TwRunMake *make,
                        const TwCampaignResult *result);

/*
 * Removes what does not count in the end: with --stop-at-finding, workers that
 * were ahead may have had cases written; and a default folder without cases.
 */
void tw_run_cases_close(TwRunCases *cases, const TwCampaignResult *result);
void tw_run_cases_clear(TwRunCases *cases);

#endif
