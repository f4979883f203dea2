/* SPDX-License-Identifier: MIT */
/*
 * Programs whose IOMMUs are of kind `table`: what `map` and its like say
 * becomes entries of level 1 of real tables, one set for each stage and index,
 * which lie outside the RAM of programs, where a second stage leads everything
 * to itself. Their tables of levels 3 and 2 never change.  UNMAP is a command
 * for the range, `notify-all` the global one, bypass a context that passes
 * through.  The domain of an index is its number.
 */
#include <string.h>

#include "program/entry.h"
#include "program/path.h"
#include "targets/qtest/internal.h"

enum {
    AT_TABLES = AT_STRUCTURES + 0x200000,
    LOWER_PAGES = 512,            /* of the window, in a table of level 1 */
    LOWERS = PAGES / LOWER_PAGES, /* tables of level 1 of an index */
    SET_BYTES = (2 + LOWERS) * PAGE_BYTES, /* root, level 2, level 1 */
};

static uint64_t root_of(const Machine *m, unsigned stage, unsigned index)
{
    return m->driver->ram + AT_TABLES +
           (uint64_t)(stage * MOST_INDEXES + index) * SET_BYTES;
}

static uint64_t lower_of(const Machine *m, unsigned stage, unsigned index,
                         unsigned i)
{
    return root_of(m, stage, index) + (2 + i) * PAGE_BYTES;
}

static unsigned page_of(const Machine *m, uint64_t x)
{
    return (unsigned)((x - m->driver->ram - AT_PROGRAM) / PAGE_BYTES);
}

static void put_table_entry(Machine *m, unsigned stage, uint64_t table,
                            uint64_t slot, unsigned level, uint64_t to)
{
    const TwIommu like = {
        .granule_lg = 12,
        .pagetable = {.format = m->driver->formats[stage], .levels = 3}};
    TwEntry entry = {
        .kind = TW_ENTRY_TABLE, .perm = TW_R | TW_W, .address = to};
    uint64_t value;

    tw_entry_value(&like, level, &entry, &value);
    value |= m->driver->entry_ones;
    tw_qtest_put(m, table + 8 * (slot & 511), &value, sizeof(value));
}

/* The tables of an index, in which no page is mapped. */
static void put_set(Machine *m, unsigned stage, unsigned index)
{
    uint64_t first = m->driver->ram + AT_PROGRAM;
    uint64_t root = root_of(m, stage, index), upper = root + PAGE_BYTES;

    if (m->tell) { /* a QEMU that has just started has zeros there */
        g_string_append_printf(m->tell, "# tables of i%u.%u, with no page\n",
                               stage, index);
    } else {
        memset(m->ram + (root - m->driver->ram), 0, SET_BYTES);
    }
    for (unsigned i = 0; i < OWN_WORDS; i++) {
        uint64_t word = m->driver->own_word(m, stage, i);

        if (i != (first >> 30 & (OWN_WORDS - 1))) {
            tw_qtest_put(m, root + 8 * i, &word, sizeof(word));
        }
    }
    put_table_entry(m, stage, root, first >> 30, 3, upper);
    for (unsigned i = 0; i < LOWERS; i++) {
        put_table_entry(m, stage, upper, (first >> 21) + i, 2,
                        lower_of(m, stage, index, i));
    }
}

void tw_qtest_tables_start(Machine *m)
{
    memset(m->bypassed, 0, sizeof(m->bypassed));
    memset(m->tables, 0, sizeof(m->tables));
    if (m->driver->tables_alone) {
        memset(m->mapped, 0, sizeof(m->mapped));
        return;
    }
    for (unsigned stage = 0; stage < m->driver->stages; stage++) {
        m->tables[stage] = m->program->iommus[stage].kind == TW_IOMMU_TABLE;
        if (m->tables[stage]) {
            memset(m->mapped[stage], 0, sizeof(m->mapped[stage]));
        }
        for (unsigned k = 0; m->tables[stage] && k < m->indexes; k++) {
            put_set(m, stage, k);
        }
    }
}

/* The context of an index: its tables, or one that passes through. */
static void set_context(Machine *m, unsigned stage, unsigned index,
                        TwContextMode mode)
{
    m->stages[stage][index] = (Stage){.mode = (uint8_t)mode,
                                      .domain = (uint8_t)index,
                                      .root = root_of(m, stage, index)};
    m->domains[stage][index / 32] |= 1u << index % 32;
    m->driver->context(m, index);
}

void tw_qtest_tables_contexts(Machine *m)
{
    for (unsigned stage = 0; stage < m->driver->stages; stage++) {
        for (unsigned k = 0; m->tables[stage] && k < m->indexes; k++) {
            set_context(m, stage, k, TW_CONTEXT_TABLES);
        }
    }
}

static void command(Machine *m, unsigned stage, unsigned scope, unsigned whose,
                    uint64_t first, uint64_t last)
{
    tw_plan_command(m, &(TwOp){.code = TW_OP_INVALIDATE,
                               .obj = (uint8_t)stage,
                               .scope = (uint8_t)scope,
                               .whose = whose,
                               .addr = first,
                               .last = last});
}

/* map, unmap, protect: an entry of level 1 for each page. */
static void change(Machine *m, const TwOp *op)
{
    unsigned first = page_of(m, op->addr), last = page_of(m, op->last);
    bool any = false;

    for (unsigned i = first; i <= last; i++) {
        Mapped *mapped = &m->mapped[op->obj][op->index][i];
        uint64_t value = 0;

        any |= mapped->perm != 0;
        if (op->code == TW_OP_PROTECT && mapped->perm == 0) {
            continue;
        }
        if (op->code == TW_OP_MAP) {
            mapped->out = op->out + (uint64_t)(i - first) * PAGE_BYTES;
        }
        mapped->perm = op->code == TW_OP_UNMAP ? 0 : op->perm;
        if (mapped->perm != 0) {
            tw_path_page_entry(&m->dialect, op->obj, mapped->out, mapped->perm,
                               &value);
        }
        tw_qtest_store64(m,
                         lower_of(m, op->obj, op->index, i / LOWER_PAGES) +
                             8 * (i % LOWER_PAGES),
                         value);
    }
    if (op->flags & TW_OPF_NOTIFIED && any) { /* LA-15 */
        command(m, op->obj, TW_SCOPE_RANGE, op->index, op->addr, op->last);
    }
}

/* LA-16; with it end combined records, too, which are of the first stage
 * (FR-12). */
static void bypass(Machine *m, unsigned stage, bool on)
{
    if (on == m->bypassed[stage]) {
        return;
    }
    m->bypassed[stage] = on;
    for (unsigned k = 0; k < m->indexes; k++) {
        set_context(m, stage, k, on ? TW_CONTEXT_PASS : TW_CONTEXT_TABLES);
    }
    command(m, stage, TW_SCOPE_CONTEXTS, 0, 0, 0);
    for (unsigned i = stage + 1; i-- > 0;) {
        command(m, i, TW_SCOPE_GLOBAL, 0, 0, 0);
    }
}

void tw_qtest_tables_change(Machine *m, const TwOp *op)
{
    if (m->driver->tables_alone) {
        m->driver->table(m, op);
        return;
    }
    switch (op->code) {
    case TW_OP_MAP:
    case TW_OP_UNMAP:
    case TW_OP_PROTECT:
        change(m, op);
        break;
    case TW_OP_NOTIFY:
        command(m, op->obj, TW_SCOPE_RANGE, op->index, op->addr, op->last);
        break;
    case TW_OP_NOTIFY_ALL:
        command(m, op->obj, TW_SCOPE_GLOBAL, 0, 0, 0);
        break;
    case TW_OP_BYPASS:
        bypass(m, op->obj, op->flags & TW_OPF_ON);
        break;
    default: /* nop */
        break;
    }
}
