# SPDX-License-Identifier: MIT
"""Small things about files and their text.  Knows nothing of nights."""

import re
from pathlib import Path


def read(path):
    """The text of a file, "" if there is none."""
    try:
        return Path(path).read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return ""


def last_line(text):
    """The last line of a text, "" if it is empty."""
    return "".join(text.splitlines()[-1:])


def file_name(text):
    """The same in letters, digits and single "-"."""
    return re.sub("-+", "-", re.sub("[^a-z0-9-]", "-", text)).removesuffix("-")


def files_in(folder):
    """All files under a folder, sorted by path."""
    return sorted(path for path in Path(folder).rglob("*")
                  if path.is_file() and not path.is_symlink())


def folders_in(folder):
    """The folders in a folder, sorted by name."""
    if not folder.is_dir():
        return []
    return sorted(path for path in folder.iterdir()
                  if path.is_dir() and not path.name.startswith("."))
