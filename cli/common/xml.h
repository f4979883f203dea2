/* SPDX-License-Identifier: MIT */
/* Text that comes from anywhere, in XML. */
#ifndef TW_CLI_COMMON_XML_H
#define TW_CLI_COMMON_XML_H

#include <glib.h>

/* Appends text for XML 1.0: valid UTF-8, escaped, and without control
 * characters, which may not even be escaped. */
void tw_xml_text(GString *xml, const char *text);
/* Appends ` NAME="TEXT"`. */
void tw_xml_attribute(GString *xml, const char *name, const char *text);
/* The attribute `time`, in seconds with three digits. */
void tw_xml_seconds(GString *xml, double seconds);

#endif
