/* SPDX-License-Identifier: MIT */
/* See question.h. */
#include "fuzz/question.h"

#include "fuzz/generate.h"
#include "program/ops.h"

#define PROFILE(x) (1u << TW_PROFILE_##x)
#define OP(x) (UINT64_C(1) << TW_OP_##x)

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
    [TW_QUESTION_CHECK] = {"check", "everything, with invariants tested",
                           EVERY_PROFILE, true},
};

const TwQuestionInfo *tw_question_info(TwQuestion question)
{
    return &infos[question];
}

/* Groups of operations, by the table; the rest by name. */
static uint64_t flagged(unsigned flag)
{
    uint64_t ops = 0;

    for (unsigned code = 0; code < TW_OP_CODES; code++) {
        ops |= (uint64_t)((tw_op_info(code)->flags & flag) != 0) << code;
    }
    return ops;
}

static const uint64_t page_map = OP(PAGE) | OP(UNPAGE);
static const uint64_t flushes =
    OP(FLUSH_PAGE) | OP(FLUSH_RANGE) | OP(FLUSH_INDEX) | OP(FLUSH_ALL);
static const uint64_t tables = OP(MAP) | OP(UNMAP) | OP(PROTECT) | OP(NOTIFY) |
                               OP(NOTIFY_ALL) | OP(IOMMU_RESET) | OP(BYPASS) |
                               OP(MPC_READ) | OP(MPC_WRITE) | OP(POKE) |
                               OP(CONTEXT) | OP(INVALIDATE);
static const uint64_t observers =
    OP(OBSERVE) | OP(UNOBSERVE) | OP(REPLAY) | OP(VETO);
static const uint64_t mappings = OP(DMA_MAP) | OP(DMA_UNMAP);
static const uint64_t snapshots = OP(SNAPSHOT) | OP(RESTORE);
static const uint64_t dirty_log = OP(DIRTY_LOG) | OP(DIRTY_CLEAR);

static void at_most(uint8_t *limit, uint8_t most)
{
    *limit = *limit < most ? *limit : most;
}

TwDialect tw_question_narrow(TwQuestion question, const TwDialect *dialect)
{
    uint64_t accesses = flagged(TW_OP_ACCESS);
    uint64_t topology = flagged(TW_OP_TOPOLOGY) | OP(BEGIN) | OP(COMMIT);
    uint64_t ops = 0; /* beside what every question has */
    /* What the world is made of: page maps and tables, and regions that are
     * read-only (TwDialect). */
    uint64_t setup = flagged(TW_OP_SETUP_OK) | OP(READONLY);
    TwDialect d = *dialect;

    switch (question) {
    case TW_QUESTION_STATIC:
        d.op_flags &= TW_OPF_FROM;
        d.actors = d.late_spaces = d.explicit_safepoints = false;
        break;
    case TW_QUESTION_IOMMU:
        ops = tables | observers | OP(IOMMU_DESTROY) | OP(DEL);
        at_most(&d.max_cpus, 1);
        d.late_spaces = false;
        break;
    case TW_QUESTION_INVALIDATE:
        ops =
            page_map | flushes | tables | snapshots | OP(CLOCK) | OP(SAFEPOINT);
        at_most(&d.max_iommus, 4);
        d.late_spaces = false;
        break;
    case TW_QUESTION_TOPOLOGY:
        ops = topology | snapshots | OP(LISTEN) | OP(UNLISTEN);
        at_most(&d.max_cpus, 1);
        at_most(&d.max_iommus, 2);
        break;
    case TW_QUESTION_DMA:
        accesses &= ~(OP(EXEC) | OP(RMW));
        ops = tables | mappings | dirty_log | OP(MOVE) | OP(ENABLE) |
              OP(READONLY) | OP(ROMD);
        at_most(&d.max_cpus, 1);
        d.late_spaces = false;
        break;
    case TW_QUESTION_CPUS:
        ops = page_map | flushes | tables | OP(SAFEPOINT) | OP(UNPLUG) |
              OP(MOVE) | OP(ENABLE) | OP(PAR) | OP(AND) | OP(BARRIER) |
              OP(END_PAR);
        at_most(&d.max_iommus, 3);
        d.late_spaces = false;
        break;
    case TW_QUESTION_ANY:
    case TW_QUESTION_CHECK:
    case TW_QUESTIONS:
        return d;
    }
    d.setup_only |= setup & ~ops;
    d.ops &= accesses | ops | setup | OP(NOP);
    return d;
}
