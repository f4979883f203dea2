/* SPDX-License-Identifier: MIT */
/* Accesses to the registers of MPCs through regions (LA-57). */
#ifndef TW_ORACLE_JUDGE_REGISTERS_H
#define TW_ORACLE_JUDGE_REGISTERS_H

#include "oracle/memory/leaf.h"

/* The registers that the answers lead to which explain an access. */
typedef struct TwReached {
    bool explained; /* by some answer, */
    bool any;       /* which leads to registers, */
    bool perhaps;   /* or to others, or to none (RU-7) */
    TwByte bytes[TW_MAX_ACCESS];
    TwEffect effect;
} TwReached;

static inline void tw_reached_start(TwReached *reached)
{
    reached->explained = reached->any = reached->perhaps = false;
}

/* One more answer, of an access of `size` bytes. */
void tw_reached_add(TwReached *reached, const TwByte *bytes,
                    const TwEffect *effect, unsigned size);

/* What the access does to the registers.  `blocked`: the MPCs that blocked
 * other bytes of it, a bit for each. */
void tw_registers_perform(TwWorld *world, const TwAccess *access,
                          const TwReached *reached, uint32_t blocked);

#endif
