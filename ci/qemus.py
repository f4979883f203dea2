# SPDX-License-Identifier: MIT
"""The newer emulators that ci/emulators has made: QEMUs, as targets of twinwalk, and
libunicorns.  Knows nothing of what is done with them."""

import re
import subprocess
from pathlib import Path
from typing import NamedTuple

# The architecture, as the name of a QEMU has it, and the target of twinwalk.
TARGETS = {"aarch64": "qemu-aarch64", "x86_64": "qemu-x86-64",
           "riscv64": "qemu-riscv64", "arm": "qemu-mpc"}
# The targets of the same QEMU that are about its virtual IOMMUs, if any.
IOMMUS = {"qemu-aarch64": ("qemu-smmuv3", "qemu-smmuv3-nested",
                           "qemu-smmuv3-vhost"),
          "qemu-x86-64": ("qemu-vtd", "qemu-vtd-scalable", "qemu-vtd-first",
                          "qemu-vtd-vhost", "qemu-vtd-ats", "qemu-vtd-ahci",
                          "qemu-virtio-vtd", "qemu-amdvi", "qemu-amdvi-vhost", "qemu-virtio-iommu",
                          "qemu-virtio-iommu-vhost"),
          "qemu-riscv64": ("qemu-riscv-iommu", "qemu-riscv-iommu-nested")}
HERE = Path(__file__).resolve().parent


class Qemu(NamedTuple):
    """One QEMU."""
    target: str   # of twinwalk
    suite: str    # of Debian
    version: str
    path: str     # for --qemu; it has no blanks


class Library(NamedTuple):
    """One libunicorn."""
    suite: str    # of Debian
    version: str  # of the package
    path: str     # of libunicorn.so


class Made(NamedTuple):
    """What there is."""
    qemus: list
    libraries: list


def libraries_of(text):
    """Those in the lines that ci/emulators prints."""
    return [Library(suite, version, path) for suite, version, path in re.findall(
        r"^libunicorn-([a-z]+) (\S+) (\S+)$", text, re.MULTILINE)]


def qemus_of(text):
    """Those in the lines that ci/emulators prints."""
    return [Qemu(TARGETS[arch], suite, version, path)
            for arch, suite, version, path in re.findall(
                r"^qemu-system-(\w+)-([a-z]+) ([0-9.]+) (\S+)$", text, re.MULTILINE)
            if arch in TARGETS]


def targets_of(qemu):
    """All targets that run that QEMU."""
    return (qemu.target, *IOMMUS.get(qemu.target, ()))


def made(folder=""):
    """(what ci/emulators has made in its folder, or in another one; why there is
    nothing)."""
    done = subprocess.run(
        [HERE / "emulators", "--list",
         *(["--out", folder] if folder else [])],
        stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    why = done.stderr.strip().removeprefix("ci/emulators: ").removeprefix("skipped: ")
    # Of those that do not run, none is used.
    return (Made(qemus_of(done.stdout), libraries_of(done.stdout)), "") \
        if done.returncode == 0 else \
        (Made([], []), why or f"ci/emulators --list: exit code {done.returncode}")
