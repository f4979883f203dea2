/* SPDX-License-Identifier: MIT */
/* Texts of a finding to paste elsewhere: the command, and the issue text. */
#include <string.h>

#include "program/text/text.h"
#include "reports/page/internal.h"

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

char *tw_page_command(const TwPageFinding *f)
{
    g_autofree char *file = tw_page_case_name(f);
    g_autofree char *quoted = NULL;
    const char *harness = harness_of(f);

    if (harness) {
        quoted = g_shell_quote(harness);
        return g_strdup_printf("twinwalk replay --harness %s cases/%s", quoted,
                               file);
    }
    return f->words_now ? g_strdup_printf("twinwalk replay %s cases/%s",
                                          f->words_now, file)
                        : NULL;
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
    g_autofree char *command = tw_page_command(f);
    g_autofree char *name = tw_page_case_name(f);
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
        g_autofree char *head = g_strdup_printf("`cases/%s`", name);

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
    plain(out, f->target);
    if (*f->last_version) {
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
