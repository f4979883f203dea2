#!/bin/sh
# SPDX-License-Identifier: MIT
# Scripts that are called wrongly print one line about it and do nothing.
set -eu

top=$(cd "$(dirname "$0")/.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
mkdir empty
number=0
failures=0

# refuses PATTERN COMMAND...: exit code 2, and one line on standard error.
refuses()
{
    pattern=$1
    shift
    status=0
    (cd empty && env -u CC -u CXX -u OUT "$@" >../out 2>../err </dev/null) ||
        status=$?
    number=$((number + 1))
    if [ "$status" -eq 2 ] && [ "$(wc -l <err)" -eq 1 ] && [ ! -s out ] &&
        grep -q -e "$pattern" err && [ -z "$(ls -A empty)" ]; then
        echo "ok $number - ${1##*/}: $pattern"
    else
        echo "not ok $number - ${1##*/}: $pattern"
        echo "# exit code $status"
        sed 's/^/# /' out err
        failures=$((failures + 1))
    fi
}

ci=$top/ci
refuses 'expected builtin, libfuzzer or afl' "$ci/fuzz-engine" honggfuzz
refuses '--time, --jobs: expected numbers' "$ci/fuzz-engine" afl --time soon
refuses 'from 1' "$ci/fuzz-engine" afl --jobs 0
refuses '--sanitizer: expected' "$ci/fuzz-engine" afl --sanitizer thread
refuses '--harness: expected all, or one of' "$ci/fuzz-engine" afl --harness x
refuses '--time: expected a value' "$ci/fuzz-engine" afl --time
refuses '--target: with --engine afl' "$ci/fuzz-engine" afl --target softmmu
refuses 'expected libfuzzer or afl' "$ci/bench-harnesses" random
refuses 'CC: expected it in the environment' "$ci/build-fuzzers"
refuses 'expected --tools FOLDER' "$ci/build-fuzzers" libfuzzer
contract='CC=cc CXX=c++ CFLAGS=-O1 CXXFLAGS=-O1 LIB_FUZZING_ENGINE=x.a'
contract="$contract OUT=out WORK=work SANITIZER=address ARCHITECTURE=x86_64"
# shellcheck disable=SC2086 # one word per variable
{
    refuses 'FUZZING_ENGINE: expected libfuzzer or afl' env $contract \
        FUZZING_ENGINE=centipede "$ci/build-fuzzers"
    refuses 'SANITIZER: expected' env $contract FUZZING_ENGINE=afl \
        SANITIZER=thread "$ci/build-fuzzers"
    refuses 'ARCHITECTURE: expected' env $contract FUZZING_ENGINE=afl \
        ARCHITECTURE=riscv "$ci/build-fuzzers"
    refuses 'TW_DEPS_SRC: expected it' env $contract "$ci/build-deps" deps
    refuses 'TW_DEPS_SRC: nowhere: expected a folder' env $contract \
        TW_DEPS_SRC=nowhere "$ci/build-deps" deps
}
refuses 'expected one folder to build into' "$ci/build-deps"
refuses 'expected one folder to fetch into' "$ci/fetch-deps"
refuses 'libfuzz: expected libfuzzer or afl' "$ci/check-oss-fuzz" libfuzz address
refuses 'expected the engine libfuzzer' "$ci/check-oss-fuzz" afl coverage
refuses 'arm: expected x86_64 or i386' "$ci/check-oss-fuzz" afl address arm
refuses 'nowhere: expected a folder' "$ci/check-targets" nowhere afl address \
    x86_64
refuses '--manifest: expected a file' "$ci/check-targets" --manifest nowhere
refuses 'expected TARGETS FOLDER' "$ci/summarise-coverage"
refuses 'expected a folder that' "$ci/test-real-targets.sh" --quick nowhere
refuses '--time: expected a time like' "$ci/check-harnesses" --time soon
refuses '--jobs: expected a number from 1' "$ci/check-harnesses" --jobs 0
refuses '--only: expected some of' "$ci/check-harnesses" --only speeds
refuses '--targets: nowhere: expected a folder' "$ci/check-harnesses" --targets \
    nowhere
refuses 'growth: expected no --targets' "$ci/check-harnesses" --only growth \
    --targets .
refuses '--fast: expected --only' "$ci/check-harnesses" --fast
refuses 'expected the name of a harness, not "x"' "$ci/check-harnesses" \
    --targets . x

echo "1..$number"
[ "$failures" -eq 0 ]
