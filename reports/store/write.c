/* SPDX-License-Identifier: MIT */
/* Writes into a store: one short transaction for each function. */
#include <string.h>
#include <unistd.h>

#include "reports/cause/cause.h"
#include "reports/store/internal.h"

const char *tw_store_status_name(TwStoreStatus status)
{
    static const char *const names[TW_STORE_STATUSES] = {
        "new", "known", "returned", "fixed", "flaky"};

    return names[status];
}

static TwStoreStatus status_of(const char *name)
{
    unsigned s = 0;

    while (s < TW_STORE_STATUSES - 1 &&
           strcmp(tw_store_status_name(s), name) != 0) {
        s++;
    }
    return s;
}

/* Runs --------------------------------------------------------------------- */

int64_t tw_store_run_begin(TwStore *store, const TwStoreRun *run,
                           GError **error)
{
    g_autofree char *owner =
        run->owner < 0
            ? g_strdup("")
            : tw_store_owner(store->here, run->owner ? run->owner : getpid());
    bool ok = tw_store_begin(store, error);
    int64_t id = 0;

    ok = ok && tw_store_do(store, error,
                           "INSERT INTO runs (verb, target, version, options,"
                           " seed, started, outcome, seconds, programs,"
                           " accesses, owner) VALUES"
                           " (?, ?, ?, ?, ?, ?, 'running', 0, 0, 0, ?)",
                           "ssssiis", run->verb, run->target, run->version,
                           run->options, (int64_t)run->seed,
                           tw_store_now(store), owner);
    if (ok) {
        id = sqlite3_last_insert_rowid(store->db);
    }
    return tw_store_end(store, ok, error) ? id : 0;
}

/* A run that writes is alive: records the time, in case that it writes no more.
 */
static bool heard_of(TwStore *store, int64_t run, GError **error)
{
    return tw_store_do(store, error,
                       "UPDATE runs SET seconds = max(seconds, ? - started)"
                       " WHERE id = ? AND outcome = 'running'",
                       "ii", tw_store_now(store), run);
}

bool tw_store_run_so_far(TwStore *store, const TwStoreRun *run, GError **error)
{
    return tw_store_do(store, error,
                       "UPDATE runs SET seconds = ?, programs = ?,"
                       " accesses = ? WHERE id = ? AND outcome = 'running'",
                       "diii", run->seconds, (int64_t)run->programs,
                       (int64_t)run->accesses, run->id);
}

bool tw_store_run_end(TwStore *store, const TwStoreRun *run, GError **error)
{
    return tw_store_do(store, error,
                       "UPDATE runs SET outcome = ?, seconds = ?,"
                       " programs = ?, accesses = ? WHERE id = ?",
                       "sdiii", run->outcome, run->seconds,
                       (int64_t)run->programs, (int64_t)run->accesses, run->id);
}

bool tw_store_measure(TwStore *store, int64_t run, const char *name,
                      double value, GError **error)
{
    return tw_store_begin(store, error) &&
           tw_store_end(store,
                        tw_store_do(store, error,
                                    "INSERT INTO measures (run, name, value)"
                                    " VALUES (?, ?, ?) ON CONFLICT (run, name)"
                                    " DO UPDATE SET value = excluded.value",
                                    "isd", run, name, value) &&
                            heard_of(store, run, error),
                        error);
}

/* Statuses ----------------------------------------------------------------- */

static TwStoreStatus status_now(TwStore *store, int64_t finding, GError **error)
{
    sqlite3_stmt *s = tw_store_prepare(
        store, error, "SELECT status FROM findings WHERE id = ?", "i", finding);
    TwStoreStatus status = TW_STORE_NEW;

    if (s && sqlite3_step(s) == SQLITE_ROW) {
        status = status_of(tw_store_text(s, 0));
    }
    sqlite3_finalize(s);
    return status;
}

static bool change(TwStore *store, int64_t run, int64_t finding,
                   const char *was, TwStoreStatus is, GError **error)
{
    const char *name = tw_store_status_name(is);

    return strcmp(was, name) == 0 ||
           (tw_store_do(store, error,
                        "UPDATE findings SET status = ? WHERE id = ?", "si",
                        name, finding) &&
            tw_store_do(store, error,
                        "INSERT INTO changes (run, finding, at, was, status)"
                        " VALUES (?, ?, ?, ?, ?)",
                        "iiiss", run, finding, tw_store_now(store), was, name));
}

/* Findings ----------------------------------------------------------------- */

/* The finding of this cause, made if need be; 0 with `error` on failure. */
static int64_t finding_of(TwStore *store, const char *target, const char *cause,
                          const char *title, const char *verdict,
                          const char *rule, bool security, const char *version,
                          int64_t run, GError **error)
{
    int64_t now = tw_store_now(store);
    int64_t id =
        tw_store_int(store, 0, error,
                     "SELECT id FROM findings WHERE target = ? AND cause = ?",
                     "ss", target, cause);

    if (id || (error && *error)) {
        return id;
    }
    if (!tw_store_do(store, error,
                     "INSERT INTO findings (target, cause, title, verdict,"
                     " rule, security, status, first_seen, last_seen,"
                     " first_version, last_version, first_run, last_run,"
                     " fixed_version) VALUES"
                     " (?, ?, ?, ?, ?, ?, 'new', ?, ?, ?, ?, ?, ?, '')",
                     "sssssiiissii", target, cause, title, verdict, rule,
                     (int64_t)security, now, now, version, version, run, run)) {
        return 0;
    }
    id = sqlite3_last_insert_rowid(store->db);
    return tw_store_do(store, error,
                       "INSERT INTO changes (run, finding, at, was, status)"
                       " VALUES (?, ?, ?, '', 'new')",
                       "iii", run, id, now)
               ? id
               : 0;
}

/* A finding was met: in which status is it now? */
static bool met(TwStore *store, int64_t finding, int64_t run,
                const char *version, bool security, GError **error)
{
    TwStoreStatus was = status_now(store, finding, error), is = was;
    int64_t last = tw_store_int(store, 0, error,
                                "SELECT last_run FROM findings WHERE id = ?",
                                "i", finding);

    if (was == TW_STORE_FIXED) {
        is = TW_STORE_RETURNED;
    } else if (last != run &&
               (was == TW_STORE_NEW || was == TW_STORE_RETURNED)) {
        is = TW_STORE_KNOWN;
    }
    return change(store, run, finding, tw_store_status_name(was), is, error) &&
           tw_store_do(store, error,
                       "UPDATE findings SET last_seen = ?, last_version = ?,"
                       " last_run = ?, security = max(security, ?),"
                       " fixed_version = '' WHERE id = ?",
                       "isiii", tw_store_now(store), version, run,
                       (int64_t)security, finding);
}

/* Keys and cases ----------------------------------------------------------- */

static int64_t key_of(TwStore *store, const TwStoreSight *sight, GError **error)
{
    GError *mine = NULL;
    int64_t id = tw_store_int(store, 0, &mine,
                              "SELECT id FROM keys WHERE target = ? AND"
                              " key = ? AND sign = ?",
                              "sss", sight->target, sight->key, sight->sign);
    g_autofree char *title =
        sight->title ? g_strdup(sight->title) : tw_cause_title(sight->sign);
    int64_t finding, now = tw_store_now(store);

    if (!id && !mine) {
        finding = finding_of(store, sight->target, sight->sign, title,
                             sight->verdict, sight->rule, sight->security,
                             sight->version, sight->run, &mine);
        if (finding &&
            tw_store_do(store, &mine,
                        "INSERT INTO keys (finding, target, key, sign,"
                        " verdict, status, count, first_seen, last_seen)"
                        " VALUES (?, ?, ?, ?, ?, 'known', 0, ?, ?)",
                        "issssii", finding, sight->target, sight->key,
                        sight->sign, sight->verdict, now, now)) {
            id = sqlite3_last_insert_rowid(store->db);
        }
    }
    if (mine) {
        g_propagate_error(error, mine);
        return 0;
    }
    return id;
}

static char *hash_of(const char *form, const void *data, size_t size)
{
    GChecksum *sum = g_checksum_new(G_CHECKSUM_SHA256);
    char *hash;

    g_checksum_update(sum, (const guchar *)form, (gssize)strlen(form) + 1);
    g_checksum_update(sum, data, (gssize)size);
    hash = g_strdup(g_checksum_get_string(sum));
    g_checksum_free(sum);
    return hash;
}

/* Was this input already counted for this key?  Records that it is now. */
static bool note_input(TwStore *store, const TwStoreSight *sight, int64_t key,
                       const char *hash, bool *again, GError **error)
{
    bool ok = tw_store_do(store, error,
                          "INSERT OR IGNORE INTO inputs (target, hash, key)"
                          " VALUES (?, ?, ?)",
                          "ssi", sight->target, hash, key);

    *again = ok && sqlite3_changes(store->db) == 0;
    return ok;
}

static bool keep_raw(TwStore *store, const TwStoreSight *sight, int64_t key,
                     const char *hash, unsigned most, GError **error)
{
    return tw_store_do(
        store, error,
        "INSERT OR IGNORE INTO cases (key, kind, form, data, hash, text,"
        " origin, words, lines, operations, run, added)"
        " SELECT ?1, 'raw', ?2, ?3, ?4, ?5, ?6, ?7, 0, 0, ?8, ?9 WHERE"
        " (SELECT count(*) FROM cases WHERE key = ?1 AND kind = 'raw') < ?10",
        "isbssssiii", key, sight->form, sight->data, sight->size, hash,
        sight->text, sight->origin, sight->words, sight->run,
        tw_store_now(store), (int64_t)most);
}

static bool has_minimal(TwStore *store, int64_t key, GError **error)
{
    return tw_store_int(store, 0, error,
                        "SELECT 1 FROM cases WHERE key = ? AND"
                        " kind = 'minimal'",
                        "i", key) == 1;
}

static bool see(TwStore *store, const TwStoreSight *sight, unsigned most,
                TwStoreSeen *seen, GError **error)
{
    g_autofree char *hash = NULL;
    uint64_t count = sight->count;
    bool ok;

    seen->key = key_of(store, sight, error);
    ok = seen->key != 0;
    if (ok && sight->size > 0) {
        hash = hash_of(sight->form, sight->data, sight->size);
        ok = note_input(store, sight, seen->key, hash, &seen->again, error) &&
             keep_raw(store, sight, seen->key, hash, most, error);
    }
    if (count == 0) {
        count = !seen->again;
    }
    seen->finding = ok ? tw_store_int(store, 0, error,
                                      "SELECT finding FROM keys WHERE id = ?",
                                      "i", seen->key)
                       : 0;
    ok = ok && seen->finding &&
         tw_store_do(store, error,
                     "UPDATE keys SET count = count + ?, last_seen = ?,"
                     " status = CASE status WHEN 'fixed' THEN 'known'"
                     " ELSE status END WHERE id = ?",
                     "iii", (int64_t)count, tw_store_now(store), seen->key) &&
         met(store, seen->finding, sight->run, sight->version, sight->security,
             error);
    if (ok) {
        seen->minimal = has_minimal(store, seen->key, error);
        seen->status = status_now(store, seen->finding, error);
    }
    return ok;
}

bool tw_store_see(TwStore *store, const TwStoreSight *sight, unsigned most,
                  TwStoreSeen *seen, GError **error)
{
    memset(seen, 0, sizeof(*seen));
    return tw_store_begin(store, error) &&
           tw_store_end(store,
                        see(store, sight, most, seen, error) &&
                            heard_of(store, sight->run, error),
                        error);
}

/* Minimal cases ------------------------------------------------------------ */

/* Moves a key to another finding.  If the old finding has no keys left, it is
 * deleted with its changes. */
static bool move_key(TwStore *store, int64_t key, int64_t from, int64_t to,
                     GError **error)
{
    if (from == to) {
        return true;
    }
    if (!tw_store_do(store, error,
                     "UPDATE findings SET"
                     " first_seen = min(first_seen, f.first),"
                     " last_seen = max(last_seen, f.last)"
                     " FROM (SELECT first_seen AS first, last_seen AS last"
                     " FROM findings WHERE id = ?) AS f WHERE id = ?",
                     "ii", from, to) ||
        !tw_store_do(store, error, "UPDATE keys SET finding = ? WHERE id = ?",
                     "ii", to, key)) {
        return false;
    }
    if (tw_store_int(store, 1, error,
                     "SELECT count(*) FROM keys WHERE finding = ?", "i",
                     from) > 0) {
        return true;
    }
    return tw_store_do(store, error, "DELETE FROM changes WHERE finding = ?",
                       "i", from) &&
           tw_store_do(store, error, "DELETE FROM findings WHERE id = ?", "i",
                       from);
}

static int64_t file_minimal(TwStore *store, const TwStoreMinimal *m,
                            GError **error)
{
    g_autofree char *target = NULL, *verdict = NULL, *version = NULL;
    g_autofree char *hash = hash_of(m->form, m->data, m->size);
    int64_t from = 0, to;
    sqlite3_stmt *s = tw_store_prepare(
        store, error,
        "SELECT k.finding, k.target, k.verdict, f.last_version FROM keys k"
        " JOIN findings f ON f.id = k.finding WHERE k.id = ?",
        "i", m->key);

    if (s && sqlite3_step(s) == SQLITE_ROW) {
        from = sqlite3_column_int64(s, 0);
        target = g_strdup(tw_store_text(s, 1));
        verdict = g_strdup(tw_store_text(s, 2));
        version = g_strdup(tw_store_text(s, 3));
    }
    sqlite3_finalize(s);
    if (!from) {
        if (s) {
            g_set_error(error, TW_STORE_ERROR, TW_STORE_ERROR_REFUSED,
                        "%s: expected a key of number %" G_GINT64_FORMAT,
                        store->path, m->key);
        }
        return 0;
    }
    to = finding_of(store, target, m->cause, m->title, verdict, m->rule,
                    m->security, version, m->run, error);
    if (!to ||
        !tw_store_do(store, error,
                     "DELETE FROM cases WHERE key = ? AND kind = 'minimal'",
                     "i", m->key) ||
        !tw_store_do(store, error,
                     "INSERT INTO cases (key, kind, form, data, hash, text,"
                     " origin, words, lines, operations, run, added) VALUES"
                     " (?, 'minimal', ?, ?, ?, ?, '', ?, ?, ?, ?, ?)",
                     "isbsssiiii", m->key, m->form, m->data, m->size, hash,
                     m->text, m->words, (int64_t)m->lines,
                     (int64_t)m->operations, m->run, tw_store_now(store)) ||
        !tw_store_do(store, error,
                     "UPDATE findings SET title = ?, rule = ? WHERE id = ?",
                     "ssi", m->title, m->rule, to) ||
        !met(store, to, m->run, version, m->security, error) ||
        !move_key(store, m->key, from, to, error)) {
        return 0;
    }
    return to;
}

int64_t tw_store_minimal(TwStore *store, const TwStoreMinimal *minimal,
                         GError **error)
{
    int64_t finding;

    if (!tw_store_begin(store, error)) {
        return 0;
    }
    finding = file_minimal(store, minimal, error);
    return tw_store_end(store,
                        finding != 0 && heard_of(store, minimal->run, error),
                        error)
               ? finding
               : 0;
}

/* Retests ------------------------------------------------------------------ */

/* How many keys of a finding have this status, or any but `fixed` (NULL). */
static int64_t count_keys(TwStore *store, int64_t finding, const char *status,
                          GError **error)
{
    return tw_store_int(store, -1, error,
                        "SELECT count(*) FROM keys WHERE finding = ?1 AND"
                        " (status = ?2 OR (?2 IS NULL AND status <> 'fixed'))",
                        "is", finding, status);
}

static bool retested(TwStore *store, int64_t run, int64_t key,
                     const char *version, unsigned again, unsigned times,
                     TwStoreStatus *status, GError **error)
{
    const char *name = again == 0 ? "fixed" : again < times ? "flaky" : "known";
    int64_t finding = tw_store_int(
        store, 0, error, "SELECT finding FROM keys WHERE id = ?", "i", key);
    int64_t there, sure;
    TwStoreStatus was;

    if (!finding ||
        !tw_store_do(store, error, "UPDATE keys SET status = ? WHERE id = ?",
                     "si", name, key) ||
        (again > 0 && !met(store, finding, run, version, false, error))) {
        return false;
    }
    was = status_now(store, finding, error);
    there = count_keys(store, finding, NULL, error);
    sure = count_keys(store, finding, "known", error);
    if (there < 0 || sure < 0) {
        return false;
    }
    *status = there == 0                                       ? TW_STORE_FIXED
              : sure == 0                                      ? TW_STORE_FLAKY
              : was == TW_STORE_FLAKY || was == TW_STORE_FIXED ? TW_STORE_KNOWN
                                                               : was;
    return change(store, run, finding, tw_store_status_name(was), *status,
                  error) &&
           (*status != TW_STORE_FIXED || was == TW_STORE_FIXED ||
            tw_store_do(store, error,
                        "UPDATE findings SET fixed_version = ? WHERE id = ?",
                        "si", version, finding));
}

bool tw_store_retested(TwStore *store, int64_t run, int64_t key,
                       const char *version, unsigned again, unsigned times,
                       TwStoreStatus *status, GError **error)
{
    TwStoreStatus unused;

    return tw_store_begin(store, error) &&
           tw_store_end(store,
                        retested(store, run, key, version, again, times,
                                 status ? status : &unused, error) &&
                            heard_of(store, run, error),
                        error);
}

bool tw_store_drop_key(TwStore *store, int64_t key, GError **error)
{
    int64_t finding;
    bool ok;

    if (!tw_store_begin(store, error)) {
        return false;
    }
    finding = tw_store_int(store, 0, error,
                           "SELECT finding FROM keys WHERE id = ?", "i", key);
    ok = tw_store_do(store, error, "DELETE FROM cases WHERE key = ?", "i",
                     key) &&
         tw_store_do(store, error, "DELETE FROM inputs WHERE key = ?", "i",
                     key) &&
         tw_store_do(store, error, "DELETE FROM keys WHERE id = ?", "i", key);
    if (ok && tw_store_int(store, 1, error,
                           "SELECT count(*) FROM keys WHERE finding = ?", "i",
                           finding) == 0) {
        ok = tw_store_do(store, error, "DELETE FROM changes WHERE finding = ?",
                         "i", finding) &&
             tw_store_do(store, error, "DELETE FROM findings WHERE id = ?", "i",
                         finding);
    }
    return tw_store_end(store, ok && !(error && *error), error);
}
