# SPDX-License-Identifier: MIT
# shellcheck shell=sh
# Sourced by the tests of the command: TAP on standard output, a folder of
# its own to work in, the program in $TWINWALK.
set -eu
export TWINWALK_CONFIG= # no configuration file of the user counts here

: "${TWINWALK:?expected the path of the program}"
# Of each process, that takes longer than what most of them do.  (test-verbs.sh
# looks for leaks, and ci/valgrind.)
if [ -z "${TW_LONG-}${LEAKS-}" ]; then
    export ASAN_OPTIONS="${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0"
fi
number=0
failures=0
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

# ok NAME: the next check holds if the status before was 0.
result()
{
    number=$((number + 1))
    if [ "$1" -eq 0 ]; then
        echo "ok $number - $2"
    else
        echo "not ok $number - $2"
        failures=$((failures + 1))
    fi
}

# check NAME COMMAND...: the command succeeds.
check()
{
    name=$1
    shift
    status=0
    "$@" >check.out 2>check.err || status=$?
    result "$status" "$name"
    if [ "$status" -ne 0 ]; then
        echo "# exit code $status: $*"
        sed 's/^/# /' check.out check.err | head -n 20
    fi
}

# exits CODE NAME COMMAND...: the command ends with this exit code.
exits()
{
    expected=$1
    name=$2
    shift 2
    status=0
    "$@" >out.txt 2>err.txt </dev/null || status=$?
    if [ "$status" -eq "$expected" ]; then
        result 0 "$name"
    else
        result 1 "$name"
        echo "# exit code $status, not $expected: $*"
        sed 's/^/# /' err.txt | head -n 20
    fi
}

# refuses NAME PATTERN COMMAND...: exit code 2 and one line on standard error,
# of this pattern; nothing on standard output.
refuses()
{
    name=$1
    pattern=$2
    shift 2
    status=0
    "$@" >out.txt 2>err.txt </dev/null || status=$?
    if [ "$status" -eq 2 ] && [ "$(wc -l <err.txt)" -eq 1 ] &&
        grep -q "^twinwalk: $pattern" err.txt && [ ! -s out.txt ]; then
        result 0 "$name"
    else
        result 1 "$name"
        echo "# exit code $status; expected 2 and: $pattern"
        sed 's/^/# /' err.txt out.txt | head -n 20
    fi
}

# counts FILE: what must not depend on the machine in the JSON of a run.
counts()
{
    python3 -c '
import json, sys
summary = json.load(open(sys.argv[1]))
del summary["run"]
json.dump(summary, sys.stdout, indent=1, sort_keys=True)
' "$1"
}

# says CODE TEXT FILE: the script ends with CODE, and a line begins with TEXT.
says()
{
    ended=0
    sh "$3" >script.out 2>&1 || ended=$?
    [ "$ended" -eq "$1" ] && grep -q "^$2" script.out && return 0
    echo "exit code $ended, not $1"
    cat script.out
    return 1
}

# find_iommus: in $targets those of QEMU's virtual IOMMUs that the installed QEMUs have; if there
# is none, the test is skipped.
find_iommus()
{
    targets=
    for target in smmuv3 smmuv3-nested vtd vtd-scalable vtd-first vtd-vhost vtd-ats vtd-ahci virtio-vtd smmuv3-vhost \
        amdvi riscv-iommu riscv-iommu-nested virtio-iommu virtio-iommu-vhost; do
        if "$TWINWALK" targets --target "qemu-$target" 2>/dev/null |
            grep -q '^version '; then
            targets="$targets qemu-$target"
        fi
    done
    [ -n "$targets" ] || {
        echo '1..0 # SKIP no QEMU with a virtual IOMMU is installed'
        exit 0
    }
}

finish()
{
    echo "1..$number"
    [ "$failures" -eq 0 ]
}
