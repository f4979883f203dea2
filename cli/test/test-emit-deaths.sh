#!/bin/sh
# SPDX-License-Identifier: MIT
# twinwalk emit for Unicorn: a library that dies, ends, stops or hangs in a call is emitted; the
# program runs the calls in a child and says in which of them.
# shellcheck source=cli/test/test-lib.sh
. "$(dirname "$0")/test-lib.sh"

CC=${CC:-cc}
if ! command -v "${CC%% *}" >/dev/null; then
    echo "1..0 # SKIP no compiler $CC"
    exit 0
fi
if [ "${TWINWALK_SANITIZED:-0}" = 1 ]; then
    echo '1..0 # SKIP a sanitizer has its own say about signals'
    exit 0
fi

# The program says in which.
cat >provoke.tw <<'END'
twinwalk 1
region r0 container size 2^64 root s0
region r1 ram size 0x4000 in r0 at 0x200000
mmu c0.0 space s0
setup
  page c0.0 0x200000 -> 0x200000 size 0x4000 rwx
script
  read c0.0 0x200000 1
  page c0.0 0x203000 -> 0x203000 size 0x1000 r
END
for kind in segv loop exit stop; do
    export PROVOKE=$kind PROVOKE_AT=203000
    # shellcheck disable=SC2153
    check "$kind is emitted" env LD_PRELOAD="$PROVOKER" "$TWINWALK" emit \
        --timeout 500 --target unicorn provoke.tw -o case.c
    # shellcheck disable=SC2086
    check "$kind compiles" $CC -Wall -Wextra -Werror -o case case.c -lunicorn
    exits 1 "$kind: the program sees it" env LD_PRELOAD="$PROVOKER" ./case
    case $kind in
    segv) words='Segmentation fault' ;;
    loop) words='none within 10 s' ;;
    exit) words='the process ended with exit status 3' ;;
    stop) words='the process stopped' ;;
    esac
    check "$kind: it says where" \
        grep -q "expected: a return; got: $words in uc_mem_protect" out.txt
    exits 0 "$kind: not without the defect" ./case
    unset PROVOKE PROVOKE_AT
done

# A library that dies in uc_emu_start, after the hook that it called has returned.
cat >after.tw <<'END'
twinwalk 1
contents code
region r0 ram size 0x1000 root s0
mmu c0.0 space s0
setup
  page c0.0 0x0 -> 0x0 size 0x1000 rw
script
  exec c0.0 0x0 8
  during page c0.0 0x0 -> 0x0 size 0x1000 rx
END
if "$TWINWALK" replay --target unicorn after.tw | grep -q ': crash '; then
    check "after a hook: it is emitted" "$TWINWALK" emit --target unicorn after.tw -o case.c
    check "after a hook: the title" grep -q '^ \* uc_emu_start: the process died of' case.c
    check "after a hook: the run is marked" \
        sh -c 'grep -A2 "This goes wrong" case.c | grep -q "run(CALL"'
    # shellcheck disable=SC2086
    check "after a hook: it compiles" $CC -o case case.c -lunicorn
    exits 1 "after a hook: the program sees it" ./case
    check "after a hook: it says where" grep -q 'in uc_emu_start, after the hook returned' out.txt
fi
finish
