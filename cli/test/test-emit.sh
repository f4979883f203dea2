#!/bin/sh
# SPDX-License-Identifier: MIT
# twinwalk emit for Unicorn: each case that libunicorn 2.0.1 gives (of other versions, those
# that they give), as a C program, which must compile without a warning and see the defect.
# shellcheck source=cli/test/test-lib.sh
. "$(dirname "$0")/test-lib.sh"

cases=$1
CC=${CC:-cc}

version=$("$TWINWALK" targets --target unicorn 2>/dev/null |
    sed -n 's/^version //p') || version=
if [ -z "$version" ]; then
    echo '1..0 # SKIP libunicorn is not built in'
    exit 0
fi
if ! command -v "${CC%% *}" >/dev/null; then
    echo "1..0 # SKIP no compiler $CC"
    exit 0
fi

sees_defect()
{
    ended=0
    timeout 60 ./case >case.out || ended=$?
    [ "$ended" -eq 1 ] && grep -q '^the defect is there$' case.out
}

# With TW_LONG all cases; else one in four.
n_cases=0
for case in "$cases"/unicorn/*.tw; do
    n_cases=$((n_cases + 1))
    [ -n "${TW_LONG-}" ] || [ $((n_cases % 4)) -eq 1 ] || continue
    key=$(sed -n 's/^# key: //p' "$case")
    # Most cases are of 2.0.1; other versions show some of them.
    ! grep -qx "# agrees with: $version" "$case" || continue
    if [ "$version" != 2.0.1 ] &&
        "$TWINWALK" replay --target unicorn "$case" >replay.out; then
        continue
    fi
    check "$key is emitted" "$TWINWALK" emit --target unicorn "$case" \
        -o case.c
    # shellcheck disable=SC2086 # it may be one with a launcher
    check "$key compiles" $CC -Wall -Wextra -Werror -o case case.c -lunicorn
    check "$key sees the defect" sees_defect
    check "$key says which" grep -q "($key)" case.c
done

# At the end of the address space, and of another guest.
for case in "$cases"/unicorn-last/*.tw "$cases"/unicorn-x86-64/*.tw; do
    [ "$version" = 2.0.1 ] || continue
    ! grep -qx "# agrees with: $version" "$case" || continue
    target=unicorn:arm64@last
    [ "${case#*/unicorn-x86-64/}" = "$case" ] || target=unicorn:x86-64
    check "$case is emitted" "$TWINWALK" emit --target "$target" \
        "$case" -o case.c
    # shellcheck disable=SC2086
    check "$case compiles" $CC -Wall -Wextra -Werror -o case case.c -lunicorn
    check "$case sees the defect" sees_defect
done

# An exclusive exchange is one in the C program, too: LDXRB and STXRB (LA-56).
case=$cases/unicorn/WrgUnicornRmRam-exclusive.tw
check "$case is emitted" "$TWINWALK" emit --target unicorn "$case" -o case.c
check 'it makes the exchange' grep -q 'err = guest(EXCLUSIVE + 0, 0x' case.c
check 'by the instructions' \
    grep -q '^    {0x22, 0x7c, 0x5f, 0x08, 0x20, 0x7c, 0x03, 0x08, ' case.c

# Two accesses by one instruction are one in the C program: STP (LA-59).
case=$cases/unicorn/WrgUnicornRdRam-pair.tw
check "$case is emitted" "$TWINWALK" emit --target unicorn "$case" -o case.c
check 'it stores two registers' grep -q 'err = guest(PAIR + 3, 0x' case.c
# shellcheck disable=SC2086
check "$case compiles" $CC -Wall -Wextra -Werror -o case case.c -lunicorn
check "$case sees the defect" sees_defect

# Any finding, not only small ones, of each guest.
for guest in arm64 x86-64 riscv64; do
    target=unicorn:$guest
    exits 10 "a campaign of $guest" "$TWINWALK" run --target "$target" \
        --no-known --programs 60 --seed 22 --out "found-$guest" --jobs 1
    for case in "found-$guest"/*-1.tw; do
        n_cases=$((n_cases + 1))
        [ -n "${TW_LONG-}" ] || [ $((n_cases % 4)) -eq 1 ] || continue
        check "$case is emitted" "$TWINWALK" emit --target "$target" "$case" \
            -o case.c
        # shellcheck disable=SC2086
        check "$case compiles" $CC -Wall -Wextra -Werror -o case case.c \
            -lunicorn
        check "$case sees the defect" sees_defect
    done
done

"$TWINWALK" gen --seed 1 >none.tw
refuses 'a case without a finding' \
    'none.tw: expected a program with a finding; its verdict is agree' \
    "$TWINWALK" emit none.tw
refuses 'a target without reproducers' 'exec: writes no reproducers' \
    "$TWINWALK" emit \
    --target "exec:$TWINWALK replay --as-target --target zoo:rights-not-anded" \
    "$cases/zoo/rights-not-anded.tw"
refuses 'no file' 'emit: expected one file' "$TWINWALK" emit
finish
