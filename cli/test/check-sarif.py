#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Is a file valid SARIF, and as GitHub wants it?  check-sarif.py FILE.

The rules are those of the standard ("Static Analysis Results Interchange Format
(SARIF) Version 2.1.0", OASIS; its sections are named) for all properties that
twinwalk writes; a property that is not in the tables here is an error.  Below are
the rules of GitHub's page "SARIF support for code scanning".  Prints a line for
each violation; exit code 1 if there is one."""
import json
import re
import sys
from urllib.parse import urlsplit

errors = []


def bad(where, what):
    errors.append(f"{where}: {what}")


def is_object(value, where, section, members, required=()):
    """An object with these members (name: check) and no others."""
    if not isinstance(value, dict):
        bad(where, f"{section}: expected an object")
        return
    for name in required:
        if name not in value:
            bad(where, f"{section}: expected {name}")
    for name, one in value.items():
        if name not in members:
            bad(where, f"{section}: unknown property {name}")
        else:
            members[name](one, f"{where}.{name}")


def array_of(check, least=0, unique=False):
    def checks(value, where):
        if not isinstance(value, list) or len(value) < least:
            bad(where, f"3.7: expected an array of at least {least}")
            return
        texts = [json.dumps(one, sort_keys=True) for one in value]
        if unique and len(set(texts)) < len(texts):
            bad(where, "3.7.3: expected elements that differ")
        for i, one in enumerate(value):
            check(one, f"{where}[{i}]")
    return checks


def string(value, where):
    if not isinstance(value, str) or value == "":
        bad(where, "3.5.1: expected a string that is not empty")


def any_string(value, where):
    if not isinstance(value, str):
        bad(where, "3.5.1: expected a string")


def one_of(section, *words):
    def checks(value, where):
        if value not in words:
            bad(where, f"{section}: expected one of {words}, not {value!r}")
    return checks


def at_least(section, least):
    def checks(value, where):
        if isinstance(value, bool) or not isinstance(value, int) or value < least:
            bad(where, f"{section}: expected an integer from {least}")
    return checks


def uri(value, where):
    """3.4.3, 3.4.4: a URI reference, with escapes, and no "." or ".." in it."""
    if not isinstance(value, str) or not re.fullmatch(
            r"([A-Za-z0-9._~:/?#@!$&'()*+,;=\[\]-]|%[0-9A-Fa-f]{2})+", value):
        bad(where, "3.4.3: expected a URI")
    elif {".", ".."} & set(value.split("/")):
        bad(where, "3.10: expected a path without . and ..")


def strings_by_name(value, where):
    if not isinstance(value, dict):
        bad(where, "3.6: expected an object")
        return
    for name, one in value.items():
        string(one, f"{where}.{name}")


def properties(value, where):
    """3.8: a property bag may hold anything, but its tags are different strings."""
    if not isinstance(value, dict):
        bad(where, "3.8.1: expected an object")
    elif "tags" in value:
        array_of(string, unique=True)(value["tags"], f"{where}.tags")


def message(value, where):
    is_object(value, where, "3.11", {"text": string, "markdown": string})
    if isinstance(value, dict) and "text" not in value:
        bad(where, "3.11.8: expected text")


def multiformat(value, where):
    is_object(value, where, "3.12", {"text": string, "markdown": string}, ("text",))


def artifact_location(value, where):
    is_object(value, where, "3.4", {"uri": uri, "uriBaseId": string,
                                    "description": message})
    if isinstance(value, dict) and "uriBaseId" in value and (
            urlsplit(value.get("uri", "")).scheme or
            value.get("uri", "").startswith("/")):
        bad(where, "3.4.4: expected a relative uri beside uriBaseId")


def location(value, where):
    def region(one, there):
        is_object(one, there, "3.30", {"startLine": at_least("3.30.5", 1)})

    def physical(one, there):
        is_object(one, there, "3.29", {"artifactLocation": artifact_location,
                                       "region": region}, ("artifactLocation",))
    is_object(value, where, "3.28", {"physicalLocation": physical})


LEVEL = one_of("3.27.10", "none", "note", "warning", "error")


def suppression(value, where):
    is_object(value, where, "3.35", {
        "kind": one_of("3.35.2", "inSource", "external"),
        "status": one_of("3.35.3", "accepted", "underReview", "rejected"),
        "justification": string}, ("kind",))


def result(value, where):
    is_object(value, where, "3.27", {
        "ruleId": string, "ruleIndex": at_least("3.27.6", 0), "level": LEVEL,
        "baselineState": one_of("3.27.24", "new", "unchanged", "updated", "absent"),
        "message": message, "locations": array_of(location),
        "partialFingerprints": strings_by_name,
        "suppressions": array_of(suppression, unique=True),
        "workItemUris": array_of(uri, unique=True),
        "occurrenceCount": at_least("3.27.19", 1), "properties": properties},
        ("message",))


def rule(value, where):
    def configuration(one, there):
        is_object(one, there, "3.50", {"level": LEVEL})
    is_object(value, where, "3.49", {
        "id": string, "shortDescription": multiformat, "fullDescription": multiformat,
        "help": multiformat, "defaultConfiguration": configuration,
        "properties": properties}, ("id",))


def run(value, where):
    def driver(one, there):
        is_object(one, there, "3.19", {
            "name": string, "version": string,
            "rules": array_of(rule, unique=True)}, ("name",))

    def tool(one, there):
        is_object(one, there, "3.18", {"driver": driver}, ("driver",))

    def automation(one, there):
        is_object(one, there, "3.17", {"id": string})

    def bases(one, there):
        for name, base in one.items():
            artifact_location(base, f"{there}.{name}")
    is_object(value, where, "3.14", {
        "tool": tool, "automationDetails": automation, "originalUriBaseIds": bases,
        "results": array_of(result)}, ("tool",))


def for_github(one, where):
    """What GitHub demands beyond the standard, of a run."""
    rules = one["tool"]["driver"]["rules"]
    seen = set()
    if not re.fullmatch(r".+/", one.get("automationDetails", {}).get("id", "")):
        bad(where, 'GitHub: expected automationDetails.id, which ends with "/"')
    for i, each in enumerate(rules):
        for name in ("shortDescription", "fullDescription", "help"):
            if not each.get(name, {}).get("text"):
                bad(f"{where}.rules[{i}]", f"GitHub: expected {name}.text")
    for i, each in enumerate(one["results"]):
        there = f"{where}.results[{i}]"
        if rules[each["ruleIndex"]]["id"] != each["ruleId"]:
            bad(there, "3.27.7: expected a ruleIndex that goes with ruleId")
        place = each["locations"][0]["physicalLocation"]["artifactLocation"]
        if urlsplit(place["uri"]).scheme or place["uri"].startswith("/"):
            bad(there, "GitHub: expected a path relative to the repository")
        if place.get("uriBaseId") not in one["originalUriBaseIds"]:
            bad(there, "3.14.14: expected a uriBaseId that the run names")
        print_ = each["partialFingerprints"].get("primaryLocationLineHash", "")
        if not re.fullmatch(r"[0-9a-f]{16}:[1-9][0-9]*", print_) or print_ in seen:
            bad(there, "GitHub: expected a primaryLocationLineHash of its own")
        seen.add(print_)


with open(sys.argv[1], encoding="utf-8") as file:
    log = json.load(file)
is_object(log, "log", "3.13", {"$schema": uri, "version": one_of("3.13.2", "2.1.0"),
                               "runs": array_of(run)}, ("version", "runs"))
if not errors:
    for number, each_run in enumerate(log["runs"]):
        for_github(each_run, f"log.runs[{number}]")
print("\n".join(errors) or "valid")
sys.exit(1 if errors else 0)
