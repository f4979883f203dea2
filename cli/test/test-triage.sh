#!/bin/sh
# SPDX-License-Identifier: MIT
# The command triage: what it prints and writes, exit codes, hostile input,
# kills.  The grouping of findings and their states are tested in
# reports/triage/test-triage.c.
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=cli/test/test-lib.sh
. "$here/test-lib.sh"

bug=zoo:second-hop-unregistered
other=zoo:tie-oldest-wins

# value EXPRESSION: of the JSON `r` in out.txt.
value()
{
    python3 -c '
import json, sys
r = json.load(open("out.txt"))
print(eval(sys.argv[1]))' "$1"
}

# sql STATEMENT: what the store f.db says.
sql()
{
    python3 -c '
import sqlite3, sys
for row in sqlite3.connect("f.db").execute(sys.argv[1]):
    print(*row, sep="|")' "$1"
}

exits 10 'raw findings' "$TWINWALK" run --target "$bug" --programs 120 \
    --seed 5 --out found
raw=$(find found -name '*.tw' | wc -l)
check 'of several keys' [ "$(find found -name '*-1.tw' | wc -l)" -gt 2 ]

# New.
exits 10 'new' "$TWINWALK" triage --target "$bug" --as zoo --store f.db \
    --junit j.xml --sarif s.json --out minimal --json found
cp out.txt first.json
check 'one bug, one finding' [ "$(value 'len(r["findings"])')" -eq 1 ]
check 'which is new' [ "$(value 'r["findings"][0]["status"]')" = new ]
check 'its cause' [ "$(value 'r["findings"][0]["cause"]')" = \
    missed-unmap-later-hop ]
check 'each input counted' [ "$(value 'r["findings"][0]["count"]')" -eq "$raw" ]
check 'an isolation finding' [ "$(value 'r["findings"][0]["security"]')" = True ]
check 'the store is private' [ "$(stat -c %a f.db)" = 600 ]
check 'a small case' [ "$(grep -vc '^#' minimal/missed-unmap-later-hop.tw)" \
    -le 15 ]
key=$(sed -n 's/^# key: //p' minimal/missed-unmap-later-hop.tw)
check 'which replays' "$TWINWALK" replay --target "$bug" --expect "$key" \
    minimal/missed-unmap-later-hop.tw
check 'a text for an issue beside it' grep -q '^# ' minimal/missed-unmap-later-hop.md
# shellcheck disable=SC2016 # the inner shell's
check 'with the program that emit writes' sh -c '
    "$TWINWALK" emit --target "$1" minimal/missed-unmap-later-hop.tw -o emitted.c &&
    sed -n "/^int main/,\$s/^/    /p" emitted.c >main.txt && [ -s main.txt ] &&
    grep -qF "$(sed -n 1p main.txt)" minimal/missed-unmap-later-hop.md' - "$bug"
check 'JUnit' python3 -c '
import xml.etree.ElementTree as e
suite = e.parse("j.xml").getroot()[0]
assert suite.get("failures") == "1" and suite.get("tests") == "1"
assert suite[0][0].text == open("minimal/missed-unmap-later-hop.md").read()
assert "# " + suite[0][0].get("message") in suite[0][0].text'
check 'SARIF' python3 -c '
import json
log = json.load(open("s.json"))
assert log["version"] == "2.1.0"
run = log["runs"][0]
result = run["results"][0]
rules = run["tool"]["driver"]["rules"]
assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
assert result["baselineState"] == "new" and result["level"] == "error"
assert result["message"]["text"]
uri = result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
assert uri == "twinwalk/zoo/missed-unmap-later-hop.tw"
assert result["properties"]["origin"].startswith("found/")
rule = rules[result["ruleIndex"]]
assert rule["help"]["markdown"] == open("minimal/missed-unmap-later-hop.md").read()'
check 'SARIF is valid' python3 "$here/check-sarif.py" s.json
# The checker itself: what is broken in one place is refused.
for edit in 'del r["message"]' 'r["level"] = "fatal"' 'r["locations"][0]["x"] = 1' \
    'p["uri"] = "/found/x.tw"' 'p["uri"] = "a b"' 'r["ruleIndex"] = -1' \
    'del run["tool"]["driver"]["name"]' 'del run["tool"]["driver"]["rules"][0]["help"]' \
    'r["partialFingerprints"] = {}' 'run["automationDetails"]["id"] = "x"' \
    'log["version"] = "2.0.0"' 'r["occurrenceCount"] = 0' 'p["uriBaseId"] = "other"'; do
    # shellcheck disable=SC2016 # the inner shell's
    check "it refuses: $edit" sh -c 'python3 -c "
import json, sys
log = json.load(open(\"s.json\"))
run = log[\"runs\"][0]
r = run[\"results\"][0]
p = r[\"locations\"][0][\"physicalLocation\"][\"artifactLocation\"]
exec(sys.argv[1])
json.dump(log, open(\"broken.json\", \"w\"))" "$1" && ! python3 "$2" broken.json' - \
        "$edit" "$here/check-sarif.py"
done

# The same again: known, and counted once.
exits 0 'nothing new' "$TWINWALK" triage --target "$bug" --as zoo \
    --store f.db --json found
check 'known' [ "$(value 'r["findings"][0]["status"]')" = known ]
check 'not counted again' [ "$(value 'r["findings"][0]["count"]')" -eq "$raw" ]

# run --store.
exits 10 'more raw findings' "$TWINWALK" run --target "$other" --programs 60 \
    --out others --store f.db --as zoo
check 'run --store records the run' [ "$(sql 'SELECT verb, programs, outcome
    FROM runs ORDER BY id DESC LIMIT 1')" = 'run|60|done' ]
check 'and its speed' [ "$(sql "SELECT count(*) FROM measures
    WHERE name = 'programs_per_second' AND value > 0")" -eq 1 ]
check 'and what was found' [ "$(sql "SELECT count(*) FROM findings
    WHERE cause = 'order-of-equals' AND status = 'new'")" -eq 1 ]
counted=$(sql 'SELECT sum(count) FROM keys')
"$TWINWALK" run --target "$other" --programs 60 --out others2 --store f.db \
    --as zoo >/dev/null 2>&1 || true
check 'once, if it is the same campaign' \
    [ "$(sql 'SELECT sum(count) FROM keys')" -eq "$counted" ]

# News since an older run: a run has recorded it, and a triage finds it again.
first=$(sql 'SELECT max(id) + 1 FROM runs')
"$TWINWALK" run --target zoo:rights-not-anded --programs 60 --out since \
    --store f.db --as since >/dev/null 2>&1 || true
exits 10 'new since that run' "$TWINWALK" triage --target zoo:rights-not-anded \
    --as since --store f.db --since "$first" --json --junit j.xml since
check 'is new' [ "$(value 'set(f["status"] for f in r["findings"])')" = "{'new'}" ]
check 'and fails' grep -q '<failure type="new"' j.xml
exits 0 'but not since this one' "$TWINWALK" triage --target zoo:rights-not-anded \
    --as since --store f.db --json since
check 'is known' [ "$(value 'set(f["status"] for f in r["findings"])')" = "{'known'}" ]
refuses 'a run that is none' '--since: expected the number of a run in f.db, not 900' \
    "$TWINWALK" triage --store f.db --since 900 since
refuses 'run 0' '--since: expected the number of a run, not 0' \
    "$TWINWALK" triage --store f.db --since 0 since
refuses 'a run of no store' 'no.db: expected a store' \
    "$TWINWALK" triage --store no.db --since 1 since
check 'none is made' [ ! -e no.db ]

# Fixed, and back.
exits 0 'after a fix' "$TWINWALK" triage --target softmmu --as zoo \
    --store f.db --retest --sarif s.json
check 'what is fixed is not in SARIF' [ "$(grep -c '"ruleId"' s.json)" -eq 0 ]
check 'which is valid' python3 "$here/check-sarif.py" s.json
check 'keys are cured' grep -q "^  cured  *$key of missed-unmap-later-hop" \
    out.txt
check 'the finding is fixed' grep -q '^  fixed .*missed-unmap-later-hop' out.txt
exits 10 'back' "$TWINWALK" triage --target "$bug" --as zoo --store f.db \
    --json --junit j.xml found
check 'returned' [ "$(value '[f["status"] for f in r["findings"]
    if f["cause"] == "missed-unmap-later-hop"][0]')" = returned ]
check 'the other is not' [ "$(value '[f["status"] for f in r["findings"]
    if f["cause"] == "order-of-equals"][0]')" = fixed ]
exits 10 'a retest that cures nothing' "$TWINWALK" triage --target "$bug" \
    --as zoo --store f.db --retest
exits 0 'one that cures all' "$TWINWALK" triage --target softmmu --as zoo \
    --store f.db --retest --json
check 'says so' [ "$(value 'set(k["is"] for k in r["retested"])')" = \
    "{'fixed'}" ]

# What engines left.
case=$(find found -name '*-1.tw' | sort | sed -n 1p)
"$TWINWALK" encode --harness zoo_fuzzer "$case" -o bytes 2>/dev/null ||
    TWINWALK_ZOO=${bug#zoo:} "$TWINWALK" encode --harness zoo_fuzzer "$case" \
        -o bytes
mkdir -p afl/default/crashes
cp bytes 'afl/default/crashes/id:000000,sig:06,src:000000,op:havoc'
cp bytes clusterfuzz-testcase-minimized-zoo_fuzzer-4567890123456789
exits 10 'AFL++' env TWINWALK_ZOO="${bug#zoo:}" "$TWINWALK" triage \
    --harness zoo_fuzzer --store afl.db --json afl
check 'its cause' [ "$(value 'r["findings"][0]["cause"]')" = \
    missed-unmap-later-hop ]
exits 10 'ClusterFuzz' "$TWINWALK" triage --harness auto --target "$bug" \
    --store cf.db --json clusterfuzz-testcase-minimized-zoo_fuzzer-4567890123456789
check 'its cause' [ "$(value 'r["findings"][0]["cause"]')" = \
    missed-unmap-later-hop ]

for harness in text_fuzzer walkers_fuzzer softmmu_fuzzer; do
    exits 0 "$harness" "$TWINWALK" triage --harness "$harness" \
        --store clean.db --json bytes
    check 'which is clean' [ "$(value 'r["clean"]')" -eq 1 ]
done

# A target that dies: by the sanitizer's report, without addresses.
cat >dies.sh <<'END'
#!/bin/sh
while IFS= read -r line; do
    if [ "$line" = . ]; then
        cat >&2 <<'REPORT'
==7==ERROR: AddressSanitizer: heap-use-after-free <script>alert(1)</script> '); DROP TABLE keys;--
REPORT
        kill -SEGV $$; exit
    fi
    printf '%s\n' "$line"
done | "$TWINWALK" replay --as-target
END
chmod +x dies.sh
evil="$(printf 'ev\033[2Jil\n<b>\047); DROP TABLE findings;--"&.tw')"
{
    # shellcheck disable=SC2016 # nobody may expand it
    echo '# <script>alert(1)</script> "); DROP TABLE findings; $(touch owned)'
    grep -v '^#' "$case"
} >"$evil"
status=0
"$TWINWALK" triage --target "exec:sh $work/dies.sh" --as "$evil" \
    --store f.db --junit j.xml --sarif s.json "$evil" >out.txt 2>err.txt ||
    status=$?
check 'a target that dies' [ "$status" -eq 10 ]
check 'no escape sequence is passed on' sh -c \
    "! LC_ALL=C grep -q \"\$(printf '\\033')\" out.txt err.txt"
check 'tables are there' [ "$(sql 'SELECT count(*) > 1 FROM findings')" -eq 1 ]
check 'nothing was run' [ ! -e owned ]
check 'XML' python3 -c '
import xml.etree.ElementTree as e
case = e.parse("j.xml").getroot()[0][0]
assert case.get("name") == "crash-heap-use-after-free", case.get("name")
assert "<script>alert(1)</script>" in case[0].text'
check 'SARIF is JSON' python3 -c '
import json, urllib.parse
r = json.load(open("s.json"))["runs"][0]["results"][0]
uri = r["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
assert "<" not in uri and "\"" not in uri and " " not in uri
assert "\"&.tw/" in urllib.parse.unquote(uri)'
check 'and valid' python3 "$here/check-sarif.py" s.json

# One bad file does not lose the others.
mkdir mixed
cp "$case" mixed/good.tw
echo 'no program' >mixed/bad.tw
exits 10 'among others' "$TWINWALK" triage --target "$bug" --store mixed.db \
    --no-min mixed
check 'a bad file is reported' grep -q '^twinwalk: mixed/bad.tw:1:1: ' err.txt
check 'and counted' grep -q '1 skipped' out.txt
check 'a case that is not shrunk is called so' grep -q '; not shrunk$' out.txt
exits 0 'the next triage shrinks it' "$TWINWALK" triage --target "$bug" \
    --store mixed.db "$case"
check 'and says how small it is' grep -q '; [0-9]* lines$' out.txt
refuses 'no good file' 'mixed/bad.tw:1:1: ' "$TWINWALK" triage \
    --store mixed.db mixed/bad.tw

# A case that has another finding today does not have its own any more.
exits 10 'recorded' "$TWINWALK" triage --target "$bug" --store other.db \
    "$case"
exits 10 'it is there' "$TWINWALK" triage --target "$bug" --store other.db \
    --retest
python3 -c '
import sqlite3
db = sqlite3.connect("other.db")
db.execute("UPDATE keys SET key = ?", ("StaZooXxRam",))
db.commit()'
exits 0 'another finding' "$TWINWALK" triage --target "$bug" --store other.db \
    --retest
check 'is not this one' grep -q 'StaZooXxRam of .*: 0 of 3 runs' out.txt

# Usage.
refuses 'nothing to do' 'triage: expected a folder' "$TWINWALK" triage
refuses 'files to retest' '--retest: ' "$TWINWALK" triage --retest found
refuses 'no store to retest' 'none.db: expected a store' "$TWINWALK" triage \
    --retest --store none.db
check 'none is made' [ ! -e none.db ]
refuses 'unknown harness' '--harness: expected' "$TWINWALK" triage \
    --harness none found
refuses '--raw' '--raw: expected' "$TWINWALK" triage --raw 0 found
refuses '--junit in no folder' '--junit: ' "$TWINWALK" triage \
    --junit no/j.xml found
refuses '--as without --store' '--as: expected' "$TWINWALK" run --as x
cp "$case" notes.db
cp notes.db before
refuses 'a file of another kind' 'notes.db: expected a store' "$TWINWALK" \
    triage --target "$bug" --store notes.db found
refuses 'to run too' 'notes.db: expected a store' "$TWINWALK" run \
    --programs 1 --store notes.db
check 'which stays as it is' cmp notes.db before

# Killed at any moment: what was recorded stays, and the next run completes.
recorded=0
for moment in 0 0.05 0.15 0.3 0.6; do
    "$TWINWALK" triage --target "$bug" --store killed.db found >/dev/null 2>&1 &
    pid=$!
    sleep "$moment"
    kill -KILL "$pid" 2>/dev/null || true
    wait "$pid" 2>/dev/null || true
    [ -e killed.db ] || continue
    now=$(python3 -c '
import sqlite3
db = sqlite3.connect("killed.db")
assert db.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
there = db.execute("SELECT count(*) FROM sqlite_master WHERE name = ?",
                   ("inputs",)).fetchone()[0]
print(db.execute("SELECT count(*) FROM inputs").fetchone()[0] if there else 0)')
    check "nothing is lost by a kill after $moment s" \
        [ "$now" -ge "$recorded" ]
    recorded=$now
done
# Once more, where it surely is in the middle.
cat >halts.sh <<'END'
#!/bin/sh
while IFS= read -r line; do
    if [ "$line" = . ]; then
        touch halted
        while [ -e halt ]; do sleep 0.1; done
    fi
    printf '%s\n' "$line"
done | "$TWINWALK" replay --as-target
END
touch halt
"$TWINWALK" triage --target "exec:sh $work/halts.sh" --as halts \
    --store killed.db "$case" >/dev/null 2>&1 &
pid=$!
for _ in $(seq 300); do
    [ ! -e halted ] || break
    sleep 0.1
done
kill -KILL "$pid"
wait "$pid" || true
rm halt
check 'it was in the middle' [ -e halted ]
status=0
"$TWINWALK" triage --target "$bug" --store killed.db --json found >out.txt \
    2>err.txt || status=$?
check 'the next run completes' [ "$status" -eq 0 -o "$status" -eq 10 ]
check 'and has all' [ "$(value 'r["findings"][0]["count"]')" -eq "$raw" ]
check 'in one finding' [ "$(value 'len(r["findings"])')" -eq 1 ]
check 'all that were killed were interrupted' python3 -c '
import sqlite3
runs = sqlite3.connect("killed.db").execute(
    "SELECT target, outcome FROM runs ORDER BY id").fetchall()
assert runs[-1][1] == "done" and ("halts", "interrupted") in runs, runs
assert "running" not in [outcome for _, outcome in runs], runs'

# A store with a damaged case: named, set aside, and the rest goes on.
mkdir damaged
cd damaged
for slug in rights-not-anded map-over-map-no-unmap; do

    "$TWINWALK" run --target "zoo:$slug" --programs 400 --seed 1 --jobs 2 \
        --out "raw-$slug" >/dev/null 2>&1 || true
    "$TWINWALK" triage --target "zoo:$slug" --as both --store s.db --no-min \
        "raw-$slug" >/dev/null 2>&1 || true
done
python3 - <<'END'
import sqlite3
db = sqlite3.connect("s.db")
(key, name), = db.execute("SELECT id, key FROM keys ORDER BY id LIMIT 1")
db.execute("UPDATE cases SET data = ? WHERE key = ?",
           (b"twinwalk 1\nregion r0 ram size 0x1000\nscript\n  del r255\n", key))
db.commit()
open("name", "w").write(name)
open("keys", "w").write(str(db.execute("SELECT count(*) FROM keys")
                            .fetchone()[0]))
END
exits 10 'triage with a damaged case' "$TWINWALK" triage --retest --as both \
    --target zoo:rights-not-anded --store s.db --json \
    --export-damaged exported
check 'it is named' grep -q "key $(cat name) is damaged, and set aside: .*r0 to r253" \
    err.txt
check 'once' [ "$(grep -c 'is damaged' err.txt)" -eq 1 ]
check 'the others were run' python3 -c "
import json
out = json.load(open('out.txt'))
assert [one['key'] for one in out['damaged']] == ['$(cat name)'], out
assert len(out['findings']) > 0 and not out['interrupted'], out"
check 'it is exported' grep -q 'del r255' exported/*.damaged
exits 0 'the page of such a store' "$TWINWALK" report --store s.db --out page \
    --export-damaged by-report
check 'it names the case, too' grep -q \
    "key $(cat name) is damaged, and set aside: .*r0 to r253" err.txt
check 'and says it once' [ "$(wc -l <err.txt)" -eq 1 ]
check 'it tells what can be done' grep -q '^1 damaged cases set aside: ' out.txt
check 'it exports the same' diff -r exported by-report
cp s.db t.db
exits 0 'the page drops it' "$TWINWALK" report --store t.db --out page --drop-damaged
check 'with a word' grep -q "key $(cat name) is damaged" err.txt
exits 0 'and then there is none' "$TWINWALK" report --store t.db --out page \
    --export-damaged none
check 'nothing is said' [ ! -s err.txt ]
check 'nothing to do' [ "$(grep -c damaged out.txt)" -eq 0 ]
check 'nothing to export' [ ! -e none ]
check 'one key less on the page' python3 -c "
import sqlite3
n, = sqlite3.connect('t.db').execute('SELECT count(*) FROM keys').fetchone()
assert n == $(cat keys) - 1, n"
exits 10 'dropped' "$TWINWALK" triage --retest --as both --no-min \
    --target zoo:rights-not-anded --store s.db --drop-damaged
exits 10 'then all is well' "$TWINWALK" triage --retest --as both --no-min \
    --target zoo:rights-not-anded --store s.db
check 'nothing is damaged' [ "$(grep -c damaged err.txt out.txt | grep -vc ':0$')" \
    -eq 0 ]
check 'one key less' python3 -c "
import sqlite3
n, = sqlite3.connect('s.db').execute('SELECT count(*) FROM keys').fetchone()
assert n == $(cat keys) - 1, n"

# A worker that dies while it watches the target in another process is a bug of
# twinwalk, not of the target.  The target kills itself where the worker is the
# process that started it (through one that watches it), and else the worker.
mkdir killed
cd killed
"$TWINWALK" targets --target softmmu >greeting
cat >act <<'END'
parent=$PPID
between=0
while [ "$parent" != "$(cat pid)" ]; do # up to the worker
    worker=$parent
    between=$((between + 1))
    parent=$(sed 's/.*) [A-Z] \([0-9]*\) .*/\1/' "/proc/$parent/stat")
done
[ "$between" -gt 2 ] || kill -ABRT $$
kill -KILL "$worker"
END
# shellcheck disable=SC2016 # for the shell of exec
kills='exec:cat greeting; while read -r line; do [ "$line" != . ] || . ./act; done'
cp "$(find ../raw-rights-not-anded -name '*.tw' | sort | head -n 1)" case.tw
watched() { # a triage whose process number is in the file pid
    sh -c 'echo $$ >pid; exec "$@"' sh "$TWINWALK" triage --target "$kills" \
        --as both --store s.db --no-min --jobs 1 "$@"
}
exits 11 'a worker that dies watching' watched case.tw
check 'is a bug in twinwalk' grep -q ' self  ' out.txt
check 'and no hang' [ "$(grep -c hang out.txt)" -eq 0 ]
exits 11 'again' watched --retest
check 'says so' grep -q \
    'the process of twinwalk that ran the case of its key Slf.* again died' err.txt
cd ..

# Interrupted before it shrinks: it says so, and the next one goes on with the
# names that an uninterrupted one gives.
"$TWINWALK" triage --target zoo:rights-not-anded --store whole.db \
    raw-rights-not-anded >/dev/null 2>&1 || true
for wait in 0.2 0.5 1 2 4; do # on a busy machine it may not have begun
    timeout -s INT "$wait" "$TWINWALK" triage --target zoo:rights-not-anded \
        --store parts.db --jobs 1 raw-rights-not-anded >out.txt 2>err.txt || true
    [ ! -s out.txt ] || break
done
if [ -s out.txt ] && ! grep -q '^interrupted: ' out.txt; then
    echo '# it was done before it could be interrupted'
else
    check 'it says that it was interrupted' grep -q '^interrupted: ' out.txt
fi
"$TWINWALK" triage --target zoo:rights-not-anded --store parts.db \
    raw-rights-not-anded >/dev/null 2>&1 || true
check 'the same names' python3 -c "
import sqlite3
def names(path):
    return sqlite3.connect(path).execute(
        'SELECT f.cause, k.key FROM keys k JOIN findings f ON f.id = k.finding'
        ' ORDER BY 1, 2').fetchall()
assert names('whole.db') == names('parts.db'), (names('whole.db'),
                                                names('parts.db'))"
cd ..

finish
