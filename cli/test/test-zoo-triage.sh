#!/bin/sh
# SPDX-License-Identifier: MIT
# Does triage separate the bugs of the zoo for which experiments were made?
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

slugs="wrong-as-section garbage-xlat-on-deny victim-survives-page-flush
large-page-sibling active-never-rearmed notify-idx0-only
second-hop-unregistered map-over-map-no-unmap rights-not-anded
translated-low-bits-added tie-oldest-wins commit-flush-own-as-only
guest-address-is-input table-rights-first dirty-not-set-on-hit
device-reenters-itself started-takes-over started-early"
# shellcheck disable=SC2086 # a word each
exits 0 'zoo --triage' "$TWINWALK" zoo --triage 48 --jobs 2 --json $slugs
check 'well enough' [ "$(value 'r["well"]')" = True ]
check 'of all bugs' [ "$(value 'len(r["store"]["table"])')" -eq 18 ]

finish
