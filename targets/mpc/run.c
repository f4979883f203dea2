/* SPDX-License-Identifier: MIT */
/*
 * Programs: each operation of the script becomes operations of the agent, and
 * the agent's results become the trace (result.c).
 */
#include "program/content.h"
#include "program/ops.h"
#include "targets/mpc/internal.h"

enum {
    /* registers of an MPC */
    BLK_LUT = 0x1c,
    INFO_FIRST = 0x2c,
    INFO_END = 0x34,
    NONSECURE_STATE = 2, /* MMU index */
};

static const uint32_t registers_of[TW_MPC_BOARD_MPCS] = {0x58007000, 0x58008000,
                                                         0x58009000};

/* The address of the board for one of a program. */
static uint32_t address_of(unsigned index, uint64_t addr)
{
    return (uint32_t)(addr | (index == 0 ? TW_MPC_BOARD_SECURE : 0));
}

/* Operations --------------------------------------------------------------- */

/* The CPU that performs what an actor does.  What the board does is the first
 * one's. */
static uint8_t cpu_of(unsigned actor)
{
    return actor == TW_BOARD ? 0 : (uint8_t)actor;
}

/* What a CPU does.  Where safe points are explicit, the other one goes on
 * running; else it sleeps. */
static TwMpcDo *do_on(Machine *m, unsigned cpu, unsigned kind, unsigned number)
{
    TwMpcDo *what = tw_mpc_do(m, kind, number);

    what->cpu = cpu & 1;
    what->running = m->program->explicit_safepoints;
    return what;
}

/* On a board of two CPUs, what an operation asks another CPU for happens at the
 * safe point of that (LA-3): where they are implied, before its next operation.
 */
static void keep_safepoints(Machine *m, const TwOp *op, unsigned number)
{
    unsigned cpu = cpu_of(op->actor);

    if (m->n_cpus < 2) {
        return;
    }
    if (!m->program->explicit_safepoints && op->actor != TW_BOARD &&
        m->owes[cpu]) {
        do_on(m, cpu, TW_MPC_SAFEPOINT, number);
        m->owes[cpu] = false;
    }
    m->owes[!cpu] = true;
}

/* Is operation `number` performed by the run before it (LA-52)? */
static bool is_of_run(const Machine *m, unsigned number)
{
    const TwProgram *p = m->program;

    return number < p->n_script && p->script[number].flags & TW_OPF_DURING;
}

/* What a run of code stores, and where, if it changes an MPC. */
static void let_run_write(const Machine *m, unsigned number, TwMpcDo *what)
{
    const TwOp *op = &m->program->script[number + 1];

    if (is_of_run(m, number + 1)) {
        what->addr = registers_of[op->obj] + (uint32_t)op->addr;
        what->value = op->value;
    }
}

static void do_access(Machine *m, const TwOp *op, unsigned number)
{
    TwMpcDo *what = do_on(m, cpu_of(op->actor),
                          op->code == TW_OP_WRITE  ? TW_MPC_WRITE
                          : op->code == TW_OP_EXEC ? TW_MPC_CALL
                                                   : TW_MPC_READ,
                          number);

    m->quiet[number] = m->pairs && tw_mpc_shadows_fault(&m->shadows, op);
    if (m->by_dma) {
        what->kind =
            op->code == TW_OP_WRITE ? TW_MPC_DMA_WRITE : TW_MPC_DMA_READ;
    }

    what->lg = (uint8_t)__builtin_ctz(op->size);
    what->nonsecure = op->index == NONSECURE_STATE;
    what->addr = address_of(op->index, op->addr);
    if (op->code == TW_OP_EXEC) {
        what->from = what->addr;
        what->addr =
            what->nonsecure ? TW_MPC_RAM + TW_MPC_SCRATCH : TW_MPC_LEDS;
        let_run_write(m, number, what);
    }
    for (unsigned k = 0; k < op->size && op->code == TW_OP_WRITE; k++) {
        what->value |=
            (uint64_t)tw_content_tag(m->program->contents, number, op->addr, k)
            << 8 * k;
    }
}

static void do_register(Machine *m, const TwOp *op, unsigned number)
{
    bool write = op->code == TW_OP_MPC_WRITE;
    TwMpcDo *what;

    if (write && op->addr / 4 == BLK_LUT / 4 && m->drop_flushes && !m->by_dma &&
        m->n_writes++ % 4 == 3) {
        return;
    }
    what =
        do_on(m, cpu_of(op->actor), write ? TW_MPC_WRITE : TW_MPC_READ, number);
    what->lg = (uint8_t)__builtin_ctz(op->size);
    what->addr = registers_of[op->obj] + (uint32_t)op->addr;
    what->value = write ? op->value : 0;
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
    keep_safepoints(m, op, number);
    switch (op->code) {
    case TW_OP_READ:
    case TW_OP_WRITE:
    case TW_OP_EXEC:
        do_access(m, op, number);
        break;
    case TW_OP_MPC_READ:
    case TW_OP_MPC_WRITE:
        if (!is_of_run(m, number)) {
            do_register(m, op, number);
        }
        break;
    case TW_OP_FLUSH_ALL:
        do_on(m, op->obj, TW_MPC_FLUSH, number);
        break;
    case TW_OP_SAFEPOINT:
        do_on(m, op->obj, TW_MPC_SAFEPOINT, number);
        break;
    default: /* nop */
        break;
    }
    tw_mpc_shadows_step(&m->shadows, op);
}

/* The whole ---------------------------------------------------------------- */

/* Does it read what blocked accesses leave, which only a reset takes away? */
static bool reads_info(const TwProgram *p)
{
    for (unsigned i = 0; i < p->n_script; i++) {
        const TwOp *op = &p->script[i];

        if (op->code == TW_OP_MPC_READ && op->addr >= INFO_FIRST &&
            op->addr < INFO_END) {
            return true;
        }
    }
    return false;
}

static void start(Machine *m)
{
    uint32_t stains = tw_mpc_mailbox(m)->stains;

    tw_legality_init(&m->legality, m->program);
    tw_mpc_shadows_start(&m->shadows, m->program);
    m->n_writes = 0;
    m->owes[0] = m->owes[1] = false;
    if (stains & TW_MPC_STAIN_LOCKED ||
        (stains & TW_MPC_STAIN_INFO && reads_info(m->program))) {
        tw_mpc_reset(m);
    }
    tw_mpc_memory_fill(m);
    for (unsigned i = 0; i < m->n_cpus; i++) {
        do_on(m, i, TW_MPC_FLUSH, 0);
    }
}

static void finish(Machine *m)
{
    unsigned last = m->program->n_script ? m->program->n_script - 1u : 0;

    if (m->n_cpus > 1) { /* the second CPU sleeps from here on */
        tw_mpc_do(m, TW_MPC_SAFEPOINT, last)->cpu = 1;
    }
    tw_mpc_memory_ask(m);
    for (unsigned k = 0; k < TW_MPC_BOARD_MPCS; k++) {
        if (tw_mpc_board_has(m->program, k)) {
            tw_mpc_do(m, TW_MPC_CLEAN, last)->addr = k;
        }
    }
    tw_mpc_flush_queue(m);
}

static void prepare(Machine *m, const TwProgram *program, TwTrace *trace)
{
    m->program = program;
    m->trace = trace;
    m->broken = false;
    m->n_ops = m->n_used = 0;
    tw_trace_init(trace, program);
    trace->locations_hidden = true;
}

bool tw_mpc_run(TwTarget *target, const TwProgram *program, TwTrace *trace)
{
    Machine *m = (Machine *)target;

    prepare(m, program, trace);
    if (!tw_mpc_start(m, trace->text, sizeof(trace->text))) {
        trace->end = TW_END_DIED;
        trace->end_op = program->n_script;
        return false;
    }
    start(m);
    for (unsigned i = 0; i < program->n_script && !m->broken; i++) {
        perform(m, i);
    }
    if (!m->broken) {
        finish(m);
    }
    trace->n_ops = m->broken ? trace->end_op : program->n_script;
    tw_mpc_memory_finish(m, trace->digests);
    if (m->broken) {
        tw_process_end(&m->process, 0); /* in no known state */
    }
    return true;
}

bool tw_mpc_run_by_dma(TwTarget *target, const TwProgram *program,
                       TwTrace *trace)
{
    Machine *m = (Machine *)target;
    bool ok;

    m->by_dma = true;
    ok = tw_mpc_run(target, program, trace);
    m->by_dma = false;
    return ok;
}

bool tw_mpc_ping(TwTarget *target)
{
    Machine *m = (Machine *)target;

    if (m->process.pid == 0) {
        return false;
    }
    tw_trace_init(&m->idle, NULL);
    m->trace = &m->idle;
    m->n_ops = 0;
    return tw_mpc_round(m);
}
