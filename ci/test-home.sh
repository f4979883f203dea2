#!/bin/sh
# SPDX-License-Identifier: MIT
# ci/check-home sees each mistake.
set -eu

check='check-home'
# shellcheck source=ci/test-check.sh
. "$(dirname "$0")/test-check.sh"

# project HOME CLONED: the files of a project with this home.
project()
{
    mkdir -p "$tree/ci/oss-fuzz"
    printf 'homepage: "https://%s"\nmain_repo: "https://%s/x.git"\n' "$1" "$1" \
        >"$tree/ci/oss-fuzz/project.yaml"
    echo "RUN git clone --depth 1 https://$2/x.git \$SRC/x" \
        >"$tree/ci/oss-fuzz/Dockerfile"
}

expect 0 'this tree' "$here/.."
project twinwalk.example twinwalk.example
expect 0 'the placeholder where it may be' "$tree"
echo 'See https://twinwalk.example.' >"$tree/README.md"
expect 1 'the placeholder elsewhere' "$tree" \
    './README.md: expected no twinwalk.example here'
rm "$tree/README.md"
project twinwalk.example elsewhere.org
expect 1 'another repository' "$tree" "ci/oss-fuzz/Dockerfile: expected it to \
clone 'https://twinwalk.example/x.git', the main_repo of project.yaml, not \
'https://elsewhere.org/x.git'"

project twinwalk.example twinwalk.example
option=--submit
expect 1 'the placeholder in what is submitted' "$tree" \
    "ci/oss-fuzz: expected the project's own home, not twinwalk.example"
project elsewhere.org elsewhere.org
expect 0 'a home' "$tree"

echo "1..$number"
[ "$failures" -eq 0 ]
