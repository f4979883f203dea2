#!/bin/sh
# SPDX-License-Identifier: MIT
# ci/check-floors accepts this tree, and refuses each planted violation.
set -eu

check='check-floors'
. "$(dirname "$0")/test-check.sh"

# new_tree: a tree without a mistake.
new_tree()
{
    rm -rf "$tree"
    for folder in program oracle/walk oracle/world targets/softmmu fuzz \
        reports cli; do
        mkdir -p "$tree/$folder"
        echo '#include <glib.h>' >"$tree/$folder/good.c"
        echo '#include "program/model.h"' >>"$tree/$folder/good.c"
    done
    echo '#include "oracle/judge/judge.h"' >>"$tree/fuzz/good.c"
    echo '#include "targets/target.h"' >>"$tree/fuzz/good.c"
}

# plant NAME FILE LINE: a tree with one include that must be refused.
plant()
{
    new_tree
    echo "$3" >"$tree/$2"
    expect 1 "$1" "$tree"
}

# allow NAME FILE LINE: a tree with one include that must not be refused.
allow()
{
    new_tree
    echo "$3" >"$tree/$2"
    expect 0 "$1" "$tree"
}

expect 0 'this tree' "$here/.."

# Folders alone.
export TW_FLOORS='
program:
oracle:  program
targets: program
fuzz:    program oracle targets
reports: program oracle targets fuzz
cli:     program oracle targets fuzz reports
'
new_tree
expect 0 'a good tree' "$tree"
plant 'program includes oracle' program/bad.h '#include "oracle/judge/judge.h"'
plant 'program includes targets' program/bad.c '#include "targets/target.h"'
plant 'oracle includes targets' oracle/bad.c '#include "targets/target.h"'
plant 'oracle includes softmmu' oracle/bad.h \
    '#include "targets/softmmu/internal.h"'
plant 'targets include oracle' targets/softmmu/bad.c \
    '#include "oracle/world/world.h"'
plant 'targets include oracle, by a table' targets/softmmu/bad.def \
    '#include "oracle/world/world.h"'
plant 'targets include fuzz' targets/softmmu/bad.c '#include "fuzz/run/runner.h"'
plant 'oracle includes fuzz' oracle/bad.c '  #  include "fuzz/run/runner.h"'
plant 'fuzz includes cli' fuzz/bad.c '#include "cli/common/common.h"'
plant 'reports include cli' reports/bad.c '#include "cli/common/common.h"'
plant 'in angles' oracle/bad.c '#include <targets/target.h>'
plant 'in angles, around the corner' oracle/bad.c \
    '#include <sys/../../targets/target.h>'
plant 'around the corner' oracle/bad.c '#include "../targets/target.h"'
plant 'through a friend' oracle/bad.c \
    '#include "program/../targets/target.h"'
plant 'not from the root' oracle/bad.c '#include "world.h"'
allow 'another folder without a row' oracle/walk/good.h \
    '#include "oracle/world/good.h"'
rm -rf "$tree/reports"
expect 1 'a row names a folder that is not there' "$tree" \
    'ci/check-floors: a row names reports, which is not there'

# With rooms: walk stands on world, test files of walk may use the level above.
export TW_FLOORS='
program:
oracle: program oracle/walk oracle/world
oracle/world: program
oracle/walk: program oracle/world oracle/.
oracle/walk/test-: program oracle
'
plant 'a room includes one above it' oracle/world/bad.c \
    '#include "oracle/walk/walk.h"'
plant 'a room includes the folder that it is in' oracle/world/bad.c \
    '#include "oracle/judge/judge.h"'
plant 'a room includes a test of its own' oracle/walk/bad.c \
    '#include "oracle/walk/test-support.h"'
plant 'a room includes a folder beside those of "folder/."' oracle/walk/bad.c \
    '#include "oracle/other/file.h"'
allow 'a room includes one below it' oracle/walk/good.h \
    '#include "oracle/world/world.h"'
allow 'a room includes itself' oracle/walk/good.h \
    '#include "oracle/walk/walk.h"'
allow 'a room includes the files of "folder/."' oracle/walk/good.h \
    '#include "oracle/oracle.h"'
allow 'the folder includes its room' oracle/good.h \
    '#include "oracle/walk/walk.h"'
allow 'a test includes what its room may not' oracle/walk/test-good.c \
    '#include "oracle/judge/judge.h"'
echo "1..$number"
[ "$failures" -eq 0 ]
