# SPDX-License-Identifier: MIT
"""Canaries: each harness and each target must find a bug that is known to be
there.  Else a night without findings would prove nothing."""

import re
import shutil

from . import harness as harnesses
from .files import file_name, read
from .targets import labels, target_of

FOUND = 10  # the exit code of a finding


def canaries(night):
    """All canaries, each a step, and the percentage of them that found the bug."""
    found = []

    def canary(name, work, *arguments):
        found.append(night.step(f"canary-{name}", work, *arguments))

    for harness in night.harnesses:
        if "libfuzzer" in night.engines:
            for build in night.builds:
                canary(f"{harness}-{build}", in_libfuzzer, harness, build)
        if "afl" in night.engines and harness in harnesses.BUGS:
            canary(f"{harness}-afl", in_afl, harness)
    for label in labels(night):
        if label != "unicorn-vtlb":  # only some versions have a known bug
            canary(file_name(label), in_target, label)
    if found:
        night.measure(f"canary.fired={100 * sum(found) // len(found)}")


def with_bug(night, bug):
    """The environment in which a harness has a bug to find."""
    if bug == "known":
        return dict(night.env, TWINWALK_NO_KNOWN="1")
    return dict(night.env, TWINWALK_ZOO=bug)


def in_libfuzzer(step, harness, build):
    """A harness must report its bug, or its canary the deliberate mistake."""
    night = step.night
    here = night.tmp / f"canary-{harness}-{build}"
    here.mkdir(parents=True, exist_ok=True)
    bug = harnesses.BUGS.get(harness)
    with open(here / "log", "wb") as log:
        code = harnesses.run(
            step, harness, build, here, "-seed=1", "-runs=200000",
            "-max_total_time=300", harnesses.seeds(night, harness, build),
            kind="fuzzer" if bug else "canary",
            env=with_bug(night, bug) if bug else None, log=log)
    text = read(here / "log")
    step.write(text)
    # A crash alone is not enough: the judge must have spoken.
    if code == 0 or not re.search("^ASSERTION FAILED: TwFuzzerHash=", text,
                                  re.MULTILINE):
        step.remark("the bug was not found")
        return 1
    return 0


def in_afl(step, harness):
    """AFL++ must find the bug within a minute."""
    night = step.night
    env = with_bug(night, harnesses.BUGS[harness])
    code = harnesses.run_afl(step, harness, 60, night.tmp / "canary-afl",
                             env=dict(env, AFL_BENCH_UNTIL_CRASH="1"))
    return result(step, code)


def in_target(step, label):
    """Random programs must find a bug of softmmu, invalidations that a guest of QEMU
    leaves out, or what is known of another target."""
    night = step.night
    target = ["zoo:rights-not-anded"] if label == "softmmu" else \
        [*target_of(night, label),
         "--drop-flushes" if label.startswith("qemu-") else "--no-known"]
    out = night.tmp / "canary"
    code = step.run(night.twinwalk, "run", "--target", *target,
                    "--stop-at-finding", "--time", "60", "--jobs",
                    str(night.options.jobs), "--out", out)
    shutil.rmtree(out, ignore_errors=True)
    return result(step, code)


def result(step, code):
    """The exit code of a canary whose command ended with `code`."""
    if code != FOUND:
        step.remark(f"the bug was not found (exit code {code})")
        return 1
    return 0
