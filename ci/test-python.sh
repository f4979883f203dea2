#!/bin/sh
# SPDX-License-Identifier: MIT
# The check of the Python files passes here, and fails on each planted mistake.
set -eu

# shellcheck disable=SC2034 # test-check.sh uses it
check='check-python'
. "$(dirname "$0")/test-check.sh"

expect 0 'this tree' "$here/.."
expect 1 'a tree without any' "$tree" 'expected Python files'

# put FILE LINE...
put()
{
    file=$tree/$1
    shift
    mkdir -p "$(dirname "$file")"
    printf '%s\n' "$@" >"$file"
}
put a.py 'import os' 'from part import one' 'print(os.sep, one.LINE, __file__)'
put part/one.py 'from . import two' 'import beside' 'LINE = two.LINE + beside.B'
put beside.py 'B = 1'
put part/two.py 'def line():' '    global LINE' '    LINE = [x for x in "a"]'
expect 0 'files that are right' "$tree"

put script 'print = = 1'
expect 0 'what is no Python is not read' "$tree"
put script '#!/usr/bin/env python3' 'print = = 1'
expect 1 'no syntax, in a script without ending' "$tree" \
    'script:2: expected the syntax of Python 3.9'
put script '#!/usr/bin/env python3' 'type X = int'
expect 1 'syntax of a newer Python' "$tree" \
    'script:2: expected the syntax of Python 3.9'
rm "$tree/script"
put b.py 'def unused():' '    return lots(1)'
expect 1 'a name that is nowhere' "$tree" 'b.py:1: lots is used and not defined'
put b.py 'from os import path, sep' 'print(sep)'
expect 1 'an import that nothing uses' "$tree" \
    'b.py:1: path is imported and not used'
put b.py 'import numpy' 'print(numpy)'
expect 1 'a module that is not in the library' "$tree" \
    'b.py:1: expected the standard library or a file beside, not numpy'
put b.py 'from . import three' 'print(three)'
expect 1 'a part that is not there' "$tree" \
    'b.py:1: expected the standard library or a file beside, not .three'
echo "1..$number"
[ "$failures" -eq 0 ]
