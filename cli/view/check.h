/* SPDX-License-Identifier: MIT */
/* Inside this folder only: what is shown of a check. */
#ifndef TW_CLI_VIEW_CHECK_H
#define TW_CLI_VIEW_CHECK_H

#include "reports/check/check.h"

/* The line of a case, the totals; JSON; the text of a JUnit file. */
void tw_check_print_case(const TwCheckJob *check, const TwCheckCase *one);
void tw_check_print_totals(const TwCheckJob *check);
void tw_check_print_json(const TwCheckJob *check);
GString *tw_check_junit(const TwCheckJob *check);

#endif
