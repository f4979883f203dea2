/* SPDX-License-Identifier: MIT */
/* See xml.h. */
#include "cli/common/xml.h"

void tw_xml_seconds(GString *xml, double seconds)
{
    char number[G_ASCII_DTOSTR_BUF_SIZE];

    g_ascii_formatd(number, sizeof(number), "%.3f", seconds);
    tw_markup_attribute(xml, "time", number);
}
