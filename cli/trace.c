/* SPDX-License-Identifier: MIT */
/*
 * replay --trace: each operation with its outcome and its effects on caches and
 * notifiers, as the target reports them.
 */
#include "cli/verbs.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "fuzz/process/isolate.h"
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

/* "ok r0+0x4000 value 0xe3" */
static char *answer_text(const TwTrace *trace, const TwOutcome *o, bool value)
{
    GString *text = g_string_new(tw_class_name(o->class_));

    for (unsigned i = 0; i < o->n_locations; i++) {
        const TwLocation *at = &trace->locations[o->location + i];

        g_string_append_printf(text, " r%u+0x%" G_GINT64_MODIFIER "x",
                               at->region, at->offset);
    }
    if (o->class_ <= TW_CLASS_DEVICE_ERROR && value) {
        g_string_append_printf(text, " value 0x%" G_GINT64_MODIFIER "x",
                               o->value);
    }
    return g_string_free(text, FALSE);
}

/* The same, or "skipped"; NULL: nothing worth a word. */
static char *outcome_text(const TwProgram *program, const TwTrace *trace,
                          unsigned n)
{
    const TwOutcome *o = &trace->outcomes[n];

    if (n >= trace->n_ops) {
        return g_strdup(tw_status_name(TW_STATUS_NOT_RUN));
    }
    if (o->status != TW_STATUS_DONE) {
        return g_strdup(tw_status_name(o->status));
    }
    if (!(tw_op_info(program->script[n].code)->flags & TW_OP_ACCESS)) {
        return NULL;
    }
    return answer_text(trace, o,
                       program->script[n].code != TW_OP_WRITE &&
                           program->script[n].code != TW_OP_DMA_WRITE);
}

/* Outcomes of accesses that actor offsets of the operation have started. */
static void print_started(const TwTrace *trace, unsigned op)
{
    for (unsigned i = 0; i < trace->n_started; i++) {
        const TwOutcome *o = &trace->started[i].outcome;

        if (trace->started[i].op == op) {
            g_autofree char *text = answer_text(trace, o, o->value != 0);

            printf("           %-11s access %u: %s\n", "outcome",
                   1 + tw_trace_started_before(trace, i, (uint16_t)op), text);
        }
    }
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
        print_started(trace, i);
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
            tw_json_string(b, "kind", t->kind);
            tw_json_string(b, "text", t->text);
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
        tw_json_int(b, "number", i);
        tw_json_string(b, "operation", op->str);
        tw_json_bool(b, "accused",
                     tw_verdict_is_finding(finding->verdict) &&
                         finding->op == i);
        tw_json_string(b, "outcome", outcome ? outcome : "done");
        json_told(b, told, i);
        json_builder_end_object(b);
    }
    json_builder_end_array(b);
}

/* The results of the child: the trace in shared memory, the reports in a file.
 */
typedef struct Traced {
    const TwTargetOptions *options;
    const TwProgram *program;
    TwTrace *trace;
    FILE *told;
    bool *tells;
} Traced;

/* One line, whole, so that it is there if the next thing is the child's end. */
static void write_told(void *data, uint16_t op, const char *kind,
                       const char *text)
{
    FILE *file = data;

    fprintf(file, "%u %s %s\n", op, kind, text);
    fflush(file);
}

static bool run_traced(void *data, volatile uint32_t *in_flight,
                       TwFinding *finding, GError **error)
{
    Traced *t = data;
    TwTeller teller = {write_told, t->told};
    TwTargetOptions telling = *t->options;
    TwTarget *target;

    memset(finding, 0, sizeof(*finding));
    telling.teller = &teller;
    telling.in_flight = in_flight;
    target = tw_target_open(&telling, error);
    if (!target) {
        return false;
    }
    *t->tells = target->klass->tells;
    tw_trace_init(t->trace, t->program);
    tw_target_run(target, t->program, t->trace);
    tw_target_close(target);
    return true;
}

static GArray *read_told(FILE *file)
{
    GArray *told = g_array_new(FALSE, FALSE, sizeof(Told));
    g_autofree char *line = NULL;
    size_t size = 0;
    ssize_t length;

    g_array_set_clear_func(told, told_clear);
    rewind(file);
    while ((length = getline(&line, &size, file)) > 0 &&
           line[length - 1] == '\n') {
        g_auto(GStrv) words = NULL;

        line[length - 1] = '\0';
        words = g_strsplit(line, " ", 3);
        if (g_strv_length(words) == 3) {
            Told one = {(uint16_t)atoi(words[0]), g_strdup(words[1]),
                        g_strdup(words[2])};
            g_array_append_val(told, one);
        }
    }
    return told;
}

bool tw_replay_trace(const TwTargetOptions *options, const TwProgram *program,
                     uint32_t timeout_ms, const TwFinding *finding,
                     JsonBuilder *builder, GError **error)
{
    size_t size = sizeof(TwTrace) + sizeof(bool);
    TwTrace *shared = mmap(NULL, size, PROT_READ | PROT_WRITE,
                           MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    FILE *file = tmpfile();
    Traced traced = {options, program, shared, file, (bool *)(shared + 1)};
    TwFinding end;
    bool ok;

    if (shared == MAP_FAILED || !file) {
        g_set_error(error, TW_TARGET_ERROR, TW_TARGET_ERROR_ENVIRONMENT,
                    "--trace: expected memory for the reports: %s",
                    g_strerror(errno));
        ok = false;
    } else {
        ok = tw_isolate(run_traced, &traced, options->name, program, timeout_ms,
                        &end, error);
    }
    if (ok) {
        g_autoptr(GArray) told = read_told(file);

        if (tw_verdict_is_finding(end.verdict)) {
            /* Dead, with its trace as far as it came. */
            shared->end =
                end.verdict == TW_VERDICT_HANG ? TW_END_HUNG : TW_END_DIED;
            shared->end_op = end.op;
        }
        if (builder) {
            json_all(builder, program, finding, shared, told);
        } else {
            if (!*traced.tells) {
                printf("  %.*s does not tell what it does to caches\n",
                       (int)strcspn(options->name, ":"), options->name);
            }
            print_all(program, finding, shared, told);
        }
    }
    if (file) {
        fclose(file);
    }
    if (shared != MAP_FAILED) {
        munmap(shared, size);
    }
    return ok;
}
