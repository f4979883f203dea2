/* SPDX-License-Identifier: MIT */
/* Inside this folder only: the parts of a page. */
#ifndef TW_REPORTS_PAGE_INTERNAL_H
#define TW_REPORTS_PAGE_INTERNAL_H

#include "reports/page/page.h"

/* Each appends HTML. */
void tw_page_text(GString *out, const char *text); /* escaped */
void tw_page_time(GString *out, int64_t at);       /* "2026-01-31 04:05", UTC */
void tw_page_findings(const TwPage *page, GString *out);
void tw_page_charts(const TwPage *page, GString *out);
/* Two dimensions (oracle/freshness/situation.h). */
void tw_page_heat(const TwCoverage *coverage, unsigned rows, unsigned columns,
                  GString *out);

/* Opens a table that scrolls by itself: the names of its columns, NULL at the
 * end, and 'n' for each that holds numbers, another letter for others. */
void tw_page_head(GString *out, const char *const *names, const char *numbers);
/* Tables: of findings; of what was left out; of runs. */
void tw_page_overview(const TwPage *page, GString *out);
void tw_page_masked(const TwPage *page, GString *out);
void tw_page_runs(const TwPage *page, GString *out);
const char *tw_page_heading(unsigned news); /* "New" ... */

/* What was decided about a finding, or "". */
const char *tw_page_state(const TwPageFinding *finding);

/* The number of findings with this news. */
unsigned tw_page_count(const TwPage *page, unsigned news);

/* The number of situations of `a` that `b` does not have. */
unsigned tw_page_only_in(const TwCoverage *a, const TwCoverage *b);

#endif
