/* SPDX-License-Identifier: MIT */
/*
 * Changes without a control device: each is performed by itself.  Tables and
 * structures are stores in memory that we share with QEMU; registers are qtest
 * commands.  QEMU is waited for until it has told the devices what a command
 * has ended, so each operation finds all done that came before it.
 */
#include <string.h>

#include "targets/qtest/internal.h"

bool tw_direct_is_ram(const Machine *m, uint64_t pa)
{
    return pa - m->driver->ram < RAM_BYTES;
}

void tw_direct_settle(Machine *m)
{
    if (m->n_out > 0) {
        tw_qtest_flush(m);
    }
}

void tw_direct_store(Machine *m, uint64_t pa, uint64_t value, unsigned n)
{
    if (tw_direct_is_ram(m, pa)) {
        tw_direct_settle(m);
        tw_qtest_put(m, pa, &value, n);
    } else if (n == 8) {
        tw_qtest_writeq(m, pa, value);
    } else {
        tw_qtest_writel(m, pa, (uint32_t)value);
    }
}

void tw_direct_capture(Machine *m, uint64_t pa, unsigned n, unsigned at)
{
    uint8_t *to = m->ram + m->capture + SLOT_CAPTURE + at;

    if (tw_direct_is_ram(m, pa)) {
        tw_direct_settle(m);
        memcpy(to, m->ram + (pa - m->driver->ram), n);
    } else {
        tw_qtest_read(m, pa, to, n);
    }
}
