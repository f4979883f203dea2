/* SPDX-License-Identifier: MIT */
/*
 * One random operation for a program.  It follows the table of ops.h, so every
 * operation of a dialect can be made.  The generator's moves aim better; random
 * operations fill the gaps, and the mutator uses them for most of its changes.
 */
#include "fuzz/generate/op.h"

#include "fuzz/generate/sketch.h"
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

uint16_t tw_gen_some_requester(TwRng *rng)
{
    switch (tw_rng_below(rng, 4)) {
    case 0:
        return (uint16_t)(1u << tw_rng_below(rng, 16));
    case 1:
        return UINT16_MAX;
    default:
        return (uint16_t)tw_rng_below(rng, 1u << 16);
    }
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
    case 5: {
        uint32_t id = tw_rng_below(rng, 4);
        uint64_t mix = tw_mix64(rng->state); /* no draw, as it is rare */

        return (TwAttrs)(mix & 1023 ? id : mix >> 48)
               << TW_ATTR_REQUESTER_SHIFT;
    }
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

/* An object of the part's kind; false, and TW_NONE, if there is none. */
static bool random_id(const TwProgram *program, TwRng *rng, const TwField *part,
                      TwOp *op)
{
    uint8_t *id = tw_field_byte(part, op);
    uint32_t kinds = ~0u;

    switch (part->object) {
    case TW_OBJECT_CPU:
        *id = tw_gen_pick_cpu(program, tw_rng_below(rng, 64));
        break;
    case TW_OBJECT_IOMMU:
        *id = tw_gen_pick_iommu(program, tw_rng_below(rng, 64));
        break;
    case TW_OBJECT_SPACE:
        *id = tw_gen_pick_space(program, tw_rng_below(rng, 64));
        break;
    case TW_OBJECT_REGION:
        if (part->region_kinds != 0 &&
            (part->percent == 0 || tw_rng_chance(rng, part->percent))) {
            kinds = part->region_kinds;
        }
        *id = tw_gen_pick_region(
            program, kinds, tw_rng_below(rng, tw_gen_region_draws(program)));
        break;
    default: /* exists by being named: mostly the same few */
        *id = (uint8_t)tw_rng_below(
            rng, tw_rng_chance(rng, 80) ? 2 : tw_objects[part->object].most);
        break;
    }
    return *id != TW_NONE;
}

/* An index of the object before it. */
static bool random_index(const TwProgram *program, TwRng *rng,
                         const TwField *part, TwOp *op)
{
    uint8_t id = *tw_field_byte(part - 1, op);
    uint8_t *index = tw_field_byte(part, op);

    if (part->object == TW_OBJECT_IOMMU) {
        *index = (uint8_t)tw_rng_below(rng, program->iommus[id].indexes);
    } else {
        *index = tw_gen_pick_mmu(program, id, tw_rng_below(rng, 64));
    }
    return *index != TW_NONE;
}

/* A range inside or about the region that the operation works on. */
static void random_range(const TwProgram *program, TwRng *rng,
                         const TwField *part, TwOp *op)
{
    uint64_t first = tw_gen_random_address(program, rng);
    uint64_t length = random_length(program, rng);
    const TwField *of = tw_op_indexed(tw_op_info(op->code), TW_OBJECT_IOMMU);

    if (of != NULL) {
        uint8_t iommu = *tw_field_byte(of, op);
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
    uint64_t last = length == 0 || first + (length - 1) < first
                        ? UINT64_MAX
                        : first + (length - 1);
    bool all = tw_rng_chance(rng, 4);
    tw_field_set(part, op, all ? 0 : first);
    tw_field_set(part + 1, op, all ? UINT64_MAX : last);
}

static void random_switch(const TwDialect *dialect, TwRng *rng,
                          const TwField *part, TwOp *op)
{
    op->flags = (uint8_t)(op->flags & ~part->mask);
    if (tw_rng_chance(rng, part->percent) && (dialect->op_flags & part->mask)) {
        op->flags |= part->mask;
    }
}

/* What is one byte and no name of an object. */
static uint8_t random_small(const TwProgram *program, TwRng *rng,
                            const TwField *part)
{
    switch (part->type) {
    case TW_FIELD_SIZE:
        return part->powers || tw_rng_chance(rng, 80)
                   ? (uint8_t)(1u << tw_rng_below(rng, 4))
                   : (uint8_t)(1 + tw_rng_below(rng, TW_MAX_ACCESS));
    case TW_FIELD_POWER:
        return (uint8_t)(tw_rng_chance(rng, 70)
                             ? program->page_lg + tw_rng_below(rng, 6)
                             : 4 + tw_rng_below(rng, 36));
    case TW_FIELD_BITS:
        return (uint8_t)(tw_rng_chance(rng, 60) ? 64
                                                : 1 + tw_rng_below(rng, 64));
    case TW_FIELD_RIGHTS:
        return (uint8_t)(tw_rng_chance(rng, 50)
                             ? part->mask
                             : tw_rng_below(rng, part->mask + 1u));
    case TW_FIELD_DIRECTION:
        return tw_rng_chance(rng, 50) ? TW_R : TW_W;
    case TW_FIELD_EVENT:
        return (uint8_t)(tw_rng_chance(rng, 75) ? TW_EVENT_UNMAP
                                                : 1u << tw_rng_below(rng, 3));
    case TW_FIELD_EVENTS:
        return (uint8_t)(1 + tw_rng_below(rng, 7));
    default: /* TW_FIELD_WORD */
        return (uint8_t)tw_rng_below(rng, part->count);
    }
}

/* A small one, seldom (and without a draw) one of up to 32 bits. */
static uint32_t some_number(TwRng *rng, uint32_t unit)
{
    uint32_t small = unit * (1 + tw_rng_below(rng, 8));
    uint64_t mix = tw_mix64(rng->state);

    return mix & 63 ? small : (uint32_t)(mix >> 32 >> (mix >> 8 & 31));
}

/* A part that names no object. */
static void random_part(const TwProgram *program, const TwDialect *dialect,
                        TwRng *rng, const TwField *part, TwOp *op)
{
    switch (part->type) {
    case TW_FIELD_ADDRESS:
        if (part[1].type == TW_FIELD_END) {
            random_range(program, rng, part, op);
            break;
        }
        /* fall through */
    case TW_FIELD_VALUE:
        tw_field_set(part, op, tw_gen_random_address(program, rng));
        break;
    case TW_FIELD_END: /* made with its start */
        break;
    case TW_FIELD_LENGTH:
        tw_field_set(part, op, random_length(program, rng));
        break;
    case TW_FIELD_ATTRS:
        op->attrs = tw_gen_random_attrs(rng);
        break;
    case TW_FIELD_PRIORITY:
        op->priority = (int32_t)tw_rng_below(rng, 7) - 3;
        break;
    case TW_FIELD_NUMBER:
        tw_field_set(part, op,
                     part->width == 1 ? tw_rng_below(rng, 4)
                                      : some_number(rng, part->unit));
        break;
    case TW_FIELD_SWITCH:
        random_switch(dialect, rng, part, op);
        break;
    default:
        *tw_field_byte(part, op) = random_small(program, rng, part);
        break;
    }
}

bool tw_gen_random_arg(const TwProgram *program, const TwDialect *dialect,
                       TwRng *rng, unsigned arg, TwOp *op)
{
    const TwField *parts = tw_args[arg].parts;
    bool good = true;

    for (const TwField *part = parts; part->type != TW_FIELD_NONE; part++) {
        if (part->type == TW_FIELD_ID) {
            good = random_id(program, rng, part, op);
        } else if (part->type == TW_FIELD_INDEX) {
            good = good && random_index(program, rng, part, op);
        } else {
            random_part(program, dialect, rng, part, op);
        }
    }
    if (good && parts[0].all && tw_rng_chance(rng, 25)) {
        *tw_field_byte(&parts[0], op) = TW_ALL;
    }
    return good;
}

static bool has_mpc(const TwProgram *program)
{
    unsigned i = 0;

    while (i < program->n_iommus && program->iommus[i].kind != TW_IOMMU_MPC) {
        i++;
    }
    return i < program->n_iommus;
}

bool tw_gen_random_op(const TwProgram *program, const TwDialect *dialect,
                      TwRng *rng, unsigned code, TwOp *op)
{
    const TwOpInfo *info = tw_op_info(code);

    if (info == NULL || !tw_gen_speaks(dialect, code) || code == TW_OP_PAR ||
        code == TW_OP_AND || code == TW_OP_BARRIER || code == TW_OP_END_PAR) {
        return false;
    }
    if ((code == TW_OP_MPC_READ || code == TW_OP_MPC_WRITE) &&
        !has_mpc(program)) {
        return false; /* it would be skipped */
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
