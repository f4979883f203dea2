#!/bin/sh
# SPDX-License-Identifier: MIT
# twinwalk explain: its output as text and as JSON.
# shellcheck source=cli/test/test-lib.sh
. "$(dirname "$0")/test-lib.sh"

cases=$1
bug=large-page-sibling
case=$cases/zoo/$bug.tw

exits 10 'a stale answer' "$TWINWALK" explain --target "zoo:$bug" "$case"
check 'names what should have ended it' grep -q \
    'should have been forgotten at op 2: flush-page .* (FR-9, LA-29)$' out.txt
check 'says what the letters of the key mean' grep -qx \
    'key: Sta stale, Zoo target, Rd read, Mio MMIO, Pgm page map changed, Flu flush missed' \
    out.txt
check 'shows both walks' grep -q '^now  *| seen, ' out.txt
check 'is 100 columns wide at most' \
    sh -c '! tail -n +2 out.txt | grep -q ".\{101\}"'

# The same as data; the operations are those that replay names.
exits 10 'as JSON' "$TWINWALK" explain --json --target "zoo:$bug" "$case" \
    "$case"
cp out.txt explain.json
exits 10 'replay as JSON' "$TWINWALK" replay --json --target "zoo:$bug" "$case"
check 'both name the same operations' python3 -c '
import json
told, seen = json.load(open("explain.json")), json.load(open("out.txt"))
assert len(told) == 2 and told[0] == told[1]
told, seen = told[0], seen[0]
for name in ("verdict", "key", "operation", "text"):
    assert told[name] == seen[name], name
for name in ("filled", "changed", "ended"):
    assert told["life"][name]["operation"] == seen[name], name
assert told["legend"].startswith("Sta stale, Zoo target, Rd read, Mio MMIO, ")
assert told["life"]["used"]["operation"] == seen["operation"]
assert told["life"]["ended"]["rules"] == ["FR-9", "LA-29"]
assert told["life"]["ended"]["performed"].startswith("flush-page ")
walk = told["walks"][0]
assert walk["now"]["end"] != walk["seen"]["end"]
assert walk["now"]["steps"][0]["step"] == "page"
assert not told["walks_differ_from_the_judge"]
'

# Verdicts that are not stale: what was allowed, and what was seen.
for slug in wrong-as-section garbage-xlat-on-deny rights-not-anded \
    translated-low-bits-added tie-oldest-wins; do
    exits 10 "$slug" "$TWINWALK" explain --target "zoo:$slug" \
        "$cases/zoo/$slug.tw"
    check "$slug: what was allowed" grep -q '^allowed: ' out.txt
    check "$slug: what was seen" grep -q '^seen: ' out.txt
    check "$slug: the walk" grep -q '^page map .*\[LA-20\]' out.txt
done

# What has no walks.
exits 0 'no finding' "$TWINWALK" explain "$case"
check 'says so' grep -q ': agree$' out.txt
check 'a program without a finding has no key' sh -c '! grep -q "^key: " out.txt'
exits 0 'no finding as JSON' "$TWINWALK" explain --json "$case"
check 'says so' python3 -c '
import json
told = json.load(open("out.txt"))[0]
assert told["finding"] is False and "walks" not in told'
cat >dies.sh <<'END'
"$TWINWALK" targets --target softmmu
read -r line
kill -SEGV $$
END
exits 10 'a target that dies' "$TWINWALK" explain --target 'exec:sh dies.sh' \
    "$case"
check 'says how' grep -q 'crash CrsExec$' out.txt
check 'with a short legend' grep -qx 'key: Crs crash, Exec target' out.txt
exits 99 'a target that cannot be started' "$TWINWALK" explain \
    --target 'exec:echo garbage' "$case"
"$TWINWALK" encode --target "zoo:$bug" "$case" -o case.bin
exits 10 'bytes' "$TWINWALK" explain -b --target "zoo:$bug" case.bin
tail -n +2 out.txt >bytes.txt
exits 10 'text' "$TWINWALK" explain --target "zoo:$bug" "$case"
tail -n +2 out.txt >text.txt
check 'the same story' cmp bytes.txt text.txt

if "$TWINWALK" targets --target unicorn >/dev/null 2>&1; then
    # not its verdict: that hangs on the version
    for code in "$cases"/unicorn/*.tw; do
        name=$(basename "$code" .tw)
        "$TWINWALK" explain --target unicorn "$code" >out.txt || true
        check "$name is told" grep -q '^.*/'"$name.tw: " out.txt
        check "$name is 100 columns wide at most" \
            sh -c '! tail -n +2 out.txt | grep -q ".\{101\}"'
    done
    for code in "$cases"/unicorn-ab/*.tw; do
        name=$(basename "$code" .tw)
        "$TWINWALK" explain --target unicorn-ab "$code" >out.txt || true
        check "$name is told, without walks" grep -q "$name.tw: " out.txt
    done
fi

refuses 'no file' 'explain: expected a file' "$TWINWALK" explain
refuses 'a file that is not there' 'none.tw: ' "$TWINWALK" explain none.tw
finish
