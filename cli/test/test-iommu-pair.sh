#!/bin/sh
# SPDX-License-Identifier: MIT
# The virtual IOMMUs of the installed QEMU in two configurations: they agree, a finding says
# which one is wrong and what the other one did, and the RISC-V IOMMU without its cache is right
# where the one with it is not.
# shellcheck source=cli/test/test-lib.sh
. "$(dirname "$0")/test-lib.sh"

cases=$1/qemu-iommu
find_iommus

programs=30
[ -z "${TW_LONG-}" ] || programs=200
for target in $targets; do
    # An option that changes nothing: the same QEMU twice.
    exits 0 "$target: two of the same agree" "$TWINWALK" run --target "$target" \
        --against-qemu-args '-name other' --programs $programs --seed 11 --jobs 1 \
        --out "same-$target"
    check 'the version is that of both' grep -q \
        "^target $target (\\([0-9.]*\\) against \\1)" out.txt
    exits 10 "$target: commands that the first one leaves out" "$TWINWALK" run \
        --target "$target" --against-qemu-args '-name other' --drop-flushes \
        --programs $programs --seed 11 --jobs 1 --replays 1 --out "dropped-$target"
    for case in "dropped-$target"/*-1.tw; do
        check "$case: the other one is right" \
            grep -q '^#   the other one, [0-9.]*, is right here: ' "$case"
    done
    exits 99 "$target: another one that does not start" "$TWINWALK" run \
        --target "$target" --against-qemu-args -no-such-option --programs 1 \
        --out none
    "$TWINWALK" gen --target "$target" -o one.tw
    exits 0 'of check --against, each is alone' "$TWINWALK" check \
        --target "$target" --against "$target" --against-qemu-args '-name other' \
        one.tw
    check 'and says so' grep -q "on $target ([0-9.]*) against $target ([0-9.]*):" \
        out.txt
done

uncached='-global riscv-iommu-pci.ioatc-limit=0'
case $targets in
*riscv-iommu*)
    exits 0 'riscv-iommu: what it keeps, against what it walks' "$TWINWALK" run \
        --target qemu-riscv-iommu --against-qemu-args "$uncached" --programs $((2 * programs)) \
        --seed 12 --jobs 1 --out uncached
    for case in C-silent-hit-riscv E-large-range M-clean-leaf; do
        exits 10 "$case: with the cache" "$TWINWALK" replay --no-known \
            --target qemu-riscv-iommu --against-qemu-args "$uncached" \
            "$cases/$case.tw"
        check 'without, it is right' grep -q 'the other one, .*, is right here' out.txt
        exits 10 "$case: with the cache as the other one" "$TWINWALK" replay \
            --no-known --target qemu-riscv-iommu --qemu-args "$uncached" \
            --against-qemu-args '-name other' "$cases/$case.tw"
        check 'without, it is right' grep -q 'the first one, .*, is right here' out.txt
    done
    ;;
esac
finish
