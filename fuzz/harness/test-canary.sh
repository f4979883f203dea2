#!/bin/sh
# SPDX-License-Identifier: MIT
# A canary aborts on its seeds, and prints a finding like a harness: PROGRAM SEEDS.
said=$("$1" "$2" 2>&1) && {
    echo "expected $1 to abort because of its mistake"
    exit 1
}
echo "$said" | tail -n 5
echo "$said" | grep -q '^ASSERTION FAILED: TwFuzzerHash=Slf'
