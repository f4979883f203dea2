#!/bin/sh
# SPDX-License-Identifier: MIT
# The check of the headers passes here, and fails on each planted header that
# needs another one.  CC chooses the compiler (clang).
set -eu

# shellcheck disable=SC2034 # test-check.sh uses it
check='check-headers'
. "$(dirname "$0")/test-check.sh"

expect 0 'this tree' "$here/.."
mkdir "$tree/a"
echo 'typedef int TwA;' >"$tree/a/a.h"
echo '#include "a/a.h"' >"$tree/a/a.c"
echo 'typedef TwA TwB;' >"$tree/a/b.h"
expect 1 'nobody includes it' "$tree" 'a/b.h: does not compile alone'
printf '#include "a/a.h"\n#include "a/b.h"\n' >"$tree/a/b.c"
expect 1 'a file includes it second' "$tree" 'a/b.h: does not compile alone'
printf '#include "a/b.h"\n' >"$tree/a/part.c"
printf '#include "a/a.h"\n#include "a/part.c"\n' >"$tree/a/whole.c"
expect 1 'a part of a file includes it first' "$tree" \
    'a/b.h: does not compile alone'
printf '#include "a/a.h"\ntypedef TwA TwB;\n' >"$tree/a/b.h"
expect 0 'it includes what it needs' "$tree"
echo "1..$number"
[ "$failures" -eq 0 ]
