/* SPDX-License-Identifier: MIT */
/* Semantic coverage as a heat map: a cell for each pair of values. */
#include "reports/page/internal.h"

/* The share in percent or, with `counts`, its two numbers and how often. */
static void cell(TwCoverageSums sums, bool counts, GString *out)
{
    unsigned percent;

    if (sums.possible == 0) {
        g_string_append(out, "<td class=\"none\"></td>");
        return;
    }
    percent = (unsigned)((uint64_t)sums.seen * 100 / sums.possible);
    if (sums.seen > 0 && percent == 0) {
        percent = 1;
    }
    if (counts) {
        g_string_append_printf(
            out, "<td class=\"count\">%u/%u, %" G_GUINT64_FORMAT "</td>",
            sums.seen, sums.possible, sums.times);
        return;
    }
    g_string_append_printf(out, "<td class=\"%s\" style=\"--v:%u\">%u</td>",
                           sums.seen == 0 ? "zero"
                           : percent > 80 ? "high"
                                          : "low",
                           percent, percent);
}

static void map(const TwCoverage *coverage, unsigned rows, unsigned columns,
                bool counts, GString *out)
{
    unsigned n = tw_situation_values(columns);

    g_string_append_printf(
        out,
        "<div class=\"wide\" tabindex=\"0\"><table class=\"%s\">"
        "<caption>%s and %s: %s</caption>\n<thead><tr><th scope=\"col\">%s</th>"
        "<th scope=\"col\" class=\"up\"><span>all</span></th>",
        counts ? "counts" : "heat", tw_situation_dimension(rows),
        tw_situation_dimension(columns),
        counts ? "combinations seen of possible ones, and how often"
               : "% of the combinations that were seen",
        tw_situation_dimension(rows));
    for (unsigned k = 0; k < n; k++) {
        g_string_append_printf(
            out, "<th scope=\"col\" class=\"up\"><span>%s</span></th>",
            tw_situation_name(columns, k));
    }
    g_string_append(out, "</tr></thead>\n<tbody>\n");
    for (unsigned r = 0; r < tw_situation_values(rows); r++) {
        const char *row = tw_situation_name(rows, r);

        g_string_append_printf(out, "<tr><th scope=\"row\">%s</th>", row);
        cell(tw_coverage_sums(coverage, 1, rows, r, columns, n), counts, out);
        for (unsigned k = 0; k < n; k++) {
            cell(tw_coverage_sums(coverage, 1, rows, r, columns, k), counts,
                 out);
        }
        g_string_append(out, "</tr>\n");
    }
    g_string_append(out, "</tbody></table></div>\n");
}

void tw_page_heat(const TwCoverage *coverage, unsigned rows, unsigned columns,
                  GString *out)
{
    map(coverage, rows, columns, false, out);
    g_string_append(out, "<details><summary>The same in counts</summary>");
    map(coverage, rows, columns, true, out);
    g_string_append(out, "</details>\n");
}
