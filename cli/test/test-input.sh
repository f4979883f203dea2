#!/bin/sh
# SPDX-License-Identifier: MIT
# Bad input of every kind: one line that says where and what was expected,
# exit code 2, within 10 s and 512 MB, and nothing half written.
# shellcheck source=cli/test/test-lib.sh
. "$(dirname "$0")/test-lib.sh"

#  s0: 0x0000 [ r2 ram ] 0x1000 [ r3 iommu i0 ] 0x2000    s1: [ r4 ram ]
cat >good.tw <<'END'
twinwalk 1
page 256
hops 8
region r0 container size 2^64 root s0
region r1 container size 2^64 root s1
region r2 ram size 0x400 in r0 at 0x0
region r3 iommu size 0x1000 in r0 at 0x1000 iommu i0
region r4 ram size 0x1000 in r1 at 0x0
space s2 root r1
cpu c0 tlb 16 victims 8
mmu c0.0 space s0
setup
  map i0.0 0x0..0xfff -> s1 0x0 rw silent
  page c0.0 0x1000 -> 0x1000 size 0x1000 rwx
script
  read c0.0 0x1000 4
  map i0.0 0x0..0xff -> s1 0x800 rw notified
  read c0.0 0x1000 4
  write c0.0 0x1010 8
END
cp good.tw kept.tw
check 'the good file is good' "$TWINWALK" fmt --check good.tw

refuses 'no such file' 'nowhere.tw: ' "$TWINWALK" replay nowhere.tw
refuses 'a folder' '\.: ' "$TWINWALK" replay .
: >empty.tw
refuses 'empty' 'empty.tw:1:1: expected' "$TWINWALK" replay empty.tw
echo 'twinwalk 99' >version.tw
refuses 'another version' 'version.tw:1:[0-9]*: expected' \
    "$TWINWALK" replay version.tw
echo 'hello' >other.tw
refuses 'something else' 'other.tw:1:1: expected' "$TWINWALK" replay other.tw
head -c 4096 /dev/urandom >binary.tw
refuses 'binary' 'binary.tw:[0-9]*:[0-9]*: expected' \
    "$TWINWALK" replay binary.tw
head -c 10 /dev/zero >zeros.tw
refuses 'zeros' 'zeros.tw:[0-9]*:[0-9]*: expected' "$TWINWALK" replay zeros.tw

# A truncated file is a program or is refused; it never does harm.
size=$(wc -c <good.tw)
bad=0
refused=0
cut=1
while [ "$cut" -lt "$size" ]; do
    head -c "$cut" good.tw >cut.tw
    status=0
    "$TWINWALK" fmt cut.tw >out.txt 2>err.txt || status=$?
    case $status in
    0) ;;
    2)
        refused=$((refused + 1))
        if [ "$(wc -l <err.txt)" -ne 1 ] || [ -s out.txt ] ||
            ! grep -q '^twinwalk: cut.tw:[0-9]*:[0-9]*: expected' err.txt; then
            bad=1
            sed 's/^/# /' err.txt
        fi
        ;;
    *) bad=1 ;;
    esac
    cut=$((cut + 17))
done
result "$bad" 'truncated anywhere'
check 'truncated often enough to be refused' [ "$refused" -gt 5 ]

# One mistake each, in a file that is otherwise good.
mistake()
{
    sed "$2" good.tw >mistake.tw
    if cmp -s good.tw mistake.tw; then
        result 1 "$1: the edit changes nothing"
    else
        refuses "$1" 'mistake.tw:[0-9]*:[0-9]*: expected' \
            "$TWINWALK" fmt mistake.tw
    fi
}
mistake 'unknown operation' 's/^  read /  reed /'
mistake 'unknown region kind' 's/^region r3 [a-z]*/region r3 sponge/'
mistake 'number out of range' 's/^hops 8/hops 99999/'
mistake 'no number' 's/^hops 8/hops many/'
mistake 'region that is not there' 's/ in r0 / in r63 /'
mistake 'id twice' 's/^region r4 /region r3 /'
mistake 'space without root' 's/^space s2 root r1/space s2 root/'
mistake 'something after the end of a line' 's/^script$/script now/'
mistake 'page size that is no power of two' 's/^page 256/page 257/'

# Too large.  The limit on memory would end a program that reads it all.
printf '# ' >huge.tw
truncate -s 2G huge.tw
large()
{
    # The sanitizers reserve terabytes, so there only time is limited.
    if [ "${TWINWALK_SANITIZED:-0}" = 1 ]; then
        timeout 10 "$@"
    else
        # shellcheck disable=SC3045 # dash and bash have it
        (ulimit -v 1048576 && exec timeout 10 "$@")
    fi
}
refuses '2 GB' 'huge.tw: ' large "$TWINWALK" replay huge.tw
refuses '2 GB to fmt' 'huge.tw: ' large "$TWINWALK" fmt huge.tw
refuses '2 GB of bytes' 'huge.tw: ' large "$TWINWALK" replay --bytes huge.tw
refuses 'an endless file' '/dev/zero: ' large "$TWINWALK" replay /dev/zero
rm huge.tw

# Options.
refuses 'unknown option' 'unknown option --fast' "$TWINWALK" run --fast
refuses 'unknown verb' 'expected a verb' "$TWINWALK" walk
refuses 'unknown target' 'unknown target' "$TWINWALK" run --target qemu
refuses 'unknown bug' 'zoo: expected zoo:SLUG' \
    "$TWINWALK" run --target zoo:none
refuses 'unknown profile' '--profile: expected balanced' \
    "$TWINWALK" run --profile wild
refuses 'seed' '--seed: expected a number' "$TWINWALK" run --seed -1
refuses 'seed too large' '--seed: expected a number' \
    "$TWINWALK" gen --seed 0x8000000000000000
refuses 'programs' '--programs: expected' "$TWINWALK" run --programs 0
refuses 'time' '--time: expected a time' "$TWINWALK" run --time soon
refuses 'jobs' '--jobs: expected 1 to 1024' "$TWINWALK" run --jobs 0
refuses 'flush' '--flush: expected all or page' \
    "$TWINWALK" run --flush some
refuses 'flush of exec' 'exec: expected no --flush' \
    "$TWINWALK" run --target exec:true --flush page
refuses 'no file' 'replay: expected a file' "$TWINWALK" replay
refuses 'two files' 'min: expected -o and a folder' \
    "$TWINWALK" min good.tw kept.tw
refuses 'two files into one' 'min: expected -o and a folder' \
    "$TWINWALK" min good.tw other.tw -o kept.tw
refuses 'two files of one name' 'min: expected files of different names' \
    "$TWINWALK" min good.tw ./good.tw -o small
refuses 'min of what has another key' 'good.tw: expected a program with key' \
    "$TWINWALK" min --expect StaZooRdRam good.tw
refuses 'no processes' '--jobs: expected' "$TWINWALK" min -j 0 good.tw
refuses 'zoo without a bug' 'zoo: expected the slug of a bug or mutant' \
    "$TWINWALK" zoo no-such-bug
refuses 'zoo --mutants with a slug' '--mutants: expected no slugs' \
    "$TWINWALK" zoo --mutants hole-is-loop
refuses 'zoo --equivalents with the slug of a bug' \
    '--equivalents: expected the slug of an equivalent (see twinwalk targets), not "tie-oldest-wins"' \
    "$TWINWALK" zoo --equivalents tie-oldest-wins
refuses 'zoo --equivalents with --mutants' '--equivalents: expected no other option' \
    "$TWINWALK" zoo --equivalents --mutants
refuses 'zoo --programs alone' '--programs: expected' \
    "$TWINWALK" zoo --programs 10
refuses 'zoo --equivalents of none' '--programs: expected at least 1' \
    "$TWINWALK" zoo --equivalents --programs 0
refuses 'zoo --out alone' '--out: expected --findings' "$TWINWALK" zoo -o x
refuses 'zoo --findings of less than none' '--findings: expected' \
    "$TWINWALK" zoo --findings -1
refuses 'nothing to shrink' 'good.tw: expected a program with a finding' \
    "$TWINWALK" min good.tw
refuses 'seconds' '--seconds: expected' "$TWINWALK" bench --seconds 0
exits 99 'a command that is not there' \
    "$TWINWALK" run --target exec:/nowhere/at/all --programs 1
check 'and one line says so' [ "$(wc -l <err.txt)" -eq 1 ]
exits 2 'no verb' "$TWINWALK"

# Output that cannot be written.
refuses 'out is a file' '--out: good.tw: expected a folder' \
    "$TWINWALK" run --programs 1 --out good.tw
refuses 'out is below a file' '--out: good.tw/x: expected a folder' \
    "$TWINWALK" run --programs 1 --out good.tw/x
refuses 'output in no folder' 'no/where.tw: expected to write' \
    "$TWINWALK" gen -o no/where.tw
if [ -w /dev/full ]; then
    status=0
    "$TWINWALK" gen >/dev/full 2>err.txt || status=$?
    check 'a full disk is told' [ "$status" -eq 99 ]
    check 'a full disk is told in one line' [ "$(wc -l <err.txt)" -eq 1 ]
fi
sed 's/^  read /  reed /' good.tw >mistake.tw
cp mistake.tw before.tw
refuses 'fmt -i of a bad file' 'mistake.tw:' "$TWINWALK" fmt -i mistake.tw
check 'leaves it as it was' cmp mistake.tw before.tw
check 'good input was not touched' cmp good.tw kept.tw
check 'no leftovers of half written files' \
    sh -c '! ls ./*.tw.?????? 2>/dev/null'
finish
