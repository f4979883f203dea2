/* SPDX-License-Identifier: MIT */
/*
 * RISC-V, S-mode, Sv39.  Chapters are those of the RISC-V Instruction Set
 * Manual, volume II, Privileged Architecture.
 */
#include <stdio.h>

#include "targets/qemu/arch.h"

extern const uint8_t tw_qemu_agent_riscv64[];
extern const uint32_t tw_qemu_agent_riscv64_size;

enum {
    VALID = 1,
    READ = 2,
    WRITE = 4,
    EXECUTE = 8,
    USER = 16,
    ACCESSED = 64,
    DIRTY = 128,
};

static uint64_t number_of(uint64_t at)
{
    return at >> 12 << 10;
}

/* "Addressing and Memory Protection" of Sv39.  A page without X is now and then
 * one of the user's: with sstatus.SUM, S-mode may load and store there, and
 * never fetch. */
static uint64_t leaf(unsigned level, uint64_t out, uint8_t rights)
{
    bool user = (out >> 12 ^ out >> 21) & 1;

    (void)level;
    if (rights == 0) {
        return 0;
    }
    return number_of(out) | VALID | ACCESSED | DIRTY |
           (rights & TW_R ? READ : 0) | (rights & TW_W ? WRITE : 0) |
           (rights & TW_X ? EXECUTE
            : user        ? USER | EXECUTE
                          : 0);
}

static uint64_t part(unsigned level, uint64_t above, uint64_t offset)
{
    (void)level;
    return above + number_of(offset);
}

static uint64_t table(uint64_t at)
{
    return number_of(at) | VALID;
}

/* Devices, and three GiB of RAM. */
static void root(unsigned half, uint64_t *entries)
{
    static const uint8_t seen[] = {0, 2, 3, 4};

    for (unsigned i = 0; half == 0 && i < sizeof(seen); i++) {
        entries[seen[i]] = number_of((uint64_t)seen[i] << 30) | VALID | READ |
                           WRITE | (seen[i] == 2 ? EXECUTE : 0) | ACCESSED |
                           DIRTY;
    }
}

/* "Supervisor Cause Register": an instruction, load or store/AMO page fault or
 * access fault. */
static TwClass fault(const TwDo *what, const TwDone *done, char *why,
                     size_t size)
{
    unsigned cause = done->fault & 0xff;
    bool fetch = cause == 1 || cause == 12, load = cause == 5 || cause == 13,
         store = cause == 7 || cause == 15;
    uint64_t bytes = UINT64_C(1) << what->lg;

    if (!fetch && !load && !store) {
        snprintf(why, size,
                 "scause %u: expected a page fault or an access "
                 "fault",
                 cause);
        return TW_CLASSES;
    }
    if (fetch ? done->at - what->from >= 8 : done->at - what->addr >= bytes) {
        snprintf(why, size, "stval 0x%llx: expected an address of the access",
                 (unsigned long long)done->at);
        return TW_CLASSES;
    }
    if (!fetch && what->kind != TW_DO_CALL &&
        store != (what->kind != TW_DO_READ)) {
        snprintf(why, size, "scause %u: expected %u", cause,
                 cause + (store ? -2u : 2u));
        return TW_CLASSES;
    }
    return cause >= 12 ? TW_CLASS_PAGE_FAULT : TW_CLASS_DECODE_ERROR;
}

const Arch tw_qemu_riscv64 = {
    .name = "riscv64",
    .binary = "qemu-system-riscv64",
    .machine = "-M virt,memory-backend=m0 -cpu rv64 -bios none "
               "-kernel /proc/self/fd/$TW_FILE",
    .file = tw_qemu_agent_riscv64,
    .file_size = &tw_qemu_agent_riscv64_size,
    .words = TW_CONTENTS_CODE_RISCV64,
    .ram = 0x80000000,
    .nowhere = UINT64_C(1) << 37,
    .half = {UINT64_C(1) << 37, ~UINT64_C(0) << 38 | UINT64_C(1) << 37},
    .one_root = true,
    .wide_exchange = true,
    .page_rights = 1u | 1u << TW_R | 1u << (TW_R | TW_W) | 1u << TW_X |
                   1u << (TW_R | TW_X) | 1u << (TW_R | TW_W | TW_X),
    .code = TW_CODE_ALL_STORES,
    .leaf = leaf,
    .part = part,
    .table = table,
    .root = root,
    .fault = fault,
};
