/* SPDX-License-Identifier: MIT */
/* Texts of a finding to paste elsewhere: the command, and the issue text. */
#include <string.h>

#include "program/text/text.h"
#include "reports/page/internal.h"

/* What no shell reads as anything else. */
#define PLAIN_LETTERS \
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_=.,:/+%@"

/* The line of a finding's text that begins so, without that, or NULL; for the
 * caller to free. */
static char *line_after(const char *text, const char *begin)
{
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

    for (char **line = lines; *line; line++) {
        if (g_str_has_prefix(*line, begin)) {
            return g_strdup(*line + strlen(begin));
        }
    }
    return NULL;
}

/* The harness whose input it is, or NULL: it is text. */
static const char *harness_of(const TwPageFinding *f)
{
    return g_str_has_prefix(f->form, "bytes:") ? f->form + strlen("bytes:")
                                               : NULL;
}

char *tw_page_case_name(const TwPageFinding *f)
{
    GString *name = g_string_new(NULL);

    g_string_printf(name, "%" G_GINT64_FORMAT "-", f->id);
    for (const char *c = f->cause; *c && name->len < 80; c++) {
        g_string_append_c(name, g_ascii_isalnum(*c) || *c == '-' ? *c : '-');
    }
    g_string_append(name, harness_of(f) ? ".bin" : ".tw");
    return g_string_free(name, FALSE);
}

/* Beside the page. */
static char *path_of(const TwPageFinding *f)
{
    g_autofree char *name = tw_page_case_name(f);

    return g_strconcat("cases/", name, NULL);
}

/* The command that runs the case in `file`; `words` choose the target. */
static char *command_of(const TwPageFinding *f, const char *words,
                        const char *file)
{
    const char *harness = harness_of(f);

    if (harness) {
        g_autofree char *quoted = g_shell_quote(harness);

        return g_strdup_printf("twinwalk replay --harness %s %s", quoted, file);
    }
    return words ? g_strdup_printf("twinwalk replay %s %s", words, file) : NULL;
}

char *tw_page_command(const TwPageFinding *f)
{
    g_autofree char *path = path_of(f);

    return command_of(f, f->words_now, path);
}

/* The same words for a reader with another machine: of a file that is not below
 * the current folder only the name. */
static char *words_of_reader(const char *words)
{
    GString *out = g_string_new(NULL);
    char **argv = NULL;

    if (!words || !g_shell_parse_argv(words, NULL, &argv, NULL)) {
        g_string_free(out, TRUE);
        return NULL;
    }
    for (char **word = argv; *word; word++) {
        g_autofree char *name =
            g_path_is_absolute(*word) ? g_path_get_basename(*word) : NULL;
        const char *shown = name ? name : *word;
        bool safe = *shown && strspn(shown, PLAIN_LETTERS) == strlen(shown);
        g_autofree char *quoted = safe ? g_strdup(shown) : g_shell_quote(shown);

        g_string_append_printf(out, "%s%s", out->len ? " " : "", quoted);
    }
    g_strfreev(argv);
    return g_string_free(out, FALSE);
}

/* As a block of code: whatever it holds, it stays in there. */
static void block(GString *out, const char *text)
{
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    unsigned last = g_strv_length(lines);

    while (last > 0 && lines[last - 1][0] == '\0') {
        last--;
    }
    for (unsigned i = 0; i < last; i++) {
        g_strdelimit(lines[i], "\r\f\v", ' ');
        g_string_append_printf(out, "    %s\n", lines[i]);
    }
    g_string_append_c(out, '\n');
}

static void part(GString *out, const char *head, const char *text)
{
    if (text && *text) {
        g_string_append_printf(out, "%s:\n\n", head);
        block(out, text);
    }
}

/* One line of plain words; what Markdown or HTML would read more into is
 * escaped. */
static void plain(GString *out, const char *text)
{
    for (const char *c = text; *c; c++) {
        if (g_ascii_iscntrl(*c)) {
            g_string_append_c(out, ' ');
        } else {
            /* "_" inside a word means nothing: uc_mem_map stays as it is. */
            bool inside = *c == '_' && c > text && g_ascii_isalnum(c[-1]) &&
                          g_ascii_isalnum(c[1]);

            if (!inside && strchr("\\`*_[]<>#|&@!", *c)) {
                g_string_append_c(out, '\\');
            }
            g_string_append_c(out, *c);
        }
    }
}

/* How its finders see it: the command and the case. */
static void how_found(const TwPage *page, const TwPageFinding *f, GString *out)
{
    g_autofree char *words = words_of_reader(f->words_now);
    g_autofree char *path = f->file ? g_strdup(f->file) : path_of(f);
    g_autofree char *command = command_of(f, words, path);
    gsize size;
    const char *data = g_bytes_get_data(f->data, &size);

    g_string_append_printf(out, "Found with twinwalk %s", page->version);
    if (*f->rule) {
        g_string_append(out, ", which calls the rule ");
        plain(out, f->rule);
    }
    g_string_append(out, ".\n\n");
    part(out, "Command", command);
    if (!harness_of(f) && size > 0) {
        g_autofree char *text = g_strndup(data, size);
        g_autofree char *head = g_strdup_printf("`%s`", path);

        part(out, head, text);
    }
}

void tw_page_issue(const TwPage *page, const TwPageFinding *f, GString *out)
{
    g_autofree char *expected = line_after(f->text, "expected: ");
    g_autofree char *seen = line_after(f->text, "seen: ");
    g_autofree char *but = line_after(f->text, "but ");

    if (f->news == TW_PAGE_FLAKY) {
        return;
    }
    g_string_append(out, "# ");
    if (!f->headline) {
        plain(out, f->target);
        g_string_append(out, ": ");
    }
    plain(out, f->headline ? f->headline : f->title);
    g_string_append(out, "\n\nSeen with ");
    plain(out, f->seen_with ? f->seen_with : f->target);
    if (*f->last_version && !f->seen_with) {
        g_string_append_c(out, ' ');
        plain(out, f->last_version);
    }
    g_string_append(out, ".\n\n");
    if (f->known) {
        g_string_append(out, "Known: ");
        plain(out, f->known);
        g_string_append(out, "\n\n");
    }
    if (!f->minimal && !harness_of(f)) {
        g_string_append(out, "The case is not shrunk.\n\n");
    }
    if (f->emitted) {
        part(out, "This shows it; the comment says how to run it", f->emitted);
    } else if (expected || seen) {
        part(out, "Expected", expected);
        part(out, "Seen", seen);
        part(out, "But", but);
    } else {
        part(out, "Seen", f->text);
    }
    how_found(page, f, out);
    if (!f->emitted) {
        part(out, "Why", f->explanation ? f->explanation : f->text);
    }
}
