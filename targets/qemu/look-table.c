/* SPDX-License-Identifier: MIT */
/*
 * Page tables of a view of the programs' RAM for the agent (look.c): page by
 * page, on slots of the TLB that programs mostly do not use (mailbox.h).
 */
#include "targets/qemu/internal.h"

enum {
    ROOT_SLOT = 64, /* of the view, in the root of half 0: 64 GiB */
    GROUP = 128,    /* pages that follow each other on slots of the agent */
};

/* Page number in the view of a page of RAM of programs with these contents. */
static uint64_t seen_page(unsigned contents, uint64_t page)
{
    page += tw_contents_are_code(contents) ? RAM_PAGES : 0;
    return page / GROUP * 2 * GROUP + GROUP + page % GROUP;
}

/* Guest physical address and shared memory of table `i` of the view. */
static uint64_t table_at(unsigned i)
{
    return TW_AGENT_VIEW_TABLES + (uint64_t)i * PAGE_BYTES;
}

static uint64_t *shared(Machine *m, unsigned i)
{
    return (uint64_t *)(void *)(m->ram + table_at(i));
}

/* Tables of level 2 come first, one for each entry of the root.  There are two
 * windows of RAM (tw_qemu_window()), each twice as large in the view. */
enum { VIEW_ROOTS = 2 * 2 * (RAM_PAGES >> 18) };

void tw_qemu_look_start(Machine *m, uint64_t *root)
{
    for (unsigned i = 0; i < VIEW_ROOTS; i++) {
        uint64_t *table = shared(m, i);

        root[ROOT_SLOT + i] = m->arch->table(m->arch->ram + table_at(i));
        if (table[0] != 0) {
            continue; /* they stay */
        }
        for (unsigned k = 0; k < 512; k++) {
            table[k] = m->arch->table(m->arch->ram +
                                      table_at(VIEW_ROOTS + i * 512 + k));
        }
    }
}

/* Where the agent sees a place in RAM. */
uint64_t tw_qemu_look_at(Machine *m, uint64_t pa)
{
    unsigned contents = m->program->contents;
    uint64_t page = seen_page(contents, pa >> PAGE_LG);
    uint64_t *entry =
        &shared(m, VIEW_ROOTS + (unsigned)(page >> 9))[page & 511];

    if (*entry == 0) {
        *entry = m->arch->leaf(3,
                               m->arch->ram + tw_qemu_window(contents) +
                                   (pa & -(uint64_t)PAGE_BYTES),
                               TW_R);
    }
    return ((uint64_t)ROOT_SLOT << 30) + page * PAGE_BYTES +
           (pa & (PAGE_BYTES - 1));
}
