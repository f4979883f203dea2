/* SPDX-License-Identifier: MIT */
/* Reads a store, row by row. */
#include "reports/store/internal.h"

#include <string.h>

static TwStoreStatus status_at(sqlite3_stmt *s, int column)
{
    const char *name = tw_store_text(s, column);
    unsigned status = 0;

    while (status < TW_STORE_STATUSES - 1 &&
           strcmp(tw_store_status_name(status), name) != 0) {
        status++;
    }
    return status;
}

static TwStoreState state_at(sqlite3_stmt *s, int column)
{
    const char *name = tw_store_text(s, column);
    unsigned state = TW_STORE_STATES - 1;

    while (state > 0 && strcmp(tw_store_state_name(state), name) != 0) {
        state--;
    }
    return state;
}

typedef bool (*Row)(sqlite3_stmt *s, void *data);

/* Calls `row` for each; ends the statement. */
static bool each_row(TwStore *store, sqlite3_stmt *s, Row row, void *data,
                     GError **error)
{
    int code = SQLITE_DONE;
    bool go_on = s != NULL;

    while (go_on && (code = sqlite3_step(s)) == SQLITE_ROW) {
        go_on = row(s, data);
    }
    if (s && code != SQLITE_DONE && code != SQLITE_ROW) {
        tw_store_failed(store, error);
        sqlite3_finalize(s);
        return false;
    }
    sqlite3_finalize(s);
    return s != NULL;
}

typedef struct Each {
    union {
        bool (*finding)(const TwStoreFinding *finding, void *data);
        bool (*key)(const TwStoreKey *key, void *data);
        bool (*raw)(const void *data, size_t size, const char *words,
                    void *data_of_each);
        bool (*run)(const TwStoreRun *run, void *data);
        bool (*change)(const TwStoreChange *change, void *data);
        bool (*measure)(int64_t run, const char *name, double value,
                        void *data);
    } call;
    void *data;
} Each;

static bool finding_row(sqlite3_stmt *s, void *data)
{
    const Each *each = data;
    TwStoreFinding f = {
        .id = sqlite3_column_int64(s, 0),
        .target = tw_store_text(s, 1),
        .cause = tw_store_text(s, 2),
        .title = tw_store_text(s, 3),
        .verdict = tw_store_text(s, 4),
        .rule = tw_store_text(s, 5),
        .security = sqlite3_column_int(s, 6) != 0,
        .status = status_at(s, 7),
        .first_seen = sqlite3_column_int64(s, 8),
        .last_seen = sqlite3_column_int64(s, 9),
        .first_version = tw_store_text(s, 10),
        .last_version = tw_store_text(s, 11),
        .first_run = sqlite3_column_int64(s, 12),
        .last_run = sqlite3_column_int64(s, 13),
        .fixed_version = tw_store_text(s, 14),
        .count = (uint64_t)sqlite3_column_int64(s, 15),
        .keys = (unsigned)sqlite3_column_int(s, 16),
        .key = sqlite3_column_int64(s, 17),
        .key_name = tw_store_text(s, 18),
        .minimal = strcmp(tw_store_text(s, 19), "minimal") == 0,
        .form = tw_store_text(s, 20),
        .words = tw_store_text(s, 21),
        .text = tw_store_text(s, 22),
        .origin = tw_store_text(s, 23),
        .data = sqlite3_column_blob(s, 24),
        .size = (size_t)sqlite3_column_bytes(s, 24),
        .lines = (unsigned)sqlite3_column_int(s, 25),
        .decision = {.state = state_at(s, 26),
                     .issue = tw_store_text(s, 27),
                     .duplicate_of = tw_store_text(s, 28),
                     .comment = tw_store_text(s, 29),
                     .at = sqlite3_column_int64(s, 30)},
    };

    return each->call.finding(&f, each->data);
}

/* The text of case c2 has these words (1 or 0). */
#define HAS(words) "(instr(CAST(c2.data AS TEXT), '" words "') > 0)"
#define BEST_FIRST \
    "c2.kind = 'raw', " HAS(" during ") ", " HAS(" rmw ") " OR " HAS( \
        " paired") ", c2.lines, length(c2.data), c2.id"

/*
 * The case that stands for a finding is the one that is easiest to understand:
 * shrunk; nothing happens during an access; loads and stores rather than
 * exchanges and pairs; short; the oldest.  The verdict is that of its key: one
 * finding may have keys of several.
 */
bool tw_store_findings(TwStore *store, const char *target,
                       bool (*each)(const TwStoreFinding *finding, void *data),
                       void *data, GError **error)
{
    Each e = {.call.finding = each, .data = data};

    return each_row(
        store,
        tw_store_prepare(
            store, error,
            "SELECT f.id, f.target, f.cause, f.title,"
            " ifnull(k.verdict, f.verdict), f.rule,"
            " f.security, f.status, f.first_seen, f.last_seen,"
            " f.first_version, f.last_version, f.first_run, f.last_run,"
            " f.fixed_version,"
            " (SELECT sum(count) FROM keys WHERE finding = f.id),"
            " (SELECT count(*) FROM keys WHERE finding = f.id),"
            " k.id, k.key, c.kind, c.form, c.words, c.text,"
            " (SELECT c3.origin FROM cases c3 JOIN keys k3 ON k3.id = c3.key"
            "  WHERE k3.finding = f.id AND c3.kind = 'raw' ORDER BY c3.id"
            "  LIMIT 1), c.data, c.lines, d.state, d.issue, d.duplicate_of,"
            " d.comment, d.at FROM findings f"
            " LEFT JOIN decisions d ON d.target = f.target"
            "  AND d.cause = f.cause"
            " LEFT JOIN cases c ON c.id = (SELECT c2.id FROM cases c2"
            "  JOIN keys k2 ON k2.id = c2.key WHERE k2.finding = f.id"
            "  ORDER BY " BEST_FIRST " LIMIT 1)"
            " LEFT JOIN keys k ON k.id = c.key"
            " WHERE ?1 IS NULL OR f.target = ?1 ORDER BY f.id",
            "s", target),
        finding_row, &e, error);
}

static bool key_row(sqlite3_stmt *s, void *data)
{
    const Each *each = data;
    TwStoreKey k = {
        .id = sqlite3_column_int64(s, 0),
        .finding = sqlite3_column_int64(s, 1),
        .target = tw_store_text(s, 2),
        .key = tw_store_text(s, 3),
        .sign = tw_store_text(s, 4),
        .cause = tw_store_text(s, 5),
        .verdict = tw_store_text(s, 6),
        .count = (uint64_t)sqlite3_column_int64(s, 7),
        .status = status_at(s, 8),
        .first_seen = sqlite3_column_int64(s, 9),
        .last_seen = sqlite3_column_int64(s, 10),
        .minimal = strcmp(tw_store_text(s, 11), "minimal") == 0,
        .form = tw_store_text(s, 12),
        .words = tw_store_text(s, 13),
        .data = sqlite3_column_blob(s, 14),
        .size = (size_t)sqlite3_column_bytes(s, 14),
    };

    return each->call.key(&k, each->data);
}

bool tw_store_keys(TwStore *store, const char *target,
                   bool (*each)(const TwStoreKey *key, void *data), void *data,
                   GError **error)
{
    Each e = {.call.key = each, .data = data};

    return each_row(
        store,
        tw_store_prepare(
            store, error,
            "SELECT k.id, k.finding, k.target, k.key, k.sign, f.cause,"
            " k.verdict, k.count, k.status, k.first_seen, k.last_seen,"
            " c.kind, c.form, c.words, c.data FROM keys k"
            " JOIN findings f ON f.id = k.finding"
            " LEFT JOIN cases c ON c.id = (SELECT c2.id FROM cases c2"
            "  WHERE c2.key = k.id ORDER BY c2.kind = 'raw', c2.id LIMIT 1)"
            " WHERE ?1 IS NULL OR k.target = ?1 ORDER BY k.finding, k.id",
            "s", target),
        key_row, &e, error);
}

static bool raw_row(sqlite3_stmt *s, void *data)
{
    const Each *each = data;

    return each->call.raw(sqlite3_column_blob(s, 0),
                          (size_t)sqlite3_column_bytes(s, 0),
                          tw_store_text(s, 1), each->data);
}

bool tw_store_raw(TwStore *store, int64_t key,
                  bool (*each)(const void *data, size_t size, const char *words,
                               void *data_of_each),
                  void *data, GError **error)
{
    Each e = {.call.raw = each, .data = data};

    return each_row(store,
                    tw_store_prepare(store, error,
                                     "SELECT data, words FROM cases"
                                     " WHERE key = ?1 AND kind = 'raw'"
                                     " AND form = 'text'"
                                     " ORDER BY length(data), id",
                                     "i", key),
                    raw_row, &e, error);
}

static bool run_row(sqlite3_stmt *s, void *data)
{
    const Each *each = data;
    TwStoreRun r = {
        .id = sqlite3_column_int64(s, 0),
        .verb = tw_store_text(s, 1),
        .target = tw_store_text(s, 2),
        .version = tw_store_text(s, 3),
        .options = tw_store_text(s, 4),
        .seed = (uint64_t)sqlite3_column_int64(s, 5),
        .started = sqlite3_column_int64(s, 6),
        .outcome = tw_store_text(s, 7),
        .seconds = sqlite3_column_double(s, 8),
        .programs = (uint64_t)sqlite3_column_int64(s, 9),
        .accesses = (uint64_t)sqlite3_column_int64(s, 10),
        .alive = sqlite3_column_int(s, 11) != 0,
    };

    return each->call.run(&r, each->data);
}

bool tw_store_runs(TwStore *store, const char *target,
                   bool (*each)(const TwStoreRun *run, void *data), void *data,
                   GError **error)
{
    Each e = {.call.run = each, .data = data};

    return each_row(
        store,
        tw_store_prepare(store, error,
                         "SELECT id, verb, target, version, options, seed,"
                         " started, CASE WHEN outcome = 'running' AND"
                         " owner_there(owner) = 0 THEN 'interrupted'"
                         " ELSE outcome END, seconds, programs, accesses,"
                         " outcome = 'running' AND owner_there(owner) IS 1"
                         " FROM runs WHERE ?1 IS NULL OR target = ?1"
                         " ORDER BY id",
                         "s", target),
        run_row, &e, error);
}

static bool change_row(sqlite3_stmt *s, void *data)
{
    const Each *each = data;
    TwStoreChange c = {
        .run = sqlite3_column_int64(s, 0),
        .finding = sqlite3_column_int64(s, 1),
        .at = sqlite3_column_int64(s, 2),
        .was = tw_store_text(s, 3),
        .is = tw_store_text(s, 4),
    };

    return each->call.change(&c, each->data);
}

bool tw_store_changes(TwStore *store, int64_t run,
                      bool (*each)(const TwStoreChange *change, void *data),
                      void *data, GError **error)
{
    Each e = {.call.change = each, .data = data};

    return each_row(store,
                    tw_store_prepare(store, error,
                                     "SELECT run, finding, at, was, status"
                                     " FROM changes WHERE ?1 = 0 OR run = ?1"
                                     " ORDER BY id",
                                     "i", run),
                    change_row, &e, error);
}

static bool measure_row(sqlite3_stmt *s, void *data)
{
    const Each *each = data;

    return each->call.measure(sqlite3_column_int64(s, 0), tw_store_text(s, 1),
                              sqlite3_column_double(s, 2), each->data);
}

bool tw_store_measures(TwStore *store, int64_t run,
                       bool (*each)(int64_t run, const char *name, double value,
                                    void *data),
                       void *data, GError **error)
{
    Each e = {.call.measure = each, .data = data};

    return each_row(store,
                    tw_store_prepare(store, error,
                                     "SELECT run, name, value FROM measures"
                                     " WHERE ?1 = 0 OR run = ?1"
                                     " ORDER BY run, name",
                                     "i", run),
                    measure_row, &e, error);
}
