#!/bin/sh
# SPDX-License-Identifier: MIT
# Two QEMUs against each other: without the oracle (qemu-ab), and with it (check
# --against).
# shellcheck source=cli/test/test-lib.sh
. "$(dirname "$0")/test-lib.sh"

cases=$1
arch=
for any in aarch64 x86-64 riscv64; do
    if "$TWINWALK" targets --target "qemu-$any" 2>/dev/null |
        grep -q '^version '; then
        arch=$any
        break
    fi
done
if [ -z "$arch" ]; then
    echo '1..0 # SKIP no target qemu-..., or no QEMU is installed'
    exit 0
fi
installed=$(command -v "qemu-system-$(echo "$arch" | tr - _)")
version=$("$TWINWALK" targets --target "qemu-$arch" | sed -n 's/^version //p')

# fake VERSION FILE: a QEMU that says it has another version.
fake()
{
    cat >"$2" <<END
#!/bin/sh
[ "\$1" != --version ] || { echo 'QEMU emulator version $1'; exit; }
exec $installed "\$@"
END
    chmod +x "$2"
}
fake 99.1.2 other

exits 0 'a pair of versions' "$TWINWALK" targets --target "qemu-ab:$arch" \
    --against-qemu "$work/other"
check 'says both' grep -qx "version $version against 99.1.2" out.txt
refuses 'a pair of no architecture' 'qemu-ab: expected qemu-ab:aarch64, ' \
    "$TWINWALK" targets --target qemu-ab:m68k
refuses 'one QEMU takes no other' "qemu-$arch: expected no --against-qemu" \
    "$TWINWALK" targets --target "qemu-$arch" --against-qemu "$work/other"
exits 99 'the other does not start' "$TWINWALK" targets --target "qemu-ab:$arch" \
    --against-qemu-args -no-such-option
check 'one line says so' grep -q '^twinwalk: .*no-such-option' err.txt

exits 0 'a pair agrees' "$TWINWALK" run --target "qemu-ab:$arch" --programs 300 \
    --jobs 1 --against-qemu-args '-d nochain' --out agrees
check 'on all programs' grep -q '^300 programs in ' out.txt
exits 10 'a pair that differs' "$TWINWALK" run --target "qemu-ab:$arch" \
    --against-qemu "$work/other" --drop-flushes --programs 40 --jobs 1 \
    --replays 1 --out differs
case=$(echo differs/Wrg*Rd-1.tw)
check 'has a wrong read' [ -f "$case" ]
check 'which says what both did' grep -q \
    '^#   expected, as with its reference: value 0x' "$case"
again=$(sed -n 's/^# see it: twinwalk \(.*\) THIS-FILE$/\1/p' "$case")
eval "set -- $again"
exits 10 'is seen again by what the case says' "$TWINWALK" "$@" "$case"
check 'with its key' grep -q "$(sed -n 's/^# key: //p' "$case")" out.txt
shift
exits 0 'is shrunk' "$TWINWALK" min "$@" "$case" -o small.tw
check 'and has its key' grep -q "^$(grep '^# key: ' "$case")\$" small.tw
exits 0 'is no finding without --drop-flushes' "$TWINWALK" replay \
    --target "qemu-ab:$arch" --against-qemu "$work/other" "$case"

# check: one case with the oracle on each of two QEMUs.
sed '/^#/d' small.tw >plain.tw
exits 0 'check --against another QEMU' "$TWINWALK" check --target "qemu-$arch" \
    --against "qemu-$arch" --against-qemu "$work/other" plain.tw
check 'names both versions' grep -qx \
    "1 case on qemu-$arch ($version) against qemu-$arch (99.1.2): 1 same; 0 failed" \
    out.txt
exits 99 'check --against-qemu-args' "$TWINWALK" check --target "qemu-$arch" \
    --against "qemu-$arch" --against-qemu-args -no-such-option plain.tw

echo "1..$number"
[ "$failures" -eq 0 ]
