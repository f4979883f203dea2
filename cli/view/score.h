/* SPDX-License-Identifier: MIT */
/* Inside this folder only: how well a triage tells causes apart, printed. */
#ifndef TW_CLI_VIEW_SCORE_H
#define TW_CLI_VIEW_SCORE_H

#include "cli/common/common.h"
#include "reports/triage/score.h"

/* The table label x cause, a line for each label, the largest numbers first;
 * `stored`: by the cause in the store, not by that of each case. */
void tw_score_print_table(const TwTriageScore *score, bool stored);
/* The figures of one grouping in one line, after `title`. */
void tw_score_print_figures(const char *title, TwGrouping of);

/* The same as members of the JSON object `member`: figures and "table". */
void tw_score_json(JsonBuilder *builder, const char *member,
                   const TwTriageScore *score, bool stored);
/* The figures alone. */
void tw_score_json_figures(JsonBuilder *builder, const char *member,
                           TwGrouping of);

#endif
