/* SPDX-License-Identifier: MIT */
/*
 * What a reproducer has of one guest: its code, which makes one access and goes
 * to the end, and its registers; for emit.c.
 */
#include <inttypes.h>
#include <string.h>

#include "program/ops.h"
#include "targets/unicorn/agent.h"
#include "targets/unicorn/emit.h"

/* Loads and stores of 1, 2, 4, 8 bytes; what runs a word of the program; the
 * store that rings the doorbell; what makes an access by a word; exchanges;
 * exclusive ones; loads and stores of two times 4, 8 bytes. */
enum { RUN = 8, RING, FROM, SWAP, PAIR = SWAP + 8, PIECES = PAIR + 4 };
enum { PIECE_LG = 5 };

typedef struct EmitGuest {
    const Guest *guest;
    const char *open;         /* arguments of uc_open() */
    const char *model;        /* of the CPU, or NULL: the default */
    const char *control;      /* Guest.control, or NULL */
    const char *registers[3]; /* value, address; address of the word (FROM) or
                               * second value (PAIR) */
    const char *comments[PIECES];
    AgentCode from;     /* as RECORD_FROM, with the address in a register */
    AgentCode pairs[4]; /* as RECORD_PAIR_..., with the second value in one */
    /* A jump over `distance` bytes, from its first byte on. */
    void (*jump)(AgentCode *code, uint32_t distance);
    const char *word;         /* C: the word `number` */
    const char *word_comment; /* what it is, and one that accesses */
    const char *run[2]; /* C: words of runs, that go on (`more` is not 0) and
                         * that return */
    const char *run_comment;
} EmitGuest;

static void put_word(AgentCode *code, uint32_t word)
{
    for (unsigned k = 0; k < 4; k++) {
        code->bytes[code->size++] = (uint8_t)(word >> 8 * k);
    }
}

static void jump_arm64(AgentCode *code, uint32_t distance)
{
    put_word(code, 0x14000000 | distance / 4); /* b */
}

/* JAL: imm[20|10:1|11|19:12]; the distance is below 4 KiB. */
static void jump_riscv64(AgentCode *code, uint32_t distance)
{
    put_word(code, 0x6f | (distance >> 1 & 0x3ff) << 21 |
                       (distance >> 11 & 1) << 20); /* j */
}

static void jump_x86_64(AgentCode *code, uint32_t distance)
{
    code->bytes[code->size++] = 0xe9; /* jmp */
    put_word(code, distance - 5);
}

static const EmitGuest emit_guests[] = {
    {&tw_uc_arm64,
     "UC_ARCH_ARM64, UC_MODE_ARM",
     "UC_CPU_ARM64_MAX",
     NULL,
     {"UC_ARM64_REG_X0", "UC_ARM64_REG_X1", "UC_ARM64_REG_X2"},
     {"ldrb w0, [x1]",
      "ldrh w0, [x1]",
      "ldr w0, [x1]",
      "ldr x0, [x1]",
      "strb w0, [x1]",
      "strh w0, [x1]",
      "str w0, [x1]",
      "str x0, [x1]",
      "blr x1",
      "str w0, [x1]",
      "blr x2",
      "swpb w0, w0, [x1]",
      "swph w0, w0, [x1]",
      "swp w0, w0, [x1]",
      "swp x0, x0, [x1]",
      "ldxrb w2, [x1]; stxrb w3, w0, [x1]; cbnz w3, .-8; mov x0, x2",
      "ldxrh w2, [x1]; stxrh w3, w0, [x1]; cbnz w3, .-8; mov x0, x2",
      "ldxr w2, [x1]; stxr w3, w0, [x1]; cbnz w3, .-8; mov x0, x2",
      "ldxr x2, [x1]; stxr w3, x0, [x1]; cbnz w3, .-8; mov x0, x2",
      "ldp w0, w2, [x1]",
      "ldp x0, x2, [x1]",
      "stp w0, w2, [x1]",
      "stp x0, x2, [x1]"},
     {4, {AGENT_WORD(0xd63f0040)}},
     {{4, {AGENT_WORD(0x29400820)}},
      {4, {AGENT_WORD(0xa9400820)}},
      {4, {AGENT_WORD(0x29000820)}},
      {4, {AGENT_WORD(0xa9000820)}}},
     jump_arm64,
     "UINT64_C(0xd65f03c0d2800000) | number << 5",
     "`movz x0, #number; ret`; and such as `ldrb w0, [x1]; ret`",
     {"UINT64_C(0xd503201ff2800000) | more << 21 | number << 5",
      "UINT64_C(0xd65f03c0f2800000) | number << 5"},
     "`movk x0, #number, lsl #16 * more; nop`"},
    {&tw_uc_x86_64,
     "UC_ARCH_X86, UC_MODE_64",
     NULL,
     "UC_X86_REG_CR4",
     {"UC_X86_REG_RAX", "UC_X86_REG_RSI", "UC_X86_REG_RDI"},
     {"movzx eax, byte [rsi]",
      "movzx eax, word [rsi]",
      "mov eax, [rsi]",
      "mov rax, [rsi]",
      "mov [rsi], al",
      "mov [rsi], ax",
      "mov [rsi], eax",
      "mov [rsi], rax",
      "lea r11, [rip + 2]; jmp rsi",
      "mov [rsi], eax",
      "lea r11, [rip + 2]; jmp rdi",
      "xchg [rsi], al",
      "xchg [rsi], ax",
      "xchg [rsi], eax",
      "xchg [rsi], rax",
      "mov edi, eax; mov al, [rsi]; lock cmpxchg [rsi], dil; jnz .-5",
      "mov edi, eax; mov ax, [rsi]; lock cmpxchg [rsi], di; jnz .-5",
      "mov edi, eax; mov eax, [rsi]; lock cmpxchg [rsi], edi; jnz .-4",
      "mov rdi, rax; mov rax, [rsi]; lock cmpxchg [rsi], rdi; jnz .-5",
      "mov rax, [rsi]; mov rdi, rax; shr rdi, 32; mov eax, eax",
      "movdqu xmm0, [rsi]; movq rax, xmm0; psrldq xmm0, 8; movq rdi, xmm0",
      "shl rdi, 32; mov eax, eax; or rax, rdi; mov [rsi], rax",
      "movq xmm0, rax; movq xmm1, rdi; punpcklqdq xmm0, xmm1; movdqu [rsi], "
      "xmm0"},
     {9, {0x4c, 0x8d, 0x1d, 0x02, 0x00, 0x00, 0x00, 0xff, 0xe7}},
     {{12,
       {0x48, 0x8b, 0x06, 0x48, 0x89, 0xc7, 0x48, 0xc1, 0xef, 0x20, 0x89,
        0xc0}},
      {19,
       {0xf3, 0x0f, 0x6f, 0x06, 0x66, 0x48, 0x0f, 0x7e, 0xc0, 0x66, 0x0f, 0x73,
        0xd8, 0x08, 0x66, 0x48, 0x0f, 0x7e, 0xc7}},
      {12,
       {0x48, 0xc1, 0xe7, 0x20, 0x89, 0xc0, 0x48, 0x09, 0xf8, 0x48, 0x89,
        0x06}},
      {18,
       {0x66, 0x48, 0x0f, 0x6e, 0xc0, 0x66, 0x48, 0x0f, 0x6e, 0xcf, 0x66, 0x0f,
        0x6c, 0xc1, 0xf3, 0x0f, 0x7f, 0x06}}},
     jump_x86_64,
     "UINT64_C(0xe3ff41900000b866) | number << 16",
     "`mov ax, number; nop; jmp r11`; and such as\n * `mov eax, [rsi]; "
     "jmp r11`, with nops in front",
     {"UINT64_C(0x10e0c1480000b866) | number << 16",
      "UINT64_C(0xe3ff41900000b866) | number << 16"},
     "`mov ax, number; shl rax, 16`"},
    {&tw_uc_riscv64,
     "UC_ARCH_RISCV, UC_MODE_RISCV64",
     NULL,
     NULL,
     {"UC_RISCV_REG_A0", "UC_RISCV_REG_A1", "UC_RISCV_REG_A2"},
     {"lbu a0, 0(a1)",
      "lhu a0, 0(a1)",
      "lwu a0, 0(a1)",
      "ld a0, 0(a1)",
      "sb a0, 0(a1)",
      "sh a0, 0(a1)",
      "sw a0, 0(a1)",
      "sd a0, 0(a1)",
      "jalr a1",
      "sw a0, 0(a1)",
      "jalr a2",
      "no exchange of 1",
      "no exchange of 2",
      "amoswap.w a0, a0, (a1)",
      "amoswap.d a0, a0, (a1)",
      "no exclusive exchange of 1",
      "no exclusive exchange of 2",
      "lr.w a2, (a1); sc.w a3, a0, (a1); bnez a3, .-8; mv a0, a2",
      "lr.d a2, (a1); sc.d a3, a0, (a1); bnez a3, .-8; mv a0, a2",
      "no load of two",
      "no load of two",
      "no store of two",
      "no store of two"},
     {4, {AGENT_WORD(0x000600e7)}},
     {{0, {0}}, {0, {0}}, {0, {0}}, {0, {0}}},
     jump_riscv64,
     "UINT64_C(0x806700000537) | number << 12",
     "`lui a0, number; ret`; and such as `lbu a0, 0(a1); ret`",
     {"UINT64_C(0x0001054200050513) | number << 20",
      "UINT64_C(0x8082000100050513) | number << 20"},
     "`addi a0, a0, number; c.slli a0, 16`"},
};

static const EmitGuest *guest_of(const Emit *e)
{
    const EmitGuest *guest = emit_guests;

    while (guest->guest != e->machine->guest) {
        guest++;
    }
    return guest;
}

static bool has_pairs(const TwProgram *program)
{
    unsigned n = 0;

    while (n < program->n_script && !tw_op_leads_pair(program, n)) {
        n++;
    }
    return n < program->n_script;
}

void tw_uc_emit_open(Emit *e)
{
    const EmitGuest *g = guest_of(e);

    put(e, "    DO(uc_open(%s, &uc));\n", g->open);
    if (g->model) {
        put(e, "    DO(uc_ctl_set_cpu_model(uc, %s));\n", g->model);
    }
    if (g->control && has_pairs(e->program)) {
        put(e,
            "    DO(uc_reg_read(uc, %s, &value));\n"
            "    value |= 0x%" PRIx64 "; /* for vectors */\n"
            "    DO(uc_reg_write(uc, %s, &value));\n",
            g->control, g->guest->control_bits, g->control);
    }
}

/* Piece i, and the jump to the end. */
static AgentCode piece(const EmitGuest *g, unsigned i)
{
    AgentCode code = i < RUN     ? g->guest->handlers[RECORD_READ + i]
                     : i == RUN  ? g->guest->handlers[RECORD_EXEC]
                     : i == RING ? g->guest->handlers[RECORD_DOORBELL]
                     : i == FROM ? g->from
                     : i >= PAIR ? g->pairs[i - PAIR]
                                 : g->guest->handlers[RECORD_RMW + i - SWAP];

    g->jump(&code, AGENT_EXIT - (i << PIECE_LG) - code.size);
    return code;
}

void tw_uc_emit_guest(Emit *e)
{
    const EmitGuest *g = guest_of(e);

    put(e, "/* The guest's code: one access, and the jump to END behind it. "
           "*/\n"
           "enum { LOAD, STORE = 4, RUN = 8, RING, FROM, SWAP,\n"
           "       EXCLUSIVE = SWAP + 4, PAIR = EXCLUSIVE + 4 };\n"
           "static const uint8_t guest_code[][32] = {\n");
    for (unsigned i = 0; i < PIECES; i++) {
        AgentCode code = piece(g, i);

        put(e, "    /* %s%s */\n    {", g->comments[i],
            i == RING   ? " to the doorbell"
            : i == FROM ? ": an access made by an instruction there"
                        : "");
        for (unsigned k = 0; k < code.size; k++) {
            put(e, "%s0x%02x", k > 0 ? ", " : "", code.bytes[k]);
        }
        put(e, "},\n");
    }
    put(e,
        "};\nstatic uint64_t from, second;\n\n"
        "/* Runs one of them; *value is what is stored, then the result. */\n"
        "static uc_err guest(unsigned code, uint64_t address, uint64_t "
        "*value)\n"
        "{\n    uint64_t third = code >= PAIR ? second : from;\n"
        "    uc_err err;\n\n"
        "    DO(uc_reg_write(uc, %s, value));\n"
        "    DO(uc_reg_write(uc, %s, &address));\n"
        "    DO(uc_reg_write(uc, %s, &third));\n"
        "    err = uc_emu_start(uc, CODE + 32 * code, END, 0, 0);\n"
        "    DO(uc_reg_read(uc, %s, value));\n"
        "    DO(uc_reg_read(uc, %s, &second));\n"
        "    return err;\n}\n\n",
        g->registers[0], g->registers[1], g->registers[2], g->registers[0],
        g->registers[2]);
}

static void put_run_words(Emit *e)
{
    const EmitGuest *g = guest_of(e);

    put(e,
        "/* Words of 8 bytes that go on with the next one:\n * %s. The last of "
        "four returns. */\n"
        "static uint8_t word_byte(uint64_t number, uint64_t offset)\n{\n"
        "    uint64_t more = 3 - (offset + 0x10) %% 0x20 / 8;\n"
        "    uint64_t word = more ? %s\n                         : %s;\n\n"
        "    return (uint8_t)(word >> 8 * (offset %% 8));\n}\n\n"
        "/* The number of the i-th word that has run, or 0. */\n"
        "static unsigned number_of(uint64_t result, unsigned i)\n{\n"
        "    for (unsigned lane = 4; lane-- > 0;) {\n"
        "        unsigned number = result >> 16 * lane & 0xffff;\n\n"
        "        if (number && i-- == 0) {\n            return number;\n"
        "        }\n    }\n    return 0;\n}\n\n",
        g->run_comment, g->run[0], g->run[1]);
}

void tw_uc_emit_words(Emit *e)
{
    const EmitGuest *g = guest_of(e);

    if (tw_contents_are_runs(e->program->contents)) {
        put_run_words(e);
        return;
    }
    put(e,
        "/* Functions of 8 bytes: %s. */\n"
        "static const uint64_t access_words[8] = {\n",
        g->word_comment);
    for (unsigned n = 0; n < 8; n++) {
        put(e, "    UINT64_C(0x%016" PRIx64 "),\n",
            tw_code_access_word(g->guest->words, n));
    }
    put(e,
        "};\n\nstatic uint8_t word_byte(uint64_t number, uint64_t offset)\n{\n"
        "    uint64_t word = %s;\n\n"
        "    if (offset %% 0x1000 >= 0xfc0) {\n"
        "        word = access_words[offset / 8 %% 8];\n    }\n"
        "    return (uint8_t)(word >> 8 * (offset %% 8));\n}\n\n",
        g->word);
}
