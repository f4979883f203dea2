/* SPDX-License-Identifier: MIT */
/*
 * Which MPCs blocked an access (LA-32), as far as the explanations of its
 * outcome agree; and whether their registers give what is in them.
 */
#ifndef TW_ORACLE_JUDGE_BLOCKED_H
#define TW_ORACLE_JUDGE_BLOCKED_H

#include "oracle/judge/oracle.h"
#include "oracle/memory/leaf.h"

typedef struct TwBlocked {
    bool started;       /* there was an explanation */
    uint32_t any, all;  /* bit per MPC: blocks it in some, in all of them */
    uint32_t elsewhere; /* at different offsets */
    uint64_t offset[TW_MAX_IOMMUS]; /* of the first byte that it blocks */
} TwBlocked;

static inline void tw_blocked_start(TwBlocked *blocked)
{
    blocked->started = false;
    blocked->any = blocked->all = blocked->elsewhere = 0;
}

/* Adds an explanation of the access. */
void tw_blocked_add(TwBlocked *blocked, const TwWorld *world,
                    const TwAccess *access, const TwByte *bytes,
                    const TwEffect *effect);

/* The MPCs record the access. */
void tw_blocked_record(const TwBlocked *blocked, TwWorld *world,
                       const TwAccess *access);

/*
 * Is what an mpc-read gave, script operation `number`, what is in the register
 * (LA-33)?  AGREE, or the verdict.
 */
TwVerdict tw_blocked_judge_read(TwOracle *oracle, const TwOp *op,
                                uint16_t number);

#endif
