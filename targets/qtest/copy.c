/* SPDX-License-Identifier: MIT */
/*
 * Test devices whose addresses have 64 bits: network controllers of the kind
 * 82574L (Intel 82574 GbE Controller Family Datasheet, chapters 7, 10), which
 * return what they send to themselves.  So one copies bytes: it sends a frame
 * of two pieces, a header of ours and the bytes, and receives it in two
 * buffers, of which the first is full when the bytes come.
 *
 * The control device starts a copy by registers, so a copy is a part of its
 * script.  Descriptors are new for each copy: they stand in the pool.
 */
#include <string.h>

#include "targets/qtest/internal.h"

enum {
    BARS = 0x400000,     /* from the first BAR of the others on: */
    BAR_BYTES = 0x80000, /* for each device */
    /* Registers. */
    MASK_INTERRUPTS = 0xd8,
    RECEIVE_CONTROL = 0x100,
    SEND_CONTROL = 0x400,
    RECEIVE_RING = 0x2800, /* of both rings: address, its upper half, bytes, */
    SEND_RING = 0x3800,
    RING_UPPER = 4,
    RING_BYTES = 8,
    RING_HEAD = 0x10, /* first descriptor that is not done, */
    RING_TAIL = 0x18, /* first that is none of the controller's */
    /* RECEIVE_CONTROL: on; all frames; from itself; buffers of 256 bytes; no
     * checksum behind a frame. */
    RECEIVE_ALL =
        1 << 1 | 1 << 3 | 1 << 4 | 1 << 6 | 1 << 15 | 3 << 16 | 1 << 26,
    SEND_ON = 1 << 1,
    BUFFER_BYTES = 256,
    MOST_DESCRIPTORS = 8, /* a ring has so many */
    DESCRIPTOR_BYTES = 16,
    LAST_PIECE = 1, /* command of a descriptor: the frame ends here */
    AT_HEADER = AT_FRAMES,
    AT_JUNK = AT_FRAMES + PAGE_BYTES, /* takes the header */
};

uint32_t tw_qtest_copy_bar(const Machine *m, unsigned device)
{
    return ((m->driver->bar + BARS) & ~(BAR_BYTES - 1u)) + device * BAR_BYTES;
}

static uint64_t register_of(const Machine *m, unsigned device, unsigned offset)
{
    return tw_qtest_copy_bar(m, device) + offset;
}

void tw_qtest_copy_start(Machine *m, unsigned device)
{
    /* To all, from nobody, of a type for experiments. */
    static const uint8_t header[BUFFER_BYTES] = {
        0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, 0, 0, 0, 0, 1, 0x88, 0xb5};
    static const uint16_t rings[] = {SEND_RING, RECEIVE_RING};

    tw_qtest_put(m, m->driver->ram + AT_HEADER, header, sizeof(header));
    tw_qtest_writel(m, register_of(m, device, MASK_INTERRUPTS), UINT32_MAX);
    for (unsigned i = 0; i < G_N_ELEMENTS(rings); i++) {
        tw_qtest_writel(m, register_of(m, device, rings[i] + RING_UPPER), 0);
        tw_qtest_writel(m, register_of(m, device, rings[i] + RING_BYTES),
                        MOST_DESCRIPTORS * DESCRIPTOR_BYTES);
    }
    tw_qtest_writel(m, register_of(m, device, SEND_CONTROL), SEND_ON);
    tw_qtest_writel(m, register_of(m, device, RECEIVE_CONTROL), RECEIVE_ALL);
}

/* Takes the place of a ring from the pool; the guest's address. */
static uint64_t put_ring(Machine *m, const uint64_t *words, unsigned n)
{
    uint64_t at;

    m->pool = (m->pool + DESCRIPTOR_BYTES - 1) & ~(DESCRIPTOR_BYTES - 1u);
    at = m->driver->ram + m->pool;
    tw_qtest_put(m, at, words, n * sizeof(*words));
    m->pool += MOST_DESCRIPTORS * DESCRIPTOR_BYTES;
    return at;
}

static void start_ring(Machine *m, unsigned device, unsigned ring, uint64_t at,
                       unsigned n)
{
    tw_qtest_store32(m, register_of(m, device, ring), (uint32_t)at);
    tw_qtest_store32(m, register_of(m, device, ring + RING_HEAD), 0);
    tw_qtest_store32(m, register_of(m, device, ring + RING_TAIL), n);
}

/* The second word of a descriptor to send: length [15:0], command [31:24]. */
static uint64_t piece(unsigned length, unsigned command)
{
    return length | (uint64_t)command << 24;
}

static void send(Machine *m, unsigned device, unsigned n, uint64_t from,
                 uint64_t to)
{
    const uint64_t ram = m->driver->ram;
    /* A frame without bytes ends one that was refused half way. */
    const uint64_t frames[] = {
        0,    piece(0, LAST_PIECE), ram + AT_HEADER, piece(BUFFER_BYTES, 0),
        from, piece(n, LAST_PIECE)};
    const uint64_t receive[] = {ram + AT_JUNK, 0, to, 0, ram + AT_JUNK, 0};

    start_ring(m, device, RECEIVE_RING, put_ring(m, receive, 6), 3);
    start_ring(m, device, SEND_RING, put_ring(m, frames, 6), 3);
}

void tw_qtest_copy(Machine *m, unsigned device, unsigned n, uint64_t from,
                   uint64_t to)
{
    if (!m->wide) {
        tw_plan_move(m, device, n, from, to);
        return;
    }
    send(m, device, n, from, to);
    m->device = CONTROL;
}
