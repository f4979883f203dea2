/* SPDX-License-Identifier: MIT */
/* The agent for AArch64; x10: the record; x13: the handlers; x1, x0: address
 * and value. */
#include "targets/unicorn/agent.h"

/* An exchange by a load-exclusive and a store-exclusive of one size. */
#define EXCLUSIVE(load, store) \
    { \
        16, \
        { \
            AGENT_WORD(load), AGENT_WORD(store), \
                AGENT_WORD(0x35ffffc3), /* cbnz w3, .-8 */ \
                AGENT_WORD(0xaa0203e0)  /* mov x0, x2 */ \
        } \
    }

#define ONE(word) \
    { \
        4, \
        { \
            AGENT_WORD(word) \
        } \
    }

_Static_assert(AGENT_EXIT_DISTANCE == 0x7c0, "see RECORD_EXIT");

const Guest tw_uc_arm64 = {
    .title = "AArch64, MMU off",
    .arch = UC_ARCH_ARM64,
    .mode = UC_MODE_ARM,
    .cpu_model = UC_CPU_ARM64_MAX, /* the default has no SWP */
    .words = TW_CONTENTS_CODE,
    .record = UC_ARM64_REG_X10,
    .table = UC_ARM64_REG_X13,
    .result = UC_ARM64_REG_X0,
    .handler_lg = 6,
    .entry = {16,
              {AGENT_WORD(0xb940014b),   /* ldr w11, [x10] */
               AGENT_WORD(0xa9408141),   /* ldp x1, x0, [x10, #8] */
               AGENT_WORD(0x8b0b19ac),   /* add x12, x13, x11, lsl #6 */
               AGENT_WORD(0xd61f0180)}}, /* br x12 */
    .next = {20,
             {AGENT_WORD(0xf9000d40),   /* str x0, [x10, #24] */
              AGENT_WORD(0xb8420d4b),   /* ldr w11, [x10, #32]! */
              AGENT_WORD(0xa9408141),   /* ldp x1, x0, [x10, #8] */
              AGENT_WORD(0x8b0b19ac),   /* add x12, x13, x11, lsl #6 */
              AGENT_WORD(0xd61f0180)}}, /* br x12 */
    .handlers =
        {
            [RECORD_EXIT] = ONE(0x140001f0),      /* b .+0x7c0 */
            [RECORD_READ] = ONE(0x39400020),      /* ldrb w0, [x1] */
            [RECORD_READ + 1] = ONE(0x79400020),  /* ldrh w0, [x1] */
            [RECORD_READ + 2] = ONE(0xb9400020),  /* ldr w0, [x1] */
            [RECORD_READ + 3] = ONE(0xf9400020),  /* ldr x0, [x1] */
            [RECORD_WRITE] = ONE(0x39000020),     /* strb w0, [x1] */
            [RECORD_WRITE + 1] = ONE(0x79000020), /* strh w0, [x1] */
            [RECORD_WRITE + 2] = ONE(0xb9000020), /* str w0, [x1] */
            [RECORD_WRITE + 3] = ONE(0xf9000020), /* str x0, [x1] */
            [RECORD_RMW] = ONE(0x38208020),       /* swpb w0, w0, [x1] */
            [RECORD_RMW + 1] = ONE(0x78208020),   /* swph w0, w0, [x1] */
            [RECORD_RMW + 2] = ONE(0xb8208020),   /* swp w0, w0, [x1] */
            [RECORD_RMW + 3] = ONE(0xf8208020),   /* swp x0, x0, [x1] */
            /* ldxrb w2, [x1]; stxrb w3, w0, [x1]; and so on */
            [RECORD_EXCLUSIVE] = EXCLUSIVE(0x085f7c22, 0x08037c20),
            [RECORD_EXCLUSIVE + 1] = EXCLUSIVE(0x485f7c22, 0x48037c20),
            [RECORD_EXCLUSIVE + 2] = EXCLUSIVE(0x885f7c22, 0x88037c20),
            [RECORD_EXCLUSIVE + 3] = EXCLUSIVE(0xc85f7c22, 0xc8037c20),
            [RECORD_EXEC] = ONE(0xd63f0020), /* blr x1 */
            [RECORD_FROM] = {8,
                             {AGENT_WORD(0xf9400d42),   /* ldr x2, [x10, #24] */
                              AGENT_WORD(0xd63f0040)}}, /* blr x2 */
            [RECORD_DOORBELL] = ONE(0xb9000020),        /* str w0, [x1] */
            [RECORD_FLUSH] = ONE(0xd508871f),           /* tlbi vmalle1 */
            [RECORD_PAIR_READ] = {8,
                                  {AGENT_WORD(0x29400820),   /* ldp w0, w2,
                                                              * [x1] */
                                   AGENT_WORD(0xf9000942)}}, /* str x2,
                                                              * [x10, #16] */
            [RECORD_PAIR_READ + 1] = {8,
                                      {AGENT_WORD(0xa9400820), /* ldp x0, x2,
                                                                * [x1] */
                                       AGENT_WORD(0xf9000942)}},
            [RECORD_PAIR_WRITE] = {8,
                                   {AGENT_WORD(0xf9400d42),   /* ldr x2,
                                                               * [x10, #24] */
                                    AGENT_WORD(0x29000820)}}, /* stp w0, w2,
                                                               * [x1] */
            [RECORD_PAIR_WRITE +
                1] = {8,
                      {AGENT_WORD(0xf9400d42),
                       AGENT_WORD(0xa9000820)}}, /* stp x0, x2, [x1] */
        },
};
