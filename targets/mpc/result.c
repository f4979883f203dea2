/* SPDX-License-Identifier: MIT */
/*
 * What the agent's results mean.  Registers are as the Armv8-M Architecture
 * Reference Manual (DDI 0553) describes them.
 */
#include <stdio.h>

#include "program/ops.h"
#include "program/runs.h"
#include "targets/mpc/internal.h"

enum {
    /* exceptions */
    HARD_FAULT = 3,
    BUS_FAULT = 5,
    SECURE_FAULT = 7,
    /* CFSR */
    IBUSERR = 1 << 8,
    PRECISERR = 1 << 9,
    BFARVALID = 1 << 15,
    /* SFSR */
    AUVIOL = 1 << 3,
    INVTRAN = 1 << 4,
};

/* Where an MPC stands, its blocked device answers, and nothing else is there.
 */
static TwClass class_of_bus_fault(const Machine *m, uint32_t at)
{
    uint64_t offset;
    unsigned mpc;

    return tw_mpc_board_find(m->program, at & ~(uint32_t)TW_MPC_BOARD_SECURE,
                             &mpc, &offset)
               ? TW_CLASS_DEVICE_ERROR
               : TW_CLASS_DECODE_ERROR;
}

/* The numbers of the words that ran, by what r0 to r3 hold. */
static uint64_t numbers_of(const TwMpcDone *done)
{
    return tw_run_numbers(
        (done->value & 0xffff) | (done->value >> 32 & 0xffff) << 16 |
        (done->value2 & 0xffff) << 32 | (done->value2 >> 32 & 0xffff) << 48);
}

/* The class of a run that ended in a fault: of the first word that did not run.
 */
static TwClass class_of_run(const Machine *m, const TwMpcDo *what,
                            const TwMpcDone *done)
{
    bool bus = done->fault == BUS_FAULT || done->fault == HARD_FAULT;
    uint32_t at = what->from;

    if (bus && done->cfsr == IBUSERR) {
        for (uint64_t left = numbers_of(done); left != 0; left >>= 16) {
            at += 8;
        }
        return class_of_bus_fault(m, at);
    }
    return done->fault == SECURE_FAULT && done->sfsr & INVTRAN
               ? TW_CLASS_PAGE_FAULT
               : TW_CLASSES;
}

/* The class of a faulted access; TW_CLASSES: the record is not what the manual
 * says. */
static TwClass class_of(const Machine *m, const TwMpcDo *what,
                        const TwMpcDone *done)
{
    const TwOp *op = &m->program->script[what->op];
    bool bus = done->fault == BUS_FAULT || done->fault == HARD_FAULT;

    if (op->code == TW_OP_EXEC) {
        return class_of_run(m, what, done);
    }
    if (bus && done->cfsr == (PRECISERR | BFARVALID) &&
        done->bfar - what->addr < 1u << what->lg) {
        return class_of_bus_fault(m, what->addr);
    }
    return done->fault == SECURE_FAULT && done->sfsr & AUVIOL
               ? TW_CLASS_PAGE_FAULT
               : TW_CLASSES;
}

void tw_mpc_result(Machine *m, const TwMpcDo *what, const TwMpcDone *done)
{
    const TwOp *op = &m->program->script[what->op];
    TwOutcome *outcome = &m->trace->outcomes[what->op];
    uint64_t mask =
        op->size == 8 ? ~UINT64_C(0) : (UINT64_C(1) << 8 * op->size) - 1;
    bool access = tw_op_info(op->code)->flags & TW_OP_ACCESS;
    TwClass class_ = TW_CLASS_OK;

    if (done->fault != 0) {
        class_ = access ? class_of(m, what, done) : TW_CLASSES;
    }
    if (class_ != TW_CLASSES && m->quiet[what->op]) {
        class_ = TW_CLASS_OK; /* a DMA controller tells of no error */
    }
    if (class_ == TW_CLASSES && !m->broken) {
        m->broken = true;
        m->trace->end = TW_END_INVARIANT;
        m->trace->end_op = (uint16_t)what->op;
        snprintf(m->trace->text, sizeof(m->trace->text),
                 "exception %u, CFSR 0x%x, BFAR 0x%x, SFSR 0x%x: expected that "
                 "of an access at 0x%x",
                 done->fault, done->cfsr, done->bfar, done->sfsr,
                 what->kind == TW_MPC_CALL ? what->from : what->addr);
        return;
    }
    outcome->class_ = (uint8_t)class_;
    if (op->code == TW_OP_EXEC) {
        outcome->value = numbers_of(done);
    } else if (class_ == TW_CLASS_OK && op->code != TW_OP_WRITE &&
               op->code != TW_OP_MPC_WRITE) {
        outcome->value = done->fault ? 0 : done->value & mask;
    }
}
