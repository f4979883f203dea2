/* SPDX-License-Identifier: MIT */
/* See config.h. */
#include "cli/common/config.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/common/exit.h"
#include "cli/common/near.h"
#include "targets/classes/options.h"

#define HERE ".twinwalk"
enum { LONGEST_FILE = 1 << 16 }; /* bytes */

/* One line of a file. */
typedef struct Line {
    const char *file;
    unsigned number;
    char *key, *value; /* inside the text of the file */
} Line;

typedef struct Config {
    const GOptionEntry *entries;
    TwCliTarget *target; /* or NULL */
    bool wants_target;   /* no target was given, and the verb takes one */
    GHashTable *had;     /* keys that an earlier file has */
} Config;

/* The keys that are options of a verb; all others are options of targets. */
static const char *const verb_keys[] = {"target", "store", "known", "jobs",
                                        NULL};

static bool wrong(const Line *line, const char *what)
{
    tw_cli_fail(TW_EXIT_USAGE, "%s:%u: %s", line->file, line->number, what);
    return false;
}

static const GOptionEntry *entry_of(const Config *c, const char *name)
{
    for (const GOptionEntry *e = c->entries; e->long_name; e++) {
        if (strcmp(e->long_name, name) == 0) {
            return e;
        }
    }
    return NULL;
}

static bool is_on(const Config *c, const char *name)
{
    const GOptionEntry *e = entry_of(c, name);

    return e && *(const gboolean *)e->arg_data;
}

/* A path of a file is relative to the folder of the file. */
static char *path_from(const Line *line)
{
    g_autofree char *folder = g_path_get_dirname(line->file);

    return g_path_is_absolute(line->value) || strcmp(folder, ".") == 0
               ? g_strdup(line->value)
               : g_build_filename(folder, line->value, NULL);
}

static bool set_store(const Config *c, const Line *line)
{
    const GOptionEntry *e = entry_of(c, "store");
    char **store = e ? e->arg_data : NULL;

    if (store && !*store) {
        *store = path_from(line);
    }
    return true;
}

/* Each line adds a list; lists of the command line come behind them. */
static bool add_known(const Config *c, const Line *line)
{
    const GOptionEntry *e = entry_of(c, "known");
    char ***files = e ? e->arg_data : NULL;
    g_autoptr(GPtrArray) all = NULL;

    if (!files || is_on(c, "no-known")) {
        return true;
    }
    all = g_ptr_array_new();
    for (char **file = *files; file && *file; file++) {
        g_ptr_array_add(all, *file);
    }
    g_ptr_array_insert(all, 0, path_from(line));
    g_ptr_array_add(all, NULL);
    g_free(*files);
    *files = (char **)g_ptr_array_free(g_steal_pointer(&all), FALSE);
    return true;
}

static bool set_jobs(const Config *c, const Line *line, bool given)
{
    const GOptionEntry *e = entry_of(c, "jobs");
    guint64 jobs;

    if (!g_ascii_string_to_unsigned(line->value, 10, 1, 1024, &jobs, NULL)) {
        return wrong(line, "expected a number from 1 to 1024");
    }
    if (e && !given) {
        *(int *)e->arg_data = (int)jobs;
    }
    return true;
}

/* An option of targets, or a key that there is not. */
static bool set_of_target(const Config *c, const Line *line)
{
    const TwTargetOption *rows[TW_MAX_TARGET_OPTIONS];
    const char *names[TW_MAX_TARGET_OPTIONS + G_N_ELEMENTS(verb_keys)];
    unsigned n = tw_target_options_all(rows), i = 0;
    g_autoptr(GError) error = NULL;
    g_autofree char *mean = NULL, *what = NULL;

    for (i = 0; i < n && strcmp(rows[i]->name, line->key) != 0; i++) {
        names[i] = rows[i]->name;
    }
    if (i < n) {
        if (!c->wants_target || tw_cli_target_given(c->target, rows[i]->name) ||
            tw_target_option_set(&c->target->options, rows[i], line->value,
                                 &error)) {
            return true;
        }
        return wrong(line, error->message);
    }
    for (unsigned v = 0; v < G_N_ELEMENTS(verb_keys); v++) {
        names[n + v] = verb_keys[v];
    }
    mean = tw_cli_did_you_mean(tw_cli_near(line->key, names));
    what = g_strdup_printf("expected target, store, known, jobs or an option "
                           "of targets, not \"%s\"%s",
                           line->key, mean);
    return wrong(line, what);
}

/* Sets what a line says.  `jobs_given`: by the command line. */
static bool obey(Config *c, const Line *line, bool jobs_given)
{
    if (strcmp(line->key, "target") == 0) {
        if (c->wants_target) {
            tw_cli_target_set_name(c->target, line->value);
        }
        return true;
    }
    if (strcmp(line->key, "store") == 0) {
        return set_store(c, line);
    }
    if (strcmp(line->key, "known") == 0) {
        return add_known(c, line);
    }
    if (strcmp(line->key, "jobs") == 0) {
        return set_jobs(c, line, jobs_given);
    }
    return set_of_target(c, line);
}

/* Splits a line into key and value; *empty: it has none.  False: printed. */
static bool split(char *text, Line *line, bool *empty)
{
    char *equals;

    g_strstrip(text);
    *empty = text[0] == '\0' || text[0] == '#';
    if (*empty) {
        return true;
    }
    equals = strchr(text, '=');
    if (!equals || equals == text || equals[1] == '\0') {
        return wrong(line, "expected KEY = VALUE");
    }
    *equals = '\0';
    line->key = g_strchomp(text);
    line->value = g_strchug(equals + 1);
    return true;
}

/* May the file decide what is run?  In a folder of somebody else it may not. */
static bool is_ours(const char *path)
{
    struct stat st;

    if (stat(path, &st) != 0 ||
        ((st.st_uid == geteuid() || st.st_uid == 0) && !(st.st_mode & 002))) {
        return true;
    }
    tw_cli_fail(TW_EXIT_USAGE,
                "%s: expected a file that belongs to you and that nobody else "
                "may write (TWINWALK_CONFIG= in the environment ignores it)",
                path);
    return false;
}

static bool read_file(Config *c, const char *path, bool must, bool jobs_given)
{
    g_autoptr(GHashTable) keys =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_autoptr(GError) error = NULL;
    g_autofree char *text = NULL;
    g_auto(GStrv) lines = NULL;
    GHashTableIter iter;
    size_t length;
    void *key;

    if (!must && !g_file_test(path, G_FILE_TEST_EXISTS)) {
        return true;
    }
    if (!is_ours(path)) {
        return false;
    }
    if (!g_file_get_contents(path, &text, &length, &error)) {
        tw_cli_fail(TW_EXIT_USAGE, "%s", error->message);
        return false;
    }
    if (length > LONGEST_FILE || strlen(text) != length ||
        !g_utf8_validate(text, (gssize)length, NULL)) {
        tw_cli_fail(TW_EXIT_USAGE, "%s: expected text of at most %d bytes",
                    path, LONGEST_FILE);
        return false;
    }
    lines = g_strsplit(text, "\n", -1);
    for (unsigned i = 0; lines[i]; i++) {
        Line line = {.file = path, .number = i + 1};
        bool empty;

        if (!split(lines[i], &line, &empty)) {
            return false;
        }
        if (empty || g_hash_table_contains(c->had, line.key)) {
            continue;
        }
        if (strcmp(line.key, "known") != 0 &&
            !g_hash_table_add(keys, g_strdup(line.key))) {
            return wrong(&line, "expected each key once");
        }
        if (!obey(c, &line, jobs_given)) {
            return false;
        }
    }
    g_hash_table_iter_init(&iter, keys);
    while (g_hash_table_iter_next(&iter, &key, NULL)) {
        g_hash_table_add(c->had, g_strdup(key));
    }
    return true;
}

bool tw_cli_config(const GOptionEntry *entries, TwCliTarget *target,
                   bool jobs_given)
{
    g_autoptr(GHashTable) had =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    const char *named = g_getenv("TWINWALK_CONFIG");
    g_autofree char *user =
        g_build_filename(g_get_user_config_dir(), "twinwalk", "config", NULL);
    Config c = {.entries = entries, .target = target, .had = had};
    const GOptionEntry *harness = entry_of(&c, "harness"),
                       *goes_on = entry_of(&c, "continue");

    /* A campaign that goes on has its options from its folder. */
    if (goes_on && *(char **)goes_on->arg_data) {
        return true;
    }

    /* What a harness saved is for its target; a target for exec is the one
     * that its command names. */
    c.wants_target = target && !tw_cli_target_given(target, "target") &&
                     !(harness && *(char **)harness->arg_data) &&
                     !is_on(&c, "as-target");
    if (named) {
        return *named == '\0' || read_file(&c, named, true, jobs_given);
    }
    return read_file(&c, HERE, false, jobs_given) &&
           read_file(&c, user, false, jobs_given);
}
