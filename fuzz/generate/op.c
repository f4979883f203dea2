/* SPDX-License-Identifier: MIT */
/*
 * One random operation, chosen with no other knowledge than the program it is
 * for: driven by the table of ops.h, so it reaches every operation that a
 * dialect has.  The generator's moves aim better; this fills the gaps, and the
 * mutator lives on it.
 */
#include "fuzz/generate/internal.h"

#include "program/legality.h"
#include "program/ops.h"

uint8_t tw_gen_pick_region(const TwProgram *program, uint32_t kinds, uint32_t n)
{
    uint8_t ids[TW_MAX_REGIONS];
    unsigned count = 0;

    for (unsigned i = 0; i < program->n_regions; i++) {
        unsigned kind = program->regions[i].kind;
        if (kind != TW_REGION_NONE && (kinds >> kind & 1)) {
            ids[count++] = (uint8_t)i;
        }
    }
    return count ? ids[n % count] : TW_NONE;
}

uint8_t tw_gen_pick_space(const TwProgram *program, uint32_t n)
{
    uint8_t ids[TW_MAX_SPACES];
    unsigned count = 0;

    for (unsigned i = 0; i < program->n_spaces; i++) {
        if (program->spaces[i].present) {
            ids[count++] = (uint8_t)i;
        }
    }
    return count ? ids[n % count] : TW_NONE;
}

uint8_t tw_gen_pick_iommu(const TwProgram *program, uint32_t n)
{
    uint8_t ids[TW_MAX_IOMMUS];
    unsigned count = 0;

    for (unsigned i = 0; i < program->n_iommus; i++) {
        if (program->iommus[i].kind != TW_IOMMU_NONE) {
            ids[count++] = (uint8_t)i;
        }
    }
    return count ? ids[n % count] : TW_NONE;
}

uint8_t tw_gen_pick_cpu(const TwProgram *program, uint32_t n)
{
    uint8_t ids[TW_MAX_CPUS];
    unsigned count = 0;

    for (unsigned i = 0; i < program->n_cpus; i++) {
        if (program->cpus[i].present) {
            ids[count++] = (uint8_t)i;
        }
    }
    return count ? ids[n % count] : TW_NONE;
}

uint8_t tw_gen_pick_mmu(const TwProgram *program, uint8_t cpu, uint32_t n)
{
    uint8_t ids[TW_MAX_MMU_INDEXES];
    unsigned count = 0;

    for (unsigned i = 0; i < TW_MAX_MMU_INDEXES; i++) {
        if (program->cpus[cpu].mmu[i].present) {
            ids[count++] = (uint8_t)i;
        }
    }
    return count ? ids[n % count] : TW_NONE;
}

TwAttrs tw_gen_random_attrs(TwRng *rng)
{
    switch (tw_rng_below(rng, 8)) {
    case 0:
        return TW_ATTR_UNSPECIFIED;
    case 1:
    case 2:
        return TW_ATTR_SECURE;
    case 3:
        return TW_ATTR_USER;
    case 4:
        return TW_ATTR_SECURE | TW_ATTR_USER;
    case 5:
        return (TwAttrs)tw_rng_below(rng, 4) << TW_ATTR_REQUESTER_SHIFT;
    default:
        return 0;
    }
}

/* One of the addresses that some operation names. */
static uint64_t op_address(const TwOp *ops, unsigned n, TwRng *rng)
{
    const TwOp *op = &ops[tw_rng_below(rng, n)];

    switch (tw_rng_below(rng, 4)) {
    case 0:
        return op->out;
    case 1:
        return op->last;
    default:
        return op->addr;
    }
}

uint64_t tw_gen_random_address(const TwProgram *program, TwRng *rng)
{
    uint64_t page = 1ull << program->page_lg;
    uint64_t base = 0;
    unsigned source = tw_rng_below(rng, 16);

    if (source < 6 && program->n_setup > 0) {
        base = op_address(program->setup, program->n_setup, rng);
    } else if (source < 11 && program->n_script > 0) {
        base = op_address(program->script, program->n_script, rng);
    } else if (source < 15 && program->n_regions > 0) {
        const TwRegion *region =
            &program->regions[tw_rng_below(rng, program->n_regions)];
        if (region->kind != TW_REGION_NONE) {
            base = region->addr;
            if (source == 14) {
                base += region->size;
            }
        }
    } else if (source == 15) {
        base = 0 - page * tw_rng_below(rng, 3);
    }
    switch (tw_rng_below(rng, 10)) {
    case 0:
        return base - 1;
    case 1:
        return base + 1;
    case 2:
        return base + page;
    case 3:
        return base - page;
    case 4:
        return base + page * tw_rng_below(rng, 32);
    case 5:
        return base + tw_rng_below(rng, (uint32_t)page);
    case 6:
        return base ^ (1ull << tw_rng_below(rng, 64));
    default:
        return base;
    }
}

static uint64_t random_length(const TwProgram *program, TwRng *rng)
{
    uint64_t page = 1ull << program->page_lg, pages;

    switch (tw_rng_below(rng, 8)) {
    case 0:
        return tw_rng_below(rng, (uint32_t)page);
    case 1:
        return UINT64_MAX;
    case 2:
        return 1ull << tw_rng_below(rng, 64);
    case 3:
        pages = tw_rng_below(rng, 64); /* draws in a fixed order */
        return page * pages + tw_rng_below(rng, 16);
    default:
        return page * (1 + tw_rng_below(rng, 16));
    }
}

static bool random_region(const TwProgram *program, TwRng *rng, TwOp *op)
{
    uint32_t kinds = ~0u;

    switch (op->code) {
    case TW_OP_ROMD:
        kinds = 1u << TW_REGION_ROMD;
        break;
    case TW_OP_ALIAS_OFFSET:
        kinds = 1u << TW_REGION_ALIAS;
        break;
    case TW_OP_POKE:
    case TW_OP_DIRTY_LOG:
    case TW_OP_DIRTY_CLEAR:
        kinds = 1u << TW_REGION_RAM;
        break;
    default:
        break;
    }
    op->obj = tw_gen_pick_region(program, kinds, tw_rng_below(rng, 64));
    return op->obj != TW_NONE;
}

static bool random_cpu_index(const TwProgram *program, TwRng *rng, bool all,
                             TwOp *op)
{
    uint8_t cpu = tw_gen_pick_cpu(program, tw_rng_below(rng, 64));

    if (cpu == TW_NONE) {
        return false;
    }
    op->obj = cpu;
    op->index = tw_gen_pick_mmu(program, cpu, tw_rng_below(rng, 64));
    if (op->index == TW_NONE) {
        return false;
    }
    if (all && tw_rng_chance(rng, 25)) {
        op->obj = TW_ALL;
    }
    return true;
}

static bool random_iommu_index(const TwProgram *program, TwRng *rng,
                               uint8_t *object, TwOp *op)
{
    *object = tw_gen_pick_iommu(program, tw_rng_below(rng, 64));
    if (*object == TW_NONE) {
        return false;
    }
    op->index = (uint8_t)tw_rng_below(rng, program->iommus[*object].indexes);
    return true;
}

/* A range inside or about the region that the operation works on. */
static void random_range(const TwProgram *program, TwRng *rng, TwOp *op)
{
    uint64_t first = tw_gen_random_address(program, rng);
    uint64_t length = random_length(program, rng);

    if (op->code == TW_OP_MAP || op->code == TW_OP_UNMAP ||
        op->code == TW_OP_PROTECT || op->code == TW_OP_NOTIFY ||
        op->code == TW_OP_OBSERVE) {
        uint8_t iommu = op->code == TW_OP_OBSERVE ? op->other : op->obj;
        uint8_t region = tw_program_iommu_region(program, iommu);
        uint64_t granule = 1ull << program->iommus[iommu].granule_lg;

        if (region != TW_NONE && tw_rng_chance(rng, 75)) {
            uint64_t granules = program->regions[region].size / granule;
            first =
                granule *
                tw_rng_below(rng, granules < 64 ? (uint32_t)granules + 1 : 64);
            length = granule * (1 + tw_rng_below(rng, 4));
        }
    }
    op->addr = first;
    op->last = length == 0 || first + (length - 1) < first
                   ? UINT64_MAX
                   : first + (length - 1);
    if (tw_rng_chance(rng, 4)) {
        op->addr = 0;
        op->last = UINT64_MAX;
    }
}

bool tw_gen_random_arg(const TwProgram *program, const TwDialect *dialect,
                       TwRng *rng, unsigned arg, TwOp *op)
{
    unsigned kinds;

    switch (arg) {
    case TW_ARG_CPU:
    case TW_ARG_CPU_OR_ALL:
        op->obj = tw_gen_pick_cpu(program, tw_rng_below(rng, 64));
        if (op->obj == TW_NONE) {
            return false;
        }
        if (arg == TW_ARG_CPU_OR_ALL && tw_rng_chance(rng, 25)) {
            op->obj = TW_ALL;
        }
        return true;
    case TW_ARG_CPU_INDEX:
        return random_cpu_index(program, rng, false, op);
    case TW_ARG_ANY_CPU_INDEX:
        return random_cpu_index(program, rng, true, op);
    case TW_ARG_IOMMU:
        op->obj = tw_gen_pick_iommu(program, tw_rng_below(rng, 64));
        return op->obj != TW_NONE;
    case TW_ARG_IOMMU_INDEX:
        return random_iommu_index(program, rng, &op->obj, op);
    case TW_ARG_REGION:
        return random_region(program, rng, op);
    case TW_ARG_IN_REGION:
        kinds = tw_rng_chance(rng, 85) ? 1u << TW_REGION_CONTAINER : ~0u;
        op->other = tw_gen_pick_region(program, kinds, tw_rng_below(rng, 64));
        return op->other != TW_NONE;
    case TW_ARG_SPACE:
        op->obj = tw_gen_pick_space(program, tw_rng_below(rng, 64));
        return op->obj != TW_NONE;
    case TW_ARG_OBSERVER:
        op->obj = (uint8_t)tw_rng_below(
            rng, tw_rng_chance(rng, 80) ? 2 : TW_MAX_OBSERVERS);
        return true;
    case TW_ARG_OF_IOMMU:
        return random_iommu_index(program, rng, &op->other, op);
    case TW_ARG_OF_SPACE:
        op->other = tw_gen_pick_space(program, tw_rng_below(rng, 64));
        return op->other != TW_NONE;
    case TW_ARG_MAPPING:
        op->obj = (uint8_t)tw_rng_below(
            rng, tw_rng_chance(rng, 80) ? 2 : TW_MAX_MAPPINGS);
        return true;
    case TW_ARG_ADDR:
    case TW_ARG_AT:
        op->addr = tw_gen_random_address(program, rng);
        return true;
    case TW_ARG_RANGE:
        random_range(program, rng, op);
        return true;
    case TW_ARG_LENGTH:
        op->last = random_length(program, rng);
        return true;
    case TW_ARG_SIZE:
        op->size = tw_rng_chance(rng, 80)
                       ? (uint8_t)(1u << tw_rng_below(rng, 4))
                       : (uint8_t)(1 + tw_rng_below(rng, TW_MAX_ACCESS));
        return true;
    case TW_ARG_RMW_SIZE:
        op->size = (uint8_t)(1u << tw_rng_below(rng, 4));
        return true;
    case TW_ARG_TO:
    case TW_ARG_VALUE:
        op->out = tw_gen_random_address(program, rng);
        return true;
    case TW_ARG_TO_SPACE:
        op->other = tw_gen_pick_space(program, tw_rng_below(rng, 64));
        op->out = tw_gen_random_address(program, rng);
        return op->other != TW_NONE;
    case TW_ARG_OF_SIZE:
        op->lg = (uint8_t)(tw_rng_chance(rng, 70)
                               ? program->page_lg + tw_rng_below(rng, 6)
                               : 4 + tw_rng_below(rng, 36));
        return true;
    case TW_ARG_BITS:
        op->lg =
            (uint8_t)(tw_rng_chance(rng, 60) ? 64 : 1 + tw_rng_below(rng, 64));
        return true;
    case TW_ARG_PERM:
        op->perm = (uint8_t)(tw_rng_chance(rng, 50) ? TW_R | TW_W | TW_X
                                                    : tw_rng_below(rng, 8));
        return true;
    case TW_ARG_IOMMU_PERM:
        op->perm = (uint8_t)(tw_rng_chance(rng, 50) ? TW_R | TW_W
                                                    : tw_rng_below(rng, 4));
        return true;
    case TW_ARG_ATTRS:
        op->attrs = tw_gen_random_attrs(rng);
        return true;
    case TW_ARG_NOTIFIED:
        op->flags = (uint8_t)(op->flags & ~TW_OPF_NOTIFIED);
        if (tw_rng_chance(rng, 65) && (dialect->op_flags & TW_OPF_NOTIFIED)) {
            op->flags |= TW_OPF_NOTIFIED;
        }
        return true;
    case TW_ARG_ON:
        op->flags = (uint8_t)(op->flags & ~TW_OPF_ON);
        if (tw_rng_chance(rng, 50) && (dialect->op_flags & TW_OPF_ON)) {
            op->flags |= TW_OPF_ON;
        }
        return true;
    case TW_ARG_PRIO:
        op->priority = (int32_t)tw_rng_below(rng, 7) - 3;
        return true;
    case TW_ARG_EVENT:
        op->kinds =
            (uint8_t)(tw_rng_chance(rng, 75) ? TW_EVENT_UNMAP
                                             : 1u << tw_rng_below(rng, 3));
        return true;
    case TW_ARG_EVENTS:
        op->kinds = (uint8_t)(1 + tw_rng_below(rng, 7));
        return true;
    case TW_ARG_SCOPE:
        op->kinds = (uint8_t)tw_rng_below(rng, TW_SCOPES);
        return true;
    case TW_ARG_COUNT:
        op->count = 1 + tw_rng_below(rng, 8);
        if (op->code == TW_OP_CLOCK) {
            op->count *= 50; /* milliseconds */
        }
        return true;
    case TW_ARG_DIRECTION:
        op->perm = tw_rng_chance(rng, 50) ? TW_R : TW_W;
        return true;
    default:
        return false;
    }
}

bool tw_gen_random_op(const TwProgram *program, const TwDialect *dialect,
                      TwRng *rng, unsigned code, TwOp *op)
{
    const TwOpInfo *info = tw_op_info(code);

    if (info == NULL || !tw_gen_speaks(dialect, code) || code == TW_OP_PAR ||
        code == TW_OP_AND || code == TW_OP_BARRIER || code == TW_OP_END_PAR) {
        return false;
    }
    *op = (TwOp){.code = (uint8_t)code, .actor = TW_BOARD};
    for (unsigned i = 0; info->args[i] != TW_ARG_END; i++) {
        if (!tw_gen_random_arg(program, dialect, rng, info->args[i], op)) {
            return false;
        }
    }
    if (info->flags & TW_OP_CPU_ACCESS) {
        op->actor = op->obj;
    } else if (!(info->flags & TW_OP_BOARD_ONLY) && tw_rng_chance(rng, 50)) {
        op->actor = tw_gen_pick_cpu(program, tw_rng_below(rng, 64));
    }
    tw_op_round(program, op);
    return true;
}
