/* SPDX-License-Identifier: MIT */
/* Text of others in XML, SVG and HTML: the one way in which it is escaped. */
#ifndef TW_REPORTS_MARKUP_H
#define TW_REPORTS_MARKUP_H

#include <glib.h>

/* Appends `text` as XML, for an element or an attribute in double quotes.  A
 * tab becomes a space; what no XML may hold, what is no UTF-8, and what hides
 * or turns around what is written (controls, also of the direction), becomes a
 * question mark. */
void tw_markup_text(GString *out, const char *text);

/* Appends an attribute, with a space before it. */
void tw_markup_attribute(GString *out, const char *name, const char *text);

#endif
