/* SPDX-License-Identifier: MIT */
/* From a finding to its story, for the verbs that show one. */
#include <string.h>

#include "cli/verbs.h"

/* Attempts to reproduce here a finding of a child process. */
enum { TRIES = 3 };

TwStory *tw_cli_story(TwRunner *runner, const TwProgram *program,
                      const TwFinding *finding)
{
    TwFinding again;

    if (!tw_verdict_is_finding(finding->verdict) ||
        finding->verdict == TW_VERDICT_CRASH ||
        finding->verdict == TW_VERDICT_HANG) {
        return NULL;
    }
    for (unsigned i = 0; i < TRIES; i++) {
        tw_runner_run(runner, program, &again, NULL, NULL);
        if (tw_verdict_is_finding(again.verdict) &&
            strcmp(again.key, finding->key) == 0) {
            return tw_runner_story(runner);
        }
    }
    return NULL;
}
