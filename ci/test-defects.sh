#!/bin/sh
# SPDX-License-Identifier: MIT
# ci/defects with stand-ins for twinwalk, for the QEMUs and for libunicorns: it prints
# what was measured, and finds each difference from a table.
set -eu

top=$(cd "$(dirname "$0")/.." && pwd)
TWINWALK=./twinwalk
export TWINWALK
# shellcheck source=cli/test/test-lib.sh
. "$top/cli/test/test-lib.sh"
# shellcheck source=ci/test-qemus.sh
. "$top/ci/test-qemus.sh"

# The stand-in: 7.2.1 is installed; VERSION/CASE has what that version gives, one
# line for each time; without it the case agrees.  A libunicorn is a file with its
# version; none is installed unless `library` is there.
cat >twinwalk <<'END'
#!/bin/sh
library=library
for word; do
    [ "${before-}" != --library ] || library=$word
    before=$word
done
if [ "$1" = targets ] && [ "$3" = unicorn ]; then
    echo "version $(cat "$library")"
    [ -e "$library" ]
    exit
fi
if [ "$1" = targets ]; then
    [ -e installed ] && [ "$3" != qemu-riscv64 ] || exit 99
    echo 'version 7.2.1'
    exit 0
fi
if [ "$1" = emit ]; then
    for out; do :; done
    [ ! -e no-emit ] || { echo 'not told' >&2; exit 2; }
    printf 'one\ntwo\n' >"$out"
    exit 0
fi
[ "$1 $2 $3" = 'replay --no-known --target' ] || exit 2
case "$*" in
*C-silent*)
    case "$*" in *' --wide '*) ;; *) exit 2 ;; esac
    ;;
esac
version=7.2.1
if [ "$5" = --qemu ]; then
    version=$("$6" --version | sed 's/.*version \([0-9.]*\) .*/\1/')
fi
[ "${4%%:*}" != unicorn ] || version=$(cat "$library")
for case; do :; done
given=$version/$4-$(basename "$case" .tw)
if [ -s "$given" ]; then
    line=$(head -n 1 "$given")
    sed -i 1d "$given"
    [ "$line" != dies ] || { echo 'it died' >&2; exit 99; }
    [ "$line" = agree ] || { echo "$case: stale $line"; exit 10; }
fi
echo "$case: agree"
END
chmod +x twinwalk
mkdir 7.2.1 11.1.2 corpus corpus/qemu-aarch64 corpus/qemu-riscv64 corpus/qemu-cpu
for case in aarch64/A-code aarch64/B-torn riscv64/B-torn; do
    echo "# key: Key-$case" >"corpus/qemu-$case.tw"
done
touch installed
fake_emulators "$work/made" forky 11.1.2
cat >good.md <<'END'
Text, | not a table.

| | what happens | cases | 7.2.1 | 11.1.2 |
|---|---|---|---|---|
| **A** | old code | A-code | yes | no |
| **B** | torn | B-torn (AArch64, RISC-V) | no | yes |

| another | table |
END

# defects CODE NAME ARGUMENT...: with what each version gives.
defects()
{
    rm -f 7.2.1/* 11.1.2/*
    echo Key-aarch64/A-code >7.2.1/qemu-aarch64-A-code
    printf '%s\n' agree agree "${torn-Key-aarch64/B-torn}" \
        >11.1.2/qemu-aarch64-B-torn
    echo Key-riscv64/B-torn >11.1.2/qemu-riscv64-B-torn
    code=$1
    name=$2
    shift 2
    exits "$code" "$name" "$top/ci/defects" --emulators made --corpus corpus "$@"
}
# differs NAME SED PATTERN: this edit of the table is a difference, told so.
differs()
{
    sed "$2" good.md >corpus/qemu-cpu/README.md
    defects 1 "$1" --check
    check "and says: $3" grep -q "README.md: $3" out.txt
    check 'and nothing else' [ "$(wc -l <out.txt)" -eq 1 ]
}

defects 0 'the table'
cat >expected <<'END'
| case | 7.2.1 | 11.1.2 |
|---|---|---|
| qemu-aarch64/A-code | yes | no |
| qemu-aarch64/B-torn | no | yes |
| qemu-riscv64/B-torn | – | yes |
END
check 'is what was measured' cmp expected out.txt
cp good.md corpus/qemu-cpu/README.md
defects 0 'a table that is right' --check
check 'is told so' grep -q '^5 results of 7.2.1, 11.1.2 are as .*README.md says$' \
    out.txt
sed 's/7.2.1 /7.2.9 /' good.md >corpus/qemu-cpu/README.md
defects 0 'a column of the same series' --check
differs 'a cell that says yes' '/old code/s/no/yes/' \
    'qemu-aarch64/A-code: "yes" in column 11.1.2, but 11.1.2 gives "no"'
differs 'a cell that says no' '/old code/s/yes/no/' \
    'qemu-aarch64/A-code: "no" in column 7.2.1, but 7.2.1 gives "yes"'
differs 'a case in no row' 's/, RISC-V//' 'qemu-riscv64/B-torn: is in no row'
differs 'a row without a case' 's/A-code/&, A-more/' \
    'A-more: there is no such case'
differs 'a case that this architecture has not' 's/A-code/& (AArch64, RISC-V)/' \
    'qemu-riscv64/A-code: there is no such case'
differs 'a version without a column' 's/11\.1\.2/11.2.2/' '11.1.2 has no column'
torn=Key-other
differs 'another key' 's/nothing//' \
    'qemu-aarch64/B-torn: "yes" in column 11.1.2, but 11.1.2 gives "Key-other"'
torn=dies
defects 99 'a case that cannot be run' --check
check 'and says why' grep -q 'B-torn.tw: exit code 99 .*: it died' err.txt
unset torn
sed 's/A-code/&, B-torn/' good.md >corpus/qemu-cpu/README.md
defects 99 'a case in two rows' --check
check 'and says so' grep -q 'B-torn is in two rows' err.txt
echo 'no table' >corpus/qemu-cpu/README.md
defects 99 'no table' --check
check 'and says so' grep -q 'expected a table' err.txt

cp good.md corpus/qemu-cpu/README.md
mv made away
defects 0 'with the installed one alone' --check
check 'says so' grep -q 'only what is installed: there are none in .*made' err.txt
check 'and counts that' grep -q '^2 results of 7.2.1 are' out.txt
rm installed
defects 77 'without any'
check 'says so' grep -q 'skipped: there is no QEMU' err.txt
mv away made
defects 0 'without the installed one' --check
check 'counts the others' grep -q '^3 results of 11.1.2 are' out.txt

# libunicorn: the newer one has the case of corpus/unicorn only, the installed one
# both.
mkdir corpus/unicorn corpus/unicorn-last 2.0.3 2.1.7
echo '# key: Key-code' >corpus/unicorn/code.tw
echo '# key: Key-end' >corpus/unicorn-last/end.tw
echo 2.0.3 >library
echo 2.1.7 >"$fake_libraries/libunicorn.so"
unicorns()
{
    echo Key-code >2.0.3/unicorn-code
    echo Key-code >2.1.7/unicorn-code
    echo Key-end >2.0.3/unicorn:arm64@last-end
    defects "$@"
}
cat >table <<'END'
| | cases | 2.0.3 | 2.1.7 |
|---|---|---|---|
| **A** | code | yes | yes |
| **B** | end | yes | no |
END
cp table corpus/unicorn/README.md
unicorns 0 'the tables of both'
check 'have a row of each libunicorn' grep -qx '| unicorn-last/end | yes | no |' out.txt
unicorns 0 'tables that are right' --check
check 'are told so' grep -q '^4 results of 2.0.3, 2.1.7 are as .*unicorn/README.md' \
    out.txt

# The programs that emit writes: what the stand-in of a compiler makes ends with what
# shows-VERSION has, or with 0.
cat >compiler <<'END'
#!/bin/sh
[ ! -e no-compiler ] || { echo 'a warning' >&2; exit 1; }
while [ "$1" != -o ]; do
    shift
done
cat >"$2" <<'PROGRAM'
#!/bin/sh
version=2.0.3
[ -z "${LD_LIBRARY_PATH-}" ] || version=$(cat "$LD_LIBRARY_PATH/libunicorn.so.2")
exit "$(cat "shows-$version" 2>/dev/null || echo 0)"
PROGRAM
chmod +x "$2"
END
chmod +x compiler
CC=./compiler
export CC
rm -r corpus/unicorn-last/end.tw
sed '/end/d' table >corpus/unicorn/README.md
echo 1 >shows-2.0.3
echo 1 >shows-2.1.7
unicorns 0 'programs that show what the cases do' --emitted --check
check 'are told so, with their lines' grep -q \
    '^2 runs of emitted programs .* have 2 lines in the median, 2 at most' out.txt
rm shows-2.1.7
unicorns 1 'a program that does not show it' --emitted
check 'is named' grep -qx \
    'unicorn/code: the emitted program ends with 0, not 1, with 2.1.7' out.txt
touch no-compiler
unicorns 99 'a program that does not compile' --emitted
check 'says why' grep -q 'unicorn/code: its program does not compile: a warning' err.txt
rm no-compiler
touch no-emit
unicorns 99 'a case that is not emitted' --emitted
check 'says why' grep -q 'unicorn/code: emit ends with 2: not told' err.txt
rm no-emit
unset CC
echo '# key: Key-end' >corpus/unicorn-last/end.tw
sed 's/yes | no/yes | yes/' table >corpus/unicorn/README.md
unicorns 1 'a cell that is wrong' --check
check 'is told' grep -q '"yes" in column 2.1.7, but 2.1.7 gives "no"' out.txt
sed 's/2.1.7/2.1.2 | 2.1.7/; s/---|$/&---|/; s/yes | yes/yes | no | yes/' table \
    >corpus/unicorn/README.md
unicorns 1 'a column of its own' --check
check 'is the one of a version' grep -c 'in column 2.1.7' out.txt

# Virtual IOMMUs: each case names its target.
mkdir corpus/qemu-iommu
touch installed
for case in 'C-silent:vtd --wide' F-guest:riscv-iommu-nested; do
    printf '# key: Key-%s\n# see it: twinwalk replay --target qemu-%s --qemu PATH THIS-FILE\n' \
        "${case%:*}" "${case#*:}" >"corpus/qemu-iommu/${case%:*}.tw"
done
iommus()
{
    echo Key-C-silent >7.2.1/qemu-vtd-C-silent
    echo Key-F-guest >11.1.2/qemu-riscv-iommu-nested-F-guest
    exits "$@" --emulators made --corpus corpus
}
rm -rf corpus/qemu-aarch64 corpus/qemu-riscv64 corpus/unicorn corpus/unicorn-last
rm -f 7.2.1/* 11.1.2/*
cat >corpus/qemu-iommu/README.md <<'END'
| | cases | 7.2.1 | 11.1.2 |
|---|---|---|---|
| **C** | C-silent | yes | no |
| **F** | F-guest | no | yes |
END
iommus 0 'a table of virtual IOMMUs' "$top/ci/defects"
check 'has a row of each case' grep -qx '| qemu-iommu/F-guest | no | yes |' out.txt
iommus 0 'one that is right' "$top/ci/defects" --check
check 'is told so' grep -q '^4 results of 7.2.1, 11.1.2 are as .*qemu-iommu/README.md' \
    out.txt
sed -i '/C-silent/s/yes | no/yes | yes/' corpus/qemu-iommu/README.md
iommus 1 'a cell that is wrong' "$top/ci/defects" --check
check 'is told' grep -q '"yes" in column 11.1.2, but 11.1.2 gives "no"' out.txt
sed -i '/see it/d' corpus/qemu-iommu/F-guest.tw
iommus 99 'a case that names no target' "$top/ci/defects"
check 'is told' grep -q 'F-guest.tw: expected the line "# see it:"' err.txt

exits 2 'no option' "$top/ci/defects" --fast x
exits 2 'no value' "$top/ci/defects" --corpus
exits 2 'no cases' "$top/ci/defects" --corpus made
check 'and says so' grep -q '^ci/defects: expected a corpus with cases' err.txt
exits 0 'it has a help' "$top/ci/defects" --help
finish
