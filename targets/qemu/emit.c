/* SPDX-License-Identifier: MIT */
/*
 * A reproducer for QEMU's maintainers: a shell script with a guest in assembly,
 * which does what the agent does for one program, and compares the answer of
 * the accused access with those that are right.  Pages and tables are where the
 * agent has them, so that the guest's TLB has the same entries.
 */
#include "targets/qemu/emit-plan.h"

#include <inttypes.h>
#include <string.h>

#include "program/ops.h"
#include "program/text/text.h"

enum { MANY_PAGES = 64 };

static void put(QemuEmit *e, const char *format, ...) G_GNUC_PRINTF(2, 3);

static void put(QemuEmit *e, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    g_string_append_vprintf(e->out, format, args);
    va_end(args);
}

/* The guest ---------------------------------------------------------------- */

/* Entries of a table: runs of equal steps become one row. */
static void put_table(QemuEmit *e, uint64_t offset, const char *comment)
{
    const uint64_t *entry =
        (const uint64_t *)(const void *)(e->machine->ram + offset);
    unsigned n;

    put(e, "    /* %s */\n", comment);
    for (unsigned i = 0; i < 512; i += n) {
        uint64_t at = e->machine->arch->ram + offset + i * 8;

        n = 1;
        if (entry[i] == 0) {
            continue;
        }
        while (i + n < 512 && entry[i + n] != 0 &&
               entry[i + n] - entry[i + n - 1] == entry[i + 1] - entry[i]) {
            n++;
        }
        if (n < 4) {
            n = 1;
            put(e, "    store 0x%" PRIx64 ", 0x%" PRIx64 "\n", at, entry[i]);
        } else {
            put(e, "    fill 0x%" PRIx64 ", 0x%" PRIx64 ", 0x%" PRIx64 ", %u\n",
                at, entry[i], entry[i + 1] - entry[i], n);
        }
    }
}

static void put_memory(QemuEmit *e)
{
    const Machine *m = e->machine;
    char comment[64];

    if (e->text->top) {
        put_table(e, e->text->top, "Page table above both roots.");
    }
    for (unsigned i = 0; i < m->n_tables; i++) {
        g_snprintf(comment, sizeof(comment), "Page table %u%s.", i,
                   i == 0                        ? ", the root"
                   : i == 1 && m->arch->one_root ? ", not used"
                   : i == 1 ? ", the root of the upper half"
                            : "");
        put_table(e, TW_AGENT_TABLE(i), comment);
    }
    put(e, "    /* RAM that accesses may reach. */\n");
    for (unsigned i = 0; i < e->words->len; i++) {
        uint64_t pa = g_array_index(e->words, uint64_t, i), value = 0;

        for (unsigned k = 0; k < 8; k++) {
            const Seen *seen = tw_qemu_view_at(&m->view, pa + k);

            value |= (uint64_t)(seen ? tw_content_initial(
                                           e->program->contents, seen->block,
                                           seen->offset + pa + k - seen->first)
                                     : 0)
                     << 8 * k;
        }
        put(e, "    store 0x%" PRIx64 ", 0x%" PRIx64 "\n",
            tw_qemu_emit_ram(e, pa), value);
    }
}

static void put_do(QemuEmit *e, const TwDo *what)
{
    static const char *const names[] = {"read", "write", "exchange"};

    switch (what->kind) {
    case TW_DO_READ:
        put(e, "    read%u 0x%" PRIx64 "\n", 1u << what->lg, what->addr);
        break;
    case TW_DO_WRITE:
    case TW_DO_EXCHANGE:
        put(e, "    %s%u 0x%" PRIx64 ", 0x%" PRIx64 "\n", names[what->kind],
            1u << what->lg, what->addr, what->value);
        break;
    case TW_DO_CALL:
        put(e, "    execute 0x%" PRIx64 ", 0x%" PRIx64 ", 0x%" PRIx64 "\n",
            what->from, what->addr, what->value);
        break;
    case TW_DO_PUT:
        if (what->addr < TW_AGENT_DATA) { /* else: initial RAM */
            put(e, "    change 0x%" PRIx64 ", 0x%" PRIx64 "\n",
                e->machine->arch->ram + what->addr, what->value);
        }
        break;
    case TW_DO_FLUSH_PAGE:
        put(e, "    flush_page 0x%" PRIx64 "\n", what->addr);
        break;
    case TW_DO_FLUSH_RANGE:
        if (e->text->flush_range) {
            e->text->flush_range(e->out, what->addr, what->value);
        } else if (what->value > MANY_PAGES) {
            put(e, "    flush_%s\n", e->text->flush_many);
        } else {
            put(e, "    flush_pages 0x%" PRIx64 ", 0x1000, %" PRIu64 "\n",
                what->addr, what->value);
        }
        break;
    default:
        put(e, "    flush_%s\n",
            what->kind == TW_DO_FLUSH_INDEX ? "index" : "all");
        break;
    }
}

static void put_script(QemuEmit *e)
{
    unsigned at = e->n_setup;

    for (unsigned n = 0; n < e->program->n_script; n++) {
        g_autoptr(GString) text = g_string_new(NULL);

        tw_op_print(e->program, &e->program->script[n], text);
        put(e, "\n    /* %u: %s%s */\n", n, text->str,
            n == e->finding->op ? ": this goes wrong" : "");
        for (; at < e->ops->len && g_array_index(e->ops, TwDo, at).op == n;
             at++) {
            put_do(e, &g_array_index(e->ops, TwDo, at));
        }
    }
    if (e->end_byte) {
        put(e,
            "\n    /* A byte of RAM at the end: this is wrong. */\n"
            "    read1 0x%" PRIx64 "\n",
            e->end_byte);
    }
}

static void put_guest(QemuEmit *e)
{
    put(e, "cat >\"$dir/guest.S\" <<'END'\n%s\n", e->text->head);
    put_memory(e);
    put(e, "\n%s", e->text->on);
    if (tw_qemu_emit_large_tlb(e)) {
        put(e,
            "\n    /* QEMU's TLB begins with %u slots, and pages of the test "
            "share one: it grows\n     * when it is full, and flushed. */\n%s",
            TW_QEMU_SMALL_TLB, e->text->grow);
    }
    put_script(e);
    put(e, "%sEND\n", e->text->tail);
}

/* The script --------------------------------------------------------------- */

static void put_head(QemuEmit *e)
{
    g_auto(GStrv) lines = g_strsplit(e->finding->text, "\n", -1);
    const Machine *m = e->machine;

    put(e, "#!/bin/sh\n# ");
    tw_target_title(m->target.klass, e->program, e->finding, e->out);
    put(e, "\n#\n# %s (%s), seen with QEMU %s, %s, TCG.\n#\n",
        tw_verdict_name(e->finding->verdict), e->finding->key, m->version,
        e->text->title);
    for (char **line = lines; *line; line++) {
        if (**line) {
            put(e, "#   %s\n", *line);
        }
    }
    put(e,
        "#\n# \"page\" writes an entry of the guest's page table, \"unpage\" "
        "clears one, \"rmw\" is an\n# atomic exchange. The address 0x0 of "
        "c0.0 is 0x%" PRIx64 " in the guest, of c0.1\n# 0x%" PRIx64
        "; r0, r1 ... are RAM, mostly from 0x%" PRIx64 " on. What is right\n"
        "# follows from %s.\n#\n"
        "# Needs clang and ld.lld. QEMU=PATH names the QEMU, CLANG=PATH the "
        "compiler,\n# LIMIT=SECONDS the time that QEMU may take.\n# Exit "
        "status: 1 while the defect is there, 0 if it is "
        "not, 2 if that cannot be told.\n",
        m->arch->half[0], m->arch->half[1], tw_qemu_emit_ram(e, 0),
        e->text->manual);
}

static void put_run(QemuEmit *e)
{
    put(e,
        "QEMU=${QEMU:-%s}\nCLANG=${CLANG:-clang}\n\n"
        "cannot()\n{\n    echo \"it cannot be told: $*\"\n    exit 2\n}\n\n"
        "dir=$(mktemp -d) || exit 2\ntrap 'rm -rf \"$dir\"' EXIT\n"
        "command -v \"$CLANG\" >/dev/null || cannot \"no compiler $CLANG\"\n"
        "command -v \"$QEMU\" >/dev/null || cannot \"no QEMU $QEMU\"\n\n",
        e->machine->arch->binary);
    put_guest(e);
    if (e->text->linker[0]) {
        put(e, "cat >\"$dir/guest.ld\" <<'END'\n%sEND\n", e->text->linker);
    }
    put(e,
        "\n\"$CLANG\" %s -nostdlib -static \\\n    -fuse-ld=lld "
        "-Wl,--build-id=none%s -o \"$dir/guest\" \"$dir/guest.S\" ||\n"
        "    cannot \"the guest was not built\"\n"
        "ended=0\n"
        "timeout \"${LIMIT:-60}\" \"$QEMU\" -nodefaults -no-user-config "
        "-display none "
        "-accel tcg \\\n    -monitor none -serial stdio -no-reboot \\\n"
        "    %s \"$dir/guest\" %s%s\\\n"
        "    </dev/null >\"$dir/out\" 2>\"$dir/err\" || ended=$?\n\n",
        e->text->compile, e->text->linker[0] ? " -Wl,-T,\"$dir/guest.ld\"" : "",
        e->text->options, e->machine->args, e->machine->args[0] ? " " : "");
}

/* A fault of the accused access, as a pattern of the shell. */
static void put_fault(const QemuEmit *e, GString *out, const char *kind)
{
    unsigned access = e->accused.kind;
    bool store = access == TW_DO_WRITE ||
                 (access == TW_DO_EXCHANGE && e->text->exchange_stores);

    if (access == TW_DO_READ || store) {
        g_string_append_printf(out, "'%s %s inside'", kind,
                               store ? "store" : "load");
    } else {
        g_string_append_printf(out, "'%s '*' inside'", kind);
    }
}

/* Is the accused access a fetch of a run (LA-52)? */
static bool is_run(const QemuEmit *e)
{
    return tw_contents_are_runs(e->program->contents) &&
           e->program->script[e->accused.op].code == TW_OP_EXEC;
}

static void put_answer(const QemuEmit *e, GString *out, const TwAllowed *a)
{
    const TwOp *op = &e->program->script[e->accused.op];

    if (a->class_ == TW_CLASS_OK && is_run(e)) {
        g_string_append_printf(out, "'ran %04x'",
                               tw_run_number(e->program->contents, a->value));
    } else if (a->class_ != TW_CLASS_OK) {
        put_fault(e, out,
                  a->class_ == TW_CLASS_PAGE_FAULT ? "page-fault"
                                                   : e->text->nowhere);
    } else if (op->code == TW_OP_WRITE) {
        g_string_append(out, "'ok '*");
    } else if (op->code == TW_OP_EXEC) {
        unsigned contents = e->program->contents;

        g_string_append_printf(
            out, "'ok %016" PRIx64 "'",
            tw_code_result(contents, tw_code_number_at(contents, a->value)));
    } else {
        g_string_append_printf(out, "'ok %0*" PRIx64 "'", 2 * op->size,
                               a->value);
    }
}

/* All answers that are right. */
static GString *right_answers(const QemuEmit *e)
{
    GString *out = g_string_new(NULL);

    if (e->end_byte) {
        g_string_append_printf(out, "'ok %02x'", e->end_value);
        return out;
    }
    if (e->finding->verdict == TW_VERDICT_INVARIANT) {
        g_string_append(out, "'ok '* | ");
        put_fault(e, out, "page-fault");
        g_string_append(out, " | ");
        put_fault(e, out, e->text->nowhere);
        return out;
    }
    for (unsigned i = 0; i < e->expected->n_allowed; i++) {
        g_string_append(out, i > 0 ? " | " : "");
        put_answer(e, out, &e->expected->allowed[i]);
    }
    return out;
}

static void put_inside(QemuEmit *e)
{
    const TwDo *what = &e->accused;
    const char *between = "";

    put(e, "inside='");
    for (unsigned i = 0; i < 1u << what->lg && !is_run(e); i++) {
        put(e, "%s%016" PRIx64, between, what->addr + i);
        between = " ";
    }
    for (unsigned i = 0; what->kind == TW_DO_CALL && i < 8; i++) {
        put(e, " %016" PRIx64,
            (what->from & ~UINT64_C(7)) + 8 * e->expected->word + i);
    }
    put(e, "'\n");
}

static void put_name_fault(QemuEmit *e)
{
    put_inside(e);
    put(e,
        "name_fault()\n{\n%s"
        "    case \" $inside \" in\n"
        "    *\" $2 \"*) place=inside ;;\n"
        "    *) place=\"at-$2\" ;;\n    esac\n"
        "    answer=\"$kind $way $place\"\n}\n\n",
        e->text->answer);
}

static void put_check(QemuEmit *e)
{
    const TwOp *op = &e->program->script[e->accused.op];
    int digits = e->end_byte ? 2 : op->code == TW_OP_EXEC ? 16 : 2 * op->size;
    g_autoptr(GString) right = right_answers(e);

    put(e,
        "grep -q '^end' \"$dir/out\" ||\n    cannot \"QEMU ended with $ended "
        "before the guest did: $(head -n 1 \"$dir/err\")\"\n\n"
        "# The guest has written a line for each access: \"ok\" and the value, "
        "or \"fault\", what\n# the architecture records of it, the address, "
        "and the result. The answer is \"ok\" and\n# the value, or the kind of "
        "fault, of what (a load, a store, a fetch), and whether its\n# address "
        "is one that the instruction accesses.\n");
    if (!e->end_byte) {
        put_name_fault(e);
    }
    put(e, "line=$(sed -n %up \"$dir/out\")\n", e->line);
    if (!e->end_byte && is_run(e)) {
        put(e,
            "# The result has the numbers of the words that ran: word %u's?\n"
            "number=$(printf %%s \"${line##* }\" | "
            "sed 's/..../& /g; s/0000 //g' |\n    cut -d ' ' -f %u)\n"
            "[ -z \"$number\" ] || line=\"ran $number\"\n",
            e->expected->word, e->expected->word + 1);
    }
    put(e,
        "case $line in\n'ran '*) answer=$line ;;\n"
        "'ok '*) answer=\"ok $(printf %%s \"$line\" | tail -c %d)\" ;;\n",
        digits);
    if (e->end_byte) {
        put(e, "*) answer=$line ;;\n");
    } else {
        put(e, "*)\n    # shellcheck disable=SC2086 # words\n"
               "    name_fault ${line#fault }\n    ;;\n");
    }
    put(e,
        "esac\ncase $answer in\n%s)\n"
        "    echo \"all is as expected: $answer\"\n    exit 0\n    ;;\nesac\n",
        right->str);
    g_string_replace(right, "'", "", 0);
    put(e,
        "echo \"the defect is there: $answer, expected %s\"\n"
        "exit 1\n",
        right->str);
}

static void put_death(QemuEmit *e)
{
    put(e, "if grep -q '^end' \"$dir/out\"; then\n"
           "    echo \"all is as expected: the guest has ended the "
           "machine\"\n    exit 0\nfi\n"
           "if [ \"$ended\" -eq 124 ]; then\n"
           "    echo \"the defect is there: QEMU hangs\"\n    exit 1\nfi\n"
           "echo \"the defect is there: QEMU ended with $ended\"\n"
           "head -n 3 \"$dir/err\"\nexit 1\n");
}

static const char *refusal(const QemuEmit *e)
{
    if (e->machine->drop_flushes) {
        return "with --drop-flushes a finding is none of QEMU's";
    }
    switch (e->finding->verdict) {
    case TW_VERDICT_CRASH:
    case TW_VERDICT_HANG:
        return NULL;
    case TW_VERDICT_EFFECT:
        return e->end_byte ? NULL
                           : "RAM at the end is as expected when run again";
    case TW_VERDICT_MALFORMED:
    case TW_VERDICT_SELF:
        return "a finding without an access to tell of";
    default:
        break;
    }
    if (tw_qemu_emit_misplaced(e) && !e->end_byte &&
        e->finding->verdict != TW_VERDICT_CLASS) {
        return "the store is where it must be when run again";
    }
    if (!e->accused.note) {
        return "a finding without an access to tell of";
    }
    if (e->finding->verdict == TW_VERDICT_INVARIANT && is_run(e)) {
        return "no script tells of a fault inside a run";
    }
    if (e->finding->verdict != TW_VERDICT_INVARIANT &&
        (!e->expected->access || e->expected->n_allowed == 0 ||
         e->expected->n_allowed > TW_MAX_ALLOWED)) {
        return "more answers are right than can be told";
    }
    return NULL;
}

bool tw_qemu_emit(TwTarget *target, const TwProgram *program,
                  const TwFinding *finding, const TwExpected *expected,
                  GString *out, GError **error)
{
    static const struct {
        const Arch *arch;
        const EmitArch *text;
    } texts[] = {
        {&tw_qemu_aarch64, &tw_qemu_emit_aarch64},
        {&tw_qemu_x86_64, &tw_qemu_emit_x86_64},
        {&tw_qemu_riscv64, &tw_qemu_emit_riscv64},
    };
    g_autofree TwProgram *until = g_memdup2(program, sizeof(*program));
    g_autofree TwTrace *trace = g_new(TwTrace, 1);
    QemuEmit e = {.machine = (Machine *)target,
                  .program = until,
                  .finding = finding,
                  .expected = expected,
                  .out = out,
                  .ops = g_array_new(FALSE, FALSE, sizeof(TwDo)),
                  .words = g_array_new(FALSE, FALSE, sizeof(uint64_t))};
    bool dies = finding->verdict == TW_VERDICT_CRASH ||
                finding->verdict == TW_VERDICT_HANG;
    const char *why;

    for (unsigned i = 0; i < G_N_ELEMENTS(texts); i++) {
        e.text = texts[i].arch == e.machine->arch ? texts[i].text : e.text;
    }
    if (finding->op < until->n_script) { /* what follows was not judged */
        until->n_script = finding->op + 1;
    }
    tw_qemu_record(e.machine, until, trace, e.ops);
    tw_qemu_emit_words(&e);
    tw_qemu_memory_finish(e.machine, trace->digests);
    if (finding->verdict == TW_VERDICT_EFFECT || tw_qemu_emit_misplaced(&e)) {
        /* These run it, which changes the tables. */
        (tw_qemu_emit_misplaced(&e) ? tw_qemu_emit_lost_byte
                                    : tw_qemu_emit_end_byte)(&e);
        g_array_set_size(e.ops, 0);
        tw_qemu_record(e.machine, until, trace, e.ops);
        tw_qemu_memory_finish(e.machine, trace->digests);
    }
    tw_qemu_emit_ops(&e);
    e.line += e.end_byte != 0;
    why = refusal(&e);
    if (why == NULL) {
        put_head(&e);
        put_run(&e);
        (dies ? put_death : put_check)(&e);
    } else {
        g_set_error(error, TW_TARGET_ERROR, TW_TARGET_ERROR_USAGE,
                    "qemu-%s: %s", e.machine->arch->name, why);
    }
    g_array_unref(e.ops);
    g_array_unref(e.words);
    return why == NULL;
}
