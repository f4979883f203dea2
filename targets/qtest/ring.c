/* SPDX-License-Identifier: MIT */
/*
 * Test devices with virtqueues (Virtual I/O Device (VIRTIO) Version 1.2: split
 * virtqueues in 2.7, reset of a queue in 2.6.1): consoles without a port behind
 * their queues, which use each buffer at once.  For that a device stores an
 * element of 8 bytes in the queue's used ring; that is the store of a program.
 * The elements of a ring are 4 bytes off a multiple of 8, so the last one of an
 * area at the end of a page is in two pages.
 *
 * A `dma-map` gives a queue its used ring, 64 bytes and an element that ends 4
 * bytes behind them; a `dma-unmap` resets the queue.  One more queue has a new
 * ring for each store that is via no mapping.  Elements are used one after the
 * other: those before that of the program are used, too.
 *
 * The bytes are the device's: the number of a descriptor, and a length.  So
 * when a store is done we look for them in all pages that the program may
 * reach, put back what was there, and put the program's bytes in their place.
 *
 * A request on PCI Express does not cross a multiple of 4 KiB (Base
 * Specification 5.0, 2.2.7): a device stores an element of two pages by two
 * requests, and one of them may be refused.  The language has it as one store
 * (AC-6).  So a half is put back if the other was refused.
 */
#include <string.h>

#include "targets/qtest/internal.h"
#include "targets/qtest/needs.h"
#include "targets/qtest/virtio-pci.h"

enum {
    FIRST_SLOT = 5,
    IDENTITY = 0x10431af4, /* device 3 of VIRTIO 1 */
    /* Bits 32, 33 and 40: VERSION_1, ACCESS_PLATFORM, RING_RESET. */
    WANTED_UPPER = 0x103,
    ENTRIES = 8, /* of a queue */
    AREA_LG = 6,
    AREA_BYTES = 1 << AREA_LG,
    ELEMENTS_AT = 4, /* in a used ring */
    ELEMENT_BYTES = 8,
    HALF = 4,
    LAST = ENTRIES - 1,         /* the element that goes beyond the area */
    OWN_QUEUE = HELD_PORTS - 1, /* for stores via no mapping */
    /* The other rings of a queue, and a byte to be sent. */
    AT_QUEUES = AT_SCRIPTS,
    QUEUE_BYTES = 0x1000,
    AVAILABLE_AT = 0x400,
    BYTE_AT = 0x800,
};

static const char *device_of(unsigned index)
{
#define CONSOLE(slot) \
    "virtio-serial-pci,addr=" slot \
    ",max_ports=4,disable-legacy=on,iommu_platform=on,ioeventfd=off"
    static const char *const devices[MOST_INDEXES] = {CONSOLE("5"),
                                                      CONSOLE("6")};

    return devices[index];
}

/* Registers ---------------------------------------------------------------- */

static uint32_t bar_of(const Machine *m, unsigned index)
{
    return m->driver->bar + (index << 16);
}

/* The queue of a port by which the driver sends: 1, behind which are two of
 * the device's own, then 5, 7, ... */
static unsigned number_of(unsigned queue)
{
    return queue == 0 ? 1 : 2 * queue + 3;
}

static void write_upper(Machine *m, uint64_t bar)
{
    tw_qtest_writel(m, bar + FEATURES_SELECT, 0);
    tw_qtest_writel(m, bar + FEATURES, 0);
    tw_qtest_writel(m, bar + FEATURES_SELECT, 1);
    tw_qtest_writel(m, bar + FEATURES, WANTED_UPPER);
}

static bool start_consoles(Machine *m, char *why, size_t size)
{
    static const Need needs[] = {
        {1, 0, 0, 1, 1, 0, "version 1"},
        {1, 0, 1, 1, 1, 0, "addresses of the platform"},
        {1, 0, 8, 1, 1, 0, "reset of a queue"},
    };

    for (unsigned i = 0; i < MOST_INDEXES; i++) {
        NeedRegister offered = {"features of the upper half", 0};
        unsigned slot = FIRST_SLOT + i;
        uint64_t bar = bar_of(m, i);

        if (!tw_qtest_is_device(m, slot, IDENTITY, "virtio-serial-pci", why,
                                size)) {
            return false;
        }
        tw_qtest_config_write(m, slot, BAR4, (uint32_t)bar);
        tw_qtest_config_write(m, slot, BAR4_UPPER, 0);
        tw_qtest_config_write(m, slot, COMMAND, MEMORY_AND_MASTER);
        tw_qtest_writeb(m, bar + STATUS, ACKNOWLEDGE);
        tw_qtest_writeb(m, bar + STATUS, ACKNOWLEDGE | DRIVER);
        tw_qtest_writel(m, bar + OFFERED_SELECT, 1);
        offered.value = tw_qtest_readl(m, bar + OFFERED);
        if (!m->tell && !tw_needs_met(needs, G_N_ELEMENTS(needs), 1,
                                      "virtio-serial", &offered, why, size)) {
            return false;
        }
        write_upper(m, bar);
        tw_qtest_writeb(m, bar + STATUS, ACKNOWLEDGE | DRIVER | FEATURES_OK);
        tw_qtest_writeb(m, bar + STATUS,
                        ACKNOWLEDGE | DRIVER | FEATURES_OK | DRIVER_OK);
    }
    return tw_qtest_flush(m);
}

/* Queues ------------------------------------------------------------------- */

static uint32_t queue_at(unsigned index, unsigned queue)
{
    return AT_QUEUES + (index * HELD_PORTS + queue) * QUEUE_BYTES;
}

static void select_queue(Machine *m, unsigned index, unsigned queue)
{
    tw_qtest_writew(m, bar_of(m, index) + QUEUE_SELECT,
                    (uint16_t)number_of(queue));
}

/* Descriptors, each of the one byte, and no entry in the ring of those that the
 * device may take. */
static void put_structures(Machine *m, unsigned index, unsigned queue)
{
    const uint64_t at = m->driver->ram + queue_at(index, queue);
    uint64_t words[2 * ENTRIES];
    const uint16_t available[2] = {0, 0}; /* flags, index */

    for (unsigned i = 0; i < ENTRIES; i++) {
        words[2 * i] = at + BYTE_AT;
        words[2 * i + 1] = 1;
    }
    tw_direct_settle(m);
    tw_qtest_put(m, at, words, sizeof(words));
    tw_qtest_put(m, at + AVAILABLE_AT, available, sizeof(available));
}

static void begin_queue(Machine *m, unsigned index, unsigned queue,
                        uint64_t area)
{
    const uint64_t at = m->driver->ram + queue_at(index, queue);
    const uint64_t rings[RINGS] = {
        [DESCRIPTORS] = at, [AVAILABLE] = at + AVAILABLE_AT, [USED] = area};
    const uint64_t bar = bar_of(m, index);

    put_structures(m, index, queue);
    select_queue(m, index, queue);
    tw_qtest_writew(m, bar + QUEUE_SIZE, ENTRIES);
    for (unsigned ring = 0; ring < RINGS; ring++) {
        tw_qtest_writel(m, bar + QUEUE_RINGS + 8 * ring, (uint32_t)rings[ring]);
        tw_qtest_writel(m, bar + QUEUE_RINGS + 8 * ring + 4,
                        (uint32_t)(rings[ring] >> 32));
    }
    tw_qtest_writew(m, bar + QUEUE_ENABLE, 1);
    m->held[queue] =
        (Held){.runs = true, .index = (uint8_t)index, .area = area};
}

static void reset_queue(Machine *m, unsigned queue)
{
    unsigned index = m->held[queue].index;

    select_queue(m, index, queue);
    tw_qtest_writew(m, bar_of(m, index) + QUEUE_RESET, 1);
    m->held[queue].runs = false;
}

/* The device uses the elements up to that one.  Those before it are in the page
 * in which it begins, so they are refused if it is. */
static void use_elements(Machine *m, unsigned queue, unsigned element)
{
    Held *held = &m->held[queue];
    uint64_t at = m->driver->ram + queue_at(held->index, queue) + AVAILABLE_AT;
    uint16_t end;

    if (held->n % ENTRIES > element) { /* none in the way is the last one */
        reset_queue(m, queue);
        begin_queue(m, held->index, queue, held->area);
    }
    tw_direct_settle(m);
    do {
        const uint16_t descriptor = held->n % ENTRIES;

        tw_qtest_put(m, at + 4 + 2 * (held->n % ENTRIES), &descriptor,
                     sizeof(descriptor));
    } while (held->n++ % ENTRIES != element);
    end = held->n;
    tw_qtest_put(m, at + 2, &end, sizeof(end));
    tw_qtest_writew(
        m, bar_of(m, held->index) + NOTIFY + NOTIFY_BYTES * number_of(queue),
        (uint16_t)number_of(queue));
}

static void map(Machine *m, const TwOp *op, unsigned number)
{
    unsigned index = (op->attrs >> TW_ATTR_REQUESTER_SHIFT) % m->indexes;

    (void)number;
    begin_queue(m, index, op->obj, op->addr);
}

static void unmap(Machine *m, const TwOp *op)
{
    reset_queue(m, op->obj);
}

static void stop(Machine *m)
{
    for (unsigned queue = 0; queue < HELD_PORTS; queue++) {
        if (m->held[queue].runs && !m->broken && !m->tell) {
            reset_queue(m, queue);
        }
        m->held[queue].runs = false;
    }
    tw_direct_settle(m);
}

/* What was stored ---------------------------------------------------------- */

enum {
    BLANK = 0xff, /* in all bytes that may be stored: no element has it */
    NOWHERE = -1,
    STRAYED = -2, /* in the RAM of the machine that is not the program's */
};

/* A ring that is used, in all pages that a program may reach: the bytes of its
 * area, and the 4 bytes behind it, which may be in another page. */
typedef struct Ring {
    unsigned area, tail; /* offsets in a page */
    unsigned half[2];    /* likewise of the halves of the element */
    uint8_t bytes[PAGES][AREA_BYTES], tails[PAGES][HALF];
    uint8_t strayed[AREA_BYTES + HALF]; /* RAM from 0 on */
} Ring;

static uint8_t *page_of(const Machine *m, unsigned i)
{
    return m->ram + AT_PROGRAM + m->used[i] * (size_t)PAGE_BYTES;
}

static void look_before(const Machine *m, uint64_t area, unsigned element,
                        Ring *ring)
{
    unsigned at = ELEMENTS_AT + ELEMENT_BYTES * element;

    ring->area = area % PAGE_BYTES;
    ring->tail = (area + AREA_BYTES) % PAGE_BYTES;
    for (unsigned k = 0; k < 2; k++) {
        ring->half[k] = (area + at + HALF * k) % PAGE_BYTES;
    }
    for (unsigned i = 0; i < m->n_used; i++) {
        memcpy(ring->bytes[i], page_of(m, i) + ring->area, AREA_BYTES);
        memcpy(ring->tails[i], page_of(m, i) + ring->tail, HALF);
    }
    for (unsigned i = 0; i < m->n_used; i++) {
        memset(page_of(m, i) + ring->area, BLANK, AREA_BYTES);
        memset(page_of(m, i) + ring->tail, BLANK, HALF);
    }
    memcpy(ring->strayed, m->ram, sizeof(ring->strayed));
    memset(m->ram, BLANK, sizeof(ring->strayed));
}

static bool is_blank(const uint8_t *bytes)
{
    static const uint8_t blank[HALF] = {BLANK, BLANK, BLANK, BLANK};

    return memcmp(bytes, blank, HALF) == 0;
}

/* Where a half of the element is: the offset in the RAM of programs. */
static int64_t find_half(const Machine *m, const Ring *ring, unsigned k)
{
    int64_t place = NOWHERE;

    for (unsigned at = 0; at < sizeof(ring->strayed); at += HALF) {
        place = is_blank(m->ram + at) ? place : STRAYED;
    }
    for (unsigned i = 0; i < m->n_used; i++) {
        const uint8_t *now = page_of(m, i) + ring->half[k];

        if (!is_blank(now)) {
            place = now - m->ram - AT_PROGRAM;
        }
    }
    return place;
}

static void put_back(Machine *m, const Ring *ring)
{
    for (unsigned i = 0; i < m->n_used; i++) {
        memcpy(page_of(m, i) + ring->area, ring->bytes[i], AREA_BYTES);
        memcpy(page_of(m, i) + ring->tail, ring->tails[i], HALF);
    }
    memcpy(m->ram, ring->strayed, sizeof(ring->strayed));
}

static void put_half(Machine *m, const TwOp *op, unsigned number, unsigned k,
                     int64_t place)
{
    if (place == STRAYED) {
        return;
    }
    for (unsigned i = 0; i < HALF; i++) {
        m->ram[AT_PROGRAM + place + i] = tw_content_tag(
            m->program->contents, number, op->addr, HALF * k + i);
    }
    tw_trace_add_location(m->trace, &m->trace->outcomes[number],
                          (TwLocation){.first = (uint8_t)(HALF * k),
                                       .length = HALF,
                                       .region = m->block,
                                       .offset = (uint64_t)place});
}

/* A half that is nowhere was refused, with a record or without one. */
static void conclude(Machine *m, const TwOp *op, unsigned number,
                     const Ring *ring)
{
    TwOutcome *outcome = &m->trace->outcomes[number];
    int64_t places[2];

    for (unsigned k = 0; k < 2; k++) {
        places[k] = find_half(m, ring, k);
    }
    put_back(m, ring);
    if (outcome->reason.kind != TW_REASON_NONE || places[0] == NOWHERE ||
        places[1] == NOWHERE) {
        outcome->class_ = TW_CLASS_DECODE_ERROR;
        return;
    }
    outcome->class_ = TW_CLASS_OK;
    put_half(m, op, number, 0, places[0]);
    put_half(m, op, number, 1, places[1]);
}

static void store(Machine *m, const TwOp *op, unsigned number)
{
    static _Thread_local Ring ring;
    TwOutcome *outcome = &m->trace->outcomes[number];
    unsigned index = (op->attrs >> TW_ATTR_REQUESTER_SHIFT) % m->indexes;
    uint64_t area = op->addr & ~(uint64_t)(AREA_BYTES - 1);
    unsigned element = op->addr % AREA_BYTES / ELEMENT_BYTES;
    const Held *mapping = &m->held[op->other];
    bool held = op->flags & TW_OPF_VIA && mapping->runs &&
                mapping->index == index && mapping->area == area;
    unsigned queue = held ? op->other : OWN_QUEUE;

    if (!held) {
        begin_queue(m, index, queue, area);
    }
    tw_direct_settle(m);
    if (!m->tell) {
        look_before(m, area, element, &ring);
    }
    use_elements(m, queue, element);
    m->held_word = element; /* its descriptor; a length of 0 */
    outcome->reason = (TwReason){.kind = TW_REASON_NONE};
    if (!m->tell_alone) {
        tw_qtest_reason(m, index, AT_SLOTS, &outcome->reason);
    }
    if (!m->tell && !m->broken) {
        conclude(m, op, number, &ring);
    }
    if (!held && !m->tell_alone) {
        reset_queue(m, queue);
    }
}

const Keeper tw_ring = {
    .area_lg = AREA_LG,
    .area_at = ELEMENTS_AT,
    .area_step = ELEMENT_BYTES,
    .about =
        "Consoles of virtio make DMA, 00:05.0 (rid=0) and 00:06.0 "
        "(rid=1):\n"
        "a queue gets its used ring (dma-map); when it is told of buffers, "
        "the device\n"
        "stores an element of that ring for each, 8 bytes (dma-write).\n",
    .device = device_of,
    .start = start_consoles,
    .map = map,
    .unmap = unmap,
    .store = store,
    .stop = stop,
};
