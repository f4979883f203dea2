/* SPDX-License-Identifier: MIT */
/* Inside this folder only: SQLite, with errors that name the file. */
#ifndef TW_REPORTS_STORE_INTERNAL_H
#define TW_REPORTS_STORE_INTERNAL_H

#include <sqlite3.h>

#include "reports/store/store.h"

enum {
    TW_STORE_APPLICATION = 0x54577374, /* "TWst", in the file's header */
    TW_STORE_VERSION = 4,
};

struct TwStore {
    sqlite3 *db;
    char *path;
    char *here;  /* tw_store_here() */
    int64_t now; /* 0: the clock's */
    bool grouped;
};

int64_t tw_store_now(const TwStore *store);

/* Sets `error` from the last failure of SQLite; always false. */
bool tw_store_failed(TwStore *store, GError **error);

/*
 * A statement with its values, one for each letter of `types`: i int64_t,
 * d double, s const char * (NULL: NULL), b const void * and size_t.  They must
 * live as long as the statement.  NULL with `error` on failure.
 */
sqlite3_stmt *tw_store_prepare(TwStore *store, GError **error, const char *sql,
                               const char *types, ...);
/* Runs one to its end. */
bool tw_store_do(TwStore *store, GError **error, const char *sql,
                 const char *types, ...);
/* The integer in the first column of its first row, or `otherwise`; on failure
 * `otherwise` with `error`. */
int64_t tw_store_int(TwStore *store, int64_t otherwise, GError **error,
                     const char *sql, const char *types, ...);

/* A transaction that writes; `end` commits, or, where `ok` is false, takes
 * everything back.  Returns whether all is well. */
bool tw_store_begin(TwStore *store, GError **error);
bool tw_store_end(TwStore *store, bool ok, GError **error);

/* A column as a string that is never NULL. */
const char *tw_store_text(sqlite3_stmt *statement, int column);

/* What of an owner is the same for all processes that see each other: machine,
 * its start, numbering of processes.  NULL if that cannot be told. */
char *tw_store_here(void);
/* A process as `runs.owner` has it, "" if that cannot be told. */
char *tw_store_owner(const char *here, int64_t pid);
typedef enum TwStoreThere {
    TW_STORE_UNKNOWN,
    TW_STORE_THERE,
    TW_STORE_GONE,
} TwStoreThere;
TwStoreThere tw_store_owner_there(const char *here, const char *owner);
/* From here on SQL has owner_there(owner): 1, 0, or NULL if not known. */
bool tw_store_owner_register(TwStore *store, GError **error);

/* The statements that make an empty store, and that bring one of version i to
 * i + 1 (i from 1; ended by NULL).  schema.c. */
extern const char tw_store_schema[];
extern const char *const tw_store_migrations[];

#endif
