/* SPDX-License-Identifier: MIT */
/* See coverage.h. */
#include "fuzz/run/coverage.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

static const char first_line[] = "twinwalk coverage 1";

G_DEFINE_QUARK(tw_coverage_error_quark, tw_coverage_error)

TwCoverage *tw_coverage_new(void)
{
    return g_new0(TwCoverage, 1);
}

void tw_coverage_add(TwCoverage *to, const TwCoverage *from)
{
    to->programs += from->programs;
    for (uint32_t i = 0; i < TW_SITUATIONS; i++) {
        to->seen[i] += from->seen[i];
    }
}

void tw_coverage_count(TwCoverage *coverage, const TwMet *met)
{
    coverage->programs++;
    for (uint32_t i = 0; i < met->n; i++) {
        coverage->seen[met->list[i]]++;
    }
}

/* Reading ----------------------------------------------------------------- */

typedef struct Reader {
    const char *path;
    unsigned line;
    GError **error;
} Reader;

static bool expected(const Reader *r, const char *what)
{
    g_set_error(r->error, TW_COVERAGE_ERROR, TW_COVERAGE_ERROR_FORMAT,
                "%s:%u: expected %s", r->path, r->line, what);
    return false;
}

static bool parse_number(const char *text, uint64_t *number)
{
    return g_ascii_string_to_unsigned(text, 10, 0, UINT64_MAX, number, NULL);
}

/* "TIMES ACCESS LEAF DEPTH CHANGE ENDING" */
static bool parse_situation(const Reader *r, char **words, TwCoverage *into)
{
    TwSituation situation;
    uint64_t times;
    uint32_t number;

    if (g_strv_length(words) != 1 + TW_MET_DIMENSIONS ||
        !parse_number(words[0], &times) || times == 0) {
        return expected(r, "a count and five words");
    }
    for (unsigned d = 0; d < TW_MET_DIMENSIONS; d++) {
        unsigned value = 0;

        while (value < tw_situation_values(d) &&
               strcmp(words[1 + d], tw_situation_name(d, value)) != 0) {
            value++;
        }
        if (value == tw_situation_values(d)) {
            g_autofree char *what = g_strdup_printf(
                "a name of dimension \"%s\"", tw_situation_dimension(d));
            return expected(r, what);
        }
        situation.is[d] = (uint8_t)value;
    }
    number = tw_situation_number(&situation);
    if (into->seen[number] > 0) {
        return expected(r, "each situation once");
    }
    into->seen[number] = times;
    return true;
}

static bool parse(Reader *r, char **lines, TwCoverage *into)
{
    g_auto(GStrv) head = NULL;

    r->line = 1;
    if (!lines[0] || strcmp(lines[0], first_line) != 0) {
        return expected(r, "\"twinwalk coverage 1\": this is no such file");
    }
    r->line = 2;
    head = g_strsplit(lines[1] ? lines[1] : "", " ", 0);
    if (g_strv_length(head) != 2 || strcmp(head[0], "programs") != 0 ||
        !parse_number(head[1], &into->programs)) {
        return expected(r, "\"programs\" and a number");
    }
    for (r->line = 3; lines[r->line - 1]; r->line++) {
        const char *line = lines[r->line - 1];
        g_auto(GStrv) words = g_strsplit(line, " ", 0);

        if (strcmp(line, "end") == 0) {
            return (lines[r->line] && !*lines[r->line] &&
                    !lines[r->line + 1]) ||
                   (r->line++, expected(r, "nothing behind \"end\""));
        }
        if (!*line && !lines[r->line]) {
            break;
        }
        if (!parse_situation(r, words, into)) {
            return false;
        }
    }
    return expected(r, "\"end\": the file is cut off");
}

static bool load(TwCoverage *coverage, const char *path, bool may_miss,
                 GError **error)
{
    Reader reader = {.path = path, .error = error};
    g_autofree TwCoverage *got = tw_coverage_new();
    g_autofree char *text = NULL;
    g_auto(GStrv) lines = NULL;
    g_autoptr(GError) cause = NULL;

    if (!g_file_get_contents(path, &text, NULL, &cause)) {
        if (may_miss &&
            g_error_matches(cause, G_FILE_ERROR, G_FILE_ERROR_NOENT)) {
            return true;
        }
        g_set_error(error, TW_COVERAGE_ERROR, TW_COVERAGE_ERROR_FILE,
                    "expected a file of coverage: %s", cause->message);
        return false;
    }
    lines = g_strsplit(text, "\n", 0);
    if (!parse(&reader, lines, got)) {
        return false;
    }
    tw_coverage_add(coverage, got);
    return true;
}

bool tw_coverage_load(TwCoverage *coverage, const char *path, GError **error)
{
    return load(coverage, path, false, error);
}

/* Writing ----------------------------------------------------------------- */

static void print(const TwCoverage *coverage, GString *out)
{
    g_string_append_printf(out, "%s\nprograms %" G_GUINT64_FORMAT "\n",
                           first_line, coverage->programs);
    for (uint32_t i = 0; i < TW_SITUATIONS; i++) {
        TwSituation situation = tw_situation_of(i);

        if (coverage->seen[i] == 0) {
            continue;
        }
        g_string_append_printf(out, "%" G_GUINT64_FORMAT, coverage->seen[i]);
        for (unsigned d = 0; d < TW_MET_DIMENSIONS; d++) {
            g_string_append_printf(out, " %s",
                                   tw_situation_name(d, situation.is[d]));
        }
        g_string_append_c(out, '\n');
    }
    g_string_append(out, "end\n");
}

bool tw_coverage_save(const TwCoverage *coverage, const char *path,
                      GError **error)
{
    g_autofree TwCoverage *all = tw_coverage_new();
    g_autofree char *folder = g_path_get_dirname(path);
    g_autoptr(GString) text = g_string_new(NULL);
    g_autoptr(GError) cause = NULL;
    bool ok;
    int lock;

    /* It is replaced: a device or a pipe would be gone. */
    if (g_file_test(path, G_FILE_TEST_EXISTS) &&
        !g_file_test(path, G_FILE_TEST_IS_REGULAR)) {
        g_set_error(error, TW_COVERAGE_ERROR, TW_COVERAGE_ERROR_FILE,
                    "%s: expected a file of coverage, no device or folder",
                    path);
        return false;
    }
    /* Lock the folder, not the file: the file is replaced, and a lock on the
     * old one would stop no other process. */
    lock = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (lock < 0 || flock(lock, LOCK_EX) < 0) {
        g_set_error(error, TW_COVERAGE_ERROR, TW_COVERAGE_ERROR_FILE,
                    "%s: expected a folder to write into: %s", path,
                    g_strerror(errno));
        if (lock >= 0) {
            close(lock);
        }
        return false;
    }
    ok = load(all, path, true, error);
    if (ok) {
        tw_coverage_add(all, coverage);
        print(all, text);
        ok = g_file_set_contents(path, text->str, (gssize)text->len, &cause);
        if (!ok) { /* G_FILE_ERROR: whoever reads it tells a full disk */
            g_propagate_prefixed_error(error, g_steal_pointer(&cause),
                                       "expected to write coverage: ");
        }
    }
    close(lock);
    return ok;
}

/* Sums -------------------------------------------------------------------- */

TwCoverageSums tw_coverage_sums(const TwCoverage *coverage, uint64_t min,
                                unsigned a, unsigned value_a, unsigned b,
                                unsigned value_b)
{
    bool any_a = value_a >= tw_situation_values(a);
    bool any_b = value_b >= tw_situation_values(b);
    TwCoverageSums sums = {0};

    for (uint32_t i = 0; i < TW_SITUATIONS; i++) {
        TwSituation situation = tw_situation_of(i);

        if ((!any_a && situation.is[a] != value_a) ||
            (!any_b && situation.is[b] != value_b) ||
            !tw_situation_possible(&situation)) {
            continue;
        }
        sums.possible++;
        sums.seen += coverage->seen[i] >= min;
        sums.times += coverage->seen[i];
    }
    return sums;
}
