/* SPDX-License-Identifier: MIT */
/* See xml.h. */
#include "cli/common/xml.h"

void tw_xml_text(GString *xml, const char *text)
{
    g_autofree char *valid = g_utf8_make_valid(text, -1);

    for (const char *c = valid; *c; c = g_utf8_next_char(c)) {
        gunichar letter = g_utf8_get_char(c);
        g_autofree char *escaped = NULL;

        if ((letter < 0x20 && letter != '\n' && letter != '\t') ||
            letter == 0xfffe || letter == 0xffff) {
            g_string_append_c(xml, '?');
            continue;
        }
        escaped = g_markup_escape_text(c, g_utf8_next_char(c) - c);
        g_string_append(xml, escaped);
    }
}

void tw_xml_attribute(GString *xml, const char *name, const char *text)
{
    g_string_append_printf(xml, " %s=\"", name);
    tw_xml_text(xml, text);
    g_string_append_c(xml, '"');
}

void tw_xml_seconds(GString *xml, double seconds)
{
    char number[G_ASCII_DTOSTR_BUF_SIZE];

    g_ascii_formatd(number, sizeof(number), "%.3f", seconds);
    tw_xml_attribute(xml, "time", number);
}
