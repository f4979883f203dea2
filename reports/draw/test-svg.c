/* SPDX-License-Identifier: MIT */
/* What a drawing shows; see test-svg.h. */
#include "reports/draw/test-svg.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "reports/draw/svg.h"

typedef struct Reader {
    Svg *svg;
    SvgItem label; /* the one that is open */
    GString *text;
    bool in_label;
} Reader;

static const char *value(const char **names, const char **values,
                         const char *name)
{
    for (; *names; names++, values++) {
        if (strcmp(*names, name) == 0) {
            return *values;
        }
    }
    return "";
}

static int number(const char **names, const char **values, const char *name)
{
    return atoi(value(names, values, name));
}

static void start(GMarkupParseContext *context, const char *element,
                  const char **names, const char **values, void *data,
                  GError **error)
{
    Reader *reader = data;
    const char *class_ = value(names, values, "class");
    SvgItem item = {.box = {number(names, values, "x"),
                            number(names, values, "y"),
                            number(names, values, "width"),
                            number(names, values, "height")}};

    (void)context;
    (void)error;
    if (strcmp(element, "svg") == 0) {
        reader->svg->page = item.box;
    } else if (strcmp(element, "rect") == 0) {
        item.class_ = g_strdup(class_);
        item.id = g_strdup(value(names, values, "data-id"));
        g_array_append_val(reader->svg->rects, item);
    } else if (strcmp(element, "text") == 0) {
        reader->in_label = true;
        item.class_ = g_strdup(class_);
        item.box.y -= TW_SVG_BASE;
        item.box.w = number(names, values, "textLength");
        item.box.h = TW_SVG_LINE;
        reader->label = item;
        g_string_truncate(reader->text, 0);
    } else if (strcmp(element, "path") == 0) {
        const char *d = value(names, values, "d");
        bool end = strstr(class_, "tw-end");

        item.class_ = g_strdup(class_);
        item.text = g_strdup(d);
        /* a diamond starts at its top */
        sscanf(d, "M%d %d", &item.box.x, &item.box.y);
        item.box.y += end ? 6 : 0;
        if (end) {
            g_array_append_val(reader->svg->ends, item);
        } else {
            g_array_append_val(reader->svg->paths, item);
        }
    } else if (strcmp(element, "circle") == 0) {
        item.class_ = g_strdup(class_);
        item.box = (SvgBox){number(names, values, "cx"),
                            number(names, values, "cy"), 0, 0};
        g_array_append_val(reader->svg->ends, item);
    }
}

static void text(GMarkupParseContext *context, const char *string,
                 size_t length, void *data, GError **error)
{
    Reader *reader = data;

    (void)error;
    if (reader->in_label &&
        strcmp(g_markup_parse_context_get_element(context), "text") == 0) {
        g_string_append_len(reader->text, string, (gssize)length);
    }
}

static void end(GMarkupParseContext *context, const char *element, void *data,
                GError **error)
{
    Reader *reader = data;

    (void)context;
    (void)error;
    if (strcmp(element, "text") == 0) {
        reader->in_label = false;
        reader->label.text = g_strdup(reader->text->str);
        g_array_append_val(reader->svg->labels, reader->label);
        memset(&reader->label, 0, sizeof(reader->label));
    }
}

static void clear_item(void *data)
{
    SvgItem *item = data;

    g_free(item->class_);
    g_free(item->id);
    g_free(item->text);
}

static GArray *items(void)
{
    GArray *array = g_array_new(FALSE, FALSE, sizeof(SvgItem));

    g_array_set_clear_func(array, clear_item);
    return array;
}

Svg *svg_read(const char *document, GError **error)
{
    static const GMarkupParser parser = {
        .start_element = start, .end_element = end, .text = text};
    Svg *svg = g_new0(Svg, 1);
    Reader reader = {.svg = svg, .text = g_string_new(NULL)};
    GMarkupParseContext *context = g_markup_parse_context_new(
        &parser, G_MARKUP_PREFIX_ERROR_POSITION, &reader, NULL);
    bool good;

    svg->labels = items();
    svg->rects = items();
    svg->paths = items();
    svg->ends = items();
    good = g_markup_parse_context_parse(context, document, -1, error) &&
           g_markup_parse_context_end_parse(context, error);
    g_markup_parse_context_free(context);
    g_string_free(reader.text, TRUE);
    clear_item(&reader.label);
    if (!good) {
        svg_free(svg);
        return NULL;
    }
    return svg;
}

void svg_free(Svg *svg)
{
    g_array_unref(svg->labels);
    g_array_unref(svg->rects);
    g_array_unref(svg->paths);
    g_array_unref(svg->ends);
    g_free(svg);
}

bool svg_has_class(const SvgItem *item, const char *classes)
{
    g_auto(GStrv) have = g_strsplit(item->class_, " ", -1);
    g_auto(GStrv) want = g_strsplit(classes, " ", -1);

    for (char **class_ = want; *class_; class_++) {
        if (!g_strv_contains((const char *const *)have, *class_)) {
            return false;
        }
    }
    return true;
}

bool svg_inside(const SvgBox *inner, const SvgBox *outer)
{
    return inner->x >= outer->x && inner->y >= outer->y &&
           inner->x + inner->w <= outer->x + outer->w &&
           inner->y + inner->h <= outer->y + outer->h;
}

bool svg_meet(const SvgBox *a, const SvgBox *b)
{
    return a->x < b->x + b->w && b->x < a->x + a->w && a->y < b->y + b->h &&
           b->y < a->y + a->h;
}
