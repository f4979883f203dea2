/* SPDX-License-Identifier: MIT */
/*
 * Operations.  Those of the board are performed between runs of the agent.  One
 * run of the agent performs a sequence of accesses and of operations of the
 * CPU; the latter in a callback.
 */
#include <string.h>

#include "program/ops.h"
#include "targets/unicorn/clock.h"
#include "targets/unicorn/record.h"
#include "targets/unicorn/run.h"

/* Operations that are not accesses ---------------------------------------- */

static void flush_range(Machine *m, const TwOp *op)
{
    uint64_t last = op->addr + op->length - 1;

    if (op->length == 0) {
        return;
    }
    /* Comparing fewer bits than a window has: everything, to be simple. */
    if (op->bits < PAGES_LG + m->flat.page_lg || op->length == UINT64_MAX ||
        last < op->addr) {
        tw_uc_map_flush(m, 0, UINT64_MAX);
    } else {
        tw_uc_map_flush(m, op->addr, last);
    }
}

/* The page map is a hook's: nothing to map for it, one way to flush it. */
static bool perform_vtlb(Machine *m, const TwOp *op)
{
    switch (op->code) {
    case TW_OP_PAGE:
    case TW_OP_UNPAGE:
        tw_uc_vtlb_page(m, op);
        return true;
    case TW_OP_FLUSH_PAGE:
    case TW_OP_FLUSH_RANGE:
    case TW_OP_FLUSH_INDEX:
    case TW_OP_FLUSH_ALL:
        tw_uc_map_flush_tlb(m);
        return true;
    default:
        return false;
    }
}

static void perform(Machine *m, const TwOp *op)
{
    unsigned first, end;

    if (m->vtlb != NULL && perform_vtlb(m, op)) {
        return;
    }

    switch (op->code) {
    case TW_OP_NOP:
    case TW_OP_SAFEPOINT: /* nothing is ever queued */
        break;
    case TW_OP_PAGE:
    case TW_OP_UNPAGE:
        tw_uc_flat_page(&m->flat, op);
        tw_uc_flat_range(&m->flat, op, &first, &end);
        tw_uc_map_sync(m, first, end);
        break;
    case TW_OP_FLUSH_PAGE:
        tw_uc_map_flush(m, op->addr, op->addr);
        break;
    case TW_OP_FLUSH_RANGE:
        flush_range(m, op);
        break;
    case TW_OP_FLUSH_INDEX:
    case TW_OP_FLUSH_ALL:
        tw_uc_map_flush(m, 0, UINT64_MAX);
        break;
    case TW_OP_SNAPSHOT:
        tw_uc_snapshot_save(m);
        break;
    case TW_OP_RESTORE:
        tw_uc_snapshot_restore(m);
        break;
    default:
        if (tw_uc_graph_change(&m->flat.graph, op)) {
            tw_uc_map_sync(m, m->flat.graph.first, m->flat.graph.end);
        }
        break;
    }
}

void tw_uc_perform(Machine *m, unsigned n)
{
    const TwOp *op = &m->program->script[n];
    TwOutcome *outcome = &m->trace->outcomes[n];

    m->op = n;
    if (m->in_flight != NULL) {
        *m->in_flight = n;
    }
    *outcome = (TwOutcome){.status = TW_STATUS_DONE};
    if (tw_legality_step(&m->legality, op) != TW_LEGAL) {
        outcome->status = TW_STATUS_SKIPPED;
        tw_uc_perform_during(m, n);
        return;
    }
    if (op->code == TW_OP_DMA_READ || op->code == TW_OP_DMA_WRITE) {
        tw_uc_host_access(m, op, outcome);
        tw_uc_perform_during(m, n);
        if (m->asked.n > 0 && m->asked.op == n) {
            tw_uc_perform_asked(m);
        }
    } else {
        perform(m, op);
    }
}

bool tw_uc_during_waits(const Machine *m, unsigned op)
{
    return m->during_of != op &&
           !(m->program->script[op].flags & TW_OPF_DURING) &&
           op + 1 < m->program->n_script &&
           m->program->script[op + 1].flags & TW_OPF_DURING;
}

void tw_uc_perform_during(Machine *m, unsigned op)
{
    const TwProgram *program = m->program;
    Asked asked = m->asked; /* a DMA access asks for itself */

    if (!tw_uc_during_waits(m, op)) {
        return;
    }
    m->during_of = (uint16_t)op;
    for (unsigned i = op + 1; i < program->n_script && !m->broken &&
                              program->script[i].flags & TW_OPF_DURING;
         i++) {
        tw_uc_perform(m, i);
    }
    m->asked = asked;
    m->op = m->broken ? m->op : op;
}

void tw_uc_perform_asked(Machine *m)
{
    Asked asked = m->asked;

    m->op = asked.op;
    if (m->in_flight != NULL) {
        *m->in_flight = asked.op;
    }
    m->asked.n = 0;
    for (unsigned i = 0; i < asked.n && !m->broken; i++) {
        const TwOp *op = &m->program->actors[asked.actors[i]].op;

        if (tw_legality_step(&m->legality, op) == TW_LEGAL) {
            perform(m, op);
        }
    }
}

/* Accesses ----------------------------------------------------------------*/

static bool is_access(const TwOp *op)
{
    return op->code == TW_OP_READ || op->code == TW_OP_WRITE ||
           op->code == TW_OP_EXEC || op->code == TW_OP_RMW;
}

/* Does the agent do it? */
static bool is_inside(const TwOp *op)
{
    return is_access(op) || op->actor != TW_BOARD || op->flags & TW_OPF_DURING;
}

static void part_add(Machine *m, unsigned *n, unsigned op, unsigned kind,
                     unsigned at, uint64_t value)
{
    tw_uc_record_part(m, op, kind, at, value);
    m->records[(*n)++] = (Record){
        .kind = kind,
        .op = (uint16_t)op,
        .at = (uint8_t)at,
        .addr = m->window + m->program->script[op].addr + at,
        .value = at < 8 ? value >> 8 * at : 0,
    };
}

/*
 * The guest accesses 1, 2, 4 or 8 bytes at a time.  Other sizes are made of
 * several.  If the whole crosses into another page, the first part does, so
 * that an access that is refused is refused before anything is done.
 */
static void parts_add(Machine *m, unsigned *n, unsigned op, unsigned kind,
                      uint64_t value)
{
    const TwOp *access = &m->program->script[op];
    unsigned size = access->size;
    unsigned big = size >= 4 ? 4 : 2, lg = size >= 4 ? 2 : 1;
    unsigned page = 1u << m->page_lg;
    unsigned cut = page - (unsigned)(access->addr & (page - 1));
    unsigned low; /* bytes below the big part */

    if ((size & (size - 1)) == 0) {
        part_add(m, n, op, kind + (unsigned)__builtin_ctz(size), 0, value);
        return;
    }
    low = cut < size && cut >= big ? size - big : 0;
    part_add(m, n, op, kind + lg, low, value);
    for (unsigned at = 0; at < low;) {
        bool two = low - at >= 2;
        part_add(m, n, op, kind + two, at, value);
        at += 1 + two;
    }
    for (unsigned at = low + big; at < size;) {
        bool two = size - at >= 2;
        part_add(m, n, op, kind + two, at, value);
        at += 1 + two;
    }
}

static uint64_t store_value(const Machine *m, unsigned op)
{
    uint64_t value = 0;

    for (unsigned k = 0; k < m->program->script[op].size; k++) {
        value |= (uint64_t)tw_content_tag(m->program->contents, op,
                                          m->program->script[op].addr, k)
                 << 8 * k;
    }
    return value;
}

/* Operation `op` and the one behind it, by one instruction (LA-59). */
static void pair_add(Machine *m, unsigned *n, unsigned op)
{
    const TwOp *access = &m->program->script[op];
    bool store = access->code == TW_OP_WRITE;
    uint64_t first = store ? store_value(m, op) : 0;
    uint64_t second = store ? store_value(m, op + 1) : 0;
    unsigned kind = (store ? RECORD_PAIR_WRITE : RECORD_PAIR_READ) +
                    (access->size == 8 ? 1 : 0);

    tw_uc_record_pair(m, op, kind, first, second);
    m->records[(*n)++] = (Record){
        .kind = kind,
        .op = (uint16_t)op,
        .addr = m->window + access->addr,
        .value = first,
        .result = second,
    };
}

/* What comes after access `op` at the latest, or behind all its parts. */
static void rings_add(Machine *m, unsigned *n, unsigned op)
{
    const TwOp *access = &m->program->script[op];
    Record ring = {.kind = RECORD_DOORBELL, .op = (uint16_t)op};

    if (tw_uc_during_waits(m, op)) {
        ring.value = RING_DURING;
        m->records[(*n)++] = ring;
    }
    if (access->code == TW_OP_WRITE && !(access->flags & TW_OPF_FROM) &&
        m->program->n_actors > 0 && tw_uc_crosses(m->program, access)) {
        ring.value = RING_ACTORS;
        m->records[(*n)++] = ring;
    }
}

/* Writes records for operations from `op` on; returns the first operation
 * that is not among them. */
static unsigned batch_build(Machine *m, unsigned op)
{
    const TwProgram *program = m->program;
    unsigned n = 0;

    for (; op < program->n_script && n + 5 < MAX_RECORDS; op++) {
        const TwOp *o = &program->script[op];

        if (!is_inside(o)) {
            break;
        }
        if (o->flags & (TW_OPF_DURING | TW_OPF_PAIRED)) {
            continue; /* its access, or the first of the pair, is above */
        }
        m->trace->outcomes[op] = (TwOutcome){.status = TW_STATUS_DONE};
        if (!is_access(o)) {
            m->records[n++] = (Record){
                .kind = RECORD_DOORBELL, .op = (uint16_t)op, .value = op};
        } else if (tw_legality_step(&m->legality, o) != TW_LEGAL) {
            m->trace->outcomes[op].status = TW_STATUS_SKIPPED;
        } else if (tw_op_leads_pair(program, op)) {
            pair_add(m, &n, op);
        } else if (o->flags & TW_OPF_FROM) {
            part_add(m, &n, op, RECORD_FROM, 0,
                     o->code == TW_OP_WRITE ? store_value(m, op) : 0);
            m->records[n - 1].result = m->window + o->out;
        } else if (o->code == TW_OP_RMW) {
            part_add(
                m, &n, op,
                (o->flags & TW_OPF_EXCLUSIVE ? RECORD_EXCLUSIVE : RECORD_RMW) +
                    (unsigned)__builtin_ctz(o->size),
                0, store_value(m, op));
        } else if (o->code == TW_OP_READ) {
            parts_add(m, &n, op, RECORD_READ, 0);
        } else if (o->code == TW_OP_WRITE) {
            parts_add(m, &n, op, RECORD_WRITE, store_value(m, op));
        } else {
            part_add(m, &n, op, RECORD_EXEC, 0, 0);
        }
        if (tw_op_leads_pair(program, op)) {
            m->trace->outcomes[op + 1] = m->trace->outcomes[op];
        }
        if (is_access(o)) {
            rings_add(m, &n, op);
        }
    }
    m->records[n] = (Record){.kind = RECORD_EXIT, .op = (uint16_t)op};
    return op;
}

/* Does the page map refuse a byte of the access? */
static bool page_refuses(const Machine *m, const TwOp *op)
{
    uint8_t need = op->code == TW_OP_READ    ? TW_R
                   : op->code == TW_OP_WRITE ? TW_W
                   : op->code == TW_OP_RMW   ? TW_R | TW_W
                                             : TW_X;
    uint64_t last = (op->addr + op->size - 1) >> m->flat.page_lg;

    if (m->vtlb != NULL) {
        return tw_uc_vtlb_refuses(m, op, need);
    }
    for (uint64_t p = op->addr >> m->flat.page_lg; p <= last; p++) {
        if (p >= PAGES || m->flat.rights[p] & NO_ENTRY ||
            (m->flat.rights[p] & need) != need) {
            return true;
        }
    }
    return false;
}

/* Is nothing there to be accessed, as view and page map are now? */
static unsigned refusal_now(const Machine *m, const TwOp *op)
{
    uint64_t last = (op->addr + op->size - 1) >> m->flat.page_lg;

    if (page_refuses(m, op)) {
        return TW_CLASS_PAGE_FAULT;
    }
    for (uint64_t p = op->addr >> m->flat.page_lg; p <= last; p++) {
        if (m->flat.graph.view[p] == 0) {
            return TW_CLASS_DECODE_ERROR;
        }
    }
    return TW_CLASS_OK;
}

/* The instruction that makes an access. */
static TwOp fetch_of(const TwOp *op)
{
    return (TwOp){.code = TW_OP_EXEC, .addr = op->from, .size = 8};
}

/* The class of an access that was refused after operations inside its first
 * refusal: the library's error is that of the time before them. */
static unsigned refusal_handled(const Machine *m, const TwOp *op, uc_err err)
{
    TwOp fetch = fetch_of(op);
    bool fetches = op->flags & TW_OPF_FROM &&
                   (err == UC_ERR_FETCH_PROT || err == UC_ERR_FETCH_UNMAPPED);
    unsigned class_ = refusal_now(m, fetches ? &fetch : op);

    /* Without any reason: one that is wrong whatever is expected. */
    return class_ == TW_CLASS_OK ? TW_CLASS_PAGE_FAULT : class_;
}

/* The class of an access that the library refused; TW_CLASSES if that is not
 * what the error says. */
static unsigned refusal(const Machine *m, const TwOp *op, uc_err err)
{
    TwOp fetch = fetch_of(op);

    switch (err) {
    case UC_ERR_EXCEPTION: /* what a page map says no with that is a hook's */
        return m->vtlb != NULL ? TW_CLASS_PAGE_FAULT : TW_CLASSES;
    case UC_ERR_READ_PROT:
    case UC_ERR_WRITE_PROT:
    case UC_ERR_FETCH_PROT:
        return m->vtlb == NULL ? TW_CLASS_PAGE_FAULT : TW_CLASSES;
    case UC_ERR_FETCH_UNMAPPED:
        if (op->flags & TW_OPF_FROM) {
            return page_refuses(m, &fetch) ? TW_CLASS_PAGE_FAULT
                                           : TW_CLASS_DECODE_ERROR;
        }
        /* fall through */
    case UC_ERR_READ_UNMAPPED:
    case UC_ERR_WRITE_UNMAPPED:
        return page_refuses(m, op) ? TW_CLASS_PAGE_FAULT
                                   : TW_CLASS_DECODE_ERROR;
    default:
        return TW_CLASSES;
    }
}

/* What an executed word left as its result, as the bytes that were fetched. */
static uint64_t executed_value(const Machine *m, uint64_t result)
{
    uint16_t number = tw_code_number(m->program->contents, result);

    if (tw_contents_are_runs(m->program->contents)) {
        return tw_run_numbers(result); /* LA-52 */
    }
    if (number == 0) {
        return result; /* no word does that */
    }
    return number >= FETCHED && (unsigned)(number - FETCHED) < m->n_fetched
               ? tw_uc_fetched_word(m, (unsigned)number - FETCHED)
               : tw_code_word(m->program->contents, number);
}

/* Takes over the results of records first .. end - 1, which were reached. */
static void take_results(Machine *m, unsigned first, unsigned end)
{
    for (unsigned i = first; i < end; i++) {
        const Record *r = &m->records[i];
        TwOutcome *outcome = &m->trace->outcomes[r->op];

        if (r->kind == RECORD_PAIR_READ || r->kind == RECORD_PAIR_READ + 1) {
            outcome[0].value = r->result;
            outcome[1].value = r->value;
        } else if ((r->kind >= RECORD_READ && r->kind < RECORD_WRITE) ||
                   (r->kind == RECORD_FROM &&
                    m->program->script[r->op].code == TW_OP_READ)) {
            outcome->value |= r->result << 8 * r->at;
        } else if (r->kind >= RECORD_RMW && r->kind < RECORD_EXEC) {
            /* RISC-V extends the sign. */
            unsigned lg = (r->kind - RECORD_RMW) & 3;

            outcome->value = r->result & UINT64_MAX >> (64 - (8u << lg));
        } else if (r->kind == RECORD_EXEC) {
            outcome->value = executed_value(m, r->result);
        }
    }
}

/* The bytes of one access stand in the log in ascending order, although an
 * access in parts need not make them so. */
static void sort_log(Machine *m)
{
    TwLogRecord *log = m->trace->log;

    for (unsigned i = m->log_from + 1; i < m->trace->n_log; i++) {
        for (unsigned k = i;
             k > m->log_from && log[k - 1].op == log[k].op &&
             log[k - 1].kind == log[k].kind && m->log_at[k - 1] > m->log_at[k];
             k--) {
            TwLogRecord record = log[k];
            uint64_t at = m->log_at[k];
            log[k] = log[k - 1];
            log[k - 1] = record;
            m->log_at[k] = m->log_at[k - 1];
            m->log_at[k - 1] = at;
        }
    }
}

/* The numbers of the words that ran before one was refused; in *word the fetch
 * of that one.  Nothing, if it is no run. */
static uint64_t numbers_before(Machine *m, const TwOp *op, TwOp *word)
{
    uint64_t numbers;

    *word = *op;
    if (op->code != TW_OP_EXEC || !tw_contents_are_runs(m->program->contents)) {
        return 0;
    }
    numbers = tw_run_numbers(tw_uc_agent_result(m));
    for (uint64_t left = numbers; left != 0; left >>= 16) {
        word->addr += 8;
    }
    return numbers;
}

/* The access of record `stopped` failed.  Returns the record to go on with. */
static unsigned take_refusal(Machine *m, unsigned stopped, uc_err err)
{
    unsigned op = m->records[stopped].op;
    bool pair = m->records[stopped].kind >= RECORD_PAIR_READ;
    const TwOp *access = &m->program->script[op];
    TwOutcome *outcome = &m->trace->outcomes[op];
    TwOp word;
    uint64_t numbers = numbers_before(m, access, &word);
    unsigned class_;

    word.size *= pair ? 2 : 1; /* all that the instruction accesses */
    class_ = refusal(m, &word, err);
    if (class_ != TW_CLASSES && m->handled == op) {
        class_ = refusal_handled(m, access, err);
    }

    m->op = op;
    tw_uc_perform_during(m, op); /* if no hook was called */
    if (m->records[stopped].kind == RECORD_EXIT || !is_access(access) ||
        class_ == TW_CLASSES) {
        tw_uc_fail(m, "uc_emu_start", access->addr, access->size, err);
        return stopped;
    }
    outcome->class_ = (uint8_t)class_;
    outcome->value = numbers;
    if (pair) {
        outcome[1].class_ = outcome->class_;
    }
    m->asked.n = 0; /* it did not take place */
    while (m->records[stopped].op == op &&
           m->records[stopped].kind != RECORD_EXIT) {
        stopped++;
    }
    return stopped;
}

/* Runs the records that batch_build() wrote. */
static void batch_run(Machine *m)
{
    unsigned at = 0, end = 0;

    m->log_from = m->trace->n_log;
    while (m->records[end].kind != RECORD_EXIT) {
        end++;
    }
    while (at < end && !m->broken) {
        unsigned stopped = end;
        uc_err err = tw_uc_agent_run(m, at, &stopped);

        if (m->broken) {
            take_results(m, at, MIN(stopped, end));
            break;
        }
        if (stopped < at || stopped > end) {
            tw_uc_fail(m, "uc_emu_start", 0, 0, err);
            break;
        }
        take_results(m, at, stopped);
        at = err == UC_ERR_OK ? end : take_refusal(m, stopped, err);
    }
    sort_log(m);
}

/* Programs ---------------------------------------------------------------- */

/* A clean world: what the program starts from (LA-1). */
static void machine_reset(Machine *m)
{
    const TwProgram *program = m->program;

    m->op = 0;
    m->started = false;
    m->telling = m->teller;
    m->during_of = m->handled = TW_NO_OP;
    m->asked = (Asked){.op = TW_NO_OP};
    m->n_fetched = 0;
    m->call_place = FROM_HOST;
    m->n_called = 0;
    m->called_by = TW_NO_OP;
    m->broken = false;
    m->lost = false;
    m->attrs = program->n_cpus > 0 ? program->cpus[0].mmu[0].attrs : 0;
    tw_legality_init(&m->legality, program);
    memset(m->ever_mapped, 0, sizeof(m->ever_mapped));
    tw_uc_flat_init(&m->flat, program, m->memory.page_lg);
    if (m->vtlb != NULL) {
        tw_uc_vtlb_reset(m);
    } else {
        tw_uc_flat_setup(&m->flat, program);
    }
    tw_uc_map_sync(m, m->flat.graph.first, m->flat.graph.end);
}

/* The operation that the run ended in: if it was performed during an access,
 * this. */
static unsigned ended(const Machine *m)
{
    unsigned op = m->trace->end_op;

    while (op > 0 && m->program->script[op].flags & TW_OPF_DURING) {
        op--;
    }
    return op;
}

static void run_script(Machine *m)
{
    const TwProgram *program = m->program;
    unsigned next;

    m->started = true;
    for (unsigned i = 0; i < program->n_script && !m->broken; i = next) {
        m->op = i;
        if (m->in_flight != NULL) {
            *m->in_flight = i; /* or one of those that the agent does next */
        }
        if (is_inside(&program->script[i])) {
            next = batch_build(m, i);
            batch_run(m);
        } else {
            next = i + 1;
            tw_uc_perform(m, i);
        }
        m->trace->n_ops = (uint16_t)(m->broken ? ended(m) : next);
    }
}

/* Is anything performed during an access? */
static bool has_during(const TwProgram *program)
{
    for (unsigned i = 0; i < program->n_script; i++) {
        if (program->script[i].flags & TW_OPF_DURING) {
            return true;
        }
    }
    return false;
}

static bool run(Machine *m, const TwProgram *program, TwTrace *trace)
{
    m->program = program;
    m->trace = trace;
    tw_trace_init(trace, program);
    trace->locations_hidden = true;
    if (!tw_uc_engine_prepare(m)) {
        return false;
    }
    machine_reset(m);
    if (has_during(program) && tw_uc_refuse_start(m) != UC_ERR_OK) {
        return false;
    }
    run_script(m);
    tw_uc_refuse_stop(m);
    m->telling = NULL;
    if (m->saved != NULL) {
        tw_uc_snapshot_finish(m);
    }
    if (m->recorder != NULL) {
        tw_uc_record_ram(m);
        m->recorder = NULL;
    }
    if (!m->lost) {
        tw_uc_map_clear(m);
    }
    if (m->lost) {
        tw_uc_engine_close(m);
    }
    m->n_devices = 0;
    tw_uc_memory_finish(&m->memory, program->contents, trace->digests);
    return true;
}

bool tw_uc_run(TwTarget *target, const TwProgram *program, TwTrace *trace)
{
    bool alive;

    tw_uc_clock_stop();
    alive = run((Machine *)target, program, trace);
    tw_uc_clock_go();
    return alive;
}
