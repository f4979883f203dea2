# SPDX-License-Identifier: MIT
"""What is known of a whole night afterwards (night.json), and the page that lists
all nights: nights/index.html.  Knows nothing of steps."""

import json
import subprocess
import time
from html import escape

from .files import folders_in, read

NEWS = ("new", "returned", "fixed", "known", "flaky")
STYLE = """:root { color-scheme: light dark; }
body { margin: 0 auto; padding: 1rem; max-width: 76rem;
  font: 16px/1.5 system-ui, "DejaVu Sans", sans-serif; }
div { overflow-x: auto; }
table { border-collapse: collapse; font-size: .88rem; }
caption { text-align: left; padding-bottom: .3rem; }
th, td { padding: .2rem .6rem; text-align: left; border-bottom: 1px solid #8888;
  white-space: nowrap; }
.number { text-align: right; }"""


def commit_of(top):
    """The commit of the source tree, and whether files differ from it; "" if there
    is no repository."""
    def git(*words):
        done = subprocess.run(("git", "-C", str(top), *words), check=False,
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                              text=True)
        return done.stdout.strip() if done.returncode == 0 else ""
    commit = git("rev-parse", "--short=12", "HEAD")
    changed = git("status", "--porcelain", "--untracked-files=no")
    return f"{commit}{', changed' if commit and changed else ''}"


def build_of(folder):
    """How a build folder was set up, in words; "" if it does not say."""
    try:
        options = {one["name"]: one["value"] for one in json.loads(
            read(folder / "meson-info/intro-buildoptions.json"))}
    except (ValueError, TypeError, KeyError):
        return ""
    words = [str(options.get("buildtype", ""))]
    if options.get("b_sanitize", "none") != "none":
        words.append(f"with {options['b_sanitize']}")
    return " ".join(words).strip()


def about(night):
    """The commit and the build of a night, in a line."""
    parts = []
    commit = commit_of(night.top)
    if commit:
        parts.append(f"Commit {commit}")
    build = build_of(night.plain)
    if build:
        parts.append(f"{'build' if parts else 'Build'} {build}")
    if night.options.bug:
        parts.append(f"with zoo:{night.options.bug}")
    return "; ".join(parts)


def note(night, code):
    """Writes night.json of a night that is whole."""
    try:
        page = json.loads(read(night.folder / "page/report.json"))
    except ValueError:
        page = {}
    lines = [line.split("\t") for line in
             read(night.folder / "steps.tsv").splitlines()]
    counts = {news: sum(finding["news"] == news for finding in page["findings"])
              for news in NEWS} if "findings" in page else None
    (night.folder / "night.json").write_text(json.dumps({
        "night": night.name, "run": int(night.run), "about": about(night),
        "budget": night.options.budget, "steps": len(lines),
        "failed": [words[0] for words in lines if words[1] == "failed"],
        "seconds": int(time.time() - night.began), "code": code,
        "findings": counts}, indent=1) + "\n", encoding="utf-8")


def row(folder):
    """A row of the list, or "": this folder is of no whole night."""
    try:
        one = json.loads(read(folder / "night.json"))
        counts = one["findings"] or {}
        cells = "".join(f'<td class="number">{counts.get(news, "?")}</td>'
                        for news in NEWS)
        failed = ", ".join(one["failed"])
        name = escape(folder.name)
        return (f'<tr><th scope="row"><a href="./{name}/page/index.html">{name}'
                f'</a></th><td class="number">{one["run"]}</td>'
                f'<td class="number">{one["code"]}</td>{cells}'
                f'<td class="number">{one["steps"]}</td><td>{escape(failed)}</td>'
                f'<td class="number">{one["seconds"]}</td>'
                f'<td>{escape(one["about"])}</td></tr>\n')
    except (ValueError, TypeError, KeyError, AttributeError):
        return ""


def write_index(out):
    """Writes nights/index.html, the newest night first."""
    heads = "".join(
        f'<th scope="col"{kind}>{text}</th>' for text, kind in (
            ("Night", ""), ("Run", ' class="number"'),
            ("Exit code", ' class="number"'),
            *((news.capitalize(), ' class="number"') for news in NEWS),
            ("Steps", ' class="number"'), ("Failed steps", ""),
            ("Seconds", ' class="number"'), ("Commit and build", "")))
    rows = "".join(row(folder) for folder in
                   reversed(folders_in(out / "nights")))
    (out / "nights/index.html").write_text(
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta http-equiv="Content-Security-Policy" content="default-src '
        "'none'; style-src 'unsafe-inline'\">\n"
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>twinwalk, nights</title>\n<style>\n{STYLE}\n</style>\n</head>\n"
        '<body>\n<h1>Nights</h1>\n<div tabindex="0"><table><caption>Exit code: 0 '
        "nothing new, 10 something new or returned, 99 a step failed</caption>\n"
        f"<thead><tr>{heads}</tr></thead>\n<tbody>\n{rows}</tbody></table></div>\n"
        "</body>\n</html>\n", encoding="utf-8")
