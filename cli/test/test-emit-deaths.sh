#!/bin/sh
# SPDX-License-Identifier: MIT
# twinwalk emit for Unicorn: a library that dies or hangs in a call, on purpose, is emitted; the
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

# A library that dies or hangs in a call: the program says in which.
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
for kind in segv loop; do
    export PROVOKE=$kind PROVOKE_AT=203000
    # shellcheck disable=SC2153
    check "$kind is emitted" env LD_PRELOAD="$PROVOKER" "$TWINWALK" emit \
        --timeout 500 --target unicorn provoke.tw -o case.c
    # shellcheck disable=SC2086
    check "$kind compiles" $CC -Wall -Wextra -Werror -o case case.c -lunicorn
    exits 1 "$kind: the program sees it" env LD_PRELOAD="$PROVOKER" ./case
    words='Segmentation fault'
    [ $kind = segv ] || words='none within 10 s'
    check "$kind: it says where" \
        grep -q "expected: a return; got: $words in uc_mem_protect" out.txt
    exits 0 "$kind: not without the defect" ./case
    unset PROVOKE PROVOKE_AT
done
finish
