#!/bin/sh
# SPDX-License-Identifier: MIT
# Does triage tell the causes of targets with a list of known divergences apart?
# Cases of the corpus ($1) with labels; and a bug that is not on the list is new.
# shellcheck source=cli/test/test-lib.sh
. "$(dirname "$0")/test-lib.sh"
corpus=$1

# value EXPRESSION: of the JSON `r` in out.txt.
value()
{
    python3 -c '
import json, sys
r = json.load(open("out.txt"))
print(eval(sys.argv[1]))' "$1"
}

# each_own: each label of the JSON is one cause, the entry of its name.
each_own()
{
    [ "$(value 'all(list(row) == ["known-" + label] for part in ("raw_causes",
        "store") for label, row in r[part]["table"].items())')" = True ]
}

# skip NAME WHY
skip()
{
    number=$((number + 1))
    echo "ok $number - $1 # SKIP $2"
}

# The built-in target with all its quirks -------------------------------------

quirks=$(for case in "$corpus"/quirks/*.tw; do basename "$case" .tw; done |
    paste -sd , -)
n=$(find "$corpus/quirks" -name '*.tw' | wc -l)
exits 0 'quirks' "$TWINWALK" triage --target softmmu --quirk "$quirks" --score \
    --json --jobs 2 "$corpus/quirks"
check 'each quirk has a label' [ "$(value 'r["labels"]')" -eq "$n" ]
check 'all are measured' [ "$(value 'r["findings"]')" -eq "$n" ]
check 'each quirk is a cause' each_own
check 'that is well' [ "$(value 'r["well"]')" = True ]

# Without the list, causes are those of any target.
mkdir few
cp "$corpus"/quirks/rom-dma-decode-error.tw "$corpus"/quirks/ro-alias-dma-writes.tw few
few=rom-dma-decode-error,ro-alias-dma-writes
exits 0 'a list without an entry' "$TWINWALK" triage --target softmmu \
    --quirk "$few" --score --json --jobs 1 \
    --without-known rom-dma-decode-error few
check 'what it explained has another cause' [ "$(value \
    'list(r["store"]["table"]["rom-dma-decode-error"])[0].startswith("known-")')" \
    = False ]
check 'the other entry is on it' [ "$(value \
    'list(r["store"]["table"]["ro-alias-dma-writes"])')" = \
    "['known-ro-alias-dma-writes']" ]

# Causes that are mixed: two labels, one cause.
mkdir mixed
for name in one two; do
    sed "s/^# cause: .*/# cause: $name/" few/rom-dma-decode-error.tw \
        >mixed/$name-1.tw
    sed "s/^# cause: .*/# cause: $name/" "$corpus"/quirks/mmio-overrun.tw \
        >mixed/$name-2.tw
done
exits 10 'mixed' "$TWINWALK" triage --target softmmu \
    --quirk "$few,mmio-overrun" --score --json --jobs 1 mixed
check 'no better than chance' [ "$(value \
    'r["store"]["adjusted_rand_index"] <= 0')" = True ]

# Labels are made by experiments, too.
exits 0 'labels' "$TWINWALK" triage --target softmmu --quirk "$few" \
    --label labelled --jobs 1 few
cat >unlabelled.tw <labelled/00000-ro-alias-dma-writes.tw
sed -i '/^# cause: /d' unlabelled.tw
exits 0 'labels of a case without' "$TWINWALK" triage --target softmmu \
    --quirk "$few" --label labelled-2 --jobs 1 unlabelled.tw
check 'it is there again' grep -qx '# cause: ro-alias-dma-writes' \
    labelled-2/00000-unlabelled.tw
check 'once' [ "$(grep -c '^# cause: ' labelled/00000-ro-alias-dma-writes.tw)" -eq 1 ]

# What the list explains is recorded with its reason, if that is asked for.
exits 10 'recorded' "$TWINWALK" triage --target softmmu --quirk "$few" \
    --store f.db --no-known --jobs 1 few
check 'by the name of the entry' grep -q 'known-rom-dma-decode-error' out.txt
check 'and its reason' grep -q "^      $(sed -n \
    '/^\[rom-dma-decode-error\]/,/^$/s/^reason=//p' "$corpus/known/softmmu.known")" \
    out.txt
exits 0 'counted otherwise' "$TWINWALK" triage --target softmmu --quirk "$few" \
    --store g.db --jobs 1 few
check 'two of them' grep -q '2 known divergences' out.txt

# A campaign records the same name.
exits 10 'a campaign' "$TWINWALK" run --target softmmu \
    --quirk rom-dma-decode-error --no-known --stop-at-finding --programs 6000 \
    --seed 7 --jobs 1 --out found --store r.db
causes()
{
    python3 -c '
import sqlite3, sys
for row in sqlite3.connect(sys.argv[1]).execute("SELECT cause FROM findings"):
    print(row[0])' "$1"
}
check 'has the name of the entry' [ "$(causes r.db)" = known-rom-dma-decode-error ]

refuses 'no labels' '--score: expected cases' "$TWINWALK" triage --score \
    --target softmmu --quirk "$few" unlabelled.tw
refuses 'score with a store' '--score, --label: expected' "$TWINWALK" triage \
    --score --store f.db few
refuses 'no such entry' '--without-known: expected' "$TWINWALK" triage \
    --without-known nothing few

# libunicorn -------------------------------------------------------------------

# All cases but the one that needs a thousand mappings, and much time.
mkdir unicorn
for case in "$corpus"/unicorn/*.tw; do
    [ "$(basename "$case")" = CrsUnicorn.tw ] || cp "$case" unicorn/
done

# of_version NAME: measures the cases on the libunicorn that runs.
of_version()
{
    exits 0 "the letters of $1" "$TWINWALK" triage --target unicorn --score \
        --json --no-min --jobs 2 unicorn
    check "at least 40 findings of $1" [ "$(value 'r["findings"]')" -ge 40 ]
    check "at least 0.9 for $1" [ "$(value \
        'r["store"]["adjusted_rand_index"] >= 0.9')" = True ]
}

if "$TWINWALK" replay --target unicorn unicorn/PrmUnicornRd.tw >out.txt 2>&1 ||
    grep -q PrmUnicornRd out.txt; then
    of_version 'the installed libunicorn'
    # The letter R with an exchange: the hook would read what the exchange stores over.
    cat >exchange.tw <<'EOF'
twinwalk 1
region r0 container size 2^64 root s0
region r1 ram size 0x2000 in r0 at 0x8000
mmu c0.0 space s0
setup
  page c0.0 0x8000 -> 0x8000 size 0x2000 rwx
script
  read c0.0 0x9658 1
  page c0.0 0x8000 -> 0x8000 size 0x2000 wx
  rmw c0.0 0x95e8 1
  during dma-read s0 0x95e8 1 none
EOF
    exits 0 'a load of the host' "$TWINWALK" triage --target unicorn \
        --store e.db --jobs 1 exchange.tw
    check 'is known' grep -q '1 known divergences' out.txt
else
    skip 'the letters of libunicorn' 'no libunicorn'
fi

# The letter U is a defect of 2.1.4 alone.  In a store with all that 2.0.1
# does, and with a list that does not have it, it is new.
newer=${HOME-}/.cache/twinwalk/emulators/forky/usr/lib/x86_64-linux-gnu/libunicorn.so.2
if [ -e "$newer" ]; then
    mkdir lib
    ln -s "$newer" lib/
    exits 10 'all of the installed one' "$TWINWALK" triage --target unicorn \
        --store u.db --no-known --without-known U-load-crosses --no-min \
        --jobs 2 unicorn
    exits 10 'U is new' env LD_LIBRARY_PATH=lib "$TWINWALK" triage \
        --target unicorn --store u.db --no-known \
        --without-known U-load-crosses --no-min --jobs 2 \
        unicorn/PrmUnicornRdRam-crossing.tw
    check 'alone' grep -q '^1 finding new or returned' out.txt
    # Flushes that the finding does not need match B: only without all of them
    # can triage tell that U explains the finding.
    cat >flushes.tw <<'EOF'
twinwalk 1
region r0 ram size 0x2000 root s0
mmu c0.0 space s0
setup
  page c0.0 0x0 -> 0x0 size 0x1000 rwx
  page c0.0 0x1000 -> 0x1000 size 0x1000 w
script
EOF
    for i in 1 2 3 4 5 6 7 8 9; do
        printf '  flush-all c0\n  write c0.0 0x%s 1\n' "$i" >>flushes.tw
    done
    echo '  read c0.0 0xfff 2' >>flushes.tw
    exits 10 'flushes' "$TWINWALK" triage --target unicorn --library "$newer" \
        --store v.db --no-known --jobs 1 flushes.tw
    check 'are explained by U' grep -q 'known-U-load-crosses' out.txt
    check 'and shrunk' grep -q '; 5 lines$' out.txt
    exits 0 'A is not' env LD_LIBRARY_PATH=lib "$TWINWALK" triage \
        --target unicorn --store u.db --no-known \
        --without-known U-load-crosses --no-min --jobs 2 \
        unicorn/StaUnicornRdRamPgm.tw
else
    skip 'U is new' 'no newer libunicorn (ci/emulators)'
fi

finish
