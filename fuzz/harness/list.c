/* SPDX-License-Identifier: MIT */
/* See list.h. */
#include "fuzz/harness/list.h"

#include <string.h>

#include "targets/target.h"

const TwHarnessInfo tw_harnesses[] = {
#define TW_HARNESS(name, kind, target, question) \
    {#name "_fuzzer", TW_HARNESS_##kind, target, TW_QUESTION_##question},
#include "fuzz/harnesses.def"
#undef TW_HARNESS
    {NULL, TW_HARNESS_RUN, NULL, TW_QUESTION_ANY},
};

const TwHarnessInfo *tw_harness_find(const char *name)
{
    for (const TwHarnessInfo *h = tw_harnesses; h->name != NULL; h++) {
        if (strcmp(h->name, name) == 0) {
            return h;
        }
    }
    return NULL;
}

const TwHarnessInfo *tw_harness_of_file(const char *path)
{
    static const char *const prefixes[] = {"clusterfuzz-testcase-minimized-",
                                           "clusterfuzz-testcase-"};
    g_autofree char *base = g_path_get_basename(path);
    const char *name = NULL;
    char *dash = strrchr(base, '-');

    for (unsigned i = 0; i < G_N_ELEMENTS(prefixes) && name == NULL; i++) {
        if (g_str_has_prefix(base, prefixes[i])) {
            name = base + strlen(prefixes[i]);
        }
    }
    if (name == NULL || dash < name || !g_ascii_isdigit(dash[1])) {
        return NULL;
    }
    *dash = '\0';
    for (const TwHarnessInfo *h = tw_harnesses; h->name != NULL; h++) {
        size_t before = strlen(name) - strlen(h->name);

        if (strlen(name) >= strlen(h->name) &&
            strcmp(name + before, h->name) == 0 &&
            (before == 0 || name[before - 1] == '_')) {
            return h;
        }
    }
    return NULL;
}

char *tw_harness_target(const TwHarnessInfo *harness, GError **error)
{
    const char *slug = g_getenv("TWINWALK_ZOO");
    bool needed = strcmp(harness->target, "zoo") == 0;
    bool taken = needed || (harness->kind == TW_HARNESS_RUN &&
                            strcmp(harness->target, "softmmu") == 0);

    if (slug == NULL || slug[0] == '\0') {
        if (needed) {
            g_set_error(error, TW_TARGET_ERROR, TW_TARGET_ERROR_USAGE,
                        "TWINWALK_ZOO: expected the slug of a zoo bug");
            return NULL;
        }
        return g_strdup(harness->target);
    }
    return taken ? g_strconcat("zoo:", slug, NULL) : g_strdup(harness->target);
}

const char *tw_harness_model(const TwHarnessInfo *harness)
{
    return strcmp(harness->target, "zoo") == 0 ? "softmmu" : harness->target;
}
