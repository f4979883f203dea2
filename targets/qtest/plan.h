/* SPDX-License-Identifier: MIT */
/*
 * The plan of a run: scripts for the SCRIPTS processors of lsi53c895a devices.
 * Each moves bytes from one bus address to another, in order.  A plan is cut
 * into segments, each of one device; the segments run one after the other.
 */
#ifndef TW_TARGETS_QTEST_PLAN_H
#define TW_TARGETS_QTEST_PLAN_H

#include "targets/qtest/driver.h"

/* The control device stores 4 or 8 bytes, little-endian, at a guest physical
 * address: RAM or a register. */
void tw_qtest_store32(Machine *m, uint64_t pa, uint32_t value);
void tw_qtest_store64(Machine *m, uint64_t pa, uint64_t value);

/* In Driver.capture: the test device at work copies n bytes from there to byte
 * `at` of what is captured of the access; it stores 4 bytes there. */
void tw_qtest_capture(Machine *m, uint64_t pa, unsigned n, unsigned at);
void tw_qtest_capture_store32(Machine *m, uint64_t pa, uint32_t value);

#endif
