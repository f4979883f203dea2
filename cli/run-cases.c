/* SPDX-License-Identifier: MIT */
/* See run-cases.h. */
#include "cli/run-cases.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/run-continue.h"

enum { MOST_CASES = 10 }; /* of a key in a folder */

/* "KEY-N.tw" as KEY and N; false: it is no such name. */
static bool split_name(const char *name, char key[TW_KEY_SIZE], unsigned *n)
{
    const char *dash = strrchr(name, '-');
    char end = '\0';

    if (!dash || dash == name || dash - name >= TW_KEY_SIZE ||
        sscanf(dash, "-%u.t%c", n, &end) != 2 || end != 'w') {
        return false;
    }
    g_strlcpy(key, name, (gsize)(dash - name) + 1);
    return true;
}

/* "KEY SEED NUMBER" of a case, by its comment "# origin: seed SEED number
 * NUMBER"; NULL: it has none. */
static char *same_of(const char *path, const char *key)
{
    g_autofree char *text = NULL;
    unsigned long long seed, number;
    const char *at;

    if (!g_file_get_contents(path, &text, NULL, NULL)) {
        return NULL;
    }
    at = strstr(text, "\n# origin: seed ");
    return at && sscanf(at, "\n# origin: seed %llu number %llu", &seed,
                        &number) == 2
               ? g_strdup_printf("%s %llu %llu", key, seed, number)
               : NULL;
}

/* Counts the cases that are in the folder, to keep them. */
static void keep(TwRunCases *c)
{
    GDir *dir = g_dir_open(c->out, 0, NULL);
    const char *name;

    while (dir && (name = g_dir_read_name(dir))) {
        g_autofree char *path = g_build_filename(c->out, name, NULL);
        char key[TW_KEY_SIZE];
        unsigned n, most;
        char *same;

        if (!split_name(name, key, &n)) {
            continue;
        }
        most = GPOINTER_TO_UINT(g_hash_table_lookup(c->before, key));
        g_hash_table_insert(c->before, g_strdup(key),
                            GUINT_TO_POINTER(MAX(most, n)));
        same = same_of(path, key);
        if (same) {
            g_hash_table_add(c->had, same);
        }
    }
    if (dir) {
        g_dir_close(dir);
    }
}

bool tw_run_cases_open(TwRunCases *c, uint64_t seed, bool goes_on)
{
    c->written = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    c->before = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    c->had = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    if (!c->out) {
        c->own_out = true;
        c->out = g_strdup_printf("out/run-%" G_GUINT64_FORMAT, seed);
        for (unsigned n = 2; g_file_test(c->out, G_FILE_TEST_EXISTS); n++) {
            g_free(c->out);
            c->out =
                g_strdup_printf("out/run-%" G_GUINT64_FORMAT "-%u", seed, n);
        }
    }
    if (!goes_on && tw_run_saved_unfinished(c->out)) {
        tw_cli_fail(TW_EXIT_USAGE,
                    "--out: expected another folder, or --continue %s: it has "
                    "a campaign that was interrupted",
                    c->out);
        return false;
    }
    keep(c);
    return tw_cli_folder_ready("--out", c->out);
}

void tw_run_cases_make(TwProgram *program, const TwCampaignCase *one,
                       const TwRunMake *make)
{
    tw_campaign_program_towards(program, make->options->seed, one->number,
                                make->options->profile, one->wish,
                                make->dialect, make->options->known, NULL);
}

/* Is the case in the folder from before, or is the folder full? */
static bool is_needless(const TwRunCases *c, const TwCampaignKey *key,
                        uint64_t seed, uint64_t number, unsigned i)
{
    g_autofree char *same = g_strdup_printf(
        "%s %" G_GUINT64_FORMAT " %" G_GUINT64_FORMAT, key->key, seed, number);
    unsigned before =
        GPOINTER_TO_UINT(g_hash_table_lookup(c->before, key->key));

    return g_hash_table_contains(c->had, same) ||
           (before > 0 && before + i + 1 > MOST_CASES);
}

static void write_case(TwRunCases *c, const TwRunMake *make,
                       const TwCampaignKey *key, unsigned i)
{
    const TwCampaignCase *one = &g_array_index(key->cases, TwCampaignCase, i);
    g_autofree char *name = tw_cli_case_name(c->before, key->key, i);
    g_autofree char *path = g_build_filename(c->out, name, NULL);
    g_autofree char *origin = NULL, *wish = NULL, *words = NULL;
    g_autofree TwProgram *program = NULL;
    guint64 *had = g_hash_table_lookup(c->written, name);
    GError *error = NULL;
    GString *text;

    if ((had && *had == one->number) ||
        is_needless(c, key, make->options->seed, one->number, i)) {
        return;
    }
    program = g_new(TwProgram, 1);
    tw_run_cases_make(program, one, make);
    wish = tw_cli_wish_name(one->wish);
    origin = g_strdup_printf("seed %" G_GUINT64_FORMAT
                             " number %" G_GUINT64_FORMAT " profile %s%s%s",
                             make->options->seed, one->number,
                             tw_profile_name(one->profile),
                             wish ? " wish " : "", wish ? wish : "");
    words = tw_cli_target_words(make->target);
    text = tw_cli_case_text(program, &one->finding, "replay", words, origin);
    if (!tw_cli_write(path, text->str, text->len, &error)) {
        if (!c->error) {
            c->error = error;
        } else {
            g_error_free(error);
        }
    } else {
        g_hash_table_insert(c->written, g_steal_pointer(&name),
                            g_memdup2(&one->number, sizeof(one->number)));
    }
    g_string_free(text, TRUE);
}

void tw_run_cases_write(TwRunCases *c, const TwRunMake *make,
                        const TwCampaignResult *result)
{
    for (unsigned k = 0; k < result->keys->len; k++) {
        const TwCampaignKey *key = g_ptr_array_index(result->keys, k);

        for (unsigned i = 0; i < key->cases->len; i++) {
            write_case(c, make, key, i);
        }
    }
}

void tw_run_cases_close(TwRunCases *c, const TwCampaignResult *result)
{
    GHashTableIter iter;
    void *name;

    for (unsigned k = 0; k < result->keys->len; k++) {
        const TwCampaignKey *key = g_ptr_array_index(result->keys, k);

        for (unsigned i = 0; i < key->cases->len; i++) {
            g_autofree char *kept = tw_cli_case_name(c->before, key->key, i);

            g_hash_table_remove(c->written, kept);
        }
    }
    g_hash_table_iter_init(&iter, c->written);
    while (g_hash_table_iter_next(&iter, &name, NULL)) {
        g_autofree char *path = g_build_filename(c->out, name, NULL);

        unlink(path);
    }
    if (c->own_out && result->keys->len == 0) {
        tw_run_saved_remove(c->out);
        rmdir(c->out); /* stays if it contains other files */
        rmdir("out");
    }
}

void tw_run_cases_clear(TwRunCases *c)
{
    g_clear_pointer(&c->written, g_hash_table_unref);
    g_clear_pointer(&c->before, g_hash_table_unref);
    g_clear_pointer(&c->had, g_hash_table_unref);
    g_clear_error(&c->error);
    g_free(c->out);
}
