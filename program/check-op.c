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
} OpCheck;

#define NO(...) tw_check_wrong(o->c, o->kind, o->index, __VA_ARGS__)

static bool check_cpu_index(OpCheck *o, bool all)
{
    const TwProgram *p = o->c->p;
    unsigned index = o->op->index;
    o->rest.index = 0;
    if (index >= TW_MAX_MMU_INDEXES) {
        return NO("MMU index %u does not exist", index);
    }
    if (all && o->op->obj == TW_ALL) {
        return true;
    }
    if (!tw_has_cpu(p, o->op->obj)) {
        return NO("cpu c%u does not exist", o->op->obj);
    }
    if (!p->cpus[o->op->obj].mmu[index].present) {
        return NO("MMU index c%u.%u does not exist", o->op->obj, index);
    }
    return true;
}

static bool check_iommu_index(OpCheck *o, unsigned id, bool index)
{
    const TwProgram *p = o->c->p;
    if (!tw_has_iommu(p, id)) {
        return NO("iommu i%u does not exist", id);
    }
    if (index) {
        o->rest.index = 0;
        if (o->op->index >= p->iommus[id].indexes) {
            return NO("iommu i%u has no index %u", id, o->op->index);
        }
    }
    return true;
}

static bool check_region_operand(OpCheck *o, unsigned id)
{
    return tw_has_region(o->c->p, id) || NO("region r%u does not exist", id);
}

static bool check_space_operand(OpCheck *o, unsigned id)
{
    return tw_has_space(o->c->p, id) || NO("space s%u does not exist", id);
}

/* Operands that name an object. */
static bool check_object(OpCheck *o, TwArg arg)
{
    const TwOp *op = o->op;
    switch (arg) {
    case TW_ARG_OF_IOMMU:
    case TW_ARG_IN_REGION:
    case TW_ARG_OF_SPACE:
    case TW_ARG_TO_SPACE:
        o->rest.other = 0;
        break;
    default:
        o->rest.obj = 0;
        break;
    }
    switch (arg) {
    case TW_ARG_CPU_OR_ALL:
        if (op->obj == TW_ALL) {
            return true;
        }
        /* fall through */
    case TW_ARG_CPU:
        return tw_has_cpu(o->c->p, op->obj) ||
               NO("cpu c%u does not exist", op->obj);
    case TW_ARG_CPU_INDEX:
        return check_cpu_index(o, false);
    case TW_ARG_ANY_CPU_INDEX:
        return check_cpu_index(o, true);
    case TW_ARG_IOMMU:
        return check_iommu_index(o, op->obj, false);
    case TW_ARG_IOMMU_INDEX:
        return check_iommu_index(o, op->obj, true);
    case TW_ARG_OF_IOMMU:
        return check_iommu_index(o, op->other, true);
    case TW_ARG_REGION:
        return check_region_operand(o, op->obj);
    case TW_ARG_IN_REGION:
        return check_region_operand(o, op->other);
    case TW_ARG_SPACE:
        return check_space_operand(o, op->obj);
    case TW_ARG_OF_SPACE:
    case TW_ARG_TO_SPACE:
        o->rest.out = arg == TW_ARG_TO_SPACE ? 0 : o->rest.out;
        return check_space_operand(o, op->other);
    case TW_ARG_OBSERVER:
        return op->obj < TW_MAX_OBSERVERS ||
               NO("observer o%u does not exist", op->obj);
    default:
        return op->obj < TW_MAX_MAPPINGS ||
               NO("mapping m%u does not exist", op->obj);
    }
}

static bool check_range(OpCheck *o)
{
    const TwOp *op = o->op;
    o->rest.addr = o->rest.last = 0;
    if (op->addr > op->last) {
        return NO("its range is not in order");
    }
    if (op->code == TW_OP_MAP || op->code == TW_OP_UNMAP ||
        op->code == TW_OP_PROTECT) {
        uint64_t low = (UINT64_C(1) << o->c->p->iommus[op->obj].granule_lg) - 1;
        if ((op->addr & low) != 0 || (op->last & low) != low) {
            return NO("its range is not whole granules");
        }
    }
    return true;
}

static bool check_of_size(OpCheck *o)
{
    const TwOp *op = o->op;
    o->rest.lg = 0;
    if (op->lg < TW_MIN_GRANULE_LG || op->lg > 63) {
        return NO("a page-map entry is 2^%d to 2^63 bytes", TW_MIN_GRANULE_LG);
    }
    uint64_t low = (UINT64_C(1) << op->lg) - 1;
    if ((op->addr & low) != 0 ||
        (op->code == TW_OP_PAGE && (op->out & low) != 0)) {
        return NO("its addresses are not multiples of its size");
    }
    return true;
}

static bool check_perm(OpCheck *o, unsigned most)
{
    o->rest.perm = 0;
    return !(o->op->perm & ~most) || NO("no such rights");
}

static bool check_size(OpCheck *o, bool rmw)
{
    unsigned size = o->op->size;
    o->rest.size = 0;
    if (size < 1 || size > TW_MAX_ACCESS) {
        return NO("an access has 1 to %d bytes", TW_MAX_ACCESS);
    }
    return !rmw || tw_is_piece_size(size) ||
           NO("an rmw has 1, 2, 4 or 8 bytes");
}

static bool check_kinds(OpCheck *o, TwArg arg)
{
    unsigned kinds = o->op->kinds;
    o->rest.kinds = 0;
    switch (arg) {
    case TW_ARG_SCOPE:
        return kinds < TW_SCOPES || NO("no such scope");
    case TW_ARG_EVENT:
        return (kinds != 0 && kinds < 8 && (kinds & (kinds - 1)) == 0) ||
               NO("an event has exactly one kind");
    default:
        return (kinds != 0 && kinds < 8) || NO("it asks for no event");
    }
}

static bool check_arg(OpCheck *o, TwArg arg)
{
    const TwOp *op = o->op;
    switch (arg) {
    case TW_ARG_ADDR:
    case TW_ARG_AT:
        o->rest.addr = 0;
        return true;
    case TW_ARG_RANGE:
        return check_range(o);
    case TW_ARG_LENGTH:
        o->rest.last = 0;
        return true;
    case TW_ARG_SIZE:
        return check_size(o, false);
    case TW_ARG_RMW_SIZE:
        return check_size(o, true);
    case TW_ARG_TO:
    case TW_ARG_VALUE:
        o->rest.out = 0;
        return true;
    case TW_ARG_OF_SIZE:
        return check_of_size(o);
    case TW_ARG_BITS:
        o->rest.lg = 0;
        return (op->lg >= 1 && op->lg <= 64) ||
               NO("1 to 64 bits are significant");
    case TW_ARG_PERM:
        return check_perm(o, TW_R | TW_W | TW_X);
    case TW_ARG_IOMMU_PERM:
        return check_perm(o, TW_R | TW_W);
    case TW_ARG_DIRECTION:
        o->rest.perm = 0;
        return op->perm == TW_R || op->perm == TW_W ||
               NO("a direction is r or w");
    case TW_ARG_ATTRS:
        o->rest.attrs = 0;
        return !(op->attrs & ~TW_ATTR_MASK) || NO("no such attributes");
    case TW_ARG_NOTIFIED:
        o->flags |= TW_OPF_NOTIFIED;
        return true;
    case TW_ARG_ON:
        o->flags |= TW_OPF_ON;
        return true;
    case TW_ARG_PRIO:
        o->rest.priority = 0;
        return true;
    case TW_ARG_EVENT:
    case TW_ARG_EVENTS:
    case TW_ARG_SCOPE:
        return check_kinds(o, arg);
    case TW_ARG_COUNT:
        o->rest.count = 0;
        return true;
    default:
        return check_object(o, arg);
    }
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
        if (op->code == TW_OP_MAP && p->spaces[op->other].late) {
            return NO("space s%u does not exist yet", op->other);
        }
        break;
    case TW_SPOT_ACTOR:
        if (!(info->flags & TW_OP_ACTOR_OK)) {
            return NO("an actor offset cannot perform %s", info->name);
        }
        break;
    default:
        if (!(op->flags & TW_OPF_DURING)) {
            return true;
        }
        if (!(info->flags & TW_OP_ACTOR_OK)) {
            return NO("it cannot be performed during an access");
        }
        if (o->index == 0 ||
            !(tw_op_info(p->script[o->index - 1].code)->flags & TW_OP_ACCESS)) {
            return NO("'during' stands after an access only");
        }
        return true;
    }
    return op->actor == TW_BOARD || NO("it has no actor of its own here");
}

/* What the program's contents ask of an operation (LA-44). */
static bool check_contents(OpCheck *o)
{
    const TwOp *op = o->op;
    if (o->c->p->contents != TW_CONTENTS_CODE) {
        return true;
    }
    switch (op->code) {
    case TW_OP_WRITE:
    case TW_OP_DMA_WRITE:
    case TW_OP_RMW:
    case TW_OP_EXEC:
        return (op->size == 8 && op->addr % 8 == 0) ||
               NO("it is of one whole code word (LA-44)");
    case TW_OP_ADD:
    case TW_OP_MOVE:
    case TW_OP_ALIAS_OFFSET:
        return op->addr % 8 == 0 ||
               NO("it would cut code words in pieces (LA-44)");
    case TW_OP_RESIZE:
        return op->last % 8 == 0 || op->last == UINT64_MAX ||
               NO("it would cut code words in pieces (LA-44)");
    case TW_OP_POKE:
        return NO("what it stores is no code (LA-44)");
    default:
        return true;
    }
}

bool tw_check_op(const TwCheck *c, TwSpotKind kind, unsigned index,
                 const TwOp *op)
{
    OpCheck check = {c, kind, index, op, *op, 0};
    OpCheck *o = &check;
    const TwOpInfo *info = tw_op_info(op->code);
    if (!info) {
        return NO("no such operation");
    }
    o->rest.code = 0;
    o->rest.actor = 0;
    o->rest.flags = 0;
    for (unsigned i = 0; info->args[i] != TW_ARG_END; i++) {
        if (!check_arg(o, info->args[i])) {
            return false;
        }
    }
    if (info->flags & TW_OP_CPU_ACCESS) {
        o->flags |= TW_OPF_FROM;
        if (op->flags & TW_OPF_FROM) {
            o->rest.out = 0;
        }
        if (op->actor != op->obj) {
            return NO("the actor of a CPU access is its CPU");
        }
    } else if (info->flags & TW_OP_BOARD_ONLY) {
        if (op->actor != TW_BOARD) {
            return NO("its actor is the board");
        }
    } else if (op->actor != TW_BOARD && !tw_has_cpu(c->p, op->actor)) {
        return NO("its actor c%u does not exist", op->actor);
    }
    if (op->code == TW_OP_DMA_READ || op->code == TW_OP_DMA_WRITE) {
        o->flags |= TW_OPF_VIA;
        if (op->flags & TW_OPF_VIA) {
            o->rest.other = 0;
            if (op->other >= TW_MAX_MAPPINGS) {
                return NO("mapping m%u does not exist", op->other);
            }
        }
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
