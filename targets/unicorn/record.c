/* SPDX-License-Identifier: MIT */
/* See record.h. */
#include "targets/unicorn/record.h"

#include <string.h>

void tw_uc_record_call(Machine *m, CallKind kind, unsigned first, unsigned end)
{
    Call call = {.kind = kind,
                 .op = m->recorder->started ? (uint16_t)m->op : TW_NO_OP,
                 .first = first,
                 .end = end,
                 .shown = m->flat.mapped[first],
                 .rights = m->flat.mapped_rights[first]};

    g_array_append_val(m->recorder->calls, call);
}

void tw_uc_record_access(Machine *m, unsigned op, unsigned part, unsigned at,
                         uint64_t value)
{
    Call call = {.kind = CALL_PART,
                 .op = (uint16_t)op,
                 .part = part,
                 .addr = m->program->script[op].addr + at,
                 .value = at < 8 ? value >> 8 * at : 0,
                 .from = m->program->script[op].out};

    g_array_append_val(m->recorder->calls, call);
}

void tw_uc_record_ram(Machine *m)
{
    const Memory *memory = &m->memory;

    for (uint32_t i = 0; i < memory->n_pages; i++) {
        uint32_t n = memory->pages[i];
        RamPage *page;

        g_array_set_size(m->recorder->ram, m->recorder->ram->len + 1);
        page = &g_array_index(m->recorder->ram, RamPage,
                              m->recorder->ram->len - 1);
        page->block = (uint8_t)(n / PAGES);
        page->page = n % PAGES;
        memcpy(page->bytes,
               memory->now[m->program->contents] + (size_t)n * PAGE_SIZE_,
               PAGE_SIZE_);
    }
}
