/* SPDX-License-Identifier: MIT */
/* See shadow.h. */
#include "targets/mpc/shadow.h"

#include <string.h>

enum {
    CTRL = 0x00,
    BLK_IDX = 0x18,
    BLK_LUT = 0x1c,
    AUTOINC = 1 << 8,
};
#define LOCKDOWN (UINT32_C(1) << 31)

void tw_mpc_shadows_start(TwMpcShadows *shadows, const TwProgram *program)
{
    memset(shadows, 0, sizeof(*shadows));
    shadows->program = program;
    for (unsigned k = 0; k < TW_MPC_BOARD_MPCS; k++) {
        shadows->of[k].ctrl = AUTOINC;
        shadows->of[k].words =
            (uint32_t)(tw_mpc_srams[k].size >> (TW_MPC_BOARD_PAGE_LG + 5));
    }
}

static void write_register(TwMpcShadow *s, const TwOp *op)
{
    unsigned shift = 8 * (op->addr & 3);
    uint32_t mask = (uint32_t)(((UINT64_C(1) << 8 * op->size) - 1) << shift);
    uint32_t value = (uint32_t)(op->value << shift) & mask;
    bool locked = s->ctrl & LOCKDOWN;

    switch (op->addr & ~UINT64_C(3)) {
    case CTRL:
        s->ctrl = locked ? s->ctrl : (s->ctrl & ~mask) | value;
        break;
    case BLK_IDX:
        s->index = ((s->index & ~mask) | value) % s->words;
        break;
    case BLK_LUT:
        if (!locked) {
            s->table[s->index] = (s->table[s->index] & ~mask) | value;
        }
        break;
    default:
        break;
    }
}

void tw_mpc_shadows_step(TwMpcShadows *shadows, const TwOp *op)
{
    bool write = op->code == TW_OP_MPC_WRITE, locked;
    TwMpcShadow *s;
    unsigned mpc;

    if (op->code == TW_OP_EXEC) {
        shadows->stopped =
            tw_mpc_shadows_block(shadows, op->index, op->addr, &mpc);
    }
    if (op->flags & TW_OPF_DURING && shadows->stopped) {
        return; /* the word that makes it has not run */
    }
    if (!write && op->code != TW_OP_MPC_READ) {
        return;
    }
    s = &shadows->of[op->obj];
    locked = s->ctrl & LOCKDOWN;
    if (write) {
        write_register(s, op);
    }
    if (op->addr == BLK_LUT && op->size == 4 && s->ctrl & AUTOINC &&
        !(write && locked)) {
        s->index = (s->index + 1) % s->words;
    }
}

bool tw_mpc_shadows_block(const TwMpcShadows *shadows, unsigned index,
                          uint64_t addr, unsigned *mpc)
{
    uint64_t offset;
    uint32_t block, bit;

    if (!tw_mpc_board_find(shadows->program, addr, mpc, &offset)) {
        return false;
    }
    block = (uint32_t)(offset >> TW_MPC_BOARD_PAGE_LG);
    bit = shadows->of[*mpc].table[block / 32] >> block % 32 & 1;
    return bit != (index != 0);
}

bool tw_mpc_shadows_refuse(const TwMpcShadows *shadows, unsigned mpc)
{
    return shadows->of[mpc].ctrl & TW_MPC_BOARD_SEC_RESP;
}

bool tw_mpc_shadows_fault(const TwMpcShadows *shadows, const TwOp *op)
{
    uint64_t offset;
    unsigned mpc;

    return tw_mpc_shadows_block(shadows, op->index, op->addr, &mpc)
               ? tw_mpc_shadows_refuse(shadows, mpc)
               : !tw_mpc_board_find(shadows->program, op->addr, &mpc, &offset);
}
