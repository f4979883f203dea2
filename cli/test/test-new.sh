#!/bin/sh
# SPDX-License-Identifier: MIT
# What `twinwalk new target` writes runs at once: without a finding, and with its
# bug, which is found.  The C compiler is $CC.
# shellcheck source=cli/test/test-lib.sh
. "$(dirname "$0")/test-lib.sh"

: "${CC:=cc}"

# works LANGUAGE COMMAND PROGRAMS: the target that was written, in "ours".
works()
{
    exits 0 "$1 runs without a finding" "$TWINWALK" run --target "exec:$2" \
        --programs "$3" --seed 5 --json --out clean
    counts out.txt | grep -v '"target"' >"counts-$1"
    check "$1 is judged" python3 -c "
import json
counts = json.load(open('out.txt'))['counts']
assert counts['programs'] == $3
assert counts['verdicts']['unsupported'] == 0
assert counts['accesses'] > 10 * $3, counts['accesses']"
    exits 10 "$1 with its bug is found" "$TWINWALK" run \
        --target "exec:BUG=1 $2" --programs 10 --seed 5 --json --out bug
    check "$1: the flush is missing" python3 -c "
import json
for key in json.load(open('out.txt'))['findings']:
    assert key['verdict'] == 'stale' and key['key'].endswith('PgmFlu'), key"
    case=$(find bug -name '*-1.tw' | sort | head -n 1)
    exits 10 "$1: the finding is explained" "$TWINWALK" explain \
        --target "exec:BUG=1 $2" "$case"
    exits 0 "$1: without the bug the case is clean" "$TWINWALK" replay \
        --target "exec:$2" "$case"
}

exits 0 'python is written' "$TWINWALK" new target ours
check 'and told' grep -qx './ours/target.py' out.txt
check 'with the command to run it' grep -qx \
    '  twinwalk run --target exec:./ours/target.py --programs 2000' out.txt
check 'under its name' grep -q '^version ours 0.1$' ours/target.py
check 'everywhere' sh -c '! grep -rq my-target ours'
works python ./ours/target.py 150

exits 0 'c is written' "$TWINWALK" new target --language c --out there/deep ours
check 'builds without a warning' sh -c \
    "$CC -Wall -Wextra -Werror -O2 there/deep/ours/target.c -o target"
works c ./target 150
check 'the two are one target' cmp counts-python counts-c

# README: its commands are those of this test.
check 'README names the command' grep -q \
    'twinwalk run --target exec:./ours/target.py --programs 2000' \
    ours/README.md
check 'and that of c' grep -q \
    'twinwalk run --target exec:./ours/target --programs 2000' \
    there/deep/ours/README.md

# What is not in the dialect is refused, not answered wrongly.
cat >other.tw <<'END'
twinwalk 1
region r0 mmio size 0x10000 root s0
mmu c0.0 space s0
script
  read c0.0 0x10 1
.
END
check 'python refuses a device' sh -c \
    "./ours/target.py <other.tw | grep -q '^end unsupported'"
check 'c refuses a device' sh -c "./target <other.tw | grep -q '^end unsupp'"
sed 's/mmio/ram/; s/read/write/; s/root s0/root s0 readonly/
    s/^script/setup\n  page c0.0 0x0 -> 0x0 size 0x1000 rwx\nscript/' other.tw \
    >readonly.tw
for program in ./ours/target.py ./target; do
    check "$program discards what is stored in a read-only region" sh -c \
        "$program <readonly.tw | grep -qx '0 discard 0x0 at 0+1 r0 0x10 readonly'"
done

# Mistakes.
one_line()
{
    exits 2 "$1" "$TWINWALK" new "$2" "$3" "$4" "$5"
    check 'in one line' [ "$(wc -l <err.txt)" -eq 1 ]
}
one_line 'the folder is there' target ours --language python
check 'and is left alone' [ -x ours/target.py ]
one_line 'no such language' target other --language fortran
one_line 'a name that is a path' target a/b --language c
exits 2 "no name" "$TWINWALK" new target
one_line 'another thing' oracle ours --language c
check 'nothing was written' [ ! -e other ]
finish
