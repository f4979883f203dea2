/* SPDX-License-Identifier: MIT */
/*
 * The RISC-V IOMMU of the machine `virt`: first stage, and first stage behind
 * second stage.  RISC-V IOMMU Architecture Specification: device contexts in
 * chapter 3 ("Data Structures"), commands and faults in chapter 4 ("In-memory
 * queue interface"), registers in chapter 6.
 */
#include <stdio.h>
#include <string.h>

#include "targets/qtest/internal.h"
#include "targets/qtest/needs.h"

enum {
    /* Where its PCI function is, and the registers of that. */
    SLOT = 1,
    /* Registers of the IOMMU. */
    UNIT = 0x40200000,
    CAPABILITIES = 0x00,
    DIRECTORY = 0x10,
    COMMANDS = 0x18,
    COMMAND_TAIL = 0x24,
    FAULTS = 0x28,
    FAULT_TAIL = 0x34,
    COMMANDS_CONTROL = 0x48,
    FAULTS_CONTROL = 0x4c,
    IS_ON = 1 << 16, /* of a queue's control register */
    /* Structures: offsets in RAM, log2 of their entries. */
    AT_CONTEXTS = AT_STRUCTURES,
    CONTEXT_BYTES = 64,
    AT_EMPTY = AT_STRUCTURES + 0x4000,     /* root that leads nowhere */
    AT_EMPTY_TOP = AT_STRUCTURES + 0x8000, /* the same of the second stage */
    AT_COMMANDS = AT_STRUCTURES + 0x10000,
    COMMANDS_LG = 14,
    AT_FAULTS = AT_FAULT_QUEUE,
    FAULTS_LG = 19,
    FAULT_WORDS = 4,
    FAULT_BYTES = 8 * FAULT_WORDS,
    AT_TOPS = 0x10000000, /* see top_of() */
    TOP_BYTES = 0x4000,
    /* Ids of the contexts that are blocked; domain D of a program is D + 1. */
    OF_BLOCKED = 0x1fe,
    /* Commands. */
    VMA = 1,
    GVMA = 1 | 1 << 7,
    FENCE = 2,
    INVALIDATE_CONTEXTS = 3,
    MOST_PAGES = 8, /* by one command each, instead of one for all */
    /* Causes of faults. */
    READ_ACCESS = 5,
    WRITE_ACCESS = 7,
    GUEST_READ = 21,
    GUEST_WRITE = 23,
    FIRST_OF_CONTEXTS = 256, /* the directory and contexts */
};

/* What can be told apart. */
enum { REFUSED = 1, UNREADABLE, CONFIGURATION };

typedef struct State {
    uint32_t tail;      /* index of the command queue, of what is planned */
    uint32_t n_waiting; /* commands that QEMU has not seen */
    uint32_t fault;     /* index of the first fault that is not known */
    uint64_t last[FAULT_WORDS]; /* the fault that was read last */
} State;

static State *state(const Machine *m)
{
    return m->state;
}

static bool is_nested(const Machine *m)
{
    return m->driver->stages == 2;
}

static uint64_t device_id(unsigned device)
{
    return (4 + device) << 3;
}

/* Commands ----------------------------------------------------------------- */

static void command(Machine *m, uint64_t q0, uint64_t q1)
{
    State *s = state(m);
    uint64_t words[2] = {q0, q1};

    if (s->n_waiting == (1u << COMMANDS_LG) - 2) {
        tw_qtest_store32(m, UNIT + COMMAND_TAIL, s->tail);
        tw_plan_close(m);
        tw_qtest_flush(m);
        s->n_waiting = 0;
    }
    tw_qtest_put(m, m->driver->ram + AT_COMMANDS + s->tail * sizeof(words),
                 words, sizeof(words));
    s->tail = (s->tail + 1) & ((1u << COMMANDS_LG) - 1);
    s->n_waiting++;
}

/* The commands so far are performed, and completed. */
static void submit(Machine *m)
{
    command(m, FENCE, 0);
    tw_qtest_store32(m, UNIT + COMMAND_TAIL, state(m)->tail);
}

/* That command, for each page of the operation (AV 10; page [127:74]), or, if
 * they are many, for all pages. */
static void command_pages(Machine *m, uint64_t q0, const TwOp *op)
{
    uint64_t page = op->addr >> 12;
    uint64_t end = (op->last >> 12) + 1;

    if (end - page > MOST_PAGES) {
        command(m, q0, 0);
        return;
    }
    for (; page < end; page++) {
        command(m, q0 | 1 << 10, page << 10);
    }
}

/* The command of the scope, for entries of the first stage; q0 says of which
 * GSCID.  PSCID [31:12], PSCV 32. */
static void invalidate_first_of(Machine *m, uint64_t q0, const TwOp *op)
{
    uint64_t one = q0 | UINT64_C(1) << 32 | (uint64_t)(op->whose + 1) << 12;

    switch (op->scope) {
    case TW_SCOPE_GLOBAL:
        command(m, q0, 0);
        return;
    case TW_SCOPE_DOMAIN:
        command(m, one, 0);
        return;
    case TW_SCOPE_RANGE:
    case TW_SCOPE_LEAF:
        command_pages(m, one, op);
        return;
    default:
        command_pages(m, q0, op);
        return;
    }
}

/* GV 33, GSCID [59:44]. */
static uint64_t guest(unsigned id)
{
    return UINT64_C(1) << 33 | (uint64_t)id << 44;
}

static bool is_named(const Machine *m, unsigned stage, unsigned domain)
{
    return m->domains[stage][domain / 32] >> domain % 32 & 1;
}

/* Without a second stage, and behind each that the program has named. */
static void invalidate_first(Machine *m, const TwOp *op)
{
    invalidate_first_of(m, VMA, op);
    if (!is_nested(m)) {
        return;
    }
    for (unsigned domain = 0; domain < 256; domain++) {
        if (is_named(m, 1, domain)) {
            invalidate_first_of(m, VMA | guest(domain + 1), op);
        }
    }
}

static void invalidate_second(Machine *m, const TwOp *op)
{
    switch (op->scope) {
    case TW_SCOPE_GLOBAL:
        command(m, GVMA, 0);
        return;
    case TW_SCOPE_DOMAIN:
        command(m, GVMA | guest(op->whose + 1), 0);
        return;
    case TW_SCOPE_RANGE:
    case TW_SCOPE_LEAF:
        command_pages(m, GVMA | guest(op->whose + 1), op);
        return;
    default:
        for (unsigned domain = 0; domain < 256; domain++) {
            if (is_named(m, 1, domain)) {
                command_pages(m, GVMA | guest(domain + 1), op);
            }
        }
        return;
    }
}

static void invalidate(Machine *m, const TwOp *op)
{
    unsigned index = op->whose % m->indexes;

    if (op->scope == TW_SCOPE_CONTEXTS) {
        command(m, INVALIDATE_CONTEXTS, 0);
    } else if (op->scope == TW_SCOPE_CONTEXT) { /* DV 33, DID [63:40] */
        command(m,
                INVALIDATE_CONTEXTS | UINT64_C(1) << 33 |
                    device_id(1 + index) << 40,
                0);
    } else if (op->obj == 0) {
        invalidate_first(m, op);
    } else {
        invalidate_second(m, op);
    }
    submit(m);
}

/* Structures --------------------------------------------------------------- */

/* V, R, W, U, A, D. */
static uint64_t leaf_to(uint64_t address)
{
    return address >> 12 << 10 | 0xd7;
}

static uint64_t table_to(uint64_t address)
{
    return address >> 12 << 10 | 1;
}

static void put_word(Machine *m, uint64_t at, uint64_t word)
{
    tw_qtest_put(m, m->driver->ram + at, &word, sizeof(word));
}

/*
 * Roots of Sv39x4 are of 16 KiB, those of programs are of 4 KiB.  So the second
 * stage has a level above theirs (Sv48x4): for each page that is a root of a
 * program, a root that leads to it, and never changes.
 */
static uint64_t top_of(Machine *m, uint64_t root)
{
    uint64_t page = (root - m->driver->ram - AT_PROGRAM) / PAGE_BYTES;
    uint64_t at = AT_TOPS + page % PAGES * TOP_BYTES;

    put_word(m, at, table_to(root));
    return m->driver->ram + at;
}

static uint64_t context_at(const Machine *m, unsigned device)
{
    return m->driver->ram + AT_CONTEXTS + CONTEXT_BYTES * device_id(device);
}

/* fsc: mode [63:60] (8: Sv39), page [43:0]; behind a second stage, of an
 * address that this translates.  PSCID in ta [31:12]. */
static void make_first(const Machine *m, const Stage *stage, uint64_t *words)
{
    uint64_t root = stage->root;
    uint64_t id = stage->domain + 1u;

    if (stage->mode == TW_CONTEXT_BLOCKED) {
        root = m->driver->ram + AT_EMPTY;
        id = OF_BLOCKED;
    }
    if (stage->mode != TW_CONTEXT_PASS) {
        words[2] = id << 12;
        words[3] = UINT64_C(8) << 60 | root >> 12;
    }
}

/* iohgatp: mode [63:60] (9: Sv48x4), GSCID [59:44], page [43:0]. */
static void make_second(Machine *m, const Stage *stage, uint64_t *words)
{
    uint64_t top = m->driver->ram + AT_EMPTY_TOP;
    uint64_t id = OF_BLOCKED;

    if (stage->mode == TW_CONTEXT_TABLES) {
        top = top_of(m, stage->root);
        id = stage->domain + 1u;
    }
    if (stage->mode != TW_CONTEXT_PASS) {
        words[1] = UINT64_C(9) << 60 | id << 44 | top >> 12;
    }
}

static void context(Machine *m, unsigned index)
{
    const Stage *first = &m->stages[0][index];
    const Stage pass = {.mode = TW_CONTEXT_PASS};
    const Stage *second = is_nested(m) ? &m->stages[1][index] : &pass;
    uint64_t at = context_at(m, 1 + index);
    uint64_t words[4] = {0};

    if (first->mode == TW_CONTEXT_BLOCKED ||
        (first->mode != TW_CONTEXT_NONE && second->mode != TW_CONTEXT_NONE)) {
        words[0] = 1; /* V */
        make_first(m, first, words);
        /* A device that the first stage blocks does not need the second. */
        make_second(m, first->mode == TW_CONTEXT_BLOCKED ? &pass : second,
                    words);
    }
    for (unsigned i = 4; i > 0; i--) {
        tw_qtest_store64(m, at + 8 * (i - 1), words[i - 1]);
    }
}

static void reset(Machine *m)
{
    State *s = state(m);

    s->n_waiting = 0;
    for (unsigned index = 0; index < MOST_INDEXES; index++) {
        tw_qtest_store64(m, context_at(m, 1 + index), 0);
    }
    command(m, INVALIDATE_CONTEXTS, 0);
    command(m, VMA, 0);
    command(m, GVMA, 0);
    submit(m);
    /* A queue that is turned on is empty. */
    tw_qtest_store32(m, UNIT + FAULTS_CONTROL, 0);
    tw_qtest_store32(m, UNIT + FAULTS_CONTROL, 1);
    s->fault = 0;
}

static uint64_t own_word(const Machine *m, unsigned stage, unsigned i)
{
    (void)m;
    (void)stage;
    return i == 0 ? 0 : leaf_to((uint64_t)i << 30); /* devices; RAM */
}

/* What never changes. */
static void make_structures(Machine *m)
{
    for (unsigned i = 0; i < OWN_WORDS - 1; i++) {
        put_word(m, AT_EMPTY + 8 * i, own_word(m, 0, i));
    }
    put_word(m, AT_EMPTY_TOP, table_to(m->driver->ram + AT_EMPTY));
    put_word(m, context_at(m, CONTROL) - m->driver->ram, 1);
}

/* A queue's base register: page [53:10], log2 of its entries less one [4:0]. */
static uint64_t queue_base(const Machine *m, uint64_t at, unsigned lg)
{
    return (m->driver->ram + at) >> 12 << 10 | (lg - 1);
}

/* What an IOMMU must have, with one stage and with two. */
enum { ONE_STAGE = 1, TWO_STAGES = 2, ANY_STAGES = 3 };

static const Need needs[] = {
    {ANY_STAGES, 0, 4, 4, 1, 1, "version 1"},
    {ANY_STAGES, 0, 9, 1, 1, 0, "Sv39"},
    {TWO_STAGES, 0, 18, 1, 1, 0, "Sv48x4"},
    {ANY_STAGES, 0, 22, 1, 1, 0, "contexts of 64 bytes (MSI_FLAT)"},
    {ANY_STAGES, 0, 32, 6, 32, 0, "addresses of 32 bits"},
};

static bool start_iommu(Machine *m, char *why, size_t size)
{
    uint64_t directory = (m->driver->ram + AT_CONTEXTS) >> 12 << 10 | 2;
    NeedRegister capabilities = {.name = "capabilities"};

    tw_qtest_config_write(m, SLOT, 0x10, UNIT);
    tw_qtest_config_write(m, SLOT, 0x14, 0);
    tw_qtest_config_write(m, SLOT, 0x04, 6);
    capabilities.value = tw_qtest_readq(m, UNIT + CAPABILITIES);
    if (!tw_needs_met(needs, G_N_ELEMENTS(needs),
                      is_nested(m) ? TWO_STAGES : ONE_STAGE, "a RISC-V IOMMU",
                      &capabilities, why, size)) {
        return false;
    }
    make_structures(m);
    tw_qtest_writeq(m, UNIT + COMMANDS,
                    queue_base(m, AT_COMMANDS, COMMANDS_LG));
    tw_qtest_writeq(m, UNIT + FAULTS, queue_base(m, AT_FAULTS, FAULTS_LG));
    tw_qtest_writel(m, UNIT + COMMANDS_CONTROL, 1);
    tw_qtest_writel(m, UNIT + FAULTS_CONTROL, 1);
    tw_qtest_writeq(m, UNIT + DIRECTORY, directory);
    if (!(tw_qtest_readl(m, UNIT + FAULTS_CONTROL) & IS_ON) ||
        tw_qtest_readq(m, UNIT + DIRECTORY) != directory) {
        snprintf(
            why, size,
            "expected a RISC-V IOMMU to have queues and contexts when it is "
            "told to");
        return false;
    }
    return true;
}

/* Faults ------------------------------------------------------------------- */

static void capture(Machine *m)
{
    tw_qtest_capture(m, UNIT + FAULT_TAIL, 4, 0);
}

/*
 * A fault of the second stage, of the page that an access leads to, or of one
 * with a table of the first stage: bit 0 of iotval2 says that it is the latter.
 * QEMU leaves this bit 0, but then iotval2 is no address for that access.
 */
static bool is_of_table(const Machine *m, const uint64_t *words)
{
    uint64_t apart = words[2] ^ words[3];

    return words[3] & 1 ||
           (tw_qtest_is_of_program(m, words[2]) ? apart & 0xffc : apart >> 2) !=
               0;
}

/* A fault record: cause [11:0], device id [63:40], iotval, iotval2. */
static void read_fault(const Machine *m, const uint64_t *words,
                       TwReason *reason)
{
    unsigned cause = words[0] & 0xfff;

    *reason = (TwReason){.kind = TW_REASON_ABSENT, .address = words[2]};
    if (cause >= FIRST_OF_CONTEXTS) {
        reason->kind = TW_REASON_NO_CONTEXT;
    } else if (cause == READ_ACCESS || cause == WRITE_ACCESS) {
        reason->kind = TW_REASON_UNREADABLE;
    } else if (cause == GUEST_READ || cause == GUEST_WRITE) {
        if (is_of_table(m, words)) {
            reason->kind = TW_REASON_UNREADABLE;
        } else {
            reason->iommu = 1;
            reason->address = words[3];
        }
    }
}

static unsigned faults(Machine *m, unsigned index, const uint8_t *captured,
                       TwReason *reason)
{
    const uint32_t mask = (1u << FAULTS_LG) - 1;
    State *s = state(m);
    unsigned n = 0;
    uint32_t end;

    memcpy(&end, captured, sizeof(end));
    for (; s->fault != (end & mask); s->fault = (s->fault + 1) & mask) {
        uint64_t words[FAULT_WORDS];

        memcpy(words, m->ram + AT_FAULTS + s->fault * sizeof(words),
               sizeof(words));
        if (words[0] >> 40 == device_id(1 + index) && n++ == 0) {
            memcpy(s->last, words, sizeof(words));
            read_fault(m, words, reason);
        }
    }
    return n;
}

static unsigned record(const Machine *m, uint8_t *bytes)
{
    memcpy(bytes, state(m)->last, FAULT_BYTES);
    return FAULT_BYTES;
}

#define RISCV_IOMMU(of, n, unreadable) \
    .name = of, .binary = "qemu-system-riscv64", \
    .machine = "-M virt,memory-backend=m0 -bios none " \
               "-device riscv-iommu-pci,addr=1", \
    .config = CONFIG_ECAM, .ecam = 0x30000000, .ram = 0x80000000, \
    .bar = 0x40000000, .stages = n, \
    .formats = {TW_FORMAT_SV39, TW_FORMAT_SV39}, \
    .entry_bits = 0x3df | UINT64_C(0x1f) << 54 | UINT64_C(7) << 61, \
    .wide = n == 2 ? UINT64_C(0x3fc0000000) : UINT64_C(0xffffffbfc0000000), \
    .reason_groups = {[TW_REASON_NO_CONTEXT] = CONFIGURATION, \
                      [TW_REASON_BLOCKED] = REFUSED, \
                      [TW_REASON_RANGE] = REFUSED, \
                      [TW_REASON_ABSENT] = REFUSED, \
                      [TW_REASON_RESERVED] = REFUSED, \
                      [TW_REASON_RIGHTS] = REFUSED, \
                      [TW_REASON_UNREADABLE] = unreadable}, \
    .uncached = "ioatc-limit=0", .silent = true, .reason_lg = 2, \
    .start = start_iommu, .reset = reset, .context = context, \
    .invalidate = invalidate, .own_word = own_word, .capture = capture, \
    .faults = faults, .record = record, .records = AT_FAULTS, \
    .records_bytes = MOST_TOLD * FAULT_BYTES

/*
 * "Caching in-memory data structures": what is read from memory may be cached
 * until it is invalidated, but not what has V = 0 ("Caching invalid entries").
 * Translations have the PSCID and the GSCID of the context, which is looked up
 * first.  Commands for an address are for what was read from leaves ("IOMMU
 * Page-Table cache invalidation commands"); those for a PSCID leave global
 * entries, so programs have none.  Pointers to tables may be cached, too; stock
 * QEMU keeps none, and without them the judge is faster and stricter.
 */
#define KEPT TW_IOTLB_ENTRIES | TW_IOTLB_REFUSALS | TW_IOTLB_CONTEXTS

const Driver tw_qtest_riscv_iommu = {
    RISCV_IOMMU("riscv-iommu", 1, UNREADABLE),
    .contract = {.iotlb = KEPT, .commands = TW_COMMANDS_PLAIN},
};

/* A device context is for both stages: where the program has none for the
 * second, there is none, while in the program the tables of the first cannot be
 * read. "Any entry whose guest virtual address maps to a guest physical address
 * that matches the IOTINVAL.GVMA's address and GSCID arguments must be
 * flushed". */
enum { GUEST_PAGES = TW_RECORD_ENTRY | TW_RECORD_COMBINED };

const Driver tw_qtest_riscv_iommu_nested = {
    RISCV_IOMMU("riscv-iommu-nested", 2, CONFIGURATION),
    .contract = {.iotlb = KEPT | TW_IOTLB_COMBINED,
                 .commands = {[TW_SCOPE_GLOBAL] = GUEST_PAGES,
                              [TW_SCOPE_DOMAIN] = GUEST_PAGES,
                              [TW_SCOPE_RANGE] = GUEST_PAGES,
                              [TW_SCOPE_LEAF] = GUEST_PAGES,
                              [TW_SCOPE_ANY_RANGE] = GUEST_PAGES,
                              [TW_SCOPE_ANY_LEAF] = GUEST_PAGES,
                              [TW_SCOPE_CONTEXT] = TW_RECORD_CONTEXT,
                              [TW_SCOPE_CONTEXTS] = TW_RECORD_CONTEXT}},
};
