# SPDX-License-Identifier: MIT
"""Fuzzing: each harness with each engine and build is a shard, a step of its own
with a share of the time.  What they learn is then merged into a corpus for each
harness, which grows from night to night."""

import re
import shutil
import time

from . import harness as harnesses
from .files import files_in, folders_in, read
from .night import SKIPPED, Failure, say

# A shard is started again after a crash, without the input that crashes it, until
# its time is over or it has crashed this often.
MOST_CRASHES = 50
# Harnesses whose inputs are no programs of softmmu.
NO_SITUATIONS = ("targets", "text", "unicorn", "walkers")
CRASHED = 77  # libFuzzer's exit code


def fuzz_all(night, seconds):
    """All shards, in `seconds` on all processes together."""
    shards = []
    for harness in night.harnesses:
        if "libfuzzer" in night.engines:
            shards += [(harness, "libfuzzer", build) for build in night.builds]
        if "afl" in night.engines:
            shards.append((harness, "afl", "none"))
    (night.folder / "shards.list").write_text(
        "".join(f"{' '.join(shard)}\n" for shard in shards), encoding="utf-8")
    if not shards:
        return
    share = max(3, seconds * night.options.jobs // len(shards))
    say(f"{len(shards)} shards, {share} s each")

    def shard(words):
        harness, engine, build = words
        work = libfuzzer_shard if engine == "libfuzzer" else afl_shard
        night.step(f"fuzz-{harness}-{engine}-{build}", work, harness, build, share,
                   findings=(10,))

    night.each(shard, shards)
    for harness in night.harnesses:
        measure_speed(night, harness)


def libfuzzer_shard(step, harness, build, seconds):
    """Fuzzes from the seeds and the corpus on: corpus/ gets what is new, found/
    what crashes it."""
    night = step.night
    here = night.folder / "shards" / f"{harness}-libfuzzer-{build}"
    kept = night.out / "corpus" / harness
    for folder in (here / "corpus", here / "in", here / "fresh", here / "found",
                   kept):
        folder.mkdir(parents=True, exist_ok=True)
    for file in files_in(harnesses.seeds(night, harness, build)) + files_in(kept):
        shutil.copy(file, here / "in")
    began = time.monotonic()
    runs = crashes = 0
    while True:
        left = int(began + seconds - time.monotonic())
        if left <= 0 or crashes >= MOST_CRASHES:
            break
        code, more = run_once(step, harness, build, here, left)
        runs += more
        if code == 0:
            break
        if not any((here / "fresh").iterdir()):
            step.remark("it did not run")
            return 1
        set_aside(here)
        crashes += 1
    shutil.rmtree(here / "in")
    spent = max(1, int(time.monotonic() - began))
    (here / "speed").write_text(f"{runs} {spent}\n", encoding="utf-8")
    step.remark(f"{runs} inputs, {len(files_in(here / 'corpus'))} new, "
                f"{len(files_in(here / 'found'))} crash it")
    return 10 if crashes else 0


def run_once(step, harness, build, here, seconds):
    """Runs a shard until it ends or crashes.  Returns the exit code and how many
    inputs it has run.  Inputs that are only slow do not stop it and are dropped."""
    with open(here / "log", "wb") as log:
        code = harnesses.run(step, harness, build, here, "-print_final_stats=1",
                             f"-max_total_time={seconds}",
                             "-artifact_prefix=fresh/", "corpus", "in", log=log)
    text = read(here / "log")
    step.write("".join(text.splitlines(keepends=True)[-100:]))
    runs = sum(map(int, re.findall(r"^stat::number_of_executed_units: *([0-9]+)",
                                   text, re.MULTILINE)))
    for file in (here / "fresh").glob("slow-unit-*"):
        file.unlink()
    return code, runs


def equal_files(one, other):
    """Whether two files have the same bytes."""
    return one.stat().st_size == other.stat().st_size and \
        one.read_bytes() == other.read_bytes()


def set_aside(here):
    """Moves the inputs that crashed a shard to found/, and takes equal ones out of
    what it starts from: it would crash at once."""
    for file in sorted((here / "fresh").iterdir()):
        for other in files_in(here / "in") + files_in(here / "corpus"):
            if equal_files(file, other):
                other.unlink()
        file.replace(here / "found" / file.name)


def afl_shard(step, harness, build, seconds):
    """Fuzzes on from AFL++'s own queue, which is kept from night to night."""
    night = step.night
    found = night.folder / "shards" / f"{harness}-afl-{build}" / "found"
    found.mkdir(parents=True, exist_ok=True)
    code = harnesses.run_afl(step, harness, seconds, night.out / "afl")
    new = read(night.out / "afl" / f"{harness}_fuzzer" / "new").splitlines()
    for number, path in enumerate(new, 1):
        shutil.copy(path, found / str(number))
    step.remark(f"{len(new)} inputs crash it")
    return code


def measure_speed(night, harness):
    """Inputs a second, of all shards of a harness that know it."""
    runs = seconds = 0
    for file in sorted((night.folder / "shards").glob(f"{harness}-*/speed")):
        more, took = read(file).split()
        runs += int(more)
        seconds += int(took)
    if seconds:
        night.measure(f"inputs_per_second.{harness}={runs / seconds:.1f}")


def merge_all(night):
    """A merge for each harness, each a step."""
    night.each(lambda harness: night.step(f"merge-{harness}", merge, harness),
               night.harnesses)


def learnt(night, harness):
    """Folders with what shards of this and of interrupted nights have kept."""
    folders = []
    for place in night.unfinished():
        folders += [shard / "corpus" for shard in folders_in(place / "shards")
                    if shard.name.startswith(f"{harness}-")]
    queues = night.out / "afl" / f"{harness}_fuzzer" / "afl"
    folders += [job / "queue" for job in folders_in(queues)]
    return [folder for folder in folders if folder.is_dir()]


def merge(step, harness):
    """Keeps the inputs that a harness needs to reach all that was ever reached."""
    night = step.night
    if not night.builds:
        step.remark("there is no build")
        return SKIPPED
    build = night.builds[-1]  # the fastest
    kept = night.out / "corpus" / harness
    new = night.tmp / f"merged-{harness}"
    crashed = night.tmp / f"crashed-{harness}"
    for folder in (kept, new, crashed):
        folder.mkdir(parents=True, exist_ok=True)
    # What is learnt must be worth keeping without the bug of tonight.
    env = harnesses.without_symbols(night.env)
    env.pop("TWINWALK_ZOO", None)
    code = harnesses.run(
        step, harness, build, crashed, "-artifact_prefix=./", "-merge=1", new,
        kept, harnesses.seeds(night, harness, build), *learnt(night, harness),
        env=env)
    if code != 0:
        raise Failure(code)
    # The merge passes over what crashes the harness; the corpus must not lose it.
    for file in files_in(crashed):
        _, dash, name = file.name.rpartition("-")
        if dash and (kept / name).is_file():
            shutil.copy(kept / name, new)
    before, after = len(files_in(kept)), len(files_in(new))
    put_in_place(new, kept)
    step.remark(f"{before} inputs before, {after} now")
    step.measure(f"corpus.{harness}={after}")
    if harness in NO_SITUATIONS or night.options.bug:
        return 0
    return count_situations(step, harness, build, kept)


def put_in_place(new, kept):
    """Replaces a corpus: the old one is there until the new one is."""
    old = kept.with_name(f"{kept.name}.old")
    shutil.rmtree(old, ignore_errors=True)
    kept.rename(old)
    new.rename(kept)
    shutil.rmtree(old)


def count_situations(step, harness, build, kept):
    """Adds what the inputs of a corpus meet to the situations of the night."""
    night = step.night
    code = step.run(harnesses.program(night, harness, build), "-runs=0", kept,
                    env=dict(night.env,
                             TWINWALK_COVERAGE=str(night.folder / "situations")))
    if code == CRASHED:
        # The shards report the crash; the merge has done its work.
        step.remark(f"{step.text}; an input crashes it, so the situations of the "
                    "others may be missing")
        return SKIPPED
    return code
