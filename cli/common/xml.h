/* SPDX-License-Identifier: MIT */
/* JUnit XML; text is escaped as everywhere (reports/format/markup.h). */
#ifndef TW_CLI_COMMON_XML_H
#define TW_CLI_COMMON_XML_H

#include "reports/format/markup.h"

/* The attribute `time`, in seconds with three digits. */
void tw_xml_seconds(GString *xml, double seconds);

#endif
