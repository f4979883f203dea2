/* SPDX-License-Identifier: MIT */
/*
 * IOMMUs of the kind `mpc` (LA-31 to LA-34): registers, and a look-up table
 * with a bit for each block.  The bits are kept as the entries that they stand
 * for, in the lists of the kind `table`: so the table as at a time t can be
 * read there.
 */
#include "oracle/world/mpc.h"

#include "oracle/world/iommu-kind.h"
#include "oracle/world/owed.h"

enum {
    CTRL = 0x00,
    BLK_MAX = 0x10,
    BLK_CFG = 0x14,
    BLK_IDX = 0x18,
    BLK_LUT = 0x1c,
    INT_STAT = 0x20,
    INT_CLEAR = 0x24,
    INT_EN = 0x28,
    INT_INFO1 = 0x2c,
    INT_INFO2 = 0x30,
    INT_SET = 0x34,
    ID = 0xfd0,
    END = 0x1000,
    /* bits of CTRL */
    SEC_RESP = 1 << 4,
    AUTOINC = 1 << 8,
};
#define LOCKDOWN (UINT32_C(1) << 31)

static const uint8_t id_bytes[] = {0x04, 0,    0,    0,    0x60, 0xb8,
                                   0x1b, 0x00, 0x0d, 0xf0, 0x05, 0xb1};

/* The look-up table ------------------------------------------------------- */

/* Words that the table has: one bit for each block of the region as the program
 * begins. */
static uint32_t n_words(const TwWorld *world, uint8_t iommu)
{
    const TwProgram *program = world->program;
    const TwRegion *region =
        &program->regions[tw_program_iommu_region(program, iommu)];

    return (uint32_t)(((region->size >> program->page_lg) + 31) / 32);
}

/* Assigns to blocks of offsets first .. last, on both indexes, what bit `bit`
 * says. */
static void assign(TwWorld *world, uint8_t iommu, bool bit, uint64_t first,
                   uint64_t last, uint16_t number, uint32_t tick)
{
    const TwIommu *what = &world->program->iommus[iommu];

    for (unsigned k = 0; k < 2; k++) {
        bool open = bit == (k == 1);

        tw_iommu_assign(world, iommu, k,
                        (TwTableEntry){.first = first,
                                       .last = last,
                                       .out = first,
                                       .tick = tick,
                                       .op = number,
                                       .what = TW_ASSIGN_ENTRY,
                                       .space = open ? what->bypass_space
                                                     : what->mpc.blocked_space,
                                       .perm = TW_R | TW_W,
                                       .blocked = !open});
    }
}

static TwFound find(const TwWorld *world, uint8_t iommu, uint8_t index,
                    uint64_t x, const TwParts *parts,
                    const TwTableReader *reader)
{
    return tw_iommu_table.find(world, iommu, index, x, parts, reader);
}

static TwFound find_now(const TwWorld *world, uint8_t iommu, uint8_t index,
                        uint64_t x)
{
    TwParts parts = tw_parts_at(index, TW_FOREVER);

    return find(world, iommu, index, x, &parts, NULL);
}

/* The bit of a block now: index 0 is blocked by a 1. */
static uint32_t bit_of(const TwWorld *world, uint8_t iommu, uint64_t x)
{
    return find_now(world, iommu, 0, x).blocked;
}

static uint64_t block_at(const TwWorld *world, uint32_t word, unsigned bit)
{
    return ((uint64_t)word * 32 + bit) << world->program->page_lg;
}

static uint32_t read_word(const TwWorld *world, uint8_t iommu, uint32_t word)
{
    uint32_t value = 0;

    for (unsigned i = 0; i < 32; i++) {
        value |= bit_of(world, iommu, block_at(world, word, i)) << i;
    }
    return value;
}

/* UNMAP on both indexes, then MAP on both, of one block (LA-34). */
static void tell_block(TwWorld *world, uint8_t iommu, uint64_t first,
                       uint8_t actor, uint16_t number)
{
    uint64_t last = first + (world->page_size - 1);

    for (unsigned k = 0; k < 2; k++) {
        tw_owed_unmap(world, iommu, k, first, last, actor, number);
    }
    for (unsigned k = 0; k < 2; k++) {
        TwFound found = find_now(world, iommu, k, first);

        tw_owed_tell(world,
                     (TwEventRecord){.op = number,
                                     .kind = TW_EVENT_MAP,
                                     .perm = found.perm,
                                     .space = found.space,
                                     .region = TW_NONE,
                                     .first = first,
                                     .last = last,
                                     .out = found.out},
                     iommu, k);
    }
}

/* First all bits change, at one time; then it is told. */
static void write_word(TwWorld *world, uint8_t iommu, uint32_t word,
                       uint32_t value, uint8_t actor, uint16_t number)
{
    uint32_t changed = read_word(world, iommu, word) ^ value;
    uint32_t tick;

    if (changed == 0) {
        return;
    }
    world->block_changes += (uint32_t)__builtin_popcount(changed);
    if (world->block_changes > TW_MAX_BLOCK_CHANGES) {
        world->full = true;
        return;
    }
    world->notified++;
    tick = ++world->now;
    for (unsigned i = 0; i < 32; i++) {
        uint64_t first = block_at(world, word, i);

        if (changed >> i & 1) {
            assign(world, iommu, value >> i & 1, first,
                   first + (world->page_size - 1), number, tick);
        }
    }
    for (unsigned i = 0; i < 32; i++) {
        if (changed >> i & 1) {
            tell_block(world, iommu, block_at(world, word, i), actor, number);
        }
    }
}

/* Registers --------------------------------------------------------------- */

static void set_ctrl(TwWorld *world, uint8_t iommu, uint32_t value)
{
    world->mpcs[iommu].ctrl = value;
    world->sec_resp &= ~(1u << iommu);
    world->sec_resp |= value & SEC_RESP ? 1u << iommu : 0;
}

/* Is the access one that has an effect, or reads something? */
static bool reaches(const TwWorld *world, const TwOp *op)
{
    return world->legality.iommu_live >> op->obj & 1 && op->size <= 4 &&
           (op->addr & 3) + op->size <= 4 && op->addr < END &&
           (op->addr >= ID ||
            (op->attrs & TW_ATTR_SECURE && !(op->attrs & TW_ATTR_UNSPECIFIED)));
}

/* The whole register, as if BLK_IDX was `index`; in *known the bits that are
 * known. */
static uint32_t register_at(const TwWorld *world, uint8_t iommu,
                            unsigned offset, uint32_t index, uint32_t *known)
{
    const TwMpc *mpc = &world->mpcs[iommu];

    *known = UINT32_MAX;
    switch (offset) {
    case CTRL:
        return mpc->ctrl;
    case BLK_MAX:
        return n_words(world, iommu) - 1;
    case BLK_CFG:
        return world->program->page_lg - 5u;
    case BLK_IDX:
        return index;
    case BLK_LUT:
        return read_word(world, iommu, index);
    case INT_STAT:
        *known = mpc->stat_known ? UINT32_MAX : ~1u;
        return mpc->int_stat;
    case INT_EN:
        return mpc->int_en;
    case INT_INFO1:
    case INT_INFO2:
        *known = mpc->info_known ? UINT32_MAX : 0;
        return mpc->info[offset == INT_INFO2];
    default:
        return offset >= ID ? id_bytes[(offset - ID) / 4] : 0;
    }
}

static uint32_t read_register(const TwWorld *world, uint8_t iommu,
                              unsigned offset, uint32_t *known)
{
    return register_at(world, iommu, offset, world->mpcs[iommu].index, known);
}

static void go_on(TwWorld *world, uint8_t iommu)
{
    TwMpc *mpc = &world->mpcs[iommu];

    mpc->index = (mpc->index + 1) % n_words(world, iommu);
}

/* Does a read or a write of these operands go on with the next word? */
static bool goes_on(const TwWorld *world, const TwOp *op)
{
    return op->addr == BLK_LUT && op->size == 4 &&
           world->mpcs[op->obj].ctrl & AUTOINC;
}

uint32_t tw_mpc_peek(const TwWorld *world, const TwOp *op, uint32_t *turn,
                     uint32_t *known)
{
    unsigned offset = (unsigned)op->addr & ~3u, shift = 8 * (op->addr & 3);
    uint32_t mask, index, value;

    *known = UINT32_MAX;
    if (!reaches(world, op)) {
        return 0;
    }
    mask = (uint32_t)((UINT64_C(1) << 8 * op->size) - 1);
    index = (world->mpcs[op->obj].index + *turn) % n_words(world, op->obj);
    value = register_at(world, op->obj, offset, index, known);
    *known = *known >> shift | ~mask;
    *turn += goes_on(world, op);
    return value >> shift & mask;
}

void tw_mpc_read(TwWorld *world, const TwOp *op)
{
    uint32_t turn = 0;

    world->mpc_value = tw_mpc_peek(world, op, &turn, &world->mpc_known);
    if (turn > 0) {
        go_on(world, op->obj);
    }
}

bool tw_mpc_is_recorded(const TwOp *op)
{
    uint64_t offset = op->addr & ~UINT64_C(3);

    return offset == INT_STAT || offset == INT_INFO1 || offset == INT_INFO2;
}

/* The value of the whole register after a write of some of its bytes. */
static uint32_t merged(const TwWorld *world, const TwOp *op, unsigned offset)
{
    unsigned shift = 8 * (op->addr & 3);
    uint32_t mask = (uint32_t)(((UINT64_C(1) << 8 * op->size) - 1) << shift);
    uint32_t value = (uint32_t)(op->value << shift) & mask, known;

    return offset == CTRL || offset == BLK_IDX || offset == BLK_LUT
               ? value | (read_register(world, op->obj, offset, &known) & ~mask)
               : value;
}

void tw_mpc_write(TwWorld *world, const TwOp *op, uint8_t actor,
                  uint16_t number)
{
    TwMpc *mpc = &world->mpcs[op->obj];
    bool locked = mpc->ctrl & LOCKDOWN;
    unsigned offset = (unsigned)op->addr & ~3u;
    uint32_t value;

    if (!reaches(world, op)) {
        return;
    }
    world->mpc_changes++;
    value = merged(world, op, offset);
    switch (offset) {
    case CTRL:
        if (!locked) {
            set_ctrl(world, op->obj, value & (SEC_RESP | AUTOINC | LOCKDOWN));
        }
        break;
    case BLK_IDX:
        mpc->index = value % n_words(world, op->obj);
        break;
    case BLK_LUT:
        if (!locked) {
            write_word(world, op->obj, mpc->index, value, actor, number);
            if (goes_on(world, op)) {
                go_on(world, op->obj);
            }
        }
        break;
    case INT_EN:
        mpc->int_en = locked ? mpc->int_en : value & 1;
        break;
    case INT_CLEAR:
    case INT_SET:
        if (value & 1) {
            mpc->int_stat = offset == INT_SET;
            mpc->stat_known = true;
        }
        break;
    default:
        break;
    }
}

/* Blocked accesses -------------------------------------------------------- */

void tw_mpc_forget(TwWorld *world, uint8_t iommu)
{
    world->mpcs[iommu].stat_known = world->mpcs[iommu].info_known = false;
}

void tw_mpc_record(TwWorld *world, uint8_t iommu, TwMpcBlocked how,
                   uint64_t offset, TwAttrs attrs)
{
    TwMpc *mpc = &world->mpcs[iommu];
    bool secure = attrs & TW_ATTR_SECURE && !(attrs & TW_ATTR_UNSPECIFIED);

    if (mpc->stat_known && mpc->int_stat) {
        return; /* the first one counts */
    }
    if (how == TW_MPC_BLOCKED_PERHAPS) {
        tw_mpc_forget(world, iommu);
        return;
    }
    mpc->info_known = mpc->stat_known && how == TW_MPC_BLOCKED;
    mpc->int_stat = 1;
    mpc->stat_known = true;
    mpc->info[0] = (uint32_t)offset;
    mpc->info[1] = (attrs >> TW_ATTR_REQUESTER_SHIFT & 0xffff) |
                   (secure ? 0 : 1u << 16) | bit_of(world, iommu, offset) << 17;
}

/* The kind ---------------------------------------------------------------- */

/* The registers and the table as they start. */
static void empty(TwWorld *world, uint8_t iommu, uint16_t number, uint32_t tick)
{
    world->mpc_changes++;
    world->mpcs[iommu] =
        (TwMpc){.int_en = 1, .stat_known = true, .info_known = true};
    set_ctrl(world, iommu, AUTOINC);
    assign(world, iommu, false, 0,
           block_at(world, n_words(world, iommu), 0) - 1, number, tick);
}

static void restore(TwWorld *world, uint8_t iommu, uint16_t number)
{
    uint32_t ctrl = world->saved.mpcs[iommu].ctrl;

    world->mpc_changes++;
    world->mpcs[iommu] = world->saved.mpcs[iommu];
    set_ctrl(world, iommu, ctrl);
    tw_iommu_restore_lists(world, iommu, number);
}

const TwIommuClass tw_iommu_mpc = {
    .find = find,
    /* map, unmap and protect are not legal of an MPC (LA-34) */
    .empty = empty,
    .restore = restore,
};
