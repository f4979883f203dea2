/* SPDX-License-Identifier: MIT */
/* See run-continue.h. */
#include "cli/run-continue.h"

#include <glib/gstdio.h>
#include <string.h>

#define NAME "campaign"
#define GROUP "campaign"
#define HEAD " A campaign of twinwalk, for: twinwalk run --continue FOLDER\n"

static void set_text(GKeyFile *file, const char *key, const char *text)
{
    if (text) {
        g_key_file_set_string(file, GROUP, key, text);
    }
}

bool tw_run_saved_write(const TwRunSaved *saved, const char *out,
                        GError **error)
{
    g_autoptr(GKeyFile) file = g_key_file_new();
    g_autofree char *path = g_build_filename(out, NAME, NULL);
    g_autofree char *text = NULL;
    gsize length;

    g_key_file_set_integer(file, GROUP, "format", 1);
    set_text(file, "target", saved->target);
    set_text(file, "version", saved->version);
    set_text(file, "options", saved->words);
    set_text(file, "profile", saved->profile);
    g_key_file_set_uint64(file, GROUP, "seed", saved->seed);
    g_key_file_set_uint64(file, GROUP, "next", saved->next);
    g_key_file_set_uint64(file, GROUP, "left", saved->left);
    g_key_file_set_integer(file, GROUP, "replays", saved->replays);
    g_key_file_set_boolean(file, GROUP, "no-known", saved->no_known);
    g_key_file_set_boolean(file, GROUP, "unfinished", saved->unfinished);
    if (saved->known) {
        g_key_file_set_string_list(file, GROUP, "known",
                                   (const char *const *)saved->known,
                                   g_strv_length(saved->known));
    }
    set_text(file, "store", saved->store);
    set_text(file, "as", saved->label);
    set_text(file, "coverage", saved->coverage);
    g_key_file_set_comment(file, NULL, NULL, HEAD, NULL);
    text = g_key_file_to_data(file, &length, NULL);
    return tw_cli_write(path, text, length, error);
}

/* A text that must be there. */
static char *need_text(GKeyFile *file, const char *key, GError **error)
{
    return *error ? NULL : g_key_file_get_string(file, GROUP, key, error);
}

static uint64_t need_number(GKeyFile *file, const char *key, GError **error)
{
    return *error ? 0 : g_key_file_get_uint64(file, GROUP, key, error);
}

static bool parse(TwRunSaved *saved, GKeyFile *file, GError **error)
{
    int format = g_key_file_get_integer(file, GROUP, "format", error);

    saved->target = need_text(file, "target", error);
    saved->version = need_text(file, "version", error);
    saved->words = need_text(file, "options", error);
    saved->profile = need_text(file, "profile", error);
    saved->seed = need_number(file, "seed", error);
    saved->next = need_number(file, "next", error);
    saved->left = need_number(file, "left", error);
    saved->replays = (int)need_number(file, "replays", error);
    if (*error) {
        return false;
    }
    if (format != 1 || saved->seed > INT64_MAX || saved->next > INT64_MAX ||
        saved->left > INT64_MAX || saved->replays < 1 ||
        saved->replays > TW_MAX_REPLAYS) {
        g_set_error(error, G_KEY_FILE_ERROR, G_KEY_FILE_ERROR_INVALID_VALUE,
                    "expected format 1 and numbers that a campaign can have");
        return false;
    }
    saved->no_known = g_key_file_get_boolean(file, GROUP, "no-known", NULL);
    saved->known = g_key_file_get_string_list(file, GROUP, "known", NULL, NULL);
    saved->store = g_key_file_get_string(file, GROUP, "store", NULL);
    saved->label = g_key_file_get_string(file, GROUP, "as", NULL);
    saved->coverage = g_key_file_get_string(file, GROUP, "coverage", NULL);
    return true;
}

bool tw_run_saved_read(TwRunSaved *saved, const char *out)
{
    g_autoptr(GKeyFile) file = g_key_file_new();
    g_autofree char *path = g_build_filename(out, NAME, NULL);
    g_autoptr(GError) error = NULL;

    *saved = (TwRunSaved){.target = NULL};
    if (!g_key_file_load_from_file(file, path, G_KEY_FILE_NONE, &error) ||
        !parse(saved, file, &error)) {
        tw_cli_fail(TW_EXIT_USAGE,
                    "--continue: %s: expected a campaign that run has saved: "
                    "%s",
                    path, error->message);
        return false;
    }
    return true;
}

void tw_run_saved_clear(TwRunSaved *saved)
{
    g_free(saved->target);
    g_free(saved->version);
    g_free(saved->words);
    g_free(saved->profile);
    g_strfreev(saved->known);
    g_free(saved->store);
    g_free(saved->label);
    g_free(saved->coverage);
}

bool tw_run_saved_unfinished(const char *out)
{
    g_autofree char *path = g_build_filename(out, NAME, NULL);
    g_autoptr(GKeyFile) file = g_key_file_new();

    return g_key_file_load_from_file(file, path, G_KEY_FILE_NONE, NULL) &&
           g_key_file_get_boolean(file, GROUP, "unfinished", NULL);
}

void tw_run_saved_remove(const char *out)
{
    g_autofree char *path = g_build_filename(out, NAME, NULL);

    g_unlink(path);
}
