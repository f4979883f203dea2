/* SPDX-License-Identifier: MIT */
/* Errors of SQLite, as errors that say what was expected. */
#include "reports/store/internal.h"

G_DEFINE_QUARK(tw_store_error_quark, tw_store_error)

bool tw_store_failed(TwStore *store, GError **error)
{
    int code = sqlite3_errcode(store->db) & 0xff;
    bool broken = code == SQLITE_CORRUPT || code == SQLITE_NOTADB;
    bool denied = code == SQLITE_READONLY || code == SQLITE_CANTOPEN ||
                  code == SQLITE_PERM;

    if (!error || *error) {
        return false;
    }
    g_set_error(error, TW_STORE_ERROR,
                broken || denied ? TW_STORE_ERROR_REFUSED
                                 : TW_STORE_ERROR_ENVIRONMENT,
                "%s: expected %s: %s", store->path,
                broken   ? "a whole store of findings"
                : denied ? "a store that can be written"
                         : "to read and write the store",
                sqlite3_errmsg(store->db));
    return false;
}
