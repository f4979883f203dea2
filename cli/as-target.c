/* SPDX-License-Identifier: MIT */
/* twinwalk replay --as-target: a target of this command behind the protocol of
 * exec. */
#include "cli/verbs.h"
#include "targets/exec/serve.h"

int tw_replay_as_target(const TwCliTarget *target)
{
    TwTargetOptions options = target->options;
    GError *error = NULL;
    TwTarget *opened;
    bool ok;

    options.in_flight = tw_exec_in_flight();
    opened = tw_target_open(&options, &error);
    if (!opened) {
        return tw_cli_fail_error(error);
    }
    ok = tw_exec_serve(opened, stdin, stdout, &error);
    tw_target_close(opened);
    return ok ? TW_EXIT_CLEAN : tw_cli_fail_error(error);
}
