/* SPDX-License-Identifier: MIT */
/*
 * A reproducer for QEMU's maintainers: a shell script with a guest in assembly
 * (emit-guest.h), which does what the agent does for one program up to the
 * accused operation, and compares what that gives with what is right.
 */
#include "targets/mpc/emit.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "program/content.h"
#include "program/ops.h"
#include "program/text/text.h"
#include "targets/mpc/emit-guest.h"
#include "targets/mpc/internal.h"

enum { NONSECURE_STATE = 2 /* MMU index */ };

typedef struct Emit {
    const Machine *machine;
    const TwProgram *program; /* up to the accused operation */
    const TwFinding *finding;
    const TwExpected *expected;
    GString *out;
    GArray *words; /* uint64_t: addresses of words that matter, sorted */
    unsigned cpu;  /* that does the row before */
    bool owes[TW_MPC_BOARD_CPUS]; /* a safe point, as in run.c */
} Emit;

static void put(Emit *e, const char *format, ...) G_GNUC_PRINTF(2, 3);

static void put(Emit *e, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    g_string_append_vprintf(e->out, format, args);
    va_end(args);
}

/* The guest ---------------------------------------------------------------- */

static int compare_words(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

    return x < y ? -1 : x > y;
}

/* The words of SRAMs that accesses reach, by their first address there. */
static void find_words(Emit *e)
{
    unsigned n = 0;

    for (unsigned i = 0; i < e->program->n_script; i++) {
        const TwOp *op = &e->program->script[i];
        uint64_t offset;
        unsigned mpc;

        if (!(tw_op_info(op->code)->flags & TW_OP_ACCESS)) {
            continue;
        }
        for (unsigned k = 0; k < tw_op_bytes(e->program, op); k += 8) {
            if (tw_mpc_board_find(e->program, op->addr + k, &mpc, &offset)) {
                uint64_t word = tw_mpc_srams[mpc].at + (offset & ~UINT64_C(7));

                g_array_append_val(e->words, word);
            }
        }
    }
    g_array_sort(e->words, compare_words);
    for (unsigned i = 0; i < e->words->len; i++) {
        uint64_t word = g_array_index(e->words, uint64_t, i);

        if (n == 0 || word != g_array_index(e->words, uint64_t, n - 1)) {
            g_array_index(e->words, uint64_t, n++) = word;
        }
    }
    g_array_set_size(e->words, n);
}

static void put_words(Emit *e)
{
    for (unsigned i = 0; i < e->words->len; i++) {
        uint64_t at = g_array_index(e->words, uint64_t, i), offset, value = 0;
        unsigned mpc;

        tw_mpc_board_find(e->program, at, &mpc, &offset);
        for (unsigned k = 0; k < 8; k++) {
            value |= (uint64_t)tw_content_initial(
                         e->program->contents,
                         (uint8_t)(TW_MPC_BOARD_RAM + mpc), offset + k)
                     << 8 * k;
        }
        put(e, "    fill 0x%08" PRIx64 ", 0x%08x, 0x%08x\n",
            at | TW_MPC_BOARD_SECURE, (uint32_t)value, (uint32_t)(value >> 32));
    }
}

static uint64_t stored_by(const Emit *e, unsigned number)
{
    const TwOp *op = &e->program->script[number];
    uint64_t value = 0;

    for (unsigned k = 0; k < op->size; k++) {
        value |=
            (uint64_t)tw_content_tag(e->program->contents, number, op->addr, k)
            << 8 * k;
    }
    return value;
}

static bool is_of_run(const Emit *e, unsigned number)
{
    return number < e->program->n_script &&
           e->program->script[number].flags & TW_OPF_DURING;
}

/* What a run changes, if it does (LA-52). */
static void put_change(Emit *e, unsigned number)
{
    const TwOp *op = &e->program->script[number];

    if (is_of_run(e, number)) {
        put(e, ", MPC%u + 0x%" PRIx64 ", 0x%" PRIx64, op->obj, op->addr,
            op->value);
    }
    put(e, "\n");
}

static void put_access(Emit *e, unsigned number)
{
    const TwOp *op = &e->program->script[number];
    const char *state = op->index == NONSECURE_STATE ? "nonsecure" : "secure";
    uint64_t at = op->addr | (op->index == 0 ? TW_MPC_BOARD_SECURE : 0);
    const char *how = e->machine->pairs ? "access " : "";
    const char *comma = e->machine->pairs ? "," : "";

    if (op->code == TW_OP_EXEC) {
        put(e, "    %s_call 0x%08" PRIx64, state, at);
        put_change(e, number + 1);
    } else if (op->code == TW_OP_WRITE) {
        uint64_t value = stored_by(e, number);

        put(e, "    %s%s%s write%u, 0x%08" PRIx64 ", 0x%x, 0x%x\n", how, state,
            comma, op->size, at, (uint32_t)value, (uint32_t)(value >> 32));
    } else {
        put(e, "    %s%s%s read%u, 0x%08" PRIx64 "\n", how, state, comma,
            op->size, at);
    }
}

/* What follows is done by this CPU. */
static void put_cpu(Emit *e, unsigned cpu)
{
    if (cpu != e->cpu) {
        put(e, "    .set cpu, %u\n", 4 * cpu);
    }
    e->cpu = cpu;
}

static unsigned cpu_of(unsigned actor)
{
    return actor == TW_BOARD ? 0 : actor;
}

/* Where safe points are implied, what the other CPU has done ends answers
 * before the next operation. */
static void put_safepoint(Emit *e, const TwOp *op)
{
    unsigned cpu = cpu_of(op->actor);

    if (e->machine->n_cpus < 2) {
        return;
    }
    put_cpu(e, cpu);
    if (!e->program->explicit_safepoints && op->actor != TW_BOARD &&
        e->owes[cpu]) {
        put(e, "    safepoint\n");
        e->owes[cpu] = false;
    }
    e->owes[!cpu] = true;
}

static void put_op(Emit *e, unsigned number)
{
    const TwOp *op = &e->program->script[number];

    put_safepoint(e, op);
    switch (op->code) {
    case TW_OP_READ:
    case TW_OP_WRITE:
    case TW_OP_EXEC:
        put_access(e, number);
        break;
    case TW_OP_MPC_READ:
        put(e, "    secure read%u, MPC%u + 0x%" PRIx64 "\n", op->size, op->obj,
            op->addr);
        break;
    case TW_OP_MPC_WRITE:
        if (is_of_run(e, number)) {
            break;
        }
        put(e, "    secure write%u, MPC%u + 0x%" PRIx64 ", 0x%" PRIx64 "\n",
            op->size, op->obj, op->addr, op->value);
        break;
    case TW_OP_FLUSH_ALL:
        put_cpu(e, op->obj);
        put(e, "    flush_all\n");
        break;
    case TW_OP_SAFEPOINT:
        put_cpu(e, op->obj);
        put(e, "    safepoint\n");
        break;
    default:
        break;
    }
}

/* What is right ------------------------------------------------------------ */

/* The line of the guest is IPSR, r0, r1, r2, r3, as eight digits each: here as
 * a pattern of the shell. */
static void put_pattern(GString *out, const char *fault,
                        const char *const registers[4])
{
    g_string_append_printf(out, "'%s '", fault);
    for (unsigned i = 0; i < 4; i++) {
        g_string_append_printf(out, "%s%s", registers[i], i < 3 ? "' '" : "*");
    }
}

static void answer_of_access(const Emit *e, GString *out, const TwAllowed *a)
{
    const TwOp *op = &e->program->script[e->finding->op];
    static const char any[] = "????????";
    const char *registers[4] = {any, any, any, any};
    bool ok = a->class_ == TW_CLASS_OK, run = op->code == TW_OP_EXEC;
    char texts[2][9];

    snprintf(texts[0], sizeof(texts[0]), "%08x", (uint32_t)a->value);
    snprintf(texts[1], sizeof(texts[1]), "%08x", (uint32_t)(a->value >> 32));
    if (run) {
        unsigned lane = tw_run_length(op->addr + 8 * e->expected->word) - 1;

        snprintf(texts[0], sizeof(texts[0]), "%08x",
                 ok          ? tw_run_number(e->program->contents, a->value)
                 : lane == 1 ? TW_MPC_RAM + TW_MPC_RUN_R1
                             : 0);
        registers[lane] = texts[0];
    } else if (ok && op->code == TW_OP_READ) {
        registers[0] = texts[0];
        registers[1] = op->size == 8 ? texts[1] : registers[1];
    }
    put_pattern(out,
                run && ok /* what comes after the word is another matter */
                    ? any
                    : ok                                 ? "00000000"
                      : a->class_ == TW_CLASS_PAGE_FAULT ? "00000007"
                                                         : "00000005",
                registers);
}

/* Of a register: digits of which a bit is open may be any. */
static void answer_of_register(const Emit *e, GString *out)
{
    char digits[9];

    for (unsigned i = 0; i < 8; i++) {
        unsigned shift = 28 - 4 * i;
        bool known = (e->expected->known >> shift & 15) == 15;

        digits[i] =
            known ? "0123456789abcdef"[e->expected->value >> shift & 15] : '?';
    }
    digits[8] = 0;
    g_string_append_printf(out, "'00000000 '%s*", digits);
}

static GString *right_answers(const Emit *e)
{
    GString *out = g_string_new(NULL);

    if (e->expected->reads) {
        answer_of_register(e, out);
        return out;
    }
    for (unsigned i = 0; i < e->expected->n_allowed; i++) {
        g_string_append(out, i > 0 ? " | " : "");
        answer_of_access(e, out, &e->expected->allowed[i]);
    }
    return out;
}

/* The script --------------------------------------------------------------- */

/* The program as comments. */
static void put_program(Emit *e)
{
    g_autoptr(GString) text = g_string_new(NULL);
    g_auto(GStrv) lines = NULL;

    tw_program_print(e->program, NULL, text);
    lines = g_strsplit(text->str, "\n", -1);
    for (unsigned i = 0; lines[i] && lines[i + 1]; i++) {
        put(e, "#   %s\n", lines[i]);
    }
}

static const char *board_of(const Emit *e)
{
    return e->machine->n_cpus > 1 ? "mps2-an521" : "mps2-an505";
}

/* Is it a death that shows now and then? */
static bool is_race(const Emit *e)
{
    return e->machine->n_cpus > 1 && (e->finding->verdict == TW_VERDICT_CRASH ||
                                      e->finding->verdict == TW_VERDICT_HANG);
}

static void put_head(Emit *e)
{
    g_autoptr(GString) title = g_string_new(NULL);
    g_auto(GStrv) why = g_strsplit(e->finding->text, "\n", -1);

    tw_target_title(e->machine->target.klass, e->program, e->finding, title);
    put(e,
        "#!/bin/sh\n# QEMU, %s: %s (%s)\n#\n"
        "# Seen with QEMU %s. This script builds a guest and runs it. It "
        "needs\n"
        "# qemu-system-arm (QEMU), clang (CLANG) and ld.lld. It ends with 1 "
        "if\n"
        "# the defect is there, with 0 if all is as expected, with 2 if that\n"
        "# cannot be told.%s\n#\n",
        board_of(e), title->str, e->finding->key, e->machine->version,
        is_race(e) ? " Two CPUs may race inside QEMU: so the guest runs at "
                     "most\n# RUNS times (100), and 0 says only that QEMU did "
                     "not die in these runs."
                   : "");
    for (unsigned i = 0; why[i]; i++) {
        put(e, "# %s\n", why[i]);
    }
    put(e, "#\n# c0.0 is the Secure state at Secure addresses (bit 28 set on "
           "the board),\n# c0.1 the Secure state at Non-secure ones, c0.2 the "
           "Non-secure state.");
    put(e, "%s What the\n# guest does, as a program of twinwalk:\n#\n",
        e->machine->n_cpus > 1 ? " c1 is\n# the second CPU." : "");
    put_program(e);
}

static void put_guest(Emit *e)
{
    const char *waiting = e->program->explicit_safepoints
                              ? tw_mpc_emit_running
                              : tw_mpc_emit_sleeping;
    bool two = e->machine->n_cpus > 1;

    put(e, "%sboard=%s\n", tw_mpc_emit_start, board_of(e));
    put(e, "cat >\"$dir/guest.ld\" <<'END'\n%sEND\n", tw_mpc_emit_linker);
    put(e, "cat >\"$dir/guest.S\" <<'END'\n%s%s%s%s", tw_mpc_emit_head,
        two ? waiting : "", tw_mpc_emit_entry,
        two ? tw_mpc_emit_two : tw_mpc_emit_rows);
    put(e, "    /* What the SRAMs have at the start. */\n");
    put_words(e);
    for (unsigned i = 0; i < e->machine->n_cpus; i++) {
        put_cpu(e, i);
        put(e, "    flush_all\n");
    }
    put(e, "\n    /* The program. */\n%s",
        e->machine->pairs ? tw_mpc_emit_dma_rows : "");
    for (unsigned i = 0; i < e->program->n_script; i++) {
        put_op(e, i);
    }
    put(e, "%s%sEND\n%s", tw_mpc_emit_tail,
        e->machine->pairs ? tw_mpc_emit_dma_functions : "", tw_mpc_emit_build);
    put(e, "%s%s%s", is_race(e) ? tw_mpc_emit_repeat : "", tw_mpc_emit_run,
        is_race(e) ? tw_mpc_emit_until : "");
}

/* May the accused access be a bus fault of the CPU, and zeros of a DMA
 * controller, which tells of no error? */
static bool may_fault(const Emit *e)
{
    const TwProgram *p = e->program;
    TwMpcShadows shadows;

    tw_mpc_shadows_start(&shadows, p);
    for (unsigned i = 0; i < e->finding->op; i++) {
        tw_mpc_shadows_step(&shadows, &p->script[i]);
    }
    return p->script[e->finding->op].code != TW_OP_MPC_READ &&
           tw_mpc_shadows_fault(&shadows, &p->script[e->finding->op]);
}

/* Runs the guest again, by DMA, and compares. */
static void put_comparison(Emit *e)
{
    const TwOp *op = &e->program->script[e->finding->op];
    unsigned words = op->code == TW_OP_WRITE ? 1 : op->size == 8 ? 3 : 2;

    put(e,
        "%s%s%sgrep -q '^end' \"$dir/out\" ||\n"
        "    cannot \"QEMU ended with $ended before the guest did: $(head -n 1 "
        "\"$dir/err\")\"\n"
        "# The exception that the last access has taken (5 is a bus fault, 7 a "
        "SecureFault),\n# or 0; what it has read.\n"
        "cpu=$(sed -n 2p \"$dir/cpu\" | cut -c 1-%u)\n"
        "dma=$(sed -n 2p \"$dir/out\" | cut -c 1-%u)\n",
        tw_mpc_emit_dma_again, tw_mpc_emit_build, tw_mpc_emit_run,
        9 * words - 1, 9 * words - 1);
    if (may_fault(e)) {
        put(e,
            "# A bus fault is right here, of which a DMA controller does not "
            "tell: zeros.\n"
            "case $cpu in\n00000005*) cpu='%.*s' ;;\nesac\n",
            (int)(9 * words - 1), "00000000 00000000 00000000");
    }
    put(e, "if [ \"$cpu\" = \"$dma\" ]; then\n"
           "    echo \"all is as expected: $cpu\"\n    exit 0\nfi\n"
           "echo \"the defect is there: the CPU gives $cpu, the DMA controller "
           "$dma\"\nexit 1\n");
}

static void put_check(Emit *e)
{
    g_autoptr(GString) right = right_answers(e);

    put(e,
        "grep -q '^end' \"$dir/out\" ||\n    cannot \"QEMU ended with $ended "
        "before the guest did: $(head -n 1 \"$dir/err\")\"\n"
        "# The exception that the last access has taken (5 is a bus fault, 7 a "
        "SecureFault),\n# or 0; r0 to r3. Where a run of code is accused, each "
        "of its words has one of\n# these registers, and the last word r0.\n"
        "answer=$(sed -n 2p \"$dir/out\")\n"
        "case $answer in\n%s)\n"
        "    echo \"all is as expected: $answer\"\n    exit 0\n    ;;\nesac\n",
        right->str);
    g_string_replace(right, "'", "", 0);
    put(e, "echo \"the defect is there: $answer, expected %s\"\nexit 1\n",
        right->str);
}

static void put_death(Emit *e)
{
    put(e, "grep -q '^begin' \"$dir/out\" ||\n"
           "    cannot \"the guest did not start: $(head -n 1 "
           "\"$dir/err\")\"\n"
           "if grep -q '^end' \"$dir/out\"; then\n"
           "    echo \"all is as expected: the guest has ended the "
           "machine\"\n    exit 0\nfi\n"
           "if [ \"$ended\" -eq 124 ]; then\n"
           "    echo \"the defect is there: QEMU hangs\"\n    exit 1\nfi\n"
           "echo \"the defect is there: QEMU ended with $ended\"\n"
           "head -n 3 \"$dir/err\"\nexit 1\n");
}

/* Why a finding cannot be told, or NULL. */
static const char *refusal(const Emit *e)
{
    if (e->machine->drop_flushes) {
        return "with --drop-flushes a finding is none of QEMU's";
    }
    if (e->finding->verdict == TW_VERDICT_CRASH ||
        e->finding->verdict == TW_VERDICT_HANG) {
        return NULL;
    }
    if (e->machine->pairs) {
        return e->finding->op < e->program->n_script
                   ? NULL
                   : "a finding without an access to tell of";
    }
    if (e->finding->op >= e->program->n_script || e->expected->started ||
        !(e->expected->reads || e->expected->access)) {
        return "a finding without an access to tell of";
    }
    if (!e->expected->reads && (e->expected->n_allowed == 0 ||
                                e->expected->n_allowed > TW_MAX_ALLOWED)) {
        return "more answers are right than can be told";
    }
    return NULL;
}

bool tw_mpc_emit(TwTarget *target, const TwProgram *program,
                 const TwFinding *finding, const TwExpected *expected,
                 GString *out, GError **error)
{
    g_autofree TwProgram *until = g_memdup2(program, sizeof(*program));
    Emit e = {.machine = (Machine *)target,
              .program = until,
              .finding = finding,
              .expected = expected,
              .out = out,
              .words = g_array_new(FALSE, FALSE, sizeof(uint64_t))};
    bool dies = finding->verdict == TW_VERDICT_CRASH ||
                finding->verdict == TW_VERDICT_HANG;
    const char *why;

    if (finding->op < until->n_script) { /* what follows was not judged */
        until->n_script =
            (uint16_t)(finding->op + 1 + is_of_run(&e, finding->op + 1u));
    }
    why = refusal(&e);
    if (why == NULL) {
        find_words(&e);
        put_head(&e);
        put_guest(&e);
        (dies ? put_death : e.machine->pairs ? put_comparison : put_check)(&e);
    } else {
        g_set_error(error, TW_TARGET_ERROR, TW_TARGET_ERROR_USAGE, "%s: %s",
                    target->klass->name, why);
    }
    g_array_unref(e.words);
    return why == NULL;
}
