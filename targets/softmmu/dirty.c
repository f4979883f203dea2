/* SPDX-License-Identifier: MIT */
/*
 * Dirty logs: which pages of a RAM block were stored to (LA-39).  A TLB entry
 * that may be the first to store to its page since the notes were taken is
 * `clean`; a store through another one is noted already and costs nothing.  So
 * taking the notes must make the entries clean again, also those in victim
 * lists (TL-14).
 */
#include "targets/softmmu/internal.h"

/* What is no RAM has no block: TW_NONE. */
static bool dirty_logged(const Machine *m, uint8_t block)
{
    return tw_regions_has(&m->dirty.blocks, block);
}

/* Entries of the block whose page of offsets meets first .. last. */
static void dirty_arm(Machine *m, uint8_t block, uint64_t first, uint64_t last,
                      bool clean)
{
    for (unsigned c = 0; c < m->program->n_cpus; c++) {
        for (unsigned i = 0; i < TW_MAX_MMU_INDEXES; i++) {
            Tlb *tlb = &m->cpus[c].tlbs[i];
            unsigned n =
                tlb->table != NULL && tlb->dirty
                    ? tlb->mask + 1 +
                          (TW_BUG(m, VICTIMS_NOT_REARMED) ? 0 : tlb->n_victims)
                    : 0;

            for (unsigned k = 0; k < n; k++) {
                TlbEntry *entry = tlb_entry(tlb, k);

                if (entry->stamp == tlb->stamp && !entry->tail &&
                    entry->region < REGION_BLOCKED &&
                    m->program->regions[entry->region].block == block &&
                    entry->offset <= last &&
                    (entry->offset | m->page_mask) >= first) {
                    entry->clean = clean;
                }
            }
        }
    }
}

static DirtyPage *dirty_find(Machine *m, uint8_t block, uint64_t page)
{
    for (unsigned i = 0; i < m->dirty.n; i++) {
        if (m->dirty.pages[i].block == block &&
            m->dirty.pages[i].page == page) {
            return &m->dirty.pages[i];
        }
    }
    return NULL;
}

/* A byte is stored, and nothing says that its page is noted already. */
static void dirty_note(Machine *m, uint8_t block, uint64_t offset)
{
    uint64_t page = offset & ~m->page_mask;

    if (dirty_find(m, block, page) != NULL) {
        return;
    }
    m->dirty.pages[m->dirty.n++] = (DirtyPage){page, block};
    TELL(m, "dirty", "page 0x%" PRIx64 " of block r%u (LA-39)", page, block);
    dirty_arm(m, block, page, page, false);
}

/* Bytes of a block are stored in which tables of IOMMUs may be: that changes
 * what these translate, silently. */
static void tables_stored(Machine *m, uint8_t block)
{
    for (unsigned i = 0; i < m->program->n_iommus; i++) {
        const TwIommu *iommu = &m->program->iommus[i];

        if (iommu->kind == TW_IOMMU_PAGETABLE && !iommu->pagetable.nested &&
            m->program->regions[iommu->pagetable.tables].block == block) {
            for (unsigned k = 0; k < iommu->indexes; k++) {
                note_silent(m, false, i, k, 0, UINT64_MAX);
            }
        }
    }
}

/* Stores `length` bytes of a block, little-endian. */
PART void table_store(Machine *m, uint8_t block, uint64_t at, unsigned length,
                      uint64_t value)
{
    if (length > 0 && m->dirty.n_blocks > 0 && dirty_logged(m, block)) {
        dirty_note(m, block, at);
        dirty_note(m, block, at + length - 1);
    }
    if (m->pagetables) {
        tables_stored(m, block);
    }
    for (unsigned k = 0; k < length; k++) {
        ram_write(&m->ram, block, at + k, (uint8_t)(value >> 8 * k));
    }
}

/* A store of 8 bytes that no device or CPU makes; those beyond the end of the
 * block are lost (LA-36). */
static void poke(Machine *m, const TwOp *op)
{
    uint8_t block = m->program->regions[op->obj].block;
    uint64_t size = m->program->regions[block].size;
    uint64_t left = size == UINT64_MAX ? MIN(7, size - op->addr) + 1
                    : op->addr < size  ? MIN(8, size - op->addr)
                                       : 0;

    table_store(m, block, op->addr, (unsigned)left, op->value);
}

/* Drops the notes of a block whose pages meet first .. last. */
static void dirty_drop(Machine *m, uint8_t block, uint64_t first, uint64_t last)
{
    unsigned left = 0;

    for (unsigned i = 0; i < m->dirty.n; i++) {
        DirtyPage page = m->dirty.pages[i];

        if (page.block != block || page.page > last ||
            (page.page | m->page_mask) < first) {
            m->dirty.pages[left++] = page;
        }
    }
    m->dirty.n = left;
}

/* dirty-log: what was cached before may store unseen, if it is not clean. */
static void dirty_log(Machine *m, const TwOp *op)
{
    uint8_t block = m->program->regions[op->obj].block;
    bool on = op->flags & TW_OPF_ON;

    if (dirty_logged(m, block) == on) {
        return;
    }
    tw_regions_put(&m->dirty.blocks, block, on);
    if (on) {
        m->dirty.n_blocks++;
    } else {
        m->dirty.n_blocks--;
    }
    dirty_arm(m, block, 0, UINT64_MAX, on);
    if (!on) {
        dirty_drop(m, block, 0, UINT64_MAX);
    }
}

/* dirty-clear: tells each maximal run of noted pages, ascending. */
static void dirty_clear(Machine *m, const TwOp *op)
{
    uint8_t block = m->program->regions[op->obj].block;
    uint64_t at = op->addr & ~m->page_mask;

    if (!dirty_logged(m, block)) {
        return;
    }
    for (;;) {
        uint64_t first = UINT64_MAX, last;

        /* The least noted page from `at` on, and what follows it. */
        for (unsigned i = 0; i < m->dirty.n; i++) {
            const DirtyPage *page = &m->dirty.pages[i];
            if (page->block == block && page->page >= at &&
                page->page <= op->last && page->page < first) {
                first = page->page;
            }
        }
        if (first == UINT64_MAX) {
            break;
        }
        last = first | m->page_mask;
        while (last < op->last && last != UINT64_MAX &&
               dirty_find(m, block, last + 1) != NULL) {
            last = (last + 1) | m->page_mask;
        }
        tw_trace_add_event(m->trace, (TwEventRecord){.op = m->op,
                                                     .observer = TW_NONE,
                                                     .kind = TW_TRACE_DIRTY,
                                                     .space = TW_NONE,
                                                     .region = op->obj,
                                                     .first = first,
                                                     .last = last});
        if (last >= op->last) {
            break;
        }
        at = last + 1;
    }
    dirty_drop(m, block, op->addr, op->last);
    dirty_arm(m, block, zoo_arms_from(m, op->addr, op->last), op->last, true);
}
