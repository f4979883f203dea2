#!/bin/sh
# SPDX-License-Identifier: MIT
# Runs all cases of the corpus ($1); README.md there lists the conditions.
set -eu
export TWINWALK_CONFIG= # no configuration file of the user counts here

: "${TWINWALK:?expected the path of the program}"
corpus=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
number=0
failures=0

# holds NAME EXPECTED-CODE COMMAND...
holds()
{
    name=$1
    expected=$2
    shift 2
    number=$((number + 1))
    code=0
    output=$("$@" 2>&1) || code=$?
    if [ "$code" -eq "$expected" ]; then
        echo "ok $number - $name"
    else
        echo "not ok $number - $name"
        echo "# exit code $code, not $expected: $*"
        printf '%s\n' "$output" | sed 's/^/# /'
        failures=$((failures + 1))
    fi
}

in_zoo()
{
    printf '%s\n' "$slugs" | grep -qx "$1"
}

is_known()
{
    "$TWINWALK" replay --target "$@" | grep -q '^  known: '
}

# all_known TARGET [--wide] CASES...: replay says of each case that it is known.
all_known()
{
    target=$1
    shift
    case $1 in
    --wide) wide=--wide && shift ;;
    *) wide= ;;
    esac
    "$TWINWALK" replay --target "$target" ${wide:+"$wide"} "$@" >"$work/said" || :
    cat "$work/said"
    [ "$(grep -c '^  known: ' "$work/said")" -eq $# ]
}

for folder in "$corpus"/*/; do
    set -- "$folder"*.tw
    [ -e "$1" ] || continue
    holds "$(basename "$folder") is canonical" 0 "$TWINWALK" fmt --check "$@"
done
for mode in '--flush all' '--flush page' --hide-locations; do
    # shellcheck disable=SC2086 # two words
    holds "softmmu $mode agrees" 0 "$TWINWALK" check --want clean $mode \
        "$corpus/basics" "$corpus/corners" "$corpus/examples" "$corpus/quirks" \
        "$corpus/regressions" "$corpus/rules" "$corpus/zoo"
done

# What is as right as softmmu shows a defect of the judge that softmmu may hide.
equivalents=$("$TWINWALK" zoo --equivalents --programs 1 |
    sed -n '/^softmmu /d; s/^\([a-z-]*\)  *1  *[01]  .*/\1/p')
holds 'softmmu has equivalents' 0 test -n "$equivalents"
for slug in $equivalents; do
    holds "zoo:$slug agrees" 0 "$TWINWALK" check --want clean --target "zoo:$slug" \
        "$corpus/regressions"
done

# Each bug of the zoo has its case, and each case its bug.
slugs=$("$TWINWALK" targets --json | sed -n 's/.*"slug" : "\(.*\)".*/\1/p')
for slug in $slugs; do
    holds "zoo:$slug gives the key in its case" 0 "$TWINWALK" check \
        --target "zoo:$slug" --want noted "$corpus/zoo/$slug.tw"
done
for case in "$corpus"/zoo/*.tw; do
    slug=$(basename "$case" .tw)
    holds "$slug is in the zoo" 0 in_zoo "$slug"
done

# What libunicorn does depends on its version.  The cases are of 2.0.1; all but
# those that say `agrees with: 2.1.1` show the same key there.  It resizes its
# TLB by the clock, which can hide what is cached, but never make anything up:
# once in three times is enough.
version=$("$TWINWALK" targets --target unicorn 2>/dev/null |
    sed -n 's/^version //p') || version=
for folder in unicorn unicorn-ab unicorn-last unicorn-x86-64; do
    target=$folder
    [ "$folder" != unicorn-last ] || target=unicorn:arm64@last
    [ "$folder" != unicorn-x86-64 ] || target=unicorn:x86-64
    if [ "$version" != 2.0.1 ] && [ "$version" != 2.1.1 ]; then
        number=$((number + 1))
        echo "ok $number - $target # SKIP libunicorn is not built in, or" \
            "neither 2.0.1 nor 2.1.1"
        continue
    fi
    holds "$target gives the keys in its cases" 0 "$TWINWALK" check \
        --target "$target" --want noted --times 3 "$corpus/$folder"
    for case in "$corpus/$folder"/*.tw; do
        grep -qx "# agrees with: $version" "$case" ||
            holds "${case#"$corpus/"} is known" 0 is_known "$target" "$case"
    done
done

# A stock QEMU; the cases are of 7.2.
for arch in aarch64 x86-64 riscv64 mpc; do
    version=$("$TWINWALK" targets --target "qemu-$arch" 2>/dev/null |
        sed -n 's/^version //p') || version=
    case $version in
    7.2.*) ;;
    *)
        number=$((number + 1))
        echo "ok $number - qemu-$arch # SKIP no QEMU 7.2 for $arch"
        continue
        ;;
    esac
    holds "qemu-$arch gives the keys in its cases" 0 "$TWINWALK" check \
        --target "qemu-$arch" --want noted --times 3 "$corpus/qemu-$arch"
    holds "qemu-$arch: each is known" 0 all_known "qemu-$arch" "$corpus/qemu-$arch"/*.tw
done

# Its virtual IOMMUs: the cases of a target at once, with the options that they name; cases for
# a newer QEMU name one (--qemu PATH).
cd "$corpus/qemu-iommu"
see='# see it: twinwalk replay --target'
grep -h "^$see " ./*.tw | sed -n "s/^$see \(.*\) THIS-FILE\$/\1/p" | grep -v -e '--qemu ' |
    sort -u >"$work/options"
holds 'cases of virtual IOMMUs name their target' 0 test -s "$work/options"
while read -r target wide; do
    version=$("$TWINWALK" targets --target "$target" 2>/dev/null </dev/null |
        sed -n 's/^version //p') || version=
    case $version in
    7.2.*) ;;
    *)
        number=$((number + 1))
        echo "ok $number - $target $wide # SKIP no QEMU 7.2 for it"
        continue
        ;;
    esac
    cases=$(grep -lx "$see $target${wide:+ $wide} THIS-FILE" ./*.tw)
    # shellcheck disable=SC2086 # words
    holds "$target $wide gives the keys in its cases" 0 "$TWINWALK" check \
        --target "$target" $wide --want noted $cases </dev/null
    # shellcheck disable=SC2086 # words
    holds "$target $wide: each is known" 0 all_known "$target" $wide $cases </dev/null
done <"$work/options"

echo "1..$number"
[ "$failures" -eq 0 ]
