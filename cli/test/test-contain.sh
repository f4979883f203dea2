#!/bin/sh
# SPDX-License-Identifier: MIT
# A campaign survives its library: if a call of libunicorn crashes, stops the
# process or never returns, the campaign goes on, and ends with the case
# and the stack; and a killed process leaves no child behind.
# shellcheck source=cli/test/test-lib.sh
. "$(dirname "$0")/test-lib.sh"

# The campaign of these tests, and a page that it protects in some programs.
campaign='run --target unicorn --no-known --seed 4 --programs 60 --jobs 2'
page=203000

# Without TW_LONG one of each kind: a call that dies, one that does not return;
# one target in this process, one in another.
if [ -n "${TW_LONG-}" ]; then
    deaths='segv abort'
    hangs='loop stop'
    once='segv stop'
    killed='unicorn softmmu exec'
else
    deaths=segv
    hangs=stop
    once=segv
    killed='unicorn exec'
fi

provoked()
{
    # shellcheck disable=SC2086 # words
    LD_PRELOAD=$PROVOKER PROVOKE=$1 PROVOKE_AT=$page \
        "$TWINWALK" $campaign --timeout "$2" --json --out "out-$1"
}

# said KIND KEY WORDS...: a case of this key says all that.
said()
{
    prefix=out-$1/$2
    shift 2
    for file in "$prefix"-*.tw; do
        all=1
        for words in "$@"; do
            grep -q "^#.*$words" "$file" || all=0
        done
        [ $all -eq 1 ] && return 0
    done
    return 1
}

programs()
{
    python3 -c '
import json, sys
print(json.load(open(sys.argv[1]))["counts"]["programs"])' "$1"
}

# A sanitizer has its own say about SIGSEGV and SIGABRT, and takes the place
# of ours.
stack=uc_mem_protect
for kind in $deaths; do
    exits 10 "$kind: the campaign ends" provoked "$kind" 10000
    cp out.txt "$kind.json"
    check "$kind: all programs were run" \
        test "$(programs "$kind.json")" -eq 60
    if [ "${TWINWALK_SANITIZED:-0}" = 1 ]; then
        check "$kind: there is a case" ls "out-$kind"/Crs*-1.tw
    else
        key=$(basename "out-$kind"/Crs*-1.tw -1.tw)
        check "$kind: the case says where" said "$kind" "$key" $stack
    fi
done
exits 10 'exit: the campaign ends' provoked exit 10000
check 'exit: the case says how' grep -rq 'ended with status 3' out-exit
# As in a shell's background job: what asks a library where it hangs is ignored.
hung()
(
    trap '' QUIT
    provoked "$1" 300
)

for kind in $hangs; do
    exits 10 "$kind: the campaign ends" hung "$kind"
    cp out.txt "$kind.json"
    check "$kind: all programs were run" \
        test "$(programs "$kind.json")" -eq 60
    key=$(basename "out-$kind"/Hng*-1.tw -1.tw)
    check "$kind: the case says where" said "$kind" "$key" 'no answer in' $stack
done

# By hand: a dead library is told, as far as it came.
provoke_by_hand()
{
    LD_PRELOAD=$PROVOKER PROVOKE=segv PROVOKE_AT=$page "$TWINWALK" "$@"
}
case_file=$(ls out-segv/Crs*-1.tw)
cp "$case_file" crash.tw
sed -i 's/^# key: .*/# key: CrsUnicorn/' crash.tw
exits 10 'replay --trace of a crash' \
    provoke_by_hand replay --trace --target unicorn crash.tw
op=$(sed -n 's/^# operation: //p' crash.tw)
check 'says which operation' grep -q "^=> op $op: [a-z]" out.txt
check 'what was before' grep -Eq '^ {11}call +uc_mem_map_ptr' out.txt
check 'and the call in it' \
    sh -c 'sed -n "/^=>/,/outcome/p" out.txt | grep -q uc_mem_protect'
check 'and that it ended there' grep -q '^end died op ' out.txt
exits 0 'min of a crash' \
    provoke_by_hand min --target unicorn crash.tw -o crash-min.tw
check 'leaves little of it' test "$(grep -vc '^#' crash-min.tw)" -le 8
exits 0 'min where a candidate dies' \
    provoke_by_hand min --target unicorn out-segv/StaUnicornRdRamPgm-1.tw \
    -o stale.tw
check 'keeps its key' grep -q '^# key: StaUnicornRdRamPgm' stale.tw

# What happens once is no finding: the worker is replaced, and the report says so.
for kind in $once; do
    export PROVOKE_ONCE="$work/once-$kind"
    # shellcheck disable=SC2086 # words
    exits 10 "once $kind: the campaign ends" env LD_PRELOAD="$PROVOKER" \
        PROVOKE="$kind" PROVOKE_AT=$page "$TWINWALK" $campaign --timeout 300 \
        --json --out "once-$kind-out"
    cp out.txt once.json
    check "once $kind: it went wrong" [ -e "$PROVOKE_ONCE" ]
    unset PROVOKE_ONCE
    check "once $kind: all programs were run" \
        test "$(programs once.json)" -eq 60
    check "once $kind: a worker was replaced" grep -q '"restarts" : [1-9]' once.json
    check "once $kind: no crash and no hang" \
        sh -c "if ls once-$kind-out/Crs* once-$kind-out/Hng*; then exit 1; fi"
done

# Killed ------------------------------------------------------------------

# Processes whose command line has our folder in it.
ours()
{
    # The pattern does not match itself.
    grep -la "$work/kille[d]" /proc/[0-9]*/cmdline 2>/dev/null |
        sed 's|/proc/\(.*\)/cmdline|\1|'
}

gone()
{
    for _ in $(seq 200); do
        [ -z "$(ours)" ] && return 0
        sleep 0.05
    done
    ours
    return 1
}

leftovers()
{
    find "$work/killed" -name '.*' -type f
    find /dev/shm -newer "$work/before" 2>/dev/null || true
}

: >"$work/before"
for target in $killed; do
    [ "$target" != exec ] || target="exec:$TWINWALK replay --as-target"
    for victim in parent worker; do
        "$TWINWALK" run --target "$target" --time 60 --jobs 2 \
            --out "$work/killed" >/dev/null 2>&1 &
        parent=$!
        for _ in $(seq 200); do
            [ "$(ours | wc -l)" -ge 3 ] && break
            sleep 0.05
        done
        if [ $victim = worker ]; then
            kill -9 "$(ours | grep -vx $parent | head -n 1)"
            sleep 0.2
            check "$target: a worker is replaced" test "$(ours | wc -l)" -ge 2
        fi
        kill -9 $parent
        wait $parent 2>/dev/null || true
        check "$target: no process is left after kill -9 of a $victim" gone
    done
done
check 'no file is left' test -z "$(leftovers)"
# A library of another major version is not used.
exits 99 'an old library' env LD_PRELOAD="$PROVOKER" VERSION=1.3.0 \
    "$TWINWALK" run --target unicorn --programs 1
check 'it is said which is expected' \
    grep -q 'unicorn: expected version 2 of libunicorn, not 1.3' err.txt
finish
