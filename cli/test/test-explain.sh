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
told, seen = (json.load(open(name))["files"]
              for name in ("explain.json", "out.txt"))
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

# Tables in RAM, level by level, and the record that could be used longest.
exits 10 'a record of a pointer' "$TWINWALK" explain \
    --target zoo:pointers-survive-ranges "$cases/rules/LA-37-commands.tw"
check 'the context' grep -q '^  context: tables at 0x0, domain 1, setup ' out.txt
check 'the table of now' grep -q \
    '^  level 2, r2+0x0: table 0x2000 rw, op 5 \[LA-35\] \*' out.txt
check 'the leaf of now' grep -q '^  level 1, r2+0x2008: leaf 0x5000 rw, op 6 ' out.txt
check 'the table as it was' grep -q \
    '\*   level 2, r2+0x0: table 0x1000 r, setup \[LA-35\]$' out.txt
check 'the change by fields' grep -qx \
    '  changed at op 5: entry i0 level 2 r2 0x0 = table 0x2000 rw' out.txt
check 'not the command that ended another record' grep -q \
    'should have been forgotten at op 10: invalidate i0 range 1 ' out.txt
check 'what that ended' grep -q \
    'it ends, of the records of i0, the entries and pointers of domain 1 that meet 0x0' out.txt
exits 10 'a record of a context' "$TWINWALK" explain \
    --target zoo:context-command-ignored "$cases/rules/LA-37-commands.tw"
check 'what the context said, and says' grep -qx \
    '      i0.0 at 0x10: s1 0x4010 rw became nothing' out.txt
exits 10 'nested tables' "$TWINWALK" explain --json \
    --target zoo:nested-rights-ignored "$cases/rules/LA-53-nested-tables.tw"
check 'where entries are' python3 -c '
import json
walk = json.load(open("out.txt"))["files"][0]["walks"][0]
now, seen = walk["now"]["steps"], walk["seen"]["steps"]
(entry,) = [step for step in now if step["step"] == "entry"]
assert (entry["level"], entry["space"], entry["at"]) == (1, 1, "0x0"), entry
assert not entry["readable"] and entry["made_by"] == 5, entry
(entry,) = [step for step in seen if step["step"] == "entry"]
assert (entry["readable"], entry["value"]) == (True, "0x5007"), entry
(context,) = [step for step in seen if step["step"] == "context"]
assert (context["mode"], context["domain"], context["root"]) == (
    "tables", 1, "0x0"), context
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
told = json.load(open("out.txt"))["files"][0]
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
