/* SPDX-License-Identifier: MIT */
/* Mutations of the world that a script runs in: regions, IOMMUs, CPUs. */
#include "fuzz/mutate/objects.h"

#include "fuzz/generate/moves.h"
#include "fuzz/generate/op.h"
#include "program/edit/edit.h"
#include "program/legality.h"

uint64_t tw_mutate_nudge(TwMutation *m, uint64_t value)
{
    uint64_t page = 1ull << m->program->page_lg;

    switch (tw_below(m, 10)) {
    case 0:
        return value + page;
    case 1:
        return value - page;
    case 2:
        return value + 1;
    case 3:
        return value - 1;
    case 4:
        return value & ~(page - 1);
    case 5:
        return value | (page - 1);
    case 6:
        return value ^ (1ull << tw_below(m, 64));
    case 7:
        return value + page * tw_below(m, 16);
    default:
        return tw_gen_random_address(m->program, m->rng);
    }
}

void tw_mutate_change_region(TwMutation *m)
{
    static const uint8_t leaves[] = {
        TW_REGION_RAM,  TW_REGION_ROM,         TW_REGION_MMIO,
        TW_REGION_ROMD, TW_REGION_RESERVATION, TW_REGION_RAM_DEVICE};
    TwProgram *program = m->program;
    uint8_t id = tw_gen_pick_region(program, ~0u,
                                    tw_below(m, tw_gen_region_draws(program)));

    if (id == TW_NONE) {
        return;
    }
    TwRegion *region = &program->regions[id];
    uint64_t page = 1ull << program->page_lg;
    switch (tw_below(m, 12)) {
    case 0:
        region->enabled = !region->enabled;
        break;
    case 1:
        region->readonly = !region->readonly;
        break;
    case 2:
        region->unmergeable = !region->unmergeable;
        break;
    case 3:
        region->priority = (int32_t)tw_below(m, 7) - 3;
        break;
    case 4:
    case 5:
        if (region->container != TW_NONE) {
            region->addr = tw_mutate_nudge(m, region->addr);
        }
        break;
    case 6:
        region->size = tw_below(m, 4) ? page * (1 + tw_below(m, 16))
                                      : tw_mutate_nudge(m, region->size);
        break;
    case 7:
        if (region->kind == TW_REGION_ALIAS) {
            region->alias_offset = tw_mutate_nudge(m, region->alias_offset);
        } else if (region->kind == TW_REGION_ROMD) {
            region->romd_mode = !region->romd_mode;
        }
        break;
    case 8:
    case 9:
        if (region->kind != TW_REGION_CONTAINER &&
            region->kind != TW_REGION_IOMMU &&
            region->kind != TW_REGION_ALIAS) {
            TwRegion other = tw_region_make(
                (TwRegionKind)leaves[tw_below(m, sizeof(leaves))]);
            other.container = region->container;
            other.addr = region->addr;
            other.size = region->size;
            other.priority = region->priority;
            if (other.kind != TW_REGION_MMIO &&
                other.kind != TW_REGION_RESERVATION) {
                other.block = id;
            }
            *region = other;
        }
        break;
    case 10:
        if (region->kind == TW_REGION_MMIO) {
            region->error.first = tw_below(m, (uint32_t)page);
            region->error.last = region->error.first + tw_below(m, 16);
        }
        break;
    default:
        if (region->container != TW_NONE) {
            region->container =
                tw_gen_pick_region(program, 1u << TW_REGION_CONTAINER,
                                   tw_below(m, tw_gen_region_draws(program)));
        }
        break;
    }
}

/* A new leaf or alias somewhere. */
void tw_mutate_add_region(TwMutation *m)
{
    TwProgram *program = m->program;
    uint64_t page = 1ull << program->page_lg;
    uint8_t container =
        tw_gen_pick_region(program, 1u << TW_REGION_CONTAINER,
                           tw_below(m, tw_gen_region_draws(program)));
    uint8_t target = tw_gen_pick_region(
        program, ~0u, tw_below(m, tw_gen_region_draws(program)));

    if (program->n_regions >= TW_MAX_REGIONS || container == TW_NONE) {
        return;
    }
    static const uint8_t kinds[] = {TW_REGION_RAM, TW_REGION_MMIO,
                                    TW_REGION_ALIAS, TW_REGION_ALIAS,
                                    TW_REGION_RESERVATION};
    uint8_t id = program->n_regions++;
    TwRegion region =
        tw_region_make((TwRegionKind)kinds[tw_below(m, sizeof(kinds))]);
    region.container = container;
    region.addr = tw_below(m, 4) ? page * tw_below(m, 32)
                                 : tw_gen_random_address(program, m->rng);
    region.size = page * (1 + tw_below(m, 8));
    region.priority = (int32_t)tw_below(m, 3) - 1;
    if (region.kind == TW_REGION_ALIAS) {
        region.target = target;
        region.alias_offset = page * tw_below(m, 8);
    }
    if (region.kind == TW_REGION_RAM) {
        region.block = id;
    }
    program->regions[id] = region;
}

void tw_mutate_change_iommu(TwMutation *m)
{
    TwProgram *program = m->program;
    const TwDialect *dialect = m->dialect;
    uint8_t id = tw_gen_pick_iommu(program, tw_below(m, 64));

    if (id == TW_NONE) {
        return;
    }
    TwIommu *iommu = &program->iommus[id];
    switch (tw_below(m, 5)) {
    case 0:
        iommu->granule_lg =
            (uint8_t)(dialect->min_granule_lg +
                      tw_below(m, dialect->max_granule_lg -
                                      dialect->min_granule_lg + 1u));
        if (tw_below(m, 2) == 0) {
            iommu->granule_lg = program->page_lg;
        }
        break;
    case 1:
        iommu->select = (uint8_t)tw_below(m, TW_SELECTS);
        break;
    case 2:
        iommu->bypass = !iommu->bypass;
        break;
    case 3:
        iommu->iotlb = !iommu->iotlb && dialect->iotlbs;
        break;
    default:
        if (iommu->indexes < TW_MAX_IOMMU_INDEXES) {
            iommu->indexes++;
        }
        break;
    }
}

/* What a changed granule or page size leaves ragged. */
void tw_mutate_round_all(TwProgram *program)
{
    for (unsigned i = 0; i < program->n_setup; i++) {
        tw_op_round(program, &program->setup[i]);
    }
    for (unsigned i = 0; i < program->n_script; i++) {
        tw_op_round(program, &program->script[i]);
    }
    for (unsigned i = 0; i < program->n_actors; i++) {
        if (program->actors[i].region != TW_NONE) {
            tw_op_round(program, &program->actors[i].op);
        }
    }
}

void tw_mutate_change_cpu(TwMutation *m)
{
    TwProgram *program = m->program;
    uint8_t id = tw_gen_pick_cpu(program, tw_below(m, 64));

    if (id == TW_NONE) {
        return;
    }
    TwCpu *cpu = &program->cpus[id];
    uint8_t mmu = tw_gen_pick_mmu(program, id, tw_below(m, 64));
    switch (tw_below(m, 5)) {
    case 0:
        cpu->tlb_lg = (uint8_t)tw_below(m, 6);
        break;
    case 1:
        cpu->victims = (uint8_t)tw_below(m, 9);
        break;
    case 2:
        if (mmu != TW_NONE) {
            cpu->mmu[mmu].attrs = tw_gen_random_attrs(m->rng);
        }
        break;
    case 3:
        if (mmu != TW_NONE) { /* the fit takes it back where it cannot be */
            unsigned width = tw_below(m, 64);

            cpu->mmu[mmu].width = width < TW_MIN_WIDTH ? 0 : (uint8_t)width;
            cpu->mmu[mmu].wraps = tw_below(m, 2) != 0;
        }
        break;
    default:
        if (mmu != TW_NONE) {
            cpu->mmu[mmu].space = tw_gen_pick_space(program, tw_below(m, 64));
        }
        break;
    }
}

static uint8_t some_code_contents(TwMutation *m)
{
    uint32_t codes = m->dialect->contents &
                     ~(1u << TW_CONTENTS_DATA | 1u << TW_CONTENTS_INERT);
    unsigned n = (unsigned)__builtin_popcount(codes);
    unsigned skip = n > 1 ? tw_below(m, n) : 0;

    for (; skip > 0; skip--) {
        codes &= codes - 1;
    }
    return (uint8_t)__builtin_ctz(codes);
}

void tw_mutate_change_world(TwMutation *m)
{
    TwProgram *program = m->program;
    const TwDialect *dialect = m->dialect;

    switch (tw_below(m, tw_dialect_code(dialect) != TW_CONTENTS_DATA ? 4 : 3)) {
    case 3:
        program->contents =
            tw_contents_are_code(program->contents)
                ? tw_dialect_fit_contents(dialect, TW_CONTENTS_DATA)
                : some_code_contents(m);
        break;
    case 0:
        program->page_lg =
            (uint8_t)(dialect->min_page_lg +
                      tw_below(m, dialect->max_page_lg - dialect->min_page_lg +
                                      1u));
        break;
    case 1:
        program->hops = (uint8_t)(1 + tw_below(m, TW_MAX_HOPS));
        break;
    default:
        program->explicit_safepoints = !program->explicit_safepoints;
        break;
    }
}

void tw_mutate_drop_object(TwMutation *m)
{
    TwProgram *program = m->program;
    uint8_t id;

    switch (tw_below(m, 8)) {
    case 0:
        id = tw_gen_pick_iommu(program, tw_below(m, 64));
        if (id != TW_NONE) {
            tw_edit_drop_iommu(program, id);
        }
        break;
    case 1:
        id = tw_gen_pick_cpu(program, tw_below(m, 64));
        if (id != TW_NONE && program->n_cpus > 1) {
            tw_edit_drop_cpu(program, id);
        }
        break;
    case 2:
        id = tw_gen_pick_space(program, tw_below(m, 64));
        if (id != TW_NONE && program->n_spaces > 1) {
            tw_edit_drop_space(program, id);
        }
        break;
    case 3:
        id = tw_gen_pick_region(program, 1u << TW_REGION_CONTAINER,
                                tw_below(m, tw_gen_region_draws(program)));
        if (id != TW_NONE) {
            tw_edit_flatten(program, id);
        }
        break;
    default:
        id = tw_gen_pick_region(program, ~(1u << TW_REGION_CONTAINER),
                                tw_below(m, tw_gen_region_draws(program)));
        if (id != TW_NONE) {
            tw_edit_drop_region(program, id);
        }
        break;
    }
}
