/* SPDX-License-Identifier: MIT */
/* Trials: where one ends, the file of results, figures by hand. */
#include <glib/gstdio.h>
#include <string.h>

#include "reports/trials/page.h"
#include "reports/trials/run.h"

static const TwZooBug hard = {.slug = "hard", .verdicts = "stale"},
                      easy = {.slug = "easy<", .verdicts = "wrong,class"};

/* Ends ----------------------------------------------------------------------
 */

static void test_end(void)
{
    TwTrialRules by_time = {.seconds = 10}, by_programs = {.programs = 100};
    TwMeterRecord record = {.programs = 120,
                            .reached = 3,
                            .triggered = 101,
                            .detected = 101,
                            .own_ns = 2000000000,
                            .verdict = TW_VERDICT_STALE,
                            .key = "Sta"};
    TwTrial trial = {0};

    /* The time of the meter does not count. */
    tw_trial_end(&by_time, &trial, &record, 11.5, false);
    g_assert_cmpuint(trial.outcome, ==, TW_TRIAL_DETECTED);
    g_assert_cmpuint(trial.programs, ==, 101);
    g_assert_cmpfloat_with_epsilon(trial.seconds, 9.5, 1e-9);
    g_assert_cmpuint(trial.triggered, ==, 101);
    g_assert_cmpstr(trial.key, ==, "Sta");
    /* Too late: the engine was stopped after the limit. */
    trial = (TwTrial){0};
    tw_trial_end(&by_time, &trial, &record, 12.5, false);
    g_assert_cmpuint(trial.outcome, ==, TW_TRIAL_MISSED);
    g_assert_cmpfloat(trial.seconds, ==, 10);
    g_assert_cmpstr(trial.key, ==, "");
    trial = (TwTrial){0};
    tw_trial_end(&by_programs, &trial, &record, 1, false);
    g_assert_cmpuint(trial.outcome, ==, TW_TRIAL_MISSED);
    g_assert_cmpuint(trial.programs, ==, 100);
    g_assert_cmpuint(trial.reached, ==, 3);
    g_assert_cmpuint(trial.triggered, ==, 0);
    /* No detection: it died, or the limit has come. */
    record.detected = 0;
    record.programs = 50;
    tw_trial_end(&by_programs, &trial, &record, 3, true);
    g_assert_cmpuint(trial.outcome, ==, TW_TRIAL_DIED);
    tw_trial_end(&by_programs, &trial, &record, 3, false);
    g_assert_cmpuint(trial.outcome, ==, TW_TRIAL_MISSED);
}

/* Random programs detect a bug, the same way each time. */
static void test_random(void)
{
    TwTrialRules rules = {.seed = 1, .programs = 2000};
    const TwZooBug *bug = tw_zoo_find("victim-survives-page-flush");
    TwTrial one = {.seed = 1}, two = {.seed = 1};
    TwTrialLive live = {0}, other = {0};
    GError *error = NULL;

    g_assert_true(tw_trial_random(&rules, bug, &one, &live, &error));
    g_assert_true(tw_trial_random(&rules, bug, &two, &other, &error));
    g_assert_no_error(error);
    g_assert_cmpuint(one.outcome, ==, TW_TRIAL_DETECTED);
    g_assert_cmpuint(one.reached, >, 0);
    g_assert_cmpuint(one.triggered, >=, one.reached);
    g_assert_cmpuint(one.programs, >=, one.triggered);
    g_assert_cmpuint(one.programs, ==, two.programs);
    g_assert_cmpuint(one.triggered, ==, two.triggered);
    g_assert_cmpstr(one.key, ==, two.key);
}

/* Results -------------------------------------------------------------------
 */

static TwTrial trial_of(const TwZooBug *bug, TwEngine engine, unsigned number,
                        uint64_t programs, bool detected)
{
    TwTrial t = {.engine = (uint8_t)engine,
                 .outcome = detected ? TW_TRIAL_DETECTED : TW_TRIAL_MISSED,
                 .number = number,
                 .seed = number,
                 .programs = programs,
                 .seconds = 0.5,
                 .reached = 1,
                 .triggered = detected ? programs : 0,
                 .verdict = detected ? TW_VERDICT_STALE : 0,
                 .key = "",
                 .counters = 9000,
                 .build = "0123456789abcdef"};

    g_strlcpy(t.slug, bug->slug, sizeof(t.slug));
    g_strlcpy(t.key, detected ? "StaZooWr" : "", sizeof(t.key));
    return t;
}

typedef struct Folder {
    char *path, *file;
    TwTrialRules rules;
} Folder;

static void set_up(Folder *f, gconstpointer data)
{
    (void)data;
    f->path = g_dir_make_tmp("trials-XXXXXX", NULL);
    f->file = g_build_filename(f->path, TW_RESULTS_FILE, NULL);
    f->rules = (TwTrialRules){.seed = 1, .programs = 100};
}

static void tear_down(Folder *f, gconstpointer data)
{
    (void)data;
    g_unlink(f->file);
    g_rmdir(f->path);
    g_free(f->file);
    g_free(f->path);
}

/* Two trials, one with an unexpected finding. */
static void write_two(const Folder *f)
{
    TwResults r;
    TwTrial one = trial_of(&hard, TW_ENGINE_RANDOM, 1, 7, true),
            two = trial_of(&hard, TW_ENGINE_AFL, 2, 100, false);
    GError *error = NULL;

    two.unexpected = 9;
    two.unexpected_verdict = TW_VERDICT_EVENT;
    g_assert_true(tw_results_open(&r, f->path, &f->rules, false, &error));
    g_assert_true(tw_results_add(&r, &one, &error));
    g_assert_true(tw_results_add(&r, &two, &error));
    g_assert_no_error(error);
    tw_results_close(&r);
}

static void test_file(Folder *f, gconstpointer data)
{
    TwResults r, busy;
    GError *error = NULL;
    const TwTrial *t;

    (void)data;
    write_two(f);
    g_assert_true(tw_results_open(&r, f->path, &f->rules, false, &error));
    g_assert_no_error(error);
    g_assert_false(r.dropped_line);
    g_assert_cmpuint(r.trials->len, ==, 2);
    t = tw_results_find(&r, "hard", TW_ENGINE_AFL, 2);
    g_assert_nonnull(t);
    g_assert_cmpuint(t->unexpected, ==, 9);
    g_assert_cmpuint(t->unexpected_verdict, ==, TW_VERDICT_EVENT);
    g_assert_cmpuint(t->outcome, ==, TW_TRIAL_MISSED);
    t = tw_results_find(&r, "hard", TW_ENGINE_RANDOM, 1);
    g_assert_cmpuint(t->verdict, ==, TW_VERDICT_STALE);
    g_assert_cmpstr(t->key, ==, "StaZooWr");
    g_assert_null(tw_results_find(&r, "hard", TW_ENGINE_RANDOM, 2));
    g_assert_true(
        tw_results_same_build(&r, TW_ENGINE_AFL, "0123456789abcdef", &error));
    g_assert_true(tw_results_same_build(&r, TW_ENGINE_RAW, "f", &error));
    g_assert_false(tw_results_same_build(&r, TW_ENGINE_AFL, "f", &error));
    g_assert_error(error, TW_TARGET_ERROR, TW_TARGET_ERROR_USAGE);
    g_clear_error(&error);
    /* One process at a time; a reader may look. */
    g_assert_false(tw_results_open(&busy, f->path, &f->rules, false, &error));
    g_assert_error(error, TW_TARGET_ERROR, TW_TARGET_ERROR_ENVIRONMENT);
    g_clear_error(&error);
    tw_results_close(&busy);
    g_assert_true(tw_results_open(&busy, f->path, &f->rules, true, &error));
    tw_results_close(&busy);
    tw_results_close(&r);
}

/* The file with `to` in place of `from` is refused at this line, and stays as
 * it is. */
static void refuses(const Folder *f, const char *from, const char *to,
                    const char *where)
{
    g_autofree char *before = NULL, *bad = NULL, *after = NULL;
    g_auto(GStrv) parts = NULL;
    GError *error = NULL;
    TwResults r;

    g_assert_true(g_file_get_contents(f->file, &before, NULL, NULL));
    parts = g_strsplit(before, from, -1);
    g_assert_nonnull(parts[1]);
    bad = g_strjoinv(to, parts);
    g_file_set_contents(f->file, bad, -1, NULL);
    g_assert_false(tw_results_open(&r, f->path, &f->rules, false, &error));
    g_assert_error(error, TW_TARGET_ERROR, TW_TARGET_ERROR_USAGE);
    g_assert_nonnull(strstr(error->message, where));
    g_clear_error(&error);
    tw_results_close(&r);
    g_file_get_contents(f->file, &after, NULL, NULL);
    g_assert_cmpstr(after, ==, bad);
    g_file_set_contents(f->file, before, -1, NULL);
}

static void test_damaged(Folder *f, gconstpointer data)
{
    (void)data;
    write_two(f);
    refuses(f, "\"format\":1", "\"format\":2", ":1: expected");
    refuses(f, "\"seed\":1}", "\"seed\":2}", ":1: expected trials with --seed");
    refuses(f, "\"programs\":100,\"seed\"", "\"programs\":90,\"seed\"",
            ":1: expected trials with --programs 100, not 90");
    refuses(f, "\"engine\":\"random\"", "\"engine\":\"magic\"", ":2: expected");
    refuses(f, "\"outcome\":\"detected\"", "\"outcome\":1", ":2: expected");
    refuses(f, "\"programs\":7", "\"programs\":-7", ":2: expected");
    refuses(f, "\"reached\":1", "\"reached\":1000", ":2: expected");
    refuses(f, "\"verdict\":\"stale\"", "\"verdict\":\"odd\"", ":2: expected");
    refuses(f, "\"bug\":\"hard\",\"engine\":\"afl\"", "\"engine\":\"afl\"",
            ":3: expected");
    refuses(f, "\"event\"", "[]", ":3: expected");
    refuses(f, "{\"bug\":\"hard\",\"engine\":\"afl\"", "{", ":3: expected");
    refuses(f, "\"engine\":\"afl\",\"trial\":2",
            "\"engine\":\"random\",\"trial\":1",
            ":3: expected each trial once");
}

/* A last line without its end is dropped, and nothing else. */
static void test_cut(Folder *f, gconstpointer data)
{
    g_autofree char *before = NULL, *after = NULL;
    GError *error = NULL;
    TwResults r;

    (void)data;
    write_two(f);
    g_file_get_contents(f->file, &before, NULL, NULL);
    g_file_set_contents(f->file, before, (gssize)strlen(before) - 5, NULL);
    g_assert_true(tw_results_open(&r, f->path, &f->rules, false, &error));
    g_assert_true(r.dropped_line);
    g_assert_cmpuint(r.trials->len, ==, 1);
    tw_results_close(&r);
    g_file_get_contents(f->file, &after, NULL, NULL);
    g_assert_true(g_str_has_prefix(before, after));
    g_assert_true(g_str_has_suffix(after, "}\n"));
}

/* Figures -------------------------------------------------------------------
 */

/*
 * "easy<" is detected after 10 and 20 programs; "hard" after 40 in one of two
 * trials of 100, and never by the other engine.
 */
static void fill(TwResults *r)
{
    TwTrial trials[] = {
        trial_of(&easy, TW_ENGINE_RANDOM, 1, 20, true),
        trial_of(&easy, TW_ENGINE_RANDOM, 2, 10, true),
        trial_of(&easy, TW_ENGINE_RAW, 1, 10, true),
        trial_of(&hard, TW_ENGINE_RANDOM, 1, 100, false),
        trial_of(&hard, TW_ENGINE_RANDOM, 2, 40, true),
        trial_of(&hard, TW_ENGINE_RANDOM, 3, 1, true), /* not wanted */
        trial_of(&hard, TW_ENGINE_RAW, 1, 100, false),
    };

    trials[6].counters = 10;
    for (unsigned i = 0; i < G_N_ELEMENTS(trials); i++) {
        tw_results_add(r, &trials[i], NULL);
    }
}

static void test_figures(void)
{
    TwTrialRules rules = {.programs = 100};
    TwResults r;
    TwComparison c = {
        .rules = &rules, .results = &r, .trials = 2, .bugs = g_ptr_array_new()};
    g_autoptr(GPtrArray) order = NULL;
    g_autoptr(GString) page = g_string_new(NULL);
    TwTrialFigures f;

    g_assert_true(tw_results_open(&r, NULL, &rules, false, NULL));
    fill(&r);
    g_ptr_array_add(c.bugs, (void *)&easy);
    g_ptr_array_add(c.bugs, (void *)&hard);
    c.engines[TW_ENGINE_RANDOM] = c.engines[TW_ENGINE_RAW] = true;
    tw_trial_figures(&c, &hard, TW_ENGINE_RANDOM, &f);
    g_assert_cmpuint(f.trials, ==, 2);
    g_assert_cmpuint(f.detected, ==, 1);
    g_assert_cmpuint(f.triggered, ==, 1);
    g_assert_cmpuint(f.verdicts, ==, 1u << TW_VERDICT_STALE);
    g_assert_cmpfloat(f.mean, ==, 70);
    g_assert_cmpfloat(f.median, ==, 40);
    g_assert_cmpfloat(f.programs, ==, 140);
    g_assert_false(f.blind);
    tw_trial_figures_clear(&f);
    tw_trial_figures(&c, NULL, TW_ENGINE_RANDOM, &f); /* both bugs */
    g_assert_cmpuint(f.trials, ==, 4);
    g_assert_cmpfloat(f.mean, ==, 42.5);
    tw_trial_figures_clear(&f);
    tw_trial_figures(&c, &hard, TW_ENGINE_RAW, &f);
    g_assert_true(f.blind);
    g_assert_cmpfloat(f.mean, ==, 100);
    g_assert_cmpfloat(f.median, <, 0);
    tw_trial_figures_clear(&f);
    g_assert_true(tw_comparison_detects(&c, &hard));
    c.engines[TW_ENGINE_RANDOM] = false;
    g_assert_false(tw_comparison_detects(&c, &hard));
    c.engines[TW_ENGINE_RANDOM] = true;
    g_assert_cmpuint(tw_trials_missing(&c), ==, 2); /* of raw */
    order = tw_comparison_order(&c);
    g_assert_true(g_ptr_array_index(order, 0) == &hard);
    tw_trials_page(&c, "<1>", 0, page);
    g_assert_null(strstr(page->str, "easy<<"));
    g_assert_nonnull(strstr(page->str, "easy&lt;<"));
    g_assert_null(strstr(page->str, "<script"));
    g_assert_nonnull(strstr(page->str, "by twinwalk &lt;1&gt;."));
    g_assert_nonnull(strstr(page->str, "built without coverage"));
    /* The miss stands before all else. */
    g_assert_true(strstr(page->str, "<code>hard</code>") <
                  strstr(page->str, "<code>easy&lt;</code>"));
    g_ptr_array_free(c.bugs, TRUE);
    tw_results_close(&r);
}

static void test_numbers(void)
{
    static const struct {
        double value;
        const char *text;
    } rows[] = {{0, "0"},           {0.012345, "0.0123"}, {7, "7"},
                {123.6, "124"},     {9876, "9876"},       {12345, "12.3 k"},
                {2510000, "2.51 M"}};

    for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(GString) text = g_string_new(NULL);

        tw_trials_number(text, rows[i].value);
        g_assert_cmpstr(text->str, ==, rows[i].text);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/trials/end", test_end);
    g_test_add_func("/trials/random", test_random);
    g_test_add("/trials/file", Folder, NULL, set_up, test_file, tear_down);
    g_test_add("/trials/damaged", Folder, NULL, set_up, test_damaged,
               tear_down);
    g_test_add("/trials/cut", Folder, NULL, set_up, test_cut, tear_down);
    g_test_add_func("/trials/figures", test_figures);
    g_test_add_func("/trials/numbers", test_numbers);
    return g_test_run();
}
