/* SPDX-License-Identifier: MIT */
/* Triage on its own: which files are inputs, how keys become findings, and
 * the states of a finding that is fixed and returns. */
#include <glib/gstdio.h>
#include <string.h>

#include "program/text/text.h"
#include "reports/triage/triage.h"

typedef struct Fixture {
    char *folder;
    volatile int stop;
    GPtrArray *warnings;
    unsigned shown; /* calls of `progress` */
} Fixture;

static void warn(const char *message, void *data)
{
    Fixture *f = data;

    g_ptr_array_add(f->warnings, g_strdup(message));
}

static void progress(const char *what, unsigned done, unsigned all, void *data)
{
    Fixture *f = data;

    g_assert_true(!what || done <= all);
    f->shown++;
}

static void set_up(Fixture *f, gconstpointer data)
{
    (void)data;
    f->folder = g_dir_make_tmp("twinwalk-XXXXXX", NULL);
    g_assert_nonnull(f->folder);
    f->warnings = g_ptr_array_new_with_free_func(g_free);
}

static void remove_all(const char *path)
{
    GDir *dir = g_dir_open(path, 0, NULL);
    const char *name;

    while (dir && (name = g_dir_read_name(dir))) {
        g_autofree char *inside = g_build_filename(path, name, NULL);

        remove_all(inside);
    }
    if (dir) {
        g_dir_close(dir);
    }
    g_remove(path);
}

static void tear_down(Fixture *f, gconstpointer data)
{
    (void)data;
    remove_all(f->folder);
    g_free(f->folder);
    g_ptr_array_unref(f->warnings);
}

static char *corpus(const char *slug)
{
    return g_strdup_printf("%s/zoo/%s.tw", g_getenv("TWINWALK_CORPUS"), slug);
}

static char *put(const Fixture *f, const char *name, const char *text)
{
    char *path = g_build_filename(f->folder, name, NULL);
    g_autofree char *folder = g_path_get_dirname(path);

    g_assert_cmpint(g_mkdir_with_parents(folder, 0700), ==, 0);
    g_assert_true(g_file_set_contents(path, text, -1, NULL));
    return path;
}

static void begin(TwTriage *t, Fixture *f, const char *target)
{
    memset(t, 0, sizeof(*t));
    tw_triage_init(t);
    t->target.name = target;
    t->label = g_strdup("it");
    t->version = "1";
    t->jobs = 2;
    t->raw = 10;
    t->shrink = true;
    t->seconds = 20;
    t->stop = &f->stop;
    t->warn = warn;
    t->progress = progress;
    t->data = f;
}

static void open_store(TwTriage *t, const Fixture *f)
{
    g_autofree char *path = g_build_filename(f->folder, "f.db", NULL);
    GError *error = NULL;

    t->store = tw_store_open(path, true, &error);
    g_assert_no_error(error);
    t->run = (TwStoreRun){.verb = "triage",
                          .target = t->label,
                          .version = t->version,
                          .options = ""};
    t->run.id = tw_store_run_begin(t->store, &t->run, &error);
    g_assert_no_error(error);
}

/* All phases, as the command does them. */
static GPtrArray *triage(TwTriage *t, const Fixture *f)
{
    GPtrArray *findings;
    GError *error = NULL;

    open_store(t, f);
    tw_triage_run(t, &error);
    g_assert_no_error(error);
    tw_triage_shrink(t, &error);
    g_assert_no_error(error);
    tw_triage_retest(t, &error);
    g_assert_no_error(error);
    findings = tw_triage_findings(t, &error);
    g_assert_no_error(error);
    t->run.outcome = "done";
    tw_store_run_end(t->store, &t->run, &error);
    g_assert_no_error(error);
    return findings;
}

static void add(TwTriage *t, const char *path, const char *harness)
{
    GError *error = NULL;

    tw_triage_add(t, path, harness, &error);
    g_assert_no_error(error);
}

static const TwTriageFinding *finding(GPtrArray *findings, const char *cause)
{
    for (unsigned i = 0; i < findings->len; i++) {
        const TwTriageFinding *f = g_ptr_array_index(findings, i);

        if (strcmp(f->cause, cause) == 0) {
            return f;
        }
    }
    g_error("no finding %s", cause);
}

/* Inputs ------------------------------------------------------------------- */

static void test_folder(Fixture *f, gconstpointer data)
{
    g_autofree char *text = NULL, *path = corpus("tie-oldest-wins");
    g_autofree char *good = NULL, *deep = NULL, *bad = NULL, *other = NULL;
    TwTriage t;

    (void)data;
    g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
    good = put(f, "in/b.tw", text);
    deep = put(f, "in/a/c.tw", text);
    bad = put(f, "in/bad.tw", "no program\n");
    other = put(f, "in/notes.txt", "not looked at\n");
    begin(&t, f, "softmmu");
    add(&t, f->folder, NULL);
    g_assert_cmpuint(t.cases->len, ==, 2);
    g_assert_cmpuint(t.unreadable, ==, 1);
    g_assert_cmpuint(f->warnings->len, ==, 1);
    g_assert_true(g_str_has_prefix(g_ptr_array_index(f->warnings, 0), bad));
    g_assert_true(
        g_str_has_suffix(g_ptr_array_index(f->warnings, 0), "; passed over"));
    g_assert_cmpstr(((TwTriageCase *)g_ptr_array_index(t.cases, 0))->path, ==,
                    deep);
    /* Comments may be wrong. */
    g_assert_null(strchr(
        ((TwTriageCase *)g_ptr_array_index(t.cases, 0))->data->str, '#'));
    tw_triage_clear(&t);
}

static void test_no_folder(Fixture *f, gconstpointer data)
{
    g_autofree char *path = g_build_filename(f->folder, "none.tw", NULL);
    TwTriage t;

    (void)data;
    begin(&t, f, "softmmu");
    add(&t, path, NULL);
    g_assert_cmpuint(t.cases->len, ==, 0);
    g_assert_cmpuint(t.unreadable, ==, 1);
    tw_triage_clear(&t);
}

/* Files that engines saved: of AFL++'s folders those that crash or hang, of
 * other folders all; of ClusterFuzz those that name the harness. */
static void test_engines(Fixture *f, gconstpointer data)
{
    static const char *const files[] = {
        "afl/one/crashes/id:000000",
        "afl/one/hangs/id:000001",
        "afl/one/queue/id:000002",
        "afl/one/crashes/README.txt",
        "fuzz/crash-0123",
        "fuzz/.hidden",
        "clusterfuzz-testcase-minimized-softmmu_fuzzer-4567890123456789",
        "clusterfuzz-testcase-text_fuzzer-4567890123456789",
        "clusterfuzz-testcase-unicorn_fuzzer-4567890123456789",
        "no-name-of-a-harness",
    };
    const struct {
        const char *path, *harness;
        unsigned cases, unreadable;
    } cases[] = {
        {"afl", "softmmu_fuzzer", 2, 0}, {"fuzz", "softmmu_fuzzer", 1, 0},
        {files[6], "auto", 1, 0},        {files[7], "auto", 1, 0},
        {files[8], "auto", 0, 1},        {files[9], "auto", 0, 1},
    };

    (void)data;
    for (unsigned i = 0; i < G_N_ELEMENTS(files); i++) {
        g_free(put(f, files[i], "any bytes are a program"));
    }
    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *path =
            g_build_filename(f->folder, cases[i].path, NULL);
        TwTriage t;

        begin(&t, f, "softmmu");
        add(&t, path, cases[i].harness);
        g_assert_cmpuint(t.cases->len, ==, cases[i].cases);
        g_assert_cmpuint(t.unreadable, ==, cases[i].unreadable);
        tw_triage_clear(&t);
    }
    g_assert_cmpuint(f->warnings->len, ==, 2);
}

/* Findings ----------------------------------------------------------------- */

/* Two keys of one bug are one finding; another bug is another. */
static void test_grouping(Fixture *f, gconstpointer data)
{
    static const char *const slugs[] = {"second-hop-unregistered",
                                        "tie-oldest-wins", "rights-not-anded"};
    static const char *const causes[] = {"missed-unmap-later-hop",
                                         "order-of-equals",
                                         "refusal-ignored-no-right"};
    g_autofree TwProgram *program = g_new(TwProgram, 1);
    g_autoptr(GPtrArray) findings = NULL;
    TwTriage t;

    (void)data;
    begin(&t, f, "zoo");
    for (unsigned i = 0; i < G_N_ELEMENTS(slugs); i++) {
        g_autofree char *path = corpus(slugs[i]);
        g_autofree char *name = g_strdup_printf("zoo:%s", slugs[i]);
        TwTargetOptions options = {.name = g_intern_string(name)};

        g_assert_true(
            tw_program_load(program, path, TW_TEXT_STRICT, NULL, NULL));
        tw_triage_add_program(&t, path, &options, program);
        if (i == 0) { /* the same once more is one key, met twice */
            TwOp nop = tw_op_make(TW_OP_NOP);

            program->script[program->n_script++] = nop;
            tw_triage_add_program(&t, "with a nop", &options, program);
        }
    }
    findings = triage(&t, f);
    g_assert_cmpuint(findings->len, ==, 3);
    for (unsigned i = 0; i < G_N_ELEMENTS(causes); i++) {
        const TwTriageFinding *one = finding(findings, causes[i]);

        g_assert_cmpint(one->news, ==, TW_TRIAGE_NEW);
        g_assert_cmpint(one->status, ==, TW_STORE_NEW);
        g_assert_true(one->minimal);
        g_assert_cmpuint(one->count, ==, i == 0 ? 2 : 1);
        g_assert_cmpuint(one->keys, ==, 1);
        g_assert_nonnull(strstr(one->words, slugs[i]));
    }
    g_assert_cmpuint(t.shrunk, ==, 3);
    g_assert_cmpuint(f->shown, >, 0);
    tw_triage_clear(&t);
}

/* One run of triage: of the bug's case (or none) on a target. */
static void triage_once(Fixture *f, const char *target, bool with_case,
                        TwTriageNews news, TwStoreStatus status,
                        unsigned retested)
{
    g_autofree char *path = corpus("second-hop-unregistered");
    g_autoptr(GPtrArray) findings = NULL;
    const TwTriageFinding *one;
    TwTriage t;

    begin(&t, f, target);
    if (with_case) {
        add(&t, path, NULL);
    }
    findings = triage(&t, f);
    g_assert_cmpuint(findings->len, ==, 1);
    one = finding(findings, "missed-unmap-later-hop");
    g_assert_cmpint(one->news, ==, news);
    g_assert_cmpint(one->status, ==, status);
    g_assert_cmpuint(one->count, ==, 1);
    g_assert_cmpuint(t.retests->len, ==, retested);
    for (unsigned i = 0; i < retested; i++) {
        const TwTriageRetest *r = g_ptr_array_index(t.retests, i);

        g_assert_true(r->done);
        g_assert_cmpuint(r->again, ==,
                         strcmp(target, "softmmu") ? TW_TRIAGE_TIMES : 0);
    }
    tw_triage_clear(&t);
}

static void test_life(Fixture *f, gconstpointer data)
{
    const char *bug = "zoo:second-hop-unregistered";

    (void)data;
    triage_once(f, bug, true, TW_TRIAGE_NEW, TW_STORE_NEW, 0);
    triage_once(f, bug, true, TW_TRIAGE_KNOWN, TW_STORE_KNOWN, 0);
    triage_once(f, bug, false, TW_TRIAGE_KNOWN, TW_STORE_KNOWN, 1);
    triage_once(f, "softmmu", false, TW_TRIAGE_FIXED, TW_STORE_FIXED, 1);
    triage_once(f, "softmmu", false, TW_TRIAGE_WAS_FIXED, TW_STORE_FIXED, 1);
    triage_once(f, bug, true, TW_TRIAGE_NEW, TW_STORE_RETURNED, 0);
}

/* Clean cases and known divergences are counted, not kept. */
static void test_counted(Fixture *f, gconstpointer data)
{
    g_autofree char *path = corpus("second-hop-unregistered");
    g_autoptr(GPtrArray) findings = NULL;
    TwTriage t;

    (void)data;
    begin(&t, f, "softmmu");
    add(&t, path, NULL);
    findings = triage(&t, f);
    g_assert_cmpuint(findings->len, ==, 0);
    g_assert_cmpuint(t.clean, ==, 1);
    g_assert_cmpuint(t.flaky + t.unsupported, ==, 0);
    tw_triage_clear(&t);
}

/* Stopped: work that was not done is not recorded, and is no error. */
static void test_stopped(Fixture *f, gconstpointer data)
{
    g_autofree char *path = corpus("second-hop-unregistered");
    GError *error = NULL;
    TwTriage t;

    (void)data;
    begin(&t, f, "zoo:second-hop-unregistered");
    for (unsigned i = 0; i < 20; i++) {
        add(&t, path, NULL);
    }
    f->stop = 1;
    open_store(&t, f);
    g_assert_true(tw_triage_run(&t, &error));
    g_assert_no_error(error);
    g_assert_cmpint(((TwTriageCase *)g_ptr_array_index(t.cases, 19))->seen.key,
                    ==, 0);
    tw_triage_clear(&t);
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        void (*test)(Fixture *f, gconstpointer data);
    } tests[] = {
        {"/triage/input/folder", test_folder},
        {"/triage/input/missing", test_no_folder},
        {"/triage/input/engines", test_engines},
        {"/triage/grouping", test_grouping},
        {"/triage/new-known-fixed-returned", test_life},
        {"/triage/counted", test_counted},
        {"/triage/stopped", test_stopped},
    };

    g_test_init(&argc, &argv, NULL);
    for (unsigned i = 0; i < G_N_ELEMENTS(tests); i++) {
        g_test_add(tests[i].name, Fixture, NULL, set_up, tests[i].test,
                   tear_down);
    }
    return g_test_run();
}
