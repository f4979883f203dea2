#!/bin/sh
# SPDX-License-Identifier: MIT
# ci/check-targets accepts a harness that was built for libFuzzer with
# AddressSanitizer, and refuses it if one property of the build is wrong:
# ci/test-real-targets.sh [--quick] FOLDER.  FOLDER is the output of
# `ci/check-oss-fuzz --work FOLDER libfuzzer address`.  --quick leaves out the tests
# that compile everything anew, a minute or two.
set -eu

top=$(cd "$(dirname "$0")/.." && pwd)
quick=no
if [ "${1-}" = --quick ]; then
    quick=yes
    shift
fi
if [ $# -ne 1 ] || [ ! -d "$1/elsewhere" ]; then
    echo 'ci/test-real-targets.sh: expected a folder that' \
        'ci/check-oss-fuzz libfuzzer address has built' >&2
    exit 2
fi
folder=$(cd "$1" && pwd)
# The last build, if there are several.
# shellcheck disable=SC2012 # no odd names
build=$(ls -dt "$folder/work"/twinwalk-* | head -n 1)
name=static_fuzzer
# Inside, since compilers are given paths relative to $build.
work=$folder/work/broken
rm -rf "$work"
mkdir -p "$work/out"
cp "$folder/elsewhere/$name"* "$work/out"
echo $name >"$work/manifest"
ninja -C "$build" -t commands "fuzz/$name" | grep -v '^ninja:' >"$work/commands"
number=0
failures=0

# links COMMANDS [SED-EXPRESSION]: the harness, in the folder that it is run in.
links()
{
    tail -n 1 "$1" | sed -e "s|-o fuzz/$name |-o $work/out/$name |" \
        ${2+-e "$2"} >"$work/link"
    grep -q -e "-o $work/out/$name " "$work/link"
    sh "$work/link"
}

looks()
{
    status=0
    "$top/ci/check-targets" --manifest "$work/manifest" --root "$top" \
        --root "$folder/work" --root "$folder/out" "$work/out" libfuzzer \
        address x86_64 >"$work/log" 2>&1 || status=$?
}

report()
{
    number=$((number + 1))
    if [ "$1" -eq 0 ]; then
        echo "ok $number - $2"
    else
        echo "not ok $number - $2"
        sed 's/^/# /' "$work/log"
        failures=$((failures + 1))
    fi
}

takes()
{
    looks
    report "$status" "$1"
}

# refuses NAME PATTERN: with a line of this pattern, and of no other.
refuses()
{
    looks
    grep '^ci/check-targets: ' "$work/log" >"$work/lines" || true
    if [ "$status" -eq 1 ] && [ -s "$work/lines" ] &&
        ! grep -qv "^ci/check-targets: $name: $2" "$work/lines"; then
        report 0 "$1"
        sed 's/^/# /' "$work/lines"
    else
        report 1 "$1"
    fi
}

cd "$build"
takes 'as it was built'
rm "$work/out/$name"
refuses 'removed' 'is on the manifest, and was not built'
links "$work/commands"
takes 'linked again'
links "$work/commands" 's|[^ ]*/libglib-2\.0\.a|-lglib-2.0|'
refuses 'with a shared library' 'needs the shared library libglib-2\.0\.so'

echo "static const char root[] __attribute__((used)) = \"$top/data\";" \
    >"$work/root.h"
grep -e " -c .*/fuzz/$name\.c\$" "$work/commands" | sed -e 's/ -M[DQF]\( fuzz[^ ]*\)*//g' \
    -e "s| -o [^ ]* | -o $work/root.o -include $work/root.h |" >"$work/compile"
sh "$work/compile"
links "$work/commands" "s|fuzz/$name\.p/$name\.c\.o|$work/root.o|"
# And that of root.h.
refuses 'with a path baked in' \
    "names the folder \\($top\\|$folder/work\\)/, where it was built"

# drops NAME FLAGS PATTERN: compiled without these flags, linked with them.
drops()
{
    mkdir "$work/twinwalk"
    cd "$work/twinwalk"
    # Objects and what is made for them, in the same folders.
    (cd "$build" && find . -name meson-private -prune -o -type d -print) |
        xargs mkdir -p
    for made in fuzz/known-builtin.inc fuzz/by-cxx.cc; do
        cp "$build/$made" $made
    done
    # One folder deeper than the build was.
    grep -e ' -c ' "$work/commands" | sed -e "s/$2//g" \
        -e 's| \(-I\)\{0,1\}\.\./| \1../../|g' >"$work/compile"
    if grep -q -e "$2" "$work/compile" ||
        ! xargs -d '\n' -n 1 -P "$(nproc)" sh -c <"$work/compile" \
            >"$work/log" 2>&1; then
        report 1 "$1: expected it to be compiled"
    else
        grep -e ' llvm-ar \| ar ' "$work/commands" >"$work/archive"
        sh "$work/archive"
        links "$work/commands"
        refuses "$1" "$3"
    fi
    cd "$build"
    rm -rf "$work/twinwalk"
}

if [ $quick = no ]; then
    drops 'without AddressSanitizer' \
        ' -fsanitize=address -fsanitize-address-use-after-scope' \
        '[0-9]* calls of AddressSanitizer, expected 1000 at least'
    drops 'without counters' ' -fsanitize=fuzzer-no-link' \
        '\([0-9]* edges, expected 100 at least\|does not run four times\)'
fi
rm -rf "$work"
echo "1..$number"
[ "$failures" -eq 0 ]
