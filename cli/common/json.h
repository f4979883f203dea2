/* SPDX-License-Identifier: MIT */
/* JSON on standard output. */
#ifndef TW_CLI_COMMON_JSON_H
#define TW_CLI_COMMON_JSON_H

#include "reports/format/json.h"

/* Prints what was built, indented. */
void tw_cli_json_print(JsonBuilder *builder);

#endif
