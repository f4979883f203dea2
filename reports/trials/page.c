/* SPDX-License-Identifier: MIT */
/* See page.h: the head, the misses, the engines, the bugs. */
#include "reports/trials/page.h"

#include <string.h>

#include "reports/format/markup.h"

/* That of all pages, and what charts of survival add. */
static const char style[] =
#include "reports/page-style.inc"
    ".axis.middle { text-anchor: middle; }\n"
    ".band { stroke: none; fill-opacity: .16; }\n"
    ".band.c0 { fill: var(--c0); } .band.c1 { fill: var(--c1); }\n"
    ".band.c2 { fill: var(--c2); } .band.c3 { fill: var(--c3); }\n"
    ".first td, .first th { border-top: 2px solid var(--edge); }\n"
    ".chart { max-width: 46rem; } th code { white-space: nowrap; }\n"
    ".miss { color: var(--new); font-weight: 600; }\n"
    ".remark { min-width: 12rem; }\n";

/* Tables ------------------------------------------------------------------- */

/* Opens a table that scrolls by itself: the names of its columns, 'n' for each
 * that holds numbers. */
static void open_table(GString *out, const char *const *names,
                       const char *numbers)
{
    g_string_append(out, "<div class=\"wide\"><table class=\"sortable\">"
                         "<thead><tr>");
    for (unsigned i = 0; names[i]; i++) {
        g_string_append_printf(out, "<th scope=\"col\"%s>%s</th>",
                               numbers[i] == 'n' ? " class=\"number\"" : "",
                               names[i]);
    }
    g_string_append(out, "</tr></thead><tbody>\n");
}

static void close_table(GString *out)
{
    g_string_append(out, "</tbody></table></div>\n");
}

static void part_cell(GString *out, unsigned some, unsigned all)
{
    g_string_append_printf(out, "<td class=\"number\">%u of %u</td>", some,
                           all);
}

static void number_cell(GString *out, double value)
{
    g_string_append(out, "<td class=\"number\">");
    if (value >= 0) {
        tw_trials_number(out, value);
    } else {
        g_string_append(out, "-");
    }
    g_string_append(out, "</td>");
}

static void mean_cell(GString *out, const TwTrialFigures *f)
{
    g_string_append(out, "<td class=\"number\">");
    tw_trials_number(out, f->mean);
    g_string_append(out, " &#177; ");
    tw_trials_number(out, f->error);
    g_string_append(out, "</td>");
}

static void verdicts_cell(GString *out, uint32_t verdicts)
{
    const char *before = "<td>";

    for (unsigned v = 0; v < TW_VERDICTS; v++) {
        if (verdicts >> v & 1) {
            g_string_append_printf(out, "%s%s", before, tw_verdict_name(v));
            before = ", ";
        }
    }
    g_string_append(out, verdicts ? "</td>" : "<td>-</td>");
}

/* What was not to be expected. */
static void remark_cell(GString *out, const TwTrialFigures *f)
{
    g_string_append(out, "<td class=\"remark\">");
    if (f->unexpected) {
        g_string_append_printf(out, "another verdict in %u of %u trials",
                               f->unexpected, f->trials);
    }
    if (f->died) {
        g_string_append_printf(out, "%sthe engine died in %u of %u",
                               f->unexpected ? "; " : "", f->died, f->trials);
    }
    g_string_append(out, "</td>");
}

/* The verdicts that a bug is known to cause, as one cell of `rows` rows. */
static void expected_cell(GString *out, const TwZooBug *bug, unsigned rows)
{
    g_auto(GStrv) names = g_strsplit(bug->verdicts, ",", -1);
    g_autofree char *text = g_strjoinv(", ", names);

    g_string_append_printf(out, "<td rowspan=\"%u\">", rows);
    tw_markup_text(out, text[0] ? text : "any");
    g_string_append(out, "</td>");
}

/* Parts -------------------------------------------------------------------- */

static void miss_row(GString *out, const TwZooBug *bug, unsigned engine,
                     const TwTrialFigures *f)
{
    g_string_append(out, "<tr><th scope=\"row\"><code>");
    tw_markup_text(out, bug->slug);
    g_string_append_printf(out, "</code></th><td>%s</td>",
                           tw_engine_name(engine));
    expected_cell(out, bug, 1);
    part_cell(out, f->reached, f->trials);
    part_cell(out, f->triggered, f->trials);
    g_string_append_printf(out, "<td class=\"number\">");
    tw_trials_number(out, f->programs);
    g_string_append(out, "</td>");
    remark_cell(out, f);
    g_string_append(out, "</tr>\n");
}

static void misses(const TwComparison *c, GPtrArray *order, GString *out)
{
    static const char *const names[] = {
        "Bug",       "Engine",   "Expected verdict", "Reached",
        "Triggered", "Programs", "Remark",           NULL};
    unsigned n = 0;

    g_string_append(out, "<section id=\"misses\">\n<h2>Misses</h2>\n");
    for (unsigned i = 0; i < order->len; i++) {
        for (unsigned e = 0; e < TW_ENGINES; e++) {
            const TwZooBug *bug = g_ptr_array_index(order, i);
            TwTrialFigures f;

            tw_trial_figures(c, bug, (TwEngine)e, &f);
            if (c->engines[e] && f.trials > 0 && f.detected == 0) {
                if (n++ == 0) {
                    g_string_append(out, "<p>In no trial did the engine detect "
                                         "the bug.</p>\n");
                    open_table(out, names, "tttnnnt");
                }
                miss_row(out, bug, e, &f);
            }
            tw_trial_figures_clear(&f);
        }
    }
    if (n > 0) {
        close_table(out);
    } else {
        g_string_append(out, "<p>Each engine detects each bug in some trial."
                             "</p>\n");
    }
    g_string_append(out, "</section>\n");
}

static unsigned bugs_detected(const TwComparison *c, unsigned engine)
{
    unsigned n = 0;

    for (unsigned i = 0; i < c->bugs->len; i++) {
        TwTrialFigures f;

        tw_trial_figures(c, g_ptr_array_index(c->bugs, i), (TwEngine)engine,
                         &f);
        n += f.detected > 0;
        tw_trial_figures_clear(&f);
    }
    return n;
}

static void engines(const TwComparison *c, GString *out)
{
    static const char *const names[] = {"Engine",        "Bugs detected",
                                        "Trials",        "Reached",
                                        "Triggered",     "Detected",
                                        "Mean time (s)", "Programs per second",
                                        "Remark",        NULL};

    bool blind = false;

    g_string_append(out, "<section id=\"engines\">\n<h2>Engines</h2>\n");
    open_table(out, names, "tnnnnnnnt");
    for (unsigned e = 0; e < TW_ENGINES; e++) {
        TwTrialFigures f;

        if (!c->engines[e]) {
            continue;
        }
        tw_trial_figures(c, NULL, (TwEngine)e, &f);
        g_string_append_printf(out, "<tr><th scope=\"row\">%s</th>",
                               tw_engine_name(e));
        part_cell(out, bugs_detected(c, e), c->bugs->len);
        number_cell(out, f.trials);
        number_cell(out, f.reached);
        number_cell(out, f.triggered);
        number_cell(out, f.detected);
        number_cell(out, f.mean);
        number_cell(out, f.seconds > 0 ? f.programs / f.seconds : -1);
        remark_cell(out, &f);
        g_string_append(out, "</tr>\n");
        blind |= f.blind;
        tw_trial_figures_clear(&f);
    }
    close_table(out);
    if (blind) {
        g_string_append(out, "<p>The harness of libFuzzer or AFL++ was built "
                             "without coverage of softmmu.</p>\n");
    }
    tw_trials_chart(c, NULL, out);
    g_string_append(out, "</section>\n");
}

static void bug_row(const TwComparison *c, const TwZooBug *bug, unsigned engine,
                    GString *out)
{
    TwTrialFigures f;

    tw_trial_figures(c, bug, (TwEngine)engine, &f);
    g_string_append_printf(out, "<td>%s</td>", tw_engine_name(engine));
    part_cell(out, f.reached, f.trials);
    part_cell(out, f.triggered, f.trials);
    g_string_append_printf(out, "<td class=\"number%s\">%u of %u</td>",
                           f.trials && !f.detected ? " miss" : "", f.detected,
                           f.trials);
    verdicts_cell(out, f.verdicts);
    number_cell(out, f.median);
    mean_cell(out, &f);
    remark_cell(out, &f);
    g_string_append(out, "</tr>\n");
    tw_trial_figures_clear(&f);
}

static unsigned count_engines(const TwComparison *c)
{
    unsigned n = 0;

    for (unsigned e = 0; e < TW_ENGINES; e++) {
        n += c->engines[e];
    }
    return n;
}

/* A row for each engine. */
static void bug_rows(const TwComparison *c, const TwZooBug *bug, GString *out)
{
    unsigned n = count_engines(c);

    g_string_append_printf(out,
                           "<tr class=\"first\"><th scope=\"row\" "
                           "rowspan=\"%u\"><code>",
                           n);
    tw_markup_text(out, bug->slug);
    g_string_append(out, "</code></th>");
    expected_cell(out, bug, n);
    for (unsigned e = 0, row = 0; e < TW_ENGINES; e++) {
        if (c->engines[e]) {
            g_string_append(out, row++ ? "<tr>" : "");
            bug_row(c, bug, e, out);
        }
    }
}

static void bugs(const TwComparison *c, GPtrArray *order, GString *out)
{
    static const char *const names[] = {"Bug",
                                        "Expected verdict",
                                        "Engine",
                                        "Reached",
                                        "Triggered",
                                        "Detected",
                                        "Seen verdict",
                                        "Median time (s)",
                                        "Mean time (s)",
                                        "Remark",
                                        NULL};

    g_string_append(out, "<section id=\"bugs\">\n<h2>Bugs</h2>\n");
    open_table(out, names, "tttnnntnnt");
    for (unsigned i = 0; i < order->len; i++) {
        bug_rows(c, g_ptr_array_index(order, i), out);
    }
    close_table(out);
    g_string_append(out, "<div class=\"charts\">\n");
    for (unsigned i = 0; i < order->len; i++) {
        tw_trials_chart(c, g_ptr_array_index(order, i), out);
    }
    g_string_append(out, "</div>\n</section>\n");
}

/* The document ------------------------------------------------------------- */

static void head(GString *out)
{
    g_string_append_printf(
        out,
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n"
        "<meta charset=\"utf-8\">\n"
        "<meta http-equiv=\"Content-Security-Policy\" content=\""
        "default-src 'none'; style-src 'unsafe-inline'; "
        "base-uri 'none'; form-action 'none'\">\n"
        "<meta name=\"viewport\" "
        "content=\"width=device-width, initial-scale=1\">\n"
        "<meta name=\"referrer\" content=\"no-referrer\">\n"
        "<meta name=\"color-scheme\" content=\"light dark\">\n"
        "<title>Engines and the zoo</title>\n<style>\n%s</style>\n</head>\n",
        style);
}

static void about(const TwComparison *c, const char *version, int64_t now,
                  GString *out)
{
    g_autoptr(GDateTime) time = g_date_time_new_from_unix_utc(now);
    g_autofree char *when =
        time ? g_date_time_format(time, "%Y-%m-%d %H:%M") : g_strdup("?");

    g_string_append_printf(
        out, "<p>%u bugs, %u trials of each by each engine, at most ",
        c->bugs->len, c->trials);
    tw_trials_number(out, tw_comparison_limit(c));
    g_string_append(out, c->rules->programs > 0
                             ? " programs"
                             : " s of processor time of one core");
    g_string_append_printf(
        out, " each; seed %" G_GUINT64_FORMAT ". Written %s UTC by twinwalk ",
        c->rules->seed, when);
    tw_markup_text(out, version);
    g_string_append(out, ".</p>\n");
}

static void words(GString *out)
{
    g_string_append(
        out,
        "<section id=\"words\">\n<h2>Words</h2>\n<p><b>Reached</b>: a program "
        "ran the code of the bug. <b>Triggered</b>: softmmu without the bug "
        "gives another trace for the program. <b>Detected</b>: a finding with "
        "an expected verdict. A curve is the part of the trials that have not "
        "detected the bug yet (Kaplan and Meier); its band, the 95 % "
        "confidence "
        "interval (Greenwood, log-log). It has no band before the first "
        "detection and after the last trial. <b>Mean time</b>: up to the "
        "limit, "
        "with its standard error (of bugs together, without: their trials are "
        "no sample of one thing). A trial that died counts as not detected "
        "from "
        "then on.</p>\n</section>\n");
}

void tw_trials_page(const TwComparison *c, const char *version, int64_t now,
                    GString *out)
{
    g_autoptr(GPtrArray) order = tw_comparison_order(c);

    head(out);
    g_string_append(out, "<body>\n<header>\n<h1>Engines and the zoo</h1>\n");
    about(c, version, now, out);
    g_string_append(out, "</header>\n<main>\n");
    misses(c, order, out);
    engines(c, out);
    bugs(c, order, out);
    words(out);
    g_string_append(out, "</main>\n</body>\n</html>\n");
}
