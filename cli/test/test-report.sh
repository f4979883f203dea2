#!/bin/sh
# SPDX-License-Identifier: MIT
# twinwalk report and note: their output, and the input that they refuse.  Arguments:
# the folder of cases.
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=cli/test/test-lib.sh
. "$here/test-lib.sh"
corpus=$1

# What note writes.
exits 0 'note makes a store' "$TWINWALK" note --store a.db --begin nightly x=1
check 'and says the number' grep -qx 1 out.txt
check 'note adds to a run' "$TWINWALK" note --store a.db --run 1 y.z=-2.5e3 \
    --end 'done'
refuses 'note without a run' 'note: expected --begin or --run' \
    "$TWINWALK" note --store a.db x=1
refuses 'note with both' 'note: expected --begin or --run' \
    "$TWINWALK" note --store a.db --run 1 --begin x
refuses 'a run that is none' '--run: expected the number' \
    "$TWINWALK" note --store a.db --run 9 x=1
for figure in x =1 x= x=a x=nan x=1y 'X=1' "x'=1"; do
    refuses "figure $figure" 'expected NAME=NUMBER' \
        "$TWINWALK" note --store a.db --run 1 z=1 "$figure"
done
refuses 'an end that is none' '--end: expected done' \
    "$TWINWALK" note --store a.db --run 1 --end well
refuses 'no store' 'b.db: expected a store' \
    "$TWINWALK" note --store b.db --run 1 x=1
check 'figures are there, and only the good ones' python3 -c '
import sqlite3
db = sqlite3.connect("a.db")
assert db.execute("SELECT name, value FROM measures ORDER BY name"
                  ).fetchall() == [("x", 1.0), ("y.z", -2500.0)]
assert db.execute("SELECT outcome, target FROM runs").fetchall() == [
    ("done", "all")]'

# Nights, and their owners.
for owner in 0 x 4194305; do
    refuses "--owner $owner" '--owner: expected' \
        "$TWINWALK" note --store n.db --begin nightly --owner "$owner"
done
refuses '--owner without --begin' '--about, --options, --owner: expected' \
    "$TWINWALK" note --store a.db --run 1 --owner $$
check 'no store is made for these' [ ! -e n.db ]
# outcome RUN OUTCOME: what the store says after another process has opened it.
outcome()
{
    "$TWINWALK" report --store n.db --out night >out.txt
    python3 -c '
import sqlite3, sys
assert sqlite3.connect("n.db").execute(
    "SELECT outcome FROM runs WHERE id = ?", sys.argv[1:2]).fetchone() == (
    sys.argv[2],)' "$1" "$2"
}
sleep 600 &
owner=$!
"$TWINWALK" note --store n.db --begin nightly --owner "$owner" x=1 >out.txt
"$TWINWALK" note --store n.db --begin nightly --owner $$ >out.txt
"$TWINWALK" note --store n.db --begin nightly >out.txt
check 'a night runs' outcome 1 running
check 'the page says so' grep -q \
    'Since run 3 (nightly, running), .* 3 runs have not ended' night/index.html
kill -KILL "$owner"
wait "$owner" || true
check 'once its owner is gone, it was interrupted' outcome 1 interrupted
check 'a night that goes on does' outcome 2 running
check 'one whose owner is not known may' outcome 3 running
# At 50 s a figure of it came.
python3 -c '
import sqlite3
db = sqlite3.connect("n.db")
db.execute("UPDATE runs SET started = started - 1000, seconds = 50")
db.commit()'
for run in 1 2 3; do
    "$TWINWALK" note --store n.db --run "$run" --end interrupted
done
check 'the end of an interrupted run is the time of its last record' python3 -c '
import sqlite3
rows = sqlite3.connect("n.db").execute(
    "SELECT outcome, seconds >= 1000, seconds = 50 FROM runs").fetchall()
assert rows == [("interrupted", 0, 1), ("interrupted", 1, 0),
                ("interrupted", 0, 1)], rows'
exits 0 'one that goes on after all ends as it says' "$TWINWALK" note \
    --store n.db --run 1 --end 'done'
check 'done' outcome 1 'done'

# What report refuses.
refuses 'no store' 'b.db: expected a store' \
    "$TWINWALK" report --store b.db --out page
echo 'not a store' >text
refuses 'text for a store' 'text: expected' \
    "$TWINWALK" report --store text --out page
mkdir other
touch other/mine
refuses 'a folder with other files' 'other: expected a new folder' \
    "$TWINWALK" report --store a.db --out other
refuses 'a run that is none' '--since: expected the number of a run' \
    "$TWINWALK" report --store a.db --out page --since 7
refuses 'run 0' '--since: expected the number of a run' \
    "$TWINWALK" report --store a.db --out page --since 0
refuses 'older coverage alone' '--against: expected --coverage' \
    "$TWINWALK" report --store a.db --out page --against text
refuses 'coverage that is none' 'text:1: expected' \
    "$TWINWALK" report --store a.db --out page --coverage text
refuses 'lines that are not there' 'other/summary.json: ' \
    "$TWINWALK" report --store a.db --out page --lines other
refuses 'steps that are none' 'text:1: expected name' \
    "$TWINWALK" report --store a.db --out page --steps text
refuses 'a file' 'report: expected options only' \
    "$TWINWALK" report --store a.db x
check 'nothing was written' [ ! -e page ]
exits 0 'an empty store has a page' "$TWINWALK" report --store a.db --out empty
check 'which says so' grep -q 'The store has no findings' empty/index.html

# A store with findings of all kinds, hostile ones among them.
python3 "$here/test-report-store.py" a.db "$corpus"
"$TWINWALK" run --target softmmu --programs 200 --coverage now --out o \
    >/dev/null 2>&1
"$TWINWALK" run --target softmmu --programs 100 --coverage older --out o \
    >/dev/null 2>&1
mkdir -p 'cov/html' 'cov/harness/<b>/html'
mkdir -p cov/target/libx.so.1/html
touch cov/html/index.html 'cov/harness/<b>/html/index.html' \
    cov/target/libx.so.1/html/index.html
cat >cov/summary.json <<'END'
{"data":[{"files":[{"filename":"/x/oracle/a.c","summary":{
"lines":{"count":10,"covered":9},"branches":{"count":4,"covered":3}}}]}]}
END
printf 'build\tok\t3\t\tci/build --x\nfuzz <b>\tfailed\t1\t<b>log</b>\n' >steps
mkdir logs
touch logs/build.log
exits 0 'a page' "$TWINWALK" report --store a.db --out page --coverage now \
    --against older --lines cov --steps steps --title 'A <b>night</b>' \
    --about 'Commit <b>1'
check 'it says what was built' grep -q 'by twinwalk [0-9.]*. Commit &lt;b&gt;1. Same' page/index.html
check 'a step links to its log' grep -q 'href="./../logs/build.log"' page/index.html
check 'it counts' grep -q '^5 new, 1 returned, 1 fixed, 1 known, 0 flaky' \
    out.txt
check 'for the owner only' [ "$(stat -c %a page)" = 700 ]
check 'no markup is injected' sh -c '! grep -q -e "<x-evil" -e "<img" \
    -e "<b>night" -e "<b>log" page/index.html'
check 'one script' [ "$(grep -c '<script' page/index.html)" = 1 ]
check 'nothing from elsewhere' sh -c \
    '! grep -q -e "<\(script\|img\|link\|iframe\) " -e "@import" \
        -e "href=\"http" page/index.html'
check 'nothing was started' sh -c '! find . -name "pwned*" | grep -q .'
check 'links are relative' \
    grep -q 'href="./../cov/harness/%3Cb%3E/html/index.html"' page/index.html
check 'also of targets' \
    grep -q 'href="./../cov/target/libx.so.1/html/index.html"' page/index.html
check 'what was gained is counted' grep -q 'gained' page/index.html
check 'JSON of the same' python3 -c '
import json
page = json.load(open("page/report.json"))
by = {f["title"]: f for f in page["findings"]}
good = by["bug rights-not-anded"]
assert good["news"] == "new" and good["isolation"] is False
assert "denied at IOMMU hop" in good["explanation"], good["explanation"]
assert good["drawing"] is True
assert by["bug large-page-sibling"]["news"] == "returned"
assert "the life of the old answer" in by["bug large-page-sibling"][
    "explanation"]
assert by["bug tie-oldest-wins"]["news"] == "fixed"
assert by["bug notify-idx0-only"]["news"] == "known"
assert "explanation" not in by["comment"]
assert "command" not in by["help"]
assert page["folders"] == [{"name": "oracle", "lines": 10, "lines_reached": 9,
                            "branches": 4, "branches_taken": 3}]
assert page["steps"][1]["outcome"] == "failed"
assert page["steps"][0]["command"] == "ci/build --x"
assert page["steps"][0]["log"] == "../logs/build.log" and "log" not in page["steps"][1]
assert page["format"] == 1 and page["about"] == "Commit <b>1"
assert [r["verb"] for r in page["runs"]] == ["nightly", "run", "triage"], page["runs"]
assert good["headline"] in good["issue"], good["headline"]
assert "int main" in good["reproducer"] and "int main" in good["issue"]
assert page["situations"]["seen"] > 0
open("command", "w").write(good["command"])
open("evil", "w").write(by["comment"]["command"])
open("commands", "w").write("\n".join(
    f["command"] for f in page["findings"] if "command" in f))
'
# A command is run as it is pasted, beside the page.
mkdir bin
ln -s "$TWINWALK" bin/twinwalk
# shellcheck disable=SC2016 # the inner shell's
exits 10 'the command shows it' \
    sh -c 'cd page && PATH=$OLDPWD/bin:$PATH && . ../command'
check 'no command holds more than one' sh -c '! grep -q "[;&\`]" commands'
check 'what is hostile is quoted' \
    grep -qF -- "--target 'exec:touch pwned'" evil
check 'a case is beside the page' \
    cmp page/cases/*-rights-not-anded.tw "$corpus/zoo/rights-not-anded.tw"
check 'and its drawing' grep -q '^<svg' page/cases/*-rights-not-anded.tw.svg

# Lines and branches are those of ci/coverage: the same file, the same sums.
{
    printf 'SF:oracle/walk/walk.c\nDA:1,1\nDA:2,0\nDA:3,4\nBRDA:1,0,0,3\nBRDA:1,0,1,-\n'
    printf 'end_of_record\nSF:oracle/judge/judge.c\nDA:1,0\nend_of_record\n'
    printf 'SF:targets/softmmu/tlb.c\nDA:7,2\nDA:8,2\nend_of_record\n'
    printf 'SF:targets/qemu/boot.c\nDA:7,0\nBRDA:7,0,0,-\nend_of_record\n'
} >lines.info
mkdir lines
"$corpus/../ci/lcov" summary lines.info >lines/summary.json
"$corpus/../ci/lcov" folders lines.info >lines.txt
exits 0 'a page with lines' "$TWINWALK" report --store a.db --out numbers --lines lines
check 'has the numbers of ci/coverage' python3 -c '
import json, re
page = {f["name"]: [f["lines"], f["lines_reached"], f["branches"], f["branches_taken"]]
        for f in json.load(open("numbers/report.json"))["folders"]}
table = {line.split()[0]: line for line in list(open("lines.txt"))[1:]}
total = table.pop("all")
assert set(page) == set(table) and len(page) == 3, (page, table)
html = open("numbers/index.html").read()
for name, line in [*table.items(), ("all", total)]:
    words = line.replace("%", "").split()[1:]
    numbers = page.get(name) or [sum(n) for n in zip(*page.values())]
    assert [str(numbers[0]), str(numbers[2])] == [words[0], words[2]], (name, line, numbers)
    row = re.search("<tr><th scope=\"row\">" + name + "</th>.*?</tr>", html)[0]
    for percent in words[1], words[3]:
        assert percent == "." or ">" + percent + " %<" in row, (row, line)'

# What a campaign left out because it is known.
QUIRK=$(basename "$(find "$corpus/quirks" -name '*.tw' | sort | sed -n 1p)" .tw)
export QUIRK
exits 0 'a campaign with known divergences' "$TWINWALK" run --quirk "$QUIRK" \
    --programs 1500 --seed 7 --jobs 1 --store known.db --json
cp out.txt out.json
exits 0 'its page' "$TWINWALK" report --store known.db --out known
check 'counts them as the campaign did' python3 -c '
import json, os
counts = json.load(open("out.json"))["known"]
masked = json.load(open("known/report.json"))["masked"]
(entry,) = [e for e in counts if e["name"] == os.environ["QUIRK"]]
assert [(m["name"], m["programs_since"]) for m in masked] == [(entry["name"], entry["programs"])]
assert masked[0]["reason"] == entry["reason"] and entry["programs"] > 0
assert ">" + entry["name"] + "</th>" in open("known/index.html").read()'

# Again: cases that are no longer there go, what is not ours stays.
python3 - <<'END'
import sqlite3
db = sqlite3.connect("a.db")
db.execute("DELETE FROM cases")
db.execute("DELETE FROM changes")
db.execute("DELETE FROM keys")
db.execute("DELETE FROM findings")
db.commit()
END
touch page/cases/mine.txt
exits 0 'the page again' "$TWINWALK" report --store a.db --out page
check 'old cases are gone' [ "$(ls page/cases)" = mine.txt ]
finish
