/* SPDX-License-Identifier: MIT */
/* What the architectures of IOMMUs call the operations of a program; for titles
 * (TwTargetClass: call). */
#include "targets/qtest/class.h"

const char *tw_qtest_call(const TwProgram *program, const TwOp *op)
{
    (void)program;
    switch (op->code) {
    case TW_OP_DMA_READ:
    case TW_OP_DMA_WRITE:
        return "IOMMU";
    case TW_OP_MAP:
    case TW_OP_UNMAP:
    case TW_OP_PROTECT:
    case TW_OP_POKE:
        return "page-table entry";
    case TW_OP_CONTEXT:
        return "context";
    case TW_OP_INVALIDATE:
        return "invalidation command";
    default:
        return NULL;
    }
}

const char *tw_qtest_call_request(const TwProgram *program, const TwOp *op)
{
    switch (op->code) {
    case TW_OP_MAP:
        return "MAP request";
    case TW_OP_UNMAP:
        return "UNMAP request";
    case TW_OP_PROTECT:
        return "MAP request with other flags";
    case TW_OP_NOTIFY:
        return "UNMAP request that must be refused";
    case TW_OP_NOTIFY_ALL:
        return "new domain";
    default:
        return tw_qtest_call(program, op);
    }
}
