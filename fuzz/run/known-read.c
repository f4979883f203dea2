/* SPDX-License-Identifier: MIT */
/* See known-internal.h: reading lists. */
#include "fuzz/run/known-internal.h"

#include <stdio.h>
#include <string.h>

G_DEFINE_QUARK(tw_known_error_quark, tw_known_error)

void tw_known_item_free(void *item)
{
    TwKnownItem *e = item;

    g_free(e->public.name);
    g_free(e->public.reason);
    g_free(e->public.link);
    g_clear_pointer(&e->target, g_pattern_spec_free);
    g_free(e->from);
    g_free(e->to);
    g_clear_pointer(&e->keys, g_ptr_array_unref);
    g_strfreev(e->path);
    g_free(e->quirk);
    g_free(e->family);
    g_free(e);
}

size_t tw_known_family(const char *name)
{
    size_t n = 0;

    while (g_ascii_isalnum(name[n])) {
        n++;
    }
    return n;
}

typedef struct Reader {
    GKeyFile *file;
    const char *name, *group;
    GError **error;
} Reader;

static bool expected(const Reader *r, const char *key, const char *what)
{
    g_set_error(r->error, TW_KNOWN_ERROR, 0, "%s: [%s] %s: expected %s",
                r->name, r->group, key, what);
    return false;
}

/* A value that must be there and not be empty; NULL: told. */
static char *text_of(const Reader *r, const char *key)
{
    char *text = g_key_file_get_string(r->file, r->group, key, NULL);

    if (text != NULL && *g_strstrip(text) != '\0') {
        return text;
    }
    g_free(text);
    expected(r, key, "a value");
    return NULL;
}

static char **list_of(const Reader *r, const char *key)
{
    char **list =
        g_key_file_get_string_list(r->file, r->group, key, NULL, NULL);

    if (list != NULL && list[0] != NULL) {
        for (char **each = list; *each; each++) {
            g_strstrip(*each);
        }
        return list;
    }
    g_strfreev(list);
    expected(r, key, "one or more values, divided by ;");
    return NULL;
}

static bool is_version(const char *text)
{
    return g_ascii_isdigit(text[0]) &&
           strspn(text, "0123456789.") == strlen(text);
}

/* "2.0.1", "2.0.0 - 2.0.1", "2.0.1 -", "- 2.0.1" or "*". */
static bool read_versions(const Reader *r, TwKnownItem *e)
{
    g_autofree char *text = text_of(r, "versions");
    char *dash;

    if (text == NULL) {
        return false;
    }
    if (strcmp(text, "*") == 0) {
        return true;
    }
    dash = strchr(text, '-');
    if (dash == NULL) {
        e->from = g_strdup(text);
        e->to = g_strdup(text);
    } else {
        *dash = '\0';
        g_strstrip(text);
        g_strstrip(dash + 1);
        e->from = *text ? g_strdup(text) : NULL;
        e->to = dash[1] ? g_strdup(dash + 1) : NULL;
    }
    if ((e->from == NULL && e->to == NULL) ||
        (e->from != NULL && !is_version(e->from)) ||
        (e->to != NULL && !is_version(e->to))) {
        return expected(r, "versions",
                        "\"2.0.1\", \"2.0.0 - 2.0.1\", \"2.0.1 -\", "
                        "\"- 2.0.1\" or \"*\"");
    }
    return true;
}

static bool read_date(const Reader *r, TwKnownItem *e)
{
    g_autofree char *text = text_of(r, "expires");
    unsigned year = 0, month = 0, day = 0;
    char extra;

    if (text == NULL) {
        return false;
    }
    if (strlen(text) != 10 ||
        sscanf(text, "%4u-%2u-%2u%c", &year, &month, &day, &extra) != 3 ||
        !g_date_valid_dmy((GDateDay)day, (GDateMonth)month, (GDateYear)year)) {
        return expected(r, "expires", "a day as YYYY-MM-DD");
    }
    g_date_set_dmy(&e->public.expires, (GDateDay)day, (GDateMonth)month,
                   (GDateYear)year);
    return true;
}

static bool read_keys(const Reader *r, TwKnownItem *e)
{
    g_auto(GStrv) keys = list_of(r, "keys");

    if (keys == NULL) {
        return false;
    }
    e->keys =
        g_ptr_array_new_with_free_func((GDestroyNotify)g_pattern_spec_free);
    for (char **key = keys; *key; key++) {
        if (strspn(*key, "abcdefghijklmnopqrstuvwxyz"
                         "ABCDEFGHIJKLMNOPQRSTUVWXYZ*?") != strlen(*key) ||
            **key == '\0') {
            return expected(r, "keys", "letters, * and ?");
        }
        g_ptr_array_add(e->keys, g_pattern_spec_new(*key));
    }
    return true;
}

static bool read_outcome(const Reader *r, TwKnownItem *e)
{
    g_autofree char *text = NULL;

    e->same = e->other = true;
    if (!g_key_file_has_key(r->file, r->group, "outcome", NULL)) {
        return true;
    }
    text = text_of(r, "outcome");
    if (text == NULL) {
        return false;
    }
    e->same = strcmp(text, "same") == 0;
    e->other = strcmp(text, "other") == 0;
    return e->same || e->other ||
           expected(r, "outcome", "\"same\" or \"other\"");
}

static bool only_known_words(const Reader *r)
{
    static const char *const words[] = {
        "target", "versions", "keys",    "path",    "reason",
        "link",   "quirk",    "outcome", "expires", NULL};
    g_auto(GStrv) keys = g_key_file_get_keys(r->file, r->group, NULL, NULL);

    for (char **key = keys; key && *key; key++) {
        if (!g_strv_contains(words, *key)) {
            return expected(r, *key,
                            "target, versions, keys, path, reason, "
                            "link, quirk, outcome or expires");
        }
    }
    return true;
}

static TwKnownItem *read_entry(const Reader *r)
{
    TwKnownItem *e = g_new0(TwKnownItem, 1);
    g_autofree char *target = text_of(r, "target");

    e->public.name = g_strdup(r->group);
    if (target == NULL || !only_known_words(r) || !read_versions(r, e) ||
        !read_keys(r, e) || (e->path = list_of(r, "path")) == NULL ||
        (e->public.reason = text_of(r, "reason")) == NULL ||
        (e->public.link = text_of(r, "link")) == NULL || !read_outcome(r, e) ||
        !read_date(r, e)) {
        tw_known_item_free(e);
        return NULL;
    }
    e->target = g_pattern_spec_new(target);
    e->family = g_strndup(target, tw_known_family(target));
    e->quirk = g_key_file_get_string(r->file, r->group, "quirk", NULL);
    return e;
}

/* The place of the entry with this name, or their number: there is none. */
static unsigned place_of(const GPtrArray *entries, const char *name)
{
    unsigned i = 0;

    while (i < entries->len) {
        const TwKnownItem *e = g_ptr_array_index(entries, i);

        if (strcmp(e->public.name, name) == 0) {
            break;
        }
        i++;
    }
    return i;
}

/* Reads all entries; NULL: told. */
static GPtrArray *read_entries(Reader *r)
{
    g_autoptr(GPtrArray) entries =
        g_ptr_array_new_with_free_func(tw_known_item_free);
    g_auto(GStrv) groups = g_key_file_get_groups(r->file, NULL);

    for (char **group = groups; *group; group++) {
        TwKnownItem *e;

        r->group = *group;
        e = read_entry(r);
        if (e == NULL) {
            return NULL;
        }
        g_ptr_array_add(entries, e);
    }
    return g_steal_pointer(&entries);
}

/* Is there room for them?  Those of a name that is there replace it. */
static bool fit(const TwKnown *known, const GPtrArray *entries, const Reader *r)
{
    unsigned n = known->entries->len;

    for (unsigned i = 0; i < entries->len; i++) {
        const TwKnownItem *e = g_ptr_array_index(entries, i);

        n += place_of(known->entries, e->public.name) == known->entries->len;
        if (n > TW_MAX_KNOWN) {
            g_set_error(r->error, TW_KNOWN_ERROR, 0,
                        "%s: [%s]: expected at most %d entries", r->name,
                        e->public.name, TW_MAX_KNOWN);
            return false;
        }
    }
    return true;
}

bool tw_known_add_text(TwKnown *known, const char *text, size_t length,
                       const char *name, GError **error)
{
    g_autoptr(GKeyFile) file = g_key_file_new();
    g_autoptr(GPtrArray) entries = NULL;
    g_autoptr(GError) why = NULL;
    Reader r = {.file = file, .name = name, .error = error};

    g_key_file_set_list_separator(file, ';');
    if (!g_utf8_validate(text, (gssize)length, NULL) ||
        memchr(text, '\0', length) != NULL) {
        g_set_error(error, TW_KNOWN_ERROR, 0, "%s: expected UTF-8 text", name);
        return false;
    }
    if (length > 0 &&
        !g_key_file_load_from_data(file, text, length, G_KEY_FILE_NONE, &why)) {
        g_set_error(error, TW_KNOWN_ERROR, 0,
                    "%s: expected a key file of known divergences: %s", name,
                    why->message);
        return false;
    }
    entries = read_entries(&r);
    if (entries == NULL || !fit(known, entries, &r)) {
        return false;
    }
    g_ptr_array_set_free_func(entries, NULL);
    for (unsigned i = 0; i < entries->len; i++) {
        TwKnownItem *e = g_ptr_array_index(entries, i);
        unsigned at = place_of(known->entries, e->public.name);

        e->list = known->lists->len;
        if (at < known->entries->len) {
            tw_known_item_free(known->entries->pdata[at]);
            known->entries->pdata[at] = e;
        } else {
            g_ptr_array_add(known->entries, e);
        }
    }
    g_ptr_array_add(known->lists, g_strdup(name));
    return true;
}

bool tw_known_add_file(TwKnown *known, const char *path, GError **error)
{
    g_autofree char *text = NULL;
    g_autoptr(GError) why = NULL;
    size_t length;

    if (!g_file_get_contents(path, &text, &length, &why)) {
        g_set_error(error, TW_KNOWN_ERROR, 0, "%s", why->message);
        return false;
    }
    return tw_known_add_text(known, text, length, path, error);
}
