#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""my-target: a target of twinwalk, in Python.

It is a CPU with a page map and a TLB in front of RAM.  Replace the class
Machine by your own memory system, and say in GREETING what it can express.
PROTOCOL.md of twinwalk (targets/exec) explains every line of the dialogue.

With BUG=1 in the environment, flush-page forgets to drop the TLB's entry.
"""

import os
import struct
import sys

GREETING = """twinwalk-target 1
version my-target 0.1
ops nop read write exec rmw page unpage flush-page flush-all
op-flags
region-kinds ram
iommu-kinds
selects
features locations whole-pages plain-accesses aligned-rmw
contract cpu-cache
ends cpu-flush
min-page-lg 12
max-page-lg 12
min-granule-lg 12
max-granule-lg 12
max-regions 1
max-spaces 1
max-iommus 0
max-cpus 1
max-mmu-indexes 1
max-iommu-indexes 0
max-tlb-lg 0
max-victims 0
max-setup 16
max-script 64
address-lg 16
page-sizes 4096
ready
"""

PAGE = 4096
SLOTS = 8  # of the TLB
WORD = (1 << 64) - 1  # all arithmetic is of 64 bits
BUG = os.environ.get("BUG") == "1"
RIGHTS = {"read": "r", "write": "w", "exec": "x", "rmw": "rw"}


class Unsupported(Exception):
    """Something that the greeting does not name."""


# What bytes are made of (PROTOCOL.md) ----------------------------------------


def initial(block, offset):
    h = ((offset + 1) * 0x9E3779B97F4A7C15 ^ (block + 1) * 0xD1342543DE82EF95) & WORD
    h ^= h >> 29
    return (h * 0xBF58476D1CE4E5B9 & WORD) >> 40 & 0xFF | 1


def tag(op, k):
    return ((op * 8 + k + 1) * 0x9E3779B97F4A7C15 & WORD) >> 37 & 0xFF | 4


def mix(x):
    x = (x ^ x >> 30) * 0xBF58476D1CE4E5B9 & WORD
    x = (x ^ x >> 27) * 0x94D049BB133111EB & WORD
    return x ^ x >> 31


def term(offset, byte):
    return mix((offset << 8 | byte) + 0x9E3779B97F4A7C15 & WORD) ^ mix(offset >> 56)


# The memory system -----------------------------------------------------------


class Machine:
    fresh = {}  # (block, size): initial bytes, which are the same each time

    def __init__(self):
        self.pages = {}  # page of the CPU: (page of RAM, rights)
        self.tlb = [None] * SLOTS  # (page of the CPU, page of RAM, rights)
        self.block, self.size, self.ram = 0, 0, bytearray()
        self.readonly = self.disabled = False

    def region(self, name, options):
        """region rN ram size SIZE root s0 ..."""
        self.block = int(name[1:])
        while options:
            option = options.pop(0)
            if option in ("readonly", "disabled"):
                setattr(self, option, True)
            elif option == "size":
                self.size = int(options.pop(0), 0)
            elif option in ("root", "prio"):
                options.pop(0)  # there is one region, and nothing beside it
            elif option not in ("nonvolatile", "unmergeable"):
                raise Unsupported("region option " + option)
        key = (self.block, self.size)
        if key not in self.fresh:
            self.fresh[key] = bytes(initial(self.block, i) for i in range(self.size))
        self.ram = bytearray(self.fresh[key])

    def change(self, words):
        """An operation that is no access."""
        name, number = words[0], int(words[2], 0) // PAGE if len(words) > 2 else 0
        if name == "page":  # page c0.0 VA -> PA size SIZE RIGHTS
            self.pages[number] = (int(words[4], 0) // PAGE, words[7])
        elif name == "unpage":
            self.pages.pop(number, None)
        elif name == "flush-page":
            slot = number % SLOTS
            if self.tlb[slot] and self.tlb[slot][0] == number and not BUG:
                self.tlb[slot] = None
        elif name == "flush-all":
            self.tlb = [None] * SLOTS
        elif name != "nop":
            raise Unsupported("operation " + name)

    def translate(self, address, rights):
        """Where in RAM an address leads, or None: a page fault."""
        number = address // PAGE
        entry = self.tlb[number % SLOTS]
        if not entry or entry[0] != number or not set(rights) <= set(entry[2]):
            if not set(rights) <= set(self.pages.get(number, (0, ""))[1]):
                return None  # a refusal is not cached
            entry = (number,) + self.pages[number]
            self.tlb[number % SLOTS] = entry
        return entry[1] * PAGE + address % PAGE

    def access(self, op, name, address, size):
        """read c0.0 ADDRESS SIZE and the like: class, value, locations."""
        places = [self.translate(address + k, RIGHTS[name]) for k in range(size)]
        if None in places:  # all bytes are resolved before one has an effect
            return "page-fault 0x0"
        if self.disabled or max(places) >= self.size:
            return "decode-error 0x0"
        value = 0
        if name != "write":
            value = int.from_bytes(bytes(self.ram[p] for p in places), "little")
        if name in ("write", "rmw") and not self.readonly:
            for k, place in enumerate(places):
                self.ram[place] = tag(op, k)
        answer = "discard" if self.readonly and "w" in RIGHTS[name] else "ok"
        answer += " 0x%x" % value
        first = 0
        for k in range(1, size + 1):  # a location for each run of bytes
            if k == size or places[k] != places[k - 1] + 1:
                answer += " at %d+%d r%d 0x%x" % (
                    first, k - first, self.block, places[first])
                answer += " readonly" if self.readonly else ""
                first = k
        return answer

    def digest(self):
        before = self.fresh.get((self.block, self.size), b"")
        return sum(term(i, byte) for i, byte in enumerate(self.ram)
                   if byte != before[i]) & WORD if self.ram != before else 0


# The dialogue ----------------------------------------------------------------


def run(lines, report):
    """The answer to a program."""
    machine, part, answer = Machine(), "top", []
    for line in lines:
        words = line.split()
        if words[0] in ("setup", "script"):
            part = words[0]
        elif part == "top" and words[0] == "region":
            if words[2] != "ram":
                raise Unsupported("region kind " + words[2])
            machine.region(words[1], words[3:])
        elif part != "top":
            if words[0].endswith(":"):  # c0: the CPU itself does it
                words.pop(0)
            if part == "script":
                report(len(answer))
            if words[0] in RIGHTS:
                told = machine.access(
                    len(answer), words[0], int(words[2], 0), int(words[3], 0))
            else:
                machine.change(words)
                told = "done"
            if part == "script":
                answer.append("%d %s" % (len(answer), told))
    digest = machine.digest()
    if digest:
        answer.append("digest r%d 0x%x" % (machine.block, digest))
    return "\n".join(["twinwalk-trace 1", "end done"] + answer + ["end", ""])


def main():
    descriptor = os.environ.get("TWINWALK_INFLIGHT_FD")

    def report(op):  # which operation runs, if it crashes or hangs
        if descriptor:
            os.pwrite(int(descriptor), struct.pack("=i", op), 0)

    print(GREETING, end="", flush=True)
    lines = []
    for line in sys.stdin:
        if line != ".\n":
            lines.append(line)
            continue
        try:
            answer = run(lines, report)
        except Unsupported as what:
            answer = "twinwalk-trace 1\nend unsupported op 0\ntext %s\nend\n" % what
        print(answer, end="", flush=True)
        lines = []


if __name__ == "__main__":
    main()
