/* SPDX-License-Identifier: MIT */
/* For tests: what a drawing shows, read back from the SVG. */
#ifndef TW_REPORTS_DRAW_TEST_SVG_H
#define TW_REPORTS_DRAW_TEST_SVG_H

#include <glib.h>
#include <stdbool.h>

typedef struct SvgBox {
    int x, y, w, h;
} SvgBox;

/* A rectangle, a label, or a point where a way ends. */
typedef struct SvgItem {
    SvgBox box;
    char *class_; /* words */
    char *id;     /* data-id, or "" */
    char *text;   /* of a label, without its title; of a path its data */
} SvgItem;

typedef struct Svg {
    SvgBox page;
    GArray *labels, *rects, *paths, *ends; /* SvgItem */
} Svg;

/* NULL with `error` for what is no XML. */
Svg *svg_read(const char *text, GError **error);
void svg_free(Svg *svg);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Svg, svg_free)

static inline const SvgItem *svg_item(const GArray *items, unsigned i)
{
    return &g_array_index(items, SvgItem, i);
}

/* Has it all these classes ("a b")? */
bool svg_has_class(const SvgItem *item, const char *classes);

bool svg_inside(const SvgBox *inner, const SvgBox *outer);
bool svg_meet(const SvgBox *a, const SvgBox *b);

#endif
