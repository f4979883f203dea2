# SPDX-License-Identifier: MIT
# shellcheck shell=sh
# For tests of a check that reads objects: test-check.sh, and a tree of C files
# that are compiled.  CC chooses the compiler (clang).
. "$(dirname "$0")/test-check.sh"

# put FILE LINE...: a C file.
put()
{
    file=$1
    shift
    mkdir -p "$tree/$(dirname "$file")"
    printf '%s\n' "$@" >"$tree/$file"
}

# try STATUS NAME [LINE]: compiles the tree, and checks it.
try()
{
    made='['
    for file in "$tree"/*/*.c; do
        ${CC:-clang} -w -c -o "${file%.c}.o" "$file"
        made="$made{\"directory\": \"$tree\", \"file\": \"$file\","
        made="$made \"output\": \"${file%.c}.o\"},"
    done
    mkdir -p "$tree/build"
    echo "${made%,}]" >"$tree/build/compile_commands.json"
    option=$tree/build
    expect "$1" "$2" "$tree" ${3+"$3"}
}
