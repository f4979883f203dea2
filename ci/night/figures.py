# SPDX-License-Identifier: MIT
"""What a night measures (tests, the zoo, situations, lines), and its page."""

import json
import re

from .files import last_line, read
from .index import about
from .night import SKIPPED, Failure, say


def all_tests(step):
    """`ci/test --all`, with the tests that are too slow for each change."""
    night = step.night
    if night.options.build:
        step.remark("left out: with --build nothing is built")
        return SKIPPED
    code = step.run("ci/test", "--all")
    step.remark(last_line(read(step.path)))
    return code


def zoo(step, seconds):
    """How much of the zoo random programs find, and how fast."""
    night = step.night
    output = night.folder / "zoo.json"
    code = step.run(night.twinwalk, "zoo", "--time", str(max(60, seconds // 12)),
                    "--jobs", str(night.options.jobs), "--json", output=output)
    try:
        bugs = json.loads(read(output))["bugs"]
    except ValueError:  # it was cut short
        bugs = []
    if not bugs:
        return 1
    found = sum(bug["found"] for bug in bugs)
    took = sum(bug.get("seconds", 0) for bug in bugs)
    step.remark(f"{found} of {len(bugs)} bugs in {took:.2f} s")
    step.measure(f"zoo.found={100 * found // len(bugs)}",
                 f"zoo_seconds={took:.2f}")
    return code


def last_situations(night):
    """The situations of the last whole night, if it has kept any."""
    file = night.last and night.last / "situations"
    return file if file and file.is_file() else None


def situations(step):
    """What the accesses of the night met, against the night before."""
    night = step.night
    met = night.folder / "situations"
    if not met.is_file():
        step.remark("nothing was kept")
        return SKIPPED
    before = last_situations(night)
    output = night.folder / "cover.txt"
    code = step.run(night.twinwalk, "cover",
                    *(["--against", before] if before else []), met,
                    output=output)
    # Some may be lost (10): random programs differ from night to night.
    if code != 0 and not (before and code == 10):
        raise Failure(code)
    first = read(output).partition("\n")[0]
    step.remark(first)
    percent = re.search(r".*\(([0-9.]+) %\)", first)
    if not percent:
        raise Failure(1)
    step.measure(f"coverage.situations={percent.group(1)}")
    return 0


def total_of(night, file):
    """(lines, branches) of a report, in percent, as text; None if there is no
    such report."""
    if not file.is_file():
        return None
    output = night.tmp / "folders"
    with open(output, "wb") as table:
        night.call(("ci/lcov", "folders", file), table, errors=None)
    for line in read(output).splitlines():
        words = line.split()
        if words[:1] == ["all"] and len(words) > 5:  # all LINES PERCENT % BRANCHES PERCENT %
            return words[2], words[5]
    return None


def coverage(step, seconds):
    """Lines and branches, with `ci/coverage`, against the night before."""
    night = step.night
    out = night.folder / "coverage"
    words = ["--time", str(max(10, seconds)), "--out", out]
    if night.last and (night.last / "coverage/lcov.info").is_file():
        words += ["--against", night.last / "coverage"]
    for item in night.options.objects:
        words += ["--object", item]
    env = dict(night.env)
    for name in ("TWINWALK_ZOO", "TWINWALK"):
        env.pop(name, None)
    code = step.run("ci/coverage", *words, env=env)
    total = total_of(night, out / "lcov.info")
    if not total:
        return 1
    figures = [f"coverage.lines={total[0]}", f"coverage.branches={total[1]}"]
    for report in sorted((out / "target").glob("*/lcov.info")):
        total = total_of(night, report)
        if total:
            figures.append(f"coverage.lines.{report.parent.name}={total[0]}")
    step.remark(" ".join(figures))
    step.measure(*figures)
    return code


def write_page(night):
    """The page of the night.  Returns False if it could not be written; notes
    whether there are news, whoever met them first."""
    words = ["--store", night.store, "--out", night.folder / "page", "--since",
             str(night.first_run()), "--steps", night.folder / "steps.tsv",
             "--title", f"twinwalk, night {night.name}",
             "--about", about(night)]
    met = night.folder / "situations"
    if met.is_file():
        words += ["--coverage", met]
        before = last_situations(night)
        if before:
            words += ["--against", before]
    if (night.folder / "coverage/summary.json").is_file():
        words += ["--lines", night.folder / "coverage"]
    path = night.folder / "logs/page.log"
    with open(path, "wb") as log:
        code = night.call((night.twinwalk, "report", *words), log)
    if code != 0:
        return False
    text = read(path)
    say(last_line(text))
    if not re.search("^0 new, 0 returned,", text, re.MULTILINE):
        night.note_news()
    return True
