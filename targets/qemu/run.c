/* SPDX-License-Identifier: MIT */
/*
 * Programs: each operation of the script becomes operations of the agent, and
 * the agent's results become the trace.
 */
#include <stdio.h>
#include <string.h>

#include "process/beat.h"
#include "process/child.h"
#include "program/ops.h"
#include "targets/qemu/internal.h"

enum {
    GROW_EVERY_MS = 40, /* a TLB that is little used for 100 ms gets small */
    GROW_TIMES = 4,     /* from 256 slots to 2048 */
    SHRINK_MS = 120,    /* after such a time with few pages it is small */
};

/* Operations --------------------------------------------------------------- */

static void do_access(Machine *m, const TwOp *op, unsigned number)
{
    static const uint8_t kinds[] = {
        [TW_OP_READ] = TW_DO_READ,
        [TW_OP_WRITE] = TW_DO_WRITE,
        [TW_OP_RMW] = TW_DO_EXCHANGE,
        [TW_OP_EXEC] = TW_DO_CALL,
    };
    TwDo *what;

    if (m->settle) {
        tw_qemu_settle_access(m, op, number);
    }
    tw_qemu_memory_reach(m, op, number);
    tw_qemu_look_before(m, op, number);
    what = tw_qemu_do(m, op->flags & TW_OPF_FROM ? TW_DO_CALL : kinds[op->code],
                      number);
    what->lg = (uint8_t)__builtin_ctz(op->size);
    what->addr = tw_qemu_virtual(m, op->index, op->addr);
    if (op->code == TW_OP_WRITE || op->code == TW_OP_RMW) {
        what->value = tw_qemu_store_value(m, number);
    }
    if (op->flags & TW_OPF_FROM) {
        what->from = tw_qemu_virtual(m, op->index, op->from);
    } else if (op->code == TW_OP_EXEC) {
        what->from = what->addr;
    }
    tw_qemu_look_after(m, number);
}

static void perform(Machine *m, unsigned number)
{
    const TwOp *op = &m->program->script[number];
    TwOutcome *outcome = &m->trace->outcomes[number];

    *outcome = (TwOutcome){.status = TW_STATUS_DONE};
    if (tw_legality_step(&m->legality, op) != TW_LEGAL) {
        outcome->status = TW_STATUS_SKIPPED;
        return;
    }
    switch (op->code) {
    case TW_OP_READ:
    case TW_OP_WRITE:
    case TW_OP_RMW:
    case TW_OP_EXEC:
        do_access(m, op, number);
        break;
    case TW_OP_PAGE:
    case TW_OP_UNPAGE:
        tw_qemu_page_assign(m, op, number);
        if (m->settle) {
            tw_qemu_settle_assigned(m);
        }
        break;
    case TW_OP_FLUSH_PAGE:
    case TW_OP_FLUSH_RANGE:
    case TW_OP_FLUSH_INDEX:
    case TW_OP_FLUSH_ALL:
        if (m->settle) {
            tw_qemu_settle_flushed(m, op);
        }
        if (!m->drop_flushes || m->n_flushes++ % 4 != 3) {
            tw_qemu_page_flush(m, op, number);
        }
        break;
    default: /* nop, safepoint: nothing is ever queued */
        break;
    }
}

/* QEMU looks at its use of the TLB when everything is flushed: if few of the
 * slots were used in the last 100 ms, it takes fewer, 64 at least. */
static void shrink(Machine *m)
{
    TwDoing before;

    for (unsigned i = 0; i < 3 && !m->broken && !m->record; i++) {
        tw_qemu_do(m, TW_DO_FLUSH_ALL, 0);
        tw_qemu_flush_queue(m);
        before = tw_beat_enter(TW_DOING_WAIT);
        g_usleep(SHRINK_MS * 1000);
        tw_beat_enter(before);
    }
}

/* A clean world: what the program starts from (LA-1). */
static void start(Machine *m)
{
    const TwProgram *p = m->program;
    int64_t now = tw_child_now_ms();

    tw_legality_init(&m->legality, p);
    tw_qemu_table_reset(m);
    m->n_assigned = 0;
    m->n_flushes = 0;
    tw_qemu_view_make(&m->view, p);
    for (unsigned i = 0; i < p->n_setup; i++) {
        tw_qemu_page_assign(m, &p->setup[i], 0);
    }
    if (m->small_tlb) {
        if (m->grown_ms == 0) {
            m->grown_ms = now;
            shrink(m);
        }
        tw_qemu_do(m, TW_DO_FLUSH_ALL, 0);
    } else if (m->grown_ms == 0 || now - m->grown_ms > GROW_EVERY_MS) {
        tw_qemu_do(m, TW_DO_GROW, 0)->value = m->grown_ms ? 1 : GROW_TIMES;
        m->grown_ms = now;
    } else {
        tw_qemu_do(m, TW_DO_FLUSH_ALL, 0);
    }
}

static void prepare(Machine *m, const TwProgram *program, TwTrace *trace)
{
    m->program = program;
    m->trace = trace;
    m->broken = false;
    m->n_ops = m->n_accesses = 0;
    tw_trace_init(trace, program);
    trace->locations_hidden = true; /* but for those of stores (look.c) */
}

static void perform_all(Machine *m)
{
    start(m);
    for (unsigned i = 0; i < m->program->n_script && !m->broken; i++) {
        perform(m, i);
    }
    if (!m->broken) {
        tw_qemu_flush_queue(m);
    }
}

bool tw_qemu_run(TwTarget *target, const TwProgram *program, TwTrace *trace)
{
    Machine *m = (Machine *)target;

    prepare(m, program, trace);
    if (!tw_qemu_start(m, trace->text, sizeof(trace->text))) {
        trace->end = TW_END_DIED;
        trace->end_op = program->n_script;
        return false;
    }
    if (m->fresh) {
        tw_qemu_memory_forget(m);
        m->fresh = false;
    }
    perform_all(m);
    trace->n_ops = m->broken ? trace->end_op : program->n_script;
    tw_qemu_memory_finish(m, trace->digests);
    return true;
}

bool tw_qemu_ping(TwTarget *target)
{
    Machine *m = (Machine *)target;

    if (m->process.pid == 0) {
        return false;
    }
    tw_trace_init(&m->idle, NULL);
    m->trace = &m->idle;
    m->n_ops = 0;
    return tw_qemu_round(m);
}

void tw_qemu_record(Machine *m, const TwProgram *program, TwTrace *trace,
                    GArray *record)
{
    int64_t grown_ms = m->grown_ms;

    prepare(m, program, trace);
    m->record = record;
    perform_all(m);
    m->record = NULL;
    m->grown_ms = grown_ms;
}
