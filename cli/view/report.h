/* SPDX-License-Identifier: MIT */
/* Inside this folder only: the parts of `twinwalk report`. */
#ifndef TW_CLI_VIEW_REPORT_H
#define TW_CLI_VIEW_REPORT_H

#include "cli/common/common.h"
#include "reports/page/page.h"

/*
 * Runs the case of a finding, in a child, and puts in what can be told of it.
 * What cannot be run stays as the store has it.  Commands (exec:) are started
 * only with `exec`: whoever wrote the store chose them.  False with `error` if
 * no child could be made.
 */
bool tw_report_tell(TwPageFinding *finding, bool exec, GError **error);

#endif
