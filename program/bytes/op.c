/* SPDX-License-Identifier: MIT */
/*
 * One operation record to one operation.  What an encoder writes stands for
 * itself; all other values of a byte stand for whatever makes an operation that
 * does something.
 */
#include "program/bytes/form.h"

#include <string.h>

#include "program/legality.h"

/* One operation being decoded. */
typedef struct OpIn {
    TwDecode *t;
    const uint8_t *at; /* the record */
    TwOp *op;
    TwOpPlace where;
    unsigned immediate; /* offset of the 32-bit immediate, or 0 */
} OpIn;

/* Addresses ---------------------------------------------------------------- */

static unsigned page_lg(const OpIn *o)
{
    return o->t->p->page_lg;
}

static unsigned granule_lg(const OpIn *o, unsigned iommu)
{
    return o->t->p->iommus[iommu].granule_lg;
}

/* An address inside what a page-map entry of the setup maps. */
static uint64_t mapped_address(const OpIn *o, unsigned selector, unsigned delta)
{
    const TwDecode *t = o->t;
    const TwOp *best = NULL;
    if (t->n_pages == 0) {
        return ((uint64_t)(selector & 15) << page_lg(o)) +
               (delta & ((1u << page_lg(o)) - 1));
    }
    for (unsigned i = 0; i < t->n_pages; i++) {
        best = &t->p->setup[t->pages[(selector + i) % t->n_pages]];
        if (o->op->obj == TW_ALL ||
            (best->obj == o->op->obj && best->index == o->op->index)) {
            break;
        }
    }
    uint64_t low = best->lg < 16 ? (UINT64_C(1) << best->lg) - 1 : 0xffff;
    return best->addr + (delta & low);
}

static uint64_t region_start(const OpIn *o, unsigned selector)
{
    const TwDecode *t = o->t;
    return t->regions.count > 0
               ? t->anchors.start[t->regions.ids[selector % t->regions.count]]
               : 0;
}

/* What the low half of the selectors stands for, by operand. */
static uint64_t likely_address(const OpIn *o, TwArg arg, unsigned selector,
                               unsigned delta)
{
    const TwOp *op = o->op;
    unsigned lg = page_lg(o);
    uint64_t page = (uint64_t)(selector & 15) << lg;
    switch (arg) {
    case TW_ARG_TO: /* page; context: a table root */
        return region_start(o, selector) + ((uint64_t)(delta & 3) << lg);
    case TW_ARG_TO_SPACE:
        return region_start(o, selector) +
               ((uint64_t)(delta & 3) << granule_lg(o, op->obj));
    case TW_ARG_VALUE:
        return delta;
    case TW_ARG_AT:
        return selector & 0x100 ? page + (delta & 0x70) : page;
    case TW_ARG_RANGE:
        if (op->code == TW_OP_DIRTY_CLEAR) {
            return page;
        }
        return (uint64_t)(selector & 15) << granule_lg(
                   o, op->code == TW_OP_OBSERVE ? op->other : op->obj);
    case TW_ARG_LENGTH:
        if (op->code == TW_OP_RESIZE) {
            return (UINT64_C(1) << lg) << (selector & 7) >> 1;
        }
        return page + (delta & 0xff) + 1;
    case TW_ARG_ADDR:
        switch (op->code) {
        case TW_OP_DMA_READ:
        case TW_OP_DMA_WRITE:
        case TW_OP_DMA_MAP:
            return region_start(o, selector) + (delta & 0x3ff);
        case TW_OP_POKE:
            return (delta & 0x1ff) << 3;
        case TW_OP_MPC_READ:
        case TW_OP_MPC_WRITE:
            return selector & 0x3c;
        case TW_OP_PAGE:
            return selector & 0x100 ? page : mapped_address(o, selector, delta);
        default:
            return mapped_address(o, selector, delta);
        }
    default: /* the instruction behind an access */
        return mapped_address(o, selector, delta);
    }
}

static uint64_t address(const OpIn *o, TwArg arg, unsigned offset)
{
    unsigned selector = (unsigned)tw_get(o->at + offset, 2);
    unsigned delta = (unsigned)tw_get(o->at + offset + 2, 2);
    if (selector >= TW_FORM_ANCHOR) {
        return tw_anchor_value(&o->t->in, &o->t->anchors, selector,
                               (int16_t)delta);
    }
    return likely_address(o, arg, selector, delta);
}

static void decode_range(const OpIn *o)
{
    TwOp *op = o->op;
    unsigned selector = (unsigned)tw_get(o->at + TW_FORM_LAST, 2);
    op->addr = address(o, TW_ARG_RANGE, TW_FORM_ADDR);
    if (selector >= TW_FORM_ANCHOR) {
        op->last = address(o, TW_ARG_RANGE, TW_FORM_LAST);
    } else if ((selector & 0x1f00) == 0x1f00) {
        op->last = UINT64_MAX;
    } else {
        unsigned lg = op->code == TW_OP_DIRTY_CLEAR
                          ? page_lg(o)
                          : granule_lg(o, op->code == TW_OP_OBSERVE ? op->other
                                                                    : op->obj);
        op->last = op->addr + (((uint64_t)(selector & 3) + 1) << lg) - 1;
    }
    if (op->addr > op->last) {
        uint64_t first = op->last;
        op->last = op->addr;
        op->addr = first;
    }
}

/* Objects ------------------------------------------------------------------ */

static bool pick(const TwRanks *ranks, unsigned byte, uint8_t *id)
{
    if (ranks->count == 0) {
        return false;
    }
    *id = ranks->ids[byte < ranks->count ? byte : byte % ranks->count];
    return true;
}

/* A region; bytes from 0x80 on prefer one of a kind. */
static bool pick_region(const OpIn *o, unsigned byte, uint8_t *id)
{
    const TwDecode *t = o->t;
    unsigned kind = TW_REGION_NONE;
    if (!pick(&t->regions, byte, id)) {
        return false;
    }
    switch (o->op->code) {
    case TW_OP_ROMD:
        kind = TW_REGION_ROMD;
        break;
    case TW_OP_ALIAS_OFFSET:
        kind = TW_REGION_ALIAS;
        break;
    case TW_OP_POKE:
    case TW_OP_DIRTY_LOG:
    case TW_OP_DIRTY_CLEAR:
        kind = TW_REGION_RAM;
        break;
    default:
        return true;
    }
    for (unsigned i = 0; byte >= 0x80 && i < t->regions.count; i++) {
        uint8_t next = t->regions.ids[(byte + i) % t->regions.count];
        if (t->p->regions[next].kind == kind) {
            *id = next;
            break;
        }
    }
    return true;
}

static bool pick_cpu_index(const OpIn *o)
{
    const TwDecode *t = o->t;
    TwOp *op = o->op;
    if (!pick(&t->cpus, o->at[TW_FORM_OBJ], &op->obj)) {
        return false;
    }
    const TwCpu *cpu = &t->p->cpus[op->obj];
    for (unsigned i = 0; i < TW_MAX_MMU_INDEXES; i++) {
        unsigned m = (o->at[TW_FORM_INDEX] + i) % TW_MAX_MMU_INDEXES;
        if (cpu->mmu[m].present) {
            op->index = (uint8_t)m;
            return true;
        }
    }
    return false;
}

/* The setup's maps go to IOMMUs with entries. */
static bool pick_iommu(const OpIn *o, unsigned byte, uint8_t *id, bool index)
{
    const TwDecode *t = o->t;
    if (!pick(&t->iommus, byte, id)) {
        return false;
    }
    for (unsigned i = 0; o->where == TW_IN_SETUP; i++) {
        if (i == t->iommus.count) {
            return false;
        }
        *id = t->iommus.ids[(byte + i) % t->iommus.count];
        if (t->p->iommus[*id].kind == TW_IOMMU_TABLE) {
            break;
        }
    }
    if (index) {
        o->op->index = o->at[TW_FORM_INDEX] % t->p->iommus[*id].indexes;
    }
    return true;
}

static bool pick_space(const OpIn *o, unsigned byte, uint8_t *id)
{
    const TwDecode *t = o->t;
    if (!pick(&t->spaces, byte, id)) {
        return false;
    }
    for (unsigned i = 0; o->where == TW_IN_SETUP; i++) {
        if (i == t->spaces.count) {
            return false;
        }
        *id = t->spaces.ids[(byte + i) % t->spaces.count];
        if (!t->p->spaces[*id].late) {
            break;
        }
    }
    return true;
}

static bool decode_object(const OpIn *o, TwArg arg)
{
    TwOp *op = o->op;
    unsigned obj = o->at[TW_FORM_OBJ], other = o->at[TW_FORM_OTHER];
    switch (arg) {
    case TW_ARG_CPU_OR_ALL:
        if (obj >= 0xe0) {
            op->obj = TW_ALL;
            return true;
        }
        /* fall through */
    case TW_ARG_CPU:
        return pick(&o->t->cpus, obj, &op->obj);
    case TW_ARG_ANY_CPU_INDEX:
        if (obj >= 0xe0) {
            op->obj = TW_ALL;
            op->index = o->at[TW_FORM_INDEX] % TW_MAX_MMU_INDEXES;
            return true;
        }
        /* fall through */
    case TW_ARG_CPU_INDEX:
        return pick_cpu_index(o);
    case TW_ARG_IOMMU:
        return pick_iommu(o, obj, &op->obj, false);
    case TW_ARG_IOMMU_INDEX:
        return pick_iommu(o, obj, &op->obj, true);
    case TW_ARG_OF_IOMMU:
        return pick_iommu(o, other, &op->other, true);
    case TW_ARG_REGION:
        return pick_region(o, obj, &op->obj);
    case TW_ARG_IN_REGION:
        return pick(&o->t->regions, other, &op->other);
    case TW_ARG_SPACE:
        return pick_space(o, obj, &op->obj);
    case TW_ARG_OF_SPACE:
        return pick_space(o, other, &op->other);
    case TW_ARG_TO_SPACE:
        op->out = address(o, arg, TW_FORM_OUT);
        return pick_space(o, other, &op->other);
    case TW_ARG_OBSERVER:
        op->obj = (uint8_t)(obj % TW_MAX_OBSERVERS);
        return true;
    default:
        op->obj = (uint8_t)(obj % TW_MAX_MAPPINGS);
        return true;
    }
}

/* Small things ------------------------------------------------------------- */

static void decode_immediate(const OpIn *o, TwArg arg)
{
    static const TwAttrs likely[4] = {0, TW_ATTR_SECURE, TW_ATTR_USER,
                                      TW_ATTR_UNSPECIFIED};
    TwOp *op = o->op;
    uint32_t value = (uint32_t)tw_get(o->at + o->immediate, 4);
    bool raw = o->at[TW_FORM_PERM] & TW_FORM_RAW;
    switch (arg) {
    case TW_ARG_PRIO:
        op->priority = raw ? (int32_t)value : (int32_t)(value % 7) - 3;
        break;
    case TW_ARG_COUNT:
        op->count = raw ? value : value & 0xff;
        break;
    default:
        op->attrs = raw ? value & TW_ATTR_MASK
                    : (value & 4) || o->t->n_attrs == 0
                        ? likely[value & 3]
                        : o->t->attrs[(value >> 3) % o->t->n_attrs];
        break;
    }
}

static void decode_small(const OpIn *o, TwArg arg)
{
    static const uint8_t sizes[8] = {1, 2, 4, 8, 4, 8, 2, 1};
    static const int8_t page_sizes[8] = {0, 0, 0, 0, 1, 2, 3, -1};
    static const uint8_t rights[8] = {7, 7, 3, 5, 1, 7, 3, 7};
    static const uint8_t iommu_rights[8] = {3, 3, 1, 3, 2, 3, 3, 1};
    TwOp *op = o->op;
    unsigned size = o->at[TW_FORM_SIZE], perm = o->at[TW_FORM_PERM];
    bool exact = perm & TW_FORM_EXACT;
    int lg;
    switch (arg) {
    case TW_ARG_SIZE:
        op->size = size < 0x80 ? sizes[size & 7] : (uint8_t)((size & 7) + 1);
        break;
    case TW_ARG_RMW_SIZE:
        op->size = (uint8_t)(1u << (size & 3));
        break;
    case TW_ARG_OF_SIZE:
        lg = size < 0x80 ? (int)page_lg(o) + page_sizes[size & 7]
                         : (int)(size & 63);
        op->lg = (uint8_t)(lg < TW_MIN_GRANULE_LG ? TW_MIN_GRANULE_LG : lg);
        break;
    case TW_ARG_BITS:
        op->lg = size < 0x80 ? 64 : (uint8_t)((size & 63) + 1);
        break;
    case TW_ARG_PERM:
        op->perm = exact ? perm & 7 : rights[perm & 7];
        break;
    case TW_ARG_IOMMU_PERM:
        op->perm = exact ? perm & 3 : iommu_rights[perm & 7];
        break;
    case TW_ARG_DIRECTION:
        op->perm = perm & 1 ? TW_W : TW_R;
        break;
    case TW_ARG_EVENT:
        op->kinds = (uint8_t)(1u << (perm & 63) % 3);
        break;
    case TW_ARG_EVENTS:
        op->kinds = perm & 7 ? perm & 7 : TW_EVENT_UNMAP;
        break;
    default: /* TW_ARG_SCOPE */
        op->kinds = perm & 3;
        break;
    }
}

static bool decode_arg(const OpIn *o, TwArg arg)
{
    TwOp *op = o->op;
    switch (arg) {
    case TW_ARG_ADDR:
    case TW_ARG_AT:
        op->addr = address(o, arg, TW_FORM_ADDR);
        return true;
    case TW_ARG_RANGE:
        decode_range(o);
        return true;
    case TW_ARG_LENGTH:
        op->last = address(o, arg, TW_FORM_LAST);
        return true;
    case TW_ARG_TO:
    case TW_ARG_VALUE:
        op->out = address(o, arg, TW_FORM_OUT);
        return true;
    case TW_ARG_NOTIFIED:
        op->flags |= o->where == TW_IN_SETUP
                         ? 0
                         : o->at[TW_FORM_FLAGS] & TW_OPF_NOTIFIED;
        return true;
    case TW_ARG_ON:
        op->flags |= o->at[TW_FORM_FLAGS] & TW_OPF_ON;
        return true;
    case TW_ARG_PRIO:
    case TW_ARG_COUNT:
    case TW_ARG_ATTRS:
        decode_immediate(o, arg);
        return true;
    case TW_ARG_SIZE:
    case TW_ARG_RMW_SIZE:
    case TW_ARG_OF_SIZE:
    case TW_ARG_BITS:
    case TW_ARG_PERM:
    case TW_ARG_IOMMU_PERM:
    case TW_ARG_DIRECTION:
    case TW_ARG_EVENT:
    case TW_ARG_EVENTS:
    case TW_ARG_SCOPE:
        decode_small(o, arg);
        return true;
    default:
        return decode_object(o, arg);
    }
}

/* Operations --------------------------------------------------------------- */

static bool admits_code(const TwDecode *t, unsigned code, TwOpPlace where)
{
    return code == TW_OP_NOP ||
           (where == TW_IN_SETUP ? tw_ops_has(&t->d->ops, code)
                                 : tw_dialect_speaks(t->d, code));
}

static unsigned decode_code(const TwDecode *t, unsigned byte, TwOpPlace where)
{
#define O(x) TW_OP_##x
    static const uint8_t often[64] = {
        O(READ),        O(READ),        O(READ),         O(READ),
        O(READ),        O(READ),        O(READ),         O(READ),
        O(READ),        O(READ),        O(WRITE),        O(WRITE),
        O(WRITE),       O(WRITE),       O(WRITE),        O(WRITE),
        O(WRITE),       O(WRITE),       O(EXEC),         O(EXEC),
        O(RMW),         O(RMW),         O(DMA_READ),     O(DMA_READ),
        O(DMA_READ),    O(DMA_WRITE),   O(DMA_WRITE),    O(DMA_WRITE),
        O(MAP),         O(MAP),         O(MAP),          O(MAP),
        O(UNMAP),       O(UNMAP),       O(UNMAP),        O(UNMAP),
        O(UNMAP),       O(PROTECT),     O(PROTECT),      O(NOTIFY),
        O(NOTIFY),      O(NOTIFY_ALL),  O(PAGE),         O(PAGE),
        O(PAGE),        O(UNPAGE),      O(FLUSH_PAGE),   O(FLUSH_PAGE),
        O(FLUSH_RANGE), O(FLUSH_INDEX), O(FLUSH_ALL),    O(SAFEPOINT),
        O(ADD),         O(ADD),         O(DEL),          O(DEL),
        O(MOVE),        O(RESIZE),      O(ENABLE),       O(ENABLE),
        O(PRIORITY),    O(READONLY),    O(ALIAS_OFFSET), O(COMMIT)};
    static const uint8_t fallback[] = {O(READ), O(WRITE), O(DMA_READ)};
#undef O
    unsigned code = byte;
    if (byte >= 0x80 || byte >= TW_OP_CODES || !admits_code(t, byte, where)) {
        code = often[byte & 63];
    }
    if (where == TW_IN_SETUP && !(tw_op_info(code)->flags & TW_OP_SETUP_OK)) {
        code = byte & 1 ? TW_OP_MAP : TW_OP_PAGE;
    }
    if (where == TW_IN_ACTOR && !(tw_op_info(code)->flags & TW_OP_ACTOR_OK)) {
        code = byte & 1 ? TW_OP_UNMAP : TW_OP_MAP;
    }
    if (admits_code(t, code, where)) {
        return code;
    }
    for (unsigned i = 0; where == TW_IN_SCRIPT && i < sizeof fallback; i++) {
        if (admits_code(t, fallback[i], where)) {
            return fallback[i];
        }
    }
    return TW_OP_NOP;
}

static void decode_actor(const OpIn *o, const TwOpInfo *info)
{
    TwOp *op = o->op;
    unsigned byte = o->at[TW_FORM_ACTOR];
    op->actor = TW_BOARD;
    if (info->flags & TW_OP_CPU_ACCESS) {
        op->actor = op->obj;
    } else if (o->where == TW_IN_SCRIPT && !(info->flags & TW_OP_BOARD_ONLY) &&
               byte < 0x80) {
        pick(&o->t->cpus, byte, &op->actor);
    }
}

/* Flags that most operations do without. */
static void decode_rare_flags(const OpIn *o, const TwOpInfo *info)
{
    TwOp *op = o->op;
    unsigned flags = o->at[TW_FORM_FLAGS] & o->t->d->op_flags;
    if (o->where != TW_IN_SCRIPT || !(o->at[TW_FORM_FLAGS] & TW_FORM_FLAG)) {
        return;
    }
    if ((flags & TW_OPF_FROM) && (info->flags & TW_OP_CPU_ACCESS)) {
        op->flags |= TW_OPF_FROM;
        op->out = address(o, TW_ARG_END, TW_FORM_OUT);
    }
    if ((flags & TW_OPF_VIA) && (info->flags & TW_OP_ACCESS) &&
        !(info->flags & TW_OP_CPU_ACCESS)) {
        op->flags |= TW_OPF_VIA;
        op->other = o->at[TW_FORM_OTHER] % TW_MAX_MAPPINGS;
    }
    if ((flags & TW_OPF_DURING) && (info->flags & TW_OP_ACTOR_OK)) {
        op->flags |= TW_OPF_DURING; /* decode_script() looks what is before */
    }
}

bool tw_decode_op(TwDecode *t, const uint8_t *at, TwOpPlace where, TwOp *op)
{
    memset(op, 0, sizeof *op);
    op->code = (uint8_t)decode_code(t, at[TW_FORM_CODE], where);
    const TwOpInfo *info = tw_op_info(op->code);
    OpIn in = {t, at, op, where, tw_form_immediate(info)};
    for (unsigned i = 0; info->args[i] != TW_ARG_END; i++) {
        if (!decode_arg(&in, (TwArg)info->args[i])) {
            *op = (TwOp){.code = TW_OP_NOP, .actor = TW_BOARD};
            return false;
        }
    }
    op->flags &= t->d->op_flags;
    decode_actor(&in, info);
    decode_rare_flags(&in, info);
    tw_op_round(t->p, op);
    tw_dialect_fit_op(t->d, t->p, op);
    return true;
}
