/* SPDX-License-Identifier: MIT */
/*
 * AMD-Vi of the machine `q35`.  AMD I/O Virtualization Technology (IOMMU)
 * Specification (48882): the device table and page tables in 2.2, commands in
 * 2.4, registers in 3.4.
 */
#include <stdio.h>
#include <string.h>

#include "targets/qtest/internal.h"
#include "targets/qtest/needs.h"

enum {
    /* Registers. */
    DEVICE_TABLE = 0x00,
    COMMANDS = 0x08,
    EVENTS = 0x10,
    CONTROL_REGISTER = 0x18,
    FEATURES = 0x30,
    COMMAND_TAIL = 0x2008,
    EVENT_TAIL = 0x2018,
    STATUS = 0x2020,
    ENABLE = 1,
    ENABLE_EVENTS = 1 << 2,
    ENABLE_COMMANDS = 1 << 12,
    COMMANDS_RUN = 1 << 4, /* of STATUS */
    /* Structures: offsets in RAM. */
    AT_DEVICES = AT_STRUCTURES, /* 256 entries of 32 bytes */
    DEVICE_PAGES = 2,
    AT_OWN = AT_STRUCTURES + 0x4000,    /* table of level 2 */
    AT_EMPTY = AT_STRUCTURES + 0x5000,  /* root that leads nowhere */
    AT_STATUS = AT_STRUCTURES + 0x6000, /* a word */
    AT_QUEUE = AT_STRUCTURES + 0x100000,
    QUEUE_LG = 15, /* log2 of its commands */
    COMMAND_BYTES = 16,
    QUEUE_BYTES = COMMAND_BYTES << QUEUE_LG,
    AT_EVENTS = AT_STRUCTURES + 0x180000,
    EVENT_BYTES = 16,
    EVENTS_LG = 15,
    EVENTS_BYTES = EVENT_BYTES << EVENTS_LG,
    /* Domain ids; domain D of a program is D + 1. */
    OF_BLOCKED = 0x1fe,
    OF_CONTROL = 0x1ff,
    LEVELS = 3,
};

#define UNIT UINT64_C(0xfed80000)

/* Of a command (opcode [63:60]), of entries of tables, and of devices. */
#define COMPLETION_WAIT (UINT64_C(1) << 60)
#define INVALIDATE_DEVICE (UINT64_C(2) << 60)
#define INVALIDATE_PAGES (UINT64_C(3) << 60)
#define INVALIDATE_ALL (UINT64_C(8) << 60)
#define RIGHTS (UINT64_C(3) << 61)
/* Address and S of INVALIDATE_IOMMU_PAGES: everything. */
#define ALL_PAGES (UINT64_C(0x7ffffffffffff000) | 1)
#define TABLES_TOO 2 /* PDE */

/* An event says that a device was refused, not where or why.  */
enum { REFUSED = 1 };

typedef struct State {
    uint32_t tail;      /* in the queue, of what is planned */
    uint32_t n_waiting; /* bytes of it that QEMU has not seen */
    uint32_t event;     /* offset in the log of what is not known */
    /* Of which domains did an index pass through since the last command for its
     * context? */
    uint32_t passed[MOST_INDEXES][8];
} State;

static State *state(const Machine *m)
{
    return m->state;
}

static uint64_t device_id(unsigned device)
{
    return (4 + device) << 3;
}

static bool is_in(const uint32_t *set, unsigned domain)
{
    return set[domain / 32] >> domain % 32 & 1;
}

/* Commands ----------------------------------------------------------------- */

static void command(Machine *m, uint64_t q0, uint64_t q1)
{
    State *s = state(m);
    uint64_t words[2] = {q0, q1};

    if (s->n_waiting + 2 * COMMAND_BYTES > QUEUE_BYTES) {
        tw_qtest_store32(m, UNIT + COMMAND_TAIL, s->tail);
        tw_plan_close(m);
        tw_qtest_flush(m);
        s->n_waiting = 0;
    }
    tw_qtest_put(m, m->driver->ram + AT_QUEUE + s->tail, words, sizeof(words));
    s->tail = (s->tail + COMMAND_BYTES) % QUEUE_BYTES;
    s->n_waiting += COMMAND_BYTES;
}

/* The commands so far are performed; when all are, a word says so (s 0). */
static void submit(Machine *m)
{
    command(m, COMPLETION_WAIT | (m->driver->ram + AT_STATUS) | 1, 0);
    tw_qtest_store32(m, UNIT + COMMAND_TAIL, state(m)->tail);
}

/* Pages of a domain: DomainID [47:32]. */
static uint64_t pages_of(unsigned id)
{
    return INVALIDATE_PAGES | (uint64_t)id << 32;
}

/* By pieces of 2^n pages, aligned: with S, the lowest bit of the address that
 * is 0, from bit 12 on, says how large they are. */
static void invalidate_pages(Machine *m, unsigned domain, uint64_t flags,
                             uint64_t first, uint64_t last)
{
    const uint64_t top = (UINT64_C(1) << 39) - 1;
    uint64_t page = (first < top ? first : top) >> 12;
    uint64_t end = ((last < top ? last : top) >> 12) + 1;

    while (page < end) {
        unsigned lg = 0;
        uint64_t size = 0;

        while (!(page >> lg & 1) && page + (UINT64_C(2) << lg) <= end) {
            lg++;
        }
        if (lg > 0) {
            size = ((UINT64_C(1) << (lg - 1)) - 1) << 12 | 1;
        }
        command(m, pages_of(domain + 1), page << 12 | size | flags);
        page += UINT64_C(1) << lg;
    }
}

static void invalidate_entries(Machine *m, const TwOp *op)
{
    bool leaf = op->scope == TW_SCOPE_LEAF || op->scope == TW_SCOPE_ANY_LEAF;
    bool one = op->scope == TW_SCOPE_RANGE || op->scope == TW_SCOPE_LEAF;

    if (op->scope == TW_SCOPE_DOMAIN) {
        command(m, pages_of(op->whose + 1), ALL_PAGES | TABLES_TOO);
        return;
    }
    for (unsigned domain = 0; domain < 256; domain++) {
        if (one ? domain != op->whose : !is_in(m->domains[0], domain)) {
            continue;
        }
        if (op->scope == TW_SCOPE_GLOBAL) {
            command(m, pages_of(domain + 1), ALL_PAGES | TABLES_TOO);
        } else {
            invalidate_pages(m, domain, leaf ? 0 : TABLES_TOO, op->addr,
                             op->last);
        }
    }
}

static void note_pass(Machine *m, unsigned index)
{
    const Stage *stage = &m->stages[0][index];

    if (stage->mode == TW_CONTEXT_PASS) {
        state(m)->passed[index][stage->domain / 32] |= 1u << stage->domain % 32;
    }
}

/* The entry of a device was changed: the command for it, and where it passed
 * through, the one for pages of that domain. */
static void invalidate_context(Machine *m, unsigned index)
{
    State *s = state(m);

    command(m, INVALIDATE_DEVICE | device_id(1 + index), 0);
    for (unsigned domain = 0; domain < 256; domain++) {
        if (is_in(s->passed[index], domain)) {
            command(m, pages_of(domain + 1), ALL_PAGES | TABLES_TOO);
        }
    }
    memset(s->passed[index], 0, sizeof(s->passed[index]));
    note_pass(m, index); /* it may go on */
}

static void invalidate(Machine *m, const TwOp *op)
{
    if (op->scope == TW_SCOPE_CONTEXT) {
        invalidate_context(m, op->whose % m->indexes);
    } else if (op->scope == TW_SCOPE_CONTEXTS) {
        for (unsigned index = 0; index < m->indexes; index++) {
            invalidate_context(m, index);
        }
    } else {
        invalidate_entries(m, op);
    }
    submit(m);
}

/* Structures --------------------------------------------------------------- */

static uint64_t device_at(const Machine *m, unsigned device)
{
    return m->driver->ram + AT_DEVICES + 32 * device_id(device);
}

/* Entry of a device: V 0, TV 1, levels [11:9], tables [51:12], IR 61, IW 62;
 * DomainID [79:64]. */
static void put_entry(Machine *m, unsigned device, uint64_t low, unsigned id)
{
    tw_qtest_store64(m, device_at(m, device) + 8, id);
    tw_qtest_store64(m, device_at(m, device), low);
}

static void context(Machine *m, unsigned index)
{
    const Stage *stage = &m->stages[0][index];
    uint64_t tables = RIGHTS | LEVELS << 9 | 3;

    switch (stage->mode) {
    case TW_CONTEXT_TABLES:
        put_entry(m, 1 + index, stage->root | tables, stage->domain + 1);
        break;
    case TW_CONTEXT_PASS:
        put_entry(m, 1 + index, RIGHTS | 3, stage->domain + 1);
        note_pass(m, index);
        break;
    default: /* blocked, or none: an entry that is not there lets all through */
        put_entry(m, 1 + index, (m->driver->ram + AT_EMPTY) | tables,
                  OF_BLOCKED);
        break;
    }
}

static uint64_t log_base(const Machine *m)
{
    return (m->driver->ram + AT_EVENTS) | (uint64_t)EVENTS_LG << 56;
}

static void reset(Machine *m)
{
    State *s = state(m);

    s->n_waiting = 0;
    memset(s->passed, 0, sizeof(s->passed));
    for (unsigned index = 0; index < MOST_INDEXES; index++) {
        context(m, index);
        command(m, INVALIDATE_DEVICE | device_id(1 + index), 0);
    }
    command(m, INVALIDATE_ALL, 0);
    submit(m);
    tw_qtest_store64(m, UNIT + EVENTS, log_base(m)); /* empties it */
    s->event = 0;
}

static uint64_t own_word(const Machine *m, unsigned stage, unsigned i)
{
    (void)stage;
    switch (i) {
    case 0: /* RAM, as one page */
        return RIGHTS | 1;
    case 3: /* devices: a table, since 0xfee00000 is no memory */
        return (m->driver->ram + AT_OWN) | RIGHTS | 2 << 9 | 1;
    default:
        return 0;
    }
}

static void put_word(Machine *m, uint64_t at, uint64_t word)
{
    tw_qtest_put(m, m->driver->ram + at, &word, sizeof(word));
}

/* What never changes. */
static void make_structures(Machine *m)
{
    uint64_t devices = UINT64_C(0xfec00000); /* the 2 MiB with the unit */
    uint64_t control = device_at(m, CONTROL) - m->driver->ram;

    put_word(m, AT_OWN + (devices >> 21 & 511) * 8, devices | RIGHTS | 1);
    for (unsigned i = 0; i < OWN_WORDS; i++) {
        put_word(m, AT_EMPTY + 8 * i, own_word(m, 0, i));
    }
    put_word(m, control, RIGHTS | 3);
    put_word(m, control + 8, OF_CONTROL);
}

/* HATS of the extended features: 0, 1, 2 are tables of 4, 5, 6 levels; 3 is
 * reserved. */
static const Need needs[] = {
    {1, 0, 10, 2, 0, 2, "host tables of 3 levels"},
};

static bool start_amdvi(Machine *m, char *why, size_t size)
{
    uint64_t ram = m->driver->ram;
    uint64_t status;
    const NeedRegister features = {"EFR", tw_qtest_readq(m, UNIT + FEATURES)};

    if (!tw_needs_met(needs, G_N_ELEMENTS(needs), 1, "AMD-Vi", &features, why,
                      size)) {
        return false;
    }
    make_structures(m);
    tw_qtest_writeq(m, UNIT + DEVICE_TABLE,
                    (ram + AT_DEVICES) | (DEVICE_PAGES - 1));
    tw_qtest_writeq(m, UNIT + COMMANDS,
                    (ram + AT_QUEUE) | (uint64_t)QUEUE_LG << 56);
    tw_qtest_writeq(m, UNIT + EVENTS, log_base(m));
    tw_qtest_writeq(m, UNIT + CONTROL_REGISTER,
                    ENABLE | ENABLE_EVENTS | ENABLE_COMMANDS);
    status = tw_qtest_readq(m, UNIT + STATUS);
    if (!(status & COMMANDS_RUN)) {
        snprintf(why, size,
                 "expected AMD-Vi to take commands when it is told to, not "
                 "status 0x%llx",
                 (unsigned long long)status);
        return false;
    }
    return true;
}

/* Faults ------------------------------------------------------------------- */

static void capture(Machine *m)
{
    tw_qtest_capture(m, UNIT + EVENT_TAIL, 4, 0);
}

/* Event: DeviceID [15:0]. */
static unsigned faults(Machine *m, unsigned index, const uint8_t *captured,
                       TwReason *reason)
{
    State *s = state(m);
    unsigned n = 0;
    uint32_t end;

    memcpy(&end, captured, sizeof(end));
    for (; s->event != end % EVENTS_BYTES;
         s->event = (s->event + EVENT_BYTES) % EVENTS_BYTES) {
        uint64_t word;

        memcpy(&word, m->ram + AT_EVENTS + s->event, sizeof(word));
        if ((word & 0xffff) == device_id(1 + index) && n++ == 0) {
            *reason = (TwReason){.kind = TW_REASON_ABSENT};
        }
    }
    return n;
}

#define Q35 \
    "-M q35,sata=off,smbus=off,usb=off,vmport=off,memory-backend=m0 " \
    "-device amd-iommu,intremap=off"

/*
 * "IOMMU Caches": translations and device table entries may be cached until
 * they are invalidated; what is not present is not.  After the entry of a
 * device was changed, software invalidates it and the pages of its domain:
 * until then a unit may look up translations before the entry, by requester, as
 * QEMU does. Pointers to tables may be cached, too; stock QEMU keeps none, and
 * without them the judge is faster and stricter.
 */
#define AMDVI(of) \
    .name = of, .binary = "qemu-system-x86_64", .machine = Q35, .since = 11, \
    .machine_since = Q35 ",dma-remap=on", .silent = true, .tells_since = 11, \
    .config = CONFIG_PORTS, .bar = 0xfe000000, .stages = 1, \
    .formats = {TW_FORMAT_AMDVI}, \
    .entry_bits = 0x7f | 7 << 9 | UINT64_C(3) << 59 | RIGHTS, \
    .wide = UINT64_C(0xffffffffc0000000), \
    .reason_groups = \
        {[TW_REASON_NO_CONTEXT] = REFUSED, [TW_REASON_BLOCKED] = REFUSED, \
         [TW_REASON_RANGE] = REFUSED,      [TW_REASON_UNREADABLE] = REFUSED, \
         [TW_REASON_ABSENT] = REFUSED,     [TW_REASON_RESERVED] = REFUSED, \
         [TW_REASON_RIGHTS] = REFUSED}, \
    .reason_lg = 64, \
    .contract = {.iotlb = TW_IOTLB_ENTRIES | TW_IOTLB_REFUSALS | \
                          TW_IOTLB_CONTEXTS | TW_IOTLB_BY_INDEX, \
                 .commands = TW_COMMANDS_PLAIN}, \
    .start = start_amdvi, .reset = reset, .context = context, \
    .invalidate = invalidate, .own_word = own_word, .capture = capture, \
    .faults = faults

const Driver tw_qtest_amdvi = {AMDVI("amdvi")};

const Driver tw_qtest_amdvi_vhost = {
    AMDVI("amdvi-vhost"),
    .observed = true,
    .hole_first = UINT64_C(0xfee00000),
    .hole_last = UINT64_C(0xfeefffff),
};
