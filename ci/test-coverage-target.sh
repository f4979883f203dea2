#!/bin/sh
# SPDX-License-Identifier: MIT
# ci/coverage-target on a stand-in for an emulator that is built with coverage: a
# program that gives the answers of twinwalk, and a library that it uses; built for
# clang's source coverage and for gcov.  TWINWALK is the command.
top=$(cd "$1" && pwd)
# shellcheck source=cli/test/test-lib.sh
. "$top/cli/test/test-lib.sh"
coverage=$top/ci/coverage-target
skip()
{
    echo "1..0 # SKIP $1"
    exit 0
}
for tool in clang llvm-readelf-14 lcov genhtml; do
    command -v $tool >/dev/null || skip "there is no $tool"
done

mkdir source library
# Of its three branches it takes two: once it has begun, it is not asked to begin.
cat >source/relay.c <<'END'
#include <stdio.h>
#include <stdlib.h>
#include "library.h"
int main(int argc, char **argv)
{
    if (argc < 2) {
        return 3; /* not reached */
    }
    begin();
    return system(argv[1]) ? 4 : 0;
}
END
echo 'void begin(void);' >source/library.h
cat >source/library.c <<'END'
#include "library.h"
static int begun;
void begin(void)
{
    if (begun) {
        begun = 2; /* not reached */
    }
    begun = 1;
}
END
mkdir gcov gcov-clang
# shellcheck disable=SC2016 # for another shell
(cd source && sh -ec 'llvm="-fprofile-instr-generate -fcoverage-mapping"
    clang relay.c library.c -o ../relay-plain
    clang $llvm relay.c library.c -o ../relay-llvm
    clang $llvm -fPIC -shared library.c -o ../library/libbegin.so.1 \
        -Wl,-soname,libbegin.so.1
    clang relay.c -o ../relay-library ../library/libbegin.so.1
    cd ../gcov
    gcc --coverage -c ../source/relay.c ../source/library.c
    gcc --coverage ./*.o -o relay
    cd ../gcov-clang
    clang --coverage -c ../source/relay.c ../source/library.c
    clang --coverage ./*.o -o relay') || skip 'a compiler has no coverage'

# shellcheck disable=SC2016 # for another shell
agent='"$TWINWALK" replay --as-target --target softmmu'
# covers NAME PROGRAM OBJECT
covers()
{
    exits 0 "$1: runs" "$coverage" --time 1s --out out \
        "exec:exec ./$2 '$agent'" "$3"
    check "$1: has pages" [ -f out/html/index.html ]
    check "$1: reached" grep -qx "SF:$4" out/lcov.info
    check "$1: the summary is JSON" python3 -c '
import json, sys
for file in json.load(open("out/summary.json"))["data"][0]["files"]:
    lines = file["summary"]["lines"]
    assert 0 < lines["covered"] < lines["count"], file'
    check "$1: leaves nothing" [ ! -e out/raw ]
}
covers 'clang, a program' relay-llvm relay-llvm relay.c
check 'a line that is not reached' grep -qx 'DA:7,0' out/lcov.info
covers 'clang, a library' relay-library library/libbegin.so.1 library.c
covers 'gcc' gcov/relay gcov relay.c
check 'a line that is not reached' grep -qx 'DA:7,0' out/lcov.info
check 'the build folder is left alone' [ -z "$(find gcov -name '*.gcda')" ]
GCOV='llvm-cov-14 gcov'
export GCOV
covers 'clang, for gcov' gcov-clang/relay gcov-clang relay.c
unset GCOV

refused()
{
    exits "$1" "$2" "$coverage" --time 1s --out refused "$3" "$4"
    check 'and says so' grep -q "^ci/coverage-target: $5" err.txt
}
refused 2 'built without coverage' softmmu "$work/relay-plain" \
    'expected an executable or library that was built with'
refused 2 'a folder without notes' softmmu source 'expected a build folder'
refused 2 'nothing there' softmmu nowhere 'expected a file or folder'
refused 2 'no such target' nosuch relay-llvm '.*expected'
refused 99 'an object that does not run' softmmu relay-llvm \
    'softmmu did not run'
refused 99 'a folder that does not run' softmmu gcov 'softmmu did not run'
refused 99 'a target that does not start' "exec:$work/nowhere" relay-llvm ''
exits 2 'no time' "$coverage" --time soon softmmu relay-llvm
exits 2 'no object' "$coverage" softmmu
mkdir mine
echo important >mine/file
exits 2 'a folder that is not its own' "$coverage" --out mine softmmu relay-llvm
check 'is left alone' grep -qx important mine/file
finish
