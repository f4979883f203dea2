/* SPDX-License-Identifier: MIT */
/* What the architectures call the operations of a program; for titles
 * (TwTargetClass: call). */
#include "targets/qemu/class.h"

/* `flush`: the instruction that ends old translations. */
static const char *call_of(const TwOp *op, const char *flush)
{
    switch (op->code) {
    case TW_OP_PAGE:
    case TW_OP_UNPAGE:
        return "page-table entry";
    case TW_OP_FLUSH_PAGE:
    case TW_OP_FLUSH_RANGE:
    case TW_OP_FLUSH_INDEX:
    case TW_OP_FLUSH_ALL:
        return flush;
    case TW_OP_READ:
    case TW_OP_WRITE:
    case TW_OP_EXEC:
    case TW_OP_RMW:
        return "page tables";
    default:
        return NULL;
    }
}

const char *tw_qemu_call_aarch64(const TwProgram *program, const TwOp *op)
{
    (void)program;
    return call_of(op, "TLBI");
}

const char *tw_qemu_call_x86_64(const TwProgram *program, const TwOp *op)
{
    (void)program;
    return call_of(op, op->code == TW_OP_FLUSH_PAGE ? "INVLPG" : "TLB flush");
}

const char *tw_qemu_call_riscv64(const TwProgram *program, const TwOp *op)
{
    (void)program;
    return call_of(op, "SFENCE.VMA");
}
