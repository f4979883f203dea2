/* SPDX-License-Identifier: MIT */
/* SVG as text; see svg.h. */
#include "reports/draw/svg.h"

#include "reports/format/markup.h"

int tw_svg_width(const char *text)
{
    g_autofree char *valid = g_utf8_make_valid(text, -1);

    return TW_SVG_CHAR * (int)g_utf8_strlen(valid, -1);
}

void tw_svg_label(GString *out, int x, int y, int width, const char *text,
                  const char *full, const char *class_)
{
    g_autofree char *valid = g_utf8_make_valid(text, -1);
    g_autofree char *cut = NULL;
    glong length = g_utf8_strlen(valid, -1), fits = width / TW_SVG_CHAR;

    if (length == 0 || fits < 1) {
        return;
    }
    if (length > fits) {
        g_autofree char *begin = g_utf8_substring(valid, 0, fits - 1);

        cut = g_strconcat(begin, "…", NULL);
        full = full ? full : text;
        length = fits;
    }
    g_string_append_printf(out,
                           "<text class=\"tw-label %s\" x=\"%d\" y=\"%d\" "
                           "textLength=\"%ld\">",
                           class_, x, y + TW_SVG_BASE, length * TW_SVG_CHAR);
    if (full) {
        g_string_append(out, "<title>");
        tw_markup_text(out, full);
        g_string_append(out, "</title>");
    }
    tw_markup_text(out, cut ? cut : valid);
    g_string_append(out, "</text>\n");
}

void tw_svg_rect(GString *out, int x, int y, int w, int h, const char *class_,
                 const char *more)
{
    g_string_append_printf(out,
                           "<rect class=\"%s\" x=\"%d\" y=\"%d\" width=\"%d\" "
                           "height=\"%d\"%s%s/>\n",
                           class_, x, y, w, h, *more ? " " : "", more);
}
