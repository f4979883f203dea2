#!/bin/sh
# SPDX-License-Identifier: MIT
# ClusterFuzz groups crashes of a harness by key: from the output it derives the
# same crash state for findings of one key, and different ones for others.
# ENGINE=1: there is libFuzzer.
# shellcheck source=cli/test/test-lib.sh
. "$(dirname "$0")/test-lib.sh"

: "${FUZZERS:?expected the folder of the harnesses}"
export PATH="$PATH:/usr/lib/llvm-14/bin"

# The crash state of a log, by ClusterFuzz's rules as far as they concern us: the
# line of an assertion, then two frames; addresses and numbers are replaced,
# frames of runtimes and of the reporting functions are dropped, lines are cut.
cat >state.py <<'EOF'
import re, sys

IGNORED = re.compile(
    r"(abort|exit|raise|pthread_kill|gsignal|main|new|free|malloc|calloc"
    r"|realloc|delete|_start|g_log|fuzzer::|LLVMFuzzerTestOneInput|__libc_"
    r"|__pthread_kill|__sanitizer|__asan|__interceptor_|__ubsan|__assert_"
    r"|mem(cmp|cpy|move|set)|str(cmp|cpy|dup|len|ncpy))"
    r"|.*(assert|logger|libpthread|libc\.so)")
ASSERTION = re.compile(
    r"(?:\[.*?\]|.*\.(?:c|cc|cpp|cxx|h|hh|hpp|hxx):.*)?"
    r"\s*(?:ASSERT(?:ION)? FAIL(?:URE|ED)|panic): (.*)", re.I)
FRAME = re.compile(r"\s*#(\d+) 0x[0-9a-f]+ in (\S+)")
# Lines that would make something else of it.
OTHERS = re.compile(
    r".*(: runtime error: |ERROR: AddressSanitizer: (?!ABRT)|out of memory"
    r"|Direct leak of|libFuzzer: (timeout|out-of-memory|fuzz target exited)"
    r"|: assertion .* failed)|[ ]*[^ ]* of size [^ ]* at ", re.I)

def normalise(line):
    line = re.sub(r"\+0x[0-9a-fA-F]+$", "", line)
    line = re.sub(r"0x[0-9a-fA-F]{4,}U*", "ADDRESS", line)
    line = re.sub(r"(^|[^:0-9.])[0-9.]{4,}($|[^A-Za-z0-9.])", r"\1NUMBER\2",
                  line)
    return line[:80]

state = []
for line in open(sys.argv[1], errors="replace"):
    line = line.rstrip("\n")
    found = ASSERTION.match(line)
    if found:
        if state:
            sys.exit("two assertions")
        if normalise(found.group(1)) != found.group(1):
            sys.exit("changed: " + found.group(1))
        state = [found.group(1)]
        continue
    if OTHERS.match(line):
        sys.exit("another kind of death: " + line)
    frame = FRAME.match(line)
    if frame and state and len(state) < 3 and len(frame.group(2)) >= 3:
        if not IGNORED.match(frame.group(2)):
            state.append(normalise(frame.group(2)))
print("\n".join(state))
EOF

if [ "$ENGINE" -eq 1 ]; then
    harness=$FUZZERS/zoo_fuzzer
else
    harness=$FUZZERS/zoo_fuzzer_standalone
fi

# dies SLUG CASE STATE: the harness aborts on the case, and ClusterFuzz gives the
# crash this state.
dies()
{
    "$TWINWALK" encode --harness zoo_fuzzer -o input.bin "$2"
    status=0
    TWINWALK_ZOO=$1 "$harness" input.bin >log 2>&1 || status=$?
    check "$1: the harness dies" [ "$status" -ne 0 ]
    check "$1: of an assertion, and nothing else" sh -c \
        "python3 state.py log >$3"
    check "$1: with a hash" grep -q '^TwFuzzerHash=[A-Z][A-Za-z]* [a-z]* zoo$' \
        "$3"
}

symbolised()
{
    grep -q '#[0-9]* 0x[0-9a-f]* in tw_finding_' log
}

# Two programs with a finding of one key.
"$TWINWALK" run --target zoo:rights-not-anded --programs 4000 --seed 1 --jobs 1 \
    --out found >/dev/null 2>&1 || true
for second in found/*-2.tw; do
    first=${second%-2.tw}-1.tw
    break
done
check 'two findings of one key' [ -f "$first" -a -f "$second" ]
check 'of programs that differ' sh -c "! cmp -s '$first' '$second'"
dies rights-not-anded "$first" one.txt
if symbolised; then
    verdict=$(sed -n '1s/.* \([a-z]*\) zoo$/\1/p' one.txt)
    check 'the first frame is named for the verdict' \
        [ "$(sed -n 2p one.txt)" = "tw_finding_$verdict" ]
    check 'and there is a third line' [ "$(wc -l <one.txt)" -eq 3 ]
fi
dies rights-not-anded "$second" two.txt
check 'one key, one state' cmp one.txt two.txt
for slug in second-hop-unregistered victim-survives-page-flush; do
    dies "$slug" "$1/zoo/$slug.tw" "$slug.txt"
    check "$slug: another key, another state" sh -c \
        "! cmp -s one.txt $slug.txt"
done
finish
