/* SPDX-License-Identifier: MIT */
/* Page tables as memory: new ones, and those that a program starts with. */
#include <string.h>

#include "targets/qemu/internal.h"

uint64_t *tw_qemu_table_shared(Machine *m, unsigned table)
{
    return (uint64_t *)(void *)(m->ram + TW_AGENT_TABLE(table));
}

unsigned tw_qemu_table_new(Machine *m)
{
    unsigned n = m->n_tables;

    if (n == TW_AGENT_MAX_TABLES) {
        if (!m->broken) {
            m->broken = true;
            m->trace->end = TW_END_OVERFLOW;
        }
        return 0;
    }
    memset(&m->tables[n], 0, sizeof(Table));
    memset(tw_qemu_table_shared(m, n), 0, PAGE_BYTES);
    m->n_tables++;
    return n;
}

void tw_qemu_table_reset(Machine *m)
{
    m->n_tables = 0;
    for (unsigned half = 0; half < 2; half++) {
        Table *root = &m->tables[tw_qemu_table_new(m)];

        m->arch->root(half, root->entries);
        if (half == 0 && m->record == NULL) {
            tw_qemu_look_start(m, root->entries);
        }
        memcpy(tw_qemu_table_shared(m, half), root->entries, PAGE_BYTES);
    }
}
