#!/bin/sh
# SPDX-License-Identifier: MIT
# Each harness finds a bug of its question from nothing, with libFuzzer where
# there is one; and the stand-alone driver.  ENGINE=1: there is libFuzzer.
# shellcheck source=cli/test/test-lib.sh
. "$(dirname "$0")/test-lib.sh"

: "${FUZZERS:?expected the folder of the harnesses}"
quoted="'$TWINWALK'"

# The stand-alone driver: one result four times and no more memory, or it dies.
mkdir files
printf same >files/same
exits 0 'the same four times' "$FUZZERS/test-standalone" files
check 'four times' grep -q '^files/same: 4 bytes, 4 times$' out.txt
exits 0 'for a second' "$FUZZERS/test-standalone" --time 1 files
check 'more than four times' grep -q '^files/same: 4 bytes, [0-9]\{2,\} times$' \
    out.txt
exits 2 'no such file' "$FUZZERS/test-standalone" nowhere
exits 2 'no such time' "$FUZZERS/test-standalone" --time soon files

# leaves WORD PATTERN: the driver aborts because such a run leaves this behind.
leaves()
{
    printf '%s' "$1" >files/same
    status=0
    "$FUZZERS/test-standalone" files >out.txt 2>err.txt || status=$?
    check "aborts because of what a run leaves behind: $1" [ "$status" -ge 128 ]
    check 'and says what' grep -q "$2" err.txt
}
leaves stale '^files/same: run 4 gave another result$'
leaves grow '^heap grows: [0-9]* bytes at least in the second quarter, [0-9]* in'
leaves map '^resident memory grows: [0-9]* bytes at least in the second quarter'

# finds HARNESS SLUG VERDICT: from an empty corpus, in a bounded number of runs.
finds()
{
    mkdir "$1"
    cd "$1"
    status=0
    TWINWALK_ZOO=$2 "$FUZZERS/$1_fuzzer" -seed=1 -runs=100000 -entropic=0 \
        -max_len=2048 -verbosity=0 >out.txt 2>err.txt || status=$?
    check "$1 finds $2" [ "$status" -ne 0 ]
    check "its verdict is $3" \
        grep -q "^ASSERTION FAILED: TwFuzzerHash=[A-Za-z]* $3 " err.txt
    key=$(sed -n 's/.*TwFuzzerHash=\([A-Za-z]*\) .*/\1/p' err.txt)
    command=$(sed -n 's/^replay: //p' err.txt | sed "s|twinwalk|$quoted|")
    exits 10 "the command that $1 prints" sh -c "$command"
    check "gives $key" grep -q " $key\$" out.txt
    set -- crash-*
    exits 0 'which it does not without the bug' env -u TWINWALK_ZOO \
        "$TWINWALK" replay --harness "${PWD##*/}_fuzzer" "$1"
    cd ..
}

if [ "$ENGINE" -eq 1 ]; then
    for seeds in "$FUZZERS"/*_fuzzer_seeds; do
        harness=${seeds##*/}
        harness=${harness%_seeds}
        [ "$harness" != zoo_fuzzer ] || continue # needs its bug
        mkdir "$harness"
        exits 0 "$harness, its dictionary and its seeds" \
            "$FUZZERS/$harness" -seed=1 -runs=400 -entropic=0 -max_len=2048 \
            -dict="$FUZZERS/$harness.dict" "$harness" "$seeds"
        check 'has words' grep -q '^Dictionary: [0-9]* entries$' err.txt
        check 'has seeds' grep -q ' seed corpus: files: [0-9]' err.txt
    done
    finds static rights-not-anded perm
    finds iommu second-hop-unregistered stale
    finds invalidate victim-survives-page-flush stale
    finds topology commit-flush-own-as-only stale
    finds dma translated-low-bits-added '[a-z]*'
    finds cpus active-never-rearmed stale
    finds mpc mpc-opened-not-told '[a-z]*'
    finds pagetable pointers-survive-commands stale
    finds nested nested-root-kept effect
    finds fault failed-observer-stays event
    finds check second-hop-unregistered invariant
fi
finish
