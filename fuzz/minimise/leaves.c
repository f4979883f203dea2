/* SPDX-License-Identifier: MIT */
/*
 * An entry for a table becomes the leaf that one entry of that table was: a
 * larger page, and an entry less.
 */
#include "fuzz/minimise/passes.h"

#include "program/entry.h"
#include "program/layout.h"
#include "program/ops.h"

enum { MAX_POKES = 40 }; /* the pass looks at pairs */

/* The entries that setup and script write, in that order. */
typedef struct Entries {
    const TwProgram *program;
    unsigned n;
    unsigned at[MAX_POKES]; /* operations; those of the script last */
    TwEntryPlace places[MAX_POKES];
} Entries;

static const TwOp *poke_at(const Entries *entries, unsigned i)
{
    return tw_op_at(entries->program, entries->at[i]);
}

/* False: too many. */
static bool find_entries(const TwProgram *program, Entries *entries)
{
    unsigned n = program->n_setup + program->n_script;

    *entries = (Entries){.program = program};
    for (unsigned i = 0; i < n; i++) {
        const TwOp *op = tw_op_at(program, i);
        TwEntryPlace place;

        if (op->code != TW_OP_POKE) {
            continue;
        }
        place = tw_entry_place(program, op);
        if (place.level == 0) {
            continue;
        }
        if (entries->n == MAX_POKES) {
            return false;
        }
        entries->at[entries->n] = i;
        entries->places[entries->n++] = place;
    }
    return true;
}

/* An entry of the level below as one of `level`; false: it is for a table. */
static bool widen(const TwIommu *iommu, unsigned level, uint64_t value,
                  uint8_t perm, uint64_t *wide)
{
    const TwLayout *layout = tw_layout(iommu->pagetable.format);
    unsigned g = iommu->granule_lg, lg = g + (level - 1) * (g - 3u);
    uint64_t low = lg < 64 ? ((uint64_t)1 << lg) - 1 : UINT64_MAX;
    TwEntry entry;

    if (!tw_entry_read(iommu, level - 1, value, &entry)) {
        *wide = value & ~(layout->address & low >> layout->shift);
        return true; /* whatever it says */
    }
    if (entry.kind == TW_ENTRY_TABLE) {
        return false;
    }
    entry.address &= ~low;
    entry.perm &= perm;
    if (tw_entry_value(iommu, level, &entry, wide)) {
        return true;
    }
    entry.more = 0;
    return tw_entry_value(iommu, level, &entry, wide);
}

/* May number b be an entry of the table that number a, which says `table`,
 * leads to?  Of nested tables, nobody knows. */
static bool leads_to(const Entries *entries, unsigned a, unsigned b,
                     const TwEntry *table)
{
    TwEntryPlace from = entries->places[a], to = entries->places[b];
    const TwIommu *iommu = &entries->program->iommus[from.iommu];
    uint64_t at = poke_at(entries, b)->addr + iommu->pagetable.base;

    return to.iommu == from.iommu && to.level + 1 == from.level &&
           (iommu->pagetable.nested ||
            at - table->address < (uint64_t)1 << iommu->granule_lg);
}

/* Number b, and what else is written there, in place of number a. */
static void put_leaf(TwProgram *p, const Entries *entries, unsigned a,
                     unsigned b, uint8_t perm)
{
    const TwOp table = *poke_at(entries, a), leaf = *poke_at(entries, b);
    unsigned level = entries->places[a].level, cut = entries->at[a];
    const TwIommu *iommu = &p->iommus[entries->places[a].iommu];

    for (unsigned i = 0; i < entries->n; i++) {
        unsigned at = entries->at[i];
        TwOp *op =
            at < p->n_setup ? &p->setup[at] : &p->script[at - p->n_setup];
        uint64_t wide;

        if (op->obj == leaf.obj && op->addr == leaf.addr &&
            widen(iommu, level, op->value, perm, &wide)) {
            op->obj = table.obj;
            op->addr = table.addr;
            op->value = wide;
        }
    }
    if (cut < p->n_setup) {
        tw_edit_cut_setup(p, cut, 1);
    } else {
        tw_edit_cut_script(p, cut - p->n_setup, 1);
        tw_edit_tidy(p);
    }
}

void tw_pass_leaves(TwTurns *turns)
{
    Entries entries;

    if (!find_entries(turns->best, &entries)) {
        return;
    }
    for (unsigned a = 0; a < entries.n; a++) {
        TwEntryPlace place = entries.places[a];
        const TwIommu *iommu = &turns->best->iommus[place.iommu];
        TwEntry table;
        uint64_t wide;

        if (place.level < 2 ||
            !tw_entry_read(iommu, place.level, poke_at(&entries, a)->value,
                           &table) ||
            table.kind != TW_ENTRY_TABLE) {
            continue;
        }
        for (unsigned b = 0; b < entries.n; b++) {
            if (leads_to(&entries, a, b, &table) &&
                poke_at(&entries, b)->value != 0 &&
                widen(iommu, place.level, poke_at(&entries, b)->value,
                      table.perm, &wide)) {
                TW_TURN(turns, p, put_leaf(p, &entries, a, b, table.perm));
            }
        }
    }
}
