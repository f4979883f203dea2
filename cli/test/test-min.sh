#!/bin/sh
# SPDX-License-Identifier: MIT
# Shrinking: the same on any number of processes, within its budget, with the
# key that is asked for; raw findings of the whole zoo, each to a few lines.
# shellcheck source=cli/test/test-lib.sh
. "$(dirname "$0")/test-lib.sh"

bug=zoo:second-hop-unregistered
exits 10 'raw findings' "$TWINWALK" run --target "$bug" --programs 1500 \
    --seed 5 --out found
for i in 1 2 3; do
    file=$(find found -name '*-1.tw' | sort | sed -n "${i}p")
    cp "$file" "raw$i.tw"
done
key=$(sed -n 's/^# key: //p' raw1.tw)

# Several files into a folder.
for jobs in 1 3; do
    exits 0 "min, --jobs $jobs" "$TWINWALK" min --target "$bug" \
        --jobs "$jobs" raw1.tw raw2.tw raw3.tw -o "small$jobs/"
    check 'medians' grep -q '^3 of 3 cases: median [0-9]* lines' out.txt
    sed -e 's/^small[0-9]//' -e 's/, [0-9.]* s)$//' err.txt >"told$jobs"
done
check 'three files' [ "$(find small1 -type f | wc -l)" -eq 3 ]
check 'the same cases' diff -r small1 small3
check 'the same counts' cmp told1 told3
check 'nothing is tried twice' grep -Eq ' [1-9][0-9]* seen before' told1
for i in 1 2 3; do
    check "keeps the key of raw$i" "$TWINWALK" replay --target "$bug" \
        --expect "$(sed -n 's/^# key: //p' "raw$i.tw")" "small1/raw$i.tw"
done
exits 0 'once more' "$TWINWALK" min --target "$bug" small1/raw1.tw -o again.tw
sed '/^# origin/d' again.tw >again.bare
sed '/^# origin/d' small1/raw1.tw >first.bare
check 'nothing more goes' cmp again.bare first.bare

# A file that is no finding does not keep the others from being shrunk.
"$TWINWALK" gen -o clean.tw
exits 2 'with one that is none' "$TWINWALK" min --target softmmu clean.tw \
    -o none.tw
check 'says so' grep -q 'clean.tw: expected a program with a finding' err.txt
check 'writes nothing' [ ! -e none.tw ]
exits 2 'with one that is none, among others' "$TWINWALK" min \
    --target "$bug" small1/raw1.tw nowhere.tw small1/raw2.tw -o more
check 'shrinks the others' [ "$(find more -type f | wc -l)" -eq 2 ]

exits 0 '--budget' "$TWINWALK" min --target "$bug" --budget 7 raw1.tw -o b.tw
check 'is kept to' grep -q '(7 candidates tried' err.txt

# Another key than the first: two bugs' findings, one after the other.
cat >two.tw <<'END'
twinwalk 1
region r0 ram size 0x2000 root s0
mmu c0.0 space s0
setup
  page c0.0 0x0 -> 0x0 size 0x4000 rwx
  page c0.0 0x8000 -> 0x0 size 0x4000 rwx
script
  read c0.0 0x0 1
  page c0.0 0x0 -> 0x1000 size 0x1000 rwx
  flush-page c0.0 0x3000
  read c0.0 0x0 1
  write c0.0 0x8000 1
  page c0.0 0x8000 -> 0x1000 size 0x1000 rwx
  flush-page c0.0 0xb000
  write c0.0 0x8000 1
END
second=zoo:large-page-sibling
check 'the first' "$TWINWALK" replay --target "$second" \
    --expect StaZooRdRamPgmFlu two.tw
exits 0 '--expect' "$TWINWALK" min --target "$second" \
    --expect StaZooWrRamPgmFlu two.tw -o second.tw
check 'the second' "$TWINWALK" replay --target "$second" \
    --expect StaZooWrRamPgmFlu second.tw
exits 2 '--expect of what is not there' "$TWINWALK" min --target "$second" \
    --expect StaZooWrRom two.tw -o nothing.tw
check 'writes nothing' [ ! -e nothing.tw ]

# Ctrl-C, at the twentieth question: the best case so far is written.
cat >ask.sh <<'END'
#!/bin/sh
asked=0
while IFS= read -r line; do
    printf '%s\n' "$line"
    if [ "$line" = . ]; then
        asked=$((asked + 1))
        [ "$asked" -ne 20 ] || kill -INT "$(cat "$WORK/pid")"
    fi
done | "$TWINWALK" replay --as-target --target "$BUG"
END
chmod +x ask.sh
there="exec:'$work/ask.sh'"
cat >interrupted.sh <<'END'
echo $$ >"$WORK/pid"
exec "$TWINWALK" min --target "$1" raw1.tw -o interrupted.tw
END
exits 0 'Ctrl-C' env WORK="$work" BUG="$bug" sh interrupted.sh "$there"
check 'says that it was' grep -q 'cut short' err.txt
check 'writes what it has' "$TWINWALK" fmt --check interrupted.tw
check 'which is smaller' [ "$(grep -vc '^#' interrupted.tw)" -lt \
    "$(grep -vc '^#' raw1.tw)" ]

# Another reducer, which knows lines only, asks replay.
cat >interesting.sh <<END
exec '$TWINWALK' replay --target '$bug' --expect '$key' case.tw
END
cp small1/raw1.tw case.tw
sed -i 's/^script/script\n  nop/' case.tw
cp case.tw whole.tw
line=$(wc -l <whole.tw)
while [ "$line" -gt 0 ]; do
    cp case.tw before.tw
    sed "${line}d" before.tw >case.tw
    sh interesting.sh >/dev/null 2>&1 || cp before.tw case.tw
    line=$((line - 1))
done
grep -v '^#' small1/raw1.tw >expected.tw
check 'a reducer of lines' cmp case.tw expected.tw

# A part of the zoo.  Counts only: how long it takes depends on the machine.
slugs="wrong-as-section garbage-xlat-on-deny victim-survives-page-flush
large-page-sibling active-never-rearmed notify-idx0-only
second-hop-unregistered map-over-map-no-unmap rights-not-anded
translated-low-bits-added tie-oldest-wins commit-flush-own-as-only
guest-address-is-input table-rights-first dirty-not-set-on-hit
device-reenters-itself started-takes-over started-early"
# shellcheck disable=SC2086 # a word each
exits 0 'zoo --findings' "$TWINWALK" zoo --findings 3 --out zoo $slugs
check 'each case is kept' [ "$(find zoo -name '*.tw' | wc -l)" -eq 54 ]
check 'says so' grep -q '^54 cases of 18 bugs, 54 with the key they had' out.txt
for case in zoo/*.tw; do
    slug=$(basename "$case" .tw)
    target=zoo:${slug%-*}
    check "$slug" "$TWINWALK" replay --target "$target" \
        --expect "$(sed -n 's/^# key: //p' "$case")" "$case"
done

finish
