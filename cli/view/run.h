/* SPDX-License-Identifier: MIT */
/* What `twinwalk run` prints while a campaign runs and at its end. */
#ifndef TW_CLI_VIEW_RUN_H
#define TW_CLI_VIEW_RUN_H

#include "cli/common/common.h"
#include "cli/common/known.h"
#include "fuzz/campaign/campaign.h"

/* How a campaign looks while it runs and at its end. */
typedef struct TwRunView {
    const TwCampaignOptions *options;
    const TwCliTarget *target;
    const TwCliKnown *known; /* as the user gave them */
    const char *version;     /* of the target */
    const char *profile;     /* as the user gave it */
    const char *out;    /* folder of the cases, or NULL: none were written */
    const char *folder; /* the same, also if none were written */
    bool folder_stays;  /* also without cases */
    GHashTable *before; /* of tw_cli_case_name() */
    bool terminal;      /* a status line instead of plain lines */
    bool statistics;    /* the summary has the histograms */
    uint64_t last_programs, last_accesses; /* then, for rates */
    double last_seconds;
} TwRunView;

/* The status, on standard error: one line that changes on a terminal, otherwise
 * a line every ten seconds. */
void tw_run_view_progress(TwRunView *view, const TwCampaignResult *result);
/* Removes a status line. */
void tw_run_view_clear(const TwRunView *view);
void tw_run_view_summary(const TwRunView *view, const TwCampaignResult *result);
void tw_run_view_json(const TwRunView *view, const TwCampaignResult *result);

#endif
