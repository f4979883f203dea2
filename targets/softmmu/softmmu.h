/* SPDX-License-Identifier: MIT */
/*
 * The built-in caching target (class "softmmu"), and what only its tests and
 * benches ask of it.
 */
#ifndef TW_TARGETS_SOFTMMU_SOFTMMU_H
#define TW_TARGETS_SOFTMMU_SOFTMMU_H

#include "targets/target.h"

extern const TwTargetClass tw_softmmu_class;

/* What it takes, and the zoo too. */
extern const TwTargetOption tw_softmmu_options[];

/*
 * Renders every view on every effective commit instead of those that the
 * change can reach.  Nothing but the counters "render" and "dispatch" may
 * differ.  `target` must be of class softmmu.
 */
void tw_softmmu_set_full_rebuild(TwTarget *target, bool on);

/*
 * Tests the invariants of every TLB and notifier after every operation
 * (TL-3, TN-4, FR-2); a broken one ends the trace, TW_END_INVARIANT.
 */
void tw_softmmu_set_check(TwTarget *target, bool on);

#endif
