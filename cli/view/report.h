/* SPDX-License-Identifier: MIT */
/* Inside this folder only: the parts of `twinwalk report`. */
#ifndef TW_CLI_VIEW_REPORT_H
#define TW_CLI_VIEW_REPORT_H

#include "cli/common/common.h"
#include "cli/view/damaged.h"
#include "reports/page/page.h"

/*
 * Runs the case of a finding in a child, and fills in its explanation,
 * its drawing, and its title and reproducer in the words of the target's
 * maintainers.  If a
 * case cannot run, its finding is shown as in the store.  Commands (exec:) are
 * started only with `exec`, because the author of the store chose them.
 * `damaged`: cases that have been named already.  False with `error` if the
 * child could not be started.
 */
bool tw_report_tell(TwPageFinding *finding, bool exec, const GPtrArray *damaged,
                    GError **error);

#endif
