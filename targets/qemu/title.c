/* SPDX-License-Identifier: MIT */
/* What the architectures call the operations of a program, and whole titles of
 * findings that known defects give (TwTargetClass: call, title). */
#include "targets/qemu/class.h"
#include "targets/qemu/trigger.h"

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

#define VERDICT(name) (1u << TW_VERDICT_##name)
#define OP(name) (UINT64_C(1) << TW_OP_##name)
#define END OP(NOP) /* no access is accused, but the end state */

/* The first that fits: a trigger on the path, the verdict, the accused access.
 */
static const struct {
    uint8_t trigger;
    uint32_t verdicts;
    uint64_t ops;
    const char *title;
} rows[] = {
    {TW_QEMU_EXCHANGE, VERDICT(WRONG) | VERDICT(STALE), OP(RMW),
     "an exchange looks its page up twice: it loads from the old page and "
     "stores to the new one"},
    {TW_QEMU_EXCHANGE, VERDICT(FAULT), OP(RMW),
     "an exchange faults as its load does, before its right to store is "
     "checked"},
    {TW_QEMU_LARGE_CODE, VERDICT(STALE), OP(EXEC),
     "code of a large page still runs after the page was invalidated by "
     "another address in it"},
    {TW_QEMU_UNALIGNED_NOWHERE, VERDICT(WRONG) | VERDICT(EFFECT),
     OP(READ) | END,
     "a store that reaches from RAM into unassigned memory leaves its first "
     "bytes in RAM"},
    {TW_QEMU_UNALIGNED_NOWHERE, VERDICT(INVARIANT), OP(READ),
     "an unaligned load that meets unassigned memory faults at an address "
     "below "
     "the access"},
    {TW_QEMU_EXCHANGE, VERDICT(INVARIANT), OP(RMW),
     "an exchange faults as its load does: the cause is that of a load"},
    {TW_QEMU_USER_CODE, VERDICT(PERM), OP(EXEC),
     "S-mode with SUM set executes code of a page of the user's after a load "
     "or a store of it"},
};

bool tw_qemu_title(const TwProgram *program, const TwFinding *finding,
                   GString *title)
{
    const TwOp *op = tw_finding_accused(finding, program);
    unsigned code = op != NULL ? op->code : TW_OP_NOP;
    uint64_t met = tw_qemu_triggers_met(program, finding);

    for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
        if (met >> rows[i].trigger & 1 &&
            rows[i].verdicts >> finding->verdict & 1 &&
            rows[i].ops >> code & 1) {
            g_string_append(title, rows[i].title);
            return true;
        }
    }
    return false;
}
