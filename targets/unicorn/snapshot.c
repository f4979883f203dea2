/* SPDX-License-Identifier: MIT */
/*
 * The class "unicorn-snapshot": contexts of the library that hold the memory,
 * too (2.1 and later).  `snapshot` is uc_context_save, `restore` is
 * uc_context_restore.
 *
 * The first store to a page after a snapshot gives the page other bytes in the
 * host, and a restore takes them away again.  So what a page is mapped from
 * (uc_mem_map_ptr) has its bytes at the first snapshot for ever, and two
 * mappings of the same bytes go different ways.  Hence the dialect maps
 * memory once, before the script, and the target asks the library for bytes:
 * for those of the agent's records, and for those of RAM at the end.  RAM that
 * is not mapped is the host's own, which the host saves itself.
 */
#include "targets/unicorn/internal.h"
#include "targets/unicorn/record.h"

void tw_uc_snapshot_save(Machine *m)
{
    uc_context *context = NULL;
    uc_err err;

    tw_uc_record(m, CALL_SAVE, 0, 0);
    err = m->lib.context_alloc(m->uc, &context);
    if (err != UC_ERR_OK) {
        tw_uc_fail(m, "uc_context_alloc", 0, 0, err);
        return;
    }
    err = m->lib.context_save(m->uc, context);
    if (m->first_saved == NULL) {
        m->first_saved = context;
    } else if (m->saved != m->first_saved) {
        m->lib.context_free(m->saved);
    }
    m->saved = context;
    if (err != UC_ERR_OK) {
        tw_uc_fail(m, "uc_context_save", 0, 0, err);
        return;
    }
    tw_uc_memory_save(&m->memory, m->program->contents);
}

/* Where used page `i` is mapped, or PAGES: nowhere. */
static unsigned mapped_at(const Machine *m, uint32_t i)
{
    uint32_t n = m->memory.pages[i];
    Shown shown = shown_make(SHOWS_RAM, (uint8_t)(n / PAGES), n % PAGES);
    unsigned p = 0;

    while (p < PAGES && m->flat.mapped[p] != shown) {
        p++;
    }
    return p;
}

void tw_uc_snapshot_restore(Machine *m)
{
    uc_err err;

    tw_uc_record(m, CALL_RESTORE, 0, 0);
    err = m->lib.context_restore(m->uc, m->saved);
    if (err != UC_ERR_OK) {
        tw_uc_fail(m, "uc_context_restore", 0, 0, err);
        return;
    }
    for (uint32_t i = 0; i < m->memory.n_pages; i++) {
        if (mapped_at(m, i) == PAGES) {
            tw_uc_memory_restore(&m->memory, m->program->contents, i);
        }
    }
}

void tw_uc_snapshot_finish(Machine *m)
{
    for (uint32_t i = 0; i < m->memory.n_pages && !m->lost; i++) {
        uint32_t n = m->memory.pages[i];
        unsigned p = mapped_at(m, i);
        uc_err err = UC_ERR_OK;

        if (p < PAGES) {
            err = m->lib.mem_read(
                m->uc, m->window + ((uint64_t)p << m->flat.page_lg),
                tw_uc_memory_use(&m->memory, m->program->contents,
                                 (uint8_t)(n / PAGES), n % PAGES, 1),
                tw_uc_page_size(m));
        }
        if (err != UC_ERR_OK) {
            tw_uc_fail(m, "uc_mem_read", (uint64_t)p << m->flat.page_lg,
                       tw_uc_page_size(m), err);
        }
    }
    if (!m->lost) {
        /* 2.1.1 keeps what pages were given, also when it is closed. */
        m->lib.context_restore(m->uc, m->first_saved);
    }
    if (m->saved != m->first_saved) {
        m->lib.context_free(m->saved);
    }
    m->lib.context_free(m->first_saved);
    m->saved = m->first_saved = NULL;
    m->lost = true; /* no right can be changed in this engine any more */
}
