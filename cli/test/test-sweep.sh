#!/bin/sh
# SPDX-License-Identifier: MIT
# twinwalk sweep: cases of the corpus are right whichever allocation fails; a
# target that does not handle a failure is found.
# shellcheck source=cli/test/test-lib.sh
# shellcheck disable=SC2034
LEAKS=1 # are looked for
. "$(dirname "$0")/test-lib.sh"

corpus=${1:?expected the corpus}

# All cases with TW_LONG, otherwise some folders.
set -- "$corpus/rules" "$corpus/corners"
[ -z "${TW_LONG-}" ] || set -- "$corpus"
exits 0 'the corpus' "$TWINWALK" sweep "$@"
check 'says how many allocations failed' \
    grep -q '^  allocations that failed  *[0-9][0-9][0-9]' out.txt
check 'and that some answered nomem' \
    grep -q '^  answered by nomem  *[1-9]' out.txt
check 'nothing is inconclusive' grep -q '^  inconclusive runs  *0$' out.txt
check 'has a line for each case' \
    grep -q 'FR-11-records-end.tw: clean, allocations [1-9][0-9]*$' out.txt

case=$corpus/rules/RU-8-no-memory.tw
exits 10 'an observer that stays' \
    "$TWINWALK" sweep --target zoo:failed-observer-stays "$case"
check 'is told with its allocation' \
    grep -q 'no-memory.tw: event [A-Za-z]*, first with fail-alloc [1-9]' out.txt
check 'and what it was for' grep -q 'fail-alloc [1-9][0-9]* (an observer)$' \
    out.txt
exits 10 'a view that stays' \
    "$TWINWALK" sweep --target zoo:failed-render-keeps-view --jobs 2 "$case"
check 'is told' grep -q '^  with a finding  *1$' out.txt
exits 10 'JSON' \
    "$TWINWALK" sweep --json --target zoo:failed-render-keeps-view "$case"
check 'has the allocation' grep -q '"fail_alloc" *: *[1-9]' out.txt
check 'and the key' grep -q '"key" *: *"[A-Z]' out.txt

# The case of a finding.
exits 10 'a finding is saved' "$TWINWALK" sweep --out saved \
    --target zoo:failed-observer-stays "$case"
saved=$(echo saved/*-1.tw)
check 'with the allocation' grep -q \
    '^# origin: .*RU-8-no-memory.tw with fail-alloc [1-9][0-9]*, for an observer$' \
    "$saved"
key=$(sed -n 's/^# key: //p' "$saved")
exits 10 'its case shows it' \
    "$TWINWALK" replay --target zoo:failed-observer-stays "$saved"
check 'with this key' grep -q "$key" out.txt
check 'and is as noted' "$TWINWALK" check --want noted \
    --target zoo:failed-observer-stays "$saved"
exits 0 'without a finding' "$TWINWALK" sweep --out empty "$case"
check 'nothing is saved' [ -z "$(ls empty)" ]
refuses 'no folder' '--out: /dev/null/x: expected a folder to write into: ' \
    "$TWINWALK" sweep --out /dev/null/x "$case"

# A target that breaks when an allocation fails.
cat >breaks <<'END'
#!/bin/sh
"$TWINWALK" replay --as-target --target softmmu | while read -r line; do
    case $line in
    'count no-memory 1') echo nonsense ;;
    *) echo "$line" ;;
    esac
done
END
chmod +x breaks
exits 10 'a target that breaks' \
    "$TWINWALK" sweep --target "exec:$PWD/breaks" "$case"
check 'is told' grep -q 'no-memory.tw: malformed ' out.txt

refuses 'no case' 'sweep: expected a folder or a file' "$TWINWALK" sweep
refuses 'no process' '--jobs: expected 1 to 1024, not 0' \
    "$TWINWALK" sweep --jobs 0 "$case"
finish
