/* SPDX-License-Identifier: MIT */
/*
 * What observers of IOMMUs must get (LA-18): the list that a trace is held
 * against.
 */
#ifndef TW_ORACLE_WORLD_OWED_H
#define TW_ORACLE_WORLD_OWED_H

#include "oracle/world/world.h"

/*
 * Notes that observer `o` must get the event, if it asks for such events (NT-5,
 * NT-7), cropped to its range (AR-4).  `low`: bits of the output that do not
 * matter.
 */
void tw_owed_add(TwWorld *world, unsigned o, TwEventRecord event, uint64_t low);

/* Notes that a replay to observer `o` begins, in script operation `number`. */
void tw_owed_replay(TwWorld *world, unsigned o, uint16_t number);

/* An event of (iommu, index), as each of their observers must get it. */
void tw_owed_tell(TwWorld *world, TwEventRecord event, uint8_t iommu,
                  uint8_t index);

/* UNMAP of everything on every index of an IOMMU, to its observers. */
void tw_owed_tell_all(TwWorld *world, uint8_t iommu, uint16_t number);

/* UNMAP of offsets first .. last of an IOMMU's index by `actor`, in script
 * operation `number`: ends what CPUs have cached, and is told. */
void tw_owed_unmap(TwWorld *world, uint8_t iommu, uint8_t index, uint64_t first,
                   uint64_t last, uint8_t actor, uint16_t number);

#endif
