#!/bin/sh
# SPDX-License-Identifier: MIT
# ci/emulators with stand-ins for apt, debootstrap, chroot and mounts: it makes a
# suite, leaves a whole one alone, makes a half one again, and says why it cannot.
set -eu

top=$(cd "$(dirname "$0")/.." && pwd)
TWINWALK=none # of test-lib.sh; nothing here needs it
# shellcheck source=cli/test/test-lib.sh
. "$top/cli/test/test-lib.sh"
emulators=$top/ci/emulators

# Nothing of the machine but these tools.
mkdir bin machine scripts
for tool in awk cat chmod env flock grep head kill mkdir mv rm sed sh sort tail; do
    ln -s "$(command -v "$tool" | grep / || echo "/bin/$tool")" "bin/$tool"
done
real=$PATH
export DEBOOTSTRAP_DIR="$work" XDG_CACHE_HOME="$work/cache"
touch scripts/trixie

# stand_in NAME: its script is on standard input; it notes that it was called.
stand_in()
{
    {
        echo '#!/bin/sh'
        echo "echo $1 \"\$@\" >>'$work/calls'"
        cat
    } >"machine/$1"
    chmod +x "machine/$1"
}

# new_machine: one on which all works.
new_machine()
{
    rm -f machine/* mounted
    stand_in id <<'END'
echo 0
END
    stand_in apt-get <<'END'
echo 'Debian|Debian-Security|http://mirror.example/security/'
echo 'Other|Debian|http://other.example/'
echo 'Debian|Debian|http://mirror.example/debian/'
END
    stand_in debootstrap <<'END'
[ ! -e "$4/half" ] || exit 1
mkdir -p "$4/usr/lib/some-linux-gnu/pkgconfig" "$4/usr/bin"
: >"$4/half"
cat >"$4/usr/lib/some-linux-gnu/ld-linux.so.1" <<'LOADER'
#!/bin/sh
[ "$1" = --library-path ] && [ -d "$2" ] || exit 1
shift 2
exec "$@"
LOADER
chmod +x "$4/usr/lib/some-linux-gnu/ld-linux.so.1"
END
    stand_in chroot <<'END'
echo 'Version: 2.3.4' >"$1/usr/lib/some-linux-gnu/pkgconfig/unicorn.pc"
for arch in aarch64 arm riscv64 x86_64; do
    cat >"$1/usr/bin/qemu-system-$arch" <<'QEMU'
#!/bin/sh
echo "QEMU emulator version 10.9.8 (Debian 1:10.9.8)"
for word; do
    echo "$QEMU_MODULE_DIR <$word>"
done
QEMU
    chmod +x "$1/usr/bin/qemu-system-$arch"
done
END
    stand_in findmnt <<'END'
echo /
[ ! -e mounted ] || cat mounted
END
    stand_in umount <<'END'
rm mounted
END
}

# call CODE NAME ARGUMENT...: what ci/emulators does on that machine.
call()
{
    code=$1
    name=$2
    shift 2
    : >calls
    PATH=$work/machine:$work/bin
    exits "$code" "$name" "$emulators" "$@"
    PATH=$real
}
says()
{
    check "and says: $1" grep -q "$1" err.txt
}
# called PATTERN: a stand-in was called so.
called()
{
    grep -q -e "$1" calls
}
fails()
{
    ! "$@"
}

new_machine
call 0 'it has a help' --help
check 'which names its options' grep -q '^--list ' out.txt
call 2 'an option that it does not have' --fast
says '^ci/emulators: expected --out FOLDER'
call 2 'a suite that is no word' ../x
call 2 'no folder' --out
call 2 'a folder that no script can name' --out "$work/a b"
call 77 'there are none yet' --list
says 'skipped: there are none'
check 'nothing is left of these' [ ! -e cache ]

rm machine/apt-get
call 77 'no Debian' trixie
says 'skipped: this is no Debian'
new_machine
stand_in id </dev/null
echo 'echo 1000' >>machine/id
call 77 'not root' trixie
says 'skipped: expected to be root to make trixie'
new_machine
rm machine/debootstrap
call 77 'no debootstrap' trixie
says 'skipped: debootstrap is not installed'
new_machine
stand_in apt-get <<'END'
echo 'Debian|Debian-Security|http://mirror.example/security/'
END
call 77 'no mirror but that of security' trixie
says 'skipped: apt knows no mirror'
check 'nothing is left of these' [ ! -e cache ]

new_machine
stand_in debootstrap <<'END'
echo 'E: Failed getting release file http://mirror.example/Release'
exit 1
END
call 77 'no network' trixie
says "skipped: apt's mirror cannot be reached"
stand_in debootstrap <<'END'
mkdir -p "$4"
echo 'E: Invalid Release signature'
exit 1
END
call 1 'debootstrap fails' trixie
says 'trixie: debootstrap failed'
says 'Invalid Release signature'
new_machine
stand_in chroot <<'END'
exit 100
END
call 1 'apt-get fails' trixie
says 'trixie: apt-get failed'
new_machine
stand_in chroot </dev/null
call 1 'no QEMU is in it' trixie
says 'qemu-system-aarch64-trixie: does not run'
call 77 'none of these is whole' --list

out=$work/cache/twinwalk/emulators
new_machine
call 0 'it makes two suites' trixie forky
cat >expected <<END
qemu-system-aarch64-trixie 10.9.8 $out/qemu-system-aarch64-trixie
qemu-system-arm-trixie 10.9.8 $out/qemu-system-arm-trixie
qemu-system-riscv64-trixie 10.9.8 $out/qemu-system-riscv64-trixie
qemu-system-x86_64-trixie 10.9.8 $out/qemu-system-x86_64-trixie
libunicorn-trixie 2.3.4 $out/trixie/usr/lib/some-linux-gnu/libunicorn.so
END
sed 's/trixie/forky/g' expected >expected-forky
cat expected-forky >>expected
check 'a line for each emulator' cmp expected out.txt
check "from apt's mirror" called \
    "^debootstrap .*trixie $out/trixie http://mirror.example/debian/ trixie\$"
check 'a suite that debootstrap does not know' called \
    "^debootstrap .*forky $out/forky http://mirror.example/debian/ sid\$"
check 'with signatures' called '^debootstrap .*--force-check-gpg'
check 'with all packages' called "^chroot $out/forky apt-get install .* \
qemu-system-arm qemu-system-x86 qemu-system-riscv libunicorn-dev\$"
"$out/qemu-system-x86_64-forky" 'a word' >run.txt
modules=$out/forky/usr/lib/some-linux-gnu/qemu
printf '%s\n' "$modules <-L>" "$modules <$out/forky/usr/share/qemu>" \
    "$modules <a word>" >words
sed 1d run.txt >rest.txt
check 'a script passes on what it is given' cmp words rest.txt

rm machine/*
call 0 'what is there needs nothing'
check 'and is printed' cmp expected out.txt
call 0 'it lists what is there' --list
check 'the same' cmp expected out.txt
call 0 'one of two' --list forky sid
check 'only what is there' cmp expected-forky out.txt
check 'nothing was called' [ ! -s calls ]
mv "$out" moved
call 0 'what was moved' --out "$work/moved"
sed "s|$out|$work/moved|g" expected >expected-moved
check 'is run where it is' cmp expected-moved out.txt
call 0 'a path from here' --out moved
check 'is made whole' cmp expected-moved out.txt

# Killed in the middle of debootstrap, with /proc mounted.
new_machine
mv machine/debootstrap whole
stand_in debootstrap <<'END'
mkdir -p "$4/proc"
: >"$4/half"
kill -9 $PPID
END
call 137 'it is killed' trixie
check 'half is there' [ -e "$out/trixie/half" ]
call 77 'that is not listed' --list
mv whole machine/debootstrap
stand_in umount <<'END'
exit 32
END
echo "$out/trixie/proc" >mounted
call 1 'something is mounted in it' trixie
says 'something is mounted there'
check 'nothing is removed' [ -e "$out/trixie/half" ]
stand_in findmnt <<'END'
exit 1
END
call 1 'nobody knows what is mounted' trixie
check 'nothing is removed' [ -e "$out/trixie/half" ]
new_machine
echo "$out/trixie/proc" >mounted
echo "$out/trixie-too/proc" >>mounted
call 0 'the next call makes it again' trixie
says "$out/trixie: not finished; making it again"
check 'and unmounts what was mounted' called "^umount $out/trixie/proc\$"
check 'nothing beside it' fails called 'umount .*trixie-too'
rm "$out/trixie/done"
: >calls
PATH=$work/machine:$work/bin
exits 1 'one call at a time' flock "$out/lock" "$emulators" trixie
PATH=$real
says 'another ci/emulators is running'
finish
