/* SPDX-License-Identifier: MIT */
/*
 * Which programs are well formed.  Everything here can be said of a program
 * that stands still; what depends on the moment is in legality.c.
 */
#include "program/check.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "program/legality.h"
#include "program/ops.h"

typedef struct Check {
    const TwProgram *p;
    TwSpot *spot;
    char *why;
    size_t why_size;
} Check;

/* Says what is wrong with the object at a spot; always false. */
static bool __attribute__((format(printf, 4, 5)))
wrong(const Check *c, TwSpotKind kind, unsigned index, const char *format, ...)
{
    if (c->spot) {
        *c->spot = (TwSpot){(uint8_t)kind, (uint16_t)index};
    }
    if (!c->why || c->why_size == 0) {
        return false;
    }
    char what[128];
    va_list args;
    va_start(args, format);
    vsnprintf(what, sizeof what, format, args);
    va_end(args);
    const TwProgram *p = c->p;
    char name[40] = "";
    switch (kind) {
    case TW_SPOT_REGION:
        snprintf(name, sizeof name, "region r%u: ", index);
        break;
    case TW_SPOT_SPACE:
        snprintf(name, sizeof name, "space s%u: ", index);
        break;
    case TW_SPOT_IOMMU:
        snprintf(name, sizeof name, "iommu i%u: ", index);
        break;
    case TW_SPOT_CPU:
        snprintf(name, sizeof name, "cpu c%u: ", index);
        break;
    case TW_SPOT_MMU:
        snprintf(name, sizeof name, "mmu c%u.%u: ", index / TW_MAX_MMU_INDEXES,
                 index % TW_MAX_MMU_INDEXES);
        break;
    case TW_SPOT_ACTOR:
        snprintf(name, sizeof name, "actor %u: ", index);
        break;
    case TW_SPOT_SETUP:
    case TW_SPOT_SCRIPT: {
        bool setup = kind == TW_SPOT_SETUP;
        const TwOp *op = setup ? &p->setup[index] : &p->script[index];
        const TwOpInfo *info = tw_op_info(op->code);
        snprintf(name, sizeof name, "%s %u (%s): ",
                 setup ? "setup" : "operation", index,
                 info ? info->name : "?");
        break;
    }
    default:
        break;
    }
    snprintf(c->why, c->why_size, "%s%s", name, what);
    return false;
}

static bool has_region(const TwProgram *p, unsigned id)
{
    return id < p->n_regions && p->regions[id].kind != TW_REGION_NONE;
}

static bool has_space(const TwProgram *p, unsigned id)
{
    return id < p->n_spaces && p->spaces[id].present;
}

static bool has_iommu(const TwProgram *p, unsigned id)
{
    return id < p->n_iommus && p->iommus[id].kind != TW_IOMMU_NONE;
}

static bool has_cpu(const TwProgram *p, unsigned id)
{
    return id < p->n_cpus && p->cpus[id].present;
}

/* Regions ------------------------------------------------------------------ */

static bool is_piece_size(unsigned size)
{
    return size == 0 || size == 1 || size == 2 || size == 4 || size == 8;
}

static bool check_region(const Check *c, unsigned id)
{
    const TwProgram *p = c->p;
    const TwRegion *r = &p->regions[id];
#define NO(...) wrong(c, TW_SPOT_REGION, id, __VA_ARGS__)
    if (r->kind >= TW_REGION_KINDS) {
        return NO("no such kind");
    }
    if (r->container != TW_NONE) {
        if (!has_region(p, r->container)) {
            return NO("its container does not exist");
        }
        if (p->regions[r->container].kind == TW_REGION_ALIAS) {
            return NO("its container is an alias (MR-4)");
        }
    }
    if (r->kind == TW_REGION_ALIAS && !has_region(p, r->target)) {
        return NO("its target does not exist");
    }
    if (r->kind == TW_REGION_IOMMU) {
        if (!has_iommu(p, r->iommu)) {
            return NO("its iommu does not exist");
        }
        if (tw_program_iommu_region(p, r->iommu) != id) {
            return NO("iommu i%u has a region already", r->iommu);
        }
    }
    if (tw_region_has_block(r->kind) && r->block != id) {
        if (!has_region(p, r->block) ||
            !tw_region_has_block(p->regions[r->block].kind)) {
            return NO("its block is no region with bytes");
        }
        if (p->regions[r->block].block != r->block) {
            return NO("its block is a shared one itself");
        }
    }
    if (tw_region_has_device(r->kind)) {
        if (!is_piece_size(r->valid_min) || !is_piece_size(r->valid_max)) {
            return NO("valid sizes are 0, 1, 2, 4 or 8");
        }
        if (r->valid_max != 0 && r->valid_min > r->valid_max) {
            return NO("valid sizes are not in order");
        }
    }
#undef NO
    return true;
}

uint64_t tw_program_cycles(const TwProgram *p)
{
    uint64_t out[TW_MAX_REGIONS]; /* regions that region i leads to */
    uint64_t in[TW_MAX_REGIONS];
    uint64_t rest = 0;
    for (unsigned i = 0; i < p->n_regions; i++) {
        out[i] = in[i] = 0;
        if (p->regions[i].kind != TW_REGION_NONE) {
            rest |= UINT64_C(1) << i;
        }
    }
    for (unsigned i = 0; i < p->n_regions; i++) {
        const TwRegion *r = &p->regions[i];
        if (r->kind == TW_REGION_NONE) {
            continue;
        }
        if (has_region(p, r->container)) {
            out[r->container] |= UINT64_C(1) << i;
            in[i] |= UINT64_C(1) << r->container;
        }
        if (r->kind == TW_REGION_ALIAS && has_region(p, r->target)) {
            out[i] |= UINT64_C(1) << r->target;
            in[r->target] |= UINT64_C(1) << i;
        }
    }
    /* What has no edge out or none in is on no cycle, nor are its edges. */
    for (uint64_t before = 0; rest != before;) {
        before = rest;
        for (uint64_t left = rest; left; left &= left - 1) {
            unsigned i = (unsigned)__builtin_ctzll(left);
            if (!(out[i] & rest) || !(in[i] & rest)) {
                rest &= ~(UINT64_C(1) << i);
            }
        }
    }
    /* What is left lies on a cycle, or between two of them. */
    uint64_t cycles = 0;
    for (uint64_t left = rest; left; left &= left - 1) {
        unsigned i = (unsigned)__builtin_ctzll(left);
        uint64_t seen = 0, todo = out[i] & rest;
        while (todo) {
            unsigned k = (unsigned)__builtin_ctzll(todo);
            seen |= UINT64_C(1) << k;
            todo = (todo | (out[k] & rest)) & ~seen;
        }
        cycles |= seen & UINT64_C(1) << i;
    }
    return cycles;
}

static bool check_regions(const Check *c)
{
    const TwProgram *p = c->p;
    for (unsigned i = 0; i < p->n_regions; i++) {
        if (p->regions[i].kind != TW_REGION_NONE && !check_region(c, i)) {
            return false;
        }
    }
    uint64_t cycles = tw_program_cycles(p);
    if (cycles) {
        return wrong(c, TW_SPOT_REGION,
                     63 - (unsigned)__builtin_clzll(cycles),
                     "containers and aliases lead back to it (MR-3)");
    }
    return true;
}

/* Spaces, IOMMUs, CPUs ----------------------------------------------------- */

static bool check_spaces(const Check *c)
{
    const TwProgram *p = c->p;
    for (unsigned i = 0; i < p->n_spaces; i++) {
        if (!p->spaces[i].present) {
            continue;
        }
        unsigned root = p->spaces[i].root;
        if (!has_region(p, root)) {
            return wrong(c, TW_SPOT_SPACE, i, "its root does not exist");
        }
        if (p->regions[root].container != TW_NONE ||
            p->regions[root].addr != 0) {
            return wrong(c, TW_SPOT_SPACE, i,
                         "its root r%u has a container or an offset (FV-8)",
                         root);
        }
    }
    return true;
}

/* An MPC's look-up table is no larger than this. */
enum { MAX_MPC_BLOCKS = 1 << 16 };

static bool check_iommu(const Check *c, unsigned id)
{
    const TwProgram *p = c->p;
    const TwIommu *m = &p->iommus[id];
#define NO(...) wrong(c, TW_SPOT_IOMMU, id, __VA_ARGS__)
    if (m->kind >= TW_IOMMU_KINDS) {
        return NO("no such kind");
    }
    if (m->granule_lg < TW_MIN_GRANULE_LG ||
        m->granule_lg > TW_MAX_GRANULE_LG) {
        return NO("a granule is 2^%d to 2^%d bytes", TW_MIN_GRANULE_LG,
                  TW_MAX_GRANULE_LG);
    }
    if (m->indexes < 1 || m->indexes > TW_MAX_IOMMU_INDEXES) {
        return NO("1 to %d indexes", TW_MAX_IOMMU_INDEXES);
    }
    if (m->select >= TW_SELECTS) {
        return NO("no such selection");
    }
    unsigned region = tw_program_iommu_region(p, (uint8_t)id);
    if (region == TW_NONE) {
        return NO("no region is this iommu");
    }
    if (m->bypass_space != TW_NONE ? !has_space(p, m->bypass_space)
                                   : m->bypass) {
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
        if (!has_space(p, m->bypass_space) ||
            !has_space(p, m->blocked_space)) {
            return NO("an mpc leads to a space and blocks to another");
        }
        if (size == 0 || size % block != 0 || size == UINT64_MAX ||
            size / block > MAX_MPC_BLOCKS) {
            return NO("its region r%u is not 1 to %d whole blocks", region,
                      MAX_MPC_BLOCKS);
        }
    } else if (m->kind == TW_IOMMU_PAGETABLE) {
        unsigned bits = m->granule_lg - 3u;
        if (m->format >= TW_FORMATS) {
            return NO("no such format");
        }
        if (!has_space(p, m->bypass_space)) {
            return NO("a pagetable leads to a space");
        }
        if (!has_region(p, m->tables) ||
            p->regions[m->tables].kind != TW_REGION_RAM) {
            return NO("its tables are in no ram region");
        }
        if (m->levels < 1 || m->levels > 6 ||
            m->granule_lg + m->levels * bits > 64) {
            return NO("a pagetable has 1 to 6 levels that fit 64 bits");
        }
    }
#undef NO
    return true;
}

static bool check_cpu(const Check *c, unsigned id)
{
    const TwProgram *p = c->p;
    const TwCpu *cpu = &p->cpus[id];
    if (cpu->tlb_lg > TW_MAX_TLB_LG) {
        return wrong(c, TW_SPOT_CPU, id, "a TLB of at most %u entries",
                     1u << TW_MAX_TLB_LG);
    }
    if (cpu->victims > TW_MAX_VICTIMS) {
        return wrong(c, TW_SPOT_CPU, id, "at most %d victims", TW_MAX_VICTIMS);
    }
    for (unsigned m = 0; m < TW_MAX_MMU_INDEXES; m++) {
        unsigned index = id * TW_MAX_MMU_INDEXES + m;
        if (!cpu->mmu[m].present) {
            continue;
        }
        if (!has_space(p, cpu->mmu[m].space)) {
            return wrong(c, TW_SPOT_MMU, index, "its space does not exist");
        }
        if (p->spaces[cpu->mmu[m].space].late) {
            return wrong(c, TW_SPOT_MMU, index, "its space is late");
        }
        if (cpu->mmu[m].attrs & ~TW_ATTR_MASK) {
            return wrong(c, TW_SPOT_MMU, index, "no such attributes");
        }
    }
    return true;
}

/* Operations --------------------------------------------------------------- */

typedef struct OpCheck {
    const Check *c;
    TwSpotKind kind; /* where it stands: SETUP, ACTOR or SCRIPT */
    unsigned index;
    const TwOp *op;
    TwOp rest; /* the operation; what was looked at is zero */
    unsigned flags; /* that it may carry */
} OpCheck;

#define NO(...) wrong(o->c, o->kind, o->index, __VA_ARGS__)

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
    if (!has_cpu(p, o->op->obj)) {
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
    if (!has_iommu(p, id)) {
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
    return has_region(o->c->p, id) || NO("region r%u does not exist", id);
}

static bool check_space_operand(OpCheck *o, unsigned id)
{
    return has_space(o->c->p, id) || NO("space s%u does not exist", id);
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
        return has_cpu(o->c->p, op->obj) ||
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
        uint64_t low =
            (UINT64_C(1) << o->c->p->iommus[op->obj].granule_lg) - 1;
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
        return NO("a page-map entry is 2^%d to 2^63 bytes",
                  TW_MIN_GRANULE_LG);
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
    return !rmw || is_piece_size(size) || NO("an rmw has 1, 2, 4 or 8 bytes");
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
            !(tw_op_info(p->script[o->index - 1].code)->flags &
              TW_OP_ACCESS)) {
            return NO("'during' stands after an access only");
        }
        return true;
    }
    return op->actor == TW_BOARD || NO("it has no actor of its own here");
}

static bool check_op(const Check *c, TwSpotKind kind, unsigned index,
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
    } else if (op->actor != TW_BOARD && !has_cpu(c->p, op->actor)) {
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
    return check_place(o, info);
}
#undef NO

static bool check_actors(const Check *c)
{
    const TwProgram *p = c->p;
    for (unsigned i = 0; i < p->n_actors; i++) {
        const TwActor *actor = &p->actors[i];
        if (actor->region == TW_NONE) {
            continue;
        }
        if (!has_region(p, actor->region) ||
            !tw_region_has_device(p->regions[actor->region].kind)) {
            return wrong(c, TW_SPOT_ACTOR, i,
                         "its region is no mmio or romd region");
        }
        if (!check_op(c, TW_SPOT_ACTOR, i, &actor->op)) {
            return false;
        }
    }
    return true;
}

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

static bool check_script(const Check *c)
{
    const TwProgram *p = c->p;
    TwPar par = {0};
    unsigned opened = 0;
    for (unsigned i = 0; i < p->n_script; i++) {
        if (!check_op(c, TW_SPOT_SCRIPT, i, &p->script[i])) {
            return false;
        }
        const char *expected = tw_par_step(&par, &p->script[i]);
        if (expected) {
            return wrong(c, TW_SPOT_SCRIPT, i, "expected %s", expected);
        }
        opened = p->script[i].code == TW_OP_PAR ? i : opened;
    }
    return !par.open ||
           wrong(c, TW_SPOT_SCRIPT, opened, "expected an end-par after it");
}

/* All of it ---------------------------------------------------------------- */

static bool check_counts(const Check *c)
{
    const TwProgram *p = c->p;
    if (p->page_lg < TW_MIN_PAGE_LG || p->page_lg > TW_MAX_PAGE_LG) {
        return wrong(c, TW_SPOT_PAGE, 0, "a page is 2^%d to 2^%d bytes",
                     TW_MIN_PAGE_LG, TW_MAX_PAGE_LG);
    }
    if (p->hops < 1 || p->hops > TW_MAX_HOPS) {
        return wrong(c, TW_SPOT_HOPS, 0, "1 to %d hops", TW_MAX_HOPS);
    }
    if (p->n_regions > TW_MAX_REGIONS || p->n_spaces > TW_MAX_SPACES ||
        p->n_iommus > TW_MAX_IOMMUS || p->n_cpus > TW_MAX_CPUS ||
        p->n_actors > TW_MAX_ACTORS || p->n_setup > TW_MAX_SETUP ||
        p->n_script > TW_MAX_SCRIPT) {
        return wrong(c, TW_SPOT_VERSION, 0, "a count is too large");
    }
    return true;
}

bool tw_program_check_spot(const TwProgram *program, TwSpot *spot, char *why,
                           size_t why_size)
{
    const Check check = {program, spot, why, why_size}, *c = &check;
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
        if (!check_op(c, TW_SPOT_SETUP, i, &program->setup[i])) {
            return false;
        }
    }
    return check_script(c);
}

bool tw_program_check(const TwProgram *program, char *why, size_t why_size)
{
    return tw_program_check_spot(program, NULL, why, why_size);
}

void tw_op_round(const TwProgram *program, TwOp *op)
{
    switch (op->code) {
    case TW_OP_MAP:
    case TW_OP_UNMAP:
    case TW_OP_PROTECT:
        if (has_iommu(program, op->obj)) {
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
