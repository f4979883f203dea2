/* SPDX-License-Identifier: MIT */
/*
 * What a reproducer has of one guest: pieces of code, each of which makes one
 * access, its registers, and the code words that RAM holds; for emit.c.
 */
#include <inttypes.h>
#include <string.h>

#include "program/ops.h"
#include "targets/unicorn/agent.h"
#include "targets/unicorn/emit.h"

typedef struct EmitGuest {
    const Guest *guest;
    const char *open;    /* arguments of uc_open() */
    const char *model;   /* of the CPU, or NULL: the default */
    const char *control; /* Guest.control, or NULL */
    const char *pc;
    const char *registers[3]; /* value, address; address of the word (FROM) or
                               * second value (PAIR) */
    const char *comments[PIECES];
    AgentCode from;     /* as RECORD_FROM, with the address in a register */
    AgentCode pairs[4]; /* as RECORD_PAIR_..., with the second value in one */
    const char *word;   /* C: the word `number` */
    const char *word_comment; /* what it is */
    const char *run[2]; /* C: words of runs, that go on (`more` is not 0) and
                         * that return */
    const char *run_comment;
    const char *accesses[8]; /* the access words (code.h) */
} EmitGuest;

static const EmitGuest emit_guests[] = {
    {&tw_uc_arm64,
     "UC_ARCH_ARM64, UC_MODE_ARM",
     "UC_CPU_ARM64_MAX",
     NULL,
     "UC_ARM64_REG_PC",
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
     "UINT64_C(0xd65f03c0d2800000) | (uint64_t)(number) << 5",
     "movz x0, #number; ret",
     {"UINT64_C(0xd503201ff2800000) | (uint64_t)more << 21 | "
      "(uint64_t)(number) << 5",
      "UINT64_C(0xd65f03c0f2800000) | (uint64_t)(number) << 5"},
     "movk x0, #number, lsl #16 * more; nop",
     {"ldrb w0, [x1]; ret", "ldrh w0, [x1]; ret", "ldr w0, [x1]; ret",
      "ldr x0, [x1]; ret", "strb w0, [x1]; ret", "strh w0, [x1]; ret",
      "str w0, [x1]; ret", "str x0, [x1]; ret"}},
    {&tw_uc_x86_64,
     "UC_ARCH_X86, UC_MODE_64",
     NULL,
     "UC_X86_REG_CR4",
     "UC_X86_REG_RIP",
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
     "UINT64_C(0xe3ff41900000b866) | (uint64_t)(number) << 16",
     "mov ax, number; nop; jmp r11",
     {"UINT64_C(0x10e0c1480000b866) | (uint64_t)(number) << 16",
      "UINT64_C(0xe3ff41900000b866) | (uint64_t)(number) << 16"},
     "mov ax, number; shl rax, 16",
     {"movzx eax, byte [rsi]; jmp r11", "movzx eax, word [rsi]; jmp r11",
      "mov eax, [rsi]; jmp r11", "mov rax, [rsi]; jmp r11",
      "mov [rsi], al; jmp r11", "mov [rsi], ax; jmp r11",
      "mov [rsi], eax; jmp r11", "mov [rsi], rax; jmp r11"}},
    {&tw_uc_riscv64,
     "UC_ARCH_RISCV, UC_MODE_RISCV64",
     NULL,
     NULL,
     "UC_RISCV_REG_PC",
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
     "UINT64_C(0x806700000537) | (uint64_t)(number) << 12",
     "lui a0, number; ret",
     {"UINT64_C(0x0001054200050513) | (uint64_t)(number) << 20",
      "UINT64_C(0x8082000100050513) | (uint64_t)(number) << 20"},
     "addi a0, a0, number; c.slli a0, 16",
     {"lbu a0, 0(a1); ret", "lhu a0, 0(a1); ret", "lwu a0, 0(a1); ret",
      "ld a0, 0(a1); ret", "sb a0, 0(a1); ret", "sh a0, 0(a1); ret",
      "sw a0, 0(a1); ret", "sd a0, 0(a1); ret"}},
};

static const EmitGuest *guest_of(const Emit *e)
{
    const EmitGuest *guest = emit_guests;

    while (guest->guest != e->machine->guest) {
        guest++;
    }
    return guest;
}

/* Pieces ------------------------------------------------------------------- */

unsigned tw_uc_emit_piece(const Call *call)
{
    unsigned part = call->part;

    return part >= RECORD_PAIR_READ ? PIECE_LOAD_PAIR + part - RECORD_PAIR_READ
           : part == RECORD_FROM    ? PIECE_FROM
           : part == RECORD_EXEC    ? PIECE_CALL
           : part >= RECORD_RMW     ? PIECE_SWAP + part - RECORD_RMW
                                    : PIECE_LOAD + part - RECORD_READ;
}

const char *tw_uc_emit_piece_name(unsigned piece)
{
    static const char *const names[PIECES] = {
        "LOAD1",       "LOAD2",       "LOAD4",      "LOAD8",      "STORE1",
        "STORE2",      "STORE4",      "STORE8",     "CALL",       "RING",
        "CALL_ACCESS", "SWAP1",       "SWAP2",      "SWAP4",      "SWAP8",
        "EXCLUSIVE1",  "EXCLUSIVE2",  "EXCLUSIVE4", "EXCLUSIVE8", "LOAD_PAIR4",
        "LOAD_PAIR8",  "STORE_PAIR4", "STORE_PAIR8"};

    return names[piece];
}

static AgentCode code_of(const EmitGuest *g, unsigned i)
{
    return i < PIECE_CALL    ? g->guest->handlers[RECORD_READ + i]
           : i == PIECE_CALL ? g->guest->handlers[RECORD_EXEC]
           : i == PIECE_RING ? g->guest->handlers[RECORD_DOORBELL]
           : i == PIECE_FROM ? g->from
           : i >= PIECE_LOAD_PAIR
               ? g->pairs[i - PIECE_LOAD_PAIR]
               : g->guest->handlers[RECORD_RMW + i - PIECE_SWAP];
}

static void put_code(Emit *e, const EmitGuest *g)
{
    unsigned at = 0;

    put(e, "static uint8_t code[0x1000] __attribute__((aligned(0x1000))) = "
           "{\n");
    for (unsigned i = 0; i < PIECES; i++) {
        AgentCode code = code_of(g, i);

        if (!(e->pieces >> i & 1)) {
            continue;
        }
        put(e, "    ");
        for (unsigned k = 0; k < code.size; k++) {
            put(e, "0x%02x,%s", code.bytes[k], k % 12 == 11 ? "\n    " : " ");
        }
        put(e, "/* %s */\n", g->comments[i]);
    }
    put(e, "%s};\n", e->pieces ? "" : "    0,\n");
    for (unsigned i = 0; i < PIECES; i++) {
        if (e->pieces >> i & 1) {
            put(e, "#define %s CODE + %u, CODE + %u /* from, until */\n",
                tw_uc_emit_piece_name(i), at, at + code_of(g, i).size);
            at += code_of(g, i).size;
        }
    }
    put(e, "\n");
}

static bool has_pairs(const Emit *e)
{
    return e->pieces >> PIECE_LOAD_PAIR != 0;
}

/* Has the run come to its end, as it says? */
static void put_pc(Emit *e, const EmitGuest *g)
{
    if (!e->hook || !(e->pieces >> PIECE_FROM & 1)) {
        return;
    }
    put(e,
        "    uc_reg_read(uc, %s, &pc);\n"
        "    if (err == UC_ERR_OK && pc != end) {\n"
        "        printf(\"expected: a run to 0x%%\" PRIx64 \"; got: UC_ERR_OK "
        "at "
        "0x%%\" PRIx64 \"\\n\", end, pc);\n"
        "        wrong = 1;\n    }\n",
        g->pc);
}

static void put_run(Emit *e, const EmitGuest *g)
{
    put(e,
        "static void run(uint64_t begin, uint64_t end, uint64_t address"
        "%s%s)\n{\n%s",
        e->gives ? ", uint64_t store" : "",
        e->third ? ",\n                uint64_t third" : "",
        e->hook && e->pieces >> PIECE_FROM & 1 ? "    uint64_t pc = 0;\n\n"
                                               : "");
    if (e->gives) {
        put(e, "    uc_reg_write(uc, %s, &store);\n", g->registers[0]);
    }
    put(e, "    uc_reg_write(uc, %s, &address);\n", g->registers[1]);
    if (e->third) {
        put(e, "    uc_reg_write(uc, %s, &third);\n", g->registers[2]);
    }
    put(e, "%s%s    err = uc_emu_start(uc, begin, end, 0, 0);\n",
        e->device_code && e->device_loads && e->pieces >> PIECE_CALL & 1
            ? "    fetching = begin == CODE_OF(CALL);\n"
            : "",
        e->forks ? "    *in_flight = \"uc_emu_start\";\n" : "");
    if (e->takes) {
        put(e, "    uc_reg_read(uc, %s, &value);\n", g->registers[0]);
    }
    if (has_pairs(e)) {
        put(e, "    uc_reg_read(uc, %s, &second);\n", g->registers[2]);
    }
    put_pc(e, g);
    put(e, "}\n\n");
}

void tw_uc_emit_guest(Emit *e)
{
    const EmitGuest *g = guest_of(e);

    put_code(e, g);
    if (e->pieces) {
        if (e->device_code && e->device_loads && e->pieces >> PIECE_CALL & 1) {
            put(e, "#define BEGIN(begin, end) (begin)\n"
                   "#define CODE_OF(piece) BEGIN(piece)\n"
                   "static bool fetching;\n\n");
        }
        if (has_pairs(e)) {
            put(e, "static uint64_t second; /* of a load of two */\n\n");
        }
        put_run(e, g);
    }
}

/* The engine --------------------------------------------------------------- */

void tw_uc_emit_open(Emit *e)
{
    const EmitGuest *g = guest_of(e);
    bool swaps = e->pieces >> PIECE_SWAP != 0;

    put(e, "    OK(uc_open(%s, &uc));\n", g->open);
    if (g->model && (swaps || e->machine->place != PLACE_LOW)) {
        put(e, "    OK(uc_ctl_set_cpu_model(uc, %s));\n", g->model);
    }
    if (g->control && has_pairs(e)) {
        put(e,
            "    OK(uc_reg_read(uc, %s, &value));\n"
            "    value |= 0x%" PRIx64 "; /* for vectors */\n"
            "    OK(uc_reg_write(uc, %s, &value));\n",
            g->control, g->guest->control_bits, g->control);
    }
}

/* What RAM and devices hold ------------------------------------------------ */

static void put_run_words(Emit *e, const EmitGuest *g)
{
    put(e,
        "/* Words of 8 bytes that go on with the next one, and every fourth "
        "returns:\n * %s. */\n"
        "static uint64_t code_word(uint64_t number, uint64_t at)\n{\n"
        "    uint64_t more = 3 - (at + 0x10) %% 0x20 / 8;\n\n"
        "    return more ? %s\n                : %s;\n}\n"
        "#define CODE_WORD(number, at) code_word(number, at)\n\n",
        g->run_comment, g->run[0], g->run[1]);
    if (e->finding->op == TW_NO_OP ||
        e->program->script[e->finding->op].code != TW_OP_EXEC) {
        return;
    }
    put(e, "/* The number of the i-th word that has run, or 0. */\n"
           "static unsigned number_of(uint64_t result, unsigned i)\n{\n"
           "    for (unsigned lane = 4; lane-- > 0;) {\n"
           "        unsigned number = result >> 16 * lane & 0xffff;\n\n"
           "        if (number && i-- == 0) {\n            return number;\n"
           "        }\n    }\n    return 0;\n}\n\n");
}

static void put_words(Emit *e, const EmitGuest *g)
{
    if (e->pieces >> PIECE_CALL & 1 || e->n_blocks > 0) {
        put(e, "#define CODE_WORD(number) (%s) /* %s */\n", g->word,
            g->word_comment);
    }
    for (unsigned k = 0; k < 8; k++) {
        if (e->access_words >> k & 1) {
            put(e, "#define ACCESS_%u UINT64_C(0x%" PRIx64 ") /* %s */\n", k,
                tw_code_access_word(g->guest->words, k), g->accesses[k]);
        }
    }
    put(e, "\n");
}

/* In pages whose words differ, if they are readable; or each byte is a hash of
 * where it is. */
static void put_fill(Emit *e)
{
    bool code = tw_contents_are_code(e->program->contents);
    bool runs = tw_contents_are_runs(e->program->contents);
    bool readable = e->program->contents & TW_CONTENTS_READABLE;

    if (readable && !runs) {
        return; /* a loop does it */
    }
    put(e, readable
               ? "static void fill(uint8_t *ram, size_t size, unsigned "
                 "number)\n{\n"
               : "/* Each byte tells where it is. */\n"
                 "static void fill(uint8_t *ram, size_t size, unsigned block, "
                 "uint64_t offset)\n{\n");
    put(e, "    for (size_t i = 0; i < size; i += %u) {\n", code ? 8 : 1);
    if (!readable) {
        put(e,
            "        uint64_t h = ((offset + i) / %u + 1) * "
            "UINT64_C(0x9e3779b97f4a7c15) ^\n"
            "                     (block + UINT64_C(1)) * "
            "UINT64_C(0xd1342543de82ef95);\n",
            code ? 8 : 1);
    }
    if (code) {
        put(e, "        uint64_t word;\n");
    }
    put(e, "\n");
    if (!readable) {
        put(e,
            "        h ^= h >> 29;\n"
            "        h *= UINT64_C(0xbf58476d1ce4e5b9);\n"
            "        h = h >> 40%s;\n",
            runs   ? " & 0x3ff"
            : code ? " & 0x7fff"
                   : " | 1");
    }
    if (!code) {
        put(e, "        ram[i] = (uint8_t)h;\n    }\n}\n\n");
        return;
    }
    put(e, "        word = CODE_WORD(%s%s);\n",
        readable ? "number + i / 0x1000"
        : runs   ? "h ? h : 0x3ff"
                 : "h ? h : 0x7fff",
        runs ? ", i" : "");
    for (unsigned k = 0; k < 8; k++) {
        if (e->access_words >> k & 1) {
            put(e, "        word = i %% 0x1000 == 0x%x ? ACCESS_%u : word;\n",
                0xfc0 + 8 * k, k);
        }
    }
    put(e, "        memcpy(ram + i, &word, 8);\n    }\n}\n\n");
}

void tw_uc_emit_words(Emit *e)
{
    const EmitGuest *g = guest_of(e);

    if (tw_contents_are_code(e->program->contents) &&
        (e->device_code || e->n_blocks > 0)) {
        if (tw_contents_are_runs(e->program->contents)) {
            put_run_words(e, g);
        } else {
            put_words(e, g);
        }
    }
    if (e->n_blocks > 0) {
        put_fill(e);
    }
}
