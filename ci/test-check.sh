# SPDX-License-Identifier: MIT
# shellcheck shell=sh
# For tests of a check: sourced with $check, the check's name, set.  Gives
# $tree, a folder for planted mistakes, and counts in $number and $failures.
here=$(cd "$(dirname "$0")" && pwd)
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
number=0
failures=0

# expect STATUS NAME FOLDER [LINE]: the output of the check contains LINE.  $option,
# if set, is an option for the check.
expect()
{
    number=$((number + 1))
    status=0
    "$here/$check" ${option-} "$3" >"$tree.out" 2>&1 || status=$?
    if [ "$status" -eq "$1" ] &&
        { [ -z "${4-}" ] || grep -qxF -e "$4" "$tree.out"; }; then
        echo "ok $number - $2"
    else
        echo "not ok $number - $2"
        sed 's/^/# /' "$tree.out"
        failures=$((failures + 1))
    fi
    rm -f "$tree.out"
}
