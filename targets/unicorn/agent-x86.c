/* SPDX-License-Identifier: MIT */
/* The agent for x86-64, paging off; r10: the record; r13: the handlers; rsi,
 * rax: address and value; r11: where code words return to. */
#include "targets/unicorn/agent.h"

_Static_assert(AGENT_EXIT_DISTANCE == 0x7c0, "see RECORD_EXIT");

const Guest tw_uc_x86_64 =
    {
        .title = "x86-64, paging off",
        .arch = UC_ARCH_X86,
        .mode = UC_MODE_64,
        .cpu_model = -1,
        .words = TW_CONTENTS_CODE_X86_64,
        .record = UC_X86_REG_R10,
        .table = UC_X86_REG_R13,
        .result = UC_X86_REG_RAX,
        .control = UC_X86_REG_CR4,
        .control_bits = 0x200, /* OSFXSR: there are vectors */
        .handler_lg = 6,
        .entry = {19,
                  {0x41, 0x8b, 0x0a,          /* mov ecx, [r10] */
                   0x49, 0x8b, 0x72, 0x08,    /* mov rsi, [r10 + 8] */
                   0x49, 0x8b, 0x42, 0x10,    /* mov rax, [r10 + 16] */
                   0xc1, 0xe1, 0x06,          /* shl ecx, 6 */
                   0x4c, 0x01, 0xe9,          /* add rcx, r13 */
                   0xff, 0xe1}},              /* jmp rcx */
        .next = {27, {0x49, 0x89, 0x42, 0x18, /* mov [r10 + 24], rax */
                      0x49, 0x83, 0xc2, 0x20, /* add r10, 32 */
                      0x41, 0x8b, 0x0a,       /* mov ecx, [r10] */
                      0x49, 0x8b, 0x72, 0x08, /* mov rsi, [r10 + 8] */
                      0x49, 0x8b, 0x42, 0x10, /* mov rax, [r10 + 16] */
                      0xc1, 0xe1, 0x06,       /* shl ecx, 6 */
                      0x4c, 0x01, 0xe9,       /* add rcx, r13 */
                      0xff, 0xe1}},           /* jmp rcx */
        .handlers =
            {
                [RECORD_EXIT] = {5,
                                 {0xe9, 0xbb, 0x07, 0x00,
                                  0x00}}, /* jmp .+0x7c0 */
                [RECORD_READ] = {3,
                                 {0x0f, 0xb6,
                                  0x06}}, /* movzx eax, byte [rsi] */
                [RECORD_READ +
                    1] = {3, {0x0f, 0xb7, 0x06}}, /* movzx eax, word [rsi] */
                [RECORD_READ + 2] = {2, {0x8b, 0x06}}, /* mov eax, [rsi] */
                [RECORD_READ + 3] = {3,
                                     {0x48, 0x8b, 0x06}}, /* mov rax, [rsi] */
                [RECORD_WRITE] = {2, {0x88, 0x06}},       /* mov [rsi], al */
                [RECORD_WRITE + 1] = {3,
                                      {0x66, 0x89, 0x06}}, /* mov [rsi], ax */
                [RECORD_WRITE + 2] = {2, {0x89, 0x06}},    /* mov [rsi], eax */
                [RECORD_WRITE + 3] = {3,
                                      {0x48, 0x89, 0x06}},  /* mov [rsi], rax */
                [RECORD_RMW] = {2, {0x86, 0x06}},           /* xchg [rsi], al */
                [RECORD_RMW + 1] = {3, {0x66, 0x87, 0x06}}, /* xchg [rsi], ax */
                [RECORD_RMW + 2] = {2, {0x87, 0x06}}, /* xchg [rsi], eax */
                [RECORD_RMW + 3] = {3,
                                    {0x48, 0x87, 0x06}}, /* xchg [rsi], rax */
                [RECORD_EXEC] = {9,
                                 {0x4c, 0x8d, 0x1d, 0x02, 0x00, 0x00,
                                  0x00,         /* lea r11, [rip + 2] */
                                  0xff, 0xe6}}, /* jmp rsi */
                [RECORD_FROM] = {13,
                                 {0x49, 0x8b, 0x7a,
                                  0x18, /* mov rdi, [r10 + 24] */
                                  0x4c, 0x8d, 0x1d, 0x02, 0x00, 0x00,
                                  0x00,                /* lea r11, [rip + 2] */
                                  0xff, 0xe7}},        /* jmp rdi */
                [RECORD_DOORBELL] = {2, {0x89, 0x06}}, /* mov [rsi], eax */
                /* Without paging only a change of CR4 flushes. */
                [RECORD_FLUSH] = {10,
                                  {0x0f, 0x20, 0xe0,       /* mov rax, cr4 */
                                   0x48, 0x83, 0xf0, 0x10, /* xor rax, PSE */
                                   0x0f, 0x22, 0xe0}},     /* mov cr4, rax */

                [RECORD_EXCLUSIVE] = {11,
                                      {0x89, 0xc7, /* mov edi, eax */
                                       0x8a, 0x06, /* mov al, [rsi] */
                                       0xf0, 0x40, 0x0f, 0xb0,
                                       0x3e, /* lock cmpxchg [rsi], dil */
                                       0x75, 0xf9}}, /* jnz .-5 */
                [RECORD_EXCLUSIVE + 1] = {12,
                                          {0x89, 0xc7,       /* mov edi, eax */
                                           0x66, 0x8b, 0x06, /* mov ax, [rsi] */
                                           0xf0, 0x66, 0x0f, 0xb1,
                                           0x3e, /* lock cmpxchg [rsi], di */
                                           0x75, 0xf9}}, /* jnz .-5 */
                [RECORD_EXCLUSIVE + 2] = {10,
                                          {0x89, 0xc7, /* mov edi, eax */
                                           0x8b, 0x06, /* mov eax, [rsi] */
                                           0xf0, 0x0f, 0xb1,
                                           0x3e, /* lock cmpxchg [rsi], edi */
                                           0x75, 0xfa}}, /* jnz .-4 */
                [RECORD_EXCLUSIVE + 3] = {13,
                                          {0x48, 0x89, 0xc7, /* mov rdi, rax */
                                           0x48, 0x8b,
                                           0x06, /* mov rax, [rsi] */
                                           0xf0, 0x48, 0x0f, 0xb1,
                                           0x3e, /* lock cmpxchg [rsi], rdi */
                                           0x75, 0xf9}}, /* jnz .-5 */

                [RECORD_PAIR_READ] = {16,
                                      {0x48, 0x8b, 0x06, /* mov rax, [rsi] */
                                       0x48, 0x89, 0xc7, /* mov rdi, rax */
                                       0x48, 0xc1, 0xef, 0x20, /* shr rdi, 32 */
                                       0x89, 0xc0, /* mov eax, eax */
                                       0x49, 0x89, 0x7a, 0x10}}, /* mov [r10 +
                                                                  * 16], rdi */
                [RECORD_PAIR_READ + 1] =
                    {14,
                     {0xf3, 0x0f, 0x6f, 0x06,       /* movdqu xmm0, [rsi] */
                      0x66, 0x48, 0x0f, 0x7e, 0xc0, /* movq rax, xmm0 */
                      0x41, 0x0f, 0x17, 0x42,
                      0x10}}, /* movhps [r10 + 16], xmm0 */
                [RECORD_PAIR_WRITE] = {16,
                                       {0x49, 0x8b, 0x7a,
                                        0x18, /* mov rdi, [r10 + 24] */
                                        0x48, 0xc1, 0xe7,
                                        0x20,               /* shl rdi, 32 */
                                        0x89, 0xc0,         /* mov eax, eax */
                                        0x48, 0x09, 0xf8,   /* or rax, rdi */
                                        0x48, 0x89, 0x06}}, /* mov [rsi], rax */
                [RECORD_PAIR_WRITE + 1] = {10,
                                           {0xf3, 0x41, 0x0f, 0x6f, 0x42,
                                            0x10, /* movdqu xmm0, [r10 + 16] */
                                            0xf3, 0x0f, 0x7f,
                                            0x06}}, /* movdqu [rsi], xmm0 */
            },
};
