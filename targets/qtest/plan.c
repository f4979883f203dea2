/* SPDX-License-Identifier: MIT */
/*
 * See plan.h.  The scripts are for the SCRIPTS processor of the LSI53C895A
 * (LSI53C895A PCI to Ultra2 SCSI Controller Technical Manual, chapter 5):
 * memory moves, and an interrupt that ends a segment.
 */
#include <string.h>

#include "targets/qtest/internal.h"

enum {
    MOVE = 0xc0000000, /* memory move: count, source, destination */
    STOP = 0x98080000, /* interrupt, always: value */
    MOST_MOVES = 97, /* a device of QEMU 7.2 gives up after 100 instructions */
    DSP = 0x2c,      /* register: address of the script; starts it */
    ISTAT0 = 0x14,   /* bit 6: reset of the device */
    RESET = 0x40,
};

static uint64_t register_of(const Machine *m, unsigned device, unsigned offset)
{
    return m->driver->bar + ((uint64_t)device << 16) + offset;
}

static void put_word(Machine *m, uint32_t word)
{
    memcpy(m->ram + m->script, &word, 4);
    m->script += 4;
}

void tw_plan_begin(Machine *m)
{
    m->script = AT_SCRIPTS;
    m->pool = AT_POOL;
    m->slot = AT_SLOTS;
    m->n_moves = 0;
    m->n_planned = 0;
    m->n_segments = 0;
    m->risky = false;
}

uint64_t tw_plan_constant(Machine *m, uint64_t value)
{
    uint32_t at = m->pool;

    tw_qtest_put(m, m->driver->ram + at, &value, 8);
    m->pool += 8;
    return m->driver->ram + at;
}

uint32_t tw_plan_slot(Machine *m)
{
    uint32_t at = m->slot;

    if (!m->tell) {
        memset(m->ram + at, 0xff, SLOT_BYTES);
    }
    m->slot += SLOT_BYTES;
    return at;
}

/* A device whose last script was out of reach does nothing until it is reset.
 */
static void start_script(Machine *m)
{
    if (m->stuck[m->device]) {
        tw_qtest_writeb(m, register_of(m, m->device, ISTAT0), RESET);
        tw_qtest_writeb(m, register_of(m, m->device, ISTAT0), 0);
    }
    tw_qtest_writel(m, register_of(m, m->device, DSP),
                    (uint32_t)(m->driver->ram + m->segment_at));
    m->stuck[m->device] = m->risky && m->device != CONTROL;
}

void tw_plan_close(Machine *m)
{
    bool test = m->device != CONTROL;

    if (m->n_moves == 0) {
        return;
    }
    put_word(m, STOP);
    put_word(m, 0);
    m->n_moves = 0;
    start_script(m);
    if (test && m->risky) {
        Segment *segment = &m->segments[m->n_segments - 1];

        segment->slot = m->capture = tw_plan_slot(m);
        m->device = CONTROL;
        m->driver->capture(m);
        tw_plan_close(m);
    }
}

void tw_plan_room(Machine *m, unsigned n)
{
    if (m->n_moves > 0 && m->n_moves + n > MOST_MOVES) {
        tw_plan_close(m);
    }
}

/* The same as a script of one move, which the device runs at once. */
static void tell_move(Machine *m, unsigned device, unsigned n, uint64_t from,
                      uint64_t to)
{
    const uint32_t script[] = {MOVE | n, (uint32_t)from, (uint32_t)to, STOP, 0};

    m->device = device;
    m->segment_at = AT_SCRIPTS;
    tw_qtest_put(m, m->driver->ram + AT_SCRIPTS, script, sizeof(script));
    start_script(m);
}

void tw_plan_move(Machine *m, unsigned device, unsigned n, uint64_t from,
                  uint64_t to)
{
    if (m->tell) {
        tell_move(m, device, n, from, to);
        return;
    }
    tw_plan_room(m, m->device == device ? 1 : MOST_MOVES);
    if (m->n_moves == 0) {
        m->device = device;
        m->segment_at = m->script;
        if (device != CONTROL) {
            m->segments[m->n_segments++] = (Segment){.slot = 0};
        }
    }
    put_word(m, MOVE | n);
    put_word(m, (uint32_t)from);
    put_word(m, (uint32_t)to);
    m->n_moves++;
}

void tw_qtest_store32(Machine *m, uint64_t pa, uint32_t value)
{
    if (m->tell) {
        tw_qtest_writel(m, pa, value);
    } else if (tw_qtest_is_direct(m)) {
        tw_direct_store(m, pa, value, 4);
    } else {
        tw_plan_move(m, CONTROL, 4, tw_plan_constant(m, value), pa);
    }
}

void tw_qtest_store64(Machine *m, uint64_t pa, uint64_t value)
{
    if (m->tell) {
        tw_qtest_writeq(m, pa, value);
    } else if (tw_qtest_is_direct(m)) {
        tw_direct_store(m, pa, value, 8);
    } else {
        tw_plan_move(m, CONTROL, 8, tw_plan_constant(m, value), pa);
    }
}

void tw_qtest_capture(Machine *m, uint64_t pa, unsigned n, unsigned at)
{
    if (m->tell) {
        for (unsigned i = 0; m->tell_faults && i < n; i += n < 8 ? 4 : 8) {
            tw_qtest_tell_read(m, pa + i, n < 8 ? 4 : 8);
        }
    } else if (tw_qtest_is_direct(m)) {
        tw_direct_capture(m, pa, n, at);
    } else {
        tw_plan_move(m, m->device, n, pa,
                     m->driver->ram + m->capture + SLOT_CAPTURE + at);
    }
}

void tw_qtest_capture_store32(Machine *m, uint64_t pa, uint32_t value)
{
    if (m->tell) {
        tw_qtest_writel(m, pa, value);
    } else if (tw_qtest_is_direct(m)) {
        tw_direct_store(m, pa, value, 4);
    } else {
        tw_plan_move(m, m->device, 4, tw_plan_constant(m, value), pa);
    }
}

void tw_plan_command(Machine *m, const TwOp *op)
{
    if (!m->drop_flushes || m->observer || m->n_commands++ % 4 != 3) {
        m->driver->invalidate(m, op);
    }
}
