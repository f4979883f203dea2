/* SPDX-License-Identifier: MIT */
/*
 * Triggers of quirks: operations with which a quirk can show.  They are wide:
 * where an access goes is not asked.
 */
#include "targets/softmmu/trigger.h"

#include "program/ops.h"

enum { WIDE_STORE, WIDE_AT_DEVICE, DMA_READ_ONLY, VIA_MAPPING };
#define BIT(trigger) (UINT64_C(1) << (trigger))

const TwTriggerInfo tw_softmmu_triggers[] = {
    [WIDE_STORE] = {"wide-store", "a store of more than one byte", false},
    [WIDE_AT_DEVICE] = {"wide-at-device",
                        "an access of more than one byte, in a program with a "
                        "device",
                        false},
    [DMA_READ_ONLY] = {"dma-write-read-only",
                       "a device's store, in a program in which something is "
                       "or becomes read-only",
                       false},
    [VIA_MAPPING] = {"via-mapping", "an access via a DMA mapping", false},
    {NULL, NULL, false},
};

static bool has_device(const TwProgram *program)
{
    for (unsigned i = 0; i < program->n_regions; i++) {
        if (program->regions[i].kind == TW_REGION_MMIO) {
            return true;
        }
    }
    return false;
}

static bool has_read_only(const TwProgram *program)
{
    for (unsigned i = 0; i < program->n_regions; i++) {
        if (program->regions[i].kind == TW_REGION_ROM ||
            program->regions[i].readonly) {
            return true;
        }
    }
    for (unsigned i = 0; i < program->n_script; i++) {
        if (program->script[i].code == TW_OP_READONLY) {
            return true;
        }
    }
    for (unsigned i = 0; i < program->n_actors; i++) {
        if (program->actors[i].region != TW_NONE &&
            program->actors[i].op.code == TW_OP_READONLY) {
            return true;
        }
    }
    return false;
}

/* The triggers that the program can meet at all. */
static uint64_t possible(const TwProgram *program)
{
    return BIT(WIDE_STORE) | BIT(VIA_MAPPING) |
           (has_device(program) ? BIT(WIDE_AT_DEVICE) : 0) |
           (has_read_only(program) ? BIT(DMA_READ_ONLY) : 0);
}

/* Those that one operation meets, if they are possible. */
static uint64_t of_op(const TwOp *op)
{
    bool access = tw_op_info(op->code)->flags & TW_OP_ACCESS;
    bool store = op->code == TW_OP_WRITE || op->code == TW_OP_DMA_WRITE;

    return (store && op->size > 1 ? BIT(WIDE_STORE) : 0) |
           (access && op->size > 1 ? BIT(WIDE_AT_DEVICE) : 0) |
           (op->code == TW_OP_DMA_WRITE ? BIT(DMA_READ_ONLY) : 0) |
           (op->flags & TW_OPF_VIA ? BIT(VIA_MAPPING) : 0);
}

uint64_t tw_softmmu_triggers_met(const TwProgram *program,
                                 const TwFinding *finding)
{
    uint64_t met = 0;

    for (unsigned i = 0; i < program->n_script && i <= finding->op; i++) {
        met |= of_op(&program->script[i]);
    }
    return met & possible(program);
}

void tw_softmmu_avoid(TwProgram *program, uint64_t triggers)
{
    triggers &= possible(program);
    for (unsigned i = 0; i < program->n_script; i++) {
        TwOp *op = &program->script[i];
        uint64_t met = of_op(op) & triggers;

        if (met & (BIT(WIDE_STORE) | BIT(WIDE_AT_DEVICE))) {
            op->size = 1;
        }
        if (met & BIT(DMA_READ_ONLY)) {
            op->code = TW_OP_DMA_READ;
        }
        if (met & BIT(VIA_MAPPING)) {
            op->flags &= (uint8_t)~TW_OPF_VIA;
            op->other = 0;
        }
    }
    for (unsigned i = 0; i < program->n_script; i++) {
        if (program->script[i].flags & TW_OPF_PAIRED &&
            !tw_op_may_be_paired(program, i)) {
            program->script[i].flags &= (uint8_t)~TW_OPF_PAIRED;
        }
    }
}
