#!/bin/sh
# SPDX-License-Identifier: MIT
# ci/check-harnesses accepts a fuzz target that is fit for an engine, and refuses it
# if one property is missing.  (cli/test/test-engine.sh tests growth: the
# stand-alone driver aborts.)
set -eu

top=$(cd "$(dirname "$0")/.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
mkdir tiny_fuzzer_seeds
echo one >tiny_fuzzer_seeds/1
echo another >tiny_fuzzer_seeds/2

cat >tiny.c <<'C'
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

volatile unsigned runs, seen;
void *volatile lost;
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    seen += size > 3 && memcmp(data, "one", 3) == 0;
    runs++;
#ifdef UNSTABLE
    if (runs == 5) {
        seen = 0;
    }
#endif
#ifdef LEAKS
    lost = malloc(size + 1);
    lost = NULL;
#endif
#ifdef PAUSES
    if (runs == 30) {
        while (clock() < CLOCKS_PER_SEC / 5) {
        }
    }
#endif
#ifdef SLOW
    while (++seen % 20000000 != 0) {
    }
#endif
#ifdef DIES
    abort();
#endif
#ifdef CRASHES_ON_NEWS
    if (size > 8) {
        fprintf(stderr, "what it says before\n");
        abort();
    }
#endif
#ifdef SLOW_NEWS
    if (size > 8) {
        while (++seen % 20000000 != 0) {
        }
    }
#endif
    return 0;
}
C
flags='-O1 -fsanitize=address,fuzzer'
# shellcheck disable=SC2086 # one word per option
if ! command -v clang >/dev/null || ! clang $flags tiny.c -o tiny_fuzzer; then
    echo '1..0 # SKIP there is no libFuzzer'
    exit 0
fi
number=0
failures=0
export TMPDIR="$work/tmp"
mkdir "$TMPDIR"

# checks STATUS STEP PATTERN FLAG...: builds the target with the flags, checks it.
checks()
{
    expected=$1
    step=$2
    pattern=$3
    shift 3
    # shellcheck disable=SC2086 # one word per option
    clang $flags tiny.c -o tiny_fuzzer "$@"
    status=0
    "$top/ci/check-harnesses" --targets "$work" --only "$step" \
        --campaign 1s >out 2>&1 || status=$?
    number=$((number + 1))
    if [ "$status" -eq "$expected" ] && grep -q -e "$pattern" out; then
        echo "ok $number - $step${1+ $1}"
    else
        echo "not ok $number - $step${1+ $1}"
        echo "# exit code $status"
        sed 's/^/# /' out
        failures=$((failures + 1))
    fi
}

stable='^tiny_fuzzer *coverage *0 of 2 seeds reach .* (5 runs)$'
checks 0 coverage "$stable"
checks 10 coverage '1 of 2 seeds reach something else' -DUNSTABLE
checks 10 coverage '0 of 0 seeds reach' -DDIES
checks 10 leaks 'tiny_fuzzer: leaks, or dies otherwise$' -DLEAKS
checks 10 speed 'tiny_fuzzer: expected 1000 inputs a second' -DSLOW
# A moment that costs 0.2 s once is no rate.
checks 0 speed '^tiny_fuzzer *speed ' -DPAUSES
checks 10 speed 'tiny_fuzzer: crashes on its seeds' -DDIES
checks 10 speed '^what it says before$' -DCRASHES_ON_NEWS

# What it crashed on is kept; without a failure, nothing is.
kept=$(sed -n 's/^ci.check-harnesses: logs and inputs are in //p' out)
number=$((number + 1))
if ls "$kept"/tiny_fuzzer/crash-* >/dev/null && [ -s "$kept/tiny_fuzzer/log" ]; then
    echo "ok $number - the input is kept"
else
    echo "not ok $number - the input is kept"
    failures=$((failures + 1))
fi
rm -rf "${TMPDIR:?}"/*
checks 0 leaks '^tiny_fuzzer *leaks *none ([0-9]* runs)$'
number=$((number + 1))
if [ -z "$(ls "$TMPDIR")" ]; then
    echo "ok $number - nothing is kept"
else
    echo "not ok $number - nothing is kept"
    failures=$((failures + 1))
fi
checks 10 speed 'tiny_fuzzer: expected 1500 inputs a second in a campaign' -DSLOW_NEWS
flags='-O1 -fsanitize=undefined,fuzzer'
checks 10 speed 'tiny_fuzzer: expected 1500 inputs a second in a campaign' -DSLOW_NEWS
flags='-O1 -fsanitize=fuzzer'
checks 10 speed 'tiny_fuzzer: expected 4000 inputs a second in a campaign' -DSLOW_NEWS
checks 0 speed '^tiny_fuzzer *speed .*/s (2 seeds), [0-9]*/s in a campaign of 1 s$'

echo "1..$number"
[ "$failures" -eq 0 ]
