/* SPDX-License-Identifier: MIT */
/*
 * The title of a finding: one line that says what is wrong, in the words of the
 * target's maintainers; see target.h.  Must not know classes.
 */
#include <stdlib.h>
#include <string.h>

#include "program/ops.h"
#include "targets/target.h"

typedef struct Title {
    const TwTargetClass *klass;
    const TwProgram *program;
    const TwFinding *finding;
    const TwOp *op;      /* the accused one, or NULL: the end state */
    bool wants, expects; /* is a refusal seen; is one expected? */
    bool has_when;       /* does the class tell when it happens? */
    GString *out;
} Title;

/* Many accesses of this kind; one. */
static const char *accesses(const TwOp *op)
{
    switch (op->code) {
    case TW_OP_READ:
        return "loads";
    case TW_OP_WRITE:
        return "stores";
    case TW_OP_EXEC:
        return "fetches";
    case TW_OP_RMW:
        return "exchanges";
    case TW_OP_DMA_READ:
        return "DMA reads";
    case TW_OP_DMA_WRITE:
        return "DMA writes";
    default:
        return "accesses";
    }
}

static const char *access_of(const TwOp *op)
{
    switch (op->code) {
    case TW_OP_READ:
        return "a load";
    case TW_OP_WRITE:
        return "a store";
    case TW_OP_EXEC:
        return "a fetch";
    case TW_OP_RMW:
        return "an exchange";
    case TW_OP_DMA_READ:
        return "a DMA read";
    case TW_OP_DMA_WRITE:
        return "a DMA write";
    default:
        return "an operation";
    }
}

static uint8_t right_of(const TwOp *op)
{
    return op->code == TW_OP_EXEC                                 ? TW_X
           : op->code == TW_OP_READ || op->code == TW_OP_DMA_READ ? TW_R
                                                                  : TW_W;
}

static const char *right_name(uint8_t right)
{
    return right == TW_R ? "R" : right == TW_W ? "W" : "X";
}

bool tw_title_is_refusal(const TwFinding *finding, const char *label)
{
    static const char *const words[] = {"page-fault", "decode-error", "loop"};
    const char *line = strstr(finding->text, label);
    const char *class_ = line != NULL ? strstr(line, ": ") : NULL;

    for (unsigned i = 0; class_ != NULL && i < G_N_ELEMENTS(words); i++) {
        if (g_str_has_prefix(class_ + 2, words[i])) {
            return true;
        }
    }
    return false;
}

/* What an operation is made with. */
static const char *call_of(const Title *t, const TwOp *op)
{
    const char *call =
        t->klass->call != NULL ? t->klass->call(t->program, op) : NULL;

    return call != NULL ? call : tw_op_info(op->code)->name;
}

static const TwOp *script_op(const Title *t, unsigned n)
{
    return n < t->program->n_script ? &t->program->script[n] : NULL;
}

/* The operation that a line "until op N ..." of the text names, or NULL. */
static const TwOp *named_op(const Title *t)
{
    static const char words[] = "until op ";
    const char *at = strstr(t->finding->text, words);

    return at != NULL
               ? script_op(t, (unsigned)strtoul(at + strlen(words), NULL, 10))
               : NULL;
}

static void put_event(Title *t, const TwOp *event)
{
    g_string_append_printf(t->out,
                           "%s: ", call_of(t, event != NULL ? event : t->op));
}

/* Is a function of these calls on the stack that the finding's text shows? */
static bool is_on_stack(const Title *t, const char *calls)
{
    g_auto(GStrv) names = g_strsplit(calls, ", ", -1);

    for (char **name = names; *name != NULL; name++) {
        if (strstr(t->finding->text, *name) != NULL) {
            return true;
        }
    }
    return false;
}

/* In which operation the process ended or hung, or NULL.  An operation during
 * an access may have returned long before; then it is the access. */
static const TwOp *ended_in(const Title *t)
{
    const TwOp *op = t->op;

    if (op == NULL || !(op->flags & TW_OPF_DURING) || t->klass->call == NULL ||
        is_on_stack(t, call_of(t, op))) {
        return op;
    }
    while (op > t->program->script && op->flags & TW_OPF_DURING) {
        op--;
    }
    return tw_op_is_dma(op) ? t->op : op;
}

static void put_died(Title *t)
{
    static const char *const words[] = {"died of ", "ended with status "};
    const TwOp *op = ended_in(t);
    const char *died = NULL;

    for (unsigned i = 0; i < G_N_ELEMENTS(words) && died == NULL; i++) {
        died = strstr(t->finding->text, words[i]);
    }
    if (op != NULL) {
        put_event(t, op);
    }
    g_string_append(t->out, "the process ");
    if (died != NULL) {
        g_string_append_len(t->out, died, (gssize)strcspn(died, "\n"));
    } else {
        g_string_append(t->out, "ends");
    }
    if (op != t->op && !t->has_when) {
        g_string_append_printf(t->out, " after a callback called %s",
                               call_of(t, t->op));
    }
}

static void put_hung(Title *t)
{
    const TwOp *op = ended_in(t);

    if (op != NULL) {
        put_event(t, op);
    }
    g_string_append(t->out, "it does not return");
    if (op != t->op && !t->has_when) {
        g_string_append_printf(t->out, " after a callback called %s",
                               call_of(t, t->op));
    }
}

/* An old answer, or a right that is not there. */
static void put_allowed(Title *t, const TwOp *event)
{
    const TwOp *op = t->op;
    uint8_t right = right_of(op);
    uint64_t page = op->addr >> t->program->page_lg;
    bool crosses = (op->addr + op->size - 1) >> t->program->page_lg != page;

    put_event(t, event);
    if (event == NULL || event == op) {
        g_string_append_printf(
            t->out, "%s%s succeeds where it must be refused", access_of(op),
            crosses ? " that crosses into another page" : "");
    } else if (event->code == TW_OP_PAGE && !(event->perm & right)) {
        g_string_append_printf(t->out,
                               "%s still succeed after %s was taken "
                               "away",
                               accesses(op), right_name(right));
    } else {
        g_string_append_printf(t->out, "%s still succeed after it",
                               accesses(op));
    }
}

static void put_stale(Title *t)
{
    const TwFinding *f = t->finding;
    const TwOp *event = script_op(t, f->ended);
    const TwOp *changed = script_op(t, f->changed);

    if (strstr(f->text, "it stored itself") != NULL) {
        put_event(t, t->op);
        g_string_append(t->out, "old code runs after the guest stored other "
                                "code over it");
        return;
    }
    if (strstr(f->text, "the code at") != NULL) {
        put_event(t, event);
        g_string_append(t->out, "code that was stored over still runs after "
                                "it");
        return;
    }
    /* A flush that is named is what the maintainers promise. */
    if (event == NULL || tw_op_info(event->code)->flags & TW_OP_ACCESS) {
        event = changed;
    }
    if (t->expects) {
        put_allowed(t, event);
        return;
    }
    put_event(t, event);
    if (t->op->code == TW_OP_EXEC && !t->wants) {
        g_string_append(t->out, "the code that was there before still runs");
        return;
    }
    g_string_append_printf(t->out, "%s %s", accesses(t->op),
                           t->wants ? "are still refused after it"
                                    : "still reach what was there before");
}

/* The first line behind "op N: ..." that says more than what was done. */
static void put_told(Title *t)
{
    g_auto(GStrv) lines = g_strsplit(t->finding->text, "\n", 3);
    const char *told = lines[0] && lines[1] && *lines[1] ? lines[1] : lines[0];

    g_string_append(t->out, told != NULL ? told : "a rule is broken");
}

/* "told: READS at r1+0x0; due: ...": what devices got, and what they should
 * get.
 */
static void put_told_devices(Title *t)
{
    static const char due[] = "; due: ";
    const char *line = strstr(t->finding->text, "\ntold: ");

    if (line == NULL) {
        g_string_append_printf(t->out,
                               "a device gets none or other accesses than "
                               "those of %s",
                               access_of(t->op));
        return;
    }
    g_string_append_printf(t->out, "%s tells devices: ", access_of(t->op));
    for (line += strlen("\ntold: "); *line != '\0' && *line != '\n'; line++) {
        size_t digits = *line == 'r' ? strspn(line + 1, "0123456789") : 0;

        if (g_str_has_prefix(line, due)) {
            g_string_append(t->out, "; instead of: ");
            line += strlen(due) - 1;
        } else if (digits > 0 && line[1 + digits] == '+') {
            g_string_append(t->out, "offset ");
            line += digits + 1;
        } else {
            g_string_append_c(t->out, *line);
        }
    }
}

static void put_effect(Title *t)
{
    if (t->op == NULL) {
        g_string_append(t->out, "RAM at the end is not what was stored");
        return;
    }
    if (strstr(t->finding->text, "devices were told") == NULL) {
        put_told(t); /* a mark of an entry, say */
        return;
    }
    put_event(t, t->op);
    if (t->expects) {
        g_string_append_printf(t->out, "%s that is refused reaches a device",
                               access_of(t->op));
    } else {
        put_told_devices(t);
    }
}

static void put_access(Title *t)
{
    switch (t->finding->verdict) {
    case TW_VERDICT_STALE:
        put_stale(t);
        break;
    case TW_VERDICT_PERM:
        put_allowed(t, named_op(t));
        break;
    case TW_VERDICT_CLASS:
        put_event(t, NULL);
        g_string_append_printf(t->out, "%s %s", access_of(t->op),
                               t->wants ? "is refused that must succeed"
                                        : "succeeds that must not");
        break;
    case TW_VERDICT_FAULT:
    case TW_VERDICT_REASON:
        put_event(t, NULL);
        g_string_append_printf(t->out, "%s is refused for a wrong reason",
                               access_of(t->op));
        break;
    case TW_VERDICT_WRONG:
        put_event(t, NULL);
        g_string_append_printf(t->out,
                               t->op->code == TW_OP_WRITE ||
                                       t->op->code == TW_OP_DMA_WRITE
                                   ? "%s goes to a wrong place"
                                   : "%s gives wrong bytes",
                               access_of(t->op));
        break;
    default:
        put_told(t);
        break;
    }
}

void tw_target_title(const TwTargetClass *klass, const TwProgram *program,
                     const TwFinding *finding, GString *title)
{
    const TwOp *accused = tw_finding_accused(finding, program);
    TwOp fetch;
    Title t = {
        .klass = klass,
        .program = program,
        .finding = finding,
        .op = accused,
        .wants = tw_title_is_refusal(finding, "seen"),
        .expects = tw_title_is_refusal(finding, "expected"),
        .out = title,
    };
    static const char after_it[] = " after it";
    const char *when =
        klass->when != NULL ? klass->when(program, finding) : NULL;

    if (klass->title != NULL && klass->title(program, finding, title)) {
        return;
    }
    t.has_when = when != NULL;
    if (accused != NULL &&
        strstr(finding->text, "the fetch of its instruction") != NULL) {
        fetch = (TwOp){.code = TW_OP_EXEC, .addr = accused->from, .size = 4};
        t.op = &fetch;
    }
    if (finding->verdict == TW_VERDICT_CRASH) {
        put_died(&t);
    } else if (finding->verdict == TW_VERDICT_HANG) {
        put_hung(&t);
    } else if (finding->verdict == TW_VERDICT_EFFECT) {
        put_effect(&t);
    } else if (t.op != NULL && tw_op_info(t.op->code)->flags & TW_OP_ACCESS) {
        put_access(&t);
    } else {
        put_told(&t);
    }
    if (when != NULL) {
        if (g_str_has_suffix(title->str, after_it)) {
            g_string_truncate(title, title->len - strlen(after_it));
        }
        g_string_append_printf(title, ", %s", when);
    }
}
