/* SPDX-License-Identifier: MIT */
/* Changes of regions, whatever they are about. */
#ifndef TW_FUZZ_GENERATE_BOARD_H
#define TW_FUZZ_GENERATE_BOARD_H

#include "fuzz/generate/sketch.h"

/* One topology change of region `id`, unless one is undone. */
void tw_put_topology(TwGen *gen, uint8_t id, uint8_t actor);
/* A region that matters to an aim: its leaf, an IOMMU on the way, a root. */
uint8_t tw_gen_some_region(TwGen *gen, const TwAim *aim);
/* What may be changed about an aim, whatever it is; `notified` is for hops. */
void tw_put_any_change(TwGen *gen, const TwAim *aim, uint8_t actor,
                       bool notified);

#endif
