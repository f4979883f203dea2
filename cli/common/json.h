/* SPDX-License-Identifier: MIT */
/* JSON on standard output. */
#ifndef TW_CLI_COMMON_JSON_H
#define TW_CLI_COMMON_JSON_H

#include "reports/format/json.h"

/* The number of the format, in each output.  It grows when a member goes or
 * changes its meaning, not when one is added. */
enum { TW_CLI_JSON_FORMAT = 1 };

/*
 * Prints an object with the member "format" and what was built, indented: the
 * members of an object, or an array as the member `name` (NULL: it is an
 * object).
 */
void tw_cli_json_print(JsonBuilder *builder, const char *name);

#endif
