/* SPDX-License-Identifier: MIT */
/* See json.h. */
#include "cli/common/json.h"

#include <stdio.h>

void tw_cli_json_print(JsonBuilder *builder)
{
    g_autofree char *text = tw_json_text(builder);

    puts(text);
}
