/* SPDX-License-Identifier: MIT */
/*
 * Which programs are well formed.  These conditions can be checked without
 * running a program; legality.c has those that depend on the moment.
 */
#include "program/layout.h"
#include "program/check.h"

#include <stdio.h>
#include <string.h>

#include "program/fields.h"
#include "program/legality.h"
#include "program/ops.h"
#include "program/ways.h"

/* Fields ------------------------------------------------------------------- */

static bool has_object(const TwProgram *p, unsigned kind, unsigned id)
{
    switch (kind) {
    case TW_OBJECT_REGION:
        return tw_has_region(p, id);
    case TW_OBJECT_SPACE:
        return tw_has_space(p, id);
    case TW_OBJECT_IOMMU:
        return tw_has_iommu(p, id);
    default:
        return tw_has_cpu(p, id);
    }
}

/* Can the value of a field be, whatever the others are? */
static bool can_be(const TwProgram *p, const TwProperty *property,
                   const TwField *f, uint64_t value)
{
    switch (f->type) {
    case TW_FIELD_ID:
        return has_object(p, f->object, (unsigned)value) ||
               (value == property->plain &&
                !(property->flags & TW_PROPERTY_NEEDED));
    case TW_FIELD_PIECE:
    case TW_FIELD_PIECE_END:
        return tw_is_piece_size((unsigned)value);
    case TW_FIELD_POWER:
    case TW_FIELD_NUMBER:
        return value >= f->least && value <= f->most;
    case TW_FIELD_WORD:
        return value < f->count;
    case TW_FIELD_RIGHTS:
        return !(value & ~(uint64_t)f->mask);
    case TW_FIELD_ATTRS:
        return !(value & ~(uint64_t)TW_ATTR_MASK);
    default:
        return true;
    }
}

static bool check_fields(const TwCheck *c, TwSpotKind spot, unsigned index,
                         const TwProperty *table, const void *object,
                         unsigned kind)
{
    TW_EACH_PROPERTY(property, table, kind)
    {
        for (const TwField *f = property->parts; f->type != TW_FIELD_NONE;
             f++) {
            if (!can_be(c->p, property, f, tw_field_get(f, object))) {
                return tw_check_wrong(c, spot, index, "%s", property->wrong);
            }
        }
    }
    return true;
}

/* Regions ------------------------------------------------------------------ */

static bool is_whole_words(uint64_t size)
{
    return size % 8 == 0 || size == UINT64_MAX;
}

static bool check_region(const TwCheck *c, unsigned id)
{
    const TwProgram *p = c->p;
    const TwRegion *r = &p->regions[id];
#define NO(...) tw_check_wrong(c, TW_SPOT_REGION, id, __VA_ARGS__)
    if (r->kind >= TW_REGION_KINDS) {
        return NO("no such kind");
    }
    if (!check_fields(c, TW_SPOT_REGION, id, tw_region_properties, r,
                      r->kind)) {
        return false;
    }
    if (r->container != TW_NONE &&
        p->regions[r->container].kind == TW_REGION_ALIAS) {
        return NO("its container is an alias (MR-4)");
    }
    if (r->kind == TW_REGION_IOMMU &&
        tw_program_iommu_region(p, r->iommu) != id) {
        return NO("iommu i%u has a region already", r->iommu);
    }
    if (tw_region_has_block(r->kind) && r->block != id) {
        if (r->block == TW_NONE ||
            !tw_region_has_block(p->regions[r->block].kind)) {
            return NO("its block is no region with bytes");
        }
        if (p->regions[r->block].block != r->block) {
            return NO("its block is a shared one itself");
        }
    }
    if (tw_region_has_device(r->kind) && r->valid_max != 0 &&
        r->valid_min > r->valid_max) {
        return NO("valid sizes are not in order");
    }
    if (tw_region_has_device(r->kind) && r->impl_max != 0 &&
        r->impl_min > r->impl_max) {
        return NO("implemented sizes are not in order");
    }
    if (r->kind == TW_REGION_MMIO && r->registers != TW_NONE) {
        if (p->iommus[r->registers].kind != TW_IOMMU_MPC) {
            return NO("its registers are of no mpc");
        }
        if (r->impl_min != 0 || r->impl_max != 0) {
            return NO("registers do not say which sizes they implement");
        }
    }
    if (tw_contents_are_words(p->contents) &&
        (!is_whole_words(r->size) || r->addr % 8 != 0 ||
         (r->kind == TW_REGION_ALIAS && r->alias_offset % 8 != 0))) {
        return NO("it would cut words in pieces (LA-44, LA-62)");
    }
#undef NO
    return true;
}

/* A search for cycles of container and alias edges, depth first (Tarjan). */
typedef struct Search {
    const TwProgram *p;
    uint8_t child[TW_MAX_REGIONS], next[TW_MAX_REGIONS]; /* or TW_NONE */
    uint8_t order[TW_MAX_REGIONS]; /* of the first visit, from 1; 0: none yet */
    uint8_t low[TW_MAX_REGIONS];   /* the lowest that a way leads back to */
    uint8_t n_visited, n_open;
    uint8_t open[TW_MAX_REGIONS]; /* visited, and perhaps on a cycle */
    TwRegionSet is_open, cycles;
} Search;

static void visit(Search *s, uint8_t id);

/* A way from `id` leads back to what was visited as number `order`. */
static void leads_back(Search *s, uint8_t id, uint8_t order)
{
    if (order < s->low[id]) {
        s->low[id] = order;
    }
}

static void follow(Search *s, uint8_t from, uint8_t to)
{
    if (s->order[to] == 0) {
        visit(s, to);
        leads_back(s, from, s->low[to]);
    } else if (tw_regions_has(&s->is_open, to)) {
        leads_back(s, from, s->order[to]);
    }
    if (from == to) {
        tw_regions_add(&s->cycles, to);
    }
}

static void visit(Search *s, uint8_t id)
{
    const TwRegion *r = &s->p->regions[id];
    uint8_t bottom = s->n_open;
    s->order[id] = s->low[id] = ++s->n_visited;
    s->open[s->n_open++] = id;
    tw_regions_add(&s->is_open, id);
    for (uint8_t c = s->child[id]; c != TW_NONE; c = s->next[c]) {
        follow(s, id, c);
    }
    if (r->kind == TW_REGION_ALIAS && tw_has_region(s->p, r->target)) {
        follow(s, id, r->target);
    }
    if (s->low[id] < s->order[id]) {
        return;
    }
    /* What was opened from here on leads back here, and nowhere before. */
    bool cycle = s->n_open > bottom + 1;
    while (s->n_open > bottom) {
        uint8_t one = s->open[--s->n_open];
        tw_regions_remove(&s->is_open, one);
        if (cycle) {
            tw_regions_add(&s->cycles, one);
        }
    }
}

TwRegionSet tw_program_cycles(const TwProgram *p)
{
    Search search, *s = &search;
    s->p = p;
    s->n_visited = s->n_open = 0;
    s->is_open = s->cycles = (TwRegionSet){{0}};
    memset(s->child, TW_NONE, p->n_regions);
    memset(s->order, 0, p->n_regions);
    for (unsigned i = 0; i < p->n_regions; i++) {
        uint8_t up = p->regions[i].container;
        if (p->regions[i].kind != TW_REGION_NONE && tw_has_region(p, up)) {
            s->next[i] = s->child[up];
            s->child[up] = (uint8_t)i;
        }
    }
    for (unsigned i = 0; i < p->n_regions; i++) {
        if (p->regions[i].kind != TW_REGION_NONE && s->order[i] == 0) {
            visit(s, (uint8_t)i);
        }
    }
    return s->cycles;
}

static bool check_regions(const TwCheck *c)
{
    const TwProgram *p = c->p;
    for (unsigned i = 0; i < p->n_regions; i++) {
        if (p->regions[i].kind != TW_REGION_NONE && !check_region(c, i)) {
            return false;
        }
    }
    TwRegionSet cycles = tw_program_cycles(p);
    if (!tw_regions_empty(&cycles)) {
        return tw_check_wrong(c, TW_SPOT_REGION, tw_regions_last(&cycles),
                              "containers and aliases lead back to it (MR-3)");
    }
    uint8_t worst = tw_ways_too_many_at_start(p);
    if (worst != TW_NONE) {
        return tw_check_wrong(c, TW_SPOT_REGION, worst,
                              "it leads to more than %u regions, each counted "
                              "once for each way (LA-49)",
                              tw_ways_limit(p));
    }
    return true;
}

/* Spaces, IOMMUs, CPUs ----------------------------------------------------- */

static bool check_spaces(const TwCheck *c)
{
    const TwProgram *p = c->p;
    for (unsigned i = 0; i < p->n_spaces; i++) {
        if (!p->spaces[i].present) {
            continue;
        }
        unsigned root = p->spaces[i].root;
        if (!check_fields(c, TW_SPOT_SPACE, i, tw_space_properties,
                          &p->spaces[i], 0)) {
            return false;
        }
        if (p->regions[root].container != TW_NONE ||
            p->regions[root].addr != 0) {
            return tw_check_wrong(
                c, TW_SPOT_SPACE, i,
                "its root r%u has a container or an offset (FV-8)", root);
        }
    }
    return true;
}

static bool check_iommu(const TwCheck *c, unsigned id)
{
    const TwProgram *p = c->p;
    const TwIommu *m = &p->iommus[id];
#define NO(...) tw_check_wrong(c, TW_SPOT_IOMMU, id, __VA_ARGS__)
    if (m->kind >= TW_IOMMU_KINDS) {
        return NO("no such kind");
    }
    if (!check_fields(c, TW_SPOT_IOMMU, id, tw_iommu_properties, m, m->kind)) {
        return false;
    }
    unsigned region = tw_program_iommu_region(p, (uint8_t)id);
    if (region == TW_NONE) {
        return NO("no region is this iommu");
    }
    if (m->bypass && m->bypass_space == TW_NONE) {
        return NO("the space that 'to' names does not exist");
    }
    if (m->kind == TW_IOMMU_MPC) {
        uint64_t size = p->regions[region].size;
        uint64_t block = UINT64_C(1) << m->granule_lg;
        if (m->indexes != 2 || m->select != TW_SELECT_SECURE || m->bypass) {
            return NO("an mpc has 2 indexes, select secure and no bypass");
        }
        if (m->granule_lg != p->page_lg) {
            return NO("the granule of an mpc is the page size");
        }
        if (m->bypass_space == TW_NONE) {
            return NO("an mpc leads to a space and blocks to another");
        }
        if (size == 0 || size % block != 0 || size == UINT64_MAX ||
            size / block > TW_MAX_MPC_BLOCKS) {
            return NO("its region r%u is not 1 to %d whole blocks", region,
                      TW_MAX_MPC_BLOCKS);
        }
    } else if (m->kind == TW_IOMMU_PAGETABLE) {
        unsigned bits = m->granule_lg - 3u;
        if (m->bypass_space == TW_NONE) {
            return NO("a pagetable leads to a space");
        }
        if (m->pagetable.nested != (m->pagetable.tables == TW_NONE)) {
            return NO("it has tables in a ram region, or is nested");
        }
        if (m->pagetable.nested && m->pagetable.base != 0) {
            return NO("nested tables have no base");
        }
        if (m->pagetable.base & ((UINT64_C(1) << m->granule_lg) - 1)) {
            return NO("the base of its tables is a multiple of the granule");
        }
        if (m->pagetable.output != 0 && m->pagetable.output <= m->granule_lg) {
            return NO("addresses in entries have more bits than the granule, "
                      "to 63");
        }
        if (m->pagetable.updates_ad && m->pagetable.nested) {
            return NO("walks set no A and D in nested tables");
        }
        if (m->pagetable.updates_ad &&
            tw_contents_kind(p->contents) != TW_CONTENTS_DATA) {
            return NO("walks set A and D with contents data only");
        }
        if (m->pagetable.updates_ad && m->granule_lg < TW_MIN_MARKS_LG) {
            return NO("where walks set A and D, a granule has at least %u "
                      "bytes",
                      1u << TW_MIN_MARKS_LG);
        }
        if (!m->pagetable.nested &&
            p->regions[m->pagetable.tables].kind != TW_REGION_RAM) {
            return NO("its tables are in no ram region");
        }
        if (m->granule_lg + m->pagetable.levels * bits > 64) {
            return NO("a pagetable has 1 to 6 levels that fit 64 bits");
        }
        const TwLayout *layout = tw_layout(m->pagetable.format);
        const char *format = tw_format_name(m->pagetable.format);
        if (layout->granule_lg != 0 && m->granule_lg != layout->granule_lg) {
            return NO("format %s has a granule of %u bytes", format,
                      1u << layout->granule_lg);
        }
        if (m->pagetable.levels < tw_layout_fewest(layout) ||
            m->pagetable.levels > layout->most_levels) {
            return NO("format %s has %u to %u levels", format,
                      tw_layout_fewest(layout), layout->most_levels);
        }
    }
#undef NO
    return true;
}

static bool check_cpu(const TwCheck *c, unsigned id)
{
    const TwProgram *p = c->p;
    const TwCpu *cpu = &p->cpus[id];
    if (!check_fields(c, TW_SPOT_CPU, id, tw_cpu_properties, cpu, 0)) {
        return false;
    }
    for (unsigned m = 0; m < TW_MAX_MMU_INDEXES; m++) {
        unsigned index = id * TW_MAX_MMU_INDEXES + m;
        if (!cpu->mmu[m].present) {
            continue;
        }
        if (!check_fields(c, TW_SPOT_MMU, index, tw_mmu_properties,
                          &cpu->mmu[m], 0)) {
            return false;
        }
        if (cpu->mmu[m].width != 0 && cpu->mmu[m].width < TW_MIN_WIDTH) {
            return tw_check_wrong(c, TW_SPOT_MMU, index,
                                  "an address has 16 to 64 bits");
        }
        if (p->spaces[cpu->mmu[m].space].late) {
            return tw_check_wrong(c, TW_SPOT_MMU, index, "its space is late");
        }
    }
    return true;
}

static bool check_actors(const TwCheck *c)
{
    const TwProgram *p = c->p;
    for (unsigned i = 0; i < p->n_actors; i++) {
        const TwActor *actor = &p->actors[i];
        if (actor->region == TW_NONE) {
            continue;
        }
        if (!tw_has_region(p, actor->region) ||
            !tw_region_has_device(p->regions[actor->region].kind)) {
            return tw_check_wrong(c, TW_SPOT_ACTOR, i,
                                  "its region is no mmio or romd region");
        }
        if (!tw_check_op(c, TW_SPOT_ACTOR, i, &actor->op)) {
            return false;
        }
    }
    return true;
}

/* All of it ---------------------------------------------------------------- */

static bool check_script(const TwCheck *c)
{
    const TwProgram *p = c->p;
    TwPar par = {0};
    unsigned opened = 0;
    for (unsigned i = 0; i < p->n_script; i++) {
        if (!tw_check_op(c, TW_SPOT_SCRIPT, i, &p->script[i])) {
            return false;
        }
        const char *expected = tw_par_step(&par, &p->script[i]);
        if (expected) {
            return tw_check_wrong(c, TW_SPOT_SCRIPT, i, "expected %s",
                                  expected);
        }
        opened = p->script[i].code == TW_OP_PAR ? i : opened;
    }
    return !par.open || tw_check_wrong(c, TW_SPOT_SCRIPT, opened,
                                       "expected an end-par after it");
}

static bool check_counts(const TwCheck *c)
{
    const TwProgram *p = c->p;
    if (p->page_lg < TW_MIN_PAGE_LG || p->page_lg > TW_MAX_PAGE_LG) {
        return tw_check_wrong(c, TW_SPOT_PAGE, 0,
                              "a page is 2^%d to 2^%d bytes", TW_MIN_PAGE_LG,
                              TW_MAX_PAGE_LG);
    }
    if (p->hops < 1 || p->hops > TW_MAX_HOPS) {
        return tw_check_wrong(c, TW_SPOT_HOPS, 0, "1 to %d hops", TW_MAX_HOPS);
    }
    if (tw_contents_kind(p->contents) >= TW_CONTENTS_KINDS) {
        return tw_check_wrong(c, TW_SPOT_CONTENTS, 0, "no such contents");
    }
    if (p->n_regions > TW_MAX_REGIONS || p->n_spaces > TW_MAX_SPACES ||
        p->n_iommus > TW_MAX_IOMMUS || p->n_cpus > TW_MAX_CPUS ||
        p->n_actors > TW_MAX_ACTORS || p->n_setup > TW_MAX_SETUP ||
        p->n_script > TW_MAX_SCRIPT) {
        return tw_check_wrong(c, TW_SPOT_VERSION, 0, "a count is too large");
    }
    return true;
}

bool tw_program_check_spot(const TwProgram *program, TwSpot *spot, char *why,
                           size_t why_size)
{
    const TwCheck check = {program, spot, why, why_size}, *c = &check;
    if (!check_counts(c) || !check_regions(c) || !check_spaces(c)) {
        return false;
    }
    for (unsigned i = 0; i < program->n_iommus; i++) {
        if (program->iommus[i].kind != TW_IOMMU_NONE && !check_iommu(c, i)) {
            return false;
        }
    }
    for (unsigned i = 0; i < program->n_cpus; i++) {
        if (program->cpus[i].present && !check_cpu(c, i)) {
            return false;
        }
    }
    if (!check_actors(c)) {
        return false;
    }
    for (unsigned i = 0; i < program->n_setup; i++) {
        if (!tw_check_op(c, TW_SPOT_SETUP, i, &program->setup[i])) {
            return false;
        }
    }
    return check_script(c);
}

bool tw_program_check(const TwProgram *program, char *why, size_t why_size)
{
    return tw_program_check_spot(program, NULL, why, why_size);
}
