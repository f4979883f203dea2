/* SPDX-License-Identifier: MIT */
/* See tables.h. */
#include "fuzz/generate/tables.h"

#include <string.h>

#include "fuzz/generate/entries.h"
#include "fuzz/generate/marks.h"
#include "fuzz/generate/put.h"
#include "program/layout.h"

enum {
    TABLES = 12,     /* of one IOMMU */
    MOST_LEAVES = 8, /* that one operation writes */
};

/* The tables of one IOMMU, as the turned program builds them. */
typedef struct Tree {
    uint8_t region; /* or TW_NONE: it is no pagetable */
    uint8_t n;
    bool pointed[TW_MAX_IOMMU_INDEXES]; /* there is a context */
    uint8_t domain[TW_MAX_IOMMU_INDEXES];
    uint64_t base;  /* address of the region's first byte, if nested */
    uint8_t behind; /* the IOMMU that nested tables are behind, or TW_NONE, */
    TwOp way;       /* and the `map` that leads to them */
    struct {
        uint8_t index, level;
        uint64_t prefix; /* of offsets below it */
    } table[TABLES];
} Tree;

typedef struct Turn {
    TwGen *gen;
    TwProgram *program;
    Tree trees[TW_MAX_IOMMUS];
    TwOp *to; /* where operations go */
    uint16_t n, most;
    bool in_setup;
    bool marks; /* walks of some IOMMU set A and D */
    uint8_t actor;
    uint8_t ways; /* changes of ways that are being made, one inside another */
} Turn;

/* Planning ----------------------------------------------------------------- */

bool tw_tables_possible(const TwDialect *dialect)
{
    return dialect->iommu_kinds >> TW_IOMMU_PAGETABLE & 1 &&
           dialect->region_kinds >> TW_REGION_RAM & 1 &&
           tw_gen_speaks(dialect, TW_OP_POKE) &&
           tw_gen_speaks(dialect, TW_OP_CONTEXT) &&
           tw_gen_speaks(dialect, TW_OP_INVALIDATE);
}

static uint64_t lot(const TwGen *gen, uint64_t salt)
{
    return tw_mix64(gen->rng->state ^ salt);
}

void tw_tables_plan(TwGen *gen, TwIommu *iommu, uint64_t *size)
{
    const TwDialect *d = gen->dialect;
    uint8_t id = (uint8_t)(iommu - gen->program->iommus);
    uint64_t mix = lot(gen, 0x7461626c65);
    unsigned format =
        mix >> 8 & 1 ? TW_FORMAT_ABSTRACT : (unsigned)(mix >> 16) % TW_FORMATS;
    const TwLayout *layout = tw_layout(format);

    if (!gen->pagetables || mix % 4 == 0) {
        return;
    }
    if (layout->granule_lg != 0) {
        if (layout->granule_lg < d->min_granule_lg ||
            layout->granule_lg > d->max_granule_lg) {
            return;
        }
        iommu->granule_lg = layout->granule_lg;
        if (*size >> layout->granule_lg < 2) {
            *size = UINT64_C(4) << layout->granule_lg;
        }
        if ((mix >> 24) % 4 == 0) {
            *size = UINT64_C(1) << (layout->granule_lg + 10); /* two levels */
        }
    }
    gen->planned[id] = (uint8_t)(1 + format);
}

/* Operations --------------------------------------------------------------- */

static TwOp *put(Turn *t, uint8_t code)
{
    TwOp *op = t->n < t->most ? &t->to[t->n++] : &t->gen->scratch;

    *op = (TwOp){.code = code, .actor = t->actor};
    return op;
}

static void put_poke(Turn *t, const Tree *tree, uint64_t at, uint64_t value)
{
    TwOp *op = put(t, TW_OP_POKE);

    op->obj = tree->region;
    op->addr = at;
    op->value = value;
}

static uint64_t table_at(const Turn *t, uint8_t iommu, unsigned number)
{
    return (uint64_t)number << t->program->iommus[iommu].granule_lg;
}

/* Mostly each index has a domain of its own. */
static void put_context(Turn *t, uint8_t iommu, unsigned index, unsigned mode,
                        unsigned table)
{
    uint64_t mix = lot(t->gen, (uint64_t)t->n << 32 | 0x646f6d);
    TwOp *op = put(t, TW_OP_CONTEXT);

    op->obj = iommu;
    op->requester = index;
    op->mode = (uint8_t)mode;
    op->out = t->trees[iommu].base + table_at(t, iommu, table);
    op->domain = (uint8_t)(mix % 8 ? index : mix >> 8 & 3);
    t->trees[iommu].domain[index] = op->domain;
}

static void put_invalidate(Turn *t, uint8_t iommu, unsigned index,
                           uint64_t first, uint64_t last)
{
    uint64_t mix = lot(t->gen, (uint64_t)t->n << 32 | first);
    TwOp *op = put(t, TW_OP_INVALIDATE);

    op->obj = iommu;
    op->scope = (uint8_t)(mix % 8 == 0   ? TW_SCOPE_GLOBAL
                          : mix % 8 == 1 ? TW_SCOPE_DOMAIN
                          : mix % 8 == 2 ? (mix >> 32) % TW_SCOPES
                          : mix % 8 == 3 ? TW_SCOPE_LEAF
                                         : TW_SCOPE_RANGE);
    op->whose =
        op->scope == TW_SCOPE_CONTEXT ? index : t->trees[iommu].domain[index];
    op->addr = first;
    op->last = (mix >> 8) % 16 ? last : first; /* less than it should be */
}

/* A new table, which nothing points to yet; TABLES: there is no room. */
static unsigned add_table(Tree *tree, unsigned index, unsigned level,
                          uint64_t prefix)
{
    if (tree->n == TABLES) {
        return TABLES;
    }
    tree->table[tree->n].index = (uint8_t)index;
    tree->table[tree->n].level = (uint8_t)level;
    tree->table[tree->n].prefix = prefix;
    return tree->n++;
}

/* The number of the table of that level for offset x; made, and pointed to, if
 * it is not there; TABLES: there is no room. */
static unsigned find_table(Turn *t, uint8_t iommu, unsigned index,
                           unsigned level, uint64_t x)
{
    const TwIommu *m = &t->program->iommus[iommu];
    unsigned per = m->granule_lg - 3u, lg = m->granule_lg + level * per;
    uint64_t prefix = lg < 64 ? x >> lg : 0;
    Tree *tree = &t->trees[iommu];
    unsigned found = TABLES, above;

    for (unsigned i = 0; i < tree->n && found == TABLES; i++) {
        if (tree->table[i].index == index && tree->table[i].level == level &&
            tree->table[i].prefix == prefix) {
            found = i;
        }
    }
    if (level == m->pagetable.levels) {
        if (found == TABLES) {
            found = add_table(tree, index, level, prefix);
        }
        if (found < TABLES && !tree->pointed[index]) {
            tree->pointed[index] = true;
            put_context(t, iommu, index, TW_CONTEXT_TABLES, found);
        }
        return found;
    }
    above = find_table(t, iommu, index, level + 1, x);
    if (found < TABLES || above == TABLES) {
        return found;
    }
    found = add_table(tree, index, level, prefix);
    if (found < TABLES) {
        put_poke(t, tree,
                 table_at(t, iommu, above) +
                     8 * (x >> lg & ((UINT64_C(1) << per) - 1)),
                 tw_gen_table(tw_layout(m->pagetable.format), level,
                              tree->base + table_at(t, iommu, found)));
    }
    return found;
}

/* Now and then an entry is not what it should be. */
static uint64_t spoil(const Turn *t, uint64_t entry)
{
    uint64_t mix = lot(t->gen, entry ^ (uint64_t)t->n << 40);

    switch (t->in_setup ? 99 : mix % 40) {
    case 0:
        return entry ^ UINT64_C(1) << (mix >> 8 & 63);
    case 1:
        return entry ^ UINT64_C(1) << (mix >> 8 & 7);
    case 2:
        return mix;
    default:
        return entry;
    }
}

/* Where leaves may say their size, some for `*lg` bytes at x become one of two
 * to eight times as many; then their entries are alike, and *lg is its size. */
static uint64_t widen(const Turn *t, const TwIommu *m, uint64_t entry,
                      uint64_t x, unsigned *lg)
{
    const TwLayout *layout = tw_layout(m->pagetable.format);
    uint64_t mix = lot(t->gen, x ^ 0x73697a6564), half;

    if (!layout->sized || entry == 0 || mix % 3 == 0 ||
        t->gen->profile != TW_PROFILE_PAGETABLE) {
        return entry;
    }
    *lg += 1 + (unsigned)(mix >> 8) % 3;
    half = UINT64_C(1) << (*lg - 1);
    entry &= ~tw_gen_address_bits(layout, 2 * half - 1);
    return entry | tw_gen_address_bits(layout, half - 1) |
           (uint64_t)layout->sized << layout->next_shift;
}

/* map, unmap or protect becomes stores to the entries of its range. */
static void turn_change(Turn *t, const TwOp *op)
{
    const TwIommu *m = &t->program->iommus[op->obj];
    const TwLayout *layout = tw_layout(m->pagetable.format);
    unsigned per = m->granule_lg - 3u, level = 1, lg = m->granule_lg;
    uint8_t perm = op->code == TW_OP_UNMAP ? 0 : op->perm & (TW_R | TW_W);
    uint64_t x = op->addr, out = op->code == TW_OP_MAP ? op->out : op->addr;

    while ((op->last - op->addr) >> lg >= MOST_LEAVES &&
           level < m->pagetable.levels &&
           layout->leaf_levels >> (level + 1) & 1) {
        level++;
        lg += per;
    }
    if (lot(t->gen, (uint64_t)t->n << 20 ^ op->addr) % 4 == 0 &&
        level < m->pagetable.levels && layout->leaf_levels >> (level + 1) & 1) {
        level++; /* more than the range: now and then a large leaf */
        lg += per;
    }
    for (unsigned i = 0; i < MOST_LEAVES && x <= op->last; i++) {
        unsigned table = find_table(t, op->obj, op->index, level, x);
        uint64_t low = (UINT64_C(1) << lg) - 1;
        uint64_t entry =
            perm ? tw_gen_leaf(layout, level, out & ~low, perm) : 0;
        unsigned wide = lg;

        if (perm && m->pagetable.updates_ad) {
            entry = tw_marks_leaf(layout, entry, perm,
                                  lot(t->gen, (uint64_t)t->n << 36 ^ x));
        }
        if (table >= TABLES) {
            return;
        }
        entry = widen(t, m, entry, x, &wide);
        low = (UINT64_C(1) << wide) - 1;
        for (uint64_t k = 0; k < UINT64_C(1) << (wide - lg); k++) {
            uint64_t at = (x & ~low) + (k << lg);

            put_poke(t, &t->trees[op->obj],
                     table_at(t, op->obj, table) +
                         8 * (at >> lg & ((UINT64_C(1) << per) - 1)),
                     spoil(t, entry));
        }
        if ((x | low) >= op->last) {
            return;
        }
        out += (x | low) + 1 - x;
        x = (x | low) + 1;
    }
}

/* Another context, or none; mostly with the commands that it needs. */
static void put_other_context(Turn *t, uint8_t iommu, uint64_t mix)
{
    Tree *tree = &t->trees[iommu];
    unsigned index = (unsigned)(mix >> 16) % t->program->iommus[iommu].indexes;
    unsigned mode = mix >> 24 & 4 ? TW_CONTEXT_TABLES : mix >> 24 & 3;
    unsigned domain = tree->domain[index];
    unsigned root = (unsigned)(mix >> 8) % tree->n;

    for (unsigned i = 0; mix >> 28 & 3 && i < tree->n; i++) {
        if (tree->table[i].index == index &&
            tree->table[i].level ==
                t->program->iommus[iommu].pagetable.levels) {
            root = i; /* back to its own */
        }
    }
    put_context(t, iommu, index, mode, root);
    if (mix >> 30 & 1) {
        TwOp *op = put(t, TW_OP_INVALIDATE);

        op->obj = iommu;
        op->scope = mix >> 32 & 3 ? TW_SCOPE_CONTEXT : TW_SCOPE_CONTEXTS;
        op->whose = index;
    }
    if (mix >> 31 & 1) {
        TwOp *op = put(t, TW_OP_INVALIDATE);

        op->obj = iommu;
        op->scope = TW_SCOPE_DOMAIN;
        op->whose = domain;
    }
}

/* What the language has beyond ranges of entries: a context that is another, or
 * none; an upper entry without a right. */
static void put_extra(Turn *t, uint8_t iommu)
{
    Tree *tree = &t->trees[iommu];
    const TwIommu *m = &t->program->iommus[iommu];
    const TwLayout *layout = tw_layout(m->pagetable.format);
    uint64_t mix = lot(t->gen, (uint64_t)t->n << 48 | 0x6578);
    unsigned i = tree->n ? (unsigned)(mix >> 8) % tree->n : 0;

    if (tree->n == 0 || mix % 8 > 2) {
        return;
    }
    if (mix % 8 == 0) {
        put_other_context(t, iommu, mix);
    } else if (mix % 8 == 1 && tree->table[i].level < m->pagetable.levels) {
        unsigned level = tree->table[i].level;
        unsigned lg = m->granule_lg + level * (m->granule_lg - 3u);
        uint64_t entry =
            tw_gen_table(layout, level, tree->base + table_at(t, iommu, i));
        uint64_t x = lg < 64 ? tree->table[i].prefix << lg : 0;
        unsigned above =
            find_table(t, iommu, tree->table[i].index, level + 1, x);

        entry = (mix >> 16) % 4 == 0
                    ? tw_gen_without(entry, layout->table_write, 0)
                : (mix >> 16) % 4 == 1
                    ? tw_gen_without(entry, layout->table_read, 0)
                : (mix >> 16) % 4 == 2 ? entry ^ UINT64_C(1) << (mix >> 24 & 63)
                                       : entry;
        if (above < TABLES) {
            put_poke(
                t, tree,
                table_at(t, iommu, above) +
                    8 * (x >> lg & ((UINT64_C(1) << (m->granule_lg - 3u)) - 1)),
                entry);
        }
    } else {
        put_invalidate(t, iommu, (unsigned)(mix >> 16) % m->indexes,
                       m->granule_lg < 60 ? (mix >> 24 & 7) << m->granule_lg
                                          : 0,
                       UINT64_C(8) << m->granule_lg);
    }
}

static void turn_op(Turn *t, const TwOp *op);

/* The way to nested tables changes: to other bytes, to none, or back.  It may
 * lead through tables that are nested themselves, also in a circle. */
static void put_other_way(Turn *t, uint8_t iommu)
{
    const Tree *tree = &t->trees[iommu];
    uint64_t mix = lot(t->gen, (uint64_t)t->n << 24 | 0x776179);
    const TwIommu *m;
    TwOp op = tree->way;

    if (tree->behind == TW_NONE || mix % 3 || t->ways == TW_MAX_IOMMUS) {
        return;
    }
    m = &t->program->iommus[tree->behind];
    op.actor = t->actor;
    op.index = (uint8_t)((mix >> 8) % m->indexes);
    op.flags = mix >> 16 & 1 ? TW_OPF_NOTIFIED : 0;
    op.perm = mix >> 17 & 1 ? TW_R | TW_W : mix >> 20 & 3;
    op.out += mix >> 24 & 3 ? 0 : UINT64_C(1) << m->granule_lg;
    t->ways++;
    turn_op(t, &op);
    t->ways--;
    if (mix >> 32 & 1) {
        put(t, TW_OP_INVALIDATE)->obj = iommu; /* global */
    }
}

static bool is_turned(const Turn *t, const TwOp *op)
{
    switch (op->code) {
    case TW_OP_MAP:
    case TW_OP_UNMAP:
    case TW_OP_PROTECT:
    case TW_OP_NOTIFY:
    case TW_OP_NOTIFY_ALL:
    case TW_OP_IOMMU_RESET:
        return t->trees[op->obj].region != TW_NONE;
    default:
        return false;
    }
}

/* Where walks set A and D, a load is now and then followed by a store to the
 * same bytes: what the load has left in a cache does not answer it (FR-13). */
static void put_store_behind(Turn *t, const TwOp *load)
{
    bool cpu = load->code == TW_OP_READ;
    uint8_t code = cpu ? TW_OP_WRITE : TW_OP_DMA_WRITE;

    if (t->marks && tw_gen_speaks(t->gen->dialect, code) &&
        (cpu || load->code == TW_OP_DMA_READ) &&
        lot(t->gen, (uint64_t)t->n << 16 ^ 0x73746f) % 2 == 0 &&
        !(load->flags & TW_OPF_DURING)) {
        TwOp *store = put(t, load->code);

        *store = *load;
        store->code = code;
    }
}

static void turn_op(Turn *t, const TwOp *op)
{
    bool turned = is_turned(t, op);
    bool during = op->flags & TW_OPF_DURING;
    uint16_t first = t->n;

    t->actor = op->actor;
    if (!turned) {
        *put(t, op->code) = *op;
        put_store_behind(t, op);
        return;
    }
    switch (op->code) {
    case TW_OP_NOTIFY:
        if (op->events == TW_EVENT_UNMAP && op->addr <= op->last) {
            put_invalidate(t, op->obj, op->index, op->addr, op->last);
        } else {
            *put(t, op->code) = *op;
        }
        break;
    case TW_OP_IOMMU_RESET:
        memset(t->trees[op->obj].pointed, 0, sizeof(t->trees[op->obj].pointed));
        *put(t, op->code) = *op;
        break;
    case TW_OP_NOTIFY_ALL:
        *put(t, op->code) = *op;
        break;
    default:
        turn_change(t, op);
        if (op->flags & TW_OPF_NOTIFIED) {
            put_invalidate(t, op->obj, op->index, op->addr, op->last);
        }
        if (!t->in_setup) {
            put_extra(t, op->obj);
            put_other_way(t, op->obj);
        }
        break;
    }
    if (during) { /* one stays during the access */
        t->n = t->n > first + 1 ? first + 1 : t->n;
        if (t->n > first) {
            t->to[first].flags |= TW_OPF_DURING;
        }
    }
}

/* The whole ---------------------------------------------------------------- */

/* Levels enough for the region of the IOMMU. */
static unsigned levels_for(const TwLayout *layout, unsigned granule_lg,
                           uint64_t size)
{
    unsigned levels = layout->least_levels;

    while (levels < layout->most_levels && levels < 4 &&
           granule_lg + (levels + 1) * (granule_lg - 3u) <= 64 &&
           (size - 1) >> (granule_lg + levels * (granule_lg - 3u))) {
        levels++;
    }
    return levels;
}

/* The space that the first translation of an IOMMU leads to, or TW_NONE. */
static uint8_t leads_to(const TwProgram *p, uint8_t id)
{
    for (unsigned i = 0; i < p->n_setup; i++) {
        if (p->setup[i].code == TW_OP_MAP && p->setup[i].obj == id) {
            return p->setup[i].other;
        }
    }
    return p->iommus[id].bypass_space;
}

/*
 * Puts the region of nested tables behind an IOMMU of the space that they are
 * read in, if there is one with room for them: the middle of its region then
 * leads to them.
 */
static void nest(Turn *t, uint8_t id, TwRegion *tables)
{
    TwProgram *p = t->program;
    Tree *tree = &t->trees[id];
    TwIommu *m = &p->iommus[id];
    uint64_t granule = UINT64_C(1) << m->granule_lg;

    m->pagetable.tables = TW_NONE;
    m->pagetable.nested = true;
    m->pagetable.updates_ad = false;
    tree->base = tables->addr = granule > tables->addr ? granule : tables->addr;
    for (unsigned r = 0; r < p->n_regions; r++) {
        const TwRegion *region = &p->regions[r];
        uint64_t base, offset, low;
        const TwIommu *other;
        uint8_t space;

        if (region->kind != TW_REGION_IOMMU || region->iommu == id ||
            region->container != p->spaces[m->bypass_space].root ||
            region->size / 2 < tables->size) {
            continue;
        }
        other = &p->iommus[region->iommu];
        space = leads_to(p, region->iommu);
        base = (region->addr + region->size / 2 + granule - 1) & ~(granule - 1);
        offset = base - region->addr;
        low = (UINT64_C(1) << other->granule_lg) - 1;
        if (space == TW_NONE || offset + tables->size > region->size ||
            p->n_setup + other->indexes > t->gen->dialect->max_setup) {
            continue;
        }
        tree->base = base;
        tree->behind = region->iommu;
        tables->container = p->spaces[space].root;
        tables->addr = (UINT64_C(1) << 30) + (offset & low);
        tree->way = (TwOp){.code = TW_OP_MAP,
                           .actor = TW_BOARD,
                           .obj = region->iommu,
                           .other = space,
                           .perm = TW_R | TW_W,
                           .addr = offset & ~low,
                           .last = (offset + tables->size - 1) | low,
                           .out = UINT64_C(1) << 30};
        for (unsigned k = 0; k < other->indexes; k++) {
            p->setup[p->n_setup] = tree->way;
            p->setup[p->n_setup++].index = (uint8_t)k;
        }
        return;
    }
}

/* Of a few IOMMUs, addresses in entries have a width (LA-63): that of a real
 * machine, or just enough for the tables. */
static uint8_t output_width(const TwGen *gen, const TwIommu *m)
{
    static const uint8_t widths[] = {39, 44, 48, 22};
    uint64_t mix = lot(gen, 0x7769647468);
    uint8_t width = widths[(mix >> 8) % sizeof(widths)];

    return gen->dialect->output_widths && mix % 4 == 0 &&
                   width > m->granule_lg + 4
               ? width
               : 0;
}

static bool turn_iommu(Turn *t, uint8_t id)
{
    TwProgram *p = t->program;
    TwGen *gen = t->gen;
    TwIommu *m = &p->iommus[id];
    const TwLayout *layout = tw_layout(gen->planned[id] - 1u);
    uint8_t region = tw_program_iommu_region(p, id);
    uint8_t to = m->bypass_space;
    TwRegion *tables;

    if (region == TW_NONE || to == TW_NONE || m->granule_lg < 4 ||
        p->n_regions >= gen->dialect->max_regions) {
        return false;
    }
    to = leads_to(p, id);
    /* Where nothing else is likely to be, but not out of reach. */
    tables = &p->regions[p->n_regions];
    *tables = tw_region_make(TW_REGION_RAM);
    tables->size = (uint64_t)TABLES << m->granule_lg;
    tables->block = p->n_regions;
    tables->container = p->spaces[to].root;
    tables->addr = UINT64_C(1) << 20;
    tables->priority = -1;
    m->kind = TW_IOMMU_PAGETABLE;
    m->bypass_space = to;
    m->pagetable.format = (uint8_t)(gen->planned[id] - 1);
    m->pagetable.tables = p->n_regions++;
    m->pagetable.levels =
        (uint8_t)levels_for(layout, m->granule_lg, p->regions[region].size);
    t->trees[id].region = m->pagetable.tables;
    m->pagetable.updates_ad = gen->dialect->updates_ad &&
                              m->granule_lg >= TW_MIN_MARKS_LG &&
                              lot(gen, 0x6d61726b) % 3 == 0;
    m->pagetable.output = output_width(gen, m);
    if (gen->dialect->nested_tables &&
        lot(gen, 0x6e657374 + id) % 4 < gen->mixture->nested) {
        nest(t, id, tables);
    }
    return true;
}

static uint16_t turn_list(Turn *t, const TwOp *from, uint16_t n, TwOp *to,
                          uint16_t most)
{
    t->to = to;
    t->n = 0;
    t->most = most;
    for (unsigned i = 0; i < n && t->n < most; i++) {
        turn_op(t, &from[i]);
    }
    return t->n;
}

void tw_tables_turn(TwGen *gen)
{
    static _Thread_local TwOp
        from[TW_MAX_SETUP > TW_MAX_SCRIPT ? TW_MAX_SETUP : TW_MAX_SCRIPT];
    TwProgram *p = gen->program;
    Turn t = {.gen = gen, .program = p, .in_setup = true};
    bool any = false;

    for (unsigned i = 0; i < TW_MAX_IOMMUS; i++) {
        t.trees[i].region = t.trees[i].behind = TW_NONE;
        if (i < p->n_iommus && gen->planned[i]) {
            any |= turn_iommu(&t, (uint8_t)i);
        }
    }
    if (!any) {
        return;
    }
    t.marks = tw_marks_any(p);
    memcpy(from, p->setup, p->n_setup * sizeof(*from));
    p->n_setup =
        turn_list(&t, from, p->n_setup, p->setup, gen->dialect->max_setup);
    t.in_setup = false;
    memcpy(from, p->script, p->n_script * sizeof(*from));
    p->n_script = turn_list(&t, from, p->n_script, p->script,
                            (uint16_t)(gen->limit < 4 * p->n_script + 8
                                           ? gen->limit
                                           : 4 * p->n_script + 8));
    tw_marks_part_during(gen);
    for (unsigned i = 0; i < p->n_actors; i++) {
        TwActor *actor = &p->actors[i];

        if (actor->region != TW_NONE && is_turned(&t, &actor->op)) {
            uint8_t iommu = actor->op.obj;

            actor->op = (TwOp){.code = TW_OP_INVALIDATE,
                               .actor = TW_BOARD,
                               .obj = iommu,
                               .scope = TW_SCOPE_GLOBAL};
        }
    }
}
