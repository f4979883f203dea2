/* SPDX-License-Identifier: MIT */
/* Inside this folder only: a campaign in the store of findings (run --store).
 */
#ifndef TW_CLI_RUN_STORE_H
#define TW_CLI_RUN_STORE_H

#include "cli/run-cases.h"
#include "cli/verbs.h"
#include "fuzz/campaign/campaign.h"
#include "reports/store/store.h"

typedef struct TwRunStore {
    char *path;  /* of the store; NULL: none is kept */
    char *label; /* the name that findings are kept under, or NULL: the
                  * target's */
    TwStore *store;
    TwKnown *names; /* the built-in list: what it explains has its names */
    TwStoreRun run;
    gint64 next; /* when to note how far it has come; monotonic */
    char *words;
} TwRunStore;

/* Opens the store, if one is wanted, and records the start of the run. */
bool tw_run_store_begin(TwRunStore *s, const TwCliTarget *target,
                        const char *version, uint64_t seed, GError **error);

/* Records the progress each minute, for the case that the run is killed. */
void tw_run_store_so_far(TwRunStore *s, const TwCampaignResult *so_far);

/* Makes the program of a case again. */
typedef void (*TwRunStoreProgram)(TwProgram *program, const TwCampaignCase *one,
                                  void *data);

/* Records the findings, how many programs each entry of `known` (or NULL)
 * explains, and the end.  `failed`: the campaign ended with an error. */
bool tw_run_store_end(TwRunStore *s, const TwCliTarget *target,
                      const TwCampaignResult *result, bool failed,
                      const TwRunCases *cases, const TwKnown *known,
                      uint32_t patience, TwRunStoreProgram program, void *data,
                      GError **error);
void tw_run_store_clear(TwRunStore *s);

#endif
