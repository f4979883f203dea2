/* SPDX-License-Identifier: MIT */
/* Inside this folder only: the parts of a page. */
#ifndef TW_REPORTS_PAGE_INTERNAL_H
#define TW_REPORTS_PAGE_INTERNAL_H

#include "reports/page/page.h"

/* Each appends HTML. */
void tw_page_text(GString *out, const char *text); /* escaped */
/* A path as an URL in an attribute: it can name no scheme. */
void tw_page_path(GString *out, const char *path);
void tw_page_time(GString *out, int64_t at); /* "2026-01-31 04:05", UTC */
void tw_page_findings(const TwPage *page, GString *out);
void tw_page_charts(const TwPage *page, GString *out);
/* Two dimensions (oracle/freshness/situation.h). */
void tw_page_heat(const TwCoverage *coverage, unsigned rows, unsigned columns,
                  GString *out);

/* What a chart shows: series of one family, up to the first '.' of their
 * names; `label` is the rest, or the target. */
char *tw_page_family(const TwPageSeries *series);
char *tw_page_label(const TwPageSeries *series);

/* How many findings are that. */
unsigned tw_page_count(const TwPage *page, unsigned news);

/* The number of situations of `a` that `b` does not have. */
unsigned tw_page_only_in(const TwCoverage *a, const TwCoverage *b);

/* The line of a finding's text that begins so, without that, or NULL; for the
 * caller to free. */
char *tw_page_line(const char *text, const char *begin);

/* A number for people: at most 4 digits and k, M, G. */
void tw_page_number(GString *out, double value);

#endif
