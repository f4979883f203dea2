/* SPDX-License-Identifier: MIT */
/* See known.h. */
#include "fuzz/run/known.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

G_DEFINE_QUARK(tw_known_error_quark, tw_known_error)

static const char builtin[] =
#include "fuzz/known-builtin.inc"
    ;

/* An entry, prepared for matching. */
#define AGAINST " against " /* in the version of two configurations */

typedef struct Entry {
    TwKnownEntry public;
    GPatternSpec *target;
    char *from, *to;    /* versions, both inclusive; NULL: open */
    GPtrArray *keys;    /* GPatternSpec */
    char **path;        /* names of triggers, or empty */
    bool first, second; /* is for the version; for that of the target's other
                         * configuration */
    char *quirk;        /* that the version must name, or NULL */
} Entry;

struct TwKnown {
    GPtrArray *entries;         /* Entry */
    const TwTargetClass *klass; /* the selected one */
    TwDialect dialect;          /* of the selected target */
    uint64_t avoid;
};

static void entry_free(void *data)
{
    Entry *e = data;

    g_free(e->public.name);
    g_free(e->public.reason);
    g_free(e->public.link);
    g_clear_pointer(&e->target, g_pattern_spec_free);
    g_free(e->from);
    g_free(e->to);
    g_clear_pointer(&e->keys, g_ptr_array_unref);
    g_strfreev(e->path);
    g_free(e->quirk);
    g_free(e);
}

TwKnown *tw_known_new(void)
{
    TwKnown *known = g_new0(TwKnown, 1);

    known->entries = g_ptr_array_new_with_free_func(entry_free);
    return known;
}

TwKnown *tw_known_new_builtin(void)
{
    TwKnown *known = tw_known_new();
    GError *error = NULL;

    if (!tw_known_add_text(known, builtin, strlen(builtin), "built-in list",
                           &error)) {
        g_error("%s", error->message); /* a test reads it */
    }
    return known;
}

void tw_known_free(TwKnown *known)
{
    if (known != NULL) {
        g_ptr_array_unref(known->entries);
        g_free(known);
    }
}

/* Reading ----------------------------------------------------------------- */

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
static bool read_versions(const Reader *r, Entry *e)
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

static bool read_date(const Reader *r, Entry *e)
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

static bool read_keys(const Reader *r, Entry *e)
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

static bool only_known_words(const Reader *r)
{
    static const char *const words[] = {"target", "versions", "keys",
                                        "path",   "reason",   "link",
                                        "quirk",  "expires",  NULL};
    g_auto(GStrv) keys = g_key_file_get_keys(r->file, r->group, NULL, NULL);

    for (char **key = keys; key && *key; key++) {
        if (!g_strv_contains(words, *key)) {
            return expected(r, *key,
                            "target, versions, keys, path, reason, "
                            "link, quirk or expires");
        }
    }
    return true;
}

static Entry *read_entry(const Reader *r)
{
    Entry *e = g_new0(Entry, 1);
    g_autofree char *target = text_of(r, "target");

    e->public.name = g_strdup(r->group);
    if (target == NULL || !only_known_words(r) || !read_versions(r, e) ||
        !read_keys(r, e) || (e->path = list_of(r, "path")) == NULL ||
        (e->public.reason = text_of(r, "reason")) == NULL ||
        (e->public.link = text_of(r, "link")) == NULL || !read_date(r, e)) {
        entry_free(e);
        return NULL;
    }
    e->target = g_pattern_spec_new(target);
    e->quirk = g_key_file_get_string(r->file, r->group, "quirk", NULL);
    return e;
}

static bool is_taken(const TwKnown *known, const char *name)
{
    for (unsigned i = 0; i < known->entries->len; i++) {
        const Entry *e = g_ptr_array_index(known->entries, i);

        if (strcmp(e->public.name, name) == 0) {
            return true;
        }
    }
    return false;
}

bool tw_known_add_text(TwKnown *known, const char *text, size_t length,
                       const char *name, GError **error)
{
    g_autoptr(GKeyFile) file = g_key_file_new();
    g_autoptr(GError) why = NULL;
    g_auto(GStrv) groups = NULL;
    unsigned before = known->entries->len;
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
    groups = g_key_file_get_groups(file, NULL);
    for (char **group = groups; *group; group++) {
        Entry *e = NULL;

        r.group = *group;
        if (is_taken(known, *group)) {
            g_set_error(error, TW_KNOWN_ERROR, 0,
                        "%s: [%s]: expected a name that no other entry has",
                        name, *group);
        } else if (known->entries->len == TW_MAX_KNOWN) {
            g_set_error(error, TW_KNOWN_ERROR, 0,
                        "%s: [%s]: expected at most %d entries", name, *group,
                        TW_MAX_KNOWN);
        } else {
            e = read_entry(&r);
        }
        if (e == NULL) {
            g_ptr_array_set_size(known->entries, (int)before);
            return false;
        }
        g_ptr_array_add(known->entries, e);
    }
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

unsigned tw_known_n_entries(const TwKnown *known)
{
    return known ? known->entries->len : 0;
}

const TwKnownEntry *tw_known_entry(const TwKnown *known, unsigned i)
{
    const Entry *e = g_ptr_array_index(known->entries, i);

    return &e->public;
}

/* Selecting --------------------------------------------------------------- */

/* Dotted numbers: which is the older one? */
static int compare_versions(const char *a, const char *b)
{
    while (*a || *b) {
        char *end_a, *end_b;
        unsigned long x = strtoul(a, &end_a, 10), y = strtoul(b, &end_b, 10);

        if (x != y) {
            return x < y ? -1 : 1;
        }
        if (end_a == a && end_b == b) {
            return 0; /* what follows is no number */
        }
        a = *end_a == '.' ? end_a + 1 : "";
        b = *end_b == '.' ? end_b + 1 : "";
    }
    return 0;
}

/* Is a version among those of the entry? */
static bool is_for(const Entry *e, const char *version)
{
    return (e->from == NULL || compare_versions(e->from, version) <= 0) &&
           (e->to == NULL || compare_versions(version, e->to) <= 0);
}

/* Does "1 with A,B" name the quirk? */
static bool has_quirk(const char *version, const char *quirk)
{
    const char *with = strstr(version, " with ");
    g_auto(GStrv) names = g_strsplit(with ? with + 6 : "", ",", -1);

    return g_strv_contains((const char *const *)names, quirk);
}

static bool find_triggers(Entry *e, const TwTargetClass *klass, GError **error)
{
    e->public.triggers = 0;
    for (char **name = e->path; *name; name++) {
        unsigned i = 0;

        while (klass->triggers != NULL && klass->triggers[i].name != NULL &&
               strcmp(klass->triggers[i].name, *name) != 0) {
            i++;
        }
        if (klass->triggers == NULL || klass->triggers[i].name == NULL) {
            g_set_error(error, TW_KNOWN_ERROR, 0,
                        "[%s] path: expected triggers of %s, not \"%s\"",
                        e->public.name, klass->name, *name);
            return false;
        }
        e->public.triggers |= UINT64_C(1) << i;
    }
    return true;
}

bool tw_known_select(TwKnown *known, const TwTargetClass *klass,
                     const TwDialect *dialect, const char *target,
                     const char *version, GError **error)
{
    g_autofree char *class_name = g_strndup(target, strcspn(target, ":"));

    const char *second = strstr(version, AGAINST);

    if (second == NULL || klass->other == NULL) {
        second = NULL;
    }
    known->klass = klass;
    known->dialect = *dialect;
    known->avoid = 0;
    for (unsigned i = 0; i < known->entries->len; i++) {
        Entry *e = g_ptr_array_index(known->entries, i);

        e->first = is_for(e, version);
        e->second = second != NULL && is_for(e, second + strlen(AGAINST));
        e->public.active =
            (g_pattern_spec_match_string(e->target, target) ||
             g_pattern_spec_match_string(e->target, class_name)) &&
            (e->first || e->second) &&
            (e->quirk == NULL || has_quirk(version, e->quirk));
        if (!e->public.active) {
            continue;
        }
        if (!find_triggers(e, klass, error)) {
            return false;
        }
        known->avoid |= e->public.triggers;
    }
    return true;
}

/* Use --------------------------------------------------------------------- */

/* The triggers that a program meets; none, if the target refuses it. */
static uint64_t ask_met(const TwKnown *known, const TwProgram *program,
                        const TwFinding *finding)
{
    return tw_dialect_admits(&known->dialect, program, NULL, 0)
               ? known->klass->triggers_met(program, finding)
               : 0;
}

static void ask_avoid(const TwKnown *known, TwProgram *program,
                      uint64_t triggers)
{
    if (tw_dialect_admits(&known->dialect, program, NULL, 0)) {
        known->klass->avoid(program, triggers);
    }
}

static bool key_matches(const Entry *e, const char *key)
{
    for (unsigned i = 0; i < e->keys->len; i++) {
        if (g_pattern_spec_match_string(g_ptr_array_index(e->keys, i), key)) {
            return true;
        }
    }
    return false;
}

int tw_known_match(const TwKnown *known, const TwProgram *program,
                   const TwFinding *finding)
{
    uint64_t met = 0;
    bool asked = false;

    for (unsigned i = 0; known != NULL && i < known->entries->len; i++) {
        const Entry *e = g_ptr_array_index(known->entries, i);

        if (!e->public.active || !(finding->other ? e->second : e->first) ||
            !key_matches(e, finding->key)) {
            continue;
        }
        if (!asked) {
            met = ask_met(known, program, finding);
            asked = true;
        }
        if (met & e->public.triggers) {
            return (int)i;
        }
    }
    return -1;
}

uint64_t tw_known_path(const TwKnown *known, const TwProgram *program,
                       const TwFinding *finding)
{
    return known != NULL && known->avoid != 0
               ? ask_met(known, program, finding) & known->avoid
               : 0;
}

void tw_known_count_met(const TwKnown *known, const TwProgram *program,
                        uint64_t met[TW_MAX_KNOWN])
{
    TwFinding anywhere = {.op = TW_NO_OP};
    uint64_t triggers;

    if (known == NULL || known->avoid == 0) {
        return;
    }
    triggers = ask_met(known, program, &anywhere);
    for (unsigned i = 0; i < known->entries->len && triggers != 0; i++) {
        const Entry *e = g_ptr_array_index(known->entries, i);

        met[i] += e->public.active && (triggers & e->public.triggers);
    }
}

void tw_known_avoid_all(const TwKnown *known, TwProgram *program)
{
    if (known != NULL && known->avoid != 0) {
        ask_avoid(known, program, known->avoid);
    }
}

void tw_known_avoid_deadly(const TwKnown *known, TwProgram *program)
{
    uint64_t deadly = 0;

    for (unsigned i = 0; known != NULL && known->avoid >> i != 0; i++) {
        deadly |= (uint64_t)known->klass->triggers[i].deadly << i;
    }
    if (deadly != 0) {
        ask_avoid(known, program, known->avoid & deadly);
    }
}

bool tw_known_avoid(const TwKnown *known, TwProgram *program, TwRng *rng)
{
    uint64_t avoid = known ? known->avoid : 0;
    unsigned draw;

    if (avoid == 0) {
        return false;
    }
    draw = (unsigned)tw_rng_below(rng, 16);
    if (draw == 0) {
        return true;
    }
    if (draw == 1) {
        unsigned spared =
            (unsigned)tw_rng_below(rng, (unsigned)__builtin_popcountll(avoid));
        uint64_t bit = avoid;

        while (spared-- > 0) {
            bit &= bit - 1;
        }
        avoid &= ~(bit & -bit);
    }
    ask_avoid(known, program, avoid);
    return draw == 1;
}

bool tw_known_any_active(const TwKnown *known)
{
    for (unsigned i = 0; i < tw_known_n_entries(known); i++) {
        if (tw_known_entry(known, i)->active) {
            return true;
        }
    }
    return false;
}
