/* SPDX-License-Identifier: MIT */
/* What only an architecture knows; its file names the manual. */
#ifndef TW_TARGETS_QEMU_ARCH_H
#define TW_TARGETS_QEMU_ARCH_H

#include "program/dialect.h"
#include "program/trace.h"
#include "targets/qemu/mailbox.h"

enum {
    TW_QEMU_PAGE_LG = 12,
    TW_QEMU_VIRTUAL_LG = 37, /* virtual addresses of programs are below 2^n, */
    TW_QEMU_RAM_LG = 30,     /* and physical ones */
};

typedef struct Arch {
    const char *name;    /* "aarch64" */
    const char *binary;  /* the command if the user names none */
    const char *machine; /* its options, but for those of all */
    const uint8_t *file; /* what the machine starts from, $TW_FILE there */
    const uint32_t *file_size;
    void (*prepare)(uint8_t *ram); /* before each start; may be NULL */
    bool one_root;                 /* both halves have the root of half 0 */
    bool wide_exchange;            /* exchanges have 4 or 8 bytes */
    bool no_holes;                 /* an access of nothing is no fault */
    uint8_t words;                 /* TwContentsKind: the code that it runs */
    uint64_t ram;     /* guest physical address where its RAM begins */
    uint64_t nowhere; /* from here on is nothing, for 2^VIRTUAL_LG bytes */
    uint64_t half[2]; /* guest virtual address of the programs' address 0, for
                       * each MMU index; a multiple of 2^VIRTUAL_LG */
    uint8_t page_rights; /* bit per set of rights that a page can have */
    uint8_t code;        /* TW_CODE_..._STORES that a fetch may not see */

    /* A page-table entry of level 1 (1 GiB), 2 (2 MiB) or 3 (4 KiB). */
    uint64_t (*leaf)(unsigned level, uint64_t out, uint8_t rights);
    /* One of `level` that means the same as one of the level above does
     * `offset` bytes further. */
    uint64_t (*part)(unsigned level, uint64_t above, uint64_t offset);
    uint64_t (*table)(uint64_t at);
    /* The root table of both halves, as the agent needs it. */
    void (*root)(unsigned half, uint64_t *entries);
    /* The class of a faulted access; or TW_CLASSES with one line in `why`, if
     * the record is not what the manual says. */
    TwClass (*fault)(const TwDo *access, const TwDone *done, char *why,
                     size_t size);
} Arch;

extern const Arch tw_qemu_aarch64, tw_qemu_x86_64, tw_qemu_riscv64;

#endif
