/* SPDX-License-Identifier: MIT */
/* JSON on standard output, through json-glib. */
#ifndef TW_CLI_COMMON_JSON_H
#define TW_CLI_COMMON_JSON_H

#include <json-glib/json-glib.h>
#include <stdbool.h>
#include <stdint.h>

/* Prints what was built, indented, on standard output. */
void tw_cli_json_print(JsonBuilder *builder);
void tw_cli_json_int(JsonBuilder *builder, const char *name, uint64_t value);
void tw_cli_json_string(JsonBuilder *builder, const char *name,
                        const char *value);
void tw_cli_json_double(JsonBuilder *builder, const char *name, double value);
void tw_cli_json_bool(JsonBuilder *builder, const char *name, bool value);

#endif
