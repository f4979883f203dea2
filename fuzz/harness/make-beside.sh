#!/bin/sh
# SPDX-License-Identifier: MIT
# Makes what lies beside the harnesses: NAME_fuzzer.dict, the folder
# NAME_fuzzer_seeds and NAME_fuzzer_seeds.txt, which lists it.
#     make-beside.sh MAKE_DICT MAKE_SEEDS CASES FOLDER DEPFILE NAME...
# DEPFILE, for ninja, gets what the seeds depend on.
set -eu

make_dict=$1
make_seeds=$2
cases=$3
folder=$4
depfile=$5
shift 5
first=
sources=
for name; do
    harness=${name}_fuzzer
    first=${first:-$folder/$harness.dict}
    "$make_dict" "$harness" >"$folder/$harness.dict"
    "$make_seeds" "$harness" "$cases" "$folder/${harness}_seeds" \
        "$folder/${harness}_seeds.txt" "$depfile"
    sources="$sources $(sed 's/^[^:]*: *//' "$depfile")"
done
echo "$first: $sources" >"$depfile"
