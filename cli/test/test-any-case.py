#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Every verb that takes a case, on the cases of every folder of the corpus,
with every target: if a target does not run a case, no verb crashes, and each
says why.

With TW_LONG, all cases; else a part of them.
"""

import json
import os
import re
import subprocess
import sys
import tempfile

twinwalk, corpus = sys.argv[1:]
whole = bool(os.environ.get("TW_LONG"))
if not whole:
    os.environ["ASAN_OPTIONS"] = (
        os.environ.get("ASAN_OPTIONS", "") + ":detect_leaks=0")
number = failures = 0

# What no verb may say, nor end with.
DEAD = ("Sanitizer", "runtime error", "ssertion", "Bail out", "** ")
FINE = (0, 2, 10, 77)


def say(ok, name, *why):
    global number, failures

    number += 1
    failures += not ok
    print(f"{'ok' if ok else 'not ok'} {number} - {name}")
    if not ok:
        for line in "\n".join(map(str, why)).splitlines()[:20]:
            print(f"# {line}")


def run(*words):
    return subprocess.run((twinwalk,) + words, stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, errors="replace",
                          check=False)


# The last words of the library in corpus/unicorn/CrsUnicorn*.tw, in a child: a
# failed assertion, or what AddressSanitizer says of a crash inside it.
EXPECTED = "qemu/exec.c:837: phys_section_add: Assertion"
REPORT = "ERROR: AddressSanitizer: SEGV"
INSIDE = re.compile(r"SUMMARY: AddressSanitizer: SEGV \(\S*/libunicorn\.so")


def died(done):
    text = done.stderr
    # The lines of two reports may be mixed.
    if text.count(REPORT) == len(INSIDE.findall(text)):
        text = text.replace("AddressSanitizer", "")
    return done.returncode not in FINE or any(
        word in line for line in text.splitlines() for word in DEAD
        if EXPECTED not in line)


def is_crash(path):
    with open(path, encoding="utf-8") as file:
        return "# verdict: crash" in file.readline()


def sample(files, every):
    return files if whole else files[::every]


# Several targets in one line: the first of each kind suffices without TW_LONG.
quoted = "'" + twinwalk + "'"
targets = ["softmmu", "unicorn", "unicorn-ab", "unicorn-vtlb",
           "unicorn-snapshot",
           f"exec:{quoted} replay --as-target --target unicorn"]
if whole:
    targets += ["zoo:rights-not-anded", "zoo:map-over-map-no-unmap",
                "unicorn:x86-64", "unicorn:riscv64",
                f"exec:{quoted} replay --as-target"]

folders = sorted(entry.path for entry in os.scandir(corpus) if entry.is_dir())
folders = {folder: sorted(os.path.join(folder, name)
                          for name in os.listdir(folder)
                          if name.endswith(".tw")) for folder in folders}
folders = {folder: files for folder, files in folders.items() if files}
everything = [path for files in folders.values() for path in files]


def one_by_one(target, verb, files, *options):
    """A verb that takes one file."""
    wrong = []
    for path in files:
        done = run(verb, "--target", target, *options, path)
        if died(done):
            wrong += [f"{path}: exit code {done.returncode}", done.stderr]
        elif (done.returncode == 77) != ("unsupported: " in done.stderr):
            wrong += [f"{path}: expected a reason", done.stderr]
    say(not wrong, f"{target}: {verb} {' '.join(options)}", *wrong)


def at_once(target, verb, files, *options):
    """A verb that takes many."""
    done = run(verb, "--target", target, *options, *files)
    say(not died(done), f"{target}: {verb} {' '.join(options)}",
        f"exit code {done.returncode}", done.stderr)
    return done.stdout


def has_reasons(target, output):
    cases = json.loads(output)["files"]
    silent = [case["file"] for case in cases
              if case["verdict"] == "unsupported" and not case["text"]]
    say(not silent, f"{target}: what is unsupported has a reason", *silent)
    return [case["file"] for case in cases if case["verdict"] == "unsupported"]


def all_verbs(target, folder):
    part = sample(everything, 13)
    at_once(target, "check", list(folders))
    at_once(target, "check", sample(list(folders), 3), "--against", "softmmu")
    refused = has_reasons(target, at_once(target, "replay", part, "--json"))
    at_once(target, "replay", part, "--trace")
    at_once(target, "replay", [path for path in sample(everything, 23)
                               if not is_crash(path)], "--in-process")
    at_once(target, "explain", sample(everything, 23))
    at_once(target, "min", sample(everything, 41), "--budget", "20", "-o",
            os.path.join(folder, "min", ""))
    at_once(target, "triage", sample(everything, 41), "--no-min", "--store",
            os.path.join(folder, f"store-{abs(hash(target))}.db"))
    few = sample(everything, 67) + refused[:1]
    one_by_one(target, "draw", few)
    one_by_one(target, "emit", few)
    one_by_one(target, "encode", few, "-o", os.path.join(folder, "bytes"))
    # A fuzzer's bytes: the same file means something else to each target.
    at_once(target, "replay", few, "--bytes")


with tempfile.TemporaryDirectory() as folder:
    for target in targets:
        opens = run("targets", "--target", target)
        if opens.returncode == 0:
            all_verbs(target, folder)
        else:
            number += 1
            print(f"ok {number} - {target} # SKIP it cannot be opened here")
    say(run("fmt", "--check", *everything).returncode == 0, "fmt --check")
print(f"1..{number}")
sys.exit(failures > 0)
