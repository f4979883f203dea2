/* SPDX-License-Identifier: MIT */
/* The findings of a page: the filters, and a card for each finding. */
#include <string.h>

#include "reports/page/internal.h"

/* The controls do something only with the page's script, which shows them. */
static void controls(const TwPage *page, GString *out)
{
    g_autoptr(GPtrArray) targets = g_ptr_array_new();

    g_string_append(out,
                    "<form class=\"controls\" id=\"controls\" hidden>\n"
                    "<label>Search <input type=\"search\" id=\"search\" "
                    "autocomplete=\"off\"></label>\n"
                    "<label>Sort by <select id=\"sort\">"
                    "<option value=\"order\">news</option>"
                    "<option value=\"count\">times met</option>"
                    "<option value=\"last\">last seen</option>"
                    "<option value=\"first\">first seen</option>"
                    "<option value=\"lines\">size of the case</option>"
                    "<option value=\"title\">title</option></select></label>\n"
                    "<label>Target <select id=\"target\"><option value=\"\">all"
                    "</option>");
    for (unsigned i = 0; i < page->findings->len; i++) {
        const TwPageFinding *f = g_ptr_array_index(page->findings, i);

        if (!g_ptr_array_find_with_equal_func(targets, f->target, g_str_equal,
                                              NULL)) {
            g_ptr_array_add(targets, f->target);
            g_string_append(out, "<option value=\"");
            tw_page_text(out, f->target);
            g_string_append(out, "\">");
            tw_page_text(out, f->target);
            g_string_append(out, "</option>");
        }
    }
    g_string_append(out, "</select></label>\n<span class=\"news\">");
    for (unsigned n = 0; n < TW_PAGE_NEWS; n++) {
        if (tw_page_count(page, n) > 0) {
            g_string_append_printf(
                out,
                "<label class=\"chip\"><input type=\"checkbox\" "
                "name=\"news\" value=\"%s\"%s> %s (%u)</label>",
                tw_page_news_name(n), n == TW_PAGE_GONE ? "" : " checked",
                tw_page_heading(n), tw_page_count(page, n));
        }
    }
    g_string_append(
        out, "<label class=\"chip\"><input type=\"checkbox\" id=\"security\"> "
             "isolation only</label></span>\n"
             "<output id=\"shown\"></output></form>\n");
}

static void row(GString *out, const char *name, const char *value)
{
    if (value && *value) {
        g_string_append_printf(out, "<dt>%s</dt><dd>", name);
        tw_page_text(out, value);
        g_string_append(out, "</dd>");
    }
}

/* An address is only a link if the browser goes where it seems to. */
static void row_issue(GString *out, const char *issue)
{
    if (g_str_has_prefix(issue, "https://") ||
        g_str_has_prefix(issue, "http://")) {
        g_string_append(out, "<dt>Issue</dt><dd><a rel=\"noreferrer\" href=\"");
        tw_page_text(out, issue);
        g_string_append(out, "\">");
        tw_page_text(out, issue);
        g_string_append(out, "</a></dd>");
    } else {
        row(out, "Issue", issue);
    }
}

static void row_time(GString *out, const char *name, int64_t at,
                     const char *version)
{
    g_string_append_printf(out, "<dt>%s</dt><dd>", name);
    tw_page_time(out, at);
    if (*version) {
        g_string_append(out, ", version ");
        tw_page_text(out, version);
    }
    g_string_append(out, "</dd>");
}

static void code(GString *out, const char *class_, const char *text)
{
    g_string_append_printf(out, "<div class=\"code\"><pre class=\"%s\">",
                           class_);
    tw_page_text(out, text);
    g_string_append(out, "</pre></div>\n");
}

static void fold(GString *out, const char *class_, const char *head,
                 const char *text, bool open)
{
    if (!text || !*text) {
        return;
    }
    g_string_append_printf(out, "<details%s><summary>%s</summary>",
                           open ? " open" : "", head);
    code(out, class_, text);
    g_string_append(out, "</details>\n");
}

/* Ids are of the whole page, so each drawing gets its own. */
static void drawing(GString *out, const TwPageFinding *f)
{
    g_autoptr(GString) svg = NULL;
    g_autofree char *id = NULL, *url = NULL;

    if (!f->drawing) {
        return;
    }
    svg = g_string_new(f->drawing);
    id = g_strdup_printf(" id=\"f%" G_GINT64_FORMAT "-tw-", f->id);
    url = g_strdup_printf("\"url(#f%" G_GINT64_FORMAT "-tw-", f->id);
    /* Quotes are escaped in whatever is text. */
    g_string_replace(svg, " id=\"tw-", id, 0);
    g_string_replace(svg, "\"url(#tw-", url, 0);
    g_string_append(out, "<details><summary>Drawing</summary>"
                         "<div class=\"drawing\">");
    g_string_append_len(out, svg->str, (gssize)svg->len);
    g_string_append(out, "</div></details>\n");
}

static void the_case(GString *out, const TwPageFinding *f)
{
    g_autofree char *name = tw_page_case_name(f);
    bool text = g_str_has_suffix(name, ".tw");
    gsize size;
    const char *data = g_bytes_get_data(f->data, &size);

    if (size == 0) {
        return;
    }
    g_string_append_printf(out, "<details%s><summary>%s",
                           text && f->minimal ? " open" : "",
                           f->minimal ? "Minimal case" : "Case, not shrunk");
    if (text && f->minimal) {
        g_string_append_printf(out, " (%u lines)", f->lines);
    }
    g_string_append(out, "</summary><p><a href=\"./cases/");
    tw_page_text(out, name);
    g_string_append_printf(out, "\">cases/%s</a>", name);
    if (!text) {
        g_string_append_printf(out, ", %" G_GSIZE_FORMAT " bytes", size);
    }
    g_string_append(out, "</p>\n");
    if (text) {
        g_autofree char *program = g_strndup(data, size);

        code(out, "case", program);
    }
    g_string_append(out, "</details>\n");
}

static void card(const TwPage *page, const TwPageFinding *f, unsigned order,
                 GString *out)
{
    g_autoptr(GString) issue = g_string_new(NULL);
    g_autofree char *command = tw_page_command(f);
    const char *news = tw_page_news_name(f->news);

    g_string_append_printf(
        out,
        "<article class=\"finding %s\" id=\"finding-%" G_GINT64_FORMAT
        "\" data-news=\"%s\" data-order=\"%u\" data-count=\"%" G_GUINT64_FORMAT
        "\" data-first=\"%" G_GINT64_FORMAT "\" data-last=\"%" G_GINT64_FORMAT
        "\" data-lines=\"%u\" data-security=\"%d\" data-target=\"",
        news, f->id, news, order, f->count, f->first_seen, f->last_seen,
        f->minimal ? f->lines : 100000, f->security);
    tw_page_text(out, f->target);
    g_string_append_printf(out, "\">\n<h3><span class=\"badge %s\">%s</span> ",
                           news, tw_page_heading(f->news));
    if (f->security) {
        g_string_append(out, "<span class=\"badge security\">isolation"
                             "</span> ");
    }
    g_string_append(out, "<span class=\"title\">");
    tw_page_text(out, f->title);
    g_string_append(out, "</span></h3>\n");
    if (f->headline) {
        g_string_append(out, "<p class=\"headline\">");
        tw_page_text(out, f->headline);
        g_string_append(out, "</p>\n");
    }
    g_string_append(out, "<dl>");
    row(out, "Target", f->target);
    row(out, "Verdict", f->verdict);
    row(out, "Isolation",
        f->security ? "broke: an access was allowed that must be refused, or "
                      "reached memory that it must no longer see"
                    : NULL);
    row(out, "Rule", f->rule);
    row(out, "Cause", f->cause);
    g_string_append_printf(
        out, "<dt>Met</dt><dd>%" G_GUINT64_FORMAT " times, by %u key%s</dd>",
        f->count, f->keys, f->keys == 1 ? "" : "s");
    row_time(out, "First", f->first_seen, f->first_version);
    row_time(out, "Last", f->last_seen, f->last_version);
    if (f->news == TW_PAGE_FIXED || f->news == TW_PAGE_GONE) {
        row(out, "Fixed in version", f->fixed_version);
    }
    row(out, "Decided", tw_page_state(f));
    row(out, "Duplicate of", f->duplicate_of);
    row_issue(out, f->issue);
    row(out, "Comment", f->comment);
    row(out, "Key", f->key);
    row(out, "Found in", f->origin);
    g_string_append(out, "</dl>\n");
    if (command) {
        code(out, "command", command);
    } else {
        g_string_append(out,
                        "<p>There is no command to run this finding.</p>\n");
    }
    fold(out, "seen", "What was found", f->text, true);
    the_case(out, f);
    fold(out, "explanation", "Explanation", f->explanation, false);
    drawing(out, f);
    tw_page_issue(page, f, issue);
    fold(out, "emitted", "Reproducer for the maintainers", f->emitted, false);
    fold(out, "issue", "Text for an issue", issue->str, false);
    g_string_append(out, "</article>\n");
}

void tw_page_findings(const TwPage *page, GString *out)
{
    unsigned news = 0;

    g_string_append(out, "<section id=\"findings\">\n<h2>Findings</h2>\n");
    for (unsigned n = 0; n <= TW_PAGE_FIXED; n++) {
        news += tw_page_count(page, n);
    }
    if (page->findings->len == 0) {
        g_string_append(out, "<p>The store has no findings.</p>\n");
    } else {
        if (news == 0) {
            g_string_append(out,
                            "<p>No finding is new, returned or fixed.</p>\n");
        }
        controls(page, out);
    }
    tw_page_overview(page, out);
    g_string_append(out, "<div id=\"list\">\n");
    for (unsigned i = 0; i < page->findings->len; i++) {
        card(page, g_ptr_array_index(page->findings, i), i, out);
    }
    g_string_append(out, "</div>\n</section>\n");
}
