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

/* If its address says its size, is that one between those of other leaves of
 * the level and of the next? */
static bool good_size(const TwIommu *iommu, unsigned level, uint64_t value)
{
    const TwLayout *layout = tw_layout(iommu->pagetable.format);
    uint64_t granule = (uint64_t)1 << iommu->granule_lg;
    uint64_t address = value & layout->address;
    uint64_t half = (address + granule) & ~address & layout->address;
    unsigned per = iommu->granule_lg - 3u;

    return !is_sized(layout, value) || (half >= granule << (level - 1) * per &&
                                        half < granule << (level * per - 1));
}

/* Does the value say that, and nothing reserved? */
static bool says(const TwIommu *iommu, unsigned level, uint64_t value,
                 const TwEntry *entry)
{
    const TwLayout *layout = tw_layout(iommu->pagetable.format);
    bool leaf = entry->kind == TW_ENTRY_LEAF;
    unsigned width = iommu->pagetable.output;

    if (width != 0 && (value & layout->address) << layout->shift >> width) {
        return false;
    }
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
           good_size(iommu, level, value) &&
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

enum {
    MAX_PLACES = 256,
    MAX_WAY = 2,         /* IOMMUs on the way to nested tables (LA-53) */
    MAX_LOOKS = 1 << 22, /* at operations, for entries on that way */
};

/* A table of a level of an IOMMU, or its first `size` bytes: an offset of a
 * region. */
typedef struct Place {
    uint64_t offset, size;
    uint8_t iommu, level, region;
} Place;

/* The tables that contexts and entries lead to. */
typedef struct Places {
    const TwProgram *program;
    unsigned n, looks;
    bool full, grew;
    Place list[MAX_PLACES];
} Places;

static void add_place(Places *places, Place place)
{
    for (unsigned i = 0; i < places->n; i++) {
        Place *known = &places->list[i];

        if (known->offset == place.offset && known->iommu == place.iommu &&
            known->level == place.level && known->region == place.region) {
            if (known->size < place.size) {
                known->size = place.size;
                places->grew = true;
            }
            return;
        }
    }
    if (places->n == MAX_PLACES) {
        places->full = true;
        return;
    }
    places->list[places->n++] = place;
    places->grew = true;
}

static bool writes_to(const TwOp *poke, const Place *place)
{
    uint64_t offset = poke->addr;

    return poke->obj == place->region && offset - place->offset < place->size &&
           (offset - place->offset) % 8 == 0;
}

/* Where a region is in that space at the start, by its containers; false: it is
 * not there. */
static bool base_in(const TwProgram *program, uint8_t region, uint8_t space,
                    uint64_t *base)
{
    *base = 0;
    for (unsigned i = 0; i < program->n_regions; i++) {
        if (region == program->spaces[space].root) {
            return true;
        }
        *base += program->regions[region].addr;
        region = program->regions[region].container;
        if (region == TW_NONE) {
            return false;
        }
    }
    return false;
}

static void find_nested(Places *places, uint8_t space, uint64_t address,
                        Place place, unsigned way);

/* All operations, those of actor offsets last. */
static unsigned n_ops(const TwProgram *program)
{
    return program->n_setup + program->n_script + program->n_actors;
}

static const TwOp *op_at(const TwProgram *program, unsigned i)
{
    unsigned n = program->n_setup;

    return i < n ? &program->setup[i]
           : i < n + program->n_script
               ? &program->script[i - n]
               : &program->actors[i - n - program->n_script].op;
}

/* Is it a pagetable whose tables are not nested? */
static bool has_own_tables(const TwProgram *program, uint8_t iommu)
{
    return iommu < program->n_iommus &&
           program->iommus[iommu].kind == TW_IOMMU_PAGETABLE &&
           !program->iommus[iommu].pagetable.nested;
}

/* Goes on where the IOMMU leads offset x, by a `map` anywhere in the program.
 */
static void find_behind(Places *places, uint8_t iommu, uint64_t x, Place place,
                        unsigned way, const TwOp *op)
{
    if (op->code == TW_OP_MAP && op->obj == iommu && op->perm & TW_R &&
        op->addr <= x && x <= op->last) {
        if (op->last - x < place.size) {
            place.size = op->last - x + 1;
        }
        find_nested(places, op->other, op->out + (x - op->addr), place, way);
    }
}

/* Goes on where a table of an IOMMU leads offset x, by entries anywhere in the
 * program. */
static void find_below(Places *places, uint8_t iommu, unsigned level,
                       uint64_t table, uint64_t x, Place place, unsigned way)
{
    const TwProgram *program = places->program;
    const TwIommu *m = &program->iommus[iommu];
    unsigned per = m->granule_lg - 3u, lg = m->granule_lg + (level - 1) * per;
    uint64_t at = table + 8 * (x >> lg & ((UINT64_C(1) << per) - 1));
    uint64_t low = (UINT64_C(1) << lg) - 1;

    places->looks += n_ops(program);
    places->full |= places->looks > MAX_LOOKS;
    for (unsigned i = 0; i < n_ops(program) && !places->full; i++) {
        const TwOp *op = op_at(program, i);
        TwEntry entry;

        if (op->code != TW_OP_POKE || op->obj != m->pagetable.tables ||
            op->addr != at - m->pagetable.base ||
            !tw_entry_read(m, level, op->value, &entry)) {
            continue;
        }
        if (entry.kind == TW_ENTRY_TABLE) {
            find_below(places, iommu, level - 1, entry.address, x, place, way);
        } else if (entry.kind == TW_ENTRY_LEAF && entry.perm & TW_R) {
            if (low - (x & low) < place.size) {
                place.size = low - (x & low) + 1;
            }
            find_nested(places, m->bypass_space,
                        (entry.address & ~low) | (x & low), place, way);
        }
    }
}

/* The same of all its contexts. */
static void find_through(Places *places, uint8_t iommu, uint64_t x, Place place,
                         unsigned way)
{
    const TwProgram *program = places->program;
    const TwIommu *m = &program->iommus[iommu];

    for (unsigned i = 0; i < n_ops(program); i++) {
        const TwOp *op = op_at(program, i);

        if (op->code != TW_OP_CONTEXT || op->obj != iommu) {
            continue;
        }
        if (op->mode == TW_CONTEXT_TABLES) {
            find_below(places, iommu, m->pagetable.levels, op->out, x, place,
                       way);
        } else if (op->mode == TW_CONTEXT_PASS) {
            find_nested(places, m->bypass_space, x, place, way);
        }
    }
}

/* A table at an address of a space: in which region, and where. */
static void find_nested(Places *places, uint8_t space, uint64_t address,
                        Place place, unsigned way)
{
    const TwProgram *program = places->program;

    for (unsigned r = 0; r < program->n_regions; r++) {
        const TwRegion *region = &program->regions[r];
        uint64_t base;

        if ((region->kind != TW_REGION_RAM &&
             region->kind != TW_REGION_IOMMU) ||
            !base_in(program, (uint8_t)r, space, &base) ||
            address - base >= region->size) {
            continue;
        }
        if (region->kind == TW_REGION_RAM) {
            place.region = (uint8_t)r;
            place.offset = address - base;
            add_place(places, place);
            continue;
        }
        if (way >= MAX_WAY) {
            continue;
        }
        if (has_own_tables(program, region->iommu)) {
            find_through(places, region->iommu, address - base, place, way + 1);
        }
        for (unsigned i = 0; i < n_ops(program); i++) {
            find_behind(places, region->iommu, address - base, place, way + 1,
                        op_at(program, i));
        }
    }
}

/* The table of that level at the address that a context or an entry names. */
static void see_table(Places *places, uint8_t iommu, unsigned level,
                      uint64_t address)
{
    const TwIommu *m = &places->program->iommus[iommu];
    Place place = {address, (uint64_t)1 << m->granule_lg, iommu, (uint8_t)level,
                   m->pagetable.tables};

    if (m->pagetable.nested) {
        find_nested(places, m->bypass_space, address, place, 0);
    } else if (address >= m->pagetable.base) {
        place.offset -= m->pagetable.base;
        add_place(places, place);
    }
}

static void see_op(Places *places, const TwOp *op)
{
    const TwProgram *program = places->program;

    if (op->code == TW_OP_CONTEXT && op->obj < program->n_iommus) {
        const TwIommu *iommu = &program->iommus[op->obj];

        if (iommu->kind == TW_IOMMU_PAGETABLE &&
            op->mode == TW_CONTEXT_TABLES) {
            see_table(places, op->obj, iommu->pagetable.levels, op->out);
        }
    }
    if (op->code != TW_OP_POKE) {
        return;
    }
    for (unsigned i = 0; i < places->n; i++) {
        const Place *place = &places->list[i];
        TwEntry entry;

        if (place->level > 1 && writes_to(op, place) &&
            tw_entry_read(&program->iommus[place->iommu], place->level,
                          op->value, &entry) &&
            entry.kind == TW_ENTRY_TABLE) {
            see_table(places, place->iommu, place->level - 1u, entry.address);
        }
    }
}

static void find_places(Places *places)
{
    const TwProgram *program = places->program;

    do {
        places->grew = false;
        for (unsigned i = 0; i < n_ops(program); i++) {
            see_op(places, op_at(program, i));
        }
    } while (places->grew && !places->full);
}

/* The tables of the program that was asked about last: a text asks about each
 * of its pokes. */
static _Thread_local struct {
    bool any;
    uint64_t hash;
    Places places;
} last;

void tw_entry_forget(void)
{
    last.any = false;
}

/* The tables of a program. */
static const Places *places_of(const TwProgram *program)
{
    uint64_t hash = tw_program_hash(program);

    if (!last.any || last.hash != hash) {
        last.any = true;
        last.hash = hash;
        last.places = (Places){.program = program};
        find_places(&last.places);
    }
    return &last.places;
}

static TwEntryPlace place_of(const Places *places, const TwOp *poke)
{
    TwEntryPlace found = {0};
    unsigned n = 0;

    for (unsigned i = 0; i < places->n; i++) {
        const Place *place = &places->list[i];

        if (writes_to(poke, place)) {
            found = (TwEntryPlace){place->iommu, place->level};
            n++;
        }
    }
    return n == 1 && !places->full ? found : (TwEntryPlace){0};
}

TwEntryPlace tw_entry_place(const TwProgram *program, const TwOp *poke)
{
    return place_of(places_of(program), poke);
}

void tw_entry_places(const TwProgram *program, const TwOp *ops, unsigned n,
                     TwEntryPlace *found)
{
    const Places *places = places_of(program);

    for (unsigned i = 0; i < n; i++) {
        found[i] = ops[i].code == TW_OP_POKE ? place_of(places, &ops[i])
                                             : (TwEntryPlace){0};
    }
}
