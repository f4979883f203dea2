/* SPDX-License-Identifier: MIT */
/*
 * The generator's sketch of a program: which address leads where, roughly.
 * Priorities, flags and clipping are left out on purpose: moves need the sketch
 * only to aim.  A sketch that knew the right answers would be a third
 * implementation of the rules.
 */
#include "fuzz/generate/sketch.h"

#include "fuzz/generate/op.h"

#include <string.h>

void tw_gen_clear(TwGen *gen)
{
    const TwProgram *program = gen->program;

    memset(gen->n_spots, 0, sizeof(gen->n_spots));
    memset(gen->n_entries, 0, sizeof(gen->n_entries));
    memset(gen->n_pages, 0, sizeof(gen->n_pages));
    gen->n_touched = 0;
    gen->open = 0;
    memset(&gen->regions, 0, sizeof(gen->regions));
    gen->unplugged = 0;
    gen->observing = gen->listening = gen->mapping = 0;
    gen->vetoing = gen->twin = TW_NONE;
    gen->saved = false;
    gen->page = 1ull << program->page_lg;
    gen->possible =
        tw_gen_possible_moves(gen->dialect, gen->mixture, &gen->weights);
}

void tw_gen_note_spot(TwGen *gen, uint8_t space, TwSketchSpot spot)
{
    if (spot.size == 0) {
        return;
    }
    if (gen->n_spots[space] < SKETCH_SPOTS) {
        gen->spots[space][gen->n_spots[space]++] = spot;
    } else if (gen->program->n_regions > 64) { /* any of so many */
        gen->spots[space][tw_gen_below(gen, SKETCH_SPOTS)] = spot;
    }
}

void tw_gen_note_page(TwGen *gen, const TwOp *op)
{
    TwSketchPage *pages = gen->pages[op->obj][op->index];
    uint8_t *n = &gen->n_pages[op->obj][op->index];

    if (*n == SKETCH_PAGES) {
        memmove(&pages[0], &pages[1], sizeof(*pages) * (SKETCH_PAGES - 1));
        (*n)--;
    }
    pages[(*n)++] = (TwSketchPage){
        .va = op->addr,
        .pa = op->out,
        .lg = op->lg,
        .perm = op->code == TW_OP_PAGE ? op->perm : 0,
    };
}

static TwSketchEntry *find_entry(TwGen *gen, uint8_t iommu, uint8_t index,
                                 uint64_t offset)
{
    TwSketchEntry *entries = gen->entries[iommu][index];

    for (unsigned i = gen->n_entries[iommu][index]; i-- > 0;) {
        if (offset >= entries[i].first && offset <= entries[i].last) {
            return &entries[i];
        }
    }
    return NULL;
}

void tw_gen_note_map(TwGen *gen, const TwOp *op)
{
    TwSketchEntry *entries = gen->entries[op->obj][op->index];
    uint8_t *n = &gen->n_entries[op->obj][op->index];
    TwSketchEntry entry = {
        .first = op->addr,
        .last = op->last,
        .out = op->out,
        .space = op->other,
        .perm = op->code == TW_OP_UNMAP ? 0 : op->perm,
    };

    if (op->code == TW_OP_PROTECT) {
        const TwSketchEntry *old =
            find_entry(gen, op->obj, op->index, op->addr);
        if (old == NULL || old->perm == 0) {
            return;
        }
        entry.out = old->out + (op->addr - old->first);
        entry.space = old->space;
        if (entry.last > old->last) {
            entry.last = old->last;
        }
    }
    if (*n > 0 && entries[*n - 1].first == entry.first &&
        entries[*n - 1].last == entry.last) {
        (*n)--;
    } else if (*n == SKETCH_ENTRIES) {
        memmove(&entries[0], &entries[1],
                sizeof(*entries) * (SKETCH_ENTRIES - 1));
        (*n)--;
    }
    entries[(*n)++] = entry;
}

uint8_t tw_gen_select(const TwIommu *iommu, TwAttrs attrs)
{
    uint32_t index = 0;

    switch (iommu->select) {
    case TW_SELECT_SECURE:
        index = !(attrs & (TW_ATTR_SECURE | TW_ATTR_UNSPECIFIED));
        break;
    case TW_SELECT_USER:
        index = (attrs & TW_ATTR_USER) != 0;
        break;
    case TW_SELECT_SECURE_USER:
        index = !(attrs & (TW_ATTR_SECURE | TW_ATTR_UNSPECIFIED)) * 2u +
                ((attrs & TW_ATTR_USER) != 0);
        break;
    case TW_SELECT_REQUESTER:
        index = attrs >> TW_ATTR_REQUESTER_SHIFT;
        break;
    default:
        break;
    }
    return (uint8_t)(index % iommu->indexes);
}

static const TwSketchSpot *find_spot(TwGen *gen, uint8_t space, uint64_t addr)
{
    const TwSketchSpot *spots = gen->spots[space];

    for (unsigned i = gen->n_spots[space]; i-- > 0;) {
        if (addr - spots[i].addr < spots[i].size) {
            return &spots[i];
        }
    }
    return NULL;
}

static void follow(TwGen *gen, uint8_t space, uint64_t addr, TwAttrs attrs,
                   TwAim *aim)
{
    aim->n_hops = 0;
    for (;;) {
        aim->spot = find_spot(gen, space, addr);
        aim->space = space;
        aim->addr = addr;
        if (aim->spot == NULL || aim->spot->iommu == TW_NONE ||
            aim->n_hops == SKETCH_DEPTH) {
            return;
        }
        uint8_t iommu = aim->spot->iommu;
        uint8_t index = tw_gen_select(&gen->program->iommus[iommu], attrs);
        uint64_t offset = aim->spot->base + (addr - aim->spot->addr);
        const TwSketchEntry *entry = find_entry(gen, iommu, index, offset);
        TwSketchHop *hop = &aim->hop[aim->n_hops++];

        hop->iommu = iommu;
        hop->index = index;
        hop->offset = offset;
        hop->known = entry != NULL && entry->perm != 0;
        if (!hop->known) {
            return;
        }
        hop->entry = *entry;
        space = entry->space;
        addr = entry->out + (offset - entry->first);
    }
}

void tw_gen_aim(TwGen *gen, uint8_t cpu, uint8_t mmu, uint64_t va, TwAim *aim)
{
    const TwMmuIndex *index = &gen->program->cpus[cpu].mmu[mmu];
    const TwSketchPage *pages = gen->pages[cpu][mmu];

    aim->va = va;
    aim->cpu = cpu;
    aim->mmu = mmu;
    aim->lg = gen->program->page_lg;
    aim->touched = false;
    aim->pa = va;
    for (unsigned i = gen->n_pages[cpu][mmu]; i-- > 0;) {
        if ((va ^ pages[i].va) >> pages[i].lg == 0) {
            aim->pa = pages[i].pa + (va - pages[i].va);
            aim->lg = pages[i].lg;
            break;
        }
    }
    follow(gen, index->space, aim->pa, index->attrs, aim);
}

/* An offset below `size`, mostly near either end of one of its pages. */
static uint64_t offset_below(TwGen *gen, uint64_t size)
{
    uint64_t pages = size >> gen->program->page_lg;
    uint64_t offset = 0;

    if (pages > 1) {
        offset =
            gen->page * tw_gen_below(gen, pages < 32 ? (uint32_t)pages : 32);
        if (pages > 32 && tw_gen_chance(gen, 20)) {
            offset = (pages - 1) << gen->program->page_lg;
        }
    }
    uint64_t left = size - offset < gen->page ? size - offset : gen->page;
    return offset + (tw_gen_below(gen, (uint32_t)left) & ~7u);
}

/* One of the spots of a space that has some: an IOMMU in `via` % of the
 * cases, if there is one. */
static const TwSketchSpot *pick_spot(TwGen *gen, uint8_t space, unsigned via)
{
    const TwSketchSpot *spots = gen->spots[space];
    unsigned n = gen->n_spots[space];
    unsigned at = tw_gen_below(gen, n);
    bool wanted = tw_gen_chance(gen, via);

    for (unsigned i = 0; i < n; i++) {
        if ((spots[at].iommu != TW_NONE) == wanted &&
            !tw_gen_is_gone(gen, spots[at].region)) {
            break;
        }
        at = at + 1 == n ? 0 : at + 1;
    }
    return &spots[at];
}

uint64_t tw_gen_pick_room(TwGen *gen, uint8_t space, uint64_t *length,
                          unsigned via)
{
    unsigned lg = gen->program->page_lg;

    if (space == TW_NONE || gen->n_spots[space] == 0) {
        return 0;
    }
    const TwSketchSpot *spot = pick_spot(gen, space, via);
    uint64_t addr = spot->addr;
    if (spot->size > *length) {
        uint64_t more = (spot->size - *length) >> lg;
        addr += (uint64_t)tw_gen_below(gen, more < 16 ? (uint32_t)more + 1 : 16)
                << lg;
    } else if (spot->size >= gen->page) {
        *length = spot->size & ~(gen->page - 1);
    }
    return addr & ~(gen->page - 1);
}

uint64_t tw_gen_pick_in_space(TwGen *gen, uint8_t space, TwAttrs attrs,
                              unsigned via)
{
    unsigned n = gen->n_spots[space];

    if (n == 0) {
        return gen->page * tw_gen_below(gen, 16);
    }
    const TwSketchSpot *spot = pick_spot(gen, space, via);
    if (spot->iommu != TW_NONE) {
        uint8_t iommu = spot->iommu;
        uint8_t index = tw_gen_select(&gen->program->iommus[iommu], attrs);
        unsigned entries = gen->n_entries[iommu][index];

        for (unsigned tries = 0; entries > 0 && tries < 3; tries++) {
            const TwSketchEntry *entry =
                &gen->entries[iommu][index][tw_gen_below(gen, entries)];
            if (entry->perm == 0 || entry->last - entry->first == UINT64_MAX) {
                continue;
            }
            uint64_t offset = entry->first +
                              offset_below(gen, entry->last - entry->first + 1);
            if (offset - spot->base < spot->size) {
                return spot->addr + (offset - spot->base);
            }
        }
    }
    return spot->addr + offset_below(gen, spot->size);
}

bool tw_gen_pick_va(TwGen *gen, unsigned via, uint8_t *cpu, uint8_t *mmu,
                    uint64_t *va)
{
    *cpu = tw_gen_pick_cpu(gen->program, tw_gen_below(gen, 64));
    if (*cpu == TW_NONE) {
        return false;
    }
    if (gen->unplugged >> *cpu & 1) {
        *cpu = tw_gen_pick_cpu(gen->program, *cpu + 1u);
    }
    *mmu = tw_gen_pick_mmu(gen->program, *cpu, tw_gen_below(gen, 64));
    if (*mmu == TW_NONE) {
        return false;
    }
    const TwMmuIndex *index = &gen->program->cpus[*cpu].mmu[*mmu];
    const TwSketchPage *pages = gen->pages[*cpu][*mmu];
    unsigned n = gen->n_pages[*cpu][*mmu];
    uint64_t pa = tw_gen_pick_in_space(gen, index->space, index->attrs, via);

    if (n == 0) {
        *va = pa;
        return true;
    }
    unsigned start = tw_gen_below(gen, n);
    for (unsigned i = 0; i < n; i++) {
        const TwSketchPage *page = &pages[(start + i) % n];
        if ((pa ^ page->pa) >> page->lg == 0 && page->perm != 0) {
            *va = page->va + (pa - page->pa);
            return true;
        }
    }
    /* Nothing leads there: take an entry as it is. */
    const TwSketchPage *page = &pages[start];
    uint64_t offset = pa & (page->lg < 64 ? (1ull << page->lg) - 1 : ~0ull);
    *va = page->va + offset;
    return true;
}

/* Notes what a region and those below it show in `space`. */
static void sketch_region(TwGen *gen, uint8_t space, uint8_t id,
                          uint8_t movable, uint64_t addr, uint64_t base,
                          uint64_t size, unsigned depth)
{
    const TwProgram *program = gen->program;
    const TwRegion *region = &program->regions[id];

    if (depth > 6 || gen->n_spots[space] == SKETCH_SPOTS) {
        return;
    }
    if (region->kind == TW_REGION_ALIAS) {
        sketch_region(gen, space, region->target, movable, addr,
                      base + region->alias_offset, size, depth + 1);
        return;
    }
    if (region->kind != TW_REGION_CONTAINER) {
        tw_gen_note_spot(gen, space,
                         (TwSketchSpot){.addr = addr,
                                        .size = size,
                                        .base = base,
                                        .region = movable,
                                        .leaf = id,
                                        .iommu = region->kind == TW_REGION_IOMMU
                                                     ? region->iommu
                                                     : TW_NONE});
        return;
    }
    for (unsigned i = 0; i < program->n_regions; i++) {
        const TwRegion *child = &program->regions[i];
        if (child->kind == TW_REGION_NONE || child->container != id ||
            child->addr < base || child->addr - base >= size) {
            continue;
        }
        uint64_t left = size - (child->addr - base);
        sketch_region(gen, space, (uint8_t)i, (uint8_t)i,
                      addr + (child->addr - base), 0,
                      child->size < left ? child->size : left, depth + 1);
    }
}

static void sketch_ops(TwGen *gen, const TwOp *ops, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        const TwOp *op = &ops[i];
        switch (op->code) {
        case TW_OP_PAGE:
        case TW_OP_UNPAGE:
            tw_gen_note_page(gen, op);
            break;
        case TW_OP_MAP:
        case TW_OP_UNMAP:
        case TW_OP_PROTECT:
            tw_gen_note_map(gen, op);
            break;
        case TW_OP_READ:
        case TW_OP_WRITE:
        case TW_OP_EXEC:
        case TW_OP_RMW:
            gen->touched[gen->n_touched++ % SKETCH_TOUCHED] = (TwSketchTouch){
                .va = op->addr, .cpu = op->obj, .mmu = op->index};
            if (gen->n_touched == 2 * SKETCH_TOUCHED) {
                gen->n_touched = SKETCH_TOUCHED;
            }
            break;
        case TW_OP_BEGIN:
            gen->open++;
            break;
        case TW_OP_COMMIT:
            gen->open -= gen->open > 0;
            break;
        case TW_OP_UNPLUG:
            gen->unplugged |= (uint8_t)(1u << op->obj);
            break;
        case TW_OP_OBSERVE:
            gen->observing |= (uint8_t)(1u << op->obj);
            break;
        case TW_OP_LISTEN:
            gen->listening |= (uint8_t)(1u << op->obj);
            break;
        case TW_OP_UNOBSERVE:
            gen->observing &= (uint8_t) ~(1u << op->obj);
            break;
        case TW_OP_UNLISTEN:
            gen->listening &= (uint8_t) ~(1u << op->obj);
            break;
        case TW_OP_VETO:
            gen->vetoing = op->flags & TW_OPF_ON ? op->obj : TW_NONE;
            break;
        default:
            break;
        }
    }
}

void tw_gen_sketch(TwGen *gen, TwProgram *program, const TwDialect *dialect,
                   TwProfile profile, TwRng *rng)
{
    gen->program = program;
    gen->dialect = dialect;
    gen->rng = rng;
    gen->profile = profile;
    gen->extreme = TW_EXTREME_NONE;
    gen->iotlbs = gen->pagetables = gen->mpcs = false;
    gen->mpc_planned = 0;
    gen->mixture = tw_gen_mixture(profile);
    gen->limit = (uint16_t)tw_script_limit(program, dialect);
    tw_gen_clear(gen);
    for (unsigned s = 0; s < program->n_spaces; s++) {
        if (program->spaces[s].present) {
            uint8_t root = program->spaces[s].root;
            sketch_region(gen, (uint8_t)s, root, root, 0, 0,
                          program->regions[root].size, 0);
        }
    }
    sketch_ops(gen, program->setup, program->n_setup);
    sketch_ops(gen, program->script, program->n_script);
}
