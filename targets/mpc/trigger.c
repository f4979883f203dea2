/* SPDX-License-Identifier: MIT */
/* The triggers, told from the program alone. */
#include "targets/mpc/trigger.h"

#include "program/ops.h"
#include "targets/mpc/shadow.h"

enum { BLOCKED_QUIETLY, BLOCKED_RECORD };
#define BIT(trigger) (UINT64_C(1) << (trigger))

enum {
    INT_STAT = 0x20,
    INT_INFO1 = 0x2c,
    INT_INFO_END = 0x34,
};

const TwTriggerInfo tw_mpc_triggers[] = {
    [BLOCKED_QUIETLY] = {.name = "blocked-quietly",
                         .meaning = "an access of a block that is closed to "
                                    "it, while CTRL.SEC_RESP is 0"},
    [BLOCKED_RECORD] = {.name = "blocked-record",
                        .meaning =
                            "INT_STAT, INT_INFO1 or INT_INFO2 is read after an "
                            "access of a block that was closed to it"},
    {.name = NULL}};

/* What of a program matters so far. */
typedef struct Past {
    TwMpcShadows shadows;
    uint32_t blocked; /* a bit per MPC: it has blocked something */
} Past;

static bool is_access(const TwOp *op)
{
    return tw_op_info(op->code)->flags & TW_OP_ACCESS;
}

/* Does an access meet a closed block?  Then *mpc is the MPC. */
static bool is_blocked(const Past *past, const TwOp *op, unsigned *mpc)
{
    return is_access(op) &&
           tw_mpc_shadows_block(&past->shadows, op->index, op->addr, mpc);
}

static bool reads_record(const TwOp *op)
{
    uint64_t offset = op->addr & ~UINT64_C(3);

    return op->code == TW_OP_MPC_READ &&
           (offset == INT_STAT ||
            (offset >= INT_INFO1 && offset < INT_INFO_END));
}

/* The triggers that an operation meets. */
static uint64_t met_by(const Past *past, const TwOp *op)
{
    unsigned mpc;

    if (is_blocked(past, op, &mpc)) {
        return tw_mpc_shadows_refuse(&past->shadows, mpc)
                   ? 0
                   : BIT(BLOCKED_QUIETLY);
    }
    return reads_record(op) && past->blocked >> op->obj & 1
               ? BIT(BLOCKED_RECORD)
               : 0;
}

static void step(Past *past, const TwOp *op)
{
    unsigned mpc;

    if (is_blocked(past, op, &mpc)) {
        past->blocked |= 1u << mpc;
    }
    tw_mpc_shadows_step(&past->shadows, op);
}

uint64_t tw_mpc_triggers_met(const TwProgram *program, const TwFinding *finding)
{
    Past past = {.blocked = 0};
    uint64_t all = 0;

    if (!tw_mpc_board_has_shape(program, NULL, 0)) {
        return 0;
    }
    tw_mpc_shadows_start(&past.shadows, program);
    for (unsigned i = 0; i < program->n_script; i++) {
        const TwOp *op = &program->script[i];
        uint64_t met = met_by(&past, op);

        if (i == finding->op) {
            return met;
        }
        all |= met;
        step(&past, op);
    }
    return all;
}

/* A quiet access becomes nothing; so does a look at the record. */
void tw_mpc_avoid(TwProgram *program, uint64_t triggers)
{
    Past past = {.blocked = 0};

    if (!tw_mpc_board_has_shape(program, NULL, 0)) {
        return;
    }
    tw_mpc_shadows_start(&past.shadows, program);
    for (unsigned i = 0; i < program->n_script; i++) {
        TwOp *op = &program->script[i];

        if (met_by(&past, op) & triggers) {
            *op = (TwOp){.code = TW_OP_NOP, .actor = TW_BOARD};
        }
        step(&past, op);
    }
}
