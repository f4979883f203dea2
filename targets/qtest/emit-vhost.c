/* SPDX-License-Identifier: MIT */
/*
 * The part of a shell script (emit.c) that stands for the devices that
 * twinwalk is itself: a program in Python that starts QEMU, sends it the
 * commands, serves the sockets, and makes the accesses.
 */
#include <inttypes.h>

#include "targets/qtest/emit.h"

static const char program_text[] =
    "class Device:\n"
    "    \"\"\"The back end of one vhost-user device.\"\"\"\n"
    "    def __init__(self):\n"
    "        self.main, self.theirs = socket.socketpair()\n"
    "        self.back, self.ram, self.iotlb, self.update = None, [], [], []\n"
    "        self.rings = set()  # those that run\n"
    "\n"
    "    def serve(self):\n"
    "        \"\"\"One message of QEMU.\"\"\"\n"
    "        head, fds, _, _ = socket.recv_fds(self.main, 12, 16)\n"
    "        if not head:\n"
    "            sys.exit(1)  # QEMU has gone\n"
    "        request, flags, size = struct.unpack(\"<3I\", head)\n"
    "        body = self.main.recv(size, socket.MSG_WAITALL) if size else "
    "b\"\"\n"
    "        if request == 21:  # the socket on which we ask\n"
    "            self.back = socket.socket(fileno=fds.pop())\n"
    "        for fd in fds:\n"
    "            os.close(fd)\n"
    "        answer = {1: 3 << 32 | 1 << 30,  # features\n"
    "                  15: 1 << 5 | 1 << 3 | 1,  # of the protocol\n"
    "                  17: 2,  # queues\n"
    "                  11: body[0] if body else 0}.get(request)\n"
    "        if request == 5:  # RAM: guest address, size, QEMU's address\n"
    "            self.ram = [struct.unpack_from(\"<4Q\", body, 8 + 32 * i)\n"
    "                        for i in range(body[0])]\n"
    "        elif request == 12:\n"
    "            self.rings.add(body[0])\n"
    "        elif request == 11:  # without rings it keeps nothing\n"
    "            self.rings.discard(body[0])\n"
    "            self.iotlb = self.iotlb if self.rings else []\n"
    "        elif request == 22:\n"
    "            self.told(*struct.unpack_from(\"<3Q2B\", body))\n"
    "        if answer is None and flags & 8:\n"
    "            answer = 0\n"
    "        if answer is not None:\n"
    "            self.main.sendall(struct.pack(\"<3IQ\", request, 5, 8, "
    "answer))\n"
    "\n"
    "    def told(self, iova, size, uaddr, rights, kind):\n"
    "        \"\"\"UPDATE (2) or INVALIDATE (3): what overlaps goes.\"\"\"\n"
    "        last = iova + (size or 1 << 64) - 1\n"
    "        self.judge(iova, last, uaddr, rights, kind)\n"
    "        self.iotlb = [e for e in self.iotlb if e[1] < iova or e[0] > "
    "last]\n"
    "        if kind == 2:\n"
    "            self.iotlb.append((iova, last, uaddr, rights))\n"
    "            self.update = self.iotlb[-1:]\n"
    "\n"
    "    def judge(self, iova, last, uaddr, rights, kind):\n"
    "        \"\"\"Notes a message that must not come, or not now.\"\"\"\n"
    "        expected = None\n"
    "        if kind == 2 and not self.rings:\n"
    "            expected = \"none, this device is stopped\"\n"
    "        elif now == \"start\":\n"
    "            return\n"
    "        elif kind == 2 and (now != \"miss\" or asked[0] is not self):\n"
    "            expected = \"none, this device has not asked\"\n"
    "        elif kind == 2 and self.update:\n"
    "            expected = \"one for a MISS, not two\"\n"
    "        elif kind == 2 and not iova <= asked[1] <= last:\n"
    "            expected = f\"{asked[1]:#x} in it, for which there was a "
    "MISS\"\n"
    "        elif kind == 2 and not rights & asked[2]:\n"
    "            expected = f\"right {asked[2]}, for which there was a MISS, "
    "not {rights}\"\n"
    "        elif kind == 2 and (iova ^ self.place(uaddr)) & 0xfff:\n"
    "            expected = \"a place with the same lowest 12 bits, not \" + "
    "hex(self.place(uaddr))\n"
    "        elif kind == 3 and last >> 64:\n"
    "            expected = \"1 byte or more, up to 2^64\"\n"
    "        elif kind == 3 and now == \"miss\":\n"
    "            expected = \"none, QEMU was asked for a translation\"\n"
    "        elif kind == 3 and now != \"command\":\n"
    "            expected = \"it before the command is complete\"\n"
    "        elif kind == 3 and HOLE[1] and iova <= HOLE[1] and last >= "
    "HOLE[0]:\n"
    "            expected = \"nothing of %#x..%#x, which reaches no IOMMU\" % "
    "HOLE\n"
    "        if expected:\n"
    "            with open(folder + \"/wrong\", \"a\") as wrong:\n"
    "                print(f\"vhost-user device {devices.index(self)}: \"\n"
    "                      f\"{('UPDATE', 'INVALIDATE')[kind - 2]} "
    "{iova:#x}..{last:#x}: \"\n"
    "                      f\"expected {expected}\", file=wrong)\n"
    "\n"
    "    def place(self, uaddr):\n"
    "        \"\"\"The guest address of an address of QEMU; outside of RAM it "
    "is none.\"\"\"\n"
    "        for gpa, size, base, _ in self.ram:\n"
    "            if base <= uaddr < base + size:\n"
    "                return uaddr - base + gpa\n"
    "        return 0\n"
    "\n"
    "    def find(self, iova, right):\n"
    "        \"\"\"The guest address, or None.\"\"\"\n"
    "        for first, last, uaddr, rights in self.iotlb:\n"
    "            if first <= iova <= last and rights & right:\n"
    "                return self.place(uaddr + iova - first)\n"
    "        return None\n"
    "\n"
    "    def ask(self, iova, right):\n"
    "        \"\"\"MISS (1): an UPDATE may come before the answer.\"\"\"\n"
    "        global now, asked\n"
    "        now, asked = now if now == \"start\" else \"miss\", (self, iova, "
    "right)\n"
    "        self.back.sendall(struct.pack(\"<3I3Q2B6x\", 1, 9, 32, iova, 0, "
    "0, right, 1))\n"
    "        wait(self.back)\n"
    "        self.back.recv(20, socket.MSG_WAITALL)\n"
    "        settle()\n"
    "\n"
    "\n"
    "def wait(channel):\n"
    "    \"\"\"Serves the devices until something can be read there.\"\"\"\n"
    "    while True:\n"
    "        mains = [device.main for device in devices]\n"
    "        ready = select.select([*mains, channel], [], [])[0]\n"
    "        for device in devices:\n"
    "            if device.main in ready:\n"
    "                device.serve()\n"
    "        if channel in ready:\n"
    "            return\n"
    "\n"
    "\n"
    "def settle():\n"
    "    \"\"\"Nothing is under way; serves what has come.\"\"\"\n"
    "    global now\n"
    "    now = now if now == \"start\" else \"none\"\n"
    "    while True:\n"
    "        ready = select.select([device.main for device in devices], [], "
    "[], 0)[0]\n"
    "        if not ready:\n"
    "            return\n"
    "        for device in devices:\n"
    "            if device.main in ready:\n"
    "                device.serve()\n"
    "\n"
    "\n"
    "def begin():\n"
    "    \"\"\"The program begins: what comes from now on is looked at.\"\"\"\n"
    "    global now\n"
    "    now = \"none\"\n"
    "    for device in devices:\n"
    "        device.iotlb = []\n"
    "    return \"OK\"\n"
    "\n"
    "\n"
    "def told(index, iova):\n"
    "    \"\"\"Where the range leads at that address that the last access was "
    "told of.\"\"\"\n"
    "    for first, last, uaddr, _ in devices[index].update:\n"
    "        if first <= iova <= last:\n"
    "            at = devices[index].place(uaddr + iova - first)\n"
    "            return \"OK 0x%016x\" % at if FIRST <= at < RAM + SIZE else "
    "\"OK nothing\"\n"
    "    return \"OK untold\"\n"
    "\n"
    "\n"
    "def access(kind, index, iova, size, value=0):\n"
    "    \"\"\"A load or store of a device.\"\"\"\n"
    "    device, right = devices[index], 1 if kind == \"dma-read\" else 2\n"
    "    device.update = []\n"
    "    if device.find(iova, right) is None:\n"
    "        device.ask(iova, right)\n"
    "    at = device.find(iova, right)\n"
    "    if at is None:\n"
    "        return \"OK no-translation\"\n"
    "    if kind == \"dma-write\":\n"
    "        ram[at - RAM:at - RAM + size] = value.to_bytes(size, \"little\")\n"
    "        return \"OK\"\n"
    "    return \"OK 0x%016x\" % int.from_bytes(ram[at - RAM:at - RAM + size], "
    "\"little\")\n"
    "\n"
    "\n"
    "def answer(kind, *words):\n"
    "    \"\"\"What a command of ours gives.\"\"\"\n"
    "    words = [int(word, 0) for word in words]\n"
    "    if kind == \"dma-begin\":\n"
    "        return begin()\n"
    "    return told(*words) if kind == \"dma-told\" else access(kind, "
    "*words)\n"
    "\n"
    "\n"
    "def qtest(line):\n"
    "    \"\"\"The reply to a command.\"\"\"\n"
    "    global now\n"
    "    settle()\n"
    "    now = now if now == \"start\" else \"command\"\n"
    "    qemu.stdin.write(line.encode())\n"
    "    wait(qemu.stdout)\n"
    "    reply = qemu.stdout.readline().decode().rstrip() or sys.exit(1)\n"
    "    settle()\n"
    "    return reply\n"
    "\n"
    "\n"
    "now, asked = \"start\", None  # what is under way; the device, address "
    "and right of a MISS\n"
    "folder, options = sys.argv[1], sys.argv[2:]\n"
    "memory = os.memfd_create(\"ram\")\n"
    "os.truncate(memory, SIZE)\n"
    "ram = mmap.mmap(memory, SIZE)\n"
    "devices = [Device() for _ in DEVICES]\n"
    "with open(folder + \"/bios\", \"wb\") as bios:  # the CPU stops\n"
    "    bios.write((bytes(AT) + bytes.fromhex(STOP)).ljust(BIOS, "
    "b\"\\0\"))\n"
    "options += [\"-bios\", folder + \"/bios\", \"-object\", "
    "\"memory-backend-file,id=m0,share=on,\"\n"
    "            f\"size={SIZE},mem-path=/proc/self/fd/{memory}\"]\n"
    "for i, words in enumerate(DEVICES):\n"
    "    options += [\"-chardev\", "
    "f\"socket,id=c{i},fd={devices[i].theirs.fileno()}\",\n"
    "                \"-device\", f\"{words},chardev=c{i},tag=t{i}\"]\n"
    "signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))\n"
    "qemu = subprocess.Popen(options, stdin=subprocess.PIPE, "
    "stdout=subprocess.PIPE, bufsize=0,\n"
    "                        pass_fds=[memory, *(d.theirs.fileno() for d in "
    "devices)])\n"
    "try:\n"
    "    for device in devices:\n"
    "        device.theirs.close()\n"
    "    for line in open(folder + \"/in\"):\n"
    "        kind, *rest = line.split()\n"
    "        print(answer(kind, *rest) if kind.startswith(\"dma-\")\n"
    "              else qtest(line), flush=True)\n"
    "finally:\n"
    "    qemu.kill()\n";

void tw_emit_vhost_head(const Emit *e, GString *out)
{
    (void)e;
    g_string_append(
        out,
        "#\n# No guest runs. Two vhost-user devices make DMA, rid=0 and rid=1; "
        "this script is\n# the devices. It needs python3 (3.9). ");
}

void tw_emit_vhost_program(const Emit *e, GString *out)
{
    const Firmware *firmware = tw_vhost_firmware(e->m);

    g_string_append_printf(
        out,
        "# The devices: each has an IOTLB that QEMU fills and empties by "
        "messages.\n"
        "cat >\"$dir/devices.py\" <<'END'\n"
        "import mmap, os, select, signal, socket, struct, subprocess, sys\n\n"
        "RAM, SIZE, FIRST = 0x%" PRIx64 ", 0x%x, 0x%" PRIx64 "\n"
        "HOLE = 0x%" PRIx64 ", 0x%" PRIx64 "\n"
        "STOP, AT, BIOS = \"%s\", 0x%x, 0x%x\n"
        "DEVICES = [",
        e->m->driver->ram, RAM_BYTES, e->m->driver->ram + AT_PROGRAM,
        e->m->driver->hole_first, e->m->driver->hole_last, firmware->code,
        firmware->at, firmware->size);
    for (unsigned i = 0; i < MOST_INDEXES; i++) {
        g_string_append_printf(out, "%s\"%s\"", i > 0 ? ", " : "",
                               tw_vhost_device(e->m, i));
    }
    g_string_append_printf(out, "]\n\n\n%sEND\n", program_text);
}

void tw_emit_vhost_start(const Emit *e, GString *out)
{
    const Driver *driver = e->m->driver;

    g_string_append_printf(
        out,
        "python3 \"$dir/devices.py\" \"$dir\" \"$QEMU\" \\\n"
        "    -nodefaults -no-user-config -display none -monitor none \\\n"
        "    -serial none -qtest stdio -qtest-log none -m %u %s \\\n    %s",
        RAM_BYTES >> 20, driver->since ? "\"$@\"" : driver->machine,
        e->m->args);
}

void tw_emit_vhost_begin(Emit *e)
{
    g_string_append(e->m->tell,
                    "# from here on, what devices are told is looked at\n"
                    "dma-begin\n");
    e->m->n_told++;
}

void tw_emit_vhost_tell(Emit *e)
{
    const TwOp *op = tw_emit_accused(e);

    g_string_append_printf(e->m->tell, "dma-told %u 0x%" PRIx64 "\n",
                           tw_qtest_device_of(e->m, op), e->expected->address);
    e->answer = ++e->m->n_told;
}

/* The right places, as a pattern of the shell. */
static void put_places(const Emit *e, GString *out)
{
    g_string_append(out, "untold");
    for (unsigned i = 0; i < e->expected->n_allowed; i++) {
        const TwAllowed *allowed = &e->expected->allowed[i];

        if (allowed->n_locations > 0) {
            g_string_append_printf(out, " | 0x%016" PRIx64,
                                   e->m->driver->ram + AT_PROGRAM +
                                       allowed->locations[0].offset);
        } else if (allowed->class_ == TW_CLASS_OK) {
            g_string_append(out, " | nothing");
        }
    }
}

void tw_emit_vhost_check(const Emit *e, GString *out)
{
    if (e->message) {
        g_string_append(
            out, "[ ! -s \"$dir/wrong\" ] || bad \"$(head -n 1 "
                 "\"$dir/wrong\")\"\n"
                 "good \"no device was told what it must not be told\"\n");
        return;
    }
    g_string_append_printf(out,
                           "answer=$(sed -n '%us/^OK //p' \"$dir/out\")\n"
                           "case $answer in\n",
                           e->answer);
    put_places(e, out);
    g_string_append_printf(
        out,
        ") good \"where 0x%" PRIx64
        " leads, the device was told rightly, or was not told\" ;;\nesac\n"
        "bad \"the device was told that 0x%" PRIx64 " leads to $answer\"\n",
        e->expected->address, e->expected->address);
}
