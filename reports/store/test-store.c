/* SPDX-License-Identifier: MIT */
/* The store: refused files that stay unchanged, upgrades of older stores, the
 * states of findings from run to run, writers that die, and many writers. */
#include "reports/store/test-store.h"

#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char **versions; /* paths of the statements that make older ones */

static TwStoreSeen see(TwStore *store, TwStoreSight s)
{
    GError *error = NULL;
    TwStoreSeen seen;

    g_assert_true(tw_store_see(store, &s, 3, &seen, &error));
    g_assert_no_error(error);
    return seen;
}

static int64_t shrink(TwStore *store, int64_t run, int64_t key,
                      const char *cause)
{
    GError *error = NULL;
    TwStoreMinimal m = {.run = run,
                        .key = key,
                        .cause = cause,
                        .title = "a title",
                        .rule = "FR-1",
                        .text = "small",
                        .form = "text",
                        .words = "--target softmmu",
                        .data = "s",
                        .size = 1,
                        .lines = 4,
                        .operations = 2};
    int64_t finding = tw_store_minimal(store, &m, &error);

    g_assert_no_error(error);
    g_assert_cmpint(finding, >, 0);
    return finding;
}

static TwStoreStatus retest(TwStore *store, int64_t run, int64_t key,
                            unsigned again)
{
    GError *error = NULL;
    TwStoreStatus status;

    g_assert_true(
        tw_store_retested(store, run, key, "2", again, 3, &status, &error));
    g_assert_no_error(error);
    return status;
}

/* Files -------------------------------------------------------------------- */

static void test_new(Fixture *f, gconstpointer data)
{
    struct stat st;
    mode_t mask = umask(0);

    (void)data;
    tw_store_free(test_open(f->path));
    umask(mask);
    g_assert_cmpint(stat(f->path, &st), ==, 0);
    g_assert_cmpint(st.st_mode & 0777, ==, 0600);
    {
        g_autoptr(TwStore) store = test_open(f->path);

        g_assert_cmpint(test_number(store, "PRAGMA application_id"), ==,
                        TW_STORE_APPLICATION);
        g_assert_cmpint(test_number(store, "PRAGMA user_version"), ==,
                        TW_STORE_VERSION);
    }
}

/* A power cut interrupted the making of a store. */
static void test_empty(Fixture *f, gconstpointer data)
{
    (void)data;
    g_assert_true(g_file_set_contents(f->path, "", 0, NULL));
    g_chmod(f->path, 0666);
    {
        g_autoptr(TwStore) store = test_open(f->path);
        struct stat st;

        g_assert_cmpint(test_number(store, "SELECT count(*) FROM findings"), ==,
                        0);
        g_assert_cmpint(stat(f->path, &st), ==, 0);
        g_assert_cmpint(st.st_mode & 0777, ==, 0600);
    }
}

static void test_none(Fixture *f, gconstpointer data)
{
    g_autoptr(GError) error = NULL;

    (void)data;
    g_assert_null(tw_store_open(f->path, false, &error));
    g_assert_error(error, TW_STORE_ERROR, TW_STORE_ERROR_REFUSED);
    g_assert_false(g_file_test(f->path, G_FILE_TEST_EXISTS));
}

/* It is refused in one line that names it, and stays as it is. */
static void refuses(const char *path, const char *because)
{
    g_autofree char *before = NULL, *after = NULL;
    size_t size_before, size_after;

    g_assert_true(g_file_get_contents(path, &before, &size_before, NULL));
    for (int create = 0; create < 2; create++) {
        g_autoptr(GError) error = NULL;

        g_assert_null(tw_store_open(path, create, &error));
        g_assert_error(error, TW_STORE_ERROR, TW_STORE_ERROR_REFUSED);
        g_assert_true(g_str_has_prefix(error->message, path));
        g_assert_nonnull(strstr(error->message, because));
        g_assert_null(strchr(error->message, '\n'));
    }
    g_assert_true(g_file_get_contents(path, &after, &size_after, NULL));
    g_assert_cmpmem(before, size_before, after, size_after);
}

static void run_sql(const char *path, const char *sql)
{
    char *message = NULL;
    sqlite3 *db;

    g_assert_cmpint(sqlite3_open(path, &db), ==, SQLITE_OK);
    sqlite3_exec(db, sql, NULL, NULL, &message);
    g_assert_cmpstr(message, ==, NULL);
    sqlite3_close(db);
}

static void test_refused(Fixture *f, gconstpointer data)
{
    g_autofree char *newer =
        g_strdup_printf("PRAGMA application_id = %d; PRAGMA user_version = %d;"
                        "CREATE TABLE a (b);",
                        TW_STORE_APPLICATION, TW_STORE_VERSION + 1);

    (void)data;
    g_assert_true(g_file_set_contents(f->path, "twinwalk 1\n", -1, NULL));
    refuses(f->path, "another kind");
    g_assert_true(g_file_set_contents(f->path, "SQLite format 3", 16, NULL));
    refuses(f->path, "another kind");
    g_unlink(f->path);
    run_sql(f->path, "CREATE TABLE bookmarks (a); PRAGMA user_version = 1;");
    refuses(f->path, "another program's");
    g_unlink(f->path);
    run_sql(f->path, newer);
    refuses(f->path, "a newer twinwalk made it");
    g_unlink(f->path);
    run_sql(f->path, "PRAGMA application_id = 1415017332;"
                     "CREATE TABLE a (b);");
    refuses(f->path, "makes no sense");
}

/* With any broken byte, a store is refused and not changed, or it opens. */
static void test_corrupt(Fixture *f, gconstpointer data)
{
    g_autofree char *good = NULL;
    size_t size;
    unsigned refused = 0;

    (void)data;
    {
        g_autoptr(TwStore) store = test_open(f->path);

        for (unsigned i = 0; i < 20; i++) {
            g_autofree char *text = g_strdup_printf("case %u", i);

            see(store, test_sight(1, "StaSoftmmuRdRam", "missed-unmap", text));
        }
    }
    g_assert_true(g_file_get_contents(f->path, &good, &size, NULL));
    for (size_t at = 0; at < size; at += 509) {
        g_autofree char *bad = g_memdup2(good, size);
        g_autoptr(GError) error = NULL;
        g_autoptr(TwStore) store = NULL;

        memset(bad + at, 0xa5, MIN(64, size - at));
        g_assert_true(g_file_set_contents(f->path, bad, (gssize)size, NULL));
        store = tw_store_open(f->path, true, &error);
        if (!store) {
            g_autofree char *after = NULL;
            size_t size_after;

            refused++;
            g_assert_true(error->domain == TW_STORE_ERROR);
            g_assert_null(strchr(error->message, '\n'));
            g_assert_true(
                g_file_get_contents(f->path, &after, &size_after, NULL));
            g_assert_cmpmem(bad, size, after, size_after);
        }
    }
    g_assert_cmpuint(refused, >, 10);
    g_assert_true(g_file_set_contents(f->path, good, (gssize)size / 2, NULL));
    refuses(f->path, "whole store");
}

/* Names and kinds of all columns. */
static char *shape(TwStore *store)
{
    GString *out = g_string_new(NULL);
    sqlite3_stmt *s = tw_store_prepare(
        store, NULL,
        "SELECT m.name, c.name, c.type, c.\"notnull\", c.pk"
        " FROM sqlite_master m JOIN pragma_table_xinfo(m.name) c"
        " WHERE m.type IN ('table', 'index') ORDER BY 1, c.cid",
        "");

    while (sqlite3_step(s) == SQLITE_ROW) {
        for (int i = 0; i < 5; i++) {
            g_string_append_printf(out, "%s ", tw_store_text(s, i));
        }
        g_string_append_c(out, '\n');
    }
    sqlite3_finalize(s);
    return g_string_free(out, FALSE);
}

static void test_migration(Fixture *f, gconstpointer data)
{
    g_autofree char *sql = NULL, *old = NULL, *fresh = NULL;
    g_autofree char *other = g_build_filename(f->folder, "other.db", NULL);
    int version = GPOINTER_TO_INT(data);

    g_assert_true(g_file_get_contents(versions[version], &sql, NULL, NULL));
    run_sql(f->path, sql);
    {
        g_autoptr(TwStore) store = test_open(f->path);
        g_autoptr(TwStore) new = test_open(other);

        g_assert_cmpint(test_number(store, "PRAGMA user_version"), ==,
                        TW_STORE_VERSION);
        g_assert_cmpint(test_number(store,
                                    "SELECT value FROM measures WHERE"
                                    " run = 1 AND name = 'corpus.files'"),
                        ==, 42);
        g_assert_cmpint(test_number(store, "SELECT count(*) FROM measures"), ==,
                        1);
        g_assert_cmpint(test_number(store, "SELECT count FROM keys"), ==, 5);
        g_assert_cmpint(test_number(store, "SELECT programs FROM runs"
                                           " WHERE id = 1"),
                        ==, 1000);
        /* The owner of that run is not known, so the run may go on. */
        g_assert_cmpint(test_number(store, "SELECT count(*) FROM runs WHERE"
                                           " outcome = 'running'"),
                        ==, version >= 2);
        old = shape(store);
        fresh = shape(new);
        g_assert_cmpstr(old, ==, fresh);
        see(store,
            test_sight(3, "StaSoftmmuRdRamHopUnm", "missed-unmap", "new"));
        g_assert_cmpint(test_number(store, "SELECT count FROM keys"), ==, 6);
    }
}

/* One that cannot be brought up to date stays what it was. */
static void test_migration_fails(Fixture *f, gconstpointer data)
{
    g_autofree char *sql = NULL, *text = NULL;
    g_autoptr(GError) error = NULL;
    sqlite3 *db;
    sqlite3_stmt *s;

    (void)data;
    g_assert_true(g_file_get_contents(versions[1], &sql, NULL, NULL));
    text = g_strconcat(sql, "CREATE TABLE measures (in_the_way);", NULL);
    run_sql(f->path, text);
    g_assert_null(tw_store_open(f->path, true, &error));
    g_assert_nonnull(error);
    g_assert_cmpint(sqlite3_open(f->path, &db), ==, SQLITE_OK);
    sqlite3_prepare_v2(db, "SELECT corpus FROM runs", -1, &s, NULL);
    g_assert_cmpint(sqlite3_step(s), ==, SQLITE_ROW);
    g_assert_cmpint(sqlite3_column_int(s, 0), ==, 42);
    sqlite3_finalize(s);
    sqlite3_close(db);
}

/* Findings ----------------------------------------------------------------- */

typedef struct Listed {
    unsigned n;
    TwStoreStatus status;
    uint64_t count;
    unsigned keys;
    bool minimal, security;
    char cause[64], fixed[16];
} Listed;

static bool note_decision(const TwStoreFinding *f, void *data)
{
    GString *text = data;

    g_string_append_printf(text, "%s %s|%s|%s|%s|%s\n", f->target, f->cause,
                           tw_store_state_name(f->decision.state),
                           f->decision.issue, f->decision.duplicate_of,
                           f->decision.comment);
    return true;
}

static void decided(TwStore *store, const char *expected)
{
    g_autoptr(GString) text = g_string_new(NULL);
    GError *error = NULL;

    g_assert_true(tw_store_findings(store, NULL, note_decision, text, &error));
    g_assert_no_error(error);
    g_assert_cmpstr(text->str, ==, expected);
}

/* A decision belongs to a cause on a target; the next one takes its place. */
static void test_decide(Fixture *f, gconstpointer data)
{
    g_autoptr(TwStore) store = test_open(f->path);
    TwStoreSight other = test_sight(1, "B", "missed-flush", "b");
    const TwStoreDecision first = {.state = TW_STORE_WONT_FIX,
                                   .issue = "",
                                   .duplicate_of = "",
                                   .comment = "it's \"so\""};
    const TwStoreDecision second = {.state = TW_STORE_DUPLICATE,
                                    .issue = "https://x.example/1",
                                    .duplicate_of = "missed-flush",
                                    .comment = ""};
    const TwStoreDecision none = {
        .issue = "", .duplicate_of = "", .comment = ""};
    GError *error = NULL;

    (void)data;
    see(store, test_sight(1, "A", "missed-unmap", "a"));
    see(store, other);
    decided(store, "softmmu missed-unmap||||\nsoftmmu missed-flush||||\n");
    g_assert_true(
        tw_store_decide(store, "softmmu", "missed-unmap", &first, &error));
    g_assert_true(
        tw_store_decide(store, "elsewhere", "missed-flush", &first, &error));
    decided(store, "softmmu missed-unmap|wont-fix|||it's \"so\"\n"
                   "softmmu missed-flush||||\n");
    g_assert_true(
        tw_store_decide(store, "softmmu", "missed-unmap", &second, &error));
    decided(store, "softmmu missed-unmap|duplicate|https://x.example/1|"
                   "missed-flush|\nsoftmmu missed-flush||||\n");
    g_assert_true(
        tw_store_decide(store, "softmmu", "missed-unmap", &none, &error));
    g_assert_no_error(error);
    decided(store, "softmmu missed-unmap||||\nsoftmmu missed-flush||||\n");
    g_assert_cmpint(test_number(store, "SELECT count(*) FROM decisions"), ==,
                    1);
}

static bool list(const TwStoreFinding *finding, void *data)
{
    Listed *l = data;

    l->n++;
    l->status = finding->status;
    l->count = finding->count;
    l->keys = finding->keys;
    l->minimal = finding->minimal;
    l->security = finding->security;
    g_strlcpy(l->cause, finding->cause, sizeof(l->cause));
    g_strlcpy(l->fixed, finding->fixed_version, sizeof(l->fixed));
    return true;
}

static Listed all(TwStore *store)
{
    GError *error = NULL;
    Listed l = {.n = 0};

    g_assert_true(tw_store_findings(store, "softmmu", list, &l, &error));
    g_assert_no_error(error);
    return l;
}

static void test_life(Fixture *f, gconstpointer data)
{
    g_autoptr(TwStore) store = test_open(f->path);
    TwStoreSeen a, b;

    (void)data;
    a = see(store, test_sight(1, "StaSoftmmuRdRam", "missed-unmap", "a"));
    g_assert_cmpint(a.status, ==, TW_STORE_NEW);
    g_assert_false(a.again);
    b = see(store, test_sight(1, "StaSoftmmuRdRam", "missed-unmap", "a"));
    g_assert_true(b.again);
    g_assert_cmpint(b.status, ==, TW_STORE_NEW);
    g_assert_cmpuint(all(store).count, ==, 1);
    b = see(store, test_sight(2, "StaSoftmmuRdRam", "missed-unmap", "b"));
    g_assert_cmpint(b.key, ==, a.key);
    g_assert_cmpint(b.status, ==, TW_STORE_KNOWN);
    g_assert_cmpuint(all(store).count, ==, 2);
    g_assert_cmpint(retest(store, 3, a.key, 0), ==, TW_STORE_FIXED);
    g_assert_cmpint(retest(store, 4, a.key, 0), ==, TW_STORE_FIXED);
    g_assert_cmpstr(all(store).fixed, ==, "2");
    b = see(store, test_sight(5, "StaSoftmmuRdRam", "missed-unmap", "a"));
    g_assert_true(b.again);
    g_assert_cmpint(b.status, ==, TW_STORE_RETURNED);
    g_assert_cmpstr(all(store).fixed, ==, "");
    g_assert_cmpint(retest(store, 6, a.key, 3), ==, TW_STORE_KNOWN);
    g_assert_cmpint(retest(store, 7, a.key, 1), ==, TW_STORE_FLAKY);
    g_assert_cmpint(retest(store, 8, a.key, 3), ==, TW_STORE_KNOWN);
    g_assert_cmpint(retest(store, 9, a.key, 0), ==, TW_STORE_FIXED);
    g_assert_cmpint(retest(store, 10, a.key, 3), ==, TW_STORE_RETURNED);
    /* new, known, fixed, returned, known, flaky, known, fixed, returned */
    g_assert_cmpint(test_number(store, "SELECT count(*) FROM changes"), ==, 9);
}

/* A finding is fixed when its last key is. */
static void test_keys(Fixture *f, gconstpointer data)
{
    g_autoptr(TwStore) store = test_open(f->path);
    TwStoreSeen a, b, c;

    (void)data;
    a = see(store, test_sight(1, "StaSoftmmuRdRam", "missed-unmap-again", "a"));
    b = see(store, test_sight(1, "StaSoftmmuWrRam", "missed-unmap", "b"));
    c = see(store, test_sight(1, "StaSoftmmuRdRam", "missed-unmap", "c"));
    g_assert_cmpint(a.key, !=, c.key);
    g_assert_cmpint(b.finding, ==, c.finding);
    g_assert_cmpuint(all(store).n, ==, 2);
    /* After shrinking they are one, and the wrong finding is gone. */
    shrink(store, 1, b.key, "missed-unmap-again");
    g_assert_cmpuint(all(store).n, ==, 2);
    shrink(store, 1, c.key, "missed-unmap-again");
    shrink(store, 1, a.key, "missed-unmap-again");
    g_assert_cmpuint(all(store).n, ==, 1);
    g_assert_cmpuint(all(store).keys, ==, 3);
    g_assert_true(all(store).minimal);
    g_assert_cmpstr(all(store).cause, ==, "missed-unmap-again");
    g_assert_cmpint(retest(store, 2, a.key, 0), ==, TW_STORE_NEW);
    g_assert_cmpint(retest(store, 2, b.key, 3), ==, TW_STORE_KNOWN);
    g_assert_cmpint(retest(store, 2, c.key, 0), ==, TW_STORE_KNOWN);
    g_assert_cmpint(retest(store, 3, b.key, 0), ==, TW_STORE_FIXED);
    /* A shrunk key belongs to the cause of its minimal case. */
    b = see(store, test_sight(4, "StaSoftmmuWrRam", "missed-unmap", "d"));
    g_assert_true(b.minimal);
    g_assert_cmpint(b.status, ==, TW_STORE_RETURNED);
    g_assert_cmpuint(all(store).n, ==, 1);
}

static void test_raw(Fixture *f, gconstpointer data)
{
    g_autoptr(TwStore) store = test_open(f->path);
    TwStoreSight counted = test_sight(1, "StaSoftmmuRdRam", "missed-unmap", "");

    (void)data;
    for (unsigned i = 0; i < 9; i++) {
        g_autofree char *text = g_strdup_printf("case %u", i);
        TwStoreSight s = test_sight(1, "StaSoftmmuRdRam", "missed-unmap", text);

        s.security = i == 4;
        see(store, s);
    }
    g_assert_cmpint(test_number(store, "SELECT count(*) FROM cases"), ==, 3);
    g_assert_cmpuint(all(store).count, ==, 9);
    g_assert_true(all(store).security);
    counted.count = 100;
    see(store, counted);
    g_assert_cmpuint(all(store).count, ==, 109);
}

/* A part of a group that fails takes nothing else with it. */
static void test_group(Fixture *f, gconstpointer data)
{
    g_autoptr(TwStore) store = test_open(f->path);
    g_autoptr(GError) error = NULL;
    TwStoreMinimal none = {.key = 99,
                           .cause = "",
                           .title = "",
                           .rule = "",
                           .text = "",
                           .form = "",
                           .words = "",
                           .data = ""};

    (void)data;
    g_assert_true(tw_store_group_begin(store, NULL));
    see(store, test_sight(1, "StaSoftmmuRdRam", "missed-unmap", "a"));
    g_assert_cmpint(tw_store_minimal(store, &none, &error), ==, 0);
    g_assert_nonnull(strstr(error->message, "99"));
    see(store, test_sight(1, "StaSoftmmuRdRam", "missed-unmap", "b"));
    g_assert_true(tw_store_group_end(store, NULL));
    g_assert_cmpuint(all(store).count, ==, 2);
    {
        g_autoptr(TwStore) other = test_open(f->path);

        g_assert_cmpuint(all(other).count, ==, 2);
    }
}

static bool one_run(const TwStoreRun *run, void *data)
{
    g_assert_cmpstr(run->outcome, ==, "done");
    g_assert_cmpuint(run->programs, ==, 1000);
    g_assert_cmpint(run->started, ==, 77);
    (*(unsigned *)data)++;
    return true;
}

static bool one_measure(int64_t run, const char *name, double value, void *data)
{
    g_assert_cmpint(run, ==, 1);
    g_assert_cmpstr(name, ==, "coverage.lines");
    g_assert_cmpfloat(value, ==, 5);
    (*(unsigned *)data)++;
    return true;
}

static void test_runs(Fixture *f, gconstpointer data)
{
    g_autoptr(TwStore) store = test_open(f->path);
    TwStoreRun run = {.verb = "run",
                      .target = "softmmu",
                      .version = "1",
                      .options = "",
                      .seed = 5};
    unsigned runs = 0, measures = 0;

    (void)data;
    tw_store_set_now(store, 77);
    run.id = tw_store_run_begin(store, &run, NULL);
    g_assert_cmpint(run.id, ==, 1);
    run.outcome = "done";
    run.programs = 1000;
    g_assert_true(tw_store_run_end(store, &run, NULL));
    g_assert_true(tw_store_measure(store, 1, "coverage.lines", 4, NULL));
    g_assert_true(tw_store_measure(store, 1, "coverage.lines", 5, NULL));
    g_assert_true(tw_store_runs(store, NULL, one_run, &runs, NULL));
    g_assert_true(tw_store_measures(store, 0, one_measure, &measures, NULL));
    g_assert_cmpuint(runs, ==, 1);
    g_assert_cmpuint(measures, ==, 1);
}

static void test_hostile(Fixture *f, gconstpointer data)
{
    static const char evil[] = "x'); DROP TABLE findings; --\"<script>%s";
    g_autoptr(TwStore) store = test_open(f->path);
    TwStoreSight s = test_sight(1, evil, evil, evil);
    TwStoreSeen seen;

    (void)data;
    s.version = s.rule = s.text = s.origin = s.words = s.form = evil;
    seen = see(store, s);
    shrink(store, 1, seen.key, evil);
    g_assert_cmpstr(all(store).cause, ==, evil);
    g_assert_cmpuint(all(store).n, ==, 1);
}

/* Processes ---------------------------------------------------------------- */

enum { WRITERS = 4, SIGHTS = 15 };

static void test_writers(Fixture *f, gconstpointer data)
{
    pid_t pids[WRITERS];

    (void)data;
    for (unsigned w = 0; w < WRITERS; w++) {
        pids[w] = fork();
        if (pids[w] == 0) {
            TwStore *store = test_open(f->path); /* all make it at once */

            for (unsigned i = 0; i < SIGHTS; i++) {
                g_autofree char *text = g_strdup_printf("%u %u", w, i);

                see(store,
                    test_sight(w + 1, "StaSoftmmuRdRam", "missed-unmap", text));
            }
            tw_store_free(store);
            _exit(0);
        }
    }
    for (unsigned w = 0; w < WRITERS; w++) {
        int status;

        g_assert_cmpint(waitpid(pids[w], &status, 0), ==, pids[w]);
        g_assert_cmpint(status, ==, 0);
    }
    {
        g_autoptr(TwStore) store = test_open(f->path);

        g_assert_cmpuint(all(store).n, ==, 1);
        g_assert_cmpuint(all(store).count, ==, WRITERS * SIGHTS);
    }
}

/* What was recorded before a kill is there after it. */
static void test_killed(Fixture *f, gconstpointer data)
{
    uint64_t recorded = 0;

    (void)data;
    for (unsigned round = 0; round < 10; round++) {
        uint64_t before = recorded;
        char byte;
        int fds[2];
        pid_t pid;

        g_assert_cmpint(pipe(fds), ==, 0);
        pid = fork();
        if (pid == 0) {
            TwStore *store = test_open(f->path);

            for (unsigned i = 0;; i++) {
                g_autofree char *text = g_strdup_printf("%u %u", round, i);

                see(store, test_sight(round + 1, "StaSoftmmuRdRam",
                                      "missed-unmap", text));
                if (write(fds[1], "", 1) != 1) {
                    _exit(1);
                }
            }
        }
        close(fds[1]);
        for (unsigned i = 0; i <= round && read(fds[0], &byte, 1) == 1; i++) {
            recorded++;
        }
        g_usleep(round * 700);
        kill(pid, SIGKILL);
        while (read(fds[0], &byte, 1) == 1) {
            recorded++;
        }
        close(fds[0]);
        waitpid(pid, NULL, 0);
        g_assert_cmpuint(recorded, >, before);
        {
            g_autoptr(TwStore) store = test_open(f->path);

            /* The last record may be written but not yet reported. */
            g_assert_cmpuint(all(store).count, >=, recorded);
            g_assert_cmpuint(all(store).count, <=, recorded + 1);
            recorded = all(store).count;
        }
    }
}

#define ADD(path, test) \
    g_test_add(path, Fixture, NULL, test_set_up, test, test_tear_down)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_assert_cmpint(argc, ==, TW_STORE_VERSION);
    versions = argv;
    ADD("/store/file/new", test_new);
    ADD("/store/file/empty", test_empty);
    ADD("/store/file/none", test_none);
    ADD("/store/file/refused", test_refused);
    ADD("/store/file/corrupt", test_corrupt);
    for (int v = 1; v < TW_STORE_VERSION; v++) {
        g_autofree char *name = g_strdup_printf("/store/migration/%d", v);

        g_test_add(name, Fixture, GINT_TO_POINTER(v), test_set_up,
                   test_migration, test_tear_down);
    }
    ADD("/store/migration/fails", test_migration_fails);
    ADD("/store/findings/life", test_life);
    ADD("/store/findings/keys", test_keys);
    ADD("/store/findings/decide", test_decide);
    ADD("/store/findings/raw", test_raw);
    ADD("/store/findings/hostile", test_hostile);
    ADD("/store/findings/group", test_group);
    ADD("/store/runs", test_runs);
    ADD("/store/processes/writers", test_writers);
    ADD("/store/processes/killed", test_killed);
    return g_test_run();
}
