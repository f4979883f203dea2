/* SPDX-License-Identifier: MIT */
/*
 * The tables of a store, and the steps from each older version to the next. The
 * step of a released version never changes: a change of the tables is a new
 * version with a new step.  The tests keep a store of each older version.
 */
#include "reports/store/internal.h"

#define MEASURES \
    "CREATE TABLE measures (" \
    "  run INTEGER NOT NULL REFERENCES runs(id)," \
    "  name TEXT NOT NULL," \
    "  value REAL NOT NULL," \
    "  PRIMARY KEY (run, name)) WITHOUT ROWID;"

/* What people have decided.  By the cause, not by the finding: a finding goes
 * when its keys turn out to have another cause, and may come back. */
#define DECISIONS \
    "CREATE TABLE decisions (" \
    "  target TEXT NOT NULL," \
    "  cause TEXT NOT NULL," \
    "  state TEXT NOT NULL CHECK (state IN ('', 'duplicate', 'wont-fix'))," \
    "  issue TEXT NOT NULL," \
    "  duplicate_of TEXT NOT NULL," \
    "  comment TEXT NOT NULL," \
    "  at INTEGER NOT NULL," \
    "  PRIMARY KEY (target, cause)) WITHOUT ROWID;"

#define OWNER "owner TEXT NOT NULL DEFAULT ''" /* owner.c */

const char tw_store_schema[] =
    "CREATE TABLE runs ("
    "  id INTEGER PRIMARY KEY AUTOINCREMENT,"
    "  verb TEXT NOT NULL,"
    "  target TEXT NOT NULL,"
    "  version TEXT NOT NULL,"
    "  options TEXT NOT NULL,"
    "  seed INTEGER NOT NULL,"
    "  started INTEGER NOT NULL,"
    "  outcome TEXT NOT NULL CHECK (outcome IN"
    "    ('running', 'done', 'interrupted', 'failed')),"
    "  seconds REAL NOT NULL,"
    "  programs INTEGER NOT NULL,"
    "  accesses INTEGER NOT NULL,"
    "  " OWNER ");"
    "CREATE TABLE findings ("
    "  id INTEGER PRIMARY KEY AUTOINCREMENT,"
    "  target TEXT NOT NULL,"
    "  cause TEXT NOT NULL,"
    "  title TEXT NOT NULL,"
    "  verdict TEXT NOT NULL,"
    "  rule TEXT NOT NULL,"
    "  security INTEGER NOT NULL,"
    "  status TEXT NOT NULL CHECK (status IN"
    "    ('new', 'known', 'returned', 'fixed', 'flaky')),"
    "  first_seen INTEGER NOT NULL,"
    "  last_seen INTEGER NOT NULL,"
    "  first_version TEXT NOT NULL,"
    "  last_version TEXT NOT NULL,"
    "  first_run INTEGER NOT NULL,"
    "  last_run INTEGER NOT NULL,"
    "  fixed_version TEXT NOT NULL,"
    "  UNIQUE (target, cause));"
    "CREATE TABLE keys ("
    "  id INTEGER PRIMARY KEY AUTOINCREMENT,"
    "  finding INTEGER NOT NULL REFERENCES findings(id),"
    "  target TEXT NOT NULL,"
    "  key TEXT NOT NULL,"
    "  sign TEXT NOT NULL,"
    "  verdict TEXT NOT NULL,"
    "  status TEXT NOT NULL CHECK (status IN ('known', 'fixed', 'flaky')),"
    "  count INTEGER NOT NULL,"
    "  first_seen INTEGER NOT NULL,"
    "  last_seen INTEGER NOT NULL,"
    "  UNIQUE (target, key, sign));"
    "CREATE INDEX keys_finding ON keys(finding);"
    "CREATE TABLE cases ("
    "  id INTEGER PRIMARY KEY AUTOINCREMENT,"
    "  key INTEGER NOT NULL REFERENCES keys(id),"
    "  kind TEXT NOT NULL CHECK (kind IN ('raw', 'minimal')),"
    "  form TEXT NOT NULL,"
    "  data BLOB NOT NULL,"
    "  hash TEXT NOT NULL,"
    "  text TEXT NOT NULL,"
    "  origin TEXT NOT NULL,"
    "  words TEXT NOT NULL,"
    "  lines INTEGER NOT NULL,"
    "  operations INTEGER NOT NULL,"
    "  run INTEGER NOT NULL,"
    "  added INTEGER NOT NULL,"
    "  UNIQUE (key, kind, hash));"
    "CREATE UNIQUE INDEX cases_minimal ON cases(key) WHERE kind = 'minimal';"
    "CREATE TABLE inputs ("
    "  target TEXT NOT NULL,"
    "  hash TEXT NOT NULL,"
    "  key INTEGER NOT NULL REFERENCES keys(id),"
    "  PRIMARY KEY (target, hash, key)) WITHOUT ROWID;"
    "CREATE TABLE changes ("
    "  id INTEGER PRIMARY KEY AUTOINCREMENT,"
    "  run INTEGER NOT NULL,"
    "  finding INTEGER NOT NULL REFERENCES findings(id),"
    "  at INTEGER NOT NULL,"
    "  was TEXT NOT NULL,"
    "  status TEXT NOT NULL);"
    "CREATE INDEX changes_run ON changes(run);" MEASURES DECISIONS;

const char *const tw_store_migrations[] = {
    /* 1 to 2: figures of runs by name, in a table of their own. */
    MEASURES "INSERT INTO measures SELECT id, 'corpus.files', corpus FROM runs"
             "  WHERE corpus > 0;"
             "ALTER TABLE runs DROP COLUMN corpus;",
    /* 2 to 3: the owner of a run; of older runs it is not known. */
    "ALTER TABLE runs ADD COLUMN " OWNER ";",
    /* 3 to 4: what people decide about findings. */
    DECISIONS,
    NULL,
};
