#!/bin/sh
# SPDX-License-Identifier: MIT
# Quirks of softmmu: each has a case that agrees without it, and has the noted key
# with it; the list of known divergences masks what it shows, and nothing else does.
# shellcheck source=cli/test/test-lib.sh
. "$(dirname "$0")/test-lib.sh"
corpus=$1

# ends CODE COMMAND...: how it ends; what it prints is in out.txt.
ends()
{
    expected=$1
    shift
    code=0
    "$@" >out.txt 2>&1 || code=$?
    [ "$code" -eq "$expected" ]
}

# Most programs are edited so that they do not meet a quirk: of what is rare
# more are needed until one shows it.  The options of a campaign:
campaign_for()
{
    case $1 in
    dma-wraps) echo --profile hostile --programs 30000 ;;
    *) echo --programs 6000 ;;
    esac
}

in_manual() { sed 's/\\-/-/g' "$corpus/../cli/twinwalk.1" | grep -qx "$1"; }

"$TWINWALK" targets >targets.txt
n_cases=0
for case in "$corpus"/quirks/*.tw; do
    n_cases=$((n_cases + 1))
    quirk=$(basename "$case" .tw)
    key=$(sed -n 's/^# key: //p' "$case")
    check "$quirk agrees without it" ends 0 "$TWINWALK" replay "$case"
    check "$quirk is a finding" ends 10 \
        "$TWINWALK" replay --no-known --quirk "$quirk" "$case"
    check "$quirk has its key" grep -q " $key\$" out.txt
    check "$quirk is known" \
        ends 0 "$TWINWALK" replay --quirk "$quirk" "$case"
    check "$quirk is known by its name" grep -q "^  known: $quirk: " out.txt
    # shellcheck disable=SC2046 # several words
    check "$quirk is masked" ends 0 "$TWINWALK" run --statistics --quirk "$quirk" \
        $(campaign_for "$quirk") --seed 7 --jobs 1 --out masked
    check "$quirk was met" grep -Eq "^  $quirk +[1-9]" out.txt
    check "$quirk is found" ends 10 "$TWINWALK" run --quirk "$quirk" \
        --no-known --stop-at-finding --programs 6000 --seed 7 --jobs 1 --out found
    check "$quirk is in the manual" in_manual ".B $quirk"
    check "$quirk is in the list of targets" grep -qx "  $quirk" targets.txt
done
listed()
{
    sed -n '/^Quirks of softmmu/,/^$/p' targets.txt | grep -c '^  [a-z]'
}
check 'there is a case for each quirk' [ "$n_cases" -eq "$(listed)" ]
check 'without a quirk nothing is known' ends 0 "$TWINWALK" run \
    --programs 200 --seed 7 --jobs 1 --out masked
check 'and the list is not shown' [ "$(grep -c 'known divergences' out.txt)" -eq 0 ]

# Several at once: each shows, and so does a bug of the zoo.
both=partial-store,rom-dma-decode-error
check 'one of two is a finding' ends 10 "$TWINWALK" replay --no-known \
    --quirk "$both" "$corpus/quirks/partial-store.tw"
check 'the other is, too' ends 10 "$TWINWALK" replay --no-known \
    --quirk "$both" "$corpus/quirks/rom-dma-decode-error.tw"
check 'the zoo takes quirks' ends 10 "$TWINWALK" replay --target zoo:tie-oldest-wins \
    --no-known --quirk partial-store "$corpus/quirks/partial-store.tw"
check 'no other name' ends 2 "$TWINWALK" replay --quirk partial-store,none \
    "$corpus/quirks/partial-store.tw"
check 'which is named' grep -q '"none"' out.txt
check 'no reproducer' ends 2 "$TWINWALK" emit --quirk partial-store \
    "$corpus/quirks/partial-store.tw"
finish
