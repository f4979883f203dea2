#!/bin/sh
# SPDX-License-Identifier: MIT
# twinwalk emit for the zoo: each of its cases, and findings as they come from
# campaigns, as a test that compiles without a warning, fails on the target of the
# finding and passes on softmmu.
# shellcheck source=cli/test/test-lib.sh
. "$(dirname "$0")/test-lib.sh"

cases=$1
: "${SOURCE:?}" "${LIBRARIES:?}" "${PACKAGES:?}" "${CC:?}"
OTHER_CC=${OTHER_CC:-}
LINK=${LINK:-}

if ! command -v "${CC%% *}" >/dev/null ||
    ! command -v pkg-config >/dev/null; then
    echo "1..0 # SKIP no compiler $CC, or no pkg-config"
    exit 0
fi
# shellcheck disable=SC2086 # several words each
packages=$(pkg-config --cflags --libs $PACKAGES)

# shellcheck disable=SC2086
compile()
{
    $CC -I"$SOURCE" -Wall -Wextra -Werror $LINK -o case case.c \
        $LIBRARIES $packages
}

# shellcheck disable=SC2086
compile_other()
{
    $OTHER_CC -I"$SOURCE" -Wall -Wextra -Werror -fsyntax-only case.c $packages
}

# It fails because of what it looks at, not because it cannot run.
fails_on()
{
    ended=0
    ./case "$1" >case.out 2>&1 || ended=$?
    [ "$ended" -eq 1 ] && grep -q '^not ok 1 ' case.out &&
        grep -q '^# .*\(expected\|assertion failed\)' case.out
}

# tells NAME CASE TARGET [OPTION VALUE]
tells()
{
    told=$1
    file=$2
    target=$3
    shift 3
    check "$told is emitted" "$TWINWALK" emit --target "$target" "$@" \
        "$file" -o case.c
    check "$told compiles" compile
    check "$told fails on its target" fails_on "$target"
    check "$told passes on softmmu" ./case
}

most=${TW_LONG:+2} # cases of a verdict and a bug
most=${most:-1}

# chosen: with TW_LONG all; else one in four.
chosen()
{
    n_cases=$((${n_cases:-0} + 1))
    [ -n "${TW_LONG-}" ] || [ $((n_cases % 4)) -eq 1 ]
}

for case in "$cases"/zoo/*.tw; do
    chosen || continue
    slug=$(basename "$case" .tw)
    case $slug in
    # What the tests that are emitted do not look at.
    calls-of-four | unaligned-ignored) untold='writes no reproducer for how a device.s calls are divided' ;;
    only-end-armed | whole-pages-not-armed) untold='writes no reproducer for what a dirty log notes' ;;
    nested-root-kept | dirty-not-set-on-hit) untold='reproducers do not look at A and D' ;;
    unobserve-not-vetoed) untold='writes no reproducer for an operation that was skipped' ;;
    *) untold= ;;
    esac
    if [ -n "$untold" ]; then
        refuses "$slug" "zoo:$slug: $untold" \
            "$TWINWALK" emit --target "zoo:$slug" "$case"
        continue
    fi
    tells "$slug" "$case" "zoo:$slug"
    if [ -n "$OTHER_CC" ]; then
        check "$slug compiles with $OTHER_CC" compile_other
    fi
    check "$slug fits 80 columns" awk 'length > 80 { exit 1 }' case.c
done

for slug in mpc-opened-not-told mpc-info-overwritten mpc-first-block-told; do
    case=$(grep -l "broken by: .*$slug" "$cases"/rules/*.tw)
    tells "$slug" "$case" "zoo:$slug" --flush page
done

# Any finding, not only small ones: one or two of each verdict of these campaigns.
for slug in wrong-as-section notify-idx0-only garbage-xlat-on-deny \
    rights-not-anded listener-ignores-flags; do
    exits 10 "a campaign on $slug" "$TWINWALK" run --target "zoo:$slug" \
        --programs 1000 --seed 4 --out found --jobs 1
    for verdict in Sta Prm Cls Wrg Evt; do
        n=0
        for case in found/"$verdict"*-1.tw; do
            if [ -e "$case" ] && [ "$n" -lt "$most" ]; then
                n=$((n + 1))
                tells "$slug, $(basename "$case")" "$case" "zoo:$slug"
                echo "$verdict" >>verdicts
            fi
        done
    done
    rm -r found
done
check 'of five verdicts' test "$(sort -u verdicts | wc -l)" -eq 5
exits 10 'a campaign with --flush page' "$TWINWALK" run \
    --target zoo:active-never-rearmed --flush page --programs 300 --seed 4 \
    --out found --jobs 1
set -- found/Sta*-1.tw
tells "--flush page, $(basename "$1")" "$1" zoo:active-never-rearmed \
    --flush page

refuses 'a trace without locations' \
    'zoo:rights-not-anded: reproducers look at locations' \
    "$TWINWALK" emit --target zoo:rights-not-anded --hide-locations \
    "$cases/zoo/rights-not-anded.tw"
finish
