/* SPDX-License-Identifier: MIT */
/* See leak.h. */
#define _GNU_SOURCE
#include "reports/sweep/leak.h"

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { MOST_FRAMES = 4 };

/* Of the sanitizer's runtime; NULL without it. */
int __lsan_do_recoverable_leak_check(void) __attribute__((weak));

struct TwLeaks {
    GHashTable *seen; /* stack of an allocation: bytes lost */
};

TwLeaks *tw_leaks_new(void)
{
    TwLeaks *leaks = g_new(TwLeaks, 1);

    leaks->seen =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    return leaks;
}

void tw_leaks_free(TwLeaks *leaks)
{
    if (leaks) {
        g_hash_table_unref(leaks->seen);
        g_free(leaks);
    }
}

/* "    #2 0x55d0 in observe ../run.c:12:3": the function, to be freed; NULL: it
 * is none, or one that allocates for others. */
static char *function_of(const char *line)
{
    const char *at = strstr(line, " in ");
    char *name;

    line += strspn(line, " ");
    if (*line != '#' || !at) {
        return NULL;
    }
    at += strlen(" in ");
    name = g_strndup(at, strcspn(at, " "));
    if (strstr(name, "alloc") || strstr(name, "strdup") ||
        strstr(name, "memdup")) {
        g_free(name);
        return NULL;
    }
    return name;
}

/* The innermost functions of the stack in `lines`, a line for each. */
static char *frames_of(char *const *lines)
{
    GString *frames = g_string_new(NULL);

    for (unsigned n = 0; *lines && **lines && n < MOST_FRAMES; lines++) {
        g_autofree char *function = function_of(*lines);

        if (function) {
            g_string_append_printf(frames, "  %s\n", function);
            n++;
        }
    }
    return g_string_free(frames, FALSE);
}

/* Is more lost with this stack than before?  Takes note of it; takes `stack`.
 */
static bool is_more(TwLeaks *leaks, char *stack, guint64 bytes)
{
    const guint64 *before = g_hash_table_lookup(leaks->seen, stack);
    bool more = !before || *before < bytes;

    g_hash_table_replace(leaks->seen, stack, g_memdup2(&bytes, sizeof(bytes)));
    return more;
}

/* Of a leak: direct or not, and the lines up to the next empty one. */
static char *stack_of(char *const *lines)
{
    GString *stack = g_string_new(NULL);

    g_string_append_c(stack, **lines); /* direct or not */
    for (lines++; *lines && **lines; lines++) {
        g_string_append(stack, *lines);
    }
    return g_string_free(stack, FALSE);
}

/* The first leak of a report of LeakSanitizer that is new, as lines. */
static bool read_report(TwLeaks *leaks, const char *report, char *text,
                        size_t size)
{
    g_auto(GStrv) lines = g_strsplit(report, "\n", -1);
    bool found = false;

    for (char **line = lines; *line; line++) {
        guint64 bytes, blocks;

        if (sscanf(*line,
                   "%*[a-zA-Z] leak of %" G_GUINT64_FORMAT
                   " byte(s) in %" G_GUINT64_FORMAT " object",
                   &bytes, &blocks) != 2 ||
            !is_more(leaks, stack_of(line), bytes) || found) {
            continue;
        }
        g_autofree char *frames = frames_of(line + 1);

        g_snprintf(text, size,
                   "lost memory (LeakSanitizer): %" G_GUINT64_FORMAT
                   " bytes in %" G_GUINT64_FORMAT " block%s, allocated in\n%s",
                   bytes, blocks, blocks == 1 ? "" : "s", frames);
        found = true;
    }
    return found;
}

/* What the check writes to standard error; NULL: nothing is lost, or there is
 * no file for it. */
static char *report_of_check(void)
{
    int fd = memfd_create("leaks", MFD_CLOEXEC), old = dup(STDERR_FILENO);
    char *report = NULL;

    if (fd >= 0 && old >= 0 && dup2(fd, STDERR_FILENO) >= 0) {
        int lost = __lsan_do_recoverable_leak_check();
        off_t length = lseek(fd, 0, SEEK_END);

        dup2(old, STDERR_FILENO);
        if (lost && length > 0) {
            report = g_malloc0((gsize)length + 1);
            if (pread(fd, report, (size_t)length, 0) != length) {
                g_clear_pointer(&report, g_free);
            }
        }
    }
    if (fd >= 0) {
        close(fd);
    }
    if (old >= 0) {
        close(old);
    }
    return report;
}

bool tw_leaks_look(TwLeaks *leaks, char *text, size_t size)
{
    g_autofree char *report = NULL;

    if (!__lsan_do_recoverable_leak_check) {
        return false;
    }
    report = report_of_check();
    return report && read_report(leaks, report, text, size);
}
