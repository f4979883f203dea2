/* SPDX-License-Identifier: MIT */
/*
 * Decodes one operation record to one operation.  The values that the encoder
 * writes are exact; all others give a likely operation, one that has an effect.
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
    uint8_t iommu;      /* the one that it names */
} OpIn;

/* Addresses ---------------------------------------------------------------- */

static unsigned page_lg(const OpIn *o)
{
    return o->t->p->page_lg;
}

static unsigned granule_lg(const OpIn *o)
{
    return o->t->p->iommus[o->iommu].granule_lg;
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
static uint64_t likely_address(const OpIn *o, unsigned likely,
                               unsigned selector, unsigned delta)
{
    unsigned lg = page_lg(o);
    uint64_t page = (uint64_t)(selector & 15) << lg;
    switch (likely) {
    case TW_LIKELY_IN_REGION:
        return region_start(o, selector) + (delta & 0x3ff);
    case TW_LIKELY_REGION_PAGE:
        return region_start(o, selector) + ((uint64_t)(delta & 3) << lg);
    case TW_LIKELY_REGION_GRANULE:
        return region_start(o, selector) +
               ((uint64_t)(delta & 3) << granule_lg(o));
    case TW_LIKELY_WORD:
        return (delta & 0x1ff) << 3;
    case TW_LIKELY_REGISTER:
        return selector & 0x3c;
    case TW_LIKELY_OFFSET:
        return selector & 0x100 ? page + (delta & 0x70) : page;
    case TW_LIKELY_PAGE:
        return page;
    case TW_LIKELY_GRANULE:
        return (uint64_t)(selector & 15) << granule_lg(o);
    case TW_LIKELY_LENGTH:
        return page + (delta & 0xff) + 1;
    case TW_LIKELY_SIZE:
        return (UINT64_C(1) << lg) << (selector & 7) >> 1;
    case TW_LIKELY_DELTA:
        return delta;
    case TW_LIKELY_PAGE_OR_MAPPED:
        if (selector & 0x100) {
            return page;
        }
        /* fall through */
    default:
        return mapped_address(o, selector, delta);
    }
}

static uint64_t address(const OpIn *o, unsigned likely, unsigned offset)
{
    unsigned selector = (unsigned)tw_get(o->at + offset, 2);
    unsigned delta = (unsigned)tw_get(o->at + offset + 2, 2);
    if (selector >= TW_FORM_ANCHOR) {
        return tw_anchor_value(&o->t->in, &o->t->anchors, selector,
                               (int16_t)delta);
    }
    return likely_address(o, likely, selector, delta);
}

/* The end of the range whose start was decoded, which may be before it. */
static void decode_end(const OpIn *o, const TwField *part)
{
    unsigned selector = (unsigned)tw_get(o->at + TW_FORM_LAST, 2);
    uint64_t *first = tw_field_long(part - 1, o->op);
    uint64_t *last = tw_field_long(part, o->op);
    if (selector >= TW_FORM_ANCHOR) {
        *last = address(o, part->likely, TW_FORM_LAST);
    } else if ((selector & 0x1f00) == 0x1f00) {
        *last = UINT64_MAX;
    } else {
        unsigned lg =
            part->likely == TW_LIKELY_PAGE ? page_lg(o) : granule_lg(o);
        *last = *first + (((uint64_t)(selector & 3) + 1) << lg) - 1;
    }
    if (*first > *last) {
        uint64_t end = *first;
        *first = *last;
        *last = end;
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

/* A region; bytes from 0x80 on prefer one of a kind that the operand is for. */
static bool pick_region(const OpIn *o, const TwField *part, unsigned byte,
                        uint8_t *id)
{
    const TwDecode *t = o->t;
    if (!pick(&t->regions, byte, id)) {
        return false;
    }
    if (part->region_kinds == 0 || part->percent != 0) {
        return true;
    }
    bool must = o->where == TW_IN_SETUP;
    for (unsigned i = 0; (byte >= 0x80 || must) && i < t->regions.count; i++) {
        uint8_t next = t->regions.ids[(byte + i) % t->regions.count];
        if (part->region_kinds >> t->p->regions[next].kind & 1) {
            *id = next;
            return true;
        }
    }
    return !must;
}

/* The setup's maps go to IOMMUs with entries, its contexts to those with tables
 * in RAM. */
static bool pick_iommu(const OpIn *o, unsigned byte, uint8_t *id)
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
        if (t->p->iommus[*id].kind == (o->op->code == TW_OP_CONTEXT
                                           ? TW_IOMMU_PAGETABLE
                                           : TW_IOMMU_TABLE)) {
            break;
        }
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

static bool decode_id(OpIn *o, const TwField *part)
{
    uint8_t *id = tw_field_byte(part, o->op);
    unsigned byte = o->at[tw_form_place(part)];
    switch (part->object) {
    case TW_OBJECT_CPU:
        if (part->all && byte >= 0xe0) {
            *id = TW_ALL;
            return true;
        }
        return pick(&o->t->cpus, byte, id);
    case TW_OBJECT_IOMMU:
        if (!pick_iommu(o, byte, id)) {
            return false;
        }
        o->iommu = *id;
        return true;
    case TW_OBJECT_REGION:
        return pick_region(o, part, byte, id);
    case TW_OBJECT_SPACE:
        return pick_space(o, byte, id);
    default: /* exists by being named */
        *id = (uint8_t)(byte % tw_objects[part->object].most);
        return true;
    }
}

/* An index of the object before it. */
static bool decode_index(const OpIn *o, const TwField *part)
{
    unsigned id = *tw_field_byte(part - 1, o->op);
    uint8_t *index = tw_field_byte(part, o->op);
    unsigned byte = o->at[TW_FORM_INDEX];
    if (part->object == TW_OBJECT_IOMMU) {
        *index = (uint8_t)(byte % o->t->p->iommus[id].indexes);
        return true;
    }
    if (id == TW_ALL) {
        *index = (uint8_t)(byte % TW_MAX_MMU_INDEXES);
        return true;
    }
    for (unsigned i = 0; i < TW_MAX_MMU_INDEXES; i++) {
        unsigned m = (byte + i) % TW_MAX_MMU_INDEXES;
        if (o->t->p->cpus[id].mmu[m].present) {
            *index = (uint8_t)m;
            return true;
        }
    }
    return false;
}

/* Small things ------------------------------------------------------------- */

static void decode_immediate(const OpIn *o, const TwField *part)
{
    static const TwAttrs likely[4] = {0, TW_ATTR_SECURE, TW_ATTR_USER,
                                      TW_ATTR_UNSPECIFIED};
    uint32_t value = (uint32_t)tw_get(o->at + o->immediate, 4);
    bool raw = o->at[TW_FORM_PERM] & TW_FORM_RAW;
    switch (part->type) {
    case TW_FIELD_PRIORITY:
        value = raw ? value : value % 7 - 3;
        break;
    case TW_FIELD_NUMBER:
        value = raw ? value : value & 0xff;
        break;
    default: /* TW_FIELD_ATTRS */
        value = raw ? value & TW_ATTR_MASK
                : (value & 4) || o->t->n_attrs == 0
                    ? likely[value & 3]
                    : o->t->attrs[(value >> 3) % o->t->n_attrs];
        break;
    }
    tw_field_set(part, o->op, value);
}

static uint8_t small_value(const OpIn *o, const TwField *part)
{
    static const uint8_t sizes[8] = {1, 2, 4, 8, 4, 8, 2, 1};
    static const int8_t page_sizes[8] = {0, 0, 0, 0, 1, 2, 3, -1};
    static const uint8_t rights[8] = {7, 7, 3, 5, 1, 7, 3, 7};
    static const uint8_t iommu_rights[8] = {3, 3, 1, 3, 2, 3, 3, 1};
    unsigned size = o->at[TW_FORM_SIZE], perm = o->at[TW_FORM_PERM];
    int lg;
    switch (part->type) {
    case TW_FIELD_SIZE:
        return part->powers  ? (uint8_t)(1u << (size & 3))
               : size < 0x80 ? sizes[size & 7]
                             : (uint8_t)((size & 7) + 1);
    case TW_FIELD_POWER:
        lg = size < 0x80 ? (int)page_lg(o) + page_sizes[size & 7]
                         : (int)(size & 63);
        return (uint8_t)(lg < TW_MIN_GRANULE_LG ? TW_MIN_GRANULE_LG : lg);
    case TW_FIELD_BITS:
        return size < 0x80 ? 64 : (uint8_t)((size & 63) + 1);
    case TW_FIELD_RIGHTS:
        return perm & TW_FORM_EXACT ? perm & part->mask
               : part->mask & TW_X  ? rights[perm & 7]
                                    : iommu_rights[perm & 7];
    case TW_FIELD_DIRECTION:
        return perm & 1 ? TW_W : TW_R;
    case TW_FIELD_EVENT:
        return (uint8_t)(1u << (perm & 63) % 3);
    case TW_FIELD_EVENTS:
        return perm & 7 ? perm & 7 : TW_EVENT_UNMAP;
    default: /* TW_FIELD_WORD */
        return (uint8_t)((perm & 63) % part->count);
    }
}

static bool decode_part(OpIn *o, const TwField *part)
{
    switch (part->type) {
    case TW_FIELD_ID:
        return decode_id(o, part);
    case TW_FIELD_INDEX:
        return decode_index(o, part);
    case TW_FIELD_ADDRESS:
    case TW_FIELD_LENGTH:
    case TW_FIELD_VALUE:
        *tw_field_long(part, o->op) =
            address(o, part->likely, tw_form_place(part));
        return true;
    case TW_FIELD_END:
        decode_end(o, part);
        return true;
    case TW_FIELD_SWITCH:
        if (o->where != TW_IN_SETUP) {
            o->op->flags |= o->at[TW_FORM_FLAGS] & part->mask;
        }
        return true;
    case TW_FIELD_NUMBER:
        if (part->width == 1) {
            *tw_field_byte(part, o->op) =
                (uint8_t)(o->at[tw_form_place(part)] % (part->most + 1u));
            return true;
        }
        /* fall through */
    case TW_FIELD_ATTRS:
    case TW_FIELD_PRIORITY:
        decode_immediate(o, part);
        return true;
    default:
        *tw_field_byte(part, o->op) = small_value(o, part);
        return true;
    }
}

/* Operations --------------------------------------------------------------- */

static bool admits_code(const TwDecode *t, unsigned code, TwOpPlace where)
{
    return code == TW_OP_NOP ||
           (where == TW_IN_SETUP ? tw_ops_has(&t->d->ops, code)
                                 : tw_dialect_speaks(t->d, code));
}

/* May an actor offset perform operations of this code? */
static bool suits_actor(const TwDecode *t, unsigned code)
{
    bool starts = t->d->started && !tw_contents_are_code(t->p->contents);
    const TwOpInfo *info = tw_op_info(code);

    return tw_op_suits_during(info) &&
           (starts || !(info->flags & TW_OP_ACCESS)); /* LA-61 */
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
    if (where == TW_IN_ACTOR && !suits_actor(t, code)) {
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
    if (!(o->at[TW_FORM_FLAGS] & TW_FORM_FLAG)) {
        return;
    }
    if (o->where != TW_IN_SCRIPT) {
        flags &= o->where == TW_IN_ACTOR ? TW_OPF_VIA : 0;
    }
    if (flags == 0) {
        return;
    }
    if ((flags & TW_OPF_FROM) && (info->flags & TW_OP_CPU_ACCESS)) {
        op->flags |= TW_OPF_FROM;
        op->from = address(o, TW_LIKELY_MAPPED, TW_FORM_OUT);
    }
    if ((flags & TW_OPF_EXCLUSIVE) && op->code == TW_OP_RMW) {
        op->flags |= TW_OPF_EXCLUSIVE;
    }
    if ((flags & TW_OPF_PAIRED) &&
        (op->code == TW_OP_READ || op->code == TW_OP_WRITE)) {
        op->flags |= TW_OPF_PAIRED; /* decode_script() looks what is before */
    }
    if ((flags & TW_OPF_VIA) && (info->flags & TW_OP_ACCESS) &&
        !(info->flags & TW_OP_CPU_ACCESS)) {
        op->flags |= TW_OPF_VIA;
        op->other = o->at[TW_FORM_OTHER] % TW_MAX_MAPPINGS;
    }
    if ((flags & TW_OPF_DURING) && tw_op_suits_during(info)) {
        op->flags |= TW_OPF_DURING; /* decode_script() looks what is before */
    }
}

bool tw_decode_op(TwDecode *t, const uint8_t *at, TwOpPlace where, TwOp *op)
{
    memset(op, 0, sizeof *op);
    op->code = (uint8_t)decode_code(t, at[TW_FORM_CODE], where);
    const TwOpInfo *info = tw_op_info(op->code);
    OpIn in = {t, at, op, where, tw_form_immediate(info), 0};
    for (TwFieldAt part = tw_fields(info); part.part; tw_fields_next(&part)) {
        if (!decode_part(&in, part.part)) {
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
