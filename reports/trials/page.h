/* SPDX-License-Identifier: MIT */
/* The page of a comparison of engines: HTML that needs no other file. */
#ifndef TW_REPORTS_TRIALS_PAGE_H
#define TW_REPORTS_TRIALS_PAGE_H

#include "reports/trials/figures.h"

/* Appends a whole HTML document.  `version` of twinwalk; `now`: seconds since
 * 1970. */
void tw_trials_page(const TwComparison *c, const char *version, int64_t now,
                    GString *out);

/* Appends the chart of one bug (NULL: of all bugs, without bands): a curve for
 * each engine. */
void tw_trials_chart(const TwComparison *c, const TwZooBug *bug, GString *out);

/* A number of seconds or programs with three digits, without its unit. */
void tw_trials_number(GString *out, double value);

#endif
