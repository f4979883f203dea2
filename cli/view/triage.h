/* SPDX-License-Identifier: MIT */
/* Inside this folder only: what is shown of a triage. */
#ifndef TW_CLI_VIEW_TRIAGE_H
#define TW_CLI_VIEW_TRIAGE_H

#include "cli/common/common.h"
#include "cli/view/damaged.h"
#include "reports/triage/triage.h"

/* For a TwTriage: progress and warnings on standard error. */
void tw_triage_show(const char *what, unsigned done, unsigned all, void *data);
void tw_triage_warn(const char *message, void *data);

/* What was decided about a finding, in words; "" if nothing was.  For the
 * caller to free. */
char *tw_triage_decision(const TwTriageFinding *finding);

/* The table, or JSON. */
void tw_triage_print(TwTriage *triage, GPtrArray *findings, bool json);
/* The name of the file for the case of a finding, without its folder; for the
 * caller to free. */
char *tw_triage_case_name(const TwTriageFinding *finding);
/* Puts texts for issues into the findings that are new or returned or, with
 * `all`, into all that are neither fixed nor flaky: runs their cases.  False
 * with `error` if no child can be made, or the store cannot be read. */
bool tw_triage_issues(const TwTriage *triage, GPtrArray *findings, bool all,
                      GError **error);
/* The text of a JUnit file, of a SARIF 2.1.0 file. */
GString *tw_triage_junit(const TwTriage *triage, GPtrArray *findings);
char *tw_triage_sarif(const TwTriage *triage, GPtrArray *findings);
/* A case of each finding that is there, as CAUSE.tw in a folder, and its text
 * for an issue, if it has one, as CAUSE.md. */
bool tw_triage_write(const TwTriage *triage, GPtrArray *findings,
                     const char *folder, GError **error);
/* The exit code: 10 if a finding is new or returned or, with --retest, if a key
 * is not fixed and nothing was decided about it; 11 for a finding against
 * twinwalk itself. */
int tw_triage_code(const TwTriage *triage, GPtrArray *findings,
                   bool retest_only);

#endif
