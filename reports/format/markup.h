/* SPDX-License-Identifier: MIT */
/* Text from outside in XML, SVG and HTML: all escaping is done here. */
#ifndef TW_REPORTS_MARKUP_H
#define TW_REPORTS_MARKUP_H

#include <glib.h>

/* Appends `text` as XML, for an element or an attribute in double quotes.  A
 * tab becomes a space.  A question mark replaces each character that XML
 * forbids, each byte that is not UTF-8, and control characters, also those that
 * change the direction of writing. */
void tw_markup_text(GString *out, const char *text);

/* Appends an attribute, with a space before it. */
void tw_markup_attribute(GString *out, const char *name, const char *text);

#endif
