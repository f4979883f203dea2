/* SPDX-License-Identifier: MIT */
/* Charts of survival: the share of trials that have not detected the bug yet,
 * over time, which is on a logarithmic scale. */
#include <math.h>

#include "reports/format/markup.h"
#include "reports/trials/page.h"

enum {
    WIDTH = 360,
    HEIGHT = 170, /* of a chart, in its own units */
    LEFT = 44,
    RIGHT = 12,
    TOP = 10,
    BOTTOM = 34,
};

typedef struct Chart {
    double low, high; /* decimal logarithms of times */
    double limit;
    GString *out;
} Chart;

void tw_trials_number(GString *out, double value)
{
    char text[G_ASCII_DTOSTR_BUF_SIZE];

    if (value >= 1e6) {
        g_string_append(
            out, g_ascii_formatd(text, sizeof(text), "%.3g", value / 1e6));
        g_string_append(out, " M");
    } else if (value >= 1e4) {
        g_string_append(
            out, g_ascii_formatd(text, sizeof(text), "%.3g", value / 1e3));
        g_string_append(out, " k");
    } else {
        g_string_append(out,
                        g_ascii_formatd(text, sizeof(text),
                                        value >= 100 ? "%.0f" : "%.3g", value));
    }
}

static double x_of(const Chart *chart, double time)
{
    double log_time = time > 0 ? log10(time) : chart->low;
    double share = (log_time - chart->low) / (chart->high - chart->low);

    return LEFT + CLAMP(share, 0, 1) * (WIDTH - LEFT - RIGHT);
}

static double y_of(double share)
{
    return TOP + (1 - share) * (HEIGHT - TOP - BOTTOM);
}

static void point(const Chart *chart, const char *before, double x, double y)
{
    char a[G_ASCII_DTOSTR_BUF_SIZE], b[G_ASCII_DTOSTR_BUF_SIZE];

    g_string_append_printf(chart->out, "%s%s,%s", before,
                           g_ascii_formatd(a, sizeof(a), "%.1f", x),
                           g_ascii_formatd(b, sizeof(b), "%.1f", y));
}

/* The axes: percent, and each power of ten. */
static void axes(const Chart *chart, const char *unit)
{
    for (unsigned i = 0; i <= 2; i++) {
        double y = y_of(i / 2.0);

        point(chart, "<path class=\"grid\" d=\"M", LEFT, y);
        point(chart, " L", WIDTH - RIGHT, y);
        g_string_append_printf(chart->out,
                               "\"/><text class=\"axis end\" x=\"%d\" "
                               "y=\"%d\">%u %%</text>\n",
                               LEFT - 4, (int)y + 4, 50 * i);
    }
    for (double e = ceil(chart->low); e <= chart->high + 1e-9; e++) {
        int x = (int)x_of(chart, pow(10, e));

        g_string_append_printf(chart->out,
                               "<path class=\"grid\" d=\"M%d,%d v4\"/>"
                               "<text class=\"axis middle\" x=\"%d\" y=\"%d\">",
                               x, HEIGHT - BOTTOM, x, HEIGHT - BOTTOM + 15);
        tw_trials_number(chart->out, pow(10, e));
        g_string_append(chart->out, "</text>\n");
    }
    g_string_append_printf(chart->out,
                           "<text class=\"axis end\" x=\"%d\" y=\"%d\">%s"
                           "</text>\n",
                           WIDTH - RIGHT, HEIGHT - 4, unit);
}

static void curve(const Chart *chart, const TwTrialFigures *f, unsigned engine)
{
    double share = 1;

    g_string_append_printf(chart->out, "<path class=\"line c%u\" d=\"", engine);
    point(chart, "M", LEFT, y_of(1));
    for (unsigned i = 0; i < f->n_steps; i++) {
        double x = x_of(chart, f->steps[i].time);

        point(chart, " L", x, y_of(share));
        share = f->steps[i].share;
        point(chart, " L", x, y_of(share));
    }
    point(chart, " L", x_of(chart, chart->limit), y_of(share));
    g_string_append(chart->out, "\"/>\n");
}

/* One box from each step to the next; where the band is not defined, none. */
static void band(const Chart *chart, const TwTrialFigures *f, unsigned engine)
{
    g_string_append_printf(chart->out, "<path class=\"band c%u\" d=\"", engine);
    for (unsigned i = 0; i < f->n_steps; i++) {
        const TwSurvivalStep *s = &f->steps[i];
        double x = x_of(chart, s->time);
        double end = x_of(chart, i + 1 < f->n_steps ? f->steps[i + 1].time
                                                    : chart->limit);

        if (s->has_band) {
            point(chart, "M", x, y_of(s->high));
            point(chart, " L", end, y_of(s->high));
            point(chart, " L", end, y_of(s->low));
            point(chart, " L", x, y_of(s->low));
            g_string_append(chart->out, "Z ");
        }
    }
    g_string_append(chart->out, "\"/>\n");
}

/* The steps as text. */
static void values(GString *out, const TwTrialFigures *f, const char *name,
                   const char *unit)
{
    g_string_append_printf(out, "<p>%s: ", name);
    for (unsigned i = 0; i < f->n_steps; i++) {
        const TwSurvivalStep *s = &f->steps[i];

        g_string_append(out, i ? "; " : "");
        tw_trials_number(out, s->time);
        g_string_append_printf(out, " %s %d %%", unit,
                               (int)round(100 * s->share));
        if (s->has_band) {
            g_string_append_printf(out, " (%d to %d)", (int)round(100 * s->low),
                                   (int)round(100 * s->high));
        }
    }
    g_string_append(out, f->n_steps ? "</p>" : "no detection</p>");
}

/* From the first detection; at most six powers of ten, and at least one. */
static void scale(Chart *chart, const TwTrialFigures *figures)
{
    double first = chart->limit;

    for (unsigned e = 0; e < TW_ENGINES; e++) {
        if (figures[e].n_steps > 0) {
            first = MIN(first, figures[e].steps[0].time);
        }
    }
    chart->high = log10(chart->limit);
    chart->low = first > 0 ? floor(log10(first)) : chart->high - 5;
    chart->low = CLAMP(chart->low, chart->high - 6, chart->high - 1);
}

static void legend(GString *out, const TwTrialFigures *figures)
{
    g_string_append(out, "<ul class=\"legend\">");
    for (unsigned e = 0; e < TW_ENGINES; e++) {
        if (figures[e].trials > 0) {
            g_string_append_printf(
                out,
                "<li><span class=\"key c%u\"></span>%s <b>%u of %u</b></li>", e,
                tw_engine_name(e), figures[e].detected, figures[e].trials);
        }
    }
    g_string_append(out, "</ul>\n");
}

void tw_trials_chart(const TwComparison *c, const TwZooBug *bug, GString *out)
{
    TwTrialFigures figures[TW_ENGINES] = {0};
    Chart chart = {.limit = tw_comparison_limit(c), .out = out};
    const char *unit = tw_comparison_unit(c);
    const char *title = bug ? bug->slug : "All bugs together";

    for (unsigned e = 0; e < TW_ENGINES; e++) {
        if (c->engines[e]) {
            tw_trial_figures(c, bug, (TwEngine)e, &figures[e]);
        }
    }
    scale(&chart, figures);
    g_string_append(out, "<figure class=\"chart\"><figcaption>");
    tw_markup_text(out, title);
    g_string_append_printf(out,
                           "</figcaption>\n<svg viewBox=\"0 0 %d %d\" "
                           "role=\"img\"",
                           WIDTH, HEIGHT);
    tw_markup_attribute(out, "aria-label", title);
    g_string_append(out, ">\n");
    axes(&chart, c->rules->programs > 0 ? "programs"
                                        : "seconds of processor "
                                          "time");
    for (unsigned e = 0; bug && e < TW_ENGINES; e++) {
        if (figures[e].n_steps > 0) {
            band(&chart, &figures[e], e);
        }
    }
    for (unsigned e = 0; e < TW_ENGINES; e++) {
        if (figures[e].trials > 0) {
            curve(&chart, &figures[e], e);
        }
    }
    g_string_append(out, "</svg>\n");
    legend(out, figures);
    g_string_append(out, "<details><summary>Values</summary>");
    for (unsigned e = 0; e < TW_ENGINES; e++) {
        if (figures[e].trials > 0) {
            values(out, &figures[e], tw_engine_name(e), unit);
        }
        tw_trial_figures_clear(&figures[e]);
    }
    g_string_append(out, "</details></figure>\n");
}
