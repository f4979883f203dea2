#!/bin/sh
# SPDX-License-Identifier: MIT
# Checks that clang has lld link each agent, and not gcc, which is not on every
# machine: test-linker.sh BUILD-FOLDER AGENT...
set -eu

if ! command -v ninja >/dev/null; then
    echo '1..0 # SKIP there is no ninja'
    exit 0
fi
cd "$1"
shift
failures=0
number=0
for agent in "$@"; do
    number=$((number + 1))
    command=$(ninja -t commands "targets/qemu/agent/$agent" | tail -n 1)
    # With -### clang only says what it would start, one command a line.
    said=$(sh -c "$command -###" 2>&1)
    if echo "$said" | grep -q '^ "[^"]*ld\.lld" ' &&
        ! echo "$said" | grep -q '^ "[^"]*gcc" '; then
        echo "ok $number - $agent"
    else
        echo "not ok $number - $agent"
        echo "$said" | sed 's/^/# /'
        failures=$((failures + 1))
    fi
done
echo "1..$number"
[ "$failures" -eq 0 ]
