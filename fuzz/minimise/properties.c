/* SPDX-License-Identifier: MIT */
/*
 * The minimiser's small steps: properties of objects and operations to their
 * defaults.  Each list of values starts with the plainest.  Only values before
 * the present one are tried, so that steps do not undo each other.
 */
#include "fuzz/minimise/passes.h"

#include "program/fields.h"
#include "program/legality.h"
#include "program/ops.h"

/* The n-th property that is made plain by a turn of its own, or NULL. */
static const TwProperty *nth_turn(const TwProperty *table, unsigned n)
{
    while (table->word && table->turn != n) {
        table++;
    }
    return table->word ? table : NULL;
}

static void make_plain(const TwProperty *property, TwProgram *p, size_t at,
                       unsigned kind)
{
    if (tw_property_fits(property, kind)) {
        tw_property_set_plain(property, (char *)p + at, TW_NONE, p->page_lg);
    }
}

static void set_zero(const TwField *field, TwProgram *p, size_t at)
{
    tw_field_set(field, (char *)p + at, 0);
}

/*
 * Sets the properties of the object at offset `at` of a program to their
 * defaults: all at once, if `together`, then one by one.
 */
static void simplify_object(TwTurns *turns, const TwProperty *table, size_t at,
                            unsigned kind, bool together)
{
    if (together) {
        TW_TURN(turns, p, {
            for (unsigned n = 1; nth_turn(table, n); n++) {
                make_plain(nth_turn(table, n), p, at, kind);
            }
        });
    }
    for (unsigned n = 1; nth_turn(table, n); n++) {
        const TwProperty *property = nth_turn(table, n);
        if (property->parts[0].type == TW_FIELD_PIECE) {
            TW_TURN(turns, p, set_zero(&property->parts[0], p, at));
            TW_TURN(turns, p, set_zero(&property->parts[1], p, at));
        } else {
            TW_TURN(turns, p, make_plain(property, p, at, kind));
        }
    }
}

static void simplify_region(TwTurns *turns, unsigned i)
{
    static const uint8_t kinds[] = {TW_REGION_RAM, TW_REGION_MMIO,
                                    TW_REGION_ROM};
    const TwRegion old = turns->best->regions[i];

    for (unsigned k = 0;
         k < sizeof(kinds) && old.kind != kinds[k] &&
         old.kind != TW_REGION_CONTAINER && old.kind != TW_REGION_IOMMU;
         k++) {
        TwRegion plain = tw_region_make((TwRegionKind)kinds[k]);
        plain.container = old.container;
        plain.addr = old.addr;
        plain.size = old.size;
        plain.priority = old.priority;
        plain.enabled = old.enabled;
        if (kinds[k] != TW_REGION_MMIO) {
            plain.block = (uint8_t)i;
        }
        TW_TURN(turns, p, p->regions[i] = plain);
    }
    simplify_object(turns, tw_region_properties,
                    offsetof(TwProgram, regions) + i * sizeof(TwRegion),
                    old.kind, true);
    if (turns->best->regions[i].priority != 0) {
        TW_TURN(turns, p, p->regions[i].priority = old.priority > 0 ? 1 : -1);
    }
    if (old.block != TW_NONE) {
        TW_TURN(turns, p, p->regions[i].block = (uint8_t)i);
    }
}

/* All uses of an index of an IOMMU become those of index 0. */
static void merge_indexes(TwOp *ops, unsigned n, uint8_t iommu)
{
    for (unsigned i = 0; i < n; i++) {
        const TwField *of =
            tw_op_indexed(tw_op_info(ops[i].code), TW_OBJECT_IOMMU);
        if (of != NULL && *tw_field_byte(of, &ops[i]) == iommu) {
            ops[i].index = 0;
        }
    }
}

static void simplify_iommu(TwTurns *turns, unsigned i)
{

    TW_TURN(turns, p, {
        p->iommus[i].indexes = 1;
        p->iommus[i].select = TW_SELECT_ZERO;
        merge_indexes(p->setup, p->n_setup, (uint8_t)i);
        merge_indexes(p->script, p->n_script, (uint8_t)i);
        for (unsigned a = 0; a < p->n_actors; a++) {
            if (p->actors[a].region != TW_NONE) {
                merge_indexes(&p->actors[a].op, 1, (uint8_t)i);
            }
        }
    });
    for (unsigned n = 1; n < turns->best->iommus[i].indexes; n++) {
        TW_TURN(turns, p, p->iommus[i].indexes = (uint8_t)n);
    }
    simplify_object(turns, tw_iommu_properties,
                    offsetof(TwProgram, iommus) + i * sizeof(TwIommu),
                    turns->best->iommus[i].kind, false);
    TW_TURN(turns, p, {
        p->iommus[i].granule_lg = p->page_lg;
        for (unsigned k = 0; k < p->n_setup; k++) {
            tw_op_round(p, &p->setup[k]);
        }
        for (unsigned k = 0; k < p->n_script; k++) {
            tw_op_round(p, &p->script[k]);
        }
        for (unsigned a = 0; a < p->n_actors; a++) {
            if (p->actors[a].region != TW_NONE) {
                tw_op_round(p, &p->actors[a].op);
            }
        }
    });
    if (turns->best->iommus[i].bypass_space != TW_NONE) {
        TW_TURN(turns, p, p->iommus[i].bypass_space = TW_NONE);
    }
    if (turns->best->iommus[i].bypass_space != TW_NONE) {
        for (unsigned s = 0; s < turns->best->iommus[i].bypass_space; s++) {
            TW_TURN(turns, p, p->iommus[i].bypass_space = (uint8_t)s);
        }
    }
}

static void simplify_cpu(TwTurns *turns, unsigned i)
{

    const TwCpu *cpu = &turns->best->cpus[i];

    /* First kinds that need no line, then small ones. */
    simplify_object(turns, tw_cpu_properties,
                    offsetof(TwProgram, cpus) + i * sizeof(TwCpu), 0, true);
    unsigned plain_lg = (unsigned)nth_turn(tw_cpu_properties, 2)->plain;
    for (unsigned lg = 0; cpu->tlb_lg != plain_lg && lg < cpu->tlb_lg; lg++) {
        TW_TURN(turns, p, p->cpus[i].tlb_lg = (uint8_t)lg);
    }
    for (unsigned n = 1; n < turns->best->cpus[i].victims; n++) {
        TW_TURN(turns, p, p->cpus[i].victims = (uint8_t)n);
    }
    for (unsigned m = 0; m < TW_MAX_MMU_INDEXES; m++) {
        if (!turns->best->cpus[i].mmu[m].present) {
            continue;
        }
        simplify_object(turns, tw_mmu_properties,
                        offsetof(TwProgram, cpus) + i * sizeof(TwCpu) +
                            offsetof(TwCpu, mmu) + m * sizeof(TwMmuIndex),
                        0, true);
        TW_TURN(turns, p, p->cpus[i].mmu[m].attrs = 0);
        if (turns->best->cpus[i].mmu[m].attrs != 0) {
            TW_TURN(turns, p, p->cpus[i].mmu[m].attrs = TW_ATTR_SECURE);
        }
        TW_TURN(turns, p, p->cpus[i].mmu[m].space = 0);
    }
}

static TwOp *op_of(TwProgram *program, bool script, unsigned i)
{
    return script ? &program->script[i] : &program->setup[i];
}

/* A more common operation, or the same one without rare flags. */
static void simplify_code(TwTurns *turns, const TwOp *old, bool script,
                          unsigned i)
{
    const TwOpInfo *info = tw_op_info(old->code);

    if (old->code == TW_OP_EXEC || old->code == TW_OP_RMW) {
        static const uint8_t codes[] = {TW_OP_READ, TW_OP_WRITE};

        for (unsigned k = 0; k < sizeof(codes); k++) {
            TW_TURN(turns, p, {
                TwOp *op = op_of(p, script, i);
                op->code = codes[k];
                op->flags &= (uint8_t)~TW_OPF_EXCLUSIVE;
            });
        }
    }
    if (old->code == TW_OP_FLUSH_RANGE) {
        TW_TURN(turns, p, {
            TwOp *op = op_of(p, script, i);
            op->code = TW_OP_FLUSH_PAGE;
            op->length = 0;
            op->bits = 0;
        });
        TW_TURN(turns, p, op_of(p, script, i)->bits = 64);
    }
    if (old->flags & TW_OPF_DURING) {
        TW_TURN(turns, p,
                op_of(p, script, i)->flags &= (uint8_t)~TW_OPF_DURING);
    }
    if (old->flags & TW_OPF_FROM) {
        TW_TURN(turns, p, {
            op_of(p, script, i)->flags &= (uint8_t)~TW_OPF_FROM;
            op_of(p, script, i)->from = 0;
        });
    }
    if (old->flags & TW_OPF_EXCLUSIVE) {
        TW_TURN(turns, p,
                op_of(p, script, i)->flags &= (uint8_t)~TW_OPF_EXCLUSIVE);
    }
    if (old->flags & TW_OPF_PAIRED) {
        TW_TURN(turns, p,
                op_of(p, script, i)->flags &= (uint8_t)~TW_OPF_PAIRED);
    }
    if (old->flags & TW_OPF_VIA) {
        TW_TURN(turns, p, {
            op_of(p, script, i)->flags &= (uint8_t)~TW_OPF_VIA;
            op_of(p, script, i)->other = 0;
        });
    }
    if (old->flags & TW_OPF_NOTIFIED) {
        TW_TURN(turns, p,
                op_of(p, script, i)->flags &= (uint8_t)~TW_OPF_NOTIFIED);
    }
    if (old->actor != TW_BOARD && !(info->flags & TW_OP_CPU_ACCESS)) {
        TW_TURN(turns, p, op_of(p, script, i)->actor = TW_BOARD);
    }
}

/* What one value of a part becomes, as a turn. */
#define SET(value) \
    TW_TURN(turns, p, tw_field_set(part, op_of(p, script, i), (value)))

static void simplify_part(TwTurns *turns, const TwOp *old, bool script,
                          unsigned i, const TwField *part)
{
    /* The plainest first: nothing before the one in use is tried twice. */
    static const uint8_t rights[] = {TW_R | TW_W | TW_X, TW_R | TW_W, TW_R};
    uint64_t value = tw_field_get(part, old);

    switch (part->type) {
    case TW_FIELD_ID:
        if (part->all && value == TW_ALL) {
            SET(0);
        }
        break;
    case TW_FIELD_SIZE:
        for (unsigned size = 1; size < value; size *= 2) {
            SET(size);
        }
        break;
    case TW_FIELD_ATTRS:
    case TW_FIELD_PRIORITY:
        if (value != 0) {
            SET(0);
        }
        break;
    case TW_FIELD_NUMBER:
        if (value > 1) {
            SET(1);
            SET(value / 2);
        }
        break;
    case TW_FIELD_RIGHTS:
        for (unsigned r = 0; r < 3 && value != rights[r]; r++) {
            if ((rights[r] & ~part->mask) == 0) {
                SET(rights[r]);
            }
        }
        break;
    case TW_FIELD_POWER:
        TW_TURN(turns, p, {
            tw_field_set(part, op_of(p, script, i), p->page_lg);
            tw_op_round(p, op_of(p, script, i));
        });
        if (value > turns->best->page_lg) {
            SET(value - 1);
        }
        break;
    case TW_FIELD_EVENTS:
        SET(TW_EVENT_UNMAP);
        break;
    default:
        break;
    }
}
#undef SET

static void simplify_op(TwTurns *turns, bool script, unsigned i)
{
    const TwOp *old = script ? &turns->best->script[i] : &turns->best->setup[i];

    simplify_code(turns, old, script, i);
    for (TwFieldAt at = tw_fields(tw_op_info(old->code)); at.part;
         tw_fields_next(&at)) {
        simplify_part(turns, old, script, i, at.part);
    }
}

void tw_pass_properties(TwTurns *turns)
{

    if (turns->best->explicit_safepoints) {
        TW_TURN(turns, p, p->explicit_safepoints = false);
    }
    TW_TURN(turns, p, p->hops = 16);
    if (turns->best->contents != TW_CONTENTS_DATA) {
        TW_TURN(turns, p, p->contents = TW_CONTENTS_DATA);
    }
    if (tw_contents_are_runs(turns->best->contents) &&
        turns->best->contents < TW_CONTENTS_INERT) {
        TW_TURN(turns, p, p->contents -= TW_CONTENTS_RUNS - TW_CONTENTS_CODE);
    }
    for (unsigned i = 0; i < turns->best->n_regions; i++) {
        if (turns->best->regions[i].kind != TW_REGION_NONE) {
            simplify_region(turns, i);
        }
    }
    for (unsigned i = 0; i < turns->best->n_spaces; i++) {
        if (turns->best->spaces[i].present && turns->best->spaces[i].late) {
            TW_TURN(turns, p, p->spaces[i].late = false);
        }
    }
    for (unsigned i = 0; i < turns->best->n_iommus; i++) {
        if (turns->best->iommus[i].kind != TW_IOMMU_NONE) {
            simplify_iommu(turns, i);
        }
    }
    for (unsigned i = 0; i < turns->best->n_cpus; i++) {
        if (turns->best->cpus[i].present) {
            simplify_cpu(turns, i);
        }
    }
    for (unsigned i = 0; i < turns->best->n_setup; i++) {
        simplify_op(turns, false, i);
    }
    for (unsigned i = 0; i < turns->best->n_script; i++) {
        simplify_op(turns, true, i);
    }
}
