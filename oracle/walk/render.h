/* SPDX-License-Identifier: MIT */
/*
 * An address space as flat ranges.
 */
#ifndef TW_ORACLE_WALK_RENDER_H
#define TW_ORACLE_WALK_RENDER_H

#include "oracle/world/world.h"

/*
 * The ranges of `space` from `first` to `last`, in ascending order, cut where
 * the way changes by which they are seen; not merged.  False: there are more
 * than `most`.
 */
bool tw_render(const TwSnapshot *snapshot, uint8_t space, uint64_t first,
               uint64_t last, TwShown *list, unsigned most, unsigned *n);

#endif
