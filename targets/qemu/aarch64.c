/* SPDX-License-Identifier: MIT */
/*
 * AArch64, EL1 stage 1.  Registers are as the Arm Architecture Reference
 * Manual for A-profile architecture (DDI 0487) describes them.
 */
#include <stdio.h>

#include "targets/qemu/arch.h"

extern const uint8_t tw_qemu_agent_aarch64[];
extern const uint32_t tw_qemu_agent_aarch64_size;

enum {
    VALID = 1,
    TABLE_OR_PAGE = 2,
    ATTR_DEVICE = 1 << 2, /* MAIR byte 1 */
    READ_ONLY = 2 << 6,   /* AP[2] */
    USER = 1 << 6,        /* AP[1] */
    INNER = 3 << 8,
    ACCESSED = 1 << 10,
    NOT_GLOBAL = 1 << 11,
};
#define PXN (UINT64_C(1) << 53)
#define UXN (UINT64_C(1) << 54)

/* VMSAv8-64 block and page descriptors: AP[2:1], PXN, AF. */
static uint64_t leaf(unsigned level, uint64_t out, uint8_t rights)
{
    uint64_t entry = out | VALID | INNER | NOT_GLOBAL | UXN;

    if (level == 3) {
        entry |= TABLE_OR_PAGE;
    }
    if (rights != 0) { /* else: an access flag fault */
        entry |= ACCESSED;
    }
    if (!(rights & TW_W)) {
        entry |= READ_ONLY;
    }
    if (!(rights & TW_X)) {
        entry |= PXN;
    }
    return entry;
}

static uint64_t part(unsigned level, uint64_t above, uint64_t offset)
{
    return (above + offset) | (level == 3 ? TABLE_OR_PAGE : 0);
}

static uint64_t table(uint64_t at)
{
    return at | VALID | TABLE_OR_PAGE;
}

/* The agent sees devices and RAM where they are. */
static void root(unsigned half, uint64_t *entries)
{
    if (half == 0) {
        entries[0] = VALID | ATTR_DEVICE | ACCESSED | PXN | UXN;
        for (unsigned i = 1; i < 4; i++) {
            entries[i] = (uint64_t)i << 30 | VALID | INNER | ACCESSED | UXN |
                         (i > 1 ? PXN : 0);
        }
    }
}

/* ESR_EL1: exception class, fault status, write not read. */
static TwClass fault(const TwDo *what, const TwDone *done, char *why,
                     size_t size)
{
    unsigned class_ = done->fault >> 26 & 0x3f, status = done->fault & 0x3f;
    bool fetch = class_ == 0x21, data = class_ == 0x25;
    bool write = done->fault >> 6 & 1;
    uint64_t bytes = UINT64_C(1) << what->lg;
    bool in_access = done->at - what->addr < bytes;

    if (!fetch && !data) {
        snprintf(why, size,
                 "exception class 0x%x: expected an instruction or "
                 "data abort",
                 class_);
        return TW_CLASSES;
    }
    if (what->kind == TW_DO_CALL && fetch) {
        in_access = (done->at & ~UINT64_C(7)) == (what->from & ~UINT64_C(7));
    }
    if (!in_access) {
        snprintf(why, size, "FAR_EL1 0x%llx: expected an address of the access",
                 (unsigned long long)done->at);
        return TW_CLASSES;
    }
    if (data && what->kind < TW_DO_EXCHANGE &&
        write != (what->kind == TW_DO_WRITE)) {
        snprintf(why, size, "ESR_EL1.WnR %d: expected %d", write, !write);
        return TW_CLASSES;
    }
    if (status == 0x10) { /* external abort, not on a walk */
        return TW_CLASS_DECODE_ERROR;
    }
    if (status >> 2 >= 1 && status >> 2 <= 3) { /* translation, access flag,
                                                 * permission */
        return TW_CLASS_PAGE_FAULT;
    }
    snprintf(why, size,
             "fault status 0x%x: expected a translation, access "
             "flag or permission fault, or an external abort",
             status);
    return TW_CLASSES;
}

const Arch tw_qemu_aarch64 = {
    .name = "aarch64",
    .binary = "qemu-system-aarch64",
    .machine = "-M virt,memory-backend=m0,gic-version=2 -cpu max "
               "-kernel /proc/self/fd/$TW_FILE",
    .file = tw_qemu_agent_aarch64,
    .file_size = &tw_qemu_agent_aarch64_size,
    .words = TW_CONTENTS_CODE,
    .ram = 0x40000000,
    .nowhere = UINT64_C(1) << 34,
    .half = {UINT64_C(1) << 37, ~UINT64_C(0) << 39 | UINT64_C(1) << 37},
    .page_rights = (1u << TW_R) | 1u << (TW_R | TW_W) | 1u << (TW_R | TW_X) |
                   1u << (TW_R | TW_W | TW_X) | 1u,
    .code = TW_CODE_ALL_STORES,
    .leaf = leaf,
    .part = part,
    .table = table,
    .root = root,
    .fault = fault,
};
