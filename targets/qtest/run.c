/* SPDX-License-Identifier: MIT */
/*
 * Programs: each operation of the script becomes moves of the devices; what
 * they leave in memory becomes the trace.
 */
#include <stdio.h>
#include <string.h>

#include "program/layout.h"
#include "program/ops.h"
#include "targets/qtest/internal.h"

enum {
    MOST_CAPTURED = 8, /* moves of an access with its capture */
    GIB_LG = 30,
    LARGE = 1 << 21, /* bytes of the leaf of level 2, in all formats */
};

/* Planning ----------------------------------------------------------------- */

static uint64_t first_byte(const Machine *m)
{
    return m->driver->ram + AT_PROGRAM;
}

bool tw_qtest_is_of_program(const Machine *m, uint64_t address)
{
    return ((address - first_byte(m)) & ((1u << GIB_LG) - 1)) >> PROGRAM_LG ==
           0;
}

/* May a refusal leave no record?  Of the devices of copy.c also one that a
 * context blocks. */
static bool may_be_silent(const Machine *m)
{
    return m->driver->silent || m->wide;
}

/* The pages that x can lead to, by a leaf of its size or a larger one. */
static void use(Machine *m, uint64_t x)
{
    x = first_byte(m) | (x & ((1u << PROGRAM_LG) - 1));
    tw_qtest_memory_use(m, x);
    tw_qtest_memory_use(m, x ^ LARGE);
}

static void use_of(Machine *m, const TwOp *op)
{
    const TwLayout *layout = tw_layout(m->driver->formats[0]);

    switch (op->code) {
    case TW_OP_DMA_READ:
    case TW_OP_DMA_WRITE:
    case TW_OP_DMA_MAP:
        use(m, op->addr);
        use(m, op->addr + (op->size ? op->size - 1 : 0)); /* may be another */
        break;
    case TW_OP_POKE:
        tw_qtest_memory_use(m, first_byte(m) + op->addr);
        use(m, (op->value & layout->address) << layout->shift);
        break;
    case TW_OP_CONTEXT:
        use(m, op->out);
        break;
    case TW_OP_MAP:
        for (uint64_t x = op->addr; x <= op->last; x += PAGE_BYTES) {
            tw_qtest_memory_use(m, op->out + (x - op->addr));
        }
        /* Defects lead there. */
        if (m->dialect.last_bytes) {
            tw_qtest_memory_use(m, op->out - PAGE_BYTES);
        }
        if (m->dialect.dma_area_step) {
            tw_qtest_memory_use(m, op->out + (op->last - op->addr) + 1);
        }
        break;
    default:
        break;
    }
}

/* May a later store, or a change of a table, replace what this one leaves? */
static bool is_replaced(const Machine *m, unsigned number)
{
    uint64_t addr = m->program->script[number].addr;

    for (unsigned i = number + 1; i < m->program->n_script; i++) {
        const TwOp *op = &m->program->script[i];
        uint64_t at =
            op->code == TW_OP_POKE ? first_byte(m) + op->addr : op->addr;

        if ((op->code == TW_OP_POKE || op->code == TW_OP_DMA_WRITE) &&
            (at ^ addr) % PAGE_BYTES == 0) {
            return true;
        }
    }
    return false;
}

static void plan_access(Machine *m, const TwOp *op, unsigned number)
{
    unsigned index = tw_qtest_device_of(m, op);
    unsigned device = 1 + index;
    Planned *planned = &m->planned[m->n_planned];
    uint64_t tag = 0;

    *planned = (Planned){
        .op = (uint16_t)number,
        .index = (uint8_t)index,
        .size = op->size,
        .stores = op->code == TW_OP_DMA_WRITE,
        .slot = tw_plan_slot(m),
    };
    if (m->device == device) {
        tw_plan_room(m, MOST_CAPTURED);
    }
    if (planned->stores) {
        for (unsigned k = 0; k < op->size; k++) {
            tag |= (uint64_t)tw_content_tag(m->program->contents, number,
                                            op->addr, k)
                   << 8 * k;
        }
        tw_qtest_copy(m, device, op->size, tw_plan_constant(m, tag), op->addr);
    } else {
        tw_qtest_copy(m, device, op->size, op->addr,
                      m->driver->ram + planned->slot);
    }
    m->capture = planned->slot;
    if (!m->tell_alone) {
        m->driver->capture(m);
    }
    planned->segment = (uint16_t)(m->n_segments - 1);
    if (planned->stores && may_be_silent(m) && is_replaced(m, number)) {
        planned->copies = tw_qtest_memory_copy(m, op);
    }
    m->n_planned++;
}

static void plan_context(Machine *m, const TwOp *op)
{
    unsigned index = op->requester % m->indexes;

    m->stages[op->obj][index] =
        (Stage){.mode = op->mode, .domain = op->domain, .root = op->out};
    m->domains[op->obj][op->domain / 32] |= 1u << op->domain % 32;
    if (op->mode == TW_CONTEXT_BLOCKED || op->mode == TW_CONTEXT_NONE) {
        tw_plan_close(m);
        m->risky = true;
    }
    m->driver->context(m, index);
}

static void plan_change(Machine *m, const TwOp *op)
{
    switch (op->code) {
    case TW_OP_POKE:
        tw_qtest_store64(m, first_byte(m) + op->addr, op->value);
        break;
    case TW_OP_CONTEXT:
        plan_context(m, op);
        break;
    case TW_OP_INVALIDATE:
        tw_plan_command(m, op);
        break;
    default:
        tw_qtest_tables_change(m, op);
        break;
    }
}

void tw_qtest_plan_op(Machine *m, unsigned number)
{
    const TwOp *op = &m->program->script[number];
    TwOutcome *outcome = &m->trace->outcomes[number];

    m->op = (uint16_t)number;
    *outcome = (TwOutcome){.status = TW_STATUS_DONE};
    if (tw_legality_step(&m->legality, op) != TW_LEGAL) {
        outcome->status = TW_STATUS_SKIPPED;
    } else if (tw_op_is_dma(op) && m->observer) {
        tw_observe_access(m, op, number);
    } else if (op->code == TW_OP_DMA_READ && m->driver->keeper) {
        m->driver->keeper->load(m, op, number);
    } else if (tw_op_is_dma(op) && m->driver->keeper) {
        m->driver->keeper->store(m, op, number);
    } else if (op->code == TW_OP_DMA_MAP) {
        m->driver->keeper->map(m, op, number);
    } else if (op->code == TW_OP_DMA_UNMAP) {
        m->driver->keeper->unmap(m, op);
    } else if (tw_op_is_dma(op)) {
        plan_access(m, op, number);
    } else {
        plan_change(m, op);
    }
}

/* LA-1 */
void tw_qtest_plan_world(Machine *m)
{
    const TwProgram *p = m->program;

    tw_legality_init(&m->legality, p);
    m->n_commands = 0;
    m->indexes = p->iommus[0].indexes;
    memset(m->domains, 0, sizeof(m->domains));
    for (unsigned stage = 0; stage < 2; stage++) {
        for (unsigned k = 0; k < MOST_INDEXES; k++) {
            m->stages[stage][k] = (Stage){.mode = TW_CONTEXT_NONE};
        }
    }
    tw_qtest_memory_start(m);
    tw_qtest_tables_start(m);
    for (unsigned i = 0; i < p->n_setup; i++) {
        use_of(m, &p->setup[i]);
    }
    for (unsigned i = 0; i < p->n_script; i++) {
        use_of(m, &p->script[i]);
    }
}

void tw_qtest_plan_setup(Machine *m)
{
    const TwProgram *p = m->program;

    tw_qtest_tables_contexts(m);
    for (unsigned i = 0; i < p->n_setup; i++) {
        plan_change(m, &p->setup[i]);
    }
    tw_plan_close(m);
    m->risky = m->driver->stages == 2; /* what roots lead to may change */
    for (unsigned k = 0; k < m->indexes; k++) {
        for (unsigned stage = 0; stage < m->driver->stages; stage++) {
            uint8_t mode = m->stages[stage][k].mode;

            m->risky |= mode == TW_CONTEXT_NONE || mode == TW_CONTEXT_BLOCKED;
        }
    }
}

/* Results ------------------------------------------------------------------ */

/* Did the device run the script as far as this access? */
static bool has_run(const Machine *m, const Planned *planned)
{
    const uint8_t *captured = m->ram + planned->slot + SLOT_CAPTURE;

    for (unsigned i = 0; i < CAPTURE_BYTES; i++) {
        if (captured[i] != 0xff) {
            return true;
        }
    }
    return false;
}

/* The trace ends before this access: nobody can tell what became of it. */
static void give_up(Machine *m, const Planned *planned, const char *why)
{
    m->trace->end = TW_END_UNSUPPORTED;
    m->trace->end_op = planned->op;
    g_strlcpy(m->trace->text, why, sizeof(m->trace->text));
    m->broken = true;
}

/* A device whose script was out of reach: why, says what was recorded when the
 * device fetched it. */
static void refuse_all(Machine *m, const Planned *planned, TwOutcome *outcome)
{
    Segment *segment = &m->segments[planned->segment];

    outcome->class_ = TW_CLASS_DECODE_ERROR;
    m->stuck[1 + planned->index] = true;
    if (segment->slot == 0) {
        give_up(m, planned,
                "the program cuts a device off from its script, not by a "
                "context");
        return;
    }
    if (!segment->told) {
        segment->told = true;
        segment->reason = (TwReason){.kind = TW_REASON_NONE};
        m->driver->faults(m, planned->index,
                          m->ram + segment->slot + SLOT_CAPTURE,
                          &segment->reason);
    }
    outcome->reason = segment->reason;
    if (outcome->reason.kind != TW_REASON_NONE) {
        outcome->reason.address = m->program->script[planned->op].addr;
    }
}

static void conclude_store(Machine *m, const Planned *planned,
                           TwOutcome *outcome)
{
    uint64_t at = tw_qtest_memory_find(m, planned);

    if (at != UINT64_MAX) {
        tw_trace_add_location(m->trace, outcome,
                              (TwLocation){.first = 0,
                                           .length = planned->size,
                                           .region = m->block,
                                           .offset = at});
    } else if (planned->copies || !is_replaced(m, planned->op)) {
        outcome->class_ = TW_CLASS_DECODE_ERROR; /* and nothing was recorded */
    }
}

/* Is this an entry that the program has written, with zeros where the access
 * would find them, if it came there? */
static bool is_zero_entry(const Machine *m, const TwOp *op, const TwOp *access)
{
    unsigned from = access->addr % 8;
    uint64_t bytes = op->value >> 8 * from;

    if (op->code != TW_OP_POKE ||
        ((first_byte(m) + op->addr) ^ access->addr) % PAGE_BYTES >= 8) {
        return false;
    }
    return access->size == 8 ? bytes == 0 : (uint32_t)bytes == 0;
}

static bool may_find_zeros(const Machine *m, const Planned *planned)
{
    const TwProgram *p = m->program;
    const TwOp *access = &p->script[planned->op];

    for (unsigned i = 0; i < p->n_setup; i++) {
        if (is_zero_entry(m, &p->setup[i], access)) {
            return true;
        }
    }
    for (unsigned i = 0; i < planned->op; i++) {
        if (is_zero_entry(m, &p->script[i], access)) {
            return true;
        }
    }
    return false;
}

/* With Machine.wide, a load whose bytes did not come: the device was refused
 * its descriptors.  What was recorded is of those. */
static bool is_cut_off(const Machine *m, const Planned *planned)
{
    const uint8_t *bytes = m->ram + planned->slot;
    bool came = false;

    for (unsigned i = 0; i < planned->size; i++) {
        came |= bytes[i] != 0xff;
    }
    return m->wide && !planned->stores && !came;
}

/* A load that gave zeros, and no fault was recorded. */
static void conclude_zeros(Machine *m, const Planned *planned,
                           TwOutcome *outcome)
{
    if (!may_find_zeros(m, planned)) {
        outcome->class_ = TW_CLASS_DECODE_ERROR;
    } else if (may_be_silent(m)) {
        give_up(m, planned,
                "a load gives zeros: it found some, or was refused without a "
                "record");
    }
}

static void conclude(Machine *m, const Planned *planned)
{
    TwOutcome *outcome = &m->trace->outcomes[planned->op];
    TwReason reason = {.kind = TW_REASON_NONE};
    unsigned faults;
    uint64_t value = 0;

    outcome->class_ = TW_CLASS_OK;
    if (!has_run(m, planned)) {
        refuse_all(m, planned, outcome);
        return;
    }
    faults = m->driver->faults(m, planned->index,
                               m->ram + planned->slot + SLOT_CAPTURE, &reason);
    if (!planned->stores) {
        memcpy(&value, m->ram + planned->slot, planned->size);
    }
    if (faults > 0 || is_cut_off(m, planned)) {
        outcome->class_ = TW_CLASS_DECODE_ERROR;
        outcome->reason = reason;
        if (m->wide && !tw_qtest_is_of_program(m, reason.address)) {
            outcome->reason.address = m->program->script[planned->op].addr;
        }
    } else if (planned->stores) {
        conclude_store(m, planned, outcome);
    } else if (value == 0 && planned->size > 1) { /* one byte may be 0 */
        conclude_zeros(m, planned, outcome);
    } else {
        outcome->value = value;
    }
}

/* All accesses, in order.  Also of those that are not looked at, the driver
 * takes what was recorded: it is none of the next program's. */
static void conclude_all(Machine *m)
{
    TwReason reason;

    for (const Planned *p = m->planned; p < m->planned + m->n_planned; p++) {
        if (!m->broken) {
            conclude(m, p);
        } else if (has_run(m, p)) {
            m->driver->faults(m, p->index, m->ram + p->slot + SLOT_CAPTURE,
                              &reason);
        }
    }
}

void tw_qtest_prepare(Machine *m, const TwProgram *program, TwTrace *trace)
{
    m->program = program;
    m->trace = trace;
    m->broken = false;
    m->op = program->n_script;
    m->refused[0] = '\0';
    tw_trace_init(trace, program);
    trace->locations_hidden = true; /* but for those of stores */
}

/* The operation that was at work when QEMU was lost. */
static uint16_t lost_at(const Machine *m)
{
    unsigned i = 0;

    while (i < m->n_planned && has_run(m, &m->planned[i])) {
        i++;
    }
    return i < m->n_planned ? m->planned[i].op : m->program->n_script;
}

static void done(Machine *m)
{
    if (m->driver->done) {
        m->driver->done(m);
    }
}

/* The trace ends at the operation of which a request was not answered as it
 * must be.  The next program is for a new process. */
static void end_refused(Machine *m)
{
    TwTrace *trace = m->trace;
    bool setup = m->refused_op >= m->program->n_script;
    uint16_t op = setup ? 0 : m->refused_op;

    if (m->refused[0] == '\0' ||
        (m->broken && (trace->end != TW_END_UNSUPPORTED || /* it is lost */
                       trace->end_op < op))) {
        return;
    }
    m->broken = true;
    trace->end = TW_END_INVARIANT;
    trace->end_op = op;
    snprintf(trace->text, sizeof(trace->text), "%s%s",
             setup ? "in the setup, " : "", m->refused);
    tw_process_end(&m->process, 0);
}

/* From the setup on. */
static void run_plan(Machine *m)
{
    tw_qtest_plan_setup(m);
    for (unsigned i = 0; i < m->program->n_script; i++) {
        tw_qtest_plan_op(m, i);
    }
    tw_plan_close(m);
    if (m->in_flight) {
        *m->in_flight = 0;
    }
    if (tw_qtest_flush(m)) {
        done(m);
        conclude_all(m);
    } else {
        m->trace->end_op = lost_at(m);
    }
}

/* The same where each operation is performed by itself. */
static void run_direct(Machine *m)
{
    unsigned n = m->program->n_script, i = 0;

    tw_qtest_flush(m); /* the driver's reset() */
    if (m->observer) {
        tw_observer_clear(m->observer);
    }
    if (!m->broken) {
        tw_qtest_plan_setup(m);
    }
    while (i < n && !m->broken) {
        if (m->in_flight) {
            *m->in_flight = i;
        }
        tw_qtest_plan_op(m, i++);
    }
    tw_direct_settle(m);
    if (m->driver->keeper) {
        m->driver->keeper->stop(m);
    }
    if (m->broken) {
        m->trace->end_op = (uint16_t)(i > 0 ? i - 1 : n);
    }
    done(m);
}

bool tw_qtest_run(TwTarget *target, const TwProgram *program, TwTrace *trace)
{
    Machine *m = (Machine *)target;

    tw_qtest_prepare(m, program, trace);
    if (!tw_qtest_start(m, trace->text, sizeof(trace->text))) {
        trace->end = TW_END_DIED;
        trace->end_op = program->n_script;
        return false;
    }
    tw_plan_begin(m);
    tw_qtest_plan_world(m);
    m->driver->reset(m);
    if (tw_qtest_is_direct(m)) {
        run_direct(m);
    } else {
        run_plan(m);
    }
    end_refused(m);
    trace->n_ops = m->broken ? trace->end_op : program->n_script;
    tw_qtest_memory_finish(m);
    return true;
}

bool tw_qtest_ping(TwTarget *target)
{
    Machine *m = (Machine *)target;

    if (m->process.pid == 0) {
        return false;
    }
    tw_trace_init(&m->idle, NULL);
    m->trace = &m->idle;
    m->broken = false;
    return tw_qtest_flush(m);
}
