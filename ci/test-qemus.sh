# SPDX-License-Identifier: MIT
# shellcheck shell=sh
# Sourced by tests: stand-ins for what ci/emulators makes.

# fake_emulators FOLDER SUITE VERSION: four QEMUs of this version, which can only
# say that, in FOLDER.
fake_emulators()
{
    fake_libraries=$1/$2/usr/lib/some-linux-gnu
    mkdir -p "$fake_libraries/pkgconfig"
    echo 'Version: 2.3.4' >"$fake_libraries/pkgconfig/unicorn.pc"
    ln -s /bin/true "$fake_libraries/ld-linux.so.1"
    for fake_arch in aarch64 arm riscv64 x86_64; do
        printf '%s\n' '#!/bin/sh' "echo 'QEMU emulator version $3 (Debian)'" \
            >"$1/qemu-system-$fake_arch-$2"
        chmod +x "$1/qemu-system-$fake_arch-$2"
    done
    : >"$1/$2/done"
}
