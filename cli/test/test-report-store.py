#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Fills a store that `twinwalk note` has made, for the tests of the page:
test-report-store.py STORE CORPUS.  Findings of each status with cases of the
zoo, and one whose every text is hostile."""
import os
import sqlite3
import sys

store, corpus = sys.argv[1:3]
EVIL = ('"\'><x-evil></x-evil><script>window.pwned=1</script>'
        '<img src=x onerror="window.pwned=1">\n`touch pwned`$(touch pwned)'
        '; touch pwned #')
db = sqlite3.connect(store)


def run(verb, target, started, **figures):
    number = db.execute(
        'INSERT INTO runs (verb, target, version, options, seed, started,'
        " outcome, seconds, programs, accesses) VALUES (?, ?, '1', '', 0, ?,"
        " 'done', 60, 0, 0)", (verb, target, started)).lastrowid
    for name, value in figures.items():
        db.execute('INSERT INTO measures VALUES (?, ?, ?)',
                   (number, name.replace('__', '.'), value))
    return number


def finding(at, was, status, title, data, words, text, count, run_number,
            cause, target='softmmu', form='text', security=0):
    number = db.execute(
        'INSERT INTO findings (target, cause, title, verdict, rule, security,'
        ' status, first_seen, last_seen, first_version, last_version,'
        ' first_run, last_run, fixed_version)'
        " VALUES (?, ?, ?, 'stale', 'FR-1', ?, ?, ?, ?, '1', '1', 1, ?, '2')",
        (target, cause, title, security, status, at, at, run_number)).lastrowid
    key = db.execute(
        'INSERT INTO keys (finding, target, key, sign, verdict, status,'
        " count, first_seen, last_seen) VALUES (?, ?, 'StaX', ?, 'stale',"
        " 'known', ?, ?, ?)", (number, target, cause, count, at, at)).lastrowid
    db.execute(
        'INSERT INTO cases (key, kind, form, data, hash, text, origin, words,'
        " lines, operations, run, added) VALUES (?, 'minimal', ?, ?, 'x', ?,"
        ' ?, ?, ?, 1, ?, ?)',
        (key, form, data, text, EVIL if 'evil' in cause else 'x.tw', words,
         data.count(b'\n'), run_number, at))
    if was is not None:
        db.execute('INSERT INTO changes (run, finding, at, was, status)'
                   ' VALUES (?, ?, ?, ?, ?)',
                   (run_number, number, at, was, status))


def zoo(slug):
    with open(os.path.join(corpus, 'zoo', slug + '.tw'), 'rb') as file:
        return file.read()


run('nightly', 'all', 1700000000, coverage__lines=90, coverage__branches=80,
    corpus__check=100, zoo__found=90)
run('run', 'softmmu', 1700000100, programs_per_second=5000)
night = run('nightly', 'all', 1700086400, coverage__lines=91,
            coverage__branches=79, corpus__check=120, zoo__found=100)
run('run', 'softmmu', 1700086500, programs_per_second=6000)
run('triage', 'softmmu', 1700086600, findings=4)
SEEN = 'op 0: x\nexpected: a\nseen: b'
for i, (slug, was, status) in enumerate((
        ('rights-not-anded', '', 'new'),
        ('large-page-sibling', 'fixed', 'returned'),
        ('tie-oldest-wins', 'known', 'fixed'),
        ('notify-idx0-only', None, 'known'))):
    finding(1700086600 + i, was, status, 'bug ' + slug, zoo(slug),
            '--target zoo:' + slug, SEEN, 10 * (i + 1), night, slug,
            security=i % 2)
finding(1700086700, '', 'new', 'EVIL ' + EVIL, EVIL.encode(),
        '--target exec:x ' + EVIL, EVIL, 1, night, 'evil-' + EVIL,
        target='soft' + EVIL)
# Its words are good ones: the case is not.
finding(1700086700, '', 'new', 'comment', ('twinwalk 1\n# ' + EVIL.replace(
    '\n', ' ') + '\n').encode(), '--target "exec:touch pwned"', EVIL, 1, night,
        'evil-exec')
finding(1700086700, '', 'new', 'input', EVIL.encode(), '', EVIL, 1, night,
        'evil-bytes', form='bytes:text')
finding(1700086700, '', 'new', 'help', b'twinwalk 1\n', '--help', EVIL, 1,
        night, 'evil-help')
db.commit()
