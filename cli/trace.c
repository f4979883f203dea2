/* SPDX-License-Identifier: MIT */
/*
 * replay --trace: each operation with what it did to caches and notifiers, as
 * the target tells it, and what came of it.
 */
#include "cli/verbs.h"

#include <stdio.h>
#include <string.h>

#include "program/ops.h"

typedef struct Told {
    uint16_t op;
    char *kind, *text;
} Told;

static void told_clear(void *data)
{
    Told *told = data;

    g_free(told->kind);
    g_free(told->text);
}

static void keep(void *data, uint16_t op, const char *kind, const char *text)
{
    Told told = {op, g_strdup(kind), g_strdup(text)};

    g_array_append_val((GArray *)data, told);
}

/* "ok r0+0x4000 value 0xe3", "skipped"; NULL: nothing worth a word. */
static char *outcome_text(const TwProgram *program, const TwTrace *trace,
                          unsigned n)
{
    const TwOutcome *o = &trace->outcomes[n];
    GString *text;

    if (n >= trace->n_ops) {
        return g_strdup(tw_status_name(TW_STATUS_NOT_RUN));
    }
    if (o->status != TW_STATUS_DONE) {
        return g_strdup(tw_status_name(o->status));
    }
    if (!(tw_op_info(program->script[n].code)->flags & TW_OP_ACCESS)) {
        return NULL;
    }
    text = g_string_new(tw_class_name(o->class_));
    for (unsigned i = 0; i < o->n_locations; i++) {
        const TwLocation *at = &trace->locations[o->location + i];

        g_string_append_printf(text, " r%u+0x%" G_GINT64_MODIFIER "x",
                               at->region, at->offset);
    }
    if (o->class_ <= TW_CLASS_DEVICE_ERROR &&
        program->script[n].code != TW_OP_WRITE &&
        program->script[n].code != TW_OP_DMA_WRITE) {
        g_string_append_printf(text, " value 0x%" G_GINT64_MODIFIER "x",
                               o->value);
    }
    return g_string_free(text, FALSE);
}

static void print_told(const GArray *told, unsigned op)
{
    for (unsigned i = 0; i < told->len; i++) {
        const Told *t = &g_array_index(told, Told, i);

        if (t->op == op) {
            printf("           %-11s %s\n", t->kind, t->text);
        }
    }
}

static void print_all(const TwProgram *program, const TwFinding *finding,
                      const TwTrace *trace, const GArray *told)
{
    g_autoptr(GString) plain = g_string_new(NULL);

    print_told(told, TW_NO_OP);
    for (unsigned i = 0; i < program->n_script; i++) {
        g_autoptr(GString) op = g_string_new(NULL);
        g_autofree char *outcome = outcome_text(program, trace, i);

        tw_op_print(program, &program->script[i], op);
        printf("%s op %u: %s\n",
               tw_verdict_is_finding(finding->verdict) && finding->op == i
                   ? "=>"
                   : "  ",
               i, op->str);
        print_told(told, i);
        if (outcome) {
            printf("           %-11s %s\n", "outcome", outcome);
        }
    }
    tw_trace_print(trace, program, plain);
    putchar('\n');
    fputs(plain->str, stdout);
}

static void json_told(JsonBuilder *b, const GArray *told, unsigned op)
{
    json_builder_set_member_name(b, "events");
    json_builder_begin_array(b);
    for (unsigned i = 0; i < told->len; i++) {
        const Told *t = &g_array_index(told, Told, i);

        if (t->op == op) {
            json_builder_begin_object(b);
            tw_cli_json_string(b, "kind", t->kind);
            tw_cli_json_string(b, "text", t->text);
            json_builder_end_object(b);
        }
    }
    json_builder_end_array(b);
}

static void json_all(JsonBuilder *b, const TwProgram *program,
                     const TwFinding *finding, const TwTrace *trace,
                     const GArray *told)
{
    json_builder_set_member_name(b, "operations");
    json_builder_begin_array(b);
    for (unsigned i = 0; i < program->n_script; i++) {
        g_autoptr(GString) op = g_string_new(NULL);
        g_autofree char *outcome = outcome_text(program, trace, i);

        tw_op_print(program, &program->script[i], op);
        json_builder_begin_object(b);
        tw_cli_json_int(b, "number", i);
        tw_cli_json_string(b, "operation", op->str);
        tw_cli_json_bool(b, "accused",
                         tw_verdict_is_finding(finding->verdict) &&
                             finding->op == i);
        tw_cli_json_string(b, "outcome", outcome ? outcome : "done");
        json_told(b, told, i);
        json_builder_end_object(b);
    }
    json_builder_end_array(b);
}

bool tw_replay_trace(const TwTargetOptions *options, const TwProgram *program,
                     const TwFinding *finding, JsonBuilder *builder,
                     GError **error)
{
    g_autoptr(GArray) told = g_array_new(FALSE, FALSE, sizeof(Told));
    g_autofree TwTrace *trace = g_new(TwTrace, 1);
    TwTeller teller = {keep, told};
    TwTargetOptions telling = *options;
    TwTarget *target;

    g_array_set_clear_func(told, told_clear);
    telling.teller = &teller;
    target = tw_target_open(&telling, error);
    if (!target) {
        return false;
    }
    tw_trace_init(trace);
    tw_target_run(target, program, trace);
    if (builder) {
        json_all(builder, program, finding, trace, told);
    } else {
        if (!target->klass->tells) {
            printf("  %s does not tell what it does to caches\n",
                   target->klass->name);
        }
        print_all(program, finding, trace, told);
    }
    tw_target_close(target);
    return true;
}
