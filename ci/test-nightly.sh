#!/bin/sh
# SPDX-License-Identifier: MIT
# ci/nightly on a build whose harnesses are stand-ins: it refuses bad usage and
# reports news; a step that fails loses nothing; a night in which no bug is found
# where one must be is not clean; the next night resumes one that was killed.
# Argument: the tree.
top=$(cd "$1" && pwd)
# shellcheck source=cli/test/test-lib.sh
. "$top/cli/test/test-lib.sh"
# shellcheck source=ci/test-qemus.sh
. "$top/ci/test-qemus.sh"

nightly=$top/ci/nightly
mkdir -p build/cli build/fuzz/iommu_fuzzer_seeds build/fuzz/text_fuzzer_seeds
ln -s "$TWINWALK" build/cli/twinwalk
touch build/fuzz/iommu_fuzzer.dict build/fuzz/text_fuzzer.dict
out="a night's \$out" # a name that no shell must read
"$TWINWALK" encode --harness iommu_fuzzer \
    "$top/corpus/zoo/second-hop-unregistered.tw" -o bytes
cp bytes build/fuzz/iommu_fuzzer_seeds/seed
# Behaves as libFuzzer does: with a bug of the zoo its seed crashes it, and it has
# an input for its corpus.  HOW=silent: nothing crashes it; broken: it does not
# run.  The other harness runs as long as the file slow is there.
cat >build/fuzz/iommu_fuzzer <<END
#!/bin/sh
[ "\${HOW-}" != broken ] || exit 1
case "\$*" in
*-merge=1*)
    for word; do
        case \$word in
        -*) ;;
        *) [ -n "\${to-}" ] || to=\$word ;;
        esac
    done
    echo input >"\$to/input"
    ;;
*-print_final_stats=1*)
    echo 'stat::number_of_executed_units: 100'
    echo input >corpus/input
    if [ -n "\${TWINWALK_ZOO-}" ] && [ -e in/seed ]; then
        cp "$work/bytes" fresh/crash-1
        exit 77
    fi
    ;;
*)
    if [ -n "\${TWINWALK_ZOO-}" ] && [ "\${HOW-}" != silent ]; then
        echo 'ASSERTION FAILED: TwFuzzerHash=X stale softmmu'
        exit 77
    fi
    ;;
esac
END
touch slow
cat >build/fuzz/text_fuzzer <<END
#!/bin/sh
echo \$\$ >"$work/text-pid"
while [ -e "$work/slow" ]; do
    sleep 0.1
done
END
chmod +x build/fuzz/iommu_fuzzer build/fuzz/text_fuzzer

wrong()
{
    pattern=$1
    shift
    exits 2 "refuses $*" "$nightly" "$@" --out refused
    check "and says why" grep -q "^ci/nightly: expected $pattern" err.txt
}
exits 0 'it has a help' "$nightly" --help
check 'which names its options' grep -q '^--object ' out.txt
wrong 'a time like' --budget soon
wrong 'a time like' --budget ''
wrong '--budget: 10 seconds' --budget 9
wrong '--jobs, --keep' --jobs 0
wrong '--only: of ' --only fuzz,dream
wrong '--engines: ' --engines afl,gcc
wrong '--sanitizers: ' --sanitizers thread
wrong '--harnesses: of ' --harnesses zoo
wrong '--targets: of ' --targets qemu
wrong '--build: a build folder' --build .
wrong '--object TARGET=OBJECT' --object here
wrong '--object with a file' --object softmmu=nowhere
wrong '--budget, --out' --fast x
wrong 'a value after' --budget 10s --jobs
exits 2 'a bug that is no name' env TWINWALK_ZOO='x; y' "$nightly" \
    --build build --out refused
check 'nothing is left of these' [ ! -e refused ]
mkdir mine
touch mine/file
exits 2 'a folder of somebody else' "$nightly" --build build --out mine
exits 2 'a folder in a file' "$nightly" --build build --out mine/file/out
check 'and says why' grep -q '^ci/nightly: expected an --out' err.txt

# night CODE NAME ARGUMENT...
night()
{
    code=$1
    name=$2
    shift 2
    exits "$code" "$name" "$nightly" --budget 10s --out "$out" --build build \
        --targets none --harnesses iommu --jobs 2 "$@"
}
# page NUMBERS: what the last page counts.
page()
{
    check "page: $1" grep -q "^ci/nightly: $1" out.txt
}
# outcome STEP OUTCOME
outcome()
{
    check "$1 is $2" grep -q "^$1	$2	" "$out"/latest/steps.tsv
}

night 0 'a clean night' --only canary,fuzz,merge,triage
page '0 new, 0 returned, 0 fixed, 0 known, 0 flaky'
check 'the page links its steps to their logs, and says how to repeat them' python3 - "$out/latest" <<'END'
import json, os, shlex, sys
page = json.load(open(sys.argv[1] + "/page/report.json"))
steps = {step["name"]: step for step in page["steps"]}
for step in steps.values():
    assert os.path.isfile(os.path.join(sys.argv[1], "page", step["log"])), step
    assert "\t" not in step.get("command", "")
words = shlex.split(steps["triage-softmmu"]["command"])
assert words[1] == "triage" and os.access(words[0], os.X_OK), words
assert steps["canary-iommu-build"]["command"].startswith("(cd ")
assert "TWINWALK_ZOO=" in steps["canary-iommu-build"]["command"]
END
check 'the night is in the list' grep -q \
    "href=\"./$(basename "$(readlink "$out"/latest)")/page/index.html\"" "$out"/nights/index.html
outcome canary-iommu-build ok
outcome fuzz-iommu-libfuzzer-build ok
check 'the corpus is kept' grep -qx input "$out"/corpus/iommu/input
check 'for the owner only' [ "$(stat -c %a "$out")" = 700 ]
check 'figures are in the store' python3 -c '
import sqlite3, sys
figures = dict(sqlite3.connect(sys.argv[1]).execute(
    "SELECT name, value FROM measures"))
assert figures["canary.fired"] == 100, figures
assert figures["inputs_per_second.iommu"] > 0, figures
assert figures["corpus.iommu"] == 1, figures' "$out/findings.db"

night 0 'engines and the zoo' --only bench
check 'an eighth of the bugs was tried' grep -q \
    '^bench	\(ok\|finding\)	.*	random [0-9]* of [0-9]* trials of [0-9]* bugs' "$out"/latest/steps.tsv
check 'each bug in its turn' python3 -c '
import sys
sys.path.insert(0, sys.argv[1])
from night.bench import part_of
slugs = [str(i) for i in range(19)]
parts = [part_of(slugs, f"2026-12-{day:02}-010203") for day in range(1, 9)]
assert sorted(sum(parts, [])) == sorted(slugs), parts
assert part_of(slugs, "2026-12-09-000000") == parts[0]' "$top/ci"
check 'the curves are beside the steps' grep -q '<figure' "$out"/latest/bench.html
check 'and the figures in the store' python3 -c '
import sqlite3, sys
figures = dict(sqlite3.connect(sys.argv[1]).execute("SELECT name, value FROM measures"))
assert 0 < figures["zoo_detected.random"] <= 100, figures
assert figures["zoo_mean.random"] > 0, figures' "$out/findings.db"

export TWINWALK_ZOO=second-hop-unregistered
night 10 'a bug is switched on' --only fuzz,triage
page '1 new, 0 returned, 0 fixed'
outcome fuzz-iommu-libfuzzer-build finding
outcome triage-softmmu finding
check 'the page has it' grep -q 'class="finding new"' "$out"/latest/page/index.html
night 0 'the next night it is known' --only fuzz,triage
page '0 new, 0 returned, 0 fixed, 1 known'
# The first triage of a night takes what harnesses found, campaigns have recorded theirs before it.
kept=$out
out=both
night 10 'a bug that campaigns and a harness find' --only campaigns,fuzz,triage
outcome campaign-zoo-second-hop-unregistered finding
outcome fuzz-iommu-libfuzzer-build finding
check 'JUnit and SARIF tell what the night found new' python3 - "$out/latest" <<'END'
import json, sys
import xml.etree.ElementTree as e
page = json.load(open(sys.argv[1] + "/page/report.json"))
new = sorted(f["cause"] for f in page["findings"] if f["news"] == "new")
both = {f["cause"]: f["count"] for f in page["findings"]}["missed-unmap-later-hop"]
assert both > 1 and "missed-unmap-later-hop" in new, (both, new)
suite = e.parse(sys.argv[1] + "/softmmu.xml").getroot()[0]
assert new == sorted(c.get("name") for c in suite if c.find("failure") is not None)
assert all(c.find("failure").get("type") == "new" for c in suite)
results = json.load(open(sys.argv[1] + "/softmmu.sarif"))["runs"][0]["results"]
assert new == sorted(r["ruleId"] for r in results if r["baselineState"] == "new")
END
out=$kept
unset TWINWALK_ZOO
night 0 'it is switched off' --only fuzz,triage
page '0 new, 0 returned, 1 fixed, 0 known'
TWINWALK_ZOO=second-hop-unregistered
export TWINWALK_ZOO
night 10 'it is back' --only fuzz,triage --keep 2
page '0 new, 1 returned, 0 fixed'
unset TWINWALK_ZOO
nights()
{
    find "$out"/nights -mindepth 1 -maxdepth 1 -type d | sort
}
check 'two nights are kept' [ "$(nights | wc -l)" -eq 2 ]
check 'and listed' [ "$(grep -c '<tr><th scope="row">' "$out"/nights/index.html)" -eq 2 ]
check 'with what they found' grep -q '<td class="number">10</td><td class="number">0</td><td class="number">1</td>' \
    "$out"/nights/index.html

HOW=silent
export HOW
night 99 'a silent judge is no clean night' --only canary,fuzz
outcome canary-iommu-build failed
outcome canary-softmmu ok
outcome fuzz-iommu-libfuzzer-build ok
HOW=broken
night 99 'a broken harness' --only campaigns,fuzz,merge,triage
outcome fuzz-iommu-libfuzzer-build failed
outcome merge-iommu failed
outcome campaign-softmmu ok
outcome triage-softmmu ok
check 'the page says so' grep -q '<tr class="bad"><th scope="row">fuzz-iommu' \
    "$out"/latest/page/index.html
check 'the corpus is as it was' grep -qx input "$out"/corpus/iommu/input

unset HOW
rm build/fuzz/iommu_fuzzer.dict
night 99 'an error that no step expects' --only canary,fuzz,triage
outcome canary-iommu-build failed
outcome fuzz-iommu-libfuzzer-build failed
outcome triage-softmmu ok
check 'the log says which error' grep -q 'No such file .*iommu_fuzzer.dict' \
    "$out"/latest/logs/fuzz-iommu-libfuzzer-build.log
touch build/fuzz/iommu_fuzzer.dict

fails()
{
    ! "$@"
}

# Of QEMUs: of riscv64 none but for its IOMMU, of aarch64 the installed one and one of ci/emulators.
# Behind the stand-in both are softmmu.  The newer one has a bug, and both have
# another one if they drop flushes: a bug that the canary knows is not new.
mkdir -p qemu/build/cli
cat >qemu/build/cli/twinwalk <<END
#!/bin/sh
target=softmmu
case "\$*" in
'targets --target qemu-riscv64') echo 'there is none' >&2; exit 99 ;;
*--drop-flushes*) target=zoo:rights-not-anded ;;
*"--qemu $work/made/qemu-system-aarch64-forky"*) target=zoo:wrong-as-section ;;
esac
for word; do
    shift
    case \$last\$word in
    --qemu | --qemu/* | --drop-flushes | --wide | --only-commands | --only-commands[a-z]* | \
        --against-* | --against-*[-/]*) ;;
    qemu-*) set -- "\$@" "\$target" ;;
    *) set -- "\$@" "\$word" ;;
    esac
    last=
    case \$word in
    --qemu | --only-commands | --against-*) last=\$word ;;
    esac
done
exec "$TWINWALK" "\$@"
END
chmod +x qemu/build/cli/twinwalk
fake_emulators "$work/made" forky 11.1.2
# night_of_qemu CODE NAME ARGUMENT...
night_of_qemu()
{
    code=$1
    name=$2
    shift 2
    exits "$code" "$name" "$nightly" --budget 10s --out qemu/out --build qemu/build \
        --targets qemu-aarch64,qemu-riscv64,qemu-riscv-iommu --jobs 2 --engines libfuzzer \
        --harnesses iommu --only campaigns,canary,triage "$@"
}
kept=$out
out=qemu/out
ln -s ../../build/fuzz qemu/build/fuzz
night_of_qemu 10 'a newer QEMU with a bug' --emulators made
page '[1-9][0-9]* new, 0 returned'
outcome campaign-qemu-aarch64 ok
outcome campaign-qemu-aarch64-forky finding
outcome campaign-qemu-riscv64 skipped
check 'and it is said why' grep -q '^campaign-qemu-riscv64	.*there is none' \
    qemu/out/latest/steps.tsv
outcome canary-qemu-aarch64 ok
outcome canary-qemu-aarch64-forky ok
outcome triage-qemu-aarch64 ok
outcome triage-qemu-aarch64-forky finding
check 'another architecture was not asked for' \
    fails grep -q x86 qemu/out/latest/steps.tsv
outcome campaign-qemu-riscv64-forky ok
night_of_qemu 0 'without ci/emulators' --emulators nowhere
outcome campaign-qemu-aarch64 ok
outcome families-qemu-riscv-iommu ok
for family in global domain pages contexts; do
    check "with $family alone" \
        test -d "qemu/out/latest/found/qemu-riscv-iommu/$family"
done
outcome pair-qemu-riscv-iommu-uncached ok
outcome wide-qemu-riscv-iommu ok
outcome campaign-newer-qemus skipped
check 'and it is said why' grep -q '^campaign-newer-qemus	.*there are none in' \
    qemu/out/latest/steps.tsv
out=$kept

# fuzz_slowly OUTPUT: a night that fuzzes one harness after the other, and is in
# the middle of the second when this returns.  Its number is $pid.
fuzz_slowly()
{
    rm -f text-pid
    "$nightly" --budget 100s --out "$out" --build build --targets none \
        --harnesses iommu,text --jobs 1 --only fuzz,triage \
        >"$1" 2>&1 </dev/null &
    pid=$!
    tries=0
    while [ ! -s text-pid ] && [ $tries -lt 1200 ]; do
        sleep 0.1
        tries=$((tries + 1))
    done
}

# Asked to end: it ends what it has started.
fuzz_slowly ended.txt
# A shell starts it in the background with SIGINT ignored; nohup does so with
# SIGHUP.
ignored=$(sed -n 's/^SigIgn:[[:space:]]*//p' "/proc/$pid/status")
check 'it ignores what it was started to ignore' [ $((0x$ignored & 2)) -ne 0 ]
kill "$pid"
exits 99 'a night that is asked to end' wait "$pid"
check 'it says so' grep -q '^ci/nightly: interrupted; the next night' ended.txt
check 'its harness has ended' fails kill -0 "$(cat text-pid)"
check 'its run has ended' python3 -c '
import sqlite3, sys
rows = sqlite3.connect(sys.argv[1]).execute(
    "SELECT outcome FROM runs WHERE verb = '\''nightly'\'' ORDER BY id").fetchall()
assert rows[-1] == ("interrupted",), rows' "$out/findings.db"
ended=$(nights | tail -n 1)
check 'a step that was cut short is not reported' \
    fails grep '^fuzz-text' "$ended/steps.tsv"
rm slow
night 0 'the next night resumes it' --only fuzz,triage
check 'and says so' grep -q "taking up .*$ended" out.txt
touch slow

# Killed while it fuzzes, after one of two harnesses has found something.
TWINWALK_ZOO=second-hop-unregistered
export TWINWALK_ZOO
fuzz_slowly killed.txt
exits 75 'one night at a time' "$nightly" --out "$out" --build build
kill -9 "$pid"
rm slow
wait "$pid" 2>/dev/null || true
unset TWINWALK_ZOO
killed=$(nights | tail -n 1)
check 'the night runs no more' python3 -c '
import sqlite3, sys
db = sqlite3.connect(sys.argv[1])
row = db.execute("SELECT outcome, owner FROM runs WHERE id = ?",
                 sys.argv[2:3]).fetchone()
assert row[0] == "running" and row[1].split()[3] == sys.argv[3], row' \
    "$out/findings.db" "$(cat "$killed/run")" "$pid"
exits 0 'a page of the store' "$TWINWALK" report --store "$out/findings.db" \
    --out page
check 'says so' grep -q '(nightly, interrupted)' page/index.html
check 'it had found something' [ -s "$killed/shards/iommu-libfuzzer-build/found/crash-1" ]
recorded()
{
    python3 -c '
import sqlite3, sys
db = sqlite3.connect(sys.argv[1])
assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
print(db.execute("SELECT count(*) FROM findings").fetchone()[0])' "$out/findings.db"
}
before=$(recorded)
night 0 'the next night is whole' --only fuzz,triage
check 'it takes the other one up' grep -q "taking up .*$killed" out.txt
check 'whose case it triages' grep -q '^softmmu (.*): 1 input' \
    "$out"/latest/logs/triage-softmmu.log
since=$(sed -n 's/.*<p>Since run \([0-9]*\) .*/\1/p' \
    "$out"/latest/page/index.html)
check 'its news are news' [ "$since" = "$(cat "$killed/run")" ]
check 'nothing recorded is lost' [ "$(recorded)" -ge "$before" ]
check 'the other one was interrupted' python3 -c '
import sqlite3, sys
db = sqlite3.connect(sys.argv[1])
rows = db.execute("SELECT outcome FROM runs WHERE verb = '\''nightly'\''"
                  " ORDER BY id").fetchall()
assert rows[-2:] == [("interrupted",), ("done",)], rows
assert ("running",) not in rows, rows' "$out/findings.db"
finish
