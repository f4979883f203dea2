/* SPDX-License-Identifier: MIT */
/*
 * SVG as text: shapes and labels.  A label says how wide it is, so that it
 * looks the same whatever font there is: each character is TW_SVG_CHAR pixels
 * wide and each line TW_SVG_LINE high.
 */
#ifndef TW_REPORTS_DRAW_SVG_H
#define TW_REPORTS_DRAW_SVG_H

#include <glib.h>

enum {
    TW_SVG_CHAR = 7,
    TW_SVG_LINE = 15,
    TW_SVG_BASE = 11, /* from the top of a line to what letters stand on */
};

/* Pixels that a label of this text takes. */
int tw_svg_width(const char *text);

/*
 * A label with its upper left corner at x, y, at most `width` pixels wide: what
 * does not fit is cut and ends in an ellipsis.  Then the whole text is its
 * title, as `full` is where there is one (else NULL).
 */
void tw_svg_label(GString *out, int x, int y, int width, const char *text,
                  const char *full, const char *class_);

/* A rectangle; `more` are further attributes, or "". */
void tw_svg_rect(GString *out, int x, int y, int w, int h, const char *class_,
                 const char *more);

#endif
