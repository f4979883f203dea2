#!/bin/sh
# SPDX-License-Identifier: MIT
# twinwalk exhaust: its output, and --resume.
# shellcheck source=cli/test/test-lib.sh
. "$(dirname "$0")/test-lib.sh"

exits 0 'all boards' "$TWINWALK" exhaust --length 4
check 'the number of programs' grep -Eq '^[0-9]+ programs in' out.txt
check 'the bound' grep -q 'all programs of at most 4 operations' out.txt
check 'no disagreement' grep -q 'no failure: the target gives allowed' out.txt
check 'what is beyond' grep -q '^# exhaust: .* which no naive cache does' out.txt

exits 10 'a bug' "$TWINWALK" exhaust --length 3 --board two \
    --target zoo:second-hop-unregistered -o case.tw
check 'a case is written' grep -q '^twinwalk 1' case.tw
exits 10 'which shows it' "$TWINWALK" replay \
    --target zoo:second-hop-unregistered case.tw
exits 0 'and softmmu has it not' "$TWINWALK" replay case.tw

# Goes on from where it was: half of what is done is taken away.
counts()
{
    python3 -c '
import json, sys
print(json.load(open(sys.argv[1]))["boards"])' "$1"
}
exits 0 'kept' "$TWINWALK" exhaust --length 3 --resume state --json
cp out.txt whole.json
parts=$(wc -l <state)
head -n $((parts / 2)) state >half && mv half state
exits 0 'resumed' "$TWINWALK" exhaust --length 3 --resume state --json --jobs 2
cp out.txt again.json
check 'the same counts' test "$(counts whole.json)" = "$(counts again.json)"
check 'all is kept again' test "$(wc -l <state)" -eq "$parts"

refuses 'another length' 'state:1: expected ' \
    "$TWINWALK" exhaust --length 2 --resume state
sed -i '2s/.*/what/' state
refuses 'a broken file' 'state:2: expected ' \
    "$TWINWALK" exhaust --length 3 --resume state
refuses 'no such board' '--board: expected one of flat, one, two, cpus, split' \
    "$TWINWALK" exhaust --board none
refuses 'too long' '--length: expected 1 to 8 operations' "$TWINWALK" exhaust --length 9
refuses 'a file' 'exhaust: expected options only' "$TWINWALK" exhaust case.tw
finish
