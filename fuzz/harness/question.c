/* SPDX-License-Identifier: MIT */
/* See question.h. */
#include "fuzz/harness/question.h"

#include "fuzz/generate/generate.h"
#include "program/ops.h"

#define PROFILE(x) (1u << TW_PROFILE_##x)
#define OP(x) TW_OP_##x

enum { EVERY_PROFILE = (1u << TW_PROFILES) - 1 };

static const TwQuestionInfo infos[TW_QUESTIONS] = {
    [TW_QUESTION_ANY] = {"any", "everything that the target has", EVERY_PROFILE,
                         false},
    [TW_QUESTION_STATIC] = {"static", "nothing changes: is the walk right?",
                            PROFILE(STATIC), false},
    [TW_QUESTION_IOMMU] = {"iommu",
                           "nested IOMMUs, and what they tell observers",
                           PROFILE(IOMMU), false},
    [TW_QUESTION_INVALIDATE] = {"invalidate", "is forgotten what must be?",
                                PROFILE(INVALIDATE), false},
    [TW_QUESTION_TOPOLOGY] = {"topology",
                              "regions that change, in transactions",
                              PROFILE(TOPOLOGY), false},
    [TW_QUESTION_DMA] = {"dma", "devices that access memory", PROFILE(DMA),
                         false},
    [TW_QUESTION_CPUS] = {"cpus", "several CPUs: queues and safe points",
                          PROFILE(CPUS), false},
    [TW_QUESTION_MPC] = {"mpc", "memory protection controllers", PROFILE(MPC),
                         false},
    [TW_QUESTION_PAGETABLE] = {"pagetable", "IOMMUs with tables in RAM",
                               PROFILE(PAGETABLE), false},
    [TW_QUESTION_NESTED] = {"nested",
                            "IOMMUs whose tables other IOMMUs translate",
                            PROFILE(NESTED), false},
    [TW_QUESTION_FAULT] = {"fault", "allocations that fail", PROFILE(DMA_MAP),
                           false},
    [TW_QUESTION_CHECK] = {"check", "everything, with invariants tested",
                           EVERY_PROFILE, true},
};

const TwQuestionInfo *tw_question_info(TwQuestion question)
{
    return &infos[question];
}

/* Groups of operations, by the table; the rest by name. */
static TwOpSet flagged(unsigned flag)
{
    TwOpSet ops = {{0}};

    for (unsigned code = 0; code < TW_OP_CODES; code++) {
        if (tw_op_info(code)->flags & flag) {
            tw_ops_add(&ops, code);
        }
    }
    return ops;
}

#define PAGE_MAP OP(PAGE), OP(UNPAGE)
#define FLUSHES OP(FLUSH_PAGE), OP(FLUSH_RANGE), OP(FLUSH_INDEX), OP(FLUSH_ALL)
#define TABLES \
    OP(MAP), OP(UNMAP), OP(PROTECT), OP(NOTIFY), OP(NOTIFY_ALL), \
        OP(IOMMU_RESET), OP(BYPASS), OP(POKE), OP(CONTEXT), OP(INVALIDATE)
#define REGISTERS OP(MPC_READ), OP(MPC_WRITE)
#define OBSERVERS OP(OBSERVE), OP(UNOBSERVE), OP(REPLAY), OP(VETO)
#define MAPPINGS OP(DMA_MAP), OP(DMA_UNMAP)
#define SNAPSHOTS OP(SNAPSHOT), OP(RESTORE)
#define DIRTY_LOG OP(DIRTY_LOG), OP(DIRTY_CLEAR)

static void at_most(uint8_t *limit, uint8_t most)
{
    *limit = *limit < most ? *limit : most;
}

TwDialect tw_question_narrow(TwQuestion question, const TwDialect *dialect)
{
    TwOpSet accesses = flagged(TW_OP_ACCESS);
    TwOpSet ops = {{0}}; /* beside what every question has */
    /* What the world is made of: page maps and tables, and regions that are
     * read-only (TwDialect). */
    TwOpSet setup = tw_ops_or(flagged(TW_OP_SETUP_OK), TW_OPS(OP(READONLY)));
    TwDialect d = *dialect;

    switch (question) {
    case TW_QUESTION_STATIC:
        d.op_flags &= TW_OPF_FROM;
        d.actors = d.late_spaces = d.explicit_safepoints = false;
        break;
    case TW_QUESTION_IOMMU:
        ops = TW_OPS(TABLES, OBSERVERS, OP(IOMMU_DESTROY), OP(DEL));
        at_most(&d.max_cpus, 1);
        d.late_spaces = false;
        break;
    case TW_QUESTION_INVALIDATE:
        ops = TW_OPS(PAGE_MAP, FLUSHES, TABLES, SNAPSHOTS, OP(CLOCK),
                     OP(SAFEPOINT));
        at_most(&d.max_iommus, 4);
        d.late_spaces = false;
        break;
    case TW_QUESTION_TOPOLOGY:
        ops = tw_ops_or(
            flagged(TW_OP_TOPOLOGY),
            TW_OPS(OP(BEGIN), OP(COMMIT), SNAPSHOTS, OP(LISTEN), OP(UNLISTEN)));
        at_most(&d.max_cpus, 1);
        at_most(&d.max_iommus, 2);
        break;
    case TW_QUESTION_DMA:
        accesses = tw_ops_without(accesses, TW_OPS(OP(EXEC), OP(RMW)));
        ops = TW_OPS(TABLES, MAPPINGS, DIRTY_LOG, OP(MOVE), OP(ENABLE),
                     OP(READONLY), OP(ROMD));
        at_most(&d.max_cpus, 1);
        d.late_spaces = false;
        break;
    case TW_QUESTION_CPUS:
        ops = TW_OPS(PAGE_MAP, FLUSHES, TABLES, OP(SAFEPOINT), OP(UNPLUG),
                     OP(MOVE), OP(ENABLE), OP(PAR), OP(AND), OP(BARRIER),
                     OP(END_PAR));
        at_most(&d.max_iommus, 3);
        d.late_spaces = false;
        break;
    case TW_QUESTION_MPC:
        ops = TW_OPS(REGISTERS, OP(MAP), OP(UNMAP), OP(NOTIFY), OP(NOTIFY_ALL),
                     OP(IOMMU_RESET), OP(SAFEPOINT), OBSERVERS, SNAPSHOTS);
        at_most(&d.max_cpus, 2);
        at_most(&d.max_iommus, 4);
        d.late_spaces = false;
        break;
    case TW_QUESTION_PAGETABLE:
        ops = TW_OPS(TABLES, PAGE_MAP, FLUSHES, SNAPSHOTS, OP(SAFEPOINT));
        at_most(&d.max_iommus, 3);
        d.late_spaces = d.nested_tables = false;
        break;
    case TW_QUESTION_NESTED:
        ops = TW_OPS(TABLES, OP(FLUSH_INDEX), SNAPSHOTS, OP(SAFEPOINT));
        at_most(&d.max_cpus, 2);
        at_most(&d.max_iommus, 4);
        d.late_spaces = false;
        break;
    case TW_QUESTION_FAULT:
        ops = TW_OPS(OP(FAIL_ALLOC), TABLES, OBSERVERS, MAPPINGS, OP(LISTEN),
                     OP(UNLISTEN), OP(SPACE_NEW), OP(SPACE_DEL), OP(FLUSH_ALL),
                     OP(BEGIN), OP(COMMIT), OP(ADD), OP(DEL), OP(MOVE),
                     OP(ENABLE));
        break;
    case TW_QUESTION_ANY:
    case TW_QUESTION_CHECK:
    case TW_QUESTIONS:
        return d;
    }
    if (question != TW_QUESTION_MPC) {
        d.iommu_kinds &= ~(1u << TW_IOMMU_MPC);
    }
    d.setup_only = tw_ops_or(d.setup_only, tw_ops_without(setup, ops));
    tw_ops_add(&ops, TW_OP_NOP);
    d.ops = tw_ops_and(d.ops, tw_ops_or(accesses, tw_ops_or(ops, setup)));
    return d;
}
