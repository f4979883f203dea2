/* SPDX-License-Identifier: MIT */
/* Semantic coverage as a heat map: a cell for each pair of values. */
#include "reports/page/internal.h"

static void cell(TwCoverageSums sums, const char *row, const char *column,
                 GString *out)
{
    unsigned percent;

    if (sums.possible == 0) {
        g_string_append(out, "<td class=\"none\" title=\"impossible\"></td>");
        return;
    }
    percent = (unsigned)((uint64_t)sums.seen * 100 / sums.possible);
    if (sums.seen > 0 && percent == 0) {
        percent = 1;
    }
    g_string_append_printf(
        out,
        "<td class=\"%s\" style=\"--v:%u\" title=\"%s, %s: %u of %u, "
        "%" G_GUINT64_FORMAT " times\">%u</td>",
        sums.seen == 0 ? "zero"
        : percent > 80 ? "high"
                       : "low",
        percent, row, column, sums.seen, sums.possible, sums.times, percent);
}

void tw_page_heat(const TwCoverage *coverage, unsigned rows, unsigned columns,
                  GString *out)
{
    unsigned n = tw_situation_values(columns);

    g_string_append_printf(out,
                           "<div class=\"wide\"><table class=\"heat\">"
                           "<caption>%s and %s: %% of the combinations that "
                           "were seen</caption>\n<thead><tr><th>%s</th>"
                           "<th class=\"up\"><span>all</span></th>",
                           tw_situation_dimension(rows),
                           tw_situation_dimension(columns),
                           tw_situation_dimension(rows));
    for (unsigned k = 0; k < n; k++) {
        g_string_append_printf(out, "<th class=\"up\"><span>%s</span></th>",
                               tw_situation_name(columns, k));
    }
    g_string_append(out, "</tr></thead>\n<tbody>\n");
    for (unsigned r = 0; r < tw_situation_values(rows); r++) {
        const char *row = tw_situation_name(rows, r);

        g_string_append_printf(out, "<tr><th>%s</th>", row);
        cell(tw_coverage_sums(coverage, 1, rows, r, columns, n), row, "all",
             out);
        for (unsigned k = 0; k < n; k++) {
            cell(tw_coverage_sums(coverage, 1, rows, r, columns, k), row,
                 tw_situation_name(columns, k), out);
        }
        g_string_append(out, "</tr>\n");
    }
    g_string_append(out, "</tbody></table></div>\n");
}
