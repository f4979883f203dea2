/* SPDX-License-Identifier: MIT */
/* JSON through json-glib: members of the object that is open. */
#ifndef TW_REPORTS_JSON_H
#define TW_REPORTS_JSON_H

#include <json-glib/json-glib.h>
#include <stdbool.h>
#include <stdint.h>

/* Numbers above 2^63 - 1 become that. */
void tw_json_int(JsonBuilder *builder, const char *name, uint64_t value);
/* What is no UTF-8 in `value` is replaced; NULL: no member. */
void tw_json_string(JsonBuilder *builder, const char *name, const char *value);
void tw_json_double(JsonBuilder *builder, const char *name, double value);
void tw_json_bool(JsonBuilder *builder, const char *name, bool value);

/* Opens an array, an object as a member; close it with json_builder_end_...()
 */
void tw_json_array(JsonBuilder *builder, const char *name);
void tw_json_object(JsonBuilder *builder, const char *name);

/* What was built, indented, for the caller to free. */
char *tw_json_text(JsonBuilder *builder);

#endif
