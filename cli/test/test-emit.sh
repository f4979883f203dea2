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
    [ "$ended" -eq 1 ] && grep -q 'the defect is there$' case.out
}

# The folders of the libraries that ci/emulators has made; "": the installed one.
libraries=
for made in "${XDG_CACHE_HOME:-$HOME/.cache}"/twinwalk/emulators/*; do
    suite=$(basename "$made")
    for file in "$made"/usr/lib/*/libunicorn.so.2*; do
        [ -e "$file" ] || continue
        mkdir -p "lib-$suite" # alone, not with what it stands beside
        ln -sf "$file" "lib-$suite/"
    done
    [ ! -d "lib-$suite" ] || libraries="$libraries $PWD/lib-$suite"
done

# with_library FOLDER COMMAND...
with_library()
{
    folder=$1
    shift
    if [ "$folder" = installed ]; then
        "$@"
    else
        env LD_LIBRARY_PATH="$folder${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}" "$@"
    fi
}

# As replay says it: with each library the program has the exit code 1 or 0.
same_as_replay()
{
    for library in installed $libraries; do
        replayed=0
        with_library "$library" "$TWINWALK" replay --no-known --target "$1" \
            "$2" >replay.out || replayed=$?
        ended=0
        with_library "$library" timeout 60 ./case >case.out || ended=$?
        case $replayed:$ended in
            0:0 | 10:1) ;;
            *)
                echo "$library: replay $replayed, the program $ended"
                cat case.out
                return 1
                ;;
        esac
    done
}

# emitted TARGET CASE: writes case.c with the first library that gives the finding.
emitted()
{
    for library in installed $libraries; do
        if with_library "$library" "$TWINWALK" emit --target "$1" "$2" -o case.c \
            2>emit.err; then
            [ ! -s emit.err ]
            return
        fi
    done
    [ -z "$libraries" ] && skipped=1 # of a version that is not here
}

target_of()
{
    case $1 in
        */unicorn-last/*) echo unicorn:arm64@last ;;
        */unicorn-x86-64/*) echo unicorn:x86-64 ;;
        */unicorn-ab/*) echo unicorn-ab ;;
        *) echo unicorn ;;
    esac
}

# With TW_LONG each program is run; else one in four.
n_cases=0
: >lines
: >lines-of-unicorn
for case in "$cases"/unicorn/*.tw "$cases"/unicorn-last/*.tw \
    "$cases"/unicorn-x86-64/*.tw "$cases"/unicorn-ab/*.tw; do
    base=$(basename "$case" .tw)
    target=$(target_of "$case")
    n_cases=$((n_cases + 1))
    skipped=0
    check "$base is emitted" emitted "$target" "$case"
    [ $skipped -eq 0 ] || continue
    wc -l <case.c >>lines
    case $case in */unicorn/*) wc -l <case.c >>lines-of-unicorn ;; esac
    [ -n "${TW_LONG-}" ] || [ $((n_cases % 4)) -eq 1 ] || continue
    # shellcheck disable=SC2086 # it may be one with a launcher
    check "$base compiles" $CC -Wall -Wextra -Wno-unused-parameter -Werror -o case case.c -lunicorn
    check "$base: the program sees what replay sees" \
        same_as_replay "$target" "$case"
done
sort -n lines-of-unicorn >sorted
check 'half of the programs of corpus/unicorn have at most 60 lines' \
    test "$(sed -n "$((($(wc -l <sorted) + 1) / 2))p" sorted)" -le 60
check 'none of all has more than 110' test "$(sort -n lines | tail -n 1)" -le 110

# title_is CASE TITLE: the first lines of its program.
title_is()
{
    emitted "$(target_of "$cases/$1.tw")" "$cases/$1.tw" &&
        [ "$(sed -n '2,/^ \*$/p' case.c | sed 's/^ \* *//' | tr '\n' ' ' | sed 's/ *$//')" = "$2" ]
}

if [ "$version" = 2.0.1 ]; then
    check 'the title of E' title_is unicorn/StaUnicornRdMioTop \
        'uc_mem_protect of part of an MMIO mapping: from that part on, callbacks get offsets that start again at 0'
    check 'the title of C and D' title_is unicorn/EffUnicornWr \
        'uc_mem_unmap of part of an MMIO mapping: the rest can be stored to without W'
    check 'the title of G' title_is unicorn/StaUnicornExRamTop \
        'uc_mem_unmap, uc_mem_map_ptr: the code that was there before still runs'
    check 'the title of H' title_is unicorn/EffUnicornExMio \
        'uc_ctl_remove_cache: code of a device is not fetched again after it'
    check 'the title of Q' title_is unicorn-last/InvUnicorn \
        'uc_mem_unmap fails for the last page of a mapping that ends at 2^64'
    check 'the title of X' title_is unicorn-x86-64/ClsUnicornExRam-over-end \
        'uc_emu_start: a block of code that goes on into a page that it may not execute does not run at all'
    check 'the title of a pair' title_is unicorn-ab/PrmUnicornaRd \
        'uc_emu_start: a load that the TLB serves succeeds where the slow path refuses it'
fi

# Equal calls, and calls up to the end of the address space, are made in loops, which end.
cat >loops.tw <<'END'
twinwalk 1
region r0 ram size 0x400000 root s0
mmu c0.0 space s0
setup
  page c0.0 0x3f8000 -> 0x3f8000 size 0x1000 rwx
script
  write c0.0 0x3f8700 1
  page c0.0 0x3fd000 -> 0x3fd000 size 0x1000 wx
  page c0.0 0x3fe000 -> 0x3fe000 size 0x1000 wx
  page c0.0 0x3ff000 -> 0x3ff000 size 0x1000 wx
  flush-page c0.0 0x3f8000
  flush-page c0.0 0x3f8000
  flush-page c0.0 0x3f8000
  write c0.0 0x3f8700 1
  page c0.0 0x3f8000 -> 0x3f8000 size 0x1000 wx
  read c0.0 0x3f84a0 1
END
if [ "$version" = 2.0.1 ]; then
    check 'loops: emitted' "$TWINWALK" emit --target unicorn:arm64@last loops.tw -o case.c
    check 'one goes to the end' grep -q 'for .*= 0xffffffffffffd000; at != 0x0;' case.c
    check 'one repeats a call' grep -q 'for (unsigned i = 0; i < 3; i++) {' case.c
    # shellcheck disable=SC2086
    check 'loops: compiles' $CC -Wall -Wextra -Wno-unused-parameter -Werror -o case case.c -lunicorn
    check 'loops: the program sees the defect' sees_defect
fi

# The first line says what is wrong; no address and no value is a hash.
case=$cases/unicorn/PrmUnicornRd.tw
check "$case is emitted" "$TWINWALK" emit --target unicorn "$case" -o case.c
if [ "$version" = 2.0.1 ]; then
    check 'it says what is wrong' grep -qx \
        ' \* uc_mem_protect: loads still succeed after R was taken away' case.c
    check 'and that this is known' grep -q '^ \* Known: A-read-revoked: uc_mem_protect that takes ' case.c
    check 'with --no-known not' \
        "$TWINWALK" emit --no-known --target unicorn "$case" -o unknown.c
    check '(it does not say so)' sh -c '! grep -q Known: unknown.c'
    # Two entries match; experiments say which of them explains it.
    case=$cases/unicorn/StaUnicornRdRamPgm-twice.tw
    check 'two entries match' "$TWINWALK" emit --target unicorn "$case" -o twice.c
    check 'one explains it' grep -q '^ \* Known: B-not-readable: ' twice.c
    exits 0 'and to explain' "$TWINWALK" explain --target unicorn "$case"
    check 'the same one' grep -q '^known: B-not-readable: ' out.txt
    case=$cases/unicorn/PrmUnicornRd.tw
fi
check 'it uses the addresses of the case' grep -q 'run(LOAD1, 0x4a0, ' case.c
check 'it names the error' grep -q 'expected: UC_ERR_READ_PROT; got: ' case.c
check 'it needs no contents' sh -c '! grep -q fill case.c'

# An exclusive exchange is one in the C program, too: LDXRB and STXRB (LA-56).
case=$cases/unicorn/WrgUnicornRmRam-exclusive.tw
check "$case is emitted" "$TWINWALK" emit --target unicorn "$case" -o case.c
check 'it makes the exchange' grep -q 'run(EXCLUSIVE1, 0x' case.c
check 'by the instructions' grep -q '^    0x22, 0x7c, 0x5f, 0x08, 0x20, 0x7c, ' case.c

# Two accesses by one instruction are one in the C program: STP (LA-59).
case=$cases/unicorn/WrgUnicornRdRam-pair.tw
check "$case is emitted" "$TWINWALK" emit --target unicorn "$case" -o case.c
check 'it stores two registers' grep -q 'run(STORE_PAIR8, 0x' case.c

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
        check "$case compiles" $CC -Wall -Wextra -Wno-unused-parameter -Werror -o case case.c \
            -lunicorn
        check "$case sees the defect" sees_defect
    done
done

# What only 2.1 can do: a store that crosses (C) through its virtual TLB, and a store of the
# host after a snapshot (Z).  With an older header the program says what it lacks.
cat >vtlb.tw <<'END'
twinwalk 1
page 1024
region r0 ram size 0x2000 root s0
mmu c0.0 space s0
setup
  page c0.0 0x8000 -> 0x0 size 0x4000 rwx
script
  write c0.0 0x9fff 2
END
cat >snapshot.tw <<'END'
twinwalk 1
region r0 ram size 0x1000 root s0
mmu c0.0 space s0
setup
  page c0.0 0x0 -> 0x0 size 0x1000 r
script
  snapshot
  dma-write s0 0x0 1 none
END
for library in $libraries; do
    suite=${library##*/lib-}
    made=${XDG_CACHE_HOME:-$HOME/.cache}/twinwalk/emulators/$suite
    [ -d "$made/usr/include/unicorn" ] || continue
    for kind in vtlb snapshot; do
        check "$kind of $suite is emitted" "$TWINWALK" emit \
            --target "unicorn-$kind" --library "$(ls "$library"/libunicorn.so.2)" \
            "$kind.tw" -o case.c
        # shellcheck disable=SC2086
        check "$kind of $suite compiles" $CC -Wall -Wextra -Wno-unused-parameter -Werror \
            -I"$made/usr/include" -o case case.c -lunicorn
        exits 1 "$kind of $suite: the program sees the defect" \
            with_library "$library" ./case
        [ "${version%.*}" = 2.0 ] || continue
        # shellcheck disable=SC2086
        check "$kind: it compiles with the header of $version" \
            $CC -Wall -Wextra -Wno-unused-parameter -Werror -o case case.c -lunicorn
        exits 2 "$kind: it cannot run" ./case
        check "$kind: it says why" grep -q 'needs the header of libunicorn 2.1' out.txt
    done
done

"$TWINWALK" gen --seed 1 >none.tw
refuses 'a case without a finding' \
    'none.tw: expected a program with a finding; its verdict is agree' \
    "$TWINWALK" emit none.tw
refuses 'no file' 'emit: expected one file' "$TWINWALK" emit
finish
