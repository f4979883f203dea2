/* SPDX-License-Identifier: MIT */
/*
 * Opening a store, and functions that all files here share.  twinwalk checks
 * the header of the file before SQLite opens it: SQLite may change any
 * database, and a refused file must not change.  The journal is a rollback
 * journal, not WAL: while no process writes, the store is one file, and its
 * header always has the version.
 */
#define _GNU_SOURCE
#include "reports/store/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    PATIENCE_MS = 60000,
    HEADER = 100, /* bytes of a database's header */
    AT_VERSION = 60,
    AT_APPLICATION = 68,
};

static bool refuse(GError **error, const char *path, const char *what)
{
    g_set_error(error, TW_STORE_ERROR, TW_STORE_ERROR_REFUSED,
                "%s: expected a store of findings, not %s", path, what);
    return false;
}

static bool no_file(GError **error, const char *path, const char *what)
{
    g_set_error(error, TW_STORE_ERROR, TW_STORE_ERROR_REFUSED,
                "%s: expected %s: %s", path, what, g_strerror(errno));
    return false;
}

int64_t tw_store_now(const TwStore *store)
{
    return store->now ? store->now : g_get_real_time() / G_USEC_PER_SEC;
}

void tw_store_set_now(TwStore *store, int64_t now)
{
    store->now = now;
}

/* Statements --------------------------------------------------------------- */

static bool bind(sqlite3_stmt *s, const char *types, va_list args)
{
    int code = SQLITE_OK;

    for (int i = 0; types[i] && code == SQLITE_OK; i++) {
        const void *pointer;

        switch (types[i]) {
        case 'i':
            code = sqlite3_bind_int64(s, i + 1, va_arg(args, int64_t));
            break;
        case 'd':
            code = sqlite3_bind_double(s, i + 1, va_arg(args, double));
            break;
        case 's':
            code = sqlite3_bind_text(s, i + 1, va_arg(args, const char *), -1,
                                     SQLITE_STATIC);
            break;
        case 'b':
            pointer = va_arg(args, const void *);
            code = sqlite3_bind_blob64(s, i + 1, pointer, va_arg(args, size_t),
                                       SQLITE_STATIC);
            break;
        default:
            g_assert_not_reached();
        }
    }
    return code == SQLITE_OK;
}

static sqlite3_stmt *prepare(TwStore *store, GError **error, const char *sql,
                             const char *types, va_list args)
{
    sqlite3_stmt *s = NULL;

    if (sqlite3_prepare_v2(store->db, sql, -1, &s, NULL) != SQLITE_OK ||
        !bind(s, types, args)) {
        tw_store_failed(store, error);
        sqlite3_finalize(s);
        return NULL;
    }
    return s;
}

sqlite3_stmt *tw_store_prepare(TwStore *store, GError **error, const char *sql,
                               const char *types, ...)
{
    va_list args;
    sqlite3_stmt *s;

    va_start(args, types);
    s = prepare(store, error, sql, types, args);
    va_end(args);
    return s;
}

static bool finish(TwStore *store, sqlite3_stmt *s, int code, GError **error)
{
    bool ok = code == SQLITE_DONE || code == SQLITE_ROW;

    if (!ok) {
        tw_store_failed(store, error);
    }
    sqlite3_finalize(s);
    return ok;
}

bool tw_store_do(TwStore *store, GError **error, const char *sql,
                 const char *types, ...)
{
    va_list args;
    sqlite3_stmt *s;

    va_start(args, types);
    s = prepare(store, error, sql, types, args);
    va_end(args);
    return s && finish(store, s, sqlite3_step(s), error);
}

int64_t tw_store_int(TwStore *store, int64_t otherwise, GError **error,
                     const char *sql, const char *types, ...)
{
    int64_t value = otherwise;
    va_list args;
    sqlite3_stmt *s;
    int code;

    va_start(args, types);
    s = prepare(store, error, sql, types, args);
    va_end(args);
    if (!s) {
        return otherwise;
    }
    code = sqlite3_step(s);
    if (code == SQLITE_ROW && sqlite3_column_type(s, 0) != SQLITE_NULL) {
        value = sqlite3_column_int64(s, 0);
    }
    finish(store, s, code, error);
    return value;
}

/* Several statements without values and results. */
static bool exec_sql(TwStore *store, const char *sql, GError **error)
{
    return sqlite3_exec(store->db, sql, NULL, NULL, NULL) == SQLITE_OK ||
           tw_store_failed(store, error);
}

/* Within a group, a transaction is a savepoint that can be rolled back. */
bool tw_store_begin(TwStore *store, GError **error)
{
    return exec_sql(
        store, store->grouped ? "SAVEPOINT part" : "BEGIN IMMEDIATE", error);
}

bool tw_store_end(TwStore *store, bool ok, GError **error)
{
    if (store->grouped) {
        return exec_sql(store,
                        ok ? "RELEASE part" : "ROLLBACK TO part; RELEASE part",
                        ok ? error : NULL) &&
               ok;
    }
    ok = ok && exec_sql(store, "COMMIT", error);
    if (!ok && !sqlite3_get_autocommit(store->db)) {
        sqlite3_exec(store->db, "ROLLBACK", NULL, NULL, NULL);
    }
    return ok;
}

bool tw_store_group_begin(TwStore *store, GError **error)
{
    store->grouped = tw_store_begin(store, error);
    return store->grouped;
}

bool tw_store_group_end(TwStore *store, GError **error)
{
    store->grouped = false;
    return tw_store_end(store, true, error);
}

const char *tw_store_text(sqlite3_stmt *s, int column)
{
    const char *text = (const char *)sqlite3_column_text(s, column);

    return text ? text : "";
}

/* Opening ------------------------------------------------------------------ */

static uint32_t big_endian(const uint8_t *at)
{
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 |
           (uint32_t)at[2] << 8 | at[3];
}

/* May SQLite open this file?  An empty file is accepted: another process is
 * making a store, or a power cut interrupted it. */
static bool look_at(int fd, const char *path, GError **error)
{
    uint8_t header[HEADER];
    struct stat st;
    ssize_t n;

    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
        return refuse(error, path, "something that is no file");
    }
    n = pread(fd, header, sizeof(header), 0);
    if (n == 0) {
        return true;
    }
    if (n < HEADER || memcmp(header, "SQLite format 3", 16) != 0) {
        return refuse(error, path, "a file of another kind");
    }
    if (big_endian(header + AT_APPLICATION) != TW_STORE_APPLICATION) {
        return refuse(error, path, "another program's database");
    }
    if (big_endian(header + AT_VERSION) > TW_STORE_VERSION) {
        g_set_error(error, TW_STORE_ERROR, TW_STORE_ERROR_REFUSED,
                    "%s: expected a store of version %d or older, not %u: a "
                    "newer twinwalk made it",
                    path, TW_STORE_VERSION, big_endian(header + AT_VERSION));
        return false;
    }
    return true;
}

/* With `create`, makes an empty file if there is none; checks an existing one.
 */
static bool find_file(const char *path, bool create, GError **error)
{
    g_autofree char *folder = g_path_get_dirname(path);
    bool ok;
    int fd;

    if (create) {
        if (g_mkdir_with_parents(folder, 0777) != 0) {
            return no_file(error, path, "a folder that can be made");
        }
        fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    } else {
        fd = open(path, O_RDWR | O_CLOEXEC);
        if (fd < 0 && errno == EACCES) {
            fd = open(path, O_RDONLY | O_CLOEXEC);
        }
    }
    if (fd < 0) {
        return no_file(error, path,
                       create ? "a store that can be written"
                              : "a store of findings");
    }
    ok = look_at(fd, path, error);
    /* Undisclosed findings are confidential. */
    if (ok && create && lseek(fd, 0, SEEK_END) == 0) {
        fchmod(fd, 0600);
    }
    close(fd);
    return ok;
}

/* SQLite looks through the whole file, without changing it. */
static bool whole(TwStore *store, GError **error)
{
    sqlite3_stmt *s =
        tw_store_prepare(store, error, "PRAGMA quick_check(1)", "");
    int code = s ? sqlite3_step(s) : SQLITE_ERROR;
    bool ok = code == SQLITE_ROW && strcmp(tw_store_text(s, 0), "ok") == 0;

    if (s && !ok && code == SQLITE_ROW) {
        refuse(error, store->path,
               "one that is broken (run sqlite3's "
               ".recover on a copy)");
    } else if (s && !ok) {
        tw_store_failed(store, error);
    }
    sqlite3_finalize(s);
    return ok;
}

static int64_t version_of(TwStore *store, GError **error)
{
    return tw_store_int(store, -1, error, "PRAGMA user_version", "");
}

static bool set_version(TwStore *store, int version, GError **error)
{
    g_autofree char *sql = g_strdup_printf("PRAGMA user_version = %d", version);

    return exec_sql(store, sql, error);
}

/* Makes the tables, or upgrades them, unless another process just did.
 */
static bool bring_up(TwStore *store, GError **error)
{
    g_autofree char *mark =
        g_strdup_printf("PRAGMA application_id = %d", TW_STORE_APPLICATION);
    GError *mine = NULL;
    int64_t version;
    bool ok;

    if (!tw_store_begin(store, error)) {
        return false;
    }
    version = version_of(store, &mine);
    ok = version >= 0 && version <= TW_STORE_VERSION;
    if (ok && version == 0) {
        ok = tw_store_int(store, -1, &mine,
                          "SELECT count(*) FROM sqlite_master", "") == 0 &&
             exec_sql(store, mark, &mine) &&
             exec_sql(store, tw_store_schema, &mine);
    }
    for (int64_t v = version; v > 0 && v < TW_STORE_VERSION && ok; v++) {
        ok = exec_sql(store, tw_store_migrations[v - 1], &mine);
    }
    ok = ok && set_version(store, TW_STORE_VERSION, &mine);
    if (!ok && !mine) {
        refuse(&mine, store->path, "one whose version makes no sense");
    }
    ok = tw_store_end(store, ok, mine ? NULL : &mine);
    if (!ok) {
        g_propagate_error(error, mine);
    }
    return ok;
}

/* Closes runs whose process has exited.  A reader that cannot write leaves them
 * as they are, but shows them as interrupted. */
static void end_the_gone(TwStore *store)
{
    if (tw_store_int(store, 0, NULL,
                     "SELECT count(*) FROM runs WHERE outcome = 'running'"
                     " AND owner_there(owner) = 0",
                     "") > 0) {
        tw_store_do(store, NULL,
                    "UPDATE runs SET outcome = 'interrupted'"
                    " WHERE outcome = 'running' AND owner_there(owner) = 0",
                    "");
    }
}

static bool prepare_store(TwStore *store, GError **error)
{
    int64_t version;

    sqlite3_busy_timeout(store->db, PATIENCE_MS);
    if (!exec_sql(store, "PRAGMA foreign_keys = ON", error) ||
        !tw_store_owner_register(store, error) || !whole(store, error)) {
        return false;
    }
    version = version_of(store, error);
    if (version != TW_STORE_VERSION &&
        (version < 0 || !bring_up(store, error))) {
        return false;
    }
    end_the_gone(store);
    return true;
}

TwStore *tw_store_open(const char *path, bool create, GError **error)
{
    TwStore *store;

    if (!find_file(path, create, error)) {
        return NULL;
    }
    store = g_new0(TwStore, 1);
    store->path = g_strdup(path);
    /* The name as it is: no URI. */
    if (sqlite3_open_v2(path, &store->db, SQLITE_OPEN_READWRITE, NULL) !=
        SQLITE_OK) {
        tw_store_failed(store, error);
        tw_store_free(store);
        return NULL;
    }
    if (!prepare_store(store, error)) {
        tw_store_free(store);
        return NULL;
    }
    return store;
}

void tw_store_free(TwStore *store)
{
    if (store) {
        sqlite3_close(store->db);
        g_free(store->path);
        g_free(store->here);
        g_free(store);
    }
}
