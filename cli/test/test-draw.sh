#!/bin/sh
# SPDX-License-Identifier: MIT
# twinwalk draw: its output, and its messages if there is no finding to draw.
# shellcheck source=cli/test/test-lib.sh
. "$(dirname "$0")/test-lib.sh"

cases=$1

# The document is XML, and the number of stretches of both ways is as asked for
# ("+": some).
cat >shows.py <<'END'
import sys, xml.etree.ElementTree as tree
file, now, seen = sys.argv[1:4]
svg = tree.parse(file).getroot()
assert svg.tag == "{http://www.w3.org/2000/svg}svg", svg.tag
classes = [e.get("class", "").split() for e in svg.iter()]
for want, name in (now, "tw-now"), (seen, "tw-seen"):
    n = sum("tw-way" in c and name in c and "tw-sample" not in c
            for c in classes)
    assert n > 0 if want == "+" else n == int(want), (name, n)
text = " ".join(svg.itertext())
for words in sys.argv[4:]:
    assert words in text, words
END
shows()
{
    python3 "$work/shows.py" "$@"
}

for board in flat nested aliases cpus thirty; do
    case=$cases/draw/$board.tw
    target=$(sed -n 's/^# target: //p' "$case")
    exits 0 "$board" "$TWINWALK" draw --target "$target" "$case" -o "$board.svg"
    check "$board: nothing else is said" test ! -s out.txt -a ! -s err.txt
    check "$board: both ways" shows "$board.svg" + + "--target $target" \
        'the way it should go'
done
check 'the life of an old answer' shows nested.svg + + \
    'should have been forgotten at op 1: map i2.0'
exits 0 'on standard output' "$TWINWALK" draw \
    --target zoo:second-hop-unregistered "$cases/draw/nested.tw"
check 'the same' cmp out.txt nested.svg

# Without a finding, without a run, without walks.
case=$cases/draw/nested.tw
exits 0 'no finding' "$TWINWALK" draw "$case" -o agree.svg
check 'says so' grep -qx "twinwalk: $case: agree: no path is drawn" err.txt
check 'says so in the drawing' shows agree.svg 0 0 \
    'there is no finding, so no path is drawn'
exits 0 'no run' "$TWINWALK" draw --no-run --target 'exec:false' "$case" \
    -o still.svg
check 'says so' shows still.svg 0 0 'the case was not run'
cat >dies.sh <<'END'
"$TWINWALK" targets --target softmmu
read -r line
kill -SEGV $$
END
exits 0 'a target that dies' "$TWINWALK" draw --target 'exec:sh dies.sh' \
    "$case" -o dies.svg
check 'says so' shows dies.svg 0 0 'crash CrsExec' 'there are no walks for this verdict'

bug=zoo:large-page-sibling
case=$cases/draw/aliases.tw
"$TWINWALK" encode --target "$bug" "$case" -o case.bin
exits 0 'bytes' "$TWINWALK" draw -b --target "$bug" case.bin -o bytes.svg
check 'has both ways' shows bytes.svg + +

# Tables in RAM, level by level; what both ways read alike, once.
exits 0 'page tables' "$TWINWALK" draw --target zoo:nested-rights-ignored \
    "$cases/rules/LA-53-nested-tables.tw" -o levels.svg
check 'has both ways' shows levels.svg + + \
    'context: tables at 0x0, domain 1, setup' \
    'level 1, s1 0x0: cannot be read, op 5' \
    'level 1, s1 0x0: leaf 0x5000 rw, op 1'
check 'one context' [ "$(grep -c 'context: tables' levels.svg)" -eq 1 ]

refuses 'no file' 'draw: expected one file' "$TWINWALK" draw
refuses 'two files' 'draw: expected one file' "$TWINWALK" draw a b
refuses 'a file that is not there' 'none.tw: ' "$TWINWALK" draw none.tw \
    -o none.svg
check 'nothing is written' test ! -e none.svg
refuses 'a folder that is not there' 'none/none.svg: ' "$TWINWALK" draw \
    --no-run "$case" -o none/none.svg
exits 99 'a target that cannot be started' "$TWINWALK" draw \
    --target 'exec:echo garbage' "$case"

# A target that does not say where accesses go: that is not nowhere.
exits 0 'without locations' "$TWINWALK" draw --hide-locations \
    --target zoo:active-never-rearmed "$1/zoo/active-never-rearmed.tw"
check 'it is not told' grep -q 'the target does not say where it went' out.txt
check 'nor nowhere' [ "$(grep -c 'went nowhere' out.txt)" -eq 0 ]
exits 0 'a refusal' "$TWINWALK" draw --hide-locations \
    --target zoo:wrong-as-section "$1/zoo/wrong-as-section.tw"
check 'went nowhere' grep -q 'it went nowhere' out.txt
finish
