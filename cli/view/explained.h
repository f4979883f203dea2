/* SPDX-License-Identifier: MIT */
/* Inside this folder and its verbs only: which known divergence a finding is.
 */
#ifndef TW_CLI_VIEW_EXPLAINED_H
#define TW_CLI_VIEW_EXPLAINED_H

#include "cli/common/common.h"
#include "fuzz/run/known.h"

/*
 * The entry of a list that explains the finding of a program, by experiments
 * as triage makes them (reports/cause/cause.h), or NULL: none does.  `known`:
 * selected for the target, owns the entry; or NULL.  The runs are made in
 * children, each of at most `patience` ms without progress (0: TW_TIMEOUT_MS).
 * False with `error` as tw_cause_isolated() sets it.
 */
bool tw_view_explained(const TwKnown *known, const TwTargetOptions *options,
                       uint32_t patience, const TwProgram *program,
                       const TwFinding *finding, const TwKnownEntry **entry,
                       GError **error);

#endif
