/* SPDX-License-Identifier: MIT */
/*
 * Arm SMMUv3 of the machine `virt`: stage 1, and stage 1 behind stage 2.
 * Arm System Memory Management Unit Architecture Specification, version 3
 * (IHI 0070): registers in chapter 6, the stream table and context descriptors
 * in chapter 5, commands in chapter 4, events in chapter 7.
 */
#include <stdio.h>
#include <string.h>

#include "targets/qtest/internal.h"
#include "targets/qtest/needs.h"

enum {
    /* Registers, and where they are. */
    SMMU = 0x09050000,
    IDR0 = 0x00,
    IDR1 = 0x04,
    IDR3 = 0x0c,
    IDR5 = 0x14,
    OAS_48 = 5, /* of IDR5, IPS and S2PS: 48 bits */
    CR0 = 0x20,
    STRTAB_BASE = 0x80,
    STRTAB_BASE_CFG = 0x88,
    CMDQ_BASE = 0x90,
    CMDQ_PROD = 0x98,
    EVENTQ_BASE = 0xa0,
    EVENTQ_PROD = 0x100a8,
    EVENTQ_CONS = 0x100ac,
    /* Structures: offsets in RAM, log2 of their entries. */
    AT_STREAMS = AT_STRUCTURES,
    STREAMS_LG = 8,
    STREAM_BYTES = 64,
    AT_CONTEXTS = AT_STRUCTURES + 0x8000,
    AT_EMPTY = AT_STRUCTURES + 0x9000, /* a root of the second stage */
    EMPTY_VMID = 255,                  /* no domain of a program */
    AT_COMMANDS = AT_STRUCTURES + 0x10000,
    COMMANDS_LG = 12,
    AT_EVENTS = AT_FAULT_QUEUE,
    EVENTS_LG = 19,
    EVENT_BYTES = 32,
    /* Commands. */
    CFGI_STE = 0x03,
    CFGI_ALL = 0x04,
    CFGI_CD = 0x05,
    TLBI_NH_ALL = 0x10,
    TLBI_NH_ASID = 0x11,
    TLBI_NH_VA = 0x12,
    TLBI_NH_VAA = 0x13,
    TLBI_S12_VMALL = 0x28,
    TLBI_S2_IPA = 0x2a,
    TLBI_NSNH_ALL = 0x30,
    SYNC = 0x46,
    /* Events. */
    C_BAD_STREAMID = 0x02,
    C_BAD_STE = 0x04,
    C_BAD_CD = 0x0a,
    F_WALK_EABT = 0x0b,
    F_TRANSLATION = 0x10,
    F_ADDR_SIZE = 0x11,
    F_ACCESS = 0x12,
    F_PERMISSION = 0x13,
};

/* What is told of a refusal: F_TRANSLATION, F_PERMISSION, F_WALK_EABT, a bad
 * stream table entry; a stream that is to be aborted records nothing.  Of two
 * stages, the second has no context if it translates nothing. */
enum { TRANSLATION = 1, PERMISSION, EABT, CONFIGURATION };

typedef struct State {
    uint32_t command;    /* CMDQ_PROD as of the commands that are planned */
    uint32_t n_commands; /* of this program, without those that were sent */
    uint32_t event;      /* EVENTQ_PROD as of the events that are known */
    uint8_t output;      /* IPS and S2PS */
    bool other_entry[MOST_INDEXES]; /* the stream table entry was changed, not
                                     * only the context descriptor */
    uint64_t entry[MOST_INDEXES][4];
    uint64_t last[4]; /* the event that was looked at last */
} State;

static State *state(const Machine *m)
{
    return m->state;
}

static uint32_t stream_of(unsigned device)
{
    return (4 + device) << 3;
}

/* Commands ----------------------------------------------------------------- */

static void command(Machine *m, uint64_t q0, uint64_t q1)
{
    State *s = state(m);
    uint32_t index = s->command & ((1u << COMMANDS_LG) - 1);
    uint64_t words[2] = {q0, q1};

    if (s->n_commands == (1u << COMMANDS_LG) - 2) {
        tw_plan_close(m);
        tw_qtest_flush(m);
        s->n_commands = 0;
    }
    tw_qtest_put(m, m->driver->ram + AT_COMMANDS + index * sizeof(words), words,
                 sizeof(words));
    s->command = (s->command + 1) & ((2u << COMMANDS_LG) - 1);
    s->n_commands++;
}

/* The commands so far are performed. */
static void submit(Machine *m)
{
    command(m, SYNC, 0);
    tw_qtest_store32(m, SMMU + CMDQ_PROD, state(m)->command);
}

/*
 * By pages of 4 KiB, exactly: one address, or a multiple of 2^scale pages, up
 * to 32 ("Range-based invalidation": NUM [16:12], SCALE [24:20]; TTL [73:72],
 * TG [75:74]).  Where all leaves are pages, every other command says so by TTL.
 */
static void invalidate_pages(Machine *m, uint64_t q0, const TwOp *op)
{
    const uint64_t top = (UINT64_C(1) << 39) - 1;
    uint64_t page = (op->addr < top ? op->addr : top) >> 12;
    uint64_t n = ((op->last < top ? op->last : top) >> 12) - page + 1;
    unsigned level = m->tables[op->obj] && page & 1 ? 3 : 0;
    unsigned leaf =
        op->scope == TW_SCOPE_LEAF || op->scope == TW_SCOPE_ANY_LEAF;

    while (n > 0) {
        unsigned scale = 0;
        uint64_t number;

        while (n >> scale > 32) {
            scale++;
        }
        number = n >> scale;
        if (n == 1 && level == 0) {
            command(m, q0, page << 12 | leaf);
        } else {
            command(m, q0 | (number - 1) << 12 | (uint64_t)scale << 20,
                    page << 12 | 1 << 10 | level << 8 | leaf);
        }
        page += number << scale;
        n -= number << scale;
    }
}

static bool is_named(const Machine *m, unsigned stage, unsigned domain)
{
    return m->domains[stage][domain / 32] >> domain % 32 & 1;
}

/* One command for each VMID that entries of the first stage may have. */
static void invalidate_first(Machine *m, const TwOp *op)
{
    for (unsigned vmid = 0; vmid < 256; vmid++) {
        uint64_t q0 = (uint64_t)vmid << 32 | (uint64_t)op->whose << 48;
        bool any =
            op->scope == TW_SCOPE_ANY_RANGE || op->scope == TW_SCOPE_ANY_LEAF;

        if (vmid > 0 && !is_named(m, 1, vmid)) {
            continue;
        }
        switch (op->scope) {
        case TW_SCOPE_GLOBAL:
            command(m, (uint64_t)vmid << 32 | TLBI_NH_ALL, 0);
            break;
        case TW_SCOPE_DOMAIN:
            command(m, q0 | TLBI_NH_ASID, 0);
            break;
        default:
            invalidate_pages(
                m, any ? (uint64_t)vmid << 32 | TLBI_NH_VAA : q0 | TLBI_NH_VA,
                op);
            break;
        }
    }
}

static void invalidate_second(Machine *m, const TwOp *op)
{
    bool any =
        op->scope == TW_SCOPE_ANY_RANGE || op->scope == TW_SCOPE_ANY_LEAF;

    if (op->scope == TW_SCOPE_GLOBAL) {
        command(m, TLBI_NSNH_ALL, 0);
        return;
    }
    for (unsigned vmid = 0; vmid < 256; vmid++) {
        if (any ? !is_named(m, 1, vmid) : vmid != op->whose) {
            continue;
        }
        if (op->scope == TW_SCOPE_DOMAIN) {
            command(m, (uint64_t)vmid << 32 | TLBI_S12_VMALL, 0);
        } else {
            invalidate_pages(m, (uint64_t)vmid << 32 | TLBI_S2_IPA, op);
        }
    }
}

static void invalidate(Machine *m, const TwOp *op)
{
    unsigned index = op->whose % m->indexes;
    uint64_t stream = (uint64_t)stream_of(1 + index) << 32;

    if (op->scope == TW_SCOPE_CONTEXTS) {
        command(m, CFGI_ALL, 31);
        memset(state(m)->other_entry, 0, sizeof(state(m)->other_entry));
    } else if (op->scope == TW_SCOPE_CONTEXT) {
        command(m, stream | (state(m)->other_entry[index] ? CFGI_STE : CFGI_CD),
                1);
        state(m)->other_entry[index] = false;
    } else if (op->obj == 0) {
        invalidate_first(m, op);
    } else {
        invalidate_second(m, op);
    }
    submit(m);
}

/* Structures --------------------------------------------------------------- */

static uint64_t stream_at(const Machine *m, unsigned device)
{
    return m->driver->ram + AT_STREAMS +
           (uint64_t)STREAM_BYTES * stream_of(device);
}

static uint64_t context_at(const Machine *m, unsigned index)
{
    return m->driver->ram + AT_CONTEXTS + 64 * index;
}

static bool is_off(const Stage *stage)
{
    return stage->mode == TW_CONTEXT_NONE || stage->mode == TW_CONTEXT_BLOCKED;
}

/*
 * Stream table entry: V 0, Config [3:1], S1ContextPtr; second stage from 39-bit
 * addresses, 4 KiB granule, start level 1, faults recorded.  A first stage
 * without context is no valid entry, one that is blocked is Config 0; of two
 * stages, which the entry does not tell apart, both are no valid entry, and a
 * second stage that is off has a table with nothing in it.
 */
static void make_entry(const Machine *m, unsigned index, uint64_t *words)
{
    const Stage *first = &m->stages[0][index];
    bool two = m->driver->stages == 2;
    Stage second = two ? m->stages[1][index] : (Stage){.mode = TW_CONTEXT_PASS};

    memset(words, 0, 4 * sizeof(*words));
    if (is_off(first)) {
        words[0] = !two && first->mode == TW_CONTEXT_BLOCKED;
        return;
    }
    if (is_off(&second)) {
        second = (Stage){.mode = TW_CONTEXT_TABLES,
                         .domain = EMPTY_VMID,
                         .root = m->driver->ram + AT_EMPTY};
    }
    words[0] = 1 | 4 << 1;
    if (first->mode == TW_CONTEXT_TABLES) {
        words[0] |= 1 << 1 | context_at(m, index);
    }
    if (second.mode == TW_CONTEXT_TABLES) {
        words[0] |= 2 << 1;
        words[2] = second.domain | UINT64_C(25) << 32 | UINT64_C(1) << 38 |
                   (uint64_t)state(m)->output << 48 | UINT64_C(1) << 51 |
                   UINT64_C(1) << 58;
        words[3] = second.root;
    }
}

/* Context descriptor: T0SZ 25, no TTB1, V, IPS, AArch64, faults are
 * recorded and aborted. */
static void put_context(Machine *m, unsigned index)
{
    const Stage *first = &m->stages[0][index];

    tw_qtest_store64(m, context_at(m, index),
                     25 | UINT64_C(1) << 30 | UINT64_C(1) << 31 |
                         (uint64_t)state(m)->output << 32 | UINT64_C(1) << 41 |
                         UINT64_C(1) << 45 | UINT64_C(1) << 46 |
                         (uint64_t)first->domain << 48);
    tw_qtest_store64(m, context_at(m, index) + 8, first->root);
}

static void context(Machine *m, unsigned index)
{
    State *s = state(m);
    uint64_t words[4];

    make_entry(m, index, words);
    if (m->stages[0][index].mode == TW_CONTEXT_TABLES) {
        put_context(m, index);
    }
    for (unsigned i = 4; i > 0; i--) {
        if (words[i - 1] != s->entry[index][i - 1]) {
            s->other_entry[index] = true;
            s->entry[index][i - 1] = words[i - 1];
            tw_qtest_store64(m, stream_at(m, 1 + index) + 8 * (i - 1),
                             words[i - 1]);
        }
    }
}

static void reset(Machine *m)
{
    State *s = state(m);

    s->n_commands = 0;
    for (unsigned index = 0; index < MOST_INDEXES; index++) {
        tw_qtest_store64(m, stream_at(m, 1 + index), 0);
        memset(s->entry[index], 0, sizeof(s->entry[index]));
        s->other_entry[index] = true;
        for (unsigned i = 1; i < 4; i++) {
            tw_qtest_store64(m, stream_at(m, 1 + index) + 8 * i, 0);
        }
    }
    command(m, CFGI_ALL, 31);
    command(m, TLBI_NSNH_ALL, 0);
    submit(m);
    tw_qtest_store32(m, SMMU + EVENTQ_CONS, s->event);
}

static uint64_t own_word(const Machine *m, unsigned stage, unsigned i)
{
    uint64_t block = (uint64_t)i << 30 | 1 << 10 | 1; /* AF, a block */

    (void)m;
    return stage == 0 ? block | 1 << 11 | 1 << 6             /* nG, AP[1] */
                      : block | 3 << 6 | UINT64_C(0xf) << 2; /* S2AP, MemAttr */
}

/* What an SMMU must have, with one stage and with two. */
enum { ONE_STAGE = 1, TWO_STAGES = 2, ANY_STAGES = 3 };

enum { REG_IDR0, REG_IDR1, REG_IDR3, REG_IDR5 };

static const Need needs[] = {
    {ONE_STAGE, REG_IDR0, 1, 1, 1, 0, "stage 1"},
    {TWO_STAGES, REG_IDR0, 0, 2, 3, 0, "two stages"},
    {ANY_STAGES, REG_IDR0, 3, 1, 1, 0, "AArch64 tables"},
    {ANY_STAGES, REG_IDR1, 0, 6, STREAMS_LG, 0, "256 streams"},
    {ANY_STAGES, REG_IDR1, 21, 5, COMMANDS_LG, 0, "a queue of 4096 commands"},
    {ANY_STAGES, REG_IDR1, 16, 5, EVENTS_LG, 0, "a queue of 524288 events"},
    {ANY_STAGES, REG_IDR3, 10, 1, 1, 0, "invalidation of ranges"},
    {ANY_STAGES, REG_IDR5, 4, 1, 1, 0, "a granule of 4 KiB"},
};

static bool has_needs(Machine *m, char *why, size_t size)
{
    const NeedRegister registers[] = {
        [REG_IDR0] = {"IDR0", tw_qtest_readl(m, SMMU + IDR0)},
        [REG_IDR1] = {"IDR1", tw_qtest_readl(m, SMMU + IDR1)},
        [REG_IDR3] = {"IDR3", tw_qtest_readl(m, SMMU + IDR3)},
        [REG_IDR5] = {"IDR5", tw_qtest_readl(m, SMMU + IDR5)},
    };
    uint64_t oas = tw_need_field(registers[REG_IDR5].value, 0, 3);

    state(m)->output = (uint8_t)(oas < OAS_48 ? oas : OAS_48);
    return tw_needs_met(needs, G_N_ELEMENTS(needs),
                        m->driver->stages == 2 ? TWO_STAGES : ONE_STAGE,
                        "an SMMUv3", registers, why, size);
}

static bool start_smmu(Machine *m, char *why, size_t size)
{
    uint64_t ram = m->driver->ram;
    const uint64_t pass = 1 | 4 << 1;

    if (!has_needs(m, why, size)) {
        return false;
    }
    tw_qtest_put(m, stream_at(m, CONTROL), &pass, sizeof(pass));
    for (unsigned i = 0; i < OWN_WORDS; i++) {
        uint64_t word = own_word(m, 1, i);

        if (i != (ram + AT_PROGRAM) >> 30) {
            tw_qtest_put(m, ram + AT_EMPTY + 8 * i, &word, sizeof(word));
        }
    }
    tw_qtest_writeq(m, SMMU + STRTAB_BASE, ram + AT_STREAMS);
    tw_qtest_writel(m, SMMU + STRTAB_BASE_CFG, STREAMS_LG);
    tw_qtest_writeq(m, SMMU + CMDQ_BASE, (ram + AT_COMMANDS) | COMMANDS_LG);
    tw_qtest_writeq(m, SMMU + EVENTQ_BASE, (ram + AT_EVENTS) | EVENTS_LG);
    tw_qtest_writel(m, SMMU + CR0, 0xc); /* queues, then translation */
    tw_qtest_writel(m, SMMU + CR0, 0xd);
    return tw_qtest_flush(m);
}

/* Events ------------------------------------------------------------------- */

static void capture(Machine *m)
{
    tw_qtest_capture(m, SMMU + EVENTQ_PROD, 4, 0);
}

/* What an event says: its type; whether the second stage tells it; its class,
 * what could not be read (a table 1) or be reached (the input 2). */
static void read_event(const uint64_t *words, TwReason *reason)
{
    bool second = words[1] >> 39 & 1;
    unsigned about = words[1] >> 40 & 3;

    *reason = (TwReason){.kind = TW_REASON_NONE, .address = words[2]};
    switch (words[0] & 0xff) {
    case C_BAD_STREAMID:
    case C_BAD_STE:
    case C_BAD_CD:
        reason->kind = TW_REASON_NO_CONTEXT;
        return;
    case F_WALK_EABT:
        reason->kind = TW_REASON_UNREADABLE;
        return;
    case F_TRANSLATION:
    case F_ADDR_SIZE:
        reason->kind = TW_REASON_ABSENT;
        break;
    case F_ACCESS:
    case F_PERMISSION:
        reason->kind = TW_REASON_RIGHTS;
        break;
    default:
        return;
    }
    if (about == 1) {
        reason->kind = TW_REASON_UNREADABLE; /* the second stage refuses it */
    } else if (second) {
        reason->iommu = 1;
        reason->address = words[3];
    }
}

static unsigned faults(Machine *m, unsigned index, const uint8_t *captured,
                       TwReason *reason)
{
    State *s = state(m);
    const uint32_t wrap = (2u << EVENTS_LG) - 1;
    unsigned n = 0;
    uint32_t end;

    memcpy(&end, captured, 4);
    for (; s->event != (end & wrap); s->event = (s->event + 1) & wrap) {
        uint32_t at = s->event & ((1u << EVENTS_LG) - 1);
        uint64_t words[4];
        bool about_program;

        memcpy(words, m->ram + AT_EVENTS + at * EVENT_BYTES, sizeof(words));
        about_program = tw_qtest_is_of_program(m, words[2]);
        if (words[0] >> 32 == stream_of(1 + index) && n++ == 0) {
            memcpy(s->last, words, sizeof(words));
            read_event(words, reason);
            reason->address = about_program ? reason->address : 0;
        }
    }
    return n;
}

static unsigned record(const Machine *m, uint8_t *bytes)
{
    memcpy(bytes, state(m)->last, EVENT_BYTES);
    return EVENT_BYTES;
}

#define SMMUV3(of, n, none, blocked) \
    .name = of, .binary = "qemu-system-aarch64", .config = CONFIG_ECAM, \
    .ecam = 0x3f000000, .ram = 0x40000000, .bar = 0x10010000, .stages = n, \
    .formats = {TW_FORMAT_ARM64_S1, TW_FORMAT_ARM64_S2}, \
    .entry_bits = 3 | 1 << 7 | UINT64_C(1) << 62, \
    .wide = n == 2 ? UINT64_C(0x7fc0000000) : UINT64_C(0xffffc0000000), \
    .entry_ones = 1 << 6 | 1 << 10, \
    .reason_groups = \
        {[TW_REASON_NO_CONTEXT] = none,      [TW_REASON_BLOCKED] = blocked, \
         [TW_REASON_RANGE] = TRANSLATION,    [TW_REASON_ABSENT] = TRANSLATION, \
         [TW_REASON_RESERVED] = TRANSLATION, [TW_REASON_RIGHTS] = PERMISSION, \
         [TW_REASON_UNREADABLE] = EABT}, \
    .reason_lg = 12, .start = start_smmu, .reset = reset, .context = context, \
    .invalidate = invalidate, .own_word = own_word, .capture = capture, \
    .faults = faults, .record = record, .records = AT_EVENTS, \
    .records_bytes = MOST_TOLD * EVENT_BYTES

/* IHI 0070, 3.21 and 16.2: translations and configurations may be cached until
 * they are invalidated; what faults is not.  Stock QEMU keeps no pointers to
 * tables. */
const Driver tw_qtest_smmuv3 = {
    SMMUV3("smmuv3", 1, CONFIGURATION, TW_REASON_UNTOLD),
    .machine = "-M virt,iommu=smmuv3,highmem=off,gic-version=3,"
               "memory-backend=m0 -cpu cortex-a57",
    .contract = {.iotlb =
                     TW_IOTLB_ENTRIES | TW_IOTLB_REFUSALS | TW_IOTLB_CONTEXTS,
                 .commands = TW_COMMANDS_PLAIN},
};

const Driver tw_qtest_smmuv3_vhost = {
    SMMUV3("smmuv3-vhost", 1, CONFIGURATION, TW_REASON_UNTOLD),
    .observed = true,
    .machine = "-M virt,iommu=smmuv3,highmem=off,gic-version=3,"
               "memory-backend=m0 -cpu cortex-a57",
    .contract = {.iotlb =
                     TW_IOTLB_ENTRIES | TW_IOTLB_REFUSALS | TW_IOTLB_CONTEXTS,
                 .commands = TW_COMMANDS_PLAIN},
};

/* A command by intermediate address ends no combined records: software sends
 * one for the first stage, too ("TLB invalidation", TLBI_S2_IPA). */
const Driver tw_qtest_smmuv3_nested = {
    SMMUV3("smmuv3-nested", 2, TRANSLATION, TRANSLATION),
    .machine = "-M virt,iommu=smmuv3,highmem=off,gic-version=3,"
               "memory-backend=m0 -cpu cortex-a57",
    .silent = true,
    .contract = {.iotlb = TW_IOTLB_ENTRIES | TW_IOTLB_REFUSALS |
                          TW_IOTLB_CONTEXTS | TW_IOTLB_COMBINED,
                 .commands = TW_COMMANDS_PLAIN},
};
