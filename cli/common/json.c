/* SPDX-License-Identifier: MIT */
/* See json.h. */
#include "cli/common/json.h"

#include <stdio.h>

void tw_cli_json_print(JsonBuilder *builder, const char *name)
{
    g_autoptr(JsonNode) root = json_builder_get_root(builder);
    g_autoptr(JsonBuilder) all = json_builder_new();
    g_autofree char *text = NULL;

    json_builder_begin_object(all);
    tw_json_int(all, "format", TW_CLI_JSON_FORMAT);
    if (JSON_NODE_HOLDS_OBJECT(root)) {
        g_autoptr(GList) members =
            json_object_get_members(json_node_get_object(root));

        for (const GList *m = members; m; m = m->next) {
            json_builder_set_member_name(all, m->data);
            json_builder_add_value(
                all,
                json_object_dup_member(json_node_get_object(root), m->data));
        }
    } else {
        json_builder_set_member_name(all, name);
        json_builder_add_value(all, g_steal_pointer(&root));
    }
    json_builder_end_object(all);
    text = tw_json_text(all);
    puts(text);
}
