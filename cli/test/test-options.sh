#!/bin/sh
# SPDX-License-Identifier: MIT
# What all verbs share: options of one letter, words that are nearly right,
# configuration files, completion, colours, and the format number of JSON.
# $1: the folder of the completion scripts.
completion=$1
# shellcheck source=cli/test/test-lib.sh
. "$(dirname "$0")/test-lib.sh"

# Letters with their values.
exits 0 '-n20 -j2' "$TWINWALK" run -n20 -j2 --statistics
check 'twenty programs, two jobs' grep -q '^20 programs in ' out.txt
check 'and two jobs' grep -q ', 2 jobs$' out.txt
exits 0 'a cluster of letters' "$TWINWALK" gen -s5 -ocase.tw
check 'is written' [ -s case.tw ]
exits 0 'a value that looks like an option' "$TWINWALK" gen -o -n20
check 'is the value' [ -s -n20 ]
exits 0 'letters behind --' "$TWINWALK" fmt -- -n20
refuses 'no number' '-j: expected a whole number, not "x"' "$TWINWALK" run -jx
refuses 'no value' '--programs: expected a value' "$TWINWALK" run --programs

# Words that are nearly right.
refuses 'a verb' 'expected a verb, not "rnu"; did you mean run?' "$TWINWALK" rnu
refuses 'a verb like no other' 'expected a verb, not "quux" (see' "$TWINWALK" quux
refuses 'an option' 'unknown option --tagret; did you mean --target?' \
    "$TWINWALK" run --tagret softmmu
refuses 'an option like no other' 'unknown option --quux (see' \
    "$TWINWALK" run --quux
refuses 'a target' 'unknown target "softmu": expected .*; did you mean softmmu?' \
    "$TWINWALK" run --target softmu
refuses 'a bug' 'unknown target "zoo:rights-not-andd": .*; did you mean zoo:rights-not-anded?' \
    "$TWINWALK" run --target zoo:rights-not-andd

# help and version.
exits 0 'help VERB' "$TWINWALK" help min
cp out.txt help.txt
exits 0 'VERB --help' "$TWINWALK" min --help
check 'are the same' cmp help.txt out.txt
refuses 'help for no verb' 'expected a verb, not "mim"; did you mean min?' \
    "$TWINWALK" help mim
exits 0 'version' "$TWINWALK" version
cp out.txt version.txt
exits 0 '--version' "$TWINWALK" --version
check 'are the same, too' cmp version.txt out.txt
exits 0 '--help-target' "$TWINWALK" run --help-target
check 'shows options of targets' grep -q '^  --flush=MODE ' out.txt

# Configuration files.
user=$PWD/user
mkdir -p "$user/twinwalk" here
# configured COMMAND...: in the folder "here", with files that count.
configured()
{
    (
        cd here
        env -u TWINWALK_CONFIG XDG_CONFIG_HOME="$user" "$@"
    )
}
printf '# one bug\ntarget = zoo:rights-not-anded\njobs = 2\nflush = page\n' \
    >"$user/twinwalk/config"
exits 0 'the file of the user' configured "$TWINWALK" gen -s1
exits 10 'a campaign takes its target' configured "$TWINWALK" run -n 300 -o found
check 'and says so' grep -q '^target zoo:rights-not-anded .* 2 jobs$' out.txt
check 'the cases name its options' grep -q \
    'replay --target zoo:rights-not-anded --flush page THIS-FILE' here/found/PrmZooWrRam-1.tw
exits 0 '--target counts before the file' configured "$TWINWALK" run -n 20 \
    --target softmmu -j 1
check 'and has none of its options' grep -q '^target softmmu .* 1 job$' out.txt
printf 'target=softmmu\nstore = findings.db\n' >here/.twinwalk
exits 0 'the file here counts before that of the user' configured \
    "$TWINWALK" run -n 20
check 'its target' grep -q '^target softmmu .* 2 jobs$' out.txt
check 'its store' [ -s here/findings.db ]
exits 0 'a harness has its own target' configured "$TWINWALK" replay \
    --harness text_fuzzer found/PrmZooWrRam-1.tw
exits 0 'run --continue has its options from its folder' configured \
    "$TWINWALK" run -n 20 -o gone
exits 0 'whatever the files say' configured "$TWINWALK" run --continue gone -n 20
check 'its target' grep -q '^target softmmu ' out.txt
printf 'known = list\n' >>"$user/twinwalk/config"
refuses 'a list is relative to the file' '.*user/twinwalk/list' \
    env -u TWINWALK_CONFIG XDG_CONFIG_HOME="$user" "$TWINWALK" run -n 1
exits 0 '--no-known ignores the list' env -u TWINWALK_CONFIG \
    XDG_CONFIG_HOME="$user" "$TWINWALK" run -n 1 --no-known --target softmmu
exits 0 'TWINWALK_CONFIG= ignores all' env TWINWALK_CONFIG= \
    XDG_CONFIG_HOME="$user" "$TWINWALK" run -n 20 -j 1
check 'the default target' grep -q '^target softmmu ' out.txt
printf 'targt = softmmu\n' >own
refuses 'an unknown key' 'own:1: expected .*, not "targt"; did you mean target?' \
    env TWINWALK_CONFIG=own "$TWINWALK" run -n 1
printf '\ntarget softmmu\n' >own
refuses 'a line without =' 'own:2: expected KEY = VALUE' \
    env TWINWALK_CONFIG=own "$TWINWALK" run -n 1
printf 'jobs = many\n' >own
refuses 'a wrong number' 'own:1: expected a number from 1 to 1024' \
    env TWINWALK_CONFIG=own "$TWINWALK" run -n 1
printf 'flush = never\n' >own
refuses 'a wrong value' 'own:1: --flush: expected all or page, not "never"' \
    env TWINWALK_CONFIG=own "$TWINWALK" run -n 1
printf 'jobs = 1\njobs = 2\n' >own
refuses 'a key twice' 'own:2: expected each key once' \
    env TWINWALK_CONFIG=own "$TWINWALK" run -n 1
refuses 'no file' '.*nowhere' env TWINWALK_CONFIG=nowhere "$TWINWALK" run -n 1
printf 'jobs = 1\n' >own
chmod o+w own
refuses 'a file that all may write' 'own: expected a file that belongs to you' \
    env TWINWALK_CONFIG=own "$TWINWALK" run -n 1

# Completion, as bash asks for it.  complete WORD...: what the last one can be.
if command -v bash >/dev/null; then
    cat >complete.bash <<'END'
source "$COMPLETION/twinwalk.bash"
COMP_WORDS=("$@")
COMP_CWORD=$(($# - 1))
_twinwalk
printf '%s\n' "${COMPREPLY[@]}"
END
    completes()
    {
        COMPLETION=$completion bash complete.bash "$TWINWALK" "$@" >completed.txt
    }
    completes r
    check 'bash completes verbs' [ "$(sort completed.txt | tr '\n' ' ')" = \
        'replay report run ' ]
    completes run --st
    check 'and options' [ "$(sort completed.txt | tr '\n' ' ')" = \
        '--start --statistics --steer --stop-at-finding --store ' ]
    completes run --target sof
    check 'and targets' [ "$(cat completed.txt)" = softmmu ]
    completes zoo be
    check 'and zoo bench' [ "$(cat completed.txt)" = bench ]
    completes zoo bench --tr
    check 'with its options' [ "$(cat completed.txt)" = --trials ]
    completes replay cas
    check 'and files' [ "$(cat completed.txt)" = case.tw ]
else
    number=$((number + 1))
    echo "ok $number - completion # SKIP no bash"
fi
if command -v zsh >/dev/null; then
    check 'zsh reads its completion' zsh -n "$completion/_twinwalk"
else
    number=$((number + 1))
    echo "ok $number - completion of zsh # SKIP no zsh"
fi

# Colours and widths on a terminal.  on_terminal COLUMNS COMMAND: into seen.txt.
on_terminal()
{
    columns=$1
    shift
    TERM=xterm script -qec "stty cols $columns; $*" seen.txt >/dev/null 2>&1 || true
}
if command -v script >/dev/null; then
    escape=$(printf '\033')
    on_terminal 60 "$TWINWALK run -n 300"
    check 'a terminal has colours' grep -q "$escape\[32m0 findings" seen.txt
    on_terminal 60 "NO_COLOR=1 $TWINWALK run -n 300"
    check 'NO_COLOR has none' sh -c "! grep -q '$escape\[32m' seen.txt && grep -q '^0 findings' seen.txt"
    on_terminal 60 "$TWINWALK run --time 3"
    check 'the status fits' sh -c "tr '\r' '\n' <seen.txt |
        grep 'left: findings' | sed 's/$escape\[K//' | awk 'length > 59 { exit 1 }'"
    check 'and says what is left' grep -q '[0-3] s left: findings' seen.txt
    on_terminal 60 "$TWINWALK help run"
    check 'help fits' sh -c "tr -d '\r' <seen.txt | grep -v '^Script' |
        awk 'length > 60 && !/^  --/ { exit 1 }'"
else
    number=$((number + 1))
    echo "ok $number - terminals # SKIP no script"
fi

# JSON.
"$TWINWALK" gen -o any.tw
for words in 'run -n 9' 'replay any.tw' 'explain any.tw' 'check any.tw' targets \
    'exhaust --length 2' 'cover --fields --programs 9' 'zoo tie-oldest-wins' \
    'bench --seconds 0.1' 'bench --scale --seconds 0.1' 'sweep any.tw' 'triage --store t.db any.tw'; do
    # shellcheck disable=SC2086 # words
    "$TWINWALK" $words --json >json.txt 2>err.txt || true
    check "the JSON of ${words%% *} has a format number" python3 -c "
import json
assert next(iter(json.load(open('json.txt')).items())) == ('format', 1)"
done
finish
