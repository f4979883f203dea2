/* SPDX-License-Identifier: MIT */
/*
 * twinwalk mark: records in a store what people have decided about a finding:
 * its issue, that it is a duplicate, that it will not be fixed.
 */
#include <stdio.h>
#include <string.h>

#include "cli/verbs.h"
#include "reports/store/store.h"

typedef struct Mark {
    char *store_path, *label, *issue, *duplicate_of, *comment;
    gboolean wont_fix, clear;
    const char *name; /* a cause or a key */
    TwStore *store;
    GPtrArray *found; /* Found: what has the name */
    bool original;    /* duplicate_of is in the store */
    char *other;      /* TARGET/CAUSE or CAUSE, as it is kept */
} Mark;

typedef struct Found {
    int64_t id;
    char *target, *cause, *issue, *duplicate_of, *comment;
    TwStoreState state;
} Found;

static void found_free(void *data)
{
    Found *f = data;

    g_free(f->target);
    g_free(f->cause);
    g_free(f->issue);
    g_free(f->duplicate_of);
    g_free(f->comment);
    g_free(f);
}

/* Finding the finding ------------------------------------------------------ */

typedef struct Search {
    Mark *mark;
    GHashTable *ids; /* findings that have a key of the name, or NULL */
} Search;

static bool take(const TwStoreFinding *f, void *data)
{
    Search *s = data;
    Found *found;

    if (s->ids ? !g_hash_table_contains(s->ids, &f->id)
               : strcmp(f->cause, s->mark->name) != 0) {
        return true;
    }
    found = g_new0(Found, 1);
    found->id = f->id;
    found->target = g_strdup(f->target);
    found->cause = g_strdup(f->cause);
    found->state = f->decision.state;
    found->issue = g_strdup(f->decision.issue);
    found->duplicate_of = g_strdup(f->decision.duplicate_of);
    found->comment = g_strdup(f->decision.comment);
    g_ptr_array_add(s->mark->found, found);
    return true;
}

typedef struct Keys {
    const char *name;
    GHashTable *ids;
} Keys;

static bool take_if_named(const TwStoreKey *key, void *data)
{
    const Keys *keys = data;

    if (strcmp(key->key, keys->name) == 0) {
        g_hash_table_add(keys->ids,
                         g_memdup2(&key->finding, sizeof(key->finding)));
    }
    return true;
}

/* The findings with this cause, or else with this key. */
static bool search(Mark *m, GError **error)
{
    g_autoptr(GHashTable) ids =
        g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
    Keys keys = {.name = m->name, .ids = ids};
    Search s = {.mark = m};

    if (!tw_store_findings(m->store, m->label, take, &s, error)) {
        return false;
    }
    s.ids = ids;
    return m->found->len > 0 ||
           (tw_store_keys(m->store, m->label, take_if_named, &keys, error) &&
            tw_store_findings(m->store, m->label, take, &s, error));
}

static bool refuse(GError **error, const Mark *m, const char *expected)
{
    g_set_error(error, TW_TEXT_ERROR, TW_TEXT_ERROR_IO, "%s: expected %s",
                m->store_path, expected);
    return false;
}

/* Exactly one finding must have the name. */
static bool one(Mark *m, GError **error)
{
    g_autoptr(GString) text = g_string_new(NULL);

    if (!search(m, error)) {
        return false;
    }
    if (m->found->len == 1) {
        return true;
    }
    if (m->found->len == 0) {
        g_string_printf(text, "a finding%s%s with the cause or the key \"%s\"",
                        m->label ? " of " : "", m->label ? m->label : "",
                        m->name);
    } else {
        g_string_printf(text, "a name of one finding, not \"%s\" of", m->name);
        for (unsigned i = 0; i < m->found->len; i++) {
            const Found *f = g_ptr_array_index(m->found, i);

            g_string_append_printf(text, "%s %s %s", i ? "," : "", f->target,
                                   f->cause);
        }
        g_string_append(text, " (--as chooses the target)");
    }
    return refuse(error, m, text->str);
}

static bool is_original(const TwStoreFinding *f, void *data)
{
    Mark *m = data;
    const Found *self = g_ptr_array_index(m->found, 0);
    g_autofree char *whole = g_strdup_printf("%s/%s", f->target, f->cause);
    bool same = strcmp(f->target, self->target) == 0;

    if (f->id != self->id &&
        ((same && strcmp(f->cause, m->duplicate_of) == 0) ||
         strcmp(whole, m->duplicate_of) == 0)) {
        m->original = true;
        g_free(m->other);
        m->other = same ? g_strdup(f->cause) : g_steal_pointer(&whole);
    }
    return true;
}

/* The finding that it is a duplicate of must be there. */
static bool find_original(Mark *m, GError **error)
{
    if (!m->duplicate_of) {
        return true;
    }
    if (!tw_store_findings(m->store, NULL, is_original, m, error)) {
        return false;
    }
    if (!m->original) {
        g_autofree char *text = g_strdup_printf(
            "another finding for --duplicate-of, as CAUSE or TARGET/CAUSE, not "
            "\"%s\"",
            m->duplicate_of);

        return refuse(error, m, text);
    }
    return true;
}

/* The verb ----------------------------------------------------------------- */

static void print_part(const char *before, const char *text)
{
    if (*text) {
        g_autofree char *clean = tw_cli_clean(text);

        printf("%s%s", before, clean);
    }
}

static void print(const Found *f, const TwStoreDecision *d)
{
    static const char *const states[] = {"open", "duplicate", "won't fix"};

    print_part("", f->target);
    print_part(" ", f->cause);
    printf(": %s", states[d->state]);
    print_part(" of ", d->duplicate_of);
    print_part("; issue ", d->issue);
    print_part("; ", d->comment);
    printf("\n");
}

static int mark(Mark *m)
{
    bool changes =
        m->issue || m->duplicate_of || m->comment || m->wont_fix || m->clear;
    TwStoreDecision d = {.issue = "", .duplicate_of = "", .comment = ""};
    GError *error = NULL;
    const Found *f;

    m->store = tw_store_open(m->store_path, false, &error);
    if (!m->store || !one(m, &error) || !find_original(m, &error)) {
        return tw_cli_fail_error(error);
    }
    f = g_ptr_array_index(m->found, 0);
    if (!m->clear) {
        d.issue = m->issue ? m->issue : f->issue;
        d.comment = m->comment ? m->comment : f->comment;
        d.state = m->wont_fix       ? TW_STORE_WONT_FIX
                  : m->duplicate_of ? TW_STORE_DUPLICATE
                                    : f->state;
        d.duplicate_of = m->other                        ? m->other
                         : d.state == TW_STORE_DUPLICATE ? f->duplicate_of
                                                         : "";
    }
    if (changes &&
        !tw_store_decide(m->store, f->target, f->cause, &d, &error)) {
        return tw_cli_fail_error(error);
    }
    print(f, &d);
    return TW_EXIT_CLEAN;
}

static bool one_line(const char *text)
{
    for (; *text; text++) {
        if (g_ascii_iscntrl(*text)) {
            return false;
        }
    }
    return true;
}

static bool is_address(const char *text)
{
    return (g_str_has_prefix(text, "https://") ||
            g_str_has_prefix(text, "http://")) &&
           g_str_is_ascii(text) && one_line(text) && !strpbrk(text, " \"<>") &&
           g_uri_is_valid(text, G_URI_FLAGS_NONE, NULL);
}

static bool ready(const Mark *m, int argc)
{
    const char *wrong = NULL;

    if (argc != 2) {
        wrong = "mark: expected one cause or key of a finding";
    } else if (m->clear &&
               (m->issue || m->duplicate_of || m->comment || m->wont_fix)) {
        wrong = "--clear: expected no other decision";
    } else if (m->wont_fix && m->duplicate_of) {
        wrong = "--wont-fix, --duplicate-of: expected one of them";
    } else if (m->issue && !is_address(m->issue)) {
        wrong = "--issue: expected an address that begins with https:// or "
                "http://";
    } else if (m->comment && (!one_line(m->comment) ||
                              !g_utf8_validate(m->comment, -1, NULL))) {
        wrong = "--comment: expected one line of UTF-8 text";
    }
    if (wrong) {
        tw_cli_fail(TW_EXIT_USAGE, "%s", wrong);
    }
    return wrong == NULL;
}

int tw_verb_mark(int argc, char **argv)
{
    Mark m = {.found = g_ptr_array_new_with_free_func(found_free)};
    int code = TW_EXIT_USAGE;
    GOptionEntry entries[] = {
        {"store", 0, 0, G_OPTION_ARG_FILENAME, &m.store_path,
         "The store of findings (default " TW_CLI_STORE ")", "FILE"},
        {"as", 0, 0, G_OPTION_ARG_STRING, &m.label,
         "Name of the target in the store; needed only if several have such a "
         "finding",
         "NAME"},
        {"issue", 0, 0, G_OPTION_ARG_STRING, &m.issue,
         "The address of the issue about it", "URL"},
        {"duplicate-of", 0, 0, G_OPTION_ARG_STRING, &m.duplicate_of,
         "It is the same bug as another finding: CAUSE, or TARGET/CAUSE of "
         "another target",
         "CAUSE"},
        {"wont-fix", 0, 0, G_OPTION_ARG_NONE, &m.wont_fix,
         "It will not be fixed", NULL},
        {"comment", 0, 0, G_OPTION_ARG_STRING, &m.comment,
         "A line of text for the people who read about it", "TEXT"},
        {"clear", 0, 0, G_OPTION_ARG_NONE, &m.clear,
         "Takes back all that was decided", NULL},
        G_OPTION_ENTRY_NULL,
    };

    if (tw_cli_options(
            &argc, &argv, "CAUSE|KEY",
            "Records in a store what people have decided about a "
            "finding; triage and report\nshow it. A duplicate, and "
            "what will not be fixed, counts as known when it is met\n"
            "again. What an option does not name stays as it was. "
            "Without these options,\nprints what was decided.",
            entries, NULL) &&
        ready(&m, argc)) {
        m.store_path = m.store_path ? m.store_path : g_strdup(TW_CLI_STORE);
        m.name = argv[1];
        code = mark(&m);
    }
    g_clear_pointer(&m.store, tw_store_free);
    g_ptr_array_unref(m.found);
    g_free(m.store_path);
    g_free(m.label);
    g_free(m.issue);
    g_free(m.duplicate_of);
    g_free(m.comment);
    g_free(m.other);
    return code;
}
