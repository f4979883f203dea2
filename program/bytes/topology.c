/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "program/bytes/form.h"
#include "program/check.h"
#include "program/fields.h"
#include "program/layout.h"
#include "program/legality.h"
#include "program/ways.h"

typedef struct Topology {
    TwProgram *p;
    TwBytesIn *in;
    const TwDialect *d;
    unsigned exact; /* bytes below are ranks of regions as they are */
    TwAnchors anchors;
    TwRanks regions, spaces, iommus;
    uint8_t outputs[TW_MAX_REGIONS]; /* of the IOMMU that a region is */
    unsigned n_bases;
    uint8_t base_of[TW_MAX_IOMMUS]; /* region that is the IOMMU */
    uint64_t bases[TW_MAX_IOMMUS];
} Topology;

/* The next `n` records of `size` bytes each; fewer if there are fewer. */
static const uint8_t *take(TwBytesIn *in, unsigned size, unsigned *n)
{
    const uint8_t *at = in->at;
    size_t have = (size_t)(in->end - in->at) / size;
    if (*n > have) {
        *n = (unsigned)have;
    }
    in->at += (size_t)size * *n;
    return at;
}

/* Operands ----------------------------------------------------------------- */

static uint64_t operand(const Topology *t, const uint8_t *at)
{
    unsigned selector = (unsigned)tw_get(at, 2);
    int delta = (int16_t)tw_get(at + 2, 2);
    if (selector < TW_FORM_ANCHOR) {
        /* A place on a page, now and then beside its start. */
        uint64_t page = (uint64_t)(selector & 15) << t->p->page_lg;
        return (selector & 0x700) == 0x700 ? page + (delta & 0x70) : page;
    }
    return tw_anchor_value(t->in, &t->anchors, selector, delta);
}

static uint64_t size_operand(const Topology *t, const uint8_t *at, bool leaf)
{
    unsigned selector = (unsigned)tw_get(at, 2);
    if (selector >= TW_FORM_ANCHOR) {
        return operand(t, at);
    }
    if (selector >= TW_FORM_POWER) {
        return UINT64_C(1) << (selector & 63);
    }
    /* Leaves of half a page to 16 pages, containers of 16 to 128. */
    unsigned lg = t->p->page_lg;
    return UINT64_C(1) << (leaf ? lg - 1 + selector % 6
                                : lg + 4 + selector % 4);
}

/* Regions ------------------------------------------------------------------ */

static unsigned region_kind(const Topology *t, unsigned byte, unsigned id)
{
    static const uint8_t often[16] = {
        TW_REGION_CONTAINER, TW_REGION_RAM,   TW_REGION_RAM,
        TW_REGION_RAM,       TW_REGION_MMIO,  TW_REGION_IOMMU,
        TW_REGION_IOMMU,     TW_REGION_ALIAS, TW_REGION_ALIAS,
        TW_REGION_ROM,       TW_REGION_ROMD,  TW_REGION_RESERVATION,
        TW_REGION_RAM,       TW_REGION_RAM,   TW_REGION_CONTAINER,
        TW_REGION_IOMMU};
    unsigned kind = byte;
    if (byte >= TW_REGION_KINDS) {
        kind = id == 0 ? TW_REGION_CONTAINER : often[byte & 15];
    }
    if (kind == TW_REGION_NONE || tw_form_admits_kind(t->d, kind)) {
        return kind;
    }
    return tw_form_plain_kind(t->d);
}

/* Two sizes of pieces in bits 0 to 5, in order. */
static void decode_pieces(unsigned byte, uint8_t *least, uint8_t *most)
{
    static const uint8_t pieces[8] = {0, 1, 2, 4, 8, 1, 1, 2};
    *least = pieces[byte & 7];
    *most = pieces[byte >> 3 & 7];
    if (*most != 0 && *least > *most) {
        *least = *most;
    }
}

static void decode_region(const Topology *t, const uint8_t *at, unsigned id)
{
    TwRegion *r = &t->p->regions[id];
    *r = tw_region_make((TwRegionKind)region_kind(t, at[0], id));
    unsigned flags = at[1] >= 0xe0   ? at[1] & 31u
                     : at[1] >= 0xc0 ? 1u << at[1] % 5
                                     : 0;
    r->enabled = !(flags & 1);
    r->readonly = flags & 2;
    r->nonvolatile = flags & 4;
    r->unmergeable = flags & 8;
    r->romd_mode = r->kind == TW_REGION_ROMD && !(flags & 16);
    r->priority = at[4] % 7 - 3;
    if (tw_region_has_device(r->kind) && at[5] >= 0x80) {
        decode_pieces(at[5], &r->valid_min, &r->valid_max);
    }
    r->size = size_operand(t, at + 6, r->kind != TW_REGION_CONTAINER);
    r->addr = operand(t, at + 10);
    if (r->kind == TW_REGION_ALIAS) {
        r->alias_offset = operand(t, at + 14);
    }
    if (tw_region_has_block(r->kind)) {
        r->block = (uint8_t)id;
    }
}

static unsigned region_at(const Topology *t, unsigned byte)
{
    return t->regions.ids[byte % t->regions.count];
}

/* Where a region starts, when all kinds are known. */
static void decode_container(const Topology *t, unsigned byte, unsigned id)
{
    TwProgram *p = t->p;
    unsigned container = TW_NONE;
    if (byte < t->exact) {
        container = region_at(t, byte);
    } else if (byte > t->exact) {
        /* A container before it, most often the nearest. */
        unsigned skip = byte % 3;
        for (unsigned i = id; i-- > 0;) {
            if (p->regions[i].kind == TW_REGION_CONTAINER) {
                container = i;
                if (skip-- == 0) {
                    break;
                }
            }
        }
    }
    if (container != TW_NONE && container != id &&
        p->regions[container].kind != TW_REGION_ALIAS) {
        p->regions[id].container = (uint8_t)container;
    }
}

/* What a region refers to, when all kinds are known. */
static void decode_reference(const Topology *t, unsigned byte, unsigned id)
{
    TwProgram *p = t->p;
    TwRegion *r = &p->regions[id];
    unsigned other = region_at(t, byte);
    if (r->kind == TW_REGION_ALIAS) {
        if (byte >= t->exact) {
            /* One whose target lies before it makes no cycle. */
            other = region_at(t, byte % (id + 1));
        }
        r->target = (uint8_t)other;
    } else if (tw_region_has_block(r->kind)) {
        if (t->d->shared_blocks && byte < t->exact &&
            tw_region_has_block(p->regions[other].kind)) {
            r->block = (uint8_t)other;
        }
    } else if (r->kind == TW_REGION_IOMMU) {
        r->iommu = (uint8_t)byte; /* as it is; see assign_iommus() */
    }
}

/* An alias becomes a region that leads nowhere. */
static void drop_alias(const Topology *t, unsigned id)
{
    TwRegion *r = &t->p->regions[id];
    r->kind = tw_form_admits_kind(t->d, TW_REGION_RESERVATION)
                  ? TW_REGION_RESERVATION
                  : TW_REGION_CONTAINER;
    r->target = TW_NONE;
    r->alias_offset = 0;
}

/*
 * Takes one edge out of the cycles that some regions lie on: a region leaves
 * its container, or, where all are aliases, one becomes something else.
 */
static void break_cycle(const Topology *t, const TwRegionSet *cycles)
{
    TwProgram *p = t->p;
    for (unsigned i = p->n_regions; i-- > 0;) {
        TwRegion *r = &p->regions[i];
        if (tw_regions_has(cycles, i) && tw_regions_has(cycles, r->container)) {
            r->container = TW_NONE;
            return;
        }
    }
    drop_alias(t, tw_regions_last(cycles));
}

static void mend_regions(const Topology *t)
{
    TwProgram *p = t->p;
    for (unsigned i = 0; i < p->n_regions; i++) {
        TwRegion *r = &p->regions[i];
        if (tw_region_has_block(r->kind) && r->block != i &&
            p->regions[r->block].block != r->block) {
            r->block = (uint8_t)i;
        }
    }
    for (TwRegionSet cycles = tw_program_cycles(p); !tw_regions_empty(&cycles);
         cycles = tw_program_cycles(p)) {
        break_cycle(t, &cycles);
    }
    for (unsigned i = p->n_regions;
         tw_ways_too_many_at_start(p) != TW_NONE && i-- > 0;) {
        if (p->regions[i].kind == TW_REGION_ALIAS) {
            drop_alias(t, i);
        }
    }
}

static void decode_regions(Topology *t, unsigned count)
{
    const uint8_t *at = take(t->in, TW_REGION_BYTES, &count);
    TwProgram *p = t->p;
    p->n_regions = (uint8_t)count;
    for (unsigned i = 0; i < count; i++) {
        decode_region(t, at + i * TW_REGION_BYTES, i);
    }
    tw_ranks_of_regions(&t->regions, p);
    for (unsigned i = 0; i < count; i++) {
        if (p->regions[i].kind != TW_REGION_NONE) {
            decode_container(t, at[i * TW_REGION_BYTES + 2], i);
            decode_reference(t, at[i * TW_REGION_BYTES + 3], i);
        }
    }
    mend_regions(t);
}

static void decode_extras(Topology *t, unsigned count)
{
    const uint8_t *at = take(t->in, TW_EXTRA_BYTES, &count);
    for (unsigned i = 0; i < count && t->regions.count > 0;
         i++, at += TW_EXTRA_BYTES) {
        TwRegion *r = &t->p->regions[region_at(t, at[1])];
        TwRange range = {operand(t, at + 2), operand(t, at + 6)};
        if (at[0] == TW_EXTRA_IMPLEMENTS) {
            if (tw_region_has_device(r->kind) && t->d->implemented_sizes) {
                decode_pieces(at[2], &r->impl_min, &r->impl_max);
                r->unaligned = at[2] & 0x40;
            }
            continue;
        }
        if (at[0] == TW_EXTRA_REGISTERS && t->d->mpc_registers) {
            if (r->kind == TW_REGION_MMIO) {
                r->registers = at[2]; /* as it is; see mend_registers() */
            }
            continue;
        }
        if (at[0] == TW_EXTRA_BASE && t->d->table_bases &&
            r->kind == TW_REGION_IOMMU) {
            if (t->n_bases < TW_MAX_IOMMUS) {
                t->base_of[t->n_bases] = (uint8_t)(r - t->p->regions);
                t->bases[t->n_bases++] = range.first;
            }
            continue;
        }
        if (at[0] == TW_EXTRA_OUTPUT && t->d->output_widths &&
            r->kind == TW_REGION_IOMMU) {
            t->outputs[r - t->p->regions] = at[2] % 64;
            continue;
        }
        switch (at[0] % TW_EXTRAS) {
        case TW_EXTRA_PRIORITY:
            r->priority = (int32_t)(uint32_t)range.first;
            break;
        default:
            if (tw_region_has_device(r->kind)) {
                *(at[0] % TW_EXTRAS == TW_EXTRA_REJECT ? &r->reject
                                                       : &r->error) = range;
            }
            break;
        }
    }
}

/* Spaces ------------------------------------------------------------------- */

static void decode_spaces(Topology *t, unsigned count)
{
    const uint8_t *at = take(t->in, TW_SPACE_BYTES, &count);
    TwProgram *p = t->p;
    p->n_spaces = (uint8_t)count;
    for (unsigned i = 0; i < count; i++, at += TW_SPACE_BYTES) {
        TwSpace *s = &p->spaces[i];
        *s = (TwSpace){0};
        if (at[0] == TW_FORM_NONE || t->regions.count == 0) {
            continue;
        }
        unsigned root = region_at(t, at[0]);
        /* Above the exact: the n-th container that stands alone. */
        unsigned skip = at[0] % 8;
        for (unsigned k = 0; at[0] >= t->exact && k < t->regions.count; k++) {
            const TwRegion *r = &p->regions[t->regions.ids[k]];
            if (r->kind == TW_REGION_CONTAINER && r->container == TW_NONE) {
                root = t->regions.ids[k];
                if (skip-- == 0) {
                    break;
                }
            }
        }
        s->present = true;
        s->root = (uint8_t)root;
        s->late = t->d->late_spaces && at[1] >= 0xf0;
        p->regions[root].container = TW_NONE;
        p->regions[root].addr = 0;
    }
    tw_ranks_of_spaces(&t->spaces, p);
}

static uint8_t space_at(const Topology *t, unsigned byte)
{
    return byte == TW_FORM_NONE || t->spaces.count == 0
               ? TW_NONE
               : t->spaces.ids[byte % t->spaces.count];
}

/* IOMMUs ------------------------------------------------------------------- */

static TwIommu plain_iommu(const Topology *t)
{
    return tw_iommu_make(TW_IOMMU_TABLE,
                         tw_form_clamp_granule(t->d, t->p->page_lg));
}

static void decode_iommu(const Topology *t, const uint8_t *at, TwIommu *m)
{
    const TwDialect *d = t->d;
    *m = plain_iommu(t);
    m->kind = at[0] < TW_IOMMU_KINDS ? at[0] : TW_IOMMU_TABLE;
    if (at[1] >= d->min_granule_lg && at[1] <= d->max_granule_lg) {
        m->granule_lg = at[1];
    }
    m->indexes = (uint8_t)tw_form_clamp(
        (at[2] & 3u) + 1, 1,
        tw_form_clamp(d->max_iommu_indexes, 1, TW_MAX_IOMMU_INDEXES));
    unsigned select = at[2] >> 2 & 7u;
    m->select = (uint8_t)(select % TW_FORM_SELECTS);
    if (select == TW_FORM_SECURE_USER &&
        (d->selects >> TW_SELECT_SECURE_USER & 1)) {
        m->select = TW_SELECT_SECURE_USER;
    }
    if (!(d->selects >> m->select & 1)) {
        m->select = TW_SELECT_ZERO;
    }
    m->bypass_space = space_at(t, at[4]);
    m->bypass = at[3] >= 0xf0 && m->bypass_space != TW_NONE;
    if (m->kind == TW_IOMMU_MPC) {
        m->mpc.blocked_space = space_at(t, at[5]);
    } else if (m->kind == TW_IOMMU_TABLE) {
        m->iotlb = at[6] >= 0xf0 && d->iotlbs;
    } else if (m->kind == TW_IOMMU_PAGETABLE) {
        m->pagetable.format = at[6] & 0xf & (TW_FORMATS - 1);
        m->pagetable.levels = at[6] >> 4;
        m->iotlb = (at[5] & 1) && d->iotlbs;
        m->pagetable.nested = (at[5] & 2) && d->nested_tables;
        m->pagetable.updates_ad = (at[5] & 4) && d->updates_ad;
        m->pagetable.tables = t->regions.count > 0 && !m->pagetable.nested
                                  ? (uint8_t)region_at(t, at[7])
                                  : TW_NONE;
    }
}

/* Each region its IOMMU, each IOMMU its region. */
static void assign_iommus(Topology *t)
{
    TwProgram *p = t->p;
    uint32_t taken = 0;
    tw_ranks_of_iommus(&t->iommus, p);
    for (unsigned i = 0; i < p->n_regions; i++) {
        TwRegion *r = &p->regions[i];
        if (r->kind != TW_REGION_IOMMU) {
            continue;
        }
        unsigned id = TW_NONE;
        for (unsigned k = 0; k < t->iommus.count; k++) {
            unsigned next = t->iommus.ids[(r->iommu + k) % t->iommus.count];
            if (!(taken >> next & 1)) {
                id = next;
                break;
            }
        }
        if (id == TW_NONE && p->n_iommus < tw_form_max_iommus(t->d)) {
            id = p->n_iommus++;
            p->iommus[id] = plain_iommu(t);
        }
        if (id == TW_NONE) {
            r->kind = (uint8_t)tw_form_plain_kind(t->d);
            r->iommu = TW_NONE;
            r->block = r->kind == TW_REGION_RAM ? (uint8_t)i : TW_NONE;
        } else {
            r->iommu = (uint8_t)id;
            taken |= 1u << id;
        }
    }
    for (unsigned i = 0; i < p->n_iommus; i++) {
        if (!(taken >> i & 1)) {
            p->iommus[i].kind = TW_IOMMU_NONE;
        }
    }
}

static bool mend_mpc(const Topology *t, TwIommu *m, TwRegion *region)
{
    const TwProgram *p = t->p;
    const TwDialect *d = t->d;
    if (p->page_lg < d->min_granule_lg || p->page_lg > d->max_granule_lg ||
        d->max_iommu_indexes < 2 || !(d->selects >> TW_SELECT_SECURE & 1) ||
        t->spaces.count == 0) {
        return false;
    }
    m->granule_lg = p->page_lg;
    m->indexes = 2;
    m->select = TW_SELECT_SECURE;
    m->bypass = false;
    if (m->bypass_space == TW_NONE) {
        m->bypass_space = t->spaces.ids[0];
    }
    if (m->mpc.blocked_space == TW_NONE) {
        m->mpc.blocked_space = t->spaces.ids[0];
    }
    uint64_t blocks = region->size >> m->granule_lg;
    blocks = blocks < 1                   ? 1
             : blocks > TW_MAX_MPC_BLOCKS ? TW_MAX_MPC_BLOCKS
                                          : blocks;
    region->size = blocks << m->granule_lg;
    return true;
}

static bool mend_pagetable(const Topology *t, TwIommu *m)
{
    const TwProgram *p = t->p;
    if (t->spaces.count == 0) {
        return false;
    }
    if (m->bypass_space == TW_NONE) {
        m->bypass_space = t->spaces.ids[0];
    }
    for (unsigned i = 0; !m->pagetable.nested &&
                         p->regions[m->pagetable.tables].kind != TW_REGION_RAM;
         i++) {
        if (i == t->regions.count) {
            return false;
        }
        m->pagetable.tables = t->regions.ids[i];
    }
    const TwLayout *layout = tw_layout(m->pagetable.format);
    if (layout->granule_lg != 0) {
        m->granule_lg = layout->granule_lg;
    }
    if (m->pagetable.nested || p->contents != TW_CONTENTS_DATA ||
        m->granule_lg < TW_MIN_MARKS_LG) {
        m->pagetable.updates_ad = false;
    }
    m->pagetable.levels = (uint8_t)tw_form_clamp(
        m->pagetable.levels, tw_layout_fewest(layout), layout->most_levels);
    while (m->granule_lg + m->pagetable.levels * (m->granule_lg - 3u) > 64) {
        m->pagetable.levels--;
    }
    return m->pagetable.levels >= tw_layout_fewest(layout) &&
           m->granule_lg >= t->d->min_granule_lg &&
           m->granule_lg <= t->d->max_granule_lg;
}

static void mend_iommus(const Topology *t)
{
    TwProgram *p = t->p;
    for (unsigned i = 0; i < p->n_regions; i++) {
        TwRegion *r = &p->regions[i];
        if (r->kind != TW_REGION_IOMMU) {
            continue;
        }
        TwIommu *m = &p->iommus[r->iommu];
        bool good = t->d->iommu_kinds >> m->kind & 1;
        if (good && m->kind == TW_IOMMU_MPC) {
            good = mend_mpc(t, m, r);
        } else if (good && m->kind == TW_IOMMU_PAGETABLE) {
            good = mend_pagetable(t, m);
        }
        if (good) {
            continue;
        }
        if (t->d->iommu_kinds >> TW_IOMMU_TABLE & 1) {
            m->kind = TW_IOMMU_TABLE;
        } else {
            m->kind = TW_IOMMU_NONE;
            r->kind = TW_REGION_CONTAINER;
            r->iommu = TW_NONE;
        }
    }
}

/* The bases of tables, of IOMMUs that have any. */
static void put_bases(const Topology *t)
{
    for (unsigned i = 0; i < t->n_bases; i++) {
        const TwRegion *r = &t->p->regions[t->base_of[i]];
        TwIommu *m =
            r->kind == TW_REGION_IOMMU ? &t->p->iommus[r->iommu] : NULL;
        if (m && m->kind == TW_IOMMU_PAGETABLE && !m->pagetable.nested) {
            m->pagetable.base =
                t->bases[i] & ~((UINT64_C(1) << m->granule_lg) - 1);
        }
    }
}

/* Output widths, those that are larger than the granule. */
static void put_outputs(const Topology *t)
{
    for (unsigned i = 0; i < t->p->n_regions; i++) {
        const TwRegion *r = &t->p->regions[i];
        TwIommu *m =
            r->kind == TW_REGION_IOMMU ? &t->p->iommus[r->iommu] : NULL;
        if (m && m->kind == TW_IOMMU_PAGETABLE &&
            t->outputs[i] > m->granule_lg) {
            m->pagetable.output = t->outputs[i];
        }
    }
}

/* A device is the registers of an MPC, or a plain one. */
static void mend_registers(const Topology *t)
{
    TwProgram *p = t->p;
    for (unsigned i = 0; i < p->n_regions; i++) {
        TwRegion *r = &p->regions[i];
        unsigned id = r->registers;
        if (id == TW_NONE) {
            continue;
        }
        id =
            t->iommus.count > 0 ? t->iommus.ids[id % t->iommus.count] : TW_NONE;
        if (id != TW_NONE && p->iommus[id].kind == TW_IOMMU_MPC) {
            r->registers = (uint8_t)id;
            r->impl_min = r->impl_max = 0;
        } else {
            r->registers = TW_NONE;
        }
    }
}

static void decode_iommus(Topology *t, unsigned count)
{
    const uint8_t *at = take(t->in, TW_IOMMU_BYTES, &count);
    t->p->n_iommus = (uint8_t)count;
    for (unsigned i = 0; i < count; i++) {
        decode_iommu(t, at + i * TW_IOMMU_BYTES, &t->p->iommus[i]);
    }
    assign_iommus(t);
    mend_iommus(t);
    put_bases(t);
    put_outputs(t);
    mend_registers(t);
}

/* CPUs --------------------------------------------------------------------- */

static void decode_cpus(const Topology *t, unsigned count)
{
    const uint8_t *at = take(t->in, TW_CPU_BYTES, &count);
    const TwDialect *d = t->d;
    TwProgram *p = t->p;
    p->n_cpus = (uint8_t)count;
    for (unsigned i = 0; i < count; i++, at += TW_CPU_BYTES) {
        TwCpu *c = &p->cpus[i];
        *c = (TwCpu){0};
        if (at[0] == TW_FORM_NONE) {
            continue;
        }
        c->present = true;
        c->tlb_lg = at[0] <= d->max_tlb_lg
                        ? at[0]
                        : (uint8_t)tw_form_clamp(at[0] % 4, 0, d->max_tlb_lg);
        c->victims = at[1] <= d->max_victims
                         ? at[1]
                         : (uint8_t)tw_form_clamp(at[1] % 4, 0, d->max_victims);
        for (unsigned m = 0; m < TW_MAX_MMU_INDEXES; m++) {
            const uint8_t *mmu = at + 2 + m * 5;
            if (mmu[0] == TW_FORM_NONE || m >= d->max_mmu_indexes) {
                continue;
            }
            for (unsigned k = 0; k < t->spaces.count; k++) {
                uint8_t space = t->spaces.ids[(mmu[0] + k) % t->spaces.count];
                if (!p->spaces[space].late) {
                    TwAttrs attrs = (TwAttrs)tw_get(mmu + 1, 4);
                    unsigned width = attrs >> TW_FORM_WIDTH & 63;
                    c->mmu[m] = (TwMmuIndex){.present = true,
                                             .space = space,
                                             .attrs = attrs & TW_ATTR_MASK};
                    if (d->widths) {
                        c->mmu[m].width =
                            width >= TW_MIN_WIDTH ? (uint8_t)width : 0;
                        c->mmu[m].wraps = attrs >> TW_FORM_WRAPS & 1;
                    }
                    break;
                }
            }
        }
    }
}

void tw_decode_topology(TwProgram *program, TwBytesIn *in,
                        const uint8_t header[TW_HEADER_BYTES],
                        const TwDialect *d)
{
    Topology topology, *t = &topology;
    t->p = program;
    t->in = in;
    t->d = d;
    t->n_bases = 0;
    memset(t->outputs, 0, sizeof(t->outputs));
    tw_anchors_init(&t->anchors);
    t->exact = tw_form_exact_regions(header);
    decode_regions(t, tw_form_count(header, TW_HEADER_REGIONS, 4, 15,
                                    d->max_regions < t->exact ? d->max_regions
                                                              : t->exact));
    decode_extras(t, tw_form_extras(header));
    decode_spaces(t,
                  tw_form_count(header, TW_HEADER_SPACES, 1, 4, d->max_spaces));
    decode_iommus(t, tw_form_count(header, TW_HEADER_IOMMUS, 0, 4,
                                   tw_form_max_iommus(d)));
    decode_cpus(t, tw_form_cpus(header, d->max_cpus));
}
