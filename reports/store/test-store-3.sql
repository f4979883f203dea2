-- SPDX-License-Identifier: MIT
-- A store as version 3 made it, with something in each table.
CREATE TABLE runs (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  verb TEXT NOT NULL,
  target TEXT NOT NULL,
  version TEXT NOT NULL,
  options TEXT NOT NULL,
  seed INTEGER NOT NULL,
  started INTEGER NOT NULL,
  outcome TEXT NOT NULL CHECK (outcome IN
    ('running', 'done', 'interrupted', 'failed')),
  seconds REAL NOT NULL,
  programs INTEGER NOT NULL,
  accesses INTEGER NOT NULL,
  owner TEXT NOT NULL DEFAULT '');
CREATE TABLE findings (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  target TEXT NOT NULL,
  cause TEXT NOT NULL,
  title TEXT NOT NULL,
  verdict TEXT NOT NULL,
  rule TEXT NOT NULL,
  security INTEGER NOT NULL,
  status TEXT NOT NULL CHECK (status IN
    ('new', 'known', 'returned', 'fixed', 'flaky')),
  first_seen INTEGER NOT NULL,
  last_seen INTEGER NOT NULL,
  first_version TEXT NOT NULL,
  last_version TEXT NOT NULL,
  first_run INTEGER NOT NULL,
  last_run INTEGER NOT NULL,
  fixed_version TEXT NOT NULL,
  UNIQUE (target, cause));
CREATE TABLE keys (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  finding INTEGER NOT NULL REFERENCES findings(id),
  target TEXT NOT NULL,
  key TEXT NOT NULL,
  sign TEXT NOT NULL,
  verdict TEXT NOT NULL,
  status TEXT NOT NULL CHECK (status IN ('known', 'fixed', 'flaky')),
  count INTEGER NOT NULL,
  first_seen INTEGER NOT NULL,
  last_seen INTEGER NOT NULL,
  UNIQUE (target, key, sign));
CREATE INDEX keys_finding ON keys(finding);
CREATE TABLE cases (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  key INTEGER NOT NULL REFERENCES keys(id),
  kind TEXT NOT NULL CHECK (kind IN ('raw', 'minimal')),
  form TEXT NOT NULL,
  data BLOB NOT NULL,
  hash TEXT NOT NULL,
  text TEXT NOT NULL,
  origin TEXT NOT NULL,
  words TEXT NOT NULL,
  lines INTEGER NOT NULL,
  operations INTEGER NOT NULL,
  run INTEGER NOT NULL,
  added INTEGER NOT NULL,
  UNIQUE (key, kind, hash));
CREATE UNIQUE INDEX cases_minimal ON cases(key) WHERE kind = 'minimal';
CREATE TABLE inputs (
  target TEXT NOT NULL,
  hash TEXT NOT NULL,
  key INTEGER NOT NULL REFERENCES keys(id),
  PRIMARY KEY (target, hash, key)) WITHOUT ROWID;
CREATE TABLE changes (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  run INTEGER NOT NULL,
  finding INTEGER NOT NULL REFERENCES findings(id),
  at INTEGER NOT NULL,
  was TEXT NOT NULL,
  status TEXT NOT NULL);
CREATE INDEX changes_run ON changes(run);
CREATE TABLE measures (
  run INTEGER NOT NULL REFERENCES runs(id),
  name TEXT NOT NULL,
  value REAL NOT NULL,
  PRIMARY KEY (run, name)) WITHOUT ROWID;
INSERT INTO runs VALUES (1, 'run', 'softmmu', '1', '--target softmmu', 7,
  1700000000, 'done', 1.5, 1000, 20000, '');
INSERT INTO runs VALUES (2, 'triage', 'softmmu', '1', '', 0,
  1700000100, 'done', 0.5, 0, 0, '');
INSERT INTO runs VALUES (3, 'run', 'softmmu', '1', '', 0,
  1700000200, 'running', 0, 0, 0, '');
INSERT INTO measures VALUES (1, 'corpus.files', 42);
INSERT INTO findings VALUES (1, 'softmmu', 'missed-unmap', 'a title', 'stale',
  'FR-1', 1, 'new', 1700000000, 1700000100, '1', '1', 1, 2, '');
INSERT INTO keys VALUES (1, 1, 'softmmu', 'StaSoftmmuRdRamHopUnm',
  'missed-unmap', 'stale', 'known', 5, 1700000000, 1700000100);
INSERT INTO cases VALUES (1, 1, 'raw', 'text', x'7477696e77616c6b',
  'aa', 'stale', 'out/a.tw', '--target softmmu', 0, 0, 1, 1700000000);
INSERT INTO inputs VALUES ('softmmu', 'aa', 1);
INSERT INTO changes VALUES (1, 1, 1, 1700000000, '', 'new');
PRAGMA application_id = 1415017332;
PRAGMA user_version = 3;
