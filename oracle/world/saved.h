/* SPDX-License-Identifier: MIT */
/*
 * Snapshot and restore (LA-40), without RAM.
 */
#ifndef TW_ORACLE_WORLD_SAVED_H
#define TW_ORACLE_WORLD_SAVED_H

#include "oracle/world/world.h"

/* Saves the live graph and notes the time. */
void tw_saved_save(TwWorld *world);

/*
 * The world is again as it was saved: all comes back at one tick, which ends
 * every cached answer.  Tells neither listeners nor observers.
 */
void tw_saved_restore(TwWorld *world, uint8_t actor, uint16_t number);

#endif
