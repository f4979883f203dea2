#!/bin/sh
# SPDX-License-Identifier: MIT
# The check of the floors passes here, and fails on each planted violation.
set -eu

check='check-floors'
. "$(dirname "$0")/test-check.sh"

# plant NAME FILE LINE: a tree with one bad include.
plant()
{
    rm -rf "$tree"
    for folder in program oracle targets/softmmu fuzz reports cli; do
        mkdir -p "$tree/$folder"
        echo '#include <glib.h>' >"$tree/$folder/good.c"
        echo '#include "program/model.h"' >>"$tree/$folder/good.c"
    done
    echo '#include "oracle/judge.h"' >>"$tree/fuzz/good.c"
    echo '#include "targets/target.h"' >>"$tree/fuzz/good.c"
    if [ -n "$2" ]; then
        echo "$3" >"$tree/$2"
    fi
    expect "$([ -n "$2" ] && echo 1 || echo 0)" "$1" "$tree"
}

expect 0 'this tree' "$here/.."
plant 'a good tree' '' ''
plant 'program includes oracle' program/bad.h '#include "oracle/judge.h"'
plant 'program includes targets' program/bad.c '#include "targets/target.h"'
plant 'oracle includes targets' oracle/bad.c '#include "targets/target.h"'
plant 'oracle includes softmmu' oracle/bad.h \
    '#include "targets/softmmu/internal.h"'
plant 'targets include oracle' targets/softmmu/bad.c \
    '#include "oracle/world.h"'
plant 'targets include oracle, by a table' targets/softmmu/bad.def \
    '#include "oracle/world.h"'
plant 'targets include fuzz' targets/softmmu/bad.c '#include "fuzz/runner.h"'
plant 'oracle includes fuzz' oracle/bad.c '  #  include "fuzz/runner.h"'
plant 'fuzz includes cli' fuzz/bad.c '#include "cli/common.h"'
plant 'reports include cli' reports/bad.c '#include "cli/common.h"'
plant 'in angles' oracle/bad.c '#include <targets/target.h>'
plant 'around the corner' oracle/bad.c '#include "../targets/target.h"'
plant 'through a friend' oracle/bad.c \
    '#include "program/../targets/target.h"'
plant 'not from the root' oracle/bad.c '#include "world.h"'
echo "1..$number"
[ "$failures" -eq 0 ]
