/* SPDX-License-Identifier: MIT */
/*
 * IOMMUs of kind `mpc`: TrustZone Memory Protection Controllers (LA-31 to
 * LA-34).  A look-up table with a bit for each block, written through
 * registers, opens the block to secure or to non-secure accesses; all others
 * end in the blocked device, which is here, too.
 */
#include "targets/softmmu/internal.h"

enum {
    REG_CTRL = 0x00,
    REG_BLK_MAX = 0x10,
    REG_BLK_CFG = 0x14,
    REG_BLK_IDX = 0x18,
    REG_BLK_LUT = 0x1c,
    REG_INT_STAT = 0x20,
    REG_INT_CLEAR = 0x24,
    REG_INT_EN = 0x28,
    REG_INT_INFO1 = 0x2c,
    REG_INT_INFO2 = 0x30,
    REG_INT_SET = 0x34,
    REG_ID = 0xfd0, /* the first of 12 */
    REG_END = 0x1000,
};

static const uint32_t ctrl_sec_resp = UINT32_C(1) << 4;
static const uint32_t ctrl_autoinc = UINT32_C(1) << 8;
static const uint32_t ctrl_lockdown = UINT32_C(1) << 31;

/* Secure for the registers and in what is recorded; not what chooses an
 * index (LA-33). */
static bool mpc_is_secure(const Machine *m, TwAttrs attrs)
{
    return (attrs & TW_ATTR_SECURE) && (!(attrs & TW_ATTR_UNSPECIFIED) ||
                                        TW_BUG(m, MPC_UNSPECIFIED_IS_SECURE));
}

/* Look-up table ---------------------------------------------------------- */

static bool mpc_bit(const Machine *m, uint8_t id, uint64_t offset)
{
    const Mpc *mpc = &m->mpcs[id];
    uint64_t block = offset >> m->page_lg;

    return mpc->lut[block / 32 % mpc->n_words] >> block % 32 & 1;
}

/* What an offset in the table leads to: 1 is open to index 1 only. */
static Translation mpc_look_up(const Machine *m, uint8_t id, uint8_t index,
                               uint64_t offset)
{
    const TwIommu *from = &m->program->iommus[id];
    bool open = mpc_bit(m, id, offset) == (index == 1);

    return (Translation){
        .addr = offset,
        .space = open ? from->bypass_space : from->mpc.blocked_space,
        .perm = TW_R | TW_W,
        .blocked = !open,
    };
}

static Translation mpc_translate(Machine *m, uint8_t id, uint8_t index,
                                 uint64_t offset)
{
    Translation what = mpc_look_up(m, id, index, offset);

    TELL(m, "translate", "i%u.%u 0x%" PRIx64 " -> s%u%s", id, index, offset,
         what.space, what.blocked ? ", blocked" : "");
    what.blocked = what.blocked && !TW_BUG(m, MPC_BLOCKED_WALKS_ON);
    return what;
}

/* Offsets that the table has, from 0. */
static uint64_t mpc_end(const Machine *m, uint8_t id)
{
    return (uint64_t)m->mpcs[id].n_words * 32 << m->page_lg;
}

/* LA-34: UNMAP on both indexes, then MAP on both. */
static void mpc_tell_block(Machine *m, uint8_t id, uint64_t first,
                           uint8_t actor)
{
    uint64_t last = first | m->page_mask;

    zoo_begins_lut(m);
    for (unsigned k = 0; k < 2; k++) {
        if (zoo_tells_index(m, id, k, first)) {
            iommu_notify_unmap(m, id, (uint8_t)k, first, last, actor);
        }
    }
    for (unsigned k = 0; k < 2; k++) {
        Translation what = mpc_look_up(
            m, id, (uint8_t)(TW_BUG(m, MPC_MAP_TELLS_OLD) ? !k : k), first);
        Event event = {.kind = TW_EVENT_MAP,
                       .perm = what.perm,
                       .space = what.space,
                       .first = first,
                       .last = last,
                       .out = first};

        iommu_notify(m, id, (uint8_t)k, &event, actor);
    }
}

/* The word first, then who asked, bit by bit. */
static void mpc_write_lut(Machine *m, uint8_t id, uint32_t value, uint8_t actor)
{
    Mpc *mpc = &m->mpcs[id];
    uint32_t changed = mpc->lut[mpc->index] ^ value;
    uint64_t first = (uint64_t)mpc->index * 32 << m->page_lg;

    mpc->lut[mpc->index] = value;
    for (; changed != 0;
         changed &= TW_BUG(m, MPC_FIRST_BLOCK_TOLD) ? 0 : changed - 1) {
        unsigned bit = (unsigned)__builtin_ctz(changed);

        mpc_tell_block(m, id, first + ((uint64_t)bit << m->page_lg), actor);
    }
}

/* After an access of `size` bytes to BLK_LUT. */
static void mpc_go_on(Machine *m, Mpc *mpc, unsigned size)
{
    if ((mpc->ctrl & ctrl_autoinc) &&
        (size == 4 || TW_BUG(m, MPC_NARROW_GOES_ON))) {
        mpc->index = (mpc->index + 1) % mpc->n_words;
    }
}

/* Registers -------------------------------------------------------------- */

static uint32_t mpc_register(const Machine *m, const Mpc *mpc, uint64_t reg)
{
    static const uint8_t ids[] = {0x04, 0x00, 0x00, 0x00, 0x60, 0xb8,
                                  0x1b, 0x00, 0x0d, 0xf0, 0x05, 0xb1};

    switch (reg) {
    case REG_CTRL:
        return mpc->ctrl;
    case REG_BLK_MAX:
        return mpc->n_words - 1;
    case REG_BLK_CFG:
        return m->page_lg - 5u;
    case REG_BLK_IDX:
        return mpc->index;
    case REG_BLK_LUT:
        return mpc->lut[mpc->index];
    case REG_INT_STAT:
        return mpc->int_stat;
    case REG_INT_EN:
        return mpc->int_en;
    case REG_INT_INFO1:
        return mpc->info1;
    case REG_INT_INFO2:
        return mpc->info2;
    default:
        return reg >= REG_ID ? ids[(reg - REG_ID) / 4] : 0;
    }
}

/* Does an access with these operands get to a register (LA-33)? */
static bool mpc_has_register(const Machine *m, const TwOp *op)
{
    return op->addr < REG_END && op->size <= 4 - (op->addr & 3) &&
           (op->addr >= REG_ID || mpc_is_secure(m, op->attrs));
}

static uint32_t mpc_read(Machine *m, const TwOp *op)
{
    Mpc *mpc = &m->mpcs[op->obj];
    uint64_t reg = op->addr & ~UINT64_C(3);
    uint32_t value;

    if (!mpc_has_register(m, op)) {
        return 0;
    }
    value = mpc_register(m, mpc, reg) >> 8 * (op->addr & 3) &
            (uint32_t)low_mask(8u * op->size);
    if (reg == REG_BLK_LUT) {
        mpc_go_on(m, mpc, op->size);
    }
    TELL(m, "register", "i%u +0x%" PRIx64 " reads 0x%x", op->obj, op->addr,
         value);
    return value;
}

/* A whole register gets `value`. */
static void mpc_set_register(Machine *m, uint8_t id, uint64_t reg,
                             uint32_t value, uint8_t actor)
{
    Mpc *mpc = &m->mpcs[id];

    switch (reg) {
    case REG_CTRL:
        mpc->ctrl = value & (ctrl_sec_resp | ctrl_autoinc | ctrl_lockdown);
        break;
    case REG_BLK_IDX:
        mpc->index = value % mpc->n_words;
        break;
    case REG_BLK_LUT:
        mpc_write_lut(m, id, value, actor);
        break;
    case REG_INT_EN:
        mpc->int_en = value & 1;
        break;
    case REG_INT_CLEAR:
        mpc->int_stat &= ~value;
        break;
    case REG_INT_SET:
        mpc->int_stat |= value & 1;
        break;
    default:
        break;
    }
}

/* Is the register one that LOCKDOWN protects? */
static bool mpc_is_locked(const Machine *m, const Mpc *mpc, uint64_t reg)
{
    return (mpc->ctrl & ctrl_lockdown) && !TW_BUG(m, MPC_LOCKDOWN_IGNORED) &&
           (reg == REG_CTRL || reg == REG_BLK_LUT || reg == REG_INT_EN);
}

static void mpc_write(Machine *m, const TwOp *op, uint8_t actor)
{
    Mpc *mpc = &m->mpcs[op->obj];
    uint64_t reg = op->addr & ~UINT64_C(3);
    unsigned shift = 8 * (op->addr & 3);
    uint32_t mask = (uint32_t)(low_mask(8u * op->size) << shift);
    uint32_t value = (uint32_t)(op->value << shift) & mask;

    if (!mpc_has_register(m, op) || mpc_is_locked(m, mpc, reg)) {
        return;
    }
    if ((reg == REG_CTRL || reg == REG_BLK_IDX || reg == REG_BLK_LUT) &&
        !TW_BUG(m, MPC_NARROW_WRITE_CLEARS)) {
        value |= mpc_register(m, mpc, reg) & ~mask;
    }
    TELL(m, "register", "i%u +0x%" PRIx64 " becomes 0x%x", op->obj, reg, value);
    mpc_set_register(m, op->obj, reg, value, actor);
    if (reg == REG_BLK_LUT) {
        mpc_go_on(m, mpc, op->size);
    }
}

static void mpc_perform(Machine *m, const TwOp *op, uint8_t actor)
{
    if (op->code == TW_OP_MPC_WRITE) {
        mpc_write(m, op, actor);
    }
}

/* The blocked device ----------------------------------------------------- */

/* Is an access that the MPC blocks an error? */
static bool mpc_is_error(const Machine *m, uint8_t id)
{
    return (m->mpcs[id].ctrl & ctrl_sec_resp) &&
           !TW_BUG(m, MPC_SEC_RESP_IGNORED);
}

/* An access with these attributes was blocked at `offset` (LA-32). */
static void mpc_record(Machine *m, uint8_t id, uint64_t offset, TwAttrs attrs)
{
    Mpc *mpc = &m->mpcs[id];

    if (mpc->int_stat && !TW_BUG(m, MPC_INFO_OVERWRITTEN)) {
        return;
    }
    mpc->int_stat = 1;
    mpc->info1 = (uint32_t)offset;
    mpc->info2 = (attrs >> TW_ATTR_REQUESTER_SHIFT & 0xffff) |
                 (uint32_t)!mpc_is_secure(m, attrs) << 16 |
                 (uint32_t)mpc_bit(m, id, offset) << 17;
    TELL(m, "blocked", "i%u records 0x%x 0x%x", id, mpc->info1, mpc->info2);
}

/* The kind --------------------------------------------------------------- */

static void mpc_reset(Machine *m, uint8_t id)
{
    const TwProgram *program = m->program;
    const TwRegion *region =
        &program->regions[tw_program_iommu_region(program, id)];
    Mpc *mpc = &m->mpcs[id];

    mpc->n_words = (uint32_t)(((region->size >> m->page_lg) + 31) / 32);
    mpc->ctrl = ctrl_autoinc;
    mpc->index = 0;
    mpc->int_stat = mpc->info1 = mpc->info2 = 0;
    mpc->int_en = 1;
    memset(mpc->lut, 0, mpc->n_words * sizeof(mpc->lut[0]));
}

static void mpc_find_map(Machine *m, uint8_t id, uint8_t index, Event *event)
{
    Translation what;

    if (event->first < mpc_end(m, id)) {
        what = mpc_look_up(m, id, index, event->first);
        event->perm = what.perm;
        event->space = what.space;
        event->out = what.addr;
    }
}

/* Blocks that lead to the same space; *at is the number of the next. */
static bool mpc_next_map(const Machine *m, uint8_t id, uint8_t index,
                         unsigned *at, Event *event)
{
    unsigned n = m->mpcs[id].n_words * 32;
    uint64_t first = (uint64_t)*at << m->page_lg;
    Translation what;

    if (*at == n) {
        return false;
    }
    what = mpc_look_up(m, id, index, first);
    for (++*at; *at < n; ++*at) {
        if (mpc_look_up(m, id, index, (uint64_t)*at << m->page_lg).space !=
            what.space) {
            break;
        }
    }
    *event = (Event){.kind = TW_EVENT_MAP,
                     .perm = what.perm,
                     .space = what.space,
                     .first = first,
                     .last = ((uint64_t)*at << m->page_lg) - 1,
                     .out = first};
    return true;
}

static void mpc_copy(Mpc *to, const Mpc *from)
{
    memcpy(to, from, offsetof(Mpc, lut));
    memcpy(to->lut, from->lut, from->n_words * sizeof(from->lut[0]));
}

static void mpc_save(const Machine *m, uint8_t id, Snapshot *to)
{
    mpc_copy(&to->mpcs[id], &m->mpcs[id]);
}

static void mpc_load(Machine *m, uint8_t id, const Snapshot *from)
{
    mpc_copy(&m->mpcs[id], &from->mpcs[id]);
}

static const IommuKind iommu_mpc = {
    .translate = mpc_translate,
    .perform = mpc_perform,
    .reset = mpc_reset,
    .find_map = mpc_find_map,
    .next_map = mpc_next_map,
    .save = mpc_save,
    .load = mpc_load,
};
