/* SPDX-License-Identifier: MIT */
/* Entries of page tables by their fields; see entry.h. */
#include "program/entry.h"

#include "program/layout.h"
#include "program/ops.h"

static bool holds(TwBits bits, uint64_t value)
{
    return (value & bits.mask) == bits.value;
}

static bool one_bit(uint64_t bits)
{
    return bits != 0 && (bits & (bits - 1)) == 0;
}

/* Is it there, as far as bits say that which are no rights? */
static bool is_there(const TwLayout *layout, uint64_t value)
{
    return holds(layout->present, value) &&
           (layout->present_some == 0 || (value & layout->present_some) != 0);
}

static bool is_sized(const TwLayout *layout, uint64_t value)
{
    return layout->sized && (value >> layout->next_shift & 7) == layout->sized;
}

static bool is_leaf(const TwLayout *layout, unsigned level, uint64_t value)
{
    if ((level == 1 && !layout->last_by_bits) || is_sized(layout, value)) {
        return true;
    }
    return layout->leaf_some ? (value & layout->leaf_some) != 0
                             : (value & layout->leaf_none) == 0;
}

/* The bits of an entry that grant a right, or let it through. */
static TwBits right_bits(const TwIommu *iommu, bool leaf, unsigned right)
{
    const TwLayout *layout = tw_layout(iommu->pagetable.format);

    if (!leaf) {
        return right == TW_R ? layout->table_read : layout->table_write;
    }
    if (iommu->pagetable.updates_ad) {
        return right == TW_R ? layout->marks.read : layout->marks.write;
    }
    return right == TW_R ? layout->read : layout->write;
}

static unsigned rights_of(const TwIommu *iommu, bool leaf, uint64_t value)
{
    TwBits clean = tw_layout(iommu->pagetable.format)->marks.write_clean;
    bool is_clean = leaf && iommu->pagetable.updates_ad && clean.mask != 0 &&
                    holds(clean, value);

    return (holds(right_bits(iommu, leaf, TW_R), value) ? TW_R : 0u) |
           (holds(right_bits(iommu, leaf, TW_W), value) || is_clean ? TW_W
                                                                    : 0u);
}

/* Sets the bits that grant a right, or the highest that takes it away (of
 * APTable, the one for writes alone). */
static uint64_t put_right(uint64_t value, TwBits bits, bool granted)
{
    uint64_t against = bits.mask & ~bits.value;

    if (granted) {
        return value | bits.value;
    }
    if (against && holds(bits, value)) {
        value |= UINT64_C(1) << (63 - __builtin_clzll(against));
    }
    return value;
}

/* All but `more`. */
static uint64_t value_of(const TwIommu *iommu, unsigned level,
                         const TwEntry *entry)
{
    const TwLayout *layout = tw_layout(iommu->pagetable.format);
    bool leaf = entry->kind == TW_ENTRY_LEAF;
    TwBits read = right_bits(iommu, leaf, TW_R);
    TwBits write = right_bits(iommu, leaf, TW_W);
    uint64_t value = layout->present.value |
                     (entry->address >> layout->shift & layout->address);

    if (leaf && level > 1 && one_bit(layout->leaf_some)) {
        value |= layout->leaf_some;
    }
    if (leaf && level == 1) {
        value |= layout->last.value;
    }
    if (!leaf && layout->next_shift) {
        value |= (uint64_t)(level - 1) << layout->next_shift;
    } else if (!leaf && layout->leaf_none) {
        value |= layout->leaf_none & -layout->leaf_none;
    }
    if (entry->perm & TW_R) {
        value = put_right(value, read, true);
    }
    if (entry->perm & TW_W) {
        value = put_right(value, write, true);
    }
    if (!(entry->perm & TW_W)) {
        value = put_right(value, write, false);
    }
    if (!(entry->perm & TW_R)) {
        value = put_right(value, read, false);
    }
    return value;
}

/* Does the value say that, and nothing reserved? */
static bool says(const TwIommu *iommu, unsigned level, uint64_t value,
                 const TwEntry *entry)
{
    const TwLayout *layout = tw_layout(iommu->pagetable.format);
    bool leaf = entry->kind == TW_ENTRY_LEAF;

    if (!is_there(layout, value) || is_leaf(layout, level, value) != leaf ||
        rights_of(iommu, leaf, value) != entry->perm) {
        return false;
    }
    if (!leaf) {
        return level > 1 && !(value & layout->reserved_table) &&
               (!layout->next_shift ||
                (value >> layout->next_shift & 7) == level - 1);
    }
    return layout->leaf_levels >> level & 1 &&
           !(level == 1 && !holds(layout->last, value)) &&
           !(layout->wrong.mask && holds(layout->wrong, value)) &&
           !(value & layout->reserved_leaf);
}

bool tw_entry_value(const TwIommu *iommu, unsigned level, const TwEntry *entry,
                    uint64_t *value)
{
    const TwLayout *layout = tw_layout(iommu->pagetable.format);

    if (entry->kind == TW_ENTRY_NOTHING) {
        *value = 0;
        return true;
    }
    *value = value_of(iommu, level, entry);
    /* The `more` must be what is not set, and must change nothing. */
    if (entry->more & *value ||
        ((*value & layout->address) << layout->shift &
         ~(((uint64_t)1 << iommu->granule_lg) - 1)) != entry->address) {
        return false;
    }
    *value |= entry->more;
    return says(iommu, level, *value, entry);
}

bool tw_entry_read(const TwIommu *iommu, unsigned level, uint64_t value,
                   TwEntry *entry)
{
    const TwLayout *layout = tw_layout(iommu->pagetable.format);
    bool leaf = is_leaf(layout, level, value);
    uint64_t again;

    *entry = (TwEntry){.kind = TW_ENTRY_NOTHING};
    if (value == 0) {
        return true;
    }
    entry->kind = leaf ? TW_ENTRY_LEAF : TW_ENTRY_TABLE;
    entry->perm = (uint8_t)rights_of(iommu, leaf, value);
    entry->address = (value & layout->address) << layout->shift &
                     ~(((uint64_t)1 << iommu->granule_lg) - 1);
    again = value_of(iommu, level, entry);
    if (again & ~value) {
        return false;
    }
    entry->more = value & ~again;
    return tw_entry_value(iommu, level, entry, &again) && again == value;
}

/* Places ------------------------------------------------------------------- */

enum { MAX_PLACES = 128 };

/* A table of a level of an IOMMU: an offset of a region. */
typedef struct Place {
    uint64_t offset;
    uint8_t iommu, level;
} Place;

/* The tables in one region that contexts and entries lead to. */
typedef struct Places {
    const TwProgram *program;
    uint8_t region;
    unsigned n;
    bool full, grew;
    Place list[MAX_PLACES];
} Places;

static void add_place(Places *places, uint8_t iommu, unsigned level,
                      uint64_t offset)
{
    for (unsigned i = 0; i < places->n; i++) {
        if (places->list[i].offset == offset &&
            places->list[i].iommu == iommu && places->list[i].level == level) {
            return;
        }
    }
    if (places->n == MAX_PLACES) {
        places->full = true;
        return;
    }
    places->list[places->n++] = (Place){offset, iommu, (uint8_t)level};
    places->grew = true;
}

static bool is_in(const Places *places, const Place *place, uint64_t offset)
{
    unsigned lg = places->program->iommus[place->iommu].granule_lg;

    return offset - place->offset < (uint64_t)1 << lg &&
           (offset - place->offset) % 8 == 0;
}

static void see_op(Places *places, const TwOp *op)
{
    const TwProgram *program = places->program;

    if (op->code == TW_OP_CONTEXT && op->obj < program->n_iommus) {
        const TwIommu *iommu = &program->iommus[op->obj];

        if (iommu->kind == TW_IOMMU_PAGETABLE && !iommu->pagetable.nested &&
            iommu->pagetable.tables == places->region &&
            op->mode == TW_CONTEXT_TABLES) {
            add_place(places, op->obj, iommu->pagetable.levels, op->out);
        }
    }
    if (op->code != TW_OP_POKE || op->obj != places->region) {
        return;
    }
    for (unsigned i = 0; i < places->n; i++) {
        const Place *place = &places->list[i];
        TwEntry entry;

        if (place->level > 1 && is_in(places, place, op->addr) &&
            tw_entry_read(&program->iommus[place->iommu], place->level,
                          op->value, &entry) &&
            entry.kind == TW_ENTRY_TABLE) {
            add_place(places, place->iommu, place->level - 1u, entry.address);
        }
    }
}

bool tw_entry_place(const TwProgram *program, const TwOp *poke, uint8_t *iommu,
                    uint8_t *level)
{
    Places places = {.program = program, .region = poke->obj};
    unsigned found = 0;

    do {
        places.grew = false;
        for (unsigned i = 0; i < program->n_setup; i++) {
            see_op(&places, &program->setup[i]);
        }
        for (unsigned i = 0; i < program->n_script; i++) {
            see_op(&places, &program->script[i]);
        }
        for (unsigned i = 0; i < program->n_actors; i++) {
            see_op(&places, &program->actors[i].op);
        }
    } while (places.grew && !places.full);
    for (unsigned i = 0; i < places.n; i++) {
        if (is_in(&places, &places.list[i], poke->addr)) {
            *iommu = places.list[i].iommu;
            *level = places.list[i].level;
            found++;
        }
    }
    return found == 1 && !places.full;
}
