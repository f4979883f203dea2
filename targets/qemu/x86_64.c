/* SPDX-License-Identifier: MIT */
/*
 * x86-64, 4-level paging.  Sections are named as in the Intel 64 and IA-32
 * Architectures Software Developer's Manual, volume 3.
 */
#include <stdio.h>
#include <string.h>

#include "targets/qemu/arch.h"

extern const uint8_t tw_qemu_agent_x86_64[], tw_qemu_rom_x86_64[];
extern const uint32_t tw_qemu_agent_x86_64_size, tw_qemu_rom_x86_64_size;

enum {
    PRESENT = 1,
    WRITABLE = 2,
    ACCESSED = 1 << 5,
    DIRTY = 1 << 6,
    LARGE = 1 << 7,
};
enum { RESERVED = 1 << 3 }; /* of an error code */
#define NO_EXECUTE (UINT64_C(1) << 63)

static uint64_t leaf(unsigned level, uint64_t out, uint8_t rights)
{
    if (rights == 0) {
        return 0;
    }
    return out | PRESENT | ACCESSED | DIRTY | (level < 3 ? LARGE : 0) |
           (rights & TW_W ? WRITABLE : 0) | (rights & TW_X ? 0 : NO_EXECUTE);
}

static uint64_t part(unsigned level, uint64_t above, uint64_t offset)
{
    return (above + offset) & ~(uint64_t)(level == 3 ? LARGE : 0);
}

static uint64_t table(uint64_t at)
{
    return at | PRESENT | WRITABLE | ACCESSED;
}

static void root(unsigned half, uint64_t *entries)
{
    /* RAM below 3 GiB, and the local APIC. */
    for (unsigned i = 0; half == 0 && i < 4; i++) {
        entries[i] = (uint64_t)i << 30 | PRESENT | WRITABLE | ACCESSED | DIRTY |
                     LARGE | (i > 0 ? NO_EXECUTE : 0);
    }
}

/* The page map of level 4, and the agent where it is linked. */
static void prepare(uint8_t *ram)
{
    uint64_t *top = (uint64_t *)(void *)(ram + TW_AGENT_TOP);

    memset(top, 0, 4096);
    top[0] = table(TW_AGENT_TABLE(0));
    top[511] = table(TW_AGENT_TABLE(1));
    memset(ram + TW_AGENT_CODE, 0, 0x10000); /* its variables, too */
    memcpy(ram + TW_AGENT_CODE, tw_qemu_agent_x86_64,
           tw_qemu_agent_x86_64_size);
}

/* "Page-Fault Exceptions": the error code of page faults. */
static TwClass fault(const TwDo *what, const TwDone *done, char *why,
                     size_t size)
{
    unsigned vector = done->fault >> 32 & 0xff, code = done->fault & 0xffff;
    bool write = code >> 1 & 1, fetch = code >> 4 & 1;
    uint64_t bytes = UINT64_C(1) << what->lg;

    if (vector != 14) {
        snprintf(why, size,
                 "exception %u, error code 0x%x: expected a page "
                 "fault",
                 vector, code);
        return TW_CLASSES;
    }
    if (fetch ? done->at - what->from >= 8 : done->at - what->addr >= bytes) {
        snprintf(why, size, "CR2 0x%llx: expected an address of the access",
                 (unsigned long long)done->at);
        return TW_CLASSES;
    }
    if (!fetch && what->kind < TW_DO_EXCHANGE &&
        write != (what->kind == TW_DO_WRITE)) {
        snprintf(why, size, "page fault error code 0x%x: expected W/R %d", code,
                 !write);
        return TW_CLASSES;
    }
    if (code & RESERVED) {
        snprintf(why, size,
                 "page fault error code 0x%x: expected no reserved "
                 "bit",
                 code);
        return TW_CLASSES;
    }
    return TW_CLASS_PAGE_FAULT;
}

const Arch tw_qemu_x86_64 = {
    .name = "x86-64",
    .binary = "qemu-system-x86_64",
    .machine = "-M pc,memory-backend=m0,vmport=off -cpu max,phys-bits=40 "
               "-bios /proc/self/fd/$TW_FILE",
    .file = tw_qemu_rom_x86_64,
    .file_size = &tw_qemu_rom_x86_64_size,
    .prepare = prepare,
    .words = TW_CONTENTS_CODE_X86_64,
    .ram = 0,
    .no_holes = true,
    .half = {UINT64_C(1) << 37, ~UINT64_C(0) << 39 | UINT64_C(1) << 37},
    .page_rights = 1u | 1u << TW_R | 1u << (TW_R | TW_W) | 1u << (TW_R | TW_X) |
                   1u << (TW_R | TW_W | TW_X),
    .code = TW_CODE_OTHER_STORES,
    .leaf = leaf,
    .part = part,
    .table = table,
    .root = root,
    .fault = fault,
};
