/* SPDX-License-Identifier: MIT */
/* Lines and branches of folders, from the summary that ci/coverage writes. */
#include <json-glib/json-glib.h>
#include <string.h>

#include "reports/page/internal.h"

/* Member of an object, or NULL if there is none of that kind. */
static JsonNode *member(JsonObject *object, const char *name, JsonNodeType type)
{
    JsonNode *node = object ? json_object_get_member(object, name) : NULL;

    return node && JSON_NODE_TYPE(node) == type ? node : NULL;
}

static uint64_t count_of(JsonObject *summary, const char *kind,
                         const char *name)
{
    JsonNode *node = member(summary, kind, JSON_NODE_OBJECT);
    JsonNode *value =
        node ? member(json_node_get_object(node), name, JSON_NODE_VALUE) : NULL;
    gint64 n = value ? json_node_get_int(value) : 0;

    return n > 0 ? (uint64_t)n : 0;
}

static TwPageFolder *folder_of(TwPage *page, const char *name)
{
    TwPageFolder *folder;

    for (unsigned i = 0; i < page->folders->len; i++) {
        folder = g_ptr_array_index(page->folders, i);
        if (strcmp(folder->name, name) == 0) {
            return folder;
        }
    }
    folder = g_new0(TwPageFolder, 1);
    folder->name = g_strdup(name);
    g_ptr_array_add(page->folders, folder);
    return folder;
}

static int by_folder(const void *a, const void *b)
{
    const TwPageFolder *f = *(TwPageFolder *const *)a;
    const TwPageFolder *g = *(TwPageFolder *const *)b;

    return strcmp(f->name, g->name);
}

/* The files of a summary, or NULL. */
static JsonArray *files_of(JsonNode *root)
{
    JsonNode *data, *files;
    JsonArray *list;

    if (!root || !JSON_NODE_HOLDS_OBJECT(root)) {
        return NULL;
    }
    data = member(json_node_get_object(root), "data", JSON_NODE_ARRAY);
    list = data ? json_node_get_array(data) : NULL;
    if (!list || json_array_get_length(list) == 0 ||
        !JSON_NODE_HOLDS_OBJECT(json_array_get_element(list, 0))) {
        return NULL;
    }
    files = member(json_array_get_object_element(list, 0), "files",
                   JSON_NODE_ARRAY);
    return files ? json_node_get_array(files) : NULL;
}

/* The folder of a file.  A level stands for its rooms, as in the table of
 * ci/coverage. */
static char *folder_name_of(const char *path)
{
    static const char *const levels[] = {"process", "program", "oracle",
                                         "fuzz",    "reports", "cli"};
    g_autofree char *plain = g_canonicalize_filename(path, "/");

    for (unsigned i = 0; i < G_N_ELEMENTS(levels); i++) {
        size_t length = strlen(levels[i]);

        if (strncmp(path, levels[i], length) == 0 && path[length] == '/') {
            return g_strconcat("/", levels[i], NULL);
        }
    }
    return g_path_get_dirname(plain);
}

/* Adds up one file; false if it is none.  Names are those of a build, so they
 * begin alike: what they share is cut off by the caller. */
static bool add_file(TwPage *page, JsonNode *node)
{
    JsonObject *file =
        JSON_NODE_HOLDS_OBJECT(node) ? json_node_get_object(node) : NULL;
    JsonNode *name = member(file, "filename", JSON_NODE_VALUE);
    JsonNode *sum = member(file, "summary", JSON_NODE_OBJECT);
    const char *path = name ? json_node_get_string(name) : NULL;
    g_autofree char *folder_name = NULL;
    TwPageFolder *folder;
    JsonObject *summary;

    if (!path || !sum) {
        return false;
    }
    folder_name = folder_name_of(path);
    folder = folder_of(page, folder_name);
    summary = json_node_get_object(sum);
    folder->lines += count_of(summary, "lines", "count");
    folder->lines_hit += count_of(summary, "lines", "covered");
    folder->branches += count_of(summary, "branches", "count");
    folder->branches_hit += count_of(summary, "branches", "covered");
    return true;
}

/* Cuts off the folder that all of them lie in. */
static void shorten(GPtrArray *folders)
{
    const TwPageFolder *first =
        folders->len ? g_ptr_array_index(folders, 0) : NULL;
    size_t shared = 0;

    for (size_t i = 0; first && first->name[i]; i++) {
        bool same = first->name[i] == '/';

        for (unsigned k = 1; k < folders->len && same; k++) {
            const TwPageFolder *f = g_ptr_array_index(folders, k);

            same = strncmp(f->name, first->name, i + 1) == 0;
        }
        shared = same ? i + 1 : shared;
    }
    for (unsigned k = 0; k < folders->len; k++) {
        TwPageFolder *f = g_ptr_array_index(folders, k);
        char *name = g_strdup(f->name + shared);

        g_free(f->name);
        f->name = name;
    }
}

bool tw_page_add_lines(TwPage *page, const char *json, const char *name,
                       GError **error)
{
    g_autoptr(JsonParser) parser = json_parser_new();
    bool ok = json_parser_load_from_data(parser, json, -1, NULL);
    JsonArray *files = ok ? files_of(json_parser_get_root(parser)) : NULL;

    for (unsigned i = 0; files && i < json_array_get_length(files); i++) {
        if (!add_file(page, json_array_get_element(files, i))) {
            files = NULL;
        }
    }
    if (!files) {
        g_set_error(error, TW_PAGE_ERROR, TW_PAGE_ERROR_FORMAT,
                    "%s: expected a JSON summary of llvm-cov", name);
        return false;
    }
    g_ptr_array_sort(page->folders, by_folder);
    shorten(page->folders);
    return true;
}
