/* SPDX-License-Identifier: MIT */
/*
 * Intel VT-d of the machine `q35`: legacy mode, and scalable mode with
 * second-stage tables, or with first-stage tables.  Intel Virtualization
 * Technology for Directed I/O, Architecture Specification: registers in chapter
 * 11, structures in chapter 9, commands in chapter 6, faults in chapter 7.
 */
#include <stdio.h>
#include <string.h>

#include "targets/qtest/internal.h"
#include "targets/qtest/needs.h"

enum {
    /* Registers. */
    CAPABILITIES = 0x08,
    EXTENDED = 0x10,
    COMMAND = 0x18,
    STATUS = 0x1c,
    ROOT = 0x20,
    FAULT_STATUS = 0x34,
    QUEUE_TAIL = 0x88,
    QUEUE = 0x90,
    FAULT = 0x220, /* the one fault record */
    FAULT_TOP = 0x22c,
    /* Structures: offsets in RAM. */
    AT_ROOT = AT_STRUCTURES,
    AT_CONTEXTS = AT_STRUCTURES + 0x1000,    /* both halves of scalable mode */
    AT_OWN = AT_STRUCTURES + 0x3000,         /* table of level 2 */
    AT_EMPTY = AT_STRUCTURES + 0x4000,       /* root that leads nowhere */
    AT_STATUS = AT_STRUCTURES + 0x5000,      /* a word */
    AT_EMPTY_TOP = AT_STRUCTURES + 0x6000,   /* see top_of() */
    AT_NOTHING = AT_STRUCTURES + 0x7000,     /* a page of zeros */
    AT_DIRECTORIES = AT_STRUCTURES + 0x8000, /* of PASIDs, a page a device */
    AT_PASIDS = AT_STRUCTURES + 0xc000,      /* tables of them, likewise */
    AT_QUEUE = AT_STRUCTURES + 0x100000,
    QUEUE_LG = 7, /* log2 of its pages */
    QUEUE_BYTES = 4096 << QUEUE_LG,
    AT_TOPS = 0x10000000, /* see top_of() */
    /* Domain ids; domain D of a program is D + 1. */
    OF_BLOCKED = 0x1fe,
    OF_CONTROL = 0x1ff,
    /* Commands. */
    CONTEXT = 1,
    IOTLB = 2,
    DEVICE_IOTLB = 3,
    WAIT = 5,
    PASID_IOTLB = 6,
    PASID_CACHE = 7,
};

/* Registers that are written to enable the unit, and its pages. */
#define UNIT UINT64_C(0xfed90000)
#define RECORDED UINT32_C(0x80000000) /* F of a fault record, its top word */

/* What can be told apart: 5 and 6 (and of scalable mode 79, hexadecimal) are
 * for absence and rights, and where a reserved bit counts, too, either may come
 * first; 7; 1 and 2; what is by itself, 4 and E. */
enum { REFUSED = 1, UNREADABLE, CONFIGURATION };

typedef struct State {
    uint32_t tail;      /* in the queue, of what is planned */
    uint32_t n_waiting; /* bytes of it that QEMU has not seen */
    uint8_t most_mask;  /* pages of one command, as log2 */
    /* Since the last command for its context: is the context entry of an index
     * not present any more; of which domains did it pass through? */
    bool left[MOST_INDEXES];
    uint32_t passed[MOST_INDEXES][8];
    uint32_t had[MOST_INDEXES][8]; /* which domains has it had? */
} State;

static State *state(const Machine *m)
{
    return m->state;
}

static bool is_scalable(const Machine *m);
static bool is_first(const Machine *m); /* has first-stage tables */

/* With ATS each device is the only one of a bus. */
static uint64_t source_of(const Machine *m, unsigned device)
{
    return m->driver->ats ? device << 8 : (4 + device) << 3;
}

static bool is_in(const uint32_t *set, unsigned domain)
{
    return set[domain / 32] >> domain % 32 & 1;
}

/* Commands ----------------------------------------------------------------- */

static void command(Machine *m, uint64_t q0, uint64_t q1)
{
    State *s = state(m);
    uint32_t bytes = is_scalable(m) ? 32 : 16;
    uint64_t words[4] = {q0, q1, 0, 0};

    if (s->n_waiting + 2 * bytes > QUEUE_BYTES) {
        tw_qtest_store32(m, UNIT + QUEUE_TAIL, s->tail);
        tw_plan_close(m);
        tw_qtest_flush(m);
        s->n_waiting = 0;
    }
    tw_qtest_put(m, m->driver->ram + AT_QUEUE + s->tail, words, bytes);
    s->tail = (s->tail + bytes) % QUEUE_BYTES;
    s->n_waiting += bytes;
}

/* The commands so far are performed; when all are, a word says so (SW 5). */
static void submit(Machine *m)
{
    command(m, WAIT | 1 << 5, m->driver->ram + AT_STATUS);
    tw_qtest_store32(m, UNIT + QUEUE_TAIL, state(m)->tail);
}

/* Of all pages of a domain, in the first stage of PASID 0 ("PASID-based
 * IOTLB Invalidate Descriptor"). */
static void invalidate_domain(Machine *m, unsigned domain)
{
    command(m,
            (is_first(m) ? PASID_IOTLB : IOTLB) | 2 << 4 |
                (uint64_t)(domain + 1) << 16,
            0);
}

/* By pieces of 2^AM pages, aligned ("IOTLB Invalidate", and the same of
 * PASIDs). */
static void invalidate_pages(Machine *m, unsigned domain, bool leaf,
                             uint64_t first, uint64_t last)
{
    const uint64_t top = (UINT64_C(1) << 39) - 1;
    uint64_t page = (first < top ? first : top) >> 12;
    uint64_t end = ((last < top ? last : top) >> 12) + 1;

    while (page < end) {
        unsigned mask = 0;

        while (mask < state(m)->most_mask && !(page >> mask & 1) &&
               page + (UINT64_C(2) << mask) <= end) {
            mask++;
        }
        command(m,
                (is_first(m) ? PASID_IOTLB : IOTLB) | 3 << 4 |
                    (uint64_t)(domain + 1) << 16,
                page << 12 | (uint64_t)leaf << 6 | mask);
        page += UINT64_C(1) << mask;
    }
}

/* Addresses of a device that the command for a device's own IOTLB can name. */
#define ALL_ADDRESSES UINT64_C(0x7ffffffffffff000)

/* What a device with ATS keeps is ended by a command for that device, after the
 * one for the IOTLB ("Device-TLB Invalidate Descriptor"): by aligned pieces,
 * whose size is told by the address, S = 1; or one page, S = 0. */
static void invalidate_device(Machine *m, unsigned index, uint64_t first,
                              uint64_t last)
{
    uint64_t q0 = DEVICE_IOTLB | source_of(m, 1 + index) << 32;
    uint64_t page = first >> 12, end = (last >> 12) + 1;

    while (page < end) {
        unsigned lg = 0;

        while (lg < 18 && !(page >> lg & 1) &&
               page + (UINT64_C(2) << lg) <= end) {
            lg++;
        }
        command(m, q0,
                (page | ((UINT64_C(1) << lg) - 1) >> 1) << 12 | (lg > 0));
        page += UINT64_C(1) << lg;
    }
}

static void invalidate_whole_device(Machine *m, unsigned index)
{
    command(m, DEVICE_IOTLB | source_of(m, 1 + index) << 32, ALL_ADDRESSES | 1);
}

static void invalidate_devices(Machine *m, const TwOp *op)
{
    for (unsigned index = 0; index < m->indexes; index++) {
        bool any = op->scope != TW_SCOPE_DOMAIN &&
                   op->scope != TW_SCOPE_RANGE && op->scope != TW_SCOPE_LEAF;

        if (!any && !is_in(state(m)->had[index], op->whose)) {
            continue;
        }
        if (op->scope == TW_SCOPE_GLOBAL || op->scope == TW_SCOPE_DOMAIN) {
            invalidate_whole_device(m, index);
        } else {
            invalidate_device(m, index, op->addr, op->last);
        }
    }
}

static void invalidate_entries(Machine *m, const TwOp *op)
{
    bool leaf = op->scope == TW_SCOPE_LEAF || op->scope == TW_SCOPE_ANY_LEAF;

    switch (op->scope) {
    case TW_SCOPE_GLOBAL:
        command(m, IOTLB | 1 << 4, 0);
        return;
    case TW_SCOPE_DOMAIN:
        invalidate_domain(m, op->whose);
        return;
    case TW_SCOPE_RANGE:
    case TW_SCOPE_LEAF:
        invalidate_pages(m, op->whose, leaf, op->addr, op->last);
        return;
    default:
        for (unsigned domain = 0; domain < 256; domain++) {
            if (is_in(m->domains[0], domain)) {
                invalidate_pages(m, domain, leaf, op->addr, op->last);
            }
        }
        return;
    }
}

/* The domain id that an index may have had, the n-th; 0: there are no more. */
static unsigned had(const Machine *m, unsigned *n)
{
    while (*n < 256) {
        unsigned domain = (*n)++;

        if (is_in(m->domains[0], domain)) {
            return domain + 1;
        }
    }
    return (*n)++ == 256 ? OF_BLOCKED : 0;
}

static void invalidate_context_entry(Machine *m, unsigned index)
{
    unsigned n = 0, id;

    while ((id = had(m, &n)) != 0) {
        command(m,
                CONTEXT | 3 << 4 | (uint64_t)id << 16 |
                    source_of(m, 1 + index) << 32,
                0);
    }
    state(m)->left[index] = false;
}

static void note_pass(Machine *m, unsigned index)
{
    const Stage *stage = &m->stages[0][index];

    if (stage->mode == TW_CONTEXT_PASS) {
        state(m)->passed[index][stage->domain / 32] |= 1u << stage->domain % 32;
    }
}

/* A PASID entry was changed: the command for it, and where it passed through,
 * the one for what was cached of that ("Guidance to Software for
 * Invalidations"). */
static void invalidate_pasid_entry(Machine *m, unsigned index)
{
    State *s = state(m);
    unsigned n = 0, id;

    while ((id = had(m, &n)) != 0) {
        command(m, PASID_CACHE | 1 << 4 | (uint64_t)id << 16, 0);
        if (id != OF_BLOCKED && is_in(s->passed[index], id - 1)) {
            command(m, PASID_IOTLB | 2 << 4 | (uint64_t)id << 16, 0);
        }
    }
    memset(s->passed[index], 0, sizeof(s->passed[index]));
    note_pass(m, index); /* it may go on */
}

static void invalidate_contexts(Machine *m, unsigned first, unsigned last)
{
    for (unsigned index = first; index <= last; index++) {
        if (!is_scalable(m) || state(m)->left[index]) {
            invalidate_context_entry(m, index);
        }
        if (is_scalable(m)) {
            invalidate_pasid_entry(m, index);
        }
    }
}

/* With ATS: what a device has kept since its context let it pass; that is no
 * translation of a domain. */
static void invalidate_passed(Machine *m, unsigned first, unsigned last)
{
    static const uint32_t none[8];

    for (unsigned index = first; index <= last && m->driver->ats; index++) {
        uint32_t *passed = state(m)->passed[index];

        if (memcmp(passed, none, sizeof(none)) != 0) {
            invalidate_whole_device(m, index);
            memset(passed, 0, sizeof(none));
            note_pass(m, index); /* it may go on */
        }
    }
}

static void invalidate(Machine *m, const TwOp *op)
{
    unsigned first = 0, last = m->indexes - 1;

    if (op->scope == TW_SCOPE_CONTEXT) {
        first = last = op->whose % m->indexes;
    }
    if (op->scope == TW_SCOPE_CONTEXTS && !is_scalable(m)) {
        command(m, CONTEXT | 1 << 4, 0);
        invalidate_passed(m, first, last);
    } else if (op->scope == TW_SCOPE_CONTEXT ||
               op->scope == TW_SCOPE_CONTEXTS) {
        invalidate_contexts(m, first, last);
        invalidate_passed(m, first, last);
    } else {
        invalidate_entries(m, op);
        if (m->driver->ats) {
            invalidate_devices(m, op);
        }
    }
    submit(m);
}

/* Structures --------------------------------------------------------------- */

/* Types of PASID entries. */
enum { FIRST = 1, SECOND = 2, PASS = 4 };

/* Entries of first-stage tables, with A and D, so that no walk changes them: a
 * table, and a leaf. */
#define FS_TABLE UINT64_C(0x67)
#define FS_LEAF UINT64_C(0xe7)

/* AW: 1 is 39 bits, 2 is 48. */
static unsigned width_of(const Machine *m)
{
    return is_first(m) ? 2 : 1;
}

/* Of a device. */
static uint64_t context_at(const Machine *m, unsigned device)
{
    uint64_t source = source_of(m, device);

    return m->driver->ram + AT_CONTEXTS +
           (m->driver->ats ? 0x1000 * (source >> 8 & 1) : 0) +
           (is_scalable(m) ? 32 : 16) * (source & 0xff);
}

static uint64_t pasid_at(const Machine *m, unsigned device)
{
    return m->driver->ram + AT_PASIDS + 0x1000 * device;
}

/* Context entry: P 0, translation type [3:2] (0 tables, 2 pass-through), tables
 * [63:12]; width [66:64] (1: 39 bits), domain [87:72]. */
static void put_context(Machine *m, unsigned index, uint64_t root,
                        unsigned type, unsigned id)
{
    uint64_t at = context_at(m, 1 + index);

    tw_qtest_store64(m, at + 8, 1 | (uint64_t)id << 8);
    tw_qtest_store64(m, at, root | type << 2 | 1);
}

/* The table of level 4 above tables of the first stage: for each page that is a
 * root of a program, one with an entry that leads there and never changes. */
static uint64_t top_of(Machine *m, uint64_t root)
{
    uint64_t ram = m->driver->ram;
    uint64_t page = (root - ram - AT_PROGRAM) / PAGE_BYTES;
    uint64_t at = root == ram + AT_EMPTY
                      ? AT_EMPTY_TOP
                      : AT_TOPS + page % PAGES * (uint64_t)PAGE_BYTES;
    uint64_t entry = root | FS_TABLE;

    tw_qtest_put(m, ram + at, &entry, sizeof(entry));
    return ram + at;
}

/* PASID table entry: P 0, width [4:2], type [8:6] (1 first stage, 2 second
 * stage, 4 pass-through), tables of the second [63:12]; domain [79:64]; levels
 * of the first [131:130] (0: 4), its tables [191:140].  The context entry is
 * there. */
static void put_pasid(Machine *m, unsigned index, uint64_t root, unsigned type,
                      unsigned id)
{
    uint64_t at = pasid_at(m, 1 + index);
    bool first = type == FIRST;

    tw_qtest_store64(m, at + 8, id);
    if (is_first(m)) {
        tw_qtest_store64(m, at + 16, first ? top_of(m, root) : 0);
    }
    tw_qtest_store64(m, at,
                     (first ? 0 : root) | type << 6 | width_of(m) << 2 | 1);
    tw_qtest_store64(m, context_at(m, 1 + index),
                     (m->driver->ram + AT_DIRECTORIES + 0x1000 * (1 + index)) |
                         1);
}

static void context(Machine *m, unsigned index)
{
    State *s = state(m);
    const Stage *stage = &m->stages[0][index];
    void (*put)(Machine *, unsigned, uint64_t, unsigned, unsigned) =
        is_scalable(m) ? put_pasid : put_context;
    unsigned tables = is_first(m)      ? FIRST
                      : is_scalable(m) ? SECOND
                                       : m->driver->ats; /* 1: and ATS */

    s->had[index][stage->domain / 32] |= 1u << stage->domain % 32;
    switch (stage->mode) {
    case TW_CONTEXT_TABLES:
        put(m, index, stage->root, tables, stage->domain + 1);
        break;
    case TW_CONTEXT_PASS:
        put(m, index, 0, is_scalable(m) ? PASS : 2, stage->domain + 1);
        note_pass(m, index);
        break;
    case TW_CONTEXT_BLOCKED:
        put(m, index, m->driver->ram + AT_EMPTY, tables, OF_BLOCKED);
        break;
    default:
        tw_qtest_store64(m, context_at(m, 1 + index), 0);
        s->left[index] = true;
        break;
    }
}

static void clear_faults(Machine *m)
{
    tw_qtest_store32(m, UNIT + FAULT_TOP, RECORDED);
    tw_qtest_store32(m, UNIT + FAULT_STATUS, 1); /* overflow */
}

static void clear_contexts(Machine *m)
{
    for (unsigned index = 0; index < MOST_INDEXES; index++) {
        tw_qtest_store64(m, context_at(m, 1 + index), 0);
    }
}

static void reset(Machine *m)
{
    State *s = state(m);

    s->n_waiting = 0;
    clear_contexts(m);
    memset(s->left, 0, sizeof(s->left));
    memset(s->passed, 0, sizeof(s->passed));
    memset(s->had, 0, sizeof(s->had));
    command(m, CONTEXT | 1 << 4, 0);
    if (m->observer) {
        /* For a context that is absent, QEMU has told all addresses.  That is
         * enough; 7.2 has also forgotten the pages that it thinks it has
         * told. */
        submit(m);
        for (unsigned index = 0; index < MOST_INDEXES; index++) {
            put_context(m, index, m->driver->ram + AT_NOTHING, 0, OF_BLOCKED);
        }
    }
    if (is_scalable(m)) {
        command(m, PASID_CACHE | 3 << 4, 0);
    }
    command(m, IOTLB | 1 << 4, 0);
    submit(m);
    clear_faults(m);
    if (m->observer) {
        clear_contexts(m);
    }
}

static uint64_t own_word(const Machine *m, unsigned stage, unsigned i)
{
    (void)stage;
    switch (i) {
    case 0: /* RAM, as one page */
        return is_first(m) ? FS_LEAF : 1 << 7 | 3;
    case 3: /* devices: a table, since no page may hold 0xfee00000 */
        return (m->driver->ram + AT_OWN) | (is_first(m) ? FS_TABLE : 3);
    default:
        return 0;
    }
}

static void put_words(Machine *m, uint64_t at, uint64_t q0, uint64_t q1)
{
    const uint64_t words[2] = {q0, q1};

    tw_qtest_put(m, m->driver->ram + at, words, sizeof(words));
}

/* What never changes. */
static void make_structures(Machine *m)
{
    uint64_t ram = m->driver->ram;
    uint64_t devices = UINT64_C(0xfec00000); /* the 2 MiB with the unit */
    uint64_t control;

    if (m->driver->ats) {
        for (unsigned i = 0; i < MOST_INDEXES; i++) {
            put_words(m, AT_ROOT + 16 * (source_of(m, 1 + i) >> 8),
                      context_at(m, 1 + i) | 1, 0);
        }
    } else {
        put_words(m, AT_ROOT, (ram + AT_CONTEXTS) | 1, 0);
    }
    put_words(m, AT_OWN + (devices >> 21 & 511) * 8,
              devices | (is_first(m) ? FS_LEAF : 1 << 7 | 3), 0);
    for (unsigned i = 0; i < OWN_WORDS; i++) {
        uint64_t word = own_word(m, 0, i);

        tw_qtest_put(m, ram + AT_EMPTY + 8 * i, &word, 8);
    }
    if (m->observer) {
        return;
    }
    control = context_at(m, CONTROL) - ram;
    if (!is_scalable(m)) {
        put_words(m, control, 2 << 2 | 1, 1 | OF_CONTROL << 8);
        return;
    }
    for (unsigned device = 0; device < DEVICES; device++) {
        put_words(m, AT_DIRECTORIES + 0x1000 * device, pasid_at(m, device) | 1,
                  0);
    }
    put_words(m, control, (ram + AT_DIRECTORIES) | 1, 0);
    put_words(m, AT_PASIDS, PASS << 6 | width_of(m) << 2 | 1, OF_CONTROL);
}

/* What a unit must have, by its mode. */
enum {
    LEGACY_MODE = 1,
    SECOND_STAGE_MODE = 2,
    FIRST_STAGE_MODE = 4,
    ATS_MODE = 8, /* legacy mode with ATS */
};
#define SECOND_STAGES (LEGACY_MODE | SECOND_STAGE_MODE | ATS_MODE)
#define SCALABLE_MODES (SECOND_STAGE_MODE | FIRST_STAGE_MODE)
#define ALL_MODES (SECOND_STAGES | FIRST_STAGE_MODE)

enum { CAP, ECAP };

static const Need needs[] = {
    {ALL_MODES, ECAP, 1, 1, 1, 0, "queued invalidation"},
    {ATS_MODE, ECAP, 2, 1, 1, 0, "device TLBs"},
    {SCALABLE_MODES, ECAP, 43, 1, 1, 0, "scalable mode"},
    {SECOND_STAGE_MODE, ECAP, 46, 1, 1, 0, "second-stage translation"},
    {FIRST_STAGE_MODE, ECAP, 47, 1, 1, 0, "first-stage translation"},
    {ALL_MODES, CAP, 0, 3, 3, 0, "1024 domain ids"},
    {SECOND_STAGES, CAP, 9, 1, 1, 0, "tables of 3 levels"},
    {SECOND_STAGES, CAP, 16, 6, 38, 0, "addresses of 39 bits"},
    {FIRST_STAGE_MODE, CAP, 16, 6, 47, 0, "addresses of 48 bits"},
    {SECOND_STAGES, CAP, 34, 2, 3, 0, "pages of 2 MiB and of 1 GiB"},
    {FIRST_STAGE_MODE, CAP, 56, 1, 1, 0, "pages of 1 GiB"},
    {ALL_MODES, CAP, 39, 1, 1, 0, "invalidation by pages"},
    {ALL_MODES, CAP, 24, 10, FAULT / 16, FAULT / 16,
     "fault records from 0x220 on"},
};

static bool has_needs(Machine *m, char *why, size_t size)
{
    const NeedRegister registers[] = {
        [CAP] = {"CAP", tw_qtest_readq(m, UNIT + CAPABILITIES)},
        [ECAP] = {"ECAP", tw_qtest_readq(m, UNIT + EXTENDED)},
    };
    unsigned mode = is_first(m)      ? FIRST_STAGE_MODE
                    : is_scalable(m) ? SECOND_STAGE_MODE
                    : m->driver->ats ? ATS_MODE
                                     : LEGACY_MODE;

    state(m)->most_mask =
        (uint8_t)tw_need_field(registers[CAP].value, 48, 6); /* MAMV */
    return tw_needs_met(needs, G_N_ELEMENTS(needs), mode, "VT-d", registers,
                        why, size);
}

static bool start_vtd(Machine *m, char *why, size_t size)
{
    uint64_t ram = m->driver->ram;
    bool scalable = is_scalable(m);

    if (!has_needs(m, why, size)) {
        return false;
    }
    make_structures(m);
    tw_qtest_writeq(m, UNIT + ROOT, (ram + AT_ROOT) | (uint64_t)scalable << 10);
    tw_qtest_writel(m, UNIT + COMMAND, 1u << 30); /* takes the root table */
    tw_qtest_writeq(m, UNIT + QUEUE,
                    (ram + AT_QUEUE) | (uint64_t)scalable << 11 | QUEUE_LG);
    tw_qtest_writel(m, UNIT + COMMAND, 1u << 26);            /* the queue */
    tw_qtest_writel(m, UNIT + COMMAND, 1u << 31 | 1u << 26); /* translation */
    if (tw_qtest_readl(m, UNIT + STATUS) != 0xc4000000) {
        snprintf(why, size, "expected VT-d to translate when it is told to");
        return false;
    }
    return true;
}

/* Faults ------------------------------------------------------------------- */

static void capture(Machine *m)
{
    tw_qtest_capture(m, UNIT + FAULT, 16, 0);
    tw_qtest_capture_store32(m, UNIT + FAULT_TOP, RECORDED);
}

/* Fault reasons, of legacy mode and of scalable mode ("Fault
 * Conditions and Remapping Hardware Behavior for Various Requests").  QEMU uses
 * those of legacy mode for tables in both. */
static unsigned kind_of(unsigned code)
{
    switch (code) {
    case 0x05:
    case 0x06:
    case 0x79:
    case 0x81: /* first stage: U/S, */
    case 0x85: /* R/W, load */
    case 0x86:
        return TW_REASON_RIGHTS;
    case 0x71: /* first stage: P */
        return TW_REASON_ABSENT;
    case 0x0c:
    case 0x72: /* first stage */
    case 0x7a:
        return TW_REASON_RESERVED;
    case 0x04:
    case 0x80: /* first stage: not canonical */
    case 0x84:
    case 0x0e: /* leads to the interrupt range, */
    case 0x87:
        return TW_REASON_RANGE;
    case 0x01: /* root entry, */
    case 0x39:
    case 0x02: /* context entry, */
    case 0x41:
    case 0x51: /* directory entry, */
    case 0x59: /* PASID entry */
    case 0x58: /* QEMU 7.2 for 0x59, */
    case 0x5b: /* later versions for 0x59 */
        return TW_REASON_NO_CONTEXT;
    default:
        return TW_REASON_UNREADABLE;
    }
}

static unsigned faults(Machine *m, unsigned index, const uint8_t *captured,
                       TwReason *reason)
{
    uint64_t words[2];

    (void)m;
    memcpy(words, captured, sizeof(words));
    if (!(words[1] >> 63) || (words[1] & 0xffff) != source_of(m, 1 + index)) {
        return 0;
    }
    *reason = (TwReason){
        .kind = (uint8_t)kind_of(words[1] >> 32 & 0xff),
        .address = words[0],
    };
    return 1;
}

#define VTD(of) \
    .name = of, .binary = "qemu-system-x86_64", .config = CONFIG_PORTS, \
    .bar = 0xfe000000, .stages = 1, .far = UINT64_C(0xc0000000), \
    .reason_groups = {[TW_REASON_NO_CONTEXT] = CONFIGURATION, \
                      [TW_REASON_BLOCKED] = REFUSED, \
                      [TW_REASON_ABSENT] = REFUSED, \
                      [TW_REASON_RESERVED] = REFUSED, \
                      [TW_REASON_RIGHTS] = REFUSED, \
                      [TW_REASON_UNREADABLE] = UNREADABLE}, \
    .silent = true, .reason_lg = 12, .start = start_vtd, .reset = reset, \
    .context = context, .invalidate = invalidate, .own_word = own_word, \
    .capture = capture, .faults = faults, \
    .any_bytes = 1u << 13 | 1u << 14, /* a PASID, where there is none */ \
        .contract = {.iotlb = TW_IOTLB_ENTRIES | TW_IOTLB_REFUSALS | \
                              TW_IOTLB_CONTEXTS | TW_IOTLB_BY_INDEX, \
                     .commands = TW_COMMANDS_PLAIN}

/* Second-stage tables of 39 bits. */
#define SECOND_STAGE \
    .formats = {TW_FORMAT_VTD_SL}, .outputs = {39}, \
    .entry_bits = 0x7ff | UINT64_C(0xbff) << 52, \
    .wide = UINT64_C(0xffffffffc0000000)

/* No translation is asked for interrupts. */
#define OBSERVED \
    .observed = true, .hole_first = UINT64_C(0xfee00000), \
    .hole_last = UINT64_C(0xfeefffff)

#define Q35 \
    "-M q35,sata=off,smbus=off,usb=off,vmport=off,memory-backend=m0 " \
    "-device intel-iommu,intremap=off,aw-bits="

/*
 * "Caching Translation Information": translations, contexts and what is
 * derived from them may be cached until they are invalidated.  With CM=0,
 * nothing that faults is.  After a context was changed, software invalidates
 * context and translations ("Guidance to Software for Invalidations"): until
 * then a unit may look up translations before the context, by requester, as
 * QEMU does.  Pointers to tables may be cached, too; stock QEMU keeps none, and
 * without them the judge is faster and stricter.
 */
const Driver tw_qtest_vtd = {
    VTD("vtd"),
    SECOND_STAGE,
    .machine = Q35 "39",
};

const Driver tw_qtest_vtd_vhost = {
    VTD("vtd-vhost"),
    SECOND_STAGE,
    OBSERVED,
    .machine = Q35 "39",
};

const Driver tw_qtest_vtd_ats = {
    VTD("vtd-ats"),
    SECOND_STAGE,
    OBSERVED,
    .ats = true,
    .machine = Q35 "39,device-iotlb=on "
                   "-device pcie-root-port,id=rp0,addr=3,chassis=1,slot=1 "
                   "-device pcie-root-port,id=rp1,addr=4,chassis=2,slot=2",
};

/* Entries grant both rights: a device also writes to a command list. */
const Driver tw_qtest_vtd_ahci = {
    VTD("vtd-ahci"),    SECOND_STAGE,        .entry_ones = 3,
    .keeper = &tw_ahci, .machine = Q35 "39",
};

const Driver tw_qtest_virtio_vtd = {
    VTD("virtio-vtd"), SECOND_STAGE,        .keeper = &tw_ring,
    .no_pokes = true,  .machine = Q35 "39",
};

const Driver tw_qtest_vtd_scalable = {
    VTD("vtd-scalable"),
    SECOND_STAGE,
    .machine = Q35 "39,x-scalable-mode=on",
    .since = 11,
    .machine_since = Q35 "39,scalable-mode=on",
};

/* A and D are set in all entries of programs: no walk changes them. */
const Driver tw_qtest_vtd_first = {
    VTD("vtd-first"),
    .formats = {TW_FORMAT_VTD_FL},
    .outputs = {48},
    .entry_bits = 0x3ff | 1 << 11 | UINT64_C(0x3ff) << 52,
    .entry_ones = 1 << 5 | 1 << 6,
    .wide = UINT64_C(0x7fffc0000000), /* canonical */
    .oldest = 10,
    .machine = Q35 "48,x-scalable-mode=on,x-flts=on",
    .since = 11,
    .machine_since = Q35 "48,scalable-mode=on,fsts=on",
};

static bool is_scalable(const Machine *m)
{
    return m->driver == &tw_qtest_vtd_scalable || is_first(m);
}

static bool is_first(const Machine *m)
{
    return m->driver == &tw_qtest_vtd_first;
}
