#!/bin/sh
# SPDX-License-Identifier: MIT
# --library: another libunicorn than the installed one, by its path.  $1: corpus;
# PROVOKER: a libunicorn that gives the version that VERSION names; EMULATORS: the
# command that lists newer ones.
# shellcheck source=cli/test/test-lib.sh
. "$(dirname "$0")/test-lib.sh"
corpus=$1
case=$corpus/unicorn/PrmUnicornRd.tw
cp "$PROVOKER" lib.so

# refused NAME PATTERN FILE: one line, exit code 2.
refused()
{
    exits 2 "$1" "$TWINWALK" replay --target unicorn --library "$3" "$case"
    check 'says so' grep -q "^twinwalk: --library $3: expected .*$2" err.txt
    check 'in one line' test "$(wc -l <err.txt)" -eq 1
}
refused 'no such file' 'No such file' ./none.so
refused 'a folder' 'it is not a file' /tmp
refused 'a text' 'not an ELF file' "$case"
echo 'int here;' >part.c
# shellcheck disable=SC2086 # words
$CC -c part.c -o part.o
refused 'an object' 'another kind' part.o
# shellcheck disable=SC2086 # words
$CC -shared -fPIC part.c -o other.so
refused 'another library' 'it has no uc_open' ./other.so
cp lib.so foreign.so
# The machine in the head of the file: one that does not exist.
printf '\376\376' | dd of=foreign.so bs=1 seek=18 conv=notrunc 2>/dev/null
refused 'another architecture' 'it is for ELF machine 65278, not for ' foreign.so
head -c 4096 lib.so >short.so
refused 'a file that is cut off' 'its end is missing' short.so
VERSION=3.0.0
export VERSION
refused 'a newer major version' 'version 2 of libunicorn, not 3.0' lib.so
VERSION=1.3.0
refused 'an older one' 'version 2 of libunicorn, not 1.3' lib.so
unset VERSION
exits 2 'what is loaded for all' env LD_PRELOAD="$PROVOKER" \
    "$TWINWALK" targets --target unicorn --library lib.so
check 'says so' grep -q 'expected no other libunicorn' err.txt
exits 2 'a target without it' \
    "$TWINWALK" targets --target softmmu --library lib.so
check 'says so' grep -q 'softmmu: expected no --library' err.txt

# All targets of libunicorn take it.
VERSION=2.0.7
export VERSION
for target in unicorn unicorn:x86-64@high unicorn-ab; do
    exits 0 "$target" "$TWINWALK" targets --target $target --library lib.so
    check 'has its version' grep -qx 'version 2.0.7' out.txt
done
for target in unicorn-vtlb unicorn-snapshot; do
    exits 99 "$target" "$TWINWALK" targets --target $target --library lib.so
    check 'needs a newer one' \
        grep -q "$target: expected libunicorn 2.1 or newer; this is 2.0.7" err.txt
done
unset VERSION

# Cases and stores say which library it was.
exits 10 'a campaign' "$TWINWALK" run --target unicorn --library lib.so --no-known \
    --seed 4 --programs 60 --jobs 1 --out found --store store
found=$(find found -name '*.tw' | sort | head -n 1)
check 'a case says which library it was' \
    grep -q '^# see it: twinwalk replay --target unicorn --library lib.so ' "$found"
check 'and so does the command of a store' \
    "$TWINWALK" report --store store -o page
check 'on its page' grep -rq -e '--library lib.so' page
# shellcheck disable=SC2016 # the inner shell expands it
exits 10 'replay with the words of the case' sh -c \
    "$(sed -n 's/^# see it: twinwalk \(.*\) THIS-FILE$/"$TWINWALK" \1/p' "$found") \
    --no-known $found"
exits 0 'min' "$TWINWALK" min --target unicorn --library lib.so --no-known \
    "$found" -o small.tw
check 'keeps the library' grep -q '^# see it: .*--library lib.so' small.tw

# A version newer than the list of known divergences: its newest entries count, and
# each command says so once.
cat >one.known <<'END'
[A-read-revoked]
target=unicorn
versions=*
keys=PrmUnicornRd*
path=read-revoked;not-readable;read-again
reason=mine
link=here
expires=2999-12-31
END
sed 's/^expires=.*/expires=2001-02-03/; s/^.A-.*/[mine]/' one.known >old.known
# told CODE NAME COMMAND...: with version 2.9.0.
told()
{
    code=$1
    name=$2
    shift 2
    exits "$code" "$name" env VERSION=2.9.0 "$TWINWALK" "$@"
    check 'it is told that the list is older' grep -q \
        '^twinwalk: unicorn 2.9.0 is newer than the known divergences (built-in list: 2\.[0-9.]*): ' \
        err.txt
    check 'once' test "$(grep -c 'is newer than' err.txt)" -eq 1
}
told 0 'replay' replay --target unicorn --library lib.so "$case"
check 'has the known divergence' grep -q 'known: A-read-revoked: .*README' out.txt
told 0 'check' check --target unicorn --library lib.so "$case"
told 0 'min' min --target unicorn --library lib.so "$case" -o small.tw
told 0 'explain' explain --target unicorn --library lib.so "$case"
told 0 'draw' draw --target unicorn --library lib.so "$case" -o case.svg
check 'has it in the drawing' grep -q 'known: A-read-revoked' case.svg
# (2.0.1 does not do what is asked of a 2.9.0.)
told 10 'run' run --target unicorn --library lib.so --seed 3 --programs 40 --jobs 1 \
    --out newer
told 0 'triage' triage --target unicorn --library lib.so --jobs 1 --store newer.db \
    "$case"
told 0 'gen' gen --target unicorn --library lib.so
exits 10 'without the lists' env VERSION=2.9.0 "$TWINWALK" replay --no-known \
    --target unicorn --library lib.so "$case"
check 'nothing is told' sh -c '! grep "^twinwalk:" err.txt'

# --known with --no-known: only that list.  With the built-in one: an entry of the
# same name takes its place.
for both in '--no-known' ''; do
    # shellcheck disable=SC2086 # words, or none
    exits 0 "one list $both" "$TWINWALK" explain --target unicorn --library lib.so \
        $both --known one.known "$case"
    check 'has its entry' grep -q 'known: A-read-revoked: mine (here)' out.txt
done
sed 's/^.A-.*/[second]/' one.known >second.known
exits 0 'two entries match' "$TWINWALK" replay --no-known --known one.known \
    --known second.known --target unicorn --library lib.so "$case"
check 'replay names both' [ "$(grep -cx \
    '  \(known: A-read-revoked\|or: second\): mine (here)' out.txt)" -eq 2 ]
sed -i 's/^keys=.*/keys=Never/' one.known
exits 10 'a list alone that does not have it' "$TWINWALK" replay --no-known \
    --known one.known --target unicorn --library lib.so "$case"
check 'and says so' sh -c '! grep known: out.txt'
exits 10 'with the built-in one, whose entry it replaces' "$TWINWALK" replay --known one.known \
    --target unicorn --library lib.so "$case"
check 'the replaced entry does not count' sh -c '! grep known: out.txt'
told 0 'triage reminds of old entries' triage --target unicorn --library lib.so \
    --jobs 1 --store older.db --known old.known "$case"
check 'and does' grep -q 'known divergence mine expired on 2001-02-03' err.txt
exits 2 'draw of a case that is not run' "$TWINWALK" draw --no-run --no-known \
    --target unicorn --library lib.so "$case"
check 'says so' grep -q 'draw: expected --no-run without --known' err.txt

# Those that ci/emulators has made.
"$EMULATORS" --list 2>/dev/null | sed -n 's/^libunicorn-//p' >libraries || true
if [ ! -s libraries ]; then
    number=$((number + 1))
    echo "ok $number # skip ci/emulators has made no libunicorn"
fi
while read -r suite version path; do
    version=${version%%[!0-9.]*}
    exits 0 "$suite" "$TWINWALK" targets --target unicorn --library "$path"
    check "is $version" grep -qx "version $version" out.txt
    for target in unicorn-vtlb unicorn-snapshot; do
        exits 0 "$target of $suite" "$TWINWALK" targets --target $target \
            --library "$path"
        exits 10 'which has defects' "$TWINWALK" run --target $target \
            --library "$path" --no-known --seed 1 --programs 300 --jobs 1
    done
done <libraries
finish
