# SPDX-License-Identifier: MIT
"""The reports of ci/coverage: llvm-cov's files from the profiles, the tables that
are printed, and the comparison with an older run."""

import re
import shutil
import subprocess
import sys

from .runs import say

# Left out: headers of the system, tests, what is made from text.
SKIP = r"(^|/)usr/|/test-[^/]*$|-builtin\.inc$"
# (folder, percent of lines, percent of branches): what must be reached.
LIMITS = (("oracle", 95, 85), ("targets/softmmu", 95, 85))


class Missing(Exception):
    """A tool is not installed, or failed.  The text says which."""


def tool(name):
    """The path of a tool of LLVM."""
    path = shutil.which(f"{name}-14") or shutil.which(name)
    if not path:
        raise Missing(f"expected {name} (llvm)")
    return path


def check_tools():
    """Whether they are there, before hours of work.  Raises Missing."""
    for name in ("llvm-profdata", "llvm-cov"):
        tool(name)


def call(runs, *command, output=None):
    """Runs a tool, with its errors in the log; it must not fail."""
    with open(runs.log, "ab") as log:
        code = subprocess.run(command, stdout=output or log, stderr=log,
                              env=runs.env, check=False).returncode
    if code != 0:
        raise Missing(f"{command[0]}: exit code {code}; see {runs.log}")


def report(runs, to, pattern):
    """Profile, lcov, JSON and HTML into a folder, of the profiles with names of a
    pattern."""
    cov = tool("llvm-cov")
    to.mkdir(parents=True, exist_ok=True)
    call(runs, tool("llvm-profdata"), "merge", "-sparse", "-o",
         to / "merged.profdata", *sorted((runs.out / "raw").glob(pattern)))
    words = [runs.twinwalk, f"-instr-profile={to / 'merged.profdata'}"]
    for name in runs.harnesses:
        words += ["-object", runs.build / "fuzz" / f"{name}_fuzzer_standalone"]
    words.append(f"-ignore-filename-regex={SKIP}")
    raw = to / "lcov.raw"
    with open(raw, "wb") as file:
        call(runs, cov, "export", *words, "-format=lcov", output=file)
    write_lcov(runs, raw, to / "lcov.info")
    raw.unlink()
    # Not llvm-cov's own: it counts lines by regions, lcov.info by lines.
    with open(to / "summary.json", "wb") as file:
        call(runs, runs.top / "ci/lcov", "summary", to / "lcov.info", output=file)
    call(runs, cov, "show", *words, "-format=html", f"-output-dir={to / 'html'}",
         "-show-branches=count")


def write_lcov(runs, raw, path):
    """The same with paths from the top of the tree: not
    /top/build-coverage/../oracle/walk.c, but oracle/walk.c."""
    starts = (f"SF:{runs.build}/../", f"SF:{runs.top}/")
    with open(raw, encoding="utf-8") as lines, \
            open(path, "w", encoding="utf-8") as file:
        for line in lines:
            for start in starts:
                if line.startswith(start):
                    line = f"SF:{line[len(start):]}"
                    break
            file.write(line)


def write_all(runs):
    """Everything together, and each harness alone."""
    say("writing the reports")
    report(runs, runs.out, "*.profraw")
    for name in runs.harnesses:
        report(runs, runs.out / "harness" / name, f"harness-{name}-*.profraw")


def measure_targets(runs, objects, seconds):
    """Coverage of other targets, TARGET=OBJECT.  Returns the folders that were
    written."""
    written = []
    for item in objects:
        target, _, path = item.rpartition("=")
        name = re.sub("[^A-Za-z0-9._-]", "_", path.rpartition("/")[2])
        folder = runs.out / "target" / name
        folder.parent.mkdir(exist_ok=True)
        code = show(runs, "ci/coverage-target", "--time", str(seconds), "--out",
                    folder, target, path)
        if code == 0:
            written.append(folder)
        else:
            runs.fail(99)
    return written


def show(runs, *command):
    """Runs a script whose output is for people.  Returns its exit code."""
    sys.stdout.flush()
    return subprocess.run(command, cwd=runs.top, env=runs.env,
                          check=False).returncode


def folders(runs, path):
    """{folder: words of its row} of an lcov file."""
    text = subprocess.run(["ci/lcov", "folders", path], cwd=runs.top, text=True,
                          stdout=subprocess.PIPE, check=True).stdout
    return {line.split()[0]: line.split() for line in text.splitlines()}


def number(word):
    """A percentage of a row; 0 where there is nothing."""
    return float(word) if word != "." else 0.0


def print_tables(runs):
    """What each harness reaches, each folder, and situations."""
    print()
    for name in runs.harnesses:
        row = folders(runs, runs.out / "harness" / name / "lcov.info")["all"]
        print(f"{name + '_fuzzer':<20} {int(row[1]):7d} {number(row[2]):6.2f} %  "
              f"{int(row[4]):8d} {number(row[5]):6.2f} %")
    print()
    show(runs, "ci/lcov", "folders", runs.out / "lcov.info")
    print()
    cover = (runs.out / "cover.txt").read_text(encoding="utf-8")
    print(cover.partition("\n")[0])
    print()


def judge(runs):
    """Prints what is not reached, and why.  Returns 10 if too little is."""
    path = runs.out / "lcov.info"
    print("not reached in oracle/ and targets/softmmu/, and why:")
    code = show(runs, "ci/lcov", "unreached", path, "ci/unreached")
    rows = folders(runs, path)
    for folder, lines, branches in LIMITS:
        row = rows[folder]
        if number(row[2]) < lines or number(row[5]) < branches:
            print(f"{folder}: expected {lines} % of lines and {branches} % of "
                  "branches")
            code = 10
    return code


def compare(runs, against, limit, targets):
    """Prints what was lost and gained since an older run.  Returns 10 if too much
    was lost."""
    def differ(old, new):
        return show(runs, "ci/lcov", "diff", old, new, limit)

    print(f"\nagainst {against}:")
    code = differ(against / "lcov.info", runs.out / "lcov.info")
    for folder in targets:
        old = against / "target" / folder.name / "lcov.info"
        if old.is_file():
            print(f"\n{folder.name} against {against}:")
            code = differ(old, folder / "lcov.info") or code
    return code
