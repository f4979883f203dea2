/* SPDX-License-Identifier: MIT */
/*
 * For builds with MemorySanitizer and a glib that was built without it:
 * wrappers tell the sanitizer which memory glib has written, for the functions
 * that make text of programs and reports.  The linker puts the wrappers in
 * front of glib's functions (--wrap; fuzz/meson.build has the list).  Code that
 * runs once per program calls no function of glib that writes.
 */
#include <glib.h>
#include <sanitizer/msan_interface.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#define TRUSTED __attribute__((no_sanitize("memory")))

/* Declares what --wrap makes of a function, and begins its replacement. */
#define WRAP(type, name, ...) \
    type __real_##name(__VA_ARGS__); \
    type __wrap_##name(__VA_ARGS__); \
    TRUSTED type __wrap_##name(__VA_ARGS__)

TRUSTED static GString *known_string(GString *string)
{
    __msan_unpoison(string, sizeof(*string));
    __msan_unpoison(string->str, string->len + 1);
    return string;
}

TRUSTED static void *known_text(char *text)
{
    if (text != NULL) {
        __msan_unpoison_string(text);
    }
    return text;
}

WRAP(GString *, g_string_new, const char *init)
{
    return known_string(__real_g_string_new(init));
}

WRAP(GString *, g_string_append, GString *string, const char *text)
{
    return known_string(__real_g_string_append(string, text));
}

WRAP(GString *, g_string_append_len, GString *string, const char *text,
     gssize length)
{
    return known_string(__real_g_string_append_len(string, text, length));
}

WRAP(GString *, g_string_insert_c, GString *string, gssize at, char c)
{
    return known_string(__real_g_string_insert_c(string, at, c));
}

WRAP(GString *, g_string_truncate, GString *string, gsize length)
{
    return known_string(__real_g_string_truncate(string, length));
}

void __wrap_g_string_append_printf(GString *string, const char *format, ...);
TRUSTED void __wrap_g_string_append_printf(GString *string, const char *format,
                                           ...)
{
    va_list args;

    va_start(args, format);
    g_string_append_vprintf(string, format, args);
    va_end(args);
    known_string(string);
}

char *__wrap_g_strdup_printf(const char *format, ...);
TRUSTED char *__wrap_g_strdup_printf(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    char *text = g_strdup_vprintf(format, args);
    va_end(args);
    return known_text(text);
}

WRAP(char *, g_strndup, const char *text, gsize n)
{
    return known_text(__real_g_strndup(text, n));
}

void __wrap_g_set_error(GError **error, GQuark domain, int code,
                        const char *format, ...);
TRUSTED void __wrap_g_set_error(GError **error, GQuark domain, int code,
                                const char *format, ...)
{
    va_list args;

    if (error != NULL) {
        va_start(args, format);
        *error = g_error_new_valist(domain, code, format, args);
        va_end(args);
        __msan_unpoison(error, sizeof(*error));
        __msan_unpoison(*error, sizeof(**error));
        known_text((*error)->message);
    }
}

/* glib itself reads what it has written with functions of libc, which the
 * sanitizer checks: not inside `call`. */
#define UNWATCHED(call) \
    ({ \
        __msan_scoped_disable_interceptor_checks(); \
        __auto_type result_ = (call); \
        __msan_scoped_enable_interceptor_checks(); \
        result_; \
    })

WRAP(char *, g_compute_checksum_for_data, GChecksumType type,
     const uint8_t *data, gsize size)
{
    return known_text(
        UNWATCHED(__real_g_compute_checksum_for_data(type, data, size)));
}

WRAP(char *, g_shell_quote, const char *text)
{
    return known_text(UNWATCHED(__real_g_shell_quote(text)));
}

WRAP(GArray *, g_array_new, gboolean zero, gboolean clear, guint size)
{
    GArray *array = __real_g_array_new(zero, clear, size);

    __msan_unpoison(array, sizeof(*array));
    return array;
}

WRAP(GArray *, g_array_append_vals, GArray *array, const void *data, guint n)
{
    __real_g_array_append_vals(array, data, n);
    __msan_unpoison(array, sizeof(*array));
    return array;
}

WRAP(GArray *, g_array_remove_index, GArray *array, guint index)
{
    __real_g_array_remove_index(array, index);
    __msan_unpoison(array, sizeof(*array));
    return array;
}

WRAP(GPatternSpec *, g_pattern_spec_new, const char *pattern)
{
    return UNWATCHED(__real_g_pattern_spec_new(pattern));
}

WRAP(gboolean, g_pattern_spec_match_string, GPatternSpec *spec,
     const char *text)
{
    return UNWATCHED(__real_g_pattern_spec_match_string(spec, text));
}

/* Lists ------------------------------------------------------------------- */

TRUSTED static GPtrArray *known_array(GPtrArray *array)
{
    __msan_unpoison(array, sizeof(*array));
    __msan_unpoison(array->pdata, array->len * sizeof(*array->pdata));
    return array;
}

WRAP(GPtrArray *, g_ptr_array_new_with_free_func, GDestroyNotify free_func)
{
    return known_array(__real_g_ptr_array_new_with_free_func(free_func));
}

WRAP(void, g_ptr_array_add, GPtrArray *array, void *data)
{
    __real_g_ptr_array_add(array, data);
    known_array(array);
}

/* A list of texts, ended by NULL, or NULL. */
TRUSTED static char **known_list(char **list)
{
    for (char **each = list; each != NULL; each++) {
        __msan_unpoison(each, sizeof(*each));
        if (*each == NULL) {
            break;
        }
        known_text(*each);
    }
    return list;
}

WRAP(char **, g_strsplit, const char *text, const char *delimiter, int most)
{
    return known_list(UNWATCHED(__real_g_strsplit(text, delimiter, most)));
}

WRAP(gboolean, g_key_file_load_from_data, GKeyFile *file, const char *text,
     gsize length, GKeyFileFlags flags, GError **error)
{
    return UNWATCHED(
        __real_g_key_file_load_from_data(file, text, length, flags, error));
}

WRAP(void, g_key_file_unref, GKeyFile *file)
{
    __msan_scoped_disable_interceptor_checks();
    __real_g_key_file_unref(file);
    __msan_scoped_enable_interceptor_checks();
}

WRAP(char **, g_key_file_get_groups, GKeyFile *file, gsize *n)
{
    return known_list(UNWATCHED(__real_g_key_file_get_groups(file, n)));
}

WRAP(char **, g_key_file_get_keys, GKeyFile *file, const char *group, gsize *n,
     GError **error)
{
    return known_list(
        UNWATCHED(__real_g_key_file_get_keys(file, group, n, error)));
}

WRAP(gboolean, g_key_file_has_key, GKeyFile *file, const char *group,
     const char *key, GError **error)
{
    return UNWATCHED(__real_g_key_file_has_key(file, group, key, error));
}

WRAP(char *, g_key_file_get_string, GKeyFile *file, const char *group,
     const char *key, GError **error)
{
    return known_text(
        UNWATCHED(__real_g_key_file_get_string(file, group, key, error)));
}

WRAP(char **, g_key_file_get_string_list, GKeyFile *file, const char *group,
     const char *key, gsize *n, GError **error)
{
    return known_list(UNWATCHED(
        __real_g_key_file_get_string_list(file, group, key, n, error)));
}
