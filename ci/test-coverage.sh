#!/bin/sh
# SPDX-License-Identifier: MIT
# ci/lcov on coverage made by hand, and what ci/coverage refuses.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
number=0
failures=0

# expect CODE NAME COMMAND...: its output is in out.txt.
expect()
{
    wanted=$1
    name=$2
    shift 2
    number=$((number + 1))
    code=0
    "$@" >out.txt 2>&1 || code=$?
    if [ "$code" -eq "$wanted" ]; then
        echo "ok $number - $name"
    else
        echo "not ok $number - $name"
        echo "# exit code $code, not $wanted: $*"
        sed 's/^/# /' out.txt
        failures=$((failures + 1))
    fi
}

# Ten lines and four branches of oracle/walk/walk.c, of which $1 and $2 are reached;
# two lines of fuzz/run.c.
made()
{
    echo 'SF:oracle/walk/walk.c'
    echo 'FN:1,walk.c:first'
    echo 'FN:6,walk.c:second'
    for i in 1 2 3 4 5 6 7 8 9 10; do
        echo "DA:$i,$((i <= $1))"
    done
    for i in 1 2 3 4; do
        echo "BRDA:2,0,$i,$([ "$i" -le "$2" ] && echo 7 || echo -)"
    done
    echo end_of_record
    printf 'SF:fuzz/run.c\nFN:1,run\nDA:1,3\nDA:2,0\nend_of_record\n'
}
made 8 3 >old
made 10 4 >wider
made 4 3 >less
made 8 2 >ways

# out.txt has this line (a basic regular expression).
has()
{
    cp out.txt said.txt
    expect 0 "$1" grep -x "$2" said.txt
    cp said.txt out.txt
}

expect 0 'folders' "$here/lcov" folders old
has 'of one' 'oracle  *10  *80\.00 %  *4  *75\.00 %'
has 'without branches' 'fuzz  *2  *50\.00 %  *0  *\.'
has 'of all' 'all  *12  *75\.00 %  *4  *75\.00 %'

expect 0 'a summary' "$here/lcov" summary old
has 'of files and of all' '.*{"filename":"fuzz/run.c","summary":{"lines":{"count":2,"covered":1},"branches":{"count":0,"covered":0}}}.*"totals":{"lines":{"count":12,"covered":9},"branches":{"count":4,"covered":3}}}]}'

expect 0 'nothing has changed' "$here/lcov" diff old old
expect 0 'and nothing is said' test ! -s out.txt
expect 0 'more' "$here/lcov" diff old wider
has 'is gained' \
    'oracle/walk/walk.c: lines lost 0 gained 2, branches lost 0 gained 1'
expect 10 'lines lost' "$here/lcov" diff old less
has 'says which' 'oracle/walk/walk.c: lines lost 4 gained 0, branches lost 0 gained 0; lost: 5 6 7 8'
has 'and where' 'oracle: line coverage 40\.00 %, was 80\.00 %: a drop of more than 0\.5 %'
expect 0 'within the limit' "$here/lcov" diff old less 40
expect 10 'branches lost' "$here/lcov" diff old ways 24.9
has 'says how many' 'oracle: branch coverage 50\.00 %, was 75\.00 %: a drop of more than 24\.9 %'
sed 's/walk\.c$/went.c/' old >moved
expect 0 'a file that is gone' "$here/lcov" diff old moved
has 'is named' 'oracle/walk/walk.c: gone'
has 'and a new one' 'oracle/walk/went.c: new, 8 of 10 lines'
sed '/^DA:10,/d' old >shorter
expect 10 'a file that has changed' "$here/lcov" diff wider shorter
has 'is compared by numbers' 'oracle/walk/walk.c: changed, lines 8 of 9 (were 10 of 10), branches 3 of 4 (were 4 of 4)'

echo '# none' >none
expect 10 'no reason' "$here/lcov" unreached old none
has 'names the function' 'oracle/walk/walk.c second: 9 10: no reason is given'
echo 'oracle/walk/walk.c second out of memory' >list
expect 0 'a reason' "$here/lcov" unreached old list
has 'is told' 'oracle/walk/walk.c second: 9 10: out of memory'
expect 0 'a reason too many' "$here/lcov" unreached wider list
has 'can go' 'oracle/walk/walk.c second: reached; its reason can go'
echo 'oracle/walk/walk.c second' >bad
expect 2 'a list without a reason' "$here/lcov" unreached old bad
has 'names the line' 'bad:1: expected a file, a function and a reason'

expect 2 'no lcov' "$here/lcov" folders list
expect 2 'no such file' "$here/lcov" diff old nowhere
expect 2 'no percentage' "$here/lcov" diff old wider few
expect 2 'no such verb' "$here/lcov" fold old
expect 0 'a help' "$here/coverage" --help
has 'names its options' '[-]-time   *total time .*'
expect 2 'no time' "$here/coverage" --time soon
expect 2 'no percentage of its own' "$here/coverage" --limit few
expect 2 'too short' "$here/coverage" --time 5
expect 2 'no older run' "$here/coverage" --against "$work/nowhere"
expect 2 'no such option' "$here/coverage" --fast yes
expect 2 'an object of no target' "$here/coverage" --object "$work/old"
expect 2 'no such object' "$here/coverage" --object softmmu=nowhere
mkdir mine
echo important >mine/file
expect 2 'a folder that is not its own' "$here/coverage" --out "$work/mine"
expect 0 'is left alone' grep -qx important mine/file
echo "1..$number"
[ "$failures" -eq 0 ]
