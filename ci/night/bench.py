# SPDX-License-Identifier: MIT
"""How soon engines find bugs of the zoo: each night another eighth of the bugs."""

import json
from datetime import date

from . import harness
from .files import read

PARTS = 8
TRIALS = 2
ENGINES = 4  # at most; for the limit of a trial


def part_of(slugs, night):
    """The bugs whose turn it is in a night that is named by its date."""
    turn = date.fromisoformat(night[:10]).toordinal() % PARTS
    return slugs[turn::PARTS]


def gather(step):
    """A folder with the harnesses that this night has built, without sanitizers."""
    night = step.night
    folder = night.tmp / "bench-harnesses"
    folder.mkdir(exist_ok=True)
    built = {"libfuzzer-none": harness.build_folder(night, "none") / "fuzz",
             "afl-none": night.top / "build-engine/afl-none"}
    for name, place in built.items():
        if "afl" in name and "afl" not in night.engines:
            continue
        link = folder / name
        link.unlink(missing_ok=True)
        link.symlink_to(place)
    return folder


def engines(step, seconds):
    """Trials of each engine that is there; a page with the curves beside the steps."""
    night = step.night
    listed = night.folder / "bugs.json"
    step.must(night.twinwalk, "targets", "--json", output=listed)
    slugs = [row["slug"] for row in json.loads(read(listed))["zoo"]]
    chosen = part_of(slugs, night.name)
    limit = max(1, seconds * night.options.jobs // (len(chosen) * TRIALS * ENGINES))
    output = night.folder / "bench.json"
    code = step.run(night.twinwalk, "zoo", "bench", "--engine", "all", "--harnesses",
                    gather(step), "--trials", str(TRIALS), "--time", str(limit),
                    "--jobs", str(night.options.jobs), "--html",
                    night.folder / "bench.html", "--json", *chosen, output=output)
    if code not in (0, 10):
        return code
    figures, remarks = [], []
    for row in json.loads(read(output))["engines"]:
        name, trials = row["engine"], row["trials"]
        figures += [f"zoo_detected.{name}={100 * row['detected'] // trials}",
                    f"zoo_mean.{name}={row['mean']:.3f}"]
        remarks.append(f"{name} {row['detected']} of {trials}")
    step.remark(f"{', '.join(remarks)} trials of {len(chosen)} bugs, {limit} s each")
    step.measure(*figures)
    return code
