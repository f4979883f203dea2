/* SPDX-License-Identifier: MIT */
/* twinwalk report: writes the page of a store, with its cases, into a folder.
 */
#include "cli/view/report.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/verbs.h"

typedef struct Report {
    char *store, *out, *title, *since, *coverage, *against, *lines, *steps;
    char *export, *about;
    gboolean exec, drop;
    GPtrArray *damaged; /* TwDamaged */
    TwPage *page;
} Report;

/* Reading ------------------------------------------------------------------ */

static char *read_text(const char *path, GError **error)
{
    g_autoptr(GByteArray) bytes = g_byte_array_new();

    if (!tw_file_read(path, bytes, error)) {
        return NULL;
    }
    g_byte_array_append(bytes, (const guint8 *)"", 1);
    return g_strdup((const char *)bytes->data);
}

/* The relative path from the page's folder to another path. */
static char *way_to(const char *out, const char *path)
{
    g_autofree char *from = g_canonicalize_filename(out, NULL);
    g_autofree char *to = g_canonicalize_filename(path, NULL);
    g_auto(GStrv) a = g_strsplit(from, "/", -1), b = g_strsplit(to, "/", -1);
    GString *way = g_string_new(NULL);
    unsigned i = 0;

    while (a[i] && b[i] && strcmp(a[i], b[i]) == 0) {
        i++;
    }
    for (unsigned k = i; a[k]; k++) {
        g_string_append(way, "../");
    }
    for (unsigned k = i; b[k]; k++) {
        g_string_append_printf(way, "%s%s", k > i ? "/" : "", b[k]);
    }
    return g_string_free(way, FALSE);
}

static void link_to(Report *r, const char *text, const char *folder)
{
    g_autofree char *index =
        g_build_filename(folder, "html", "index.html", NULL);

    if (g_file_test(index, G_FILE_TEST_IS_REGULAR)) {
        g_autofree char *way = way_to(r->out, index);

        tw_page_add_link(r->page, text, way);
    }
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Links to the pages of ci/coverage for each harness, or each target. */
static void link_to_each(Report *r, const char *kind)
{
    g_autofree char *each = g_build_filename(r->lines, kind, NULL);
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
    GDir *dir = g_dir_open(each, 0, NULL);

    for (const char *name; dir && (name = g_dir_read_name(dir)) != NULL;) {
        g_ptr_array_add(names, g_strdup(name));
    }
    g_clear_pointer(&dir, g_dir_close);
    g_ptr_array_sort(names, by_text);
    for (unsigned i = 0; i < names->len; i++) {
        const char *name = g_ptr_array_index(names, i);
        g_autofree char *folder = g_build_filename(each, name, NULL);

        link_to(r, name, folder);
    }
}

/* The output of ci/coverage. */
static bool read_lines(Report *r, GError **error)
{
    g_autofree char *summary = g_build_filename(r->lines, "summary.json", NULL);
    g_autofree char *json = read_text(summary, error);

    if (!json || !tw_page_add_lines(r->page, json, summary, error)) {
        return false;
    }
    link_to(r, "all", r->lines);
    link_to_each(r, "harness");
    link_to_each(r, "target");
    return true;
}

static bool read_coverage(TwCoverage **coverage, const char *path,
                          GError **error)
{
    *coverage = tw_coverage_new();
    return tw_coverage_load(*coverage, path, error);
}

static void warn(const char *message, void *data)
{
    (void)data;
    tw_cli_fail(0, "%s", message);
}

static bool read_store(Report *r, int64_t since, GError **error)
{
    g_autoptr(TwStore) store = tw_store_open(r->store, false, error);

    return store && tw_damaged_find(r->damaged, store, warn, NULL, error) &&
           (!r->export || tw_damaged_export(r->damaged, r->export, error)) &&
           (!r->drop || tw_damaged_drop(r->damaged, store, error)) &&
           tw_page_load(r->page, store, since, error);
}

/* Links each step to its log, if there is one. */
static void link_logs(Report *r)
{
    g_autofree char *folder = g_path_get_dirname(r->steps);

    for (unsigned i = 0; i < r->page->steps->len; i++) {
        TwPageStep *step = g_ptr_array_index(r->page->steps, i);
        g_autofree char *name = g_strconcat(step->name, ".log", NULL);
        g_autofree char *path = g_build_filename(folder, "logs", name, NULL);

        if (!strchr(name, '/') && g_file_test(path, G_FILE_TEST_IS_REGULAR)) {
            step->log = way_to(r->out, path);
        }
    }
}

static bool read_all(Report *r, int64_t since, GError **error)
{
    g_autofree char *steps = NULL;

    if (!read_store(r, since, error) ||
        (r->coverage &&
         !read_coverage(&r->page->coverage, r->coverage, error)) ||
        (r->against && !read_coverage(&r->page->older, r->against, error)) ||
        (r->lines && !read_lines(r, error))) {
        return false;
    }
    if (r->steps) {
        steps = read_text(r->steps, error);
        if (!steps || !tw_page_add_steps(r->page, steps, r->steps, error)) {
            return false;
        }
        link_logs(r);
    }
    for (unsigned i = 0; i < r->page->findings->len; i++) {
        if (!tw_report_tell(g_ptr_array_index(r->page->findings, i), r->exec,
                            r->damaged, error)) {
            return false;
        }
    }
    return true;
}

/* Writing ------------------------------------------------------------------ */

static bool failed(GError **error, const char *path, const char *what)
{
    g_set_error(error, TW_TARGET_ERROR, TW_TARGET_ERROR_ENVIRONMENT,
                "%s: expected to %s: %s", path, what, g_strerror(errno));
    return false;
}

/* The folder must not exist, be empty, or contain an older page. */
static bool may_write(const char *out)
{
    g_autofree char *json = g_build_filename(out, "report.json", NULL);
    g_autofree char *cases = g_build_filename(out, "cases", NULL);
    GDir *dir;
    bool empty;

    if (!g_file_test(out, G_FILE_TEST_EXISTS)) {
        return true;
    }
    dir = g_dir_open(out, 0, NULL);
    empty = dir && g_dir_read_name(dir) == NULL;
    g_clear_pointer(&dir, g_dir_close);
    return empty || g_file_test(json, G_FILE_TEST_IS_REGULAR) ||
           g_file_test(cases, G_FILE_TEST_IS_DIR);
}

static bool write_cases(const Report *r, const char *folder,
                        GHashTable *written, GError **error)
{
    for (unsigned i = 0; i < r->page->findings->len; i++) {
        const TwPageFinding *f = g_ptr_array_index(r->page->findings, i);
        char *name = tw_page_case_name(f);
        g_autofree char *path = g_build_filename(folder, name, NULL);
        gsize size;
        const char *data = g_bytes_get_data(f->data, &size);

        g_hash_table_add(written, name);
        if (size > 0 && !tw_cli_write(path, data, size, error)) {
            return false;
        }
        if (f->drawing) {
            g_autofree char *svg = g_strconcat(path, ".svg", NULL);

            g_hash_table_add(written, g_strconcat(name, ".svg", NULL));
            if (!tw_cli_write(svg, f->drawing, strlen(f->drawing), error)) {
                return false;
            }
        }
    }
    return true;
}

/* Removes the cases of an older page; keeps all other files. */
static void remove_others(const char *folder, GHashTable *written)
{
    GDir *dir = g_dir_open(folder, 0, NULL);

    for (const char *name; dir && (name = g_dir_read_name(dir)) != NULL;) {
        g_autofree char *path = g_build_filename(folder, name, NULL);

        if (g_ascii_isdigit(*name) && !g_hash_table_contains(written, name) &&
            (g_str_has_suffix(name, ".tw") || g_str_has_suffix(name, ".bin") ||
             g_str_has_suffix(name, ".svg"))) {
            g_unlink(path);
        }
    }
    g_clear_pointer(&dir, g_dir_close);
}

static bool write_all(const Report *r, GError **error)
{
    g_autofree char *cases = g_build_filename(r->out, "cases", NULL);
    g_autofree char *html_path = g_build_filename(r->out, "index.html", NULL);
    g_autofree char *json_path = g_build_filename(r->out, "report.json", NULL);
    g_autoptr(GHashTable) written =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_autofree char *json = tw_page_json(r->page);
    g_autoptr(GString) html = g_string_new(NULL);

    tw_page_html(r->page, html);
    /* Only for the owner of the store: it may contain undisclosed findings. */
    if (g_mkdir_with_parents(cases, 0700) != 0) {
        return failed(error, cases, "make a folder");
    }
    if (chmod(r->out, 0700) != 0) {
        return failed(error, r->out, "change the mode");
    }
    if (!write_cases(r, cases, written, error) ||
        !tw_cli_write(json_path, json, strlen(json), error) ||
        !tw_cli_write(html_path, html->str, html->len, error)) {
        return false;
    }
    remove_others(cases, written);
    return true;
}

/* The verb ----------------------------------------------------------------- */

static int report(Report *r, uint64_t since)
{
    unsigned news[TW_PAGE_NEWS] = {0};
    g_autofree char *name = NULL;
    GError *error = NULL;

    if (!read_all(r, (int64_t)since, &error) || !write_all(r, &error)) {
        return tw_cli_fail_error(error);
    }
    for (unsigned i = 0; i < r->page->findings->len; i++) {
        const TwPageFinding *f = g_ptr_array_index(r->page->findings, i);

        news[f->news]++;
    }
    name = tw_cli_clean(r->out);
    printf("%u new, %u returned, %u fixed, %u known, %u flaky: "
           "%s/index.html\n",
           news[TW_PAGE_NEW], news[TW_PAGE_RETURNED], news[TW_PAGE_FIXED],
           news[TW_PAGE_KNOWN], news[TW_PAGE_FLAKY], name);
    if (!r->drop) {
        tw_damaged_print(r->damaged);
    }
    return TW_EXIT_CLEAN;
}

#define DEFAULT_OUT "out/report"

static bool parse_options(int *argc, char ***argv, Report *r)
{
    GOptionEntry entries[] = {
        {"store", 0, 0, G_OPTION_ARG_FILENAME, &r->store,
         "The store of findings (default " TW_CLI_STORE ")", "FILE"},
        {"out", 'o', 0, G_OPTION_ARG_FILENAME, &r->out,
         "Folder for the page (default " DEFAULT_OUT ")", "DIR"},
        {"since", 0, 0, G_OPTION_ARG_STRING, &r->since,
         "Findings after the start of run RUN count as new (default: the last "
         "nightly run, else the last run)",
         "RUN"},
        {"coverage", 0, 0, G_OPTION_ARG_FILENAME, &r->coverage,
         "Shows the situations of this file (see cover)", "FILE"},
        {"against", 0, 0, G_OPTION_ARG_FILENAME, &r->against,
         "With --coverage: counts the situations lost and gained since this "
         "older file",
         "FILE"},
        {"lines", 0, 0, G_OPTION_ARG_FILENAME, &r->lines,
         "Shows the coverage in this folder of ci/coverage", "DIR"},
        {"steps", 0, 0, G_OPTION_ARG_FILENAME, &r->steps,
         "Shows a log of steps: name, outcome, seconds, a remark and a "
         "command, "
         "separated by tabs; links to logs/NAME.log beside the file",
         "FILE"},
        {"title", 0, 0, G_OPTION_ARG_STRING, &r->title,
         "Title of the page (default twinwalk)", "TEXT"},
        {"about", 0, 0, G_OPTION_ARG_STRING, &r->about,
         "A line about what was built, for the head of the page", "TEXT"},
        {"exec", 0, 0, G_OPTION_ARG_NONE, &r->exec,
         "Starts the commands of exec targets, too, to explain their findings",
         NULL},
        TW_DAMAGED_ENTRIES(r->export, r->drop),
        G_OPTION_ENTRY_NULL,
    };

    return tw_cli_options(
        argc, argv, "",
        "Writes a folder with one self-contained page, index.html, about a "
        "store: new,\nreturned and fixed findings, each with case, "
        "explanation, drawing, command and a\ntext for an issue; trends; "
        "coverage. report.json has the same content; the cases\nare in cases/.",
        entries, NULL);
}

static bool check_options(Report *r, uint64_t *since, int argc, char **argv)
{
    if (argc > 1) {
        tw_cli_fail(TW_EXIT_USAGE, "report: expected options only, not \"%s\"",
                    argv[1]);
        return false;
    }
    if (r->since && !tw_cli_number("--since", r->since, since)) {
        return false;
    }
    if (r->since && *since == 0) {
        tw_cli_fail(TW_EXIT_USAGE,
                    "--since: expected the number of a run, not 0");
        return false;
    }
    if (r->against && !r->coverage) {
        tw_cli_fail(TW_EXIT_USAGE, "--against: expected --coverage too");
        return false;
    }
    r->store = r->store ? r->store : g_strdup(TW_CLI_STORE);
    r->out = r->out ? r->out : g_strdup(DEFAULT_OUT);
    if (!may_write(r->out)) {
        tw_cli_fail(TW_EXIT_USAGE,
                    "%s: expected a new folder, or one with a page of twinwalk",
                    r->out);
        return false;
    }
    return true;
}

int tw_verb_report(int argc, char **argv)
{
    Report r = {.damaged = tw_damaged_new()};
    int code = TW_EXIT_USAGE;
    uint64_t since = 0;

    if (parse_options(&argc, &argv, &r) &&
        check_options(&r, &since, argc, argv)) {
        r.page = tw_page_new();
        r.page->title = r.title ? r.title : "twinwalk";
        r.page->version = TW_VERSION;
        r.page->about = r.about;
        r.page->now = g_get_real_time() / G_USEC_PER_SEC;
        code = report(&r, since);
        tw_page_free(r.page);
    }
    g_ptr_array_unref(r.damaged);
    g_free(r.export);
    g_free(r.store);
    g_free(r.out);
    g_free(r.since);
    g_free(r.coverage);
    g_free(r.against);
    g_free(r.lines);
    g_free(r.steps);
    g_free(r.title);
    g_free(r.about);
    return code;
}
