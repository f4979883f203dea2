/* SPDX-License-Identifier: MIT */
/* Which operations are well formed: operands, fields, places, parallel parts.
 */
#include "program/check.h"

#include <string.h>

#include "program/legality.h"
#include "program/ops.h"

/* Operations --------------------------------------------------------------- */

typedef struct OpCheck {
    const TwCheck *c;
    TwSpotKind kind; /* where it stands: SETUP, ACTOR or SCRIPT */
    unsigned index;
    const TwOp *op;
    TwOp rest;      /* the operation; what was looked at is zero */
    unsigned flags; /* that it may carry */
    uint8_t iommu;  /* the one that it names */
} OpCheck;

#define NO(...) tw_check_wrong(o->c, o->kind, o->index, __VA_ARGS__)

static bool has_object(const TwProgram *p, const TwField *part, unsigned id)
{
    switch (part->object) {
    case TW_OBJECT_REGION:
        return tw_has_region(p, id);
    case TW_OBJECT_SPACE:
        return tw_has_space(p, id);
    case TW_OBJECT_IOMMU:
        return tw_has_iommu(p, id);
    case TW_OBJECT_CPU:
        return tw_has_cpu(p, id) || (part->all && id == TW_ALL);
    default: /* exists by being named */
        return id < tw_objects[part->object].most;
    }
}

static bool check_id(OpCheck *o, const TwField *part)
{
    const TwObjectInfo *info = &tw_objects[part->object];
    unsigned id = (unsigned)tw_field_get(part, o->op);
    if (part->object == TW_OBJECT_IOMMU) {
        o->iommu = (uint8_t)id;
    }
    return has_object(o->c->p, part, id) ||
           NO("%s %c%u does not exist", info->name, info->letter, id);
}

/* An index of object `id`, which exists. */
static bool check_index(OpCheck *o, const TwField *part, unsigned id)
{
    const TwProgram *p = o->c->p;
    unsigned index = (unsigned)tw_field_get(part, o->op);
    if (part->object == TW_OBJECT_IOMMU) {
        return index < p->iommus[id].indexes ||
               NO("iommu i%u has no index %u", id, index);
    }
    if (index >= TW_MAX_MMU_INDEXES) {
        return NO("MMU index %u does not exist", index);
    }
    return id == TW_ALL || p->cpus[id].mmu[index].present ||
           NO("MMU index c%u.%u does not exist", id, index);
}

static bool check_end(OpCheck *o, const TwField *part)
{
    uint64_t first = tw_field_get(part - 1, o->op);
    uint64_t last = tw_field_get(part, o->op);
    if (first > last) {
        return NO("its range is not in order");
    }
    if (part->whole) {
        uint64_t low =
            (UINT64_C(1) << o->c->p->iommus[o->iommu].granule_lg) - 1;
        if ((first & low) != 0 || (last & low) != low) {
            return NO("its range is not whole granules");
        }
    }
    return true;
}

static bool check_power(OpCheck *o, uint64_t lg)
{
    const TwOp *op = o->op;
    if (lg < TW_MIN_GRANULE_LG || lg > 63) {
        return NO("a page-map entry is 2^%d to 2^63 bytes", TW_MIN_GRANULE_LG);
    }
    uint64_t low = (UINT64_C(1) << lg) - 1;
    return ((op->addr | op->out) & low) == 0 ||
           NO("its addresses are not multiples of its size");
}

static bool check_size(OpCheck *o, const TwField *part, uint64_t size)
{
    if (size < 1 || size > TW_MAX_ACCESS) {
        return NO("an access has 1 to %d bytes", TW_MAX_ACCESS);
    }
    return !part->powers || tw_is_piece_size((unsigned)size) ||
           NO("an rmw has 1, 2, 4 or 8 bytes");
}

static bool check_part(OpCheck *o, const TwField *part)
{
    uint64_t value = tw_field_get(part, o->op);
    if (part->type != TW_FIELD_SWITCH) {
        tw_field_set(part, &o->rest, 0);
    }
    switch (part->type) {
    case TW_FIELD_ID:
        return check_id(o, part);
    case TW_FIELD_INDEX:
        return check_index(o, part, (unsigned)tw_field_get(part - 1, o->op));
    case TW_FIELD_END:
        return check_end(o, part);
    case TW_FIELD_SIZE:
        return check_size(o, part, value);
    case TW_FIELD_POWER:
        return check_power(o, value);
    case TW_FIELD_BITS:
        return (value >= 1 && value <= 64) ||
               NO("1 to 64 bits are significant");
    case TW_FIELD_RIGHTS:
        return !(value & ~(uint64_t)part->mask) || NO("no such rights");
    case TW_FIELD_DIRECTION:
        return value == TW_R || value == TW_W || NO("a direction is r or w");
    case TW_FIELD_ATTRS:
        return !(value & ~(uint64_t)TW_ATTR_MASK) || NO("no such attributes");
    case TW_FIELD_SWITCH:
        o->flags |= part->mask;
        return true;
    case TW_FIELD_EVENT:
        return (value != 0 && value < 8 && (value & (value - 1)) == 0) ||
               NO("an event has exactly one kind");
    case TW_FIELD_EVENTS:
        return (value != 0 && value < 8) || NO("it asks for no event");
    case TW_FIELD_WORD:
        return value < part->count || NO("no such %s", part->noun);
    case TW_FIELD_NUMBER:
        return part->width > 1 ||
               (value >= part->least && value <= part->most) ||
               NO("expected %s", part->expected);
    default: /* any number will do */
        return true;
    }
}

/* The actors that may perform it, and the flags of accesses. */
static bool check_actor(OpCheck *o, const TwOpInfo *info)
{
    const TwOp *op = o->op;
    if (info->flags & TW_OP_CPU_ACCESS) {
        o->flags |= TW_OPF_FROM;
        o->flags |= op->code == TW_OP_RMW ? TW_OPF_EXCLUSIVE : 0;
        o->flags |= op->code == TW_OP_READ || op->code == TW_OP_WRITE
                        ? TW_OPF_PAIRED
                        : 0;
        if (op->flags & TW_OPF_FROM) {
            o->rest.from = 0;
            if (tw_contents_are_runs(o->c->p->contents)) {
                return NO("no word of runs makes an access (LA-52)");
            }
        }
        return op->actor == op->obj ||
               NO("the actor of a CPU access is its CPU");
    }
    if (info->flags & TW_OP_ACCESS) {
        o->flags |= TW_OPF_VIA;
    }
    if (info->flags & TW_OP_BOARD_ONLY) {
        if (op->actor != TW_BOARD) {
            return NO("its actor is the board");
        }
    } else if (op->actor != TW_BOARD && !tw_has_cpu(o->c->p, op->actor)) {
        return NO("its actor c%u does not exist", op->actor);
    }
    if (op->flags & o->flags & TW_OPF_VIA) {
        o->rest.other = 0;
        if (op->other >= TW_MAX_MAPPINGS) {
            return NO("mapping m%u does not exist", op->other);
        }
    }
    return true;
}

/* Whether an operation of this kind may stand where it stands. */
static bool check_place(OpCheck *o, const TwOpInfo *info)
{
    const TwProgram *p = o->c->p;
    const TwOp *op = o->op;
    switch (o->kind) {
    case TW_SPOT_SETUP:
        if (!(info->flags & TW_OP_SETUP_OK)) {
            return NO("it cannot stand in the setup");
        }
        if (op->flags & TW_OPF_NOTIFIED) {
            return NO("the setup notifies nobody");
        }
        if (op->code == TW_OP_MAP &&
            p->iommus[op->obj].kind != TW_IOMMU_TABLE) {
            return NO("iommu i%u is of another kind", op->obj);
        }
        if (op->code == TW_OP_CONTEXT &&
            p->iommus[op->obj].kind != TW_IOMMU_PAGETABLE) {
            return NO("iommu i%u is of another kind", op->obj);
        }
        if (op->code == TW_OP_POKE &&
            p->regions[op->obj].kind != TW_REGION_RAM) {
            return NO("region r%u is of another kind", op->obj);
        }
        if (op->code == TW_OP_MAP && p->spaces[op->other].late) {
            return NO("space s%u does not exist yet", op->other);
        }
        break;
    case TW_SPOT_ACTOR:
        if (!tw_op_suits_during(info)) {
            return NO("an actor offset cannot perform %s", info->name);
        }
        if (tw_op_is_dma(op) && tw_contents_are_code(p->contents)) {
            return NO("an actor offset makes no access with code contents "
                      "(LA-61)");
        }
        break;
    default:
        if (op->flags & TW_OPF_PAIRED && !tw_op_may_be_paired(p, o->index)) {
            return NO("'paired' stands after an access of the same kind, CPU, "
                      "MMU index and size, 4 or 8, that ends where it begins");
        }
        if (!(op->flags & TW_OPF_DURING)) {
            return true;
        }
        if (!tw_op_suits_during(info)) {
            return NO("it cannot be performed during an access");
        }
        if (!tw_op_may_be_during(p, o->index)) {
            return NO("'during' stands after an access only, and at most %d "
                      "times%s",
                      TW_MAX_DURING,
                      tw_op_is_dma(op)
                          ? "; of a DMA access, after one inside a page"
                          : "");
        }
        return true;
    }
    return op->actor == TW_BOARD || NO("it has no actor of its own here");
}

/* What the program's contents ask of an operation (LA-44, LA-62). */
static bool check_contents(OpCheck *o)
{
    const TwOp *op = o->op;
    bool code = tw_contents_are_code(o->c->p->contents);

    if (!tw_contents_are_words(o->c->p->contents)) {
        return true;
    }
    switch (op->code) {
    case TW_OP_WRITE:
    case TW_OP_DMA_WRITE:
    case TW_OP_RMW:
    case TW_OP_EXEC:
        return (op->size == 8 && op->addr % 8 == 0) ||
               (op->code == TW_OP_EXEC && !code) ||
               NO("it is of one whole word (LA-44, LA-62)");
    case TW_OP_ADD:
    case TW_OP_MOVE:
    case TW_OP_ALIAS_OFFSET:
        return op->addr % 8 == 0 ||
               NO("it would cut words in pieces (LA-44, LA-62)");
    case TW_OP_RESIZE:
        return op->length % 8 == 0 || op->length == UINT64_MAX ||
               NO("it would cut words in pieces (LA-44, LA-62)");
    case TW_OP_POKE:
        return !code || NO("what it stores is no code (LA-44)");
    default:
        return true;
    }
}

bool tw_check_op(const TwCheck *c, TwSpotKind kind, unsigned index,
                 const TwOp *op)
{
    OpCheck check = {c, kind, index, op, *op, 0, TW_NONE};
    OpCheck *o = &check;
    const TwOpInfo *info = tw_op_info(op->code);
    if (!info) {
        return NO("no such operation");
    }
    o->rest.code = 0;
    o->rest.actor = 0;
    o->rest.flags = 0;
    for (TwFieldAt at = tw_fields(info); at.part; tw_fields_next(&at)) {
        if (!check_part(o, at.part)) {
            return false;
        }
    }
    if (!check_actor(o, info)) {
        return false;
    }
    if (kind == TW_SPOT_SCRIPT) {
        o->flags |= TW_OPF_DURING;
    }
    if (op->flags & ~o->flags) {
        return NO("it carries a flag that it does not take");
    }
    static const TwOp zero;
    if (memcmp(&o->rest, &zero, sizeof zero) != 0) {
        return NO("it uses a field that it does not take");
    }
    return check_place(o, info) && check_contents(o);
}
#undef NO

/* Parallel parts ----------------------------------------------------------- */

/* Operations whose order does not matter to legality. */
static bool may_run_in_parallel(unsigned code)
{
    switch (code) {
    case TW_OP_NOP:
    case TW_OP_READ:
    case TW_OP_WRITE:
    case TW_OP_EXEC:
    case TW_OP_RMW:
    case TW_OP_DMA_READ:
    case TW_OP_DMA_WRITE:
    case TW_OP_PAGE:
    case TW_OP_UNPAGE:
    case TW_OP_FLUSH_PAGE:
    case TW_OP_FLUSH_RANGE:
    case TW_OP_FLUSH_INDEX:
    case TW_OP_FLUSH_ALL:
    case TW_OP_MAP:
    case TW_OP_UNMAP:
    case TW_OP_PROTECT:
    case TW_OP_NOTIFY:
    case TW_OP_NOTIFY_ALL:
    case TW_OP_MPC_READ:
    case TW_OP_MPC_WRITE:
    case TW_OP_POKE:
    case TW_OP_CONTEXT:
    case TW_OP_INVALIDATE:
        return true;
    default:
        return false;
    }
}

const char *tw_par_step(TwPar *par, const TwOp *op)
{
    switch (op->code) {
    case TW_OP_PAR:
        if (par->open) {
            return "no par inside par";
        }
        *par = (TwPar){.open = true};
        return NULL;
    case TW_OP_AND:
    case TW_OP_BARRIER:
    case TW_OP_END_PAR:
        if (!par->open) {
            return "a par before it";
        }
        if (op->code == TW_OP_AND) {
            par->has_actor = false;
        } else if (op->code == TW_OP_END_PAR) {
            par->open = false;
        }
        return NULL;
    default:
        break;
    }
    if (!par->open) {
        return NULL;
    }
    if (!may_run_in_parallel(op->code)) {
        return "an operation that can run in parallel";
    }
    if (op->code == TW_OP_NOP && op->actor == TW_BOARD) {
        return NULL;
    }
    if (par->has_actor) {
        return par->actor == op->actor ? NULL : "one actor in a part of par";
    }
    if (op->actor == TW_BOARD ? par->board : par->cpus >> op->actor & 1) {
        return "an actor that has no other part of par";
    }
    par->has_actor = true;
    par->actor = op->actor;
    if (op->actor == TW_BOARD) {
        par->board = true;
    } else {
        par->cpus |= 1u << op->actor;
    }
    return NULL;
}

void tw_op_round(const TwProgram *program, TwOp *op)
{
    switch (op->code) {
    case TW_OP_MAP:
    case TW_OP_UNMAP:
    case TW_OP_PROTECT:
        if (tw_has_iommu(program, op->obj)) {
            uint64_t low =
                (UINT64_C(1) << program->iommus[op->obj].granule_lg) - 1;
            op->addr &= ~low;
            op->last |= low;
        }
        break;
    case TW_OP_PAGE:
    case TW_OP_UNPAGE:
        if (op->lg < 64) {
            uint64_t low = (UINT64_C(1) << op->lg) - 1;
            op->addr &= ~low;
            if (op->code == TW_OP_PAGE) {
                op->out &= ~low;
            }
        }
        break;
    default:
        break;
    }
}
