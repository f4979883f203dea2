#!/bin/sh
# SPDX-License-Identifier: MIT
# The virtual IOMMUs of the installed QEMU, each with the commands of one family alone: nothing
# but what is known, where the causes that are known are avoided.
# shellcheck source=cli/test/test-lib.sh
. "$(dirname "$0")/test-lib.sh"

find_iommus

# scopes TARGET FAMILIES: those of the commands of three random programs, in one line.
scopes()
{
    for seed in 7 8 9; do
        "$TWINWALK" gen --target "$1" --no-known --seed "$seed" --only-commands "$2"
    done |
        sed -n -e 's/^ *invalidate \(i[01] [a-z-]*\).*/\1/p' \
            -e 's/^ *\(notify-all\|notify\|bypass\) .*/\1/p' | sort -u | tr '\n' ';'
}

programs=40
[ -z "${TW_LONG-}" ] || programs=2000
for target in $targets; do
    families='global domain pages contexts'
    case $target in
    qemu-virtio-vtd) continue ;; # it has no --only-commands
    qemu-virtio-iommu*) families='domain pages contexts' ;;
    *-nested) families="$families second-global second-domain second-pages" ;;
    esac
    for family in $families; do
        exits 0 "$target: $family alone" "$TWINWALK" run --target "$target" \
            --only-commands "$family" --programs $programs --seed 5 --jobs 1 \
            --out "$target-$family"
    done
    case $target in
    qemu-virtio-iommu*)
        check "$target: a program has no others" \
            [ "$(scopes "$target" domain)" = 'notify-all;' ]
        check "$target: nor with two families" \
            [ "$(scopes "$target" 'contexts, pages')" = 'bypass;notify;' ]
        ;;
    *)
        check "$target: a program has no others" \
            [ "$(scopes "$target" domain)" = 'i0 domain;' ]
        check "$target: nor with two families" \
            [ "$(scopes "$target" 'domain, global')" = 'i0 domain;i0 global;' ]
        ;;
    esac
    # A family alone is enough to find what it leaves out.
    exits 10 "$target: commands for pages that are left out" "$TWINWALK" run \
        --target "$target" --only-commands pages --drop-flushes --programs 200 \
        --seed 5 --jobs 1 --stop-at-finding --out "$target-dropped"
    exits 2 "$target: no such family" "$TWINWALK" run --target "$target" \
        --only-commands pages,some --programs 1
    check 'and says which there are' grep -q \
        'only-commands: expected .*domain, pages.* or contexts, .*, not "some"' \
        err.txt
done
finish
