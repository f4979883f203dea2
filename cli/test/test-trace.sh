#!/bin/sh
# SPDX-License-Identifier: MIT
# replay --trace: each kind of step is reported where it happens and nowhere else;
# bugs of the zoo, whose steps differ from those of softmmu.
# shellcheck source=cli/test/test-lib.sh
. "$(dirname "$0")/test-lib.sh"
corpus=$1

trace()
{
    target=$1
    shift
    code=0
    "$TWINWALK" replay --trace --target "$target" "$@" >trace.txt 2>err.txt ||
        code=$?
    [ $code -eq 0 ] || [ $code -eq 10 ]
}

# within OP PATTERN: told in this operation.
within()
{
    sed -n "/^.. op $1: /,/^.. op $(($1 + 1)): /p" trace.txt |
        grep -Ev "^.. op $(($1 + 1)): " | grep -Eq "^ {11}$2"
}

told() { check "op $1 tells: $2" within "$1" "$2"; }
silent()
{
    status=0
    within "$1" "$2" || status=$?
    check "op $1 does not tell: $2" [ "$status" -eq 1 ]
}

cat >all.tw <<'E'
twinwalk 1
region r0 container size 0x100000 root s0
region r1 iommu size 0x8000 in r0 at 0x10000 iommu i0
region r2 ram size 0x8000 root s1
region r3 ram size 0x8000 in r0 at 0x20000
region r4 ram size 0x800 in r0 at 0x30000
cpu c0 tlb 1 victims 1
mmu c0.0 space s0
mmu c1.0 space s0
setup
  page c0.0 0x0 -> 0x10000 size 0x8000 rwx
  page c0.0 0x10000 -> 0x20000 size 0x1000 rw
  page c0.0 0x20000 -> 0x30000 size 0x1000 rw
  map i0.0 0x0..0x1fff -> s1 0x0 rw silent
script
  read c0.0 0x8 4
  read c0.0 0x8 4
  read c0.0 0x1008 4
  read c0.0 0x8 4
  observe o0 of i0.0 unmap 0x0..0xfff
  unmap i0.0 0x0..0xfff notified
  read c0.0 0x8 4
  read c0.0 0x20008 4
  dma-read s0 0x20000 4 none
  flush-all c1
  safepoint c1
  begin
  priority r3 prio 1
  commit
  begin
  commit
  flush-page c0.0 0x10000
  safepoint c0
  notify i0.0 unmap 0x4000..0x4fff
E
check 'softmmu' trace softmmu all.tw
told 0 'dispatch +built for the view of r0'
told 0 'large +c0.0 page 0x0 is part of a page of 0x8000 bytes \(TL-10\)'
told 0 'translate +i0.0 0x0 -> s1 0x0 rw'
told 0 'fill +c0.0 page 0x0 -> r2\+0x0 rwx by i0.0 \(TL-3\)'
told 0 'outcome +ok r2\+0x8 value 0x'
silent 0 'hit'
told 1 'hit +c0.0 page 0x0: r2\+0x0 rwx by i0.0 \(TL-1\)'
silent 1 'fill'
silent 1 'translate'
told 2 'evict +c0.0 page 0x0 goes to the victims \(TL-3\)'
told 2 'fill +c0.0 page 0x1000'
told 3 'victim-swap +c0.0 page 0x0: .*victim 0 \(TL-2\)'
silent 3 'fill'
silent 3 'hit'
told 5 'notify +i0.0 UNMAP 0x0..0xfff \(NT-4\)'
told 5 'reach +o0 with 0x0..0xfff \(NT-5\)'
told 5 'queue +c0 UNMAP of i0.0 0x0..0xf+ \(TN-3\), for op 5 unmap'
silent 5 'flush'
told 6 'safepoint +c0 does what is queued: 1'
told 6 'flush +c0 UNMAP of i0.0 .*: 2 of 2 entries dropped'
told 6 'translate +i0.0 0x0: no entry'
told 6 'outcome +decode-error'
silent 6 'fill'
told 7 'walk +4 bytes at 0x30008 of s0, on each access'
told 8 'walk +4 bytes at 0x20000 of s0'
silent 8 'fill'
told 9 'queue +c1 everything, for op 9 flush-all'
told 10 'flush +c1 everything, for op 9 flush-all: 0 of 0 entries dropped'
silent 11 'commit'
told 12 'commit +waits for the outermost \(TX-1\)'
told 13 'commit +acts \(TX-3, TX-7\)'
told 13 'render +the view of r0: '
told 13 'queue +c0 everything, for op 13 commit'
told 15 'commit +nothing is pending \(TX-1\)'
silent 15 'render'
told 17 'flush +c0 page 0x10000 of index 0 \(TL-9\), for op 16 flush-page'
told 18 'notify +i0.0 UNMAP 0x4000..0x4fff'
silent 18 'reach +o0'
check 'no operation is accused' sh -c '! grep -q "^=>" trace.txt'
check 'the trace follows' grep -q '^twinwalk-trace 1' trace.txt

# Bugs: what softmmu tells in the same place, and what the bug does instead.
both()
{
    case_file=$corpus/zoo/$1.tw
    trace softmmu "$case_file" && cp trace.txt fixed.txt
    trace "zoo:$1" "$case_file" && cp trace.txt bug.txt
    # The zoo is accused, softmmu is not.
    grep -q '^=>' bug.txt && ! grep -q '^=>' fixed.txt
}

differs() # NAME PATTERN-FIXED PATTERN-BUG
{
    check "$1: the case" both "$1"
    check "$1: softmmu" grep -Eq "$2" fixed.txt
    check "$1: the bug" grep -Eq "$3" bug.txt
    status=0
    grep -Eq "$2" bug.txt || status=$?
    check "$1: not as softmmu" [ "$status" -eq 1 ]
}
differs victim-survives-page-flush 'outcome +page-fault' 'victim-swap'
differs second-hop-unregistered 'flush .*UNMAP of i' 'reach +no notifier'
differs commit-flush-own-as-only 'flush .*everything' 'hit +c0'

# JSON
"$TWINWALK" replay --trace --json --target zoo:victim-survives-page-flush \
    "$corpus/zoo/victim-survives-page-flush.tw" >trace.json || true
check 'JSON tells the same' python3 -c '
import json
ops = json.load(open("trace.json"))["files"][0]["operations"]
accused = [o for o in ops if o["accused"]]
assert len(accused) == 1, accused
assert "victim-swap" in [e["kind"] for e in accused[0]["events"]]
assert ops[0]["outcome"].startswith("ok r")
assert ops[2]["events"] == [] and ops[2]["outcome"] == "done"'

# Targets that tell something else, or nothing.
if "$TWINWALK" targets --target unicorn >/dev/null 2>&1; then
    check 'unicorn' trace unicorn "$corpus/unicorn/PrmUnicornRd.tw"
    told 1 'call +uc_mem_protect\('
    told 2 'guest +loads '
    silent 2 'call'
    check 'the accused operation is marked' grep -q '^=> op 2: ' trace.txt
fi
check 'exec' trace "exec:$TWINWALK replay --as-target" all.tw
check 'exec tells nothing' \
    grep -q '^  exec does not tell what it does to caches' trace.txt
check 'exec still gives outcomes' grep -Eq '^ {11}outcome +ok r2' trace.txt
finish
