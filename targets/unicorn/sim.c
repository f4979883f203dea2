/* SPDX-License-Identifier: MIT */
/* See sim.h. */
#include "targets/unicorn/sim.h"

#include <string.h>

static void taint(Sim *sim, unsigned page, unsigned trigger)
{
    sim->taint[page] |= (uint16_t)BIT(trigger);
    sim->ever |= BIT(trigger);
}

/* Notes whether a mapping, or a part of one, begins at a page. */
static void begin(Sim *sim, unsigned page, bool begins)
{
    sim->n_ranges += begins;
    sim->n_ranges -= sim->begins[page];
    sim->begins[page] = begins;
    if (sim->n_ranges >= MANY) {
        sim->ever |= BIT(MANY_RANGES);
    }
}

/* The mapping of a page, if there is one, is divided in front of it. */
static void cut(Sim *sim, unsigned page)
{
    if (page < PAGES) {
        begin(sim, page, sim->end[page] != 0);
    }
}

/* Would a mapping, or a part of one, be divided in front of the page? */
static bool parts_at(const Sim *sim, unsigned page)
{
    return page < PAGES && sim->end[page] != 0 && !sim->begins[page];
}

/* A call for pages first .. end - 1: which mappings does it split?  The
 * library makes new ones of the parts. */
static void split(Sim *sim, unsigned first, unsigned end, bool unmap)
{
    for (unsigned p = first; p < end; p++) {
        unsigned from = sim->first[p], to = sim->end[p];

        if (to == 0 || (from >= first && to <= end)) {
            continue;
        }
        for (unsigned q = from; q < to; q++) {
            sim->moved[q] = sim->run[q] != 0;
            sim->unmapped_part[q] = unmap;
            if (sim->device[q]) {
                taint(sim, q, DEVICE_SPLIT);
            }
            if (to == PAGES) {
                taint(sim, q, END_SPLIT);
            }
        }
    }
}

static bool on_unmap(void *data, unsigned first, unsigned end)
{
    Sim *sim = data;

    sim->n_calls++;
    sim->ever |= sim->hooked ? BIT(HANDLER_MAPS) : 0;
    split(sim, first, end, true);
    cut(sim, end);
    for (unsigned p = first; p < end; p++) {
        unsigned from = sim->first[p], to = sim->end[p];

        begin(sim, p, false);
        /* What remains of its mapping are mappings of their own. */
        for (unsigned q = from; q < to; q++) {
            if (q < first) {
                sim->end[q] = (uint16_t)MIN(first, to);
            } else if (q >= end) {
                sim->first[q] = (uint16_t)MAX(end, from);
            }
        }
        sim->first[p] = sim->end[p] = 0;
        sim->taint[p] = 0;
        sim->refused[p] = sim->readonly[p] = false;
        sim->moved[p] = sim->run[p] != 0;
    }
    return true;
}

/* Is this mapped at another page? */
static bool is_mapped_twice(const Sim *sim, Shown shown, unsigned page)
{
    for (unsigned q = 0; q < PAGES; q++) {
        if (sim->flat.mapped[q] == shown && q != page) {
            return true;
        }
    }
    return false;
}

static bool on_map(void *data, unsigned first, unsigned end)
{
    Sim *sim = data;

    sim->n_calls++;
    sim->ever |= sim->hooked ? BIT(HANDLER_MAPS) : 0;
    for (unsigned q = 0; q < PAGES; q++) {
        Shown run = sim->run[q];

        if (run != 0 && run >= sim->flat.mapped[first] &&
            run <= sim->flat.mapped[end - 1] && sim->flat.mapped[q] != 0 &&
            (q < first || q >= end)) {
            sim->twice[q] = true;
        }
    }
    begin(sim, first, true);
    for (unsigned p = first; p < end; p++) {
        sim->taint[p] = 0;
        sim->unmapped_part[p] = false;
        sim->rights[p] = sim->flat.mapped_rights[p];
        sim->first[p] = (uint16_t)first;
        sim->end[p] = (uint16_t)end;
        sim->device[p] = sim->flat.mapped[p] & SHOWS_DEVICE;
        if (sim->device[p]) {
            /* Protected before anybody can look. */
            sim->rights[p] = sim->flat.rights[p];
        }
    }
    return true;
}

static bool on_protect(void *data, unsigned first, unsigned end)
{
    Sim *sim = data;

    sim->n_calls++;
    if (sim->hooked && (parts_at(sim, first) || parts_at(sim, end))) {
        sim->ever |= BIT(HANDLER_MAPS);
    }
    split(sim, first, end, false);
    cut(sim, first);
    cut(sim, end);
    for (unsigned p = first; p < end; p++) {
        if (sim->rights[p] & TW_R && !(sim->flat.mapped_rights[p] & TW_R)) {
            taint(sim, p, READ_REVOKED);
        }
        if (sim->own == p + 1 && sim->rights[p] & TW_X &&
            !(sim->flat.mapped_rights[p] & TW_X)) {
            sim->ever |= BIT(OWN_CODE);
        }
        sim->rights[p] = sim->flat.mapped_rights[p];
        if (sim->hooked == HOOKED &&
            sim->readonly[p] == !!(sim->rights[p] & TW_W)) {
            sim->ever |= BIT(HANDLER_MAPS); /* RAM becomes ROM, or RAM again */
        }
        sim->readonly[p] = !(sim->rights[p] & TW_W);
    }
    return true;
}

static const FlatCalls calls = {on_unmap, on_map, on_protect};

static void load(Sim *sim, const TwOp *op)
{
    uint64_t last = (op->addr + op->size - 1) >> sim->flat.page_lg;

    if (tw_uc_reads_again(sim, op)) {
        sim->ever |= BIT(READ_AGAIN);
    }
    for (uint64_t p = op->addr >> sim->flat.page_lg; p <= last && p < PAGES;
         p++) {
        sim->refused[p] |= cannot_read(sim, p);
    }
}

static uint64_t page_exec_triggers(const Sim *sim, uint64_t page)
{
    uint64_t met = sim->handled[page] ? BIT(CODE_HANDLED) : 0;

    if (!sim->run[page]) {
        return met;
    }
    if (sim->lost[page] || sim->run[page] != granted(sim, page, TW_X)) {
        met |= BIT(CODE_CHANGED);
    }
    return met | (sim->flushed[page] ? BIT(DEVICE_CODE_FLUSHED) : 0) |
           (sim->stored[page] ? BIT(CODE_STORED) : 0) |
           (sim->dirty[page] ? BIT(CODE_PAGE_STORED) : 0);
}

static bool is_over_end(const Sim *sim, const TwOp *op)
{
    return op->code == TW_OP_EXEC &&
           tw_contents_kind(sim->program->contents) ==
               TW_CONTENTS_RUNS_X86_64 &&
           op->addr >> sim->flat.page_lg !=
               tw_uc_last_byte(sim, op) >> sim->flat.page_lg;
}

uint64_t tw_uc_exec_triggers(const Sim *sim, const TwOp *op)
{
    uint64_t last = tw_uc_last_byte(sim, op) >> sim->flat.page_lg, met = 0;

    for (uint64_t p = op->addr >> sim->flat.page_lg;
         op->code == TW_OP_EXEC && p <= last && p < PAGES; p++) {
        met |= page_exec_triggers(sim, p);
    }
    return met | (is_over_end(sim, op) ? BIT(CODE_OVER_END) : 0);
}

bool tw_uc_flushes_unreadable(const Sim *sim, const TwOp *op)
{
    uint64_t first, last;

    if (!tw_uc_flush_range(sim, op, &first, &last)) {
        return false;
    }
    while (first <= last && !cannot_read(sim, first)) {
        first++;
    }
    return first <= last;
}

/* A store to this page may be lost. */
static void lose(Sim *sim, Shown shown)
{
    if (shown & SHOWS_RAM) {
        uint32_t n = shown_id(shown) * (uint32_t)PAGES + shown_page(shown);

        sim->ram[n / 64].lost |= UINT64_C(1) << n % 64;
    }
}

static void flush(Sim *sim, const TwOp *op)
{
    uint64_t first, last;

    if (!tw_uc_flush_range(sim, op, &first, &last)) {
        return;
    }
    sim->ever |= sim->hooked ? BIT(HANDLER_FLUSHES) : 0;
    for (uint64_t p = first; p <= last; p++) {
        if (sim->hooked) {
            lose(sim, sim->flat.mapped[p]); /* it may get the store */
        }
        if (cannot_read(sim, p)) {
            taint(sim, (unsigned)p, NOT_READABLE);
        }
        if (!sim->run[p]) {
            continue;
        }
        /* Memory that is mapped twice has two addresses in the library; which
         * of them code is kept under may change with any call. */
        if (sim->moved[p] || sim->run[p] != granted(sim, p, TW_X) ||
            (sim->twice[p] && sim->n_calls != sim->at_run[p])) {
            sim->lost[p] = true;
        } else if (sim->run[p] & SHOWS_DEVICE) {
            sim->flushed[p] = true;
        } else {
            sim->run[p] = 0;
        }
    }
    /* uc_ctl_remove_cache of a page fills an entry, uc_ctl_flush_tlb comes
     * after it. */
    memset(&sim->cached[first], first != 0 || last != PAGES - 1,
           (last - first + 1) * sizeof(sim->cached[0]));
}

static void store_or_fetch(Sim *sim, const TwOp *op)
{
    uint64_t last = tw_uc_last_byte(sim, op) >> sim->flat.page_lg;
    Shown shown;

    if (tw_uc_is_unreadable(sim, op)) {
        for (uint64_t p = op->addr >> sim->flat.page_lg; p <= last && p < PAGES;
             p++) {
            taint(sim, (unsigned)p, NOT_READABLE);
        }
    }
    for (uint64_t p = op->addr >> sim->flat.page_lg;
         stores(op) && p <= last && p < PAGES; p++) {
        sim->dirty[p] |= sim->run[p] != 0;
        sim->stored[p] |= sim->run[p] & SHOWS_RAM &&
                          (sim->moved[p] || sim->twice[p] ||
                           is_mapped_twice(sim, sim->run[p], (unsigned)p));
        if (sim->taint[p] & BIT(DEVICE_SPLIT) && sim->program->n_actors > 0) {
            sim->ever |= BIT(ACTORS_ASTRAY);
        }
        if (sim->taint[p] & BIT(END_SPLIT)) {
            lose(sim, granted(sim, p, TW_W));
        }
    }
    if (!tw_uc_is_partial_store(sim, op)) {
        return;
    }
    sim->ever |= BIT(PARTIAL_STORE);
    shown = granted(sim, tw_uc_whole_address(op) >> sim->flat.page_lg, TW_W);
    if (shown & SHOWS_DEVICE) {
        tw_regions_add(&sim->partial_device, shown_id(shown));
    } else {
        uint32_t n = shown_id(shown) * (uint32_t)PAGES + shown_page(shown);
        sim->ram[n / 64].partial |= UINT64_C(1) << n % 64;
    }
}

/* uc_mem_write gives W to the mapping of a page that has none, and takes it
 * away again. */
static void host_write(Sim *sim, const TwOp *op)
{
    uint64_t last = (op->addr + op->size - 1) >> sim->flat.page_lg;

    for (uint64_t p = op->addr >> sim->flat.page_lg; p <= last && p < PAGES;
         p++) {
        bool readonly =
            sim->flat.mapped[p] != 0 && !(sim->flat.mapped_rights[p] & TW_W);

        for (unsigned q = sim->first[p]; q < sim->end[p] && readonly; q++) {
            sim->readonly[q] = true; /* all of its mapping */
        }
        sim->ever |= readonly && sim->hooked ? BIT(HANDLER_MAPS) : 0;
    }
}

/* After a snapshot, each page that is stored to becomes a mapping of its own.
 */
static void copy_on_store(Sim *sim, const TwOp *op)
{
    uint64_t last = (op->addr + op->size - 1) >> sim->flat.page_lg;

    for (uint64_t p = op->addr >> sim->flat.page_lg;
         sim->snapshot && p <= last && p < PAGES; p++) {
        cut(sim, (unsigned)p);
        cut(sim, (unsigned)p + 1);
    }
}

static void perform(Sim *sim, const TwOp *op);

/* What a store finds at a page, or 0: it is refused.  The host's looks at no
 * rights (host.c). */
static Shown stores_to(const Sim *sim, const TwOp *op, uint64_t page)
{
    return op->code != TW_OP_DMA_WRITE ? granted(sim, page, right_of(op))
           : page < PAGES              ? sim->flat.graph.view[page]
                                       : 0;
}

/* The actors that a store would ask (LA-27), in order, in asked[]: how many. */
unsigned tw_uc_asks(const Sim *sim, const TwOp *op,
                    uint8_t asked[TW_MAX_ACTORS])
{
    const TwProgram *program = sim->program;
    uint64_t last = (op->addr + op->size - 1) >> sim->flat.page_lg;
    unsigned n = 0;

    if ((!stores(op) && op->code != TW_OP_DMA_WRITE) ||
        program->n_actors == 0 ||
        !stores_to(sim, op, op->addr >> sim->flat.page_lg) ||
        !stores_to(sim, op, last)) {
        return 0;
    }
    for (unsigned k = 0; k < op->size; k++) {
        uint64_t at = op->addr + k;
        Shown shown = stores_to(sim, op, at >> sim->flat.page_lg);
        uint64_t offset = ((uint64_t)shown_page(shown) << sim->flat.page_lg) +
                          (at & (tw_uc_sim_page(sim) - 1));

        for (unsigned a = 0; shown & SHOWS_DEVICE && a < program->n_actors;
             a++) {
            const TwActor *actor = &program->actors[a];

            if (actor->region == shown_id(shown) && actor->offset == offset &&
                memchr(asked, (int)a, n) == NULL) {
                asked[n++] = (uint8_t)a;
            }
        }
    }
    return n;
}

/* The fetch of the instruction that makes an access (LA-46). */
TwOp tw_uc_fetch_of(const TwOp *op)
{
    return (TwOp){.code = TW_OP_EXEC, .addr = op->from, .size = 8};
}

/* Does a device that the access writes to take X from its instruction? */
bool tw_uc_loses_own_code(const Sim *sim, const TwOp *op)
{
    uint8_t asked[TW_MAX_ACTORS];
    unsigned n = op->flags & TW_OPF_FROM ? tw_uc_asks(sim, op, asked) : 0;

    for (unsigned i = 0; i < n; i++) {
        const TwOp *act = &sim->program->actors[asked[i]].op;

        if (act->code == TW_OP_PAGE && !(act->perm & TW_X) &&
            op->out >> act->lg == act->addr >> act->lg) {
            return true;
        }
    }
    return false;
}

unsigned tw_uc_n_during(const Sim *sim, const TwOp *op)
{
    const TwOp *end = sim->program->script + sim->program->n_script;
    unsigned n = 0;

    while (op + 1 + n < end && op[1 + n].flags & TW_OPF_DURING) {
        n++;
    }
    return n;
}

/* What devices do because of a store that asked them. */
static void perform_asked(Sim *sim, const uint8_t *asked, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        const TwOp *op = &sim->program->actors[asked[i]].op;

        if (tw_legality_step(&sim->legality, op) == TW_LEGAL) {
            perform(sim, op);
        }
    }
}

static void perform_all(Sim *sim, const TwOp *ops, unsigned n)
{
    uint8_t asked[TW_MAX_ACTORS];

    for (unsigned i = 0; i < n; i++) {
        if (tw_legality_step(&sim->legality, &ops[i]) == TW_LEGAL) {
            unsigned n_asked = tw_uc_asks(sim, &ops[i], asked);

            perform(sim, &ops[i]);
            perform_asked(sim, asked, n_asked);
        }
    }
}

/* The first page that refuses the access, + 1; 0: none does. */
static unsigned refusing(const Sim *sim, const TwOp *op)
{
    uint64_t last = (op->addr + op->size - 1) >> sim->flat.page_lg;

    for (uint64_t p = op->addr >> sim->flat.page_lg; p <= last && p < PAGES;
         p++) {
        if (!granted(sim, p, right_of(op))) {
            return (unsigned)p + 1;
        }
    }
    return 0;
}

/* A hook has let the access go on, if it is granted now. */
static void go_on(Sim *sim, const TwOp *op, const bool *readonly)
{
    uint64_t first = op->addr >> sim->flat.page_lg;
    uint64_t last = (op->addr + op->size - 1) >> sim->flat.page_lg;

    for (uint64_t p = first; p <= last && p < PAGES; p++) {
        Shown shown = granted(sim, p, right_of(op));

        if (sim->ever & (BIT(OWN_CODE) | BIT(HANDLER_FLUSHES))) {
            lose(sim, stores(op) ? shown : 0);
        }
        if (p == PAGES - 1 && shown) {
            sim->ever |= BIT(END_HANDLED);
            lose(sim, stores(op) ? shown : 0);
        }
        if (op->code == TW_OP_EXEC && shown) {
            sim->handled[p] = true;
            sim->ever |= BIT(CODE_HANDLED);
        } else if (stores(op) && shown && readonly[p - first]) {
            sim->ever |= BIT(STORE_HANDLED);
            lose(sim, shown);
        }
    }
}

/* May the library serve a load of the page that it must refuse? */
static bool misses_hook(const Sim *sim, const TwOp *op, unsigned page)
{
    return loads(op) && cannot_read(sim, page) &&
           (sim->refused[page] ||
            sim->taint[page] & (BIT(READ_REVOKED) | BIT(NOT_READABLE)));
}

/* Does it matter when the host makes its accesses: before the guest's or
 * after? */
static bool is_host_early(const TwOp *op, const TwOp *ops, unsigned n)
{
    while (n > 0 && ops[n - 1].code != TW_OP_DMA_WRITE &&
           !(stores(op) && ops[n - 1].code == TW_OP_DMA_READ)) {
        n--;
    }
    return n > 0;
}

/* One access, of the script or a fetch for one.  If it is refused, the `n`
 * operations `inside` come inside the refusal.  Returns whether they did. */
static bool perform_access(Sim *sim, const TwOp *op, const TwOp *inside,
                           unsigned n)
{
    uint64_t first = op->addr >> sim->flat.page_lg;
    bool readonly[2] = {first < PAGES && sim->readonly[first],
                        first + 1 < PAGES && sim->readonly[first + 1]};

    unsigned refuses = n > 0 ? refusing(sim, op) : 0;

    if (refuses != 0 && misses_hook(sim, op, refuses - 1) &&
        is_host_early(op, inside, n)) {
        sim->ever |= BIT(HOOK_MISSED);
    }
    perform(sim, op);
    if (n > 0 && first < PAGES && sim->taint[first] & BIT(DEVICE_SPLIT)) {
        sim->ever |= BIT(HANDLER_MAPS); /* it may be refused all the same */
    }
    if (refuses == 0) {
        return false;
    }
    sim->hooked = sim->end[refuses - 1] == 0                 ? HOOKED_NOT
                  : stores(op) && sim->readonly[refuses - 1] ? HOOKED_ROM
                                                             : HOOKED;
    perform_all(sim, inside, n);
    sim->hooked = HOOKED_NOT;
    go_on(sim, op, readonly);
    perform(sim, op);
    return true;
}

static bool is_cpu_access(const TwOp *op)
{
    return loads(op) || op->code == TW_OP_WRITE || op->code == TW_OP_EXEC;
}

/* An access of the CPU, with all that is performed because of it. */
static void step_access(Sim *sim, const TwOp *op)
{
    const TwOp *inside = op + 1;
    unsigned n = tw_uc_n_during(sim, op);
    uint8_t asked[TW_MAX_ACTORS];
    unsigned n_asked;

    if (op->flags & TW_OPF_FROM) {
        TwOp fetch = tw_uc_fetch_of(op);

        if (perform_access(sim, &fetch, inside, n)) {
            n = 0;
        }
        if (!granted(sim, op->out >> sim->flat.page_lg, TW_X)) {
            perform_all(sim, inside, n);
            return;
        }
        sim->own = (unsigned)(op->out >> sim->flat.page_lg) + 1;
    }
    if (tw_uc_loses_own_code(sim, op)) {
        sim->ever |= BIT(OWN_CODE);
    }
    if (perform_access(sim, op, inside, n)) {
        n = 0;
    }
    n_asked = tw_uc_asks(sim, op, asked);
    perform_all(sim, inside, n);
    sim->own = 0;
    perform_asked(sim, asked, n_asked);
}

void tw_uc_sim_step(Sim *sim, const TwOp *op)
{
    uint8_t asked[TW_MAX_ACTORS];
    unsigned n;

    if (op->flags & TW_OPF_DURING) {
        return;
    }
    if (tw_legality_step(&sim->legality, op) != TW_LEGAL) {
        perform_all(sim, op + 1, tw_uc_n_during(sim, op));
        return;
    }
    if (is_cpu_access(op)) {
        step_access(sim, op);
        return;
    }
    n = tw_uc_asks(sim, op, asked);
    perform(sim, op);
    perform_all(sim, op + 1, tw_uc_n_during(sim, op));
    perform_asked(sim, asked, n);
}

/* Code of a page is run. */
static void run_page(Sim *sim, unsigned p)
{
    uint64_t met = page_exec_triggers(sim, p);

    sim->ever |= met;
    sim->lost[p] |= (met & BIT(CODE_CHANGED)) != 0;
    if (!sim->run[p]) {
        sim->run[p] = granted(sim, p, TW_X);
        sim->at_run[p] = sim->n_calls;
        sim->stored[p] = false;
        sim->twice[p] =
            sim->run[p] & SHOWS_RAM && is_mapped_twice(sim, sim->run[p], p);
    }
}

static void perform(Sim *sim, const TwOp *op)
{
    unsigned first, end;

    if (loads(op) || stores(op)) {
        tw_uc_sim_cache(sim, op);
    }
    if (stores(op) || op->code == TW_OP_DMA_WRITE) {
        copy_on_store(sim, op);
    }
    switch (op->code) {
    case TW_OP_SNAPSHOT:
        tw_uc_sim_save(sim);
        break;
    case TW_OP_RESTORE: /* no mapping has changed */
    case TW_OP_NOP:
    case TW_OP_SAFEPOINT:
    case TW_OP_DMA_READ: /* the host's (host.c) */
        break;
    case TW_OP_DMA_WRITE:
        sim->ever |= tw_uc_stores_saved(sim, op) ? BIT(SAVED_READONLY) : 0;
        host_write(sim, op);
        break;
    case TW_OP_READ:
        sim->ever |= tw_uc_is_unaligned_load(sim, op) ? BIT(LOAD_UNALIGNED) : 0;
        sim->ever |= tw_uc_load_crosses(sim, op) ? BIT(LOAD_CROSSES) : 0;
        load(sim, op);
        break;
    case TW_OP_WRITE:
        store_or_fetch(sim, op);
        break;
    case TW_OP_RMW:
        sim->ever |= tw_uc_is_half_exchange(sim, op) ? BIT(EXCHANGE_HALF) : 0;
        load(sim, op);
        store_or_fetch(sim, op);
        break;
    case TW_OP_EXEC:
        store_or_fetch(sim, op);
        sim->ever |= is_over_end(sim, op) ? BIT(CODE_OVER_END) : 0;
        for (uint64_t p = op->addr >> sim->flat.page_lg;
             p <= tw_uc_last_byte(sim, op) >> sim->flat.page_lg && p < PAGES;
             p++) {
            run_page(sim, (unsigned)p);
        }
        break;
    case TW_OP_PAGE:
    case TW_OP_UNPAGE:
        tw_uc_flat_page(&sim->flat, op);
        tw_uc_flat_range(&sim->flat, op, &first, &end);
        tw_uc_flat_sync(&sim->flat, first, end, &calls, sim);
        break;
    case TW_OP_FLUSH_PAGE:
    case TW_OP_FLUSH_RANGE:
    case TW_OP_FLUSH_INDEX:
    case TW_OP_FLUSH_ALL:
        flush(sim, op);
        break;
    default:
        if (tw_uc_graph_change(&sim->flat.graph, op)) {
            tw_uc_flat_sync(&sim->flat, sim->flat.graph.first,
                            sim->flat.graph.end, &calls, sim);
        }
        break;
    }
}

/* How much of a Sim is in use. */
static size_t used(const TwProgram *program)
{
    return offsetof(Sim, ram) +
           program->n_regions * PAGES / 64 * sizeof(((Sim *)NULL)->ram[0]);
}

void tw_uc_sim_copy(Sim *to, const Sim *from)
{
    memcpy(to, from, used(from->program));
}

void tw_uc_sim_start(Sim *sim, const TwProgram *program)
{
    memset(sim, 0, used(program));
    sim->program = program;
    tw_legality_init(&sim->legality, program);
    tw_uc_flat_init(&sim->flat, program, program->page_lg);
    tw_uc_flat_setup(&sim->flat, program);
    tw_uc_flat_sync(&sim->flat, sim->flat.graph.first, sim->flat.graph.end,
                    &calls, sim);
}
