/* SPDX-License-Identifier: MIT */
/* See markup.h. */
#include "reports/format/markup.h"

#include <stdbool.h>

/* What no XML may hold, and what lets text look like other text: controls,
 * also of the direction. */
static bool is_odd(gunichar u)
{
    return u < ' ' || (u >= 0x7f && u < 0xa0) || u == 0xfffe || u == 0xffff ||
           (u >= 0x202a && u <= 0x202e) || (u >= 0x2066 && u <= 0x2069) ||
           u == 0x200e || u == 0x200f || u == 0x061c;
}

void tw_markup_text(GString *out, const char *text)
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

void tw_markup_attribute(GString *out, const char *name, const char *text)
{
    g_string_append_printf(out, " %s=\"", name);
    tw_markup_text(out, text);
    g_string_append_c(out, '"');
}
