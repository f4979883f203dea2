/* SPDX-License-Identifier: MIT */
/* Figures over time: a chart for each family, a line for each series. */
#include <math.h>
#include <string.h>

#include "reports/page/internal.h"

enum {
    WIDTH = 360,
    HEIGHT = 160, /* of a chart, in its own units */
    LEFT = 44,
    RIGHT = 10,
    TOP = 10,
    BOTTOM = 24,
    FLAT = 20,   /* times smaller than the largest: no shape is seen */
    COLOURS = 8, /* classes c0 ... of the style sheet */
};

static const struct {
    const char *family, *title, *unit;
} families[] = {
    {"findings", "Open findings", ""},
    {"programs_per_second", "Programs per second", ""},
    {"inputs_per_second", "Inputs per second, by harness", ""},
    {"coverage.lines", "Lines reached", " %"},
    {"coverage.branches", "Branches taken", " %"},
    {"coverage.situations", "Situations met", " %"},
    {"corpus", "Corpus, inputs by harness", ""},
    {"zoo", "Zoo, bugs found", " %"},
    {"zoo_detected", "Zoo, an eighth a night: trials that detect a bug", " %"},
    {"zoo_mean", "Zoo, an eighth a night: mean time of a trial", " s"},
    {"canary", "Canaries that found their bug", " %"},
};

/* How much of a name is its family: a table's, else up to the first '.'. */
static size_t family_length(const char *name)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(families); i++) {
        size_t length = strlen(families[i].family);

        if (strncmp(name, families[i].family, length) == 0 &&
            (name[length] == '\0' || name[length] == '.')) {
            return length;
        }
    }
    return strcspn(name, ".");
}

/* A chart shows the series of one family: one quantity, in one unit. */
static char *family_of(const TwPageSeries *s)
{
    return g_strndup(s->name, family_length(s->name));
}

/* The rest of the name, or the target. */
static char *label_of(const TwPageSeries *s)
{
    const char *rest = s->name + family_length(s->name);

    if (*rest && *s->target) {
        return g_strdup_printf("%s, %s", rest + 1, s->target);
    }
    return g_strdup(*rest ? rest + 1 : *s->target ? s->target : "all");
}

/* A number for people: at most 4 digits and k, M, G. */
static void put_number(GString *out, double value)
{
    static const char *const units[] = {"", " k", " M", " G", " T"};
    double v = fabs(value);
    unsigned unit = 0;
    char text[G_ASCII_DTOSTR_BUF_SIZE];

    while (v >= 10000 && unit + 1 < G_N_ELEMENTS(units)) {
        v /= 1000;
        unit++;
    }
    g_ascii_formatd(text, sizeof(text), "%.4g", value < 0 ? -v : v);
    g_string_append_printf(out, "%s%s", text, units[unit]);
}

typedef struct Chart {
    const char *unit;
    GPtrArray *series; /* of the family */
    int64_t first, last;
    double low, high;
} Chart;

/* The next number above that ends in zeros. */
static double round_up(double value)
{
    static const double steps[] = {1, 2, 2.5, 5, 10};
    double ten = value > 0 ? pow(10, floor(log10(value))) : 1;

    for (unsigned i = 0; i < G_N_ELEMENTS(steps); i++) {
        if (value <= steps[i] * ten) {
            return steps[i] * ten;
        }
    }
    return 10 * ten;
}

static void range(Chart *chart)
{
    double low = INFINITY, high = -INFINITY;

    chart->first = G_MAXINT64;
    chart->last = G_MININT64;
    for (unsigned i = 0; i < chart->series->len; i++) {
        const TwPageSeries *s = g_ptr_array_index(chart->series, i);

        for (unsigned k = 0; k < s->points->len; k++) {
            const TwPagePoint *p = &g_array_index(s->points, TwPagePoint, k);

            low = MIN(low, p->value);
            high = MAX(high, p->value);
            chart->first = MIN(chart->first, p->at);
            chart->last = MAX(chart->last, p->at);
        }
    }
    /* From 0, unless all are so far up that nothing would be seen. */
    chart->low = low < 0 ? -round_up(-low) : 0;
    chart->high = high > 0 ? round_up(high) : 0;
    if (low > 0 && low > 0.8 * high && high > low) {
        double room = round_up((high - low) / 2);

        chart->low = MAX(0, room * floor(low / room));
        chart->high = room * ceil(high / room);
    }
    if (strcmp(chart->unit, " %") == 0 && high <= 100) {
        chart->high = MIN(chart->high, 100);
    }
    if (chart->high <= chart->low) {
        chart->high = chart->low + 1;
    }
}

static int x_of(const Chart *chart, int64_t at)
{
    int64_t span = chart->last - chart->first;

    return span > 0 ? LEFT + (int)((double)(at - chart->first) / (double)span *
                                   (WIDTH - LEFT - RIGHT))
                    : LEFT + (WIDTH - LEFT - RIGHT) / 2;
}

static int y_of(const Chart *chart, double value)
{
    double share = (value - chart->low) / (chart->high - chart->low);

    return HEIGHT - BOTTOM - (int)(share * (HEIGHT - TOP - BOTTOM));
}

static void axes(const Chart *chart, GString *out)
{
    for (unsigned i = 0; i <= 2; i++) {
        double value = chart->low + (chart->high - chart->low) * i / 2;
        int y = y_of(chart, value);

        g_string_append_printf(
            out,
            "<line class=\"grid\" x1=\"%d\" y1=\"%d\" x2=\"%d\" y2=\"%d\"/>"
            "<text class=\"axis end\" x=\"%d\" y=\"%d\">",
            LEFT, y, WIDTH - RIGHT, y, LEFT - 4, y + 4);
        put_number(out, value);
        g_string_append(out, "</text>\n");
    }
    if (chart->first < chart->last) {
        g_string_append_printf(out, "<text class=\"axis\" x=\"%d\" y=\"%d\">",
                               LEFT, HEIGHT - 6);
        tw_page_time(out, chart->first);
        g_string_append(out, "</text>\n");
    }
    g_string_append_printf(out, "<text class=\"axis end\" x=\"%d\" y=\"%d\">",
                           WIDTH - RIGHT, HEIGHT - 6);
    tw_page_time(out, chart->last);
    g_string_append(out, "</text>\n");
}

static void line(const Chart *chart, unsigned number, GString *out)
{
    const TwPageSeries *s = g_ptr_array_index(chart->series, number);
    const char *dashed = number / COLOURS % 2 ? " dashed" : "";

    g_string_append_printf(out, "<polyline class=\"line c%u%s\" points=\"",
                           number % COLOURS, dashed);
    for (unsigned k = 0; k < s->points->len; k++) {
        const TwPagePoint *p = &g_array_index(s->points, TwPagePoint, k);

        g_string_append_printf(out, "%s%d,%d", k ? " " : "", x_of(chart, p->at),
                               y_of(chart, p->value));
    }
    g_string_append(out, "\"/>\n");
    for (unsigned k = 0; k < s->points->len; k++) {
        const TwPagePoint *p = &g_array_index(s->points, TwPagePoint, k);

        g_string_append_printf(
            out, "<circle class=\"dot c%u\" cx=\"%d\" cy=\"%d\" r=\"%s\"/>\n",
            number % COLOURS, x_of(chart, p->at), y_of(chart, p->value),
            s->points->len > 40 ? "1.2" : "2.5");
    }
}

/* The points as text: for those who cannot see the chart, and for all who want
 * the numbers. */
static void values(const Chart *chart, GString *out)
{
    g_string_append(out, "<details><summary>Values</summary>");
    for (unsigned i = 0; i < chart->series->len; i++) {
        const TwPageSeries *s = g_ptr_array_index(chart->series, i);
        g_autofree char *label = label_of(s);

        g_string_append(out, "<p>");
        tw_page_text(out, label);
        for (unsigned k = 0; k < s->points->len; k++) {
            const TwPagePoint *p = &g_array_index(s->points, TwPagePoint, k);

            g_string_append(out, k ? "; " : ": ");
            tw_page_time(out, p->at);
            g_string_append_c(out, ' ');
            put_number(out, p->value);
            g_string_append(out, chart->unit);
        }
        g_string_append(out, "</p>");
    }
    g_string_append(out, "</details>\n");
}

static void legend(const Chart *chart, GString *out)
{
    g_string_append(out, "<ul class=\"legend\">");
    for (unsigned i = 0; i < chart->series->len; i++) {
        const TwPageSeries *s = g_ptr_array_index(chart->series, i);
        const TwPagePoint *last =
            &g_array_index(s->points, TwPagePoint, s->points->len - 1);
        g_autofree char *label = label_of(s);

        g_string_append_printf(out, "<li><span class=\"key c%u%s\"></span>",
                               i % COLOURS, i / COLOURS % 2 ? " dashed" : "");
        tw_page_text(out, label);
        g_string_append(out, " <b>");
        put_number(out, last->value);
        g_string_append_printf(out, "%s</b>", chart->unit);
        if (s->points->len > 1) {
            double change =
                last->value -
                g_array_index(s->points, TwPagePoint, s->points->len - 2).value;

            if (change != 0) {
                g_string_append(out, change > 0 ? " (+" : " (");
                put_number(out, change);
                g_string_append_c(out, ')');
            }
        }
        g_string_append(out, "</li>");
    }
    g_string_append(out, "</ul>");
}

static double most_of(const TwPageSeries *s)
{
    double most = 0;

    for (unsigned k = 0; k < s->points->len; k++) {
        most = MAX(most, fabs(g_array_index(s->points, TwPagePoint, k).value));
    }
    return most;
}

static int by_label(const void *a, const void *b)
{
    const TwPageSeries *s = *(TwPageSeries *const *)a;
    const TwPageSeries *t = *(TwPageSeries *const *)b;
    int order = strcmp(s->name, t->name);

    return order ? order : strcmp(s->target, t->target);
}

static int by_size(const void *a, const void *b)
{
    double x = most_of(*(TwPageSeries *const *)a);
    double y = most_of(*(TwPageSeries *const *)b);

    return x > y ? -1 : x < y;
}

static void draw(Chart *chart, const char *title, GString *out)
{
    range(chart);
    g_string_append(out, "<figure class=\"chart\"><figcaption>");
    tw_page_text(out, title);
    g_string_append_printf(out,
                           "</figcaption>\n<svg viewBox=\"0 0 %d %d\" "
                           "role=\"img\" aria-label=\"",
                           WIDTH, HEIGHT);
    tw_page_text(out, title);
    g_string_append(out, "\">\n");
    axes(chart, out);
    for (unsigned i = 0; i < chart->series->len; i++) {
        line(chart, i, out);
    }
    g_string_append(out, "</svg>\n");
    legend(chart, out);
    values(chart, out);
    g_string_append(out, "</figure>\n");
}

/* The charts of a family: a line that would be flat beside a far larger one
 * begins a chart of its own. */
static void figure(const TwPage *page, const char *family, GString *out)
{
    g_autoptr(GPtrArray) series = g_ptr_array_new();
    const char *title = family, *unit = "";

    for (unsigned i = 0; i < page->series->len; i++) {
        TwPageSeries *s = g_ptr_array_index(page->series, i);
        g_autofree char *its = family_of(s);

        if (strcmp(its, family) == 0) {
            g_ptr_array_add(series, s);
        }
    }
    for (unsigned i = 0; i < G_N_ELEMENTS(families); i++) {
        if (strcmp(family, families[i].family) == 0) {
            title = families[i].title;
            unit = families[i].unit;
        }
    }
    g_ptr_array_sort(series, by_size);
    for (unsigned i = 0; i < series->len;) {
        g_autoptr(GPtrArray) some = g_ptr_array_new();
        double most = most_of(g_ptr_array_index(series, i));
        Chart chart = {.unit = unit, .series = some};

        while (i < series->len &&
               most <= FLAT * most_of(g_ptr_array_index(series, i))) {
            g_ptr_array_add(some, g_ptr_array_index(series, i++));
        }
        if (some->len == 0) { /* nothing but zeros */
            while (i < series->len) {
                g_ptr_array_add(some, g_ptr_array_index(series, i++));
            }
        }
        g_ptr_array_sort(some, by_label);
        draw(&chart, title, out);
    }
}

void tw_page_charts(const TwPage *page, GString *out)
{
    g_autoptr(GPtrArray) others = g_ptr_array_new_with_free_func(g_free);

    g_string_append(out, "<section id=\"trends\">\n<h2>Trends</h2>\n");
    if (page->series->len == 0) {
        g_string_append(out, "<p>The store has no figures of runs.</p>\n"
                             "</section>\n");
        return;
    }
    g_string_append(out, "<div class=\"charts\">\n");
    for (unsigned i = 0; i < G_N_ELEMENTS(families); i++) {
        figure(page, families[i].family, out);
    }
    g_string_append(out, "</div>\n");
    for (unsigned i = 0; i < page->series->len; i++) {
        char *family = family_of(g_ptr_array_index(page->series, i));
        bool shown =
            g_ptr_array_find_with_equal_func(others, family, g_str_equal, NULL);

        for (unsigned k = 0; k < G_N_ELEMENTS(families); k++) {
            shown |= strcmp(family, families[k].family) == 0;
        }
        if (shown) {
            g_free(family);
        } else {
            g_ptr_array_add(others, family);
        }
    }
    if (others->len > 0) {
        g_string_append(out, "<details><summary>Other figures</summary>\n"
                             "<div class=\"charts\">\n");
        for (unsigned i = 0; i < others->len; i++) {
            figure(page, g_ptr_array_index(others, i), out);
        }
        g_string_append(out, "</div></details>\n");
    }
    g_string_append(out, "</section>\n");
}
