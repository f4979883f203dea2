/* SPDX-License-Identifier: MIT */
/*
 * Test devices that keep mappings: AHCI controllers (Serial ATA AHCI 1.3.1,
 * chapters 3, 4 and 10).  A port that receives maps 256 bytes at PxFB, until it
 * is stopped: a `dma-map` starts a port, a `dma-unmap` stops it.  A reset of
 * the link (PxSCTL) makes the disk send its signature, a D2H Register FIS,
 * which the port stores at offset 0x40: that is the store of a program.
 *
 * A port that starts its commands maps 1 KiB at PxCLB, the command list.  The
 * list of a mapping for loads is the one around its area; its slots have
 * headers of 32 bytes, and one of them begins at offset 0x40 of the area.  When
 * that slot is issued, the device reads the header: that is the load of a
 * program (ahci-list.c).  The port receives meanwhile, as 10.3.1 demands, in an
 * area of our own.
 *
 * One more port starts and stops for each access that is via no mapping.
 *
 * The bytes are the disk's, not those of the program.  So when a store is done
 * we look for them in all pages that the program may reach, put back what was
 * there, and put the program's bytes in their place.
 *
 * There is no control device: changes are those of direct.c.
 */
#include <stdio.h>
#include <string.h>

#include "targets/qtest/ahci.h"

enum {
    FIRST_SLOT = 5,
    IDENTITY = 0x29228086,
    BAR5 = 0x24,
    COMMAND = 4,
    MEMORY_AND_MASTER = 6,
    /* Registers. */
    GLOBAL_CONTROL = 4,
    PORTS = 0x100, /* of the first port, */
    PORT_BYTES = 0x80,
    LIST_AT = 0x00, /* addresses, each with its upper half; */
    RECEIVED_AT = 0x08,
    PORT_COMMAND = 0x18,
    LINK_CONTROL = 0x2c,
    STOPPED = 0x06, /* PORT_COMMAND: the disk has power; */
    RECEIVES = 0x16,
    RECEIVES_AND_STARTS = 0x17,
    ISSUE = 0x38, /* a bit for each slot */
    RESET_LINK = 1,
    AREA_BYTES = 256,
    STORED_AT = TW_AHCI_AT,
    STORED_BYTES = 20,
    OWN_PORT = HELD_PORTS - 1, /* for accesses via no mapping */
};

#define DISK(k, port) \
    " -blockdev null-co,node-name=d" k port ",size=1048576,read-zeroes=on " \
    "-device ide-hd,drive=d" k port ",bus=ahci" k "." port
#define CONTROLLER(k, slot) \
    "ich9-ahci,id=ahci" k ",addr=" slot DISK(k, "0") DISK(k, "1") DISK(k, "2") \
        DISK(k, "3")

static const char *device_of(unsigned index)
{
    static const char *const devices[MOST_INDEXES] = {CONTROLLER("0", "5"),
                                                      CONTROLLER("1", "6")};

    return devices[index];
}

/* Registers ---------------------------------------------------------------- */

static uint32_t bar_of(const Machine *m, unsigned index)
{
    return m->driver->bar + (index << 16);
}

static void write_port(Machine *m, unsigned index, unsigned port,
                       unsigned offset, uint32_t value)
{
    tw_qtest_writel(m, bar_of(m, index) + PORTS + PORT_BYTES * port + offset,
                    value);
}

static bool start_disks(Machine *m, char *why, size_t size)
{
    for (unsigned i = 0; i < MOST_INDEXES; i++) {
        unsigned slot = FIRST_SLOT + i;

        if (!tw_qtest_is_device(m, slot, IDENTITY, "ich9-ahci", why, size)) {
            return false;
        }
        tw_qtest_config_write(m, slot, BAR5, bar_of(m, i));
        tw_qtest_config_write(m, slot, COMMAND, MEMORY_AND_MASTER);
        tw_qtest_writel(m, bar_of(m, i) + GLOBAL_CONTROL, 1u << 31);
    }
    return tw_qtest_flush(m);
}

/* What was stored ---------------------------------------------------------- */

/* The pages that a program may reach, at the offset of a store. */
typedef struct Before {
    unsigned offset; /* in a page */
    uint8_t bytes[PAGES][STORED_BYTES];
} Before;

static uint8_t *bytes_of(const Machine *m, unsigned i, unsigned offset)
{
    return m->ram + AT_PROGRAM + m->used[i] * (size_t)PAGE_BYTES + offset;
}

static void look_before(const Machine *m, uint64_t area, Before *before)
{
    before->offset = (area + STORED_AT) % PAGE_BYTES;
    for (unsigned i = 0; i < m->n_used; i++) {
        memcpy(before->bytes[i], bytes_of(m, i, before->offset), STORED_BYTES);
    }
}

/* Where the disk's bytes are: a guest address, or UINT64_MAX.  They are put
 * away. */
static uint64_t find_stored(Machine *m, const Before *before)
{
    uint64_t place = UINT64_MAX;

    for (unsigned i = 0; i < m->n_used; i++) {
        uint8_t *now = bytes_of(m, i, before->offset);

        if (memcmp(now, before->bytes[i], STORED_BYTES) == 0) {
            continue;
        }
        memcpy(&m->held_word, now, sizeof(m->held_word));
        memcpy(now, before->bytes[i], STORED_BYTES);
        place = m->driver->ram + (uint64_t)(now - m->ram);
    }
    return place;
}

/* Ports -------------------------------------------------------------------- */

/* The disk sends its signature when its port next begins to receive, or at once
 * if it does already. */
static void reset_link(Machine *m, unsigned index, unsigned port)
{
    write_port(m, index, port, LINK_CONTROL, RESET_LINK);
    write_port(m, index, port, LINK_CONTROL, 0);
}

static void write_address(Machine *m, unsigned index, unsigned port,
                          unsigned offset, uint64_t address)
{
    write_port(m, index, port, offset, (uint32_t)address);
    write_port(m, index, port, offset + 4, (uint32_t)(address >> 32));
}

static void begin_port(Machine *m, unsigned index, unsigned port, uint64_t area)
{
    reset_link(m, index, port);
    write_address(m, index, port, RECEIVED_AT, area);
    write_port(m, index, port, PORT_COMMAND, RECEIVES);
}

/* What is recorded of our own area, where the device is blocked, is dropped. */
static void begin_list(Machine *m, unsigned index, unsigned port, uint64_t area)
{
    TwReason reason;

    begin_port(m, index, port, tw_ahci_received(m, index, port));
    tw_qtest_reason(m, index, AT_SLOTS + SLOT_BYTES, &reason);
    write_address(m, index, port, LIST_AT, tw_ahci_list(area));
    write_port(m, index, port, PORT_COMMAND, RECEIVES_AND_STARTS);
}

static void stop_port(Machine *m, unsigned index, unsigned port)
{
    write_port(m, index, port, PORT_COMMAND, STOPPED);
}

/* A port that could not map its area has a buffer of QEMU's instead, which is
 * written where the area is when the port stops.  So it is stopped at once, and
 * what that records is dropped. */
static void stop_lost(Machine *m, unsigned index, unsigned port)
{
    TwReason reason;

    stop_port(m, index, port);
    tw_qtest_reason(m, index, AT_SLOTS + SLOT_BYTES, &reason);
}

/* A script that is told has no ports to look at: it does what was seen to be
 * needed when the program ran. */
static void tell_map(Machine *m, const TwOp *op, unsigned number,
                     unsigned index)
{
    (op->perm == TW_R ? begin_list : begin_port)(m, index, op->obj, op->addr);
    tw_qtest_reason(m, index, AT_SLOTS, NULL);
    m->held[op->obj].runs = !m->held_lost[number];
    if (m->held_lost[number]) {
        stop_lost(m, index, op->obj);
    }
}

/* Is the area mapped?  The disk's signature is there then. */
static bool map_area(Machine *m, const TwOp *op, unsigned index)
{
    TwReason reason = {.kind = TW_REASON_NONE};
    Before before;

    look_before(m, op->addr, &before);
    begin_port(m, index, op->obj, op->addr);
    tw_qtest_reason(m, index, AT_SLOTS, &reason);
    return !m->broken && find_stored(m, &before) != UINT64_MAX;
}

/* The guest address of the header that the device has read, or UINT64_MAX; its
 * bytes as they were before.  Only a command shows that. */
static uint64_t issue(Machine *m, unsigned index, unsigned port, uint64_t area,
                      uint64_t *value)
{
    static _Thread_local AhciHeaders headers;
    TwReason reason = {.kind = TW_REASON_NONE};
    uint64_t place;

    tw_direct_settle(m);
    tw_ahci_put_headers(m, area, &headers);
    write_port(m, index, port, ISSUE, 1u << tw_ahci_slot(area));
    tw_qtest_reason(m, index, AT_SLOTS + SLOT_BYTES, &reason);
    place = tw_ahci_find_header(m, &headers, &reason, value);
    return m->broken ? UINT64_MAX : place;
}

/* Is the list mapped?  Then a command's header is read. */
static bool map_list(Machine *m, const TwOp *op, unsigned index)
{
    TwReason reason = {.kind = TW_REASON_NONE};
    uint64_t value;

    begin_list(m, index, op->obj, op->addr);
    tw_qtest_reason(m, index, AT_SLOTS, &reason);
    return !m->broken && reason.kind == TW_REASON_NONE &&
           issue(m, index, op->obj, op->addr, &value) != UINT64_MAX;
}

static void map(Machine *m, const TwOp *op, unsigned number)
{
    unsigned index = (op->attrs >> TW_ATTR_REQUESTER_SHIFT) % m->indexes;
    Held *held = &m->held[op->obj];

    *held = (Held){
        .index = (uint8_t)index, .loads = op->perm == TW_R, .area = op->addr};
    if (m->tell) {
        tell_map(m, op, number, index);
        return;
    }
    tw_direct_settle(m);
    held->runs = (held->loads ? map_list : map_area)(m, op, index);
    if (m->broken) {
        return;
    }
    m->held_lost[number] = !held->runs;
    if (!held->runs) {
        stop_lost(m, index, op->obj);
    }
}

static void unmap(Machine *m, const TwOp *op)
{
    Held *held = &m->held[op->obj];

    if (held->runs) {
        stop_port(m, held->index, op->obj);
        held->runs = false;
    }
}

static void stop(Machine *m)
{
    for (unsigned port = 0; port < OWN_PORT; port++) {
        if (m->held[port].runs && !m->broken && !m->tell) {
            stop_port(m, m->held[port].index, port);
        }
        m->held[port].runs = false;
    }
    tw_direct_settle(m);
}

/* Stores ------------------------------------------------------------------- */

static void put_tag(Machine *m, const TwOp *op, unsigned number, uint64_t place,
                    TwOutcome *outcome)
{
    uint64_t at = place - m->driver->ram - AT_PROGRAM;
    uint8_t *to = m->ram + AT_PROGRAM + at;

    for (unsigned k = 0; k < op->size; k++) {
        to[k] = tw_content_tag(m->program->contents, number, op->addr, k);
    }
    tw_trace_add_location(
        m->trace, outcome,
        (TwLocation){
            .first = 0, .length = op->size, .region = m->block, .offset = at});
}

static void conclude(Machine *m, const TwOp *op, unsigned number,
                     uint64_t place)
{
    TwOutcome *outcome = &m->trace->outcomes[number];

    if (place != UINT64_MAX) {
        outcome->class_ = TW_CLASS_OK;
        outcome->reason = (TwReason){.kind = TW_REASON_NONE};
        put_tag(m, op, number, place, outcome);
        return;
    }
    outcome->class_ = TW_CLASS_DECODE_ERROR;
    if (outcome->reason.kind != TW_REASON_NONE) {
        /* The area begins before what is stored. */
        outcome->reason.address += STORED_AT;
    }
}

/* Is the access in an area that its mapping holds? */
static bool is_held(const Machine *m, const TwOp *op, unsigned index)
{
    const Held *held = &m->held[op->other];

    return op->flags & TW_OPF_VIA && held->runs && held->index == index &&
           held->loads == (op->code == TW_OP_DMA_READ) &&
           op->addr == held->area + STORED_AT;
}

static void store(Machine *m, const TwOp *op, unsigned number)
{
    TwOutcome *outcome = &m->trace->outcomes[number];
    unsigned index = (op->attrs >> TW_ATTR_REQUESTER_SHIFT) % m->indexes;
    bool held = is_held(m, op, index);
    unsigned port = held ? op->other : OWN_PORT;
    uint64_t area = op->addr - STORED_AT;
    Before before;

    tw_direct_settle(m);
    look_before(m, area, &before);
    if (held) {
        reset_link(m, index, port);
        write_port(m, index, port, PORT_COMMAND, RECEIVES);
    } else {
        begin_port(m, index, port, area);
    }
    outcome->reason = (TwReason){.kind = TW_REASON_NONE};
    if (!m->tell_alone) {
        tw_qtest_reason(m, index, AT_SLOTS, &outcome->reason);
    }
    if (!m->tell && !m->broken) {
        conclude(m, op, number, find_stored(m, &before));
    }
    if (!held && !m->tell_alone) {
        stop_lost(m, index, port);
    }
}

/* Loads -------------------------------------------------------------------- */

/* A script that is told issues the command of the accused load alone, which is
 * the last operation: headers would be in the way of the others. */
static void tell_load(Machine *m, const TwOp *op, unsigned index, unsigned port)
{
    static _Thread_local AhciHeaders headers;
    uint64_t area = op->addr - TW_AHCI_AT;

    if (m->tell_alone) {
        tw_ahci_put_headers(m, area, &headers);
        write_port(m, index, port, ISSUE, 1u << tw_ahci_slot(area));
    } else {
        tw_qtest_reason(m, index, AT_SLOTS, NULL);
    }
}

static void perform_load(Machine *m, const TwOp *op, unsigned number,
                         unsigned index, unsigned port)
{
    TwOutcome *outcome = &m->trace->outcomes[number];
    uint64_t place = UINT64_MAX;

    outcome->reason = (TwReason){.kind = TW_REASON_NONE};
    m->held_unused = false;
    tw_qtest_reason(m, index, AT_SLOTS, &outcome->reason);
    if (!m->broken && outcome->reason.kind == TW_REASON_NONE) {
        place = issue(m, index, port, op->addr - TW_AHCI_AT, &outcome->value);
    }
    m->held_place = place;
    m->held_word = AHCI_USED;
    outcome->class_ = place != UINT64_MAX ? TW_CLASS_OK : TW_CLASS_DECODE_ERROR;
}

static void load(Machine *m, const TwOp *op, unsigned number)
{
    unsigned index = (op->attrs >> TW_ATTR_REQUESTER_SHIFT) % m->indexes;
    bool held = is_held(m, op, index);
    unsigned port = held ? op->other : OWN_PORT;

    tw_direct_settle(m);
    if (!held) {
        begin_list(m, index, port, op->addr - TW_AHCI_AT);
    }
    if (m->tell) {
        tell_load(m, op, index, port);
    } else {
        perform_load(m, op, number, index, port);
    }
    if (!held && !m->tell_alone) {
        stop_lost(m, index, port);
    }
}

const Keeper tw_ahci = {
    .area_lg = 8,
    .area_at = STORED_AT,
    .about = "AHCI controllers make DMA, 00:05.0 (rid=0) and 00:06.0 (rid=1):\n"
             "a port that begins to receive maps 256 bytes (dma-map); when its "
             "link is reset,\n"
             "the disk sends its signature, which the port stores at offset "
             "0x40 (dma-write);\n"
             "one that starts maps a command list, and reads a header there "
             "when its slot is\nissued (dma-read).\n",
    .device = device_of,
    .start = start_disks,
    .map = map,
    .unmap = unmap,
    .store = store,
    .load = load,
    .stop = stop,
};
