# SPDX-License-Identifier: MIT
"""The command line of ci/nightly, checked before anything is written."""

import os
import re
from dataclasses import dataclass, field

from arguments import (Usage, folder_of, is_foreign, object_of, pairs_of,
                       seconds_of)

STEPS = ("tests", "regressions", "canary", "campaigns", "fuzz", "merge",
         "triage", "zoo", "bench", "coverage")
TARGETS = ("unicorn", "unicorn:x86-64", "unicorn:riscv64",
           "unicorn:arm64-1k", "unicorn:arm64@last", "unicorn-ab",
           "unicorn-vtlb", "unicorn-snapshot", "qemu-aarch64", "qemu-x86-64",
           "qemu-riscv64", "qemu-mpc", "qemu-mpc-smp", "qemu-mpc-dma",
           "qemu-smmuv3", "qemu-smmuv3-nested", "qemu-vtd",
           "qemu-vtd-scalable", "qemu-vtd-first", "qemu-vtd-vhost", "qemu-vtd-ats",
           "qemu-vtd-ahci", "qemu-virtio-vtd", "qemu-smmuv3-vhost", "qemu-amdvi",
           "qemu-amdvi-vhost", "qemu-virtio-iommu", "qemu-virtio-iommu-vhost",
           "qemu-riscv-iommu", "qemu-riscv-iommu-nested")
ENGINES = ("libfuzzer", "afl")
SANITIZERS = ("address", "none")
KNOWN = ("--budget", "--out", "--jobs", "--only", "--engines", "--sanitizers",
         "--harnesses", "--targets", "--emulators", "--build", "--keep",
         "--object")


@dataclass
class Options:
    """What a night was asked to do."""
    budget: str = "30m"             # as given
    seconds: int = 0                # the same, in seconds
    out: str = ""                   # absolute
    jobs: int = 1
    only: list = field(default_factory=lambda: list(STEPS))
    engines: list = field(default_factory=list)  # none: those that are there
    sanitizers: list = field(default_factory=lambda: ["address", "none"])
    harnesses: list = field(default_factory=list)
    targets: list = field(default_factory=lambda: list(TARGETS))
    emulators: str = ""             # absolute; none: where ci/emulators puts them
    build: str = ""                 # absolute; none: everything is built
    keep: int = 14
    objects: list = field(default_factory=list)  # "TARGET=OBJECT", absolute
    bug: str = ""                   # of the zoo, in the built-in target


def list_of(text):
    """Words with commas or blanks between."""
    return text.replace(",", " ").split()


def budget_of(text):
    """How long programs are run, in seconds."""
    seconds = seconds_of(text, "300s, 30m or 8h")
    if seconds < 10:
        raise Usage("--budget: 10 seconds or more")
    return seconds


def number_of(text):
    """A number from 1."""
    if not re.fullmatch(r"[0-9]{1,5}", text) or int(text) == 0:
        raise Usage("--jobs, --keep: numbers from 1")
    return int(text)


def harnesses_of(top):
    """The names in the list of harnesses, but for zoo: it is softmmu with a bug."""
    with open(os.path.join(top, "fuzz/harnesses.def"), encoding="utf-8") as file:
        names = re.findall(r"^TW_HARNESS\(([a-z]*),", file.read(), re.MULTILINE)
    return [name for name in names if name != "zoo"]


def check_words(words, known, what):
    """All words must be known; `what` opens the message."""
    for word in words:
        if word not in known:
            raise Usage(f'{what}, not "{word}"')


def check_names(options, known):
    """The words of the options that take lists."""
    check_words(options.only, STEPS, f'--only: of {" ".join(STEPS)}')
    check_words(options.targets, TARGETS,
                f'--targets: of {" ".join(TARGETS)}, or none')
    check_words(options.engines, ENGINES, "--engines: libfuzzer or afl")
    check_words(options.sanitizers, SANITIZERS, "--sanitizers: address or none")
    check_words(options.harnesses, known, f'--harnesses: of {" ".join(known)}')


def check_folders(options):
    """A build must be there; what belongs to somebody else stays as it is."""
    if options.build and not os.access(
            os.path.join(options.build, "cli/twinwalk"), os.X_OK):
        raise Usage("--build: a build folder, with cli/twinwalk, not "
                    f'"{options.build}"')
    out = options.out
    if "\n" in out:
        raise Usage("an --out without a line break")
    if is_foreign(out, "nights"):
        raise Usage(f'a new folder, or one of older nights, not "{out}"')


def parse(words, top):
    """Options of a command line; None if it asks for help.  Raises Usage."""
    pairs = pairs_of(words, KNOWN)
    if pairs is None:
        return None
    given = dict(pairs)  # of an option given twice the last
    options = Options(jobs=len(os.sched_getaffinity(0)))
    options.objects = [object_of(value) for option, value in pairs
                       if option == "--object"]
    options.budget = given.get("--budget", options.budget)
    options.seconds = budget_of(options.budget)
    if "--jobs" in given:
        options.jobs = number_of(given["--jobs"])
    if "--keep" in given:
        options.keep = number_of(given["--keep"])
    known = harnesses_of(top)
    for name in ("only", "engines", "sanitizers", "targets"):
        if f"--{name}" in given:
            setattr(options, name, list_of(given[f"--{name}"]))
    options.only = options.only or list(STEPS)
    options.harnesses = list_of(given.get("--harnesses", "")) or known
    if options.targets == ["none"]:
        options.targets = []
    check_names(options, known)
    options.bug = os.environ.get("TWINWALK_ZOO", "")
    if not re.fullmatch(r"[a-z0-9-]*", options.bug):
        raise Usage(f'the name of a bug in TWINWALK_ZOO, not "{options.bug}"')
    if "--emulators" in given:
        options.emulators = folder_of("--emulators", given["--emulators"])
    if "--build" in given:
        options.build = folder_of("--build", given["--build"])
    options.out = os.path.join(os.path.realpath(top), "out/nightly")
    if "--out" in given:
        options.out = folder_of("--out", given["--out"])
    check_folders(options)
    return options
