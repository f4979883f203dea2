#!/bin/sh
# SPDX-License-Identifier: MIT
# A canary dies of its seeds, and tells why as a harness does: PROGRAM SEEDS.
said=$("$1" "$2" 2>&1) && {
    echo "expected $1 to die of the mistake that it has"
    exit 1
}
echo "$said" | tail -n 5
echo "$said" | grep -q '^ASSERTION FAILED: TwFuzzerHash=Slf'
