#!/bin/sh
# SPDX-License-Identifier: MIT
# gen, fmt, encode, targets, bench: other verbs and tools can read their output.
LEAKS=1 # are looked for
# shellcheck source=cli/test/test-lib.sh
. "$(dirname "$0")/test-lib.sh"

exits 0 '--version' "$TWINWALK" --version
check 'says it' grep -qx 'twinwalk [0-9.]*' out.txt
exits 0 '--help' "$TWINWALK" --help
for verb in run replay check min explain emit zoo gen fmt encode targets bench; do
    check "--help knows $verb" grep -q "^  $verb " out.txt
    cp out.txt help.txt
    exits 0 "$verb --help" "$TWINWALK" "$verb" --help
    cp help.txt out.txt
done

# gen -> fmt -> encode -> decode
for profile in balanced iommu invalidate topology hostile iotlb pagetable all; do
    for n in 0 1 7 1000000007; do
        case=$profile-$n
        "$TWINWALK" gen --profile "$profile" --number "$n" -o "$case.tw"
        check "gen $case is canonical" "$TWINWALK" fmt --check "$case.tw"
        check "encode $case" "$TWINWALK" encode "$case.tw" -o "$case.bin"
        check "decode $case" "$TWINWALK" encode -d "$case.bin" -o "$case.back"
        grep -v '^#' "$case.tw" >"$case.bare"
        check "there and back $case" cmp "$case.bare" "$case.back"
        exits 0 "replay $case" "$TWINWALK" replay "$case.tw"
        cp out.txt text.txt
        exits 0 "replay --bytes $case" "$TWINWALK" replay -b "$case.bin"
        check "same verdict $case" [ "$(sed 's/.*: //' text.txt)" = \
            "$(sed 's/.*: //' out.txt)" ]
    done
done
check 'gen is what run runs' sh -c \
    "[ \"\$($TWINWALK gen --profile all --number 7 | grep -v '^#')\" = \
       \"\$($TWINWALK gen --profile iommu --number 7 | grep -v '^#')\" ]"
exits 0 'gen to standard output' "$TWINWALK" gen
check 'seeds differ' sh -c \
    "! $TWINWALK gen --seed 2 | grep -v '^#' | cmp -s balanced-0.bare -"
exits 0 'any bytes are a program' "$TWINWALK" replay -b check.out

# The bytes of a harness: the same mean something else in another dialect.
for question in static iommu invalidate topology dma cpus check softmmu; do
    harness=${question}_fuzzer
    head -c 2000 "$TWINWALK" >any
    check "decode for $harness" "$TWINWALK" encode -d --harness "$harness" any \
        -o of.tw
    check "encode for $harness" "$TWINWALK" encode --harness "$harness" of.tw -o of
    check "there and back for $harness" sh -c \
        "'$TWINWALK' encode -d --harness $harness of | cmp of.tw -"
    check "$harness agrees" "$TWINWALK" replay of.tw
    exits 0 "and $harness says the same" "$TWINWALK" replay --harness "$harness" of
done
refuses 'a program of another question' \
    'invalidate-0.tw: expected a program of the target.s dialect' \
    "$TWINWALK" encode --harness static_fuzzer invalidate-0.tw -o of
refuses 'a harness that takes text' '--harness: expected one that takes bytes' \
    "$TWINWALK" encode --harness text_fuzzer balanced-0.tw -o of
refuses 'an unknown harness' '--harness: expected check_fuzzer, .*, not "mmu"' \
    "$TWINWALK" encode --harness mmu balanced-0.tw -o of
refuses 'a harness and a target' '--harness: expected no options of targets' \
    "$TWINWALK" encode --harness static_fuzzer --target softmmu \
    balanced-0.tw -o of

# fmt
sed -e 's/^script/\n\nscript    # go/' \
    balanced-0.tw >loose.tw
refuses 'fmt --check of another form' 'loose.tw: expected the canonical form' \
    "$TWINWALK" fmt --check loose.tw
exits 0 'fmt -i' "$TWINWALK" fmt -i loose.tw
check 'is canonical now' "$TWINWALK" fmt --check loose.tw
check 'kept the comment' grep -q '^script # go' loose.tw
"$TWINWALK" fmt - <loose.tw >again.tw
check 'fmt of standard input' cmp loose.tw again.tw
{
    cat balanced-0.tw
    echo '  fly c0.0 0x1000 4'
} >odd.tw
refuses 'fmt of an odd line' 'odd.tw:' "$TWINWALK" fmt odd.tw
exits 0 'fmt --lenient' "$TWINWALK" fmt --lenient odd.tw
check 'leaves it out' cmp out.txt balanced-0.tw
check 'and says so' grep -q 'odd.tw: 1 line left out' err.txt

# Standard input and debugging
status=0
"$TWINWALK" replay - <balanced-1.tw >out.txt 2>err.txt || status=$?
check 'replay of standard input' [ "$status" -eq 0 ]
exits 0 'replay --in-process' "$TWINWALK" replay --in-process balanced-1.tw
exits 0 'replay --trace' "$TWINWALK" replay --trace balanced-1.tw
check 'prints the trace' grep -q '^twinwalk-trace 1' out.txt

# targets
exits 0 'targets' "$TWINWALK" targets
for class in softmmu zoo exec; do
    check "lists $class" grep -q "^$class " out.txt
done
check 'lists bugs' grep -q '^  tie-oldest-wins' out.txt
check 'lists bugs by their layers' grep -q '^ nested stages$' out.txt
check 'lists mutants and their rules' \
    grep -q '^      an access to a hole is refused as a LOOP (IW-4)' out.txt
check 'lists equivalents' grep -q '^  flush-before-fill$' out.txt
check 'lists what commands miss' \
    grep -q '^  misses:leaf:entry: grant refusal marked absent$' out.txt
exits 0 'targets --target' "$TWINWALK" targets --target softmmu
check 'prints the dialect' grep -q '^iommu-kinds table' out.txt
exits 0 'targets --json' "$TWINWALK" targets --json
check 'is JSON' python3 -c "
import json
targets = json.load(open('out.txt'))
assert 'read' in targets['opened']['dialect']['operations']
assert 'commit' in targets['opened']['contract']['ended_by']
assert len(targets['zoo']) >= 97
assert all(bug['provenance'] and bug['layer'] for bug in targets['zoo'])
assert all(mutant['rules'] for mutant in targets['mutants'])
assert len(targets['mutants']) >= 100
assert all(m['mutant'].startswith('misses:') for m in targets['misses'])"

# zoo
exits 0 'zoo misses' "$TWINWALK" zoo misses:notified:entry --json
check 'finds all whose slugs begin so' python3 -c "
import json
slugs = [caught['slug'] for caught in json.load(open('out.txt'))['bugs']]
assert slugs == ['misses:notified:entry:grant', 'misses:notified:entry:refusal']"
exits 0 'zoo --equivalents' "$TWINWALK" zoo --equivalents --programs 100 --json
check 'reports nothing' python3 -c "
import json
rows = json.load(open('out.txt'))['equivalents']
assert len(rows) >= 7
assert all(row['programs'] == 100 and not row['reported'] for row in rows)
assert (rows[0]['slug'], rows[0]['judged']) == ('softmmu', 100)
assert 0 < sum(row['judged'] for row in rows[1:]) < 100"
exits 0 'zoo --equivalents with slugs' "$TWINWALK" zoo --equivalents --programs 100 --json \
    flush-before-fill flush-before-fill
check 'runs those, once' python3 -c "
import json
rows = json.load(open('out.txt'))['equivalents']
assert [row['slug'] for row in rows] == ['softmmu', 'flush-before-fill']
assert [row['programs'] for row in rows] == [100, 100]"
exits 0 'zoo' "$TWINWALK" zoo tie-oldest-wins hole-is-loop --json
check 'finds a bug and a mutant' python3 -c "
import json
bug, mutant = json.load(open('out.txt'))['bugs']
assert (bug['slug'], mutant['slug']) == ('tie-oldest-wins', 'hole-is-loop')
for caught in bug, mutant:
    assert caught['found'] and caught['fits']
    assert caught['replays'] and caught['shrinks']
assert mutant['verdict'] == 'fault'"

# bench
exits 0 'bench' "$TWINWALK" bench --seconds 0.5
for words in 'programs/s' 'oracle and judge' 'ns per TLB hit' '--flush page' \
    '--flush all' 'empty harness' 'calibration loop' 'means of a program' \
    'us per program without operations' 'ms to start the target' \
    'instructions '; do
    check "bench says $words" grep -q -e "$words" out.txt
done
exits 0 'bench --json' "$TWINWALK" bench --seconds 0.5 --json
check 'is JSON with figures' python3 -c "
import json
bench = json.load(open('out.txt'))
assert [loop['flush'] for loop in bench['loops']] == ['all', 'page']
for loop in bench['loops']:
    assert loop['programs_per_second'] > 0 and loop['ns_judge'] > 0
    assert loop['ratio_to_empty'] > 0 and loop['findings'] == 0
assert bench['ns_hit'] > 0 # which is faster is no matter for a test
assert bench['ns_empty_program'] > 0 and bench['ns_start'] > 0
assert 'ns_exchange' not in bench # the target is in this process
assert len(bench['ns_fill']) == 4 and min(bench['ns_fill']) > 0
assert len(bench['ns_walk']) == 4 and min(bench['ns_walk']) > 0
assert bench['means']['operations'] > 10"
exits 0 'bench --scale' "$TWINWALK" bench --seconds 0.5 --scale
for part in regions aliases nesting hops iommus cpus maps pages script; do
    check "bench --scale has $part" grep -q "^$part " out.txt
done
check 'and its growth' sh -c "[ \$(grep -c '^ *power ' out.txt) -eq 9 ]"
exits 0 'bench --scale --json' "$TWINWALK" bench --seconds 0.5 --scale --json
check 'is JSON with figures, too' python3 -c "
import json
rows = {row['part']: row for row in json.load(open('out.txt'))['scale']}
assert rows['script']['number'][-1] == 1536 and rows['hops']['number'][-1] == 15
for row in rows.values():
    assert min(row['ns_target'] + row['ns_judge']) > 0
    assert len(row['number']) == len(row['ns_target']) == len(row['ns_judge'])
    assert 'target_power' in row and 'judge_power' in row"
refuses 'scale and profile' '--profile: expected without --scale' \
    "$TWINWALK" bench --scale --profile iommu
refuses 'scale and no list' '--no-known: expected without --scale' \
    "$TWINWALK" bench --scale --no-known
finish
