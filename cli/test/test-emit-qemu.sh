#!/bin/sh
# SPDX-License-Identifier: MIT
# twinwalk emit for QEMU: each case that the installed QEMU gives, as a script, which must see
# the defect; and must not see it when the guest avoids it.
# shellcheck source=cli/test/test-lib.sh
. "$(dirname "$0")/test-lib.sh"

cases=$1
CLANG=${CLANG:-clang}
export CLANG

if ! command -v "$CLANG" >/dev/null || ! command -v ld.lld >/dev/null; then
    echo '1..0 # SKIP no clang or no ld.lld'
    exit 0
fi
archs=
for arch in aarch64 x86-64 riscv64; do
    if "$TWINWALK" targets --target "qemu-$arch" 2>/dev/null |
        grep -q '^version '; then
        archs="$archs $arch"
    fi
done
if [ -z "$archs" ]; then
    echo '1..0 # SKIP no target qemu-..., or no QEMU is installed'
    exit 0
fi

defect='the defect is there: '
right='all is as expected: '
for arch in $archs; do
    for case in "$cases/qemu-$arch"/*.tw; do
        base=$(basename "$case" .tw)
        if "$TWINWALK" replay --target "qemu-$arch" --no-known "$case" \
            >replay.out; then
            continue # another version
        fi
        check "$arch $base is emitted" "$TWINWALK" emit \
            --target "qemu-$arch" "$case" -o case.sh
        check "$arch $base sees the defect" says 1 "$defect" case.sh
        check "$arch $base says which" grep -q \
            "($(sed -n 's/^# key: //p' "$case"))" case.sh
        case $base in
        A-*) title='code of a large page still runs after ' ;;
        B-cause) title='an exchange faults as its load does' ;;
        B-*) title='an exchange looks its page up twice: ' ;;
        C-address) title='an unaligned load that meets unassigned memory ' ;;
        C-*) title='a store that reaches from RAM into unassigned memory ' ;;
        *) title='S-mode with SUM set executes code ' ;;
        esac
        check "$arch $base has its title" grep -q "^# $title" case.sh
        # The same guest without what the defect needs.
        case $base in
        A-*) edit='s/^    flush_page 0x2.*/    flush_all/' ;;
        B-torn | B-old-load) edit='s/^    exchange/    flush_all\n&/' ;;
        D-*) edit='s/^    execute/    flush_all\n&/' ;;
        C-address) edit='s/^    read2 0x2/    read1 0x2/' ;;
        C-half-store*) edit='s/^    write2 \(0x2[0-9a-f]*\),.*/    read2 \1/' ;;
        *) edit= ;;
        esac
        if [ -n "$edit" ]; then
            sed "$edit" case.sh >avoids.sh
            check "$arch $base changes" test "$(cmp -s case.sh avoids.sh &&
                echo same)" = ''
            check "$arch $base sees no defect then" says 0 "$right" avoids.sh
        fi
    done

    # The old entry must outlive ten others, which share its slot of a TLB that has not grown.
    {
        printf '%s\n' 'twinwalk 1' 'region r0 ram size 0x40000000 root s0' \
            'mmu c0.0 space s0' setup \
            '  page c0.0 0x0 -> 0x0 size 0x40000000 rwx' \
            '  page c0.0 0x1000 -> 0x0 size 0x1000 r' script \
            '  read c0.0 0x1000 1' '  page c0.0 0x1000 -> 0x1000 size 0x1000 rwx'
        for page in 1 2 3 4 5 6 7 9 a b; do
            echo "  read c0.0 0x${page}01000 1"
        done
        echo '  rmw c0.0 0x1000 4'
    } >slots.tw
    check "$arch: one slot is emitted" "$TWINWALK" emit --target "qemu-$arch" \
        slots.tw -o slots.sh
    check "$arch: one slot sees the defect" says 1 "$defect" slots.sh

    # Any finding, not only small ones.
    exits 10 "$arch: a campaign" "$TWINWALK" run --target "qemu-$arch" \
        --no-known --programs 60 --seed 5 --out "found-$arch" --jobs 1
    n_cases=0
    for case in "found-$arch"/*-1.tw; do
        n_cases=$((n_cases + 1))
        [ -n "${TW_LONG-}" ] || [ $n_cases -le 3 ] || continue
        check "$case is emitted" "$TWINWALK" emit --target "qemu-$arch" \
            "$case" -o case.sh
        check "$case sees the defect" says 1 "$defect" case.sh
    done
done

# What cannot be told: without a compiler, without a QEMU, with one that ends.
check 'no QEMU' env QEMU="$work/none" sh -c \
    'sh case.sh >out; test $? -eq 2 && grep -q "told: no QEMU" out'
check 'no compiler' env CLANG="$work/none" sh -c \
    'sh case.sh >out; test $? -eq 2 && grep -q "told: no compiler" out'
check 'a compiler that fails' env CLANG=false sh -c \
    'sh case.sh >out; test $? -eq 2 && grep -q "told: the guest was not" out'
check 'a QEMU that ends' env QEMU=false sh -c \
    'sh case.sh >out; test $? -eq 2 && grep -q "told: QEMU ended with 1" out'

# QEMU dies or hangs: one that does this after a byte has come.
pretend()
{
    printf '%s\n' '#!/bin/sh' \
        "[ \"\$1\" != --version ] || { echo 'QEMU emulator version 7.2.0'; exit; }" \
        'echo d' 'dd bs=1 count=1 >/dev/null 2>&1' "$2" >"$1"
    chmod +x "$1"
}
pretend dies "kill -SEGV \$\$"
pretend hangs 'exec sleep 1000'
# shellcheck disable=SC2086 # words
set -- $archs
arch=$1
sed '/^#/d' "$cases/qemu-$arch/B-torn.tw" >any.tw
check 'a crash is emitted' "$TWINWALK" emit --target "qemu-$arch" \
    --qemu "$work/dies" any.tw -o crash.sh
check 'a crash is seen' env QEMU="$work/dies" sh -c \
    'sh crash.sh >out; test $? -eq 1 && grep -q "there: QEMU ended with 139" out'
check 'no crash is seen' says 0 "$right" crash.sh
check 'a hang is emitted' "$TWINWALK" emit --target "qemu-$arch" \
    --qemu "$work/hangs" --timeout 500 any.tw -o hang.sh
check 'a hang is seen' env QEMU="$work/hangs" LIMIT=1 sh -c \
    'sh hang.sh >out; test $? -eq 1 && grep -q "there: QEMU hangs" out'
check 'no hang is seen' says 0 "$right" hang.sh
refuses 'flushes that are left out' \
    "qemu-$arch: with --drop-flushes a finding is none of QEMU's" \
    "$TWINWALK" emit --target "qemu-$arch" --drop-flushes \
    "$cases/qemu-$arch/B-torn.tw"
finish
