/* SPDX-License-Identifier: MIT */
/* The page as a whole: head, totals, steps, coverage; page.h. */
#include "reports/page/page.h"

#include <string.h>

#include "reports/page/internal.h"
#include "reports/format/markup.h"

static const char style[] =
#include "reports/page-style.inc"
    ;
static const char script[] =
#include "reports/page-script.inc"
    ;

/* Text --------------------------------------------------------------------- */

/* A path as an URL in an attribute: it can name no scheme. */
static void put_path(GString *out, const char *path)
{
    g_autofree char *escaped = g_uri_escape_string(path, "/", FALSE);

    if (path[0] != '/') {
        g_string_append(out, "./");
    }
    g_string_append(out, escaped);
}

/* Totals ------------------------------------------------------------------- */

static bool is_bad(const TwPageStep *step)
{
    return strcmp(step->outcome, "ok") != 0 &&
           strcmp(step->outcome, "finding") != 0 &&
           strcmp(step->outcome, "skipped") != 0;
}

static void tile(GString *out, const char *class_, unsigned n, const char *text)
{
    g_string_append_printf(out,
                           "<a class=\"tile %s%s\" href=\"#%s\"><b>%u</b> "
                           "%s</a>\n",
                           class_, n ? "" : " zero",
                           strcmp(class_, "broken") == 0 ? "steps" : "findings",
                           n, text);
}

static void tiles(const TwPage *page, GString *out)
{
    unsigned broken = 0;

    for (unsigned i = 0; i < page->steps->len; i++) {
        broken += is_bad(g_ptr_array_index(page->steps, i));
    }
    g_string_append(out, "<nav class=\"tiles\">\n");
    tile(out, "new", tw_page_count(page, TW_PAGE_NEW), "new");
    tile(out, "returned", tw_page_count(page, TW_PAGE_RETURNED), "returned");
    tile(out, "fixed", tw_page_count(page, TW_PAGE_FIXED), "fixed");
    tile(out, "known", tw_page_count(page, TW_PAGE_KNOWN), "known");
    tile(out, "flaky", tw_page_count(page, TW_PAGE_FLAKY), "flaky");
    if (page->steps->len > 0) {
        tile(out, "broken", broken,
             broken == 1 ? "step failed" : "steps failed");
    }
    g_string_append(out, "</nav>\n");
}

static void step_row(GString *out, const TwPageStep *s)
{
    const char *class_ = is_bad(s)                            ? "bad"
                         : strcmp(s->outcome, "finding") == 0 ? "hit"
                                                              : "good";

    g_string_append_printf(out, "<tr class=\"%s\"><th scope=\"row\">", class_);
    tw_page_text(out, s->name);
    g_string_append(out, "</th><td>");
    tw_page_text(out, s->outcome);
    g_string_append_printf(out, "</td><td class=\"number\">%.0f</td><td>",
                           s->seconds);
    tw_page_text(out, s->note);
    g_string_append(out, "</td><td>");
    if (s->log) {
        g_string_append(out, "<a href=\"");
        put_path(out, s->log);
        g_string_append(out, "\">log</a>");
    }
    g_string_append(out, "</td><td>");
    if (s->command) {
        g_string_append(out, "<code>");
        tw_page_text(out, s->command);
        g_string_append(out, "</code>");
    }
    g_string_append(out, "</td></tr>\n");
}

static void steps(const TwPage *page, GString *out)
{
    static const char *const names[] = {
        "Step", "Outcome", "Seconds", "Remark", "Log", "To repeat it", NULL};

    if (page->steps->len == 0) {
        return;
    }
    g_string_append(out, "<section id=\"steps\">\n<h2>Steps</h2>\n");
    tw_page_head(out, names, "ttnttt");
    for (unsigned i = 0; i < page->steps->len; i++) {
        step_row(out, g_ptr_array_index(page->steps, i));
    }
    g_string_append(out, "</tbody></table></div>\n</section>\n");
}

/* Coverage ----------------------------------------------------------------- */

static void percent_cell(GString *out, uint64_t all, uint64_t some)
{
    if (all == 0) {
        g_string_append(out, "<td class=\"number\">.</td>");
    } else {
        g_string_append_printf(
            out, "<td class=\"number bar\" style=\"--v:%.1f\">%.2f %%</td>",
            100.0 * (double)some / (double)all,
            100.0 * (double)some / (double)all);
    }
}

static void folder_row(GString *out, const TwPageFolder *f)
{
    g_string_append(out, "<tr><th scope=\"row\">");
    tw_page_text(out, f->name);
    g_string_append_printf(
        out, "</th><td class=\"number\">%" G_GUINT64_FORMAT "</td>", f->lines);
    percent_cell(out, f->lines, f->lines_hit);
    g_string_append_printf(
        out, "<td class=\"number\">%" G_GUINT64_FORMAT "</td>", f->branches);
    percent_cell(out, f->branches, f->branches_hit);
    g_string_append(out, "</tr>\n");
}

static void lines(const TwPage *page, GString *out)
{
    static const char *const names[] = {"Folder",   "Lines", "Reached",
                                        "Branches", "Taken", NULL};
    TwPageFolder all = {.name = (char *)"all"};

    if (page->folders->len == 0 && page->links->len == 0) {
        return;
    }
    g_string_append(out, "<h3>Lines and branches</h3>\n");
    if (page->folders->len > 0) {
        tw_page_head(out, names, "tnnnn");
        for (unsigned i = 0; i < page->folders->len; i++) {
            const TwPageFolder *f = g_ptr_array_index(page->folders, i);

            folder_row(out, f);
            all.lines += f->lines;
            all.lines_hit += f->lines_hit;
            all.branches += f->branches;
            all.branches_hit += f->branches_hit;
        }
        g_string_append(out, "</tbody>\n<tfoot>");
        folder_row(out, &all);
        g_string_append(out, "</tfoot></table></div>\n");
    }
    if (page->links->len > 0) {
        g_string_append(out, "<p class=\"links\">Line by line: ");
        for (unsigned i = 0; i < page->links->len; i++) {
            const TwPageRef *l = g_ptr_array_index(page->links, i);

            g_string_append(out, i ? ", <a href=\"" : "<a href=\"");
            put_path(out, l->path);
            g_string_append(out, "\">");
            tw_page_text(out, l->text);
            g_string_append(out, "</a>");
        }
        g_string_append(out, "</p>\n");
    }
}

static void situations(const TwPage *page, GString *out)
{
    static const uint8_t pairs[][2] = {
        {TW_MET_BY_CHANGE, TW_MET_BY_ENDING},
        {TW_MET_BY_CHANGE, TW_MET_BY_LEAF},
        {TW_MET_BY_LEAF, TW_MET_BY_ACCESS},
        {TW_MET_BY_LEAF, TW_MET_BY_DEPTH},
    };
    TwCoverageSums sums;

    if (!page->coverage) {
        return;
    }
    sums = tw_coverage_sums(page->coverage, 1, 0, TW_MET_ACCESSES, 1,
                            TW_MET_LEAVES);
    g_string_append_printf(out,
                           "<h3>Situations</h3>\n<p>%" G_GUINT64_FORMAT
                           " programs, %u of %u "
                           "combinations seen (%.1f %%)",
                           page->coverage->programs, sums.seen, sums.possible,
                           100.0 * sums.seen / sums.possible);
    if (page->older) {
        g_string_append_printf(out, "; since the older file %u gained, %u lost",
                               tw_page_only_in(page->coverage, page->older),
                               tw_page_only_in(page->older, page->coverage));
    }
    g_string_append(
        out, ".</p>\n<p class=\"scale\"><span class=\"swatch full\"></span>all "
             "<span class=\"swatch zero\"></span>never <span class=\"swatch "
             "none\"></span>impossible</p>\n");
    for (unsigned i = 0; i < G_N_ELEMENTS(pairs); i++) {
        tw_page_heat(page->coverage, pairs[i][0], pairs[i][1], out);
    }
}

/* The document ------------------------------------------------------------- */

/* The hash by which the page allows its own script, and no other. */
static char *script_hash(void)
{
    g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);
    guint8 digest[32];
    gsize size = sizeof(digest);

    g_checksum_update(sum, (const guchar *)script, -1);
    g_checksum_get_digest(sum, digest, &size);
    return g_base64_encode(digest, size);
}

static void head(const TwPage *page, GString *out)
{
    g_autofree char *hash = script_hash();

    g_string_append_printf(
        out,
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n"
        "<meta charset=\"utf-8\">\n"
        "<meta http-equiv=\"Content-Security-Policy\" content=\""
        "default-src 'none'; style-src 'unsafe-inline'; "
        "script-src 'sha256-%s'; base-uri 'none'; form-action 'none'\">\n"
        "<meta name=\"viewport\" "
        "content=\"width=device-width, initial-scale=1\">\n"
        "<meta name=\"referrer\" content=\"no-referrer\">\n"
        "<meta name=\"color-scheme\" content=\"light dark\">\n<title>",
        hash);
    tw_page_text(out, page->title);
    g_string_append_printf(out, "</title>\n<style>\n%s</style>\n</head>\n",
                           style);
}

void tw_page_html(const TwPage *page, GString *out)
{
    head(page, out);
    g_string_append(out, "<body>\n<header>\n<h1>");
    tw_page_text(out, page->title);
    g_string_append(out, "</h1>\n<p>");
    if (page->since_run) {
        g_string_append_printf(out, "Since run %" G_GINT64_FORMAT " (",
                               page->since_run);
        tw_page_text(out, page->since_verb);
        if (strcmp(page->since_outcome, "done") != 0) {
            g_string_append(out, ", ");
            tw_page_text(out, page->since_outcome);
        }
        g_string_append(out, "), which began ");
        tw_page_time(out, page->since);
        g_string_append(out, " UTC. ");
    }
    if (page->running > 0) {
        g_string_append_printf(
            out, "%u %s not ended, so more results can follow. ", page->running,
            page->running == 1 ? "run has" : "runs have");
    }
    g_string_append(out, "Written ");
    tw_page_time(out, page->now);
    g_string_append(out, " UTC by twinwalk ");
    tw_page_text(out, page->version);
    g_string_append(out, ".");
    if (page->about && *page->about) {
        g_string_append(out, " ");
        tw_page_text(out, page->about);
        g_string_append_c(out, '.');
    }
    g_string_append(out,
                    " Same content: <a href=\"./report.json\">report.json</a>."
                    "</p>\n");
    tiles(page, out);
    g_string_append(out, "</header>\n<main>\n");
    tw_page_findings(page, out);
    tw_page_masked(page, out);
    tw_page_charts(page, out);
    if (page->coverage || page->folders->len > 0 || page->links->len > 0) {
        g_string_append(out, "<section id=\"coverage\">\n<h2>Coverage</h2>\n");
        lines(page, out);
        situations(page, out);
        g_string_append(out, "</section>\n");
    }
    steps(page, out);
    tw_page_runs(page, out);
    g_string_append_printf(out,
                           "</main>\n<script>%s</script>\n</body>\n"
                           "</html>\n",
                           script);
}
