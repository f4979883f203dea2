# SPDX-License-Identifier: MIT
"""What the objects of a build define and use, by source file.  For the checks
that ask the linker's symbols; knows nothing of rooms or of rules."""

import json
import os
import subprocess


class Source:
    """A C file: the names that its objects define for others, and use."""

    def __init__(self):
        self.defined = set()
        self.used = set()


def is_test(path):
    """Whether a source is a test's, or is broken on purpose for one."""
    name = os.path.basename(path)
    return name.startswith("test-") or name.endswith("_canary.c")


def objects_of(build):
    """(object, source) of what a build has compiled, both as paths."""
    listing = os.path.join(build, "compile_commands.json")
    if not os.path.exists(listing):
        raise SystemExit(f"{listing}: expected a build that meson set up")
    with open(listing, encoding="utf-8") as file:
        commands = json.load(file)
    for command in commands:
        folder = command["directory"]
        source = os.path.join(folder, command["file"])
        made = os.path.join(folder, command["output"])
        if source.endswith(".c") and os.path.exists(made):
            yield made, os.path.realpath(source)


def read_objects(build, top):
    """{path from `top`: Source} of all sources that have an object."""
    top = os.path.realpath(top)
    sources = {}
    of_object = {}
    for made, source in objects_of(build):
        path = os.path.relpath(source, top)
        of_object[made] = sources.setdefault(path, Source())
    if not of_object:
        raise SystemExit(f"{build}: expected objects: build it first")
    listed = subprocess.run(["nm", "-P", "-o", "-g", *of_object], text=True,
                            check=True, stdout=subprocess.PIPE).stdout
    for line in listed.splitlines():
        # "object: name type [value size]"
        made, name, kind = line.split()[:3]
        source = of_object[made.removesuffix(":")]
        if name.startswith("__odr_asan"):  # AddressSanitizer's own
            continue
        if kind in "Uwv":
            source.used.add(name)
        else:
            source.defined.add(name)
    return sources


def definers(sources):
    """{name: path} of what exactly one file that is no test's defines.  What
    several define (main, what an engine calls) joins no two files."""
    found = {}
    for path, source in sources.items():
        if not is_test(path):
            for name in source.defined:
                found.setdefault(name, []).append(path)
    return {name: paths[0] for name, paths in found.items() if len(paths) == 1}
