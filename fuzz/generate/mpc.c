/* SPDX-License-Identifier: MIT */
/* See mpc.h. */
#include "fuzz/generate/mpc.h"

#include <string.h>

#include "program/ops.h"

enum {
    WORDS = 4, /* of a look-up table that the shadow keeps */
    CTRL = 0x00,
    BLK_IDX = 0x18,
    BLK_LUT = 0x1c,
    INT_STAT = 0x20,
    INT_CLEAR = 0x24,
    INT_EN = 0x28,
    INT_INFO1 = 0x2c,
    INT_INFO2 = 0x30,
    INT_SET = 0x34,
    ID = 0xfd0,
    SEC_RESP = 1 << 4,
    AUTOINC = 1 << 8,
};

/* What the registers of an MPC hold, as far as the turn knows. */
typedef struct Shadow {
    bool turned;
    uint32_t ctrl, index, words;
    uint32_t lut[WORDS];
    /* The region with its registers, or TW_NONE; where it is; the CPU and MMU
     * index that reach it there, or TW_NONE. */
    uint8_t registers, space, cpu, mmu;
    uint64_t base;
} Shadow;

typedef struct Turn {
    TwGen *gen;
    TwProgram *program;
    Shadow shadows[TW_MAX_IOMMUS];
    TwOp *to; /* where operations go */
    uint16_t n, most;
    uint8_t actor;
} Turn;

/* Planning ----------------------------------------------------------------- */

bool tw_mpc_possible(const TwDialect *dialect)
{
    return dialect->iommu_kinds >> TW_IOMMU_MPC & 1 &&
           dialect->region_kinds >> TW_REGION_RAM & 1 &&
           dialect->selects >> TW_SELECT_SECURE & 1 &&
           dialect->max_iommu_indexes >= 2 &&
           tw_gen_speaks(dialect, TW_OP_MPC_READ) &&
           tw_gen_speaks(dialect, TW_OP_MPC_WRITE);
}

static uint64_t lot(const TwGen *gen, uint64_t salt)
{
    return tw_mix64(gen->rng->state ^ salt);
}

void tw_mpc_plan(TwGen *gen, uint8_t iommu, uint64_t *size)
{
    uint64_t mix = lot(gen, 0x6d7063);
    unsigned lg = gen->program->page_lg;

    if (!gen->mpcs || gen->planned[iommu] || mix % 5 == 0 ||
        lg < gen->dialect->min_granule_lg ||
        lg > gen->dialect->max_granule_lg) {
        return;
    }
    gen->mpc_planned |= 1u << iommu;
    if ((mix >> 8) % 3 == 0) { /* several words */
        *size = (33 + (mix >> 16) % (32 * WORDS - 33)) << lg;
    } else if (*size >> lg > 16 || *size >> lg == 0) {
        *size = UINT64_C(8) << lg;
    } else {
        *size = *size >> lg << lg;
    }
}

void tw_mpc_shape(const TwGen *gen, uint8_t iommu)
{
    TwIommu *m = &gen->program->iommus[iommu];

    if (gen->mpc_planned >> iommu & 1) {
        m->granule_lg = gen->program->page_lg;
        m->indexes = 2;
        m->select = TW_SELECT_SECURE;
        m->iotlb = m->bypass = false;
    }
}

/* Operations --------------------------------------------------------------- */

static TwOp *put(Turn *t, uint8_t code, uint8_t iommu)
{
    TwOp *op = t->n < t->most ? &t->to[t->n++] : &t->gen->scratch;

    *op = (TwOp){.code = code, .actor = t->actor, .obj = iommu};
    return op;
}

/* Mostly attributes that reach registers. */
static TwAttrs some_attrs(const Turn *t)
{
    uint64_t mix = lot(t->gen, (uint64_t)t->n << 8 | 0x61);

    switch (mix % 64) {
    case 0:
        return 0;
    case 1:
        return TW_ATTR_UNSPECIFIED;
    case 2:
        return TW_ATTR_SECURE | TW_ATTR_UNSPECIFIED;
    case 3:
        return TW_ATTR_SECURE | TW_ATTR_USER;
    default:
        return TW_ATTR_SECURE;
    }
}

static TwOp *put_read(Turn *t, uint8_t iommu, uint64_t offset, uint8_t size)
{
    TwOp *op = put(t, TW_OP_MPC_READ, iommu);

    op->addr = offset;
    op->size = size;
    op->attrs = some_attrs(t);
    return op;
}

static TwOp *put_write(Turn *t, uint8_t iommu, uint64_t offset, uint8_t size,
                       uint64_t value)
{
    TwOp *op = put(t, TW_OP_MPC_WRITE, iommu);

    op->addr = offset;
    op->size = size;
    op->value = value;
    op->attrs = some_attrs(t);
    return op;
}

static void reset(Shadow *s)
{
    s->ctrl = AUTOINC;
    s->index = 0;
    memset(s->lut, 0, sizeof(s->lut));
}

static void go_on(Shadow *s)
{
    if (s->ctrl & AUTOINC) {
        s->index = (s->index + 1) % s->words;
    }
}

/* The word at the index becomes `value`; now and then only a byte of it is
 * written. */
static void put_word(Turn *t, uint8_t iommu, uint32_t value)
{
    Shadow *s = &t->shadows[iommu];
    uint32_t *word = &s->lut[s->index % WORDS];
    uint32_t changed = *word ^ value;
    uint64_t mix = lot(t->gen, (uint64_t)t->n << 16 | 0x776f);

    if (changed != 0 && mix % 8 == 0) {
        unsigned byte = (unsigned)__builtin_ctz(changed) / 8;
        uint32_t mask = UINT32_C(0xff) << 8 * byte;

        put_write(t, iommu, BLK_LUT + byte, 1, value >> 8 * byte & 0xff);
        *word = (*word & ~mask) | (value & mask);
        return;
    }
    put_write(t, iommu, BLK_LUT, 4, value);
    *word = value;
    go_on(s);
}

/* map, unmap or protect becomes a write of the word with the first block of its
 * range; `one`: it must be one operation. */
static void turn_change(Turn *t, const TwOp *op, bool one)
{
    Shadow *s = &t->shadows[op->obj];
    unsigned lg = t->program->page_lg;
    uint64_t first = op->addr >> lg, last = op->last >> lg;
    uint32_t word = (uint32_t)(first / 32), bits, value;
    bool open = op->code == TW_OP_MAP && op->perm != 0;

    if (first >= 32 * (uint64_t)s->words) {
        return;
    }
    if (word != s->index && !one) {
        put_write(t, op->obj, BLK_IDX, 4, word);
        s->index = word;
    }
    last = last / 32 > word ? 32 * (uint64_t)word + 31 : last;
    bits = (uint32_t)(((UINT64_C(1) << (last - first + 1)) - 1) << first % 32);
    value = s->lut[s->index % WORDS];
    if (op->code == TW_OP_PROTECT ||
        ((value & bits) == (open == (op->index == 1) ? bits : 0))) {
        value ^= bits; /* something is to change */
    } else if (open == (op->index == 1)) {
        value |= bits;
    } else {
        value &= ~bits;
    }
    if (lot(t->gen, (uint64_t)t->n << 24 | 0x62) % 16 == 0) {
        value ^= UINT32_C(1) << 31; /* as a rule beyond the region */
    }
    put_word(t, op->obj, value);
}

/* What the language has besides: other registers, and reads. */
static void put_extra(Turn *t, uint8_t iommu)
{
    static const uint16_t registers[] = {
        INT_STAT, INT_INFO1, INT_INFO2, BLK_LUT, BLK_IDX, CTRL,
        0x10,     0x14,      INT_EN,    ID,      0xfe0,   0x40,
    };
    Shadow *s = &t->shadows[iommu];
    uint64_t mix = lot(t->gen, (uint64_t)t->n << 32 | 0x6578);
    uint32_t ctrl;

    switch (mix % 13) {
    case 12:
        if (tw_gen_speaks(t->gen->dialect, TW_OP_IOMMU_RESET)) {
            put(t, TW_OP_IOMMU_RESET, iommu);
            reset(s);
        }
        break;
    case 0:
        put_write(t, iommu, INT_CLEAR, 4, 1);
        break;
    case 1:
        put_write(t, iommu, (mix >> 8 & 3) ? INT_EN : INT_SET, 4,
                  mix >> 16 & 1);
        break;
    case 2:
    case 3:
        ctrl = (mix >> 8 & 1 ? SEC_RESP : 0) | (mix >> 9 & 3 ? AUTOINC : 0);
        put_write(t, iommu, CTRL, 4,
                  ctrl | ((mix >> 16) % 8 == 0 ? UINT32_C(1) << 31 : 0));
        s->ctrl = ctrl;
        break;
    case 4:
        put_write(t, iommu, (mix >> 8) % 0x40, (uint8_t)(1 + (mix >> 16) % 4),
                  mix >> 24 & 0xffff);
        break;
    case 5:
        put_read(t, iommu, BLK_LUT + (mix >> 8) % 4,
                 (uint8_t)(1 + (mix >> 16) % 4));
        break;
    default:
        put_read(
            t, iommu,
            registers[(mix >> 8) % (sizeof(registers) / sizeof(registers[0]))],
            4);
        if (registers[(mix >> 8) %
                      (sizeof(registers) / sizeof(registers[0]))] == BLK_LUT) {
            go_on(s);
        }
        break;
    }
}

/* Through the region (LA-57).  No one knows what is written there: the tags of
 * the store. */
static void put_through(Turn *t, uint8_t iommu)
{
    static const struct {
        uint8_t offset, size;
    } often[] = {{BLK_LUT, 4},   {BLK_LUT, 4}, {BLK_LUT, 4},     {BLK_IDX, 8},
                 {BLK_IDX, 1},   {BLK_LUT, 1}, {BLK_LUT + 1, 2}, {INT_STAT, 4},
                 {INT_INFO1, 8}, {CTRL, 1},    {CTRL, 4},        {BLK_LUT, 8}};
    Shadow *s = &t->shadows[iommu];
    uint64_t mix = lot(t->gen, (uint64_t)t->n << 20 | 0x7468);
    unsigned k = (mix >> 8) % (sizeof(often) / sizeof(often[0]));
    bool cpu = s->cpu != TW_NONE && (mix & 3) != 0, write = mix >> 4 & 1;
    uint64_t offset = often[k].offset;
    uint8_t size = often[k].size, code;
    TwOp *op;

    if ((mix >> 16) % 8 == 0) {
        offset = (mix >> 24) % 0x48;
        size = (uint8_t)(1 + (mix >> 32) % 8);
    } else if ((mix >> 16) % 16 == 1) {
        offset = ID + (mix >> 24) % 0x30;
    }
    write = write && !(offset == CTRL && size == 4 && mix >> 40 & 3);
    code = cpu     ? write ? TW_OP_WRITE : TW_OP_READ
           : write ? TW_OP_DMA_WRITE
                   : TW_OP_DMA_READ;
    if (!tw_gen_speaks(t->gen->dialect, code)) {
        return;
    }
    op = put(t, code, cpu ? s->cpu : s->space);
    op->actor = cpu ? s->cpu : TW_BOARD;
    op->index = cpu ? s->mmu : 0;
    op->addr = s->base + offset;
    op->size = size;
    op->attrs = cpu ? 0 : some_attrs(t);
    if (offset == BLK_LUT && size == 4) {
        go_on(s);
    }
    if ((mix >> 44) % 32 == 0 && tw_gen_speaks(t->gen->dialect, TW_OP_ENABLE) &&
        t->gen->dialect->locations) { /* RU-7 */
        op = put(t, TW_OP_ENABLE, s->registers);
        op->flags = mix >> 52 & 1 ? TW_OPF_ON : 0;
        op->actor = TW_BOARD;
    }
}

static void turn_op(Turn *t, const TwOp *op)
{
    bool during = op->flags & TW_OPF_DURING;
    uint16_t first = t->n;

    t->actor = op->actor;
    switch (op->code) {
    case TW_OP_BYPASS:
        put_write(t, op->obj, CTRL, 4,
                  AUTOINC | (op->flags & TW_OPF_ON ? SEC_RESP : 0));
        break;
    case TW_OP_IOMMU_RESET:
        reset(&t->shadows[op->obj]);
        *put(t, op->code, op->obj) = *op;
        break;
    default:
        turn_change(t, op, during);
        if (!during && lot(t->gen, (uint64_t)t->n << 40) % 8 < 3) {
            put_extra(t, op->obj);
        }
        if (!during && t->shadows[op->obj].registers != TW_NONE &&
            lot(t->gen, (uint64_t)t->n << 36 | 0x74) % 2 == 0) {
            put_through(t, op->obj);
        }
        break;
    }
    if (during && t->n > first) {
        t->to[first].flags |= TW_OPF_DURING;
    }
}

/* Behind an access: what was recorded, and what is pending no more. */
static void look_at_record(Turn *t)
{
    static const uint8_t registers[] = {INT_STAT, INT_INFO1, INT_INFO2};
    uint64_t mix = lot(t->gen, (uint64_t)t->n << 48 | 0x7265);
    uint8_t iommu = (uint8_t)((mix >> 8) % t->program->n_iommus);

    if (mix % 6 != 0 || !t->shadows[iommu].turned) {
        return;
    }
    t->actor = TW_BOARD;
    if (t->shadows[iommu].registers != TW_NONE && mix >> 32 & 1) {
        put_through(t, iommu);
    }
    put_read(t, iommu, registers[(mix >> 16) % 3], 4);
    if ((mix >> 24) % 2) {
        put_write(t, iommu, INT_CLEAR, 4, 1);
    }
}

static bool is_turned(const Turn *t, const TwOp *op)
{
    switch (op->code) {
    case TW_OP_MAP:
    case TW_OP_UNMAP:
    case TW_OP_PROTECT:
    case TW_OP_BYPASS:
    case TW_OP_IOMMU_RESET:
        return t->shadows[op->obj].turned;
    default:
        return false;
    }
}

/* The whole ---------------------------------------------------------------- */

/* A space of its own with as much RAM as the region has, or TW_NONE. */
static uint8_t add_ram(Turn *t, uint64_t size)
{
    TwProgram *p = t->program;
    const TwDialect *d = t->gen->dialect;
    TwRegion *region;

    if (p->n_regions >= d->max_regions || p->n_spaces >= d->max_spaces) {
        return TW_NONE;
    }
    region = &p->regions[p->n_regions];
    *region = tw_region_make(TW_REGION_RAM);
    region->size = size;
    region->block = p->n_regions;
    p->spaces[p->n_spaces] = (TwSpace){.present = true, .root = p->n_regions++};
    return p->n_spaces++;
}

/* The space of a CPU whose root takes one more region at `base`; in *s who it
 * is.  False: there is none. */
static bool find_cpu(const Turn *t, uint64_t base, Shadow *s)
{
    const TwProgram *p = t->program;
    unsigned first = (unsigned)(lot(t->gen, base) % TW_MAX_MMU_INDEXES);

    for (unsigned i = 0; i < p->n_cpus * TW_MAX_MMU_INDEXES; i++) {
        unsigned c = i / TW_MAX_MMU_INDEXES;
        unsigned k = (first + i) % TW_MAX_MMU_INDEXES;
        const TwMmuIndex *mmu = &p->cpus[c].mmu[k];
        const TwRegion *root;

        if (!p->cpus[c].present || !mmu->present) {
            continue;
        }
        root = &p->regions[p->spaces[mmu->space].root];
        if (root->kind == TW_REGION_CONTAINER && root->size > 2 * base) {
            s->cpu = (uint8_t)c;
            s->mmu = (uint8_t)k;
            s->space = mmu->space;
            return true;
        }
    }
    return false;
}

/* The registers of an MPC as a device: in a CPU's space, or alone in one. */
static void add_registers(Turn *t, uint8_t id)
{
    TwProgram *p = t->program;
    const TwDialect *d = t->gen->dialect;
    Shadow *s = &t->shadows[id];
    uint64_t mix = lot(t->gen, (uint64_t)id << 48 | 0x7267);
    uint64_t base = (UINT64_C(1) << 40) + ((uint64_t)id << 20);
    bool cpu = d->address_lg == 0 && p->n_setup < d->max_setup &&
               tw_ops_has(&d->ops, TW_OP_PAGE) && find_cpu(t, base, s);
    TwRegion *r = &p->regions[p->n_regions];

    s->registers = TW_NONE;
    if (mix % 2 || !d->mpc_registers || p->n_regions >= d->max_regions ||
        !(d->region_kinds >> TW_REGION_MMIO & 1) ||
        (!cpu && p->n_spaces >= d->max_spaces)) {
        return;
    }
    *r = tw_region_make(TW_REGION_MMIO);
    r->size = (mix >> 8) % 8 ? 0x1000 : 0x20;
    r->registers = id;
    s->registers = p->n_regions++;
    s->base = cpu ? base : 0;
    if (cpu) {
        TwOp *op = &p->setup[p->n_setup++];

        r->container = p->spaces[s->space].root;
        r->addr = base;
        r->priority = 3;
        *op = (TwOp){.code = TW_OP_PAGE,
                     .actor = TW_BOARD,
                     .obj = s->cpu,
                     .index = s->mmu,
                     .lg = (uint8_t)(p->page_lg < 12 ? 12 : p->page_lg),
                     .perm = TW_R | TW_W | TW_X,
                     .addr = base,
                     .out = base};
        tw_dialect_fit_op(d, p, op);
    } else {
        s->cpu = TW_NONE;
        p->spaces[p->n_spaces] =
            (TwSpace){.present = true, .root = s->registers};
        s->space = p->n_spaces++;
    }
}

static void turn_iommu(Turn *t, uint8_t id)
{
    TwProgram *p = t->program;
    TwIommu *m = &p->iommus[id];
    uint8_t region = tw_program_iommu_region(p, id), ram = TW_NONE;
    uint64_t mix = lot(t->gen, (uint64_t)id << 56 | 0x6d);
    Shadow *s = &t->shadows[id];
    uint64_t blocks;

    if (region == TW_NONE || m->bypass_space == TW_NONE) {
        return;
    }
    blocks = p->regions[region].size >> p->page_lg;
    if (mix & 1) {
        ram = add_ram(t, p->regions[region].size);
    }
    m->kind = TW_IOMMU_MPC;
    m->mpc.blocked_space = m->bypass_space;
    m->bypass_space = ram != TW_NONE ? ram : m->bypass_space;
    s->turned = true;
    s->words = (uint32_t)((blocks + 31) / 32);
    add_registers(t, id);
    reset(s);
}

/* Opens some blocks to each index before all else. */
static void start_tables(Turn *t)
{
    for (unsigned i = 0; i < t->program->n_iommus; i++) {
        Shadow *s = &t->shadows[i];
        unsigned words = s->turned ? s->words : 0;

        t->actor = TW_BOARD;
        for (unsigned w = 0; w < words && w < WORDS; w++) {
            uint64_t mix = lot(t->gen, (uint64_t)(i * WORDS + w) << 32 | 0x73);
            TwOp *op =
                put_write(t, (uint8_t)i, BLK_LUT, 4, (uint32_t)(mix >> 8));

            op->attrs = TW_ATTR_SECURE;
            s->lut[w] = (uint32_t)op->value;
            go_on(s);
        }
    }
}

static uint16_t turn_script(Turn *t, const TwOp *from, uint16_t n, TwOp *to,
                            uint16_t most)
{
    t->to = to;
    t->n = 0;
    t->most = most;
    start_tables(t);
    for (unsigned i = 0; i < n && t->n < most; i++) {
        if (is_turned(t, &from[i])) {
            turn_op(t, &from[i]);
            continue;
        }
        to[t->n++] = from[i];
        if (tw_op_info(from[i].code)->flags & TW_OP_ACCESS &&
            (i + 1 == n || !(from[i + 1].flags & TW_OPF_DURING)) &&
            !(from[i].flags & TW_OPF_DURING)) {
            look_at_record(t);
        }
    }
    return t->n;
}

static void turn_setup(Turn *t)
{
    TwProgram *p = t->program;
    uint16_t n = 0;

    for (unsigned i = 0; i < p->n_setup; i++) {
        if (!is_turned(t, &p->setup[i])) {
            p->setup[n++] = p->setup[i];
        }
    }
    p->n_setup = n;
}

void tw_mpc_turn(TwGen *gen)
{
    static _Thread_local TwOp from[TW_MAX_SCRIPT];
    TwProgram *p = gen->program;
    Turn t = {.gen = gen, .program = p};

    if (p->n_iommus == 0) {
        return; /* the dialect has none */
    }
    for (unsigned i = 0; i < p->n_iommus; i++) {
        if (gen->mpc_planned >> i & 1) {
            turn_iommu(&t, (uint8_t)i);
        }
    }
    turn_setup(&t);
    memcpy(from, p->script, p->n_script * sizeof(*from));
    p->n_script = turn_script(&t, from, p->n_script, p->script,
                              (uint16_t)(gen->limit < 4 * p->n_script + 8
                                             ? gen->limit
                                             : 4 * p->n_script + 8));
    for (unsigned i = 0; i < p->n_actors; i++) {
        TwActor *actor = &p->actors[i];

        if (actor->region != TW_NONE && is_turned(&t, &actor->op)) {
            uint8_t iommu = actor->op.obj;

            actor->op = (TwOp){.code = TW_OP_MPC_WRITE,
                               .actor = TW_BOARD,
                               .obj = iommu,
                               .addr = BLK_LUT,
                               .size = 4,
                               .attrs = TW_ATTR_SECURE,
                               .value = (uint32_t)lot(gen, i)};
        }
    }
}
