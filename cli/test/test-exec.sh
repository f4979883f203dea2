#!/bin/sh
# SPDX-License-Identifier: MIT
# softmmu in another process: the same counts and verdicts as in this one.  $1:
# corpus.
# shellcheck source=cli/test/test-lib.sh
. "$(dirname "$0")/test-lib.sh"
corpus=$1

# A word that the shell of exec takes apart again.
quoted="'$TWINWALK'"
there="exec:$quoted replay --as-target"

exits 0 'here' "$TWINWALK" run --programs 400 --seed 9 --json
counts out.txt | grep -v '"target"' >here
exits 0 'there' "$TWINWALK" run --target "$there" --programs 400 --seed 9 \
    --json --jobs 2
counts out.txt | grep -v '"target"' >there
check 'same counts' cmp here there

# Verdicts and what was found, case by case; only the target's name differs.
bug=zoo:rights-not-anded
exits 10 'a bug here' "$TWINWALK" run --target "$bug" --programs 400 \
    --seed 9 --json --out found-here
python3 - out.txt >here <<'END'
import json, sys
for key in json.load(open(sys.argv[1]))["findings"]:
    for case in key["cases"]:
        print(case["number"], key["verdict"], case.get("operation"))
END
exits 10 'a bug there' "$TWINWALK" run --target "$there --target $bug" \
    --programs 400 --seed 9 --json --out found-there
python3 - out.txt >there <<'END'
import json, sys
for key in json.load(open(sys.argv[1]))["findings"]:
    for case in key["cases"]:
        print(case["number"], key["verdict"], case.get("operation"))
END
sort -n here >here.sorted
sort -n there >there.sorted
check 'same findings' cmp here.sorted there.sorted
check 'some findings' [ -s here.sorted ]

file=$(find found-there -name '*-1.tw' | sort | head -n 1)
key=$(basename "$file" -1.tw)
exits 0 'replay of a case from there' "$TWINWALK" replay \
    --target "$there --target $bug" --expect "$key" "$file"
exits 0 'min there' "$TWINWALK" min --target "$there --target $bug" \
    --budget 60 "$file" -o small.tw
exits 0 'gen there' "$TWINWALK" gen --target "$there" -o gen-there.tw
exits 0 'gen here' "$TWINWALK" gen -o gen-here.tw
check 'the dialect came over' cmp gen-here.tw gen-there.tw

# A device that is told where a whole range leads (LA-64): no access is in its last page.
cat >range.tw <<'END'
twinwalk 1
region r0 iommu size 0x10000 root s0 iommu i0
region r1 ram size 0x8000 root s1
iommu i0 table to s1
setup
  map i0.0 0x0..0x1fff -> s1 0x4000 rw silent
  map i0.0 0x2000..0x2fff -> s1 0x0 rw silent
script
  dma-read s0 0x10 4 none
END
# told RANGE: softmmu, whose device is told so
told()
{
    echo "$there | sed -u '/^0 ok /a told 0 $1'"
}
exits 0 'a range that is right' "$TWINWALK" replay \
    --target "$(told 'rw s1 0x0..0x1fff -> 0x4000')" range.tw
exits 10 'a range whose last page is not' "$TWINWALK" replay \
    --target "$(told 'r s1 0x0..0x2fff -> 0x4000')" range.tw
check 'it is told where' grep -q 'of 0x0..0x2fff the device was told that 0x2fff leads to s1 0x6fff, r1+0x6fff, for loads; expected: r1+0xfff (LA-64)' out.txt
exits 10 'a range that is shifted' "$TWINWALK" replay \
    --target "$(told 'w s1 0x0..0xfff -> 0x5000')" range.tw
check 'its verdict' grep -q ': event Evt' out.txt

# The protocol by hand.
"$TWINWALK" gen --number 2 -o case.tw
{
    cat case.tw
    echo .
    echo nonsense
    echo .
} >questions
status=0
"$TWINWALK" replay --as-target <questions >answers || status=$?
check '--as-target ends with its input' [ "$status" -eq 0 ]
check 'greets' [ "$(head -n 1 answers)" = 'twinwalk-target 1' ]
check 'answers twice' [ "$(grep -c '^end$' answers)" -eq 2 ]
check 'the first is done' grep -q '^end done$' answers
check 'the second is unsupported' grep -q '^end unsupported' answers
status=0
"$TWINWALK" replay --as-target <case.tw >answers 2>err.txt || status=$?
check 'an input that ends inside a program' [ "$status" -eq 2 ]
check 'is told in one line' [ "$(wc -l <err.txt)" -eq 1 ]

# A bug that only every other process has: flaky, with its rate.
cat >moody.sh <<END
echo >>starts
if [ \$((\$(wc -l <starts) % 2)) -eq 1 ]; then
    exec $quoted replay --as-target --target $bug
fi
exec $quoted replay --as-target
END
exits 0 'a target that is moody' "$TWINWALK" run --target 'exec:sh moody.sh' \
    --programs 200 --seed 9 --jobs 1 --replays 4 --json --out moody
check 'its findings are flaky, 2 of 4' python3 -c "
import json
summary = json.load(open('out.txt'))
(key,) = summary['findings']
assert key['key'] == 'FlaExec' and key['verdict'] == 'flaky'
for case in key['cases']:
    assert (case['again'], case['replays']) in ((2, 4), (0, 1)), case
assert (2, 4) in [(case['again'], case['replays']) for case in key['cases']]"
check 'the case says so' grep -qx '# again: 2 of 4 replays on a fresh target' \
    moody/FlaExec-1.tw
for verb in min emit; do
    exits 2 "$verb of it" "$TWINWALK" "$verb" --target 'exec:sh moody.sh' \
        moody/FlaExec-1.tw
    check 'wants one that recurs' grep -q \
        'FlaExec-1.tw: expected a finding that recurs; the case says that it is flaky' err.txt
done
# With --times, that is no hindrance: each candidate gets two runs at least.
exits 0 'min --times of it' "$TWINWALK" min --target 'exec:sh moody.sh' --times 4 --budget 80 \
    moody/FlaExec-1.tw -o shrunk.tw
check 'shrinks it' [ "$(grep -vc '^#' shrunk.tw)" -le 30 ]
exits 10 'the bug is in the shrunk case' "$TWINWALK" replay --target "$bug" shrunk.tw
exits 2 '--times 0' "$TWINWALK" min --target 'exec:sh moody.sh' --times 0 moody/FlaExec-1.tw
check 'says what was expected' grep -q -- '--times: expected 1 to 100' err.txt
sed 's/^# key: .*/# key: WrgExecRdRam/' shrunk.tw >other.tw
exits 2 'emit --times of a case with another key' "$TWINWALK" emit --target 'exec:sh moody.sh' \
    --times 2 other.tw
check 'says so' grep -q 'other.tw: expected key WrgExecRdRam in one of 2 runs; the last one has' err.txt
rm shrunk.tw other.tw
# A candidate that has it once and not again is not kept: the first start is for the greeting, the
# second one sees the bug in the case, the third one in the candidate, the next three do not.
cat >lucky.sh <<END
echo >>starts
if [ \$(wc -l <starts) -le 3 ] || [ \$(wc -l <starts) -ge 7 ]; then
    exec $quoted replay --as-target --target $bug
fi
exec $quoted replay --as-target
END
sed '/^#/d' moody/FlaExec-1.tw >once.tw
rm starts
exits 0 'min --times of a lucky candidate' "$TWINWALK" min --target 'exec:sh lucky.sh' --times 3 \
    --budget 1 once.tw -o shrunk.tw
check 'does not keep it' grep -q '1 candidates tried, 0 seen before, 0 kept' err.txt
rm shrunk.tw once.tw
# A case that says nothing of it.
sed '/^#/d' moody/FlaExec-1.tw >silent.tw
seq 1 >starts
exits 2 'min of one that says nothing' "$TWINWALK" min --target 'exec:sh moody.sh' \
    silent.tw -o shrunk.tw
check 'sees it in the first run' grep -q \
    'silent.tw: expected a program with a finding; its verdict is flaky' err.txt
# The bug goes with the third start: the second run of the case has it no more.
cat >passing.sh <<END
echo >>starts
if [ \$(wc -l <starts) -le 3 ]; then
    exec $quoted replay --as-target --target $bug
fi
exec $quoted replay --as-target
END
rm starts
exits 2 'min of one that passes' "$TWINWALK" min --target 'exec:sh passing.sh' \
    silent.tw -o shrunk.tw
check 'sees it in the second run' grep -q \
    'silent.tw: expected a finding that recurs: one run has Sta[A-Za-z]*, the next one agree' \
    err.txt
check 'shrinks nothing' [ ! -e shrunk.tw ]
# A case that names another finding than the one that is shrunk.
"$TWINWALK" run --target "$bug" --programs 200 --seed 9 --jobs 1 --out steady >/dev/null || true
first=$(find steady -name '*-1.tw' | sort | head -n 1)
sed 's/^# key: .*/# key: WrgZooRdRam/' "$first" >other.tw
exits 0 'min of a case with another key' "$TWINWALK" min --target "$bug" other.tw -o shrunk.tw
check 'says that the key is another' grep -q \
    'other.tw: the case says key WrgZooRdRam; here it has [A-Za-z]*, which is kept' err.txt

# A command that dies in every program: crash, and the campaign goes on.
"$TWINWALK" targets --target softmmu >greeting
# shellcheck disable=SC2016 # for the shell of exec
dies='exec:cat greeting; while read -r line; do [ "$line" != . ] || kill -ABRT $$; done'
exits 10 'a command that dies' "$TWINWALK" run --target "$dies" \
    --programs 20 --jobs 2 --json --out dies
check 'twenty crashes' python3 -c "
import json
summary = json.load(open('out.txt'))
assert summary['counts']['programs'] == 20
assert summary['counts']['verdicts']['crash'] == 20
assert [key['verdict'] for key in summary['findings']] == ['crash']
assert 'died of signal 6' in summary['findings'][0]['cases'][0]['text']"
exits 10 'a command that hangs' "$TWINWALK" run \
    --target 'exec:cat greeting; sleep 1000' --programs 3 --timeout 200 \
    --jobs 1 --json --out hangs
check 'three hangs' python3 -c "
import json
summary = json.load(open('out.txt'))
assert summary['counts']['verdicts']['hang'] == 3"

# Answers that are wrong in other ways.  Each is a finding with one line that
# says what happened.  answers VERDICT WORDS ANSWER: the process reads a program
# and then performs ANSWER, commands of the shell.
answers()
{
    # shellcheck disable=SC2016 # for the shell of exec
    loop='cat greeting; while read -r line; do [ "$line" != . ] || { '
    rm -rf bad
    exits 10 "$1 is found: $2" "$TWINWALK" run --target "exec:$loop$3; }; done" \
        --programs 2 --jobs 1 --seed 3 --timeout 1000 --json --out bad
    check "is $1: $2" python3 -c "
import json, sys
summary = json.load(open('out.txt'))
assert summary['counts']['verdicts'][sys.argv[1]] == 2, summary
text = summary['findings'][0]['cases'][0]['text']
assert sys.argv[2] in text, text
assert 'signal 0' not in text, text" "$1" "$2"
}
head="printf 'twinwalk-trace 1\\nend done\\n"
answers malformed 'answer:1:1: expected' "printf 'nonsense\\nend\\n'"
answers malformed '"nonsense"' "printf 'nonsense\\nend\\n'"
answers malformed 'answer:3:1: expected the number of the next operation' \
    "${head}7 ok 0x1\\nend\\n'"
answers malformed ': "what now? is no line of a trace"' \
    "${head}what now? is no line of a trace\\nend\\n'"
answers malformed 'expected an outcome for each operation' "${head}end\\n'"
answers malformed 'went on after the end of its answer' \
    "${head}end\\nand more\\n'"
answers malformed 'said more than 4194304 bytes without an end' 'yes'
answers crash 'the target died: the process ended with exit code 7' 'exit 7'
answers crash 'the target died: the process ended with exit code 0' 'exit 0'
# shellcheck disable=SC2016 # for the shell of exec
answers crash 'died (signal 11): the process died of signal 11' 'kill -SEGV $$'
answers crash 'closed its output or was killed' 'exec >&-; sleep 1000'
answers hang 'did not answer in time' 'sleep 1000'
answers hang 'did not answer in time' "printf 'twinwalk-trace 1\\n'"

# emit: a script that needs the program and nothing of twinwalk.  script_ends CODE
# COMMAND: what it says of that program.
script_ends()
{
    # shellcheck disable=SC2016 # of the other shell
    check "it exits with $1" sh -c 'COMMAND="$2" sh case.sh >said.txt 2>&1; [ $? -eq "$1" ]' - \
        "$1" "$2"
}
good="$TWINWALK replay --as-target"
for bug in rights-not-anded tie-oldest-wins; do
    exits 0 "emit: $bug" "$TWINWALK" emit --target "exec:$good --target zoo:$bug" \
        "$corpus/zoo/$bug.tw" -o case.sh
    script_ends 1 "$good --target zoo:$bug"
    script_ends 0 "$good"
    script_ends 2 'cat greeting; echo none'
done
check 'has the title of the finding' sh -c 'sed -n 2p case.sh | grep -qx "# write: a store goes to a wrong place"'
exits 10 'a case of a crash' "$TWINWALK" replay --target "$dies" dies/*-1.tw
exits 0 'emit of a crash' "$TWINWALK" emit --target "$dies" dies/*-1.tw -o case.sh
script_ends 1 "${dies#exec:}"
script_ends 0 "$good"
exits 0 'emit of a hang' "$TWINWALK" emit --target 'exec:cat greeting; sleep 1000' \
    --timeout 1000 hangs/*-1.tw -o case.sh
script_ends 1 'cat greeting; sleep 1000'
script_ends 2 'exit 3'
script_ends 0 "$good"

# How often the process starts: once for the dialect, once for the campaign, once
# for the worker; for each replay of a case that is kept, but not for findings
# that are only counted.
exits 0 'a target of our own' "$TWINWALK" new target ours
cat >counted.sh <<'END'
echo start >>starts
exec ./ours/target.py
END
rm -f starts
exits 0 'runs cleanly' "$TWINWALK" run --target 'exec:sh counted.sh' \
    --programs 20 --jobs 1 --out clean
check 'three starts' [ "$(wc -l <starts)" -eq 3 ]
for seed in 1 2 3 4; do
    "$TWINWALK" gen --target 'exec:sh counted.sh' --seed $seed >"clean-$seed.tw"
done
rm -f starts
exits 0 'replay of four cases' "$TWINWALK" replay --target 'exec:sh counted.sh' \
    clean-*.tw
check 'one start' [ "$(wc -l <starts)" -eq 1 ]
rm -f starts
exits 0 'check of four cases' "$TWINWALK" check --target 'exec:sh counted.sh' \
    --jobs 1 clean-*.tw
check 'two starts' [ "$(wc -l <starts)" -eq 2 ]
rm -f starts
exits 10 'is found' "$TWINWALK" run --target 'exec:BUG=1 sh counted.sh' \
    --programs 100 --seed 5 --jobs 1 --replays 1 --json --out counted
check 'the starts are bounded by the cases, not by the findings' python3 -c "
import glob, json
findings = json.load(open('out.txt'))['findings']
kept = len(glob.glob('counted/*.tw'))
programs = sum(key['programs'] for key in findings)
starts = len(open('starts').readlines())
assert programs > 2 * kept > 0, (programs, kept)
assert starts == 3 + kept, (starts, kept, programs)"

# After a restart it is another version: the campaign ends.
cat >changing.sh <<'END'
echo start >>starts
if [ "$(wc -l <starts)" -gt 3 ]; then
    sed 's/^version .*/version other/' greeting
else
    cat greeting
fi
while read -r line; do [ "$line" != . ] || exit 3; done
END
rm -f starts
exits 99 'another version after a restart' "$TWINWALK" run \
    --target 'exec:sh changing.sh' --programs 3 --jobs 1 --out changing
check 'is told in one line' grep -q 'expected version .*, not other' err.txt
sed 's/^ops .*/ops fly/' greeting >wrong
exits 99 'a wrong greeting' "$TWINWALK" run --programs 3 --out wrong-greeting \
    --target 'exec:cat wrong; cat >/dev/null'
check 'is told by its line' grep -q \
    'greeting:3: expected a name of "ops", not "fly"' err.txt
finish
