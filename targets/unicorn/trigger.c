/* SPDX-License-Identifier: MIT */
/*
 * Follows the pages of a program as the target does, but without calls of the
 * library, and notes where the triggers of known defects occur.  Must not know
 * the behaviour of the library.
 */
#include "targets/unicorn/trigger.h"

#include <string.h>

#include "program/legality.h"
#include "targets/unicorn/dialect.h"
#include "targets/unicorn/flat.h"

enum {
    READ_REVOKED,
    NOT_READABLE,
    PARTIAL_STORE,
    DEVICE_SPLIT,
    CODE_CHANGED,
    DEVICE_CODE_FLUSHED,
    READ_AGAIN,
    OWN_CODE,
    CODE_STORED,
    LOAD_UNALIGNED,
    MANY_RANGES,
};

enum { MANY = 1000 }; /* mappings at once */

#define BIT(trigger) (UINT64_C(1) << (trigger))

const TwTriggerInfo tw_uc_triggers[] = {
    [READ_REVOKED] = {"read-revoked",
                      "uc_mem_protect took R from the page while it was "
                      "mapped"},
    [NOT_READABLE] = {"not-readable",
                      "the page has no R and was written, executed or flushed, "
                      "or that was tried"},
    [PARTIAL_STORE] = {"partial-store",
                       "a store began in a page that takes it and ended in "
                       "one that refuses it"},
    [DEVICE_SPLIT] = {"device-split",
                      "part of an MMIO mapping was unmapped or protected, and "
                      "the page belongs to the rest or the part"},
    [CODE_CHANGED] = {"code-changed",
                      "code of the page was run, and the page has other "
                      "memory or no X now; or was flushed while it had, or "
                      "after a change of memory that is mapped twice"},
    [DEVICE_CODE_FLUSHED] = {"device-code-flushed",
                             "code of a device was run and then flushed"},
    [READ_AGAIN] = {"read-again",
                    "a load of the page was refused before, for want of R"},
    [OWN_CODE] = {"own-code",
                  "a device takes X from the page of the instruction that "
                  "writes to it"},
    [CODE_STORED] = {"code-stored",
                     "code of the page was run, and was stored to after its "
                     "mapping was changed, or while its memory was mapped at "
                     "another address too"},
    [LOAD_UNALIGNED] = {"load-unaligned",
                        "a load of a device's page is not aligned"},
    [MANY_RANGES] = {"many-ranges",
                     "1000 mappings or more at once; one that uc_mem_protect "
                     "splits counts as its parts"},
    {NULL, NULL},
};

typedef struct Sim {
    const TwProgram *program;
    TwLegality legality;
    Flat flat;
    uint64_t ever;         /* triggers met anywhere so far */
    bool refused[PAGES];   /* a load, for want of R */
    uint8_t taint[PAGES];  /* of the mapping that the page is in */
    bool device[PAGES];    /* it is one of a device */
    uint8_t rights[PAGES]; /* of the mapping, before the latest call */
    uint16_t first[PAGES], end[PAGES]; /* pages of the mapping */
    bool begins[PAGES];                /* a mapping, or a part of one */
    unsigned n_ranges;                 /* pages that do */
    Shown run[PAGES];                  /* what code of the page was run, or 0 */
    bool twice[PAGES];      /* and this is mapped elsewhere too, since then */
    uint32_t at_run[PAGES]; /* calls when it was run */
    uint32_t n_calls;
    bool stored[PAGES];  /* and the guest stored to it while moved or twice */
    bool moved[PAGES];   /* its mapping was unmapped or split since */
    bool lost[PAGES];    /* and flushed, or other code was run: its
                          * translation stays */
    bool flushed[PAGES]; /* and it is a device's */
    uint64_t partial_ram[TW_MAX_REGIONS * PAGES / 64];
    uint64_t partial_device; /* bit per region */
} Sim;

static void taint(Sim *sim, unsigned page, unsigned trigger)
{
    sim->taint[page] |= (uint8_t)BIT(trigger);
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

/* A call for pages first .. end - 1: which mappings does it split?  The
 * library makes new ones of the parts. */
static void split(Sim *sim, unsigned first, unsigned end)
{
    for (unsigned p = first; p < end; p++) {
        unsigned from = sim->first[p], to = sim->end[p];

        if (to == 0 || (from >= first && to <= end)) {
            continue;
        }
        for (unsigned q = from; q < to; q++) {
            sim->moved[q] = sim->run[q] != 0;
            if (sim->device[q]) {
                taint(sim, q, DEVICE_SPLIT);
            }
        }
    }
}

static bool on_unmap(void *data, unsigned first, unsigned end)
{
    Sim *sim = data;

    sim->n_calls++;
    split(sim, first, end);
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
        sim->refused[p] = false;
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
    split(sim, first, end);
    cut(sim, first);
    cut(sim, end);
    for (unsigned p = first; p < end; p++) {
        if (sim->rights[p] & TW_R && !(sim->flat.mapped_rights[p] & TW_R)) {
            taint(sim, p, READ_REVOKED);
        }
        sim->rights[p] = sim->flat.mapped_rights[p];
    }
    return true;
}

static const FlatCalls calls = {on_unmap, on_map, on_protect};

/* What an access with this right finds at a page, or 0: it is refused. */
static Shown granted(const Sim *sim, uint64_t page, uint8_t right)
{
    return page < PAGES && !(sim->flat.rights[page] & NO_ENTRY) &&
                   sim->flat.rights[page] & right
               ? sim->flat.graph.view[page]
               : 0;
}

static bool cannot_read(const Sim *sim, uint64_t page)
{
    return sim->flat.mapped[page] != 0 &&
           !(sim->flat.mapped_rights[page] & TW_R);
}

/* Does the access fill the entry of a page without R? */
static bool is_unreadable(const Sim *sim, const TwOp *op)
{
    uint64_t last = (op->addr + op->size - 1) >> PAGE_LG;

    if (op->code != TW_OP_WRITE && op->code != TW_OP_EXEC) {
        return false;
    }
    for (uint64_t p = op->addr >> PAGE_LG; p <= last && p < PAGES; p++) {
        if (cannot_read(sim, p)) {
            return true;
        }
    }
    return false;
}

/* Does a load want to see a page that refused one before? */
static bool reads_again(const Sim *sim, const TwOp *op)
{
    uint64_t last = (op->addr + op->size - 1) >> PAGE_LG;

    for (uint64_t p = op->addr >> PAGE_LG; p <= last && p < PAGES; p++) {
        if (op->code == TW_OP_READ && sim->refused[p] && cannot_read(sim, p)) {
            return true;
        }
    }
    return false;
}

static void load(Sim *sim, const TwOp *op)
{
    uint64_t last = (op->addr + op->size - 1) >> PAGE_LG;

    if (reads_again(sim, op)) {
        sim->ever |= BIT(READ_AGAIN);
    }
    for (uint64_t p = op->addr >> PAGE_LG; p <= last && p < PAGES; p++) {
        sim->refused[p] |= cannot_read(sim, p);
    }
}

static bool is_partial_store(const Sim *sim, const TwOp *op)
{
    uint64_t first = op->addr >> PAGE_LG;
    uint64_t last = (op->addr + op->size - 1) >> PAGE_LG;

    return op->code == TW_OP_WRITE && first != last &&
           granted(sim, first, TW_W) && !granted(sim, last, TW_W);
}

/* Are all parts of an access, as the guest makes them (run.c), aligned? */
static bool is_aligned(const TwProgram *program, const TwOp *op)
{
    unsigned size = op->size, big = size >= 4 ? 4 : 2;
    uint64_t page = UINT64_C(1) << program->page_lg;
    unsigned cut = (unsigned)MIN(page - (op->addr & (page - 1)), size);
    unsigned low = cut < size && cut >= big ? size - big : 0;

    if ((size & (size - 1)) == 0) {
        return (op->addr & (size - 1)) == 0;
    }
    if ((op->addr + low) % big != 0) {
        return false;
    }
    for (unsigned at = low == 0 ? big : 0, end = low == 0 ? size : low;
         at < end; at += 2) {
        if (end - at >= 2 && (op->addr + at) % 2 != 0) {
            return false;
        }
    }
    return true;
}

static bool is_unaligned_load(const Sim *sim, const TwOp *op)
{
    uint64_t first = op->addr >> PAGE_LG;
    uint64_t last = (op->addr + op->size - 1) >> PAGE_LG;

    return op->code == TW_OP_READ && last < PAGES &&
           !is_aligned(sim->program, op) &&
           (sim->flat.mapped[first] | sim->flat.mapped[last]) & SHOWS_DEVICE;
}

static uint64_t of_exec(const Sim *sim, const TwOp *op)
{
    uint64_t page = op->addr >> PAGE_LG;
    uint64_t met = 0;

    if (op->code != TW_OP_EXEC || page >= PAGES || !sim->run[page]) {
        return 0;
    }
    if (sim->lost[page] || sim->run[page] != granted(sim, page, TW_X)) {
        met |= BIT(CODE_CHANGED);
    }
    if (sim->flushed[page]) {
        met |= BIT(DEVICE_CODE_FLUSHED);
    }
    if (sim->stored[page]) {
        met |= BIT(CODE_STORED);
    }
    return met;
}

/* The pages of a flush, last included; false: none. */
static bool flush_range(const TwOp *op, uint64_t *first, uint64_t *last)
{
    *first = 0;
    *last = PAGES - 1;
    if (op->code == TW_OP_FLUSH_PAGE) {
        *first = *last = op->addr >> PAGE_LG;
    } else if (op->code == TW_OP_FLUSH_RANGE) {
        if (op->length == 0) {
            return false;
        }
        if (op->bits >= WINDOW_LG && op->length != UINT64_MAX &&
            op->addr + op->length >= op->addr) {
            *first = op->addr >> PAGE_LG;
            *last = (op->addr + op->length - 1) >> PAGE_LG;
        }
    } else if (op->code != TW_OP_FLUSH_INDEX && op->code != TW_OP_FLUSH_ALL) {
        return false;
    }
    *last = MIN(*last, PAGES - 1);
    return *first <= *last;
}

static bool flushes_unreadable(const Sim *sim, const TwOp *op)
{
    uint64_t first, last;

    if (!flush_range(op, &first, &last)) {
        return false;
    }
    while (first <= last && !cannot_read(sim, first)) {
        first++;
    }
    return first <= last;
}

static void flush(Sim *sim, const TwOp *op)
{
    uint64_t first, last;

    if (!flush_range(op, &first, &last)) {
        return;
    }
    for (uint64_t p = first; p <= last; p++) {
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
}

static void store_or_fetch(Sim *sim, const TwOp *op)
{
    uint64_t last = (op->addr + op->size - 1) >> PAGE_LG;
    Shown shown;

    if (is_unreadable(sim, op)) {
        for (uint64_t p = op->addr >> PAGE_LG; p <= last && p < PAGES; p++) {
            taint(sim, (unsigned)p, NOT_READABLE);
        }
    }
    for (uint64_t p = op->addr >> PAGE_LG;
         op->code == TW_OP_WRITE && p <= last && p < PAGES; p++) {
        sim->stored[p] |= sim->run[p] & SHOWS_RAM &&
                          (sim->moved[p] || sim->twice[p] ||
                           is_mapped_twice(sim, sim->run[p], (unsigned)p));
    }
    if (!is_partial_store(sim, op)) {
        return;
    }
    sim->ever |= BIT(PARTIAL_STORE);
    shown = granted(sim, op->addr >> PAGE_LG, TW_W);
    if (shown & SHOWS_DEVICE) {
        sim->partial_device |= UINT64_C(1) << shown_id(shown);
    } else {
        uint32_t n = shown_id(shown) * (uint32_t)PAGES + shown_page(shown);
        sim->partial_ram[n / 64] |= UINT64_C(1) << n % 64;
    }
}

static void perform(Sim *sim, const TwOp *op);

/* What a store finds at a page, or 0: it is refused.  The host's looks at no
 * rights (host.c). */
static Shown stores_to(const Sim *sim, const TwOp *op, uint64_t page)
{
    return op->code == TW_OP_WRITE ? granted(sim, page, TW_W)
           : page < PAGES          ? sim->flat.graph.view[page]
                                   : 0;
}

/* The actors that a store would ask (LA-27), in order, in asked[]: how many. */
static unsigned asks(const Sim *sim, const TwOp *op,
                     uint8_t asked[TW_MAX_ACTORS])
{
    const TwProgram *program = sim->program;
    uint64_t last = (op->addr + op->size - 1) >> PAGE_LG;
    unsigned n = 0;

    if ((op->code != TW_OP_WRITE && op->code != TW_OP_DMA_WRITE) ||
        program->n_actors == 0 || !stores_to(sim, op, op->addr >> PAGE_LG) ||
        !stores_to(sim, op, last)) {
        return 0;
    }
    for (unsigned k = 0; k < op->size; k++) {
        uint64_t at = op->addr + k;
        Shown shown = stores_to(sim, op, at >> PAGE_LG);
        uint64_t offset =
            ((uint64_t)shown_page(shown) << PAGE_LG) + at % PAGE_SIZE_;

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
static TwOp fetch_of(const TwOp *op)
{
    return (TwOp){.code = TW_OP_EXEC, .addr = op->from, .size = 8};
}

/* Does a device that the access writes to take X from its instruction? */
static bool loses_own_code(const Sim *sim, const TwOp *op)
{
    uint8_t asked[TW_MAX_ACTORS];
    unsigned n = op->flags & TW_OPF_FROM ? asks(sim, op, asked) : 0;

    for (unsigned i = 0; i < n; i++) {
        const TwOp *act = &sim->program->actors[asked[i]].op;

        if (act->code == TW_OP_PAGE && !(act->perm & TW_X) &&
            op->out >> act->lg == act->addr >> act->lg) {
            return true;
        }
    }
    return false;
}

static void step(Sim *sim, const TwOp *op)
{
    uint8_t asked[TW_MAX_ACTORS];
    unsigned n = asks(sim, op, asked);

    if (tw_legality_step(&sim->legality, op) != TW_LEGAL) {
        return;
    }
    if (op->flags & TW_OPF_FROM) {
        TwOp fetch = fetch_of(op);

        perform(sim, &fetch);
        if (!granted(sim, op->out >> PAGE_LG, TW_X)) {
            return;
        }
    }
    if (loses_own_code(sim, op)) {
        sim->ever |= BIT(OWN_CODE);
    }
    perform(sim, op);
    for (unsigned i = 0; i < n; i++) {
        const TwOp *act = &sim->program->actors[asked[i]].op;

        if (tw_legality_step(&sim->legality, act) == TW_LEGAL) {
            perform(sim, act);
        }
    }
}

static void perform(Sim *sim, const TwOp *op)
{
    unsigned first, end;

    switch (op->code) {
    case TW_OP_NOP:
    case TW_OP_SAFEPOINT:
    case TW_OP_DMA_READ: /* the host's (host.c) */
    case TW_OP_DMA_WRITE:
        break;
    case TW_OP_READ:
        sim->ever |= is_unaligned_load(sim, op) ? BIT(LOAD_UNALIGNED) : 0;
        load(sim, op);
        break;
    case TW_OP_WRITE:
        store_or_fetch(sim, op);
        break;
    case TW_OP_EXEC:
        store_or_fetch(sim, op);
        if (of_exec(sim, op) & BIT(CODE_CHANGED)) {
            sim->ever |= BIT(CODE_CHANGED);
            sim->lost[op->addr >> PAGE_LG] = true;
        }
        sim->ever |= of_exec(sim, op);
        first = (unsigned)(op->addr >> PAGE_LG);
        if (op->addr >> PAGE_LG < PAGES && !sim->run[first]) {
            sim->run[first] = granted(sim, first, TW_X);
            sim->at_run[first] = sim->n_calls;
            sim->stored[first] = false;
            sim->twice[first] = sim->run[first] & SHOWS_RAM &&
                                is_mapped_twice(sim, sim->run[first], first);
        }
        break;
    case TW_OP_PAGE:
    case TW_OP_UNPAGE:
        tw_uc_flat_page(&sim->flat, op);
        tw_uc_flat_range(op, &first, &end);
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

static void start(Sim *sim, const TwProgram *program)
{
    memset(sim, 0, sizeof(*sim));
    sim->program = program;
    tw_legality_init(&sim->legality, program);
    tw_uc_flat_init(&sim->flat, program);
    tw_uc_flat_setup(&sim->flat, program);
    tw_uc_flat_sync(&sim->flat, sim->flat.graph.first, sim->flat.graph.end,
                    &calls, sim);
}

/* On the path of an access. */
static uint64_t of_access(const Sim *sim, const TwOp *op)
{
    uint64_t last = (op->addr + op->size - 1) >> PAGE_LG;
    uint64_t met = of_exec(sim, op);

    if (is_partial_store(sim, op)) {
        met |= BIT(PARTIAL_STORE);
    }
    if (reads_again(sim, op)) {
        met |= BIT(READ_AGAIN);
    }
    if (is_unaligned_load(sim, op)) {
        met |= BIT(LOAD_UNALIGNED);
    }
    if (loses_own_code(sim, op)) {
        met |= BIT(OWN_CODE);
    }
    for (uint64_t p = op->addr >> PAGE_LG; p <= last && p < PAGES; p++) {
        Shown shown = sim->flat.mapped[p];

        met |= sim->taint[p];
        if (shown & SHOWS_DEVICE) {
            if (sim->partial_device >> shown_id(shown) & 1) {
                met |= BIT(PARTIAL_STORE);
            }
        } else if (shown & SHOWS_RAM) {
            uint32_t n = shown_id(shown) * (uint32_t)PAGES + shown_page(shown);
            if (sim->partial_ram[n / 64] >> n % 64 & 1) {
                met |= BIT(PARTIAL_STORE);
            }
        }
    }
    return met;
}

static bool is_access(const TwOp *op)
{
    return op->code == TW_OP_READ || op->code == TW_OP_WRITE ||
           op->code == TW_OP_EXEC;
}

uint64_t tw_uc_triggers_met(const TwProgram *program, const TwFinding *finding)
{
    Sim sim;

    if (!tw_uc_admits(program)) {
        return 0; /* no target runs it */
    }
    start(&sim, program);
    for (unsigned i = 0; i < program->n_script; i++) {
        const TwOp *op = &program->script[i];

        if (i == finding->op && is_access(op)) {
            TwOp fetch = fetch_of(op);

            return of_access(&sim, op) |
                   (op->flags & TW_OPF_FROM
                        ? of_access(&sim, &fetch) |
                              (is_unreadable(&sim, &fetch) ? BIT(NOT_READABLE)
                                                           : 0)
                        : 0);
        }
        step(&sim, op);
        if (i == finding->op) {
            break;
        }
    }
    return sim.ever;
}

/* Avoidance --------------------------------------------------------------- */

static void avoid_resize(const TwProgram *program, TwOp *op)
{
    if (op->code == TW_OP_RESIZE &&
        program->regions[op->obj].kind == TW_REGION_MMIO &&
        op->length > PAGE_SIZE_) {
        op->length = PAGE_SIZE_;
    }
}

static void avoid_split(TwProgram *program)
{
    for (unsigned i = 0; i < program->n_regions; i++) {
        if (program->regions[i].kind == TW_REGION_MMIO &&
            program->regions[i].size > PAGE_SIZE_) {
            program->regions[i].size = PAGE_SIZE_;
        }
    }
    for (unsigned i = 0; i < program->n_script; i++) {
        TwOp *op = &program->script[i];

        avoid_resize(program, op);
    }
    for (unsigned i = 0; i < program->n_actors; i++) {
        avoid_resize(program, &program->actors[i].op);
    }
}

static void avoid_rights(const Sim *sim, TwOp *op, uint64_t triggers)
{
    unsigned first, end;

    if (triggers & BIT(NOT_READABLE) && op->perm != 0) {
        op->perm |= TW_R;
    }
    if (!(triggers & BIT(READ_REVOKED)) || op->perm & TW_R || !sim) {
        return;
    }
    tw_uc_flat_range(op, &first, &end);
    for (unsigned p = first; p < end; p++) {
        if (sim->flat.mapped[p] != 0 && sim->flat.mapped_rights[p] & TW_R) {
            op->perm |= TW_R;
        }
    }
}

/* Would an actor that the write asks meet a trigger when it acts? */
static bool asks_for_trouble(const Sim *sim, const TwOp *op, uint64_t triggers)
{
    uint8_t asked[TW_MAX_ACTORS];
    unsigned n = asks(sim, op, asked);

    for (unsigned i = 0; i < n; i++) {
        const TwOp *act = &sim->program->actors[asked[i]].op;
        TwOp tame = *act;

        if (act->code == TW_OP_PAGE) {
            avoid_rights(sim, &tame, triggers);
        }
        /* After another one, who knows what it would find. */
        if (tame.perm != act->perm ||
            (triggers & BIT(NOT_READABLE) &&
             (flushes_unreadable(sim, act) ||
              (i > 0 && flush_range(act, &(uint64_t){0}, &(uint64_t){0})))) ||
            (i > 0 && act->code == TW_OP_PAGE && !(act->perm & TW_R))) {
            return true;
        }
    }
    return false;
}

/* An entry of the page map divides mappings at two places at most: so few
 * entries that regions cannot make them a thousand. */
static void avoid_many(TwProgram *program)
{
    enum { MOST = 300, KEPT = 64 };
    unsigned n = program->n_setup;

    for (unsigned i = 0; i < program->n_script; i++) {
        n += program->script[i].code == TW_OP_PAGE;
    }
    if (n <= MOST) {
        return;
    }
    program->n_setup = MIN(program->n_setup, KEPT);
    n = program->n_setup;
    for (unsigned i = 0; i < program->n_script; i++) {
        TwOp *op = &program->script[i];

        if (op->code == TW_OP_PAGE && ++n > MOST) {
            *op = tw_op_make(TW_OP_NOP);
        }
    }
}

void tw_uc_avoid(TwProgram *program, uint64_t triggers)
{
    Sim sim;

    if (!tw_uc_admits(program)) {
        return;
    }
    if (triggers & BIT(DEVICE_SPLIT)) {
        avoid_split(program);
    }
    if (triggers & BIT(MANY_RANGES)) {
        avoid_many(program);
    }
    for (unsigned i = 0; i < program->n_setup; i++) {
        avoid_rights(NULL, &program->setup[i], triggers);
    }
    start(&sim, program);
    for (unsigned i = 0; i < program->n_script; i++) {
        TwOp *op = &program->script[i];

        if (op->code == TW_OP_PAGE) {
            avoid_rights(&sim, op, triggers);
        }
        if (op->flags & TW_OPF_FROM) {
            TwOp fetch = fetch_of(op);

            if (of_exec(&sim, &fetch) & triggers ||
                (triggers & BIT(NOT_READABLE) && is_unreadable(&sim, &fetch))) {
                op->flags &= (uint8_t)~TW_OPF_FROM;
                op->out = 0;
            }
        }
        if (triggers & BIT(PARTIAL_STORE) && is_partial_store(&sim, op)) {
            op->size = (uint8_t)(PAGE_SIZE_ - op->addr % PAGE_SIZE_);
        }
        if ((triggers & BIT(NOT_READABLE) && is_unreadable(&sim, op)) ||
            of_exec(&sim, op) & triggers ||
            (triggers & BIT(OWN_CODE) && loses_own_code(&sim, op)) ||
            asks_for_trouble(&sim, op, triggers)) {
            op->code =
                op->code == TW_OP_DMA_WRITE ? TW_OP_DMA_READ : TW_OP_READ;
            op->flags &= (uint8_t)~TW_OPF_FROM;
            op->out = 0;
        }
        if (triggers & BIT(LOAD_UNALIGNED) && is_unaligned_load(&sim, op)) {
            op->size = 1;
            op->flags &= (uint8_t)~TW_OPF_FROM; /* it loads more */
            op->out = 0;
        }
        if ((triggers & BIT(READ_AGAIN) && reads_again(&sim, op)) ||
            (triggers & BIT(NOT_READABLE) && flushes_unreadable(&sim, op))) {
            *op = tw_op_make(TW_OP_NOP);
        }
        step(&sim, op);
    }
}
