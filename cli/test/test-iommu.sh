#!/bin/sh
# SPDX-License-Identifier: MIT
# The virtual IOMMUs of the installed QEMU: random programs give nothing but what is known;
# commands that are left out are found; what emit makes of findings, and of each case that this
# version gives, is a script that sees the defect.
# shellcheck source=cli/test/test-lib.sh
. "$(dirname "$0")/test-lib.sh"

cases=$1/qemu-iommu
find_iommus

# How many programs: where nothing is found, where commands are left out, and where it is
# what is known that is found.
clean=60 dropped=20 found=30
[ -z "${TW_LONG-}" ] || clean=400 dropped=100 found=200

defect='the defect is there: '
right='all is as expected: '
for target in $targets; do
    exits 0 "$target: nothing but what is known" "$TWINWALK" run \
        --target "$target" --programs $clean --seed 3 --jobs 1 --out "clean-$target"
    if [ -n "${TW_LONG-}" ] || [ "$target" = qemu-vtd ]; then
        check "$target: what a start and an exchange cost" sh -c \
            "$TWINWALK bench --target $target --seconds 1 >bench.out &&
            grep -q '^ms to start the target: ' bench.out &&
            grep -q 'per exchange with the other process: ' bench.out"
    fi
    exits 10 "$target: commands that are left out" "$TWINWALK" run \
        --target "$target" --programs $dropped --seed 3 --jobs 1 --drop-flushes \
        --replays 1 --out "dropped-$target"
    check "$target: they are stale answers" sh -c \
        "ls dropped-$target/Sta*-1.tw >/dev/null"
    programs=$found
    [ "$target" != qemu-vtd ] || programs=200 # what only VT-d has is looked for below
    exits 10 "$target: what is known is found" "$TWINWALK" run \
        --target "$target" --programs $programs --seed 4 --jobs 1 --no-known \
        --replays 1 --out "found-$target"
    n_cases=0
    for case in "found-$target"/[!F]*-1.tw; do
        n_cases=$((n_cases + 1))
        [ -n "${TW_LONG-}" ] || [ $n_cases -le 2 ] || continue
        check "$case is emitted" "$TWINWALK" emit --target "$target" "$case" \
            -o case.sh
        check "$case sees the defect" says 1 "$defect" case.sh
    done
done

# Addresses of 64 bits.
for target in $targets; do
    case $target in
    qemu-virtio-*) continue ;; # a table is not there in other GiB
    esac
    exits 0 "$target: nothing but what is known at wide addresses" "$TWINWALK" run --statistics \
        --target "$target" --wide --programs $clean --seed 6 --jobs 1 \
        --out "wide-$target"
    check "$target: some are refused" grep -q '^  decode-error  *[1-9]' out.txt
    "$TWINWALK" gen --target "$target" --wide --seed 6 >wide.tw
    check "$target: some are above 4 GiB" \
        grep -q '^  dma-[a-z]* s0 0x[0-9a-f]\{9,\} ' wide.tw
    exits 10 "$target: commands that are left out at wide addresses" "$TWINWALK" run \
        --target "$target" --wide --programs $dropped --seed 6 --jobs 1 --drop-flushes \
        --replays 1 --out "wide-dropped-$target"
    check "$target: they are stale answers at wide addresses" sh -c \
        "ls wide-dropped-$target/Sta*-1.tw >/dev/null"
done

for case in "$cases"/*.tw; do
    base=$(basename "$case" .tw)
    target=$(sed -n 's/^# see it: .*--target \([^ ]*\) .*/\1/p' "$case")
    wide=$(sed -n 's/^# see it: .* \(--wide\) THIS-FILE$/\1/p' "$case")
    case " $targets " in
    *" $target "*) ;;
    *) continue ;;
    esac
    if "$TWINWALK" replay --target "$target" ${wide:+"$wide"} --no-known "$case" \
        >replay.out; then
        continue # another version
    fi
    check "$base is emitted" "$TWINWALK" emit --target "$target" ${wide:+"$wide"} \
        "$case" -o case.sh
    check "$base sees the defect" says 1 "$defect" case.sh
    check "$base says which" grep -q "($(sed -n 's/^# key: //p' "$case"))" case.sh
    grep -q '^# crash' case.sh || cp case.sh told.sh
    # Without the load that fills the IOTLB, the store is refused.
    case $base in
    A-table-rights)
        sed '/^# 0: /,/^# 1: /{/^writel 0x1002002c/d;}' case.sh >avoids.sh
        check "$base sees no defect without the load" says 0 "$right" avoids.sh
        ;;
    esac
done

# What only VT-d has, and few programs show, is found, too.
for target in $targets; do
    case $target${TW_LONG:+-long} in
    qemu-vtd | qemu-vtd*-long)
        check "$target: an entry of all ones" sh -c \
            "cat found-$target/*.tw | grep -q 'seen: .*i0 unreadable'"
        check "$target: a leaf with the interrupt range" sh -c \
            "cat found-$target/*.tw | grep -q 'seen: .*i0 range'"
        ;;
    esac
done

# A script asks a QEMU for its version, and starts the IOMMU as that has it.
if echo "$targets" | grep -q amdvi; then
    # shellcheck disable=SC2016  # for that script
    printf '%s\n' '#!/bin/sh' '[ "$1" = --version ] || echo "$@" >arguments' \
        'echo "QEMU emulator version $VERSION"' >newer
    chmod +x newer
    "$TWINWALK" emit --target qemu-amdvi "$cases/V-skipped-level.tw" -o amd.sh
    check 'options of QEMU 11' env QEMU="$work/newer" VERSION=11.0.0 sh -c \
        'sh amd.sh >out; grep -q dma-remap=on arguments'
    check 'options of QEMU 10' env QEMU="$work/newer" VERSION=10.2.9 sh -c \
        'sh amd.sh >out; grep -q amd-iommu arguments && ! grep -q dma-remap arguments'
fi

# What cannot be told: without a QEMU, with one that ends, with one that says nothing.
check 'no QEMU' env QEMU="$work/none" sh -c \
    'sh told.sh >out; test $? -eq 2 && grep -q "told: no QEMU" out'
check 'a QEMU that ends' env QEMU=false sh -c \
    'sh told.sh >out; test $? -eq 2 && grep -q "told: QEMU did not answer" out'
printf '%s\n' '#!/bin/sh' 'exec sleep 1000' >silent
chmod +x silent
check 'a QEMU that says nothing' env QEMU="$work/silent" LIMIT=1 sh -c \
    'sh told.sh >out; test $? -eq 2 && grep -q "told: QEMU did not answer" out'
finish
