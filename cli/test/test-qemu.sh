#!/bin/sh
# SPDX-License-Identifier: MIT
# The targets qemu-...: two QEMUs against each other, without the oracle (qemu-ab)
# and with it (check --against); a QEMU that is replaced by another version; no
# memory, no room; and nothing stays behind.
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

# With the oracle: a store that went to an old place is accused itself.
exits 10 'a store to an old place' "$TWINWALK" run --target "qemu-$arch" \
    --drop-flushes --programs 40 --jobs 1 --replays 1 --out places
case=$(echo places/Sta*WrRam*-1.tw)
check 'is a finding of its own' [ -f "$case" ]
check 'that names the place' grep -q '^#   seen: ok r[0-9]*+0x' "$case"

# With a second CPU, which the agent leaves alone, QEMU makes exchanges atomic.
for any in aarch64 x86-64 riscv64; do
    torn=$cases/qemu-$any/B-torn.tw
    case $("$TWINWALK" targets --target "qemu-$any" 2>&1 |
        sed -n 's/^version //p') in
    7.2.*) ;;
    *) continue ;; # the case is of 7.2, or there is no QEMU
    esac
    exits 10 "$any: an exchange with one CPU" "$TWINWALK" replay \
        --target "qemu-$any" --no-known "$torn"
    exits 0 "$any: an exchange with two CPUs" "$TWINWALK" replay \
        --target "qemu-$any" --no-known --qemu-args '-smp 2' "$torn"
    # Without open windows, x86-64 does not show it: a fault has one cause there.
    [ "$any" = x86-64 ] || exits 10 "$any: the difference" "$TWINWALK" run --target "qemu-ab:$any" \
        --against-qemu-args '-smp 2' --no-known --programs 400 --jobs 1 \
        --replays 1 --stop-at-finding --out smp
    exits 0 "$any: two CPUs twice" "$TWINWALK" run --target "qemu-ab:$any" \
        --qemu-args '-smp 2' --no-known --programs 200 --jobs 1 --out smp
done

# check: one case with the oracle on each of two QEMUs.
sed '/^#/d' small.tw >plain.tw
exits 0 'check --against another QEMU' "$TWINWALK" check --target "qemu-$arch" \
    --against "qemu-$arch" --against-qemu "$work/other" plain.tw
check 'names both versions' grep -qx \
    "1 case on qemu-$arch ($version) against qemu-$arch (99.1.2): 1 same; 0 failed" \
    out.txt
exits 99 'check --against-qemu-args' "$TWINWALK" check --target "qemu-$arch" \
    --against "qemu-$arch" --against-qemu-args -no-such-option plain.tw

# A QEMU of another version from the N-th question on, in the middle of a campaign
# that starts QEMU again: at the start of a worker, and for a finding.
cat >changing <<END
#!/bin/sh
[ "\$1" = --version ] || exec $installed "\$@"
echo >>asked
if [ \$(wc -l <asked) -lt \$(cat change) ]; then
    exec $installed --version
fi
echo 'QEMU emulator version 99.1.2'
END
chmod +x changing
for change in 3 4; do
    echo $change >change
    rm -f asked
    exits 99 "another version from question $change on" "$TWINWALK" run \
        --target "qemu-$arch" --qemu "$work/changing" --drop-flushes \
        --programs 500 --jobs 1 --out "changed-$change"
    check 'one line says so' [ "$(grep '^twinwalk: ' err.txt)" = \
        "twinwalk: qemu-$arch: expected version $version, as at the start, not 99.1.2" ]
    check 'and that is no finding' grep -qx '0 findings' out.txt
done

# No memory to share with the guest.  (Files are limited, and it is one.)
# shellcheck disable=SC2016 # of the other shell
exits 99 'no memory for the guest' sh -c \
    'trap "" XFSZ; ulimit -f 2048; exec "$@"' - "$TWINWALK" run \
    --target "qemu-$arch" --programs 1 --out none
check 'one line says so' [ "$(cat err.txt)" = \
    "twinwalk: qemu-$arch: expected memory to share with the guest: File too large" ]

# A full disk: a file system of one page, in a name space of our own.
mkdir full
if unshare -rm mount -t tmpfs -o size=4k none full 2>/dev/null; then
    # shellcheck disable=SC2016 # of the other shell
    exits 99 'a full disk' unshare -rm sh -c \
        'mount -t tmpfs -o size=4k none full; exec "$@"' - "$TWINWALK" run \
        --target "qemu-$arch" --drop-flushes --programs 40 --jobs 1 --replays 1 \
        --out full
    check 'one line says so' [ "$(grep -c '^twinwalk: full/.*No space left' \
        err.txt)" -eq 1 ]
    check 'the summary is there' grep -q '^40 programs in ' out.txt
else
    number=$((number + 1))
    echo "ok $number - a full disk # SKIP no name space of our own"
fi

# twinwalk is killed: nothing stays behind, whatever is stopped.
mark=$$-mark

# Numbers of the processes: of twinwalk (its workers, its guardians) and of QEMU.
marked()
{
    grep -alE -- "-name.$$[-]mark" /proc/[0-9]*/cmdline 2>/dev/null | cut -d / -f 3
}

# Those of QEMU, once there are two.
qemus()
{
    tries=300
    while tries=$((tries - 1)) && [ $tries -gt 0 ]; do
        found=
        for process in $(marked); do
            [ "$(readlink "/proc/$process/exe")" = "$(readlink "/proc/$main/exe")" ] ||
                found="$found $process"
        done
        # shellcheck disable=SC2086 # words
        set -- $found
        [ $# -lt 2 ] || break
        sleep 0.1
    done
    echo "$found"
}

gone()
{
    tries=300
    while tries=$((tries - 1)) && [ $tries -gt 0 ]; do
        [ -n "$(marked)" ] || return 0
        sleep 0.1
    done
    return 1
}

for what in nothing qemu everything; do
    "$TWINWALK" run --target "qemu-$arch" --qemu-args "-name $mark" --time 60 \
        --jobs 2 --out killed >/dev/null 2>&1 &
    main=$!
    found=$(qemus)
    check "$what is stopped: there were two QEMUs" [ -n "$found" ]
    case $what in
    qemu) stopped=$found ;;
    everything) stopped=$(marked) ;;
    *) stopped= ;;
    esac
    # (Some of them may have ended.)
    # shellcheck disable=SC2086 # words
    [ -z "$stopped" ] || kill -STOP $stopped 2>kill.err || true
    kill -KILL $main
    wait $main 2>/dev/null || true
    check "$what is stopped: nothing stays behind" gone
    # shellcheck disable=SC2046 # words
    gone || kill -KILL $(marked) || true
done

# What a QEMU costs.  (Which part is how large is no matter for a test.)
exits 0 'bench' "$TWINWALK" bench --target "qemu-$arch" --seconds 1
for words in 'in the bare loop of the target' 'per exchange with the other process' \
    'ms to start the target'; do
    check "bench says $words" grep -q "$words" out.txt
done
check 'but nothing that QEMU does not have' \
    sh -c '! grep -e --flush -e "served from the TLB" out.txt'
exits 0 'bench --json' "$TWINWALK" bench --target "qemu-$arch" --seconds 1 --json
check 'its parts fit together' python3 -c "
import json
bench = json.load(open('out.txt'))
assert 'flush' not in bench['loops'][0]
assert 0 < bench['ns_hit'] < bench['ns_exchange'] < bench['ns_start']
assert 0 < bench['ns_empty_program'] < bench['ns_start'] < 60e9"

echo "1..$number"
[ "$failures" -eq 0 ]
