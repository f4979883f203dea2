/* SPDX-License-Identifier: MIT */
/*
 * What a target that keeps one entry for a page has shown of it.
 */
#ifndef TW_ORACLE_FRESHNESS_FLOOR_H
#define TW_ORACLE_FRESHNESS_FLOOR_H

#include "oracle/freshness/history.h"

/* The floor of a page of a CPU's MMU index, or NULL. */
TwFloor *tw_floor_find(const TwWorld *world, uint8_t cpu, uint8_t mmu,
                       uint64_t page);

/* Notes, for page i, that the target's answer is explained by the prefixes
 * with these `oldest` ticks only (one entry per page). */
void tw_history_observed(const TwHistory *history, unsigned i, TwWorld *world,
                         const TwAccess *access,
                         const uint32_t oldest[TW_PREFIX_SLOTS]);

#endif
