/* SPDX-License-Identifier: MIT */
/*
 * The queues of virtio-iommu: requests are sent in queue 0 and have a status,
 * which is looked at; faults come in queue 1.  Virtual I/O Device (VIRTIO)
 * Version 1.2: split virtqueues in 2.7, registers in 4.1.4, the IOMMU device in
 * 5.13.  Must not know programs and mappings.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "targets/qtest/needs.h"
#include "targets/qtest/virtio-iommu.h"
#include "targets/qtest/virtio-pci.h"
#include "targets/qtest/virtio-probe.h"

enum {
    SLOT = 3,              /* PCI device number */
    IDENTITY = 0x10571af4, /* device 23 of VIRTIO 1 */
    BAR = 0xfe400000,
    CONFIG_PROBE = 0x2000 + 32, /* in BAR 4, the device's own */
    CONFIG_BYPASS = 0x2000 + 36,
    /* Features: INPUT_RANGE, DOMAIN_RANGE, MAP_UNMAP, PROBE, BYPASS_CONFIG; of
     * the upper half, VERSION_1. */
    WANTED = 1 << 0 | 1 << 1 | 1 << 2 | 1 << 4 | 1 << 6,
    WANTED_UPPER = 1,
    /* Structures. */
    REQUESTS = 0,
    EVENTS = 1,
    ENTRIES = 256, /* of a queue */
    AT_RINGS = AT_STRUCTURES,
    RING_BYTES = 0x1000,
    NEXT = 1, /* flags of descriptors */
    WRITES = 2,
    AT_REQUESTS = AT_STRUCTURES + 0x10000,
    REQUEST_BYTES = 64, /* of a slot; */
    ANSWER = 48,        /* in it, the part that the device writes */
    ANSWER_BYTES = 4,
    /* Of a PROBE request, too, whose parts are larger: */
    AT_PROBES = AT_STRUCTURES + 0x18000,
    PROBES = 4, /* buffers */
    PROBE_BYTES = 0x1000,
    PROBE_ASKS = 72,    /* what the device reads: type, endpoint, 64 bytes 0; */
    PROPERTIES = 0x100, /* what it writes, from here on: properties, status */
    MOST_PROPERTIES = 0x800,
    MOST_ACCESSES = 100, /* may make events before those are taken: an access
                          * makes two at most */
    /* A fault. */
    OF_DOMAIN = 1,
    OF_MAPPING = 2,
    HAS_ADDRESS = 1 << 8,
};

uint32_t tw_virtio_endpoint(unsigned device)
{
    return (4 + device) << 3;
}

/* Of a queue. */
static uint32_t at_ring(unsigned queue, unsigned ring)
{
    return AT_RINGS + (queue * RINGS + ring) * RING_BYTES;
}

static void put(Machine *m, uint32_t at, const void *data, size_t n)
{
    tw_qtest_put(m, m->driver->ram + at, data, n);
}

/* A store of 1 or 2 bytes in a register. */
static void store_small(Machine *m, uint64_t pa, unsigned value, unsigned n)
{
    if (!m->tell && !m->observer) {
        tw_plan_move(m, CONTROL, n, tw_plan_constant(m, value), pa);
    } else if (n == 1) {
        tw_qtest_writeb(m, pa, (uint8_t)value);
    } else {
        tw_qtest_writew(m, pa, (uint16_t)value);
    }
}

/* Descriptor i of a queue, as two words. */
static void make_descriptor(const Machine *m, uint64_t *words, unsigned i,
                            uint32_t at, uint32_t bytes, unsigned flags)
{
    words[0] = m->driver->ram + at;
    words[1] = bytes | (uint64_t)flags << 32 | (uint64_t)(i + 1) << 48;
}

/* Entry n of the ring of what the device may take; its index is not told. */
static void put_available(Machine *m, unsigned queue, unsigned n, unsigned i)
{
    const uint16_t word = (uint16_t)i;

    put(m, at_ring(queue, AVAILABLE) + 4 + n % ENTRIES * 2, &word,
        sizeof(word));
}

/* Statuses ----------------------------------------------------------------- */

static const char *status_name(unsigned status)
{
    static const char *const names[] = {"OK",     "IOERR", "UNSUPP",
                                        "DEVERR", "INVAL", "RANGE",
                                        "NOENT",  "FAULT", "NOMEM"};

    return status < G_N_ELEMENTS(names) ? names[status]
           : status == VIRTIO_NONE      ? "no answer"
                                        : "unknown";
}

static const char *type_name(unsigned type)
{
    static const char *const names[] = {"",    "ATTACH", "DETACH",
                                        "MAP", "UNMAP",  "PROBE"};

    return names[type];
}

/* A status that the device must not give: the first one of a program. */
static void note_refusal(Machine *m, unsigned op, const uint8_t *request,
                         unsigned expected, unsigned status)
{
    uint32_t domain, endpoint;
    uint64_t range[2];
    char whose[64];

    if (m->refused[0]) {
        return;
    }
    if (request[0] == VIRTIO_PROBE) {
        memcpy(&endpoint, request + 4, sizeof(endpoint));
        m->refused_op = (uint16_t)op;
        snprintf(m->refused, sizeof(m->refused),
                 "PROBE of endpoint 0x%x: expected status %u (%s), not %u (%s)",
                 endpoint, expected, status_name(expected), status,
                 status_name(status));
        return;
    }
    memcpy(&domain, request + 4, sizeof(domain));
    memcpy(&endpoint, request + 8, sizeof(endpoint));
    memcpy(range, request + 8, sizeof(range));
    if (request[0] == VIRTIO_MAP || request[0] == VIRTIO_UNMAP) {
        snprintf(whose, sizeof(whose), "0x%" PRIx64 " to 0x%" PRIx64, range[0],
                 range[1]);
    } else {
        snprintf(whose, sizeof(whose), "endpoint 0x%x", endpoint);
    }
    m->refused_op = (uint16_t)op;
    snprintf(m->refused, sizeof(m->refused),
             "%s of %s, domain %u: expected status %u (%s), not %u (%s)",
             type_name(request[0]), whose, domain, expected,
             status_name(expected), status, status_name(status));
}

/* Where the parts of a PROBE request are, in RAM. */
static uint32_t probe_at(unsigned n)
{
    return AT_PROBES + n % PROBES * PROBE_BYTES;
}

/* What a PROBE request of the slot has given; its status. */
static uint8_t take_properties(Machine *m, unsigned op, const uint8_t *request)
{
    VirtioState *s = tw_virtio_state(m);
    const uint8_t *properties =
        m->ram + probe_at(s->probes - s->probing--) + PROPERTIES;
    uint8_t status = properties[s->probe_bytes];
    uint32_t endpoint;
    char why[96];

    memcpy(&endpoint, request + 4, sizeof(endpoint));
    if (status == VIRTIO_OK && m->refused[0] == '\0' &&
        !tw_virtio_properties(properties, s->probe_bytes, why, sizeof(why))) {
        m->refused_op = (uint16_t)op;
        snprintf(m->refused, sizeof(m->refused),
                 "PROBE of endpoint 0x%x: properties, %s", endpoint, why);
    }
    return status;
}

static void take_statuses(Machine *m)
{
    VirtioState *s = tw_virtio_state(m);

    for (; s->pending > 0; s->pending--) {
        unsigned i = (uint16_t)(s->sent - s->pending) % VIRTIO_SLOTS;
        const uint8_t *request = m->ram + AT_REQUESTS + i * REQUEST_BYTES;
        uint8_t status = request[0] == VIRTIO_PROBE
                             ? take_properties(m, s->ops[i], request)
                             : request[ANSWER];

        if (s->statuses[i] != VIRTIO_ANY && s->statuses[i] != status) {
            note_refusal(m, s->ops[i], request, s->statuses[i], status);
        }
    }
}

/* Requests ----------------------------------------------------------------- */

/* The part that the device reads; how many bytes it has. */
static unsigned encode(const VirtioRequest *request, uint8_t *bytes)
{
    memset(bytes, 0, REQUEST_BYTES);
    bytes[0] = request->type;
    memcpy(bytes + 4, &request->domain, 4);
    if (request->type == VIRTIO_ATTACH || request->type == VIRTIO_DETACH) {
        memcpy(bytes + 8, &request->endpoint, 4);
        memcpy(bytes + 12, &request->flags, 4);
        return 20;
    }
    memcpy(bytes + 8, &request->first, 8);
    memcpy(bytes + 16, &request->last, 8);
    if (request->type == VIRTIO_UNMAP) {
        return 28;
    }
    memcpy(bytes + 24, &request->to, 8);
    memcpy(bytes + 32, &request->flags, 4);
    return 36;
}

/* All that is planned is performed, and what it has left is taken. */
static void settle(Machine *m)
{
    tw_plan_close(m);
    tw_qtest_flush(m);
    tw_virtio_done(m);
}

/* A part of a request: offset in RAM, and bytes. */
typedef struct Part {
    uint32_t at;
    unsigned n;
} Part;

/* Sends the request of the next slot, which must be answered so. */
static void submit(Machine *m, Part asks, Part answers, uint8_t status)
{
    VirtioState *s = tw_virtio_state(m);
    unsigned i = s->sent % VIRTIO_SLOTS;
    uint64_t words[4];

    make_descriptor(m, words, 2 * i, asks.at, asks.n, NEXT);
    make_descriptor(m, words + 2, 2 * i + 1, answers.at, answers.n, WRITES);
    put(m, at_ring(REQUESTS, DESCRIPTORS) + 2 * i * DESCRIPTOR_BYTES, words,
        sizeof(words));
    put_available(m, REQUESTS, s->sent, 2 * i);
    s->ops[i] = m->op;
    s->statuses[i] = status;
    s->sent++;
    s->pending += s->pending < VIRTIO_SLOTS;
    tw_qtest_store32(m, m->driver->ram + at_ring(REQUESTS, AVAILABLE),
                     (uint32_t)s->sent << 16);
    store_small(m, BAR + NOTIFY + REQUESTS * NOTIFY_BYTES, REQUESTS, 2);
}

void tw_virtio_probe(Machine *m, uint32_t endpoint, uint8_t status)
{
    VirtioState *s = tw_virtio_state(m);
    uint8_t asks[PROBE_ASKS] = {VIRTIO_PROBE};
    uint8_t answers[MOST_PROPERTIES + ANSWER_BYTES];
    uint32_t at;

    if ((s->pending == VIRTIO_SLOTS || s->probing == PROBES) && !m->tell) {
        settle(m);
    }
    at = probe_at(s->probes++);
    s->probing += s->probing < PROBES;
    memcpy(asks + 4, &endpoint, sizeof(endpoint));
    memset(answers, VIRTIO_NONE, sizeof(answers));
    put(m, AT_REQUESTS + s->sent % VIRTIO_SLOTS * REQUEST_BYTES, asks,
        REQUEST_BYTES); /* for take_statuses() */
    put(m, at, asks, sizeof(asks));
    put(m, at + PROPERTIES, answers, s->probe_bytes + ANSWER_BYTES);
    submit(m, (Part){at, PROBE_ASKS},
           (Part){at + PROPERTIES, s->probe_bytes + ANSWER_BYTES}, status);
}

void tw_virtio_request(Machine *m, const VirtioRequest *request)
{
    VirtioState *s = tw_virtio_state(m);
    uint32_t at;
    uint8_t bytes[REQUEST_BYTES];
    unsigned n;

    if (m->drop_flushes && !m->observer && request->type == VIRTIO_UNMAP &&
        request->status == VIRTIO_OK && s->unmaps++ % 4 == 3) {
        return;
    }
    if (s->pending == VIRTIO_SLOTS && !m->tell) {
        settle(m);
    }
    at = AT_REQUESTS + s->sent % VIRTIO_SLOTS * REQUEST_BYTES;
    n = encode(request, bytes);
    memset(bytes + ANSWER, VIRTIO_NONE, ANSWER_BYTES);
    put(m, at, bytes, sizeof(bytes));
    submit(m, (Part){at, n}, (Part){at + ANSWER, ANSWER_BYTES},
           request->status);
}

void tw_virtio_bypass(Machine *m, bool on)
{
    store_small(m, BAR + CONFIG_BYPASS, on, 1);
}

/* Events ------------------------------------------------------------------- */

static uint32_t event_at(unsigned i)
{
    return VIRTIO_AT_EVENTS + i * VIRTIO_EVENT_BYTES;
}

/* Notes events that have come since, and gives their buffers back. */
static void take_events(Machine *m)
{
    VirtioState *s = tw_virtio_state(m);
    const uint8_t *used = m->ram + at_ring(EVENTS, USED);
    uint16_t end;
    uint32_t index;

    memcpy(&end, used + 2, sizeof(end));
    for (; s->taken != end; s->taken++) {
        uint32_t i;

        memcpy(&i, used + 4 + s->taken % ENTRIES * 8, sizeof(i));
        memcpy(m->ram + AT_FAULT_QUEUE + s->logged++ * VIRTIO_EVENT_BYTES,
               m->ram + event_at(i % ENTRIES), VIRTIO_EVENT_BYTES);
        put_available(m, EVENTS, s->taken, i % ENTRIES);
    }
    index = (uint32_t)(uint16_t)(s->taken + ENTRIES) << 16;
    put(m, at_ring(EVENTS, AVAILABLE), &index, sizeof(index));
    s->accesses = 0;
}

void tw_virtio_done(Machine *m)
{
    if (!m->broken) {
        take_statuses(m);
        take_events(m);
    }
}

void tw_virtio_capture(Machine *m)
{
    VirtioState *s = tw_virtio_state(m);

    tw_qtest_capture(m, m->driver->ram + at_ring(EVENTS, USED), 4, 0);
    if (!m->tell && !m->observer && ++s->accesses == MOST_ACCESSES) {
        settle(m);
    }
}

/* Of the one that faults() takes next. */
static void read_event(const uint8_t *event, TwReason *reason)
{
    uint32_t flags;

    memcpy(&flags, event + 4, sizeof(flags));
    *reason =
        (TwReason){.kind = event[0] == OF_MAPPING  ? TW_REASON_ABSENT
                           : event[0] == OF_DOMAIN ? TW_REASON_NO_CONTEXT
                                                   : TW_REASON_UNREADABLE};
    if (flags & HAS_ADDRESS) {
        memcpy(&reason->address, event + 16, sizeof(reason->address));
    }
}

unsigned tw_virtio_faults(Machine *m, unsigned index, const uint8_t *captured,
                          TwReason *reason)
{
    VirtioState *s = tw_virtio_state(m);
    unsigned n = 0;
    uint16_t end;

    memcpy(&end, captured + 2, sizeof(end));
    if ((int16_t)(end - s->taken) > 0) {
        take_events(m);
    }
    for (; (int16_t)(end - s->seen) > 0; s->seen++) {
        const uint8_t *event =
            m->ram + AT_FAULT_QUEUE +
            (uint16_t)(s->seen - s->first) * VIRTIO_EVENT_BYTES;
        uint32_t endpoint;

        memcpy(&endpoint, event + 8, sizeof(endpoint));
        if (endpoint == tw_virtio_endpoint(1 + index) && n++ == 0) {
            memcpy(s->last, event, sizeof(s->last));
            read_event(event, reason);
        }
    }
    return n;
}

unsigned tw_virtio_record(const Machine *m, uint8_t *bytes)
{
    const VirtioState *s = tw_virtio_state(m);

    memcpy(bytes, s->last, sizeof(s->last));
    return sizeof(s->last);
}

void tw_virtio_queues_reset(Machine *m)
{
    VirtioState *s = tw_virtio_state(m);

    s->unmaps = 0;
    s->accesses = 0;
    s->logged = 0;
    s->first = s->seen = s->taken;
}

/* Start -------------------------------------------------------------------- */

static const Need needs[] = {
    {1, 0, 2, 1, 1, 0, "MAP and UNMAP requests"},
    {1, 0, 4, 1, 1, 0, "PROBE requests"},
    {1, 0, 6, 1, 1, 0, "a bypass field"},
    {1, 1, 8, 8, 1, 0, "queues of 256 entries"},
};

static void start_queue(Machine *m, unsigned queue)
{
    tw_qtest_writew(m, BAR + QUEUE_SELECT, (uint16_t)queue);
    tw_qtest_writew(m, BAR + QUEUE_SIZE, ENTRIES);
    for (unsigned ring = 0; ring < RINGS; ring++) {
        uint64_t at = m->driver->ram + at_ring(queue, ring);

        tw_qtest_writel(m, BAR + QUEUE_RINGS + 8 * ring, (uint32_t)at);
        tw_qtest_writel(m, BAR + QUEUE_RINGS + 8 * ring + 4, 0);
    }
    tw_qtest_writew(m, BAR + QUEUE_ENABLE, 1);
}

/* All buffers for events are the device's. */
static void start_events(Machine *m)
{
    uint64_t words[2 * ENTRIES];
    uint16_t ring[2 + ENTRIES] = {0, ENTRIES}; /* flags, index, entries */

    for (unsigned i = 0; i < ENTRIES; i++) {
        make_descriptor(m, words + 2 * i, i, event_at(i), VIRTIO_EVENT_BYTES,
                        WRITES);
        ring[2 + i] = (uint16_t)i;
    }
    put(m, at_ring(EVENTS, DESCRIPTORS), words, sizeof(words));
    put(m, at_ring(EVENTS, AVAILABLE), ring, sizeof(ring));
}

/* What the device offers, and how long its queues may be. */
static bool has_needs(Machine *m, char *why, size_t size)
{
    NeedRegister registers[2] = {{"features", 0}, {"queue size", 0}};

    tw_qtest_writel(m, BAR + OFFERED_SELECT, 0);
    registers[0].value = tw_qtest_readl(m, BAR + OFFERED);
    registers[1].value = UINT16_MAX;
    for (unsigned queue = 0; queue < 2; queue++) {
        uint64_t most;

        tw_qtest_writew(m, BAR + QUEUE_SELECT, (uint16_t)queue);
        most = tw_qtest_readl(m, BAR + QUEUE_SIZE) & UINT16_MAX;
        registers[1].value =
            most < registers[1].value ? most : registers[1].value;
    }
    return tw_needs_met(needs, G_N_ELEMENTS(needs), 1, "virtio-iommu",
                        registers, why, size);
}

bool tw_virtio_queues_start(Machine *m, char *why, size_t size)
{
    const unsigned ready = ACKNOWLEDGE | DRIVER | FEATURES_OK;
    VirtioState *state = tw_virtio_state(m);

    if (!tw_qtest_is_device(m, SLOT, IDENTITY, "virtio-iommu-pci", why, size)) {
        return false;
    }
    tw_qtest_config_write(m, SLOT, BAR4, BAR);
    tw_qtest_config_write(m, SLOT, BAR4_UPPER, 0);
    tw_qtest_config_write(m, SLOT, COMMAND, MEMORY_AND_MASTER);
    tw_qtest_writeb(m, BAR + STATUS, ACKNOWLEDGE);
    tw_qtest_writeb(m, BAR + STATUS, ACKNOWLEDGE | DRIVER);
    if (!has_needs(m, why, size)) {
        return false;
    }
    tw_qtest_writel(m, BAR + FEATURES_SELECT, 0);
    tw_qtest_writel(m, BAR + FEATURES, WANTED);
    tw_qtest_writel(m, BAR + FEATURES_SELECT, 1);
    tw_qtest_writel(m, BAR + FEATURES, WANTED_UPPER);
    tw_qtest_writeb(m, BAR + STATUS, ready);
    if (!(tw_qtest_readl(m, BAR + STATUS) & FEATURES_OK)) {
        snprintf(why, size, "expected virtio-iommu to take the features 0x%x",
                 WANTED);
        return false;
    }
    state->probe_bytes = tw_qtest_readl(m, BAR + CONFIG_PROBE);
    if (state->probe_bytes > MOST_PROPERTIES) {
        snprintf(why, size,
                 "expected virtio-iommu to have %u bytes of properties at "
                 "most, not %u",
                 MOST_PROPERTIES, state->probe_bytes);
        return false;
    }
    start_queue(m, REQUESTS);
    start_queue(m, EVENTS);
    start_events(m);
    tw_qtest_writeb(m, BAR + STATUS, ready | DRIVER_OK);
    return true;
}
