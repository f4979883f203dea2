/* SPDX-License-Identifier: MIT */
/* The page: which findings are news, what is refused, and that text from
 * outside stays text. */
#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>

#include "reports/page/internal.h"

/* Would be a tag, the end of an attribute, of a script, of a block of code. */
#define EVIL "\"'><x-evil onload=alert(1)></script></pre>&lt;\n`$(x)`\n# x"

typedef struct Fixture {
    char *folder, *path;
    TwStore *store;
    TwPage *page;
} Fixture;

static void set_up(Fixture *f, gconstpointer data)
{
    GError *error = NULL;

    (void)data;
    f->folder = g_dir_make_tmp("tw-page-XXXXXX", NULL);
    f->path = g_build_filename(f->folder, "findings.db", NULL);
    f->store = tw_store_open(f->path, true, &error);
    g_assert_no_error(error);
    f->page = tw_page_new();
    f->page->title = "page";
    f->page->version = "1";
}

static void tear_down(Fixture *f, gconstpointer data)
{
    (void)data;
    tw_page_free(f->page);
    tw_store_free(f->store);
    g_unlink(f->path);
    g_assert_cmpint(g_rmdir(f->folder), ==, 0);
    g_free(f->folder);
    g_free(f->path);
}

static int64_t begin(Fixture *f, const char *verb, const char *target,
                     int64_t now)
{
    TwStoreRun run = {
        .verb = verb, .target = target, .version = "1", .options = ""};
    GError *error = NULL;
    int64_t id;

    tw_store_set_now(f->store, now);
    id = tw_store_run_begin(f->store, &run, &error);
    g_assert_no_error(error);
    return id;
}

static int64_t see(Fixture *f, int64_t run, const char *name,
                   const char *hostile)
{
    TwStoreSight sight = {.run = run,
                          .target = hostile ? hostile : "softmmu",
                          .version = hostile ? hostile : "1",
                          .key = name,
                          .sign = name,
                          .verdict = "stale",
                          .rule = hostile ? hostile : "FR-1",
                          .text = hostile ? hostile
                                          : "op 0: x\nexpected: a\nseen: b",
                          .form = "text",
                          .data = hostile ? hostile : "twinwalk 1\n",
                          .size = hostile ? strlen(hostile) : 11,
                          .origin = hostile ? hostile : "x.tw",
                          .words = "--target softmmu"};
    TwStoreSeen seen;
    GError *error = NULL;

    tw_store_see(f->store, &sight, 3, &seen, &error);
    g_assert_no_error(error);
    return seen.key;
}

static void retest(Fixture *f, int64_t run, int64_t key, unsigned again)
{
    GError *error = NULL;

    tw_store_retested(f->store, run, key, "2", again, 3, NULL, &error);
    g_assert_no_error(error);
}

static TwPageNews news(const Fixture *f, const char *cause)
{
    for (unsigned i = 0; i < f->page->findings->len; i++) {
        const TwPageFinding *one = g_ptr_array_index(f->page->findings, i);

        if (strcmp(one->cause, cause) == 0) {
            return one->news;
        }
    }
    g_assert_not_reached();
}

static const char *issue_of(Fixture *f, const char *cause, GString *issue)
{
    for (unsigned i = 0; i < f->page->findings->len; i++) {
        const TwPageFinding *one = g_ptr_array_index(f->page->findings, i);

        if (strcmp(one->cause, cause) == 0) {
            g_string_truncate(issue, 0);
            tw_page_issue(f->page, one, issue);
            return issue->str;
        }
    }
    g_assert_not_reached();
}

/*
 *              first night   second night
 *   stays      seen          seen            known
 *   goes       seen          not any more    fixed
 *   comes                    seen            new
 *   is back    seen, fixed   seen            returned
 *   was there  seen, fixed                   gone
 *   blinks     seen          1 of 3          flaky
 *   new blink                seen, 1 of 3    flaky
 */
static void test_news(Fixture *f, gconstpointer data)
{
    int64_t night, goes, back, was, blinks;
    g_autoptr(GString) issue = g_string_new(NULL);
    GError *error = NULL;

    (void)data;
    night = begin(f, "nightly", "all", 1000);
    see(f, night, "stays", NULL);
    goes = see(f, night, "goes", NULL);
    back = see(f, night, "is-back", NULL);
    was = see(f, night, "was-there", NULL);
    blinks = see(f, night, "blinks", NULL);
    retest(f, night, back, 0);
    retest(f, night, was, 0);
    night = begin(f, "nightly", "all", 90000);
    begin(f, "triage", "softmmu", 90001);
    see(f, night + 1, "stays", NULL);
    see(f, night + 1, "comes", NULL);
    see(f, night + 1, "is-back", NULL);
    retest(f, night + 1, goes, 0);
    retest(f, night + 1, blinks, 1);
    retest(f, night + 1, see(f, night + 1, "new-blink", NULL), 1);
    g_assert_true(tw_page_load(f->page, f->store, 0, &error));
    g_assert_cmpint(f->page->since_run, ==, night);
    g_assert_cmpint(news(f, "stays"), ==, TW_PAGE_KNOWN);
    g_assert_cmpint(news(f, "goes"), ==, TW_PAGE_FIXED);
    g_assert_cmpint(news(f, "comes"), ==, TW_PAGE_NEW);
    g_assert_cmpint(news(f, "is-back"), ==, TW_PAGE_RETURNED);
    g_assert_cmpint(news(f, "was-there"), ==, TW_PAGE_GONE);
    g_assert_cmpint(news(f, "blinks"), ==, TW_PAGE_FLAKY);
    g_assert_cmpint(news(f, "new-blink"), ==, TW_PAGE_FLAKY);
    g_assert_cmpstr(issue_of(f, "new-blink", issue), ==, "");
    g_assert_cmpstr(issue_of(f, "comes", issue), !=, "");
    /* In this order. */
    for (unsigned i = 1; i < f->page->findings->len; i++) {
        const TwPageFinding *a = g_ptr_array_index(f->page->findings, i - 1);
        const TwPageFinding *b = g_ptr_array_index(f->page->findings, i);

        g_assert_cmpint(a->news, <=, b->news);
    }
}

/* A number that is no run's. */
static void test_no_run(Fixture *f, gconstpointer data)
{
    GError *error = NULL;

    (void)data;
    begin(f, "run", "softmmu", 1000);
    g_assert_false(tw_page_load(f->page, f->store, 7, &error));
    g_assert_error(error, TW_PAGE_ERROR, TW_PAGE_ERROR_RUN);
    g_error_free(error);
}

static void test_series(Fixture *f, gconstpointer data)
{
    GError *error = NULL;
    const TwPageSeries *s;

    (void)data;
    for (int i = 0; i < 3; i++) {
        int64_t night = begin(f, "nightly", "all", 1000 + 86400 * i);
        int64_t run = begin(f, "run", "unicorn", 1100 + 86400 * i);
        int64_t other = begin(f, "run", "unicorn", 1200 + 86400 * i);

        tw_store_measure(f->store, night, "coverage.lines", 90 + i, &error);
        tw_store_measure(f->store, run, "programs_per_second", 1000.0 * i,
                         &error);
        tw_store_measure(f->store, other, "programs_per_second", 500, &error);
        tw_store_measure(f->store, run, "keys", 7, &error);
        tw_store_measure(f->store, other, "keys", i, &error);
        g_assert_no_error(error);
    }
    g_assert_true(tw_page_load(f->page, f->store, 0, &error));
    g_assert_cmpuint(f->page->series->len, ==, 3);
    s = g_ptr_array_index(f->page->series, 0);
    g_assert_cmpstr(s->name, ==, "coverage.lines");
    g_assert_cmpstr(s->target, ==, "");
    g_assert_cmpuint(s->points->len, ==, 3);
    g_assert_cmpfloat(g_array_index(s->points, TwPagePoint, 2).value, ==, 92);
    s = g_ptr_array_index(f->page->series, 1);
    g_assert_cmpstr(s->name, ==, "keys");
    g_assert_cmpfloat(g_array_index(s->points, TwPagePoint, 1).value, ==, 1);
    s = g_ptr_array_index(f->page->series, 2);
    g_assert_cmpstr(s->target, ==, "unicorn");
    g_assert_cmpuint(s->points->len, ==, 3); /* one of each night */
    g_assert_cmpint(g_array_index(s->points, TwPagePoint, 2).at, ==,
                    1000 + 2 * 86400);
    g_assert_cmpfloat(g_array_index(s->points, TwPagePoint, 2).value, ==,
                      (2000 + 500) / 2.0);
}

static void assert_tame(const GString *html)
{
    const char *first = strstr(html->str, "<script");

    g_assert_null(strstr(html->str, "<x-evil"));
    g_assert_nonnull(first);
    g_assert_null(strstr(first + 1, "<script"));
    g_assert_true(g_utf8_validate(html->str, (gssize)html->len, NULL));
}

/* What others wrote stands everywhere where it can, and is text. */
static void test_hostile(Fixture *f, gconstpointer data)
{
    g_autoptr(GString) html = g_string_new(NULL), issue = g_string_new(NULL);
    g_autofree char *json = NULL, *command = NULL, *name = NULL;
    g_auto(GStrv) lines = NULL;
    TwPageFinding *one;
    GError *error = NULL;
    int64_t run;

    (void)data;
    run = begin(f, EVIL, EVIL, 1000);
    see(f, run, "cause-" EVIL, EVIL "\x01\xff\xe2\x80\xae");
    tw_store_measure(f->store, run, EVIL, 1, &error);
    g_assert_no_error(error);
    f->page->title = EVIL;
    tw_page_add_link(f->page, EVIL, "javascript:alert(1)//" EVIL);
    g_assert_true(tw_page_add_steps(
        f->page, "<x-evil>\t<x-evil>\t1\t<x-evil>\n", "steps", &error));
    g_assert_true(tw_page_add_lines(
        f->page,
        "{\"data\":[{\"files\":[{\"filename\":\"/a/<x-evil>/b\",\"summary\":"
        "{\"lines\":{\"count\":\"x\",\"covered\":-1}}}]}]}",
        "lines", &error));
    g_assert_true(tw_page_load(f->page, f->store, 0, &error));
    g_assert_cmpuint(f->page->findings->len, ==, 1);
    one = g_ptr_array_index(f->page->findings, 0);
    one->explanation = g_strdup(EVIL);
    tw_page_html(f->page, html);
    assert_tame(html);
    g_assert_nonnull(strstr(html->str, "href=\"./javascript%3A"));
    g_assert_null(strstr(html->str, "\xe2\x80\xae")); /* right to left */
    json = tw_page_json(f->page);
    g_assert_true(g_utf8_validate(json, -1, NULL));
    /* No command without options that somebody has parsed. */
    command = tw_page_command(one);
    g_assert_null(command);
    name = tw_page_case_name(one);
    g_assert_cmpuint(strspn(name, "0123456789abcdefghijklmnopqrstuvwxyz-."), ==,
                     strlen(name));
    /* In an issue, all lines of it are code, or have no markup. */
    tw_page_issue(f->page, one, issue);
    lines = g_strsplit(issue->str, "\n", -1);
    for (char **line = lines; *line; line++) {
        for (const char *c = *line; !g_str_has_prefix(*line, "    ") && *c;
             c++) {
            g_assert_true(*c != '<' || (c > *line && c[-1] == '\\'));
            g_assert_true(c[0] != '`' || c[1] != '$' || c[-1] == '\\');
        }
        g_assert_false(g_str_has_prefix(*line, "# x"));
    }
}

static void test_issue(Fixture *f, gconstpointer data)
{
    g_autoptr(GString) issue = g_string_new(NULL);
    g_autofree char *command = NULL;
    TwPageFinding *one;
    GError *error = NULL;

    (void)data;
    see(f, begin(f, "run", "softmmu", 1000), "a-cause", NULL);
    g_assert_true(tw_page_load(f->page, f->store, 0, &error));
    one = g_ptr_array_index(f->page->findings, 0);
    one->words_now = g_strdup("--target softmmu");
    tw_page_issue(f->page, one, issue);
    g_assert_nonnull(strstr(issue->str, "Seen with softmmu 1."));
    g_assert_nonnull(
        strstr(issue->str, "Found with twinwalk 1, which calls the rule FR"));
    g_assert_nonnull(
        strstr(issue->str,
               "\n    twinwalk replay --target softmmu cases/1-a-cause.tw\n"));
    g_assert_nonnull(strstr(issue->str, "\n    twinwalk 1\n"));
    g_free(one->words_now);
    one->words_now = g_strdup("--target unicorn --library '/opt/m y/l.so' -x");
    one->file = g_strdup("a-cause.tw");
    one->seen_with = g_strdup("libunicorn 2 against itself");
    g_string_truncate(issue, 0);
    tw_page_issue(f->page, one, issue);
    g_assert_nonnull(strstr(issue->str,
                            "\n    twinwalk replay --target unicorn "
                            "--library l.so -x a-cause.tw\n"));
    g_assert_nonnull(strstr(issue->str, "\n`a-cause.tw`:\n"));
    g_assert_nonnull(
        strstr(issue->str, "\n\nSeen with libunicorn 2 against itself.\n"));
    g_assert_null(strstr(issue->str, "cases/"));
    g_assert_null(strstr(issue->str, "/home"));
    command = tw_page_command(one);
    g_assert_nonnull(strstr(command, "'/opt/m y/l.so' -x cases/1-a-cause.tw"));
    g_assert_nonnull(strstr(issue->str, "Expected:\n\n    a\n"));
    g_assert_nonnull(strstr(issue->str, "Seen:\n\n    b\n"));
    g_assert_nonnull(strstr(issue->str, "\n\nThe case is not shrunk.\n\n"));
    one->minimal = true;
    g_string_truncate(issue, 0);
    tw_page_issue(f->page, one, issue);
    g_assert_null(strstr(issue->str, "not shrunk"));
}

/* Of an entry of a list, the text says so: nobody files it once more. */
static void test_known_issue(Fixture *f, gconstpointer data)
{
    g_autoptr(GString) issue = g_string_new(NULL);
    int64_t run = begin(f, "run", "softmmu", 1000);
    GError *error = NULL;

    (void)data;
    see(f, run, "known-I-read-again", NULL);
    see(f, run, "known-of-another-list", NULL);
    see(f, run, "known-U-load-crosses", NULL);
    see(f, run, "a-cause", NULL);
    g_assert_true(tw_page_load(f->page, f->store, 0, &error));
    g_assert_nonnull(
        strstr(issue_of(f, "known-I-read-again", issue),
               ".\n\nKnown: a load that is refused for want of R fills the TLB "
               "entry; the next one succeeds "
               "(https://github.com/unicorn-engine/unicorn/issues/2369)\n\n"));
    g_assert_nonnull(
        strstr(issue_of(f, "known-of-another-list", issue), "\n\nKnown: "));
    g_assert_null(strstr(issue_of(f, "a-cause", issue), "Known: "));
    g_assert_null(
        strstr(issue_of(f, "known-U-load-crosses", issue), "corpus/"));
    g_assert_nonnull(strstr(issue->str, "\n\nKnown: "));
}

static void test_steps(Fixture *f, gconstpointer data)
{
    GError *error = NULL;

    (void)data;
    g_assert_true(tw_page_add_steps(
        f->page, "build\tok\t1.5\t\nfuzz\tfinding\t60\t2 crashes\nhalf\tok",
        "steps", &error));
    g_assert_cmpuint(f->page->steps->len, ==, 2);
    g_assert_cmpstr(((TwPageStep *)g_ptr_array_index(f->page->steps, 1))->note,
                    ==, "2 crashes");
    g_assert_false(tw_page_add_steps(f->page, "a\tok\t1\t\nb\tok\tx\t\n",
                                     "steps", &error));
    g_assert_error(error, TW_PAGE_ERROR, TW_PAGE_ERROR_FORMAT);
    g_assert_nonnull(strstr(error->message, "steps:2: expected"));
    g_error_free(error);
}

static void test_lines(Fixture *f, gconstpointer data)
{
    static const char *const bad[] = {
        "",
        "[",
        "{}",
        "[]",
        "{\"data\":[]}",
        "{\"data\":[1]}",
        "{\"data\":[{\"files\":3}]}",
        "{\"data\":[{\"files\":[1]}]}",
        "{\"data\":[{\"files\":[{\"filename\":1,\"summary\":{}}]}]}"};
    static const char good[] =
        "{\"data\":[{\"files\":["
        "{\"filename\":\"/x/build/../oracle/a.c\",\"summary\":{"
        "\"lines\":{\"count\":10,\"covered\":9},"
        "\"branches\":{\"count\":4,\"covered\":1}}},"
        "{\"filename\":\"/x/oracle/b.c\",\"summary\":{"
        "\"lines\":{\"count\":10,\"covered\":10}}},"
        "{\"filename\":\"/x/targets/soft/c.c\",\"summary\":{"
        "\"lines\":{\"count\":5,\"covered\":0}}}]}]}";
    GError *error = NULL;
    const TwPageFolder *folder;

    (void)data;
    for (unsigned i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_assert_false(tw_page_add_lines(f->page, bad[i], "lines", &error));
        g_assert_error(error, TW_PAGE_ERROR, TW_PAGE_ERROR_FORMAT);
        g_clear_error(&error);
        g_ptr_array_set_size(f->page->folders, 0);
    }
    g_assert_true(tw_page_add_lines(f->page, good, "lines", &error));
    g_assert_cmpuint(f->page->folders->len, ==, 2);
    folder = g_ptr_array_index(f->page->folders, 0);
    g_assert_cmpstr(folder->name, ==, "oracle");
    g_assert_cmpuint(folder->lines, ==, 20);
    g_assert_cmpuint(folder->lines_hit, ==, 19);
    g_assert_cmpuint(folder->branches_hit, ==, 1);
    folder = g_ptr_array_index(f->page->folders, 1);
    g_assert_cmpstr(folder->name, ==, "targets/soft");
}

/* Figures of all sizes, also of one run only, stay inside their charts. */
static void test_charts(Fixture *f, gconstpointer data)
{
    static const double values[] = {0, 1e12, -5, 0.001, 99.99};
    g_autoptr(GString) html = g_string_new(NULL);
    GError *error = NULL;
    unsigned dots = 0;

    (void)data;
    for (unsigned i = 0; i < G_N_ELEMENTS(values); i++) {
        int64_t run = begin(f, "nightly", "all", 1000 + i);

        tw_store_measure(f->store, run, "zoo.x", values[i], &error);
        g_assert_no_error(error);
    }
    tw_store_measure(f->store, 1, "corpus.x", 0, &error);
    g_assert_true(tw_page_load(f->page, f->store, 0, &error));
    tw_page_charts(f->page, html);
    for (const char *c = html->str; (c = strstr(c, " cx=\"")) != NULL; dots++) {
        int x, y;

        g_assert_cmpint(sscanf(c, " cx=\"%d\" cy=\"%d\"", &x, &y), ==, 2);
        g_assert_cmpint(x, >=, 40);
        g_assert_cmpint(x, <=, 360);
        g_assert_cmpint(y, >=, 0);
        g_assert_cmpint(y, <=, 160);
        c++;
    }
    g_assert_cmpuint(dots, ==, G_N_ELEMENTS(values) + 1);
    g_assert_nonnull(strstr(html->str, "; 1970-01-01 00:16 99.99 %"));
    g_assert_null(strstr(html->str, "<title>"));
    g_assert_null(strstr(html->str, "nan"));
    g_assert_null(strstr(html->str, "inf"));
}

/* Each quantity has its own axis, and so has what would be flat beside others.
 */
static void test_axes(Fixture *f, gconstpointer data)
{
    static const struct {
        const char *name, *target;
        double value;
    } figures[] = {
        {"coverage.lines", "all", 90},
        {"coverage.lines.libx", "all", 50},
        {"coverage.branches", "all", 80},
        {"coverage.situations", "all", 7},
        {"programs_per_second", "fast", 40000},
        {"programs_per_second", "slow", 100},
        {"programs_per_second", "slower", 90},
        {"corpus.none", "all", 0},
    };
    g_autoptr(GString) html = g_string_new(NULL);
    GError *error = NULL;
    unsigned charts = 0, lines = 0;

    (void)data;
    for (unsigned i = 0; i < G_N_ELEMENTS(figures); i++) {
        tw_store_measure(f->store, begin(f, "run", figures[i].target, 1000),
                         figures[i].name, figures[i].value, &error);
        g_assert_no_error(error);
    }
    g_assert_true(tw_page_load(f->page, f->store, 0, &error));
    tw_page_charts(f->page, html);
    for (const char *c = html->str; (c = strstr(c, "<figure ")) != NULL; c++) {
        charts++;
    }
    for (const char *c = html->str; (c = strstr(c, "<polyline")) != NULL; c++) {
        lines++;
    }
    g_assert_cmpuint(charts, ==, 6);
    g_assert_cmpuint(lines, ==, G_N_ELEMENTS(figures));
    g_assert_nonnull(strstr(html->str, "<figcaption>Lines reached<"));
    g_assert_nonnull(strstr(html->str, "</span>libx <b>50 %</b>"));
}

/* Known divergences are counted apart, and are no series. */
static void test_masked(Fixture *f, gconstpointer data)
{
    g_autoptr(GString) html = g_string_new(NULL);
    const TwPageMasked *m;
    GError *error = NULL;

    (void)data;
    for (unsigned i = 0; i < 3; i++) {
        tw_store_measure(f->store, begin(f, "run", "unicorn", 1000 + i),
                         TW_PAGE_MASKED "A-read-revoked", 10 + i, &error);
        g_assert_no_error(error);
    }
    g_assert_true(tw_page_load(f->page, f->store, 2, &error));
    g_assert_cmpuint(f->page->series->len, ==, 0);
    g_assert_cmpuint(f->page->masked->len, ==, 1);
    m = g_ptr_array_index(f->page->masked, 0);
    g_assert_cmpuint(m->since, ==, 23);
    g_assert_cmpuint(m->all, ==, 33);
    g_assert_nonnull(m->reason);
    tw_page_masked(f->page, html);
    g_assert_nonnull(strstr(html->str, "<td class=\"number\">23</td>"));
}

static void test_heat(void)
{
    g_autofree TwCoverage *coverage = tw_coverage_new();
    g_autoptr(GString) html = g_string_new(NULL);
    unsigned cells = 0;

    coverage->seen[0] = 5; /* read, ram, depth 0, first, open */
    tw_page_heat(coverage, TW_MET_BY_LEAF, TW_MET_BY_ACCESS, html);
    for (const char *c = html->str; (c = strstr(c, "<td ")) != NULL; c++) {
        cells++;
    }
    /* In percent, and in counts. */
    g_assert_cmpuint(cells, ==, 2 * TW_MET_LEAVES * (TW_MET_ACCESSES + 1));
    g_assert_nonnull(strstr(html->str, "<td class=\"count\">1/"));
    g_assert_nonnull(strstr(html->str, ", 5</td>"));
    g_assert_null(strstr(html->str, "title="));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
#define ADD(name, function) \
    g_test_add(name, Fixture, NULL, set_up, function, tear_down)
    ADD("/page/news", test_news);
    ADD("/page/no-run", test_no_run);
    ADD("/page/series", test_series);
    ADD("/page/hostile", test_hostile);
    ADD("/page/issue", test_issue);
    ADD("/page/issue-known", test_known_issue);
    ADD("/page/steps", test_steps);
    ADD("/page/lines", test_lines);
    ADD("/page/charts", test_charts);
    ADD("/page/axes", test_axes);
    ADD("/page/masked", test_masked);
    g_test_add_func("/page/heat", test_heat);
    return g_test_run();
}
