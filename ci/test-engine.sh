#!/bin/sh
# SPDX-License-Identifier: MIT
# Fuzz targets as a service builds them meet the demands of the service and of the
# engines, and ci/fuzz --engine finds a bug with them, in two processes:
#     ci/test-engine.sh ENGINE SANITIZER FOLDER
# They are built in FOLDER; an older build there is reused.
set -eu

# Engines and services have options of their own for sanitizers.
unset ASAN_OPTIONS UBSAN_OPTIONS MSAN_OPTIONS

top=$(cd "$(dirname "$0")/.." && pwd)
engine=$1
work=$3
"$top/ci/check-oss-fuzz" --work "$work" "$engine" "$2"
if [ "$engine $2" = 'libfuzzer address' ]; then
    "$top/ci/test-real-targets.sh" --quick "$work"
    "$top/ci/check-harnesses" --only coverage --targets "$work/elsewhere"
fi

# A bug that many programs meet, so that no time is too short.
rm -rf "$work/fuzz"
status=0
TWINWALK_ZOO=rights-not-anded "$top/ci/fuzz-engine" "$engine" --time 10 \
    --targets "$work/elsewhere" --harness static_fuzzer --jobs 2 \
    --out "$work/fuzz" || status=$?
if [ "$status" -ne 10 ]; then
    echo "exit code $status; expected 10, a finding"
    exit 1
fi
while read -r input; do
    if TWINWALK_ZOO=rights-not-anded "$work/elsewhere/static_fuzzer" "$input" \
        >"$work/fuzz/log" 2>&1; then
        echo "$input: expected the target to abort on it"
        exit 1
    fi
    grep -q '^ASSERTION FAILED: TwFuzzerHash=Prm[A-Za-z]* perm zoo$' \
        "$work/fuzz/log" || {
        tail -n 20 "$work/fuzz/log"
        echo "$input: expected a finding of another verdict"
        exit 1
    }
    break
done <"$work/fuzz/static_fuzzer/new"
