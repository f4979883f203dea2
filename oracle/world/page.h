/* SPDX-License-Identifier: MIT */
/* Page maps of CPUs (LA-20): what they say as at a time, and what changes them.
 */
#ifndef TW_ORACLE_WORLD_PAGE_H
#define TW_ORACLE_WORLD_PAGE_H

#include "oracle/world/world.h"

/* Sets up the page maps that the program's setup describes. */
void tw_page_start(TwWorld *world);

/* Performs page or unpage. */
void tw_page_perform(TwWorld *world, const TwOp *op, uint16_t number);

/* From now on the page maps say what they said as at world->saved.tick. */
void tw_page_restore(TwWorld *world, uint16_t number);

/* The page-map assignment that counts for `addr` as at t, or NULL; in
 * *uniform whether it is the same for addr .. addr + more. */
const TwPageEntry *tw_page_find(const TwWorld *world, uint8_t cpu, uint8_t mmu,
                                uint64_t addr, uint64_t more, uint32_t t,
                                bool *uniform);

#endif
