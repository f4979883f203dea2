/* SPDX-License-Identifier: MIT */
/*
 * The qtest protocol of a stock QEMU: one command a line, one reply a line, in
 * order.  Commands are queued and sent together.
 */
#ifndef TW_TARGETS_QTEST_QTEST_H
#define TW_TARGETS_QTEST_QTEST_H

#include "process/process.h"
#include "targets/qtest/driver.h"

/* Queues a command without an answer: writes of registers. */
void tw_qtest_writeb(Machine *m, uint64_t pa, uint8_t value);
void tw_qtest_writew(Machine *m, uint64_t pa, uint16_t value);
void tw_qtest_writel(Machine *m, uint64_t pa, uint32_t value);
void tw_qtest_writeq(Machine *m, uint64_t pa, uint64_t value);

/* Stores n bytes in the guest's RAM, at once: for queues and structures. */
void tw_qtest_put(Machine *m, uint64_t pa, const void *data, size_t n);

/* Tells a read of 1, 4 or 8 bytes (Machine.tell). */
void tw_qtest_tell_read(Machine *m, uint64_t pa, unsigned n);

/* The same of n bytes. */
void tw_qtest_tell_bytes(Machine *m, uint64_t pa, unsigned n);

/* Sends what is queued, and waits for all replies.  False: QEMU died, hangs or
 * lies; m->trace says why,
 * and the process is ended. */
bool tw_qtest_flush(Machine *m);

/* Ends a process that did not answer as it should, and notes it in m->trace. */
void tw_qtest_lose(Machine *m, TwReply reply);

/* Sends what is queued and a read; 0 with m->broken if there is no answer. */
uint64_t tw_qtest_readl(Machine *m, uint64_t pa);
uint64_t tw_qtest_readq(Machine *m, uint64_t pa);
/* The same of n bytes, at most 16. */
void tw_qtest_read(Machine *m, uint64_t pa, uint8_t *bytes, unsigned n);

/* The configuration space of PCI device `slot` of bus 0, function 0. */
void tw_qtest_config_write(Machine *m, unsigned slot, unsigned offset,
                           uint32_t value);
uint32_t tw_qtest_config_read(Machine *m, unsigned slot, unsigned offset);
/* Is this the device with that identity (device and vendor)?  False: a line in
 * `why`, with `name`, what QEMU calls the expected one. */
bool tw_qtest_is_device(Machine *m, unsigned slot, uint32_t identity,
                        const char *name, char *why, size_t size);

#endif
