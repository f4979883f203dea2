#!/bin/sh
# SPDX-License-Identifier: MIT
# twinwalk conform: corner cases that are built in, adapted to small dialects,
# and what random programs use of a dialect.
# shellcheck source=cli/test/test-lib.sh
. "$(dirname "$0")/test-lib.sh"

corpus=$1

# counted EXPRESSION: Python about the JSON in out.txt.
counted()
{
    python3 -c "
import json
j = json.load(open('out.txt'))
status = {c['case']: c['status'] for c in j['cases']}
used = {(f['group'], f['name']): f['programs'] for f in j['features']}
assert $1, j"
}

exits 0 'a target of our own' "$TWINWALK" new target ours
cat >counted.sh <<'END'
echo start >>starts
exec ./ours/target.py
END
rm -f starts
exits 0 'a small dialect' "$TWINWALK" conform --target 'exec:sh counted.sh' \
    --programs 300 --jobs 2 --json
check 'a start for the dialect, and two for each process' [ \
    "$(wc -l <starts)" -le 5 ]
check 'all cases are there' counted "len(status) == $(find \
    "$corpus/basics" "$corpus/corners" "$corpus/rules" -name '*.tw' | wc -l)"
check 'the counts are those of the cases' counted \
    "all(list(status.values()).count(s) == j[s] \
        for s in ('passed', 'failed', 'known', 'outside'))"
check 'it passes 14' counted "j['passed'] == 14 and j['failed'] == 0"
check 'what it cannot express says why' counted \
    "all('outside' in c for c in j['cases'] if c['status'] == 'outside')"
check 'all programs were run' counted \
    "j['programs']['run'] == 300 and j['programs']['accesses'] > 3000"
check 'each part of the dialect is used' counted "min(used.values()) > 0"
check 'of it, nothing else' counted \
    "('operations', 'exec') in used and ('operations', 'map') not in used"
mv out.txt two
exits 0 'in one process' "$TWINWALK" conform --target 'exec:sh counted.sh' \
    --programs 300 -j1 --json
check 'the same is printed' cmp out.txt two

# A bug.
bug='exec:BUG=1 ./ours/target.py'
exits 10 'a flush that forgets' "$TWINWALK" conform --target "$bug" \
    --programs 20 --out failed
check 'the case that failed is named' grep -qx \
    '  failed   basics/FR-9-flush-ends-answers.tw' out.txt
check 'with what was expected' grep -qx \
    '      expected: ok r0+0x3000 value 0x374bb331' out.txt
check 'so is the program' grep -qx \
    '  the first: program 0 of seed 1: stale StaExecRdRamPgmFlu' out.txt
check 'the next command' grep -qx \
    "next: twinwalk explain --target '$bug' failed/FI-1-code.tw" err.txt
exits 10 'which explains' "$TWINWALK" explain --target "$bug" \
    failed/FI-1-code.tw
exits 0 'and all cases were written' "$TWINWALK" check --want noted \
    --target "$bug" failed
check 'both of them' [ "$(find failed -name '*.tw' | wc -l)" -eq 2 ]
exits 2 'a folder that is used' "$TWINWALK" conform --target "$bug" \
    --out failed
check 'says so' [ "$(cat err.txt)" = \
    'twinwalk: --out: expected a new or empty folder, not "failed"' ]
exits 10 'programs only count' "$TWINWALK" conform --target "$bug" --programs 40
check 'a hint at --out' grep -qx \
    "next: twinwalk conform --target '$bug' --out failed" err.txt

# The program that it names is that of run.
sed '/name == "flush-all"/ { n; s/$/ if len(self.pages) < 5 else self.tlb/; }' \
    ours/target.py >odd.py
chmod +x odd.py
exits 10 'a bug that no case shows' "$TWINWALK" conform --target exec:./odd.py \
    --programs 200
check 'no case failed' grep -q '^corner cases: 14 passed, 0 failed' out.txt
next=$(sed -n 's/^next: twinwalk //p' err.txt)
# shellcheck disable=SC2086 # words of a command
exits 10 'the next command finds it' "$TWINWALK" $next
check 'one program' [ "$(find found -name '*.tw' | wc -l)" -eq 1 ]

# A target that dies, and one that changes.
exits 10 'a process that ends' "$TWINWALK" conform \
    --target "exec:sed -n '/GREETING = /,/^ready/p' ours/target.py |
        sed 's/.*\"\"\"//'; read -r line; exit 3" --programs 3
check 'each case fails' grep -q '^corner cases: 0 passed, 14 failed' out.txt
check 'as a crash' grep -q 'crash CrsExec' out.txt
rm -f starts
cat >changing.sh <<'END'
echo start >>starts
[ $(wc -l <starts) -gt 1 ] || exec ./ours/target.py
sed 's/^version ours 0.1/version ours 0.2/' ours/target.py >later.py
exec python3 later.py
END
exits 99 'another version than at the start' "$TWINWALK" conform \
    --target 'exec:sh changing.sh' --programs 10
check 'one line says so' [ "$(grep -c '^twinwalk: .*expected version ours 0.1' \
    err.txt)" -eq 1 ]

# Bugs of the zoo, by the case that is for them.
exits 10 'a bug of the zoo' "$TWINWALK" conform --programs 0 --json \
    --target zoo:write-follows-read
check 'its case fails' counted \
    "status['basics/TL-4-rights-of-a-page.tw'] == 'failed'"
exits 0 'softmmu' "$TWINWALK" conform --programs 400 --json
check 'passes all' counted "set(status.values()) == {'passed'}"
check 'with all kinds of IOMMUs' counted \
    "all(used[('IOMMU kinds', k)] for k in ('table', 'mpc', 'pagetable'))"
exits 0 'all cases' "$TWINWALK" conform --programs 0 --all
check 'are listed' [ "$(grep -c '^  passed   ' out.txt)" -gt 170 ]
check 'without programs nothing was used' grep -q '^never used: ' out.txt

# Bad usage.
exits 2 'a file' "$TWINWALK" conform some.tw
check 'says what was expected' [ "$(cat err.txt)" = \
    'twinwalk: conform: expected options only, not "some.tw"' ]
exits 2 'no number' "$TWINWALK" conform --programs many
exits 2 'no process' "$TWINWALK" conform --jobs 0
exits 2 'too many programs' "$TWINWALK" conform --programs 200000000
exits 99 'no target' "$TWINWALK" conform --target exec:./nothing-there

finish
