#!/bin/sh
# SPDX-License-Identifier: MIT
# twinwalk emit for qemu-mpc: each case that the installed QEMU gives, as a script, which must
# see the defect; and must not see it when the guest avoids it.
# shellcheck source=cli/test/test-lib.sh
. "$(dirname "$0")/test-lib.sh"

cases=$1/qemu-mpc
CLANG=${CLANG:-clang}
export CLANG

if ! command -v "$CLANG" >/dev/null || ! command -v ld.lld >/dev/null; then
    echo '1..0 # SKIP no clang or no ld.lld'
    exit 0
fi
if ! "$TWINWALK" targets --target qemu-mpc 2>/dev/null | grep -q '^version '; then
    echo '1..0 # SKIP no target qemu-mpc, or no qemu-system-arm is installed'
    exit 0
fi

defect='the defect is there: '
right='all is as expected: '
for case in "$cases"/*.tw; do
    base=$(basename "$case" .tw)
    if "$TWINWALK" replay --target qemu-mpc --no-known "$case" >replay.out; then
        continue # another version
    fi
    check "$base is emitted" "$TWINWALK" emit --target qemu-mpc "$case" -o case.sh
    check "$base sees the defect" says 1 "$defect" case.sh
    check "$base says which" grep -q "($(sed -n 's/^# key: //p' "$case"))" case.sh
    # The same guest without what the defect needs.
    case $base in
    A-quiet-load) edit='s/^    secure read1, 0x0*$/    secure read1, 0x10000000/' ;;
    A-quiet-store) edit='/MPC0 + 0x1c/d' ;;
    A-not-recorded) edit='s/^    secure read1, MPC0 .*/    secure write1, MPC0 + 0x34, 1\n&/' ;;
    B-*) edit='s/^    secure_call/    flush_all\n&/' ;;
    C-*) edit='/MPC0 + 0x1c/d' ;;
    E-*) edit='/^    secure_call 0x[0-9a-f]*$/d' ;; # it has not run before
    *) edit= ;;
    esac
    if [ "$base" = A-quiet-load ]; then
        # The right answer is that of the blocked load: zeros.
        sed "$edit" case.sh | sed '/^    fill /d' >avoids.sh
    else
        sed "$edit" case.sh >avoids.sh
    fi
    check "$base changes" test "$(cmp -s case.sh avoids.sh && echo same)" = ''
    check "$base sees no defect then" says 0 "$right" avoids.sh
done

# Any finding, not only small ones.
exits 10 'a campaign' "$TWINWALK" run --target qemu-mpc --no-known --programs 15 \
    --seed 5 --replays 1 --out found --jobs 1
n_cases=0
for case in found/*-1.tw; do
    n_cases=$((n_cases + 1))
    check "$case is emitted" "$TWINWALK" emit --target qemu-mpc "$case" -o case.sh
    check "$case sees the defect" says 1 "$defect" case.sh
done
check 'there were cases' test $n_cases -gt 0

# Two CPUs: the same cases, and those of a campaign, with both kinds of safe points. A script of a
# crash may be one of a race: it repeats. (Of the campaign's, no crash: with QEMU 10 it is such a race.)
for case in "$cases"/[CE]*.tw; do
    base=$(basename "$case" .tw)
    if "$TWINWALK" replay --target qemu-mpc-smp --no-known "$case" >replay.out; then
        continue # another version
    fi
    check "$base is emitted for two CPUs" "$TWINWALK" emit --target qemu-mpc-smp "$case" -o two.sh
    check "$base sees the defect on two CPUs" says 1 "$defect" two.sh
    if [ "$base" = C-cut-instruction ]; then
        check 'it repeats' sh -c 'sh two.sh | grep -q "^the guest ran 1 times$"'
        sed '/MPC0 + 0x1c/d' two.sh >avoids.sh
        check 'it repeats until RUNS' sh -c \
            'RUNS=3 sh avoids.sh | grep -q "^the guest ran 3 times$"'
        check 'it sees no defect then' env RUNS=1 sh -c \
            'sh avoids.sh >out && grep -q "^all is as expected: " out'
    fi
done
exits 10 'a campaign on two CPUs' "$TWINWALK" run --target qemu-mpc-smp --no-known \
    --programs 15 --seed 5 --replays 1 --out two --jobs 1
for how in explicit implied; do
    n_cases=0
    for case in two/[!F]*.tw; do
        if [ $n_cases -lt 2 ] && [ "${case#two/Crs}" = "$case" ] && grep -q ' c1[.:]' "$case" &&
            { [ $how = implied ] || grep -q '^safepoints explicit' "$case"; } &&
            { [ $how = explicit ] || ! grep -q '^safepoints explicit' "$case"; }; then
            n_cases=$((n_cases + 1))
            check "$case is emitted" "$TWINWALK" emit --target qemu-mpc-smp --times 3 "$case" \
                -o two.sh
            check "$case sees the defect" says 1 "$defect" two.sh
        fi
    done
    check "there were cases with $how safe points" test $n_cases -gt 0
done
exits 2 'no time at all' "$TWINWALK" emit --target qemu-mpc-smp --times 0 "$case"

# The CPU compared with DMA: the same cases of data, with another key.
for base in A-quiet-load A-quiet-store A-not-recorded; do
    if "$TWINWALK" replay --target qemu-mpc-dma --no-known "$cases/$base.tw" >replay.out; then
        continue # another version
    fi
    check "$base is emitted by DMA" "$TWINWALK" emit --target qemu-mpc-dma "$cases/$base.tw" \
        -o dma.sh
    check "$base differs" says 1 "$defect" dma.sh
    # SEC_RESP is set first; or nothing is blocked.
    case $base in
    A-quiet-load) edit='s/^    access secure, read1, 0x0*$/    access secure, read1, 0x10000000/' ;;
    A-quiet-store) edit='/MPC0 + 0x1c/d' ;;
    *) edit='s/^    secure read1, MPC0 + 0x20/    secure read1, MPC0 + 0x10/' ;;
    esac
    sed "$edit" dma.sh >same.sh
    check "$base changes by DMA" test "$(cmp -s dma.sh same.sh && echo same)" = ''
    check "$base does not differ then" says 0 "$right" same.sh
done

# What cannot be told: without a compiler, without a QEMU, with one that ends.
check 'no QEMU' env QEMU="$work/none" sh -c \
    'sh case.sh >out; test $? -eq 2 && grep -q "told: no QEMU" out'
check 'no compiler' env CLANG="$work/none" sh -c \
    'sh case.sh >out; test $? -eq 2 && grep -q "told: no compiler" out'
check 'a compiler that fails' env CLANG=false sh -c \
    'sh case.sh >out; test $? -eq 2 && grep -q "told: the guest was not" out'
check 'a QEMU that ends' env QEMU=false sh -c \
    'sh case.sh >out; test $? -eq 2 && grep -q "told: " out'
refuses 'writes that are left out' \
    "qemu-mpc: with --drop-flushes a finding is none of QEMU's" \
    "$TWINWALK" emit --target qemu-mpc --drop-flushes "$cases/B-secure-fetch.tw"
finish
