/* SPDX-License-Identifier: MIT */
/* The tables of a page: a row for each finding, for each known divergence that
 * was left out, and for each run. */
#include "reports/page/internal.h"

void tw_page_head(GString *out, const char *const *names, const char *numbers)
{
    g_string_append(out, "<div class=\"wide\" tabindex=\"0\"><table class=\""
                         "sortable\"><thead><tr>");
    for (unsigned i = 0; names[i]; i++) {
        g_string_append_printf(out, "<th scope=\"col\"%s>%s</th>",
                               numbers[i] == 'n' ? " class=\"number\"" : "",
                               names[i]);
    }
    g_string_append(out, "</tr></thead>\n<tbody>\n");
}

static void cell(GString *out, const char *text)
{
    g_string_append(out, "<td>");
    tw_page_text(out, text);
    g_string_append(out, "</td>");
}

static void number(GString *out, uint64_t value)
{
    g_string_append_printf(
        out, "<td class=\"number\">%" G_GUINT64_FORMAT "</td>", value);
}

static void time_cell(GString *out, int64_t at)
{
    g_string_append(out, "<td class=\"time\">");
    tw_page_time(out, at);
    g_string_append(out, "</td>");
}

static void end(GString *out)
{
    g_string_append(out, "</tbody></table></div>\n");
}

/* Findings ----------------------------------------------------------------- */

static void finding(GString *out, const TwPageFinding *f)
{
    const char *news = tw_page_news_name(f->news);

    g_string_append_printf(out,
                           "<tr id=\"row-%" G_GINT64_FORMAT
                           "\"><td><span class=\"badge %s\">%s</span>",
                           f->id, news, tw_page_heading(f->news));
    if (f->state != TW_STORE_OPEN) {
        g_string_append_printf(out, " %s", tw_page_state(f));
    }
    g_string_append_printf(
        out,
        "</td><th scope=\"row\"><a href=\"#finding-%" G_GINT64_FORMAT "\">",
        f->id);
    tw_page_text(out, f->title);
    g_string_append(out, "</a></th>");
    cell(out, f->target);
    cell(out, f->last_version);
    cell(out, f->verdict);
    time_cell(out, f->first_seen);
    time_cell(out, f->last_seen);
    number(out, f->count);
    if (f->minimal) {
        number(out, f->lines);
    } else {
        g_string_append(out, "<td class=\"number\">not shrunk</td>");
    }
    g_string_append(out, "</tr>\n");
}

void tw_page_overview(const TwPage *page, GString *out)
{
    static const char *const names[] = {
        "State",      "Finding",   "Target",    "Version", "Verdict",
        "First seen", "Last seen", "Times met", "Lines",   NULL};

    if (page->findings->len == 0) {
        return;
    }
    tw_page_head(out, names, "tttttttnn");
    for (unsigned i = 0; i < page->findings->len; i++) {
        finding(out, g_ptr_array_index(page->findings, i));
    }
    end(out);
}

/* Known divergences -------------------------------------------------------- */

void tw_page_masked(const TwPage *page, GString *out)
{
    static const char *const names[] = {
        "Known divergence",    "Target",      "Reason",
        "Programs since then", "In all runs", NULL};

    if (page->masked->len == 0) {
        return;
    }
    g_string_append(out, "<section id=\"masked\">\n<h2>Left out: known "
                         "divergences</h2>\n<p>Programs that showed nothing "
                         "but what a list of known divergences explains. They "
                         "are no findings.</p>\n");
    tw_page_head(out, names, "tttnn");
    for (unsigned i = 0; i < page->masked->len; i++) {
        const TwPageMasked *m = g_ptr_array_index(page->masked, i);

        g_string_append(out, "<tr><th scope=\"row\">");
        tw_page_text(out, m->name);
        g_string_append(out, "</th>");
        cell(out, m->target);
        cell(out, m->reason ? m->reason : "");
        number(out, m->since);
        number(out, m->all);
        g_string_append(out, "</tr>\n");
    }
    end(out);
    g_string_append(out, "</section>\n");
}

/* Runs --------------------------------------------------------------------- */

void tw_page_runs(const TwPage *page, GString *out)
{
    static const char *const names[] = {
        "Run",      "Verb", "Target", "Version", "Began", "Seconds",
        "Programs", "Seed", "End",    "Options", NULL};

    if (page->runs->len == 0) {
        return;
    }
    g_string_append(out, "<section id=\"runs\">\n<h2>Runs</h2>\n");
    tw_page_head(out, names, "nttttnnntt");
    for (unsigned i = 0; i < page->runs->len; i++) {
        const TwPageRun *r = g_ptr_array_index(page->runs, i);

        g_string_append_printf(
            out,
            "<tr><th scope=\"row\" class=\"number\">%" G_GINT64_FORMAT "</th>",
            r->id);
        cell(out, r->verb);
        cell(out, r->target);
        cell(out, r->version);
        time_cell(out, r->started);
        g_string_append_printf(out, "<td class=\"number\">%.0f</td>",
                               r->seconds);
        number(out, r->programs);
        number(out, r->seed);
        cell(out, r->outcome);
        g_string_append(out, "<td><code>");
        tw_page_text(out, r->options);
        g_string_append(out, "</code></td></tr>\n");
    }
    end(out);
    g_string_append(out, "</section>\n");
}
