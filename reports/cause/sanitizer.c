/* SPDX-License-Identifier: MIT */
/* See sanitizer.h. */
#include "reports/cause/sanitizer.h"

#include <glib.h>
#include <string.h>

enum { MOST_FRAMES = 3 };

/* Appends the characters of a word that a name may contain, joined by '-'. */
static void add(GString *name, const char *word, size_t length)
{
    bool dash = name->len > 0;

    for (size_t i = 0; i < length; i++) {
        if (g_ascii_isalnum(word[i])) {
            if (dash) {
                g_string_append_c(name, '-');
            }
            g_string_append_c(name, g_ascii_tolower(word[i]));
            dash = false;
        } else {
            dash = name->len > 0;
        }
    }
}

/* Functions that every report goes through. */
static bool is_machinery(const char *function, size_t length)
{
    static const char *const starts[] = {"__asan",
                                         "__msan",
                                         "__tsan",
                                         "__ubsan",
                                         "__lsan",
                                         "__sanitizer",
                                         "__interceptor",
                                         "__interception",
                                         "___interceptor",
                                         "__GI_",
                                         "__libc",
                                         "__pthread",
                                         "pthread_kill",
                                         "abort",
                                         "raise",
                                         "gsignal",
                                         "g_assertion_message",
                                         "g_logv",
                                         "g_log",
                                         "__assert"};
    static const char *const names[] = {
        "malloc", "calloc", "realloc", "free",     "memcpy",    "memmove",
        "memset", "memcmp", "strlen",  "g_malloc", "g_malloc0", "g_free"};

    for (unsigned i = 0; i < G_N_ELEMENTS(starts); i++) {
        if (strlen(starts[i]) <= length &&
            strncmp(function, starts[i], strlen(starts[i])) == 0) {
            return true;
        }
    }
    for (unsigned i = 0; i < G_N_ELEMENTS(names); i++) {
        if (strlen(names[i]) == length &&
            strncmp(function, names[i], length) == 0) {
            return true;
        }
    }
    return false;
}

/* "#1 0x55d0 in flush_page /src/tlb.c:12:3": the function's name, or NULL. */
static const char *frame(const char *line, unsigned *number, size_t *length)
{
    char *end;
    const char *at;

    line += strspn(line, " \t");
    if (*line != '#' || !g_ascii_isdigit(line[1])) {
        return NULL;
    }
    *number = (unsigned)g_ascii_strtoull(line + 1, &end, 10);
    at = strstr(end, " in ");
    at = at ? at + 4 : end + strspn(end, " \t");
    *length = strcspn(at, " (\t");
    return (g_ascii_isalpha(*at) || *at == '_') ? at : NULL;
}

/* What is complained of, in a line that begins a report; false: it does not. */
static bool complaint(const char *line, GString *name)
{
    const char *at = strstr(line, "Sanitizer: ");
    const char *runtime = strstr(line, ": runtime error: ");

    if (at && (strstr(line, "ERROR: ") || strstr(line, "WARNING: "))) {
        at += strlen("Sanitizer: ");
        add(name, at, strcspn(at, " (:"));
        return name->len > 0;
    }
    if (runtime) {
        g_auto(GStrv) words = NULL;

        words = g_strsplit(runtime + strlen(": runtime error: "), " ", 7);
        for (unsigned i = 0; words[i] && i < 6; i++) {
            /* Values differ from run to run. */
            if (!strpbrk(words[i], "0123456789")) {
                add(name, words[i], strlen(words[i]));
            }
        }
        return name->len > 0;
    }
    return false;
}

static void add_frames(char **lines, GString *name)
{
    unsigned taken = 0, last = 0;
    bool any = false;

    for (; *lines && taken < MOST_FRAMES; lines++) {
        unsigned number;
        size_t length;
        const char *function = frame(*lines, &number, &length);

        if (any && function && number <= last) {
            return; /* the next stack: of the allocation or the release */
        }
        if (!function) {
            continue;
        }
        any = true;
        last = number;
        if (!is_machinery(function, length)) {
            add(name, taken ? "" : "in", taken ? 0 : 2);
            add(name, function, length);
            taken++;
        }
    }
}

bool tw_sanitizer_name(const char *text, size_t length, char *name, size_t size)
{
    g_autofree char *copy = g_strndup(text, length);
    g_auto(GStrv) lines = NULL;
    GString *found = g_string_new(NULL);

    for (size_t i = 0; i < length; i++) {
        if (copy[i] == '\0') {
            copy[i] = '?';
        }
    }
    lines = g_strsplit(copy, "\n", -1);
    for (char **line = lines; *line; line++) {
        if (complaint(*line, found)) {
            add_frames(line + 1, found);
            break;
        }
        g_string_truncate(found, 0);
    }
    g_strlcpy(name, found->str, size);
    while (*name && name[strlen(name) - 1] == '-') {
        name[strlen(name) - 1] = '\0';
    }
    g_string_free(found, TRUE);
    return *name != '\0';
}
