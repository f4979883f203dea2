/* SPDX-License-Identifier: MIT */
/*
 * Page maps as page tables.  The newest assignment to an address counts
 * (LA-20), so an assignment becomes one entry that replaces what was there.  A
 * smaller one in the middle of a larger entry first replaces this by a table of
 * smaller ones, which mean the same.  A large assignment of which parts lead
 * elsewhere (to RAM and to nothing) is made of smaller entries from the start.
 *
 * New tables are written from here before the guest can reach them; what the
 * guest can reach changes when its turn comes, by the agent.
 *
 * A flush must end what was cached of each assignment that meets its range, as
 * a whole (LA-29).  One entry is dropped by an instruction with any address in
 * it; for an assignment that has become several, all are dropped.
 */
#include <string.h>

#include "targets/qemu/internal.h"

static unsigned lg_of(unsigned level)
{
    return 39 - 9 * level;
}

static unsigned slot_of(unsigned level, uint64_t addr)
{
    return (unsigned)(addr >> lg_of(level) & 511);
}

uint64_t tw_qemu_virtual(const Machine *m, unsigned index, uint64_t addr)
{
    return m->arch->half[index] + addr;
}

static uint64_t physical(const Machine *m, uint64_t pa, bool ram)
{
    return ram ? m->arch->ram + tw_qemu_window(m->program->contents) + pa
               : m->arch->nowhere + pa;
}

/* An entry changes: at once, if the guest cannot reach its table yet. */
static void entry_put(Machine *m, unsigned table, unsigned slot, uint64_t entry,
                      unsigned below, bool fresh, unsigned number)
{
    m->tables[table].below[slot] = (uint16_t)below;
    if (m->tables[table].entries[slot] == entry) {
        return;
    }
    m->tables[table].entries[slot] = entry;
    if (fresh) {
        tw_qemu_table_shared(m, table)[slot] = entry;
    } else {
        TwDo *put = tw_qemu_do(m, TW_DO_PUT, number);

        put->addr = TW_AGENT_TABLE(table) + slot * 8u;
        put->value = entry;
    }
}

/* The entry at a guest address has become several: so have the assignments that
 * it stood for. */
static void note_split(Machine *m, unsigned index, uint64_t va, unsigned lg)
{
    uint64_t addr = va - m->arch->half[index];

    for (unsigned i = 0; i < m->n_assigned; i++) {
        Assigned *a = &m->assigned[i];

        if (a->index == index && a->lg >= lg &&
            addr >> a->lg == a->addr >> a->lg) {
            a->split = true;
        }
    }
}

/* A table of entries of `level` that mean the same as the entry above them. */
static unsigned table_split(Machine *m, unsigned level, uint64_t above)
{
    unsigned n = tw_qemu_table_new(m);

    if (n == 0) {
        return 0;
    }
    for (unsigned i = 0; above != 0 && i < 512; i++) {
        m->tables[n].entries[i] =
            m->arch->part(level, above, (uint64_t)i << lg_of(level));
    }
    memcpy(tw_qemu_table_shared(m, n), m->tables[n].entries, PAGE_BYTES);
    return n;
}

/* What an assignment wants of a range. */
typedef struct Wanted {
    unsigned index, number;
    bool leads;
    uint8_t rights;
} Wanted;

static void assign(Machine *m, const Wanted *wanted, unsigned table,
                   unsigned level, uint64_t va, uint64_t pa, unsigned lg,
                   bool fresh);

/* The range fills entries of this level: one entry if it can be. */
static void assign_here(Machine *m, const Wanted *wanted, unsigned table,
                        unsigned level, uint64_t va, uint64_t pa, bool fresh)
{
    unsigned slot = slot_of(level, va), lg = lg_of(level), below;
    bool ram = false;

    if (!wanted->leads) {
        entry_put(m, table, slot, 0, 0, fresh, wanted->number);
    } else if (tw_qemu_view_uniform(&m->view, pa, lg, &ram)) {
        entry_put(m, table, slot,
                  m->arch->leaf(level, physical(m, pa, ram), wanted->rights), 0,
                  fresh, wanted->number);
    } else {
        note_split(m, wanted->index, va, lg);
        below = table_split(m, level + 1, 0);
        if (below == 0) {
            return;
        }
        for (unsigned i = 0; i < 512; i++) {
            uint64_t at = (uint64_t)i << lg_of(level + 1);

            assign(m, wanted, below, level + 1, va + at, pa + at,
                   lg_of(level + 1), true);
        }
        entry_put(m, table, slot,
                  m->arch->table(m->arch->ram + TW_AGENT_TABLE(below)), below,
                  fresh, wanted->number);
    }
}

static void assign(Machine *m, const Wanted *wanted, unsigned table,
                   unsigned level, uint64_t va, uint64_t pa, unsigned lg,
                   bool fresh)
{
    unsigned slot = slot_of(level, va), below;

    if (m->broken) {
        return;
    }
    if (lg == lg_of(level)) {
        assign_here(m, wanted, table, level, va, pa, fresh);
        return;
    }
    below = m->tables[table].below[slot];
    if (below == 0) {
        uint64_t above = m->tables[table].entries[slot];

        if (above == 0 && !wanted->leads) {
            return;
        }
        if (above != 0) {
            note_split(m, wanted->index, va, lg_of(level));
        }
        below = table_split(m, level + 1, above);
        if (below == 0) {
            return;
        }
        assign(m, wanted, below, level + 1, va, pa, lg, true);
        entry_put(m, table, slot,
                  m->arch->table(m->arch->ram + TW_AGENT_TABLE(below)), below,
                  fresh, wanted->number);
        return;
    }
    assign(m, wanted, below, level + 1, va, pa, lg, fresh);
}

void tw_qemu_page_assign(Machine *m, const TwOp *op, unsigned number)
{
    Wanted wanted = {
        .index = op->index,
        .number = number,
        .leads = op->code == TW_OP_PAGE,
        .rights = op->perm,
    };

    m->assigned[m->n_assigned++] = (Assigned){
        .addr = op->addr,
        .out = op->out,
        .index = op->index,
        .lg = op->lg,
        .leads = wanted.leads,
    };
    assign(m, &wanted, m->arch->one_root ? 0 : op->index, 1,
           tw_qemu_virtual(m, op->index, op->addr), op->out, op->lg, false);
}

/* Flushes ------------------------------------------------------------------ */

/* `n` pages from the page of `addr` on; or all, if there are more than a range
 * can have. */
static void flush_pages(Machine *m, unsigned index, uint64_t addr, uint64_t n,
                        unsigned number)
{
    TwDo *what;

    if (n > TW_AGENT_MOST_PAGES) {
        tw_qemu_do(m, TW_DO_FLUSH_INDEX, number)->lg = (uint8_t)index;
        return;
    }
    what = tw_qemu_do(m, n == 1 ? TW_DO_FLUSH_PAGE : TW_DO_FLUSH_RANGE, number);
    what->addr = tw_qemu_virtual(m, index, addr & -(uint64_t)PAGE_BYTES);
    what->value = n;
}

/* All entries that an assignment became. */
static void flush_assigned(Machine *m, const Assigned *a, unsigned number)
{
    flush_pages(m, a->index, a->addr, UINT64_C(1) << (a->lg - PAGE_LG), number);
}

/* Flushes the pages of first .. last. */
static void flush_range(Machine *m, unsigned index, uint64_t first,
                        uint64_t last, unsigned number)
{
    uint64_t page = first & -(uint64_t)PAGE_BYTES;

    flush_pages(m, index, first, (last >> PAGE_LG) - (first >> PAGE_LG) + 1,
                number);
    for (unsigned i = 0; i < m->n_assigned; i++) {
        const Assigned *a = &m->assigned[i];

        if (a->index == index && a->leads && a->split && a->addr <= last &&
            a->addr + (UINT64_C(1) << a->lg) > page) {
            flush_assigned(m, a, number);
        }
    }
}

void tw_qemu_page_flush(Machine *m, const TwOp *op, unsigned number)
{
    uint64_t last = op->addr + op->length - 1;

    switch (op->code) {
    case TW_OP_FLUSH_PAGE:
        flush_range(m, op->index, op->addr, op->addr, number);
        break;
    case TW_OP_FLUSH_RANGE:
        if (op->length == 0) {
            break;
        }
        if (op->bits > TW_QEMU_VIRTUAL_LG && last >= op->addr &&
            last < UINT64_C(1) << TW_QEMU_VIRTUAL_LG) {
            flush_range(m, op->index, op->addr, last, number);
            break;
        }
        /* fall through */
    case TW_OP_FLUSH_INDEX:
        tw_qemu_do(m, TW_DO_FLUSH_INDEX, number)->lg = op->index;
        break;
    default:
        tw_qemu_do(m, TW_DO_FLUSH_ALL, number);
        break;
    }
}
