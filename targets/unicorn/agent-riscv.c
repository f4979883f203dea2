/* SPDX-License-Identifier: MIT */
/* The agent for RV64 in machine mode; s2: the record; s3: the handlers; a1,
 * a0: address and value. */
#include "targets/unicorn/agent.h"

/* An exchange by LR and SC of one size. */
#define EXCLUSIVE(load, store) \
    { \
        16, \
        { \
            AGENT_WORD(load), AGENT_WORD(store), \
                AGENT_WORD(0xfe069ce3), /* bnez a3, .-8 */ \
                AGENT_WORD(0x00060513)  /* mv a0, a2 */ \
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

const Guest tw_uc_riscv64 = {
    .title = "RV64 in machine mode",
    .arch = UC_ARCH_RISCV,
    .mode = UC_MODE_RISCV64,
    .cpu_model = -1,
    .wide_exchange = true,
    .words = TW_CONTENTS_CODE_RISCV64,
    .record = UC_RISCV_REG_S2,
    .table = UC_RISCV_REG_S3,
    .result = UC_RISCV_REG_A0,
    .handler_lg = 6,
    .entry = {24,
              {AGENT_WORD(0x00092283),   /* lw t0, 0(s2) */
               AGENT_WORD(0x00893583),   /* ld a1, 8(s2) */
               AGENT_WORD(0x01093503),   /* ld a0, 16(s2) */
               AGENT_WORD(0x00629293),   /* slli t0, t0, 6 */
               AGENT_WORD(0x013282b3),   /* add t0, t0, s3 */
               AGENT_WORD(0x00028067)}}, /* jr t0 */
    .next = {32,
             {AGENT_WORD(0x00a93c23),   /* sd a0, 24(s2) */
              AGENT_WORD(0x02090913),   /* addi s2, s2, 32 */
              AGENT_WORD(0x00092283),   /* lw t0, 0(s2) */
              AGENT_WORD(0x00893583),   /* ld a1, 8(s2) */
              AGENT_WORD(0x01093503),   /* ld a0, 16(s2) */
              AGENT_WORD(0x00629293),   /* slli t0, t0, 6 */
              AGENT_WORD(0x013282b3),   /* add t0, t0, s3 */
              AGENT_WORD(0x00028067)}}, /* jr t0 */
    .handlers =
        {
            [RECORD_EXIT] = ONE(0x7c00006f),      /* j .+0x7c0 */
            [RECORD_READ] = ONE(0x0005c503),      /* lbu a0, 0(a1) */
            [RECORD_READ + 1] = ONE(0x0005d503),  /* lhu a0, 0(a1) */
            [RECORD_READ + 2] = ONE(0x0005e503),  /* lwu a0, 0(a1) */
            [RECORD_READ + 3] = ONE(0x0005b503),  /* ld a0, 0(a1) */
            [RECORD_WRITE] = ONE(0x00a58023),     /* sb a0, 0(a1) */
            [RECORD_WRITE + 1] = ONE(0x00a59023), /* sh a0, 0(a1) */
            [RECORD_WRITE + 2] = ONE(0x00a5a023), /* sw a0, 0(a1) */
            [RECORD_WRITE + 3] = ONE(0x00a5b023), /* sd a0, 0(a1) */
            [RECORD_RMW + 2] = ONE(0x08a5a52f),   /* amoswap.w a0, a0, (a1) */
            [RECORD_RMW + 3] = ONE(0x08a5b52f),   /* amoswap.d a0, a0, (a1) */
            /* lr.w a2, (a1); sc.w a3, a0, (a1); and of 8 bytes */
            [RECORD_EXCLUSIVE + 2] = EXCLUSIVE(0x1005a62f, 0x18a5a6af),
            [RECORD_EXCLUSIVE + 3] = EXCLUSIVE(0x1005b62f, 0x18a5b6af),
            [RECORD_EXEC] = ONE(0x000580e7), /* jalr a1 */
            [RECORD_FROM] = {8,
                             {AGENT_WORD(0x01893603),   /* ld a2, 24(s2) */
                              AGENT_WORD(0x000600e7)}}, /* jalr a2 */
            [RECORD_DOORBELL] = ONE(0x00a5a023),        /* sw a0, 0(a1) */
            [RECORD_FLUSH] = ONE(0x12000073),           /* sfence.vma */
        },
};
