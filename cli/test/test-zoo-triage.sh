#!/bin/sh
# SPDX-License-Identifier: MIT
# Does triage separate the bugs of the zoo?
# shellcheck source=cli/test/test-lib.sh
. "$(dirname "$0")/test-lib.sh"

# value EXPRESSION: of the JSON `r` in out.txt.
value()
{
    python3 -c '
import json, sys
r = json.load(open("out.txt"))
print(eval(sys.argv[1]))' "$1"
}

exits 0 'zoo --triage' "$TWINWALK" zoo --triage 48 --jobs 2 --json
check 'well enough' [ "$(value 'r["well"]')" = True ]
check 'of all bugs' [ "$(value 'len(r["store"]["table"])')" -eq 18 ]

finish
