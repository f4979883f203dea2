/* SPDX-License-Identifier: MIT */
/* SVG as text; see svg.h. */
#include "reports/draw/svg.h"

#include <stdbool.h>

/* What no XML may hold, and what lets text look like other text: controls,
 * also of the direction. */
static bool is_odd(gunichar u)
{
    return u < ' ' || (u >= 0x7f && u < 0xa0) || u == 0xfffe || u == 0xffff ||
           (u >= 0x202a && u <= 0x202e) || (u >= 0x2066 && u <= 0x2069) ||
           u == 0x200e || u == 0x200f || u == 0x061c;
}

void tw_svg_escape(GString *out, const char *text)
{
    g_autofree char *valid = g_utf8_make_valid(text, -1);

    for (const char *c = valid; *c; c = g_utf8_next_char(c)) {
        gunichar u = g_utf8_get_char(c);

        switch (u) {
        case '&':
            g_string_append(out, "&amp;");
            break;
        case '<':
            g_string_append(out, "&lt;");
            break;
        case '>':
            g_string_append(out, "&gt;");
            break;
        case '"':
            g_string_append(out, "&quot;");
            break;
        case '\n':
            g_string_append_c(out, '\n');
            break;
        default:
            if (u == '\t') {
                u = ' ';
            } else if (is_odd(u)) {
                u = '?';
            }
            g_string_append_unichar(out, u);
            break;
        }
    }
}

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
        tw_svg_escape(out, full);
        g_string_append(out, "</title>");
    }
    tw_svg_escape(out, cut ? cut : valid);
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
