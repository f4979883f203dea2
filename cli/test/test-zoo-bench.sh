#!/bin/sh
# SPDX-License-Identifier: MIT
# twinwalk zoo bench: trials that do not depend on the machine, a folder that is
# resumed, refusals, and the engines: ENGINE=1: there is libFuzzer; $1: the cases.
cases=$1
# shellcheck source=cli/test/test-lib.sh
. "$(dirname "$0")/test-lib.sh"

: "${FUZZERS:?expected the folder of the harnesses}"
two='rights-not-anded second-hop-unregistered'
mkdir tmp
export TMPDIR="$PWD/tmp"

# value EXPRESSION FILE: of the JSON `r` in a file.
value()
{
    python3 -c '
import json, sys
r = json.load(open(sys.argv[2]))
print(eval(sys.argv[1]))' "$1" "$2"
}

# bench OPTION...: 300 programs, two trials of two bugs.
bench()
{
    # shellcheck disable=SC2086 # two words
    "$TWINWALK" zoo bench --programs 300 --trials 2 "$@" $two
}

# Random programs: the same figures each time, with any number of jobs.
exits 0 'two bugs' bench --csv
cut -d, -f1-8,10-13 out.txt >one.csv
exits 0 'with two jobs' bench --csv --jobs 2
cut -d, -f1-8,10-13 out.txt >two.csv
check 'the same' cmp one.csv two.csv
check 'a line for each trial' [ "$(wc -l <one.csv)" -eq 5 ]
line=$(grep '^second-hop-unregistered,random,2,' one.csv)
program=$(echo "$line" | cut -d, -f8)
key=$(echo "$line" | cut -d, -f7)
exits 10 'run with the seed of a trial' "$TWINWALK" run --seed 2 --out found \
    --target zoo:second-hop-unregistered --programs "$program"
check 'finds what the trial did' [ -f "found/$key-1.tw" ]
exits 0 'not sooner' "$TWINWALK" run --seed 2 --target zoo:second-hop-unregistered \
    --programs $((program - 1)) --out sooner
exits 0 'as JSON' bench --json
check 'all is detected' [ "$(value \
    '[(b["engines"][0]["detected"], b["engines"][0]["triggered"]) for b in r["bugs"]]' \
    out.txt)" = '[(2, 2), (2, 2)]' ]
check 'in programs' [ "$(value '(r["unit"], r["limit"], r["seed"])' out.txt)" = \
    "('programs', 300.0, 1)" ]
check 'a curve ends at 0' [ "$(value \
    'r["bugs"][0]["engines"][0]["curve"][-1]["share"]' out.txt)" = 0.0 ]

# What is never detected comes first, and counts.
never=$("$TWINWALK" targets --json | python3 -c '
import json, sys
print(next(m["mutant"] for m in json.load(sys.stdin)["mutants"] if m.get("shown") == "never"))')
exits 10 'a miss' "$TWINWALK" zoo bench --programs 50 --trials 1 \
    rights-not-anded "$never" --html page.html
check 'is the first line' sh -c "sed -n 2p out.txt | grep -q '^$never .*MISSED$'"
check 'is the first row' sh -c "grep -o '<code>[a-z-]*' page.html | sed -n 1p |
    grep -q '>$never\$'"
check 'the page needs no other file' sh -c '! grep -q "src=\|href=\|url(\|<script" page.html'
check 'it has a chart of each bug and of all' [ "$(grep -c '<figure' page.html)" -eq 3 ]

# A folder: what is there is not run again.
exits 0 'into a folder' bench --out a --csv
cp out.txt whole.csv
cp a/results.jsonl before
exits 0 'again' bench --out a --csv
check 'the same trials' cmp whole.csv out.txt
check 'the file is as it was' cmp before a/results.jsonl
exits 0 'more trials' bench --out a --trials 3
check 'are added' [ "$(wc -l <a/results.jsonl)" -eq 7 ]
head -n 5 a/results.jsonl >first
check 'behind those' cmp before first
mkdir cut
{
    sed -n 1,2p before
    sed -n 3p before | head -c 40
} >cut/results.jsonl
exits 0 'a folder of a process that was killed' bench --out cut --csv
check 'says so' grep -q 'results.jsonl: the last line was cut short' err.txt
cut -d, -f1-8,10-13 out.txt >three.csv
check 'and has all trials' cmp one.csv three.csv

# Ctrl-C: what has ended is kept.
"$TWINWALK" zoo bench --time 100000s --trials 1 --out c rights-not-anded "$never" \
    >c.txt 2>c.err &
pid=$!
while [ ! -f c/results.jsonl ] || [ "$(wc -l <c/results.jsonl)" -lt 2 ]; do
    kill -0 "$pid" || break
    sleep 0.1
done
exits 99 'a second process in the folder' "$TWINWALK" zoo bench --time 100000s \
    --trials 1 --out c rights-not-anded "$never"
check 'is told so' grep -q 'results.jsonl: expected to be the only process' err.txt
kill -TERM "$pid"
status=0
wait "$pid" || status=$?
check 'exit code 77' [ "$status" -eq 77 ]
check 'and says what is missing' grep -q \
    '^twinwalk: 1 trials were not run; the same command runs them$' c.err
check 'one trial is kept' [ "$(wc -l <c/results.jsonl)" -eq 2 ]
exits 77 '--report runs nothing' "$TWINWALK" zoo bench --time 100000s --trials 1 \
    --out c --report rights-not-anded "$never"
check 'but shows it' grep -q '^rights-not-anded  *random  *1 ' out.txt

# Other settings, another build, damage: refused, and nothing is changed.
cp a/results.jsonl before
refuses 'another limit' '.*:1: expected trials with --programs 299, not 300' \
    "$TWINWALK" zoo bench --programs 299 --out a
refuses 'another seed' '.*:1: expected trials with --seed 2, not 1' \
    bench --seed 2 --out a
refuses 'time' '.*:1: expected trials with --time 60, not 0' \
    "$TWINWALK" zoo bench --out a
sed 's/"build":"[0-9a-f]*"/"build":"0123456789abcdef"/' before >a/results.jsonl
refuses 'another build' '.*expected trials of engine random by this build' \
    bench --out a
exits 0 'but not --report' bench --out a --report
sed '3s/"seconds"/"hours"/' before >a/results.jsonl
cp a/results.jsonl damaged
refuses 'a damaged line' '.*results.jsonl:3: expected a trial with' bench --out a
check 'stays' cmp damaged a/results.jsonl
echo nonsense >a/results.jsonl
refuses 'another file' '.*results.jsonl:1: expected a line of JSON' bench --out a
refuses 'no folder' '.*expected a file of results' bench --out nowhere --report

# Options.
refuses 'no such bug' 'zoo bench: expected the slug' "$TWINWALK" zoo bench x
refuses 'no such engine' '--engine: expected all, or some of' bench -e random,x
refuses 'no trials' '--trials: expected 1 to 1000' "$TWINWALK" zoo bench -n 0
refuses 'no programs' '--programs: expected at least 1' \
    "$TWINWALK" zoo bench --programs 0
refuses 'two limits' '--programs: expected at least 1, and no --time' \
    bench --time 5s
refuses 'no time' '--time: expected a time such as' "$TWINWALK" zoo bench --time 0
refuses 'no jobs' '--jobs: expected 1 to 1024' bench --jobs 0
refuses 'two forms' '--csv: expected no --json' bench --json --csv
refuses '--report alone' '--report: expected --out' bench --report
refuses 'a page that cannot be written' '--html: nowhere: expected a folder' \
    bench --html nowhere/page.html
refuses 'a target' 'unknown option --target' bench --target softmmu

# Engines that are not there.
exits 99 'no harness' bench -e libfuzzer --harnesses nowhere
check 'is named' grep -q \
    '^twinwalk: engine libfuzzer: expected softmmu_fuzzer in nowhere/libfuzzer-none' err.txt
exits 0 'all that are there' bench -e all --harnesses nowhere --csv
check 'are random programs' [ "$(wc -l <out.txt)" -eq 5 ]
check 'the others are named' [ "$(grep -c '^twinwalk: left out: engine' err.txt)" -eq 3 ]
mkdir -p fake/libfuzzer-none fake/afl-none bin
printf '#!/bin/sh\necho I measure nothing\n' >fake/libfuzzer-none/softmmu_fuzzer
chmod +x fake/libfuzzer-none/softmmu_fuzzer
exits 99 'a harness that measures nothing' bench -e raw --harnesses fake
check 'is accused' grep -q 'engine raw: .*softmmu_fuzzer: expected it to run inputs.*: I measure nothing$' \
    err.txt

# AFL++, with a stand-in for afl-fuzz: it checks its options, and runs some inputs.
"$TWINWALK" encode --harness softmmu_fuzzer "$cases/zoo/rights-not-anded.tw" -o input
"$TWINWALK" encode --harness softmmu_fuzzer "$cases/zoo/tie-oldest-wins.tw" -o late
cat >bin/afl-fuzz <<'END'
#!/bin/sh
[ "$1 $2" = '-s 1' ] && [ -f "$AFL_CUSTOM_MUTATOR_LIBRARY" ] &&
    [ "$AFL_BENCH_UNTIL_CRASH" = 1 ] || exit 1
while [ "$1" != -- ]; do
    [ "$1" != -i ] || [ -f "$2/seed" ] || exit 1
    shift
done
"$2" $INPUTS
exit 0
END
chmod +x bin/afl-fuzz
ln -s "$FUZZERS/softmmu_fuzzer_standalone" fake/afl-none/softmmu_fuzzer
if [ -f "$FUZZERS/softmmu_fuzzer_afl.so" ]; then
    exits 0 'AFL++' env "PATH=$PWD/bin:$PATH" "INPUTS=$PWD/input" "$TWINWALK" zoo bench \
        -e afl --harnesses fake --programs 9 --trials 1 --csv rights-not-anded
    check 'detects it with the first input' grep -q \
        '^rights-not-anded,afl,1,1,detected,[a-z]*,[A-Z][A-Za-z]*,1,' out.txt
    exits 10 'what afl-fuzz finds beyond the limit is none' env "PATH=$PWD/bin:$PATH" \
        "INPUTS=$PWD/input $PWD/late" "$TWINWALK" zoo bench -e afl --harnesses fake \
        --programs 1 --trials 1 --csv tie-oldest-wins
    check 'it stays below' grep -q '^tie-oldest-wins,afl,1,1,missed,,,1,' out.txt
fi

# libFuzzer, by structure and by bytes.
if [ "$ENGINE" -eq 1 ]; then
    exits 0 'libFuzzer' "$TWINWALK" zoo bench -e libfuzzer --harnesses "$FUZZERS" \
        --programs 100000 --trials 1 --csv hole-is-loop
    check 'detects it' grep -q '^hole-is-loop,libfuzzer,1,1,detected,' out.txt
    exits 10 'bytes' "$TWINWALK" zoo bench -e raw --harnesses "$FUZZERS" \
        --programs 200 --trials 1 --csv device-reenters-itself
    check 'up to the limit' grep -q '^device-reenters-itself,raw,1,1,missed,,,200,' \
        out.txt
fi
check 'no file is left behind' [ -z "$(ls tmp)" ]
finish
