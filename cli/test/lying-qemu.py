#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A QEMU that tells its vhost-user devices what it must not, for tests.

  REAL_QEMU=PATH LIE=KIND lying-qemu.py ARGUMENTS OF QEMU

Runs that QEMU, and stands between it and the sockets of its vhost-user devices.  Kinds:

wide     each UPDATE of a page is of two pages
twice    each UPDATE comes twice
unasked  before each UPDATE there is an INVALIDATE of its page
none     nothing is changed
"""

import os
import re
import select
import socket
import struct
import subprocess
import sys

IOTLB, NEED_REPLY, PAGE = 22, 8, 0x1000
UPDATE, INVALIDATE = 2, 3
FORMAT = "<3Q2B6x"  # address, size, address in QEMU, rights, type


def lies_of(kind, flags, body):
    """The messages of IOTLB that a device gets for one: (flags, payload)."""
    iova, size, uaddr, rights, type_ = struct.unpack(FORMAT, body)
    if type_ != UPDATE:
        return [(flags, body)]
    if kind == "wide" and size == PAGE:
        return [(flags, struct.pack(FORMAT, iova, 2 * size, uaddr, rights, type_))]
    silent = flags & ~NEED_REPLY  # QEMU waits for one answer
    if kind == "twice":
        return [(silent, body), (flags, body)]
    if kind == "unasked":
        return [(silent, struct.pack(FORMAT, iova, size, 0, 0, INVALIDATE)), (flags, body)]
    return [(flags, body)]


def relay(kind, qemu, device):
    """One message of QEMU; False: it has gone."""
    head, fds, _, _ = socket.recv_fds(qemu, 12, 16)
    if not head:
        return False
    request, flags, size = struct.unpack("<3I", head)
    body = qemu.recv(size, socket.MSG_WAITALL) if size else b""
    messages = [(flags, body)] if request != IOTLB else lies_of(kind, flags, body)
    for flags, body in messages:
        socket.send_fds(device, [struct.pack("<3I", request, flags, len(body)) + body], fds)
    for number in fds:
        os.close(number)
    return True


def main():
    kind, words, pairs = os.environ["LIE"], sys.argv[1:], {}
    if "--version" in words:
        os.execvp(os.environ["REAL_QEMU"], [os.environ["REAL_QEMU"], *words])
    theirs = []
    for i, word in enumerate(words):
        found = re.fullmatch(r"(socket,id=c\d,fd=)(\d+)", word)
        if found:
            device = socket.socket(fileno=int(found[2]))
            device.set_inheritable(False)
            ours, end = socket.socketpair()
            end.set_inheritable(True)
            theirs.append(end)
            pairs[ours], pairs[device] = device, ours
            words[i] = found[1] + str(end.fileno())
    qemus = list(pairs)[::2]
    with subprocess.Popen(["setpriv", "--pdeathsig", "KILL", os.environ["REAL_QEMU"], *words],
                          close_fds=False) as process:
        for end in theirs:
            end.close()
        while True:
            for ready in select.select(list(pairs), [], [])[0]:
                if ready in qemus:
                    alive = relay(kind, ready, pairs[ready])
                else:
                    data = ready.recv(4096)
                    alive = bool(data)
                    pairs[ready].sendall(data)
                if not alive:
                    process.kill()
                    return 1


if __name__ == "__main__":
    sys.exit(main())
