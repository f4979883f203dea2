#!/bin/sh
# SPDX-License-Identifier: MIT
# replay of files that engines saved, for git bisect, and with --times.  $1: corpus.
# shellcheck source=cli/test/test-lib.sh
. "$(dirname "$0")/test-lib.sh"

: "${FUZZERS:?expected the folder of the harnesses}"
corpus=$1
quoted="'$TWINWALK'"

# Outside the target's dialect: skipped by each verb that runs it, which says why.
outside=$corpus/regressions/code-on-softmmu.tw
for target in softmmu zoo:rights-not-anded "exec:$quoted replay --as-target"; do
    for verb in replay check explain min emit; do
        exits 77 "$verb: outside $target" \
            "$TWINWALK" $verb --target "$target" "$outside"
        check "$verb says why" grep -q 'contents code' out.txt err.txt
    done
done

# --harness: the key with which the harness itself aborts, for all names that
# engines give to files.
set -- 'crash-0a1b2c' 'id:000000,sig:06,src:000003,time:77,op:havoc,rep:2' \
    'clusterfuzz-testcase-minimized-zoo_fuzzer-5712345678901248' \
    'clusterfuzz-testcase-libfuzzer_twinwalk_zoo_fuzzer-5712345678901248'
for slug in rights-not-anded map-over-map-no-unmap; do
    case=$corpus/zoo/$slug.tw
    key=$(sed -n 's/^# key: //p' "$case")
    for file in "$@"; do
        "$TWINWALK" encode --target "zoo:$slug" "$case" -o "$file"
        exits 10 "zoo_fuzzer with $slug in $file" env TWINWALK_ZOO=$slug \
            "$TWINWALK" replay --harness zoo_fuzzer "$file"
        check "gives $key" grep -q "^$file: .* $key\$" out.txt
        case $file in clusterfuzz*)
            exits 10 'found by its name' env TWINWALK_ZOO=$slug \
                "$TWINWALK" replay --harness auto "$file"
            check "gives $key too" grep -q "^$file: .* $key\$" out.txt
            ;;
        esac
    done
    status=0
    TWINWALK_ZOO=$slug "$FUZZERS/zoo_fuzzer_standalone" crash-0a1b2c \
        >out.txt 2>err.txt || status=$?
    check "the harness aborts on $slug" [ "$status" -ge 128 ]
    check "of $key" grep -q "TwFuzzerHash=$key " err.txt
    command=$(sed -n 's/^replay: //p' err.txt | sed "s|twinwalk|$quoted|")
    exits 10 'the command that it prints' sh -c "$command"
    check "gives $key as well" grep -q "^crash-0a1b2c: .* $key\$" out.txt
done
for name in check cpus dma fault invalidate iommu softmmu static targets topology walkers; do
    exits 0 "${name}_fuzzer" "$TWINWALK" replay --harness ${name}_fuzzer \
        crash-0a1b2c
done
exits 0 'text_fuzzer, a case' "$TWINWALK" replay --harness text_fuzzer "$case"
head -c 100000 "$TWINWALK" >anything
exits 0 'text_fuzzer, anything' "$TWINWALK" replay --harness text_fuzzer \
    crash-0a1b2c anything
check 'two lines' [ "$(grep -c ': agree$' out.txt)" -eq 2 ]
: >empty
for name in softmmu_fuzzer walkers_fuzzer text_fuzzer; do
    exits 0 "$name of nothing" "$TWINWALK" replay --harness $name empty
done
"$TWINWALK" encode --target zoo:rights-not-anded \
    "$corpus/zoo/rights-not-anded.tw" -o crash
exits 10 '--harness --json --times' env TWINWALK_ZOO=rights-not-anded \
    "$TWINWALK" replay --harness zoo_fuzzer --json --times 3 crash
check 'three of three' python3 -c "
import json
(case,) = json.load(open('out.txt'))['files']
assert case['again'] == case['replays'] == 3, case"
refuses 'an unknown harness' \
    '--harness: expected check_fuzzer, cpus_fuzzer, dma_fuzzer, fault_fuzzer, invalidate_fuzzer, iommu_fuzzer, mpc_fuzzer, nested_fuzzer, pagetable_fuzzer, softmmu_fuzzer, static_fuzzer, targets_fuzzer, text_fuzzer, topology_fuzzer, unicorn_fuzzer, walkers_fuzzer, zoo_fuzzer, or auto, not "mmu"' \
    "$TWINWALK" replay --harness mmu crash
refuses 'a name without a harness' '--harness auto: expected a file with' \
    "$TWINWALK" replay --harness auto crash
refuses 'zoo_fuzzer without its bug' 'TWINWALK_ZOO: expected the slug' \
    env -u TWINWALK_ZOO "$TWINWALK" replay --harness zoo_fuzzer crash
refuses '--harness and a target' '--harness: expected no --bytes' \
    "$TWINWALK" replay --harness softmmu_fuzzer --target unicorn crash
refuses '--harness and no file there' 'nowhere: ' \
    "$TWINWALK" replay --harness softmmu_fuzzer nowhere

# --times: a target that has a bug every other time that it is started.  Its
# first start is that of the command, which looks at the dialect.
case=$corpus/zoo/rights-not-anded.tw
cat >moody.sh <<END
echo >>starts
if [ \$((\$(wc -l <starts) % 2)) -eq 0 ]; then
    exec $quoted replay --as-target --target zoo:rights-not-anded
fi
exec $quoted replay --as-target
END
rm -f starts
exits 0 '--times of what is flaky' "$TWINWALK" replay --times 5 \
    --target 'exec:sh moody.sh' "$case"
check 'says that it is' grep -q ': flaky StaExecRdRamHopUnm$' out.txt
check 'and how much' grep -qx '  3 of 5 runs gave this key' out.txt
rm -f starts
exits 125 'no answer for git' "$TWINWALK" replay --bisect --times 5 \
    --target 'exec:sh moody.sh' "$case"
check 'says so' grep -qx 'bisect: cannot tell' out.txt
exits 10 '--times of what is not' "$TWINWALK" replay --times 3 \
    --target zoo:rights-not-anded "$case"
check 'says how often' grep -qx '  3 of 3 runs gave this key' out.txt
exits 0 '--times of nothing' "$TWINWALK" replay --times 3 "$case"
check 'none' grep -qx '  0 of 3 runs gave a key' out.txt
refuses '--times 0' '--times: expected 1 to 100, not 0' \
    "$TWINWALK" replay --times 0 "$case"
refuses '--times --in-process' '--times: ' \
    "$TWINWALK" replay --times 2 --in-process "$case"

# --bisect: one exit code for each answer.
bug=zoo:rights-not-anded
exits 0 'good' "$TWINWALK" replay --bisect "$case"
check 'says so' grep -qx 'bisect: good' out.txt
exits 1 'bad' "$TWINWALK" replay --bisect --target $bug "$case"
check 'says so' grep -qx 'bisect: bad' out.txt
exits 1 'bad, of this key' "$TWINWALK" replay --bisect --target $bug \
    --expect StaZooRdRamHopUnm "$case"
exits 0 'good, another key' "$TWINWALK" replay --bisect --target $bug \
    --expect PrmZooExRam "$case"
exits 1 'one bad file of two' "$TWINWALK" replay --bisect --target $bug \
    "$corpus/zoo/tie-oldest-wins.tw" "$case"
exits 125 'a target that does not start' "$TWINWALK" replay --bisect \
    --target 'exec:exit 1' "$case"
# shellcheck disable=SC2016 # for the shell of exec
dies='exec:cat greeting; while read -r line; do [ "$line" != . ] || kill -ABRT $$; done'
"$TWINWALK" targets --target softmmu >greeting
exits 1 'a crash is bad' "$TWINWALK" replay --bisect --target "$dies" "$case"
exits 125 'but hides another key' "$TWINWALK" replay --bisect \
    --target "$dies" --expect StaExecRdRamHopUnm "$case"
exits 128 'an unknown option' "$TWINWALK" replay --bisect --nonsense "$case"
check 'in one line' [ "$(wc -l <err.txt)" -eq 1 ]
exits 128 'an unknown target' "$TWINWALK" replay --bisect --target x "$case"
exits 128 'no file' "$TWINWALK" replay --bisect
exits 128 'no such file' "$TWINWALK" replay --bisect nowhere
exits 128 'no case' "$TWINWALK" replay --bisect empty
if [ -w /dev/full ]; then
    check 'a full disk' sh -c "$quoted replay --bisect '$case' >/dev/full; \
        [ \$? -eq 128 ]"
fi

# A limit is named.
{
    printf '%s\n' 'twinwalk 1' 'page 64' 'region r0 iommu size 0x1000 root s0 iommu i0' \
        'region r1 ram size 0x2000 root s1' 'mmu c0.0 space s0' setup \
        '  page c0.0 0x0 -> 0x0 size 0x40 rwx' script
    for at in $(seq 70); do
        echo "  map i0.0 0x0..0x3f -> s1 $((at % 60 * 64)) rw silent"
    done
    echo '  read c0.0 0x0 8'
} >many.tw
for verb in replay explain; do
    exits 0 "$verb: more answers than the oracle keeps" "$TWINWALK" $verb many.tw
    check 'inconclusive' grep -q '^many.tw: inconclusive$' out.txt
    check 'which limit' grep -q 'not judged: more than 64 older answers' out.txt
    check 'at which access' grep -q '70: read c0.0 0x0 8' out.txt
done

# git itself, over eight commits: the fourth cannot be started, the sixth is
# bad.
if ! command -v git >/dev/null; then
    number=$((number + 1))
    echo "ok $number - git bisect run # SKIP git is not installed"
    finish
    exit
fi
export GIT_CONFIG_NOSYSTEM=1 GIT_CONFIG_GLOBAL=/dev/null
export GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@example.org
export GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@example.org
git init -q emulator
cd emulator
for n in 1 2 3 4 5 6 7 8; do
    target=softmmu
    [ $n -lt 6 ] || target=$bug
    echo "exec $quoted replay --as-target --target $target # $n" >run.sh
    [ $n -ne 4 ] || echo 'exit 1' >run.sh
    git add run.sh
    git commit -qm "commit $n"
done
git bisect start HEAD HEAD~7 >/dev/null
status=0
git bisect run "$TWINWALK" replay --bisect --target 'exec:sh ./run.sh' \
    --expect StaExecRdRamHopUnm "$case" >../bisect.txt 2>&1 || status=$?
cd ..
check 'git bisect run' [ "$status" -eq 0 ]
check 'finds the commit' sh -c \
    "grep -A 8 'is the first bad commit' bisect.txt | grep -q 'commit 6'"
check 'and prints a line about one that cannot start' grep -q \
    'exec: expected a greeting' bisect.txt
finish
