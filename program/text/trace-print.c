/* SPDX-License-Identifier: MIT */
/* Writes the text form of a trace; trace.c reads it, and says what it is. */
#include "program/text/text.h"

#include <inttypes.h>
#include <string.h>

#include "program/ops.h"
#include "program/text/lexer.h"

enum { TRACE_VERSION = 1 };

static bool is_access(const TwOp *op)
{
    return tw_op_info(op->code)->flags & TW_OP_ACCESS;
}

/* Does the operation, when it is done, say a value (LA-33)? */
static bool gives_value(const TwOp *op)
{
    return op->code == TW_OP_MPC_READ;
}

void tw_write_reason(GString *out, const TwReason *reason)
{
    if (reason->iommu == TW_NONE) {
        g_string_append(out, "page-map");
    } else {
        g_string_append_printf(out, "i%u", reason->iommu);
    }
    g_string_append_printf(out, " %s", tw_reason_name(reason->kind));
    if (reason->level) {
        g_string_append_printf(out, " level %u", reason->level);
    }
    g_string_append_printf(out, " at 0x%" PRIx64, reason->address);
}

/* The answer to an access: " ok 0x1f2e at 0+4 r1 0x10". */
static void write_answer(GString *out, const TwTrace *t, const TwOutcome *o)
{
    const char *word = tw_class_name(o->class_);
    g_string_append_printf(out, " %s 0x%" PRIx64, word ? word : "?", o->value);
    for (unsigned k = 0; k < o->n_locations; k++) {
        const TwLocation *at = &t->locations[o->location + k];
        g_string_append_printf(out, " at %u+%u r%u 0x%" PRIx64, at->first,
                               at->length, at->region, at->offset);
        g_string_append(out, at->flags & TW_LOC_READONLY ? " readonly" : "");
        g_string_append(out, at->flags & TW_LOC_ROMD ? " romd" : "");
    }
    if (tw_reason_name(o->reason.kind)) {
        g_string_append(out, " reason ");
        tw_write_reason(out, &o->reason);
    }
}

static void write_outcome(GString *out, const TwTrace *t,
                          const TwProgram *program, unsigned i)
{
    const TwOutcome *o = &t->outcomes[i];
    const char *word = tw_status_name(o->status);
    bool answered = o->status == TW_STATUS_DONE && i < program->n_script &&
                    is_access(&program->script[i]);
    g_string_append_printf(out, "%u", i);
    if (answered) {
        write_answer(out, t, o);
    } else {
        g_string_append_printf(out, " %s", word ? word : "?");
    }
    if (!answered && o->status == TW_STATUS_DONE && i < program->n_script &&
        program->script[i].code == TW_OP_DMA_MAP) {
        g_string_append_printf(out, " mapped 0x%" PRIx64, o->value);
    }
    if (o->status == TW_STATUS_DONE && i < program->n_script &&
        gives_value(&program->script[i])) {
        g_string_append_printf(out, " 0x%" PRIx64, o->value);
    }
    g_string_append_c(out, '\n');
}

/* Which access of the operation it is about. */
static void write_number(GString *out, unsigned started)
{
    if (started) {
        g_string_append_printf(out, "started %u ", started);
    }
}

static void write_log(GString *out, const TwLogRecord *r)
{
    g_string_append_printf(out, "log %u ", r->op);
    write_number(out, r->started);
    g_string_append_printf(out, "%s r%u 0x%" PRIx64, tw_log_kind_name(r->kind),
                           r->region, r->offset);
    if (r->kind != TW_LOG_FETCH) {
        g_string_append_printf(out, " = 0x%x", r->byte);
    }
    g_string_append_c(out, ' ');
    tw_write_attrs(out, r->attrs);
    if (r->call) {
        g_string_append_printf(out, " call %u", r->call);
    }
    g_string_append_c(out, '\n');
}

static void write_object(GString *out, char letter, unsigned id)
{
    if (id == TW_NONE) {
        g_string_append(out, " none");
    } else {
        g_string_append_printf(out, " %c%u", letter, id);
    }
}

static void write_event(GString *out, const TwEventRecord *e)
{
    const char *name = tw_event_kind_name(e->kind);
    if (e->kind == TW_TRACE_DIRTY) {
        g_string_append_printf(out, "dirty %u", e->op);
        write_object(out, 'r', e->region);
        g_string_append_printf(out, " 0x%" PRIx64 "..0x%" PRIx64 "\n", e->first,
                               e->last);
        return;
    }
    if (e->kind == TW_TRACE_TOLD) {
        g_string_append_printf(out, "told %u ", e->op);
        tw_write_perm(out, e->perm);
        write_object(out, 's', e->space);
        g_string_append_printf(
            out, " 0x%" PRIx64 "..0x%" PRIx64 " -> 0x%" PRIx64 "\n", e->first,
            e->last, e->out);
        return;
    }
    g_string_append_printf(out, "event %u o%u %s ", e->op, e->observer,
                           name ? name : "?");
    tw_write_perm(out, e->perm);
    write_object(out, 's', e->space);
    write_object(out, 'r', e->region);
    g_string_append_printf(out,
                           " 0x%" PRIx64 "..0x%" PRIx64 " -> 0x%" PRIx64 "\n",
                           e->first, e->last, e->out);
}

static void write_mark(GString *out, const TwMark *m)
{
    g_string_append_printf(out, "mark %u ", m->op);
    write_number(out, m->started);
    g_string_append_printf(out, "i%u level %u 0x%" PRIx64 " = 0x%" PRIx64 "\n",
                           m->iommu, m->level, m->at, m->value);
}

/* One line of text, whatever the target wrote. */
static void write_text(GString *out, const char *text)
{
    g_autofree char *valid = g_utf8_make_valid(
        text, (gssize)strnlen(text, sizeof((TwTrace *)0)->text));
    for (char *c = valid; *c; c++) {
        if ((unsigned char)*c < 0x20 || *c == 0x7f) {
            *c = ' ';
        }
    }
    g_strstrip(valid);
    /* What was made valid can be longer than what a trace holds. */
    const char *end;
    size_t length = MIN(strlen(valid), sizeof((TwTrace *)0)->text - 1);
    if (!g_utf8_validate(valid, (gssize)length, &end)) {
        length = (size_t)(end - valid);
    }
    if (length > 0) {
        g_string_append_printf(out, "text %.*s\n", (int)length, valid);
    }
}

void tw_trace_print(const TwTrace *t, const TwProgram *program, GString *out)
{
    const char *end = tw_end_name(t->end);
    g_string_append_printf(out, "twinwalk-trace %d\nend %s", TRACE_VERSION,
                           end ? end : "?");
    if (t->end != TW_END_DONE) {
        g_string_append_printf(out, " op %u", t->end_op);
        if (t->end == TW_END_DIED && t->signal) {
            g_string_append_printf(out, " signal %" PRId32, t->signal);
        }
    }
    g_string_append_c(out, '\n');
    write_text(out, t->text);
    if (t->locations_hidden) {
        g_string_append(out, "locations hidden\n");
    }
    for (unsigned i = 0; i < t->n_ops; i++) {
        write_outcome(out, t, program, i);
    }
    for (unsigned i = 0; i < t->n_started; i++) {
        g_string_append_printf(out, "started %u", t->started[i].op);
        write_answer(out, t, &t->started[i].outcome);
        g_string_append_c(out, '\n');
    }
    for (unsigned i = 0; i < t->n_log; i++) {
        write_log(out, &t->log[i]);
    }
    for (unsigned i = 0; i < t->n_events; i++) {
        write_event(out, &t->events[i]);
    }
    for (unsigned i = 0; i < t->n_marks; i++) {
        write_mark(out, &t->marks[i]);
    }
    for (unsigned i = 0; i < TW_COUNTERS; i++) {
        if (t->counters[i]) {
            g_string_append_printf(out, "count %s %" PRIu32 "\n",
                                   tw_counter_name(i), t->counters[i]);
        }
    }
    for (unsigned i = 0; i < program->n_regions; i++) {
        if (t->digests[i]) {
            g_string_append_printf(out, "digest r%u 0x%" PRIx64 "\n", i,
                                   t->digests[i]);
        }
    }
    g_string_append(out, "end\n");
}
