#!/bin/sh
# SPDX-License-Identifier: MIT
# The check of the rooms passes a tree without circles, and fails on each that
# is planted; it says which names make it.
set -eu

# shellcheck disable=SC2034 # test-check.sh uses it
check='check-rooms'
. "$(dirname "$0")/test-objects.sh"

put low/low.c 'int low(void) { return 1; }'
put low/more.c 'int low(void); int more(void) { return low(); }'
put high/high.c 'int low(void); int more(void);' \
    'int high(void) { return low() + more(); }'
put high/main.c 'int high(void); int main(void) { return high(); }'
put high/other.c 'int other(void); int main(void) { return other(); }'
put low/test-low.c 'int high(void); int other(void) { return high(); }'
try 0 'no circle' 'ci/check-rooms: 0 circles between rooms, 0 inside rooms'

put low/low.c 'int high(void); int low(void) { return high(); }'
try 1 'a circle of rooms' '      high (low.c uses it, high.c has it)'
try 1 'its rooms' '  high low'

put low/low.c 'extern int (*const hook)(void); int low(void) { return hook(); }'
put high/high.c 'int low(void); int high(void) { return low(); }' \
    'int (*const hook)(void) = high;'
try 1 'a circle by data' '      hook (low.c uses it, high.c has it)'

put low/low.c 'int more(void); int low(void) { return more(); }'
try 1 'a circle of files' 'a circle of 2 files in low/:'
try 1 'its files' '  low/low.c low/more.c'
try 1 'its names' '      low'

put low/low.c 'int top(void); int low(void) { return top(); }'
put mid/mid.c 'int low(void); int mid(void) { return low(); }'
put high/high.c 'int high(void) { return 0; }'
put top/top.c 'int mid(void); int top(void) { return mid(); }'
try 1 'a circle of three rooms' 'a circle of 3 rooms:'

option=
rm -rf "$tree/build"
mkdir "$tree/build"
number=$((number + 1))
if "$here/$check" "$tree/build" "$tree" >/dev/null 2>&1; then
    echo "not ok $number - no build"
    failures=$((failures + 1))
else
    echo "ok $number - no build"
fi
echo "1..$number"
[ "$failures" -eq 0 ]
