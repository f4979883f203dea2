/* SPDX-License-Identifier: MIT */
/* What follows from the tables of options; see option.h.  Knows no class. */
#include "targets/option.h"

#include <string.h>

const TwTargetOption *tw_target_option_of(const TwTargetClass *klass,
                                          const char *name)
{
    const TwTargetOption *row = klass ? klass->options : NULL;

    while (row && row->name && strcmp(row->name, name) != 0) {
        row++;
    }
    return row && row->name ? row : NULL;
}

/* One option -------------------------------------------------------------- */

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
    case TW_TARGET_MILLISECONDS:
        break;
    }
    if (!g_ascii_string_to_unsigned(text, 10, 0, INT32_MAX, &value, NULL)) {
        g_set_error(error, TW_TARGET_ERROR, TW_TARGET_ERROR_USAGE,
                    "--%s: expected milliseconds, 1 or more, not \"%s\"",
                    row->name, text);
        return false;
    }
    put(options, row, (uint32_t)value);
    return true;
}
