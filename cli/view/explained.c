/* SPDX-License-Identifier: MIT */
/* See explained.h. */
#include "cli/view/explained.h"

#include <string.h>

#include "cli/view/silent.h"
#include "reports/cause/cause.h"

bool tw_view_explained(const TwKnown *known, const TwTargetOptions *options,
                       uint32_t patience, const TwProgram *program,
                       const TwFinding *finding, const TwKnownEntry **entry,
                       GError **error)
{
    TwCause cause = {.known = 0};
    TwSilence silence;
    bool ok;

    *entry = NULL;
    if (!tw_verdict_is_finding(finding->verdict) ||
        tw_known_match(known, program, finding) < 0) {
        return true;
    }
    silence = tw_view_be_silent();
    ok = tw_cause_isolated(options, known, program, false, patience, &cause,
                           error);
    tw_view_speak(silence);
    /* One that does not recur says nothing of this finding. */
    if (ok && cause.known && strcmp(cause.finding.key, finding->key) == 0) {
        *entry = tw_known_entry(known, cause.known - 1);
    }
    return ok;
}
