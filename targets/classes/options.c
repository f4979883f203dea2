/* SPDX-License-Identifier: MIT */
/*
 * Functions on the list of all classes (tw_target_classes): a class by its
 * name, and the options of all classes.
 */
#include "targets/classes/options.h"

#include <string.h>

const TwTargetClass *tw_target_class_of(const char *name)
{
    const TwTargetClass *const *classes = tw_target_classes();
    size_t length = strcspn(name, ":");

    for (unsigned i = 0; classes[i] != NULL; i++) {
        if (strlen(classes[i]->name) == length &&
            memcmp(classes[i]->name, name, length) == 0) {
            return classes[i];
        }
    }
    return NULL;
}

const TwTargetOption *tw_target_option_of(const TwTargetClass *klass,
                                          const char *name)
{
    const TwTargetOption *row = klass ? klass->options : NULL;

    while (row && row->name && strcmp(row->name, name) != 0) {
        row++;
    }
    return row && row->name ? row : NULL;
}

uint32_t tw_target_option_get(const TwTargetOptions *options,
                              const TwTargetOption *row)
{
    const char *field = (const char *)options + row->field;
    uint32_t value = 0;

    if (row->size == sizeof(bool)) {
        return *(const bool *)field;
    }
    g_assert(row->size == sizeof(value));
    memcpy(&value, field, sizeof(value));
    return value;
}

static const char *option_text(const TwTargetOptions *options,
                               const TwTargetOption *row)
{
    const char *text;

    g_assert(row->type == TW_TARGET_TEXT && row->size == sizeof(text));
    memcpy(&text, (const char *)options + row->field, sizeof(text));
    return text;
}

/* Has the option another value than by default? */
static bool is_set(const TwTargetOptions *options, const TwTargetOption *row)
{
    return row->type == TW_TARGET_TEXT
               ? option_text(options, row) != NULL
               : tw_target_option_get(options, row) != 0;
}

static void put(TwTargetOptions *options, const TwTargetOption *row,
                uint32_t value)
{
    char *field = (char *)options + row->field;

    if (row->size == sizeof(bool)) {
        *(bool *)field = value != 0;
    } else {
        g_assert(row->size == sizeof(value));
        memcpy(field, &value, sizeof(value));
    }
}

static bool choose(TwTargetOptions *options, const TwTargetOption *row,
                   const char *text, GError **error)
{
    g_autoptr(GString) words = g_string_new(NULL);

    for (unsigned i = 0; row->words[i]; i++) {
        if (strcmp(row->words[i], text) == 0) {
            put(options, row, i);
            return true;
        }
        g_string_append_printf(words, "%s%s",
                               i == 0              ? ""
                               : row->words[i + 1] ? ", "
                                                   : " or ",
                               row->words[i]);
    }
    g_set_error(error, TW_TARGET_ERROR, TW_TARGET_ERROR_USAGE,
                "--%s: expected %s, not \"%s\"", row->name, words->str, text);
    return false;
}

bool tw_target_option_set(TwTargetOptions *options, const TwTargetOption *row,
                          const char *text, GError **error)
{
    guint64 value;

    switch (row->type) {
    case TW_TARGET_SWITCH:
        put(options, row, 1);
        return true;
    case TW_TARGET_CHOICE:
        return choose(options, row, text, error);
    case TW_TARGET_TEXT:
        if (text[0] == '\0') {
            g_set_error(error, TW_TARGET_ERROR, TW_TARGET_ERROR_USAGE,
                        "--%s: expected a text that is not empty", row->name);
            return false;
        }
        text = g_intern_string(text);
        memcpy((char *)options + row->field, &text, sizeof(text));
        return true;
    case TW_TARGET_MILLISECONDS:
        break;
    }
    if (!g_ascii_string_to_unsigned(text, 10, 1, INT32_MAX, &value, NULL)) {
        g_set_error(error, TW_TARGET_ERROR, TW_TARGET_ERROR_USAGE,
                    "--%s: expected milliseconds, 1 or more, not \"%s\"",
                    row->name, text);
        return false;
    }
    put(options, row, (uint32_t)value);
    return true;
}

/* The options of all classes ------------------------------------------------
 */

unsigned tw_target_options_all(const TwTargetOption *rows[])
{
    const TwTargetClass *const *classes = tw_target_classes();
    unsigned n = 0;

    for (unsigned c = 0; classes[c]; c++) {
        const TwTargetOption *row = classes[c]->options;

        for (; row && row->name; row++) {
            unsigned i = 0;

            while (i < n && strcmp(rows[i]->name, row->name) != 0) {
                i++;
            }
            if (i == n) {
                g_assert(n < TW_MAX_TARGET_OPTIONS);
                rows[n++] = row;
            }
        }
    }
    return n;
}

char *tw_target_option_classes(const TwTargetOption *row)
{
    const TwTargetClass *const *classes = tw_target_classes();
    GString *names = g_string_new(NULL);

    for (unsigned c = 0; classes[c]; c++) {
        if (tw_target_option_of(classes[c], row->name)) {
            g_string_append_printf(names, "%s%s", names->len ? ", " : "",
                                   classes[c]->name);
        }
    }
    return g_string_free(names, FALSE);
}

bool tw_target_options_same(const TwTargetOptions *a, const TwTargetOptions *b)
{
    const TwTargetOption *rows[TW_MAX_TARGET_OPTIONS];
    unsigned n = tw_target_options_all(rows);

    for (unsigned i = 0; i < n; i++) {
        if (rows[i]->type == TW_TARGET_TEXT
                ? g_strcmp0(option_text(a, rows[i]), option_text(b, rows[i])) !=
                      0
                : tw_target_option_get(a, rows[i]) !=
                      tw_target_option_get(b, rows[i])) {
            return false;
        }
    }
    return strcmp(a->name, b->name) == 0;
}

/* A name as a shell word on one line. */
static void add_name(GString *words, const char *name)
{
    g_autofree char *quoted = NULL;

    if (strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-_:./") ==
        strlen(name)) {
        g_string_append(words, name);
        return;
    }
    quoted = g_shell_quote(name);
    g_strdelimit(quoted, "\n\r", ' ');
    g_string_append(words, quoted);
}

char *tw_target_options_words(const TwTargetOptions *options)
{
    const TwTargetOption *rows[TW_MAX_TARGET_OPTIONS];
    unsigned n = tw_target_options_all(rows);
    GString *words = g_string_new("--target ");

    add_name(words, options->name);
    for (unsigned i = 0; i < n; i++) {
        if (!is_set(options, rows[i])) {
            continue;
        }
        g_string_append_printf(words, " --%s", rows[i]->name);
        switch (rows[i]->type) {
        case TW_TARGET_SWITCH:
            break;
        case TW_TARGET_CHOICE:
            g_string_append_printf(
                words, " %s",
                rows[i]->words[tw_target_option_get(options, rows[i])]);
            break;
        case TW_TARGET_MILLISECONDS:
            g_string_append_printf(words, " %u",
                                   tw_target_option_get(options, rows[i]));
            break;
        case TW_TARGET_TEXT:
            g_string_append_c(words, ' ');
            add_name(words, option_text(options, rows[i]));
            break;
        }
    }
    return g_string_free(words, FALSE);
}

void tw_target_options_add_words(TwTargetOptions *options, const char *words)
{
    const TwTargetOption *rows[TW_MAX_TARGET_OPTIONS];
    unsigned n = tw_target_options_all(rows);
    g_auto(GStrv) argv = NULL;

    if (!g_shell_parse_argv(words, NULL, &argv, NULL)) {
        return;
    }
    for (unsigned k = 0; argv[k]; k++) {
        for (unsigned i = 0; i < n; i++) {
            if (g_str_has_prefix(argv[k], "--") && !rows[i]->any_target &&
                strcmp(argv[k] + 2, rows[i]->name) == 0 &&
                (rows[i]->type == TW_TARGET_SWITCH || argv[k + 1])) {
                tw_target_option_set(options, rows[i], argv[k + 1], NULL);
            }
        }
    }
}

bool tw_target_options_fit(const TwTargetClass *klass,
                           const TwTargetOptions *options, GError **error)
{
    const TwTargetOption *rows[TW_MAX_TARGET_OPTIONS];
    unsigned n = tw_target_options_all(rows);

    for (unsigned i = 0; i < n; i++) {
        if (is_set(options, rows[i]) &&
            !tw_target_option_of(klass, rows[i]->name)) {
            g_set_error(error, TW_TARGET_ERROR, TW_TARGET_ERROR_USAGE,
                        "%s: expected no --%s", klass->name, rows[i]->name);
            return false;
        }
    }
    return true;
}
