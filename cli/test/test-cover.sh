#!/bin/sh
# SPDX-License-Identifier: MIT
# run --coverage, cover, and TWINWALK_COVERAGE.  $1: a harness's program.
# shellcheck source=cli/test/test-lib.sh
. "$(dirname "$0")/test-lib.sh"

harness=$1

exits 0 'a campaign that keeps its coverage' \
    "$TWINWALK" run --programs 400 --jobs 2 --coverage a.cov
exits 0 'with another number of processes' \
    "$TWINWALK" run --programs 400 --jobs 3 --coverage b.cov
check 'the same' cmp a.cov b.cov
exits 0 'another campaign, into the same file' \
    "$TWINWALK" run --programs 300 --seed 2 --jobs 1 --coverage b.cov
check 'added' grep -qx 'programs 700' b.cov

exits 0 'cover' "$TWINWALK" cover a.cov
check 'says how many' grep -q '^400 programs, [0-9]* of [0-9]* ' out.txt
check 'says what is missing' grep -q '^Never seen: ' out.txt
check 'and how much more there is' grep -q '^  ... and [0-9]* more' out.txt
check 'nothing that there cannot be' sh -c '! grep -q "are impossible" out.txt'
check '80 columns' sh -c '! grep -q "^.\{80\}" out.txt'
exits 0 'each pair' "$TWINWALK" cover --pairs --missing 0 a.cov
check 'ten tables' [ "$(grep -c '^% of' out.txt)" -eq 10 ]
check 'in 80 columns' sh -c '! grep -q "^.\{80\}" out.txt'
exits 0 'two files' "$TWINWALK" cover a.cov b.cov
check 'added up' grep -q '^1100 programs' out.txt
seen()
{
    sed -n 's/^.* programs, \([0-9]*\) of .*/\1/p' out.txt
}
all=$(seen)
exits 0 'often' "$TWINWALK" cover --min 100 --missing all a.cov b.cov
check 'fewer were seen often' [ "$(seen)" -lt "$all" ]
check 'no more than all' sh -c '! grep -q "more (--missing" out.txt'

exits 0 'against the older' "$TWINWALK" cover --against a.cov b.cov
check 'nothing is lost' grep -q '(lost): 0\.$' out.txt
check 'something is gained' grep -q '(gained): [1-9]' out.txt
exits 10 'against the newer' "$TWINWALK" cover --against b.cov a.cov
check 'something is lost' grep -q '(lost): [1-9]' out.txt
exits 0 'JSON' "$TWINWALK" cover --json --missing 3 a.cov
check 'is JSON' grep -q '"programs" : 400' out.txt
sed -n '/"missing"/,$p' out.txt >listed.txt
check 'lists three' [ "$(grep -c '"ending"' listed.txt)" -eq 3 ]

exits 0 'a campaign that is steered' \
    "$TWINWALK" run --programs 400 --steer --jobs 1 --coverage s.cov
exits 0 'with more processes' \
    "$TWINWALK" run --programs 400 --steer --jobs 3 --coverage t.cov
check 'the same' cmp s.cov t.cov
exits 0 'with those that are not' "$TWINWALK" cover --against a.cov s.cov a.cov
check 'meets others' grep -q '(gained): [1-9][0-9][0-9]' out.txt
exits 10 'findings of one' "$TWINWALK" run --target zoo:garbage-xlat-on-deny --steer \
    --programs 200 --jobs 1 --out found
case=$(grep -l 'wish' found/*.tw | head -n 1)
line=$(sed -n 's/^# origin: seed 1 number //p' "$case")
exits 0 'the program behind it' "$TWINWALK" gen --target zoo:garbage-xlat-on-deny \
    --number "${line%% *}" --profile all --wish "${line##* }"
check 'is the same' sh -c "grep -v '^#' '$case' | cmp - /dev/stdin <<X
\$(grep -v '^#' out.txt)
X"
refuses 'half a wish' '--wish: expected ACCESS:LEAF' \
    "$TWINWALK" gen --wish read:ram
refuses 'another word' '--wish: expected a name of dimension leaf' \
    "$TWINWALK" gen --wish read:rum:1:map:open
refuses 'an impossible situation' '--wish: expected a possible situation, not read:ram:0:map:open' \
    "$TWINWALK" gen --wish read:ram:0:map:open

exits 0 'the fields of programs' \
    "$TWINWALK" cover --fields --programs 300 --profile iommu
check 'says how many programs' grep -q '^300 programs; ' out.txt
check 'a field of all of them' grep -q '^region.kind  *container: 300 ' out.txt
check 'words' grep -q '^iommu.select  *zero: [0-9]*  secure: ' out.txt
check 'a figure' grep -q '^shape.tie  *1: [0-9]' out.txt
check 'a peak' grep -q '^run.slots  *0: [0-9]* ' out.txt
check 'in 80 columns' sh -c '! grep -q "^.\{80\}" out.txt'
cp out.txt fields.txt
exits 0 'again' "$TWINWALK" cover --fields --programs 300 --profile iommu
check 'the same' cmp fields.txt out.txt
exits 0 'of another seed' \
    "$TWINWALK" cover --fields --programs 300 --profile iommu --seed 2
check 'others' sh -c '! cmp -s fields.txt out.txt'
exits 0 'as JSON' "$TWINWALK" cover --fields --programs 20 --json
check 'has each field' grep -q '"field" : "run.hops"' out.txt
exits 0 'for a bug of the zoo' \
    "$TWINWALK" cover --fields --programs 20 --target zoo:garbage-xlat-on-deny
check 'is not run' sh -c '! grep -q "^run" out.txt'
check 'how far it is, on a terminal' python3 - "$TWINWALK" <<'END'
import os, pty, subprocess, sys
ours, theirs = pty.openpty()
out = subprocess.run([sys.argv[1], "cover", "--fields", "--programs", "300",
                      "--profile", "iommu"], stdout=subprocess.PIPE,
                     stderr=theirs, check=True).stdout
shown = os.read(ours, 4096)
assert shown.startswith(b"\r0 of 300 programs\033[K"), shown
assert shown.endswith(b"\r\033[K"), shown
assert out == open("fields.txt", "rb").read()
END
exits 0 'elsewhere it is silent' \
    "$TWINWALK" cover --fields --programs 300 --profile iommu
check 'for a short run' [ ! -s err.txt ]
refuses 'with a file' '--fields: expected no file' "$TWINWALK" cover --fields a.cov
refuses 'with --min' '--fields: expected no file' "$TWINWALK" cover --fields --min 2
refuses 'what needs it' 'cover: --programs, --seed, --profile and' "$TWINWALK" cover --programs 3 a.cov
refuses 'a target without it' 'cover: --programs, --seed, --profile and' "$TWINWALK" cover --target softmmu a.cov
refuses 'nothing' 'cover: expected a file of coverage, or --fields' "$TWINWALK" cover

echo 'not a file of coverage' >bad.cov
refuses 'another file' 'bad.cov:1: expected' "$TWINWALK" cover bad.cov
refuses 'to add to it' 'bad.cov:1: expected' \
    "$TWINWALK" run --programs 10 --coverage bad.cov
refuses 'to be steered by it' 'bad.cov:1: expected' \
    "$TWINWALK" run --programs 10 --steer --coverage bad.cov
check 'it is what it was' grep -qx 'not a file of coverage' bad.cov
head -n 20 a.cov >cut.cov
refuses 'a file that is cut off' 'cut.cov:21: expected "end"' \
    "$TWINWALK" cover cut.cov
refuses 'no such file' 'expected a file of coverage' \
    "$TWINWALK" cover none.cov
refuses 'no such folder' 'none/c.cov: expected a folder' \
    "$TWINWALK" run --programs 10 --coverage none/c.cov
refuses 'no file' 'cover: expected a file' "$TWINWALK" cover
refuses '--min 0' '--min: expected 1' "$TWINWALK" cover --min 0 a.cov
refuses '--missing some' '--missing: expected' \
    "$TWINWALK" cover --missing some a.cov
refuses 'a campaign that may be ahead of its finding' \
    '--coverage: expected without' \
    "$TWINWALK" run --programs 10 --coverage a.cov --stop-at-finding

TWINWALK_COVERAGE=h.cov
export TWINWALK_COVERAGE
printf 'some bytes' >input
exits 0 'a harness' "$harness" input
exits 0 'again' "$harness" input
check 'adds what its inputs met' grep -qx 'programs 8' h.cov
TWINWALK_COVERAGE=bad.cov
refuses 'a harness another file' 'bad.cov:1: expected' "$harness" input

finish
