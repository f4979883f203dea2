/* SPDX-License-Identifier: MIT */
/*
 * A reproducer for QEMU's maintainers: a shell script that pipes qtest commands
 * into a stock binary and compares what the accused access gave with what is
 * right.  Each operation is performed by itself, as one that reads the script
 * would do it: tables and structures are written from outside, each access is a
 * script of one move.
 */
#include <inttypes.h>
#include <string.h>

#include "program/ops.h"
#include "program/text/text.h"
#include "targets/qtest/emit.h"

#define NOWHERE UINT64_MAX

enum { HALF = 4 }; /* bytes of a store in each of two pages */

static void tell(Emit *e, const char *format, ...) G_GNUC_PRINTF(2, 3);

static void tell(Emit *e, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    g_string_append_vprintf(e->m->tell, format, args);
    va_end(args);
}

/* The commands --------------------------------------------------------------
 */

/* RAM that matters: what the machine needs in roots, what the accused access
 * may read. */
static void tell_memory(Emit *e)
{
    Machine *m = e->m;
    unsigned low = tw_emit_accused(e)->addr % PAGE_BYTES & ~7u;

    tell(e, tw_path_is_all_tables(&m->dialect)
                ? "# RAM: what the access may read\n"
            : tw_qtest_is_direct(m)
                ? "# RAM: first entries of tables, and what the access may "
                  "read\n"
                : "# RAM: entries with which a root reaches the devices' "
                  "scripts and the IOMMU's\n# registers, and what the access "
                  "may read\n");
    for (unsigned i = 0; i < m->n_used; i++) {
        uint64_t at = (uint64_t)m->used[i] * PAGE_BYTES;
        uint64_t pa = m->driver->ram + AT_PROGRAM + at;

        if (!tw_path_is_all_tables(&m->dialect)) {
            tw_qtest_put(m, pa, m->masters + at, 8 * OWN_WORDS);
        }
        tw_qtest_put(m, pa + low, m->masters + at + low, 8);
    }
}

/* Reads of what was recorded so far. */
static void tell_faults(Emit *e, unsigned which)
{
    Machine *m = e->m;

    e->faults[which] = m->n_told + 1;
    m->tell_faults = true;
    m->driver->capture(m);
    m->tell_faults = false;
    e->n_faults = m->n_told + 1 - e->faults[which];
}

/* Reads what the access gave. */
static void tell_answer(Emit *e)
{
    Machine *m = e->m;

    if (!tw_emit_stores(e) && m->observer) {
        return; /* the access has told it */
    }
    e->answer = m->n_told + 1;
    if (!tw_emit_stores(e)) {
        tw_qtest_tell_read(m, m->driver->ram + m->capture,
                           tw_emit_accused(e)->size);
    } else if (e->place) {
        tw_qtest_tell_read(m, e->place, e->second ? HALF : 8);
        if (e->second) {
            tw_qtest_tell_read(m, e->second, HALF);
        }
    }
}

/* What a device stores is often the same. */
static void clear_place(const Emit *e)
{
    Machine *m = e->m;

    if (!m->driver->keeper || !e->place) {
        return;
    }
    if (e->second) {
        tw_qtest_writel(m, e->place, UINT32_MAX);
        tw_qtest_writel(m, e->second, UINT32_MAX);
    } else {
        tw_qtest_writeq(m, e->place, UINT64_MAX);
    }
}

/* Reads what was recorded of the accused access, and what it gave. */
static void tell_result(Emit *e)
{
    Machine *m = e->m;

    tell_faults(e, 1);
    if (m->driver->record) {
        e->records = m->n_told + 1;
        tw_qtest_tell_bytes(m, m->driver->ram + m->driver->records,
                            m->driver->records_bytes);
    }
    tell_answer(e);
}

static void tell_script(Emit *e)
{
    Machine *m = e->m;

    for (unsigned n = 0; n < e->program->n_script; n++) {
        g_autoptr(GString) text = g_string_new(NULL);

        tw_op_print(e->program, &e->program->script[n], text);
        tell(e, "\n# %u: %s%s\n", n, text->str,
             n == e->finding->op ? ": this goes wrong" : "");
        if (n == e->finding->op && !tw_emit_is_told(e)) {
            clear_place(e);
            tell_faults(e, 0);
            m->tell_alone = true; /* its faults are read before they go */
        }
        tw_qtest_plan_op(m, n);
        e->answer = m->n_told;
    }
    m->tell_alone = false;
    if (e->expected->ranged) {
        tw_emit_vhost_tell(e);
    } else if (!e->message) {
        tell_result(e);
    }
}

/* All commands, and which of them are to be looked at. */
static GString *commands_of(Emit *e, GError **error)
{
    Machine *m = e->m;
    void *state = m->state;
    g_autofree TwTrace *trace = g_new(TwTrace, 1);
    char why[160];
    bool lost, ok;

    tw_qtest_prepare(m, e->program, trace);
    lost = !tw_qtest_start(m, why, sizeof(why)); /* it has ended, maybe */
    m->state = g_malloc0(DRIVER_STATE);
    m->tell = g_string_new("# devices and registers\n");
    m->n_told = 0;
    ok = !lost && tw_qtest_set_up(m, why, sizeof(why));
    if (ok) {
        tw_plan_begin(m);
        tw_qtest_plan_world(m);
        tell_memory(e);
        tell(e, m->driver->tables_alone
                    ? "# a domain for each device\n"
                    : "# no contexts, and nothing is cached\n");
        m->driver->reset(m);
        if (m->observer) {
            tw_emit_vhost_begin(e);
        }
        tell(e, "# the setup\n");
        tw_qtest_plan_setup(m);
        tell_script(e);
        tw_qtest_memory_finish(m);
        memset(m->held, 0, sizeof(m->held));
    } else {
        g_set_error(error, TW_TARGET_ERROR, TW_TARGET_ERROR_ENVIRONMENT,
                    "qemu-%s: %s", m->driver->name, why);
        g_string_free(m->tell, TRUE);
        m->tell = NULL;
    }
    g_free(m->state);
    m->state = state;
    return g_steal_pointer(&m->tell);
}

/* What is right -------------------------------------------------------------
 */

/* The right answers of a load, as a pattern of the shell; a refused one gives
 * zeros. */
static void put_right_values(const Emit *e, GString *out)
{
    for (unsigned i = 0; i < e->expected->n_allowed; i++) {
        const TwAllowed *allowed = &e->expected->allowed[i];

        g_string_append(out, i > 0 ? " | " : "");
        if (allowed->class_ != TW_CLASS_OK && e->m->observer) {
            g_string_append(out, "no-translation");
            continue;
        }
        g_string_append_printf(out, "0x%016" PRIx64,
                               allowed->class_ == TW_CLASS_OK ? allowed->value
                                                              : 0);
    }
}

/* The fault is recorded, but not as it must be. */
static void put_record_check(const Emit *e, GString *out)
{
    if (e->records) {
        g_string_append_printf(out, "after=$(sed -n %up \"$dir/out\")\n",
                               e->records);
    }
    g_string_append(out, "case $after in\n*");
    for (unsigned i = 0; i < e->n_recorded; i++) {
        /* Bytes as in memory, or words, a line each. */
        unsigned k = e->records ? i : i / 8 * 8 + 7 - i % 8;

        g_string_append(out, !e->records && i > 0 && i % 8 == 0 ? "*" : "");
        if (!e->records && e->m->driver->any_bytes >> k & 1) {
            g_string_append(out, "??");
        } else {
            g_string_append_printf(out, "%02x", e->recorded[k]);
        }
    }
    g_string_append(out, "*) bad \"the fault is recorded as it must not be\" "
                         ";;\nesac\ngood \"it is recorded otherwise\"\n");
}

/* Of a store in two pages, two words. */
static void put_answer(const Emit *e, GString *out)
{
    if (e->second) {
        g_string_append_printf(
            out,
            "answer=$(sed -n '%u,%us/^OK //p' \"$dir/out\" | tr '\\n' :)\n",
            e->answer, e->answer + 1);
    } else {
        g_string_append_printf(
            out, "answer=$(sed -n '%us/^OK //p' \"$dir/out\")\n", e->answer);
    }
}

static void put_check(const Emit *e, GString *out)
{
    g_autofree char *tag =
        e->second ? g_strdup_printf("0x%016" PRIx64 ":0x%016" PRIx64 ":",
                                    e->tag & UINT32_MAX, e->tag >> 32)
                  : g_strdup_printf("0x%016" PRIx64, e->tag);

    if (!tw_emit_is_value_wrong(e)) {
        g_string_append_printf(
            out,
            "before=$(sed -n '%u,%up' \"$dir/out\")\n"
            "after=$(sed -n '%u,%up' \"$dir/out\")\n"
            "# %s, as it must be. What is recorded of that:\n",
            e->faults[0], e->faults[0] + e->n_faults - 1, e->faults[1],
            e->faults[1] + e->n_faults - 1,
            e->torn ? "A half of the store is refused"
                    : "The access is refused");
        if (e->seen.reason.kind == TW_REASON_NONE) {
            g_string_append(
                out, "[ \"$before\" = \"$after\" ] || good \"a fault was "
                     "recorded\"\n"
                     "bad \"no fault was recorded\"\n");
        } else {
            put_record_check(e, out);
        }
        return;
    }
    put_answer(e, out);
    if (!tw_emit_stores(e)) {
        g_string_append(out, "case $answer in\n");
        put_right_values(e, out);
        g_string_append(out, ") good \"the device read $answer\" ;;\nesac\n"
                             "bad \"the device read $answer\"\n");
    } else if (tw_emit_is_lost(e)) {
        g_string_append_printf(out,
                               "[ \"$answer\" != %s ] || good \"the %s is "
                               "where it must be\"\n"
                               "bad \"the %s is lost\"\n",
                               tag, tw_emit_left(e), tw_emit_left(e));
    } else {
        g_string_append_printf(out,
                               "[ \"$answer\" = %s ] || good \"the %s is not "
                               "there\"\n"
                               "bad \"the %s is at 0x%" PRIx64 "\"\n",
                               tag, tw_emit_left(e), tw_emit_left(e), e->place);
    }
}

/* The script ----------------------------------------------------------------
 */

static void put_head(const Emit *e, GString *out)
{
    g_auto(GStrv) lines = g_strsplit(e->finding->text, "\n", -1);

    g_string_append(out, "#!/bin/sh\n# ");
    tw_target_title(e->m->target.klass, e->program, e->finding, out);
    g_string_append_printf(out, "\n#\n# %s (%s), seen with QEMU %s.\n#\n",
                           tw_verdict_name(e->finding->verdict),
                           e->finding->key, e->m->version);
    for (char **line = lines; *line; line++) {
        if (**line) {
            g_string_append_printf(out, "#   %s\n", *line);
        }
    }
    if (e->m->observer) {
        tw_emit_vhost_head(e, out);
    } else if (e->m->driver->keeper) {
        g_auto(GStrv) about = g_strsplit(e->m->driver->keeper->about, "\n", -1);

        g_string_append(out, "#\n# No guest runs. ");
        for (char **line = about; *line; line++) {
            g_string_append_printf(out, "%s%s", *line, line[1] ? "\n# " : "");
        }
    } else {
        g_string_append_printf(
            out,
            "#\n# No guest runs. Devices make DMA: lsi53c895a 00:04.0, which "
            "the IOMMU passes\n# through, and %s 00:05.0 (rid=0) and 00:06.0 "
            "(rid=1)%s. ",
            e->m->wide ? "e1000e" : "lsi53c895a",
            e->m->wide ? ", which send\n# frames to themselves" : "");
    }
    g_string_append_printf(
        out,
        "RAM of the case begins at 0x%" PRIx64 ".\n#\n"
        "# QEMU=PATH names the QEMU, LIMIT=SECONDS the time that it may "
        "take.\n# Exit status: 1 while the defect is there, 0 if it is not, 2 "
        "if that cannot be told.\n"
        "QEMU=${QEMU:-%s}\n\n"
        "cannot()\n{\n    echo \"it cannot be told: $*\"\n    exit 2\n}\n\n"
        "good()\n{\n    echo \"all is as expected: $*\"\n    exit 0\n}\n\n"
        "bad()\n{\n    echo \"the defect is there: $*\"\n    exit 1\n}\n\n"
        "dir=$(mktemp -d) || exit 2\n"
        "qemu=\ntrap '[ -z \"$qemu\" ] || kill \"$qemu\" 2>/dev/null; rm -rf "
        "\"$dir\"' "
        "EXIT\n"
        "command -v \"$QEMU\" >/dev/null || cannot \"no QEMU $QEMU\"\n\n",
        e->m->driver->ram + AT_PROGRAM, e->m->driver->binary);
}

/* QEMU and its devices. */
static void put_start(const Emit *e, GString *out)
{
    const Driver *driver = e->m->driver;

    g_string_append_printf(
        out,
        "\"$QEMU\" -nodefaults -no-user-config -display none -S -monitor none "
        "\\\n    -serial none -qtest stdio -qtest-log none \\\n"
        "    -object memory-backend-ram,id=m0,size=%uM -m %u \\\n    %s",
        RAM_BYTES >> 20, RAM_BYTES >> 20,
        driver->since ? "\"$@\"" : driver->machine);
    for (unsigned i = 0; i < DEVICES; i++) {
        const char *device = tw_qtest_device(e->m, i);

        if (device) {
            g_string_append_printf(out, " \\\n    -device %s", device);
        }
    }
}

static void put_run(const Emit *e, const GString *commands, GString *out)
{
    const Driver *driver = e->m->driver;

    g_string_append_printf(out, "cat >\"$dir/commands\" <<'END'\n%sEND\n",
                           commands->str);
    if (driver->since) {
        g_string_append_printf(
            out,
            "# The machine and its IOMMU, as this version has them.\n"
            "major=$(timeout \"${LIMIT:-60}\" \"$QEMU\" --version | "
            "sed -n '1s/.*version \\([0-9]*\\).*/\\1/p')\n"
            "set -- %s\n[ \"${major:-0}\" -lt %u ] ||\n    set -- %s\n",
            driver->machine, driver->since, driver->machine_since);
    }
    if (e->m->observer) {
        tw_emit_vhost_program(e, out);
    }
    g_string_append(
        out,
        ": >\"$dir/out\"\n"
        "grep '^[a-z]' \"$dir/commands\" >\"$dir/in\"\n"
        "echo endianness >>\"$dir/in\" # the last, with the only reply of its "
        "kind\n");
    if (e->m->observer) {
        tw_emit_vhost_start(e, out);
    } else {
        put_start(e, out);
    }
    g_string_append_printf(
        out,
        " %s%s-accel tcg \\\n    <\"$dir/in\" >\"$dir/out\" 2>\"$dir/err\" "
        "&\nqemu=$!\n"
        "tries=0\n"
        "until grep -q '^OK [a-z]*$' \"$dir/out\"; do\n"
        "    kill -0 \"$qemu\" 2>/dev/null || break\n"
        "    [ $tries -lt $((${LIMIT:-60} * 10)) ] || break\n"
        "    tries=$((tries + 1))\n    sleep 0.1\ndone\n",
        e->m->args, e->m->args[0] ? " " : "");
}

static void put_death(GString *out)
{
    g_string_append(out,
                    "! grep -q '^OK [a-z]*$' \"$dir/out\" ||\n"
                    "    good \"QEMU has answered all commands\"\n"
                    "! kill -0 \"$qemu\" 2>/dev/null || bad \"QEMU hangs\"\n"
                    "head -n 3 \"$dir/err\"\nbad \"QEMU died\"\n");
}

static const char *refusal(const Emit *e)
{
    const TwExpected *expected = e->expected;

    if (e->m->drop_flushes) {
        return "with --drop-flushes a finding is none of QEMU's";
    }
    switch (e->finding->verdict) {
    case TW_VERDICT_CRASH:
    case TW_VERDICT_HANG:
        return NULL;
    case TW_VERDICT_EVENT:
        if (!expected->ranged) {
            return e->message ? NULL
                              : "a message to a device before the script";
        }
        break;
    case TW_VERDICT_MALFORMED:
    case TW_VERDICT_SELF:
    case TW_VERDICT_EFFECT:
    case TW_VERDICT_INVARIANT: /* a status, be it of the setup */
        return "a finding without an access to tell of";
    default:
        break;
    }
    if (!(expected->access || expected->ranged) ||
        e->finding->op >= e->program->n_script) {
        return "a finding without an access to tell of";
    }
    return expected->n_allowed == 0 || expected->n_allowed > TW_MAX_ALLOWED
               ? "more answers are right than can be told"
               : NULL;
}

/* Where byte k of a store is, in RAM. */
static uint64_t place_in(const TwLocation *locations, unsigned n, unsigned k)
{
    for (unsigned i = 0; i < n; i++) {
        if (k - locations[i].first < locations[i].length) {
            return locations[i].offset + (k - locations[i].first);
        }
    }
    return NOWHERE;
}

static void take_places(Emit *e, const TwLocation *locations, unsigned n)
{
    const TwOp *op = tw_emit_accused(e);
    uint64_t first = e->m->driver->ram + AT_PROGRAM;

    e->place = first + place_in(locations, n, 0);
    if (op->addr % PAGE_BYTES + op->size > PAGE_BYTES) {
        e->second = first + place_in(locations, n, HALF);
    }
}

/* Runs the program once more, to see where the accused store is. */
static void look(Emit *e, TwTrace *trace)
{
    const TwOp *op = tw_emit_accused(e);
    const TwAllowed *allowed = &e->expected->allowed[0];
    const TwLocation *seen;

    tw_qtest_run(&e->m->target, e->program, trace);
    e->seen = trace->outcomes[e->finding->op];
    seen = &trace->locations[e->seen.location];
    if (e->m->driver->record) {
        e->n_recorded = e->m->driver->record(e->m, e->recorded);
    } else if (tw_qtest_is_direct(e->m)) {
        memcpy(e->recorded, e->m->ram + e->m->capture + SLOT_CAPTURE,
               CAPTURE_BYTES);
        e->n_recorded = CAPTURE_BYTES / 2;
    } else if (e->m->n_planned > 0) {
        uint32_t slot = e->m->planned[e->m->n_planned - 1].slot;

        memcpy(e->recorded, e->m->ram + slot + SLOT_CAPTURE, CAPTURE_BYTES);
        e->n_recorded = CAPTURE_BYTES / 2; /* two words are copied at least */
    }
    for (unsigned k = 0; k < op->size; k++) {
        e->tag |= (uint64_t)tw_content_tag(e->program->contents, e->finding->op,
                                           op->addr, k)
                  << 8 * k;
    }
    if (e->m->driver->keeper) {
        e->tag = e->m->held_word; /* what was stored in truth */
    }
    e->torn = e->seen.n_locations > 0 &&
              place_in(seen, e->seen.n_locations, op->size - 1) == NOWHERE;
    if (op->code == TW_OP_DMA_READ && e->seen.class_ == TW_CLASS_OK) {
        e->place = e->m->driver->keeper ? e->m->held_place : 0;
    } else if (e->seen.n_locations > 0 && !e->torn) {
        take_places(e, seen, e->seen.n_locations);
    } else if (allowed->n_locations > 0) {
        take_places(e, allowed->locations, allowed->n_locations);
    }
}

static void put_script(const Emit *e, const GString *commands, GString *out)
{
    put_head(e, out);
    put_run(e, commands, out);
    if (e->dies) {
        put_death(out);
        return;
    }
    g_string_append(out, "grep -q '^OK [a-z]*$' \"$dir/out\" ||\n"
                         "    cannot \"QEMU did not answer all commands: "
                         "$(head -n 1 \"$dir/err\")\"\n");
    (tw_emit_is_told(e) ? tw_emit_vhost_check : put_check)(e, out);
}

/* The case until the finding, by that writer. */
static bool emit_by(EmitWriter write, TwTarget *target,
                    const TwProgram *program, const TwFinding *finding,
                    const TwExpected *expected, GString *out, GError **error)
{
    g_autofree TwProgram *until = g_memdup2(program, sizeof(*program));
    g_autofree TwTrace *trace = g_new(TwTrace, 1);
    Emit e = {.m = (Machine *)target,
              .program = until,
              .finding = finding,
              .expected = expected,
              .dies = finding->verdict == TW_VERDICT_CRASH ||
                      finding->verdict == TW_VERDICT_HANG,
              .message = finding->verdict == TW_VERDICT_EVENT &&
                         !expected->ranged && finding->op < program->n_script};
    const char *why = refusal(&e);
    GString *commands;

    if (why) {
        g_set_error(error, TW_TARGET_ERROR, TW_TARGET_ERROR_USAGE,
                    "qemu-%s: %s", e.m->driver->name, why);
        return false;
    }
    if (finding->op < until->n_script) { /* what follows was not judged */
        until->n_script = finding->op + 1;
    }
    if (!e.dies && !tw_emit_is_told(&e)) {
        look(&e, trace);
    }
    if (tw_emit_accused(&e)->code == TW_OP_DMA_READ && e.m->held_unused) {
        g_set_error(error, TW_TARGET_ERROR, TW_TARGET_ERROR_USAGE,
                    "qemu-%s: expected a device that may go on after its load: "
                    "what it read would be in memory then",
                    e.m->driver->name);
        return false;
    }
    commands = commands_of(&e, error);
    if (!commands) {
        return false;
    }
    write(&e, commands, out);
    g_string_free(commands, TRUE);
    return true;
}

bool tw_qtest_emit(TwTarget *target, const TwProgram *program,
                   const TwFinding *finding, const TwExpected *expected,
                   GString *out, GError **error)
{
    return emit_by(put_script, target, program, finding, expected, out, error);
}

bool tw_qtest_emit_test(TwTarget *target, const TwProgram *program,
                        const TwFinding *finding, const TwExpected *expected,
                        GString *out, GError **error)
{
    if (((Machine *)target)->observer) {
        g_set_error(error, TW_TARGET_ERROR, TW_TARGET_ERROR_USAGE,
                    "qemu-%s: --qtest: a test of QEMU's suite cannot be the "
                    "device; without --qtest there is a script that is",
                    ((Machine *)target)->driver->name);
        return false;
    }
    return emit_by(tw_emit_as_test, target, program, finding, expected, out,
                   error);
}
