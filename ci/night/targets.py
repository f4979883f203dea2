# SPDX-License-Identifier: MIT
"""The targets of a night: which are there, random programs on each of them, and
the findings of one label triaged into the store."""

import shutil
import subprocess
import time

import qemus

from .files import file_name, files_in, last_line, read
from .night import SKIPPED

FINDINGS = (10, 11)  # exit codes: a finding; twinwalk's own fault, a finding too
MOST_INPUTS = 200    # of one shard; names are hashes, so the first ones are any


def built_in(night):
    """The built-in target, or that with the bug of tonight."""
    bug = night.options.bug
    return f"zoo:{bug}" if bug else "softmmu"


def find_emulators(night):
    """Notes the newer QEMUs that ci/emulators has made.  The label of each is its
    target with its suite: qemu-riscv64-forky."""
    wanted = [target for target in night.options.targets
              if target.startswith("qemu-")]
    newer, why = qemus.made(night.options.emulators) if wanted else (None, "")
    for qemu in newer.qemus if newer else []:
        for target in qemus.targets_of(qemu):
            if target in wanted:
                night.emulators[f"{target}-{qemu.suite}"] = \
                    (target, "--qemu", qemu.path)
    if why:
        night.absent["newer QEMUs"] = why


def find_targets(night):
    """The options of `twinwalk run` for each campaign on what is there.  What is not
    is noted, with the reason."""
    find_emulators(night)
    there = []
    for target in [*night.options.targets, *night.emulators]:
        complaint = night.tmp / "complaint"
        with open(complaint, "wb") as file:
            code = night.call((night.twinwalk, "targets", "--target",
                               *target_of(night, target)),
                              subprocess.DEVNULL, errors=file)
        if code == 0:
            there.append(target)
        else:
            night.absent[target] = last_line(read(complaint))
    return [built_in(night), f"{built_in(night)} --steer",
            f"{built_in(night)} --flush page", *there]


def label_of(target):
    """The name that findings of a target are kept under."""
    return "softmmu" if target.startswith("zoo:") else target


def labels(night):
    """All of them, sorted."""
    return sorted({label_of(target.split()[0]) for target in night.targets})


def target_of(night, label):
    """The target that a label's findings are run on, as words after --target."""
    if label in night.emulators:
        return night.emulators[label]
    return (built_in(night) if label == "softmmu" else label,)


# Campaigns -------------------------------------------------------------------


def campaigns(night, seconds):
    """Random programs: a campaign for each target, each with the same time."""
    share = max(1, seconds // len(night.targets))
    (night.folder / "targets").write_text(
        "".join(f"{target}\n" for target in night.targets), encoding="utf-8")
    for target in night.targets:
        night.step(f"campaign-{file_name(target)}", campaign, target, share,
                   findings=FINDINGS)
    for target in night.absent:
        night.step(f"campaign-{file_name(target.lower())}", no_campaign, target)


# Of the commands of an IOMMU, and of those that only two stages have.
FAMILIES = ("global", "domain", "pages", "contexts")
SECOND_FAMILIES = ("second-global", "second-domain", "second-pages")
# Those that have requests instead, and no addresses of 64 bits.
VIRTIO = "qemu-virtio-iommu"
VIRTIO_FAMILIES = ("domain", "pages", "contexts")


def iommus_of(night):
    """The labels of virtual IOMMUs that are there."""
    known = [target for targets in qemus.IOMMUS.values() for target in targets]
    return [label for label in night.targets
            if target_of(night, label)[0] in known]


def families(night, seconds):
    """Each family of the commands of each IOMMU alone: a step for each IOMMU."""
    there = iommus_of(night)
    for label in there:
        night.step(f"families-{file_name(label)}", family_campaigns, label,
                   seconds // len(there), findings=FINDINGS)


def family_campaigns(step, label, seconds):
    """A campaign for each family; cases go to found/LABEL/."""
    night = step.night
    target = target_of(night, label)
    names = FAMILIES
    if target[0].endswith("-nested"):
        names += SECOND_FAMILIES
    if target[0].startswith(VIRTIO):
        names = VIRTIO_FAMILIES
    code = 0
    for name in names:
        folder = night.folder / "found" / file_name(label) / name
        folder.mkdir(parents=True, exist_ok=True)
        code = worse(code, step.run(
            night.twinwalk, "run", "--time", str(max(1, seconds // len(names))),
            "--jobs", str(night.options.jobs), "--seed", str(int(time.time())),
            "--out", folder, "--store", night.store, "--as", label,
            "--only-commands", name, "--target", *target))
    step.remark(f"{len(names)} families")
    return code


# With it the RISC-V IOMMU of a QEMU keeps no translations.
UNCACHED = "-global riscv-iommu-pci.ioatc-limit=0"


def pairs_of(night):
    """Pairs of configurations of a virtual IOMMU: (label, its name, options of the
    other one).  Against the newer QEMUs that ci/emulators has made, and against no
    cache."""
    there = iommus_of(night)
    for label in there:
        target = target_of(night, label)[0]
        if target.startswith("qemu-riscv-iommu"):
            yield label, f"{label}-uncached", ("--against-qemu-args", UNCACHED)
        for other in there:
            if label == target and other != label and \
                    target_of(night, other)[0] == target:
                yield label, other, ("--against-qemu", target_of(night, other)[-1])


def pairs(night, seconds):
    """A campaign for each pair, each a step."""
    there = list(pairs_of(night))
    for label, name, options in there:
        night.step(f"pair-{file_name(name)}", pair, label, name, options,
                   max(1, seconds // len(there)), findings=FINDINGS)


def wides(night, seconds):
    """A campaign with addresses of 64 bits for each IOMMU that has them, each a step."""
    there = [label for label in iommus_of(night)
             if not target_of(night, label)[0].startswith(VIRTIO)]
    for label in there:
        night.step(f"wide-{file_name(label)}", pair, label, f"wide-{label}",
                   ("--wide",), max(1, seconds // len(there)), findings=FINDINGS)


def pair(step, label, name, options, seconds):
    """A campaign with options that triage does not have: its cases go to
    pairs/NAME/, and are news at once."""
    night = step.night
    folder = night.folder / "pairs" / file_name(name)
    folder.mkdir(parents=True, exist_ok=True)
    code = step.run(night.twinwalk, "run", "--time", str(seconds), "--jobs",
                    str(night.options.jobs), "--seed", str(int(time.time())),
                    "--out", folder, *options, "--target",
                    *target_of(night, label))
    if code in FINDINGS:
        night.note_news()
    step.remark(f"{len(files_in(folder))} cases")
    return code


def no_campaign(step, target):
    """None, and why."""
    step.remark(step.night.absent[target])
    return SKIPPED


def campaign(step, target, seconds):
    """One campaign; its cases go to found/LABEL/."""
    night = step.night
    words = target.split()
    label = label_of(words[0])
    folder = night.folder / "found" / file_name(label) / file_name(target)
    folder.mkdir(parents=True, exist_ok=True)
    words[:1] = night.emulators.get(label, words[:1])
    if label == "softmmu":
        words += ["--coverage", night.folder / "situations"]
    code = step.run(night.twinwalk, "run", "--time", str(seconds), "--jobs",
                    str(night.options.jobs), "--seed", str(int(time.time())),
                    "--out", folder, "--store", night.store, "--as", label,
                    "--target", *words)
    cases = [file for file in files_in(folder) if file.suffix == ".tw"]
    step.remark(f"{len(cases)} cases")
    return code


# Triage ----------------------------------------------------------------------


def triage_all(night):
    """Groups what the night and interrupted ones have found, a step per label."""
    for name in ("softmmu", "unicorn"):
        (night.folder / "crashes" / name).mkdir(parents=True, exist_ok=True)
    night.step("collect", collect)
    for label in labels(night):
        night.step(f"triage-{file_name(label)}", triage, label, findings=FINDINGS)


def collect(step):
    """Copies the inputs that crash harnesses to crashes/, under names that say
    which harness it was."""
    night = step.night
    number = 0
    for place in night.unfinished():
        for found in sorted((place / "shards").glob("*/found")):
            harness = found.parent.name.split("-")[0]
            label = "unicorn" if harness == "unicorn" else "softmmu"
            for file in files_in(found)[:MOST_INPUTS]:
                number += 1
                shutil.copy(file, night.folder / "crashes" / label /
                            f"clusterfuzz-testcase-{harness}_fuzzer-{number}")
    step.remark(f"{number} inputs that crash harnesses")


def worse(one, other):
    """The exit code that says more: an error, then a finding, then nothing."""
    return other if one == 0 or one in FINDINGS and other != 0 else one


def triage(step, label):
    """Triages the cases and inputs of one label.  Without any of them the known
    findings are still run again."""
    night = step.night
    base = file_name(label)
    code = 0
    # What crashes harnesses comes first: the remark is the last one's.
    crashes = night.folder / "crashes" / base
    if crashes.is_dir() and any(crashes.iterdir()):
        code = triage_folders(step, label, "--harness", "auto", crashes)
    (night.folder / "found" / base).mkdir(parents=True, exist_ok=True)
    folders = [place / "found" / base for place in night.unfinished()]
    return worse(code, triage_folders(
        step, label, "--junit", night.folder / f"{base}.xml", "--sarif",
        night.folder / f"{base}.sarif",
        *[folder for folder in folders if folder.is_dir()]))


def triage_folders(step, label, *arguments):
    """One call of `twinwalk triage`.  Returns its exit code; news are noted."""
    night = step.night
    output = night.tmp / "triage"
    code = step.run(night.twinwalk, "triage", "--store", night.store, "--since",
                    str(night.first_run()), "--as", label, "--target",
                    *target_of(night, label), "--jobs",
                    str(night.options.jobs), "--time", "30s", *arguments,
                    output=output)
    step.remark(last_line(read(output)).split("; kept in ")[0])
    if code in FINDINGS:
        night.note_news()
    return code
