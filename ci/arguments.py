# SPDX-License-Identifier: MIT
"""Command lines of scripts: words, times, folders, and what is wrong with them.
Knows nothing of any script."""

import os
import re

UNITS = {"s": 1, "m": 60, "h": 3600, "": 1}


class Usage(Exception):
    """Bad usage.  The text names what was expected."""


def pairs_of(words, known):
    """The command line as [(option, value)]; None if it asks for help."""
    pairs = []
    for i in range(0, len(words), 2):
        if words[i] == "--help":
            return None
        if i + 1 == len(words):
            raise Usage(f"a value after {words[i]}")
        if words[i] not in known:
            raise Usage(f'{", ".join(known)} or --help, not "{words[i]}"')
        pairs.append((words[i], words[i + 1]))
    return pairs


def seconds_of(text, examples):
    """A time like 90, 90s, 10m or 2h."""
    match = re.fullmatch(r"([0-9]{1,5})([smh]?)", text)
    if not match:
        raise Usage(f'a time like {examples}, not "{text}"')
    return int(match.group(1)) * UNITS[match.group(2)]


def object_of(text):
    """TARGET=OBJECT with the object's absolute path.  The target may have a
    "=" in it, the object may not."""
    target, _, path = text.rpartition("=")
    if not target or not path:
        raise Usage(f'--object TARGET=OBJECT, not "{text}"')
    if not os.path.exists(path):
        raise Usage(f'--object with a file or folder, not "{path}"')
    return f"{target}={os.path.realpath(path)}"


def folder_of(option, text):
    """The absolute path of a folder, which need not exist."""
    if not text:
        raise Usage(f"{option}: a folder")
    return os.path.realpath(text)


def is_foreign(folder, mark):
    """Whether a folder has files in it and is not one of ours, which have `mark`."""
    return os.path.exists(folder) and \
        not os.path.exists(os.path.join(folder, mark)) and \
        (not os.path.isdir(folder) or bool(os.listdir(folder)))
