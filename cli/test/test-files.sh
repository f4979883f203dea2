#!/bin/sh
# SPDX-License-Identifier: MIT
# Files that are written: what they keep of the files that they replace, and a
# full disk.  Names of files on a terminal.  Numbers that mean nothing.
# $1: corpus.
# shellcheck source=cli/test/test-lib.sh
. "$(dirname "$0")/test-lib.sh"

corpus=$1
slug=rights-not-anded
case=$corpus/zoo/$slug.tw
target=zoo:$slug
found="--target $target"

# fmt -i: owner, mode and links stay.
printf 'twinwalk 1\n  script\n' >plain.tw
cp plain.tw mode.tw
chmod 640 mode.tw
ln -s mode.tw link.tw
exits 0 'fmt -i through a link' "$TWINWALK" fmt -i link.tw
check 'the link is a link' [ -L link.tw ]
check 'the file is formatted' "$TWINWALK" fmt --check mode.tw
check 'the mode is as it was' [ "$(stat -c %a mode.tw)" = 640 ]
if chown 12345:54321 plain.tw 2>/dev/null; then
    cp plain.tw owner.tw
    chown 12345:54321 owner.tw
    exits 0 'fmt -i of a file of somebody else' "$TWINWALK" fmt -i owner.tw
    check 'the owner is as it was' \
        [ "$(stat -c %u:%g owner.tw)" = 12345:54321 ]
fi
(umask 027 && "$TWINWALK" gen -o new.tw)
check 'a new file has the mode of a new file' [ "$(stat -c %a new.tw)" = 640 ]
mkfifo pipe
timeout 20 cat pipe >from-pipe &
exits 0 'a pipe is written to' "$TWINWALK" gen -o pipe
wait
check 'and stays a pipe' [ -p pipe ]
check 'and got it all' "$TWINWALK" fmt --check from-pipe

# A full disk is exit code 99, whatever is written: a file, a device,
# standard output.
for words in "gen" "encode $case" "draw $found $case" "emit $found $case" \
    "min $found $case"; do
    # shellcheck disable=SC2086 # words
    exits 99 "$words -o /dev/full" "$TWINWALK" $words -o /dev/full
    check 'one line' [ "$(grep -c 'No space left' err.txt)" -eq 1 ]
    check 'the device is one still' [ -c /dev/full ]
done
for words in "check $found $case --junit" "triage $found $case --junit" \
    "triage $found $case --sarif"; do
    # shellcheck disable=SC2086 # words
    exits 99 "$words /dev/full" "$TWINWALK" $words /dev/full
done
refuses 'run --coverage /dev/full' '/dev/full: expected a file of coverage' \
    timeout 60 "$TWINWALK" run --programs 9 --coverage /dev/full --out cov
refuses 'exhaust --resume /dev/full' '/dev/full: expected a file' \
    timeout 60 "$TWINWALK" exhaust --length 1 --resume /dev/full
check 'the device is still there' [ -c /dev/full ]
"$TWINWALK" run --programs 50 --coverage situations --jobs 1 >/dev/null 2>&1
"$TWINWALK" triage --target "$target" "$case" --store store.db >/dev/null 2>&1 || true
for words in run\ --programs\ 9 "replay $case" "replay --json $case" \
    "check $case" "check --json $case" "min $found $case" \
    "explain $found $case" "draw $case" "emit $found $case" gen "fmt $case" \
    "encode $case" targets 'targets --json' "zoo $slug" \
    'exhaust --length 1' "triage $found --store other.db $case" \
    'cover situations' 'report --store store.db --out page' \
    --help --version 'gen --help'; do
    status=0
    # shellcheck disable=SC2086 # words
    "$TWINWALK" $words >/dev/full 2>err.txt </dev/null || status=$?
    result "$([ $status -eq 99 ]; echo $?)" "$words >/dev/full"
    [ $status -eq 99 ] || sed 's/^/# /' err.txt
done

# limited CODE NAME COMMAND...: with files of at most 1 KiB.
limited()
{
    code=$1
    name=$2
    shift 2
    # shellcheck disable=SC2016 # of the other shell
    exits "$code" "$name, no room" sh -c 'trap "" XFSZ; ulimit -f 2; exec "$@"' \
        - "$@"
}
limited 99 'draw -o' "$TWINWALK" draw "$case" -o drawing.svg
check 'nothing is left' [ ! -e drawing.svg ]
limited 99 'run --coverage' "$TWINWALK" run --programs 200 --jobs 1 \
    --coverage covered --out none
limited 99 'triage --store' "$TWINWALK" triage --target "$target" --store small.db "$case"
limited 99 'report' "$TWINWALK" report --store store.db --out small-page

# Names with what moves a terminal.
odd=$(printf 'a\033[31m\302\233b.tw')
cp "$case" "$odd"
clean='a?[31m?b.tw'
for verb in replay check explain min draw emit 'fmt --check' 'fmt -l' encode; do
    words="$verb $found"
    [ "${verb%% *}" != fmt ] || words=$verb
    # shellcheck disable=SC2086 # words
    "$TWINWALK" $words "$odd" \
        >out.txt 2>err.txt </dev/null || true
    status=0
    LC_ALL=C grep -q "$(printf '[\033\233]')" out.txt err.txt && status=1
    result $status "$verb says no control character"
done
exits 10 'replay of that name' "$TWINWALK" replay --target "$target" "$odd"
check 'says the rest' grep -qF "$clean: " out.txt
"$TWINWALK" min --target "$target" "$odd" -o shrunk.tw 2>/dev/null
check 'the origin in a case is clean' grep -qF "shrunk from $clean" shrunk.tw
bad=$(printf 'x\033]0;title\007.tw')
exits 2 'a file that is not there' "$TWINWALK" replay "$bad"
check 'is named without them' grep -qF 'x?]0;title?.tw' err.txt
# Its own folder, named so by the user.
"$TWINWALK" run --target "$target" --programs 400 --seed 1 --jobs 1 \
    --out "$(printf 'o\033[1mut')" >out.txt 2>err.txt || true
check 'run shows a clean folder' grep -qF 'o?[1mut/' out.txt
check 'and no other' [ "$(LC_ALL=C grep -c "$(printf '\033')" out.txt)" -eq 0 ]

# The number of keys under a table is that of its rows.
rows=$(grep -c '^  [A-Z][A-Za-z]* .*-1\.tw$' out.txt)
said=$(sed -n 's/.* finding, \([0-9]*\) different keys.*/\1/p' out.txt)
more=$(sed -n 's/.*; \([0-9]*\) more keys.*/\1/p' out.txt)
check 'as many keys as rows' [ "$rows" -eq $((said + ${more:-0})) ]

refuses '--timeout 0' '--timeout: expected milliseconds, 1 or more' \
    "$TWINWALK" replay --timeout 0 "$case"
refuses '--budget 0' '--budget: expected 1 or more' \
    "$TWINWALK" min --budget 0 --target "$target" "$case"
finish
