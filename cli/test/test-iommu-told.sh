#!/bin/sh
# SPDX-License-Identifier: MIT
# What vhost-user devices are told and must not be (verdict event): what emit makes of that is a
# script that sees it, and sees nothing where it is not.  By a defect of QEMU, and by a QEMU that
# lying-qemu.py makes lie.  So is a refusal that is recorded wrongly.
# shellcheck source=cli/test/test-lib.sh
. "$(dirname "$0")/test-lib.sh"

told=$1/qemu-iommu/AD-told.tw
liar=$2
command -v setpriv >/dev/null || {
    echo '1..0 # SKIP setpriv is not installed'
    exit 0
}
find_iommus
defect='the defect is there: '
right='all is as expected: '

# The page behind the range is not mapped: then nothing is wrong.
case $targets in
*qemu-virtio-iommu-vhost*)
    check 'a range is emitted' "$TWINWALK" emit --target qemu-virtio-iommu-vhost \
        "$told" -o range.sh
    if "$TWINWALK" replay --target qemu-virtio-iommu-vhost --no-known "$told" >replay.out; then
        check 'this version has no defect' says 0 "$right" range.sh
    else
        check 'the defect is seen' says 1 "${defect}the device was told that 0x44005000 leads to" \
            range.sh
    fi
    sed '/^write 0x110140 /s/00600044/00800044/; /^write 0x110140 /s/ff6f0044/ff8f0044/' \
        range.sh >elsewhere.sh
    check 'the mapping is another one' sh -c '! cmp -s range.sh elsewhere.sh'
    check 'no defect is seen' says 0 "$right" elsewhere.sh
    ;;
esac

# A store is refused, as it must be, for the reason of an entry that is no longer there (A).
case $targets in
*qemu-smmuv3-vhost*)
    cat >refused.tw <<'END'
twinwalk 1
contents inert
region r0 iommu size 0x100000000 root s0 iommu i0
region r1 container size 0x100000000 root s1
region r2 ram size 0x400000 in r1 at 0x84000000
iommu i0 pagetable indexes 2 select requester to s1 format arm64-s1 tables r2 base 0x84000000 levels 3 iotlb
setup
  context i0 0 tables -> 0x840e3000 domain 0
script
  entry i0 level 3 r2 0xe3010 = leaf 0x80000000 r
  entry i0 level 3 r2 0xe3010 = table 0x843ff000 r + 0x4c0
  invalidate i0 any-range 0 0x84002000..0x84002fff
  dma-write s0 0x84005020 8 none
END
    if ! "$TWINWALK" replay --target qemu-smmuv3-vhost --no-known refused.tw >replay.out; then
        check 'a refusal with an old reason is emitted' "$TWINWALK" emit \
            --target qemu-smmuv3-vhost refused.tw -o refused.sh
        check 'its record is seen' says 1 "${defect}the fault is recorded as it must not be" \
            refused.sh
    fi
    ;;
esac

case $targets in
*qemu-vtd-vhost*) ;;
*)
    finish
    exit
    ;;
esac
REAL_QEMU=$(command -v qemu-system-x86_64)
export REAL_QEMU

# lies KIND WORDS: run, emit and the script find these words.
lies()
{
    export LIE="$1"
    exits 10 "$1: it is found" "$TWINWALK" run --target qemu-vtd-vhost --qemu "$liar" \
        --programs 1 --seed 3 --jobs 1 --replays 1 --out "$1"
    cp "$1"/Evt*-1.tw "$1.tw"
    check "$1: the case says it" grep -q "^#.*$2" "$1.tw"
    check "$1: it is emitted" "$TWINWALK" emit --target qemu-vtd-vhost --qemu "$liar" "$1.tw" \
        -o "$1.sh"
    export QEMU="$liar"
    check "$1: the script sees it" says 1 "$defect.*$2" "$1.sh"
    LIE=none
    check "$1: the script sees nothing else" says 0 "$right" "$1.sh"
    unset QEMU
}

LIE=none exits 0 'what stands between changes nothing' "$TWINWALK" run --target qemu-vtd-vhost \
    --qemu "$liar" --programs 1 --seed 3 --jobs 1
lies wide 'the device was told that 0x'
lies twice 'UPDATE 0x.*: expected one for a MISS, not two'
lies unasked 'INVALIDATE 0x.*: expected none, QEMU was asked for a translation'
finish
